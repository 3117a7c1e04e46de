#!/bin/bash
# What the database, or its servers, have against a change is told in the
# user's words, and changes nothing.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"

web=$srcdir/yaml/examples/web.yaml
schema=$srcdir/controller/slb.ovsschema

# serve NAME SCHEMA-EDIT: a database of another schema, at $SLB_DB.
serve()
{
    db_stop
    python3 - "$schema" "$2" >"$tmp/$1.ovsschema" <<'END' || return
import json
import sys

schema = json.load(open(sys.argv[1], encoding='utf-8'))
tables = schema['tables']
exec(sys.argv[2])
print(json.dumps(schema))
END
    rm -f "$tmp/slb.db"
    ovsdb-tool create "$tmp/slb.db" "$tmp/$1.ovsschema" && db_start
}

version=$(sed -n 's/.*"version": "\(.*\)",/\1/p' "$schema")

# The schema.
ok "a database of an older schema" serve older \
    "schema['version'] = '0.0.9'; del tables['Rule']['columns']['probe']"
for command in "apply $web" "diff $web" "get" "delete LoadBalancer web"; do
    # shellcheck disable=SC2086  # These are words.
    run slb-ctl $command
    is "$status/$errors" "4/slb-ctl: the database's schema is of version \
0.0.9, but this is slb-ctl for version $version: there is no column 'probe' \
(upgrade the database: ovsdb-client convert REMOTE slb.ovsschema)" \
        "${command%% *}: the database is too old"
done
ok "a database of a newer schema" serve newer \
    "schema['version'] = '0.10.0'; del tables['Rule']['columns']['probe']"
run slb-ctl apply "$web"
is "$status/$errors" "4/slb-ctl: the database's schema is of version 0.10.0, \
but this is slb-ctl for version $version: there is no column 'probe' \
(upgrade slb-ctl)" "slb-ctl is too old"
ok "a database without a table" serve tables "del tables['Inbound_NAT_Pool']
del tables['Load_Balancer']['columns']['inbound_nat_pools']
tables['Load_Balancer']['columns']['inbound_nat_pools'] = {'type': 'string'}"
run slb-ctl apply "$web"
is "$status/$errors" "4/slb-ctl: the database's schema is not the one of this \
slb-ctl, version $version: there is no table 'Inbound_NAT_Pool'" \
    "a table is missing"
ok "a newer schema that only has more" serve more \
    "schema['version'] = '9.0.0'
tables['Rule']['columns']['colour'] = {'type': 'string'}"
run slb-ctl apply "$web"
is "$status/$errors" 0/ "is no obstacle"

# Constraints.
ok "a schema that takes other values" serve values \
    "tables['Frontend']['columns']['address']['type'] = {'key':
    {'type': 'string', 'maxLength': 3}}"
run slb-ctl apply "$web"
is "$status" 1 "a value that the database does not take: exit status"
like "$errors" "^slb-ctl: the database has refused the change, nothing is \
changed: its rules, perhaps of another version than slb-ctl, do not allow it \
\(.*20.50.60.10.* length 11 is greater than maximum allowed length 3" "message"
is "$(db_count Virtual_Network)/$(db_global intent_seq)" 0/ \
    "nothing is changed"
ok "a schema that allows few rows" serve few \
    "tables['Load_Balancer']['maxRows'] = 1"
sed -e 's/name: web$/name: shop/' -e 's/20.50.60.10/20.50.60.11/' \
    "$web" | sed -n '/^---/,$p' >"$tmp/shop.yaml"
run slb-ctl apply --dry-run "$web" "$tmp/shop.yaml"
is "$status" 0 "it looks as if it would do"
run slb-ctl apply "$web" "$tmp/shop.yaml"
is "$status" 1 "too many rows: exit status"
like "$errors" "transaction causes \"?Load_Balancer\"? table to contain 2 rows" \
    "too many rows: message"

# In the middle of a large change.
ok "a schema that takes no large address" serve middle \
    "tables['Frontend']['columns']['address']['type'] = {'key':
    {'type': 'string', 'maxLength': 10}}"
{
    sed '/^---/,$d' "$web"
    for ((i = 0; i < 2000; i++)); do
        echo "---"
        echo "{kind: LoadBalancer, name: lb$i, network: prod, frontends: \
[{name: public, address: 30.0.$((i / 200 + 4)).$((i % 200))}]}"
    done
} >"$tmp/large.yaml"
run slb-ctl apply "$tmp/large.yaml"
is "$status" 1 "in the middle of a large change: exit status"
like "$errors" "refused the change, nothing is changed: its rules" "message"
run slb-ctl get LoadBalancer -o yaml
is "$status/$output" 0/ "nothing is seen of it"
is "$(db_global intent_seq)" "" "nothing has changed"

# No change is allowed.
ok "a database" serve good ""
run slb-ctl apply "$web"
is "$status" 0 "an active server"
ovsdb-tool create "$tmp/backup.db" "$schema"
start backup ovsdb-server --remote="punix:$tmp/backup.sock" \
    --unixctl="$tmp/backup.ctl" --sync-from="$SLB_DB" "$tmp/backup.db"
replicated()
{
    slb-ctl --db="unix:$tmp/backup.sock" get LoadBalancer web &>/dev/null
}
ok "a server that stands by has the same" wait_until replicated
for option in "" --dry-run; do
    # shellcheck disable=SC2086  # Nothing or a word.
    run slb-ctl --db="unix:$tmp/backup.sock" apply $option "$tmp/shop.yaml"
    is "$status" 1 "$option it takes no changes: exit status"
    like "$errors" "^slb-ctl: the database has refused the change, nothing is \
changed: this server only stands by, or is there for reading; name the active \
one in --db \(not allowed: " "$option message"
done
run slb-ctl --db="unix:$tmp/backup.sock" delete LoadBalancer web
is "$status" 1 "nor deletes it: exit status"
like "$errors" "this server only stands by" "message"
stop backup

# A cluster.
cd "$tmp" || bail_out "no directory"
# With the usual second, a busy machine elects now and then.
ovsdb-tool --election-timer=2500 create-cluster s1.db "$schema" unix:s1.raft
ovsdb-tool join-cluster s2.db SLB unix:s2.raft unix:s1.raft
ovsdb-tool join-cluster s3.db SLB unix:s3.raft unix:s1.raft
server()
{
    start "s$1" ovsdb-server "s$1.db" --remote="punix:s$1.sock" \
        --unixctl="$tmp/s$1.ctl" --no-chdir
}
raft() { timeout 10 ovs-appctl -T 10 -t "$tmp/s$1.ctl" cluster/status SLB; }
is_member() { raft "$1" 2>/dev/null | grep -q '^Status: cluster member'; }
is_leader() { raft "$1" 2>/dev/null | grep -q '^Role: leader'; }
for i in 1 2 3; do server $i; done
for i in 1 2 3; do
    ok "server $i has joined" wait_until 60 is_member $i
done
leader=1 other=2 third=3
is_leader 1 || { is_leader 2 && leader=2 other=1; }
is_leader 1 || is_leader 2 || { leader=3 third=1; }
cluster=unix:s1.sock,unix:s2.sock,unix:s3.sock
run slb-ctl --db=$cluster apply "$web"
is "$status/$errors" 0/ "a cluster"
run slb-ctl --db="unix:s$other.sock" apply "$tmp/shop.yaml"
is "$status/$errors" 0/ "one of its servers that does not lead, alone"
run slb-ctl --db=$cluster get LoadBalancer
like "$output" "shop" "the leader has it, too"
run slb-ctl --timeout=1 --db="unix:s$other.sock,unix:s$third.sock" get
is "$status" 4 "several without the leader"
like "$errors" "s$other.sock: not the leader of its cluster" "is told"
stop "s$leader" KILL
stop "s$third" KILL
lost()
{
    raft "$other" | grep -q '^Status: disconnected from the cluster'
}
ok "two of three are killed" wait_until 60 lost
run slb-ctl --timeout=2 --db=$cluster apply "$web"
is "$status" 4 "no leader: exit status"
like "$errors" "s$other.sock: a server of a cluster that has no leader now: \
more than half of its servers must be running and reach each other" "message"
server "$third"
run slb-ctl --timeout=60 --db=$cluster delete LoadBalancer shop
is "$status/$output" "0/LoadBalancer/shop deleted" "one comes back: it goes on"
done_testing

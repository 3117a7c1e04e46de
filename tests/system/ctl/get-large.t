#!/bin/bash
# The tables of a load balancer with as many members, frontends and rules as
# there can be do not take longer than the load balancer is large.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"

large()
{
    local i
    echo "kind: VirtualNetwork"
    echo "name: prod"
    echo "subnets: [{name: web, prefix: 10.0.0.0/16}]"
    echo "---"
    echo "kind: LoadBalancer"
    echo "name: large"
    echo "network: prod"
    echo "frontends:"
    for ((i = 0; i < 4000; i++)); do
        echo "- {name: f$i, address: 20.1.$((i / 250)).$((i % 250))}"
    done
    echo "backendPools:"
    echo "- name: servers"
    echo "  members:"
    for ((i = 0; i < 5000; i++)); do
        echo "  - {name: vm$i, address: 10.0.$((1 + i / 250)).$((i % 250))}"
    done
    echo "rules:"
    for ((i = 0; i < 4000; i++)); do
        echo "- {name: r$i, frontend: f$i, backendPool: servers,"
        echo "   protocol: Tcp, frontendPort: 80, backendPort: $((1 + i))}"
    done
}

large >"$tmp/large.yaml"
db_create
ok "the database is up" db_start
run slb-ctl apply "$tmp/large.yaml"
is "$status/$errors" 0/ "a large load balancer is applied"

# The manager has something to say about each frontend and each rule.
note_all()
{
    local i notes=
    for ((i = 0; i < 4000; i++)); do
        notes+=",[\"$1$i\",\"$2\"]"
    done
    db_transact '{"op":"mutate","table":"Load_Balancer","where":[],
        "mutations":[["status","insert",["map",['"${notes#,}"']]]]}'
}
ok "there is much to know about the rules" note_all rules/r "x; y"
ok "and about the frontends" note_all frontends/f z

# CPU time, so that it does not matter what else the machine does.
for format in table wide; do
    run bash -c "ulimit -t 4; slb-ctl get -o $format"
    is "$status/$errors" 0/ "get -o $format: within 4 s of CPU time"
    is "$(grep -c 'rules/r[0-9].*servers:[0-9]*, 5000 members  .*3 notes' \
        <<<"$output")" 4000 "a line for each rule"
    like "$output" 'rules/r3999  *20\.1\.15\.249:80/Tcp  *servers:4000,' \
        "with its frontend and pool"
done
done_testing

#!/bin/bash
# slb-ctl apply makes the database what a file says, and changes nothing else:
# rows that stay keep their identity, objects that are not in the file stay,
# what is no longer in an object's document goes.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"
plan 40

web=$srcdir/yaml/examples/web.yaml
db_create
ok "the database is up" db_start

run slb-ctl diff "$web"
is "$status" 1 "diff: there is something to do"
like "$output" '^\+ VirtualNetwork/prod' "diff: it is all new"
is "$(db_count Load_Balancer)" 0 "diff changes nothing"

run slb-ctl apply "$web"
is "$status/$errors" 0/ "apply"
is "$output" "VirtualNetwork/prod created
LoadBalancer/web created" "apply says what it did"
is "$(db_global intent_seq)" 1 "intent_seq has counted"
like "$(db_dump Backend_Pool)" 'vm1=10.0.1.4 .*vm6=10.0.1.9,servers' "members"
is "$(db_count Rule)" 2 "rules"
like "$(db_dump Rule)" ',80,false,false,false,false,[0-9a-f-]+,8080,10,'\
'Default,http-alt,,Tcp,' "a rule's columns"
run slb-ctl diff "$web"
is "$status/$output$errors" 0/ "diff: no difference any more"

before=$(db_dump)
run slb-ctl apply "$web"
is "$status/$errors" 0/ "apply again"
is "$output" "VirtualNetwork/prod unchanged
LoadBalancer/web unchanged" "nothing is to be done"
is "$(db_dump)" "$before" "nothing has changed, not even intent_seq"

# Another order, another notation.
sed -n '/^---/,$p' "$web" >"$tmp/lb.yaml"
sed '/^---/,$d' "$web" >"$tmp/network.yaml"
run slb-ctl apply "$tmp/lb.yaml" "$tmp/network.yaml"
is "$status/$(db_dump)" "0/$before" "the order of documents does not matter"
tac <(grep '  - {name: vm' "$web") >"$tmp/members"
sed -e '0,/  - {name: vm/s//@\n&/' "$web" |
    sed -e '/  - {name: vm/d' -e "/^@/{r $tmp/members" -e 'd}' \
        >"$tmp/reversed.yaml"
run slb-ctl apply "$tmp/reversed.yaml"
is "$status/$(db_dump)" "0/$before" "the order of members does not matter"

# One member less, one more, one weight, one port.
sed -e '/vm2/d' -e 's/vm3, address: 10.0.1.6/&, weight: 7/' \
    -e 's/vm6, address: 10.0.1.9/vm7, address: 10.0.1.10/' \
    -e 's/frontendPort: 80,/frontendPort: 81,/' "$web" >"$tmp/changed.yaml"
run slb-ctl diff "$tmp/changed.yaml"
is "$status/$output" "1/\
- LoadBalancer/web/backendPools/servers/members/vm2: {address: 10.0.1.5}
~ LoadBalancer/web/backendPools/servers/members/vm3/weight: 1 -> 7
- LoadBalancer/web/backendPools/servers/members/vm6: {address: 10.0.1.9}
+ LoadBalancer/web/backendPools/servers/members/vm7: {address: 10.0.1.10}
~ LoadBalancer/web/rules/http/frontendPort: 80 -> 81" "diff of a change"
pool=$(db_dump Backend_Pool | grep servers)
others=$(db_dump Virtual_Network Subnet Load_Balancer Frontend)
run slb-ctl apply "$tmp/changed.yaml"
is "$status/$errors" 0/ "apply a change"
is "$output" "VirtualNetwork/prod unchanged
LoadBalancer/web changed (5 changes)" "it says how much has changed"
is "$(db_global intent_seq)" 2 "intent_seq has counted by one"
like "$(db_dump Backend_Pool)" "${pool%%,*},,vm3=7,vm1=10.0.1.4 \
vm3=10.0.1.6 vm4=10.0.1.7 vm5=10.0.1.8 vm7=10.0.1.10,servers" \
    "members have come and gone, the pool keeps its row"
is "$(db_dump Virtual_Network Subnet Load_Balancer Frontend)" "$others" \
    "other rows are as they were"

# What muxes let in, answer and refuse: changed where it is.
sed -e "s/\\(- {name: public, address: [0-9.]*\\)/\\1, enableIcmpEcho: false,\\
   enableReject: true/" -e 's/\(frontendPort: 81, backendPort: 8080\)/\1,\
   sourceRanges: [198.51.100.0\/24], enableReject: true/' \
    "$tmp/changed.yaml" >"$tmp/access.yaml"
run slb-ctl diff "$tmp/access.yaml"
is "$status/$output" "1/\
~ LoadBalancer/web/frontends/public/enableIcmpEcho: true -> false
~ LoadBalancer/web/frontends/public/enableReject: false -> true
~ LoadBalancer/web/rules/http/sourceRanges: [] -> [198.51.100.0/24]
~ LoadBalancer/web/rules/http/enableReject: false -> true" "diff of access"
others=$(db_dump Virtual_Network Subnet Load_Balancer Backend_Pool)
rows=$(db_dump Frontend Rule | cut -d, -f1)
run slb-ctl apply "$tmp/access.yaml"
is "$status/$errors" 0/ "it is applied"
like "$(db_dump Frontend)" ',20.50.60.10,false,true,false,public' \
    "a frontend's columns"
like "$(db_dump Rule)" ',8080,false,false,true,.*,http,,Tcp,198.51.100.0/24' \
    "a rule's columns"
is "$(db_dump Frontend Rule | cut -d, -f1)" "$rows" "both keep their rows"
is "$(db_dump Virtual_Network Subnet Load_Balancer Backend_Pool)" "$others" \
    "other rows are as they were"

# What is below a load balancer goes with its document's text.
cat >"$tmp/small.yaml" <<'END'
kind: LoadBalancer
name: web
network: prod
frontends: []
END
run slb-ctl apply "$tmp/small.yaml"
is "$status/$errors" 0/ "apply a load balancer without anything"
is "$(db_count Rule)/$(db_count Backend_Pool)" 0/0 \
    "nothing is left of its rules and pools"
is "$(db_count Frontend)" 0 "nor of its frontends"

# Others stay; networks may be in the database only.
sed -e 's/name: web/name: shop/' -e 's/20.50.60.10/20.50.60.11/' \
    "$tmp/lb.yaml" >"$tmp/shop.yaml"
run slb-ctl apply "$tmp/shop.yaml"
is "$status/$errors" 0/ "the network is found in the database"
is "$(db_count Load_Balancer)" 2 "the other load balancer stays"
run slb-ctl apply "$web"
is "$status/$(db_count Rule)" 0/4 "and comes back beside the new one"

# A frontend and its rules are renamed: all references are to the new rows.
sed -e 's/public/outside/' "$web" >"$tmp/renamed.yaml"
run slb-ctl apply "$tmp/renamed.yaml"
is "$status/$errors" 0/ "rename a frontend"
is "$(db_count Frontend)" 2 "the old one is gone"
run slb-ctl get LoadBalancer web -o yaml
like "$output" 'name: http, frontend: outside' "rules refer to the new one"

# Standard input, and both of SLB_DB and --db.
run slb-ctl apply - <"$web"
is "$status/$errors" 0/ "apply standard input"
db=$SLB_DB
SLB_DB=unix:/nonexistent run slb-ctl --db="$db" diff "$web"
is "$status/$errors" 0/ "--db is stronger than SLB_DB"
run env -u SLB_DB slb-ctl diff "$web"
is "$status/$errors" 0/ "by default the database is in OVS_RUNDIR"

#!/bin/bash
# A small change of a load balancer is made without looking at all the others;
# but what it has to do with others is found.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"

# load_balancer NAME ADDRESS MEMBER PORT [WEIGHT]
load_balancer()
{
    echo "kind: LoadBalancer"
    echo "name: $1"
    echo "network: prod"
    echo "frontends:"
    echo "- {name: front, address: $2}"
    echo "backendPools:"
    echo "- name: servers"
    echo "  members:"
    echo "  - {name: vm1, address: $3, weight: ${5:-1}}"
    echo "rules:"
    echo "- {name: http, frontend: front, backendPool: servers,"
    echo "   protocol: Tcp, frontendPort: $4, backendPort: 80}"
}

# How often slb-ctl has asked for whole tables: jsonrpc tells.
asked()
{
    slb-ctl -vjsonrpc:console:dbg "$@" 2>&1 |
        grep -c 'send request.*monitor_cond'
}

db_create
ok "the database is up" db_start
cat >"$tmp/network.yaml" <<'END'
kind: VirtualNetwork
name: prod
subnets: [{name: all, prefix: 10.0.0.0/16}]
END
load_balancer web 20.50.60.10 10.0.1.4 80 >"$tmp/web.yaml"
load_balancer inner 10.0.7.7 10.0.1.5 80 >"$tmp/inner.yaml"
run slb-ctl apply "$tmp"
is "$status/$errors" 0/ "two load balancers, one is internal"
seq=$(db_global intent_seq)

load_balancer web 20.50.60.10 10.0.1.4 81 7 >"$tmp/web.yaml"
is "$(asked diff "$tmp/web.yaml")" 0 "a small file: the others are left out"
run slb-ctl diff "$tmp/web.yaml"
is "$status/$output" "1/\
~ LoadBalancer/web/backendPools/servers/members/vm1/weight: 1 -> 7
~ LoadBalancer/web/rules/http/frontendPort: 80 -> 81" "diff"
others=$(db_dump Virtual_Network Subnet Load_Balancer Frontend)
run slb-ctl apply "$tmp/web.yaml"
is "$status/$output$errors" "0/LoadBalancer/web changed (2 changes)" "apply"
is "$(db_dump Virtual_Network Subnet Load_Balancer Frontend)" "$others" \
    "rows keep their identity"
is "$(db_global intent_seq)" "$((seq + 1))" "it is counted"
run slb-ctl apply "$tmp/web.yaml"
is "$status/$output" "0/LoadBalancer/web unchanged" "again"

load_balancer web 20.50.60.10 10.0.7.7 81 7 >"$tmp/web.yaml"
isnt "$(asked diff "$tmp/web.yaml")" 0 \
    "a new member has a frontend's address: all is looked at"
run slb-ctl apply "$tmp/web.yaml"
is "$status" 2 "which is an error"
like "$errors" "address 10.0.7.7 is that of frontend 'front' of load balancer \
'inner' in the database" "that is found"

load_balancer web 10.0.1.5 10.0.1.4 81 7 >"$tmp/web.yaml"
isnt "$(asked diff "$tmp/web.yaml")" 0 \
    "a frontend's address changes: all is looked at"
run slb-ctl apply "$tmp/web.yaml"
is "$status" 2 "which may be an error"
like "$errors" "address 10.0.1.5 is that of member 'vm1' of backend pool \
'servers' in the database" "that is found"

load_balancer new 20.50.60.10 10.0.1.9 80 >"$tmp/new.yaml"
isnt "$(asked diff "$tmp/new.yaml")" 0 "a new one: all is looked at"
run slb-ctl apply "$tmp/new.yaml"
is "$status" 2 "it has the address of another one"

is "$(asked delete LoadBalancer web)" 0 "deleting: the others are left out"
run slb-ctl get LoadBalancer -o yaml
unlike "$output" "name: web" "it is gone"
like "$output" "name: inner" "the others are there"
is "$(db_count Load_Balancer)/$(db_count Rule)/$(db_count Frontend)" 1/1/1 \
    "with all that is below them"
done_testing

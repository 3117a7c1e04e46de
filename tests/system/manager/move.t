#!/bin/bash
# What moves, swaps or comes back within one transaction of a user: each
# compiled row is unique by what it is about, before and after.
. "$(dirname "$0")/lib.sh"

# load_balancer NAME ADDRESS MEMBERS [RULE,PORT,BACKENDPORT]...
load_balancer()
{
    local member rule name port backend_port
    printf '%s\n' --- "kind: LoadBalancer" "name: $1" "network: prod" \
        "frontends: [{name: public, address: $2}]" "backendPools:" \
        "- name: servers" "  members:"
    for member in $3; do
        echo "  - {name: ${member%@*}, address: 10.0.1.${member#*@}}"
    done
    echo "rules:"
    for rule in "${@:4}"; do
        IFS=, read -r name port backend_port <<<"$rule"
        echo "- {name: $name, frontend: public, backendPool: servers,"
        echo "   protocol: Tcp, frontendPort: $port,"
        echo "   backendPort: $backend_port}"
    done
}

# applied TEXT...: all of it in one transaction, compiled.
applied()
{
    printf '%s\n' "$@" | slb-ctl apply - >"$tmp/apply.out" 2>&1 ||
        { diag "$(<"$tmp/apply.out")"; return 1; }
    compiled
}

endpoints() { get Endpoint vip,port,rule,backend_port; }
vips() { get VIP address,frontend; }

start_db
start_manager
web_lab
left="vm1@4 vm2@5" right="vm3@6 vm4@7"
applied "$(load_balancer a 20.50.60.10 "$left" http,80,8080 alt,81,8081)" \
    "$(load_balancer b 20.50.60.11 "$right" http,80,8080)"
settled
cookies=$(get Endpoint rule,cookie)
pools=$(get Compiled_Pool name,tunnel_key)
generations=$(get Generation pool_key,number,weights)

ok "two load balancers swap their addresses" applied \
    "$(load_balancer a 20.50.60.11 "$left" http,80,8080 alt,81,8081)" \
    "$(load_balancer b 20.50.60.10 "$right" http,80,8080)"
is "$(endpoints)" "20.50.60.10 80 b/rules/http 8080
20.50.60.11 80 a/rules/http 8080
20.50.60.11 81 a/rules/alt 8081" "each forwards the other's"
is "$(vips)" "20.50.60.10 b/frontends/public
20.50.60.11 a/frontends/public" "and has it"
ok "two rules swap their ports" applied \
    "$(load_balancer a 20.50.60.11 "$left" http,81,8080 alt,80,8081)"
is "$(endpoints)" "20.50.60.10 80 b/rules/http 8080
20.50.60.11 80 a/rules/alt 8081
20.50.60.11 81 a/rules/http 8080" "each forwards the other's"
ok "two rules swap what they do to clients' ports" applied \
    "$(load_balancer a 20.50.60.11 "$left" http,81,8081 alt,80,8080)"
is "$(get Endpoint rule,cookie)" "$cookies" "all rules keep their cookies"
is "$(get Compiled_Pool name,tunnel_key)" "$pools" "pools keep their keys"
is "$(get Generation pool_key,number,weights)" "$generations" \
    "and their members"

ok "an address moves to another load balancer" applied \
    "$(load_balancer a 20.50.60.12 "$left" http,80,8080)" \
    "$(load_balancer b 20.50.60.11 "$right" http,80,8080)"
is "$(endpoints)" "20.50.60.11 80 b/rules/http 8080
20.50.60.12 80 a/rules/http 8080" "where its rule is"
is "$(vips)" "20.50.60.11 b/frontends/public
20.50.60.12 a/frontends/public" "and the frontend"

# Another name is another load balancer.
slb-ctl delete LoadBalancer a >"$tmp/delete.out"
ok "a load balancer is deleted and made again with another name" applied \
    "$(load_balancer c 20.50.60.12 "$left" http,80,8080)"
is "$(get Endpoint rule vip=20.50.60.12)" c/rules/http "it has the address"
key=$(get Compiled_Pool tunnel_key name=c/backendPools/servers)
unlike " ${pools//$'\n'/ } " " $key " "a tunnel key of its own"
is "$(get Member index,name,state "pool_key=$key")" \
    "1 vm1 active
2 vm2 active" "and members"
settled

# Addresses are what indices stay with.
ok "two members swap their addresses" applied \
    "$(load_balancer c 20.50.60.12 "vm1@5 vm2@4" http,80,8080)"
is "$(get Member index,name,address "pool_key=$key")" \
    "1 vm2 10.0.1.4
2 vm1 10.0.1.5" "the addresses keep their indices"
is "$(get Generation number "pool_key=$key")" 1 "it is no other generation"
is "$(get Binding iface_id,address node=h1)" "vm1 10.0.1.4
vm2 10.0.1.5" "VMs are where they say"

# The network under all of that.
ok "a network's subnet grows" applied "kind: VirtualNetwork" "name: prod" \
    "subnets: [{name: all, prefix: 10.0.0.0/16}]"
is "$(get Compiled_Network subnets,gateways)" "10.0.0.0/16 10.0.0.1" \
    "which is told"
is "$(get Generation number "pool_key=$key")" 1 "members stay"
network=$(get Compiled_Network tunnel_key)
for name in b c; do
    slb-ctl delete LoadBalancer $name >"$tmp/delete.out"
done
slb-ctl delete VirtualNetwork prod >"$tmp/delete.out"
compiled
ok "all goes, the muxes being away" \
    slbdb until "" Generation number state=coming
ok "and comes again" applied "kind: VirtualNetwork" "name: prod" \
    "subnets: [{name: all, prefix: 10.0.1.0/24}]" \
    "$(load_balancer c 20.50.60.12 "$left" http,80,8080)"
settled
is "$(get Compiled_Pool tunnel_key name=c/backendPools/servers)" "$key" \
    "a pool that is still drained has its key"
isnt "$(get Compiled_Network tunnel_key)" "$network" \
    "the network that had gone has not: its key may still be in use"
is "$(get Member name,node,state "pool_key=$key")" "vm1 h1 active
vm2 h1 active" "its members are those there were"
is "$(get Binding iface_id,pools node=h1)" "vm1 {$key=1}
vm2 {$key=2}" "with the indices they had"
is "$(status m1 failed)/$(status m1 problems)" 0/0 \
    "no transaction failed, and nothing was ambiguous"
done_testing

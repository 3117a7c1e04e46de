#!/bin/bash
# A VIP is announced when the mux can forward it, and as long as it is wanted.
. "$(dirname "$0")/../../lib/tap.sh"
. "$(dirname "$0")/mux.sh"
plan 37

mux_up
nok "without an agent, BGP does not pass" \
    eval 'in_ns mux timeout 1 bash -c "</dev/tcp/172.16.0.1/179" 2>/dev/null'

# The database is reached through the bridge whose flows it asks for.
start_agent
ok "the agent reaches the database by itself" \
    wait_until 10 in_ns control ss -Htn state established \
    '( sport = :6640 and dst = 172.16.0.11 )'
ok "a database without key loads nothing" \
    wait_until status_is datapath "has no tables"
ok "and BGP does not pass" status_is "BGP passes" no
nok "really" \
    eval 'in_ns mux timeout 1 bash -c "</dev/tcp/172.16.0.1/179" 2>/dev/null'
ok "though all else does" \
    eval 'in_ns mux ping -qc 1 -W 2 172.16.0.1 >/dev/null'

db_global >/dev/null
ok "with it, tables are loaded" wait_until status_is datapath "has our tables"
ok "and BGP passes" wait_until status_is "BGP passes" yes
ok "the node registers itself" wait_until eval '[ "$(db_node name)" = mux1 ]'
ok "the muxes' common VTEP is announced" wait_until 10 has_route $anycast
ok "by a route that only drops" mux_route $anycast

# VIPs.
db_pool >/dev/null
nok "a VIP that is not there is not announced" mux_route $vip
db_vip $vip 1 >/dev/null
ok "a VIP is announced" wait_until has_route $vip
acked=$(agent_us 'tables are loaded') route=$(agent_us "announced $vip")
in_router=$(router_us "^[^D]*\] $vip ")
cmp_ok "$acked" -lt "$route" "after the datapath has acknowledged tables"
cmp_ok "$route" -lt "$in_router" "the router hears of it after that"
note "route to router: $(((in_router - route) / 1000)) ms"
like "$(appctl vswitchd slb/show)" "$vip tcp 80 " "the datapath forwards it"
ok "applied" wait_until applied
db_vip $vip6 2 >/dev/null
ok "an IPv6 VIP goes over the IPv4 session" wait_until has_route6 $vip6
like "$(ip -n mxa-router -6 route show $vip6)" 'via fe80::' \
    "to the mux's link-local address"
like "$(appctl vswitchd slb/show)" "$vip6 tcp 80 " "which forwards it"

# Other routes.
ip -n mxa-mux route add blackhole 20.50.60.66/32 proto 200
ip -n mxa-mux route add 20.50.60.67/32 via 172.16.0.1 proto 200 metric 200
ip -n mxa-mux route add blackhole 20.50.60.68/30 proto 200 metric 200
ip -n mxa-mux route add blackhole 20.50.60.80/32 proto 200 metric 200
ok "a route like ours that nobody wants is removed" \
    wait_until mux_no_route 20.50.60.80
ip -n mxa-mux route del blackhole $vip
ok "ours comes back" wait_until mux_route $vip
db_vip 20.50.60.11 3 >/dev/null
ok "another VIP" wait_until has_route 20.50.60.11
ok "is announced while the first one is back" wait_until has_route $vip
is "$(ip -n mxa-router route show proto bgp | cut -d' ' -f1 | sort | xargs)" \
    "172.16.0.100 20.50.60.10 20.50.60.11" "and no other route went out"

# It goes: first the route, then the rest.
db_no_vip 20.50.60.11 >/dev/null
ok "a VIP's route goes" wait_until 5 mux_no_route 20.50.60.11
still_forwarded "20.50.60.11 tcp 80 " "while it is still forwarded"
ok "that is applied" wait_until 5 applied
ok "the router knows" wait_until 5 has_no_route 20.50.60.11
ok "then the datapath forgets it" \
    wait_until 5 eval '! appctl vswitchd slb/show | grep -q 20.50.60.11'

# Bad contents.
db_vip nonsense 4 >/dev/null
ok "what the datapath refuses is logged" \
    wait_until grep -q 'refused: .*nonsense' "$tmp/mux/agent.log"
ok "and changes nothing" eval 'mux_route $vip && has_route $vip'
nok "nor is it applied" applied
db_no_vip nonsense >/dev/null
ok "until it is right again" wait_until 10 applied

# Next hops.
like "$(appctl vswitchd slb/show)" ' 1 next hops' "the host is reachable"
ip -n mxa-sw link set dev host nomaster
ok "when it is dead the datapath is told" \
    wait_until 30 eval 'appctl vswitchd slb/show | grep -q " 0 next hops"'
ip -n mxa-sw link set dev host master br0
ok "and when it is back" \
    wait_until 30 eval 'appctl vswitchd slb/show | grep -q " 1 next hops"'

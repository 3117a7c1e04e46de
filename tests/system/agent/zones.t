#!/bin/bash
# A VIP with zones is announced by the muxes of these zones.
. "$(dirname "$0")/../../lib/tap.sh"
. "$(dirname "$0")/mux.sh"
plan 16

# Gives a VIP these zones, or none.
db_zones()      # ADDRESS ZONE...
{
    local zones
    zones=$(printf ',"%s"' "${@:2}")
    [ $# -gt 1 ] || zones=
    db '["SLB",
    {"op": "update", "table": "VIP", "where": [["address", "==", "'"$1"'"]],
        "row": {"zones": ["set", ['"${zones#,}"']]}},
    {"op": "mutate", "table": "Node", "where": [],
        "mutations": [["wanted", "+=", 1]]}]'
}
forwarded() { appctl vswitchd slb/show | grep -q "$1 tcp 80 "; }
zonal=20.50.60.21

mux_up
vsctl --no-wait set Open_vSwitch . external_ids:slb-zone=1
db_global >/dev/null
db_pool >/dev/null
db_vip "$vip" 1 >/dev/null
db_vip "$zonal" 2 >/dev/null
db_zones "$zonal" 2 3 >/dev/null
start_agent
ok "a VIP of all zones is announced" wait_until 20 has_route "$vip"
ok "the node says in which zone it is" \
    wait_until eval '[ "$(db_node zone)" = 1 ]'
ok "all is applied" wait_until applied
nok "a VIP of other zones is not announced" mux_route "$zonal"
nok "nor known to the router" has_route "$zonal"
ok "but would be forwarded" forwarded "$zonal"
ok "the muxes' common VTEP has no zone" wait_until has_route "$anycast"

db_zones "$zonal" 1 2 >/dev/null
ok "when this zone is among its zones it is announced" \
    wait_until has_route "$zonal"
ok "which is applied" wait_until applied
db_zones "$zonal" 9 >/dev/null
ok "with a zone that no mux has nobody announces it" \
    wait_until has_no_route "$zonal"
ok "which is applied as well" wait_until applied
db_zones "$zonal" >/dev/null
ok "without zones all do" wait_until has_route "$zonal"

# The mux moves.
db_zones "$zonal" 3 >/dev/null
ok "a VIP of another zone" wait_until has_no_route "$zonal"
vsctl --no-wait set Open_vSwitch . external_ids:slb-zone=3
ok "is announced when the mux is in that" wait_until has_route "$zonal"
vsctl --no-wait remove Open_vSwitch . external_ids slb-zone
ok "but not when it is in none" wait_until has_no_route "$zonal"
if [ "$(downs)" -gt 0 ]; then
    skip 1 "the router has lost the mux"
else
    ok "the VIP of all zones was there all the time" eval \
        '! grep -q "Deleted $vip " "$tmp/router-monitor.out"'
fi

#!/bin/bash
# Agents and switches that are killed and start again find what they had.
. "$(dirname "$0")/host.sh"
plan 24
cloud_up h1 h2 || bail_out "no cloud"
client=198.51.100.10
zones() { vsctl h1 get bridge br-slb external_ids; }
dump() { ofctl h1 --no-stats dump-flows br-slb | sort; }
works() { [ "$(net gw ask tcp $vip 80 x)" = "vm1 $client x" ]; }

ok "a connection" connect one 80 44001
is "$(say one a)" "vm1 $client a" "works"
before=$(dump) zones_before=$(zones)
like "$zones_before" "slb-ct-zone-rule-11=" "zones are in the database"

# The agent.
stop h1-agent KILL
is "$(say one b)" "vm1 $client b" "without its agent it goes on"
ok "a new connection works, too" works
agent_up h1
is "$(status h1 "flow mods")" "0 added, 0 changed, 0 deleted" \
    "an agent that starts again changes no flow"
is "$(status h1 "zones flushed")" 0 "and flushes no zone"
is "$(dump)" "$before" "the flows are the same"
is "$(say one c)" "vm1 $client c" "the connection goes on"
ok "it acknowledges what is wanted" want h1

# Agent and database: nothing is known, nothing is changed.
stop slb-ovsdb KILL
is "$(say one d)" "vm1 $client d" "without the database it goes on"
stop h1-agent KILL
agent_start h1
ok "an agent that has never seen the database" wait_until eval \
    '[ "$(status h1 "flows installed")" = "$(wc -l <<<"$before")" ]'
is "$(status h1 "flow mods")" "0 added, 0 changed, 0 deleted" "changes nothing"
is "$(dump)" "$before" "the flows are the same"
slb_up
ok "and finds it when it is back" want h1
is "$(status h1 "flow mods")" "0 added, 0 changed, 0 deleted" \
    "still with nothing to change"

# The switch.
stop h1-vswitchd KILL
rm "$tmp/h1/ovs-vswitchd.pid"
vswitchd_up h1
underlay_up h1
ok "a switch that starts again gets all flows" \
    wait_until eval '[ "$(dump)" = "$before" ]'
like "$(status h1 bundles)" '^[12], 0 refused' "in one bundle, or two"
is "$(zones)" "$zones_before" "zones keep their numbers"
ok "connections can be made" wait_until works

# A rule that goes, another one that comes.
zone=$(grep -o 'rule-13="\?[0-9]*' <<<"$zones_before" | grep -o '[0-9]*$')
transact '{"op":"delete","table":"Endpoint","where":[["cookie","==",13]]}' \
    "$(endpoint 16 20.50.60.12 6 80 8080)"
want h1 h2
unlike "$(zones)" "rule-13=" "a rule that goes gives its zone back"
like "$(zones)" "rule-16=" "a new one gets one"

# An agent that is told to end leaves everything as it is.
before=$(dump)
on h1 ovs-appctl -t "$tmp/h1/agent.ctl" exit
wait "${pid[h1-agent]}"
is $? 0 "the agent ends"
unset "pid[h1-agent]"
is "$(dump)" "$before" "and leaves its flows"

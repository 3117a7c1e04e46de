#!/bin/bash
# What dies on a mux, and comes back: datapath, agent, database.
. "$(dirname "$0")/../../lib/tap.sh"
. "$(dirname "$0")/mux.sh"
plan 39

ok "a mux that announces VIPs" mux_up_announced

# The routes have not changed since the monitors had written so many lines.
mark() { router_mark=$(lines "$tmp/router-monitor.out")
         mux_mark=$(lines "$tmp/mux-monitor.out")
         downs_mark=$(downs); }
# The router's are left out if it has lost the mux for a moment, which is not
# the agent's doing.
changes()
{
    if [ "$(downs)" = "$downs_mark" ]; then
        tail -n "+$((router_mark + 1))" "$tmp/router-monitor.out"
    else
        note "the router has lost the mux meanwhile" >&2
    fi
    tail -n "+$((mux_mark + 1))" "$tmp/mux-monitor.out"
}
seen() { tail -n "+$((router_mark + 1))" "$tmp/router-monitor.out" |
         grep -q "$1"; }
flows() { on_mux timeout 10 ovs-ofctl -t 8 --no-stats dump-flows br-mux |
    sort; }

# kill -9 of the datapath; the agent lives.  $killed is when.
kill_vswitchd()
{
    mark
    killed=$(now_us)
    kill -KILL "${pid[vswitchd]}"
}

# The router has lost the VIP; sets $lost to the number of milliseconds.
lost_route()
{
    wait_until 5 seen "Deleted $vip " || return 1
    lost=$((($(router_us "Deleted $vip ") - killed) / 1000))
}

# Several times: BFD's detection time varies by a third.  Once more for each
# time that the machine stood still meanwhile.
times=() came_back=0
watch_stalls
for ((i = 1; i <= 8 && ${#times[@]} < 3; i++)); do
    kill_vswitchd
    lost_route || break
    if [ "$(stalled "$killed")" = 0 ] || [ $i -ge 6 ]; then
        times+=("$lost")
    fi
    note "kill -9 of slb-vswitchd: out of the router after $lost ms"
    stop vswitchd KILL
    mark
    started=$(now_us)
    start_vswitchd
    wait_until 10 seen "^[^D]*\] $vip " || break
    back=$(router_us "^[^D]*\] $vip ")
    acked=$(agent_us 'generation .* is in force')
    note "restarted: tables after $(((acked - started) / 1000)) ms," \
        "in the router after $(((back - started) / 1000)) ms"
    wait_until 10 bfd_is_up
    came_back=$((came_back + 1))
done
stop stalls
is "$((i - 1))" "$came_back" "the datapath was killed several times and came back"
cmp_ok "${#times[@]}" -eq 3 "its routes went"
cmp_ok "$(printf '%s\n' "${times[@]}" | sort -n | sed -n 2p)" -le 500 \
    "within half a second"
cmp_ok "$acked" -gt "$started" "the new process got tables"
cmp_ok "$acked" -lt "$back" "and nothing was announced before it had them"
ok "BGP was let pass after that" \
    test "$acked" -le "$(agent_us 'letting BGP pass')"
ok "IPv6 is back, too" wait_until 5 has_route6 $vip6
ok "applied" wait_until applied

# The agent.
before=$(flows)
mark
stop agent KILL
ok "without an agent the route stays" wait_until 5 has_route $vip
start_agent
ok "a new agent takes over" wait_until status_is datapath "has our tables"
ok "and is done" \
    wait_until 5 eval 'applied && status_is "routes acknowledged" yes'
is "$(changes)" "" "no route has changed meanwhile"
is "$(flows)" "$before" "nor has a flow"
ok "it has sent none" status_is "flow mods" "0 added, 0 changed, 0 deleted"

# One VIP goes and another one comes while there is no agent.
stop agent KILL
db_vip 20.50.60.12 5 >/dev/null
db_no_vip $vip6 >/dev/null
mark
start_agent
ok "a VIP that has gone meanwhile is withdrawn" \
    wait_until eval '! ip -n mxa-mux -6 route show $vip6 | grep -q blackhole'
still_forwarded "$vip6" "while it is still forwarded"
ok "then all is as it should be" wait_until 10 applied
unlike "$(appctl vswitchd slb/show)" "$vip6" "and it is forgotten"
ok "the new one is there" wait_until has_route 20.50.60.12
unlike "$(changes)" "$vip " "and others have not changed"

# The database.
mark
before=$(flows)
stop slb-db KILL
ok "the database is away" \
    wait_until 15 grep -Eq 'tcp:172.16.0.5:6640: connection.*(closed|attempt)' \
    "$tmp/mux/agent.log"
ok "the agent forwards by what it knows" status_is datapath "has our tables"
stop agent KILL
start_agent
ok "an agent that knows nothing leaves the datapath alone" \
    wait_until status_is datapath "has tables of another agent"
is "$(changes)" "" "and the routes"
is "$(flows)" "$before" "and the flows"

# The flows are deleted while there is no agent, and the datapath has tables.
start_slb_db
ok "all is well again" \
    wait_until 20 eval 'applied && status_is "routes acknowledged" yes'
before=$(flows)
stop agent KILL
mark
on_mux timeout 10 ovs-ofctl -t 8 del-flows br-mux
ok "without flows the mux is out of the router" \
    wait_until 5 seen "Deleted $vip "
start_agent
ok "a new agent reaches the database" \
    wait_until 20 status_is datapath "has our tables"
ok "and brings the VIP back" wait_until 20 seen "^[^D]*\] $vip "
ok "all of it" wait_until 10 eval '[ "$(flows)" = "$before" ]'
cmp_ok "$(agent_us 'generation .* is in force')" -lt \
    "$(router_us "^[^D]*\] $vip ")" "not before the tables were its own"
ok "applied" wait_until applied
stop slb-db KILL

# Everything at once: the datapath restarts without agent and database.
stop agent KILL
kill_vswitchd
ok "the datapath dies without an agent" lost_route
stop vswitchd KILL
start_vswitchd
wait_until 5 vswitchd_runs
mark
start_agent
ok "it has no tables" wait_until status_is datapath "has no tables"
ok "so routes of the past are withdrawn" wait_until 5 mux_no_route $vip
nok "and BGP does not pass" \
    eval 'in_ns mux timeout 1 bash -c "</dev/tcp/172.16.0.1/179" 2>/dev/null'
start_slb_db
ok "until the database is back" wait_until 20 has_route $vip
cmp_ok "$(agent_us 'generation .* is in force')" -lt \
    "$(router_us "^[^D]*\] $vip ")" "and the datapath has acknowledged"

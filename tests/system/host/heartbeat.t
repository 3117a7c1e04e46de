#!/bin/bash
# A host that has members says that it is alive, and only then.
. "$(dirname "$0")/probe.sh"
cloud_up h1 h2 || bail_out "no cloud"

# column HOST COLUMN: of the host's row.
column()
{
    timeout 10 ovsdb-client -t 10 -f json transact "unix:$tmp/slb.sock" \
        "[\"SLB\",{\"op\":\"select\",\"table\":\"Node\",\"columns\":[\"$2\"],
           \"where\":[[\"name\",\"==\",\"$1\"]]}]" |
        sed -n 's/.*"'"$2"'":\([^}]*\)}.*/\1/p'
}
alive() { column "$1" alive; }
more_alive() { [ "$(alive "$1")" -gt "$2" ]; }
recomputed()
{
    on h1 ovs-appctl -t "$tmp/h1/agent.ctl" coverage/read-counter \
        host_recompute
}

# set_pools COLUMN VALUE POOLS: of the addresses with that.
set_pools()
{
    transact "{\"op\":\"update\",\"table\":\"Binding\",
        \"where\":[[\"$1\",\"==\",\"$2\"]],
        \"row\":{\"pools\":[\"map\",[$3]]}}"
    want h1 h2
}

transact '{"op":"update","table":"SLB_Global","where":[],"row":{"options":
    ["map",[["heartbeat-interval","200"]]]}}'
ok "a host with members says that it is alive" wait_until more_alive h1 3
ok "as does another one" wait_until more_alive h2 3

# It is no news for anybody: no flows are computed, nothing is acknowledged.
before=$(recomputed) applied=$(column h1 applied) count=$(alive h1)
ok "it goes on" wait_until more_alive h1 $((count + 5))
is "$(recomputed)" "$before" "no flows are computed because of it"
is "$(column h1 applied)" "$applied" "and nothing is acknowledged"
want h1
pass "and it does not keep others from being"

# The interval, from now on.
transact '{"op":"update","table":"SLB_Global","where":[],"row":{"options":
    ["map",[["heartbeat-interval","3600000"]]]}}'
count=$(alive h1)
sleep 1
cmp_ok "$(alive h1)" -le $((count + 1)) "another interval takes effect"

# A database that is away, and comes back.
count=$(alive h1)
stop slb-ovsdb
sleep .5
slb_up
ok "at once when the database is back" wait_until more_alive h1 "$count"
is "$(alive h1)" $((count + 1)) "once, whatever it missed"

# An agent that starts.
count=$(alive h1)
stop h1-agent KILL
agent_up h1
ok "at once when the agent is back" wait_until more_alive h1 "$count"
set_pools node h1 ''
count=$(alive h1)
transact '{"op":"update","table":"SLB_Global","where":[],"row":{"options":
    ["map",[["heartbeat-interval","100"]]]}}'
sleep 1
is "$(alive h1)" "$count" "without members it is silent"
set_pools address 10.0.1.4 '[100,1]'
ok "with one it is not" wait_until more_alive h1 "$count"

# It does not speak for what an agent found out that may have been dead for
# long: neither for who is known to be down a second later, nor for who is
# asked so seldom that nobody knows for long.
transact '{"op":"update","table":"SLB_Global","where":[],"row":{"options":
    ["map",[["heartbeat-interval","100"],["host-silent-seconds","10"]]]}}'
web vm1 8000
transact "$(pool 301 1:vm1:4)" "$(probe 301 often Http 8000 / 1 2)" \
    "$(pool 302 1:vm1:4)" "$(probe 302 seldom Http 8000 / 300 2)"
known="web/probes/often 10.0.1.4 up
web/probes/seldom 10.0.1.4 up"
is_known() { [ "$(health vm1)" = "$known" ]; }
ok "a member is up" wait_until 10 is_known
stop h1-agent KILL
count=$(alive h1) begin=$EPOCHREALTIME
agent_up h1
ok "who starts again and finds all well is not silent" \
    wait_until 10 more_alive h1 "$count"
note "but again after $(awk "BEGIN { print $EPOCHREALTIME - $begin }") s"
ok "and what was known is so" is_known
stop h1-agent KILL
stop web-vm1-8000 KILL
count=$(alive h1) begin=$EPOCHREALTIME
agent_up h1
ok "nor who finds that something is not" wait_until 15 more_alive h1 "$count"
unlike "$(health vm1)" ' up' "but then he knows"
note "it took $(awk "BEGIN { print $EPOCHREALTIME - $begin }") s"
ok "who does not answer is down" wait_until 10 says vm1 "often 10.0.1.4" down
unlike "$(health vm1)" 'seldom' "who was not asked often enough is unknown"
web vm1 8000
ok "and who answers is up" wait_until 20 says vm1 "often 10.0.1.4" up
done_testing

#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A mux that has been restarted announces no VIP before its datapath has
# acknowledged its tables.
#
# The agent, which loads them, is stopped meanwhile: however long that takes,
# no VIP may come back.

. "$(dirname "$0")/../lib/lab.sh"
plan 7
lab_up

loaded()
{
    on mux1 ovs-appctl -t slb-vswitchd slb/show 2>/dev/null |
        grep -q "$vip"
}

ok "the tables are loaded" loaded
agent=$(<"/run/slb-lab/$SLB_LAB/mux1/slb-agent.pid")
at_exit kill -CONT "$agent"
kill -STOP "$agent"
kill_now mux1 slb-vswitchd
ok "the router loses the mux" wait_until 5 not_announced_by mux1
lab restart mux1 slb-vswitchd
nok "a new slb-vswitchd has no tables" loaded
seen=0
end=$((SECONDS + 5))
while [ $SECONDS -lt $end ]; do
    announced_by mux1 && seen=$((seen + 1))
    sleep 0.05
done
is "$seen" 0 "no VIP is announced for 5 s"
kill -CONT "$agent"

# Whenever the route is there, the tables must be.
early=0
end=$((SECONDS + 60))
until announced_by mux1; do
    [ $SECONDS -lt $end ] || break
    sleep 0.01
done
loaded || early=1
is "$early" 0 "when it is announced again the tables are loaded"
ok "it is announced again" announced_by mux1
requests_start after new --rate 100 --count 100
requests_wait after
requests_report after
is "${report[failed]}" 0 "and all requests are served"

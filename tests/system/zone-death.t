#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# An agent dies, and two of three hosts vanish at once: whose members get no
# new connections after a while, traffic goes on with the others, and it comes
# back.

. "$(dirname "$0")/../lib/lab.sh"
lab_up

# signal SIGNAL HOST [PROGRAM]: to one or all of the host's programs.
signal()
{
    local file
    for file in "/run/slb-lab/$SLB_LAB/$2"/${3:-*}.pid; do
        kill "-$1" "$(<"$file")"
    done
}
restore()
{
    ip -n "$SLB_LAB-host1" link set eth0 up
    signal CONT host1
    signal CONT host2
    option heartbeat-interval
    option host-silent-seconds
    apply --prune "$web"
}
at_exit restore

# silent_are HOST...: nothing is heard of these.
silent_are()
{
    [ "$(db_rows Node | python3 -c 'import json, sys
print(*sorted(row["name"] for row in json.load(sys.stdin)[0]["rows"]
              if row["silent"] and row["silent"] == row["alive"]))')" = "$*" ]
}
# serving_are N: so many members get new connections, by what all muxes have.
# (Who is silent acknowledges nothing.)
serving_are()
{
    db_rows Generation >"$tmp/gens" && db_rows Node >"$tmp/nodes" &&
        python3 - "$1" "$tmp/gens" "$tmp/nodes" <<'END'
import json, sys
generations, nodes = (json.load(open(name))[0]["rows"]
                      for name in sys.argv[2:])
n = sum(len(row["weights"][1]) for row in generations
        if row["state"] == "current")
sys.exit(n != int(sys.argv[1])
         or any(row["state"] == "coming" for row in generations)
         or any(row["applied"] < row["wanted"] for row in nodes
                if row["role"] == "mux"))
END
}
# servers NAME SINCE: who has served requests that were begun since then.
servers()
{
    awk -v from="$2" '$1 > from && $3 == "ok" { print $5 }' "$tmp/$1.log" |
        sort -u | xargs
}
# Do both muxes know how to reach all hosts?
all_reachable()
{
    local mux
    for mux in mux1 mux2; do
        on "$mux" ovs-appctl -T 10 -t slb-agent slb/mux-status |
            grep -qx 'VTEPs not reachable: 0' || return
    done
}
# broken SINCE SERVER...: how many requests have failed on connections that
# were open to one of these servers.
broken()
{
    awk -v from="$1" -v servers="${*:2}" '
        BEGIN { n = split(servers, list); for (i in list) { ours[list[i]] } }
        $2 <= from && $3 == "ok" { server[$4] = $5 }
        $2 > from && $3 != "ok" && server[$4] in ours { failed++ }
        END { print failed + 0 }' "$tmp/kept.log"
}

option heartbeat-interval 1000
option host-silent-seconds 4
ok "machines in three zones, probed" \
    apply --prune "$srcdir/yaml/examples/zones.yaml"
wait_until 60 serving_are 6

# Only an agent.
both_start
signal STOP host1 slb-agent
moment=$(now)
ok "a host whose agent is dead is silent" wait_until 60 silent_are host1
wait_until 60 serving_are 4
note "its members get no new connections after $(since "$moment") s"
like "$(on control slb-ctl get -o wide)" 'members/vm1 +unknown, as host host1 is silent: counts as down' \
    "users are told"
silent_at=$(now)
sleep 2
is "$(servers new "$silent_at")" "10.0.1.6 10.0.1.7 10.0.1.8 10.0.1.9" \
    "new connections go to the others"
like "$(servers kept "$silent_at")" "10.0.1.4 10.0.1.5 " \
    "open ones go on where they are"
signal CONT host1 slb-agent
moment=$(now)
wait_until 60 serving_are 6
note "its members are back $(since "$moment") s after the agent"
both_stop
both_served "an agent stops and goes on" "$silent_at" 0

# A host that the network has lost, and one that hangs.
option host-silent-seconds 8
requests_start new new --rate 50 --timeout 20
requests_start kept keep --rate 50 --connections 90
sleep 1
ip -n "$SLB_LAB-host1" link set eth0 down
signal STOP host2
moment=$(now)
ok "two hosts that vanish are silent" wait_until 60 silent_are host1 host2
wait_until 60 serving_are 2
note "their members get no new connections after $(since "$moment") s"
sleep 0.5
silent_at=$(now)
sleep 3
requests_report new --since "$moment"
note "requests failed or were slow if begun within ${report[outage]} s"
# Whose SYN was lost is served after a second.  Those that were begun before
# try again later and later, and end only now.
requests_report new --since "$silent_at" --begun --slow 0.9
is "${report[failed]} ${report[slow]} ${report[servers]}" "0 0 2" \
    "from then on requests are served by the others, at once"

# They come back.
ip -n "$SLB_LAB-host1" link set eth0 up
signal CONT host2
moment=$(now)
ok "they come back" wait_until 60 silent_are
wait_until 60 serving_are 6
note "their members are back $(since "$moment") s after them"
ok "all muxes reach them" wait_until 60 all_reachable
note "since $(since "$moment") s"
back_at=$(now)
sleep 2
requests_stop new
requests_stop kept
requests_report new --since "$silent_at" --begun
is "${report[failed]}" 0 "no request fails when they do"
requests_report new --since "$back_at" --begun --slow 0.9
is "${report[failed]} ${report[slow]} ${report[servers]}" "0 0 6" \
    "and all serve again"
is "$(broken "$silent_at" 10.0.1.8 10.0.1.9)" 0 \
    "connections to the machines of the third zone have gone on all the time"
done_testing

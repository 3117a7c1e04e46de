#!/bin/bash
# A mux measures the VIPs that it announces, through its own datapath, and
# tells what has changed.
# timeout: 240
. "$(dirname "$0")/../../lib/tap.sh"
. "$(dirname "$0")/mux.sh"
plan 30

shown() { appctl agent slb/availability 2>/dev/null; }
shows() { shown | grep -Eq "$1"; }
told()
{
    in_ns control timeout 10 "$builddir/controller/slb-ctl" \
        --db=tcp:172.16.0.5:6640 nodes |
        sed -n 's/^mux1 .*availability \(.*\)/\1/p'
}
tells() { told | grep -Eq "$1"; }
tells_nothing() { [ -z "$(told)" ]; }
figure()        # VIP NAME
{
    shown | sed -n "s/^VIP $1 .*$2 \([0-9]*\).*/\1/p"
}
above() { [ "$(figure "$vip" answered)" -gt "$1" ]; }
# behave N HOW: what the host with this last octet does.
behave() { echo "$2" >"$tmp/host$1"; }
host_up()       # N
{
    behave "$1" served
    start "host$1" ip netns exec mxa-host /usr/bin/python3 -B \
        "$srcdir/tests/lib/measured-host.py" "172.16.0.$1" "$tmp/host$1"
}
is_dead() { appctl vswitchd slb/show | grep -q "$1.*(dead)"; }
is_not_dead() { ! is_dead "$1"; }
got() { grep -Eq "$2" "$tmp/host$1.log"; }
grows() { [ "$(wc -l <"$tmp/host$1.log")" -gt $((n + 3)) ]; }

mux_up
ip -n mxa-host addr add 172.16.0.22/24 dev eth0
host_up 21
host_up 22
db_global >/dev/null
db_pool 172.16.0.22 >/dev/null
db_vip "$vip" 1 >/dev/null
db_vip "$vip6" 2 >/dev/null
# Not everybody may send to this one; the next is another availability zone's.
ranged=20.50.60.30 zone=20.50.60.31
db_vip "$ranged" 3 >/dev/null
db '["SLB", {"op": "update", "table": "Endpoint",
     "where": [["vip", "==", "'$ranged'"]],
     "row": {"source_ranges": "203.0.113.0/24"}}]' >/dev/null
db_vip "$zone" 4 >/dev/null
db '["SLB", {"op": "update", "table": "VIP",
     "where": [["address", "==", "'$zone'"]],
     "row": {"zones": "3"}}]' >/dev/null
start_agent
ok "the mux announces" wait_until 30 has_route "$vip"
ok "it measures by each host" \
    wait_until 20 eval 'shows "^host 172.16.0.21: answers" &&
                        shows "^host 172.16.0.22: answers"'
source4='169\.254\.(19[2-9]|2[0-5][0-9])\.[0-9]+'
ok "as a client would, by the pool's key and the owner's host" \
    wait_until 10 got 21 "^17 1 $source4 $vip 6 80$"
ok "and the other owner's" wait_until 10 got 22 "^17 2 $source4 $vip 6 80$"
ok "by IPv6, too" wait_until 10 got 22 "^17 2 fe80::534c:4276:[^ ]* $vip6 6 80"
ok "also where not everybody may send" wait_until 10 got 22 " $ranged 6 80$"
nok "but not what is not announced" \
    grep -q " $zone " "$tmp/host21.log" "$tmp/host22.log"
nok "which has no figures, either" shows "^VIP $zone"
ok "answers are counted" wait_until 10 above 5
like "$(shown)" "VIP $vip \(web/frontends/public\): sent .* last minute \
(9[0-9]\.[0-9]+|100\.00) %, latency us p50 [0-9]+ p99 [0-9]+ max [0-9]+" "with their latency"
ok "nothing is wrong" wait_until 10 tells_nothing

behave 22 silent
ok "a host that does not answer is told of" \
    wait_until 20 tells '^host 172.16.0.22 does not answer since [^;]*$'
ok "the datapath leaves it out of the ring" wait_until 10 is_dead 172.16.0.22
nok "but not the other one" is_dead 172.16.0.21
behave 22 served
ok "it is not when it answers again" wait_until 20 tells_nothing
ok "nor in the datapath" wait_until 10 is_not_dead 172.16.0.22
behave 21 refused
ok "VIPs that a host refuses are told of" wait_until 20 \
    tells "^VIP $vip \(.*\): TCP 80 refused by 172.16.0.21 since .*; VIP \
$ranged .*; VIP $vip6 "
unlike "$(told)" "does not answer" "but not the host"
behave 21 served
ok "not when it serves them" wait_until 30 tells_nothing

# Forged answers are none.
n=$(shown | sed -n 's/^received what is no answer: //p')
behave 22 forged
ok "who makes answers up does not answer" \
    wait_until 20 tells '^host 172.16.0.22 does not answer since [^;]*$'
cmp_ok "$(shown | sed -n 's/^received what is no answer: //p')" -gt "$n" \
    "they are counted"
behave 22 served
ok "until it does" wait_until 30 tells_nothing

behave 21 silent
behave 22 silent
ok "if nobody answers it is not the hosts" \
    wait_until 20 tells '^no host answers since [^;]*$'
ok "and none is left out" \
    eval 'is_not_dead 172.16.0.21 && wait_until 10 is_not_dead 172.16.0.22'

# A restart of the agent, and of the datapath.
stop agent KILL
ok "without an agent the row stays" tells "^no host answers since "
behave 21 served
behave 22 served
start_agent
ok "a new one finds that all is well" wait_until 30 tells_nothing
stop vswitchd KILL
ok "without a datapath nothing is measured" \
    wait_until 10 shows "^not measured now"
start_vswitchd
ok "with it all is measured again" \
    wait_until 40 eval 'shows "^host 172.16.0.21: answers"'
n=$(wc -l <"$tmp/host21.log")
ok "by packets" wait_until 20 grows 21
ok "nothing is wrong with it" wait_until 20 tells_nothing

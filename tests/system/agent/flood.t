#!/bin/bash
# A flood to a mux's own address costs neither BFD nor BGP a packet, and what
# is for VIPs goes on.
# timeout: 120
. "$(dirname "$0")/../../lib/tap.sh"
mux_dpdk=yes
. "$(dirname "$0")/mux.sh"
plan 27

flood=$builddir/tests/system/agent/flood
mac=02:00:00:00:00:11
seconds=2

# Figures of the datapath.
figure() { appctl vswitchd slb/stats | awk -v n="$1" '$1 == n { print $2 }'; }
figures()
{
    local name
    for name; do
        before[$name]=$(figure "$name")
    done
}
more() { echo $(($(figure "$1") - before[$1])); }
declare -A before=()

lost_routes() { grep -c "Deleted $vip " "$tmp/router-monitor.out"; }

# Runs a command that measures what happens in real time, sets $since before it;
# again, some times, if the machine stood still meanwhile: BFD counts, too.
measured()
{
    local i
    for i in 1 2 3 4; do
        since=$(now_us)
        "$@"
        [ "$(stalled "$since")" -gt 150 ] || return 0
        note "the machine stood still"
        wait_until 10 bfd_is_up
        wait_until 10 has_route "$vip"
    done
}

# How often the router has lost the mux since $since, when it had been DOWNS
# times; 0 if the machine stood still.
lost_since()    # DOWNS
{
    if [ "$(stalled "$since")" -gt 150 ]; then
        note "the machine stood still" >&2
        echo 0
    else
        echo $(($(downs) - $1))
    fi
}

# Sets $sent, $to_vip and how much more there is of the rest.
flood_once()    # KIND RATE
{
    local downs routes
    downs=$(downs) routes=$(lost_routes)
    figures node_bfd node_bfd_full node_bgp_full node_other_full \
        node_bfd_multihop_full forwarded
    start "flood-$1" ip netns exec mxa-host "$flood" eth0 "$mac" \
        172.16.0.11 "$2" "$seconds" "$1"
    to_vip=$(in_ns control "$flood" eth0 "$mac" "$vip" 1000 "$seconds" vip)
    wait "${pid[flood-$1]}"
    sent=$(cat "$tmp/flood-$1.out")
    went_down=$(($(downs) - downs)) lost=$(($(lost_routes) - routes))
    forwarded=$(more forwarded)
}

flood()         # WHAT KIND RATE
{
    measured flood_once "$2" "$3"
    note "$1: $sent packets in $seconds s," \
        "$(more node_other_full) of others and" \
        "$(more node_bfd_multihop_full) of BFD over several hops dropped," \
        "$(more node_bfd) of BFD on one hop passed"
    is "$(more node_bfd_full) $(more node_bgp_full)" "0 0" \
        "$1: nothing of BFD and BGP is dropped"
    cmp_ok "$(more node_bfd)" -ge $((seconds * 8)) "$1: BFD goes on"
    is "$went_down" 0 "$1: its session stays up"
    is "$lost" 0 "$1: the VIP stays announced"
    # The device, which is an emulated one, loses some itself where the
    # machine is busy.
    cmp_ok "$forwarded" -ge $((to_vip * 80 / 100)) \
        "$1: what is for the VIP is forwarded ($forwarded of $to_vip)"
}

ok "the mux announces" mux_up_announced
watch_stalls
is "$(figure node_bfd_full)" 0 "nothing is dropped before"

flood "a flood of UDP from everywhere" udp 200000
cmp_ok "$(more node_other_full)" -gt 1000 "which the node cannot take"
flood "a flood of connections from everywhere" syn 200000
cmp_ok "$(more node_other_full)" -gt 1000 "which the node cannot take"
flood "a flood of multi-hop BFD from everywhere" bfd-multihop 200000
cmp_ok "$(more node_bfd_multihop_full)" -gt 1000 "which the node cannot take"

# One sender's flood leaves others their share: here, the database.
db_vip 20.50.60.21 3 >/dev/null
ok "a further VIP is announced" wait_until has_route 20.50.60.21
figures node_other_full node_bfd_full node_bgp_full
downs=$(downs) since=$(now_us)
start pings ip netns exec mxa-host "$flood" eth0 "$mac" 172.16.0.11 200000 5 \
    echo
wait_until eval '[ "$(more node_other_full)" -gt 1000 ]'
db_no_vip 20.50.60.21 >/dev/null
ok "the mux hears of a change during a flood of pings from one address" \
    wait_until 4 has_no_route 20.50.60.21
ok "which goes on" kill -0 "${pid[pings]}"
wait "${pid[pings]}"
is "$(more node_bfd_full) $(more node_bgp_full) $(lost_since "$downs")" \
    "0 0 0" "and does BFD and BGP no harm either"

# Nor does what takes the datapath long.
kill -STOP "${pid[agent]}"
"$srcdir/tests/bench/mux-tables" --ops >"$tmp/ops"
figures node_bfd node_bfd_full
downs=$(downs) since=$(now_us)
ok "10,000 VIPs are loaded" timeout 30 "$srcdir/tests/lib/mux-client.py" \
    "$tmp/mux/slb-mux.sock" load "$tmp/ops"
is "$(figure vips)" 10000 "all of them"
is "$(more node_bfd_full) $(lost_since "$downs")" "0 0" \
    "which does BFD no harm, either"
kill -CONT "${pid[agent]}"

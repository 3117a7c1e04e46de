# shellcheck shell=bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# For tests on the whole lab.  To be sourced instead of tap.sh:
#
#     . "$(dirname "$0")/../lib/lab.sh"
#     plan 2
#     lab_up
#     ok "the VIP answers" on client curl -sf "http://$vip/"
#
# The lab is the one called $SLB_LAB ("slbtest" if that is not set).  Tests
# share it: each takes it as it is, repairs what is missing, and leaves it
# working, with web.yaml applied.  Unless $SLB_KEEP_LAB is set, a test that had
# to bring it up takes it down again.
#
#     lab_up                   brings it up, applies web.yaml, and waits until
#                              both muxes announce the VIP and serve it
#     lab COMMAND...           vagrant/lab
#     on NODE COMMAND...       runs a command there
#     apply FILE               slb-ctl apply --wait, its output aside
#     db_rows TABLE [COLUMN]   rows of the SLB database, as JSON
#     option KEY [VALUE]       sets an option of the SLB database, or takes it
#                              back
#     announced_by NODE        succeeds if the router has the VIP by this mux
#     requests_start NAME new|keep [OPTION...]
#                              starts tests/lib/requests.py on the client, or
#                              on the node in $requester, to $vip
#     requests_stop NAME       ends it, after what is under way
#     requests_report NAME [OPTION...]
#                              sets ${report[sent]}, ${report[failed]}, ...
#     capture_start NAME NODE INTERFACE FILTER...
#                              captures on an interface, once it is ready
#     capture_stop NAME        ends it; its packets are then in
#                              $tmp/NAME.pcap, their number in $captured
#     now                      seconds since 1970, with microseconds
#     since TIME               seconds from then till now
#     less NUMBER NUMBER       compares decimal numbers
#
# $vip and $web are the address and the file of web.yaml.

# shellcheck source=tests/lib/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

export SLB_LAB=${SLB_LAB:-slbtest} SLB_BUILDDIR=$builddir
vip=20.50.60.10
web=$srcdir/yaml/examples/web.yaml
declare -A report=()
captured=0

lab()
{
    timeout 120 "$srcdir/vagrant/lab" "$@"
}

on()
{
    lab exec "$@"
}

lab_up()
{
    [ "$(id -u)" = 0 ] || skip_all "must be root"
    if [ -z "${SLB_KEEP_LAB:-}" ] && [ ! -d "/run/slb-lab/$SLB_LAB" ]; then
        at_exit lab down
    fi
    lab up >"$tmp/lab-up.out" 2>&1 ||
        bail_out "the lab does not come up: $(tail -n 3 "$tmp/lab-up.out")"
    apply "$web" ||
        bail_out "web.yaml cannot be applied: $(tail -n 3 "$tmp/apply.out")"
    wait_until 60 all_announced ||
        bail_out "the VIP is not announced by both muxes"
    wait_until 60 on client curl -sf --max-time 2 -o "$tmp/first" \
        "http://$vip/" || bail_out "the VIP does not answer"
}

apply()
{
    on control slb-ctl apply "$@" --wait > "$tmp/apply.out" 2>&1
}

option()
{
    local set=
    [ $# = 1 ] || set="[\"$1\",\"$2\"]"
    ovsdb-client -t 10 transact \
        "unix:/run/slb-lab/$SLB_LAB/control/slb.sock" "[\"SLB\",
        {\"op\":\"mutate\",\"table\":\"SLB_Global\",\"where\":[],\"mutations\":[
          [\"options\",\"delete\",[\"set\",[\"$1\"]]],
          [\"options\",\"insert\",[\"map\",[$set]]]]}]" >"$tmp/option.out"
}

db_rows()
{
    ovsdb-client -t 10 -f json transact \
        "unix:/run/slb-lab/$SLB_LAB/control/slb.sock" \
        "[\"SLB\", {\"op\": \"select\", \"table\": \"$1\", \"where\": []
          ${2:+, \"columns\": [\"$2\"]}}]"
}

# The address of a mux or host on the fabric.
address_of()
{
    case $1 in
    mux*) echo "172.16.0.1${1#mux}" ;;
    host*) echo "172.16.0.2${1#host}" ;;
    esac
}

announced_by()
{
    ip -n "$SLB_LAB-router" route show "$vip" 2>/dev/null |
        grep -qw "$(address_of "$1")"
}

all_announced()
{
    announced_by mux1 && announced_by mux2
}

not_announced_by()
{
    ! announced_by "$1"
}

requests_start()
{
    local name=$1 mode=$2
    shift 2
    start "$name" ip netns exec "$SLB_LAB-${requester:-client}" \
        "$srcdir/tests/lib/requests.py" "$mode" "http://$vip/" \
        "$tmp/$name.log" "$@"
    wait_until 10 grep -qs ok "$tmp/$name.log"
}

requests_stop()
{
    stop "$1" TERM
}

requests_wait()
{
    wait "${pid[$1]}"
    unset "pid[$1]"
}

requests_report()
{
    local name=$1 line
    shift
    "$srcdir/tests/lib/requests.py" report --bad "$tmp/$name.log" "$@" \
        > "$tmp/$name.report"
    read -r line < "$tmp/$name.report"
    note "$name: $line"
    for line in $line; do
        report[${line%%=*}]=${line#*=}
    done
}

capture_start()
{
    local name=$1 node=$2 interface=$3
    shift 3
    start "$name" ip netns exec "$SLB_LAB-$node" tcpdump -U -n -s 0 \
        --immediate-mode -i "$interface" -w "$tmp/$name.pcap" "$@"
    wait_until 10 grep -qs "listening on" "$tmp/$name.out"
}

capture_stop()
{
    wait_until 5 capture_is_whole "$1"
    stop "$1" INT
    # shellcheck disable=SC2034  # For the test to read.
    captured=$(tcpdump --count -r "$tmp/$1.pcap" 2>/dev/null)
    captured=${captured%% *}
}

now()
{
    echo "$EPOCHREALTIME"
}

since()
{
    awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.3f", to - from }'
}

less()
{
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'
}

# How many packets a host has dropped for a reason (enum drop_reason of
# ofproto-rules/pipeline.h, a number).
dropped()
{
    on "$1" ovs-ofctl -t 10 dump-flows br-slb \
        "cookie=$(printf '0x0008%04x00000000' "$2")/0xffffffff00000000" |
        sed -n 's/.*n_packets=\([0-9]*\),.*/\1/p' |
        awk '{ n += $1 } END { print n + 0 }'
}

# Kills a program of a node by SIGKILL; $killed_at is the moment.
killed_at=0
kill_now()
{
    local pidfile
    pidfile=$(echo "/run/slb-lab/$SLB_LAB/$1"/{,frr/}"$2.pid")
    # One of both places has it.
    # shellcheck disable=SC2086
    pidfile=$(ls $pidfile 2>/dev/null)
    # shellcheck disable=SC2034  # For the test to read.
    killed_at=$EPOCHREALTIME
    kill -KILL "$(<"$pidfile")"
}

# Requests in two manners for a test of faults: "new", each on a connection of
# its own, and "kept", on connections that stay open.
both_start()
{
    requests_start new new --rate 100
    requests_start kept keep --rate 100 --connections 90
    sleep 1
}

both_stop()
{
    requests_stop new
    requests_stop kept
}

# Tests what became of them since a moment: WHEN it was, in words, how long it
# may have taken until all requests were served as before, which is within
# 0.5 s.  None may have failed.  Two tests.
both_served()
{
    local when=$1 moment=$2 outage=$3 kind
    for kind in new kept; do
        requests_report $kind --since "$moment"
        if [ "${report[failed]}" = 0 ] && [ "${report[sent]}" -ge 60 ] &&
           ! less "$outage" "${report[outage]}"; then
            pass "$when, requests ($kind) do not fail and are served as" \
                "before after ${report[outage]} s (allowed: $outage)"
        else
            fail "$when, requests ($kind): ${report[failed]} of" \
                "${report[sent]} failed, and all were served as before after" \
                "${report[outage]} s (allowed: $outage)"
            note "moment: $moment; the first of those that failed or were" \
                "slow:"
            note "$(sed -n 2,11p "$tmp/$kind.report")"
        fi
    done
}

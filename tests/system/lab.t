#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The lab itself: comes up in time, leaves the machine alone, goes without a
# trace.
# timeout: 400

. "$(dirname "$0")/../lib/lab.sh"
plan 15
[ "$(id -u)" = 0 ] || skip_all "must be root"

# Beside the one that other tests use.
export SLB_LAB=slblife
at_exit lab down

# What the machine has that a lab could leave behind.
inventory()
{
    local each
    ip netns list | awk '{ print "namespace", $1 }' | sort
    awk '{ print "mount", $2 }' /proc/mounts | sort
    awk '/^HugePages_Total/ { print "huge pages", $2 }' /proc/meminfo
    find /run /var/tmp -maxdepth 2 ! -path '/run/user/*' ! -path '/run/slb-lab/*' |
        sort
    [ ! -d /run/slb-lab ] || ls /run/slb-lab
    ip -br link | awk '{ print "interface", $1 }' | sort
    # Programs of the lab are told by their environment which node they are on.
    for each in /proc/[0-9]*/environ; do
        tr '\0' '\n' 2>/dev/null < "$each" | grep -s "^OVS_RUNDIR=/run/slb-lab/$SLB_LAB/"
    done
}

cpu_ticks()
{
    local node pid sum=0
    for node in $(ip netns list | awk '{ print $1 }' | grep "^$SLB_LAB-"); do
        for pid in $(ip netns pids "$node"); do
            sum=$((sum + $(sed 's/.*) //' "/proc/$pid/stat" |
                          awk '{ print $12 + $13 }')))
        done
    done
    echo $sum
}

inventory > "$tmp/before"
begin=$(now)
run lab up
seconds=$(since "$begin")
is "$status" 0 "the lab comes up"
ok "in less than 60 s ($seconds)" less "$seconds" 60
run lab status
is "$status" 0 "all programs run"
is "$(ip netns list | grep -c "^$SLB_LAB-")" 20 "there are 18 nodes and 2 networks"
is "$(on vm3 curl -s http://10.0.1.6:8080/ http://10.0.1.6/health | xargs)" \
    "10.0.1.6 ok" "a VM serves its address, and its health"

begin=$(now)
run lab up
seconds=$(since "$begin")
is "$status" 0 "up again is fine"
ok "in less than 10 s ($seconds)" less "$seconds" 10

lab kill host2 slb-agent >"$tmp/kill.out"
lab kill vm1 nginx >"$tmp/kill.out"
ip -n "$SLB_LAB-vm5" link delete eth0
run lab status
is "$status" 1 "programs that were killed are missing"
run lab up
is "$status" 0 "up repairs them"
run lab status
is "$status" 0 "all programs run again"
like "$(ip -n "$SLB_LAB-vm5" -br address show eth0)" 10.0.1.8/24 \
    "and a cable that was cut is whole"

# Idle: user and system time of all that runs in the lab, out of 100 ticks a
# second that each core has.
hz=$(getconf CLK_TCK)
from=$(cpu_ticks)
sleep 10
used=$(($(cpu_ticks) - from))
free=$(($(nproc) * 10 * hz - used))
cmp_ok "$free" -ge $((10 * hz)) \
    "idle, at least one core is free ($((used * 100 / (10 * hz))) % of one used)"

run lab down
is "$status" 0 "the lab goes down"
inventory > "$tmp/after"
is "$(diff "$tmp/before" "$tmp/after")" "" "nothing is left behind"
run lab down
is "$status" 0 "down again is fine"

#!/bin/bash
# 200 members of one host that go up and down at random for two minutes: agent,
# database and manager always agree about them, and nothing is lost or leaked.
# timeout: 600
#
# Agent and manager are those of an ASan build, SLB_BUILDDIR_ASAN, _build-asan
# in the source tree by default.  SLB_FLAP_SECONDS may shorten it.
# SLB_RANDOM_SEED is another seed than the usual one.
. "$(dirname "$0")/host.sh"
seconds=${SLB_FLAP_SECONDS:-120} seed=${SLB_RANDOM_SEED:-2026}
note "SLB_RANDOM_SEED=$seed"
builddir=${SLB_BUILDDIR_ASAN:-$srcdir/_build-asan}
for program in agent manager; do
    [ -x "$builddir/controller/slb-$program" ] ||
        skip_all "no slb-$program in $builddir (configure --enable-asan)"
done
export LSAN_OPTIONS=exitcode=23
# Freed memory is set aside for a moment only, so that growth is seen.
export ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=1
export SLB_DB=unix:$tmp/slb.sock

flap() { timeout 300 /usr/bin/python3 "$srcdir/tests/system/host/flap.py" "$@"; }
db() { timeout 10 "$srcdir/tests/system/manager/slbdb" "$@"; }

addresses=()
for ((i = 1; i <= 200; i++)); do
    addresses+=("10.0.2.$i")
done
# members REMAINDER: those whose number leaves it, as slbdb wants it.
members()
{
    local i list=
    for ((i = 2 - $1; i <= 200; i += 2)); do
        list+=",m$i@10.0.2.$i"
    done
    echo "${list#,}"
}

# In the place of what a manager would have compiled: a manager.
cloud_database()
{
    db net prod 10.0.1.0/24 10.0.2.0/24
    start times /usr/bin/python3 "$srcdir/tests/lib/db-times.py" \
        "$tmp/slb.sock"
    OVS_RUNDIR=$tmp start manager "$builddir/controller/slb-manager" \
        --unixctl="$tmp/manager.ctl" -vconsole:warn
    db lb web prod frontend:f=20.50.60.10 \
        "pool:tcp=$(members 0)" "pool:http=$(members 1)" \
        "probe:t=Tcp,8000;number_of_probes=1" \
        "probe:h=Http,8001;request_path=\"/\";number_of_probes=1" \
        'rule:t=f,tcp,Tcp,80,80;probe="t"' 'rule:h=f,http,Tcp,81,81;probe="h"'
}
vms[h1]=vm1
cloud_up h1 || bail_out "no cloud"
printf 'address add %s/32 dev lo\n' "${addresses[@]}" |
    ip -n hst-vm1 -batch -
start flap ip netns exec hst-vm1 /usr/bin/python3 \
    "$srcdir/tests/system/host/flap.py" serve "$seconds" "$seed" \
    "${addresses[@]}"
vsctl h1 set interface vm1 "external_ids:vm-ip=\"10.0.1.4 ${addresses[*]}\""
agent=$tmp/h1/agent.ctl
probes() { on h1 ovs-appctl -t "$agent" slb/probes; }
n_known() { probes | grep -vc ': unknown'; }
all_known() { [ "$(n_known)" = 200 ]; }
wait_until 60 all_known || bail_out "not all members are probed"

# process PROGRAM: its number.
process()
{
    pgrep -f "^$builddir/controller/slb-$1 .*--unixctl=$tmp/" | head -n 1
}
agent_process=$(process agent) manager_process=$(process manager)
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
sockets() { find "/proc/$1/fd" -lname 'socket:*' | wc -l; }
few_sockets() { [ "$(sockets "$1")" -le "$2" ]; }

# The first part is to reach what is needed at the most.
read -r written used limit idle < <(flap watch "$agent" "$tmp/slb.sock" \
    $((seconds / 4)))
agent_memory=$(memory "$agent_process")
manager_memory=$(memory "$manager_process")
read -r more_written more_used more_limit more_idle < <(flap watch "$agent" "$tmp/slb.sock" \
    $((seconds * 3 / 4)))
note "the database was behind for $written and $more_written s at most," \
    "the manager for $used and $more_used s," \
    "with processors idle for $idle and $more_idle %"
# agree PART MORE: not longer than may be in each of them.
agree() { awk "BEGIN { exit !($1 < $limit && $2 < $more_limit) }"; }
ok "agent and database always agreed, but for moments ($limit, $more_limit s)" \
    agree "$written" "$more_written"
ok "and so did the manager" agree "$used" "$more_used"
ok "the members are quiet" wait_until 30 test -s "$tmp/flap.out"

differences=unknown
all_agree()
{
    differences=$(flap compare "$agent" "$tmp/slb.sock" "$tmp/flap.out") &&
        [ -z "$differences" ]
}
ok "then all know what is so" wait_until 60 all_agree ||
    diag "$differences"
up=$(grep -c ' up$' "$tmp/flap.out")
note "at the end $up of 200 are up"

# One that has been damped may come up while they are counted.
found=0 noted=0
count_changes()
{
    found=$(probes | sed -n 's/.* \([0-9]*\) changes.*/\1/p' |
        awk '{ n += $1 } END { print n + 0 }')
    # Another remark is no change.
    noted=$(awk '$2 == "health" && $5 != last[$3, $4] {
        last[$3, $4] = $5; n++ } END { print n + 0 }' "$tmp/times.out")
    [ "$noted" -le "$found" ] && [ $(((found - noted) % 2)) = 0 ]
}
wait_until 30 count_changes
note "$found changes found out, $noted written"
cmp_ok "$found" -gt $((seconds * 3)) "there were many changes"
# While a transaction is under way, two changes of a member may come and go.
cmp_ok "$noted" -le "$found" "none is written that there was not"
cmp_ok $((noted * 100)) -ge $((found * 97)) "and hardly one is not"
ok "and what was not written did not matter" \
    [ $(((found - noted) % 2)) = 0 ]

grown=$(($(memory "$agent_process") - agent_memory))
cmp_ok $grown -lt 16384 "the agent's memory does not grow ($grown kB)"
grown=$(($(memory "$manager_process") - manager_memory))
cmp_ok $grown -lt 16384 "nor the manager's ($grown kB)"
is "$(timeout 10 ovs-appctl -t "$tmp/manager.ctl" slb/status |
      sed -n 's/^failed: //p')" 0 "no transaction of the manager's failed"
db del-lb web
ok "without a pool nothing is probed" wait_until 20 \
    eval '[ -z "$(probes)" ]'
ok "and no socket is left" wait_until 10 few_sockets "$agent_process" 16

# ended NAME CONTROL: exits by itself, and AddressSanitizer has nothing to say.
ended()
{
    local status=0
    timeout 10 ovs-appctl -t "$2" exit
    wait "${pid[$1]}" || status=$?
    [ $status = 0 ] && ! grep -q Sanitizer "$tmp/$1.out"
}
ok "the agent ends without a leak" ended h1-agent "$agent"
ok "and the manager" ended manager "$tmp/manager.ctl"
done_testing

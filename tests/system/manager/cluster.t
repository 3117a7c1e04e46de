#!/bin/bash
# The database is a cluster of three: the manager follows the leader, and
# nothing changes because of that.
. "$(dirname "$0")/lib.sh"

server()
{
    start "s$1" ovsdb-server "$tmp/s$1.db" --remote=punix:"$tmp/s$1.sock" \
        --unixctl="$tmp/s$1.ctl" --no-chdir
}

raft() { timeout 10 ovs-appctl -T 10 -t "$tmp/s$1.ctl" cluster/status SLB; }
is_leader() { raft "$1" 2>/dev/null | grep -q '^Role: leader'; }
find_leader()
{
    for leader in "$@"; do
        if is_leader "$leader"; then
            export SLB_DB=unix:$tmp/s$leader.sock
            return 0
        fi
    done
    return 1
}

cd "$tmp" || bail_out "no directory"
# With the usual second, a busy machine elects now and then.
ovsdb-tool --election-timer=2500 create-cluster s1.db \
    "$srcdir/controller/slb.ovsschema" unix:s1.raft
ovsdb-tool join-cluster s2.db SLB unix:s2.raft unix:s1.raft
ovsdb-tool join-cluster s3.db SLB unix:s3.raft unix:s1.raft
for i in 1 2 3; do server $i; done
joined() { raft "$1" 2>/dev/null | grep -q '^Status: cluster member'; }
for i in 1 2 3; do
    ok "server $i has joined" wait_until 60 joined $i
done
ok "there is a leader" wait_until 60 find_leader 1 2 3

start m1 slb-manager --unixctl="$tmp/m1.ctl" \
    --db="unix:$tmp/s1.sock,unix:$tmp/s2.sock,unix:$tmp/s3.sock"
ok "the manager is active" wait_until 60 status_like m1 state active
web_lab
web_lb
ok "and compiles" compiled
settled

dump() { slbdb dump | sort; }
before=$(dump)
old=$leader
stop "s$old" KILL
others=()
for i in 1 2 3; do
    [ $i = "$old" ] || others+=("$i")
done
ok "the leader is killed, there is another one" \
    wait_until 60 find_leader "${others[@]}"
ok "the manager is active again" wait_until 60 status_like m1 state active
is "$(dump)" "$before" "nothing has changed"
web_lb vm1@10.0.1.4
ok "it goes on" compiled
settled
is "$(get Generation number,state,weights)" "1 previous {1=1,2=1,3=1,4=1}
2 current {1=1}" "with the next generation"
done_testing

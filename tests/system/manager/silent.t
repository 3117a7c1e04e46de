#!/bin/bash
# Members on a host that nothing is heard of are unknown: they keep what they
# were, or are down, as their pool says, until the host speaks again.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
web_lab
slbdb option heartbeat-interval=400 -- option host-silent-seconds=2
h=web/probes/h
down=';silent_host_behavior="Down"'
probe=

# Pool p keeps, pool q takes down; both have a member on each host.
web()
{
    slbdb lb web prod frontend:f=20.50.60.10 \
        pool:p=vm1@10.0.1.4,vm3@10.0.1.6 \
        "pool:q=vm2@10.0.1.5,vm4@10.0.1.7$down" \
        "probe:h=Http,80;request_path=\"/health\"$probe" \
        'rule:r=f,p,Tcp,80,80;probe="h"' 'rule:s=f,q,Tcp,81,80;probe="h"' "$@"
    compiled
    settled
}
# up_is NAME...: the members that get new connections.
up_is()
{
    settled
    [ "$(get Member name,state | sed -n 's/ active$//p' | xargs)" = "$*" ]
}
# silent_is NAME...: the hosts that are silent.
silent_is()
{
    [ "$(get Node name,alive,silent |
             awk '$2 != 0 && $2 == $3 { print $1 }' | xargs)" = "$*" ]
}
# Has NAME speak until unbeat NAME.
beat() { start "beat-$1" slbdb beats .2 "$1"; }
unbeat() { stop "beat-$1"; }
proofs() { get SLB_Global alive; }

web
for i in 1 2 3 4; do
    slbdb health vm$i $h 10.0.1.$((i + 3)) up
done
ok "all are up" wait_until 5 up_is vm1 vm2 vm3 vm4
sleep 2.5
ok "hosts that never spoke are not silent" silent_is
is "$(proofs)" 0 "nor does the manager ask the database for anything"

# One falls silent.
# shows: LoadBalancer.backendPools.silentHostBehavior
beat h1
beat h2
wait_until eval '[ "$(get Node name,alive alive=0 role=host)" = "" ]'
ack_all
before=$(slbdb get Node name,wanted)
transactions=$(status m1 transactions)
sleep 2.5
ok "who speaks is not silent" silent_is
is "$(slbdb get Node name,wanted)" "$before" "and speaking concerns no node"
is "$(status m1 transactions)" "$transactions" "nor does it make work"
unbeat h2
ok "who does not any more falls silent" wait_until silent_is h2
ok "its member in the pool that says Down is down, the other one is not" \
    wait_until 5 up_is vm1 vm2 vm3
is "$(get Load_Balancer status)" \
    "{backendPools/p/members/vm3=unknown, as host h2 is silent: counts as up (probe h),backendPools/q/members/vm4=unknown, as host h2 is silent: counts as down (probe h)}" \
    "both are told to be unknown, and why"
is "$(get Compiled_Pool unhealthy)" "[]
[]" "nobody's connections are reset: it may be only the agent that is dead"
is "$(status m1 'hosts silent')" 1 "it is counted"
ok "and logged" grep -q 'host h2 is silent' "$tmp/m1.out"
is "$(recompute m1)" 0 "nothing is to be corrected"

# What is unknown and down is down.
slbdb health vm2 $h 10.0.1.5 down
ok "all of q are down" wait_until 5 up_is vm1 vm3
probe=';no_healthy_backends_behavior="AllProbedUp"'
web
ok "with AllProbedUp they get connections, the unknown one as well" \
    wait_until 5 up_is vm1 vm2 vm3 vm4
like "$(get Load_Balancer status)" \
    'vm4=unknown, as host h2 is silent: counts as down, but as nobody is up it gets connections' \
    "and that is told"
slbdb health vm2 $h 10.0.1.5 up
ok "until one is up" wait_until 5 up_is vm1 vm2 vm3
slbdb health vm3 $h 10.0.1.6 down
probe=
web
ok "Keep: what was said last counts" wait_until 5 up_is vm1 vm2

# Another manager.
stop m1 KILL
start_manager m1
wait_until status_like m1 "times idle" 1
is "$(status m1 transactions)" 0 "another manager changes nothing"
ok "who was silent is" silent_is h2
sleep 2.5
ok "who was not and speaks is not" silent_is h2

# It speaks, and says what has become of its members.
slbdb health vm3 $h 10.0.1.6 up
beat h2
ok "who speaks again gets what it says" wait_until 5 up_is vm1 vm2 vm3 vm4
ok "and is not silent" silent_is
is "$(get Load_Balancer status)" "{}" "nothing is to be told"
ok "it is logged" grep -q 'host h2 speaks again' "$tmp/m1.out"

# Nobody can speak while the database takes no writes, here because it is
# stopped: managers and hosts are connected, but get no answer.
for i in 1 2; do
    kill -STOP "${pid[db]}"
    sleep 2.7
    kill -CONT "${pid[db]}"
    wait_until 5 slbdb get SLB_Global _uuid >/dev/null
    sleep .3
done
sleep 1
ok "an outage of the database makes nobody silent" silent_is
ok "nor did it meanwhile" \
    eval '[ "$(grep -c "is silent" "$tmp/m1.out")" = 0 ]'

# All hosts fall silent: the database is what says so.
before=$(proofs)
unbeat h1
unbeat h2
ok "all hosts fall silent" wait_until silent_is h1 h2
cmp_ok "$(proofs)" -gt "$before" "the database has proved that it takes writes"
sleep 1
before=$(proofs)
sleep 1.5
is "$(proofs)" "$before" "then nobody has to prove anything any more"
ok "only members of the pool that keeps are up" wait_until 5 up_is vm1 vm3

# Without a probe.  Members of k are kept, those of d are what is said here; u
# has one that users call up; and vm3 is the target of a NAT rule.
up_in()
{
    settled
    [ "$(get Member name,state "pool=plain/$1" |
             sed -n 's/ active$//p' | xargs)" = "${*:2}" ]
}
plain()
{
    slbdb lb plain prod frontend:f=20.50.60.11 \
        'pool:k=vm1@10.0.1.4,vm3@10.0.1.6' \
        "pool:d=vm2@10.0.1.5,vm4@10.0.1.7;silent_host_behavior=$1" \
        "pool:u=vm4@10.0.1.7$down;member_admin_states=[\"map\",[[\"vm4\",\"Up\"]]]" \
        rule:k=f,k,Tcp,80,80 rule:d=f,d,Tcp,81,80 rule:u=f,u,Tcp,82,80 \
        nat:n=f,vm3,Tcp,90,90
    compiled
}
beat h1
beat h2
ok "they speak" wait_until 5 silent_is
slbdb del-lb web
plain Down
ok "without a probe all are up" wait_until 5 up_in backendPools/d vm2 vm4
unbeat h2
ok "a host with members that nobody probes falls silent" wait_until silent_is h2
ok "who is on it is down without a probe as well" \
    wait_until 5 up_in backendPools/d vm2
ok "or kept" up_in backendPools/k vm1 vm3
ok "or what users say" up_in backendPools/u vm4
ok "a NAT rule keeps its target" up_in nat/vm3 vm3
is "$(get Load_Balancer status)" \
    "{backendPools/d/members/vm4=unknown, as host h2 is silent: counts as down,backendPools/k/members/vm3=unknown, as host h2 is silent: counts as up}" \
    "both are told, without a probe"
is "$(get Compiled_Pool unhealthy name=plain/backendPools/d)" "[]" \
    "nobody's connections are reset"
is "$(recompute m1)" 0 "nothing is to be corrected"
stop m1 KILL
start_manager m1
wait_until status_like m1 "times idle" 1
is "$(status m1 transactions)" 0 "another manager changes nothing"
plain Keep
ok "Keep has them back" wait_until 5 up_in backendPools/d vm2 vm4
plain Down
ok "Down takes them down" wait_until 5 up_in backendPools/d vm2
unbeat h1
ok "if all are silent" wait_until silent_is h1 h2
ok "all are down, and nobody gets any connections" \
    wait_until 5 up_in backendPools/d
ok "while others stay" up_in backendPools/k vm1 vm3
beat h2
ok "until one speaks again" wait_until 5 up_in backendPools/d vm4
unbeat h2
slbdb del-lb plain
web

# Not asked for any more.
slbdb option host-silent-seconds=0 -- beat h1 -- beat h2
ok "they speak" wait_until 5 up_is vm1 vm2 vm3 vm4
sleep 2.5
ok "with host-silent-seconds=0 nobody falls silent" silent_is
slbdb option host-silent-seconds=1 -- option heartbeat-interval=600
told() { status m1 | grep -q "$1"; }
ok "a time that is too short is told" wait_until told \
    'host-silent-seconds: less than two intervals of 600 ms'
ok "two intervals it is" wait_until silent_is h1 h2
slbdb ports h1
ok "a host without members need not speak" wait_until silent_is h2
slbdb del-node h2
ok "nor one that has gone" wait_until silent_is
settled
is "$(recompute m1)" 0 "nothing is to be corrected"
is "$(status m1 failed)" 0 "no transaction failed"
done_testing

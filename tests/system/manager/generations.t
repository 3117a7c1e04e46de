#!/bin/bash
# A pool's members change: the change is prepared, takes place when all muxes
# have acknowledged it or after a second, and what was before is drained.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
# What is said to have been acknowledged in time was, however slow the machine.
slbdb option drain-seconds=3600 -- option debug-prepare-ms=60000
web_lab
web_lb vm1@10.0.1.4,vm2@10.0.1.5
compiled
ok "all nodes have what they want" settled
pool=$(get Compiled_Pool tunnel_key)
generations() { get Generation number,state,weights "pool_key=$pool"; }
members() { get Member index,name,node,state "pool_key=$pool"; }
is "$(generations)" "1 current {1=1,2=1}" "the first generation"

# Switch by acknowledgement.
# The manager sees a mux's acknowledgement before what the same one does next.
run web_lb vm1@10.0.1.4,vm2@10.0.1.5,vm3@10.0.1.6 -- compiled -- \
    get Generation number,state,weights -- ack mux1 -- net more 10.7.0.0/16 -- \
    compiled -- get Generation number state=coming -- ack mux2
is "$output" "1 current {1=1,2=1}
2 coming {1=1,2=1,3=1}
2" "a member more is being prepared; one mux's acknowledgement is not enough"
ok "with both it takes place" slbdb until "1 previous {1=1,2=1}
2 current {1=1,2=1,3=1}" Generation number,state,weights
is "$(status m1 'muxes not waited for')" 0 "in time"
is "$(get Member name,state)" "vm1 active
vm2 active
vm3 active" "members"

# Switch by time-out.
ack_all
slbdb option debug-prepare-ms=1000
t0=${EPOCHREALTIME/[.,]/}
run web_lb vm1@10.0.1.4,vm2@10.0.1.5*5,vm3@10.0.1.6 -- compiled -- \
    get Generation number,weights state=coming -- ack mux1 -- \
    until 3 Generation number state=current
is "$output" "3 {1=1,2=5,3=1}" "another weight is a generation, too"
is "$status" 0 "without the other mux it takes place, too"
ms=$(((${EPOCHREALTIME/[.,]/} - t0) / 1000))
cmp_ok "$ms" -ge 950 "not before a second has passed ($ms ms)"
cmp_ok "$ms" -lt 5000 "but soon then"
is "$(status m1 'muxes not waited for')" 1 "that mux is not waited for"

# The dead mux costs no more time.
web_lb vm1@10.0.1.4,vm2@10.0.1.5,vm3@10.0.1.6*2 -- compiled -- ack mux1 -- \
    until 4 Generation number state=current
at=$(get Generation switched_at number=4)
before=$(get Generation switched_at number=3)
cmp_ok "$at" -gt "$before" "the next change takes place"
is "$(grep -c 'mux2 did not acknowledge' "$tmp/m1.out")" 1 \
    "without waiting for it again"
slbdb ack mux2 mux1
ok "the mux is waited for again when it has everything" \
    wait_until status_like m1 "muxes not waited for" 0

# Changes that arrive meanwhile are collected.
slbdb option debug-prepare-ms=60000
web=(lb web prod frontend:public=20.50.60.10)
http=rule:http=public,servers,Tcp,80,8080
run slbdb "${web[@]}" pool:servers=vm1@10.0.1.4 $http -- compiled -- \
    "${web[@]}" pool:servers=vm1@10.0.1.4,vm4@10.0.1.7 $http -- \
    "${web[@]}" pool:servers=vm1@10.0.1.4,vm3@10.0.1.6,vm4@10.0.1.7 $http -- \
    compiled -- get Generation number,weights state=coming -- ack mux1 mux2 -- \
    until "6 {1=1,3=1,4=1}" Generation number,weights state=coming -- \
    ack mux1 mux2 -- until 6 Generation number state=current
is "$output" "5 {1=1}" "the first of three changes is being prepared"
is "$status" 0 "then what has come of the others takes place"
ok "and that is all" settled
is "$(get Generation number state=previous | xargs)" "1 2 3 4 5" \
    "all before are kept"
is "$(members)" '1 vm1 h1 active
2 vm2 h1 draining
3 vm3 h2 active
4 vm4 h2 active' "the member that has gone is drained"
is "$(get Binding pools iface_id=vm2)" "{$pool=2}" \
    "and its host knows it still"

# A new member does not get the index of one that is being drained; one that
# comes back gets its own.
slbdb ports h1 vm1,02:00:00:00:00:04,10.0.1.4 \
    vm2,02:00:00:00:00:05,10.0.1.5 vm5,02:00:00:00:00:08,10.0.1.8
web_lb vm1@10.0.1.4,vm5@10.0.1.8
compiled
settled
is "$(get Member index,state name=vm5)" "5 active" \
    "an index that is named is not used again"
web_lb vm1@10.0.1.4,vm2@10.0.1.5,vm5@10.0.1.8
compiled
settled
is "$(get Member index,state name=vm2)" "2 active" \
    "a member that comes back has its index"

# Drained, forgotten, the index free again.
web_lb vm1@10.0.1.4,vm5@10.0.1.8
compiled
settled
slbdb option drain-seconds=0
ok "previous generations go when the drain time is over" \
    slbdb until "" Generation number state=previous
is "$(get Member index,name,state)" "1 vm1 active
5 vm5 active" "members that nobody names are forgotten"
is "$(get Binding pools iface_id=vm2)" "{}" "their hosts, too"
ok "nodes hear of it" settled
web_lb vm1@10.0.1.4,vm4@10.0.1.7,vm5@10.0.1.8
compiled
settled
is "$(get Member index name=vm4)" 2 "the lowest free index is next"

# By time alone.
slbdb option drain-seconds=1
web_lb vm1@10.0.1.4,vm5@10.0.1.8
compiled
settled
at=$(get Generation switched_at state=current)
ok "forgotten without anybody's doing" \
    slbdb until "" Member state name=vm4
cmp_ok $((${EPOCHREALTIME/[.,]/} / 1000)) -ge $((at + 1000)) "not too early"
isnt "$(get Node name,wanted)" "$(get Node name,applied)" \
    "nodes are to hear of that"

# A pool that grows out of its slots.
is "$(get Compiled_Pool slots_log2)" 10 "slots for up to four members"
web_lb "vm1@10.0.1.4,vm5@10.0.1.8,x1@10.0.1.31,x2@10.0.1.32,x3@10.0.1.33"
compiled
settled
is "$(get Compiled_Pool slots_log2)" 10 \
    "members without a port change nothing yet"
slbdb until "" Generation number state=previous -- option drain-seconds=3600
web_lb "vm1@10.0.1.4*2,vm5@10.0.1.8,x1@10.0.1.31,x2@10.0.1.32,x3@10.0.1.33"
compiled
settled
is "$(get Compiled_Pool slots_log2)" 12 "more slots with the next generation"
is "$(get Generation slots_log2,state,weights)" "10 previous {1=1,5=1}
12 current {1=2,5=1}" "the one before keeps those it had"

# Deleted.
slbdb del-lb web
compiled
is "$(get Endpoint rule)$(get VIP address)" "" \
    "a deleted load balancer is not forwarded at once"
settled
is "$(get Compiled_Pool name)" web/backendPools/servers "its pool is drained"
is "$(get Generation weights state=current)" "{}" "without a usable member"
is "$(get Member name,state | xargs)" "vm1 draining vm5 draining" \
    "nobody is forgotten yet"
slbdb option drain-seconds=1
ok "in the end" slbdb until "" Compiled_Pool name
is "$(get Generation number)$(get Member index)" "" "nothing is left"
is "$(get Binding iface_id,pools)" "vm1 {}
vm2 {}
vm3 {}
vm4 {}
vm5 {}" "but the bindings of the VMs"
slbdb del-net prod
compiled
is "$(get Binding node)$(get Location node)" "" "which go with the network"
is "$(get Compiled_Network name)" more "which goes, too"
is "$(status m1 failed)" 0 "no transaction failed"
done_testing

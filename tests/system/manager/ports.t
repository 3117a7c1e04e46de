#!/bin/bash
# VM ports come, go, move and contradict each other.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
slbdb option drain-seconds=3600
web_lab
web_lb vm1@10.0.1.4,vm2@10.0.1.5,vm3@10.0.1.6
compiled
settled
member() { slbdb get Member index,node,vtep,mac,state "name=$1"; }
member_is() { [ "$(member "$1")" = "$2" ]; }
weights() { slbdb get Generation weights state=current; }
weights_are() { ack_all && [ "$(weights)" = "$1" ]; }
vm1=vm1,02:00:00:00:00:04,10.0.1.4
vm2=vm2,02:00:00:00:00:05,10.0.1.5
vm3=vm3,02:00:00:00:00:06,10.0.1.6

# A port goes and comes back.
slbdb ports h1 "$vm1"
ok "a member whose port has gone is drained" \
    wait_until member_is vm2 '2 "" "" "" draining'
ok "and left out" wait_until weights_are "{1=1,3=1}"
is "$(get Location address node=h1)" 10.0.1.4 "its location has gone"
is "$(get Binding address node=h1)" 10.0.1.4 "and its binding"
slbdb option drain-seconds=1
ok "drained, it has no index any more" wait_until member_is vm2 ""
slbdb ports h1 "$vm1" "$vm2"
ok "the port is back" wait_until member_is vm2 \
    '2 h1 172.16.0.21 02:00:00:00:00:05 active'
ok "the member takes part again, with its index" \
    wait_until weights_are "{1=1,2=1,3=1}"

# A VM moves: for a while both hosts have it.
settled
number=$(get Generation number state=current)
slbdb ports h2 "$vm3" "$vm2"
ok "two hosts with one address are a problem" \
    wait_until status_like m1 problems 1
like "$(status m1)" "address 10.0.1.5 is on port vm2 of node h1, so not on" \
    "which is told"
is "$(member vm2)" '2 h1 172.16.0.21 02:00:00:00:00:05 active' \
    "it stays where it was"
slbdb ports h1 "$vm1"
ok "until the old port goes" wait_until member_is vm2 \
    '2 h2 172.16.0.22 02:00:00:00:00:05 active'
is "$(get Location node address=10.0.1.5)" h2 "its location has changed"
is "$(get Binding node address=10.0.1.5)" h2 "and its binding"
is "$(get Generation number state=current)" "$number" \
    "that is no new generation"
is "$(status m1 problems)" 0 "nor a problem any more"

# A host's VTEP changes.
slbdb node h2 host 172.16.0.99
ok "a host with another VTEP" wait_until member_is vm3 \
    '3 h2 172.16.0.99 02:00:00:00:00:06 active'
is "$(get Location vtep node=h2 | sort -u)" 172.16.0.99 "is told to all"

# By name: the VM has another address than the member.
settled
slbdb ports h1 vm1,02:00:00:00:00:04,10.0.1.44
ok "a port with a member's name carries the member's address" \
    slbdb until "10.0.1.4
10.0.1.44" Binding address iface_id=vm1
is "$(member vm1)" '1 h1 172.16.0.21 02:00:00:00:00:04 active' \
    "and is that member"

# Two networks with the same addresses.
told_ambiguous()
{
    status m1 | grep -q "node h1: port vm1: several networks contain its \
address, and it does not say which is meant (slb-network)$"
}
slbdb ports h1 "$vm1"
slbdb until 10.0.1.4 Binding address iface_id=vm1
settled
# A previous generation that says no more than the current one may go any time.
placed()
{
    get Binding node,iface_id,address,network_key
    get Generation number,weights state=current
}
before=$(placed)
slbdb net other 10.0.1.0/24
compiled
like "$(status m1)" "node h1: port vm1: several networks contain its address.* \
it stays in prod" "another user's network with the same addresses is told"
is "$(placed)" "$before" \
    "but takes no VM away"
slbdb ports h1
slbdb until "" Binding address iface_id=vm1
slbdb ports h1 "$vm1"
ok "a new port that may be in two networks" wait_until told_ambiguous
is "$(get Binding address iface_id=vm1)" "" "is in none"
slbdb ports h1 "$vm1,prod" vm9,02:00:00:00:00:09,10.0.1.4,other
ok "unless it says which one" \
    slbdb until "vm1
vm9" Binding iface_id address=10.0.1.4
isnt "$(get Binding network_key iface_id=vm1)" \
    "$(get Binding network_key iface_id=vm9)" "so addresses may be used twice"

# The host goes for good.
slbdb del-node h1
ok "a host's members go with it" slbdb until "" Binding address node=h1
is "$(get Location address node=h1)" "" "and their locations"
is "$(status m1 failed)" 0 "no transaction failed"
done_testing

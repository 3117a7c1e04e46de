#!/bin/bash
# The key of a network that has gone is not given to another one while members
# that were in it are drained, whoever manages.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
slbdb net prod 10.0.1.0/24 -- node mux1 mux 172.16.0.11 -- \
    node h1 host 172.16.0.21 -- node h2 host 172.16.0.22 -- \
    ports h1 a,02:00:00:00:00:01,10.0.1.4,prod

# web NETWORK: a load balancer with machines there.
web()
{
    slbdb lb web "$1" frontend:f=20.50.60.10 pool:p=a@10.0.1.4 \
        rule:r=f,p,Tcp,80,80
    compiled
    settled
}

web prod
slbdb net test 10.0.1.0/24 -- ports h2 a,02:00:00:00:00:03,10.0.1.4,test
compiled
key=$(get Compiled_Network tunnel_key name=test)
web test
web prod
is "$(get Member vtep,state network_key="$key")" "172.16.0.22 draining" \
    "a member in another network is drained"
slbdb ports h2 -- del-net test
compiled
stop m1
start_manager m1
slbdb net new 10.0.1.0/24 -- ports h2 x,02:00:00:00:00:05,10.0.1.4,new
compiled
isnt "$(get Compiled_Network tunnel_key name=new)" "$key" \
    "another network does not get the key of its network"
ok "its machines are bound" wait_until got x Binding iface_id node=h2
is "$(get Binding pools node=h2)" "{}" "and get nothing of the pool"
slbdb option drain-seconds=0
settled
ok "when it is drained" wait_until got a Member name
is "$(recompute m1)" 0 "nothing is to be corrected"
stop m1
start_manager m1
wait_until status_like m1 "times idle" 1
is "$(status m1 transactions)" 0 "nor by the next manager"
done_testing

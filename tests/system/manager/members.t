#!/bin/bash
# Who is the same member as before: an address in one network is another one in
# another network, and of two members with one address each stays itself.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
slbdb net prod 10.0.1.0/24 -- net test 10.0.1.0/24 -- \
    node mux1 mux 172.16.0.11 -- \
    node h1 host 172.16.0.21 -- node h2 host 172.16.0.22 -- \
    ports h1 a,02:00:00:00:00:01,10.0.1.4,prod b,02:00:00:00:00:02,10.0.1.5,prod -- \
    ports h2 a,02:00:00:00:00:03,10.0.1.4,test b,02:00:00:00:00:04,10.0.1.5,test

# web NETWORK: a load balancer with machines there.
web()
{
    slbdb lb web "$1" frontend:f=20.50.60.10 pool:p=a@10.0.1.4,b \
        rule:r=f,p,Tcp,80,80
    compiled
    settled
}

web prod
prod=$(get Compiled_Network tunnel_key name=prod)
test=$(get Compiled_Network tunnel_key name=test)
is "$(get Member name,network_key,vtep,state)" \
    "a $prod 172.16.0.21 active
b $prod 172.16.0.21 active" "the members are in one network"
index_a=$(get Member index name=a)
index_b=$(get Member index name=b)
web test
is "$(get Member name,network_key,vtep,state)" \
    "a $prod 172.16.0.21 draining
a $test 172.16.0.22 active
b $prod 172.16.0.21 draining
b $test 172.16.0.22 active" \
    "those in the other network with equal addresses and names are other ones"
is "$(get Member index name=a state=draining) $(get Member index name=b \
    state=draining)" "$index_a $index_b" "the old ones keep their indices"
web prod
is "$(get Member name,index state=active)" "a $index_a
b $index_b" "they are taken up again"
is "$(recompute m1)" 0 "nothing is to be corrected"

# One by name, whose port has the address that the other one has.
slbdb option drain-seconds=0 -- del-lb web
settled
wait_until got "" Compiled_Pool name
slbdb ports h1 a,02:00:00:00:00:01,10.0.1.9,prod
slbdb lb web prod frontend:f=20.50.60.10 pool:p=a \
    rule:r=f,p,Tcp,80,80
compiled
slbdb lb web prod frontend:f=20.50.60.10 pool:p=a,other@10.0.1.4 \
    rule:r=f,p,Tcp,80,80
compiled
slbdb ports h1 a,02:00:00:00:00:01,10.0.1.4,prod
slbdb until 'a 1 ""
other 2 172.16.0.21' Member name,index,vtep
settled
is "$(get Load_Balancer status)" \
    "{backendPools/p=members other and a have address 10.0.1.4}" \
    "two members have one address"
is "$(get Member name,index,vtep)" 'a 1 ""
other 2 172.16.0.21' "the one that declares it is there"
is "$(recompute m1)" 0 "nothing is to be corrected"
slbdb lb web prod frontend:f=20.50.60.10 pool:p=a,other@10.0.1.4*2 \
    rule:r=f,p,Tcp,80,80
compiled
settled
is "$(get Member name,index,vtep)" 'a 1 ""
other 2 172.16.0.21' "they do not swap their indices"
is "$(status m1 failed)" 0 "no transaction failed"
done_testing

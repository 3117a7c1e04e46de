#!/bin/bash
# Members that get nothing because their port is somewhere else, and frontends
# whose address a virtual machine has as well, say so.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
slbdb net prod 10.0.1.0/24 -- net dev 10.0.2.0/24 -- \
    net near 10.0.3.0/24 peer:prod -- \
    node mux1 mux 172.16.0.11 -- node h1 host 172.16.0.21 -- \
    node h2 host 172.16.0.22
slbdb lb web prod frontend:public=20.50.60.10 'frontend:inside=;subnet=s0' \
    pool:p=vm1@10.0.1.4,vm2,vm3@10.0.1.6 rule:http=public,p,Tcp,80,8080 \
    rule:in=inside,p,Tcp,80,8081 nat:ssh=public,vm4,Tcp,2222,22
compiled
settled
said() { get Load_Balancer status name=web; }
says()
{
    ok "$2" slbdb until "{$1}" Load_Balancer status name=web
}
member=backendPools/p/members
mac=02:00:00:00:00:0

is "$(said)" "{}" "members without a port are nothing to talk about"
slbdb ports h1 "vm1,${mac}1,10.0.2.4" "vm2,${mac}2,10.9.9.9" \
    "vm3,${mac}3,10.0.1.6" "vm4,${mac}4,10.0.2.7"
says "$member/vm1=its port on node h1 is in network dev, while the address is \
in network prod,$member/vm2=its port on node h1 is in no network,\
inboundNatRules/ssh=its target's port on node h1 is in network dev, which is \
neither the load balancer's nor a peer of it" "ports in the wrong networks"
is "$(get Member name,state pool=web/backendPools/p)" "vm3 active" "their members are not bound"
is "$(recompute m1)" 0 "nothing is to be corrected"
slbdb ports h1 "vm1,${mac}1,10.0.2.4" "vm2,${mac}2,10.0.3.9" \
    "vm3,${mac}3,10.0.1.6" "vm4,${mac}4,10.0.1.7"
says "$member/vm1=its port on node h1 is in network dev, while the address is \
in network prod,$member/vm2=its port on node h1 is in network near, which is \
neither the load balancer's nor a peer of it" "one comes right, one elsewhere"
slbdb net prod 10.0.1.0/24 fd00:1::/64 peer:near
says "$member/vm1=its port on node h1 is in network dev, while the address is \
in network prod" "the networks become peers"
slbdb ports h1 "vm1,${mac}1,10.0.1.4" "vm2,${mac}2,fd00:1::5" \
    "vm3,${mac}3,10.0.1.6" "vm4,${mac}4,10.0.1.7"
says "$member/vm2=its port on node h1 has no IPv4 address of network prod" \
    "a port without address of the family"
slbdb ports h1 "vm1,${mac}1,10.0.1.4" "vm2,${mac}2,10.0.1.50" \
    "vm3,${mac}3,10.0.1.6" "vm4,${mac}4,10.0.1.7"
says "" "all are where they belong"
slbdb ports h2 "vm1,${mac}1,10.0.2.4"
settled
is "$(said)" "{}" "another machine of the name somewhere else does not matter"
slbdb ports h1 "vm2,${mac}2,10.0.1.50" "vm3,${mac}3,10.0.1.6" \
    "vm4,${mac}4,10.0.1.7"
says "$member/vm1=its port on node h2 is in network dev, while the address is \
in network prod" "unless the right one has gone"
slbdb ports h2
says "" "and when it has gone, too"
is "$(recompute m1)" 0 "nothing is to be corrected"

# Addresses.
inside=$(get Assigned_Address address)
slbdb ports h2 "vm9,${mac}1,$inside"
says "frontends/inside=address $inside is also that of port vm9 on node h2" \
    "a machine comes up with an address that was assigned"
is "$(get Assigned_Address address)" "$inside" "the frontend keeps it"
is "$(recompute m1)" 0 "nothing is to be corrected"
stop m1 KILL
start_manager m1
wait_until status_like m1 "times idle" 1
is "$(status m1 transactions)" 0 "the next manager leaves it like that"
slbdb ports h2 "vm9,${mac}1,10.0.1.99"
says "" "until it has another one"
slbdb ports h2 "vm9,${mac}1,$inside"
says "frontends/inside=address $inside is also that of port vm9 on node h2" \
    "once more"
slbdb lb web prod frontend:public=20.50.60.10 frontend:inside=10.0.1.200 \
    pool:p=vm1@10.0.1.4,vm2,vm3@10.0.1.6 rule:http=public,p,Tcp,80,8080 \
    rule:in=inside,p,Tcp,80,8081
says "" "the frontend gets another address"
slbdb ports h2 "vm9,${mac}1,10.0.1.200"
says "frontends/inside=address 10.0.1.200 is also that of port vm9 on node \
h2" \
    "which a machine has as well"
is "$(recompute m1)" 0 "nothing is to be corrected"
is "$(status m1 failed)" 0 "no transaction failed"
done_testing

#!/bin/bash
# Frontends get addresses out of prefixes and subnets, members are found by
# name and in peered networks, and what is wrong is told to whom it concerns.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
web_lab
settled
assigned() { get Assigned_Address frontend,source,address; }
state_of() { get Load_Balancer status "name=$1"; }

# Public IP prefixes.
slbdb prefix few 20.9.0.0/31
for name in a b c; do
    slbdb lb $name prod 'frontend:f=;public_ip_prefix=few' \
        pool:p=vm1@10.0.1.4 rule:r=f,p,Tcp,80,80
done
compiled
is "$(assigned)" "a/frontends/f PublicIPPrefix/few 20.9.0.0
b/frontends/f PublicIPPrefix/few 20.9.0.1" "addresses out of a prefix"
is "$(get VIP address,frontend)" "20.9.0.0 a/frontends/f
20.9.0.1 b/frontends/f" "which are announced"
like "$(state_of c)" "frontends/f=no address is assigned: .*none left" \
    "the third one is told why not"
slbdb del-lb a
compiled
is "$(assigned)" "b/frontends/f PublicIPPrefix/few 20.9.0.1
c/frontends/f PublicIPPrefix/few 20.9.0.0" "and gets what becomes free"
is "$(state_of c)" "{}" "which is no problem any more"
slbdb lb d prod 'frontend:f=20.9.0.1' pool:p=vm1@10.0.1.4 \
    rule:r=f,p,Tcp,80,80
compiled
is "$(state_of d)" "{frontends/f=address 20.9.0.1 is used by b/frontends/f}" \
    "an address that was assigned is not declared by another one"
slbdb lb b prod 'frontend:f=20.50.60.1' pool:p=vm1@10.0.1.4 \
    rule:r=f,p,Tcp,80,80
compiled
is "$(get VIP address,frontend)" "20.50.60.1 b/frontends/f
20.9.0.0 c/frontends/f
20.9.0.1 d/frontends/f" "until that gives it up"
is "$(state_of d)" "{}" "and all are content"
slbdb prefix few 20.10.0.0/31
compiled
is "$(assigned)" "c/frontends/f PublicIPPrefix/few 20.10.0.0" \
    "another prefix, another address"
slbdb del-prefix few
compiled
like "$(state_of c)" "there is no PublicIPPrefix/few" "no prefix, no address"
is "$(assigned)" "" "at all"
for name in b c d; do slbdb del-lb $name; done

# Subnets: never an address that somebody has.
slbdb net small "10.0.3.0/28;gateway=10.0.3.5"
slbdb ports h2 vm3,02:00:00:00:00:06,10.0.1.6 vm4,02:00:00:00:00:07,10.0.1.7 \
    vm5,02:00:00:00:00:08,10.0.3.4
slbdb lb e small 'frontend:f=;subnet=s0' 'frontend:g=;subnet=s0' \
    'frontend:h=10.0.3.7;subnet=s0' 'frontend:i=;subnet=nowhere' \
    pool:p=vm6@10.0.3.6 rule:r=f,p,Tcp,80,80
compiled
is "$(assigned)" "e/frontends/f VirtualNetwork/small/subnets/s0 10.0.3.8
e/frontends/g VirtualNetwork/small/subnets/s0 10.0.3.9" \
    "addresses out of a subnet, but not the gateway's, a VM's or a member's"
like "$(state_of e)" "frontends/i=there is no subnet nowhere in network small" \
    "a subnet that is not there is told"
is "$(get Compiled_Network gateways name=small)" 10.0.3.5 \
    "the gateway is the one declared"
stop m1 KILL
start_manager m1
wait_until status_like m1 "times idle" 1
is "$(status m1 transactions)" 0 "the next manager leaves it like that"

# Who waits for an address gets the one that a machine leaves.
slbdb net tiny 10.0.4.0/29
slbdb ports h2 t4,02:00:00:00:01:04,10.0.4.4 t5,02:00:00:00:01:05,10.0.4.5 \
    t6,02:00:00:00:01:06,10.0.4.6 vm5,02:00:00:00:00:08,10.0.3.4
wait_until slbdb until "10.0.4.4
10.0.4.5
10.0.4.6" Binding address \
    "network_key=$(get Compiled_Network tunnel_key name=tiny)"
slbdb lb w tiny 'frontend:f=;subnet=s0'
compiled
like "$(state_of w)" "none left" "machines have all addresses of a subnet"
slbdb ports h2 t4,02:00:00:00:01:04,10.0.4.4 t5,02:00:00:00:01:05,10.0.4.5 \
    vm5,02:00:00:00:00:08,10.0.3.4
ok "one that goes leaves its address" slbdb until \
    "VirtualNetwork/tiny/subnets/s0 10.0.4.6" \
    Assigned_Address source,address frontend=w/frontends/f
is "$(state_of w)" "{}" "and all is well"
is "$(recompute m1)" 0 "nothing is to be corrected"

# Zones.
slbdb transact '{"op":"update","table":"Node","where":[["name","==","mux1"]],
    "row":{"zone":"1"}}' >/dev/null
slbdb lb z prod 'frontend:f=20.50.60.2;zones=["set",["1","2"]]' \
    pool:p=vm1@10.0.1.4 rule:r=f,p,Tcp,80,80
compiled
is "$(get VIP address,zones address=20.50.60.2)" "20.50.60.2 [1,2]" "zones"
is "$(state_of z)" "{frontends/f=no mux is in zone 2, so its address is not \
announced there}" "one of them without a mux"
slbdb transact '{"op":"update","table":"Node","where":[["name","==","mux2"]],
    "row":{"zone":"2"}}' >/dev/null
ok "until there is one" slbdb until "{}" Load_Balancer status name=z

# Members: by name, in peered networks, taken out.
slbdb net left 10.5.0.0/24 peer:right -- net right 10.6.0.0/24
slbdb ports h1 vm1,02:00:00:00:00:04,10.0.1.4 vm2,02:00:00:00:00:05,10.0.1.5 \
    n1,02:00:00:00:00:11,10.5.0.4 n2,02:00:00:00:00:12,10.6.0.4 \
    other,02:00:00:00:00:13,10.6.0.9
slbdb lb m left frontend:f=20.50.60.3 \
    'pool:p=n1,n2,10.6.0.9,n3@10.5.0.9;member_admin_states=["map",[["n1","Down"]]]' \
    rule:r=f,p,Tcp,80,80
compiled
members() { get Member index,name,address,vtep pool=m/backendPools/p; }
is "$(members)" "1 n1 10.5.0.4 172.16.0.21" "members by name; the peering is not mutual"
like "$(state_of m)" "member 10.6.0.9: address 10.6.0.9 is outside network left" \
    "which is told"
is "$(get Compiled_Pool generations name=m/backendPools/p)" "[]" \
    "a member that is Down takes no part"
slbdb net right 10.6.0.0/24 peer:left
compiled
is "$(members)" "1 n1 10.5.0.4 172.16.0.21
2 10.6.0.9 10.6.0.9 172.16.0.21
3 n2 10.6.0.4 172.16.0.21" "both want it: members of the peer are there"
right=$(get Compiled_Network tunnel_key name=right)
is "$(get Compiled_Pool networks name=m/backendPools/p)" \
    "{2=$right,3=$right}" "in their network"
like "$(get Virtual_Network status name=left)" "not supported yet: peerings" \
    "what is missing of peerings is told"
slbdb ports h1 n2,02:00:00:00:00:12,10.6.0.5
ok "a member by name follows its port" slbdb until \
    "3 n2 10.6.0.5 172.16.0.21" Member index,name,address,vtep name=n2
is "$(recompute m1)" 0 "nothing is to be corrected"
is "$(status m1 failed)" 0 "no transaction failed"
done_testing

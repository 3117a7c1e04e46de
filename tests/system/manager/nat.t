#!/bin/bash
# Inbound NAT rules and pools: endpoints of pools with one member each.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
slbdb option drain-seconds=0
web_lab
slbdb lb ssh prod frontend:f=20.1.1.1 pool:p=vm1,vm2@10.0.1.5 \
    nat:one=f,vm3,Tcp,2201,22 nat:two=f,10.0.1.7,Udp,2201,53 \
    'nat:again=f,vm3,Tcp,2203,23;enable_floating_ip=true' \
    natpool:many=f,p,Tcp,3000-3003,22
ok "NAT rules and a pool are compiled" compiled
pools() { get Member pool,name,address,vtep | sed 's/^ssh.//'; }
is "$(pools)" "backendPools/p vm1 10.0.1.4 172.16.0.21
backendPools/p vm2 10.0.1.5 172.16.0.21
nat/10.0.1.7 10.0.1.7 10.0.1.7 172.16.0.22
nat/vm1 vm1 10.0.1.4 172.16.0.21
nat/vm2 vm2 10.0.1.5 172.16.0.21
nat/vm3 vm3 10.0.1.6 172.16.0.22" \
    "a pool for each target, by name or by address"
endpoints()
{
    local pool rule protocol port backend floating
    while read -r pool rule protocol port backend floating; do
        echo "$rule $protocol $port $backend $floating" \
            "$(get Compiled_Pool name "tunnel_key=$pool")"
    done < <(get Endpoint pool_key,rule,protocol,port,backend_port,floating_ip) |
        sed 's/ssh.//g' | sort
}
is "$(endpoints)" "inboundNatPools/many/3000 6 3000 22 False nat/vm1
inboundNatPools/many/3001 6 3001 22 False nat/vm2
inboundNatRules/again 6 2203 23 True nat/vm3
inboundNatRules/one 6 2201 22 False nat/vm3
inboundNatRules/two 17 2201 53 False nat/10.0.1.7" "and endpoints that use them"
is "$(get Binding pools iface_id=vm3 | tr , '\n' | wc -l)" 1 \
    "a target of two rules has one pool"
is "$(get Assigned_Port nat_pool,ports)" \
    "ssh/inboundNatPools/many {3000=vm1,3001=vm2}" "ports are assigned"

# Members keep their ports.
slbdb lb ssh prod frontend:f=20.1.1.1 pool:p=vm2@10.0.1.5,vm3,vm4,vm9 \
    natpool:many=f,p,Tcp,3000-3002,22
ok "other members" compiled
is "$(get Assigned_Port ports)" "{3000=vm3,3001=vm2,3002=vm4}" \
    "one keeps its port, what is free is given again, in order"
like "$(get Load_Balancer status)" "inboundNatPools/many=.*vm9" \
    "one is left without, which is told"
is "$(get Endpoint port,backend_port | xargs)" "3000 22 3001 22 3002 22" \
    "there are endpoints for the others"

# A target comes later than its rule.
slbdb lb ssh prod frontend:f=20.1.1.1 nat:one=f,late,Tcp,2201,22
compiled
is "$(get Compiled_Pool members name=ssh/nat/late)" "{}" \
    "a target that is not there yet"
slbdb ports h2 late,02:00:00:00:00:16,10.0.1.16
ok "is bound when it comes" slbdb until \
    "ssh/nat/late late 10.0.1.16 172.16.0.22" \
    Member pool,name,address,vtep pool=ssh/nat/late
is "$(recompute m1)" 0 "all is as it should be"
slbdb del-lb ssh
settled
ok "all goes" slbdb until "" Compiled_Pool name
is "$(get Endpoint rule)$(get Assigned_Port nat_pool)" "" "with the rest"

# One target by name, both families.
slbdb net dual 10.8.0.0/24 2001:db8:8::/64
slbdb ports h1 vm9,02:00:00:00:00:19,10.8.0.9+2001:db8:8::9,dual
slbdb lb both dual frontend:f4=20.1.1.9 frontend:f6=2001:db8:1::9 \
    'pool:p=x@10.8.0.10' nat:n4=f4,vm9,Tcp,2201,22 nat:n6=f6,vm9,Tcp,2201,22 \
    nat:bad=f6,x,Tcp,2202,22
compiled
is "$(get Member pool,address | grep ^both/nat)" "both/nat/vm9 10.8.0.9
both/nat/vm9/ipv6 2001:db8:8::9" "a target by name has a pool for each family"
is "$(get Endpoint rule,vip | grep ^both)" "both/inboundNatRules/n4 20.1.1.9
both/inboundNatRules/n6 2001:db8:1::9" "both rules are there"
like "$(get Load_Balancer status name=both)" \
    "inboundNatRules/bad=target x has address 10.8.0.10, but frontend f6 an" \
    "a target with an address has that only"
is "$(recompute m1)" 0 "nothing is to be corrected"
is "$(status m1 failed)" 0 "no transaction failed"
done_testing

#!/bin/bash
# A frontend that has to yield to one with an assigned address gets its address
# as soon as the other one has another one.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
slbdb net prod 10.0.1.0/24 10.0.2.0/24 -- prefix few 20.9.0.0/31 -- prefix more 20.8.0.0/28

# holder SOURCE: a load balancer whose address is assigned.
holder()
{
    slbdb lb holder prod "frontend:f=;$1" pool:p=vm1@10.0.1.4 \
        rule:r=f,p,Tcp,80,80
}

# wanter ADDRESS: one that has an address of its own.
wanter()
{
    slbdb lb wanter prod "frontend:f=$1" pool:p=vm1@10.0.1.4 \
        rule:r=f,p,Tcp,80,80
}

address() { get Assigned_Address address frontend=holder/frontends/f; }

# yields WHY: true if the one yields.
yields()
{
    compiled
    is "$(get Load_Balancer status name=wanter)" \
        "{frontends/f=address $1 is used by holder/frontends/f}" "$2"
    is "$(get Endpoint vip rule=wanter/rules/r)" "" "so it has no endpoint"
}

has()
{
    compiled
    is "$(get Load_Balancer status name=wanter)" "{}" "$2"
    is "$(get Endpoint vip rule=wanter/rules/r)" "$1" "and has its endpoint"
}

holder public_ip_prefix=few
compiled
first=$(address)
wanter "$first"
yields "$first" "who comes second yields"
holder public_ip_prefix=more
has "$first" "it has the address when the other one takes another prefix"

slbdb del-lb wanter
holder public_ip_prefix=few
compiled
first=$(address)
wanter "$first"
yields "$first" "the same again"
slbdb prefix few 20.9.1.0/31
has "$first" "it has the address when the prefix becomes another one"

slbdb del-lb wanter
compiled
first=$(address)
wanter "$first"
yields "$first" "the same again"
slbdb del-prefix few
has "$first" "it has the address when the prefix goes"

slbdb del-lb wanter
holder subnet=s0
compiled
first=$(address)
wanter "$first"
yields "$first" "the same in a subnet"
holder subnet=s1
has "$first" "it has the address when the other one takes another subnet"

is "$(recompute m1)" 0 "nothing is to be corrected"
is "$(status m1 failed)" 0 "no transaction failed"
done_testing

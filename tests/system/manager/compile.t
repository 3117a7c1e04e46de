#!/bin/bash
# Users declare a network and a load balancer, nodes report their ports: the
# compiled tables say what nodes have to run.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
ok "the manager becomes active" wait_until status_like m1 state active
ok "the only row of SLB_Global is made" \
    slbdb until "0 0" SLB_Global intent_seq,compiled_seq
like "$(get SLB_Global hash_key)" '^[0-9a-f]{32}$' "with a key for the hash"
key=$(get SLB_Global hash_key)

web_lab
web_lb
ok "intent is compiled" compiled

is "$(get Mux name,vtep,mux_set)" \
    "mux1 172.16.0.11 default
mux2 172.16.0.12 default" "muxes"
is "$(get Compiled_Network name,subnets,gateways)" \
    "prod 10.0.1.0/24 10.0.1.1" "network"
net=$(get Compiled_Network tunnel_key)
is "$(get Location network_key,address,mac,node,vtep)" \
    "$net 10.0.1.4 02:00:00:00:00:04 h1 172.16.0.21
$net 10.0.1.5 02:00:00:00:00:05 h1 172.16.0.21
$net 10.0.1.6 02:00:00:00:00:06 h2 172.16.0.22
$net 10.0.1.7 02:00:00:00:00:07 h2 172.16.0.22" "locations"
is "$(get Compiled_Pool name,network_key,slots_log2)" \
    "web/backendPools/servers $net 11" "pool"
pool=$(get Compiled_Pool tunnel_key)
isnt "$pool" "$net" "pool and network have different tunnel keys"
is "$(get Member index,name,address,mac,node,vtep,state \
    pool_key="$pool")" \
    "1 vm1 10.0.1.4 02:00:00:00:00:04 h1 172.16.0.21 active
2 vm2 10.0.1.5 02:00:00:00:00:05 h1 172.16.0.21 active
3 vm3 10.0.1.6 02:00:00:00:00:06 h2 172.16.0.22 active
4 vm4 10.0.1.7 02:00:00:00:00:07 h2 172.16.0.22 active" "members"
is "$(get Generation pool_key,number,state,slots_log2,weights)" \
    "$pool 1 current 11 {1=1,2=1,3=1,4=1}" "the first generation is current"
cmp_ok "$(get Generation switched_at)" -ge $((($(date +%s) - 60) * 1000)) \
    "since a moment ago"
is "$(get Binding node,iface_id,network_key,address,mac,pools)" \
    "h1 vm1 $net 10.0.1.4 02:00:00:00:00:04 {$pool=1}
h1 vm2 $net 10.0.1.5 02:00:00:00:00:05 {$pool=2}
h2 vm3 $net 10.0.1.6 02:00:00:00:00:06 {$pool=3}
h2 vm4 $net 10.0.1.7 02:00:00:00:00:07 {$pool=4}" "bindings"
is "$(get Endpoint network_key,vip,protocol,port,pool_key,backend_port,load_distribution,idle_timeout,rule)" \
    "0 20.50.60.10 6 80 $pool 8080 Default 240 web/rules/http" "endpoint"
is "$(get VIP network_key,address,frontend,mux_set)" \
    "0 20.50.60.10 web/frontends/public default" "VIP"

# A second load balancer: weights, UDP, an address inside the network, IPv6.
slbdb net prod 10.0.1.0/24 fd00:1::/64
slbdb ports h2 vm3,02:00:00:00:00:06,10.0.1.6+fd00:1::6 \
    vm4,02:00:00:00:00:07,10.0.1.7
slbdb lb dns prod frontend:inside=10.0.1.100 frontend:v6=2001:DB8::53 \
    frontend:unused=20.50.60.11 \
    "pool:small=vm3@10.0.1.6*3,vm4@10.0.1.7*0,nobody@10.0.1.99" \
    "pool:six=vm3@FD00:1:0::6" \
    rule:dns=inside,small,Udp,53,5353 rule:dns6=v6,six,Udp,53,5353
ok "another one, too" compiled
is "$(get Compiled_Network tunnel_key,subnets,gateways)" \
    "$net [10.0.1.0/24,fd00:1::/64] [10.0.1.1,fd00:1::1]" \
    "a second subnet, the same key"
small=$(get Compiled_Pool tunnel_key name=dns/backendPools/small)
six=$(get Compiled_Pool tunnel_key name=dns/backendPools/six)
is "$(get Member index,name,address,node,state pool_key="$small")" \
    "1 vm3 10.0.1.6 h2 active
2 vm4 10.0.1.7 h2 unbound" \
    "members without weight or port take no part"
is "$(get Generation number,weights pool_key="$small")" "1 {1=3}" "weights"
is "$(get Endpoint network_key,vip,protocol,port rule=dns/rules/dns)" \
    "$net 10.0.1.100 17 53" "the rule of an internal frontend"
unlike "$(get Load_Balancer status name=dns)" 'frontends/inside' \
    "about which there is nothing to say"
is "$(get Endpoint network_key,vip rule=dns/rules/dns6)" "0 2001:db8::53" \
    "an IPv6 VIP in canonical form"
is "$(get VIP network_key,address)" "0 20.50.60.10
0 2001:db8::53
$net 10.0.1.100" "an address without a rule is no VIP"
is "$(get Binding address,pools iface_id=vm3)" \
    "10.0.1.6 {$pool=3,$small=1}
fd00:1::6 {$six=1}" "a VM in several pools, with addresses of both families"
is "$(get Endpoint cookie | sort -u | wc -l)" 3 "cookies are unique"
is "$(get SLB_Global hash_key)" "$key" "the key of the hash stays"

# A change of something that is not compiled, and a look at everything.
ack_all
before=$(slbdb dump)
slbdb ports h1 vm2,02:00:00:00:00:05,10.0.1.5 vm1,02:00:00:00:00:04,10.0.1.4
is "$(recompute m1)" 0 "nothing is written when nothing is to be changed"
is "$(slbdb dump | grep -v '^Node')" "$(grep -v '^Node' <<<"$before")" \
    "all rows are what they were"
is "$(get Node name,wanted)" "$(get Node name,applied)" "nothing is wanted"
is "$(status m1 problems)" 0 "no problems"

# A pool by name has one address of each member, so it serves one family.
slbdb net dual 10.8.0.0/24 2001:db8:8::/64 -- node h9 host 172.16.0.29 -- \
    ports h9 vm9,02:00:00:00:00:19,10.8.0.9+2001:db8:8::9,dual
six()
{
    slbdb lb six dual frontend:f4=20.50.60.44 frontend:f6=2001:db8:60::44 \
        pool:p=vm9 "$@"
    compiled
    settled
}
six rule:r6=f6,p,Tcp,80,80
is "$(get Member address pool=six/backendPools/p)" 2001:db8:8::9 \
    "a member by name has an address of its rule's family"
six rule:r4=f4,p,Tcp,80,80 rule:r6=f6,p,Tcp,80,80
is "$(get Endpoint rule | grep ^six)" six/rules/r4 \
    "of two families one is served"
is "$(get Load_Balancer status name=six)" "{rules/r6=pool p serves IPv4 for \
other rules, and its members by name have one address each: IPv6 needs a pool \
of its own}" "the other one is told"
slbdb del-lb six
compiled
is "$(status m1 problems)" 0 "no problems"
is "$(status m1 failed)" 0 "no transaction failed"
done_testing

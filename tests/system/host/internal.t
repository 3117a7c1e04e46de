#!/bin/bash
# VMs reach VIPs in their own network by a mux; replies go from host to host.
. "$(dirname "$0")/host.sh"
plan 36
in_vip=10.0.1.100
in_vip6=fd00:1::100
in_vip_b=10.0.1.101
more_vips=($in_vip $in_vip6 $in_vip_b)
cloud_up h1 h2 || bail_out "no cloud"
vxlan=172.16.0

is "$(net vm1 ask tcp $in_vip 80 a)" timeout "without a VIP"
transact "$(vip_row $in_vip)" "$(vip_row $in_vip6)" "$(vip_row $in_vip_b)" \
    "$(vip_row "$vip" 0)" "$(vip_row 10.0.1.102 7)" \
    "$(internal 41 $in_vip 6 80 8080)" \
    "$(internal 42 $in_vip 17 53 5353)" \
    "$(internal 43 $in_vip6 6 80 8080)" \
    "$(internal 44 $in_vip_b 6 8080 8080 100 '"floating_ip":true')"
ok "VIPs in the network" want h1 h2
is "$(status h1 "flow mistakes")" 0 "no flow was wrong"

# From one host to another.
capture to_mux mux "udp and dst host $vxlan.100"
capture by_mux mux "udp and src host $vxlan.11"
capture between h1 "udp and src host $vxlan.22"
capture outside gw "ip and not arp"
steer h2 3
is "$(net vm1 ask tcp $in_vip 80 a)" "vm3 10.0.1.4 a" \
    "a VM's connection to a VIP in its network"
to_mux=$(captured to_mux)
like "$to_mux" "$vxlan.21.[0-9]* > $vxlan.100.4789: VXLAN.* vni 1" \
    "goes to the common VTEP of the muxes by the key of the network"
like "$to_mux" "10.0.1.4.[0-9]* > $in_vip.80" "as it is"
like "$(captured by_mux)" "$vxlan.22.4789: VXLAN.* vni 100" \
    "from there to the host of the member by the key of the pool"
between=$(captured between)
like "$between" "$vxlan.22.[0-9]* > $vxlan.21.4789: VXLAN.* vni 1" \
    "the reply comes from host to host by the key of the network"
like "$between" "$in_vip.80 > 10.0.1.4" "from the VIP"
is "$(captured outside)" "" "nothing of it is seen outside"
like "$(ip -n hst-vm1 neigh show $in_vip)" "02:53:4c:42:00:01" \
    "the VIP looks as if it were behind the gateway"
is "$(net vm1 ask udp $in_vip 53 a)" "vm3 10.0.1.4 a" "UDP"
steer h2 13
is "$(net vm1 ask tcp $in_vip6 80 a)" "vm3 fd00:1::4 a" "IPv6"

# On one host.
steer h1 2
is "$(net vm1 ask tcp $in_vip 80 a)" "vm2 10.0.1.4 a" \
    "to a VM on the same host"
is "$(net vm2 ask tcp $in_vip 80 a)" timeout \
    "not to the very VM that calls, which drops it"
is "$(net vm3 ask tcp $in_vip 80 a)" "vm2 10.0.1.6 a" "the other way"
is "$(net gw ask tcp "$vip" 80 a)" "vm2 198.51.100.10 a" \
    "a public VIP is reached as before"
is "$(net vm3 ask tcp 10.0.1.5 8080 a)" "vm2 10.0.1.6 a" \
    "so is a member itself"

# A connection goes on when its owner changes.
caller=vm1
steer h2 3
ok "a connection to vm3" eval 'vip=$in_vip connect one 80 53001'
is "$(say one a)" "vm3 10.0.1.4 a" "works"
steer h1 2,3
is "$(say one b)" "vm3 10.0.1.4 b" "and goes on when vm2 is the owner"
is "$(net vm1 ask tcp $in_vip 80 a)" "vm2 10.0.1.4 a" "a new one is vm2's"

# With floating IP: the VM has the VIP on its own interface.
for vm in vm2 vm3; do
    ip -n "hst-$vm" addr add $in_vip_b/32 dev eth0
done
capture inside vm2 "tcp or arp"
is "$(net vm1 ask tcp $in_vip_b 8080 a)" "vm2 10.0.1.4 a" \
    "with floating IP"
like "$(captured inside)" "10.0.1.4.[0-9]* > $in_vip_b.8080" \
    "the VM sees the VIP"
steer h2 3
is "$(net vm1 ask tcp $in_vip_b 8080 a)" "vm3 10.0.1.4 a" \
    "from another host"
is "$(net vm2 arp 02:00:00:00:00:05 $in_vip_b $in_vip_b)" timeout \
    "a VM that says that it has a VIP gets no answer"
is "$(net vm2 arp 02:00:00:00:00:05 10.0.1.5 $in_vip_b)" 02:53:4c:42:00:01 \
    "but one that asks for it, though it might have it"

# What is wrong.
is "$(net vm1 ask tcp 10.0.1.102 80 a)" timeout \
    "a VIP of another network is none here"
capture outside2 gw "src host $in_vip"
before=$(packets h1 "$(drop 13)")
net mux vxlan $vxlan.21 100 2 0 0 tcp-S/198.51.100.10/53002/$in_vip/80
ok "who calls from outside the network gets no reply" \
    wait_until 5 eval '[ "$(packets h1 "$(drop 13)")" -gt "$before" ]'
is "$(captured outside2)" "" "which does not leave"
capture spoofed mux "udp and dst host $vxlan.100"
spoofed=$(drop 9 "$(vsctl h1 get interface vm1 ofport)")
before=$(packets h1 "$spoofed")
ip netns exec hst-vm1 /usr/bin/python3 "$netpy" raw eth0 02:00:00:00:00:04 \
    02:53:4c:42:00:01 tcp-S/10.0.1.5/53003/$in_vip/80
ok "a VM cannot call by another one's address" \
    wait_until 5 eval '[ "$(packets h1 "$spoofed")" -gt "$before" ]'
is "$(captured spoofed)" "" "which the mux never sees"

# It goes.
transact "{\"op\":\"delete\",\"table\":\"VIP\",
           \"where\":[[\"address\",\"==\",\"$in_vip\"]]}"
ok "a VIP goes" want h1 h2
ip -n hst-vm1 neigh flush dev eth0
is "$(net vm1 ask tcp $in_vip 80 a)" timeout "it is not there any more"
is "$(net vm1 arp 02:00:00:00:00:04 10.0.1.4 $in_vip)" timeout \
    "nor does anybody say where it is"
is "$(net vm1 ask tcp $in_vip_b 8080 a)" "vm3 10.0.1.4 a" "the other one is"

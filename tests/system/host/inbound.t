#!/bin/bash
# Requests from a mux reach VMs; replies go straight to the client.
. "$(dirname "$0")/host.sh"
plan 23
cloud_up h1 || bail_out "no cloud"

mac=$(vsctl h1 get bridge br-slb other_config:hwaddr | tr -d '"')
router=$(ip netns exec hst-gw cat /sys/class/net/eth0/address)

capture replies gw "src host $vip"
capture passing mux "src host $vip or src host $vip6"
capture leaks gw "net 10.0.1.0/24 or net fd00:1::/64"

is "$(net gw ask tcp $vip 80 hello)" "vm1 198.51.100.10 hello" \
    "TCP: the VM sees the client's address, the port is translated"
steer h1 2
is "$(net gw ask tcp $vip 80 hello)" "vm2 198.51.100.10 hello" \
    "the steering header chooses the VM"
is "$(net gw ask udp $vip 53 hello)" "vm2 198.51.100.10 hello" "UDP"
is "$(net gw ask tcp $vip_b 80 hello)" "vm2 198.51.100.10 hello" \
    "another VIP with the same backend port"
is "$(net gw ask tcp $vip 81 hello)" timeout "a port without a rule"
cmp_ok "$(packets h1 "$(drop 4 100)")" -ge 1 "is dropped and counted"
steer h1 11
is "$(net gw ask tcp $vip6 80 hello)" "vm1 2001:db8:51::10 hello" "IPv6"

replies=$(captured replies)
like "$replies" "$mac > $router, [^>]* $vip.80 > 198.51.100.10" \
    "replies have the VIP as source and go from the host to the router"
is "$(captured passing)" "" "no reply passes the mux"
is "$(captured leaks)" "" "no address of a VM is seen outside"

# A connection stays with the VM that has it, whatever the header says.
steer h1 1
ok "a connection" connect one 80 40001
is "$(say one a)" "vm1 198.51.100.10 a" "to vm1"
steer h1 2
is "$(say one b)" "vm1 198.51.100.10 b" "stays there when the header changes"
syn=tcp-S/198.51.100.10/40002/$vip/80
ip -n hst-vm1 link set eth0 down
ip -n hst-vm2 link set eth0 down
net mux vxlan 172.16.0.21 100 1 0 0 $syn
net mux vxlan 172.16.0.21 100 2 0 0 $syn
deliver2=0x4000200000064
sent=$(packets h1 $deliver2)
net mux vxlan 172.16.0.21 100 2 0 0 tcp-S/198.51.100.10/40003/$vip/80
ok "a SYN goes where the header says" \
    wait_until eval '[ "$(packets h1 $deliver2)" -gt "$sent" ]'
like "$(on h1 ovs-appctl dpctl/dump-conntrack)" \
    "sport=40002.*,dst=198.51.100.10,sport=8080,dport=40002\),.*mark=1" \
    "a SYN that is repeated goes where the first one went"
unlike "$(on h1 ovs-appctl dpctl/dump-conntrack | grep 40002)" "mark=2" \
    "and starts no second connection"
for vm in vm1 vm2; do
    n=${vm_octet[$vm]}
    ip -n "hst-$vm" link set eth0 up
    ip -n "hst-$vm" addr add "fd00:1::$n/64" dev eth0 nodad
    ip -n "hst-$vm" route add default via 10.0.1.1
    ip -n "hst-$vm" route add default via fd00:1::1
done

# Errors about connections.
capture error1 vm1 icmp
capture error2 vm2 icmp
sent=$(packets h1 0x4000100000064)
net mux vxlan 172.16.0.21 100 2 0 0 frag/198.51.100.10/40001/$vip/80
wait_until eval '[ "$(packets h1 0x4000100000064)" -gt "$sent" ]'
error=$(captured error1)
like "$error" "198.51.100.10 > 10.0.1.4: ICMP .* need to frag" \
    "an ICMP error reaches the VM that has the connection"
like "$error" "10.0.1.4.8080 > 198.51.100.10.40001" \
    "and quotes a packet that the VM knows"
is "$(captured error2)" "" "it reaches no other VM"
capture error3 vm1 icmp
net mux vxlan 172.16.0.21 100 2 0 0 frag/198.51.100.10/40999/$vip/80
net mux vxlan 172.16.0.21 100 2 0 0 frag/198.51.100.10/40001/$vip/80
wait_until eval '[ "$(packets h1 0x4000100000064)" -ge "$((sent + 2))" ]'
unlike "$(captured error3)" 40999 "nor is one about no connection delivered"
transact "$(endpoint 15 $vip 17 54 5999)"
want h1
steer h1 1
is "$(net gw ask udp $vip 54 hello)" refused \
    "an ICMP error of a VM comes from the VIP"

# What a VM that is not the client's partner any more sends, goes nowhere.
on h1 ovs-appctl dpctl/flush-conntrack
capture leaks2 gw "src net 10.0.1.0/24"
ip netns exec hst-vm1 /usr/bin/python3 "$netpy" raw eth0 02:00:00:00:00:04 \
    02:53:4c:42:00:01 tcp-PA/10.0.1.4/8080/198.51.100.10/40001
ok "a reply of no connection is dropped" \
    wait_until eval '[ "$(packets h1 "$(drop 21)")" -ge 1 ]'
is "$(captured leaks2)" "" "and not seen outside"

#!/bin/bash
# VMs reach each other and their gateway, and nobody under another's name.
. "$(dirname "$0")/host.sh"
plan 22
cloud_up h1 h2 || bail_out "no cloud"
gateway=02:53:4c:42:00:01

is "$(net vm1 ask tcp 10.0.1.5 8080 x)" "vm2 10.0.1.4 x" \
    "to a VM of the same host"
is "$(net vm1 ask tcp 10.0.1.6 8080 x)" "vm3 10.0.1.4 x" \
    "to one of another host"
is "$(net vm3 ask udp 10.0.1.5 5353 x)" "vm2 10.0.1.6 x" "and by UDP"
is "$(net vm1 ask tcp fd00:1::6 8080 x)" "vm3 fd00:1::4 x" "and by IPv6"
like "$(ip -n hst-vm1 neigh show 10.0.1.6)" 02:00:00:00:00:06 \
    "ARP is answered with the VM's address"
like "$(ip -n hst-vm1 neigh show fd00:1::6)" 02:00:00:00:00:06 "as is ND"

# The gateway.
arp() { ip netns exec "hst-$1" ping -c 3 -i 0.3 -W 1 "$2" >/dev/null; }
for ip in 10.0.1.1 fd00:1::1; do
    arp vm1 $ip
    like "$(ip -n hst-vm1 neigh show $ip)" $gateway "the gateway answers: $ip"
done
arp vm1 10.0.1.77
unlike "$(ip -n hst-vm1 neigh show 10.0.1.77)" lladdr "nobody answers for none"
port=$(vsctl h1 get interface vm1 ofport)
for sender in 0.0.0.0 10.0.1.4; do
    like "$(trace h1 "in_port=$port,dl_src=02:00:00:00:00:04,arp,arp_op=1,
                      arp_sha=02:00:00:00:00:04,arp_spa=$sender,
                      arp_tpa=10.0.1.4")" "Datapath actions: drop" \
        "nobody has the VM's own address (asked from $sender)"
done

# What is not its own.
spoof=$(drop 9 "$port")
spoofs()
{
    local n
    n=$(packets h1 "$2")
    net vm1 raw eth0 "$1" $gateway "$3"
    wait_until 3 eval "[ \$(packets h1 $2) -gt $n ]"
}
own=02:00:00:00:00:04
capture vm2 vm2 "udp port 5353 or arp"
capture gw gw "host 10.0.1.5 or host 20.50.60.10"
ok "another's IP address" spoofs $own "$spoof" udp/10.0.1.6/9/10.0.1.5/5353
ok "another's Ethernet address" \
    spoofs 02:00:00:00:00:05 "$spoof" udp/10.0.1.4/9/10.0.1.5/5353
ok "a VIP" spoofs $own "$spoof" tcp-PA/$vip/80/198.51.100.10/43000
ok "to the outside, on its own behalf" \
    spoofs $own "$(drop 13)" udp/10.0.1.4/9/198.51.100.10/53
ok "to nobody" spoofs $own "$(drop 8 1)" udp/10.0.1.4/9/10.0.1.99/53
is "$(captured vm2)" "" "none of these reached a VM"
is "$(captured gw)" "" "nor the outside"

# The underlay floods to the patch port; VMs see nothing of it.
capture vm1 vm1 "arp or ip6"
n=$(packets h1 "$(drop 11)")
ip netns exec hst-gw ping -c 1 -W 1 172.16.0.99 >/dev/null
ok "frames of the underlay are dropped" wait_until 3 \
    eval '[ "$(packets h1 "$(drop 11)")" -gt $n ]'
unlike "$(captured vm1)" 172.16 "and not seen by a VM"

# A VM that goes.
vsctl h1 del-port br-slb vm2
ok "a VM that is unplugged is reported" wait_until eval \
    '! ovsdb-client -t 10 dump "unix:$tmp/slb.sock" Port iface_id | grep -q vm2'
is "$(net vm1 ask tcp 10.0.1.5 8080 x)" timeout "and not reached any more"

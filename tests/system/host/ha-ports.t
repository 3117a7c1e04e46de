#!/bin/bash
# HA ports: whatever comes to an internal VIP goes to a member, any port of any
# protocol.
. "$(dirname "$0")/host.sh"
plan 45
ha=10.0.1.100
ha6=fd00:1::100
ha_float=10.0.1.101
in_vip=10.0.1.102
more_vips=($ha $ha6 $ha_float $in_vip)
cloud_up h1 h2 || bail_out "no cloud"
h1=172.16.0.21
h2=172.16.0.22
client=198.51.100.10
big=$(printf '%04000d' 7)
transact "$(pool 300 2:vm2:4 3:vm3:4 12:vm2:6 13:vm3:6)" \
    "$(vip_row $ha)" "$(vip_row $ha6)" "$(vip_row $ha_float)" \
    "$(vip_row $in_vip)" \
    "$(internal 51 $ha 0 0 0 300)" \
    "$(internal 52 $ha6 0 0 0 300)" \
    "$(internal 53 $ha_float 0 0 0 300 '"floating_ip":true')" \
    "$(internal 54 $in_vip 6 80 8080)"
ok "rules for all ports" want h1 h2
is "$(status h1 "flow mistakes")" 0 "no flow was wrong"

# Sends an echo request from vm1; it says who answers.
pinged()
{
    ip netns exec hst-vm1 ping -n -c 1 -W 3 "$@" | sed -n 's/.*bytes from \([^ ]*\): .*/\1/p'
}

# From vm1, which is no member.
capture outside gw "ip and not arp"
steer h2 3 0 0 300
is "$(net vm1 ask tcp $ha 8080 a)" "vm3 10.0.1.4 a" "TCP"
is "$(net vm1 ask udp $ha 5353 a)" "vm3 10.0.1.4 a" "UDP"
is "$(net vm1 ask tcp $ha 8081 a)" refused "a RST of the VM"
is "$(net vm1 ask udp $ha 5354 a)" refused "an ICMP error of the VM"
capture inside vm3 "dst host 10.0.1.6"
is "$(pinged $ha)" $ha "ICMP"
is "$(pinged -s 4000 $ha)" $ha "in fragments"
like "$(captured inside)" "10.0.1.4 > 10.0.1.6: ICMP echo request" \
    "which the VM gets with its own address as destination"
is "$(net vm1 ask udp $ha 5353 "$big")" "vm3 10.0.1.4 $big" \
    "UDP in fragments"
capture gre vm3 "ip proto 47"
n=$(packets h2 0x400030000012c)
net mux vxlan $h2 300 3 0 0 gre/10.0.1.4/0/$ha/0
ok "another protocol" \
    wait_until 5 eval '[ "$(packets h2 0x400030000012c)" -gt "$n" ]'
like "$(captured gre)" "10.0.1.4 > 10.0.1.6: GRE" "gets to the VM"
steer h1 2 0 0 300
is "$(net vm1 ask tcp $ha 8080 a)" "vm2 10.0.1.4 a" "to a VM on the same host"
is "$(pinged $ha)" $ha "ICMP"
steer h2 13 0 0 300
is "$(net vm1 ask tcp $ha6 8080 a)" "vm3 fd00:1::4 a" "IPv6: TCP"
is "$(net vm1 ask udp $ha6 5353 a)" "vm3 fd00:1::4 a" "UDP"
is "$(net vm1 ask udp $ha6 5354 a)" refused "an ICMP error"
is "$(net vm1 ask udp $ha6 5353 "$big")" "vm3 fd00:1::4 $big" "fragments"
is "$(pinged $ha6)" $ha6 "ICMP"

is "$(captured outside)" "" "nothing of it is seen outside"

# Beside other rules, and what members do themselves.
steer h2 3
is "$(net gw ask tcp "$vip" 80 a)" "vm3 $client a" "a rule for one port"
is "$(net gw ask udp "$vip" 53 a)" "vm3 $client a" "UDP"
is "$(net vm1 ask tcp $in_vip 80 a)" "vm3 10.0.1.4 a" \
    "one in the network, with a backend port that is asked for as well"
is "$(net vm3 ask tcp 10.0.1.4 8080 a)" "vm1 10.0.1.6 a" \
    "members' own connections"
is "$(net vm3 ask udp 10.0.1.4 5353 "$big")" "vm1 10.0.1.6 $big" \
    "in fragments"
ok "and pings" ip netns exec hst-vm3 ping -q -c 1 -W 3 10.0.1.4
is "$(net vm1 ask tcp 10.0.1.6 8080 a)" "vm3 10.0.1.4 a" \
    "others to a member itself"
steer h1 2 0 0 300
is "$(net vm3 ask tcp $ha 8080 a)" "vm2 10.0.1.6 a" \
    "from one member to the other"

# The ring of owners.
vip=$ha
caller=vm1
steer h2 3 0 0 300
ok "a connection to vm3" connect one 8080 53001
is "$(say one a)" "vm3 10.0.1.4 a" "works"
ok "UDP, too" eval \
    '[ "$(net vm1 ask udp $ha 5353 a 53002)" = "vm3 10.0.1.4 a" ]'
steer h1 2,3 1 0 300
is "$(say one b)" "vm3 10.0.1.4 b" "goes on when vm2 is the owner"
is "$(net vm1 ask udp $ha 5353 b 53002)" "vm3 10.0.1.4 b" "UDP, too"
is "$(net vm1 ask tcp $ha 8080 a)" "vm2 10.0.1.4 a" "a new one is vm2's"
is "$(pinged $ha)" $ha "so is ICMP"

# A connection that client and VM have forgotten.  A SYN-ACK that the VM repeats
# after conntrack has forgotten it, too, looks as if the client had called the
# VM itself, and this one refuses it.
ip netns exec hst-vm3 sysctl -qw net.ipv4.tcp_synack_retries=0
steer h2 3 0 0 300
quiet() { ! ip netns exec hst-vm1 ss -Htn | awk '$2 || $3' | grep -q .; }
wait_until 5 quiet
stop one USR1
kill -USR1 "${pid[vm3-server]}"
wait_until 5 eval "! ip netns exec hst-vm3 ss -Htn | grep -q ESTAB"
ok "the client begins again with the same port" connect two 8080 53001
is "$(say two a)" "vm3 10.0.1.4 a" "and gets an answer"
cmp_ok "$(packets h2 "$(stale 4 51)")" -ge 1 \
    "the VM had said that it has none"

# Floating IP.
for vm in vm2 vm3; do
    ip -n "hst-$vm" addr add $ha_float/32 dev lo
done
is "$(net vm1 ask tcp $ha_float 8080 a)" "vm3 10.0.1.4 a" "floating IP: TCP"
is "$(net vm1 ask udp $ha_float 5353 a)" "vm3 10.0.1.4 a" "UDP"
is "$(net vm1 ask udp $ha_float 5353 "$big")" "vm3 10.0.1.4 $big" "fragments"
capture floating vm3 icmp
is "$(pinged $ha_float)" $ha_float "ICMP"
like "$(captured floating)" "10.0.1.4 > $ha_float: ICMP echo request" \
    "with the VIP as destination"

# What is wrong.
spoofed=$(drop 9 "$(vsctl h1 get interface vm1 ofport)")
before=$(packets h1 "$spoofed")
ip netns exec hst-vm1 /usr/bin/python3 "$netpy" raw eth0 02:00:00:00:00:04 \
    02:53:4c:42:00:01 tcp-A/$ha_float/8080/10.0.1.6/53009
ok "who is no member cannot send from the VIP" \
    wait_until 3 eval '[ "$(packets h1 "$spoofed")" -gt "$before" ]'
before=$(packets h2 "$(drop 21)")
ip netns exec hst-vm3 /usr/bin/python3 "$netpy" raw eth0 02:00:00:00:00:06 \
    02:53:4c:42:00:01 tcp-A/$ha_float/8080/10.0.1.4/53009
ok "nor a member without a connection" \
    wait_until 3 eval '[ "$(packets h2 "$(drop 21)")" -gt "$before" ]'

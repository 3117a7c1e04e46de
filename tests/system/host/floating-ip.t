#!/bin/bash
# Rules with floating IP: VMs have the VIP themselves, nothing is translated.
. "$(dirname "$0")/host.sh"
plan 37
vip_c=20.50.60.12
vip_d=20.50.60.13
vip_c6=2001:db8:20::12
more_vips=($vip_c $vip_d $vip_c6)
cloud_up h1 h2 || bail_out "no cloud"
h1=172.16.0.21
h2=172.16.0.22
client=198.51.100.10
floating='"floating_ip":true'
denied=$(stale 2 31)

# vm1 and vm3 are members of pool 200, vm2 is not; all are of pool 100.
for vm in vm1 vm2 vm3; do
    for address in $vip_c/32 $vip_d/32 $vip_c6/128; do
        ip -n "hst-$vm" addr add $address dev lo nodad 2>/dev/null ||
            ip -n "hst-$vm" addr add $address dev lo
    done
done
transact "$(pool 200 1:vm1:4 3:vm3:4 11:vm1:6)" \
    "$(endpoint 31 $vip_c 6 8080 8080 200 $floating)" \
    "$(endpoint 32 $vip_d 6 8080 8080 200 $floating)" \
    "$(endpoint 33 $vip_c 17 5353 5353 200 $floating)" \
    "$(endpoint 34 $vip_c6 6 8080 8080 200 $floating)" \
    "$(endpoint 35 $vip_c 17 5999 5999 200 $floating)" \
    "$(endpoint 36 $vip_d 17 5353 5353 100 $floating)"
ok "rules with floating IP" want h1 h2
is "$(status h1 "flow mistakes")" 0 "no flow was wrong"

# Requests and replies.
spoofed=$(drop 9 "$(vsctl h1 get interface vm1 ofport)")
ip -n hst-vm1 neigh flush dev eth0
capture inside vm1 "tcp or arp"
capture replies gw "src host $vip_c"
capture leaks gw "net 10.0.1.0/24 or net fd00:1::/64"
steer h1 1 0 0 200
is "$(net gw ask tcp $vip_c 8080 a)" "vm1 $client a" "TCP"
inside=$(captured inside)
like "$inside" "$client.[0-9]* > $vip_c.8080: Flags \[S\]" \
    "the VM sees the VIP as destination"
like "$inside" "tell $vip_c" "it asks for its gateway from the VIP"
like "$inside" "Reply 10.0.1.1 is-at 02:53:4c:42:00:01" "and is answered"
like "$(captured replies)" "$vip_c.8080 > $client" \
    "replies go straight to the client"
is "$(net gw ask tcp $vip_d 8080 a)" "vm1 $client a" \
    "another VIP with the same backend port"
is "$(net gw ask udp $vip_c 5353 a)" "vm1 $client a" "UDP"
is "$(net gw ask udp $vip_c 5999 a)" refused \
    "an ICMP error of a VM comes from the VIP"
is "$(net gw ask tcp $vip_d 5353 a)" timeout "a port without a rule"
steer h1 11 0 0 200
is "$(net gw ask tcp $vip_c6 8080 a)" "vm1 2001:db8:51::10 a" "IPv6"
steer h1 1
is "$(net gw ask tcp $vip 80 a)" "vm1 $client a" \
    "rules that translate, with the same backend port, work beside them"
is "$(captured leaks)" "" "no address of a VM is seen outside"
is "$(packets h1 "$spoofed")" 0 "nothing of this was spoofed"

# The ring, and errors from outside.
steer h1 1 0 0 200
ok "a connection to vm1" eval 'vip=$vip_c connect one 8080 51001'
is "$(say one a)" "vm1 $client a" "works"
steer h2 3,1 0 0 200
is "$(say one b)" "vm1 $client b" "and goes on when vm3 becomes the owner"
is "$(net gw ask tcp $vip_c 8080 c)" "vm3 $client c" "a new one is vm3's"
capture error vm1 icmp
error_cookie=0x500010000001f
sent=$(packets h1 $error_cookie)
net mux vxlan $h2 200 3,1 0 0 frag/$client/51001/$vip_c/8080
ok "an ICMP error comes to the host of the VM that has the connection" \
    wait_until eval '[ "$(packets h1 $error_cookie)" -gt "$sent" ]'
like "$(captured error)" "$client > $vip_c: ICMP .* need to frag" \
    "and to the VM, for the VIP"

# Spoofing: what is not a reply of a connection of the very VM stays here.
raw()
{
    local vm=$1
    ip netns exec "hst-$vm" /usr/bin/python3 "$netpy" raw eth0 \
        "02:00:00:00:00:0${vm_octet[$vm]}" 02:53:4c:42:00:01 "$2"
}
dropped() { [ "$(packets h1 "$1")" -gt "$2" ]; }
drops()     # COOKIE VM PACKET
{
    local n
    n=$(packets h1 "$1")
    raw "$2" "$3"
    wait_until 3 dropped "$1" "$n"
}
leak=$(drop 12)
spoofed2=$(drop 9 "$(vsctl h1 get interface vm2 ofport)")
capture outside gw "src host $vip_c"
ok "a VM that is no member cannot send from the VIP" \
    drops "$spoofed2" vm2 tcp-A/$vip_c/8080/$client/51001
ok "nor a member from another port" \
    drops "$spoofed" vm1 tcp-A/$vip_c/8081/$client/51001
ok "nor by another protocol" \
    drops "$spoofed" vm1 udp/$vip_c/8080/$client/51001
ok "nor from a VIP of whose rule it is no member" \
    drops "$spoofed2" vm2 udp/$vip_c/5353/$client/51001
ok "nor without a connection" \
    drops "$(drop 21)" vm1 tcp-A/$vip_c/8080/$client/51999
steer h1 1
is "$(net gw ask udp $vip_d 5353 a 51007)" "vm1 $client a" \
    "UDP to vm1 by the pool that both are in"
is "$(captured outside)" "" "nothing of all that left the host"
capture outside2 gw "src host $vip_d"
ok "in whose connection another member has no say" \
    drops "$leak" vm2 udp/$vip_d/5353/$client/51007
is "$(captured outside2)" "" "which stays here as well"

# A connection that client and VM have forgotten is conntrack's only.
steer h1 1 0 0 200
is "$(say one c)" "vm1 $client c" "the first connection still works"
quiet() { ! ip netns exec "hst-$1" ss -Htn | awk '$2 || $3' | grep -q .; }
wait_until 5 eval "quiet gw && quiet vm1"
stop one USR1
kill -USR1 "${pid[vm1-server]}"
wait_until 5 eval "! ip netns exec hst-vm1 ss -Htn | grep -q ESTAB"
ok "the client begins again with the same port" \
    eval 'vip=$vip_c connect two 8080 51001'
is "$(say two a)" "vm1 $client a" "and gets an answer"
cmp_ok "$(packets h1 "$denied")" -ge 1 "the VM had said that it has none"

# Without floating IP again.
transact '{"op":"update","table":"Endpoint","where":[["cookie","==",32]],
           "row":{"floating_ip":false}}'
ok "a rule changes" want h1
is "$(net gw ask tcp $vip_d 8080 a)" "vm1 $client a" "new connections work"
ok "and it has no right to the VIP any more" \
    drops "$spoofed" vm1 tcp-A/$vip_d/8080/$client/51001

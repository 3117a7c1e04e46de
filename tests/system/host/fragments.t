#!/bin/bash
# Datagrams in fragments arrive, and answers in fragments leave.
. "$(dirname "$0")/host.sh"
plan 41
in_vip=10.0.1.100
in_vip6=fd00:1::100
float=20.50.60.12
float6=2001:db8:20::12
more_vips=($in_vip $in_vip6 $float $float6)
cloud_up h1 h2 || bail_out "no cloud"
h1=172.16.0.21
client=198.51.100.10
client6=2001:db8:51::10
dropped=$(drop 16)
big=$(printf '%04000d' 7)
sevens=${big//0/7}

# What clients send has to fit into VXLAN.
for net in "20.50.60.0/24 via 172.16.0.11 src $client" \
    "2001:db8:20::/64 via fd16::11 src $client6"; do
    # shellcheck disable=SC2086 # Several words.
    ip -n hst-gw route replace $net mtu 1400
done
for vm in vm1 vm2 vm3; do
    ip -n "hst-$vm" addr add $float/32 dev lo
    ip -n "hst-$vm" addr add $float6/128 dev lo nodad
done
transact "$(endpoint 15 "$vip6" 17 53 5353)" \
    "$(endpoint 16 "$vip_b" 17 54 5353)" \
    "$(endpoint 17 "$vip_b" 17 55 5355)" \
    "$(endpoint 18 $float 17 5353 5353 100 '"floating_ip":true')" \
    "$(endpoint 19 $float6 17 5353 5353 100 '"floating_ip":true')" \
    "$(vip_row $in_vip)" "$(internal 21 $in_vip 17 53 5353)" \
    "$(vip_row $in_vip6)" "$(internal 22 $in_vip6 17 53 5353)"
ok "rules for UDP" want h1 h2
is "$(status h1 "flow mistakes")" 0 "no flow was wrong"

# asked "ANSWER" WORD... -- DESCRIPTION
#
# What net.py prints in a namespace, which may be long.
asked()
{
    local answer=$1 words=() got
    shift
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    got=$(net "${words[@]}")
    [ "$got" = "$answer" ] || diag "got ${got:0:60}... (${#got})"
    ok "$2" [ "$got" = "$answer" ]
}

capture leaks gw "net 10.0.1.0/24 or net fd00:1::/64"
steer h1 1
asked "vm1 $client $big" gw ask udp "$vip" 53 "$big" -- \
    "4000 octets there and back"
asked "vm1 $client $big" gw pieces "$vip" 53 "$big" 1344 2,1,0 -- \
    "the last fragment first"
asked "vm1 $client $big" gw pieces "$vip" 53 "$big" 1344 1,0,2 -- \
    "the first fragment in the middle"
asked "vm1 $client 4000" gw ask udp "$vip" 53 "count$(printf '%03995d' 7)" -- \
    "fragments, and an answer in one piece"
asked "vm1 $client $sevens" gw ask udp "$vip" 53 "say 4000" -- \
    "one piece, and an answer in fragments"
asked "vm1 $client $big" gw ask udp "$vip_b" 54 "$big" -- \
    "by the last one of the VM's rules"
asked "vm1 $client $big" gw ask udp "$float" 5353 "$big" -- "with floating IP"
asked "vm1 $client $sevens" gw ask udp "$float" 5353 "say 4000" -- \
    "one piece, and an answer in fragments, with floating IP"
steer h1 11
asked "vm1 $client6 $big" gw ask udp "$vip6" 53 "$big" -- "IPv6"
asked "vm1 $client6 $big" gw pieces "$vip6" 53 "$big" 1344 2,0,1 -- \
    "IPv6, the last fragment first"
asked "vm1 $client6 $sevens" gw ask udp "$vip6" 53 "say 4000" -- \
    "IPv6, one piece, and an answer in fragments"
asked "vm1 $client6 $big" gw ask udp "$float6" 5353 "$big" -- \
    "IPv6 with floating IP"
is "$(captured leaks)" "" "no address of a VM is seen outside"
is "$(packets h1 "$dropped")" 0 "no fragment was dropped"

# Of one flow.
steer h1 1
connections()
{
    on h1 ovs-appctl dpctl/dump-conntrack | grep -c "sport=41001,dport=53)"
}
asked "vm1 $client $big" gw ask udp "$vip" 53 "$big" 41001 -- \
    "a flow that begins in fragments"
asked "vm1 $client a" gw ask udp "$vip" 53 a 41001 -- "goes on in one piece"
asked "vm1 $client $big" gw ask udp "$vip" 53 "$big" 41001 -- \
    "and in fragments again"
is "$(connections)" 1 "it is one connection"
asked "vm1 $client b" gw ask udp "$vip" 53 b 41002 -- \
    "a flow that begins in one piece"
asked "vm1 $client $big" gw ask udp "$vip" 53 "$big" 41002 -- \
    "goes on in fragments"
steer h2 3
asked "vm3 $client $big" gw ask udp "$vip" 53 "$big" -- "on the other host"

# VMs.
asked "vm3 10.0.1.4 $big" vm1 ask udp "$in_vip" 53 "$big" -- \
    "from a VM to an internal VIP"
asked "vm3 10.0.1.4 $sevens" vm1 ask udp "$in_vip" 53 "say 4000" -- \
    "one piece, and an answer in fragments"
steer h2 13
asked "vm3 fd00:1::4 $big" vm1 ask udp "$in_vip6" 53 "$big" -- "IPv6"
asked "vm3 10.0.1.4 $big" vm1 ask udp 10.0.1.6 5353 "$big" -- \
    "from VM to VM, no VIP concerned"
asked "vm2 10.0.1.4 $big" vm1 ask udp 10.0.1.5 5353 "$big" -- \
    "the same on one host"
asked "vm3 fd00:1::4 $big" vm1 ask udp fd00:1::6 5353 "$big" -- \
    "IPv6 from VM to VM"
ok "large echo requests from VM to VM" \
    ip netns exec hst-vm1 ping -q -c 1 -W 3 -s 4000 10.0.1.6
ok "IPv6" ip netns exec hst-vm1 ping -q -c 1 -W 3 -s 4000 fd00:1::6

# What is wrong.
counted()
{
    local host=$1 cookie=$2 n
    n=$(packets "$host" "$cookie")
    "${@:3}" >/dev/null
    wait_until 3 eval '[ "$(packets $host $cookie)" -gt "$n" ]'
}
capture outside gw "udp and (src net 20.50.60.0/24 or net 10.0.1.0/24)"
ok "what a VM sends in fragments, and is no reply, does not leave" \
    counted h1 "$(drop 13)" net vm1 pieces $client 41001 "$big" 1344 0,1,2 5355
capture floating vm1 "udp and dst host $client"
ok "nor from a VIP that it has" counted h1 "$(drop 12)" \
    net vm1 pieces $client 41001 "$big" 1344 0,1,2 5353 $float
is "$(captured outside)" "" "of which nothing is seen outside"
like "$(captured floating)" "$float.5353 > $client.41001: " "the VM had sent it"
steer h1 1
ok "fragments that conntrack takes for too small are counted" \
    counted h1 "$dropped" net gw pieces "$vip" 53 "$big" 800 0,1,2,3,4,5
ok "a fragment without the flag is no fragment for a mux" \
    counted h1 "$dropped" net mux vxlan $h1 100 1 0 0 \
    "part/$client/41001/$vip/53"
asked "vm1 $client $big" gw ask udp "$vip" 53 "$big" -- \
    "all else works as before"

is "$(net gw many "$vip" 53 20 4000)" 20 "20 clients at once are answered"

# It goes.
transact '{"op":"delete","table":"Endpoint","where":[["cookie","==",18]]}'
ok "a rule goes" want h1 h2
asked timeout gw ask udp "$float" 5353 "$big" -- "and is gone"

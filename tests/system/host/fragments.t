#!/bin/bash
# Datagrams in fragments arrive, and answers in fragments leave.
. "$(dirname "$0")/host.sh"
plan 40
cloud_up h1 h2 || bail_out "no cloud"
h1=172.16.0.21
client=198.51.100.10
client6=2001:db8:51::10
big=$(printf '%04000d' 7)

# What clients send has to fit into VXLAN.
for net in "20.50.60.0/24 via 172.16.0.11 src $client" \
    "2001:db8:20::/64 via fd16::11 src $client6"; do
    ip -n hst-gw route replace $net mtu 1400
done
transact "$(endpoint 15 "$vip6" 17 53 5353)"
ok "an IPv6 rule for UDP" want h1 h2

steer h1 1
capture leaks gw "net 10.0.1.0/24 or net fd00:1::/64"
is "$(net gw ask udp "$vip" 53 "$big")" "vm1 $client $big" "4000 octets"
is "$(net gw ask udp "$vip" 53 "$big")" "vm1 $client $big" "again"
steer h1 11
is "$(net gw ask udp "$vip6" 53 "$big")" "vm1 $client6 $big" "IPv6"
is "$(captured leaks)" "" "no leak"
on h1 ovs-appctl dpctl/dump-flows -m | grep frag= | grep -v frag=no | sed 's/^ufid:[^ ]*//' 
on h1 ovs-appctl dpctl/dump-conntrack | head
flows h1 22 | grep -v n_packets=0,
flows h1 20 | grep -v n_packets=0,
for t in 4 6 9 12 15 23 24; do flows h1 $t | grep -v n_packets=0,; done

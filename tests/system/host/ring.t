#!/bin/bash
# A packet that its owner does not know goes round the ring of owners.
. "$(dirname "$0")/host.sh"
plan 25
cloud_up h1 h2 || bail_out "no cloud"

# Has the counter of HOST's flows with COOKIE gone above N?
above() { [ "$(packets "$1" "$2")" -gt "$3" ]; }

# Sends a packet in VXLAN and waits for it to be counted.
counted()
{
    local host=$1 cookie=$2 n
    n=$(packets "$host" "$cookie")
    net mux vxlan "${@:3}"
    wait_until 3 above "$host" "$cookie" "$n"
}
h1=172.16.0.21
h2=172.16.0.22
client=198.51.100.10

# From h2's member 3 to h1's member 1.
ok "a connection to vm1" connect one 80 41001
is "$(say one a)" "vm1 $client a" "works"
steer h2 3,1
is "$(say one b)" "vm1 $client b" "and goes on when vm3 becomes the owner"
is "$(net gw ask tcp $vip 80 x)" "vm3 $client x" "a new one is vm3's"
ok "a connection to vm3" connect three 80 41003
is "$(say three a)" "vm3 $client a" "works"

# Three owners, the first two on one host.
steer h1 2,1,3
is "$(say three b)" "vm3 $client b" "the next owner is on the same host"
is "$(say one c)" "vm1 $client c" "a connection stays with its VM"
steer h2 3,2,9,1
is "$(net gw ask tcp $vip 80 x)" "vm3 $client x" \
    "a ring with an unknown owner: new connections work"
ok "but what it does not know ends there" \
    counted h1 "$index" $h2 100 3,2,9,1 0 0 tcp-PA/$client/41999/$vip/80
ok "the same if it is asked first" \
    counted h1 "$index" $h1 100 9 0 0 tcp-S/$client/41999/$vip/80
ok "no connection of it: back home it is dropped" \
    counted h1 "$unknown" $h1 100 1,3 0 0 tcp-PA/$client/41999/$vip/80
ok "and by a single owner" \
    counted h2 "$unknown" $h2 100 3 0 0 tcp-PA/$client/41999/$vip/80
ok "a SYN-ACK starts nothing and goes nowhere" \
    counted h2 "$unknown" $h2 100 3,1 1 0 tcp-SA/$client/41999/$vip/80

# SYNs and UDP, soon after a change.
steer h2 3,1,2 1
is "$(net gw ask tcp $vip 80 x)" "vm3 $client x" \
    "recent: a SYN that nobody knows comes back to its owner"
is "$(net gw ask udp $vip 53 x)" "vm3 $client x" "so does UDP"
deliver1=0x4000100000064
ip -n hst-vm1 link set eth0 down
ok "a SYN that vm1 got" \
    counted h1 $deliver1 $h1 100 1 0 0 tcp-S/$client/41005/$vip/80
ok "is vm1's when it is repeated after the change" \
    counted h1 $deliver1 $h2 100 3,1 1 0 tcp-S/$client/41005/$vip/80
ok "UDP that vm1 got" \
    counted h1 $deliver1 $h1 100 1 0 0 udp/$client/41005/$vip/53
ok "is vm1's after the change" \
    counted h1 $deliver1 $h2 100 3,1 1 0 udp/$client/41005/$vip/53
deliver3=0x4000300000064
ok "not recent: a SYN is accepted at once" \
    counted h2 $deliver3 $h2 100 3,1 0 0 tcp-S/$client/41006/$vip/80
ip -n hst-vm1 link set eth0 up
ip -n hst-vm1 route add default via 10.0.1.1

# Conntrack on h2 has an old entry of the same addresses, for which vm1's
# segments are invalid.
ip -n hst-vm3 link set eth0 down
steer h1 1
ok "an old entry" \
    counted h2 $deliver3 $h2 100 3 0 0 tcp-S/$client/41007/$vip/80
ok "a connection to vm1" connect seven 80 41007
steer h2 3,1
is "$(say seven a)" "vm1 $client a" "the entry does not keep it from vm1"
ok "headers that cannot be are dropped" \
    counted h2 "$steering" $h2 100 3 12 0 tcp-S/$client/41008/$vip/80

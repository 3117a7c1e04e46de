#!/bin/bash
# What muxes say themselves to VMs that call VIPs in their network, and what
# they pass on to members: ICMP errors about IPv6 connections.
. "$(dirname "$0")/host.sh"
plan 16
in_vip=10.0.1.100
in_vip6=fd00:1::100
more_vips=($in_vip $in_vip6)
cloud_up h1 h2 || bail_out "no cloud"
h1=172.16.0.21
h2=172.16.0.22
transact "$(vip_row $in_vip)" "$(vip_row $in_vip6)" \
    "$(internal 41 $in_vip 6 80 8080)" "$(internal 42 $in_vip6 6 80 8080)" \
    "$(endpoint 15 "$vip6" 17 53 5353)"
ok "VIPs in the network" want h1 h2

# seen NAME FILTER KEY OWNERS PACKET
#
# Sends PACKET to vm1's host as a mux does, and prints what the VM sees.
some() { [ "$(stat -c %s "$tmp/$1.pcap")" -gt 24 ]; }
seen()
{
    capture "$1" vm1 "$2"
    net mux vxlan $h1 "$3" "$4" 0 0 "$5"
    wait_until 3 some "$1"
    captured "$1"
}
quote="10.0.1.4.51001 > $in_vip.80: "
quote6="fd00:1::4.51001 > $in_vip6.80: "

# Under the key of the network: answers to the VM as a client.
like "$(seen big icmp 1 1 frag/$in_vip/80/10.0.1.4/51001)" \
    "$in_vip > 10.0.1.4: ICMP .*need to frag \(mtu 1000\).*$quote" \
    "too big for the tunnel"
like "$(seen expired icmp 1 1 expired/$in_vip/80/10.0.1.4/51001)" \
    "$in_vip > 10.0.1.4: ICMP time exceeded in-transit.*$quote" \
    "the TTL has run out"
like "$(seen unreach icmp 1 1 unreach/$in_vip/80/10.0.1.4/51001)" \
    "$in_vip > 10.0.1.4: ICMP .*port .*unreachable.*$quote" "nobody is there"
like "$(seen rst tcp 1 1 tcp-RA/$in_vip/80/10.0.1.4/51001)" \
    "$in_vip.80 > 10.0.1.4.51001: Flags \[R.\]" "a RST"
like "$(seen big6 "icmp6 and ip6[40] == 2" 1 1 \
        frag/$in_vip6/80/fd00:1::4/51001)" \
    "$in_vip6 > fd00:1::4: .*packet too big, mtu 1300" "IPv6: too big"
like "$(seen expired6 "icmp6 and ip6[40] == 3" 1 1 \
        expired/$in_vip6/80/fd00:1::4/51001)" \
    "$in_vip6 > fd00:1::4: .*time exceeded in-transit" "the TTL has run out"
like "$(seen unreach6 "icmp6 and ip6[40] == 1" 1 1 \
        unreach/$in_vip6/80/fd00:1::4/51001)" \
    "$in_vip6 > fd00:1::4: .*unreachable port" "nobody is there"

# The VM's own kernel takes them for what they are.
is "$(net vm1 ask udp $in_vip 54 a 51002 &
      wait_until 3 eval 'ip netns exec hst-vm1 ss -Hun "sport = 51002" |
          grep -q .'
      net mux vxlan $h1 1 1 0 0 unreach-udp/$in_vip/54/10.0.1.4/51002
      wait)" refused "a client is told that it was refused"

# From nobody else.
strangers=$(packets h1 "$stranger")
capture spoofed vm1 icmp
net gw vxlan $h1 1 1 0 0 frag/$in_vip/80/10.0.1.4/51001
ok "what others than muxes and hosts tunnel is dropped" \
    wait_until 3 eval '[ "$(packets h1 "$stranger")" -gt "$strangers" ]'
is "$(captured spoofed)" "" "before a VM sees it"

# Under the key of a pool: errors about connections of the VM as a server.
steer h1 11
ok "an IPv6 connection" eval 'vip=$vip6 connect one 80 51003'
client6=2001:db8:51::10
quoted="fd00:1::4.8080 > $client6.51003: "
like "$(seen tcp6 "icmp6 and ip6[40] == 2" 100 11 \
        frag/$client6/51003/$vip6/80)" \
    "$client6 > fd00:1::4: .*packet too big, mtu 1300" \
    "too big, somewhere on the way to the client"
like "$(tcpdump -nn -vv -x -r "$tmp/tcp6.pcap" 2>/dev/null)" \
    "icmp6 sum ok.*fd00 0001 0000 0000.*0000 0000 0000 0004 2001 0db8 0051.*1f90" \
    "quoting what the VM had sent"
is "$(net gw ask udp "$vip6" 53 a 51004)" "vm1 $client6 a" "UDP"
like "$(seen udp6 "icmp6 and ip6[40] == 1" 100 11 \
        unreach-udp/$client6/51004/$vip6/53)" \
    "$client6 > fd00:1::4: .*unreachable port" "UDP: the client is gone"

#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A VM cannot send with another's address.

. "$(dirname "$0")/../lib/lab.sh"
plan 7
lab_up

mac1=02:00:0a:00:01:04 mac2=02:00:0a:00:01:05
gateway=0e:00:00:00:00:00
gateway=$(on vm1 sh -c 'ping -q -c 3 -W 1 10.0.1.1 >/dev/null 2>&1
    ip neigh show 10.0.1.1' | sed -n 's/.*lladdr \([^ ]*\).*/\1/p')
like "$gateway" : "the gateway's address is told to the VM"

# From vm1 to vm3, on another host.
send_as()
{
    on vm1 "$srcdir/tests/lib/packets.py" plain eth0 --from-mac "$1" \
        --to-mac "$gateway" --from "$2" --to 10.0.1.6
}

arrived()
{
    tcpdump -n -r "$tmp/vm3.pcap" "src host $1" 2>/dev/null | grep -q .
}

capture_start vm3 vm3 eth0 "udp port 9"
capture_start wire fabric host1 "udp port 9"
capture_start tunnel fabric host1 "udp dst port 4789 and udp[52:2] = 9"
before=$(dropped host1 9)
send_as "$mac1" 10.0.1.5
send_as "$mac1" 198.51.100.7
send_as "$mac1" "$vip"
send_as "$mac2" 10.0.1.4
send_as "$mac2" 10.0.1.5
counted()
{
    [ "$(dropped host1 9)" -eq $((before + 25)) ]
}
ok "what carries another's IP or MAC address is counted as dropped" \
    wait_until 5 counted
send_as "$mac1" 10.0.1.4
ok "what carries its own arrives" wait_until 5 arrived 10.0.1.4
nok "nothing came as another VM" arrived 10.0.1.5
nok "nothing came as the VIP" arrived "$vip"
capture_stop tunnel
is "$captured" 5 "in tunnels nothing else left the host"
capture_stop wire
is "$captured" 0 "nor outside of them"

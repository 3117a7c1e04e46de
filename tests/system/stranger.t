#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A host takes tunnelled packets from the nodes of the database only.

. "$(dirname "$0")/../lib/lab.sh"
plan 5
lab_up

host=host1
mac=$(on $host cat /sys/class/net/br-phy/address)
# The member that is vm1, on this host, in the pool of web.yaml: pools of load
# balancers that other tests had are kept for a while, with their addresses.
member=$(db_rows Compiled_Pool | python3 -c '
import json, sys
rows = json.load(sys.stdin)[0]["rows"]
print(next("%d %d" % (row["tunnel_key"], index) for row in rows
           if row["name"] == "web/backendPools/servers"
           for index, address in row["addresses"][1]
           if address == "10.0.1.4"))')
pool=${member% *} member=${member#* }

send_from()
{
    on fabric "$srcdir/tests/lib/packets.py" tunnel $host --from "$1" \
        --to "$(address_of $host)" --to-mac "$mac" --vni "$pool" \
        --member "$member" --vip "$vip" --source-port "$2"
}

arrived()
{
    tcpdump -n -r "$tmp/vm.pcap" "src port $1" 2>/dev/null | grep -q .
}

capture_start vm vm1 eth0 "tcp"
send_from "$(address_of mux1)" 41001
ok "a mux's packet comes to the VM" wait_until 5 arrived 41001

before=$(dropped $host 1)
send_from 172.16.0.99 41002
counted()
{
    [ "$(dropped $host 1)" -eq $((before + 1)) ]
}
ok "a stranger's is counted as dropped" wait_until 5 counted
send_from 172.16.0.1 41003
send_from "$(address_of mux2)" 41004
ok "the next one of a mux comes to the VM" wait_until 5 arrived 41004
nok "a stranger's did not" arrived 41002
nok "nor did the router's, that is no node either" arrived 41003

#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A datagram of 4000 octets arrives and is answered, in whatever order its
# fragments come.

. "$(dirname "$0")/../lib/lab.sh"
lab_up
at_exit apply --prune "$web"
vip6=2001:db8:60::10
netpy=$srcdir/tests/system/host/net.py
big=$(printf '%04000d' 7)

cat >"$tmp/echo.py" <<'PY'
# Answers each datagram with its own address and what it got.
import select, socket, sys
servers = []
for address in sys.argv[1:]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    servers.append(socket.socket(family, socket.SOCK_DGRAM))
    servers[-1].bind((address, 5353))
print("ready", flush=True)
while True:
    for server in select.select(servers, [], [])[0]:
        text, client = server.recvfrom(65536)
        server.sendto(b"vm " + text, client)
PY
for i in 1 2 3; do
    start vm$i ip netns exec "$SLB_LAB-vm$i" /usr/bin/python3 "$tmp/echo.py" \
        "10.0.1.$((i + 3))" "fd00:10:0:1::$((i + 3))"
    wait_until 5 grep -q ready "$tmp/vm$i.out"
done
{
    cat "$srcdir/yaml/examples/ipv6.yaml"
    cat <<'END'
- {name: dns, frontend: public, backendPool: servers, protocol: Udp,
   frontendPort: 53, backendPort: 5353}
- {name: dns6, frontend: public6, backendPool: servers6, protocol: Udp,
   frontendPort: 53, backendPort: 5353}
END
} >"$tmp/dns.yaml"
ok "a load balancer for UDP, IPv4 and IPv6, is applied" \
    apply --prune "$tmp/dns.yaml"
wait_until 10 on client curl -gsf -o "$tmp/first" "http://[$vip6]/"

# DPDK's net_af_packet asks the kernel to put IPv4 fragments together, and then
# cuts the datagram off.  No other NIC does.
uplinks()       # DEVARGS
{
    local mux
    for mux in mux1 mux2; do
        on $mux ovs-vsctl -t 20 set interface uplink \
            "options:dpdk-devargs=\"$1\""
    done
}
devargs=$(on mux1 ovs-vsctl -t 10 get interface uplink options:dpdk-devargs)
at_exit uplinks "${devargs//\"/}"
ok "the muxes get ports that leave fragments alone" \
    uplinks net_pcap0,rx_iface_in=eth0,tx_iface=eth0
ok "and serve as before" wait_until 20 eval \
    'all_announced && on client curl -sf --max-time 2 -o "$tmp/x" "http://$vip/"'

# In two tries: the first fragments are too large for the tunnel, which the
# muxes tell the client.
answered()
{
    local try
    for try in 1 2; do
        if [ "$(on client /usr/bin/python3 "$netpy" "$@")" = "vm $big" ]; then
            note "answered at try $try"
            return 0
        fi
    done
    return 1
}
# Whose ask but once.
many_answered()
{
    local try n
    for try in 1 2 3; do
        n=$(on client /usr/bin/python3 "$netpy" many "$1" 53 20 4000)
        note "try $try: $n are answered"
        [ "$n" != 20 ] || return 0
    done
    return 1
}
for address in "$vip" "$vip6"; do
    ok "$address: 4000 octets come back" \
        eval 'answered ask udp "$address" 53 "$big"'
    ok "$address: and again" eval 'answered ask udp "$address" 53 "$big"'
    ok "$address: the last fragment first" \
        eval 'answered pieces "$address" 53 "$big" 1344 2,1,0'
    ok "$address: 20 clients at once are answered" many_answered "$address"
done
done_testing

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

# In three tries: the first fragments are too large for the tunnel, which the
# muxes tell the client.
answered()
{
    local try
    for try in 1 2 3; do
        if [ "$(on client /usr/bin/python3 "$netpy" "$@")" = "vm $big" ]; then
            note "answered at the first, second or third try: $try"
            return 0
        fi
    done
    return 1
}
for address in "$vip" "$vip6"; do
    ok "$address: 4000 octets come back" answered ask udp "$address" 53 "$big"
    ok "$address: and again" answered ask udp "$address" 53 "$big"
    ok "$address: the last fragment first" \
        answered pieces "$address" 53 "$big" 1344 2,1,0
    is "$(on client /usr/bin/python3 "$netpy" many "$address" 53 20 4000)" 20 \
        "$address: 20 clients at once are answered"
done
done_testing

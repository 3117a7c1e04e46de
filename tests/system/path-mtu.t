#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Discovery of the path's MTU works through the load balancer, so that large
# requests and answers arrive though a link on the way is narrow: one behind
# the router for what members send, and the tunnel between muxes and hosts for
# what clients send.

. "$(dirname "$0")/../lib/lab.sh"
lab_up
at_exit apply --prune "$web"

vms=(vm1 vm2 vm3)
vip6=2001:db8:60::10
cat >"$tmp/large.yaml" <<'END'
kind: VirtualNetwork
name: prod
subnets:
- {name: web, prefix: 10.0.1.0/24}
- {name: web6, prefix: "fd00:10:0:1::/64"}
---
kind: LoadBalancer
name: web
network: prod
frontends:
- {name: public, address: 20.50.60.10}
- {name: public6, address: "2001:db8:60::10"}
backendPools:
- name: servers
  members: [{name: vm1, address: 10.0.1.4}, {name: vm2, address: 10.0.1.5},
            {name: vm3, address: 10.0.1.6}]
- name: servers6
  members: [{name: vm1, address: "fd00:10:0:1::4"},
            {name: vm2, address: "fd00:10:0:1::5"},
            {name: vm3, address: "fd00:10:0:1::6"}]
rules:
- {name: http, frontend: public, backendPool: servers, protocol: Tcp,
   frontendPort: 80, backendPort: 8082}
- {name: http6, frontend: public6, backendPool: servers6, protocol: Tcp,
   frontendPort: 80, backendPort: 8082}
END

# What VMs serve: 1 MB, and to a POST they answer its length.
cat >"$tmp/server.py" <<'PY'
import http.server, socket

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(bytes(1000000))

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.answer(b"%d" % len(self.rfile.read(length)))

class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6

server = Server(("::", 8082), Handler)
print("ready", flush=True)
server.serve_forever()
PY
for vm in "${vms[@]}"; do
    start "$vm" ip netns exec "$SLB_LAB-$vm" python3 "$tmp/server.py"
    wait_until 10 grep -qs ready "$tmp/$vm.out"
done
ok "a load balancer for IPv4 and IPv6 is applied" apply "$tmp/large.yaml"
for address in "$vip" "[$vip6]"; do
    wait_until 10 on client curl -gsf -o "$tmp/first" "http://$address/"
done

head -c 1000000 /dev/zero >"$tmp/zeros"
get()
{
    on client curl -gsf --max-time 10 -o "$tmp/got" "http://$1/" &&
        [ "$(stat -c %s "$tmp/got")" = 1000000 ]
}
post()
{
    [ "$(on client curl -gsf --max-time 10 -H Expect: \
            --data-binary @"$tmp/zeros" "http://$1/")" = 1000000 ]
}
# In how many of six attempts a command succeeds.
of_six()
{
    local n=0
    for _ in 1 2 3 4 5 6; do
        "$@" && n=$((n + 1))
    done
    echo "$n of 6"
}
# The MTU of the way from nodes to an address, as far as they have learned one.
learned()
{
    local node
    for node in "${@:2}"; do
        ip -n "$SLB_LAB-$node" route get "$1" |
            sed -n 's/.* mtu \([0-9]*\).*/\1/p'
    done | sort -u
}
forget()
{
    local node
    for node in client "${vms[@]}"; do
        ip -n "$SLB_LAB-$node" route flush cache
        ip -n "$SLB_LAB-$node" -6 route flush cache
    done
}

# The way back only: what the client sends would not fit through an interface
# with such an MTU.
uplink=$(ip -n "$SLB_LAB-router" -o route get 198.51.100.10 |
    sed 's/.* dev \([^ ]*\).*/\1/')
narrow()
{
    ip -n "$SLB_LAB-router" route replace 198.51.100.0/24 dev "$uplink" \
        proto kernel scope link src 198.51.100.1 "$@"
    ip -n "$SLB_LAB-router" -6 route replace 2001:db8:51::/64 dev "$uplink" \
        proto kernel metric 256 "$@"
}
forget
narrow mtu lock 1300
at_exit forget
at_exit narrow
is "$(of_six get "$vip")" "6 of 6" \
    "1 MB comes through a link for 1300 octets (IPv4)"
like "$(learned 198.51.100.10 "${vms[@]}")" '^1300$' \
    "because the members were told"
is "$(of_six get "[$vip6]")" "6 of 6" \
    "1 MB comes through a link for 1300 octets (IPv6)"
client6=$(ip -n "$SLB_LAB-client" -6 -o address show dev eth0 scope global |
    sed 's/.* inet6 \([^/]*\).*/\1/')
like "$(learned "$client6" "${vms[@]}")" '^1300$' \
    "because the members were told"
narrow
forget

# VMs that take more than fits into the tunnel: 1500 of a fabric of 1500.
wide()
{
    local vm
    for vm in "${vms[@]}"; do
        ip -n "$SLB_LAB-$vm" link set eth0 mtu "$1"
    done
}
at_exit wide 1450
wide 1500
is "$(of_six post "$vip")" "6 of 6" \
    "1 MB goes into a tunnel for 1450 octets (IPv4)"
is "$(learned "$vip" client)" 1450 "because the client was told"
is "$(of_six post "[$vip6]")" "6 of 6" \
    "1 MB goes into a tunnel for 1450 octets (IPv6)"
is "$(learned "$vip6" client)" 1450 "because the client was told"
done_testing

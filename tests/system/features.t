#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What the examples have no use for does what it says as well, on the lab, or
# is told not to be supported yet.
#
# "shows: FIELD..." tells which fields of the language a test shows the effect
# of; see ctl/fields.t.

. "$(dirname "$0")/../lib/lab.sh"
# shellcheck source=tests/lib/traffic.sh
. "$srcdir/tests/lib/traffic.sh"
lab_up
at_exit apply --prune "$web"
many_clients

# shows: LoadBalancer.frontends.name LoadBalancer.backendPools.name
# shows: LoadBalancer.backendPools LoadBalancer.rules LoadBalancer.rules.name
# shows: LoadBalancer.inboundNatRules.name LoadBalancer.inboundNatPools.name
# shows: LoadBalancer.outboundRules.name LoadBalancer.probes.name
# shows: LoadBalancer.name LoadBalancer.network VirtualNetwork.name
# shows: PublicIPPrefix.name
cat >"$tmp/all.yaml" <<'END'
kind: VirtualNetwork
name: prod
subnets:
- {name: web, prefix: 10.0.1.0/24}
peerings: [apps]
---
kind: VirtualNetwork
name: apps
subnets:
- {name: app, prefix: 10.0.2.0/24}
peerings: [prod]
---
kind: PublicIPPrefix
name: range
prefix: 20.50.60.64/28
---
kind: LoadBalancer
name: web
tier: Global
network: prod
frontends:
- {name: public, address: 20.50.60.10, fastpath: true}
- {name: given, publicIPPrefix: range, address: 20.50.60.70}
- {name: any, publicIPPrefix: range}
backendPools:
- name: servers
  members:
  - {name: vm1}
  - {address: 10.0.1.5}
  - {name: vm3, address: 10.0.1.6, adminState: Up}
  - {name: vm4, address: 10.0.1.7, weight: 0}
- name: peers
  members:
  - {name: app1, address: 10.0.2.4}
- name: owners
  members:
  - {name: vm5, address: 10.0.1.8}
  - {name: vm6, address: 10.0.1.9}
- name: single
  members:
  - {name: vm6, address: 10.0.1.9}
probes:
- {name: ssl, protocol: Https, port: 443, requestPath: /}
rules:
- {name: http, frontend: public, backendPool: servers, probe: ssl,
   protocol: Tcp, frontendPort: 80, backendPort: 8080,
   idleTimeoutInMinutes: 30, enableTcpReset: true, disableOutboundSnat: true}
- {name: closed, frontend: public, backendPool: servers, protocol: Tcp,
   frontendPort: 81, backendPort: 80, sourceRanges: [198.51.100.101/32]}
- {name: peer, frontend: any, backendPool: peers, protocol: Tcp,
   frontendPort: 80, backendPort: 8080}
- {name: tcp, frontend: given, backendPool: owners, protocol: Tcp,
   frontendPort: 53, backendPort: 53, enableFloatingIP: true,
   loadDistribution: SourceIPProtocol}
- {name: udp, frontend: given, backendPool: owners, protocol: Udp,
   frontendPort: 53, backendPort: 53, enableFloatingIP: true,
   loadDistribution: SourceIPProtocol}
inboundNatRules:
- {name: ssh, frontend: public, protocol: Tcp, frontendPort: 50001,
   backendPort: 22, target: vm1, idleTimeoutInMinutes: 10,
   enableTcpReset: true}
- {name: floating, frontend: given, protocol: Tcp, frontendPort: 5001,
   backendPort: 5001, target: vm5, enableFloatingIP: true}
inboundNatPools:
- {name: ssh, frontend: public, backendPool: owners, protocol: Tcp,
   frontendPortRangeStart: 50100, frontendPortRangeEnd: 50109,
   backendPort: 22, idleTimeoutInMinutes: 5, enableTcpReset: true}
- {name: floating, frontend: given, backendPool: single, protocol: Tcp,
   frontendPortRangeStart: 6001, frontendPortRangeEnd: 6001,
   backendPort: 6001, enableFloatingIP: true}
outboundRules:
- {name: out, frontends: [any], backendPool: servers}
END

for vm in vm5 vm6; do
    add_address $vm 20.50.60.70
    serve $vm tcp/20.50.60.70/53 udp/20.50.60.70/53 tcp/20.50.60.70/5001 \
        tcp/20.50.60.70/6001 tcp/0.0.0.0/22
done
serve vm1 tcp/0.0.0.0/22

# By TLS two are well; the third one gets connections all the same.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=self-signed \
    -keyout "$tmp/key.pem" -out "$tmp/cert.pem" 2>/dev/null
cat "$tmp/key.pem" >>"$tmp/cert.pem"
echo 200 >"$tmp/health"
for vm in vm1 vm2; do
    start tls-$vm ip netns exec "$SLB_LAB-$vm" /usr/bin/python3 \
        "$srcdir/tests/system/host/net.py" health 443 "$tmp/health" \
        "$tmp/cert.pem"
done

# shows: LoadBalancer.tier LoadBalancer.frontends.fastpath
# shows: LoadBalancer.rules.enableTcpReset
# shows: LoadBalancer.rules.disableOutboundSnat
# shows: LoadBalancer.inboundNatRules.enableTcpReset
# shows: LoadBalancer.inboundNatPools.enableTcpReset
# shows: VirtualNetwork.peerings
use "$tmp/all.yaml" <<'END'
LoadBalancer/web/frontends/public: not supported yet: fastpath (traffic goes by the muxes)
LoadBalancer/web/outboundRules/out: not supported yet: outboundRules (the rule is not in force; each of its 4 members would get 1024 ports)
LoadBalancer/web/rules/http: not supported yet: disableOutboundSnat (no machine has outbound connections by the load balancer yet)
LoadBalancer/web: not supported yet: tier: Global (it is treated as Regional)
VirtualNetwork/apps: not supported yet: peerings (members in a peered network are served by public frontends only, and machines of the two networks do not reach each other)
VirtualNetwork/prod: not supported yet: peerings (members in a peered network are served by public frontends only, and machines of the two networks do not reach each other)
END

# shows: LoadBalancer.backendPools.members.weight
# shows: LoadBalancer.backendPools.members.adminState LoadBalancer.rules.probe
serving 3
is "$(web_servers "http://$vip/")" "10.0.1.4 10.0.1.5 10.0.1.6" \
    "members by name, by address, and by both serve; not that of weight 0"
# shows: LoadBalancer.rules.sourceRanges
is "$(on client curl -s --max-time 1 "http://$vip:81/health" || echo "code $?")" \
    "code 28" "what is open for some is not open for others"
is "$(on client curl -s --max-time 2 --interface 198.51.100.101 -o "$tmp/some" \
    -w '%{http_code}' "http://$vip:81/health")" 200 "but for these"
any=$(on control slb-ctl get -o wide | awk '$2 == "any" { print $3 }')
like "$any" '^20\.50\.60\.(6[4-9]|7[0-9])$' "an address out of the prefix"
isnt "$any" 20.50.60.70 "that is not the one that is given"
wait_until 10 is_announced_by "$any" "mux1 mux2"
is "$(web_servers "http://$any/")" 10.0.2.4 \
    "a machine in a peered network serves there"

# shows: LoadBalancer.rules.enableFloatingIP LoadBalancer.rules.loadDistribution
# shows: LoadBalancer.inboundNatRules.enableFloatingIP
# shows: LoadBalancer.inboundNatPools.enableFloatingIP
wait_until 10 is_announced_by 20.50.60.70 "mux1 mux2"
for protocol in tcp udp; do
    for source in "${clients[@]}"; do
        ask client $protocol/20.50.60.70/53 --from "$source" --count 3 |
            uniq | xargs
    done >"$tmp/$protocol"
    is "$(sort -u "$tmp/$protocol" | xargs)" "vm5 vm6" \
        "floating IP, SourceIPProtocol: each client stays with one ($protocol)"
done
nok "which may be another one for another protocol" \
    cmp -s "$tmp/tcp" "$tmp/udp"
is "$(ask_all client "tcp/$vip/50001" --count 3)" "3 vm1" "inbound NAT"
is "$(ask_all client tcp/20.50.60.70/5001 --count 3)" "3 vm5" \
    "the same with floating IP"
is "$(ask_all client tcp/20.50.60.70/6001 --count 3)" "3 vm6" \
    "and an inbound NAT pool with floating IP"

# For how long a connection to a port may be idle yet, in minutes.
idle_minutes()
{
    for host in host1 host2 host3; do
        on $host ovs-appctl dpctl/dump-conntrack -s
    done | sed -n "s/.*dport=$1).*timeout=\([0-9]*\).*=ESTABLISHED.*/\1/p" |
        awk '{ print int(($1 + 59) / 60) }' | sort -u
}
# shows: LoadBalancer.rules.idleTimeoutInMinutes
# shows: LoadBalancer.inboundNatRules.idleTimeoutInMinutes
# shows: LoadBalancer.inboundNatPools.idleTimeoutInMinutes
start connections ip netns exec "$SLB_LAB-client" /usr/bin/python3 -uc '
import socket
import sys
import time
connections = [socket.create_connection((sys.argv[1], int(port)), 5)
               for port in sys.argv[2:]]
print("connected")
time.sleep(600)' "$vip" 80 50001 50100
ok "connections" wait_until 15 grep -q connected "$tmp/connections.out"
for port in "80 30" "50001 10" "50100 5"; do
    read -r port minutes <<<"$port"
    is "$(idle_minutes "$port")" "$minutes" \
        "one to port $port may be idle for $minutes minutes"
done
stop connections

# What is Basic has less.
# shows: LoadBalancer.sku LoadBalancer.probes.protocol
sed -e 's/^tier: Global/sku: Basic/' "$tmp/all.yaml" >"$tmp/basic.yaml"
run on control slb-ctl apply "$tmp/basic.yaml"
is "$status" 2 "Basic with what only Standard has is refused"
like "$errors" 'Https probes are for Standard load balancers only' "such as Https"
done_testing

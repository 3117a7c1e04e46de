#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# HA ports: two members share all that comes to an internal VIP.  Ping and
# traceroute see the VIP as well.

. "$(dirname "$0")/../lib/lab.sh"
# shellcheck source=tests/lib/traffic.sh
. "$srcdir/tests/lib/traffic.sh"
lab_up
at_exit apply --prune "$web"
inside=10.0.1.100

# vm1 and vm3 are on different hosts, vm5 is on a third one.
ha()            # ECHO
{
    cat <<END
kind: VirtualNetwork
name: prod
subnets:
- {name: web, prefix: 10.0.1.0/24}
---
kind: LoadBalancer
name: appliances
network: prod
frontends:
- {name: inside, address: $inside, enableIcmpEcho: $1}
backendPools:
- name: appliances
  members: [{name: vm1}, {name: vm3}]
rules:
- {name: everything, frontend: inside, backendPool: appliances, protocol: All}
END
}
ha false >"$tmp/ha.yaml"
ok "a rule for all ports is applied" apply --prune "$tmp/ha.yaml"
for i in 1 3; do
    serve vm$i "tcp/10.0.1.$((i + 3))/22" "tcp/10.0.1.$((i + 3))/7777" \
        "udp/10.0.1.$((i + 3))/53" "udp/10.0.1.$((i + 3))/9999"
done
for server in tcp/$inside/22 tcp/$inside/7777 udp/$inside/53 udp/$inside/9999
do
    answers=$(ask_all vm5 $server --count 60)
    like "$answers" '^[0-9]+ vm1 [0-9]+ vm3$' "both answer for $server"
done
is "$(ask vm5 tcp/$inside/23)" "no answer: ConnectionRefusedError" \
    "a member says that nobody listens"
is "$(ask vm5 udp/$inside/54)" "no answer: ConnectionRefusedError" "UDP, too"
like "$(ask vm5 tcp/$inside/22 --address)" '^vm[13] 10\.0\.1\.8$' \
    "members see the client's address"
like "$(ask vm3 tcp/10.0.1.4/22)" '^vm1$' "members reach each other"

# ICMP goes to a member, too, if the frontend does not answer it.
capture_start vm1 vm1 eth0 "icmp[0] == 8"
capture_start vm3 vm3 eth0 "icmp[0] == 8"
from_vm5() { ip netns exec "$SLB_LAB-vm5" "$@"; }
ok "pings are answered" from_vm5 ping -q -c 5 -i 0.1 -W 2 $inside
ok "large ones as well" from_vm5 ping -q -c 2 -i 0.1 -W 2 -s 4000 $inside
capture_stop vm1
n=$captured
capture_stop vm3
cmp_ok $((n + captured)) -ge 5 "by members"

# By default the muxes answer.
ha true >"$tmp/echo.yaml"
ok "the muxes are to answer pings" apply --prune "$tmp/echo.yaml"
capture_start vm1-not vm1 eth0 "icmp[0] == 8"
capture_start vm3-not vm3 eth0 "icmp[0] == 8"
ok "pings are answered" from_vm5 ping -q -c 5 -i 0.1 -W 2 $inside
capture_stop vm1-not
n=$captured
capture_stop vm3-not
is $((n + captured)) 0 "not by members"

# What muxes have to say about a VIP in a network comes from the VIP.
traceroute_of()
{
    from_vm5 traceroute -n -m 4 -w 2 -q 1 "$@" | awk 'NR > 1 { print $1, $2 }'
}
is "$(traceroute_of -I $inside)" "1 $inside" "traceroute by echo"
is "$(traceroute_of -T -p 22 $inside)" "1 $inside
2 $inside" "by TCP: mux and member"

done_testing

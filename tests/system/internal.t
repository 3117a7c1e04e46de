#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# VMs reach an internal frontend of their network, by a mux; replies come from
# host to host.

. "$(dirname "$0")/../lib/lab.sh"
plan 17
lab_up

vip=10.0.1.100
app()           # MEMBER...
{
    cat <<END
kind: LoadBalancer
name: app
network: prod
frontends:
- {name: inside, address: $vip}
backendPools:
- name: servers
  members:
$(printf -- '  - {name: %s}\n' "$@")
rules:
- {name: http, frontend: inside, backendPool: servers,
   protocol: Tcp, frontendPort: 80, backendPort: 8080}
END
}
get()
{
    on "$1" curl -sf --max-time 3 "http://$vip/"
}
delete()
{
    on control slb-ctl delete LoadBalancer app >"$tmp/delete.out" 2>&1
}

# host1 and host2 have members, host3 has none.
app vm2 vm3 >"$tmp/app.yaml"
nok "without the load balancer nobody is there" get vm5
at_exit delete
ok "it is applied" apply "$tmp/app.yaml"
ok "a VM on a host without members reaches it at once" \
    eval "get vm5 >/dev/null"
failed=0
for vm in vm1 vm4 vm6; do
    for _ in $(seq 12); do
        get "$vm" >>"$tmp/answers" || failed=$((failed + 1))
    done
done
is "$failed" 0 "36 requests of three VMs on three hosts are answered"
is "$(sort -u "$tmp/answers" | wc -l)" 2 "by both members"

# The way.  The filter is about the source address of the packet in VXLAN.
vip_hex=$(printf '0x%02x%02x%02x%02x' ${vip//./ })
from_vip="udp dst port 4789 and udp[42:4] = $vip_hex"
# How many packets a mux got by the common VTEP.
tunnelled()
{
    on "$1" ovs-appctl -t slb-vswitchd slb/stats | awk '$1 == "tunnelled" {
        print $2 }'
}
declare -A before=()
for mux in mux1 mux2; do
    capture_start $mux-replies fabric $mux "$from_vip"
    before[$mux]=$(tunnelled $mux)
done
capture_start replies fabric host3 "$from_vip"
requester=vm5
requests_start some new --rate 100 --count 200
requests_wait some
requests_report some
is "${report[failed]}" 0 "200 requests are answered"
for mux in mux1 mux2; do
    cmp_ok $(($(tunnelled $mux) - before[$mux])) -gt 200 \
        "requests cross $mux"
    capture_stop $mux-replies
    is "$captured" 0 "no reply crosses $mux"
done
capture_stop replies
cmp_ok "$captured" -gt 200 "replies come to the host of the VM that called"

# A change of the pool, and a mux that dies.
app vm2 vm3 vm4 >"$tmp/more.yaml"
both_start
changed_at=$(now)
apply "$tmp/more.yaml" || diag "$(cat "$tmp/apply.out")"
sleep 2
both_stop
both_served "another member" "$changed_at" 0
both_start
kill_now mux1 slb-vswitchd
sleep 3
both_stop
# A request that meets the dead mux is repeated after 1 s by TCP.
both_served "mux1's slb-vswitchd killed" "$killed_at" 1.5
lab restart mux1 slb-vswitchd

ok "it is deleted" delete
gone()
{
    ! get vm5 >/dev/null
}
ok "nobody is there any more" wait_until 5 gone

#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# VMs reach an internal frontend of their network, by a mux; replies come from
# host to host.

. "$(dirname "$0")/../lib/lab.sh"
plan 16
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

# The way: an address of the packet in VXLAN, and of that in the other VXLAN.
vip_hex=$(printf '0x%02x%02x%02x%02x' ${vip//./ })
from_vip="udp dst port 4789 and udp[42:4] = $vip_hex"
to_vip="udp dst port 4789 and udp[46:4] = $vip_hex"
for mux in mux1 mux2; do
    capture_start $mux-replies fabric $mux "$from_vip"
    capture_start $mux-requests fabric $mux "$to_vip"
done
capture_start replies fabric host3 "$from_vip"
requester=vm5
requests_start some new --rate 100 --count 200
requests_wait some
requests_report some
is "${report[failed]}" 0 "200 requests are answered"
capture_stop mux1-requests
both=$captured
capture_stop mux2-requests
cmp_ok "$captured" -gt 100 "requests cross both muxes ($both and $captured)"
cmp_ok "$both" -gt 100 "each of them"
capture_stop mux1-replies
both=$captured
capture_stop mux2-replies
is "$both/$captured" 0/0 "no reply crosses one"
capture_stop replies
cmp_ok "$captured" -gt 200 "replies come to the host of the VM that called"

# A change of the pool, and a mux that dies.
app vm2 vm3 vm4 >"$tmp/more.yaml"
both_start
changed_at=$(now)
apply "$tmp/more.yaml" || diag "$(cat "$tmp/apply.out")"
sleep 1
both_stop
both_served "another member" "$changed_at" 0
both_start
kill_now mux1 slb-vswitchd
sleep 3
both_stop
# A request that meets the dead mux is repeated after 1 s by TCP.
both_served "mux1's slb-vswitchd killed" "$killed_at" 0.8
lab restart mux1 slb-vswitchd

ok "it is deleted" delete
gone()
{
    ! get vm5 >/dev/null
}
ok "nobody is there any more" wait_until 5 gone

#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A VM, and then the last one, is taken out of the pool and put back while
# requests run.

. "$(dirname "$0")/../lib/lab.sh"
plan 13
lab_up

sed '/name: vm6/d' "$web" > "$tmp/less.yaml"
served_by_vm6()
{
    awk -v from="$1" '$1 > from && $5 == "10.0.1.9"' "$tmp/$2.log" | wc -l
}

both_start
out_at=$(now)
ok "vm6 is taken out" apply "$tmp/less.yaml"
done_at=$(now)
note "apply --wait took $(since "$out_at") s"
sleep 3
cmp_ok "$(served_by_vm6 "$out_at" kept)" -gt 0 "its connections go on"
# A SYN repeated from before the change may still go to it.
is "$(served_by_vm6 "$done_at" new)" 0 "it gets no new ones"
back_at=$(now)
ok "vm6 is put back" apply "$web"
done_at=$(now)
note "apply --wait took $(since "$back_at") s"
sleep 2
cmp_ok "$(served_by_vm6 "$done_at" new)" -gt 0 "it gets new ones again"
both_stop
both_served "vm6 taken out" "$out_at" 0
both_served "vm6 put back" "$back_at" 0

requests_start last keep --rate 100 --connections 30
sed 's/\(name: vm., .*\)}/\1, adminState: Down}/' "$web" > "$tmp/none.yaml"
out_at=$(now)
ok "all VMs are taken out" apply "$tmp/none.yaml"
sleep 2
nok "new connections are not accepted" \
    on client curl -s --max-time 1 -o "$tmp/refused" "http://$vip/"
ok "they are put back" apply "$web"
requests_stop last
requests_report last --since "$out_at"
is "${report[failed]}" 0 "requests on connections that are open do not fail"

#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A broken file changes nothing.

. "$(dirname "$0")/../lib/lab.sh"
plan 6
lab_up

everything()
{
    ovsdb-client -t 10 dump "unix:/run/slb-lab/$SLB_LAB/control/slb.sock" SLB
    for host in host1 host2 host3; do
        on $host ovs-ofctl -t 10 --no-stats dump-flows br-slb
    done
    for mux in mux1 mux2; do
        on $mux ovs-ofctl -t 10 --no-stats dump-flows br-mux
        on $mux ovs-appctl -t slb-vswitchd slb/show
    done
}

# A member that is fine, before one that is not: nothing of it may be applied.
sed -e '/name: vm6/d' -e 's/backendPool: servers/backendPool: nobody/' \
    "$web" > "$tmp/reference.yaml"
sed -e '/name: vm6/d' -e 's/10\.0\.1\.4/10.0.1.444/' "$web" > "$tmp/address.yaml"
head -c $(($(wc -c < "$web") / 2)) "$web" > "$tmp/half.yaml"
echo "  - {" >> "$tmp/half.yaml"

everything > "$tmp/before"
for file in reference address half; do
    run apply "$tmp/$file.yaml"
    isnt "$status" 0 "$file.yaml is refused"
    diag_line=$(head -n 1 <<< "$errors")
    note "$diag_line"
done
like "$diag_line" '^[^ ]*half\.yaml:[0-9]+:[0-9]+: ' "with the place"
everything > "$tmp/after"
is "$(diff "$tmp/before" "$tmp/after")" "" "nothing has changed"
ok "the VIP answers" on client curl -sf -o "$tmp/answer" "http://$vip/"

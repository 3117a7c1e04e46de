#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A broken file changes nothing.

. "$(dirname "$0")/../lib/lab.sh"
plan 6
lab_up

# All that is asked for and in force.  What nodes say of themselves goes on: that
# they are alive, and what they see.  A dump is in the order of its columns.
everything()
{
    local db="unix:/run/slb-lab/$SLB_LAB/control/slb.sock" table columns

    for table in $(ovsdb-client -t 10 -f csv --no-headings list-tables "$db" SLB)
    do
        columns=$(ovsdb-client -t 10 -f csv --no-headings \
                  list-columns "$db" SLB "$table" | cut -d, -f1 |
                  if [ "$table" = Node ]; then
                      grep -vx -e alive -e status -e _version
                  else
                      cat
                  fi)
        # shellcheck disable=SC2086
        ovsdb-client -t 10 dump "$db" SLB "$table" $columns
    done
    for host in host1 host2 host3; do
        on $host ovs-ofctl -t 10 --no-stats dump-flows br-slb
    done
    for mux in mux1 mux2; do
        on $mux ovs-ofctl -t 10 --no-stats dump-flows br-mux
        on $mux ovs-appctl -t slb-vswitchd slb/show
    done | sed 's/, since [0-9]* ms//'
}

# A member that is fine, before one that is not: nothing of it may be applied.
sed -e '/name: vm6/d' -e 's/backendPool: servers/backendPool: nobody/' \
    "$web" > "$tmp/reference.yaml"
sed -e '/name: vm6/d' -e 's/10\.0\.1\.4/10.0.1.444/' "$web" > "$tmp/address.yaml"
{ sed '/name: vm4/q' "$web"; echo "  - {name: vm5,"; } > "$tmp/half.yaml"

everything > "$tmp/before"
for file in reference address half; do
    run on control slb-ctl apply "$tmp/$file.yaml" --wait
    isnt "$status" 0 "$file.yaml is refused"
    note "$errors"
done
like "$errors" 'half\.yaml:[0-9]+:[0-9]+: ' "with the place"
everything > "$tmp/after"
is "$(diff "$tmp/before" "$tmp/after" | head -n 20)" "" "nothing has changed"
ok "the VIP answers" on client curl -sf -o "$tmp/answer" "http://$vip/"

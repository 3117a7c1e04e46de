#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Both muxes send the same connection to the same member, 1000 connections.

. "$(dirname "$0")/../lib/lab.sh"
plan 4
lab_up

for mux in mux1 mux2; do
    mac=$(on $mux cat /sys/class/net/br-mux/address)
    on fabric "$srcdir/tests/lib/packets.py" choices $mux \
        --mux-mac "$mac" --vip "$vip" --count 1000 > "$tmp/$mux"
    is "$(wc -l < "$tmp/$mux")" 1000 "$mux forwards 1000 connections"
done
# What follows are other owners, of which a mux leaves out those that it cannot
# reach.
for mux in mux1 mux2; do
    cut -d' ' -f1-5 "$tmp/$mux" > "$tmp/$mux-chosen"
done
is "$(cmp "$tmp/mux1-chosen" "$tmp/mux2-chosen" 2>&1)" "" "to the same members"
is "$(awk '{ print $3, $5 }' "$tmp/mux1" | sort -u | wc -l)" 6 \
    "who are six"

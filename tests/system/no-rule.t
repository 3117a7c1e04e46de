#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What no rule is for does not get through a mux.

. "$(dirname "$0")/../lib/lab.sh"
plan 5
lab_up

for mux in mux1 mux2; do
    # The inner destination port.
    capture_start $mux fabric $mux "udp dst port 4789 and udp[52:2] = 81"
    capture_start $mux-in fabric $mux "tcp dst port 81"
done
for i in 1 2 3 4; do
    on client curl -s --max-time 1 "http://$vip:81/" >"$tmp/answer" && break
done
is "$i:$(cat "$tmp/answer")" "4:" "port 81 of the VIP does not answer"
sum=0
for mux in mux1 mux2; do
    capture_stop $mux-in
    sum=$((sum + captured))
    capture_stop $mux
    is "$captured" 0 "$mux forwards nothing for it"
done
cmp_ok "$sum" -ge 4 "what the client sent has come to the muxes"
ok "port 80 answers" on client curl -sf -o "$tmp/answer" "http://$vip/"

#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Direct server return: what VMs reply crosses no mux.

. "$(dirname "$0")/../lib/lab.sh"
plan 5
lab_up

# The source address of a packet, or of the one in its VXLAN.
vip_hex=$(printf '0x%02x%02x%02x%02x' ${vip//./ })
reply="src host $vip or (udp dst port 4789 and udp[42:4] = $vip_hex)"
request="dst host $vip"
for mux in mux1 mux2; do
    capture_start $mux-replies fabric $mux "$reply"
    capture_start $mux-requests fabric $mux "$request"
done
requests_start some new --rate 100 --count 200
requests_wait some
requests_report some
is "${report[failed]}" 0 "200 requests are answered"
for mux in mux1 mux2; do
    capture_stop $mux-requests
    cmp_ok "$captured" -gt 100 "requests cross $mux"
    capture_stop $mux-replies
    is "$captured" 0 "no reply crosses $mux"
done

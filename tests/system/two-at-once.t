#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A VM is taken out of the pool at the moment a mux's datapath dies.

. "$(dirname "$0")/../lib/lab.sh"
plan 4
lab_up

sed '/name: vm6/d' "$web" > "$tmp/less.yaml"
both_start
kill_now mux1 slb-vswitchd
# The dead mux cannot acknowledge it.
ok "vm6 is taken out" on control slb-ctl apply "$tmp/less.yaml"
wait_until 20 not_announced_by mux1
sleep 3
both_stop
both_served "mux1's slb-vswitchd killed, vm6 taken out" "$killed_at" 1.5
lab restart mux1 slb-vswitchd
wait_until 60 all_announced
ok "vm6 is put back" apply "$web"

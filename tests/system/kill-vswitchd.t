#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A mux's datapath is killed while requests run, and started again.

. "$(dirname "$0")/../lib/lab.sh"
plan 6
lab_up

both_start
kill_now mux1 slb-vswitchd
wait_until 20 not_announced_by mux1
seconds=$(since "$killed_at")
# Of BGP alone it would be 3 s.
ok "the router has lost the mux within 1.5 s ($seconds)" less "$seconds" 1.5
sleep 3
back_at=$(now)
lab restart mux1 slb-vswitchd
ok "started again, it comes back" wait_until 60 announced_by mux1
note "after $(since "$back_at") s"
sleep 2
both_stop
# A request that meets the dead mux is repeated after 1 s by TCP.
both_served "mux1's slb-vswitchd killed" "$killed_at" 1.5
both_served "mux1's slb-vswitchd started" "$back_at" 0

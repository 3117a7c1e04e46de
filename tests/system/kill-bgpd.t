#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A mux's bgpd is killed while requests run, and started again.

. "$(dirname "$0")/../lib/lab.sh"
plan 6
lab_up

both_start
kill_now mux1 bgpd
wait_until 20 not_announced_by mux1
seconds=$(since "$killed_at")
ok "the router has lost the mux within 1.5 s ($seconds)" less "$seconds" 1.5
sleep 2
back_at=$(now)
lab restart mux1 bgpd
ok "started again, it announces the VIP" wait_until 60 announced_by mux1
note "after $(since "$back_at") s"
sleep 2
both_stop
both_served "mux1's bgpd killed" "$killed_at" 0
both_served "mux1's bgpd started" "$back_at" 0

#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A mux's agent is killed while requests run, and started again.

. "$(dirname "$0")/../lib/lab.sh"
plan 6
lab_up

both_start
kill_now mux1 slb-agent
sleep 4
ok "the mux still announces the VIP" announced_by mux1
back_at=$(now)
lab restart mux1 slb-agent
sleep 3
ok "and with a new agent, too" announced_by mux1
both_stop
both_served "mux1's slb-agent killed" "$killed_at" 0
both_served "mux1's slb-agent started" "$back_at" 0

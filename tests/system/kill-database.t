#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The database is killed while requests run, and started again.

. "$(dirname "$0")/../lib/lab.sh"
plan 8
lab_up

both_start
kill_now control ovsdb-server
sleep 4
ok "the VIP is still announced" all_announced
run on control slb-ctl --timeout=2 apply "$web"
is "$status" 4 "apply fails meanwhile"
back_at=$(now)
lab restart control ovsdb-server
sleep 3
both_stop
both_served "the database killed" "$killed_at" 0
both_served "the database started" "$back_at" 0

sed '/name: vm6/d' "$web" > "$tmp/less.yaml"
ok "what is applied then is run" apply "$tmp/less.yaml"
ok "and taken back" apply "$web"

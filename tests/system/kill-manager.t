#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The manager is killed while requests run, and started again.

. "$(dirname "$0")/../lib/lab.sh"
plan 7
lab_up

both_start
kill_now control slb-manager
sleep 3
before=$(db_rows Generation | tr ',' '\n' | grep -c number)
back_at=$(now)
lab restart control slb-manager
sleep 2
is "$(db_rows Generation | tr ',' '\n' | grep -c number)" "$before" \
    "a new manager makes no new generation"
both_stop
both_served "the manager killed" "$killed_at" 0
both_served "the manager started" "$back_at" 0

sed '/name: vm6/d' "$web" > "$tmp/less.yaml"
ok "what is applied then is run" apply "$tmp/less.yaml"
ok "and taken back" apply "$web"

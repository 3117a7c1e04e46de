#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A VM sees the client's own address and port.

. "$(dirname "$0")/../lib/lab.sh"
plan 2
lab_up

run on client curl -sf --local-port 21234 "http://$vip/seen"
like "$output" '^10\.0\.1\.[4-9]$' "a VM answers"

logged()
{
    cat "/run/slb-lab/$SLB_LAB"/vm*/access.log | grep -c "GET /seen"
}
wait_until 5 logged >/dev/null
line=$(cat "/run/slb-lab/$SLB_LAB"/vm*/access.log | grep "GET /seen" | tail -n 1)
like "$line" "^[0-9.]+ 198\.51\.100\.10:21234 ${output//./\\.}:[0-9]+ " \
    "it has logged the client's address and port, and its own address"

#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A lab that did not come up: said so, and taken down like any other.

. "$(dirname "$0")/../lib/lab.sh"
plan 5
[ "$(id -u)" = 0 ] || skip_all "must be root"

export SLB_LAB=slbhalf
at_exit lab down

# Agents that end at once.
mkdir -p "$tmp/build/controller" "$tmp/build/ovs-ext"
ln -s "$builddir/ovs-ext/slb-vswitchd" "$tmp/build/ovs-ext/"
ln -s "$builddir/controller/slb-manager" "$tmp/build/controller/"
printf '#!/bin/sh\necho no luck today >&2\nexit 1\n' \
    > "$tmp/build/controller/slb-agent"
chmod +x "$tmp/build/controller/slb-agent"

pages=$(awk '/^HugePages_Total/ { print $2 }' /proc/meminfo)
SLB_BUILDDIR=$tmp/build run lab up
is "$status" 1 "up fails"
like "$errors" "slb-agent does not start.*no luck today" "and says why"
run lab down
is "$status" 0 "down succeeds"
is "$(ip netns list | grep -c "^$SLB_LAB-")" 0 "no namespace is left"
is "$(awk '/^HugePages_Total/ { print $2 }' /proc/meminfo)" "$pages" \
    "nor a huge page"

#!/bin/bash
# ThreadSanitizer finds nothing in threads that forward while tables change.
# timeout: 300
. "$(dirname "$0")/../../lib/tap.sh"
plan 3

program=tests/system/ovs-ext/builds/threads-tsan
ok "the mux compiles with ThreadSanitizer" \
    make -s -j2 -C "$builddir" -f "$srcdir/tests/system/ovs-ext/builds.mk" \
    "$program"
run env TSAN_OPTIONS=halt_on_error=0 timeout 120 "$builddir/$program"
note "$output"
is "$status" 0 "threads forward while tables change"
unlike "$errors" "ThreadSanitizer" "without races"

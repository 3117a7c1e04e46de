#!/bin/bash
# Muxes that were compiled in different ways choose the same owners.
# timeout: 300
. "$(dirname "$0")/../../lib/tap.sh"
plan 7

builds=tests/system/ovs-ext/builds
ok "the mux compiles in three ways" \
    make -s -j2 -C "$builddir" -f "$srcdir/tests/system/ovs-ext/builds.mk" \
    V=0 "$builds"/owners-{generic,native,slow}
for build in generic native slow; do
    ok "$build build: runs" eval \
        '"$builddir/$builds/owners-$build" >"$tmp/$build.txt"'
done
cmp_ok "$(grep -c '^ac1001' "$tmp/generic.txt")" -gt 30000 \
    "most packets are forwarded"
for build in native slow; do
    ok "$build build: every packet goes where it goes from the generic one" \
        cmp "$tmp/generic.txt" "$tmp/$build.txt"
done

#!/bin/bash
# In half a minute each, fuzzers of what reads users' files and of the mux find
# nothing.
# timeout: 600
#
# They try the same each time; "make fuzz" tries others, for longer.
. "$(dirname "$0")/../lib/tap.sh"

command -v clang >/dev/null || skip_all "no clang to build the fuzzers with"
plan 4

ok "fuzzers build" make -s -C "$builddir" fuzz-programs
for target in yaml azure mux; do
    run "$srcdir/tests/fuzz/run" --seed 1 --time 30 \
        --findings "$builddir/fuzz-findings" "$builddir" "$target"
    note "$output"
    is "$status" 0 "fuzz-$target finds nothing" || diag "$errors"
done

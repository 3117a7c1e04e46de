#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Installs, builds and runs all tests, on a Debian 12 machine, as root.
#
#   runtests.sh            all tests: unit tests, the same ones under
#                          AddressSanitizer, system tests
#   runtests.sh NAME...    only those that have a NAME in their path, such as
#                          "test-maglev" or "tests/system/"
#
# The last line says "N passed, N failed", and ", N skipped" if any were.  The
# whole output of each test is in _build/test-logs.
set -eu
cd "$(dirname "$0")"
. vagrant/setup.sh

case ${1:-} in
-h|--help) sed -n '5,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'; exit 0 ;;
esac

check_machine
install_packages
build _build
build _build-asan --enable-asan
for dir in _build _build-asan; do
    logged $dir/check.log make -s -C $dir check
done

# Tests share a lab of their own; the first one that needs it brings it up.
export SLB_LAB=slbtest SLB_KEEP_LAB=yes
export SLB_BUILDDIR=$PWD/_build SLB_BUILDDIR_ASAN=$PWD/_build-asan
vagrant/lab down >/dev/null     # Of a run that was killed.
trap 'vagrant/lab down >/dev/null' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mapfile -t unit < <(make -s -C _build print-unit-tests | tr ' ' '\n')
# Those on the lab come last, so that it does not run beside the others.
mapfile -t system < <(find tests/system -name '*.t' \
    -exec grep -L 'lib/lab\.sh' {} + | LC_ALL=C sort)
mapfile -t on_lab < <(find tests/system -name '*.t' \
    -exec grep -l 'lib/lab\.sh' {} + | LC_ALL=C sort)
step "testing"
tests/lib/run-tests --logs _build/test-logs --only "$*" -- \
    "${unit[@]/#/_build/}" "${unit[@]/#/_build-asan/}" "${system[@]}" "${on_lab[@]}"

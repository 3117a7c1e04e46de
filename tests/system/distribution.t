#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Requests are spread over all members, evenly.
#
# With members of equal weight the counts follow the chi-square distribution
# with 5 degrees of freedom; it exceeds 38 less than once in a million times.

. "$(dirname "$0")/../lib/lab.sh"
plan 4
lab_up

requests_start even new --rate 200 --count 1200
requests_wait even
requests_report even
is "${report[sent]}" 1200 "1200 requests"
is "${report[failed]}" 0 "none fails"
is "${report[servers]}" 6 "all members serve"

awk '{ print $5 }' "$tmp/even.log" | sort | uniq -c > "$tmp/counts"
note "$(cat "$tmp/counts")"
chi=$(awk '{ n += $1; squares += $1 * $1; k++ }
           END { printf "%.2f", squares * k / n - n }' "$tmp/counts")
ok "chi-square of the counts is below 38 ($chi)" less "$chi" 38

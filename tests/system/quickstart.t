#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The way of somebody new: quickstart.sh, a second time.
# timeout: 600

. "$(dirname "$0")/../lib/lab.sh"
plan 6
lab_up

begin=$(now)
run "$srcdir/quickstart.sh"
seconds=$(since "$begin")
is "$status" 0 "quickstart.sh succeeds"
ok "in less than 90 s ($seconds)" less "$seconds" 90
like "$output" "answered +300" "all of 300 requests are answered"
servers=$(grep -c '^  10\.0\.1\.[4-9] ' <<< "$output")
is "$servers" 6 "by six VMs"

# Each command it names works; but for those that last, or break something.
wrong=0
while read -r command; do
    case $command in
    *tcpdump*|*" kill "*|*"lab down"*) continue ;;
    esac
    if ! (cd "$srcdir" && eval "timeout 60 $command") >"$tmp/command.out" 2>&1
    then
        wrong=$((wrong + 1))
        diag "$command: $(tail -n 3 "$tmp/command.out")"
    fi
done < <(grep -o 'vagrant/lab .*' <<< "$output")
is "$wrong" 0 "all commands that it names work"
ok "the VIP answers" on client curl -sf -o "$tmp/answer" "http://$vip/"

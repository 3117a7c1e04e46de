#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A test that failed is run again if the machine stood still meanwhile, and only
# then.

. "$(dirname "$0")/../lib/tap.sh"
plan 6

# program NAME: one that fails the first time, after the commands on stdin.
program()
{
    {
        echo '#!/bin/bash'
        echo 'echo 1..1'
        echo "[ ! -e '$tmp/$1.done' ] || { echo ok 1 - again; exit; }"
        echo "touch '$tmp/$1.done'"
        cat
        echo 'echo not ok 1 - the first time'
    } >"$tmp/$1"
    chmod +x "$tmp/$1"
}

run_tests()
{
    run "$srcdir/tests/lib/run-tests" --logs "$tmp/logs" -- "$tmp/$1"
}

program quiet </dev/null
run_tests quiet
is "$status" 1 "what fails on a machine that goes on has failed"
unlike "$output" again "and is not run again"

# The parent of timeout, which is ours, has the processes that look at the
# clock.
program stopped <<'END'
watchers=$(pgrep -x -P "$(ps -o ppid= -p $PPID | tr -d ' ')" perl)
kill -STOP $watchers
sleep 0.6
kill -CONT $watchers
until [ -s "${0%/*}/logs/standstills" ]; do sleep 0.05; done
END
run_tests stopped
is "$status" 0 "what fails on one that stands still may be right"
like "$output" 'again, since the machine stood still for [0-9.]+ s' "it is told"
like "$output" '1 passed, 0 failed' "the last attempt counts"
is "$(grep -h 'ok 1' "$tmp/logs/"*stopped*.log)" \
    "ok 1 - again
not ok 1 - the first time" "logs of both are kept"

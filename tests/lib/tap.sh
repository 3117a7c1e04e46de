# shellcheck shell=bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Tests in bash that speak TAP, for prove(1).
#
#     #!/bin/bash
#     # One sentence on what this scenario shows.
#     . "$(dirname "$0")/../../lib/tap.sh"
#     plan 3
#
#     start web nginx -g 'daemon off;' -c "$tmp/nginx.conf"
#     ok "nginx answers" wait_until 5 curl -sf http://127.0.0.1:8000/
#     run slb-ctl validate bad.yaml
#     is "$status" 2 "a bad file is refused"
#     like "$errors" '^bad.yaml:3:1: ' "with the place"
#
# Sourcing this file gives the test
#
#     $tmp           a directory of its own, removed at the end,
#     $srcdir        the source tree, and
#     $builddir      the build tree, whose programs are first in PATH:
#                    $SLB_BUILDDIR, else the working directory if it is one,
#                    else _build in the source tree.
#
# and these functions.  The description comes first where a command follows,
# last where values are compared.
#
#     plan N                   says how many tests there are; or, at the end,
#     done_testing             says how many there were
#     skip_all REASON          ends the program, nothing can be tested
#     skip N REASON            counts N tests as skipped
#     bail_out REASON          ends the whole test run
#
#     ok DESC COMMAND...       passes if COMMAND succeeds
#     nok DESC COMMAND...      passes if COMMAND fails
#     pass DESC, fail DESC
#     is GOT WANTED DESC       the same text            (isnt: another one)
#     like GOT REGEX DESC      matches the bash regex   (unlike: does not)
#     cmp_ok GOT OP WANTED DESC  integers, OP as in test(1): -lt, -ge, ...
#     run COMMAND...           sets $status, $output and $errors; always
#                              succeeds
#     diag TEXT..., note TEXT...  a remark on standard error / output
#
#     wait_until [SECONDS] COMMAND...
#                              runs COMMAND until it succeeds; fails, with a
#                              remark, when it did not within SECONDS (10)
#     start NAME COMMAND...    runs COMMAND in the background until the test
#                              ends; its process is ${pid[NAME]}, its output
#                              is in $tmp/NAME.out, shown if a test fails
#     stop NAME [SIGNAL]       ends it now (SIGTERM, after 5 s SIGKILL) and
#                              waits for it
#     capture_is_whole NAME    true if tcpdump, started by start, has written
#                              all that the kernel has taken for it
#     watch_stalls             notes from now on when the machine stands still
#     stalled SINCE            the longest time that it did, in ms, since a
#                              moment (microseconds since 1970); 0 if none was
#                              over 100 ms.  For what is measured in real time:
#                              measure it again then
#     at_exit COMMAND...       runs COMMAND at the end, also after a signal;
#                              the last one registered runs first
#     namespaces PREFIX NAME...
#                              makes network namespaces PREFIX-NAME, until the
#                              test ends.  Waits for another test that has
#                              some with this PREFIX, and removes what one
#                              that was killed has left, with what runs there
#
# COMMAND is a command with its arguments, not a text to evaluate: write a
# function for what needs a pipe.  That of start is a program: a function
# would run in a shell in between, and only that would be ended.

set -u

srcdir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [ -n "${SLB_BUILDDIR:-}" ]; then
    builddir=$(cd "$SLB_BUILDDIR" && pwd)
elif [ -e slb-config.h ]; then
    builddir=$PWD
else
    builddir=$srcdir/_build
fi
PATH=$builddir/controller:$builddir/ovs-ext:$PATH:/usr/sbin:/sbin
tmp=$(mktemp -d "${TMPDIR:-/tmp}/slb-test.XXXXXX")

tap_n=0                 # Tests done.
tap_failed=0            # Of them failed.
tap_plan=               # Tests planned.
tap_cleanup=()          # Commands of at_exit, quoted.
declare -A pid=()       # Processes of start, by name.
declare -A tap_owned=() # Prefixes of namespaces that are this test's.
status=0 output='' errors=''

plan()
{
    tap_plan=$1
    echo "1..$1"
}

done_testing()
{
    plan "$tap_n"
}

skip_all()
{
    tap_plan=0
    echo "1..0 # SKIP $*"
    exit 0
}

bail_out()
{
    echo "Bail out!  $*"
    exit 255
}

diag()
{
    printf '%s\n' "$*" | sed 's/^/# /' >&2
}

note()
{
    printf '%s\n' "$*" | sed 's/^/# /'
}

pass()
{
    tap_n=$((tap_n + 1))
    echo "ok $tap_n - $*"
}

fail()
{
    tap_n=$((tap_n + 1))
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_n - $*"
    diag "Failed: $* (${BASH_SOURCE[-1]} line ${BASH_LINENO[-2]})"
    return 1
}

skip()
{
    local n
    for ((n = $1; n > 0; n--)); do
        tap_n=$((tap_n + 1))
        echo "ok $tap_n # SKIP ${*:2}"
    done
}

ok()
{
    local desc=$1
    shift
    if "$@"; then
        pass "$desc"
    else
        fail "$desc"
        diag "command failed: $*"
        return 1
    fi
}

nok()
{
    local desc=$1
    shift
    if "$@"; then
        fail "$desc"
        diag "command succeeded: $*"
        return 1
    else
        pass "$desc"
    fi
}

is()
{
    if [ "$1" = "$2" ]; then
        pass "$3"
    else
        fail "$3"
        diag "     got: $1"
        diag "expected: $2"
        return 1
    fi
}

isnt()
{
    if [ "$1" != "$2" ]; then
        pass "$3"
    else
        fail "$3"
        diag "got, not wanted: $1"
        return 1
    fi
}

like()
{
    if [[ $1 =~ $2 ]]; then
        pass "$3"
    else
        fail "$3"
        diag "          got: $1"
        diag "does not match: $2"
        return 1
    fi
}

unlike()
{
    if [[ ! $1 =~ $2 ]]; then
        pass "$3"
    else
        fail "$3"
        diag "    got: $1"
        diag "matches: $2"
        return 1
    fi
}

cmp_ok()
{
    if test "$1" "$2" "$3"; then
        pass "$4"
    else
        fail "$4"
        diag "not so: $1 $2 $3"
        return 1
    fi
}

run()
{
    "$@" >"$tmp/.run.out" 2>"$tmp/.run.err"
    # shellcheck disable=SC2034  # For the test to read.
    status=$? output=$(<"$tmp/.run.out") errors=$(<"$tmp/.run.err")
}

wait_until()
{
    local seconds=10
    if [[ $1 =~ ^[0-9]+$ ]]; then
        seconds=$1
        shift
    fi
    # A turn counts for 1 s at most: after a pause of the whole machine it is
    # asked again.
    local left=$((seconds * 1000000)) last=${EPOCHREALTIME/[.,]/} now
    until "$@"; do
        now=${EPOCHREALTIME/[.,]/}
        left=$((left - (now - last > 1000000 ? 1000000 : now - last)))
        last=$now
        if ((left <= 0)); then
            diag "not within $seconds s: $*"
            return 1
        fi
        sleep 0.05
    done
}

start()
{
    local name=$1
    shift
    "$@" >"$tmp/$name.out" 2>&1 </dev/null &
    pid[$name]=$!
}

stop()
{
    local name=$1 p=${pid[$1]:-}
    [ -n "$p" ] || return 0
    unset "pid[$name]"
    local deadline=$((${EPOCHREALTIME/[.,]/} + 5000000))
    # The process is our child: its number is not another's until waited for.
    # In braces, since bash remarks on standard error that it was killed.
    {
        kill "-${2:-TERM}" "$p"
        while tap_is_running "$p"; do
            if ((${EPOCHREALTIME/[.,]/} >= deadline)); then
                kill -KILL "$p"
                break
            fi
            sleep 0.02
        done
        wait "$p"
    } 2>/dev/null
    return 0
}

# tcpdump says so when it is asked.
capture_is_whole()
{
    kill -USR1 "${pid[$1]}"
    tail -n 1 "$tmp/$1.out" |
        awk '/received by filter/ { exit $2 != $5 }
             { exit 1 }'
}

watch_stalls()
{
    start stalls "$srcdir/tests/lib/stalls.py" "$tmp/stalls"
    tap_watcher_is_here
}

# Has the watcher, on each processor, seen what was up to now?
tap_watcher_is_here()
{
    touch "$tmp/stalls-asked"
    wait_until 20 tap_watcher_has_seen
}

tap_watcher_has_seen()
{
    local file
    for file in "$tmp"/stalls.[0-9]*; do
        [ "$file" -nt "$tmp/stalls-asked" ] || return 1
    done
}

stalled()
{
    tap_watcher_is_here
    awk -v since="$1" '$1 > since && $2 > most { most = $2 }
        END { print most + 0 }' "$tmp/stalls.out"
}

# A child that has ended but was not waited for is a zombie, state Z.
tap_is_running()
{
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    stat=${stat##*) }
    [ "${stat%% *}" != Z ]
}

at_exit()
{
    tap_cleanup+=("${*@Q}")
}

namespaces()
{
    local prefix=$1 name
    shift
    if [ -z "${tap_owned[$prefix]:-}" ]; then
        wait_until 300 tap_own "$prefix" ||
            bail_out "another test that has namespaces $prefix-* does not end"
        tap_owned[$prefix]=yes
        at_exit rm -f "$(tap_owner_file "$prefix")"
        while read -r name _; do
            case $name in
            "$prefix"-*) tap_delete_namespace "$name" ;;
            esac
        done < <(ip netns list)
    fi
    for name; do
        ip netns add "$prefix-$name" ||
            bail_out "namespace $prefix-$name cannot be made"
        at_exit ip netns del "$prefix-$name"
        ip -n "$prefix-$name" link set lo up
    done
}

tap_owner_file()
{
    echo "${TMPDIR:-/tmp}/slb-test-$1.owner"
}

# Who has a prefix is in a file: a lock that is held would be inherited by all
# that the test starts, and outlive it.
tap_own()
{
    local file owner since locked
    file=$(tap_owner_file "$1")
    exec {locked}>>"$file"
    flock "$locked"
    read -r owner since <"$file"
    if [ -n "${since:-}" ] && [ "$since" = "$(tap_started "$owner")" ]; then
        exec {locked}>&-
        return 1
    fi
    echo "$$ $(tap_started $$)" >"$file"
    exec {locked}>&-
}

# When a process has begun, in ticks since the machine has: numbers of
# processes are used again.
tap_started()
{
    local stat fields
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    read -ra fields <<<"${stat##*) }"
    [ "${fields[0]}" = Z ] || echo "${fields[19]}"
}

tap_delete_namespace()
{
    wait_until 10 tap_nothing_runs_in "$1"
    ip netns del "$1"
}

# Succeeds once nothing does; until then, ends it.
tap_nothing_runs_in()
{
    local pids
    mapfile -t pids < <(ip netns pids "$1")
    [ ${#pids[@]} = 0 ] && return
    kill -KILL "${pids[@]}" 2>/dev/null
    return 1
}

tap_end()
{
    local code=$? i name
    trap - EXIT
    trap '' INT TERM HUP
    for ((i = ${#tap_cleanup[@]} - 1; i >= 0; i--)); do
        eval "${tap_cleanup[i]}"
    done
    for name in "${!pid[@]}"; do
        stop "$name"
    done
    if [ "$tap_failed" -gt 0 ]; then
        for name in "$tmp"/*.out; do
            [ -s "$name" ] || continue
            diag "--- ${name##*/}"
            diag "$(tail -n 20 "$name")"
        done
    fi
    rm -rf "$tmp"
    if [ "$code" = 0 ]; then
        if [ "$tap_failed" -gt 0 ]; then
            diag "$tap_failed of $tap_n tests failed"
            code=1
        elif [ "$tap_plan" != "$tap_n" ] && [ "$tap_plan" != 0 ]; then
            diag "planned ${tap_plan:-no} tests, ran $tap_n"
            code=1
        fi
    fi
    exit "$code"
}
trap tap_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

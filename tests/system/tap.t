#!/bin/bash
# The library of the tests themselves: failures are seen, processes and
# directories do not outlive the test.
. "$(dirname "$0")/../lib/tap.sh"
plan 24

pass "pass"
ok "ok" true
nok "nok" false
is "a  b" "a  b" "is"
isnt a b "isnt"
like $'one\ntwo' $'e\nt' "like"
unlike abc '^b' "unlike"
cmp_ok 3 -lt 10 "cmp_ok compares numbers"

run bash -c 'echo out; echo err >&2; exit 3'
is "$status/$output/$errors" "3/out/err" "run"

ok "wait_until sees what comes later" wait_until 5 test -e "$tmp/later" &
sleep 0.1
touch "$tmp/later"
wait $!
tap_n=$((tap_n + 1))    # The subshell counted for itself.
nok "wait_until gives up" wait_until 0 false 2>/dev/null
late() { [ -e "$tmp/asked" ] || { touch "$tmp/asked"; sleep 2.5; false; }; }
ok "but asks again after a pause of the machine" wait_until 2 late

# A program that stands still, for the machine.
watch_stalls
before=${EPOCHREALTIME/[.,]/}
kill -STOP "${pid[stalls]}"
sleep 0.5
kill -CONT "${pid[stalls]}"
cmp_ok "$(stalled "$before")" -ge 400 "a machine that stands still is noticed"

# An inner test, interrupted: what it started goes.
cat >"$tmp/inner.t" <<INNER
. $srcdir/tests/lib/tap.sh
plan 2
echo "\$tmp" >$tmp/inner.tmp
start sleeper sleep 1000
echo "\${pid[sleeper]}" >$tmp/inner.pid
at_exit touch "$tmp/cleaned up"
fail "wrong"
kill -TERM \$\$
INNER
run bash "$tmp/inner.t"
is "$status" 143 "an interrupted test fails"
like "$output" $'^1..2\nnot ok 1 - wrong' "a failure is printed"
nok "the process has ended" tap_is_running "$(<"$tmp/inner.pid")"
nok "the directory is gone" test -e "$(<"$tmp/inner.tmp")"
ok "at_exit has run" test -e "$tmp/cleaned up"

run bash -c ". $srcdir/tests/lib/tap.sh; plan 2; pass one"
is "$status" 1 "a test too few is a failure"

# A test that is killed leaves its namespaces, and what runs there.
cat >"$tmp/killed.t" <<INNER
. $srcdir/tests/lib/tap.sh
tmp=$tmp
plan 1
namespaces tap a b
ip netns exec tap-a sleep 1000 &
echo \$! >$tmp/left.pid
until ip netns pids tap-a | grep -q .; do sleep 0.05; done
[ "\$1" = dies ] && kill -KILL \$\$
touch $tmp/ready
wait_until 60 test -e $tmp/go
pass "one"
INNER
if [ "$(id -u)" = 0 ]; then
    run bash "$tmp/killed.t" dies
    left=$(<"$tmp/left.pid")
    ok "a killed test leaves what it started" tap_is_running "$left"
    start next bash "$tmp/killed.t" lives
    ok "the next one has its namespaces" wait_until 20 test -e "$tmp/ready"
    nok "and ended that" tap_is_running "$left"
    nok "nobody else has them meanwhile" tap_own tap
    touch "$tmp/go"
    ok "until it ends" wait_until 20 tap_own tap
    rm -f "$(tap_owner_file tap)"
else
    skip 5 "needs root"
fi

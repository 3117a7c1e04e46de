#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Members that fail their probe get no new connections, and come back; how long
# that takes; and what happens while an agent is not there.

. "$(dirname "$0")/../lib/lab.sh"
# shellcheck source=tests/lib/traffic.sh
. "$srcdir/tests/lib/traffic.sh"
lab_up
at_exit apply --prune "$web"

health_start
probed_web >"$tmp/probed.yaml"
start times "$srcdir/tests/lib/db-times.py" \
    "/run/slb-lab/$SLB_LAB/control/slb.sock"
wait_until 5 grep -q ready "$tmp/times.out"

# health_is VM up|down: whatever is remarked.
health_is()
{
    db_rows Port | grep -F "\"web/probes/health 10.0.1.$((${1#vm} + 3))\",\"$2" \
        >/dev/null
}
# served_by VM NAME SINCE
served_by()
{
    awk -v from="$3" -v vm="10.0.1.$((${1#vm} + 3))" \
        '$1 > from && $5 == vm' "$tmp/$2.log" | wc -l
}
# reaction VM up|down ANSWER: from the answer that decided to the last mux's
# table, in ms: the muxes have acknowledged the generation that became the
# current one after that.
reaction()
{
    awk -v key="10.0.1.$((${1#vm} + 3))" -v health="$2" -v answer="$3" '
        FILENAME ~ /health/ {
            if ($(NF - 1) == answer) { at[++n] = $NF }
            next
        }
        $2 == "health" && $4 == key && $5 == health {
            seen = $1; switched = 0; split("", done)
        }
        seen && $2 == "generation" && $5 == "current" && !switched {
            switched = $1
        }
        switched && $2 == "applied" && !($3 in done) {
            done[$3] = 1; last = $1
        }
        END {
            for (i = 1; i <= n && at[i] < seen; i++) { decided = at[i] }
            printf "%.0f\n", (last - decided) * 1000
        }' "$tmp/health-$1.out" "$tmp/times.out"
}
measured() { [ "$(reaction "$@")" -gt 0 ]; }

begin=$(now)
ok "a probe is declared" apply "$tmp/probed.yaml"
serving 6
note "all six members serve $(since "$begin") s after it was declared"
is "$(web_servers "http://$vip/" | wc -w)" 6 "all members that answer serve"
is "$(sed -n 's,^\([0-9a-f.:]* /[^ ]* [^ ]*\) .*,\1,p' "$tmp/health-vm2.out" |
    sort -u)" \
    "168.63.129.16 /health 10.0.1.5:9000" "a member sees the prober's address"

both_start
echo 503 >"$tmp/vm2"
ok "a member that says that it is not well is down" \
    wait_until 60 health_is vm2 down
serving 5
ok "how long it took can be measured" wait_until 10 measured vm2 down 503
moment=$(now)
note "from the deciding answer to the last mux: $(reaction vm2 down 503) ms"
cmp_ok "$(reaction vm2 down 503)" -lt 1000 "it does not take long"
noted() { notes | grep -q 'backendPools/servers/members/vm2: down (probe health'; }
ok "users are told" wait_until 10 noted
sleep 3
is "$(served_by vm2 new "$moment")" 0 "it gets no new connections"
cmp_ok "$(served_by vm2 kept "$moment")" -gt 0 "those that it has go on"
: >"$tmp/health-vm2.out"
echo 200 >"$tmp/vm2"
ok "when it is well again it is up" wait_until 60 health_is vm2 up
serving 6
ok "and how long that took" wait_until 10 measured vm2 up 200
moment=$(now)
note "from the deciding answer to the last mux: $(reaction vm2 up 200) ms"
no_note() { ! notes | grep -q vm2; }
ok "nothing is told any more" wait_until 10 no_note
sleep 2
cmp_ok "$(served_by vm2 new "$moment")" -gt 0 "it gets new connections again"

# The agent of vm1's and vm2's host.
kill_now host1 slb-agent
echo 503 >"$tmp/vm2"
sleep 6
ok "while there is no agent, all stays as it was" \
    eval "health_is vm1 up && health_is vm2 up && serving_is 6"
lab restart host1 slb-agent
back_at=$(now)
ok "a new one finds out" wait_until 60 health_is vm2 down
note "$(since "$back_at") s after it was started"
ok "and of others that nothing has changed" health_is vm1 up
serving 5
sleep 1
both_stop
for kind in new kept; do
    requests_report $kind
    is "${report[failed]} failed" "0 failed" \
        "all the time, no request ($kind) failed"
done
done_testing

#!/bin/bash
# An overloaded mux says so in its row of the database, and who causes it.
# timeout: 120
. "$(dirname "$0")/../../lib/tap.sh"
. "$(dirname "$0")/mux.sh"
plan 25

flood=$builddir/tests/system/agent/flood
mac=02:00:00:00:00:11
light=20.50.60.20
# The one that floods.
sender=198.51.100.9

flood()         # NAME ADDRESS RATE
{
    start "flood-$1" ip netns exec mxa-host "$flood" eth0 "$mac" "$2" "$3" \
        100 flow
}
slb_ctl() { in_ns control timeout 10 "$builddir/controller/slb-ctl" \
    --db=tcp:172.16.0.5:6640 "$@"; }
status() { slb_ctl nodes | sed -n 's/^mux1 .*\(overload since .*\)/\1/p'; }
shows() { status | grep -Eq "$1"; }
shows_nothing() { [ -z "$(status)" ]; }
talkers() { appctl agent slb/talkers 2>/dev/null; }
forwarded()
{
    appctl vswitchd slb/stats | awk '$1 == "forwarded" { print $2 }'
}
# How often the status was written because of this.  (The host here is none,
# which is told of as well.)
writes()
{
    ovsdb-tool -mm show-log "$tmp/slb.db" | grep -c 'status=.*overload'
}
limit() { vsctl set interface slb0 "options:max-pps=$1"; }

ok "the mux announces" mux_up_announced
db_vip "$light" 3 >/dev/null
ok "a further VIP is announced" wait_until has_route "$light"
ok "the datapath is asked" wait_until eval '[ "$(talkers)" = "overload: no" ]'
is "$(status)" "" "there is no overload at first"

flood light "$light" 20
flood heavy "$vip" 2000
since=$(date +%s)
generation=$(mux_status | grep '^generation: ')
ok "many packets" wait_until eval '[ "$(forwarded)" -gt 4000 ]'
is "$(talkers)" "overload: no" "are no overload"
limit 500
ok "the row tells of the overload" wait_until 20 shows '^overload since '
note "told after $(($(date +%s) - since)) s: $(status)"
like "$(status)" ": VIP $vip \(web/frontends/public\) above its share, \
mostly from $sender\$" "and who causes it"
time=$(status | sed 's/^overload since \([^ ]*\): .*/\1/')
cmp_ok "$(date -d "$time" +%s)" -ge "$since" "and since when"
cmp_ok "$(date -d "$time" +%s)" -le "$(date +%s)" "which is not to come"
unlike "$(status)" "$light" "not those who have no part in it"
like "$(talkers)" "VIP $vip: [0-9]+ packets/s above its share" \
    "the agent tells how much that is"
like "$(talkers)" "from $sender: [0-9]+ packets/s above its share" \
    "of each sender, too"
like "$(cat "$tmp/mux/agent.log")" "overload since .*$vip" "it is logged"
ok "the node has applied all" applied
is "$(mux_status | grep '^generation: ')" "$generation" \
    "the tables stay as they are"
db_vip 20.50.60.21 4 >/dev/null
ok "tables are still updated" wait_until 10 has_route 20.50.60.21

# Another agent.
before=$(status)
stop agent KILL
is "$(status)" "$before" "without an agent the row stays"
start_agent
ok "a new agent learns of it, too" \
    wait_until 20 eval 'talkers | grep -q "^overload: since .*$vip"'
ok "and tells it" \
    wait_until 5 eval 'shows " VIP $vip " && [ "$(status)" != "$before" ]'

stop flood-heavy
now=$(date +%s)
ok "the overload is over" wait_until 30 shows_nothing
cmp_ok "$(($(date +%s) - now))" -ge 8 "not at once"
like "$(cat "$tmp/mux/agent.log")" "overload is over" "it is logged"
is "$(talkers)" "overload: no" "all is well again"
# It began, another agent told it, it was over; and others may be to blame
# where the machine is busy.
note "the status was written $(writes) times"
cmp_ok "$(writes)" -le 5 "the database is not written often"

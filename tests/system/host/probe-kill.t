#!/bin/bash
# An agent that is killed, or stopped for a while, in the middle of probes, or
# whose host lacks routes, addresses or descriptors: no member changes because
# of that, nobody is asked twice as often, and nothing is left behind.
# timeout: 480
. "$(dirname "$0")/probe.sh"
cloud_up h1 || bail_out "no cloud"

# vm1 is well, vm2 is not, and a probe of each is under way most of the time.
# One failure is enough, so the time-out, nine tenths of the interval, must be
# longer than a machine that has much to do may take.
interval=3
web vm1 8000
web vm2 8000
web vm1 8001
web vm2 8001
web vm1 8002
echo 503 >"$tmp/vm2-8000"
echo slow >"$tmp/vm1-8001"
echo hang >"$tmp/vm2-8001"
transact "$(pool 301 1:vm1:4 2:vm2:4)" "$(pool 302 1:vm1:4 2:vm2:4)" \
    "$(pool 303 1:vm1:6)" "$(probe 303 six Http 8002 / $interval 1)" \
    "$(probe 301 http Http 8000 /health $interval 1)" \
    "$(probe 302 slow Http 8001 /slow $interval 1)"
all_health() { health vm1; health vm2; }
known="web/probes/http 10.0.1.4 up
web/probes/six fd00:1::4 up
web/probes/slow 10.0.1.4 up
web/probes/http 10.0.1.5 down
web/probes/slow 10.0.1.5 down"
is_known() { [ "$(all_health)" = "$known" ]; }
ok "one is up, the other is down" wait_until 60 is_known
want h1
start times /usr/bin/python3 "$srcdir/tests/lib/db-times.py" "$tmp/slb.sock"
wait_until grep -q ready "$tmp/times.out"

# What the switch has, without what only counts.
table_of_flows()
{
    ofctl h1 --no-stats dump-flows br-slb | sort
}
# In the host: probes that are under way.  In the VMs: whose end is open.
under_way()
{
    ip netns exec hst-h1 ss -Htn state established state syn-sent \
        dst 169.254.64.0/18 | wc -l
}
open_in_vms()
{
    local vm
    for vm in vm1 vm2; do
        ip netns exec "hst-$vm" ss -Htn state established \
            dst 168.63.129.16
    done | wc -l
}
# Each of four probes each interval, and one more that begins.
few() { [ "$("$1")" -le 8 ]; }
flows_before=$(table_of_flows)
for i in 1 2 3 4 5; do
    n=$(n_requests vm1 8000)
    wait_until 30 eval "[ \$(n_requests vm1 8000) -gt $n ]"
    # A request that is not answered is under way.
    wait_until 30 eval '[ $(under_way) -gt 0 ]'
    stop h1-agent KILL
    ok "killed, time $i: what was under way ends" \
        wait_until 10 eval '[ $(open_in_vms) = 0 ]'
    agent_up h1
    n=$(n_requests vm1 8000)
    wait_until 30 eval "[ \$(n_requests vm1 8000) -ge $((n + 2)) ]"
done

# One that does not run for longer than anybody may take to answer.
wait_until 10 eval '[ $(under_way) -gt 0 ]'
kill -STOP "${pid[h1-agent]}"
sleep $((interval + 3))
n=$(n_requests vm1 8000)
kill -CONT "${pid[h1-agent]}"
ok "stopped for a while: it goes on" \
    wait_until 30 eval "[ \$(n_requests vm1 8000) -ge $((n + 2)) ]"

# A host whose routes and addresses somebody takes away: that is not the
# members' fault, and nothing goes where other routes lead.
capture wire gw "not ether src 02:00:00:00:00:99 and
    (net 169.254.0.0/16 or net fd53:4c42::/32)"
end=$((SECONDS + 6))
while ((SECONDS < end)); do
    ip -n hst-h1 route del 169.254.64.0/18 2>/dev/null
    ip -n hst-h1 route del fd53:4c42::/64 2>/dev/null
    if ((SECONDS > end - 3)); then
        ip -n hst-h1 address flush dev slb-probe0 scope link 2>/dev/null
        ip -n hst-h1 address del fd53:4c42::1/128 dev slb-probe0 2>/dev/null
    fi
    sleep 0.1
done
n=$(n_requests vm1 8000) six=$(n_requests vm1 8002)
ok "without routes and addresses: probes go on, by IPv4" \
    wait_until 30 eval "[ \$(n_requests vm1 8000) -ge $((n + 2)) ]"
ok "and IPv6" wait_until 30 eval "[ \$(n_requests vm1 8002) -ge $((six + 2)) ]"
is "$(captured wire)" "" "none of them went elsewhere"

# What cannot be repaired silences it.
alive()
{
    timeout 10 ovsdb-client -t 10 --data=bare --no-headings dump \
        "unix:$tmp/slb.sock" SLB Node alive
}
silent()
{
    local before
    before=$(alive)
    sleep 1
    [ "$(alive)" = "$before" ]
}
loud() { ! silent; }
transact '{"op":"update","table":"SLB_Global","where":[],"row":{"options":
    ["map",[["heartbeat-interval","200"]]]}}'
ok "the host says that it is alive" wait_until 10 loud
ip netns exec hst-h1 sysctl -qw net.ipv6.conf.slb-probe0.disable_ipv6=1
ok "but not while it cannot probe by IPv6" wait_until 10 silent
six=$(n_requests vm1 8002)
ip netns exec hst-h1 sysctl -qw net.ipv6.conf.slb-probe0.disable_ipv6=0
ok "it can again" wait_until 20 eval "[ \$(n_requests vm1 8002) -gt $six ]"
ok "and says so" wait_until 10 loud
is "$(grep -c ' health ' "$tmp/times.out")" 0 \
    "all the time nothing changed in the database"
is "$(all_health)" "$known" "nor has it now"
is "$(status h1 "flow mods")" "0 added, 0 changed, 0 deleted" \
    "the agent changed no flow"
is "$(table_of_flows)" "$flows_before" "all flows are what they were"
is "$(ofctl h1 dump-ports-desc br-slb | grep -c slb-probe0)" 1 \
    "there is one port for probes"

# Intervals are kept: a member is asked once in each, not more often.
n=$(n_requests vm1 8000) begin=$EPOCHREALTIME
wait_until 60 eval "[ \$(n_requests vm1 8000) -ge $((n + 5)) ]"
passed=$(awk "BEGIN { printf \"%d\", ($EPOCHREALTIME - $begin) * 1000 }")
cmp_ok "$passed" -gt $((interval * 3500)) \
    "5 requests take 5 intervals ($passed ms)"
ok "no connections pile up in the host" wait_until 10 few under_way
ok "nor in the VMs" wait_until 10 few open_in_vms

# It goes on from what was known: one success is not enough for who was down.
echo 200 >"$tmp/vm2-8000"
ok "who was down comes up" wait_until 60 says vm2 "http 10.0.1.5" up
like "$(probes h1)" 'vm2 web/probes/http 10.0.1.5: up, [2-9]' \
    "after several successes"
is "$(grep ' health ' "$tmp/times.out" | cut -d' ' -f3-)" \
    "web/probes/http 10.0.1.5 up" "which is the only change there was"

# Members that never answer, and few descriptors: it keeps some for itself.
ops=()
for i in {1..200}; do
    ops+=("$(insert Binding "\"node\":\"h1\",\"iface_id\":\"vm2\",
        \"network_key\":1,\"address\":\"10.0.2.$i\",
        \"mac\":\"02:00:00:00:00:05\",\"pools\":[\"map\",[[500,$i]]]")")
done
transact "$(pool 500)" "$(probe 500 mute Http 8000 / 1 1)" "${ops[@]}"
all_mute() { [ "$(probes h1 | grep -c 'probes/mute .*: down,')" = 200 ]; }
stop h1-agent
agent_up h1 prlimit --nofile=128:128
ok "all who never answer are found out" wait_until 30 all_mute
begin=$SECONDS
n=$(n_requests vm1 8000)
ok "the others are asked in turn" \
    wait_until 90 eval "[ \$(n_requests vm1 8000) -ge $((n + 3)) ]"
note "3 times in $((SECONDS - begin)) s"
stop slb-ovsdb KILL
sleep 1
slb_up
echo 503 >"$tmp/vm2-8000"
ok "the database is reached again" wait_until 30 says vm2 "http 10.0.1.5" down
says_up() { probes h1 | grep "vm1 web/probes/$1 .*: up," >/dev/null; }
is "$(grep -c "Too many open files" "$tmp/h1/slb-agent.log")" 0 \
    "there were descriptors at any time"
ok "who is well is up" eval "says_up http && says_up six"
done_testing

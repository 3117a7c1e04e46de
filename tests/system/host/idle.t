#!/bin/bash
# Connections that are idle, or over, are forgotten when their rule says so.
. "$(dirname "$0")/host.sh"
plan 51
cloud_up h1 || bail_out "no cloud"
client=198.51.100.10

# The rows of the table that are ours: what they are for.
ours() { vsctl h1 --bare --columns=external_ids list "$1" | grep . | sort; }
row() { vsctl h1 --bare --columns=_uuid find "$1" "external_ids:slb-idle=$2"; }
number() { zone h1 "$1"; }
# The time of a zone, by its name.
seconds() { idle_seconds h1 "$1"; }
database()
{
    vsctl h1 -f csv list datapath
    vsctl h1 -f csv list ct_zone | sort
    vsctl h1 -f csv list ct_timeout_policy | sort
    vsctl h1 get bridge br-slb external_ids
    vsctl h1 get open_vswitch . next_cfg
}
entries() { on h1 ovs-appctl dpctl/dump-conntrack -m -s | grep "sport=$1,"; }
gone() { [ -z "$(entries "$1")" ]; }
# For how long the entry of a source port is still there.
left() { entries "$1" | sed 's/.*timeout=\([0-9]*\).*/\1/'; }
between() { [ "$(left "$1")" -ge "$2" ] && [ "$(left "$1")" -le "$3" ]; }
idle()
{
    transact "{\"op\":\"update\",\"table\":\"Endpoint\",
               \"where\":[[\"cookie\",\"==\",$1]],
               \"row\":{\"idle_timeout\":$2}}"
    want h1
}

is "$(ours ct_zone)" slb-idle=240 "rules with equal times share a zone's row"
is "$(ours ct_timeout_policy)" slb-idle=240 "and its policy"
is "$(for i in 11 12 13 14; do seconds rule-$i; done | xargs)" \
    "240 240 240 240" "it is that of their zones"
like "$(vsctl h1 get ct_timeout_policy "$(row ct_timeout_policy 240)" \
    timeouts)" "tcp_close=10,.*tcp_established=240,.*udp_single=240" \
    "and says so"

# Somebody else's.
next=$(($(for i in 11 12 13 14; do number rule-$i; done | sort -n | tail -1)))
next=$(($(number idle-240) > next ? $(number idle-240) : next))
next=$((next + 1))
ok "somebody else has policies" vsctl h1 \
    -- add-zone-tp netdev "zone=$next" tcp_established=70 \
    -- add-zone-tp netdev zone=4000 tcp_established=80
foreign() { vsctl h1 list-zone-tp netdev | grep -E "^Zone:($next|4000),"; }
theirs=$(foreign)
transact "$(endpoint 15 $vip 6 81 8080)"
want h1
isnt "$(number rule-15)" "$next" "their zones are not for rules"
is "$(seconds rule-15)" 240 "a new rule's zone has a policy"

# From now on a minute has 1.5 seconds, so 4 have 6.
vsctl h1 set open_vswitch . external_ids:slb-debug-minute-ms=1500
ok "the time-out is edited" wait_until eval '[ "$(seconds rule-11)" = 6 ]'
want h1
idle 13 1800
is "$(seconds rule-13)" 45 "also of one rule"
is "$(seconds idle-6) $(seconds idle-45) $(seconds idle-240)" "6 45 240" \
    "each policy has a zone that holds it"

ok "a connection" connect idle 80 45001
ok "another one" connect busy 80 45002
is "$(net gw ask udp $vip 53 x 45003)" "vm1 $client x" "a UDP flow"
ok "the UDP flow has the rule's time" between 45003 1 6
is "$(say idle a)" "vm1 $client a" "both work"
ok "one is busy while the other is forgotten" wait_until 30 eval \
    '[ "$(say busy b)" = "vm1 $client b" ] && gone 45001'
nok "the busy one is not" gone 45002
ok "the UDP flow is" gone 45003
n=$(packets h1 "$unknown")
is "$(say idle c)" timeout "what was idle is unknown"
cmp_ok "$(packets h1 "$unknown")" -gt "$n" "and dropped, counted"

# Half closed: the VM's server would close as well, but does not yet.
vip_1=$vip vip=$vip_b
ok "a connection by a rule of 30 minutes" connect half 80 45011
is "$(say half a)" "vm1 $client a" "works"
vip=$vip_1
kill -STOP "${pid[vm1-server]}"
stop half KILL
ok "closed by one side it has the rule's time" \
    wait_until eval 'entries 45011 | grep -q orig=FIN_WAIT'
ok "all of it" between 45011 21 45
kill -CONT "${pid[vm1-server]}"
ok "closed by both" wait_until between 45011 0 20
is "$(net gw ask tcp $vip_b 80 x 45012)" "vm1 $client x" "another connection"
ok "closed by both" wait_until between 45012 0 20
ok "is forgotten soon" wait_until 30 eval "gone 45012 && gone 45011"

# An edit.
ok "a connection" connect long 80 45021
is "$(say long a)" "vm1 $client a" "works"
zone=$(number rule-11)
for cookie in 11 12 14 15; do
    idle $cookie 1200
    # A busy machine takes a while for that.
    say long again >"$tmp/again"
done
is "$(seconds rule-11) $(number rule-11)" "30 $zone" \
    "a zone gets another time, and stays what it is"
is "$(ours ct_zone | sed 's/since=.*/since/' | xargs)" \
    "slb-idle=240 slb-unused-since slb-idle=30 slb-idle=45 slb-idle=6 slb-unused-since" \
    "what no rule uses any more is noted"
is "$(say long b)" "vm1 $client b" "the connection goes on"
ok "with the time that it has begun with" between 45021 0 6
is "$(net gw ask udp $vip 53 x 45023)" "vm1 $client x" "a flow that is new"
ok "has the new time" between 45023 7 30
ok "the old connection is forgotten by its own" wait_until 30 gone 45021
nok "when the new one is still there" gone 45023

# What nothing can use any more goes.
vsctl h1 set ct_zone "$(row ct_zone 240)" external_ids:slb-unused-since=1
ok "a policy that no rule has used for a day goes" \
    wait_until eval '[ -z "$(row ct_timeout_policy 240)" ]'
is "$(row ct_zone 240) $(vsctl h1 --if-exists get bridge br-slb \
    external_ids:slb-ct-zone-idle-240)" " " "with its zone"
idle 12 360
is "$(ours ct_zone | grep -c unused)" 1 "what is used again"
idle 12 240
is "$(ours ct_zone | grep slb-idle=6)" slb-idle=6 "is not noted any more"

# What somebody takes away comes back; what is theirs stays.
vsctl h1 del-zone-tp netdev "zone=$(number rule-11)"
idle 12 360
is "$(seconds rule-11)" 30 "what somebody takes away is there again"
is "$(foreign)" "$theirs" "others' policies are what they were"

# Restarts.
before=$(database)
stop h1-agent KILL
agent_up h1
ok "an agent that starts again" want h1
is "$(database)" "$before" "changes nothing in the database"
is "$(status h1 "flow mods")" "0 added, 0 changed, 0 deleted" "and no flow"
stop h1-vswitchd KILL
rm "$tmp/h1/ovs-vswitchd.pid"
vswitchd_up h1
underlay_up h1
ok "a switch that starts again" wait_until 30 eval \
    '[ "$(net gw ask udp $vip 53 x 45031)" = "vm1 $client x" ]'
ok "has the times" between 45031 1 9

transact '{"op":"delete","table":"Endpoint","where":[]}'
want h1
is "$(ours ct_zone | grep -vc unused)" 0 "without rules nothing is in use"
is "$(vsctl h1 list-zone-tp netdev | grep -c "^Zone:")" \
    "$(($(ours ct_zone | wc -l) + 2))" "only what holds policies has one"

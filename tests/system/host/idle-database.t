#!/bin/bash
# Time-out policies in the database: of the kernel's datapath, where somebody
# else has all the zones but those that rules have already, and of another one.
. "$(dirname "$0")/host.sh"
plan 12

namespaces hst h1
slb_up
cloud_database
host_database h1
# The host has no switch: this test says what a switch would have said.
db() { vsctl h1 --no-wait "$@"; }
own=()
number=6
for name in rule-11 rule-12 rule-13 rule-14 idle-240; do
    number=$((number + 1))
    own+=("external_ids:slb-ct-zone-$name=$number")
done
ok "a host that was there before" db -- add-br br-phy -- add-br br-slb \
    -- set bridge br-slb "${own[@]}" \
    -- set open_vswitch . external_ids:system-id=h1 \
       "external_ids:slb-remote=unix:$tmp/slb.sock" \
       external_ids:slb-encap-ip=172.16.0.21

all_zones()
{
    /usr/bin/python3 - "$tmp/h1/db.sock" <<'END'
import json
import socket
import sys

PAIRS = [[n, ['named-uuid', 'theirs']] for n in range(65536)
         if not 7 <= n <= 11]
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect(sys.argv[1])
s.sendall(json.dumps({'id': 0, 'method': 'transact', 'params': [
    'Open_vSwitch',
    {'op': 'insert', 'table': 'CT_Zone', 'uuid-name': 'theirs', 'row': {}},
    {'op': 'insert', 'table': 'Datapath', 'uuid-name': 'system',
     'row': {'ct_zones': ['map', PAIRS]}},
    {'op': 'mutate', 'table': 'Open_vSwitch', 'where': [], 'mutations': [
        ['datapaths', 'insert',
         ['map', [['system', ['named-uuid', 'system']]]]]]}]}).encode())
sys.exit('"error":null' not in s.recv(4096).decode())
END
}
ok "somebody else has all other zones" all_zones

# The numbers of our zones, and how many others there are.
ours() { db --bare --columns=_uuid find ct_zone external_ids:slb-idle=240; }
zones()
{
    db get open_vswitch . "datapaths:$1" >"$tmp/uuid" 2>/dev/null || return
    db get datapath "$(cat "$tmp/uuid")" ct_zones | tr -d '{} ' | tr , '\n' |
        sed -n "s/=$(ours)\$//p" | sort -n | xargs
}
theirs()
{
    db get datapath "$(db get open_vswitch . "datapaths:$1")" ct_zones |
        tr , '\n' | grep -vc "$(ours)"
}

agent_start h1
ok "the agent adds ports" wait_until 20 eval '[ "$(db --bare --columns=name \
    find interface name=slb-probe0)" = slb-probe0 ]'
ok "they get numbers" db -- set interface slb-vx ofport=1 \
    -- set interface slb-to-phy ofport=2 \
    -- set interface br-slb mac_in_use='"02:00:00:00:00:01"'
ok "a bridge without a type has the kernel's datapath, \"system\"" \
    wait_until 30 eval '[ "$(zones system)" = "7 8 9 10 11" ]'
is "$(theirs system)" 65531 "what is somebody else's is still there"
cmp_ok "$(db get open_vswitch . next_cfg)" -ge 1 \
    "the switch has to take notice"
like "$(db get ct_timeout_policy "$(db get ct_zone "$(ours)" timeout_policy)" \
    timeouts)" "tcp_close_wait=240,.*tcp_retransmit=240,.*tcp_unack=240" \
    "times that only the kernel knows are there"

transact "$(endpoint 15 $vip 6 81 8080)"
ok "there is no number for another rule" wait_until 20 \
    grep -q "no conntrack zone is left for rule-15" "$tmp/h1/slb-agent.log"
is "$(db --columns=external_ids list bridge br-slb | grep -o 'rule-[0-9]*' |
    sort | xargs)" "rule-11 rule-12 rule-13 rule-14" "the others keep theirs"

db set bridge br-phy datapath_type=netdev
ok "with another type they have their policies there" \
    wait_until 20 eval '[[ "$(zones netdev)" == *"7 8 9 10 11"* ]]'
is "$(zones system) $(theirs system)" " 65531" "and none here any more"

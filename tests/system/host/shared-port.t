#!/bin/bash
# Several rules lead to one port of a VM: a balanced one, and one for it alone.
. "$(dirname "$0")/host.sh"
plan 28
cloud_up h1 || bail_out "no cloud"
client=198.51.100.10

# Port 80 is balanced over all VMs (pool 100).  50001 and 50011 are vm1's
# alone (pool 201), 50002 is vm2's (pool 202), as inbound NAT rules are; vm1 is
# in another balanced pool as well (203, port 81).
transact "$(pool 201 1:vm1:4)" "$(pool 202 1:vm2:4)" \
    "$(pool 203 7:vm2:4 8:vm1:4)" \
    "$(endpoint 31 "$vip" 6 50001 8080 201)" \
    "$(endpoint 32 "$vip" 6 50002 8080 202)" \
    "$(endpoint 33 "$vip" 17 50011 5353 201)" \
    "$(endpoint 34 "$vip" 6 81 8080 203)"
ok "rules with the same backend port" want h1
is "$(status h1 "flow mistakes")" 0 "no flow was wrong"

by_pool() { steer h1 "$2" 0 0 "$1"; }
by_pool 201 1
is "$(net gw ask tcp "$vip" 50001 a)" "vm1 $client a" "vm1 by its own port"
is "$(net gw ask udp "$vip" 50011 a)" "vm1 $client a" "and by UDP"
by_pool 202 1
is "$(net gw ask tcp "$vip" 50002 a)" "vm2 $client a" "vm2 by its own port"
is "$(net gw ask tcp "$vip" 50001 a)" timeout \
    "a rule does not work with another one's pool"
by_pool 203 8
is "$(net gw ask tcp "$vip" 81 a)" "vm1 $client a" "vm1 by another pool"
by_pool 203 7
is "$(net gw ask tcp "$vip" 81 a)" "vm2 $client a" "and vm2"

# All at the same time: to the VM they differ by the client's port only.
by_pool 100 1
ok "a connection to vm1 by the balanced rule" connect one 80 52001
by_pool 201 1
ok "by its own" connect two 50001 52002
by_pool 203 8
ok "by the other pool" connect three 81 52003
by_pool 100 1
is "$(say one a)" "vm1 $client a" "the first one works"
by_pool 201 1
is "$(say two a)" "vm1 $client a" "so does the second one"
by_pool 203 8
is "$(say three a)" "vm1 $client a" "and the third one"
like "$(on h1 ovs-appctl dpctl/dump-conntrack | sort)" \
    "src=$client,dst=$vip,sport=52001,dport=80.*
.*src=$client,dst=$vip,sport=52002,dport=50001.*
.*src=$client,dst=$vip,sport=52003,dport=81" "each is in conntrack once"

# Two that are the same to the VM: the second one cannot be, and harms nobody.
by_pool 201 1
nok "a second connection with the same addresses for the VM" \
    connect four 50001 52001
by_pool 100 1
is "$(say one b)" "vm1 $client b" "does not come between the first one"

# One after the other they can: what conntrack has of the first one does not
# keep the second one waiting for long.
stop one
# But for what the attempt above has left: a SYN-ACK that the VM repeats has
# that flushed, perhaps when the client's next SYN has just passed.
on h1 ovs-appctl dpctl/flush-conntrack "zone=$(zone h1 rule-31)" \
    "ct_nw_src=$client,ct_nw_dst=$vip,ct_nw_proto=6,ct_tp_src=52001,ct_tp_dst=50001"
wait_until 5 eval "! ip netns exec hst-vm1 ss -Htn | grep -q 52001"
by_pool 201 1
ok "one after the other, with one more SYN at the most" \
    reconnect five 50001 52001
is "$(say five a)" "vm1 $client a" "works"
is "$(say two b)" "vm1 $client b" "as the others do"
by_pool 100 1
is "$(net gw ask tcp "$vip" 80 x)" "vm1 $client x" "and new ones"

# Also when both sides have forgotten the first one without a word.
ok "another connection by the balanced rule" connect six 80 52006
is "$(say six a)" "vm1 $client a" "works"
quiet() { ! ip netns exec "hst-$1" ss -Htn | awk '$2 || $3' | grep -q .; }
wait_until 5 eval "quiet gw && quiet vm1"
stop six USR1
kill -USR1 "${pid[vm1-server]}"
wait_until 5 eval "! ip netns exec hst-vm1 ss -Htn | grep -q ESTAB"
by_pool 201 1
ok "its addresses by another rule" connect seven 50001 52006
is "$(say seven a)" "vm1 $client a" "work"

# A rule goes; the others stay.
by_pool 203 8
ok "a connection by the other pool" connect eight 81 52008
transact '{"op":"delete","table":"Endpoint","where":[["cookie","==",31]]}' \
    '{"op":"delete","table":"Endpoint","where":[["cookie","==",11]]}'
ok "two rules go" want h1
by_pool 203 8
is "$(say eight a)" "vm1 $client a" "the third rule's connections go on"

#!/bin/bash
# A client's port is used again while conntrack still has an old connection
# with it: the VM decides what becomes of that.
. "$(dirname "$0")/host.sh"
plan 41
cloud_up h1 h2 || bail_out "no cloud"
h1=172.16.0.21
h2=172.16.0.22
client=198.51.100.10
client6=2001:db8:51::10
asked=$(stale 1) denied=$(stale 2 11) gone=$(stale 3)

# Has everything that was sent been acknowledged?  What vanishes with
# something on its way would be answered by a RST.
quiet() { ! ip netns exec "hst-$1" ss -Htn | awk '$2 || $3' | grep -q .; }
everything_acked()
{
    local ns
    for ns in gw vm1 vm2 vm3; do
        quiet "$ns" || return 1
    done
}

# Makes sides of connections vanish without FIN or RST: clients made by
# connect, or VMs.
vanish()
{
    local name
    wait_until 5 everything_acked
    for name; do
        case $name in
        vm?) kill -USR1 "${pid[$name-server]}"
             wait_until 5 eval \
                 "! ip netns exec hst-$name ss -Htn | grep -q ESTAB" ;;
        *) stop "$name" USR1 ;;
        esac
    done
}

answered() { [[ $(net gw ask tcp "$vip" 80 x "$1") =~ $2 ]]; }
flushed() { status "$1" "connections flushed" | cut -d" " -f1; }
spoof() { net mux vxlan "$1" 100 "$2" 0 0 "tcp-S/$client/$3/$vip/80" 100; }

# Neither side has it any more.
ok "a connection" connect one 80 47001
is "$(say one a)" "vm1 $client a" "works"
vanish one vm1
ok "client and VM have forgotten it: the next one takes one more SYN" \
    reconnect two 80 47001
is "$(say two a)" "vm1 $client a" "and works"
cmp_ok "$(packets h1 "$denied")" -ge 1 "the VM had said that it has none"
is "$(flushed h1)" 1 "so one connection was flushed"

# The client of this one lives, and somebody else sends SYNs in its name.
before=$(packets h1 "$asked")
spoof $h1 1 47001
ok "100 SYNs of somebody else with the addresses of a connection" \
    wait_until 5 eval '[ "$(packets h1 $asked)" -ge $((before + 90)) ]'
is "$(say two b)" "vm1 $client b" "do it no harm"
is "$(flushed h1)" 1 "nothing is flushed"

# The VM has it still: the client's RST ends it.  (Another connection, since a
# VM limits its answers to strange SYNs.)
ok "another connection" connect three 80 47003
is "$(say three a)" "vm1 $client a" "works"
vanish three
ok "only the client has forgotten it: one more SYN" reconnect four 80 47003
is "$(say four a)" "vm1 $client a" "and it works"
is "$(flushed h1)" 1 "nothing is flushed"

# Nobody listens any more.
vanish two four vm1
stop vm1-server
is "$(net gw ask tcp $vip 80 x 47001)" refused "a VM that refuses is heard"
is "$(flushed h1)" 2 "after a flush"
start vm1-server ip netns exec hst-vm1 /usr/bin/python3 "$netpy" server vm1
wait_until 5 eval 'ip netns exec hst-vm1 ss -Hltn | grep -q :8080'

# Without the agent.
ok "a connection" connect five 80 47004
is "$(say five a)" "vm1 $client a" "works"
vanish five vm1
stop h1-agent KILL
before=$(packets h1 "$denied")
is "$(net gw ask tcp $vip 80 x 47004)" timeout \
    "without the agent the old connection is in the way"
cmp_ok "$(packets h1 "$denied")" -gt "$before" "which is counted"
agent_up h1
wait_until 5 want h1
ok "with the agent it is not" wait_until 20 answered 47004 "vm. $client x"

# IPv6.
steer h1 11
ok "IPv6: a connection" eval 'vip=$vip6 connect six 80 47006'
is "$(say six a)" "vm1 $client6 a" "works"
vanish six vm1
ok "and is made again" eval 'vip=$vip6 reconnect seven 80 47006'
is "$(say seven a)" "vm1 $client6 a" "and works"

# Round the ring: first the others are asked, then home decides.
steer h2 3
ok "a connection to vm3" connect eight 80 47008
is "$(say eight a)" "vm3 $client a" "works"
vanish eight vm3
steer h2 3,1
ok "it is left over with its owner: one more SYN" reconnect ten 80 47008
is "$(say ten a)" "vm3 $client a" \
    "and the owner has it, not the one that was asked"
vanish ten vm3
steer h1 1
ok "another one with its addresses, to vm1" connect eleven 80 47008
steer h2 3,1
is "$(say eleven a)" "vm1 $client a" "works, whoever is its owner now"
before=$(packets h2 "$asked")
spoof $h2 3,1 47008
ok "SYNs of somebody else" \
    wait_until 5 eval '[ "$(packets h2 $asked)" -gt $before ]'
is "$(say eleven b)" "vm1 $client b" "do it no harm"

# The VM has gone.
steer h1 1
ok "a connection to vm1" connect twelve 80 47012
is "$(say twelve a)" "vm1 $client a" "works"
vanish twelve
vsctl h1 remove interface vm1 external_ids attached-mac
wait_until 5 eval '! flows h1 12 | grep -q ct_mark=0x1,'
steer h1 2
ok "its VM goes, another one is the owner" reconnect thirteen 80 47012
is "$(say thirteen a)" "vm2 $client a" "and works"
cmp_ok "$(packets h1 "$gone")" -ge 1 "a SYN for the one that has gone"

# The switch bears with what it is told.
is "$(grep -Ec 'unexpected|the switch cannot' "$tmp/h1/slb-agent.log")" 0 \
    "no errors"
like "$(ofctl h1 dump-meters br-slb)" "controller .*rate=200" \
    "what it hands over is limited"
is "$(status h1 "bundles" | sed 's/.*, //')" "0 refused" "no refusals"

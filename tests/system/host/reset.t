#!/bin/bash
# Rules with enableTcpReset: who sends a segment of a connection that is over
# gets a RST, and nobody else.
. "$(dirname "$0")/host.sh"
in_vip=10.0.1.100
vip_f=20.50.60.12
ha_vip=10.0.1.101
more_vips=($in_vip $vip_f $ha_vip)
cloud_up h1 h2 || bail_out "no cloud"
h1=172.16.0.21
client=198.51.100.10
client6=2001:db8:51::10
reset="Connection reset by peer"
settled=2
vm_reset=0x0b000300000000
lost=$(drop 21)

# tcp_reset COOKIE true|false
tcp_reset()
{
    transact "{\"op\":\"update\",\"table\":\"Endpoint\",
               \"where\":[[\"cookie\",\"==\",$1]],
               \"row\":{\"tcp_reset\":$2}}"
    want h1 h2
}
# is_unhealthy insert|delete INDEX
is_unhealthy()
{
    transact "{\"op\":\"mutate\",\"table\":\"Compiled_Pool\",
               \"where\":[[\"tunnel_key\",\"==\",100]],
               \"mutations\":[[\"unhealthy\",\"$1\",$2]]}"
    want h1 h2
}
# What time-outs will do.
expire() { on "$1" ovs-appctl dpctl/flush-conntrack; }
tracked() { on h1 ovs-appctl dpctl/dump-conntrack | grep -c "sport=$1,"; }
mods() { status h1 "flow mods"; }
flow_count()
{
    ofctl h1 dump-aggregate br-slb | sed 's/.*flow_count=//'
}
sent() { status h1 "packets sent"; }
# Says TEXT by a connection and notes how long the answer takes.
say_quickly()
{
    local begin=${EPOCHREALTIME/[.,]/}
    answer=$(say "$1" "$2")
    took=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
    note "\"$answer\" after $took ms"
    is "$answer" "$reset" "$3"
    cmp_ok "$took" -lt 4000 "at once"
}
# Does a VM have connections?
open_in() { ip netns exec "hst-$1" ss -Htn state established | grep -q ":$2"; }
# A VM sends what it has been asked to say later.
speak() { kill -USR2 "${pid[$1-server]}"; }
# Has a VM learnt that its connection is over?
gone() { speak vm1; ! open_in vm1 "$1"; }

# Without the option both keep quiet.
steer h1 1 $settled
ok "a connection by a rule without" connect four 80 47004
ask_later four a
expire h1
before=$(packets h1 "$lost") unknown_before=$(packets h1 "$unknown")
ok "what the VM sends is dropped and counted" \
    wait_until 5 eval 'speak vm1; [ "$(packets h1 $lost)" -gt "$before" ]'
ok "and it keeps the connection" open_in vm1 47004
is "$(heard four)" timeout "who waits hears nothing"
is "$(say four a)" timeout "the client waits"
cmp_ok "$(packets h1 "$unknown")" -gt "$unknown_before" "which is counted"

# The option is switched on while there is a connection.
ok "a connection" connect one 80 47001
is "$(say one a)" "vm1 $client a" "works"
IFS=", " read -r added _ changed _ deleted _ <<<"$(mods)"
tcp_reset 11 true
is "$(mods)" "$((added + 1)) added, $((changed + 2)) changed, $deleted deleted" \
    "switching it on is a small change"
is "$(say one b)" "vm1 $client b" "that breaks no connection"

# A connection that is forgotten: the client learns it.
expire h1
capture rst gw "tcp[tcpflags] & tcp-rst != 0"
say_quickly one c "a client learns that its connection is over"
rst=$(captured rst)
like "$rst" "$vip.80 > $client.47001: Flags \[R\]" "from where it has sent to"
like "$rst" "cksum 0x[0-9a-f]* \(correct\)" "by a RST with a right checksum"
ok "it can connect again" connect two 80 47001
is "$(say two a)" "vm1 $client a" "which works"

# The VM learns it.
ok "another one" connect three 80 47003
ask_later three a
ok "the VM has it" open_in vm1 47003
expire h1
capture rst vm1 "tcp[tcpflags] & tcp-rst != 0"
ok "a VM learns that its connection is over" \
    wait_until 3 gone 47003
rst=$(captured rst)
like "$rst" "$client.47003 > 10.0.1.4.8080: Flags \[R\]" "from the client"
like "$rst" "cksum 0x[0-9a-f]* \(correct\)" "by a RST with a right checksum"
cmp_ok "$(packets h1 "$vm_reset")" -ge 1 "which is counted"
is "$(net gw ask tcp $vip 80 a)" "vm1 $client a" "new connections work"

# What is answered, and how.
last_is_answered()
{
    tcpdump -nn -r "$tmp/answer.pcap" 2>/dev/null | grep -q '47999: Flags'
}
# answers PACKET [OWNERS [FLAGS]]: the RSTs that it causes.
answers()
{
    local before
    before=$(sent)
    capture answer gw "src host $vip or ip6 src host $vip6"
    net mux vxlan $h1 100 "${2:-1}" "${3:-$settled}" 0 "$1"
    # What comes behind it has been answered.
    net mux vxlan $h1 100 1 $settled 0 "tcp-A/$client/47999/$vip/80"
    wait_until 5 eval "[ \"\$(sent)\" -gt $before ]"
    wait_until 5 last_is_answered
    captured answer | grep -o '[0-9a-f.:]* > [^ ]*: Flags \[R.*win' |
        grep -v 47999 | sed 's/, cksum.*correct),/,/;s/, win//'
}
is "$(answers "tcp-A/$client/47100/$vip/80")" \
    "$vip.80 > $client.47100: Flags [R], seq 1" \
    "an ACK: its number is that of the RST"
is "$(answers "tcp-FPA/$client/47101/$vip/80")" \
    "$vip.80 > $client.47101: Flags [R], seq 1" "FIN"
is "$(answers "tcp-A/$client6/47102/$vip6/80" 11)" "" "IPv6 has no option yet"
is "$(answers "tcp-R/$client/47103/$vip/80")" "" "a RST is not answered"
is "$(answers "tcp-RA/$client/47104/$vip/80")" "" "with ACK neither"
is "$(answers "tcp-SA/$client/47105/$vip/80")" "" "nor is a SYN-ACK"
is "$(answers "tcp-A/$client/47106/$vip/80" 1 0)" "" "nor while a switch is under way"
is "$(answers "tcp-A/$client/47107/$vip/80" 1,9 $settled)" "" \
    "nor before all owners have been asked"
is "$(answers "unreach/$client/47108/$vip/80")" "" "nor an ICMP error"
is "$(answers "part/$client/47109/$vip/80")" "" "nor a fragment"
is "$(answers "tcp-A/$client/47110/$vip/81")" "" "nor for no rule"

# One that does not fit into a connection that is known.
ok "a connection" connect five 80 47005
is "$(say five a)" "vm1 $client a" "works"
is "$(answers "tcp-A/$client/47005/$vip/80")" "" \
    "what does not fit into a connection is not answered"
is "$(say five b)" "vm1 $client b" "which goes on"

# Round the ring.
steer h2 3,1 $settled
is "$(say five c)" "vm1 $client c" "another owner does not know it, this does"
before=$(status h2 "packets sent")
expire h1
say_quickly five d "when nobody does it is over"
cmp_ok "$(status h2 "packets sent")" -gt "$before" "its owner says so"

# IPv6.
tcp_reset 14 true
steer h1 11 $settled
ok "IPv6: a connection" eval 'vip=$vip6 connect six 80 47006'
ask_later six a
expire h1
ok "the VM learns that it is over" wait_until 3 gone 47006
is "$(heard six)" timeout "who waits hears nothing"
say_quickly six b "so does the client"

# Inside the network.
transact "$(vip_row $in_vip)" \
    "$(internal 41 $in_vip 6 80 8080 100 '"tcp_reset":true')" \
    "$(endpoint 42 $vip_f 6 8080 8080 100 '"tcp_reset":true,"floating_ip":true')"
want h1 h2
steer h1 1 $settled
caller=vm3
ok "inside the network: a connection" eval 'vip=$in_vip connect seven 80 47007'
is "$(say seven a)" "vm1 10.0.1.6 a" "works"
expire h1
capture all vm3 "tcp and port 47007"
say_quickly seven b "the client learns that it is over"
unlike "$(captured all)" "10.0.1.4" "from the VIP, not from the VM"
ok "another one" eval 'vip=$in_vip connect eight 80 47008'
ask_later eight a
expire h1
ok "so does the VM, from the client itself" \
    wait_until 3 gone 47008
ok "a connection with the member itself" eval 'vip=10.0.1.4 connect nine 8080 47009'
ask_later nine a
expire h1
wait_until 5 eval 'speak vm1; read -r -t 0 <&"${from[nine]}"'
is "$(heard nine)" "vm1 10.0.1.6 later a" \
    "is nothing to conntrack, and goes on"

# The VM answers a SYN for what only conntrack has had.
ok "a connection" eval 'vip=$in_vip connect ten 80 47010'
is "$(say ten a)" "vm1 10.0.1.6 a" "works"
wait_until 5 tcp_is_quiet hst-vm3
stop ten USR1
kill -USR1 "${pid[vm1-server]}"
wait_until 5 eval '! open_in vm1 47010'
capture all vm3 "tcp and port 47010"
ok "client and VM have forgotten it, and the client connects again" \
    eval 'vip=$in_vip connect eleven 80 47010'
is "$(say eleven a)" "vm1 10.0.1.6 a" "which works"
unlike "$(captured all)" "10.0.1.4" "without a word from the VM itself"

# HA ports.
transact "$(vip_row $ha_vip)" \
    "$(internal 43 $ha_vip 0 0 0 100 '"tcp_reset":true')"
want h1 h2
ok "HA ports: a connection" eval 'vip=$ha_vip connect ha-1 8080 47015'
is "$(say ha-1 a)" "vm1 10.0.1.6 a" "works"
expire h1
say_quickly ha-1 b "the client learns that it is over"
ok "another one" eval 'vip=$ha_vip connect ha-2 8080 47016'
ask_later ha-2 a
expire h1
ok "so does the VM" wait_until 3 gone 47016
caller=gw

# With floating IP.
for vm in vm1 vm2; do
    ip -n "hst-$vm" addr add $vip_f/32 dev lo
done
ok "floating IP: a connection" eval 'vip=$vip_f connect twelve 8080 47012'
ask_later twelve a
expire h1
ok "the VM learns that it is over" wait_until 3 gone 47012
is "$(heard twelve)" timeout "who waits hears nothing"
say_quickly twelve b "so does the client"

# A member that is unhealthy.
ok "a connection" connect healthy 80 47020
ok "a connection" connect idle 80 47021
ok "a connection with floating IP" eval 'vip=$vip_f connect floating 8080 47022'
ok "a connection by a rule without" eval 'vip=$vip_b connect without 80 47023'
for name in healthy idle floating without; do
    is "$(say $name a)" "vm1 $client a" "$name: works"
done
is_unhealthy insert 1
steer h1 2,1 $settled
is "$(say without b)" "vm1 $client b" "without, it goes on while the VM answers"
say_quickly healthy b "its client learns that the member is unhealthy"
ok "the VM learns it" wait_until 3 eval '! open_in vm1 47020'
is "$(tracked 47020)" 0 "and conntrack has forgotten it"
say_quickly floating b "so with floating IP"
ok "the VM, too" wait_until 3 eval '! open_in vm1 47022'
ok "who connects again" connect again 80 47020
is "$(say again a)" "vm2 $client a" "gets another one"
is_unhealthy delete 1
is "$(say idle b)" "vm1 $client b" \
    "who has said nothing before it is well again keeps his connection"

# A SYN that is repeated to a member that is dead.
ip -n hst-vm1 link set eth0 down
steer h1 1 $settled
before=$(packets h1 "$unknown")
net mux vxlan $h1 100 1 $settled 0 "tcp-S/198.51.100.99/47030/$vip/80"
wait_until 5 eval '[ "$(tracked 47030)" = 1 ]'
is_unhealthy insert 1
net mux vxlan $h1 100 2,1 3 0 "tcp-S/198.51.100.99/47030/$vip/80"
ok "a SYN that is repeated to a dead member" \
    wait_until 5 eval '[ "$(tracked 47030)" = 0 ]'
is_unhealthy delete 1
ip -n hst-vm1 link set eth0 up
ip -n hst-vm1 route replace default via 10.0.1.1

# A flood of what nobody knows.
cpu() { awk '{ print $14 + $15 }' "/proc/${pid[h1-agent]}/stat"; }
answered() { [ "$(net gw ask tcp $vip 80 x "$1")" = "vm1 $client x" ]; }
ok "a connection" wait_until 10 answered 47040
ok "one that will be left over" connect left 80 47041
is "$(say left a)" "vm1 $client a" "works"
wait_until 5 tcp_is_quiet hst-gw
stop left USR1
kill -USR1 "${pid[vm1-server]}"
wait_until 5 eval '! open_in vm1 47041'
ok "one that goes on" connect on 80 47042
for i in 3 4 5 6; do
    ok "one whose member will be unhealthy" connect "ill-$i" 80 4704$i
    is "$(say "ill-$i" a)" "vm1 $client a" "works"
done
cpu_before=$(cpu) sent_before=$(sent) flows_before=$(flow_count)
start flood ip netns exec hst-mux /usr/bin/python3 "$netpy" flood $h1 100 1 \
    $settled "tcp-A/198.51.100.77/1/$vip/80" 8
sleep 1
# is_reset NAME: who repeats his segments hears it, though some may be lost.
is_reset()
{
    local i
    for i in 1 2 3; do
        case $(say "$1" b) in
        "$reset") return 0 ;;
        timeout) ;;
        *) return 1 ;;
        esac
    done
    return 1
}
# How many packets has a meter held back?
held_back()
{
    ofctl h1 meter-stats br-slb meter="$1" |
        sed -n 's/^0: packet_count:\([0-9]*\).*/\1/p'
}
is_unhealthy insert 1
for i in 3 4 5 6; do
    begin=${EPOCHREALTIME/[.,]/}
    ok "in a flood, who has one with an unhealthy member learns it" \
        is_reset "ill-$i"
    note "after $(((${EPOCHREALTIME/[.,]/} - begin) / 1000)) ms"
done
is "$(held_back 2)" 0 "none of what they have sent was held back"
cmp_ok "$(held_back 1)" -gt 0 "as most of the flood was"
is_unhealthy delete 1
# goes_on TEXT: it is answered.  In the flood that may take its time, so that
# it is said once more.
goes_on()
{
    local i
    echo "$1" >&"${to[on]}"
    for i in 1 2 3 4; do
        case $(heard on) in
        "vm1 $client $1") return 0 ;;
        "vm1 $client "*) ;;     # Late.
        timeout) echo "$1" >&"${to[on]}" ;;
        *) return 1 ;;
        esac
    done
    return 1
}
ok "a connection goes on" goes_on a
ok "one that is left over is found out" wait_until 20 answered 47041
ok "the other one goes on" goes_on b
wait "${pid[flood]}"
unset "pid[flood]"
n=$(<"$tmp/flood.out") spent=$(($(cpu) - cpu_before))
answers=$(($(sent) - sent_before))
note "$n segments in 8 s, $answers answers, $((spent * 10 / 8)) ms CPU a second"
cmp_ok "$answers" -le 11000 "no more than the meter lets through"
cmp_ok "$spent" -lt 200 "the agent does not mind"

# An agent that starts again changes nothing.  (In the flood the gateway may not
# have been heard of for a moment.)
as_before() { [ "$(flow_count)" = "$flows_before" ]; }
wait_until 30 as_before
stop h1-agent KILL
agent_up h1
wait_until 5 want h1
is "$(mods)" "0 added, 0 changed, 0 deleted" "a new agent changes no flow"

# As after a restart of the switch, if somebody has put back its flows, but not
# its meters: they hand over all that comes.
ofctl h1 dump-flows --no-stats br-slb | sed 1d >"$tmp/saved"
stop h1-agent KILL
ofctl h1 del-flows br-slb
ofctl h1 del-meters br-slb
ok "flows that are put back without their meters" \
    ofctl h1 --bundle add-flows br-slb "$tmp/saved"
is "$(ofctl h1 dump-meters br-slb | grep -c meter=)" 0 "which are gone"
agent_up h1
wait_until 5 want h1
metered()
{
    ofctl h1 meter-stats br-slb meter="$1" |
        sed -n 's/.*packet_in_count:\([0-9]*\).*/\1/p'
}
before=$(metered 1)
is "$(answers "tcp-A/$client/47112/$vip/80")" \
    "$vip.80 > $client.47112: Flags [R], seq 1" "work with a new agent"
cmp_ok "$(metered 1)" -gt "$before" "and are metered"
say_quickly_after() { expire h1; say_quickly "$@"; }
say_quickly_after on c "and resets as well"

# What time-outs really do: of a rule with four minutes, now of 1.5 s each.
vsctl h1 set open_vswitch . external_ids:slb-debug-minute-ms=1500
ok "a rule's time is short" \
    wait_until eval '[ "$(idle_seconds h1 rule-11)" = 6 ]'
want h1
ok "a connection" connect idle-1 80 47050
is "$(say idle-1 a)" "vm1 $client a" "works"
is "$(tracked 47050)" 1 "conntrack has it"
ok "another one" connect idle-2 80 47051
ask_later idle-2 a
is "$(tracked 47051)" 1 "as well"
ok "until they have been idle for too long" \
    wait_until 30 eval '[ "$(tracked 47050) $(tracked 47051)" = "0 0" ]'
ok "the VM has both" eval 'open_in vm1 47050 && open_in vm1 47051'
say_quickly idle-1 b "the client learns that its connection is over"
# Userspace conntrack tidies up each 20 s; until then what a VM sends is invalid
# to it, and the VM has to repeat it.
before=$(packets h1 "$vm_reset")
ok "so does the VM" wait_until 60 gone 47051
cmp_ok "$(packets h1 "$vm_reset")" -gt "$before" "which is counted"
is "$(status h1 "flow mistakes")" 0 "no flow was wrong"
is "$(grep -Ec 'unexpected|the switch cannot' "$tmp/h1/slb-agent.log")" 0 \
    "no errors"
done_testing

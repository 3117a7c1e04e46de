#!/bin/bash
# The switch of a host answers muxes that measure, and nobody else.
. "$(dirname "$0")/host.sh"
plan 21
cloud_up h1 || bail_out "no cloud"

namespaces hst stranger
plug stranger
ip -n hst-stranger addr add 172.16.0.66/24 dev eth0
# Host h2, which the database names, does not run.
namespaces hst other
plug other
ip -n hst-other addr add 172.16.0.22/24 dev eth0

# What comes back: the steering header's mark, and the answer.
tunnel="src host 172.16.0.21 and udp dst port 4789 and udp[16:2] = 0x0ef0"
capture served mux "$tunnel and udp[22:2] = 0x0e11"
capture refused mux "$tunnel and udp[22:2] = 0x0e10"
capture vm1 vm1 "net 169.254.192.0/18 or host fe80::534c:4276:0:7"
capture other other "udp src port 4789 or udp dst port 4789"
capture stranger stranger "udp src port 4789 or udp dst port 4789"

served=0x000a000100000064
source4=169.254.192.7 source6=fe80::534c:4276:0:7
above() { [ "$(packets h1 "$1")" -gt "$2" ]; }
# send FROM KEY OWNER PACKET
send() { net "$1" vxlan 172.16.0.21 "$2" "$3" 0 15 "$4"; }
counted()       # COOKIE FROM KEY OWNER PACKET
{
    local n
    n=$(packets h1 "$1")
    send "${@:2}"
    wait_until 5 above "$1" "$n"
}
refused() { printf '0x000a0002%08x' "$1"; }

ok "a mux that measures is answered" \
    counted $served mux 100 1 "tcp-PA/$source4/2000/$vip/80"
ok "by UDP as well" counted $served mux 100 2 "udp/$source4/2000/$vip/53"
ok "by IPv6 as well" \
    counted $served mux 100 11 "tcp-PA/$source6/2000/$vip6/80"
ok "a member on another host is refused" \
    counted "$(refused 18)" mux 100 3 "tcp-PA/$source4/2000/$vip/80"
ok "one that is nowhere, too" \
    counted "$(refused 18)" mux 100 99 "tcp-PA/$source4/2000/$vip/80"
ok "a port without a rule" \
    counted "$(refused 4)" mux 100 1 "tcp-PA/$source4/2000/$vip/81"
ok "a VIP that is not known here" \
    counted "$(refused 4)" mux 100 1 "tcp-PA/$source4/2000/20.50.60.99/80"
ok "a key that is not known here" \
    counted "$(refused 2)" mux 77 1 "tcp-PA/$source4/2000/$vip/80"
is "$(on h1 ovs-appctl dpctl/dump-conntrack | grep -Ec '169\.254|fe80')" 0 \
    "conntrack remembers nothing of it"

ok "another host is not answered" \
    counted "$(drop 23)" other 100 1 "tcp-PA/$source4/2000/$vip/80"
ok "whatever it asks for" \
    counted "$(drop 23)" other 77 1 "tcp-PA/$source4/2000/$vip/80"
ok "nor is a stranger" \
    counted "$stranger" stranger 100 1 "tcp-PA/$source4/2000/$vip/80"

# The flows that count are those of everybody.
ofctl h1 --no-stats dump-flows br-slb "table=4,tcp,nw_dst=$vip,tp_dst=80" |
    grep table= >"$tmp/flow"
is "$(wc -l <"$tmp/flow")" 1 "a rule has a flow"
ofctl h1 --strict del-flows br-slb \
    "table=4,priority=100,tun_id=100,tcp,nw_dst=$vip,tp_dst=80"
ok "without it the mux learns of that" \
    counted "$(refused 4)" mux 100 1 "tcp-PA/$source4/2000/$vip/80"
ofctl h1 add-flow br-slb "$(<"$tmp/flow")"
stop h1-agent KILL
ok "without an agent the switch still answers" \
    counted $served mux 100 1 "tcp-PA/$source4/2000/$vip/80"

is "$(net gw ask tcp $vip 80 x)" "vm1 198.51.100.10 x" \
    "a client's packets get to the VM"
is "$(captured served | grep -c '172.16.0.21')" 4 \
    "each was answered once: it is served"
is "$(captured refused | grep -c '172.16.0.21')" 6 "or refused"
is "$(captured other | grep -c '172.16.0.21.*> 172.16.0.22')" 0 \
    "nothing has come back to a host"
is "$(captured stranger | grep -c '172.16.0.21.*> 172.16.0.66')" 0 \
    "or to the stranger"
is "$(captured vm1)" "" "no VM has seen any of it"

#!/bin/bash
# VXLAN from a node that is not in the database is dropped and counted.
. "$(dirname "$0")/host.sh"
plan 6
cloud_up h1 || bail_out "no cloud"

namespaces hst stranger
plug stranger
ip -n hst-stranger addr add 172.16.0.66/24 dev eth0
capture vm vm1 "udp port 5353"

send()
{
    local n
    n=$(packets h1 "$2")
    net "$1" vxlan 172.16.0.21 "$3" 1 0 0 udp/198.51.100.10/42000/$vip/53
    wait_until 3 eval "[ \$(packets h1 $2) -gt $n ]"
}

ok "a stranger's packet is dropped and counted" send stranger "$stranger" 100
ok "as is one under a network's key" send stranger "$stranger" 1
ok "a mux's under a key of nobody here, too" send mux "$(drop 2)" 77
transact '{"op":"insert","table":"Mux","row":{"name":"mux9",
          "vtep":"172.16.0.66","mux_set":"default"}}'
want h1
ok "once it is a mux it is none" send stranger 0x4000100000064 100
transact '{"op":"delete","table":"Mux","where":[["name","==","mux9"]]}'
want h1
ok "and one again when it goes" send stranger "$stranger" 100
is "$(captured vm | grep -c '> 10.0.1.4.5353')" 1 \
    "the VM got the one that was not a stranger's"

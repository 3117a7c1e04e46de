#!/bin/bash
# Only from where nodes are may one tunnel to the muxes' common VTEP.
. "$(dirname "$0")/../../lib/tap.sh"
. "$(dirname "$0")/mux.sh"
plan 12

# Sends a packet to the common VTEP, from SOURCE.
tunnel()        # SOURCE
{
    in_ns host timeout 10 /usr/bin/python3 -B - "$srcdir/tests/lib" "$1" \
        "$anycast" "$vip" <<'END'
import socket
import sys
sys.path.insert(0, sys.argv[1])
import muxnode
source, anycast, vip = sys.argv[2:]
mux, host = '02:00:00:00:00:11', '02:00:00:00:0f:0f'
inner = muxnode.tcp_frame(host, mux, '10.0.1.9', 40000, vip, 80)
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(('eth0', 0))
s.send(muxnode.vxlan_frame(host, mux, source, anycast, 5, inner))
END
}
figure() { appctl vswitchd slb/stats | awk -v n="$1" '$1 == n { print $2 }'; }
figure_is() { [ "$(figure "$1")" = "$2" ]; }
fabric_is() { mux_status | grep -qx "nodes' VTEPs are in: $1"; }
prefixes()      # PREFIXES
{
    db '["SLB", {"op": "update", "table": "SLB_Global", "where": [],
        "row": {"options": ["map", [["vtep-prefixes", "'"$1"'"]]]}},
        {"op": "mutate", "table": "Node", "where": [],
         "mutations": [["wanted", "+=", 1]]}]' >/dev/null
}

ok "the mux announces" mux_up_announced
ok "nodes are on the link of the mux's VTEP" \
    fabric_is "172.16.0.0/24 172.16.0.11/32"
tunnel 172.16.0.21
ok "from there it is forwarded" wait_until figure_is tunnelled 1
tunnel 172.17.0.21
ok "from elsewhere it is not" wait_until figure_is drop_stranger 1

prefixes 172.17.0.0/16
ok "the operator says where else they are" \
    wait_until fabric_is "172.16.0.0/24 172.16.0.11/32 172.17.0.0/16"
ok "which is in force" wait_until applied
tunnel 172.17.0.21
ok "from there it is forwarded, too" wait_until figure_is tunnelled 2
tunnel 172.18.0.21
ok "from elsewhere it is still not" wait_until figure_is drop_stranger 2

ip -n mxa-mux addr del 172.16.0.11/24 dev br-mux
ip -n mxa-mux addr add 172.16.0.11/25 dev br-mux
ok "a change of the link's prefix is seen" \
    wait_until fabric_is "172.16.0.0/25 172.16.0.11/32 172.17.0.0/16"

prefixes "172.19.0.0/16, nowhere"
ok "what is no prefix is left out" \
    wait_until fabric_is "172.16.0.0/25 172.16.0.11/32 172.19.0.0/16"
ok "and complained about" grep -q 'vtep-prefixes "172.19.0.0/16, nowhere"' \
    "$tmp/mux/agent.log"
is "$(figure tunnelled) $(figure drop_stranger)" "2 2" "nothing else came"

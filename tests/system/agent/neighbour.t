#!/bin/bash
# Next hops are resolved, followed when they change, and noticed when they die.
. "$(dirname "$0")/../../lib/tap.sh"

[ "$(id -u)" = 0 ] || skip_all "needs root"
plan 20

# node (eth0) -- bridge in sw -- peers a, b; a routes to 10.9.0.0/24.
declare -A address=([node]=10.8.0.1 [a]=10.8.0.2 [b]=10.8.0.3)
namespaces nbr sw node a b
ip -n nbr-sw link add br0 type bridge
ip -n nbr-sw link set br0 up
for ns in node a b; do
    ip -n "nbr-$ns" link add eth0 type veth peer name "$ns" netns nbr-sw
    ip -n "nbr-$ns" addr add "${address[$ns]}/24" dev eth0
    ip -n "nbr-$ns" addr add "fd08::${address[$ns]##*.}/64" dev eth0 nodad
    ip -n "nbr-$ns" link set eth0 up
    ip -n nbr-sw link set dev "$ns" master br0 up
done

mac() { ip netns exec "nbr-$1" cat /sys/class/net/eth0/address; }
node=$(mac node) a=$(mac a) b=$(mac b)

# The last line that the program printed about an address.
last() { grep "^$1 " "$tmp/watch.out" | tail -n 1; }
says() { [ "$(last "$1")" = "$1 $2" ]; }
show() { timeout 10 ovs-appctl -t "$tmp/watch.ctl" slb/neighbours; }

addresses=(10.8.0.2 10.8.0.3 10.8.0.99 fd08::2 10.9.0.7 0.0.0.0 10.8.0.1
           ::ffff:10.8.0.2)
start watch ip netns exec nbr-node \
    "$builddir/tests/system/agent/neighbour-watch" \
    --unixctl="$tmp/watch.ctl" "${addresses[@]}"

direct="reachable eth0 $node"
ok "a neighbour" wait_until says 10.8.0.2 "$direct $a 10.8.0.2"
ok "another one" wait_until says 10.8.0.3 "$direct $b 10.8.0.3"
ok "over IPv6" wait_until says fd08::2 "$direct $a fd08::2"
ok "no route: not reachable" \
    eval 'show | grep -q "^10.9.0.7 no route"'
ok "no default route" eval 'show | grep -q "^0.0.0.0 no route"'
ok "an own address is no next hop" eval 'show | grep -q "^10.8.0.1 no route"'
is "$(last 10.8.0.99)" "" "one that does not exist never was reachable"
ok "though there is a route" \
    eval 'show | grep -q "^10.8.0.99 via 10.8.0.99 dev eth0 .*not reachable"'

# Routes.
ip -n nbr-node route add 10.9.0.0/24 via 10.8.0.2
ok "a route appears" wait_until says 10.9.0.7 "$direct $a 10.8.0.2"
ip -n nbr-node route replace 10.9.0.0/24 via 10.8.0.3
ok "and changes" wait_until says 10.9.0.7 "$direct $b 10.8.0.3"
ip -n nbr-node route replace blackhole 10.9.0.0/24
ok "and becomes a blackhole" wait_until says 10.9.0.7 unreachable
ip -n nbr-node route add default via 10.8.0.3 metric 20
ip -n nbr-node route add default via 10.8.0.2 metric 10
ok "the gateway of the best default route" \
    wait_until says 0.0.0.0 "$direct $a 10.8.0.2"
ip -n nbr-node route del default via 10.8.0.2
ok "and of the next one" wait_until says 0.0.0.0 "$direct $b 10.8.0.3"

# Another MAC, silently: no gratuitous ARP, no traffic.  An entry whose old
# station does not answer any more is asked for by broadcast.
ip -n nbr-a link set eth0 down
ip netns exec nbr-a sysctl -qw net.ipv4.conf.eth0.arp_notify=0
ip -n nbr-a link set eth0 address 02:00:00:00:0a:02
ip -n nbr-a link set eth0 up
ok "a neighbour has another MAC" \
    wait_until 30 says 10.8.0.2 "$direct 02:00:00:00:0a:02 10.8.0.2"

# The node's own MAC.
ip -n nbr-node link set eth0 address 02:00:00:00:0a:01
direct="reachable eth0 02:00:00:00:0a:01"
ok "so has the node" \
    wait_until says 10.8.0.2 "$direct 02:00:00:00:0a:02 10.8.0.2"

# Death without a word.
before=${EPOCHREALTIME/[.,]/}
ip -n nbr-sw link set dev b nomaster
ok "a dead neighbour is noticed" wait_until 30 says 10.8.0.3 unreachable
note "after $(((${EPOCHREALTIME/[.,]/} - before) / 1000)) ms"
ip -n nbr-sw link set dev b master br0
ok "and when it is back" wait_until 8 says 10.8.0.3 "$direct $b 10.8.0.3"

# More notifications than the socket holds, while nobody reads it.
kill -STOP "${pid[watch]}"
for i in 1 2 3 4; do
    for ((j = 0; j < 4000; j++)); do
        echo "route add 10.$((10 + i)).$((j / 250)).$((j % 250)) dev eth0"
    done
done | ip -n nbr-node -batch -
ip -n nbr-node route replace 10.9.0.0/24 via 10.8.0.2
ip -n nbr-node link set eth0 address 02:00:00:00:0b:01
direct="reachable eth0 02:00:00:00:0b:01"
kill -CONT "${pid[watch]}"
ok "after an overrun, the route" \
    wait_until says 10.9.0.7 "$direct 02:00:00:00:0a:02 10.8.0.2"
ok "and the links are right" \
    wait_until says 10.8.0.3 "$direct $b 10.8.0.3"
like "$(show | head -n 1)" ' [1-9][0-9]* overruns' "and it was one"
note "$(show | head -n 1)"

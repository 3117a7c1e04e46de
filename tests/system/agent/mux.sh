# shellcheck shell=bash
# A mux with everything real, for the tests of slb-agent's role "mux".
#
#     . "$(dirname "$0")/mux.sh"      (after tap.sh)
#     mux_up
#
# makes these namespaces, all on one Ethernet:
#
#     mxa-router  172.16.0.1    FRR: what is announced ends in its routes
#     mxa-control 172.16.0.5    ovsdb-server with the SLB database, filled by
#                               hand as the manager would
#     mxa-mux     172.16.0.11   slb-vswitchd (userspace datapath), FRR,
#                               slb-agent
#     mxa-host    172.16.0.21   answers ARP: a VTEP; .22 is not there
#
# Each has its own run directory, $tmp/NAME.  What "ip monitor" says about the
# routes of the router and the mux is in $tmp/router-monitor.out and
# $tmp/mux-monitor.out, with time stamps, in UTC like those of the logs.
#
# With $mux_dpdk set, the mux's uplink is a port of DPDK's, so that a thread of
# its own forwards.

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -x /usr/lib/frr/bgpd ] || skip_all "needs FRR"

frr=/usr/lib/frr
vip=20.50.60.10
vip6=2001:db8:20::10
anycast=172.16.0.100
uplink=eth0

in_ns() { ip netns exec "mxa-$1" "${@:2}"; }
on_mux()
{
    in_ns mux env OVS_RUNDIR="$tmp/mux" OVS_LOGDIR="$tmp/mux" \
        OVS_DBDIR="$tmp/mux" "$@"
}
vsctl() { on_mux timeout 10 ovs-vsctl -t 8 "$@"; }
appctl() { on_mux timeout 10 ovs-appctl -t "$tmp/mux/$1.ctl" "${@:2}"; }
now_us() { echo "${EPOCHREALTIME/[.,]/}"; }

# Microseconds since 1970 of the time stamp at the beginning of a line, as ip
# ("[2026-11-22T03:57:57.123456]") and OVS ("2026-11-22T03:57:57.123Z|") write
# it; empty for an empty line.
stamp_us()
{
    local t=${1#[}
    t=${t%%[]Z]*}
    [ -z "$t" ] || echo "$(date -d "$t" +%s%6N)"
}

# Time of the last line in a file that matches.
last_us()       # FILE REGEX
{
    stamp_us "$(grep -E "$2" "$1" | tail -n 1)"
}
agent_us() { last_us "$tmp/mux/agent.log" "$1"; }
router_us() { last_us "$tmp/router-monitor.out" "$1"; }

# How much the monitors and the agent have written.
lines() { wc -l <"$1"; }

db() { in_ns control timeout 10 ovsdb-client -t 8 transact \
    tcp:172.16.0.5:6640 "$1"; }

# Rows.
db_global()
{
    db '["SLB", {"op": "insert", "table": "SLB_Global", "row": {
        "hash_key": "000102030405060708090a0b0c0d0e0f",
        "anycast_vtep": "'"$anycast"'"}}]'
}
# A pool of two members, the second on a host that is not there.
db_pool()
{
    db '["SLB",
    {"op": "insert", "table": "Generation", "uuid-name": "g", "row": {
        "pool_key": 17, "number": 1, "state": "current",
        "weights": ["map", [[1, 1], [2, 1]]], "switched_at": 1}},
    {"op": "insert", "table": "Compiled_Pool", "row": {
        "name": "web/backendPools/servers", "tunnel_key": 17,
        "network_key": 5, "slots_log2": 9,
        "members": ["map", [[1, "vm1"], [2, "vm2"]]],
        "addresses": ["map", [[1, "10.0.1.4"], [2, "10.0.1.5"]]],
        "vteps": ["map", [[1, "172.16.0.21"],
                          [2, "'"${1:-172.16.0.21}"'"]]],
        "generations": ["named-uuid", "g"]}}]'
}
db_vip()        # ADDRESS COOKIE
{
    db '["SLB",
    {"op": "insert", "table": "VIP", "row": {"network_key": 0,
        "address": "'"$1"'", "frontend": "web/frontends/public",
        "mux_set": "default"}},
    {"op": "insert", "table": "Endpoint", "row": {"network_key": 0,
        "vip": "'"$1"'", "protocol": 6, "port": 80, "pool_key": 17,
        "backend_port": 8080, "load_distribution": "Default",
        "idle_timeout": 240, "rule": "web/rules/http", "cookie": '"$2"'}},
    {"op": "mutate", "table": "Node", "where": [],
        "mutations": [["wanted", "+=", 1]]}]'
}
db_no_vip()     # ADDRESS
{
    db '["SLB",
    {"op": "delete", "table": "VIP", "where": [["address", "==", "'"$1"'"]]},
    {"op": "delete", "table": "Endpoint",
        "where": [["vip", "==", "'"$1"'"]]},
    {"op": "mutate", "table": "Node", "where": [],
        "mutations": [["wanted", "+=", 1]]}]'
}
db_node()       # COLUMN
{
    db '["SLB", {"op": "select", "table": "Node", "where": [],
        "columns": ["'"$1"'"]}]' | sed -n 's/.*"'"$1"'":"*\([^"}]*\).*/\1/p'
}
applied() { [ "$(db_node applied)" = "$(db_node wanted)" ]; }

# The router's and the mux's routes.
has_route() { ip -n mxa-router route show "$1" | grep -q proto; }
has_route6() { ip -n mxa-router -6 route show "$1" | grep -q proto; }
has_no_route() { ! has_route "$1"; }
mux_route() { ip -n mxa-mux route show "$1" proto 200 | grep -q blackhole; }
mux_no_route() { ! mux_route "$1"; }

# How often the router has lost the mux: its BFD gives up after 300 ms, in which
# a machine that stands still says nothing.
downs()
{
    vty router -c 'show bfd peers counters' |
        awk '/Session down events/ { n += $NF } END { print n + 0 }'
}

# The VIP's route has just been seen to go: the datapath forwards it for 2 s
# (LINGER_MS).
still_forwarded()       # ADDRESS DESC
{
    local seen shown
    seen=$(now_us)
    shown=$(appctl vswitchd slb/show)
    if [ $(($(now_us) - seen)) -gt 1500000 ]; then
        skip 1 "it took too long to look at the datapath"
    else
        like "$shown" "$1" "$2"
    fi
}

# Processes.
start_frr()     # NAME PROGRAM
{
    local d=$tmp/$1 more=()
    if [ "$2" = bfdd ]; then
        more=(--bfdctl "$d/bfdd.sock")
    fi
    start "$1-$2" ip netns exec "mxa-$1" "$frr/$2" -u frr -g frr -P 0 \
        -z "$d/zserv.api" -i "$d/$2.pid" -f /dev/null --vty_socket "$d" \
        --log "file:$d/$2.log" "${more[@]}"
}
vty() { in_ns "$1" timeout 10 vtysh --vty_socket "$tmp/$1" "${@:2}"; }
frr_up()        # NAME
{
    local p
    chown frr:frr "$tmp/$1"
    for p in zebra bfdd bgpd; do
        start_frr "$1" "$p"
        wait_until 5 test -S "$tmp/$1/$p.vty"
    done
    vty "$1" -f "$tmp/$1/frr.conf" >/dev/null
}
start_slb_db()
{
    start slb-db ip netns exec mxa-control ovsdb-server "$tmp/slb.db" \
        --remote=ptcp:6640:172.16.0.5 --unixctl="$tmp/control/db.ctl" \
        --log-file="$tmp/control/db.log" -vconsole:off
}
start_vswitchd()
{
    start vswitchd ip netns exec mxa-mux env OVS_RUNDIR="$tmp/mux" \
        OVS_LOGDIR="$tmp/mux" OVS_DBDIR="$tmp/mux" \
        RUNTIME_DIRECTORY="$tmp/mux" \
        "$builddir/ovs-ext/slb-vswitchd" "unix:$tmp/mux/db.sock" \
        --unixctl="$tmp/mux/vswitchd.ctl" --log-file="$tmp/mux/vswitchd.log" \
        -vconsole:off --disable-system
}
start_agent()
{
    start agent ip netns exec mxa-mux env OVS_RUNDIR="$tmp/mux" \
        OVS_LOGDIR="$tmp/mux" OVS_DBDIR="$tmp/mux" \
        "$builddir/controller/slb-agent" --role=mux \
        --unixctl="$tmp/mux/agent.ctl" --log-file="$tmp/mux/agent.log" \
        -vconsole:off
}
mux_status() { appctl agent slb/mux-status; }
status_is() { mux_status 2>/dev/null | grep -q "^$1: $2"; }
vswitchd_runs() { appctl vswitchd version >/dev/null 2>&1; }

no_offload()    # NAME DEVICE
{
    in_ns "$1" ethtool -K "$2" tx off rx off sg off tso off gso off gro off \
        >/dev/null 2>&1
}

mux_net()
{
    local name address
    namespaces mxa sw router control mux host
    for name in sw router control mux host; do
        mkdir "$tmp/$name"
    done
    chmod 755 "$tmp"
    ip -n mxa-sw link add br0 type bridge
    ip -n mxa-sw link set br0 up
    while read -r name address; do
        ip -n "mxa-$name" link add eth0 type veth peer name "$name" \
            netns mxa-sw
        no_offload sw "$name"
        no_offload "$name" eth0
        [ "$name" = mux ] ||
            ip -n "mxa-$name" addr add "$address/24" dev eth0
        ip -n mxa-sw link set dev "$name" master br0 up
    done <<END
router 172.16.0.1
control 172.16.0.5
mux 172.16.0.11
host 172.16.0.21
END
    in_ns mux ip link set eth0 arp off
    in_ns mux sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
    for name in router control mux host; do
        ip -n "mxa-$name" link set eth0 up
    done
}

# Has the datapath's threads poll, with DPDK.
mux_dpdk()
{
    local cores
    cores=$(taskset -pc $$)
    cores=${cores##*[ ,-]}
    start hugepages /usr/bin/python3 -B -c '
import signal, sys
sys.path.insert(0, sys.argv[1])
import muxnode
muxnode.end_on_signals()
with muxnode.Hugepages(320):
    print("taken", flush=True)
    signal.pause()' "$srcdir/tests/lib"
    wait_until 5 grep -q taken "$tmp/hugepages.out" ||
        skip_all "no huge pages to be had"
    vsctl --no-wait set Open_vSwitch . other_config:dpdk-init=true \
        other_config:pmd-cpu-mask="$(printf '0x%x' $((1 << cores)))" \
        other_config:pmd-maxsleep=100 other_config:dpdk-socket-mem=64 \
        other_config:per-port-memory=true \
        other_config:dpdk-extra="--no-pci --no-telemetry"
}

mux_ovs()
{
    local share=$srcdir/ovs/src
    ovsdb-tool create "$tmp/mux/conf.db" "$share/vswitchd/vswitch.ovsschema"
    start mux-db ip netns exec mxa-mux ovsdb-server "$tmp/mux/conf.db" \
        --remote="punix:$tmp/mux/db.sock" --unixctl="$tmp/mux/db.ctl" \
        --log-file="$tmp/mux/db.log" -vconsole:off
    wait_until 5 test -S "$tmp/mux/db.sock"
    vsctl --no-wait init -- set Open_vSwitch . external_ids:system-id=mux1 \
        external_ids:slb-remote=tcp:172.16.0.5:6640 \
        external_ids:slb-encap-ip=172.16.0.11
    [ -z "${mux_dpdk:-}" ] || mux_dpdk
    start_vswitchd
    wait_until 10 vswitchd_runs
    vsctl add-br br-mux -- set bridge br-mux datapath_type=netdev \
        fail_mode=secure other-config:hwaddr=02:00:00:00:00:11
    if [ -n "${mux_dpdk:-}" ]; then
        uplink=uplink
        vsctl add-port br-mux uplink -- set interface uplink type=dpdk \
            options:dpdk-devargs='"net_af_packet0,iface=eth0,framesz=2048,blocksz=4096,framecnt=16384,qpairs=1"'
    else
        vsctl add-port br-mux eth0
    fi
    vsctl add-port br-mux slb0 \
        -- set interface slb0 type=slbmux "options:underlay=$uplink"
    no_offload mux br-mux
    ip -n mxa-mux addr add 172.16.0.11/24 dev br-mux
    ip -n mxa-mux link set br-mux up
    ip -n mxa-mux route add default via 172.16.0.1
}

mux_frr()
{
    sed -e 's/@NODE@/router/; s/@AS@/65000/; s/@ADDRESS@/172.16.0.1/' \
        -e 's,@FABRIC@,172.16.0.0/24,' \
        "$srcdir/vagrant/frr/router.conf.in" >"$tmp/router/frr.conf"
    sed -e 's/@NODE@/mux1/; s/@AS@/65001/; s/@ADDRESS@/172.16.0.11/' \
        -e 's/@ROUTER@/172.16.0.1/; s/@ROUTER_AS@/65000/' \
        "$srcdir/vagrant/frr/mux.conf.in" >"$tmp/mux/frr.conf"
    frr_up router
    frr_up mux
}

# Everything but the agent; the database is empty.
mux_up()
{
    TZ=UTC
    export TZ
    mux_net
    ovsdb-tool create "$tmp/slb.db" "$srcdir/controller/slb.ovsschema"
    start_slb_db
    mux_ovs
    mux_frr
    start router-monitor ip -n mxa-router -ts monitor route
    start mux-monitor ip -n mxa-mux -ts monitor route
}

# All of it, with one VIP of each family, announced.
mux_up_announced()
{
    mux_up
    db_global >/dev/null
    db_pool >/dev/null
    db_vip "$vip" 1 >/dev/null
    db_vip "$vip6" 2 >/dev/null
    start_agent
    wait_until 20 has_route "$vip" && wait_until 5 has_route6 "$vip6" &&
        wait_until 10 bfd_is_up && wait_until 5 applied
}
bfd_is_up() { vty router -c 'show bfd peers brief' | grep -q 'up *$'; }

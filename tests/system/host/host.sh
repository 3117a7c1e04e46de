# shellcheck shell=bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Hosts of a small cloud, for the tests in this directory.
#
#     hst-gw    the world: client 198.51.100.10, router 172.16.0.1
#     hst-mux   172.16.0.11, sends what comes for a VIP as steer says; also
#               172.16.0.100, the muxes' common VTEP
#     hst-h1    172.16.0.21, VMs vm1 10.0.1.4, vm2 10.0.1.5
#     hst-h2    172.16.0.22, VM vm3 10.0.1.6
#     hst-sw    the fabric between them
#
# Hosts run stock Open vSwitch with the userspace datapath, each its own.
# There is no manager: cloud_database writes what it would have compiled.
#
#     cloud_up HOST...         everything, with these hosts (h1, h2)
#     agent_up HOST [PROGRAM...]
#                              starts HOST's agent, as what PROGRAM executes,
#                              and waits for its flows
#     vm_plug HOST VM [-- COMMAND]
#                              plugs a VM in, after a command for ovs-vsctl
#     transact OP...           JSON operations on the SLB database
#     vsctl HOST COMMAND...    ovs-vsctl on a host's own database
#     want HOST...             asks for an acknowledgement and waits for it
#     steer HOST OWNERS [FLAGS [HOP [POOL]]]
#                              how the mux sends from now on: to HOST, with
#                              the comma separated OWNERS, FLAGS 1 is recent
#     on HOST PROGRAM...       runs an ovs-* program for HOST's switch
#     flows HOST TABLE [MATCH]     the flows of a table of pipeline.h
#     packets HOST COOKIE      how many met the flows with that cookie
#     status HOST NAME         a line of the agent's slb/status
#     zone HOST NAME           the number of a conntrack zone, as rule-COOKIE
#     idle_seconds HOST NAME   how long connections in it may be idle
#     net NS COMMAND...        runs net.py in a namespace
#     connect NAME PORT [SOURCE_PORT]
#                              opens a TCP connection from the client (or
#                              the namespace in $caller) to $vip
#     reconnect NAME PORT SOURCE_PORT
#                              the same from the client, with one more SYN at
#                              the most
#     say NAME TEXT            and so on: see lib/talk.sh
#     capture NAME NS FILTER   records what matches on eth0 of a namespace
#     captured NAME            ends that and prints it
#     trace HOST FLOW          ofproto/trace of a packet

. "$(dirname "${BASH_SOURCE[0]}")/../../lib/tap.sh"
# shellcheck source=tests/lib/talk.sh
. "$srcdir/tests/lib/talk.sh"

[ "$(id -u)" = 0 ] || skip_all "needs root"
for program in ovs-vswitchd ovsdb-server ovs-appctl ethtool tcpdump; do
    command -v "$program" >/dev/null || skip_all "needs $program"
done

netpy=$srcdir/tests/system/host/net.py
vip=20.50.60.10
vip_b=20.50.60.11
vip6=2001:db8:20::10
# Further VIPs that the mux forwards, set before cloud_up.
more_vips=()
declare -A octet=([gw]=1 [mux]=11 [h1]=21 [h2]=22)
declare -A vm_octet=([vm1]=4 [vm2]=5 [vm3]=6)
declare -A vms=([h1]="vm1 vm2" [h2]="vm3")
# Of the hosts' own databases.
schema=/usr/share/openvswitch/vswitch.ovsschema

# Drop reasons and tables, as in ofproto-rules/pipeline.h.
drop() { printf '0x8%04x%08x' "$1" "${2:-0}"; }
stale() { printf '0x9%04x%08x' "$1" "${2:-0}"; }
stranger=$(drop 1) steering=$(drop 3) unknown=$(drop 5) index=$(drop 6)

# Checksums must be in the packets: nobody completes them on the way.
no_offload()
{
    ip netns exec "hst-$1" ethtool -K "$2" tx off rx off sg off tso off \
        gso off gro off >/dev/null 2>&1
}

# Plugs the namespace into the fabric.
plug()
{
    ip -n "hst-$1" link add eth0 type veth peer name "$1" netns hst-sw
    ip -n hst-sw link set dev "$1" master br0 up
    ip -n "hst-$1" link set eth0 up
    no_offload "$1" eth0
    no_offload sw "$1"
}

on()
{
    local dir=$tmp/$1
    shift
    OVS_RUNDIR=$dir OVS_DBDIR=$dir OVS_LOGDIR=$dir timeout 10 "$@"
}

vsctl() { on "$1" ovs-vsctl -t 10 --db="unix:$tmp/$1/db.sock" "${@:2}"; }

vswitchd_up()
{
    local host=$1 dir=$tmp/$1
    OVS_RUNDIR=$dir OVS_LOGDIR=$dir OVS_DBDIR=$dir \
        start "$host-vswitchd" ip netns exec "hst-$host" \
        ovs-vswitchd "unix:$dir/db.sock" --disable-system --pidfile \
        --log-file -vconsole:off
    wait_until 10 test -e "$dir/ovs-vswitchd.pid"
}

host_database()
{
    local dir=$tmp/$1
    mkdir "$dir"
    ovsdb-tool create "$dir/conf.db" "$schema"
    start "$1-ovsdb" ovsdb-server "$dir/conf.db" \
        --remote="punix:$dir/db.sock" --unixctl="$dir/ovsdb.ctl" \
        -vconsole:off
    wait_until test -S "$dir/db.sock"
}

host_up()
{
    local host=$1 dir=$tmp/$1 ip=172.16.0.${octet[$1]}
    namespaces hst "$host"
    plug "$host"
    ip -n "hst-$host" link set eth0 arp off
    ip netns exec "hst-$host" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
    host_database "$host"
    vswitchd_up "$host"
    vsctl "$host" \
        -- add-br br-phy \
        -- set bridge br-phy datapath_type=netdev fail_mode=standalone \
           "other_config:hwaddr=02:00:00:00:01:${octet[$host]}" \
        -- add-port br-phy eth0 \
        -- set open_vswitch . "external_ids:system-id=$host" \
           "external_ids:slb-remote=unix:$tmp/slb.sock" \
           "external_ids:slb-encap-ip=$ip"
    underlay_up "$host"
}

# Configures br-phy; also after a restart of the switch, which leaves it down.
underlay_up()
{
    local host=$1
    ip -n "hst-$host" link set br-phy up
    ip -n "hst-$host" addr replace "172.16.0.${octet[$host]}/24" dev br-phy
    ip -n "hst-$host" addr replace "fd16::${octet[$host]}/64" dev br-phy nodad
    ip -n "hst-$host" route replace default via 172.16.0.1
    ip -n "hst-$host" route replace default via fd16::1
    no_offload "$host" br-phy
}

vm_up()
{
    local host=$1 vm=$2 n=${vm_octet[$2]}
    namespaces hst "$vm"
    ip -n "hst-$vm" link add eth0 address "02:00:00:00:00:0$n" type veth \
        peer name "$vm" netns "hst-$host"
    ip -n "hst-$host" link set "$vm" up
    ip -n "hst-$vm" link set eth0 mtu 1400 up
    no_offload "$vm" eth0
    no_offload "$host" "$vm"
    ip -n "hst-$vm" addr add "10.0.1.$n/24" dev eth0
    ip -n "hst-$vm" addr add "fd00:1::$n/64" dev eth0 nodad
    ip -n "hst-$vm" route add default via 10.0.1.1
    ip -n "hst-$vm" route add default via fd00:1::1
    start "$vm-server" ip netns exec "hst-$vm" /usr/bin/python3 "$netpy" \
        server "$vm"
    vm_plug "$host" "$vm"
}

vm_plug()
{
    local vm=$2 n=${vm_octet[$2]}
    vsctl "$1" "${@:3}" \
        -- add-port br-slb "$vm" \
        -- set interface "$vm" "external_ids:iface-id=$vm" \
           "external_ids:attached-mac=\"02:00:00:00:00:0$n\"" \
           "external_ids:vm-ip=\"10.0.1.$n, fd00:1::$n\""
}

transact()
{
    local op ops='"SLB"'
    for op; do
        ops+=", $op"
    done
    local answer
    answer=$(timeout 10 ovsdb-client -t 10 transact "unix:$tmp/slb.sock" \
             "[$ops]") || return 1
    if [[ $answer == *'"error"'* ]]; then
        diag "$answer"
        return 1
    fi
}

insert() { echo "{\"op\":\"insert\",\"table\":\"$1\",\"row\":{$2}}"; }

# endpoint COOKIE VIP PROTOCOL PORT BACKEND_PORT [POOL [COLUMNS]]
endpoint()
{
    insert Endpoint "\"network_key\":0,\"vip\":\"$2\",\"protocol\":$3,
        \"port\":$4,\"pool_key\":${6:-100},\"backend_port\":$5,
        \"idle_timeout\":240,\"load_distribution\":\"Default\",
        \"rule\":\"web/rules/r$1\",\"cookie\":$1${7:+,$7}"
}

# internal COOKIE VIP PROTOCOL PORT BACKEND_PORT [POOL [COLUMNS]]
#
# The same in the VMs' network.
internal()
{
    local op
    op=$(endpoint "$@")
    echo "${op/\"network_key\":0/\"network_key\":1}"
}

# vip_row ADDRESS [NETWORK]
#
# Adds a VIP, in the VMs' network if not said otherwise; 0 is public.
vip_row()
{
    insert VIP "\"network_key\":${2:-1},\"address\":\"$1\",
        \"frontend\":\"web/frontends/f\",\"mux_set\":\"default\""
}

# pool POOL INDEX:VM:FAMILY...
#
# Adds a pool with members that are VMs, FAMILY 4 or 6.
pool()
{
    local key=$1 spec index vm family host address
    insert Compiled_Pool "\"name\":\"web/backendPools/p$1\",
        \"tunnel_key\":$1,\"network_key\":1,\"slots_log2\":8"
    for spec in "${@:2}"; do
        IFS=: read -r index vm family <<<"$spec"
        address=10.0.1.${vm_octet[$vm]}
        [ "$family" = 4 ] || address=fd00:1::${vm_octet[$vm]}
        host=h1
        [[ " ${vms[$host]} " == *" $vm "* ]] || host=h2
        echo ", $(member "$key" "$index" "$vm" "$address" \
            "172.16.0.${octet[$host]}"),"
        echo "{\"op\":\"mutate\",\"table\":\"Binding\",
            \"where\":[[\"address\",\"==\",\"$address\"]],\"mutations\":[
            [\"pools\",\"insert\",[\"map\",[[$key,$index]]]]]}"
    done
}

# member POOL INDEX NAME ADDRESS VTEP
#
# Adds a member to a pool that is there.
member()
{
    echo "{\"op\":\"mutate\",\"table\":\"Compiled_Pool\",
        \"where\":[[\"tunnel_key\",\"==\",$1]],\"mutations\":[
        [\"members\",\"insert\",[\"map\",[[$2,\"$3\"]]]],
        [\"addresses\",\"insert\",[\"map\",[[$2,\"$4\"]]]],
        [\"vteps\",\"insert\",[\"map\",[[$2,\"$5\"]]]]]}"
}

# What the manager would have written: one network, one pool of all VMs with
# indices 1, 2, 3 (IPv4) and 11, 12, 13 (IPv6), and its rules.
cloud_database()
{
    local host vm n vtep mac ops=()
    ops=("$(insert SLB_Global '"intent_seq":1,
                               "anycast_vtep":"172.16.0.100"')"
         "$(insert Mux '"name":"mux","vtep":"172.16.0.11",
                        "mux_set":"default"')"
         "$(insert Compiled_Network '"name":"prod","tunnel_key":1,
            "subnets":["set",["10.0.1.0/24","fd00:1::/64"]],
            "gateways":["set",["10.0.1.1","fd00:1::1"]]')"
         "$(insert Compiled_Pool '"name":"web/backendPools/servers",
            "tunnel_key":100,"network_key":1,"slots_log2":8')"
         "$(endpoint 11 "$vip" 6 80 8080)"
         "$(endpoint 12 "$vip" 17 53 5353)"
         "$(endpoint 13 "$vip_b" 6 80 8080)"
         "$(endpoint 14 "$vip6" 6 80 8080)")
    for host in h1 h2; do
        vtep=172.16.0.${octet[$host]}
        for vm in ${vms[$host]}; do
            n=${vm_octet[$vm]} mac=02:00:00:00:00:0$n
            ops+=("$(member 100 $((n - 3)) "$vm" "10.0.1.$n" "$vtep")"
                  "$(member 100 $((n + 7)) "$vm-6" "fd00:1::$n" "$vtep")")
            local address index
            for address in "10.0.1.$n" "fd00:1::$n"; do
                index=$((n - 3))
                [[ $address != *:* ]] || index=$((n + 7))
                ops+=("$(insert Binding "\"node\":\"$host\",
                         \"iface_id\":\"$vm\",\"network_key\":1,
                         \"address\":\"$address\",\"mac\":\"$mac\",
                         \"pools\":[\"map\",[[100,$index]]]")"
                      "$(insert Location "\"network_key\":1,
                         \"address\":\"$address\",\"mac\":\"$mac\",
                         \"node\":\"$host\",\"vtep\":\"$vtep\"")")
            done
        done
    done
    transact "${ops[@]}"
}

slb_up()
{
    [ -e "$tmp/slb.db" ] || ovsdb-tool create "$tmp/slb.db" \
        "$srcdir/controller/slb.ovsschema"
    start slb-ovsdb ovsdb-server "$tmp/slb.db" \
        --remote="punix:$tmp/slb.sock" --unixctl="$tmp/slb.ctl" -vconsole:off
    wait_until eval "ovsdb-client -t 10 list-dbs unix:$tmp/slb.sock \
        >/dev/null 2>&1"
}

steer()
{
    printf '%s %s %s %s %s\n' "172.16.0.${octet[$1]}" "$2" "${3:-0}" \
        "${4:-0}" "${5:-100}" >"$tmp/steer.new"
    mv "$tmp/steer.new" "$tmp/steer"
}

status()
{
    on "$1" ovs-appctl -t "$tmp/$1/agent.ctl" slb/status 2>/dev/null \
        | sed -n "s/^$2: //p"
}

agent_start()
{
    local host=$1 dir=$tmp/$1
    OVS_RUNDIR=$dir OVS_LOGDIR=$dir OVS_DBDIR=$dir \
        start "$host-agent" ip netns exec "hst-$host" "${@:2}" \
        "$builddir/controller/slb-agent" --role=host \
        --unixctl="$dir/agent.ctl" --log-file -vconsole:off
}

agent_up()
{
    agent_start "$@"
    wait_until 10 agent_idle "$1"
}

agent_idle()
{
    [ -S "$tmp/$1/agent.ctl" ] \
        && [ "$(status "$1" "flows acknowledged")" = yes ]
}

# Does the bridge exist and have what VMs need?
bridge_ready()
{
    [ -n "$(vsctl "$1" --bare get interface slb-vx ofport 2>/dev/null)" ]
}

number=0
want()
{
    local host
    number=$((number + 1))
    for host; do
        transact "{\"op\":\"update\",\"table\":\"Node\",
                   \"where\":[[\"name\",\"==\",\"$host\"]],
                   \"row\":{\"wanted\":$number}}" || return 1
    done
    for host; do
        wait_until 10 applied "$host" "$number" || return 1
    done
}

applied() { [ "$(status "$1" applied)" -ge "$2" ] 2>/dev/null; }

cloud_up()
{
    local host vm
    namespaces hst sw
    ip -n hst-sw link add br0 type bridge mcast_snooping 0
    ip -n hst-sw link set br0 up
    namespaces hst gw
    plug gw
    ip -n hst-gw addr add 172.16.0.1/24 dev eth0
    ip -n hst-gw addr add fd16::1/64 dev eth0 nodad
    ip -n hst-gw addr add 198.51.100.10/32 dev lo
    ip -n hst-gw addr add 2001:db8:51::10/128 dev lo nodad
    namespaces hst mux
    plug mux
    ip -n hst-mux addr add 172.16.0.11/24 dev eth0
    ip -n hst-mux addr add 172.16.0.100/32 dev eth0
    ip -n hst-mux addr add fd16::11/64 dev eth0 nodad
    ip -n hst-gw route add 20.50.60.0/24 via 172.16.0.11 src 198.51.100.10
    ip -n hst-gw route add 2001:db8:20::/64 via fd16::11 src 2001:db8:51::10

    slb_up
    for host; do
        host_up "$host"
    done
    cloud_database
    for host; do
        agent_start "$host"
    done
    for host; do
        wait_until 10 bridge_ready "$host"
        for vm in ${vms[$host]}; do
            vm_up "$host" "$vm"
        done
    done
    for host; do
        wait_until 10 agent_idle "$host"
    done
    steer "$1" 1
    start mux ip netns exec hst-mux /usr/bin/python3 "$netpy" mux \
        "$tmp/steer" "$vip" "$vip_b" "$vip6" "${more_vips[@]}"
    want "$@"
}

ofctl() { on "$1" ovs-ofctl -t 10 -O OpenFlow15 "${@:2}"; }

flows()
{
    ofctl "$1" dump-flows br-slb "table=$2${3:+,$3}"
}

packets()
{
    ofctl "$1" dump-aggregate br-slb "cookie=$2/-1" \
        | sed 's/.*packet_count=\([0-9]*\).*/\1/'
}

zone()
{
    vsctl "$1" get bridge br-slb "external_ids:slb-ct-zone-$2" | tr -d '"'
}

idle_seconds()
{
    local datapath row
    datapath=$(vsctl "$1" get open_vswitch . datapaths:netdev)
    row=$(vsctl "$1" get datapath "$datapath" "ct_zones:$(zone "$1" "$2")")
    vsctl "$1" --bare get ct_zone "$row" external_ids:slb-idle | tr -d '"'
}

net() { ip netns exec "hst-$1" timeout 20 /usr/bin/python3 "$netpy" "${@:2}"; }

trace() { on "$1" ovs-appctl ofproto/trace br-slb "$2"; }

connect() { talk "$1" "hst-${caller:-gw}" "$vip" "${@:2}"; }

capture()
{
    start "$1" ip netns exec "hst-$2" tcpdump -p -U --immediate-mode -e -nn -i eth0 \
        -w "$tmp/$1.pcap" "${@:3}"
    wait_until grep -q "listening on" "$tmp/$1.out"
}

reconnect()
{
    local status=0 syns
    capture "$1-syns" gw "(tcp[tcpflags] = tcp-syn or ip6[53] = 2)
        and src port $3"
    connect "$@" || status=$?
    syns=$(captured "$1-syns" | grep -c 'Flags \[S\]')
    note "connected with $syns SYNs"
    [ $status = 0 ] && [ "$syns" -ge 1 ] && [ "$syns" -le 2 ]
}

captured()
{
    wait_until 5 capture_is_whole "$1"
    stop "$1" INT
    tcpdump -e -nn -v -r "$tmp/$1.pcap" 2>/dev/null
}

#!/bin/bash
# ofproto/trace of the ring: which header leaves, where to, and where it ends.
. "$(dirname "$0")/host.sh"
plan 18
cloud_up h1 h2 || bail_out "no cloud"

tunnel=$(vsctl h1 get interface slb-vx ofport)

# header OWNERS FLAGS HOP: prints dl_dst and dl_src.
header()
{
    local owners
    IFS=, read -r -a owners <<<"$1,0,0,0"
    local n
    n=$(tr -cd , <<<"$1" | wc -c)
    printf 'dl_dst=0e:%x%x:%02x:%02x:%02x:%02x,' "$3" "$2" \
        $((owners[0] >> 8)) $((owners[0] & 255)) \
        $((owners[1] >> 8)) $((owners[1] & 255))
    printf 'dl_src=0e:%02x:%02x:%02x:%02x:%02x' $((n + 1)) \
        $((owners[2] >> 8)) $((owners[2] & 255)) \
        $((owners[3] >> 8)) $((owners[3] & 255))
}

# ring OWNERS FLAGS HOP [CT_STATE [TCP_FLAGS]]: the trace on h1.
ring()
{
    on h1 ovs-appctl ofproto/trace br-slb "in_port=$tunnel,tun_src=172.16.0.11,
        tun_dst=172.16.0.21,tun_id=100,$(header "$1" "$2" "$3"),tcp,
        nw_src=198.51.100.10,nw_dst=$vip,nw_ttl=64,tp_src=45000,tp_dst=80,
        tcp_flags=${5:-ack}" --ct-next "trk,${4:-new}"
}

# What a trace ends with: the last actions of the datapath, and the header.
end() { sed -n 's/^Datapath actions: //p' <<<"$1" | tail -n 1; }

# sends GOT OWNERS FLAGS HOP DESC: it is tunnelled to h2 with this header.
sends()
{
    local wanted final
    wanted=$(header "$2" "$3" "$4")
    final=$(sed -n 's/^Final flow: //p' <<<"$1" | grep dl_src=0e: | tail -n 1)
    like "$(end "$1") $final" \
        "dst=172.16.0.22,.*,${wanted##*,},${wanted%%,*}," "$5"
}

sends "$(ring 1,3 0 0)" 3,1 0 1 "two owners: the second one is asked"
sends "$(ring 1,3,13 0 0)" 3,13,1 0 1 "three owners rotate"
sends "$(ring 1,3,13,11 0 0)" 3,13,11,1 0 1 "four owners rotate"
sends "$(ring 11,3,12,1 0 2)" 3,12,1,11 0 3 "at the third hop, too"
sends "$(ring 1,3 2 0)" 3,1 2 1 "flags stay"
sends "$(ring 1,2,3 0 0)" 3,1,2 0 2 "an owner on the same host is passed by"
sends "$(ring 2,1,11,3 0 0)" 3,2,1,11 0 3 "two of them as well"
is "$(end "$(ring 1,2 0 0)")" drop "all on the same host: dropped at home"
is "$(end "$(ring 1,3 0 2)")" drop "home after two hops: dropped"
is "$(end "$(ring 1 0 0)")" drop "a single owner: dropped"
is "$(end "$(ring 1 0 1)")" drop "a single owner that was asked before"

like "$(ring 1,3 0 0 new syn)" "commit.*nat\(dst=10.0.1.4:8080\)" \
    "a SYN is accepted"
sends "$(ring 1,3 1 0 new syn)" 3,1 1 1 "a recent one asks first"
like "$(ring 1,3 1 2 new syn)" "nat\(dst=10.0.1.4:8080\)" \
    "and is accepted at home"
sends "$(ring 1,3 0 0 inv syn)" 3,1 1 1 \
    "one that is invalid goes round, as a recent one"
sends "$(ring 1,3 0 0 inv ack)" 3,1 0 1 "other invalid ones go as they are"
is "$(end "$(ring 1,3 0 2 inv syn)")" drop "and starts nothing at home"
is "$(end "$(ring 1,3 0 0 inv "syn|ack")")" drop "a SYN-ACK goes nowhere"

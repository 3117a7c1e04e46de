#!/bin/bash
# What muxes say themselves to VMs that call VIPs in their network, and what
# they pass on to members: ICMP errors about IPv6 connections.
. "$(dirname "$0")/host.sh"
plan 25
in_vip=10.0.1.100
in_vip6=fd00:1::100
more_vips=($in_vip $in_vip6)
cloud_up h1 h2 || bail_out "no cloud"
h1=172.16.0.21
h2=172.16.0.22

vip_row()
{
    insert VIP "\"network_key\":1,\"address\":\"$1\",
        \"frontend\":\"web/frontends/f\",\"mux_set\":\"default\""
}
internal()
{
    local op
    op=$(endpoint "$@")
    echo "${op/\"network_key\":0/\"network_key\":1}"
}
transact "$(vip_row $in_vip)" "$(vip_row $in_vip6)" \
    "$(internal 41 $in_vip 6 80 8080)" "$(internal 42 $in_vip6 6 80 8080)" \
    "$(endpoint 15 "$vip6" 17 53 5353)"
ok "VIPs in the network" want h1 h2

#!/bin/bash
# What changes at run time comes into force; what is wrong harms nothing else.
. "$(dirname "$0")/host.sh"
plan 24
cloud_up h1 h2 || bail_out "no cloud"
client=198.51.100.10
row() { ovsdb-client -t 10 -f csv -d bare --no-headings dump \
            "unix:$tmp/slb.sock" "$@"; }
log() { grep -c "$1" "$tmp/h1/slb-agent.log"; }

# What the agents said about their nodes and VMs.
like "$(row Node name role vtep mux_set)" "default,h1,host,172.16.0.21" \
    "the node's row"
like "$(row Port addresses iface_id mac network node)" \
    '10.0.1.4 fd00:1::4,vm1,02:00:00:00:00:04,"?"?,h1' "a VM's row"
vsctl h1 set interface vm1 external_ids:slb-network=prod \
    external_ids:vm-ip="10.0.1.4,nonsense,FD00:1::4"
ok "a VM's changes" wait_until eval 'row Port addresses iface_id network |
    grep -q "^10.0.1.4 fd00:1::4,vm1,prod"'
vsctl h1 set interface vm2 external_ids:attached-mac=nonsense
ok "without a valid Ethernet address it is no VM" \
    wait_until eval '! row Port iface_id | grep -q vm2'
vsctl h1 set interface vm2 'external_ids:attached-mac="02:00:00:00:00:05"'
ok "and with one it is again" \
    wait_until eval 'row Port iface_id | grep -q vm2'

# Rules and members.
is "$(net gw ask tcp 20.50.60.12 80 x)" timeout "no rule"
transact "$(endpoint 20 $vip 6 81 8080)"
ok "a new rule is acknowledged" want h1 h2
is "$(net gw ask tcp $vip 81 x)" "vm1 $client x" "and works at once"
ok "a connection by it" connect one 81 46001
is "$(say one a)" "vm1 $client a" "works"
transact "$(member 100 9 other 10.0.9.9 172.16.0.21)" \
    "$(member 100 10 broken nonsense 172.16.0.21)" \
    "$(member 100 14 broken2 10.0.1.44 nonsense)" \
    "$(insert Mux '"name":"broken","vtep":"nonsense"')" \
    "$(insert Location '"network_key":1,"address":"10.0.1.55","mac":"x",
                        "node":"h9","vtep":"172.16.0.29"')" \
    "$(insert Endpoint '"network_key":0,"vip":"nonsense","protocol":6,
        "port":80,"pool_key":100,"backend_port":1,"rule":"x",
        "load_distribution":"Default","cookie":77')"
ok "rows that make no sense do not keep others from working" want h1
is "$(net gw ask tcp $vip 80 x)" "vm1 $client x" "new connections work"
is "$(say one b)" "vm1 $client b" "old ones as well"
is "$(status h1 "flow mistakes")" 0 "no flow was wrong"
before=$(status h1 "flow mods")
transact '{"op":"mutate","table":"Compiled_Pool",
           "where":[["tunnel_key","==",100]],
           "mutations":[["draining","insert",1]]}'
want h1
is "$(say one c)" "vm1 $client c" "a draining member keeps its connections"
is "$(status h1 "flow mods")" "$before" "for which no flow changes"
transact '{"op":"delete","table":"Endpoint","where":[["cookie","==",20]]}'
ok "a rule that goes" want h1
is "$(net gw ask tcp $vip 81 x)" timeout "does not work any more"

# A row that somebody deletes is written again.
transact '{"op":"delete","table":"Node","where":[["name","==","h1"]]}'
ok "the node's row comes back" wait_until eval 'row Node name | grep -q h1'
ok "with its VMs" wait_until eval 'row Port iface_id | grep -q vm1'

# The switch has no room for a flow: all stays as it was, until it has.
vsctl h1 -- --id=@t create Flow_Table flow_limit=1 overflow_policy=refuse \
    -- set bridge br-slb flow_tables:4=@t >/dev/null
wait_until eval 'ofctl h1 dump-tables br-slb >/dev/null'
before=$(flows h1 4 | grep -c actions)
transact "$(endpoint 21 $vip 6 82 8080)"
ok "a bundle that the switch refuses is logged" wait_until eval \
    '[ "$(log "TABLE_FULL: the switch cannot add")" -ge 1 ]'
is "$(flows h1 4 | grep -c actions)" "$before" "the flows stay as they were"
vsctl h1 clear bridge br-slb flow_tables
ok "it is sent again" want h1
is "$(net gw ask tcp $vip 82 x)" "vm1 $client x" "and then works"

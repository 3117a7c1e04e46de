#!/bin/bash
# Rows that make no sense cost what they say, not their neighbours, and are
# told.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
slbdb option drain-seconds=1
web_lab
web_lb
compiled
settled
told() { status m1 | grep -q "^  .*$1"; }

# From nodes.
slbdb ports h1 vm1,02:00:00:00:00:04,10.0.1.4+10.0.1.400+nonsense+8.8.8.8 \
    bad1,02:00:00:00:00,10.0.1.50 bad2,,10.0.1.51 \
    bad3,01:00:00:00:00:01,10.0.1.52 ,02:00:00:00:00:0c,10.0.1.53 \
    bad4,02:00:00:00:00:0d, vm2,02:00:00:00:00:05,10.0.1.5 \
    twice,02:00:00:00:00:0e,10.0.1.54 twice,02:00:00:00:00:10,10.0.1.56 \
    bad5,02:00:00:00:00:0f,10.0.1.5 \
    bad6,02:00:00:00:00:0f,10.0.1.55,nowhere
ok "bad addresses are told" wait_until told '"nonsense" is no address'
ok "bad MACs" told 'port bad1: "02:00:00:00:00" is no MAC'
ok "no MACs" told 'port bad2: "" is no MAC'
ok "multicast MACs" told 'port bad3: "01:00:00:00:00:01" is no MAC'
ok "no addresses" told "port bad4: no network"
ok "ports that are there twice" told "there are several ports twice"
ok "addresses that are there twice" told \
    "address 10.0.1.5 is on port vm2 of node h1, so not on port bad5"
ok "networks that are not there" told "there is no network nowhere"
is "$(get Binding address node=h1 | grep -E '^10.0.1.(4|5)$' | xargs)" \
    "10.0.1.4 10.0.1.5" "the good ones are bound"
is "$(get Member name,state | xargs)" \
    "vm1 active vm2 active vm3 active vm4 active" "no member suffers"
slbdb node h3 host nonsense
slbdb node h4 host fd00::1
slbdb node mux9 mux ""
slbdb ports h3 vm7,02:00:00:00:00:17,10.0.1.70
ok "nodes without VTEP" wait_until told 'node h3: VTEP "nonsense" is no IPv4'
ok "or with an IPv6 one" told 'node h4: VTEP "fd00::1" is no IPv4'
ok "muxes without VTEP" wait_until told 'node mux9: VTEP "" is no IPv4'
is "$(get Mux name | xargs)" "mux1 mux2" "are left out"
is "$(get Location node address=10.0.1.70)" "" "with their ports"

# From users, past slb-ctl.
slbdb net junk 10.300.0.0/16 10.77.0.0/16 fd00::/129
slbdb lb junk junk frontend:bad=nonsense frontend:good=20.50.60.20 \
    pool:p=a@10.77.0.1,b@10.77.0.1,c@nonsense,d@192.0.2.1 \
    rule:bad=bad,p,Tcp,80,80 rule:good=good,p,Tcp,80,80
ok "a load balancer with errors is compiled" compiled
ok "bad prefixes are told" told 'subnet s0: "10.300.0.0/16" is no prefix'
ok "bad frontends" told 'junk/frontends/bad: "nonsense" is no address'
ok "bad members" told 'member c: "nonsense" is no address'
ok "members elsewhere" told 'member d: address 192.0.2.1 is outside'
ok "members that are there twice" \
    told 'several members have address 10.77.0.1'
is "$(get Endpoint rule | xargs)" "junk/rules/good web/rules/http" \
    "what makes sense is there"

# Networks need a name, one without a slash.
slbdb net "" 10.78.0.0/16 -- net a/b 10.79.0.0/16
ok "networks with such names are compiled" compiled
for name in "" a/b; do
    ok "network '$name' is told" \
        told "network \"$name\": that is no name of a network"
    like "$(get Virtual_Network status "name=$name")" "no name of a network" \
        "to its user, too"
    slbdb del-net "$name"
done
is "$(get Compiled_Network name | xargs)" "junk prod" "neither is there"
compiled
nok "which is no problem when they are gone" told "no name of a network"

# Two load balancers want the same.
web=$(get Endpoint cookie rule=web/rules/http)
slbdb lb aaa prod frontend:f=20.50.60.10 pool:p=vm1@10.0.1.4 \
    rule:r=f,p,Tcp,80,8080 rule:s=f,p,Tcp,81,8080
compiled
ok "two rules for one port are told" \
    told 'aaa/rules/r: TCP port 80 of 20.50.60.10 is used by web/rules/http'
is "$(get Load_Balancer status name=aaa)" \
    "{rules/r=TCP port 80 of 20.50.60.10 is used by web/rules/http}" \
    "to the one who wants to know, too"
is "$(get Endpoint rule,cookie port=80 vip=20.50.60.10)" \
    "web/rules/http $web" "the first one stays"
is "$(get Endpoint rule port=81)" aaa/rules/s "the other one's others are there"
is "$(get VIP frontend address=20.50.60.10)" web/frontends/public \
    "the VIP belongs to the first one"
slbdb del-lb web
compiled
is "$(get Endpoint rule port=80 vip=20.50.60.10)" aaa/rules/r \
    "which gives way when it goes"
is "$(get VIP frontend address=20.50.60.10)" aaa/frontends/f "with the VIP"
is "$(get Load_Balancer status name=aaa)" "{}" "and is content"

# The same names twice.
slbdb transact '{"op":"insert","table":"Backend_Pool","uuid-name":"b",
    "row":{"name":"p","silent_host_behavior":"Keep"}}' '{"op":"mutate","table":"Load_Balancer",
    "where":[["name","==","aaa"]],
    "mutations":[["backend_pools","insert",["named-uuid","b"]]]}' \
    >/dev/null
ok "pools with the same name" wait_until told \
    'aaa/backendPools/p: there are several pools of this name'

# From nobody knows whom.
slbdb option drain-seconds=nonsense
ok "options" wait_until told 'drain-seconds: "nonsense" is not between'
slbdb transact '{"op":"insert","table":"Location","row":
    {"network_key":77,"address":"nonsense"}}' \
    '{"op":"insert","table":"Binding","row":
    {"network_key":77,"address":"10.9.9.9"}}' \
    '{"op":"insert","table":"Assigned_Address","row":{"frontend":"nonsense"}}' \
    '{"op":"insert","table":"Assigned_Port","row":{"nat_pool":"nonsense"}}' \
    '{"op":"insert","table":"VIP","row":{"address":"nonsense"}}' \
    '{"op":"insert","table":"VIP","row":{"address":"1.2.3.4"}}' \
    '{"op":"insert","table":"Endpoint","row":{"vip":"nonsense","pool_key":78,
    "cookie":1,"load_distribution":"Default"}}' \
    '{"op":"insert","table":"Compiled_Pool","row":{"name":"nonsense",
    "tunnel_key":78,"network_key":79,"slots_log2":8,
    "members":["map",[[9,"nobody"],[10,""]]],
    "addresses":["map",[[9,"nonsense"],[11,"10.0.1.4"]]]}}' >/dev/null
gone()
{
    ack_all
    got "" Location address network_key=77 &&
        got "" Binding iface_id network_key=77 &&
        got "" Assigned_Address frontend &&
        got "" Assigned_Port nat_pool &&
        got "" VIP frontend address=nonsense &&
        got "" VIP frontend address=1.2.3.4 &&
        got "" Endpoint rule vip=nonsense &&
        got "" Compiled_Pool name name=nonsense
}
ok "compiled rows that nobody wants go" wait_until 5 gone
slbdb transact '{"op":"update","table":"SLB_Global","where":[],
    "row":{"hash_key":"too short"}}' >/dev/null
key_is_good() { [[ $(slbdb get SLB_Global hash_key) =~ ^[0-9a-f]{32}$ ]]; }
ok "a bad key of the hash is made anew" wait_until key_is_good
is "$(status m1 failed)" 0 "no transaction failed"
is "$(status m1 state)" active "the manager is still there"
done_testing

#!/bin/bash
# A host reads what concerns it, and nothing of the rest of the cloud.
. "$(dirname "$0")/host.sh"
plan 9
cloud_up h1 || bail_out "no cloud"
log=$tmp/h1/slb-agent.log

# What the agent gets from the database is in its log from now on.
ok "messages are logged" on h1 ovs-appctl -t "$tmp/h1/agent.ctl" \
    vlog/set jsonrpc:file:dbg
received() { grep -c "jsonrpc.*received.*$1" "$log"; }

# Everything that another host, network and load balancer have.
port='"uuid-name":"port","op":"insert","table":"Port","row":{'
ok "the rest of the cloud comes" transact \
    "{$port\"node\":\"h9\",\"iface_id\":\"elsewhere-port\"}}" \
    "$(insert Node '"name":"h9","role":"host","vtep":"172.16.0.29",
        "version":"elsewhere-node","ports":["named-uuid","port"]')" \
    "$(insert Virtual_Network '"name":"elsewhere-intent"')" \
    "$(insert Compiled_Network '"name":"elsewhere-net","tunnel_key":2')" \
    "$(insert Location '"network_key":2,"address":"10.0.9.9",
        "mac":"02:00:00:00:00:09","node":"elsewhere-location",
        "vtep":"172.16.0.29"')" \
    "$(insert Binding '"node":"h9","iface_id":"elsewhere-binding",
        "network_key":2,"address":"10.0.9.9","mac":"02:00:00:00:00:09",
        "pools":["map",[[200,1]]]')" \
    "$(insert Compiled_Pool '"name":"elsewhere-pool","tunnel_key":200,
        "network_key":2,"slots_log2":8,"generations":["named-uuid","g"]')" \
    '{"uuid-name":"g","op":"insert","table":"Generation","row":{
        "pool_key":200,"number":424242,"state":"current","slots_log2":8,
        "weights":["map",[[1,1]]]}}' \
    "$(member 200 1 elsewhere-member 10.0.9.9 172.16.0.29)" \
    "$(insert Endpoint '"network_key":0,"vip":"20.50.60.99","protocol":6,
        "port":80,"pool_key":200,"backend_port":80,"idle_timeout":240,
        "load_distribution":"Default","rule":"elsewhere-rule",
        "cookie":999')" \
    "$(insert VIP '"network_key":0,"address":"20.50.60.99",
        "frontend":"elsewhere-vip","mux_set":"default"')"
transact "$(endpoint 20 $vip 6 81 8080)"
ok "with something that concerns the host" want h1
cmp_ok "$(received web/rules/r20)" -gt 0 "it has got that"
is "$(received elsewhere)/$(received 424242)" 0/0 "and nothing of the rest"

# Nor what everybody's changes change.
transact '{"op":"update","table":"SLB_Global","where":[],
           "row":{"intent_seq":777777,"compiled_seq":777777}}' \
    '{"uuid-name":"g","op":"insert","table":"Generation","row":{
        "pool_key":100,"number":777777,"state":"current","slots_log2":8,
        "weights":["map",[[1,1]]]}}' \
    '{"op":"update","table":"Compiled_Pool",
      "where":[["tunnel_key","==",100]],
      "row":{"generations":["named-uuid","g"]}}'
want h1
is "$(received 777777)" 0 "nor what changes for muxes only"

# Again from the beginning.
before=$(received web/backendPools/servers)
stop slb-ovsdb
slb_up
ok "the database restarts" want h1
cmp_ok "$(received web/backendPools/servers)" -gt "$before" \
    "the host reads its rows again"
is "$(received elsewhere)/$(received 424242)" 0/0 "and only these"

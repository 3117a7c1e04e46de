#!/bin/bash
# slb-ctl get shows what the manager did with what was declared: texts about
# it, addresses and ports that were assigned, members and the nodes they are
# on.  None of it gets in the way of applying what get printed.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"

db_create
db_start

cat >"$tmp/shop.yaml" <<'END'
kind: VirtualNetwork
name: prod
subnets:
- {name: web, prefix: 10.0.1.0/24}
- {name: db, prefix: 10.0.2.0/24}
---
kind: PublicIPPrefix
name: outside
prefix: 20.50.61.0/28
---
kind: LoadBalancer
name: shop
network: prod
frontends:
- {name: public, publicIPPrefix: outside, zones: ['2', '1']}
- {name: six, address: '2001:db8::1'}
- {name: private, subnet: db, fastpath: true, enableReject: true}
- {name: spare, address: 20.50.61.9, publicIPPrefix: outside,
   enableIcmpEcho: false}
backendPools:
- name: servers
  members:
  - {name: vm1}
  - {name: vm2, address: 10.0.1.5, weight: 0}
  - {name: vm3, adminState: Down}
  - {name: vm4}
  - {name: vm5, address: 10.0.1.6}
- {name: backup, members: [{name: vm9}]}
probes:
- {name: health, protocol: Tcp, port: 443}
rules:
- {name: https, frontend: public, backendPool: servers, probe: health,
   protocol: Tcp, frontendPort: 443, backendPort: 8443, enableTcpReset: true,
   loadDistribution: SourceIP, sourceRanges: [198.51.100.0/24]}
inboundNatRules:
- {name: ssh, frontend: public, protocol: Tcp, frontendPort: 50001,
   backendPort: 50001, target: vm1, enableFloatingIP: true}
inboundNatPools:
- {name: rdp, frontend: public, backendPool: servers, protocol: Tcp,
   frontendPortRangeStart: 50100, frontendPortRangeEnd: 50199,
   backendPort: 3389}
outboundRules:
- {name: all, frontends: [public], backendPool: servers}
- {name: dns, frontends: [six], backendPool: backup, protocol: Udp,
   allocatedOutboundPorts: OnDemand}
END
run slb-ctl apply "$tmp/shop.yaml"
is "$status/$errors" 0/ "apply"

# Before the manager has seen it.
run slb-ctl get LoadBalancer
is "$output" "\
LOADBALANCER  SKU       NETWORK  RULE                 FRONTEND              \
    BACKEND                              STATUS
shop          Standard  prod     rules/https          (public):443/Tcp      \
    servers:8443, 5 members              pending
shop          Standard  prod     inboundNatRules/ssh  (public):50001/Tcp    \
    vm1:50001                            pending
shop          Standard  prod     inboundNatPools/rdp  (public):50100-50199/Tcp\
  servers:3389, 5 members              pending
shop          Standard  prod     outboundRules/all    (public)/All          \
    servers, 5 members, 1024 ports each  pending
shop          Standard  prod     outboundRules/dns    2001:db8::1/Udp       \
    backup, 1 member, OnDemand ports     pending" "a load balancer's rules"
run slb-ctl get publicipprefix
is "$output" "\
PUBLICIPPREFIX  PREFIX         USED     STATUS
outside         20.50.61.0/28  1 of 16  pending" "a public IP prefix"

# What the manager and the hosts write.
row()
{
    echo "{\"op\":\"insert\",\"table\":\"$1\",\"row\":{$2}}"
}
status()
{
    echo "{\"op\":\"update\",\"table\":\"$1\",\"where\":[[\"name\",\"==\",
        \"$2\"]],\"row\":{\"status\":[\"map\",[$3]]}}"
}
ok "the manager does its part" db_transact \
    '{"op":"update","table":"SLB_Global","where":[],
      "row":{"compiled_seq":1}}' \
    "$(row Assigned_Address '"frontend":"shop/frontends/public",
        "source":"PublicIPPrefix/outside","address":"20.50.61.3"')" \
    "$(row Assigned_Address '"frontend":"shop/frontends/private",
        "source":"VirtualNetwork/prod/subnets/db","address":"10.0.2.4"')" \
    "$(row Assigned_Address '"frontend":"other/frontends/public",
        "source":"PublicIPPrefix/outside","address":"20.50.61.4"')" \
    "$(row Assigned_Port '"nat_pool":"shop/inboundNatPools/rdp",
        "ports":["map",[[50101,"vm1"],[50100,"vm2"]]]')" \
    "$(row Node '"name":"host1","role":"host","vtep":"172.16.0.21",
        "ports":["named-uuid","port1"]')" \
    "$(row Node '"name":"mux1","role":"mux","vtep":"172.16.0.22"')" \
    '{"op":"insert","table":"Port","uuid-name":"port1","row":{"node":"host1",
      "iface_id":"vm1","mac":"02:00:00:00:00:04",
      "health":["map",[["shop/probes/health 10.0.1.4","up"],
                       ["shop/probes/other 10.0.1.4","down"]]]}}' \
    "$(row Compiled_Pool '"name":"shop/backendPools/servers",
        "tunnel_key":7,"network_key":8,"slots_log2":8,
        "members":["map",[[1,"vm1"],[2,"vm2"],[3,"vm3"],[4,"gone"],[5,"vm4"],
                          [6,"vm4"],[7,"vm5"]]],
        "addresses":["map",[[1,"10.0.1.4"],[2,"10.0.1.5"],[4,"10.0.1.7"],
                            [5,"10.0.1.8"],[7,"10.0.1.9"]]],
        "vteps":["map",[[1,"172.16.0.21"],[2,"172.16.0.21"],
                        [3,"172.16.0.21"],[4,"172.16.0.22"]]],
        "draining":["set",[4,5,7]]')" \
    "$(status Virtual_Network prod '["subnets/db","full; really"]')" \
    "$(status Public_IP_Prefix outside '["","in use elsewhere"]')" \
    "$(status Load_Balancer shop '
        ["rules/https","not supported yet: p (x; y); not supported yet: z"],
        ["frontends/spare","not supported yet: x"],
        ["frontends/public","not supported yet: y"],
        ["backendPools/servers/members/vm3","a\nkind: b"]')"

run slb-ctl get
is "$status/$output" "0/\
VIRTUALNETWORK  SUBNET  PREFIX       GATEWAY   PEERINGS  STATUS
prod            db      10.0.2.0/24  10.0.2.1  -         2 notes
prod            web     10.0.1.0/24  10.0.1.1  -         ok

PUBLICIPPREFIX  PREFIX         USED     STATUS
outside         20.50.61.0/28  2 of 16  1 note

LOADBALANCER  SKU       NETWORK  RULE                 FRONTEND              \
      BACKEND                                   STATUS
shop          Standard  prod     rules/https          20.50.61.3:443/Tcp    \
      servers:8443, 1 of 5 members              4 notes
shop          Standard  prod     inboundNatRules/ssh  20.50.61.3:50001/Tcp  \
      vm1:50001                                 1 note
shop          Standard  prod     inboundNatPools/rdp  \
20.50.61.3:50100-50199/Tcp  servers:3389, 1 of 5 members              2 notes
shop          Standard  prod     outboundRules/all    20.50.61.3/All        \
      servers, 1 of 5 members, 1024 ports each  2 notes
shop          Standard  prod     outboundRules/dns    2001:db8::1/Udp       \
      backup, 1 member, OnDemand ports          ok
shop          Standard  prod     frontends/spare      -                     \
      -                                         1 note" \
    "tables: addresses, members that serve, number of texts"

status_table="\
OBJECT                                              STATUS
LoadBalancer/shop/backendPools/servers/members/vm3  a?kind: b
LoadBalancer/shop/frontends/public                  not supported yet: y
LoadBalancer/shop/frontends/spare                   not supported yet: x
LoadBalancer/shop/rules/https                       not supported yet: p (x; y)
LoadBalancer/shop/rules/https                       not supported yet: z"
run slb-ctl get LoadBalancer shop
like "$output" $'\n\n'"OBJECT  .*" "one object is shown"
is "${output#*$'\n\n'}" "$status_table" "with the texts about it"
run slb-ctl get LoadBalancer -o wide
is "$output" "\
LOADBALANCER  SKU       NETWORK  RULE                 FRONTEND              \
      BACKEND                                   PROBE   DISTRIBUTION  IDLE  \
OPTIONS                              STATUS
shop          Standard  prod     rules/https          20.50.61.3:443/Tcp    \
      servers:8443, 1 of 5 members              health  SourceIP      4     \
enableTcpReset,from:198.51.100.0/24  4 notes
shop          Standard  prod     inboundNatRules/ssh  20.50.61.3:50001/Tcp  \
      vm1:50001                                 -       -             4     \
enableFloatingIP                     1 note
shop          Standard  prod     inboundNatPools/rdp  \
20.50.61.3:50100-50199/Tcp  servers:3389, 1 of 5 members              -     \
  -             4     -                                    2 notes
shop          Standard  prod     outboundRules/all    20.50.61.3/All        \
      servers, 1 of 5 members, 1024 ports each  -       -             4     \
-                                    2 notes
shop          Standard  prod     outboundRules/dns    2001:db8::1/Udp       \
      backup, 1 member, OnDemand ports          -       -             4     \
-                                    ok
shop          Standard  prod     frontends/spare      -                     \
      -                                         -       -             -     \
-                                    1 note

LOADBALANCER  FRONTEND  ADDRESS      FROM                            ZONES  \
OPTIONS
shop          private   10.0.2.4     VirtualNetwork/prod/subnets/db  all    \
fastpath,enableIcmpEcho,enableReject
shop          public    20.50.61.3   PublicIPPrefix/outside          1,2    \
enableIcmpEcho
shop          six       2001:db8::1  given                           all    \
enableIcmpEcho
shop          spare     20.50.61.9   given                           all    -

LOADBALANCER  BACKENDPOOL  MEMBER  ADDRESS   WEIGHT  ADMINSTATE  STATE     \
HEALTH   NODE
shop          backup       vm9     -         1       None        -         \
-        -
shop          servers      vm1     10.0.1.4  1       None        bound     \
up       host1
shop          servers      vm2     10.0.1.5  0       None        bound     \
unknown  host1
shop          servers      vm3     -         1       Down        bound     \
unknown  host1
shop          servers      vm4     -         1       None        unbound   \
-        -
shop          servers      vm5     10.0.1.6  1       None        unbound   \
-        -
shop          servers      gone    10.0.1.7  -       -           draining  \
-        172.16.0.22
shop          servers      vm4     10.0.1.8  -       -           draining  \
-        -
shop          servers      vm5     10.0.1.9  -       -           draining  \
-        -

LOADBALANCER  INBOUNDNATPOOL  FRONTEND              MEMBER  BACKENDPORT
shop          rdp             20.50.61.3:50100/Tcp  vm2     3389
shop          rdp             20.50.61.3:50101/Tcp  vm1     3389

$status_table" "wide: options, frontends, members, ports, texts"

# A host that is silent.
ok "nothing is heard of a host any more" db_transact \
    '{"op":"update","table":"Node","where":[["name","==","host1"]],
      "row":{"alive":3,"silent":3}}'
run slb-ctl get LoadBalancer shop -o wide
like "$output" 'vm1 +10.0.1.4 +1 +None +bound +unknown +host1' \
    "nobody knows how its members are"
like "$output" 'servers:8443, 1 of 5 members' "who was up serves all the same"
ok "it is back" db_transact \
    '{"op":"update","table":"Node","where":[["name","==","host1"]],
      "row":{"alive":4}}'
run slb-ctl get LoadBalancer shop -o wide
like "$output" 'vm1 +10.0.1.4 +1 +None +bound +up +host1' "and so is that"

# A member that is down, and drains because of it; not for other rules.
ok "a member is down" db_transact \
    '{"op":"update","table":"Port","where":[["iface_id","==","vm1"]],
      "row":{"health":["map",[["shop/probes/health 10.0.1.4","down"]]]}}' \
    '{"op":"update","table":"Compiled_Pool",
      "where":[["name","==","shop/backendPools/servers"]],
      "row":{"draining":["set",[1,4,5,7]]}}'
run slb-ctl get LoadBalancer shop -o wide
like "$output" 'vm1 +10.0.1.4 +1 +None +draining +down +host1' "and shown so"
like "$output" 'servers:8443, 0 of 5 members' "it does not serve"
like "$output" 'servers:3389, 1 of 5 members' "but where nobody probes it"
ok "it goes up and down" db_transact \
    '{"op":"update","table":"Port","where":[["iface_id","==","vm1"]],
      "row":{"health":["map",[["shop/probes/health 10.0.1.4",
          "down (goes up and down: needs 8 successes)"]]]}}'
run slb-ctl get LoadBalancer shop -o wide
like "$output" \
    'draining +down \(goes up and down: needs 8 successes\) +host1' \
    "which is shown"
like "$output" 'servers:8443, 0 of 5 members' "and no other than down"

# As text: the status is only for reading.
on_terminal()
{
    /usr/bin/python3 -c '
import os, pty, sys
pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 65536))' "$@" </dev/null |
        tr -d '\r'
}
run slb-ctl get LoadBalancer shop -o yaml
yaml=$output
is "${yaml:0:30}" $'kind: LoadBalancer\nname: shop\n' \
    "YAML: only what was declared"
terminal=$(on_terminal slb-ctl get LoadBalancer shop -o yaml)
is "$(grep '^#' <<<"$terminal")" "\
# status: backendPools/servers/members/vm3: a?kind: b
# status: frontends/public: not supported yet: y
# status: frontends/spare: not supported yet: x
# status: rules/https: not supported yet: p (x; y)
# status: rules/https: not supported yet: z" \
    "on a terminal, the status is a comment"
is "$(grep -v '^#' <<<"$terminal")" "$yaml" "and the document follows"
is "$(on_terminal slb-ctl get PublicIPPrefix -o yaml)" \
    "# status: in use elsewhere
kind: PublicIPPrefix
name: outside
prefix: 20.50.61.0/28" "about the object itself"
like "$yaml" 'allocatedOutboundPorts: OnDemand' "a word for a number"
unlike "$yaml" 'idleTimeoutInMinutes|20.50.61.3' \
    "no defaults, and nothing that was assigned"
before=$(db_dump | sha256sum)
for options in "-o yaml" "-o json" "-o yaml --defaults" "-o json --defaults"
do
    # shellcheck disable=SC2086
    slb-ctl get $options >"$tmp/all"
    run slb-ctl apply "$tmp/all"
    is "$status/$errors/$(db_dump | sha256sum)" "0//$before" \
        "apply takes get $options, and nothing changes"
    # shellcheck disable=SC2086
    is "$(slb-ctl get $options | cmp - "$tmp/all" && echo same)" same \
        "and it is printed the same again"
done

# Defaults.
run slb-ctl get --defaults -o yaml
for default in "gateway: 10.0.1.1" "sku: Standard" "tier: Regional" \
    "privateIPAllocationMethod: Dynamic" "privateIPAllocationMethod: Static" \
    "fastpath: false" "enableIcmpEcho: true" "zones: \[\]" "adminState: None" \
    "intervalInSeconds: 15" "idleTimeoutInMinutes: 4" "enableTcpReset: false" \
    "protocol: All" "allocatedOutboundPorts: 0"; do
    like "$output" "$default" "--defaults: $default"
done

# Of a load balancer that is being replaced there are two rows.
stage()
{
    echo "{\"op\":\"update\",\"table\":\"Load_Balancer\",
        \"where\":[[\"stage\",\"==\",\"$1\"]],\"row\":{\"$2\":\"$3\"}}"
}
ok "another version is staged" db_transact \
    "$(row Load_Balancer '"name":"shop","sku":"Basic","tier":"Regional",
        "network":"prod","stage":"9-x","status":["map",[["","staged"]]]')"
run on_terminal slb-ctl get LoadBalancer shop -o yaml
is "$output" "$terminal" "that of before is shown, with its status"
ok "it is replaced" db_transact "$(stage '' retired 9-x)" \
    '{"op":"update","table":"SLB_Global","where":[],"row":{"stages":"9-x"}}'
run on_terminal slb-ctl get LoadBalancer shop -o yaml
is "$output" "# status: staged
kind: LoadBalancer
name: shop
sku: Basic
network: prod
frontends: []" "then the other one, with its status"

# Rules without a probe, while nothing is heard of the host: pools may keep its
# members, or take them for down.  NAT pools and outbound rules keep them.
cat >"$tmp/plain.yaml" <<'END'
kind: LoadBalancer
name: plain
network: prod
frontends:
- {name: f, address: 20.50.70.1}
backendPools:
- {name: keep, members: [{name: vm1}]}
- name: down
  silentHostBehavior: Down
  members: [{name: vm1}, {name: vm2, adminState: Up}, {name: vm3}]
rules:
- {name: keep, frontend: f, backendPool: keep, protocol: Tcp,
   frontendPort: 80, backendPort: 80}
- {name: down, frontend: f, backendPool: down, protocol: Tcp,
   frontendPort: 81, backendPort: 81}
inboundNatPools:
- {name: nat, frontend: f, backendPool: down, protocol: Tcp,
   frontendPortRangeStart: 100, frontendPortRangeEnd: 199, backendPort: 82}
outboundRules:
- {name: out, frontends: [f], backendPool: down}
END
run slb-ctl apply "$tmp/plain.yaml"
is "$status/$errors" 0/ "apply"
compiled()
{
    row Compiled_Pool "\"name\":\"plain/backendPools/$1\",\"tunnel_key\":$2,
        \"network_key\":8,\"slots_log2\":8,\"members\":[\"map\",[$3]],
        \"vteps\":[\"map\",[$4]]"
}
ok "the manager does its part" db_transact \
    "$(compiled keep 9 '[1,"vm1"]' '[1,"172.16.0.21"]')" \
    "$(compiled down 10 '[1,"vm1"],[2,"vm2"],[3,"vm3"]' \
        '[1,"172.16.0.21"],[2,"172.16.0.21"],[3,"172.16.0.21"]')"
run slb-ctl get LoadBalancer plain -o wide
like "$output" 'down +vm1 +- +1 +None +bound +- +host1' \
    "without a probe there is no health"
like "$output" 'rules/down .* down:81, 3 members' "all serve"
ok "nothing is heard of the host" db_transact \
    '{"op":"update","table":"Node","where":[["name","==","host1"]],
      "row":{"silent":4}}'
run slb-ctl get LoadBalancer plain -o wide
like "$output" 'down +vm1 +- +1 +None +bound +unknown +host1' \
    "then it is unknown"
like "$output" 'rules/keep .* keep:80, 1 member ' "who is kept serves"
like "$output" 'rules/down .* down:81, 1 of 3 members' \
    "who is not serves if users say so"
like "$output" 'inboundNatPools/nat .* down:82, 3 members' "NAT pools keep all"
like "$output" 'outboundRules/out .* down, 3 members' "so do outbound rules"

# A pool that is called as what comes after its name.
cat >"$tmp/odd.yaml" <<'END'
kind: LoadBalancer
name: odd
network: prod
frontends: [{name: f, address: 20.1.1.1}]
backendPools: [{name: probes, members: [{name: vm1}]}]
probes: [{name: health, protocol: Tcp, port: 443}]
rules:
- {name: r, frontend: f, backendPool: probes, probe: health, protocol: Tcp,
   frontendPort: 80, backendPort: 80}
END
run slb-ctl apply "$tmp/odd.yaml"
ok "a pool called probes is compiled" db_transact \
    "$(row Compiled_Pool '"name":"odd/backendPools/probes/probes/health",
        "tunnel_key":99,"network_key":8,"slots_log2":8,
        "members":["map",[[1,"vm1"]]]')"
run slb-ctl get LoadBalancer odd
like "$output" "probes:80, 0 of 1 member" "and seen"
done_testing

#!/bin/bash
# slb-ctl get prints what was declared; what it prints, apply accepts.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"

web=$srcdir/yaml/examples/web.yaml
db_create
db_start

run slb-ctl get
is "$status/$output$errors" 0/ "nothing there"
run slb-ctl get -o json
is "$status/$output" "0/[]" "nothing there, in JSON"
run slb-ctl get LoadBalancer web
is "$status" 1 "what is not there: exit status"
is "$errors" "slb-ctl: there is no load balancer 'web'" "and message"

cat >"$tmp/six.yaml" <<'END'
kind: VirtualNetwork
name: '6'
subnets:
- {name: web, prefix: 'FD00:0:0:1::/64'}
- {name: old, prefix: 10.0.1.0/24}
---
kind: LoadBalancer
name: six
sku: Basic
network: '6'
frontends:
- {name: z, address: '2001:DB8::10'}
- {name: a, address: 'fd00:0:0:1::A'}
END
run slb-ctl apply "$web" "$tmp/six.yaml"
is "$status/$errors" 0/ "apply some objects"

run slb-ctl get -o yaml
yaml=$output
is "$yaml" 'kind: VirtualNetwork
name: "6"
subnets:
- {name: old, prefix: 10.0.1.0/24}
- {name: web, prefix: "fd00:0:0:1::/64"}
---
kind: VirtualNetwork
name: prod
subnets:
- {name: web, prefix: 10.0.1.0/24}
---
kind: LoadBalancer
name: six
sku: Basic
network: "6"
frontends:
- {name: a, address: "fd00:0:0:1::a"}
- {name: z, address: "2001:db8::10"}
---
kind: LoadBalancer
name: web
network: prod
frontends:
- {name: public, address: 20.50.60.10}
backendPools:
- name: servers
  members:
  - {name: vm1, address: 10.0.1.4}
  - {name: vm2, address: 10.0.1.5}
  - {name: vm3, address: 10.0.1.6}
  - {name: vm4, address: 10.0.1.7}
  - {name: vm5, address: 10.0.1.8}
  - {name: vm6, address: 10.0.1.9}
rules:
- {name: http, frontend: public, backendPool: servers, protocol: Tcp,
   frontendPort: 80, backendPort: 8080}
- {name: http-alt, frontend: public, backendPool: servers, protocol: Tcp,
   frontendPort: 8080, backendPort: 80, idleTimeoutInMinutes: 10}' \
    "YAML: sorted by name, addresses canonical, no defaults"

# Back into the same database, and into an empty one.
before=$(db_dump)
slb-ctl get -o yaml >"$tmp/all.yaml"
slb-ctl get -o json >"$tmp/all.json"
run slb-ctl apply "$tmp/all.yaml"
is "$status/$(db_dump)" "0/$before" "apply takes it, and nothing changes"
run slb-ctl apply "$tmp/all.json"
is "$status/$(db_dump)" "0/$before" "the same with JSON"
for format in yaml json; do
    db_stop
    db_create
    db_start
    run slb-ctl apply "$tmp/all.$format"
    is "$status/$errors" 0/ "apply it to an empty database ($format)"
    run slb-ctl get -o yaml
    is "$output" "$yaml" "it comes out the same"
done

# One kind, one object.
run slb-ctl get VirtualNetwork -o yaml
is "$(grep -c ^kind <<<"$output")/$(grep -c LoadBalancer <<<"$output")" 2/0 \
    "one kind"
run slb-ctl get virtualnetwork prod -o yaml
is "$output" "kind: VirtualNetwork
name: prod
subnets:
- {name: web, prefix: 10.0.1.0/24}" "one object, its kind in small letters"
run slb-ctl get VirtualNetwork prod -o json
is "$(python3 -c 'import json, sys; print(json.load(sys.stdin))' \
    <<<"$output")" "[{'kind': 'VirtualNetwork', 'name': 'prod', \
'subnets': [{'name': 'web', 'prefix': '10.0.1.0/24'}]}]" "JSON"
run slb-ctl get VirtualNetwork web
is "$status/$errors" "1/slb-ctl: there is no virtual network 'web'" \
    "a name of another kind"
run slb-ctl get LoadBalancers
is "$status/$errors" "2/slb-ctl: 'LoadBalancers' is no kind, did you mean \
LoadBalancer?" "a wrong kind"

# Tables.
run slb-ctl get VirtualNetwork prod
is "$output" "\
VIRTUALNETWORK  SUBNET  PREFIX       GATEWAY   PEERINGS  STATUS
prod            web     10.0.1.0/24  10.0.1.1  -         pending" \
    "not ok before the manager has seen it"
db_transact "{\"op\":\"update\",\"table\":\"SLB_Global\",\"where\":[],
    \"row\":{\"compiled_seq\":$(db_global intent_seq)}}"
run slb-ctl get
is "$output" "\
VIRTUALNETWORK  SUBNET  PREFIX           GATEWAY        PEERINGS  STATUS
6               old     10.0.1.0/24      10.0.1.1       -         ok
6               web     fd00:0:0:1::/64  fd00:0:0:1::1  -         ok
prod            web     10.0.1.0/24      10.0.1.1       -         ok

LOADBALANCER  SKU       NETWORK  RULE            FRONTEND              \
BACKEND                  STATUS
six           Basic     6        -               -                     \
-                        ok
web           Standard  prod     rules/http      20.50.60.10:80/Tcp    \
servers:8080, 6 members  ok
web           Standard  prod     rules/http-alt  20.50.60.10:8080/Tcp  \
servers:80, 6 members    ok" "tables"

run slb-ctl nodes
is "$status/$output" "0/NODE  ROLE  VTEP  WANTED  APPLIED  CURRENT  PORTS  \
STATUS" \
    "no nodes"
node()
{
    echo "{\"op\":\"insert\",\"table\":\"Node\",\"row\":{\"name\":\"$1\",
        \"role\":\"$2\",\"vtep\":\"$3\",\"wanted\":$4,\"applied\":$5,
        \"ports\":[\"set\",[$6]],\"status\":[\"map\",[${7:-}]]}}"
}
port()
{
    echo "{\"op\":\"insert\",\"table\":\"Port\",\"uuid-name\":\"$1\",
        \"row\":{\"node\":\"host1\",\"iface_id\":\"$1\"}}"
}
ok "nodes report themselves" db_transact "$(port vm2)" "$(port vm1)" \
    "$(node mux1 mux 172.16.0.11 7 7 '' \
        '["overload","since today"],["more","or less"]')" \
    "$(node host1 host 172.16.0.21 12 9 \
        '["named-uuid","vm2"],["named-uuid","vm1"]')"
run slb-ctl nodes
is "$output" "\
NODE   ROLE  VTEP         WANTED  APPLIED  CURRENT  PORTS    STATUS
host1  host  172.16.0.21  12      9        no       vm1,vm2  -
mux1   mux   172.16.0.11  7       7        yes      -        more or less; \
overload since today" "nodes"

# Deleting.
run slb-ctl delete VirtualNetwork prod
is "$status/$errors" "1/slb-ctl: virtual network 'prod' cannot be deleted: it \
is the network of load balancer 'web'" "a network that is used stays"
run slb-ctl delete LoadBalancer webb
is "$status/$errors" "1/slb-ctl: there is no load balancer 'webb'" \
    "what is not there cannot be deleted"
seq=$(db_global intent_seq)
run slb-ctl delete LoadBalancer web
is "$status/$output" "0/LoadBalancer/web deleted" "delete a load balancer"
is "$(db_count Rule)/$(db_count Backend_Pool)/$(db_global intent_seq)" \
    "0/0/$((seq + 1))" "all below it has gone, and intent_seq has counted"
run slb-ctl delete virtualnetwork prod
is "$status/$output" "0/VirtualNetwork/prod deleted" \
    "delete a network that is not used any more, its kind in small letters"
done_testing

#!/bin/bash
# slb-ctl apply --dry-run says what would happen and does nothing; --prune
# deletes what is not in the files; delete deletes what nothing refers to.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"
plan 32

web=$srcdir/yaml/examples/web.yaml
sed -n '/^---/,$p' "$web" >"$tmp/lb.yaml"
sed -e 's/name: web$/name: shop/' -e 's/20.50.60.10/20.50.60.11/' \
    "$tmp/lb.yaml" >"$tmp/shop.yaml"
db_create
ok "the database is up" db_start

# A dry run.
before=$(db_dump)
run slb-ctl apply --dry-run "$web"
is "$status/$errors" 0/ "dry run of a new file"
is "$output" "VirtualNetwork/prod created (dry run)
LoadBalancer/web created (dry run)" "says what would happen"
is "$(db_dump)" "$before" "nothing has happened, not even to SLB_Global"
run slb-ctl apply --dry-run "$tmp/shop.yaml"
is "$status" 2 "dry run of a file that refers to nothing"
like "$errors" "shop.yaml:[0-9]+:[0-9]+: 'network' is 'prod', but there is no" \
    "says so"
slb-ctl apply "$web" "$tmp/shop.yaml" >/dev/null
before=$(db_dump)
sed 's/frontendPort: 80,/frontendPort: 81,/' "$web" >"$tmp/changed.yaml"
run slb-ctl apply --dry-run --wait "$tmp/changed.yaml"
is "$status/$output" "0/VirtualNetwork/prod unchanged (dry run)
LoadBalancer/web changed (1 change) (dry run)" "dry run of a change"
is "$(db_dump)" "$before" "nothing has changed"
run slb-ctl apply --dry-run --prune "$web"
is "$status/$output" "0/VirtualNetwork/prod unchanged (dry run)
LoadBalancer/web unchanged (dry run)
LoadBalancer/shop deleted (dry run)" "dry run of pruning"
is "$(db_dump)" "$before" "nothing is deleted"

# Pruning.
run slb-ctl apply --prune "$tmp/lb.yaml"
is "$status/$(db_dump)" "2/$before" "what the files need must be in them"
like "$errors" "lb.yaml:[0-9]+:[0-9]+: 'network' is 'prod', but there is no" \
    "which is told"
mkdir "$tmp/empty"
for what in /dev/null "$tmp/empty"; do
    run slb-ctl apply --prune "$what"
    is "$status/$(db_dump)" "2/$before" "nothing in $what: refused"
done
printf 'kind: AzureIds\nids: []\n' >"$tmp/ids.yaml"
run slb-ctl apply --prune "$tmp/ids.yaml"
is "$status/$(db_dump)" "2/$before" "no object in a file: refused"
like "$errors" "slb-ctl: there is nothing in the files: --prune would delete \
all that is in the database" "which is told"
run slb-ctl apply --prune "$web"
is "$status/$output" "0/VirtualNetwork/prod unchanged
LoadBalancer/web unchanged
LoadBalancer/shop deleted" "pruning"
is "$(db_count Load_Balancer)/$(db_global intent_seq)" 1/2 \
    "it is one change, and the load balancer is gone"

# All that refers to something goes together with that.
cat >"$tmp/other.yaml" <<'END'
kind: VirtualNetwork
name: other
subnets: [{name: all, prefix: 10.9.0.0/16}]
---
kind: PublicIPPrefix
name: pool
prefix: 20.99.0.0/28
---
kind: LoadBalancer
name: other
network: other
frontends: [{name: public, publicIPPrefix: pool}]
END
run slb-ctl apply --prune "$tmp/other.yaml"
is "$status/$output" "0/VirtualNetwork/other created
PublicIPPrefix/pool created
LoadBalancer/other created
LoadBalancer/web deleted
VirtualNetwork/prod deleted" "everything is replaced"
is "$(db_count Load_Balancer)/$(db_count Virtual_Network)/$(
    db_count Subnet)/$(db_count Rule)" 1/1/1/0 "nothing is left of what was"

# Deleting.
before=$(db_dump)
run slb-ctl delete PublicIPPrefix pool
is "$status/$(db_dump)" "1/$before" "a prefix that a frontend uses stays"
like "$errors" "slb-ctl: public IP prefix 'pool' cannot be deleted: it is the \
prefix of frontends of load balancer 'other'" \
    "the load balancer is named"
run slb-ctl delete VirtualNetwork other
is "$status/$(db_dump)" "1/$before" "a network that a load balancer uses stays"
like "$errors" "virtual network 'other' cannot be deleted: .*'other'" \
    "the load balancer is named"
cat >"$tmp/peers.yaml" <<'END'
kind: VirtualNetwork
name: left
subnets: [{name: all, prefix: 10.1.0.0/16}]
peerings: [right]
---
kind: VirtualNetwork
name: right
subnets: [{name: all, prefix: 10.2.0.0/16}]
peerings: [left]
END
slb-ctl apply "$tmp/peers.yaml" >/dev/null
run slb-ctl delete VirtualNetwork left
is "$status" 1 "a network that has a peer stays"
like "$errors" "virtual network 'left' cannot be deleted: .*'right'" \
    "the peer is named"
run slb-ctl delete loadbalancer other
is "$status/$output$errors" "0/LoadBalancer/other deleted" "a load balancer"
run slb-ctl delete PublicIPPrefix pool
is "$status/$output$errors" "0/PublicIPPrefix/pool deleted" "then its prefix"
run slb-ctl delete VirtualNetwork other
is "$status/$output$errors" "0/VirtualNetwork/other deleted" "and its network"
run slb-ctl delete VirtualNetwork other
is "$status/$errors" "1/slb-ctl: there is no virtual network 'other'" "again"

# Usage.
run slb-ctl diff --prune "$web"
is "$status" 2 "diff takes no --prune"
run slb-ctl delete --dry-run LoadBalancer web
is "$status" 2 "delete takes no --dry-run"

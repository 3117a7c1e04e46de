#!/bin/bash
# slb-ctl delete deletes what nobody refers to, of all kinds; else it says who
# does.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"
plan 15

cat >"$tmp/all.yaml" <<'END'
kind: VirtualNetwork
name: prod
subnets:
- {name: web, prefix: 10.0.1.0/24}
peerings: [tools]
---
kind: VirtualNetwork
name: tools
subnets:
- {name: all, prefix: 10.1.0.0/16}
peerings: [prod]
---
kind: PublicIPPrefix
name: outside
prefix: 20.50.61.0/28
---
kind: LoadBalancer
name: web
network: prod
frontends:
- {name: public, publicIPPrefix: outside}
END
db_create
db_start
run slb-ctl apply "$tmp/all.yaml"
is "$status/$errors" 0/ "apply"
before=$(db_dump | sha256sum)

# refused KIND NAME REGEX
refused()
{
    run slb-ctl delete "$1" "$2"
    is "$status/$output" 1/ "delete $1 $2: refused"
    like "$errors" "^slb-ctl: .* '$2' cannot be deleted: .*$3" "and why"
}
refused VirtualNetwork prod "load balancer 'web'"
refused VirtualNetwork tools "virtual network 'prod'"
refused PublicIPPrefix outside "load balancer 'web'"
is "$(db_dump | sha256sum)" "$before" "nothing is changed"

# deleted KIND NAME
deleted()
{
    run slb-ctl delete "$1" "$2"
    is "$status/$output$errors" "0/$1/$2 deleted" "delete $1 $2"
}
deleted LoadBalancer web
deleted PublicIPPrefix outside
sed -e '/^---/,$d' -e '/^peerings/d' "$tmp/all.yaml" >"$tmp/alone.yaml"
run slb-ctl apply "$tmp/alone.yaml"
is "$status" 2 "a peering cannot be taken from one side only"
sed -e '/^peerings/d' -e '/PublicIPPrefix/,$d' "$tmp/all.yaml" |
    sed '$d' >"$tmp/alone.yaml"
run slb-ctl apply "$tmp/alone.yaml"
is "$status/$errors" 0/ "but from both"
deleted VirtualNetwork prod
deleted VirtualNetwork tools
run slb-ctl get
is "$status/$output" 0/ "nothing is left"

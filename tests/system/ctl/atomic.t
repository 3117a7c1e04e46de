#!/bin/bash
# A file is applied whole or not at all: not when it is wrong, not when slb-ctl
# is killed at any time.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"

web=$srcdir/yaml/examples/web.yaml
db_create
ok "the database is up" db_start
run slb-ctl apply "$web"
is "$status" 0 "a file is applied"

before=$(db_dump)
wrong=0
for yaml in "$srcdir"/tests/unit/yaml-errors/*.yaml; do
    run slb-ctl apply "$yaml"
    # Some only lack a network called prod: here, there is one.
    [ "$status" = 2 ] || { diag "${yaml##*/}: status $status"; wrong=1; }
done
is "$wrong" 0 "files with errors are refused"
is "$(db_dump)" "$before" "files with errors have changed nothing"

# One wrong file among right ones.
sed -e 's/name: web$/name: shop/' -e 's/20.50.60.10/20.50.60.11/' "$web" |
    sed -n '/^---/,$p' >"$tmp/shop.yaml"
run slb-ctl apply "$tmp/shop.yaml" \
    "$srcdir/tests/unit/yaml-errors/protocol-case.yaml"
is "$status/$(db_dump)" "2/$before" "one wrong file, and none is applied"

# Against what is in the database.
sed -e 's/20.50.60.11/20.50.60.10/' "$tmp/shop.yaml" >"$tmp/clash.yaml"
run slb-ctl apply "$tmp/clash.yaml"
is "$status/$(db_dump)" "2/$before" "another load balancer has the address"
like "$errors" "^$tmp/clash.yaml:[0-9]+:[0-9]+: address 20.50.60.10 is that \
of frontend 'public' of load balancer 'web' in the database" "it is named"
cat >"$tmp/network.yaml" <<'END'
kind: VirtualNetwork
name: prod
subnets: []
END
run slb-ctl apply "$tmp/network.yaml"
is "$status/$(db_dump)" "2/$before" "the network's subnets are used"
like "$errors" "network.yaml:3:10: LoadBalancer/web/backendPools/servers/\
members/vm1 is in the database, and address 10.0.1.4 is outside" "by whom"

# Killed at any time: a large file is in the database whole or not at all.
{
    echo "{kind: VirtualNetwork, name: big, subnets: "
    echo "  [{name: all, prefix: 10.0.0.0/8}]}"
    for ((i = 0; i < 1000; i++)); do
        echo "---"
        echo "kind: LoadBalancer"
        echo "name: big$i"
        echo "network: big"
        echo "frontends:"
        echo "- {name: public, address: 30.0.$((i / 250)).$((i % 250 + 1))}"
        echo "backendPools:"
        echo "- name: servers"
        echo "  members:"
        echo "  - {name: vm1, address: 10.1.0.4}"
        echo "  - {name: vm2, address: 10.1.0.5}"
    done
} >"$tmp/big.yaml"
seen()
{
    slb-ctl get LoadBalancer -o yaml 2>/dev/null | grep -c '^name: big'
}
partial=0 none=0 whole=0
for delay in 0.02 0.05 0.1 0.15 0.2 0.25 0.3 0.4 0.6 0.8; do
    db_stop
    db_create
    db_start || break
    start victim slb-ctl apply "$tmp/big.yaml"
    sleep "$delay"          # No condition to wait for: any moment will do.
    stop victim KILL
    # A new connection's request comes after what the server has got.
    case $(seen)/$(db_global intent_seq) in
    0/) none=$((none + 1)) ;;
    1000/1) whole=$((whole + 1)) ;;
    *) partial=$((partial + 1)) ;;
    esac
done
note "killed in mid-apply: $none times nothing, $whole times all was applied"
is "$partial/$((none + whole))" 0/10 "killed, it is all or nothing"
run slb-ctl apply "$tmp/big.yaml"
is "$status/$(seen)" 0/1000 "the next apply completes it"
done_testing

#!/bin/bash
# Several appliers at once: each one's file is applied whole, and checked
# against what the others have made of the database.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"
plan 9

# load_balancer NAME ADDRESS N WEIGHT: with N members, all of them of WEIGHT.
load_balancer()
{
    local i
    echo "kind: LoadBalancer"
    echo "name: $1"
    echo "network: prod"
    echo "frontends:"
    echo "- {name: public, address: $2}"
    echo "backendPools:"
    echo "- name: servers"
    echo "  members:"
    for ((i = 0; i < $3; i++)); do
        echo "  - {name: vm$i, address: 10.0.1.$((i + 4)), weight: $4}"
    done
}

# at_once FILE...: applies all files at the same time; their statuses are in
# $tmp/FILE.status.  The last one starts when all have.
at_once()
{
    local file pids=()
    for file; do
        (
            slb-ctl apply "$file" >"$file.log" 2>&1
            echo $? >"$file.status"
        ) &
        pids+=($!)
    done
    wait "${pids[@]}"
}

statuses()
{
    for file; do
        cat "$file.status"
    done | sort | tr '\n' ' '
}

db_create
ok "the database is up" db_start

# The first ones, on an empty database, where even SLB_Global is not there.
rounds=5 counts='' codes=''
for ((round = 0; round < rounds; round++)); do
    db_stop
    db_create
    db_start || break
    files=()
    for name in a b c d e f; do
        cat >"$tmp/$name.yaml" <<END
kind: VirtualNetwork
name: $name
subnets: [{name: all, prefix: 10.0.1.0/24}]
END
        files+=("$tmp/$name.yaml")
    done
    at_once "${files[@]}"
    codes+=$(statuses "${files[@]}")
    counts+="$(db_count Virtual_Network)/$(db_global intent_seq) "
done
is "$codes" "$(for ((i = 0; i < rounds; i++)); do
    printf '0 0 0 0 0 0 '; done)" "all the first appliers succeed"
is "$counts" "6/6 6/6 6/6 6/6 6/6 " "and each has counted"

# Two versions of one load balancer: one of them is there then, whole.
slb-ctl apply - >/dev/null <<'END'
kind: VirtualNetwork
name: prod
subnets: [{name: all, prefix: 10.0.1.0/24}]
END
load_balancer web 20.50.60.10 100 1 >"$tmp/one.yaml"
load_balancer web 20.50.60.11 50 2 >"$tmp/two.yaml"
mixed=0 failed=0 seq=$(db_global intent_seq) changes=0
for ((round = 0; round < 10; round++)); do
    at_once "$tmp/one.yaml" "$tmp/two.yaml"
    [ "$(statuses "$tmp/one.yaml" "$tmp/two.yaml")" = "0 0 " ] ||
        failed=$((failed + 1))
    if ! slb-ctl diff "$tmp/one.yaml" >/dev/null &&
        ! slb-ctl diff "$tmp/two.yaml" >/dev/null; then
        mixed=$((mixed + 1))
    fi
    changes=$((changes + $(grep -h -c -v unchanged "$tmp/one.yaml.log") +
        $(grep -h -c -v unchanged "$tmp/two.yaml.log")))
done
is "$failed" 0 "both appliers succeed"
is "$mixed" 0 "never a mixture of both"
is "$(db_global intent_seq)" "$((seq + changes))" \
    "intent_seq counts each change once"

# Two load balancers want the same address: only one gets it.
load_balancer left 20.50.60.20 3 1 >"$tmp/left.yaml"
load_balancer right 20.50.60.20 3 1 >"$tmp/right.yaml"
both=0 order=''
for ((round = 0; round < 10; round++)); do
    slb-ctl delete LoadBalancer left &>/dev/null
    slb-ctl delete LoadBalancer right &>/dev/null
    at_once "$tmp/left.yaml" "$tmp/right.yaml"
    [ "$(statuses "$tmp/left.yaml" "$tmp/right.yaml")" = "0 2 " ] ||
        both=$((both + 1))
    order+=$(<"$tmp/left.yaml.status")
done
note "status of the one on the left: $order"
is "$both" 0 "one of two that clash is refused"

# A network is deleted while a load balancer is put into it.
odd=0
for ((round = 0; round < 10; round++)); do
    slb-ctl delete LoadBalancer new &>/dev/null
    slb-ctl apply - >/dev/null <<'END'
kind: VirtualNetwork
name: new
subnets: [{name: all, prefix: 10.0.1.0/24}]
END
    load_balancer new 20.50.60.30 3 1 | sed 's/: prod/: new/' >"$tmp/new.yaml"
    at_once "$tmp/new.yaml" &
    applier=$!
    slb-ctl delete VirtualNetwork new &>/dev/null
    deleted=$?
    wait "$applier"
    case $(<"$tmp/new.yaml.status")/$deleted in
    0/1 | 2/0) ;;
    *) odd=$((odd + 1)); diag "$(<"$tmp/new.yaml.status")/$deleted" ;;
    esac
done
is "$odd" 0 "either the network goes or the load balancer comes"
is "$(db_count SLB_Global)" 1 "there is one SLB_Global"

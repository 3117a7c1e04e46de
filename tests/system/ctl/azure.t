#!/bin/bash
# Load balancers of Azure's are files like others: they are converted, compared
# and applied, and what is converted is the same.  The resources are those of
# tests/unit/azure/, where also what is wrong is.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"

cat >"$tmp/networks.yaml" <<'END'
kind: VirtualNetwork
name: prod
subnets:
- {name: web, prefix: 10.0.1.0/24}
- {name: jobs, prefix: 10.0.2.0/23}
- {name: six, prefix: "fd00:0:0:6::/64"}
---
kind: VirtualNetwork
name: hub
subnets: [{name: inside, prefix: 10.1.0.0/24}]
---
kind: VirtualNetwork
name: blue
subnets: [{name: front, prefix: 10.0.1.0/24}]
---
kind: PublicIPPrefix
name: jobs-out
prefix: 20.50.61.0/28
---
kind: PublicIPPrefix
name: reserve
prefix: 20.50.62.0/28
END
db_create
ok "the database is up" db_start
run slb-ctl apply "$tmp/networks.yaml"
is "$status/$errors" 0/ "networks and prefixes"

cd "$srcdir/tests/unit/azure" || exit 1
for json in *.json; do
    name=${json%.json}
    files=("$json")
    [ ! -e "$name.ids.yaml" ] || files+=("$name.ids.yaml")
    said=
    [ ! -e "$name.err" ] || said=$(<"$name.err")

    run slb-ctl convert "${files[@]}"
    is "$status/$output/$errors" "0/$(<"$name.yaml")/$said" "$name: convert"
    run slb-ctl validate "$tmp/networks.yaml" "${files[@]}"
    is "$status/$output/$errors" "0//$said" "$name: validate"
    run slb-ctl diff "${files[@]}"
    is "$status/$errors" "1/$said" "$name: diff"
    run slb-ctl apply "${files[@]}"
    is "$status/$errors" "0/$said" "$name: apply"
    run slb-ctl diff "$name.yaml"
    is "$status/$output/$errors" 0// "$name: what was converted is the same"
    slb-ctl convert -o json "${files[@]}" >"$tmp/$name.json" 2>/dev/null
    run slb-ctl diff "$tmp/$name.json"
    is "$status/$output/$errors" 0// "$name: and as JSON"

    # Others have the same addresses.
    while read -r lb; do
        run slb-ctl delete LoadBalancer "$lb"
        is "$status" 0 "$name: delete $lb"
    done < <(sed -n '/^kind: LoadBalancer/{n;s/^name: //p}' "$name.yaml")
done

# Our documents may be among them, and the order does not matter.
run slb-ctl convert base.ids.yaml "$tmp/networks.yaml" base.json
is "$status/$(grep -c ^kind <<<"$output")" 0/6 "convert prints all objects"
run slb-ctl validate - < <(cat base.json; echo ---; cat base.ids.yaml)
like "$status/$errors" "^2/\(stdin\):9:55: 'network' is 'prod', but there is \
no such virtual network" "what is not there is told at the id that names it"

# Of several pools, an inbound NAT pool is for the one that is said.  (The
# subnet of an id is that of cross-zone.json.)
# shows: AzureIds.ids.backendPool AzureIds.ids.subnet
range='{"name": "range", "properties": {"protocol": "Tcp", '
range+='"frontendPortRangeStart": 100, "frontendPortRangeEnd": 200, '
range+='"backendPort": 23, "frontendIPConfiguration": {"id": "public"}}}'
sed -e 's/"backendAddressPools": \[/&{"name": "more"}, /' \
    -e "s/\"probes\":/\"inboundNatPools\": [$range], &/" \
    base.json >"$tmp/pools.json"
{
    cat base.ids.yaml
    echo "- {id: inboundNatPools/range, backendPool: servers}"
} >"$tmp/pools.ids.yaml"
run slb-ctl convert "$tmp/pools.json" "$tmp/pools.ids.yaml"
like "$status/$output" "^0/.*name: range, frontend: public, backendPool: \
servers," "the pool of an inbound NAT pool is what is said"

# Nothing is printed or changed if anything is wrong.
sed 's/"port": 80/"port": "80"/' base.json >"$tmp/wrong.json"
for command in convert validate diff apply; do
    run slb-ctl "$command" "$tmp/wrong.json" base.ids.yaml
    is "$status/$output/$errors" "2//$tmp/wrong.json:11:31: 'port' is the \
quoted text '80', expected an integer from 1 to 65535 without quotes" \
        "$command: an error"
done
is "$(db_count Load_Balancer)" 0 "nothing is there"
done_testing

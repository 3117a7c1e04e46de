#!/bin/bash
# The examples are right, each by itself, and come back from a database as they
# went in.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"

cd "$srcdir/yaml/examples" || exit 1
modeline="# yaml-language-server: \$schema=../slb.schema.json"

# There is one for each of these.
for name in web health three-tiers outbound zones nat ha-ports dns ipv6; do
    ok "there is $name.yaml" [ -e "$name.yaml" ]
done
ok "there is azure.json" [ -e azure.json ]

for ids in *.yaml; do
    files=("$ids")
    [ ! -e "${ids%.ids.yaml}.json" ] || files=("${ids%.ids.yaml}.json" "$ids")
    name=${files[0]}

    is "$(head -n 1 "$ids")" "$modeline" "$ids says what checks it in editors"
    ok "and what it shows" grep -q "^# [A-Z].* .* " <(sed -n 3p "$ids")
    run slb-ctl validate "${files[@]}"
    is "$status/$output$errors" 0/ "$name is valid, alone and without warnings"

    db_create
    db_start
    run slb-ctl apply "${files[@]}"
    is "$status/$errors" 0/ "$name is applied"
    run slb-ctl diff "${files[@]}"
    is "$status/$output" 0/ "the database has all of it"
    slb-ctl get -o yaml >"$tmp/get.yaml"
    slb-ctl convert "${files[@]}" >"$tmp/convert.yaml"
    before=$(db_dump)
    for command in get convert; do
        run slb-ctl apply "$tmp/$command.yaml"
        is "$status/$(db_dump)" "0/$before" \
            "what $command prints changes nothing when applied"
    done
    db_stop
done
done_testing

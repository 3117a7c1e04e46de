#!/bin/bash
# Wrong files get the messages they should: tests/unit/yaml-errors/ has pairs
# of NAME.yaml and NAME.err, which is exactly what slb-ctl says.
. "$(dirname "$0")/../../lib/tap.sh"

cd "$srcdir/tests/unit/yaml-errors" || exit 1
for yaml in *.yaml; do
    name=${yaml%.yaml}
    run slb-ctl validate "$yaml"
    is "$status/$output$errors" "2/$(<"$name.err")" "$name"
done

# What is too large to be kept.
run slb-ctl validate "$tmp/nowhere.yaml"
is "$status/$errors" "2/$tmp/nowhere.yaml: cannot be read (No such file or \
directory), expected a file with YAML" "missing file"
run slb-ctl validate "$tmp"
is "$status/$errors" "2/$tmp: cannot be read (Is a directory), expected a \
file with YAML" "directory"
truncate -s 33M "$tmp/large.yaml"
run slb-ctl validate "$tmp/large.yaml"
is "$status/$errors" "2/$tmp/large.yaml: too large, expected at most 32 MiB \
in a file" "large file"
run timeout 10 slb-ctl validate /dev/zero
is "$status/$errors" "2//dev/zero: too large, expected at most 32 MiB in a \
file" "endless file"
{
    printf 'kind: VirtualNetwork\nname: prod\nsubnets:\n'
    seq -f '- {name: s%.0f, prefix: 10.0.1.0/24}' 0 399999
} >"$tmp/many.yaml"
run slb-ctl validate "$tmp/many.yaml"
is "$status/$errors" "2/$tmp/many.yaml:400002:19: the document has more than \
2000000 values, aliases expanded; expected several smaller documents" \
    "document with very many values"

# Examples are right, and have no hidden dependency; so are files that go to the
# edge of what is right.
for yaml in "$srcdir"/yaml/examples/*.yaml "$srcdir"/tests/unit/yaml-good/*; do
    run slb-ctl validate "$yaml"
    is "$status/$output$errors" "0/" "${yaml##*/} is valid"
done
done_testing

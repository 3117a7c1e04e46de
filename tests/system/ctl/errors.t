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

# Files that are none.  (What a hostile one may cost: limits.t.)
run slb-ctl validate "$tmp/nowhere.yaml"
is "$status/$errors" "2/$tmp/nowhere.yaml: cannot be read (No such file or \
directory), expected a file with YAML" "missing file"
truncate -s 33M "$tmp/large.yaml"
run slb-ctl validate "$tmp/large.yaml"
is "$status/$errors" "2/$tmp/large.yaml: too large, expected at most 32 MiB \
in a file" "large file"
run timeout 10 slb-ctl validate - < <(
    printf 'kind: VirtualNetwork\nname: prod\nsubnets: []\n'
    while :; do
        printf -- '---\n{kind: VirtualNetwork, name: n%d, subnets: []}\n' \
            "$RANDOM$RANDOM$RANDOM"
    done | head -c 5000
    yes '# and so on')
is "$status/${errors#*: }" "2/something here is longer than 512 KiB, expected \
values of at most 4096 bytes, and short comments" "endless standard input"
run timeout 10 slb-ctl validate /dev/zero
is "$status/$errors" "2//dev/zero:1:1: not YAML: control characters are not \
allowed (0x00)" "endless file"
{
    printf 'kind: VirtualNetwork\nname: prod\nsubnets:\n'
    seq -f '- {name: s%.0f, prefix: 10.0.1.0/24}' 0 399999
} >"$tmp/many.yaml"
run slb-ctl validate "$tmp/many.yaml"
is "$status/$errors" "2/$tmp/many.yaml:10004:3: there are more than 10000 \
entries in one list, expected fewer" "document with very many values"

# Folders: all files in them with the right names, in order.
mkdir -p "$tmp/folder/sub.yaml" "$tmp/empty"
run slb-ctl validate "$tmp/empty"
is "$status/$errors" "2/$tmp/empty: there is nothing in the folder, expected \
files called *.yaml, *.yml or *.json" "empty folder"
run slb-ctl validate "$tmp/folder"
is "$status/$errors" "2/$tmp/folder/sub.yaml: not a regular file, expected \
only such in a folder" "folder in a folder"
rmdir "$tmp/folder/sub.yaml"
cp "$srcdir/yaml/examples/web.yaml" "$tmp/folder/b.yaml"
echo '{"kind": "PublicIPPrefix", "name": "out", "prefix": "20.9.0.0/31"}' \
    >"$tmp/folder/a.json"
ln -s ../elsewhere "$tmp/folder/c.yml"
echo '{kind: PublicIPPrefix, name: in, prefix: 20.9.1.0/31}' >"$tmp/elsewhere"
echo 'kind: x' | tee "$tmp/folder/README.md" >"$tmp/folder/.hidden.yaml"
run slb-ctl validate "$tmp/folder"
is "$status/$output$errors" "0/" "folder"
run slb-ctl validate "$tmp/folder/" "$tmp/folder/c.yml"
is "$status/$errors" "2/$tmp/folder/c.yml: given twice, expected it only \
once" "folder and a file of it"
run slb-ctl validate "$tmp/elsewhere" "$tmp/folder/c.yml"
is "$status/$errors" "2/$tmp/folder/c.yml: the same file as $tmp/elsewhere, \
expected it only once" "file and a link to it"
echo 'name: web' >"$tmp/folder/a.json"
echo '- x' >"$tmp/folder/b.yaml"
run slb-ctl validate "$tmp/folder"
is "$status/$errors" "2/$tmp/folder/a.json:1:1: the key 'kind' is missing, \
expected VirtualNetwork, PublicIPPrefix, LoadBalancer or AzureIds
$tmp/folder/b.yaml:1:3: the document is 'x', expected a map with the key \
'kind'" "errors in a folder"

ln -sf nowhere "$tmp/folder/b.yaml"
run slb-ctl validate "$tmp/folder"
is "$status/$errors" "2/$tmp/folder/a.json:1:1: the key 'kind' is missing, \
expected VirtualNetwork, PublicIPPrefix, LoadBalancer or AzureIds
$tmp/folder/b.yaml: cannot be read (No such file or directory), expected a \
file with YAML" "link to nothing in a folder"
run slb-ctl validate /proc/self/mem
is "$status/$errors" "2//proc/self/mem: cannot be read (Input/output error), \
expected a file with YAML" "file with a bad disk"

# A named pipe is read as long as somebody writes to it.
mkfifo "$tmp/pipe"
slb-ctl validate "$tmp/pipe" >"$tmp/none.out" 2>&1
is "$?/$(<"$tmp/none.out")" "2/$tmp/pipe:1:1: there is nothing in the file, \
expected a document with the key 'kind'" "pipe that nobody writes to"
run slb-ctl validate <(sleep 0.2; cat "$srcdir/yaml/examples/web.yaml")
is "$status/$output$errors" "0/" "pipe of a command"

# Examples are right, and have no hidden dependency; so are files that go to
# the edge of what is right.
for yaml in "$srcdir"/yaml/examples/*.yaml "$srcdir"/tests/unit/yaml-good/*; do
    run slb-ctl validate "$yaml"
    is "$status/$output$errors" "0/" "${yaml##*/} is valid"
done
done_testing

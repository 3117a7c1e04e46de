#!/bin/bash
# A large apply goes in many transactions, but what users see changes at once:
# when slb-ctl is killed at any moment, when somebody else changes something
# meanwhile, and with rows left over by others.
# timeout: 600
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"

# Large changes take their time on a busy machine.  (start takes a program.)
slb-ctl() { command slb-ctl --timeout=120 "$@"; }

# big N WEIGHT [NAME]: N load balancers, too many for one transaction.
big()
{
    local i name=${3:-big}
    echo "kind: VirtualNetwork"
    echo "name: $name"
    echo "subnets: [{name: all, prefix: 10.0.0.0/8}]"
    for ((i = 0; i < $1; i++)); do
        echo "---"
        echo "kind: LoadBalancer"
        echo "name: $name$i"
        echo "network: $name"
        echo "frontends:"
        echo "- {name: public, address: ${4:-30}.0.$((i / 250)).$((i % 250))}"
        echo "backendPools:"
        echo "- name: servers"
        echo "  members:"
        echo "  - {name: vm1, address: 10.1.0.4, weight: $2}"
        echo "rules:"
        echo "- {name: http, frontend: public, backendPool: servers,"
        echo "   protocol: Tcp, frontendPort: $((79 + $2)), backendPort: 80}"
    done
}

# What users see: how many load balancers and of which weights.
seen()
{
    slb-ctl get LoadBalancer -o yaml --defaults |
        sed -n 's/.*vm1, .*weight: \([0-9]*\).*/\1/p' | sort | uniq -c |
        tr -s ' \n' ' '
}

select_lbs()
{
    db_select '{"op":"select","table":"Load_Balancer","where":[],
        "columns":["stage","retired"]}'
}

big 1200 1 >"$tmp/one.yaml"
big 1200 2 >"$tmp/two.yaml"
db_create
ok "the database is up" db_start

run slb-ctl apply "$tmp/one.yaml"
is "$status/$errors" 0/ "a large file is applied"
is "$output" "VirtualNetwork: 1 created
LoadBalancer: 1200 created" "so many objects are counted"
is "$(seen)" " 1200 1 " "they are there"
is "$(db_global intent_seq)" 1 "it was one change"
like "$(db_dump SLB_Global)" '0-[0-9a-f]{16}' "it was a stage"
run slb-ctl apply "$tmp/one.yaml"
is "$status/$output" "0/VirtualNetwork: 1 unchanged
LoadBalancer: 1200 unchanged" "again: nothing is to be done"

# What others have noted about a load balancer stays when its row is replaced.
db_transact '{"op":"update","table":"Load_Balancer",
    "where":[["name","==","big7"]],"row":{"external_ids":["map",[["a","b"]]]}}'
run slb-ctl apply "$tmp/two.yaml"
is "$status/$output" "0/VirtualNetwork: 1 unchanged
LoadBalancer: 1200 changed" "all of them change"
is "$(seen)" " 1200 2 " "at once"
is "$(db_count Load_Balancer)" 2400 "the old rows are still there"
is "$(db_select '{"op":"select","table":"Load_Balancer","columns":
    ["external_ids"],"where":[["name","==","big7"],["retired","==",""]]}')" \
    '[{"rows":[{"external_ids":["map",[["a","b"]]]}]}]' \
    "external_ids have been taken over"

# Small changes of rows that are of a stage, and of those that had been.
run slb-ctl delete LoadBalancer big1
is "$status" 0 "one is deleted"
is "$(seen)" " 1199 2 " "and the row it had replaced does not come back"
big 2 3 >"$tmp/small.yaml"
run slb-ctl apply "$tmp/small.yaml"
is "$status/$output" "0/VirtualNetwork/big unchanged
LoadBalancer/big0 changed (2 changes)
LoadBalancer/big1 created" "one is changed, one comes back"
is "$(seen)" " 1198 2 2 3 " "they are seen"
run slb-ctl apply "$tmp/small.yaml"
like "$output" "big0 unchanged" "and stay"
run slb-ctl delete LoadBalancer big0
is "$status/$(seen)" "0/ 1198 2 1 3 " "one is deleted again"
# A row of that name that was replaced, and is of no stage, is in the way.
db_transact '{"op":"insert","table":"Load_Balancer","row":{"name":"big0",
    "sku":"Standard","tier":"Regional","network":"big","retired":"'"$(
    db_dump SLB_Global | grep -oE '1-[0-9a-f]{16}')"'"}}'
is "$(seen)" " 1198 2 1 3 " "a row of no stage that was replaced is not seen"
run slb-ctl apply "$tmp/small.yaml"
is "$status/$(seen)" "0/ 1198 2 2 3 " "and not in the way"

# Pruning many.
run slb-ctl apply --prune "$tmp/small.yaml"
is "$status/$output" "0/VirtualNetwork: 1 unchanged
LoadBalancer: 2 unchanged, 1198 deleted" "nearly all are deleted"
is "$(seen)" " 2 3 " "at once"

# Rows of a stage that never comes to an end.
db_transact "{\"op\":\"insert\",\"table\":\"Load_Balancer\",\"row\":{
    \"name\":\"ghost\",\"sku\":\"Standard\",\"tier\":\"Regional\",
    \"network\":\"big\",\"stage\":\"$(db_global intent_seq)-abcdef\"}}" \
    "{\"op\":\"insert\",\"table\":\"Load_Balancer\",\"row\":{
    \"name\":\"big0\",\"sku\":\"Basic\",\"tier\":\"Global\",
    \"network\":\"none\",\"stage\":\"$(db_global intent_seq)-abcdef\"}}"
run slb-ctl get LoadBalancer
unlike "$output" "ghost|Basic" "what is under way is not seen"
run slb-ctl diff "$tmp/small.yaml"
is "$status/$output" 0/ "nor in the way"
run slb-ctl get LoadBalancer ghost
is "$status" 1 "nor found by name"

# Killed at any moment: all or nothing.
db_stop
db_create
db_start
staged()
{
    select_lbs | grep -o "\"stage\":\"$(db_global intent_seq)-" | wc -l
}
# staging NAME: it is, or is done.
staging()
{
    [ "$(staged)" -gt "$left_over" ] || ! tap_is_running "${pid[$1]}"
}
# Passes everything on, but for what would make a stage count: that it keeps
# until $tmp/go is there.
cat >"$tmp/hold.py" <<'END'
import os
import socket
import sys
import threading
import time

server_path, path, tmp = sys.argv[1:]

def passes(source, to, is_client):
    tail = b''
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            if is_client and b'"stages","insert"' in tail + data:
                open(tmp + '/held', 'w').close()
                while not os.path.exists(tmp + '/go'):
                    time.sleep(.01)
            tail = data[-64:]
            to.sendall(data)
    except OSError:
        pass
    for s in source, to:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
while True:
    client, _ = listener.accept()
    server = socket.socket(socket.AF_UNIX)
    server.connect(server_path)
    for args in (client, server, True), (server, client, False):
        threading.Thread(target=passes, args=args, daemon=True).start()
END
# held NAME FILE: starts to apply FILE, up to its last transaction.
held()
{
    rm -f "$tmp/held" "$tmp/go" "$tmp/hold.sock"
    start hold python3 "$tmp/hold.py" "$tmp/slb.db.sock" "$tmp/hold.sock" \
        "$tmp"
    wait_until test -S "$tmp/hold.sock"
    start "$1" env slb-ctl --timeout=120 --db="unix:$tmp/hold.sock" apply "$2"
    wait_until 60 test -e "$tmp/held"
}
run slb-ctl apply "$tmp/one.yaml"
is "$status" 0 "what is there before"
outcomes='' odd=0
for ((round = 0; round < 8; round++)); do
    seq=$(db_global intent_seq) left_over=$(staged)
    if [ $((seq % 2)) = 1 ]; then
        old=1 new=2 file=$tmp/two.yaml
    else
        old=2 new=1 file=$tmp/one.yaml
    fi
    if [ $round = 0 ]; then
        held victim "$file"
    else
        start victim env slb-ctl --timeout=120 apply "$file"
        wait_until 60 staging victim
        # No condition to wait for: any moment will do.
        sleep "0.$((round * 12))"
    fi
    stop victim KILL
    stop hold KILL
    # The server may not have done yet what it was told: once more then.
    for again in yes no; do
        case $(seen)/$(db_global intent_seq) in
        " 1200 $old /$seq") outcomes+="old" ;;
        " 1200 $new /$((seq + 1))") outcomes+="new" ;;
        *) [ $again = no ] || continue
           odd=$((odd + 1)) ;;
        esac
        break
    done
    outcomes+=" ($(staged) stages left over), "
done
note "killed at any moment: $outcomes"
is "$odd" 0 "killed at any moment: all or nothing"
like "$outcomes" '^old \([1-9]' "once at least in the middle"
run slb-ctl apply "$tmp/two.yaml"
is "$status/$(seen)" "0/ 1200 2 " "the next apply makes it whole"

# Somebody else is faster: it is noticed, and all of it is done again.
db_stop
db_create
db_start
slb-ctl apply "$tmp/one.yaml" >/dev/null
cat >"$tmp/tiny.yaml" <<'END'
kind: VirtualNetwork
name: tiny
subnets: [{name: all, prefix: 10.0.0.0/8}]
END
ok "a large apply is under way" held large "$tmp/two.yaml"
run slb-ctl apply "$tmp/tiny.yaml"
is "$status" 0 "a small one comes in between"
touch "$tmp/go"
wait "${pid[large]}"
is "$?/$(seen)/$(db_global intent_seq)" "0/ 1200 2 /3" "both are made"
unset 'pid[large]'
stop hold
like "$(db_dump SLB_Global)" ' 2-' "the large one after the small one"
staged=$(select_lbs | grep -o '"stage":"1-' | wc -l)
cmp_ok "$staged" -gt 0 "rows of the first attempt are left over"
run slb-ctl diff "$tmp/two.yaml"
is "$status/$output" 0/ "and disturb nobody"

# Two large ones, and a third one that clashes: nobody is lost, nothing is
# mixed.
big 600 1 left 31 >"$tmp/left.yaml"
big 600 1 right 31 >"$tmp/right.yaml"
for name in one left right; do
    start $name env slb-ctl --timeout=120 apply "$tmp/$name.yaml"
done
statuses=''
for name in one left right; do
    wait "${pid[$name]}"
    statuses+=$?
    unset "pid[$name]"
done
like "$statuses" '^0(02|20)$' "two succeed, one of two that clash is refused"
is "$(seen)" " 1800 1 " "all that they have declared is there"

# A frontend in a file that is large and wrong changes nothing.
before=$(db_dump)
{
    cat "$tmp/two.yaml"
    echo "---"
    sed -n '/^kind: LoadBalancer/,/^---/p' "$tmp/one.yaml" | sed '/^---/q' |
        sed -e '/^---/d' -e 's/big0/clash/' -e 's/30.0.0.0/31.0.0.1/'
} >"$tmp/clash.yaml"
run slb-ctl apply "$tmp/clash.yaml"
is "$status" 2 "a large file with an error"
is "$(db_dump)" "$before" "has left nothing"
done_testing

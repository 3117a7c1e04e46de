#!/bin/bash
# slb-ctl apply --wait returns when the manager has compiled what was applied
# and all nodes concerned have it in force; else it names what is missing.
# The rows of manager and nodes are written by hand here.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"
plan 44

web=$srcdir/yaml/examples/web.yaml
db_create
db_start

node()
{
    echo "{\"op\":\"insert\",\"table\":\"Node\",\"row\":{\"name\":\"$1\",
        \"role\":\"$2\",\"wanted\":$3,\"applied\":$4}}"
}

# set_row TABLE WHERE ROW
set_row()
{
    db_transact "{\"op\":\"update\",\"table\":\"$1\",\"where\":[$2],
        \"row\":{$3}}"
}

set_node()
{
    set_row Node "[\"name\",\"==\",\"$1\"]" "\"$2\":$3"
}

# The manager: everything up to the present number is compiled, and the nodes
# that are named want the number behind the colon.
compile()
{
    local seq n
    seq=$(db_global intent_seq)
    for n; do
        set_node "${n%:*}" wanted "${n#*:}"
    done
    set_row SLB_Global "" "\"compiled_seq\":$seq"
}

# still_runs NAME: the process has not ended.  What must not happen cannot be
# waited for: it gets a moment to happen in.
still_runs()
{
    sleep 0.3
    tap_is_running "${pid[$1]}"
}

ends()
{
    ! tap_is_running "${pid[$1]}"
}

# ends_with NAME STATUS: the process ends, with that exit status.  (A
# connection that was lost is tried again after up to 8 s.)
ends_with()
{
    wait_until 20 ends "$1" || return
    wait "${pid[$1]}"
    local got=$?
    unset "pid[$1]"
    [ "$got" = "$2" ] || { diag "$1: status $got"; return 1; }
}

# change PORT: applies another version of the example in the background.
change()
{
    sed "s/frontendPort: 80,/frontendPort: $1,/" "$web" >"$tmp/$1.yaml"
    seq=$(db_global intent_seq)
    start apply slb-ctl apply --wait=20 "$tmp/$1.yaml"
    wait_until applied_after "${seq:-0}"
}

applied_after()
{
    local seq
    seq=$(db_global intent_seq)
    [ "${seq:-0}" -gt "$1" ]
}

# No manager.
run slb-ctl apply --wait=1 "$web"
is "$status" 3 "no manager: exit status"
is "$errors" "slb-ctl: applied, but not in force on all nodes within 1 s: \
slb-manager has not compiled it (is one running?)" "no manager: message"
like "$output" "LoadBalancer/web created" "but it is applied"
is "$(db_count Load_Balancer)" 1 "in the database, too"

# A manager, no nodes.
compile
run slb-ctl apply --wait=5 "$web"
is "$status/$errors" 0/ "compiled, no nodes: nothing to wait for"

# Nodes.
ok "there are nodes" db_transact "$(node mux1 mux 0 0)" \
    "$(node mux2 mux 0 0)" "$(node host1 host 4 4)"
change 81
ok "it waits for the manager" still_runs apply
compile mux1:1 mux2:1
ok "it waits for the nodes" still_runs apply
set_node mux1 applied 1
ok "for all of them" still_runs apply
set_node mux2 applied 1
ok "and returns when they have it" ends_with apply 0
is "$(tail -n 1 "$tmp/apply.out")" "LoadBalancer/web changed (1 change)" \
    "saying nothing more"

# A node that has more than was wanted when this was compiled will do; what is
# wanted later is not waited for.
change 82
compile mux1:2
ok "it waits for a node" still_runs apply
set_node mux2 wanted 7
set_node mux1 wanted 9
set_node mux1 applied 5
ok "not for what is wanted later" ends_with apply 0

# Time-out: the nodes that are missing are named.
set_node mux1 applied 9
set_node mux2 applied 7
change 83
compile host1:6 mux2:9
ok "two nodes are missing" still_runs apply
stop apply
run slb-ctl apply --wait=1 "$tmp/83.yaml"
is "$status" 3 "time-out: exit status"
like "$errors" "^slb-ctl: applied, but not in force on all nodes within 1 s: \
missing: host1 \(host, has 4 of 6, behind for [0-9]+ s\), mux2 \(mux, has 7 of \
9, behind for [1-9][0-9]* s\)\$" \
    "time-out: the nodes are named"
like "$output" "LoadBalancer/web unchanged" "also if nothing was to be done"
set_node host1 applied 6
start apply slb-ctl apply --wait=20 "$tmp/83.yaml"
ok "one node is missing" still_runs apply
ok "it is taken out of service" db_transact '{"op":"delete","table":"Node",
    "where":[["name","==","mux2"]]}'
ok "and not waited for any more" ends_with apply 0

# A pool's members change in two steps.
change 84
compile mux1:10
ok "a pool gets a new generation" db_transact '{"op":"insert",
    "table":"Generation","uuid-name":"g","row":{"pool_key":7,"number":2,
    "state":"coming"}}' '{"op":"insert","table":"Compiled_Pool","row":{
    "name":"web/backendPools/servers","tunnel_key":7,"network_key":1,
    "slots_log2":8,"generations":["named-uuid","g"]}}'
start second slb-ctl apply --wait=20 "$tmp/84.yaml"
set_node mux1 applied 10
ok "the first step is not all" still_runs second
ok "the second step" db_transact '{"op":"update","table":"Generation",
    "where":[],"row":{"state":"current"}}' '{"op":"update","table":"Node",
    "where":[["name","==","mux1"]],"row":{"wanted":11}}'
ok "is to be in force as well" still_runs second
set_node mux1 applied 11
ok "then it returns" ends_with second 0
stop apply

# A pool of another load balancer is not waited for.
ok "another pool is changing" db_transact '{"op":"insert",
    "table":"Generation","uuid-name":"g","row":{"pool_key":8,"number":2,
    "state":"coming"}}' '{"op":"insert","table":"Compiled_Pool","row":{
    "name":"web2/backendPools/servers","tunnel_key":8,"network_key":1,
    "slots_log2":8,"generations":["named-uuid","g"]}}'
run slb-ctl apply --wait=5 "$tmp/84.yaml"
is "$status/$errors" 0/ "which concerns nobody here"
set_row Generation '["pool_key","==",7]' '"state":"coming"'
run slb-ctl apply --wait=1 "$tmp/84.yaml"
is "$status" 3 "a switch that does not come: exit status"
like "$errors" "slb-manager has not switched all pools to their new members" \
    "a switch that does not come: message"
set_row Generation '["pool_key","==",7]' '"state":"current"'

# The database goes away and comes back while slb-ctl waits.
change 85
compile mux1:12
ok "it waits" still_runs apply
db_stop
ok "also without the database" still_runs apply
db_start
set_node mux1 applied 12
ok "and goes on when that is back" ends_with apply 0

# A node that is dead since before the change is told from one that is slow.
ok "a host is dead" set_node host1 wanted 20
sed "s/frontendPort: 80,/frontendPort: 86,/" "$web" >"$tmp/86.yaml"
seq=$(db_global intent_seq)
start apply slb-ctl apply --wait=6 "$tmp/86.yaml"
ok "a change is applied" wait_until applied_after "$seq"
ok "slb-ctl looks at the nodes before it is compiled" still_runs apply
db_transact '{"op":"update","table":"Node","where":[["name","==","mux1"]],
    "row":{"wanted":20}}' '{"op":"update","table":"Node",
    "where":[["name","==","host1"]],"row":{"wanted":21}}' "{\"op\":\"update\",
    \"table\":\"SLB_Global\",\"where\":[],
    \"row\":{\"compiled_seq\":$(db_global intent_seq)}}"
ok "time is up" ends_with apply 3
like "$(<"$tmp/apply.out")" "missing: host1 \(host, has 6 of 21, behind since \
before this change\), mux1 \(mux, has 12 of 20, behind for [1-9][0-9]* s\)" \
    "it is told how long nodes are behind"

# Progress: some lines in a file, one that changes on a terminal.
like "$(<"$tmp/apply.out")" "slb-ctl: 0 of 2 nodes: waiting for host1, mux1
slb-ctl: applied," "it is told from time to time what is waited for"
cat >"$tmp/terminal.py" <<'END'
import os
import pty
import sys

with open(sys.argv[1], 'wb') as log:
    def read(fd):
        data = os.read(fd, 1024)
        log.write(data)
        log.flush()
        return data
    sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:], read)))
END
for n in 1 2 3; do
    db_transact "$(node "host1$n" host 5 4)"
done
start apply python3 "$tmp/terminal.py" "$tmp/terminal" \
    slb-ctl apply --wait=20 "$tmp/86.yaml"
wait_until test -e "$tmp/terminal"
ok "on a terminal it is told at once" wait_until grep -q \
    "0 of 5 nodes: waiting for host1, host11, host12, \.\.\." "$tmp/terminal"
for n in 1 2 3; do
    set_node host1$n applied 5
done
ok "and in the same line what has come" wait_until grep -q \
    $'\r3 of 5 nodes: waiting for host1, mux1 *\r' "$tmp/terminal"
set_node mux1 applied 20
set_node host1 applied 21
ok "all have it" ends_with apply 0
like "$(tail -c 100 "$tmp/terminal")" $'\r +\r$' "nothing of the line is left"

# Usage.
run slb-ctl get --wait
is "$status" 2 "only apply waits"
run slb-ctl apply --wait=soon "$web"
is "$status/$errors" "2/slb-ctl: --wait is 'soon', expected a number of \
seconds (see slb-ctl --help)" "not a number of seconds"

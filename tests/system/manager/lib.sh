# shellcheck shell=bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Tests of slb-manager against a real ovsdb-server, in one directory and
# without nodes: tests/system/manager/slbdb writes what users and agents write.
#
#     start_db                 starts the database
#     start_manager [NAME]     starts a manager (m1) and waits until it is there
#     status NAME [KEY]        what it says of itself, or one value of that
#     recompute NAME           has it look at everything again; prints the number
#                              of transactions that this made
#     compiled                 waits until all that users wrote is compiled
#     settled                  waits until no generation is coming, all nodes
#                              acknowledging what is wanted
#     ack_all                  all nodes acknowledge what is wanted
#     concerned COMMAND...     runs it, waits until nothing is under way any
#                              more and prints the nodes that were concerned
#     get TABLE COLUMNS...     see slbdb
#     got TEXT TABLE COLUMNS...  true if that is TEXT
#     web_lab                  network prod, hosts h1 and h2 with VMs vm1 to
#                              vm4, muxes mux1 and mux2, no load balancer
#     web_lb [MEMBERS [-- COMMAND...]]
#                              load balancer web with a pool of all four VMs;
#                              more commands for slbdb

. "$(dirname "${BASH_SOURCE[0]}")/../../lib/tap.sh"

manager_dir=$srcdir/tests/system/manager
PATH=$manager_dir:$PATH
export SLB_DB=unix:$tmp/db.sock
export OVS_RUNDIR=$tmp OVS_LOGDIR=$tmp

start_db()
{
    if [ ! -e "$tmp/slb.db" ]; then
        ovsdb-tool create "$tmp/slb.db" "$srcdir/controller/slb.ovsschema"
    fi
    start db ovsdb-server "$tmp/slb.db" --remote=punix:"$tmp/db.sock" \
        --unixctl="$tmp/db.ctl" --no-chdir
    wait_until timeout 10 slbdb get SLB_Global _uuid 2>"$tmp/start_db.err" ||
        bail_out "ovsdb-server does not start: $(cat "$tmp/start_db.err")"
}

start_manager()
{
    local name=${1:-m1}
    start "$name" slb-manager --unixctl="$tmp/$name.ctl" -vconsole:info \
        -vPATTERN:console:"%D{%H:%M:%S.###}|%c|%p|%m"
    wait_until status_like "$name" database connected ||
        bail_out "slb-manager does not start: $(cat "$tmp/$name.out")"
    # Which the first one makes, unless slbdb has.
    wait_until has_global || bail_out "slb-manager makes no SLB_Global"
}

has_global() { [ -n "$(slbdb get SLB_Global _uuid 2>/dev/null)" ]; }

status()
{
    timeout 10 ovs-appctl -T 10 -t "$tmp/$1.ctl" slb/status 2>/dev/null |
        if [ $# -gt 1 ]; then sed -n "s/^$2: //p"; else cat; fi
}

# has_looked NAME COUNT: has it come to an end more often than COUNT times?
has_looked() { [ "$(status "$1" 'times idle')" -gt "$2" ]; }

recompute()
{
    local idle transactions
    wait_until idle "$1" || return
    idle=$(status "$1" 'times idle')
    transactions=$(status "$1" transactions)
    timeout 10 ovs-appctl -T 10 -t "$tmp/$1.ctl" slb/recompute
    wait_until has_looked "$1" "$idle"
    echo $(($(status "$1" transactions) - transactions))
}

# True if the manager has nothing to do but wait.
idle() { [ "$(status "$1" 'work')" = none ]; }

status_like()
{
    [ "$(status "$1" "$2")" = "$3" ]
}

is_compiled()
{
    local seqs
    seqs=$(slbdb get SLB_Global intent_seq,compiled_seq) &&
        [ -n "$seqs" ] && [ "${seqs% *}" = "${seqs#* }" ]
}

compiled()
{
    slbdb compiled
}

settled()
{
    slbdb settled
}

get()
{
    slbdb get "$@"
}

# True if slbdb's get with the arguments but the first prints the first.
got()
{
    [ "$(slbdb get "${@:2}")" = "$1" ]
}

ack_all()
{
    # shellcheck disable=SC2046  # Words are wanted.
    slbdb ack $(slbdb get Node name)
}

concerned()
{
    ack_all
    local before
    before=$(slbdb get Node name,wanted)
    "$@"
    compiled
    settled
    comm -13 <(echo "$before") <(slbdb get Node name,wanted) |
        cut -d' ' -f1 | xargs
}

web_lab()
{
    slbdb net prod 10.0.1.0/24 -- \
        node mux1 mux 172.16.0.11 -- node mux2 mux 172.16.0.12 -- \
        node h1 host 172.16.0.21 -- node h2 host 172.16.0.22 -- \
        ports h1 vm1,02:00:00:00:00:04,10.0.1.4 \
            vm2,02:00:00:00:00:05,10.0.1.5 -- \
        ports h2 vm3,02:00:00:00:00:06,10.0.1.6 \
            vm4,02:00:00:00:00:07,10.0.1.7
}

all_members=vm1@10.0.1.4,vm2@10.0.1.5,vm3@10.0.1.6,vm4@10.0.1.7

web_lb()
{
    slbdb lb web prod frontend:public=20.50.60.10 \
        "pool:servers=${1-$all_members}" \
        rule:http=public,servers,Tcp,80,8080 "${@:2}"
}

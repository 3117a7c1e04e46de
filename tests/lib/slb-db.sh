# shellcheck shell=bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# An SLB database for a test, and short ways to look into it.  Source tap.sh
# first.
#
#     db_create              makes an empty database, $tmp/slb.db
#     db_start [OPTION...]   serves it at $SLB_DB, which slb-ctl uses
#     db_stop [SIGNAL]       stops serving
#     db_dump [TABLE...]     all its rows with their UUIDs, in a fixed order
#     db_global COLUMN       a value of the one row of SLB_Global
#     db_count TABLE         how many rows there are
#     db_transact OP...      runs operations (JSON) in one transaction; fails,
#                            and shows the reply, if it has an error
#     db_select OP...        the same, and prints the reply

export SLB_DB=unix:$tmp/slb.db.sock
export OVS_RUNDIR=$tmp OVS_LOGDIR=$tmp OVS_DBDIR=$tmp

db_create()
{
    rm -f "$tmp/slb.db"
    ovsdb-tool create "$tmp/slb.db" "$srcdir/controller/slb.ovsschema"
}

db_start()
{
    start ovsdb-server ovsdb-server "$tmp/slb.db" \
        --remote="punix:$tmp/slb.db.sock" \
        --unixctl="$tmp/ovsdb-server.ctl" "$@"
    wait_until 10 db_is_up
}

db_is_up()
{
    ovsdb-client -t 2 get-schema-version "$SLB_DB" SLB &>/dev/null
}

db_stop()
{
    stop ovsdb-server "$@"
    rm -f "$tmp/slb.db.sock" "$tmp/ovsdb-server.ctl"
}

db_dump()
{
    local table
    if [ $# = 0 ]; then
        ovsdb-client -t 10 -f csv -d bare dump "$SLB_DB" SLB
    fi
    for table; do
        ovsdb-client -t 10 -f csv -d bare dump "$SLB_DB" SLB "$table"
    done
}

db_select()
{
    local IFS=, reply
    reply=$(ovsdb-client -t 10 transact "$SLB_DB" "[\"SLB\",$*]") || return
    if [[ $reply = *'"error"'* ]]; then
        diag "$reply"
        return 1
    fi
    echo "$reply"
}

db_transact()
{
    db_select "$@" >/dev/null
}

db_global()
{
    db_select "{\"op\":\"select\",\"table\":\"SLB_Global\",\"where\":[],
                  \"columns\":[\"$1\"]}" |
        sed -n 's/.*"'"$1"'":"\{0,1\}\([^"}]*\).*/\1/p'
}

db_count()
{
    db_select "{\"op\":\"select\",\"table\":\"$1\",\"where\":[],
                  \"columns\":[\"_uuid\"]}" | grep -o '"_uuid"' | wc -l
}

#!/bin/bash
# The database is away: slb-ctl says so, tries until its time is over, and goes
# on when the database is back.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"
plan 28

web=$srcdir/yaml/examples/web.yaml

run slb-ctl --timeout=2 apply "$web"
is "$status" 4 "no database: its exit status"
like "$errors" "cannot reach the database \($SLB_DB: No such file or \
directory\); trying for 2 s" "it is told, and what is done"
like "$errors" "no answer from the database within 2 s" "and the end of it"
is "$output" "" "nothing was done"
for command in get nodes "diff $web" "delete LoadBalancer web"; do
    # shellcheck disable=SC2086  # Several words.
    run slb-ctl --timeout=1 $command
    is "$status" 4 "no database: ${command%% *}"
done

# A wrong file needs no database to be found wrong.
run slb-ctl --timeout=1 apply "$srcdir/tests/unit/yaml-errors/prefix-bad.yaml"
is "$status" 2 "a wrong file is told without the database"
run slb-ctl validate "$web"
is "$status/$errors" 0/ "validate needs no database"

# Several servers.
run slb-ctl --timeout=1 --db=unix:/nonexistent,tcp:127.0.0.1:1 get
like "$errors" "unix:/nonexistent: No such.*tcp:127.0.0.1:1: Connection \
refused" "each of several servers is told"

# A server without the database.
ovsdb-tool create "$tmp/other.db" <(cat <<'END'
{"name": "Other", "version": "1.0.0",
 "tables": {"T": {"columns": {"c": {"type": "integer"}}}}}
END
)
start other ovsdb-server "$tmp/other.db" --remote="punix:$tmp/other.sock" \
    --unixctl="$tmp/other.ctl"
wait_until test -S "$tmp/other.sock"
run slb-ctl --timeout=1 --db="unix:$tmp/other.sock" get
is "$status" 4 "a server without the database"
like "$errors" "an ovsdb-server is there, but it does not serve the database \
SLB" "is told"
stop other

# It comes while slb-ctl tries.
start early slb-ctl --timeout=20 apply "$web"
ok "slb-ctl tries" wait_until grep -q "trying for 20 s" "$tmp/early.out"
db_create
db_start
applied()
{
    [ "$(db_count Load_Balancer)" = 1 ]
}
ok "the database comes, and the file is applied" wait_until 25 applied
wait_until grep -q "LoadBalancer/web created" "$tmp/early.out"
like "$(<"$tmp/early.out")" "LoadBalancer/web created" "which is told"
stop early

# It hangs.
kill -STOP "${pid[ovsdb-server]}"
run slb-ctl --timeout=1 get
is "$status" 4 "a database that hangs"
kill -CONT "${pid[ovsdb-server]}"
run slb-ctl get LoadBalancer web
is "$status" 0 "and goes on"
kill -STOP "${pid[ovsdb-server]}"
start slow slb-ctl get LoadBalancer web
sleep 1.5               # Longer than slb-ctl would wait for a server.
kill -CONT "${pid[ovsdb-server]}"
wait "${pid[slow]}"
unset 'pid[slow]'
unlike "$(<"$tmp/slow.out")" "cannot reach" \
    "one that only is slow is not told to be away"

# It restarts: what was applied is still there.
db_stop KILL
db_start
run slb-ctl diff "$web"
is "$status/$output$errors" 0/ "after a restart all is as it was"

# The connection breaks after a change was made, before slb-ctl hears of it.
cat >"$tmp/cut.py" <<'END'
import json
import socket
import sys
import threading

# Passes everything on, but for the reply to the first transaction that changes
# something: instead, it closes that connection; or, with "twice", it asks for
# the same once more, as a server does that was the leader for a moment only,
# and passes on what is said then.
cut = threading.Event()
twice = sys.argv[3:] == ["twice"]

def skip(data):
    """Returns what follows the first reply, or None if that is not whole."""
    try:
        text = data.decode()
        return text[json.JSONDecoder().raw_decode(text)[1]:].encode()
    except ValueError:
        return None

def passes(source, to, asked, is_client):
    held = b""
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            if is_client and b'"op":"wait"' in data and not asked.is_set():
                asked.set()
                if twice and not cut.is_set():
                    data += data
            if not is_client and asked.is_set() and not cut.is_set():
                held += data
                data = skip(held) if twice else b""
                if data is None:
                    continue
                cut.set()
                if not twice:
                    break
            to.sendall(data)
    except OSError:
        pass
    for s in source, to:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[2])
listener.listen()
while True:
    client, _ = listener.accept()
    server = socket.socket(socket.AF_UNIX)
    server.connect(sys.argv[1])
    asked = threading.Event()
    for args in (client, server, asked, True), (server, client, asked, False):
        threading.Thread(target=passes, args=args, daemon=True).start()
END
how=
through_cut()
{
    rm -f "$tmp/cut.sock"
    # shellcheck disable=SC2086  # Maybe no word.
    start cut python3 "$tmp/cut.py" "$tmp/slb.db.sock" "$tmp/cut.sock" $how
    wait_until test -S "$tmp/cut.sock"
    run slb-ctl --db="unix:$tmp/cut.sock" "$@"
    stop cut
}
through_cut delete LoadBalancer web
is "$status/$output$errors" "0/LoadBalancer/web deleted" \
    "the connection breaks while an object is deleted"
seq=$(db_global intent_seq)
through_cut apply "$web"
is "$status/$errors" 0/ "and while one is applied"
is "$output" "VirtualNetwork/prod unchanged
LoadBalancer/web created" "it is found out that it was"
is "$(db_count Load_Balancer)/$(db_global intent_seq)" "1/$((seq + 1))" \
    "which happens once"

# The server repeats a transaction that it has executed: the second time it
# comes too late.
how=twice
through_cut delete LoadBalancer web
is "$status/$output$errors" "0/LoadBalancer/web deleted" \
    "a transaction that deletes is executed twice"
is "$(db_count Load_Balancer)" 0 "it is gone"
seq=$(db_global intent_seq)
through_cut apply "$web"
is "$status/$errors/$output" "0//VirtualNetwork/prod unchanged
LoadBalancer/web created" "one that applies as well"
is "$(db_count Load_Balancer)/$(db_global intent_seq)" "1/$((seq + 1))" \
    "which happens once, too"

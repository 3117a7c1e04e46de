#!/bin/bash
# The database is away, comes, is restarted and loses everything.
. "$(dirname "$0")/lib.sh"

start m1 slb-manager --unixctl="$tmp/m1.ctl"
ok "a manager without a database stays" \
    wait_until status_like m1 database "never connected"
is "$(status m1 state)" standby "standing by"
start_db
ok "it is active when there is one" wait_until 40 status_like m1 state active
web_lab
web_lb
compiled
settled
before=$(slbdb dump)

stop db
ok "the database goes: it notices" \
    wait_until status_like m1 database away
is "$(status m1 state)" standby "and is not active any more"
start_db
ok "it is back: so is the manager" wait_until 40 status_like m1 state active
is "$(slbdb dump)" "$before" "nothing has changed"
is "$(grep -c 'database is away' "$tmp/m1.out")" 1 "which it says once"
web_lb vm1@10.0.1.4
ok "it goes on" compiled
settled

stop db KILL
start_db
ok "the same after a crash" wait_until 40 status_like m1 state active
web_lb
ok "it goes on, too" compiled
settled

# Restored from nothing.
stop db
rm "$tmp/slb.db"
start_db
ok "an empty database" wait_until 40 status_like m1 state active
ok "is one to start with" \
    slbdb until "0 0" SLB_Global intent_seq,compiled_seq
web_lab
web_lb
ok "and compiled" compiled
is "$(get Generation number,state)" "1 current" "from the beginning"
is "$(status m1 problems)" 0 "no problems"

# A database that refuses what is compiled, while hosts say that they live.
stop db
python3 - "$srcdir/controller/slb.ovsschema" >"$tmp/strict.ovsschema" <<'END'
import json
import sys

schema = json.load(open(sys.argv[1]))
schema["tables"]["Compiled_Network"]["columns"]["tunnel_key"] = {
    "type": {"key": {"type": "integer", "maxInteger": 0}}}
print(json.dumps(schema))
END
rm "$tmp/slb.db"
ovsdb-tool create "$tmp/slb.db" "$tmp/strict.ovsschema"
start_db
wait_until 15 status_like m1 state active
web_lab
start beats slbdb beats 0.1 h1
has_failed() { [ "$(status m1 failed)" -ge $((failed + $1)) ]; }
failed=$(status m1 failed)
wait_until has_failed 1
start_ms=$(date +%s%3N)
ok "it tries again" wait_until 20 has_failed 3
cmp_ok $(($(date +%s%3N) - start_ms)) -ge 1000 "but not all the time"
stop beats
stop db
rm "$tmp/slb.db"
start_db
wait_until 15 status_like m1 state active
web_lab
web_lb
ok "until the database takes it" compiled
done_testing

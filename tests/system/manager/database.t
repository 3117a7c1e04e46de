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
done_testing

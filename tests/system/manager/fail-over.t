#!/bin/bash
# Managers die, stand by, take over and restart: nothing changes because of it,
# and what was half-way is completed.
. "$(dirname "$0")/lib.sh"

start_db
start_manager m1
wait_until status_like m1 state active
start_manager m2
is "$(status m2 state)" standby "a second manager stands by"
web_lab
web_lb
compiled
settled
is "$(status m2 transactions)" 0 "and writes nothing"
web_lb vm1@10.0.1.4,vm2@10.0.1.5,vm3@10.0.1.6
compiled
settled
# A generation is half-way for as long as we want.
slbdb option debug-prepare-ms=60000
wait_until idle m1
before=$(slbdb dump)

stop m1 KILL
ok "it takes over when the active one is killed" \
    wait_until 5 status_like m2 state active
ok "looks at everything" wait_until status_like m2 "times idle" 1
is "$(status m2 transactions)" 0 "and writes nothing"
is "$(slbdb dump)" "$before" "all rows are what they were"
run web_lb "$all_members" -- compiled -- \
    get Generation number,weights state=coming
is "$status" 0 "what users change is compiled"
is "$output" "3 {1=1,2=1,3=1,4=1}" \
    "with the next number and the same indices"

# Killed with a generation half-way.
stop m2 KILL
slbdb ack mux1 mux2
start_manager m1
ok "a manager that starts completes what was half-way" \
    slbdb until 3 Generation number state=current
ok "all is settled" settled

# The restart of the only one.
before=$(slbdb dump)
ok "exit is obeyed" timeout 10 ovs-appctl -T 10 -t "$tmp/m1.ctl" exit
wait "${pid[m1]}"
is $? 0 "without complaint"
unset 'pid[m1]'
is "$(slbdb dump)" "$before" "nothing changes when the manager ends"
start_manager m1
ok "it is active again" wait_until 5 status_like m1 state active
ok "and has looked at everything" wait_until status_like m1 "times idle" 1
is "$(slbdb dump)" "$before" "nothing changes when it starts"
is "$(status m1 transactions)" 0 "not a transaction"

# Stopped, not dead: the lock is the database's business.
start_manager m2
cookie=$(get Endpoint cookie)
web_lb vm2@10.0.1.5
compiled
settled
is "$(get Endpoint cookie)" "$cookie" "a rule keeps its cookie"

# Changes while nobody is there are compiled later.
stop m1 KILL
stop m2 KILL
web_lb vm1@10.0.1.4,vm2@10.0.1.5
slbdb ports h2
nok "nobody compiles" is_compiled
start_manager m2
ok "the next one does" compiled
settled
is "$(get Member name,state | xargs)" \
    "vm1 active vm2 active vm3 draining vm4 draining" "all of it"
is "$(status m2 failed)" 0 "no transaction failed"
done_testing

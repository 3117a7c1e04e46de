#!/bin/bash
# Random changes, taken in one by one, lead to the same as looking at
# everything does: in the same manager, and in one that has just been started.
#
# The changes are always the same ones, so that a run says something about what
# has been changed.  SLB_RANDOM_SEED=$RANDOM makes others, SLB_RANDOM_ROUNDS
# more.
. "$(dirname "$0")/lib.sh"

rounds=${SLB_RANDOM_ROUNDS:-12}
seed=${SLB_RANDOM_SEED:-2026}
note "SLB_RANDOM_SEED=$seed"

start_db
start_manager m1
wait_until status_like m1 state active
slbdb node mux1 mux 172.16.0.11 -- node mux2 mux 172.16.0.12 -- \
    node h1 host 172.16.0.21 -- net prod 10.0.1.0/24

# What the manager has in memory.
counts() { status m1 | grep -E '^(networks|load bal.*|[a-z]*s|gen.*): '; }

for ((round = 1; round <= rounds; round++)); do
    mapfile -d '' -t changes < <(slbrandom $((seed + round)) 12)
    slbdb "${changes[@]}" || diag "round $round: ${changes[*]}"
    if ((round % 4 == 0)); then
        stop m1 SIGKILL
        start_manager m1
    fi
    ok "round $round: compiled" compiled
    ok "round $round: settled" settled
    wait_until idle m1
    right=$(slbdb dump)
    counts=$(counts | grep -vE '^(runs|transactions|load balancers compiled)')
    is "$(recompute m1)" 0 "round $round: nothing is to be corrected" ||
        diag "$(diff <(echo "$right") <(slbdb dump))"
    is "$(counts | grep -vE '^(runs|transactions|load balancers compiled)')" \
        "$counts" "round $round: nothing is left in memory"
    is "$(status m1 failed)" 0 "round $round: no transaction failed" ||
        diag "$(grep 'transaction failed' "$tmp/m1.out")"
    if ((round % 3 == 0)); then
        before=$(status m1 | sed -n '/^problems/,$p')
        stop m1
        start_manager m1
        wait_until status_like m1 "times idle" 1
        is "$(status m1 transactions)" 0 "round $round: nor after a restart"
        is "$(status m1 | sed -n '/^problems/,$p')" "$before" \
            "round $round: the problems are the same"
    fi
done
done_testing

#!/bin/bash
# What is applied in stages counts all at once, and what is left of stages is
# removed.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
slbdb option drain-seconds=0
web_lab
web_lb
compiled
settled
seq=$(get SLB_Global intent_seq)
# A stage may be under way when somebody else applies something.
stage=$seq-abc
retire() # NAME STAGE
{
    slbdb transact '{"op":"update","table":"Load_Balancer",
        "where":[["name","==","'"$1"'"],["stage","!=","'"$2"'"]],
        "row":{"retired":"'"$2"'"}}' >/dev/null
}
commit()
{
    slbdb intend '{"op":"mutate","table":"SLB_Global","where":[],
        "mutations":[["stages","insert","'"$1"'"]]}'
}
staged() # STAGE NAME PART...: inserts a row without intent_seq
{
    slbdb staged "$2" prod "column:stage=$1" "${@:3}"
}
endpoints() { get Endpoint rule,port,backend_port; }

before=$(slbdb dump | grep -v '^SLB_Global')
staged "$stage" web frontend:public=20.50.60.10 pool:servers=vm1@10.0.1.4 \
    rule:http=public,servers,Tcp,80,8081
staged "$stage" new frontend:f=20.50.60.11 pool:p=vm2@10.0.1.5 \
    rule:r=f,p,Tcp,80,80
retire web "$stage"
is "$(recompute m1)" 0 "staged rows are nothing to be compiled"
is "$(slbdb dump | grep -v '^SLB_Global')" "$before" "and change nothing"
pool=$(get Compiled_Pool tunnel_key)
cookie=$(get Endpoint cookie)

commit "$stage"
ok "the stage is committed" compiled
settled
is "$(endpoints)" "new/rules/r 80 80
web/rules/http 80 8081" "all of it counts"
is "$(get Compiled_Pool tunnel_key name=web/backendPools/servers)" "$pool" \
    "a pool keeps its key"
is "$(get Endpoint cookie rule=web/rules/http)" "$cookie" \
    "and a rule its cookie"
ok "the row that was replaced is removed" \
    slbdb until "new \"\"
web \"\"" Load_Balancer name,retired
is "$(get Frontend name | xargs)" "f public" "with what hung below it"
is "$(get SLB_Global stages)" "$stage" "the stage is still needed"
is "$(recompute m1)" 0 "nothing is to be corrected"

# A change in place keeps the row in its stage.
slbdb intend '{"op":"update","table":"Rule","where":[["name","==","r"]],
    "row":{"backend_port":90}}'
compiled
is "$(endpoints | head -1)" "new/rules/r 80 90" "rows of a stage are changed"

# Only deletions.
seq=$(get SLB_Global intent_seq)
retire web "$seq-del"
retire new "$seq-del"
is "$(endpoints | wc -l)" 2 "retired by a stage that is not committed: there"
commit "$seq-del"
ok "committed" compiled
is "$(endpoints)" "" "gone"
ok "and removed" slbdb until "" Load_Balancer name
ok "with the names of the stages" slbdb until "[]" SLB_Global stages

# A stage that can never be committed.
seq=$(get SLB_Global intent_seq)
staged "$seq-xyz" web frontend:public=20.50.60.10 pool:servers=vm1@10.0.1.4
is "$(recompute m1)" 0 "a stage that may be committed yet"
is "$(get Load_Balancer name)" web "is left alone"
web_lb
compiled
ok "but not when somebody else was faster" \
    slbdb until 'web ""' Load_Balancer name,stage
is "$(endpoints)" "web/rules/http 80 8080" "whose rows count"
is "$(status m1 failed)/$(status m1 problems)" 0/0 \
    "no transaction failed, no problem"
done_testing

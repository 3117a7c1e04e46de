#!/bin/bash
# Load balancers that are replaced by stages are the same ones to nodes, and
# what is left over of stages goes.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
slbdb option drain-seconds=3600
web_lab
slbdb prefix p 20.9.0.0/28

# web COMMAND MEMBERS: puts load balancer web.
web()
{
    slbdb "$1" web prod "frontend:public=;public_ip_prefix=p" \
        "frontend:inside=;subnet=s0" "pool:servers=$2" \
        rule:http=public,servers,Tcp,80,8080 \
        rule:dns=inside,servers,Udp,53,53 \
        nat:ssh=public,vm1,Tcp,22,22 \
        natpool:each=public,servers,Tcp,5000-5003,22
}

web lb "$all_members"
compiled
settled
ok "work is done" wait_until idle m1
before=$(slbdb dump | grep -v ^SLB_Global)
web flip "$all_members"
ok "a load balancer is replaced by an equal one" compiled
ok "work is done" wait_until idle m1
is "$(slbdb dump | grep -v ^SLB_Global)" "$before" "nodes see nothing of that"
is "$(get Load_Balancer name,retired)" 'web ""' "the old row has gone"
is "$(get SLB_Global stages)" "$(get Load_Balancer stage)" \
    "the stage of the new one is known"

# With other members.
keys=$(get Compiled_Pool name,tunnel_key)
cookies=$(get Endpoint rule,cookie)
addresses=$(get Assigned_Address frontend,address)
port=$(get Assigned_Port ports | grep -o '500.=vm3')
web flip vm1@10.0.1.4,vm3@10.0.1.6
compiled
settled
is "$(get Compiled_Pool name,tunnel_key)" "$keys" "pools keep their keys"
is "$(get Endpoint rule,cookie | grep -v each)" \
    "$(echo "$cookies" | grep -v each)" "endpoints keep their cookies"
is "$(get Assigned_Address frontend,address)" "$addresses" \
    "frontends keep their addresses"
like "$(get Assigned_Port ports)" "$port" "members keep their ports"
is "$(get Member name,state pool=web/backendPools/servers | xargs)" \
    "vm1 active vm2 draining vm3 active vm4 draining" "who went is drained"

# Stages that do not count (yet).
before=$(slbdb dump | grep -v -e ^SLB_Global)
web stage vm2@10.0.1.5
slbdb stage other prod frontend:f=20.50.60.70 pool:p=vm1@10.0.1.4 \
    rule:r=f,p,Tcp,80,80
wait_until idle m1
is "$(get Load_Balancer name | xargs)" "other web web" \
    "the rows of a stage are left alone while it may be made to count"
is "$(slbdb dump | grep -v -e ^SLB_Global)" "$before" "and are not compiled"
slbdb prefix q 20.9.1.0/28
ok "they go when it cannot any more" wait_until got web Load_Balancer name
compiled
is "$(slbdb dump | grep -v -e ^SLB_Global)" "$before" "which changes nothing"

# Deleting.
slbdb flip web
ok "a load balancer is deleted by a stage" compiled
is "$(get Endpoint rule)" "" "its endpoints are gone"
is "$(get Assigned_Address address)" "" "its addresses are free"
ok "its row goes" wait_until got "" Load_Balancer name
ok "the stage as well" wait_until got "[]" SLB_Global stages
slbdb option drain-seconds=0
settled
ok "and its pools, drained" wait_until got "" Compiled_Pool name

# Many, while managers change.
for i in 1 2 3; do
    lbs=()
    for j in {1..25}; do
        lbs+=(-- flip "lb$j" prod "frontend:f=20.50.61.$j" \
            "pool:p=vm$i@10.0.1.$((i + 3))" rule:r=f,p,Tcp,80,80)
    done
    slbdb option transaction-rows=5 "${lbs[@]}"
    stop m1 SIGKILL
    start_manager m1
done
ok "managers that come and go get on" compiled
settled
ok "they collect the garbage" wait_until idle m1
is "$(get Load_Balancer name | wc -l)" 25 "no live row is gone, no other is there"
is "$(get SLB_Global stages | tr , '\n' | wc -l)" 25 "nor other stages"
is "$(get Member name,state | uniq -c | xargs)" "25 vm3 active" \
    "the last ones are in force"
is "$(recompute m1)" 0 "nothing is to be corrected"
done_testing

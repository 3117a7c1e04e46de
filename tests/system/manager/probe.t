#!/bin/bash
# Members of pools with probes get connections when their hosts say that they
# are up.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
web_lab
all=vm1@10.0.1.4,vm2@10.0.1.5,vm3@10.0.1.6 states= probe=

# web [ARGUMENTS-OF-LB...]: with $states of the members and $probe.
web()
{
    slbdb lb web prod frontend:f=20.50.60.10 "pool:p=$all$states" \
        "probe:h=Http,80;request_path=\"/health\"$probe" \
        'rule:r=f,p,Tcp,80,80;probe="h"' "$@"
    compiled
    settled
}
# members [POOL]: names and states.
members()
{
    get Member name,state "pool=web/backendPools/${1:-p/probes/h}"
}
# up_is NAME...: those that get new connections.
up_is()
{
    settled
    [ "$(members | sed -n 's/ active$//p' | xargs)" = "$*" ]
}
h=web/probes/h

web
is "$(get Compiled_Pool name,probe)" \
    "web/backendPools/p/probes/h {interval=5,name=web/probes/h,path=/health,port=80,probes=2,protocol=Http}" \
    "one pool, with its probe"
is "$(members)" "vm1 unbound
vm2 unbound
vm3 unbound" "who was never heard of gets nothing"
is "$(get Member name,vtep)" "vm1 172.16.0.21
vm2 172.16.0.21
vm3 172.16.0.22" "but its host knows that it is a member"
slbdb health vm1 $h 10.0.1.4 up
ok "who is up gets connections" wait_until 5 up_is vm1
slbdb health vm2 $h 10.0.1.5 up -- health vm3 $h 10.0.1.6 up
ok "and others, too" wait_until 5 up_is vm1 vm2 vm3
is "$(get Load_Balancer status)" "{}" "there is nothing to be said"
is "$(get Compiled_Pool unhealthy)" "[]" "nobody is unhealthy"
slbdb health vm2 $h 10.0.1.5 down
ok "who is down gets no more" wait_until 5 up_is vm1 vm3
is "$(get Compiled_Pool unhealthy)" 2 "and is unhealthy"
is "$(members)" "vm1 active
vm2 draining
vm3 active" "but keeps what it has"
is "$(get Load_Balancer status)" \
    "{backendPools/p/members/vm2=down (probe h)}" "and that is told"
slbdb health vm2 $h 10.0.1.5 "down (goes up and down: needs 8 successes)"
told() { [[ $(get Load_Balancer status) == *"members/vm2=$1"* ]]; }
ok "why it may be so for longer, too" wait_until 5 \
    told "down (probe h, goes up and down: needs 8 successes)"
is "$(get Compiled_Pool unhealthy)" 2 "it is unhealthy still"
is "$(recompute m1)" 0 "nothing is to be corrected"

# Other keys do not matter.
slbdb health vm1 $h 10.0.1.4 up web/probes/other 10.0.1.4 down \
    $h 10.0.1.99 down other/probes/h 10.0.1.4 down
slbdb health vm2 $h 10.0.1.5 up
ok "what is said of others does not matter" wait_until 5 up_is vm1 vm2 vm3
is "$(get Compiled_Pool unhealthy)" "[]" "who is up again is well"
slbdb health vm3
ok "who is not heard of any more is not used" wait_until 5 up_is vm1 vm2
is "$(get Load_Balancer status)" "{}" "without a word"

# All are down.
# shows: LoadBalancer.probes.noHealthyBackendsBehavior
slbdb health vm1 $h 10.0.1.4 down -- health vm2 $h 10.0.1.5 down
ok "all down: nobody gets any" wait_until 5 up_is ""
is "$(get Compiled_Pool unhealthy)" "[1,2]" \
    "they are unhealthy, who was never heard of is not"
probe=';no_healthy_backends_behavior="AllProbedUp"'
web
ok "AllProbedUp: all that are down do, not who was never heard of" \
    wait_until 5 up_is vm1 vm2
like "$(get Load_Balancer status)" \
    'members/vm1=down, but as nobody is up it gets connections \(probe h\)' \
    "and that is told"
is "$(get Compiled_Pool unhealthy)" "[]" "then nobody is unhealthy"
slbdb health vm3 $h 10.0.1.6 up
ok "until one is up" wait_until 5 up_is vm3
is "$(get Compiled_Pool unhealthy)" "[1,2]" "then they are"
is "$(recompute m1)" 0 "nothing is to be corrected"

# What users say of members.
states=';member_admin_states=["map",[["vm1","Up"],["vm3","Down"]]]'
web
ok "adminState has the last word" wait_until 5 up_is vm1
is "$(get Compiled_Pool unhealthy)" 2 "on who is unhealthy as well"
states=

# Several probes of one pool.
web 'probe:i=Tcp,443' 'rule:s=f,p,Tcp,443,443;probe="i"' \
    'rule:t=f,p,Tcp,81,81;enable_tcp_reset=true' 'rule:u=f,p,Tcp,82,82;probe="h"'
is "$(get Compiled_Pool name)" "web/backendPools/p
web/backendPools/p/probes/h
web/backendPools/p/probes/i" "one pool for each probe of its rules, and none"
is "$(get Endpoint rule,tcp_reset | xargs)" "web/rules/r False\
 web/rules/s False web/rules/t True web/rules/u False" \
    "who asks for resets is noted"
for rule in r:p/probes/h s:p/probes/i t:p u:p/probes/h; do
    is "$(get Endpoint pool_key "rule=web/rules/${rule%%:*}")" \
        "$(get Compiled_Pool tunnel_key "name=web/backendPools/${rule#*:}")" \
        "rule ${rule%%:*} has ${rule#*:}"
done
is "$(members p | xargs)" "vm1 active vm2 active vm3 active" \
    "without a probe all are healthy"
slbdb health vm1 $h 10.0.1.4 down web/probes/i 10.0.1.4 up
settled
ok "each probe decides for its rules" wait_until 5 \
    eval '[ "$(members p/probes/i | xargs)" = \
            "vm1 active vm2 unbound vm3 unbound" ]'
ok "and not for others" up_is vm3

# The port moves: the other host has to find out anew.
slbdb ports h1 vm2,02:00:00:00:00:05,10.0.1.5 -- \
    ports h2 vm3,02:00:00:00:00:06,10.0.1.6 vm1,02:00:00:00:00:04,10.0.1.4
ok "who moves is not known to be up" wait_until 5 \
    eval '[ -z "$(members p/probes/i | grep active)" ]'
slbdb health vm1 web/probes/i 10.0.1.4 up
ok "before its new host says so" wait_until 5 \
    eval 'members p/probes/i | grep "vm1 active" >/dev/null'

# A rule in use gets a probe: who had connections keeps them and gets more.
live()
{
    slbdb lb live prod frontend:f=20.50.60.12 pool:p=$live \
        'probe:h=Http,80;number_of_probes=1' 'probe:i=Tcp,81' \
        "rule:r=f,p,Tcp,80,80${1-}"
    compiled
    settled
}
live_members() { get Member index,name,state "pool=live/backendPools/$1"; }
weights()
{
    get Generation weights,state,slots_log2 \
        "pool_key=$(get Compiled_Pool tunnel_key \
            "name=live/backendPools/$1")" | grep current
}
slbdb option drain-seconds=3600
live=vm3@10.0.1.6*3
live
live=vm2@10.0.1.5,vm3@10.0.1.6*3
live
before=$(live_members p) weights=$(weights p)
is "$before" "1 vm3 active
2 vm2 active" "without a probe"
live ';probe="h"'
is "$(live_members p/probes/h)" "$before" "with one: the same members"
is "$(weights p/probes/h)" "$weights" "the same shares"
is "$(get Endpoint pool_key rule=live/rules/r)" \
    "$(get Compiled_Pool tunnel_key name=live/backendPools/p/probes/h)" \
    "and the rule is there"
is "$(get Binding pools iface_id=vm3 | grep -o "$(get Compiled_Pool \
    tunnel_key name=live/backendPools/p/probes/h)=1")" \
    "$(get Compiled_Pool tunnel_key name=live/backendPools/p/probes/h)=1" \
    "which its host knows"
is "$(recompute m1)" 0 "nothing is to be corrected"
slbdb health vm2 live/probes/h 10.0.1.5 up
ok "who does not answer in time gets no more" slbdb until "1 vm3 draining
2 vm2 active" Member index,name,state pool=live/backendPools/p/probes/h
unlike "$(get Compiled_Pool probe name=live/backendPools/p/probes/h)" \
    trusted "since that is over"
settled
live ';probe="i"'
is "$(live_members p/probes/i)" "1 vm3 draining
2 vm2 active" "another probe: who was up is"
live
is "$(live_members p)" "1 vm3 active
2 vm2 active" "none: all are"
slbdb health vm2 -- option drain-seconds=0 -- del-lb live

# A pool that is called as what comes after it.
slbdb lb odd prod frontend:f=20.50.60.11 pool:probes=vm2@10.0.1.5 \
    probe:h=Tcp,80 'rule:r=f,probes,Tcp,80,80;probe="h"'
slbdb health vm2 odd/probes/h 10.0.1.5 down
ok "a pool called probes" slbdb until \
    "{backendPools/probes/members/vm2=down (probe h)}" \
    Load_Balancer status name=odd
slbdb del-lb odd

# Another manager finds the same.
stop m1
start_manager m2
is "$(recompute m2)" 0 "another manager changes nothing"
slbdb option drain-seconds=0 -- del-lb web
ok "all of it goes with the load balancer" \
    wait_until 5 eval 'settled; [ -z "$(get Compiled_Pool name)" ]'
is "$(status m2 failed)" 0 "no transaction failed"
done_testing

#!/bin/bash
# Node.wanted goes up for the nodes that a change concerns, and for no others.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
slbdb option drain-seconds=3600
web_lab
slbdb node h3 host 172.16.0.23
slbdb ports h3
web_lb vm1@10.0.1.4,vm2@10.0.1.5
slbdb net far 10.9.0.0/16
slbdb node h4 host 172.16.0.24
slbdb ports h4 vm9,02:00:00:00:00:09,10.9.0.9
compiled
settled
is "$(get Node name wanted=0)" "" "each node is wanted to read once"

is "$(concerned web_lb vm1@10.0.1.4,vm2@10.0.1.5*2)" "h1 mux1 mux2" \
    "a weight: muxes and the members' host"
is "$(concerned web_lb vm1@10.0.1.4,vm2@10.0.1.5,vm3@10.0.1.6)" \
    "h1 h2 mux1 mux2" "a member more: its host, too"
is "$(concerned web_lb vm1@10.0.1.4,vm2@10.0.1.5)" "h1 h2 mux1 mux2" \
    "a member less: the host it had, too"
vm9_moves()
{
    slbdb ports h4 vm9,02:00:00:00:00:0a,10.9.0.9
    slbdb until 02:00:00:00:00:0a Binding mac iface_id=vm9
}
is "$(concerned vm9_moves)" "h4" \
    "a VM that is nobody's member: hosts with its network"
new_vm()
{
    slbdb ports h2 vm3,02:00:00:00:00:06,10.0.1.6 \
        vm4,02:00:00:00:00:07,10.0.1.7 vm6,02:00:00:00:00:0b,10.0.1.10
    slbdb until vm6 Binding iface_id address=10.0.1.10
}
is "$(concerned new_vm)" "h1 h2" "another VM: all hosts of the network"
rename_rule()
{
    slbdb lb web prod frontend:public=20.50.60.10 \
        pool:servers=vm1@10.0.1.4,vm2@10.0.1.5 \
        rule:http=public,servers,Tcp,80,8081
}
is "$(concerned rename_rule)" "h1 h2 mux1 mux2" \
    "a rule: muxes and hosts of the pool, also of what it drains"
# h2 has VMs of the network, but none of this pool.
inner()
{
    slbdb lb inner prod "frontend:inside=$1" pool:one=vm1@10.0.1.4 \
        rule:http=inside,one,Tcp,80,8080
}
is "$(concerned inner 10.0.1.100)" "h1 h2 mux1 mux2" \
    "an internal frontend: also hosts whose VMs may call it"
is "$(concerned inner 10.0.1.101)" "h1 h2 mux1 mux2" \
    "another address for it: the same"
new_mux()
{
    slbdb node mux3 mux 172.16.0.13
    slbdb until mux3 Mux name name=mux3
}
is "$(concerned new_mux)" "h1 h2 h3 h4 mux1 mux2 mux3" \
    "a mux: all hosts, the other muxes and itself"
unused_network() { slbdb net unused 192.168.0.0/16; }
is "$(concerned unused_network)" "" "a network without VMs: nobody"
nothing() { slbdb net unused 192.168.0.0/16; }
is "$(concerned nothing)" "" "nothing: nobody"

# Acknowledgements are read, and that is all: a run for each would keep
# managers from running ahead.
wait_until idle m1
runs=$(status m1 runs)
for i in {1..10}; do
    slbdb transact '{"op":"update","table":"Node","where":[],
        "row":{"applied":'"$i"'}}' >/dev/null
done
nothing
compiled
wait_until idle m1
cmp_ok "$(($(status m1 runs) - runs))" -lt 5 "acknowledgements make no runs"
is "$(status m1 failed)" 0 "no transaction failed"
done_testing

#!/bin/bash
# Whom rules let in, what is refused, what frontends answer, and HA ports: what
# muxes are told of them; and a change of these is about nothing else.
. "$(dirname "$0")/lib.sh"

start_db
start_manager
web_lab
slbdb net prod 10.0.1.0/24 2001:db8:1::/64

# Puts load balancer web in place; the arguments are more of it.
web()
{
    slbdb lb web prod frontend:public=20.50.60.10 \
        frontend:six=2001:db8:60::10 frontend:inside=10.0.1.100 \
        frontend:inside6=2001:db8:1::100 \
        pool:servers=vm1@10.0.1.4,vm3@10.0.1.6 pool:sixes=vm1@2001:db8:1::4 \
        rule:http=public,servers,Tcp,80,8080 \
        rule:http6=six,sixes,Tcp,80,8080 "$@"
    compiled
    settled
}
# The source ranges of an endpoint, and whether it refuses.
access() { get Endpoint source_ranges,reject "rule=web/rules/$1"; }
said() { get Load_Balancer status name=web; }
# Changes a row of 'table' called 'name'.
set_row()
{
    slbdb intend "{\"op\": \"update\", \"table\": \"$1\", \
        \"where\": [[\"name\", \"==\", \"$2\"]], \"row\": {$3}}"
}
ranges='"source_ranges": ["set", ["198.51.100.0/24", "9.9.9.9/32"]]'

web
is "$(access http)" "[] False" "a rule lets in all and refuses nobody"
is "$(get VIP address,echo,reject)" "\
20.50.60.10 True False
2001:db8:60::10 True False" "its frontend answers ping and refuses nobody"

# What may not change.
rest()
{
    slbdb get Compiled_Pool _uuid,_version,generations,members,tunnel_key
    slbdb get Generation _uuid,_version
    slbdb get Binding _uuid,_version
    slbdb get Endpoint rule,cookie,pool_key,idle_timeout
}
before=$(rest)
transactions=$(status m1 transactions)
is "$(concerned set_row Rule http "$ranges")" "mux1 mux2" \
    "source ranges are the muxes' business"
is "$(access http)" "[198.51.100.0/24,9.9.9.9/32] False" "they are told"
is "$(concerned set_row Rule http '"source_ranges": "198.51.100.0/24"')" \
    "mux1 mux2" "one less"
is "$(access http)" "198.51.100.0/24 False" "they are told as well"
is "$(concerned set_row Rule http '"enable_reject": true')" "mux1 mux2" \
    "to refuse is, too"
is "$(access http)" "198.51.100.0/24 True" "they are told that, too"
is "$(concerned set_row Frontend public \
    '"enable_icmp_echo": false, "enable_reject": true')" "mux1 mux2" \
    "so is what frontends answer"
is "$(get VIP echo,reject address=20.50.60.10)" "False True" "they are told"
is "$(get VIP echo,reject address=2001:db8:60::10)" "True False" \
    "but about no other frontend"
is "$(concerned set_row Frontend public '"enable_icmp_echo": ["set", []]')" \
    "mux1 mux2" "and back"
is "$(get VIP echo,reject address=20.50.60.10)" "True True" \
    "without a word ping is answered"
is "$(concerned set_row Rule http '"source_ranges": ["set", []]')" \
    "mux1 mux2" "all are let in again"
is "$(access http)" "[] True" "they are told"
is "$(rest)" "$before" "nothing else was written all the time"
is "$(($(status m1 transactions) - transactions))" 6 \
    "each change was one transaction"

is "$(concerned set_row Rule http6 '"source_ranges": "2001:db8::/32"')" \
    "mux1 mux2" "IPv6"
is "$(access http6)" "2001:db8::/32 False" "they are told"

# What muxes would not take, or take for something else, is not in force.
for range in 2001:db8::/32 ::/0 198.51.100.1/24 anybody 300.0.0.0/8; do
    set_row Rule http "\"source_ranges\": [\"set\", [\"10.0.0.0/8\", \
        \"$range\"]]"
    compiled
    is "$(access http)" "" "with $range nobody is let in"
    like "$(said)" "rules/http=source range \"$range\" is no IPv4 prefix" \
        "and why is said"
done
set_row Rule http6 '"source_ranges": "0.0.0.0/0"'
compiled
is "$(access http6)" "" "nor is anybody with an IPv4 prefix for IPv6"
like "$(said)" 'rules/http6=source range "0.0.0.0/0" is no IPv6 prefix' \
    "which is said"
many=$(for i in $(seq 0 4096); do
    printf '"10.1.%d.%d/32",' $((i / 256)) $((i % 256))
done)
set_row Rule http "\"source_ranges\": [\"set\", [${many%,}]]"
compiled
is "$(access http)" "" "nor with more than muxes take"
like "$(said)" "rules/http=there are 4097 source ranges, 4096 are possible" \
    "which is said"
set_row Rule http "\"source_ranges\": [\"set\", [${many%,*,}]]"
compiled
is "$(said)" "{rules/http6=source range \"0.0.0.0/0\" is no IPv6 prefix}" \
    "one less is possible"

# HA ports.
web rule:ha=inside,servers,All,0,0\;source_ranges=10.0.0.0/8 \
    rule:ha6=inside6,sixes,All,0,0
is "$(get Endpoint rule,vip,protocol,port,backend_port,source_ranges \
    protocol=0)" "web/rules/ha 10.0.1.100 0 0 0 10.0.0.0/8
web/rules/ha6 2001:db8:1::100 0 0 0 []" "HA ports"
is "$(get VIP network_key address=10.0.1.100)" \
    "$(get Compiled_Network tunnel_key name=prod)" "in the network only"
is "$(said)" "{}" "there is nothing to say about it"
set_row Frontend inside '"address": "20.50.60.11"'
compiled
is "$(get Endpoint rule protocol=0)" web/rules/ha6 \
    "public frontends have none"
is "$(said)" "{rules/ha=protocol All is for internal frontends only}" \
    "which is said"
set_row Frontend inside '"address": "10.0.1.101"'
compiled
is "$(get Endpoint vip rule=web/rules/ha)" 10.0.1.101 "it is internal again"
is "$(said)" "{}" "nothing is wrong"
is "$(recompute m1)" 0 "all is as it should be"
is "$(status m1 failed)" 0 "no transaction failed"
done_testing

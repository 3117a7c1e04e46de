#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# enableTcpReset: both ends of a connection that is forgotten learn it, and
# clients of a member that fails its probe, who connect again to another one.

. "$(dirname "$0")/../lib/lab.sh"
# shellcheck source=tests/lib/traffic.sh
. "$srcdir/tests/lib/traffic.sh"
# shellcheck source=tests/lib/talk.sh
. "$srcdir/tests/lib/talk.sh"
lab_up
at_exit apply --prune "$web"
reset="Connection reset by peer"

health_start
for i in 1 2 3 4 5 6; do
    start "server-vm$i" ip netns exec "$SLB_LAB-vm$i" /usr/bin/python3 \
        "$srcdir/tests/system/host/net.py" server "vm$i" 9001 9002 9003
done
{ probed_web && cat; } >"$tmp/without.yaml" <<'END'
- {name: line, frontend: public, backendPool: servers, probe: health,
   protocol: Tcp, frontendPort: 81, backendPort: 9001}
inboundNatRules:
- {name: line, frontend: public, protocol: Tcp, frontendPort: 50001,
   backendPort: 9002, target: vm1}
inboundNatPools:
- {name: lines, frontend: public, backendPool: servers, protocol: Tcp,
   frontendPortRangeStart: 50100, frontendPortRangeEnd: 50109,
   backendPort: 9003}
END
sed 's/backendPort: [89]0.*[0-9]/&, enableTcpReset: true/' \
    "$tmp/without.yaml" >"$tmp/with.yaml"

# open NAME: a connection to a member, ${member[NAME]}, by ${port[NAME]}.
declare -A member=() port=()
open()
{
    local answer
    talk "$1" "$SLB_LAB-client" "$vip" 81 || return 1
    answer=$(say "$1" first)
    member[$1]=${answer%% *}
    port[$1]=$(ip netns exec "$SLB_LAB-client" ss -Htnp |
        sed -n "s/.*198.51.100.10:\([0-9]*\) .*pid=${pid[$1]},.*/\1/p")
}
# Has its member no such connection any more?
is_over()
{
    ! ip netns exec "$SLB_LAB-${member[$1]}" ss -Htn state established |
        grep -Eq "198\.51\.100\.10\]?:${port[$1]}( |\$)"
}
hosts_do() { for host in host1 host2 host3; do on "$host" "$@"; done; }
# Has no pool changed for longer than muxes take it for recent?
is_settled()
{
    db_rows Generation | python3 -c '
import json, sys, time
rows = json.load(sys.stdin)[0]["rows"]
sys.exit(any(row["state"] != "current"
             or row["switched_at"] / 1000 > time.time() - 12
             for row in rows))'
}
is_unhealthy()
{
    db_rows Compiled_Pool unhealthy |
        grep -Eq '"unhealthy":(\["set",\[)?[1-9]'
}
is_well() { ! is_unhealthy && serving_is 6; }
all_applied() { serving_is "$1" && is_unhealthy; }

# Without: a member that fails its probe keeps its connections.
ok "rules without are applied" apply "$tmp/without.yaml"
serving 6
ok "a connection" open one
echo 503 >"$tmp/${member[one]}"
ok "its member fails its probe" wait_until 60 all_applied 5
is "$(say one b)" "${member[one]} 198.51.100.10 b" \
    "without, the connection goes on"
echo 200 >"$tmp/${member[one]}"
ok "the member is well again" wait_until 60 is_well

# Switched on and off.
# shows: LoadBalancer.rules.enableTcpReset
ok "rules with enableTcpReset are applied" apply "$tmp/with.yaml"
unlike "$(notes)" enableTcpReset "which is supported"
is "$(say one c)" "${member[one]} 198.51.100.10 c" "the connection goes on"
ok "switched off" apply "$tmp/without.yaml"
is "$(say one d)" "${member[one]} 198.51.100.10 d" "it goes on"
ok "and on" apply "$tmp/with.yaml"
is "$(say one e)" "${member[one]} 198.51.100.10 e" "it goes on"

# Forgotten connections.  A slot that has had many owners a short while ago is
# not settled.
option drain-seconds 0
at_exit option drain-seconds
ok "nothing changes for a while" wait_until 60 is_settled
ok "another connection" open two
nok "which its member has" is_over two
for port in 50001 50100; do
    ok "one by port $port" talk "nat-$port" "$SLB_LAB-client" "$vip" $port
    like "$(say "nat-$port" a)" "^vm[1-6] 198.51.100.10 a\$" "works"
done
ask_later two x
hosts_do ovs-appctl dpctl/flush-conntrack
vm_knows()
{
    kill -USR2 "${pid[server-${member[two]}]}"
    is_over two
}
ok "what is forgotten the member learns" wait_until 5 vm_knows
is "$(heard two)" timeout "the client has not heard of it"
is "$(say two b)" "$reset" "until it sends something"
is "$(say one f)" "$reset" "as does the client of the other one"
# shows: LoadBalancer.inboundNatRules.enableTcpReset
is "$(say nat-50001 b)" "$reset" "that of an inbound NAT rule"
# shows: LoadBalancer.inboundNatPools.enableTcpReset
is "$(say nat-50100 b)" "$reset" "and that of an inbound NAT pool"
option drain-seconds

# A member that fails its probe.
ok "a connection" open three
on client curl -s --max-time 60 --rate 10/s "http://$vip/?[1-300]" \
    >"$tmp/kept.out" 2>"$tmp/kept.err" &
pid[kept]=$!
wait_until 10 grep -q 10.0.1 "$tmp/kept.out"
before=$(tail -n 1 "$tmp/kept.out")
kept=vm$((${before##*.} - 3))
note "$kept serves ${before}, ${member[three]} the other connection"
begin=$(now)
echo 503 >"$tmp/$kept"
echo 503 >"$tmp/${member[three]}"
[ "$kept" = "${member[three]}" ] && n=5 || n=4
ok "members fail their probes" wait_until 60 all_applied $n
note "after $(since "$begin") s"
is "$(say three b)" "$reset" "with, a connection is reset"
ok "at the member, too" wait_until 5 is_over three
ok "who connects again" open four
isnt "${member[four]}" "${member[three]}" "gets another one"
wait "${pid[kept]}"
is $? 0 "a client that keeps its connection goes on"
unset "pid[kept]"
is "$(grep -c 10.0.1 "$tmp/kept.out")" 300 "all its requests are answered"
isnt "$(tail -n 1 "$tmp/kept.out")" "$before" "at last by another member"
done_testing

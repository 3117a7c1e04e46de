#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Muxes find out by themselves that a host cannot be reached, and that a VIP's
# table is wrong, and say which.
# timeout: 600

. "$(dirname "$0")/../lib/lab.sh"
plan 27
lab_up

measures=169.254.192.0/18
host1=$(address_of host1) host2=$(address_of host2)

appctl() { on "$1" ovs-appctl -t slb-agent "${@:2}"; }
shown() { appctl "$1" slb/availability; }
told()          # MUX
{
    on control slb-ctl nodes | sed -n "s/^$1 .*availability \(.*\)/\1/p"
}
tells() { told "$1" | grep -Eq "$2"; }
tell() { tells mux1 "$1" && tells mux2 "$1"; }
tells_nothing() { [ -z "$(told "$1")" ]; }
tell_nothing() { tells_nothing mux1 && tells_nothing mux2; }
all_known()
{
    local host
    for host in host1 host2 host3; do
        shown "$1" | grep -q "^host $(address_of $host): answers" || return
    done
}
answered()
{
    shown "$1" | sed -n "s/^VIP $vip .* answered \([0-9]*\),.*/\1/p"
}
more_answered() { [ "$(answered mux1)" -ge $((before + 20)) ]; }
change() { client "$@" >"$tmp/change.out" 2>&1; }
client()        # MUX COMMAND [FILE]
{
    "$srcdir/tests/lib/mux-client.py" \
        "/run/slb-lab/$SLB_LAB/$1/slb-mux.sock" "${@:2}"
}
stat()          # MUX NAME
{
    client "$1" stats | python3 -c '
import json, sys
print(json.load(sys.stdin).get(sys.argv[1], 0))' "$2"
}

capture_start vm3 vm3 eth0 "net $measures"
capture_start vm1 vm1 eth0 "net $measures"
capture_start client client eth0 "net $measures"

ok "mux1 has had answers of all hosts" wait_until 60 all_known mux1
ok "and mux2" wait_until 60 all_known mux2
ok "nothing is wrong" wait_until 60 tell_nothing
before=$(answered mux1)
ok "packets to the VIP are answered" wait_until 60 more_answered
note "$(shown mux1 | grep "^VIP $vip ")"
like "$(shown mux1)" "VIP $vip \(web/frontends/public\): sent .*%, latency us" \
    "there are figures of the VIP"

# Seconds from then till what a mux tells has begun, which is rounded.
since_then()    # MUX TIME
{
    local since
    since=$(told "$1" | sed 's/.* since \([^ ;]*\).*/\1/')
    echo $(($(date -d "$since" +%s) - ${2%.*}))
}

# A tunnel.
began=$(now)
on host2 ovs-ofctl -t 10 add-flow br-phy \
    "cookie=0x99,priority=65000,udp,tp_dst=4789,actions=drop"
ok "a host is found whose tunnel is dead" \
    wait_until 60 tell "^host $host2 does not answer since "
note "both muxes have told after $(since "$began") s: $(told mux1)"
took=$(since_then mux1 "$began")
note "it was found after $took s"
cmp_ok "$took" -le 5 "within five seconds"
sleep 2
unlike "$(told mux1)$(told mux2)" "$host1|VIP|no host" \
    "nothing else is named"
on host2 ovs-ofctl -t 10 del-flows br-phy "cookie=0x99/-1"
began=$(now)
ok "it answers again" wait_until 60 tell_nothing
note "told after $(since "$began") s"

# A host's table, behind the agent's back.
match="tcp,nw_dst=$vip,tp_dst=80"
on host1 ovs-ofctl -t 10 --no-stats dump-flows br-slb "table=4,$match" |
    grep table= >"$tmp/flow"
is "$(wc -l <"$tmp/flow")" 1 "a host has a flow for the rule"
began=$(now)
on host1 ovs-ofctl -t 10 --strict del-flows br-slb \
    "table=4,priority=100,$(sed -n 's/.*\(tun_id=[^,]*\),.*/\1/p' \
        "$tmp/flow"),$match"
ok "without it the VIP is named" wait_until 60 tell \
    "^VIP $vip \(web/frontends/public\): TCP 80 refused by $host1 since "
note "both muxes have told after $(since "$began") s: $(told mux1)"
took=$(since_then mux1 "$began")
note "it was found after $took s"
cmp_ok "$took" -le 5 "within five seconds"
unlike "$(told mux1)$(told mux2)" "does not answer|$host2" \
    "nothing else is named"
cmp_ok "$(appctl mux1 slb/availability | grep -c "refused by")" -eq 1 \
    "it is but one rule, and one host"
on host1 ovs-ofctl -t 10 add-flow br-slb "$(<"$tmp/flow")"
ok "with it all is well again" wait_until 60 tell_nothing

# A mux's table.
pool=$(db_rows Compiled_Pool | python3 -c '
import json, sys
print(next(row["tunnel_key"] for row in json.load(sys.stdin)[0]["rows"]
           if row["name"] == "web/backendPools/servers"))')
endpoint='"network": 0, "address": "'$vip'", "protocol": 6, "port": 80'
echo '{"op": "endpoint-del", '"$endpoint"'}' >"$tmp/delete"
echo '{"op": "endpoint", '"$endpoint"', "pool": '"$pool"', "idle": 240,
       "distribution": "Default", "name": "web/rules/http"}' |
    tr -d '\n' >"$tmp/add"
began=$(now)
ok "a mux's table is changed" change mux1 change "$tmp/delete"
ok "the VIP is named" wait_until 60 tells mux1 \
    "^VIP $vip \(web/frontends/public\): TCP 80 does not get to 172.16.0.2"
note "told after $(since "$began") s: $(told mux1)"
took=$(since_then mux1 "$began")
note "it was found after $took s"
cmp_ok "$took" -le 5 "within five seconds"
unlike "$(told mux1)" "does not answer" "no host is"
ok "the other mux has nothing to tell" tells_nothing mux2
ok "the table is put right" change mux1 change "$tmp/add"
ok "all is well again" wait_until 60 tells_nothing mux1

# What others send.
before=$(stat mux1 drop_martian)
mac=$(on mux1 cat /sys/class/net/br-mux/address)
on fabric "$srcdir/tests/lib/packets.py" plain mux1 \
    --from-mac 02:00:00:00:00:99 --to-mac "$mac" --from 169.254.192.7 \
    --to "$vip"
more_martians() { [ "$(stat mux1 drop_martian)" -ge $((before + 5)) ]; }
ok "the mux drops what claims to measure" wait_until 10 more_martians
before=$(dropped host1 9)
on vm1 "$srcdir/tests/lib/packets.py" plain eth0 \
    --from-mac 02:00:0a:00:01:04 --to-mac 02:53:4c:42:00:01 \
    --from 169.254.192.7 --to 10.0.1.6 >"$tmp/plain.out" 2>&1
more_spoofed() { [ "$(dropped host1 9)" -ge $((before + 5)) ]; }
ok "a host drops it, too, if it is from a VM" wait_until 10 more_spoofed
capture_stop vm3
is "$captured" 0 "no packet that measures has come to a VM"
capture_stop vm1
is "$captured" 5 "nor to the one that has sent such packets"
capture_stop client
is "$captured" 0 "nor to the client"

#!/bin/bash
# Health probes: from the agent to VMs, and what they say into the database.
# timeout: 180
. "$(dirname "$0")/probe.sh"
cloud_up h1 h2 || bail_out "no cloud"

# vm9 has vm1's address, in another network on the same host.
vm_octet[vm9]=4
vm_up h1 vm9
vsctl h1 set interface vm9 external_ids:slb-network=other

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=self-signed \
    -addext subjectAltName=IP:10.0.1.5 -keyout "$tmp/key.pem" \
    -out "$tmp/ca.pem" 2>/dev/null
cat "$tmp/key.pem" "$tmp/ca.pem" >"$tmp/cert.pem"

web vm1 8000
web vm2 8000
web vm2 8443 "$tmp/cert.pem"
web vm9 8000

asked_more() { [ "$(n_requests "$1" "$2")" -gt "$3" ]; }

is "$(health vm1)" "" "nothing is known of who is not probed"
stranger_mac=02:00:00:00:00:99
capture wire gw "not ether src $stranger_mac and
    (net 169.254.0.0/16 or host 168.63.129.16 or
     host fe80::1234:5678:9abc or net fd53:4c42::/32)"
transact "$(insert Compiled_Network '"name":"other","tunnel_key":2,
             "subnets":"10.0.1.0/24","gateways":"10.0.1.1"')" \
    "$(insert Compiled_Pool '"name":"web/backendPools/p300",
        "tunnel_key":300,"network_key":2,"slots_log2":8')" \
    "$(member 300 1 vm9 10.0.1.4 172.16.0.21)" \
    "$(pool 301 1:vm2:4)" "$(pool 302 1:vm1:4)" "$(pool 303 1:vm2:4)" \
    "$(pool 304 1:vm1:4 2:vm2:4)" \
    "$(probe 100 http Http 8000 /health)" \
    "$(probe 304 http Http 8000 /health)" \
    "$(probe 300 other Http 8000 /other?a=b)" \
    "$(probe 301 tls Https 8443 /tls)" \
    "$(probe 302 tcp Tcp 8080 "")" \
    "$(probe 303 closed Tcp 8081 "")" \
    "$(insert Binding '"node":"h1","iface_id":"vm9","network_key":2,
        "address":"10.0.1.4","mac":"02:00:00:00:00:04",
        "pools":["map",[[300,1]]]')"
begin=$EPOCHREALTIME
ok "a member that answers is up" wait_until 5 says vm1 "http 10.0.1.4" up
note "$(awk "BEGIN { print $EPOCHREALTIME - $begin }") s after it was declared"
want h1 h2
is "$(status h1 "flow mistakes")" 0 "no flow was wrong"
ok "IPv6" wait_until 5 says vm1 "http fd00:1::4" up
ok "another machine with its address" wait_until 5 says vm9 "other 10.0.1.4" up
ok "TLS, self-signed" wait_until 5 says vm2 "tls 10.0.1.5" up
ok "TCP" wait_until 5 says vm1 "tcp 10.0.1.4" up
ok "a port that is closed" wait_until 5 says vm2 "closed 10.0.1.5" down

requests vm1 8000 >"$tmp/seen"
is "$(sort -u "$tmp/seen")" "168.63.129.16 /health 10.0.1.4:8000 Load Balancer Agent
fe80::1234:5678:9abc /health [fd00:1::4]:8000 Load Balancer Agent" \
    "what a VM sees of a probe"
is "$(requests vm9 8000 | sort -u)" \
    "168.63.129.16 /other?a=b 10.0.1.4:8000 Load Balancer Agent" "and another"
n=$(n_requests vm1 8000)
wait_until 30 eval "[ \$(n_requests vm1 8000) -ge $((n + 14)) ]"
# For each client, the median of half the time to its request after the next.
# It may have missed some, or the machine may have stood still.
intervals=$(tail -n "+$((n + 1))" "$tmp/web-vm1-8000.out" | python3 -c '
import statistics, sys
times = {}
for line in sys.stdin:
    words = line.split()
    times.setdefault(words[0], []).append(float(words[-1]))
for t in times.values():
    half = statistics.median(b - a for a, b in zip(t, t[2:])) / 2
    print("right" if .7 < half < 1.3 else half)')
is "$intervals" "right
right" "a probe of two pools is run once a second, by IPv4 and IPv6"

# Down, whatever the reason, and up again.
for answer in 503 404 301 hang; do
    echo $answer >"$tmp/vm1-8000"
    ok "$answer: down" wait_until 10 says vm1 "http 10.0.1.4" down
    [ $answer = 503 ] || continue
    is "$(health vm9)" "web/probes/other 10.0.1.4 up" \
        "but not who has the same address"
    echo 200 >"$tmp/vm1-8000"
    ok "200: up" wait_until 10 says vm1 "http 10.0.1.4" up
    echo 404 >"$tmp/vm1-8000"
    wait_until 10 says vm1 "http 10.0.1.4" down
done
unlike "$(cat "$tmp/web-vm1-8000.out")" elsewhere "redirections are not followed"
like "$(probes h1)" \
    'vm1 web/probes/http 10.0.1.4: down, .*needs [48] successes' \
    "one that goes up and down is told"
like "$(health vm1)" \
    'http 10.0.1.4 down \(goes up and down: needs [48] successes\)' \
    "to users as well"
stop web-vm2-8000 KILL
ok "a server that dies" wait_until 10 says vm2 "http 10.0.1.5" down
web vm2 8000
echo 200 >"$tmp/vm1-8000"

# An authority that certificates must be of.
vsctl h1 set open_vswitch . external_ids:slb-probe-ca-file="$tmp/other.pem"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other \
    -keyout "$tmp/other.key" -out "$tmp/other.pem" 2>/dev/null
ok "a certificate of nobody's" wait_until 10 says vm2 "tls 10.0.1.5" down
vsctl h1 set open_vswitch . external_ids:slb-probe-ca-file="$tmp/ca.pem"
ok "and one of an authority's" wait_until 30 says vm2 "tls 10.0.1.5" up

# A probe that is edited.
web vm2 8010
web vm2 8011
transact "$(pool 305 1:vm2:4)" "$(probe 305 edit Http 8010 / 3600 10)"
ok "a probe that comes once an hour" wait_until 5 says vm2 "edit 10.0.1.5" up
n=$(n_requests vm2 8010)
transact "$(probe 305 edit Http 8010 / 1 10)"
ok "each second from now on" wait_until 10 asked_more vm2 8010 $((n + 1))
echo hang >"$tmp/vm2-8010"
wait_until 10 asked_more vm2 8010 "$(n_requests vm2 8010)"
transact "$(probe 305 edit Http 8011 / 1 10)"
ok "at another port" wait_until 10 asked_more vm2 8011 0
n=$(n_requests vm2 8010)
wait_until 10 asked_more vm2 8011 2
is "$(n_requests vm2 8010)" "$n" "and no more at the old one"
like "$(probes h1)" 'edit 10.0.1.5: up, [0-9]+ successes' \
    "who answers there stays up"
transact "$(probe 305 edit Http 8011 / 1 1)"
want h1
echo 503 >"$tmp/vm2-8011"
ok "one failure is too many" wait_until 5 says vm2 "edit 10.0.1.5" down

# Nobody else is the prober, and nobody reaches it.
gateway=02:53:4c:42:00:01
denied=$(drop 20)
denies()
{
    local n
    n=$(packets h1 "$denied")
    "$@"
    wait_until 3 eval "[ \$(packets h1 $denied) -gt $n ]"
}
raw() { net vm1 raw eth0 02:00:00:00:00:04 $gateway "$1"; }
capture vm2 vm2 "port 1234 and
    (src host 168.63.129.16 or src host fe80::1234:5678:9abc)"
# On the wire, and not in a tunnel.
for source in 168.63.129.16/1234/10.0.1.5 \
    fe80::1234:5678:9abc/1234/fd00:1::5; do
    net gw raw eth0 $stranger_mac 02:00:00:00:01:21 "tcp-S/$source/8000"
done
ok "a VM with the probes' address" \
    denies raw tcp-S/168.63.129.16/1234/10.0.1.5/8000
ok "the same by IPv6" \
    denies raw tcp-S/fe80::1234:5678:9abc/1234/fd00:1::5/8000
ok "somebody in a tunnel with it" denies net mux vxlan 172.16.0.21 1 1 0 0 \
    tcp-S/168.63.129.16/1234/10.0.1.5/8000
ok "the same by IPv6" denies net mux vxlan 172.16.0.21 1 12 0 0 \
    tcp-S/fe80::1234:5678:9abc/1234/fd00:1::5/8000
is "$(captured vm2)" "" "none of these, nor one from the wire, reached a VM"
ok "a VM that connects to it" \
    denies raw tcp-S/10.0.1.4/8000/168.63.129.16/8080
ok "or sends something else" denies raw udp/10.0.1.4/8000/168.63.129.16/53
ok "or from another port" denies raw tcp-A/10.0.1.4/9000/168.63.129.16/1234

# VMs that send more than any probe is answered with do not get in its way.
flooders=(vm2:5 vm9:4 vm7:7 vm8:8)
ops=()
for vm in vm7 vm8; do
    n=${vm#vm}
    vm_octet[$vm]=$n
    vm_up h1 $vm
    vsctl h1 set interface $vm external_ids:slb-network=other
    ops+=("$(member 300 $n $vm 10.0.1.$n 172.16.0.21)"
          "$(insert Binding "\"node\":\"h1\",\"iface_id\":\"$vm\",
              \"network_key\":2,\"address\":\"10.0.1.$n\",
              \"mac\":\"02:00:00:00:00:0$n\",\"pools\":[\"map\",[[300,$n]]]")")
done
transact "${ops[@]}"
ok "further members are probed" \
    wait_until 10 eval 'says vm7 "other 10.0.1.7" down &&
        says vm8 "other 10.0.1.8" down'
# Packets into slb-probe0, or lost on their way out of it.
probe_port()
{
    ip netns exec hst-h1 cat "/sys/class/net/slb-probe0/statistics/$1"
}
before=$(probe_port rx_packets) lost=$(probe_port tx_dropped)
n=$(n_requests vm1 8000) begin=$SECONDS
for flooder in "${flooders[@]}"; do
    IFS=: read -r vm octet <<<"$flooder"
    start "flood-$vm" nice -n 19 ip netns exec "hst-$vm" /usr/bin/python3 \
        "$netpy" raw eth0 "02:00:00:00:00:0$octet" $gateway \
        "tcp-A/10.0.1.$octet/8000/168.63.129.16/9" 6
done
for flooder in "${flooders[@]}"; do
    wait "${pid[flood-${flooder%:*}]}"
    unset "pid[flood-${flooder%:*}]"
done
seconds=$((SECONDS - begin)) n=$(($(n_requests vm1 8000) - n))
received=$(($(probe_port rx_packets) - before))
lost=$(($(probe_port tx_dropped) - lost))
note "$(cat "$tmp"/flood-*.out | xargs) segments in $seconds s:
    $received are let through, $n requests to vm1,
    who is $(health vm1 | xargs)"
cmp_ok "$received" -le $((4 * 250 * (seconds + 3) + 500)) \
    "neighbours flood: meters let little through"
cmp_ok "$lost" -le $((received / 10)) "so that no probe is lost"
cmp_ok "$n" -ge 3 "and a member is asked as before"

# An agent that starts again.
ok "both are up" wait_until 30 eval 'says vm1 "http 10.0.1.4" up &&
    says vm2 "http 10.0.1.5" up && says vm1 "http fd00:1::4" up'
stop h1-agent KILL
before=$(health vm1; health vm2; health vm9)
agent_up h1
is "$(health vm1; health vm2; health vm9)" "$before" \
    "an agent that starts again takes over what was known"
is "$(status h1 "flow mods")" "0 added, 0 changed, 0 deleted" \
    "and changes no flow"
echo 503 >"$tmp/vm2-8000"
ok "until it finds something else" wait_until 10 says vm2 "http 10.0.1.5" down

# The database.
stop slb-ovsdb KILL
echo 200 >"$tmp/vm2-8000"
echo 503 >"$tmp/vm1-8000"
n=$(n_requests vm1 8000)
ok "without the database probes go on" wait_until 9 asked_more vm1 8000 \
    $((n + 6))
slb_up
ok "and when it is back, it is told" wait_until 10 says vm1 "http 10.0.1.4" \
    down
echo 200 >"$tmp/vm1-8000"

# The switch.
stop h1-vswitchd KILL
rm "$tmp/h1/ovs-vswitchd.pid"
vswitchd_up h1
underlay_up h1
n=$(n_requests vm1 8000)
ok "a switch that starts again" wait_until 30 asked_more vm1 8000 $n
ok "all are well" wait_until 60 eval 'says vm1 "http 10.0.1.4" up &&
    says vm2 "http 10.0.1.5" up && says vm9 "other 10.0.1.4" up'

# An agent that was held up: whoever is overdue is not asked at once, but
# within a second.  A machine that is busy may hold it up once more.
first_asked()
{
    awk -v client="$2" -v from="$3" '$1 == client && $NF > from {
        print $NF; exit }' "$tmp/web-$1-8000.out"
}
all_asked()
{
    asked="$(first_asked vm1 168.63.129.16 "$1")
$(first_asked vm1 fe80::1234:5678:9abc "$1")
$(first_asked vm9 168.63.129.16 "$1")"
    [ "$(grep -c . <<<"$asked")" = 3 ]
}
spread=0
for _ in 1 2 3; do
    kill -STOP "${pid[h1-agent]}"
    sleep 2.5
    begin=$EPOCHREALTIME
    kill -CONT "${pid[h1-agent]}"
    wait_until 10 all_asked "$begin"
    spread=$(sort -n <<<"$asked" | awk 'NR == 1 { first = $1 }
        END { printf "%.0f", ($1 - first) * 1000 }')
    [ "$spread" -lt 150 ] || break
done
cmp_ok "$spread" -ge 150 "after a pause probes are spread (by $spread ms)"

# A VM that is replaced is a new one, even if the agent sees it only when it is
# done, or cannot write that there was none.
plugged() { [ "$(vsctl h1 --bare get interface vm2 ofport)" -gt 0 ]; }
probed() { probes h1 | grep '^vm2 web/probes/http' >/dev/null; }
unprobed() { ! probed; }
echo 503 >"$tmp/vm2-8000"
kill -STOP "${pid[h1-agent]}"
vm_plug h1 vm2 -- del-port vm2
wait_until 10 plugged
kill -CONT "${pid[h1-agent]}"
want h1
unlike "$(probes h1)" 'vm2 web/probes/http 10.0.1.5: up' \
    "nothing is known of another VM at once"
echo 200 >"$tmp/vm2-8000"
ok "before it has answered" wait_until 30 says vm2 "http 10.0.1.5" up
stop slb-ovsdb KILL
vsctl h1 del-port vm2
ok "a VM that is gone while the database is away" wait_until 10 unprobed
echo 503 >"$tmp/vm2-8000"
vm_plug h1 vm2
ok "and another one in its place" wait_until 10 probed
unlike "$(probes h1)" 'vm2 web/probes/http 10.0.1.5: up' "is not known to be up"
slb_up
ok "nor when the database is back" wait_until 10 eval \
    '! says vm2 "http 10.0.1.5" up'

# Who is not probed any more.
unprobe()
{
    echo "{\"op\":\"update\",\"table\":\"Compiled_Pool\",
        \"where\":[[\"tunnel_key\",\"==\",$1]],
        \"row\":{\"probe\":[\"map\",[]]}}"
}
transact "$(unprobe 100)" "$(unprobe 302)" "$(unprobe 304)"
ok "of who is not probed any more nothing is known" \
    wait_until 5 eval '[ -z "$(health vm1)" ]'
is "$(captured wire)" "" "nothing of all that was on the wire"
done_testing

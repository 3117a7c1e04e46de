#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Source ranges let in whom they name, addresses that shall not answer ping do
# not, and who is refused learns it at once.  To change any of that disturbs
# nobody.
#
# shows: LoadBalancer.frontends.enableIcmpEcho
# shows: LoadBalancer.frontends.enableReject LoadBalancer.rules.enableReject
# shows: LoadBalancer.rules.sourceRanges

. "$(dirname "$0")/../lib/lab.sh"
# shellcheck source=tests/lib/traffic.sh
. "$srcdir/tests/lib/traffic.sh"
lab_up
at_exit apply --prune "$web"
vip6=2001:db8:60::10
friend=198.51.100.101 friend6=2001:db8:51::101

# Puts load balancer web in place, with more of its frontends, of its rules
# "http" and "http6", and of those whose pools have nobody.
put()
{
    local frontend=${1:-} http=${2:-} http6=${3:-} nobody=${4:-}
    cat >"$tmp/web.yaml" <<END
kind: VirtualNetwork
name: prod
subnets:
- {name: web, prefix: 10.0.1.0/24}
- {name: web6, prefix: 'fd00:10:0:1::/64'}
---
kind: LoadBalancer
name: web
network: prod
frontends:
- {name: public, address: $vip$frontend}
- {name: six, address: '$vip6'$frontend}
backendPools:
- name: servers
  members:
  - {name: vm1, address: 10.0.1.4}
  - {name: vm2, address: 10.0.1.5}
- name: sixes
  members:
  - {name: vm1, address: 'fd00:10:0:1::4'}
  - {name: vm2, address: 'fd00:10:0:1::5'}
- {name: none, members: [{name: nobody, address: 10.0.1.200}]}
- {name: none6, members: [{name: nobody, address: 'fd00:10:0:1::200'}]}
rules:
- {name: http, frontend: public, backendPool: servers, protocol: Tcp,
   frontendPort: 80, backendPort: 8080$http}
- {name: http6, frontend: six, backendPool: sixes, protocol: Tcp,
   frontendPort: 80, backendPort: 8080$http6}
- {name: tcp, frontend: public, backendPool: none, protocol: Tcp,
   frontendPort: 82, backendPort: 82$nobody}
- {name: udp, frontend: public, backendPool: none, protocol: Udp,
   frontendPort: 82, backendPort: 82$nobody}
- {name: tcp6, frontend: six, backendPool: none6, protocol: Tcp,
   frontendPort: 82, backendPort: 82$nobody}
- {name: udp6, frontend: six, backendPool: none6, protocol: Udp,
   frontendPort: 82, backendPort: 82$nobody}
END
    apply "$tmp/web.yaml" || diag "$(cat "$tmp/apply.out")"
}

# count NAME: of a counter, over both muxes.
count()
{
    for mux in mux1 mux2; do
        on $mux ovs-appctl -T 10 -t slb-vswitchd slb/stats
    done | awk -v name="$1" '$1 == name { n += $2 } END { print n + 0 }'
}

# get URL [FROM]: the status of the response, or curl's exit code: 7 if the
# connection is refused, 28 if there is no answer, for which it waits $wait
# seconds.
get()
{
    local code
    code=$(on client curl -gs --max-time "${wait:-5}" -o "$tmp/body" -w '%{http_code}' \
        ${2:+--interface "$2"} "$1") || code="code $?"
    echo "$code"
}

# What is not about access.
rest()
{
    db_rows Compiled_Pool
    db_rows Generation
    db_rows Binding
}

# wanted NODE...: their numbers.
wanted()
{
    db_rows Node | python3 -c 'import json, sys
rows = json.load(sys.stdin)[0]["rows"]
wanted = {row["name"]: row["wanted"] for row in rows}
print(*[wanted[name] for name in sys.argv[1:]])' "$@"
}

ip -n "$SLB_LAB-client" address add $friend/24 dev eth0
at_exit ip -n "$SLB_LAB-client" address del $friend/24 dev eth0
ip -n "$SLB_LAB-client" address add $friend6/64 dev eth0 nodad
at_exit ip -n "$SLB_LAB-client" address del $friend6/64 dev eth0
put
ok "IPv4 and IPv6 are served" \
    wait_until 10 on client curl -gsf -o "$tmp/body" "http://[$vip6]/"

# As it is without a word.
for address in $vip "[$vip6]"; do
    is "$(get "http://$address/")" 200 "$address: all are let in"
    is "$(wait=1 get "http://$address:82/")" "code 28" \
        "nobody there: no answer by TCP"
    is "$(ask client "udp/${address//[][]/}/82")" "no answer: TimeoutError" \
        "nor by UDP"
    is "$(wait=1 get "http://$address:83/")" "code 28" "nor where no rule is"
    ok "ping is answered" \
        eval "on client ping -q -c 3 -i 0.2 -W 1 ${address//[][]/} >$tmp/ping"
done

# To change it all, while there are clients, is no change to them or to hosts.
before=$(rest)
hosts=$(wanted host1 host2 host3)
muxes=$(wanted mux1 mux2)
built=$(count pools_built)
transactions=$(count transactions)
both_start
changed_at=$(now)
put ", enableIcmpEcho: false" ", sourceRanges: [198.51.100.0/28]" \
    ", sourceRanges: ['$friend6/128', '2001:db8:52::/64']" \
    ", enableReject: true"
sleep 2
both_stop
both_served "source ranges, no ping, reject" "$changed_at" 0
is "$(rest)" "$before" "no pool, generation or binding was written"
is "$(wanted host1 host2 host3)" "$hosts" "hosts had nothing to do"
isnt "$(wanted mux1 mux2)" "$muxes" "unlike muxes"
is "$(count pools_built)" "$built" "which built no pool again"
is "$(($(count transactions) - transactions))" 2 "in one transaction each"

# 198.51.100.10 and 2001:db8:51::101 are let in.
drops=$(count drop_source)
is "$(get "http://$vip/")" 200 "who is in the range is served"
is "$(count drop_source)" "$drops" "no packet is dropped for that"
is "$(wait=1 get "http://$vip/" $friend)" "code 28" "who is not is not"
cmp_ok "$(count drop_source)" -gt "$drops" "which is counted"
drops=$(count drop_source)
is "$(get "http://[$vip6]/" $friend6)" 200 "likewise by IPv6"
is "$(wait=1 get "http://[$vip6]/" 2001:db8:51::10)" "code 28" "for the others, too"
cmp_ok "$(count drop_source)" -gt "$drops" "which is counted"
like "$(for mux in mux1 mux2; do
    on $mux ovs-appctl -T 10 -t slb-vswitchd slb/vip "$vip"
done)" 'source' "also where the address is shown"

for address in $vip $vip6; do
    capture_start echo-$address client eth0 "icmp or icmp6"
    nok "ping $address is not answered" \
        eval "on client ping -q -c 3 -i 0.2 -W 1 $address >$tmp/ping"
    capture_stop echo-$address
    is "$(tcpdump -n -r "$tmp/echo-$address.pcap" "src host $address" \
        2>/dev/null)" "" "by nothing"
done

for address in $vip "[$vip6]"; do
    host=${address//[][]/}
    capture_start reset-$host client eth0 "host $host and not port 83"
    is "$(get "http://$address:82/")" "code 7" "$address: TCP is refused"
    is "$(ask client "udp/$host/82")" "no answer: ConnectionRefusedError" \
        "and UDP"
    is "$(wait=1 get "http://$address:83/")" "code 28" "but not where no rule is"
    capture_stop reset-$host
    # What is refused is not sent again.
    is "$(tcpdump -n -r "$tmp/reset-$host.pcap" 2>/dev/null |
        grep -o 'Flags \[[SR.]*\]\|UDP\|unreachable' | uniq | xargs)" \
        "Flags [S] Flags [R.] UDP unreachable" \
        "by RST and by port unreachable, at once"
done

# Where no rule is.
put ", enableReject: true"
for address in $vip "[$vip6]"; do
    host=${address//[][]/}
    is "$(get "http://$address:83/")" "code 7" \
        "$address: TCP is refused where no rule is"
    is "$(ask client "udp/$host/83")" "no answer: ConnectionRefusedError" \
        "and UDP"
    is "$(wait=1 get "http://$address:82/")" "code 28" \
        "but not where one has nobody"
    ok "ping is answered again" \
        eval "on client ping -q -c 3 -i 0.2 -W 1 $host >$tmp/ping"
    is "$(get "http://$address/" \
        "$([ "$host" = $vip ] && echo $friend || echo 2001:db8:51::10)")" 200 \
        "and all are let in"
done
# The last hop of a traceroute by UDP is the address itself.
for address in $vip $vip6; do
    like "$(on client traceroute -n -m 4 -w 3 -q 1 $address | tail -n 1)" \
        " $address " "traceroute to $address comes to an end"
done

# HA ports, to which machines of the network come: vm5 is 10.0.1.8.
cat >"$tmp/ha.yaml" <<END
kind: LoadBalancer
name: ha
network: prod
frontends:
- {name: inside, address: 10.0.1.100}
backendPools:
- {name: servers, members: [{name: vm1, address: 10.0.1.4}]}
rules:
- {name: all, frontend: inside, backendPool: servers, protocol: All,
   sourceRanges: [10.0.1.8/32]}
END
ok "HA ports for one machine" apply --prune "$tmp/web.yaml" "$tmp/ha.yaml"
inside=http://10.0.1.100:8080/
ok "are there for it" on vm5 curl -sf --max-time 2 -o "$tmp/body" $inside
nok "but for no other one" on vm6 curl -sf --max-time 1 -o "$tmp/body" $inside
done_testing

#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Ping and traceroute, the first things that people try, see an address that
# answers, and on the way to it a router and a mux.

. "$(dirname "$0")/../lib/lab.sh"
lab_up
at_exit apply --prune "$web"
vip6=2001:db8:60::10
ok "a load balancer for IPv4 and IPv6 is applied" \
    apply "$srcdir/yaml/examples/ipv6.yaml"
wait_until 10 on client curl -gsf -o "$tmp/first" "http://[$vip6]/"

for address in "$vip" "$vip6"; do
    ok "ping $address: all of 20 are answered" \
        eval "on client ping -q -i 0.05 -c 20 -W 2 $address >$tmp/ping"
    ok "also as large as the fabric takes" \
        eval "on client ping -q -i 0.05 -c 5 -W 2 -s 1400 $address >$tmp/ping"
done

# Which addresses answer at which hop, out of three tries each.
hops()
{
    on client traceroute -n -m 5 -w 2 "$@" >"$tmp/traceroute"
    awk 'NR > 1 { for (i = 2; i <= NF; i++)
                      if ($i ~ /^[0-9a-f]+[.:]/ && $i !~ /^[0-9.]+$/ ||
                          $i ~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/ ||
                          $i == "*")
                          print $1, $i }' "$tmp/traceroute" | sort -u
}
router=198.51.100.1
router6=$(ip -n "$SLB_LAB-client" -6 route show default |
    sed -n 's/.* via \([^ ]*\) .*/\1/p')
is "$(hops -I "$vip")" "1 $router
2 $vip" "traceroute by echo: router and VIP"
is "$(hops -I "$vip6")" "1 $router6
2 $vip6" "likewise by IPv6"

# By TCP it sees the mux as well, which is an address of its own for IPv4.
like "$(hops -T -p 80 "$vip" | tr '\n' ';')" \
    "^1 $router;(2 172\\.16\\.0\\.1[12];)+3 $vip;\$" \
    "traceroute by TCP: router, mux, and a member that answers as the VIP"
is "$(hops -T -p 80 "$vip6")" "1 $router6
2 $vip6
3 $vip6" "likewise by IPv6, where the mux has the VIP's address only"
done_testing

#!/bin/bash
# slb-ctl explain says what can be declared, and slb-ctl diff is coloured for
# those who look.
. "$(dirname "$0")/../../lib/tap.sh"
. "$srcdir/tests/lib/slb-db.sh"

# Explaining needs no database.
SLB_DB=unix:/nonexistent run timeout 5 slb-ctl explain
is "$status/$(grep '^[A-Z]' <<<"$output" | xargs)" \
    "0/VirtualNetwork PublicIPPrefix LoadBalancer AzureIds" "the kinds"
run slb-ctl explain loadbalancer.RULES.loadDistribution
is "$status/$output" "0/LoadBalancer.rules.loadDistribution
    What a member is chosen by; Default: addresses, ports and protocol;
    SourceIP: addresses; SourceIPProtocol: addresses and protocol.

Value:    Default, SourceIP or SourceIPProtocol
Required: no
Default:  Default

Example:
loadDistribution: SourceIP" "a field, in upper or lower case"
run slb-ctl explain LoadBalancer.backendPools.members
is "$status" 0 "a list"
like "$output" "
weight      an integer from 0 to 1000  1
    Its share of new connections" "the fields of its objects"
run slb-ctl explain LoadBalancer.backendPool
is "$status/$output$errors" "2/slb-ctl: 'backendPool' is no field of a load \
balancer, did you mean backendPools?" "a mistake"

# The example of a kind is a file.
db_create
db_start
for kind in VirtualNetwork PublicIPPrefix LoadBalancer AzureIds; do
    echo ---
    slb-ctl explain $kind | sed '1,/^Example:/d'
done | sed '/^peerings/d' >"$tmp/examples.yaml"
run slb-ctl apply "$tmp/examples.yaml"
is "$status/$output" "0/VirtualNetwork/prod created
PublicIPPrefix/outside created
LoadBalancer/web created" "the examples of the kinds can be applied"

# Colours.
sed -e 's/vm2/vm3/' -e 's/weight: 2/weight: 5/' \
    -e 's/frontendPort: 80,/& idleTimeoutInMinutes: 9,/' \
    -e 's/probe: health,//' "$tmp/examples.yaml" >"$tmp/changed.yaml"
plain="\
- LoadBalancer/web/backendPools/servers/members/vm2: {address: 10.0.1.5, \
weight: 2}
+ LoadBalancer/web/backendPools/servers/members/vm3: {address: 10.0.1.5, \
weight: 5}
~ LoadBalancer/web/rules/http/probe: health -> none
~ LoadBalancer/web/rules/http/idleTimeoutInMinutes: 4 -> 9"
colored=$(sed -e $'s/^-.*/\e[31m&\e[0m/' -e $'s/^+.*/\e[32m&\e[0m/' \
    -e $'s/^~.*/\e[33m&\e[0m/' <<<"$plain")
run slb-ctl diff "$tmp/changed.yaml"
is "$status/$output" "1/$plain" "no colours in a file"
run slb-ctl diff --color=always "$tmp/changed.yaml"
is "$status/$output" "1/$colored" "colours when asked for"
run env NO_COLOR=1 slb-ctl diff --color "$tmp/changed.yaml"
is "$status/$output" "1/$colored" "also when they are not liked otherwise"

# Prints what slb-ctl diff with options "$@" prints on a terminal.
on_terminal()
{
    /usr/bin/python3 -c '
import os, pty, sys
data = []
def read(fd):
    data.append(os.read(fd, 65536))
    return data[-1]
pty.spawn(sys.argv[1:], read)' env "$@" "$tmp/changed.yaml" </dev/null |
        tr -d '\r'
}
is "$(on_terminal TERM=xterm slb-ctl diff)" "$colored" "colours on a terminal"
is "$(on_terminal TERM=xterm slb-ctl diff --color=never)" "$plain" \
    "but not when asked not to"
is "$(on_terminal TERM=xterm NO_COLOR=1 slb-ctl diff)" "$plain" \
    "nor with NO_COLOR"
is "$(on_terminal TERM=dumb slb-ctl diff)" "$plain" "nor on a dumb terminal"
run slb-ctl apply "$tmp/changed.yaml"
is "$status/$errors" 0/ "apply the change"
run slb-ctl diff "$tmp/examples.yaml"
like "$output" "idleTimeoutInMinutes: 9 -> 4 \(default\)" \
    "a change to a default is told"
like "$output" "probe: none -> health" "and one from nothing"

# What follows from what is told is not told again; lists are seen as such.
sed -e 's,10\.0\.1\.0/24,10.0.0.0/23,' \
    -e 's/public, address: .*}/public, publicIPPrefix: outside, zones: [a]}/' \
    "$tmp/changed.yaml" >"$tmp/computed.yaml"
run slb-ctl diff "$tmp/computed.yaml"
is "$output$errors" "\
~ VirtualNetwork/prod/subnets/web/prefix: 10.0.1.0/24 -> 10.0.0.0/23
~ LoadBalancer/web/frontends/public/address: 20.50.60.10 -> none
~ LoadBalancer/web/frontends/public/publicIPPrefix: none -> outside
~ LoadBalancer/web/frontends/public/zones: [] -> [a]" \
    "neither the gateway nor the allocation method is told"
done_testing

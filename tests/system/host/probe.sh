# shellcheck shell=bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Health probes on hosts, in addition to host.sh:
#
#     web VM PORT [CERTIFICATE]
#                              a server that answers as the file
#                              $tmp/VM-PORT says (net.py health)
#     requests VM PORT         what it was asked
#     n_requests VM PORT       how often
#     probe POOL NAME PROTOCOL PORT PATH [INTERVAL [FAILURES]]
#                              an operation: a pool's members are probed each
#                              second, two failures in a row are too many
#     health VM                what the database says, a line each
#     says VM PROBE-AND-ADDRESS HEALTH
#                              true if it says that, whatever it remarks
#     probes HOST              what its agent says of each probe

. "$(dirname "${BASH_SOURCE[0]}")/host.sh"

web()
{
    echo 200 >"$tmp/$1-$2"
    start "web-$1-$2" ip netns exec "hst-$1" /usr/bin/python3 "$netpy" \
        health "$2" "$tmp/$1-$2" "${@:3}"
    wait_until listens "$1" "$2"
}

listens() { [ -n "$(ip netns exec "hst-$1" ss -Hltn "sport = :$2")" ]; }

requests()
{
    sed -n 's/ 200 [0-9.]*$//p' "$tmp/web-$1-$2.out"
}

n_requests() { wc -l <"$tmp/web-$1-$2.out"; }

probe()
{
    echo "{\"op\":\"update\",\"table\":\"Compiled_Pool\",
        \"where\":[[\"tunnel_key\",\"==\",$1]],\"row\":{\"probe\":[\"map\",[
        [\"name\",\"web/probes/$2\"],[\"protocol\",\"$3\"],[\"port\",\"$4\"],
        [\"path\",\"$5\"],[\"interval\",\"${6:-1}\"],
        [\"probes\",\"${7:-2}\"]]]}}"
}

health()
{
    timeout 10 ovsdb-client -t 10 -f json transact "unix:$tmp/slb.sock" "[\"SLB\",
        {\"op\":\"select\",\"table\":\"Port\",\"columns\":[\"health\"],
         \"where\":[[\"iface_id\",\"==\",\"$1\"]]}]" |
        /usr/bin/python3 -c 'import json, sys
for row in json.load(sys.stdin)[0]["rows"]:
    for key, value in sorted(row["health"][1]):
        print(key, value)'
}

says()
{
    health "$1" | sed 's/ (.*//' | grep -xF "web/probes/$2 $3" >/dev/null
}

probes() { on "$1" ovs-appctl -t "$tmp/$1/agent.ctl" slb/probes; }

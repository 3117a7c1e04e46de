# shellcheck shell=bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# For tests on the lab that declare several things and look at the traffic.
# To be sourced after lab.sh.
#
#     use FILE... <<<NOTES     applies files, in the place of all else, and
#                              tests that these notes of the manager's are
#                              there, lines "OBJECT: TEXT", and no others
#     notes                    prints those there are
#     serving N                waits until N members that are probed are up and
#                              get connections, those of several pools counted
#                              for each
#     health_start             starts what answers probes on port 9000 of each
#                              VM, with the status that is in $tmp/VM (200)
#     probed_web               prints web.yaml with that probe; its rules come
#                              last
#     serve VM SERVER...       starts a server on a VM (see whoami.py)
#     ask NODE SERVER [OPTION...]
#                              asks it from a node
#     ask_all NODE SERVER [OPTION...]
#                              the same; prints who answered how often:
#                              "7 vm1 3 vm2"
#     web_servers URL          which VMs answer HTTP requests of the client
#     announced_by_muxes ADDRESS
#                              which muxes the router knows for an address
#     is_announced_by ADDRESS MUXES
#                              succeeds if it is these
#     add_address VM ADDRESS   on its loopback interface, until the end
#     many_clients             gives the client further addresses, ${clients[@]}

clients=()

use()
{
    local name=${1##*/} notes
    notes=$(cat)
    ok "$name is applied" apply --prune "$@" || diag "$(cat "$tmp/apply.out")"
    wait_until 10 notes_are "$notes"
    is "$(notes)" "$notes" "$name: what is not supported is told, no more"
}

notes()
{
    on control slb-ctl get -o wide | sed -n '/^OBJECT /,$p' |
        sed -e 1d -e 's/  */: /' | LC_ALL=C sort
}

notes_are()
{
    [ "$(notes)" = "$1" ]
}

serving()
{
    wait_until 60 serving_is "$1" ||
        diag "$(db_rows Compiled_Pool; db_rows Generation; db_rows Port)"
}

serving_is()
{
    db_rows Compiled_Pool >"$tmp/pools" && db_rows Generation >"$tmp/gens" &&
        db_rows Node >"$tmp/nodes" &&
        python3 - "$1" "$tmp/pools" "$tmp/gens" "$tmp/nodes" <<'END'
import json, sys
pools, generations, nodes = (json.load(open(name))[0]["rows"]
                             for name in sys.argv[2:])
keys = {row["tunnel_key"] for row in pools if row["probe"][1]}
rows = [row for row in generations if row["pool_key"] in keys]
n = sum(len(row["weights"][1]) for row in rows if row["state"] == "current")
sys.exit(n != int(sys.argv[1])
         or any(row["state"] == "coming" for row in rows)
         or any(row["applied"] < row["wanted"] for row in nodes))
END
}

health_start()
{
    local i
    for i in 1 2 3 4 5 6; do
        echo 200 >"$tmp/vm$i"
        start "health-vm$i" ip netns exec "$SLB_LAB-vm$i" /usr/bin/python3 \
            "$srcdir/tests/system/host/net.py" health 9000 "$tmp/vm$i"
    done
}

probed_web()
{
    sed -e '/^rules:/,$d' "$web"
    cat <<'END'
probes:
- {name: health, protocol: Http, port: 9000, requestPath: /health,
   intervalInSeconds: 5, numberOfProbes: 2}
rules:
- {name: http, frontend: public, backendPool: servers, probe: health,
   protocol: Tcp, frontendPort: 80, backendPort: 8080}
END
}

serve()
{
    local vm=$1
    shift
    stop "whoami-$vm"
    start "whoami-$vm" ip netns exec "$SLB_LAB-$vm" \
        "$srcdir/tests/lib/whoami.py" serve "$vm" "$@"
    wait_until 5 grep -qs ready "$tmp/whoami-$vm.out"
}

ask()
{
    ip netns exec "$SLB_LAB-$1" "$srcdir/tests/lib/whoami.py" ask "${@:2}"
}

ask_all()
{
    ask "$@" | sort | uniq -c | xargs
}

web_servers()
{
    on client sh -c "for i in \$(seq 100); do
        curl -gs --max-time 2 '$1' || echo \"code \$?\"; done" | sort -u | xargs
}

announced_by_muxes()
{
    local mux
    for mux in mux1 mux2; do
        ip -n "$SLB_LAB-router" route show "$1" |
            grep -qw "$(address_of $mux)" && echo $mux
    done | xargs
}

is_announced_by()
{
    [ "$(announced_by_muxes "$1")" = "$2" ]
}

add_address()
{
    ip -n "$SLB_LAB-$1" address add "$2/32" dev lo
    at_exit ip -n "$SLB_LAB-$1" address del "$2/32" dev lo
}

many_clients()
{
    local i
    for i in $(seq 101 148); do
        clients+=("198.51.100.$i")
        ip -n "$SLB_LAB-client" address add "198.51.100.$i/24" dev eth0
        at_exit ip -n "$SLB_LAB-client" address del "198.51.100.$i/24" dev eth0
    done
}

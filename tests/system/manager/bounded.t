#!/bin/bash
# Transactions stay small, whatever comes at once.
. "$(dirname "$0")/lib.sh"

# largest NAME: the largest number of rows that one transaction that says NAME
# has changed.
largest()
{
    python3 - "$tmp/slb.db" "$1" <<'END'
import json
import sys

largest = 0
for line in open(sys.argv[1]):
    if line.startswith("{"):
        record = json.loads(line)
        if record.get("_comment", "").startswith(sys.argv[2]):
            largest = max(largest, sum(len(rows) for table, rows
                                       in record.items() if table[0] != "_"))
print(largest)
END
}

# ports HOST FIRST: reports of 1000 ports.
ports()
{
    local i
    for ((i = $2; i < $2 + 1000; i++)); do
        printf 'vm%d,02:00:00:00:%02x:%02x,10.0.%d.%d\0' \
            $i $((i / 250)) $((i % 250)) $((i / 250)) $((i % 250 + 2))
    done
}

# many_networks: 1000 networks, and 10,000 ports on ten hosts that name them.
many_networks()
{
    python3 - <<'END'
import json

ops = [{"op": "delete", "table": table, "where": []}
       for table in ("Node", "Port", "Virtual_Network")]
for n in range(1000):
    ops += [{"op": "insert", "table": "Subnet", "uuid-name": f"s{n}",
             "row": {"name": "s", "prefix": "10.0.0.0/16"}},
            {"op": "insert", "table": "Virtual_Network",
             "row": {"name": f"net{n}", "subnets": ["named-uuid", f"s{n}"]}}]
for h in range(10):
    ports = [["named-uuid", f"p{h}_{n}"] for n in range(1000)]
    ops += [{"op": "insert", "table": "Port", "uuid-name": f"p{h}_{n}",
             "row": {"node": f"h{h}", "iface_id": f"vm{n}x{h}",
                     "mac": f"02:00:00:{h:02x}:{n // 256:02x}:{n % 256:02x}",
                     "addresses": f"10.0.0.{h + 4}", "network": f"net{n}"}}
            for n in range(1000)]
    ops.append({"op": "insert", "table": "Node",
                "row": {"name": f"h{h}", "role": "host",
                        "vtep": f"172.16.0.{h + 21}", "mux_set": "default",
                        "ports": ["set", ports]}})
for op in ops:
    print(json.dumps(op))
END
}

# took MS DESC COMMAND...: passes if it succeeds in less than MS.
took()
{
    local start ms
    start=$(date +%s%3N)
    if ! "${@:3}"; then
        fail "$2"
        return
    fi
    ms=$(($(date +%s%3N) - start))
    note "$ms ms"
    cmp_ok "$ms" -lt "$1" "$2"
}

recompute_and_wait()
{
    local idle
    idle=$(status m1 'times idle')
    timeout 60 ovs-appctl -T 60 -t "$tmp/m1.ctl" slb/recompute
    wait_until 60 has_looked m1 "$idle"
}

add_network()
{
    slbdb net one-more 10.0.0.0/16
    compiled
}

locations() { get Location _uuid | wc -l; }
has_locations() { [ "$(locations)" = "$1" ]; }

start_db
start_manager
slbdb net prod 10.0.0.0/16 -- node h1 host 172.16.0.21 -- \
    node h2 host 172.16.0.22 -- node h3 host 172.16.0.23
compiled
stop m1
for i in 1 2 3; do
    mapfile -d '' -t specs < <(ports h$i ${i}000)
    slbdb ports h$i "${specs[@]}"
done
start_manager m1
ok "many ports are bound" wait_until 30 has_locations 3000
cmp_ok "$(largest slb-manager)" -le 100 "in small transactions"
slbdb del-net prod
ok "many addresses go" wait_until 30 has_locations 0
ok "which is over when that is said" compiled
cmp_ok "$(largest slb-manager)" -le 100 "in small transactions, too"
slbdb net prod 10.0.0.0/16
compiled
is "$(locations)" 3000 "all are there when that is said"
cmp_ok "$(largest slb-manager)" -le 100 "still in small transactions"
is "$(status m1 failed)" 0 "no transaction failed"

# What networks cost does not go with the ports of others.  A thousand of them
# with the same addresses and ten ports each: reading all that again takes less
# than half a second; looking at each port for each network took ten.
stop m1
many_networks | slbdb transact-input
start_manager m1
ok "a thousand networks are read" wait_until 60 has_locations 10000
compiled
took 5000 "all that is read once more soon" recompute_and_wait
took 5000 "a network is added soon" add_network
done_testing

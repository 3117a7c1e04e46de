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
done_testing

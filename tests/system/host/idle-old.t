#!/bin/bash
# An Open vSwitch that has no time-out policies, as before 2.13, does all else.
. "$(dirname "$0")/host.sh"
plan 5

/usr/bin/python3 - "$schema" >"$tmp/old.ovsschema" <<'END'
import json
import sys
with open(sys.argv[1], encoding='utf-8') as f:
    schema = json.load(f)
del schema['cksum']
for table in 'Datapath', 'CT_Zone', 'CT_Timeout_Policy':
    del schema['tables'][table]
del schema['tables']['Open_vSwitch']['columns']['datapaths']
print(json.dumps(schema))
END
schema=$tmp/old.ovsschema
cloud_up h1 || bail_out "no cloud"
is "$(net gw ask tcp $vip 80 x)" "vm1 198.51.100.10 x" "connections work"
transact "$(endpoint 15 $vip 6 81 8080)"
ok "a new rule is in force" want h1
is "$(net gw ask tcp $vip 81 x)" "vm1 198.51.100.10 x" "and works"
is "$(grep -c "this Open vSwitch has no time-out policies" \
    "$tmp/h1/slb-agent.log")" 1 "the agent says once what is missing"
nok "and tries nothing" \
    grep -E "ovsdb_idl.*(error|violation)" "$tmp/h1/slb-agent.log"

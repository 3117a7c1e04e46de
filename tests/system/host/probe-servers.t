#!/bin/bash
# Health probes of servers of all kinds: nginx with and without TLS, and slow,
# hanging, resetting and wrong ones; how long they may take, and when a thousand
# members are asked.
# timeout: 600
. "$(dirname "$0")/probe.sh"
command -v nginx >/dev/null || skip_all "needs nginx"
cloud_up h1 || bail_out "no cloud"

mkdir "$tmp/nginx"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=self-signed \
    -keyout "$tmp/nginx/key.pem" -out "$tmp/nginx/cert.pem" 2>/dev/null
cat >"$tmp/nginx.conf" <<END
daemon off;
pid $tmp/nginx/pid;
events { worker_connections 4096; }
http {
    log_format seen '\$remote_addr|\$request_uri|\$http_host|'
                    '\$http_user_agent|\$status';
    log_format time '\$msec';
    access_log $tmp/access.log seen;
    ssl_certificate $tmp/nginx/cert.pem;
    ssl_certificate_key $tmp/nginx/key.pem;
    server {
        listen 8000;
        listen 8443 ssl;
        location = /health { return 200 "ok\n"; }
        location = /busy { return 503; }
        location = /moved { return 301 /elsewhere; }
        location / { return 404; }
    }
    server {
        listen 8100 backlog=2048;
        access_log $tmp/times.log time;
        location / { return 200 "ok\n"; }
    }
}
END
start nginx ip netns exec hst-vm1 nginx -c "$tmp/nginx.conf"
servers=()
for kind in slow late hang reset; do
    port=$((8000 + ${#servers[@]} + 1))
    servers[port]=$kind
    web vm1 $port
    echo $kind >"$tmp/vm1-$port"
done

wait_until listens vm1 8443

# NAME PROTOCOL PORT PATH [INTERVAL]: each is the probe of a pool of its own.
ops=() number=300
while read -r -a words; do
    number=$((number + 1))
    ops+=("$(pool $number 1:vm1:4)"
          "$(probe $number "${words[0]}" "${words[1]}" "${words[2]}" \
             "${words[3]:-}" "${words[4]:-4}" 1)")
done <<'END'
well Http 8000 /health
missing Http 8000 /missing
busy Http 8000 /busy
moved Http 8000 /moved
tls Https 8443 /health
tls-busy Https 8443 /busy
no-tls Http 8443 /health
only-tls Https 8000 /health
tcp Tcp 8443
closed Tcp 8999
slow Http 8001 /
late Http 8002 / 1
hang Http 8003 / 1
reset Http 8004 /
hang-tcp Tcp 8003
patient Http 8003 /patient 60
END
transact "${ops[@]}"
want h1

# shows NAME REGEX: what the agent says of a probe.
shows()
{
    probes h1 | grep -E "^vm1 web/probes/$1 10.0.1.4: $2" >/dev/null
}
while read -r name regex; do
    ok "$name: $regex" wait_until 15 shows "$name" "$regex"
done <<'END'
well up
missing down.*, status 404
busy down.*, status 503
moved down.*, status 301
tls up
tls-busy down.*, status 503
no-tls down.*, status 400
only-tls down.*, SSL
tcp up
closed down.*, Connection refused
slow up
late down.*, Timeout
hang down.*, Timeout
reset down.*, (Recv failure|Failure when receiving)
hang-tcp up
END
is "$(health vm1 | sed -n 's,web/probes/\(.*\) 10.0.1.4 up,\1,p' | xargs)" \
    "hang-tcp slow tcp tls well" "and the database says the same"
is "$(sort -u "$tmp/access.log" | grep -v '^168.63.129.16|/[a-z]*|10.0.1.4:8[04]*[03]|Load Balancer Agent|[2-5]0[0-9]$')" \
    "168.63.129.16|-|-|-|400" "what nginx has seen of them, but for TLS to HTTP"
is "$(grep -c elsewhere "$tmp/access.log")" 0 "redirections are not followed"

# Time-outs: the interval, if that is less than 30 s.
patient=$(awk '/patient/ { print $NF; exit }' "$tmp/web-vm1-8003.out")
ok "30 s are the most" wait_until 45 shows patient 'down.*, Timeout'
passed=$(awk "BEGIN { printf \"%d\", $EPOCHREALTIME - $patient }")
cmp_ok "$passed" -ge 29 "which it takes ($passed s)"
cmp_ok "$passed" -lt 45 "not more"

# A thousand members, each 5 s: as many in each half of a second.
/usr/bin/python3 - "$tmp/slb.sock" <<'END' || bail_out "no thousand members"
import json, socket, sys
addresses = ["10.0.%d.%d" % (16 + i // 250, 1 + i % 250) for i in range(1000)]
index = list(enumerate(addresses, 1))
probe = {"name": "web/probes/many", "protocol": "Http", "port": "8100",
         "path": "/", "interval": "5", "probes": "2"}
ops = [{"op": "insert", "table": "Compiled_Pool", "row": {
            "name": "web/backendPools/many", "tunnel_key": 500,
            "network_key": 1, "slots_log2": 16,
            "members": ["map", [[i, a] for i, a in index]],
            "addresses": ["map", [[i, a] for i, a in index]],
            "vteps": ["map", [[i, "172.16.0.21"] for i, a in index]],
            "probe": ["map", list(probe.items())]}}]
ops += [{"op": "insert", "table": "Binding", "row": {
         "node": "h1", "iface_id": "vm1", "network_key": 1, "address": a,
         "mac": "02:00:00:00:00:04", "pools": ["map", [[500, i]]]}}
        for i, a in index]
database = socket.socket(socket.AF_UNIX)
database.connect(sys.argv[1])
database.sendall(json.dumps({"method": "transact", "id": 0,
                             "params": ["SLB"] + ops}).encode())
answer = b""
while not answer.endswith(b"}"):
    answer += database.recv(1 << 20)
sys.exit(answer.decode() if b"error\":\"" in answer else 0)
END
mapfile -t addresses < <(for i in {0..999}; do
    echo "10.0.$((16 + i / 250)).$((1 + i % 250))"
done)
printf 'address add %s/32 dev lo\n' "${addresses[@]}" |
    ip -n hst-vm1 -batch -
vsctl h1 set interface vm1 "external_ids:vm-ip=\"10.0.1.4 ${addresses[*]}\""
all_up() { [ "$(probes h1 | grep -c 'probes/many .*: up,')" = 1000 ]; }
ok "a thousand members are up" wait_until 90 all_up
# In which tenth of the interval the last ones came, ten seconds' worth of them.
tenths=
spread()
{
    tenths=$(tail -n 2000 "$tmp/times.log" | awk '{ n[int($1 * 2) % 10]++ }
        END { for (i = 0; i < 10; i++) { print n[i] + 0 } }' | sort -n | xargs)
    [ "${tenths%% *}" -gt 60 ] && [ "${tenths##* }" -lt 500 ]
}
even="not at once: some come in each tenth of the interval"
if wait_until 90 spread; then
    pass "$even"
elif grep -q "Unreasonably long" "$tmp"/h1/*.log; then
    skip 1 "the programs did not run for seconds"
elif awk "{ exit !(\$1 > $(nproc)) }" /proc/loadavg; then
    skip 1 "more programs than processors: $(</proc/loadavg)"
else
    fail "$even"
fi
note "of 2000 in each tenth of the interval: $tenths"
done_testing

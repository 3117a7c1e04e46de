#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# UDP is balanced as TCP is, by ports too, and answered by the VIP.

. "$(dirname "$0")/../lib/lab.sh"
plan 4
lab_up

cat > "$tmp/echo.py" <<'PY'
# Answers each datagram with the address that it came to.
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((sys.argv[1], 5353))
print("ready", flush=True)
while True:
    client = server.recvfrom(100)[1]
    server.sendto(sys.argv[1].encode(), client)
PY
cat > "$tmp/ask.py" <<'PY'
# Asks from 300 ports, three times each; prints who answered.
import socket, sys
for port in range(30000, 30300):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.bind(("", port))
    client.connect((sys.argv[1], 53))
    client.settimeout(2)
    answers = []
    for _ in range(3):
        client.send(b"?")
        try:
            answers.append(client.recv(100).decode())
        except OSError as error:
            answers.append(type(error).__name__)
    print(port, *answers)
PY
for i in 1 2 3 4 5 6; do
    start vm$i ip netns exec "$SLB_LAB-vm$i" /usr/bin/python3 "$tmp/echo.py" \
        "10.0.1.$((i + 3))"
    wait_until 5 grep -q ready "$tmp/vm$i.out"
done
{
    cat "$web"
    echo "- {name: dns, frontend: public, backendPool: servers, protocol: Udp,"
    echo "   frontendPort: 53, backendPort: 5353}"
} > "$tmp/udp.yaml"
ok "a rule for UDP is applied" apply "$tmp/udp.yaml"
at_exit apply "$web"

on client /usr/bin/python3 "$tmp/ask.py" "$vip" > "$tmp/answers"
is "$(awk 'NF == 4 && $2 ~ /^10\.0\.1\./' "$tmp/answers" | wc -l)" 300 \
    "datagrams from 300 ports are answered"
is "$(awk '$2 != $3 || $3 != $4' "$tmp/answers" | wc -l)" 0 \
    "each port's by one VM"
is "$(awk '{ print $2 }' "$tmp/answers" | sort -u | wc -l)" 6 "by all six"

#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Prints what changes in the SLB database, and when it is seen.

usage: db-times.py SOCKET

    TIME health KEY up|down
    TIME generation POOL_KEY NUMBER coming|current
    TIME applied NODE NUMBER        by a mux
"""

import json
import socket
import sys
import time

WANTED = {"Port": ["health"],
          "Generation": ["pool_key", "number", "state"],
          "Node": ["name", "role", "applied"]}


def report(table, new, old):
    now = f"{time.time():.6f}"
    if table == "Port":
        before = dict(old.get("health", ["map", []])[1])
        for key, value in new["health"][1]:
            if before.get(key) != value:
                print(now, "health", key, value, flush=True)
    elif table == "Generation":
        print(now, "generation", new["pool_key"], new["number"], new["state"],
              flush=True)
    elif new["role"] == "mux" and "applied" in old:
        print(now, "applied", new["name"], new["applied"], flush=True)


def main(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(path)
    requests = {table: {"columns": columns}
                for table, columns in WANTED.items()}
    s.sendall(json.dumps({"method": "monitor", "id": 0,
                          "params": ["SLB", 0, requests]}).encode())
    decoder = json.JSONDecoder()
    buffer = ""
    while True:
        data = s.recv(1 << 20)
        if not data:
            return
        buffer += data.decode()
        while buffer:
            try:
                message, end = decoder.raw_decode(buffer)
            except ValueError:
                break
            buffer = buffer[end:].lstrip()
            if message.get("method") == "echo":
                s.sendall(json.dumps({"id": message["id"], "error": None,
                                      "result": message["params"]}).encode())
            elif message.get("method") == "update":
                for table, rows in message["params"][1].items():
                    for row in rows.values():
                        if "new" in row:
                            report(table, row["new"], row.get("old", {}))
            elif message.get("id") == 0:
                print("ready", flush=True)


main(sys.argv[1])

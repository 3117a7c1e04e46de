#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Members that go up and down at random, and what is known about them.

usage: flap.py serve SECONDS SEED ADDRESS...
           is all these members, in one process.  Those with an even last octet
           listen on TCP port 8000 while they are up, the others answer on 8001
           by HTTP: with 200 while they are up, and else they are closed,
           reset, hang or say 503.  Each goes up and down at a pace of its own
           for SECONDS, and then stays as it is; "ADDRESS up|down" is printed
           for each.
       flap.py watch AGENT DATABASE SECONDS
           looks at random moments at what the agent knows, what the database
           says of the health of members and what the manager has made of it,
           and prints for how long these differed at most about a member:
           "DATABASE MANAGER", in seconds.
       flap.py compare AGENT DATABASE FILE
           prints where these differ from each other and from what serve has
           printed into FILE.  A member that has gone up and down may have to
           succeed some more times before it is up.
"""

import json
import random
import select
import selectors
import socket
import struct
import sys
import time

DOWN = ["closed", "reset", "hang", "503"]


class Member:
    def __init__(self, server, address):
        self.server, self.address = server, address
        self.http = int(address.rsplit(".", 1)[1]) % 2
        self.pace = random.uniform(2, 20)
        self.state = "closed"
        self.listener = None
        self.flip()

    def flip(self):
        down = DOWN if self.http else ["closed"]
        self.set("up" if self.state != "up" else random.choice(down))
        self.at = time.monotonic() + random.expovariate(1 / self.pace)

    def set(self, state):
        if state == "closed" and self.listener:
            self.server.selector.unregister(self.listener)
            self.listener.close()
            self.listener = None
        elif state != "closed" and not self.listener:
            self.listener = socket.socket()
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind((self.address, 8001 if self.http else 8000))
            self.listener.listen(16)
            self.listener.setblocking(False)
            self.server.selector.register(self.listener,
                                          selectors.EVENT_READ, self.accept)
        self.state = state

    def accept(self):
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        self.server.selector.register(connection, selectors.EVENT_READ,
                                      lambda: self.answer(connection))

    def answer(self, connection):
        try:
            text = connection.recv(4096)
        except OSError:
            text = b""
        if text and self.state == "hang":
            return
        try:
            if text and self.state in ("up", "503"):
                connection.send(b"HTTP/1.1 %s x\r\nContent-Length: 0\r\n\r\n"
                                % (b"200" if self.state == "up" else b"503"))
            elif text:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.server.selector.unregister(connection)
        connection.close()


class Server:
    def __init__(self, addresses):
        self.selector = selectors.DefaultSelector()
        self.members = [Member(self, address) for address in addresses]

    def run(self, until):
        while time.monotonic() < until:
            for key, _ in self.selector.select(0.05):
                key.data()
            if until != float("inf"):
                for member in self.members:
                    if member.at <= time.monotonic():
                        member.flip()


def serve(seconds, seed, *addresses):
    random.seed(int(seed))
    server = Server(addresses)
    server.run(time.monotonic() + float(seconds))
    for member in server.members:
        print(member.address, "up" if member.state == "up" else "down")
    sys.stdout.flush()
    server.run(float("inf"))


class Rpc:
    """A JSON-RPC connection to a Unix socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(path)

    def __call__(self, method, *params):
        self.socket.sendall(json.dumps({"id": 0, "method": method,
                                        "params": params}).encode())
        text, decoder = b"", json.JSONDecoder()
        while True:
            text += self.socket.recv(1 << 20)
            try:
                reply, end = decoder.raw_decode(text.decode())
            except ValueError:
                continue
            if "method" not in reply:
                return reply["result"]
            self.socket.sendall(json.dumps(
                {"id": reply["id"], "error": None,
                 "result": reply["params"]}).encode())
            text = text[end:].lstrip()


def agent_view(agent):
    """What the agent knows, by address; and who comes up, but slowly."""
    view, damped = {}, set()
    for line in agent("slb/probes").splitlines():
        key, _, text = line.partition(": ")
        address = key.split()[-1]
        view[address] = text.split(",")[0]
        if "successes in a row" in text and "needs" in text:
            damped.add(address)
    return {key: value for key, value in view.items()
            if value != "unknown"}, damped


def database_views(database):
    """What the database says of members' health, and the manager made of it,
    by address, at one moment."""
    tables = ["Port", "Compiled_Pool", "Generation"]
    ports, pools, generations = (
        reply["rows"] for reply in database("transact", "SLB", *(
            {"op": "select", "table": table, "where": []}
            for table in tables)))
    health = {key.split()[-1]: value.split()[0] for row in ports
              for key, value in row["health"][1]}
    newest = {}
    for row in sorted(generations, key=lambda row: row["number"]):
        newest[row["pool_key"]] = dict(row["weights"][1])
    active = {address for row in pools for index, address
              in row["addresses"][1]
              if index in newest.get(row["tunnel_key"], {})}
    return health, active


class Differences:
    """For how long two views of members have differed."""

    def __init__(self):
        self.since = {}
        self.longest = 0.0

    def see(self, differ, now):
        self.since = {member: self.since.get(member, now)
                      for member in differ}
        for since in self.since.values():
            self.longest = max(self.longest, now - since)


def look(agent, database):
    known, damped = agent_view(agent)
    health, active = database_views(database)
    members = known.keys() | health.keys() | active
    return (known, damped, [m for m in members if known.get(m) != health.get(m)],
            [m for m in members
             if (health.get(m) == "up") != (m in active)])


def idle_part(before):
    """Returns the time that processors had nothing to do as a part of all, from
    before, what this has returned last, on; and what that is now."""
    with open("/proc/stat", encoding="ascii") as f:
        times = [int(word) for word in f.readline().split()[1:9]]
    now = (times[3], sum(times))
    return (now[0] - before[0]) / max(now[1] - before[1], 1), now


def watch(agent, database, seconds):
    """Prints for how long database and manager differed from what the agent
    knew, at most, and how long is too long: not much where there is time for
    everything, and nothing is held up."""
    agent, database = Rpc(agent), Rpc(database)
    unwritten, unused = Differences(), Differences()
    end = time.monotonic() + float(seconds)
    held_up = 0.0
    _, before = idle_part((0, 0))
    while time.monotonic() < end:
        *_, in_database, in_pools = look(agent, database)
        now = time.monotonic()
        unwritten.see(in_database, now)
        unused.see(in_pools, now)
        pause = random.uniform(0.05, 1)
        select.select([], [], [], pause)
        held_up = max(held_up, time.monotonic() - now - pause)
    idle, _ = idle_part(before)
    limit = 3 if idle > 0.25 and held_up < 0.3 else 10
    print("%.1f %.1f %d %.0f" % (unwritten.longest, unused.longest, limit,
                                 100 * idle))


def compare(agent, database, path):
    known, damped, in_database, in_pools = look(Rpc(agent), Rpc(database))
    with open(path, encoding="ascii") as f:
        truth = dict(line.split() for line in f)
    wrong = [m for m in truth.keys() | known.keys()
             if truth.get(m) != known.get(m)
             and not (truth.get(m) == "up" and m in damped)]
    for what, members in (("agent", wrong), ("database", in_database),
                          ("manager", in_pools)):
        if members:
            print(what, *sorted(members))


if __name__ == "__main__":
    {"serve": serve, "watch": watch,
     "compare": compare}[sys.argv[1]](*sys.argv[2:])

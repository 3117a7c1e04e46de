#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Feeds the mux datapath by hand (lib/mux-protocol.h), for tests.

    mux-client.py SOCKET hello
    mux-client.py SOCKET stats
    mux-client.py SOCKET load FILE
    mux-client.py SOCKET change FILE

"load" replaces everything by the operations in FILE ("-": standard input),
"change" applies them to what is in force.  A file has one JSON operation a
line.  Prints the answer as JSON; the exit status is 1 if it is an error.

As a module it offers Mux, a connection."""

import json
import socket
import sys


class Error(Exception):
    """The mux refused a request; args[0] is the error it answered."""


class Mux:
    # Operations in a message: far below the longest message.
    OPS_A_MESSAGE = 2000

    def __init__(self, path, timeout=10, hello=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.pending = ""
        self.last_id = 0
        self.instance = self.generation = None
        if hello:
            answer = self.request("hello", {"version": 1, "agent": "test"})
            self.instance = answer["instance"]
            self.generation = answer["generation"]

    def close(self):
        self.socket.close()

    def receive(self):
        """Returns the next message, or None at the end."""
        decoder = json.JSONDecoder()
        while True:
            self.pending = self.pending.lstrip()
            if self.pending:
                try:
                    msg, end = decoder.raw_decode(self.pending)
                    self.pending = self.pending[end:]
                    return msg
                except ValueError:
                    pass
            data = self.socket.recv(65536)
            if not data:
                return None
            self.pending += data.decode()

    def send(self, method, *params):
        self.last_id += 1
        self.socket.sendall(json.dumps({"method": method,
                                        "params": list(params),
                                        "id": self.last_id}).encode())

    def request(self, method, *params):
        self.send(method, *params)
        answer = self.receive()
        if answer is None:
            raise EOFError("the mux closed the connection")
        if answer["error"] is not None:
            raise Error(answer["error"])
        return answer["result"]

    def transact(self, ops, replace=False, to=None):
        """Applies 'ops' as the next generation.  Returns its number."""
        start = None if replace else self.generation
        if to is None:
            to = (self.generation or 0) + 1
        rest = list(ops)
        while True:
            now, rest = rest[:self.OPS_A_MESSAGE], rest[self.OPS_A_MESSAGE:]
            self.request("transact", {"from": start, "to": to,
                                      "more": bool(rest), "ops": now})
            if not rest:
                break
        self.generation = to
        return to


def main(argv):
    if len(argv) < 3 or argv[2] not in ("hello", "stats", "load", "change"):
        sys.exit(__doc__)
    mux = Mux(argv[1])
    try:
        if argv[2] == "hello":
            answer = {"instance": mux.instance, "generation": mux.generation}
        elif argv[2] == "stats":
            answer = mux.request("get", "stats")
        else:
            with (sys.stdin if argv[3] == "-" else open(argv[3])) as f:
                ops = [json.loads(line) for line in f if line.strip()]
            answer = {"generation": mux.transact(ops, argv[2] == "load")}
    except Error as e:
        print(json.dumps(e.args[0]))
        return 1
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))

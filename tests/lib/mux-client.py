#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Feeds the mux datapath by hand (lib/mux-protocol.h).

    mux-client.py SOCKET hello
    mux-client.py SOCKET stats
    mux-client.py SOCKET load FILE
    mux-client.py SOCKET change FILE

"load" replaces everything by the operations in FILE ("-": standard input),
"change" applies them to what is in force.  A file has one JSON operation a
line.  Prints the answer as JSON; the exit status is 1 if it is an error."""

import json
import os
import sys

sys.dont_write_bytecode = True
import muxnode  # noqa: E402

# Operations in a message: far below the longest message.
OPS_A_MESSAGE = 2000


class Socket:
    """What a MuxClient wants to know of a node."""

    def __init__(self, path):
        self.directory = os.path.dirname(path)

    def path(self, name):
        return os.path.join(self.directory, name)


def transact(client, before, after, ops):
    while True:
        now, ops = ops[:OPS_A_MESSAGE], ops[OPS_A_MESSAGE:]
        answer = client.call('transact', {'from': before, 'to': after,
                                          'more': bool(ops), 'ops': now})
        if not ops:
            return answer


def main(argv):
    if len(argv) < 3 or (argv[2:] not in (['hello'], ['stats'])
                         and (argv[2] not in ('load', 'change')
                              or len(argv) != 4)):
        sys.exit(__doc__)
    client = muxnode.MuxClient(Socket(argv[1]))
    answer = client.hello()
    generation = answer['generation']
    try:
        if argv[2] == 'stats':
            answer = client.call('get', 'stats')
        elif argv[2] != 'hello':
            with sys.stdin if argv[3] == '-' else open(argv[3]) as f:
                ops = [json.loads(line) for line in f if line.strip()]
            answer = transact(client, generation if argv[2] == 'change'
                              else None, generation + 1, ops)
    except muxnode.Refused as error:
        print(error)
        return 1
    print(json.dumps(answer))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))

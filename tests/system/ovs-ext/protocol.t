#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""What the mux datapath does with clients that do not behave: every message
that is wrong is refused, logged with a rate limit, and changes nothing."""

import json
import os
import re
import socket
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '../../lib'))
import muxdummy  # noqa: E402
import muxnode  # noqa: E402
import tap  # noqa: E402

GLOBAL = {'op': 'global', 'key': '000102030405060708090a0b0c0d0e0f',
          'vtep': '172.16.0.11', 'anycast': None}


def vip(n):
    return {'op': 'vip', 'network': 0,
            'address': '10.%d.%d.%d' % (n >> 16 & 255, n >> 8 & 255, n & 255)}


def big_pool(key):
    return {'op': 'pool', 'tunnel_key': key, 'network': 1, 'slots': 16,
            'members': [], 'generations': [
                {'number': 1, 'state': 'current', 'age': 0,
                 'weights': [[key + i, 1 + i % 3] for i in range(200)]}]}


class Client(muxnode.MuxClient):
    def __init__(self, node, hello=True):
        super().__init__(node, 20)
        self.generation = self.hello()['generation'] if hello else None

    def error_of(self, method, *params):
        """The error that a request is refused with, or its result."""
        self.send(method, *params)
        answer = self.receive()
        return answer['error'] or answer['result']

    def closed_after(self, data):
        """Sends 'data'.  Is the connection closed then?"""
        try:
            self.socket.sendall(data)
            while self.socket.recv(65536):
                pass
        except (ConnectionError, BrokenPipeError):
            pass
        except socket.timeout:
            return False
        return True


def transaction(before, after, ops, more=False):
    return {'from': before, 'to': after, 'more': more, 'ops': ops}


def test_hello(t, node):
    client = Client(node, hello=False)
    t.is_(client.error_of('get', 'stats').get('error'), 'message',
          'hello must come first')
    t.is_(client.error_of('hello', {'version': 2, 'agent': 'x'})['error'],
          'version', 'another version is refused')
    t.is_(client.error_of('hello', {'version': 1})['error'], 'message',
          'so is half a hello')
    answer = client.hello()
    t.ok(answer['version'] == 1 and answer['generation'] == 0
         and re.fullmatch('[0-9a-f-]{36}', answer['instance']),
         'hello is answered')
    t.is_(client.call('echo', 1, 'a'), [1, 'a'], 'echo is echoed')
    t.is_(client.call('get', 'stats')['generation'], 0, 'stats can be got')
    t.is_([client.error_of(*request)['error'] for request in (
        ('get', 'secrets'), ('get', 5), ('get', ), ('steal', 1),
        ('transact', 5), ('transact', {}, {}))], ['message'] * 6,
          'requests that are none')
    client.close()


def test_transact(t, node):
    client = Client(node)

    def refused(argument):
        return client.error_of('transact', argument).get('error')

    t.is_(refused(transaction(7, 8, [GLOBAL])), 'generation',
          '"from" must be in force')
    t.is_(client.call('transact', transaction(None, 5, [GLOBAL, vip(1)])),
          {'generation': 5}, 'everything is replaced')
    t.is_([refused(argument) for argument in (
        transaction(4, 6, []), transaction(0, 6, []))], ['generation'] * 2,
          'changes of another generation')
    t.is_([refused(argument) for argument in (
        transaction(5, 0, []), transaction(5, -1, []),
        transaction(-5, 6, []), transaction('5', 6, []),
        {'from': 5, 'to': 6, 'ops': []},
        {'from': 5, 'to': 6, 'more': 1, 'ops': []},
        dict(transaction(5, 6, []), extra=1))], ['message'] * 7,
          'heads that are wrong')
    t.is_(client.error_of('transact', transaction(
        5, 6, [vip(2), vip(3), {'op': 'vip', 'network': 0,
                                'address': 'x'}])).get('op'), 2,
          'the operation that is wrong is named')
    answer = client.error_of('transact', transaction(5, 6, [
        vip(2), {'op': 'pool-del', 'tunnel_key': 9}]))
    t.is_((answer['error'], answer['op']), ('reference', 1),
          'what refers to nothing')
    t.is_((node.stats()['generation'], node.stats()['vips']), (5, 1),
          'nothing of that has changed anything')

    t.is_(client.call('transact', transaction(5, 6, [vip(2)], True)),
          {'staged': 1}, 'a transaction in several messages')
    t.is_(client.call('transact', transaction(5, 6, [vip(3)], True)),
          {'staged': 2}, 'is staged')
    t.is_(node.stats()['vips'], 1, 'does nothing so far')
    other = Client(node)
    t.is_(other.call('transact', transaction(5, 9, [vip(77)])),
          {'generation': 9}, 'meanwhile another client changes something')
    t.is_(refused(transaction(5, 6, [vip(4)])), 'generation',
          'so the rest is refused')
    t.is_(node.stats()['vips'], 2, 'as a whole')
    t.is_(client.call('transact', transaction(9, 10, [vip(4)])),
          {'generation': 10}, 'and forgotten')

    client.call('transact', transaction(10, 11, [vip(5)], True))
    t.is_(refused(transaction(10, 12, [vip(6)])), 'message',
          'staged messages must belong together')
    client.call('transact', transaction(10, 11, [vip(5)], True))
    client.close()
    t.is_(other.call('transact', transaction(10, 11, [])),
          {'generation': 11}, 'what is staged is forgotten with the client')
    t.is_(node.stats()['vips'], 3, 'and has no effect')
    other.close()


def test_garbage(t, node):
    generation = node.stats()['generation']
    client = Client(node)
    for name, data in (
            ('no JSON', b'GET / HTTP/1.0\r\n\r\n'),
            ('JSON, but no message', b'{"a": 1}'),
            ('a notification', b'{"method":"hello","params":[],"id":null}'),
            ('a reply', b'{"result":1,"error":null,"id":5}'),
            ('octets', bytes(range(256)) * 16),
            ('too deep', b'[' * 100000)):
        t.ok(Client(node, hello=False).closed_after(data),
             '%s closes the connection' % name)
    # A message of 9 MB, of which no part is wrong.
    t.ok(Client(node).closed_after(
        b'{"method":"echo","id":1,"params":["' + b'x' * (9 << 20)),
         'a message that is too long closes the connection')

    half = Client(node)
    text = json.dumps({'method': 'transact', 'id': 2, 'params': [
        transaction(generation, generation + 1, [vip(1000)])]})
    half.socket.sendall(text[:-5].encode())
    half.close()
    t.is_(client.call('get', 'stats')['generation'], generation,
          'half a message changes nothing')
    client.close()


def soonest(request):
    """The seconds until it is answered; the shortest of three times, since
    the machine may stand still."""
    took = []
    while len(took) < 3 and (not took or took[-1] >= 1):
        start = time.monotonic()
        request()
        took.append(time.monotonic() - start)
    return min(took)


def test_slow_and_greedy(t, node):
    slow = [Client(node) for _ in range(8)]
    for client in slow:
        client.socket.sendall(b'{"method":"echo","id":1,"params":["')
    # One that never reads its answers.
    greedy = Client(node)
    greedy.socket.settimeout(2)
    blocked = closed = False
    try:
        while True:
            greedy.send('echo', 'x' * 100000)
    except socket.timeout:
        blocked = True
    except OSError:
        closed = True
    t.ok(blocked or closed, 'who does not read is not read')

    t.ok(soonest(lambda: Client(node).call('get', 'stats')) < 1,
         'others are served meanwhile')
    client = Client(node)

    crowd = []
    for _ in range(60):
        crowd.append(socket.socket(socket.AF_UNIX))
        crowd[-1].connect(node.path('slb-mux.sock'))
    t.is_(client.call('get', 'stats')['generation'],
          node.stats()['generation'],
          'a crowd that says nothing drives nobody away')
    t.ok(soonest(lambda: client.call('get', 'stats')) < 1,
         'nor slows anybody down')
    for s in crowd:
        s.close()
    for c in slow + [greedy, client]:
        c.close()


def held_up(node):
    """What slb-vswitchd has logged of threads, but ours, that were held up."""
    with open(node.path('vswitchd.log')) as f:
        return [line for line in f
                if 'Unreasonably long' in line and '(slb_mux' not in line]


def load(node, client):
    """Loads a lot.  Returns the answer, the longest that a command took
    meanwhile, and how many there were."""
    ops = [GLOBAL] + [vip(n) for n in range(1, 20000)]
    pools = [big_pool(n) for n in range(1, 400)]
    for i in range(0, len(ops), 2000):
        client.call('transact', transaction(None, 20, ops[i:i + 2000], True))
    for i in range(0, len(pools), 50):
        client.call('transact', transaction(None, 20, pools[i:i + 50], True))
    client.send('transact', transaction(None, 20, []))
    slowest, n = 0, 0
    client.socket.setblocking(False)
    answered = False
    while not answered:
        start = time.monotonic()
        node.appctl('version')
        slowest = max(slowest, time.monotonic() - start)
        n += 1
        try:
            client.buffer += client.socket.recv(65536).decode()
            answered = True
        except BlockingIOError:
            pass
    client.socket.settimeout(20)
    return client.receive()['result'], slowest, n


def test_load(t, node):
    """A large load does not hold up the main thread."""
    client = Client(node)
    # Once more, if it was: the whole machine may have stood still.
    for _ in range(3):
        before = len(held_up(node))
        answer, slowest, n = load(node, client)
        long = held_up(node)[before:]
        if not long:
            break
    t.is_(answer, {'generation': 20}, 'a large load is taken')
    tap.note('slowest of %d commands meanwhile: %.0f ms, process included'
             % (n, slowest * 1000))
    t.is_(long, [], "vswitchd's other threads are not held up")
    client.close()


def test_log(t, node):
    with open(node.path('vswitchd.log')) as f:
        log = f.read()
    lines = [line for line in log.splitlines() if 'mux_server' in line]
    client = Client(node)
    for _ in range(500):
        client.error_of('transact', 5)
    client.close()
    with open(node.path('vswitchd.log')) as f:
        after = [line for line in f if 'mux_server' in line]
    t.ok(any('refused "transact"' in line for line in lines),
         'refusals are logged')
    t.ok(len(after) - len(lines) < 50, 'with a rate limit',
         '%d lines' % (len(after) - len(lines)))


def main():
    muxnode.end_on_signals()
    t = tap.Tap()
    with muxdummy.DummyNode() as node:
        test_hello(t, node)
        test_transact(t, node)
        test_garbage(t, node)
        test_slow_and_greedy(t, node)
        test_load(t, node)
        test_log(t, node)
        node.appctl('exit', '--cleanup')
        t.is_(node.vswitchd.wait(20), 0, 'slb-vswitchd ends well')
    t.done()


if __name__ == '__main__':
    main()

#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Who loses packets when a port gets more than it may forward by its
configuration (options:max-pps), and what it tells about it.  Overload that a
thread really cannot cope with is in tests/bench/fairness."""

import os
import re
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '../../lib'))
import muxdummy  # noqa: E402
import muxnode  # noqa: E402
import tap  # noqa: E402

VIPS = ['20.50.60.%d' % i for i in range(10, 20)]
HEAVY = VIPS[0]
VTEP = '172.16.0.21'

TABLES = [
    {'op': 'global', 'key': '000102030405060708090a0b0c0d0e0f',
     'vtep': '172.16.0.11', 'anycast': None},
    {'op': 'nexthop', 'vtep': VTEP, 'src_mac': '02:00:00:00:00:0b',
     'dst_mac': '02:00:00:00:00:15'},
    {'op': 'pool', 'tunnel_key': 100, 'network': 1, 'slots': 8,
     'members': [[1, VTEP]], 'generations': [
         {'number': 1, 'state': 'current', 'age': 99999,
          'weights': [[1, 1]]}]}] + [
              op for vip in VIPS for op in (
                  {'op': 'vip', 'network': 0, 'address': vip},
                  {'op': 'endpoint', 'network': 0, 'address': vip,
                   'protocol': 6, 'port': 80, 'pool': 100,
                   'distribution': 'Default', 'idle': 240, 'name': 'r'})]

# Rates, packets a second.  A busy machine sends much less than MANY, but more
# than LIMIT.
LIMIT = 500
SMALL = 25                      # Of nine VIPs, or nine times that many flows.
MANY = 4000                     # Of the one that takes too much.


def frame(vip, port):
    return muxnode.tcp_frame('02:00:00:00:00:01', '02:00:00:00:00:11',
                             '198.51.100.10', port, vip, 80).hex()


def echo_request(vip):
    """No VM's business, but the mux's."""
    one = bytearray(bytes.fromhex(frame(vip, 40000)))
    one[23] = socket.IPPROTO_ICMP
    one[24:26] = bytes(2)
    one[24:26] = struct.pack('!H', muxnode.checksum(bytes(one[14:34])))
    one[34:36] = bytes([8, 0])
    return one.hex()


class Load:
    """Packets at fixed rates, as far as the machine has the time: what was
    sent is what counts."""

    def __init__(self, node, client):
        self.node = node
        self.client = client
        self.active = 0

    def run(self, rates, seconds):
        """'rates' are packets a second by frame.  Returns a list of what
        "fairness" told meanwhile.  self.active is for how long packets came:
        without the time for which this program stood still."""
        told = []
        self.active = 0
        credit = dict.fromkeys(rates, 0)
        start = last = time.monotonic()
        while last < start + seconds:
            now = time.monotonic()
            batch = []
            for one, rate in rates.items():
                credit[one] += rate * min(now - last, .05)
                batch += [one] * int(credit[one])
                credit[one] %= 1
            self.active += min(now - last, .25)
            last = now
            # Arguments of a command have a limit, too.
            for i in range(0, len(batch), 200):
                self.node.appctl('netdev-dummy/receive', 'up0',
                                 *batch[i:i + 200])
            told += self.client.call('get', 'fairness')
        return told

    def figures(self):
        return {v['address']: (v['packets'],
                               v['drops'].get('drop_unfair', 0))
                for v in self.client.call('get', 'vips')}


def difference(new, old):
    return {vip: (new[vip][0] - old[vip][0], new[vip][1] - old[vip][1])
            for vip in new}


def shows(load, rates, pattern):
    """Does slb/fairness show 'pattern' before long?"""
    def show():
        load.run(rates, .2)
        return re.search(pattern, load.node.appctl('slb/fairness'))
    return muxnode.wait_until('slb/fairness shows it', show, 20)


def test_options(t, node):
    for options, words in (('max-pps=many', 'max-pps'),
                           ('max-pps=-1', 'max-pps'),
                           ('overload=always', 'overload')):
        node.vsctl('--no-wait', 'add-port', 'br-mux', 'slb1', '--', 'set',
                   'interface', 'slb1', 'type=slbmux', 'options:underlay=up0',
                   'options:' + options)
        muxnode.wait_until('the error is told', lambda: words in node.vsctl(
            'get', 'interface', 'slb1', 'error'))
        node.vsctl('del-port', 'slb1')
    t.ok(True, 'wrong options are refused')
    t.is_(node.appctl('slb/fairness'),
          'slb0: enough for all, 0 shortages so far; overload=loss\n',
          'at first there is enough for all')


def test_vips(t, node, load):
    rates = {frame(vip, 40000): SMALL for vip in VIPS[1:]}
    before = load.figures()
    told = load.run(rates, 1)
    t.is_([x for x in told if x['short'] or x['threads']], [],
          'without a limit nobody is watched')

    node.vsctl('set', 'interface', 'slb0', 'options:max-pps=%d' % LIMIT)
    load.run(rates, .5)
    told = load.run(rates, .5)
    t.is_([x for x in told if x['short']], [], 'below the limit...')
    t.is_(sum(v[1] for v in difference(load.figures(), before).values()), 0,
          '...nobody loses anything')
    t.ok(all(x['threads'] and x['max_pps'] == LIMIT for x in told),
         'but it is being watched')

    # A few flows, so that none of them stands out.
    rates.update({frame(HEAVY, 40000 + i): MANY / 4 for i in range(4)})
    load.run(rates, .5)
    before = load.figures()
    start = time.monotonic()
    told = load.run(rates, 4)
    took = time.monotonic() - start
    grown = difference(load.figures(), before)
    heavy, dropped = grown.pop(HEAVY)
    print('# %d of %d packets of the heavy one passed in %.1f s, others had '
          '%d' % (heavy, heavy + dropped, took,
                  sum(v[0] for v in grown.values())))
    # Where the source has no time for as long as the window is, there is
    # enough again.
    short = [x for x in told if x['short']]
    t.ok(len(short) > len(told) / 4, 'above the limit it is short')
    t.is_([v[1] for v in grown.values()], [0] * 9,
          'who takes little loses nothing')
    passed = heavy + sum(v[0] for v in grown.values())
    t.ok(.7 * LIMIT * load.active < passed < 1.2 * LIMIT * took,
         'the limit is kept, and used', 'forwarded %d packets in %.1f s, in '
         '%.1f s of which some came' % (passed, took, load.active))
    t.ok(dropped > 0 and all(x['vips'][0]['address'] == HEAVY
                             and x['vips'][0]['share']
                             < x['vips'][0]['arriving'] for x in short),
         'it is told who is to blame')
    t.ok(shows(load, rates,
               r'^slb0: short, \d+ shortages so far; overload=loss, '
               r'max-pps=500\n  queue \d+: \d+ packets/s arrive, \d+ are '
               r'forwarded\n  20.50.60.10, weight 1: \d+ packets/s, its '
               r'share is \d+: loses [\d.]+ %\n'), 'slb/fairness')


def test_flows(t, node, load):
    """One flow of a VIP beside others."""
    rates = {frame(HEAVY, 41000 + i): SMALL for i in range(9)}
    rates[frame(HEAVY, 42000)] = MANY
    # Until what other flows sent is forgotten.
    load.run(rates, 1.5)
    before = node.stats()['drop_unfair']
    node.sent()
    told = load.run(rates, 4)
    dropped = node.stats()['drop_unfair'] - before
    ports = {}
    for one in node.sent():
        port = int.from_bytes(one[84:86], 'big')
        ports[port] = ports.get(port, 0) + 1
    print('# passed by port: %s; dropped %d' % (sorted(ports.items()),
                                                dropped))
    small = [n for port, n in ports.items() if port < 42000]
    # All small ones were sent as often, give or take one: none is dropped.
    t.ok(len(small) == 9 and max(small) - min(small) <= 2,
         'small flows of a VIP lose nothing')
    t.ok(dropped > ports[42000] / 4, 'the heavy one does')
    flows = [f for x in told if x['short'] for f in x['vips'][0]['flows']]
    t.ok(flows and all((f['source'], f['source_port'], f['port'],
                        f['protocol']) == ('198.51.100.10', 42000, 80, 6)
                       for f in flows), 'and is told of', flows[:3])
    t.ok(shows(load, rates,
               r'\n    from 198.51.100.10 protocol 6 ports 42000 -> 80: '
               r'\d+ packets/s, its share is \d+: loses [\d.]+ %'),
         'by slb/fairness, too')

    def traces(vip):
        load.run(rates, .2)
        return re.search(r'\nsends (.|\n)*\nslb0 is short: the VIP loses '
                         r'[\d.]+ % of \d+ packets/s', node.appctl(
                             'slb/trace', '0', 'tcp', '198.51.100.10', '1',
                             vip, '80'))
    t.ok(muxnode.wait_until('slb/trace tells', lambda: traces(HEAVY), 20),
         'slb/trace tells what its VIP loses')
    t.ok(not traces(VIPS[1]), 'and nothing about others')


def test_echo(t, node, load):
    """What the mux answers itself counts, too."""
    rates = {frame(vip, 40000): SMALL for vip in VIPS[1:]}
    rates[echo_request(HEAVY)] = MANY
    load.run(rates, 1.5)
    before, echo = load.figures(), node.stats()['echo']
    told = load.run(rates, 2)
    grown = difference(load.figures(), before)
    dropped = grown.pop(HEAVY)[1]
    t.is_([v[1] for v in grown.values()], [0] * 9,
          'a flood of echo requests costs others nothing')
    short = [x for x in told if x['short']]
    t.ok(short and all(x['vips'][0]['address'] == HEAVY for x in short),
         'whose they are is to blame')
    t.ok(dropped > 0 and node.stats()['echo'] > echo,
         'some are answered, some are not', dropped)


def test_end(t, node, load):
    def is_short():
        return load.client.call('get', 'fairness')[0]['short']
    muxnode.wait_until('the shortage ends', lambda: not is_short())
    node.vsctl('remove', 'interface', 'slb0', 'options', 'max-pps')
    muxnode.wait_until('nobody is watched any more', lambda: (
        load.client.call('get', 'fairness')[0]['threads'] == []))
    text = node.appctl('slb/fairness')
    t.ok(re.fullmatch(r'slb0: enough for all, \d+ shortages so far; '
                      r'overload=loss\n', text), 'it ends', text)


def main():
    muxnode.end_on_signals()
    t = tap.Tap()
    with muxdummy.DummyNode() as node:
        client = muxnode.MuxClient(node)
        client.hello()
        client.transact(None, 1, TABLES)
        load = Load(node, client)
        test_options(t, node)
        test_vips(t, node, load)
        test_flows(t, node, load)
        test_echo(t, node, load)
        test_end(t, node, load)
        node.appctl('exit', '--cleanup')
        t.is_(node.vswitchd.wait(20), 0, 'slb-vswitchd ends well')
    t.done()


if __name__ == '__main__':
    main()

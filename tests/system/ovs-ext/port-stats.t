#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Open vSwitch's own statistics of the port slb0 are right: what the bridge
sent it, and what came out of it again for the node."""

import json
import os
import re
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '../../lib'))
import muxdummy  # noqa: E402
import muxnode  # noqa: E402
import tap  # noqa: E402

from scapy.all import ARP, ICMP, IP, TCP, UDP, Ether, Raw  # noqa: E402

TABLES = os.path.join(HERE, '../../fixtures/mux/tables.json')
VIP, MUX = '20.50.60.10', '172.16.0.11'
ETH = Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:0b')


def ip(**fields):
    return ETH / IP(**{'src': '198.51.100.10', 'dst': VIP, **fields})


FORWARDED = [bytes(ip() / TCP(dport=80) / Raw(b'x' * n))
             for n in (6, 100, 1300)]
ANSWERED = [bytes(ip() / ICMP(type=8) / Raw(b'x' * 50))]
NODES = [bytes(ip(dst=MUX) / TCP(dport=179, sport=i) / Raw(b'x' * i))
         for i in range(10, 60)] + [bytes(ETH / ARP(pdst=MUX))]
DROPPED = [bytes(ip() / TCP(dport=7)),              # No rule.
           bytes(ip(ttl=1) / TCP(dport=80)),        # Answered.
           bytes(ip() / UDP(dport=80)),
           bytes(ip() / TCP(dport=80) / Raw(b'x' * 1430))]


def counters(node):
    """{name: value} of slb0, as OpenFlow tells them."""
    text = node.ofctl('dump-ports', 'br-mux', 'slb0')
    found = {}
    for direction in 'rx', 'tx':
        line = re.search(direction + r' pkts=(.*)', text).group(0)
        for key, value in re.findall(r'(\w+)=(\d+|\?)', line):
            found['%s_%s' % (direction, key)] = value
    return {key: int(value) for key, value in found.items() if value != '?'}


def flow(node, port):
    """(packets, bytes) of the flow of what comes in by a port."""
    text = node.ofctl('dump-flows', 'br-mux', 'in_port=' + port)
    return tuple(int(re.search(what + r'=(\d+)', text).group(1))
                 for what in ('n_packets', 'n_bytes'))


def main():
    muxnode.end_on_signals()
    t = tap.Tap()
    with muxdummy.DummyNode(mtu=1500) as node:
        client = muxnode.MuxClient(node)
        client.hello()
        with open(TABLES) as f:
            client.transact(None, 1, json.load(f))
        node.ofctl('add-flow', 'br-mux', 'in_port=%d,actions=LOCAL'
                   % muxdummy.SLB0)
        t.is_(counters(node),
              {'rx_pkts': 0, 'rx_bytes': 0, 'rx_drop': 0, 'rx_errs': 0,
               'tx_pkts': 0, 'tx_bytes': 0, 'tx_drop': 0, 'tx_errs': 0},
              'all start at zero')
        everything = FORWARDED + ANSWERED + NODES + DROPPED
        node.receive(*everything)
        muxnode.wait_until('the node has got its packets',
                           lambda: counters(node)['rx_pkts'] == len(NODES))
        kept = FORWARDED + ANSWERED + NODES
        t.is_(counters(node),
              {'rx_pkts': len(NODES), 'rx_bytes': sum(map(len, NODES)),
               'rx_drop': 0, 'rx_errs': 0,
               'tx_pkts': len(kept), 'tx_bytes': sum(map(len, kept)),
               'tx_drop': len(DROPPED), 'tx_errs': 0},
              'sent and received: packets, bytes and drops')

        # Those of flows follow after a while.
        stats = counters(node)
        muxnode.wait_until(
            'the flows have them', lambda: flow(node, 'up0')[0]
            + flow(node, 'slb0')[0] == len(everything) + len(NODES))
        t.is_(flow(node, 'up0')[0], stats['tx_pkts'] + stats['tx_drop'],
              'all that the flow to it has counted is accounted for')
        t.is_(flow(node, 'slb0'), (stats['rx_pkts'], stats['rx_bytes']),
              'and what the flow from it has')
        t.is_(node.stats()['rst_sent'] + node.stats()['icmp_sent'], 2,
              'answers to what is dropped are not packets sent to it')
        node.vsctl('set', 'Open_vSwitch', '.',
                   'other_config:stats-update-interval=1')
        muxnode.wait_until(
            'the database has them', lambda: node.vsctl(
                'get', 'Interface', 'slb0', 'statistics:tx_packets').strip()
            == str(len(kept)), 20)
        t.ok(True, 'the database has them, too')
    t.done()


if __name__ == '__main__':
    main()

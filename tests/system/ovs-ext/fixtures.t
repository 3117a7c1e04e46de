#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Packet in, verdict, packet out: each fixture of tests/fixtures/mux goes
through a real slb-vswitchd, and every octet of what it sends is compared.

A fixture is a line that describes it and, indented below it, lines with

    in   EXPRESSION    a frame that the underlay receives
    is   COUNTERS      the counters of slb/stats that it makes grow, "* N" if
                       by more than 1
    out  EXPRESSION    a frame that is sent on the underlay, in this order;
                       none without such a line
    nobody COUNTERS    those of the former that are drops for no VIP; others
                       must grow for a VIP as well

Expressions are Python's, with scapy's names and those of class Names below,
which documents them.  Lines that start with # are comments.  The tables are
those of tables.json there.  What is expected is made from RFCs and
lib/steering.h by other code than the mux's own, the hash of flows included."""

import collections
import glob
import json
import os
import struct
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '../../lib'))
import muxdummy  # noqa: E402
import muxnode  # noqa: E402
import slbhash  # noqa: E402
import tap  # noqa: E402

import scapy.all  # noqa: E402
from scapy.all import ICMP, IP, TCP, UDP, Ether, IPv6, Raw, VXLAN  # noqa: E402

FIXTURES = os.path.join(HERE, '../../fixtures/mux')
ROUTER, MUX = '02:00:00:00:00:01', '02:00:00:00:00:0b'
CLIENT, CLIENT6 = '198.51.100.10', '2001:db8:1::10'
VIP, VIP6 = '20.50.60.10', '2001:db8:20::10'
SNAT, SNAT6 = '20.50.60.30', '2001:db8:20::30'
FLAGS = {'recent': 1, 'settled': 2, 'fragment': 4, 'snat': 8}

# In the place of the steering header: handed on by another mux.
HANDED_ON = ('0e:18:00:00:00:00', '0e:01:00:00:00:00')
IGNORED = ('forwarded_bytes', 'handed_on_bytes', 'node_bytes', 'echo_bytes',
           'fragmented', 'fragments_waiting')


class Names:
    """What expressions may use, for the frames that came in so far."""

    def __init__(self, key):
        self.hash = slbhash.Key(key)
        self.frames = []
        self.eth = Ether(src=ROUTER, dst=MUX)
        self.back = Ether(src=MUX, dst=ROUTER)

    @staticmethod
    def ip(**fields):
        """IPv4 from the client to the VIP."""
        return IP(**{'src': CLIENT, 'dst': VIP, 'ttl': 60, 'id': 1, **fields})

    @staticmethod
    def ip6(**fields):
        return IPv6(**{'src': CLIENT6, 'dst': VIP6, 'hlim': 60, **fields})

    @staticmethod
    def tcp(dport=80, **fields):
        return TCP(**{'sport': 40000, 'dport': dport, 'flags': 'A', **fields})

    @staticmethod
    def udp(dport=53, **fields):
        return UDP(**{'sport': 40000, 'dport': dport, **fields})

    @staticmethod
    def raw(n):
        return Raw(bytes(i & 255 for i in range(n)))

    def tunnel(self, vni, inner, flags=8, **fields):
        """inner, an IP packet, from a host to the anycast VTEP."""
        return (self.eth / IP(**{'src': '172.16.0.21', 'dst': '172.16.0.100',
                                 'ttl': 60, 'id': 0, **fields})
                / UDP(sport=50000, dport=4789, chksum=0)
                / VXLAN(vni=vni, flags=flags)
                / Ether(src='0e:00:00:00:00:01', dst='0e:00:00:00:00:02')
                / inner)

    @staticmethod
    def poke(frame, *changes):
        """frame with other octets: (offset, value)..."""
        data = bytearray(bytes(frame))
        for offset, value in changes:
            data[offset] = value
        return bytes(data)

    @staticmethod
    def cut(frame, n):
        """The first n octets of frame, or all but the last -n."""
        return bytes(frame)[:n]

    def quote(self, n=-1, i=-1):
        """The first octets of the IP packet of the i-th frame."""
        packet = self.inner(i)
        return Raw(packet if n < 0 else packet[:n])

    def inner(self, i=-1):
        """The IP packet of the i-th frame, without padding, as it came."""
        frame = Ether(self.frames[i])
        if VXLAN in frame and frame[IP].dst in ('172.16.0.100',
                                                '172.16.0.11'):
            frame = frame[VXLAN].payload
        packet = bytes(frame)[14:]
        while frame.payload.name == '802.1Q':
            frame = frame.payload
            packet = packet[4:]
        if packet[0] >> 4 == 4:
            return packet[:int.from_bytes(packet[2:4], 'big')]
        return packet[:40 + int.from_bytes(packet[4:6], 'big')]

    @staticmethod
    def next_hop(packet):
        if packet[0] >> 4 == 4:
            return muxnode.next_hop(packet)
        return packet[:7] + bytes([packet[7] - 1]) + packet[8:]

    def to(self, vni, owner, host, flags='settled', others=(), port=0, i=-1,
           packet=None, flow=None):
        """The i-th frame's packet in the tunnel to a host: member owner of
        the pool with that VNI.  flow is (source, destination, protocol,
        source port, destination port) if the packet does not tell itself;
        packet is what is in the tunnel if it has changed by more than a
        hop."""
        original = self.inner(i)
        packet = packet or self.next_hop(original)
        flow = flow or self._flow(original)
        bits = sum(FLAGS[flag] for flag in flags.split())
        others = list(others) + [0] * (3 - len(others))
        if 'fragment' in flags:
            others[0] = port
            n = 1
        else:
            n = 1 + sum(1 for other in others if other)
        header = struct.pack('!BBHHBBHH', 14, bits, owner, others[0], 14, n,
                             others[1], others[2])
        return self._outer(vni, host, header, packet, flow)

    def _outer(self, vni, host, header, packet, flow):
        v4 = packet[0] >> 4 == 4
        tos = packet[1] if v4 else (packet[0] << 4 | packet[1] >> 4) & 255
        inner = header + (b'\x08\x00' if v4 else b'\x86\xdd') + packet
        entropy = 49152 + (self.hash.flow('Default', *flow) >> 32) % 16384
        return (Ether(src=MUX, dst='02:00:00:00:00:%02x' % host)
                / IP(src='172.16.0.11', dst='172.16.0.%d' % host, ttl=64,
                     id=0, flags='DF', tos=tos)
                / UDP(sport=entropy, dport=4789, chksum=0)
                / Raw(struct.pack('!II', 8 << 24, vni << 8) + inner))

    @staticmethod
    def _flow(packet):
        p = IP(packet) if packet[0] >> 4 == 4 else IPv6(packet)
        ports = p[TCP] if TCP in p else p[UDP]
        return (p.src, p.dst, 6 if TCP in p else 17, ports.sport,
                ports.dport)

    def on(self, i=-1, flow=None):
        """The i-th frame's packet as it is handed on to another mux."""
        packet = self.inner(i)
        return self._outer(0, 12, b''.join(map(muxnode.mac, HANDED_ON)),
                           packet, flow or self._flow(packet))

    def handed(self, inner, src='172.16.0.12', vni=0, mark=HANDED_ON,
               **fields):
        """inner, an IP packet, as another mux hands it on to this one."""
        return (self.eth / IP(**{'src': src, 'dst': '172.16.0.11', 'ttl': 60,
                                 'id': 0, 'flags': 'DF', **fields})
                / UDP(sport=50000, dport=4789, chksum=0)
                / VXLAN(vni=vni, flags=8) / Ether(dst=mark[0], src=mark[1])
                / inner)

    def error(self, type_, code, src=VIP, dst=CLIENT, **fields):
        """The ICMP error about the last frame."""
        return (self.back / IP(src=src, dst=dst, ttl=64, id=0, flags='DF',
                               tos=0xc0)
                / ICMP(type=type_, code=code, **fields) / self.quote(548))

    def error6(self, message, src=VIP6, dst=CLIENT6):
        """Likewise of ICMPv6; message is one of scapy's."""
        return (self.back / IPv6(src=src, dst=dst, hlim=64, tc=0xc0)
                / message / self.quote(1232))

    def through(self, vni, answer):
        """answer, a frame, back through the tunnel to the host."""
        ip = bytes(answer)[14:]
        return (self.back / IP(src='172.16.0.11', dst='172.16.0.21', ttl=64,
                               id=0, flags='DF')
                / UDP(sport=50000, dport=4789, chksum=0)
                / VXLAN(vni=vni, flags=8)
                / Ether(src='0e:00:00:00:00:02', dst='0e:00:00:00:00:01',
                        type=0x0800 if ip[0] >> 4 == 4 else 0x86dd)
                / Raw(ip))

    def evaluate(self, expression):
        names = dict(vars(scapy.all))
        names.update((name, getattr(self, name)) for name in dir(self)
                     if not name.startswith('_'))
        names.update(VIP=VIP, VIP6=VIP6, CLIENT=CLIENT, CLIENT6=CLIENT6,
                     SNAT=SNAT, SNAT6=SNAT6, HANDED_ON=HANDED_ON)
        return bytes(eval(expression, names))


def read_fixtures(path):
    """[(line number, description, [(what, text)...])...]"""
    fixtures = []
    with open(path) as f:
        for number, line in enumerate(f, 1):
            if not line.strip() or line.startswith('#'):
                continue
            if not line[0].isspace():
                fixtures.append((number, line.strip(), []))
                continue
            word, _, rest = line.strip().partition(' ')
            steps = fixtures[-1][2]
            if word in ('in', 'is', 'out', 'nobody'):
                steps.append((word, rest.strip()))
            else:
                steps[-1] = (steps[-1][0], steps[-1][1] + ' ' + line.strip())
    return fixtures


def parse_counters(text):
    counters = {}
    words = text.split()
    for i, word in enumerate(words):
        if word[0].isalpha():
            counters[word] = (int(words[i + 2])
                              if words[i + 1:i + 2] == ['*'] else 1)
    return counters


def vip_drops(client):
    """Drops by reason, of all VIPs together."""
    return sum((collections.Counter(vip['drops'])
                for vip in client.call('get', 'vips')),
               collections.Counter())


def check(t, node, client, key, where, description, steps):
    names = Names(key)
    wanted_counters, wanted, nobodys = {}, [], {}
    before, vips_before = node.stats(), vip_drops(client)
    for what, text in steps:
        if what == 'in':
            names.frames.append(names.evaluate(text))
        elif what == 'is':
            wanted_counters = parse_counters(text)
        elif what == 'nobody':
            nobodys = parse_counters(text)
        else:
            wanted.append(names.evaluate(text))
    # Fragments wait for each other, but not for long.
    node.put(*names.frames)

    def grown():
        after = node.stats()
        return {name: after[name] - before[name] for name in after
                if after[name] != before[name] and name not in IGNORED}
    try:
        muxnode.wait_until('', lambda: grown() == wanted_counters, 10)
    except muxnode.Error:
        pass
    counters, sent = grown(), node.sent()
    text = []
    if counters != wanted_counters:
        text.append('is %s, not %s' % (counters, wanted_counters))
    drops = {name: n - nobodys.get(name, 0) for name, n in counters.items()
             if name.startswith('drop_')}
    vips = vip_drops(client) - vips_before
    vips = {name: n for name, n in vips.items() if name.startswith('drop_')}
    if vips != {name: n for name, n in drops.items() if n}:
        text.append('for VIPs it is %s' % vips)
    if sent != wanted:
        text.append('sent\n  %s\nnot\n  %s' % (
            '\n  '.join(frame.hex() for frame in sent),
            '\n  '.join(frame.hex() for frame in wanted)))
    t.ok(not text, '%s: %s' % (where, description), '\n'.join(text))


def main():
    muxnode.end_on_signals()
    t = tap.Tap()
    with open(os.path.join(FIXTURES, 'tables.json')) as f:
        tables = json.load(f)
    key = [op['key'] for op in tables if op['op'] == 'global'][0]
    n = 0
    with muxdummy.DummyNode() as node:
        client = muxnode.MuxClient(node)
        client.hello()
        client.transact(None, 1, tables)
        for path in sorted(glob.glob(os.path.join(FIXTURES, '*.txt'))):
            name = os.path.basename(path)
            for number, description, steps in read_fixtures(path):
                check(t, node, client, key, '%s:%d' % (name, number),
                      description, steps)
                n += 1
    t.ok(n >= 100, 'there are at least 100 fixtures')
    t.done()


if __name__ == '__main__':
    main()

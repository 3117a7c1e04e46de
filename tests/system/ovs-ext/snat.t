#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Blocks of ports for SNAT: what is told about them, what it costs to change
them, and how two muxes help each other while only one of them knows."""

import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '../../lib'))
import muxdummy  # noqa: E402
import muxnode  # noqa: E402
import tap  # noqa: E402

from scapy.all import IP, TCP, UDP, VXLAN, Ether  # noqa: E402

VIP, VIP6 = '20.50.60.10', '2001:db8:20::10'
MUXES = ['172.16.0.11', '172.16.0.12']
HOST = '172.16.0.21'
MAC = '02:00:00:00:00:%02x'

# VIPs, and blocks of all of them, of the large tables.
N_VIPS, N_BLOCKS = 10000, 1000000


def tables(own):
    """What the mux at MUXES[own] has."""
    return [
        {'op': 'global', 'key': '000102030405060708090a0b0c0d0e0f',
         'vtep': MUXES[own], 'anycast': None, 'muxes': MUXES}] + [
        {'op': 'nexthop', 'vtep': vtep,
         'src_mac': MAC % int(MUXES[own].split('.')[3]),
         'dst_mac': MAC % int(vtep.split('.')[3])}
        for vtep in [HOST, MUXES[1 - own]]] + [
        {'op': 'vip', 'network': 0, 'address': address, 'snat': True}
        for address in (VIP, VIP6)]


def blocks(address, *ranges):
    return {'op': 'snat', 'address': address, 'blocks': ranges}


def frame(dport, own=0, protocol=TCP, **fields):
    """A packet to a port of the VIP, as the mux at MUXES[own] gets it."""
    return bytes(Ether(src='02:00:00:00:00:01',
                       dst=MAC % int(MUXES[own].split('.')[3]))
                 / IP(src='198.51.100.10', dst=VIP, **fields)
                 / protocol(sport=443, dport=dport) / (b'x' * 10))


class Mux(muxdummy.DummyNode):
    """A mux that has been fed."""

    def __init__(self, own):
        super().__init__()
        self.own = own
        self.client = None
        self.generation = 0

    def feed(self):
        self.client = muxnode.MuxClient(self, 60)
        self.client.hello()
        self.generation = 1
        self.client.transact(None, 1, tables(self.own))

    def change(self, *ops):
        self.client.transact(self.generation, self.generation + 1, ops)
        self.generation += 1

    def pass_on(self, data):
        """Puts a frame in; returns what comes out and which counters of
        packets have grown."""
        before = self.stats()
        self.receive(data)
        after = self.stats()
        names = {name for name in after if after[name] != before[name]
                 and not name.endswith('bytes')}
        return self.sent(), names


def hosts(frames):
    """[(destination, VNI, address of the VM)...] of what goes to hosts."""
    return [(Ether(f)[IP].dst, Ether(f)[VXLAN].vni,
             Ether(f)[VXLAN].payload.dst) for f in frames]


def test_two_muxes(t, mux, other):
    sent, counters = mux.pass_on(frame(5000))
    t.is_(counters, {'handed_on'}, 'a mux hands on what is for a block that '
          'it does not know')
    t.is_(hosts(sent), [(MUXES[1], 0, '0e:18:00:00:00:00')],
          'to the other mux')
    sent, counters = other.pass_on(sent[0])
    t.is_((sent, counters), ([], {'drop_no_block'}),
          'which does not know it either: it does not come back')

    # The grant reaches the other mux first.
    other.change(blocks(VIP, [625, 1, HOST, 7, 5]))
    for protocol in TCP, UDP:
        sent, counters = mux.pass_on(frame(5000, protocol=protocol))
        sent, counters = other.pass_on(sent[0])
        t.is_((hosts(sent), counters),
              ([(HOST, 7, '0e:08:00:05:00:00')],
               {'forwarded', 'snat', 'taken_over'}),
              '%s: the other mux knows, and sends it to the host'
              % protocol.__name__)
        t.is_(bytes(Ether(sent[0])[VXLAN].payload)[14:],
              muxnode.next_hop(frame(5000, protocol=protocol)[14:]),
              'one hop older')
    mux.change(blocks(VIP, [625, 1, HOST, 7, 5]))
    sent, counters = mux.pass_on(frame(5000))
    t.is_((hosts(sent), counters), ([(HOST, 7, '0e:08:00:05:00:00')],
                                    {'forwarded', 'snat'}),
          'the grant has arrived: no detour')

    # The other way round, and with nobody to turn to.
    mux.change(blocks(VIP, [1000, 8, HOST, 7, 6]))
    sent, _ = other.pass_on(frame(8063, own=1))
    sent, _ = mux.pass_on(sent[0])
    t.is_(hosts(sent), [(HOST, 7, '0e:08:00:06:00:00')],
          'the muxes are equals')
    other.change({'op': 'nexthop-del', 'vtep': MUXES[0]})
    t.is_(other.pass_on(frame(8063, own=1)), ([], {'drop_no_block'}),
          'the other mux cannot be reached')
    other.change(*tables(1))

    # A mux that the other one has not been told of.
    other.change(dict(tables(1)[0], muxes=[]))
    sent, _ = mux.pass_on(frame(6000))
    sent, counters = other.pass_on(sent[0])
    t.is_((sent, counters), ([], {'node', 'node_other'}),
          'nothing is taken from strangers')
    other.change(*tables(1))


def test_figures(t, mux):
    """What is told."""
    before = mux.client.call('get', {'vip': VIP})
    data = frame(5000)
    mux.receive(data, data, frame(6000))
    sent = mux.sent()
    after = mux.client.call('get', {'vip': VIP})

    def grown(key):
        return [after[key] - before[key], (after['snat'][key]
                                           - before['snat'][key])]
    t.is_((grown('packets'), grown('bytes'), after['snat']['blocks']),
          ([2, 2], [2 * len(data)] * 2, 9), 'packets, bytes and blocks of a '
          'VIP')
    t.is_([f['drops']['handed_on'] for f in (after['snat'], after)],
          [before['snat']['drops']['handed_on'] + 1] * 2,
          'and what was handed on')
    t.is_({v['address']: v['packets'] for v in mux.client.call('get',
                                                               'vips')},
          {VIP: after['packets'], VIP6: 0}, 'of all VIPs')
    text = mux.appctl('slb/vip', VIP)
    t.ok(re.search(r'ports for SNAT, 9 blocks given to VMs: \d+ packets, '
                   r'.*handed_on \d', text), 'slb/vip', text)
    t.is_((mux.stats()['snat_blocks'],
           mux.client.call('get', 'stats')['snat_blocks']), (9, 9),
          'slb/stats')
    text = mux.appctl('slb/show')
    t.ok('9 blocks of ports' in text and 'other mux at 172.16.0.12\n' in text,
         'slb/show', text)

    def stats(key):
        return int(re.search(key + r'=(\d+)', mux.vsctl(
            'get', 'interface', 'slb0', 'statistics')).group(1))
    figures = mux.stats()
    muxnode.wait_until('the statistics of the port', lambda: (
        stats('tx_packets') == sum(figures[key] for key in (
            'forwarded', 'echo', 'node', 'handed_on'))), 30)
    t.ok(True, 'the statistics of the port count what was handed on')

    def lookup(protocol, dport):
        return mux.appctl('slb/lookup', '0', protocol, '198.51.100.10',
                          '443', VIP, str(dport))

    def trace(protocol, dport):
        return mux.appctl('slb/trace', '0', protocol, '198.51.100.10',
                          '443', VIP, str(dport))
    for name, function in ('lookup', lookup), ('trace', trace):
        text = function('udp', 5007)
        t.ok('SNAT, ports 5000 to 5007 of 20.50.60.10 are those of VM 5 of '
             'network 7\n' in text
             and 'owner 5, hop 0, SNAT return\n' in text
             and 'to host 172.16.0.21, VNI 7\n' in text,
             'slb/%s of a block' % name, text)
        text = function('tcp', 6000)
        t.ok('SNAT, ports 6000 to 6007 of 20.50.60.10 are nobody\'s' in text,
             'slb/%s of one that is nobody\'s' % name, text)
        t.ok('SNAT' not in function('tcp', 1023), 'and of what is none')
    text = trace('tcp', 6000)
    t.ok('handed_on: ' in text and 'nw_dst=172.16.0.12' in text,
         'slb/trace shows how it is handed on', text)
    text = mux.appctl('slb/trace', sent[-1].hex())
    t.ok('node: ' in text, 'what we hand on would not be for us', text)


def cpu_time(mux):
    """What the thread that takes tables has taken, in microseconds."""
    tasks = '/proc/%d/task' % mux.vswitchd.pid
    for task in os.listdir(tasks):
        with open('%s/%s/comm' % (tasks, task)) as f:
            if f.read().startswith('slb_mux'):
                with open('%s/%s/schedstat' % (tasks, task)) as f:
                    return int(f.read().split()[0]) / 1000
    raise muxnode.Error('there is no thread slb_mux')


def memory(mux):
    with open('/proc/%d/status' % mux.vswitchd.pid) as f:
        return int(re.search(r'VmRSS:\s+(\d+)', f.read()).group(1)) // 1024


def has_sanitizer(mux):
    with open('/proc/%d/maps' % mux.vswitchd.pid) as f:
        return 'libasan' in f.read()


def address(i):
    return '20.60.%d.%d' % (i // 250, 1 + i % 250)


def test_large(t, mux):
    """10,000 VIPs with a million blocks, those of a VM in eights."""
    vips = [{'op': 'vip', 'network': 0, 'address': address(i), 'snat': True}
            for i in range(N_VIPS)]
    mux.client.transact(None, 1, tables(0) + vips)
    before = cpu_time(mux), memory(mux)
    per_vip = N_BLOCKS // N_VIPS
    ops = [blocks(address(i), *[
        [128 + j, min(8, per_vip - j), '172.17.%d.%d' % (j, i % 250 + 1), 7,
         i + 1] for j in range(0, per_vip, 8)]) for i in range(N_VIPS)]
    while ops:
        now, ops = ops[:2500], ops[2500:]
        mux.client.call('transact', {'from': 1, 'to': 2, 'more': bool(ops),
                                     'ops': now})
    mux.generation = 2
    after = cpu_time(mux), memory(mux)
    tap.note('a million blocks of %d VIPs: %d ms of CPU time, %d MB'
             % (N_VIPS, (after[0] - before[0]) / 1000, after[1] - before[1]))
    t.is_(mux.stats()['snat_blocks'], N_BLOCKS, 'a million blocks')
    # A sanitizer needs some memory itself.
    limit = 512 if has_sanitizer(mux) else 128
    t.ok(after[1] - before[1] < limit, 'take less than 128 MB',
         'they take %d MB' % (after[1] - before[1]))

    n = 500
    before, pages = cpu_time(mux), mux.stats()['pages_copied']
    for i in range(n):
        mux.change(blocks(address(i * 7 % N_VIPS),
                          [300 + i, 1, HOST, 7, 1 + i]))
    taken = (cpu_time(mux) - before) / n
    tap.note('a block more: %d us of CPU time, message and answer included'
             % taken)
    # It takes far less; but not if anything of it depended on their number.
    t.ok(taken < 1000, 'one more is cheap', 'it takes %d us' % taken)
    t.is_((mux.stats()['snat_blocks'],
           mux.stats()['pages_copied'] - pages), (N_BLOCKS + n, n),
          'it copies one page')
    before = cpu_time(mux)
    mux.client.transact(None, 1, tables(0))
    tap.note('all of it is replaced: %d ms of CPU time'
             % ((cpu_time(mux) - before) / 1000))
    t.is_(mux.stats()['snat_blocks'], 0, 'all is replaced')


def test_refusals(t, mux):
    """One wrong range, and nothing happens; a block changes hands in one."""
    mux.feed()
    mux.change(blocks(VIP, [128, 100, HOST, 7, 5]))
    for ops in ([blocks(VIP, [128, 100]), blocks('20.50.60.99', [128, 1])],
                [blocks(VIP, [128, 100], [9000, 1])],
                [{'op': 'vip', 'network': 0, 'address': VIP},
                 blocks(VIP, [128, 1])]):
        try:
            mux.change(*ops)
            t.ok(False, 'a wrong range is refused')
        except muxnode.Refused as error:
            t.ok(json.loads(str(error))['error'] in ('reference',
                                                     'operation'),
                 'a wrong range is refused', str(error))
    t.is_(mux.stats()['snat_blocks'], 100, 'and nothing has changed')
    sent, _ = mux.pass_on(frame(1024))
    t.is_(hosts(sent), [(HOST, 7, '0e:08:00:05:00:00')], 'at all')
    mux.change(blocks(VIP, [130, 10], [130, 4, HOST, 9, 6]))
    sent, _ = mux.pass_on(frame(1040))
    t.is_((hosts(sent), mux.stats()['snat_blocks']),
          ([(HOST, 9, '0e:08:00:06:00:00')], 94),
          'blocks are taken back and given anew in one')


def main():
    muxnode.end_on_signals()
    t = tap.Tap()
    with Mux(0) as mux, Mux(1) as other:
        mux.feed()
        other.feed()
        test_two_muxes(t, mux, other)
        test_figures(t, mux)
        test_refusals(t, mux)
        test_large(t, mux)
        for node in mux, other:
            node.appctl('exit', '--cleanup')
            t.is_(node.vswitchd.wait(20), 0, 'slb-vswitchd ends well')
    t.done()


if __name__ == '__main__':
    main()

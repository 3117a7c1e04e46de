#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
# timeout: 900
"""The mux datapath survives whatever happens around it.

slb-vswitchd, built with AddressSanitizer, forwards at full load: two PMD
threads on sources that never stop, one of well-formed flows and one of
everything else that may come from a wire, while the main thread has packets
to send as well, from the LOCAL port and from a controller, and an agent
changes the tables all the time.  Into that, faults are injected, each 100
times (SLB_FAULTS: another number).

SLB_BUILDDIR_ASAN names the build, _build-asan in the source tree by default.
"""

import json
import os
import random
import re
import socket
import struct
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '../../lib'))
import muxnode  # noqa: E402
import tap  # noqa: E402

TIMES = int(os.environ.get('SLB_FAULTS', '100'))
BUILD = os.environ.get('SLB_BUILDDIR_ASAN',
                       os.path.join(muxnode.SOURCE, '_build-asan'))
PROGRAM = os.path.join(BUILD, 'ovs-ext/slb-vswitchd')

VIP = '20.50.60.10'
VIP6 = '2001:db8:20::10'
INNER_VIP = '10.0.2.100'
MUX = '172.16.0.11'
ANYCAST = '172.16.0.100'
MUX_MAC = '02:00:00:00:00:11'
ROUTER_MAC = '02:00:00:00:00:01'
OTHER_MAC = '02:00:00:00:00:12'
OTHER_MUX = '172.16.0.12'
VTEPS = ['172.16.0.%d' % i for i in range(21, 29)]
NETWORK = 7
UNDERLAY, SLB0 = 2, 11

# Packets a second that cannot come from the main thread's senders alone.
FULL_LOAD = 20000


# Freed memory is set aside for a while, but not so much that growth is hidden.
SANITIZER = {'ASAN_OPTIONS': 'detect_stack_use_after_return=0:'
             'quarantine_size_mb=32:detect_leaks=1',
             'LSAN_OPTIONS': 'exitcode=0',
             'UBSAN_OPTIONS': 'print_stacktrace=1'}


# Where DPDK reserves addresses for its memory, of which it maps what it needs.
# With --in-memory it also tries pages of 1 GB where there are none.  Before
# Linux refuses such a page it has already unmapped what was reserved at its
# place, and until DPDK has reserved that again, by MAP_FIXED, any other thread
# may be given memory there, and loses it to DPDK.  By itself DPDK reserves low
# addresses, where Linux puts nothing while there is room at the top, but those
# are AddressSanitizer's shadow, so that it takes what Linux gives it, in the
# midst of everybody's memory: AddressSanitizer then crashed in the headers of
# its own blocks.  Here are addresses as lonely as those, and free.
EAL = '--base-virtaddr=0x200000000000'


# What comes from the wire.

def good_frames():
    rng = random.Random(1)
    return [muxnode.tcp_frame(ROUTER_MAC, MUX_MAC,
                              '198.51.100.%d' % rng.randrange(1, 255),
                              rng.randrange(1024, 65536), VIP, 80)
            for _ in range(4000)]


def other_frames():
    """Other protocols, tunnelled packets, and packets that lie about
    themselves, each cut short and with random octets flipped."""
    rng = random.Random(2)
    tcp = muxnode.tcp_frame(ROUTER_MAC, MUX_MAC, '198.51.100.7', 40000, VIP,
                            80, 0x02)
    inner = muxnode.tcp_frame('0e:00:00:00:00:01', '0e:00:00:00:00:02',
                              '10.0.1.4', 40000, INNER_VIP, 8080)
    ether = muxnode.mac(MUX_MAC) + muxnode.mac(ROUTER_MAC)

    def ipv4(protocol, payload, fragment=0, options=b''):
        ip = struct.pack('!BBHHHBBH4s4s', 0x45 + len(options) // 4, 0,
                         20 + len(options) + len(payload), 77, fragment, 64,
                         protocol, 0, socket.inet_aton('198.51.100.8'),
                         socket.inet_aton(VIP)) + options
        ip = ip[:10] + struct.pack('!H', muxnode.checksum(ip)) + ip[12:]
        return ether + struct.pack('!H', 0x0800) + ip + payload

    def ipv6(next_header, payload):
        return (ether + struct.pack('!HIHBB', 0x86dd, 6 << 28, len(payload),
                                    next_header, 64)
                + socket.inet_pton(socket.AF_INET6, '2001:db8:1::1')
                + socket.inet_pton(socket.AF_INET6, VIP6) + payload)

    udp = struct.pack('!HHHH', 40000, 53, 8 + 20, 0) + bytes(20)
    segment = tcp[34:54]
    returns = [struct.pack('!HH', 443, 1024 + 997 * i) + segment[4:]
               for i in range(20)]
    handed_on = [bytes.fromhex('0e18000000000e0100000000') + frame[12:]
                 for what in returns
                 for frame in (ipv4(6, what), ipv4(17, what, 0x00b9),
                               ipv6(6, what))]
    frames = [
        tcp, ipv4(17, udp), ipv4(17, udp, options=bytes(40)),
        ipv4(17, udp, fragment=0x2000), ipv4(17, udp, fragment=0x00b9),
        ipv4(1, struct.pack('!BBHI', 3, 4, 0, 1000) + tcp[14:]),
        ipv4(1, struct.pack('!BBHI', 8, 0, 0, 1) + bytes(20)),
        ipv4(47, bytes(30)), ipv4(6, segment, options=b'\x01' * 8),
        ipv6(6, segment), ipv6(17, udp), ipv6(58, b'\x02' + bytes(40)),
        ipv6(44, bytes([6, 0, 0, 1, 0, 0, 0, 9]) + segment),
        ipv6(0, bytes([6, 0, 1, 4, 0, 0, 0, 0]) + segment),
        ipv4(17, udp).ljust(1514, b'x'), ipv4(17, bytes(1480)),
    ] + [frame for what in returns for frame in (
        ipv4(6, what), ipv6(6, what), ipv4(17, what, 0x2000),
        ipv4(1, struct.pack('!BBHI', 3, 4, 0, 1000) + ipv4(6, what)[14:]))
    ] + [muxnode.vxlan_frame(OTHER_MAC, MUX_MAC, OTHER_MUX, MUX, 0, what)
         for what in handed_on
    ] + [muxnode.vxlan_frame(ROUTER_MAC, MUX_MAC, '172.16.0.21', to, vni, what)
         for to in (ANYCAST, MUX) for vni in (NETWORK, 99)
         for what in (inner, inner[:14], inner[:20], b'', ipv6(17, udp))]
    cut = [frame[:rng.randrange(14, len(frame) + 1)]
           for frame in frames for _ in range(20)]
    flipped = []
    for frame in frames:
        for _ in range(40):
            octets = bytearray(frame)
            for _ in range(rng.randrange(1, 6)):
                octets[rng.randrange(12, len(octets))] = rng.randrange(256)
            flipped.append(bytes(octets))
    every = 20 * frames + cut + flipped
    rng.shuffle(every)
    return every


# The agent.

class Tables:
    """The agent's idea of the tables, and operations that change it."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.pools = {}
        self.endpoints = {}

    def pool(self, key, members=100, slots=15):
        """A pool at random: some of the members usable, some weights, and
        generations as if it had changed a moment ago."""
        def weights():
            return [[index, self.rng.choice((1, 1, 2))]
                    for index in range(1, members + 1)
                    if self.rng.random() < .95]
        n = self.pools.get(key, 0) + 5
        self.pools[key] = n
        generations = [{'number': n - i, 'state': 'previous',
                        'age': 1000 * i, 'weights': weights()}
                       for i in range(1, self.rng.randrange(1, 4))]
        generations.insert(0, {'number': n, 'state': 'current', 'age': 500,
                               'weights': weights()})
        if self.rng.random() < .3:
            generations.insert(0, {'number': n + 1, 'state': 'coming',
                                   'age': 0, 'weights': weights()})
        return {'op': 'pool', 'tunnel_key': key, 'network': NETWORK,
                'slots': slots,
                'members': [[index, VTEPS[index % len(VTEPS)]]
                            for index in range(1, members + 1)],
                'generations': generations}

    def endpoint(self, network, address, protocol, port, key):
        self.endpoints[network, address, protocol, port] = key
        return {'op': 'endpoint', 'network': network, 'address': address,
                'protocol': protocol, 'port': port, 'pool': key,
                'distribution': 'Default', 'idle': 240,
                'name': 'test/rules/%d' % port}

    def endpoint_del(self, which):
        del self.endpoints[which]
        return dict(zip(('op', 'network', 'address', 'protocol', 'port'),
                        ('endpoint-del', ) + which))

    def nexthop(self, vtep):
        return {'op': 'nexthop', 'vtep': vtep, 'src_mac': MUX_MAC,
                'dst_mac': '02:00:00:00:%02x:%02x' % (
                    self.rng.randrange(256), int(vtep.split('.')[3]))}

    def everything(self):
        self.pools.clear()
        self.endpoints.clear()
        return [{'op': 'global', 'key': '%032x' % self.rng.getrandbits(128),
                 'vtep': MUX, 'anycast': ANYCAST,
                 'muxes': [MUX, OTHER_MUX]},
                self.pool(100), self.pool(101, 3, 10), self.pool(102, 1, 8),
                {'op': 'vip', 'network': 0, 'address': VIP, 'snat': True},
                {'op': 'vip', 'network': 0, 'address': VIP6, 'snat': True},
                self.blocks(), self.blocks(),
                {'op': 'vip', 'network': NETWORK, 'address': INNER_VIP},
                self.endpoint(0, VIP, 6, 80, 100),
                self.endpoint(0, VIP, 17, 53, 101),
                self.endpoint(0, VIP6, 6, 80, 100),
                self.endpoint(0, VIP6, 17, 53, 102),
                self.endpoint(NETWORK, INNER_VIP, 6, 8080, 101)
                ] + [self.nexthop(vtep) for vtep in VTEPS + [OTHER_MUX]]

    def blocks(self):
        """Blocks of ports that change hands."""
        ranges = []
        for _ in range(self.rng.randrange(1, 20)):
            first = self.rng.randrange(128, 8192)
            ranges.append([first, self.rng.randrange(1, 8193 - first)])
            if self.rng.random() < .6:
                ranges[-1] += [self.rng.choice(VTEPS), NETWORK,
                               self.rng.randrange(1, 65536)]
        return {'op': 'snat', 'address': self.rng.choice((VIP, VIP6)),
                'blocks': ranges}

    def change(self):
        """Some operations; the first endpoint, of the good flows, stays."""
        spare = [e for e in self.endpoints if e[3] >= 1000 and e[3] != 8080]
        what = self.rng.randrange(7)
        if what == 0:
            return [self.pool(100)]
        if what == 1:
            return [self.pool(self.rng.choice((101, 102)),
                              self.rng.randrange(2, 4), 10)]
        if what == 2:
            return [self.endpoint(0, VIP, 6,
                                  self.rng.randrange(1000, 8080), 100)]
        if what == 3 and spare:
            return [self.endpoint_del(self.rng.choice(spare))]
        if what == 4:
            key = 103
            if key not in self.pools:
                return [self.pool(key, 200, 16),
                        self.endpoint(0, VIP, 17, 500, key)]
            del self.pools[key]
            return [self.endpoint_del((0, VIP, 17, 500)),
                    {'op': 'pool-del', 'tunnel_key': key}]
        if what == 5:
            return [self.blocks() for _ in range(self.rng.randrange(1, 4))]
        vtep = self.rng.choice(VTEPS)
        return [{'op': 'nexthop-del', 'vtep': vtep}, self.nexthop(vtep)]


class Agent(threading.Thread):
    """Changes the tables for ever, as fast as 50 times a second."""

    def __init__(self, node):
        threading.Thread.__init__(self, daemon=True)
        self.node = node
        self.tables = Tables(3)
        self.client = None
        self.generation = 0
        self.done = 0
        self.connections = 0
        self.error = None
        self.lock = threading.Lock()    # Held while a transaction is made.
        self.ended = threading.Event()

    def connect(self):
        self.client = muxnode.MuxClient(self.node)
        self.connections += 1
        hello = self.client.hello()
        if hello['generation'] != self.generation or not self.generation:
            self.replace()

    def replace(self):
        self.transact(None, self.tables.everything())

    def transact(self, before, ops):
        after = self.generation + 1
        answer = self.client.transact(before, after, ops)
        if answer != {'generation': after}:
            raise muxnode.Error('odd answer: %s' % answer)
        self.generation = after
        self.done += 1

    def step(self):
        try:
            if self.client is None:
                self.connect()
            elif self.done % 40 == 39:
                self.replace()
            else:
                self.transact(self.generation, self.tables.change())
        except (OSError, muxnode.Error) as error:
            # The port is away: so may be the socket.
            if isinstance(error, socket.timeout):
                raise
            if self.client:
                self.client.close()
            self.client = None
            self.generation = 0

    def run(self):
        try:
            while not self.ended.wait(.02):
                with self.lock:
                    self.step()
        except BaseException as error:
            self.error = error


# Senders that are not PMD threads.

def packet_out(port, frame):
    """An OpenFlow 1.3 message that sends a frame to a port."""
    action = struct.pack('!HHIH6x', 0, 16, port, 0xffff)
    return struct.pack('!BBHIIIH6x', 4, 13, 24 + len(action) + len(frame), 1,
                       0xffffffff, 0xfffffffd, len(action)) + action + frame


class Controller(threading.Thread):
    """Sends packets to slb0 and receives what the switch says."""

    def __init__(self, node):
        threading.Thread.__init__(self, daemon=True)
        self.path = node.path('br-mux.mgmt')
        self.sent = 0
        self.ended = threading.Event()
        frames = good_frames()[:50] + other_frames()[:150]
        self.messages = [packet_out(SLB0, frame) for frame in frames]

    def run(self):
        connection = None
        while not self.ended.wait(.005):
            try:
                if connection is None:
                    connection = socket.socket(socket.AF_UNIX)
                    connection.connect(self.path)
                    connection.sendall(struct.pack('!BBHI', 4, 0, 8, 0))
                connection.sendall(
                    self.messages[self.sent % len(self.messages)])
                self.sent += 1
                try:
                    while connection.recv(65536, socket.MSG_DONTWAIT):
                        pass
                except BlockingIOError:
                    pass
            except OSError:
                connection.close()
                connection = None


# Runs in the namespace: sends into the switch from its LOCAL port.
LOCAL_SENDER = '''
import socket, sys, time
frames = [bytes.fromhex(line) for line in sys.stdin]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(('br-mux', 0))
while True:
    for frame in frames:
        try:
            s.send(frame)
        except OSError:
            pass
        time.sleep(.001)
'''


def start_local_sender(node):
    process = subprocess.Popen(
        ['setpriv', '--pdeathsig', 'KILL', '--', 'nsenter', '--net', '-t',
         str(node.vswitchd.pid), '--', '/usr/bin/python3', '-c',
         LOCAL_SENDER], stdin=subprocess.PIPE, text=True)
    process.stdin.write(''.join(frame.hex() + '\n'
                                for frame in good_frames()[:500]))
    process.stdin.close()
    node.processes.append(process)


# The node.

def underlay(device='net_null0,no-rx=1', ofport=UNDERLAY):
    return ['--', 'add-port', 'br-mux', 'underlay',
            '--', 'set', 'Interface', 'underlay', 'type=dpdk',
            'options:dpdk-devargs="%s"' % device,
            'ofport_request=%d' % ofport]


def slb0(port='underlay'):
    return ['--', 'add-port', 'br-mux', 'slb0', '--', 'set', 'Interface',
            'slb0', 'type=slbmux', 'options:underlay=' + port,
            'ofport_request=%d' % SLB0]


def sources(node, cores):
    arguments = []
    for i in 0, 1:
        arguments += [
            '--', 'add-port', 'br-mux', 'source%d' % i,
            '--', 'set', 'Interface', 'source%d' % i, 'type=dpdk',
            'ofport_request=%d' % (3 + i),
            'options:dpdk-devargs="net_pcap%d,rx_pcap=%s,infinite_rx=1"'
            % (i, node.path('source%d.pcap' % i)),
            'other_config:pmd-rxq-affinity="0:%d"' % cores[i]]
    return arguments


def set_up(node, cores):
    node.vsctl('add-br', 'br-mux', '--', 'set', 'Bridge', 'br-mux',
               'datapath_type=netdev', 'fail_mode=secure',
               'other-config:hwaddr="%s"' % MUX_MAC,
               *underlay(), *slb0())
    node.in_namespace('ip', 'link', 'set', 'br-mux', 'up')
    node.ofctl('replace-flows', 'br-mux', '-', data=(
        'in_port=LOCAL,ip,actions=output:%d\n'
        'in_port=3,actions=output:%d\n'
        'in_port=4,actions=output:%d\n'
        'in_port=%d,actions=LOCAL\n' % (SLB0, SLB0, SLB0, SLB0)))
    for i, frames in enumerate((good_frames(), other_frames())):
        muxnode.write_pcap(node.path('source%d.pcap' % i), frames)
    node.vsctl(*sources(node, cores)[1:])


class Faults:
    def __init__(self, test, node, cores):
        self.test = test
        self.node = node
        self.cores = cores
        self.pid = node.vswitchd.pid
        self.agent = Agent(node)
        self.seconds = {}

    # What must hold after each fault.

    def alive(self):
        if self.node.vswitchd.poll() is not None:
            raise muxnode.Error('slb-vswitchd ended: %d'
                                % self.node.vswitchd.returncode)

    def rate(self):
        """Packets that the underlay sends in a second."""
        def sent():
            return (self.node.ports().get('underlay', {}).get('tx', 0),
                    time.monotonic())
        packets, began = sent()
        time.sleep(.05)
        more, ended = sent()
        return (more - packets) / (ended - began)

    def forwards(self, seconds=10):
        """Whether it forwards again what the PMD threads receive."""
        try:
            return muxnode.wait_until('', lambda: self.rate() > FULL_LOAD,
                                      seconds)
        except muxnode.Error:
            return False

    def phase(self, description, fault):
        """Injects a fault, a function of the number of the time."""
        began = time.monotonic()
        resumed = True
        agent_before = self.agent.done
        for i in range(TIMES):
            fault(i)
            self.alive()
            if i % 20 == 19:
                resumed = resumed and self.forwards()
        resumed = resumed and self.forwards()
        self.test.ok(resumed and not self.agent.error,
                     '%s, %d times: it forwards again' % (description, TIMES),
                     'agent: %r' % self.agent.error,
                     self.node.ports(),
                     self.node.appctl('slb/stats'),
                     self.node.appctl('dpif-netdev/pmd-rxq-show'))
        tap.note('%.1f s, %d transactions meanwhile, %d MB'
                 % (time.monotonic() - began, self.agent.done - agent_before,
                    self.memory() >> 20))

    def memory(self):
        """Octets of anonymous memory, that without huge pages."""
        with open('/proc/%d/status' % self.pid) as f:
            return 1024 * int(re.search(r'RssAnon:\s*(\d+)', f.read())[1])

    def main_cpu(self):
        """Seconds the main thread has run."""
        with open('/proc/%d/task/%d/schedstat' % (self.pid, self.pid)) as f:
            return int(f.read().split()[0]) / 1e9

    # Faults.

    def delete_and_add(self, _):
        self.node.vsctl('del-port', 'underlay')
        self.node.vsctl(*underlay()[1:])

    def replace(self, i):
        """In one transaction: the same again, as another OpenFlow port, and
        as another device."""
        changes = (underlay(),
                   underlay(ofport=UNDERLAY + 3 + i % 2),
                   underlay('net_null%d,no-rx=1' % (1 + i % 2)))
        self.node.vsctl('del-port', 'underlay', *changes[i % 3])

    def replace_with_slb0(self, i):
        self.node.vsctl('del-port', 'underlay', '--', 'del-port', 'slb0',
                        *(underlay(ofport=UNDERLAY + i % 2 * 3) + slb0()))

    def mtu(self, i):
        self.node.vsctl('set', 'Interface', 'underlay',
                        'mtu_request=%d' % (1500, 1600, 9000)[i % 3])

    def slb0(self, i):
        if i % 2:
            self.node.vsctl('del-port', 'slb0', *slb0())
        else:
            self.node.vsctl('del-port', 'slb0')
            self.node.vsctl(*slb0()[1:])

    def other_underlay(self, i):
        """To nothing of that name, to the port itself, to a port that is no
        DPDK one, and back."""
        for name in ('nothing', 'slb0', 'br-mux')[i % 3], 'underlay':
            self.node.vsctl('set', 'Interface', 'slb0',
                            'options:underlay=' + name)

    def queues(self, i):
        self.node.vsctl('set', 'Interface', 'underlay',
                        'options:n_rxq=%d' % (1 + i % 2))

    def pmds(self, i):
        masks = (self.cores[:1], self.cores[1:2], self.cores[:2])
        self.node.vsctl('set', 'Open_vSwitch', '.', 'other_config:'
                        'pmd-cpu-mask=0x%x' % sum(1 << core for core
                                                  in masks[i % 3]))
        # net_pcap cannot be reconfigured, as it is for the number of threads.
        if i % 20 == 19 or i == TIMES - 1:
            mask = sum(1 << core for core in self.cores[:2])
            self.node.vsctl('del-port', 'source0', '--', 'del-port',
                            'source1', '--', 'set', 'Open_vSwitch', '.',
                            'other_config:pmd-cpu-mask=0x%x' % mask)
            self.node.vsctl(*sources(self.node, self.cores)[1:])

    def commands(self, i):
        self.node.appctl('slb/show')
        self.node.appctl('slb/stats')
        self.node.appctl('slb/lookup', '0', 'tcp', '198.51.100.7',
                         str(1024 + i), VIP, '80')

    # Tables.

    def idle_cpu(self):
        """The main thread's part of a processor when nothing is asked."""
        before, began = self.main_cpu(), time.monotonic()
        time.sleep(2)
        return (self.main_cpu() - before) / (time.monotonic() - began)

    def big_transactions(self):
        """Large tables cost the main thread nothing."""
        agent = self.agent
        # What is for no VIP is the main thread's and keeps it busy.
        self.node.ofctl('mod-flows', 'br-mux', 'in_port=4,actions=drop')
        with agent.lock:
            idle = self.idle_cpu()
            before, began = self.main_cpu(), time.monotonic()
            for i in range(TIMES):
                agent.transact(None, agent.tables.everything() + [
                    agent.tables.pool(200 + j, 250, 16) for j in range(2)])
            elapsed = time.monotonic() - began
            used = self.main_cpu() - before
            idle = max(idle, self.idle_cpu())
            used = (used - idle * elapsed) / TIMES
            agent.replace()
        self.node.ofctl('mod-flows', 'br-mux',
                        'in_port=4,actions=output:%d' % SLB0)
        # What it costs when idle varies by some milliseconds.  All of the
        # transaction costs from 70 to 640 ms.
        self.test.ok(used < .03, 'a large transaction costs the main thread '
                     'less than 30 ms', '%.1f ms' % (1000 * used))
        tap.note('%.1f ms of the main thread, %.0f ms in all'
                 % (1000 * used, 1000 * elapsed / TIMES))
        self.test.ok(self.forwards(), 'it forwards')

    def refused(self, ops, before=0):
        client = muxnode.MuxClient(self.node)
        client.hello()
        try:
            client.transact(self.agent.generation if before == 0 else before,
                            self.agent.generation + 1, ops)
            return False
        except muxnode.Refused:
            return True
        finally:
            client.close()

    def closed(self, data, hello=True):
        """Whether the datapath closes a connection that says data."""
        client = muxnode.MuxClient(self.node, 30)
        if hello:
            client.hello()
        try:
            client.socket.sendall(data)
            while client.socket.recv(65536):
                pass
            return True
        except ConnectionError:
            return True
        except socket.timeout:
            return False
        finally:
            client.close()

    def bad_operations(self):
        """Operations that must be refused."""
        tables = Tables(4)
        pool = tables.pool(300, 3, 10)
        endpoint = tables.endpoint(0, VIP, 6, 999, 100)
        ops = [{}, {'op': 'nonsense'}, {'op': 17}, 'text', None, [],
               {'op': 'pool-del', 'tunnel_key': 100},
               {'op': 'pool-del', 'tunnel_key': 555},
               {'op': 'vip-del', 'network': 0, 'address': VIP},
               {'op': 'vip', 'network': 0, 'address': '1.2.3'},
               {'op': 'vip', 'network': -1, 'address': VIP},
               {'op': 'nexthop', 'vtep': VIP6, 'src_mac': MUX_MAC,
                'dst_mac': MUX_MAC},
               {'op': 'nexthop-del', 'vtep': '9.9.9.9'},
               {'op': 'global', 'key': 'abc', 'vtep': MUX, 'anycast': None}]
        for base, changes in (
                (pool, [('slots', 0), ('slots', 40), ('slots', -1),
                        ('slots', 'x'), ('tunnel_key', 0),
                        ('tunnel_key', 1 << 24), ('tunnel_key', 1 << 70),
                        ('tunnel_key', 1.5), ('members', {}),
                        ('members', [[0, VTEPS[0]]]),
                        ('members', [[65536, VTEPS[0]]]),
                        ('members', [[1, VTEPS[0]], [1, VTEPS[1]]]),
                        ('members', [[1]]), ('members', [1]),
                        ('generations', []), ('generations', [{}]),
                        ('generations', [
                            {'number': 1, 'state': 'previous', 'age': 1,
                             'weights': [[1, 1]]}]),
                        ('generations', 2 * [
                            {'number': 1, 'state': 'current', 'age': 1,
                             'weights': [[1, 1]]}]),
                        ('generations', [
                            {'number': 1, 'state': 'current', 'age': 1,
                             'weights': [[1, 0]]}]),
                        ('generations', [
                            {'number': 1, 'state': 'current', 'age': 1,
                             'weights': [[1, -5]]}])]),
                (endpoint, [('protocol', 256), ('port', 65536), ('port', -1),
                            ('pool', 555), ('address', '20.50.60.99'),
                            ('distribution', 'Whatever'), ('idle', -1),
                            ('name', None)])):
            for key, value in changes:
                ops.append(dict(base, **{key: value}))
            for key in base:
                ops.append({k: v for k, v in base.items() if k != key})
        return ops

    def bad_messages(self):
        agent = self.agent
        # The limit of lib/mux-protocol.h.
        limit = 8 << 20
        with agent.lock:
            self.forwards()
            hello = MuxClient_hello(self.node)
            stopped = [muxnode.MuxClient(self.node) for _ in range(20)]
            for client in stopped:
                client.socket.sendall(b'{"method": "hello", "params": [{"ver')

            accepted = [op for op in self.bad_operations()
                        if not self.refused([op])]
            self.test.is_(accepted, [], 'operations that make no sense are '
                          'refused')
            self.test.ok(self.refused([], agent.generation + 7)
                         and self.refused([], agent.generation - 1),
                         'and so is one from another generation')

            rng = random.Random(5)
            good = json.dumps({'method': 'transact', 'id': 1, 'params': [
                {'from': None, 'to': 1 << 40, 'more': False,
                 'ops': Tables(6).everything()}]}).encode()
            for i in range(TIMES):
                client = muxnode.MuxClient(self.node)
                client.hello()
                octets = bytearray(good[:rng.randrange(1, len(good))])
                for _ in range(rng.randrange(0, 4)):
                    octets[rng.randrange(len(octets))] = rng.randrange(256)
                try:
                    client.socket.sendall(octets)
                except OSError:
                    pass        # Closed for what it has seen already.
                client.close()
            staged = []
            for i in range(TIMES):
                client = muxnode.MuxClient(self.node)
                client.hello()
                client.call('transact', {
                    'from': agent.generation, 'to': agent.generation + 1,
                    'more': True, 'ops': [Tables(i).pool(400, 3, 10)]})
                staged.append(client)
                if i % 2:
                    staged.pop(0).close()
            for client in staged:
                client.close()

            not_closed = [data[:40] for data, hello_first in (
                (b'nonsense\n', True), (b'[1,2,3]', True),
                (b'\xff\xfe\0', True),
                (b'[' * 5000, True), (b'{"method":5,"id":1}', False),
                (b'{"id": null, "method": "transact"}', True),
                (b'"' + b'x' * (limit + 65536), True),
                (b'[' + b'"x",' * (limit // 4 + 65536), False))
                if not self.closed(data, hello_first)]
            self.test.is_(not_closed, [], 'what is no JSON-RPC or too large '
                          'closes the connection')

            for client in stopped:
                client.close()
            self.alive()
            self.test.is_(MuxClient_hello(self.node), hello,
                          'after all of that, and %d broken and half messages,'
                          ' the tables are as they were' % TIMES)
            # The agent was silent, so it may have been taken for dead.
            done = agent.done
            muxnode.wait_until('the agent is served again',
                               lambda: agent.step() or agent.done > done)
        self.test.ok(self.forwards(), 'it forwards')

    def run(self):
        node, test = self.node, self.test
        self.agent.start()
        controller = Controller(node)
        controller.start()
        start_local_sender(node)
        test.ok(self.forwards(), 'it forwards')
        self.big_transactions()
        self.bad_messages()
        # All has been allocated once.  What comes now must not add to it.
        self.phase('the underlay is deleted and added', self.delete_and_add)
        memory = self.memory()
        for description, fault in (
                ('the underlay is deleted and added in one transaction',
                 self.replace),
                ('so are both ports', self.replace_with_slb0),
                ("the underlay's MTU changes", self.mtu),
                ('slb0 is deleted and added', self.slb0),
                ("slb0's underlay changes", self.other_underlay),
                ('the number of queues changes', self.queues),
                ('the PMD threads change', self.pmds),
                ('slb/show, slb/stats and slb/lookup are called',
                 self.commands)):
            self.phase(description, fault)
        grown = (self.memory() - memory) >> 20
        test.ok(grown < 64, 'memory does not grow', '%d MB more' % grown)
        self.agent.ended.set()
        self.agent.join()
        controller.ended.set()
        controller.join()
        test.ok(not self.agent.error and self.agent.done > TIMES,
                'the agent was served all the time',
                'after %d transactions: %r' % (self.agent.done,
                                               self.agent.error))
        test.ok(controller.sent > TIMES, 'the main thread had to send')
        tap.note('%d transactions, %d connections; %d packets by a controller'
                 % (self.agent.done, self.agent.connections, controller.sent))
        test.is_(node.vswitchd.pid, self.pid, 'still the same process')


def MuxClient_hello(node):
    client = muxnode.MuxClient(node)
    hello = client.hello()
    client.close()
    return hello


def reports(node):
    """What the sanitizers have to say."""
    with open(node.path('vswitchd.err'), errors='replace') as f:
        return f.read()


def leaks(text):
    """Reports of leaks, but for those of OVS's own that are known."""
    return [block for block in re.split(r'\n\n', text)
            if re.match(r'(Direct|Indirect) leak', block.lstrip())
            and 'syslog_libc_open' not in block]


def main():
    if not os.access(PROGRAM, os.X_OK):
        tap.skip_all('no slb-vswitchd in %s (configure --enable-asan)' % BUILD)
    if os.geteuid():
        tap.skip_all('needs root')
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        tap.skip_all('needs two cores')
    muxnode.end_on_signals()
    test = tap.Tap()
    with muxnode.Hugepages(768), \
            muxnode.Node(PROGRAM, cores[:1], cores[:2], 512,
                         SANITIZER, EAL) as node:
        try:
            set_up(node, cores)
            faults = Faults(test, node, cores)
            faults.run()
        except (muxnode.Error, OSError, subprocess.SubprocessError) as error:
            test.ok(False, 'it survives', error, node.complaints())
        else:
            node.appctl('exit')
            try:
                status = node.vswitchd.wait(120)
            except subprocess.TimeoutExpired:
                status = 'none'
            test.is_(status, 0, 'it ends cleanly when told to')
        text = reports(node)
        errors = re.findall(r'.*(?:ERROR: AddressSanitizer|runtime error:)'
                            r'[^\n]*(?:\n {4}#[^\n]*){0,12}', text)
        test.ok(not errors, 'the sanitizers found no error',
                '\n'.join(errors[:5]))
        leaked = leaks(text)
        test.ok(not leaked, 'nor a leak', '\n\n'.join(leaked[:5]))
        with open(node.path('vswitchd.log'), errors='replace') as f:
            log = f.read()
        test.ok(not re.search(r'\|EMER\|', log), 'no emergency was logged',
                *re.findall(r'.*\|EMER\|.*', log)[:5])
        # OVS tells it after 1, 2, 4, ... seconds.  One or two may be those of
        # a busy machine.
        blocked = [line for line, ms in re.findall(
            r'(.*blocked (\d+) ms waiting for slb.*)', log)
                   if int(ms) >= 4000]
        test.ok(not blocked, 'nobody had to wait for our thread', *blocked)
        for line in re.findall(r'.*Unreasonably long.*', log):
            tap.note(line)
    test.done()


if __name__ == '__main__':
    main()

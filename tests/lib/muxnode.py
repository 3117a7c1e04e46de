# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""One mux's datapath by itself, for tests and benchmarks in Python.

A Node is an ovsdb-server and a slb-vswitchd with DPDK ports that need no
hardware, in a run directory and a network namespace of their own.  Nothing
outside of them is touched but the machine's huge pages, which Hugepages takes
and gives back.  A MuxClient is the agent's side of lib/mux-protocol.h.

All processes end when the program that uses this module does, however it
ends.
"""

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), '../..'))
SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'

ETH_LEN = 14
VXLAN_PORT = 4789
GENEVE_PORT = 6081
ETH_IP = 0x0800


class Error(Exception):
    """What a test could not do, in words for its user."""


def end_on_signals():
    """Makes signals end the program the ordinary way, cleaning up."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(number, _frame):
        # Another one, timeout(1) sends two, must not end the cleaning up.
        for other in numbers:
            signal.signal(other, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for number in numbers:
        signal.signal(number, end)


def wait_until(what, condition, seconds=10, interval=0.02):
    """Returns the first true value of condition().  A turn counts for 1 s at
    most: after a pause of the whole machine condition() is called again."""
    left, last = seconds, time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        now = time.monotonic()
        left -= min(now - last, 1)
        last = now
        if left <= 0:
            raise Error('%s: not within %s s' % (what, seconds))
        time.sleep(interval)


class Hugepages:
    """Adds huge pages of 2 MB to the machine's while it is entered."""

    PATH = '/sys/kernel/mm/hugepages/hugepages-2048kB/'

    def __init__(self, megabytes):
        self.pages = (megabytes + 1) // 2
        self.taken = 0

    def _change(self, by):
        with open(self.PATH + 'nr_hugepages', 'r+') as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            before = int(f.read())
            f.seek(0)
            f.write(str(max(0, before + by)))
            f.flush()
            f.seek(0)
            return int(f.read()) - before

    def __enter__(self):
        self.taken = self._change(self.pages)
        if self.taken < self.pages:
            got, self.taken = self.taken, -self._change(-self.taken)
            raise Error('only %d of %d huge pages (2 MB) to be had'
                        % (got, self.pages))
        return self

    def __exit__(self, *_):
        self._change(-self.taken)
        self.taken = 0


class Node:
    """ovsdb-server and slb-vswitchd of one mux."""

    def __init__(self, program=None, cores=(0, ), pmds=(1, ), memory=256,
                 environment=None, eal=''):
        self.program = program or os.path.join(
            os.environ.get('SLB_BUILDDIR', os.path.join(SOURCE, '_build')),
            'ovs-ext/slb-vswitchd')
        if not os.access(self.program, os.X_OK):
            raise Error('%s: not there; build it first' % self.program)
        self.dir = tempfile.mkdtemp(prefix='slb-mux.')
        self.env = dict(os.environ, OVS_RUNDIR=self.dir, OVS_DBDIR=self.dir,
                        OVS_LOGDIR=self.dir, **(environment or {}))
        self.processes = []
        self.vswitchd = None
        self.config = {
            'dpdk-init': 'true',
            'dpdk-lcore-mask': '0x%x' % sum(1 << core for core in cores),
            'pmd-cpu-mask': '0x%x' % sum(1 << core for core in pmds),
            'dpdk-socket-mem': str(memory),
            'dpdk-extra': '"--no-pci --in-memory --no-telemetry %s"' % eal,
            'per-port-memory': 'true'}

    def path(self, name):
        return os.path.join(self.dir, name)

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def spawn(self, name, *command):
        """Starts a program that ends with the node."""
        output = open(self.path(name + '.err'), 'wb')
        process = subprocess.Popen(
            ('setpriv', '--pdeathsig', 'KILL', '--') + command,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=self.env, start_new_session=True)
        output.close()
        self.processes.append(process)
        return process

    def _start(self):
        self.run('ovsdb-tool', 'create', self.path('conf.db'), SCHEMA)
        self.spawn('ovsdb', 'ovsdb-server', '--no-chdir', '-vconsole:off',
                    '--log-file', '--unixctl=' + self.path('ovsdb.ctl'),
                    '--remote=punix:' + self.path('db.sock'),
                    self.path('conf.db'))
        wait_until('ovsdb-server listens',
                   lambda: os.path.exists(self.path('db.sock')))
        self.vsctl('--no-wait', 'init', '--', 'set', 'Open_vSwitch', '.',
                   *['other_config:%s=%s' % item
                     for item in self.config.items()])
        # A namespace of its own has no other owner than the process.
        self.vswitchd = self.spawn(
            'vswitchd', 'unshare', '--net', '--', self.program, '--no-chdir',
            '-vconsole:off', '--log-file=' + self.path('vswitchd.log'),
            '--pidfile', '--unixctl=' + self.path('vswitchd.ctl'),
            'unix:' + self.path('db.sock'))
        wait_until('slb-vswitchd is up with DPDK', self._is_up, 60)

    def _is_up(self):
        if self.vswitchd.poll() is not None:
            raise Error('slb-vswitchd ended at once (%d): %s' % (
                self.vswitchd.returncode, self.complaints()))
        return (os.path.exists(self.path('vswitchd.ctl'))
                and self.vsctl('get', 'Open_vSwitch', '.',
                               'dpdk_initialized').strip() == 'true')

    def complaints(self):
        """What slb-vswitchd said on standard error and, loudly, logged."""
        with open(self.path('vswitchd.err'), errors='replace') as f:
            text = f.read()
        if os.path.exists(self.path('vswitchd.log')):
            with open(self.path('vswitchd.log'), errors='replace') as f:
                text += ''.join(line for line in f
                                if re.search(r'\|(EMER|ERR)\|', line))
        return text

    def run(self, *command, data=None, timeout=70):
        done = subprocess.run(command, input=data, text=True, env=self.env,
                              timeout=timeout, capture_output=True)
        if done.returncode:
            raise Error('%s: %s' % (' '.join(command)[:200],
                                    done.stderr.strip()))
        return done.stdout

    def vsctl(self, *arguments):
        return self.run('ovs-vsctl', '--timeout=60', *arguments)

    def ofctl(self, *arguments, data=None):
        return self.run('ovs-ofctl', '--timeout=60', '-OOpenFlow15',
                        *arguments, data=data)

    def appctl(self, *arguments):
        return self.run('ovs-appctl', '--timeout=60', '-t',
                        self.path('vswitchd.ctl'), *arguments)

    def in_namespace(self, *command, data=None):
        """Runs a command in the network namespace of slb-vswitchd."""
        return self.run('nsenter', '--net', '-t', str(self.vswitchd.pid),
                        '--', *command, data=data)

    def ports(self):
        """Counters of the datapath's ports, read from the devices:
        {port name: {"rx": packets, "tx": packets, "rx_errors": ...}}."""
        ports = {}
        text = self.appctl('dpctl/show', '-s', 'netdev@ovs-netdev')
        for block in re.split(r'\n(?=  port )', text)[1:]:
            name = re.match(r'  port \d+: (\S+)', block).group(1)
            counters = {}
            for direction in 'RX', 'TX':
                line = re.search(direction + r' packets:(.*)', block).group(0)
                for key, value in re.findall(r'(\w+):(\d+)', line):
                    key = '' if key == 'packets' else '_' + key
                    counters[direction.lower() + key] = int(value)
            ports[name] = counters
        return ports

    def pmds(self):
        """Sums of the PMD threads' statistics, by OVS's names."""
        sums = {}
        for block in self.appctl('dpif-netdev/pmd-stats-show').split('\npmd '):
            if re.match('(pmd )?thread', block):
                for key, value in re.findall(r'^  ([a-z ]+): (\d+)(?: \(.*)?$',
                                             block, re.M):
                    sums[key] = sums.get(key, 0) + int(value)
        return sums

    def pmd_threads(self):
        """Ids of the PMD threads, by core."""
        tasks = '/proc/%d/task/' % self.vswitchd.pid
        found = {}
        for task in os.listdir(tasks):
            try:
                with open(tasks + task + '/comm') as f:
                    match = re.match(r'pmd-c(\d+)/', f.read())
                    if match:
                        found[int(match.group(1))] = int(task)
            except (FileNotFoundError, ProcessLookupError):
                # Others come and go.
                pass
        return found


class Refused(Exception):
    """An error that the other end answered with."""


class Rpc:
    """A connection to a socket that speaks JSON-RPC as OVS does."""

    def __init__(self, path, timeout=10):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.buffer = ''
        self.id = 0

    def close(self):
        self.socket.close()

    def send(self, method, *params):
        self.id += 1
        self.socket.sendall(json.dumps(
            {'method': method, 'params': params, 'id': self.id}).encode())

    def receive(self):
        decoder = json.JSONDecoder()
        while True:
            self.buffer = self.buffer.lstrip()
            try:
                message, end = decoder.raw_decode(self.buffer)
                self.buffer = self.buffer[end:]
                return message
            except ValueError:
                data = self.socket.recv(1 << 16)
                if not data:
                    raise ConnectionError('closed by the other end') from None
                self.buffer += data.decode()

    def call(self, method, *params):
        self.send(method, *params)
        while True:
            message = self.receive()
            if message.get('method') == 'echo':
                self.socket.sendall(json.dumps(
                    {'result': message['params'], 'error': None,
                     'id': message['id']}).encode())
            elif message.get('id') == self.id:
                if message.get('error') is not None:
                    raise Refused(json.dumps(message['error']))
                return message['result']


class MuxClient(Rpc):
    """A connection to the mux datapath's socket."""

    def __init__(self, node, timeout=10):
        path = node.path('slb-mux.sock')
        wait_until('the mux datapath listens', lambda: os.path.exists(path))
        super().__init__(path, timeout)

    def hello(self):
        return self.call('hello', {'version': 1, 'agent': 'test'})

    def transact(self, before, after, ops):
        return self.call('transact', {'from': before, 'to': after,
                                      'more': False, 'ops': ops})


def checksum(data):
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def mac(text):
    return bytes.fromhex(text.replace(':', ''))


def tcp_frame(src_mac, dst_mac, src, sport, dst, dport, flags=0x10):
    """A TCP segment without payload: with its FCS a frame of 64 octets."""
    src, dst = socket.inet_aton(src), socket.inet_aton(dst)
    tcp = struct.pack('!HHIIBBHHH', sport, dport, 1, 1, 0x50, flags, 512, 0, 0)
    pseudo = src + dst + struct.pack('!BBH', 0, socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + struct.pack('!H', checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), 0, 0x4000, 64,
                     socket.IPPROTO_TCP, 0, src, dst)
    ip = ip[:10] + struct.pack('!H', checksum(ip)) + ip[12:]
    frame = mac(dst_mac) + mac(src_mac) + struct.pack('!H', ETH_IP) + ip + tcp
    return frame.ljust(60, b'\0')


def ip_packet(frame):
    """The IPv4 packet in a frame, without padding."""
    return frame[ETH_LEN:ETH_LEN + int.from_bytes(
        frame[ETH_LEN + 2:ETH_LEN + 4], 'big')]


def next_hop(packet):
    """An IPv4 packet after a router has forwarded it."""
    packet = packet[:8] + bytes([packet[8] - 1]) + packet[9:]
    header = packet[:10] + b'\0\0' + packet[12:20]
    return (header[:10] + struct.pack('!H', checksum(header)) + header[12:]
            + packet[20:])


def write_pcap(path, frames):
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for frame in frames:
            f.write(struct.pack('<IIII', 0, 0, len(frame), len(frame)))
            f.write(frame)


def read_pcap(path):
    with open(path, 'rb') as f:
        data = f.read()
    frames = []
    offset = 24
    while offset + 16 <= len(data):
        length = struct.unpack_from('<I', data, offset + 8)[0]
        offset += 16
        frames.append(data[offset:offset + length])
        offset += length
    return frames


def vxlan_pull(frame):
    """(outer destination address, VNI, inner frame); None if frame is
    something else."""
    if (len(frame) < ETH_LEN + 20 + 8 + 8 + ETH_LEN
            or frame[12:14] != struct.pack('!H', ETH_IP)
            or frame[14] != 0x45 or frame[23] != socket.IPPROTO_UDP
            or checksum(frame[14:34])
            or frame[36:38] != struct.pack('!H', VXLAN_PORT)
            or frame[42] != 0x08):
        return None
    vni = int.from_bytes(frame[46:49], 'big')
    return socket.inet_ntoa(frame[30:34]), vni, frame[50:]


def geneve_pull(frame):
    """(outer destination address, inner frame); None if frame is something
    else."""
    if (len(frame) < ETH_LEN + 20 + 8 + 8 + ETH_LEN
            or frame[12:14] != struct.pack('!H', ETH_IP)
            or frame[14] != 0x45 or frame[23] != socket.IPPROTO_UDP
            or frame[36:38] != struct.pack('!H', GENEVE_PORT)
            or frame[44:46] != b'\x65\x58'):
        return None
    return (socket.inet_ntoa(frame[30:34]),
            frame[50 + 4 * (frame[42] & 0x3f):])


def vxlan_frame(src_mac, dst_mac, src, dst, vni, inner):
    """inner in VXLAN."""
    src, dst = socket.inet_aton(src), socket.inet_aton(dst)
    vxlan = b'\x08\0\0\0' + vni.to_bytes(3, 'big') + b'\0' + inner
    udp = struct.pack('!HHHH', 50000, VXLAN_PORT, 8 + len(vxlan), 0)
    ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(udp) + len(vxlan), 0,
                     0x4000, 64, socket.IPPROTO_UDP, 0, src, dst)
    ip = ip[:10] + struct.pack('!H', checksum(ip)) + ip[12:]
    return (mac(dst_mac) + mac(src_mac) + struct.pack('!H', ETH_IP)
            + ip + udp + vxlan)

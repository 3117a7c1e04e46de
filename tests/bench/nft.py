# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""What the kernel does: nftables, DNAT by "jhash", from veth to veth.

Three network namespaces: a source that sends the frames of a capture over and
over by a ring of AF_PACKET, a balancer, and a sink that drops what arrives.
On veth the kernel does all that in the sender's own system call, so one core
has the sender's work as well.  To know that, the source can also have what it
sends dropped where the balancer receives it.

"python3 nft.py send INTERFACE CAPTURE" is the source.
"""

import mmap
import os
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '../lib'))
import muxnode  # noqa: E402

# <linux/if_packet.h>
SOL_PACKET = 263
PACKET_VERSION, PACKET_TX_RING, PACKET_QDISC_BYPASS = 10, 13, 20
TPACKET_V2 = 1
HEADER_LEN = 32
STATUS_SEND = b'\1'
FRAME_SIZE = 256
BLOCK_SIZE = 1 << 16

BALANCER_MAC, SINK_MAC = '02:00:00:00:00:11', '02:00:00:00:0b:02'

RULES = '''
table ip balancer {
    chain in {
        type nat hook prerouting priority dstnat;
        ip daddr %(vip)s tcp dport %(port)d \\
            dnat to jhash ip saddr . tcp sport mod %(n)d map { %(map)s }
    }
}
'''
DROP = '''
table netdev end {
    chain in {
        type filter hook ingress device "%s" priority 0; policy drop;
    }
}
'''


def send(interface, capture):
    """Sends the frames of a capture over and over."""
    frames = muxnode.read_pcap(capture)
    per_block = BLOCK_SIZE // FRAME_SIZE
    frames = (frames * per_block)[:len(frames) // per_block * per_block
                                  or per_block]
    size = len(frames) * FRAME_SIZE
    packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    packet.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
    packet.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
    packet.setsockopt(SOL_PACKET, PACKET_TX_RING,
                      struct.pack('IIII', BLOCK_SIZE, size // BLOCK_SIZE,
                                  FRAME_SIZE, len(frames)))
    packet.bind((interface, 0))
    ring = memoryview(mmap.mmap(packet.fileno(), size))
    for i, frame in enumerate(frames):
        at = i * FRAME_SIZE
        ring[at + 4:at + 8] = struct.pack('=I', len(frame))
        ring[at + HEADER_LEN:at + HEADER_LEN + len(frame)] = frame
    go = STATUS_SEND * len(frames)
    while True:
        ring[::FRAME_SIZE] = go
        # Returns when all have been sent.
        packet.send(b'')


class Nft:
    """members: addresses.  programs: where peers unpacked nft."""

    def __init__(self, folder, programs, frames, vip, port, members, core):
        self.nft_program = os.path.join(programs, 'usr/sbin/nft')
        self.env = dict(os.environ, LD_LIBRARY_PATH=':'.join(
            os.path.join(programs, lib, 'x86_64-linux-gnu')
            for lib in ('usr/lib', 'lib')))
        self.capture = os.path.join(folder, 'nft.pcap')
        muxnode.write_pcap(self.capture, frames)
        self.vip, self.port = vip, port
        self.members = members
        self.core = core
        self.names = ['slb-bench-%d-%s' % (os.getpid(), name)
                      for name in ('source', 'balancer', 'sink')]
        self.source, self.balancer, self.sink = self.names

    def _run(self, *command, data=None):
        done = subprocess.run(command, input=data, text=True, env=self.env,
                              timeout=20, capture_output=True)
        if done.returncode:
            raise muxnode.Error('%s: %s' % (' '.join(command),
                                            done.stderr.strip()))
        return done.stdout

    def _in(self, name, *command, data=None):
        return self._run('ip', 'netns', 'exec', name, *command, data=data)

    def _nft(self, name, rules):
        self._in(name, self.nft_program, '-f', '-', data=rules)

    def __enter__(self):
        try:
            self._set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(['ip', 'netns', 'delete', name],
                           stderr=subprocess.DEVNULL, check=False)

    def _set_up(self):
        for name in self.names:
            self._run('ip', 'netns', 'add', name)
            self._in(name, 'sysctl', '-qw',
                     'net.ipv6.conf.default.disable_ipv6=1')
        for left, right, mac in ((self.source, self.balancer, BALANCER_MAC),
                                 (self.balancer, self.sink, SINK_MAC)):
            self._run('ip', '-n', left, 'link', 'add', 'out', 'type', 'veth',
                      'peer', 'name', 'in', 'address', mac, 'netns', right)
            self._run('ip', '-n', left, 'link', 'set', 'out', 'up')
            self._run('ip', '-n', right, 'link', 'set', 'in', 'up')
        for setting in ('ip_forward=1', 'conf.in.rp_filter=0',
                        'conf.all.rp_filter=0'):
            self._in(self.balancer, 'sysctl', '-qw', 'net.ipv4.' + setting)
        self._in(self.balancer, 'sysctl', '-qw',
                 'net.netfilter.nf_conntrack_max=262144')
        address = ('ip', '-n', self.balancer)
        self._run(*address, 'address', 'add', '192.0.2.1/24', 'dev', 'in')
        self._run(*address, 'address', 'add', '172.16.0.11/24', 'dev', 'out')
        self._run(*address, 'route', 'add', '198.51.100.0/24', 'dev', 'in')
        self._run(*address, 'neighbour', 'add', '172.16.0.2', 'lladdr',
                  SINK_MAC, 'dev', 'out')
        self._run(*address, 'route', 'add', '10.0.0.0/16', 'via',
                  '172.16.0.2')
        self._nft(self.balancer, RULES % {
            'vip': self.vip, 'port': self.port, 'n': len(self.members),
            'map': ', '.join('%d : %s' % item
                             for item in enumerate(self.members))})
        self._nft(self.sink, DROP % 'in')

    def _received(self, name):
        text = self._in(name, 'cat', '/sys/class/net/in/statistics/rx_packets')
        return int(text)

    def _core_time(self, sender):
        """Seconds that the sender and what it causes had of the core."""
        total = 0
        for pid in [sender] + self.softirq:
            with open('/proc/%d/schedstat' % pid) as f:
                total += int(f.read().split()[0])
        return total / 1e9

    def measure(self, seconds, balance):
        """Packets, and seconds of a core, of forwarding or of only sending.
        """
        counted = self.sink if balance else self.balancer
        self.softirq = [int(pid) for pid in self._run(
            'pgrep', '-x', 'ksoftirqd/%d' % self.core).split()]
        if not balance:
            self._nft(self.balancer, DROP % 'in')
        sender = subprocess.Popen(
            ['ip', 'netns', 'exec', self.source, 'setpriv', '--pdeathsig',
             'KILL', '--', 'taskset', '-c', str(self.core), sys.executable,
             os.path.realpath(__file__), 'send', 'out', self.capture],
            stdin=subprocess.DEVNULL)
        try:
            before = self._received(counted)
            muxnode.wait_until(
                'the kernel forwards',
                lambda: self._received(counted) > before + 10000)
            counts = []
            for wait in seconds, 0:
                counts.append((self._received(counted),
                               self._core_time(sender.pid)))
                time.sleep(wait)
        finally:
            sender.kill()
            sender.wait()
            if not balance:
                self._nft(self.balancer, 'delete table netdev end')
        return counts[1][0] - counts[0][0], counts[1][1] - counts[0][1]


if __name__ == '__main__':
    if len(sys.argv) != 4 or sys.argv[1] != 'send':
        sys.exit('usage: nft.py send INTERFACE CAPTURE')
    send(*sys.argv[2:])

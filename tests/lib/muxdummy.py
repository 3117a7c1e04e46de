# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""One mux's datapath by itself, without any device: for tests of what it does.

A DummyNode is a muxnode.Node whose ports are Open vSwitch's dummy devices, so
it needs neither DPDK nor a privilege: packets are put into the port "up0" by a
command and those sent on it are read from a file.  The bridge "br-mux" sends
what comes in by up0 (1) to slb0 (2).
"""

import os
import struct

import muxnode

UNDERLAY, SLB0 = 1, 2


class DummyNode(muxnode.Node):
    def __init__(self, mtu=1500, **config):
        """'config' goes to other_config, with - for _."""
        super().__init__()
        self.config = config
        self.mtu = mtu
        self.seen = 0

    def _start_daemons(self):
        self.run('ovsdb-tool', 'create', self.path('conf.db'), muxnode.SCHEMA)
        self.spawn('ovsdb', 'ovsdb-server', '--no-chdir', '-vconsole:off',
                    '--log-file', '--unixctl=' + self.path('ovsdb.ctl'),
                    '--remote=punix:' + self.path('db.sock'),
                    self.path('conf.db'))
        muxnode.wait_until('ovsdb-server listens',
                           lambda: os.path.exists(self.path('db.sock')))
        self.vsctl('--no-wait', 'init')
        for key, value in self.config.items():
            self.vsctl('--no-wait', 'set', 'Open_vSwitch', '.',
                       'other_config:%s=%s' % (key.replace('_', '-'), value))
        self.vswitchd = self.spawn(
            'vswitchd', self.program, '--no-chdir', '--enable-dummy',
            '--disable-system', '-vconsole:off', '--pidfile',
            '--log-file=' + self.path('vswitchd.log'),
            '--unixctl=' + self.path('vswitchd.ctl'),
            'unix:' + self.path('db.sock'))
        muxnode.wait_until('slb-vswitchd is up', lambda: os.path.exists(
            self.path('vswitchd.ctl')))

    def _start(self):
        self._start_daemons()
        self.vsctl('add-br', 'br-mux', '--', 'set', 'bridge', 'br-mux',
                   'datapath_type=dummy', 'fail_mode=secure')
        self.add_underlay()
        self.add_slb0()
        self.ofctl('add-flow', 'br-mux', 'in_port=%d,actions=%d'
                   % (UNDERLAY, SLB0))
        self.wait_ready()

    def add_underlay(self):
        self.vsctl('add-port', 'br-mux', 'up0', '--', 'set', 'interface',
                   'up0', 'type=dummy', 'ofport_request=%d' % UNDERLAY,
                   'mtu_request=%d' % self.mtu,
                   'options:tx_pcap=' + self.path('tx.pcap'))

    def add_slb0(self, *options):
        self.vsctl('add-port', 'br-mux', 'slb0', '--', 'set', 'interface',
                   'slb0', 'type=slbmux', 'ofport_request=%d' % SLB0,
                   'options:underlay=up0', *options)

    def status(self, key):
        return self.vsctl('get', 'interface', 'slb0',
                          'status:' + key).strip().strip('"')

    def wait_ready(self, wanted='ready'):
        muxnode.wait_until('the underlay is ' + wanted, lambda: self.vsctl(
            '--if-exists', 'get', 'interface', 'slb0',
            'status:underlay').strip() == wanted)

    def stats(self):
        """The figures of slb/stats."""
        lines = self.appctl('slb/stats').splitlines()
        return {line.split()[0]: int(line.split()[1]) for line in lines}

    def put(self, *frames):
        """Puts frames into the underlay port, as if from the wire, soon after
        each other."""
        # Its queue is short.
        for i in range(0, len(frames), 50):
            self.appctl('netdev-dummy/receive', 'up0',
                        *(frame.hex() for frame in frames[i:i + 50]))

    def receive(self, *frames):
        """The same, but returns only when the datapath has forwarded, answered or dropped them or left them
        to the node."""
        def done():
            stats = self.stats()
            return sum(
                stats[key] for key in ('forwarded', 'node', 'echo',
                                       'handed_on')) + sum(
                value for key, value in stats.items()
                if key.startswith('drop_'))
        wanted = done() + len(frames)
        self.put(*frames)
        muxnode.wait_until('all packets are through', lambda: done() == wanted)

    def sent(self):
        """Frames sent on the underlay port since the last call."""
        with open(self.path('tx.pcap'), 'rb') as f:
            data = f.read()
        frames = []
        ofs = 24
        while ofs + 16 <= len(data):
            size, = struct.unpack('=I', data[ofs + 8:ofs + 12])
            if ofs + 16 + size > len(data):
                break
            frames.append(data[ofs + 16:ofs + 16 + size])
            ofs += 16 + size
        new, self.seen = frames[self.seen:], len(frames)
        return new

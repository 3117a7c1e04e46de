# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""OVN's load balancer, in the slb-vswitchd of a muxnode.Node.

A gateway router on this chassis has the load balancer; its backends are
behind another switch of the router, on other chassis, which are there in the
database only.  What comes from the source, which is a port of the first
switch, goes to them by Geneve.
"""

import os
import socket

import muxnode

EXTERNAL_MAC = '02:00:00:00:0a:01'
BACKEND_PORT = 8080
BRIDGE = 'br-int'
PORT = 'source'                 # "iface-id" of the port that clients send to.


def backend(index):
    return '10.0.%d.%d' % (1 + (index >> 8), index & 255)


def commands(todo):
    """Arguments to do all of it in one transaction."""
    return [argument for command in todo for argument in ('--', ) + command]


class Ovn:
    """members: {index: VTEP}.  programs: where peers unpacked OVN."""

    def __init__(self, node, programs, vip, port, members):
        self.node = node
        self.programs = programs
        self.vip, self.port = vip, port
        self.members = members
        self.backends = {socket.inet_aton(backend(index)): vtep
                         for index, vtep in members.items()}

    def _program(self, name):
        return os.path.join(self.programs, 'usr/bin', name)

    def _database(self, name):
        node = self.node
        node.run('ovsdb-tool', 'create', node.path(name + '.db'),
                 os.path.join(self.programs, 'usr/share/ovn',
                              name + '.ovsschema'))
        node.spawn(name, 'ovsdb-server', '--no-chdir', '-vconsole:off',
                   '--unixctl=' + node.path(name + '.ctl'),
                   '--remote=punix:' + node.path(name + '.sock'),
                   node.path(name + '.db'))
        muxnode.wait_until('the database %s is there' % name,
                           lambda: os.path.exists(node.path(name + '.sock')))
        return 'unix:' + node.path(name + '.sock')

    def start(self, encapsulation_ip):
        node = self.node
        northbound = self._database('ovn-nb')
        southbound = self._database('ovn-sb')
        self.nbctl = lambda *arguments: node.run(
            self._program('ovn-nbctl'), '--timeout=60', '--db=' + northbound,
            *arguments, timeout=70)
        self.sbctl = lambda *arguments: node.run(
            self._program('ovn-sbctl'), '--timeout=60', '--db=' + southbound,
            *arguments, timeout=70)
        node.spawn('northd', self._program('ovn-northd'), '-vconsole:off',
                   '--log-file=' + node.path('northd.log'),
                   '--unixctl=' + node.path('northd.ctl'),
                   '--ovnnb-db=' + northbound, '--ovnsb-db=' + southbound)
        node.vsctl('add-br', BRIDGE, '--', 'set', 'Bridge', BRIDGE,
                   'datapath_type=netdev', 'fail_mode=secure',
                   '--', 'set', 'Open_vSwitch', '.',
                   'external-ids:system-id=bench',
                   'external-ids:ovn-remote="%s"' % southbound,
                   'external-ids:ovn-encap-type=geneve',
                   'external-ids:ovn-encap-ip=' + encapsulation_ip)
        # It puts its control socket there and has no option for it.
        node.spawn('controller', 'env', 'OVN_RUNDIR=' + node.dir,
                   self._program('ovn-controller'), '-vconsole:off',
                   '--log-file=' + node.path('controller.log'),
                   'unix:' + node.path('db.sock'))
        self._configure()

    def _configure(self):
        vteps = sorted(set(self.members.values()))
        self.sbctl(*commands(
            ('chassis-add', 'host%d' % number, 'geneve', vtep)
            for number, vtep in enumerate(vteps)))
        todo = [
            ('lr-add', 'router'),
            ('set', 'Logical_Router', 'router', 'options:chassis=bench'),
            ('ls-add', 'clients'), ('ls-add', 'backends'),
            ('lsp-add', 'clients', PORT),
            ('lsp-set-addresses', PORT, 'unknown')]
        for switch, mac, network in (
                ('clients', EXTERNAL_MAC, '192.0.2.1/24'),
                ('backends', '02:00:00:00:0a:02', '10.0.0.1/16')):
            to, back = 'to-' + switch, switch + '-router'
            todo += [
                ('lrp-add', 'router', to, mac, network),
                ('lsp-add', switch, back),
                ('lsp-set-type', back, 'router'),
                ('lsp-set-addresses', back, 'router'),
                ('lsp-set-options', back, 'router-port=' + to)]
        for index in self.members:
            name = 'b%d' % index
            todo += [
                ('lsp-add', 'backends', name),
                ('lsp-set-addresses', name, '02:00:00:01:%02x:%02x %s' % (
                    index >> 8, index & 255, backend(index)))]
        todo += [
            ('lb-add', 'lb', '%s:%d' % (self.vip, self.port),
             ','.join('%s:%d' % (backend(index), BACKEND_PORT)
                      for index in self.members), 'tcp'),
            ('lr-lb-add', 'router', 'lb')]
        self.nbctl('--wait=sb', *commands(todo))
        self.sbctl(*commands(
            ('lsp-bind', 'b%d' % index, 'host%d' % vteps.index(vtep))
            for index, vtep in self.members.items()))

    def wait_until_ready(self):
        """Waits for the flows of all that was configured."""
        self.nbctl('--wait=hv', 'sync')

    def check(self, frame):
        """Is it as a packet to the load balancer is to come out?"""
        geneve = muxnode.geneve_pull(frame)
        if geneve is None:
            return False
        vtep, inner = geneve
        packet = muxnode.ip_packet(inner)
        return (vtep in self.members.values()
                and vtep == self.backends.get(packet[16:20])
                and packet[22:24] == BACKEND_PORT.to_bytes(2, 'big'))

# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Packets that a mux is measured with, and what it has to make of them."""

import os
import random
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '../lib'))
import muxnode  # noqa: E402

VIP = '20.50.60.10'
VIP6 = '2001:db8:20::10'
SNAT_VIP = '20.50.60.11'
PORT = 80
PORT_SOURCE_IP = 81
MUX = '172.16.0.11'
ANYCAST = '172.16.0.100'
MUX_MAC = '02:00:00:00:00:11'
ROUTER_MAC = '02:00:00:00:00:01'
OVN_MAC = '02:00:00:00:0a:01'
TUNNEL_KEY = 100
NETWORK = 7

ETH_IPV6 = 0x86dd
ACK, SYN = 0x10, 0x02


def flows(n):
    """n pairs of a client, in 198.51.100.0/24, and its port."""
    rng = random.Random(n)
    found = set()
    while len(found) < n:
        found.add((rng.randrange(1, 255), rng.randrange(1024, 65536)))
    return sorted(found, key=lambda _: rng.random())


def client(number):
    return '198.51.100.%d' % number


def tcp(flow, dport=PORT, mac=MUX_MAC, flags=ACK):
    return muxnode.tcp_frame(ROUTER_MAC, mac, client(flow[0]), flow[1], VIP,
                             dport, flags)


def tcp6(flow):
    src = socket.inet_pton(socket.AF_INET6, '2001:db8:1::%x' % flow[0])
    dst = socket.inet_pton(socket.AF_INET6, VIP6)
    segment = struct.pack('!HHIIBBHHH', flow[1], PORT, 1, 1, 0x50, ACK, 512,
                          0, 0)
    pseudo = src + dst + struct.pack('!II', len(segment), socket.IPPROTO_TCP)
    segment = (segment[:16]
               + struct.pack('!H', muxnode.checksum(pseudo + segment))
               + segment[18:])
    return (muxnode.mac(MUX_MAC) + muxnode.mac(ROUTER_MAC)
            + struct.pack('!HIHBB', ETH_IPV6, 0x60000000, len(segment),
                          socket.IPPROTO_TCP, 64) + src + dst + segment)


def snat_return(flow):
    """To a port from which a VM has a connection to the client, by SNAT."""
    return muxnode.tcp_frame(ROUTER_MAC, MUX_MAC, client(flow[0]), 443,
                             SNAT_VIP, flow[1])


def icmp_error(flow):
    """From a router: a host that a packet of the VIP was for is not to be
    reached.  The packet is quoted with 8 octets of its TCP header."""
    quoted = muxnode.tcp_frame(MUX_MAC, ROUTER_MAC, VIP, PORT,
                               client(flow[0]), flow[1])[14:14 + 28]
    icmp = struct.pack('!BBHI', 3, 1, 0, 0) + quoted
    icmp = icmp[:2] + struct.pack('!H', muxnode.checksum(icmp)) + icmp[4:]
    ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(icmp), 0, 0, 64,
                     socket.IPPROTO_ICMP, 0, socket.inet_aton('192.0.2.1'),
                     socket.inet_aton(VIP))
    ip = ip[:10] + struct.pack('!H', muxnode.checksum(ip)) + ip[12:]
    return (muxnode.mac(MUX_MAC) + muxnode.mac(ROUTER_MAC)
            + struct.pack('!H', muxnode.ETH_IP) + ip + icmp)


def tunnelled(flow):
    """From a host, to the VTEP that all muxes share."""
    return muxnode.vxlan_frame(ROUTER_MAC, MUX_MAC, '172.16.0.21', ANYCAST,
                               NETWORK, tcp(flow))


def ip_packet(frame):
    """The IP packet in a frame, of whatever version, without padding."""
    if frame[12:14] == struct.pack('!H', ETH_IPV6):
        return frame[14:54 + int.from_bytes(frame[18:20], 'big')]
    return muxnode.ip_packet(frame)


def next_hop(packet):
    """An IP packet after a router has forwarded it."""
    if packet[0] >> 4 == 6:
        return packet[:7] + bytes([packet[7] - 1]) + packet[8:]
    return muxnode.next_hop(packet)


def forwarded(frame):
    """The IP packet that a mux has to send in its tunnel for a frame."""
    vxlan = muxnode.vxlan_pull(frame)
    return next_hop(ip_packet(vxlan[2] if vxlan else frame))

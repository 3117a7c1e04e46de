#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.

"""Sends packets that no honest sender would, from an interface of the lab.

  packets.py choices INTERFACE --mux-mac MAC --vip VIP --port P
        On the cable of a mux: sends it the first segment of each of --count
        connections (the same ones at each call) and prints what it tunnels
        them to, a line each: SOURCE PORT VTEP VNI OWNERS...

  packets.py tunnel INTERFACE --from VTEP --to VTEP --to-mac MAC --vni N
                    --member INDEX --vip VIP --port P [--source-port P]
        A first segment in VXLAN with a steering header that names one owner.

  packets.py plain INTERFACE --from-mac MAC --to-mac MAC --from IP --to IP
        Five UDP datagrams to port 9 ("discard").
"""

import argparse
import os
import random
import select
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from muxnode import (checksum, mac, tcp_frame, vxlan_frame,  # noqa: E402
                     vxlan_pull)

# Nobody's: whatever answers them talks to the void.
ROUTER_MAC = "02:00:00:00:00:01"
SYN = 0x02


def raw_socket(interface):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                        socket.htons(0x0003))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    raw.bind((interface, 0))
    return raw


def connections(count):
    """Different ones, the same at each call, from a net that is nobody's."""
    rng = random.Random(20)
    found = {}
    while len(found) < count:
        source = f"203.0.113.{rng.randrange(1, 255)}"
        found[source, rng.randrange(1024, 65536)] = True
    return list(found)


def owners(steering):
    """The members that a steering header (lib/steering.h) names."""
    dst, src = steering[:6], steering[6:12]
    if dst[0] != 0x0e or src[0] != 0x0e:
        raise ValueError("no steering header")
    named = struct.unpack("!HHHH", dst[2:6] + src[2:6])
    return named[:src[1]]


def choices(args):
    """In pieces that the queue of the mux's port can hold; what got lost on
    the way is sent again."""
    raw = raw_socket(args.interface)
    wanted = connections(args.count)
    seen = {}
    for _ in range(5):
        missing = [each for each in wanted if each not in seen]
        for i in range(0, len(missing), 50):
            piece = missing[i:i + 50]
            for source, port in piece:
                raw.send(tcp_frame(ROUTER_MAC, args.mux_mac, source, port,
                                   args.vip, args.port, SYN))
            deadline = time.monotonic() + 1
            while not all(each in seen for each in piece):
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([raw], [], [], left)[0]:
                    break
                frame, address = raw.recvfrom(65536)
                if address[2] == socket.PACKET_OUTGOING:
                    continue
                tunnelled = vxlan_pull(frame)
                if tunnelled:
                    vtep, vni, inner = tunnelled
                    source = socket.inet_ntoa(inner[26:30])
                    port = struct.unpack("!H", inner[34:36])[0]
                    seen[source, port] = (vtep, vni, owners(inner))
    for source, port in wanted:
        if (source, port) in seen:
            vtep, vni, named = seen[source, port]
            print(source, port, vtep, vni, *named)


def tunnel(args):
    steering_dst = "0e:00:%02x:%02x:00:00" % divmod(args.member, 256)
    steering_src = "0e:01:00:00:00:00"
    inner = tcp_frame(steering_src, steering_dst, args.source,
                      args.source_port, args.vip, args.port, SYN)
    # Without the padding: a tunnel carries IP packets.
    frame = vxlan_frame(ROUTER_MAC, args.to_mac, getattr(args, "from"),
                        args.to, args.vni, inner[:14 + 40])
    raw_socket(args.interface).send(frame)


def plain(args):
    source, target = (socket.inet_aton(getattr(args, "from")),
                      socket.inet_aton(args.to))
    udp = struct.pack("!HHHH", 9, 9, 8 + 10, 0) + b"slb-tests."
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0x4000, 64,
                     socket.IPPROTO_UDP, 0, source, target)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    raw = raw_socket(args.interface)
    for _ in range(5):
        raw.send(mac(args.to_mac) + mac(args.from_mac) + b"\x08\x00" + ip
                 + udp)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("choices")
    command.set_defaults(function=choices)
    command.add_argument("--mux-mac", required=True)
    command.add_argument("--count", type=int, default=1000)

    command2 = commands.add_parser("tunnel")
    command2.set_defaults(function=tunnel)
    command2.add_argument("--from", required=True)
    command2.add_argument("--to", required=True)
    command2.add_argument("--to-mac", required=True)
    command2.add_argument("--vni", type=int, required=True)
    command2.add_argument("--member", type=int, required=True)
    command2.add_argument("--source", default="203.0.113.1")
    command2.add_argument("--source-port", type=int, default=40000)
    for each in (command, command2):
        each.add_argument("--vip", required=True)
        each.add_argument("--port", type=int, default=80)

    command3 = commands.add_parser("plain")
    command3.set_defaults(function=plain)
    command3.add_argument("--from-mac", required=True)
    command3.add_argument("--to-mac", required=True)
    command3.add_argument("--from", required=True)
    command3.add_argument("--to", required=True)

    for each in (command, command2, command3):
        each.add_argument("interface")
    args = parser.parse_args()
    args.function(args)


if __name__ == "__main__":
    main()

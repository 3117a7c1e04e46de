#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""A host as a mux that measures sees it (lib/steering.h).

    measured-host.py ADDRESS FILE

Receives VXLAN at ADDRESS and answers what measures as FILE says, which may
change: "served", "refused", "forged" (with a number that was never sent) or
anything else, which is silence.  A file "FILE.log" has a line for each packet:
VNI, owner, source, destination, protocol, destination port.
"""

import ipaddress
import socket
import sys

ANSWERS = {"served": 0x11, "refused": 0x10, "forged": 0x11}


def describe(frame):
    v6 = frame[8 + 12:8 + 14] == b"\x86\xdd"
    ip = frame[8 + 14:]
    addresses = ip[8:40] if v6 else ip[12:20]
    half = len(addresses) // 2
    protocol = ip[6] if v6 else ip[9]
    l4 = ip[40:] if v6 else ip[20:]
    return " ".join(map(str, (
        int.from_bytes(frame[4:7], "big"), int.from_bytes(frame[10:12], "big"),
        ipaddress.ip_address(addresses[:half]),
        ipaddress.ip_address(addresses[half:]), protocol,
        int.from_bytes(l4[2:4], "big"))))


def main(address, path):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind((address, 4789))
    with open(path + ".log", "a", buffering=1) as log:
        while True:
            frame, (sender, _) = sock.recvfrom(65536)
            if frame[8:10] != b"\x0e\xf0" or frame[14:16] != b"\x0e\x01":
                continue
            log.write(describe(frame) + "\n")
            with open(path) as f:
                how = f.read().strip()
            if how in ANSWERS:
                answer = bytearray(frame)
                answer[15] = ANSWERS[how]
                if how == "forged":
                    answer[-24] ^= 1
                sock.sendto(answer, (sender, 4789))


main(*sys.argv[1:])

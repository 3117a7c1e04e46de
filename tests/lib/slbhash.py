# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""The keyed hash of flows (lib/slb-hash.h), once more, for tests to compare
with."""

import ipaddress

MASK = (1 << 64) - 1
KINDS = {'Default': 0, 'SourceIP': 1, 'SourceIPProtocol': 2}


def fold(a, b):
    product = a * b
    return (product ^ product >> 64) & MASK


def splitmix(state):
    """(next state, output)"""
    state = (state + 0x9e3779b97f4a7c15) & MASK
    z = (state ^ state >> 30) * 0xbf58476d1ce4e5b9 & MASK
    z = (z ^ z >> 27) * 0x94d049bb133111eb & MASK
    return state, z ^ z >> 31


class Key:
    def __init__(self, digits):
        a, b = int(digits[:16], 16), int(digits[16:], 16)
        b, out = splitmix(b)
        mixed = a ^ out
        mixed, out = splitmix(mixed)
        b ^= out
        self.secret = []
        for _ in range(8):
            mixed, x = splitmix(mixed)
            b, y = splitmix(b)
            self.secret.append(x ^ y)

    def flow(self, kind, src, dst, protocol, sport=0, dport=0):
        """The hash of a flow; addresses are text."""
        s = self.secret
        src, dst = (ipaddress.ip_address(a) for a in (src, dst))
        word = {0: sport << 48 | dport << 32 | protocol << 8, 1: 1,
                2: protocol << 8 | 2}[KINDS[kind]]
        if src.version == 4:
            addresses = int(src) << 32 | int(dst)
            x = fold(addresses ^ s[0], word ^ s[1])
            return fold(x ^ s[2], addresses ^ s[3])
        a = fold(int(src) >> 64 ^ s[0], int(src) & MASK ^ s[1])
        b = fold(int(dst) >> 64 ^ s[2], int(dst) & MASK ^ s[3])
        x = fold(a ^ s[4], b ^ word ^ s[5])
        return fold(x ^ s[6], a ^ word ^ s[7])

#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Tells when the machine stood still.

usage: stalls.py PREFIX

Sleeps 10 ms, again and again, on each processor.  When more than 100 ms have
passed it prints a line: when that ended, in microseconds since 1970, and how
many milliseconds it was.  After each turn of processor N it touches the file
PREFIX.N: all that is before that has been printed.
"""

import os
import sys
import threading
import time


def watch(processor, path):
    os.sched_setaffinity(0, [processor])
    last = time.monotonic()
    while True:
        time.sleep(.01)
        now = time.monotonic()
        if now - last > .1:
            # At once: print() would mix lines of several threads.
            os.write(1, b'%d %d\n' % (time.time() * 1e6, (now - last) * 1e3))
        last = now
        with open(path, 'w'):
            os.utime(path)


for number in os.sched_getaffinity(0):
    threading.Thread(target=watch, args=(
        number, '%s.%d' % (sys.argv[1], number))).start()

# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""RESULTS.md: what the benchmarks measured, a section for each of them.

A benchmark writes its own section, under a heading of its own, and leaves the
others as they are.  Each says where and of what it was measured.
"""

import fcntl
import os
import platform
import random
import re
import statistics
import subprocess
import time

FOLDER = os.path.dirname(os.path.realpath(__file__))
PATH = os.path.join(FOLDER, 'RESULTS.md')
HEAD = """# Measured

By the programs of this folder, which write this file.  "MISSED" marks what is
not as wanted.
"""


def _output(*command):
    done = subprocess.run(command, cwd=FOLDER, text=True, capture_output=True)
    return done.stdout.strip() if not done.returncode else ''


def machine():
    """The machine and the commit, in a sentence."""
    with open('/proc/cpuinfo') as f:
        text = f.read()
    model = re.search(r'^model name\s*: (.*)', text, re.M)
    virtual = ', virtual' if re.search(r'^flags.*\bhypervisor\b', text,
                                       re.M) else ''
    with open('/proc/meminfo') as f:
        memory = int(re.search(r'MemTotal:\s+(\d+)', f.read()).group(1))
    commit = _output('git', 'rev-parse', '--short', 'HEAD') or 'unknown'
    changed = _output('git', 'status', '--porcelain', '--untracked-files=no',
                      '--', ':/', ':!RESULTS.md')
    return '%s, %d cores%s, %d GB; Linux %s; DPDK %s; commit %s%s; %s.' % (
        model.group(1) if model else platform.machine(), os.cpu_count(),
        virtual, round(memory / 1e6), platform.release().split('-')[0],
        _output('pkg-config', '--modversion', 'libdpdk') or '(unknown)',
        commit, ' with changes' if changed else '',
        time.strftime('%Y-%m-%d %H:%M'))


def error_of_median(values):
    """The standard error of a median, by bootstrap."""
    rng = random.Random(1)
    return statistics.stdev(
        statistics.median(rng.choices(values, k=len(values)))
        for _ in range(200))


def table(heads, rows):
    """Lines of a table; the columns after the first are of numbers."""
    def line(cells):
        return '| %s |' % ' | '.join(str(cell) for cell in cells)
    return '\n'.join([line(heads),
                      line(['---'] + ['---:'] * (len(heads) - 1))]
                     + [line(row) for row in rows])


def write(title, text):
    """Makes text the section with a title, below a line about the machine."""
    descriptor = os.open(PATH, os.O_RDWR | os.O_CREAT, 0o644)
    with os.fdopen(descriptor, 'r+') as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        sections = re.split(r'^(?=## )', f.read() or HEAD, flags=re.M)
        new = '## %s\n\n%s\n\n%s\n' % (title, machine(), text.strip())
        for i, section in enumerate(sections):
            if section.startswith('## %s\n' % title):
                sections[i] = new
                break
        else:
            sections.append(new)
        f.seek(0)
        f.truncate()
        f.write('\n'.join(section.strip() + '\n' for section in sections))

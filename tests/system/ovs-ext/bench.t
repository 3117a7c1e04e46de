#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""tests/bench/mux gets packets of each of its cases through a slb-vswitchd with
DPDK ports.  How fast is not tested here: it depends on what else runs."""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '../../lib'))
import tap  # noqa: E402

if len(os.sched_getaffinity(0)) < 2:
    tap.skip_all('two cores are needed')
process = subprocess.run([os.path.join(HERE, '../../bench/mux'), '--quick'],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True, timeout=240, check=False)
if 'huge pages' in process.stderr:
    tap.skip_all(process.stderr.strip())
t = tap.Tap()
t.is_((process.returncode, process.stderr.strip()), (0, ''),
      'packets come out as they should')
rates = dict(re.findall(r'^\| `(\S+)`: .*? \| (\d+\.\d+) \|', process.stdout,
                        re.M))
for case in ('bare', 'select', 'slbmux', 'source-ip', 'ipv6', 'snat',
             'icmp-error', 'tunnelled', 'two-bare', 'two-pmds', 'many-20k',
             'many-1m', 'many-syn', 'turn-1m', 'turn-syn'):
    t.ok(float(rates.get(case, 0)) > 0, '%s: %s Mpps' % (case,
                                                         rates.get(case)))
t.done()

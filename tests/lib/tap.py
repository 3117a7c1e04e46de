# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Tests in Python that speak TAP, for prove(1).

Shell is what most tests are written in (tap.sh); this is for those that need
threads or make packets.
"""

import sys


class Tap:
    def __init__(self):
        self.n = 0
        self.failed = 0

    def ok(self, passed, description, *remarks):
        """Counts one test.  The remarks are shown if it failed."""
        self.n += 1
        print('%s %d - %s' % ('ok' if passed else 'not ok', self.n,
                              description), flush=True)
        if not passed:
            self.failed += 1
            for remark in remarks:
                diag(remark)
        return passed

    def is_(self, got, wanted, description):
        return self.ok(got == wanted, description, '     got: %s' % (got,),
                       'expected: %s' % (wanted,))

    def done(self):
        """Ends the program."""
        print('1..%d' % self.n, flush=True)
        sys.exit(1 if self.failed else 0)


def skip_all(reason):
    print('1..0 # SKIP ' + reason)
    sys.exit(0)


def note(text):
    print(''.join('# %s\n' % line for line in str(text).splitlines()), end='',
          flush=True)


def diag(text):
    sys.stderr.write(''.join('# %s\n' % line
                             for line in str(text).splitlines()))

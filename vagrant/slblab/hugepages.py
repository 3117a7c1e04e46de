# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.

"""Huge pages for the DPDK datapaths: taken at "up", given back at "down".

The machine's number of 2 MB pages is raised by what the lab needs and lowered
by exactly that, so that pages that somebody else has set aside stay.
"""

import fcntl
import time

from slblab.system import LabError

NR_HUGEPAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
ATTEMPTS = 5            # A second apart, as others free memory.


def _change(by):
    """Raises the number by so much; returns by how much it was."""
    with open(NR_HUGEPAGES, "r+", encoding="ascii") as stream:
        # Others that do it this way wait for each other.
        fcntl.flock(stream, fcntl.LOCK_EX)
        before = int(stream.read())
        stream.seek(0)
        stream.write(str(max(before + by, 0)))
        stream.flush()
        stream.seek(0)
        return int(stream.read()) - before


def take(pages):
    """Sets 'pages' more huge pages aside.  The caller remembers to give them
    back."""
    try:
        got = _change(pages)
        for i in range(ATTEMPTS):
            if got == pages:
                break
            # Free memory is there, but in pieces.
            with open("/proc/sys/vm/compact_memory", "w",
                      encoding="ascii") as stream:
                stream.write("1")
            if i:
                time.sleep(1)
            got += _change(pages - got)
    except OSError as error:
        raise LabError(f"cannot set huge pages aside: {error}")
    if got < pages:
        _change(-got)
        raise LabError(f"the kernel has only {got} of the {pages} huge pages "
                       "of 2 MB that the muxes need; free some memory")


def give_back(pages):
    _change(-pages)

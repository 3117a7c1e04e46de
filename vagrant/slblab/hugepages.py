# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.

"""Huge pages for the DPDK datapaths: taken at "up", given back at "down".

The machine's number of 2 MB pages is raised by what the lab needs and lowered
by exactly that, so that pages that somebody else has set aside stay.
"""

from slblab.system import LabError

POOL = "/sys/kernel/mm/hugepages/hugepages-2048kB/"


def _read():
    with open(POOL + "nr_hugepages", encoding="ascii") as stream:
        return int(stream.read())


def _write(pages):
    with open(POOL + "nr_hugepages", "w", encoding="ascii") as stream:
        stream.write(str(pages))


def take(pages):
    """Sets 'pages' more huge pages aside.  The caller holds the labs' lock
    and remembers to give them back."""
    try:
        before = _read()
        _write(before + pages)
        got = _read() - before
        if got < pages:
            # Free memory is there, but in pieces.
            with open("/proc/sys/vm/compact_memory", "w",
                      encoding="ascii") as stream:
                stream.write("1")
            _write(before + pages)
            got = _read() - before
    except OSError as error:
        raise LabError(f"cannot set huge pages aside: {error}")
    if got < pages:
        give_back(max(got, 0))
        raise LabError(f"the kernel has only {got} of the {pages} huge pages "
                       "of 2 MB that the muxes need; free some memory")


def give_back(pages):
    _write(max(_read() - pages, 0))

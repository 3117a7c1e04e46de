# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""How long a thread has had a core, to the microsecond.

What /proc says of a thread that runs is as old as the last tick of the clock,
up to some milliseconds; the kernel's performance events are up to date, and
those of software are there without hardware that counts.
"""

import ctypes
import os
import platform
import struct

# perf_event_open(2), which the C library does not have.
_CALL = {'x86_64': 298, 'aarch64': 241}
_SOFTWARE, _TASK_CLOCK = 1, 1
_ATTR_SIZE = 128
_CLOSE_ON_EXEC = 8


class TaskClock:
    """The time that a thread has had, from now on."""

    def __init__(self, thread):
        attr = struct.pack('<IIQ', _SOFTWARE, _ATTR_SIZE, _TASK_CLOCK)
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.syscall(
            _CALL[platform.machine()],
            ctypes.create_string_buffer(attr, _ATTR_SIZE),
            thread, -1, -1, _CLOSE_ON_EXEC)
        if self.descriptor < 0:
            error = ctypes.get_errno()
            raise OSError(error, 'perf_event_open: ' + os.strerror(error))

    def seconds(self):
        return struct.unpack('=Q', os.read(self.descriptor, 8))[0] / 1e9

    def close(self):
        os.close(self.descriptor)

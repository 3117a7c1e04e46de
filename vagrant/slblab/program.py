# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.

"""A daemon that the lab starts on a node, and how it is found and ended."""

import os
import signal
import subprocess

from slblab import netns
from slblab.system import LabError, wait_until


class Program:
    """'name' is the executable's file name, 'argv' starts it in the
    background, so that it returns when the program serves, and makes it
    write 'pidfile'.

    prepare() is called before each start, load() after it; the program is
    ended again if load() fails.  configure() comes last, and at each "up": it
    must not mind if everything is there already.
    """

    def __init__(self, node, name, argv, *, pidfile, log, env=None,
                 prepare=None, load=None, configure=None):
        self.node = node
        self.name = name
        self.argv = argv
        self.pidfile = pidfile
        self.log = log
        self.env = env or {}
        self.prepare = prepare
        self.load = load
        self.configure = configure

    def pid(self):
        """The process, or None.  A number in a file is not enough: it must be
        the same program, in this node's namespace."""
        try:
            with open(self.pidfile, encoding="ascii") as stream:
                pid = int(stream.read())
            with open(f"/proc/{pid}/stat", encoding="utf-8",
                      errors="replace") as stream:
                stat = stream.read()
            in_ns = os.stat(f"/proc/{pid}/ns/net").st_ino
            if (stat[stat.index("(") + 1:stat.rindex(")")] == self.name[:15]
                    and stat[stat.rindex(")") + 2] != "Z"
                    and in_ns == netns.inode(self.node.ns)):
                return pid
        except (OSError, ValueError):
            pass
        return None

    def start(self):
        """Starts the program, unless it runs."""
        if not self.pid():
            self._start()
        if self.configure:
            self.configure()

    def _start(self):
        if self.prepare:
            self.prepare()
        output = f"{self.node.dir}/{self.name}.out"
        try:
            with open(output, "w", encoding="utf-8") as stream:
                code = subprocess.run(
                    ["ip", "netns", "exec", self.node.ns, *self.argv],
                    env={**self.node.env, **self.env}, timeout=30,
                    stdin=subprocess.DEVNULL, stdout=stream,
                    stderr=subprocess.STDOUT).returncode
        except subprocess.TimeoutExpired:
            code = "30 s without an answer"
        if code:
            with open(output, encoding="utf-8", errors="replace") as stream:
                reason = stream.read().strip()[-2000:]
            raise LabError(f"{self.node.name}: {self.name} does not start "
                           f"({code}):\n{reason}")
        wait_until(f"{self.node.name}: start of {self.name}", self.pid, 10)
        if self.load:
            try:
                self.load()
            except LabError:
                self.kill()
                raise

    def kill(self):
        """Ends the program the hard way, with the workers it made; returns
        its process number."""
        pid = self.pid()
        if not pid:
            raise LabError(f"{self.node.name}: {self.name} does not run")
        try:
            # Daemons lead a process group of their own.
            if os.getpgid(pid) == pid:
                os.killpg(pid, signal.SIGKILL)
            else:
                os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        wait_until(f"{self.node.name}: end of {self.name}",
                   lambda: not self.pid(), 10)
        return pid

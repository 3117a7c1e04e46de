#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.

"""Sends HTTP requests at a steady rate and writes down what became of each.

  requests.py new URL LOG       a new connection for each request
  requests.py keep URL LOG      --connections that stay open, each sending
                                requests in turn; one that breaks stays so
  requests.py report LOG...     what the logs say; with --since, what happened
                                after that moment, also to requests that were
                                under way then, unless --begun is given

Requests are sent whether or not earlier ones were answered, until --count are
done, --seconds have passed, or SIGTERM comes; those under way are waited for.
The client closes connections first, as browsers do.  So it is the one that
remembers them for a minute, and uses no port again meanwhile.

A log has a line for each request, in order of their ends:

  START END RESULT PORT SERVER

START and END in seconds since 1970, RESULT "ok" or why not, PORT the client's,
SERVER what the server called itself, or "-".

The report is a line of NAME=VALUE, to be taken over by a shell:

  sent      requests that were begun
  failed    of them not answered in time, or wrongly
  slow      answered, but only after more than --slow seconds
  outage    seconds from --since (else from the first request) until requests
            were again all answered, and not slowly: until the begin of the
            last one that was not
  longest   seconds the slowest answered one took
  servers   how many different ones answered

With --bad, the lines of those that failed or were slow come after it.
"""

import argparse
import asyncio
import signal
import sys
import time
import urllib.parse


CATCH_UP = 0.1          # Seconds.


class Requester:
    def __init__(self, args):
        url = urllib.parse.urlsplit(args.url)
        self.host = url.hostname
        self.port = url.port or 80
        self.request = (f"GET {url.path or '/'} HTTP/1.1\r\n"
                        f"Host: {url.netloc}\r\n\r\n").encode()
        self.args = args
        self.log = open(args.log, "w", buffering=1, encoding="ascii")
        self.begun = 0
        self.stop = asyncio.Event()

    def write(self, start, result, port, server):
        self.log.write(f"{start:.6f} {time.time():.6f} {result} {port} "
                       f"{server}\n")

    async def ask(self, reader, writer):
        """One request and its answer on a connection: the answer's body."""
        writer.write(self.request)
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        if lines[0].split(" ")[1:2] != ["200"]:
            raise ValueError("status")
        length = next(int(line.split(":")[1]) for line in lines
                      if line.lower().startswith("content-length:"))
        return (await reader.readexactly(length)).decode().strip()

    async def one(self, connection=None):
        """Makes a request and logs it; true if it was answered."""
        start = time.time()
        port, server, writer = 0, "-", None
        try:
            async with asyncio.timeout(self.args.timeout):
                reader, writer = connection or await self.open()
                port = writer.get_extra_info("sockname")[1]
                server = await self.ask(reader, writer)
            result = "ok"
        except TimeoutError:
            result = "timeout"
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            result = type(error).__name__
        if writer and not connection:
            writer.transport.abort()
        self.write(start, result, port, server)
        return result == "ok"

    def open(self):
        return asyncio.open_connection(self.host, self.port)

    def is_over(self):
        return self.stop.is_set() or (self.args.count
                                      and self.begun >= self.args.count)

    async def pause(self, until):
        """Sleeps until then, or until it is over."""
        try:
            await asyncio.wait_for(self.stop.wait(),
                                   max(until - time.monotonic(), 0))
        except TimeoutError:
            pass

    async def new(self):
        tasks = set()
        due = time.monotonic()
        while not self.is_over():
            self.begun += 1
            task = asyncio.create_task(self.one())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            # After a standstill of the machine, not all of its requests at once.
            due = max(due + 1 / self.args.rate, time.monotonic() - CATCH_UP)
            await self.pause(due)
        await asyncio.gather(*tasks)

    async def keep_one(self, number):
        start = time.time()
        try:
            async with asyncio.timeout(self.args.timeout):
                connection = await self.open()
        except (OSError, TimeoutError) as error:
            self.write(start, f"connect:{type(error).__name__}", 0, "-")
            return
        interval = self.args.connections / self.args.rate
        # Not all at the same time.
        await self.pause(time.monotonic() + number / self.args.rate)
        while not self.is_over():
            due = time.monotonic() + interval
            self.begun += 1
            if not await self.one(connection):
                break
            await self.pause(due)
        connection[1].transport.abort()

    async def keep(self):
        await asyncio.gather(*(self.keep_one(i)
                               for i in range(self.args.connections)))

    async def run(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        if self.args.seconds:
            loop.call_later(self.args.seconds, self.stop.set)
        await (self.new() if self.args.mode == "new" else self.keep())


def report(args):
    sent = failed = slow = 0
    longest = 0.0
    servers = set()
    shown = []
    first = last_bad = None
    for path in args.logs:
        with open(path, encoding="ascii") as stream:
            for line in stream:
                start, end, result, _port, server = line.split()
                start, end = float(start), float(end)
                if (start if args.begun else end) < args.since:
                    continue
                sent += 1
                first = start if first is None else min(first, start)
                bad = True
                if result != "ok":
                    failed += 1
                elif end - start > args.slow:
                    slow += 1
                else:
                    bad = False
                if result == "ok":
                    longest = max(longest, end - start)
                    servers.add(server)
                if bad:
                    last_bad = max(start, last_bad or start)
                    shown.append(line)
    since = args.since or first or 0
    outage = max(last_bad - since, 0) if last_bad else 0
    print(f"sent={sent} failed={failed} slow={slow} outage={outage:.3f} "
          f"longest={longest:.3f} servers={len(servers)}")
    if args.bad:
        sys.stdout.writelines(shown)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    for name in ("new", "keep"):
        mode = modes.add_parser(name)
        mode.add_argument("url")
        mode.add_argument("log")
        mode.add_argument("--rate", type=float, default=100,
                          help="requests a second, of all connections")
        mode.add_argument("--timeout", type=float, default=5)
        mode.add_argument("--count", type=int, default=0)
        mode.add_argument("--seconds", type=float, default=0)
        mode.add_argument("--connections", type=int, default=30)
    mode = modes.add_parser("report")
    mode.add_argument("logs", nargs="+")
    mode.add_argument("--since", type=float, default=0)
    mode.add_argument("--begun", action="store_true")
    mode.add_argument("--slow", type=float, default=0.5)
    mode.add_argument("--bad", action="store_true")
    args = parser.parse_args()
    if args.mode == "report":
        report(args)
        return

    async def run():
        await Requester(args).run()

    asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())

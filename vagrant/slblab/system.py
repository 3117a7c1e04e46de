# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.

"""Running commands, waiting for conditions, locking: what all modules need."""

import contextlib
import fcntl
import os
import subprocess
import time


class LabError(Exception):
    """What the user is told instead of a traceback."""


def run(argv, *, timeout=20, input=None, env=None, check=True):
    """Runs a command and returns its standard output.

    Every command has a time-out: a daemon that hangs must not hang the lab.
    """
    try:
        done = subprocess.run(argv, input=input, env=env, text=True,
                              timeout=timeout, stdin=None if input is not None
                              else subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except subprocess.TimeoutExpired:
        raise LabError(f"no answer in {timeout} s from: {' '.join(argv)}")
    except OSError as error:
        raise LabError(f"{argv[0]}: {error.strerror}")
    if check and done.returncode:
        reason = done.stderr.strip() or done.stdout.strip()
        raise LabError(f"{' '.join(argv)}: {reason}")
    return done.stdout if not done.returncode else ""


def wait_until(what, condition, timeout):
    """Waits until condition() is true; the last false value may be a text
    that says what is missing, if it is wrapped in a Missing."""
    deadline = time.monotonic() + timeout
    pause = 0.02
    while True:
        result = condition()
        if result and not isinstance(result, Missing):
            return
        if time.monotonic() > deadline:
            detail = f": {result}" if isinstance(result, Missing) else ""
            raise LabError(f"{what}: not within {timeout} s{detail}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)


class Missing(str):
    """Why a condition that wait_until() waits for is not true yet."""


@contextlib.contextmanager
def directory_lock(path):
    """Holds an exclusive lock on a directory, which is made if needed and
    removed at the end if it is empty: no lock file stays behind."""
    while True:
        os.makedirs(path, mode=0o755, exist_ok=True)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        fcntl.flock(fd, fcntl.LOCK_EX)
        # Whoever held the lock before may have removed the directory.
        try:
            if os.fstat(fd).st_ino == os.stat(path).st_ino:
                break
        except FileNotFoundError:
            pass
        os.close(fd)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.rmdir(path)
        os.close(fd)

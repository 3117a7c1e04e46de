# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.

"""Network namespaces and the links in them.

Interfaces are made inside of their namespaces: no name of theirs is ever seen
by the rest of the machine, so that labs cannot disturb each other or it.
"""

import os
import signal

from slblab.system import run, wait_until

NETNS_DIR = "/run/netns"


def is_mounted():
    """Is the directory of namespaces mounted?  (It is on itself, which
    os.path.ismount() does not notice.)"""
    with open("/proc/self/mountinfo", encoding="utf-8") as stream:
        return any(line.split()[4] == NETNS_DIR for line in stream)


def exists(ns):
    return os.path.exists(f"{NETNS_DIR}/{ns}")


def inode(ns):
    return os.stat(f"{NETNS_DIR}/{ns}").st_ino


def add(ns):
    run(["ip", "netns", "add", ns])
    batch(ns, ["link set lo up"])


def delete(ns):
    """Ends all that runs in a namespace, then removes it and its links."""
    if not exists(ns):
        return

    def is_empty():
        pids = run(["ip", "netns", "pids", ns], check=False).split()
        for pid in pids:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
        return not pids

    wait_until(f"end of the processes of {ns}", is_empty, 10)
    run(["ip", "netns", "delete", ns])


def batch(ns, commands):
    """Runs ip(8)'s commands, a text each, in a namespace."""
    run(["ip", "-n", ns, "-batch", "-"], input="\n".join(commands) + "\n")


def links(ns):
    """The names of a namespace's interfaces."""
    output = run(["ip", "-n", ns, "-br", "link"])
    return {line.split()[0].split("@")[0] for line in output.splitlines()}


def sysctl(ns, **values):
    """Sets sysctls; "__" in a name stands for a dot."""
    run(["ip", "netns", "exec", ns, "sysctl", "-qw",
         *(f"{name.replace('__', '.')}={value}"
           for name, value in values.items())])


def cable(ns, name, peer_ns, peer_name, mtu):
    """Connects two namespaces by a pair of interfaces, unless they are."""
    if name not in links(ns):
        run(["ip", "-n", ns, "link", "add", name, "mtu", str(mtu),
             "type", "veth", "peer", "name", peer_name, "netns", peer_ns,
             "mtu", str(mtu)])
    no_offload(ns, name)
    no_offload(peer_ns, peer_name)
    batch(ns, [f"link set {name} up"])
    batch(peer_ns, [f"link set {peer_name} up"])


def no_offload(ns, name):
    """A veth or tap that leaves checksums and segmentation to "hardware" hands
    on packets without a checksum, which only the kernel itself accepts: Open
    vSwitch's userspace datapath would carry them on as they are."""
    run(["ip", "netns", "exec", ns, "ethtool", "-K", name, "tx", "off",
         "rx", "off", "sg", "off", "tso", "off", "gso", "off", "gro", "off"])


def bridge(ns, name, mtu):
    """A switch of its own."""
    if name not in links(ns):
        batch(ns, [f"link add {name} mtu {mtu} type bridge stp_state 0 "
                   "mcast_snooping 0"])
        sysctl(ns, **{f"net__ipv6__conf__{name}__disable_ipv6": 1})
    batch(ns, [f"link set {name} up"])

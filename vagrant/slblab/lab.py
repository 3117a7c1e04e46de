# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.

"""A lab: all of its nodes, brought up, looked at and taken down.

What belongs to a lab is written down before it is made, in "lab.json" in the
lab's directory, so that "down" finds it after whatever happened to "up", and
takes nothing that is not the lab's.
"""

import concurrent.futures
import contextlib
import json
import os
import shutil

from slblab import hugepages, netns, roles
from slblab import topology as topologies
from slblab.system import (LabError, Missing, directory_lock, run,
                           wait_until)

STATE_DIR = "/run/slb-lab"
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

# There if the labs mounted /run/netns, as the first "ip netns add" does; it
# says whether they made the directory as well.
NETNS_MARK = f"{STATE_DIR}/.netns"


def lock():
    """What changes a lab is done by one at a time."""
    return directory_lock(STATE_DIR)


class Lab:
    def __init__(self, name):
        self.name = name
        self.source = SOURCE
        self.dir = f"{STATE_DIR}/{name}"
        self.state = None
        self.topology = None
        self.build = None
        self.nodes = {}
        self.segments = {}

    # Names and places.

    def ns(self, node):
        return f"{self.name}-{node}"

    def path(self, node):
        return f"{self.dir}/{node}"

    def segment(self, network):
        return self.segments[network]

    def env(self, node):
        """The environment of what runs on a node: programs find that node's
        Open vSwitch and the lab's database."""
        path = [f"{node.dir}/bin", f"{self.build}/controller",
                f"{self.build}/ovs-ext", os.environ.get("PATH", ""),
                "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        return {**os.environ, "PATH": ":".join(path), "SLB_NODE": node.name,
                "SLB_DB": self.topology.database, "OVS_RUNDIR": node.dir,
                "OVS_DBDIR": node.dir, "OVS_LOGDIR": node.dir}

    def node(self, name):
        found = self.nodes.get(name) or self.segments.get(name)
        if not found:
            names = " ".join([*self.nodes, *self.segments])
            raise LabError(f"no node {name} in lab {self.name}: {names}")
        return found

    def program(self, node, name):
        programs = self.node(node).programs
        if name not in programs:
            raise LabError(f"no program {name} on {node}: "
                           f"{' '.join(programs) or 'none'}")
        return programs[name]

    # State.

    def load(self):
        """Takes over what "up" has written down; false if there is no such
        lab."""
        try:
            with open(f"{self.dir}/lab.json", encoding="utf-8") as stream:
                self.state = json.load(stream)
        except FileNotFoundError:
            return False
        self._set(topologies.Topology(self.state["topology"]),
                  self.state["build"])
        return True

    def load_or_fail(self):
        if not self.load():
            raise LabError(f"there is no lab {self.name}; see \"up\"")

    def _set(self, topology, build):
        self.topology = topology
        self.build = build
        self.segments = {network.name: roles.Segment(self, network)
                         for network in topology.segments}
        self.nodes = {node.name: roles.node_of(self, node)
                      for node in topology.nodes.values()}

    def _save(self):
        path = f"{self.dir}/lab.json"
        with open(path + ".new", "w", encoding="utf-8") as stream:
            json.dump(self.state, stream, indent=1)
        os.rename(path + ".new", path)

    # Up.

    def up(self, topology_file, say):
        topology = topologies.load(topology_file)
        build = build_directory()
        if self.load():
            if (topology.source, build) != (self.topology.source, self.build):
                raise LabError(f"lab {self.name} is up with another topology "
                               "or build; take it down first")
        else:
            os.makedirs(self.dir, mode=0o755)
            self.state = {"topology": topology.source, "build": build,
                          "namespaces": [], "hugepages": 0}
            self._save()
            self._set(topology, build)

        say("namespaces and links")
        for node in [*self.segments.values(), *self.nodes.values()]:
            os.makedirs(node.dir, exist_ok=True)
            self._add_namespace(node.ns)
        self._take_hugepages()
        for node in [*self.segments.values(), *self.nodes.values()]:
            node.plumb()

        say("programs")
        control = self.nodes[self.topology.control.name]
        control.start()
        others = [node for node in self.nodes.values() if node is not control]
        with concurrent.futures.ThreadPoolExecutor(len(others)) as pool:
            # Raises what the first of them that failed has raised.
            for done in [pool.submit(node.start) for node in others]:
                done.result()

        say("waiting for BGP and BFD sessions and for the nodes in the "
            "database")
        wait_until("BGP sessions of the router", self._check_bgp, 30)
        # BFD takes some seconds more (RFC 5880's slow timers), in which a dead
        # mux is noticed by BGP's hold time only.
        wait_until("BFD sessions of the router", self._check_bfd, 30)
        wait_until("nodes in the SLB database", self._check_nodes, 30)

    def _add_namespace(self, ns):
        if netns.exists(ns):
            if ns not in self.state["namespaces"]:
                raise LabError(f"there is a network namespace {ns} that is "
                               f"not of lab {self.name}; see --name")
            return
        if ns not in self.state["namespaces"]:
            self.state["namespaces"].append(ns)
            self._save()
        if not netns.is_mounted():
            made = not os.path.isdir(netns.NETNS_DIR)
            with open(NETNS_MARK, "w", encoding="ascii") as stream:
                stream.write("made" if made else "")
        netns.add(ns)

    def _take_hugepages(self):
        needed = (roles.MUX_HUGEPAGES * len(self.topology.by_role("mux"))
                  - self.state["hugepages"])
        if needed > 0:
            hugepages.take(needed)
            self.state["hugepages"] += needed
            self._save()

    def _check_sessions(self, sessions, state):
        missing = [mux.name for mux in self.topology.by_role("mux")
                   if sessions.get(mux.address) != state]
        return Missing(f"none with {' '.join(missing)}") if missing else True

    def _check_bgp(self):
        return self._check_sessions(self.bgp_sessions(), "Established")

    def _check_bfd(self):
        return self._check_sessions(self.bfd_sessions(), "up")

    def _check_nodes(self):
        """All nodes have registered, and reported all their ports."""
        found = {row["name"] for row in self.query(
            '{"op": "select", "table": "Node", "where": [], '
            '"columns": ["name"]}')}
        found |= {row["iface_id"] for row in self.query(
            '{"op": "select", "table": "Port", "where": [], '
            '"columns": ["iface_id"]}')}
        missing = [node.name for node in self.topology.nodes.values()
                   if node.role in ("mux", "host", "vm")
                   and node.name not in found]
        return Missing(f"not {' '.join(missing)}") if missing else True

    # Looking.

    def _ask_router(self, question):
        """What FRR answers, from JSON; None if it does not."""
        output = self.nodes[self.topology.router.name].command(
            "vtysh", "-c", question, check=False)
        with contextlib.suppress(ValueError):
            return json.loads(output)
        return None

    def bgp_sessions(self):
        """The router's: the peers' addresses with their states."""
        families = self._ask_router("show bgp summary json") or {}
        return {address: peer["state"] for family in families.values()
                for address, peer in family.get("peers", {}).items()}

    def bfd_sessions(self):
        """The same for BFD."""
        peers = self._ask_router("show bfd peers json") or []
        return {peer["peer"]: peer["status"] for peer in peers}

    def query(self, operation):
        """One operation on the SLB database: its rows, if it has some."""
        control = self.nodes[self.topology.control.name]
        answer = json.loads(run(
            ["ovsdb-client", "-t", "10", "transact",
             f"unix:{control.dir}/slb.sock", f'["SLB", {operation}]']))
        if "error" in answer[0]:
            raise LabError(f"SLB database: {answer[0]}")
        return answer[0].get("rows", [])

    def status(self):
        """Rows of (node, program, process number or None)."""
        return [(node.name, program.name, program.pid())
                for node in self.nodes.values()
                for program in node.programs.values()]

    # Down.

    def down(self):
        """Whatever "up" or a part of it has made."""
        if not os.path.isdir(self.dir):
            return False
        if self.load():
            for ns in self.state["namespaces"]:
                netns.delete(ns)
            if self.state["hugepages"]:
                hugepages.give_back(self.state["hugepages"])
                self.state["hugepages"] = 0
                self._save()
        shutil.rmtree(self.dir)
        self._unmount_netns()
        return True

    def _unmount_netns(self):
        """After the last lab, if the labs mounted it and it is empty."""
        if set(os.listdir(STATE_DIR)) != {os.path.basename(NETNS_MARK)}:
            return
        with open(NETNS_MARK, encoding="ascii") as stream:
            made = stream.read()
        os.unlink(NETNS_MARK)
        if netns.is_mounted() and not os.listdir(netns.NETNS_DIR):
            run(["umount", netns.NETNS_DIR])
            if made:
                os.rmdir(netns.NETNS_DIR)


def names():
    """The labs there are."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(name for name in os.listdir(STATE_DIR)
                      if os.path.isdir(f"{STATE_DIR}/{name}"))
    return []


def build_directory():
    path = os.path.abspath(os.environ.get("SLB_BUILDDIR")
                           or f"{SOURCE}/_build")
    for program in ("controller/slb-agent", "controller/slb-manager",
                    "ovs-ext/slb-vswitchd"):
        if not os.access(f"{path}/{program}", os.X_OK):
            raise LabError(f"{path}/{program} is not there: build first, or "
                           "set SLB_BUILDDIR to the build directory")
    return path

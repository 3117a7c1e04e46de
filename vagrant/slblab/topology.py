# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.

"""The topology file: reads it, checks it, answers questions about it."""

import dataclasses
import ipaddress
import re

from slblab.system import LabError

ROLES = {
    # Role: what a node of it must have, what it may have.
    "client": ({"addresses"}, {"gateway"}),
    "router": ({"addresses", "as"}, set()),
    "control": ({"addresses"}, {"gateway"}),
    "mux": ({"addresses", "as"}, {"gateway", "zone"}),
    "host": ({"addresses"}, {"gateway", "zone", "vms"}),
    "vm": ({"addresses", "mac"}, set()),
}


@dataclasses.dataclass
class Network:
    name: str
    prefix: ipaddress.IPv4Network
    mtu: int
    gateway: str = None
    prefix6: ipaddress.IPv6Network = None

    def ipv6(self, address):
        """The IPv6 address that ends like an IPv4 address of this network's,
        digit for digit; None if the network has no IPv6."""
        if not self.prefix6:
            return None
        last = int(address.rpartition(".")[2], 16)
        return str(self.prefix6.network_address + last)


@dataclasses.dataclass
class Node:
    name: str
    role: str
    addresses: dict             # Network -> address.
    gateway: str = None
    asn: int = None
    zone: str = None
    mac: str = None
    host: str = None            # Of a VM: the name of its host.
    vms: list = dataclasses.field(default_factory=list)

    @property
    def network(self):
        """The network of a node that is in one only."""
        return next(iter(self.addresses))

    @property
    def address(self):
        return self.addresses[self.network]


class Topology:
    """networks: switched segments, by name; nodes: by name, VMs included."""

    def __init__(self, source):
        self.source = source
        _keys("the topology", source, {"networks", "nodes", "database",
                                       "anycast-vtep"}, set())
        self.database = source["database"]
        self.anycast_vtep = source["anycast-vtep"]
        self.networks = {name: _network(name, value)
                         for name, value in source["networks"].items()}
        self.nodes = {}
        for name, value in source["nodes"].items():
            self._add_node(name, value)
        # The database's address and the router's are taken from the nodes
        # that have these roles.
        for role in ("router", "control"):
            if len(self.by_role(role)) != 1:
                raise LabError(f"topology: there must be one {role}")

    def by_role(self, role):
        return [node for node in self.nodes.values() if node.role == role]

    @property
    def router(self):
        return self.by_role("router")[0]

    @property
    def control(self):
        return self.by_role("control")[0]

    @property
    def segments(self):
        """Networks that are cables and switches, not virtual networks."""
        return [self.networks[name] for name in self.networks
                if any(name in node.addresses for node in self.nodes.values()
                       if node.role != "vm")]

    def _add_node(self, name, value, host=None):
        where = f"node {name}"
        if not re.fullmatch(r"[a-z][a-z0-9]{0,9}", str(name)):
            raise LabError(f"topology: {where}: a name has 1 to 10 letters "
                           "and digits and starts with a letter")
        if name in self.nodes or name in self.networks:
            raise LabError(f"topology: {where}: there are two of this name")
        role = "vm" if host else value.get("role")
        if role not in ROLES or (role == "vm") != bool(host):
            raise LabError(f"topology: {where}: no such role: {role}")
        required, optional = ROLES[role]
        _keys(where, value, required, optional | {"role"})
        node = Node(name=name, role=role,
                    addresses=self._addresses(where, value["addresses"]),
                    gateway=value.get("gateway"), asn=value.get("as"),
                    zone=value.get("zone"), mac=value.get("mac"), host=host)
        self.nodes[name] = node
        for vm, vm_value in value.get("vms", {}).items():
            node.vms.append(vm)
            self._add_node(vm, vm_value, host=name)

    def _addresses(self, where, value):
        for network, address in value.items():
            if network not in self.networks:
                raise LabError(f"topology: {where}: no network {network}")
            prefix = self.networks[network].prefix
            if ipaddress.ip_address(address) not in prefix:
                raise LabError(f"topology: {where}: {address} is not in "
                               f"{network}, {prefix}")
        return dict(value)


def load(path):
    # Only "up" reads YAML: whatever is done often starts without it.
    import yaml
    try:
        with open(path, encoding="utf-8") as stream:
            source = yaml.safe_load(stream)
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}")
    except yaml.YAMLError as error:
        raise LabError(f"{path}: {error}")
    return Topology(source)


def _keys(where, value, required, optional):
    if not isinstance(value, dict):
        raise LabError(f"topology: {where}: a mapping was expected")
    missing = required - value.keys()
    unknown = value.keys() - required - optional
    if missing or unknown:
        what = (f"{sorted(missing)[0]} is missing" if missing
                else f"unknown key {sorted(unknown, key=str)[0]}")
        raise LabError(f"topology: {where}: {what}")


def _network(name, value):
    _keys(f"network {name}", value, {"prefix", "mtu"},
          {"gateway", "prefix-ipv6"})
    try:
        prefix = ipaddress.IPv4Network(value["prefix"])
        prefix6 = (ipaddress.IPv6Network(value["prefix-ipv6"])
                   if "prefix-ipv6" in value else None)
    except ValueError as error:
        raise LabError(f"topology: network {name}: {error}")
    return Network(name=name, prefix=prefix, mtu=value["mtu"],
                   gateway=value.get("gateway"), prefix6=prefix6)

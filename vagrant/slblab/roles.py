# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.

"""What a node of each role consists of: links, addresses, programs."""

import functools
import os
import shutil
import string

from slblab import netns
from slblab.program import Program
from slblab.system import LabError, run, wait_until

# Huge pages of 2 MB that a mux needs: 65 in use, half as many while a port is
# reconfigured.
MUX_HUGEPAGES = 96

OVS_SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
FRR_DIR = "/usr/lib/frr"


def node_of(lab, node):
    return {"client": Client, "router": Router, "control": Control,
            "mux": Mux, "host": Host, "vm": Vm}[node.role](lab, node)


class Segment:
    """A cable with a switch: not a node, but a namespace of its own, with an
    interface for each node, where traffic can be captured."""

    def __init__(self, lab, network):
        self.lab = lab
        self.network = network
        self.name = network.name
        self.ns = lab.ns(network.name)
        self.dir = lab.path(network.name)
        self.programs = {}
        self.env = lab.env(self)

    def plumb(self):
        netns.bridge(self.ns, "br0", self.network.mtu)

    def start(self):
        pass

    def attach(self, ns, name, port):
        netns.cable(ns, name, self.ns, port, self.network.mtu)
        netns.batch(self.ns, [f"link set {port} master br0"])


class Node:
    """A node, as it stands: plain interfaces, no programs."""

    def __init__(self, lab, node):
        self.lab = lab
        self.topology = lab.topology
        self.node = node
        self.name = node.name
        self.ns = lab.ns(node.name)
        self.dir = lab.path(node.name)
        self.env = lab.env(self)
        self.programs = {}

    def add_program(self, name, argv, **options):
        options.setdefault("pidfile", f"{self.dir}/{name}.pid")
        options.setdefault("log", f"{self.dir}/{name}.log")
        self.programs[name] = Program(self, name, argv, **options)

    def plumb(self):
        """Links and addresses; whatever is there already stays."""
        for i, network in enumerate(self.node.addresses):
            self.lab.segment(network).attach(self.ns, f"eth{i}", self.name)
            self.set_address(f"eth{i}", network)

    def set_address(self, interface, name):
        """The node's addresses in a network, and routes to its gateway if
        that is in there."""
        network = self.topology.networks[name]
        address = self.node.addresses[name]
        gateway = self.gateway(network)
        commands = [f"link set {interface} up",
                    f"addr replace {address}/{network.prefix.prefixlen} "
                    f"dev {interface}"]
        if gateway:
            commands.append(f"route replace default via {gateway} "
                            f"dev {interface}")
        if network.prefix6:
            # No other node can have it, so there is nothing to wait for.
            commands.append(f"addr replace {network.ipv6(address)}/"
                            f"{network.prefix6.prefixlen} "
                            f"dev {interface} nodad")
            if gateway:
                commands.append("route replace ::/0 via "
                                f"{network.ipv6(gateway)} dev {interface}")
        netns.batch(self.ns, commands)

    def gateway(self, _network):
        return self.node.gateway

    def start(self):
        for program in self.programs.values():
            program.start()

    def command(self, *argv, **options):
        """Runs a command on the node."""
        return run(["ip", "netns", "exec", self.ns, *argv], env=self.env,
                   **options)


class Client(Node):
    pass


class FrrNode(Node):
    """A node with zebra, bfdd and bgpd.

    They share one file, which vtysh loads, since none of them reads a file
    with lines for another one.  What they would leave behind in /var/tmp when
    they are killed goes to the node's directory: a command in a namespace of
    ip(8)'s may mount what it likes, nobody else sees it."""

    TEMPLATE = None

    def add_frr(self):
        frr = f"{self.dir}/frr"
        for name, options in (("zebra", []),
                              ("bfdd", ["--bfdctl", f"{frr}/bfdd.sock"]),
                              ("bgpd", [])):
            self.add_program(
                name,
                # FRR's unit for systemd gives it that priority, too: BFD shall not
                # miss its intervals because others are busy.
                ["sh", "-c", f"mount --bind {frr} /var/tmp && exec \"$@\"", "sh",
                 "nice", "-n", "-5", f"{FRR_DIR}/{name}", "-d", "-u", "frr", "-g", "frr",
                 "-P", "0", "-z", f"{frr}/zserv.api", "-i", f"{frr}/{name}.pid",
                 "-f", "/dev/null", "--vty_socket", frr,
                 "--log", f"file:{frr}/{name}.log", "--log-level", "info",
                 *options],
                pidfile=f"{frr}/{name}.pid", log=f"{frr}/{name}.log",
                prepare=self.write_frr,
                load=functools.partial(self.load_frr, name))

    def write_frr(self):
        frr = f"{self.dir}/frr"
        os.makedirs(frr, exist_ok=True)
        shutil.chown(frr, "frr", "frr")
        write_template(f"{self.lab.source}/vagrant/frr/{self.TEMPLATE}",
                       f"{frr}/frr.conf", self.frr_values())
        # So that "lab exec NODE vtysh" finds its way.
        os.makedirs(f"{self.dir}/bin", exist_ok=True)
        write_file(f"{self.dir}/bin/vtysh",
                   '#!/bin/sh\n'
                   f'exec /usr/bin/vtysh --vty_socket {frr} "$@"\n', 0o755)

    def load_frr(self, program):
        self.command("vtysh", "-d", program, "-f", f"{self.dir}/frr/frr.conf")

    def frr_values(self):
        raise NotImplementedError


class Router(FrrNode):
    TEMPLATE = "router.conf.in"

    def __init__(self, lab, node):
        super().__init__(lab, node)
        self.fabric = self.topology.by_role("mux")[0].network
        self.add_frr()

    def plumb(self):
        # A packet for the muxes' shared VTEP comes from the fabric and goes
        # back to it, which is right here and needs no redirect.
        netns.sysctl(self.ns, net__ipv4__ip_forward=1,
                     net__ipv6__conf__all__forwarding=1,
                     net__ipv4__fib_multipath_hash_policy=1,
                     net__ipv6__fib_multipath_hash_policy=1,
                     net__ipv4__conf__all__rp_filter=0,
                     net__ipv4__conf__default__rp_filter=0,
                     net__ipv4__conf__all__send_redirects=0,
                     net__ipv4__conf__default__send_redirects=0)
        super().plumb()

    def frr_values(self):
        return {"NODE": self.name, "AS": self.node.asn,
                "ADDRESS": self.node.addresses[self.fabric],
                "FABRIC": self.topology.networks[self.fabric].prefix}


class Control(Node):
    """The SLB database, over TCP, and the manager."""

    def __init__(self, lab, node):
        super().__init__(lab, node)
        protocol, address, port = self.topology.database.split(":")
        self.add_program(
            "ovsdb-server",
            ["ovsdb-server", f"{self.dir}/slb.db",
             f"--remote=p{protocol}:{port}:{address}",
             f"--remote=punix:{self.dir}/slb.sock",
             "--pidfile", "--log-file", "--detach", "--no-chdir"],
            prepare=self.make_database, configure=self.set_global)
        self.add_program(
            "slb-manager",
            ["slb-manager", f"--db={self.topology.database}",
             "--pidfile", "--log-file", "--detach", "--no-chdir"])

    def make_database(self):
        if not os.path.exists(f"{self.dir}/slb.db"):
            run(["ovsdb-tool", "create", f"{self.dir}/slb.db",
                 f"{self.lab.source}/controller/slb.ovsschema"])

    def set_global(self):
        """The operator's settings.  The table has one row at most, which
        whoever comes first has made."""
        row = f'{{"anycast_vtep": "{self.topology.anycast_vtep}"}}'
        operation = "update" if self.lab.query(
            '{"op": "select", "table": "SLB_Global", "where": []}')             else "insert"
        where = ', "where": []' if operation == "update" else ""
        self.lab.query(f'{{"op": "{operation}", "table": "SLB_Global", '
                       f'"row": {row}{where}}}')


class OvsNode(Node):
    """A node whose address is that of the local port of an Open vSwitch
    bridge, with the cable as the bridge's uplink."""

    BRIDGE = None

    def plumb(self):
        self.lab.segment(self.node.network).attach(self.ns, "eth0", self.name)
        # Open vSwitch reads what comes in by eth0; the kernel sees it as well
        # and must not answer.
        netns.batch(self.ns, ["link set eth0 arp off"])
        netns.sysctl(self.ns, net__ipv6__conf__eth0__disable_ipv6=1,
                     net__ipv4__ip_forward=0)

    def add_ovsdb(self):
        self.add_program(
            "ovsdb-server",
            ["ovsdb-server", f"{self.dir}/conf.db",
             f"--remote=punix:{self.dir}/db.sock",
             "--pidfile", "--log-file", "--detach", "--no-chdir"],
            prepare=self.make_database, configure=self.set_database)

    def make_database(self):
        if not os.path.exists(f"{self.dir}/conf.db"):
            run(["ovsdb-tool", "create", f"{self.dir}/conf.db", OVS_SCHEMA])

    def add_agent(self):
        self.add_program(
            "slb-agent",
            ["slb-agent", f"--role={self.node.role}",
             f"--ovs=unix:{self.dir}/db.sock",
             "--pidfile", "--log-file", "--detach", "--no-chdir"])

    def vsctl(self, *commands, options=()):
        """Runs ovs-vsctl's commands in one transaction."""
        argv = []
        for command in commands:
            argv += ["--", *command]
        return self.command("ovs-vsctl", "-t", "60", *options, *argv,
                            timeout=70)

    def set_database(self):
        ids = {"system-id": self.name, "hostname": self.name,
               "slb-remote": self.topology.database,
               "slb-encap-ip": self.node.address}
        if self.node.zone:
            ids["slb-zone"] = self.node.zone
        self.vsctl(
            ["init"],
            ["set", "Open_vSwitch", ".",
             *(f'external_ids:{key}="{value}"' for key, value in ids.items()),
             *(f'other_config:{key}="{value}"'
               for key, value in self.other_config().items())],
            *self.ports(), options=["--no-wait"])

    def set_local(self):
        """The address goes to the bridge's local port when that is there."""
        wait_until(f"{self.name}: {self.BRIDGE}",
                   lambda: self.BRIDGE in netns.links(self.ns), 20)
        netns.no_offload(self.ns, self.BRIDGE)
        self.set_address(self.BRIDGE, self.node.network)

    def wait_for_port(self, name):
        try:
            self.vsctl(["wait-until", "Interface", name, "ofport>=1"])
        except LabError:
            error = self.vsctl(["get", "Interface", name, "error"]).strip()
            raise LabError(f"{self.name}: port {name}: {error}") from None

    def other_config(self):
        return {}

    def ports(self):
        raise NotImplementedError

    def add_bridge(self, name, fail_mode="secure"):
        return ["--may-exist", "add-br", name, "--", "set", "Bridge", name,
                "datapath_type=netdev", f"fail_mode={fail_mode}"]

    def hwaddr(self):
        """The local port's MAC: the kernel would take what comes in by eth0
        for its own if both had the same."""
        number = self.node.address.split(".")
        return "02:01:" + ":".join(f"{int(part):02x}" for part in number)


class Mux(OvsNode, FrrNode):
    TEMPLATE = "mux.conf.in"
    BRIDGE = "br-mux"

    def __init__(self, lab, node):
        super().__init__(lab, node)
        self.add_ovsdb()
        self.add_program(
            "slb-vswitchd",
            ["slb-vswitchd", f"unix:{self.dir}/db.sock", "--pidfile",
             "--log-file", "--detach", "--no-chdir", "--disable-system"],
            env={"RUNTIME_DIRECTORY": self.dir},  # DPDK's own files.
            configure=self.set_up_bridge)
        self.add_frr()
        self.add_agent()

    def other_config(self):
        # The datapath threads of the muxes sleep when there is nothing to do,
        # and sit on different cores as far as there are any.
        muxes = [mux.name for mux in self.topology.by_role("mux")]
        cores = sorted(os.sched_getaffinity(0))
        core = cores[muxes.index(self.name) % len(cores)]
        return {"dpdk-init": "true", "dpdk-lcore-mask": hex(1 << core),
                "pmd-cpu-mask": hex(1 << core), "pmd-maxsleep": "500",
                "dpdk-socket-mem": "64", "per-port-memory": "true",
                "dpdk-extra": "--no-pci --in-memory --no-telemetry "
                              f"--file-prefix={self.ns}"}

    def ports(self):
        return [
            [*self.add_bridge("br-mux"), f'other_config:hwaddr="{self.hwaddr()}"'],
            ["--may-exist", "add-port", "br-mux", "uplink", "--", "set",
             "Interface", "uplink", "type=dpdk",
             "options:dpdk-devargs=\"net_af_packet0,iface=eth0,framesz=2048,"
             "blocksz=4096,framecnt=512,qpairs=1\""],
            ["--may-exist", "add-port", "br-mux", "slb0", "--", "set",
             "Interface", "slb0", "type=slbmux", "options:underlay=uplink"],
        ]

    def set_up_bridge(self):
        self.wait_for_port("uplink")
        self.wait_for_port("slb0")
        self.set_local()

    def frr_values(self):
        router = self.topology.router
        return {"NODE": self.name, "AS": self.node.asn,
                "ADDRESS": self.node.address,
                "ROUTER": router.addresses[self.node.network],
                "ROUTER_AS": router.asn}


class Host(OvsNode):
    BRIDGE = "br-phy"

    def __init__(self, lab, node):
        super().__init__(lab, node)
        self.add_ovsdb()
        self.add_program(
            "ovs-vswitchd",
            ["ovs-vswitchd", f"unix:{self.dir}/db.sock", "--pidfile",
             "--log-file", "--detach", "--no-chdir", "--disable-system"],
            configure=self.set_up_bridge)
        self.add_agent()

    def ports(self):
        ports = [
            [*self.add_bridge("br-phy", "standalone"),
             f'other_config:hwaddr="{self.hwaddr()}"'],
            ["--may-exist", "add-port", "br-phy", "eth0"],
            self.add_bridge("br-slb"),
        ]
        for name in self.node.vms:
            vm = self.topology.nodes[name]
            addresses = ",".join(self.vm_addresses(vm))
            ports.append(
                ["--may-exist", "add-port", "br-slb", name, "--", "set",
                 "Interface", name, f"external_ids:iface-id={name}",
                 f'external_ids:attached-mac="{vm.mac}"',
                 f'external_ids:vm-ip="{addresses}"'])
        return ports

    def vm_addresses(self, vm):
        for name, address in vm.addresses.items():
            yield address
            network = self.topology.networks[name]
            if network.prefix6:
                yield network.ipv6(address)

    def set_up_bridge(self):
        self.wait_for_port("eth0")
        self.set_local()
        # The muxes' shared VTEP lies in the fabric's prefix, but nobody there
        # has it: the router knows which muxes there are.
        netns.batch(self.ns, [
            f"route replace {self.topology.anycast_vtep}/32 "
            f"via {self.node.gateway} dev {self.BRIDGE}"])


class Vm(Node):
    """A VM: connected to its host's bridge, serving HTTP."""

    def __init__(self, lab, node):
        super().__init__(lab, node)
        self.add_program(
            "nginx",
            ["nginx", "-c", f"{self.dir}/nginx.conf",
             "-e", f"{self.dir}/nginx.log"],
            prepare=self.write_nginx)

    def plumb(self):
        network = self.topology.networks[self.node.network]
        netns.cable(self.ns, "eth0", self.lab.ns(self.node.host), self.name,
                    network.mtu)
        netns.batch(self.ns, [f"link set eth0 address {self.node.mac}"])
        self.set_address("eth0", network.name)

    def gateway(self, network):
        return network.gateway

    def write_nginx(self):
        os.makedirs(f"{self.dir}/tmp", exist_ok=True)
        write_template(f"{self.lab.source}/vagrant/nginx/vm.conf.in",
                       f"{self.dir}/nginx.conf",
                       {"DIR": self.dir, "NODE": self.name})


class Template(string.Template):
    """@NAME@, as autoconf has it."""
    pattern = r"(?P<escaped>@@)|@(?P<named>[A-Z_]+)@|(?P<braced>(?!))|(?P<invalid>(?!))"


def write_template(template, path, values):
    with open(template, encoding="utf-8") as stream:
        text = stream.read()
    # What is said about the values is not for their reader.
    write_file(path, Template(text).safe_substitute(
        {key: str(value) for key, value in values.items()}))


def write_file(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.chmod(path, mode)

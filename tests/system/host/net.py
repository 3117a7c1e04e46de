#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""What the namespaces of the host tests do on the network.

    server NAME [PORT...]
        A VM: answers each line on TCP port 8080, or PORTs, and each datagram on
        UDP port 5353 by "NAME CLIENT TEXT", a TEXT that begins with "count" by "NAME
        CLIENT LENGTH", and one that begins with "say N" by "NAME CLIENT" and N
        digits.  One that begins with "later" it answers when it gets SIGUSR2.
        SIGUSR1 makes it forget its connections,
        without a word to the clients, as a crash would.

    health PORT FILE [CERTIFICATE]
        A web server, by TLS if there is a certificate, that answers each
        request as FILE says: a status, "slow" (200 after half a second),
        "late" (after three), "reset" or "hang".  Prints for each request
        where it came from, its path, Host and User-Agent, what it answers
        and when.

    mux FILE VIP...
        Sends each IP packet that arrives for a VIP in VXLAN, as the line in
        FILE says: HOST OWNERS FLAGS HOP KEY.  What arrives in VXLAN for the
        muxes' common VTEP is taken out of it first.  Fragments go to the first
        of the owners, as soon as the first one of their datagram has come.

    ask PROTOCOL ADDRESS PORT TEXT [SOURCE_PORT]
        A client: prints the answer to TEXT, or "timeout", "refused" or
        another error.

    pieces ADDRESS PORT TEXT SIZE ORDER [SOURCE_PORT [SOURCE]]
        A client that sends TEXT by UDP in fragments of SIZE octets of data, in
        this ORDER (2,1,0: the third one first), and prints the answer.  With
        SOURCE it sends them from this address and waits for no answer.

    many ADDRESS PORT N LENGTH
        N clients that send LENGTH octets by UDP at once: prints how many of
        them have been answered rightly.

    talk ADDRESS PORT [SOURCE_PORT]
        A client with one TCP connection: sends each line of its standard
        input and prints the answer.  At SIGUSR1 it forgets the connection as
        a server does, and ends.

    vxlan HOST KEY OWNERS FLAGS HOP PACKET [COUNT]
        Sends one packet in VXLAN, or COUNT of them with random TCP sequence
        numbers.  PACKET is PROTOCOL/SRC/SPORT/DST/DPORT
        with PROTOCOL tcp and flags (tcp-S, tcp-PA...), or udp, gre, part: the
        first fragment of an IPv4 datagram, or frag: an ICMP error from SRC
        that a TCP packet from DST to SRC was too big, or likewise unreach, for
        its port, or expired, its time; frag-udp...: that a UDP packet was.

    flood HOST KEY OWNERS FLAGS PACKET SECONDS
        Sends such packets, of 200 clients' ports, as fast as it can for so
        long and prints how many.

    arp SRC_MAC SENDER TARGET
        Asks by eth0 for the Ethernet address of TARGET and prints the answer,
        "timeout" if there is none in half a second.

    raw INTERFACE SRC_MAC DST_MAC PACKET [SECONDS]
        Sends one such packet by an interface, as Ethernet frame.  With SECONDS
        it does so as fast as it can for so long and prints how many.
"""

import http.server
import ipaddress
import os
import random
import select
import selectors
import signal
import socket
import ssl
import struct
import sys
import time

TCP_REPAIR = 19
ANYCAST = "172.16.0.100"
SO_RCVBUFFORCE = 33
# IPv4, IPv6: type, code, checksum, MTU.
ERRORS = {"frag": ((3, 4, 0, 1000), (2, 0, 0, 1300)),
          "unreach": ((3, 3, 0, 0), (1, 4, 0, 0)),
          "expired": ((11, 0, 0, 0), (3, 0, 0, 0))}
FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16}


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def make_packet(text, sequence=1):
    protocol, src, sport, dst, dport = text.split("/")
    protocol, _, flags = protocol.partition("-")
    src, dst = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    ports = struct.pack("!HH", int(sport), int(dport))
    if protocol == "tcp":
        number, at = socket.IPPROTO_TCP, 16
        bits = sum(FLAGS[flag] for flag in flags)
        l4 = ports + struct.pack("!IIBBHHH", sequence, 1, 5 << 4, bits, 8192,
                                 0, 0)
    elif protocol in ("udp", "part"):
        number, at = socket.IPPROTO_UDP, 6
        l4 = ports + struct.pack("!HH", 8 + 5, 0) + b"hello"
    elif protocol == "gre":
        number, at = socket.IPPROTO_GRE, 4
        l4 = struct.pack("!HHI", 0x8000, 0x0800, 0)
        l4 += struct.pack("!BBHHHBBHII", 0x45, 0, 20, 0, 0, 64, 59, 0, 0, 0)
    elif protocol in ERRORS:
        quoted = make_packet("/".join([flags or "tcp-A", str(dst), dport,
                                       str(src), sport]))
        at = 2
        if src.version == 4:
            number = socket.IPPROTO_ICMP
            l4 = struct.pack("!BBHI", *ERRORS[protocol][0]) + quoted[:28]
        else:
            number = socket.IPPROTO_ICMPV6
            l4 = struct.pack("!BBHI", *ERRORS[protocol][1]) + quoted
    pseudo = b""
    if number not in (socket.IPPROTO_ICMP, socket.IPPROTO_GRE):
        pseudo = src.packed + dst.packed + struct.pack("!II", len(l4), number)
    l4 = l4[:at] + struct.pack("!H", checksum(pseudo + l4)) + l4[at + 2:]
    if src.version == 4:
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(l4), 0,
                         0x2000 if protocol == "part" else 0x4000, 64,
                         number, 0, src.packed, dst.packed)
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    else:
        ip = struct.pack("!IHBB16s16s", 6 << 28, len(l4), number, 64,
                         src.packed, dst.packed)
    return ip + l4


def steering(owners, flags, hop, port):
    indices = [int(owner) for owner in owners.split(",")]
    n = len(indices)
    if port is not None:
        flags, n, indices = 4, 1, [indices[0], port]
    indices += [0] * (4 - len(indices))
    return struct.pack("!BBHHBBHH", 0x0e, hop << 4 | flags, indices[0],
                       indices[1], 0x0e, n, indices[2], indices[3])


def encapsulate(line, packet, port=None):
    """The VTEP and the VXLAN packet for a line "HOST OWNERS FLAGS HOP KEY".
    PORT is that of a fragment."""
    host, owners, flags, hop, key = line.split()
    ethertype = 0x0800 if packet[0] >> 4 == 4 else 0x86dd
    return host, (struct.pack("!II", 0x08000000, int(key) << 8)
                  + steering(owners, int(flags), int(hop), port)
                  + struct.pack("!H", ethertype) + packet)


def fragment(packet):
    """Of a fragment: its datagram, whether it is the first one, and the
    transport protocol and header of that.  Of other packets: None."""
    if packet[0] >> 4 == 4:
        bits = struct.unpack("!H", packet[6:8])[0]
        if bits & 0x3fff:
            return (packet[4:6] + packet[9:10] + packet[12:20],
                    not bits & 0x1fff, packet[9],
                    packet[(packet[0] & 15) * 4:])
    elif packet[6] == socket.IPPROTO_FRAGMENT:
        offset = struct.unpack("!H", packet[42:44])[0] & 0xfff8
        return packet[44:48] + packet[8:40], not offset, packet[40], packet[48:]
    return None


def mux(path, *vips):
    vips = {ipaddress.ip_address(vip).packed for vip in vips}
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                         socket.htons(0x0003))
    wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    tunnel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    anycast = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    anycast.bind((ANYCAST, 4789))

    ports, waiting = {}, {}

    def send(packet, port=None):
        with open(path) as f:
            host, frame = encapsulate(f.read(), packet, port)
        tunnel.sendto(frame, (host, 4789))

    def forward(packet):
        part = fragment(packet)
        if not part:
            send(packet)
            return
        datagram, first, protocol, l4 = part
        if first:
            ports[datagram] = (struct.unpack("!H", l4[2:4])[0]
                               if protocol in (6, 17) else 0)
        if datagram not in ports:
            waiting.setdefault(datagram, []).append(packet)
            return
        for one in [packet] + waiting.pop(datagram, []):
            send(one, ports[datagram])

    while True:
        readable, _, _ = select.select([wire, anycast], [], [])
        if anycast in readable:
            packet = anycast.recv(65536)[8 + 14:]
            dst = packet[16:20] if packet[0] >> 4 == 4 else packet[24:40]
            if dst in vips:
                forward(packet)
        if wire not in readable:
            continue
        packet, address = wire.recvfrom(65536)
        if address[2] != socket.PACKET_HOST:
            continue
        if address[1] == 0x0800:
            dst, length = packet[16:20], struct.unpack("!H", packet[2:4])[0]
        elif address[1] == 0x86dd:
            dst = packet[24:40]
            length = 40 + struct.unpack("!H", packet[4:6])[0]
        else:
            continue
        if dst in vips:
            forward(packet[:length])


def forget(connection):
    """Closes a TCP connection without sending anything."""
    connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    connection.close()


def server(name, *ports):
    selector = selectors.DefaultSelector()
    listeners = [socket.create_server(("::", int(port)),
                                      family=socket.AF_INET6,
                                      dualstack_ipv6=True, backlog=100)
                 for port in ports or (8080,)]
    datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    # A reply comes from the address that was asked.
    datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    datagrams.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    datagrams.bind(("::", 5353))
    for listener in listeners:
        selector.register(listener, selectors.EVENT_READ)
    selector.register(datagrams, selectors.EVENT_READ)

    def forget_all(_signal, _frame):
        for key in list(selector.get_map().values()):
            if key.fileobj not in (*listeners, datagrams):
                selector.unregister(key.fileobj)
                forget(key.fileobj)

    signal.signal(signal.SIGUSR1, forget_all)
    later = []

    def answer_now(_signal, _frame):
        for connection, text in later:
            connection.sendall(text)
        later.clear()

    signal.signal(signal.SIGUSR2, answer_now)

    def answer(address, text):
        client, text = address[0].replace("::ffff:", ""), text.decode()
        if text.startswith("count"):
            text = str(len(text.rstrip()))
        elif text.startswith("say"):
            text = "7" * int(text.split()[1])
        return ("%s %s %s" % (name, client, text)).encode()

    while True:
        for key, _ in selector.select():
            if key.fileobj in listeners:
                connection, address = key.fileobj.accept()
                selector.register(connection, selectors.EVENT_READ, address)
            elif key.fileobj is datagrams:
                text, info, _, address = datagrams.recvmsg(65536, 256)
                datagrams.sendmsg([answer(address, text)],
                                  [(socket.IPPROTO_IPV6,
                                    socket.IPV6_PKTINFO, info[0][2])],
                                  0, address)
            else:
                try:
                    text = key.fileobj.recv(2000)
                except OSError:
                    text = b""
                if text.startswith(b"later"):
                    later.append((key.fileobj, answer(key.data, text)))
                elif text:
                    key.fileobj.sendall(answer(key.data, text))
                else:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()


class Health(http.server.BaseHTTPRequestHandler):
    path_of_answer = None

    def do_GET(self):
        with open(self.path_of_answer, encoding="ascii") as f:
            answer = f.read().strip()
        client = self.client_address[0].replace("::ffff:", "").split("%")[0]
        print(client, self.path, self.headers["Host"],
              self.headers["User-Agent"], answer, time.time(), flush=True)
        time.sleep({"hang": 60, "slow": 0.5, "late": 3}.get(answer, 0))
        if answer == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
            self.connection.close()
        elif answer != "hang":
            self.send_response(int(answer) if answer.isdigit() else 200)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *args):
        pass


class HealthServer(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True


def health(port, path, certificate=None):
    Health.path_of_answer = path
    web = HealthServer(("::", int(port)), Health)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        web.socket = context.wrap_socket(web.socket, server_side=True)
    web.serve_forever()


def ask(protocol, address, port, text, source_port=0):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    s = socket.socket(family, kind)
    s.settimeout(3)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if source_port:
        s.bind(("", int(source_port)))
    try:
        s.connect((address, int(port)))
        s.sendall((text + "\n").encode())
        print(s.recv(65536).decode().strip())
    except socket.timeout:
        print("timeout")
    except ConnectionRefusedError:
        print("refused")
    except OSError as e:
        print(e.strerror)


def pieces(address, port, text, size, order, source_port=0, source=None):
    address, size = ipaddress.ip_address(address), int(size)
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.settimeout(3)
    s.bind(("", 0 if source else int(source_port)))
    s.connect((str(address), int(port)))
    src = ipaddress.ip_address(source or s.getsockname()[0])

    udp = struct.pack("!HHHH", int(source_port) or s.getsockname()[1],
                      int(port), 8 + len(text), 0) + text.encode()
    pseudo = src.packed + address.packed + struct.pack("!II", len(udp), 17)
    udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp)) + udp[8:]
    number = random.getrandbits(16)
    parts = []
    for offset in range(0, len(udp), size):
        data = udp[offset:offset + size]
        more = offset + size < len(udp)
        if address.version == 4:
            parts.append(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data),
                                     number, more << 13 | offset >> 3, 64, 17,
                                     0, src.packed, address.packed) + data)
        else:
            parts.append(struct.pack("!IHBB16s16sBBHI", 6 << 28, 8 + len(data),
                                     socket.IPPROTO_FRAGMENT, 64, src.packed,
                                     address.packed, 17, 0, offset | more,
                                     number) + data)
    raw_socket = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for i in order.split(","):
        raw_socket.sendto(parts[int(i)], (str(address), 0))
    if source:
        return
    try:
        print(s.recv(65536).decode().strip())
    except socket.timeout:
        print("timeout")
    except ConnectionRefusedError:
        print("refused")


def many(address, port, n, length):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    selector = selectors.DefaultSelector()
    for i in range(int(n)):
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.connect((address, int(port)))
        selector.register(s, selectors.EVENT_READ, ("%05d" % i) * (int(length) // 5))
    for key in selector.get_map().values():
        key.fileobj.send(key.data.encode())
    answered = 0
    while selector.get_map():
        ready = selector.select(2)
        if not ready:
            break
        for key, _ in ready:
            answered += key.fileobj.recv(65536).decode().endswith(key.data)
            selector.unregister(key.fileobj)
    print(answered)


def talk(address, port, source_port=0):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.settimeout(5)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", int(source_port)))
    try:
        s.connect((address, int(port)))
    except OSError as e:
        print(e.strerror or e, flush=True)
        return

    def vanish(_signal, _frame):
        forget(s)
        os._exit(0)

    signal.signal(signal.SIGUSR1, vanish)
    print("connected", flush=True)
    for line in sys.stdin:
        try:
            s.sendall(line.encode())
            print(s.recv(2000).decode().strip(), flush=True)
        except socket.timeout:
            print("timeout", flush=True)
        except OSError as e:
            print(e.strerror, flush=True)


def vxlan(host, key, owners, flags, hop, packet, count=None):
    tunnel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line = "%s %s %s %s %s" % (host, owners, flags, hop, key)
    for _ in range(int(count or 1)):
        sequence = random.getrandbits(32) if count else 1
        _, frame = encapsulate(line, make_packet(packet, sequence))
        tunnel.sendto(frame, (host, 4789))


def flood(host, key, owners, flags, packet, seconds):
    tunnel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tunnel.connect((host, 4789))
    line = "%s %s %s 0 %s" % (host, owners, flags, key)
    parts = packet.split("/")
    frames = []
    for port in range(20000, 20200):
        parts[2] = str(port)
        frames.append(encapsulate(line, make_packet("/".join(parts)))[1])
    end, n = time.monotonic() + float(seconds), 0
    while time.monotonic() < end:
        for frame in frames:
            tunnel.send(frame)
        n += len(frames)
    print(n)


def arp(src_mac, sender, target):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
    s.bind(("eth0", 0x0806))
    src_mac = bytes.fromhex(src_mac.replace(":", ""))
    sender, target = socket.inet_aton(sender), socket.inet_aton(target)
    s.send(b"\xff" * 6 + src_mac
           + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1)
           + src_mac + sender + bytes(6) + target)
    end = time.monotonic() + 0.5
    while True:
        s.settimeout(max(end - time.monotonic(), 0.001))
        try:
            frame = s.recv(2000)
        except socket.timeout:
            print("timeout")
            return
        if frame[20:22] == b"\0\2" and frame[28:32] == target:
            print(frame[22:28].hex(":"))
            return


def raw(interface, src_mac, dst_mac, packet, seconds=None):
    packet = make_packet(packet)
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((interface, 0))
    frame = (bytes.fromhex(dst_mac.replace(":", ""))
             + bytes.fromhex(src_mac.replace(":", ""))
             + struct.pack("!H", 0x0800 if packet[0] >> 4 == 4 else 0x86dd)
             + packet)
    s.send(frame)
    if seconds is not None:
        end, n = time.monotonic() + float(seconds), 1
        while time.monotonic() < end:
            for _ in range(100):
                s.send(frame)
            n += 100
        print(n)


if __name__ == "__main__":
    commands = {f.__name__: f for f in (arp, ask, flood, health, many, mux,
                                        pieces, raw, server, talk, vxlan)}
    try:
        commands[sys.argv[1]](*sys.argv[2:])
    except KeyboardInterrupt:
        os._exit(130)

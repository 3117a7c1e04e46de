#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.

"""Servers that say who they are, and a client that asks.

  whoami.py serve NAME PROTOCOL/ADDRESS/PORT...
        answers each connection (tcp) or datagram (udp) with NAME and the
        address that it came from; prints "ready" when it does

  whoami.py ask PROTOCOL/ADDRESS/PORT [--count N] [--from ADDRESS]
               [--address]
        asks N times, each from a new port; prints a line for each: NAME, or
        why there was no answer within two seconds; with --address, also the
        address that NAME has seen

An answer only counts if it comes from where the question went to.
"""

import argparse
import socket
import sys
import threading

TIMEOUT = 2


def parse(text):
    protocol, address, port = text.split('/')
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    kind = {'tcp': socket.SOCK_STREAM, 'udp': socket.SOCK_DGRAM}[protocol]
    return socket.socket(family, kind), (address, int(port))


def answer(name, client):
    return f'{name} {client[0]}'.encode()


def serve_tcp(server, name):
    while True:
        connection, client = server.accept()
        threading.Thread(target=serve_connection, daemon=True,
                         args=(connection, answer(name, client))).start()


def serve_connection(connection, text):
    # The client ends it, so that its port is not used again too early.
    with connection:
        try:
            connection.sendall(text)
            connection.settimeout(60)
            connection.recv(1)
        except OSError:
            pass


def serve_udp(server, name):
    while True:
        client = server.recvfrom(100)[1]
        server.sendto(answer(name, client), client)


def serve(args):
    threads = []
    for text in args.servers:
        server, address = parse(text)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(address)
        if server.type == socket.SOCK_STREAM:
            server.listen(100)
        threads.append(threading.Thread(
            target=(serve_tcp if server.type == socket.SOCK_STREAM
                    else serve_udp), args=(server, args.name)))
    for thread in threads:
        thread.start()
    print('ready', flush=True)


def ask(args):
    for _ in range(args.count):
        client, address = parse(args.server)
        with client:
            client.settimeout(TIMEOUT)
            try:
                if args.source:
                    client.bind((args.source, 0))
                client.connect(address)
                if client.type == socket.SOCK_DGRAM:
                    client.send(b'?')
                name, seen = client.recv(200).decode().split()
                print(name, *([seen] if args.address else []), flush=True)
            except (OSError, ValueError) as error:
                print(f'no answer: {type(error).__name__}', flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    sub = commands.add_parser('serve')
    sub.add_argument('name')
    sub.add_argument('servers', nargs='+')
    sub.set_defaults(function=serve)
    sub = commands.add_parser('ask')
    sub.add_argument('server')
    sub.add_argument('--count', type=int, default=1)
    sub.add_argument('--from', dest='source')
    sub.add_argument('--address', action='store_true')
    sub.set_defaults(function=ask)
    args = parser.parse_args()
    return args.function(args)


if __name__ == '__main__':
    sys.exit(main())

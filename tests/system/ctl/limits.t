#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""A hostile file is refused within 100 ms of CPU time and 64 MB of memory.

Each of these files, made here, is as large as a file may be, or does
something else to take time or memory.  slb-ctl must refuse it with a message,
soon; the most that a run took is told at the end.
"""

import itertools
import os
import resource
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../..')
sys.path.insert(0, os.path.join(SOURCE, 'tests/lib'))
import tap  # noqa: E402

BUILD = os.environ.get('SLB_BUILDDIR', os.path.join(SOURCE, '_build'))
PROGRAM = os.path.join(BUILD, 'controller/slb-ctl')

# Seconds.  It is 0.1 on a quiet machine, see the note at the end: what others
# do to the caches counts, too.
MAX_CPU = 0.3
MAX_MEMORY = 64 * 1024          # KiB.

# Of what is right, or is as far as can be told before it ends: much more than
# it takes, much less than it would if that grew with the square of its size.
MAX_LINEAR_CPU = 3
MAX_LINEAR_MEMORY = 256 * 1024

MIB = 1024 * 1024
LARGE = 31 * MIB

NETWORK = (b'kind: VirtualNetwork\nname: prod\n'
           b'subnets: [{name: web, prefix: 10.0.0.0/8}]\n')
BALANCER = (b'kind: LoadBalancer\nname: web\nnetwork: prod\n'
            b'frontends: [{name: public, address: 20.50.60.10}]\n')


def fill(piece, size=LARGE):
    """As many of piece as fit in size bytes."""
    return piece * (size // len(piece))


def numbered(template, n, first=0):
    """template n times, with numbers for %d."""
    return b''.join(template.replace(b'%d', b'%d' % i)
                    for i in range(first, first + n))


def up_to(template, size=4 * MIB):
    """The same, as often as fits in size bytes."""
    return numbered(template, size // (len(template) + 6))


def bomb(depth, width):
    """Lists of aliases of lists of aliases."""
    text = b'a0: &a0 [%s]\n' % (b'x, ' * width)
    for i in range(1, depth):
        text += b'a%d: &a%d [%s]\n' % (i, i, b'*a%d, ' % (i - 1) * width)
    return text


def members(n, template=b'{name: vm%d, address: 10.1.2.3}'):
    return b'[' + numbered(template + b',\n', n) + b']'


def same_hashes(depth):
    """2 ** depth texts that have the same hash, if it is OVS's with basis 0:
    for each part of them there are two with which it becomes the same."""
    def rotate(x, n):
        return (x << n | x >> (32 - n)) & 0xffffffff

    def mix(data):
        data = rotate(data * 0xcc9e2d51 & 0xffffffff, 15)
        return data * 0x1b873593 & 0xffffffff

    def unmix(data):
        data = rotate(data * pow(0x1b873593, -1, 1 << 32) & 0xffffffff, 17)
        return data * pow(0xcc9e2d51, -1, 1 << 32) & 0xffffffff

    def add(value, word):
        value = rotate(value ^ mix(int.from_bytes(word, 'little')), 13)
        return (value * 5 + 0xe6546b64) & 0xffffffff

    letters = b'abcdefghijklmnopqrstuvwxyz0123456789'
    parts = []
    value = 0
    for _ in range(depth):
        pair = [b'aaaaaaaa']
        end = add(add(value, b'aaaa'), b'aaaa')
        before = rotate((end - 0xe6546b64) * pow(5, -1, 1 << 32) & 0xffffffff,
                        19)
        for word in map(bytes, itertools.product(letters, repeat=4)):
            other = unmix(before ^ add(value, word)).to_bytes(4, 'little')
            if word != b'aaaa' and all(c in letters for c in other):
                pair.append(word + other)
                break
        parts.append(pair)
        value = end
    return map(b''.join, itertools.product(*parts))


# What is refused, as name and contents.  (Functions, so that only one of them
# is in memory at a time.)
HOSTILE = {
    # Not YAML, or hardly.
    'null bytes': lambda: bytes(LARGE),
    'random bytes': lambda: os.urandom(LARGE),
    'letters': lambda: fill(b'a'),
    'lines of text': lambda: fill(b'lorem ipsum dolor sit amet\n'),
    'blanks': lambda: fill(b' '),
    'tabs': lambda: fill(b'\t'),
    'empty lines': lambda: fill(b'\n'),
    'comments': lambda: fill(b'# no comment\n'),
    'a comment': lambda: b'#' + fill(b'x'),
    'brackets': lambda: fill(b'['),
    'braces': lambda: fill(b'{'),
    'brackets in lines': lambda: fill(b'[\n'),
    'dashes': lambda: fill(b'- '),
    'questions': lambda: fill(b'? '),
    'colons': lambda: fill(b': '),
    'colons in lines': lambda: fill(b':\n'),
    'anchors': lambda: fill(b'&a '),
    'aliases': lambda: fill(b'*a '),
    'tags': lambda: fill(b'!t '),
    'a tag': lambda: b'!' + fill(b't'),
    'an anchor': lambda: b'&' + fill(b'a'),
    'directives': lambda: up_to(b'%TAG !%d! x\n'),
    'same directives': lambda: fill(b'%YAML 1.1\n'),
    'closing quotes': lambda: fill(b'" "'),
    'byte order marks': lambda: fill(b'\xef\xbb\xbf'),
    'UTF-16': lambda: b'\xff\xfe' + fill('a\n'.encode('utf-16-le')),
    'commas': lambda: b'[' + fill(b',') + b']',
    'indentation': lambda: b''.join(b' ' * i + b'- \n' for i in range(5000)),

    # Huge values.
    'a long name': lambda: (b'kind: VirtualNetwork\nname: ' + fill(b'x')
                            + b'\nsubnets: []\n'),
    'a long quoted name': lambda: b'kind: VirtualNetwork\nname: "' + fill(
        b'\\u0041') + b'"\nsubnets: []\n',
    'a long block': lambda: b'kind: |\n' + fill(b'  text\n'),
    'a long folded block': lambda: b'kind: >\n' + fill(b'  # text\n\n'),
    'a long key': lambda: fill(b'x') + b': y\n',
    'long values': lambda: b''.join(
        b'- %s\n' % (b'%d' % i * 4000)[:4000] for i in range(7000)),
    'long keys': lambda: NETWORK + b''.join(
        b'%s: x\n' % (b'%d' % i * 4000)[:4000] for i in range(7000)),

    # Many of something.
    'keys': lambda: NETWORK + up_to(b'key%d: x\n'),
    'keys in one line': lambda: b'{' + up_to(b'key%d: x, ') + b'}',
    'keys that are lists': lambda: b'{' + fill(b'[]: x, ') + b'}',
    'duplicate keys': lambda: NETWORK + fill(b'name: prod\n'),
    'some duplicate keys': lambda: NETWORK + fill(b'name: prod\n', MIB),
    'keys of keys': lambda: b'kind: VirtualNetwork\n' + up_to(
        b'a%d: {b: {c: {d: {}}}}\n'),
    'empty documents': lambda: fill(b'---\n'),
    'empty documents with ends': lambda: fill(b'---\n...\n'),
    'tiny documents': lambda: fill(b'--- a\n'),
    'documents with maps': lambda: fill(b'--- {}\n'),
    'documents with lists': lambda: fill(b'--- []\n--- [[]]\n'),
    'documents without kind': lambda: fill(b'---\na: b\n'),
    'networks with the same name': lambda: fill(
        b'---\nkind: VirtualNetwork\nname: a\nsubnets: []\n'),
    'networks with the same name in a list': lambda: b'[' + fill(
        b'{kind: VirtualNetwork, name: a, subnets: []},\n') + b']',
    'entries that are texts': lambda: fill(b'- a\n'),
    'entries that are lists': lambda: b'[' + fill(b'[],') + b']',
    'entries that are maps': lambda: b'[' + fill(b'{},') + b']',
    'entries that have anchors': lambda: b'[' + up_to(b'&a%d {},') + b']',
    'entries with the same anchor': lambda: b'[' + fill(b'&a {},') + b']',
    'numbers': lambda: b'[' + up_to(b'%d,') + b']',
    'values in one document': lambda: NETWORK + b'x: [' + fill(b'0,') + b']',
    'values in rows': lambda: NETWORK + b'x: [' + fill(
        b'[0,0,0,0,0,0,0,0,0],') + b']',
    'values in rows of rows': lambda: NETWORK + b'x: [' + fill(
        b'[' + b'[0,0,0,0,0,0,0,0,0],' * 99 + b'],') + b']',
    'values in documents with an error': lambda: fill(
        b'---\nkind: x\nx: [' + fill(b'0,', 300000) + b']\n'),
    'subnets': lambda: b'kind: VirtualNetwork\nname: a\nsubnets:\n' + up_to(
        b'- {name: s%d, prefix: 10.0.0.0/8}\n'),
    'subnets that overlap': lambda: (
        b'kind: VirtualNetwork\nname: a\nsubnets:\n'
        + numbered(b'- {name: s%d, prefix: 10.0.0.0/8}\n', 20000)),
    'members': lambda: BALANCER + b'backendPools: [{name: a, members: '
        + members(600000) + b'}]\n',
    'too many members': lambda: NETWORK + b'---\n' + BALANCER
        + b'backendPools: [{name: a, members: '
        + members(30000, b'{name: vm%d}') + b'}]\n',
    'members with the same address': lambda: NETWORK + b'---\n' + BALANCER
        + b'backendPools: [{name: a, members: ' + members(20000) + b'}]\n',
    'members outside': lambda: NETWORK + b'---\n' + BALANCER
        + b'backendPools: [{name: a, members: '
        + members(20000, b'{address: 11.0.%d.4}') + b'}]\n',
    'zones': lambda: BALANCER + b'rules: []\nprobes: []\nx: {zones: ['
        + up_to(b'z%d,') + b']}\n',
    'zones in a bad order': lambda: NETWORK + (
        b'---\nkind: LoadBalancer\nname: web\nnetwork: prodd\nfrontends:\n'
        b'- name: public\n  address: 20.50.60.10\n  zones: ['
        + b''.join(b'z%06d,' % i for i in range(190000, 0, -1)) + b']\n'),
    'peerings': lambda: (
        b'kind: VirtualNetwork\nname: a\nsubnets: []\npeerings: ['
        + numbered(b'p%d,', 150000) + b']\n'),
    'some peerings': lambda: b''.join(
        b'---\nkind: VirtualNetwork\nname: n%d\nsubnets: []\npeerings: [%s]\n'
        % (i, b''.join(b'p%d,' % j for j in range(1000))) for i in range(99)),
    'references to nothing': lambda: NETWORK + b'---\n' + BALANCER
        + b'backendPools: ['
        + numbered(b'{name: pppppppppppppppppppppppppppppppppp%d, '
                   b'members: []},\n', 99)
        + b']\nrules:\n'
        + numbered(b'- {name: r%d, frontend: public, backendPool: '
                   b'qpppppppppppppppppppppppppppppppp%d, protocol: Tcp, '
                   b'frontendPort: %d, backendPort: %d}\n', 8000, 1),
    'rules on one port': lambda: NETWORK + b'---\n' + BALANCER
        + b'backendPools: [{name: a, members: []}]\nrules:\n'
        + numbered(b'- {name: r%d, frontend: public, backendPool: a, '
                   b'protocol: Tcp, frontendPort: 80, backendPort: 80}\n',
                   8000),
    'NAT pools that overlap': lambda: NETWORK + b'---\n' + BALANCER
        + b'backendPools: [{name: a, members: []}]\ninboundNatPools:\n'
        + numbered(b'- {name: r%d, frontend: public, backendPool: a, '
                   b'protocol: Tcp, frontendPortRangeStart: 1, '
                   b'frontendPortRangeEnd: 65535, backendPort: 80}\n', 8000),
    'pools with the same member': lambda: NETWORK + b'---\n' + BALANCER
        + b'backendPools:\n'
        + numbered(b'- {name: p%d, members: [{name: vm1}]}\n', 5000)
        + b'rules:\n'
        + numbered(b'- {name: r%d, frontend: public, backendPool: p%d, '
                   b'protocol: Tcp, frontendPort: 8%d, backendPort: 80}\n',
                   2),
    'outbound rules': lambda: NETWORK + b'---\n' + BALANCER
        + b'backendPools: [{name: a, members: []}]\noutboundRules:\n'
        + numbered(b'- {name: r%d, frontends: [public], backendPool: a}\n',
                   10000),

    # Aliases.
    'a bomb': lambda: bomb(9, 9),
    'a deep bomb': lambda: bomb(14, 3),
    'a wide bomb': lambda: bomb(3, 1000),
    'bombs': lambda: fill(b'---\n' + bomb(4, 20)),
    'an alias of itself': lambda: b'a: &a [*a]\n',
    'aliases of a document': lambda: (
        b'- &a {kind: VirtualNetwork, name: a, subnets: []}\n'
        + fill(b'- *a\n')),
    'aliases of members': lambda: b'[' + fill(
        b'{kind: LoadBalancer, name: a, network: n, frontends: [], '
        b'backendPools: [{name: p0, members: &m '
        + members(1000, b'{name: vm%d}') + b'}, '
        + numbered(b'{name: p%d, members: *m},', 60, 1) + b']},\n', MIB)
        + b']',

    # Azure's.
    'resources of Azure': lambda: b'[' + fill(
        b'{"type": "Microsoft.Network/loadBalancers", "properties": {}},')
        + b']',
    'values in a resource of Azure': lambda: (
        b'{"type": "Microsoft.Network/loadBalancers", "x": [' + fill(b'0,')
        + b']}'),
}

AZURE = (
    b'{"type": "Microsoft.Network/loadBalancers", "name": "lb%d", '
    b'"properties": {"frontendIPConfigurations": [{"name": "public", '
    b'"properties": {"publicIPAddress": {"id": "publicIPAddresses/pip%d"}}}], '
    b'"backendAddressPools": [{"name": "servers", "properties": '
    b'{"virtualNetwork": {"id": "virtualNetworks/prod"}, '
    b'"loadBalancerBackendAddresses": [{"ipAddress": "10.0.1.4"}]}}]}},\n')

# What is wrong only after all of it has been read: what it refers to could
# follow until then.
WRONG_AT_LAST = {
    'load balancers of Azure with unknown addresses': lambda: b'['
        + up_to(AZURE, 8 * MIB) + b']',
    'load balancers with members outside': lambda: NETWORK + up_to(
        b'---\nkind: LoadBalancer\nname: lb%d\nnetwork: prod\n'
        b'frontends: [{name: public, subnet: web}]\n'
        b'backendPools: [{name: a, members: [{address: 11.0.0.4}]}]\n',
        8 * MIB),
    'load balancers without network': lambda: up_to(
        b'---\nkind: LoadBalancer\nname: lb%d\nnetwork: prod%d\n'
        b'frontends: [{name: public, subnet: web}]\n', 8 * MIB),
}

# What is right, and is read in about linear time.
VALID = {
    'pools with the same member': lambda: NETWORK + b'---\n' + BALANCER
        + b'backendPools:\n'
        + numbered(b'- {name: p%d, members: [{name: vm1}]}\n', 5000)
        + b'rules:\n'
        + numbered(b'- {name: r%d, frontend: public, backendPool: p%d, '
                   b'protocol: Tcp, frontendPort: %d, backendPort: %d}\n',
                   2000, 1),
    'rules for large pools': lambda: NETWORK + b'---\n' + BALANCER
        + b'backendPools:\n'
        + b''.join(b'- {name: p%d, members: ' % i
                   + b'[' + numbered(b'{name: vm%d},', 3000, i // 2 * 1500
                                     + i % 2 * 6000) + b']}\n'
                   for i in range(4))
        + b'rules:\n'
        + b''.join(b'- {name: r%d, frontend: public, backendPool: p%d, '
                   b'protocol: Tcp, frontendPort: %d, backendPort: %d}\n'
                   % (i, i % 2 + i // 2000 * 2, i + 1, i // 2 + 1)
                   for i in range(4000)),
    'ids with the same hash': lambda: b''.join(
        b'---\nkind: AzureIds\nids:\n' + b''.join(
            b'- {id: %s, address: 20.1.2.3}\n' % text for text in texts)
        for texts in zip(*[same_hashes(16)] * 4096)),
    'anchors with the same hash': lambda: NETWORK + b''.join(
        b'---\nkind: LoadBalancer\nname: lb%d\nnetwork: prod\n'
        b'frontends: [{name: public, subnet: web}]\n'
        b'backendPools:\n' % i
        + b''.join((b'' if j % 4096 else
                    b'- name: p%d\n  members:\n' % (j // 4096))
                   + b'  - &%s {name: vm%d}\n' % (text, j)
                   for j, text in enumerate(same_hashes(13)))
        for i in range(16)),
    'networks that are all peers': lambda: b''.join(
        b'---\nkind: VirtualNetwork\nname: n%d\n'
        b'subnets: [{name: s, prefix: 10.%d.%d.0/24}]\npeerings: [%s]\n'
        % (i, i >> 8, i & 255, b','.join(b'n%d' % j for j in range(800)
                                         if j != i)) for i in range(800)),
}


def write(path, contents):
    """Writes what contents() returns to the file path.  In a process of its
    own: what this one once had in memory would count as that of those that it
    starts."""
    process = os.fork()
    if not process:
        with open(path, 'wb') as file:
            file.write(contents())
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0


def run(*args):
    """Runs slb-ctl and returns its exit status, its messages, the seconds of
    CPU time and the KiB of memory that it took."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen((PROGRAM,) + args, stderr=errors,
                                   stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        text = errors.read(4 * MIB).decode(errors='replace')
    return (process.returncode, text, usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss)


class Limits:
    def __init__(self, test):
        self.test = test
        self.most_cpu = self.most_memory = (0, '')

    def check(self, name, *paths):
        """Checks that slb-ctl refuses paths, fast."""
        status, errors, cpu, memory = run('validate', *paths)
        if cpu > MAX_CPU:
            # Others may have been in the way: they share caches and cores.
            status, errors, cpu, memory = min(
                (run('validate', *paths) for _ in range(5)),
                key=lambda result: result[2])
        self.most_cpu = max(self.most_cpu, (cpu, name))
        self.most_memory = max(self.most_memory, (memory, name))
        self.test.ok(
            status == 2 and errors.startswith(paths[0])
            and cpu <= MAX_CPU and memory <= MAX_MEMORY,
            'refused: ' + name,
            'exit status %d, %.0f ms, %.1f MB' % (status, cpu * 1000,
                                                  memory / 1024),
            errors[:500])

    def check_linear(self, wanted, name, path):
        """Checks that slb-ctl has the status that is wanted for path, soon
        enough."""
        status, errors, cpu, memory = run('validate', path)
        self.test.ok(
            status == wanted and cpu <= MAX_LINEAR_CPU
            and memory <= MAX_LINEAR_MEMORY,
            ('refused: ' if wanted else 'accepted: ') + name,
            'exit status %d, %.0f ms, %.1f MB' % (status, cpu * 1000,
                                                  memory / 1024),
            errors[:500])


def main():
    test = tap.Tap()
    limits = Limits(test)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    only = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'hostile.yaml')
        for name, contents in HOSTILE.items():
            if only and name not in only:
                continue
            write(path, contents)
            limits.check(name, path)
        for files, status in (VALID, 0), (WRONG_AT_LAST, 2):
            for name, contents in files.items():
                if not only or name in only:
                    write(path, contents)
                    limits.check_linear(status, name, path)
        os.unlink(path)

        # What is no file with an end.
        limits.check('/dev/zero', '/dev/zero')
        limits.check('/dev/urandom', '/dev/urandom')
        os.mkfifo(path)
        limits.check('named pipe that nobody writes to', path)
        os.unlink(path)
        with open(path, 'wb') as file:
            file.truncate(1 << 40)
        limits.check('a file of 1 TiB', path)
        os.unlink(path)

        os.symlink('.', os.path.join(folder, 'self.yaml'))
        limits.check('folder with itself', folder)
        os.unlink(os.path.join(folder, 'self.yaml'))
        os.mkfifo(path)
        limits.check('folder with a named pipe', folder)

    tap.note('most CPU time: %.0f ms (%s)' % (limits.most_cpu[0] * 1000,
                                              limits.most_cpu[1]))
    tap.note('most memory: %.1f MB (%s)' % (limits.most_memory[0] / 1024,
                                            limits.most_memory[1]))
    test.done()


if __name__ == '__main__':
    main()

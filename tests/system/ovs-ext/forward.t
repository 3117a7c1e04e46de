#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Packets go in by the underlay of a real slb-vswitchd, and come out tunnelled
to the hosts of their owners; its ports come and go, and its figures are
right."""

import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '../../lib'))
import muxdummy  # noqa: E402
import muxnode  # noqa: E402
import tap  # noqa: E402

from scapy.all import (  # noqa: E402
    ARP, Ether, ICMP, IP, IPv6, TCP, UDP, VXLAN, Raw, fragment)

VIP, VIP6 = '20.50.60.10', '2001:db8:20::10'
ROUTER, MUX = '02:00:00:00:00:01', '02:00:00:00:00:0b'
KEY = '000102030405060708090a0b0c0d0e0f'


def nexthop(n):
    return {'op': 'nexthop', 'vtep': '172.16.0.%d' % n, 'src_mac': MUX,
            'dst_mac': '02:00:00:00:01:%02x' % n}


def pool(key, generations, members=((1, 21), (2, 22), (3, 23))):
    return {'op': 'pool', 'tunnel_key': key, 'network': 7, 'slots': 10,
            'members': [[i, '172.16.0.%d' % n] for i, n in members],
            'generations': [
                {'number': n, 'state': state, 'age': age,
                 'weights': [[i, 1] for i in indices]}
                for n, state, age, indices in generations]}


def endpoint(network, address, protocol, port, key, name='r',
             distribution='Default'):
    return {'op': 'endpoint', 'network': network, 'address': address,
            'protocol': protocol, 'port': port, 'pool': key,
            'distribution': distribution, 'idle': 240, 'name': 'lb/rules/' + name}


TABLES = [
    {'op': 'global', 'key': KEY, 'vtep': '172.16.0.11',
     'anycast': '172.16.0.100'},
    nexthop(21), nexthop(22), nexthop(23),
    pool(100, [(1, 'current', 99999, [1, 2, 3])]),
    pool(101, [(2, 'current', 1000, [2]), (1, 'previous', 99999, [1])]),
    {'op': 'vip', 'network': 0, 'address': VIP},
    {'op': 'vip', 'network': 0, 'address': VIP6, 'reject': True},
    {'op': 'vip', 'network': 7, 'address': '10.0.2.100'},
    endpoint(0, VIP, 6, 80, 100, 'http'),
    endpoint(0, VIP6, 6, 80, 100, 'http6'),
    endpoint(0, VIP, 17, 53, 101, 'dns'),
    endpoint(7, '10.0.2.100', 6, 8080, 100, 'internal')] + [
    endpoint(0, VIP, protocol, port, 100, 'r', distribution)
    for port, distribution in ((90, 'Default'), (91, 'SourceIP'),
                               (92, 'SourceIPProtocol'))
    for protocol in (6, 17)] + [
    dict(endpoint(0, VIP, 6, 84, 100, 'near'), reject=True,
         source_ranges=['198.51.100.0/24', '203.0.113.7/32']),
    dict(endpoint(0, VIP, 6, 85, 100, 'nobody'), source_ranges=['::/0'])]


def tcp(sport, dport=80, dst=VIP, **options):
    return (Ether(src=ROUTER, dst=MUX)
            / IP(src='198.51.100.10', dst=dst, ttl=60, **options)
            / TCP(sport=sport, dport=dport, flags='S') / Raw(b'x' * 9))


def owner_by_lookup(node, sport):
    text = node.appctl('slb/lookup', '0', 'tcp', '198.51.100.10', str(sport),
                       VIP, '80')
    return (int(re.search(r'owner (\d+)', text).group(1)),
            re.search(r'to host (\S+), VNI (\d+)', text).groups())


def test_forwarding(t, node):
    ports = range(40000, 40060)
    node.receive(*[bytes(tcp(port)) for port in ports])
    sent = [Ether(frame) for frame in node.sent()]
    t.is_(len(sent), len(ports), 'all packets come out')

    t.ok(all(p[TCP].sport == port and bytes(p[VXLAN].payload)[14:]
             == muxnode.next_hop(bytes(tcp(port)[IP]))
             for p, port in zip(sent, ports)),
         'each with the IP packet that came in, a hop older')
    t.ok(all((p[IP].src, p[UDP].dport, p[UDP].chksum, p[VXLAN].vni,
              p[IP].flags, p.src)
             == ('172.16.0.11', 4789, 0, 100, 'DF', MUX) for p in sent),
         'in VXLAN with the key of the pool')
    t.ok(all(muxnode.checksum(bytes(p[IP])[:20]) == 0 for p in sent),
         'with a good checksum')
    owners = [int(p[VXLAN].payload.dst.replace(':', '')[4:8], 16)
              for p in sent]
    t.is_(sorted(set(owners)), [1, 2, 3], 'to all members')
    t.ok(all((p[IP].dst, p.dst) == ('172.16.0.2%d' % owner,
                                    '02:00:00:00:01:%02x' % (20 + owner))
             for p, owner in zip(sent, owners)),
         "to the member's host, by its next hop")
    t.ok(all(owner_by_lookup(node, port)
             == (owner, ('172.16.0.2%d' % owner, '100'))
             for port, owner in list(zip(ports, owners))[:10]),
         'as slb/lookup says')
    t.is_({str(p[VXLAN].payload.src) for p in sent}, {'0e:01:00:00:00:00'},
          'that is the only owner')


def owners_of_client(node, client, protocol, dport):
    """The members that the connections of a client go to."""
    node.receive(*[
        bytes(Ether(src=ROUTER, dst=MUX)
              / IP(src='198.51.100.%d' % client, dst=VIP)
              / protocol(sport=sport, dport=dport))
        for sport in range(40000, 40020)])
    return {int(Ether(frame)[VXLAN].payload.dst.replace(':', '')[4:8], 16)
            for frame in node.sent()}


def test_distribution(t, node):
    clients = range(10, 22)
    owners = {port: [[owners_of_client(node, client, protocol, port)
                      for protocol in (TCP, UDP)] for client in clients]
              for port in (90, 91, 92)}
    t.is_([pair for pair in owners[90] if pair != [{1, 2, 3}] * 2], [],
          'Default: the connections of a client spread over all members')
    t.is_([pair for pair in owners[91]
           if pair[0] != pair[1] or len(pair[0]) > 1], [],
          'SourceIP: all that a client has goes to one member')
    t.is_({owner for pair in owners[91] for owner in pair[0]}, {1, 2, 3},
          'which is another one for another client')
    t.is_([pair for pair in owners[92]
           if len(pair[0]) > 1 or len(pair[1]) > 1], [],
          'SourceIPProtocol: one member for each protocol')
    t.ok(any(pair[0] != pair[1] for pair in owners[92]),
         'which are not always the same')
    text = node.appctl('slb/lookup', '0', 'udp', '198.51.100.10', '40000',
                       VIP, '91')
    t.is_({int(re.search(r'owner (\d+)', text).group(1))}, owners[91][0][1],
          'slb/lookup knows it')


def test_others(t, node):
    node.receive(bytes(Ether(src=ROUTER, dst=MUX)
                       / IPv6(src='2001:db8:1::10', dst=VIP6)
                       / TCP(sport=40000, dport=80)))
    p = Ether(node.sent()[0])
    t.is_((p[IPv6].dst, p[VXLAN].vni), (VIP6, 100), 'IPv6')

    node.receive(bytes(Ether(src=ROUTER, dst=MUX)
                       / IP(src='198.51.100.10', dst=VIP)
                       / UDP(sport=40000, dport=53) / Raw(b'q')))
    inner = Ether(node.sent()[0])[VXLAN].payload
    t.is_((inner.dst, inner.src), ('0e:01:00:02:00:01', '0e:02:00:00:00:00'),
          'UDP to a pool that has just changed names both owners')

    frame = (Ether(src=ROUTER, dst=MUX)
             / IP(src='172.16.0.23', dst='172.16.0.100')
             / UDP(sport=50000, dport=4789, chksum=0) / VXLAN(vni=7, flags=8)
             / Ether() / IP(src='10.0.1.4', dst='10.0.2.100')
             / TCP(sport=40000, dport=8080))
    node.receive(bytes(frame))
    p = Ether(node.sent()[0])
    t.is_((p[IP].src, p[VXLAN].vni, p[VXLAN].payload.payload.dst),
          ('172.16.0.11', 100, '10.0.2.100'),
          'from the anycast VTEP to a VIP of the network')

    # A packet-out comes from the main thread.
    before = node.stats()['forwarded']
    node.ofctl('packet-out', 'br-mux', 'in_port=%d,packet=%s,actions=%d' % (
        muxdummy.UNDERLAY, bytes(tcp(41000)).hex(), muxdummy.SLB0))
    muxnode.wait_until('it is through',
                       lambda: node.stats()['forwarded'] == before + 1)
    t.is_(Ether(node.sent()[0])[TCP].sport, 41000, 'a packet-out')


def test_drops(t, node):
    before = node.stats()
    wrong = tcp(40000)
    wrong[IP].chksum = 1
    big = tcp(40000) / Raw(b'x' * 1440)
    node.receive(bytes(tcp(40000, dport=81)), bytes(wrong),
                 bytes(tcp(40000, frag=1)), bytes(big))
    after = node.stats()
    sent = [Ether(frame) for frame in node.sent()]
    t.is_([(p.dst, p[IP].src, p[IP].dst, p[ICMP].type, p[ICMP].code,
            p[ICMP].nexthopmtu) for p in sent],
          [(ROUTER, VIP, '198.51.100.10', 3, 4, 1450)],
          'what cannot be forwarded is dropped, the sender told if it has to '
          'send less')
    t.is_({key: after[key] - before[key] for key in after
           if after[key] != before[key]},
          {'drop_no_endpoint': 1, 'drop_checksum': 1, 'drop_bad_length': 1,
           'drop_too_big': 1, 'icmp_sent': 1}, 'and counted by reason')

    def port(*keys):
        text = node.vsctl('get', 'interface', 'slb0', 'statistics')
        return [int(re.search(r'\b%s=(\d+)' % key, text).group(1))
                for key in keys]
    wanted = [after['forwarded'], after['forwarded_bytes'],
              sum(v for k, v in after.items() if k.startswith('drop_')), 0]
    keys = 'tx_packets', 'tx_bytes', 'tx_dropped', 'rx_packets'
    muxnode.wait_until('the statistics are in the database',
                       lambda: port(*keys) == wanted, 15)
    t.ok(True, 'the statistics of the port agree')


def test_fragments(t, node):
    """A datagram of 4 KB, in any order."""
    whole = (IP(src='198.51.100.10', dst=VIP, id=7)
             / UDP(sport=40000, dport=53) / Raw(b'x' * 4000))
    def frames(n):
        whole[IP].id = n
        return [bytes(Ether(src=ROUTER, dst=MUX) / p)
                for p in fragment(whole, 1400)]
    orders = [0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]
    for n, order in enumerate(orders):
        before = node.stats()
        pieces = frames(100 + n)
        # Those that wait are counted as nothing else before they go.
        node.put(*(pieces[i] for i in order))
        muxnode.wait_until('all are through', lambda: (
            node.stats()['fragments'] == before['fragments'] + 3))
        sent = [Ether(frame) for frame in node.sent()]
        t.is_({(p[IP].dst, str(p[VXLAN].payload.dst),
                str(p[VXLAN].payload.src)) for p in sent},
              {('172.16.0.22', '0e:04:00:02:00:35', '0e:01:00:00:00:00')},
              'fragments in the order %s go to one member, which is told the '
              'port' % order)
        t.is_(sorted(bytes(p[VXLAN].payload)[14:] for p in sent),
              sorted(muxnode.next_hop(frame[14:]) for frame in pieces),
              'unharmed')
    node.receive(*frames(200)[:2])
    node.sent()
    for n in range(201, 211):
        before, start = node.stats(), time.monotonic()
        node.put(frames(n)[1])
        waiting = node.stats()['fragments_waiting']
        looked = time.monotonic()
        muxnode.wait_until('it waits in vain', lambda: (
            node.stats()['drop_fragment'] == before['drop_fragment'] + 1))
        # It waits for a second.
        if looked - start < .8:
            break
    t.is_(waiting, 1, 'one waits for the first')
    stats = node.stats()
    t.is_((stats['fragments_waiting'],
           stats['fragment_timeouts'] - before['fragment_timeouts'],
           node.sent()), (0, 1, []), 'and is dropped then')


def test_figures(t, node):
    """What is told about VIPs, endpoints and members."""
    client = muxnode.MuxClient(node)
    client.hello()
    def vip():
        return client.call('get', {'vip': VIP})
    def members():
        return client.call('get', {'pool': 100})['members']
    def http(answer):
        return [e for e in answer['endpoints'] if e['port'] == 80][0]
    before, before_members = vip(), members()
    frames = ([bytes(tcp(port)) for port in range(43000, 43030)]
              + [bytes(tcp(43000, dport=81))] * 2)
    wrong = tcp(43000)
    wrong[IP].chksum = 1
    node.receive(*frames, bytes(wrong))
    node.sent()
    after, after_members = vip(), members()
    size = len(frames[0])

    def grown(new, old):
        return [new[key] - old[key] for key in ('packets', 'bytes', 'syns')]
    t.is_(grown(http(after), http(before)), [30, 30 * size, 30],
          'figures of the endpoint')
    t.is_(grown(after, before), [30, 30 * size, 30], 'of the VIP')
    t.is_([sum(column) for column in zip(*[
        grown(new, old) for new, old in zip(after_members, before_members)])],
        [30, 30 * size, 30], 'of the members')
    t.is_([(m['index'], m['vtep'], m['weight']) for m in after_members],
          [(1, '172.16.0.21', 1), (2, '172.16.0.22', 1),
           (3, '172.16.0.23', 1)], 'whose places are told')
    t.is_({key: value - before['drops'].get(key, 0)
           for key, value in after['drops'].items()
           if value != before['drops'].get(key, 0)},
          {'drop_no_endpoint': 2, 'drop_checksum': 1},
          'drops of the VIP by reason')
    vips = client.call('get', 'vips')
    t.is_(sorted((v['network'], v['address']) for v in vips),
          [(0, VIP), (0, VIP6), (7, '10.0.2.100')], 'all VIPs')
    t.is_([v['packets'] for v in vips if v['address'] == VIP],
          [after['packets']], 'have the same figures')

    # Figures survive what an agent does when it starts again.
    client.transact(None, 1, TABLES)
    t.is_((http(vip())['packets'], [m['packets'] for m in members()]),
          (http(after)['packets'], [m['packets'] for m in after_members]),
          'figures stay when all is replaced by the same')
    client.transact(1, 1, [{'op': 'endpoint-del', 'network': 0, 'address': VIP,
                            'protocol': 6, 'port': 80}])
    client.transact(1, 1, [endpoint(0, VIP, 6, 80, 100, 'http')])
    now = vip()
    t.is_(http(now)['packets'], 0, 'and start again with a new object')
    t.is_(grown(now, after), [0, 0, 0],
          'those of the VIP have all that its endpoints ever had')
    for what in ({'vip': '1.2.3.4'}, {'pool': 999}, {'vip': VIP, 'pool': 100},
                 {'network': 7}, {'vip': VIP, 'network': 1 << 32}, {'x': 1},
                 'nothing', 5):
        try:
            client.call('get', what)
            t.ok(False, 'get %r is refused' % (what,))
        except muxnode.Refused:
            t.ok(True, 'get %r is refused' % (what,))
    client.close()

    text = node.appctl('slb/vip', VIP)
    t.ok(re.search(r'^20.50.60.10, answers echo: \d+ packets, .*'
                   r'drop_no_endpoint \d+', text)
         and re.search(r'20.50.60.10 udp 53 "lb/rules/dns" -> pool 101: '
                       r'\d+ packets', text), 'slb/vip', text)
    text = node.appctl('slb/members', '100')
    t.ok(re.search(r'member 3 at 172.16.0.23, weight 1: \d+ packets', text),
         'slb/members', text)


def test_restrictions(t, node):
    """Who may send to an endpoint, and what others are told."""
    def lookup(source, port):
        return node.appctl('slb/lookup', '0', 'tcp', source, '40000', VIP,
                           str(port))
    for source, port, reaches in (('198.51.100.255', 84, True),
                                  ('198.51.101.0', 84, False),
                                  ('203.0.113.7', 84, True),
                                  ('203.0.113.8', 84, False),
                                  ('198.51.100.10', 85, False)):
        frame = tcp(40000, dport=port)
        frame[IP].src = source
        node.receive(bytes(frame))
        text = lookup(source, port)
        t.ok(len(node.sent()) == reaches == ('to host' in text)
             and ("outside of the rule's ranges: dropped" in text)
             != reaches, 'slb/lookup from %s to port %d' % (source, port),
             text)
    t.is_([node.appctl('slb/lookup', '0', 'tcp', source, '40000', dst,
                       '99').strip()
           for source, dst in (('198.51.100.10', VIP),
                               ('2001:db8:1::10', VIP6))],
          ['no endpoint: dropped', 'no endpoint: rejected'],
          'slb/lookup knows which VIP rejects')
    text = node.appctl('slb/show', VIP)
    t.ok(re.search(r'"lb/rules/near" -> pool 100, Default, idle 240 s, '
                   r'rejects\n    only from 198.51.100.0-198.51.100.255, '
                   r'203.0.113.7\n', text)
         and re.search(r'"lb/rules/nobody" -> .* idle 240 s\n'
                       r'    only from nowhere\n', text)
         and re.search(r'"lb/rules/http" -> .* idle 240 s\n'
                       r'    generation', text), 'slb/show tells', text)


def test_trace(t, node):
    before = node.stats()
    def trace(*what):
        return node.appctl('slb/trace', *what)
    text = trace('0', 'tcp', '198.51.100.10', '40000', VIP, '80')
    owner, (vtep, vni) = owner_by_lookup(node, 40000)
    t.ok('endpoint 20.50.60.10 tcp 80 "lb/rules/http", pool 100' in text
         and 'owner %d, hop 0' % owner in text
         and 'to host %s, VNI %s' % (vtep, vni) in text
         and 'forwarded: ' in text, 'slb/trace of a flow', text)
    text = trace(bytes(tcp(40000, dport=81)).hex())
    t.ok('drop_no_endpoint: no rule' in text, 'of a packet', text)
    big = bytes(tcp(40000) / Raw(b'x' * 1440)).hex()
    text = trace(big)
    t.ok('drop_too_big' in text and 'icmp_type=3,icmp_code=4' in text,
         'of one that is too big', text)
    text = trace('7', 'tcp', '10.0.1.4', '40000', '10.0.2.100', '8080')
    t.ok('tunnelled, network 7' in text and '"lb/rules/internal"' in text,
         'of one from a network', text)
    text = trace(bytes(tcp(40000, dst='172.16.0.11')).hex())
    t.ok('node: ' in text, "of the node's own", text)
    inner = (IP(src=VIP, dst='198.51.100.10')
             / TCP(sport=80, dport=40000))
    text = trace(bytes(Ether(src=ROUTER, dst=MUX) / IP(src='192.0.2.1',
                                                        dst=VIP)
                       / ICMP(type=3, code=4) / inner).hex())
    t.ok('error about flow 198.51.100.10 -> 20.50.60.10 protocol 6 ports '
         '40000 -> 80' in text and 'owner %d' % owner in text,
         'of an ICMP error', text)
    for bad in ('xyz',), ('0', 'tcp', 'a', '1', 'b', '2'):
        try:
            trace(*bad)
            t.ok(False, 'nonsense is refused')
        except muxnode.Error as error:
            t.ok('neither' in str(error), 'nonsense is refused')
    after = node.stats()
    t.is_((after, node.sent()), (before, []), 'and nothing has happened')


def test_node(t, node):
    """What is for no VIP comes out of slb0 again."""
    def passed():
        return int(re.search(r'n_packets=(\d+)', node.ofctl(
            'dump-flows', 'br-mux', 'in_port=%d' % muxdummy.SLB0)).group(1))
    def comes_out(frame):
        before = passed()
        node.receive(frame)
        muxnode.wait_until('it comes out of slb0',
                           lambda: passed() == before + 1)
        return True
    frame = tcp(40000)
    frame[IP].dst = '172.16.0.11'
    del frame[IP].chksum
    node.ofctl('add-flow', 'br-mux',
               'in_port=%d,actions=LOCAL' % muxdummy.SLB0)
    t.ok(comes_out(bytes(frame)), 'the node gets what is for no VIP')
    arp = bytes(Ether(src='02:00:00:00:00:09') / ARP(pdst='172.16.0.11'))
    t.ok(comes_out(arp), 'and what is no IP')
    t.is_(node.sent(), [], 'and nothing else happens to it')


def forwards(node):
    """Does a packet come through?"""
    node.receive(bytes(tcp(42000)))
    return len(node.sent()) == 1


def test_ports(t, node):
    node.vsctl('del-port', 'up0')
    node.wait_ready('missing')
    t.is_(node.vsctl('get', 'interface', 'slb0', 'link_state').strip(),
          'down', 'without underlay the link is down')
    node.ofctl('packet-out', 'br-mux', 'in_port=LOCAL,packet=%s,actions=%d' % (
        bytes(tcp(42000)).hex(), muxdummy.SLB0))
    muxnode.wait_until('it is dropped',
                       lambda: node.stats()['drop_no_underlay'] == 1)
    node.add_underlay()
    node.wait_ready()
    t.ok(forwards(node), 'the underlay is deleted and added again')

    for _ in range(5):
        node.vsctl('del-port', 'up0', '--', 'add-port', 'br-mux', 'up0',
                   '--', 'set', 'interface', 'up0', 'type=dummy',
                   'ofport_request=%d' % muxdummy.UNDERLAY,
                   'options:tx_pcap=' + node.path('tx.pcap'))
        node.wait_ready()
    t.ok(forwards(node), 'in one transaction')

    node.vsctl('set', 'interface', 'up0', 'mtu_request=1600')
    muxnode.wait_until('the MTU is noticed',
                       lambda: node.status('underlay-mtu') == '1600')
    muxnode.wait_until('LOCAL follows it, as if slb0 was not there',
                       lambda: node.vsctl('get', 'interface', 'br-mux',
                                          'mtu').strip() == '1600')
    t.ok(True, 'the MTU of LOCAL is that of the underlay')
    node.receive(bytes(tcp(42000) / Raw(b'x' * 1440)))
    t.is_(len(node.sent()), 1, 'its MTU is changed, larger packets fit')

    # The smallest MTU on the way to hosts may be less than the port's.
    for option, mtu in ('1400', 1400), ('9000', 1600), ('1329', 1329):
        node.vsctl('set', 'interface', 'slb0', 'options:underlay-mtu=' + option)
        muxnode.wait_until('the option is in force', lambda: (
            node.status('underlay-mtu') == str(mtu)))
        node.receive(bytes(tcp(42000) / Raw(b'x' * (mtu - 98))),
                     bytes(tcp(42000) / Raw(b'x' * (mtu - 99))))
        sent = [Ether(frame) for frame in node.sent()]
        t.is_(sorted(p[ICMP].nexthopmtu if ICMP in p else len(p) - 14
                     for p in sent), [mtu - 50, mtu],
              'options:underlay-mtu=%s' % option)
    with open(node.path('vswitchd.log')) as log:
        t.ok('below 1330' in log.read(),
             'an underlay that is too narrow for IPv6 is complained of')
    node.vsctl('remove', 'interface', 'slb0', 'options', 'underlay-mtu')
    muxnode.wait_until('the option is gone', lambda: (
        node.status('underlay-mtu') == '1600'))

    generation = node.stats()['generation']
    node.vsctl('del-port', 'slb0', '--', 'add-port', 'br-mux', 'slb0', '--',
               'set', 'interface', 'slb0', 'type=slbmux',
               'options:underlay=up0', 'ofport_request=%d' % muxdummy.SLB0)
    node.wait_ready()
    t.is_(node.stats()['generation'], generation,
          'slb0 itself is deleted and added in one: the tables stay')
    t.ok(forwards(node), 'and it forwards')

    node.vsctl('del-port', 'slb0', '--', 'del-port', 'up0', '--',
               'add-port', 'br-mux', 'up0', '--', 'set', 'interface', 'up0',
               'type=dummy', 'ofport_request=%d' % muxdummy.UNDERLAY,
               'options:tx_pcap=' + node.path('tx.pcap'), '--',
               'add-port', 'br-mux', 'slb0', '--', 'set', 'interface', 'slb0',
               'type=slbmux', 'options:underlay=up0',
               'ofport_request=%d' % muxdummy.SLB0)
    node.wait_ready()
    t.ok(forwards(node), 'both are deleted and added in one')

    node.vsctl('set', 'interface', 'slb0', 'options:underlay=other')
    node.wait_ready('missing')
    node.vsctl('set', 'interface', 'slb0', 'options:underlay=up0')
    node.wait_ready()
    t.ok(forwards(node), 'another underlay is named, and the old one again')

    for options, words in ((['options:underlay=slb1'], 'another port'),
                           (['options:underlay=""'], 'must name'),
                           (['options:underlay=up0',
                             'options:underlay-mtu=575'], 'underlay-mtu'),
                           (['options:underlay=up0',
                             'options:underlay-mtu=65536'], 'underlay-mtu'),
                           (['options:underlay=up0',
                             'options:underlay-mtu=1k'], 'underlay-mtu')):
        node.run('ovs-vsctl', '--no-wait', 'add-port', 'br-mux', 'slb1', '--',
                 'set', 'interface', 'slb1', 'type=slbmux', *options)
        muxnode.wait_until('the error is told', lambda: words in node.vsctl(
            'get', 'interface', 'slb1', 'error'))
        node.vsctl('del-port', 'slb1')
    t.ok(True, 'a port that is configured wrong says so')


def test_tx_steering(t, node):
    # There is nothing to steer without a PMD thread.
    node.vsctl('add-port', 'br-mux', 'pmd0', '--', 'set', 'interface', 'pmd0',
               'type=dummy-pmd')
    t.ok(forwards(node), 'with a PMD thread')
    node.vsctl('set', 'interface', 'slb0', 'other_config:tx-steering=hash')
    muxnode.wait_until('packets are dropped', lambda: not forwards(node))
    t.ok(node.stats()['drop_tx_steering'] > 0,
         'tx-steering=hash is not supported: dropped and counted')
    node.vsctl('remove', 'interface', 'slb0', 'other_config', 'tx-steering')
    muxnode.wait_until('packets are forwarded', lambda: forwards(node))
    node.vsctl('del-port', 'pmd0')
    t.ok(forwards(node), 'without it they are forwarded again')


def test_forgetting(t, node):
    def hello():
        client = muxnode.MuxClient(node)
        answer = client.hello()
        client.close()
        return answer
    instance = hello()['instance']
    node.vsctl('del-port', 'slb0')
    muxnode.wait_until('the socket goes', lambda: not os.path.exists(
        node.path('slb-mux.sock')))
    node.add_slb0()
    answer = hello()
    t.is_(answer['generation'], 0, 'without a port the tables are forgotten')
    t.ok(answer['instance'] != instance, 'it is another instance then')
    node.wait_ready()
    before = node.stats()['node']
    node.receive(bytes(tcp(40000)))
    t.is_((node.sent(), node.stats()['node'] - before), ([], 1),
          'without tables everything is the node\'s')


class TsoNode(muxdummy.DummyNode):
    def _start(self):
        self._start_daemons()
        self.vsctl('add-br', 'br-mux', '--', 'set', 'bridge', 'br-mux',
                   'datapath_type=dummy', 'fail_mode=secure')
        self.add_underlay()
        self.add_slb0()


def test_tso(t):
    with TsoNode(userspace_tso_enable='true') as node:
        muxnode.wait_until('slb0 is refused', lambda: node.vsctl(
            'get', 'interface', 'slb0', 'ofport').strip() == '-1')
        error = node.vsctl('get', 'interface', 'slb0', 'error')
        t.ok('userspace-tso-enable' in error, 'the port is refused with TSO',
             error)


def main():
    muxnode.end_on_signals()
    t = tap.Tap()
    with muxdummy.DummyNode() as node:
        client = muxnode.MuxClient(node)
        client.hello()
        client.transact(None, 1, TABLES)
        test_forwarding(t, node)
        test_distribution(t, node)
        test_others(t, node)
        test_drops(t, node)
        test_fragments(t, node)
        test_figures(t, node)
        test_restrictions(t, node)
        test_trace(t, node)
        test_node(t, node)
        test_ports(t, node)
        test_tx_steering(t, node)
        test_forgetting(t, node)
        node.appctl('exit', '--cleanup')
        t.is_(node.vswitchd.wait(20), 0, 'slb-vswitchd ends well')
        t.is_([line for line in node.complaints().splitlines()
               if 'tx-steering' not in line], [],
              'and complained of nothing else')
    test_tso(t)
    t.done()


if __name__ == '__main__':
    main()

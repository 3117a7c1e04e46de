/* Copyright (c) 2026 the ovs-slb authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at:
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License. */

#include <config.h>

#include "ovs-ext/mux-forward.h"

#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "lib/slb-hash.h"
#include "lib/steering.h"
#include "odp-util.h"
#include "ovs-ext/mux-fragment.h"
#include "ovs-ext/mux-store.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "packets.h"
#include "random.h"
#include "tests/unit/mux-unit.h"
#include "tests/unit/unit.h"
#include "timeval.h"
#include "unaligned.h"
#include "util.h"

#define MTU 1500

/* VIPs 20.50.60.10 and 2001:db8:20::10 with TCP 80 on pool 100 (one member,
 * with index 0x0102), UDP 53 on pool 101 (in the midst of changes,
 * "SourceIP"). In network 7: 10.1.1.1 with TCP 80 on pool 102.  Pool 103 has a
 * member on a host that cannot be reached, 104 has none.  Ports 90 to 92 of
 * 20.50.60.10 are on pool 105, with many members, one for each distribution,
 * each with TCP and UDP.  Its ports from 1024 on are for SNAT, and of these
 * 1024 to 1031 are a VM's on .21, 1032 to 1039 one's on .22; likewise of the
 * IPv6 address.
 *
 * VIP 20.50.60.21 answers no echo, but rejects what it does not take, as does
 * 20.50.60.32, which answers;
 * 20.50.60.22 and 2001:db8:20::12 take everything, but for port 80, to
 * pool 102; of the former, too, there are endpoints that not everybody may
 * send to. */
static const char tables[] =
    "[{'op': 'global', 'key': '000102030405060708090a0b0c0d0e0f',"
    "  'vtep': '172.16.0.11', 'anycast': '172.16.0.100',"
    "  'vteps': ['172.16.0.0/24']},"
    " {'op': 'nexthop', 'vtep': '172.16.0.21',"
    "  'src_mac': '02:00:00:00:00:0b', 'dst_mac': '02:00:00:00:00:15'},"
    " {'op': 'nexthop', 'vtep': '172.16.0.22',"
    "  'src_mac': '02:00:00:00:00:0b', 'dst_mac': '02:00:00:00:00:16'},"
    " {'op': 'pool', 'tunnel_key': 100, 'network': 1, 'slots': 8,"
    "  'members': [[258, '172.16.0.21']], 'generations': ["
    "   {'number': 1, 'state': 'current', 'age': 99999, 'weights':"
    "    [[258, 1]]}]},"
    " {'op': 'pool', 'tunnel_key': 101, 'network': 1, 'slots': 8,"
    "  'members': [[1, '172.16.0.21'], [2, '172.16.0.22'],"
    "   [3, '172.16.0.21'], [4, '172.16.0.22']], 'generations': ["
    "   {'number': 4, 'state': 'coming', 'weights': [[4, 1]]},"
    "   {'number': 3, 'state': 'current', 'age': 1000, 'weights': [[3, 1]]},"
    "   {'number': 2, 'state': 'previous', 'age': 5000, 'weights': [[2, 1]]},"
    "   {'number': 1, 'state': 'previous', 'age': 9000, 'weights':"
    "    [[1, 1]]}]},"
    " {'op': 'pool', 'tunnel_key': 102, 'network': 7, 'slots': 8,"
    "  'members': [[9, '172.16.0.22']], 'generations': ["
    "   {'number': 1, 'state': 'current', 'age': 99999, 'weights':"
    "    [[9, 1]]}]},"
    " {'op': 'pool', 'tunnel_key': 103, 'network': 1, 'slots': 8,"
    "  'members': [[1, '172.16.0.99']], 'generations': ["
    "   {'number': 1, 'state': 'current', 'age': 99999, 'weights':"
    "    [[1, 1]]}]},"
    " {'op': 'pool', 'tunnel_key': 104, 'network': 1, 'slots': 8,"
    "  'members': [], 'generations': ["
    "   {'number': 1, 'state': 'current', 'age': 99999, 'weights': []}]},"
    " {'op': 'pool', 'tunnel_key': 105, 'network': 1, 'slots': 12,"
    "  'members': [[1, '172.16.0.21'], [2, '172.16.0.21'],"
    "   [3, '172.16.0.21'], [4, '172.16.0.21'], [5, '172.16.0.21'],"
    "   [6, '172.16.0.21'], [7, '172.16.0.21'], [8, '172.16.0.21']],"
    "  'generations': ["
    "   {'number': 1, 'state': 'current', 'age': 99999, 'weights':"
    "    [[1, 1], [2, 1], [3, 1], [4, 1], [5, 1], [6, 1], [7, 1],"
    "     [8, 1]]}]},"
    " {'op': 'pool', 'tunnel_key': 106, 'network': 1, 'slots': 8,"
    "  'members': [[1, '172.16.0.21'], [2, '172.16.0.22']],"
    "  'generations': ["
    "   {'number': 4, 'state': 'current', 'age': 1000, 'weights': []},"
    "   {'number': 3, 'state': 'previous', 'age': 2000, 'weights': []},"
    "   {'number': 2, 'state': 'previous', 'age': 9000, 'weights': [[2, 1]]},"
    "   {'number': 1, 'state': 'previous', 'age': 99999, 'weights':"
    "    [[1, 1]]}]},"
    " {'op': 'vip', 'network': 0, 'address': '20.50.60.10', 'snat': true},"
    " {'op': 'vip', 'network': 0, 'address': '2001:db8:20::10',"
    "  'snat': true},"
    " {'op': 'snat', 'address': '20.50.60.10', 'blocks': ["
    "  [128, 1, '172.16.0.21', 7, 258], [129, 1, '172.16.0.22', 7, 3]]},"
    " {'op': 'snat', 'address': '2001:db8:20::10', 'blocks': ["
    "  [8191, 1, '172.16.0.22', 16777215, 65535]]},"
    " {'op': 'vip', 'network': 7, 'address': '10.1.1.1'},"
    " {'op': 'endpoint', 'network': 0, 'address': '20.50.60.10',"
    "  'protocol': 6, 'port': 80, 'pool': 100, 'distribution': 'Default',"
    "  'idle': 240, 'name': 'http'},"
    " {'op': 'endpoint', 'network': 0, 'address': '2001:db8:20::10',"
    "  'protocol': 6, 'port': 80, 'pool': 100, 'distribution': 'Default',"
    "  'idle': 240, 'name': 'http6'},"
    " {'op': 'endpoint', 'network': 0, 'address': '20.50.60.10',"
    "  'protocol': 17, 'port': 53, 'pool': 101, 'distribution': 'SourceIP',"
    "  'idle': 60, 'name': 'dns'},"
    " {'op': 'endpoint', 'network': 7, 'address': '10.1.1.1',"
    "  'protocol': 6, 'port': 80, 'pool': 102, 'distribution': 'Default',"
    "  'idle': 240, 'name': 'internal'},"
    " {'op': 'endpoint', 'network': 0, 'address': '20.50.60.10',"
    "  'protocol': 6, 'port': 81, 'pool': 103, 'distribution': 'Default',"
    "  'idle': 240, 'name': 'unreachable'},"
    " {'op': 'endpoint', 'network': 0, 'address': '20.50.60.10',"
    "  'protocol': 6, 'port': 82, 'pool': 104, 'distribution': 'Default',"
    "  'idle': 240, 'name': 'empty'},"
    " {'op': 'endpoint', 'network': 0, 'address': '20.50.60.10',"
    "  'protocol': 6, 'port': 1086, 'pool': 106, 'distribution': 'Default',"
    "  'idle': 240, 'name': 'drained'},"
    " {'op': 'endpoint', 'network': 0, 'address': '20.50.60.10',"
    "  'protocol': 17, 'port': 1086, 'pool': 106, 'distribution': 'Default',"
    "  'idle': 240, 'name': 'drained'},"
    " {'op': 'vip', 'network': 0, 'address': '20.50.60.21',"
    "  'echo': false, 'reject': true},"
    " {'op': 'endpoint', 'network': 0, 'address': '20.50.60.21',"
    "  'protocol': 6, 'port': 80, 'pool': 104, 'distribution': 'Default',"
    "  'idle': 240, 'name': 'empty and says so', 'reject': true},"
    " {'op': 'vip', 'network': 0, 'address': '20.50.60.32',"
    "  'reject': true},"
    " {'op': 'vip', 'network': 0, 'address': '20.50.60.22', 'echo': false},"
    " {'op': 'endpoint', 'network': 0, 'address': '20.50.60.22',"
    "  'protocol': 0, 'port': 0, 'pool': 102, 'distribution': 'Default',"
    "  'idle': 240, 'name': 'all'},"
    " {'op': 'endpoint', 'network': 0, 'address': '20.50.60.22',"
    "  'protocol': 6, 'port': 80, 'pool': 100, 'distribution': 'Default',"
    "  'idle': 240, 'name': 'but this'},"
    " {'op': 'vip', 'network': 0, 'address': '2001:db8:20::12'},"
    " {'op': 'endpoint', 'network': 0, 'address': '2001:db8:20::12',"
    "  'protocol': 0, 'port': 0, 'pool': 102, 'distribution': 'Default',"
    "  'idle': 240, 'name': 'all6', 'source_ranges': ['2001:db8:1::/48']},"
    " {'op': 'endpoint', 'network': 0, 'address': '20.50.60.10',"
    "  'protocol': 6, 'port': 84, 'pool': 100, 'distribution': 'Default',"
    "  'idle': 240, 'name': 'near', 'source_ranges':"
    "   ['203.0.113.0/24', '198.51.100.0/24', '198.51.0.0/16']},"
    " {'op': 'endpoint', 'network': 0, 'address': '20.50.60.10',"
    "  'protocol': 6, 'port': 85, 'pool': 100, 'distribution': 'Default',"
    "  'idle': 240, 'name': 'far', 'source_ranges':"
    "   ['198.51.99.0/24', '198.51.101.0/24', '::/0']},"
#define ENDPOINT_90(PROTOCOL, PORT, DISTRIBUTION) \
    " {'op': 'endpoint', 'network': 0, 'address': '20.50.60.10'," \
    "  'protocol': " #PROTOCOL ", 'port': " #PORT ", 'pool': 105," \
    "  'distribution': '" DISTRIBUTION "', 'idle': 240, 'name': 'x'}"
    ENDPOINT_90(6, 90, "Default") ","
    ENDPOINT_90(17, 90, "Default") ","
    ENDPOINT_90(6, 91, "SourceIP") ","
    ENDPOINT_90(17, 91, "SourceIP") ","
    ENDPOINT_90(6, 92, "SourceIPProtocol") ","
    ENDPOINT_90(17, 92, "SourceIPProtocol")
    "]";

static struct mux_store *store;
static struct mux_fragments *fragments;
static struct mux_thread *thread;
static struct mux_counters counters;

static const struct mux_table *
get_table(void)
{
    if (!store) {
        store = mux_store_create();
        mux_unit_load(store, true, 1, "%s", tables);
    }
    return mux_store_get_table(store);
}

/* Returns a thread that has not yet answered anything. */
static struct mux_thread *
get_thread(void)
{
    if (!thread) {
        fragments = mux_fragments_create();
        thread = mux_thread_create(fragments);
    }
    for (int i = 0; i < MUX_N_LIMITS; i++) {
        thread->limits[i].tokens = MUX_LIMIT_BURST;
    }
    for (int i = 0; i < MUX_N_ANSWER_LIMITS; i++) {
        for (int j = 0; j < MUX_N_VIP_LIMITS; j++) {
            thread->vip_limits[i][j].limit.tokens = MUX_LIMIT_BURST;
        }
    }
    return thread;
}

/* Packets. */

static const struct eth_addr router_mac
    = ETH_ADDR_C(02, 00, 00, 00, 00, 01);
static const struct eth_addr mux_mac = ETH_ADDR_C(02, 00, 00, 00, 00, 0b);

static struct dp_packet *
new_packet(size_t headroom)
{
    struct dp_packet *p = dp_packet_new_with_headroom(2048, headroom);

    random_set_seed(3);
    return p;
}

/* Returns 'p' with other headroom, which may be odd, and destroys 'p'. */
static struct dp_packet *
move_packet(struct dp_packet *p, size_t headroom)
{
    struct dp_packet *moved = dp_packet_clone_data_with_headroom(
        dp_packet_data(p), dp_packet_size(p), headroom);

    dp_packet_delete(p);
    return moved;
}

static void
put_eth(struct dp_packet *p, uint16_t type)
{
    struct eth_header *eth = dp_packet_put_zeros(p, sizeof *eth);

    eth->eth_src = router_mac;
    eth->eth_dst = mux_mac;
    eth->eth_type = htons(type);
}

static void
put_ip(struct dp_packet *p, const char *src, const char *dst, uint8_t proto,
       size_t payload)
{
    struct ip_header *ip = dp_packet_put_zeros(p, sizeof *ip);

    ip->ip_ihl_ver = IP_IHL_VER(5, 4);
    ip->ip_tot_len = htons(IP_HEADER_LEN + payload);
    ip->ip_id = htons(0x1234);
    ip->ip_ttl = 57;
    ip->ip_proto = proto;
    put_16aligned_be32(&ip->ip_src, inet_addr(src));
    put_16aligned_be32(&ip->ip_dst, inet_addr(dst));
    ip->ip_csum = csum(ip, sizeof *ip);
}

static void
put_ip6(struct dp_packet *p, const char *src, const char *dst, uint8_t next,
        size_t payload)
{
    struct ovs_16aligned_ip6_hdr *ip6 = dp_packet_put_zeros(p, sizeof *ip6);
    struct in6_addr address;

    put_16aligned_be32(&ip6->ip6_flow, htonl(0x60000000));
    ip6->ip6_plen = htons(payload);
    ip6->ip6_nxt = next;
    ip6->ip6_hlim = 57;
    CU_ASSERT_FATAL(ipv6_parse(src, &address));
    memcpy(&ip6->ip6_src, &address, sizeof address);
    CU_ASSERT_FATAL(ipv6_parse(dst, &address));
    memcpy(&ip6->ip6_dst, &address, sizeof address);
}

/* Puts a transport header, all that matters of which are the ports, and
 * 'payload' octets behind it. */
static void
put_l4(struct dp_packet *p, uint8_t proto, uint16_t sport, uint16_t dport,
       size_t payload)
{
    size_t len = proto == IPPROTO_TCP ? TCP_HEADER_LEN : UDP_HEADER_LEN;
    uint8_t *l4 = dp_packet_put_zeros(p, len);

    put_unaligned_be16((ovs_be16 *) (void *) l4, htons(sport));
    put_unaligned_be16((ovs_be16 *) (void *) (l4 + 2), htons(dport));
    if (proto == IPPROTO_TCP) {
        l4[12] = 0x50;
        l4[13] = TCP_ACK;
    } else {
        put_unaligned_be16((ovs_be16 *) (void *) (l4 + 4),
                           htons(len + payload));
    }
    for (size_t i = 0; i < payload; i++) {
        uint8_t octet = random_uint32();
        dp_packet_put(p, &octet, 1);
    }
}

static struct dp_packet *
tcp_packet(size_t headroom, uint16_t sport, uint16_t dport, size_t payload)
{
    struct dp_packet *p = new_packet(headroom);

    put_eth(p, ETH_TYPE_IP);
    put_ip(p, "198.51.100.10", "20.50.60.10", IPPROTO_TCP,
           TCP_HEADER_LEN + payload);
    put_l4(p, IPPROTO_TCP, sport, dport, payload);
    return p;
}

static struct dp_packet *
udp_packet(uint16_t sport, uint16_t dport, size_t payload)
{
    struct dp_packet *p = new_packet(128);

    put_eth(p, ETH_TYPE_IP);
    put_ip(p, "198.51.100.10", "20.50.60.10", IPPROTO_UDP,
           UDP_HEADER_LEN + payload);
    put_l4(p, IPPROTO_UDP, sport, dport, payload);
    return p;
}

static struct dp_packet *
tcp6_packet(size_t headroom, uint16_t sport, uint16_t dport, size_t payload)
{
    struct dp_packet *p = new_packet(headroom);

    put_eth(p, ETH_TYPE_IPV6);
    put_ip6(p, "2001:db8:1::10", "2001:db8:20::10", IPPROTO_TCP,
            TCP_HEADER_LEN + payload);
    put_l4(p, IPPROTO_TCP, sport, dport, payload);
    return p;
}

/* Puts 'inner', an Ethernet frame, into VXLAN to the anycast VTEP. */
static struct dp_packet *
tunnel_packet(const struct dp_packet *inner, uint32_t vni)
{
    struct dp_packet *p = new_packet(128);
    size_t len = dp_packet_size(inner);
    uint8_t vxlan[8] = { 0x08, 0, 0, 0, vni >> 16, vni >> 8, vni, 0 };

    put_eth(p, ETH_TYPE_IP);
    put_ip(p, "172.16.0.21", "172.16.0.100", IPPROTO_UDP,
           UDP_HEADER_LEN + sizeof vxlan + len);
    put_l4(p, IPPROTO_UDP, 54321, 4789, 0);
    ((uint8_t *) dp_packet_tail(p))[-4] = (8 + 8 + len) >> 8;
    ((uint8_t *) dp_packet_tail(p))[-3] = 8 + 8 + len;
    dp_packet_put(p, vxlan, sizeof vxlan);
    dp_packet_put(p, dp_packet_data(inner), len);
    return p;
}

/* Forwards 'p' by 'table'.  Returns what comes out, or null if it was
 * dropped. */
static struct dp_packet *
forward_by(const struct mux_table *table, struct dp_packet *p, uint32_t mtu)
{
    struct dp_packet_batch batch, node;

    memset(&counters, 0, sizeof counters);
    dp_packet_batch_init_packet(&batch, p);
    dp_packet_batch_init(&node);
    mux_forward(table, get_thread(), &batch, &node, mtu, time_msec(),
                &counters);
    CU_ASSERT(dp_packet_batch_is_empty(&node));
    CU_ASSERT_FATAL(dp_packet_batch_size(&batch) <= 1);
    return dp_packet_batch_is_empty(&batch) ? NULL : batch.packets[0];
}

static struct dp_packet *
forward_mtu(struct dp_packet *p, uint32_t mtu)
{
    return forward_by(get_table(), p, mtu);
}

static struct dp_packet *
forward(struct dp_packet *p)
{
    return forward_mtu(p, MTU);
}

/* Forwards 'p', which must be dropped for 'reason' and counted as nothing
 * else. */
static void
assert_dropped(struct dp_packet *p, enum mux_counter reason)
{
    p = forward(p);
    CU_ASSERT_PTR_NULL(p);
    dp_packet_delete(p);
    for (int i = 0; i < MUX_N_COUNTERS; i++) {
        CU_ASSERT_EQUAL(counters.n[i], i == reason);
        if (counters.n[i] != (i == reason)) {
            printf("# expected %s, %s is %"PRIu64"\n",
                   mux_counter_name(reason), mux_counter_name(i),
                   counters.n[i]);
        }
    }
}

/* Forwards 'p', which must be left to the node as it is. */
static void
assert_for_node(struct dp_packet *p)
{
    struct dp_packet *original = dp_packet_clone(p);
    struct dp_packet_batch batch, node;

    memset(&counters, 0, sizeof counters);
    dp_packet_batch_init_packet(&batch, p);
    dp_packet_batch_init(&node);
    mux_forward(get_table(), get_thread(), &batch, &node, MTU, time_msec(),
                &counters);
    CU_ASSERT(dp_packet_batch_is_empty(&batch));
    CU_ASSERT_EQUAL_FATAL(dp_packet_batch_size(&node), 1);
    CU_ASSERT_PTR_EQUAL(node.packets[0], p);
    CU_ASSERT(dp_packet_equal(p, original));
    dp_packet_delete(p);
    dp_packet_delete(original);
    for (int i = 0; i < MUX_N_COUNTERS; i++) {
        CU_ASSERT_EQUAL(counters.n[i], 0);
    }
}

struct expectation {
    const char *vtep;
    uint8_t vtep_mac;           /* Its last octet. */
    uint32_t vni;
    uint64_t hash;              /* Of the flow. */
    struct steering steering;
    uint16_t eth_type;
};

/* Compares every octet of 'out' with what should come out of a packet with
 * the 'len' octets at 'ip' as IP packet. */
static void
assert_forwarded(struct dp_packet *out, const struct expectation *x,
                 const void *ip, size_t len)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);

    struct dp_packet *e = dp_packet_new(2048);
    struct eth_header *eth = dp_packet_put_zeros(e, sizeof *eth);
    eth->eth_src = mux_mac;
    eth->eth_dst = mux_mac;
    eth->eth_dst.ea[5] = x->vtep_mac;
    eth->eth_type = htons(ETH_TYPE_IP);

    struct ip_header *outer = dp_packet_put_zeros(e, sizeof *outer);
    outer->ip_ihl_ver = 0x45;
    outer->ip_tot_len = htons(len + 50);
    outer->ip_frag_off = htons(0x4000);
    outer->ip_ttl = 64;
    outer->ip_proto = 17;
    put_16aligned_be32(&outer->ip_src, inet_addr("172.16.0.11"));
    put_16aligned_be32(&outer->ip_dst, inet_addr(x->vtep));
    outer->ip_csum = csum(outer, sizeof *outer);

    uint16_t sport = 49152 + (x->hash >> 32) % 16384;
    uint8_t rest[] = {
        /* UDP. */
        sport >> 8, sport, 4789 >> 8, 4789 & 0xff,
        (len + 30) >> 8, (len + 30) & 0xff, 0, 0,
        /* VXLAN. */
        0x08, 0, 0, 0, x->vni >> 16, x->vni >> 8, x->vni, 0,
    };
    dp_packet_put(e, rest, sizeof rest);

    steering_put(&x->steering, dp_packet_put_zeros(e, STEERING_LEN));
    uint8_t type[] = { x->eth_type >> 8, x->eth_type };
    dp_packet_put(e, type, sizeof type);
    dp_packet_put(e, ip, len);

    CU_ASSERT_EQUAL(dp_packet_size(out), dp_packet_size(e));
    CU_ASSERT(dp_packet_equal(out, e));
    if (!dp_packet_equal(out, e)) {
        const uint8_t *a = dp_packet_data(out);
        const uint8_t *b = dp_packet_data(e);

        for (size_t i = 0; i < MIN(dp_packet_size(out), dp_packet_size(e));
             i++) {
            if (a[i] != b[i]) {
                printf("# octet %"PRIuSIZE" is %02x, not %02x\n", i, a[i],
                       b[i]);
            }
        }
    }
    dp_packet_delete(e);
    dp_packet_delete(out);
}

static uint64_t
hash4(enum slb_hash_kind kind, const char *src, const char *dst,
      uint8_t proto, uint16_t sport, uint16_t dport)
{
    return slb_hash_ipv4(&get_table()->hash_key, kind,
                         ntohl(inet_addr(src)), ntohl(inet_addr(dst)), proto,
                         sport, dport);
}

/* What becomes of packets of tcp_packet() with destination port 80. */
static struct expectation
tcp_expectation(uint16_t sport)
{
    return (struct expectation) {
        .vtep = "172.16.0.21", .vtep_mac = 0x15, .vni = 100,
        .hash = hash4(SLB_HASH_DEFAULT, "198.51.100.10", "20.50.60.10", 6,
                      sport, 80),
        .steering = { .owners = { 258 }, .n_owners = 1,
                      .flags = STEERING_SETTLED },
        .eth_type = ETH_TYPE_IP,
    };
}

/* Likewise, of udp_packet() with destination port 53: the pool is in the midst
 * of changes, the owner depends on addresses only, the tunnel's source port on
 * the flow. */
static struct expectation
udp_expectation(uint16_t sport)
{
    return (struct expectation) {
        .vtep = "172.16.0.21", .vtep_mac = 0x15, .vni = 101,
        .hash = hash4(SLB_HASH_DEFAULT, "198.51.100.10", "20.50.60.10", 17,
                      sport, 53),
        .steering = { .owners = { 3, 4, 2, 1 }, .n_owners = 4,
                      .flags = STEERING_RECENT },
        .eth_type = ETH_TYPE_IP,
    };
}

/* Makes the IP packet at 'data' what a router makes of it. */
static void
take_hop(void *data)
{
    struct ip_header *ip = data;

    if (IP_VER(ip->ip_ihl_ver) == 4) {
        ip->ip_ttl--;
        ip->ip_csum = 0;
        ip->ip_csum = csum(ip, sizeof *ip);
    } else {
        ((uint8_t *) data)[7]--;
    }
}

/* Forwards 'p', whose IP packet of 'len' octets is at 'ofs', and compares. */
static void
check_forwarding(struct dp_packet *p, size_t ofs, size_t len,
                 const struct expectation *x)
{
    void *ip = xmemdup((uint8_t *) dp_packet_data(p) + ofs, len);
    size_t size = dp_packet_size(p);

    take_hop(ip);

    assert_forwarded(forward(p), x, ip, len);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_FORWARDED], 1);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_BYTES], size);
    for (int i = MUX_FIRST_DROP; i < MUX_N_COUNTERS; i++) {
        CU_ASSERT_EQUAL(counters.n[i], 0);
    }
    free(ip);
}

static void
test_forward_ipv4(void)
{
    static const size_t payloads[] = { 0, 1, 7, 100, 1410 };

    for (size_t i = 0; i < ARRAY_SIZE(payloads); i++) {
        for (uint16_t sport = 1; sport < 60000; sport += 9999) {
            struct expectation x = tcp_expectation(sport);

            check_forwarding(tcp_packet(128, sport, 80, payloads[i]), 14,
                             40 + payloads[i], &x);
        }
    }
}

/* Padding of short frames, and VLAN tags, stay behind. */
static void
test_forward_strips_link_layer(void)
{
    struct expectation x = tcp_expectation(1000);
    struct dp_packet *p = tcp_packet(128, 1000, 80, 0);

    dp_packet_put_zeros(p, 6);
    check_forwarding(p, 14, 40, &x);

    p = tcp_packet(128, 1000, 80, 3);
    uint8_t *data = dp_packet_push_zeros(p, 4);
    memmove(data, data + 4, 12);
    memcpy(data + 12, "\x81\x00\x00\x05", 4);
    check_forwarding(p, 18, 43, &x);
}

static void
test_forward_ipv6(void)
{
    const uint64_t src[2] = { UINT64_C(0x20010db800010000), 0x10 };
    const uint64_t dst[2] = { UINT64_C(0x20010db800200000), 0x10 };
    struct expectation x = tcp_expectation(0);

    x.eth_type = ETH_TYPE_IPV6;
    x.hash = slb_hash_ipv6(&get_table()->hash_key,
                           SLB_HASH_DEFAULT, src, dst, 6, 4711, 80);
    check_forwarding(tcp6_packet(128, 4711, 80, 100), 14, 160, &x);

    /* With extension headers, and as a first fragment. */
    struct dp_packet *p = new_packet(128);
    put_eth(p, ETH_TYPE_IPV6);
    put_ip6(p, "2001:db8:1::10", "2001:db8:20::10", IPPROTO_HOPOPTS,
            8 + 16 + 8 + TCP_HEADER_LEN);
    dp_packet_put(p, "\x3c\x00\x01\x04\0\0\0\0", 8);
    dp_packet_put(p, "\x2c\x01\x01\x0c\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    dp_packet_put(p, "\x06\x00\x00\x01\0\0\0\x05", 8);
    put_l4(p, IPPROTO_TCP, 4711, 80, 0);
    x.steering.flags |= STEERING_FRAGMENT;
    x.steering.port = 80;
    check_forwarding(p, 14, 40 + 32 + 20, &x);
}

/* A pool in the midst of changes: all owners, "recent", not "settled". */
static void
test_forward_ring(void)
{
    for (uint16_t sport = 1; sport < 60000; sport += 9999) {
        struct expectation x = udp_expectation(sport);

        check_forwarding(udp_packet(sport, 53, 30), 14, 58, &x);
        CU_ASSERT_EQUAL(counters.n[MUX_COUNT_RING], 1);
    }
}

/* The last member has been drained: open TCP connections go on, with all who
 * may have them, and nothing else does. */
static void
test_forward_drained(void)
{
    struct expectation x = {
        .vtep = "172.16.0.22", .vtep_mac = 0x16, .vni = 106,
        .hash = hash4(SLB_HASH_DEFAULT, "198.51.100.10", "20.50.60.10", 6,
                      1000, 1086),
        .steering = { .owners = { 2, 1 }, .n_owners = 2,
                      .flags = STEERING_RECENT },
        .eth_type = ETH_TYPE_IP,
    };
    struct dp_packet *p;

    check_forwarding(tcp_packet(128, 1000, 1086, 10), 14, 50, &x);

    p = tcp_packet(128, 1000, 1086, 0);
    ((uint8_t *) dp_packet_data(p))[14 + 20 + 13] = TCP_SYN;
    assert_dropped(p, MUX_COUNT_NO_OWNER);

    assert_dropped(udp_packet(1000, 1086, 30), MUX_COUNT_NO_OWNER);
}

/* From a host, to an internal VIP of its network or to a public one. */
static void
test_forward_tunnelled(void)
{
    struct expectation x = {
        .vtep = "172.16.0.22", .vtep_mac = 0x16, .vni = 102,
        .hash = hash4(SLB_HASH_DEFAULT, "10.1.1.9", "10.1.1.1", 6, 5555, 80),
        .steering = { .owners = { 9 }, .n_owners = 1,
                      .flags = STEERING_SETTLED },
        .eth_type = ETH_TYPE_IP,
    };
    struct dp_packet *inner = new_packet(0);

    put_eth(inner, ETH_TYPE_IP);
    put_ip(inner, "10.1.1.9", "10.1.1.1", IPPROTO_TCP, TCP_HEADER_LEN + 9);
    put_l4(inner, IPPROTO_TCP, 5555, 80, 9);
    check_forwarding(tunnel_packet(inner, 7), 64, 49, &x);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_TUNNELLED], 1);

    /* Of another network: nobody's. */
    assert_dropped(tunnel_packet(inner, 8), MUX_COUNT_NO_ENDPOINT);

    /* And not from the wire. */
    assert_for_node(dp_packet_clone(inner));
    dp_packet_delete(inner);

    inner = tcp_packet(0, 5555, 80, 9);
    x = tcp_expectation(5555);
    check_forwarding(tunnel_packet(inner, 7), 64, 49, &x);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_TUNNELLED], 1);
    dp_packet_delete(inner);
}

/* Makes the checksum of the IP header of 'p' right. */
static void
fix_ip(struct dp_packet *p)
{
    uint8_t *ip = dp_packet_at_assert(p, 14, IP_HEADER_LEN);
    ovs_be16 sum = 0;

    memcpy(ip + 10, &sum, sizeof sum);
    sum = csum(ip, IP_HEADER_LEN);
    memcpy(ip + 10, &sum, sizeof sum);
}

/* Only nodes may send to the anycast VTEP. */
static void
test_drop_stranger(void)
{
    static const char *const strangers[] = {
        "172.15.255.255", "172.16.1.0", "198.51.100.10",
    };
    struct dp_packet *inner = tcp_packet(0, 5555, 80, 9);

    for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
        struct dp_packet *p = tunnel_packet(inner, 7);
        struct ip_header *ip = dp_packet_at_assert(p, ETH_HEADER_LEN,
                                                   sizeof *ip);

        put_16aligned_be32(&ip->ip_src, inet_addr(strangers[i]));
        fix_ip(p);
        assert_dropped(p, MUX_COUNT_STRANGER);
    }
    dp_packet_delete(inner);
}

static void
test_drop_tunnelled(void)
{
    struct dp_packet *inner = tcp_packet(0, 5555, 80, 9);
    struct dp_packet *p;

    /* No VNI. */
    p = tunnel_packet(inner, 7);
    ((uint8_t *) dp_packet_data(p))[42] = 0;
    assert_dropped(p, MUX_COUNT_TUNNEL);

    /* Not VXLAN. */
    p = tunnel_packet(inner, 7);
    ((uint8_t *) dp_packet_data(p))[37] = 0;
    assert_dropped(p, MUX_COUNT_TUNNEL);

    /* Cut off, anywhere. */
    for (size_t cut = 1; cut < 60; cut++) {
        struct dp_packet *shorter = dp_packet_clone(inner);

        dp_packet_set_size(shorter, dp_packet_size(inner) - cut);
        assert_dropped(tunnel_packet(shorter, 7), MUX_COUNT_TRUNCATED);
        dp_packet_delete(shorter);
    }

    /* Something else in it. */
    ((uint8_t *) dp_packet_data(inner))[13] = 0x06;
    assert_dropped(tunnel_packet(inner, 7), MUX_COUNT_NOT_IP);
    dp_packet_delete(inner);
}

/* Returns a packet whose octet 'ofs' of the IP header is 'value' and whose
 * header checksum is right. */
static struct dp_packet *
tcp_packet_with(size_t ofs, uint8_t value)
{
    struct dp_packet *p = tcp_packet(128, 1000, 80, 50);

    ((uint8_t *) dp_packet_data(p))[14 + ofs] = value;
    fix_ip(p);
    return p;
}

static void
test_drop_ipv4(void)
{
    struct dp_packet *p;

    p = tcp_packet(128, 1000, 80, 50);
    ((uint8_t *) dp_packet_data(p))[13] = 0x06;
    assert_for_node(p);

    assert_dropped(tcp_packet_with(0, 0x44), MUX_COUNT_BAD_HEADER);
    assert_dropped(tcp_packet_with(0, 0x65), MUX_COUNT_BAD_HEADER);
    assert_dropped(tcp_packet_with(0, 0x46), MUX_COUNT_OPTIONS);
    assert_dropped(tcp_packet_with(2, 0x10), MUX_COUNT_TRUNCATED);
    assert_dropped(tcp_packet_with(3, 19), MUX_COUNT_TRUNCATED);
    assert_dropped(tcp_packet_with(3, 39), MUX_COUNT_TRUNCATED);
    assert_dropped(tcp_packet_with(7, 1), MUX_COUNT_BAD_LENGTH);
    p = tcp_packet_with(6, 0x1f);
    ((uint8_t *) dp_packet_data(p))[14 + 7] = 0xff;
    fix_ip(p);
    assert_dropped(p, MUX_COUNT_BAD_LENGTH);
    assert_dropped(tcp_packet_with(8, 0), MUX_COUNT_TTL);
    assert_dropped(tcp_packet_with(9, IPPROTO_ICMP), MUX_COUNT_ICMP);
    assert_dropped(tcp_packet_with(9, 50), MUX_COUNT_PROTOCOL);
    assert_dropped(tcp_packet_with(9, IPPROTO_UDP), MUX_COUNT_BAD_LENGTH);
    assert_dropped(tcp_packet(128, 1000, 86, 0), MUX_COUNT_NO_ENDPOINT);
    for (size_t i = 0; i < 16; i++) {
        p = tcp_packet(128, 1000, 80, 8);
        ((uint8_t *) dp_packet_data(p))[14 + 20 + 12] = i << 4;
        if (i < 5 || i > 7) {
            assert_dropped(p, MUX_COUNT_BAD_LENGTH);
        } else {
            dp_packet_delete(forward(p));
            CU_ASSERT_EQUAL(counters.n[MUX_COUNT_FORWARDED], 1);
        }
    }

    /* Nobody is there. */
    static const struct {
        uint8_t src[4];
        bool martian;
    } sources[] = {
        { { 0, 0, 0, 0 }, true }, { { 0, 255, 255, 255 }, true },
        { { 1, 0, 0, 0 }, false }, { { 126, 255, 255, 255 }, false },
        { { 127, 0, 0, 1 }, true }, { { 128, 0, 0, 1 }, false },
        { { 169, 253, 0, 1 }, false }, { { 169, 254, 0, 1 }, true },
        { { 169, 255, 0, 1 }, false }, { { 223, 255, 255, 255 }, false },
        { { 224, 0, 0, 1 }, true }, { { 240, 0, 0, 1 }, true },
        { { 255, 255, 255, 255 }, true }, { { 20, 50, 60, 10 }, true },
        { { 10, 0, 0, 1 }, false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
        p = tcp_packet(128, 1000, 80, 0);
        memcpy((uint8_t *) dp_packet_data(p) + 14 + 12, sources[i].src, 4);
        fix_ip(p);
        if (sources[i].martian) {
            assert_dropped(p, MUX_COUNT_MARTIAN);
        } else {
            dp_packet_delete(forward(p));
            CU_ASSERT_EQUAL(counters.n[MUX_COUNT_FORWARDED], 1);
        }
    }
    assert_for_node(tcp_packet_with(19, 111));

    /* Each bit of the header counts for the checksum. */
    for (size_t i = 0; i < 20 * 8; i++) {
        p = tcp_packet(128, 1000, 80, 50);
        ((uint8_t *) dp_packet_data(p))[14 + i / 8] ^= 1 << i % 8;
        if (i >= 16 * 8) {
            assert_for_node(p);
        } else {
            dp_packet_delete(forward(p));
            CU_ASSERT_EQUAL(counters.n[MUX_COUNT_CHECKSUM], i >= 8);
        }
    }

    assert_dropped(tcp_packet(128, 1000, 81, 0), MUX_COUNT_NO_NEXTHOP);
    assert_dropped(tcp_packet(128, 1000, 82, 0), MUX_COUNT_NO_OWNER);
    assert_dropped(tcp_packet(128, 1000, 83, 0), MUX_COUNT_NO_ENDPOINT);
}

static void
test_drop_ipv6(void)
{
    struct dp_packet *p;

    p = tcp6_packet(128, 1000, 80, 0);
    ((uint8_t *) dp_packet_data(p))[14] = 0x50;
    assert_dropped(p, MUX_COUNT_BAD_HEADER);

    p = tcp6_packet(128, 1000, 80, 0);
    ((uint8_t *) dp_packet_data(p))[14 + 5]++;
    assert_dropped(p, MUX_COUNT_TRUNCATED);

    p = tcp6_packet(128, 1000, 80, 0);
    ((uint8_t *) dp_packet_data(p))[14 + 7] = 0;
    assert_dropped(p, MUX_COUNT_TTL);

    p = tcp6_packet(128, 1000, 80, 0);
    ((uint8_t *) dp_packet_data(p))[14 + 6] = IPPROTO_ICMPV6;
    assert_dropped(p, MUX_COUNT_ICMP);

    static const char *const martians[] = {
        "::", "::1", "::ffff:1.2.3.4", "fe80::1", "febf::1", "ff02::1",
        "2001:db8:20::10",
    };
    for (size_t i = 0; i < ARRAY_SIZE(martians); i++) {
        p = new_packet(128);
        put_eth(p, ETH_TYPE_IPV6);
        put_ip6(p, martians[i], "2001:db8:20::10", IPPROTO_TCP,
                TCP_HEADER_LEN);
        put_l4(p, IPPROTO_TCP, 1000, 80, 0);
        assert_dropped(p, MUX_COUNT_MARTIAN);
    }

    /* Extension headers that lead out of the packet, or never end. */
    p = new_packet(128);
    put_eth(p, ETH_TYPE_IPV6);
    put_ip6(p, "2001:db8:1::10", "2001:db8:20::10", IPPROTO_HOPOPTS, 8);
    dp_packet_put(p, "\x06\xff\0\0\0\0\0\0", 8);
    assert_dropped(p, MUX_COUNT_TRUNCATED);

    p = new_packet(128);
    put_eth(p, ETH_TYPE_IPV6);
    put_ip6(p, "2001:db8:1::10", "2001:db8:20::10", IPPROTO_HOPOPTS, 160);
    dp_packet_put_zeros(p, 160);
    assert_dropped(p, MUX_COUNT_PROTOCOL);
}

/* Returns a packet by which the agent measures, from the bridge itself. */
static struct dp_packet *
measuring_packet(bool v4, uint16_t sport, uint16_t dport)
{
    struct dp_packet *p = new_packet(128);

    put_eth(p, v4 ? ETH_TYPE_IP : ETH_TYPE_IPV6);
    if (v4) {
        put_ip(p, "169.254.255.255", "20.50.60.10", IPPROTO_TCP,
               TCP_HEADER_LEN);
    } else {
        put_ip6(p, "fe80::534c:4276:0:3fff", "2001:db8:20::10", IPPROTO_TCP,
                TCP_HEADER_LEN);
    }
    put_l4(p, IPPROTO_TCP, sport, dport, 0);
    p->md.in_port.odp_port = ODPP_NONE;
    return p;
}

/* Only what the bridge itself sends measures, and its header is no other. */
static void
test_measures(void)
{
    enum steering_measure measure;
    struct dp_packet *p;
    uint16_t owner;

    for (int v4 = 0; v4 <= 1; v4++) {
        p = forward(measuring_packet(v4, 1000, 80));
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT(steering_pull_measure((uint8_t *) dp_packet_data(p) + 50,
                                        &measure, &owner));
        CU_ASSERT_EQUAL(measure, STEERING_MEASURES);
        CU_ASSERT_EQUAL(owner, 258);
        CU_ASSERT_EQUAL(counters.n[MUX_COUNT_MEASURES], 1);
        CU_ASSERT_EQUAL(counters.n[MUX_COUNT_FORWARDED], 1);
        dp_packet_delete(p);

        p = measuring_packet(v4, 1000, 80);
        p->md.in_port.odp_port = 1;
        assert_dropped(p, MUX_COUNT_MARTIAN);

        /* The ports of VMs. */
        p = measuring_packet(v4, 1000, v4 ? 1024 : 65535);
        assert_dropped(p, MUX_COUNT_MARTIAN);
        assert_dropped(measuring_packet(v4, 1000, 1), MUX_COUNT_NO_ENDPOINT);
    }

    /* Other addresses that cannot be. */
    static const uint8_t sources[][4] = {
        { 169, 254, 191, 255 }, { 127, 0, 0, 1 }, { 20, 50, 60, 10 }
    };
    for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
        p = measuring_packet(true, 1000, 80);
        memcpy((uint8_t *) dp_packet_data(p) + 14 + 12, sources[i], 4);
        fix_ip(p);
        assert_dropped(p, MUX_COUNT_MARTIAN);
    }
    p = measuring_packet(false, 1000, 80);
    ((uint8_t *) dp_packet_data(p))[14 + 8 + 13] = 1;
    assert_dropped(p, MUX_COUNT_MARTIAN);

    /* A fragment; one that has no way to go. */
    p = measuring_packet(true, 1000, 80);
    ((uint8_t *) dp_packet_data(p))[14 + 6] = IP_MORE_FRAGMENTS >> 8;
    fix_ip(p);
    assert_dropped(p, MUX_COUNT_MARTIAN);
    p = measuring_packet(true, 1000, 80);
    ((uint8_t *) dp_packet_data(p))[14 + 8] = 1;
    fix_ip(p);
    assert_dropped(p, MUX_COUNT_MARTIAN);
}

/* Nothing is read behind the end, wherever that is.  (Packets end where their
 * memory does, so AddressSanitizer sees it.) */
static void
test_drop_truncated(void)
{
    struct dp_packet *wholes[] = {
        tcp_packet(0, 1000, 80, 0), tcp6_packet(0, 1000, 80, 0),
    };

    for (size_t i = 0; i < ARRAY_SIZE(wholes); i++) {
        for (size_t len = 0; len < dp_packet_size(wholes[i]); len++) {
            struct dp_packet *p = dp_packet_clone_data(
                dp_packet_data(wholes[i]), len);

            /* As long as the address is there it is for a VIP. */
            if (len < ETH_HEADER_LEN + (i ? IPV6_HEADER_LEN : IP_HEADER_LEN)) {
                assert_for_node(p);
            } else {
                dp_packet_delete(forward(p));
                CU_ASSERT_EQUAL(counters.n[MUX_COUNT_TRUNCATED], 1);
            }
        }
        dp_packet_delete(wholes[i]);
    }
}

static void
test_forward_headroom(void)
{
    struct expectation x = tcp_expectation(1000);

    /* These can be moved. */
    for (size_t headroom = 0; headroom < 60; headroom++) {
        check_forwarding(move_packet(tcp_packet(128, 1000, 80, 10), headroom),
                         14, 50, &x);
    }

    /* This one looks as if it cannot. */
    for (size_t headroom = 48; headroom < 52; headroom++) {
        struct dp_packet *p = tcp_packet(128, 1000, 80, 10);
        uint8_t stack[2048];
        struct dp_packet *q = xmalloc(sizeof *q);

        dp_packet_use_stub(q, stack, sizeof stack);
        q->source = DPBUF_STACK;
        dp_packet_reserve(q, headroom);
        memcpy(dp_packet_data(q), dp_packet_data(p), dp_packet_size(p));
        dp_packet_set_size(q, dp_packet_size(p));
        dp_packet_delete(p);
        if (headroom < 50) {
            assert_dropped(q, MUX_COUNT_HEADROOM);
        } else {
            q = forward(q);
            CU_ASSERT_PTR_NOT_NULL_FATAL(q);
            CU_ASSERT_EQUAL(dp_packet_size(q), 64 + 50);
            dp_packet_delete(q);
        }
    }
}

static void
test_forward_mtu(void)
{
    struct dp_packet *out;

    out = forward_mtu(tcp_packet(128, 1000, 80, 1410), 1500);
    CU_ASSERT_PTR_NOT_NULL(out);
    dp_packet_delete(out);
    out = forward_mtu(tcp_packet(128, 1000, 80, 1411), 1500);
    CU_ASSERT_PTR_NOT_NULL(out);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_TOO_BIG], 1);
    dp_packet_delete(out);
    out = forward_mtu(tcp_packet(128, 1000, 80, 1460), 1600);
    CU_ASSERT_PTR_NOT_NULL(out);
    dp_packet_delete(out);
}

/* Packets of a batch do not disturb each other, and stay in order. */
static void
test_forward_batch(void)
{
    struct dp_packet_batch batch, node;
    size_t n = 0;

    dp_packet_batch_init(&batch);
    for (int i = 0; i < NETDEV_MAX_BURST; i++) {
        dp_packet_batch_add(&batch,
                            (i % 4 == 1 ? tcp_packet_with(8, 0)
                             : i % 4 == 2 ? tcp_packet(128, i, 83, i)
                             : i % 4 == 3
                             ? move_packet(tcp_packet(128, i, 80, i), i)
                             : tcp6_packet(128, i, 80, i)));
    }
    memset(&counters, 0, sizeof counters);
    dp_packet_batch_init(&node);
    mux_forward(get_table(), get_thread(), &batch, &node, MTU, time_msec(),
                &counters);
    CU_ASSERT(dp_packet_batch_is_empty(&node));
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_FORWARDED], NETDEV_MAX_BURST / 2);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_TTL], NETDEV_MAX_BURST / 4);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_NO_ENDPOINT], NETDEV_MAX_BURST / 4);
    CU_ASSERT_EQUAL_FATAL(dp_packet_batch_size(&batch), NETDEV_MAX_BURST / 2);
    for (int i = 0; i < NETDEV_MAX_BURST; i++) {
        if (i % 4 == 0 || i % 4 == 3) {
            CU_ASSERT_EQUAL(dp_packet_size(batch.packets[n]),
                            64 + (i % 4 ? 40 : 60) + i);
            n++;
        }
    }
    dp_packet_delete_batch(&batch, true);

    dp_packet_batch_init(&batch);
    mux_forward(get_table(), get_thread(), &batch, &node, MTU, time_msec(),
                &counters);
    CU_ASSERT(dp_packet_batch_is_empty(&batch));
}

/* Without underlay only what is the node's is let pass. */
static void
test_separate(void)
{
    struct dp_packet_batch batch, node;
    struct dp_packet *vip = tcp_packet(0, 1000, 80, 0);
    struct dp_packet *other = tcp_packet_with(19, 111);

    dp_packet_batch_init_packet(&batch, vip);
    dp_packet_batch_add(&batch, other);
    mux_separate(get_table(), &batch, &node);
    CU_ASSERT_EQUAL_FATAL(dp_packet_batch_size(&batch), 1);
    CU_ASSERT_EQUAL_FATAL(dp_packet_batch_size(&node), 1);
    CU_ASSERT_PTR_EQUAL(batch.packets[0], vip);
    CU_ASSERT_PTR_EQUAL(node.packets[0], other);
    dp_packet_delete_batch(&batch, true);
    dp_packet_delete_batch(&node, true);
}

static void
test_without_table(void)
{
    struct mux_store *loaded = store;

    store = mux_store_create();
    assert_for_node(tcp_packet(128, 1000, 80, 0));
    mux_store_destroy(store);
    store = loaded;
}

/* Endpoints that take everything, after those that take a port. */
static void
test_forward_whole_vip(void)
{
    struct expectation x = {
        .vtep = "172.16.0.22", .vtep_mac = 0x16, .vni = 102,
        .steering = { .owners = { 9 }, .n_owners = 1 },
        .eth_type = ETH_TYPE_IP,
    };
    static const uint8_t protocols[] = { 6, 17, 1, 47, 50, 132 };
    struct dp_packet *p;

    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        bool ports = i < 2;

        p = new_packet(128);
        put_eth(p, ETH_TYPE_IP);
        put_ip(p, "198.51.100.10", "20.50.60.22", protocols[i], 38);
        if (ports) {
            put_l4(p, protocols[i], 7, 8, i ? 30 : 18);
        } else {
            dp_packet_put_zeros(p, 38);
        }
        x.hash = hash4(SLB_HASH_DEFAULT, "198.51.100.10", "20.50.60.22",
                       protocols[i], ports ? 7 : 0, ports ? 8 : 0);
        check_forwarding(p, 14, 58, &x);
    }

    p = new_packet(128);
    put_eth(p, ETH_TYPE_IP);
    put_ip(p, "198.51.100.10", "20.50.60.22", IPPROTO_TCP, TCP_HEADER_LEN);
    put_l4(p, IPPROTO_TCP, 7, 80, 0);
    p = forward(p);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL(((uint8_t *) dp_packet_data(p))[48], 100);
    dp_packet_delete(p);

    p = new_packet(128);
    put_eth(p, ETH_TYPE_IPV6);
    put_ip6(p, "2001:db8:1::10", "2001:db8:20::12", 50, 20);
    dp_packet_put_zeros(p, 20);
    p = forward(p);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL(((uint8_t *) dp_packet_data(p))[48], 102);
    dp_packet_delete(p);
}

static void
test_source_ranges(void)
{
    struct dp_packet *p;

    p = forward(tcp_packet(128, 1000, 84, 0));
    CU_ASSERT_PTR_NOT_NULL(p);
    dp_packet_delete(p);
    assert_dropped(tcp_packet(128, 1000, 85, 0), MUX_COUNT_SOURCE);

    p = new_packet(128);
    put_eth(p, ETH_TYPE_IPV6);
    put_ip6(p, "2001:db8:2::10", "2001:db8:20::12", 50, 20);
    dp_packet_put_zeros(p, 20);
    assert_dropped(p, MUX_COUNT_SOURCE);
}

/* DSCP and ECN are on the outside, and ECN comes in from the outside. */
static void
test_forward_tos(void)
{
    /* Outer, inner, outcome (RFC 6040, figure 4); -1 is a drop. */
    static const int ecn[][3] = {
        { 0, 0, 0 }, { 0, 2, 2 }, { 0, 1, 1 }, { 0, 3, 3 },
        { 2, 0, 0 }, { 2, 2, 2 }, { 2, 1, 1 }, { 2, 3, 3 },
        { 1, 0, 0 }, { 1, 2, 1 }, { 1, 1, 1 }, { 1, 3, 3 },
        { 3, 0, -1 }, { 3, 2, 3 }, { 3, 1, 3 }, { 3, 3, 3 },
    };
    struct dp_packet *p;
    uint8_t *data;

    for (int tos = 0; tos < 256; tos++) {
        p = forward(tcp_packet_with(1, tos));
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        data = dp_packet_data(p);
        CU_ASSERT_EQUAL(data[15], tos);
        CU_ASSERT_EQUAL(csum(data + 14, 20), 0);
        CU_ASSERT_EQUAL(data[64 + 1], tos);
        CU_ASSERT_EQUAL(csum(data + 64, 20), 0);
        dp_packet_delete(p);

        p = tcp6_packet(128, 1000, 80, 0);
        data = dp_packet_data(p);
        data[14] |= tos >> 4;
        data[15] |= tos << 4;
        p = forward(p);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        data = dp_packet_data(p);
        CU_ASSERT_EQUAL(data[15], tos);
        CU_ASSERT_EQUAL(csum(data + 14, 20), 0);
        dp_packet_delete(p);
    }

    for (size_t i = 0; i < 2 * ARRAY_SIZE(ecn); i++) {
        const int *row = ecn[i / 2];
        bool v4 = i % 2;
        struct dp_packet *inner = (v4 ? tcp_packet_with(1, 0xb8 | row[1])
                                   : tcp6_packet(128, 1000, 80, 0));

        if (!v4) {
            ((uint8_t *) dp_packet_data(inner))[14] |= 0xb;
            ((uint8_t *) dp_packet_data(inner))[15] |= 0x80 | row[1] << 4;
        }
        p = tunnel_packet(inner, 7);
        ((uint8_t *) dp_packet_data(p))[15] = row[0];
        fix_ip(p);
        dp_packet_delete(inner);
        if (row[2] < 0) {
            assert_dropped(p, MUX_COUNT_ECN);
        } else {
            p = forward(p);
            CU_ASSERT_PTR_NOT_NULL_FATAL(p);
            data = dp_packet_data(p);
            CU_ASSERT_EQUAL(data[15], 0xb8 | row[2]);
            CU_ASSERT_EQUAL(csum(data + 14, 20), 0);
            if (v4) {
                CU_ASSERT_EQUAL(data[65], 0xb8 | row[2]);
                CU_ASSERT_EQUAL(csum(data + 64, 20), 0);
            } else {
                CU_ASSERT_EQUAL(data[64], 0x6b);
                CU_ASSERT_EQUAL(data[65], 0x80 | row[2] << 4);
            }
            dp_packet_delete(p);
        }
    }
}

/* Errors. */

/* Puts an ICMP or ICMPv6 header; its checksum is not looked at. */
static void
put_icmp(struct dp_packet *p, uint8_t type, uint8_t code, uint32_t rest)
{
    uint8_t header[8] = { type, code, 0, 0, rest >> 24, rest >> 16, rest >> 8,
                          rest };

    dp_packet_put(p, header, sizeof header);
}

/* Returns an error about a packet from the VIP's port 'sport', of which 'len'
 * octets behind the IP header are quoted. */
static struct dp_packet *
icmp_error(uint8_t type, uint8_t protocol, const char *from, uint16_t sport,
           size_t len)
{
    struct dp_packet *p = new_packet(128);

    put_eth(p, ETH_TYPE_IP);
    put_ip(p, "192.0.2.1", "20.50.60.10", IPPROTO_ICMP, 8 + 20 + len);
    put_icmp(p, type, 4, 1000);
    put_ip(p, from, "198.51.100.10", protocol, 20);
    put_l4(p, protocol, sport, 40000, 0);
    dp_packet_set_size(p, 14 + 20 + 8 + 20 + len);
    return p;
}

static struct dp_packet *
icmp6_error(uint8_t type, const char *from, uint8_t extension, size_t len)
{
    struct dp_packet *p = new_packet(128);
    size_t more = extension ? 8 : 0;

    put_eth(p, ETH_TYPE_IPV6);
    put_ip6(p, "2001:db8:99::1", "2001:db8:20::10", IPPROTO_ICMPV6,
            8 + 40 + more + len);
    put_icmp(p, type, 0, 1280);
    put_ip6(p, from, "2001:db8:1::10", extension ? extension : 6, 1400);
    if (extension) {
        dp_packet_put(p, "\x06\0\0\x01\0\0\0\x01", 8);
    }
    put_l4(p, IPPROTO_TCP, 80, 1000, 0);
    dp_packet_set_size(p, 14 + 40 + 8 + 40 + more + len);
    return p;
}

static void
test_icmp_errors(void)
{
    static const uint8_t types[] = { 3, 11, 12 };
    static const uint8_t types6[] = { 1, 2, 3, 4 };
    struct expectation x = tcp_expectation(40000);
    struct expectation ring = udp_expectation(40000);

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        for (size_t len = 4; len <= 20; len += 4) {
            check_forwarding(icmp_error(types[i], 6, "20.50.60.10", 80, len),
                             14, 48 + len, &x);
            CU_ASSERT_EQUAL(counters.n[MUX_COUNT_STEERED], 1);
        }
    }
    check_forwarding(icmp_error(3, 17, "20.50.60.10", 53, 8), 14, 56, &ring);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_RING], 1);

    for (size_t i = 0; i < ARRAY_SIZE(types6); i++) {
        for (size_t j = 0; j < 3; j++) {
            struct dp_packet *p = icmp6_error(types6[i], "2001:db8:20::10",
                                              j == 1 ? 60 : j == 2 ? 44 : 0,
                                              8);

            if (j == 2) {
                /* A first fragment. */
                ((uint8_t *) dp_packet_data(p))[14 + 40 + 8 + 40 + 3] = 1;
            }
            p = forward(p);
            CU_ASSERT_PTR_NOT_NULL_FATAL(p);
            CU_ASSERT_EQUAL(counters.n[MUX_COUNT_STEERED], 1);

            /* The same port as the flow's own packets. */
            struct dp_packet *q = forward(tcp6_packet(128, 1000, 80, 0));
            CU_ASSERT(!memcmp((uint8_t *) dp_packet_data(p) + 34,
                              (uint8_t *) dp_packet_data(q) + 34, 2));
            CU_ASSERT(!memcmp((uint8_t *) dp_packet_data(p) + 50,
                              (uint8_t *) dp_packet_data(q) + 50, 12));
            dp_packet_delete(p);
            dp_packet_delete(q);
        }
    }

    /* About what is not the VIP's, too short, or a later fragment. */
    assert_dropped(icmp_error(3, 6, "20.50.60.21", 80, 8), MUX_COUNT_ICMP);
    assert_dropped(icmp6_error(1, "2001:db8:20::11", 0, 8), MUX_COUNT_ICMP);
    assert_dropped(icmp_error(3, 6, "20.50.60.10", 86, 8),
                   MUX_COUNT_NO_ENDPOINT);
    assert_dropped(icmp_error(5, 6, "20.50.60.10", 80, 8),
                   MUX_COUNT_PROTOCOL);
    for (size_t len = 0; len < 48 + 4 - 20; len++) {
        struct dp_packet *p = icmp_error(3, 6, "20.50.60.10", 80, 8);

        dp_packet_set_size(p, 14 + 20 + len);
        ((uint8_t *) dp_packet_data(p))[14 + 3] = 20 + len;
        fix_ip(p);
        assert_dropped(p, len < 8 ? MUX_COUNT_PROTOCOL : MUX_COUNT_ICMP);
    }
    struct dp_packet *p = icmp_error(3, 6, "20.50.60.10", 80, 8);
    ((uint8_t *) dp_packet_data(p))[14 + 28 + 7] = 5;
    assert_dropped(p, MUX_COUNT_ICMP);
    p = icmp6_error(1, "2001:db8:20::10", 44, 8);
    ((uint8_t *) dp_packet_data(p))[14 + 48 + 40 + 3] = 9;
    assert_dropped(p, MUX_COUNT_ICMP);
}

/* Fragments. */

/* Returns fragment 'i' of 'n', each with 1000 octets, of an UDP datagram from
 * port 1000 to port 53, or of a TCP segment to port 80. */
static struct dp_packet *
fragment(uint8_t protocol, uint16_t id, int i, int n, bool v6)
{
    struct dp_packet *p = new_packet(128);
    uint16_t offset = i * 1000;
    uint8_t octets[1000];

    memset(octets, i, sizeof octets);
    if (!i) {
        octets[0] = 1000 >> 8;
        octets[1] = 1000 & 0xff;
        octets[2] = 0;
        octets[3] = protocol == 6 ? 80 : 53;
        if (protocol == 6) {
            octets[12] = 0x50;
        } else {
            octets[4] = n * 1000 >> 8;
            octets[5] = n * 1000 & 0xff;
        }
    }
    if (v6) {
        uint8_t header[8] = { protocol, 0, offset >> 8,
                              (offset & 0xff) | (i < n - 1),
                              0, 0, id >> 8, id };

        put_eth(p, ETH_TYPE_IPV6);
        put_ip6(p, "2001:db8:1::10", "2001:db8:20::10", IPPROTO_FRAGMENT,
                1008);
        dp_packet_put(p, header, sizeof header);
    } else {
        put_eth(p, ETH_TYPE_IP);
        put_ip(p, "198.51.100.10", "20.50.60.10", protocol, 1000);

        struct ip_header *ip = dp_packet_at_assert(p, 14, sizeof *ip);
        ip->ip_id = htons(id);
        ip->ip_frag_off = htons(offset / 8
                                | (i < n - 1 ? IP_MORE_FRAGMENTS : 0));
        fix_ip(p);
    }
    dp_packet_put(p, octets, sizeof octets);
    return p;
}

/* Forwards what has waited and compares its 'n' packets with fragments
 * 'order[]' of 'total' of a datagram. */
static void
check_released(const struct expectation *x, uint8_t protocol, uint16_t id,
               const int order[], int n, int total)
{
    struct dp_packet_batch batch, node;
    int seen = 0;

    memset(&counters, 0, sizeof counters);
    dp_packet_batch_init(&batch);
    dp_packet_batch_init(&node);
    while (mux_forward_released(thread, &batch)) {
        struct dp_packet *p;

        mux_forward(get_table(), thread, &batch, &node, MTU, time_msec(),
                    &counters);
        DP_PACKET_BATCH_FOR_EACH (i, p, &batch) {
            struct dp_packet *original = fragment(protocol, id, order[seen],
                                                  total, false);
            uint8_t *ip = (uint8_t *) dp_packet_data(original) + 14;

            take_hop(ip);
            assert_forwarded(p, x, ip, dp_packet_size(original) - 14);
            dp_packet_delete(original);
            seen++;
        }
        dp_packet_batch_init(&batch);
    }
    CU_ASSERT_EQUAL(seen, n);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_FRAGMENTS], n);
}

static void
test_fragments(void)
{
    static const int orders[][4] = {
        { 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 2, 0, 3, 1 }, { 1, 3, 0, 2 },
    };

    for (uint16_t id = 0; id < 2 * ARRAY_SIZE(orders); id++) {
        const int *order = orders[id / 2];
        uint8_t protocol = id % 2 ? 6 : 17;
        struct expectation x = tcp_expectation(1000);
        int waiting = 0;

        x.steering.flags |= STEERING_FRAGMENT;
        x.steering.port = 80;
        if (protocol == 17) {
            /* Other owners are not named. */
            x = udp_expectation(1000);
            x.steering = (struct steering) {
                .owners = { 3 }, .n_owners = 1, .port = 53,
                .flags = STEERING_FRAGMENT,
            };
        }

        for (int i = 0; i < 4; i++) {
            struct dp_packet *p = fragment(protocol, id, order[i], 4, false);

            if (waiting == i && order[i]) {
                CU_ASSERT_PTR_NULL(forward(p));
                CU_ASSERT_EQUAL(counters.n[MUX_COUNT_WAITED], 1);
                waiting++;
            } else {
                check_forwarding(p, 14, 1020, &x);
                CU_ASSERT_EQUAL(counters.n[MUX_COUNT_FRAGMENTS], 1);
                if (!order[i]) {
                    check_released(&x, protocol, id, order, waiting, 4);
                    waiting = -1;
                }
            }
        }
    }

    /* Another datagram, sender or protocol is something else. */
    CU_ASSERT_PTR_NULL(forward(fragment(17, 99, 1, 4, false)));
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_WAITED], 1);
    CU_ASSERT_PTR_NULL(forward(fragment(6, 0, 1, 4, false)));
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_WAITED], 1);
}

static void
test_fragments_ipv6(void)
{
    for (int first = 0; first < 2; first++) {
        struct dp_packet *out[2];

        out[0] = forward(fragment(6, 77 + first, first, 2, true));
        out[1] = forward(fragment(6, 77 + first, !first, 2, true));
        CU_ASSERT_EQUAL(!out[0], first);
        CU_ASSERT_PTR_NOT_NULL_FATAL(out[1]);
        if (first) {
            struct dp_packet_batch batch, node;

            dp_packet_batch_init(&batch);
            dp_packet_batch_init(&node);
            CU_ASSERT_FATAL(mux_forward_released(thread, &batch));
            mux_forward(get_table(), thread, &batch, &node, MTU, time_msec(),
                        &counters);
            CU_ASSERT_EQUAL_FATAL(dp_packet_batch_size(&batch), 1);
            out[0] = batch.packets[0];
        }
        for (int i = 0; i < 2; i++) {
            const uint8_t *data = dp_packet_data(out[i]);

            CU_ASSERT(!memcmp(data + 50, "\x0e\x06\x01\x02\0\x50"
                              "\x0e\x01\0\0\0\0", 12));
            dp_packet_delete(out[i]);
        }
    }
}

/* What is waited for in vain is dropped, others have to make room, and few
 * may wait. */
static void
test_fragments_bounds(void)
{
    struct mux_fragments *frags = mux_fragments_create();
    struct mux_thread *own = mux_thread_create_hidden(frags);
    const struct mux_table *table = get_table();
    struct mux_fragment_flow flow = { 1, 2, 17 };
    struct mux_fragment_key key = { .protocol = 17 };
    struct mux_fragment_stats stats;
    int no_room = 0;

    for (int i = 0; i < 2 * MUX_FRAGMENT_MAX_WAITING; i++) {
        struct dp_packet *p = dp_packet_new(0);

        key.id = i / (2 * MUX_FRAGMENT_MAX_OF_ONE);
        if (mux_fragments_later(own, table, &key, p, 1000, &flow)
            == MUX_FRAGMENT_NO_ROOM) {
            dp_packet_delete(p);
            no_room++;
        }
    }
    memset(&stats, 0, sizeof stats);
    mux_fragments_get_stats(frags, 1000, &stats);

    /* Nine datagrams had as many as may be of one, then the first of them made
     * room for the tenth. */
    CU_ASSERT_EQUAL(no_room, 9 * MUX_FRAGMENT_MAX_OF_ONE);
    CU_ASSERT_EQUAL(stats.datagrams, 9);
    CU_ASSERT_EQUAL(stats.evictions, 1);
    CU_ASSERT_EQUAL(stats.dropped, MUX_FRAGMENT_MAX_OF_ONE);
    CU_ASSERT_EQUAL(stats.waiting + stats.dropped + no_room,
                    2 * MUX_FRAGMENT_MAX_WAITING);

    key.id = 1;
    mux_fragments_first(own, table, &key, &flow, 1999);
    CU_ASSERT_EQUAL(own->released.n, MUX_FRAGMENT_MAX_OF_ONE);

    mux_fragments_run(own, table, 2000);
    memset(&stats, 0, sizeof stats);
    mux_fragments_get_stats(frags, 2000, &stats);
    CU_ASSERT_EQUAL(stats.datagrams, 1);
    CU_ASSERT_EQUAL(stats.waiting, 0);
    CU_ASSERT_EQUAL(stats.timeouts, 8);
    CU_ASSERT_EQUAL(stats.dropped + MUX_FRAGMENT_MAX_OF_ONE + no_room,
                    2 * MUX_FRAGMENT_MAX_WAITING);
    CU_ASSERT_EQUAL(stats.evictions, 1);

    /* Those that wait make room before those that are known. */
    for (int i = 0; i < 4 * MUX_FRAGMENT_DATAGRAMS; i++) {
        key.id = 1000 + i;
        CU_ASSERT_EQUAL(mux_fragments_later(own, table, &key,
                                            dp_packet_new(0), 2000, &flow),
                        MUX_FRAGMENT_WAITS);
    }
    key.id = 1;
    CU_ASSERT_EQUAL(mux_fragments_later(own, table, &key, NULL, 2000, &flow),
                    MUX_FRAGMENT_KNOWN);

    for (int i = 0; i < 2 * MUX_FRAGMENT_DATAGRAMS; i++) {
        key.id = 1000 + i;
        mux_fragments_first(own, table, &key, &flow, 3000);
    }
    memset(&stats, 0, sizeof stats);
    mux_fragments_get_stats(frags, 3000, &stats);
    CU_ASSERT(stats.datagrams <= MUX_FRAGMENT_DATAGRAMS);
    CU_ASSERT(stats.evictions >= MUX_FRAGMENT_DATAGRAMS);
    mux_thread_destroy(own);
    mux_fragments_destroy(frags);
}

/* Forwards 'p' by 'own' and returns how many packets come out, which it
 * deletes, those included that have waited. */
static size_t
forward_fragment(struct mux_thread *own, struct dp_packet *p)
{
    struct dp_packet_batch batch, node;
    size_t n = 0;

    dp_packet_batch_init_packet(&batch, p);
    dp_packet_batch_init(&node);
    do {
        mux_forward(get_table(), own, &batch, &node, MTU, 1000, &counters);
        n += dp_packet_batch_size(&batch);
        dp_packet_delete_batch(&batch, true);
        dp_packet_batch_init(&batch);
    } while (mux_forward_released(own, &batch));
    return n;
}

/* Fragments whose first never comes do not keep others from waiting. */
static void
test_fragments_orphans(void)
{
    enum { N = MUX_FRAGMENT_MAX_WAITING + 88 };
    struct mux_fragments *frags = mux_fragments_create();
    struct mux_thread *own = mux_thread_create_hidden(frags);
    struct mux_fragment_stats stats = { .datagrams = 0 };

    for (int i = 0; i < N; i++) {
        CU_ASSERT_EQUAL(forward_fragment(own, fragment(17, i, 1, 2, false)),
                        0);
    }
    CU_ASSERT_EQUAL(forward_fragment(own, fragment(17, N, 1, 2, false)), 0);
    CU_ASSERT_EQUAL(forward_fragment(own, fragment(17, N, 0, 2, false)), 2);

    /* It was the oldest that had to make room. */
    CU_ASSERT_EQUAL(forward_fragment(own, fragment(17, 0, 0, 2, false)), 1);
    CU_ASSERT_EQUAL(forward_fragment(own, fragment(17, 88, 0, 2, false)), 1);
    CU_ASSERT_EQUAL(forward_fragment(own, fragment(17, 89, 0, 2, false)), 2);
    mux_fragments_get_stats(frags, 1000, &stats);
    CU_ASSERT_EQUAL(stats.waiting, MUX_FRAGMENT_MAX_WAITING - 2);
    CU_ASSERT_EQUAL(stats.dropped, 89);
    CU_ASSERT_EQUAL(stats.evictions, 89);

    mux_thread_destroy(own);
    mux_fragments_destroy(frags);
}

/* Answers. */

/* Puts IP header, of the family of 'src', of an answer of the mux. */
static void
put_answer_ip(struct dp_packet *p, const char *src, const char *dst,
              uint8_t protocol, uint8_t tos, size_t payload)
{
    if (strchr(src, ':')) {
        put_ip6(p, src, dst, protocol, payload);

        uint8_t *ip6 = (uint8_t *) dp_packet_tail(p) - 40;
        ip6[0] |= tos >> 4;
        ip6[1] |= tos << 4;
        ip6[7] = 64;
    } else {
        put_ip(p, src, dst, protocol, payload);

        struct ip_header *ip = (void *) ((uint8_t *) dp_packet_tail(p) - 20);
        ip->ip_tos = tos;
        ip->ip_id = 0;
        ip->ip_frag_off = htons(IP_DONT_FRAGMENT);
        ip->ip_ttl = 64;
        ip->ip_csum = 0;
        ip->ip_csum = csum(ip, sizeof *ip);
    }
}

/* Forwards 'in', which must be answered by 'answer', and destroys both. */
static void
assert_answered(struct dp_packet *in, struct dp_packet *answer,
                enum mux_counter reason, enum mux_counter kind)
{
    struct dp_packet *out = forward(in);

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT(dp_packet_equal(out, answer));
    if (!dp_packet_equal(out, answer)) {
        printf("# is %"PRIu32" octets, not %"PRIu32"\n", dp_packet_size(out),
               dp_packet_size(answer));
        for (size_t i = 0; i < MIN(dp_packet_size(out),
                                   dp_packet_size(answer)); i++) {
            uint8_t a = ((uint8_t *) dp_packet_data(out))[i];
            uint8_t b = ((uint8_t *) dp_packet_data(answer))[i];

            if (a != b) {
                printf("# octet %"PRIuSIZE" is %02x, not %02x\n", i, a, b);
            }
        }
    }
    CU_ASSERT_EQUAL(counters.n[reason], 1);
    CU_ASSERT_EQUAL(counters.n[kind], 1);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_FORWARDED], 0);
    dp_packet_delete(out);
    dp_packet_delete(answer);
}

/* Starts an answer: the Ethernet header of the way back. */
static struct dp_packet *
new_answer(uint16_t type)
{
    struct dp_packet *p = new_packet(0);
    struct eth_header *eth;

    put_eth(p, type);
    eth = dp_packet_data(p);
    eth->eth_src = mux_mac;
    eth->eth_dst = router_mac;
    return p;
}

/* Writes the checksum of the 'len' last octets of 'p', which follow an IP
 * header, at 'ofs' there. */
static void
fix_l4(struct dp_packet *p, size_t len, size_t ofs, bool pseudo)
{
    uint8_t *l4 = (uint8_t *) dp_packet_tail(p) - len;
    const uint8_t *l3 = (uint8_t *) dp_packet_data(p) + 14;
    uint32_t sum = (!pseudo ? 0
                    : *l3 >> 4 == 4
                    ? packet_csum_pseudoheader((const void *) l3)
                    : packet_csum_pseudoheader6((const void *) l3));

    memset(l4 + ofs, 0, 2);
    ovs_be16 be = csum_finish(csum_continue(sum, l4, len));
    memcpy(l4 + ofs, &be, 2);
}

/* Returns the ICMP error about 'in', an IPv4 packet. */
static struct dp_packet *
error_about(const struct dp_packet *in, const char *from, uint8_t type,
            uint8_t code, uint32_t rest)
{
    struct dp_packet *p = new_answer(ETH_TYPE_IP);
    size_t quoted = MIN(dp_packet_size(in) - 14, 576 - 28);

    put_answer_ip(p, from, "198.51.100.10", IPPROTO_ICMP, 0xc0, 8 + quoted);
    put_icmp(p, type, code, rest);
    dp_packet_put(p, (uint8_t *) dp_packet_data(in) + 14, quoted);
    fix_l4(p, 8 + quoted, 2, false);
    return p;
}

static struct dp_packet *
error6_about(const struct dp_packet *in, uint8_t type, uint8_t code,
             uint32_t rest)
{
    struct dp_packet *p = new_answer(ETH_TYPE_IPV6);
    size_t quoted = MIN(dp_packet_size(in) - 14, 1280 - 48);

    put_answer_ip(p, "2001:db8:20::10", "2001:db8:1::10", IPPROTO_ICMPV6,
                  0xc0, 8 + quoted);
    put_icmp(p, type, code, rest);
    dp_packet_put(p, (uint8_t *) dp_packet_data(in) + 14, quoted);
    fix_l4(p, 8 + quoted, 2, true);
    return p;
}

static void
test_answer_too_big(void)
{
    struct dp_packet *p = tcp_packet(128, 1000, 80, 1411);

    assert_answered(p, error_about(p, "20.50.60.10", 3, 4, 1450),
                    MUX_COUNT_TOO_BIG, MUX_COUNT_ERRORS);
    p = tcp6_packet(128, 1000, 80, 1391);
    assert_answered(p, error6_about(p, 2, 0, 1450), MUX_COUNT_TOO_BIG,
                    MUX_COUNT_ERRORS);

    /* Room in front of the packet is made where it can be. */
    for (size_t headroom = 0; headroom < 50; headroom++) {
        p = move_packet(tcp_packet(128, 1000, 80, 1411), headroom);
        assert_answered(p, error_about(p, "20.50.60.10", 3, 4, 1450),
                        MUX_COUNT_TOO_BIG, MUX_COUNT_ERRORS);
    }

    /* Not to a sender of multicast. */
    p = tcp_packet(128, 1000, 80, 1411);
    ((uint8_t *) dp_packet_data(p))[0] = 0x01;
    assert_dropped(p, MUX_COUNT_TOO_BIG);
}

/* Through the tunnel that the packet came by. */
static void
test_answer_tunnelled(void)
{
    struct dp_packet *inner = tcp_packet(0, 5555, 80, 1420);
    struct dp_packet *in = tunnel_packet(inner, 7);
    struct dp_packet *answer = error_about(inner, "20.50.60.10", 3, 4, 1450);
    struct dp_packet *p = new_answer(ETH_TYPE_IP);
    uint8_t vxlan[] = { 8, 0, 0, 0, 0, 0, 7, 0 };
    size_t len = dp_packet_size(answer);

    put_answer_ip(p, "172.16.0.11", "172.16.0.21", IPPROTO_UDP, 0,
                  8 + 8 + len);
    put_l4(p, IPPROTO_UDP, 54321, 4789, 0);
    put_unaligned_be16((ovs_be16 *) (void *) ((uint8_t *) dp_packet_tail(p)
                                              - 4), htons(16 + len));
    dp_packet_put(p, vxlan, sizeof vxlan);
    dp_packet_put(p, dp_packet_data(answer), len);
    assert_answered(in, p, MUX_COUNT_TOO_BIG, MUX_COUNT_ERRORS);
    dp_packet_delete(inner);
    dp_packet_delete(answer);
}

static void
test_answer_expired(void)
{
    struct dp_packet *p = tcp_packet_with(8, 1);

    assert_answered(p, error_about(p, "172.16.0.11", 11, 0, 0),
                    MUX_COUNT_TTL, MUX_COUNT_ERRORS);
    p = tcp6_packet(128, 1000, 80, 0);
    ((uint8_t *) dp_packet_data(p))[14 + 7] = 1;
    assert_answered(p, error6_about(p, 3, 0, 0), MUX_COUNT_TTL,
                    MUX_COUNT_ERRORS);

    /* It is 1 on arrival at the anycast VTEP, that is far enough. */
    struct dp_packet *inner = tcp_packet(0, 5555, 80, 9);
    p = tunnel_packet(inner, 7);
    ((uint8_t *) dp_packet_data(p))[14 + 8] = 1;
    fix_ip(p);
    dp_packet_delete(forward(p));
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_FORWARDED], 1);
    dp_packet_delete(inner);

    /* No error about an error. */
    p = icmp_error(3, 6, "20.50.60.10", 80, 8);
    ((uint8_t *) dp_packet_data(p))[14 + 8] = 1;
    fix_ip(p);
    assert_dropped(p, MUX_COUNT_TTL);

    /* Nor about what is the node's. */
    p = tcp_packet_with(19, 111);
    ((uint8_t *) dp_packet_data(p))[14 + 8] = 1;
    fix_ip(p);
    assert_for_node(p);
}

static struct dp_packet *
to_rejecting(uint8_t protocol, uint16_t dport, uint8_t flags, size_t payload)
{
    struct dp_packet *p = new_packet(128);
    size_t len = protocol == 6 ? TCP_HEADER_LEN : UDP_HEADER_LEN;

    put_eth(p, ETH_TYPE_IP);
    put_ip(p, "198.51.100.10", "20.50.60.21", protocol, len + payload);
    put_l4(p, protocol, 1000, dport, payload);
    if (protocol == 6) {
        uint8_t *tcp = dp_packet_at_assert(p, 34, TCP_HEADER_LEN);

        put_unaligned_be32((ovs_be32 *) (void *) (tcp + 4), htonl(0x3ff));
        put_unaligned_be32((ovs_be32 *) (void *) (tcp + 8),
                           htonl(0x12345678));
        tcp[13] = flags;
    }
    return p;
}

static struct dp_packet *
reset(uint16_t sport, uint8_t flags, const char *seq_and_ack)
{
    struct dp_packet *p = new_answer(ETH_TYPE_IP);

    put_answer_ip(p, "20.50.60.21", "198.51.100.10", 6, 0, 20);
    put_l4(p, 6, sport, 1000, 0);

    uint8_t *tcp = dp_packet_at_assert(p, 34, TCP_HEADER_LEN);
    memcpy(tcp + 4, seq_and_ack, 8);
    tcp[13] = flags;
    fix_l4(p, 20, 16, true);
    return p;
}

static void
test_answer_reject(void)
{
    struct dp_packet *p;

    /* No endpoint; one without members. */
    for (uint16_t port = 80; port < 82; port++) {
        enum mux_counter reason = (port == 80 ? MUX_COUNT_NO_OWNER
                                   : MUX_COUNT_NO_ENDPOINT);

        assert_answered(to_rejecting(6, port, TCP_SYN, 0),
                        reset(port, TCP_RST | TCP_ACK, "\0\0\0\0\0\0\x04\0"),
                        reason, MUX_COUNT_RESETS);
        assert_answered(to_rejecting(6, port, TCP_FIN, 10),
                        reset(port, TCP_RST | TCP_ACK,
                              "\0\0\0\0\0\0\x04\x0a"),
                        reason, MUX_COUNT_RESETS);
        assert_answered(to_rejecting(6, port, TCP_ACK, 9),
                        reset(port, TCP_RST, "\x12\x34\x56\x78\0\0\0\0"),
                        reason, MUX_COUNT_RESETS);
        assert_dropped(to_rejecting(6, port, TCP_RST, 0), reason);
        assert_dropped(to_rejecting(6, port, TCP_RST | TCP_ACK, 0), reason);
    }

    p = to_rejecting(17, 53, 0, 10);
    assert_answered(p, error_about(p, "20.50.60.21", 3, 3, 0),
                    MUX_COUNT_NO_ENDPOINT, MUX_COUNT_ERRORS);
}

static void
test_answer_echo(void)
{
    for (size_t payload = 0; payload < 100; payload += 33) {
        struct dp_packet *in[2], *out[2];

        for (int v6 = 0; v6 < 2; v6++) {
            const char *a = v6 ? "2001:db8:1::10" : "198.51.100.10";
            const char *b = v6 ? "2001:db8:20::10" : "20.50.60.10";
            uint16_t type = v6 ? ETH_TYPE_IPV6 : ETH_TYPE_IP;
            uint8_t protocol = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

            in[v6] = new_packet(128);
            put_eth(in[v6], type);
            put_answer_ip(in[v6], a, b, protocol, 0x28, 8 + payload);
            put_icmp(in[v6], v6 ? 128 : 8, 0, 0x12345678);
            memset(dp_packet_put_uninit(in[v6], payload), 0xff, payload);
            fix_l4(in[v6], 8 + payload, 2, v6);
            dp_packet_put_zeros(in[v6], payload % 7); /* Padding. */

            out[v6] = new_answer(type);
            put_answer_ip(out[v6], b, a, protocol, 0x28, 8 + payload);
            put_icmp(out[v6], v6 ? 129 : 0, 0, 0x12345678);
            memset(dp_packet_put_uninit(out[v6], payload), 0xff, payload);
            fix_l4(out[v6], 8 + payload, 2, v6);
            assert_answered(in[v6], out[v6], MUX_COUNT_ECHO, MUX_COUNT_ECHO);
        }
    }

    /* Not by this VIP, which rejects it, but not by an error. */
    struct dp_packet *p = new_packet(128);
    put_eth(p, ETH_TYPE_IP);
    put_ip(p, "198.51.100.10", "20.50.60.21", IPPROTO_ICMP, 8);
    put_icmp(p, 8, 0, 1);
    assert_answered(p, error_about(p, "20.50.60.21", 3, 13, 0),
                    MUX_COUNT_PROTOCOL, MUX_COUNT_ERRORS);
}

/* Forwards 'p' with limits that have been reached before. */
static struct dp_packet *
forward_limited(struct dp_packet *p, long long int now)
{
    struct dp_packet_batch batch, node;

    memset(&counters, 0, sizeof counters);
    dp_packet_batch_init_packet(&batch, p);
    dp_packet_batch_init(&node);
    mux_forward(get_table(), thread, &batch, &node, MTU, now, &counters);
    return dp_packet_batch_is_empty(&batch) ? NULL : batch.packets[0];
}

/* Returns how many of 'n' packets like 'p', which is destroyed, are answered
 * at 'now'. */
static int
count_answers(struct dp_packet *p, int n, long long int now)
{
    int answered = 0;

    for (int i = 0; i < n; i++) {
        struct dp_packet *out = forward_limited(
            move_packet(dp_packet_clone(p), 128), now);

        answered += !!out;
        dp_packet_delete(out);
    }
    dp_packet_delete(p);
    return answered;
}

static struct dp_packet *
packet_to(const char *vip, uint8_t protocol, uint16_t dport, uint8_t ttl,
          size_t payload)
{
    struct dp_packet *p = new_packet(128);
    size_t len = protocol == 6 ? TCP_HEADER_LEN : UDP_HEADER_LEN;

    put_eth(p, ETH_TYPE_IP);
    put_ip(p, "198.51.100.10", vip, protocol, len + payload);
    put_l4(p, protocol, 1000, dport, payload);
    ((uint8_t *) dp_packet_data(p))[14 + 8] = ttl;
    fix_ip(p);
    return p;
}

static struct dp_packet *
echo_request_to(const char *vip)
{
    struct dp_packet *p = new_packet(128);

    put_eth(p, ETH_TYPE_IP);
    put_ip(p, "198.51.100.10", vip, IPPROTO_ICMP, 8);
    put_icmp(p, 8, 0, 1);
    return p;
}

static void
test_answer_limit(void)
{
    enum { ALL = 2 * MUX_LIMIT_BURST };
    long long int now = time_msec();

    get_thread();
    CU_ASSERT_EQUAL(count_answers(tcp_packet_with(8, 1), ALL, now),
                    MUX_LIMIT_BURST);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_LIMITED], 1);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_TTL], 1);

    /* Those about the MTU have a limit of their own, and so have echo
     * replies. */
    CU_ASSERT_EQUAL(count_answers(tcp_packet(128, 1000, 80, 1411), 1, now),
                    1);
    CU_ASSERT_EQUAL(count_answers(echo_request_to("20.50.60.10"), 1, now), 1);

    CU_ASSERT_EQUAL(count_answers(tcp_packet_with(8, 1), 20, now + 10),
                    10 * MUX_LIMIT_RATE / 1000);
}

/* What is answered for one VIP does not take the answers of others. */
static void
test_answer_limit_vips(void)
{
    enum { ALL = 2 * MUX_LIMIT_BURST };
    long long int now = time_msec();

    static const struct {
        const char *vips[2];
        uint8_t protocol;
        uint16_t dport;
        uint8_t ttl;
        size_t payload;
    } cases[] = {
        /* Too big, time exceeded, RST, unreachable.  The last three share a
         * limit, so each is at another time. */
        { { "20.50.60.10", "20.50.60.22" }, 6, 80, 57, 1420 },
        { { "20.50.60.10", "20.50.60.22" }, 6, 80, 1, 0 },
        { { "20.50.60.21", "20.50.60.32" }, 6, 999, 57, 0 },
        { { "20.50.60.21", "20.50.60.32" }, 17, 999, 57, 0 },
    };

    get_thread();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        now += 10000;
        for (int j = 0; j < 2; j++) {
            struct dp_packet *p = packet_to(cases[i].vips[j],
                                            cases[i].protocol, cases[i].dport,
                                            cases[i].ttl, cases[i].payload);

            CU_ASSERT_EQUAL(count_answers(p, ALL, now), MUX_LIMIT_BURST);
        }
    }
    CU_ASSERT_EQUAL(count_answers(echo_request_to("20.50.60.10"), ALL, now),
                    MUX_LIMIT_BURST);
    CU_ASSERT_EQUAL(count_answers(echo_request_to("20.50.60.32"), ALL, now),
                    MUX_LIMIT_BURST);
}

/* Takes answers of 'kind' from 't' for the VIP that has 'counter', more than
 * it may give at once, and returns how many that are. */
static int
take_answers(struct mux_thread *t, enum mux_limit_kind kind, uint32_t counter,
             long long int now)
{
    int n = 0;

    for (int i = 0; i < 3 * MUX_LIMIT_BURST; i++) {
        n += mux_thread_may_answer(t, kind, counter, now);
    }
    return n;
}

/* One VIP's answers are not taken for another one, but for those that are
 * answered for while there are more of them than places. */
static void
test_vip_limits(enum mux_limit_kind kind)
{
    enum { N = MUX_N_VIP_LIMITS, WAYS = MUX_VIP_LIMIT_WAYS };
    struct mux_thread *t = mux_thread_create_hidden(NULL);
    long long int now = 1000000;

    /* As many as there are ways, all of them at once. */
    for (uint32_t i = 0; i < WAYS; i++) {
        CU_ASSERT_EQUAL(take_answers(t, kind, 5 + i * N, now),
                        MUX_LIMIT_BURST);
    }

    /* One too many shares, and does not take what it has not. */
    CU_ASSERT_FALSE(mux_thread_may_answer(t, kind, 5 + WAYS * N, now));

    /* The first ones are not forgotten for it... */
    CU_ASSERT_FALSE(mux_thread_may_answer(t, kind, 5, now));
    CU_ASSERT(mux_thread_may_answer(t, kind, 5, now + 1));
    CU_ASSERT_FALSE(mux_thread_may_answer(t, kind, 5, now + 1));

    /* ...until it makes no difference. */
    now += 1 + MUX_LIMIT_BURST * 1000 / MUX_LIMIT_RATE;
    CU_ASSERT_EQUAL(take_answers(t, kind, 5 + WAYS * N, now),
                    MUX_LIMIT_BURST);
    CU_ASSERT(mux_thread_may_answer(t, kind, 5, now));

    /* All VIPs together have more, but not without end. */
    int n = 0;
    now += 10000;
    for (uint32_t i = 0; i < 2 * MUX_LIMIT_TOTAL_FACTOR; i++) {
        n += take_answers(t, kind, 10 + i, now);
    }
    CU_ASSERT_EQUAL(n, MUX_LIMIT_TOTAL_FACTOR * MUX_LIMIT_BURST);
    mux_thread_destroy(t);
}

static void
test_limits(void)
{
    for (int kind = 0; kind < MUX_N_ANSWER_LIMITS; kind++) {
        test_vip_limits(kind);
    }
}

static struct mux_figures
figures_of(uint32_t counter)
{
    struct mux_figures figures = { .packets = 0 };

    mux_figures_add(&figures, counter);
    return figures;
}

/* What was counted of one who leaves counts for his heir, once. */
static void
test_heirs(void)
{
    struct mux_thread *t = mux_thread_create(NULL);
    uint32_t one = mux_counter_alloc();
    uint32_t other = mux_counter_alloc();
    uint32_t heir = mux_counter_alloc();

    mux_count_packet(mux_thread_get_count(t, one), 100, true);
    mux_thread_count_drop(t, one, MUX_COUNT_SOURCE);
    mux_count_packet(mux_thread_get_count(t, other), 50, false);
    mux_thread_count_drop(t, heir, MUX_COUNT_SOURCE);
    CU_ASSERT_EQUAL(figures_of(heir).packets, 0);

    struct mux_legacy *legacies[] = { mux_counter_bequeath(one, heir),
                                      mux_counter_bequeath(other, heir) };
    CU_ASSERT_EQUAL(figures_of(heir).packets, 2);

    /* Threads may still use it. */
    mux_count_packet(mux_thread_get_count(t, one), 100, false);
    for (size_t i = 0; i < ARRAY_SIZE(legacies); i++) {
        struct mux_figures figures = figures_of(heir);

        CU_ASSERT_EQUAL(figures.packets, 3);
        CU_ASSERT_EQUAL(figures.bytes, 250);
        CU_ASSERT_EQUAL(figures.syns, 1);
        CU_ASSERT_EQUAL(figures.drops[MUX_COUNT_SOURCE - MUX_FIRST_REASON],
                        2);
        mux_legacy_settle(legacies[i]);
    }
    CU_ASSERT_EQUAL(figures_of(heir).packets, 3);

    /* The numbers are free again. */
    CU_ASSERT_EQUAL(figures_of(one).packets, 0);
    one = mux_counter_alloc();
    mux_count_packet(mux_thread_get_count(t, one), 100, false);
    CU_ASSERT_EQUAL(figures_of(one).packets, 1);
    CU_ASSERT_EQUAL(figures_of(heir).packets, 3);

    /* The heir may leave first. */
    struct mux_legacy *late = mux_counter_bequeath(one, heir);
    mux_counter_free((void *) (uintptr_t) heir);
    mux_legacy_settle(late);
    CU_ASSERT_EQUAL(figures_of(heir).packets, 0);
    CU_ASSERT_EQUAL(figures_of(one).packets, 0);
    mux_thread_destroy(t);
}

/* Random changes to good packets: nothing crashes, nothing is lost without
 * being counted. */
static void
test_forward_fuzzed(void)
{
    random_set_seed(11);
    for (int i = 0; i < 200000; i++) {
        struct dp_packet *p;

        if (i % 8 == 0) {
            p = move_packet(tcp_packet(0, i, 80, i % 50), i % 129);
        } else if (i % 8 == 1) {
            p = move_packet(tcp6_packet(0, i, 80, i % 50), i % 129);
        } else if (i % 8 == 2) {
            p = move_packet(icmp_error(3, 6, "20.50.60.10", 80, i % 21),
                            i % 129);
        } else if (i % 8 == 3) {
            p = move_packet(icmp6_error(1 + i / 8 % 4, "2001:db8:20::10",
                                        i / 32 % 2 ? 44 : 0, i % 21),
                            i % 129);
        } else if (i % 8 == 4) {
            p = move_packet(fragment(i / 8 % 2 ? 6 : 17, i / 64, i / 8 % 3, 3,
                                     i / 32 % 2), i % 129);
        } else if (i % 8 == 5) {
            p = move_packet(to_rejecting(i / 8 % 2 ? 6 : 17, 80, i, i % 9),
                            i % 129);
        } else if (i % 8 == 6) {
            p = move_packet(tcp_packet(0, i, 80, 1411), i % 129);
        } else {
            struct dp_packet *inner = tcp_packet(0, i, 80, i % 50);
            p = tunnel_packet(inner, i % 9);
            dp_packet_delete(inner);
        }
        random_set_seed(i + 1);
        uint32_t headers = MIN(dp_packet_size(p), 150);
        for (int j = random_range(4); j >= 0; j--) {
            ((uint8_t *) dp_packet_data(p))[random_range(headers)]
                = random_uint32();
        }
        if (i % 16 < 8 && headers > 34) {
            /* Most would not get past this otherwise. */
            fix_ip(p);
        }
        if (!random_range(4)) {
            dp_packet_set_size(p, random_range(dp_packet_size(p)));
        }

        struct dp_packet_batch batch, node;

        memset(&counters, 0, sizeof counters);
        dp_packet_batch_init_packet(&batch, p);
        dp_packet_batch_init(&node);
        mux_forward(get_table(), get_thread(), &batch, &node, MTU, time_msec(),
                &counters);

        uint64_t sum = (counters.n[MUX_COUNT_FORWARDED]
                        + counters.n[MUX_COUNT_ECHO]
                        + counters.n[MUX_COUNT_WAITED]);
        CU_ASSERT_EQUAL(sum - counters.n[MUX_COUNT_WAITED]
                        + counters.n[MUX_COUNT_ERRORS]
                        + counters.n[MUX_COUNT_RESETS],
                        dp_packet_batch_size(&batch));
        sum += dp_packet_batch_size(&node);
        for (int j = MUX_FIRST_DROP; j < MUX_N_COUNTERS; j++) {
            sum += counters.n[j];
        }
        CU_ASSERT_EQUAL_FATAL(sum, 1);
        dp_packet_delete_batch(&batch, true);
        dp_packet_delete_batch(&node, true);

        dp_packet_batch_init(&batch);
        while (mux_forward_released(thread, &batch)) {
            mux_forward(get_table(), get_thread(), &batch, &node, MTU,
                        time_msec(), &counters);
            dp_packet_delete_batch(&batch, true);
            dp_packet_delete_batch(&node, true);
            dp_packet_batch_init(&batch);
            dp_packet_batch_init(&node);
        }
    }
}

/* Returns the member that a packet of a client is sent to. */
static uint16_t
owner_of(const char *src, uint8_t protocol, uint16_t sport, uint16_t dport)
{
    struct dp_packet *p = new_packet(128);
    size_t l4_len = (protocol == IPPROTO_TCP ? TCP_HEADER_LEN
                     : UDP_HEADER_LEN);

    put_eth(p, ETH_TYPE_IP);
    put_ip(p, src, "20.50.60.10", protocol, l4_len);
    put_l4(p, protocol, sport, dport, 0);
    p = forward(p);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);

    struct steering steering;
    CU_ASSERT(steering_pull(&steering, (const uint8_t *) dp_packet_data(p)
                            + MUX_TUNNEL_LEN));
    dp_packet_delete(p);
    return steering.owners[0];
}

/* Returns how many members the connections of a client to a port have. */
static unsigned int
count_owners(const char *src, uint8_t protocol, uint16_t dport)
{
    uint32_t owners = 0;

    for (uint16_t sport = 40000; sport < 40064; sport++) {
        owners |= 1u << owner_of(src, protocol, sport, dport);
    }
    return count_1bits(owners);
}

/* What a rule says with "loadDistribution" decides what a connection's member
 * depends on. */
static void
test_distribution(void)
{
    unsigned int n_differ = 0, n_clients = 0;
    uint32_t owners = 0;

    CU_ASSERT_EQUAL(count_owners("198.51.100.10", IPPROTO_TCP, 90), 8);
    CU_ASSERT_EQUAL(count_owners("198.51.100.10", IPPROTO_UDP, 90), 8);
    for (int i = 1; i < 64; i++) {
        char src[32];

        snprintf(src, sizeof src, "198.51.100.%d", i);
        for (uint16_t dport = 91; dport <= 92; dport++) {
            CU_ASSERT_EQUAL(count_owners(src, IPPROTO_TCP, dport), 1);
            CU_ASSERT_EQUAL(count_owners(src, IPPROTO_UDP, dport), 1);
        }
        CU_ASSERT_EQUAL(owner_of(src, IPPROTO_TCP, 40000, 91),
                        owner_of(src, IPPROTO_UDP, 40000, 91));
        n_differ += (owner_of(src, IPPROTO_TCP, 40000, 92)
                     != owner_of(src, IPPROTO_UDP, 40000, 92));
        owners |= 1u << owner_of(src, IPPROTO_TCP, 40000, 91);
        n_clients++;
    }

    /* With eight members, about one client in eight has the same for both. */
    CU_ASSERT(n_differ > n_clients / 2 && n_differ < n_clients);
    CU_ASSERT_EQUAL(count_1bits(owners), 8);
}

/* What comes back to a VM: VNI and header tell for which VM it is. */
static void
test_forward_snat(void)
{
    const uint64_t src[2] = { UINT64_C(0x20010db800010000), 0x10 };
    const uint64_t dst[2] = { UINT64_C(0x20010db800200000), 0x10 };
    struct expectation x = {
        .vtep = "172.16.0.21", .vtep_mac = 0x15, .vni = 7,
        .steering = { .owners = { 258 }, .n_owners = 1,
                      .flags = STEERING_SNAT },
        .eth_type = ETH_TYPE_IP,
    };

    for (uint16_t port = 1024; port < 1032; port++) {
        x.hash = hash4(SLB_HASH_DEFAULT, "198.51.100.10", "20.50.60.10", 6,
                       443, port);
        check_forwarding(tcp_packet(128, 443, port, 10), 14, 50, &x);
        CU_ASSERT_EQUAL(counters.n[MUX_COUNT_SNAT], 1);
    }

    struct dp_packet *p = new_packet(128);
    put_eth(p, ETH_TYPE_IP);
    put_ip(p, "198.51.100.10", "20.50.60.10", 17, UDP_HEADER_LEN + 5);
    put_l4(p, 17, 53, 1039, 5);
    x.hash = hash4(SLB_HASH_DEFAULT, "198.51.100.10", "20.50.60.10", 17, 53,
                   1039);
    x.vtep = "172.16.0.22";
    x.vtep_mac = 0x16;
    x.steering.owners[0] = 3;
    check_forwarding(p, 14, 33, &x);

    /* An error about what the VM has sent. */
    x.hash = hash4(SLB_HASH_DEFAULT, "198.51.100.10", "20.50.60.10", 17,
                   40000, 1032);
    check_forwarding(icmp_error(11, 17, "20.50.60.10", 1032, 8), 14, 56, &x);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_STEERED], 1);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_SNAT], 1);

    x.eth_type = ETH_TYPE_IPV6;
    x.vni = 16777215;
    x.steering.owners[0] = 65535;
    x.hash = slb_hash_ipv6(&get_table()->hash_key, SLB_HASH_DEFAULT, src, dst,
                           6, 443, 65528);
    check_forwarding(tcp6_packet(128, 443, 65528, 100), 14, 160, &x);
}

/* Returns the table of another mux, at 172.16.0.12, which may have the block
 * from 5000 on. */
static struct mux_store *
other_mux(bool knows, const char *muxes)
{
    struct mux_store *other = mux_store_create();

    mux_unit_load(other, true, 1,
                  "[{'op': 'global', 'anycast': null, 'vtep': '172.16.0.12',"
                  "  'key': '000102030405060708090a0b0c0d0e0f',"
                  "  'muxes': [%s]},"
                  " {'op': 'nexthop', 'vtep': '172.16.0.11', 'src_mac':"
                  "  '02:00:00:00:00:0b', 'dst_mac': '02:00:00:00:00:0b'},"
                  " {'op': 'nexthop', 'vtep': '172.16.0.21', 'src_mac':"
                  "  '02:00:00:00:00:0b', 'dst_mac': '02:00:00:00:00:15'},"
                  " {'op': 'vip', 'network': 0, 'address': '20.50.60.10',"
                  "  'snat': true},"
                  " {'op': 'snat', 'address': '20.50.60.10', 'blocks': ["
                  "  [%d, 1, '172.16.0.21', 7, 258]]}]",
                  muxes, knows ? 625 : 626);
    return other;
}

/* A block that is nobody's: to the other mux, octet by octet, and from there
 * to the VM, or nowhere. */
static void
test_hand_on(void)
{
    struct mux_store *us = other_mux(false, "'172.16.0.11', '172.16.0.12'");
    struct mux_store *knows = other_mux(true, "'172.16.0.12', '172.16.0.11'");
    struct mux_store *does_not = other_mux(false, "'172.16.0.11'");
    struct mux_store *stranger = other_mux(true, "'172.16.0.13'");
    struct dp_packet *in = tcp_packet(128, 443, 5007, 10);
    uint64_t hash = hash4(SLB_HASH_DEFAULT, "198.51.100.10", "20.50.60.10",
                          6, 443, 5007);
    uint16_t sport = 49152 + (hash >> 32) % 16384;
    uint8_t expected[64] = {
        2, 0, 0, 0, 0, 0x0c, 2, 0, 0, 0, 0, 0x0b, 8, 0,
        0x45, 0, 0, 100, 0, 0, 0x40, 0, 64, 17, 0, 0,
        172, 16, 0, 11, 172, 16, 0, 12,
        sport >> 8, sport, 0x12, 0xb5, 0, 80, 0, 0,
        8, 0, 0, 0, 0, 0, 0, 0,
        0x0e, 0x18, 0, 0, 0, 0, 0x0e, 1, 0, 0, 0, 0, 8, 0,
    };
    ovs_be16 sum = csum(expected + 14, 20);
    memcpy(expected + 24, &sum, sizeof sum);

    /* We are .11. */
    mux_unit_load(us, false, 2,
                  "[{'op': 'global', 'anycast': null, 'vtep': '172.16.0.11',"
                  "  'key': '000102030405060708090a0b0c0d0e0f',"
                  "  'muxes': ['172.16.0.99', '172.16.0.12']},"
                  " {'op': 'nexthop', 'vtep': '172.16.0.12', 'src_mac':"
                  "  '02:00:00:00:00:0b', 'dst_mac': '02:00:00:00:00:0c'}]");
    struct dp_packet *on = forward_by(mux_store_get_table(us),
                                      dp_packet_clone_with_headroom(in, 128),
                                      MTU);
    CU_ASSERT_PTR_NOT_NULL_FATAL(on);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_HANDED_ON], 1);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_HANDED_ON_BYTES], 64);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_FORWARDED], 0);
    CU_ASSERT_EQUAL_FATAL(dp_packet_size(on), 64 + 50);
    CU_ASSERT(!memcmp(dp_packet_data(on), expected, sizeof expected));
    CU_ASSERT(!memcmp((uint8_t *) dp_packet_data(on) + 64,
                      (uint8_t *) dp_packet_data(in) + 14, 50));

    /* It arrives there, and goes on like any other. */
    struct dp_packet *a = forward_by(mux_store_get_table(knows),
                                     dp_packet_clone(on), MTU);
    struct dp_packet *b = forward_by(mux_store_get_table(knows),
                                     dp_packet_clone_with_headroom(in, 128),
                                     MTU);
    CU_ASSERT(a && b && dp_packet_equal(a, b));
    dp_packet_delete(a);
    dp_packet_delete(b);

    /* Nobody knows: it does not come back. */
    CU_ASSERT_PTR_NULL(forward_by(mux_store_get_table(does_not),
                                  dp_packet_clone(on), MTU));
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_NO_BLOCK], 1);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_HANDED_ON], 0);

    /* A mux that has not been told of us leaves it to the node. */
    struct dp_packet_batch batch, node;
    dp_packet_batch_init_packet(&batch, dp_packet_clone(on));
    dp_packet_batch_init(&node);
    mux_forward(mux_store_get_table(stranger), get_thread(), &batch, &node,
                MTU, time_msec(), &counters);
    CU_ASSERT(dp_packet_batch_is_empty(&batch));
    CU_ASSERT_EQUAL_FATAL(dp_packet_batch_size(&node), 1);
    CU_ASSERT(dp_packet_equal(node.packets[0], on));
    dp_packet_delete_batch(&node, true);

    /* However it is cut, and whatever is changed in it, it is no harm. */
    for (size_t i = 0; i < dp_packet_size(on); i++) {
        struct dp_packet *p = dp_packet_clone_data(dp_packet_data(on), i);

        dp_packet_batch_init_packet(&batch, p);
        dp_packet_batch_init(&node);
        mux_forward(mux_store_get_table(knows), get_thread(), &batch, &node,
                    MTU, time_msec(), &counters);
        CU_ASSERT(dp_packet_batch_is_empty(&batch));
        dp_packet_delete_batch(&batch, true);
        dp_packet_delete_batch(&node, true);
    }
    dp_packet_delete(on);

    /* There is no other mux. */
    assert_dropped(dp_packet_clone_with_headroom(in, 128),
                   MUX_COUNT_NO_BLOCK);
    dp_packet_delete(in);

    mux_store_destroy(us);
    mux_store_destroy(knows);
    mux_store_destroy(does_not);
    mux_store_destroy(stranger);
}

/* A flood to ports that nobody has is not passed on to other muxes, and does
 * not take what other answers need. */
static void
test_hand_on_limit(void)
{
    struct mux_store *us = other_mux(false, "'172.16.0.11'");
    struct mux_fragments *own = mux_fragments_create();
    struct mux_thread *fresh = mux_thread_create(own);
    long long int now = time_msec();
    size_t burst = MUX_LIMIT_HAND_ON_FACTOR * MUX_LIMIT_BURST;
    struct dp_packet_batch batch, node;
    size_t n_sent = 0;

    memset(&counters, 0, sizeof counters);
    for (size_t i = 0; i < 2 * burst; i++) {
        dp_packet_batch_init_packet(&batch, tcp_packet(128, 1 + i, 9000, 0));
        dp_packet_batch_init(&node);
        mux_forward(mux_store_get_table(us), fresh, &batch, &node, MTU, now,
                    &counters);
        n_sent += dp_packet_batch_size(&batch);
        dp_packet_delete_batch(&batch, true);
    }
    CU_ASSERT_EQUAL(n_sent, burst);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_HANDED_ON], burst);
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_NO_BLOCK], burst);
    CU_ASSERT(mux_thread_may_answer(fresh, MUX_LIMIT_OTHER, 5, now));

    /* Some of it is back after a moment. */
    for (n_sent = 0; mux_thread_may_hand_on(fresh, now + 10); n_sent++) {
        continue;
    }
    CU_ASSERT_EQUAL(n_sent, MUX_LIMIT_HAND_ON_FACTOR * MUX_LIMIT_RATE / 100);
    mux_store_destroy(us);
    mux_thread_destroy(fresh);
    mux_fragments_destroy(own);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_forward_ipv4),
    UNIT_TEST(test_forward_strips_link_layer),
    UNIT_TEST(test_forward_ipv6),
    UNIT_TEST(test_forward_ring),
    UNIT_TEST(test_forward_drained),
    UNIT_TEST(test_forward_tunnelled),
    UNIT_TEST(test_distribution),
    UNIT_TEST(test_forward_headroom),
    UNIT_TEST(test_forward_mtu),
    UNIT_TEST(test_forward_batch),
    UNIT_TEST(test_forward_whole_vip),
    UNIT_TEST(test_source_ranges),
    UNIT_TEST(test_forward_tos),
    UNIT_TEST(test_icmp_errors),
    UNIT_TEST(test_fragments),
    UNIT_TEST(test_fragments_ipv6),
    UNIT_TEST(test_fragments_bounds),
    UNIT_TEST(test_fragments_orphans),
    UNIT_TEST(test_answer_too_big),
    UNIT_TEST(test_answer_tunnelled),
    UNIT_TEST(test_answer_expired),
    UNIT_TEST(test_answer_reject),
    UNIT_TEST(test_answer_echo),
    UNIT_TEST(test_answer_limit),
    UNIT_TEST(test_answer_limit_vips),
    UNIT_TEST(test_limits),
    UNIT_TEST(test_heirs),
    UNIT_TEST(test_forward_snat),
    UNIT_TEST(test_hand_on),
    UNIT_TEST(test_hand_on_limit),
    UNIT_TEST(test_drop_stranger),
    UNIT_TEST(test_drop_tunnelled),
    UNIT_TEST(test_drop_ipv4),
    UNIT_TEST(test_measures),
    UNIT_TEST(test_drop_ipv6),
    UNIT_TEST(test_drop_truncated),
    UNIT_TEST(test_separate),
    UNIT_TEST(test_without_table),
    UNIT_TEST(test_forward_fuzzed),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    int status = unit_main("mux-forward", tests, argc, argv);

    mux_thread_destroy(thread);
    mux_fragments_destroy(fragments);
    mux_store_destroy(store);
    return status;
}

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

#include "ovs-ext/mux-node.h"

#include <arpa/inet.h>
#include <string.h>

#include "dp-packet.h"
#include "packets.h"
#include "tests/unit/unit.h"
#include "util.h"

static const uint64_t key[2] = { UINT64_C(0x0123456789abcdef),
                                 UINT64_C(0xfedcba9876543211) };

/* Packets. */

static struct dp_packet *
eth_packet(uint64_t dst, uint16_t type)
{
    struct dp_packet *p = dp_packet_new(128);
    struct eth_header *eth = dp_packet_put_zeros(p, sizeof *eth);

    eth->eth_dst = (struct eth_addr) { .ea = {
        dst >> 40, dst >> 32, dst >> 24, dst >> 16, dst >> 8, dst } };
    eth->eth_src = (struct eth_addr) ETH_ADDR_C(02, 00, 00, 00, 00, 01);
    eth->eth_type = htons(type);
    return p;
}

/* What follows the IP header: ports for TCP and UDP, otherwise a type. */
static void
put_l4(struct dp_packet *p, uint16_t a, uint16_t b)
{
    uint8_t l4[20] = { a >> 8, a, b >> 8, b };

    dp_packet_put(p, l4, sizeof l4);
}

static struct dp_packet *
ipv4_packet(uint32_t src, uint8_t protocol, uint8_t ttl, uint16_t sport,
            uint16_t dport)
{
    struct dp_packet *p = eth_packet(0x02000000000b, ETH_TYPE_IP);
    struct ip_header *ip = dp_packet_put_zeros(p, sizeof *ip);

    ip->ip_ihl_ver = IP_IHL_VER(5, 4);
    ip->ip_proto = protocol;
    ip->ip_ttl = ttl;
    put_16aligned_be32(&ip->ip_src, htonl(src));
    put_l4(p, sport, dport);
    return p;
}

static struct dp_packet *
ipv6_packet(const char *src, uint8_t protocol, uint8_t ttl, uint16_t sport,
            uint16_t dport)
{
    struct dp_packet *p = eth_packet(0x02000000000b, ETH_TYPE_IPV6);
    struct ovs_16aligned_ip6_hdr *ip = dp_packet_put_zeros(p, sizeof *ip);
    struct in6_addr address;

    CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET6, src, &address), 1);
    memcpy(&ip->ip6_src, &address, sizeof address);
    ip->ip6_nxt = protocol;
    ip->ip6_hlim = ttl;
    put_l4(p, sport, dport);
    return p;
}

static struct dp_packet *
bfd_packet(uint32_t src)
{
    return ipv4_packet(src, IPPROTO_UDP, 255, 49152, 3784);
}

static struct dp_packet *
other_packet(uint32_t src)
{
    return ipv4_packet(src, IPPROTO_UDP, 255, 49152, 9);
}

static uint32_t
source_of(const struct dp_packet *p)
{
    const struct ip_header *ip = dp_packet_at_assert(p, ETH_HEADER_LEN,
                                                     sizeof *ip);

    return ntohl(get_16aligned_be32(&ip->ip_src));
}

static bool
put(struct mux_node *node, struct dp_packet *p)
{
    struct dp_packet_batch batch;

    dp_packet_batch_init_packet(&batch, p);
    return mux_node_put(node, &batch);
}

/* Takes what is next, and returns how many there are. */
static size_t
take(struct mux_node *node, struct dp_packet_batch *batch)
{
    dp_packet_batch_init(batch);
    mux_node_take(node, batch);
    return dp_packet_batch_size(batch);
}

static struct mux_node_stats
read_stats(struct mux_node *node)
{
    struct mux_node_stats stats;

    memset(&stats, 0, sizeof stats);
    mux_node_read(node, &stats);
    return stats;
}

/* Tests. */

static void
assert_class(struct dp_packet *p, enum mux_node_class wanted)
{
    uint64_t source[2];

    CU_ASSERT_EQUAL(mux_node_classify(p, source), wanted);

    /* Cut off anywhere, it may become something else, but is not read
     * beyond its end: in memory of its own, so that a sanitizer sees it. */
    for (size_t len = 0; len < dp_packet_size(p); len++) {
        void *data = xmemdup(dp_packet_data(p), MAX(len, 1));
        struct dp_packet cut;

        dp_packet_use_const(&cut, data, len);
        mux_node_classify(&cut, source);
        free(data);
    }
    dp_packet_delete(p);
}

static void
test_classify(void)
{
    static const struct {
        uint8_t protocol, ttl;
        uint16_t a, b;
        enum mux_node_class class;
    } cases[] = {
        { IPPROTO_UDP, 255, 49152, 3784, MUX_NODE_BFD },
        { IPPROTO_UDP, 254, 49152, 3784, MUX_NODE_OTHER },
        { IPPROTO_UDP, 255, 3784, 49152, MUX_NODE_OTHER },
        { IPPROTO_UDP, 255, 49152, 3785, MUX_NODE_BFD },
        { IPPROTO_UDP, 254, 49152, 3785, MUX_NODE_BFD },
        { IPPROTO_UDP, 253, 49152, 3785, MUX_NODE_OTHER },
        { IPPROTO_UDP, 60, 49152, 4784, MUX_NODE_MULTIHOP },
        { IPPROTO_TCP, 255, 49152, 3784, MUX_NODE_OTHER },
        { IPPROTO_TCP, 1, 49152, 179, MUX_NODE_BGP },
        { IPPROTO_TCP, 1, 179, 49152, MUX_NODE_BGP },
        { IPPROTO_UDP, 1, 179, 179, MUX_NODE_OTHER },
        { IPPROTO_TCP, 64, 49152, 22, MUX_NODE_OTHER },
        { IPPROTO_ICMP, 64, 0x800, 0, MUX_NODE_OTHER },
        { 47, 255, 3784, 3784, MUX_NODE_OTHER },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_class(ipv4_packet(1, cases[i].protocol, cases[i].ttl,
                                 cases[i].a, cases[i].b), cases[i].class);
        assert_class(ipv6_packet("2001:db8::1", cases[i].protocol,
                                 cases[i].ttl, cases[i].a, cases[i].b),
                     cases[i].class);
    }

    /* Neighbour discovery, by those on the link. */
    assert_class(ipv6_packet("fe80::1", IPPROTO_ICMPV6, 255, 0x8700, 0),
                 MUX_NODE_LINK);
    assert_class(ipv6_packet("fe80::1", IPPROTO_ICMPV6, 255, 0x8500, 0),
                 MUX_NODE_LINK);
    assert_class(ipv6_packet("fe80::1", IPPROTO_ICMPV6, 255, 0x8900, 0),
                 MUX_NODE_LINK);
    assert_class(ipv6_packet("fe80::1", IPPROTO_ICMPV6, 255, 0x8a00, 0),
                 MUX_NODE_OTHER);
    assert_class(ipv6_packet("fe80::1", IPPROTO_ICMPV6, 255, 0x8000, 0),
                 MUX_NODE_OTHER);
    assert_class(ipv6_packet("fe80::1", IPPROTO_ICMPV6, 254, 0x8700, 0),
                 MUX_NODE_OTHER);
    assert_class(ipv4_packet(1, IPPROTO_ICMPV6, 255, 0x8700, 0),
                 MUX_NODE_OTHER);

    assert_class(eth_packet(0xffffffffffff, ETH_TYPE_ARP), MUX_NODE_LINK);
    assert_class(eth_packet(0x0180c200000e, 0x88cc), MUX_NODE_LINK);
    assert_class(eth_packet(0x0180c2000020, 0x0600), MUX_NODE_OTHER);
    assert_class(eth_packet(0xffffffffffff, 0x0600), MUX_NODE_OTHER);

    /* A fragment has ports that say nothing, or none. */
    struct dp_packet *p = bfd_packet(1);
    struct ip_header *ip = dp_packet_at_assert(p, ETH_HEADER_LEN, sizeof *ip);
    ip->ip_frag_off = htons(IP_MORE_FRAGMENTS);
    assert_class(p, MUX_NODE_OTHER);

    p = bfd_packet(1);
    ip = dp_packet_at_assert(p, ETH_HEADER_LEN, sizeof *ip);
    ip->ip_frag_off = htons(1);
    assert_class(p, MUX_NODE_OTHER);

    /* Header lengths. */
    p = bfd_packet(1);
    ip = dp_packet_at_assert(p, ETH_HEADER_LEN, sizeof *ip);
    ip->ip_ihl_ver = IP_IHL_VER(15, 4);
    assert_class(p, MUX_NODE_OTHER);

    p = bfd_packet(1);
    ip = dp_packet_at_assert(p, ETH_HEADER_LEN, sizeof *ip);
    ip->ip_ihl_ver = IP_IHL_VER(4, 4);
    assert_class(p, MUX_NODE_OTHER);
}

/* What tells one source from another. */
static void
test_source(void)
{
    uint64_t a[2], b[2];
    struct dp_packet *p;

#define SOURCE(PACKET, WORDS)                   \
    p = PACKET;                                 \
    mux_node_classify(p, WORDS);                \
    dp_packet_delete(p)

    SOURCE(bfd_packet(1), a);
    SOURCE(other_packet(1), b);
    CU_ASSERT(!memcmp(a, b, sizeof a));
    SOURCE(other_packet(2), b);
    CU_ASSERT(memcmp(a, b, sizeof a));

    SOURCE(ipv6_packet("2001:db8::1", IPPROTO_UDP, 1, 1, 1), a);
    SOURCE(ipv6_packet("2001:db8::2:0:0:1", IPPROTO_UDP, 1, 1, 1), b);
    CU_ASSERT(!memcmp(a, b, sizeof a));
    SOURCE(ipv6_packet("2001:db8:0:1::1", IPPROTO_UDP, 1, 1, 1), b);
    CU_ASSERT(memcmp(a, b, sizeof a));
    SOURCE(ipv6_packet("fe80::1", IPPROTO_UDP, 1, 1, 1), a);
    SOURCE(ipv6_packet("fe80::2", IPPROTO_UDP, 1, 1, 1), b);
    CU_ASSERT(memcmp(a, b, sizeof a));
#undef SOURCE
}

/* One sender's packets keep their order, and nothing is lost. */
static void
test_order(void)
{
    struct mux_node *node = mux_node_create(key);
    struct dp_packet_batch batch;

    CU_ASSERT_EQUAL(take(node, &batch), 0);
    for (int i = 0; i < 40; i++) {
        struct dp_packet *p = ipv4_packet(7, IPPROTO_TCP, 64, i, 22);

        CU_ASSERT_EQUAL(put(node, p), !i);
    }
    CU_ASSERT_EQUAL(mux_node_count(node), 40);
    for (int i = 0; i < 40;) {
        size_t n = take(node, &batch);

        CU_ASSERT_EQUAL_FATAL(n, MIN(MUX_NODE_BATCH, 40 - i));
        for (size_t j = 0; j < n; j++) {
            const uint8_t *l4 = dp_packet_at_assert(batch.packets[j], 34, 2);

            CU_ASSERT_EQUAL(l4[1], i);
            i++;
        }
        dp_packet_delete_batch(&batch, true);
    }
    CU_ASSERT_EQUAL(mux_node_count(node), 0);

    struct mux_node_stats stats = read_stats(node);
    CU_ASSERT_EQUAL(stats.taken[MUX_NODE_OTHER], 40);
    CU_ASSERT_EQUAL(stats.bytes, 40 * 54);
    CU_ASSERT_EQUAL(stats.dropped[MUX_NODE_OTHER], 0);

    /* It is empty again, and a packet left in it is freed. */
    CU_ASSERT(put(node, other_packet(1)));
    mux_node_destroy(node);
}

/* While one class is flooded, none of the others loses a packet or waits. */
static void
test_classes(void)
{
    struct mux_node *node = mux_node_create(key);
    uint64_t n_bfd = 0, n_bgp = 0;

    for (uint32_t round = 0; round < 2000; round++) {
        struct dp_packet_batch batch;

        for (uint32_t i = 0; i < 64; i++) {
            put(node, other_packet(round * 64 + i));
            put(node, ipv4_packet(round * 64 + i, IPPROTO_UDP, 60, 1, 4784));
            put(node, eth_packet(0xffffffffffff, ETH_TYPE_ARP));
        }
        put(node, ipv4_packet(1, IPPROTO_TCP, 1, 179, 5000));
        put(node, bfd_packet(1));

        size_t n = take(node, &batch);
        CU_ASSERT_EQUAL(n, MUX_NODE_BATCH);
        for (size_t i = 0; i < n; i++) {
            uint64_t source[2];
            enum mux_node_class class
                = mux_node_classify(batch.packets[i], source);

            n_bfd += class == MUX_NODE_BFD;
            n_bgp += class == MUX_NODE_BGP;
        }
        dp_packet_delete_batch(&batch, true);
        CU_ASSERT_EQUAL(n_bfd, round + 1);
        CU_ASSERT_EQUAL(n_bgp, round + 1);
    }

    struct mux_node_stats stats = read_stats(node);
    CU_ASSERT_EQUAL(stats.dropped[MUX_NODE_BFD], 0);
    CU_ASSERT_EQUAL(stats.dropped[MUX_NODE_BGP], 0);

    /* Nor does any of them starve the others. */
    CU_ASSERT(stats.taken[MUX_NODE_OTHER] >= 2000 * 2);
    CU_ASSERT(stats.taken[MUX_NODE_MULTIHOP] >= 2000 * 2);
    CU_ASSERT(stats.taken[MUX_NODE_LINK] >= 2000 * 2);

    /* What is there is bounded, and accounted for. */
    CU_ASSERT(mux_node_count(node) <= 1024 + 256 + 256);
    CU_ASSERT_EQUAL((stats.taken[MUX_NODE_OTHER]
                     + stats.dropped[MUX_NODE_OTHER]
                     + stats.taken[MUX_NODE_MULTIHOP]
                     + stats.dropped[MUX_NODE_MULTIHOP]
                     + stats.taken[MUX_NODE_LINK]
                     + stats.dropped[MUX_NODE_LINK]
                     + mux_node_count(node)), 3 * 64 * 2000);
    mux_node_destroy(node);
}

/* Within a class, who sends little loses nothing for one who floods. */
static void
test_sources(void)
{
    struct mux_node *node = mux_node_create(key);
    uint64_t sent[5] = { 0 }, got[5] = { 0 };

    for (uint32_t round = 0; round < 2000; round++) {
        struct dp_packet_batch batch;

        for (int i = 0; i < 100; i++) {
            put(node, ipv4_packet(4, IPPROTO_TCP, 1, 5000, 179));
        }
        for (uint32_t i = 0; i < 4; i++) {
            put(node, ipv4_packet(i, IPPROTO_TCP, 1, 5000, 179));
            sent[i]++;
        }
        take(node, &batch);
        for (size_t i = 0; i < dp_packet_batch_size(&batch); i++) {
            got[source_of(batch.packets[i])]++;
        }
        dp_packet_delete_batch(&batch, true);
    }
    for (int i = 0; i < 4; i++) {
        CU_ASSERT(sent[i] - got[i] <= 1);
    }
    CU_ASSERT(got[4] >= 2000 * (MUX_NODE_BATCH - 5));
    mux_node_destroy(node);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_classify),
    UNIT_TEST(test_source),
    UNIT_TEST(test_order),
    UNIT_TEST(test_classes),
    UNIT_TEST(test_sources),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("mux-node", tests, argc, argv);
}

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

#include "controller/agent/reset.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "controller/agent/tcp-segment.h"
#include "csum.h"
#include "dp-packet.h"
#include "flow.h"
#include "ofproto-rules/pipeline.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-packet.h"
#include "packets.h"
#include "tests/unit/unit.h"
#include "util.h"

#define CLIENT htonl(0xc633640a)
#define VIP htonl(0x14323c0a)
#define DIP htonl(0x0a000104)

static const struct eth_addr vm_mac = ETH_ADDR_C(02,00,00,00,00,04);
static const struct eth_addr other_mac = ETH_ADDR_C(02,00,00,00,00,99);

/* A segment from 'src', with 4 octets of data. */
static struct tcp_segment
make_segment(ovs_be32 src, uint16_t src_port, ovs_be32 dst, uint16_t dst_port,
             uint16_t flags)
{
    return (struct tcp_segment) {
        .eth_src = other_mac,
        .eth_dst = vm_mac,
        .src = in6_addr_mapped_ipv4(src),
        .dst = in6_addr_mapped_ipv4(dst),
        .src_port = htons(src_port),
        .dst_port = htons(dst_port),
        .seq = 0xfffffffe,
        .ack = 0x80000001,
        .flags = flags,
        .len = 4 + !!(flags & TCP_SYN) + !!(flags & TCP_FIN),
    };
}

/* Makes 'packet' a frame with 's' and its data. */
static void
make_frame(const struct tcp_segment *s, struct dp_packet *packet)
{
    size_t data = s->len - !!(s->flags & TCP_SYN) - !!(s->flags & TCP_FIN);

    tcp_segment_compose(s, packet);
    dp_packet_put_zeros(packet, data);
    if (IN6_IS_ADDR_V4MAPPED(&s->src)) {
        struct ip_header *ip = dp_packet_at(packet, ETH_HEADER_LEN,
                                            IP_HEADER_LEN);

        ip->ip_tot_len = htons(ntohs(ip->ip_tot_len) + data);
    } else {
        struct ovs_16aligned_ip6_hdr *ip
            = dp_packet_at(packet, ETH_HEADER_LEN, IPV6_HEADER_LEN);

        ip->ip6_plen = htons(ntohs(ip->ip6_plen) + data);
    }
}

static void
check_octets(const struct tcp_segment *s, const uint8_t *wanted, size_t size)
{
    struct dp_packet packet;

    tcp_segment_compose(s, &packet);
    CU_ASSERT_EQUAL_FATAL(dp_packet_size(&packet), size);
    CU_ASSERT_EQUAL(memcmp(dp_packet_data(&packet), wanted, size), 0);
    dp_packet_uninit(&packet);
}

/* With ACK the RST has the number that is acknowledged, and nothing else. */
static void
test_refuse_ack(void)
{
    struct tcp_segment s = make_segment(CLIENT, 47001, VIP, 80,
                                        TCP_PSH | TCP_ACK);
    struct tcp_segment rst;
    static const uint8_t wanted[] = {
        0x02, 0x00, 0x00, 0x00, 0x00, 0x99, 0x02, 0x00, 0x00, 0x00, 0x00, 0x04,
        0x08, 0x00,
        0x45, 0x00, 0x00, 0x28, 0x00, 0x00, 0x40, 0x00, 0x40, 0x06, 0xc0, 0x56,
        0x14, 0x32, 0x3c, 0x0a, 0xc6, 0x33, 0x64, 0x0a,
        0x00, 0x50, 0xb7, 0x99, 0x80, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
        0x50, 0x04, 0x00, 0x00, 0xfd, 0x7b, 0x00, 0x00,
    };

    CU_ASSERT_TRUE_FATAL(tcp_segment_refuse(&s, &rst));
    CU_ASSERT_EQUAL(rst.seq, 0x80000001);
    CU_ASSERT_EQUAL(rst.ack, 0);
    CU_ASSERT_EQUAL(rst.flags, TCP_RST);
    check_octets(&rst, wanted, sizeof wanted);
}

/* Without, it acknowledges all that was sent. */
static void
test_refuse_other(void)
{
    static const struct {
        uint16_t flags;
        uint32_t ack;
    } tests[] = {
        { 0, 2 },
        { TCP_PSH, 2 },
        { TCP_FIN, 3 },
        { TCP_SYN, 3 },
        { TCP_SYN | TCP_FIN, 4 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
        struct tcp_segment s = make_segment(CLIENT, 47001, VIP, 80,
                                            tests[i].flags);
        struct tcp_segment rst;

        CU_ASSERT_TRUE_FATAL(tcp_segment_refuse(&s, &rst));
        CU_ASSERT_EQUAL(rst.seq, 0);
        CU_ASSERT_EQUAL(rst.ack, tests[i].ack);
        CU_ASSERT_EQUAL(rst.flags, TCP_RST | TCP_ACK);
        CU_ASSERT_EQUAL(rst.len, 0);
    }
}

static void
test_refuse_rst(void)
{
    static const uint16_t flags[] = {
        TCP_RST, TCP_RST | TCP_ACK, TCP_RST | TCP_SYN
    };
    struct tcp_segment rst;

    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        struct tcp_segment s = make_segment(CLIENT, 47001, VIP, 80, flags[i]);

        CU_ASSERT_FALSE(tcp_segment_refuse(&s, &rst));
    }
}

static void
test_ipv6(void)
{
    struct tcp_segment s = make_segment(0, 47001, 0, 80, TCP_SYN);
    struct tcp_segment rst;
    static const uint8_t wanted[] = {
        0x02, 0x00, 0x00, 0x00, 0x00, 0x99, 0x02, 0x00, 0x00, 0x00, 0x00, 0x04,
        0x86, 0xdd,
        0x60, 0x00, 0x00, 0x00, 0x00, 0x14, 0x06, 0x40,
        0x20, 0x01, 0x0d, 0xb8, 0x00, 0x20, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
        0x20, 0x01, 0x0d, 0xb8, 0x00, 0x51, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
        0x00, 0x50, 0xb7, 0x99, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03,
        0x50, 0x14, 0x00, 0x00, 0x9b, 0xe1, 0x00, 0x00,
    };

    CU_ASSERT_TRUE_FATAL(ipv6_parse("2001:db8:51::10", &s.src));
    CU_ASSERT_TRUE_FATAL(ipv6_parse("2001:db8:20::10", &s.dst));
    CU_ASSERT_TRUE_FATAL(tcp_segment_refuse(&s, &rst));
    check_octets(&rst, wanted, sizeof wanted);
}

/* Whatever is written is read again, data included; what is cut off, or no
 * TCP, is not. */
static void
test_parse(void)
{
    for (int v6 = 0; v6 <= 1; v6++) {
        struct tcp_segment in = make_segment(CLIENT, 47001, VIP, 80,
                                             TCP_FIN | TCP_ACK);
        struct tcp_segment out;
        struct dp_packet packet;

        if (v6) {
            CU_ASSERT_TRUE_FATAL(ipv6_parse("2001:db8:51::10", &in.src));
            CU_ASSERT_TRUE_FATAL(ipv6_parse("2001:db8:20::10", &in.dst));
        }
        make_frame(&in, &packet);

        uint8_t *data = dp_packet_data(&packet);
        size_t size = dp_packet_size(&packet);
        CU_ASSERT_TRUE_FATAL(tcp_segment_parse(&out, data, size));
        CU_ASSERT_TRUE(eth_addr_equals(out.eth_src, in.eth_src));
        CU_ASSERT_TRUE(eth_addr_equals(out.eth_dst, in.eth_dst));
        CU_ASSERT_TRUE(ipv6_addr_equals(&out.src, &in.src));
        CU_ASSERT_TRUE(ipv6_addr_equals(&out.dst, &in.dst));
        CU_ASSERT_EQUAL(out.src_port, in.src_port);
        CU_ASSERT_EQUAL(out.dst_port, in.dst_port);
        CU_ASSERT_EQUAL(out.seq, in.seq);
        CU_ASSERT_EQUAL(out.ack, in.ack);
        CU_ASSERT_EQUAL(out.flags, in.flags);
        CU_ASSERT_EQUAL(out.len, 5);

        for (size_t cut = 1; cut < size; cut++) {
            uint8_t *copy = xmemdup(data, size - cut);

            CU_ASSERT_FALSE(tcp_segment_parse(&out, copy, size - cut));
            free(copy);
        }

        /* Padding is no data. */
        dp_packet_put_zeros(&packet, 6);
        CU_ASSERT_TRUE(tcp_segment_parse(&out, dp_packet_data(&packet),
                                         size + 6));
        CU_ASSERT_EQUAL(out.len, 5);

        /* A header that is longer than the segment; a fragment; UDP. */
        data = dp_packet_data(&packet);
        size_t l4 = ETH_HEADER_LEN + (v6 ? IPV6_HEADER_LEN : IP_HEADER_LEN);
        data[l4 + 12] = 0xf0;
        CU_ASSERT_FALSE(tcp_segment_parse(&out, data, size));
        data[l4 + 12] = 0x50;
        if (!v6) {
            data[ETH_HEADER_LEN + 6] = 0x20;
            CU_ASSERT_FALSE(tcp_segment_parse(&out, data, size));
            data[ETH_HEADER_LEN + 6] = 0;
        }
        data[ETH_HEADER_LEN + (v6 ? 6 : 9)] = IPPROTO_UDP;
        CU_ASSERT_FALSE(tcp_segment_parse(&out, data, size));
        dp_packet_uninit(&packet);
    }
}

/* The TCP checksum of 'packet' is right. */
static void
check_checksums(const struct tcp_segment *s)
{
    struct dp_packet packet;
    struct flow flow;

    tcp_segment_compose(s, &packet);
    flow_extract(&packet, &flow);
    CU_ASSERT_EQUAL(dp_packet_l4_size(&packet), TCP_HEADER_LEN);
    if (IN6_IS_ADDR_V4MAPPED(&s->src)) {
        const struct ip_header *ip = dp_packet_l3(&packet);
        uint32_t sum = packet_csum_pseudoheader(ip);

        CU_ASSERT_EQUAL(csum(ip, sizeof *ip), 0);
        CU_ASSERT_EQUAL(csum_finish(csum_continue(sum, dp_packet_l4(&packet),
                                                  TCP_HEADER_LEN)), 0);
    } else {
        CU_ASSERT_EQUAL(packet_csum_upperlayer6(dp_packet_l3(&packet),
                                                dp_packet_l4(&packet),
                                                IPPROTO_TCP, TCP_HEADER_LEN),
                        0);
    }
    dp_packet_uninit(&packet);
}

/* What the switch hands over: 's', with registers. */
struct input {
    uint64_t cookie;
    struct tcp_segment s;
    uint32_t zone, port, network, reply, vm_port;
    ovs_be32 vip;
    struct in6_addr vip6;
    ofp_port_t in_port;
};

static bool
parse(const struct input *in, struct reset *reset)
{
    struct ofputil_packet_in pin = { .cookie = htonll(in->cookie) };
    struct match *md = &pin.flow_metadata;
    struct dp_packet packet;

    match_init_catchall(md);
    match_set_in_port(md, in->in_port);
    match_set_reg(md, HR_ZONE_INDEX, in->zone);
    match_set_reg(md, HR_PORT_INDEX, 0xabcd0000 | in->port);
    match_set_reg(md, HR_NETWORK_INDEX, in->network);
    match_set_reg(md, HR_REPLY_INDEX, in->reply);
    match_set_reg(md, HR_VM_PORT_INDEX, in->vm_port);
    if (!ipv6_is_zero(&in->vip6)) {
        ovs_be128 be;

        memcpy(&be, &in->vip6, sizeof be);
        match_set_xxreg(md, HR_VIP6_INDEX, ntoh128(be));
    } else {
        match_set_reg(md, HR_VIP4_INDEX, ntohl(in->vip));
    }
    make_frame(&in->s, &packet);
    pin.packet = dp_packet_data(&packet);
    pin.packet_len = dp_packet_size(&packet);
    bool ok = reset_parse(&pin, reset);
    dp_packet_uninit(&packet);
    if (ok && reset->to_client) {
        check_checksums(&reset->client_rst);
    }
    if (ok && reset->to_vm) {
        check_checksums(&reset->vm_rst);
    }
    return ok;
}

static void
check_ends(const struct tcp_segment *s, ovs_be32 src, uint16_t src_port,
           ovs_be32 dst, uint16_t dst_port)
{
    CU_ASSERT_EQUAL(in6_addr_get_mapped_ipv4(&s->src), src);
    CU_ASSERT_EQUAL(in6_addr_get_mapped_ipv4(&s->dst), dst);
    CU_ASSERT_EQUAL(ntohs(s->src_port), src_port);
    CU_ASSERT_EQUAL(ntohs(s->dst_port), dst_port);
}

/* A client's, of no connection. */
static void
test_unknown(void)
{
    struct input in = {
        .cookie = reset_cookie(RESET_UNKNOWN, 100),
        .s = make_segment(CLIENT, 47001, VIP, 80, TCP_ACK),
        .network = 5, .reply = REPLY_INTERNAL,
    };
    struct reset reset;

    CU_ASSERT_TRUE_FATAL(parse(&in, &reset));
    CU_ASSERT_TRUE(reset.to_client && !reset.to_vm && !reset.flush);
    CU_ASSERT_EQUAL(reset.why, RESET_UNKNOWN);
    CU_ASSERT_EQUAL(reset.network, 5);
    CU_ASSERT_EQUAL(reset.reply, REPLY_INTERNAL);
    check_ends(&reset.client_rst, VIP, 80, CLIENT, 47001);

    in.s.flags = TCP_RST;
    CU_ASSERT_FALSE(parse(&in, &reset));
    in.s.flags = TCP_ACK;
    in.cookie = reset_cookie(7, 0);
    CU_ASSERT_FALSE(parse(&in, &reset));
}

/* A client's, of a member that is unhealthy: NATed. */
static void
test_unhealthy(void)
{
    struct input in = {
        .cookie = reset_cookie(RESET_UNHEALTHY, 11),
        .s = make_segment(CLIENT, 47001, DIP, 8080, TCP_ACK),
        .zone = 7, .port = 80, .vip = VIP,
        .network = 5, .reply = REPLY_PUBLIC, .vm_port = 12,
    };
    struct reset reset;

    CU_ASSERT_TRUE_FATAL(parse(&in, &reset));
    CU_ASSERT_TRUE(reset.to_client && reset.to_vm && reset.flush);
    check_ends(&reset.client_rst, VIP, 80, CLIENT, 47001);
    CU_ASSERT_EQUAL(reset.client_rst.seq, in.s.ack);
    check_ends(&reset.vm_rst, CLIENT, 47001, DIP, 8080);
    CU_ASSERT_EQUAL(reset.vm_rst.seq, in.s.seq);
    CU_ASSERT_EQUAL(reset.vm_rst.flags, TCP_RST | TCP_ACK);
    CU_ASSERT_TRUE(eth_addr_equals(reset.vm_rst.eth_dst, vm_mac));
    CU_ASSERT_EQUAL(reset.vm_port, u16_to_ofp(12));
    CU_ASSERT_EQUAL(reset.zone, 7);
    CU_ASSERT_EQUAL(reset.match.l3_type, AF_INET);

    const struct ofp_ct_tuple *t = &reset.match.tuple_orig;
    CU_ASSERT_EQUAL(in6_addr_get_mapped_ipv4(&t->dst), VIP);
    CU_ASSERT_EQUAL(t->dst_port, htons(80));

    /* The port of a rule for all ports is what it was. */
    in.port = 0;
    CU_ASSERT_TRUE_FATAL(parse(&in, &reset));
    check_ends(&reset.client_rst, VIP, 8080, CLIENT, 47001);

    /* A SYN that is repeated. */
    in.s.flags = TCP_SYN;
    CU_ASSERT_TRUE_FATAL(parse(&in, &reset));
    CU_ASSERT_TRUE(reset.flush && !reset.to_client && !reset.to_vm);

    /* A tuple that would be anybody's. */
    in.s.src_port = 0;
    CU_ASSERT_FALSE(parse(&in, &reset));
}

static void
test_unhealthy_ipv6(void)
{
    struct input in = {
        .cookie = reset_cookie(RESET_UNHEALTHY, 11),
        .s = make_segment(0, 47001, 0, 8080, TCP_ACK),
        .zone = 7, .port = 80,
    };
    struct reset reset;

    CU_ASSERT_TRUE_FATAL(ipv6_parse("2001:db8:51::10", &in.s.src));
    CU_ASSERT_TRUE_FATAL(ipv6_parse("fd00:1::4", &in.s.dst));
    CU_ASSERT_TRUE_FATAL(ipv6_parse("2001:db8:20::10", &in.vip6));
    CU_ASSERT_TRUE_FATAL(parse(&in, &reset));
    CU_ASSERT_TRUE(ipv6_addr_equals(&reset.client_rst.src, &in.vip6));
    CU_ASSERT_TRUE(ipv6_addr_equals(&reset.vm_rst.dst, &in.s.dst));
    CU_ASSERT_EQUAL(reset.match.l3_type, AF_INET6);
    CU_ASSERT_TRUE(ipv6_addr_equals(&reset.match.tuple_orig.dst, &in.vip6));
}

/* A VM's; one that conntrack has given the VIP as source is answered at the
 * address that it had. */
static void
test_vm(void)
{
    struct input in = {
        .cookie = reset_cookie(RESET_VM, 0),
        .s = make_segment(VIP, 80, CLIENT, 47001, TCP_ACK),
        .port = 8080, .vip = DIP, .in_port = u16_to_ofp(12),
    };
    struct reset reset;

    CU_ASSERT_TRUE_FATAL(parse(&in, &reset));
    CU_ASSERT_EQUAL(reset.why, RESET_VM);
    CU_ASSERT_TRUE(reset.to_vm);
    CU_ASSERT_TRUE(!reset.to_client && !reset.flush);
    check_ends(&reset.vm_rst, CLIENT, 47001, DIP, 8080);
    CU_ASSERT_TRUE(eth_addr_equals(reset.vm_rst.eth_dst, other_mac));
    CU_ASSERT_TRUE(eth_addr_equals(reset.vm_rst.eth_src, host_gateway_mac));
    CU_ASSERT_EQUAL(reset.vm_port, u16_to_ofp(12));

    /* With floating IP nothing was noted. */
    in.port = 0;
    in.vip = 0;
    CU_ASSERT_TRUE_FATAL(parse(&in, &reset));
    check_ends(&reset.vm_rst, CLIENT, 47001, VIP, 80);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_refuse_ack),
    UNIT_TEST(test_refuse_other),
    UNIT_TEST(test_refuse_rst),
    UNIT_TEST(test_ipv6),
    UNIT_TEST(test_parse),
    UNIT_TEST(test_unknown),
    UNIT_TEST(test_unhealthy),
    UNIT_TEST(test_unhealthy_ipv6),
    UNIT_TEST(test_vm),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("reset", tests, argc, argv);
}

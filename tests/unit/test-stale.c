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

#include "controller/agent/stale.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "dp-packet.h"
#include "flow.h"
#include "ofproto-rules/pipeline.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-ct.h"
#include "openvswitch/ofp-packet.h"
#include "packets.h"
#include "tests/unit/unit.h"

#define CLIENT htonl(0xc633640a)
#define VIP htonl(0x14323c0a)

/* What the switch hands over. */
struct input {
    uint64_t cookie;
    uint32_t zone;
    bool v6;
    uint8_t protocol;
    ovs_be16 src_port, dst_port;
    size_t cut;                 /* Octets at the end that are missing. */
};

static const struct input gone = {
    .cookie = (9ULL << 48) | (3ULL << 32), .zone = 7, .protocol = IPPROTO_TCP,
    .src_port = CONSTANT_HTONS(47001), .dst_port = CONSTANT_HTONS(80),
};

static bool
parse(const struct input *in, uint16_t *zone, struct ofp_ct_match *match)
{
    struct ofputil_packet_in pin = { .cookie = htonll(in->cookie) };
    struct dp_packet packet;
    struct flow flow;

    memset(&flow, 0, sizeof flow);
    flow.dl_type = htons(in->v6 ? ETH_TYPE_IPV6 : ETH_TYPE_IP);
    flow.nw_proto = in->protocol;
    flow.nw_ttl = 64;
    flow.tp_src = in->src_port;
    flow.tp_dst = in->dst_port;
    flow.tcp_flags = htons(TCP_SYN);
    if (in->v6) {
        flow.ipv6_src.s6_addr[15] = 1;
        flow.ipv6_dst.s6_addr[15] = 2;
    } else {
        flow.nw_src = CLIENT;
        flow.nw_dst = VIP;
    }
    dp_packet_init(&packet, 0);
    flow_compose(&packet, &flow, NULL, 64);

    match_init_catchall(&pin.flow_metadata);
    match_set_reg(&pin.flow_metadata, HR_ZONE_INDEX, in->zone);
    pin.packet = dp_packet_data(&packet);
    pin.packet_len = dp_packet_size(&packet) - in->cut;
    bool ok = stale_parse(&pin, zone, match);
    dp_packet_uninit(&packet);
    return ok;
}

static void
check_tuple(const struct ofp_ct_match *match, ovs_be32 src, ovs_be32 dst,
            uint16_t src_port, uint16_t dst_port)
{
    const struct ofp_ct_tuple *t = &match->tuple_orig;

    CU_ASSERT_EQUAL(match->l3_type, AF_INET);
    CU_ASSERT_EQUAL(match->ip_proto, IPPROTO_TCP);
    CU_ASSERT_EQUAL(in6_addr_get_mapped_ipv4(&t->src), src);
    CU_ASSERT_EQUAL(in6_addr_get_mapped_ipv4(&t->dst), dst);
    CU_ASSERT_EQUAL(ntohs(t->src_port), src_port);
    CU_ASSERT_EQUAL(ntohs(t->dst_port), dst_port);
    CU_ASSERT_TRUE(ofp_ct_tuple_is_zero(&match->tuple_reply, IPPROTO_TCP));
}

/* A SYN of the client has the direction of the connection. */
static void
test_gone(void)
{
    struct ofp_ct_match match;
    uint16_t zone;

    CU_ASSERT_TRUE_FATAL(parse(&gone, &zone, &match));
    CU_ASSERT_EQUAL(zone, 7);
    check_tuple(&match, CLIENT, VIP, 47001, 80);
}

/* An answer of the VM has the other one. */
static void
test_denied(void)
{
    struct input in = gone;
    struct ofp_ct_match match;
    uint16_t zone;

    in.cookie = stale_cookie(ST_DENIED, 11);
    CU_ASSERT_TRUE_FATAL(parse(&in, &zone, &match));
    check_tuple(&match, VIP, CLIENT, 80, 47001);
    in.cookie = stale_cookie(ST_DENIED_INSIDE, 11);
    CU_ASSERT_TRUE_FATAL(parse(&in, &zone, &match));
    check_tuple(&match, VIP, CLIENT, 80, 47001);
}

static void
test_v6(void)
{
    struct input in = gone;
    struct ofp_ct_match match;
    uint16_t zone;

    in.v6 = true;
    CU_ASSERT_TRUE_FATAL(parse(&in, &zone, &match));
    CU_ASSERT_EQUAL(match.l3_type, AF_INET6);
    CU_ASSERT_EQUAL(match.tuple_orig.src.s6_addr[15], 1);
    CU_ASSERT_EQUAL(match.tuple_orig.dst.s6_addr[15], 2);
}

/* Anything that would not name exactly one connection. */
static void
test_refused(void)
{
    struct ofp_ct_match match;
    uint16_t zone;
    struct input in;

    in = gone, in.cookie = 0;
    CU_ASSERT_FALSE(parse(&in, &zone, &match));
    in = gone, in.cookie = drop_cookie(DR_GONE, 0);
    CU_ASSERT_FALSE(parse(&in, &zone, &match));
    in = gone, in.cookie = stale_cookie(ST_ASK, 0);
    CU_ASSERT_FALSE(parse(&in, &zone, &match));
    in = gone, in.zone = 0;
    CU_ASSERT_FALSE(parse(&in, &zone, &match));
    in = gone, in.zone = 0x10007;
    CU_ASSERT_FALSE(parse(&in, &zone, &match));
    in = gone, in.protocol = IPPROTO_UDP;
    CU_ASSERT_FALSE(parse(&in, &zone, &match));
    in = gone, in.src_port = 0;
    CU_ASSERT_FALSE(parse(&in, &zone, &match));
    in = gone, in.dst_port = 0;
    CU_ASSERT_FALSE(parse(&in, &zone, &match));
    for (size_t cut = 1; cut <= 118; cut++) {
        in = gone, in.cut = cut;
        if (parse(&in, &zone, &match)) {
            check_tuple(&match, CLIENT, VIP, 47001, 80);
        }
    }
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_gone),
    UNIT_TEST(test_denied),
    UNIT_TEST(test_v6),
    UNIT_TEST(test_refused),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("stale", tests, argc, argv);
}

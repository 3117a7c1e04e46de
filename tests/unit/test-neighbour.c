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

#include "controller/agent/neighbour.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "netlink.h"
#include "openvswitch/ofpbuf.h"
#include "packets.h"
#include "tests/unit/unit.h"
#include "util.h"

/* Starts a message of 'type' with the header 'data'. */
static struct ofpbuf *
message(uint16_t type, const void *data, size_t size)
{
    struct ofpbuf *buf = ofpbuf_new(0);

    nl_msg_put_nlmsghdr(buf, 0, type, 0);
    nl_msg_put(buf, data, size);
    return buf;
}

static struct ofpbuf *
route_message(uint8_t family, uint8_t type)
{
    const struct rtmsg rtm = {
        .rtm_family = family, .rtm_type = type, .rtm_dst_len = 24,
        .rtm_table = RT_TABLE_MAIN,
    };
    return message(RTM_NEWROUTE, &rtm, sizeof rtm);
}

static struct in6_addr
addr(const char *s)
{
    struct in6_addr a;
    ovs_be32 ip;

    if (ip_parse(s, &ip)) {
        in6_addr_set_mapped_ipv4(&a, ip);
    } else {
        CU_ASSERT_FATAL(ipv6_parse(s, &a));
    }
    return a;
}

static void
test_neighbour_route_via_gateway(void)
{
    struct ofpbuf *buf = route_message(AF_INET, RTN_UNICAST);
    struct in6_addr gw = addr("172.16.0.1");
    struct neighbour_route route;

    /* Without interface nothing can be said. */
    CU_ASSERT_FALSE(neighbour_parse_route(buf, &route));

    nl_msg_put_u32(buf, RTA_OIF, 7);
    CU_ASSERT_FATAL(neighbour_parse_route(buf, &route));
    CU_ASSERT_EQUAL(route.ifindex, 7);
    CU_ASSERT_FALSE(ipv6_addr_is_set(&route.gateway));
    CU_ASSERT_EQUAL(route.table, RT_TABLE_MAIN);
    CU_ASSERT_EQUAL(route.prefix_len, 24);

    nl_msg_put_be32(buf, RTA_GATEWAY, in6_addr_get_mapped_ipv4(&gw));
    nl_msg_put_u32(buf, RTA_PRIORITY, 42);
    nl_msg_put_u32(buf, RTA_TABLE, 1000);
    CU_ASSERT_FATAL(neighbour_parse_route(buf, &route));
    CU_ASSERT(ipv6_addr_equals(&route.gateway, &gw));
    CU_ASSERT_EQUAL(route.metric, 42);
    CU_ASSERT_EQUAL(route.table, 1000);
    ofpbuf_delete(buf);
}

/* A next hop of the other address family. */
static void
test_neighbour_route_via_other_family(void)
{
    struct ofpbuf *buf = route_message(AF_INET, RTN_UNICAST);
    struct in6_addr gw = addr("fe80::1");
    uint8_t via[sizeof(struct rtvia) + 16];
    struct neighbour_route route;
    const uint16_t family = AF_INET6;

    nl_msg_put_u32(buf, RTA_OIF, 7);
    memcpy(via, &family, sizeof family);
    memcpy(via + sizeof family, &gw, sizeof gw);
    nl_msg_put_unspec(buf, RTA_VIA, via, sizeof via);
    CU_ASSERT_FATAL(neighbour_parse_route(buf, &route));
    CU_ASSERT(ipv6_addr_equals(&route.gateway, &gw));
    ofpbuf_delete(buf);

    /* Cut off. */
    buf = route_message(AF_INET, RTN_UNICAST);
    nl_msg_put_u32(buf, RTA_OIF, 7);
    nl_msg_put_unspec(buf, RTA_VIA, via, sizeof via - 1);
    CU_ASSERT_FALSE(neighbour_parse_route(buf, &route));
    ofpbuf_delete(buf);
}

static void
test_neighbour_route_multipath(void)
{
    struct in6_addr gw = addr("172.16.0.1");
    struct neighbour_route route;

    for (int cut = 0; cut < 2; cut++) {
        struct ofpbuf *buf = route_message(AF_INET, RTN_UNICAST);
        struct ofpbuf nh;

        ofpbuf_init(&nh, 0);
        struct rtnexthop *rtnh = ofpbuf_put_zeros(&nh, sizeof *rtnh);
        rtnh->rtnh_ifindex = 9;
        rtnh->rtnh_len = sizeof *rtnh + NL_A_U32_SIZE;
        nl_msg_put_be32(&nh, RTA_GATEWAY, in6_addr_get_mapped_ipv4(&gw));
        nl_msg_put_unspec(buf, RTA_MULTIPATH, nh.data, nh.size - cut);
        CU_ASSERT_EQUAL(neighbour_parse_route(buf, &route), !cut);
        if (!cut) {
            CU_ASSERT_EQUAL(route.ifindex, 9);
            CU_ASSERT(ipv6_addr_equals(&route.gateway, &gw));
        }
        ofpbuf_uninit(&nh);
        ofpbuf_delete(buf);
    }
}

/* What does not lead anywhere is no route. */
static void
test_neighbour_route_types(void)
{
    static const uint8_t types[] = {
        RTN_LOCAL, RTN_BROADCAST, RTN_BLACKHOLE, RTN_UNREACHABLE,
        RTN_PROHIBIT, RTN_MULTICAST,
    };
    struct neighbour_route route;

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct ofpbuf *buf = route_message(AF_INET6, types[i]);

        nl_msg_put_u32(buf, RTA_OIF, 1);
        CU_ASSERT_FALSE(neighbour_parse_route(buf, &route));
        ofpbuf_delete(buf);
    }

    struct ofpbuf *buf = route_message(AF_MPLS, RTN_UNICAST);
    nl_msg_put_u32(buf, RTA_OIF, 1);
    CU_ASSERT_FALSE(neighbour_parse_route(buf, &route));
    ofpbuf_delete(buf);

    /* Shorter than its header. */
    buf = message(RTM_NEWROUTE, "abc", 3);
    CU_ASSERT_FALSE(neighbour_parse_route(buf, &route));
    ofpbuf_delete(buf);
}

static void
test_neighbour_entry(void)
{
    static const struct eth_addr mac = ETH_ADDR_C(02,00,00,00,00,05);
    static const struct eth_addr group = ETH_ADDR_C(01,00,5e,00,00,05);
    struct ndmsg ndm = {
        .ndm_family = AF_INET6, .ndm_ifindex = 3, .ndm_state = NUD_STALE,
    };
    struct in6_addr a = addr("fd00::5");
    struct neighbour_entry entry;

    struct ofpbuf *buf = message(RTM_NEWNEIGH, &ndm, sizeof ndm);
    CU_ASSERT_FALSE(neighbour_parse_entry(buf, &entry));
    nl_msg_put_in6_addr(buf, NDA_DST, &a);
    CU_ASSERT_FATAL(neighbour_parse_entry(buf, &entry));
    CU_ASSERT_FALSE(entry.has_mac);
    CU_ASSERT_EQUAL(entry.ifindex, 3);
    CU_ASSERT_EQUAL(entry.state, NUD_STALE);
    CU_ASSERT(ipv6_addr_equals(&entry.address, &a));
    nl_msg_put_unspec(buf, NDA_LLADDR, &mac, sizeof mac);
    CU_ASSERT_FATAL(neighbour_parse_entry(buf, &entry));
    CU_ASSERT(entry.has_mac);
    CU_ASSERT(eth_addr_equals(entry.mac, mac));
    ofpbuf_delete(buf);

    /* No station has a group address, nor one of another length. */
    for (int i = 0; i < 2; i++) {
        buf = message(RTM_NEWNEIGH, &ndm, sizeof ndm);
        nl_msg_put_in6_addr(buf, NDA_DST, &a);
        nl_msg_put_unspec(buf, NDA_LLADDR, &group, sizeof group - i);
        CU_ASSERT_FATAL(neighbour_parse_entry(buf, &entry));
        CU_ASSERT_FALSE(entry.has_mac);
        ofpbuf_delete(buf);
    }

    /* Bridges and proxies. */
    ndm.ndm_family = AF_BRIDGE;
    buf = message(RTM_NEWNEIGH, &ndm, sizeof ndm);
    nl_msg_put_in6_addr(buf, NDA_DST, &a);
    CU_ASSERT_FALSE(neighbour_parse_entry(buf, &entry));
    ofpbuf_delete(buf);
    ndm.ndm_family = AF_INET6;
    ndm.ndm_flags = NTF_PROXY;
    buf = message(RTM_NEWNEIGH, &ndm, sizeof ndm);
    nl_msg_put_in6_addr(buf, NDA_DST, &a);
    CU_ASSERT_FALSE(neighbour_parse_entry(buf, &entry));
    ofpbuf_delete(buf);
}

static void
test_neighbour_link(void)
{
    static const struct eth_addr mac = ETH_ADDR_C(02,00,00,00,00,06);
    struct ifinfomsg ifi = {
        .ifi_index = 4, .ifi_flags = IFF_UP | IFF_RUNNING,
    };
    struct neighbour_link info;

    struct ofpbuf *buf = message(RTM_NEWLINK, &ifi, sizeof ifi);
    CU_ASSERT_FALSE(neighbour_parse_link(buf, &info));
    nl_msg_put_string(buf, IFLA_IFNAME, "br-mux");
    CU_ASSERT_FATAL(neighbour_parse_link(buf, &info));
    CU_ASSERT_FALSE(info.has_mac);
    nl_msg_put_unspec(buf, IFLA_ADDRESS, &mac, sizeof mac);
    CU_ASSERT_FATAL(neighbour_parse_link(buf, &info));
    CU_ASSERT(info.has_mac);
    CU_ASSERT(info.up);
    CU_ASSERT_STRING_EQUAL(info.name, "br-mux");
    ofpbuf_delete(buf);

    /* Up, but without carrier. */
    ifi.ifi_flags = IFF_UP;
    buf = message(RTM_NEWLINK, &ifi, sizeof ifi);
    nl_msg_put_string(buf, IFLA_IFNAME, "br-mux");
    CU_ASSERT_FATAL(neighbour_parse_link(buf, &info));
    CU_ASSERT_FALSE(info.up);
    ofpbuf_delete(buf);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_neighbour_route_via_gateway),
    UNIT_TEST(test_neighbour_route_via_other_family),
    UNIT_TEST(test_neighbour_route_multipath),
    UNIT_TEST(test_neighbour_route_types),
    UNIT_TEST(test_neighbour_entry),
    UNIT_TEST(test_neighbour_link),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("neighbour", tests, argc, argv);
}

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

#include "controller/agent/announce.h"

#include <linux/rtnetlink.h>
#include <string.h>

#include "netlink.h"
#include "openvswitch/ofpbuf.h"
#include "packets.h"
#include "tests/unit/unit.h"
#include "util.h"

struct attributes {
    struct rtmsg rtm;
    uint32_t metric;
    uint32_t table;             /* 0: only in 'rtm'. */
};

static const struct attributes good = {
    .rtm = {
        .rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = ANNOUNCE_PROTOCOL, .rtm_type = RTN_BLACKHOLE,
    },
    .metric = ANNOUNCE_METRIC,
};

static bool
parse(const struct attributes *a, struct in6_addr *address)
{
    struct in6_addr v6;
    struct ofpbuf buf;

    CU_ASSERT_FATAL(ipv6_parse("2001:db8::10", &v6));
    ofpbuf_init(&buf, 0);
    nl_msg_put_nlmsghdr(&buf, 0, RTM_NEWROUTE, 0);
    nl_msg_put(&buf, &a->rtm, sizeof a->rtm);
    if (a->rtm.rtm_family == AF_INET) {
        nl_msg_put_be32(&buf, RTA_DST, htonl(0x14323c0a));
    } else {
        nl_msg_put_in6_addr(&buf, RTA_DST, &v6);
    }
    if (a->metric) {
        nl_msg_put_u32(&buf, RTA_PRIORITY, a->metric);
    }
    if (a->table) {
        nl_msg_put_u32(&buf, RTA_TABLE, a->table);
    }
    bool ok = announce_parse_route(&buf, address);
    ofpbuf_uninit(&buf);
    return ok;
}

static void
test_announce_ours(void)
{
    struct attributes a = good;
    char s[INET6_ADDRSTRLEN];
    struct in6_addr address;

    CU_ASSERT_FATAL(parse(&a, &address));
    CU_ASSERT_STRING_EQUAL(ipv6_string_mapped(s, &address), "20.50.60.10");
    a.table = RT_TABLE_MAIN;
    CU_ASSERT(parse(&a, &address));

    a.rtm.rtm_family = AF_INET6;
    a.rtm.rtm_dst_len = 128;
    CU_ASSERT_FATAL(parse(&a, &address));
    CU_ASSERT_STRING_EQUAL(ipv6_string_mapped(s, &address), "2001:db8::10");
}

/* Each of these is somebody else's. */
static void
test_announce_not_ours(void)
{
    struct in6_addr address;
    struct attributes a;

    a = good, a.rtm.rtm_dst_len = 31;
    CU_ASSERT_FALSE(parse(&a, &address));
    a = good, a.rtm.rtm_family = AF_INET6;      /* 2001:db8::/32 */
    CU_ASSERT_FALSE(parse(&a, &address));
    a = good, a.rtm.rtm_protocol = RTPROT_STATIC;
    CU_ASSERT_FALSE(parse(&a, &address));
    a = good, a.rtm.rtm_type = RTN_UNICAST;
    CU_ASSERT_FALSE(parse(&a, &address));
    a = good, a.rtm.rtm_flags = RTM_F_CLONED;
    CU_ASSERT_FALSE(parse(&a, &address));
    a = good, a.rtm.rtm_table = RT_TABLE_LOCAL;
    CU_ASSERT_FALSE(parse(&a, &address));
    a = good, a.table = 1000;
    CU_ASSERT_FALSE(parse(&a, &address));
    a = good, a.metric = 0;
    CU_ASSERT_FALSE(parse(&a, &address));
    a = good, a.metric = ANNOUNCE_METRIC + 1;
    CU_ASSERT_FALSE(parse(&a, &address));
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_announce_ours),
    UNIT_TEST(test_announce_not_ours),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("announce", tests, argc, argv);
}

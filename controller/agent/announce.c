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
#include "controller/agent/rtnl.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "hash.h"
#include "netlink-socket.h"
#include "netlink.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "sset.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(announce);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

/* Milliseconds until what the kernel refused is tried again. */
#define RETRY_MS 1000

/* An address that is or should be announced. */
struct route {
    struct hmap_node node;      /* In 'routes', by address. */
    struct in6_addr address;
    bool wanted;
    bool present;               /* In the kernel. */
};

static struct hmap routes = HMAP_INITIALIZER(&routes);
static bool put;                /* Is 'wanted' of any meaning? */
static bool dirty;              /* May 'wanted' and 'present' differ? */
static bool known;              /* Have the kernel's routes been read? */
static long long int retry_at;

static struct nl_sock *notify_sock;

static unsigned long long int n_added, n_removed, n_overruns;

/* Returns true if the RTM_*ROUTE message in 'buf' is about a route of this
 * module, and stores the address that it announces in '*address'. */
bool
announce_parse_route(const struct ofpbuf *buf, struct in6_addr *address)
{
    static const struct nl_policy policy[] = {
        [RTA_DST] = { .type = NL_A_UNSPEC, .min_len = 4, .max_len = 16,
                      .optional = true },
        [RTA_PRIORITY] = { .type = NL_A_U32, .optional = true },
        [RTA_TABLE] = { .type = NL_A_U32, .optional = true },
    };
    struct nlattr *attrs[ARRAY_SIZE(policy)];

    if (!nl_policy_parse(buf, NLMSG_HDRLEN + sizeof(struct rtmsg),
                         policy, attrs, ARRAY_SIZE(policy))) {
        return false;
    }

    const struct rtmsg *rtm = ofpbuf_at_assert(buf, NLMSG_HDRLEN, sizeof *rtm);
    uint32_t table = (attrs[RTA_TABLE] ? nl_attr_get_u32(attrs[RTA_TABLE])
                      : rtm->rtm_table);
    if (table != RT_TABLE_MAIN || rtm->rtm_type != RTN_BLACKHOLE
        || rtm->rtm_protocol != ANNOUNCE_PROTOCOL
        || rtm->rtm_flags & RTM_F_CLONED || !attrs[RTA_DST]
        || !attrs[RTA_PRIORITY]
        || nl_attr_get_u32(attrs[RTA_PRIORITY]) != ANNOUNCE_METRIC) {
        return false;
    }

    size_t size = nl_attr_get_size(attrs[RTA_DST]);
    if (rtm->rtm_family == AF_INET && rtm->rtm_dst_len == 32
        && size == sizeof(ovs_be32)) {
        in6_addr_set_mapped_ipv4(address, nl_attr_get_be32(attrs[RTA_DST]));
        return true;
    } else if (rtm->rtm_family == AF_INET6 && rtm->rtm_dst_len == 128
               && size == sizeof *address) {
        *address = nl_attr_get_in6_addr(attrs[RTA_DST]);
        return true;
    } else {
        return false;
    }
}

static struct route *
route_find(const struct in6_addr *address)
{
    struct route *route;

    HMAP_FOR_EACH_WITH_HASH (route, node,
                             hash_bytes(address, sizeof *address, 0),
                             &routes) {
        if (ipv6_addr_equals(&route->address, address)) {
            return route;
        }
    }
    return NULL;
}

static struct route *
route_get(const struct in6_addr *address)
{
    struct route *route = route_find(address);

    if (!route) {
        route = xzalloc(sizeof *route);
        route->address = *address;
        hmap_insert(&routes, &route->node,
                    hash_bytes(address, sizeof *address, 0));
    }
    return route;
}

/* Has the kernel add or remove 'route'. */
static void
route_set(struct route *route, bool present)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(&route->address);
    const struct rtmsg rtm = {
        .rtm_family = v4 ? AF_INET : AF_INET6,
        .rtm_dst_len = v4 ? 32 : 128,
        .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = ANNOUNCE_PROTOCOL,
        .rtm_scope = RT_SCOPE_UNIVERSE,
        .rtm_type = RTN_BLACKHOLE,
    };
    struct ofpbuf request;

    ofpbuf_init(&request, 0);
    nl_msg_put_nlmsghdr(&request, 0, present ? RTM_NEWROUTE : RTM_DELROUTE,
                        NLM_F_REQUEST | NLM_F_ACK
                        | (present ? NLM_F_CREATE | NLM_F_EXCL : 0));
    nl_msg_put(&request, &rtm, sizeof rtm);
    rtnl_put_address(&request, RTA_DST, &route->address);
    nl_msg_put_u32(&request, RTA_PRIORITY, ANNOUNCE_METRIC);
    int error = nl_transact(NETLINK_ROUTE, &request, NULL);
    ofpbuf_uninit(&request);

    char s[INET6_ADDRSTRLEN];
    ipv6_string_mapped(s, &route->address);
    if (!error) {
        VLOG_INFO("%s %s", present ? "announced" : "withdrew", s);
        route->present = present;
        if (present) {
            n_added++;
        } else {
            n_removed++;
        }
    } else if (!present && error == ESRCH) {
        route->present = false;
    } else {
        /* EEXIST: some other route to the address, with our metric. */
        VLOG_WARN_RL(&rl, "%s: cannot %s (%s)", s,
                     present ? "announce" : "withdraw", ovs_strerror(error));
        dirty = true;
        retry_at = time_msec() + RETRY_MS;
    }
}

static void
handle_notification(const struct ofpbuf *buf)
{
    uint16_t type = nl_msg_nlmsghdr(buf)->nlmsg_type;
    struct in6_addr address;

    if ((type == RTM_NEWROUTE || type == RTM_DELROUTE)
        && announce_parse_route(buf, &address)) {
        struct route *route = route_get(&address);

        route->present = type == RTM_NEWROUTE;
        dirty |= route->present != route->wanted;
    }
}

/* Reads one family's routes. */
static int
read_routes(uint8_t family)
{
    uint64_t reply_stub[NL_DUMP_BUFSIZE / 8];
    struct ofpbuf reply, buf;
    struct nl_dump dump;
    const struct rtmsg rtm = { .rtm_family = family };

    rtnl_dump_start(&dump, RTM_GETROUTE, &rtm, sizeof rtm);

    ofpbuf_use_stub(&buf, reply_stub, sizeof reply_stub);
    while (nl_dump_next(&dump, &reply, &buf)) {
        struct in6_addr address;

        if (announce_parse_route(&reply, &address)) {
            route_get(&address)->present = true;
        }
    }
    ofpbuf_uninit(&buf);
    return nl_dump_done(&dump);
}

static void
read_all_routes(void)
{
    struct route *route;

    HMAP_FOR_EACH (route, node, &routes) {
        route->present = false;
    }

    int error = read_routes(AF_INET);
    int error6 = read_routes(AF_INET6);
    if (error || (error6 && error6 != EAFNOSUPPORT)) {
        VLOG_WARN_RL(&rl, "cannot read the kernel's routes (%s)",
                     ovs_strerror(error ? error : error6));
        retry_at = time_msec() + RETRY_MS;
        return;
    }
    known = true;
    dirty = true;
}

static bool
open_notify_sock(void)
{
    int error = nl_sock_create(NETLINK_ROUTE, &notify_sock);
    if (!error) {
        error = nl_sock_join_mcgroup(notify_sock, RTNLGRP_IPV4_ROUTE);
    }
    if (!error) {
        error = nl_sock_join_mcgroup(notify_sock, RTNLGRP_IPV6_ROUTE);
    }
    if (error) {
        VLOG_ERR_RL(&rl, "cannot open rtnetlink socket (%s)",
                    ovs_strerror(error));
        nl_sock_destroy(notify_sock);
        notify_sock = NULL;
        retry_at = time_msec() + RETRY_MS;
    }
    return !error;
}

/* Frees memory; the routes stay. */
void
announce_destroy(void)
{
    struct route *route;

    HMAP_FOR_EACH_SAFE (route, node, &routes) {
        hmap_remove(&routes, &route->node);
        free(route);
    }
    nl_sock_destroy(notify_sock);
    notify_sock = NULL;
}

/* Announces the 'n' 'addresses' and nothing else. */
void
announce_put(const struct in6_addr addresses[], size_t n)
{
    struct route *route;

    HMAP_FOR_EACH (route, node, &routes) {
        route->wanted = false;
    }
    for (size_t i = 0; i < n; i++) {
        route_get(&addresses[i])->wanted = true;
    }
    put = true;
    dirty = true;
    retry_at = 0;
}

/* Leaves the routes as they are until announce_put() is called. */
void
announce_hold(void)
{
    put = false;
}

/* Returns true if the kernel has the routes that were put last. */
bool
announce_acked(void)
{
    return put && known && !dirty;
}

void
announce_run(void)
{
    if (time_msec() < retry_at || (!notify_sock && !open_notify_sock())) {
        return;
    }
    if (rtnl_receive(notify_sock, handle_notification, &n_overruns)) {
        known = false;
    }
    if (!known) {
        read_all_routes();
    }
    if (!put || !known || !dirty) {
        return;
    }

    struct route *route;
    dirty = false;
    HMAP_FOR_EACH_SAFE (route, node, &routes) {
        if (route->wanted != route->present) {
            route_set(route, route->wanted);
        }
        if (!route->wanted && !route->present) {
            hmap_remove(&routes, &route->node);
            free(route);
        }
    }
}

void
announce_wait(void)
{
    if (!notify_sock || !known || (put && dirty)) {
        poll_timer_wait_until(retry_at);
    }
    if (notify_sock) {
        nl_sock_wait(notify_sock, POLLIN);
    }
}

/* Adds the addresses that are announced now, by whomever, to 'addresses'.
 * Returns false if that is not known yet. */
bool
announce_get_present(struct sset *addresses)
{
    const struct route *route;

    HMAP_FOR_EACH (route, node, &routes) {
        if (route->present) {
            char s[INET6_ADDRSTRLEN];

            sset_add(addresses, ipv6_string_mapped(s, &route->address));
        }
    }
    return known;
}

/* Appends lines of "name: value" to 'ds'. */
void
announce_format(struct ds *ds)
{
    const struct route *route;
    size_t n_wanted = 0, n_present = 0;

    HMAP_FOR_EACH (route, node, &routes) {
        n_wanted += route->wanted;
        n_present += route->present;
    }
    ds_put_format(ds, "routes: %"PRIuSIZE" wanted%s, %"PRIuSIZE" present\n",
                  n_wanted, put ? "" : " (held)", n_present);
    ds_put_format(ds, "routes acknowledged: %s\n",
                  announce_acked() ? "yes" : "no");
    ds_put_format(ds, "route changes: %llu added, %llu removed, "
                  "%llu overruns\n", n_added, n_removed, n_overruns);
}

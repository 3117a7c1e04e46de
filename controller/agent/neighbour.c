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
#include "controller/agent/rtnl.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
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
#include "random.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(neighbour);

/* Routes are looked up again this long after the last time at the earliest:
 * a routing daemon that changes thousands of routes causes a few rounds. */
#define ROUTES_INTERVAL_MS 50

/* A neighbour that does not answer is asked again after this time.  The kernel
 * itself needs three seconds to find that out. */
#define RETRY_MS 1000

/* States in which the kernel uses an entry's link layer address. */
#define NUD_USABLE (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE \
                    | NUD_STALE | NUD_DELAY)

/* An interface. */
struct link {
    struct hmap_node node;      /* In 'links', by ifindex. */
    struct neighbour_link info;
};

/* A next hop: an entry of the kernel's neighbour table that is in use. */
struct hop {
    struct hmap_node node;      /* In 'hops', by ifindex and address. */
    int ifindex;
    struct in6_addr address;
    unsigned int n_refs;        /* Destinations with this next hop. */

    uint16_t state;             /* NUD_*, NUD_NONE: no entry. */
    bool has_mac;               /* 'mac' is the address known last. */
    struct eth_addr mac;
    long long int refresh_at;   /* When to probe or resolve it. */
};

/* An address that somebody cares for. */
struct dest {
    struct hmap_node node;      /* In 'dests', by address. */
    struct in6_addr address;
    unsigned int n_refs;        /* Times it is in sets. */

    struct hop *hop;            /* NULL: no route. */
    struct neighbour result;
};

struct neighbour_set {
    struct dest **dests;
    size_t n;
};

static struct hmap links = HMAP_INITIALIZER(&links);
static struct hmap hops = HMAP_INITIALIZER(&hops);
static struct hmap dests = HMAP_INITIALIZER(&dests);

static struct nl_sock *notify_sock;
static long long int open_at;       /* Earliest time of next nl_sock_create. */

static bool resync_needed;          /* Read everything again. */
static bool routes_dirty;           /* Ask for all routes again. */
static long long int routes_at;     /* Earliest time of doing so. */
static bool results_dirty;          /* Compute results again. */

static uint64_t seqno = 1;
static unsigned long long int n_overruns, n_route_rounds;

static const unsigned int mcgroups[] = {
    RTNLGRP_LINK, RTNLGRP_NEIGH,
    RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
    RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
    RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
};

/* Parsing. */

/* Stores the address in 'attr', of 4 or 16 octets, in '*addr'. */
static bool
parse_address(const struct nlattr *attr, struct in6_addr *addr)
{
    switch (nl_attr_get_size(attr)) {
    case sizeof(ovs_be32):
        in6_addr_set_mapped_ipv4(addr, nl_attr_get_be32(attr));
        return true;

    case sizeof *addr:
        memcpy(addr, nl_attr_get(attr), sizeof *addr);
        return true;

    default:
        return false;
    }
}

/* Stores the next hop in 'attr', a "struct rtvia", in '*addr'. */
static bool
parse_via(const struct nlattr *attr, struct in6_addr *addr)
{
    const struct rtvia *via = nl_attr_get(attr);
    size_t len = nl_attr_get_size(attr) - sizeof *via;

    if (via->rtvia_family == AF_INET && len >= sizeof(ovs_be32)) {
        ovs_be32 ip;

        memcpy(&ip, via->rtvia_addr, sizeof ip);
        in6_addr_set_mapped_ipv4(addr, ip);
        return true;
    } else if (via->rtvia_family == AF_INET6 && len >= sizeof *addr) {
        memcpy(addr, via->rtvia_addr, sizeof *addr);
        return true;
    } else {
        return false;
    }
}

static bool
parse_mac(const struct nlattr *attr, struct eth_addr *mac)
{
    if (!attr || nl_attr_get_size(attr) != ETH_ADDR_LEN) {
        return false;
    }
    memcpy(mac, nl_attr_get(attr), sizeof *mac);
    return !eth_addr_is_zero(*mac) && !eth_addr_is_multicast(*mac);
}

/* Looks into the first next hop of the multipath route 'attr'. */
static bool
parse_multipath(const struct nlattr *attr, struct neighbour_route *route)
{
    const struct rtnexthop *nh = nl_attr_get(attr);
    size_t size = nl_attr_get_size(attr);

    if (size < sizeof *nh || nh->rtnh_len < sizeof *nh
        || nh->rtnh_len > size) {
        return false;
    }
    route->ifindex = nh->rtnh_ifindex;

    const struct nlattr *attrs = (const struct nlattr *) (nh + 1);
    size_t attrs_len = nh->rtnh_len - sizeof *nh;
    const struct nlattr *gw = nl_attr_find__(attrs, attrs_len, RTA_GATEWAY);
    const struct nlattr *via = nl_attr_find__(attrs, attrs_len, RTA_VIA);
    return ((!gw || parse_address(gw, &route->gateway))
            && (!via || (nl_attr_get_size(via) >= sizeof(struct rtvia)
                         && parse_via(via, &route->gateway))));
}

/* Parses the RTM_NEWROUTE message in 'buf' into '*route'.  Returns false if it
 * is malformed or none that packets are forwarded by (unreachable, blackhole,
 * local, ...). */
bool
neighbour_parse_route(const struct ofpbuf *buf, struct neighbour_route *route)
{
    static const struct nl_policy policy[] = {
        [RTA_OIF] = { .type = NL_A_U32, .optional = true },
        [RTA_GATEWAY] = { .type = NL_A_UNSPEC, .min_len = 4, .max_len = 16,
                          .optional = true },
        [RTA_PRIORITY] = { .type = NL_A_U32, .optional = true },
        [RTA_MULTIPATH] = { .type = NL_A_UNSPEC,
                            .min_len = sizeof(struct rtnexthop),
                            .optional = true },
        [RTA_TABLE] = { .type = NL_A_U32, .optional = true },
        [RTA_VIA] = { .type = NL_A_UNSPEC, .min_len = sizeof(struct rtvia),
                      .optional = true },
    };
    struct nlattr *attrs[ARRAY_SIZE(policy)];

    memset(route, 0, sizeof *route);
    if (!nl_policy_parse(buf, NLMSG_HDRLEN + sizeof(struct rtmsg),
                         policy, attrs, ARRAY_SIZE(policy))) {
        return false;
    }

    const struct rtmsg *rtm = ofpbuf_at_assert(buf, NLMSG_HDRLEN, sizeof *rtm);
    if ((rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6)
        || rtm->rtm_type != RTN_UNICAST) {
        return false;
    }
    route->prefix_len = rtm->rtm_dst_len;
    route->table = (attrs[RTA_TABLE] ? nl_attr_get_u32(attrs[RTA_TABLE])
                    : rtm->rtm_table);
    route->metric = (attrs[RTA_PRIORITY]
                     ? nl_attr_get_u32(attrs[RTA_PRIORITY]) : 0);
    if (attrs[RTA_MULTIPATH]) {
        return parse_multipath(attrs[RTA_MULTIPATH], route);
    }
    if (!attrs[RTA_OIF]) {
        return false;
    }
    route->ifindex = nl_attr_get_u32(attrs[RTA_OIF]);
    return ((!attrs[RTA_GATEWAY]
             || parse_address(attrs[RTA_GATEWAY], &route->gateway))
            && (!attrs[RTA_VIA]
                || parse_via(attrs[RTA_VIA], &route->gateway)));
}

/* Parses the RTM_NEWNEIGH or RTM_DELNEIGH message in 'buf' into '*entry'.
 * Returns false if it is malformed or of no interest (bridges' forwarding
 * entries, proxies). */
bool
neighbour_parse_entry(const struct ofpbuf *buf, struct neighbour_entry *entry)
{
    static const struct nl_policy policy[] = {
        [NDA_DST] = { .type = NL_A_UNSPEC, .min_len = 4, .max_len = 16,
                      .optional = true },
        [NDA_LLADDR] = { .type = NL_A_UNSPEC, .optional = true },
    };
    struct nlattr *attrs[ARRAY_SIZE(policy)];

    memset(entry, 0, sizeof *entry);
    if (!nl_policy_parse(buf, NLMSG_HDRLEN + sizeof(struct ndmsg),
                         policy, attrs, ARRAY_SIZE(policy))) {
        return false;
    }

    const struct ndmsg *ndm = ofpbuf_at_assert(buf, NLMSG_HDRLEN, sizeof *ndm);
    if ((ndm->ndm_family != AF_INET && ndm->ndm_family != AF_INET6)
        || ndm->ndm_flags & NTF_PROXY
        || !attrs[NDA_DST] || !parse_address(attrs[NDA_DST],
                                             &entry->address)) {
        return false;
    }
    entry->ifindex = ndm->ndm_ifindex;
    entry->state = ndm->ndm_state;
    entry->has_mac = parse_mac(attrs[NDA_LLADDR], &entry->mac);
    return true;
}

/* Parses the RTM_NEWLINK or RTM_DELLINK message in 'buf' into '*link'. */
bool
neighbour_parse_link(const struct ofpbuf *buf, struct neighbour_link *link)
{
    static const struct nl_policy policy[] = {
        [IFLA_ADDRESS] = { .type = NL_A_UNSPEC, .optional = true },
        [IFLA_IFNAME] = { .type = NL_A_STRING, .max_len = IFNAMSIZ,
                          .optional = true },
    };
    struct nlattr *attrs[ARRAY_SIZE(policy)];

    memset(link, 0, sizeof *link);
    if (!nl_policy_parse(buf, NLMSG_HDRLEN + sizeof(struct ifinfomsg),
                         policy, attrs, ARRAY_SIZE(policy))) {
        return false;
    }

    const struct ifinfomsg *ifi = ofpbuf_at_assert(buf, NLMSG_HDRLEN,
                                                   sizeof *ifi);
    if (ifi->ifi_family != AF_UNSPEC || !attrs[IFLA_IFNAME]) {
        return false;           /* AF_BRIDGE tells about bridges' ports. */
    }
    link->ifindex = ifi->ifi_index;
    ovs_strlcpy(link->name, nl_attr_get_string(attrs[IFLA_IFNAME]),
                sizeof link->name);
    link->up = (ifi->ifi_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP
                                                             | IFF_RUNNING);
    link->has_mac = parse_mac(attrs[IFLA_ADDRESS], &link->mac);
    return true;
}

/* Interfaces. */

static struct link *
link_find(int ifindex)
{
    struct link *link;

    HMAP_FOR_EACH_WITH_HASH (link, node, hash_int(ifindex, 0), &links) {
        if (link->info.ifindex == ifindex) {
            return link;
        }
    }
    return NULL;
}

static void
link_update(const struct neighbour_link *info)
{
    struct link *link = link_find(info->ifindex);

    if (!link) {
        link = xzalloc(sizeof *link);
        hmap_insert(&links, &link->node, hash_int(info->ifindex, 0));
    }
    link->info = *info;
}

static void
link_delete(struct link *link)
{
    hmap_remove(&links, &link->node);
    free(link);
}

static void
links_clear(void)
{
    struct link *link;

    HMAP_FOR_EACH_SAFE (link, node, &links) {
        link_delete(link);
    }
}

/* Next hops. */

static uint32_t
hop_hash(int ifindex, const struct in6_addr *address)
{
    return hash_bytes(address, sizeof *address, ifindex);
}

static struct hop *
hop_find(int ifindex, const struct in6_addr *address)
{
    struct hop *hop;

    HMAP_FOR_EACH_WITH_HASH (hop, node, hop_hash(ifindex, address), &hops) {
        if (hop->ifindex == ifindex
            && ipv6_addr_equals(&hop->address, address)) {
            return hop;
        }
    }
    return NULL;
}

/* Takes over what the kernel says about 'hop'. */
static void
hop_update(struct hop *hop, const struct neighbour_entry *entry)
{
    bool had_mac = hop->has_mac;

    hop->state = entry->state;
    if (entry->state & NUD_USABLE && entry->has_mac) {
        hop->has_mac = true;
        hop->mac = entry->mac;
    } else if (entry->state & NUD_FAILED) {
        hop->has_mac = false;
        /* It may have got another address: ask everybody, now. */
        hop->refresh_at = time_msec() + (had_mac ? 0 : RETRY_MS);
    }
    results_dirty = true;
}

/* Puts an RTM_*NEIGH message about 'hop' in 'buf'. */
static void
hop_compose(const struct hop *hop, struct ofpbuf *buf, uint16_t type,
            uint16_t nlmsg_flags, uint16_t state, uint8_t flags)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(&hop->address);
    const struct ndmsg ndm = {
        .ndm_family = v4 ? AF_INET : AF_INET6,
        .ndm_ifindex = hop->ifindex,
        .ndm_state = state,
        .ndm_flags = flags,
    };

    nl_msg_put_nlmsghdr(buf, 0, type, NLM_F_REQUEST | nlmsg_flags);
    nl_msg_put(buf, &ndm, sizeof ndm);
    rtnl_put_address(buf, NDA_DST, &hop->address);
}

/* Reads what the kernel has about 'hop'. */
static void
hop_read(struct hop *hop)
{
    struct ofpbuf request, *reply = NULL;
    struct neighbour_entry entry;

    ofpbuf_init(&request, 0);
    hop_compose(hop, &request, RTM_GETNEIGH, 0, NUD_NONE, 0);
    int error = nl_transact(NETLINK_ROUTE, &request, &reply);
    ofpbuf_uninit(&request);

    if (!error && neighbour_parse_entry(reply, &entry)) {
        hop_update(hop, &entry);
    } else {
        hop->state = NUD_NONE;
    }
    ofpbuf_delete(reply);
}

/* Has the kernel resolve 'hop', or probe it if it is resolved. */
static void
hop_refresh(struct hop *hop)
{
    /* Spread, for those that were first needed at the same time. */
    hop->refresh_at = (time_msec() + NEIGHBOUR_REFRESH_MS
                       - random_range(NEIGHBOUR_REFRESH_MS / 4));
    if (hop->state & (NUD_PERMANENT | NUD_NOARP | NUD_PROBE
                      | NUD_INCOMPLETE)) {
        return;                 /* There is nothing to do, or it is done. */
    }

    struct ofpbuf request;
    ofpbuf_init(&request, 0);
    if (hop->state & NUD_USABLE) {
        hop_compose(hop, &request, RTM_NEWNEIGH, NLM_F_REPLACE, NUD_PROBE, 0);
    } else {
        hop_compose(hop, &request, RTM_NEWNEIGH, NLM_F_CREATE, NUD_NONE,
                    NTF_USE);
    }
    int error = nl_transact(NETLINK_ROUTE, &request, NULL);
    ofpbuf_uninit(&request);

    if (error) {
        /* If the entry has just gone, its notification is on the way. */
        if (error != ENOENT && error != EINVAL) {
            static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 5);
            char s[INET6_ADDRSTRLEN];

            ipv6_string_mapped(s, &hop->address);
            VLOG_WARN_RL(&rl, "%s: cannot resolve (%s)", s,
                         ovs_strerror(error));
        }
        hop->refresh_at = time_msec() + RETRY_MS;
        hop_read(hop);
    }
}

/* Returns the next hop with these properties, with one more reference. */
static struct hop *
hop_ref(int ifindex, const struct in6_addr *address)
{
    struct hop *hop = hop_find(ifindex, address);

    if (!hop) {
        hop = xzalloc(sizeof *hop);
        hop->ifindex = ifindex;
        hop->address = *address;
        hmap_insert(&hops, &hop->node, hop_hash(ifindex, address));
        hop_read(hop);
        hop_refresh(hop);
    }
    hop->n_refs++;
    return hop;
}

static void
hop_unref(struct hop *hop)
{
    if (hop && !--hop->n_refs) {
        hmap_remove(&hops, &hop->node);
        free(hop);
    }
}

/* Destinations. */

static struct dest *
dest_find(const struct in6_addr *address)
{
    struct dest *dest;

    HMAP_FOR_EACH_WITH_HASH (dest, node, hop_hash(0, address), &dests) {
        if (ipv6_addr_equals(&dest->address, address)) {
            return dest;
        }
    }
    return NULL;
}

/* Finds the default route of the lowest metric, of IPv4 or IPv6, in the main
 * table. */
static bool
lookup_default_route(bool v4, struct neighbour_route *route)
{
    uint64_t reply_stub[NL_DUMP_BUFSIZE / 8];
    struct ofpbuf reply, buf;
    struct nl_dump dump;
    const struct rtmsg rtm = {
        .rtm_family = v4 ? AF_INET : AF_INET6,
    };
    bool found = false;

    rtnl_dump_start(&dump, RTM_GETROUTE, &rtm, sizeof rtm);

    ofpbuf_use_stub(&buf, reply_stub, sizeof reply_stub);
    while (nl_dump_next(&dump, &reply, &buf)) {
        struct neighbour_route r;

        if (neighbour_parse_route(&reply, &r)
            && !r.prefix_len && r.table == RT_TABLE_MAIN
            && ipv6_addr_is_set(&r.gateway)
            && (!found || r.metric < route->metric)) {
            *route = r;
            found = true;
        }
    }
    nl_dump_done(&dump);
    ofpbuf_uninit(&buf);
    return found;
}

/* Asks the kernel how it would route a packet to 'address'. */
static bool
lookup_route(const struct in6_addr *address, struct neighbour_route *route)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(address);

    if (v4 ? !in6_addr_get_mapped_ipv4(address)
           : !ipv6_addr_is_set(address)) {
        return lookup_default_route(v4, route);
    }

    const struct rtmsg rtm = {
        .rtm_family = v4 ? AF_INET : AF_INET6,
        .rtm_dst_len = v4 ? 32 : 128,
    };
    struct ofpbuf request, *reply = NULL;
    ofpbuf_init(&request, 0);
    nl_msg_put_nlmsghdr(&request, 0, RTM_GETROUTE, NLM_F_REQUEST);
    nl_msg_put(&request, &rtm, sizeof rtm);
    rtnl_put_address(&request, RTA_DST, address);
    bool ok = (!nl_transact(NETLINK_ROUTE, &request, &reply)
               && neighbour_parse_route(reply, route));
    ofpbuf_uninit(&request);
    ofpbuf_delete(reply);

    if (ok && !ipv6_addr_is_set(&route->gateway)) {
        route->gateway = *address;
    }
    return ok;
}

static void
dest_lookup(struct dest *dest)
{
    struct neighbour_route route;
    struct hop *old = dest->hop;

    dest->hop = (lookup_route(&dest->address, &route)
                 ? hop_ref(route.ifindex, &route.gateway) : NULL);
    hop_unref(old);
    results_dirty = true;
}

static void
dest_unref(struct dest *dest)
{
    if (!--dest->n_refs) {
        hmap_remove(&dests, &dest->node);
        hop_unref(dest->hop);
        free(dest);
    }
}

/* Computes 'dest''s result from what is known. */
static void
dest_update(struct dest *dest)
{
    const struct hop *hop = dest->hop;
    const struct link *link = hop ? link_find(hop->ifindex) : NULL;
    struct neighbour result;

    memset(&result, 0, sizeof result);
    if (link) {
        result.next_hop = hop->address;
        ovs_strlcpy(result.iface, link->info.name, sizeof result.iface);
        result.src_mac = link->info.mac;
        if (hop->has_mac) {
            result.dst_mac = hop->mac;
        }
        result.reachable = (link->info.up && link->info.has_mac
                            && hop->has_mac);
    }

    if (memcmp(&result, &dest->result, sizeof result)) {
        if (result.reachable != dest->result.reachable) {
            char s[INET6_ADDRSTRLEN];

            ipv6_string_mapped(s, &dest->address);
            VLOG_INFO("%s is %s", s,
                      result.reachable ? "reachable" : "not reachable");
        }
        dest->result = result;
        seqno++;
    }
}

/* Sets of addresses. */

/* Creates an empty set. */
struct neighbour_set *
neighbour_set_create(void)
{
    return xzalloc(sizeof(struct neighbour_set));
}

/* Destroys 'set': its addresses are not resolved any longer, unless another
 * set has them. */
void
neighbour_set_destroy(struct neighbour_set *set)
{
    if (set) {
        neighbour_set_replace(set, NULL, 0);
        free(set);
    }
}

/* Makes the 'n' 'addresses' (not necessarily distinct) the contents of
 * 'set'. */
void
neighbour_set_replace(struct neighbour_set *set,
                      const struct in6_addr addresses[], size_t n)
{
    struct dest **new = n ? xmalloc(n * sizeof *new) : NULL;

    for (size_t i = 0; i < n; i++) {
        struct dest *dest = dest_find(&addresses[i]);

        if (!dest) {
            dest = xzalloc(sizeof *dest);
            dest->address = addresses[i];
            hmap_insert(&dests, &dest->node, hop_hash(0, &dest->address));
            if (notify_sock) {
                dest_lookup(dest);
            }
        }
        dest->n_refs++;
        new[i] = dest;
    }
    for (size_t i = 0; i < set->n; i++) {
        dest_unref(set->dests[i]);
    }
    free(set->dests);
    set->dests = new;
    set->n = n;
}

/* Tells in '*result' what is known about 'address' and returns whether it is
 * reachable. */
bool
neighbour_get(const struct in6_addr *address, struct neighbour *result)
{
    const struct dest *dest = dest_find(address);

    if (dest) {
        *result = dest->result;
    } else {
        memset(result, 0, sizeof *result);
    }
    return result->reachable;
}

/* Returns a number that changes whenever an answer of neighbour_get() does. */
uint64_t
neighbour_seqno(void)
{
    return seqno;
}

/* Notifications. */

static void
handle_notification(const struct ofpbuf *buf)
{
    const struct nlmsghdr *nlmsg = nl_msg_nlmsghdr(buf);
    struct neighbour_entry entry;
    struct neighbour_link info;

    switch (nlmsg->nlmsg_type) {
    case RTM_NEWLINK:
        if (neighbour_parse_link(buf, &info)) {
            link_update(&info);
            routes_dirty = results_dirty = true;
        }
        break;

    case RTM_DELLINK:
        if (neighbour_parse_link(buf, &info)) {
            struct link *link = link_find(info.ifindex);

            if (link) {
                link_delete(link);
            }
            routes_dirty = results_dirty = true;
        }
        break;

    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
        if (neighbour_parse_entry(buf, &entry)) {
            struct hop *hop = hop_find(entry.ifindex, &entry.address);

            if (!hop) {
                break;
            } else if (nlmsg->nlmsg_type == RTM_NEWNEIGH) {
                hop_update(hop, &entry);
            } else {
                hop->state = NUD_NONE;
                hop->refresh_at = time_msec();
            }
        }
        break;

    default:
        /* Routes, rules, addresses. */
        routes_dirty = true;
        break;
    }
}

static void
read_links(void)
{
    uint64_t reply_stub[NL_DUMP_BUFSIZE / 8];
    struct ofpbuf reply, buf;
    struct nl_dump dump;
    const struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };

    rtnl_dump_start(&dump, RTM_GETLINK, &ifi, sizeof ifi);

    links_clear();
    ofpbuf_use_stub(&buf, reply_stub, sizeof reply_stub);
    while (nl_dump_next(&dump, &reply, &buf)) {
        struct neighbour_link info;

        if (neighbour_parse_link(&reply, &info)) {
            link_update(&info);
        }
    }
    nl_dump_done(&dump);
    ofpbuf_uninit(&buf);
}

static void
open_notify_sock(void)
{
    if (time_msec() < open_at) {
        return;
    }
    open_at = time_msec() + RETRY_MS;

    int error = nl_sock_create(NETLINK_ROUTE, &notify_sock);
    for (size_t i = 0; !error && i < ARRAY_SIZE(mcgroups); i++) {
        error = nl_sock_join_mcgroup(notify_sock, mcgroups[i]);
    }
    if (error) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

        VLOG_ERR_RL(&rl, "cannot open rtnetlink socket (%s)",
                    ovs_strerror(error));
        nl_sock_destroy(notify_sock);
        notify_sock = NULL;
        return;
    }
    resync_needed = true;
}

/* The module's part of the main loop. */

static void
neighbour_show(struct unixctl_conn *conn, int argc OVS_UNUSED,
               const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    neighbour_format(&ds);
    unixctl_command_reply(conn, ds_cstr(&ds));
    ds_destroy(&ds);
}

/* Adds the command "slb/neighbours". */
void
neighbour_init(void)
{
    unixctl_command_register("slb/neighbours", "", 0, 0, neighbour_show,
                             NULL);
}

/* Frees what does not belong to a set. */
void
neighbour_destroy(void)
{
    nl_sock_destroy(notify_sock);
    notify_sock = NULL;
    links_clear();
}

void
neighbour_run(void)
{
    if (!notify_sock) {
        open_notify_sock();
        if (!notify_sock) {
            return;
        }
    }
    if (rtnl_receive(notify_sock, handle_notification, &n_overruns)) {
        resync_needed = true;
    }

    struct hop *hop;
    if (resync_needed) {
        resync_needed = false;
        read_links();
        HMAP_FOR_EACH (hop, node, &hops) {
            hop_read(hop);
        }
        routes_dirty = results_dirty = true;
        routes_at = 0;
    }

    struct dest *dest;
    if (routes_dirty && time_msec() >= routes_at) {
        routes_dirty = false;
        routes_at = time_msec() + ROUTES_INTERVAL_MS;
        n_route_rounds++;
        HMAP_FOR_EACH (dest, node, &dests) {
            dest_lookup(dest);
        }
    }

    long long int now = time_msec();
    HMAP_FOR_EACH (hop, node, &hops) {
        if (now >= hop->refresh_at) {
            hop_refresh(hop);
        }
    }

    if (results_dirty) {
        results_dirty = false;
        HMAP_FOR_EACH (dest, node, &dests) {
            dest_update(dest);
        }
    }
}

void
neighbour_wait(void)
{
    if (!notify_sock) {
        poll_timer_wait_until(open_at);
        return;
    }
    nl_sock_wait(notify_sock, POLLIN);
    if (results_dirty) {
        poll_immediate_wake();
    }
    if (routes_dirty) {
        poll_timer_wait_until(routes_at);
    }

    const struct hop *hop;
    HMAP_FOR_EACH (hop, node, &hops) {
        poll_timer_wait_until(hop->refresh_at);
    }
}

/* Appends a line about each address to 'ds', in no particular order. */
void
neighbour_format(struct ds *ds)
{
    const struct dest *dest;

    ds_put_format(ds, "%"PRIuSIZE" addresses, %"PRIuSIZE" next hops, "
                  "%llu route rounds, %llu overruns\n",
                  hmap_count(&dests), hmap_count(&hops),
                  n_route_rounds, n_overruns);
    HMAP_FOR_EACH (dest, node, &dests) {
        const struct neighbour *r = &dest->result;

        ipv6_format_mapped(&dest->address, ds);
        if (!r->iface[0]) {
            ds_put_cstr(ds, " no route\n");
            continue;
        }
        ds_put_cstr(ds, " via ");
        ipv6_format_mapped(&r->next_hop, ds);
        ds_put_format(ds, " dev %s "ETH_ADDR_FMT" -> ", r->iface,
                      ETH_ADDR_ARGS(r->src_mac));
        if (eth_addr_is_zero(r->dst_mac)) {
            ds_put_cstr(ds, "?");
        } else {
            ds_put_format(ds, ETH_ADDR_FMT, ETH_ADDR_ARGS(r->dst_mac));
        }
        ds_put_cstr(ds, r->reachable ? " reachable\n" : " not reachable\n");
    }
}

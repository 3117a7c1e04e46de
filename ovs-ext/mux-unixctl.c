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

#include "ovs-ext/mux-unixctl.h"

#include <errno.h>

#include "csum.h"
#include "dp-packet.h"
#include "lib/slb-hash.h"
#include "lib/steering.h"
#include "openvswitch/dynamic-string.h"
#include "ovs-ext/mux-op.h"
#include "ovs-ext/mux-report.h"
#include "ovs-ext/mux-server.h"
#include "ovs-ext/mux-snat.h"
#include "ovs-ext/mux-stats.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/netdev-slbmux.h"
#include "ovs-thread.h"
#include "packets.h"
#include "unaligned.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

/* Endpoints that slb/show lists, and members or generations of a pool. */
#define MAX_SHOWN 500

static bool
parse_address(const char *s, struct in6_addr *address)
{
    ovs_be32 ip4;

    if (ip_parse(s, &ip4)) {
        in6_addr_set_mapped_ipv4(address, ip4);
        return true;
    }
    return ipv6_parse(s, address);
}

static void
format_view(const struct mux_table *table, const struct mux_view *view,
            struct ds *ds)
{
    static const char *const states[] = {
        [MUX_CURRENT] = "current",
        [MUX_COMING] = "coming",
        [MUX_PREVIOUS] = "previous",
    };

    for (size_t i = 0; i < view->n_generations; i++) {
        const struct mux_view_generation *g = &view->generations[i];

        ds_put_format(ds, "    generation %"PRIu64" %s, %"PRIuSIZE" members, "
                      "%u slots", g->number, states[g->state],
                      g->table->n_members, 1u << g->table->log2);
        if (g->state != MUX_COMING) {
            ds_put_format(ds, ", since %lld ms",
                          time_msec() - g->switched_at);
        }
        ds_put_char(ds, '\n');
    }

    const struct maglev_table *current = view->generations[0].table;
    for (size_t i = 0; i < MIN(current->n_members, MAX_SHOWN); i++) {
        const struct mux_nexthop_entry *nh
            = mux_table_nexthop(table, view->owners[i].nexthop);

        ds_put_format(ds, "    member %"PRIu16" weight %"PRIu32,
                      current->members[i].index, current->members[i].weight);
        if (nh->valid) {
            ds_put_format(ds, " at "IP_FMT"%s\n", IP_ARGS(nh->vtep),
                          nh->dead ? " (dead)" : "");
        } else {
            ds_put_cstr(ds, " not reachable\n");
        }
    }
}

/* Writes what of 'ep' is not as usual. */
static void
format_restrictions(const struct mux_endpoint *ep, struct ds *ds)
{
    if (ep->reject) {
        ds_put_cstr(ds, ", rejects");
    }
    ds_put_char(ds, '\n');
    if (!ep->ranges) {
        return;
    }

    ds_put_cstr(ds, ep->ranges->n ? "    only from" : "    only from nowhere");
    for (size_t i = 0; i < ep->ranges->n; i++) {
        const struct mux_range *r = &ep->ranges->ranges[i];
        struct in6_addr first = mux_address_from_words(r->first);
        struct in6_addr last = mux_address_from_words(r->last);

        ds_put_cstr(ds, i ? ", " : " ");
        ipv6_format_mapped(&first, ds);
        if (!ipv6_addr_equals(&first, &last)) {
            ds_put_char(ds, '-');
            ipv6_format_mapped(&last, ds);
        }
    }
    ds_put_char(ds, '\n');
}

static void
slb_show(struct unixctl_conn *conn, int argc, const char *argv[],
         void *aux OVS_UNUSED)
{
    const struct mux_table *table = mux_server_get_table();
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct in6_addr address;
    size_t n = 0;

    if (argc > 1 && !parse_address(argv[1], &address)) {
        unixctl_command_reply_error(conn, "no IPv4 or IPv6 address");
        return;
    }

    ds_put_format(&ds, "generation %"PRIu64"\n", table->generation);
    ds_put_format(&ds, "vtep "IP_FMT", anycast vtep "IP_FMT"\n",
                  IP_ARGS(table->vtep), IP_ARGS(table->anycast));
    ds_put_format(&ds, "%"PRIuSIZE" pools, %"PRIuSIZE" vips, %"PRIuSIZE
                  " endpoints, %"PRIuSIZE" next hops, %"PRIuSIZE" blocks of "
                  "ports\n",
                  table->n_objects[MUX_POOL], table->n_objects[MUX_VIP],
                  table->n_objects[MUX_ENDPOINT],
                  table->n_objects[MUX_NEXTHOP], table->n_objects[MUX_SNAT]);
    for (size_t i = 0; i < table->peers->n; i++) {
        const struct mux_peer *peer = &table->peers->peers[i];

        ds_put_format(&ds, "other mux at "IP_FMT"%s\n", IP_ARGS(peer->vtep),
                      mux_table_nexthop(table, peer->nexthop)->valid
                      ? "" : ", cannot be reached");
    }
    for (uint32_t i = 0; i <= table->page_mask && n < MAX_SHOWN; i++) {
        const struct mux_page *page = table->pages[i];

        for (size_t j = 0; j < MUX_PAGE_SIZE && n < MAX_SHOWN; j++) {
            const struct mux_entry *e = &page->entries[j];
            const struct mux_endpoint *ep = page->endpoints[j];

            if (!ep || (argc > 1 && !ipv6_addr_equals(&ep->object.key.address,
                                                      &address))) {
                continue;
            }
            mux_report_format_endpoint(&ep->object.key, &ds);
            ds_put_format(&ds, " \"%s\" -> pool %"PRIu32", %s, idle %u s",
                          ep->name, ep->pool,
                          slb_hash_kind_to_string(ep->distribution),
                          ep->idle);
            format_restrictions(ep, &ds);
            format_view(table, e->view, &ds);
            n += 1 + e->view->generations[0].table->n_members;
        }
    }
    if (n >= MAX_SHOWN) {
        ds_put_cstr(&ds, "... and more: name an address\n");
    }
    unixctl_command_reply(conn, ds_cstr(&ds));
    ds_destroy(&ds);
}

struct lookup {
    uint32_t network;
    uint8_t protocol;
    struct in6_addr src, dst;
    uint16_t sport, dport;
};

static bool
parse_lookup(const char *argv[], struct lookup *l)
{
    unsigned int network, sport, dport;

    if (!str_to_uint(argv[1], 10, &network) || network > MUX_MAX_KEY
        || !str_to_uint(argv[4], 10, &sport) || sport > UINT16_MAX
        || !str_to_uint(argv[6], 10, &dport) || dport > UINT16_MAX
        || !parse_address(argv[3], &l->src)
        || !parse_address(argv[5], &l->dst)
        || (IN6_IS_ADDR_V4MAPPED(&l->src) != IN6_IS_ADDR_V4MAPPED(&l->dst))) {
        return false;
    }
    if (!strcmp(argv[2], "tcp")) {
        l->protocol = IPPROTO_TCP;
    } else if (!strcmp(argv[2], "udp")) {
        l->protocol = IPPROTO_UDP;
    } else {
        return false;
    }
    l->network = network;
    l->sport = sport;
    l->dport = dport;
    return true;
}

static uint64_t
lookup_hash(const struct mux_table *table, enum slb_hash_kind kind,
            const struct lookup *l)
{
    uint64_t src[2], dst[2];

    mux_address_to_words(&l->src, src);
    mux_address_to_words(&l->dst, dst);
    return (IN6_IS_ADDR_V4MAPPED(&l->dst)
            ? slb_hash_ipv4(&table->hash_key, kind, src[1], dst[1],
                            l->protocol, l->sport, l->dport)
            : slb_hash_ipv6(&table->hash_key, kind, src, dst,
                            l->protocol, l->sport, l->dport));
}

/* Finds the endpoint, or the ports for SNAT, that packets of 'l' go to.  Must
 * agree with mux_forward(). */
static const struct mux_entry *
lookup_entry(const struct mux_table *table, const struct lookup *l,
             const struct mux_endpoint **ep)
{
    const struct mux_entry *e
        = mux_table_lookup(table, l->network, &l->dst, l->protocol, l->dport,
                           ep);

    if (!e && l->network) {
        e = mux_table_lookup(table, l->network, &l->dst, 0, 0, ep);
        if (!e) {
            e = mux_table_lookup(table, 0, &l->dst, l->protocol, l->dport,
                                 ep);
        }
    }
    if (!e && mux_snat_is_port(l->dport)) {
        uint64_t vip[2];

        mux_address_to_words(&l->dst, vip);
        e = mux_snat_find(table, vip);
    }
    return e ? e : mux_table_lookup(table, 0, &l->dst, 0, 0, ep);
}

static bool
lookup_is_admitted(const struct mux_endpoint *ep, const struct lookup *l)
{
    uint64_t source[2];

    mux_address_to_words(&l->src, source);
    return !ep->ranges || mux_ranges_contain(ep->ranges, source);
}

/* Writes where the packets of 'l' go. */
static void
format_lookup(const struct mux_table *table, const struct lookup *l,
              struct ds *ds)
{
    const struct mux_endpoint *ep;
    const struct mux_entry *e = lookup_entry(table, l, &ep);
    uint64_t hash;
    const struct mux_owner *owner;
    struct steering s;

    if (!e) {
        uint64_t words[2];

        mux_address_to_words(&l->dst, words);
        const struct mux_vip_entry *vip
            = mux_table_find_vip_from(table, l->network, words);
        ds_put_format(ds, "no endpoint: %s\n",
                      vip && vip->reject ? "rejected" : "dropped");
        return;
    }
    if (e->flags & MUX_ENTRY_SNAT) {
        mux_report_format_snat(e, l->dport, ds);
        owner = mux_snat_owner(mux_snat_slot(e->slots, l->dport), l->dport);
        if (owner->nexthop == MUX_NO_NEXTHOP) {
            return;
        }
        hash = lookup_hash(table, SLB_HASH_DEFAULT, l);
    } else {
        ds_put_cstr(ds, "endpoint ");
        mux_report_format_endpoint(&ep->object.key, ds);
        ds_put_format(ds, " \"%s\", pool %"PRIu32"\n", ep->name, ep->pool);
        if (!lookup_is_admitted(ep, l)) {
            ds_put_cstr(ds, "the source is outside of the rule's ranges: "
                        "dropped\n");
            return;
        }
        if (!e->slots) {
            ds_put_format(ds, "the pool has no members: %s\n",
                          ep->reject ? "rejected" : "dropped");
            return;
        }
        hash = lookup_hash(table, e->flags & MUX_ENTRY_KIND, l);
        owner = mux_entry_owner(e, mux_entry_slot(e, hash));
        ds_put_format(ds, "hash %016"PRIx64", slot %"PRIu64" of %u\n", hash,
                      hash & ((UINT64_C(1) << e->log2) - 1), 1u << e->log2);
    }
    if (e->flags & MUX_ENTRY_CLOSED) {
        ds_put_format(ds, "the pool has no members any more: %s, unless it "
                      "is of an open TCP connection\n",
                      ep->reject ? "rejected" : "dropped");
    }

    const struct mux_nexthop_entry *nh
        = mux_table_nexthop(table, owner->nexthop);

    mux_table_steer(table, e, hash, owner, time_msec(), &s);
    steering_format(&s, ds);
    ds_put_char(ds, '\n');
    if (nh->valid) {
        ds_put_format(ds, "to host "IP_FMT"%s, VNI %"PRIu32"\n",
                      IP_ARGS(nh->vtep), nh->dead ? " (dead)" : "",
                      owner->vni);
    } else {
        ds_put_cstr(ds, "the owner's host cannot be reached: dropped\n");
    }
}

static void
slb_lookup(struct unixctl_conn *conn, int argc OVS_UNUSED, const char *argv[],
           void *aux OVS_UNUSED)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct lookup l;

    if (!parse_lookup(argv, &l)) {
        unixctl_command_reply_error(conn, "no such 5-tuple; example: 0 tcp "
                                    "198.51.100.10 40000 20.50.60.10 80");
        return;
    }
    format_lookup(mux_server_get_table(), &l, &ds);
    unixctl_command_reply(conn, ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
slb_stats(struct unixctl_conn *conn, int argc OVS_UNUSED,
          const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    mux_stats_format(mux_server_get_table(), &ds);
    unixctl_command_reply(conn, ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
slb_fairness(struct unixctl_conn *conn, int argc OVS_UNUSED,
             const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    netdev_slbmux_format_fairness(&ds);
    unixctl_command_reply(conn, ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
reply(struct unixctl_conn *conn, bool ok, struct ds *ds, const char *error)
{
    if (ok) {
        unixctl_command_reply(conn, ds_cstr(ds));
    } else {
        unixctl_command_reply_error(conn, error);
    }
    ds_destroy(ds);
}

static void
slb_vip(struct unixctl_conn *conn, int argc, const char *argv[],
        void *aux OVS_UNUSED)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct in6_addr address;
    unsigned int network = 0;
    bool ok = (parse_address(argv[argc - 1], &address)
               && (argc < 3 || str_to_uint(argv[1], 10, &network))
               && mux_report_format_vip(mux_server_get_table(), network,
                                        &address, &ds));

    reply(conn, ok, &ds, "no such VIP");
}

static void
slb_members(struct unixctl_conn *conn, int argc OVS_UNUSED,
            const char *argv[], void *aux OVS_UNUSED)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    unsigned int key;
    bool ok = (str_to_uint(argv[1], 10, &key)
               && mux_report_format_members(mux_server_get_table(), key,
                                            &ds));

    reply(conn, ok, &ds, "no endpoint has a pool with this tunnel key");
}

static void
add_eth(struct dp_packet *p, uint16_t type)
{
    struct eth_header *eth = dp_packet_push_zeros(p, sizeof *eth);

    eth->eth_dst = (struct eth_addr) ETH_ADDR_C(02,00,00,00,00,02);
    eth->eth_src = (struct eth_addr) ETH_ADDR_C(02,00,00,00,00,01);
    eth->eth_type = htons(type);
}

static void
add_ipv4(struct dp_packet *p, uint8_t protocol, ovs_be32 src, ovs_be32 dst)
{
    size_t payload = dp_packet_size(p);
    struct ip_header *ip = dp_packet_push_zeros(p, sizeof *ip);

    ip->ip_ihl_ver = IP_IHL_VER(5, 4);
    ip->ip_tot_len = htons(sizeof *ip + payload);
    ip->ip_ttl = 64;
    ip->ip_proto = protocol;
    put_16aligned_be32(&ip->ip_src, src);
    put_16aligned_be32(&ip->ip_dst, dst);
    ip->ip_csum = csum(ip, sizeof *ip);
    add_eth(p, ETH_TYPE_IP);
}

static void
add_ipv6(struct dp_packet *p, const struct lookup *l)
{
    size_t payload = dp_packet_size(p);
    struct ovs_16aligned_ip6_hdr *ip6 = dp_packet_push_zeros(p, sizeof *ip6);

    put_16aligned_be32(&ip6->ip6_flow, htonl(6u << 28));
    ip6->ip6_plen = htons(payload);
    ip6->ip6_nxt = l->protocol;
    ip6->ip6_hlim = 64;
    memcpy(&ip6->ip6_src, &l->src, sizeof l->src);
    memcpy(&ip6->ip6_dst, &l->dst, sizeof l->dst);
    add_eth(p, ETH_TYPE_IPV6);
}

static void
add_udp(struct dp_packet *p, uint16_t sport, uint16_t dport)
{
    size_t payload = dp_packet_size(p);
    struct udp_header *udp = dp_packet_push_zeros(p, sizeof *udp);

    udp->udp_src = htons(sport);
    udp->udp_dst = htons(dport);
    udp->udp_len = htons(sizeof *udp + payload);
}

/* Returns the first packet of the flow 'l', as it would come from the wire:
 * from a host, if it is of a network. */
static struct dp_packet *
packet_from_lookup(const struct mux_table *table, const struct lookup *l)
{
    struct dp_packet *p = dp_packet_new_with_headroom(0, 256);

    if (l->protocol == IPPROTO_TCP) {
        struct tcp_header *tcp = dp_packet_push_zeros(p, sizeof *tcp);

        tcp->tcp_src = htons(l->sport);
        tcp->tcp_dst = htons(l->dport);
        tcp->tcp_ctl = TCP_CTL(TCP_SYN, 5);
    } else {
        add_udp(p, l->sport, l->dport);
    }
    if (IN6_IS_ADDR_V4MAPPED(&l->dst)) {
        add_ipv4(p, l->protocol, in6_addr_get_mapped_ipv4(&l->src),
                  in6_addr_get_mapped_ipv4(&l->dst));
    } else {
        add_ipv6(p, l);
    }
    if (l->network) {
        struct vxlanhdr *vxlan = dp_packet_push_zeros(p, sizeof *vxlan);

        put_16aligned_be32(&vxlan->vx_flags, htonl(VXLAN_FLAGS));
        put_16aligned_be32(&vxlan->vx_vni, htonl(l->network << 8));
        add_udp(p, 50000, 4789);
        add_ipv4(p, IPPROTO_UDP, table->vtep, table->anycast);
    }
    return p;
}

static void
slb_trace(struct unixctl_conn *conn, int argc, const char *argv[],
          void *aux OVS_UNUSED)
{
    const struct mux_table *table = mux_server_get_table();
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct dp_packet *packet = NULL;
    struct lookup l;

    if (argc == 2) {
        packet = dp_packet_new(0);
        if (*dp_packet_put_hex(packet, argv[1], NULL)) {
            dp_packet_delete(packet);
            packet = NULL;
        }
    } else if (argc == 7 && parse_lookup(argv, &l)) {
        packet = packet_from_lookup(table, &l);
    }
    if (packet) {
        const struct mux_vip_entry *vip = mux_report_trace(
            table, packet, netdev_slbmux_get_underlay_mtu(), &ds);

        if (vip) {
            /* Of threads that really forward. */
            netdev_slbmux_format_vip_fairness(vip->counter, &ds);
        }
        dp_packet_delete(packet);
    }
    reply(conn, packet != NULL, &ds,
          "neither an Ethernet frame in hexadecimal digits nor a 5-tuple; "
          "example: 0 tcp 198.51.100.10 40000 20.50.60.10 80");
}

/* Registers the commands.  There must have been a reference to the server by
 * the time the first is called. */
void
mux_unixctl_init(void)
{
    static struct ovsthread_once once = OVSTHREAD_ONCE_INITIALIZER;

    if (ovsthread_once_start(&once)) {
        unixctl_command_register("slb/show", "[address]", 0, 1, slb_show,
                                 NULL);
        unixctl_command_register("slb/lookup",
                                 "network tcp|udp src sport dst dport", 6, 6,
                                 slb_lookup, NULL);
        unixctl_command_register("slb/vip", "[network] address", 1, 2,
                                 slb_vip, NULL);
        unixctl_command_register("slb/members", "tunnel_key", 1, 1,
                                 slb_members, NULL);
        unixctl_command_register("slb/trace",
                                 "frame | network tcp|udp src sport dst "
                                 "dport", 1, 6, slb_trace, NULL);
        unixctl_command_register("slb/stats", "", 0, 0, slb_stats, NULL);
        unixctl_command_register("slb/fairness", "", 0, 0, slb_fairness,
                                 NULL);
        ovsthread_once_done(&once);
    }
}

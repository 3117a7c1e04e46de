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

#include "dp-packet.h"
#include "lib/slb-hash.h"
#include "lib/steering.h"
#include "ovs-ext/mux-table.h"
#include "packets.h"
#include "unaligned.h"
#include "util.h"

#define VXLAN_PORT 4789

/* The VXLAN flag that says that there is a VNI. */
#define VXLAN_VNI_VALID 0x08

/* Extension headers of IPv6 in front of a protocol that are looked through. */
#define MAX_IPV6_EXTENSIONS 8

/* A packet on its way through the passes. */
struct flight {
    struct dp_packet *packet;
    uint8_t *l3;                /* The IP packet to forward, ... */
    uint32_t l3_len;            /* ...its length... */
    uint32_t size;              /* ...and what was received. */
    ovs_be16 eth_type;
    bool tunnelled;
    uint8_t protocol;
    uint16_t sport;

    uint64_t vip[2];
    uint64_t src[2];            /* IPv4: in src[0]. */
    uint64_t tuple;
    uint64_t hash;              /* Of the flow. */
    uint64_t endpoint_hash;
    const struct mux_page *page;
    const struct mux_entry *entry;
    const void *slot;
    const struct mux_owner *owner;
    const struct mux_ring *ring; /* Null if the owner is the only one. */
};

const char *
mux_counter_name(enum mux_counter counter)
{
    static const char *const names[] = {
#define MUX_COUNTER(ENUM, NAME, TEXT) NAME,
        MUX_COUNTERS
#undef MUX_COUNTER
    };

    return names[counter];
}

const char *
mux_counter_text(enum mux_counter counter)
{
    static const char *const texts[] = {
#define MUX_COUNTER(ENUM, NAME, TEXT) TEXT,
        MUX_COUNTERS
#undef MUX_COUNTER
    };

    return texts[counter];
}

static inline uint16_t
get_be16(const uint8_t *p)
{
    return ntohs(get_unaligned_be16((const ovs_be16 *) (const void *) p));
}

static inline uint32_t
get_be32(const uint8_t *p)
{
    return ntohl(get_unaligned_be32((const ovs_be32 *) (const void *) p));
}

static inline uint64_t
get_be64(const uint8_t *p)
{
    return ntohll(get_unaligned_be64((const ovs_be64 *) (const void *) p));
}

/* Is the checksum of the IPv4 header without options at 'p' right? */
static inline bool
ipv4_checksum_is_good(const uint8_t *p)
{
    uint64_t a, b, sum;
    uint32_t c;

    /* In ones' complement arithmetic neither the byte order nor the size of
     * the words matters, only that carries come round. */
    memcpy(&a, p, 8);
    memcpy(&b, p + 8, 8);
    memcpy(&c, p + 16, 4);
    sum = (a & UINT32_MAX) + (a >> 32) + (b & UINT32_MAX) + (b >> 32) + c;
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    return sum == UINT16_MAX;
}

/* The parsers below return 0 if a packet may be forwarded, otherwise the
 * reason for dropping it. */

/* Parses the transport header at 'l4' with 'len' octets there. */
static inline enum mux_counter
parse_l4(struct flight *f, const uint8_t *l4, uint32_t len, uint8_t protocol,
         uint32_t network, uint16_t *dport)
{
    uint32_t min;

    if (OVS_LIKELY(protocol == IPPROTO_TCP)) {
        min = TCP_HEADER_LEN;
    } else if (protocol == IPPROTO_UDP) {
        min = UDP_HEADER_LEN;
    } else {
        return MUX_COUNT_PROTOCOL;
    }
    if (OVS_UNLIKELY(len < min)) {
        return MUX_COUNT_TRUNCATED;
    }

    f->protocol = protocol;
    f->sport = get_be16(l4);
    *dport = get_be16(l4 + 2);
    f->tuple = mux_tuple(network, protocol, *dport);
    return 0;
}

/* Parses an IPv4 packet of which 'len' octets are there. */
static inline enum mux_counter
parse_ipv4(struct flight *f, uint8_t *l3, uint32_t len, uint32_t network,
           uint16_t *dport)
{
    if (OVS_UNLIKELY(len < IP_HEADER_LEN)) {
        return MUX_COUNT_TRUNCATED;
    }
    if (OVS_UNLIKELY(l3[0] != IP_IHL_VER(5, 4))) {
        return (IP_VER(l3[0]) == 4 && IP_IHL(l3[0]) > 5
                ? MUX_COUNT_OPTIONS : MUX_COUNT_BAD_HEADER);
    }
    if (OVS_UNLIKELY(!ipv4_checksum_is_good(l3))) {
        return MUX_COUNT_CHECKSUM;
    }

    uint16_t total = get_be16(l3 + offsetof(struct ip_header, ip_tot_len));
    if (OVS_UNLIKELY(total > len || total < IP_HEADER_LEN)) {
        return MUX_COUNT_TRUNCATED;
    }
    if (OVS_UNLIKELY(!l3[offsetof(struct ip_header, ip_ttl)])) {
        return MUX_COUNT_TTL;
    }
    if (OVS_UNLIKELY(get_be16(l3 + offsetof(struct ip_header, ip_frag_off))
                     & IP_FRAG_OFF_MASK)) {
        return MUX_COUNT_FRAGMENT;
    }

    f->l3 = l3;
    f->l3_len = total;
    f->eth_type = htons(ETH_TYPE_IP);
    f->src[0] = get_be32(l3 + offsetof(struct ip_header, ip_src));
    f->vip[0] = 0;
    f->vip[1] = (UINT64_C(0xffff) << 32
                 | get_be32(l3 + offsetof(struct ip_header, ip_dst)));
    return parse_l4(f, l3 + IP_HEADER_LEN, total - IP_HEADER_LEN,
                    l3[offsetof(struct ip_header, ip_proto)], network, dport);
}

/* Parses an IPv6 packet of which 'len' octets are there. */
static enum mux_counter
parse_ipv6(struct flight *f, uint8_t *l3, uint32_t len, uint32_t network,
           uint16_t *dport)
{
    if (len < IPV6_HEADER_LEN) {
        return MUX_COUNT_TRUNCATED;
    }
    if (l3[0] >> 4 != 6) {
        return MUX_COUNT_BAD_HEADER;
    }

    uint32_t total = IPV6_HEADER_LEN + get_be16(l3 + 4);
    if (total > len) {
        return MUX_COUNT_TRUNCATED;
    }
    if (!l3[7]) {
        return MUX_COUNT_TTL;
    }

    f->l3 = l3;
    f->l3_len = total;
    f->eth_type = htons(ETH_TYPE_IPV6);
    for (int i = 0; i < 2; i++) {
        f->src[i] = get_be64(l3 + 8 + 8 * i);
        f->vip[i] = get_be64(l3 + 24 + 8 * i);
    }

    uint8_t protocol = l3[6];
    uint32_t ofs = IPV6_HEADER_LEN;
    for (int i = 0; i < MAX_IPV6_EXTENSIONS; i++) {
        switch (protocol) {
        case IPPROTO_HOPOPTS:
        case IPPROTO_ROUTING:
        case IPPROTO_DSTOPTS:
            if (total < ofs + 8) {
                return MUX_COUNT_TRUNCATED;
            }
            protocol = l3[ofs];
            ofs += 8 + l3[ofs + 1] * 8;
            break;

        case IPPROTO_FRAGMENT:
            if (total < ofs + 8) {
                return MUX_COUNT_TRUNCATED;
            }
            if (get_be16(l3 + ofs + 2) >> 3) {
                return MUX_COUNT_FRAGMENT;
            }
            protocol = l3[ofs];
            ofs += 8;
            break;

        default:
            return (ofs > total
                    ? MUX_COUNT_TRUNCATED
                    : parse_l4(f, l3 + ofs, total - ofs, protocol, network,
                               dport));
        }
    }
    return MUX_COUNT_PROTOCOL;
}

/* Finds the end of the Ethernet header at 'l2', of which 'len' octets are
 * there.  Returns its length, or 0 if it is truncated, and stores its type
 * into '*typep'. */
static inline uint32_t
parse_ethernet(const uint8_t *l2, uint32_t len, uint16_t *typep)
{
    uint32_t ofs = ETH_HEADER_LEN;

    if (OVS_UNLIKELY(len < ofs)) {
        return 0;
    }
    *typep = get_be16(l2 + ofs - 2);
    while (OVS_UNLIKELY(*typep == ETH_TYPE_VLAN_8021Q
                        || *typep == ETH_TYPE_VLAN_8021AD)) {
        ofs += VLAN_HEADER_LEN;
        if (len < ofs) {
            return 0;
        }
        *typep = get_be16(l2 + ofs - 2);
    }
    return ofs;
}

static inline enum mux_counter
parse_l2(struct flight *f, uint8_t *l2, uint32_t len, uint32_t network,
         uint16_t *dport)
{
    uint16_t type;
    uint32_t ofs = parse_ethernet(l2, len, &type);

    if (OVS_UNLIKELY(!ofs)) {
        return MUX_COUNT_TRUNCATED;
    }
    if (OVS_LIKELY(type == ETH_TYPE_IP)) {
        return parse_ipv4(f, l2 + ofs, len - ofs, network, dport);
    } else if (type == ETH_TYPE_IPV6) {
        return parse_ipv6(f, l2 + ofs, len - ofs, network, dport);
    } else {
        return MUX_COUNT_NOT_IP;
    }
}

/* Parses what is in the tunnel.  'f' has what is known of the packet that came
 * to the anycast VTEP. */
static enum mux_counter
parse_tunnel(struct flight *f, uint16_t *dport)
{
    uint32_t ofs = IP_HEADER_LEN + UDP_HEADER_LEN;
    const uint8_t *vxlan = f->l3 + ofs;

    if (f->protocol != IPPROTO_UDP || *dport != VXLAN_PORT
        || f->l3_len < ofs + sizeof(struct vxlanhdr)
        || !(vxlan[0] & VXLAN_VNI_VALID)) {
        return MUX_COUNT_TUNNEL;
    }
    f->tunnelled = true;
    ofs += sizeof(struct vxlanhdr);
    return parse_l2(f, f->l3 + ofs, f->l3_len - ofs, get_be32(vxlan + 4) >> 8,
                    dport);
}

static inline uint64_t
hash_flight(const struct mux_table *table, enum slb_hash_kind kind,
            const struct flight *f, uint16_t dport)
{
    return (OVS_LIKELY(f->eth_type == htons(ETH_TYPE_IP))
            ? slb_hash_ipv4(&table->hash_key, kind, f->src[0], f->vip[1],
                            f->protocol, f->sport, dport)
            : slb_hash_ipv6(&table->hash_key, kind, f->src, f->vip,
                            f->protocol, f->sport, dport));
}

static inline enum mux_counter
parse(const struct mux_table *table, struct flight *f)
{
    enum mux_counter drop;
    uint16_t dport;

    f->size = dp_packet_size(f->packet);
    f->tunnelled = false;
    drop = parse_l2(f, dp_packet_data(f->packet), f->size, 0, &dport);
    if (OVS_UNLIKELY(drop)) {
        return drop;
    }
    if (OVS_UNLIKELY(f->eth_type == htons(ETH_TYPE_IP) && table->anycast
                     && htonl(f->vip[1]) == table->anycast)) {
        drop = parse_tunnel(f, &dport);
        if (drop) {
            return drop;
        }
    }

    f->hash = hash_flight(table, SLB_HASH_DEFAULT, f, dport);
    f->endpoint_hash = mux_endpoint_hash(f->vip, f->tuple);
    f->page = mux_table_page(table, f->endpoint_hash);
    OVS_PREFETCH(&f->page->entries[mux_page_start(f->endpoint_hash)]);
    return 0;
}

static inline enum mux_counter
find(const struct mux_table *table, struct flight *f)
{
    const struct mux_entry *e = mux_page_find(f->page, f->endpoint_hash,
                                              f->vip, f->tuple);

    if (OVS_UNLIKELY(!e)) {
        if (!f->tunnelled) {
            return MUX_COUNT_NO_ENDPOINT;
        }

        /* Not one of the caller's own network: maybe a public one. */
        f->tuple = mux_tuple(0, f->protocol, f->tuple & UINT16_MAX);
        f->endpoint_hash = mux_endpoint_hash(f->vip, f->tuple);
        e = mux_page_find(mux_table_page(table, f->endpoint_hash),
                          f->endpoint_hash, f->vip, f->tuple);
        if (!e) {
            return MUX_COUNT_NO_ENDPOINT;
        }
    }
    if (OVS_UNLIKELY(!e->slots)) {
        return MUX_COUNT_NO_OWNER;
    }
    if (OVS_UNLIKELY(e->flags & MUX_ENTRY_KIND)) {
        f->hash = hash_flight(table, e->flags & MUX_ENTRY_KIND, f,
                              f->tuple & UINT16_MAX);
    }
    f->entry = e;
    f->slot = mux_entry_slot(e, f->hash);
    OVS_PREFETCH(f->slot);
    if (e->flags & MUX_ENTRY_RING) {
        OVS_PREFETCH(e->view);
    }
    return 0;
}

static inline void
find_owner(struct flight *f)
{
    const struct mux_entry *e = f->entry;

    f->owner = mux_entry_owner(e, f->slot);
    OVS_PREFETCH(f->owner);
    f->ring = NULL;
    if (e->flags & MUX_ENTRY_RING) {
        /* Few slots have other owners, so mostly this is all. */
        f->ring = mux_entry_ring(e, f->hash);
    }
}

/* Makes MUX_PUSH_LEN octets of room in front of the IP packet of 'f', whatever
 * is in front of it now, and nothing behind it.  Returns the room, or null if
 * it cannot be had. */
static inline uint8_t *
make_room(struct flight *f)
{
    struct dp_packet *packet = f->packet;
    uint8_t *base = dp_packet_base(packet);

    dp_packet_set_data(packet, f->l3);
    dp_packet_set_size(packet, f->l3_len);
    if (OVS_UNLIKELY(f->l3 - base < MUX_PUSH_LEN)) {
        /* Others than these cannot be moved elsewhere. */
        if (packet->source != DPBUF_MALLOC && packet->source != DPBUF_STUB) {
            return NULL;
        }
        dp_packet_reset_offsets(packet);
        dp_packet_prealloc_headroom(packet, MUX_PUSH_LEN);
    }

    uint8_t *room = (uint8_t *) dp_packet_data(packet) - MUX_PUSH_LEN;
    dp_packet_set_data(packet, room);
    dp_packet_set_size(packet, f->l3_len + MUX_PUSH_LEN);
    dp_packet_reset_offsets(packet);
    dp_packet_reset_offload(packet);
    return room;
}

static inline void
put_be16(uint8_t *p, uint16_t value)
{
    ovs_be16 be = htons(value);

    memcpy(p, &be, sizeof be);
}

static inline void
put_be64(uint8_t *p, uint64_t value)
{
    ovs_be64 be = htonll(value);

    memcpy(p, &be, sizeof be);
}

/* Writes the lengths, the checksum and what else depends on the packet into
 * the headers at 'p', which are a copy of 'nexthop'. */
static inline void
finish_tunnel(uint8_t *p, const struct mux_nexthop_entry *nexthop,
              const struct flight *f)
{
    enum {
        IP = ETH_HEADER_LEN,
        UDP = IP + IP_HEADER_LEN,
        VXLAN = UDP + UDP_HEADER_LEN,
    };
    uint32_t len = f->l3_len + MUX_PUSH_LEN - IP;
    uint64_t hash = f->hash;
    uint32_t sum = nexthop->csum + (OVS_FORCE uint16_t) htons(len);
    uint16_t csum;

    put_be16(p + IP + offsetof(struct ip_header, ip_tot_len), len);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    csum = ~((sum & UINT16_MAX) + (sum >> 16));
    memcpy(p + IP + offsetof(struct ip_header, ip_csum), &csum, sizeof csum);

    /* Ports from 49152 to 65535, by bits of the hash that no slot depends
     * on. */
    put_be16(p + UDP, 0xc000 | (hash >> 32 & 0x3fff));
    put_be16(p + UDP + 4, len - IP_HEADER_LEN);

    ovs_be32 vni = htonl(f->entry->vni << 8);
    memcpy(p + VXLAN + 4, &vni, sizeof vni);
}

static inline enum mux_counter
build(const struct mux_table *table, struct flight *f, uint32_t mtu,
      long long int now, struct mux_counters *counters)
{
    const struct mux_entry *e = f->entry;
    const struct mux_owner *owner = f->owner;
    const struct mux_nexthop_entry *nexthop
        = mux_table_nexthop(table, owner->nexthop);

    if (OVS_UNLIKELY(!nexthop->valid)) {
        return MUX_COUNT_NO_NEXTHOP;
    }
    if (OVS_UNLIKELY(f->l3_len + MUX_PUSH_LEN - ETH_HEADER_LEN > mtu)) {
        return MUX_COUNT_TOO_BIG;
    }

    uint8_t *p = make_room(f);
    if (OVS_UNLIKELY(!p)) {
        return MUX_COUNT_HEADROOM;
    }

    memcpy(p, nexthop, MUX_PUSH_LEN);
    finish_tunnel(p, nexthop, f);

    p += MUX_TUNNEL_LEN;
    if (OVS_LIKELY(!f->ring)) {
        /* What steering_put() writes for a single owner. */
        uint64_t flags = now >= e->settled_at ? STEERING_SETTLED : 0;

        put_be64(p, ((uint64_t) STEERING_OUI << 56 | flags << 48
                     | (uint64_t) owner->index << 32
                     | STEERING_OUI << 8 | 1));
        memset(p + 8, 0, 4);
    } else {
        struct steering s;

        mux_table_steer(table, e, f->hash, owner, now, &s);
        steering_put(&s, p);
        counters->n[MUX_COUNT_RING] += s.n_owners > 1;
    }
    memcpy(p + 2 * ETH_ADDR_LEN, &f->eth_type, sizeof f->eth_type);

    counters->n[MUX_COUNT_BYTES] += f->size;
    counters->n[MUX_COUNT_TUNNELLED] += f->tunnelled;
    return 0;
}

static void
drop(struct flight *f, enum mux_counter reason, struct mux_counters *counters)
{
    counters->n[reason]++;
    dp_packet_delete(f->packet);
}

/* Is 'packet' addressed to a VIP on the wire, or to the VTEP that all muxes
 * share? */
static bool
is_for_mux(const struct mux_table *table, const struct dp_packet *packet)
{
    const uint8_t *l2 = dp_packet_data(packet);
    uint32_t len = dp_packet_size(packet);
    uint16_t type;
    uint32_t ofs = parse_ethernet(l2, len, &type);
    const uint8_t *l3 = l2 + ofs;
    uint64_t dst[2];

    if (!ofs) {
        return false;
    } else if (type == ETH_TYPE_IP && len - ofs >= IP_HEADER_LEN) {
        uint32_t ip = get_be32(l3 + offsetof(struct ip_header, ip_dst));

        if (table->anycast && htonl(ip) == table->anycast) {
            return true;
        }
        dst[0] = 0;
        dst[1] = UINT64_C(0xffff) << 32 | ip;
    } else if (type == ETH_TYPE_IPV6 && len - ofs >= IPV6_HEADER_LEN) {
        dst[0] = get_be64(l3 + 24);
        dst[1] = get_be64(l3 + 32);
    } else {
        return false;
    }
    return mux_table_has_vip(table, dst);
}

/* Drops what was not found to be for an endpoint, unless it is the node's. */
static void
refuse(const struct mux_table *table, struct flight *f,
       enum mux_counter reason, struct dp_packet_batch *node,
       struct mux_counters *counters)
{
    if (is_for_mux(table, f->packet)) {
        drop(f, reason, counters);
    } else {
        dp_packet_batch_add(node, f->packet);
    }
}

/* Forwards 'batch' by 'table' at time 'now', in milliseconds, to an underlay
 * whose MTU is 'mtu'.  Leaves in 'batch' the packets to be sent on the
 * underlay, moves those for no VIP to 'node', which must be empty, drops the
 * others and adds to 'counters'. */
void
mux_forward(const struct mux_table *table, struct dp_packet_batch *batch,
            struct dp_packet_batch *node, uint32_t mtu, long long int now,
            struct mux_counters *counters)
{
    struct flight flights[NETDEV_MAX_BURST];
    size_t n = dp_packet_batch_size(batch);
    enum mux_counter reason;
    size_t kept;

    for (size_t i = 0; i < n; i++) {
        void *data = dp_packet_data(batch->packets[i]);

        OVS_PREFETCH_WRITE((void *) ((uintptr_t) data - MUX_TUNNEL_LEN));
    }

    kept = 0;
    for (size_t i = 0; i < n; i++) {
        flights[kept].packet = batch->packets[i];
        reason = parse(table, &flights[kept]);
        if (OVS_LIKELY(!reason)) {
            kept++;
        } else {
            refuse(table, &flights[kept], reason, node, counters);
        }
    }

    n = kept;
    kept = 0;
    for (size_t i = 0; i < n; i++) {
        reason = find(table, &flights[i]);
        if (OVS_LIKELY(!reason)) {
            if (OVS_UNLIKELY(kept != i)) {
                flights[kept] = flights[i];
            }
            kept++;
        } else {
            refuse(table, &flights[i], reason, node, counters);
        }
    }

    n = kept;
    for (size_t i = 0; i < n; i++) {
        find_owner(&flights[i]);
    }

    dp_packet_batch_init(batch);
    for (size_t i = 0; i < n; i++) {
        reason = build(table, &flights[i], mtu, now, counters);
        if (OVS_LIKELY(!reason)) {
            dp_packet_batch_add(batch, flights[i].packet);
        } else {
            drop(&flights[i], reason, counters);
        }
    }
    counters->n[MUX_COUNT_FORWARDED] += dp_packet_batch_size(batch);
}

/* Moves the packets for no VIP from 'batch' to 'node', which must be empty,
 * and does nothing with the others: for a time without underlay. */
void
mux_separate(const struct mux_table *table, struct dp_packet_batch *batch,
             struct dp_packet_batch *node)
{
    size_t n = dp_packet_batch_size(batch);

    dp_packet_batch_init(node);
    dp_packet_batch_refill_init(batch);
    for (size_t i = 0; i < n; i++) {
        struct dp_packet *packet = batch->packets[i];

        dp_packet_batch_add(is_for_mux(table, packet) ? batch : node, packet);
    }
}

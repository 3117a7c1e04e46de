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
#include "lib/slb-availability.h"
#include "lib/slb-hash.h"
#include "lib/steering.h"
#include "odp-util.h"
#include "ovs-ext/mux-answer.h"
#include "ovs-ext/mux-fair-meter.h"
#include "ovs-ext/mux-flight.h"
#include "ovs-ext/mux-fragment.h"
#include "ovs-ext/mux-icmp.h"
#include "ovs-ext/mux-op.h"
#include "ovs-ext/mux-snat.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "packets.h"
#include "unaligned.h"
#include "util.h"

/* The fast path.
 *
 * An ordinary packet, TCP or UDP to a port that an endpoint names exactly,
 * goes through the passes below without a call out of line.  They work on a
 * batch each, so that memory that one pass prefetches has arrived when the
 * next one reads it:
 *
 *   1. Parse, hash the flow, find the page of the endpoint, or, if the filter
 *      in mux-snat.h tells that none names the port, that of the VIP's ports
 *      for SNAT.
 *   2. Find the endpoint and the slot.
 *   3. Read the slot, find the owner.
 *   4. Read the owner, find its next hop and what counts it and the endpoint.
 *   5. Write the headers into the packet's headroom, count.
 *
 * What it costs, in cycles a packet, with everything it touches in the first
 * cache (batches of 32, 100 members, 2.6 GHz):
 *
 *     prefetch of the headroom                              2
 *     pass 1, with checksum, checks and two hashes         33
 *     pass 2                                                8
 *     pass 3                                                3
 *     pass 4                                                5
 *     pass 5, of these 5 for counting                      22
 *     RCU, the counters of the port, a call                 3
 *
 * That is 76, or 29 ns.  In slb-vswitchd, where packets and tables compete for
 * caches and a second port is sent to, it is more; tests/bench/mux measures
 * how much, and it must stay below 60 ns more than bare forwarding.
 *
 * Of its own a packet has seven cache lines: its header, its headroom, the
 * entry of its endpoint, a slot, an owner, and what counts the endpoint and
 * the owner.  With 10,000 VIPs all but the first two are far away.  Each is
 * fetched a pass before it is needed, so that a batch waits for them together:
 * that takes some 70 cycles a packet more, without prefetches it were 170.
 * That far the processor must not have to look for their pages first, so they
 * are in huge ones (lib/huge.h).
 *
 * All else is rare and is out of line, so that it takes neither time nor
 * instruction cache of the ordinary packet: look_closer() decides about what
 * has something special in its IP header, the functions that are OVS_NOINLINE
 * about the rest.  What is decided there comes back into the passes wherever
 * it is to be forwarded after all: there is one place each that looks up,
 * chooses the owner, writes headers and counts. */

#define OVS_NOINLINE __attribute__((noinline, cold))

/* The VXLAN flag that says that there is a VNI. */
#define VXLAN_VNI_VALID 0x08

/* Extension headers of IPv6 in front of a protocol that are looked through. */
#define MAX_IPV6_EXTENSIONS 8

/* Congestion notification in TOS and traffic class. */
#define ECN_MASK 3
#define ECN_NOT_ECT 0
#define ECN_ECT1 1
#define ECN_ECT0 2
#define ECN_CE 3

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

/* Functions that return an int return 0 if a packet may be forwarded so far,
 * one of enum mux_verdict, or a reason, of enum mux_counter, for dropping
 * it. */

/* Parses what is at 'f->l4_ofs': a TCP or UDP header. */
static inline int
parse_l4(struct mux_flight *f)
{
    const uint8_t *l4 = f->l3 + f->l4_ofs;
    uint32_t len = f->l3_len - f->l4_ofs;

    if (OVS_LIKELY(f->protocol == IPPROTO_TCP)) {
        if (OVS_UNLIKELY(len < TCP_HEADER_LEN)) {
            return MUX_COUNT_TRUNCATED;
        }

        uint32_t header_len = l4[12] >> 4 << 2;
        if (OVS_UNLIKELY(header_len < TCP_HEADER_LEN || header_len > len)) {
            return MUX_COUNT_BAD_LENGTH;
        }
        f->syn = (l4[13] & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    } else {
        if (OVS_UNLIKELY(len < UDP_HEADER_LEN)) {
            return MUX_COUNT_TRUNCATED;
        }

        uint32_t udp_len = mux_get_be16(l4 + 4);
        if (OVS_UNLIKELY(udp_len < UDP_HEADER_LEN
                         || (udp_len > len && !f->fragment))) {
            return MUX_COUNT_BAD_LENGTH;
        }
    }
    f->sport = mux_get_be16(l4);
    f->dport = mux_get_be16(l4 + 2);
    return 0;
}

/* Can an IPv4 packet not come from 'src'?  These are 0.0.0.0/8, 127.0.0.0/8,
 * 169.254.0.0/16, multicast and what is reserved (RFC 1122, 3927, 5771).  The
 * address itself that it goes to is no sender either. */
static inline bool
is_martian_v4(uint32_t src, uint32_t dst)
{
    return (src - 0x01000000 >= 0xe0000000 - 0x01000000
            || src >> 24 == 127
            || src >> 16 == 0xa9fe
            || src == dst);
}

/* Likewise: ::/64, where the unspecified and the loopback address and those
 * that stand for IPv4 are, link-local and multicast. */
static bool
is_martian_v6(const uint64_t src[2], const uint64_t dst[2])
{
    return (!src[0]
            || src[0] >> 54 == 0xfe80 >> 6
            || src[0] >> 56 == 0xff
            || (src[0] == dst[0] && src[1] == dst[1]));
}

static inline bool
has_ports(uint8_t protocol)
{
    return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* Parses an IPv4 packet of which 'len' octets are there. */
static inline int
parse_ipv4(struct mux_flight *f, uint8_t *l3, uint32_t len)
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

    uint16_t total = mux_get_be16(l3 + offsetof(struct ip_header,
                                                ip_tot_len));
    if (OVS_UNLIKELY(total > len || total < IP_HEADER_LEN)) {
        return MUX_COUNT_TRUNCATED;
    }

    uint32_t src = mux_get_be32(l3 + offsetof(struct ip_header, ip_src));
    uint32_t dst = mux_get_be32(l3 + offsetof(struct ip_header, ip_dst));
    uint16_t offset = mux_get_be16(l3 + offsetof(struct ip_header,
                                                 ip_frag_off));

    f->l3 = l3;
    f->l3_len = total;
    f->l4_ofs = IP_HEADER_LEN;
    f->eth_type = htons(ETH_TYPE_IP);
    f->protocol = l3[offsetof(struct ip_header, ip_proto)];
    f->ttl = l3[offsetof(struct ip_header, ip_ttl)];
    f->tos = l3[offsetof(struct ip_header, ip_tos)];
    f->src[0] = src;
    f->vip[0] = 0;
    f->vip[1] = UINT64_C(0xffff) << 32 | dst;
    if (OVS_UNLIKELY(f->ttl <= 1
                     || offset & (IP_FRAG_OFF_MASK | IP_MORE_FRAGMENTS)
                     || is_martian_v4(src, dst)
                     || !has_ports(f->protocol))) {
        f->fragment_id = mux_get_be16(l3 + offsetof(struct ip_header,
                                                    ip_id));
        f->fragment_ofs = (offset & IP_FRAG_OFF_MASK) * 8;
        f->fragment = offset & (IP_FRAG_OFF_MASK | IP_MORE_FRAGMENTS);
        return MUX_RARE;
    }
    return parse_l4(f);
}

/* Parses an IPv6 packet of which 'len' octets are there. */
static int
parse_ipv6(struct mux_flight *f, uint8_t *l3, uint32_t len)
{
    if (len < IPV6_HEADER_LEN) {
        return MUX_COUNT_TRUNCATED;
    }
    if (l3[0] >> 4 != 6) {
        return MUX_COUNT_BAD_HEADER;
    }

    uint32_t total = IPV6_HEADER_LEN + mux_get_be16(l3 + 4);
    if (total > len) {
        return MUX_COUNT_TRUNCATED;
    }

    f->l3 = l3;
    f->l3_len = total;
    f->eth_type = htons(ETH_TYPE_IPV6);
    f->ttl = l3[7];
    f->tos = l3[0] << 4 | l3[1] >> 4;
    for (int i = 0; i < 2; i++) {
        f->src[i] = mux_get_be64(l3 + 8 + 8 * i);
        f->vip[i] = mux_get_be64(l3 + 24 + 8 * i);
    }

    uint8_t protocol = l3[6];
    uint32_t ofs = IPV6_HEADER_LEN;
    bool has_fragment_header = false;
    f->fragment_ofs = 0;
    for (int i = 0; protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING
         || protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT; i++) {
        if (i >= MAX_IPV6_EXTENSIONS) {
            return MUX_COUNT_PROTOCOL;
        }
        if (total < ofs + 8) {
            return MUX_COUNT_TRUNCATED;
        }

        uint32_t header = ofs;
        if (protocol == IPPROTO_FRAGMENT) {
            uint16_t offset = mux_get_be16(l3 + ofs + 2);

            if (has_fragment_header) {
                /* Nobody sends that, and which one others believe is not
                 * known. */
                return MUX_COUNT_BAD_HEADER;
            }
            has_fragment_header = true;
            f->fragment_ofs = offset & 0xfff8;
            f->fragment_id = mux_get_be32(l3 + ofs + 4);
            f->fragment = f->fragment_ofs || offset & 1;
            ofs += 8;
        } else {
            ofs += 8 + l3[ofs + 1] * 8;
        }
        protocol = l3[header];
        if (ofs > total) {
            return MUX_COUNT_TRUNCATED;
        }
        if (f->fragment_ofs) {
            break;
        }
    }
    f->protocol = protocol;
    f->l4_ofs = ofs;
    return (f->ttl <= 1 || f->fragment || !has_ports(protocol)
            || is_martian_v6(f->src, f->vip)
            ? MUX_RARE : parse_l4(f));
}

static inline int
parse_l2(struct mux_flight *f, uint8_t *l2, uint32_t len)
{
    uint16_t type;
    uint32_t ofs = mux_parse_ethernet(l2, len, &type);

    if (OVS_UNLIKELY(!ofs)) {
        return MUX_COUNT_TRUNCATED;
    }
    if (OVS_LIKELY(type == ETH_TYPE_IP)) {
        return parse_ipv4(f, l2 + ofs, len - ofs);
    } else if (type == ETH_TYPE_IPV6) {
        return parse_ipv6(f, l2 + ofs, len - ofs);
    } else {
        return MUX_COUNT_NOT_IP;
    }
}

/* Is 'address', like 'vip' of a flight, the VTEP that all muxes share? */
static bool
is_anycast(const struct mux_table *table, const uint64_t address[2])
{
    return (table->anycast && !address[0] && address[1] >> 32 == 0xffff
            && htonl(address[1]) == table->anycast);
}

static inline bool
is_for_anycast(const struct mux_table *table, const struct mux_flight *f)
{
    return (mux_flight_is_v4(f) && table->anycast
            && htonl(f->vip[1]) == table->anycast);
}

/* Parses what is in the tunnel.  'f' has what is known of the packet that came
 * to the anycast VTEP. */
static OVS_NOINLINE int
parse_tunnel(const struct mux_table *table, struct mux_flight *f)
{
    uint8_t *vxlan = f->l3 + IP_HEADER_LEN + UDP_HEADER_LEN;
    uint32_t ofs = IP_HEADER_LEN + UDP_HEADER_LEN + sizeof(struct vxlanhdr);

    f->tunnel_ofs = f->l3 - (uint8_t *) dp_packet_data(f->packet);
    if (f->protocol != IPPROTO_UDP || f->fragment
        || f->dport != MUX_VXLAN_PORT || f->l3_len < ofs
        || !(vxlan[0] & VXLAN_VNI_VALID)) {
        return MUX_COUNT_TUNNEL;
    }
    if (table->vteps) {
        uint64_t source[2];

        mux_flight_get_source(f, source);
        if (!mux_ranges_contain(table->vteps, source)) {
            return MUX_COUNT_STRANGER;
        }
    }
    f->tunnelled = true;
    f->network = mux_get_be32(vxlan + 4) >> 8;
    f->outer_tos = f->tos;
    return parse_l2(f, f->l3 + ofs, f->l3_len - ofs);
}

/* Hands on what the tunnel's IP header says about congestion (RFC 6040,
 * 4.2). */
static OVS_NOINLINE int
decapsulate_ecn(struct mux_flight *f)
{
    uint8_t outer = f->outer_tos & ECN_MASK;
    uint8_t inner = f->tos & ECN_MASK;
    uint8_t combined = inner;

    if (outer == ECN_CE) {
        if (inner == ECN_NOT_ECT) {
            return MUX_COUNT_ECN;
        }
        combined = ECN_CE;
    } else if (outer == ECN_ECT1 && inner == ECN_ECT0) {
        combined = ECN_ECT1;
    }

    if (combined != inner) {
        f->tos = (f->tos & ~ECN_MASK) | combined;
        if (mux_flight_is_v4(f)) {
            uint8_t *tos = f->l3 + offsetof(struct ip_header, ip_tos);
            uint8_t *p = f->l3 + offsetof(struct ip_header, ip_csum);
            ovs_be16 csum;

            memcpy(&csum, p, sizeof csum);
            csum = recalc_csum16(csum, htons(*tos), htons(f->tos));
            memcpy(p, &csum, sizeof csum);
            *tos = f->tos;
        } else {
            f->l3[1] = (f->l3[1] & 0xcf) | combined << 4;
        }
    }
    return 0;
}

static const struct mux_vip_entry *
find_vip(const struct mux_table *table, const struct mux_flight *f)
{
    return mux_table_find_vip_from(table, f->network, f->vip);
}

/* Stores where the frame of 'len' octets at 'l2' is going into 'dst', like
 * 'vip' of a flight.  Returns false if that cannot be told. */
static bool
get_destination(const uint8_t *l2, uint32_t len, uint64_t dst[2])
{
    uint16_t type;
    uint32_t ofs = mux_parse_ethernet(l2, len, &type);

    if (!ofs) {
        return false;
    }

    const uint8_t *l3 = l2 + ofs;
    if (type == ETH_TYPE_IP && len - ofs >= IP_HEADER_LEN) {
        uint32_t ip = mux_get_be32(l3 + offsetof(struct ip_header, ip_dst));

        dst[0] = 0;
        dst[1] = UINT64_C(0xffff) << 32 | ip;
        return true;
    } else if (type == ETH_TYPE_IPV6 && len - ofs >= IPV6_HEADER_LEN) {
        dst[0] = mux_get_be64(l3 + 24);
        dst[1] = mux_get_be64(l3 + 32);
        return true;
    } else {
        return false;
    }
}

/* Finds the VIP that 'f' is going to, of which no more need be right than
 * that, as with is_for_mux(). */
static const struct mux_vip_entry *
find_destination(const struct mux_table *table, const struct mux_flight *f)
{
    const uint8_t *l2 = dp_packet_data(f->packet);
    uint32_t len = dp_packet_size(f->packet);
    uint64_t dst[2];

    if (f->tunnelled || f->taken_over) {
        uint32_t ofs = (f->tunnel_ofs + IP_HEADER_LEN + UDP_HEADER_LEN
                        + sizeof(struct vxlanhdr));

        if (len < ofs) {
            return NULL;
        }
        l2 += ofs;
        len -= ofs;
    }
    return (get_destination(l2, len, dst)
            ? mux_table_find_vip_from(table, f->network, dst) : NULL);
}

/* Counts that 'f' is dropped for 'reason', also for what it is for. */
static OVS_NOINLINE void
count_drop(struct mux_context *ctx, const struct mux_flight *f,
           enum mux_counter reason)
{
    ctx->counters->n[reason]++;
    if (f->entry) {
        mux_thread_count_drop(ctx->thread, f->entry->counter, reason);
        if (f->owner) {
            mux_thread_count_drop(ctx->thread, f->owner->counter, reason);
        }
    } else {
        const struct mux_vip_entry *vip = find_destination(ctx->table, f);

        if (vip) {
            mux_thread_count_drop(ctx->thread, vip->counter, reason);
        }
    }
}

static OVS_NOINLINE void
drop(struct mux_context *ctx, struct mux_flight *f, enum mux_counter reason)
{
    count_drop(ctx, f, reason);
    dp_packet_delete(f->packet);
}

/* Drops 'f' for 'reason', and says so. */
static OVS_NOINLINE int
drop_and_answer(struct mux_context *ctx, struct mux_flight *f,
                enum mux_counter reason, enum mux_answer answer)
{
    if (f->measures) {
        /* Who asks is told by hosts, or by that nobody tells. */
        return reason;
    }
    count_drop(ctx, f, reason);
    mux_answer(ctx, f, answer, find_vip(ctx->table, f));
    return MUX_DONE;
}

/* Finds out which flow 'f', a fragment, is of. */
static OVS_NOINLINE int
place_fragment(struct mux_context *ctx, struct mux_flight *f)
{
    bool v4 = mux_flight_is_v4(f);
    struct mux_fragment_key key = {
        .src = { f->src[0], v4 ? 0 : f->src[1] },
        .dst = { f->vip[0], f->vip[1] },
        .network = f->network,
        .id = f->fragment_id,
        .protocol = v4 ? f->protocol : 0,
    };
    struct mux_fragment_flow flow;

    if (f->fragment_ofs + f->l3_len - f->l4_ofs > UINT16_MAX) {
        return MUX_COUNT_BAD_LENGTH;
    }
    if (v4 && !has_ports(f->protocol)) {
        return 0;
    }
    if (f->fragment_ofs) {
        if (f->fragment_ofs < TCP_HEADER_LEN && f->protocol == IPPROTO_TCP) {
            /* It would change the header that the first one has, after
             * others have looked at that (RFC 1858). */
            return MUX_COUNT_BAD_LENGTH;
        }
        switch (mux_fragments_later(ctx->thread, ctx->table, &key, f->packet,
                                    ctx->now, &flow)) {
        case MUX_FRAGMENT_KNOWN:
            f->protocol = flow.protocol;
            f->sport = flow.sport;
            f->dport = flow.dport;
            return 0;
        case MUX_FRAGMENT_WAITS:
            ctx->counters->n[MUX_COUNT_WAITED]++;
            return MUX_DONE;
        case MUX_FRAGMENT_NO_ROOM:
        default:
            return MUX_COUNT_FRAGMENT_FULL;
        }
    }

    int reason = has_ports(f->protocol) ? parse_l4(f) : 0;
    if (!reason) {
        flow = (struct mux_fragment_flow) { f->sport, f->dport, f->protocol };
        mux_fragments_first(ctx->thread, ctx->table, &key, &flow, ctx->now);
    }
    return reason;
}

/* Is 'f', whose source address cannot be, one by which this mux's own agent
 * measures?  Then it is from the bridge itself: what comes from the wire, or
 * in a tunnel from a host, has come in by a port. */
static bool
is_measuring(const struct mux_flight *f)
{
    return (f->packet->md.in_port.odp_port == ODPP_NONE
            && (mux_flight_is_v4(f)
                ? slb_availability_is_source_v4(f->src[0])
                : slb_availability_is_source_v6(f->src))
            && has_ports(f->protocol) && !f->fragment && f->ttl > 1);
}

static inline uint64_t
hash_flight(const struct mux_table *table, enum slb_hash_kind kind,
            const struct mux_flight *f)
{
    return (OVS_LIKELY(mux_flight_is_v4(f))
            ? slb_hash_ipv4(&table->hash_key, kind, f->src[0], f->vip[1],
                            f->protocol, f->sport, f->dport)
            : slb_hash_ipv6(&table->hash_key, kind, f->src, f->vip,
                            f->protocol, f->sport, f->dport));
}

/* Is 'f', which is for 'vip' and of no flow, more than a fair share?  All of a
 * kind that comes from one address is taken for a flow. */
static OVS_NOINLINE bool
is_unfair(struct mux_context *ctx, struct mux_flight *f,
          const struct mux_vip_entry *vip)
{
    f->judged = true;
    f->hash = hash_flight(ctx->table, SLB_HASH_SOURCE_IP_PROTOCOL, f);
    return !mux_fair_admit(ctx->meter, f, vip->counter, ctx->now);
}

/* Decides about a packet that has a good IP header, but is no whole segment or
 * datagram of TCP or UDP from a good address that has some way to go. */
static OVS_NOINLINE int
look_closer(struct mux_context *ctx, struct mux_flight *f)
{
    f->sport = f->dport = 0;
    if (!f->tunnelled && is_for_anycast(ctx->table, f)) {
        /* It has arrived, so the TTL does not matter. */
        return (f->ttl && f->protocol == IPPROTO_UDP && !f->fragment
                ? parse_l4(f) : MUX_COUNT_TUNNEL);
    }

    const struct mux_vip_entry *vip = find_vip(ctx->table, f);
    if (!vip) {
        return MUX_COUNT_NO_ENDPOINT;
    }
    if (mux_flight_is_v4(f)
        ? is_martian_v4(f->src[0], f->vip[1])
        : is_martian_v6(f->src, f->vip)) {
        f->measures = is_measuring(f);
        return f->measures ? parse_l4(f) : MUX_COUNT_MARTIAN;
    }
    if (!f->ttl) {
        return MUX_COUNT_TTL;
    }

    bool echo = vip->echo && mux_icmp_is_echo_request(f);
    if (OVS_UNLIKELY(ctx->meter) && (echo || f->ttl == 1)
        && is_unfair(ctx, f, vip)) {
        /* To answer costs as much as to forward. */
        return MUX_COUNT_UNFAIR;
    }
    if (echo) {
        mux_answer_echo(ctx, f, vip);
        return MUX_DONE;
    }
    if (f->ttl == 1) {
        return drop_and_answer(ctx, f, MUX_COUNT_TTL, MUX_ANSWER_EXPIRED);
    }
    if (f->fragment) {
        return place_fragment(ctx, f);
    }
    if (mux_icmp_is_error(f)) {
        return mux_icmp_resolve(f);
    }
    return has_ports(f->protocol) ? parse_l4(f) : 0;
}

/* Hashes all that tells the flow of 'f' from others. */
static inline void
hash_whole(const struct mux_table *table, struct mux_flight *f)
{
    f->hash = hash_flight(table, SLB_HASH_DEFAULT, f);

    /* No slot depends on these bits, so an owner's flows have all values. */
    f->entropy = f->hash >> 32;
}

static inline int
parse(struct mux_context *ctx, struct mux_flight *f)
{
    int reason;

    f->l3 = NULL;
    f->size = dp_packet_size(f->packet);
    f->network = 0;
    f->fragment = f->syn = false;
    f->notable = 0;
    f->entry = NULL;
    f->owner = NULL;

    reason = parse_l2(f, dp_packet_data(f->packet), f->size);
    if (OVS_UNLIKELY(reason == MUX_RARE)) {
        reason = look_closer(ctx, f);
    }
    if (OVS_UNLIKELY(reason)) {
        return reason;
    }
    if (OVS_UNLIKELY(is_for_anycast(ctx->table, f))) {
        reason = parse_tunnel(ctx->table, f);
        if (reason == MUX_RARE) {
            reason = look_closer(ctx, f);
        }
        if (!reason) {
            reason = decapsulate_ecn(f);
        }
        if (reason) {
            return reason;
        }
    }

    f->tuple = mux_tuple(f->network, f->protocol, f->dport);
    hash_whole(ctx->table, f);
    f->endpoint_hash = mux_endpoint_hash(f->vip, f->tuple);
    if (mux_snat_is_port(f->dport) && !f->network
        && !mux_snat_may_be_named(ctx->table, f->endpoint_hash)) {
        f->tuple = mux_tuple_snat();
        f->endpoint_hash = mux_endpoint_hash(f->vip, f->tuple);
    }
    f->page = mux_table_page(ctx->table, f->endpoint_hash);
    OVS_PREFETCH(&f->page->entries[mux_page_start(f->endpoint_hash)]);
    return 0;
}

/* Finds the entry of the endpoint with 'tuple'. */
static const struct mux_entry *
find_tuple(const struct mux_table *table, struct mux_flight *f,
           uint64_t tuple)
{
    f->tuple = tuple;
    f->endpoint_hash = mux_endpoint_hash(f->vip, f->tuple);
    f->page = mux_table_page(table, f->endpoint_hash);
    return mux_page_find(f->page, f->endpoint_hash, f->vip, f->tuple);
}

/* Finds the entry of the ports of a VIP on the wire for SNAT, if 'f' is to
 * such a port. */
static inline const struct mux_entry *
find_snat(const struct mux_table *table, const struct mux_flight *f)
{
    return (has_ports(f->protocol) && mux_snat_is_port(f->dport)
            ? mux_snat_find(table, f->vip) : NULL);
}

/* Finds the endpoint of a packet that none was found for: one that takes all
 * that comes to the address.  For what came through the tunnel the endpoints
 * of the sender's own network go before those on the wire.  There ports for
 * SNAT go before what takes all. */
static OVS_NOINLINE const struct mux_entry *
find_others(const struct mux_table *table, struct mux_flight *f)
{
    const struct mux_entry *e = NULL;

    if (f->network) {
        e = find_tuple(table, f, mux_tuple(f->network, 0, 0));
        if (!e) {
            e = find_tuple(table, f, mux_tuple(0, f->protocol, f->dport));
        }
    }
    if (!e && f->tuple != mux_tuple_snat()) {
        /* On the wire: the filter was wrong about the port. */
        e = find_snat(table, f);
    }
    return e ? e : find_tuple(table, f, mux_tuple(0, 0, 0));
}

/* Drops a packet that no endpoint takes. */
static OVS_NOINLINE int
refuse_endpoint(struct mux_context *ctx, struct mux_flight *f)
{
    const struct mux_vip_entry *vip = find_vip(ctx->table, f);
    enum mux_counter reason = (has_ports(f->protocol)
                               ? MUX_COUNT_NO_ENDPOINT : MUX_COUNT_PROTOCOL);

    if (mux_snat_is_echo_reply(f) && mux_snat_find(ctx->table, f->vip)) {
        return MUX_COUNT_ECHO_REPLY;
    }
    return (vip && vip->reject
            ? drop_and_answer(ctx, f, reason, MUX_ANSWER_REJECT) : reason);
}

static const struct mux_endpoint *
flight_endpoint(const struct mux_flight *f)
{
    return f->page->endpoints[f->entry - f->page->entries];
}

static OVS_NOINLINE int
refuse_owner(struct mux_context *ctx, struct mux_flight *f)
{
    return (flight_endpoint(f)->reject
            ? drop_and_answer(ctx, f, MUX_COUNT_NO_OWNER, MUX_ANSWER_REJECT)
            : MUX_COUNT_NO_OWNER);
}

static bool
is_admitted(const struct mux_flight *f)
{
    uint64_t source[2];

    mux_flight_get_source(f, source);
    return mux_ranges_contain(flight_endpoint(f)->ranges, source);
}

/* For endpoints that do not take everything. */
static OVS_NOINLINE int
check_restrictions(struct mux_context *ctx, struct mux_flight *f)
{
    if (f->entry->flags & MUX_ENTRY_RANGES && !f->measures
        && !is_admitted(f)) {
        return MUX_COUNT_SOURCE;
    }
    if (f->entry->flags & MUX_ENTRY_CLOSED
        && (f->protocol != IPPROTO_TCP || f->syn)) {
        return refuse_owner(ctx, f);
    }
    return 0;
}

/* Finds the place where 'f', whose entry is that of a VIP's ports for SNAT,
 * finds who has its port. */
static inline void
find_snat_slot(struct mux_flight *f)
{
    f->snat = true;
    f->slot = mux_snat_slot(f->entry->slots, f->dport);
    OVS_PREFETCH(f->slot);
}

/* Finds the slot of 'f' in the table of the endpoint, or of the ports for
 * SNAT, with entry 'e'. */
static inline int
find_slot(struct mux_context *ctx, struct mux_flight *f,
          const struct mux_entry *e)
{
    f->entry = e;
    if (OVS_UNLIKELY(e->flags & (MUX_ENTRY_RANGES | MUX_ENTRY_CLOSED
                                 | MUX_ENTRY_SNAT))) {
        if (e->flags & MUX_ENTRY_SNAT) {
            find_snat_slot(f);
            return 0;
        }

        int verdict = check_restrictions(ctx, f);
        if (verdict) {
            return verdict;
        }
    }
    if (OVS_UNLIKELY(!e->slots)) {
        return refuse_owner(ctx, f);
    }
    if (OVS_UNLIKELY(e->flags & MUX_ENTRY_KIND)) {
        f->hash = hash_flight(ctx->table, e->flags & MUX_ENTRY_KIND, f);
    }
    f->slot = mux_entry_slot(e, f->hash);
    OVS_PREFETCH(f->slot);
    if (e->flags & MUX_ENTRY_RING) {
        OVS_PREFETCH(e->view);
    }
    return 0;
}

/* Makes 'f', which another mux has handed on, the packet that it is about. */
static OVS_NOINLINE int
take_over(struct mux_context *ctx, struct mux_flight *f)
{
    int reason = parse_tunnel(ctx->table, f);

    f->tunnelled = false;
    f->taken_over = true;
    if (reason == MUX_RARE) {
        reason = look_closer(ctx, f);
    }
    if (!reason) {
        reason = decapsulate_ecn(f);
    }
    if (!reason) {
        hash_whole(ctx->table, f);
    }
    return reason;
}

/* Does what find() does for a packet for which that has found nothing. */
static OVS_NOINLINE int
find_others_slot(struct mux_context *ctx, struct mux_flight *f)
{
    const struct mux_entry *e = find_others(ctx->table, f);

    if (!e && mux_snat_is_handed_on(ctx->table, f)) {
        int reason = take_over(ctx, f);

        if (reason) {
            return reason;
        }
        e = find_tuple(ctx->table, f, mux_tuple(0, f->protocol, f->dport));
        if (!e) {
            e = find_snat(ctx->table, f);
        }
    }
    return e ? find_slot(ctx, f, e) : refuse_endpoint(ctx, f);
}

static inline int
find(struct mux_context *ctx, struct mux_flight *f)
{
    const struct mux_entry *e = mux_page_find(f->page, f->endpoint_hash,
                                              f->vip, f->tuple);

    return OVS_LIKELY(e) ? find_slot(ctx, f, e) : find_others_slot(ctx, f);
}

/* Does what find_owner() does where the slot may have other owners, or is
 * none of a pool. */
static __attribute__((noinline)) void
find_special_owner(struct mux_flight *f)
{
    const struct mux_entry *e = f->entry;

    if (e->flags & MUX_ENTRY_SNAT) {
        f->owner = mux_snat_owner(f->slot, f->dport);
    } else {
        f->owner = mux_entry_owner(e, f->slot);
        if (OVS_LIKELY(!f->fragment)) {
            /* Few slots have other owners, so mostly this is all. */
            f->ring = mux_entry_ring(e, f->hash);
        }
    }
}

static inline void
find_owner(struct mux_flight *f)
{
    const struct mux_entry *e = f->entry;

    f->ring = NULL;
    if (OVS_LIKELY(!(e->flags & (MUX_ENTRY_RING | MUX_ENTRY_SNAT)))) {
        f->owner = mux_entry_owner(e, f->slot);
    } else {
        find_special_owner(f);
    }
    OVS_PREFETCH(f->owner);
}

/* Finds what else there is to read and write for a packet. */
static inline void
find_rest(struct mux_context *ctx, struct mux_flight *f)
{
    f->nexthop = mux_table_nexthop(ctx->table, f->owner->nexthop);
    OVS_PREFETCH(f->nexthop);
    f->entry_count = mux_thread_get_count(ctx->thread, f->entry->counter);
    OVS_PREFETCH_WRITE(f->entry_count);
    f->owner_count = mux_thread_get_count(ctx->thread, f->owner->counter);
    OVS_PREFETCH_WRITE(f->owner_count);
}

/* Takes a hop off the TTL of the IP packet at 'ip', which is above 1. */
static inline void
decrement_ttl(uint8_t *ip, bool v4)
{
    if (OVS_LIKELY(v4)) {
        uint32_t sum;
        uint16_t csum;

        /* The TTL is the upper octet of its word.  (RFC 1141.) */
        ip[offsetof(struct ip_header, ip_ttl)]--;
        memcpy(&csum, ip + offsetof(struct ip_header, ip_csum), sizeof csum);
        sum = csum + (OVS_FORCE uint16_t) htons(0x100);
        csum = sum + (sum >= UINT16_MAX);
        memcpy(ip + offsetof(struct ip_header, ip_csum), &csum, sizeof csum);
    } else {
        ip[7]--;
    }
}

/* Writes the steering header of a packet that has other owners, or is a
 * fragment, to 'p'. */
static OVS_NOINLINE void
put_steering(struct mux_context *ctx, const struct mux_flight *f, uint8_t *p)
{
    struct steering s;

    mux_table_steer(ctx->table, f->entry, f->hash, f->owner, ctx->now, &s);
    if (f->fragment) {
        mux_table_steer_fragment(&s, f->dport);
        ctx->counters->n[MUX_COUNT_FRAGMENTS]++;
    }
    steering_put(&s, p);
    ctx->counters->n[MUX_COUNT_RING] += s.n_owners > 1;
}

/* Decides about a packet whose owner has no next hop. */
static OVS_NOINLINE int
refuse_nexthop(struct mux_context *ctx, struct mux_flight *f)
{
    if (!f->snat || f->owner->nexthop != MUX_NO_NEXTHOP) {
        return MUX_COUNT_NO_NEXTHOP;
    }
    f->owner = NULL;
    if (mux_snat_is_listened(ctx->table, f->vip, f->dport)) {
        f->entry = NULL;
        return refuse_endpoint(ctx, f);
    }
    if (f->taken_over) {
        return MUX_COUNT_NO_BLOCK;
    }
    if (f->l3_len > mux_context_inner_mtu(ctx)) {
        return drop_and_answer(ctx, f, MUX_COUNT_TOO_BIG, MUX_ANSWER_TOO_BIG);
    }
    return mux_snat_hand_on(ctx, f);
}

static inline int
build(struct mux_context *ctx, struct mux_flight *f)
{
    const struct mux_entry *e = f->entry;
    const struct mux_owner *owner = f->owner;
    const struct mux_nexthop_entry *nexthop = f->nexthop;

    if (OVS_UNLIKELY(!nexthop->valid)) {
        return refuse_nexthop(ctx, f);
    }
    if (OVS_UNLIKELY(f->l3_len > mux_context_inner_mtu(ctx))) {
        return drop_and_answer(ctx, f, MUX_COUNT_TOO_BIG, MUX_ANSWER_TOO_BIG);
    }

    uint8_t *p = mux_make_room(f->packet, f->l3, f->l3_len, MUX_PUSH_LEN);
    if (OVS_UNLIKELY(!p)) {
        return MUX_COUNT_HEADROOM;
    }

    memcpy(p, nexthop, MUX_PUSH_LEN);
    mux_put_tunnel(p, nexthop, f, owner->vni);

    p += MUX_TUNNEL_LEN;
    if (OVS_LIKELY(!f->ring && !f->fragment)) {
        /* What steering_put() writes for a single owner. */
        uint64_t flags = ctx->now_s >= e->settled_at ? STEERING_SETTLED : 0;

        flags |= owner->flags;
        mux_put_be64(p, ((uint64_t) STEERING_OUI << 56 | flags << 48
                         | (uint64_t) owner->index << 32
                         | STEERING_OUI << 8 | 1));
        memset(p + 8, 0, 4);
    } else {
        put_steering(ctx, f, p);
    }
    if (OVS_UNLIKELY(f->notable)) {
        if (f->measures) {
            /* Hosts must not take it for anything else, and a VM's own ports
             * are not measured. */
            if (f->snat) {
                return MUX_COUNT_MARTIAN;
            }
            steering_put_measure(p, STEERING_MEASURES, owner->index);
        }
        ctx->counters->n[MUX_COUNT_TUNNELLED] += f->tunnelled;
        ctx->counters->n[MUX_COUNT_STEERED] += f->steered;
        ctx->counters->n[MUX_COUNT_SNAT] += f->snat;
        ctx->counters->n[MUX_COUNT_TAKEN_OVER] += f->taken_over;
        ctx->counters->n[MUX_COUNT_MEASURES] += f->measures;
    }
    memcpy(p + 2 * ETH_ADDR_LEN, &f->eth_type, sizeof f->eth_type);
    decrement_ttl(p + ETH_HEADER_LEN, mux_flight_is_v4(f));

    mux_count_packet(f->entry_count, f->size, f->syn);
    mux_count_packet(f->owner_count, f->size, f->syn);
    ctx->counters->n[MUX_COUNT_BYTES] += f->size;
    return 0;
}

/* Is 'packet' addressed to a VIP on the wire, or to the VTEP that all muxes
 * share? */
static bool
is_for_mux(const struct mux_table *table, const struct dp_packet *packet)
{
    uint64_t dst[2];

    return (get_destination(dp_packet_data(packet), dp_packet_size(packet),
                            dst)
            && (is_anycast(table, dst)
                || mux_table_find_vip(table, 0, dst)));
}

/* Drops what was not found to be for an endpoint, unless it is the node's or
 * has been seen to. */
static OVS_NOINLINE void
refuse(struct mux_context *ctx, struct mux_flight *f, int reason)
{
    if (reason == MUX_DONE) {
        return;
    }
    if (f->taken_over || is_for_mux(ctx->table, f->packet)) {
        drop(ctx, f, reason);
    } else {
        mux_icmp_watch(ctx, f);
        dp_packet_batch_add(ctx->node, f->packet);
    }
}

/* Has 'f', which parse() did not leave to be forwarded, 'reason' being why,
 * count as something that its VIP got: it took time that others lack.  What of
 * it is more than a fair share does not matter, it is gone anyway. */
static OVS_NOINLINE void
judge_refused(struct mux_context *ctx, const struct mux_flight *f, int reason)
{
    const struct mux_vip_entry *vip = NULL;
    struct mux_flight judged = { .eth_type = htons(ETH_TYPE_IPV6) };

    if (f->judged) {
        return;
    }
    if (f->l3) {
        judged.eth_type = f->eth_type;
        judged.protocol = f->protocol;
        memcpy(judged.src, f->src, sizeof judged.src);
        memcpy(judged.vip, f->vip, sizeof judged.vip);
        vip = find_vip(ctx->table, f);
    } else if (reason != MUX_DONE
               && get_destination(dp_packet_data(f->packet),
                                  dp_packet_size(f->packet), judged.vip)) {
        /* What is no good packet may come from anywhere: from "::". */
        vip = mux_table_find_vip(ctx->table, 0, judged.vip);
    }
    if (vip) {
        is_unfair(ctx, &judged, vip);
    }
}

/* Drops, of the 'n' 'flights', what is more than a fair share.  Returns the
 * number of those that are left. */
static OVS_NOINLINE size_t
restrain(struct mux_context *ctx, struct mux_flight *flights, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        struct mux_flight *f = &flights[i];
        const struct mux_vip_entry *vip = find_vip(ctx->table, f);

        /* Packets that measure are few, and are to tell whether others come
         * through that are not too much. */
        if (!vip || f->measures
            || mux_fair_admit(ctx->meter, f, vip->counter, ctx->now)) {
            if (kept != i) {
                flights[kept] = *f;
            }
            kept++;
        } else {
            ctx->counters->n[MUX_COUNT_UNFAIR]++;
            mux_thread_count_drop(ctx->thread, vip->counter,
                                  MUX_COUNT_UNFAIR);
            dp_packet_delete(f->packet);
        }
    }
    mux_fair_meter_judged(ctx->meter, mux_fair_nsec());
    return kept;
}

/* Forwards 'batch' by 'table' at time 'now', in milliseconds, to an underlay
 * whose MTU is 'mtu'.  Leaves in 'batch' the packets to be sent on the
 * underlay, moves those for no VIP to 'node', which must be empty, drops the
 * others and adds to 'counters'.  Also counts in 'thread', which must be the
 * caller's own. */
void
mux_forward(const struct mux_table *table, struct mux_thread *thread,
            struct dp_packet_batch *batch, struct dp_packet_batch *node,
            uint32_t mtu, long long int now, struct mux_counters *counters)
{
    struct mux_flight flights[NETDEV_MAX_BURST];
    size_t n = dp_packet_batch_size(batch);
    struct mux_context ctx;
    int reason;
    size_t kept;

    ctx.table = table;
    ctx.thread = thread;
    ctx.meter = mux_fair_thread_meter(&thread->fair);
    ctx.counters = counters;
    ctx.node = node;
    ctx.mtu = mtu;
    ctx.now = now;
    ctx.now_s = now / 1000;
    ctx.n_answers = 0;

    for (size_t i = 0; i < n; i++) {
        void *data = dp_packet_data(batch->packets[i]);

        OVS_PREFETCH_WRITE((void *) ((uintptr_t) data - MUX_TUNNEL_LEN));
    }

    kept = 0;
    for (size_t i = 0; i < n; i++) {
        flights[kept].packet = batch->packets[i];
        reason = parse(&ctx, &flights[kept]);
        if (OVS_LIKELY(!reason)) {
            kept++;
        } else {
            if (OVS_UNLIKELY(ctx.meter)) {
                judge_refused(&ctx, &flights[kept], reason);
            }
            refuse(&ctx, &flights[kept], reason);
        }
    }
    if (OVS_UNLIKELY(ctx.meter)) {
        kept = restrain(&ctx, flights, kept);
    }

    n = kept;
    kept = 0;
    for (size_t i = 0; i < n; i++) {
        reason = find(&ctx, &flights[i]);
        if (OVS_LIKELY(!reason)) {
            if (OVS_UNLIKELY(kept != i)) {
                flights[kept] = flights[i];
            }
            kept++;
        } else {
            refuse(&ctx, &flights[i], reason);
        }
    }

    n = kept;
    for (size_t i = 0; i < n; i++) {
        find_owner(&flights[i]);
    }
    for (size_t i = 0; i < n; i++) {
        find_rest(&ctx, &flights[i]);
    }

    dp_packet_batch_init(batch);
    for (size_t i = 0; i < n; i++) {
        reason = build(&ctx, &flights[i]);
        if (OVS_LIKELY(!reason)) {
            dp_packet_batch_add(batch, flights[i].packet);
        } else if (reason != MUX_DONE) {
            drop(&ctx, &flights[i], reason);
        }
    }
    counters->n[MUX_COUNT_FORWARDED] += dp_packet_batch_size(batch);
    for (size_t i = 0; OVS_UNLIKELY(i < ctx.n_answers); i++) {
        dp_packet_batch_add(batch, ctx.answers[i]);
    }
}

/* Finds out about 'packet', which it takes, as mux_forward() does, and stores
 * into '*f' what it has found out, which may refer to 'table' but not to the
 * packet.  Returns false if it is no IP packet that can be understood. */
bool
mux_forward_look(const struct mux_table *table, struct mux_thread *thread,
                 struct dp_packet *packet, uint32_t mtu, long long int now,
                 struct mux_flight *f)
{
    struct mux_counters counters = { .n = { 0 } };
    struct dp_packet_batch node;
    struct mux_context ctx = {
        .table = table,
        .thread = thread,
        .counters = &counters,
        .node = &node,
        .mtu = mtu,
        .now = now,
        .now_s = now / 1000,
    };

    dp_packet_batch_init(&node);
    f->packet = packet;

    int reason = parse(&ctx, f);
    bool understood = f->l3 != NULL;
    if (!reason) {
        reason = find(&ctx, f);
    }
    if (!reason) {
        find_owner(f);
    }
    if (reason == MUX_DONE) {
        /* Taken already; an answer is ours again. */
        for (size_t i = 0; i < ctx.n_answers; i++) {
            dp_packet_delete(ctx.answers[i]);
        }
    } else {
        dp_packet_delete(packet);
    }
    f->packet = NULL;
    f->l3 = NULL;
    return understood;
}

/* Moves packets that mux_forward() has found out about in the meantime, though
 * they came earlier, from 'thread' to 'batch', which must be empty, for
 * another call.  Returns false if there are none. */
bool
mux_forward_released(struct mux_thread *thread, struct dp_packet_batch *batch)
{
    struct mux_released *released = &thread->released;
    size_t n = 0;

    if (!released->n) {
        return false;
    }

    /* Those in a batch must be of one kind. */
    while (n < MIN(released->n, NETDEV_MAX_BURST)
           && (released->packets[n]->source
               == released->packets[0]->source)) {
        dp_packet_batch_add(batch, released->packets[n++]);
    }
    released->n -= n;
    memmove(released->packets, released->packets + n,
            released->n * sizeof *released->packets);
    return true;
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

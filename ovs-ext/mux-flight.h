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


#ifndef MUX_FLIGHT_H
#define MUX_FLIGHT_H 1

/* A packet while the mux has it: what the parts of the datapath tell each
 * other about it.  For mux-forward.c, which has the fast path, and those that
 * it hands rare packets to. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dp-packet.h"
#include "ovs-ext/mux-forward.h"
#include "ovs-ext/mux-table.h"
#include "packets.h"
#include "unaligned.h"

struct mux_fair_meter;
struct mux_thread;

#define MUX_VXLAN_PORT 4789

/* What becomes of a packet that is neither forwarded nor simply dropped.
 * Together with enum mux_counter, whose drops do not start at 0, so that 0 is
 * free to say that it is to be forwarded. */
enum mux_verdict {
    /* It has been seen to: answered, or dropped and counted. */
    MUX_DONE = MUX_N_COUNTERS,

    /* Its IP header is fine, but it is no ordinary packet. */
    MUX_RARE,
};

struct mux_flight {
    struct dp_packet *packet;
    uint8_t *l3;                /* The IP packet to forward, ... */
    uint32_t l3_len;            /* ...its length... */
    uint32_t size;              /* ...and what was received. */
    uint32_t network;           /* Tunnelled: the VNI it came with. */
    uint32_t tunnel_ofs;        /* Tunnelled: of the outer IP header. */
    uint16_t l4_ofs;            /* Of what follows the IP headers. */
    ovs_be16 eth_type;
    uint16_t sport, dport;      /* Of the flow; 0 if there are none. */
    uint32_t fragment_id;       /* Fragment: its identification. */
    uint16_t fragment_ofs;      /* Fragment: octets before it. */
    uint8_t protocol;           /* Of the flow. */
    uint8_t ttl;
    uint8_t tos;                /* Or traffic class. */
    uint8_t outer_tos;          /* Tunnelled: of what it came in. */
    bool fragment;
    bool syn;                   /* Asks for a connection. */
    uint32_t entropy;           /* Of all that tells the flow from others. */
    union {
        struct {
            bool tunnelled;     /* Came to the anycast VTEP. */
            bool steered;       /* An ICMP error. */
            bool snat;          /* To a port for SNAT. */
            bool taken_over;    /* Another mux has handed it on. */
            bool measures;      /* The agent measures availability. */
            bool judged;        /* Whether it is too much was asked. */
        };
        uint64_t notable;       /* Nonzero if it is any of these. */
    };

    uint64_t vip[2];
    uint64_t src[2];            /* Of the flow.  IPv4: in src[0]. */
    uint64_t tuple;
    uint64_t hash;              /* Of the flow, of the endpoint's kind. */
    uint64_t endpoint_hash;
    const struct mux_page *page;
    const struct mux_entry *entry; /* Null until found. */
    const void *slot;
    const struct mux_owner *owner; /* Null until found. */
    const struct mux_ring *ring; /* Null if the owner is the only one. */
    const struct mux_nexthop_entry *nexthop;
    struct mux_count *entry_count; /* Where 'entry'... */
    struct mux_count *owner_count; /* ...and 'owner' are counted. */
};

/* What all packets of a batch have in common. */
struct mux_context {
    const struct mux_table *table;
    struct mux_thread *thread;
    struct mux_fair_meter *meter; /* Null while there is no shortage. */
    struct mux_counters *counters;
    struct dp_packet_batch *node;
    uint32_t mtu;
    long long int now;          /* In milliseconds... */
    uint32_t now_s;             /* ...and seconds. */

    /* Answers to packets of the batch, each in the packet's own buffer. */
    struct dp_packet *answers[NETDEV_MAX_BURST];
    size_t n_answers;
};

bool mux_forward_look(const struct mux_table *, struct mux_thread *,
                      struct dp_packet *, uint32_t mtu, long long int now,
                      struct mux_flight *);

static inline bool
mux_flight_is_v4(const struct mux_flight *f)
{
    return f->eth_type == htons(ETH_TYPE_IP);
}

/* Stores the source address of the flow into 'words', like 'vip'. */
static inline void
mux_flight_get_source(const struct mux_flight *f, uint64_t words[2])
{
    bool v4 = mux_flight_is_v4(f);

    words[0] = v4 ? 0 : f->src[0];
    words[1] = v4 ? UINT64_C(0xffff) << 32 | f->src[0] : f->src[1];
}

/* Returns what of an IP packet fits into the tunnel. */
static inline uint32_t
mux_context_inner_mtu(const struct mux_context *ctx)
{
    return ctx->mtu - (MUX_PUSH_LEN - ETH_HEADER_LEN);
}

static inline uint16_t
mux_get_be16(const uint8_t *p)
{
    return ntohs(get_unaligned_be16((const ovs_be16 *) (const void *) p));
}

static inline uint32_t
mux_get_be32(const uint8_t *p)
{
    return ntohl(get_unaligned_be32((const ovs_be32 *) (const void *) p));
}

static inline uint64_t
mux_get_be64(const uint8_t *p)
{
    return ntohll(get_unaligned_be64((const ovs_be64 *) (const void *) p));
}

static inline void
mux_put_be16(uint8_t *p, uint16_t value)
{
    ovs_be16 be = htons(value);

    memcpy(p, &be, sizeof be);
}

static inline void
mux_put_be32(uint8_t *p, uint32_t value)
{
    ovs_be32 be = htonl(value);

    memcpy(p, &be, sizeof be);
}

static inline void
mux_put_be64(uint8_t *p, uint64_t value)
{
    ovs_be64 be = htonll(value);

    memcpy(p, &be, sizeof be);
}

/* Finds the end of the Ethernet header at 'l2', of which 'len' octets are
 * there.  Returns its length, or 0 if it is truncated, and stores its type
 * into '*typep'. */
static inline uint32_t
mux_parse_ethernet(const uint8_t *l2, uint32_t len, uint16_t *typep)
{
    uint32_t ofs = ETH_HEADER_LEN;

    if (OVS_UNLIKELY(len < ofs)) {
        return 0;
    }
    *typep = mux_get_be16(l2 + ofs - 2);
    while (OVS_UNLIKELY(*typep == ETH_TYPE_VLAN_8021Q
                        || *typep == ETH_TYPE_VLAN_8021AD)) {
        ofs += VLAN_HEADER_LEN;
        if (len < ofs) {
            return 0;
        }
        *typep = mux_get_be16(l2 + ofs - 2);
    }
    return ofs;
}

/* Writes the lengths, the checksum and what else depends on the packet into
 * the headers at 'p', which are a copy of 'nexthop'. */
static inline void
mux_put_tunnel(uint8_t *p, const struct mux_nexthop_entry *nexthop,
               const struct mux_flight *f, uint32_t vni)
{
    enum {
        IP = ETH_HEADER_LEN,
        UDP = IP + IP_HEADER_LEN,
        VXLAN = UDP + UDP_HEADER_LEN,
    };
    uint32_t len = f->l3_len + MUX_PUSH_LEN - IP;
    uint32_t sum = (nexthop->csum + (OVS_FORCE uint16_t) htons(len)
                    + (OVS_FORCE uint16_t) htons(f->tos));
    uint16_t csum;

    /* Both DSCP and, as RFC 6040 has it, ECN are those of the packet. */
    p[IP + offsetof(struct ip_header, ip_tos)] = f->tos;
    mux_put_be16(p + IP + offsetof(struct ip_header, ip_tot_len), len);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    csum = ~((sum & UINT16_MAX) + (sum >> 16));
    memcpy(p + IP + offsetof(struct ip_header, ip_csum), &csum, sizeof csum);

    /* Ports from 49152 to 65535. */
    mux_put_be16(p + UDP, 0xc000 | (f->entropy & 0x3fff));
    mux_put_be16(p + UDP + 4, len - IP_HEADER_LEN);

    mux_put_be32(p + VXLAN + 4, vni << 8);
}

/* Reduces 'packet' to the 'len' octets at 'data', which are of it, with 'room'
 * octets in front of them that replace whatever is there now.  Returns the
 * room, or null if it cannot be had. */
static inline uint8_t *
mux_make_room(struct dp_packet *packet, uint8_t *data, uint32_t len,
              uint32_t room)
{
    uint8_t *base = dp_packet_base(packet);

    dp_packet_set_data(packet, data);
    dp_packet_set_size(packet, len);
    if (OVS_UNLIKELY(data - base < room)) {
        /* Others than these cannot be moved elsewhere. */
        if (packet->source != DPBUF_MALLOC && packet->source != DPBUF_STUB) {
            return NULL;
        }
        dp_packet_reset_offsets(packet);
        dp_packet_prealloc_headroom(packet, room);
    }

    uint8_t *p = (uint8_t *) dp_packet_data(packet) - room;
    dp_packet_set_data(packet, p);
    dp_packet_set_size(packet, len + room);
    dp_packet_reset_offsets(packet);
    dp_packet_reset_offload(packet);
    return p;
}

#endif /* ovs-ext/mux-flight.h */

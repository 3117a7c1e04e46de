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

#ifndef MUX_TABLE_H
#define MUX_TABLE_H 1

/* What the mux forwards by: immutable tables, laid out for the fast path.
 *
 * A "struct mux_table" is a complete state of the mux.  It never changes once
 * it is published; mux-store.c makes a new one for each transaction and frees
 * the old one after an RCU grace period.  Successive tables share all that did
 * not change: pages of endpoints, pools, next hops, Maglev tables.
 *
 * A packet touches, in this order, each in the hope of a single cache line:
 *
 *   1. The entry of its endpoint: (network, VIP, protocol, port), found by
 *      open addressing in the page that the upper bits of the key's hash name.
 *      Pages are what makes the change of one endpoint cheap: it copies one.
 *
 *   2. A slot of the pool's current Maglev table: one octet (two in large
 *      pools) at an offset made of lower bits of the packet's hash.  Pools
 *      with equal members and weights share a table.
 *
 *   3. The owner the slot names: member index and number of a next hop.
 *
 *   4. The next hop: the tunnel header, ready but for lengths and VNI.
 *
 * Slots with other owners, which are few and only while generations besides
 * the current one are kept, have the number of a "struct mux_ring" in an array
 * besides.  Times are in the tables as points in time, so nothing has to be
 * rebuilt when a change stops to be recent. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/maglev.h"
#include "lib/slb-hash.h"
#include "openvswitch/types.h"
#include "ovs-ext/mux-op.h"
#include "util.h"

struct mux_snat_filter;
struct steering;

/* Time after a TCP slot has changed hands in which SYNs ask the ring first:
 * it covers three retransmissions of a SYN. */
#define MUX_TCP_RECENT 10       /* Seconds. */

/* Ethernet, IPv4, UDP and VXLAN header in front of the inner Ethernet
 * header. */
#define MUX_TUNNEL_LEN 50

/* What is put in front of an IP packet: all of the former and the steering
 * header. */
#define MUX_PUSH_LEN 64

struct mux_nexthop_entry {
    uint8_t header[MUX_TUNNEL_LEN];
    uint8_t valid;
    uint8_t dead;               /* Not to be named among other owners. */
    uint32_t csum;              /* Of the IPv4 header without length. */
    ovs_be32 vtep;
    uint32_t zeros;
};
BUILD_ASSERT_DECL(sizeof(struct mux_nexthop_entry) == MUX_PUSH_LEN);

/* Number of the next hop that is never valid. */
#define MUX_NO_NEXTHOP 0

#define MUX_CHUNK_SIZE 64

struct mux_nexthop_chunk {
    struct mux_nexthop_entry entries[MUX_CHUNK_SIZE];
    uint64_t commit;            /* Of mux-store.c. */
};

/* A member of a pool, or a VM that has ports for SNAT. */
struct mux_owner {
    uint16_t index;
    uint16_t flags;             /* Of enum steering_flags, always set. */
    uint32_t nexthop;
    uint32_t counter;           /* See mux-thread.h. */
    uint32_t vni;
};

/* Owners besides the current one of one or more slots of a pool. */
struct mux_ring {
    uint16_t indices[MAGLEV_RING_MAX];
    uint8_t n;
    bool truncated;             /* There are more than these. */
    uint32_t nexthops[MAGLEV_RING_MAX];
    long long int changed_at;   /* LLONG_MIN if not known to have changed. */
};

struct mux_view_generation {
    uint64_t number;
    enum mux_generation_state state;
    long long int switched_at;
    const struct maglev_table *table;
};

/* A pool, as the fast path sees it.
 *
 * Where nobody is left in the current generation, because the last member was
 * drained, connections that are open go on: owners are those of the newest
 * generation that has some, and the pool's endpoints are closed, which means
 * that nothing may begin there. */
struct mux_view {
    uint32_t tunnel_key;
    uint32_t network;

    /* By ordinal in the generation that is in force. */
    struct mux_owner *owners;

    /* Numbers of 'rings', 0 if there are no other owners, for 2^'ring_log2'
     * slots; null if all would be 0.  At most one of these is nonnull. */
    unsigned int ring_log2;
    uint16_t *ring16;
    uint32_t *ring32;           /* If there are more rings than 65536. */
    struct mux_ring *rings;
    size_t n_rings;

    /* To be looked at by people: the current generation, the previous ones,
     * the coming one if any; members in the order of their index. */
    struct mux_view_generation *generations;
    size_t n_generations;
    bool has_coming;
    size_t in_force;            /* Of 'generations': it has the owners. */
    struct mux_pool_member *members;
    size_t n_members;
};

enum mux_entry_flags {
    MUX_ENTRY_KIND = 3,         /* Mask of enum slb_hash_kind. */
    MUX_ENTRY_WIDE = 1 << 2,    /* 'slots' are 16 bits each. */
    MUX_ENTRY_RING = 1 << 3,    /* 'view' has rings. */
    MUX_ENTRY_RANGES = 1 << 4,  /* Not everybody may send to it. */
    MUX_ENTRY_CLOSED = 1 << 5,  /* Only for TCP connections that are open. */
    MUX_ENTRY_SNAT = 1 << 6,    /* 'slots' is a "struct mux_snat". */
};

/* An endpoint, in one cache line; or the ports of a VIP that are for SNAT
 * (MUX_ENTRY_SNAT): these have no 'view' and no "struct mux_endpoint". */
struct mux_entry {
    uint64_t vip[2];            /* As slb_hash_ipv6() wants it. */
    uint64_t tuple;             /* See mux_tuple(); 0 if the entry is free. */
    const void *slots;          /* Null if the pool has no owners. */
    const struct mux_owner *owners;
    const struct mux_view *view;
    uint32_t settled_at;        /* Seconds; UINT32_MAX while a change is
                                 * prepared. */
    uint32_t counter;           /* See mux-thread.h. */
    uint32_t zero;
    uint16_t recent;            /* Time a change is recent for, in seconds. */
    uint8_t log2;
    uint8_t flags;
};
BUILD_ASSERT_DECL(sizeof(struct mux_entry) == 64);

#define MUX_PAGE_SIZE 512

struct mux_page {
    struct mux_entry entries[MUX_PAGE_SIZE];
    const struct mux_endpoint *endpoints[MUX_PAGE_SIZE];
    unsigned int n;
    uint64_t commit;            /* Of mux-store.c. */
};

/* A VIP, or none if it is not 'used'. */
struct mux_vip_entry {
    uint64_t address[2];        /* As slb_hash_ipv6() wants it. */
    uint32_t network;           /* 0: on the wire. */
    uint32_t counter;           /* See mux-thread.h. */
    bool used;
    bool echo;                  /* Answer echo requests. */
    bool reject;                /* Answer what no endpoint takes. */
};

/* The VIPs, by open addressing. */
struct mux_vips {
    uint32_t mask;              /* Number of entries, less one. */
    struct mux_vip_entry entries[];
};

/* What was done to come to a table, since its store was created. */
struct mux_table_stats {
    unsigned long long int n_transactions;
    unsigned long long int n_views;     /* Pools built. */
    unsigned long long int n_tables;    /* Maglev tables built. */
    unsigned long long int n_pages;     /* Pages of endpoints copied. */
};

struct mux_table {
    uint64_t generation;
    struct slb_hash_key hash_key;
    ovs_be32 vtep;
    ovs_be32 anycast;           /* 0 if there is none. */
    const struct mux_ranges *vteps; /* Who may send to it.  Null: anybody. */

    struct mux_page **pages;
    uint32_t page_mask;         /* Pages, less one. */
    struct mux_snat_filter *filters; /* One a page.  See mux-snat.h. */
    struct mux_nexthop_chunk **chunks;
    size_t n_chunks;
    const struct mux_vips *vips;
    const struct mux_peers *peers; /* See mux-snat.h. */

    size_t n_objects[MUX_N_OBJECT_TYPES]; /* MUX_SNAT: blocks. */
    struct mux_table_stats stats;
};

/* What identifies an endpoint besides its VIP.  Never 0. */
static inline uint64_t
mux_tuple(uint32_t network, uint8_t protocol, uint16_t port)
{
    return (UINT64_C(1) << 63 | (uint64_t) network << 24
            | (uint32_t) protocol << 16 | port);
}

/* Returns the port of an endpoint on the wire, or 0 if 'tuple' is of another
 * one or of no port. */
static inline uint16_t
mux_tuple_wire_port(uint64_t tuple)
{
    return tuple & UINT64_C(0xffffff) << 24 ? 0 : tuple;
}

/* Likewise, the ports of a VIP for SNAT. */
static inline uint64_t
mux_tuple_snat(void)
{
    return UINT64_C(1) << 63 | UINT64_C(1) << 48;
}

static inline uint64_t
mux_endpoint_hash(const uint64_t vip[2], uint64_t tuple)
{
    /* These are known to everybody and not secret: VIPs are configured, not
     * chosen by whoever sends packets. */
    uint64_t prefix = slb_hash_fold(vip[0], UINT64_C(0xa0761d6478bd642f));

    return slb_hash_fold(vip[1] ^ UINT64_C(0x9e3779b97f4a7c15),
                         tuple ^ prefix ^ UINT64_C(0xd6e8feb86659fd93));
}

/* Returns the number of the page of an endpoint. */
static inline uint32_t
mux_table_page_number(const struct mux_table *table, uint64_t hash)
{
    return hash >> 32 & table->page_mask;
}

static inline struct mux_page *
mux_table_page(const struct mux_table *table, uint64_t hash)
{
    return table->pages[mux_table_page_number(table, hash)];
}

/* Returns the place in its page where the search for an endpoint starts. */
static inline unsigned int
mux_page_start(uint64_t hash)
{
    return hash % MUX_PAGE_SIZE;
}

/* Returns the entry in 'page', or null.  A page always has a free entry. */
static inline const struct mux_entry *
mux_page_find(const struct mux_page *page, uint64_t hash,
              const uint64_t vip[2], uint64_t tuple)
{
    for (unsigned int i = mux_page_start(hash);; i = (i + 1) % MUX_PAGE_SIZE) {
        const struct mux_entry *e = &page->entries[i];

        if (OVS_LIKELY(e->tuple == tuple
                       && e->vip[1] == vip[1] && e->vip[0] == vip[0])) {
            return e;
        }
        if (!e->tuple) {
            return NULL;
        }
    }
}

/* Returns where in 'vips' the search for 'vip' ends: at its entry or at a free
 * one, of which there always is one. */
static inline uint32_t
mux_vips_find(const struct mux_vips *vips, uint32_t network,
              const uint64_t vip[2])
{
    uint32_t i = mux_endpoint_hash(vip, network) & vips->mask;

    while (vips->entries[i].used
           && (vips->entries[i].address[0] != vip[0]
               || vips->entries[i].address[1] != vip[1]
               || vips->entries[i].network != network)) {
        i = (i + 1) & vips->mask;
    }
    return i;
}

/* Returns the VIP, or null if there is no such one. */
static inline const struct mux_vip_entry *
mux_table_find_vip(const struct mux_table *table, uint32_t network,
                   const uint64_t vip[2])
{
    const struct mux_vip_entry *e
        = &table->vips->entries[mux_vips_find(table->vips, network, vip)];

    return e->used ? e : NULL;
}

/* Likewise, for what comes from 'network', 0 for the wire: a VIP of that
 * network goes before one on the wire. */
static inline const struct mux_vip_entry *
mux_table_find_vip_from(const struct mux_table *table, uint32_t network,
                        const uint64_t vip[2])
{
    const struct mux_vip_entry *e = mux_table_find_vip(table, network, vip);

    return e || !network ? e : mux_table_find_vip(table, 0, vip);
}

/* Returns the address of the slot that 'hash' falls into.  'e' must have
 * slots. */
static inline const void *
mux_entry_slot(const struct mux_entry *e, uint64_t hash)
{
    size_t slot = hash & ((UINT64_C(1) << e->log2) - 1);

    return (e->flags & MUX_ENTRY_WIDE
            ? (const void *) ((const uint16_t *) e->slots + slot)
            : (const void *) ((const uint8_t *) e->slots + slot));
}

/* Returns the owner that 'slot', from mux_entry_slot(), names. */
static inline const struct mux_owner *
mux_entry_owner(const struct mux_entry *e, const void *slot)
{
    return &e->owners[e->flags & MUX_ENTRY_WIDE
                      ? *(const uint16_t *) slot : *(const uint8_t *) slot];
}

/* Returns the other owners of the slot that 'hash' falls into, or null if
 * there are none.  'e' must have MUX_ENTRY_RING. */
static inline const struct mux_ring *
mux_entry_ring(const struct mux_entry *e, uint64_t hash)
{
    const struct mux_view *view = e->view;
    size_t slot = hash & ((UINT64_C(1) << view->ring_log2) - 1);
    uint32_t ring = view->ring16 ? view->ring16[slot] : view->ring32[slot];

    return ring ? &view->rings[ring] : NULL;
}

static inline const struct mux_nexthop_entry *
mux_table_nexthop(const struct mux_table *table, uint32_t number)
{
    return &(table->chunks[number / MUX_CHUNK_SIZE]
             ->entries[number % MUX_CHUNK_SIZE]);
}

void mux_address_to_words(const struct in6_addr *, uint64_t words[2]);
struct in6_addr mux_address_from_words(const uint64_t words[2]);

const struct mux_entry *mux_table_lookup(const struct mux_table *,
                                         uint32_t network,
                                         const struct in6_addr *vip,
                                         uint8_t protocol, uint16_t port,
                                         const struct mux_endpoint **);
void mux_table_steer(const struct mux_table *, const struct mux_entry *,
                     uint64_t hash, const struct mux_owner *,
                     long long int now, struct steering *);
void mux_table_steer_fragment(struct steering *, uint16_t port);

#endif /* ovs-ext/mux-table.h */

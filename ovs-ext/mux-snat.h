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

#ifndef MUX_SNAT_H
#define MUX_SNAT_H 1

/* Where packets go that come back to a VM by SNAT.
 *
 * VMs that open connections to the internet do so from ports of a VIP, in
 * blocks of eight, which are given to one VM each.  What comes back to such a
 * port goes to the VM's host, TCP and UDP alike, and so do ICMP errors about
 * what the VM has sent.  The host's conntrack does the rest, so a mux knows
 * nothing but who has which block.
 *
 * A VIP has 8192 blocks, of which the first 128, the ports below 1024, are not
 * for SNAT.  They are in leaves of 64, each of them shared by successive
 * tables (mux-table.h) until one of its blocks changes: to give a block to
 * somebody copies a leaf and the array of leaves.  Leaves in which nobody has
 * a block are all the same one, and a VIP without any blocks has none of
 * its own.
 *
 * A port that an endpoint names is the endpoint's, and the manager gives
 * nobody the block that it is in.
 *
 *
 * Ports that endpoints name
 * =========================
 *
 * So a packet to a port that may be for SNAT has to be looked for among the
 * endpoints first, of which there may be thousands, to find out that none
 * names the port.  That would cost a quarter of what the packet costs, since
 * each port has a place of its own there, far from all others.  A filter
 * (Bloom's) in front of each page of endpoints tells, for nearly all ports
 * that none names, that it is so.  It is a tiny fraction of the page, so that
 * the filters of all pages stay in a near cache, and has only endpoints with
 * ports that may be for SNAT, so others do not fill it.
 *
 * To take something out of such a filter is not possible.  Each table has its
 * own filters, and those of pages that have changed are made anew.
 *
 *
 * Blocks that nobody has
 * ======================
 *
 * A block may have been given to somebody a moment ago, and this mux has not
 * been told yet, while others have.  So a packet to a block that is nobody's
 * is handed on, once, to another mux: which one depends on the packet's flow.
 * It goes to that mux's own VTEP with a mark (lib/steering.h).  A mux takes
 * such packets from the muxes that it has been told of.  If it does not know
 * the block either, the packet is dropped.
 *
 * Anybody can send to ports that nobody has, so a thread hands on a limited
 * number of packets.
 *
 *
 * Echo replies
 * ============
 *
 * Echo requests have an identifier instead of a port, which SNAT by a host
 * leaves as it is.  Several VMs may use the same, so a mux cannot know whose a
 * reply is: it is dropped and counted. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/slb-outbound.h"
#include "openvswitch/types.h"
#include "ovs-ext/mux-table.h"

struct mux_context;
struct mux_flight;
struct mux_snat_range;

/* Blocks of a VIP, and the first one that is for SNAT. */
#define MUX_SNAT_BLOCKS ((UINT16_MAX + 1) / SLB_OUTBOUND_BLOCK)
#define MUX_SNAT_FIRST (SLB_OUTBOUND_FIRST_PORT / SLB_OUTBOUND_BLOCK)

#define MUX_SNAT_LEAF_SIZE 64
#define MUX_SNAT_LEAVES (MUX_SNAT_BLOCKS / MUX_SNAT_LEAF_SIZE)

struct mux_snat_leaf {
    /* MUX_NO_NEXTHOP: nobody has the block. */
    struct mux_owner blocks[MUX_SNAT_LEAF_SIZE];

    ovs_be32 vteps[MUX_SNAT_LEAF_SIZE]; /* 0: nobody has the block. */
    unsigned int n;             /* Blocks that somebody has. */
    uint64_t commit;            /* Of mux-store.c. */
};

/* The blocks of a VIP. */
struct mux_snat {
    struct mux_snat_leaf *leaves[MUX_SNAT_LEAVES]; /* None is null. */
    unsigned int n;             /* Blocks that somebody has. */
    unsigned int n_leaves;      /* Leaves with such blocks. */
    uint64_t commit;            /* Of mux-store.c. */
};

/* Those of a VIP without any.  Must not be written to. */
extern struct mux_snat mux_snat_none;

/* What may be among the endpoints of a page. */
#define MUX_SNAT_FILTER_WORDS 32

struct mux_snat_filter {
    uint64_t words[MUX_SNAT_FILTER_WORDS];
};

/* The other muxes. */
struct mux_peer {
    ovs_be32 vtep;
    uint32_t nexthop;
};

struct mux_peers {
    size_t n;
    struct mux_peer peers[];
};

/* Forwarding. */

/* May 'port' be for SNAT, if no endpoint names it? */
static inline bool
mux_snat_is_port(uint16_t port)
{
    return port >= SLB_OUTBOUND_FIRST_PORT;
}

/* The bits that an endpoint with 'hash' sets in a filter's word
 * mux_snat_filter_word(). */
static inline uint64_t
mux_snat_filter_bits(uint64_t hash)
{
    return UINT64_C(1) << (hash >> 5) % 64 | UINT64_C(1) << (hash >> 11) % 64;
}

static inline size_t
mux_snat_filter_word(uint64_t hash)
{
    return hash % MUX_SNAT_FILTER_WORDS;
}

/* May an endpoint on the wire with 'hash', of a port that may be for SNAT, be
 * there?  If not, this mostly returns false. */
static inline bool
mux_snat_may_be_named(const struct mux_table *table, uint64_t hash)
{
    const struct mux_snat_filter *filter
        = &table->filters[mux_table_page_number(table, hash)];
    uint64_t bits = mux_snat_filter_bits(hash);

    return (filter->words[mux_snat_filter_word(hash)] & bits) == bits;
}

/* Returns where the leaf of 'port' is. */
static inline struct mux_snat_leaf *const *
mux_snat_slot(const struct mux_snat *snat, uint16_t port)
{
    return &snat->leaves[port / SLB_OUTBOUND_BLOCK / MUX_SNAT_LEAF_SIZE];
}

/* Returns the entry of 'port' in the leaf at 'slot'. */
static inline const struct mux_owner *
mux_snat_owner(struct mux_snat_leaf *const *slot, uint16_t port)
{
    return &(*slot)->blocks[port / SLB_OUTBOUND_BLOCK % MUX_SNAT_LEAF_SIZE];
}

const struct mux_entry *mux_snat_find(const struct mux_table *,
                                      const uint64_t vip[2]);
bool mux_snat_is_listened(const struct mux_table *, const uint64_t vip[2],
                          uint16_t port);
int mux_snat_hand_on(struct mux_context *, struct mux_flight *);
bool mux_snat_is_handed_on(const struct mux_table *,
                           const struct mux_flight *);
bool mux_snat_is_echo_reply(const struct mux_flight *);

/* Changing.  What a table in use may refer to is not freed but given to
 * 'retire', and hosts that blocks refer to are counted. */

struct mux_snat_writer {
    uint64_t commit;            /* Of the transaction. */
    void *aux;
    void (*retire)(void *aux, void *memory); /* free_cacheline() it. */
    uint32_t (*ref)(void *aux, ovs_be32 vtep, size_t n);
    void (*unref)(void *aux, ovs_be32 vtep, size_t n);
};

struct mux_snat *mux_snat_set(struct mux_snat *,
                              const struct mux_snat_range *,
                              const struct mux_snat_writer *);
void mux_snat_retire(struct mux_snat *, const struct mux_snat_writer *);
void mux_snat_filter_fill(struct mux_snat_filter *, const struct mux_page *);
size_t mux_snat_count_leaves(const struct mux_snat *,
                             const struct mux_snat_range *, size_t n);

#endif /* ovs-ext/mux-snat.h */

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

#include "ovs-ext/mux-snat.h"

#include "bitmap.h"
#include "lib/steering.h"
#include "ovs-ext/mux-flight.h"
#include "ovs-ext/mux-op.h"
#include "ovs-ext/mux-thread.h"
#include "packets.h"
#include "util.h"

/* What all leaves without blocks are. */
static struct mux_snat_leaf no_blocks;

struct mux_snat mux_snat_none = {
    .leaves = { [0 ... MUX_SNAT_LEAVES - 1] = &no_blocks },
};

/* Returns the entry of the ports of 'vip' for SNAT, or null. */
const struct mux_entry *
mux_snat_find(const struct mux_table *table, const uint64_t vip[2])
{
    uint64_t tuple = mux_tuple_snat();
    uint64_t hash = mux_endpoint_hash(vip, tuple);

    return mux_page_find(mux_table_page(table, hash), hash, vip, tuple);
}

/* Does an endpoint name any port of the block that 'port' is in? */
bool
mux_snat_is_listened(const struct mux_table *table, const uint64_t vip[2],
                     uint16_t port)
{
    static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };

    port -= port % SLB_OUTBOUND_BLOCK;
    for (size_t i = 0; i < SLB_OUTBOUND_BLOCK; i++, port++) {
        for (size_t j = 0; j < ARRAY_SIZE(protocols); j++) {
            uint64_t tuple = mux_tuple(0, protocols[j], port);
            uint64_t hash = mux_endpoint_hash(vip, tuple);

            if (mux_page_find(mux_table_page(table, hash), hash, vip,
                              tuple)) {
                return true;
            }
        }
    }
    return false;
}

/* Returns the next hop to the mux that packets with 'hash' are handed on to,
 * or null if no other mux can be reached. */
static const struct mux_nexthop_entry *
choose_peer(const struct mux_table *table, uint64_t hash)
{
    const struct mux_peers *peers = table->peers;

    for (size_t i = 0; i < peers->n; i++) {
        size_t j = (hash + i) % peers->n;
        const struct mux_nexthop_entry *nexthop
            = mux_table_nexthop(table, peers->peers[j].nexthop);

        if (nexthop->valid) {
            return nexthop;
        }
    }
    return NULL;
}

/* Hands 'f', to a block that is nobody's, on to another mux, as it came.
 * Returns MUX_DONE, or a reason for dropping it. */
int
mux_snat_hand_on(struct mux_context *ctx, struct mux_flight *f)
{
    const struct mux_nexthop_entry *nexthop = choose_peer(ctx->table,
                                                          f->hash >> 16);

    if (!nexthop
        || !mux_thread_may_hand_on(ctx->thread, ctx->now)) {
        return MUX_COUNT_NO_BLOCK;
    }

    uint8_t *p = mux_make_room(f->packet, f->l3, f->l3_len, MUX_PUSH_LEN);
    if (!p) {
        return MUX_COUNT_HEADROOM;
    }
    memcpy(p, nexthop, MUX_PUSH_LEN);
    mux_put_tunnel(p, nexthop, f, 0);
    steering_put_handed_on(p + MUX_TUNNEL_LEN);
    memcpy(p + MUX_TUNNEL_LEN + STEERING_LEN, &f->eth_type,
           sizeof f->eth_type);

    ctx->counters->n[MUX_COUNT_HANDED_ON]++;
    ctx->counters->n[MUX_COUNT_HANDED_ON_BYTES] += f->size;
    mux_thread_count_drop(ctx->thread, f->entry->counter,
                          MUX_COUNT_HANDED_ON);
    ctx->answers[ctx->n_answers++] = f->packet;
    f->packet = NULL;
    return MUX_DONE;
}

/* Is 'f' what another mux has handed on to this one? */
bool
mux_snat_is_handed_on(const struct mux_table *table,
                      const struct mux_flight *f)
{
    const uint8_t *vxlan = f->l3 + IP_HEADER_LEN + UDP_HEADER_LEN;
    uint32_t ofs = IP_HEADER_LEN + UDP_HEADER_LEN + sizeof(struct vxlanhdr);

    if (!mux_flight_is_v4(f) || f->tunnelled || f->fragment
        || f->protocol != IPPROTO_UDP || f->dport != MUX_VXLAN_PORT
        || htonl(f->vip[1]) != table->vtep
        || f->l3_len < ofs + ETH_HEADER_LEN
        || mux_get_be32(vxlan) >> 24 != VXLAN_FLAGS >> 24
        || mux_get_be32(vxlan + 4) >> 8
        || !steering_is_handed_on(vxlan + sizeof(struct vxlanhdr))) {
        return false;
    }
    for (size_t i = 0; i < table->peers->n; i++) {
        if (table->peers->peers[i].vtep == htonl(f->src[0])) {
            return true;
        }
    }
    return false;
}

/* Is 'f' a reply to an echo request? */
bool
mux_snat_is_echo_reply(const struct mux_flight *f)
{
    bool v4 = mux_flight_is_v4(f);

    return (f->protocol == (v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)
            && !f->steered && !f->fragment && f->l3_len > f->l4_ofs
            && f->l3[f->l4_ofs] == (v4 ? ICMP4_ECHO_REPLY
                                    : ICMP6_ECHO_REPLY));
}

/* Changing. */

/* Returns 'snat', or a copy that belongs to the transaction of 'w' alone. */
static struct mux_snat *
snat_for_writing(struct mux_snat *snat, const struct mux_snat_writer *w)
{
    if (snat && snat->commit == w->commit) {
        return snat;
    }

    struct mux_snat *new = xmalloc_cacheline(sizeof *new);

    *new = snat ? *snat : mux_snat_none;
    new->commit = w->commit;
    if (snat) {
        w->retire(w->aux, snat);
    }
    return new;
}

/* Likewise for leaf 'i' of 'snat', which must be for writing. */
static struct mux_snat_leaf *
leaf_for_writing(struct mux_snat *snat, size_t i,
                 const struct mux_snat_writer *w)
{
    struct mux_snat_leaf *old = snat->leaves[i];

    if (old == &no_blocks || old->commit != w->commit) {
        struct mux_snat_leaf *new = xmalloc_cacheline(sizeof *new);

        *new = *old;
        new->commit = w->commit;
        if (old == &no_blocks) {
            snat->n_leaves++;
        } else {
            w->retire(w->aux, old);
        }
        snat->leaves[i] = new;
    }
    return snat->leaves[i];
}

/* VTEPs of blocks one after the other, of which runs are mostly the same. */
struct run {
    ovs_be32 vtep;
    size_t n;
};

static void
run_end(struct run *run, const struct mux_snat_writer *w)
{
    if (run->n) {
        w->unref(w->aux, run->vtep, run->n);
        run->n = 0;
    }
}

static void
run_add(struct run *run, ovs_be32 vtep, const struct mux_snat_writer *w)
{
    if (vtep) {
        if (vtep != run->vtep) {
            run_end(run, w);
            run->vtep = vtep;
        }
        run->n++;
    }
}

/* Changes 'snat', null if there are no blocks yet, as 'range' says.  Returns
 * what is there instead of it then, null if there are no blocks any more. */
struct mux_snat *
mux_snat_set(struct mux_snat *snat, const struct mux_snat_range *range,
             const struct mux_snat_writer *w)
{
    struct mux_owner owner = { .nexthop = MUX_NO_NEXTHOP };
    struct run run = { .n = 0 };

    if (!snat && !range->vtep) {
        return NULL;
    }
    if (range->vtep) {
        owner = (struct mux_owner) {
            .index = range->vm,
            .flags = STEERING_SNAT,
            .nexthop = w->ref(w->aux, range->vtep, range->n),
            .counter = MUX_NO_COUNTER,
            .vni = range->tunnel_key,
        };
    }
    snat = snat_for_writing(snat, w);
    for (size_t i = range->first; i < range->first + range->n; i++) {
        size_t leaf_index = i / MUX_SNAT_LEAF_SIZE;
        size_t j = i % MUX_SNAT_LEAF_SIZE;

        if (!range->vtep && !snat->leaves[leaf_index]->vteps[j]) {
            continue;
        }

        struct mux_snat_leaf *leaf = leaf_for_writing(snat, leaf_index, w);
        int change = !!range->vtep - !!leaf->vteps[j];
        run_add(&run, leaf->vteps[j], w);
        leaf->blocks[j] = owner;
        leaf->vteps[j] = range->vtep;
        leaf->n += change;
        snat->n += change;
        if (!leaf->n) {
            snat->leaves[leaf_index] = &no_blocks;
            snat->n_leaves--;
            w->retire(w->aux, leaf);
        }
    }
    run_end(&run, w);
    if (!snat->n) {
        w->retire(w->aux, snat);
        return NULL;
    }
    return snat;
}

/* Gives up 'snat'. */
void
mux_snat_retire(struct mux_snat *snat, const struct mux_snat_writer *w)
{
    struct run run = { .n = 0 };

    if (!snat) {
        return;
    }
    for (size_t i = 0; i < MUX_SNAT_LEAVES; i++) {
        struct mux_snat_leaf *leaf = snat->leaves[i];

        if (leaf != &no_blocks) {
            for (size_t j = 0; j < MUX_SNAT_LEAF_SIZE; j++) {
                run_add(&run, leaf->vteps[j], w);
            }
            w->retire(w->aux, leaf);
        }
    }
    run_end(&run, w);
    w->retire(w->aux, snat);
}

/* Makes 'filter' that of 'page'. */
void
mux_snat_filter_fill(struct mux_snat_filter *filter,
                     const struct mux_page *page)
{
    memset(filter, 0, sizeof *filter);
    for (size_t i = 0; i < MUX_PAGE_SIZE; i++) {
        const struct mux_entry *e = &page->entries[i];

        if (mux_snat_is_port(mux_tuple_wire_port(e->tuple))) {
            uint64_t hash = mux_endpoint_hash(e->vip, e->tuple);

            filter->words[mux_snat_filter_word(hash)]
                |= mux_snat_filter_bits(hash);
        }
    }
}

/* Returns how many leaves 'snat', null if there are no blocks yet, will not
 * exceed after the 'n' changes of 'ranges'. */
size_t
mux_snat_count_leaves(const struct mux_snat *snat,
                      const struct mux_snat_range *ranges, size_t n)
{
    unsigned long leaves[BITMAP_N_LONGS(MUX_SNAT_LEAVES)] = { 0 };

    for (size_t i = 0; snat && i < MUX_SNAT_LEAVES; i++) {
        bitmap_set(leaves, i, snat->leaves[i] != &no_blocks);
    }
    for (size_t i = 0; i < n; i++) {
        if (ranges[i].vtep) {
            size_t first = ranges[i].first / MUX_SNAT_LEAF_SIZE;
            size_t last = ((ranges[i].first + ranges[i].n - 1)
                           / MUX_SNAT_LEAF_SIZE);

            bitmap_set_multiple(leaves, first, last - first + 1, true);
        }
    }
    return bitmap_count1(leaves, MUX_SNAT_LEAVES);
}

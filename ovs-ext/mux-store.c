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

#include "ovs-ext/mux-store.h"

#include <stdlib.h>
#include <string.h>

#include "csum.h"
#include "hash.h"
#include "lib/huge.h"
#include "ovs-ext/mux-op.h"
#include "ovs-ext/mux-snat.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "ovs-rcu.h"
#include "packets.h"
#include "unaligned.h"
#include "util.h"

/* A Maglev table that all pools with the same members and weights share. */
struct shared_table {
    struct hmap_node node;      /* In struct mux_store's "shared". */
    struct slb_hash_key key;
    struct maglev_table *table;
    size_t n_refs;
};

/* A VTEP that has a number, because a pool or a next hop names it. */
struct vtep {
    struct hmap_node node;      /* In struct state's "vteps". */
    ovs_be32 ip;
    uint32_t number;            /* Of its entry among the next hops. */
    size_t n_refs;
};

/* The objects there are, and their form for the fast path. */
struct state {
    struct hmap objects;        /* Contains "struct mux_object"s. */
    size_t n_objects[MUX_N_OBJECT_TYPES];
    uint64_t slot_bytes;

    struct hmap vteps;          /* Contains "struct vtep"s. */
    uint32_t *free_numbers;     /* Numbers given back. */
    size_t n_free_numbers, allocated_free_numbers;
    uint32_t n_numbers;         /* Numbers ever given. */

    struct mux_page **pages;
    size_t n_pages;             /* A power of two. */
    struct mux_nexthop_chunk **chunks;
    size_t n_chunks;
    struct mux_vips *vips;
    struct mux_peers *peers;
    size_t n_snat_leaves;       /* Of all VIPs. */
};

struct garbage {
    void (*function)(void *);
    void *argument;
};

struct leaver {
    uint32_t counter;
    struct mux_key vip;
};

struct mux_store {
    struct state *state;
    struct hmap shared;         /* Contains "struct shared_table"s. */

    /* Number of the transaction under way.  Pages and chunks with another one
     * are in a table that is in use and must not be touched. */
    uint64_t commit;

    /* What the table in use may still refer to. */
    struct garbage *garbage;
    size_t n_garbage, allocated_garbage;

    /* Counters that the transaction under way has made superfluous, and the
     * VIPs for which their figures go on to count. */
    struct leaver *leavers;
    size_t n_leavers, allocated_leavers;

    struct mux_table_stats stats;
    OVSRCU_TYPE(struct mux_table *) table;
};

/* What a transaction does to one object. */
struct change {
    struct hmap_node node;      /* In struct changes's "by_key". */
    struct ovs_list list_node;  /* In struct changes's "by_type". */
    struct mux_key key;
    struct mux_object *old;     /* Null if there is none. */
    struct mux_object *new;     /* Null if it is deleted. */
    size_t op;                  /* The last operation that names it. */
};

struct changes {
    struct hmap by_key;
    struct ovs_list by_type[MUX_N_OBJECT_TYPES];
};

void
mux_error_destroy(struct mux_error *error)
{
    if (error) {
        free(error->details);
        free(error);
    }
}

static struct mux_error * OVS_PRINTF_FORMAT(3, 4)
mux_error_create(const char *class, size_t op, const char *format, ...)
{
    struct mux_error *error = xmalloc(sizeof *error);
    va_list args;

    va_start(args, format);
    error->class = class;
    error->details = xvasprintf(format, args);
    error->op = op;
    va_end(args);
    return error;
}

/* Has FUNCTION called for ARGUMENT when nobody can use it any more.  While a
 * transaction is being carried out the table in use refers to it, so it is not
 * yet RCU's: see garbage_postpone(). */
#define retire(STORE, FUNCTION, ARGUMENT)                               \
    ((void) sizeof((FUNCTION)(ARGUMENT), 1),                            \
     retire__(STORE, (void (*)(void *)) (FUNCTION), ARGUMENT))

static void
retire__(struct mux_store *store, void (*function)(void *), void *argument)
{
    if (store->n_garbage >= store->allocated_garbage) {
        store->garbage = x2nrealloc(store->garbage, &store->allocated_garbage,
                                    sizeof *store->garbage);
    }
    store->garbage[store->n_garbage++] = (struct garbage) {
        .function = function,
        .argument = argument,
    };
}

/* Hands all garbage to RCU.  No table that can still be got may refer to
 * it. */
static void
garbage_postpone(struct mux_store *store)
{
    for (size_t i = 0; i < store->n_garbage; i++) {
        ovsrcu_postpone__(store->garbage[i].function,
                          store->garbage[i].argument);
    }
    free(store->garbage);
    store->garbage = NULL;
    store->n_garbage = store->allocated_garbage = 0;
}

static struct mux_pool *
mux_pool_cast(struct mux_object *object)
{
    return object ? CONTAINER_OF(object, struct mux_pool, object) : NULL;
}

static struct mux_vip *
mux_vip_cast(struct mux_object *object)
{
    return object ? CONTAINER_OF(object, struct mux_vip, object) : NULL;
}

static struct mux_endpoint *
mux_endpoint_cast(struct mux_object *object)
{
    return object ? CONTAINER_OF(object, struct mux_endpoint, object) : NULL;
}

static struct mux_nexthop *
mux_nexthop_cast(struct mux_object *object)
{
    return object ? CONTAINER_OF(object, struct mux_nexthop, object) : NULL;
}

static struct mux_global *
mux_global_cast(struct mux_object *object)
{
    return object ? CONTAINER_OF(object, struct mux_global, object) : NULL;
}

static struct mux_snat_update *
mux_snat_cast(struct mux_object *object)
{
    return object ? CONTAINER_OF(object, struct mux_snat_update, object)
                  : NULL;
}

static struct mux_object *
state_find(const struct state *state, const struct mux_key *key)
{
    struct mux_object *object;

    HMAP_FOR_EACH_WITH_HASH (object, node, mux_key_hash(key),
                             &state->objects) {
        if (mux_key_equals(&object->key, key)) {
            return object;
        }
    }
    return NULL;
}

static struct mux_page *
page_create(const struct mux_store *store)
{
    struct mux_page *page = huge_zalloc(sizeof *page);

    page->commit = store->commit;
    return page;
}

static struct mux_nexthop_chunk *
chunk_create(const struct mux_store *store)
{
    struct mux_nexthop_chunk *chunk = huge_zalloc(sizeof *chunk);

    chunk->commit = store->commit;
    return chunk;
}

/* Returns the set of the VIPs of 'state'. */
static struct mux_vips *
vips_create(const struct state *state)
{
    const struct mux_object *object;
    size_t n = 2;

    while (n < 2 * state->n_objects[MUX_VIP]) {
        n *= 2;
    }

    struct mux_vips *vips = xzalloc(sizeof *vips
                                    + n * sizeof vips->entries[0]);
    vips->mask = n - 1;
    HMAP_FOR_EACH (object, node, &state->objects) {
        if (object->key.type == MUX_VIP) {
            const struct mux_vip *vip
                = CONTAINER_OF(object, struct mux_vip, object);
            uint32_t network = object->key.number;
            uint64_t words[2];

            mux_address_to_words(&object->key.address, words);
            vips->entries[mux_vips_find(vips, network, words)]
                = (struct mux_vip_entry) {
                    .address = { words[0], words[1] },
                    .network = network,
                    .counter = vip->counter,
                    .used = true,
                    .echo = vip->echo,
                    .reject = vip->reject,
                };
        }
    }
    return vips;
}

static struct state *
state_create(const struct mux_store *store)
{
    struct state *state = xzalloc(sizeof *state);

    hmap_init(&state->objects);
    hmap_init(&state->vteps);
    state->pages = xmalloc(sizeof *state->pages);
    state->pages[0] = page_create(store);
    state->n_pages = 1;

    /* Number 0 is MUX_NO_NEXTHOP. */
    state->chunks = xmalloc(sizeof *state->chunks);
    state->chunks[0] = chunk_create(store);
    state->n_chunks = 1;
    state->n_numbers = 1;
    state->vips = vips_create(state);
    state->peers = xzalloc(sizeof *state->peers);
    return state;
}

/* Shared Maglev tables. */

static uint32_t
weights_hash(const struct maglev_member weights[], size_t n,
             unsigned int log2)
{
    uint32_t hash = log2;

    for (size_t i = 0; i < n; i++) {
        hash = hash_add(hash, weights[i].index);
        hash = hash_add(hash, weights[i].weight);
    }
    return hash_finish(hash, n);
}

static bool
weights_equal(const struct maglev_member a[], const struct maglev_member b[],
              size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i].index != b[i].index || a[i].weight != b[i].weight) {
            return false;
        }
    }
    return true;
}

static const struct maglev_table *
shared_table_ref(struct mux_store *store, const struct slb_hash_key *key,
                 const struct mux_generation *g)
{
    uint32_t hash = weights_hash(g->weights, g->n_weights, g->log2);
    struct shared_table *shared;

    HMAP_FOR_EACH_WITH_HASH (shared, node, hash, &store->shared) {
        const struct maglev_table *table = shared->table;

        if (table->log2 == g->log2 && table->n_members == g->n_weights
            && weights_equal(table->members, g->weights, g->n_weights)
            && !memcmp(&shared->key, key, sizeof *key)) {
            shared->n_refs++;
            return table;
        }
    }

    shared = xzalloc(sizeof *shared);
    shared->key = *key;
    shared->table = maglev_table_create(key, g->weights, g->n_weights,
                                        g->log2);
    shared->n_refs = 1;
    hmap_insert(&store->shared, &shared->node, hash);
    store->stats.n_tables++;
    return shared->table;
}

static void
shared_table_unref(struct mux_store *store, const struct maglev_table *table)
{
    uint32_t hash = weights_hash(table->members, table->n_members,
                                 table->log2);
    struct shared_table *shared;

    HMAP_FOR_EACH_WITH_HASH (shared, node, hash, &store->shared) {
        if (shared->table == table) {
            if (!--shared->n_refs) {
                hmap_remove(&store->shared, &shared->node);
                retire(store, maglev_table_destroy, shared->table);
                free(shared);
            }
            return;
        }
    }
    OVS_NOT_REACHED();
}

/* VTEPs and next hops. */

static struct vtep *
vtep_find(const struct state *state, ovs_be32 ip)
{
    struct vtep *vtep;

    HMAP_FOR_EACH_WITH_HASH (vtep, node, hash_int((OVS_FORCE uint32_t) ip, 0),
                             &state->vteps) {
        if (vtep->ip == ip) {
            return vtep;
        }
    }
    return NULL;
}

/* Returns chunk 'i', in a copy of this transaction's own. */
static struct mux_nexthop_chunk *
chunk_for_writing(struct mux_store *store, struct state *state, size_t i)
{
    struct mux_nexthop_chunk *old = state->chunks[i];

    if (old->commit != store->commit) {
        struct mux_nexthop_chunk *new = huge_alloc(sizeof *new);

        *new = *old;
        new->commit = store->commit;
        state->chunks[i] = new;
        retire(store, huge_free, old);
    }
    return state->chunks[i];
}

/* Takes 'n' references to the VTEP 'ip' and returns its number. */
static uint32_t
vtep_ref_n(struct mux_store *store, struct state *state, ovs_be32 ip,
           size_t n)
{
    struct vtep *vtep = vtep_find(state, ip);

    if (!vtep) {
        vtep = xmalloc(sizeof *vtep);
        vtep->ip = ip;
        vtep->n_refs = 0;
        if (state->n_free_numbers) {
            vtep->number = state->free_numbers[--state->n_free_numbers];
        } else {
            vtep->number = state->n_numbers++;
        }
        if (vtep->number / MUX_CHUNK_SIZE >= state->n_chunks) {
            state->chunks = xrealloc(state->chunks, (state->n_chunks + 1)
                                     * sizeof *state->chunks);
            state->chunks[state->n_chunks++] = chunk_create(store);
        }
        hmap_insert(&state->vteps, &vtep->node,
                    hash_int((OVS_FORCE uint32_t) ip, 0));
    }
    vtep->n_refs += n;
    return vtep->number;
}

static uint32_t
vtep_ref(struct mux_store *store, struct state *state, ovs_be32 ip)
{
    return vtep_ref_n(store, state, ip, 1);
}

static void
vtep_unref_n(struct state *state, ovs_be32 ip, size_t n)
{
    struct vtep *vtep = vtep_find(state, ip);

    vtep->n_refs -= n;
    if (!vtep->n_refs) {
        if (state->n_free_numbers >= state->allocated_free_numbers) {
            state->free_numbers = x2nrealloc(state->free_numbers,
                                             &state->allocated_free_numbers,
                                             sizeof *state->free_numbers);
        }
        state->free_numbers[state->n_free_numbers++] = vtep->number;
        hmap_remove(&state->vteps, &vtep->node);
        free(vtep);
    }
}

static void
vtep_unref(struct state *state, ovs_be32 ip)
{
    vtep_unref_n(state, ip, 1);
}

/* Writes the entry of 'nexthop', or that of none to 'vtep' if it is null. */
static void
nexthop_entry_write(struct mux_store *store, struct state *state,
                    const struct mux_global *global, ovs_be32 vtep,
                    const struct mux_nexthop *nexthop)
{
    uint32_t number = vtep_find(state, vtep)->number;
    struct mux_nexthop_chunk *chunk
        = chunk_for_writing(store, state, number / MUX_CHUNK_SIZE);
    struct mux_nexthop_entry *e = &chunk->entries[number % MUX_CHUNK_SIZE];

    memset(e, 0, sizeof *e);
    if (!nexthop) {
        return;
    }

    struct eth_header *eth = (struct eth_header *) (void *) e->header;
    eth->eth_dst = nexthop->dst_mac;
    eth->eth_src = nexthop->src_mac;
    eth->eth_type = htons(ETH_TYPE_IP);

    struct ip_header *ip = (struct ip_header *) (eth + 1);
    ip->ip_ihl_ver = IP_IHL_VER(5, 4);
    ip->ip_frag_off = htons(IP_DONT_FRAGMENT);
    ip->ip_ttl = 64;
    ip->ip_proto = IPPROTO_UDP;
    put_16aligned_be32(&ip->ip_src, global->vtep);
    put_16aligned_be32(&ip->ip_dst, vtep);
    e->csum = csum_continue(0, ip, sizeof *ip);

    struct udp_header *udp = (struct udp_header *) (ip + 1);
    udp->udp_dst = htons(4789);

    struct vxlanhdr *vxlan = (struct vxlanhdr *) (udp + 1);
    put_16aligned_be32(&vxlan->vx_flags, htonl(VXLAN_FLAGS));

    BUILD_ASSERT(sizeof *eth + sizeof *ip + sizeof *udp + sizeof *vxlan
                 == MUX_TUNNEL_LEN);
    e->vtep = vtep;
    e->valid = true;
    e->dead = nexthop->dead;
}

/* Pools. */

static const struct mux_pool_member *
pool_find_member(const struct mux_pool *pool, uint16_t index)
{
    size_t low = 0, high = pool->n_members;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (pool->members[middle].index < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (low < pool->n_members && pool->members[low].index == index
            ? &pool->members[low] : NULL);
}

static uint32_t
pool_nexthop_number(const struct state *state, const struct mux_pool *pool,
                    uint16_t index)
{
    const struct mux_pool_member *member = pool_find_member(pool, index);

    return member ? vtep_find(state, member->vtep)->number : MUX_NO_NEXTHOP;
}

static uint32_t
pool_counter(const struct mux_pool *pool, uint16_t index)
{
    const struct mux_pool_member *member = pool_find_member(pool, index);

    return member ? member->counter : MUX_NO_COUNTER;
}

/* What the tables of 'pool' would take if it shared none. */
static uint64_t
pool_slot_bytes(const struct mux_pool *pool)
{
    unsigned int log2 = pool->has_coming ? pool->coming.log2 : 0;
    uint64_t n = pool->has_coming ? UINT64_C(2) << log2 : 0;

    for (size_t i = 0; i < pool->n_generations; i++) {
        log2 = MAX(log2, pool->generations[i].log2);
        n += UINT64_C(2) << pool->generations[i].log2;
    }
    return n + (pool->n_generations + pool->has_coming > 1
                ? UINT64_C(4) << log2 : 0);
}

/* Rings while they are found: equal ones are kept once. */
struct ring_builder {
    struct hmap by_contents;    /* Contains "struct ring_node"s. */
    struct mux_ring *rings;
    size_t n, allocated;
};

struct ring_node {
    struct hmap_node node;
    struct maglev_ring contents;
    uint32_t number;
};

static uint32_t
ring_builder_add(struct ring_builder *rb, const struct maglev_ring *contents,
                 const struct mux_view *view, const struct state *state,
                 const struct mux_pool *pool)
{
    uint32_t hash = hash_3words(contents->others[0],
                                contents->others[1] << 16
                                | contents->others[2],
                                (uint32_t) contents->changed << 1
                                | contents->truncated);
    struct ring_node *rn;

    HMAP_FOR_EACH_WITH_HASH (rn, node, hash, &rb->by_contents) {
        const struct maglev_ring *r = &rn->contents;

        if (!memcmp(r->others, contents->others, sizeof r->others)
            && r->changed == contents->changed
            && r->truncated == contents->truncated) {
            return rn->number;
        }
    }

    if (rb->n >= rb->allocated) {
        rb->rings = x2nrealloc(rb->rings, &rb->allocated, sizeof *rb->rings);
    }
    struct mux_ring *ring = &rb->rings[rb->n];
    memset(ring, 0, sizeof *ring);
    ring->n = contents->n_others;
    ring->truncated = contents->truncated;
    ring->changed_at = (contents->changed >= 0
                        ? view->generations[view->in_force
                                            + contents->changed].switched_at
                        : LLONG_MIN);
    for (int i = 0; i < ring->n; i++) {
        ring->indices[i] = contents->others[i];
        ring->nexthops[i] = pool_nexthop_number(state, pool, ring->indices[i]);
    }

    rn = xmalloc(sizeof *rn);
    rn->contents = *contents;
    rn->number = rb->n++;
    hmap_insert(&rb->by_contents, &rn->node, hash);
    return rn->number;
}

static void
view_build_rings(struct mux_view *view, const struct state *state,
                 const struct mux_pool *pool)
{
    const struct maglev_table *tables[MUX_MAX_GENERATIONS];
    const struct maglev_table *coming = NULL;
    unsigned int log2 = 0;
    size_t n_tables = 0;

    for (size_t i = view->in_force; i < view->n_generations; i++) {
        const struct mux_view_generation *g = &view->generations[i];

        log2 = MAX(log2, g->table->log2);
        if (g->state == MUX_COMING) {
            coming = g->table;
        } else {
            tables[n_tables++] = g->table;
        }
    }
    if (!tables[0]->n_members || (!coming && n_tables == 1)) {
        return;
    }

    size_t n_slots = (size_t) 1 << log2;
    uint32_t *numbers = huge_alloc(n_slots * sizeof *numbers);
    struct ring_builder rb = { .by_contents =
                               HMAP_INITIALIZER(&rb.by_contents) };
    struct maglev_ring none = { .changed = -1 };

    ring_builder_add(&rb, &none, view, state, pool);
    for (size_t i = 0; i < n_slots; i++) {
        struct maglev_ring contents;

        maglev_ring_get(&contents, i, coming, tables, n_tables);
        numbers[i] = (contents.n_others || contents.changed >= 0
                      ? ring_builder_add(&rb, &contents, view, state, pool)
                      : 0);
    }

    if (rb.n > 1) {
        view->ring_log2 = log2;
        view->rings = rb.rings;
        view->n_rings = rb.n;
        if (rb.n <= UINT16_MAX + 1) {
            view->ring16 = huge_alloc(n_slots * sizeof *view->ring16);
            for (size_t i = 0; i < n_slots; i++) {
                view->ring16[i] = numbers[i];
            }
            huge_free(numbers);
        } else {
            view->ring32 = numbers;
        }
    } else {
        free(rb.rings);
        huge_free(numbers);
    }

    struct ring_node *rn;
    HMAP_FOR_EACH_POP (rn, node, &rb.by_contents) {
        free(rn);
    }
    hmap_destroy(&rb.by_contents);
}

static void
view_add_generation(struct mux_store *store, const struct slb_hash_key *key,
                    struct mux_view *view, const struct mux_generation *g)
{
    view->generations[view->n_generations++] = (struct mux_view_generation) {
        .number = g->number,
        .state = g->state,
        .switched_at = g->switched_at,
        .table = shared_table_ref(store, key, g),
    };
}

/* Makes the view of 'pool', whose VTEPs it takes references to. */
static struct mux_view *
view_create(struct mux_store *store, struct state *state,
            const struct slb_hash_key *key, const struct mux_pool *pool)
{
    struct mux_view *view = xzalloc_cacheline(sizeof *view);

    view->tunnel_key = pool->object.key.number;
    view->network = pool->network;
    view->n_members = pool->n_members;
    view->members = xmemdup(pool->members,
                            MAX(pool->n_members, 1) * sizeof *pool->members);
    for (size_t i = 0; i < pool->n_members; i++) {
        vtep_ref(store, state, pool->members[i].vtep);
    }

    view->generations = xmalloc((pool->n_generations + 1)
                                * sizeof *view->generations);
    for (size_t i = 0; i < pool->n_generations; i++) {
        view_add_generation(store, key, view, &pool->generations[i]);
    }
    if (pool->has_coming) {
        view_add_generation(store, key, view, &pool->coming);
        view->has_coming = true;
    }

    for (size_t i = 0; i < pool->n_generations; i++) {
        if (view->generations[i].table->n_members) {
            view->in_force = i;
            break;
        }
    }

    const struct maglev_table *table = view->generations[view->in_force].table;
    view->owners = huge_alloc(MAX(table->n_members, 1)
                              * sizeof *view->owners);
    for (size_t i = 0; i < table->n_members; i++) {
        uint16_t index = table->members[i].index;

        view->owners[i] = (struct mux_owner) {
            .index = index,
            .nexthop = pool_nexthop_number(state, pool, index),
            .counter = pool_counter(pool, index),
            .vni = view->tunnel_key,
        };
    }
    view_build_rings(view, state, pool);
    store->stats.n_views++;
    return view;
}

static void
view_free(struct mux_view *view)
{
    huge_free(view->owners);
    huge_free(view->ring16);
    huge_free(view->ring32);
    free(view->rings);
    free(view->generations);
    free(view->members);
    free_cacheline(view);
}

/* Gives up 'view', which the table in use may still refer to. */
static void
view_retire(struct mux_store *store, struct state *state,
            struct mux_view *view)
{
    if (view) {
        for (size_t i = 0; i < view->n_members; i++) {
            vtep_unref(state, view->members[i].vtep);
        }
        for (size_t i = 0; i < view->n_generations; i++) {
            shared_table_unref(store, view->generations[i].table);
        }
        retire(store, view_free, view);
    }
}

/* Endpoints. */

static struct mux_page *
page_for_writing(struct mux_store *store, struct state *state, size_t i)
{
    struct mux_page *old = state->pages[i];

    if (old->commit != store->commit) {
        struct mux_page *new = huge_alloc(sizeof *new);

        *new = *old;
        new->commit = store->commit;
        state->pages[i] = new;
        retire(store, huge_free, old);
        store->stats.n_pages++;
    }
    return state->pages[i];
}

static size_t
entry_find(const struct mux_page *page, uint64_t hash,
           const struct mux_entry *wanted)
{
    unsigned int i = mux_page_start(hash);

    while (page->entries[i].tuple
           && (page->entries[i].tuple != wanted->tuple
               || page->entries[i].vip[0] != wanted->vip[0]
               || page->entries[i].vip[1] != wanted->vip[1])) {
        i = (i + 1) % MUX_PAGE_SIZE;
    }
    return i;
}

static struct mux_entry
entry_from_endpoint(const struct state *state, const struct mux_endpoint *ep)
{
    const struct mux_key *key = &ep->object.key;
    struct mux_key pool_key = mux_key_pool(ep->pool);
    struct mux_pool *pool = mux_pool_cast(state_find(state, &pool_key));
    const struct mux_view *view = pool->view;
    const struct maglev_table *table = view->generations[view->in_force].table;
    struct mux_entry e = {
        .tuple = mux_tuple(key->number, key->protocol, key->port),
        .slots = (table->slots8 ? (const void *) table->slots8
                  : (const void *) table->slots16),
        .owners = view->owners,
        .view = view,
        .recent = key->protocol == IPPROTO_TCP ? MUX_TCP_RECENT : ep->idle,
        .log2 = table->log2,
        .flags = (ep->distribution
                  | (table->slots16 ? MUX_ENTRY_WIDE : 0)
                  | (view->rings ? MUX_ENTRY_RING : 0)
                  | (ep->ranges ? MUX_ENTRY_RANGES : 0)
                  | (view->in_force ? MUX_ENTRY_CLOSED : 0)),
        .counter = ep->counter,
    };

    long long int settled_at = (view->generations[0].switched_at
                                + e.recent * 1000LL);
    e.settled_at = (view->has_coming ? UINT32_MAX
                    : settled_at <= 0 ? 0 : DIV_ROUND_UP(settled_at, 1000));
    mux_address_to_words(&key->address, e.vip);
    return e;
}

/* Writes 'e', of 'ep' if that is nonnull, into its page.  Returns false if
 * that is too full. */
static bool
entry_write(struct mux_store *store, struct state *state,
            const struct mux_entry *e, const struct mux_endpoint *ep)
{
    uint64_t hash = mux_endpoint_hash(e->vip, e->tuple);
    struct mux_page *page
        = page_for_writing(store, state, hash >> 32 & (state->n_pages - 1));
    size_t i = entry_find(page, hash, e);

    if (!page->entries[i].tuple) {
        if (page->n >= MUX_PAGE_SIZE / 8 * 7) {
            return false;
        }
        page->n++;
    }
    page->entries[i] = *e;
    page->endpoints[i] = ep;
    return true;
}

/* Erases the entry of 'address' and 'tuple', if it is there. */
static void
entry_erase(struct mux_store *store, struct state *state,
            const struct in6_addr *address, uint64_t tuple)
{
    struct mux_entry e = { .tuple = tuple };
    mux_address_to_words(address, e.vip);

    uint64_t hash = mux_endpoint_hash(e.vip, e.tuple);
    struct mux_page *page
        = page_for_writing(store, state, hash >> 32 & (state->n_pages - 1));
    size_t hole = entry_find(page, hash, &e);

    if (!page->entries[hole].tuple) {
        return;
    }

    /* Close the hole with the next entry that may be there: one whose search
     * starts at or, cyclically, before it. */
    page->n--;
    for (size_t i = hole;;) {
        i = (i + 1) % MUX_PAGE_SIZE;

        const struct mux_entry *next = &page->entries[i];
        if (!next->tuple) {
            break;
        }

        size_t start = mux_page_start(mux_endpoint_hash(next->vip,
                                                        next->tuple));
        if ((i - start) % MUX_PAGE_SIZE >= (i - hole) % MUX_PAGE_SIZE) {
            page->entries[hole] = page->entries[i];
            page->endpoints[hole] = page->endpoints[i];
            hole = i;
        }
    }
    memset(&page->entries[hole], 0, sizeof page->entries[hole]);
    page->endpoints[hole] = NULL;
}

static bool
endpoint_write(struct mux_store *store, struct state *state,
               const struct mux_endpoint *ep)
{
    struct mux_entry e = entry_from_endpoint(state, ep);

    return entry_write(store, state, &e, ep);
}

static void
endpoint_erase(struct mux_store *store, struct state *state,
               const struct mux_endpoint *ep)
{
    const struct mux_key *key = &ep->object.key;

    entry_erase(store, state, &key->address,
                mux_tuple(key->number, key->protocol, key->port));
}

/* Blocks of ports for SNAT. */

/* What the callbacks below are about. */
struct snat_context {
    struct mux_store *store;
    struct state *state;
};

static void
snat_retire(void *ctx_, void *memory)
{
    struct snat_context *ctx = ctx_;

    retire(ctx->store, free_cacheline, memory);
}

static uint32_t
snat_ref(void *ctx_, ovs_be32 vtep, size_t n)
{
    struct snat_context *ctx = ctx_;

    return vtep_ref_n(ctx->store, ctx->state, vtep, n);
}

static void
snat_unref(void *ctx_, ovs_be32 vtep, size_t n)
{
    struct snat_context *ctx = ctx_;

    vtep_unref_n(ctx->state, vtep, n);
}

static struct mux_snat_writer
snat_writer(struct snat_context *ctx)
{
    return (struct mux_snat_writer) {
        .commit = ctx->store->commit,
        .aux = ctx,
        .retire = snat_retire,
        .ref = snat_ref,
        .unref = snat_unref,
    };
}

static void
vip_count_snat(struct state *state, const struct mux_vip *vip, int sign)
{
    if (vip->blocks) {
        state->n_objects[MUX_SNAT] += sign * (long int) vip->blocks->n;
        state->n_snat_leaves += sign * (long int) vip->blocks->n_leaves;
    }
}

/* Carries out 'update' of the blocks of 'vip'. */
static void
vip_update_snat(struct mux_store *store, struct state *state,
                struct mux_vip *vip, const struct mux_snat_update *update)
{
    struct snat_context ctx = { store, state };
    struct mux_snat_writer writer = snat_writer(&ctx);

    vip_count_snat(state, vip, -1);
    for (size_t i = 0; i < update->n_ranges; i++) {
        vip->blocks = mux_snat_set(vip->blocks, &update->ranges[i], &writer);
    }
    vip_count_snat(state, vip, 1);
}

static void
vip_retire_snat(struct mux_store *store, struct state *state,
                struct mux_vip *vip)
{
    struct snat_context ctx = { store, state };
    struct mux_snat_writer writer = snat_writer(&ctx);

    vip_count_snat(state, vip, -1);
    mux_snat_retire(vip->blocks, &writer);
    vip->blocks = NULL;
}

static bool
snat_write(struct mux_store *store, struct state *state,
           const struct mux_vip *vip)
{
    struct mux_entry e = {
        .tuple = mux_tuple_snat(),
        .slots = vip->blocks ? vip->blocks : &mux_snat_none,
        .settled_at = UINT32_MAX,
        .flags = MUX_ENTRY_SNAT,
        .counter = vip->snat_counter,
    };

    mux_address_to_words(&vip->object.key.address, e.vip);
    return entry_write(store, state, &e, NULL);
}

static bool
pages_fill(struct mux_store *store, struct state *state)
{
    struct mux_object *object;

    HMAP_FOR_EACH (object, node, &state->objects) {
        if (object->key.type == MUX_ENDPOINT) {
            if (!endpoint_write(store, state, mux_endpoint_cast(object))) {
                return false;
            }
        } else if (object->key.type == MUX_VIP) {
            const struct mux_vip *vip = mux_vip_cast(object);

            if (vip->snat && !snat_write(store, state, vip)) {
                return false;
            }
        }
    }
    return true;
}

/* Makes new pages, more than there are, for all endpoints. */
static void
pages_rebuild(struct mux_store *store, struct state *state)
{
    do {
        for (size_t i = 0; i < state->n_pages; i++) {
            retire(store, huge_free, state->pages[i]);
        }
        free(state->pages);

        do {
            state->n_pages *= 2;
        } while (state->n_pages * MUX_PAGE_SIZE / 2
                 < state->n_objects[MUX_ENDPOINT]);
        state->pages = xmalloc(state->n_pages * sizeof *state->pages);
        for (size_t i = 0; i < state->n_pages; i++) {
            state->pages[i] = page_create(store);
        }
    } while (!pages_fill(store, state));
}

/* Transactions. */

static void
changes_init(struct changes *changes)
{
    hmap_init(&changes->by_key);
    for (size_t i = 0; i < MUX_N_OBJECT_TYPES; i++) {
        ovs_list_init(&changes->by_type[i]);
    }
}

/* Frees 'changes' and, unless they were 'committed', the new objects. */
static void
changes_destroy(struct changes *changes, bool committed)
{
    struct change *c;

    HMAP_FOR_EACH_POP (c, node, &changes->by_key) {
        if (c->key.type == MUX_SNAT || (!committed && c->new != c->old)) {
            mux_object_destroy(c->new);
        }
        free(c);
    }
    hmap_destroy(&changes->by_key);
}

static struct change *
changes_find(const struct changes *changes, const struct mux_key *key)
{
    struct change *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, mux_key_hash(key), &changes->by_key) {
        if (mux_key_equals(&c->key, key)) {
            return c;
        }
    }
    return NULL;
}

/* Returns the object that 'key' will name after 'changes', or null. */
static struct mux_object *
changes_outcome(const struct changes *changes, const struct state *state,
                const struct mux_key *key)
{
    struct change *c = changes_find(changes, key);

    return c ? c->new : state_find(state, key);
}

static struct mux_error *
changes_add(struct changes *changes, const struct state *state,
            struct mux_op *op, size_t number)
{
    struct change *c = changes_find(changes, &op->key);

    if (!c) {
        c = xzalloc(sizeof *c);
        c->key = op->key;
        c->old = c->new = state_find(state, &op->key);
        hmap_insert(&changes->by_key, &c->node, mux_key_hash(&c->key));
        ovs_list_push_back(&changes->by_type[c->key.type], &c->list_node);
    }
    c->op = number;
    if (op->key.type == MUX_SNAT && c->new) {
        mux_snat_update_append(mux_snat_cast(c->new),
                               mux_snat_cast(op->object));
        return NULL;
    }
    if (!op->object && !c->new) {
        return mux_error_create("reference", number,
                                "there is nothing to delete");
    }
    if (c->new != c->old) {
        mux_object_destroy(c->new);
    }
    c->new = op->object;
    op->object = NULL;
    return NULL;
}

/* Checks that endpoints that 'changes' sets have their VIP and pool. */
static struct mux_error *
validate_endpoints(const struct changes *changes, const struct state *state)
{
    struct change *c;

    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_ENDPOINT]) {
        if (c->new) {
            const struct mux_endpoint *ep = mux_endpoint_cast(c->new);
            struct mux_key vip = mux_key_vip(c->key.number, &c->key.address);
            struct mux_key pool = mux_key_pool(ep->pool);

            if (!changes_outcome(changes, state, &vip)) {
                return mux_error_create("reference", c->op,
                                        "the endpoint has no VIP");
            }
            if (!changes_outcome(changes, state, &pool)) {
                return mux_error_create("reference", c->op, "there is no pool "
                                        "with tunnel key %"PRIu32, ep->pool);
            }
        }
    }
    return NULL;
}

/* Checks that no endpoint is left that refers to what 'changes' deletes. */
static struct mux_error *
validate_deletions(const struct changes *changes, const struct state *state)
{
    const struct mux_endpoint *ep;
    struct change *c;

    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_POOL]) {
        if (c->old && !c->new) {
            LIST_FOR_EACH (ep, pool_node, &mux_pool_cast(c->old)->endpoints) {
                struct mux_object *outcome
                    = changes_outcome(changes, state, &ep->object.key);

                if (outcome
                    && mux_endpoint_cast(outcome)->pool == c->key.number) {
                    return mux_error_create("reference", c->op,
                                            "endpoint \"%s\" still refers to "
                                            "the pool", ep->name);
                }
            }
        }
    }
    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_VIP]) {
        if (c->old && !c->new) {
            LIST_FOR_EACH (ep, vip_node, &mux_vip_cast(c->old)->endpoints) {
                if (changes_outcome(changes, state, &ep->object.key)) {
                    return mux_error_create("reference", c->op,
                                            "the VIP still has endpoint "
                                            "\"%s\"", ep->name);
                }
            }
        }
    }
    return NULL;
}

static struct mux_vip *
vip_outcome(const struct changes *changes, const struct state *state,
            const struct in6_addr *address)
{
    struct mux_key key = mux_key_vip(0, address);

    return mux_vip_cast(changes_outcome(changes, state, &key));
}

/* Checks that VIPs whose blocks 'changes' change are for SNAT, and that all
 * blocks together do not take too much memory. */
static struct mux_error *
validate_snat(const struct changes *changes, const struct state *state)
{
    size_t n_leaves = state->n_snat_leaves;
    struct change *c;

    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_SNAT]) {
        const struct mux_snat_update *update = mux_snat_cast(c->new);
        struct mux_key key = mux_key_vip(0, &c->key.address);
        const struct mux_vip *old = mux_vip_cast(state_find(state, &key));
        const struct mux_snat *blocks = old ? old->blocks : NULL;
        const struct mux_vip *vip = vip_outcome(changes, state,
                                                &c->key.address);

        if (!vip || !vip->snat) {
            return mux_error_create("reference", c->op, "there is no VIP with "
                                    "\"snat\" that has the blocks");
        }
        n_leaves -= blocks ? blocks->n_leaves : 0;
        n_leaves += mux_snat_count_leaves(blocks, update->ranges,
                                          update->n_ranges);
    }
    if (n_leaves > MUX_MAX_SNAT_LEAVES) {
        return mux_error_create("limit", SIZE_MAX, "blocks of ports in more "
                                "than %d places", MUX_MAX_SNAT_LEAVES);
    }
    return NULL;
}

static struct mux_error *
validate_limits(const struct changes *changes, const struct state *state)
{
    uint64_t slot_bytes = state->slot_bytes;
    size_t n_objects = hmap_count(&state->objects);
    struct change *c;

    HMAP_FOR_EACH (c, node, &changes->by_key) {
        if (c->key.type != MUX_SNAT) {
            n_objects += !!c->new;
            n_objects -= !!c->old;
        }
    }
    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_POOL]) {
        slot_bytes += c->new ? pool_slot_bytes(mux_pool_cast(c->new)) : 0;
        slot_bytes -= c->old ? pool_slot_bytes(mux_pool_cast(c->old)) : 0;
    }
    if (n_objects > MUX_MAX_OBJECTS) {
        return mux_error_create("limit", SIZE_MAX, "more than %d objects",
                                MUX_MAX_OBJECTS);
    }
    if (slot_bytes > MUX_MAX_SLOT_BYTES) {
        return mux_error_create("limit", SIZE_MAX, "the pools' tables may take"
                                " more than %"PRIu64" octets",
                                MUX_MAX_SLOT_BYTES);
    }
    return NULL;
}

static struct mux_error *
changes_validate(const struct changes *changes, const struct state *state)
{
    struct mux_key global = mux_key_global();
    struct mux_error *error;

    if (!changes_outcome(changes, state, &global)) {
        return mux_error_create("reference", SIZE_MAX, "no operation has set "
                                "\"global\"");
    }
    error = validate_endpoints(changes, state);
    if (!error) {
        error = validate_deletions(changes, state);
    }
    if (!error) {
        error = validate_snat(changes, state);
    }
    if (!error) {
        error = validate_limits(changes, state);
    }
    return error;
}

static const struct mux_global *
state_global(const struct state *state)
{
    struct mux_key key = mux_key_global();

    return mux_global_cast(state_find(state, &key));
}

/* Writes 'ep' into its page unless a page has turned out '*full', in which
 * case all are going to be written again. */
static void
endpoint_refresh(struct mux_store *store, struct state *state,
                 const struct mux_endpoint *ep, bool *full)
{
    if (!*full) {
        *full = !endpoint_write(store, state, ep);
    }
}

/* Counters.  An object keeps its own as long as there is one with its key. */

static void
counter_retire(struct mux_store *store, uint32_t *counter)
{
    if (*counter != MUX_NO_COUNTER) {
        retire(store, mux_counter_free, (void *) (uintptr_t) *counter);
        *counter = MUX_NO_COUNTER;
    }
}

/* Likewise, but the figures go on to count for the VIP with 'address' in
 * 'network', if there still is one when the transaction ends. */
static void
counter_leave(struct mux_store *store, uint32_t *counter, uint32_t network,
              const struct in6_addr *address)
{
    if (*counter != MUX_NO_COUNTER) {
        struct leaver *l;

        if (store->n_leavers >= store->allocated_leavers) {
            store->leavers = x2nrealloc(store->leavers,
                                        &store->allocated_leavers,
                                        sizeof *store->leavers);
        }
        l = &store->leavers[store->n_leavers++];
        memset(l, 0, sizeof *l);
        l->counter = *counter;
        l->vip.type = MUX_VIP;
        l->vip.number = network;
        l->vip.address = *address;
        *counter = MUX_NO_COUNTER;
    }
}

/* Sees to the counters that have been left since the last call. */
static void
settle_leavers(struct mux_store *store, const struct state *state)
{
    for (size_t i = 0; i < store->n_leavers; i++) {
        struct leaver *l = &store->leavers[i];
        struct mux_object *vip = state ? state_find(state, &l->vip) : NULL;
        uint32_t heir = vip ? mux_vip_cast(vip)->counter : MUX_NO_COUNTER;

        if (heir != MUX_NO_COUNTER) {
            retire(store, mux_legacy_settle,
                   mux_counter_bequeath(l->counter, heir));
        } else {
            counter_retire(store, &l->counter);
        }
    }
    store->n_leavers = 0;
}

/* Moves the counters of 'old', if nonnull, to 'new', if nonnull.  Gives 'new'
 * new ones where 'old' has none, and gives up those of 'old' that 'new' has no
 * use for. */
static void
pool_move_counters(struct mux_store *store, struct mux_pool *old,
                   struct mux_pool *new)
{
    size_t j = 0;

    for (size_t i = 0; new && i < new->n_members; i++) {
        struct mux_pool_member *member = &new->members[i];

        while (old && j < old->n_members
               && old->members[j].index < member->index) {
            counter_retire(store, &old->members[j++].counter);
        }
        if (old && j < old->n_members
            && old->members[j].index == member->index) {
            member->counter = old->members[j].counter;
            old->members[j++].counter = MUX_NO_COUNTER;
        } else {
            member->counter = mux_counter_alloc();
        }
    }
    while (old && j < old->n_members) {
        counter_retire(store, &old->members[j++].counter);
    }
}

/* Moves the counter 'from', null if there is none, to 'to', null if none is
 * needed. */
static void
counter_move(struct mux_store *store, uint32_t *from, uint32_t *to)
{
    if (to) {
        if (from && *from != MUX_NO_COUNTER) {
            *to = *from;
            *from = MUX_NO_COUNTER;
        } else {
            *to = mux_counter_alloc();
        }
    } else if (from) {
        counter_retire(store, from);
    }
}

static void
vip_move_counters(struct mux_store *store, struct mux_vip *old,
                  struct mux_vip *new)
{
    counter_move(store, old ? &old->counter : NULL,
                 new ? &new->counter : NULL);
    if (old && new && !new->snat) {
        counter_leave(store, &old->snat_counter, old->object.key.number,
                      &old->object.key.address);
    }
    counter_move(store, old ? &old->snat_counter : NULL,
                 new && new->snat ? &new->snat_counter : NULL);
}

static void
endpoint_move_counters(struct mux_store *store, struct mux_endpoint *old,
                       struct mux_endpoint *new)
{
    if (new) {
        counter_move(store, old ? &old->counter : NULL, &new->counter);
    } else if (old) {
        counter_leave(store, &old->counter, old->object.key.number,
                      &old->object.key.address);
    }
}

static void
object_move_counters(struct mux_store *store, struct mux_object *old,
                     struct mux_object *new)
{
    uint32_t type = old ? old->key.type : new->key.type;

    if (type == MUX_POOL) {
        pool_move_counters(store, mux_pool_cast(old), mux_pool_cast(new));
    } else if (type == MUX_VIP) {
        vip_move_counters(store, mux_vip_cast(old), mux_vip_cast(new));
    } else if (type == MUX_ENDPOINT) {
        endpoint_move_counters(store, mux_endpoint_cast(old),
                               mux_endpoint_cast(new));
    }
}

/* Does so for all objects of 'changes'.  If these replace all objects, which
 * are those of 'replaced' then, objects that are there again keep their
 * counters, too. */
static void
commit_counters(struct mux_store *store, const struct changes *changes,
                const struct state *replaced)
{
    struct change *c;

    /* In the order of operations, so that counters of what is read together
     * are together. */
    for (size_t i = 0; i < MUX_N_OBJECT_TYPES; i++) {
        LIST_FOR_EACH (c, list_node, &changes->by_type[i]) {
            struct mux_object *old
                = replaced ? state_find(replaced, &c->key) : c->old;

            if (old || c->new) {
                object_move_counters(store, old, c->new);
            }
        }
    }
}

/* Puts the new objects of 'changes' into the place of the old ones. */
static void
commit_objects(struct state *state, const struct changes *changes)
{
    struct change *c;

    HMAP_FOR_EACH (c, node, &changes->by_key) {
        if (c->key.type == MUX_SNAT) {
            continue;
        }
        if (c->old) {
            hmap_remove(&state->objects, &c->old->node);
            state->n_objects[c->key.type]--;
        }
        if (c->new) {
            hmap_insert(&state->objects, &c->new->node,
                        mux_key_hash(&c->key));
            state->n_objects[c->key.type]++;
        }
    }
}

static void
commit_nexthops(struct mux_store *store, struct state *state,
                const struct changes *changes,
                const struct mux_global *global)
{
    struct change *c;

    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_NEXTHOP]) {
        ovs_be32 vtep = in6_addr_get_mapped_ipv4(&c->key.address);

        if (c->new && !c->old) {
            vtep_ref(store, state, vtep);
        }
        if (c->new || c->old) {
            nexthop_entry_write(store, state, global, vtep,
                                mux_nexthop_cast(c->new));
        }
        if (!c->new && c->old) {
            vtep_unref(state, vtep);
        }
    }
}

static void
pool_refresh(struct mux_store *store, struct state *state,
             const struct mux_global *global, struct mux_pool *pool)
{
    struct mux_view *old = pool->view;

    pool->view = view_create(store, state, &global->hash_key, pool);
    view_retire(store, state, old);
}

static void
commit_pools(struct mux_store *store, struct state *state,
             const struct changes *changes, const struct mux_global *global)
{
    struct change *c;

    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_POOL]) {
        struct mux_pool *old = mux_pool_cast(c->old);
        struct mux_pool *new = mux_pool_cast(c->new);

        if (old) {
            state->slot_bytes -= pool_slot_bytes(old);
        }
        if (new) {
            state->slot_bytes += pool_slot_bytes(new);
        }
        if (old && new) {
            ovs_list_push_back_all(&new->endpoints, &old->endpoints);
            new->view = old->view;
        } else if (old) {
            view_retire(store, state, old->view);
        }
        if (new) {
            pool_refresh(store, state, global, new);
        }
    }
}

static void
commit_vips(struct mux_store *store, struct state *state,
            const struct changes *changes)
{
    struct change *c;

    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_VIP]) {
        struct mux_vip *old = mux_vip_cast(c->old);
        struct mux_vip *new = mux_vip_cast(c->new);

        if (old && new) {
            ovs_list_push_back_all(&new->endpoints, &old->endpoints);
        }
        if (old && new && new->snat) {
            new->blocks = old->blocks;
        } else if (old) {
            vip_retire_snat(store, state, old);
        }
    }
    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_SNAT]) {
        vip_update_snat(store, state,
                        vip_outcome(changes, state, &c->key.address),
                        mux_snat_cast(c->new));
    }
    if (!ovs_list_is_empty(&changes->by_type[MUX_VIP])) {
        retire(store, free, state->vips);
        state->vips = vips_create(state);
    }
}

/* Writes the entries of VIPs for SNAT that 'changes' concern, or sets '*full'
 * if a page is too full. */
static void
snat_refresh(struct mux_store *store, struct state *state,
             const struct changes *changes, bool *full)
{
    struct change *c;

    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_VIP]) {
        const struct mux_vip *old = mux_vip_cast(c->old);
        const struct mux_vip *new = mux_vip_cast(c->new);

        if (new && new->snat) {
            *full = *full || !snat_write(store, state, new);
        } else if (old && old->snat) {
            entry_erase(store, state, &c->key.address, mux_tuple_snat());
        }
    }
    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_SNAT]) {
        *full = *full || !snat_write(store, state,
                                     vip_outcome(changes, state,
                                                 &c->key.address));
    }
}

static void
commit_endpoints(struct mux_store *store, struct state *state,
                 const struct changes *changes)
{
    struct mux_endpoint *ep;
    struct change *c;
    bool full = false;

    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_ENDPOINT]) {
        ep = mux_endpoint_cast(c->old);
        if (ep) {
            ovs_list_remove(&ep->pool_node);
            ovs_list_remove(&ep->vip_node);
            if (!c->new) {
                endpoint_erase(store, state, ep);
            }
        }
        ep = mux_endpoint_cast(c->new);
        if (ep) {
            struct mux_key vip = mux_key_vip(c->key.number, &c->key.address);
            struct mux_key pool = mux_key_pool(ep->pool);

            ovs_list_push_back(
                &mux_pool_cast(state_find(state, &pool))->endpoints,
                &ep->pool_node);
            ovs_list_push_back(
                &mux_vip_cast(state_find(state, &vip))->endpoints,
                &ep->vip_node);
            endpoint_refresh(store, state, ep, &full);
        }
    }
    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_POOL]) {
        if (c->new) {
            LIST_FOR_EACH (ep, pool_node, &mux_pool_cast(c->new)->endpoints) {
                endpoint_refresh(store, state, ep, &full);
            }
        }
    }
    snat_refresh(store, state, changes, &full);
    if (full || (state->n_objects[MUX_ENDPOINT]
                 > state->n_pages * MUX_PAGE_SIZE / 2)) {
        pages_rebuild(store, state);
    }
}

/* Takes the other muxes from 'global'. */
static void
commit_peers(struct mux_store *store, struct state *state,
             const struct mux_global *global)
{
    struct mux_peers *old = state->peers;
    struct mux_peers *new = xmalloc(sizeof *new + (global->n_peers
                                                   * sizeof new->peers[0]));

    new->n = global->n_peers;
    for (size_t i = 0; i < new->n; i++) {
        new->peers[i] = (struct mux_peer) {
            .vtep = global->peers[i],
            .nexthop = vtep_ref(store, state, global->peers[i]),
        };
    }
    for (size_t i = 0; i < old->n; i++) {
        vtep_unref(state, old->peers[i].vtep);
    }
    retire(store, free, old);
    state->peers = new;
}

/* Does for everything what a change of "global" from 'old' to 'new'
 * demands. */
static void
commit_global(struct mux_store *store, struct state *state,
              const struct mux_global *old, const struct mux_global *new)
{
    bool rekeyed = memcmp(&old->hash_key, &new->hash_key,
                          sizeof new->hash_key);
    struct mux_object *object;

    HMAP_FOR_EACH (object, node, &state->objects) {
        if (object->key.type == MUX_NEXTHOP && old->vtep != new->vtep) {
            nexthop_entry_write(store, state, new, in6_addr_get_mapped_ipv4(
                                    &object->key.address),
                                mux_nexthop_cast(object));
        } else if (object->key.type == MUX_POOL && rekeyed) {
            struct mux_pool *pool = mux_pool_cast(object);
            struct mux_endpoint *ep;

            pool_refresh(store, state, new, pool);
            LIST_FOR_EACH (ep, pool_node, &pool->endpoints) {
                ignore(endpoint_write(store, state, ep));
            }
        }
    }
}

static void
table_free(struct mux_table *table)
{
    free(table->pages);
    free_cacheline(table->filters);
    free(table->chunks);
    free(table);
}

/* Returns the filters of the pages of 'state', of which those that have not
 * changed are as in 'old', the table in force. */
static struct mux_snat_filter *
filters_create(const struct mux_store *store, const struct state *state,
               const struct mux_table *old)
{
    struct mux_snat_filter *filters
        = xmalloc_cacheline(state->n_pages * sizeof *filters);

    for (size_t i = 0; i < state->n_pages; i++) {
        if (state->pages[i]->commit == store->commit) {
            mux_snat_filter_fill(&filters[i], state->pages[i]);
        } else {
            filters[i] = old->filters[i];
        }
    }
    return filters;
}

/* Publishes a table made of 'state'. */
static void
publish(struct mux_store *store, const struct state *state,
        uint64_t generation)
{
    struct mux_table *old = ovsrcu_get_protected(struct mux_table *,
                                                 &store->table);
    struct mux_table *new = xzalloc_cacheline(sizeof *new);
    const struct mux_global *global = state_global(state);

    new->generation = generation;
    if (global) {
        new->hash_key = global->hash_key;
        new->vtep = global->vtep;
        new->anycast = global->anycast;
        new->vteps = global->vteps;
    }
    new->pages = xmemdup(state->pages, state->n_pages * sizeof *new->pages);
    new->page_mask = state->n_pages - 1;
    new->filters = filters_create(store, state, old);
    new->chunks = xmemdup(state->chunks,
                          state->n_chunks * sizeof *new->chunks);
    new->n_chunks = state->n_chunks;
    new->vips = state->vips;
    new->peers = state->peers;
    memcpy(new->n_objects, state->n_objects, sizeof new->n_objects);
    new->stats = store->stats;

    ovsrcu_set(&store->table, new);
    if (old) {
        retire(store, table_free, old);
    }
}

/* Gives up 'state', to which the table in use may still refer. */
static void
state_retire(struct mux_store *store, struct state *state)
{
    struct mux_object *object;
    struct vtep *vtep;

    HMAP_FOR_EACH_POP (object, node, &state->objects) {
        object_move_counters(store, object, NULL);
        if (object->key.type == MUX_POOL) {
            view_retire(store, state, mux_pool_cast(object)->view);
        } else if (object->key.type == MUX_VIP) {
            vip_retire_snat(store, state, mux_vip_cast(object));
        }
        retire(store, mux_object_destroy, object);
    }
    hmap_destroy(&state->objects);

    HMAP_FOR_EACH_POP (vtep, node, &state->vteps) {
        free(vtep);
    }
    hmap_destroy(&state->vteps);
    free(state->free_numbers);

    for (size_t i = 0; i < state->n_pages; i++) {
        retire(store, huge_free, state->pages[i]);
    }
    free(state->pages);
    for (size_t i = 0; i < state->n_chunks; i++) {
        retire(store, huge_free, state->chunks[i]);
    }
    free(state->chunks);
    retire(store, free, state->vips);
    retire(store, free, state->peers);
    free(state);
}

static void
commit(struct mux_store *store, struct state *state,
       const struct state *replaced, const struct changes *changes)
{
    const struct mux_global *global;
    struct change *c;

    commit_counters(store, changes, replaced);
    commit_objects(state, changes);
    global = state_global(state);
    commit_nexthops(store, state, changes, global);
    commit_pools(store, state, changes, global);
    commit_vips(store, state, changes);
    commit_endpoints(store, state, changes);
    LIST_FOR_EACH (c, list_node, &changes->by_type[MUX_GLOBAL]) {
        commit_peers(store, state, global);
        if (c->old && c->new) {
            commit_global(store, state, mux_global_cast(c->old),
                          mux_global_cast(c->new));
        }
    }

    HMAP_FOR_EACH (c, node, &changes->by_key) {
        if (c->old) {
            retire(store, mux_object_destroy, c->old);
        }
    }
}

/* Returns a new store, without any object, at generation 0. */
struct mux_store *
mux_store_create(void)
{
    struct mux_store *store = xzalloc(sizeof *store);

    hmap_init(&store->shared);
    ovsrcu_init(&store->table, NULL);
    store->state = state_create(store);
    publish(store, store->state, 0);
    return store;
}

/* Destroys 'store'.  Nobody may get its table any more, though who has got it
 * may use it on. */
void
mux_store_destroy(struct mux_store *store)
{
    if (store) {
        state_retire(store, store->state);
        settle_leavers(store, NULL);
        free(store->leavers);
        retire(store, table_free, ovsrcu_get_protected(struct mux_table *,
                                                         &store->table));
        garbage_postpone(store);
        hmap_destroy(&store->shared);
        ovsrcu_postpone(free, store);
    }
}

/* Deletes all objects of 'store' and puts it back to generation 0. */
void
mux_store_clear(struct mux_store *store)
{
    struct state *old = store->state;

    store->commit++;
    store->state = state_create(store);
    publish(store, store->state, 0);
    state_retire(store, old);
    settle_leavers(store, store->state);
    garbage_postpone(store);
}

/* Returns the generation in force. */
uint64_t
mux_store_get_generation(const struct mux_store *store)
{
    return mux_store_get_table(store)->generation;
}

/* Returns the table in force.  There always is one. */
const struct mux_table *
mux_store_get_table(const struct mux_store *store)
{
    return ovsrcu_get(struct mux_table *, &store->table);
}

/* Applies the 'n' operations of 'ops' to what 'store' has, or to nothing if
 * 'replace', and puts the outcome into force as 'generation'.  Takes over the
 * operations' objects, whatever happens.
 *
 * Returns null if successful, otherwise what is wrong: then nothing has
 * changed. */
struct mux_error *
mux_store_transact(struct mux_store *store, bool replace, uint64_t generation,
                   struct mux_op *ops, size_t n)
{
    struct mux_error *error = NULL;
    struct changes changes;

    store->commit++;
    struct state *state = replace ? state_create(store) : store->state;

    changes_init(&changes);
    for (size_t i = 0; i < n && !error; i++) {
        error = changes_add(&changes, state, &ops[i], i);
    }
    for (size_t i = 0; i < n; i++) {
        mux_op_destroy(&ops[i]);
    }
    if (!error) {
        error = changes_validate(&changes, state);
    }
    if (!error) {
        commit(store, state, replace ? store->state : NULL, &changes);
        store->stats.n_transactions++;
        publish(store, state, generation);
        if (replace) {
            state_retire(store, store->state);
            store->state = state;
        }
        settle_leavers(store, state);
    } else if (replace) {
        state_retire(store, state);
    }
    changes_destroy(&changes, !error);
    garbage_postpone(store);
    return error;
}

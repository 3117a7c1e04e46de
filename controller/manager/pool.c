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

#include "controller/manager/pool.h"

#include <stdlib.h>

#include "controller/manager/balancer.h"
#include "controller/manager/network.h"
#include "controller/manager/node.h"
#include "controller/manager/place.h"
#include "controller/manager/prepare.h"
#include "controller/manager/slots.h"
#include "controller/manager/status.h"
#include "controller/manager/write.h"
#include "hash.h"
#include "lib/slb-address.h"
#include "lib/slb-pool.h"
#include "lib/slb-probe.h"
#include "util.h"

/* In Compiled_Pool.probe, see pool.h. */
#define TRUSTED_UNTIL "trusted-until"

/* Something about the pool with 'key' changes. */
void
pool_touch(struct state *s, uint32_t key)
{
    concern_touch_key(&s->concern, key);
    concern_touch_muxes(&s->concern);
}

static void
set_key(struct state *s, struct pool *pool, uint32_t key)
{
    if (pool->key) {
        prepare_forget(s->prepare, pool->key);
        hmap_remove(&s->pools, &pool->key_node);
        tunnel_keys_release(&s->tunnel_keys, pool->key);
    }
    pool->key = key;
    if (key) {
        hmap_insert(&s->pools, &pool->key_node, hash_int(key, 0));
    }
}

static void
set_network_key(struct state *s, struct pool *pool, uint32_t key)
{
    if (pool->network_key != key) {
        tunnel_keys_unhold(&s->tunnel_keys, pool->network_key);
        tunnel_keys_hold(&s->tunnel_keys, key);
        pool->network_key = key;
    }
}

/* Replaces the keys of the other networks that 'pool' has members in by the
 * 'n' 'keys', which become its own. */
static void
set_other_keys(struct state *s, struct pool *pool, uint32_t *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tunnel_keys_hold(&s->tunnel_keys, keys[i]);
    }
    for (size_t i = 0; i < pool->n_other_keys; i++) {
        tunnel_keys_unhold(&s->tunnel_keys, pool->other_keys[i]);
    }
    free(pool->other_keys);
    pool->other_keys = keys;
    pool->n_other_keys = n;
}

/* Holds the keys of the other networks that 'pool' has members in: one of
 * these may go while members are drained. */
static void
hold_other_keys(struct state *s, struct pool *pool)
{
    uint32_t *keys = NULL;
    size_t n = 0, allocated = 0;

    for (size_t i = 0; i < pool->n_members; i++) {
        const struct member *m = &pool->members[i];

        if (!m->gone && m->network_key != pool->network_key) {
            if (n >= allocated) {
                keys = x2nrealloc(keys, &allocated, sizeof *keys);
            }
            keys[n++] = m->network_key;
        }
    }
    set_other_keys(s, pool, keys, n);
}

struct pool *
pool_get(struct balancer *b, const char *name)
{
    struct pool *pool = shash_find_data(&b->pools, name);

    if (!pool) {
        pool = xzalloc(sizeof *pool);
        pool->balancer = b;
        pool->name = shash_add(&b->pools, name, pool)->name;
        pool->is_nat = !strncmp(name + strlen(b->name), "/nat/", 5);
        pool->expiry = INT64_MAX;
        smap_init(&pool->probe.config);
        ovs_list_init(&pool->coming_node);
    }
    return pool;
}

struct pool *
pool_find_by_key(const struct state *s, uint32_t key)
{
    struct pool *pool;

    HMAP_FOR_EACH_WITH_HASH (pool, key_node, hash_int(key, 0), &s->pools) {
        if (pool->key == key) {
            return pool;
        }
    }
    return NULL;
}

static void
remove_member(struct state *s, struct member *m)
{
    if (!m->gone) {
        if (m->bm.binding) {
            bindings_set_dirty(&s->bindings, m->bm.binding);
            place_schedule(s, m->bm.binding);
        }
        bindings_remove_member(&s->bindings, &m->bm);
        m->gone = true;
    }
}

static void
clear_members(struct state *s, struct pool *pool)
{
    for (size_t i = 0; i < pool->n_members; i++) {
        struct member *m = &pool->members[i];

        if (!m->gone) {
            bindings_remove_member(&s->bindings, &m->bm);
        }
        free(m->name);
    }
    free(pool->members);
    pool->members = NULL;
    pool->n_members = 0;
}

static void
count(struct state *s, struct pool *pool, size_t n_members, size_t n_coming,
      size_t n_previous)
{
    s->n_members += n_members - pool->n_counted;
    s->n_coming += n_coming - pool->n_coming;
    s->n_previous += n_previous - pool->n_previous;
    pool->n_counted = n_members;
    pool->n_coming = n_coming;
    pool->n_previous = n_previous;
}

void
pool_destroy(struct state *s, struct pool *pool)
{
    clear_members(s, pool);
    count(s, pool, 0, 0, 0);
    set_key(s, pool, 0);
    set_network_key(s, pool, 0);
    set_other_keys(s, pool, NULL, 0);
    state_detach(s, &pool->row_ref);
    ovs_list_remove(&pool->coming_node);
    shash_find_and_delete(&pool->balancer->pools, pool->name);
    smap_destroy(&pool->probe.config);
    free(pool);
}

/* Returns the row that 'pool' goes on from: its own or, if it is to be a copy,
 * that of another pool; NULL for none. */
static const struct slbrec_compiled_pool *
find_row(const struct state *s, const struct pool *pool)
{
    const struct pool *predecessor;

    if (pool->row_ref.row || !pool->predecessor_key) {
        return pool->row_ref.row;
    }
    predecessor = pool_find_by_key(s, pool->predecessor_key);
    return predecessor ? predecessor->row_ref.row : NULL;
}

/* Has the health of the members of 'pool' be found out as 'probe' says. */
void
pool_set_probe(const struct state *s, struct pool *pool,
               const struct pool_probe *probe)
{
    const struct slbrec_compiled_pool *row = pool->row_ref.row;
    struct smap *config = &pool->probe.config;

    smap_destroy(config);
    smap_clone(config, &probe->config);
    pool->probe.all_up = probe->all_up;
    pool->probe.silent_down = probe->silent_down;
    if (!smap_is_empty(config)) {
        int64_t latest = (s->wall_now
                          + 1000LL * smap_get_int(config, "probes", 0)
                            * smap_get_int(config, "interval", 0));
        int64_t until = (row ? smap_get_ullong(&row->probe, TRUSTED_UNTIL, 0)
                         : find_row(s, pool) ? latest : 0);

        if (until > s->wall_now) {
            smap_add_format(config, TRUSTED_UNTIL, "%"PRId64,
                            MIN(until, latest));
        }
    }
}

/* Returns until when members of which nothing was heard count as up if they
 * get connections already, 0 if they do not. */
static int64_t
trusted_until(const struct state *s, struct pool *pool)
{
    int64_t until = smap_get_ullong(&pool->probe.config, TRUSTED_UNTIL, 0);

    if (until && until <= s->wall_now) {
        smap_remove(&pool->probe.config, TRUSTED_UNTIL);
        until = 0;
    }
    return until;
}

void
see_compiled_pool(struct state *s, const struct slbrec_compiled_pool *row,
                  bool deleted)
{
    struct row_ref *ref = state_find(s, row);
    struct pool *pool = ref ? ref->object : NULL;

    if (state_see_orphan(s, ref, deleted)) {
        return;
    }
    if (pool && (deleted || strcmp(pool->name, row->name))) {
        struct balancer *b = pool->balancer;

        state_detach(s, &pool->row_ref);
        if (!pool->declared) {
            pool_destroy(s, pool);
        }
        if (!b->intent) {
            balancer_set_dirty(s, b, false);
        }
        pool = NULL;
    }
    if (deleted || pool) {
        return;
    }

    struct balancer *b = balancer_get(s, row->name);
    pool = pool_get(b, row->name);
    if (pool->row_ref.row) {
        state_add_orphan(s, row);
        return;
    }
    state_attach(s, &pool->row_ref, row, pool);
    if (!pool->key && tunnel_keys_reserve(&s->tunnel_keys, row->tunnel_key)) {
        set_key(s, pool, row->tunnel_key);
    }
    if (!pool->network_key) {
        set_network_key(s, pool, row->network_key);
    }
    if (row->n_networks && !pool->n_other_keys) {
        uint32_t *keys = xcalloc(row->n_networks, sizeof *keys);

        for (size_t i = 0; i < row->n_networks; i++) {
            keys[i] = row->value_networks[i];
        }
        set_other_keys(s, pool, keys, row->n_networks);
    }
    if (!b->intent) {
        balancer_set_changed(s, b);
    }
}

/* Members. */

/* Returns where 'key' is among the 'n' 'keys' of a row's map, which are in
 * order; 'n' if it is not there. */
static size_t
find_key(const int64_t *keys, size_t n, int64_t key)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (keys[middle] == key) {
            return middle;
        } else if (keys[middle] < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return n;
}

static const char *
find_string(const int64_t *keys, char *const *values, size_t n, int64_t key)
{
    size_t i = find_key(keys, n, key);

    return i < n ? values[i] : NULL;
}

static int64_t
find_integer(const int64_t *keys, const int64_t *values, size_t n, int64_t key,
             int64_t otherwise)
{
    size_t i = find_key(keys, n, key);

    return i < n ? values[i] : otherwise;
}

struct lookup {
    struct hmap addresses;
    struct hmap names;
    uint32_t network_key;       /* Of the pool as it is now. */
};

/* Returns the member that is to be the one called 'name' with 'address' in the
 * network with 'network_key': one that is declared to be there already, or the
 * best of those that are not declared; NULL if there is none. */
static struct member *
find_address(const struct lookup *l, const char *name,
             const struct in6_addr *address, uint32_t network_key)
{
    struct member *m, *best = NULL;

    HMAP_FOR_EACH_WITH_HASH (m, address_node, slb_address_hash(address, 0),
                             &l->addresses) {
        if (m->network_key != network_key
            || slb_address_compare(&m->address, address)) {
            continue;
        }
        if (m->bm.declared) {
            return m;
        }

        int diff = (best ? !strcmp(m->name, name) - !strcmp(best->name, name)
                    : 1);
        if (diff > 0 || (!diff && m->bm.index < best->bm.index)) {
            best = m;
        }
    }
    return best;
}

static bool
contains_key(const uint32_t *keys, size_t n, uint32_t key)
{
    for (size_t i = 0; i < n; i++) {
        if (keys[i] == key) {
            return true;
        }
    }
    return false;
}

/* Returns the member with 'name' in one of the 'n' networks with
 * 'network_keys' that nobody has declared yet, NULL if there is none. */
static struct member *
find_undeclared(const struct lookup *l, const char *name,
                const uint32_t *network_keys, size_t n)
{
    struct member *m, *first = NULL;

    HMAP_FOR_EACH_WITH_HASH (m, name_node, hash_string(name, 0), &l->names) {
        if (!m->bm.declared && !strcmp(m->name, name)
            && contains_key(network_keys, n, m->network_key)
            && (!first || m->bm.index < first->bm.index)) {
            first = m;
        }
    }
    return first;
}

static struct member *
add_member(struct pool *pool, struct lookup *l, const char *name,
           const struct in6_addr *address, uint32_t network_key)
{
    struct member *m = &pool->members[pool->n_members++];

    memset(m, 0, sizeof *m);
    m->bm.owner = pool;
    m->bm.pool_key = pool->key;
    m->name = xstrdup(name);
    m->address = *address;
    m->network_key = network_key;
    hmap_insert(&l->names, &m->name_node, hash_string(name, 0));
    if (!ipv6_is_zero(address)) {
        hmap_insert(&l->addresses, &m->address_node,
                    slb_address_hash(address, 0));
    }
    return m;
}

/* Adds the members that 'row', which 'pool' goes on from, has. */
static void
read_row_members(const struct state *s, struct pool *pool,
                 const struct slbrec_compiled_pool *row, struct lookup *l)
{
    for (size_t i = 0; i < row->n_members; i++) {
        int64_t index = row->key_members[i];
        const char *text = find_string(row->key_addresses,
                                       row->value_addresses,
                                       row->n_addresses, index);
        uint32_t network_key = find_integer(row->key_networks,
                                            row->value_networks,
                                            row->n_networks, index,
                                            row->network_key);
        struct in6_addr address;

        /* If the network has gone and was made again, its machines are these,
         * else it does not matter. */
        if (network_key == row->network_key
            && !network_is_usable(network_find_by_key(s, network_key))) {
            network_key = l->network_key;
        }
        if (!text || !slb_address_parse(text, &address)) {
            address = in6addr_any;
        }

        struct member *m = add_member(pool, l, row->value_members[i],
                                      &address, network_key);
        m->bm.index = index;
    }
}

/* Returns the network, 'network' or a peer of it, that contains 'address',
 * NULL if none does. */
static const struct network *
find_network(const struct state *s, const struct network *network,
             const struct in6_addr *address)
{
    if (network_contains(network, address)) {
        return network;
    }
    for (size_t i = 0; i < network->peerings.n; i++) {
        const struct network *peer = network_find_peer(s, network, i);

        if (peer && network_contains(peer, address)) {
            return peer;
        }
    }
    return NULL;
}

static void
declare_with_address(struct state *s, struct pool *pool, struct lookup *l,
                     const struct pool_declared *d, const char *path,
                     struct status *status)
{
    struct balancer *b = pool->balancer;
    const struct network *network;
    struct in6_addr address;

    if (!slb_address_parse(d->address, &address)) {
        balancer_add_problem(b, &b->new_problems, status, path,
                             "member %s: \"%s\" is no address", d->name,
                             d->address);
        return;
    }
    network = find_network(s, b->network, &address);
    if (!network) {
        balancer_add_problem(b, &b->new_problems, status, path,
                             "member %s: address %s is outside network %s",
                             d->name, d->address, b->network->name);
        return;
    }

    struct member *m = find_address(l, d->name, &address, network->key);
    if (!m) {
        m = add_member(pool, l, d->name, &address, network->key);
    } else if (m->bm.declared) {
        balancer_add_problem(b, &b->new_problems, status, path,
                             "several members have address %s", d->address);
        return;
    }
    if (strcmp(m->name, d->name)) {
        hmap_remove(&l->names, &m->name_node);
        free(m->name);
        m->name = xstrdup(d->name);
        hmap_insert(&l->names, &m->name_node, hash_string(m->name, 0));
    }
    m->network_key = network->key;
    m->bm.declared = true;
    m->weight = d->weight;
    m->up = d->up;
    bindings_add_member(&s->bindings, &m->bm, m->name, &m->address,
                        m->network_key);
}

static void
declare_by_name(struct state *s, struct pool *pool, struct lookup *l,
                const struct pool_declared *d, bool ipv6)
{
    const struct network *network = pool->balancer->network;
    uint32_t *keys = xcalloc(network->peerings.n + 1, sizeof *keys);
    size_t n = 0;

    keys[n++] = network->key;
    for (size_t i = 0; i < network->peerings.n; i++) {
        const struct network *peer = network_find_peer(s, network, i);

        if (peer) {
            keys[n++] = peer->key;
        }
    }

    struct member *m = find_undeclared(l, d->name, keys, n);
    if (!m) {
        m = add_member(pool, l, d->name, &in6addr_any, network->key);
    }
    m->bm.declared = true;
    m->weight = d->weight;
    m->up = d->up;
    bindings_add_member_by_name(&s->bindings, &m->bm, m->name, ipv6,
                                &m->address, keys, n);
    free(keys);
}

static int
compare_declared(const void *a_, const void *b_)
{
    const struct pool_declared *const *a = a_;
    const struct pool_declared *const *b = b_;

    return strcmp((*a)->name, (*b)->name);
}

/* Takes in the members that users want now, none if the pool is not declared,
 * of which those by name must have addresses of the family that 'ipv6' says.
 * Problems are about 'path'. */
void
pool_parse(struct state *s, struct pool *pool,
           const struct pool_declared *declared, size_t n, bool ipv6,
           const char *path, struct status *status)
{
    const struct slbrec_compiled_pool *row = find_row(s, pool);
    const struct pool_declared **sorted = xcalloc(n, sizeof *sorted);
    struct lookup l;

    clear_members(s, pool);
    if (pool->declared) {
        set_network_key(s, pool, pool->balancer->network->key);
    }
    hmap_init(&l.addresses);
    hmap_init(&l.names);
    l.network_key = pool->network_key;
    pool->members = xcalloc(n + (row ? row->n_members : 0),
                            sizeof *pool->members);
    if (row) {
        read_row_members(s, pool, row, &l);
    }

    /* Those with an address first: another one may have had their name. */
    for (size_t i = 0; i < n; i++) {
        sorted[i] = &declared[i];
    }
    qsort(sorted, n, sizeof *sorted, compare_declared);
    for (size_t i = 0; i < n; i++) {
        if (sorted[i]->address[0]) {
            declare_with_address(s, pool, &l, sorted[i], path, status);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (!sorted[i]->address[0]) {
            declare_by_name(s, pool, &l, sorted[i], ipv6);
        }
    }
    free(sorted);

    /* What is not wanted any more is drained where it was. */
    for (size_t i = 0; i < pool->n_members; i++) {
        struct member *m = &pool->members[i];

        if (!m->bm.declared && !ipv6_is_zero(&m->address)) {
            bindings_add_member(&s->bindings, &m->bm, m->name, &m->address,
                                m->network_key);
        } else if (!m->bm.declared) {
            bindings_add_member_by_name(&s->bindings, &m->bm, m->name, ipv6,
                                        &m->address, &m->network_key, 1);
        }
    }
    hmap_destroy(&l.addresses);
    hmap_destroy(&l.names);
    hold_other_keys(s, pool);
}

/* Does 'g' name the member with 'index'? */
static bool
generation_names(const struct generation *g, uint16_t index)
{
    size_t low = 0, high = g->n_weights;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (g->weights[middle].index < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < g->n_weights && g->weights[low].index == index;
}

/* Is 'm' on a port?  If so it needs an index. */
static bool
member_has_port(const struct member *m)
{
    return m->bm.binding && m->bm.binding->port;
}

/* Is 'm' where it can get connections, and wants some? */
static bool
member_is_ready(const struct member *m)
{
    return (!m->gone && !m->left_out && m->bm.index && m->weight > 0
            && member_has_port(m));
}

/* May new connections go to 'm'? */
static bool
member_is_usable(const struct member *m)
{
    return member_is_ready(m) && m->health == MEMBER_UP;
}

/* Returns what the host of 'm', which is ready, says that 'probe' has found
 * out about it, or NULL. */
static const char *
get_health(const struct state *s, const struct member *m, const char *probe)
{
    const struct binding *binding = m->bm.binding;
    char *address = slb_address_to_string(&binding->address);
    char *key = xasprintf("%s %s", probe, address);
    const char *health = node_get_health(s, binding->port->node,
                                         binding->port->iface_id, key);

    free(address);
    free(key);
    return health;
}

/* Returns what the host of 'm', which is ready, has found out about it. */
static enum member_health
read_health(const struct state *s, const struct pool *pool,
            const struct member *m)
{
    const char *probe = smap_get(&pool->probe.config, "name");

    if (!probe || m->up) {
        return MEMBER_UP;
    }

    const char *health = get_health(s, m, probe);
    int needed;

    return (!health ? MEMBER_UNKNOWN
            : !strcmp(health, "up") ? MEMBER_UP
            : !strcmp(health, "down")
              || ovs_scan(health, SLB_PROBE_DAMPED, &needed) ? MEMBER_DOWN
            : MEMBER_UNKNOWN);
}

/* Does 'm', which is down, need to do better before it is up again, because it
 * goes up and down?  If so, sets '*needed' to the number of successes. */
static bool
is_damped(const struct state *s, const struct pool *pool,
          const struct member *m, int *needed)
{
    const char *health = get_health(s, m,
                                    smap_get(&pool->probe.config, "name"));

    return health && ovs_scan(health, SLB_PROBE_DAMPED, needed);
}

/* Is the health of 'm', which is ready, what its host has found out some time
 * ago, or what is assumed without a probe, and nothing has been heard of the
 * host for too long?  A NAT rule has one target, which it keeps. */
static bool
is_unknown(const struct state *s, const struct pool *pool,
           const struct member *m)
{
    return (!pool->is_nat && !m->up && m->health != MEMBER_UNKNOWN
            && node_is_silent(s, m->bm.binding->port->node));
}

/* Finds out which members of 'pool' are healthy.  If none is, those that are
 * down may all count as up, as may those that are taken for down because their
 * host is silent; those of which nothing was ever known never do, but for
 * those that get connections in a pool that is new ('gs' are its
 * generations). */
static void
find_health(const struct state *s, struct pool *pool,
            const struct generations *gs)
{
    const struct generation *current = generations_current(gs);
    bool trusted = current && trusted_until(s, pool);
    bool any_up = false;

    for (size_t i = 0; i < pool->n_members; i++) {
        struct member *m = &pool->members[i];

        m->unknown = m->presumed = false;
        if (member_is_ready(m)) {
            m->health = read_health(s, pool, m);
            m->unknown = is_unknown(s, pool, m);
            if (m->unknown && pool->probe.silent_down
                && m->health == MEMBER_UP) {
                m->health = MEMBER_DOWN;
                m->presumed = true;
            }
            if (m->health == MEMBER_UNKNOWN && trusted
                && generation_names(current, m->bm.index)) {
                m->health = MEMBER_UP;
            }
            any_up |= m->health == MEMBER_UP;
        } else {
            m->health = MEMBER_UNKNOWN;
        }
        m->down = m->health == MEMBER_DOWN;
    }
    for (size_t i = 0; pool->probe.all_up && !any_up && i < pool->n_members;
         i++) {
        struct member *m = &pool->members[i];

        if (m->health == MEMBER_DOWN) {
            m->health = MEMBER_UP;
        }
    }
}

/* Those with an address first, by address; the others by name. */
static int
compare_members(const void *a_, const void *b_)
{
    const struct member *const *a = a_;
    const struct member *const *b = b_;

    if ((*a)->bm.by_name != (*b)->bm.by_name) {
        return (*a)->bm.by_name ? 1 : -1;
    }
    return ((*a)->bm.by_name
            ? strcmp((*a)->name, (*b)->name)
            : slb_address_compare(&(*a)->address, &(*b)->address));
}

/* Marks the indices that generations in 'gs' name as used. */
static void
reserve_named(struct member_indices *indices, const struct generations *gs)
{
    for (size_t i = 0; i < gs->n; i++) {
        const struct generation *g = &gs->list[i];

        for (size_t j = 0; j < g->n_weights; j++) {
            member_indices_reserve(indices, g->weights[j].index);
        }
    }
}

/* Gives the members of 'pool' that have got a port an index, in order.  Those
 * for which there is none left are removed. */
static void
allocate_indices(struct state *s, struct pool *pool,
                 const struct generations *gs)
{
    struct member_indices *indices = &s->indices;
    size_t n_new = 0;

    member_indices_reset(indices);
    for (size_t i = 0; i < pool->n_members; i++) {
        const struct member *m = &pool->members[i];

        if (m->gone) {
            continue;
        }
        if (m->bm.index) {
            member_indices_reserve(indices, m->bm.index);
        } else {
            n_new += member_has_port(m);
        }
    }
    if (!n_new) {
        return;
    }
    reserve_named(indices, gs);

    struct member **new = xmalloc(n_new * sizeof *new);
    size_t n = 0;
    for (size_t i = 0; i < pool->n_members; i++) {
        struct member *m = &pool->members[i];

        if (!m->gone && !m->bm.index && member_has_port(m)) {
            new[n++] = m;
        }
    }
    qsort(new, n_new, sizeof *new, compare_members);
    for (size_t i = 0; i < n_new; i++) {
        struct member *m = new[i];

        m->bm.index = member_indices_allocate(indices);
        if (m->bm.index) {
            bindings_set_dirty(&s->bindings, m->bm.binding);
        } else {
            struct balancer *b = pool->balancer;

            balancer_add_problem(b, &b->conflicts, &b->compile_status,
                                 pool->name + strlen(b->name) + 1,
                                 "member %s: no index is left", m->name);
            remove_member(s, m);
        }
    }
    free(new);
}

static int
compare_bindings(const void *a_, const void *b_)
{
    const struct member *const *a = a_;
    const struct member *const *b = b_;
    uintptr_t a_binding = (uintptr_t) (*a)->bm.binding;
    uintptr_t b_binding = (uintptr_t) (*b)->bm.binding;

    return a_binding < b_binding ? -1 : a_binding > b_binding;
}

/* Of 'n' members of 'pool' at one address all but one are left out. */
static void
leave_out_doubles(struct pool *pool, struct member *const members[], size_t n)
{
    struct balancer *b = pool->balancer;

    for (size_t i = 0; i < n; i++) {
        struct member *m = members[i];
        const struct binding_member *found = NULL;

        if (m->gone) {
            continue;
        }
        for (size_t j = 0; j < n; j++) {
            if (j != i
                && binding_member_goes_before(&members[j]->bm, &m->bm)) {
                found = &members[j]->bm;
            }
        }
        m->left_out = found != NULL;
        if (found && found->declared && m->bm.declared) {
            char *address = slb_address_to_string(&m->bm.binding->address);

            balancer_add_problem(b, &b->conflicts, &b->compile_status,
                                 pool->name + strlen(b->name) + 1,
                                 "members %s and %s have address %s",
                                 found->name, m->name, address);
            free(address);
        }
    }
}

/* Finds the members of 'pool' that are at the same address.  The list of a
 * binding's members is not looked at: a machine may be in very many pools. */
static void
find_doubles(struct pool *pool)
{
    struct member **sorted = xmalloc(pool->n_members * sizeof *sorted);
    size_t n = 0;

    for (size_t i = 0; i < pool->n_members; i++) {
        struct member *m = &pool->members[i];

        if (m->bm.binding) {
            sorted[n++] = m;
        } else if (!m->gone) {
            m->left_out = false;
        }
    }
    if (n > 1) {
        qsort(sorted, n, sizeof *sorted, compare_bindings);
    }
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        while (end < n && !compare_bindings(&sorted[i], &sorted[end])) {
            end++;
        }
        leave_out_doubles(pool, &sorted[i], end - i);
    }
    free(sorted);
}

/* Generations. */

static enum generation_state
generation_state_from_string(const char *s)
{
    return (!strcmp(s, "coming") ? GENERATION_COMING
            : !strcmp(s, "current") ? GENERATION_CURRENT
            : GENERATION_PREVIOUS);
}

static const char *
generation_state_to_string(enum generation_state state)
{
    switch (state) {
    case GENERATION_COMING: return "coming";
    case GENERATION_CURRENT: return "current";
    case GENERATION_PREVIOUS: return "previous";
    }
    OVS_NOT_REACHED();
}

/* Reads the generations of 'row' into 'gs'; if they are of another pool, they
 * have no rows yet, and one that is coming is left to that. */
static void
read_generations(const struct slbrec_compiled_pool *row, bool own,
                 struct generations *gs)
{
    for (size_t i = 0; i < row->n_generations; i++) {
        const struct slbrec_generation *gr = row->generations[i];

        if (!own && (generation_state_from_string(gr->state)
                     == GENERATION_COMING)) {
            continue;
        }
        struct member_weight *weights = xcalloc(gr->n_weights,
                                                sizeof *weights);
        size_t n = 0;

        for (size_t j = 0; j < gr->n_weights; j++) {
            int64_t weight = gr->value_weights[j];

            if (weight > 0 && weight <= UINT16_MAX) {
                weights[n++] = (struct member_weight) {
                    .index = gr->key_weights[j],
                    .weight = weight,
                };
            }
        }

        struct generation *g
            = generations_add(gs, gr->number,
                              generation_state_from_string(gr->state),
                              gr->switched_at,
                              gr->slots_log2 ? gr->slots_log2
                              : row->slots_log2,
                              weights, n);
        g->row = own ? gr : NULL;
        free(weights);
    }
}

/* Takes the steps that are due with 'pool''s generations.  Returns the number
 * of slots that one without generations would have. */
static int
step_generations(struct state *s, struct pool *pool, struct generations *gs)
{
    struct member_weight *weights = xcalloc(pool->n_members, sizeof *weights);
    struct slots_members declared = { .n = 0 };
    size_t n_weights = 0;

    for (size_t i = 0; i < pool->n_members; i++) {
        const struct member *m = &pool->members[i];

        if (m->bm.declared && !m->gone) {
            slots_members_add(&declared, m->weight);
        }
        if (member_is_usable(m)) {
            weights[n_weights++] = (struct member_weight) {
                .index = m->bm.index,
                .weight = m->weight,
            };
        }
    }
    member_weights_sort(weights, n_weights);

    const struct generation *current = generations_current(gs);
    const struct generation *coming = generations_coming(gs);
    struct generation_input in = {
        .weights = weights,
        .n_weights = n_weights,
        .slots_log2 = slots_log2_choose(&declared,
                                        current && current->n_weights
                                        ? current->slots_log2 : 0),
        .prepared = coming && prepare_is_done(s->prepare, pool->key,
                                              coming->number, s->now),
        .now = s->wall_now,
        .drain = s->drain,
    };
    pool->expiry = generations_step(gs, &in);
    free(weights);

    int64_t until = trusted_until(s, pool);
    if (until) {
        pool->expiry = MIN(pool->expiry, until);
    }

    coming = generations_coming(gs);
    if (!coming) {
        prepare_forget(s->prepare, pool->key);
    } else if (!coming->row && ovs_list_is_empty(&pool->coming_node)) {
        ovs_list_push_back(&s->new_coming, &pool->coming_node);
        pool->coming = coming->number;
    }
    return in.slots_log2;
}

/* The coming generation of 'pool' is in the database now. */
void
pool_start_waiting(struct state *s, struct pool *pool)
{
    ignore(prepare_is_done(s->prepare, pool->key, pool->coming, s->now));
}

/* Of the members that no generation in 'gs' names, forgets those that nobody
 * wants, and takes the index of those without a port.  Returns the number of
 * members that are left. */
static size_t
settle_members(struct state *s, struct pool *pool,
               const struct generations *gs)
{
    bool removed = false, left_out = false;
    size_t n = 0;

    member_indices_reset(&s->indices);
    reserve_named(&s->indices, gs);
    for (size_t i = 0; i < pool->n_members; i++) {
        struct member *m = &pool->members[i];

        if (!m->gone && m->bm.index
            && (!m->bm.declared || !member_has_port(m))
            && member_indices_reserve(&s->indices, m->bm.index)) {
            if (m->bm.declared) {
                m->bm.index = 0;
            } else {
                remove_member(s, m);
                removed = true;
            }
        }
        n += !m->gone;
        left_out |= !m->gone && m->left_out;
    }
    if (removed && left_out) {
        /* Next time it may have got the address. */
        pool->expiry = s->wall_now;
    }
    return n;
}

/* Returns what users are told about 'm', a member of 'pool' that is down or
 * unknown, by 'probe' unless that is NULL. */
static char *
health_to_text(const struct state *s, const struct pool *pool,
               const struct member *m, const char *probe)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (m->unknown) {
        ds_put_format(&ds, "unknown, as host %s is silent: ",
                      m->bm.binding->port->node);
    }
    ds_put_cstr(&ds, (!m->down ? "counts as up"
                      : m->unknown ? "counts as down" : "down"));
    if (m->down && m->health == MEMBER_UP) {
        ds_put_cstr(&ds, ", but as nobody is up it gets connections");
    }
    if (probe) {
        int needed;

        ds_put_format(&ds, " (probe %s", probe);
        if (!m->unknown && is_damped(s, pool, m, &needed)) {
            ds_put_format(&ds, ", goes up and down: needs %d successes",
                          needed);
        }
        ds_put_char(&ds, ')');
    }
    return ds_steal_cstr(&ds);
}

/* Tells which members of 'pool' are down or unknown. */
static void
report_health(const struct state *s, struct pool *pool)
{
    struct balancer *b = pool->balancer;
    const char *path = pool->name + strlen(b->name) + 1;
    const char *probe = slb_pool_probe_name(pool->name);
    int length = slb_pool_name_length(pool->name) - (path - pool->name);

    for (size_t i = 0; i < pool->n_members; i++) {
        const struct member *m = &pool->members[i];

        if (m->down || m->unknown) {
            status_add_nocopy(&b->compile_status,
                              xasprintf("%.*s/members/%s", length, path,
                                        m->name),
                              health_to_text(s, pool, m, probe));
        }
    }
}

/* Rows. */

static const struct slbrec_generation *
insert_generation(struct state *s, const struct generation *g)
{
    const struct slbrec_generation *row = slbrec_generation_insert(s->txn);
    int64_t *indices = xcalloc(g->n_weights, sizeof *indices);
    int64_t *weights = xcalloc(g->n_weights, sizeof *weights);

    for (size_t i = 0; i < g->n_weights; i++) {
        indices[i] = g->weights[i].index;
        weights[i] = g->weights[i].weight;
    }
    slbrec_generation_set_weights(row, indices, weights, g->n_weights);
    slbrec_generation_set_number(row, g->number);
    free(indices);
    free(weights);
    return row;
}

/* Writes 'gs', the generations of 'pool' with 'pool_row', and returns true if
 * anything about them changes.  Rows that the pool does not refer to go by
 * themselves. */
static bool
write_generations(struct state *s, const struct pool *pool,
                  const struct slbrec_compiled_pool *pool_row,
                  const struct generations *gs)
{
    struct slbrec_generation **rows = xcalloc(gs->n, sizeof *rows);
    bool other_rows = pool_row->n_generations != gs->n;
    bool changed = false;

    for (size_t i = 0; i < gs->n; i++) {
        const struct generation *g = &gs->list[i];
        const struct slbrec_generation *row = g->row;

        if (!row) {
            row = insert_generation(s, g);
            other_rows = true;
        }
        SET_INTEGER(generation, row, pool_key, pool->key, changed);
        SET_STRING(generation, row, state,
                   generation_state_to_string(g->state), changed);
        SET_INTEGER(generation, row, switched_at, g->switched_at, changed);
        SET_INTEGER(generation, row, slots_log2, g->slots_log2, changed);
        rows[i] = CONST_CAST(struct slbrec_generation *, row);
    }
    if (other_rows) {
        slbrec_compiled_pool_set_generations(pool_row, rows, gs->n);
    }
    free(rows);
    s->n_written += changed || other_rows;
    return changed || other_rows;
}

static int
compare_indices(const void *a_, const void *b_)
{
    const struct member *const *a = a_;
    const struct member *const *b = b_;

    return (*a)->bm.index < (*b)->bm.index ? -1 : 1;
}

static bool
strings_equal(const int64_t *keys_a, const char *const *values_a, size_t n_a,
              const int64_t *keys_b, char *const *values_b, size_t n_b)
{
    if (n_a != n_b
        || (n_a && memcmp(keys_a, keys_b, n_a * sizeof *keys_a))) {
        return false;
    }
    for (size_t i = 0; i < n_a; i++) {
        if (strcmp(values_a[i], values_b[i])) {
            return false;
        }
    }
    return true;
}

static bool
integers_equal(const int64_t *a, size_t n_a, const int64_t *b, size_t n_b)
{
    return n_a == n_b && (!n_a || !memcmp(a, b, n_a * sizeof *a));
}

/* The columns of a row that are maps, in order of the indices. */
struct maps {
    int64_t *members, *addresses, *vteps, *networks, *draining;
    const char **names, **texts, **vtep_texts;
    int64_t *network_keys;
    size_t n_members, n_addresses, n_vteps, n_networks, n_draining;
};

/* Writes the members of 'pool' that have an index.  There are 'n' members, and
 * they are settled.  Returns true if anything about them changes. */
static bool
write_members(struct state *s, struct pool *pool,
              const struct slbrec_compiled_pool *row, size_t n)
{
    struct member **sorted = xmalloc(n * sizeof *sorted);
    int64_t *integers = xmalloc(6 * n * sizeof *integers);
    const char **strings = xmalloc(3 * n * sizeof *strings);
    char (*addresses)[INET6_ADDRSTRLEN + 8]
        = xmalloc(n * sizeof *addresses);
    struct maps maps = {
        .members = integers,
        .addresses = integers + n,
        .vteps = integers + 2 * n,
        .networks = integers + 3 * n,
        .network_keys = integers + 4 * n,
        .draining = integers + 5 * n,
        .names = strings,
        .texts = strings + n,
        .vtep_texts = strings + 2 * n,
    };
    bool changed = false;

    n = 0;
    for (size_t i = 0; i < pool->n_members; i++) {
        struct member *m = &pool->members[i];

        if (!m->gone && m->bm.index) {
            sorted[n++] = m;
        }
    }
    qsort(sorted, n, sizeof *sorted, compare_indices);
    for (size_t i = 0; i < n; i++) {
        struct member *m = sorted[i];
        const struct binding *binding = m->bm.binding;

        if (binding) {
            m->network_key = binding->network_key;
        }
        const struct in6_addr *address
            = (binding ? &binding->address
               : m->bm.by_name ? &m->bm.before : &m->address);
        bool draining = (!member_is_usable(m)
                         && !member_indices_reserve(&s->indices,
                                                    m->bm.index));

        maps.members[maps.n_members] = m->bm.index;
        maps.names[maps.n_members++] = m->name;
        if (!ipv6_is_zero(address)
            && (binding || !m->bm.declared || draining)) {
            struct ds ds = DS_EMPTY_INITIALIZER;

            slb_address_format(address, &ds);
            ovs_strlcpy(addresses[i], ds_cstr(&ds), sizeof addresses[i]);
            ds_destroy(&ds);
            maps.addresses[maps.n_addresses] = m->bm.index;
            maps.texts[maps.n_addresses++] = addresses[i];
        }
        if (binding && binding->port && !m->left_out) {
            maps.vteps[maps.n_vteps] = m->bm.index;
            maps.vtep_texts[maps.n_vteps++] = binding->port->vtep;
        }
        if (m->network_key != pool->network_key) {
            maps.networks[maps.n_networks] = m->bm.index;
            maps.network_keys[maps.n_networks++] = m->network_key;
        }
        if (draining) {
            maps.draining[maps.n_draining++] = m->bm.index;
        }
    }

    if (!strings_equal(maps.members, maps.names, maps.n_members,
                       row->key_members, row->value_members,
                       row->n_members)) {
        slbrec_compiled_pool_set_members(row, maps.members, maps.names,
                                         maps.n_members);
        changed = true;
    }
    if (!strings_equal(maps.addresses, maps.texts, maps.n_addresses,
                       row->key_addresses, row->value_addresses,
                       row->n_addresses)) {
        slbrec_compiled_pool_set_addresses(row, maps.addresses, maps.texts,
                                           maps.n_addresses);
        changed = true;
    }
    if (!strings_equal(maps.vteps, maps.vtep_texts, maps.n_vteps,
                       row->key_vteps, row->value_vteps, row->n_vteps)) {
        slbrec_compiled_pool_set_vteps(row, maps.vteps, maps.vtep_texts,
                                       maps.n_vteps);
        changed = true;
    }
    if (!integers_equal(maps.networks, maps.n_networks, row->key_networks,
                        row->n_networks)
        || !integers_equal(maps.network_keys, maps.n_networks,
                           row->value_networks, row->n_networks)) {
        slbrec_compiled_pool_set_networks(row, maps.networks,
                                          maps.network_keys,
                                          maps.n_networks);
        changed = true;
    }
    if (!integers_equal(maps.draining, maps.n_draining, row->draining,
                        row->n_draining)) {
        slbrec_compiled_pool_set_draining(row, maps.draining,
                                          maps.n_draining);
        changed = true;
    }
    free(sorted);
    free(integers);
    free(strings);
    free(addresses);
    return changed;
}

static int
compare_integers(const void *a_, const void *b_)
{
    const int64_t *a = a_;
    const int64_t *b = b_;

    return *a < *b ? -1 : *a > *b;
}

/* Writes which members of 'pool' get no connections any more because they are
 * down, as their hosts have said.  That begins when no mux should send them
 * any: clients whose connections are reset connect again at once.  Returns
 * true if it changes anything. */
static bool
write_unhealthy(const struct pool *pool,
                const struct slbrec_compiled_pool *row,
                const struct generations *gs)
{
    const struct generation *current = generations_current(gs);
    int64_t *indices = xmalloc(pool->n_members * sizeof *indices);
    size_t n = 0;

    for (size_t i = 0; i < pool->n_members; i++) {
        const struct member *m = &pool->members[i];

        if (!m->gone && m->bm.index && m->health == MEMBER_DOWN
            && !m->presumed
            && !(current && generation_names(current, m->bm.index))) {
            indices[n++] = m->bm.index;
        }
    }
    if (n) {
        qsort(indices, n, sizeof *indices, compare_integers);
    }

    bool changed = !integers_equal(indices, n, row->unhealthy,
                                   row->n_unhealthy);
    if (changed) {
        slbrec_compiled_pool_set_unhealthy(row, indices, n);
    }
    free(indices);
    return changed;
}

static void
write_pool(struct state *s, struct pool *pool, const struct generations *gs,
           int slots_log2, size_t n_members)
{
    const struct generation *current = generations_current(gs);
    const struct slbrec_compiled_pool *row = pool->row_ref.row;
    bool changed = false;

    if (!row) {
        row = slbrec_compiled_pool_insert(s->txn);
        slbrec_compiled_pool_set_name(row, pool->name);
        changed = true;
    } else if (row->tunnel_key != pool->key) {
        pool_touch(s, row->tunnel_key);
    }
    SET_INTEGER(compiled_pool, row, tunnel_key, pool->key, changed);
    SET_INTEGER(compiled_pool, row, network_key, pool->network_key, changed);
    SET_INTEGER(compiled_pool, row, slots_log2,
                current ? current->slots_log2 : slots_log2, changed);
    if (!smap_equal(&row->probe, &pool->probe.config)) {
        slbrec_compiled_pool_set_probe(row, &pool->probe.config);
        changed = true;
    }
    changed |= write_members(s, pool, row, n_members);
    changed |= write_unhealthy(pool, row, gs);
    s->n_written += changed;
    changed |= write_generations(s, pool, row, gs);
    if (changed) {
        pool_touch(s, pool->key);
    }
}

/* Returns true if 'pool' was deleted and nothing is left to be drained. */
static bool
is_over(const struct pool *pool, const struct generations *gs)
{
    return (!pool->declared
            && (!gs->n || (gs->n == 1 && !gs->list[0].n_weights)));
}

/* The members' bindings are to be written in this run.  Those of a pool that
 * is new, and no copy, can wait: nobody uses it yet, and of many new load
 * balancers that machines are members of, each binding is written once. */
static void
schedule_bindings(struct state *s, struct pool *pool)
{
    if (!find_row(s, pool)) {
        return;
    }
    for (size_t i = 0; i < pool->n_members; i++) {
        struct member *m = &pool->members[i];

        if (!m->gone && m->bm.binding) {
            place_schedule(s, m->bm.binding);
        }
    }
}

/* Would writing 'pool' have to do with what is in flight? */
bool
pool_is_blocked(const struct state *s, const struct pool *pool)
{
    for (size_t i = 0; i < pool->n_members; i++) {
        const struct member *m = &pool->members[i];

        if (!m->gone && m->bm.binding
            && state_is_in_flight(s, m->bm.binding->flight)) {
            return true;
        }
    }
    return false;
}

/* Writes what 'pool' should be.  Returns false if it is not there (any
 * more). */
bool
pool_compile(struct state *s, struct pool *pool)
{
    const struct slbrec_compiled_pool *row = pool->row_ref.row;
    const struct slbrec_compiled_pool *from = find_row(s, pool);
    struct balancer *b = pool->balancer;
    struct generations gs;

    if (!pool->declared && !row) {
        return false;
    }
    if (!pool->key) {
        set_key(s, pool, tunnel_keys_allocate(&s->tunnel_keys));
        for (size_t i = 0; i < pool->n_members; i++) {
            struct member *m = &pool->members[i];

            m->bm.pool_key = pool->key;
            if (m->bm.index && m->bm.binding) {
                bindings_set_dirty(&s->bindings, m->bm.binding);
            }
        }
    }
    if (!pool->key) {
        balancer_add_problem(b, &b->conflicts, &b->compile_status,
                             pool->name + strlen(b->name) + 1,
                             "no tunnel key is left");
        return false;
    }

    generations_init(&gs);
    if (from) {
        read_generations(from, from == row, &gs);
    }
    allocate_indices(s, pool, &gs);
    find_doubles(pool);
    find_health(s, pool, &gs);
    report_health(s, pool);

    int slots_log2 = step_generations(s, pool, &gs);
    size_t n_members = settle_members(s, pool, &gs);
    bool over = is_over(pool, &gs);
    if (over) {
        pool_touch(s, row->tunnel_key);
        slbrec_compiled_pool_delete(row);
        s->n_written++;
        for (size_t i = 0; i < pool->n_members; i++) {
            remove_member(s, &pool->members[i]);
        }
        count(s, pool, 0, 0, 0);
    } else {
        bool coming = generations_coming(&gs) != NULL;

        schedule_bindings(s, pool);
        write_pool(s, pool, &gs, slots_log2, n_members);
        hold_other_keys(s, pool);
        count(s, pool, n_members, coming,
              gs.n - coming - (generations_current(&gs) != NULL));
    }
    generations_destroy(&gs);
    return !over;
}

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

#include "controller/manager/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "controller/manager/address.h"
#include "controller/manager/concern.h"
#include "controller/manager/desired.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "svec.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(write);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

/* Octets of the key of the muxes' hash. */
#define HASH_KEY_LEN 16

struct writer {
    struct desired *desired;
    struct ovsdb_idl *idl;
    struct ovsdb_idl_txn *txn;
    struct concern concern;
};

/* Sets COLUMN of ROW, a "struct slbrec_TABLE *", to VALUE and CHANGED to true,
 * but only if it is another value. */
#define SET_INTEGER(TABLE, ROW, COLUMN, VALUE, CHANGED)         \
    do {                                                        \
        if ((ROW)->COLUMN != (VALUE)) {                         \
            slbrec_##TABLE##_set_##COLUMN(ROW, VALUE);          \
            (CHANGED) = true;                                   \
        }                                                       \
    } while (0)
#define SET_STRING(TABLE, ROW, COLUMN, VALUE, CHANGED)          \
    do {                                                        \
        if (strcmp((ROW)->COLUMN, VALUE)) {                     \
            slbrec_##TABLE##_set_##COLUMN(ROW, VALUE);          \
            (CHANGED) = true;                                   \
        }                                                       \
    } while (0)

/* Returns true if the strings in a set's column are those in 'svec', which must
 * be sorted and unique. */
static bool
strings_equal(char **strings, size_t n, const struct svec *svec)
{
    if (n != svec->n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!svec_contains(svec, strings[i])) {
            return false;
        }
    }
    return true;
}

/* Who reads what. */

static void
add_nodes(struct writer *w)
{
    const struct slbrec_binding *row;
    const struct slbrec_node *node;
    const struct binding *binding;

    SLBREC_NODE_FOR_EACH (node, w->idl) {
        if (!strcmp(node->role, "host")) {
            concern_add_host(&w->concern, node->name);
        } else {
            concern_add_mux(&w->concern, node->name, node->mux_set);
        }
    }
    SLBREC_BINDING_FOR_EACH (row, w->idl) {
        concern_subscribe(&w->concern, row->node, row->network_key);
        for (size_t i = 0; i < row->n_pools; i++) {
            concern_subscribe(&w->concern, row->node, row->key_pools[i]);
        }
    }
    HMAP_FOR_EACH (binding, hmap_node, &w->desired->bindings.bindings) {
        if (binding->port) {
            const char *name = binding->port->node;

            concern_subscribe(&w->concern, name, binding->network_key);
            for (size_t i = 0; i < binding->n_pools; i++) {
                concern_subscribe(&w->concern, name, binding->pools[i].key);
            }
        }
    }
}

/* Something about the pool with 'key' changes. */
static void
touch_pool(struct writer *w, uint32_t key)
{
    concern_touch_key(&w->concern, key);
    concern_touch_muxes(&w->concern);
}

/* Networks and locations. */

static void
write_network(struct writer *w, const char *name,
              struct desired_network *network)
{
    const struct slbrec_compiled_network *row = network->row;
    struct svec subnets = SVEC_EMPTY_INITIALIZER;
    struct svec gateways = SVEC_EMPTY_INITIALIZER;
    bool changed = false;

    for (size_t i = 0; i < network->n_subnets; i++) {
        struct in6_addr gateway;

        svec_add_nocopy(&subnets, prefix_to_string(&network->subnets[i]));
        if (prefix_first_address(&network->subnets[i], &gateway)) {
            svec_add_nocopy(&gateways, address_to_string(&gateway));
        }
    }
    svec_sort_unique(&subnets);
    svec_sort_unique(&gateways);

    if (!row) {
        row = slbrec_compiled_network_insert(w->txn);
        network->row = row;
        slbrec_compiled_network_set_name(row, name);
        changed = true;
    } else if (row->tunnel_key != network->key) {
        concern_touch_key(&w->concern, row->tunnel_key);
    }
    SET_INTEGER(compiled_network, row, tunnel_key, network->key, changed);
    if (!strings_equal(row->subnets, row->n_subnets, &subnets)) {
        slbrec_compiled_network_set_subnets(row, (const char **) subnets.names,
                                            subnets.n);
        changed = true;
    }
    if (!strings_equal(row->gateways, row->n_gateways, &gateways)) {
        slbrec_compiled_network_set_gateways(row,
                                             (const char **) gateways.names,
                                             gateways.n);
        changed = true;
    }
    if (changed) {
        concern_touch_key(&w->concern, network->key);
    }
    svec_destroy(&subnets);
    svec_destroy(&gateways);
}

static void
write_networks(struct writer *w)
{
    const struct slbrec_compiled_network *row;
    struct shash_node *node;

    SLBREC_COMPILED_NETWORK_FOR_EACH_SAFE (row, w->idl) {
        const struct desired_network *network
            = shash_find_data(&w->desired->networks, row->name);

        if (!network || network->row != row || !network->key) {
            concern_touch_key(&w->concern, row->tunnel_key);
            slbrec_compiled_network_delete(row);
        }
    }
    SHASH_FOR_EACH (node, &w->desired->networks) {
        struct desired_network *network = node->data;

        if (network->key) {
            write_network(w, node->name, network);
        }
    }
}

/* Returns the binding that a row with 'network_key' and 'address' is about,
 * NULL if no port carries that address. */
static struct binding *
find_binding(const struct writer *w, int64_t network_key, const char *address)
{
    struct in6_addr ip;
    struct binding *binding;

    if (!address_parse(address, &ip)) {
        return NULL;
    }
    binding = bindings_find(&w->desired->bindings, network_key, &ip);
    return binding && binding->port ? binding : NULL;
}

static void
write_location(struct writer *w, const struct binding *binding)
{
    const struct slbrec_location *row = binding->location_row;
    bool changed = false;

    if (!row) {
        char *address = address_to_string(&binding->address);

        row = slbrec_location_insert(w->txn);
        slbrec_location_set_network_key(row, binding->network_key);
        slbrec_location_set_address(row, address);
        free(address);
        changed = true;
    }
    SET_STRING(location, row, mac, binding->port->mac, changed);
    SET_STRING(location, row, node, binding->port->node, changed);
    SET_STRING(location, row, vtep, binding->port->vtep, changed);
    if (changed) {
        concern_touch_key(&w->concern, binding->network_key);
    }
}

static void
write_locations(struct writer *w)
{
    const struct slbrec_location *row;
    const struct binding *binding;

    SLBREC_LOCATION_FOR_EACH_SAFE (row, w->idl) {
        struct binding *b = find_binding(w, row->network_key, row->address);

        if (b && !b->location_row) {
            b->location_row = row;
        } else {
            concern_touch_key(&w->concern, row->network_key);
            slbrec_location_delete(row);
        }
    }
    HMAP_FOR_EACH (binding, hmap_node, &w->desired->bindings.bindings) {
        if (binding->port) {
            write_location(w, binding);
        }
    }
}

/* Bindings. */

static bool
pools_equal(const struct slbrec_binding *row, const struct binding *binding)
{
    if (row->n_pools != binding->n_pools) {
        return false;
    }
    for (size_t i = 0; i < binding->n_pools; i++) {
        size_t j;

        /* A VM is a member of few pools. */
        for (j = 0; j < row->n_pools; j++) {
            if (row->key_pools[j] == binding->pools[i].key
                && row->value_pools[j] == binding->pools[i].index) {
                break;
            }
        }
        if (j >= row->n_pools) {
            return false;
        }
    }
    return true;
}

static void
write_binding(struct writer *w, const struct binding *binding)
{
    const struct slbrec_binding *row = binding->binding_row;
    bool changed = false;

    if (!row) {
        char *address = address_to_string(&binding->address);

        row = slbrec_binding_insert(w->txn);
        slbrec_binding_set_node(row, binding->port->node);
        slbrec_binding_set_iface_id(row, binding->port->iface_id);
        slbrec_binding_set_network_key(row, binding->network_key);
        slbrec_binding_set_address(row, address);
        free(address);
        changed = true;
    }
    SET_STRING(binding, row, mac, binding->port->mac, changed);
    if (!pools_equal(row, binding)) {
        int64_t *keys = xcalloc(binding->n_pools, sizeof *keys);
        int64_t *indices = xcalloc(binding->n_pools, sizeof *indices);

        for (size_t i = 0; i < binding->n_pools; i++) {
            keys[i] = binding->pools[i].key;
            indices[i] = binding->pools[i].index;
        }
        slbrec_binding_set_pools(row, keys, indices, binding->n_pools);
        free(keys);
        free(indices);
        changed = true;
    }
    if (changed) {
        concern_touch_node(&w->concern, binding->port->node);
    }
}

static void
write_bindings(struct writer *w)
{
    const struct slbrec_binding *row;
    const struct binding *binding;

    SLBREC_BINDING_FOR_EACH_SAFE (row, w->idl) {
        struct binding *b = find_binding(w, row->network_key, row->address);

        if (b && !b->binding_row && !strcmp(b->port->node, row->node)
            && !strcmp(b->port->iface_id, row->iface_id)) {
            b->binding_row = row;
        } else {
            concern_touch_node(&w->concern, row->node);
            slbrec_binding_delete(row);
        }
    }
    HMAP_FOR_EACH (binding, hmap_node, &w->desired->bindings.bindings) {
        if (binding->port) {
            write_binding(w, binding);
        }
    }
}

/* Pools, generations and members. */

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

static const struct slbrec_generation *
insert_generation(struct writer *w, const struct generation *g)
{
    const struct slbrec_generation *row = slbrec_generation_insert(w->txn);
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

/* Writes 'pool''s generations and returns true if anything about them
 * changes.  Rows that the pool does not refer to go by themselves. */
static bool
write_generations(struct writer *w, struct desired_pool *pool)
{
    struct generations *gs = &pool->generations;
    struct slbrec_generation **rows = xcalloc(gs->n, sizeof *rows);
    bool other_rows = pool->row->n_generations != gs->n;
    bool changed = false;

    for (size_t i = 0; i < gs->n; i++) {
        const struct generation *g = &gs->list[i];
        const struct slbrec_generation *row = g->row;

        if (!row) {
            row = insert_generation(w, g);
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
        slbrec_compiled_pool_set_generations(pool->row, rows, gs->n);
    }
    free(rows);
    return changed || other_rows;
}

static const char *
member_state_to_string(enum member_state state)
{
    switch (state) {
    case MEMBER_ACTIVE: return "active";
    case MEMBER_UNBOUND: return "unbound";
    case MEMBER_DRAINING: return "draining";
    }
    OVS_NOT_REACHED();
}

/* Writes 'member' of 'pool' and returns true if anything changes. */
static bool
write_member(struct writer *w, const struct desired_pool *pool,
             const struct desired_member *member)
{
    const struct slbrec_compiled_member *row = member->row;
    const struct binding_port *port = member->port;
    bool changed = false;

    if (!row) {
        char *address = address_to_string(&member->address);

        row = slbrec_compiled_member_insert(w->txn);
        slbrec_compiled_member_set_index(row, member->index);
        slbrec_compiled_member_set_address(row, address);
        free(address);
        changed = true;
    }
    SET_INTEGER(compiled_member, row, pool_key, pool->key, changed);
    SET_STRING(compiled_member, row, name, member->name, changed);
    SET_STRING(compiled_member, row, mac, port ? port->mac : "", changed);
    SET_STRING(compiled_member, row, node, port ? port->node : "", changed);
    SET_STRING(compiled_member, row, vtep, port ? port->vtep : "", changed);
    SET_STRING(compiled_member, row, state,
               member_state_to_string(member->state), changed);
    return changed;
}

static void
write_pool(struct writer *w, struct desired_pool *pool)
{
    const struct generation *current = generations_current(&pool->generations);
    const struct desired_member *member;
    bool changed = false;

    if (!pool->row) {
        pool->row = slbrec_compiled_pool_insert(w->txn);
        slbrec_compiled_pool_set_name(pool->row, pool->name);
        changed = true;
    } else if (pool->row->tunnel_key != pool->key) {
        touch_pool(w, pool->row->tunnel_key);
    }
    SET_INTEGER(compiled_pool, pool->row, tunnel_key, pool->key, changed);
    SET_INTEGER(compiled_pool, pool->row, network_key, pool->network_key,
                changed);
    SET_INTEGER(compiled_pool, pool->row, slots_log2, current->slots_log2,
                changed);
    changed |= write_generations(w, pool);
    HMAP_FOR_EACH (member, hmap_node, &pool->members) {
        changed |= write_member(w, pool, member);
    }
    if (changed) {
        touch_pool(w, pool->key);
    }
}

static void
write_pools(struct writer *w)
{
    const struct slbrec_compiled_pool *row;
    struct desired *d = w->desired;
    struct shash_node *node;

    for (size_t i = 0; i < d->n_stale_members; i++) {
        touch_pool(w, d->stale_members[i]->pool_key);
        slbrec_compiled_member_delete(d->stale_members[i]);
    }
    SLBREC_COMPILED_POOL_FOR_EACH_SAFE (row, w->idl) {
        const struct desired_pool *pool = shash_find_data(&d->pools,
                                                          row->name);
        if (!pool || pool->row != row) {
            touch_pool(w, row->tunnel_key);
            slbrec_compiled_pool_delete(row);
        }
    }
    SHASH_FOR_EACH (node, &d->pools) {
        write_pool(w, node->data);
    }
}

/* Endpoints and VIPs. */

static void
write_endpoint(struct writer *w, struct desired_endpoint *e)
{
    bool changed = false;

    if (!e->row) {
        e->row = slbrec_endpoint_insert(w->txn);
        changed = true;
    } else if (e->row->pool_key != e->pool_key) {
        touch_pool(w, e->row->pool_key);
    }
    SET_STRING(endpoint, e->row, rule, e->name, changed);
    SET_INTEGER(endpoint, e->row, cookie, e->cookie, changed);
    SET_INTEGER(endpoint, e->row, network_key, e->network_key, changed);
    SET_STRING(endpoint, e->row, vip, e->vip, changed);
    SET_INTEGER(endpoint, e->row, protocol, e->protocol, changed);
    SET_INTEGER(endpoint, e->row, port, e->port, changed);
    SET_INTEGER(endpoint, e->row, pool_key, e->pool_key, changed);
    SET_INTEGER(endpoint, e->row, backend_port, e->backend_port, changed);
    SET_STRING(endpoint, e->row, load_distribution, e->load_distribution,
               changed);
    SET_INTEGER(endpoint, e->row, idle_timeout, e->idle_timeout, changed);
    if (changed) {
        touch_pool(w, e->pool_key);
    }
}

static void
write_endpoints(struct writer *w)
{
    struct shash by_name = SHASH_INITIALIZER(&by_name);
    const struct slbrec_endpoint *row;
    struct shash_node *node;

    SHASH_FOR_EACH (node, &w->desired->endpoints) {
        struct desired_endpoint *e = node->data;
        shash_add(&by_name, e->name, e);
    }
    SLBREC_ENDPOINT_FOR_EACH_SAFE (row, w->idl) {
        const struct desired_endpoint *e = shash_find_data(&by_name,
                                                           row->rule);
        if (!e || e->row != row) {
            touch_pool(w, row->pool_key);
            slbrec_endpoint_delete(row);
        }
    }
    SHASH_FOR_EACH (node, &by_name) {
        write_endpoint(w, node->data);
    }
    shash_destroy(&by_name);
}

static void
write_vip(struct writer *w, struct desired_vip *vip)
{
    bool changed = false;

    if (!vip->row) {
        vip->row = slbrec_vip_insert(w->txn);
        slbrec_vip_set_network_key(vip->row, vip->network_key);
        slbrec_vip_set_address(vip->row, vip->address);
        changed = true;
    } else if (strcmp(vip->row->mux_set, vip->mux_set)) {
        concern_touch_mux_set(&w->concern, vip->row->mux_set);
    }
    SET_STRING(vip, vip->row, frontend, vip->frontend, changed);
    SET_STRING(vip, vip->row, mux_set, vip->mux_set, changed);
    if (changed) {
        concern_touch_mux_set(&w->concern, vip->mux_set);
    }
}

static void
write_vips(struct writer *w)
{
    const struct slbrec_vip *row;
    struct shash_node *node;

    SLBREC_VIP_FOR_EACH_SAFE (row, w->idl) {
        char *key = desired_vip_key(row->network_key, row->address);
        const struct desired_vip *vip = shash_find_data(&w->desired->vips,
                                                        key);
        if (!vip || vip->row != row) {
            concern_touch_mux_set(&w->concern, row->mux_set);
            slbrec_vip_delete(row);
        }
        free(key);
    }
    SHASH_FOR_EACH (node, &w->desired->vips) {
        write_vip(w, node->data);
    }
}

/* Muxes. */

static void
write_muxes(struct writer *w)
{
    struct shash rows = SHASH_INITIALIZER(&rows);
    const struct slbrec_mux *row;
    struct shash_node *node;
    bool changed = false;

    SLBREC_MUX_FOR_EACH_SAFE (row, w->idl) {
        if (shash_find(&w->desired->muxes, row->name)) {
            shash_add(&rows, row->name, row);
        } else {
            slbrec_mux_delete(row);
            changed = true;
        }
    }
    SHASH_FOR_EACH (node, &w->desired->muxes) {
        const struct slbrec_node *mux = node->data;

        row = shash_find_data(&rows, mux->name);
        if (!row) {
            row = slbrec_mux_insert(w->txn);
            slbrec_mux_set_name(row, mux->name);
            changed = true;
        }
        SET_STRING(mux, row, vtep, mux->vtep, changed);
        SET_STRING(mux, row, mux_set, mux->mux_set, changed);
    }
    if (changed) {
        concern_touch_hosts(&w->concern);
    }
    shash_destroy(&rows);
}

/* SLB_Global and Node. */

static bool
is_hash_key(const char *s)
{
    return strlen(s) == 2 * HASH_KEY_LEN
           && strspn(s, "0123456789abcdefABCDEF") == 2 * HASH_KEY_LEN;
}

/* Returns a new key in hexadecimal digits, NULL if there is no randomness. */
static char *
make_hash_key(void)
{
    uint8_t key[HASH_KEY_LEN];
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (getrandom(key, sizeof key, 0) != sizeof key) {
        VLOG_ERR_RL(&rl, "no random bytes for the key of the hash (%s)",
                    ovs_strerror(errno));
        return NULL;
    }
    for (size_t i = 0; i < sizeof key; i++) {
        ds_put_format(&ds, "%02x", key[i]);
    }
    return ds_steal_cstr(&ds);
}

static void
write_global(struct writer *w)
{
    const struct slbrec_slb_global *global = slbrec_slb_global_first(w->idl);

    if (!global) {
        global = slbrec_slb_global_insert(w->txn);
    }
    if (!is_hash_key(global->hash_key)) {
        char *key = make_hash_key();

        if (key) {
            slbrec_slb_global_set_hash_key(global, key);
            concern_touch_muxes(&w->concern);
            concern_touch_hosts(&w->concern);
            free(key);
        }
    }
    if (global->compiled_seq != global->intent_seq) {
        slbrec_slb_global_set_compiled_seq(global, global->intent_seq);
    }
}

/* A node that nothing was ever wanted from is new: what it has to read has not
 * changed, but it has not read it yet. */
static void
write_wanted(struct writer *w)
{
    const struct slbrec_node *node;

    SLBREC_NODE_FOR_EACH (node, w->idl) {
        if (!node->wanted || concern_is_touched(&w->concern, node->name)) {
            slbrec_node_set_wanted(node, node->wanted + 1);
        }
    }
}

/* Puts all differences between 'desired' and what 'idl' holds into 'txn'. */
void
write_desired(struct desired *desired, struct ovsdb_idl *idl,
              struct ovsdb_idl_txn *txn)
{
    struct writer w = {
        .desired = desired,
        .idl = idl,
        .txn = txn,
    };

    concern_init(&w.concern);
    add_nodes(&w);
    write_networks(&w);
    write_locations(&w);
    write_bindings(&w);
    write_pools(&w);
    write_endpoints(&w);
    write_vips(&w);
    write_muxes(&w);
    write_global(&w);
    write_wanted(&w);
    concern_destroy(&w.concern);
}

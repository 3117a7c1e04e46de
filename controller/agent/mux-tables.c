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

#include "controller/agent/mux-tables.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "controller/agent/idle.h"
#include "lib/slb-idl.h"
#include "openvswitch/json.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "sset.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(mux_tables);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

static const char *const delete_ops[MUX_N_KINDS] = {
    [MUX_NEXTHOP] = "nexthop-del",
    [MUX_VIP] = "vip-del",
    [MUX_POOL] = "pool-del",
    [MUX_ENDPOINT] = "endpoint-del",
};

/* The members of an object that its deletion names. */
static const char *const key_members[MUX_N_KINDS][5] = {
    [MUX_NEXTHOP] = { "vtep" },
    [MUX_VIP] = { "network", "address" },
    [MUX_POOL] = { "tunnel_key" },
    [MUX_ENDPOINT] = { "network", "address", "protocol", "port" },
};

void
mux_tables_init(struct mux_tables *t)
{
    for (int i = 0; i < MUX_N_KINDS; i++) {
        shash_init(&t->objects[i]);
    }
}

void
mux_tables_clear(struct mux_tables *t)
{
    for (int i = 0; i < MUX_N_KINDS; i++) {
        struct shash_node *node;

        SHASH_FOR_EACH_SAFE (node, &t->objects[i]) {
            json_destroy(node->data);
            shash_delete(&t->objects[i], node);
        }
    }
}

void
mux_tables_destroy(struct mux_tables *t)
{
    mux_tables_clear(t);
    for (int i = 0; i < MUX_N_KINDS; i++) {
        shash_destroy(&t->objects[i]);
    }
}

void
mux_tables_swap(struct mux_tables *a, struct mux_tables *b)
{
    for (int i = 0; i < MUX_N_KINDS; i++) {
        shash_swap(&a->objects[i], &b->objects[i]);
    }
}

/* Makes 'dst', which must be initialized, equal to 'src'. */
void
mux_tables_copy(struct mux_tables *dst, const struct mux_tables *src)
{
    mux_tables_clear(dst);
    for (int i = 0; i < MUX_N_KINDS; i++) {
        const struct shash_node *node;

        SHASH_FOR_EACH (node, &src->objects[i]) {
            shash_add_nocopy(&dst->objects[i], xstrdup(node->name),
                             json_clone(node->data));
        }
    }
}

bool
mux_tables_equal(const struct mux_tables *a, const struct mux_tables *b)
{
    for (int i = 0; i < MUX_N_KINDS; i++) {
        if (shash_count(&a->objects[i]) != shash_count(&b->objects[i])) {
            return false;
        }

        const struct shash_node *node;
        SHASH_FOR_EACH (node, &a->objects[i]) {
            const struct json *other = shash_find_data(&b->objects[i],
                                                       node->name);
            if (!other || !json_equal(node->data, other)) {
                return false;
            }
        }
    }
    return true;
}

/* Returns the number of objects in 't'. */
size_t
mux_tables_count(const struct mux_tables *t)
{
    size_t n = 0;

    for (int i = 0; i < MUX_N_KINDS; i++) {
        n += shash_count(&t->objects[i]);
    }
    return n;
}

/* Building. */

static void
put_integer(struct json *object, const char *name, int64_t value)
{
    json_object_put(object, name, json_integer_create(value));
}

/* What is optional and false is left out: there may be many objects. */
static void
put_if_true(struct json *object, const char *name, bool value)
{
    if (value) {
        json_object_put(object, name, json_boolean_create(true));
    }
}

static struct json *
op_create(const char *op)
{
    struct json *object = json_object_create();

    json_object_put_string(object, "op", op);
    return object;
}

/* Adds 'object', in the place of one with the same key, and frees 'key'. */
static void
add_object(struct mux_tables *t, enum mux_kind kind, char *key,
           struct json *object)
{
    json_destroy(shash_replace(&t->objects[kind], key, object));
    free(key);
}

static char *
vip_key(int64_t network, const char *address)
{
    return xasprintf("%"PRId64" %s", network, address);
}

static char *
pool_key(int64_t tunnel_key)
{
    return xasprintf("%"PRId64, tunnel_key);
}

/* Sets the key of the hash, this mux's VTEP and the muxes' common one, which
 * may be "".  Returns false, and changes nothing, if one of them is not
 * valid. */
bool
mux_tables_set_global(struct mux_tables *t, const char *hash_key,
                      ovs_be32 vtep, const char *anycast)
{
    ovs_be32 ip;

    if (strlen(hash_key) != 32
        || hash_key[strspn(hash_key, "0123456789abcdefABCDEF")]
        || !vtep || (anycast[0] && !ip_parse(anycast, &ip))) {
        return false;
    }

    struct json *object = op_create("global");
    json_object_put_string(object, "key", hash_key);
    json_object_put_format(object, "vtep", IP_FMT, IP_ARGS(vtep));
    json_object_put(object, "anycast",
                    anycast[0] ? json_string_create(anycast)
                    : json_null_create());
    add_object(t, MUX_GLOBAL, xstrdup(""), object);
    return true;
}

/* Puts 'texts' into the global settings as 'name'. */
static void
put_global_array(struct mux_tables *t, const char *name,
                 const struct sset *texts)
{
    struct json *array = json_array_create_empty();
    const char **sorted = sset_sort(texts);
    size_t n = sset_count(texts);

    for (size_t i = 0; i < n; i++) {
        json_array_add(array, json_string_create(sorted[i]));
    }
    free(sorted);
    json_object_put(shash_find_data(&t->objects[MUX_GLOBAL], ""), name,
                    array);
}

/* Sets where the nodes' VTEPs are.  mux_tables_set_global() must have been
 * called. */
void
mux_tables_set_vteps(struct mux_tables *t, const struct sset *prefixes)
{
    put_global_array(t, "vteps", prefixes);
}

/* Sets the VTEPs of the other muxes with the same VIPs.
 * mux_tables_set_global() must have been called. */
void
mux_tables_set_muxes(struct mux_tables *t, const struct sset *vteps)
{
    put_global_array(t, "muxes", vteps);
}

void
mux_tables_add_nexthop(struct mux_tables *t, ovs_be32 vtep, bool dead,
                       struct eth_addr src, struct eth_addr dst)
{
    struct json *object = op_create("nexthop");

    json_object_put_format(object, "vtep", IP_FMT, IP_ARGS(vtep));
    json_object_put_format(object, "src_mac", ETH_ADDR_FMT,
                           ETH_ADDR_ARGS(src));
    json_object_put_format(object, "dst_mac", ETH_ADDR_FMT,
                           ETH_ADDR_ARGS(dst));
    put_if_true(object, "dead", dead);
    add_object(t, MUX_NEXTHOP, xasprintf(IP_FMT, IP_ARGS(vtep)), object);
}

void
mux_tables_add_vip(struct mux_tables *t, const struct slbrec_vip *vip)
{
    struct json *object = op_create("vip");

    put_integer(object, "network", vip->network_key);
    json_object_put_string(object, "address", vip->address);
    if (!vip->echo) {
        json_object_put(object, "echo", json_boolean_create(false));
    }
    put_if_true(object, "reject", vip->reject);
    add_object(t, MUX_VIP, vip_key(vip->network_key, vip->address), object);
}

/* Newest first. */
static int
compare_generations(const void *a_, const void *b_)
{
    const struct slbrec_generation *const *a = a_;
    const struct slbrec_generation *const *b = b_;

    return ((*a)->number < (*b)->number) - ((*a)->number > (*b)->number);
}

static struct json *
pair_create(struct json *a, struct json *b)
{
    return json_array_create_2(a, b);
}

static struct json *
generation_to_json(const struct slbrec_generation *gen)
{
    struct json *weights = json_array_create_empty();

    /* The IDL keeps maps sorted by key. */
    for (size_t i = 0; i < gen->n_weights; i++) {
        if (gen->value_weights[i] > 0) {
            json_array_add(weights, pair_create(
                               json_integer_create(gen->key_weights[i]),
                               json_integer_create(gen->value_weights[i])));
        }
    }

    struct json *object = json_object_create();
    put_integer(object, "number", gen->number);
    json_object_put_string(object, "state", gen->state);
    put_integer(object, "switched_at", gen->switched_at);
    if (gen->slots_log2) {
        put_integer(object, "slots", gen->slots_log2);
    }
    json_object_put(object, "weights", weights);
    return object;
}

static struct json *
generations_to_json(const struct slbrec_compiled_pool *pool)
{
    const struct slbrec_generation nobody = {
        .number = 1, .state = CONST_CAST(char *, "current"),
    };
    struct json *json = json_array_create_empty();

    if (!pool->n_generations) {
        json_array_add(json, generation_to_json(&nobody));
        return json;
    }

    struct slbrec_generation **gens
        = xmemdup(pool->generations, pool->n_generations * sizeof *gens);
    qsort(gens, pool->n_generations, sizeof *gens, compare_generations);
    for (size_t i = 0; i < pool->n_generations; i++) {
        json_array_add(json, generation_to_json(gens[i]));
    }
    free(gens);
    return json;
}

/* Adds 'pool' with those of its members that have a host.  Returns false if
 * its generations are not what the datapath can be told. */
bool
mux_tables_add_pool(struct mux_tables *t,
                    const struct slbrec_compiled_pool *pool)
{
    size_t n_current = 0, n_coming = 0;

    for (size_t i = 0; i < pool->n_generations; i++) {
        n_current += !strcmp(pool->generations[i]->state, "current");
        n_coming += !strcmp(pool->generations[i]->state, "coming");
    }
    if (pool->n_generations && (n_current != 1 || n_coming > 1)) {
        VLOG_WARN_RL(&rl, "pool %s is left out: it has %"PRIuSIZE" current "
                     "and %"PRIuSIZE" coming generations",
                     pool->name, n_current, n_coming);
        return false;
    }

    struct json *json_members = json_array_create_empty();
    for (size_t i = 0; i < pool->n_vteps; i++) {
        const char *vtep = pool->value_vteps[i];
        ovs_be32 ip;

        if (vtep[0] && ip_parse(vtep, &ip)) {
            json_array_add(json_members,
                           pair_create(json_integer_create(pool->key_vteps[i]),
                                       json_string_create(vtep)));
        }
    }

    struct json *object = op_create("pool");
    put_integer(object, "tunnel_key", pool->tunnel_key);
    put_integer(object, "network", pool->network_key);
    put_integer(object, "slots", pool->slots_log2);
    json_object_put(object, "members", json_members);
    json_object_put(object, "generations", generations_to_json(pool));
    add_object(t, MUX_POOL, pool_key(pool->tunnel_key), object);
    return true;
}

static void
put_ranges(struct json *object, const struct slbrec_endpoint *endpoint)
{
    struct json *ranges;

    if (endpoint->n_source_ranges) {
        ranges = json_array_create_empty();
        for (size_t i = 0; i < endpoint->n_source_ranges; i++) {
            json_array_add(ranges,
                           json_string_create(endpoint->source_ranges[i]));
        }
        json_object_put(object, "source_ranges", ranges);
    }
}

/* Adds 'endpoint' if its VIP and its pool are there; returns false if not.
 * 'minute_ms' is how long a minute of its idle time-out lasts. */
bool
mux_tables_add_endpoint(struct mux_tables *t,
                        const struct slbrec_endpoint *endpoint,
                        unsigned int minute_ms)
{
    char *vip = vip_key(endpoint->network_key, endpoint->vip);
    char *pool = pool_key(endpoint->pool_key);
    bool ok = (shash_find(&t->objects[MUX_VIP], vip)
               && shash_find(&t->objects[MUX_POOL], pool));

    if (ok) {
        struct json *object = op_create("endpoint");

        put_integer(object, "network", endpoint->network_key);
        json_object_put_string(object, "address", endpoint->vip);
        put_integer(object, "protocol", endpoint->protocol);
        put_integer(object, "port", endpoint->port);
        put_integer(object, "pool", endpoint->pool_key);
        json_object_put_string(object, "distribution",
                               endpoint->load_distribution);
        put_integer(object, "idle",
                    idle_seconds(endpoint->idle_timeout, minute_ms));
        json_object_put_string(object, "name", endpoint->rule);
        put_if_true(object, "reject", endpoint->reject);
        put_ranges(object, endpoint);
        add_object(t, MUX_ENDPOINT,
                   xasprintf("%s %"PRId64" %"PRId64, vip, endpoint->protocol,
                             endpoint->port),
                   object);
    }
    free(vip);
    free(pool);
    return ok;
}

/* Adds the pools that endpoints of known VIPs use. */
static void
add_pools(struct mux_tables *t, const struct ovsdb_idl *idl)
{
    struct sset used = SSET_INITIALIZER(&used);

    const struct slbrec_endpoint *endpoint;
    SLBREC_ENDPOINT_FOR_EACH (endpoint, idl) {
        char *vip = vip_key(endpoint->network_key, endpoint->vip);

        if (mux_tables_has_vip(t, vip)) {
            sset_add_and_free(&used, pool_key(endpoint->pool_key));
        }
        free(vip);
    }

    const struct slbrec_compiled_pool *pool;
    SLBREC_COMPILED_POOL_FOR_EACH (pool, idl) {
        char *key = pool_key(pool->tunnel_key);

        if (sset_contains(&used, key)) {
            mux_tables_add_pool(t, pool);
        }
        free(key);
    }
    sset_destroy(&used);
}

/* Adds the muxes, of the same set as this one, but for this one, whose VTEP is
 * 'own'. */
static void
set_muxes(struct mux_tables *t, const struct ovsdb_idl *idl, ovs_be32 own)
{
    struct sset vteps = SSET_INITIALIZER(&vteps);
    const struct slbrec_mux *mux;

    SLBREC_MUX_FOR_EACH (mux, idl) {
        ovs_be32 vtep;

        if (ip_parse(mux->vtep, &vtep) && vtep && vtep != own) {
            sset_add(&vteps, mux->vtep);
        }
    }
    mux_tables_set_muxes(t, &vteps);
    sset_destroy(&vteps);
}

/* Adds to 't', which must be empty, all that the database says, for a mux
 * with the given 'vtep' and a minute of 'minute_ms' milliseconds.  Returns
 * false, and leaves 't' empty, if the database is not ready: the manager has
 * not made the key of the hash yet. */
bool
mux_tables_from_database(struct mux_tables *t, const struct ovsdb_idl *idl,
                         ovs_be32 vtep, unsigned int minute_ms)
{
    const struct slbrec_slb_global *global = slbrec_slb_global_first(idl);

    if (!global || !mux_tables_set_global(t, global->hash_key, vtep,
                                          global->anycast_vtep)) {
        if (global && global->hash_key[0]) {
            VLOG_WARN_RL(&rl, "invalid hash key or anycast VTEP \"%s\" in the "
                         "database", global->anycast_vtep);
        }
        return false;
    }
    set_muxes(t, idl, vtep);

    const struct slbrec_vip *vip;
    SLBREC_VIP_FOR_EACH (vip, idl) {
        mux_tables_add_vip(t, vip);
    }
    add_pools(t, idl);

    const struct slbrec_endpoint *endpoint;
    SLBREC_ENDPOINT_FOR_EACH (endpoint, idl) {
        mux_tables_add_endpoint(t, endpoint, minute_ms);
    }
    return true;
}

/* Is it for a mux in 'zone', "" if it has none, to announce 'vip'? */
bool
mux_vip_has_zone(const struct slbrec_vip *vip, const char *zone)
{
    for (size_t i = 0; i < vip->n_zones; i++) {
        if (!strcmp(vip->zones[i], zone)) {
            return true;
        }
    }
    return !vip->n_zones;
}

static bool
same_member(const struct json *a, const struct json *b, const char *name)
{
    return json_equal(shash_find_data(json_object(a), name),
                      shash_find_data(json_object(b), name));
}

static void
copy_object(struct mux_tables *dst, enum mux_kind kind,
            const struct shash_node *node)
{
    if (!shash_find(&dst->objects[kind], node->name)) {
        shash_add_nocopy(&dst->objects[kind], xstrdup(node->name),
                         json_clone(node->data));
    }
}

/* Adds to 't' the VIP with 'key' (as in MUX_VIP's shash) and what belongs to
 * it, as they are in 'old', so that it is forwarded for some time longer than
 * the database has it. */
void
mux_tables_keep_vip(struct mux_tables *t, const struct mux_tables *old,
                    const char *key)
{
    const struct shash_node *vip = shash_find(&old->objects[MUX_VIP], key);

    if (!vip) {
        return;
    }
    copy_object(t, MUX_VIP, vip);

    const struct shash_node *node;
    SHASH_FOR_EACH (node, &old->objects[MUX_ENDPOINT]) {
        const struct json *endpoint = node->data;

        if (!same_member(endpoint, vip->data, "network")
            || !same_member(endpoint, vip->data, "address")) {
            continue;
        }

        int64_t pool = json_integer(shash_find_data(json_object(endpoint),
                                                    "pool"));
        char *key_of_pool = pool_key(pool);
        copy_object(t, MUX_ENDPOINT, node);
        copy_object(t, MUX_POOL, shash_find(&old->objects[MUX_POOL],
                                            key_of_pool));
        free(key_of_pool);
    }
}

/* Looking. */

bool
mux_tables_has_vip(const struct mux_tables *t, const char *key)
{
    return shash_find(&t->objects[MUX_VIP], key) != NULL;
}

/* Adds the addresses of the VIPs in 'network' to 'addresses'. */
void
mux_tables_get_vips(const struct mux_tables *t, int64_t network,
                    struct sset *addresses)
{
    const struct shash_node *node;

    SHASH_FOR_EACH (node, &t->objects[MUX_VIP]) {
        const struct shash *vip = json_object(node->data);

        if (json_integer(shash_find_data(vip, "network")) == network) {
            sset_add(addresses, json_string(shash_find_data(vip, "address")));
        }
    }
}

/* Adds the VTEPs of all members of all pools, and of other muxes, to
 * 'vteps'. */
void
mux_tables_get_vteps(const struct mux_tables *t, struct sset *vteps)
{
    const struct json *global = shash_find_data(&t->objects[MUX_GLOBAL], "");
    const struct json *muxes = (global
                                ? shash_find_data(json_object(global),
                                                  "muxes")
                                : NULL);
    const struct shash_node *node;

    for (size_t i = 0; muxes && i < json_array(muxes)->n; i++) {
        sset_add(vteps, json_string(json_array(muxes)->elems[i]));
    }

    SHASH_FOR_EACH (node, &t->objects[MUX_POOL]) {
        const struct json_array *members = json_array(
            shash_find_data(json_object(node->data), "members"));

        for (size_t i = 0; i < members->n; i++) {
            sset_add(vteps, json_string(json_array(members->elems[i])
                                        ->elems[1]));
        }
    }
}

/* Returns the muxes' common VTEP, NULL if there is none. */
const char *
mux_tables_get_anycast(const struct mux_tables *t)
{
    const struct json *global = shash_find_data(&t->objects[MUX_GLOBAL], "");

    if (!global) {
        return NULL;
    }
    const struct json *anycast = shash_find_data(json_object(global),
                                                 "anycast");
    return anycast->type == JSON_STRING ? json_string(anycast) : NULL;
}

/* Comparing. */

static void
ops_add(struct mux_ops *ops, const struct json *op)
{
    if (ops->n >= ops->allocated) {
        ops->ops = x2nrealloc(ops->ops, &ops->allocated, sizeof *ops->ops);
    }
    ops->ops[ops->n++] = json_serialized_object_create(op);
}

/* Returns a copy of 'object', a pool, with ages as of 'now'.  A generation
 * that seems to come from the future, because clocks differ, is brand new. */
static struct json *
pool_with_ages(const struct json *object, long long int now)
{
    struct json *pool = json_deep_clone(object);
    const struct json_array *gens = json_array(
        shash_find_data(json_object(pool), "generations"));

    for (size_t i = 0; i < gens->n; i++) {
        struct shash *gen = json_object(gens->elems[i]);
        struct json *at = shash_find_and_delete(gen, "switched_at");
        const char *state = json_string(shash_find_data(gen, "state"));

        if (strcmp(state, "coming")) {
            put_integer(gens->elems[i], "age",
                        MAX(now - json_integer(at), 0));
        }
        json_destroy(at);
    }
    return pool;
}

static void
add_set_op(struct mux_ops *ops, enum mux_kind kind, const struct json *object,
           long long int now)
{
    if (kind == MUX_POOL) {
        struct json *pool = pool_with_ages(object, now);

        ops_add(ops, pool);
        json_destroy(pool);
    } else {
        ops_add(ops, object);
    }
}

static void
add_delete_op(struct mux_ops *ops, enum mux_kind kind,
              const struct json *object)
{
    struct json *op = op_create(delete_ops[kind]);

    for (int i = 0; key_members[kind][i]; i++) {
        const char *name = key_members[kind][i];

        json_object_put(op, name,
                        json_clone(shash_find_data(json_object(object),
                                                   name)));
    }
    ops_add(ops, op);
    json_destroy(op);
}

/* Adds to 'ops' what leads from 'from', or from nothing at all if it is NULL,
 * to 'to': first what is set, objects before those that refer to them, then
 * what is deleted, the other way round.  'now' is the wall clock time in
 * milliseconds. */
void
mux_tables_diff(const struct mux_tables *from, const struct mux_tables *to,
                long long int now, struct mux_ops *ops)
{
    const struct shash_node *node;

    for (int i = 0; i < MUX_N_KINDS; i++) {
        SHASH_FOR_EACH (node, &to->objects[i]) {
            const struct json *old = (from
                                      ? shash_find_data(&from->objects[i],
                                                        node->name)
                                      : NULL);
            if (!old || !json_equal(old, node->data)) {
                add_set_op(ops, i, node->data, now);
            }
        }
    }
    for (int i = MUX_N_KINDS - 1; from && i > MUX_GLOBAL; i--) {
        SHASH_FOR_EACH (node, &from->objects[i]) {
            if (!shash_find(&to->objects[i], node->name)) {
                add_delete_op(ops, i, node->data);
            }
        }
    }
}

/* Returns how many of 'ops', from 'start' on, fit into 'max_size' octets of
 * text; at least one, if there is one. */
size_t
mux_ops_fit(const struct mux_ops *ops, size_t start, size_t max_size)
{
    size_t size = 0, i;

    for (i = start; i < ops->n; i++) {
        size += strlen(json_serialized_object(ops->ops[i])) + 1;
        if (size > max_size && i > start) {
            break;
        }
    }
    return i - start;
}

void
mux_ops_destroy(struct mux_ops *ops)
{
    for (size_t i = 0; i < ops->n; i++) {
        json_destroy(ops->ops[i]);
    }
    free(ops->ops);
    *ops = (struct mux_ops) MUX_OPS_INITIALIZER;
}

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

#include "controller/manager/compile.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "controller/manager/address.h"
#include "controller/manager/binding.h"
#include "controller/manager/cookie.h"
#include "controller/manager/desired.h"
#include "controller/manager/generation.h"
#include "controller/manager/member-index.h"
#include "controller/manager/prepare.h"
#include "controller/manager/problems.h"
#include "controller/manager/slots.h"
#include "controller/manager/tunnel-key.h"
#include "controller/manager/write.h"
#include "hash.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "random.h"
#include "smap.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(compile);

#define DRAIN_SECONDS_DEFAULT 3600
#define DRAIN_SECONDS_MAX (366 * 24 * 60 * 60)

/* Which muxes announce the VIPs: users cannot choose yet. */
#define MUX_SET "default"

/* The longest sleep until a point of wall-clock time, in ms: the clock may be
 * set while we sleep. */
#define MAX_SLEEP (10 * 1000)

struct compiler {
    struct tunnel_keys tunnel_keys;
    struct cookies cookies;
    struct member_indices indices; /* Of the pool in work. */
    struct prepare *prepare;
    struct problems problems;

    int64_t next_expiry;        /* Wall-clock time in ms. */

    /* What the last run found. */
    size_t n_networks, n_pools, n_members, n_endpoints, n_vips, n_bindings;
    size_t n_coming, n_previous;
};

/* A run. */
struct run {
    struct compiler *compiler;
    struct ovsdb_idl *idl;
    struct desired *desired;
    struct problems *problems;
    int64_t wall_now;
    long long int now;
    int64_t drain;              /* In ms. */
};

struct compiler *
compiler_create(void)
{
    struct compiler *c = xzalloc(sizeof *c);

    tunnel_keys_init(&c->tunnel_keys);
    cookies_init(&c->cookies, random_uint32());
    member_indices_init(&c->indices);
    c->prepare = prepare_create();
    problems_init(&c->problems);
    c->next_expiry = INT64_MAX;
    return c;
}

void
compiler_destroy(struct compiler *c)
{
    if (c) {
        tunnel_keys_destroy(&c->tunnel_keys);
        cookies_destroy(&c->cookies);
        member_indices_destroy(&c->indices);
        prepare_destroy(c->prepare);
        problems_destroy(&c->problems);
        free(c);
    }
}

/* Forgets what depends on having been active without a break. */
void
compiler_clear(struct compiler *c)
{
    prepare_clear(c->prepare);
    c->next_expiry = INT64_MAX;
}

static void
read_options(struct run *run)
{
    const struct slbrec_slb_global *global = slbrec_slb_global_first(run->idl);
    const char *s = global ? smap_get(&global->options, "drain-seconds") : NULL;
    long long int seconds = DRAIN_SECONDS_DEFAULT;

    if (s && (!str_to_llong(s, 10, &seconds)
              || seconds < 0 || seconds > DRAIN_SECONDS_MAX)) {
        problems_add(run->problems, "option drain-seconds: \"%s\" is not "
                     "between 0 and %d, using %d", s, DRAIN_SECONDS_MAX,
                     DRAIN_SECONDS_DEFAULT);
        seconds = DRAIN_SECONDS_DEFAULT;
    }
    run->drain = seconds * 1000;
}

/* Networks. */

static void
read_network(struct run *run, const struct slbrec_virtual_network *intent)
{
    struct desired_network *network = xzalloc(sizeof *network);

    network->subnets = xcalloc(intent->n_subnets, sizeof *network->subnets);
    for (size_t i = 0; i < intent->n_subnets; i++) {
        const char *prefix = intent->subnets[i]->prefix;

        if (prefix_parse(prefix, &network->subnets[network->n_subnets])) {
            network->n_subnets++;
        } else {
            problems_add(run->problems, "network %s: subnet %s: \"%s\" is no "
                         "prefix", intent->name, intent->subnets[i]->name,
                         prefix);
        }
    }
    shash_add(&run->desired->networks, intent->name, network);
}

static void
read_networks(struct run *run)
{
    struct tunnel_keys *keys = &run->compiler->tunnel_keys;
    const struct slbrec_virtual_network *intent;
    const struct slbrec_compiled_network *row;

    SLBREC_VIRTUAL_NETWORK_FOR_EACH (intent, run->idl) {
        read_network(run, intent);
    }
    SLBREC_COMPILED_NETWORK_FOR_EACH (row, run->idl) {
        struct desired_network *network
            = shash_find_data(&run->desired->networks, row->name);
        bool reserved = tunnel_keys_reserve(keys, row->tunnel_key);

        if (network) {
            network->row = row;
            network->key = reserved ? row->tunnel_key : 0;
        }
    }
}

/* Nodes. */

static bool
is_host(const struct slbrec_node *node)
{
    return !strcmp(node->role, "host");
}

static void
read_ports(struct run *run, const struct slbrec_node *node)
{
    struct sset iface_ids = SSET_INITIALIZER(&iface_ids);

    for (size_t i = 0; i < node->n_ports; i++) {
        const struct slbrec_port *port = node->ports[i];
        struct eth_addr mac;

        if (!eth_addr_from_string(port->mac, &mac) || eth_addr_is_zero(mac)
            || eth_addr_is_multicast(mac)) {
            problems_add(run->problems, "node %s: port %s: \"%s\" is no MAC "
                         "address of a port", node->name, port->iface_id,
                         port->mac);
            continue;
        }
        if (!sset_add(&iface_ids, port->iface_id)) {
            problems_add(run->problems, "node %s: there are several ports %s",
                         node->name, port->iface_id);
            continue;
        }

        struct binding_port bp = {
            .node = node->name,
            .vtep = node->vtep,
            .iface_id = port->iface_id,
            .mac = desired_intern(run->desired,
                                  xasprintf(ETH_ADDR_FMT, ETH_ADDR_ARGS(mac))),
            .network = port->network,
            .addresses = port->addresses,
            .n_addresses = port->n_addresses,
        };
        bindings_add_port(&run->desired->bindings, &bp);
    }
    sset_destroy(&iface_ids);
}

static void
read_nodes(struct run *run)
{
    const struct slbrec_node *node;

    SLBREC_NODE_FOR_EACH (node, run->idl) {
        struct in6_addr vtep;

        if (!address_parse_ipv4(node->vtep, &vtep)) {
            problems_add(run->problems, "node %s: VTEP \"%s\" is no IPv4 "
                         "address", node->name, node->vtep);
        } else if (is_host(node)) {
            read_ports(run, node);
        } else {
            shash_add(&run->desired->muxes, node->name, node);
        }
    }
}

/* Pools. */

static struct desired_pool *
find_pool_by_key(const struct desired *d, int64_t key)
{
    struct desired_pool *pool;

    HMAP_FOR_EACH_WITH_HASH (pool, key_node, hash_uint64(key),
                             &d->pool_keys) {
        if (pool->row->tunnel_key == key) {
            return pool;
        }
    }
    return NULL;
}

static struct desired_pool *
find_pool_by_intent(const struct desired *d,
                    const struct slbrec_backend_pool *intent)
{
    struct desired_pool *pool;

    HMAP_FOR_EACH_WITH_HASH (pool, intent_node, hash_pointer(intent, 0),
                             &d->pool_intents) {
        if (pool->intent == intent) {
            return pool;
        }
    }
    return NULL;
}

static const struct desired_network *
find_network(const struct run *run, const struct slbrec_load_balancer *lb)
{
    return (lb->network
            ? shash_find_data(&run->desired->networks, lb->network->name)
            : NULL);
}

static bool
network_contains(const struct desired_network *network,
                 const struct in6_addr *address)
{
    for (size_t i = 0; i < network->n_subnets; i++) {
        if (prefix_contains(&network->subnets[i], address)) {
            return true;
        }
    }
    return false;
}

/* Reads the pools that users declared, but not their members. */
static void
read_pool_intents(struct run *run)
{
    const struct slbrec_load_balancer *lb;
    struct desired *d = run->desired;

    SLBREC_LOAD_BALANCER_FOR_EACH (lb, run->idl) {
        for (size_t i = 0; i < lb->n_backend_pools; i++) {
            const struct slbrec_backend_pool *intent = lb->backend_pools[i];
            char *name = xasprintf("%s/backendPools/%s", lb->name,
                                   intent->name);

            if (shash_find(&d->pools, name)) {
                problems_add(run->problems, "%s: there are several pools of "
                             "this name", name);
            } else {
                struct desired_pool *pool = desired_add_pool(d, name);

                pool->intent = intent;
                hmap_insert(&d->pool_intents, &pool->intent_node,
                            hash_pointer(intent, 0));
            }
            free(name);
        }
    }
}

static enum generation_state
generation_state_from_string(const char *s)
{
    return (!strcmp(s, "coming") ? GENERATION_COMING
            : !strcmp(s, "current") ? GENERATION_CURRENT
            : GENERATION_PREVIOUS);
}

static void
read_generation(struct desired_pool *pool, const struct slbrec_generation *row)
{
    struct member_weight *weights = xcalloc(row->n_weights, sizeof *weights);
    size_t n = 0;

    for (size_t i = 0; i < row->n_weights; i++) {
        int64_t weight = row->value_weights[i];

        if (weight > 0 && weight <= UINT16_MAX) {
            weights[n++] = (struct member_weight) {
                .index = row->key_weights[i],
                .weight = weight,
            };
        }
    }

    struct generation *g
        = generations_add(&pool->generations, row->number,
                          generation_state_from_string(row->state),
                          row->switched_at,
                          (row->slots_log2 ? row->slots_log2
                           : pool->row->slots_log2),
                          weights, n);
    g->row = row;
    free(weights);
}

/* Reads the pools that the compiled tables have, with their generations and
 * members. */
static void
read_pool_rows(struct run *run)
{
    struct tunnel_keys *keys = &run->compiler->tunnel_keys;
    const struct slbrec_compiled_member *member_row;
    const struct slbrec_compiled_pool *row;
    struct desired *d = run->desired;

    SLBREC_COMPILED_POOL_FOR_EACH (row, run->idl) {
        struct desired_pool *pool = shash_find_data(&d->pools, row->name);

        if (!pool) {
            pool = desired_add_pool(d, row->name);
            pool->network_key = row->network_key;
        }
        pool->row = row;
        pool->key = (tunnel_keys_reserve(keys, row->tunnel_key)
                     ? row->tunnel_key : 0);
        hmap_insert(&d->pool_keys, &pool->key_node,
                    hash_uint64(row->tunnel_key));
        for (size_t i = 0; i < row->n_generations; i++) {
            read_generation(pool, row->generations[i]);
        }
    }

    /* The network of a pool that was deleted may have gone, too, but its key
     * must not mean another one while the pool drains. */
    SLBREC_COMPILED_POOL_FOR_EACH (row, run->idl) {
        ignore(tunnel_keys_reserve(keys, row->network_key));
    }

    SLBREC_COMPILED_MEMBER_FOR_EACH (member_row, run->idl) {
        struct desired_pool *pool = find_pool_by_key(d, member_row->pool_key);
        struct in6_addr address;

        if (!pool || !address_parse(member_row->address, &address)
            || desired_pool_find_member(pool, &address)) {
            desired_add_stale_member(d, member_row);
        } else {
            struct desired_member *member
                = desired_pool_add_member(pool, &address, member_row->name);
            member->index = member_row->index;
            member->row = member_row;
        }
    }
}

/* Gives each network and each pool that has none a tunnel key, in the order of
 * their names.  A pool for which there is none left is removed. */
static void
allocate_tunnel_keys(struct run *run)
{
    struct tunnel_keys *keys = &run->compiler->tunnel_keys;
    struct desired *d = run->desired;
    const struct shash_node **sorted;
    size_t n;

    n = shash_count(&d->networks);
    sorted = shash_sort(&d->networks);
    for (size_t i = 0; i < n; i++) {
        struct desired_network *network = sorted[i]->data;

        if (!network->key) {
            network->key = tunnel_keys_allocate(keys);
        }
        if (network->key) {
            bindings_add_network(&d->bindings, sorted[i]->name, network->key,
                                 network->subnets, network->n_subnets);
        } else {
            problems_add(run->problems, "network %s: no tunnel key is left",
                         sorted[i]->name);
        }
    }
    free(sorted);

    n = shash_count(&d->pools);
    sorted = shash_sort(&d->pools);
    for (size_t i = 0; i < n; i++) {
        struct desired_pool *pool = sorted[i]->data;

        if (!pool->key) {
            pool->key = tunnel_keys_allocate(keys);
        }
        if (!pool->key) {
            problems_add(run->problems, "%s: no tunnel key is left",
                         pool->name);
            desired_remove_pool(d, shash_find(&d->pools, pool->name));
        }
    }
    free(sorted);
}

/* Reads the members that 'pool''s user wants. */
static void
read_members(struct run *run, const struct slbrec_load_balancer *lb,
             const struct desired_network *network, struct desired_pool *pool)
{
    for (size_t i = 0; i < pool->intent->n_members; i++) {
        const struct slbrec_pool_member *intent = pool->intent->members[i];
        struct in6_addr address;

        if (!address_parse(intent->address, &address)) {
            problems_add(run->problems, "%s: member %s: \"%s\" is no address",
                         pool->name, intent->name, intent->address);
            continue;
        }
        if (!network_contains(network, &address)) {
            problems_add(run->problems, "%s: member %s: address %s is outside "
                         "network %s", pool->name, intent->name,
                         intent->address, lb->network->name);
            continue;
        }

        struct desired_member *member
            = desired_pool_find_member(pool, &address);
        if (!member) {
            member = desired_pool_add_member(pool, &address, intent->name);
        } else if (member->declared) {
            problems_add(run->problems, "%s: several members have address %s",
                         pool->name, intent->address);
            continue;
        }
        member->name = intent->name;
        member->declared = true;
        member->weight = intent->weight;
    }
}

static int
compare_members(const void *a_, const void *b_)
{
    const struct desired_member *const *a = a_;
    const struct desired_member *const *b = b_;

    return address_compare(&(*a)->address, &(*b)->address);
}

/* Gives the members of 'pool' that are new an index, in the order of their
 * addresses.  Those for which there is none left are removed. */
static void
allocate_indices(struct run *run, struct desired_pool *pool)
{
    struct member_indices *indices = &run->compiler->indices;
    struct desired_member *member;
    size_t n_new = 0;

    member_indices_reset(indices);
    HMAP_FOR_EACH (member, hmap_node, &pool->members) {
        if (member->index) {
            member_indices_reserve(indices, member->index);
        } else {
            n_new++;
        }
    }
    if (!n_new) {
        return;
    }
    for (size_t i = 0; i < pool->generations.n; i++) {
        const struct generation *g = &pool->generations.list[i];

        for (size_t j = 0; j < g->n_weights; j++) {
            member_indices_reserve(indices, g->weights[j].index);
        }
    }

    struct desired_member **new = xmalloc(n_new * sizeof *new);
    size_t n = 0;
    HMAP_FOR_EACH (member, hmap_node, &pool->members) {
        if (!member->index) {
            new[n++] = member;
        }
    }
    qsort(new, n_new, sizeof *new, compare_members);
    for (size_t i = 0; i < n_new; i++) {
        new[i]->index = member_indices_allocate(indices);
        if (!new[i]->index) {
            problems_add(run->problems, "%s: member %s: no index is left",
                         pool->name, new[i]->name);
            desired_pool_remove_member(run->desired, pool, new[i]);
        }
    }
    free(new);
}

/* Completes all pools up to what depends on where their members are. */
static void
read_all_members(struct run *run)
{
    const struct slbrec_load_balancer *lb;
    struct desired *d = run->desired;
    struct shash_node *node;

    SLBREC_LOAD_BALANCER_FOR_EACH (lb, run->idl) {
        const struct desired_network *network = find_network(run, lb);

        for (size_t i = 0; i < lb->n_backend_pools; i++) {
            struct desired_pool *pool
                = find_pool_by_intent(d, lb->backend_pools[i]);

            if (pool && network && network->key) {
                pool->network_key = network->key;
                read_members(run, lb, network, pool);
            }
        }
    }

    SHASH_FOR_EACH_SAFE (node, &d->pools) {
        struct desired_pool *pool = node->data;
        struct desired_member *member;

        if (!pool->network_key) {
            problems_add(run->problems, "%s: its network is not usable",
                         pool->name);
            desired_remove_pool(d, node);
            continue;
        }

        allocate_indices(run, pool);
        HMAP_FOR_EACH (member, hmap_node, &pool->members) {
            bindings_add_member(&d->bindings, pool->network_key,
                                &member->address, member->name);
        }
    }
}

static void
read_known_bindings(struct run *run)
{
    const struct slbrec_binding *row;

    SLBREC_BINDING_FOR_EACH (row, run->idl) {
        struct in6_addr address;

        if (address_parse(row->address, &address)) {
            bindings_add_known(&run->desired->bindings, row->network_key,
                               &address, row->node, row->iface_id);
        }
    }
}

/* Takes the steps that are due with 'pool''s generations. */
static void
step_generations(struct run *run, struct desired_pool *pool)
{
    struct member_weight *weights
        = xcalloc(hmap_count(&pool->members), sizeof *weights);
    size_t n_weights = 0, n_declared = 0;
    const struct desired_member *member;

    HMAP_FOR_EACH (member, hmap_node, &pool->members) {
        n_declared += member->declared;
        if (member->port && member->weight > 0) {
            weights[n_weights++] = (struct member_weight) {
                .index = member->index,
                .weight = member->weight,
            };
        }
    }
    member_weights_sort(weights, n_weights);

    struct generations *gs = &pool->generations;
    const struct generation *current = generations_current(gs);
    const struct generation *coming = generations_coming(gs);
    struct generation_input in = {
        .weights = weights,
        .n_weights = n_weights,
        .slots_log2 = slots_log2_choose(n_declared,
                                        current && current->n_weights
                                        ? current->slots_log2 : 0),
        .prepared = coming && prepare_is_done(run->compiler->prepare,
                                              pool->key, coming->number,
                                              run->now),
        .now = run->wall_now,
        .drain = run->drain,
    };
    int64_t next = generations_step(gs, &in);
    run->compiler->next_expiry = MIN(run->compiler->next_expiry, next);
    free(weights);
}

/* Decides what becomes of the members of 'pool', whose generations have taken
 * their steps. */
static void
settle_members(struct run *run, struct desired_pool *pool)
{
    struct member_indices *named = &run->compiler->indices;
    struct desired_member *member;

    member_indices_reset(named);
    for (size_t i = 0; i < pool->generations.n; i++) {
        const struct generation *g = &pool->generations.list[i];

        for (size_t j = 0; j < g->n_weights; j++) {
            member_indices_reserve(named, g->weights[j].index);
        }
    }
    HMAP_FOR_EACH_SAFE (member, hmap_node, &pool->members) {
        if (member->port && member->weight > 0) {
            member->state = MEMBER_ACTIVE;
        } else if (!member_indices_reserve(named, member->index)) {
            member->state = MEMBER_DRAINING;
        } else if (member->declared) {
            member->state = MEMBER_UNBOUND;
        } else {
            desired_pool_remove_member(run->desired, pool, member);
        }
    }
}

/* Returns true if 'pool' was deleted and nothing is left to be drained. */
static bool
pool_is_over(const struct desired_pool *pool)
{
    return (!pool->intent && pool->generations.n == 1
            && !pool->generations.list[0].n_weights);
}

static void
settle_pools(struct run *run)
{
    struct desired *d = run->desired;
    struct shash_node *node;

    SHASH_FOR_EACH_SAFE (node, &d->pools) {
        struct desired_pool *pool = node->data;
        struct desired_member *member;

        HMAP_FOR_EACH (member, hmap_node, &pool->members) {
            member->port = bindings_find(&d->bindings, pool->network_key,
                                         &member->address)->port;
        }
        step_generations(run, pool);
        settle_members(run, pool);
        if (pool_is_over(pool)) {
            desired_remove_pool(d, node);
            continue;
        }
        HMAP_FOR_EACH (member, hmap_node, &pool->members) {
            binding_add_pool(bindings_find(&d->bindings, pool->network_key,
                                           &member->address),
                             pool->key, member->index);
        }
    }
}

/* Endpoints and VIPs. */

/* Returns a new endpoint for 'rule' of 'lb', or NULL if it makes no sense. */
static struct desired_endpoint *
read_rule(struct run *run, const struct slbrec_load_balancer *lb,
          const struct desired_network *network,
          const struct slbrec_rule *rule)
{
    const struct desired_pool *pool
        = find_pool_by_intent(run->desired, rule->backend_pool);
    struct in6_addr vip;

    if (!rule->frontend || !pool) {
        problems_add(run->problems, "%s/rules/%s: its frontend or pool is not "
                     "usable", lb->name, rule->name);
        return NULL;
    }
    if (!address_parse(rule->frontend->address, &vip)) {
        problems_add(run->problems, "%s/frontends/%s: \"%s\" is no address",
                     lb->name, rule->frontend->name, rule->frontend->address);
        return NULL;
    }

    struct desired_endpoint *e = xzalloc(sizeof *e);
    e->name = xasprintf("%s/rules/%s", lb->name, rule->name);
    e->frontend = xasprintf("%s/frontends/%s", lb->name, rule->frontend->name);
    e->vip = address_to_string(&vip);
    e->network_key = network_contains(network, &vip) ? network->key : 0;
    e->protocol = !strcmp(rule->protocol, "Udp") ? IPPROTO_UDP : IPPROTO_TCP;
    e->port = rule->frontend_port;
    e->backend_port = rule->backend_port;
    e->pool_key = pool->key;
    e->load_distribution = rule->load_distribution;
    e->idle_timeout = rule->idle_timeout * 60;
    return e;
}

/* Returns true if 'e' forwards now, by its row, what it should. */
static bool
endpoint_is_in_place(const struct desired_endpoint *e)
{
    return (e->row
            && e->row->network_key == e->network_key
            && !strcmp(e->row->vip, e->vip)
            && e->row->protocol == e->protocol
            && e->row->port == e->port);
}

/* Those that are in place first, then by name. */
static int
compare_endpoints(const void *a_, const void *b_)
{
    const struct desired_endpoint *const *a = a_;
    const struct desired_endpoint *const *b = b_;
    int cmp = endpoint_is_in_place(*b) - endpoint_is_in_place(*a);

    return cmp ? cmp : strcmp((*a)->name, (*b)->name);
}

/* Reads all rules.  Of several that want to forward the same, the one that
 * does so already stays. */
static void
read_endpoints(struct run *run)
{
    struct shash by_name = SHASH_INITIALIZER(&by_name);
    struct cookies *cookies = &run->compiler->cookies;
    const struct slbrec_load_balancer *lb;
    const struct slbrec_endpoint *row;
    struct desired *d = run->desired;

    SLBREC_LOAD_BALANCER_FOR_EACH (lb, run->idl) {
        const struct desired_network *network = find_network(run, lb);

        for (size_t i = 0; network && i < lb->n_rules; i++) {
            struct desired_endpoint *e = read_rule(run, lb, network,
                                                   lb->rules[i]);
            if (e && !shash_add_once(&by_name, e->name, e)) {
                problems_add(run->problems, "%s: there are several rules of "
                             "this name", e->name);
                desired_endpoint_destroy(e);
            }
        }
    }

    /* A cookie that is in a row now is not given out in this run, even if the
     * row is going to be deleted. */
    SLBREC_ENDPOINT_FOR_EACH (row, run->idl) {
        struct desired_endpoint *e = shash_find_data(&by_name, row->rule);
        bool reserved = cookies_reserve(cookies, row->cookie);

        if (e && !e->row) {
            e->row = row;
            e->cookie = reserved ? row->cookie : 0;
        }
    }

    size_t n = shash_count(&by_name);
    struct desired_endpoint **sorted = xmalloc(n * sizeof *sorted);
    struct shash_node *node;
    size_t i = 0;
    SHASH_FOR_EACH (node, &by_name) {
        sorted[i++] = node->data;
    }
    shash_destroy(&by_name);
    qsort(sorted, n, sizeof *sorted, compare_endpoints);
    for (i = 0; i < n; i++) {
        struct desired_endpoint *e = sorted[i];
        char *key = desired_endpoint_key(e->network_key, e->vip, e->protocol,
                                         e->port);
        const struct desired_endpoint *other
            = shash_find_data(&d->endpoints, key);

        if (other) {
            problems_add(run->problems, "%s: %s %s port %d is forwarded by %s",
                         e->name, e->vip,
                         e->protocol == IPPROTO_UDP ? "UDP" : "TCP", e->port,
                         other->name);
            desired_endpoint_destroy(e);
        } else {
            if (!e->cookie) {
                e->cookie = cookies_allocate(cookies);
            }
            shash_add(&d->endpoints, key, e);
        }
        free(key);
    }
    free(sorted);
}

/* A VIP for each address that endpoints forward.  Of several frontends with the
 * address, the one that the row names stays, else it is the first by name. */
static void
read_vips(struct run *run)
{
    struct desired *d = run->desired;
    const struct slbrec_vip *row;
    struct shash_node *node;

    struct shash rows = SHASH_INITIALIZER(&rows);
    SLBREC_VIP_FOR_EACH (row, run->idl) {
        char *key = desired_vip_key(row->network_key, row->address);
        shash_add_nocopy(&rows, key, row);
    }

    SHASH_FOR_EACH (node, &d->endpoints) {
        const struct desired_endpoint *e = node->data;
        char *key = desired_vip_key(e->network_key, e->vip);
        struct desired_vip *vip = shash_find_data(&d->vips, key);

        if (!vip) {
            vip = xzalloc(sizeof *vip);
            vip->address = xstrdup(e->vip);
            vip->network_key = e->network_key;
            vip->frontend = xstrdup(e->frontend);
            vip->mux_set = MUX_SET;
            vip->row = shash_find_data(&rows, key);
            shash_add(&d->vips, key, vip);
        } else {
            const char *old = vip->row ? vip->row->frontend : "";

            if (strcmp(vip->frontend, old)
                && (!strcmp(e->frontend, old)
                    || strcmp(e->frontend, vip->frontend) < 0)) {
                free(vip->frontend);
                vip->frontend = xstrdup(e->frontend);
            }
        }
        free(key);
    }
    shash_destroy(&rows);
}

static void
count(struct compiler *c, const struct desired *d)
{
    const struct binding *binding;
    const struct shash_node *node;

    c->n_networks = shash_count(&d->networks);
    c->n_pools = shash_count(&d->pools);
    c->n_endpoints = shash_count(&d->endpoints);
    c->n_vips = shash_count(&d->vips);
    c->n_members = c->n_coming = c->n_previous = c->n_bindings = 0;
    SHASH_FOR_EACH (node, &d->pools) {
        const struct desired_pool *pool = node->data;
        bool coming = generations_coming(&pool->generations) != NULL;

        c->n_members += hmap_count(&pool->members);
        c->n_coming += coming;
        c->n_previous += pool->generations.n - 1 - coming;
    }
    HMAP_FOR_EACH (binding, hmap_node, &d->bindings.bindings) {
        c->n_bindings += binding->port != NULL;
    }
}

/* Computes what the compiled tables of 'idl' should contain and puts what
 * differs into 'txn'. */
void
compiler_run(struct compiler *c, struct ovsdb_idl *idl,
             struct ovsdb_idl_txn *txn)
{
    struct desired desired;
    struct run run = {
        .compiler = c,
        .idl = idl,
        .desired = &desired,
        .problems = &c->problems,
        .wall_now = time_wall_msec(),
        .now = time_msec(),
    };

    desired_init(&desired);
    problems_begin(&c->problems);
    tunnel_keys_reset(&c->tunnel_keys);
    cookies_reset(&c->cookies);
    compiler_see_nodes(c, idl);
    c->next_expiry = INT64_MAX;

    read_options(&run);
    read_networks(&run);
    read_nodes(&run);
    read_pool_intents(&run);
    read_pool_rows(&run);
    allocate_tunnel_keys(&run);
    read_all_members(&run);
    read_known_bindings(&run);
    bindings_resolve(&desired.bindings, &c->problems);
    settle_pools(&run);
    read_endpoints(&run);
    read_vips(&run);

    write_desired(&desired, idl, txn);

    prepare_end(c->prepare);
    problems_end(&c->problems);
    count(c, &desired);
    desired_destroy(&desired);
}

/* Takes in what the muxes in 'idl' have acknowledged. */
void
compiler_see_nodes(struct compiler *c, struct ovsdb_idl *idl)
{
    const struct slbrec_node *node;

    prepare_begin(c->prepare);
    SLBREC_NODE_FOR_EACH (node, idl) {
        if (!is_host(node)) {
            prepare_set_mux(c->prepare, node->name, node->wanted,
                            node->applied);
        }
    }
}

/* The transaction of the last run is in the database, and so in 'idl': from now
 * on the muxes are given time for the generations that it made. */
void
compiler_committed(struct compiler *c, struct ovsdb_idl *idl)
{
    const struct slbrec_generation *row;

    if (!c->n_coming) {
        return;
    }
    compiler_see_nodes(c, idl);
    SLBREC_GENERATION_FOR_EACH (row, idl) {
        if (generation_state_from_string(row->state) == GENERATION_COMING) {
            prepare_is_done(c->prepare, row->pool_key, row->number,
                            time_msec());
        }
    }
    prepare_end(c->prepare);
}

/* Returns true if a run may have something to do although no input changed. */
bool
compiler_is_due(struct compiler *c)
{
    return (time_wall_msec() >= c->next_expiry
            || prepare_is_ready(c->prepare, time_msec()));
}

/* Arranges for poll_block() to wake up when compiler_is_due() becomes true by
 * the passage of time. */
void
compiler_wait(const struct compiler *c)
{
    long long int deadline = prepare_deadline(c->prepare);

    if (deadline != LLONG_MAX) {
        poll_timer_wait_until(deadline);
    }
    if (c->next_expiry != INT64_MAX) {
        int64_t sleep = c->next_expiry - time_wall_msec();

        poll_timer_wait(MAX(0, MIN(sleep, MAX_SLEEP)));
    }
}

void
compiler_format_status(const struct compiler *c, struct ds *ds)
{
    const char **problems = sset_sort(&c->problems.now);

    ds_put_format(ds, "networks: %"PRIuSIZE"\n", c->n_networks);
    ds_put_format(ds, "pools: %"PRIuSIZE"\n", c->n_pools);
    ds_put_format(ds, "members: %"PRIuSIZE"\n", c->n_members);
    ds_put_format(ds, "endpoints: %"PRIuSIZE"\n", c->n_endpoints);
    ds_put_format(ds, "vips: %"PRIuSIZE"\n", c->n_vips);
    ds_put_format(ds, "bindings: %"PRIuSIZE"\n", c->n_bindings);
    ds_put_format(ds, "generations coming: %"PRIuSIZE"\n", c->n_coming);
    ds_put_format(ds, "generations previous: %"PRIuSIZE"\n", c->n_previous);
    ds_put_format(ds, "muxes not waited for: %d\n",
                  prepare_n_dead(c->prepare));
    ds_put_format(ds, "problems: %"PRIuSIZE"\n",
                  sset_count(&c->problems.now));
    for (size_t i = 0; i < sset_count(&c->problems.now); i++) {
        ds_put_format(ds, "  %s\n", problems[i]);
    }
    free(problems);
}

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

#include "controller/manager/desired.h"

#include <stdlib.h>

#include "controller/manager/address.h"
#include "util.h"

void
desired_init(struct desired *d)
{
    shash_init(&d->networks);
    shash_init(&d->pools);
    hmap_init(&d->pool_keys);
    hmap_init(&d->pool_intents);
    shash_init(&d->endpoints);
    shash_init(&d->vips);
    shash_init(&d->muxes);
    bindings_init(&d->bindings);
    d->stale_members = NULL;
    d->n_stale_members = d->allocated_stale_members = 0;
    sset_init(&d->strings);
}

void
desired_destroy(struct desired *d)
{
    struct shash_node *node;

    if (!d) {
        return;
    }

    SHASH_FOR_EACH (node, &d->networks) {
        struct desired_network *network = node->data;
        free(network->subnets);
    }
    shash_destroy_free_data(&d->networks);

    SHASH_FOR_EACH_SAFE (node, &d->pools) {
        desired_remove_pool(d, node);
    }
    shash_destroy(&d->pools);
    hmap_destroy(&d->pool_keys);
    hmap_destroy(&d->pool_intents);

    SHASH_FOR_EACH (node, &d->endpoints) {
        desired_endpoint_destroy(node->data);
    }
    shash_destroy(&d->endpoints);

    SHASH_FOR_EACH (node, &d->vips) {
        struct desired_vip *vip = node->data;
        free(vip->address);
        free(vip->frontend);
    }
    shash_destroy_free_data(&d->vips);

    shash_destroy(&d->muxes);
    bindings_destroy(&d->bindings);
    free(d->stale_members);
    sset_destroy(&d->strings);
}

/* Takes 's' and returns it, or a string equal to it, to live as long as
 * 'd'. */
const char *
desired_intern(struct desired *d, char *s)
{
    const char *interned = sset_find(&d->strings, s)
                           ? sset_find(&d->strings, s)->name
                           : sset_add(&d->strings, s)->name;

    free(s);
    return interned;
}

/* Adds a pool with 'name', which must not be there. */
struct desired_pool *
desired_add_pool(struct desired *d, const char *name)
{
    struct desired_pool *pool = xzalloc(sizeof *pool);

    pool->name = shash_add(&d->pools, name, pool)->name;
    hmap_node_nullify(&pool->key_node);
    hmap_node_nullify(&pool->intent_node);
    hmap_init(&pool->members);
    generations_init(&pool->generations);
    return pool;
}

/* Removes the pool in 'node' and its members. */
void
desired_remove_pool(struct desired *d, struct shash_node *node)
{
    struct desired_pool *pool = node->data;
    struct desired_member *member;

    HMAP_FOR_EACH_SAFE (member, hmap_node, &pool->members) {
        desired_pool_remove_member(d, pool, member);
    }
    hmap_destroy(&pool->members);
    generations_destroy(&pool->generations);
    if (!hmap_node_is_null(&pool->key_node)) {
        hmap_remove(&d->pool_keys, &pool->key_node);
    }
    if (!hmap_node_is_null(&pool->intent_node)) {
        hmap_remove(&d->pool_intents, &pool->intent_node);
    }
    shash_delete(&d->pools, node);
    free(pool);
}

struct desired_member *
desired_pool_find_member(const struct desired_pool *pool,
                         const struct in6_addr *address)
{
    struct desired_member *member;

    HMAP_FOR_EACH_WITH_HASH (member, hmap_node, address_hash(address, 0),
                             &pool->members) {
        if (!address_compare(&member->address, address)) {
            return member;
        }
    }
    return NULL;
}

/* Adds a member with 'address', which must not be there.  'name' must live as
 * long as the member. */
struct desired_member *
desired_pool_add_member(struct desired_pool *pool,
                        const struct in6_addr *address, const char *name)
{
    struct desired_member *member = xzalloc(sizeof *member);

    member->address = *address;
    member->name = name;
    hmap_insert(&pool->members, &member->hmap_node, address_hash(address, 0));
    return member;
}

/* Removes 'member'; its row, if it has one, becomes stale. */
void
desired_pool_remove_member(struct desired *d, struct desired_pool *pool,
                           struct desired_member *member)
{
    if (member->row) {
        desired_add_stale_member(d, member->row);
    }
    hmap_remove(&pool->members, &member->hmap_node);
    free(member);
}

void
desired_add_stale_member(struct desired *d,
                         const struct slbrec_compiled_member *row)
{
    if (d->n_stale_members >= d->allocated_stale_members) {
        d->stale_members = x2nrealloc(d->stale_members,
                                      &d->allocated_stale_members,
                                      sizeof *d->stale_members);
    }
    d->stale_members[d->n_stale_members++] = row;
}

/* Returns the key of an endpoint in struct desired's 'endpoints'. */
char *
desired_endpoint_key(uint32_t network_key, const char *vip, int protocol,
                     int port)
{
    return xasprintf("%"PRIu32" %s %d %d", network_key, vip, protocol, port);
}

void
desired_endpoint_destroy(struct desired_endpoint *endpoint)
{
    if (endpoint) {
        free(endpoint->name);
        free(endpoint->frontend);
        free(endpoint->vip);
        free(endpoint);
    }
}

/* Returns the key of a VIP in struct desired's 'vips'. */
char *
desired_vip_key(uint32_t network_key, const char *address)
{
    return xasprintf("%"PRIu32" %s", network_key, address);
}

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

#include "yaml/slb-index.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "packets.h"
#include "random.h"
#include "util.h"

struct index_node {
    struct hmap_node hmap_node;
    const void *scope;
    const char *name;           /* NULL: the next two are the key. */
    struct in6_addr address;
    uint32_t number;
    const void *data;
};

void
slb_index_init(struct slb_index *index)
{
    hmap_init(&index->nodes);
    index->basis = random_uint32();
}

/* Makes 'index' empty. */
void
slb_index_clear(struct slb_index *index)
{
    struct index_node *node;

    if (hmap_is_empty(&index->nodes)) {
        return;
    }
    HMAP_FOR_EACH_POP (node, hmap_node, &index->nodes) {
        free(node);
    }

    /* What once was large must not cost each clearing from then on. */
    hmap_destroy(&index->nodes);
    hmap_init(&index->nodes);
}

void
slb_index_destroy(struct slb_index *index)
{
    slb_index_clear(index);
    hmap_destroy(&index->nodes);
}

/* Calls 'cb' for all that is in 'index', in any order: to free it. */
void
slb_index_for_each_data(const struct slb_index *index,
                        void (*cb)(const void *data))
{
    const struct index_node *node;

    HMAP_FOR_EACH (node, hmap_node, &index->nodes) {
        cb(node->data);
    }
}

static uint32_t
hash_name(const struct slb_index *index, const void *scope, const char *name)
{
    return hash_string(name, hash_pointer(scope, index->basis));
}

static uint32_t
hash_address(const struct slb_index *index, const void *scope,
             const struct in6_addr *address, uint32_t number)
{
    return hash_bytes(address, sizeof *address,
                      hash_2words(hash_pointer(scope, index->basis), number));
}

static const struct index_node *
find_name(const struct slb_index *index, const void *scope, const char *name,
          uint32_t hash)
{
    const struct index_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, hmap_node, hash, &index->nodes) {
        if (node->scope == scope && node->name && !strcmp(node->name, name)) {
            return node;
        }
    }
    return NULL;
}

static const struct index_node *
find_address(const struct slb_index *index, const void *scope,
             const struct in6_addr *address, uint32_t number, uint32_t hash)
{
    const struct index_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, hmap_node, hash, &index->nodes) {
        if (node->scope == scope && !node->name && node->number == number
            && ipv6_addr_equals(&node->address, address)) {
            return node;
        }
    }
    return NULL;
}

/* Adds 'data' as what is called 'name' in 'scope' and returns NULL, unless
 * there is something already: then changes nothing and returns that. */
const void *
slb_index_add_name(struct slb_index *index, const void *scope,
                   const char *name, const void *data)
{
    uint32_t hash = hash_name(index, scope, name);
    const struct index_node *old = find_name(index, scope, name, hash);

    if (old) {
        return old->data;
    }

    struct index_node *node = xzalloc(sizeof *node);
    node->scope = scope;
    node->name = name;
    node->data = data;
    hmap_insert(&index->nodes, &node->hmap_node, hash);
    return NULL;
}

/* Returns what is called 'name' in 'scope', or NULL. */
const void *
slb_index_find_name(const struct slb_index *index, const void *scope,
                    const char *name)
{
    const struct index_node *node = find_name(index, scope, name,
                                              hash_name(index, scope, name));
    return node ? node->data : NULL;
}

/* Like slb_index_add_name(), for what has 'address' and 'number'. */
const void *
slb_index_add_address(struct slb_index *index, const void *scope,
                      const struct in6_addr *address, uint32_t number,
                      const void *data)
{
    uint32_t hash = hash_address(index, scope, address, number);
    const struct index_node *old = find_address(index, scope, address, number,
                                                hash);
    if (old) {
        return old->data;
    }

    struct index_node *node = xzalloc(sizeof *node);
    node->scope = scope;
    node->address = *address;
    node->number = number;
    node->data = data;
    hmap_insert(&index->nodes, &node->hmap_node, hash);
    return NULL;
}

const void *
slb_index_find_address(const struct slb_index *index, const void *scope,
                       const struct in6_addr *address, uint32_t number)
{
    const struct index_node *node
        = find_address(index, scope, address, number,
                       hash_address(index, scope, address, number));
    return node ? node->data : NULL;
}

/* Like slb_index_add_name(), for what only has a 'number'. */
const void *
slb_index_add_number(struct slb_index *index, const void *scope,
                     uint32_t number, const void *data)
{
    return slb_index_add_address(index, scope, &in6addr_any, number, data);
}

const void *
slb_index_find_number(const struct slb_index *index, const void *scope,
                      uint32_t number)
{
    return slb_index_find_address(index, scope, &in6addr_any, number);
}

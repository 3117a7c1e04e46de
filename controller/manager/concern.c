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

#include "controller/manager/concern.h"

#include <stdlib.h>

#include "hash.h"
#include "util.h"

struct concern_node {
    char *mux_set;              /* NULL in a host. */
    bool touched;
    uint32_t *keys;             /* Subscribed ones, maybe more than once. */
    size_t n_keys, allocated_keys;
};

struct concern_key {
    struct hmap_node hmap_node; /* In struct concern's 'keys'. */
    uint32_t key;
};

void
concern_init(struct concern *concern)
{
    shash_init(&concern->nodes);
    hmap_init(&concern->keys);
    sset_init(&concern->mux_sets);
    concern->muxes = false;
    concern->hosts = false;
}

void
concern_destroy(struct concern *concern)
{
    if (concern) {
        struct shash_node *node;
        struct concern_key *key;

        SHASH_FOR_EACH (node, &concern->nodes) {
            struct concern_node *n = node->data;
            free(n->mux_set);
            free(n->keys);
        }
        shash_destroy_free_data(&concern->nodes);
        HMAP_FOR_EACH_POP (key, hmap_node, &concern->keys) {
            free(key);
        }
        hmap_destroy(&concern->keys);
        sset_destroy(&concern->mux_sets);
    }
}

static struct concern_node *
add_node(struct concern *concern, const char *name)
{
    struct concern_node *n = shash_find_data(&concern->nodes, name);

    if (!n) {
        n = xzalloc(sizeof *n);
        shash_add(&concern->nodes, name, n);
    }
    return n;
}

void
concern_add_mux(struct concern *concern, const char *node, const char *mux_set)
{
    struct concern_node *n = add_node(concern, node);

    free(n->mux_set);
    n->mux_set = xstrdup(mux_set);
}

void
concern_add_host(struct concern *concern, const char *node)
{
    add_node(concern, node);
}

/* 'node' reads what hangs on tunnel key 'key'.  A node that was not added, say
 * because its row has gone, does not read anything. */
void
concern_subscribe(struct concern *concern, const char *node, uint32_t key)
{
    struct concern_node *n = shash_find_data(&concern->nodes, node);

    if (!n || (n->n_keys && n->keys[n->n_keys - 1] == key)) {
        return;
    }
    if (n->n_keys >= n->allocated_keys) {
        n->keys = x2nrealloc(n->keys, &n->allocated_keys, sizeof *n->keys);
    }
    n->keys[n->n_keys++] = key;
}

static bool
key_is_touched(const struct concern *concern, uint32_t key)
{
    const struct concern_key *k;

    HMAP_FOR_EACH_WITH_HASH (k, hmap_node, hash_int(key, 0), &concern->keys) {
        if (k->key == key) {
            return true;
        }
    }
    return false;
}

/* Something that hangs on 'key' changes. */
void
concern_touch_key(struct concern *concern, uint32_t key)
{
    if (!key_is_touched(concern, key)) {
        struct concern_key *k = xmalloc(sizeof *k);

        k->key = key;
        hmap_insert(&concern->keys, &k->hmap_node, hash_int(key, 0));
    }
}

/* A VIP of 'mux_set' changes. */
void
concern_touch_mux_set(struct concern *concern, const char *mux_set)
{
    sset_add(&concern->mux_sets, mux_set);
}

/* Something that all muxes read changes. */
void
concern_touch_muxes(struct concern *concern)
{
    concern->muxes = true;
}

/* Something that all hosts read changes. */
void
concern_touch_hosts(struct concern *concern)
{
    concern->hosts = true;
}

/* Something that only 'node' reads changes. */
void
concern_touch_node(struct concern *concern, const char *node)
{
    struct concern_node *n = shash_find_data(&concern->nodes, node);

    if (n) {
        n->touched = true;
    }
}

bool
concern_is_touched(const struct concern *concern, const char *node)
{
    const struct concern_node *n = shash_find_data(&concern->nodes, node);

    if (!n) {
        return false;
    }
    if (n->touched) {
        return true;
    }
    if (n->mux_set) {
        return concern->muxes || sset_contains(&concern->mux_sets, n->mux_set);
    }
    if (concern->hosts) {
        return true;
    }
    for (size_t i = 0; i < n->n_keys; i++) {
        if (key_is_touched(concern, n->keys[i])) {
            return true;
        }
    }
    return false;
}

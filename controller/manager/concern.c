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
#include <string.h>

#include "hash.h"
#include "util.h"

struct concern_node {
    const char *name;
    bool present;               /* Is there such a node? */
    char *mux_set;              /* NULL in a host. */
    struct ovs_list mux_node;   /* In struct concern's 'muxes', or empty. */
    struct ovs_list touched_node; /* In struct concern's 'touched', or
                                   * empty. */
    size_t n_subscriptions;
};

/* A key that nodes subscribe to. */
struct concern_key {
    struct hmap_node hmap_node; /* In struct concern's 'keys'. */
    uint32_t key;
    struct ovs_list touched_node; /* In struct concern's 'touched_keys', or
                                   * empty. */
    struct hmap subscribers;    /* Contains "struct subscriber"s. */
};

struct subscriber {
    struct hmap_node hmap_node; /* In struct concern_key's 'subscribers'. */
    struct concern_node *node;
    size_t n;                   /* How often. */
};

/* What a node will subscribe to when a row is seen that was written. */
struct early {
    struct ovs_list list_node;  /* In struct concern's 'early'. */
    uint64_t run;               /* That wrote it. */
    uint32_t key;
    char node[];
};

void
concern_init(struct concern *concern)
{
    shash_init(&concern->nodes);
    hmap_init(&concern->keys);
    ovs_list_init(&concern->muxes);
    ovs_list_init(&concern->touched);
    ovs_list_init(&concern->touched_keys);
    concern->all_muxes = false;
    ovs_list_init(&concern->early);
}

static void
destroy_key(struct concern *concern, struct concern_key *k)
{
    struct subscriber *s;

    HMAP_FOR_EACH_POP (s, hmap_node, &k->subscribers) {
        free(s);
    }
    hmap_destroy(&k->subscribers);
    ovs_list_remove(&k->touched_node);
    hmap_remove(&concern->keys, &k->hmap_node);
    free(k);
}

void
concern_destroy(struct concern *concern)
{
    if (concern) {
        struct shash_node *node;
        struct concern_key *k;
        struct early *early;

        LIST_FOR_EACH_POP (early, list_node, &concern->early) {
            free(early);
        }
        HMAP_FOR_EACH_SAFE (k, hmap_node, &concern->keys) {
            destroy_key(concern, k);
        }
        hmap_destroy(&concern->keys);
        SHASH_FOR_EACH (node, &concern->nodes) {
            struct concern_node *n = node->data;

            free(n->mux_set);
        }
        shash_destroy_free_data(&concern->nodes);
    }
}

static struct concern_node *
find_or_add_node(struct concern *concern, const char *name)
{
    struct concern_node *n = shash_find_data(&concern->nodes, name);

    if (!n) {
        n = xzalloc(sizeof *n);
        n->name = shash_add(&concern->nodes, name, n)->name;
        ovs_list_init(&n->mux_node);
        ovs_list_init(&n->touched_node);
    }
    return n;
}

static void
remove_if_unused(struct concern *concern, struct concern_node *n)
{
    if (!n->present && !n->n_subscriptions) {
        ovs_list_remove(&n->touched_node);
        free(n->mux_set);
        shash_find_and_delete(&concern->nodes, n->name);
        free(n);
    }
}

static void
add_node(struct concern *concern, const char *name, const char *mux_set)
{
    struct concern_node *n = find_or_add_node(concern, name);

    n->present = true;
    free(n->mux_set);
    n->mux_set = nullable_xstrdup(mux_set);
    ovs_list_remove(&n->mux_node);
    ovs_list_init(&n->mux_node);
    if (mux_set) {
        ovs_list_push_back(&concern->muxes, &n->mux_node);
    }
    concern->all_muxes = false;
}

/* The node may be there already, also as a host. */
void
concern_add_mux(struct concern *concern, const char *node, const char *mux_set)
{
    add_node(concern, node, mux_set);
}

/* The node may be there already, also as a mux. */
void
concern_add_host(struct concern *concern, const char *node)
{
    add_node(concern, node, NULL);
}

void
concern_remove_node(struct concern *concern, const char *node)
{
    struct concern_node *n = shash_find_data(&concern->nodes, node);

    if (n) {
        n->present = false;
        ovs_list_remove(&n->mux_node);
        ovs_list_init(&n->mux_node);
        ovs_list_remove(&n->touched_node);
        ovs_list_init(&n->touched_node);
        remove_if_unused(concern, n);
    }
}

static struct concern_key *
find_key(const struct concern *concern, uint32_t key)
{
    struct concern_key *k;

    HMAP_FOR_EACH_WITH_HASH (k, hmap_node, hash_int(key, 0), &concern->keys) {
        if (k->key == key) {
            return k;
        }
    }
    return NULL;
}

static struct subscriber *
find_subscriber(const struct concern_key *k, const struct concern_node *n)
{
    struct subscriber *s;

    HMAP_FOR_EACH_WITH_HASH (s, hmap_node, hash_pointer(n, 0),
                             &k->subscribers) {
        if (s->node == n) {
            return s;
        }
    }
    return NULL;
}

/* 'node', which need not have been added (yet), reads what hangs on tunnel key
 * 'key', until concern_unsubscribe() is called as often. */
void
concern_subscribe(struct concern *concern, const char *node, uint32_t key)
{
    struct concern_node *n = find_or_add_node(concern, node);
    struct concern_key *k = find_key(concern, key);

    if (!k) {
        k = xzalloc(sizeof *k);
        k->key = key;
        hmap_init(&k->subscribers);
        ovs_list_init(&k->touched_node);
        hmap_insert(&concern->keys, &k->hmap_node, hash_int(key, 0));
    }

    struct subscriber *s = find_subscriber(k, n);
    if (!s) {
        s = xzalloc(sizeof *s);
        s->node = n;
        n->n_subscriptions++;
        hmap_insert(&k->subscribers, &s->hmap_node, hash_pointer(n, 0));
    }
    s->n++;
}

void
concern_unsubscribe(struct concern *concern, const char *node, uint32_t key)
{
    struct concern_node *n = shash_find_data(&concern->nodes, node);
    struct concern_key *k = find_key(concern, key);
    struct subscriber *s = n && k ? find_subscriber(k, n) : NULL;

    if (!s || --s->n) {
        return;
    }
    hmap_remove(&k->subscribers, &s->hmap_node);
    free(s);
    n->n_subscriptions--;
    remove_if_unused(concern, n);
    if (hmap_is_empty(&k->subscribers)) {
        destroy_key(concern, k);
    }
}

/* Run number 'run' writes a row by which 'node' will subscribe to 'key': until
 * concern_landed(), when the row has been seen, it does so by this. */
void
concern_subscribe_early(struct concern *concern, const char *node,
                        uint32_t key, uint64_t run)
{
    struct early *early = xmalloc(sizeof *early + strlen(node) + 1);

    early->run = run;
    early->key = key;
    strcpy(early->node, node);
    ovs_list_push_back(&concern->early, &early->list_node);
    concern_subscribe(concern, node, key);
}

/* What 'run' and those before have written is in the database and was seen. */
void
concern_landed(struct concern *concern, uint64_t run)
{
    struct early *early;

    LIST_FOR_EACH_SAFE (early, list_node, &concern->early) {
        if (early->run > run) {
            break;
        }
        ovs_list_remove(&early->list_node);
        concern_unsubscribe(concern, early->node, early->key);
        free(early);
    }
}

static void
touch(struct concern *concern, struct concern_node *n)
{
    if (n->present && ovs_list_is_empty(&n->touched_node)) {
        ovs_list_push_back(&concern->touched, &n->touched_node);
    }
}

/* Something that hangs on 'key' changes. */
void
concern_touch_key(struct concern *concern, uint32_t key)
{
    struct concern_key *k = find_key(concern, key);
    struct subscriber *s;

    if (!k || !ovs_list_is_empty(&k->touched_node)) {
        return;
    }
    ovs_list_push_back(&concern->touched_keys, &k->touched_node);
    HMAP_FOR_EACH (s, hmap_node, &k->subscribers) {
        if (!s->node->mux_set) {
            touch(concern, s->node);
        }
    }
}

/* A VIP of 'mux_set' changes. */
void
concern_touch_mux_set(struct concern *concern, const char *mux_set)
{
    struct concern_node *n;

    if (concern->all_muxes) {
        return;
    }
    LIST_FOR_EACH (n, mux_node, &concern->muxes) {
        if (!strcmp(n->mux_set, mux_set)) {
            touch(concern, n);
        }
    }
}

/* Something that all muxes read changes. */
void
concern_touch_muxes(struct concern *concern)
{
    struct concern_node *n;

    if (concern->all_muxes) {
        return;
    }
    LIST_FOR_EACH (n, mux_node, &concern->muxes) {
        touch(concern, n);
    }
    concern->all_muxes = true;
}

/* Something that all hosts read changes. */
void
concern_touch_hosts(struct concern *concern)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &concern->nodes) {
        struct concern_node *n = node->data;

        if (!n->mux_set) {
            touch(concern, n);
        }
    }
}

/* Something that only 'node' reads changes. */
void
concern_touch_node(struct concern *concern, const char *node)
{
    struct concern_node *n = shash_find_data(&concern->nodes, node);

    if (n) {
        touch(concern, n);
    }
}

/* Returns the name of a node that is touched, which then is not any more, or
 * NULL if there is none, and then nothing else is touched either.  The name is
 * good until the node is removed. */
const char *
concern_pop(struct concern *concern)
{
    if (ovs_list_is_empty(&concern->touched)) {
        struct concern_key *k;

        LIST_FOR_EACH_POP (k, touched_node, &concern->touched_keys) {
            ovs_list_init(&k->touched_node);
        }
        concern->all_muxes = false;
        return NULL;
    }

    struct concern_node *n
        = CONTAINER_OF(ovs_list_pop_front(&concern->touched),
                       struct concern_node, touched_node);
    ovs_list_init(&n->touched_node);
    return n->name;
}

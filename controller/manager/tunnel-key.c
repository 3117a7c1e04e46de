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

#include "controller/manager/tunnel-key.h"

#include <stdlib.h>
#include <string.h>

#include "bitmap.h"
#include "hash.h"
#include "util.h"

/* A key that is held. */
struct held_key {
    struct hmap_node hmap_node; /* In struct tunnel_keys's 'held'. */
    uint32_t key;
    size_t n;                   /* How often it is held. */
    bool owned;                 /* Is it reserved or allocated, too? */
};

void
tunnel_keys_init(struct tunnel_keys *keys)
{
    keys->used = bitmap_allocate(TUNNEL_KEY_MAX + 1);
    hmap_init(&keys->held);
    keys->highest = 0;
    keys->last = 0;
}

void
tunnel_keys_destroy(struct tunnel_keys *keys)
{
    if (keys) {
        tunnel_keys_reset(keys);
        hmap_destroy(&keys->held);
        bitmap_free(keys->used);
    }
}

/* No key of 'keys' is in use or held any more; which one was given out last is
 * remembered. */
void
tunnel_keys_reset(struct tunnel_keys *keys)
{
    struct held_key *h;

    HMAP_FOR_EACH_POP (h, hmap_node, &keys->held) {
        free(h);
    }
    memset(keys->used, 0, bitmap_n_bytes(keys->highest + 1));
    keys->highest = 0;
}

static void
use_key(struct tunnel_keys *keys, uint32_t key)
{
    bitmap_set1(keys->used, key);
    keys->highest = MAX(keys->highest, key);
}

static struct held_key *
find_held(const struct tunnel_keys *keys, uint32_t key)
{
    struct held_key *h;

    HMAP_FOR_EACH_WITH_HASH (h, hmap_node, hash_int(key, 0), &keys->held) {
        if (h->key == key) {
            return h;
        }
    }
    return NULL;
}

static bool
is_key(int64_t key)
{
    return key >= 1 && key <= TUNNEL_KEY_MAX;
}

/* Marks 'key' as used.  Returns false if it is no tunnel key or in use. */
bool
tunnel_keys_reserve(struct tunnel_keys *keys, int64_t key)
{
    if (!is_key(key) || bitmap_is_set(keys->used, key)) {
        return false;
    }
    use_key(keys, key);
    return true;
}

/* Returns a key that is not in use and marks it as used.  Returns 0 if there
 * is none. */
uint32_t
tunnel_keys_allocate(struct tunnel_keys *keys)
{
    uint32_t start = (keys->last ? keys->last : keys->highest) + 1;
    size_t key = bitmap_scan(keys->used, false, start, TUNNEL_KEY_MAX + 1);

    if (key > TUNNEL_KEY_MAX) {
        key = bitmap_scan(keys->used, false, 1, start);
        if (key >= start) {
            return 0;
        }
    }
    use_key(keys, key);
    keys->last = key;
    return key;
}

/* 'key', which was reserved or allocated, is not in use any more, unless it is
 * held. */
void
tunnel_keys_release(struct tunnel_keys *keys, uint32_t key)
{
    struct held_key *h = find_held(keys, key);

    if (h) {
        h->owned = false;
    } else {
        bitmap_set0(keys->used, key);
    }
}

/* Keeps 'key', which need not be in use, from being given out until
 * tunnel_keys_unhold() was called as often. */
void
tunnel_keys_hold(struct tunnel_keys *keys, int64_t key)
{
    if (!is_key(key)) {
        return;
    }

    struct held_key *h = find_held(keys, key);
    if (!h) {
        h = xmalloc(sizeof *h);
        *h = (struct held_key) {
            .key = key,
            .owned = bitmap_is_set(keys->used, key),
        };
        hmap_insert(&keys->held, &h->hmap_node, hash_int(key, 0));
        use_key(keys, key);
    }
    h->n++;
}

void
tunnel_keys_unhold(struct tunnel_keys *keys, int64_t key)
{
    struct held_key *h = is_key(key) ? find_held(keys, key) : NULL;

    if (h && !--h->n) {
        if (!h->owned) {
            bitmap_set0(keys->used, h->key);
        }
        hmap_remove(&keys->held, &h->hmap_node);
        free(h);
    }
}

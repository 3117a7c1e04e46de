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

#include <string.h>

#include "bitmap.h"
#include "util.h"

void
tunnel_keys_init(struct tunnel_keys *keys)
{
    keys->used = bitmap_allocate(TUNNEL_KEY_MAX + 1);
    keys->highest = 0;
    keys->last = 0;
}

void
tunnel_keys_destroy(struct tunnel_keys *keys)
{
    if (keys) {
        bitmap_free(keys->used);
    }
}

/* No key of 'keys' is in use any more; which one was given out last is
 * remembered. */
void
tunnel_keys_reset(struct tunnel_keys *keys)
{
    memset(keys->used, 0, bitmap_n_bytes(keys->highest + 1));
    keys->highest = 0;
}

static void
use_key(struct tunnel_keys *keys, uint32_t key)
{
    bitmap_set1(keys->used, key);
    keys->highest = MAX(keys->highest, key);
}

/* Marks 'key' as used.  Returns false if it is no tunnel key or in use. */
bool
tunnel_keys_reserve(struct tunnel_keys *keys, int64_t key)
{
    if (key < 1 || key > TUNNEL_KEY_MAX || bitmap_is_set(keys->used, key)) {
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

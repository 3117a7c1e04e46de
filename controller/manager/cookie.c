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

#include "controller/manager/cookie.h"

#include <stdlib.h>

#include "hash.h"
#include "util.h"

struct cookie {
    struct hmap_node hmap_node; /* In struct cookies's 'used'. */
    int64_t value;
    size_t n;                   /* How often it was added. */
};

/* Allocation starts behind 'start'. */
void
cookies_init(struct cookies *cookies, uint32_t start)
{
    hmap_init(&cookies->used);
    cookies->last = start;
}

void
cookies_destroy(struct cookies *cookies)
{
    if (cookies) {
        cookies_reset(cookies);
        hmap_destroy(&cookies->used);
    }
}

/* No cookie is in use any more; which one was given out last is remembered. */
void
cookies_reset(struct cookies *cookies)
{
    struct cookie *c;

    HMAP_FOR_EACH_POP (c, hmap_node, &cookies->used) {
        free(c);
    }
}

bool
cookie_is_valid(int64_t value)
{
    return value >= 1 && value <= UINT32_MAX;
}

static struct cookie *
find(const struct cookies *cookies, int64_t value)
{
    struct cookie *c;

    HMAP_FOR_EACH_WITH_HASH (c, hmap_node, hash_uint64(value),
                             &cookies->used) {
        if (c->value == value) {
            return c;
        }
    }
    return NULL;
}

/* 'value' is in use until it is removed as often as it was added: while rows
 * swap their cookies, both may have one. */
void
cookies_add(struct cookies *cookies, int64_t value)
{
    struct cookie *c = find(cookies, value);

    if (!c) {
        c = xmalloc(sizeof *c);
        c->value = value;
        c->n = 0;
        hmap_insert(&cookies->used, &c->hmap_node, hash_uint64(value));
    }
    c->n++;
}

void
cookies_remove(struct cookies *cookies, int64_t value)
{
    struct cookie *c = find(cookies, value);

    if (c && !--c->n) {
        hmap_remove(&cookies->used, &c->hmap_node);
        free(c);
    }
}

/* Returns a cookie that is not in use.  (There are more cookies than endpoints
 * that fit into any machine's memory.) */
uint32_t
cookies_allocate(struct cookies *cookies)
{
    do {
        cookies->last++;
    } while (!cookie_is_valid(cookies->last)
             || find(cookies, cookies->last));
    return cookies->last;
}

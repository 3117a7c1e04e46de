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

#include "controller/manager/prepare.h"

#include <limits.h>
#include <stdlib.h>

#include "hash.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(prepare);

struct mux {
    int64_t wanted, applied;
    bool live;
};

/* What one transaction asked of the muxes; shared by all coming generations
 * that were new in one run. */
struct batch {
    struct ovs_list list_node;  /* In struct prepare's 'batches'. */
    struct shash needed;        /* By mux: "int64_t *", its Node.applied. */
    long long int started;
    struct ovs_list comings;    /* Contains "struct coming"s. */
};

struct coming {
    struct hmap_node hmap_node; /* In struct prepare's 'comings'. */
    struct ovs_list list_node;  /* In 'batch' or in struct prepare's 'ready',
                                 * or empty when that has been told. */
    uint32_t pool_key;
    int64_t number;
    struct batch *batch;        /* NULL: all muxes have it, or it is late. */
};

struct prepare {
    struct shash muxes;         /* Contains "struct mux"es. */
    struct hmap comings;        /* Contains "struct coming"s. */
    struct ovs_list ready;      /* Those that became prepared. */
    struct ovs_list batches;    /* Contains "struct batch"es. */
    struct batch *fresh;        /* For those that are new in this run. */
    int timeout;                /* ms */
};

struct prepare *
prepare_create(void)
{
    struct prepare *p = xzalloc(sizeof *p);

    shash_init(&p->muxes);
    hmap_init(&p->comings);
    ovs_list_init(&p->ready);
    ovs_list_init(&p->batches);
    p->timeout = PREPARE_TIMEOUT;
    return p;
}

void
prepare_destroy(struct prepare *p)
{
    if (p) {
        prepare_clear(p);
        shash_destroy(&p->muxes);
        hmap_destroy(&p->comings);
        free(p);
    }
}

static void
destroy_batch(struct prepare *p, struct batch *b)
{
    if (p->fresh == b) {
        p->fresh = NULL;
    }
    ovs_list_remove(&b->list_node);
    shash_destroy_free_data(&b->needed);
    free(b);
}

static void
remove_coming(struct prepare *p, struct coming *c)
{
    ovs_list_remove(&c->list_node);
    if (c->batch && ovs_list_is_empty(&c->batch->comings)) {
        destroy_batch(p, c->batch);
    }
    hmap_remove(&p->comings, &c->hmap_node);
    free(c);
}

/* Forgets everything, as in a manager that has just become active. */
void
prepare_clear(struct prepare *p)
{
    struct coming *c;

    HMAP_FOR_EACH_SAFE (c, hmap_node, &p->comings) {
        remove_coming(p, c);
    }
    shash_clear_free_data(&p->muxes);
}

/* Muxes are waited for 'timeout' ms, also those that already are. */
void
prepare_set_timeout(struct prepare *p, int timeout)
{
    p->timeout = timeout;
}

void
prepare_set_mux(struct prepare *p, const char *name, int64_t wanted,
                int64_t applied)
{
    struct mux *mux = shash_find_data(&p->muxes, name);

    if (!mux) {
        mux = xzalloc(sizeof *mux);
        mux->live = true;
        shash_add(&p->muxes, name, mux);
    }
    mux->wanted = wanted;
    mux->applied = applied;
    if (!mux->live && applied >= wanted) {
        VLOG_INFO("mux %s acknowledges again", name);
        mux->live = true;
    }
}

void
prepare_remove_mux(struct prepare *p, const char *name)
{
    free(shash_find_and_delete(&p->muxes, name));
}

/* Returns true if 'mux', which may be NULL, is not waited for in order to
 * reach 'needed'. */
static bool
mux_is_done(const struct mux *mux, const int64_t *needed)
{
    return !mux || !mux->live || mux->applied >= *needed;
}

static bool
batch_is_done(struct prepare *p, struct batch *b, long long int now)
{
    bool late = now >= b->started + p->timeout;
    struct shash_node *node;

    SHASH_FOR_EACH (node, &b->needed) {
        struct mux *mux = shash_find_data(&p->muxes, node->name);

        if (!mux_is_done(mux, node->data)) {
            if (!late) {
                return false;
            }
            VLOG_WARN("mux %s did not acknowledge within %d ms, going on "
                      "without it", node->name, p->timeout);
            mux->live = false;
        }
    }
    return true;
}

/* Makes the generations of all batches that are done ready. */
static void
collect(struct prepare *p, long long int now)
{
    struct batch *b;

    LIST_FOR_EACH_SAFE (b, list_node, &p->batches) {
        if (batch_is_done(p, b, now)) {
            struct coming *c;

            LIST_FOR_EACH_POP (c, list_node, &b->comings) {
                c->batch = NULL;
                ovs_list_push_back(&p->ready, &c->list_node);
            }
            destroy_batch(p, b);
        }
    }
}

static struct batch *
create_batch(struct prepare *p, long long int now)
{
    struct batch *b = xzalloc(sizeof *b);
    struct shash_node *node;

    shash_init(&b->needed);
    ovs_list_init(&b->comings);
    b->started = now;
    SHASH_FOR_EACH (node, &p->muxes) {
        const struct mux *mux = node->data;

        shash_add(&b->needed, node->name,
                  xmemdup(&mux->wanted, sizeof mux->wanted));
    }
    ovs_list_push_back(&p->batches, &b->list_node);
    return b;
}

/* What the muxes are wanted to do is another thing from now on. */
void
prepare_begin(struct prepare *p)
{
    p->fresh = NULL;
}

static struct coming *
find_coming(const struct prepare *p, uint32_t pool_key)
{
    struct coming *c;

    HMAP_FOR_EACH_WITH_HASH (c, hmap_node, hash_int(pool_key, 0),
                             &p->comings) {
        if (c->pool_key == pool_key) {
            return c;
        }
    }
    return NULL;
}

/* Returns true if the coming generation 'number' of the pool with 'pool_key'
 * is prepared. */
bool
prepare_is_done(struct prepare *p, uint32_t pool_key, int64_t number,
                long long int now)
{
    struct coming *c = find_coming(p, pool_key);

    if (c && c->number != number) {
        remove_coming(p, c);
        c = NULL;
    }
    if (!c) {
        if (!p->fresh) {
            p->fresh = create_batch(p, now);
        }
        c = xmalloc(sizeof *c);
        *c = (struct coming) {
            .pool_key = pool_key,
            .number = number,
            .batch = p->fresh,
        };
        ovs_list_push_back(&c->batch->comings, &c->list_node);
        hmap_insert(&p->comings, &c->hmap_node, hash_int(pool_key, 0));
    }
    return !c->batch || batch_is_done(p, c->batch, now);
}

/* The pool with 'pool_key' has no coming generation any more. */
void
prepare_forget(struct prepare *p, uint32_t pool_key)
{
    struct coming *c = find_coming(p, pool_key);

    if (c) {
        remove_coming(p, c);
    }
}

/* Returns the key of a pool whose coming generation has become prepared, each
 * once, 0 if there is none. */
uint32_t
prepare_pop_ready(struct prepare *p, long long int now)
{
    if (ovs_list_is_empty(&p->ready)) {
        collect(p, now);
    }
    if (ovs_list_is_empty(&p->ready)) {
        return 0;
    }

    struct coming *c = CONTAINER_OF(ovs_list_pop_front(&p->ready),
                                    struct coming, list_node);
    ovs_list_init(&c->list_node);
    return c->pool_key;
}

/* Returns when prepare_pop_ready() will return something even if no mux says
 * anything; LLONG_MAX for never. */
long long int
prepare_deadline(const struct prepare *p)
{
    long long int deadline = LLONG_MAX;
    const struct batch *b;

    LIST_FOR_EACH (b, list_node, &p->batches) {
        deadline = MIN(deadline, b->started + p->timeout);
    }
    return deadline;
}

/* Returns the number of muxes that are not waited for. */
int
prepare_n_dead(const struct prepare *p)
{
    struct shash_node *node;
    int n = 0;

    SHASH_FOR_EACH (node, &p->muxes) {
        const struct mux *mux = node->data;
        n += !mux->live;
    }
    return n;
}

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
    bool present;               /* Set since prepare_begin()? */
};

/* What one transaction asked of the muxes; shared by all coming generations
 * that were new in one run. */
struct batch {
    struct ovs_list list_node;  /* In struct prepare's 'batches'. */
    struct shash needed;        /* By mux: "int64_t *", its Node.applied. */
    long long int started;
    size_t n_comings;
};

struct coming {
    struct hmap_node hmap_node; /* In struct prepare's 'comings'. */
    uint32_t pool_key;
    int64_t number;
    struct batch *batch;
    bool asked;                 /* Since prepare_begin()? */
};

struct prepare {
    struct shash muxes;         /* Contains "struct mux"es. */
    struct hmap comings;        /* Contains "struct coming"s. */
    struct ovs_list batches;    /* Contains "struct batch"es. */
    struct batch *fresh;        /* For those that are new in this run. */
};

struct prepare *
prepare_create(void)
{
    struct prepare *p = xzalloc(sizeof *p);

    shash_init(&p->muxes);
    hmap_init(&p->comings);
    ovs_list_init(&p->batches);
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
remove_coming(struct prepare *p, struct coming *c)
{
    struct batch *b = c->batch;

    if (!--b->n_comings) {
        if (p->fresh == b) {
            p->fresh = NULL;
        }
        ovs_list_remove(&b->list_node);
        shash_destroy_free_data(&b->needed);
        free(b);
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

void
prepare_begin(struct prepare *p)
{
    struct shash_node *node;
    struct coming *c;

    SHASH_FOR_EACH (node, &p->muxes) {
        struct mux *mux = node->data;
        mux->present = false;
    }
    HMAP_FOR_EACH (c, hmap_node, &p->comings) {
        c->asked = false;
    }
    p->fresh = NULL;
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
    mux->present = true;
    mux->wanted = wanted;
    mux->applied = applied;
    if (!mux->live && applied >= wanted) {
        VLOG_INFO("mux %s acknowledges again", name);
        mux->live = true;
    }
}

/* Returns true if 'mux', which may be NULL, is not waited for in order to reach
 * 'needed'. */
static bool
mux_is_done(const struct mux *mux, const int64_t *needed)
{
    return !mux || !mux->present || !mux->live || mux->applied >= *needed;
}

static bool
batch_is_done(struct prepare *p, struct batch *b, long long int now)
{
    bool late = now >= b->started + PREPARE_TIMEOUT;
    struct shash_node *node;

    SHASH_FOR_EACH (node, &b->needed) {
        struct mux *mux = shash_find_data(&p->muxes, node->name);

        if (!mux_is_done(mux, node->data)) {
            if (!late) {
                return false;
            }
            VLOG_WARN("mux %s did not acknowledge within %d ms, going on "
                      "without it", node->name, PREPARE_TIMEOUT);
            mux->live = false;
        }
    }
    return true;
}

static struct batch *
create_batch(struct prepare *p, long long int now)
{
    struct batch *b = xzalloc(sizeof *b);
    struct shash_node *node;

    shash_init(&b->needed);
    b->started = now;
    SHASH_FOR_EACH (node, &p->muxes) {
        const struct mux *mux = node->data;

        if (mux->present) {
            shash_add(&b->needed, node->name,
                      xmemdup(&mux->wanted, sizeof mux->wanted));
        }
    }
    ovs_list_push_back(&p->batches, &b->list_node);
    return b;
}

/* Returns true if the coming generation 'number' of the pool with 'pool_key'
 * is prepared. */
bool
prepare_is_done(struct prepare *p, uint32_t pool_key, int64_t number,
                long long int now)
{
    uint32_t hash = hash_int(pool_key, 0);
    struct coming *c;

    HMAP_FOR_EACH_WITH_HASH (c, hmap_node, hash, &p->comings) {
        if (c->pool_key == pool_key && c->number == number) {
            c->asked = true;
            return batch_is_done(p, c->batch, now);
        }
    }

    if (!p->fresh) {
        p->fresh = create_batch(p, now);
    }
    c = xmalloc(sizeof *c);
    *c = (struct coming) {
        .pool_key = pool_key,
        .number = number,
        .batch = p->fresh,
        .asked = true,
    };
    c->batch->n_comings++;
    hmap_insert(&p->comings, &c->hmap_node, hash);
    return batch_is_done(p, c->batch, now);
}

/* Forgets the generations that were not asked about and the muxes that were not
 * set since prepare_begin(). */
void
prepare_end(struct prepare *p)
{
    struct shash_node *node;
    struct coming *c;

    HMAP_FOR_EACH_SAFE (c, hmap_node, &p->comings) {
        if (!c->asked) {
            remove_coming(p, c);
        }
    }
    SHASH_FOR_EACH_SAFE (node, &p->muxes) {
        struct mux *mux = node->data;

        if (!mux->present) {
            free(mux);
            shash_delete(&p->muxes, node);
        }
    }
    p->fresh = NULL;
}

/* Returns true if a generation that was not prepared when it was asked about
 * may be prepared now. */
bool
prepare_is_ready(struct prepare *p, long long int now)
{
    struct batch *b;

    LIST_FOR_EACH (b, list_node, &p->batches) {
        if (batch_is_done(p, b, now)) {
            return true;
        }
    }
    return false;
}

/* Returns when prepare_is_ready() will become true even if no mux says
 * anything; LLONG_MAX for never. */
long long int
prepare_deadline(const struct prepare *p)
{
    long long int deadline = LLONG_MAX;
    const struct batch *b;

    LIST_FOR_EACH (b, list_node, &p->batches) {
        deadline = MIN(deadline, b->started + PREPARE_TIMEOUT);
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

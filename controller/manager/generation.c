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

#include "controller/manager/generation.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

static int
compare_weights(const void *a_, const void *b_)
{
    const struct member_weight *a = a_, *b = b_;

    return a->index < b->index ? -1 : a->index > b->index;
}

/* Brings 'weights' in order of their indices. */
void
member_weights_sort(struct member_weight *weights, size_t n)
{
    if (n) {
        qsort(weights, n, sizeof *weights, compare_weights);
    }
}

void
generations_init(struct generations *gs)
{
    memset(gs, 0, sizeof *gs);
}

void
generations_destroy(struct generations *gs)
{
    if (gs) {
        for (size_t i = 0; i < gs->n; i++) {
            free(gs->list[i].weights);
        }
        free(gs->list);
    }
}

/* Adds a generation to 'gs', whose order generations_step() restores.  The
 * weights may be in any order. */
struct generation *
generations_add(struct generations *gs, int64_t number,
                enum generation_state state, int64_t switched_at,
                int slots_log2, const struct member_weight *weights, size_t n)
{
    if (gs->n >= gs->allocated) {
        gs->list = x2nrealloc(gs->list, &gs->allocated, sizeof *gs->list);
    }

    struct generation *g = &gs->list[gs->n++];
    *g = (struct generation) {
        .number = number,
        .state = state,
        .switched_at = switched_at,
        .slots_log2 = slots_log2,
        .weights = n ? xmemdup(weights, n * sizeof *weights) : NULL,
        .n_weights = n,
    };
    member_weights_sort(g->weights, n);
    return g;
}

static void
remove_at(struct generations *gs, size_t i)
{
    free(gs->list[i].weights);
    gs->n--;
    memmove(&gs->list[i], &gs->list[i + 1],
            (gs->n - i) * sizeof *gs->list);
}

static struct generation *
find_state(const struct generations *gs, enum generation_state state)
{
    for (size_t i = 0; i < gs->n; i++) {
        if (gs->list[i].state == state) {
            return &gs->list[i];
        }
    }
    return NULL;
}

const struct generation *
generations_current(const struct generations *gs)
{
    return find_state(gs, GENERATION_CURRENT);
}

const struct generation *
generations_coming(const struct generations *gs)
{
    return find_state(gs, GENERATION_COMING);
}

/* Newest first; of equal numbers, which only a damaged database has, the one
 * that is in use first. */
static int
compare_generations(const void *a_, const void *b_)
{
    const struct generation *a = a_, *b = b_;

    if (a->number != b->number) {
        return a->number > b->number ? -1 : 1;
    }
    return (b->state == GENERATION_CURRENT) - (a->state == GENERATION_CURRENT);
}

/* Makes of 'gs' what the head of generation.h promises: in order, each number
 * once, one current generation, or none, and at most one coming one, which is
 * the newest. */
static void
put_right(struct generations *gs, int64_t now)
{
    if (gs->n) {
        qsort(gs->list, gs->n, sizeof *gs->list, compare_generations);
    }

    const struct generation *current = generations_current(gs);
    int64_t current_number = current ? current->number : 0;
    for (size_t i = 0; i < gs->n; ) {
        struct generation *g = &gs->list[i];

        if ((i && g[-1].number == g->number)
            || (g->state == GENERATION_COMING && i)) {
            remove_at(gs, i);
            continue;
        }
        if (g->state == GENERATION_CURRENT && g->number != current_number) {
            g->state = GENERATION_PREVIOUS;
        }
        if (g->state == GENERATION_COMING && !current_number) {
            g->state = GENERATION_CURRENT;
            g->switched_at = now;
            current_number = g->number;
        }
        if (g->state != GENERATION_COMING
            && g->switched_at > now + GENERATION_MAX_SKEW) {
            g->switched_at = now;
        }
        i++;
    }
}

static bool
is_equal(const struct generation *g, const struct member_weight *weights,
         size_t n_weights)
{
    if (g->n_weights != n_weights) {
        return false;
    }
    for (size_t i = 0; i < n_weights; i++) {
        if (g->weights[i].index != weights[i].index
            || g->weights[i].weight != weights[i].weight) {
            return false;
        }
    }
    return true;
}

/* Makes generation 'g' of 'gs' the current one. */
static void
make_current(struct generations *gs, struct generation *g, int64_t now)
{
    struct generation *old = find_state(gs, GENERATION_CURRENT);

    if (old) {
        old->state = GENERATION_PREVIOUS;
    }
    g->state = GENERATION_CURRENT;
    g->switched_at = now;
}

static void
change(struct generations *gs, const struct generation_input *in)
{
    const struct generation *current = generations_current(gs);

    if (generations_coming(gs)
        || (current && is_equal(current, in->weights, in->n_weights))
        || (!gs->n && !in->n_weights)) {
        return;
    }

    bool at_once = !current || !current->n_weights;
    int64_t number = gs->n ? gs->list[0].number + 1 : 1;
    struct generation *g
        = generations_add(gs, number, GENERATION_COMING, 0, in->slots_log2,
                          in->weights, in->n_weights);
    if (at_once) {
        make_current(gs, g, in->now);
    }
    qsort(gs->list, gs->n, sizeof *gs->list, compare_generations);
}

/* Drops the previous generations that are not needed any more.  Returns when
 * the next one will be, INT64_MAX for never.
 *
 * When one goes because it equals the current one, older ones are taken to
 * have been current until the next one that is left: they stay longer than
 * they had to, never shorter. */
static int64_t
forget(struct generations *gs, const struct generation_input *in)
{
    const struct generation *current = generations_current(gs);
    int64_t next = INT64_MAX;
    int64_t succeeded_at = in->now;
    int n_previous = 0;

    for (size_t i = 0; i < gs->n; ) {
        const struct generation *g = &gs->list[i];

        if (g->state == GENERATION_PREVIOUS) {
            int64_t until = succeeded_at + in->drain;

            if (!g->n_weights
                || until <= in->now
                || n_previous >= GENERATION_MAX_PREVIOUS
                || (g->slots_log2 == current->slots_log2
                    && is_equal(g, current->weights, current->n_weights))) {
                remove_at(gs, i);
                current = generations_current(gs);
                continue;
            }
            n_previous++;
            next = MIN(next, until);
        }
        if (g->state != GENERATION_COMING) {
            succeeded_at = g->switched_at;
        }
        i++;
    }
    return next;
}

/* Takes all steps that are due.  Returns when (in->now's clock) the next one
 * will be due even if nothing else changes, INT64_MAX if none will. */
int64_t
generations_step(struct generations *gs, const struct generation_input *in)
{
    put_right(gs, in->now);

    struct generation *coming = find_state(gs, GENERATION_COMING);
    if (coming && in->prepared) {
        make_current(gs, coming, in->now);
    }
    change(gs, in);
    return forget(gs, in);
}

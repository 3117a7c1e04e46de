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


#ifndef MANAGER_GENERATION_H
#define MANAGER_GENERATION_H 1

/* Generations of a pool: which members took part in the balancing, and when.
 *
 * A pool's usable members and their weights (and the number of slots) make a
 * generation.  All muxes compute the same owners from the same generation.  A
 * change of them makes a new generation, with the next number, which goes
 * through the states
 *
 *     coming     Being prepared: muxes still balance by the current one and
 *                name the owners by this one in the ring, too.
 *     current    What muxes balance by.  Each pool has exactly one, or no
 *                generation at all as long as it never had a usable member.
 *     previous   Kept because connections to its owners may go on.
 *
 * so that two muxes, of which one has seen a change and the other has not, are
 * never further apart than the ring of owners can bridge.
 *
 * generations_step() takes these steps, all of those that are due at a time:
 *
 *   - Switch: when the coming generation is prepared (the caller knows, see
 *     prepare.h) it becomes current and the current one previous.
 *
 *   - Change: when there is no coming generation and the current one is not
 *     what is wanted, a new one is made; but the first one is not empty.  It
 *     is coming; but if the pool has no current generation, or one without
 *     members, nobody can be lost: then it is current at once.  Since there is
 *     at most one coming generation, changes that arrive while it is prepared
 *     are collected into the next.
 *
 *   - Forget: a previous generation goes when the drain time is over, counted
 *     from when the next newer one became current; when it is one of more than
 *     GENERATION_MAX_PREVIOUS, the oldest first; when it has no members; or
 *     when it is equal to the current one, since it names the same owners.
 *
 * All of this is decided from what the database holds, so a manager that takes
 * over goes on where the other one ended.  Times are wall-clock time for the
 * same reason.  A time further in the future than clocks differ
 * (GENERATION_MAX_SKEW) means that the clock was set back and is replaced by
 * the present, so that nothing is kept for years; rows that make no sense,
 * such as two current generations, are put right.
 *
 * No I/O here, and no clock. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At most this many previous generations are kept. */
#define GENERATION_MAX_PREVIOUS 8

/* In milliseconds. */
#define GENERATION_MAX_SKEW (60 * 1000)

enum generation_state {
    GENERATION_COMING,
    GENERATION_CURRENT,
    GENERATION_PREVIOUS,
};

struct member_weight {
    uint16_t index;
    uint16_t weight;            /* Above 0. */
};

struct generation {
    int64_t number;
    enum generation_state state;
    int64_t switched_at;        /* When it became current, in ms; 0: never. */
    int slots_log2;
    struct member_weight *weights; /* In order of the indices. */
    size_t n_weights;
    const void *row;            /* The caller's, NULL if it is new. */
};

/* All generations of a pool, the one with the highest number first. */
struct generations {
    struct generation *list;
    size_t n, allocated;
};

/* What generations_step() needs to know. */
struct generation_input {
    const struct member_weight *weights; /* Wanted, in order of the indices. */
    size_t n_weights;
    int slots_log2;             /* Of a new generation. */
    bool prepared;              /* Is the coming one prepared? */
    int64_t now;                /* Wall-clock time in ms. */
    int64_t drain;              /* In ms. */
};

void member_weights_sort(struct member_weight *, size_t n);

void generations_init(struct generations *);
void generations_destroy(struct generations *);
struct generation *generations_add(struct generations *, int64_t number,
                                   enum generation_state, int64_t switched_at,
                                   int slots_log2,
                                   const struct member_weight *, size_t n);

int64_t generations_step(struct generations *,
                         const struct generation_input *);

const struct generation *generations_current(const struct generations *);
const struct generation *generations_coming(const struct generations *);

#endif /* controller/manager/generation.h */

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

#include "lib/maglev.h"

#include <stdlib.h>

#include "lib/huge.h"
#include "lib/slb-hash.h"
#include "util.h"

static int
compare_members(const void *a_, const void *b_)
{
    const struct maglev_member *a = a_;
    const struct maglev_member *b = b_;

    return a->index < b->index ? -1 : a->index > b->index;
}

/* A member while slots are handed out. */
struct taker {
    uint32_t next;              /* Slot to try next. */
    uint32_t skip;              /* From one slot to the next; odd. */
    uint32_t quota;             /* Slots to take. */
};

struct remainder {
    uint64_t remainder;
    size_t ordinal;
};

static int
compare_remainders(const void *a_, const void *b_)
{
    const struct remainder *a = a_;
    const struct remainder *b = b_;

    if (a->remainder != b->remainder) {
        return a->remainder > b->remainder ? -1 : 1;
    }
    return a->ordinal < b->ordinal ? -1 : 1;
}

/* Divides 'n_slots' among 'members' in proportion to their weights: everybody
 * gets the whole slots that are due, and those with the largest remainders one
 * of what is left. */
static void
divide_slots(struct taker takers[], const struct maglev_member members[],
             size_t n_members, uint32_t n_slots)
{
    struct remainder *remainders = xmalloc(n_members * sizeof *remainders);
    uint64_t total = 0;
    uint32_t left = n_slots;

    for (size_t i = 0; i < n_members; i++) {
        total += members[i].weight;
    }
    for (size_t i = 0; i < n_members; i++) {
        uint64_t due = (uint64_t) n_slots * members[i].weight;

        takers[i].quota = due / total;
        left -= takers[i].quota;
        remainders[i].remainder = due % total;
        remainders[i].ordinal = i;
    }
    qsort(remainders, n_members, sizeof *remainders, compare_remainders);
    for (size_t i = 0; i < left; i++) {
        takers[remainders[i].ordinal].quota++;
    }
    free(remainders);
}

/* Writes to 'turns' who takes a slot at each of 'n_slots' turns.  The turns of
 * a member with quota Q are at (j + 1/2) / Q, for j from 0 to Q - 1, of the
 * whole time; where several fall together they are in the order of
 * ordinals. */
static void
order_turns(uint16_t turns[], const struct taker takers[], size_t n_members,
            unsigned int log2)
{
    uint32_t n_slots = UINT32_C(1) << log2;
    uint32_t *starts = xzalloc((n_slots + 1) * sizeof *starts);
    uint32_t *moments = xmalloc(n_slots * sizeof *moments);

    /* A counting sort with as many moments as there are turns. */
    size_t n = 0;
    for (size_t i = 0; i < n_members; i++) {
        uint64_t quota = takers[i].quota;

        if (quota) {
            /* Fixed point with 32 fractional bits.  Rounding down keeps the
             * last turn, at most 1 - 1/2Q, below 1. */
            uint64_t step = ((uint64_t) n_slots << 32) / quota;
            uint64_t moment = step / 2;

            for (uint32_t j = 0; j < quota; j++) {
                moments[n] = moment >> 32;
                starts[moments[n] + 1]++;
                moment += step;
                n++;
            }
        }
    }
    for (uint32_t i = 0; i < n_slots; i++) {
        starts[i + 1] += starts[i];
    }
    n = 0;
    for (size_t i = 0; i < n_members; i++) {
        for (uint32_t j = 0; j < takers[i].quota; j++) {
            turns[starts[moments[n++]]++] = i;
        }
    }
    free(moments);
    free(starts);
}

/* Slots are tried one by one as long as more than so many are free. */
#define FEW_SLOTS 256

static void
take_slot(struct maglev_table *table, struct taker *t, uint16_t taker,
          uint32_t slot, uint32_t mask)
{
    t->next = (slot + t->skip) & mask;
    if (table->slots8) {
        table->slots8[slot] = taker;
    } else {
        table->slots16[slot] = taker;
    }
}

/* The inverse of 'x', which is odd, modulo 2^32: each round of Newton's method
 * doubles the number of bits that are right, the first 3 of which are in any
 * odd number its own inverse's. */
static uint32_t
invert(uint32_t x)
{
    uint32_t inverse = x;

    for (int i = 0; i < 4; i++) {
        inverse *= 2 - x * inverse;
    }
    return inverse;
}

/* Hands out the last 'n' slots, at 'turns'.  To find a free one by trying
 * takes a member so many steps as there are slots for a free one, on average:
 * half of all steps would be for these few.  So this turns the question
 * around: it computes for each free slot after how many steps the member would
 * come by, and takes the first. */
static void
fill_last(struct maglev_table *table, struct taker takers[],
          const uint16_t turns[], const uint64_t taken[], uint32_t n)
{
    uint32_t mask = (UINT32_C(1) << table->log2) - 1;
    uint32_t free_slots[FEW_SLOTS];
    uint32_t n_free = 0;

    for (uint32_t slot = 0; slot <= mask; slot++) {
        if (!(taken[slot / 64] >> slot % 64 & 1)) {
            free_slots[n_free++] = slot;
        }
    }
    ovs_assert(n_free == n);

    for (uint32_t i = 0; i < n; i++) {
        struct taker *t = &takers[turns[i]];
        uint32_t inverse = invert(t->skip);
        uint32_t first = 0, first_steps = UINT32_MAX;

        for (uint32_t j = 0; j < n_free; j++) {
            uint32_t steps = (free_slots[j] - t->next) * inverse & mask;

            if (steps < first_steps) {
                first_steps = steps;
                first = j;
            }
        }
        take_slot(table, t, turns[i], free_slots[first], mask);
        free_slots[first] = free_slots[--n_free];
    }
}

static void
fill(struct maglev_table *table, const struct slb_hash_key *key)
{
    uint32_t n_slots = UINT32_C(1) << table->log2;
    uint32_t mask = n_slots - 1;
    struct taker *takers = xmalloc(table->n_members * sizeof *takers);
    uint16_t *turns = xmalloc(n_slots * sizeof *turns);
    uint64_t *taken = xzalloc(n_slots / 64 * sizeof *taken);

    for (size_t i = 0; i < table->n_members; i++) {
        uint64_t hash = slb_hash_number(key, table->members[i].index);

        takers[i].next = hash & mask;
        takers[i].skip = (hash >> 32 & mask) | 1;
    }
    divide_slots(takers, table->members, table->n_members, n_slots);
    order_turns(turns, takers, table->n_members, table->log2);

    uint32_t n_last = MIN(n_slots, FEW_SLOTS);
    for (uint32_t i = 0; i < n_slots - n_last; i++) {
        struct taker *t = &takers[turns[i]];
        uint32_t slot = t->next;

        while (taken[slot / 64] >> slot % 64 & 1) {
            slot = (slot + t->skip) & mask;
        }
        taken[slot / 64] |= UINT64_C(1) << slot % 64;
        take_slot(table, t, turns[i], slot, mask);
    }
    fill_last(table, takers, turns + (n_slots - n_last), taken, n_last);

    free(taken);
    free(turns);
    free(takers);
}

/* Returns a new table of 2^'log2' slots, 'log2' being MAGLEV_MIN_LOG2 to
 * MAGLEV_MAX_LOG2, for 'members', which are in any order, have different
 * indices and weights above 0, and of which there may be none. */
struct maglev_table *
maglev_table_create(const struct slb_hash_key *key,
                    const struct maglev_member members[], size_t n_members,
                    unsigned int log2)
{
    struct maglev_table *table = xzalloc(sizeof *table);

    ovs_assert(log2 >= MAGLEV_MIN_LOG2 && log2 <= MAGLEV_MAX_LOG2);
    ovs_assert(n_members <= MAGLEV_MAX_MEMBERS);

    table->log2 = log2;
    table->n_members = n_members;
    if (!n_members) {
        return table;
    }

    table->members = xmemdup(members, n_members * sizeof *members);
    qsort(table->members, n_members, sizeof *table->members, compare_members);

    size_t n_slots = (size_t) 1 << log2;
    if (n_members <= UINT8_MAX) {
        table->slots8 = huge_alloc(n_slots);
    } else {
        table->slots16 = huge_alloc(n_slots * sizeof *table->slots16);
    }
    fill(table, key);
    return table;
}

void
maglev_table_destroy(struct maglev_table *table)
{
    if (table) {
        free(table->members);
        huge_free(table->slots8);
        huge_free(table->slots16);
        free(table);
    }
}

/* Adds 'owner', if it is one, to 'ring' of a slot that 'current' owns now,
 * unless it is named already. */
static void
add_owner(struct maglev_ring *ring, uint16_t current, uint16_t owner)
{
    if (!owner || owner == current) {
        return;
    }
    for (int i = 0; i < ring->n_others; i++) {
        if (ring->others[i] == owner) {
            return;
        }
    }
    if (ring->n_others < MAGLEV_RING_MAX) {
        ring->others[ring->n_others++] = owner;
    } else {
        ring->truncated = true;
    }
}

/* Finds the owners besides the current one of the slot that 'hash' falls into.
 *
 * 'generations' are the tables in force now (the first one) and before, newest
 * first; 'coming' is the one being prepared, or null.  Tables may be of
 * different sizes.  A slot that had no owner and now has one has not changed
 * hands. */
void
maglev_ring_get(struct maglev_ring *ring, uint64_t hash,
                const struct maglev_table *coming,
                const struct maglev_table *const generations[],
                size_t n_generations)
{
    uint16_t current = maglev_table_owner(generations[0], hash);
    uint16_t newer = current;

    *ring = (struct maglev_ring) { .changed = -1 };
    if (coming) {
        add_owner(ring, current, maglev_table_owner(coming, hash));
    }
    for (size_t i = 1; i < n_generations; i++) {
        uint16_t owner = maglev_table_owner(generations[i], hash);

        if (owner && newer && owner != newer && ring->changed < 0) {
            ring->changed = i - 1;
        }
        add_owner(ring, current, owner);
        newer = owner;
    }
}

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


#ifndef MAGLEV_H
#define MAGLEV_H 1

/* Which member of a pool owns which slot of its hash table.
 *
 * The table follows Google's Maglev (D. E. Eisenbud et al., "Maglev: A Fast
 * and Reliable Software Network Load Balancer", NSDI '16, section 3.4): each
 * member has a permutation of the slots, its order of preference, and members
 * take turns at taking the first slot of theirs that is still free.  It
 * spreads evenly, and a change of members moves few slots between those that
 * stay.
 *
 * What differs from the paper:
 *
 *   - The table has M = 2^k slots, not a prime number of them, so that a
 *     packet's slot is a few bits of its hash.  A member's permutation is
 *     (offset + j * skip) mod M with an odd skip: any odd number is coprime to
 *     M, so all slots are visited.
 *
 *   - Offset and skip come from the key and the member's index alone, so the
 *     order in which members are listed does not matter and a member's
 *     preferences stay the same whatever becomes of the others.
 *
 *   - Weights are exact: first every member is given a number of slots in
 *     proportion to its weight (largest remainders; all add up to M), then
 *     the turns of each are spread evenly over the time it takes to fill the
 *     table.
 *
 * Slots are kept in one octet each while there are up to 255 members, in two
 * above.
 *
 *
 * The ring of owners
 * ==================
 *
 * While connections of earlier tables of a pool may be open, or a coming table
 * is being prepared, a packet names more owners than the one that its slot has
 * now (lib/steering.h).  maglev_ring_get() finds them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slb_hash_key;

#define MAGLEV_MIN_LOG2 8
#define MAGLEV_MAX_LOG2 16

#define MAGLEV_MAX_MEMBERS UINT16_MAX

struct maglev_member {
    uint16_t index;             /* 1...65535. */
    uint32_t weight;            /* 1...INT32_MAX. */
};

struct maglev_table {
    unsigned int log2;          /* There are 2^log2 slots. */

    /* In the order of 'index'.  An owner's position here is its "ordinal". */
    struct maglev_member *members;
    size_t n_members;

    /* Ordinals of owners, if there are members.  One of these is nonnull. */
    uint8_t *slots8;            /* If there are up to 255 members. */
    uint16_t *slots16;
};

struct maglev_table *maglev_table_create(const struct slb_hash_key *,
                                         const struct maglev_member[],
                                         size_t n_members, unsigned int log2);
void maglev_table_destroy(struct maglev_table *);

/* Returns the ordinal of the owner of the slot that 'hash' falls
 * into.  'table' must have members. */
static inline unsigned int
maglev_table_ordinal(const struct maglev_table *table, uint64_t hash)
{
    size_t slot = hash & ((UINT64_C(1) << table->log2) - 1);

    return table->slots8 ? table->slots8[slot] : table->slots16[slot];
}

/* Returns the index of the owner of the slot that 'hash' falls into, or 0 if
 * 'table' has no members. */
static inline uint16_t
maglev_table_owner(const struct maglev_table *table, uint64_t hash)
{
    return (table->n_members
            ? table->members[maglev_table_ordinal(table, hash)].index
            : 0);
}

/* Owners besides the current one that a packet has room for. */
#define MAGLEV_RING_MAX 3

/* The owners of a slot besides its current one, most recent first. */
struct maglev_ring {
    uint16_t others[MAGLEV_RING_MAX]; /* Member indices. */
    uint8_t n_others;

    /* There would be more, but they have no room. */
    bool truncated;

    /* The newest generation by which the slot changed hands, as a position
     * among the generations, or -1 if none of them is known to have changed
     * it. */
    int changed;
};

void maglev_ring_get(struct maglev_ring *, uint64_t hash,
                     const struct maglev_table *coming,
                     const struct maglev_table *const generations[],
                     size_t n_generations);

#endif /* lib/maglev.h */

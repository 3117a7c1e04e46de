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

#include "controller/manager/slots.h"

#include <stdbool.h>

/* A new table has room for this many times the members it starts with. */
#define HEADROOM 2

/* Adds a member, which may have weight 0. */
void
slots_members_add(struct slots_members *members, uint32_t weight)
{
    members->n++;
    members->total_weight += weight;
    if (weight && (!members->least_weight || weight < members->least_weight)) {
        members->least_weight = weight;
    }
}

/* Are 2^'log2' slots enough for 'members', 'headroom' times as many as there
 * are, or is there nothing larger? */
static bool
is_enough(int log2, const struct slots_members *members, int headroom)
{
    uint64_t n_slots = UINT64_C(1) << log2;

    return (log2 >= SLOTS_LOG2_MAX
            || (n_slots >= members->n * headroom * SLOTS_PER_MEMBER
                && (n_slots * members->least_weight
                    >= members->total_weight * SLOTS_PER_LEAST)));
}

/* Returns the binary logarithm of the number of slots for 'members'.  'old' is
 * that of the table in use, or 0 if there is none or if nobody minds its
 * change. */
int
slots_log2_choose(const struct slots_members *members, int old)
{
    if (old >= SLOTS_LOG2_MIN && old <= SLOTS_LOG2_MAX
        && is_enough(old, members, 1)) {
        return old;
    }

    int log2 = SLOTS_LOG2_MIN;
    while (!is_enough(log2, members, HEADROOM)) {
        log2++;
    }
    return log2;
}

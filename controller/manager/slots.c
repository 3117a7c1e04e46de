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

static bool
is_enough(int log2, size_t n_members)
{
    return log2 >= SLOTS_LOG2_MAX
           || (size_t) 1 << log2 >= n_members * SLOTS_PER_MEMBER;
}

/* Returns the binary logarithm of the number of slots for 'n_members' members.
 * 'old' is that of the table in use, or 0 if there is none or if nobody minds
 * its change. */
int
slots_log2_choose(size_t n_members, int old)
{
    if (old >= SLOTS_LOG2_MIN && old <= SLOTS_LOG2_MAX
        && is_enough(old, n_members)) {
        return old;
    }

    int log2 = SLOTS_LOG2_MIN;
    while (!is_enough(log2, n_members * HEADROOM)) {
        log2++;
    }
    return log2;
}

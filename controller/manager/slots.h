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


#ifndef MANAGER_SLOTS_H
#define MANAGER_SLOTS_H 1

/* How many slots a pool's table has: 2^k, k = SLOTS_LOG2_MIN...SLOTS_LOG2_MAX.
 *
 * Each member should have SLOTS_PER_MEMBER slots or more, so that the shares
 * are even, and the one with the least weight SLOTS_PER_LEAST or more: nobody
 * is more than a slot off what his weight is due, which then is within 2 % of
 * it; both as long as the largest table has room for that.  Another number of
 * slots moves half of them to other members or more, so a pool gets twice as
 * many as its members need when it starts, grows (with as much headroom again)
 * only when somebody has too few, and never shrinks while it has members. */

#include <stddef.h>
#include <stdint.h>

#define SLOTS_LOG2_MIN 8
#define SLOTS_LOG2_MAX 16
#define SLOTS_PER_MEMBER 256
#define SLOTS_PER_LEAST 50

/* The members of a pool. */
struct slots_members {
    size_t n;
    uint64_t total_weight;
    uint32_t least_weight;      /* Of those that have any; 0 if none has. */
};

void slots_members_add(struct slots_members *, uint32_t weight);
int slots_log2_choose(const struct slots_members *, int old);

#endif /* controller/manager/slots.h */

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


#ifndef MANAGER_MEMBER_INDEX_H
#define MANAGER_MEMBER_INDEX_H 1

/* Indices of a pool's members: what the steering header names owners by.
 *
 * A member keeps its index while it exists.  When it goes, connections to it
 * may go on as long as a generation that names it is kept, so its index is not
 * given to another member before that: the caller reserves the indices of all
 * members that exist and all that kept generations name, and only then
 * allocates for new members.  The lowest free index is the next one, because
 * muxes store small indices in one byte a slot; what has become free is used
 * again in this way when the space ends, too.
 *
 * One struct serves one pool after the other (member_indices_reset()); what
 * this costs goes with the highest index in use, not with the space. */

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

#define MEMBER_INDEX_MAX UINT16_MAX

struct member_indices {
    unsigned long *used;        /* One bit an index. */
    uint32_t highest;           /* Highest index in use, 0 if there is none. */
    uint32_t lowest_free;       /* None below is free; 1...65536. */
};

void member_indices_init(struct member_indices *);
void member_indices_destroy(struct member_indices *);
void member_indices_reset(struct member_indices *);

bool member_indices_reserve(struct member_indices *, int64_t index);
uint16_t member_indices_allocate(struct member_indices *);

#endif /* controller/manager/member-index.h */

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

#include "controller/manager/member-index.h"

#include <string.h>

#include "bitmap.h"
#include "util.h"

void
member_indices_init(struct member_indices *indices)
{
    indices->used = bitmap_allocate(MEMBER_INDEX_MAX + 1);
    indices->highest = 0;
    indices->lowest_free = 1;
}

void
member_indices_destroy(struct member_indices *indices)
{
    if (indices) {
        bitmap_free(indices->used);
    }
}

/* No index of 'indices' is in use any more. */
void
member_indices_reset(struct member_indices *indices)
{
    memset(indices->used, 0, bitmap_n_bytes(indices->highest + 1));
    indices->highest = 0;
    indices->lowest_free = 1;
}

/* Marks 'index' as used.  Returns false if it is no index or in use. */
bool
member_indices_reserve(struct member_indices *indices, int64_t index)
{
    if (index < 1 || index > MEMBER_INDEX_MAX
        || bitmap_is_set(indices->used, index)) {
        return false;
    }
    bitmap_set1(indices->used, index);
    indices->highest = MAX(indices->highest, index);
    return true;
}

/* Returns the lowest index that is not in use and marks it as used.  Returns 0
 * if there is none. */
uint16_t
member_indices_allocate(struct member_indices *indices)
{
    size_t index = bitmap_scan(indices->used, false, indices->lowest_free,
                               MEMBER_INDEX_MAX + 1);

    indices->lowest_free = index;
    return member_indices_reserve(indices, index) ? index : 0;
}

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
 * are even, as long as the largest table has room for that.  Another number
 * of slots moves half of them to other members or more, so a pool gets twice
 * as many as it needs when it starts, grows (with as much headroom again) only
 * when its members have too few, and never shrinks while it has members. */

#include <stddef.h>

#define SLOTS_LOG2_MIN 8
#define SLOTS_LOG2_MAX 16
#define SLOTS_PER_MEMBER 256

int slots_log2_choose(size_t n_members, int old);

#endif /* controller/manager/slots.h */

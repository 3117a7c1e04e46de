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


#ifndef MANAGER_COOKIE_H
#define MANAGER_COOKIE_H 1

/* Cookies of endpoints: 32-bit numbers by which a flow on a host leads back to
 * the rule that it comes from.
 *
 * A rule keeps its cookie while it exists: the rows in the database are the
 * memory, and what they have is in use.  A host may hold the flows of a rule
 * that has gone for a while, so its cookie must not soon mean another rule:
 * allocation goes on behind the cookie given out last, round the whole space.
 * For that reason a cookie that was given out needs no mark until there is a
 * row with it.  A manager that becomes active does not know which ones were
 * given out before it and starts anywhere (the caller passes a random
 * number). */

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/hmap.h"

struct cookies {
    struct hmap used;           /* Contains "struct cookie"s. */
    uint32_t last;              /* Given out last. */
};

void cookies_init(struct cookies *, uint32_t start);
void cookies_destroy(struct cookies *);
void cookies_reset(struct cookies *);

bool cookie_is_valid(int64_t cookie);
void cookies_add(struct cookies *, int64_t cookie);
void cookies_remove(struct cookies *, int64_t cookie);
uint32_t cookies_allocate(struct cookies *);

#endif /* controller/manager/cookie.h */

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


#ifndef MANAGER_PROBLEMS_H
#define MANAGER_PROBLEMS_H 1

/* What is wrong with the rows that the compiler reads, in words.
 *
 * A run of the compiler never stops at what it cannot use: it leaves that out
 * and adds a problem.  A problem is logged when it appears and when it has
 * gone, not in each run that finds it again; what there is can be listed. */

#include <stddef.h>

#include "openvswitch/compiler.h"
#include "sset.h"

struct problems {
    struct sset now;            /* Found in this run. */
    struct sset before;         /* Found in the run before. */
};

void problems_init(struct problems *);
void problems_destroy(struct problems *);

void problems_begin(struct problems *);
void problems_add(struct problems *, const char *format, ...)
    OVS_PRINTF_FORMAT(2, 3);
void problems_end(struct problems *);

#endif /* controller/manager/problems.h */

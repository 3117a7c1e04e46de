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
 * The compiler never stops at what it cannot use: it leaves that out and has a
 * problem.  Each object (a load balancer, a port, ...) has a list of those
 * that it has now, and problems_replace() gives it another list when it has
 * been looked at again.  A problem is logged when it appears and when it has
 * gone, not each time it is found again, and also not when the object that
 * finds it is another one or everything is looked at anew: what has gone is
 * told by problems_settle() only, when nothing is left to be looked at.  What
 * there is can be listed. */

#include <stddef.h>

#include "openvswitch/compiler.h"
#include "openvswitch/shash.h"
#include "svec.h"

struct problems {
    struct shash texts;         /* Contains "struct problem"s. */
    bool unsettled;             /* May any of them have gone? */
};

struct problem_list {
    struct svec texts;
};

#define PROBLEM_LIST_INITIALIZER { SVEC_EMPTY_INITIALIZER }

void problems_init(struct problems *);
void problems_destroy(struct problems *);

void problem_list_init(struct problem_list *);
void problem_list_add(struct problem_list *, const char *format, ...)
    OVS_PRINTF_FORMAT(2, 3);

void problems_replace(struct problems *, struct problem_list *old,
                      struct problem_list *new);
void problems_remove(struct problems *, struct problem_list *);
void problems_settle(struct problems *);

size_t problems_count(const struct problems *);
void problems_get(const struct problems *, struct svec *);

#endif /* controller/manager/problems.h */

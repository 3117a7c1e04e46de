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

#ifndef MANAGER_ASSIGN_H
#define MANAGER_ASSIGN_H 1

/* Addresses that the manager gives to frontends that do not name one.
 *
 * They come out of a source: a subnet (Dynamic internal frontends) or a public
 * IP prefix.  Sources are named as in the Assigned_Address table, by
 * assign_subnet_source() and assign_prefix_source().
 *
 *
 * Which addresses are given out
 * =============================
 *
 * All of a public IP prefix.  Of a subnet all but the first four, the last
 * (Azure reserves these) and the gateway.  Never one that something else has:
 * static frontends, members and VM ports, which the caller adds with
 * assign_add_taken() and removes with assign_remove_taken().  What is taken
 * counts per network, and for all public IP prefixes together.  An address
 * may be taken several times, e.g. by a member and by its port, and is free
 * when it has been removed as often.
 *
 *
 * Stability
 * =========
 *
 * A frontend keeps its address until assign_release(), as long as it asks for
 * one of the same source and the address is one that this source gives out:
 * who asks again gets the same.  That something else has taken the address
 * meanwhile does not change that, since the one who came later has to yield;
 * assign_find_holder() says to whom.
 *
 * Rows are written one after the other, so for a moment there may be two with
 * one address: that of the frontend that gave it up and that of the one that
 * has got it.  If only one of them can be restored, the other one has a wish,
 * which comes true when the first one is released.
 *
 * What was free longest is given out first, more or less: the search starts
 * behind the address given out last and goes round, so that stale clients of a
 * frontend that has gone do not soon meet a stranger.  A manager that starts
 * begins behind the highest address in use.
 *
 *
 * Use
 * ===
 *
 * A manager that becomes active sets the sources, restores the rows of
 * Assigned_Address and adds what is taken, and only then calls assign_get().
 * Whoever found no address is told when it is worth asking again
 * (assign_pop_woken()).  After a source has changed (a subnet with another
 * prefix or gateway), the caller asks again for all the frontends that have an
 * address of it: which of these fit is found out then.
 *
 * Costs: memory and time go with the number of addresses in use, not with the
 * size of the prefix; all operations take constant time, but for a search that
 * passes a run of taken addresses, and a source that is full is not searched
 * again before an address of it becomes free.
 *
 * No I/O here. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/compiler.h"
#include "openvswitch/list.h"
#include "openvswitch/shash.h"

struct slb_prefix;

struct assign {
    struct shash spaces;        /* By network, "" for public ones: contains
                                 * "struct assign_space"s. */
    struct shash sources;       /* Contains "struct assign_source"s. */
    struct shash assigned;      /* By frontend: "struct assigned"s. */
    struct shash wishes;        /* By frontend: "struct wish"es. */
    struct ovs_list woken;      /* "struct assigned"s, had better ask again. */
};

void assign_init(struct assign *);
void assign_destroy(struct assign *);

/* Sources. */
char *assign_subnet_source(const char *network, const char *subnet);
char *assign_prefix_source(const char *prefix);
void assign_set_subnet(struct assign *, const char *network,
                       const char *subnet, const struct slb_prefix *,
                       const struct in6_addr *gateway);
void assign_set_prefix(struct assign *, const char *name,
                       const struct slb_prefix *);
void assign_remove_source(struct assign *, const char *source);

/* What others have.  'network' is NULL for public addresses. */
void assign_add_taken(struct assign *, const char *network,
                      const struct in6_addr *);
void assign_remove_taken(struct assign *, const char *network,
                         const struct in6_addr *);

/* Frontends ("LB/frontends/NAME"). */
bool assign_restore(struct assign *, const char *frontend, const char *source,
                    const struct in6_addr *)
    OVS_WARN_UNUSED_RESULT;
char *assign_get(struct assign *, const char *frontend, const char *source,
                 struct in6_addr *)
    OVS_WARN_UNUSED_RESULT;
void assign_release(struct assign *, const char *frontend);
const char *assign_find_holder(const struct assign *, const char *network,
                               const struct in6_addr *);
const char *assign_pop_woken(struct assign *);

#endif /* controller/manager/assign.h */

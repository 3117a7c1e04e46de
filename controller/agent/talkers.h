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


#ifndef TALKERS_H
#define TALKERS_H 1

/* Who causes a shortage at this mux, as the operator is told.
 *
 * The mux datapath decides a hundred times a second who loses what
 * (ovs-ext/mux-fair.h), and tells when it is asked ("get" ["fairness"] in
 * lib/mux-protocol.h).  Those are measurements.  This makes a state of
 * them: whether the mux is overloaded, since when, and by whom.  A line of
 * text says it,
 *
 *     since 2026-11-22T11:20:00Z: VIP 20.50.60.10 (web/frontends/public) above
 *     its share, mostly from 198.51.100.7
 *
 * (without the break), and it changes seldom:
 *
 * - An overload begins with a shortage that was there in all answers for
 *   TALKERS_BEGIN_MS, and is over when it was in none for TALKERS_END_MS.
 *   Shortages that come and go between two answers count, since the datapath
 *   counts them.  Without answers there is none.
 *
 * - Those VIPs are named that lose most by being above their share, on average
 *   over a few answers, and of each the senders whose flows are most above
 *   what a flow of this VIP may send.  Who is named stays so for half of what
 *   it takes to be named; and they stand in order of their addresses, not of
 *   their rates.
 *
 * - The line stays as it is for TALKERS_HOLD_MS, then for twice as long with
 *   each change, up to TALKERS_MAX_HOLD_MS.
 *
 * Nothing in here does any I/O but logging, or looks at a clock. */

#include <stdbool.h>
#include <stdint.h>

struct ds;
struct json;

/* Milliseconds. */
#define TALKERS_BEGIN_MS 2000
#define TALKERS_END_MS 10000
#define TALKERS_HOLD_MS 10000
#define TALKERS_MAX_HOLD_MS 300000

/* As many VIPs are named, and as many senders of each, at the most. */
#define TALKERS_MAX_NAMED 3

/* Returns what a VIP belongs to, as users call it, or NULL. */
typedef const char *talkers_name_func(int64_t network, const char *address,
                                      void *aux);

struct talkers *talkers_create(talkers_name_func *, void *aux,
                               long long int now);
void talkers_destroy(struct talkers *);

void talkers_put(struct talkers *, const struct json *answer,
                 long long int now, long long int wall);
void talkers_run(struct talkers *, long long int now);
long long int talkers_next(const struct talkers *);

bool talkers_is_known(const struct talkers *);
const char *talkers_get_text(const struct talkers *);
void talkers_format(const struct talkers *, struct ds *);

#endif /* controller/agent/talkers.h */

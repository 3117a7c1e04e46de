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

#ifndef MANAGER_SILENCE_H
#define MANAGER_SILENCE_H 1

/* Which hosts have fallen silent.
 *
 * The agent of a host that has members counts Node.alive up every few seconds.
 * One that has not for 'limit' ms is silent, until it does so again.  The
 * manager notes in Node.silent what the count was when it fell silent, so
 * whoever reads a row knows: a host is silent if both are equal, and not 0.
 *
 *
 * What is time?
 * =============
 *
 * Who cannot write does not speak.  While a database is away, or a cluster has
 * no leader, all hosts are quiet and none is silent, and a manager that was
 * away or was held up itself has heard nobody.  So time is only what passes
 * between proofs that the database takes writes: that a host has written, or,
 * if none has for an 'interval', that a transaction of the manager's own is
 * in the database.  A pause between two proofs that is longer than an interval
 * counts as one interval: this is all that an outage, however long, costs
 * hosts of their time, and they speak as soon as they can.
 *
 * Proofs that are asked for cost nothing as a rule: none is asked for while
 * hosts speak, nor when all that do not are silent.
 *
 *
 * Use
 * ===
 *
 * silence_watch() whenever the row of a host that should speak is looked at,
 * silence_forget() if it need not any more.  When all of what has changed has
 * been looked at, silence_pop() returns those that have fallen silent, one
 * after the other.  At silence_deadline() a proof is needed:
 * silence_prove() tells that there is one.
 *
 * A manager that begins, or begins again after the database was away, has
 * heard nobody: silence_clear().
 *
 * No I/O here, and no clock: 'now' is the caller's monotonic time in ms. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/list.h"
#include "openvswitch/shash.h"

#define SILENCE_LIMIT_DEFAULT 20000

struct silence {
    int64_t limit;              /* 0: nobody ever falls silent. */
    int64_t interval;
    struct shash hosts;         /* Contains "struct silence_host"s. */
    struct ovs_list quiet;      /* Those that are not silent, who was heard
                                 * longest ago first. */
    int64_t clock;              /* The time that counts. */
    long long int proved_at;    /* Last proof, LLONG_MIN if there is none. */
    size_t n_silent;
};

void silence_init(struct silence *);
void silence_destroy(struct silence *);
void silence_clear(struct silence *);
void silence_set_times(struct silence *, int64_t limit, int64_t interval);

bool silence_watch(struct silence *, const char *host, int64_t alive,
                   bool silent, long long int now);
void silence_forget(struct silence *, const char *host);

void silence_prove(struct silence *, long long int now);
const char *silence_pop(struct silence *);
long long int silence_deadline(const struct silence *);

#endif /* controller/manager/silence.h */

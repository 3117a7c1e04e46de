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


#ifndef MANAGER_PREPARE_H
#define MANAGER_PREPARE_H 1

/* When a coming generation is prepared: all live muxes have it in force, or
 * the time-out, PREPARE_TIMEOUT unless another is set, has passed.
 *
 * The transaction that inserts a coming generation increments Node.wanted of
 * all muxes, so a mux has it in force when its Node.applied has reached what
 * wanted was then.  This module notes, when it is asked about a coming
 * generation for the first time, how far each mux has to come.  That is right
 * after the transaction, or when a manager has just become active and finds a
 * generation half-way: then it waits for what is wanted at that time, which is
 * no less.
 *
 * A mux that did not get there in time is not waited for any more (it is not
 * live) until it has everything that is wanted from it, so one dead mux costs
 * one time-out, not one a change.
 *
 * Usage: prepare_set_mux() and prepare_remove_mux() whenever a mux's Node row
 * has changed.  prepare_begin() at the beginning of each run of the compiler
 * and when its transaction is in the database, then prepare_is_done() for each
 * coming generation looked at; prepare_forget() when a pool has none any more.
 * Between runs, prepare_pop_ready() tells which pools' generations may be
 * prepared now.
 *
 * No I/O here, and no clock: 'now' is the caller's monotonic time in ms. */

#include <stdbool.h>
#include <stdint.h>

#define PREPARE_TIMEOUT 1000   /* ms */

struct prepare;

struct prepare *prepare_create(void);
void prepare_destroy(struct prepare *);
void prepare_clear(struct prepare *);
void prepare_set_timeout(struct prepare *, int timeout);

void prepare_set_mux(struct prepare *, const char *name, int64_t wanted,
                     int64_t applied);
void prepare_remove_mux(struct prepare *, const char *name);

void prepare_begin(struct prepare *);
bool prepare_is_done(struct prepare *, uint32_t pool_key, int64_t number,
                     long long int now);
void prepare_forget(struct prepare *, uint32_t pool_key);

uint32_t prepare_pop_ready(struct prepare *, long long int now);
long long int prepare_deadline(const struct prepare *);
int prepare_n_dead(const struct prepare *);

#endif /* controller/manager/prepare.h */

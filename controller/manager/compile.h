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


#ifndef MANAGER_COMPILE_H
#define MANAGER_COMPILE_H 1

/* The compiler: turns what users declared and what nodes report into what
 * nodes run.
 *
 * It holds in memory (state.h) how rows are connected, takes in what the IDL
 * has tracked, and so knows which load balancers a change concerns: these are
 * dirty.  A run parses all that are to be parsed, decides what depends on
 * several of them, and compiles as many as make a transaction of a bounded
 * size, since a large one would block the database.  Each transaction is
 * consistent by itself and raises Node.wanted of the nodes it concerns; the
 * one after which nothing is dirty any more says so in compiled_seq.  When
 * nothing else is to be done, garbage is collected (stage.h).
 *
 * While a transaction is under way, the next run may prepare another one that
 * has nothing to do with it (compiler_may_run_ahead()), so that neither the
 * database nor the manager waits for the other.
 *
 * The database is the only memory of what was decided.  After a transaction
 * that failed, or when the contents of the database are other ones, everything
 * in memory is thrown away and made again; then all load balancers are dirty,
 * but nothing is written about those that are right. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ds;
struct ovsdb_idl;
struct ovsdb_idl_txn;

struct compiler;

struct compiler *compiler_create(struct ovsdb_idl *);
void compiler_destroy(struct compiler *);

void compiler_monitor(struct ovsdb_idl *);
void compiler_load(struct compiler *);
void compiler_unload(struct compiler *);
void compiler_track(struct compiler *);

bool compiler_is_due(struct compiler *);
bool compiler_may_run_ahead(const struct compiler *);
void compiler_run(struct compiler *, struct ovsdb_idl_txn *);
void compiler_committed(struct compiler *);
void compiler_wait(struct compiler *);

long long int compiler_proof_deadline(const struct compiler *);
void compiler_prove(const struct compiler *, struct ovsdb_idl_txn *);
void compiler_proved(struct compiler *);

void compiler_format_status(const struct compiler *, struct ds *);

#endif /* controller/manager/compile.h */

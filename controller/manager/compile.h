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
 * A run reads the whole database and computes what the compiled tables should
 * contain (desired.h); then the writer (write.h) puts what differs into the
 * caller's transaction.  There is no other memory of what was decided: tunnel
 * keys, member indices, cookies and generations are read back from the
 * compiled tables, and a run whose transaction fails is simply repeated.  What
 * a compiler remembers from run to run only makes it wait less (prepare.h),
 * give numbers out later again (tunnel-key.h, cookie.h) and log less
 * (problems.h).  A second run on the same database writes nothing.
 *
 * A run is linear in the size of the database.
 *
 * Between runs, compiler_is_due() tells whether time or the muxes'
 * acknowledgements make another one necessary; what else does, changed input,
 * is for the caller to notice. */

#include <stdbool.h>
#include <stdint.h>

struct ds;
struct ovsdb_idl;
struct ovsdb_idl_txn;

struct compiler;

struct compiler *compiler_create(void);
void compiler_destroy(struct compiler *);
void compiler_clear(struct compiler *);

void compiler_run(struct compiler *, struct ovsdb_idl *,
                  struct ovsdb_idl_txn *);
void compiler_committed(struct compiler *, struct ovsdb_idl *);
void compiler_see_nodes(struct compiler *, struct ovsdb_idl *);
bool compiler_is_due(struct compiler *);
void compiler_wait(const struct compiler *);

void compiler_format_status(const struct compiler *, struct ds *);

#endif /* controller/manager/compile.h */

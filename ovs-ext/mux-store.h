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

#ifndef MUX_STORE_H
#define MUX_STORE_H 1

/* Makes tables (mux-table.h) from transactions of operations (mux-op.h).
 *
 * A store has the objects that were set, and the table made from them.  A
 * transaction is first looked at as a whole, without touching anything: only
 * if every operation is fine, and everything that is referred to would be
 * there afterwards, is it carried out, which cannot fail.  What it costs
 * depends on what it changes: the pools it sets are built again, the pages of
 * endpoints it concerns are copied.
 *
 *
 * Thread-safety
 * =============
 *
 * One thread writes.  mux_store_get_table() may be called by any thread, which
 * may use the table until it quiesces.  A transaction may take long: the
 * writing thread should have called ovsrcu_quiesce_start(), since it needs no
 * protection against itself. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

struct mux_op;
struct mux_table;

/* What the Maglev tables and rings of all pools together may take, in octets,
 * if no pool shared a table with another. */
#define MUX_MAX_SLOT_BYTES (UINT64_C(1) << 30)

/* Places, of 64 blocks of ports each, that VMs may have blocks for SNAT in:
 * they take 320 MB. */
#define MUX_MAX_SNAT_LEAVES (1 << 18)

/* Objects there may be. */
#define MUX_MAX_OBJECTS 4000000

struct mux_error {
    const char *class;          /* "reference" or "limit". */
    char *details;
    size_t op;                  /* SIZE_MAX if it is about none alone. */
};

void mux_error_destroy(struct mux_error *);

struct mux_store *mux_store_create(void);
void mux_store_destroy(struct mux_store *);
void mux_store_clear(struct mux_store *);

uint64_t mux_store_get_generation(const struct mux_store *);
const struct mux_table *mux_store_get_table(const struct mux_store *);

struct mux_error *mux_store_transact(struct mux_store *, bool replace,
                                     uint64_t generation,
                                     struct mux_op *, size_t n)
    OVS_WARN_UNUSED_RESULT;

#endif /* ovs-ext/mux-store.h */

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

#ifndef MUX_UNIT_H
#define MUX_UNIT_H 1

/* Help for unit tests of the mux: tables made from JSON. */

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

struct mux_store;

/* Applies the operations of a JSON array, which is written with single quotes
 * to be readable in C and formatted like printf().  Returns null if
 * successful, otherwise "CLASS OP: DETAILS", for the caller to free. */
char *mux_unit_apply(struct mux_store *, bool replace, uint64_t generation,
                     const char *ops, ...)
    OVS_PRINTF_FORMAT(4, 5) OVS_WARN_UNUSED_RESULT;

/* Likewise, but must be successful. */
void mux_unit_load(struct mux_store *, bool replace, uint64_t generation,
                   const char *ops, ...)
    OVS_PRINTF_FORMAT(4, 5);

/* Operations that are to be refused. */
struct mux_unit_refusal {
    const char *ops;
    const char *error;          /* A prefix of it. */
};

/* Asserts that each of the 'n' 'refusals' is refused, and that none changes
 * anything. */
void mux_unit_assert_refused(struct mux_store *,
                             const struct mux_unit_refusal *refusals,
                             size_t n);

#endif /* mux-unit.h */

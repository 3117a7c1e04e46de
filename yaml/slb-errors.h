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


#ifndef SLB_ERRORS_H
#define SLB_ERRORS_H 1

/* Errors in users' texts: collected, so that all of them can be told at once,
 * and told in the order in which they stand in the files.
 *
 * Each is one line, "FILE:LINE:COLUMN: what is wrong, what was expected".
 * Warnings are collected in the same way, apart from errors; each is a line
 * "FILE:LINE:COLUMN: warning: what is strange, what becomes of it". */

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/compiler.h"
#include "yaml/slb-model.h"

struct ds;

/* More errors than this help nobody, and take memory. */
#define SLB_ERRORS_MAX 1000

struct slb_errors {
    struct slb_error *errors;
    size_t n, allocated;
    bool are_warnings;
};

#define SLB_ERRORS_INITIALIZER { NULL, 0, 0, false }

void slb_errors_destroy(struct slb_errors *);
void slb_errors_add(struct slb_errors *, struct slb_mark,
                    const char *format, ...) OVS_PRINTF_FORMAT(3, 4);
void slb_errors_add_nocopy(struct slb_errors *, struct slb_mark, char *);
bool slb_errors_is_full(const struct slb_errors *);
void slb_errors_format(struct slb_errors *, struct ds *);

void slb_mark_format(struct slb_mark, struct ds *);

#endif /* yaml/slb-errors.h */

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


#ifndef CTL_TABLE_H
#define CTL_TABLE_H 1

/* Tables on standard output: a heading and rows of cells, each column as wide
 * as it must be.
 *
 *     ctl_table_init(&table, headings);
 *     for each row, for each column:
 *         ctl_table_add(&table, "%s", ...);
 *     ctl_table_print(&table);
 *
 * A cell is never empty, so that rows can be taken apart at blanks: what has
 * nothing to say says "-". */

#include <stddef.h>

#include "openvswitch/compiler.h"
#include "svec.h"

struct ds;

struct ctl_table {
    size_t n_columns;
    struct svec cells;          /* Row by row, the heading first. */
};

void ctl_table_init(struct ctl_table *, const char *const headings[]);
void ctl_table_add(struct ctl_table *, const char *format, ...)
    OVS_PRINTF_FORMAT(2, 3);
void ctl_table_add_nocopy(struct ctl_table *, struct ds *cell);
void ctl_table_print(struct ctl_table *);

#endif /* controller/ctl/ctl-table.h */

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


#include <config.h>

#include "controller/ctl/ctl-table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

/* Makes 'table' one with the columns 'headings', which ends with NULL. */
void
ctl_table_init(struct ctl_table *table, const char *const headings[])
{
    table->n_columns = 0;
    svec_init(&table->cells);
    while (headings[table->n_columns]) {
        svec_add(&table->cells, headings[table->n_columns++]);
    }
}

/* Adds the next cell; an empty one is "-". */
void
ctl_table_add(struct ctl_table *table, const char *format, ...)
{
    struct ds cell = DS_EMPTY_INITIALIZER;
    va_list args;

    va_start(args, format);
    ds_put_format_valist(&cell, format, args);
    va_end(args);
    ctl_table_add_nocopy(table, &cell);
}

/* The same, and takes over the text of 'cell'. */
void
ctl_table_add_nocopy(struct ctl_table *table, struct ds *cell)
{
    svec_add_nocopy(&table->cells, (cell->length ? ds_steal_cstr(cell)
                                    : xstrdup("-")));
    ds_destroy(cell);
}

/* Prints 'table' and destroys it. */
void
ctl_table_print(struct ctl_table *table)
{
    size_t *widths = xcalloc(table->n_columns, sizeof *widths);

    for (size_t i = 0; i < table->cells.n; i++) {
        size_t column = i % table->n_columns;
        widths[column] = MAX(widths[column], strlen(table->cells.names[i]));
    }
    for (size_t i = 0; i < table->cells.n; i++) {
        size_t column = i % table->n_columns;
        if (column + 1 < table->n_columns) {
            printf("%-*s  ", (int) widths[column], table->cells.names[i]);
        } else {
            puts(table->cells.names[i]);
        }
    }
    free(widths);
    svec_destroy(&table->cells);
}

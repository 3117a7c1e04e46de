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

#include "yaml/slb-errors.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

struct slb_error {
    struct slb_mark mark;
    size_t order;               /* Of errors at the same place. */
    char *text;
};

void
slb_errors_destroy(struct slb_errors *errors)
{
    for (size_t i = 0; i < errors->n; i++) {
        free(errors->errors[i].text);
    }
    free(errors->errors);
    memset(errors, 0, sizeof *errors);
}

bool
slb_errors_is_full(const struct slb_errors *errors)
{
    return errors->n >= SLB_ERRORS_MAX;
}

/* Adds an error, 'text', which is at 'mark', and takes ownership of 'text'.
 * Does nothing if there are very many already. */
void
slb_errors_add_nocopy(struct slb_errors *errors, struct slb_mark mark,
                      char *text)
{
    if (slb_errors_is_full(errors)) {
        free(text);
        return;
    }
    if (errors->n >= errors->allocated) {
        errors->errors = x2nrealloc(errors->errors, &errors->allocated,
                                    sizeof *errors->errors);
    }
    errors->errors[errors->n] = (struct slb_error) {
        .mark = mark, .order = errors->n, .text = text,
    };
    errors->n++;
}

void
slb_errors_add(struct slb_errors *errors, struct slb_mark mark,
               const char *format, ...)
{
    va_list args;

    va_start(args, format);
    slb_errors_add_nocopy(errors, mark, xvasprintf(format, args));
    va_end(args);
}

static int
compare_numbers(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}

static int
compare_errors(const void *a_, const void *b_)
{
    const struct slb_error *a = a_, *b = b_;
    int a_file = a->mark.source ? a->mark.source->index : -1;
    int b_file = b->mark.source ? b->mark.source->index : -1;
    int cmp = a_file < b_file ? -1 : a_file > b_file;

    cmp = cmp ? cmp : compare_numbers(a->mark.line, b->mark.line);
    cmp = cmp ? cmp : compare_numbers(a->mark.column, b->mark.column);
    return cmp ? cmp : compare_numbers(a->order, b->order);
}

static bool
is_same_error(const struct slb_error *a, const struct slb_error *b)
{
    return a->mark.source == b->mark.source && a->mark.line == b->mark.line
           && a->mark.column == b->mark.column && !strcmp(a->text, b->text);
}

/* Appends 'errors', each a line, in order of position, to 'ds'.  What is
 * wrong in a place that several aliases refer to is told once. */
void
slb_errors_format(struct slb_errors *errors, struct ds *ds)
{
    if (errors->n > 1) {
        qsort(errors->errors, errors->n, sizeof *errors->errors,
              compare_errors);
    }
    for (size_t i = 0; i < errors->n; i++) {
        const struct slb_error *e = &errors->errors[i];
        if (!i || !is_same_error(e, e - 1)) {
            slb_mark_format(e->mark, ds);
            ds_put_format(ds, ": %s%s\n",
                          errors->are_warnings ? "warning: " : "", e->text);
        }
    }
    if (slb_errors_is_full(errors)) {
        ds_put_format(ds, "There are %d %s; further ones are not shown.\n",
                      SLB_ERRORS_MAX,
                      errors->are_warnings ? "warnings" : "errors");
    }
}

/* Appends where 'mark' is to 'ds': "web.yaml:3:5". */
void
slb_mark_format(struct slb_mark mark, struct ds *ds)
{
    if (!mark.source) {
        ds_put_cstr(ds, "the database");
    } else if (!mark.line) {
        ds_put_cstr(ds, mark.source->name);
    } else {
        ds_put_format(ds, "%s:%"PRIu32":%"PRIu32, mark.source->name,
                      mark.line, mark.column);
    }
}

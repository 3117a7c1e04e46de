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

#include "yaml/slb-diff.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"
#include "yaml/slb-model.h"
#include "yaml/slb-print.h"
#include "yaml/slb-schema.h"

static void
format_change(char op, const struct slb_object *object, struct ds *ds)
{
    ds_put_format(ds, "%c ", op);
    slb_object_format_path(object, ds);
}

/* Appends a line for 'object' and each object below, all of which come ('op'
 * is '+') or go ('-'). */
static size_t
diff_whole(char op, const struct slb_object *object, struct ds *ds)
{
    struct ds fields = DS_EMPTY_INITIALIZER;
    size_t n = 1;

    format_change(op, object, ds);
    slb_print_fields(object, &fields);
    if (fields.length) {
        ds_put_format(ds, ": %s", ds_cstr(&fields));
    }
    ds_put_char(ds, '\n');
    ds_destroy(&fields);

    for (size_t i = 0; i < object->class->n_fields; i++) {
        const struct slb_field *field = &object->class->fields[i];
        if (field->type == SLB_T_LIST) {
            const struct slb_list *list = slb_field_value(field, object);
            for (size_t j = 0; j < list->n; j++) {
                n += diff_whole(op, list->at[j], ds);
            }
        }
    }
    return n;
}

/* Appends the value of 'field' of 'object' for a change.  A list is in
 * brackets, so that the empty one is seen. */
static void
format_value(const struct slb_field *field, const struct slb_object *object,
             struct ds *ds)
{
    const void *value = slb_field_value(field, object);

    if (!slb_value_is_set(field, value)) {
        ds_put_cstr(ds, "none");
    } else if (slb_field_is_strings(field)) {
        ds_put_char(ds, '[');
        slb_value_format(field, value, ds);
        ds_put_char(ds, ']');
    } else {
        slb_value_format(field, value, ds);
    }
}

/* Whether the value of 'field' is not given in either object and follows from
 * fields whose changes are told. */
static bool
follows(const struct slb_field *field, const struct slb_object *old,
        const struct slb_object *new)
{
    return (field->computed && slb_field_is_default(field, old)
            && slb_field_is_default(field, new));
}

static int
compare_names(const void *a_, const void *b_)
{
    struct slb_object *const *a = a_;
    struct slb_object *const *b = b_;

    return strcmp((*a)->name, (*b)->name);
}

/* Returns the objects of 'list' sorted by name, which the caller has to
 * free. */
static struct slb_object **
sort_list(const struct slb_list *list)
{
    struct slb_object **sorted
        = xmemdup(list->at, list->n * sizeof *list->at);

    /* What comes from a database is sorted already, most files as well. */
    for (size_t i = 1; i < list->n; i++) {
        if (compare_names(&sorted[i - 1], &sorted[i]) > 0) {
            qsort(sorted, list->n, sizeof *sorted, compare_names);
            break;
        }
    }
    return sorted;
}

static size_t
diff_lists(const struct slb_list *old, const struct slb_list *new,
           struct ds *ds)
{
    size_t i = 0, j = 0, n = 0;

    if (!old->n && !new->n) {
        return 0;
    }

    struct slb_object **olds = sort_list(old);
    struct slb_object **news = sort_list(new);
    while (i < old->n || j < new->n) {
        int order = (i >= old->n ? 1 : j >= new->n ? -1
                     : compare_names(&olds[i], &news[j]));

        n += slb_diff(order <= 0 ? olds[i] : NULL,
                      order >= 0 ? news[j] : NULL, ds);
        i += order <= 0;
        j += order >= 0;
    }
    free(olds);
    free(news);
    return n;
}

/* Appends a line to 'ds' for each change between 'old' and 'new', which are of
 * the same class and called the same; either may be NULL, not both.  Returns
 * the number of changes. */
size_t
slb_diff(const struct slb_object *old, const struct slb_object *new,
         struct ds *ds)
{
    size_t n = 0;

    if (!old || !new) {
        return diff_whole(old ? '-' : '+', old ? old : new, ds);
    }

    for (size_t i = 0; i < new->class->n_fields; i++) {
        const struct slb_field *field = &new->class->fields[i];
        const void *old_value = slb_field_value(field, old);
        const void *new_value = slb_field_value(field, new);

        if (field->type == SLB_T_LIST) {
            n += diff_lists(old_value, new_value, ds);
        } else if (!slb_value_equals(field, old_value, new_value)
                   && !follows(field, old, new)) {
            format_change('~', new, ds);
            ds_put_format(ds, "/%s: ", field->name);
            format_value(field, old, ds);
            ds_put_cstr(ds, " -> ");
            format_value(field, new, ds);
            ds_put_cstr(ds, (slb_field_is_default(field, new)
                             && slb_value_is_set(field, new_value)
                             && !slb_field_is_strings(field)
                             ? " (default)\n" : "\n"));
            n++;
        }
    }
    return n;
}

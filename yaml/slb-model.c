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

#include "yaml/slb-model.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "util.h"
#include "yaml/slb-schema.h"

/* Creates an object of 'class', all of whose fields have their defaults, below
 * 'parent', which may be NULL.  The caller has to add it to a list. */
struct slb_object *
slb_object_create(const struct slb_class *class,
                  const struct slb_object *parent)
{
    struct slb_object *object = xzalloc(class->size);

    object->class = class;
    object->parent = parent;
    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];
        slb_value_init(field, slb_field_value(field, object));
    }
    return object;
}

/* Destroys 'object' and all that is below it. */
void
slb_object_destroy(struct slb_object *object)
{
    if (object) {
        for (size_t i = 0; i < object->class->n_fields; i++) {
            const struct slb_field *field = &object->class->fields[i];
            slb_value_destroy(field, slb_field_value(field, object));
        }
        free(object->marks);
        free(object);
    }
}

/* Notes that the value of the 'field'th field of 'object' is at 'mark'. */
void
slb_object_set_mark(struct slb_object *object, size_t field,
                    struct slb_mark mark)
{
    if (!object->marks) {
        object->marks = xcalloc(object->class->n_fields,
                                sizeof *object->marks);
    }
    object->marks[field] = mark;
}

/* Returns where the value of the field called 'name' of 'object' is, or the
 * object itself, if the field was left out. */
struct slb_mark
slb_object_mark(const struct slb_object *object, const char *name)
{
    const struct slb_field *field = slb_class_field(object->class, name);
    size_t i = field - object->class->fields;

    ovs_assert(field);
    return (object->marks && object->marks[i].line
            ? object->marks[i] : object->mark);
}

/* Whether the field called 'name' of 'object' has a value that the text gave,
 * without error, or a default. */
bool
slb_object_has(const struct slb_object *object, const char *name)
{
    const struct slb_field *field;

    if (!object->invalid) {
        return true;
    }
    field = slb_class_field(object->class, name);
    ovs_assert(field);
    return !(object->invalid >> (field - object->class->fields) & 1);
}

/* Notes that the field called 'name' of 'object' has no value to be relied on,
 * because of an error that has been reported. */
void
slb_object_set_invalid(struct slb_object *object, const char *name)
{
    const struct slb_field *field = slb_class_field(object->class, name);

    ovs_assert(field);
    object->invalid |= UINT64_C(1) << (field - object->class->fields);
}

/* Appends the path to 'object' to 'ds': "LoadBalancer/web/rules/http". */
void
slb_object_format_path(const struct slb_object *object, struct ds *ds)
{
    const struct slb_object *parent = object->parent;

    if (!parent) {
        ds_put_cstr(ds, object->class->name);
    } else {
        slb_object_format_path(parent, ds);
        for (size_t i = 0; i < parent->class->n_fields; i++) {
            const struct slb_field *field = &parent->class->fields[i];
            if (field->type == SLB_T_LIST && field->class == object->class) {
                ds_put_format(ds, "/%s", field->name);
            }
        }
    }
    ds_put_format(ds, "/%s", object->name ? object->name : "");
}

/* The path to 'object', which the caller has to free. */
char *
slb_object_path(const struct slb_object *object)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_object_format_path(object, &ds);
    return ds_steal_cstr(&ds);
}

void
slb_list_add(struct slb_list *list, struct slb_object *object)
{
    if (list->n >= list->allocated) {
        list->at = x2nrealloc(list->at, &list->allocated, sizeof *list->at);
    }
    list->at[list->n++] = object;
}

/* Returns the first object in 'list' called 'name', or NULL. */
struct slb_object *
slb_list_find(const struct slb_list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++) {
        if (nullable_string_is_equal(list->at[i]->name, name)) {
            return list->at[i];
        }
    }
    return NULL;
}

/* Adds the objects of 'list' to 'index', by their names; of several that are
 * called the same, only the first. */
void
slb_list_index(const struct slb_list *list, struct shash *index)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->at[i]->name) {
            shash_add_once(index, list->at[i]->name, list->at[i]);
        }
    }
}

static int
compare_objects(const void *a_, const void *b_)
{
    struct slb_object *const *a = a_;
    struct slb_object *const *b = b_;
    const char *a_name = (*a)->name ? (*a)->name : "";
    const char *b_name = (*b)->name ? (*b)->name : "";

    return strcmp(a_name, b_name);
}

/* Sorts 'list' and all lists below it by name. */
void
slb_list_sort(struct slb_list *list)
{
    if (list->n > 1) {
        qsort(list->at, list->n, sizeof *list->at, compare_objects);
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct slb_class *class = list->at[i]->class;
        for (size_t j = 0; j < class->n_fields; j++) {
            const struct slb_field *field = &class->fields[j];
            if (field->type == SLB_T_LIST) {
                slb_list_sort(slb_field_value(field, list->at[i]));
            }
        }
    }
}

/* Adds a copy of 's' to 'strings', which are from a text if 'mark' is not
 * NULL: then all must have one.  slb_strings_sort() has to follow. */
void
slb_strings_add(struct slb_strings *strings, const char *s,
                const struct slb_mark *mark)
{
    if (strings->n >= strings->allocated) {
        strings->at = x2nrealloc(strings->at, &strings->allocated,
                                 sizeof *strings->at);
        if (mark) {
            strings->marks = xrealloc(strings->marks,
                                      strings->allocated
                                      * sizeof *strings->marks);
        }
    }
    if (mark) {
        strings->marks[strings->n] = *mark;
    }
    strings->at[strings->n++] = xstrdup(s);
}

struct sortable {
    char *s;
    struct slb_mark mark;
};

static int
compare_strings(const void *a_, const void *b_)
{
    const struct sortable *a = a_, *b = b_;
    int cmp = strcmp(a->s, b->s);

    /* Of two that are the same, the first one stays the first one. */
    cmp = cmp ? cmp : (a->mark.line < b->mark.line ? -1
                       : a->mark.line > b->mark.line);
    return cmp ? cmp : (a->mark.column < b->mark.column ? -1
                        : a->mark.column > b->mark.column);
}

/* Sorts 'strings', with their marks. */
void
slb_strings_sort(struct slb_strings *strings)
{
    struct sortable *sortables;

    if (strings->n < 2) {
        return;
    }
    sortables = xcalloc(strings->n, sizeof *sortables);
    for (size_t i = 0; i < strings->n; i++) {
        sortables[i].s = strings->at[i];
        if (strings->marks) {
            sortables[i].mark = strings->marks[i];
        }
    }
    qsort(sortables, strings->n, sizeof *sortables, compare_strings);
    for (size_t i = 0; i < strings->n; i++) {
        strings->at[i] = sortables[i].s;
        if (strings->marks) {
            strings->marks[i] = sortables[i].mark;
        }
    }
    free(sortables);
}

/* Whether 's' is one of 'strings', which are sorted. */
bool
slb_strings_contain(const struct slb_strings *strings, const char *s)
{
    size_t low = 0, high = strings->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int cmp = strcmp(strings->at[middle], s);

        if (!cmp) {
            return true;
        } else if (cmp < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

/* Whether 'a' and 'b', both sorted, are the same but for their marks. */
bool
slb_strings_equal(const struct slb_strings *a, const struct slb_strings *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->at[i], b->at[i])) {
            return false;
        }
    }
    return true;
}

void
slb_strings_destroy(struct slb_strings *strings)
{
    for (size_t i = 0; i < strings->n; i++) {
        free(strings->at[i]);
    }
    free(strings->at);
    free(strings->marks);
    memset(strings, 0, sizeof *strings);
}

void
slb_model_init(struct slb_model *model)
{
    memset(model, 0, sizeof *model);
}

void
slb_model_destroy(struct slb_model *model)
{
    if (model) {
        for (size_t i = 0; slb_kinds[i]; i++) {
            struct slb_list *list = slb_model_list(model, slb_kinds[i]);
            for (size_t j = 0; j < list->n; j++) {
                slb_object_destroy(list->at[j]);
            }
            free(list->at);
        }
        slb_model_init(model);
    }
}

/* Returns the list of 'model''s objects of 'kind'. */
struct slb_list *
slb_model_list(const struct slb_model *model, const struct slb_class *kind)
{
    struct slb_model *m = CONST_CAST(struct slb_model *, model);

    if (kind == &slb_network_class) {
        return (struct slb_list *) &m->networks;
    } else if (kind == &slb_public_prefix_class) {
        return (struct slb_list *) &m->public_prefixes;
    }
    ovs_assert(kind == &slb_load_balancer_class);
    return (struct slb_list *) &m->load_balancers;
}

/* Returns the object of 'kind' called 'name' in 'model', or NULL. */
struct slb_object *
slb_model_find(const struct slb_model *model, const struct slb_class *kind,
               const char *name)
{
    return slb_list_find(slb_model_list(model, kind), name);
}

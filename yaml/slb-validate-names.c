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

#include "yaml/slb-validate-private.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"
#include "yaml/slb-text.h"

/* Names that are used twice, and references to what is not there. */

/* Whether the name of 'object' was made of another field: it says nothing that
 * this field does not say. */
static bool
is_made_name(const struct slb_object *object)
{
    const struct slb_class *class = object->class;

    return (class->name_from
            && slb_field_is_default(slb_class_field(class, "name"), object));
}

/* Checks that the names in 'list', and in all lists below, are unique. */
static void
check_list(struct slb_validation *v, const struct slb_list *list)
{
    struct slb_index names;

    slb_index_init(&names);
    for (size_t i = 0; i < list->n && !slb_validation_is_full(v); i++) {
        const struct slb_object *object = list->at[i];
        const struct slb_object *first
            = (object->name
               ? slb_index_add_name(&names, NULL, object->name, object)
               : NULL);

        if (first && !(is_made_name(object) && is_made_name(first))) {
            char *other = slb_other(first, "name");
            slb_report(v, object, "name",
                       "the name '%s' is that of %s, expected another one",
                       object->name, other);
            free(other);
        }
        slb_check_names(v, object);
    }
    slb_index_destroy(&names);
}

/* Checks that the names in each list of 'object', and in all lists below, are
 * unique.  (Those of documents are checked when they are read.) */
void
slb_check_names(struct slb_validation *v, const struct slb_object *object)
{
    for (size_t i = 0; i < object->class->n_fields; i++) {
        const struct slb_field *field = &object->class->fields[i];
        if (field->type == SLB_T_LIST) {
            check_list(v, slb_field_value(field, object));
        }
    }
}

/* Makes 'v->siblings' the objects that may be referred to in 'top'. */
void
slb_index_siblings(struct slb_validation *v, const struct slb_object *top)
{
    slb_index_clear(&v->siblings);
    for (size_t i = 0; i < top->class->n_fields; i++) {
        const struct slb_field *field = &top->class->fields[i];
        if (field->type != SLB_T_LIST) {
            continue;
        }

        const struct slb_list *list = slb_field_value(field, top);
        for (size_t j = 0; j < list->n; j++) {
            if (list->at[j]->name) {
                slb_index_add_name(&v->siblings, field->class,
                                   list->at[j]->name, list->at[j]);
            }
        }
    }
}

/* Returns the object of kind 'class' called 'name', or NULL. */
const void *
slb_find_object(const struct slb_validation *v, const struct slb_class *class,
                const char *name)
{
    return slb_index_find_name(&v->objects, class, name);
}

/* Returns the object of 'class' called 'name' in the object that is being
 * checked, or NULL. */
const void *
slb_find_sibling(const struct slb_validation *v,
                 const struct slb_class *class, const char *name)
{
    return name ? slb_index_find_name(&v->siblings, class, name) : NULL;
}

/* Among more names than this, nobody guesses which one was meant; nor when
 * more references than this are wrong, since comparing takes long. */
#define MAX_CANDIDATES 100
#define MAX_GUESSES 20

/* Names that a reference could have had. */
struct candidates {
    const char *names[MAX_CANDIDATES];
    size_t n;                   /* May be more than are in 'names'. */
};

static int
compare_names(const void *a_, const void *b_)
{
    const char *const *a = a_;
    const char *const *b = b_;

    return strcmp(*a, *b);
}

static void
add_candidates(struct candidates *candidates, const struct slb_list *list)
{
    for (size_t i = 0; i < list->n && candidates->n <= MAX_CANDIDATES; i++) {
        if (list->at[i]->name && candidates->n < MAX_CANDIDATES) {
            candidates->names[candidates->n] = list->at[i]->name;
        }
        candidates->n += list->at[i]->name != NULL;
    }
}

/* Sorts 'candidates', each name once. */
static void
sort_candidates(struct candidates *candidates)
{
    size_t n = 0;

    if (candidates->n > MAX_CANDIDATES) {
        return;
    }
    if (candidates->n > 1) {
        qsort(candidates->names, candidates->n, sizeof *candidates->names,
              compare_names);
    }
    for (size_t i = 0; i < candidates->n; i++) {
        if (!n || strcmp(candidates->names[n - 1], candidates->names[i])) {
            candidates->names[n++] = candidates->names[i];
        }
    }
    candidates->n = n;
}

/* A reference: the name at 'mark' in 'field' of 'object'. */
struct reference {
    const struct slb_object *object;
    const struct slb_field *field;
    const char *name;
    struct slb_mark mark;
};

/* Reports that what 'ref' names is not 'where' it should be, where there are
 * 'candidates'. */
static void
report_dangling(struct slb_validation *v, const struct reference *ref,
                const char *where, struct candidates *candidates)
{
    const struct slb_field *field = ref->field;
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char *nearest = NULL;

    sort_candidates(candidates);
    if (candidates->n <= MAX_CANDIDATES && v->n_guesses++ < MAX_GUESSES) {
        nearest = slb_text_nearest(ref->name, candidates->names,
                                   candidates->n);
    }

    ds_put_format(&ds, "%s'%s' is ",
                  field->type == SLB_T_REFS ? "an entry of " : "",
                  field->name);
    slb_text_quote(ref->name, &ds);
    ds_put_format(&ds, ", but there is no such %s %s", field->class->noun,
                  where);
    if (nearest) {
        ds_put_format(&ds, ", did you mean '%s'?", nearest);
    } else if (!candidates->n) {
        ds_put_format(&ds, ", expected %s %s of that name to be there",
                      slb_class_article(field->class), field->class->noun);
    } else if (candidates->n > 5) {
        ds_put_format(&ds, ", expected the name of one that is there");
    } else {
        ds_put_cstr(&ds, ", expected ");
        for (size_t i = 0; i < candidates->n; i++) {
            ds_put_format(&ds, "%s'%s'",
                          !i ? "" : i + 1 < candidates->n ? ", " : " or ",
                          candidates->names[i]);
        }
    }
    slb_report_at(v, ref->object, ref->mark, "%s", ds_cstr(&ds));
    ds_destroy(&ds);
}

/* Whether all names in 'list' are known. */
static bool
names_are_known(const struct slb_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (!list->at[i]->name) {
            return false;
        }
    }
    return true;
}

static bool
is_kind(const struct slb_class *class)
{
    for (size_t i = 0; slb_kinds[i]; i++) {
        if (slb_kinds[i] == class) {
            return true;
        }
    }
    return false;
}

/* Checks that what 'ref' names is among the documents' objects. */
static void
check_kind_reference(struct slb_validation *v, const struct reference *ref)
{
    const struct slb_class *kind = ref->field->class;
    struct candidates candidates = { .n = 0 };

    if (slb_find_object(v, kind, ref->name) || v->input->incomplete
        || slb_validation_is_full(v)) {
        return;
    }
    add_candidates(&candidates, slb_model_list(&v->input->model, kind));
    if (v->base) {
        add_candidates(&candidates, slb_model_list(v->base, kind));
    }
    report_dangling(v, ref, (v->base ? "in the files or the database"
                             : "in the files"), &candidates);
}

/* Returns the field of 'class' that lists objects of 'entry', or NULL. */
static const struct slb_field *
find_list_field(const struct slb_class *class, const struct slb_class *entry)
{
    for (size_t i = 0; i < class->n_fields; i++) {
        if (class->fields[i].type == SLB_T_LIST
            && class->fields[i].class == entry) {
            return &class->fields[i];
        }
    }
    return NULL;
}

/* Returns the object that lists what 'field', of the object that is checked or
 * of one below it, may name: that object itself or another document's that it
 * names, as a load balancer its network.  NULL if it is not known. */
static const struct slb_object *
find_owner(const struct slb_validation *v, const struct slb_field *field)
{
    const struct slb_object *top = v->top;

    if (find_list_field(top->class, field->class)) {
        return top;
    }
    for (size_t i = 0; i < top->class->n_fields; i++) {
        const struct slb_field *ref = &top->class->fields[i];

        if (ref->type == SLB_T_REF
            && find_list_field(ref->class, field->class)) {
            char *const *name = slb_field_value(ref, top);
            return *name ? slb_find_object(v, ref->class, *name) : NULL;
        }
    }
    return NULL;
}

/* Checks one reference. */
static void
check_reference(struct slb_validation *v, const struct reference *ref)
{
    const struct slb_class *class = ref->field->class;
    const struct slb_object *owner;
    const struct slb_field *field;
    const struct slb_list *list;

    if (is_kind(class)) {
        check_kind_reference(v, ref);
        return;
    }

    owner = find_owner(v, ref->field);
    if (!owner || slb_validation_is_full(v)) {
        return;
    }
    field = find_list_field(owner->class, class);
    list = slb_field_value(field, owner);
    if (owner == v->top ? slb_find_sibling(v, class, ref->name) != NULL
        : slb_list_find(list, ref->name) != NULL) {
        return;
    }
    if (slb_object_has(owner, field->name) && names_are_known(list)) {
        struct candidates candidates = { .n = 0 };
        char *where;

        if (owner == v->top) {
            where = xasprintf("in %s '%s'", owner->class->noun,
                              owner->name ? owner->name : "");
        } else {
            char *other = slb_other(owner, field->name);
            where = xasprintf("in %s", other);
            free(other);
        }
        add_candidates(&candidates, list);
        report_dangling(v, ref, where, &candidates);
        free(where);
    }
}

/* Checks the references of 'object', in or below the one that is being
 * checked, and of all below. */
void
slb_check_references(struct slb_validation *v,
                     const struct slb_object *object)
{
    for (size_t i = 0; i < object->class->n_fields; i++) {
        const struct slb_field *field = &object->class->fields[i];
        const void *value = slb_field_value(field, object);

        if (field->type == SLB_T_REF) {
            char *const *name = value;
            if (*name && slb_object_has(object, field->name)) {
                check_reference(v, &(struct reference) {
                    .object = object, .field = field, .name = *name,
                    .mark = slb_object_mark(object, field->name) });
            }
        } else if (field->type == SLB_T_REFS) {
            const struct slb_strings *names = value;
            for (size_t j = 0; j < names->n; j++) {
                check_reference(v, &(struct reference) {
                    .object = object, .field = field, .name = names->at[j],
                    .mark = names->marks ? names->marks[j] : object->mark });
            }
        } else if (field->type == SLB_T_LIST) {
            const struct slb_list *list = value;
            for (size_t j = 0; j < list->n; j++) {
                slb_check_references(v, list->at[j]);
            }
        }
    }
}

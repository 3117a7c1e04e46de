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


#ifndef SLB_SCHEMA_H
#define SLB_SCHEMA_H 1

/* The language: its kinds of objects, their fields, and what values these
 * take.
 *
 * This is one table, 'slb_kinds', that everything else reads: the parser takes
 * keys, types, ranges and defaults from it, the printers and the comparison
 * their fields and order, the database layer its columns, and messages what
 * was expected.  A new property is a member of a structure in yaml/slb-model.h
 * and a line here; then, if it depends on other objects, a check in
 * yaml/slb-validate.c.
 *
 * A value of a field is where the field's 'offset' says, in the object; its C
 * type depends on the field's type, see below. */

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/compiler.h"

struct ds;
struct slb_list;
struct slb_object;

enum slb_type {
    SLB_T_NAME,                 /* char *.  The object's own name. */
    SLB_T_REF,                  /* char *.  The name of another object. */
    SLB_T_TEXT,                 /* char *. */
    SLB_T_ENUM,                 /* int, an index into 'values'. */
    SLB_T_INTEGER,              /* int, 'min' to 'max', or one of 'words'. */
    SLB_T_BOOLEAN,              /* bool. */
    SLB_T_ADDRESS,              /* struct in6_addr. */
    SLB_T_PREFIX,               /* struct slb_prefix. */
    SLB_T_REFS,                 /* struct slb_strings, names of objects. */
    SLB_T_NAMES,                /* struct slb_strings. */
    SLB_T_PREFIXES,             /* struct slb_strings, canonical. */
    SLB_T_LIST,                 /* SLB_LIST of objects of class 'class'. */
};

/* A word that stands for an integer. */
struct slb_word {
    const char *name;
    int value;
};

struct slb_field {
    const char *name;           /* The key. */
    enum slb_type type;
    size_t offset;
    bool required;
    int def;                    /* Default of an SLB_T_ENUM, _INTEGER,
                                 * _BOOLEAN. */
    int min, max;               /* Of an SLB_T_INTEGER. */
    int multiple;               /* Of an SLB_T_INTEGER: of what it must be a
                                 * multiple, if not 0. */
    const struct slb_word *words; /* Of an SLB_T_INTEGER: what else it may be;
                                   * ends with a NULL name.  Or NULL. */
    const char *const *values;  /* Of an SLB_T_ENUM; ends with NULL. */
    const struct slb_class *class; /* Of an SLB_T_LIST: of its objects.
                                    * Of an SLB_T_REF, _REFS: of what is
                                    * named. */

    /* A default that depends on other fields of the object: sets 'value',
     * unless these have none themselves.  Or NULL.  'computed_help' says in
     * words what it is. */
    void (*computed)(const struct slb_object *, void *value);
    const char *computed_help;

    const char *help;           /* One sentence. */
};

struct slb_class {
    const char *name;           /* "VirtualNetwork", "Rule". */
    const char *noun;           /* In sentences: "virtual network". */
    const char *nouns;          /* More than one of them. */
    size_t size;                /* Of its structure. */
    const struct slb_field *fields;
    size_t n_fields;
    const char *name_from;      /* The field whose text is the name of an
                                 * object without one.  Or NULL: each has a
                                 * name of its own. */
    const char *help;           /* One sentence. */
};

extern const struct slb_class slb_network_class;
extern const struct slb_class slb_subnet_class;
extern const struct slb_class slb_public_prefix_class;
extern const struct slb_class slb_load_balancer_class;
extern const struct slb_class slb_frontend_class;
extern const struct slb_class slb_pool_class;
extern const struct slb_class slb_member_class;
extern const struct slb_class slb_probe_class;
extern const struct slb_class slb_rule_class;
extern const struct slb_class slb_nat_rule_class;
extern const struct slb_class slb_nat_pool_class;
extern const struct slb_class slb_outbound_rule_class;

/* What a document may be, ends with NULL.  What is named stands before what
 * names it. */
extern const struct slb_class *const slb_kinds[];

/* What a document may be besides: such documents tell how to read others, and
 * nothing of them is in the model or the database.  Ends with NULL. */
extern const struct slb_class *const slb_input_kinds[];
extern const struct slb_class slb_azure_ids_class;
extern const struct slb_class slb_azure_id_class;

#define SLB_NAME_MAX 80

const struct slb_class *slb_kind_from_name(const char *);
const char *slb_class_article(const struct slb_class *);
const struct slb_field *slb_class_field(const struct slb_class *,
                                        const char *name);

/* A value's place in an object. */
static inline void *
slb_field_value(const struct slb_field *field, const struct slb_object *object)
{
    return (char *) object + field->offset;
}

bool slb_name_is_valid(const char *);

char *slb_value_parse(const struct slb_field *, const char *text, void *value)
    OVS_WARN_UNUSED_RESULT;
char *slb_entry_parse(const struct slb_field *, const char *text,
                      char **entryp)
    OVS_WARN_UNUSED_RESULT;
void slb_value_format(const struct slb_field *, const void *value,
                      struct ds *);
bool slb_value_equals(const struct slb_field *, const void *a, const void *b);
bool slb_value_is_set(const struct slb_field *, const void *value);
bool slb_field_is_strings(const struct slb_field *);
bool slb_field_is_default(const struct slb_field *, const struct slb_object *);
void slb_object_fill_defaults(struct slb_object *);
void slb_value_init(const struct slb_field *, void *value);
void slb_value_destroy(const struct slb_field *, void *value);

void slb_field_format_expected(const struct slb_field *, struct ds *);

#endif /* yaml/slb-schema.h */

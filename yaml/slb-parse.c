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

#include "yaml/slb-parse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "util.h"
#include "yaml/slb-azure-ids.h"
#include "yaml/slb-azure.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-text.h"
#include "yaml/slb-yaml.h"

#define KIND_KEY "kind"

/* No class has more keys than this, KIND_KEY included. */
#define MAX_KEYS 64

void
slb_input_init(struct slb_input *input)
{
    memset(input, 0, sizeof *input);
    slb_model_init(&input->model);
    slb_index_init(&input->objects);
    slb_index_init(&input->files);
    input->warnings.are_warnings = true;
}

void
slb_input_destroy(struct slb_input *input)
{
    if (input) {
        slb_index_destroy(&input->objects);
        slb_index_destroy(&input->files);
        slb_model_destroy(&input->model);
        slb_errors_destroy(&input->errors);
        slb_errors_destroy(&input->warnings);
        slb_azure_destroy(input);
        for (size_t i = 0; i < input->n_sources; i++) {
            free(input->sources[i]->name);
            free(input->sources[i]);
        }
        free(input->sources);
        memset(input, 0, sizeof *input);
    }
}

static const struct slb_source *
add_source(struct slb_input *input, const char *name)
{
    struct slb_source *source = xmalloc(sizeof *source);

    source->name = xstrdup(name);
    source->index = input->n_sources;
    if (input->n_sources >= input->allocated_sources) {
        input->sources = x2nrealloc(input->sources,
                                    &input->allocated_sources,
                                    sizeof *input->sources);
    }
    input->sources[input->n_sources++] = source;
    return source;
}

/* Appends the keys of 'class', and KIND_KEY if it is a kind's, to 'keys'. */
static size_t
list_keys(const struct slb_class *class, bool kind,
          const char *keys[MAX_KEYS])
{
    size_t n = 0;

    ovs_assert(class->n_fields < MAX_KEYS);
    if (kind) {
        keys[n++] = KIND_KEY;
    }
    for (size_t i = 0; i < class->n_fields; i++) {
        keys[n++] = class->fields[i].name;
    }
    return n;
}

static void
format_words(const char *const *words, size_t n, const char *conjunction,
             struct ds *ds)
{
    for (size_t i = 0; i < n; i++) {
        if (i) {
            ds_put_format(ds, "%s ", i + 1 < n ? "," : conjunction);
        }
        ds_put_cstr(ds, words[i]);
    }
}

static struct slb_object *parse_object(struct slb_input *,
                                       const struct slb_class *,
                                       const struct slb_object *parent,
                                       const struct slb_yaml_node *);

/* Whether quotes make a value of 'field' something else. */
static bool
is_number(const struct slb_field *field)
{
    return field->type == SLB_T_INTEGER || field->type == SLB_T_BOOLEAN;
}

/* Whether 'text' is a word that stands for a number: that has quotes in
 * JSON. */
static bool
is_word(const struct slb_field *field, const char *text)
{
    for (const struct slb_word *w = field->words; w && w->name; w++) {
        if (!strcmp(w->name, text)) {
            return true;
        }
    }
    return false;
}

/* Names or prefixes in a list. */
#define MAX_STRINGS 1000

/* Reads the list 'node' as the entries of 'field', whose value is 'strings'.
 * Returns false, after reporting why, if one is wrong. */
bool
slb_parse_strings(struct slb_input *input, const struct slb_field *field,
                  const struct slb_yaml_node *node,
                  struct slb_strings *strings)
{
    bool ok = true;

    if (node->n > MAX_STRINGS) {
        slb_errors_add(&input->errors, node->mark, "'%s' has %"PRIuSIZE" "
                       "entries, expected at most %d", field->name, node->n,
                       MAX_STRINGS);
        return false;
    }
    for (size_t i = 0; i < node->n; i++) {
        const struct slb_yaml_node *entry = node->nodes[i];
        char *error, *text = NULL;

        if (entry->type == SLB_YAML_SCALAR && !slb_yaml_is_null(entry)) {
            error = slb_entry_parse(field, entry->text, &text);
        } else {
            struct ds ds = DS_EMPTY_INITIALIZER;
            slb_yaml_format_found(entry, &ds);
            ds_put_cstr(&ds, ", expected a text");
            error = ds_steal_cstr(&ds);
        }
        if (error) {
            slb_errors_add(&input->errors, entry->mark, "an entry of '%s' %s",
                           field->name, error);
            free(error);
            ok = false;
        } else {
            slb_strings_add(strings, text, &entry->mark);
        }
        free(text);
    }
    slb_strings_sort(strings);
    for (size_t i = 1; i < strings->n; i++) {
        if (!strcmp(strings->at[i - 1], strings->at[i])) {
            slb_errors_add(&input->errors, strings->marks[i],
                           "'%s' has the entry '%s' twice, expected it only "
                           "once", field->name, strings->at[i]);
            ok = false;
        }
    }
    return ok;
}

/* Objects in a list; of the largest pool, members.  (Ids of Azure's, which are
 * all in one, are no part of the model.) */
#define MAX_OBJECTS 5000

/* Reads the list 'node' as the value of 'field' of 'object'.  Returns false,
 * after reporting why, if something in it is wrong. */
static bool
parse_list(struct slb_input *input, struct slb_object *object,
           const struct slb_field *field, const struct slb_yaml_node *node)
{
    bool complete = true;

    if (node->n > MAX_OBJECTS && field->class != &slb_azure_id_class) {
        slb_errors_add(&input->errors, node->mark, "'%s' has %"PRIuSIZE" "
                       "entries, expected at most %d", field->name, node->n,
                       MAX_OBJECTS);
        return false;
    }
    for (size_t i = 0; i < node->n; i++) {
        struct slb_object *child = parse_object(input, field->class, object,
                                                node->nodes[i]);
        if (child) {
            slb_list_add(slb_field_value(field, object), child);
        } else {
            complete = false;
        }
    }
    return complete;
}

/* Reads 'node' as the value of 'field' of 'object'.  Returns false, after
 * reporting why, if it is none. */
static bool
parse_field(struct slb_input *input, struct slb_object *object,
            const struct slb_field *field, const struct slb_yaml_node *node)
{
    void *value = slb_field_value(field, object);
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (slb_field_is_strings(field)) {
        if (node->type == SLB_YAML_LIST) {
            return slb_parse_strings(input, field, node, value);
        }
    } else if (field->type == SLB_T_LIST) {
        if (node->type == SLB_YAML_LIST) {
            return parse_list(input, object, field, node);
        }
    } else if (node->type == SLB_YAML_SCALAR && !slb_yaml_is_null(node)
               && (node->plain || !is_number(field)
                   || is_word(field, node->text))) {
        char *error = slb_value_parse(field, node->text, value);
        if (!error) {
            return true;
        }
        slb_errors_add(&input->errors, node->mark, "'%s' %s", field->name,
                       error);
        free(error);
        return false;
    }

    ds_put_format(&ds, "'%s' ", field->name);
    slb_yaml_format_found(node, &ds);
    ds_put_cstr(&ds, ", expected ");
    slb_field_format_expected(field, &ds);
    if ((field->type == SLB_T_LIST || slb_field_is_strings(field))
        && slb_yaml_is_null(node)) {
        ds_put_cstr(&ds, ", or [] for none");
    } else if (is_number(field)
               && node->type == SLB_YAML_SCALAR && !node->plain) {
        ds_put_cstr(&ds, " without quotes");
    }
    slb_errors_add_nocopy(&input->errors, node->mark, ds_steal_cstr(&ds));
    return false;
}

/* Returns which field of 'class' is what Azure calls 'name', or NULL. */
static const char *
find_azure_name(const struct slb_class *class, const char *name)
{
    static const struct { const char *azure, *ours; } names[] = {
        { "addressPrefix", "prefix" },
        { "backendAddressPool", "backendPool" },
        { "backendAddressPools", "backendPools" },
        { "backendIPConfiguration", "target" },
        { "backendIPConfigurations", "members" },
        { "frontendIPConfiguration", "frontend" },
        { "frontendIPConfigurations", "frontends" },
        { "ipAddress", "address" },
        { "ipPrefix", "prefix" },
        { "loadBalancerBackendAddresses", "members" },
        { "loadBalancingRules", "rules" },
        { "privateIPAddress", "address" },
        { "probeThreshold", "numberOfProbes" },
        { "publicIPAddress", "address" },
        { "virtualNetwork", "network" },
        { "virtualNetworkPeerings", "peerings" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!strcasecmp(names[i].azure, name)
            && slb_class_field(class, names[i].ours)) {
            return names[i].ours;
        }
    }
    return NULL;
}

/* Reports that 'key' is none of 'class'.  Returns the field that was meant, if
 * that can be guessed, otherwise NULL. */
static const struct slb_field *
report_unknown_key(struct slb_input *input, const struct slb_class *class,
                   bool kind, const struct slb_yaml_node *key)
{
    const char *keys[MAX_KEYS];
    size_t n = list_keys(class, kind, keys);
    const char *nearest;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (slb_errors_is_full(&input->errors)) {
        return NULL;
    }
    nearest = find_azure_name(class, key->text);
    nearest = nearest ? nearest : slb_text_nearest(key->text, keys, n);
    ds_put_cstr(&ds, "unknown key ");
    slb_text_quote(key->text, &ds);
    ds_put_format(&ds, " in %s %s", slb_class_article(class),
                  class->noun);
    if (nearest) {
        ds_put_format(&ds, ", did you mean '%s'?", nearest);
    } else {
        ds_put_cstr(&ds, ", expected ");
        format_words(keys, n, " or", &ds);
    }
    slb_errors_add_nocopy(&input->errors, key->mark, ds_steal_cstr(&ds));
    return nearest ? slb_class_field(class, nearest) : NULL;
}

/* The keys of a map that is to be an object of 'class', and their values, by
 * the index of their field; KIND_KEY comes after all fields. */
struct keys {
    const struct slb_class *class;
    bool kind;                  /* KIND_KEY may be there. */
    const struct slb_yaml_node *keys[MAX_KEYS];
    const struct slb_yaml_node *values[MAX_KEYS];
    struct shash unknown;       /* Other keys. */
};

/* Returns the index of 'name' in 'keys', or -1 if it is unknown. */
static int
find_key(const struct keys *keys, const char *name)
{
    const struct slb_class *class = keys->class;
    const struct slb_field *field = slb_class_field(class, name);

    return (field ? field - class->fields
            : keys->kind && !strcmp(name, KIND_KEY) ? class->n_fields : -1);
}

/* Reads the keys of the map 'node', which should be words and there once, into
 * 'keys', whose 'class' and 'kind' are set.  Returns false, after reporting
 * it, if something else than a word is a key: that cannot be made sense of. */
static bool
read_keys(struct slb_input *input, struct keys *keys,
          const struct slb_yaml_node *node)
{
    bool ok = true;

    for (size_t i = 0; i < node->n; i += 2) {
        const struct slb_yaml_node *key = node->nodes[i];
        const struct slb_yaml_node *first;
        struct ds ds = DS_EMPTY_INITIALIZER;
        int index;

        if (key->type != SLB_YAML_SCALAR) {
            ds_put_cstr(&ds, "a key ");
            slb_yaml_format_found(key, &ds);
            ds_put_format(&ds, ", expected the name of a property of %s "
                          "%s", slb_class_article(keys->class),
                          keys->class->noun);
            slb_errors_add_nocopy(&input->errors, key->mark,
                                  ds_steal_cstr(&ds));
            ok = false;
            continue;
        }

        index = find_key(keys, key->text);
        first = (index >= 0 ? keys->keys[index]
                 : shash_find_data(&keys->unknown, key->text));
        if (first) {
            ds_put_cstr(&ds, "the key ");
            slb_text_quote(key->text, &ds);
            ds_put_cstr(&ds, " is there twice, expected it only once; the "
                        "first one is at ");
            slb_mark_format(first->mark, &ds);
            slb_errors_add_nocopy(&input->errors, key->mark,
                                  ds_steal_cstr(&ds));
        } else if (index >= 0) {
            keys->keys[index] = key;
            keys->values[index] = node->nodes[i + 1];
        } else {
            shash_add(&keys->unknown, key->text, key);
        }
    }
    return ok;
}

/* Reports the keys of 'node' that 'keys' has as unknown. */
static void
report_unknown_keys(struct slb_input *input, struct keys *keys,
                    const struct slb_yaml_node *node)
{
    for (size_t i = 0; i < node->n; i += 2) {
        const struct slb_yaml_node *key = node->nodes[i];

        if (find_key(keys, key->text) < 0) {
            const struct slb_field *field
                = report_unknown_key(input, keys->class, keys->kind, key);

            /* Taking it for what was meant spares the user the errors that
             * follow from its absence. */
            if (field && !keys->values[field - keys->class->fields]) {
                keys->values[field - keys->class->fields] = node->nodes[i + 1];
            }
        }
    }
}

static void
report_missing_key(struct slb_input *input, const struct slb_object *object,
                   const struct slb_field *field)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "the key '%s' is missing in ", field->name);
    if (object->name) {
        ds_put_format(&ds, "%s ", object->class->noun);
        slb_text_quote(object->name, &ds);
    } else {
        ds_put_format(&ds, "%s %s", slb_class_article(object->class),
                      object->class->noun);
    }
    ds_put_cstr(&ds, ", expected ");
    slb_field_format_expected(field, &ds);
    slb_errors_add_nocopy(&input->errors, object->mark, ds_steal_cstr(&ds));
}

/* Reports that 'object', which may take its name from another field, has
 * neither. */
static void
check_name(struct slb_input *input, struct slb_object *object)
{
    const struct slb_class *class = object->class;
    const struct slb_field *from = slb_class_field(class, class->name_from);

    if (!object->name && slb_object_has(object, "name")
        && slb_object_has(object, from->name)
        && !slb_value_is_set(from, slb_field_value(from, object))) {
        slb_errors_add(&input->errors, object->mark, "the key 'name' is "
                       "missing in %s %s, expected it or '%s'",
                       slb_class_article(class), class->noun, from->name);
        object->invalid |= UINT64_C(1)
                           << (slb_class_field(class, "name")
                               - class->fields);
    }
}

/* Reads the map 'node' as an object of 'class', below 'parent' if that is not
 * NULL.  Returns NULL, after reporting why, if it is none at all. */
static struct slb_object *
parse_object(struct slb_input *input, const struct slb_class *class,
             const struct slb_object *parent,
             const struct slb_yaml_node *node)
{
    struct keys keys = { .class = class, .kind = !parent };
    bool ok;

    if (node->type != SLB_YAML_MAP) {
        const char *names[MAX_KEYS];
        size_t n = list_keys(class, keys.kind, names);
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_format(&ds, "%s %s ", slb_class_article(class), class->noun);
        slb_yaml_format_found(node, &ds);
        ds_put_cstr(&ds, ", expected a map with the keys ");
        format_words(names, n, " and", &ds);
        slb_errors_add_nocopy(&input->errors, node->mark, ds_steal_cstr(&ds));
        return NULL;
    }

    shash_init(&keys.unknown);
    ok = read_keys(input, &keys, node);
    if (ok && !shash_is_empty(&keys.unknown)) {
        report_unknown_keys(input, &keys, node);
    }
    shash_destroy(&keys.unknown);
    if (!ok) {
        return NULL;
    }

    struct slb_object *object = slb_object_create(class, parent);
    object->mark = node->mark;
    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];
        const struct slb_yaml_node *value = keys.values[i];

        if (value) {
            slb_object_set_mark(object, i, value->mark);
            if (!parse_field(input, object, field, value)) {
                object->invalid |= UINT64_C(1) << i;
            }
        } else if (field->required) {
            report_missing_key(input, object, field);
            object->invalid |= UINT64_C(1) << i;
        }
    }
    if (class->name_from) {
        check_name(input, object);
    }
    return object;
}

static void
report_bad_kind(struct slb_input *input, struct slb_mark mark,
                const struct slb_yaml_node *kind)
{
    const char *names[MAX_KEYS];
    size_t n = 0;
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; slb_kinds[i]; i++) {
        names[n++] = slb_kinds[i]->name;
    }
    for (size_t i = 0; slb_input_kinds[i]; i++) {
        names[n++] = slb_input_kinds[i]->name;
    }

    const char *nearest = NULL;
    if (kind) {
        ds_put_cstr(&ds, "'" KIND_KEY "' ");
        slb_yaml_format_found(kind, &ds);
        if (kind->type == SLB_YAML_SCALAR) {
            nearest = slb_text_nearest(kind->text, names, n);
        }
    } else {
        ds_put_cstr(&ds, "the key '" KIND_KEY "' is missing");
    }
    if (nearest) {
        ds_put_format(&ds, ", did you mean '%s'?", nearest);
    } else {
        ds_put_cstr(&ds, ", expected ");
        format_words(names, n, " or", &ds);
    }
    slb_errors_add_nocopy(&input->errors, mark, ds_steal_cstr(&ds));

    /* What others refer to may have been in there. */
    input->incomplete = true;
}

/* Returns what a document may be that says it is of the kind 'name', or
 * NULL. */
static const struct slb_class *
find_kind(const char *name)
{
    for (size_t i = 0; slb_input_kinds[i]; i++) {
        if (!strcmp(slb_input_kinds[i]->name, name)) {
            return slb_input_kinds[i];
        }
    }
    return slb_kind_from_name(name);
}

/* Adds 'object', a whole document, to 'input'.  Its name should be unique;
 * that is checked here, so that a text that has the same again and again is
 * not read to its end. */
void
slb_input_add_object(struct slb_input *input, struct slb_object *object)
{
    const struct slb_object *first;

    slb_object_fill_defaults(object);
    slb_list_add(slb_model_list(&input->model, object->class), object);
    first = (object->name
             ? slb_index_add_name(&input->objects, object->class,
                                  object->name, object)
             : NULL);
    if (first) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_format(&ds, "the name '%s' is that of %s '%s' (", object->name,
                      first->class->noun, first->name);
        slb_mark_format(slb_object_mark(first, "name"), &ds);
        ds_put_cstr(&ds, "), expected another one");
        slb_errors_add_nocopy(&input->errors, slb_object_mark(object, "name"),
                              ds_steal_cstr(&ds));
    }
}

/* Reads 'node', a whole document or, if it is not 'alone', an entry of one
 * that is a list. */
static void
parse_kind(struct slb_input *input, const struct slb_yaml_node *node,
           bool alone)
{
    if (node->type != SLB_YAML_MAP) {
        struct ds ds = DS_EMPTY_INITIALIZER;
        ds_put_cstr(&ds, "the document ");
        slb_yaml_format_found(node, &ds);
        ds_put_cstr(&ds, ", expected a map with the key '" KIND_KEY "'");
        slb_errors_add_nocopy(&input->errors, node->mark, ds_steal_cstr(&ds));
        return;
    }

    for (size_t i = 0; i < node->n; i += 2) {
        const struct slb_yaml_node *key = node->nodes[i];
        const struct slb_yaml_node *value = node->nodes[i + 1];

        if (key->type == SLB_YAML_SCALAR && !strcmp(key->text, KIND_KEY)
            && !(slb_yaml_is_null(value) && slb_azure_recognizes(node))) {
            const struct slb_class *class
                = (value->type == SLB_YAML_SCALAR
                   ? find_kind(value->text) : NULL);
            struct slb_object *object;

            if (!class) {
                report_bad_kind(input, value->mark, value);
            } else if ((object = parse_object(input, class, NULL, node))
                       && class == &slb_azure_ids_class) {
                slb_azure_add_ids(input, object);
            } else if (object) {
                slb_input_add_object(input, object);
            } else {
                input->incomplete = true;
            }
            return;
        }
    }
    if (slb_azure_recognizes(node)) {
        slb_azure_add(input, node, alone);
    } else {
        report_bad_kind(input, node->mark, NULL);
    }
}

/* Reads 'doc', a piece of a text. */
static void
parse_document(struct slb_input *input, const struct slb_yaml_document *doc)
{
    const struct slb_yaml_node *root = doc->root;

    if (root->type == SLB_YAML_LIST && !doc->is_entry) {
        for (size_t i = 0; i < root->n; i++) {
            parse_kind(input, root->nodes[i], false);
        }
    } else {
        parse_kind(input, root, !doc->is_entry);
    }
}

/* Reads all of 'yaml', which is called 'source'. */
static void
parse_all(struct slb_input *input, const struct slb_source *source,
          struct slb_yaml *yaml)
{
    struct slb_yaml_document doc;
    size_t n_errors = input->errors.n;
    size_t n_documents = 0;

    while (slb_yaml_next(yaml, &doc)) {
        if (doc.root && (doc.is_entry || !slb_yaml_is_null(doc.root))) {
            parse_document(input, &doc);
            slb_azure_keep(input, &doc);
            n_documents++;
        }
        slb_yaml_document_destroy(&doc);
        if (slb_errors_is_full(&input->errors)) {
            break;
        }
        n_errors = input->errors.n;
    }
    slb_yaml_document_destroy(&doc);

    if (input->errors.n > n_errors) {
        input->incomplete = true;
    } else if (!n_documents) {
        struct slb_mark mark = { .source = source, .line = 1, .column = 1 };
        slb_errors_add(&input->errors, mark, "there is nothing in the file, "
                       "expected a document with the key '" KIND_KEY "'");
    }
}

/* Reads 'text', 'size' bytes, which is called 'name' in messages. */
void
slb_input_add_text(struct slb_input *input, const char *name,
                   const char *text, size_t size)
{
    const struct slb_source *source = add_source(input, name);
    struct slb_yaml *yaml = slb_yaml_open(text, size, source, &input->errors);

    parse_all(input, source, yaml);
    slb_yaml_close(yaml);
}

static void
add_stream(struct slb_input *input, const struct slb_source *source,
           FILE *stream)
{
    struct slb_yaml *yaml = slb_yaml_open_stream(stream, source,
                                                 &input->errors);

    parse_all(input, source, yaml);
    slb_yaml_close(yaml);
}

static void
report_unreadable(struct slb_input *input, const struct slb_source *source,
                  int error)
{
    struct slb_mark mark = { .source = source };

    slb_errors_add(&input->errors, mark, "cannot be read (%s), expected a "
                   "file with YAML", ovs_strerror(error));
    input->incomplete = true;
}

/* Checks that 'source', a regular file that 'status' is about, has not been
 * read before. */
static bool
is_new_file(struct slb_input *input, const struct slb_source *source,
            const struct stat *status)
{
    uint64_t id[2] = { status->st_dev, status->st_ino };
    struct slb_mark mark = { .source = source };
    const struct slb_source *first;
    struct in6_addr key;

    BUILD_ASSERT(sizeof key == sizeof id);
    memcpy(&key, id, sizeof key);
    first = slb_index_add_address(&input->files, NULL, &key, 0, source);
    if (first && !strcmp(first->name, source->name)) {
        slb_errors_add(&input->errors, mark, "given twice, expected it only "
                       "once");
    } else if (first) {
        slb_errors_add(&input->errors, mark, "the same file as %s, expected "
                       "it only once", first->name);
    }
    return !first;
}

/* Reads 'fd', an open file that 'status' is about, and closes it. */
static void
add_fd(struct slb_input *input, const struct slb_source *source, int fd,
       const struct stat *status)
{
    struct slb_mark mark = { .source = source };
    FILE *stream;

    if (S_ISREG(status->st_mode) && !is_new_file(input, source, status)) {
        close(fd);
        return;
    }
    if (S_ISREG(status->st_mode) && status->st_size > SLB_YAML_MAX_SIZE) {
        slb_errors_add(&input->errors, mark, "too large, expected at most %d "
                       "MiB in a file", SLB_YAML_MAX_SIZE / 1024 / 1024);
        input->incomplete = true;
        close(fd);
        return;
    }

    stream = fdopen(fd, "r");
    if (!stream) {
        report_unreadable(input, source, errno);
        close(fd);
        return;
    }
    add_stream(input, source, stream);
    fclose(stream);
}

/* Opens 'path' for reading.  Returns -1 and sets errno if it cannot be.  Does
 * not wait for somebody to write to it if it is a named pipe. */
static int
open_file(const char *path, struct stat *status)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

    if (fd >= 0 && (fstat(fd, status)
                    || fcntl(fd, F_SETFL, 0) < 0)) {
        int error = errno;
        close(fd);
        errno = error;
        fd = -1;
    }
    return fd;
}

/* Folders. */

static bool
ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), n_end = strlen(end);

    return n > n_end && !strcmp(s + n - n_end, end);
}

/* Whether a file called this, in a folder, is one of those to be read. */
static int
is_wanted(const struct dirent *entry)
{
    const char *name = entry->d_name;

    return name[0] != '.' && (ends_with(name, ".yaml")
                              || ends_with(name, ".yml")
                              || ends_with(name, ".json"));
}

static int
compare_entries(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Reads the files in 'folder', in order of their names. */
static void
add_folder(struct slb_input *input, const char *folder)
{
    const char *slash = ends_with(folder, "/") ? "" : "/";
    struct dirent **entries;
    int n = scandir(folder, &entries, is_wanted, compare_entries);

    if (n < 0) {
        report_unreadable(input, add_source(input, folder), errno);
        return;
    } else if (!n) {
        struct slb_mark mark = { .source = add_source(input, folder) };
        slb_errors_add(&input->errors, mark, "there is nothing in the folder, "
                       "expected files called *.yaml, *.yml or *.json");
    }
    for (int i = 0; i < n; i++) {
        char *path = xasprintf("%s%s%s", folder, slash, entries[i]->d_name);
        const struct slb_source *source = add_source(input, path);
        struct stat status;
        int fd = open_file(path, &status);

        if (fd < 0) {
            report_unreadable(input, source, errno);
        } else if (!S_ISREG(status.st_mode)) {
            struct slb_mark mark = { .source = source };
            slb_errors_add(&input->errors, mark, "not a regular file, "
                           "expected only such in a folder");
            close(fd);
        } else {
            add_fd(input, source, fd, &status);
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
}

/* Reads the file 'path', standard input if that is "-", or the files *.yaml,
 * *.yml and *.json in it if it is a folder, in order of their names, without
 * those whose names begin with '.' and without folders below. */
void
slb_input_add_file(struct slb_input *input, const char *path)
{
    struct stat status;
    int fd;

    if (!strcmp(path, "-")) {
        add_stream(input, add_source(input, "(stdin)"), stdin);
        return;
    }

    fd = open_file(path, &status);
    if (fd < 0) {
        report_unreadable(input, add_source(input, path), errno);
    } else if (S_ISDIR(status.st_mode)) {
        close(fd);
        add_folder(input, path);
    } else {
        add_fd(input, add_source(input, path), fd, &status);
    }
}

/* Finishes what needs all files: has to follow the last one.  (slb_validate()
 * does so itself.) */
void
slb_input_finish(struct slb_input *input)
{
    slb_azure_finish(input);
}

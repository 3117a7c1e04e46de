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

#include "yaml/slb-azure-map.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "random.h"
#include "util.h"
#include "yaml/slb-azure-ids.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-text.h"
#include "yaml/slb-yaml.h"

#define PROPERTIES "properties"

struct property {
    struct hmap_node hmap_node;
    const struct slb_yaml_node *key, *value;
    bool inner;                 /* Is in PROPERTIES. */
    bool asked;
};

static uint32_t
hash_name(const struct slb_azure_map *map, const char *name)
{
    uint32_t hash = map->basis;

    for (; *name; name++) {
        hash = hash_add(hash, tolower((unsigned char) *name));
    }
    return hash_finish(hash, 0);
}

static struct property *
find_property(const struct slb_azure_map *map, const char *name)
{
    struct property *property;

    HMAP_FOR_EACH_WITH_HASH (property, hmap_node, hash_name(map, name),
                             &map->properties) {
        if (!strcasecmp(property->key->text, name)) {
            return property;
        }
    }
    return NULL;
}

static bool
is_same_scalar(const struct slb_yaml_node *a, const struct slb_yaml_node *b)
{
    return (a->type == SLB_YAML_SCALAR && b->type == SLB_YAML_SCALAR
            && !strcmp(a->text, b->text));
}

/* The article of 'noun'. */
static const char *
article(const char *noun)
{
    return strchr("aeiou", *noun) ? "an" : "a";
}

static void
add_property(struct slb_azure_map *map, const struct slb_yaml_node *key,
             const struct slb_yaml_node *value, bool inner)
{
    struct slb_errors *errors = &map->input->errors;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (key->type != SLB_YAML_SCALAR) {
        ds_put_cstr(&ds, "a key ");
        slb_yaml_format_found(key, &ds);
        ds_put_format(&ds, ", expected the name of a property of %s %s",
                      article(map->noun), map->noun);
        slb_errors_add_nocopy(errors, key->mark, ds_steal_cstr(&ds));
        return;
    }

    const struct property *first = find_property(map, key->text);
    if (!first) {
        struct property *property = xzalloc(sizeof *property);
        property->key = key;
        property->value = value;
        property->inner = inner;
        hmap_insert(&map->properties, &property->hmap_node,
                    hash_name(map, key->text));
    } else if (first->inner == inner
               || !is_same_scalar(first->value, value)) {
        ds_put_cstr(&ds, "the property ");
        slb_text_quote(key->text, &ds);
        ds_put_cstr(&ds, " is there twice, expected it only once; the first "
                    "one is at ");
        slb_mark_format(first->key->mark, &ds);
        slb_errors_add_nocopy(errors, key->mark, ds_steal_cstr(&ds));
    }
}

/* Whether 'text' is a template expression: it is in brackets, and these are
 * not escaped. */
static bool
is_expression(const char *text)
{
    size_t n = strlen(text);

    return n > 1 && text[0] == '[' && text[1] != '[' && text[n - 1] == ']';
}

/* Whether 'node', the value of the property 'name', is the value itself.  If
 * it is a template expression, reports that and returns false. */
bool
slb_azure_is_value(struct slb_input *input, const struct slb_yaml_node *node,
                   const char *name)
{
    if (node->type == SLB_YAML_SCALAR && is_expression(node->text)) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_format(&ds, "'%s' is the template expression ", name);
        slb_text_quote(node->text, &ds);
        ds_put_cstr(&ds, ", which is not evaluated, expected its value");
        slb_errors_add_nocopy(&input->errors, node->mark, ds_steal_cstr(&ds));
        return false;
    }
    return true;
}

/* Reports that 'node', the value of the property 'name', is not what is
 * 'expected', unless it is a template expression, which is reported then. */
static void
report_unexpected(struct slb_input *input, const struct slb_yaml_node *node,
                  const char *name, const char *expected)
{
    if (slb_azure_is_value(input, node, name)) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_format(&ds, "'%s' ", name);
        slb_yaml_format_found(node, &ds);
        ds_put_format(&ds, ", expected %s", expected);
        slb_errors_add_nocopy(&input->errors, node->mark, ds_steal_cstr(&ds));
    }
}

/* Makes 'map' the properties of 'node', which is to be what 'noun' says.
 * Returns false, after reporting why, if it is not even a map; otherwise the
 * caller has to close or destroy 'map'. */
bool
slb_azure_map_open(struct slb_azure_map *map, struct slb_input *input,
                   const struct slb_yaml_node *node, const char *noun)
{
    if (node->type != SLB_YAML_MAP) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_format(&ds, "a map with the properties of the %s", noun);
        report_unexpected(input, node, noun, ds_cstr(&ds));
        ds_destroy(&ds);
        return false;
    }

    *map = (struct slb_azure_map) {
        .input = input, .noun = noun, .node = node, .basis = random_uint32(),
    };
    hmap_init(&map->properties);

    const struct slb_yaml_node *inner = NULL;
    for (size_t i = 0; i < node->n; i += 2) {
        const struct slb_yaml_node *key = node->nodes[i];
        const struct slb_yaml_node *value = node->nodes[i + 1];

        if (!inner && key->type == SLB_YAML_SCALAR
            && !strcasecmp(key->text, PROPERTIES)) {
            inner = value;
        } else {
            add_property(map, key, value, false);
        }
    }
    if (inner && inner->type == SLB_YAML_MAP) {
        for (size_t i = 0; i < inner->n; i += 2) {
            add_property(map, inner->nodes[i], inner->nodes[i + 1], true);
        }
    } else if (inner && !slb_yaml_is_null(inner)) {
        report_unexpected(input, inner, PROPERTIES, "a map");
    }
    return true;
}

void
slb_azure_map_destroy(struct slb_azure_map *map)
{
    struct property *property;

    HMAP_FOR_EACH_POP (property, hmap_node, &map->properties) {
        free(property);
    }
    hmap_destroy(&map->properties);
}

/* Whether Azure means by 'node' that there is no value. */
static bool
is_absent(const struct slb_yaml_node *node)
{
    return (slb_yaml_is_null(node)
            || (node->type == SLB_YAML_SCALAR && !node->text[0]));
}

/* Whether a known property that is 'node' says nothing: it is null, false or
 * empty. */
static bool
is_nothing(const struct slb_yaml_node *node)
{
    if (node->type != SLB_YAML_SCALAR) {
        return !node->n;
    }
    return (is_absent(node)
            || (node->plain && !strcmp(node->text, "false")));
}

static void
warn_unread(struct slb_azure_map *map, const struct property *property,
            const struct slb_azure_unread *unread)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (slb_errors_is_full(&map->input->warnings)) {
        return;
    }
    if (unread) {
        ds_put_format(&ds, "'%s' is not supported, %s", unread->name,
                      unread->loss);
    } else {
        const char *nearest = slb_text_nearest(property->key->text,
                                               map->asked, map->n_asked);
        ds_put_cstr(&ds, "unknown property ");
        slb_text_quote(property->key->text, &ds);
        ds_put_format(&ds, " in %s %s, it is ignored", article(map->noun),
                      map->noun);
        if (nearest) {
            ds_put_format(&ds, ", did you mean '%s'?", nearest);
        }
    }
    slb_errors_add_nocopy(&map->input->warnings, property->key->mark,
                          ds_steal_cstr(&ds));
}

/* Warns of those properties of 'map' that nobody has asked for, unless these
 * say nothing, are among the 'n' 'unread' ones without loss, or are what every
 * object has.  Destroys 'map'. */
void
slb_azure_map_close(struct slb_azure_map *map,
                    const struct slb_azure_unread unread[], size_t n)
{
    static const char *const everywhere[] = {
        "id", "type", "etag", "provisioningState", "resourceGroup",
    };
    struct property *property;

    HMAP_FOR_EACH (property, hmap_node, &map->properties) {
        const struct slb_azure_unread *known = NULL;
        bool ignored = property->asked;

        for (size_t i = 0; i < ARRAY_SIZE(everywhere); i++) {
            ignored |= !strcasecmp(property->key->text, everywhere[i]);
        }
        for (size_t i = 0; i < n && !known; i++) {
            if (!strcasecmp(property->key->text, unread[i].name)) {
                known = &unread[i];
            }
        }
        ignored |= (known ? !known->loss || is_nothing(property->value)
                    : slb_yaml_is_null(property->value));
        if (!ignored) {
            warn_unread(map, property, known);
        }
    }
    slb_azure_map_destroy(map);
}

/* Returns the value of the property 'name' of 'map', or NULL if there is
 * none. */
const struct slb_yaml_node *
slb_azure_map_get(struct slb_azure_map *map, const char *name)
{
    struct property *property = find_property(map, name);

    if (map->n_asked < ARRAY_SIZE(map->asked)) {
        map->asked[map->n_asked++] = name;
    }
    if (!property) {
        return NULL;
    }
    property->asked = true;
    return is_absent(property->value) ? NULL : property->value;
}

/* Returns the value of the property 'name' of 'map', a list of what is
 * 'expected' ("a list of probes"), or NULL if there is none or, which is
 * reported, it is no list. */
const struct slb_yaml_node *
slb_azure_map_list(struct slb_azure_map *map, const char *name,
                   const char *expected)
{
    const struct slb_yaml_node *node = slb_azure_map_get(map, name);

    if (node && node->type != SLB_YAML_LIST) {
        report_unexpected(map->input, node, name, expected);
        return NULL;
    }
    return node;
}

/* Returns what is expected of 'value', which is no valid id. */
static const char *
expected_id(const struct slb_yaml_node *value)
{
    const char *text = value->type == SLB_YAML_SCALAR ? value->text : "";

    if (text[0] && text[strlen(text) - 1] == '/') {
        return "the id of a resource, without '/' at the end";
    } else if (strchr(text, ' ')) {
        return "the id of a resource, without blanks";
    }
    return "the id of a resource, like "
           "/subscriptions/S/resourceGroups/R/providers/...";
}

/* Opens 'node', the value of the property 'name', as a reference, a map that
 * has an id and may have more.  Returns false, after reporting why, if it is
 * none; otherwise the caller has to close 'ref'.  Sets '*id' to the id,
 * which is valid, and '*mark' to its place. */
bool
slb_azure_reference_open(struct slb_azure_map *ref, struct slb_input *input,
                         const struct slb_yaml_node *node, const char *name,
                         const char **id, struct slb_mark *mark)
{
    static const char expected[] = "a map with the 'id' of a resource";
    const struct slb_yaml_node *value;

    if (node->type != SLB_YAML_MAP) {
        report_unexpected(input, node, name, expected);
        return false;
    }
    if (!slb_azure_map_open(ref, input, node, "reference")) {
        return false;
    }
    value = slb_azure_map_get(ref, "id");
    if (!value) {
        slb_errors_add(&input->errors, node->mark,
                       "'%s' has no 'id', expected %s", name, expected);
    } else if (slb_azure_is_value(input, value, "id")) {
        if (value->type == SLB_YAML_SCALAR
            && slb_azure_id_is_valid(value->text)) {
            *id = value->text;
            *mark = value->mark;
            return true;
        }
        report_unexpected(input, value, "id", expected_id(value));
    }
    slb_azure_map_destroy(ref);
    return false;
}

/* Destroys 'ref', after warning of what is in it besides an id, unless that
 * describes the resource that has the id: that is described elsewhere. */
void
slb_azure_reference_close(struct slb_azure_map *ref)
{
    static const struct slb_azure_unread unread[] = {
        { "extendedLocation", NULL }, { "location", NULL }, { "name", NULL },
        { "sku", NULL }, { "tags", NULL }, { "zones", NULL },
    };
    struct property *property;

    HMAP_FOR_EACH (property, hmap_node, &ref->properties) {
        property->asked |= property->inner;
    }
    slb_azure_map_close(ref, unread, ARRAY_SIZE(unread));
}

/* Like slb_azure_reference_open(), of the property 'name' of 'map'.  Also
 * returns false if there is none, which is not reported. */
bool
slb_azure_map_reference(struct slb_azure_map *map, const char *name,
                        struct slb_azure_map *ref, const char **id,
                        struct slb_mark *mark)
{
    const struct slb_yaml_node *node = slb_azure_map_get(map, name);

    return node && slb_azure_reference_open(ref, map->input, node, name, id,
                                            mark);
}

/* Returns what 'text' is as a value of 'field': in Azure, upper and lower case
 * are the same in words, and a bracket is escaped by another one. */
static const char *
canonical_text(const struct slb_field *field, const char *text)
{
    if (field->type == SLB_T_ENUM) {
        for (size_t i = 0; field->values[i]; i++) {
            if (!strcasecmp(text, field->values[i])) {
                return field->values[i];
            }
        }
    }
    return text + !strncmp(text, "[[", 2);
}

/* Reports that 'map', of which 'object' is made, has no property 'name', which
 * is 'expected' and of which the field called 'field' would be made. */
void
slb_azure_map_missing(const struct slb_azure_map *map, const char *name,
                      const char *expected, struct slb_object *object,
                      const char *field)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "the property '%s' is missing in ", name);
    if (object->name) {
        ds_put_format(&ds, "%s ", map->noun);
        slb_text_quote(object->name, &ds);
    } else {
        ds_put_format(&ds, "%s %s", article(map->noun), map->noun);
    }
    ds_put_format(&ds, ", expected %s", expected);
    slb_errors_add_nocopy(&map->input->errors, map->node->mark,
                          ds_steal_cstr(&ds));
    slb_object_set_invalid(object, field);
}

/* Whether 'node' would be a value of 'field' only without its quotes. */
static bool
has_wrong_quotes(const struct slb_field *field,
                 const struct slb_yaml_node *node)
{
    return (node->type == SLB_YAML_SCALAR && !node->plain
            && (field->type == SLB_T_BOOLEAN
                || (field->type == SLB_T_INTEGER
                    && !node->text[strspn(node->text, "-0123456789")])));
}

/* Sets the field called 'field_name' of 'object' to the value of the property
 * 'name' of 'map'.  Returns true if that has been done.  Returns false if
 * there is no such property, which is reported only if it is required, or
 * after reporting what is wrong with it. */
bool
slb_azure_map_field(struct slb_azure_map *map, const char *name,
                    struct slb_object *object, const char *field_name)
{
    const struct slb_field *field = slb_class_field(object->class, field_name);
    const struct slb_yaml_node *node = slb_azure_map_get(map, name);
    struct ds expected = DS_EMPTY_INITIALIZER;
    bool wrong_quotes;
    char *path;
    bool ok = false;

    if (!node) {
        if (field->required) {
            slb_field_format_expected(field, &expected);
            slb_azure_map_missing(map, name, ds_cstr(&expected), object,
                                  field_name);
            ds_destroy(&expected);
        }
        return false;
    }

    slb_object_set_mark(object, field - object->class->fields, node->mark);
    wrong_quotes = has_wrong_quotes(field, node);
    path = xasprintf("%s%s", map->path ? map->path : "", name);
    if (node->type == SLB_YAML_SCALAR && !wrong_quotes) {
        if (slb_azure_is_value(map->input, node, path)) {
            char *error = slb_value_parse(field,
                                          canonical_text(field, node->text),
                                          slb_field_value(field, object));
            if (error) {
                slb_errors_add(&map->input->errors, node->mark, "'%s' %s",
                               path, error);
            }
            ok = !error;
            free(error);
        }
    } else {
        slb_field_format_expected(field, &expected);
        ds_put_cstr(&expected, wrong_quotes ? " without quotes" : "");
        report_unexpected(map->input, node, path, ds_cstr(&expected));
        ds_destroy(&expected);
    }
    free(path);
    if (!ok) {
        slb_object_set_invalid(object, field_name);
    }
    return ok;
}

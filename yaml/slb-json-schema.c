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

#include "yaml/slb-json-schema.h"

#include <stdlib.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "util.h"
#include "yaml/slb-schema.h"

/* A name that slb_name_is_valid(); the length is said by SLB_NAME_MAX. */
#define NAME_PATTERN "^[A-Za-z0-9_][A-Za-z0-9_.-]*$"
#define TEXT_PATTERN "^[!-~]+$"

/* An address as slb_address_parse() reads it, and a prefix. */
#define V4_BYTE "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define V4 "(" V4_BYTE "\\.){3}" V4_BYTE
#define H "[0-9A-Fa-f]{1,4}"
#define V6 "(" H ":){7}" H                                          \
    "|(" H ":){6}" V4                                               \
    "|(" H ":){1,7}:|:(:" H "){1,7}"                                \
    "|(" H ":){1,6}:" H                                             \
    "|(" H ":){1,5}(:" H "){2}|(" H ":){1,4}(:" H "){3}"            \
    "|(" H ":){1,3}(:" H "){4}|(" H ":){1,2}(:" H "){5}"            \
    "|" H ":(:" H "){6}"                                            \
    "|:(:" H "){0,5}:" V4 "|(" H ":){1}(:" H "){0,4}:" V4           \
    "|(" H ":){2}(:" H "){0,3}:" V4 "|(" H ":){3}(:" H "){0,2}:" V4 \
    "|(" H ":){4}(:" H ")?:" V4 "|(" H ":){5}:" V4
#define NOT_MAPPED "(?!::[Ff]{4}:)"
#define ADDRESS_PATTERN "^" NOT_MAPPED "(" V4 "|" V6 ")$"
#define PREFIX_PATTERN                                              \
    "^" NOT_MAPPED "(" V4 "/(3[0-2]|[12]?[0-9])"                       \
    "|(" V6 "|::)/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))$"

static struct json *
strings(const char *const *names)
{
    struct json *array = json_array_create_empty();

    for (; *names; names++) {
        json_array_add(array, json_string_create(*names));
    }
    return array;
}

static struct json *
reference(const char *name)
{
    struct json *schema = json_object_create();

    json_object_put_format(schema, "$ref", "#/definitions/%s", name);
    return schema;
}

/* Adds 'pattern' to 'schema', and what VS Code and the YAML language server
 * say instead of showing it. */
static void
put_pattern(struct json *schema, const char *pattern,
            const struct slb_field *field)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "Expected ");
    slb_field_format_expected(field, &ds);
    ds_put_char(&ds, '.');
    json_object_put_string(schema, "pattern", pattern);
    json_object_put_string(schema, "patternErrorMessage", ds_cstr(&ds));
    ds_destroy(&ds);
}

/* Makes 'schema' one of a text.  A scalar without quotes that YAML takes for
 * a number or a boolean is a text as well. */
static void
put_text(struct json *schema, const char *pattern, int max_length,
         const struct slb_field *field)
{
    static const char *const types[] = {
        "string", "number", "boolean", NULL
    };

    json_object_put(schema, "type", strings(types));
    put_pattern(schema, pattern, field);
    json_object_put(schema, "maxLength", json_integer_create(max_length));
    json_object_put(schema, "minimum", json_integer_create(0));
}

/* Adds the definition 'name' of texts that match 'pattern', values of 'type',
 * to 'definitions'. */
static void
add_pattern(struct json *definitions, const char *name, const char *pattern,
            enum slb_type type)
{
    const struct slb_field field = { .type = type };
    struct json *schema = json_object_create();

    json_object_put_string(schema, "type", "string");
    put_pattern(schema, pattern, &field);
    json_object_put(definitions, name, schema);
}

static void
put_integer(struct json *schema, const struct slb_field *field)
{
    struct json *integer = field->words ? json_object_create() : schema;

    json_object_put_string(integer, "type", "integer");
    json_object_put(integer, "minimum", json_integer_create(field->min));
    json_object_put(integer, "maximum", json_integer_create(field->max));
    if (field->multiple) {
        json_object_put(integer, "multipleOf",
                        json_integer_create(field->multiple));
    }
    if (field->words) {
        struct json *words = json_array_create_empty();
        struct json *word = json_object_create();

        for (const struct slb_word *w = field->words; w->name; w++) {
            json_array_add(words, json_string_create(w->name));
        }
        json_object_put(word, "enum", words);
        json_object_put(schema, "anyOf", json_array_create_2(integer, word));
    }
}

static void
put_array(struct json *schema, struct json *items, bool unique)
{
    json_object_put_string(schema, "type", "array");
    json_object_put(schema, "items", items);
    if (unique) {
        json_object_put(schema, "uniqueItems", json_boolean_create(true));
    }
}

static void
put_default(struct json *schema, const struct slb_field *field)
{
    union {
        int integer;
        bool boolean;
    } def = { .integer = 0 };

    if (field->required || field->computed) {
        return;
    }
    slb_value_init(field, &def);
    if (field->type == SLB_T_BOOLEAN) {
        json_object_put(schema, "default", json_boolean_create(def.boolean));
    } else if (field->type == SLB_T_INTEGER) {
        json_object_put(schema, "default", json_integer_create(def.integer));
    } else if (field->type == SLB_T_ENUM) {
        json_object_put_string(schema, "default", field->values[def.integer]);
    } else if (field->type == SLB_T_LIST || slb_field_is_strings(field)) {
        json_object_put(schema, "default", json_array_create_empty());
    }
}

static struct json *
field_schema(const struct slb_field *field)
{
    static const struct slb_field name = { .type = SLB_T_NAME };
    struct json *schema = json_object_create();
    struct json *items;

    switch (field->type) {
    case SLB_T_NAME:
    case SLB_T_REF:
        put_text(schema, NAME_PATTERN, SLB_NAME_MAX, field);
        break;
    case SLB_T_TEXT:
        put_text(schema, TEXT_PATTERN, field->max, field);
        break;
    case SLB_T_ENUM:
        json_object_put(schema, "enum", strings(field->values));
        break;
    case SLB_T_INTEGER:
        put_integer(schema, field);
        break;
    case SLB_T_BOOLEAN:
        json_object_put_string(schema, "type", "boolean");
        break;
    case SLB_T_ADDRESS:
        /* With siblings, "$ref" alone would hide these. */
        json_object_put(schema, "allOf",
                        json_array_create_1(reference("Address")));
        break;
    case SLB_T_PREFIX:
        json_object_put(schema, "allOf",
                        json_array_create_1(reference("Prefix")));
        break;
    case SLB_T_REFS:
    case SLB_T_NAMES:
        items = json_object_create();
        put_text(items, NAME_PATTERN, SLB_NAME_MAX, &name);
        put_array(schema, items, true);
        break;
    case SLB_T_PREFIXES:
        put_array(schema, reference("Prefix"), true);
        break;
    case SLB_T_LIST:
        put_array(schema, reference(field->class->name), false);
        break;
    default:
        OVS_NOT_REACHED();
    }

    json_object_put_format(schema, "description", "%s%s%s%s", field->help,
                           field->computed ? "  By default " : "",
                           field->computed ? field->computed_help : "",
                           field->computed ? "." : "");
    put_default(schema, field);
    return schema;
}

/* Returns the schema of an object that has the keys 'names'. */
static struct json *
has_keys(const char *const *names)
{
    struct json *schema = json_object_create();

    json_object_put(schema, "required", strings(names));
    return schema;
}

/* Adds the schema of 'class', and of the classes in its lists, to
 * 'definitions'. */
static void
add_class(struct json *definitions, const struct slb_class *class, bool kind)
{
    struct json *schema = json_object_create();
    struct json *properties = json_object_create();
    struct json *required = json_array_create_empty();

    if (kind) {
        struct json *key = json_object_create();

        json_object_put_string(key, "const", class->name);
        json_object_put_string(key, "description", class->help);
        json_object_put(properties, "kind", key);
        json_array_add(required, json_string_create("kind"));
    }
    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];

        json_object_put(properties, field->name, field_schema(field));
        if (field->required) {
            json_array_add(required, json_string_create(field->name));
        }
        if (field->type == SLB_T_LIST) {
            add_class(definitions, field->class, false);
        }
    }

    json_object_put_string(schema, "title", class->name);
    json_object_put_string(schema, "description", class->help);
    json_object_put_string(schema, "type", "object");
    json_object_put(schema, "properties", properties);
    json_object_put(schema, "additionalProperties",
                    json_boolean_create(false));
    if (json_array(required)->n) {
        json_object_put(schema, "required", required);
    } else {
        json_destroy(required);
    }
    if (class->name_from) {
        /* Its own name, or what that is taken from. */
        const char *const name[] = { "name", NULL };
        const char *const from[] = { class->name_from, NULL };

        json_object_put(schema, "anyOf",
                        json_array_create_2(has_keys(name), has_keys(from)));
    }
    json_object_put(definitions, class->name, schema);
}

/* Adds the schema of what slb_azure_recognizes(), of which is checked only
 * what makes it so: this is Azure's language, of which there is another
 * schema.  Unlike there, upper and lower case matter. */
static void
add_azure(struct json *definitions)
{
    static const char *const kind[] = { "kind", NULL };
    static const char *const type[] = { "type", NULL };
    static const char *const resources[] = { "resources", NULL };
    static const char *const value[] = { "value", NULL };
    static const char *const properties[] = { "properties", NULL };
    static const char *const frontends[] = {
        "frontendIPConfigurations", NULL
    };
    struct json *schema = json_object_create();
    struct json *any = json_array_create_empty();
    struct json *one, *property, *list;

    one = has_keys(type);
    property = json_object_create();
    json_object_put_string(property, "type", "string");
    json_object_put_string(property, "pattern", "/");
    list = json_object_create();
    json_object_put(list, "type", property);
    json_object_put(one, "properties", list);
    json_array_add(any, one);

    json_array_add(any, has_keys(resources));
    json_array_add(any, has_keys(value));
    json_array_add(any, has_keys(frontends));

    one = has_keys(properties);
    list = json_object_create();
    json_object_put(list, "properties", has_keys(frontends));
    json_object_put(one, "properties", list);
    json_array_add(any, one);

    json_object_put_string(schema, "title", "Azure");
    json_object_put_string(schema, "description", "Load balancers of Azure's, "
                           "as its portal, its command line or a template "
                           "have them.");
    json_object_put_string(schema, "type", "object");
    json_object_put(schema, "not", has_keys(kind));
    json_object_put(schema, "anyOf", any);
    json_object_put(definitions, "Azure", schema);
}

/* Returns the schema of a document, for the caller to destroy. */
struct json *
slb_json_schema(void)
{
    struct json *schema = json_object_create();
    struct json *definitions = json_object_create();
    struct json *kinds = json_array_create_empty();
    struct json *object = json_object_create();
    struct json *list = json_object_create();

    for (size_t i = 0; slb_kinds[i]; i++) {
        add_class(definitions, slb_kinds[i], true);
        json_array_add(kinds, reference(slb_kinds[i]->name));
    }
    for (size_t i = 0; slb_input_kinds[i]; i++) {
        add_class(definitions, slb_input_kinds[i], true);
        json_array_add(kinds, reference(slb_input_kinds[i]->name));
    }
    add_azure(definitions);
    json_array_add(kinds, reference("Azure"));
    json_object_put(object, "oneOf", kinds);
    json_object_put(definitions, "Document", object);

    add_pattern(definitions, "Address", ADDRESS_PATTERN, SLB_T_ADDRESS);
    add_pattern(definitions, "Prefix", PREFIX_PATTERN, SLB_T_PREFIX);
    put_array(list, reference("Document"), false);

    json_object_put_string(schema, "$schema",
                           "http://json-schema.org/draft-07/schema#");
    json_object_put_string(schema, "title", "ovs-slb");
    json_object_put_string(schema, "description", "A document of a file for "
                           "slb-ctl: an object, or a list of objects.");
    json_object_put(schema, "definitions", definitions);
    json_object_put(schema, "oneOf",
                    json_array_create_2(reference("Document"), list));
    return schema;
}

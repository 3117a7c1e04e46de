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

#include "yaml/slb-print.h"

#include <ctype.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "util.h"
#include "yaml/slb-model.h"
#include "yaml/slb-schema.h"

/* Lines are broken, between fields, before they are longer than this. */
#define LINE_MAX_LENGTH 79

/* Whether every YAML parser reads 'text' without quotes as itself. */
static bool
is_plain(const char *text)
{
    static const char *const reserved[] = {
        "true", "false", "yes", "no", "on", "off", "y", "n", "null",
    };

    if (!isalpha((unsigned char) text[0]) && text[0] != '_'
        && text[0] != '/') {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
        if (!strcasecmp(text, reserved[i])) {
            return false;
        }
    }
    for (; *text; text++) {
        if (!isalnum((unsigned char) *text) && !strchr("-_./", *text)) {
            return false;
        }
    }
    return true;
}

/* Appends 'text' as a scalar in a flow map or list. */
static void
print_text(const char *text, struct ds *ds)
{
    /* A colon in a flow map, and so an IPv6 address, may be misread. */
    if (is_plain(text)) {
        ds_put_cstr(ds, text);
    } else {
        json_string_escape(text, ds);
    }
}

/* Whether 'text' is an IPv4 address or prefix or, of several types of values,
 * what nobody takes for something else. */
static bool
is_ipv4(const char *text)
{
    return (strchr(text, '.')
            && strspn(text, "0123456789./") == strlen(text)
            && strchr(strchr(text, '.') + 1, '.'));
}

/* Appends the value of 'field' of 'object', which is no list of objects, as
 * YAML. */
static void
print_scalar(const struct slb_field *field, const struct slb_object *object,
             struct ds *ds)
{
    const void *value = slb_field_value(field, object);

    if (slb_field_is_strings(field)) {
        const struct slb_strings *strings = value;

        ds_put_char(ds, '[');
        for (size_t i = 0; i < strings->n; i++) {
            ds_put_cstr(ds, i ? ", " : "");
            if (field->type == SLB_T_PREFIXES && is_ipv4(strings->at[i])) {
                ds_put_cstr(ds, strings->at[i]);
            } else {
                print_text(strings->at[i], ds);
            }
        }
        ds_put_char(ds, ']');
        return;
    }

    struct ds text = DS_EMPTY_INITIALIZER;
    slb_value_format(field, value, &text);
    if (field->type == SLB_T_INTEGER || field->type == SLB_T_BOOLEAN
        || field->type == SLB_T_ENUM
        || ((field->type == SLB_T_ADDRESS || field->type == SLB_T_PREFIX)
            && is_ipv4(ds_cstr(&text)))) {
        ds_put_cstr(ds, ds_cstr(&text));
    } else {
        print_text(ds_cstr(&text), ds);
    }
    ds_destroy(&text);
}

static bool
has_lists(const struct slb_class *class)
{
    for (size_t i = 0; i < class->n_fields; i++) {
        if (class->fields[i].type == SLB_T_LIST) {
            return true;
        }
    }
    return false;
}

static bool
is_shown(const struct slb_field *field, const struct slb_object *object,
         bool defaults)
{
    return (slb_value_is_set(field, slb_field_value(field, object))
            && (!slb_field_is_default(field, object)
                || (defaults && field->type != SLB_T_NAME)));
}

/* Appends 'object', which has no lists, as a flow map, whose continuation
 * lines are indented by 'indent'. */
static void
print_flow(const struct slb_object *object, int indent, bool defaults,
           struct ds *ds)
{
    struct ds item = DS_EMPTY_INITIALIZER;
    size_t line = indent;
    bool first = true;

    ds_put_char(ds, '{');
    for (size_t i = 0; i < object->class->n_fields; i++) {
        const struct slb_field *field = &object->class->fields[i];
        if (!is_shown(field, object, defaults)) {
            continue;
        }

        ds_clear(&item);
        ds_put_format(&item, "%s: ", field->name);
        print_scalar(field, object, &item);
        if (!first) {
            ds_put_char(ds, ',');
            line++;
            /* With a blank before, a comma or brace after. */
            if (line + item.length + 2 > LINE_MAX_LENGTH) {
                ds_put_char(ds, '\n');
                ds_put_char_multiple(ds, ' ', indent);
                line = indent;
            }
            ds_put_char(ds, ' ');
            line++;
        } else {
            line++;
        }
        ds_put_cstr(ds, ds_cstr(&item));
        line += item.length;
        first = false;
    }
    ds_put_char(ds, '}');
    ds_destroy(&item);
}

static void print_block(const struct slb_object *, int indent,
                        bool indent_first, bool defaults, struct ds *);

/* Appends 'object' as an entry of a list. */
static void
print_entry(const struct slb_object *object, int indent, bool defaults,
            struct ds *ds)
{
    ds_put_char_multiple(ds, ' ', indent);
    ds_put_cstr(ds, "- ");
    if (has_lists(object->class)) {
        print_block(object, indent + 2, false, defaults, ds);
    } else {
        print_flow(object, indent + 2, defaults, ds);
        ds_put_char(ds, '\n');
    }
}

/* Appends 'field' of 'object' as a line, or lines, of a block map.  The first
 * line is not indented. */
static void
print_field(const struct slb_field *field, const struct slb_object *object,
            int indent, bool defaults, struct ds *ds)
{
    ds_put_format(ds, "%s:", field->name);
    if (field->type != SLB_T_LIST) {
        ds_put_char(ds, ' ');
        print_scalar(field, object, ds);
        ds_put_char(ds, '\n');
        return;
    }

    const struct slb_list *list = slb_field_value(field, object);
    ds_put_cstr(ds, list->n ? "\n" : " []\n");
    for (size_t i = 0; i < list->n; i++) {
        print_entry(list->at[i], indent, defaults, ds);
    }
}

/* Appends the fields of 'object' as a block map, each on its line.  The first
 * line is not indented unless 'indent_first' is true. */
static void
print_block(const struct slb_object *object, int indent, bool indent_first,
            bool defaults, struct ds *ds)
{
    for (size_t i = 0; i < object->class->n_fields; i++) {
        const struct slb_field *field = &object->class->fields[i];

        if (is_shown(field, object, defaults)) {
            ds_put_char_multiple(ds, ' ', indent_first ? indent : 0);
            indent_first = true;
            print_field(field, object, indent, defaults, ds);
        }
    }
}

/* Appends 'object' as an entry of a YAML list, "- {name: ...}". */
void
slb_print_entry(const struct slb_object *object, struct ds *ds)
{
    print_entry(object, 0, false, ds);
}

/* Appends 'field' of 'object' as a line, or lines, of a YAML map. */
void
slb_print_field(const struct slb_object *object, const struct slb_field *field,
                struct ds *ds)
{
    print_field(field, object, 0, false, ds);
}

/* Appends 'object', one of a kind, as a YAML document without separator. */
void
slb_print_yaml(const struct slb_object *object, bool defaults, struct ds *ds)
{
    ds_put_format(ds, "kind: %s\n", object->class->name);
    print_block(object, 0, true, defaults, ds);
}

/* Returns 'object' as JSON. */
struct json *
slb_print_json(const struct slb_object *object, bool defaults)
{
    struct json *json = json_object_create();

    if (!object->parent) {
        json_object_put_string(json, "kind", object->class->name);
    }
    for (size_t i = 0; i < object->class->n_fields; i++) {
        const struct slb_field *field = &object->class->fields[i];
        const void *value = slb_field_value(field, object);
        if (!is_shown(field, object, defaults)) {
            continue;
        }

        if (field->type == SLB_T_LIST) {
            const struct slb_list *list = value;
            struct json *array = json_array_create_empty();
            for (size_t j = 0; j < list->n; j++) {
                json_array_add(array, slb_print_json(list->at[j], defaults));
            }
            json_object_put(json, field->name, array);
        } else if (slb_field_is_strings(field)) {
            const struct slb_strings *strings = value;
            struct json *array = json_array_create_empty();
            for (size_t j = 0; j < strings->n; j++) {
                json_array_add(array, json_string_create(strings->at[j]));
            }
            json_object_put(json, field->name, array);
        } else if (field->type == SLB_T_BOOLEAN) {
            json_object_put(json, field->name,
                            json_boolean_create(*(const bool *) value));
        } else if (field->type == SLB_T_INTEGER
                   && *(const int *) value >= field->min) {
            json_object_put(json, field->name,
                            json_integer_create(*(const int *) value));
        } else {
            struct ds ds = DS_EMPTY_INITIALIZER;
            slb_value_format(field, value, &ds);
            json_object_put_string(json, field->name, ds_cstr(&ds));
            ds_destroy(&ds);
        }
    }
    return json;
}

/* Appends the fields of 'object' that are neither its name nor lists, in
 * braces: "{address: 10.0.1.4, weight: 2}".  Appends nothing if there are
 * none. */
void
slb_print_fields(const struct slb_object *object, struct ds *ds)
{
    bool first = true;

    for (size_t i = 0; i < object->class->n_fields; i++) {
        const struct slb_field *field = &object->class->fields[i];

        if (field->type != SLB_T_LIST && field->type != SLB_T_NAME
            && is_shown(field, object, false)) {
            ds_put_format(ds, "%s%s: ", first ? "{" : ", ", field->name);
            print_scalar(field, object, ds);
            first = false;
        }
    }
    if (!first) {
        ds_put_char(ds, '}');
    }
}

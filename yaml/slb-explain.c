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

#include "yaml/slb-explain.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "svec.h"
#include "util.h"
#include "yaml/slb-azure.h"
#include "yaml/slb-model.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-print.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-text.h"

/* Lines are not longer than this, if their words allow it. */
#define LINE_MAX_LENGTH 79

/* The key that says of which kind a document is; the parser's alone. */
#define KIND_KEY "kind"

/* The kinds of documents. */
static const struct slb_class *const *const kind_lists[] = {
    slb_kinds, slb_input_kinds
};

/* More than there are. */
#define MAX_KINDS 16

/* What examples are taken from.  The first object of a class is the example of
 * the class: it should be short.  That of a field is the first one that is not
 * as by default. */
const char slb_explain_example[] =
"kind: VirtualNetwork\n"
"name: prod\n"
"subnets:\n"
"- {name: web, prefix: 10.0.1.0/24}\n"
"- {name: db, prefix: 10.0.2.0/24, gateway: 10.0.2.254}\n"
"peerings: [tools]\n"
"---\n"
"kind: VirtualNetwork\n"
"name: tools\n"
"subnets:\n"
"- {name: all, prefix: 10.1.0.0/16}\n"
"peerings: [prod]\n"
"---\n"
"kind: PublicIPPrefix\n"
"name: outside\n"
"prefix: 20.50.61.0/28\n"
"---\n"
"kind: LoadBalancer\n"
"name: web\n"
"network: prod\n"
"frontends:\n"
"- {name: public, address: 20.50.60.10}\n"
"backendPools:\n"
"- name: servers\n"
"  members:\n"
"  - {name: vm1, address: 10.0.1.4}\n"
"  - {name: vm2, address: 10.0.1.5, weight: 2}\n"
"probes:\n"
"- {name: health, protocol: Http, port: 8080, requestPath: /health}\n"
"rules:\n"
"- {name: http, frontend: public, backendPool: servers, probe: health,\n"
"   protocol: Tcp, frontendPort: 80, backendPort: 8080}\n"
"inboundNatRules:\n"
"- {name: ssh1, frontend: public, protocol: Tcp, frontendPort: 50001,\n"
"   backendPort: 22, target: vm1}\n"
"inboundNatPools:\n"
"- {name: rdp, frontend: public, backendPool: servers, protocol: Tcp,\n"
"   frontendPortRangeStart: 50100, frontendPortRangeEnd: 50199,\n"
"   backendPort: 3389}\n"
"outboundRules:\n"
"- {name: out, frontends: [public], backendPool: servers,\n"
"   allocatedOutboundPorts: 1024}\n"
"---\n"
"kind: LoadBalancer\n"
"name: shop\n"
"network: prod\n"
"frontends:\n"
"- {name: public, publicIPPrefix: outside, zones: ['1', '2']}\n"
"- {name: private, subnet: db, fastpath: true, enableIcmpEcho: false,\n"
"   enableReject: true}\n"
"backendPools:\n"
"- {name: servers, members: [{name: vm3}, {name: vm4, adminState: Down}]}\n"
"probes:\n"
"- {name: health, protocol: Tcp, port: 8443, intervalInSeconds: 5,\n"
"   numberOfProbes: 3}\n"
"rules:\n"
"- {name: https, frontend: public, backendPool: servers, protocol: Tcp,\n"
"   frontendPort: 443, backendPort: 443, loadDistribution: SourceIP,\n"
"   idleTimeoutInMinutes: 10, enableTcpReset: true, enableFloatingIP: true,\n"
"   disableOutboundSnat: true, sourceRanges: [198.51.100.0/24],\n"
"   enableReject: true}\n"
"inboundNatRules:\n"
"- {name: rdp3, frontend: public, protocol: Tcp, frontendPort: 3389,\n"
"   backendPort: 3389, target: vm3, idleTimeoutInMinutes: 10,\n"
"   enableTcpReset: true, enableFloatingIP: true}\n"
"inboundNatPools:\n"
"- {name: ssh, frontend: public, backendPool: servers, protocol: Tcp,\n"
"   frontendPortRangeStart: 50100, frontendPortRangeEnd: 50199,\n"
"   backendPort: 22, idleTimeoutInMinutes: 10, enableTcpReset: true}\n"
"outboundRules:\n"
"- {name: out, frontends: [public], backendPool: servers, protocol: Tcp,\n"
"   idleTimeoutInMinutes: 30, enableTcpReset: true}\n"
"---\n"
"kind: AzureIds\n"
"ids:\n"
"- {id: publicIPAddresses/pip1, address: 20.50.60.10}\n"
"- {id: networkInterfaces/nic1, name: vm1, address: 10.0.1.4}\n"
"- {id: virtualNetworks/vnet1/subnets/web, network: prod, subnet: web}\n"
"- {id: loadBalancers/lb1/inboundNatPools/ssh, backendPool: servers}\n";

/* Appends 'text' to 'ds' in lines that begin with 'indent' blanks. */
static void
put_wrapped(const char *text, int indent, struct ds *ds)
{
    size_t line = 0;

    while (*text) {
        size_t n = strcspn(text, " ");

        if (line && line + 1 + n > LINE_MAX_LENGTH) {
            ds_put_char(ds, '\n');
            line = 0;
        }
        if (!line) {
            ds_put_char_multiple(ds, ' ', indent);
            line = indent;
        } else {
            ds_put_char(ds, ' ');
            line++;
        }
        ds_put_buffer(ds, text, n);
        line += n;
        text += n;
        text += strspn(text, " ");
    }
    ds_put_char(ds, '\n');
}

/* Appends the default of 'field', which is not required. */
static void
format_default(const struct slb_field *field, struct ds *ds)
{
    if (field->computed) {
        ds_put_cstr(ds, field->computed_help);
    } else if (field->type == SLB_T_ENUM || field->type == SLB_T_INTEGER
               || field->type == SLB_T_BOOLEAN) {
        union {
            int integer;
            bool boolean;
        } def = { .integer = 0 };

        slb_value_init(field, &def);
        slb_value_format(field, &def, ds);
    } else if (field->type == SLB_T_LIST || slb_field_is_strings(field)) {
        ds_put_cstr(ds, "[]");
    } else {
        ds_put_cstr(ds, "none");
    }
}

/* Appends which values 'field' takes, in few words. */
static void
format_type(const struct slb_field *field, struct ds *ds)
{
    if (field->type == SLB_T_NAME) {
        ds_put_cstr(ds, "a name");
    } else if (field->type == SLB_T_TEXT) {
        ds_put_cstr(ds, "a text");
    } else {
        slb_field_format_expected(field, ds);
    }
}

/* The key 'kind' of 'class', as a field like the others. */
static struct slb_field
kind_field(const struct slb_class *class, const char *values[2])
{
    values[0] = class->name;
    values[1] = NULL;
    return (struct slb_field) {
        .name = KIND_KEY, .type = SLB_T_ENUM, .required = true,
        .values = values, .help = "What the document declares.",
    };
}

/* Appends a table of 'fields'. */
static void
put_fields(const struct slb_field *const *fields, size_t n, struct ds *ds)
{
    int name_width = strlen("FIELD"), type_width = strlen("VALUE");

    for (size_t i = 0; i < n; i++) {
        struct ds type = DS_EMPTY_INITIALIZER;

        format_type(fields[i], &type);
        name_width = MAX(name_width, strlen(fields[i]->name));
        type_width = MAX(type_width, type.length);
        ds_destroy(&type);
    }

    ds_put_format(ds, "%-*s  %-*s  %s\n", name_width, "FIELD", type_width,
                  "VALUE", "DEFAULT");
    for (size_t i = 0; i < n; i++) {
        const struct slb_field *field = fields[i];
        struct ds type = DS_EMPTY_INITIALIZER;
        struct ds def = DS_EMPTY_INITIALIZER;
        struct ds help = DS_EMPTY_INITIALIZER;

        format_type(field, &type);
        ds_put_cstr(&help, field->help);
        if (field->required) {
            ds_put_cstr(&def, "required");
        } else if (field->computed) {
            /* Too long for a column. */
            ds_put_cstr(&def, "computed");
            ds_put_format(&help, "  By default %s.", field->computed_help);
        } else {
            format_default(field, &def);
        }
        ds_put_format(ds, "%-*s  %-*s  %s\n", name_width, field->name,
                      type_width, ds_cstr(&type), ds_cstr(&def));
        put_wrapped(ds_cstr(&help), 4, ds);
        ds_destroy(&type);
        ds_destroy(&def);
        ds_destroy(&help);
    }
}

/* Appends 'class', but for its name. */
static void
put_class(const struct slb_class *class, bool kind, struct ds *ds)
{
    const struct slb_field **fields = xmalloc((class->n_fields + 1)
                                              * sizeof *fields);
    const char *kind_values[2];
    struct slb_field kind_key = kind_field(class, kind_values);
    size_t n = 0;

    if (kind) {
        fields[n++] = &kind_key;
    }
    for (size_t i = 0; i < class->n_fields; i++) {
        fields[n++] = &class->fields[i];
    }
    put_wrapped(class->help, 4, ds);
    ds_put_char(ds, '\n');
    put_fields(fields, n, ds);
    free(fields);
}

/* Examples. */

/* Calls 'visit' with 'object' and each object below it until it returns true.
 * Returns whether it has. */
static bool
visit_objects(const struct slb_object *object,
              bool (*visit)(const struct slb_object *, void *aux), void *aux)
{
    if (visit(object, aux)) {
        return true;
    }
    for (size_t i = 0; i < object->class->n_fields; i++) {
        const struct slb_field *field = &object->class->fields[i];
        if (field->type == SLB_T_LIST) {
            const struct slb_list *list = slb_field_value(field, object);
            for (size_t j = 0; j < list->n; j++) {
                if (visit_objects(list->at[j], visit, aux)) {
                    return true;
                }
            }
        }
    }
    return false;
}

struct search {
    const struct slb_class *class;
    const struct slb_field *field; /* NULL: any object will do. */
    const struct slb_object *found;
};

/* Notes the first object in which the field has a value, and returns true for
 * the first one in which that is not as by default. */
static bool
search(const struct slb_object *object, void *search_)
{
    struct search *s = search_;

    if (object->class != s->class) {
        return false;
    }
    if (!s->field || !slb_field_is_default(s->field, object)) {
        s->found = object;
        return true;
    }
    if (!s->found
        && slb_value_is_set(s->field, slb_field_value(s->field, object))) {
        s->found = object;
    }
    return false;
}

/* Searches the objects of 'list' and those below.  Returns true if it need not
 * go on. */
static bool
search_list(const struct slb_list *list, struct search *s)
{
    for (size_t i = 0; i < list->n; i++) {
        if (visit_objects(list->at[i], search, s)) {
            return true;
        }
    }
    return false;
}

/* Appends the example of 'class', or of its 'field', if that is not NULL. */
static void
put_example(const struct slb_class *class, const struct slb_field *field,
            struct ds *ds)
{
    struct search s = { .class = class, .field = field };
    struct slb_input input;

    slb_input_init(&input);
    slb_input_add_text(&input, "example", slb_explain_example,
                       strlen(slb_explain_example));
    bool done = false;
    for (size_t i = 0; slb_kinds[i] && !done; i++) {
        done = search_list(slb_model_list(&input.model, slb_kinds[i]), &s);
    }
    if (!done) {
        search_list(slb_azure_ids(&input), &s);
    }
    ovs_assert(s.found);

    ds_put_cstr(ds, "Example:\n");
    if (field) {
        slb_print_field(s.found, field, ds);
    } else if (s.found->parent) {
        slb_print_entry(s.found, ds);
    } else {
        slb_print_yaml(s.found, false, ds);
    }
    slb_input_destroy(&input);
}

/* Appends 'field' of 'class', which is called 'path'. */
static void
put_field(const char *path, const struct slb_class *class,
          const struct slb_field *field, struct ds *ds)
{
    ds_put_format(ds, "%s\n", path);
    put_wrapped(field->help, 4, ds);
    ds_put_cstr(ds, "\nValue:    ");
    slb_field_format_expected(field, ds);
    if (field->required) {
        ds_put_cstr(ds, "\nRequired: yes\n");
    } else {
        ds_put_cstr(ds, "\nRequired: no\nDefault:  ");
        format_default(field, ds);
        ds_put_char(ds, '\n');
    }
    ds_put_char(ds, '\n');

    if (field->type == SLB_T_LIST) {
        ds_put_format(ds, "%s\n", field->class->name);
        put_class(field->class, false, ds);
        ds_put_char(ds, '\n');
    }
    if (strcmp(field->name, KIND_KEY)) {
        put_example(class, field, ds);
    } else {
        ds_put_format(ds, "Example:\n%s: %s\n", KIND_KEY, class->name);
    }
}

/* Finds things by name, regardless of upper and lower case. */

/* Sets 'kinds' to all kinds.  Returns their number. */
static size_t
list_kinds(const struct slb_class *kinds[MAX_KINDS])
{
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(kind_lists); i++) {
        for (size_t j = 0; kind_lists[i][j]; j++) {
            ovs_assert(n < MAX_KINDS);
            kinds[n++] = kind_lists[i][j];
        }
    }
    return n;
}

static const struct slb_class *
find_kind(const char *name)
{
    const struct slb_class *kinds[MAX_KINDS];
    size_t n = list_kinds(kinds);

    for (size_t i = 0; i < n; i++) {
        if (!strcasecmp(kinds[i]->name, name)) {
            return kinds[i];
        }
    }
    return NULL;
}

static const struct slb_field *
find_field(const struct slb_class *class, const char *name)
{
    for (size_t i = 0; i < class->n_fields; i++) {
        if (!strcasecmp(class->fields[i].name, name)) {
            return &class->fields[i];
        }
    }
    return NULL;
}

/* Returns a message that there is no 'name', which is none of the 'n'
 * 'names'. */
static char *
not_found(const char *name, const char *of, const char *const *names, size_t n)
{
    const char *nearest = slb_text_nearest(name, names, n);
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_text_quote(name, &ds);
    ds_put_format(&ds, " is no %s", of);
    if (nearest) {
        ds_put_format(&ds, ", did you mean %s?", nearest);
    } else {
        ds_put_cstr(&ds, ", expected ");
        for (size_t i = 0; i < n; i++) {
            ds_put_format(&ds, "%s%s",
                          !i ? "" : i + 1 < n ? ", " : " or ", names[i]);
        }
    }
    return ds_steal_cstr(&ds);
}

static char *
kind_not_found(const char *name)
{
    const struct slb_class *kinds[MAX_KINDS];
    const char *names[MAX_KINDS];
    size_t n = list_kinds(kinds);

    for (size_t i = 0; i < n; i++) {
        names[i] = kinds[i]->name;
    }
    return not_found(name, "kind", names, n);
}

static char *
field_not_found(const char *name, const struct slb_class *class)
{
    const char **names = xmalloc(class->n_fields * sizeof *names);
    char *of = xasprintf("field of %s %s", slb_class_article(class),
                         class->noun);

    for (size_t i = 0; i < class->n_fields; i++) {
        names[i] = class->fields[i].name;
    }

    char *error = not_found(name, of, names, class->n_fields);
    free(names);
    free(of);
    return error;
}

/* Appends what is called by 'words', the parts of a path, to 'ds'. */
static char *
explain_words(const char *const *words, size_t n, struct ds *ds)
{
    const struct slb_class *kind = find_kind(words[0]);
    const struct slb_class *class = kind;
    const struct slb_class *owner = NULL;
    const struct slb_field *field = NULL;
    const char *kind_values[2];
    struct slb_field kind_key;
    char *error = NULL;

    if (!kind) {
        return kind_not_found(words[0]);
    }

    struct ds path = DS_EMPTY_INITIALIZER;
    ds_put_cstr(&path, kind->name);
    for (size_t i = 1; i < n && !error; i++) {
        if (!class) {
            struct ds what = DS_EMPTY_INITIALIZER;

            ds_put_format(&what, "%s has no fields, it is ", ds_cstr(&path));
            slb_field_format_expected(field, &what);
            error = ds_steal_cstr(&what);
            break;
        }

        owner = class;
        field = find_field(class, words[i]);
        if (!field && i == 1 && !strcasecmp(words[i], KIND_KEY)) {
            kind_key = kind_field(kind, kind_values);
            field = &kind_key;
        }
        if (!field) {
            error = field_not_found(words[i], class);
            break;
        }
        ds_put_format(&path, ".%s", field->name);
        class = field->type == SLB_T_LIST ? field->class : NULL;
    }

    if (!error && field) {
        put_field(ds_cstr(&path), owner, field, ds);
    } else if (!error) {
        ds_put_format(ds, "%s\n", kind->name);
        put_class(kind, true, ds);
        ds_put_char(ds, '\n');
        put_example(kind, NULL, ds);
    }
    ds_destroy(&path);
    return error;
}

/* Appends what 'path', "KIND.FIELD.FIELD" in upper or lower case, is to 'ds';
 * if 'path' is NULL, what kinds there are.  Returns NULL if successful,
 * otherwise a malloc'ed message that says which part of 'path' is wrong. */
char *
slb_explain(const char *path, struct ds *ds)
{
    if (!path) {
        const struct slb_class *kinds[MAX_KINDS];
        size_t n = list_kinds(kinds);

        for (size_t i = 0; i < n; i++) {
            ds_put_format(ds, "%s\n", kinds[i]->name);
            put_wrapped(kinds[i]->help, 4, ds);
        }
        return NULL;
    }

    /* Empty words count: they are no names, either. */
    struct svec words = SVEC_EMPTY_INITIALIZER;
    for (const char *word = path;; ) {
        size_t n = strcspn(word, ".");

        svec_add_nocopy(&words, xmemdup0(word, n));
        if (!word[n]) {
            break;
        }
        word += n + 1;
    }

    char *error = explain_words((const char *const *) words.names, words.n,
                                ds);
    svec_destroy(&words);
    return error;
}

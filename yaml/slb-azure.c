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

#include "yaml/slb-azure.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/list.h"
#include "util.h"
#include "yaml/slb-azure-ids.h"
#include "yaml/slb-azure-map.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-text.h"
#include "yaml/slb-yaml.h"

#define LOAD_BALANCERS "Microsoft.Network/loadBalancers"
#define FRONTENDS "frontendIPConfigurations"

/* A document that resources are in. */
struct kept {
    struct ovs_list in_azure;
    struct slb_yaml_document doc;
};

/* What slb_azure_finish() has to read. */
struct slb_azure {
    /* Load balancers. */
    const struct slb_yaml_node **resources;
    size_t n_resources, allocated_resources;
    struct slb_index names;     /* Theirs, so far. */
    size_t n_odd;               /* Of them, see is_odd(). */

    /* The documents that these are in, all of them but for the last ones. */
    struct ovs_list documents;  /* Contains struct kept. */
    size_t n_kept;              /* Resources in 'documents'. */

    /* Of the kind AzureIds; the first 'n_indexed' of them are in 'index'. */
    struct slb_list ids;
    size_t n_indexed;
    struct slb_azure_index index;
};

static struct slb_azure *
get_azure(struct slb_input *input)
{
    if (!input->azure) {
        input->azure = xzalloc(sizeof *input->azure);
        ovs_list_init(&input->azure->documents);
        slb_index_init(&input->azure->names);
        slb_azure_index_init(&input->azure->index);
    }
    return input->azure;
}

/* Returns the value of the key 'name' in 'node', or NULL. */
static const struct slb_yaml_node *
find_key(const struct slb_yaml_node *node, const char *name)
{
    for (size_t i = 0; node->type == SLB_YAML_MAP && i < node->n; i += 2) {
        const struct slb_yaml_node *key = node->nodes[i];
        if (key->type == SLB_YAML_SCALAR && !strcasecmp(key->text, name)) {
            return node->nodes[i + 1];
        }
    }
    return NULL;
}

static bool
is_template(const struct slb_yaml_node *node)
{
    return !find_key(node, "type") && find_key(node, "resources");
}

/* Whether 'node' is one page of what a list operation of Azure's REST
 * interface returns. */
static bool
is_page(const struct slb_yaml_node *node)
{
    const struct slb_yaml_node *value = find_key(node, "value");

    return (value && value->type == SLB_YAML_LIST
            && node->n <= (find_key(node, "nextLink") ? 4 : 2));
}

static bool
has_frontends(const struct slb_yaml_node *node)
{
    const struct slb_yaml_node *properties = find_key(node, "properties");

    return (find_key(node, FRONTENDS)
            || (properties && find_key(properties, FRONTENDS)));
}

/* Whether 'node', which has no kind, is something of Azure's. */
bool
slb_azure_recognizes(const struct slb_yaml_node *node)
{
    const struct slb_yaml_node *type = find_key(node, "type");

    return ((type && type->type == SLB_YAML_SCALAR && strchr(type->text, '/'))
            || is_template(node) || is_page(node) || has_frontends(node));
}

/* Resources are only read when all files have been.  If there are more than
 * this that cannot be right, it is found out earlier, lest a file of nothing
 * else be kept whole. */
#define MAX_ODD 100

/* Whether 'node', a load balancer called 'name', which may be NULL, cannot be
 * right, or not together with others. */
static bool
is_odd(struct slb_azure *azure, const struct slb_yaml_node *node,
       const struct slb_yaml_node *name)
{
    return (!name || name->type != SLB_YAML_SCALAR || !has_frontends(node)
            || slb_index_add_name(&azure->names, NULL, name->text, node));
}

/* Adds 'node', a resource.  If it is not 'alone', then it may be of another
 * type, and is ignored.  Returns false if it is. */
static bool
add_resource(struct slb_input *input, const struct slb_yaml_node *node,
             bool alone)
{
    const struct slb_yaml_node *type = find_key(node, "type");
    const struct slb_yaml_node *name = find_key(node, "name");
    const struct slb_yaml_node *existing = find_key(node, "existing");
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (node->type != SLB_YAML_MAP || (!type && !has_frontends(node))
        || (type && type->type != SLB_YAML_SCALAR)) {
        slb_errors_add(&input->errors, node->mark, "a resource without type, "
                       "expected a map with 'type': \"" LOAD_BALANCERS "\"");
        input->incomplete = true;
        return true;
    }
    if (type && !slb_azure_is_value(input, type, "type")) {
        input->incomplete = true;
        return true;
    }
    if (type && alone && strcasecmp(type->text, LOAD_BALANCERS)) {
        ds_put_cstr(&ds, "'type' is ");
        slb_text_quote(type->text, &ds);
        ds_put_cstr(&ds, ", expected " LOAD_BALANCERS);
        slb_errors_add_nocopy(&input->errors, type->mark, ds_steal_cstr(&ds));
        input->incomplete = true;
        return true;
    }
    if (type && (strcasecmp(type->text, LOAD_BALANCERS)
                 || (existing && existing->type == SLB_YAML_SCALAR
                     && !strcmp(existing->text, "true")))) {
        ds_put_cstr(&ds, "the resource ");
        if (name && name->type == SLB_YAML_SCALAR) {
            slb_text_quote(name->text, &ds);
            ds_put_char(&ds, ' ');
        }
        ds_put_cstr(&ds, "of type ");
        slb_text_quote(type->text, &ds);
        ds_put_cstr(&ds, (strcasecmp(type->text, LOAD_BALANCERS)
                          ? " is ignored, only load balancers are read"
                          : " is ignored, it is only referred to"));
        slb_errors_add_nocopy(&input->warnings, node->mark,
                              ds_steal_cstr(&ds));
        return false;
    }

    struct slb_azure *azure = get_azure(input);
    if (is_odd(azure, node, name) && ++azure->n_odd == MAX_ODD + 1) {
        slb_errors_add(&input->errors, node->mark, "there are more than %d "
                       "load balancers without name or frontends, or with the "
                       "name of another one, expected fewer", MAX_ODD);
    }
    if (azure->n_resources >= azure->allocated_resources) {
        azure->resources = x2nrealloc(azure->resources,
                                      &azure->allocated_resources,
                                      sizeof *azure->resources);
    }
    azure->resources[azure->n_resources++] = node;
    return true;
}

/* Adds the load balancers that are the property 'name' of 'node', which
 * 'noun' says what it is; 'unread' are 'n' other properties of it. */
static void
add_resources(struct slb_input *input, const struct slb_yaml_node *node,
              const char *noun, const char *name,
              const struct slb_azure_unread unread[], size_t n)
{
    const struct slb_yaml_node *resources;
    struct slb_azure_map map;
    bool any = false;

    if (!slb_azure_map_open(&map, input, node, noun)) {
        return;
    }
    resources = slb_azure_map_get(&map, name);
    if (resources && resources->type != SLB_YAML_SCALAR) {
        /* If they have symbolic names, it is a map. */
        bool is_map = resources->type == SLB_YAML_MAP;

        for (size_t i = is_map; i < resources->n; i += 1 + is_map) {
            any |= add_resource(input, resources->nodes[i], false);
        }
    } else if (resources && !slb_azure_is_value(input, resources, name)) {
        any = true;
    }
    if (!any) {
        slb_errors_add(&input->errors, node->mark, "there is no load balancer "
                       "in the %s, expected a resource of type "
                       LOAD_BALANCERS " in '%s'", noun, name);
    }
    slb_azure_map_close(&map, unread, n);
}

/* Adds what is in 'node', which slb_azure_recognizes().  If it is not 'alone',
 * but in a list, then it may be a resource of another type. */
void
slb_azure_add(struct slb_input *input, const struct slb_yaml_node *node,
              bool alone)
{
    static const struct slb_azure_unread template[] = {
        { "$schema", NULL }, { "contentVersion", NULL },
        { "apiProfile", NULL }, { "definitions", NULL },
        { "functions", NULL }, { "languageVersion", NULL },
        { "metadata", NULL }, { "outputs", NULL }, { "parameters", NULL },
        { "variables", NULL },
    };
    static const struct slb_azure_unread page[] = {
        { "nextLink", "the load balancers that are on the next page are "
          "missing" },
    };

    if (is_template(node)) {
        add_resources(input, node, "template", "resources", template,
                      ARRAY_SIZE(template));
    } else if (is_page(node)) {
        add_resources(input, node, "list of resources", "value", page,
                      ARRAY_SIZE(page));
    } else {
        add_resource(input, node, alone);
    }
}

/* Adds 'object', a document of the kind AzureIds, and takes ownership of
 * it. */
void
slb_azure_add_ids(struct slb_input *input, struct slb_object *object)
{
    slb_list_add(&get_azure(input)->ids, object);
}

/* Returns the documents of the kind AzureIds that have been added. */
const struct slb_list *
slb_azure_ids(struct slb_input *input)
{
    return &get_azure(input)->ids;
}

/* Takes over 'doc', so that the caller has nothing to destroy any more, if
 * anything of it has been added. */
void
slb_azure_keep(struct slb_input *input, struct slb_yaml_document *doc)
{
    struct slb_azure *azure = input->azure;

    if (azure && azure->n_kept < azure->n_resources) {
        struct kept *kept = xmalloc(sizeof *kept);

        slb_yaml_document_move(&kept->doc, doc);
        ovs_list_push_back(&azure->documents, &kept->in_azure);
        azure->n_kept = azure->n_resources;
    }
}

static void
destroy_documents(struct slb_azure *azure)
{
    struct kept *kept;

    LIST_FOR_EACH_POP (kept, in_azure, &azure->documents) {
        slb_yaml_document_destroy(&kept->doc);
        free(kept);
    }
    azure->n_resources = azure->n_kept = 0;
    slb_index_clear(&azure->names);
}

/* Adds 'id' to the index. */
static void
index_id(struct slb_input *input, struct slb_azure_id *id)
{
    struct slb_mark mark = slb_object_mark(&id->obj, "id");
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (!slb_object_has(&id->obj, "id")) {
        input->incomplete = true;
        return;
    }
    if (!slb_azure_id_is_valid(id->id)) {
        ds_put_cstr(&ds, "'id' is ");
        slb_text_quote(id->id, &ds);
        ds_put_format(&ds, ", expected 1 to %d names with a '/' between them",
                      SLB_AZURE_SEGMENTS_MAX);
        slb_errors_add_nocopy(&input->errors, mark, ds_steal_cstr(&ds));
        input->incomplete = true;
        return;
    }
    if (!slb_azure_is_value(input, &(struct slb_yaml_node) {
            .type = SLB_YAML_SCALAR, .mark = mark, .text = id->id }, "id")) {
        input->incomplete = true;
        return;
    }

    const struct slb_azure_id *first
        = slb_azure_index_add(&input->azure->index, id->id, id);
    if (first) {
        ds_put_cstr(&ds, "the id ");
        slb_text_quote(id->id, &ds);
        ds_put_cstr(&ds, " is there twice, expected it only once; the first "
                    "one is at ");
        slb_mark_format(slb_object_mark(&first->obj, "id"), &ds);
        slb_errors_add_nocopy(&input->errors, mark, ds_steal_cstr(&ds));
    }
}

/* Reads the load balancers that have been added to 'input', all of whose files
 * have been read, into its model. */
void
slb_azure_finish(struct slb_input *input)
{
    struct slb_azure *azure = input->azure;

    if (!azure) {
        return;
    }
    for (; azure->n_indexed < azure->ids.n; azure->n_indexed++) {
        const struct slb_azure_ids *ids = (const struct slb_azure_ids *)
            azure->ids.at[azure->n_indexed];

        if (!slb_object_has(&ids->obj, "ids")) {
            /* What others refer to may have been in there. */
            input->incomplete = true;
        }
        for (size_t i = 0; i < ids->ids.n; i++) {
            index_id(input, ids->ids.at[i]);
        }
    }
    for (size_t i = 0; (i < azure->n_resources
                        && !slb_errors_is_full(&input->errors)); i++) {
        struct slb_object *lb = slb_azure_lb_read(input, &azure->index,
                                                  azure->resources[i]);
        if (lb) {
            slb_input_add_object(input, lb);
        }
    }
    destroy_documents(azure);
}

void
slb_azure_destroy(struct slb_input *input)
{
    struct slb_azure *azure = input->azure;

    if (azure) {
        destroy_documents(azure);
        free(azure->resources);
        for (size_t i = 0; i < azure->ids.n; i++) {
            slb_object_destroy(azure->ids.at[i]);
        }
        free(azure->ids.at);
        slb_index_destroy(&azure->names);
        slb_azure_index_destroy(&azure->index);
        free(azure);
        input->azure = NULL;
    }
}

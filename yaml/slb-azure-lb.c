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

#include "yaml/slb-azure-private.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "yaml/slb-azure.h"
#include "yaml/slb-azure-ids.h"
#include "yaml/slb-azure-map.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-yaml.h"

/* A load balancer as a whole. */

/* A name in the load balancer, by that in lower case and class. */
struct name {
    char *lower;
    const char *name;
};

static void
free_name(const void *name_)
{
    struct name *name = CONST_CAST(void *, name_);

    free(name->lower);
    free(name);
}

static void
add_name(struct slb_index *names, const struct slb_object *object)
{
    struct name *name = xmalloc(sizeof *name);

    name->lower = slb_azure_lower(object->name);
    name->name = object->name;
    if (slb_index_add_name(names, object->class, name->lower, name)) {
        free_name(name);
    }
}

/* Names are the same in upper and lower case in Azure: gives the references in
 * 'object' the case of the names of the objects in 'names', which is by class
 * and name, in lower case. */
static void
fix_case(struct slb_object *object, const struct slb_index *names)
{
    for (size_t i = 0; i < object->class->n_fields; i++) {
        const struct slb_field *field = &object->class->fields[i];
        void *value = slb_field_value(field, object);
        char **refs = NULL;
        size_t n = 0;

        if (field->type == SLB_T_REF) {
            refs = value;
            n = *refs != NULL;
        } else if (field->type == SLB_T_REFS) {
            struct slb_strings *strings = value;
            refs = strings->at;
            n = strings->n;
        }
        for (size_t j = 0; j < n; j++) {
            char *lower = slb_azure_lower(refs[j]);
            const struct name *name = slb_index_find_name(names, field->class,
                                                          lower);

            if (name) {
                free(refs[j]);
                refs[j] = xstrdup(name->name);
            }
            free(lower);
        }
        if (field->type == SLB_T_REFS) {
            slb_strings_sort(value);
        }
    }
}

/* Checks that 'rule' names no frontend twice. */
static void
check_twice(struct slb_input *input, const struct slb_outbound_rule *rule)
{
    const struct slb_strings *frontends = &rule->frontends;

    for (size_t i = 1; i < frontends->n; i++) {
        if (!strcmp(frontends->at[i - 1], frontends->at[i])) {
            slb_errors_add(&input->errors, frontends->marks[i],
                           "'frontendIPConfigurations' has the entry '%s' "
                           "twice, expected it only once", frontends->at[i]);
        }
    }
}

static void
fix_references(struct slb_azure_reader *r)
{
    struct slb_load_balancer *lb = r->lb;
    const struct slb_class *class = lb->obj.class;
    struct slb_index names;

    slb_index_init(&names);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < class->n_fields; i++) {
            const struct slb_field *field = &class->fields[i];
            const struct slb_list *list = slb_field_value(field, &lb->obj);

            for (size_t j = 0; (field->type == SLB_T_LIST
                                && j < list->n); j++) {
                if (pass) {
                    fix_case(list->at[j], &names);
                } else if (list->at[j]->name) {
                    add_name(&names, list->at[j]);
                }
            }
        }
    }
    slb_index_for_each_data(&names, free_name);
    slb_index_destroy(&names);
    for (size_t i = 0; i < lb->outbound_rules.n; i++) {
        check_twice(r->input, lb->outbound_rules.at[i]);
    }
}

/* One of the lists of a load balancer. */
struct part {
    const char *name;           /* The property. */
    const char *field;          /* The field. */
    const char *noun;           /* What it lists. */
    void (*read)(struct slb_azure_reader *, struct slb_azure_map *);
    struct slb_azure_unread unread[8];
};

/* In the order in which they are read. */
static const struct part parts[] = {
    { "frontendIPConfigurations", "frontends", "frontend IP configuration",
      slb_azure_read_frontend,
      { { "inboundNatPools", NULL }, { "inboundNatRules", NULL },
        { "loadBalancingRules", NULL }, { "outboundRules", NULL },
        { "gatewayLoadBalancer", "packets do not pass a gateway" } } },
    { "backendAddressPools", "backendPools", "backend address pool",
      slb_azure_read_pool,
      { { "inboundNatRules", NULL }, { "loadBalancingRules", NULL },
        { "outboundRule", NULL }, { "outboundRules", NULL },
        { "location", NULL }, { "syncMode", NULL },
        { "drainPeriodInSeconds", "how long connections are drained is the "
          "same for all pools" },
        { "tunnelInterfaces", "packets do not pass a gateway" } } },
    { "probes", "probes", "probe", slb_azure_read_probe,
      { { "loadBalancingRules", NULL } } },
    { "loadBalancingRules", "rules", "load balancing rule",
      slb_azure_read_rule,
      { { "enableConnectionTracking", "connections are tracked by machine" },
        { "allowBackendPortConflict", "a port of a machine has one rule" },
        { "enableDestinationServiceEndpoint",
          "there are no service endpoints" } } },
    { "inboundNatPools", "inboundNatPools", "inbound NAT pool",
      slb_azure_read_nat_pool,
      { { "allowBackendPortConflict", "a port of a machine has one rule" },
        { "enableDestinationServiceEndpoint",
          "there are no service endpoints" } } },
    { "inboundNatRules", "inboundNatRules", "inbound NAT rule",
      slb_azure_read_nat_rule,
      { { "allowBackendPortConflict", "a port of a machine has one rule" },
        { "enableDestinationServiceEndpoint",
          "there are no service endpoints" } } },
    { "outboundRules", "outboundRules", "outbound rule",
      slb_azure_read_outbound_rule, { { NULL, NULL } } },
};

static void
read_part(struct slb_azure_reader *r, struct slb_azure_map *map,
          const struct part *part)
{
    const struct slb_field *field = slb_class_field(r->lb->obj.class,
                                                    part->field);
    char *expected = xasprintf("a list of %s", field->class->nouns);
    const struct slb_yaml_node *list = slb_azure_map_list(map, part->name,
                                                          expected);
    size_t n_unread = 0;

    while (n_unread < ARRAY_SIZE(part->unread)
           && part->unread[n_unread].name) {
        n_unread++;
    }
    if (list) {
        slb_azure_set_mark(&r->lb->obj, part->field, list->mark);
    } else if (slb_azure_map_get(map, part->name)) {
        slb_object_set_invalid(&r->lb->obj, part->field);
    } else if (field->required) {
        slb_azure_map_missing(map, part->name, expected, &r->lb->obj,
                              part->field);
    }
    for (size_t i = 0; list && i < list->n; i++) {
        struct slb_azure_map child;

        if (slb_azure_map_open(&child, r->input, list->nodes[i],
                               part->noun)) {
            part->read(r, &child);
            slb_azure_map_close(&child, part->unread, n_unread);
        } else {
            slb_object_set_invalid(&r->lb->obj, part->field);
        }
    }
    free(expected);
}

/* In Azure, a load balancer that does not say what it is is a basic one. */
static void
read_sku(struct slb_azure_reader *r, struct slb_azure_map *map)
{
    const struct slb_yaml_node *node = slb_azure_map_get(map, "sku");
    struct slb_azure_map sku;

    r->lb->sku = SLB_SKU_BASIC;
    if (!node) {
        return;
    }
    slb_azure_set_mark(&r->lb->obj, "sku", node->mark);
    if (slb_azure_map_open(&sku, r->input, node, "sku")) {
        sku.path = "sku.";
        slb_azure_map_field(&sku, "name", &r->lb->obj, "sku");
        slb_azure_map_field(&sku, "tier", &r->lb->obj, "tier");
        slb_azure_map_close(&sku, NULL, 0);
    } else {
        slb_object_set_invalid(&r->lb->obj, "sku");
    }
}

/* Finds out the virtual network, unless other objects have told it. */
static void
read_network(struct slb_azure_reader *r, struct slb_azure_map *map)
{
    struct slb_object *object = &r->lb->obj;
    const struct slb_azure_id *entry = NULL;

    if (slb_azure_has_id(object)) {
        char *id = slb_azure_object_id(map, "loadBalancers", object);

        if (slb_azure_find_entry(r, id, object->mark, &entry) && entry
            && entry->network) {
            slb_azure_set_network(r, entry->network, object->mark);
        } else if (!r->lb->network && !r->network_is_wrong) {
            slb_azure_missing_id(r, object->mark, "the virtual network", id,
                                 entry, "network: NAME");
        }
        free(id);
    }
    if (!r->lb->network) {
        slb_object_set_invalid(object, "network");
    }
}

/* Whether 'map', in a template, is what Azure would make one load balancer of.
 * Reports it if that cannot be said. */
static bool
is_deployed(struct slb_azure_reader *r, struct slb_azure_map *map)
{
    const struct slb_yaml_node *condition = slb_azure_map_get(map,
                                                              "condition");
    const struct slb_yaml_node *copy = slb_azure_map_get(map, "copy");

    if (copy) {
        slb_errors_add(&r->input->errors, copy->mark, "'copy' makes several "
                       "load balancers of one, which is not evaluated, "
                       "expected each of them");
    }
    if (condition && slb_azure_is_value(r->input, condition, "condition")
        && condition->type == SLB_YAML_SCALAR
        && !strcasecmp(condition->text, "false")) {
        slb_errors_add(&r->input->warnings, condition->mark, "the load "
                       "balancer is ignored, its 'condition' is false");
        return false;
    }
    return true;
}

/* Reads 'node', a load balancer of Azure's, and what is said in 'ids' about
 * the ids in it, data of which is struct slb_azure_id *.  Returns NULL if
 * there is none, after reporting or warning why. */
struct slb_object *
slb_azure_lb_read(struct slb_input *input, struct slb_azure_index *ids,
                  const struct slb_yaml_node *node)
{
    static const struct slb_azure_unread unread[] = {
        { "apiVersion", NULL }, { "comments", NULL }, { "dependsOn", NULL },
        { "extendedLocation", NULL }, { "location", NULL },
        { "managedBy", NULL }, { "metadata", NULL }, { "resourceGuid", NULL },
        { "scale", NULL },
        { "zones", "zones are those of frontends" },
        { "resources", "resources inside of a load balancer are ignored" },
        { "outboundNatRules", "outbound NAT rules are ignored" },
        { "tags", "tags are not kept" },
    };
    struct slb_azure_reader r = { .input = input, .ids = ids };
    struct slb_azure_map map;

    if (!slb_azure_map_open(&map, input, node, "load balancer")) {
        input->incomplete = true;
        return NULL;
    }
    if (!is_deployed(&r, &map)) {
        slb_azure_map_destroy(&map);
        return NULL;
    }

    struct slb_object *object = slb_object_create(&slb_load_balancer_class,
                                                  NULL);
    object->mark = node->mark;
    r.lb = (struct slb_load_balancer *) object;
    slb_index_init(&r.nat_pools);
    slb_azure_map_field(&map, "name", object, "name");
    read_sku(&r, &map);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        read_part(&r, &map, &parts[i]);
    }
    read_network(&r, &map);
    fix_references(&r);
    slb_azure_warn_of_made_rules(&r);

    slb_azure_free_nat_pools(&r);
    slb_azure_map_close(&map, unread, ARRAY_SIZE(unread));
    return object;
}

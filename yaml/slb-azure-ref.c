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

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"
#include "yaml/slb-azure-ids.h"
#include "yaml/slb-azure-map.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-text.h"
#include "yaml/slb-yaml.h"

/* What other objects an object refers to: in and outside of the load
 * balancer. */

void
slb_azure_set_mark(struct slb_object *object, const char *field,
                   struct slb_mark mark)
{
    slb_object_set_mark(object, (slb_class_field(object->class, field)
                                 - object->class->fields), mark);
}

char *
slb_azure_lower(const char *s)
{
    char *copy = xstrdup(s);

    for (char *p = copy; *p; p++) {
        *p = tolower((unsigned char) *p);
    }
    return copy;
}

/* What AzureIds tell. */

/* Looks for what users say about 'id', which is at 'mark'.  Returns false,
 * after reporting it, if several lines may be meant, otherwise true with
 * '*entry' set to the line, or to NULL if there is none. */
bool
slb_azure_find_entry(struct slb_azure_reader *r, const char *id,
                     struct slb_mark mark, const struct slb_azure_id **entry)
{
    void *found[2] = { NULL, NULL };
    size_t n = slb_azure_index_find(r->ids, id, found);

    *entry = found[0];
    if (n > 1) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_format(&ds, "the id '%s' may be that of two lines of AzureIds, "
                      "at ", id);
        for (size_t i = 0; i < n; i++) {
            const struct slb_azure_id *e = found[i];
            ds_put_cstr(&ds, i ? " and " : "");
            slb_mark_format(slb_object_mark(&e->obj, "id"), &ds);
        }
        ds_put_cstr(&ds, ", expected longer ids");
        slb_errors_add_nocopy(&r->input->errors, mark, ds_steal_cstr(&ds));
        *entry = NULL;
    }
    return n <= 1;
}

/* Like slb_azure_find_entry(), of a network interface's IP configuration: what
 * is said of the interface holds for it as well. */
bool
slb_azure_find_nic(struct slb_azure_reader *r, const char *id,
                   struct slb_mark mark, const struct slb_azure_id **entry)
{
    bool ok = slb_azure_find_entry(r, id, mark, entry);

    if (ok && !*entry && slb_azure_id_name(id, "ipConfigurations")) {
        char *nic = slb_azure_id_parent(id);
        if (nic) {
            ok = slb_azure_find_entry(r, nic, mark, entry);
        }
        free(nic);
    }
    return ok;
}

/* Reports that 'what' of 'id' is not known, and that 'keys' could tell it in
 * 'entry', or in a new line if that is NULL. */
void
slb_azure_missing_id(struct slb_azure_reader *r, struct slb_mark mark,
                     const char *what, const char *id,
                     const struct slb_azure_id *entry, const char *keys)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (r->input->incomplete) {
        /* It may be in what could not be read. */
        return;
    }
    ds_put_format(&ds, "%s of '%s' is not known, expected ", what, id);
    if (entry) {
        ds_put_format(&ds, "'%s' in its line of AzureIds, at ", keys);
        slb_mark_format(entry->obj.mark, &ds);
    } else {
        ds_put_cstr(&ds, "a line '- {id: ");
        slb_azure_id_format_short(id, &ds);
        ds_put_format(&ds, ", %s}' in a document of kind AzureIds", keys);
    }
    slb_errors_add_nocopy(&r->input->errors, mark, ds_steal_cstr(&ds));
}

/* If 'entry', which may be NULL, has an address, sets the field called
 * "address" of 'object' to it. */
bool
slb_azure_set_address(const struct slb_azure_id *entry,
                      struct slb_object *object, struct in6_addr *address,
                      struct slb_mark mark)
{
    if (entry && !ipv6_is_zero(&entry->address)) {
        *address = entry->address;
        slb_azure_set_mark(object, "address", mark);
        return true;
    }
    return false;
}

/* The virtual network. */

/* Checks that 'name', which 'what' of the id at 'mark' is called, is a name in
 * the language. */
bool
slb_azure_check_name(struct slb_azure_reader *r, const char *what,
                     const char *name, struct slb_mark mark)
{
    if (!slb_name_is_valid(name)) {
        static const struct slb_field field = { .type = SLB_T_NAME };
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_format(&ds, "the name of the %s is ", what);
        slb_text_quote(name, &ds);
        ds_put_cstr(&ds, ", expected ");
        slb_field_format_expected(&field, &ds);
        slb_errors_add_nocopy(&r->input->errors, mark, ds_steal_cstr(&ds));
        return false;
    }
    return true;
}

/* Notes that, as what is at 'mark' says, the load balancer is in the virtual
 * network 'name'.  It can be only in one. */
void
slb_azure_set_network(struct slb_azure_reader *r, const char *name,
                      struct slb_mark mark)
{
    struct slb_load_balancer *lb = r->lb;

    if (!slb_azure_check_name(r, "virtual network", name, mark)) {
        r->network_is_wrong = true;
    } else if (!lb->network) {
        lb->network = xstrdup(name);
        r->network_mark = mark;
        slb_azure_set_mark(&lb->obj, "network", mark);
    } else if (strcasecmp(lb->network, name)) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_format(&ds, "the virtual network is '%s' here, but '%s' at ",
                      name, lb->network);
        slb_mark_format(r->network_mark, &ds);
        ds_put_cstr(&ds, ", expected one for the whole load balancer");
        slb_errors_add_nocopy(&r->input->errors, mark, ds_steal_cstr(&ds));
    }
}

/* Reports that 'id', the value of the property 'name', is not of the type
 * that it should be. */
void
slb_azure_other_type(struct slb_azure_reader *r, const char *name,
                     const char *id, struct slb_mark mark,
                     const char *expected)
{
    slb_errors_add(&r->input->errors, mark, "'%s' is the id '%s', expected "
                   "one that ends with %s/NAME", name, id, expected);
}

/* Reads the property "virtualNetwork" of 'map', if there is one. */
void
slb_azure_read_network(struct slb_azure_reader *r, struct slb_azure_map *map)
{
    const struct slb_azure_id *entry;
    struct slb_azure_map ref;
    struct slb_mark mark;
    const char *id;

    if (!slb_azure_map_reference(map, "virtualNetwork", &ref, &id, &mark)) {
        r->network_is_wrong |= slb_azure_map_get(map,
                                                 "virtualNetwork") != NULL;
        return;
    }
    if (!slb_azure_find_entry(r, id, mark, &entry)) {
        r->network_is_wrong = true;
    } else {
        const char *name = (entry && entry->network ? entry->network
                            : slb_azure_id_name(id, "virtualNetworks"));
        if (name) {
            slb_azure_set_network(r, name, mark);
        } else {
            slb_azure_other_type(r, "virtualNetwork", id, mark,
                                 "virtualNetworks");
            r->network_is_wrong = true;
        }
    }
    slb_azure_reference_close(&ref);
}

/* Reads the property "subnet" of 'map', if there is one.  If 'object' is not
 * NULL, its field 'subnet' is that subnet's name. */
void
slb_azure_read_subnet(struct slb_azure_reader *r, struct slb_azure_map *map,
                      struct slb_object *object, char **subnet)
{
    const struct slb_azure_id *entry;
    struct slb_azure_map ref;
    struct slb_mark mark;
    const char *id;

    if (!slb_azure_map_reference(map, "subnet", &ref, &id, &mark)) {
        r->network_is_wrong |= slb_azure_map_get(map, "subnet") != NULL;
        return;
    }
    if (!slb_azure_find_entry(r, id, mark, &entry)) {
        r->network_is_wrong = true;
    } else {
        const char *name = (entry && entry->subnet ? entry->subnet
                            : slb_azure_id_name(id, "subnets"));
        char *network = slb_azure_id_parent(id);

        if (!name) {
            slb_azure_other_type(r, "subnet", id, mark, "subnets");
            r->network_is_wrong = true;
        } else if (object && slb_azure_check_name(r, "subnet", name, mark)) {
            *subnet = xstrdup(name);
            slb_azure_set_mark(object, "subnet", mark);
        }
        if (entry && entry->network) {
            slb_azure_set_network(r, entry->network, mark);
        } else if (name && network && slb_azure_find_entry(r, network, mark,
                                                           &entry)) {
            const char *network_name
                = (entry && entry->network ? entry->network
                   : slb_azure_id_name(network, "virtualNetworks"));
            if (network_name) {
                slb_azure_set_network(r, network_name, mark);
            } else {
                slb_azure_other_type(r, "subnet", id, mark,
                                     "virtualNetworks/NAME/subnets");
                r->network_is_wrong = true;
            }
        }
        free(network);
    }
    slb_azure_reference_close(&ref);
}

/* References inside of the load balancer. */

/* Returns the name in 'id', the value of the property 'name', which is to be
 * that of one of the load balancer's objects of 'type'
 * ("backendAddressPools").  Returns NULL, after reporting it, if it is
 * something else. */
static const char *
child_name(struct slb_azure_reader *r, const char *name, const char *id,
           struct slb_mark mark, const char *type)
{
    const char *lb_name = (slb_object_has(&r->lb->obj, "name")
                           ? r->lb->obj.name : NULL);
    const char *child = slb_azure_id_name(id, type);
    char *parent = slb_azure_id_parent(id);
    const char *other = parent ? slb_azure_id_name(parent, "loadBalancers")
                        : NULL;

    if (!child || (parent && !other)) {
        char *expected = xasprintf("loadBalancers/%s/%s",
                                   lb_name ? lb_name : "NAME", type);
        slb_azure_other_type(r, name, id, mark, expected);
        free(expected);
        child = NULL;
    } else if (other && lb_name && strcasecmp(other, lb_name)) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_format(&ds, "'%s' is of the load balancer ", name);
        slb_text_quote(other, &ds);
        ds_put_cstr(&ds, ", expected one of ");
        slb_text_quote(lb_name, &ds);
        slb_errors_add_nocopy(&r->input->errors, mark, ds_steal_cstr(&ds));
        child = NULL;
    }
    free(parent);
    return child;
}

/* Reads 'node', the value of the property 'name', as a reference to an object
 * of 'type', into the field called 'field_name' of 'object'. */
void
slb_azure_read_child(struct slb_azure_reader *r,
                     const struct slb_yaml_node *node, const char *name,
                     struct slb_object *object, const char *field_name,
                     const char *type)
{
    const struct slb_field *field = slb_class_field(object->class, field_name);
    struct slb_azure_map ref;
    struct slb_mark mark;
    const char *id;
    bool ok = false;

    if (slb_azure_reference_open(&ref, r->input, node, name, &id, &mark)) {
        const char *child = child_name(r, name, id, mark, type);

        slb_azure_set_mark(object, field_name, mark);
        if (child && field->type == SLB_T_REFS) {
            ok = slb_azure_check_name(r, field->class->noun, child, mark);
            if (ok) {
                slb_strings_add(slb_field_value(field, object), child, &mark);
            }
        } else if (child) {
            char *error = slb_value_parse(field, child,
                                          slb_field_value(field, object));
            if (error) {
                slb_errors_add(&r->input->errors, mark, "'%s' %s", name,
                               error);
                free(error);
            } else {
                ok = true;
            }
        }
        slb_azure_reference_close(&ref);
    }
    if (!ok) {
        slb_object_set_invalid(object, field_name);
    }
}

void
slb_azure_missing_child(const struct slb_azure_map *map, const char *name,
                        struct slb_object *object, const char *field_name)
{
    const struct slb_field *field = slb_class_field(object->class, field_name);
    char *expected = xasprintf("the 'id' of %s %s",
                               slb_class_article(field->class),
                               field->class->noun);

    slb_azure_map_missing(map, name, expected, object, field_name);
    free(expected);
}

/* Reads the property 'name' of 'map' like slb_azure_read_child(). */
void
slb_azure_read_property(struct slb_azure_reader *r, struct slb_azure_map *map,
                        const char *name, struct slb_object *object,
                        const char *field_name, const char *type)
{
    const struct slb_yaml_node *node = slb_azure_map_get(map, name);

    if (node) {
        slb_azure_read_child(r, node, name, object, field_name, type);
    } else if (slb_class_field(object->class, field_name)->required) {
        slb_azure_missing_child(map, name, object, field_name);
    }
}

void
slb_azure_read_frontend_id(struct slb_azure_reader *r,
                           struct slb_azure_map *map,
                           struct slb_object *object)
{
    slb_azure_read_property(r, map, "frontendIPConfiguration", object,
                            "frontend", "frontendIPConfigurations");
}

void
slb_azure_read_fields(struct slb_azure_map *map, struct slb_object *object,
                      const char *const names[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        slb_azure_map_field(map, names[i], object, names[i]);
    }
}

/* Creates an object for the load balancer's field called 'list', from 'map':
 * its place and name.  The caller has to add it there, or to destroy it. */
struct slb_object *
slb_azure_create(struct slb_azure_reader *r, const char *list,
                 struct slb_azure_map *map)
{
    const struct slb_field *field = slb_class_field(r->lb->obj.class, list);
    struct slb_object *object = slb_object_create(field->class, &r->lb->obj);

    object->mark = map->node->mark;
    slb_azure_map_field(map, "name", object, "name");
    return object;
}

void
slb_azure_append(struct slb_azure_reader *r, const char *list,
                 struct slb_object *object)
{
    const struct slb_field *field = slb_class_field(r->lb->obj.class, list);

    slb_list_add(slb_field_value(field, &r->lb->obj), object);
}

/* Returns the id of 'map', which is the 'type' 'object' of the load balancer,
 * for the caller to free. */
char *
slb_azure_object_id(struct slb_azure_map *map, const char *type,
                    const struct slb_object *object)
{
    const struct slb_yaml_node *id = slb_azure_map_get(map, "id");

    if (id && id->type == SLB_YAML_SCALAR && slb_azure_id_is_valid(id->text)) {
        return xstrdup(id->text);
    }
    return (object->parent
            ? xasprintf("loadBalancers/%s/%s/%s", object->parent->name, type,
                        object->name)
            : xasprintf("loadBalancers/%s", object->name));
}

/* Whether 'object', and the load balancer, have names, so that lines of
 * AzureIds can be about it. */
bool
slb_azure_has_id(const struct slb_object *object)
{
    return (object->name && slb_object_has(object, "name")
            && (!object->parent || slb_azure_has_id(object->parent)));
}

char *
slb_azure_member_address(const struct slb_member *member)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_address_format(&member->address, &ds);
    return ds_steal_cstr(&ds);
}

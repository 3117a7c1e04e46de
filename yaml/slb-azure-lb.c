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

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "util.h"
#include "yaml/slb-azure-ids.h"
#include "yaml/slb-azure-map.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-text.h"
#include "yaml/slb-yaml.h"

/* One load balancer of Azure's: which of its properties is which field of
 * ours.
 *
 * Values are checked as those in the language's own documents are, by the same
 * table.  Names that are referred to, and everything else that depends on
 * several objects, is left to slb_validate(). */

struct reader {
    struct slb_input *input;
    struct slb_azure_index *ids;
    struct slb_load_balancer *lb;

    struct slb_mark network_mark; /* What 'lb->network' is from. */
    bool network_is_wrong;      /* There was one, but it was wrong. */

    /* Inbound NAT pools by name, in lower case.  Data is struct made *. */
    struct shash nat_pools;
};

/* What there is of an inbound NAT pool besides its fields. */
struct made {
    const struct slb_nat_pool *pool;
    struct slb_mark first;      /* Of the rules that Azure has made of it. */
    size_t n;                   /* How many these are. */
};

static void
set_mark(struct slb_object *object, const char *field, struct slb_mark mark)
{
    slb_object_set_mark(object, (slb_class_field(object->class, field)
                                 - object->class->fields), mark);
}

static char *
to_lower(const char *s)
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
static bool
find_entry(struct reader *r, const char *id, struct slb_mark mark,
           const struct slb_azure_id **entry)
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

/* Like find_entry(), of a network interface's IP configuration: what is said
 * of the interface holds for it as well. */
static bool
find_nic_entry(struct reader *r, const char *id, struct slb_mark mark,
               const struct slb_azure_id **entry)
{
    bool ok = find_entry(r, id, mark, entry);

    if (ok && !*entry && slb_azure_id_name(id, "ipConfigurations")) {
        char *nic = slb_azure_id_parent(id);
        if (nic) {
            ok = find_entry(r, nic, mark, entry);
        }
        free(nic);
    }
    return ok;
}

/* Reports that 'what' of 'id' is not known, and that 'keys' could tell it in
 * 'entry', or in a new line if that is NULL. */
static void
report_missing_id(struct reader *r, struct slb_mark mark, const char *what,
                  const char *id, const struct slb_azure_id *entry,
                  const char *keys)
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
static bool
set_entry_address(const struct slb_azure_id *entry, struct slb_object *object,
                  struct in6_addr *address, struct slb_mark mark)
{
    if (entry && !ipv6_is_zero(&entry->address)) {
        *address = entry->address;
        set_mark(object, "address", mark);
        return true;
    }
    return false;
}

/* The virtual network. */

/* Checks that 'name', which 'what' of the id at 'mark' is called, is a name in
 * the language. */
static bool
check_id_name(struct reader *r, const char *what, const char *name,
              struct slb_mark mark)
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
static void
set_network(struct reader *r, const char *name, struct slb_mark mark)
{
    struct slb_load_balancer *lb = r->lb;

    if (!check_id_name(r, "virtual network", name, mark)) {
        r->network_is_wrong = true;
    } else if (!lb->network) {
        lb->network = xstrdup(name);
        r->network_mark = mark;
        set_mark(&lb->obj, "network", mark);
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
static void
report_other_type(struct reader *r, const char *name, const char *id,
                  struct slb_mark mark, const char *expected)
{
    slb_errors_add(&r->input->errors, mark, "'%s' is the id '%s', expected "
                   "one that ends with %s/NAME", name, id, expected);
}

/* Reads the property "virtualNetwork" of 'map', if there is one. */
static void
read_virtual_network(struct reader *r, struct slb_azure_map *map)
{
    const struct slb_azure_id *entry;
    struct slb_azure_map ref;
    struct slb_mark mark;
    const char *id;

    if (!slb_azure_map_reference(map, "virtualNetwork", &ref, &id, &mark)) {
        r->network_is_wrong |= slb_azure_map_get(map, "virtualNetwork") != NULL;
        return;
    }
    if (!find_entry(r, id, mark, &entry)) {
        r->network_is_wrong = true;
    } else {
        const char *name = (entry && entry->network ? entry->network
                            : slb_azure_id_name(id, "virtualNetworks"));
        if (name) {
            set_network(r, name, mark);
        } else {
            report_other_type(r, "virtualNetwork", id, mark,
                              "virtualNetworks");
            r->network_is_wrong = true;
        }
    }
    slb_azure_map_destroy(&ref);
}

/* Reads the property "subnet" of 'map', if there is one.  If 'object' is not
 * NULL, its field 'subnet' is that subnet's name. */
static void
read_subnet(struct reader *r, struct slb_azure_map *map,
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
    if (!find_entry(r, id, mark, &entry)) {
        r->network_is_wrong = true;
    } else {
        const char *name = (entry && entry->subnet ? entry->subnet
                            : slb_azure_id_name(id, "subnets"));
        char *network = slb_azure_id_parent(id);

        if (!name) {
            report_other_type(r, "subnet", id, mark, "subnets");
            r->network_is_wrong = true;
        } else if (object && check_id_name(r, "subnet", name, mark)) {
            *subnet = xstrdup(name);
            set_mark(object, "subnet", mark);
        }
        if (entry && entry->network) {
            set_network(r, entry->network, mark);
        } else if (name && network && find_entry(r, network, mark, &entry)) {
            const char *network_name
                = (entry && entry->network ? entry->network
                   : slb_azure_id_name(network, "virtualNetworks"));
            if (network_name) {
                set_network(r, network_name, mark);
            } else {
                report_other_type(r, "subnet", id, mark,
                                  "virtualNetworks/NAME/subnets");
                r->network_is_wrong = true;
            }
        }
        free(network);
    }
    slb_azure_map_destroy(&ref);
}

/* References inside of the load balancer. */

/* Returns the name in 'id', the value of the property 'name', which is to be
 * that of one of the load balancer's objects of 'type'
 * ("backendAddressPools").  Returns NULL, after reporting it, if it is
 * something else. */
static const char *
child_name(struct reader *r, const char *name, const char *id,
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
        report_other_type(r, name, id, mark, expected);
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
static void
read_child_reference(struct reader *r, const struct slb_yaml_node *node,
                     const char *name, struct slb_object *object,
                     const char *field_name, const char *type)
{
    const struct slb_field *field = slb_class_field(object->class, field_name);
    struct slb_azure_map ref;
    struct slb_mark mark;
    const char *id;
    bool ok = false;

    if (slb_azure_reference_open(&ref, r->input, node, name, &id, &mark)) {
        const char *child = child_name(r, name, id, mark, type);

        set_mark(object, field_name, mark);
        if (child && field->type == SLB_T_REFS) {
            ok = check_id_name(r, field->class->noun, child, mark);
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
        slb_azure_map_destroy(&ref);
    }
    if (!ok) {
        slb_object_set_invalid(object, field_name);
    }
}

static void
report_missing_reference(const struct slb_azure_map *map, const char *name,
                         struct slb_object *object, const char *field_name)
{
    const struct slb_field *field = slb_class_field(object->class, field_name);
    char *expected = xasprintf("the 'id' of a %s", field->class->noun);

    slb_azure_map_missing(map, name, expected, object, field_name);
    free(expected);
}

/* Reads the property 'name' of 'map' like read_child_reference(). */
static void
read_child_property(struct reader *r, struct slb_azure_map *map,
                    const char *name, struct slb_object *object,
                    const char *field_name, const char *type)
{
    const struct slb_yaml_node *node = slb_azure_map_get(map, name);

    if (node) {
        read_child_reference(r, node, name, object, field_name, type);
    } else if (slb_class_field(object->class, field_name)->required) {
        report_missing_reference(map, name, object, field_name);
    }
}

static void
read_frontend_reference(struct reader *r, struct slb_azure_map *map,
                        struct slb_object *object)
{
    read_child_property(r, map, "frontendIPConfiguration", object, "frontend",
                        "frontendIPConfigurations");
}

static void
read_fields(struct slb_azure_map *map, struct slb_object *object,
            const char *const names[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        slb_azure_map_field(map, names[i], object, names[i]);
    }
}

/* Creates an object for the load balancer's field called 'list', from 'map':
 * its place and name.  The caller has to add it there, or to destroy it. */
static struct slb_object *
create_object(struct reader *r, const char *list, struct slb_azure_map *map)
{
    const struct slb_field *field = slb_class_field(r->lb->obj.class, list);
    struct slb_object *object = slb_object_create(field->class, &r->lb->obj);

    object->mark = map->node->mark;
    slb_azure_map_field(map, "name", object, "name");
    return object;
}

static void
add_object(struct reader *r, const char *list, struct slb_object *object)
{
    const struct slb_field *field = slb_class_field(r->lb->obj.class, list);

    slb_list_add(slb_field_value(field, &r->lb->obj), object);
}

/* Frontends. */

static void
read_zones(struct reader *r, struct slb_azure_map *map,
           struct slb_frontend *frontend)
{
    const struct slb_yaml_node *zones
        = slb_azure_map_list(map, "zones", "a list of names of zones");
    bool ok = true;

    for (size_t i = 0; zones && i < zones->n; i++) {
        ok &= slb_azure_is_value(r->input, zones->nodes[i], "zones");
    }
    if (zones) {
        const struct slb_field *field
            = slb_class_field(frontend->obj.class, "zones");
        set_mark(&frontend->obj, "zones", zones->mark);
        if (!ok || !slb_parse_strings(r->input, field, zones,
                                      &frontend->zones)) {
            slb_object_set_invalid(&frontend->obj, "zones");
        }
    }
}

/* Reads the properties that make 'frontend' a public one.  Returns true if
 * there are any. */
static bool
read_public_frontend(struct reader *r, struct slb_azure_map *map,
                     struct slb_frontend *frontend)
{
    struct slb_object *object = &frontend->obj;
    const struct slb_azure_id *entry;
    bool public = (slb_azure_map_get(map, "publicIPAddress")
                   || slb_azure_map_get(map, "publicIPPrefix"));
    struct slb_azure_map ref;
    struct slb_mark mark;
    const char *id;

    if (slb_azure_map_reference(map, "publicIPAddress", &ref, &id, &mark)) {
        if (!find_entry(r, id, mark, &entry)) {
            slb_object_set_invalid(object, "address");
        } else if (!set_entry_address(entry, object, &frontend->address, mark)
                   && (entry && !slb_object_has(&entry->obj, "address"))) {
            slb_object_set_invalid(object, "address");
        } else if (ipv6_is_zero(&frontend->address)
                   && !slb_azure_map_field(&ref, "ipAddress", object,
                                           "address")
                   && slb_object_has(object, "address")) {
            report_missing_id(r, mark, "the address", id, entry,
                              "address: ADDRESS");
            slb_object_set_invalid(object, "address");
        }
        slb_azure_map_destroy(&ref);
    } else if (slb_azure_map_get(map, "publicIPAddress")) {
        slb_object_set_invalid(object, "address");
    }

    if (slb_azure_map_reference(map, "publicIPPrefix", &ref, &id, &mark)) {
        const char *name = NULL;

        set_mark(object, "publicIPPrefix", mark);
        if (find_entry(r, id, mark, &entry)) {
            name = (entry && entry->obj.name ? entry->obj.name
                    : slb_azure_id_name(id, "publicIPPrefixes"));
            if (!name) {
                report_other_type(r, "publicIPPrefix", id, mark,
                                  "publicIPPrefixes");
            }
        }
        if (name && check_id_name(r, "public IP prefix", name, mark)) {
            frontend->public_ip_prefix = xstrdup(name);
        } else {
            slb_object_set_invalid(object, "publicIPPrefix");
        }
        slb_azure_map_destroy(&ref);
    } else if (slb_azure_map_get(map, "publicIPPrefix")) {
        slb_object_set_invalid(object, "publicIPPrefix");
    }
    return public;
}

static void
read_internal_frontend(struct reader *r, struct slb_azure_map *map,
                       struct slb_frontend *frontend)
{
    static const char *const versions[] = { "IPv4", "IPv6", NULL };
    static const struct slb_field version_field = {
        .type = SLB_T_ENUM, .values = versions,
    };
    struct slb_object *object = &frontend->obj;
    const struct slb_yaml_node *address
        = slb_azure_map_get(map, "privateIPAddress");
    const struct slb_yaml_node *version
        = slb_azure_map_get(map, "privateIPAddressVersion");

    read_subnet(r, map, object, &frontend->subnet);
    if (slb_azure_map_get(map, "subnet") && !frontend->subnet) {
        slb_object_set_invalid(object, "subnet");
    }
    slb_azure_map_field(map, "privateIPAllocationMethod", object,
                        "privateIPAllocationMethod");
    slb_azure_map_field(map, "privateIPAddress", object, "address");
    if (version && slb_azure_is_value(r->input, version,
                                      "privateIPAddressVersion")) {
        bool v6 = (version->type == SLB_YAML_SCALAR
                   && !strcasecmp(version->text, "IPv6"));

        if (!v6 && (version->type != SLB_YAML_SCALAR
                    || strcasecmp(version->text, "IPv4"))) {
            struct ds ds = DS_EMPTY_INITIALIZER;

            ds_put_cstr(&ds, "'privateIPAddressVersion' ");
            slb_yaml_format_found(version, &ds);
            ds_put_cstr(&ds, ", expected ");
            slb_field_format_expected(&version_field, &ds);
            slb_errors_add_nocopy(&r->input->errors, version->mark,
                                  ds_steal_cstr(&ds));
        } else if (!ipv6_is_zero(&frontend->address)
                   && v6 == slb_address_is_v4(&frontend->address)) {
            slb_errors_add(&r->input->errors, version->mark,
                           "'privateIPAddressVersion' is %s, but "
                           "'privateIPAddress' is an %s address, expected the "
                           "same", versions[v6],
                           slb_address_family(&frontend->address));
        }
    }

    if (frontend->allocation == SLB_ALLOCATION_DYNAMIC
        && !ipv6_is_zero(&frontend->address)) {
        slb_errors_add(&r->input->warnings, address->mark,
                       "'privateIPAddress' is what Azure has assigned, it is "
                       "not kept because 'privateIPAllocationMethod' is not "
                       "Static");
        memset(&frontend->address, 0, sizeof frontend->address);
    }
    if (!address && !slb_azure_map_get(map, "subnet")) {
        slb_azure_map_missing(map, "subnet",
                              "it, or 'publicIPAddress', or 'publicIPPrefix'",
                              object, "address");
    }
}

static void
read_frontend(struct reader *r, struct slb_azure_map *map)
{
    struct slb_object *object = create_object(r, "frontends", map);
    struct slb_frontend *frontend = (struct slb_frontend *) object;

    add_object(r, "frontends", object);
    read_zones(r, map, frontend);
    if (!read_public_frontend(r, map, frontend)) {
        read_internal_frontend(r, map, frontend);
        return;
    }

    /* Of a public frontend, these two say nothing. */
    slb_azure_map_get(map, "privateIPAllocationMethod");
    slb_azure_map_get(map, "privateIPAddressVersion");
    static const char *const internal[] = { "subnet", "privateIPAddress" };
    for (size_t i = 0; i < ARRAY_SIZE(internal); i++) {
        const struct slb_yaml_node *node = slb_azure_map_get(map, internal[i]);
        if (node) {
            slb_errors_add(&r->input->errors, node->mark, "'%s' is there as "
                           "well as a public address, expected one of them",
                           internal[i]);
        }
    }
}

/* Backend pools. */

/* A member of a pool that is a network interface. */
struct nic {
    struct slb_member *member;
    const struct slb_azure_id *entry; /* Or NULL. */
    const char *id;
    struct slb_mark mark;       /* Of 'id'. */
    bool failed;                /* An error about it has been reported. */
};

struct pool_reader {
    struct reader *r;
    struct slb_pool *pool;
    struct shash ids;           /* By nic_key().  Data is struct nic *. */
    struct nic **nics;
    size_t n_nics, allocated_nics;
    struct slb_list others;     /* Members that are not among 'nics'. */
};

static struct slb_object *
create_member(struct slb_pool *pool, struct slb_mark mark)
{
    struct slb_object *object = slb_object_create(&slb_member_class,
                                                  &pool->obj);

    object->mark = mark;
    return object;
}

/* Returns what is the same for all ids of a network interface, for the caller
 * to free.  'entry' is what users say about 'id', or NULL. */
static char *
nic_key(const char *id, const struct slb_azure_id *entry)
{
    id = entry ? entry->id : id;
    return to_lower(id + (*id == '/'));
}

/* Returns the member of the pool that is the network interface 'id', which is
 * at 'mark'; it is a new one, unless it has been there. */
static struct nic *
find_nic(struct pool_reader *p, const char *id, struct slb_mark mark)
{
    const struct slb_azure_id *entry;
    bool ok = find_nic_entry(p->r, id, mark, &entry);
    char *key = nic_key(id, entry);
    struct nic *nic = shash_find_data(&p->ids, key);

    if (nic) {
        free(key);
        return nic;
    }

    struct slb_object *object = create_member(p->pool, mark);
    nic = xzalloc(sizeof *nic);
    nic->member = (struct slb_member *) object;
    nic->entry = entry;
    nic->id = id;
    nic->mark = mark;
    nic->failed = !ok;
    shash_add_nocopy(&p->ids, key, nic);
    if (p->n_nics >= p->allocated_nics) {
        p->nics = x2nrealloc(p->nics, &p->allocated_nics, sizeof *p->nics);
    }
    p->nics[p->n_nics++] = nic;
    slb_list_add((struct slb_list *) &p->pool->members, object);
    if (entry) {
        if (entry->obj.name) {
            object->name = xstrdup(entry->obj.name);
            set_mark(object, "name", mark);
        }
        set_entry_address(entry, object, &nic->member->address, mark);
        if (entry->network) {
            set_network(p->r, entry->network, mark);
        }
        nic->failed |= (!slb_object_has(&entry->obj, "name")
                        || !slb_object_has(&entry->obj, "address"));
    }
    return nic;
}

/* Sets the address of 'nic' to the property 'name' of 'map', if there is one
 * and users have not said anything else. */
static void
set_nic_address(struct nic *nic, struct slb_azure_map *map, const char *name)
{
    if (ipv6_is_zero(&nic->member->address)) {
        slb_azure_map_field(map, name, &nic->member->obj, "address");
        nic->failed |= !slb_object_has(&nic->member->obj, "address");
    } else {
        slb_azure_map_get(map, name);
    }
}

static void
read_backend_configuration(struct pool_reader *p,
                           const struct slb_yaml_node *node)
{
    struct slb_azure_map map;
    struct slb_mark mark;
    const char *id;

    if (slb_azure_reference_open(&map, p->r->input, node,
                                 "backendIPConfigurations", &id, &mark)) {
        set_nic_address(find_nic(p, id, mark), &map, "privateIPAddress");
        slb_azure_map_destroy(&map);
    } else {
        slb_object_set_invalid(&p->pool->obj, "members");
    }
}

/* Returns the member that 'map', a backend address without network interface,
 * is.  Returns NULL if it has no address. */
static struct slb_member *
read_address(struct pool_reader *p, struct slb_azure_map *map)
{
    struct slb_object *object = create_member(p->pool, map->node->mark);

    if (!slb_azure_map_field(map, "ipAddress", object, "address")
        && slb_object_has(object, "address")) {
        slb_object_destroy(object);
        return NULL;
    }
    slb_list_add(&p->others, object);
    return (struct slb_member *) object;
}

static void
read_backend_address(struct pool_reader *p, const struct slb_yaml_node *node)
{
    static const struct slb_azure_unread unread[] = {
        { "inboundNatRulesPortMapping",
          "the ports of inbound NAT pools are assigned anew" },
        { "name", NULL },       /* Not the machine's, but of this object. */
    };
    struct slb_input *input = p->r->input;
    struct slb_member *member = NULL;
    struct slb_azure_map map, ref;
    struct slb_mark mark;
    const char *id;

    if (!slb_azure_map_open(&map, input, node, "backend address")) {
        slb_object_set_invalid(&p->pool->obj, "members");
        return;
    }
    read_virtual_network(p->r, &map);
    read_subnet(p->r, &map, NULL, NULL);

    const struct slb_yaml_node *other
        = slb_azure_map_get(&map, "loadBalancerFrontendIPConfiguration");
    const struct slb_yaml_node *state = slb_azure_map_get(&map, "adminState");
    if (other) {
        slb_errors_add(&input->errors, other->mark,
                       "'loadBalancerFrontendIPConfiguration' makes another "
                       "load balancer a backend, expected virtual machines "
                       "only");
        slb_object_set_invalid(&p->pool->obj, "members");
    } else if (slb_azure_map_get(&map, "networkInterfaceIPConfiguration")) {
        if (slb_azure_map_reference(&map, "networkInterfaceIPConfiguration",
                                    &ref, &id, &mark)) {
            struct nic *nic = find_nic(p, id, mark);
            member = nic->member;
            set_nic_address(nic, &ref, "privateIPAddress");
            set_nic_address(nic, &map, "ipAddress");
            slb_azure_map_destroy(&ref);
        } else {
            slb_object_set_invalid(&p->pool->obj, "members");
        }
    } else {
        bool has_state = (state && (state->type != SLB_YAML_SCALAR
                                    || strcasecmp(state->text, "None")));

        /* Azure lists network interfaces here, too, in some versions without
         * saying which one it is. */
        member = read_address(p, &map);
        if (!member && (!p->n_nics || has_state)) {
            slb_errors_add(&input->errors, node->mark, "a backend address has "
                           "neither 'ipAddress' nor "
                           "'networkInterfaceIPConfiguration', expected one "
                           "of them");
            slb_object_set_invalid(&p->pool->obj, "members");
        }
    }
    if (member && state) {
        slb_azure_map_field(&map, "adminState", &member->obj, "adminState");
    }
    slb_azure_map_close(&map, unread, ARRAY_SIZE(unread));
}

static char *
address_key(const struct slb_member *member)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_address_format(&member->address, &ds);
    return ds_steal_cstr(&ds);
}

/* Adds 'p->others' to the pool, but for those that are one of 'p->nics'. */
static void
add_others(struct pool_reader *p)
{
    struct shash addresses = SHASH_INITIALIZER(&addresses);

    for (size_t i = 0; i < p->n_nics && p->others.n; i++) {
        struct slb_member *member = p->nics[i]->member;
        char *key = address_key(member);
        shash_add_once(&addresses, key, member);
        free(key);
    }
    for (size_t i = 0; i < p->others.n; i++) {
        struct slb_member *member = (struct slb_member *) p->others.at[i];
        char *key = address_key(member);
        struct slb_member *nic = (ipv6_is_zero(&member->address) ? NULL
                                  : shash_find_data(&addresses, key));

        if (!nic) {
            slb_list_add((struct slb_list *) &p->pool->members, &member->obj);
        } else {
            if (nic->admin_state == SLB_ADMIN_NONE) {
                nic->admin_state = member->admin_state;
            }
            slb_object_destroy(&member->obj);
        }
        free(key);
    }
    shash_destroy(&addresses);
    free(p->others.at);
}

/* Checks that it is known which virtual machines 'p->nics' are of. */
static void
check_nics(struct pool_reader *p)
{
    for (size_t i = 0; i < p->n_nics; i++) {
        const struct nic *nic = p->nics[i];

        if (!nic->member->obj.name && ipv6_is_zero(&nic->member->address)) {
            if (!nic->failed) {
                report_missing_id(p->r, nic->mark, "the name or address",
                                  nic->id, nic->entry,
                                  "name: NAME, address: ADDRESS");
            }
            slb_object_set_invalid(&nic->member->obj, "name");
            slb_object_set_invalid(&nic->member->obj, "address");
        }
    }
}

static void
read_pool(struct reader *r, struct slb_azure_map *map)
{
    struct slb_object *object = create_object(r, "backendPools", map);
    struct pool_reader p = { .r = r, .pool = (struct slb_pool *) object };
    const struct slb_yaml_node *nics
        = slb_azure_map_list(map, "backendIPConfigurations",
                             "a list of IP configurations");
    const struct slb_yaml_node *addresses
        = slb_azure_map_list(map, "loadBalancerBackendAddresses",
                             "a list of backend addresses");

    add_object(r, "backendPools", object);
    shash_init(&p.ids);
    read_virtual_network(r, map);
    for (size_t i = 0; nics && i < nics->n; i++) {
        read_backend_configuration(&p, nics->nodes[i]);
    }
    for (size_t i = 0; addresses && i < addresses->n; i++) {
        read_backend_address(&p, addresses->nodes[i]);
    }
    check_nics(&p);
    add_others(&p);
    if (!p.pool->members.n && slb_object_has(object, "members")) {
        slb_errors_add(&r->input->warnings, object->mark, "a backend address "
                       "pool has neither 'backendIPConfigurations' nor "
                       "'loadBalancerBackendAddresses', it has no members");
    }

    for (size_t i = 0; i < p.n_nics; i++) {
        free(p.nics[i]);
    }
    free(p.nics);
    shash_destroy(&p.ids);
}

/* Probes and rules. */

static void
read_probe(struct reader *r, struct slb_azure_map *map)
{
    static const char *const fields[] = {
        "protocol", "port", "requestPath", "intervalInSeconds",
    };
    struct slb_object *object = create_object(r, "probes", map);
    struct slb_probe *probe = (struct slb_probe *) object;
    const struct slb_yaml_node *threshold
        = slb_azure_map_get(map, "probeThreshold");
    const struct slb_yaml_node *number
        = slb_azure_map_get(map, "numberOfProbes");
    const struct slb_yaml_node *behavior
        = slb_azure_map_get(map, "noHealthyBackendsBehavior");

    add_object(r, "probes", object);
    read_fields(map, object, fields, ARRAY_SIZE(fields));
    if (probe->request_path && slb_object_has(object, "requestPath")
        && probe->request_path[0] != '/') {
        char *path = xasprintf("/%s", probe->request_path);
        free(probe->request_path);
        probe->request_path = path;
    }

    /* In Azure, the number has no effect any more if there is a threshold. */
    slb_azure_map_field(map, threshold ? "probeThreshold" : "numberOfProbes",
                        object, "numberOfProbes");
    if (threshold && number && threshold->type == SLB_YAML_SCALAR
        && number->type == SLB_YAML_SCALAR
        && strcmp(threshold->text, number->text)) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_cstr(&ds, "'numberOfProbes' is ");
        slb_text_quote(number->text, &ds);
        ds_put_cstr(&ds, ", it is ignored because 'probeThreshold' is ");
        slb_text_quote(threshold->text, &ds);
        slb_errors_add_nocopy(&r->input->warnings, number->mark,
                              ds_steal_cstr(&ds));
    }
    if (behavior && (behavior->type != SLB_YAML_SCALAR
                     || strcasecmp(behavior->text, "AllProbedDown"))) {
        slb_errors_add(&r->input->warnings, behavior->mark,
                       "'noHealthyBackendsBehavior' is not supported, no "
                       "member gets connections when none is healthy");
    }
}

/* Reads the backend pool of the load balancing rule 'object', which Azure
 * prints in one or both of two properties. */
static void
read_rule_pool(struct reader *r, struct slb_azure_map *map,
               struct slb_object *object)
{
    struct slb_rule *rule = (struct slb_rule *) object;
    const struct slb_yaml_node *pool
        = slb_azure_map_get(map, "backendAddressPool");
    const struct slb_yaml_node *pools
        = slb_azure_map_list(map, "backendAddressPools",
                             "a list of one reference to a backend pool");

    if (pools && pools->n > 1) {
        slb_errors_add(&r->input->errors, pools->mark,
                       "'backendAddressPools' has %"PRIuSIZE" entries, "
                       "expected only one", pools->n);
        slb_object_set_invalid(object, "backendPool");
    } else if (pools && pools->n) {
        read_child_reference(r, pools->nodes[0], "backendAddressPools",
                             object, "backendPool", "backendAddressPools");
    }
    if (pool) {
        char *first = rule->backend_pool;

        rule->backend_pool = NULL;
        read_child_reference(r, pool, "backendAddressPool", object,
                             "backendPool", "backendAddressPools");
        if (first && rule->backend_pool
            && strcasecmp(first, rule->backend_pool)) {
            slb_errors_add(&r->input->errors, pool->mark,
                           "'backendAddressPool' is '%s', but "
                           "'backendAddressPools' has '%s', expected the same",
                           rule->backend_pool, first);
            slb_object_set_invalid(object, "backendPool");
        }
        free(first);
    } else if (!pools) {
        report_missing_reference(map, "backendAddressPool", object,
                                 "backendPool");
    } else if (!pools->n) {
        report_missing_reference(map, "backendAddressPools", object,
                                 "backendPool");
    }
}

static void
read_rule(struct reader *r, struct slb_azure_map *map)
{
    static const char *const fields[] = {
        "protocol", "frontendPort", "backendPort", "loadDistribution",
        "idleTimeoutInMinutes", "enableTcpReset", "enableFloatingIP",
        "disableOutboundSnat",
    };
    struct slb_object *object = create_object(r, "rules", map);

    add_object(r, "rules", object);
    read_frontend_reference(r, map, object);
    read_rule_pool(r, map, object);
    read_child_property(r, map, "probe", object, "probe", "probes");
    read_fields(map, object, fields, ARRAY_SIZE(fields));
}

/* Inbound NAT. */

/* Returns the id of 'map', which is the 'type' 'object' of the load balancer,
 * for the caller to free. */
static char *
object_id(struct slb_azure_map *map, const char *type,
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
static bool
has_id(const struct slb_object *object)
{
    return (object->name && slb_object_has(object, "name")
            && (!object->parent || has_id(object->parent)));
}

/* Reads the one backend pool that the inbound NAT pool 'object' is for.  In
 * Azure, it is the network interfaces that say which pool they are in. */
static void
choose_pool(struct reader *r, struct slb_azure_map *map,
            struct slb_object *object)
{
    struct slb_nat_pool *nat_pool = (struct slb_nat_pool *) object;
    const struct slb_azure_id *entry = NULL;

    if (has_id(object)) {
        char *id = object_id(map, "inboundNatPools", object);
        bool ok = find_entry(r, id, object->mark, &entry);

        if (ok && entry && entry->backend_pool) {
            nat_pool->backend_pool = xstrdup(entry->backend_pool);
        } else if (ok && r->lb->backend_pools.n == 1
                   && r->lb->backend_pools.at[0]->obj.name) {
            nat_pool->backend_pool
                = xstrdup(r->lb->backend_pools.at[0]->obj.name);
        } else if (ok && slb_object_has(&r->lb->obj, "backendPools")) {
            report_missing_id(r, object->mark, "the backend pool", id, entry,
                              "backendPool: NAME");
        }
        free(id);
    }
    if (!nat_pool->backend_pool) {
        slb_object_set_invalid(object, "backendPool");
    }
}

/* Reads an inbound NAT pool, or an inbound NAT rule that is one. */
static struct slb_object *
read_port_range(struct reader *r, struct slb_azure_map *map)
{
    static const char *const fields[] = {
        "protocol", "frontendPortRangeStart", "frontendPortRangeEnd",
        "backendPort", "idleTimeoutInMinutes", "enableTcpReset",
        "enableFloatingIP",
    };
    struct slb_object *object = create_object(r, "inboundNatPools", map);

    add_object(r, "inboundNatPools", object);
    read_frontend_reference(r, map, object);
    read_fields(map, object, fields, ARRAY_SIZE(fields));
    return object;
}

static void
read_nat_pool(struct reader *r, struct slb_azure_map *map)
{
    struct slb_object *object = read_port_range(r, map);

    choose_pool(r, map, object);
    if (object->name) {
        struct made *made = xzalloc(sizeof *made);
        char *key = to_lower(object->name);

        made->pool = (struct slb_nat_pool *) object;
        if (!shash_add_once(&r->nat_pools, key, made)) {
            free(made);
        }
        free(key);
    }
}

/* Whether 'rule' is what Azure has made of an inbound NAT pool for one
 * machine: "POOL.NUMBER". */
static bool
is_made_of_pool(struct reader *r, const struct slb_nat_rule *rule)
{
    const char *dot = rule->obj.name ? strrchr(rule->obj.name, '.') : NULL;

    if (!dot || !dot[1] || dot[1 + strspn(dot + 1, "0123456789")]) {
        return false;
    }

    char *key = to_lower(rule->obj.name);
    key[dot - rule->obj.name] = '\0';
    struct made *made = shash_find_data(&r->nat_pools, key);
    free(key);
    if (!made || !made->pool->frontend || !rule->frontend
        || strcasecmp(made->pool->frontend, rule->frontend)
        || made->pool->protocol != rule->protocol
        || rule->frontend_port < made->pool->first_port
        || rule->frontend_port > made->pool->last_port) {
        return false;
    }
    if (!made->n++) {
        made->first = rule->obj.mark;
    }
    return true;
}

/* Reads the virtual machine that 'rule' is for.  In Azure's templates, it may
 * be the network interface that says which rule is its own. */
static void
read_target(struct reader *r, struct slb_azure_map *map,
            struct slb_nat_rule *rule)
{
    struct slb_object *object = &rule->obj;
    const struct slb_azure_id *entry = NULL;
    struct slb_member *nic = (struct slb_member *)
        slb_object_create(&slb_member_class, NULL);
    char *own_id = NULL;
    struct slb_azure_map ref;
    struct slb_mark mark;
    const char *id;
    bool failed = true;

    if (slb_azure_map_reference(map, "backendIPConfiguration", &ref, &id,
                                &mark)) {
        failed = !find_nic_entry(r, id, mark, &entry);
        slb_azure_map_field(&ref, "privateIPAddress", &nic->obj, "address");
        failed |= !slb_object_has(&nic->obj, "address");
        slb_azure_map_destroy(&ref);
    } else if (!slb_azure_map_get(map, "backendIPConfiguration")
               && has_id(object)) {
        own_id = object_id(map, "inboundNatRules", object);
        id = own_id;
        mark = object->mark;
        failed = !find_entry(r, id, mark, &entry);
    }

    if (entry && entry->obj.name) {
        rule->target = xstrdup(entry->obj.name);
    } else if (set_entry_address(entry, &nic->obj, &nic->address,
                                 object->mark)
               || !ipv6_is_zero(&nic->address)) {
        rule->target = address_key(nic);
    }
    if (rule->target) {
        set_mark(object, "target", mark);
    } else {
        if (!failed && (!entry || (slb_object_has(&entry->obj, "name")
                                   && slb_object_has(&entry->obj,
                                                     "address")))) {
            report_missing_id(r, mark, own_id ? "the virtual machine"
                              : "the name or address", id, entry,
                              "name: NAME, address: ADDRESS");
        }
        slb_object_set_invalid(object, "target");
    }
    if (entry && entry->network) {
        set_network(r, entry->network, mark);
    }
    free(own_id);
    slb_object_destroy(&nic->obj);
}

/* Whether 'node' is a value, which 0 is none. */
static bool
is_given(const struct slb_yaml_node *node)
{
    return node && (node->type != SLB_YAML_SCALAR || strcmp(node->text, "0"));
}

static void
read_nat_rule(struct reader *r, struct slb_azure_map *map)
{
    static const char *const fields[] = {
        "protocol", "frontendPort", "backendPort", "idleTimeoutInMinutes",
        "enableTcpReset", "enableFloatingIP",
    };

    /* The newer form, which has a pool instead of a machine. */
    if (slb_azure_map_get(map, "backendAddressPool")
        || is_given(slb_azure_map_get(map, "frontendPortRangeStart"))
        || is_given(slb_azure_map_get(map, "frontendPortRangeEnd"))) {
        static const char *const single[] = {
            "frontendPort", "backendIPConfiguration",
        };
        struct slb_object *object = read_port_range(r, map);

        read_child_property(r, map, "backendAddressPool", object,
                            "backendPool", "backendAddressPools");
        for (size_t i = 0; i < ARRAY_SIZE(single); i++) {
            const struct slb_yaml_node *node = slb_azure_map_get(map,
                                                                 single[i]);
            if (is_given(node)) {
                slb_errors_add(&r->input->errors, node->mark, "'%s' is there "
                               "as well as a range of ports, expected one of "
                               "them", single[i]);
            }
        }
        return;
    }

    struct slb_object *object = create_object(r, "inboundNatRules", map);
    struct slb_nat_rule *rule = (struct slb_nat_rule *) object;
    read_frontend_reference(r, map, object);
    read_fields(map, object, fields, ARRAY_SIZE(fields));
    if (is_made_of_pool(r, rule)) {
        slb_azure_map_get(map, "backendIPConfiguration");
        slb_object_destroy(object);
    } else {
        read_target(r, map, rule);
        add_object(r, "inboundNatRules", object);
    }
}

static void
warn_of_made_rules(struct reader *r)
{
    const struct shash_node *node;

    SHASH_FOR_EACH (node, &r->nat_pools) {
        const struct made *made = node->data;
        if (made->n) {
            slb_errors_add(&r->input->warnings, made->first,
                           "this and all other inbound NAT rules that Azure "
                           "has made of inbound NAT pool '%s' (%"PRIuSIZE") "
                           "are not kept, the ports are assigned anew",
                           made->pool->obj.name, made->n);
        }
    }
}

/* Outbound rules. */

static void
read_outbound_rule(struct reader *r, struct slb_azure_map *map)
{
    static const char *const fields[] = {
        "protocol", "allocatedOutboundPorts", "idleTimeoutInMinutes",
        "enableTcpReset",
    };
    struct slb_object *object = create_object(r, "outboundRules", map);
    struct slb_outbound_rule *rule = (struct slb_outbound_rule *) object;
    const struct slb_yaml_node *frontends
        = slb_azure_map_list(map, "frontendIPConfigurations",
                             "a list of references to frontends");

    add_object(r, "outboundRules", object);
    for (size_t i = 0; frontends && i < frontends->n; i++) {
        read_child_reference(r, frontends->nodes[i],
                             "frontendIPConfigurations", object, "frontends",
                             "frontendIPConfigurations");
    }
    slb_strings_sort(&rule->frontends);
    if (frontends) {
        set_mark(object, "frontends", frontends->mark);
    }
    if (!slb_azure_map_get(map, "frontendIPConfigurations")) {
        report_missing_reference(map, "frontendIPConfigurations", object,
                                 "frontends");
    } else if (!frontends) {
        slb_object_set_invalid(object, "frontends");
    }
    read_child_property(r, map, "backendAddressPool", object, "backendPool",
                        "backendAddressPools");
    read_fields(map, object, fields, ARRAY_SIZE(fields));
}

/* The load balancer. */

/* Names are the same in upper and lower case in Azure: gives the references in
 * 'object' the case of the names of the objects in 'names', which is by class
 * and name, in lower case. */
static void
fix_case(struct slb_object *object, const struct shash *names)
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
            char *key = xasprintf("%s/%s", field->class->name, refs[j]);
            char *lower = to_lower(key);
            const char *name = shash_find_data(names, lower);

            if (name) {
                free(refs[j]);
                refs[j] = xstrdup(name);
            }
            free(lower);
            free(key);
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
fix_references(struct reader *r)
{
    struct slb_load_balancer *lb = r->lb;
    const struct slb_class *class = lb->obj.class;
    struct shash names = SHASH_INITIALIZER(&names);

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < class->n_fields; i++) {
            const struct slb_field *field = &class->fields[i];
            const struct slb_list *list = slb_field_value(field, &lb->obj);

            for (size_t j = 0; (field->type == SLB_T_LIST
                                && j < list->n); j++) {
                if (pass) {
                    fix_case(list->at[j], &names);
                } else if (list->at[j]->name) {
                    char *key = xasprintf("%s/%s", field->class->name,
                                          list->at[j]->name);
                    char *lower = to_lower(key);
                    shash_add_once(&names, lower, list->at[j]->name);
                    free(lower);
                    free(key);
                }
            }
        }
    }
    shash_destroy(&names);
    for (size_t i = 0; i < lb->outbound_rules.n; i++) {
        check_twice(r->input, lb->outbound_rules.at[i]);
    }
}

/* One of the lists of a load balancer. */
struct part {
    const char *name;           /* The property. */
    const char *field;          /* The field. */
    const char *noun;           /* What it lists. */
    void (*read)(struct reader *, struct slb_azure_map *);
    struct slb_azure_unread unread[8];
};

/* In the order in which they are read. */
static const struct part parts[] = {
    { "frontendIPConfigurations", "frontends", "frontend IP configuration",
      read_frontend,
      { { "inboundNatPools", NULL }, { "inboundNatRules", NULL },
        { "loadBalancingRules", NULL }, { "outboundRules", NULL },
        { "gatewayLoadBalancer", "packets do not pass a gateway" } } },
    { "backendAddressPools", "backendPools", "backend address pool",
      read_pool,
      { { "inboundNatRules", NULL }, { "loadBalancingRules", NULL },
        { "outboundRule", NULL }, { "outboundRules", NULL },
        { "location", NULL }, { "syncMode", NULL },
        { "drainPeriodInSeconds", "how long connections are drained is the "
          "same for all pools" },
        { "tunnelInterfaces", "packets do not pass a gateway" } } },
    { "probes", "probes", "probe", read_probe,
      { { "loadBalancingRules", NULL } } },
    { "loadBalancingRules", "rules", "load balancing rule", read_rule,
      { { "enableConnectionTracking", "connections are tracked by machine" } }
    },
    { "inboundNatPools", "inboundNatPools", "inbound NAT pool",
      read_nat_pool, { { NULL, NULL } } },
    { "inboundNatRules", "inboundNatRules", "inbound NAT rule",
      read_nat_rule, { { NULL, NULL } } },
    { "outboundRules", "outboundRules", "outbound rule", read_outbound_rule,
      { { NULL, NULL } } },
};

static void
read_part(struct reader *r, struct slb_azure_map *map, const struct part *part)
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
        set_mark(&r->lb->obj, part->field, list->mark);
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
read_sku(struct reader *r, struct slb_azure_map *map)
{
    const struct slb_yaml_node *node = slb_azure_map_get(map, "sku");
    struct slb_azure_map sku;

    r->lb->sku = SLB_SKU_BASIC;
    if (!node) {
        return;
    }
    set_mark(&r->lb->obj, "sku", node->mark);
    if (slb_azure_map_open(&sku, r->input, node, "sku")) {
        slb_azure_map_field(&sku, "name", &r->lb->obj, "sku");
        slb_azure_map_field(&sku, "tier", &r->lb->obj, "tier");
        slb_azure_map_close(&sku, NULL, 0);
    } else {
        slb_object_set_invalid(&r->lb->obj, "sku");
    }
}

/* Finds out the virtual network, unless other objects have told it. */
static void
read_network(struct reader *r, struct slb_azure_map *map)
{
    struct slb_object *object = &r->lb->obj;
    const struct slb_azure_id *entry = NULL;

    if (has_id(object)) {
        char *id = object_id(map, "loadBalancers", object);

        if (find_entry(r, id, object->mark, &entry) && entry
            && entry->network) {
            set_network(r, entry->network, object->mark);
        } else if (!r->lb->network && !r->network_is_wrong) {
            report_missing_id(r, object->mark, "the virtual network", id,
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
is_deployed(struct reader *r, struct slb_azure_map *map)
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
        { "resources", "resources inside of a load balancer are ignored" },
        { "outboundNatRules", "outbound NAT rules are ignored" },
        { "tags", "tags are not kept" },
    };
    struct reader r = { .input = input, .ids = ids };
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
    shash_init(&r.nat_pools);
    slb_azure_map_field(&map, "name", object, "name");
    read_sku(&r, &map);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        read_part(&r, &map, &parts[i]);
    }
    read_network(&r, &map);
    fix_references(&r);
    warn_of_made_rules(&r);

    shash_destroy_free_data(&r.nat_pools);
    slb_azure_map_close(&map, unread, ARRAY_SIZE(unread));
    return object;
}

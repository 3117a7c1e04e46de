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

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"
#include "yaml/slb-azure-ids.h"
#include "yaml/slb-azure-map.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-yaml.h"

/* Frontend IP configurations. */

/* Reads the property "zones" of 'map' into 'zones', of 'frontend'. */
static void
read_zones(struct slb_azure_reader *r, struct slb_azure_map *map,
           struct slb_frontend *frontend, struct slb_strings *strings)
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
        slb_azure_set_mark(&frontend->obj, "zones", zones->mark);
        if (!ok || !slb_parse_strings(r->input, field, zones, strings)) {
            slb_object_set_invalid(&frontend->obj, "zones");
        }
    }
}

/* Reads the zones of the public IP address 'ref', which are those of
 * 'frontend' unless this has some of its own. */
static void
read_public_zones(struct slb_azure_reader *r, struct slb_azure_map *ref,
                  struct slb_frontend *frontend)
{
    const struct slb_yaml_node *node = slb_azure_map_get(ref, "zones");
    struct slb_strings zones = { .n = 0 };

    if (!frontend->zones.n) {
        read_zones(r, ref, frontend, &frontend->zones);
        return;
    }
    read_zones(r, ref, frontend, &zones);
    if (zones.n && !slb_strings_equal(&zones, &frontend->zones)) {
        slb_errors_add(&r->input->warnings, node->mark, "'zones' of the "
                       "public IP address are ignored, the frontend has "
                       "others");
    }
    slb_strings_destroy(&zones);
}

/* Reads the properties that make 'frontend' a public one.  Returns true if
 * there are any. */
static bool
read_public_frontend(struct slb_azure_reader *r, struct slb_azure_map *map,
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
        read_public_zones(r, &ref, frontend);

        /* What users say is preferred to what Azure may have put there. */
        slb_azure_map_get(&ref, "ipAddress");
        if (!slb_azure_id_name(id, "publicIPAddresses")) {
            slb_azure_other_type(r, "publicIPAddress", id, mark,
                                 "publicIPAddresses");
            slb_object_set_invalid(object, "address");
        } else if (!slb_azure_find_entry(r, id, mark, &entry)) {
            slb_object_set_invalid(object, "address");
        } else if (!slb_azure_set_address(entry, object, &frontend->address,
                                          mark)
                   && (entry && !slb_object_has(&entry->obj, "address"))) {
            slb_object_set_invalid(object, "address");
        } else if (ipv6_is_zero(&frontend->address)
                   && !slb_azure_map_field(&ref, "ipAddress", object,
                                           "address")
                   && slb_object_has(object, "address")) {
            slb_azure_missing_id(r, mark, "the address", id, entry,
                                 "address: ADDRESS");
            slb_object_set_invalid(object, "address");
        }
        slb_azure_reference_close(&ref);
    } else if (slb_azure_map_get(map, "publicIPAddress")) {
        slb_object_set_invalid(object, "address");
    }

    if (slb_azure_map_reference(map, "publicIPPrefix", &ref, &id, &mark)) {
        const char *name = NULL;

        slb_azure_set_mark(object, "publicIPPrefix", mark);
        if (slb_azure_find_entry(r, id, mark, &entry)) {
            name = (entry && entry->obj.name ? entry->obj.name
                    : slb_azure_id_name(id, "publicIPPrefixes"));
            if (!name) {
                slb_azure_other_type(r, "publicIPPrefix", id, mark,
                                     "publicIPPrefixes");
            }
        }
        if (name && slb_azure_check_name(r, "public IP prefix", name, mark)) {
            frontend->public_ip_prefix = xstrdup(name);
        } else {
            slb_object_set_invalid(object, "publicIPPrefix");
        }
        slb_azure_reference_close(&ref);
    } else if (slb_azure_map_get(map, "publicIPPrefix")) {
        slb_object_set_invalid(object, "publicIPPrefix");
    }
    return public;
}

/* Reads which kind of address 'frontend' is to have.  Whether a subnet or
 * prefix has such is only known when these are: see check_version() in
 * yaml/slb-validate-frontend.c.  The address of an internal frontend must be
 * what is said; of a public one, "IPv4" says nothing. */
static void
read_version(struct slb_azure_reader *r, struct slb_azure_map *map,
             struct slb_frontend *frontend, bool public)
{
    static const char *const versions[] = { "IPv4", "IPv6", NULL };
    static const struct slb_field field = {
        .type = SLB_T_ENUM, .values = versions,
    };
    const struct slb_yaml_node *node
        = slb_azure_map_get(map, "privateIPAddressVersion");
    bool v6;

    if (!node || !slb_azure_is_value(r->input, node,
                                     "privateIPAddressVersion")) {
        return;
    }
    v6 = node->type == SLB_YAML_SCALAR && !strcasecmp(node->text, "IPv6");
    if (!v6 && (node->type != SLB_YAML_SCALAR
                || strcasecmp(node->text, "IPv4"))) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_cstr(&ds, "'privateIPAddressVersion' ");
        slb_yaml_format_found(node, &ds);
        ds_put_cstr(&ds, ", expected ");
        slb_field_format_expected(&field, &ds);
        slb_errors_add_nocopy(&r->input->errors, node->mark,
                              ds_steal_cstr(&ds));
    } else if (!ipv6_is_zero(&frontend->address)
               && v6 == slb_address_is_v4(&frontend->address)
               && (v6 || !public)) {
        slb_errors_add(&r->input->errors, node->mark,
                       "'privateIPAddressVersion' is %s, but %s is an %s "
                       "address, expected the same", versions[v6],
                       public ? "the public address"
                       : "'privateIPAddress'",
                       slb_address_family(&frontend->address));
    } else {
        frontend->is_ipv6 = v6;
        frontend->version_mark = node->mark;
    }
}

static void
read_internal_frontend(struct slb_azure_reader *r, struct slb_azure_map *map,
                       struct slb_frontend *frontend)
{
    struct slb_object *object = &frontend->obj;
    const struct slb_yaml_node *address
        = slb_azure_map_get(map, "privateIPAddress");

    slb_azure_read_subnet(r, map, object, &frontend->subnet);
    if (slb_azure_map_get(map, "subnet") && !frontend->subnet) {
        slb_object_set_invalid(object, "subnet");
    }
    slb_azure_map_field(map, "privateIPAllocationMethod", object,
                        "privateIPAllocationMethod");
    slb_azure_map_field(map, "privateIPAddress", object, "address");
    read_version(r, map, frontend, false);
    if (frontend->allocation == SLB_ALLOCATION_DYNAMIC
        && !ipv6_is_zero(&frontend->address)) {
        slb_errors_add(&r->input->warnings, address->mark,
                       "'privateIPAddress' is what Azure has assigned, it is "
                       "not kept because 'privateIPAllocationMethod' is not "
                       "Static");
        memset(&frontend->address, 0, sizeof frontend->address);
    }
    if (!slb_azure_map_get(map, "subnet")) {
        /* By its address alone, it could be a public one. */
        slb_azure_map_missing(map, "subnet",
                              "it, or 'publicIPAddress', or 'publicIPPrefix'",
                              object, "subnet");
        slb_object_set_invalid(object, "address");
    }
}

void
slb_azure_read_frontend(struct slb_azure_reader *r, struct slb_azure_map *map)
{
    struct slb_object *object = slb_azure_create(r, "frontends", map);
    struct slb_frontend *frontend = (struct slb_frontend *) object;

    slb_azure_append(r, "frontends", object);
    read_zones(r, map, frontend, &frontend->zones);
    if (!read_public_frontend(r, map, frontend)) {
        read_internal_frontend(r, map, frontend);
        return;
    }

    /* Of a public frontend, this says nothing. */
    slb_azure_map_get(map, "privateIPAllocationMethod");
    read_version(r, map, frontend, true);
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

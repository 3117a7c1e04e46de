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
#include "yaml/slb-azure-ids.h"
#include "yaml/slb-azure-map.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-yaml.h"

/* Inbound NAT rules and pools.
 *
 * Azure has pools in two forms, of which the newer one is a rule with a range
 * of ports and a backend pool.  For each machine of a pool of the older form
 * it lists a rule that it has made itself. */

/* What there is of an inbound NAT pool besides its fields. */
struct made {
    char *key;                  /* The name in lower case. */
    const struct slb_nat_pool *pool;
    struct slb_mark first;      /* Of the rules that Azure has made of it. */
    size_t n;                   /* How many these are. */
};

/* Reads the one backend pool that the inbound NAT pool 'object' is for.  In
 * Azure, it is the network interfaces that say which pool they are in. */
static void
choose_pool(struct slb_azure_reader *r, struct slb_azure_map *map,
            struct slb_object *object)
{
    struct slb_nat_pool *nat_pool = (struct slb_nat_pool *) object;
    const struct slb_azure_id *entry = NULL;

    if (slb_azure_has_id(object)) {
        char *id = slb_azure_object_id(map, "inboundNatPools", object);
        bool ok = slb_azure_find_entry(r, id, object->mark, &entry);

        if (ok && entry && entry->backend_pool) {
            nat_pool->backend_pool = xstrdup(entry->backend_pool);
        } else if (ok && r->lb->backend_pools.n == 1
                   && r->lb->backend_pools.at[0]->obj.name) {
            nat_pool->backend_pool
                = xstrdup(r->lb->backend_pools.at[0]->obj.name);
        } else if (ok && slb_object_has(&r->lb->obj, "backendPools")) {
            slb_azure_missing_id(r, object->mark, "the backend pool", id,
                                 entry, "backendPool: NAME");
        }
        free(id);
    }
    if (!nat_pool->backend_pool) {
        slb_object_set_invalid(object, "backendPool");
    }
}

/* Reads an inbound NAT pool, or an inbound NAT rule that is one. */
static struct slb_object *
read_port_range(struct slb_azure_reader *r, struct slb_azure_map *map)
{
    static const char *const fields[] = {
        "protocol", "frontendPortRangeStart", "frontendPortRangeEnd",
        "backendPort", "idleTimeoutInMinutes", "enableTcpReset",
        "enableFloatingIP",
    };
    struct slb_object *object = slb_azure_create(r, "inboundNatPools", map);

    slb_azure_append(r, "inboundNatPools", object);
    slb_azure_read_frontend_id(r, map, object);
    slb_azure_read_fields(map, object, fields, ARRAY_SIZE(fields));

    struct slb_nat_pool *pool = (struct slb_nat_pool *) object;
    slb_azure_drop_reset(r, object, pool->protocol, &pool->tcp_reset);
    return object;
}

static void
free_made(const void *made_)
{
    struct made *made = CONST_CAST(void *, made_);

    free(made->key);
    free(made);
}

void
slb_azure_free_nat_pools(struct slb_azure_reader *r)
{
    slb_index_for_each_data(&r->nat_pools, free_made);
    slb_index_destroy(&r->nat_pools);
}

void
slb_azure_read_nat_pool(struct slb_azure_reader *r, struct slb_azure_map *map)
{
    struct slb_object *object = read_port_range(r, map);

    choose_pool(r, map, object);
    if (object->name) {
        struct made *made = xzalloc(sizeof *made);
        char *key = slb_azure_lower(object->name);

        made->pool = (struct slb_nat_pool *) object;
        made->key = key;
        if (slb_index_add_name(&r->nat_pools, NULL, key, made)) {
            free_made(made);
        }
    }
}

/* Whether 'rule' is what Azure has made of an inbound NAT pool for one
 * machine: "POOL.NUMBER". */
static bool
is_made_of_pool(struct slb_azure_reader *r, const struct slb_nat_rule *rule)
{
    const char *dot = rule->obj.name ? strrchr(rule->obj.name, '.') : NULL;

    if (!dot || !dot[1] || dot[1 + strspn(dot + 1, "0123456789")]) {
        return false;
    }

    char *key = slb_azure_lower(rule->obj.name);
    key[dot - rule->obj.name] = '\0';
    struct made *made = CONST_CAST(struct made *, slb_index_find_name(
                                       &r->nat_pools, NULL, key));
    free(key);
    if (!made || !made->pool->frontend || !rule->frontend
        || strcasecmp(made->pool->frontend, rule->frontend)
        || made->pool->protocol != rule->protocol
        || made->pool->backend_port != rule->backend_port
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
read_target(struct slb_azure_reader *r, struct slb_azure_map *map,
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
        failed = !slb_azure_find_nic(r, id, mark, &entry);
        slb_azure_map_field(&ref, "privateIPAddress", &nic->obj, "address");
        failed |= !slb_object_has(&nic->obj, "address");
        slb_azure_reference_close(&ref);
    } else if (!slb_azure_map_get(map, "backendIPConfiguration")
               && slb_azure_has_id(object)) {
        own_id = slb_azure_object_id(map, "inboundNatRules", object);
        id = own_id;
        mark = object->mark;
        failed = !slb_azure_find_entry(r, id, mark, &entry);
    }

    if (entry && entry->obj.name) {
        rule->target = xstrdup(entry->obj.name);
    } else if (slb_azure_set_address(entry, &nic->obj, &nic->address,
                                     object->mark)
               || !ipv6_is_zero(&nic->address)) {
        rule->target = slb_azure_member_address(nic);
    }
    if (rule->target) {
        slb_azure_set_mark(object, "target", mark);
    } else {
        if (!failed && (!entry || (slb_object_has(&entry->obj, "name")
                                   && slb_object_has(&entry->obj,
                                                     "address")))) {
            slb_azure_missing_id(r, mark, own_id ? "the virtual machine"
                                 : "the name or address", id, entry,
                                 "name: NAME, address: ADDRESS");
        }
        slb_object_set_invalid(object, "target");
    }
    if (entry && entry->network) {
        slb_azure_set_network(r, entry->network, mark);
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

void
slb_azure_read_nat_rule(struct slb_azure_reader *r, struct slb_azure_map *map)
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

        slb_azure_read_property(r, map, "backendAddressPool", object,
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

    struct slb_object *object = slb_azure_create(r, "inboundNatRules", map);
    struct slb_nat_rule *rule = (struct slb_nat_rule *) object;
    slb_azure_read_frontend_id(r, map, object);
    slb_azure_read_fields(map, object, fields, ARRAY_SIZE(fields));
    slb_azure_drop_reset(r, object, rule->protocol, &rule->tcp_reset);
    if (is_made_of_pool(r, rule)) {
        slb_azure_map_get(map, "backendIPConfiguration");
        slb_object_destroy(object);
    } else {
        read_target(r, map, rule);
        slb_azure_append(r, "inboundNatRules", object);
    }
}

void
slb_azure_warn_of_made_rules(struct slb_azure_reader *r)
{
    for (size_t i = 0; i < r->lb->nat_pools.n; i++) {
        const struct slb_nat_pool *pool = r->lb->nat_pools.at[i];
        char *key = pool->obj.name ? slb_azure_lower(pool->obj.name) : NULL;
        const struct made *made
            = key ? slb_index_find_name(&r->nat_pools, NULL, key) : NULL;

        free(key);
        if (made && made->pool == pool && made->n) {
            slb_errors_add(&r->input->warnings, made->first,
                           "this and all other inbound NAT rules that Azure "
                           "has made of inbound NAT pool '%s' (%"PRIuSIZE") "
                           "are not kept, the ports are assigned anew",
                           made->pool->obj.name, made->n);
        }
    }
}

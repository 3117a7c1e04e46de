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
#include "yaml/slb-index.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-yaml.h"

/* Backend address pools.
 *
 * Azure lists the machines of a pool twice: the IP configurations of network
 * interfaces, and backend addresses, which may be of such interfaces. */

/* A member of a pool that is a network interface. */
struct nic {
    char *key;                  /* See nic_key(). */
    struct slb_member *member;
    const struct slb_azure_id *entry; /* Or NULL. */
    const char *id;
    struct slb_mark mark;       /* Of 'id'. */
    bool failed;                /* An error about it has been reported. */
};

struct pool_reader {
    struct slb_azure_reader *r;
    struct slb_pool *pool;
    struct slb_index ids;       /* By key.  Data is struct nic *. */
    struct nic **nics;
    size_t n_nics, allocated_nics;
    struct slb_list others;     /* Members that are not among 'nics'. */

    /* Backend addresses that do not say what they are. */
    struct slb_mark *bare;
    size_t n_bare, allocated_bare;
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
    return slb_azure_lower(id + (*id == '/'));
}

/* Returns the member of the pool that is the network interface 'id', which is
 * at 'mark'; it is a new one, unless it has been there. */
static struct nic *
find_nic(struct pool_reader *p, const char *id, struct slb_mark mark)
{
    const struct slb_azure_id *entry;
    bool ok = slb_azure_find_nic(p->r, id, mark, &entry);
    char *key = nic_key(id, entry);
    const struct nic *old = slb_index_find_name(&p->ids, NULL, key);
    struct nic *nic;

    if (old) {
        free(key);
        return CONST_CAST(struct nic *, old);
    }

    struct slb_object *object = create_member(p->pool, mark);
    nic = xzalloc(sizeof *nic);
    nic->key = key;
    nic->member = (struct slb_member *) object;
    nic->entry = entry;
    nic->id = id;
    nic->mark = mark;
    nic->failed = !ok;
    slb_index_add_name(&p->ids, NULL, key, nic);
    if (p->n_nics >= p->allocated_nics) {
        p->nics = x2nrealloc(p->nics, &p->allocated_nics, sizeof *p->nics);
    }
    p->nics[p->n_nics++] = nic;
    slb_list_add((struct slb_list *) &p->pool->members, object);
    if (entry) {
        if (entry->obj.name) {
            object->name = xstrdup(entry->obj.name);
            slb_azure_set_mark(object, "name", mark);
        }
        slb_azure_set_address(entry, object, &nic->member->address, mark);
        if (entry->network) {
            slb_azure_set_network(p->r, entry->network, mark);
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
        slb_azure_reference_close(&map);
    } else {
        slb_object_set_invalid(&p->pool->obj, "members");
    }
}

static void
add_bare(struct pool_reader *p, struct slb_mark mark)
{
    if (p->n_bare >= p->allocated_bare) {
        p->bare = x2nrealloc(p->bare, &p->allocated_bare, sizeof *p->bare);
    }
    p->bare[p->n_bare++] = mark;
}

static void
report_bare(struct pool_reader *p, struct slb_mark mark)
{
    slb_errors_add(&p->r->input->errors, mark, "a backend address has neither "
                   "'ipAddress' nor 'networkInterfaceIPConfiguration', "
                   "expected one of them");
    slb_object_set_invalid(&p->pool->obj, "members");
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
    slb_azure_read_network(p->r, &map);
    slb_azure_read_subnet(p->r, &map, NULL, NULL);

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
            slb_azure_reference_close(&ref);
        } else {
            slb_object_set_invalid(&p->pool->obj, "members");
        }
    } else {
        bool has_state = (state && (state->type != SLB_YAML_SCALAR
                                    || strcasecmp(state->text, "None")));

        /* Azure lists network interfaces here, too, in some versions without
         * saying which one it is. */
        member = read_address(p, &map);
        if (!member && has_state) {
            report_bare(p, node->mark);
        } else if (!member) {
            add_bare(p, node->mark);
        }
    }
    if (member && state) {
        slb_azure_map_field(&map, "adminState", &member->obj, "adminState");
    }
    slb_azure_map_close(&map, unread, ARRAY_SIZE(unread));
}

/* Adds 'p->others' to the pool, but for those that are one of 'p->nics'. */
static void
add_others(struct pool_reader *p)
{
    struct slb_index addresses;

    slb_index_init(&addresses);
    for (size_t i = 0; i < p->n_nics && p->others.n; i++) {
        struct slb_member *member = p->nics[i]->member;
        slb_index_add_address(&addresses, NULL, &member->address, 0, member);
    }
    for (size_t i = 0; i < p->others.n; i++) {
        struct slb_member *member = (struct slb_member *) p->others.at[i];
        const struct slb_member *same
            = (ipv6_is_zero(&member->address) ? NULL
               : slb_index_find_address(&addresses, NULL, &member->address,
                                        0));

        if (!same) {
            slb_list_add((struct slb_list *) &p->pool->members, &member->obj);
        } else {
            struct slb_member *nic = CONST_CAST(struct slb_member *, same);
            if (nic->admin_state == SLB_ADMIN_NONE) {
                nic->admin_state = member->admin_state;
            }
            slb_object_destroy(&member->obj);
        }
    }
    slb_index_destroy(&addresses);
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
                slb_azure_missing_id(p->r, nic->mark, "the name or address",
                                     nic->id, nic->entry,
                                     "name: NAME, address: ADDRESS");
            }
            slb_object_set_invalid(&nic->member->obj, "name");
            slb_object_set_invalid(&nic->member->obj, "address");
        }
    }
}

void
slb_azure_read_pool(struct slb_azure_reader *r, struct slb_azure_map *map)
{
    struct slb_object *object = slb_azure_create(r, "backendPools", map);
    struct pool_reader p = { .r = r, .pool = (struct slb_pool *) object };
    const struct slb_yaml_node *nics
        = slb_azure_map_list(map, "backendIPConfigurations",
                             "a list of IP configurations");
    const struct slb_yaml_node *addresses
        = slb_azure_map_list(map, "loadBalancerBackendAddresses",
                             "a list of backend addresses");

    slb_azure_append(r, "backendPools", object);
    slb_index_init(&p.ids);
    slb_azure_read_network(r, map);
    for (size_t i = 0; nics && i < nics->n; i++) {
        read_backend_configuration(&p, nics->nodes[i]);
    }
    for (size_t i = 0; addresses && i < addresses->n; i++) {
        read_backend_address(&p, addresses->nodes[i]);
    }
    for (size_t i = p.n_nics; i < p.n_bare; i++) {
        report_bare(&p, p.bare[i]);
    }
    check_nics(&p);
    add_others(&p);
    if (!p.pool->members.n && slb_object_has(object, "members")) {
        slb_errors_add(&r->input->warnings, object->mark, "a backend address "
                       "pool has neither 'backendIPConfigurations' nor "
                       "'loadBalancerBackendAddresses', it has no members");
    }

    for (size_t i = 0; i < p.n_nics; i++) {
        free(p.nics[i]->key);
        free(p.nics[i]);
    }
    free(p.nics);
    free(p.bare);
    slb_index_destroy(&p.ids);
}

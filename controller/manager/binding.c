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

#include "controller/manager/binding.h"

#include <stdlib.h>
#include <string.h>

#include "lib/slb-address.h"
#include "hash.h"
#include "packets.h"
#include "util.h"

struct binding_network {
    const char *name;
    struct hmap_node key_node;  /* In struct bindings's 'network_keys'. */
    uint32_t key;
    struct ovs_list ports;      /* Contains "struct binding_port"s. */
    struct subnet *subnets;
    size_t n_subnets;
};

struct subnet {
    struct hmap_node hmap_node; /* In struct bindings's 'subnets'. */
    struct slb_prefix prefix;
    int length;                 /* Of 'prefix', as of an IPv6 one. */
    struct binding_network *network;
};

/* A port reports an address. */
struct binding_claim {
    struct ovs_list binding_node; /* In 'binding'. */
    struct binding *binding;
    const struct binding_port *port;
};

/* Members of one name in one network. */
struct member_name {
    struct hmap_node hmap_node; /* In struct bindings's 'names'. */
    uint32_t network_key;
    char *name;
    struct ovs_list uses;       /* Contains "struct binding_name_use"s. */
};

struct binding_name_use {
    struct ovs_list list_node;  /* In 'name'. */
    struct member_name *name;
    struct binding_member *member;
};

static void destroy_if_unused(struct bindings *, struct binding *);
static void touch(struct bindings *, struct binding *);
static void unlink_port(struct bindings *, struct binding_port *);

/* Problems are added to 'problems'.  'place_func', which may be NULL, is
 * called with 'aux' when addresses are mentioned. */
void
bindings_init(struct bindings *b, struct problems *problems,
              bindings_place_func *place_func, void *aux)
{
    memset(b, 0, sizeof *b);
    b->problems = problems;
    b->place_func = place_func;
    b->place_aux = aux;
    shash_init(&b->networks);
    hmap_init(&b->network_keys);
    hmap_init(&b->subnets);
    hmap_init(&b->bindings);
    hmap_init(&b->known);
    hmap_init(&b->ports);
    hmap_init(&b->ports_by_name);
    hmap_init(&b->named_ports);
    ovs_list_init(&b->unnamed_ports);
    hmap_init(&b->lost);
    hmap_init(&b->names);
    shash_init(&b->nodes);
    ovs_list_init(&b->touched_ports);
    ovs_list_init(&b->touched_members);
    ovs_list_init(&b->touched);
    ovs_list_init(&b->changed_members);
    ovs_list_init(&b->changed_astray);
    ovs_list_init(&b->changed);
    ovs_list_init(&b->dirty);
}

/* All members and all that was known must have been removed. */
void
bindings_destroy(struct bindings *b)
{
    if (!b) {
        return;
    }

    struct shash_node *node;
    struct binding *binding;

    SHASH_FOR_EACH_SAFE (node, &b->nodes) {
        bindings_remove_node(b, node->name);
    }
    SHASH_FOR_EACH_SAFE (node, &b->networks) {
        bindings_remove_network(b, node->name);
    }
    shash_destroy(&b->nodes);
    shash_destroy(&b->networks);
    HMAP_FOR_EACH_SAFE (binding, hmap_node, &b->bindings) {
        binding->location_row = NULL;
        touch(b, binding);
    }
    bindings_resolve(b);
    while (bindings_pop_changed(b)) {
        /* Nobody wants to know. */
    }
    HMAP_FOR_EACH_SAFE (binding, hmap_node, &b->bindings) {
        bindings_clear_dirty(b, binding);
    }
    ovs_assert(hmap_is_empty(&b->bindings));
    hmap_destroy(&b->network_keys);
    hmap_destroy(&b->subnets);
    hmap_destroy(&b->bindings);
    hmap_destroy(&b->known);
    hmap_destroy(&b->ports);
    hmap_destroy(&b->ports_by_name);
    hmap_destroy(&b->named_ports);
    hmap_destroy(&b->lost);
    hmap_destroy(&b->names);
}

static bool
is_listed(const struct ovs_list *node)
{
    return !ovs_list_is_empty(node);
}

static void
enlist(struct ovs_list *list, struct ovs_list *node)
{
    if (!is_listed(node)) {
        ovs_list_push_back(list, node);
    }
}

static void
unlist(struct ovs_list *node)
{
    ovs_list_remove(node);
    ovs_list_init(node);
}

/* Bindings. */

static uint32_t
hash_binding(uint32_t network_key, const struct in6_addr *address)
{
    return slb_address_hash(address, network_key);
}

/* Returns the binding of 'address' in the network with 'network_key', NULL if
 * nobody mentions it. */
struct binding *
bindings_find(const struct bindings *b, uint32_t network_key,
              const struct in6_addr *address)
{
    uint32_t hash = hash_binding(network_key, address);
    struct binding *binding;

    HMAP_FOR_EACH_WITH_HASH (binding, hmap_node, hash, &b->bindings) {
        if (binding->network_key == network_key
            && !slb_address_compare(&binding->address, address)) {
            return binding;
        }
    }
    return NULL;
}

struct binding *
bindings_find_or_add(struct bindings *b, uint32_t network_key,
                     const struct in6_addr *address)
{
    struct binding *binding = bindings_find(b, network_key, address);

    if (!binding) {
        binding = xzalloc(sizeof *binding);
        binding->network_key = network_key;
        binding->address = *address;
        ovs_list_init(&binding->members);
        ovs_list_init(&binding->known);
        ovs_list_init(&binding->port_node);
        ovs_list_init(&binding->claims);
        ovs_list_init(&binding->touched_node);
        ovs_list_init(&binding->changed_node);
        ovs_list_init(&binding->dirty_node);
        ovs_list_init(&binding->place_node);
        problem_list_init(&binding->problems);
        hmap_insert(&b->bindings, &binding->hmap_node,
                    hash_binding(network_key, address));
        if (b->place_func) {
            b->place_func(b->place_aux, binding, false);
        }
    }
    return binding;
}

static void
destroy_if_unused(struct bindings *b, struct binding *binding)
{
    if (!binding->port && !binding->location_row
        && ovs_list_is_empty(&binding->members)
        && ovs_list_is_empty(&binding->known)
        && ovs_list_is_empty(&binding->claims)
        && !is_listed(&binding->touched_node)
        && !is_listed(&binding->changed_node)
        && !is_listed(&binding->dirty_node)) {
        if (b->place_func) {
            b->place_func(b->place_aux, binding, true);
        }
        problems_remove(b->problems, &binding->problems);
        hmap_remove(&b->bindings, &binding->hmap_node);
        free(binding);
    }
}

/* Something has changed that decides what carries 'binding'. */
static void
touch(struct bindings *b, struct binding *binding)
{
    enlist(&b->touched, &binding->touched_node);
}

/* The rows about 'binding' may have to be other ones. */
void
bindings_set_dirty(struct bindings *b, struct binding *binding)
{
    enlist(&b->dirty, &binding->dirty_node);
}

/* The rows about 'binding', which may be gone afterwards, are right. */
void
bindings_clear_dirty(struct bindings *b, struct binding *binding)
{
    unlist(&binding->dirty_node);
    destroy_if_unused(b, binding);
}

static void
set_dirty_if_written(struct bindings *b, struct binding *binding)
{
    if (binding->port || binding->location_row
        || !ovs_list_is_empty(&binding->known)) {
        bindings_set_dirty(b, binding);
    }
}

/* Names of members. */

static uint32_t
hash_name(uint32_t network_key, const char *name)
{
    return hash_string(name, network_key);
}

static struct member_name *
find_name(const struct bindings *b, uint32_t network_key, const char *name)
{
    uint32_t hash = hash_name(network_key, name);
    struct member_name *n;

    HMAP_FOR_EACH_WITH_HASH (n, hmap_node, hash, &b->names) {
        if (n->network_key == network_key && !strcmp(n->name, name)) {
            return n;
        }
    }
    return NULL;
}

static void
add_name_use(struct bindings *b, struct binding_name_use *use,
             struct binding_member *member, uint32_t network_key,
             const char *name)
{
    struct member_name *n = find_name(b, network_key, name);

    if (!n) {
        n = xmalloc(sizeof *n);
        n->network_key = network_key;
        n->name = xstrdup(name);
        ovs_list_init(&n->uses);
        hmap_insert(&b->names, &n->hmap_node, hash_name(network_key, name));
    }
    use->name = n;
    use->member = member;
    ovs_list_push_back(&n->uses, &use->list_node);
}

static void
remove_name_use(struct bindings *b, struct binding_name_use *use)
{
    struct member_name *n = use->name;

    ovs_list_remove(&use->list_node);
    if (ovs_list_is_empty(&n->uses)) {
        hmap_remove(&b->names, &n->hmap_node);
        free(n->name);
        free(n);
    }
}

/* A port with 'name' comes or goes. */
static void
touch_name(struct bindings *b, uint32_t network_key, const char *name)
{
    struct member_name *n = find_name(b, network_key, name);
    struct binding_name_use *use;

    if (!n) {
        return;
    }
    LIST_FOR_EACH (use, list_node, &n->uses) {
        if (use->member->by_name) {
            enlist(&b->touched_members, &use->member->touched_node);
        }
        if (use->member->binding) {
            touch(b, use->member->binding);
        }
    }
}

/* Members without port. */

/* Whether 'member' is on a port may have changed. */
static void
update_lost(struct bindings *b, struct binding_member *member)
{
    bool lost = (member->declared
                 && !(member->binding && member->binding->port));

    if (lost == !hmap_node_is_null(&member->lost_node)) {
        return;
    }
    if (lost) {
        hmap_insert(&b->lost, &member->lost_node,
                    hash_string(member->name, 0));
    } else {
        hmap_remove(&b->lost, &member->lost_node);
        hmap_node_nullify(&member->lost_node);
        unlist(&member->astray_node);
    }
}

/* There is something new about a port with 'name'. */
static void
touch_lost(struct bindings *b, const char *name)
{
    struct binding_member *member;

    if (hmap_is_empty(&b->lost)) {
        return;
    }
    HMAP_FOR_EACH_WITH_HASH (member, lost_node, hash_string(name, 0),
                             &b->lost) {
        if (!strcmp(member->name, name)) {
            enlist(&b->changed_astray, &member->astray_node);
        }
    }
}

/* Networks. */

static uint32_t
hash_prefix(const struct in6_addr *address, int length)
{
    return slb_address_hash(address, length);
}

static bool
network_contains(const struct binding_network *network,
                 const struct in6_addr *address)
{
    for (size_t i = 0; i < network->n_subnets; i++) {
        if (slb_prefix_contains(&network->subnets[i].prefix, address)) {
            return true;
        }
    }
    return false;
}

/* Returns the only network that contains 'address'; NULL if there is none or
 * (then '*ambiguous' is set) more than one. */
static struct binding_network *
find_only_network(const struct bindings *b, const struct in6_addr *address,
                  bool *ambiguous)
{
    struct binding_network *found = NULL;

    for (int length = 128; length >= 0; length--) {
        if (!b->n_subnets_of_length[length]) {
            continue;
        }

        struct in6_addr mask = ipv6_create_mask(length);
        struct in6_addr masked = ipv6_addr_bitand(address, &mask);
        const struct subnet *s;

        HMAP_FOR_EACH_WITH_HASH (s, hmap_node, hash_prefix(&masked, length),
                                 &b->subnets) {
            if (s->length == length
                && !slb_address_compare(&s->prefix.address, &masked)) {
                if (found && found != s->network) {
                    *ambiguous = true;
                    return NULL;
                }
                found = s->network;
            }
        }
    }
    return found;
}

/* Touches 'port', which names no network, if one of its addresses is in
 * 'network'. */
static void
touch_unnamed_port(struct bindings *b, struct binding_port *port,
                   const struct binding_network *network)
{
    for (size_t i = 0; i < port->n_addresses; i++) {
        const struct binding_address *a = &port->addresses[i];

        if (a->valid && network_contains(network, &a->ip)) {
            enlist(&b->touched_ports, &port->touched_node);
            return;
        }
    }
}

/* Touches all ports that 'network', which comes or goes, may concern. */
static void
touch_ports(struct bindings *b, const struct binding_network *network)
{
    struct binding_port *port;

    HMAP_FOR_EACH_WITH_HASH (port, named_node, hash_string(network->name, 0),
                             &b->named_ports) {
        if (!strcmp(port->network_name, network->name)) {
            enlist(&b->touched_ports, &port->touched_node);
        }
    }
    LIST_FOR_EACH (port, unnamed_node, &b->unnamed_ports) {
        touch_unnamed_port(b, port, network);
    }
}

static void
remove_network(struct bindings *b, struct binding_network *network)
{
    struct binding_port *port;

    touch_ports(b, network);
    LIST_FOR_EACH_SAFE (port, network_node, &network->ports) {
        unlink_port(b, port);
    }
    for (size_t i = 0; i < network->n_subnets; i++) {
        struct subnet *s = &network->subnets[i];

        hmap_remove(&b->subnets, &s->hmap_node);
        b->n_subnets_of_length[s->length]--;
    }
    free(network->subnets);
    hmap_remove(&b->network_keys, &network->key_node);
    shash_find_and_delete(&b->networks, network->name);
    free(network);
}

void
bindings_remove_network(struct bindings *b, const char *name)
{
    struct binding_network *network = shash_find_data(&b->networks, name);

    if (network) {
        remove_network(b, network);
    }
}

/* Adds a network, in place of the one with 'name' if there is one.  'key' must
 * be its own. */
void
bindings_set_network(struct bindings *b, const char *name, uint32_t key,
                     const struct slb_prefix *subnets, size_t n_subnets)
{
    struct binding_network *network = shash_find_data(&b->networks, name);

    if (network && network->key == key && network->n_subnets == n_subnets) {
        size_t i;

        for (i = 0; i < n_subnets; i++) {
            if (!slb_prefix_equals(&network->subnets[i].prefix,
                                   &subnets[i])) {
                break;
            }
        }
        if (i >= n_subnets) {
            return;
        }
    }
    if (network) {
        remove_network(b, network);
    }

    network = xzalloc(sizeof *network);
    network->name = shash_add(&b->networks, name, network)->name;
    network->key = key;
    hmap_insert(&b->network_keys, &network->key_node, hash_int(key, 0));
    ovs_list_init(&network->ports);
    network->subnets = xcalloc(n_subnets, sizeof *network->subnets);
    network->n_subnets = n_subnets;
    for (size_t i = 0; i < n_subnets; i++) {
        struct subnet *s = &network->subnets[i];

        s->prefix = subnets[i];
        s->length = slb_prefix_mapped_length(&subnets[i]);
        s->network = network;
        hmap_insert(&b->subnets, &s->hmap_node,
                    hash_prefix(&s->prefix.address, s->length));
        b->n_subnets_of_length[s->length]++;
    }
    touch_ports(b, network);
}

/* What was known before. */

static uint32_t
hash_known(const char *node, const char *iface_id)
{
    return hash_string(iface_id, hash_string(node, 0));
}

/* Until now, 'address' was carried by port 'iface_id' of 'node'. */
void
bindings_add_known(struct bindings *b, struct binding_known *known,
                   uint32_t network_key, const struct in6_addr *address,
                   const char *node, const char *iface_id)
{
    known->binding = bindings_find_or_add(b, network_key, address);
    known->node = xstrdup(node);
    known->iface_id = xstrdup(iface_id);
    ovs_list_push_back(&known->binding->known, &known->binding_node);
    hmap_insert(&b->known, &known->hmap_node, hash_known(node, iface_id));
}

void
bindings_remove_known(struct bindings *b, struct binding_known *known)
{
    ovs_list_remove(&known->binding_node);
    hmap_remove(&b->known, &known->hmap_node);
    free(known->node);
    free(known->iface_id);
    destroy_if_unused(b, known->binding);
}

/* Returns where 'binding''s port carried the same address until now, if that
 * was in another network, otherwise NULL. */
struct binding *
bindings_find_elsewhere(const struct bindings *b,
                        const struct binding *binding)
{
    const struct binding_port *port = binding->port;
    const struct binding_known *known;

    HMAP_FOR_EACH_WITH_HASH (known, hmap_node,
                             hash_known(port->node, port->iface_id),
                             &b->known) {
        if (known->binding != binding
            && !slb_address_compare(&known->binding->address,
                                    &binding->address)
            && !strcmp(known->node, port->node)
            && !strcmp(known->iface_id, port->iface_id)) {
            return known->binding;
        }
    }
    return NULL;
}

static struct binding_network *
find_network_by_key(const struct bindings *b, uint32_t key)
{
    struct binding_network *network;

    HMAP_FOR_EACH_WITH_HASH (network, key_node, hash_int(key, 0),
                             &b->network_keys) {
        if (network->key == key) {
            return network;
        }
    }
    return NULL;
}

/* Returns the network that 'port' was in until now, if an address of the port
 * is still in it, otherwise NULL. */
static struct binding_network *
find_network_before(const struct bindings *b, const struct binding_port *port)
{
    uint32_t hash = hash_known(port->node, port->iface_id);
    const struct binding_known *known;

    HMAP_FOR_EACH_WITH_HASH (known, hmap_node, hash, &b->known) {
        struct binding_network *network;

        if (strcmp(known->node, port->node)
            || strcmp(known->iface_id, port->iface_id)) {
            continue;
        }
        network = find_network_by_key(b, known->binding->network_key);
        for (size_t i = 0; network && i < port->n_addresses; i++) {
            const struct binding_address *a = &port->addresses[i];

            if (a->valid && network_contains(network, &a->ip)) {
                return network;
            }
        }
    }
    return NULL;
}

/* Ports. */

static struct binding_network *
find_network(const struct bindings *b, const struct binding_port *port,
             struct problem_list *problems)
{
    if (port->network_name[0]) {
        struct binding_network *named
            = shash_find_data(&b->networks, port->network_name);

        if (!named) {
            problem_list_add(problems, "node %s: port %s: there is no network "
                             "%s", port->node, port->iface_id,
                             port->network_name);
        }
        return named;
    }

    struct binding_network *found = NULL;
    bool ambiguous = false;
    for (size_t i = 0; i < port->n_addresses; i++) {
        const struct binding_address *a = &port->addresses[i];

        if (!a->valid) {
            continue;
        }

        struct binding_network *network
            = find_only_network(b, &a->ip, &ambiguous);
        if (network && found && network != found) {
            bool in_order = strcmp(network->name, found->name) < 0;

            problem_list_add(problems, "node %s: port %s has addresses of "
                             "networks %s and %s", port->node, port->iface_id,
                             in_order ? network->name : found->name,
                             in_order ? found->name : network->name);
            return NULL;
        }
        found = network ? network : found;
    }
    if (!found && ambiguous) {
        found = find_network_before(b, port);
        problem_list_add(problems, "node %s: port %s: several networks "
                         "contain its address, and it does not say which is "
                         "meant (slb-network)%s%s", port->node, port->iface_id,
                         found ? "; it stays in " : "",
                         found ? found->name : "");
    } else if (!found) {
        problem_list_add(problems, "node %s: port %s: no network contains an "
                         "address of it", port->node, port->iface_id);
    }
    return found;
}

static uint32_t
hash_port(uint32_t network_key, const char *iface_id)
{
    return hash_string(iface_id, network_key);
}

/* 'port' is in no network any more and carries nothing. */
static void
unlink_port(struct bindings *b, struct binding_port *port)
{
    struct binding *binding;

    for (size_t i = 0; i < port->n_claims; i++) {
        ovs_list_remove(&port->claims[i].binding_node);
        touch(b, port->claims[i].binding);
    }
    free(port->claims);
    port->claims = NULL;
    port->n_claims = 0;
    LIST_FOR_EACH_POP (binding, port_node, &port->bindings) {
        ovs_list_init(&binding->port_node);
        binding->port = NULL;
        binding->moved = true;
        touch(b, binding);
    }
    if (port->network) {
        touch_name(b, port->network->key, port->iface_id);
        hmap_remove(&b->ports, &port->hmap_node);
        unlist(&port->network_node);
        port->network = NULL;
    }
}

static void
resolve_port(struct bindings *b, struct binding_port *port)
{
    struct problem_list problems = PROBLEM_LIST_INITIALIZER;

    unlink_port(b, port);
    port->network = find_network(b, port, &problems);
    if (port->network) {
        uint32_t key = port->network->key;

        hmap_insert(&b->ports, &port->hmap_node,
                    hash_port(key, port->iface_id));
        ovs_list_push_back(&port->network->ports, &port->network_node);
        touch_name(b, key, port->iface_id);
        port->claims = xcalloc(port->n_addresses, sizeof *port->claims);
        for (size_t i = 0; i < port->n_addresses; i++) {
            struct binding_claim *claim = &port->claims[port->n_claims];
            const struct binding_address *a = &port->addresses[i];

            if (!a->valid) {
                problem_list_add(&problems, "node %s: port %s: \"%s\" is no "
                                 "address", port->node, port->iface_id,
                                 a->text);
                continue;
            }
            if (!network_contains(port->network, &a->ip)) {
                problem_list_add(&problems, "node %s: port %s: address %s is "
                                 "outside network %s", port->node,
                                 port->iface_id, a->text,
                                 port->network->name);
                continue;
            }
            claim->binding = bindings_find_or_add(b, key, &a->ip);
            claim->port = port;

            /* An address may be written in two ways. */
            size_t j;
            for (j = 0; j < port->n_claims; j++) {
                if (port->claims[j].binding == claim->binding) {
                    break;
                }
            }
            if (j >= port->n_claims) {
                ovs_list_push_back(&claim->binding->claims,
                                   &claim->binding_node);
                touch(b, claim->binding);
                port->n_claims++;
            }
        }
    }
    problems_replace(b->problems, &port->problems, &problems);
    touch_lost(b, port->iface_id);
}

static void
destroy_port(struct bindings *b, struct binding_port *port)
{
    unlink_port(b, port);
    touch_lost(b, port->iface_id);
    hmap_remove(&b->ports_by_name, &port->name_node);
    problems_remove(b->problems, &port->problems);
    ovs_list_remove(&port->node_node);
    unlist(&port->touched_node);
    if (port->network_name[0]) {
        hmap_remove(&b->named_ports, &port->named_node);
    } else {
        ovs_list_remove(&port->unnamed_node);
    }
    free(port->vtep);
    free(port->iface_id);
    free(port->mac);
    free(port->network_name);
    for (size_t i = 0; i < port->n_addresses; i++) {
        free(port->addresses[i].text);
    }
    free(port->addresses);
    free(port);
}

static void
add_port(struct bindings *b, struct binding_node *node, const char *name,
         const char *vtep, const struct binding_report *report)
{
    struct binding_port *port = xzalloc(sizeof *port);

    port->node = name;
    port->vtep = xstrdup(vtep);
    port->iface_id = xstrdup(report->iface_id);
    port->mac = xstrdup(report->mac);
    port->network_name = xstrdup(report->network);
    port->addresses = xcalloc(report->n_addresses, sizeof *port->addresses);
    port->n_addresses = report->n_addresses;
    for (size_t i = 0; i < report->n_addresses; i++) {
        struct binding_address *a = &port->addresses[i];

        a->text = xstrdup(report->addresses[i]);
        a->valid = slb_address_parse(a->text, &a->ip);
    }
    ovs_list_init(&port->bindings);
    ovs_list_init(&port->touched_node);
    ovs_list_init(&port->network_node);
    problem_list_init(&port->problems);
    port->seen = true;
    hmap_insert(&b->ports_by_name, &port->name_node,
                hash_string(port->iface_id, 0));
    if (port->network_name[0]) {
        hmap_insert(&b->named_ports, &port->named_node,
                    hash_string(port->network_name, 0));
    } else {
        ovs_list_push_back(&b->unnamed_ports, &port->unnamed_node);
    }
    ovs_list_push_back(&node->ports, &port->node_node);
    enlist(&b->touched_ports, &port->touched_node);
}

static bool
port_is(const struct binding_port *port, const char *vtep,
        const struct binding_report *report)
{
    if (strcmp(port->vtep, vtep) || strcmp(port->mac, report->mac)
        || strcmp(port->network_name, report->network)
        || port->n_addresses != report->n_addresses) {
        return false;
    }
    for (size_t i = 0; i < port->n_addresses; i++) {
        if (strcmp(port->addresses[i].text, report->addresses[i])) {
            return false;
        }
    }
    return true;
}

/* Node 'name' reports the 'n' ports in 'reports', and no others. */
void
bindings_set_node(struct bindings *b, const char *name, const char *vtep,
                  const struct binding_report *reports, size_t n)
{
    struct shash_node *node = shash_find(&b->nodes, name);
    struct binding_port *port;

    if (!node) {
        struct binding_node *new = xzalloc(sizeof *new);

        ovs_list_init(&new->ports);
        node = shash_add(&b->nodes, name, new);
    }

    struct binding_node *bn = node->data;
    struct shash old = SHASH_INITIALIZER(&old);
    LIST_FOR_EACH (port, node_node, &bn->ports) {
        port->seen = false;
        shash_add(&old, port->iface_id, port);
    }
    for (size_t i = 0; i < n; i++) {
        port = shash_find_data(&old, reports[i].iface_id);
        if (port && port_is(port, vtep, &reports[i])) {
            port->seen = true;
        }
    }
    LIST_FOR_EACH_SAFE (port, node_node, &bn->ports) {
        if (!port->seen) {
            shash_find_and_delete(&old, port->iface_id);
            destroy_port(b, port);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (!shash_find(&old, reports[i].iface_id)) {
            add_port(b, bn, node->name, vtep, &reports[i]);
        }
    }
    shash_destroy(&old);
}

void
bindings_remove_node(struct bindings *b, const char *name)
{
    struct shash_node *node = shash_find(&b->nodes, name);

    if (node) {
        struct binding_node *bn = node->data;
        struct binding_port *port;

        LIST_FOR_EACH_SAFE (port, node_node, &bn->ports) {
            destroy_port(b, port);
        }
        shash_delete(&b->nodes, node);
        free(bn);
    }
}

/* Members. */

static void
link_member(struct bindings *b, struct binding_member *member,
            struct binding *binding)
{
    if (member->binding) {
        unlist(&member->binding_node);
        touch(b, member->binding);
        set_dirty_if_written(b, member->binding);
    }
    member->binding = binding;
    if (binding) {
        ovs_list_push_back(&binding->members, &member->binding_node);
        touch(b, binding);
        set_dirty_if_written(b, binding);
    }
    update_lost(b, member);
}

static void
init_member(struct bindings *b, struct binding_member *member,
            const char *name, const uint32_t *network_keys, size_t n)
{
    member->binding = NULL;
    member->name = name;
    ovs_list_init(&member->binding_node);
    ovs_list_init(&member->touched_node);
    hmap_node_nullify(&member->lost_node);
    ovs_list_init(&member->astray_node);
    member->names = xcalloc(n, sizeof *member->names);
    member->n_names = n;
    for (size_t i = 0; i < n; i++) {
        add_name_use(b, &member->names[i], member, network_keys[i], name);
    }
}

/* Adds a member with an address.  'name' must live as long as it. */
void
bindings_add_member(struct bindings *b, struct binding_member *member,
                    const char *name, const struct in6_addr *address,
                    uint32_t network_key)
{
    init_member(b, member, name, &network_key, 1);
    member->by_name = false;
    link_member(b, member, bindings_find_or_add(b, network_key, address));
}

/* Adds a member that is where the port with 'name' is in the first of the 'n'
 * networks with 'network_keys' that has one; 'before' is the address that it
 * had, if it had one.  'name' must live as long as the member. */
void
bindings_add_member_by_name(struct bindings *b, struct binding_member *member,
                            const char *name, bool ipv6,
                            const struct in6_addr *before,
                            const uint32_t *network_keys, size_t n)
{
    init_member(b, member, name, network_keys, n);
    member->by_name = true;
    member->ipv6 = ipv6;
    member->before = *before;
    enlist(&b->touched_members, &member->touched_node);
    update_lost(b, member);
}

void
bindings_remove_member(struct bindings *b, struct binding_member *member)
{
    link_member(b, member, NULL);
    unlist(&member->touched_node);
    unlist(&member->astray_node);
    if (!hmap_node_is_null(&member->lost_node)) {
        hmap_remove(&b->lost, &member->lost_node);
        hmap_node_nullify(&member->lost_node);
    }
    for (size_t i = 0; i < member->n_names; i++) {
        remove_name_use(b, &member->names[i]);
    }
    free(member->names);
    member->names = NULL;
    member->n_names = 0;
}

static int
rank_member(const struct binding_member *member)
{
    return !member->declared ? 1 : member->by_name ? 2 : 0;
}

/* Several members of one pool may be at one address: one declares it, another
 * one was drained from there, and the port of a third one has it.  Is 'a'
 * rather than 'b' the one that counts? */
bool
binding_member_goes_before(const struct binding_member *a,
                           const struct binding_member *b)
{
    int diff = rank_member(a) - rank_member(b);

    return diff ? diff < 0 : a->index < b->index;
}

/* Returns the binding of the best address of the ports with 'member''s name in
 * the network with 'network_key', NULL if there is none. */
static struct binding *
choose_in_network(const struct bindings *b,
                  const struct binding_member *member, uint32_t network_key)
{
    uint32_t hash = hash_port(network_key, member->name);
    const struct binding_port *port;
    struct binding *best = NULL;

    HMAP_FOR_EACH_WITH_HASH (port, hmap_node, hash, &b->ports) {
        if (port->network->key != network_key
            || strcmp(port->iface_id, member->name)) {
            continue;
        }
        for (size_t i = 0; i < port->n_claims; i++) {
            struct binding *binding = port->claims[i].binding;

            if (IN6_IS_ADDR_V4MAPPED(&binding->address) == member->ipv6) {
                continue;
            }
            if (!slb_address_compare(&binding->address, &member->before)) {
                return binding;
            }
            if (!best
                || slb_address_compare(&binding->address,
                                       &best->address) < 0) {
                best = binding;
            }
        }
    }
    return best;
}

static void
resolve_member(struct bindings *b, struct binding_member *member)
{
    struct binding *binding = NULL;

    for (size_t i = 0; i < member->n_names && !binding; i++) {
        binding = choose_in_network(b, member,
                                    member->names[i].name->network_key);
    }
    if (binding != member->binding) {
        link_member(b, member, binding);
        if (binding) {
            member->before = binding->address;
        }
        enlist(&b->changed_members, &member->touched_node);
    }
}

/* Address to port. */

static int
compare_ports(const struct binding_port *a, const struct binding_port *b)
{
    int cmp = strcmp(a->node, b->node);
    return cmp ? cmp : strcmp(a->iface_id, b->iface_id);
}

/* How much 'port' is to be preferred for 'binding'. */
static int
rank_port(const struct binding *binding, const struct binding_port *port)
{
    const struct binding_member *member;
    const struct binding_known *known;
    int rank = 0;

    LIST_FOR_EACH (member, binding_node, &binding->members) {
        if (!strcmp(member->name, port->iface_id)) {
            rank = 2;
            break;
        }
    }
    LIST_FOR_EACH (known, binding_node, &binding->known) {
        if (!strcmp(known->node, port->node)
            && !strcmp(known->iface_id, port->iface_id)) {
            rank++;
            break;
        }
    }
    return rank;
}

/* Whether 'member' may be in 'network'. */
static bool
member_has_network(const struct binding_member *member,
                   const struct binding_network *network)
{
    for (size_t i = 0; network && i < member->n_names; i++) {
        if (member->names[i].name->network_key == network->key) {
            return true;
        }
    }
    return false;
}

/* Finds out whether 'member' is on no port although there is one with its
 * name.  Of several it is one in a network of the member's, otherwise the
 * first by node.  Returns false if there is none. */
bool
bindings_find_astray(const struct bindings *b,
                     const struct binding_member *member,
                     struct binding_astray *astray)
{
    const struct binding_port *port, *best = NULL;
    bool best_is_near = false;

    if (hmap_node_is_null(&member->lost_node)
        || hmap_is_empty(&b->ports_by_name)) {
        return false;
    }
    HMAP_FOR_EACH_WITH_HASH (port, name_node, hash_string(member->name, 0),
                             &b->ports_by_name) {
        bool near = member_has_network(member, port->network);

        if (!strcmp(port->iface_id, member->name)
            && (!best || near > best_is_near
                || (near == best_is_near && compare_ports(port, best) < 0))) {
            best = port;
            best_is_near = near;
        }
    }
    if (!best) {
        return false;
    }
    astray->node = best->node;
    astray->network = best->network ? best->network->name : NULL;
    astray->without_address = best_is_near;
    return true;
}

struct choice {
    const struct binding *binding;
    const struct binding_port *best;
    int rank;
    const struct binding_port **ports; /* All that were offered. */
    size_t n, allocated;
};

static void
offer_port(struct choice *c, const struct binding_port *port)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->ports[i] == port) {
            return;
        }
    }
    if (c->n >= c->allocated) {
        c->ports = x2nrealloc(c->ports, &c->allocated, sizeof *c->ports);
    }
    c->ports[c->n++] = port;

    int rank = rank_port(c->binding, port);
    if (!c->best || rank > c->rank
        || (rank == c->rank && compare_ports(port, c->best) < 0)) {
        c->best = port;
        c->rank = rank;
    }
}

/* Offers the ports with the names of the members with 'c''s address, which no
 * port reports. */
static void
offer_ports_with_names(const struct bindings *b, struct choice *c)
{
    uint32_t network_key = c->binding->network_key;
    const struct binding_member *member;
    const char *last = "";

    LIST_FOR_EACH (member, binding_node, &c->binding->members) {
        const struct binding_port *port;

        /* An address has one name in most pools. */
        if (!strcmp(member->name, last)) {
            continue;
        }
        last = member->name;
        HMAP_FOR_EACH_WITH_HASH (port, hmap_node,
                                 hash_port(network_key, member->name),
                                 &b->ports) {
            if (port->network->key == network_key
                && !strcmp(port->iface_id, member->name)) {
                offer_port(c, port);
            }
        }
    }
}

static void
resolve_binding(struct bindings *b, struct binding *binding)
{
    struct problem_list problems = PROBLEM_LIST_INITIALIZER;
    struct choice c = { .binding = binding };
    const struct binding_claim *claim;

    LIST_FOR_EACH (claim, binding_node, &binding->claims) {
        offer_port(&c, claim->port);
    }
    if (!c.n && !hmap_is_empty(&b->ports)) {
        offer_ports_with_names(b, &c);
    }
    for (size_t i = 0; i < c.n; i++) {
        if (c.ports[i] != c.best) {
            char *address = slb_address_to_string(&binding->address);

            problem_list_add(&problems, "network %s: address %s is on port %s "
                             "of node %s, so not on port %s of node %s",
                             c.best->network->name, address, c.best->iface_id,
                             c.best->node, c.ports[i]->iface_id,
                             c.ports[i]->node);
            free(address);
        }
    }
    free(c.ports);
    problems_replace(b->problems, &binding->problems, &problems);

    if (c.best != binding->port || binding->moved) {
        struct binding_member *member;

        unlist(&binding->port_node);
        binding->port = c.best;
        binding->moved = false;
        if (c.best) {
            struct binding_port *port = CONST_CAST(struct binding_port *,
                                                   c.best);
            ovs_list_push_back(&port->bindings, &binding->port_node);
        }
        LIST_FOR_EACH (member, binding_node, &binding->members) {
            update_lost(b, member);
        }
        enlist(&b->changed, &binding->changed_node);
        bindings_set_dirty(b, binding);
    } else {
        destroy_if_unused(b, binding);
    }
}

/* Looks at all that may have changed since the last time. */
void
bindings_resolve(struct bindings *b)
{
    struct binding_member *member;
    struct binding_port *port;
    struct binding *binding;

    LIST_FOR_EACH_POP (port, touched_node, &b->touched_ports) {
        ovs_list_init(&port->touched_node);
        resolve_port(b, port);
    }
    LIST_FOR_EACH_POP (member, touched_node, &b->touched_members) {
        ovs_list_init(&member->touched_node);
        resolve_member(b, member);
    }
    LIST_FOR_EACH_POP (binding, touched_node, &b->touched) {
        ovs_list_init(&binding->touched_node);
        resolve_binding(b, binding);
    }
}

/* Returns a member by name whose address has become another one, or a member
 * without port about which bindings_find_astray() may say something else, each
 * once, NULL if there is none. */
struct binding_member *
bindings_pop_changed_member(struct bindings *b)
{
    struct binding_member *member = NULL;

    if (!ovs_list_is_empty(&b->changed_members)) {
        member = CONTAINER_OF(ovs_list_pop_front(&b->changed_members),
                              struct binding_member, touched_node);
        ovs_list_init(&member->touched_node);
    } else if (!ovs_list_is_empty(&b->changed_astray)) {
        member = CONTAINER_OF(ovs_list_pop_front(&b->changed_astray),
                              struct binding_member, astray_node);
        ovs_list_init(&member->astray_node);
    }
    return member;
}

/* Returns an address that has another port, or the same one with something
 * else about it, each once, NULL if there is none. */
struct binding *
bindings_pop_changed(struct bindings *b)
{
    if (ovs_list_is_empty(&b->changed)) {
        return NULL;
    }

    struct binding *binding
        = CONTAINER_OF(ovs_list_pop_front(&b->changed), struct binding,
                       changed_node);
    ovs_list_init(&binding->changed_node);
    return binding;
}

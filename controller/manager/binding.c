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

#include "controller/manager/address.h"
#include "controller/manager/problems.h"
#include "hash.h"
#include "packets.h"
#include "util.h"

struct network {
    struct hmap_node hmap_node; /* In struct bindings's 'networks'. */
    const char *name;
    uint32_t key;
    const struct prefix *subnets;
    size_t n_subnets;
};

struct subnet {
    struct hmap_node hmap_node; /* In struct bindings's 'subnets'. */
    const struct prefix *prefix;
    const struct network *network;
};

/* A port that carried something until now. */
struct known_port {
    struct hmap_node hmap_node; /* In struct bindings's 'known_ports'. */
    const char *node;
    const char *iface_id;
    uint32_t network_key;
};

struct binding_port_node {
    struct hmap_node hmap_node; /* In struct bindings's 'ports', or null. */
    struct binding_port port;
    const struct network *network;
};

void
bindings_init(struct bindings *b)
{
    memset(b, 0, sizeof *b);
    hmap_init(&b->networks);
    shash_init(&b->network_names);
    hmap_init(&b->subnets);
    hmap_init(&b->bindings);
    hmap_init(&b->known_ports);
    hmap_init(&b->ports);
}

void
bindings_destroy(struct bindings *b)
{
    if (!b) {
        return;
    }

    struct network *network;
    struct subnet *subnet;
    struct binding *binding;
    struct known_port *known;

    HMAP_FOR_EACH_POP (known, hmap_node, &b->known_ports) {
        free(known);
    }
    HMAP_FOR_EACH_POP (subnet, hmap_node, &b->subnets) {
        free(subnet);
    }
    HMAP_FOR_EACH_POP (network, hmap_node, &b->networks) {
        free(network);
    }
    HMAP_FOR_EACH_POP (binding, hmap_node, &b->bindings) {
        shash_destroy(&binding->other_names);
        free(binding->pools);
        free(binding);
    }
    hmap_destroy(&b->subnets);
    hmap_destroy(&b->networks);
    shash_destroy(&b->network_names);
    hmap_destroy(&b->bindings);
    hmap_destroy(&b->known_ports);
    hmap_destroy(&b->ports);
    free(b->list);
}

static uint32_t
hash_prefix(const struct in6_addr *address, uint8_t length)
{
    return address_hash(address, length);
}

/* Adds a network; 'name' and 'subnets' must live as long as 'b'.  Names and
 * keys must be unique. */
void
bindings_add_network(struct bindings *b, const char *name, uint32_t key,
                     const struct prefix *subnets, size_t n_subnets)
{
    struct network *network = xmalloc(sizeof *network);

    *network = (struct network) {
        .name = name,
        .key = key,
        .subnets = subnets,
        .n_subnets = n_subnets,
    };
    hmap_insert(&b->networks, &network->hmap_node, hash_int(key, 0));
    shash_add(&b->network_names, name, network);

    for (size_t i = 0; i < n_subnets; i++) {
        struct subnet *s = xmalloc(sizeof *s);

        s->prefix = &subnets[i];
        s->network = network;
        hmap_insert(&b->subnets, &s->hmap_node,
                    hash_prefix(&s->prefix->address, s->prefix->length));
        b->n_subnets_of_length[s->prefix->length]++;
    }
}

void
bindings_add_port(struct bindings *b, const struct binding_port *port)
{
    if (b->n_ports >= b->allocated_ports) {
        b->list = x2nrealloc(b->list, &b->allocated_ports, sizeof *b->list);
    }
    b->list[b->n_ports++] = (struct binding_port_node) { .port = *port };
}

static uint32_t
hash_binding(uint32_t network_key, const struct in6_addr *address)
{
    return address_hash(address, network_key);
}

/* Returns the binding of 'address' in the network with 'network_key', NULL if
 * nobody ever mentioned it. */
struct binding *
bindings_find(const struct bindings *b, uint32_t network_key,
              const struct in6_addr *address)
{
    uint32_t hash = hash_binding(network_key, address);
    struct binding *binding;

    HMAP_FOR_EACH_WITH_HASH (binding, hmap_node, hash, &b->bindings) {
        if (binding->network_key == network_key
            && !address_compare(&binding->address, address)) {
            return binding;
        }
    }
    return NULL;
}

static struct binding *
find_or_add(struct bindings *b, uint32_t network_key,
            const struct in6_addr *address)
{
    struct binding *binding = bindings_find(b, network_key, address);

    if (!binding) {
        binding = xzalloc(sizeof *binding);
        binding->network_key = network_key;
        binding->address = *address;
        shash_init(&binding->other_names);
        hmap_insert(&b->bindings, &binding->hmap_node,
                    hash_binding(network_key, address));
    }
    return binding;
}

/* A pool of the network with 'network_key' has a member 'name' with 'address'.
 * Returns its binding, which has a port, if at all, after bindings_resolve().
 * 'name' must live as long as 'b'. */
struct binding *
bindings_add_member(struct bindings *b, uint32_t network_key,
                    const struct in6_addr *address, const char *name)
{
    struct binding *binding = find_or_add(b, network_key, address);

    if (!binding->name) {
        binding->name = name;
    } else if (strcmp(binding->name, name)) {
        shash_add_once(&binding->other_names, name, NULL);
    }
    return binding;
}

static uint32_t
hash_known_port(const char *node, const char *iface_id)
{
    return hash_string(iface_id, hash_string(node, 0));
}

static const struct known_port *
find_known_port(const struct bindings *b, const char *node,
                const char *iface_id)
{
    const struct known_port *known;

    HMAP_FOR_EACH_WITH_HASH (known, hmap_node, hash_known_port(node, iface_id),
                             &b->known_ports) {
        if (!strcmp(known->node, node)
            && !strcmp(known->iface_id, iface_id)) {
            return known;
        }
    }
    return NULL;
}

/* Until now, 'address' was carried by port 'iface_id' of 'node', which must
 * live as long as 'b'. */
void
bindings_add_known(struct bindings *b, uint32_t network_key,
                   const struct in6_addr *address, const char *node,
                   const char *iface_id)
{
    struct binding *binding = find_or_add(b, network_key, address);

    binding->known_node = node;
    binding->known_iface_id = iface_id;

    if (!find_known_port(b, node, iface_id)) {
        struct known_port *known = xmalloc(sizeof *known);

        *known = (struct known_port) {
            .node = node,
            .iface_id = iface_id,
            .network_key = network_key,
        };
        hmap_insert(&b->known_ports, &known->hmap_node,
                    hash_known_port(node, iface_id));
    }
}

/* Notes that the bound member 'binding' has 'index' in the pool with 'key'. */
void
binding_add_pool(struct binding *binding, uint32_t key, uint16_t index)
{
    if (binding->n_pools >= binding->allocated_pools) {
        binding->pools = x2nrealloc(binding->pools, &binding->allocated_pools,
                                    sizeof *binding->pools);
    }
    binding->pools[binding->n_pools++] = (struct binding_pool) {
        .key = key,
        .index = index,
    };
}

static bool
network_contains(const struct network *network,
                 const struct in6_addr *address)
{
    for (size_t i = 0; i < network->n_subnets; i++) {
        if (prefix_contains(&network->subnets[i], address)) {
            return true;
        }
    }
    return false;
}

/* Returns the only network that contains 'address'; NULL if there is none or
 * (then '*ambiguous' is set) more than one. */
static const struct network *
find_only_network(const struct bindings *b, const struct in6_addr *address,
                  bool *ambiguous)
{
    const struct network *found = NULL;

    for (int length = 128; length >= 0; length--) {
        if (!b->n_subnets_of_length[length]) {
            continue;
        }

        struct in6_addr mask = ipv6_create_mask(length);
        struct in6_addr masked = ipv6_addr_bitand(address, &mask);
        const struct subnet *s;

        HMAP_FOR_EACH_WITH_HASH (s, hmap_node, hash_prefix(&masked, length),
                                 &b->subnets) {
            if (s->prefix->length == length
                && !address_compare(&s->prefix->address, &masked)) {
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

/* Returns the network that 'port' was in until now, if an address of the port
 * is still in it, otherwise NULL. */
static const struct network *
find_network_before(const struct bindings *b, const struct binding_port *port)
{
    const struct known_port *known = find_known_port(b, port->node,
                                                     port->iface_id);
    const struct network *network;

    if (!known) {
        return NULL;
    }
    HMAP_FOR_EACH_WITH_HASH (network, hmap_node,
                             hash_int(known->network_key, 0), &b->networks) {
        if (network->key != known->network_key) {
            continue;
        }
        for (size_t i = 0; i < port->n_addresses; i++) {
            struct in6_addr address;

            if (address_parse(port->addresses[i], &address)
                && network_contains(network, &address)) {
                return network;
            }
        }
    }
    return NULL;
}

/* Returns the network that 'port' belongs to, or NULL. */
static const struct network *
find_network(const struct bindings *b, const struct binding_port *port,
             struct problems *problems)
{
    if (port->network[0]) {
        const struct network *named = shash_find_data(&b->network_names,
                                                      port->network);
        if (!named) {
            problems_add(problems, "node %s: port %s: there is no network %s",
                         port->node, port->iface_id, port->network);
        }
        return named;
    }

    const struct network *found = NULL;
    bool ambiguous = false;
    for (size_t i = 0; i < port->n_addresses; i++) {
        struct in6_addr address;

        if (!address_parse(port->addresses[i], &address)) {
            continue;
        }

        const struct network *network = find_only_network(b, &address,
                                                          &ambiguous);
        if (network && found && network != found) {
            problems_add(problems, "node %s: port %s has addresses of "
                         "networks %s and %s", port->node, port->iface_id,
                         strcmp(network->name, found->name) < 0
                         ? network->name : found->name,
                         strcmp(network->name, found->name) < 0
                         ? found->name : network->name);
            return NULL;
        }
        found = network ? network : found;
    }
    if (!found && ambiguous) {
        found = find_network_before(b, port);
        problems_add(problems, "node %s: port %s: several networks contain "
                     "its address, and it does not say which is meant "
                     "(slb-network)%s%s", port->node, port->iface_id,
                     found ? "; it stays in " : "",
                     found ? found->name : "");
    } else if (!found) {
        problems_add(problems, "node %s: port %s: no network contains an "
                     "address of it", port->node, port->iface_id);
    }
    return found;
}

static int
compare_ports(const struct binding_port *a, const struct binding_port *b)
{
    int cmp = strcmp(a->node, b->node);
    cmp = cmp ? cmp : strcmp(a->iface_id, b->iface_id);
    return cmp ? cmp : strcmp(a->mac, b->mac);
}

/* How much a port that reports 'binding''s address is to be preferred. */
static int
rank_port(const struct binding *binding, const struct binding_port *port)
{
    bool named = (binding->name
                  && (!strcmp(binding->name, port->iface_id)
                      || shash_find(&binding->other_names, port->iface_id)));
    bool known = (binding->known_node
                  && !strcmp(binding->known_node, port->node)
                  && !strcmp(binding->known_iface_id, port->iface_id));

    return named * 2 + known;
}

/* Binds 'port' if it is to be preferred to the port that 'binding' has. */
static void
offer_port(struct binding *binding, const struct binding_port *port,
           const struct network *network, struct problems *problems)
{
    const struct binding_port *winner = port, *loser = binding->port;

    if (loser) {
        int diff = rank_port(binding, port) - rank_port(binding, loser);
        if (diff < 0 || (!diff && compare_ports(port, loser) >= 0)) {
            winner = loser;
            loser = port;
        }

        char *address = address_to_string(&binding->address);
        problems_add(problems, "network %s: address %s is on port %s of node "
                     "%s, so not on port %s of node %s", network->name,
                     address, winner->iface_id, winner->node,
                     loser->iface_id, loser->node);
        free(address);
    }
    binding->port = winner;
}

static uint32_t
hash_port(uint32_t network_key, const char *iface_id)
{
    return hash_string(iface_id, network_key);
}

static void
resolve_port(struct bindings *b, struct binding_port_node *node,
             struct problems *problems)
{
    const struct binding_port *port = &node->port;
    const struct network *network = find_network(b, port, problems);

    if (!network) {
        return;
    }

    node->network = network;
    hmap_insert(&b->ports, &node->hmap_node,
                hash_port(network->key, port->iface_id));
    for (size_t i = 0; i < port->n_addresses; i++) {
        struct in6_addr address;

        if (!address_parse(port->addresses[i], &address)) {
            problems_add(problems, "node %s: port %s: \"%s\" is no address",
                         port->node, port->iface_id, port->addresses[i]);
        } else if (!network_contains(network, &address)) {
            problems_add(problems, "node %s: port %s: address %s is outside "
                         "network %s", port->node, port->iface_id,
                         port->addresses[i], network->name);
        } else {
            struct binding *binding = find_or_add(b, network->key, &address);

            /* An address may be written in two ways. */
            if (binding->port != port) {
                offer_port(binding, port, network, problems);
            }
        }
    }
}

/* Binds 'binding', whose address no port reports, to a port with 'name'. */
static void
offer_ports_with_name(struct bindings *b, struct binding *binding,
                      const char *name, struct problems *problems)
{
    uint32_t hash = hash_port(binding->network_key, name);
    const struct binding_port_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, hmap_node, hash, &b->ports) {
        if (node->network->key == binding->network_key
            && !strcmp(node->port.iface_id, name)) {
            offer_port(binding, &node->port, node->network, problems);
        }
    }
}

void
bindings_resolve(struct bindings *b, struct problems *problems)
{
    struct binding *binding;

    for (size_t i = 0; i < b->n_ports; i++) {
        resolve_port(b, &b->list[i], problems);
    }
    HMAP_FOR_EACH (binding, hmap_node, &b->bindings) {
        if (!binding->port && binding->name) {
            const struct shash_node *node;

            offer_ports_with_name(b, binding, binding->name, problems);
            SHASH_FOR_EACH (node, &binding->other_names) {
                offer_ports_with_name(b, binding, node->name, problems);
            }
        }
    }
}

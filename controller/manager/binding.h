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


#ifndef MANAGER_BINDING_H
#define MANAGER_BINDING_H 1

/* Which port of which host carries which address of which network.
 *
 * Hosts report their VM ports: interface name, MAC, addresses and, maybe, a
 * network.  Users declare networks with subnets and, in pools, members with
 * name and address.  Neither knows the other, so this module brings both
 * together.
 *
 *
 * Port to network
 * ===============
 *
 * The network that the port names, if it names one.  Otherwise the only
 * network with a subnet that contains an address of the port; when an address
 * lies in several, as is usual with private addresses, it says nothing, but
 * another address of the port may.  If none says anything, the port stays in
 * that of these networks that it was in before, so that a network that one
 * user adds takes no VM away from another's.  If there is no such network, or
 * the addresses contradict each other, the port belongs to no network.  An
 * address outside its port's network is ignored.
 *
 *
 * Address to port
 * ===============
 *
 * An address exists once in a network.  The port that carries it is
 *
 *   1. of the ports that report it: one whose interface has the name of a
 *      member with this address; otherwise the one that carried it before, so
 *      that a VM that shows up on two hosts while it moves changes hosts once;
 *      otherwise the first by name of node and interface;
 *
 *   2. if no port reports it and it is the address of a member: the port with
 *      the member's name (the one before, the first by name of node).
 *
 * All other ports that report it are left out for this address.  A member is
 * bound to whatever port its address is on.
 *
 *
 * What is ambiguous, contradicts or is twice there is reported as a problem.
 * Everything is added first, then bindings_resolve() is called once, and then
 * the result is looked at.  The cost is linear.  No I/O here. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/hmap.h"
#include "openvswitch/shash.h"

struct prefix;
struct problems;

/* A port.  The strings are the caller's and must live as long as the
 * bindings. */
struct binding_port {
    const char *node;
    const char *vtep;
    const char *iface_id;
    const char *mac;
    const char *network;        /* Name, empty for none. */
    char *const *addresses;     /* Text. */
    size_t n_addresses;
};

/* A pool that an address is a member of. */
struct binding_pool {
    uint32_t key;
    uint16_t index;
};

/* An address in a network. */
struct binding {
    struct hmap_node hmap_node; /* In struct bindings's 'bindings'. */
    uint32_t network_key;
    struct in6_addr address;
    const struct binding_port *port; /* NULL if no port carries it. */

    /* Filled in by bindings_add_pool(). */
    struct binding_pool *pools;
    size_t n_pools, allocated_pools;

    /* The caller's. */
    const void *binding_row, *location_row;

    /* For bindings_resolve(). */
    const char *name;           /* Of a member with this address, or NULL. */
    struct shash other_names;   /* Of others in other pools. */
    const char *known_node;     /* Where it was before, or NULL. */
    const char *known_iface_id;
};

struct bindings {
    struct hmap networks;       /* By key. */
    struct shash network_names; /* The same by name. */
    struct hmap subnets;        /* By prefix. */
    unsigned int n_subnets_of_length[129];
    struct hmap bindings;       /* "struct binding"s by network, address. */
    struct hmap known_ports;    /* By node and iface_id. */
    struct hmap ports;          /* By network and iface_id. */
    struct binding_port_node *list; /* All ports in the order added. */
    size_t n_ports, allocated_ports;
};

void bindings_init(struct bindings *);
void bindings_destroy(struct bindings *);

void bindings_add_network(struct bindings *, const char *name, uint32_t key,
                          const struct prefix *subnets, size_t n_subnets);
void bindings_add_port(struct bindings *, const struct binding_port *);
struct binding *bindings_add_member(struct bindings *, uint32_t network_key,
                                    const struct in6_addr *,
                                    const char *name);
void bindings_add_known(struct bindings *, uint32_t network_key,
                        const struct in6_addr *, const char *node,
                        const char *iface_id);
void bindings_resolve(struct bindings *, struct problems *);

struct binding *bindings_find(const struct bindings *, uint32_t network_key,
                              const struct in6_addr *);
void binding_add_pool(struct binding *, uint32_t key, uint16_t index);

#endif /* controller/manager/binding.h */

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
 * name or address or both.  Neither knows the other, so this module brings
 * both together.
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
 * Member to address
 * =================
 *
 * A member's own, if it has one.  Otherwise that of the port with the member's
 * name in the member's network, or in the first of the others (its peers)
 * where there is such a port: of its addresses, which must be of the family
 * that is asked for, the one that the member had before, otherwise the lowest
 * one.
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
 * A member that users want and that is on no port, while there is one with its
 * name somewhere else, is astray: bindings_find_astray() tells where.
 *
 *
 * Use
 * ===
 *
 * Networks, nodes' ports, members and what was known before come and go one by
 * one.  What a network costs then goes with the ports that name it and with
 * those that name none, not with the other networks' ports.  bindings_resolve() then looks at what that may have changed, and only
 * at that, and the caller takes what has come of it from bindings_pop_*().
 * What is ambiguous, contradicts or is twice there is a problem.
 *
 * No I/O here. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/manager/problems.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "openvswitch/shash.h"

struct binding_network;
struct slb_prefix;

/* A port as it is reported.  The strings are the caller's. */
struct binding_report {
    const char *iface_id;       /* Unique in the node. */
    const char *mac;
    const char *network;        /* Name, empty for none. */
    char *const *addresses;     /* Text. */
    size_t n_addresses;
};

struct binding_node {
    struct ovs_list ports;      /* Contains "struct binding_port"s. */
};

/* An address that a port reports. */
struct binding_address {
    char *text;
    bool valid;
    struct in6_addr ip;         /* If 'valid'. */
};

/* A port. */
struct binding_port {
    struct hmap_node hmap_node; /* In struct bindings's 'ports' or null. */
    struct hmap_node name_node; /* In struct bindings's 'ports_by_name'. */
    struct ovs_list node_node;  /* In its node. */
    struct ovs_list touched_node; /* In struct bindings's 'touched_ports'. */
    struct hmap_node named_node; /* In struct bindings's 'named_ports' ... */
    struct ovs_list unnamed_node; /* ... or 'unnamed_ports'. */
    struct ovs_list network_node; /* In 'network'. */
    const char *node;
    char *vtep;
    char *iface_id;
    char *mac;
    char *network_name;         /* Empty for none. */
    struct binding_address *addresses;
    size_t n_addresses;
    struct binding_network *network;
    struct binding_claim *claims; /* On what is reported, one an address. */
    size_t n_claims;
    struct ovs_list bindings;   /* Those that it carries. */
    struct problem_list problems;
    bool seen;
};

/* A member of a pool. */
struct binding_member {
    /* The caller's. */
    void *owner;
    uint32_t pool_key;          /* 0 if there is none yet. */
    uint16_t index;             /* Likewise. */
    bool declared;              /* Do users want it? */

    struct binding *binding;    /* Of its address, NULL if it has none. */
    const char *name;
    bool by_name;               /* Has it no address of its own? */
    bool ipv6;                  /* Which it would have to be. */
    struct in6_addr before;     /* All zeros if it had none. */
    struct ovs_list binding_node; /* In 'binding'. */
    struct ovs_list touched_node; /* In struct bindings's 'touched_members'. */
    struct hmap_node lost_node; /* In struct bindings's 'lost' or null. */
    struct ovs_list astray_node; /* In struct bindings's 'changed_astray'. */
    struct binding_name_use *names; /* In its networks. */
    size_t n_names;
};

/* Why a member is on no port although there is one with its name. */
struct binding_astray {
    const char *node;           /* Where that is. */
    const char *network;        /* In which it is, NULL for none. */
    bool without_address;       /* This network would be right, but the port
                                 * has no address of the family. */
};

/* An address in a network that somebody mentions. */
struct binding {
    struct hmap_node hmap_node; /* In struct bindings's 'bindings'. */
    uint32_t network_key;
    struct in6_addr address;
    const struct binding_port *port; /* NULL if no port carries it. */
    struct ovs_list members;    /* Contains "struct binding_member"s. */
    struct ovs_list known;      /* Contains "struct binding_known"s. */

    /* The caller's; not NULL keeps the binding. */
    const void *location_row;
    uint64_t flight;
    void *place;                /* For bindings_place_func. */
    struct ovs_list place_node; /* Likewise; empty in a new binding. */

    struct ovs_list port_node;  /* In 'port'. */
    struct ovs_list claims;     /* Contains "struct binding_claim"s. */
    struct ovs_list touched_node; /* In struct bindings's 'touched'. */
    struct ovs_list changed_node; /* In struct bindings's 'changed'. */
    struct ovs_list dirty_node; /* In struct bindings's 'dirty'. */
    struct problem_list problems;
    bool moved;                 /* Has it lost its port? */
};

/* Where an address was until now. */
struct binding_known {
    struct hmap_node hmap_node; /* In struct bindings's 'known'. */
    struct ovs_list binding_node; /* In 'binding'. */
    struct binding *binding;
    char *node;
    char *iface_id;
};

/* Called with the new binding when an address is mentioned for the first time,
 * and with 'gone' set when nobody mentions it any more. */
typedef void bindings_place_func(void *aux, struct binding *, bool gone);

struct bindings {
    struct problems *problems;
    bindings_place_func *place_func; /* NULL for none. */
    void *place_aux;
    struct shash networks;      /* Contains "struct binding_network"s. */
    struct hmap network_keys;   /* The same by key. */
    struct hmap subnets;        /* By prefix. */
    unsigned int n_subnets_of_length[129];
    struct hmap bindings;       /* "struct binding"s by network, address. */
    struct hmap known;          /* By node and iface_id. */
    struct hmap ports;          /* By network and iface_id. */
    struct hmap ports_by_name;  /* By iface_id. */
    struct hmap named_ports;    /* That name a network, by that. */
    struct ovs_list unnamed_ports; /* The others. */
    struct hmap lost;           /* Wanted members without port, by name. */
    struct hmap names;          /* Of members, by network and name. */
    struct shash nodes;         /* Contains "struct binding_node"s. */
    struct ovs_list touched_ports;
    struct ovs_list touched_members;
    struct ovs_list touched;
    struct ovs_list changed_members;
    struct ovs_list changed_astray;
    struct ovs_list changed;
    struct ovs_list dirty;
};

void bindings_init(struct bindings *, struct problems *,
                   bindings_place_func *, void *aux);
void bindings_destroy(struct bindings *);

void bindings_set_network(struct bindings *, const char *name, uint32_t key,
                          const struct slb_prefix *subnets, size_t n_subnets);
void bindings_remove_network(struct bindings *, const char *name);

void bindings_set_node(struct bindings *, const char *name, const char *vtep,
                       const struct binding_report *, size_t n);
void bindings_remove_node(struct bindings *, const char *name);

void bindings_add_known(struct bindings *, struct binding_known *,
                        uint32_t network_key, const struct in6_addr *,
                        const char *node, const char *iface_id);
void bindings_remove_known(struct bindings *, struct binding_known *);

void bindings_add_member(struct bindings *, struct binding_member *,
                         const char *name, const struct in6_addr *,
                         uint32_t network_key);
void bindings_add_member_by_name(struct bindings *, struct binding_member *,
                                 const char *name, bool ipv6,
                                 const struct in6_addr *before,
                                 const uint32_t *network_keys, size_t n);
void bindings_remove_member(struct bindings *, struct binding_member *);

bool binding_member_goes_before(const struct binding_member *,
                                const struct binding_member *);

bool bindings_find_astray(const struct bindings *,
                          const struct binding_member *,
                          struct binding_astray *);

void bindings_resolve(struct bindings *);
struct binding_member *bindings_pop_changed_member(struct bindings *);
struct binding *bindings_pop_changed(struct bindings *);

struct binding *bindings_find(const struct bindings *, uint32_t network_key,
                              const struct in6_addr *);
struct binding *bindings_find_or_add(struct bindings *, uint32_t network_key,
                                     const struct in6_addr *);
struct binding *bindings_find_elsewhere(const struct bindings *,
                                        const struct binding *);
void bindings_set_dirty(struct bindings *, struct binding *);
void bindings_clear_dirty(struct bindings *, struct binding *);

#endif /* controller/manager/binding.h */

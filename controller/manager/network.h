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


#ifndef MANAGER_NETWORK_H
#define MANAGER_NETWORK_H 1

/* Virtual networks and public IP prefixes in the manager's memory, and their
 * compiled rows. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/manager/problems.h"
#include "controller/manager/state.h"
#include "controller/manager/status.h"
#include "lib/slb-address.h"
#include "openvswitch/list.h"
#include "svec.h"

struct slbrec_compiled_network;
struct slbrec_public_ip_prefix;
struct slbrec_virtual_network;

struct network_subnet {
    char *name;
    struct slb_prefix prefix;
    struct in6_addr gateway;    /* All zeros if there is no room for one. */
};

/* A network, or only the name of one that load balancers or other networks
 * mention. */
struct network {
    const char *name;
    bool name_is_good;          /* It is not usable otherwise. */
    const struct slbrec_virtual_network *intent; /* NULL: not there. */
    struct row_ref intent_ref;
    struct row_ref row_ref;     /* Of the compiled row. */
    uint32_t key;               /* 0 if it has none. */
    struct hmap_node key_node;  /* In struct state's 'network_keys'. */
    struct ovs_list places;     /* Contains "struct binding"s that 'place' of
                                 * is this: with its key and known to
                                 * struct assign. */

    struct network_subnet *subnets; /* Those that make sense. */
    size_t n_subnets;
    struct svec peerings;       /* As declared here. */

    struct ovs_list balancers;  /* Contains "struct balancer"s. */
    struct ovs_list dirty_node; /* In struct state's 'dirty_networks'. */
    struct status status;
    struct problem_list problems;
};

/* A public IP prefix, or only the name of one. */
struct public_prefix {
    const char *name;
    const struct slbrec_public_ip_prefix *intent; /* NULL: not there. */
    struct row_ref intent_ref;
    bool valid;
    struct slb_prefix prefix;
    struct ovs_list uses;       /* Contains "struct prefix_use"s. */
    struct ovs_list dirty_node; /* In struct state's 'dirty_prefixes'. */
    struct status status;
    struct problem_list problems;
};

/* A load balancer mentions a prefix. */
struct prefix_use {
    struct ovs_list prefix_node; /* In struct public_prefix's 'uses'. */
    struct ovs_list balancer_node; /* In struct balancer's 'prefixes'. */
    struct public_prefix *prefix;
    struct balancer *balancer;
};

struct network *network_get(struct state *, const char *name);
struct network *network_find_by_key(const struct state *, uint32_t key);
void network_destroy(struct state *, struct network *);
void network_destroy_if_unused(struct state *, struct network *);
bool network_is_usable(const struct network *);
bool network_contains(const struct network *, const struct in6_addr *);
const struct network_subnet *network_find_subnet(const struct network *,
                                                 const char *name);
struct network *network_find_peer(const struct state *,
                                  const struct network *, size_t i);

struct public_prefix *public_prefix_get(struct state *, const char *name);
void public_prefix_destroy(struct state *, struct public_prefix *);
void public_prefix_destroy_if_unused(struct state *, struct public_prefix *);

void see_virtual_network(struct state *, const struct slbrec_virtual_network *,
                         bool deleted);
void see_compiled_network(struct state *,
                          const struct slbrec_compiled_network *,
                          bool deleted);
void see_public_ip_prefix(struct state *,
                          const struct slbrec_public_ip_prefix *,
                          bool deleted);

void networks_write(struct state *);
bindings_place_func network_place_func;

#endif /* controller/manager/network.h */

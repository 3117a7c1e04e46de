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


#ifndef MANAGER_DESIRED_H
#define MANAGER_DESIRED_H 1

/* What the compiled tables should contain: the compiler (compile.h) makes it
 * from intent, node rows and what the compiled tables contain already; the
 * writer (write.h) writes what differs.
 *
 * Each object points to the row that it corresponds to, or to NULL if it is
 * new.  Rows that correspond to nothing are stale, and the writer deletes
 * them: those whose table has objects that point to their rows it finds by
 * itself. */

#include <stddef.h>
#include <stdint.h>

#include "controller/manager/binding.h"
#include "controller/manager/generation.h"
#include "openvswitch/hmap.h"
#include "openvswitch/shash.h"
#include "sset.h"

struct prefix;
struct slbrec_backend_pool;
struct slbrec_compiled_member;
struct slbrec_compiled_network;
struct slbrec_compiled_pool;
struct slbrec_endpoint;
struct slbrec_node;
struct slbrec_vip;

struct desired_network {
    uint32_t key;               /* 0 as long as none is allocated. */
    struct prefix *subnets;
    size_t n_subnets;
    const struct slbrec_compiled_network *row;
};

enum member_state {
    MEMBER_ACTIVE,              /* Usable: new connections may go there. */
    MEMBER_UNBOUND,             /* Declared, but no port carries it, or it has
                                 * no weight. */
    MEMBER_DRAINING,            /* Not usable any more, but named by a kept
                                 * generation. */
};

struct desired_member {
    struct hmap_node hmap_node; /* In struct desired_pool's 'members'. */
    struct in6_addr address;
    const char *name;
    uint16_t index;             /* 0 as long as none is allocated. */
    bool declared;              /* Does the user want it? */
    int weight;                 /* 0 if it is not declared. */
    enum member_state state;
    const struct binding_port *port; /* NULL if none carries it. */
    const struct slbrec_compiled_member *row;
};

struct desired_pool {
    struct hmap_node key_node;  /* In struct desired's 'pool_keys', hashed by
                                 * the tunnel key that the row has. */
    struct hmap_node intent_node; /* In struct desired's 'pool_intents'. */
    const char *name;           /* "LB/backendPools/POOL". */
    const struct slbrec_backend_pool *intent; /* NULL if it was deleted. */
    uint32_t key;               /* 0 as long as none is allocated. */
    uint32_t network_key;
    struct hmap members;        /* Contains "struct desired_member"s. */
    struct generations generations;
    const struct slbrec_compiled_pool *row;
};

struct desired_endpoint {
    char *name;                 /* "LB/rules/RULE". */
    char *frontend;             /* "LB/frontends/FRONTEND". */
    char *vip;
    uint32_t network_key;
    int protocol;
    int port;
    int backend_port;
    uint32_t pool_key;
    const char *load_distribution;
    int idle_timeout;           /* In seconds. */
    uint32_t cookie;
    const struct slbrec_endpoint *row;
};

struct desired_vip {
    char *address;
    uint32_t network_key;
    char *frontend;
    const char *mux_set;
    const struct slbrec_vip *row;
};

struct desired {
    struct shash networks;      /* By name: "struct desired_network"s. */
    struct shash pools;         /* By name: "struct desired_pool"s. */
    struct hmap pool_keys;      /* Those with a row. */
    struct hmap pool_intents;   /* Those that the user wants. */
    struct shash endpoints;     /* By what is forwarded: "struct
                                 * desired_endpoint"s. */
    struct shash vips;          /* By network and address: "struct
                                 * desired_vip"s. */
    struct shash muxes;         /* By name: "struct slbrec_node"s. */
    struct bindings bindings;

    /* Members that are not in any pool any more: rows to be deleted. */
    const struct slbrec_compiled_member **stale_members;
    size_t n_stale_members, allocated_stale_members;

    struct sset strings;        /* Those that nothing else owns. */
};

void desired_init(struct desired *);
void desired_destroy(struct desired *);

const char *desired_intern(struct desired *, char *);

struct desired_pool *desired_add_pool(struct desired *, const char *name);
void desired_remove_pool(struct desired *, struct shash_node *);

struct desired_member *desired_pool_find_member(const struct desired_pool *,
                                                const struct in6_addr *);
struct desired_member *desired_pool_add_member(struct desired_pool *,
                                               const struct in6_addr *,
                                               const char *name);
void desired_pool_remove_member(struct desired *, struct desired_pool *,
                                struct desired_member *);
void desired_add_stale_member(struct desired *,
                              const struct slbrec_compiled_member *);

char *desired_endpoint_key(uint32_t network_key, const char *vip,
                           int protocol, int port);
void desired_endpoint_destroy(struct desired_endpoint *);
char *desired_vip_key(uint32_t network_key, const char *address);

#endif /* controller/manager/desired.h */

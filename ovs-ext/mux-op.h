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

#ifndef MUX_OP_H
#define MUX_OP_H 1

/* What the agent says to the mux: operations, read from JSON and checked.
 *
 * An operation (lib/mux-protocol.h) either sets an object, named by its key,
 * to new contents, or deletes it; only blocks of ports for SNAT, of which
 * there are very many, are changed as ranges of a VIP's.  This module checks
 * all about an operation that can be seen by looking at it alone; whether what
 * it refers to exists is seen when a transaction is applied (mux-store.h).
 * Members of a JSON object that the protocol does not know are refused: a
 * misspelt one is not ignored. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/maglev.h"
#include "lib/slb-hash.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "openvswitch/types.h"

struct json;
struct mux_snat;
struct mux_view;

/* Highest tunnel key (a VNI). */
#define MUX_MAX_KEY 0xffffff

/* Longest idle time-out, in seconds. */
#define MUX_MAX_IDLE UINT16_MAX

/* Other muxes there may be. */
#define MUX_MAX_PEERS 1024

/* Generations a pool may have. */
#define MUX_MAX_GENERATIONS 16

enum mux_object_type {
    MUX_GLOBAL,
    MUX_POOL,
    MUX_VIP,
    MUX_ENDPOINT,
    MUX_NEXTHOP,
    MUX_SNAT,                   /* Blocks of ports of a VIP: no object that
                                 * stays, but a change to the VIP's. */
};
#define MUX_N_OBJECT_TYPES (MUX_SNAT + 1)

/* Names an object.  What a type has no use for is zero. */
struct mux_key {
    uint32_t type;              /* Of enum mux_object_type. */
    uint32_t number;            /* Pool: tunnel key; VIP, endpoint: network. */
    struct in6_addr address;    /* IPv4 as IPv4-mapped. */
    uint16_t port;
    uint8_t protocol;
    uint8_t zero;
};

bool mux_key_equals(const struct mux_key *, const struct mux_key *);
uint32_t mux_key_hash(const struct mux_key *);

struct mux_key mux_key_global(void);
struct mux_key mux_key_pool(uint32_t tunnel_key);
struct mux_key mux_key_vip(uint32_t network, const struct in6_addr *);
struct mux_key mux_key_endpoint(uint32_t network, const struct in6_addr *,
                                uint8_t protocol, uint16_t port);
struct mux_key mux_key_nexthop(ovs_be32 vtep);
struct mux_key mux_key_snat(const struct in6_addr *);

/* What all objects start with. */
struct mux_object {
    struct hmap_node node;      /* In struct mux_state's "objects". */
    struct mux_key key;
};

/* Addresses from 'first' to 'last', both as slb_hash_ipv6() wants them, IPv4
 * as IPv4-mapped. */
struct mux_range {
    uint64_t first[2];
    uint64_t last[2];
};

/* Ranges in ascending order, without overlap. */
struct mux_ranges {
    size_t n;
    struct mux_range ranges[];
};

struct mux_global {
    struct mux_object object;
    struct slb_hash_key hash_key;
    ovs_be32 vtep;
    ovs_be32 anycast;           /* 0 if there is none. */
    struct mux_ranges *vteps;   /* Who may send to it.  Null: anybody. */

    /* VTEPs of the other muxes. */
    ovs_be32 *peers;
    size_t n_peers;
};

enum mux_generation_state {
    MUX_CURRENT,
    MUX_COMING,
    MUX_PREVIOUS,
};

struct mux_generation {
    uint64_t number;
    enum mux_generation_state state;
    long long int switched_at;  /* By time_msec(); not for MUX_COMING. */
    unsigned int log2;          /* Slots. */
    struct maglev_member *weights;
    size_t n_weights;
};

struct mux_pool_member {
    uint16_t index;
    ovs_be32 vtep;
    uint32_t counter;           /* Of mux-store.c; see mux-thread.h. */
};

struct mux_pool {
    struct mux_object object;
    uint32_t network;
    unsigned int log2;

    /* In the order of 'index'. */
    struct mux_pool_member *members;
    size_t n_members;

    /* The current one first, then the previous ones, newest first.  'coming'
     * is the one being prepared, if 'has_coming'. */
    struct mux_generation *generations;
    size_t n_generations;
    struct mux_generation coming;
    bool has_coming;

    /* Of mux-store.c. */
    struct ovs_list endpoints;  /* Contains "struct mux_endpoint"s. */
    struct mux_view *view;
};

struct mux_vip {
    struct mux_object object;
    bool echo;                  /* Answer echo requests. */
    bool reject;                /* Answer what no endpoint takes. */
    bool snat;                  /* Other ports are for SNAT. */

    /* Of mux-store.c. */
    uint32_t counter;           /* See mux-thread.h. */
    uint32_t snat_counter;      /* Likewise; MUX_NO_COUNTER without 'snat'. */
    struct mux_snat *blocks;    /* Null if nobody has any. */
    struct ovs_list endpoints;  /* Contains "struct mux_endpoint"s. */
};

struct mux_endpoint {
    struct mux_object object;
    uint32_t pool;              /* Tunnel key. */
    enum slb_hash_kind distribution;
    unsigned int idle;          /* Seconds. */
    char *name;
    bool reject;                /* Answer packets while there is no owner. */

    /* Where packets may come from.  Null: from anywhere. */
    struct mux_ranges *ranges;

    /* Of mux-store.c. */
    uint32_t counter;           /* See mux-thread.h. */
    struct ovs_list pool_node;
    struct ovs_list vip_node;
};

struct mux_nexthop {
    struct mux_object object;
    struct eth_addr src_mac;
    struct eth_addr dst_mac;
    bool dead;
};

/* Blocks 'first' to 'first' + 'n' - 1 are given to a VM or, if 'vtep' is 0,
 * taken back. */
struct mux_snat_range {
    uint16_t first;
    uint16_t n;
    uint16_t vm;
    ovs_be32 vtep;
    uint32_t tunnel_key;
};

/* Changes to the blocks of a VIP, one after the other. */
struct mux_snat_update {
    struct mux_object object;
    struct mux_snat_range *ranges;
    size_t n_ranges;
};

void mux_snat_update_append(struct mux_snat_update *,
                            const struct mux_snat_update *);

bool mux_ranges_contain(const struct mux_ranges *,
                        const uint64_t address[2]);
void mux_object_destroy(struct mux_object *);

struct mux_op {
    struct mux_key key;
    struct mux_object *object;  /* Null to delete. */
};

char *mux_op_from_json(const struct json *, struct mux_op *)
    OVS_WARN_UNUSED_RESULT;
void mux_op_destroy(struct mux_op *);

#endif /* ovs-ext/mux-op.h */

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


#ifndef MANAGER_POOL_H
#define MANAGER_POOL_H 1

/* Pools of a load balancer, their members and generations, and the rows
 * compiled from them.
 *
 * A pool is there as long as users declare it or its row is there, that is as
 * long as it has something to drain.  Whether members are healthy depends on
 * who asks, so what users declare as one pool is as many here as there are
 * probes of rules that use it, and one for those without.  A member is its
 * address if users declare one, otherwise its name: that is what its index
 * stays with.  It has an index as long as it is on a port or a generation
 * names it, and is in the row only then.
 *
 * Rules move from pool to pool when their probe becomes another one.  A pool
 * that is new then begins as a copy of the pool that a rule of its leaves: with
 * the same members' indices and generations, so open connections are found as
 * before; and the members of its current generation, of which it has heard
 * nothing, count as up until they should have answered so often that it could
 * be known ("trusted-until", in ms, among what is known of the probe). */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/manager/binding.h"
#include "controller/manager/generation.h"
#include "controller/manager/state.h"
#include "smap.h"

struct balancer;
struct slbrec_compiled_pool;
struct status;

/* A member that users want. */
struct pool_declared {
    const char *name;
    const char *address;        /* Empty for none. */
    int weight;
    bool up;                    /* Is it healthy whatever probes say? */
};

/* How the health of members of a pool is found out. */
struct pool_probe {
    struct smap config;         /* As in Compiled_Pool; empty: by no probe. */
    bool all_up;                /* Are all usable if none is healthy? */
    bool silent_down;           /* Are those on silent hosts down? */
};

enum member_health {
    MEMBER_UNKNOWN,             /* Nothing was heard of it. */
    MEMBER_UP,
    MEMBER_DOWN,
};

struct member {
    struct binding_member bm;   /* Its index is there. */
    struct hmap_node address_node; /* While its pool is parsed. */
    struct hmap_node name_node; /* Likewise. */
    char *name;
    struct in6_addr address;    /* Declared or, if it is not declared any more,
                                 * what it had; all zeros for none. */
    uint32_t network_key;       /* Of 'address'. */
    bool left_out;              /* Another one has the address. */
    bool gone;
    int weight;                 /* 0 if it is not declared. */
    bool up;                    /* Healthy whatever probes say. */
    enum member_health health;  /* When the pool was compiled last ... */
    bool down;                  /* ... even if it counts as up. */
    bool unknown;               /* Is its host silent, and it is not known? */
    bool presumed;              /* Is it down for no other reason? */
};

struct pool {
    struct balancer *balancer;
    const char *name;           /* "LB/backendPools/POOL", with
                                 * "/probes/PROBE" if there is one, or
                                 * "LB/nat/TARGET", with "/ipv6" for rules
                                 * with an IPv6 frontend. */
    bool is_nat;                /* The latter? */
    bool declared;
    struct pool_probe probe;
    struct row_ref row_ref;
    uint32_t predecessor_key;   /* Of the pool that this one begins as a copy
                                 * of, as long as it has no row; 0 for none. */
    struct hmap_node key_node;  /* In struct state's 'pools'. */
    uint32_t key;               /* 0 as long as none is allocated. */
    uint32_t network_key;       /* 0 as long as there is none; held. */
    uint32_t *other_keys;       /* Of other networks with members; held. */
    size_t n_other_keys;
    struct member *members;
    size_t n_members;
    size_t n_counted;           /* In struct state's 'n_members' and so on. */
    size_t n_coming, n_previous;
    struct ovs_list coming_node; /* In struct state's 'new_coming'. */
    int64_t coming;             /* Number of that generation. */
    int64_t expiry;             /* Wall-clock time in ms. */
};

struct pool *pool_get(struct balancer *, const char *name);
struct pool *pool_find_by_key(const struct state *, uint32_t key);
void pool_destroy(struct state *, struct pool *);
void pool_touch(struct state *, uint32_t key);

void pool_set_probe(const struct state *, struct pool *,
                    const struct pool_probe *);
void pool_parse(struct state *, struct pool *, const struct pool_declared *,
                size_t n, bool ipv6, const char *path, struct status *);
bool pool_is_blocked(const struct state *, const struct pool *);
bool pool_compile(struct state *, struct pool *);
void pool_start_waiting(struct state *, struct pool *);

void see_compiled_pool(struct state *, const struct slbrec_compiled_pool *,
                       bool deleted);

#endif /* controller/manager/pool.h */

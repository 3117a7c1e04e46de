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


#ifndef MANAGER_STATE_H
#define MANAGER_STATE_H 1

/* What an active manager holds in memory, and who works on it.
 *
 * The unit of work is a load balancer (struct balancer): its pools, endpoints
 * and what else hangs below it.  Around that there are networks, public IP
 * prefixes and nodes.  All of these are objects that are connected with each
 * other and with the rows in the database that they come from and that are
 * compiled from them:
 *
 *     rows change        ->  their objects do (see_*() of each module),
 *     an object changes  ->  the load balancers that depend on it are dirty,
 *     dirty              ->  parsed (balancers_parse(): what is wanted, in
 *                            memory), all of them before
 *                        ->  any is compiled (balancer_compile(): what the
 *                            compiled rows are is compared with what they
 *                            should be).
 *
 * What depends on several load balancers is decided between parsing and
 * compiling by modules of their own: which port carries an address
 * (binding.h), and who forwards a VIP's port (claim.h).
 *
 * A run may take place while the transaction of the run before is still under
 * way, in which case the IDL does not have its rows yet.  What was written
 * then is in flight: it is neither parsed nor compiled before that transaction
 * is in the database, and nor is what would have to write the same row.
 *
 * The rows are the memory: tunnel keys, member indices, cookies, generations,
 * assigned addresses and ports are read from them whenever a load balancer is
 * parsed or compiled, and objects only point to rows.  So everything here can
 * be thrown away at any time and made again from the database, and then
 * nothing is found to be different. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/manager/assign.h"
#include "controller/manager/binding.h"
#include "controller/manager/claim.h"
#include "controller/manager/concern.h"
#include "controller/manager/cookie.h"
#include "controller/manager/member-index.h"
#include "controller/manager/problems.h"
#include "controller/manager/silence.h"
#include "controller/manager/tunnel-key.h"
#include "heap.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "openvswitch/shash.h"
#include "simap.h"
#include "sset.h"

struct balancer;
struct ovsdb_idl;
struct ovsdb_idl_txn;
struct prepare;

/* A row that an object knows.  'object' is what the module that attached it
 * makes of it; NULL in a row that belongs to nobody. */
struct row_ref {
    struct hmap_node hmap_node; /* In struct state's 'rows'. */
    const void *row;            /* NULL if there is none. */
    void *object;
};

struct state {
    struct ovsdb_idl *idl;
    struct ovsdb_idl_txn *txn;  /* Of this run; NULL between runs. */
    size_t n_written;           /* Rows written in this run. */
    uint64_t serial;            /* Number of this run or the last one. */
    uint64_t landed;            /* Of the last run whose transaction is in the
                                 * database, as are all before. */
    bool stuck;                 /* Must anything land before it goes on? */

    /* The clock in this run. */
    int64_t wall_now;
    long long int now;

    struct hmap rows;           /* Contains "struct row_ref"s. */
    struct ovs_list orphans;    /* Rows that belong to nobody. */

    /* Options. */
    int64_t drain;              /* In ms. */
    struct problem_list option_problems;

    struct shash networks;      /* Contains "struct network"s. */
    struct hmap network_keys;   /* Those with a key. */
    struct ovs_list dirty_networks;
    struct shash prefixes;      /* Contains "struct public_prefix"es. */
    struct ovs_list dirty_prefixes;
    struct shash nodes;         /* Contains "struct node"s. */
    struct ovs_list new_nodes;  /* That nothing was ever wanted from. */
    struct ovs_list turned_nodes; /* Whose Node.silent is to be written. */
    struct ovs_list member_nodes; /* Who may have got or lost members. */
    struct simap n_host_members; /* Rows of Binding with pools, by node. */
    struct sset mux_zones;
    bool muxes_dirty;
    struct shash stages;        /* Contains "struct stage"s. */

    struct shash balancers;     /* Contains "struct balancer"s. */
    struct ovs_list unparsed;   /* Those to be parsed. */
    struct ovs_list queue;      /* Those to be compiled. */
    size_t n_queued;
    size_t n_pulled;            /* Of those, must be in this transaction. */
    struct ovs_list zoned;      /* Those with a frontend with zones. */
    struct ovs_list yielding;   /* Those with an address that another has. */
    struct heap timers;         /* The one that is due first on top. */
    struct hmap pools;          /* "struct pool"s by tunnel key. */
    struct ovs_list new_coming; /* Those with a coming generation that is
                                 * written in this run. */
    struct ovs_list run_bindings; /* To be written in this run. */
    struct ovs_list run_vips;   /* Likewise. */
    size_t n_members, n_coming, n_previous;

    struct tunnel_keys tunnel_keys;
    struct cookies cookies;
    struct member_indices indices; /* Of the pool in work. */
    struct bindings bindings;
    struct claims claims;
    struct assign assign;
    struct concern concern;
    struct prepare *prepare;
    struct silence silence;
    struct problems problems;
};

void state_init(struct state *, struct ovsdb_idl *);
void state_destroy(struct state *);
void state_clear(struct state *);

/* Is what was written in the run with number 'serial' not in the database
 * yet? */
static inline bool
state_is_in_flight(const struct state *s, uint64_t serial)
{
    return serial > s->landed;
}

void state_attach(struct state *, struct row_ref *, const void *row,
                  void *object);
void state_detach(struct state *, struct row_ref *);
struct row_ref *state_find(const struct state *, const void *row);

/* Compiled rows that belong to nobody. */
void state_add_orphan(struct state *, const void *row);
bool state_see_orphan(struct state *, struct row_ref *, bool deleted);
void state_delete_orphans(struct state *);

#endif /* controller/manager/state.h */

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


#ifndef MUX_TABLES_H
#define MUX_TABLES_H 1

/* What the mux datapath should know, as a value.
 *
 * A "struct mux_tables" is a set of the objects that lib/mux-protocol.h has
 * operations for: global settings, next hops, VIPs, pools and endpoints.  Each
 * is kept as the operation that sets it, by the key that the operation that
 * deletes it would name.  Tables are built from rows of the SLB database and
 * from next hops; mux_tables_diff() computes the operations that lead from one
 * to another.  Nothing in here does any I/O.
 *
 * Two differences to the protocol: a generation has "switched_at", in
 * milliseconds of wall clock time, instead of "age", so that tables which mean
 * the same are equal at any time (mux_tables_diff() puts in the age); and all
 * lists are sorted.
 *
 *
 * What does not go together
 * =========================
 *
 * The database is consistent, but what one mux reads of it may lack something:
 * VIPs of other sets of muxes are not there, while all endpoints are.  An
 * endpoint whose VIP or whose pool is not there is left out, and so is a pool
 * that no endpoint uses.  Members without a VTEP have no host any more and are
 * left out as well.
 *
 * A pool that never had a member has no generation in the database.  The
 * datapath gets one for it, without members: it is for the datapath to say
 * what becomes of packets for nobody.
 *
 * VIPs of other availability zones are there, because what comes to the muxes'
 * common VTEP, or comes late, can be for any of them; they are not announced
 * (mux_vip_has_zone()). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/shash.h"
#include "openvswitch/types.h"

struct eth_addr;
struct json;
struct ovsdb_idl;
struct slbrec_compiled_pool;
struct slbrec_endpoint;
struct slbrec_vip;
struct sset;

/* Kinds of objects, in the order in which they refer to each other: each only
 * to those before it. */
enum mux_kind {
    MUX_GLOBAL,
    MUX_NEXTHOP,
    MUX_VIP,
    MUX_POOL,
    MUX_ENDPOINT,
    MUX_N_KINDS
};

/* Each shash maps from an object's key, as text, to "struct json *". */
struct mux_tables {
    struct shash objects[MUX_N_KINDS];
};

void mux_tables_init(struct mux_tables *);
void mux_tables_clear(struct mux_tables *);
void mux_tables_destroy(struct mux_tables *);
void mux_tables_swap(struct mux_tables *, struct mux_tables *);
void mux_tables_copy(struct mux_tables *, const struct mux_tables *);
bool mux_tables_equal(const struct mux_tables *, const struct mux_tables *);
size_t mux_tables_count(const struct mux_tables *);

/* Building. */
bool mux_tables_set_global(struct mux_tables *, const char *hash_key,
                           ovs_be32 vtep, const char *anycast);
void mux_tables_set_vteps(struct mux_tables *, const struct sset *prefixes);
void mux_tables_set_muxes(struct mux_tables *, const struct sset *vteps);
void mux_tables_add_nexthop(struct mux_tables *, ovs_be32 vtep, bool dead,
                            struct eth_addr src, struct eth_addr dst);
void mux_tables_add_vip(struct mux_tables *, const struct slbrec_vip *);
bool mux_tables_add_pool(struct mux_tables *,
                         const struct slbrec_compiled_pool *);
bool mux_tables_add_endpoint(struct mux_tables *,
                             const struct slbrec_endpoint *,
                             unsigned int minute_ms);
bool mux_tables_from_database(struct mux_tables *, const struct ovsdb_idl *,
                              ovs_be32 vtep, unsigned int minute_ms);
bool mux_vip_has_zone(const struct slbrec_vip *, const char *zone);
void mux_tables_keep_vip(struct mux_tables *, const struct mux_tables *old,
                         const char *key);

/* Looking. */
bool mux_tables_has_vip(const struct mux_tables *, const char *key);
void mux_tables_get_vips(const struct mux_tables *, int64_t network,
                         struct sset *addresses);
void mux_tables_get_vteps(const struct mux_tables *, struct sset *vteps);
const char *mux_tables_get_anycast(const struct mux_tables *);

/* Comparing. */
struct mux_ops {
    struct json **ops;          /* JSON_SERIALIZED_OBJECT each. */
    size_t n, allocated;
};

#define MUX_OPS_INITIALIZER { NULL, 0, 0 }

void mux_tables_diff(const struct mux_tables *from,
                     const struct mux_tables *to, long long int now,
                     struct mux_ops *);
size_t mux_ops_fit(const struct mux_ops *, size_t start, size_t max_size);
void mux_ops_destroy(struct mux_ops *);

#endif /* controller/agent/mux-tables.h */

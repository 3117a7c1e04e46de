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

#include "controller/agent/availability-flow.h"

#include <stdlib.h>
#include <string.h>

#include "lib/maglev.h"
#include "lib/slb-availability.h"
#include "lib/slb-hash.h"
#include "openvswitch/json.h"
#include "packets.h"
#include "random.h"
#include "unaligned.h"
#include "util.h"

/* So many flows are tried for each one that is needed. */
#define TRIES 32

struct owner {
    uint16_t index;
    ovs_be32 vtep;
};

struct availability_pool {
    struct slb_hash_key key;
    struct maglev_table *table;
    struct owner *owners;       /* By ordinal; 'vtep' 0: has no host. */
};

static const struct json *
get(const struct json *object, const char *name)
{
    return shash_find_data(json_object(object), name);
}

/* Returns the current one of the generations in 'pool', an operation of
 * mux-tables.h. */
static const struct json *
find_current(const struct json *pool)
{
    const struct json_array *gens = json_array(get(pool, "generations"));

    for (size_t i = 0; i < gens->n; i++) {
        if (!strcmp(json_string(get(gens->elems[i], "state")), "current")) {
            return gens->elems[i];
        }
    }
    return NULL;
}

/* Stores which of the pool's owners are where.  Both lists are in the order of
 * indices. */
static void
find_vteps(struct availability_pool *pool, const struct json_array *members)
{
    size_t j = 0;

    for (size_t i = 0; i < pool->table->n_members; i++) {
        struct owner *owner = &pool->owners[i];
        const struct json_array *member;

        *owner = (struct owner) { pool->table->members[i].index, 0 };
        while (j < members->n && (json_integer(json_array(
                   members->elems[j])->elems[0]) < owner->index)) {
            j++;
        }
        member = j < members->n ? json_array(members->elems[j]) : NULL;
        if (member && json_integer(member->elems[0]) == owner->index
            && !ip_parse(json_string(member->elems[1]), &owner->vtep)) {
            owner->vtep = 0;
        }
    }
}

/* Returns the pool as it spreads packets by its current generation, or NULL if
 * that has no members. */
struct availability_pool *
availability_pool_create(const struct json *json,
                         const struct slb_hash_key *key)
{
    const struct json *current = find_current(json);
    const struct json_array *weights
        = current ? json_array(get(current, "weights")) : NULL;

    if (!weights || !weights->n) {
        return NULL;
    }

    struct maglev_member *members = xmalloc(weights->n * sizeof *members);
    for (size_t i = 0; i < weights->n; i++) {
        const struct json_array *weight = json_array(weights->elems[i]);

        members[i] = (struct maglev_member) {
            .index = json_integer(weight->elems[0]),
            .weight = json_integer(weight->elems[1]),
        };
    }

    struct availability_pool *pool = xmalloc(sizeof *pool);
    pool->key = *key;
    pool->table = maglev_table_create(key, members, weights->n,
                                      json_integer(get(json, "slots")));
    free(members);

    pool->owners = xmalloc(pool->table->n_members * sizeof *pool->owners);
    find_vteps(pool, json_array(get(json, "members")));
    return pool;
}

void
availability_pool_destroy(struct availability_pool *pool)
{
    if (pool) {
        maglev_table_destroy(pool->table);
        free(pool->owners);
        free(pool);
    }
}

/* Returns source address 'number'. */
struct in6_addr
availability_source(bool v4, uint16_t number)
{
    struct in6_addr source;

    if (v4) {
        uint32_t ip = slb_availability_source_v4(number);

        in6_addr_set_mapped_ipv4(&source, htonl(ip));
    } else {
        uint64_t words[2];
        ovs_be64 be[2];

        slb_availability_source_v6(number, words);
        be[0] = htonll(words[0]);
        be[1] = htonll(words[1]);
        memcpy(&source, be, sizeof source);
    }
    return source;
}

static uint64_t
hash_flow(const struct slb_hash_key *key, enum slb_hash_kind kind,
          const struct availability_endpoint *ep,
          const struct availability_flow *flow)
{
    if (IN6_IS_ADDR_V4MAPPED(&ep->vip)) {
        return slb_hash_ipv4(key, kind,
                             slb_availability_source_v4(flow->source),
                             ntohl(in6_addr_get_mapped_ipv4(&ep->vip)),
                             ep->protocol, flow->sport, ep->port);
    } else {
        uint64_t src[2], dst[2];
        ovs_be64 be[2];

        slb_availability_source_v6(flow->source, src);
        memcpy(be, &ep->vip, sizeof be);
        dst[0] = ntohll(be[0]);
        dst[1] = ntohll(be[1]);
        return slb_hash_ipv6(key, kind, src, dst, ep->protocol, flow->sport,
                             ep->port);
    }
}

static int
compare_flows(const void *a_, const void *b_)
{
    const struct availability_flow *a = a_;
    const struct availability_flow *b = b_;
    uint32_t vtep_a = ntohl(a->vtep), vtep_b = ntohl(b->vtep);

    return (vtep_a != vtep_b ? (vtep_a > vtep_b ? 1 : -1)
            : a->owner - b->owner);
}

/* Stores flows to 'ep' into '*flowsp', for the caller to free, in the order of
 * their VTEPs and then of owners, and returns how many they are: one for each
 * member that has a host, if there are not too many. */
size_t
availability_pool_choose(const struct availability_pool *pool,
                         const struct availability_endpoint *ep,
                         const char *distribution,
                         struct availability_flow **flowsp)
{
    size_t n_owners = pool->table->n_members;
    size_t wanted = MIN(n_owners, AVAILABILITY_MAX_FLOWS);
    struct availability_flow *flows = xmalloc(wanted * sizeof *flows);
    bool *have = xcalloc(n_owners, sizeof *have);
    enum slb_hash_kind kind = SLB_HASH_DEFAULT;
    size_t n = 0;

    if (!slb_hash_kind_from_string(distribution, &kind)) {
        wanted = 0;
    }
    for (size_t i = 0; n < wanted && i < TRIES * wanted; i++) {
        struct availability_flow flow = {
            .source = random_range(SLB_AVAILABILITY_LAST + 1),
            .sport = 1024 + random_range(65536 - 1024),
        };
        unsigned int ordinal = maglev_table_ordinal(
            pool->table, hash_flow(&pool->key, kind, ep, &flow));

        if (!have[ordinal] && pool->owners[ordinal].vtep) {
            have[ordinal] = true;
            flow.vtep = pool->owners[ordinal].vtep;
            flow.owner = pool->owners[ordinal].index;
            flows[n++] = flow;
        }
    }
    free(have);
    qsort(flows, n, sizeof *flows, compare_flows);
    *flowsp = flows;
    return n;
}

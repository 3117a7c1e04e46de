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

#include "ovs-ext/mux-op.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "lib/mux-protocol.h"
#include "lib/slb-address.h"
#include "openvswitch/json.h"
#include "ovsdb-error.h"
#include "ovsdb-parser.h"
#include "ovs-ext/mux-snat.h"
#include "ovs-ext/mux-table.h"
#include "packets.h"
#include "timeval.h"
#include "util.h"

BUILD_ASSERT_DECL(sizeof(struct mux_key) == 28);

bool
mux_key_equals(const struct mux_key *a, const struct mux_key *b)
{
    return !memcmp(a, b, sizeof *a);
}

uint32_t
mux_key_hash(const struct mux_key *key)
{
    return hash_bytes(key, sizeof *key, 0);
}

struct mux_key
mux_key_global(void)
{
    return (struct mux_key) { .type = MUX_GLOBAL };
}

struct mux_key
mux_key_pool(uint32_t tunnel_key)
{
    return (struct mux_key) { .type = MUX_POOL, .number = tunnel_key };
}

struct mux_key
mux_key_vip(uint32_t network, const struct in6_addr *address)
{
    return (struct mux_key) { .type = MUX_VIP, .number = network,
                              .address = *address };
}

struct mux_key
mux_key_endpoint(uint32_t network, const struct in6_addr *address,
                 uint8_t protocol, uint16_t port)
{
    return (struct mux_key) { .type = MUX_ENDPOINT, .number = network,
                              .address = *address, .protocol = protocol,
                              .port = port };
}

struct mux_key
mux_key_nexthop(ovs_be32 vtep)
{
    return (struct mux_key) { .type = MUX_NEXTHOP,
                              .address = in6_addr_mapped_ipv4(vtep) };
}

struct mux_key
mux_key_snat(const struct in6_addr *address)
{
    return (struct mux_key) { .type = MUX_SNAT, .address = *address };
}

static void
mux_generation_uninit(struct mux_generation *generation)
{
    free(generation->weights);
}

static int
compare_words(const uint64_t a[2], const uint64_t b[2])
{
    return (a[0] != b[0] ? (a[0] < b[0] ? -1 : 1)
            : a[1] != b[1] ? (a[1] < b[1] ? -1 : 1) : 0);
}

/* Is 'address' in one of 'ranges'? */
bool
mux_ranges_contain(const struct mux_ranges *ranges, const uint64_t address[2])
{
    size_t low = 0, high = ranges->n;

    /* Find the first range that ends at or behind the address. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_words(ranges->ranges[middle].last, address) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (low < ranges->n
            && compare_words(ranges->ranges[low].first, address) <= 0);
}

void
mux_object_destroy(struct mux_object *object)
{
    if (!object) {
        return;
    }

    switch ((enum mux_object_type) object->key.type) {
    case MUX_POOL: {
        struct mux_pool *pool = CONTAINER_OF(object, struct mux_pool, object);

        for (size_t i = 0; i < pool->n_generations; i++) {
            mux_generation_uninit(&pool->generations[i]);
        }
        free(pool->generations);
        mux_generation_uninit(&pool->coming);
        free(pool->members);
        free(pool);
        break;
    }
    case MUX_ENDPOINT: {
        struct mux_endpoint *endpoint
            = CONTAINER_OF(object, struct mux_endpoint, object);

        free(endpoint->name);
        free(endpoint->ranges);
        free(endpoint);
        break;
    }
    case MUX_GLOBAL: {
        struct mux_global *global
            = CONTAINER_OF(object, struct mux_global, object);

        free(global->vteps);
        free(global->peers);
        free(global);
        break;
    }
    case MUX_SNAT: {
        struct mux_snat_update *update
            = CONTAINER_OF(object, struct mux_snat_update, object);

        free(update->ranges);
        free(update);
        break;
    }
    case MUX_VIP:
        free(CONTAINER_OF(object, struct mux_vip, object));
        break;
    case MUX_NEXTHOP:
        free(CONTAINER_OF(object, struct mux_nexthop, object));
        break;
    }
}

/* Adds the changes of 'b' to those of 'a'. */
void
mux_snat_update_append(struct mux_snat_update *a,
                       const struct mux_snat_update *b)
{
    a->ranges = xrealloc(a->ranges, ((a->n_ranges + b->n_ranges)
                                     * sizeof *a->ranges));
    memcpy(a->ranges + a->n_ranges, b->ranges,
           b->n_ranges * sizeof *b->ranges);
    a->n_ranges += b->n_ranges;
}

/* Destroys what 'op' still owns: whoever takes its object sets that to
 * null. */
void
mux_op_destroy(struct mux_op *op)
{
    mux_object_destroy(op->object);
    op->object = NULL;
}

/* Members of JSON objects.  Each of these raises an error in 'p', and returns
 * something harmless, if there is no such member or it is no such value. */

static long long int
parse_integer(struct ovsdb_parser *p, const char *name,
              long long int min, long long int max)
{
    const struct json *json = ovsdb_parser_member(p, name, OP_INTEGER);

    if (!json) {
        return min;
    }
    if (json->integer < min || json->integer > max) {
        ovsdb_parser_raise_error(p, "\"%s\" is %lld, not %lld to %lld", name,
                                 json->integer, min, max);
        return min;
    }
    return json->integer;
}

static bool
vtep_from_string(const char *s, ovs_be32 *vtep)
{
    return (ip_parse(s, vtep)
            && *vtep
            && *vtep != OVS_BE32_MAX
            && !ip_is_multicast(*vtep));
}

static ovs_be32
parse_vtep(struct ovsdb_parser *p, const char *name, bool optional)
{
    enum ovsdb_parser_types types = OP_STRING | (optional ? OP_NULL : 0);
    const struct json *json = ovsdb_parser_member(p, name, types);
    ovs_be32 vtep;

    if (!json || json->type == JSON_NULL) {
        return 0;
    }
    if (!vtep_from_string(json_string(json), &vtep)) {
        ovsdb_parser_raise_error(p, "\"%s\" is no IPv4 unicast address",
                                 name);
        return 0;
    }
    return vtep;
}

static struct in6_addr
parse_address(struct ovsdb_parser *p, const char *name)
{
    const struct json *json = ovsdb_parser_member(p, name, OP_STRING);
    struct in6_addr ip6;
    ovs_be32 ip4;

    if (json) {
        if (vtep_from_string(json_string(json), &ip4)) {
            return in6_addr_mapped_ipv4(ip4);
        }
        if (ipv6_parse(json_string(json), &ip6)
            && !IN6_IS_ADDR_V4MAPPED(&ip6)
            && !IN6_IS_ADDR_MULTICAST(&ip6)
            && ipv6_addr_is_set(&ip6)) {
            return ip6;
        }
        ovsdb_parser_raise_error(p, "\"%s\" is no IPv4 or IPv6 unicast "
                                 "address", name);
    }
    return in6addr_any;
}

static struct eth_addr
parse_mac(struct ovsdb_parser *p, const char *name)
{
    const struct json *json = ovsdb_parser_member(p, name, OP_STRING);
    struct eth_addr mac = eth_addr_zero;

    if (json && (!eth_addr_from_string(json_string(json), &mac)
                 || eth_addr_is_zero(mac) || eth_addr_is_multicast(mac))) {
        ovsdb_parser_raise_error(p, "\"%s\" is no unicast Ethernet address",
                                 name);
    }
    return mac;
}

static struct mux_key
parse_endpoint_key(struct ovsdb_parser *p)
{
    uint32_t network = parse_integer(p, "network", 0, MUX_MAX_KEY);
    struct in6_addr address = parse_address(p, "address");
    uint8_t protocol = parse_integer(p, "protocol", 0, UINT8_MAX);
    uint16_t port = parse_integer(p, "port", 0, UINT16_MAX);

    if (((protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) || !port)
        && (protocol || port)) {
        ovsdb_parser_raise_error(p, "neither a port of TCP or UDP nor all "
                                 "protocols and ports");
    }
    return mux_key_endpoint(network, &address, protocol, port);
}

static struct mux_key
parse_vip_key(struct ovsdb_parser *p)
{
    uint32_t network = parse_integer(p, "network", 0, MUX_MAX_KEY);
    struct in6_addr address = parse_address(p, "address");

    return mux_key_vip(network, &address);
}

/* Is 'json' a pair of an index and of something of type 'type'? */
static bool
is_index_pair(const struct json *json, enum json_type type)
{
    return (json->type == JSON_ARRAY
            && json->array.n == 2
            && json->array.elems[0]->type == JSON_INTEGER
            && json->array.elems[0]->integer >= 1
            && json->array.elems[0]->integer <= UINT16_MAX
            && json->array.elems[1]->type == type);
}

static int
compare_pool_members(const void *a_, const void *b_)
{
    const struct mux_pool_member *a = a_;
    const struct mux_pool_member *b = b_;

    return a->index < b->index ? -1 : a->index > b->index;
}

static void
parse_members(struct ovsdb_parser *p, struct mux_pool *pool)
{
    const struct json *json = ovsdb_parser_member(p, "members", OP_ARRAY);

    if (!json) {
        return;
    }
    if (json->array.n > MAGLEV_MAX_MEMBERS) {
        ovsdb_parser_raise_error(p, "too many members");
        return;
    }
    pool->members = xmalloc(MAX(json->array.n, 1) * sizeof *pool->members);
    for (size_t i = 0; i < json->array.n; i++) {
        const struct json *pair = json->array.elems[i];
        struct mux_pool_member *member = &pool->members[i];

        if (!is_index_pair(pair, JSON_STRING)
            || !vtep_from_string(json_string(pair->array.elems[1]),
                                 &member->vtep)) {
            ovsdb_parser_raise_error(p, "a member is not [INDEX, VTEP]");
            return;
        }
        member->index = pair->array.elems[0]->integer;
    }
    pool->n_members = json->array.n;
    qsort(pool->members, pool->n_members, sizeof *pool->members,
          compare_pool_members);
    for (size_t i = 1; i < pool->n_members; i++) {
        if (pool->members[i].index == pool->members[i - 1].index) {
            ovsdb_parser_raise_error(p, "member %"PRIu16" is there twice",
                                     pool->members[i].index);
        }
    }
}

static int
compare_weights(const void *a_, const void *b_)
{
    const struct maglev_member *a = a_;
    const struct maglev_member *b = b_;

    return a->index < b->index ? -1 : a->index > b->index;
}

static void
parse_weights(struct ovsdb_parser *p, struct mux_generation *generation)
{
    const struct json *json = ovsdb_parser_member(p, "weights", OP_ARRAY);

    if (!json) {
        return;
    }
    if (json->array.n > MAGLEV_MAX_MEMBERS) {
        ovsdb_parser_raise_error(p, "too many weights");
        return;
    }

    size_t n = json->array.n;
    generation->weights = xmalloc(MAX(n, 1) * sizeof *generation->weights);
    generation->n_weights = n;
    for (size_t i = 0; i < n; i++) {
        const struct json *pair = json->array.elems[i];

        if (!is_index_pair(pair, JSON_INTEGER)
            || pair->array.elems[1]->integer < 1
            || pair->array.elems[1]->integer > INT32_MAX) {
            ovsdb_parser_raise_error(p, "a weight is not [INDEX, WEIGHT]");
            return;
        }
        generation->weights[i] = (struct maglev_member) {
            .index = pair->array.elems[0]->integer,
            .weight = pair->array.elems[1]->integer,
        };
    }
    qsort(generation->weights, n, sizeof *generation->weights,
          compare_weights);
    for (size_t i = 1; i < n; i++) {
        if (generation->weights[i].index == generation->weights[i - 1].index) {
            ovsdb_parser_raise_error(p, "weight of %"PRIu16" is there twice",
                                     generation->weights[i].index);
        }
    }
}

static bool
state_from_string(const char *s, enum mux_generation_state *state)
{
    if (!strcmp(s, "current")) {
        *state = MUX_CURRENT;
    } else if (!strcmp(s, "coming")) {
        *state = MUX_COMING;
    } else if (!strcmp(s, "previous")) {
        *state = MUX_PREVIOUS;
    } else {
        return false;
    }
    return true;
}

/* Reads one element of "generations" into '*generation'.  Whatever error there
 * is, 'generation' must be uninitialized. */
static struct ovsdb_error *
parse_generation(const struct json *json, unsigned int log2,
                 struct mux_generation *generation)
{
    struct ovsdb_parser p;

    ovsdb_parser_init(&p, json, "generation");
    generation->number = parse_integer(&p, "number", 1, LLONG_MAX);
    generation->log2 = log2;
    parse_weights(&p, generation);

    const struct json *state = ovsdb_parser_member(&p, "state", OP_STRING);
    if (state && !state_from_string(json_string(state), &generation->state)) {
        ovsdb_parser_raise_error(&p, "unknown state");
    }

    if (state && generation->state == MUX_COMING) {
        ovsdb_parser_member(&p, "age", OP_INTEGER | OP_OPTIONAL);
    } else {
        generation->switched_at
            = time_msec() - parse_integer(&p, "age", 0, INT64_MAX / 2);
    }

    /* A generation has the slots it was in force with. */
    const struct json *slots = ovsdb_parser_member(&p, "slots",
                                                   OP_INTEGER | OP_OPTIONAL);
    if (slots) {
        generation->log2 = parse_integer(&p, "slots", MAGLEV_MIN_LOG2,
                                         MAGLEV_MAX_LOG2);
    }
    return ovsdb_parser_finish(&p);
}

static void
parse_generations(struct ovsdb_parser *p, struct mux_pool *pool)
{
    const struct json *json = ovsdb_parser_member(p, "generations", OP_ARRAY);

    if (!json) {
        return;
    }

    size_t n = json->array.n;
    if (n > MUX_MAX_GENERATIONS) {
        ovsdb_parser_raise_error(p, "more than %d generations",
                                 MUX_MAX_GENERATIONS);
        return;
    }

    uint64_t newest = UINT64_MAX;
    pool->generations = xzalloc(MAX(n, 1) * sizeof *pool->generations);
    for (size_t i = 0; i < n; i++) {
        struct mux_generation g = { .number = 0 };
        struct ovsdb_error *error
            = parse_generation(json->array.elems[i], pool->log2, &g);

        if (error) {
            ovsdb_parser_put_error(p, error);
            mux_generation_uninit(&g);
            return;
        }
        if (g.number >= newest) {
            ovsdb_parser_raise_error(p, "generations are not newest first");
            mux_generation_uninit(&g);
            return;
        }
        newest = g.number;

        if (g.state == MUX_COMING && !i) {
            pool->coming = g;
            pool->has_coming = true;
            continue;
        }
        if (g.state == (pool->n_generations ? MUX_PREVIOUS : MUX_CURRENT)) {
            pool->generations[pool->n_generations++] = g;
            continue;
        }
        ovsdb_parser_raise_error(p, "generation %"PRIu64" has a state that "
                                 "does not follow", g.number);
        mux_generation_uninit(&g);
        return;
    }
    if (!pool->n_generations) {
        ovsdb_parser_raise_error(p, "no generation is \"current\"");
    }
}

static struct mux_object *
parse_pool(struct ovsdb_parser *p, struct mux_key *key)
{
    struct mux_pool *pool = xzalloc(sizeof *pool);

    *key = mux_key_pool(parse_integer(p, "tunnel_key", 1, MUX_MAX_KEY));
    ovs_list_init(&pool->endpoints);
    pool->network = parse_integer(p, "network", 0, MUX_MAX_KEY);
    pool->log2 = parse_integer(p, "slots", MAGLEV_MIN_LOG2, MAGLEV_MAX_LOG2);
    parse_members(p, pool);
    parse_generations(p, pool);
    return &pool->object;
}

/* Reads the muxes.  This one may be among them. */
static void
parse_muxes(struct ovsdb_parser *p, struct mux_global *global)
{
    const struct json *json = ovsdb_parser_member(p, "muxes",
                                                  OP_ARRAY | OP_OPTIONAL);

    if (!json || !json->array.n) {
        return;
    }
    if (json->array.n > MUX_MAX_PEERS) {
        ovsdb_parser_raise_error(p, "more than %d \"muxes\"", MUX_MAX_PEERS);
        return;
    }
    global->peers = xmalloc(json->array.n * sizeof *global->peers);
    for (size_t i = 0; i < json->array.n; i++) {
        const struct json *text = json->array.elems[i];
        ovs_be32 vtep;

        if (text->type != JSON_STRING
            || !vtep_from_string(json_string(text), &vtep)) {
            ovsdb_parser_raise_error(p, "one of \"muxes\" is no VTEP");
            return;
        }
        if (vtep != global->vtep) {
            global->peers[global->n_peers++] = vtep;
        }
    }
}

static int
compare_ranges(const void *a_, const void *b_)
{
    const struct mux_range *a = a_;
    const struct mux_range *b = b_;

    return compare_words(a->first, b->first);
}

/* Reads the prefixes of the array 'json', of which those of the wanted family
 * count.  Returns null if one of them is none. */
static struct mux_ranges *
ranges_from_json(const struct json *json, bool v4)
{
    struct mux_ranges *set = xmalloc(sizeof *set + (json->array.n
                                                    * sizeof set->ranges[0]));
    struct mux_range *ranges = set->ranges;
    size_t n = 0;

    for (size_t i = 0; i < json->array.n; i++) {
        const struct json *text = json->array.elems[i];
        struct slb_prefix prefix;

        if (text->type != JSON_STRING
            || !slb_prefix_parse(json_string(text), &prefix)
            || slb_prefix_has_host_bits(&prefix)) {
            free(set);
            return NULL;
        }

        /* ::/0 is no IPv4 address, though all of these are in it. */
        if (slb_address_is_v4(&prefix.address) == v4) {
            struct in6_addr last = slb_prefix_last(&prefix);

            mux_address_to_words(&prefix.address, ranges[n].first);
            mux_address_to_words(&last, ranges[n].last);
            n++;
        }
    }
    qsort(ranges, n, sizeof *ranges, compare_ranges);

    set->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct mux_range *previous = set->n ? &ranges[set->n - 1] : NULL;

        if (!previous
            || compare_words(ranges[i].first, previous->last) > 0) {
            ranges[set->n++] = ranges[i];
        } else if (compare_words(ranges[i].last, previous->last) > 0) {
            memcpy(previous->last, ranges[i].last, sizeof previous->last);
        }
    }
    return set;
}

/* Reads the optional member 'name', prefixes.  Returns null if there are
 * none. */
static struct mux_ranges *
parse_ranges(struct ovsdb_parser *p, const char *name, bool v4)
{
    const struct json *json = ovsdb_parser_member(p, name,
                                                  OP_ARRAY | OP_OPTIONAL);
    struct mux_ranges *ranges;

    if (!json || !json->array.n) {
        return NULL;
    }
    if (json->array.n > MUX_PROTOCOL_MAX_RANGES) {
        ovsdb_parser_raise_error(p, "more than %d \"%s\"",
                                 MUX_PROTOCOL_MAX_RANGES, name);
        return NULL;
    }
    ranges = ranges_from_json(json, v4);
    if (!ranges) {
        ovsdb_parser_raise_error(p, "one of \"%s\" is no prefix", name);
    }
    return ranges;
}

static struct mux_object *
parse_global(struct ovsdb_parser *p, struct mux_key *key)
{
    struct mux_global *global = xzalloc(sizeof *global);
    const struct json *hash_key = ovsdb_parser_member(p, "key", OP_STRING);

    *key = mux_key_global();
    if (hash_key && !slb_hash_key_from_string(&global->hash_key,
                                              json_string(hash_key))) {
        ovsdb_parser_raise_error(p, "\"key\" is not 32 hexadecimal digits");
    }
    global->vtep = parse_vtep(p, "vtep", false);
    global->anycast = parse_vtep(p, "anycast", true);
    global->vteps = parse_ranges(p, "vteps", true);
    parse_muxes(p, global);
    return &global->object;
}

static bool
parse_boolean(struct ovsdb_parser *p, const char *name, bool default_)
{
    const struct json *json = ovsdb_parser_member(p, name,
                                                  OP_BOOLEAN | OP_OPTIONAL);

    return json ? json_boolean(json) : default_;
}

static struct mux_object *
parse_vip(struct ovsdb_parser *p, struct mux_key *key)
{
    struct mux_vip *vip = xzalloc(sizeof *vip);

    *key = parse_vip_key(p);
    vip->echo = parse_boolean(p, "echo", true);
    vip->reject = parse_boolean(p, "reject", false);
    vip->snat = parse_boolean(p, "snat", false);
    if (vip->snat && key->number) {
        ovsdb_parser_raise_error(p, "\"snat\" is for VIPs on the wire");
    }
    ovs_list_init(&vip->endpoints);
    return &vip->object;
}

static struct mux_object *
parse_endpoint(struct ovsdb_parser *p, struct mux_key *key)
{
    struct mux_endpoint *endpoint = xzalloc(sizeof *endpoint);
    const struct json *name, *distribution;

    *key = parse_endpoint_key(p);
    endpoint->pool = parse_integer(p, "pool", 1, MUX_MAX_KEY);
    endpoint->idle = parse_integer(p, "idle", 1, MUX_MAX_IDLE);
    distribution = ovsdb_parser_member(p, "distribution", OP_STRING);
    if (distribution
        && !slb_hash_kind_from_string(json_string(distribution),
                                      &endpoint->distribution)) {
        ovsdb_parser_raise_error(p, "unknown \"distribution\"");
    }
    name = ovsdb_parser_member(p, "name", OP_STRING);
    endpoint->name = xstrdup(name ? json_string(name) : "");
    endpoint->reject = parse_boolean(p, "reject", false);
    endpoint->ranges = parse_ranges(p, "source_ranges",
                                    slb_address_is_v4(&key->address));
    return &endpoint->object;
}

static struct mux_object *
parse_nexthop(struct ovsdb_parser *p, struct mux_key *key)
{
    struct mux_nexthop *nexthop = xzalloc(sizeof *nexthop);

    *key = mux_key_nexthop(parse_vtep(p, "vtep", false));
    nexthop->src_mac = parse_mac(p, "src_mac");
    nexthop->dst_mac = parse_mac(p, "dst_mac");
    nexthop->dead = parse_boolean(p, "dead", false);
    return &nexthop->object;
}

/* Reads '*range' from 'json': [FIRST, N, VTEP, KEY, VM] or [FIRST, N].
 * Returns false if it is neither. */
static bool
snat_range_from_json(const struct json *json, struct mux_snat_range *range)
{
    static const enum json_type types[] = {
        JSON_INTEGER, JSON_INTEGER, JSON_STRING, JSON_INTEGER, JSON_INTEGER
    };

    if (json->type != JSON_ARRAY
        || (json->array.n != 2 && json->array.n != ARRAY_SIZE(types))) {
        return false;
    }

    struct json **elems = json->array.elems;
    for (size_t i = 0; i < json->array.n; i++) {
        if (elems[i]->type != types[i]) {
            return false;
        }
    }

    long long int first = elems[0]->integer;
    long long int n = elems[1]->integer;
    if (first < MUX_SNAT_FIRST || first >= MUX_SNAT_BLOCKS
        || n < 1 || n > MUX_SNAT_BLOCKS - first) {
        return false;
    }
    *range = (struct mux_snat_range) { .first = first, .n = n };
    if (json->array.n == 2) {
        return true;
    }
    range->tunnel_key = elems[3]->integer;
    range->vm = elems[4]->integer;
    return (vtep_from_string(json_string(elems[2]), &range->vtep)
            && elems[3]->integer >= 1 && elems[3]->integer <= MUX_MAX_KEY
            && elems[4]->integer >= 1 && elems[4]->integer <= UINT16_MAX);
}

static struct mux_object *
parse_snat(struct ovsdb_parser *p, struct mux_key *key)
{
    struct mux_snat_update *update = xzalloc(sizeof *update);
    struct in6_addr address = parse_address(p, "address");
    const struct json *json = ovsdb_parser_member(p, "blocks", OP_ARRAY);

    *key = mux_key_snat(&address);
    if (json) {
        update->ranges = xmalloc(MAX(json->array.n, 1)
                                 * sizeof *update->ranges);
        for (size_t i = 0; i < json->array.n; i++) {
            if (!snat_range_from_json(json->array.elems[i],
                                      &update->ranges[i])) {
                ovsdb_parser_raise_error(p, "\"blocks\" has something that "
                                         "is no range of blocks");
                break;
            }
            update->n_ranges++;
        }
    }
    return &update->object;
}

/* Reads an operation.  Returns null if successful, in which case the caller
 * must eventually destroy '*op', otherwise what is wrong, for the caller to
 * free. */
char *
mux_op_from_json(const struct json *json, struct mux_op *op)
{
    struct ovsdb_parser p;

    memset(op, 0, sizeof *op);
    ovsdb_parser_init(&p, json, "operation");

    const struct json *name = ovsdb_parser_member(&p, "op", OP_STRING);
    const char *type = name ? json_string(name) : "";
    if (!strcmp(type, "global")) {
        op->object = parse_global(&p, &op->key);
    } else if (!strcmp(type, "pool")) {
        op->object = parse_pool(&p, &op->key);
    } else if (!strcmp(type, "pool-del")) {
        op->key = mux_key_pool(parse_integer(&p, "tunnel_key", 1,
                                             MUX_MAX_KEY));
    } else if (!strcmp(type, "vip")) {
        op->object = parse_vip(&p, &op->key);
    } else if (!strcmp(type, "vip-del")) {
        op->key = parse_vip_key(&p);
    } else if (!strcmp(type, "endpoint")) {
        op->object = parse_endpoint(&p, &op->key);
    } else if (!strcmp(type, "endpoint-del")) {
        op->key = parse_endpoint_key(&p);
    } else if (!strcmp(type, "snat")) {
        op->object = parse_snat(&p, &op->key);
    } else if (!strcmp(type, "nexthop")) {
        op->object = parse_nexthop(&p, &op->key);
    } else if (!strcmp(type, "nexthop-del")) {
        op->key = mux_key_nexthop(parse_vtep(&p, "vtep", false));
    } else if (name) {
        ovsdb_parser_raise_error(&p, "unknown \"op\"");
    }
    if (op->object) {
        op->object->key = op->key;
    }

    struct ovsdb_error *error = ovsdb_parser_finish(&p);
    if (error) {
        mux_op_destroy(op);
        return ovsdb_error_to_string_free(error);
    }
    return NULL;
}

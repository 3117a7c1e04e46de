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

#include "controller/ctl/ctl-state.h"

#include <stdlib.h>
#include <string.h>

#include "controller/ctl/ctl-model.h"
#include "lib/slb-address.h"
#include "lib/slb-idl.h"
#include "lib/slb-pool.h"
#include "openvswitch/dynamic-string.h"
#include "smap.h"
#include "svec.h"
#include "util.h"
#include "yaml/slb-model.h"
#include "yaml/slb-schema.h"

/* Between the texts of one status. */
#define STATUS_SEPARATOR "; "

static void
monitor(struct ovsdb_idl *idl, const struct ovsdb_idl_column *const *columns,
        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ovsdb_idl_add_column(idl, columns[i]);
    }
}

/* Adds to what 'idl' monitors the status of objects and, with 'all', all else
 * that the functions below use. */
void
ctl_state_monitor(struct ovsdb_idl *idl, bool all)
{
    static const struct ovsdb_idl_column *const status_columns[] = {
        &slbrec_virtual_network_col_name,
        &slbrec_virtual_network_col_status,
        &slbrec_public_ip_prefix_col_name,
        &slbrec_public_ip_prefix_col_status,
        &slbrec_load_balancer_col_name,
        &slbrec_load_balancer_col_status,
        &slbrec_load_balancer_col_stage,
        &slbrec_load_balancer_col_retired,
        &slbrec_slb_global_col_stages,
        &slbrec_slb_global_col_intent_seq,
        &slbrec_slb_global_col_compiled_seq,
    };
    static const struct ovsdb_idl_column *const other_columns[] = {
        &slbrec_assigned_address_col_frontend,
        &slbrec_assigned_address_col_source,
        &slbrec_assigned_address_col_address,
        &slbrec_assigned_port_col_nat_pool,
        &slbrec_assigned_port_col_ports,
        &slbrec_compiled_pool_col_name,
        &slbrec_compiled_pool_col_members,
        &slbrec_compiled_pool_col_addresses,
        &slbrec_compiled_pool_col_vteps,
        &slbrec_compiled_pool_col_draining,
        &slbrec_node_col_name,
        &slbrec_node_col_role,
        &slbrec_node_col_vtep,
        &slbrec_node_col_alive,
        &slbrec_node_col_silent,
        &slbrec_port_col_node,
        &slbrec_port_col_health,
    };

    monitor(idl, status_columns, ARRAY_SIZE(status_columns));
    if (all) {
        monitor(idl, other_columns, ARRAY_SIZE(other_columns));
    }
}

static void
add_status(struct ctl_state *state, const struct slb_class *kind,
           const char *name, const struct smap *status)
{
    if (!smap_is_empty(status)) {
        char *path = xasprintf("%s/%s", kind->name, name);
        shash_replace(&state->status, path, status);
        free(path);
    }
}

static void
read_status(struct ctl_state *state, struct ovsdb_idl *idl)
{
    const struct slbrec_slb_global *global = slbrec_slb_global_first(idl);
    const struct ovsdb_datum *stages
        = (global ? slbrec_slb_global_get_stages(global, OVSDB_TYPE_STRING)
           : NULL);
    const struct slbrec_virtual_network *network;
    const struct slbrec_public_ip_prefix *prefix;
    const struct slbrec_load_balancer *lb;

    state->compiled = !global || global->compiled_seq >= global->intent_seq;
    SLBREC_VIRTUAL_NETWORK_FOR_EACH (network, idl) {
        add_status(state, &slb_network_class, network->name,
                   &network->status);
    }
    SLBREC_PUBLIC_IP_PREFIX_FOR_EACH (prefix, idl) {
        add_status(state, &slb_public_prefix_class, prefix->name,
                   &prefix->status);
    }
    SLBREC_LOAD_BALANCER_FOR_EACH (lb, idl) {
        if (ctl_model_is_live(stages, lb->stage, lb->retired)) {
            add_status(state, &slb_load_balancer_class, lb->name,
                       &lb->status);
        }
    }
}

/* Adds the compiled pool 'row'.  There may be several for one that users
 * declare, "web/backendPools/servers/probes/health", with the same members:
 * the first one by name that has some that do not drain stands for all. */
static void
add_pool(struct ctl_state *state, const struct slbrec_compiled_pool *row)
{
    char *name = xmemdup0(row->name, slb_pool_name_length(row->name));
    const struct slbrec_compiled_pool *other = shash_find_data(&state->pools,
                                                               name);
    bool in_use = row->n_members > row->n_draining;
    bool other_in_use = other && other->n_members > other->n_draining;

    if (!other || in_use > other_in_use
        || (in_use == other_in_use && strcmp(row->name, other->name) < 0)) {
        shash_replace(&state->pools, name, row);
    }
    free(name);
}

/* Adds what the hosts say of the health of members at their ports. */
static void
read_health(struct ctl_state *state, struct ovsdb_idl *idl)
{
    const struct slbrec_port *port;

    SLBREC_PORT_FOR_EACH (port, idl) {
        const struct smap_node *sn;

        SMAP_FOR_EACH (sn, &port->health) {
            char *key = xasprintf("%s %s", port->node, sn->key);
            shash_replace(&state->health, key, sn->value);
            free(key);
        }
    }
}

/* Initializes 'state' with what 'idl' has. */
void
ctl_state_read(struct ctl_state *state, struct ovsdb_idl *idl)
{
    const struct slbrec_assigned_address *address;
    const struct slbrec_assigned_port *port;
    const struct slbrec_compiled_pool *pool;
    const struct slbrec_node *node;

    shash_init(&state->status);
    shash_init(&state->addresses);
    shash_init(&state->ports);
    shash_init(&state->pools);
    shash_init(&state->nodes);
    shash_init(&state->health);
    read_status(state, idl);
    read_health(state, idl);
    SLBREC_ASSIGNED_ADDRESS_FOR_EACH (address, idl) {
        shash_replace(&state->addresses, address->frontend, address);
    }
    SLBREC_ASSIGNED_PORT_FOR_EACH (port, idl) {
        shash_replace(&state->ports, port->nat_pool, port);
    }
    SLBREC_COMPILED_POOL_FOR_EACH (pool, idl) {
        add_pool(state, pool);
    }
    SLBREC_NODE_FOR_EACH (node, idl) {
        if (!strcmp(node->role, "host")) {
            shash_replace(&state->nodes, node->vtep, node);
        }
    }
}

void
ctl_state_destroy(struct ctl_state *state)
{
    shash_destroy(&state->status);
    shash_destroy(&state->addresses);
    shash_destroy(&state->ports);
    shash_destroy(&state->pools);
    shash_destroy(&state->nodes);
    shash_destroy(&state->health);
}

/* Returns what is said about 'kind', an object of one, and what is below it:
 * texts by path below it, "rules/http", or "" for itself.  NULL: nothing. */
const struct smap *
ctl_state_status(const struct ctl_state *state, const struct slb_object *kind)
{
    char *path = slb_object_path(kind);
    const struct smap *status = shash_find_data(&state->status, path);

    free(path);
    return status;
}

/* Returns what 'map' has for 'object', a load balancer's. */
static void *
find(const struct shash *map, const struct slb_object *object)
{
    char *path = slb_object_path(object);
    void *data = shash_find_data(map, strchr(path, '/') + 1);

    free(path);
    return data;
}

/* Appends the address of 'frontend', given or assigned, to 'ds'; nothing if it
 * has none (yet). */
void
ctl_state_format_address(const struct ctl_state *state,
                         const struct slb_frontend *frontend, struct ds *ds)
{
    if (!ipv6_is_zero(&frontend->address)) {
        slb_address_format(&frontend->address, ds);
    } else {
        const struct slbrec_assigned_address *assigned
            = find(&state->addresses, &frontend->obj);
        ds_put_cstr(ds, assigned ? assigned->address : "");
    }
}

/* Returns what the address of 'frontend' was assigned out of, as
 * "PublicIPPrefix/outside"; NULL if it was not assigned. */
const char *
ctl_state_address_source(const struct ctl_state *state,
                         const struct slb_frontend *frontend)
{
    const struct slbrec_assigned_address *assigned
        = find(&state->addresses, &frontend->obj);

    return (assigned && ipv6_is_zero(&frontend->address) ? assigned->source
            : NULL);
}

/* Returns which ports of 'pool' its members have, or NULL. */
const struct slbrec_assigned_port *
ctl_state_ports(const struct ctl_state *state, const struct slb_nat_pool *pool)
{
    return find(&state->ports, &pool->obj);
}

/* Returns the value of 'key' in a map of a row, whose keys are sorted; or
 * NULL. */
static const char *
find_value(const int64_t *keys, char *const *values, size_t n, int64_t key)
{
    size_t low = 0;

    while (low < n) {
        size_t middle = low + (n - low) / 2;
        if (keys[middle] == key) {
            return values[middle];
        } else if (keys[middle] < key) {
            low = middle + 1;
        } else {
            n = middle;
        }
    }
    return NULL;
}

static bool
is_draining(const struct slbrec_compiled_pool *pool, int64_t index)
{
    for (size_t i = 0; i < pool->n_draining; i++) {
        if (pool->draining[i] == index) {
            return true;
        }
    }
    return false;
}

/* Sets 'member' to the 'i'th of 'pool'. */
static void
read_member(const struct ctl_state *state,
            const struct slbrec_compiled_pool *pool, size_t i,
            struct ctl_member *member)
{
    int64_t index = pool->key_members[i];
    const char *vtep = find_value(pool->key_vteps, pool->value_vteps,
                                  pool->n_vteps, index);
    const struct slbrec_node *node = (vtep
                                      ? shash_find_data(&state->nodes, vtep)
                                      : NULL);

    *member = (struct ctl_member) {
        .name = pool->value_members[i],
        .address = find_value(pool->key_addresses, pool->value_addresses,
                              pool->n_addresses, index),
        .node = node ? node->name : vtep,
        .silent = node && node->alive && node->silent == node->alive,
        .state = (is_draining(pool, index) ? CTL_MEMBER_DRAINING
                  : vtep ? CTL_MEMBER_BOUND : CTL_MEMBER_UNBOUND),
    };
}

/* Has 'member', which has the name of 'declared', another address? */
static bool
is_elsewhere(const struct ctl_member *member,
             const struct slb_member *declared)
{
    struct in6_addr address;

    return (!ipv6_is_zero(&declared->address) && member->address
            && slb_address_parse(member->address, &address)
            && slb_address_compare(&address, &declared->address));
}

/* Returns the members of 'pool', for the caller to free, and sets '*n' to
 * their number: first the declared ones, in their order, then those that are
 * not declared any more but still drain. */
struct ctl_member *
ctl_state_members(const struct ctl_state *state, const struct slb_pool *pool,
                  size_t *n)
{
    const struct slbrec_compiled_pool *compiled = find(&state->pools,
                                                       &pool->obj);
    size_t n_compiled = compiled ? compiled->n_members : 0;
    struct ctl_member *members = xcalloc(pool->members.n + n_compiled,
                                         sizeof *members);
    struct shash index = SHASH_INITIALIZER(&index);

    for (size_t i = 0; i < pool->members.n; i++) {
        members[i].name = pool->members.at[i]->obj.name;
        shash_add_once(&index, members[i].name, &members[i]);
    }
    *n = pool->members.n;
    for (size_t i = 0; i < n_compiled; i++) {
        struct ctl_member member;
        struct ctl_member *declared;

        read_member(state, compiled, i, &member);
        declared = shash_find_data(&index, member.name);
        if (!declared
            || is_elsewhere(&member, pool->members.at[declared - members])
            || (member.state == CTL_MEMBER_DRAINING
                && declared->state != CTL_MEMBER_UNKNOWN)) {
            members[(*n)++] = member;
        } else if (declared->state == CTL_MEMBER_DRAINING) {
            /* What drains is of an earlier time: another address. */
            members[(*n)++] = *declared;
            *declared = member;
        } else {
            *declared = member;
        }
    }
    /* Those that are on no port are not compiled. */
    for (size_t i = 0; compiled && state->compiled && i < pool->members.n;
         i++) {
        if (members[i].state == CTL_MEMBER_UNKNOWN) {
            members[i].state = CTL_MEMBER_UNBOUND;
        }
    }
    shash_destroy(&index);
    return members;
}

/* Returns what the host of 'member' has found out about it by 'probe', "up" or
 * "down", or NULL. */
const char *
ctl_state_health(const struct ctl_state *state, const struct slb_probe *probe,
                 const struct ctl_member *member)
{
    const char *health = NULL;

    if (member->node && member->address) {
        char *path = slb_object_path(&probe->obj);
        char *key = xasprintf("%s %s %s", member->node, strchr(path, '/') + 1,
                              member->address);

        health = shash_find_data(&state->health, key);
        free(path);
        free(key);
    }
    return health;
}

const char *
ctl_member_state_name(enum ctl_member_state state)
{
    switch (state) {
    case CTL_MEMBER_UNBOUND: return "unbound";
    case CTL_MEMBER_BOUND: return "bound";
    case CTL_MEMBER_DRAINING: return "draining";
    case CTL_MEMBER_UNKNOWN:
    default: return "-";
    }
}

/* Returns the length of the first of the texts in 'joined'.  A text may have a
 * separator of its own in parentheses. */
static size_t
text_length(const char *joined)
{
    size_t n_separator = strlen(STATUS_SEPARATOR);
    int depth = 0;
    size_t n;

    for (n = 0; joined[n]; n++) {
        depth += joined[n] == '(';
        depth -= joined[n] == ')';
        if (depth <= 0
            && !strncmp(&joined[n], STATUS_SEPARATOR, n_separator)) {
            break;
        }
    }
    return n;
}

/* Adds the texts of 'joined', what is said about one path, to 'texts'.  They
 * are made safe to be shown: one line each, no control characters. */
void
ctl_status_split(const char *joined, struct svec *texts)
{
    for (;;) {
        size_t n = text_length(joined);
        char *text = xmemdup0(joined, n);

        for (char *p = text; *p; p++) {
            *p = (unsigned char) *p < ' ' || *p == '\x7f' ? '?' : *p;
        }
        svec_add_nocopy(texts, text);
        if (!joined[n]) {
            break;
        }
        joined += n + strlen(STATUS_SEPARATOR);
    }
}

/* Adds the texts of 'status', which may be NULL, to 'texts' and the path of
 * each, below the object, to 'paths', in the order of paths. */
void
ctl_status_list(const struct smap *status, struct svec *paths,
                struct svec *texts)
{
    if (!status) {
        return;
    }

    const struct smap_node **nodes = smap_sort(status);
    for (size_t i = 0; i < smap_count(status); i++) {
        ctl_status_split(nodes[i]->value, texts);
        while (paths->n < texts->n) {
            svec_add(paths, nodes[i]->key);
        }
    }
    free(nodes);
}

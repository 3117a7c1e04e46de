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

#include "controller/manager/node.h"

#include <stdlib.h>

#include "controller/manager/balancer.h"
#include "controller/manager/pool.h"
#include "controller/manager/prepare.h"
#include "controller/manager/silence.h"
#include "controller/manager/write.h"
#include "lib/slb-address.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl-provider.h"
#include "packets.h"
#include "simap.h"
#include "smap.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(node);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(100, 200);

static bool
is_host(const struct slbrec_node *row)
{
    return !strcmp(row->role, "host");
}

/* The zones where there are muxes may have changed. */
static void
update_mux_zones(struct state *s)
{
    struct sset zones = SSET_INITIALIZER(&zones);
    struct shash_node *node;

    SHASH_FOR_EACH (node, &s->nodes) {
        const struct node *n = node->data;

        if (n->mux && n->row->zone[0]) {
            sset_add(&zones, n->row->zone);
        }
    }
    if (!sset_equals(&zones, &s->mux_zones)) {
        struct balancer *b;

        sset_swap(&zones, &s->mux_zones);
        LIST_FOR_EACH (b, zoned_node, &s->zoned) {
            balancer_set_changed(s, b);
        }
    }
    sset_destroy(&zones);
}

/* Health. */

static void
forget_health(struct node *n, struct shash_node *node)
{
    smap_destroy(node->data);
    free(node->data);
    shash_delete(&n->health, node);
}

/* The load balancer that 'key' belongs to has to look at its members. */
static void
health_changed(struct state *s, const char *key)
{
    char *name = xmemdup0(key, strcspn(key, "/"));
    struct balancer *b = shash_find_data(&s->balancers, name);

    if (b) {
        balancer_set_dirty(s, b, true);
    }
    free(name);
}

/* Takes in what 'n' says about its port in 'row'. */
static void
read_health(struct state *s, struct node *n, const struct slbrec_port *row)
{
    static const struct smap nothing = SMAP_INITIALIZER(&nothing);
    struct shash_node *node = shash_find(&n->health, row->iface_id);
    const struct smap *before = node ? node->data : &nothing;
    const struct smap_node *sn;

    if (smap_equal(before, &row->health)) {
        return;
    }
    SMAP_FOR_EACH (sn, before) {
        if (!smap_get(&row->health, sn->key)) {
            health_changed(s, sn->key);
        }
    }
    SMAP_FOR_EACH (sn, &row->health) {
        if (strcmp(smap_get_def(before, sn->key, ""), sn->value)) {
            health_changed(s, sn->key);
        }
    }
    if (node) {
        forget_health(n, node);
    }
    if (!smap_is_empty(&row->health)) {
        struct smap *health = xmalloc(sizeof *health);

        smap_clone(health, &row->health);
        shash_add(&n->health, row->iface_id, health);
    }
}

/* Returns what 'node' has reported in Port.health for 'key', or NULL. */
const char *
node_get_health(const struct state *s, const char *node, const char *iface_id,
                const char *key)
{
    const struct node *n = shash_find_data(&s->nodes, node);
    const struct smap *health = (n ? shash_find_data(&n->health, iface_id)
                                 : NULL);

    return health ? smap_get(health, key) : NULL;
}

/* Silence. */

/* Has nothing been heard of 'node' for so long that what it has reported may
 * not be true any more? */
bool
node_is_silent(const struct state *s, const char *node)
{
    const struct node *n = shash_find_data(&s->nodes, node);

    return n && n->silent;
}

/* The load balancers with members on 'node' have to look at them. */
static void
set_members_dirty(struct state *s, const char *node)
{
    const struct binding_node *bn = shash_find_data(&s->bindings.nodes, node);
    const struct binding_member *member;
    const struct binding_port *port;
    const struct binding *binding;

    if (!bn) {
        return;
    }
    LIST_FOR_EACH (port, node_node, &bn->ports) {
        LIST_FOR_EACH (binding, port_node, &port->bindings) {
            LIST_FOR_EACH (member, binding_node, &binding->members) {
                const struct pool *pool = member->owner;

                balancer_set_dirty(s, pool->balancer, true);
            }
        }
    }
}

/* The load balancers with members on 'n' have to look at them, and what became
 * of 'n' is to be written. */
static void
set_silent(struct state *s, struct node *n, bool silent)
{
    int64_t said_silent = silent ? n->row->alive : 0;

    if (n->silent != silent) {
        n->silent = silent;
        set_members_dirty(s, n->name);
    }
    ovs_list_remove(&n->turned_node);
    ovs_list_init(&n->turned_node);
    if (n->said_silent != said_silent) {
        ovs_list_push_back(&s->turned_nodes, &n->turned_node);
    }
}

/* Takes in what the row of 'n' says of its being alive.  Only a host that has
 * members has to say so, as it sees from its rows of Binding. */
static void
read_alive(struct state *s, struct node *n)
{
    const struct slbrec_node *row = n->row;
    bool silent = false;

    if (row->alive && is_host(row)
        && simap_contains(&s->n_host_members, n->name)) {
        silent = silence_watch(&s->silence, n->name, row->alive,
                               row->silent == row->alive, time_msec());
        if (n->silent && !silent) {
            VLOG_INFO_RL(&rl, "host %s speaks again", n->name);
        }
    } else {
        silence_forget(&s->silence, n->name);
    }
    set_silent(s, n, silent);
}

/* Whether 'node', which may not be there (yet), has members may change. */
static void
touch_members(struct state *s, const char *node)
{
    struct node *n = shash_find_data(&s->nodes, node);

    if (n && ovs_list_is_empty(&n->member_node)) {
        ovs_list_push_back(&s->member_nodes, &n->member_node);
    }
}

/* There is a row of Binding with pools for 'node'. */
void
node_add_member(struct state *s, const char *node)
{
    if (simap_increase(&s->n_host_members, node, 1) == 1) {
        touch_members(s, node);
    }
}

/* There is not any more. */
void
node_remove_member(struct state *s, const char *node)
{
    struct simap_node *sn = simap_find(&s->n_host_members, node);

    if (!--sn->data) {
        simap_delete(&s->n_host_members, sn);
        touch_members(s, node);
    }
}

/* Finds the hosts that have fallen silent. */
void
nodes_see_silence(struct state *s)
{
    const char *name;
    struct node *n;

    LIST_FOR_EACH_POP (n, member_node, &s->member_nodes) {
        ovs_list_init(&n->member_node);
        read_alive(s, n);
    }
    while ((name = silence_pop(&s->silence))) {
        n = shash_find_data(&s->nodes, name);
        if (!n) {
            /* It went while everything was read again. */
            silence_forget(&s->silence, name);
            continue;
        }
        VLOG_WARN_RL(&rl, "host %s is silent: nothing was heard of it for "
                     "%"PRId64" ms, so its members are unknown", name,
                     s->silence.limit);
        set_silent(s, n, true);
    }
}

void
nodes_write_silent(struct state *s)
{
    struct node *n;

    LIST_FOR_EACH_POP (n, turned_node, &s->turned_nodes) {
        ovs_list_init(&n->turned_node);
        n->said_silent = n->silent ? n->row->alive : 0;
        slbrec_node_set_silent(n->row, n->said_silent);
        s->n_written++;
    }
}

/* Nodes. */

static void
clear_mux(struct node *n)
{
    n->mux = false;
    free(n->vtep);
    free(n->mux_set);
    free(n->zone);
    n->vtep = n->mux_set = n->zone = NULL;
}

/* Takes in whether 'n' 'is_mux', and of which kind.  Most often nothing has
 * changed: muxes acknowledge very much. */
static void
set_mux(struct state *s, struct node *n, bool is_mux)
{
    const struct slbrec_node *row = n->row;
    bool changed = is_mux != n->mux;
    bool other_zone = is_mux ? !n->zone || strcmp(n->zone, row->zone) : n->mux;

    if (is_mux && n->mux) {
        changed = (strcmp(n->vtep, row->vtep)
                   || strcmp(n->mux_set, row->mux_set));
    }
    if (!changed && !other_zone) {
        return;
    }
    clear_mux(n);
    n->mux = is_mux;
    if (is_mux) {
        n->vtep = xstrdup(row->vtep);
        n->mux_set = xstrdup(row->mux_set);
        n->zone = xstrdup(row->zone);
    }
    s->muxes_dirty |= changed;
    if (other_zone) {
        update_mux_zones(s);
    }
}

static void
forget(struct state *s, struct node *n)
{
    bindings_remove_node(&s->bindings, n->name);
    concern_remove_node(&s->concern, n->name);
    prepare_remove_mux(s->prepare, n->name);
    s->muxes_dirty |= n->mux;
    clear_mux(n);
}

/* Does not care for zones. */
void
node_destroy(struct state *s, struct node *n)
{
    struct shash_node *node;

    forget(s, n);
    SHASH_FOR_EACH_SAFE (node, &n->health) {
        forget_health(n, node);
    }
    shash_destroy(&n->health);
    state_detach(s, &n->row_ref);
    problems_remove(&s->problems, &n->problems);
    ovs_list_remove(&n->new_node);
    ovs_list_remove(&n->turned_node);
    ovs_list_remove(&n->member_node);
    shash_find_and_delete(&s->nodes, n->name);
    free(n);
}

static void
read_ports(struct state *s, struct node *node, struct problem_list *problems)
{
    const struct slbrec_node *row = node->row;
    struct binding_report *reports = xcalloc(row->n_ports, sizeof *reports);
    char (*macs)[ETH_ADDR_STRLEN + 1] = xcalloc(row->n_ports, sizeof *macs);
    struct sset iface_ids = SSET_INITIALIZER(&iface_ids);
    struct shash_node *sn;
    size_t n = 0;

    for (size_t i = 0; i < row->n_ports; i++) {
        const struct slbrec_port *port = row->ports[i];
        struct eth_addr mac;

        if (!eth_addr_from_string(port->mac, &mac) || eth_addr_is_zero(mac)
            || eth_addr_is_multicast(mac)) {
            problem_list_add(problems, "node %s: port %s: \"%s\" is no MAC "
                             "address of a port", row->name, port->iface_id,
                             port->mac);
            continue;
        }
        if (!sset_add(&iface_ids, port->iface_id)) {
            problem_list_add(problems, "node %s: there are several ports %s",
                             row->name, port->iface_id);
            continue;
        }
        read_health(s, node, port);
        snprintf(macs[n], sizeof macs[n], ETH_ADDR_FMT, ETH_ADDR_ARGS(mac));
        reports[n] = (struct binding_report) {
            .iface_id = port->iface_id,
            .mac = macs[n],
            .network = port->network,
            .addresses = port->addresses,
            .n_addresses = port->n_addresses,
        };
        n++;
    }
    bindings_set_node(&s->bindings, row->name, row->vtep, reports, n);
    SHASH_FOR_EACH_SAFE (sn, &node->health) {
        if (!sset_contains(&iface_ids, sn->name)) {
            forget_health(node, sn);
        }
    }
    sset_destroy(&iface_ids);
    free(reports);
    free(macs);
}

static void
read_node(struct state *s, struct node *n)
{
    struct problem_list problems = PROBLEM_LIST_INITIALIZER;
    const struct slbrec_node *row = n->row;
    struct in6_addr vtep;
    bool valid = (slb_address_parse(row->vtep, &vtep)
                  && slb_address_is_v4(&vtep));

    if (!valid) {
        problem_list_add(&problems, "node %s: VTEP \"%s\" is no IPv4 address",
                         row->name, row->vtep);
    }
    if (is_host(row)) {
        concern_add_host(&s->concern, n->name);
        prepare_remove_mux(s->prepare, n->name);
    } else {
        concern_add_mux(&s->concern, n->name, row->mux_set);
        prepare_set_mux(s->prepare, n->name, row->wanted, row->applied);
    }
    if (valid && is_host(row)) {
        read_ports(s, n, &problems);
    } else {
        bindings_remove_node(&s->bindings, n->name);
    }
    read_alive(s, n);
    problems_replace(&s->problems, &n->problems, &problems);

    set_mux(s, n, valid && !is_host(row));
    if (!row->wanted && ovs_list_is_empty(&n->new_node)) {
        ovs_list_push_back(&s->new_nodes, &n->new_node);
    }
}

/* Is all that has changed about 'row', and what it refers to, that the agent
 * is still alive?  This comes often, from very many hosts. */
static bool
is_only_alive(const struct slbrec_node *row)
{
    static const enum slbrec_node_column_id others[] = {
        SLBREC_NODE_COL_NAME, SLBREC_NODE_COL_ROLE, SLBREC_NODE_COL_VTEP,
        SLBREC_NODE_COL_ZONE, SLBREC_NODE_COL_MUX_SET, SLBREC_NODE_COL_PORTS,
        SLBREC_NODE_COL_APPLIED,
    };

    if (!slbrec_node_is_updated(row, SLBREC_NODE_COL_ALIVE)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        if (slbrec_node_is_updated(row, others[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < row->n_ports; i++) {
        if (!ovs_list_is_empty(&row->ports[i]->header_.track_node)) {
            return false;
        }
    }
    return true;
}

void
see_node(struct state *s, const struct slbrec_node *row, bool deleted)
{
    struct row_ref *ref = state_find(s, row);
    struct node *n = ref ? ref->object : NULL;

    if (n && !deleted && is_only_alive(row)) {
        read_alive(s, n);
        return;
    }
    if (n && (deleted || strcmp(n->name, row->name))) {
        bool was_mux = n->mux;

        silence_forget(&s->silence, n->name);
        node_destroy(s, n);
        if (was_mux) {
            update_mux_zones(s);
        }
        n = NULL;
    }
    if (deleted) {
        return;
    }
    if (!n) {
        n = xzalloc(sizeof *n);
        n->name = shash_add(&s->nodes, row->name, n)->name;
        n->row = row;
        n->said_silent = row->silent;
        ovs_list_init(&n->new_node);
        ovs_list_init(&n->turned_node);
        ovs_list_init(&n->member_node);
        shash_init(&n->health);
        problem_list_init(&n->problems);
        state_attach(s, &n->row_ref, row, n);
    }
    read_node(s, n);
}

/* Takes in what muxes are wanted to do, which is written here. */
static void
see_muxes(struct state *s)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &s->nodes) {
        const struct node *n = node->data;

        if (!is_host(n->row)) {
            prepare_set_mux(s->prepare, n->name, n->row->wanted,
                            n->row->applied);
        }
    }
}

/* Writes the rows of muxes if one may have changed. */
void
nodes_write_muxes(struct state *s)
{
    struct shash rows = SHASH_INITIALIZER(&rows);
    const struct slbrec_mux *row;
    struct shash_node *node;
    bool changed = false;

    if (!s->muxes_dirty) {
        return;
    }
    s->muxes_dirty = false;
    SLBREC_MUX_FOR_EACH_SAFE (row, s->idl) {
        const struct node *n = shash_find_data(&s->nodes, row->name);

        if (n && n->mux) {
            shash_add(&rows, row->name, row);
        } else {
            slbrec_mux_delete(row);
            changed = true;
        }
    }
    SHASH_FOR_EACH (node, &s->nodes) {
        const struct node *n = node->data;

        if (!n->mux) {
            continue;
        }
        row = shash_find_data(&rows, n->name);
        if (!row) {
            row = slbrec_mux_insert(s->txn);
            slbrec_mux_set_name(row, n->name);
            changed = true;
        }
        SET_STRING(mux, row, vtep, n->row->vtep, changed);
        SET_STRING(mux, row, mux_set, n->row->mux_set, changed);
    }
    if (changed) {
        concern_touch_hosts(&s->concern);
        concern_touch_muxes(&s->concern);
        s->n_written++;
    }
    shash_destroy(&rows);
}

/* Raises what is wanted from the nodes that this transaction concerns.  A node
 * that nothing was ever wanted from is new: what it has to read has not
 * changed, but it has not read it yet. */
void
nodes_write_wanted(struct state *s)
{
    const struct node *new;
    const char *name;

    LIST_FOR_EACH (new, new_node, &s->new_nodes) {
        concern_touch_node(&s->concern, new->name);
    }
    while ((name = concern_pop(&s->concern))) {
        struct node *n = shash_find_data(&s->nodes, name);

        n->wanted = MAX(n->wanted, n->row->wanted) + 1;
        slbrec_node_set_wanted(n->row, n->wanted);
        s->n_written++;
    }
}

/* The transaction is in the database. */
void
nodes_written(struct state *s)
{
    struct node *n;

    /* Others may have come meanwhile. */
    LIST_FOR_EACH_SAFE (n, new_node, &s->new_nodes) {
        if (n->wanted) {
            ovs_list_remove(&n->new_node);
            ovs_list_init(&n->new_node);
        }
    }
    see_muxes(s);
}

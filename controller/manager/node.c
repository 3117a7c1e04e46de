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
#include "controller/manager/prepare.h"
#include "controller/manager/write.h"
#include "lib/slb-address.h"
#include "packets.h"
#include "smap.h"
#include "util.h"

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

/* Nodes. */

static void
forget(struct state *s, struct node *n)
{
    bindings_remove_node(&s->bindings, n->name);
    concern_remove_node(&s->concern, n->name);
    prepare_remove_mux(s->prepare, n->name);
    s->muxes_dirty |= n->mux;
    n->mux = false;
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
    bool was_mux = n->mux;
    struct in6_addr vtep;
    bool valid = (slb_address_parse(row->vtep, &vtep)
                  && slb_address_is_v4(&vtep));

    if (!valid) {
        problem_list_add(&problems, "node %s: VTEP \"%s\" is no IPv4 address",
                         row->name, row->vtep);
    }
    n->mux = valid && !is_host(row);
    s->muxes_dirty |= n->mux || was_mux;
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
    problems_replace(&s->problems, &n->problems, &problems);

    if (n->mux || was_mux) {
        update_mux_zones(s);
    }
    if (!row->wanted && ovs_list_is_empty(&n->new_node)) {
        ovs_list_push_back(&s->new_nodes, &n->new_node);
    }
}

void
see_node(struct state *s, const struct slbrec_node *row, bool deleted)
{
    struct row_ref *ref = state_find(s, row);
    struct node *n = ref ? ref->object : NULL;

    if (n && (deleted || strcmp(n->name, row->name))) {
        bool was_mux = n->mux;

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
        ovs_list_init(&n->new_node);
        shash_init(&n->health);
        problem_list_init(&n->problems);
        state_attach(s, &n->row_ref, row, n);
    }
    read_node(s, n);
}

/* Takes in what muxes are wanted to do, which is written here. */
void
nodes_see_muxes(struct state *s)
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
    nodes_see_muxes(s);
}

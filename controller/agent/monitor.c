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

#include "controller/agent/monitor.h"

#include "controller/agent/agent.h"
#include "hash.h"
#include "lib/slb-idl.h"
#include "openvswitch/hmap.h"
#include "ovsdb-idl.h"
#include "util.h"

/* A set of tunnel keys. */
struct key {
    struct hmap_node hmap_node;
    int64_t key;
};

static void
keys_add(struct hmap *keys, int64_t value)
{
    uint32_t hash = hash_uint64(value);
    struct key *key;

    HMAP_FOR_EACH_WITH_HASH (key, hmap_node, hash, keys) {
        if (key->key == value) {
            return;
        }
    }
    key = xmalloc(sizeof *key);
    key->key = value;
    hmap_insert(keys, &key->hmap_node, hash);
}

static void
keys_destroy(struct hmap *keys)
{
    struct key *key;

    HMAP_FOR_EACH_POP (key, hmap_node, keys) {
        free(key);
    }
    hmap_destroy(keys);
}

static void
add_tables(struct ovsdb_idl *idl,
           const struct ovsdb_idl_table_class *const tables[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct ovsdb_idl_table_class *table = tables[i];

        ovsdb_idl_add_table(idl, table);
        for (size_t j = 0; j < table->n_columns; j++) {
            ovsdb_idl_add_column(idl, &table->columns[j]);
        }
    }
}

/* Registers the tables of the SLB database that the role reads.  Until the
 * first monitor_run() no row of those with conditions is asked for. */
void
monitor_init(struct agent *agent)
{
    struct ovsdb_idl_condition none = OVSDB_IDL_CONDITION_INIT(&none);
    struct ovsdb_idl *idl = agent->slb_idl;

    static const struct ovsdb_idl_table_class *const common[] = {
        &slbrec_table_slb_global,
        &slbrec_table_node,
        &slbrec_table_port,
        &slbrec_table_compiled_pool,
        &slbrec_table_endpoint,
        &slbrec_table_vip,
    };
    add_tables(idl, common, ARRAY_SIZE(common));

    /* Our own writes are no news. */
    ovsdb_idl_omit_alert(idl, &slbrec_node_col_applied);
    ovsdb_idl_omit_alert(idl, &slbrec_node_col_status);
    ovsdb_idl_omit_alert(idl, &slbrec_port_col_health);

    /* What changes with every change of anything, and is nothing to us. */
    ovsdb_idl_omit(idl, &slbrec_slb_global_col_intent_seq);
    ovsdb_idl_omit(idl, &slbrec_slb_global_col_compiled_seq);
    ovsdb_idl_omit(idl, &slbrec_slb_global_col_stages);
    ovsdb_idl_omit(idl, &slbrec_slb_global_col_alive);

    /* What is for managers only. */
    ovsdb_idl_omit(idl, &slbrec_node_col_alive);
    ovsdb_idl_omit(idl, &slbrec_node_col_silent);

    /* An index and a VTEP are all that members are to nodes. */
    ovsdb_idl_omit(idl, &slbrec_compiled_pool_col_members);
    ovsdb_idl_omit(idl, &slbrec_compiled_pool_col_addresses);
    ovsdb_idl_omit(idl, &slbrec_compiled_pool_col_draining);

    slbrec_node_set_condition(idl, &none);
    slbrec_port_set_condition(idl, &none);
    slbrec_vip_set_condition(idl, &none);
    if (agent->role == &mux_role) {
        static const struct ovsdb_idl_table_class *const mux[] = {
            &slbrec_table_generation,
            &slbrec_table_mux,
        };
        add_tables(idl, mux, ARRAY_SIZE(mux));
        ovsdb_idl_omit(idl, &slbrec_compiled_pool_col_probe);
        ovsdb_idl_omit(idl, &slbrec_compiled_pool_col_unhealthy);
        ovsdb_idl_omit(idl, &slbrec_endpoint_col_tcp_reset);
        slbrec_mux_set_condition(idl, &none);
    } else {
        static const struct ovsdb_idl_table_class *const host[] = {
            &slbrec_table_mux,
            &slbrec_table_compiled_network,
            &slbrec_table_location,
            &slbrec_table_binding,
        };
        add_tables(idl, host, ARRAY_SIZE(host));
        ovsdb_idl_omit_alert(idl, &slbrec_slb_global_col_options);
        ovsdb_idl_omit(idl, &slbrec_compiled_pool_col_generations);

        /* What muxes let in and answer. */
        ovsdb_idl_omit(idl, &slbrec_endpoint_col_source_ranges);
        ovsdb_idl_omit(idl, &slbrec_endpoint_col_reject);
        ovsdb_idl_omit(idl, &slbrec_vip_col_echo);
        ovsdb_idl_omit(idl, &slbrec_vip_col_reject);

        slbrec_binding_set_condition(idl, &none);
        slbrec_compiled_network_set_condition(idl, &none);
        slbrec_location_set_condition(idl, &none);
        slbrec_compiled_pool_set_condition(idl, &none);
        slbrec_endpoint_set_condition(idl, &none);
    }
}

/* Setting a condition returns the sequence number of the contents from which
 * on it holds, the present one if that is so already.  Setting the same one
 * again changes nothing, so all are set in every turn: a number that was kept
 * would mean nothing after a reconnection. */
static bool
set_node_conditions(struct agent *agent)
{
    const struct agent_config *config = &agent->config;
    struct ovsdb_idl *idl = agent->slb_idl;
    unsigned int seqno = ovsdb_idl_get_condition_seqno(idl);
    struct ovsdb_idl_condition cond = OVSDB_IDL_CONDITION_INIT(&cond);

    slbrec_node_add_clause_name(&cond, OVSDB_F_EQ, config->node);
    bool acked = slbrec_node_set_condition(idl, &cond) == seqno;
    ovsdb_idl_condition_clear(&cond);

    slbrec_port_add_clause_node(&cond, OVSDB_F_EQ, config->node);
    acked &= slbrec_port_set_condition(idl, &cond) == seqno;
    ovsdb_idl_condition_clear(&cond);

    if (agent->role == &mux_role) {
        slbrec_vip_add_clause_mux_set(&cond, OVSDB_F_EQ, config->mux_set);
        acked &= slbrec_vip_set_condition(idl, &cond) == seqno;
        ovsdb_idl_condition_clear(&cond);

        slbrec_mux_add_clause_mux_set(&cond, OVSDB_F_EQ, config->mux_set);
        acked &= slbrec_mux_set_condition(idl, &cond) == seqno;
    } else {
        slbrec_binding_add_clause_node(&cond, OVSDB_F_EQ, config->node);
        acked &= slbrec_binding_set_condition(idl, &cond) == seqno;
    }
    ovsdb_idl_condition_destroy(&cond);
    return acked;
}

static bool
set_network_conditions(struct ovsdb_idl *idl, const struct hmap *networks)
{
    struct ovsdb_idl_condition network = OVSDB_IDL_CONDITION_INIT(&network);
    struct ovsdb_idl_condition location = OVSDB_IDL_CONDITION_INIT(&location);
    struct ovsdb_idl_condition vip = OVSDB_IDL_CONDITION_INIT(&vip);
    unsigned int seqno = ovsdb_idl_get_condition_seqno(idl);
    const struct key *key;

    HMAP_FOR_EACH (key, hmap_node, networks) {
        slbrec_compiled_network_add_clause_tunnel_key(&network, OVSDB_F_EQ,
                                                      key->key);
        slbrec_location_add_clause_network_key(&location, OVSDB_F_EQ,
                                               key->key);
        slbrec_vip_add_clause_network_key(&vip, OVSDB_F_EQ, key->key);
    }

    bool acked = slbrec_compiled_network_set_condition(idl, &network) == seqno;
    acked &= slbrec_location_set_condition(idl, &location) == seqno;
    acked &= slbrec_vip_set_condition(idl, &vip) == seqno;
    ovsdb_idl_condition_destroy(&network);
    ovsdb_idl_condition_destroy(&location);
    ovsdb_idl_condition_destroy(&vip);
    return acked;
}

static bool
set_pool_conditions(struct ovsdb_idl *idl, const struct hmap *pools)
{
    struct ovsdb_idl_condition pool = OVSDB_IDL_CONDITION_INIT(&pool);
    struct ovsdb_idl_condition endpoint = OVSDB_IDL_CONDITION_INIT(&endpoint);
    unsigned int seqno = ovsdb_idl_get_condition_seqno(idl);
    const struct key *key;

    HMAP_FOR_EACH (key, hmap_node, pools) {
        slbrec_compiled_pool_add_clause_tunnel_key(&pool, OVSDB_F_EQ,
                                                   key->key);
        slbrec_endpoint_add_clause_pool_key(&endpoint, OVSDB_F_EQ, key->key);
    }

    bool acked = slbrec_compiled_pool_set_condition(idl, &pool) == seqno;
    acked &= slbrec_endpoint_set_condition(idl, &endpoint) == seqno;
    ovsdb_idl_condition_destroy(&pool);
    ovsdb_idl_condition_destroy(&endpoint);
    return acked;
}

/* A host reads about the networks and pools that its VMs are in. */
static bool
set_host_conditions(struct agent *agent)
{
    struct hmap networks = HMAP_INITIALIZER(&networks);
    struct hmap pools = HMAP_INITIALIZER(&pools);
    const struct slbrec_binding *binding;

    SLBREC_BINDING_FOR_EACH (binding, agent->slb_idl) {
        keys_add(&networks, binding->network_key);
        for (size_t i = 0; i < binding->n_pools; i++) {
            keys_add(&pools, binding->key_pools[i]);
        }
    }

    bool acked = set_network_conditions(agent->slb_idl, &networks);
    acked &= set_pool_conditions(agent->slb_idl, &pools);
    keys_destroy(&networks);
    keys_destroy(&pools);
    return acked;
}

/* Adapts the conditions to the contents.  Returns true if everything that this
 * node has to know is there: the database has answered to all conditions, and
 * its answers led to no others. */
bool
monitor_run(struct agent *agent)
{
    static unsigned int seen_slb, seen_ovs, seen_conditions;

    if (!agent->config_ok) {
        return false;
    }

    /* What was found complete is so until something else is there. */
    unsigned int slb = ovsdb_idl_get_seqno(agent->slb_idl);
    unsigned int ovs = ovsdb_idl_get_seqno(agent->ovs_idl);
    if (agent->slb_complete && seen_slb == slb && seen_ovs == ovs
        && (seen_conditions
            == ovsdb_idl_get_condition_seqno(agent->slb_idl))) {
        return true;
    }

    bool acked = set_node_conditions(agent);
    if (agent->role == &host_role) {
        acked &= set_host_conditions(agent);
    }
    if (!acked || !ovsdb_idl_has_ever_connected(agent->slb_idl)) {
        return false;
    }
    seen_slb = slb;
    seen_ovs = ovs;
    seen_conditions = ovsdb_idl_get_condition_seqno(agent->slb_idl);

    /* Contents that were complete stay so while the database is away; others
     * become complete only by what a live connection brings.  A database in
     * which the manager has never worked says nothing at all: its emptiness
     * must not empty a node. */
    return (agent->slb_complete
            || (ovsdb_idl_is_connected(agent->slb_idl)
                && slbrec_slb_global_first(agent->slb_idl)));
}

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

#include "controller/agent/node.h"

#include <string.h>

#include "controller/agent/agent.h"
#include "lib/slb-idl.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "smap.h"

VLOG_DEFINE_THIS_MODULE(node);

static const struct slbrec_node *
find_own_row(const struct agent *agent)
{
    const struct slbrec_node *node;
    SLBREC_NODE_FOR_EACH (node, agent->slb_idl) {
        if (!strcmp(node->name, agent->config.node)) {
            return node;
        }
    }
    return NULL;
}

/* Finds this node's row, sets 'agent->node' and 'agent->wanted', and writes
 * what has changed about the node. */
void
node_run(struct agent *agent)
{
    const struct agent_config *config = &agent->config;

    agent->node = NULL;
    agent->wanted = 0;
    if (!agent->config_ok) {
        return;
    }

    const struct slbrec_node *node = find_own_row(agent);
    agent->node = node;
    if (node) {
        agent->wanted = node->wanted;
    }

    /* Whether there is a row, and what it says, is known once the database
     * has answered to the condition on the node's name. */
    if (!agent->slb_txn || !agent->slb_complete) {
        return;
    }
    if (!node) {
        VLOG_INFO("registering node %s in the database", config->node);
        node = slbrec_node_insert(agent->slb_txn);
        slbrec_node_set_name(node, config->node);
        slbrec_node_set_role(node, agent->role->name);
    } else if (strcmp(node->role, agent->role->name)) {
        slbrec_node_set_role(node, agent->role->name);
    }

    char vtep[INET_ADDRSTRLEN] = "";
    if (config->vtep) {
        snprintf(vtep, sizeof vtep, IP_FMT, IP_ARGS(config->vtep));
    }
    if (strcmp(node->vtep, vtep)) {
        slbrec_node_set_vtep(node, vtep);
    }
    if (strcmp(node->zone, config->zone)) {
        slbrec_node_set_zone(node, config->zone);
    }
    if (strcmp(node->mux_set, config->mux_set)) {
        slbrec_node_set_mux_set(node, config->mux_set);
    }
    if (strcmp(node->version, SLB_VERSION)) {
        slbrec_node_set_version(node, SLB_VERSION);
    }
}

/* Tells the manager that everything it wanted, as of this turn of the main
 * loop, is in force. */
void
node_set_applied(struct agent *agent)
{
    if (agent->slb_txn && agent->node
        && agent->node->applied != agent->wanted) {
        slbrec_node_set_applied(agent->node, agent->wanted);
        VLOG_DBG("applied %"PRId64, agent->wanted);
    }
}

/* Has this node's status say 'text' about 'key', or nothing if 'text' is NULL.
 * To be called in each turn of the main loop: what cannot be written in this
 * one is in a later one. */
void
node_set_status(struct agent *agent, const char *key, const char *text)
{
    if (!agent->slb_txn || !agent->slb_complete || !agent->node) {
        return;
    }

    const char *old = smap_get(&agent->node->status, key);
    if (text && (!old || strcmp(text, old))) {
        slbrec_node_update_status_setkey(agent->node, key, text);
    } else if (!text && old) {
        slbrec_node_update_status_delkey(agent->node, key);
    }
}

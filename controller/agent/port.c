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

#include "controller/agent/port.h"

#include <stdlib.h>
#include <string.h>

#include "controller/agent/agent.h"
#include "lib/slb-address.h"
#include "lib/slb-idl.h"
#include "lib/vswitch-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "packets.h"
#include "smap.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(port);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

/* Registers the column that nobody else reads. */
void
ports_init(struct agent *agent)
{
    ovsdb_idl_add_column(agent->ovs_idl, &ovsrec_interface_col_external_ids);
}

static void
port_destroy(struct port *port)
{
    free(port->mac_text);
    free(port->network);
    sset_destroy(&port->addresses);
    free(port);
}

void
ports_clear(struct shash *ports)
{
    struct shash_node *node;

    SHASH_FOR_EACH_SAFE (node, ports) {
        port_destroy(node->data);
        shash_delete(ports, node);
    }
}

static void
read_addresses(const char *iface, const char *text, struct sset *addresses)
{
    char *copy = xstrdup(text);
    char *save_ptr = NULL;

    for (char *token = strtok_r(copy, ", ", &save_ptr); token;
         token = strtok_r(NULL, ", ", &save_ptr)) {
        struct in6_addr address;
        struct ds canonical = DS_EMPTY_INITIALIZER;

        if (slb_address_parse(token, &address)
            && slb_address_is_unicast(&address)) {
            slb_address_format(&address, &canonical);
            sset_add(addresses, ds_cstr(&canonical));
        } else {
            VLOG_WARN_RL(&rl, "%s: \"%s\" in external_ids:vm-ip is not the "
                         "address of a VM", iface, token);
        }
        ds_destroy(&canonical);
    }
    free(copy);
}

static void
read_port(const struct ovsrec_interface *iface, struct shash *ports)
{
    const struct smap *ids = &iface->external_ids;
    const char *iface_id = smap_get(ids, "iface-id");
    const char *mac_text = smap_get_def(ids, "attached-mac", "");
    struct eth_addr mac;

    /* Without a port number it is not (yet) a part of the switch. */
    if (!iface_id || !iface_id[0] || !iface->n_ofport || *iface->ofport <= 0) {
        return;
    }
    if (!eth_addr_from_string(mac_text, &mac) || eth_addr_is_multicast(mac)
        || eth_addr_is_zero(mac)) {
        VLOG_WARN_RL(&rl, "%s: external_ids:attached-mac is \"%s\", not the "
                     "Ethernet address of a VM", iface->name, mac_text);
        return;
    }
    if (shash_find(ports, iface_id)) {
        VLOG_WARN_RL(&rl, "%s: another interface has external_ids:iface-id=%s "
                     "already", iface->name, iface_id);
        return;
    }

    struct port *port = xmalloc(sizeof *port);
    *port = (struct port) {
        .iface = iface->header_.uuid,
        .ofport = *iface->ofport,
        .mac = mac,
        .mac_text = xasprintf(ETH_ADDR_FMT, ETH_ADDR_ARGS(mac)),
        .addresses = SSET_INITIALIZER(&port->addresses),
        .network = xstrdup(smap_get_def(ids, "slb-network", "")),
    };
    read_addresses(iface->name, smap_get_def(ids, "vm-ip", ""),
                   &port->addresses);
    shash_add(ports, iface_id, port);
}

/* Fills 'ports', which must be empty, with "struct port"s by iface-id. */
void
ports_read(const struct ovsrec_bridge *bridge, struct shash *ports)
{
    /* The database has the ports in the order of their random identifiers,
     * which does not change. */
    for (size_t i = 0; i < bridge->n_ports; i++) {
        const struct ovsrec_port *port = bridge->ports[i];

        for (size_t j = 0; j < port->n_interfaces; j++) {
            read_port(port->interfaces[j], ports);
        }
    }
}

static bool
same_addresses(const struct slbrec_port *row, const struct sset *addresses)
{
    if (row->n_addresses != sset_count(addresses)) {
        return false;
    }
    for (size_t i = 0; i < row->n_addresses; i++) {
        if (!sset_contains(addresses, row->addresses[i])) {
            return false;
        }
    }
    return true;
}

static void
write_row(const struct agent *agent, const struct slbrec_port *row,
          const char *iface_id, const struct port *port)
{
    if (strcmp(row->node, agent->config.node)) {
        slbrec_port_set_node(row, agent->config.node);
    }
    if (strcmp(row->iface_id, iface_id)) {
        slbrec_port_set_iface_id(row, iface_id);
    }
    if (strcmp(row->mac, port->mac_text)) {
        slbrec_port_set_mac(row, port->mac_text);
    }
    if (strcmp(row->network, port->network)) {
        slbrec_port_set_network(row, port->network);
    }
    if (!same_addresses(row, &port->addresses)) {
        const char **addresses = sset_sort(&port->addresses);

        slbrec_port_set_addresses(row, addresses,
                                  sset_count(&port->addresses));
        free(addresses);
    }
}

/* Makes this node's Port rows say what 'ports' does. */
void
ports_report(struct agent *agent, const struct shash *ports)
{
    const struct slbrec_node *node = agent->node;
    if (!agent->slb_txn || !node) {
        return;
    }

    struct sset reported = SSET_INITIALIZER(&reported);
    for (size_t i = 0; i < node->n_ports; i++) {
        const struct slbrec_port *row = node->ports[i];
        const struct port *port = shash_find_data(ports, row->iface_id);

        if (port && sset_add(&reported, row->iface_id)) {
            write_row(agent, row, row->iface_id, port);
        } else {
            slbrec_node_update_ports_delvalue(node, row);
        }
    }

    struct shash_node *sn;
    SHASH_FOR_EACH (sn, ports) {
        if (!sset_contains(&reported, sn->name)) {
            const struct slbrec_port *row = slbrec_port_insert(agent->slb_txn);

            write_row(agent, row, sn->name, sn->data);
            slbrec_node_update_ports_addvalue(node, row);
        }
    }
    sset_destroy(&reported);
}

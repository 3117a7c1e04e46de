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

#include "controller/agent/host-bridge.h"

#include <string.h>

#include "controller/agent/agent.h"
#include "lib/slb-probe.h"
#include "lib/vswitch-idl.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "packets.h"
#include "smap.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(host_bridge);

#define TUNNEL_PORT "slb-vx"
#define PATCH_TO_UNDERLAY "slb-to-phy"
#define PATCH_FROM_UNDERLAY "phy-to-slb"

/* Registers the columns that this module reads. */
void
host_bridge_init(struct agent *agent)
{
    struct ovsdb_idl *idl = agent->ovs_idl;

    ovsdb_idl_add_column(idl, &ovsrec_open_vswitch_col_bridges);

    ovsdb_idl_add_table(idl, &ovsrec_table_bridge);
    ovsdb_idl_add_column(idl, &ovsrec_bridge_col_name);
    ovsdb_idl_add_column(idl, &ovsrec_bridge_col_ports);
    ovsdb_idl_add_column(idl, &ovsrec_bridge_col_fail_mode);
    ovsdb_idl_add_column(idl, &ovsrec_bridge_col_datapath_type);
    ovsdb_idl_add_column(idl, &ovsrec_bridge_col_other_config);

    ovsdb_idl_add_table(idl, &ovsrec_table_port);
    ovsdb_idl_add_column(idl, &ovsrec_port_col_name);
    ovsdb_idl_add_column(idl, &ovsrec_port_col_interfaces);

    ovsdb_idl_add_table(idl, &ovsrec_table_interface);
    ovsdb_idl_add_column(idl, &ovsrec_interface_col_name);
    ovsdb_idl_add_column(idl, &ovsrec_interface_col_type);
    ovsdb_idl_add_column(idl, &ovsrec_interface_col_options);
    ovsdb_idl_add_column(idl, &ovsrec_interface_col_ofport);
    ovsdb_idl_add_column(idl, &ovsrec_interface_col_mac_in_use);
}

static const struct ovsrec_bridge *
find_bridge(const struct agent *agent, const char *name)
{
    for (size_t i = 0; i < agent->ovs->n_bridges; i++) {
        if (!strcmp(agent->ovs->bridges[i]->name, name)) {
            return agent->ovs->bridges[i];
        }
    }
    return NULL;
}

static const struct ovsrec_interface *
find_interface(const struct ovsrec_bridge *bridge, const char *name)
{
    for (size_t i = 0; i < bridge->n_ports; i++) {
        const struct ovsrec_port *port = bridge->ports[i];

        for (size_t j = 0; j < port->n_interfaces; j++) {
            if (!strcmp(port->interfaces[j]->name, name)) {
                return port->interfaces[j];
            }
        }
    }
    return NULL;
}

static void
add_port(struct agent *agent, const struct ovsrec_bridge *bridge,
         const char *name, const char *type, const struct smap *options)
{
    struct ovsrec_interface *iface = ovsrec_interface_insert(agent->ovs_txn);
    struct ovsrec_port *port = ovsrec_port_insert(agent->ovs_txn);

    ovsrec_interface_set_name(iface, name);
    ovsrec_interface_set_type(iface, type);
    ovsrec_interface_set_options(iface, options);
    ovsrec_port_set_name(port, name);
    ovsrec_port_set_interfaces(port, &iface, 1);
    ovsrec_bridge_update_ports_addvalue(bridge, port);
}

/* Has 'bridge' have the port 'name' with 'type' and the option 'options', and
 * nothing else about it. */
static void
ensure_port(struct agent *agent, const struct ovsrec_bridge *bridge,
            const char *name, const char *type, const struct smap *options)
{
    const struct ovsrec_interface *iface = find_interface(bridge, name);

    if (!iface) {
        VLOG_INFO("adding port %s to %s", name, bridge->name);
        add_port(agent, bridge, name, type, options);
        return;
    }
    if (strcmp(iface->type, type)) {
        ovsrec_interface_set_type(iface, type);
    }
    if (!smap_equal(&iface->options, options)) {
        ovsrec_interface_set_options(iface, options);
    }
}

static void
ensure_patch(struct agent *agent, const struct ovsrec_bridge *bridge,
             const char *name, const char *peer)
{
    const struct smap options = SMAP_CONST1(&options, "peer", peer);

    ensure_port(agent, bridge, name, "patch", &options);
}

static void
ensure_tunnel(struct agent *agent, const struct ovsrec_bridge *bridge)
{
    struct smap options = SMAP_INITIALIZER(&options);

    smap_add(&options, "remote_ip", "flow");
    smap_add(&options, "key", "flow");
    smap_add_format(&options, "local_ip", IP_FMT,
                    IP_ARGS(agent->config.vtep));
    ensure_port(agent, bridge, TUNNEL_PORT, "vxlan", &options);
    smap_destroy(&options);
}

static void
ensure_internal(struct agent *agent, const struct ovsrec_bridge *bridge,
                const char *name)
{
    const struct smap no_options = SMAP_INITIALIZER(&no_options);

    ensure_port(agent, bridge, name, "internal", &no_options);
}

/* The bridge's address must not change with the ports that come and go, which
 * is what happens to one that is not fixed: the underlay has learnt it. */
static void
set_random_mac(const struct ovsrec_bridge *bridge)
{
    struct eth_addr mac;
    char text[ETH_ADDR_STRLEN + 1];

    eth_addr_random(&mac);
    snprintf(text, sizeof text, ETH_ADDR_FMT, ETH_ADDR_ARGS(mac));
    ovsrec_bridge_update_other_config_setkey(bridge, "hwaddr", text);
}

static const struct ovsrec_bridge *
create_bridge(struct agent *agent, const char *name)
{
    const struct smap no_options = SMAP_INITIALIZER(&no_options);
    struct ovsrec_bridge *bridge = ovsrec_bridge_insert(agent->ovs_txn);

    VLOG_INFO("creating bridge %s", name);
    ovsrec_bridge_set_name(bridge, name);
    add_port(agent, bridge, name, "internal", &no_options);
    ovsrec_open_vswitch_update_bridges_addvalue(agent->ovs, bridge);
    return bridge;
}

static ofp_port_t
ofport(const struct ovsrec_bridge *bridge, const char *name)
{
    const struct ovsrec_interface *iface = find_interface(bridge, name);

    return iface && iface->n_ofport && *iface->ofport > 0 ? *iface->ofport : 0;
}

static bool
get_mac(const struct ovsrec_interface *iface, struct eth_addr *mac)
{
    return (iface && iface->mac_in_use
            && eth_addr_from_string(iface->mac_in_use, mac));
}

/* Sets up the bridges as far as they are not.  Returns true if they are ready,
 * and describes this host's own one in '*hb'. */
bool
host_bridge_run(struct agent *agent, struct host_bridge *hb)
{
    static bool complained;

    const struct agent_config *config = &agent->config;
    const struct ovsrec_bridge *underlay
        = find_bridge(agent, config->underlay_bridge);
    if (!underlay) {
        if (!complained) {
            VLOG_WARN("waiting for the underlay's bridge %s, which the "
                      "operator brings", config->underlay_bridge);
            complained = true;
        }
        return false;
    }
    complained = false;

    const struct ovsrec_bridge *bridge = find_bridge(agent, config->bridge);
    if (agent->ovs_txn) {
        if (!bridge) {
            bridge = create_bridge(agent, config->bridge);
        }
        if (!bridge->fail_mode || strcmp(bridge->fail_mode, "secure")) {
            ovsrec_bridge_set_fail_mode(bridge, "secure");
        }
        if (strcmp(bridge->datapath_type, underlay->datapath_type)) {
            /* Patch ports connect bridges of one datapath. */
            ovsrec_bridge_set_datapath_type(bridge, underlay->datapath_type);
        }
        if (!smap_get(&bridge->other_config, "hwaddr")) {
            set_random_mac(bridge);
        }
        ensure_patch(agent, bridge, PATCH_TO_UNDERLAY, PATCH_FROM_UNDERLAY);
        ensure_patch(agent, underlay, PATCH_FROM_UNDERLAY, PATCH_TO_UNDERLAY);
        ensure_tunnel(agent, bridge);
        ensure_internal(agent, bridge, SLB_PROBE_IFACE);
    }
    if (!bridge) {
        return false;
    }

    const struct ovsrec_interface *local = find_interface(bridge,
                                                          bridge->name);
    hb->row = bridge;
    hb->userspace = !strcmp(bridge->datapath_type, "netdev");
    hb->tunnel_port = ofport(bridge, TUNNEL_PORT);
    hb->underlay_port = ofport(bridge, PATCH_TO_UNDERLAY);
    hb->probe_port = ofport(bridge, SLB_PROBE_IFACE);
    if (hb->probe_port
        && !get_mac(find_interface(bridge, SLB_PROBE_IFACE), &hb->probe_mac)) {
        hb->probe_port = 0;
    }
    return (hb->tunnel_port && hb->underlay_port
            && get_mac(local, &hb->mac));
}

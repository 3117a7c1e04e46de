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

#ifndef HOST_BRIDGE_H
#define HOST_BRIDGE_H 1

/* A host's bridges.
 *
 * The operator brings the underlay's bridge ("br-phy": uplink, LOCAL with the
 * node's address).  The agent adds its own one ("br-slb"), which VMs are then
 * plugged into, with a port for the tunnels, one for health probes and a pair
 * of patch ports to the underlay:
 *
 *     VM ... VM
 *      |     |
 *     +-----------+ slb-to-phy      phy-to-slb +--------+
 *     |  br-slb   |----------------------------| br-phy |-- uplink
 *     +-----------+                            +--------+
 *      |     |   |                                 |
 *    slb-vx  |  LOCAL                            LOCAL
 *        slb-probe0
 *
 * What is missing is created and what differs is put right, in the node's
 * Open vSwitch database. */

#include <stdbool.h>

#include "openvswitch/types.h"

struct agent;
struct ovsrec_bridge;

struct host_bridge {
    const struct ovsrec_bridge *row;
    bool userspace;             /* Is its datapath the userspace one? */
    ofp_port_t tunnel_port;
    ofp_port_t underlay_port;
    ofp_port_t probe_port;      /* 0 as long as there is none. */
    struct eth_addr probe_mac;
    struct eth_addr mac;        /* Of LOCAL: source of what leaves here. */
};

void host_bridge_init(struct agent *);
bool host_bridge_run(struct agent *, struct host_bridge *);

#endif /* controller/agent/host-bridge.h */

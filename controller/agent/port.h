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

#ifndef PORT_H
#define PORT_H 1

/* The VMs that are plugged into a host's bridge.
 *
 * A VM's interface says who it is in its external_ids: "iface-id" (name of a
 * member or NIC), "attached-mac", "vm-ip" (its addresses, separated by spaces
 * or commas) and, if its addresses do not tell, "slb-network".  ports_read()
 * collects those that work, ports_report() writes them into the SLB database,
 * as this node's Port rows. */

#include "openvswitch/shash.h"
#include "openvswitch/types.h"
#include "openvswitch/uuid.h"
#include "sset.h"

struct agent;
struct ovsrec_bridge;

struct port {
    struct uuid iface;          /* Its row: another one is another VM. */
    ofp_port_t ofport;
    struct eth_addr mac;
    char *mac_text;
    struct sset addresses;      /* In canonical form. */
    char *network;              /* "" if it does not say. */
};

void ports_init(struct agent *);
void ports_read(const struct ovsrec_bridge *, struct shash *ports);
void ports_clear(struct shash *ports);
void ports_report(struct agent *, const struct shash *ports);

#endif /* controller/agent/port.h */

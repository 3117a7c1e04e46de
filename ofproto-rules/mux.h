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

#ifndef MUX_RULES_H
#define MUX_RULES_H 1

/* The flows of br-mux: what goes through the mux datapath, and what is the
 * node's own.
 *
 * Everything goes from the uplink to the port of type slbmux, which knows the
 * VIPs and the VTEP that all muxes share.  What is for none of them comes out
 * of that port again and is the node's: it goes to LOCAL, and from there back
 * to the uplink.
 *
 * BGP and BFD run through LOCAL.  As long as the datapath has no tables they
 * stay cut off, so that no router can hear of a VIP that this mux cannot
 * forward.  The rest must pass even then: by LOCAL the agent reaches the
 * database, where the tables come from, and the kernel resolves the next hops
 * that belong into them. */

#include <stdbool.h>

#include "openvswitch/types.h"

struct flow_table;

struct mux_rules {
    ofp_port_t uplink;          /* The underlay's port. */
    ofp_port_t slb;             /* The port of type slbmux, if 'forwards'. */
    bool forwards;              /* Are there VIPs or an anycast VTEP? */
    bool loaded;                /* Has the datapath acknowledged tables? */
};

void mux_rules_build(const struct mux_rules *, struct flow_table *);

#endif /* ofproto-rules/mux.h */

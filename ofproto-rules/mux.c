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

#include "ofproto-rules/mux.h"

#include "ofproto-rules/flow-table.h"
#include "ofproto-rules/pipeline.h"
#include "packets.h"
#include "util.h"

enum priority {
    P_NODE = 10,                /* What is nobody else's. */
    P_ROUTING = 50,             /* Of that, what routers are spoken to by. */
    P_VIP = 100,
};

/* BGP, and BFD: control, echo, multi-hop. */
static const char *const routing[] = {
    "tcp,tp_dst=179", "tcp,tp_src=179", "tcp6,tp_dst=179", "tcp6,tp_src=179",
    "udp,tp_dst=3784", "udp,tp_dst=3785", "udp,tp_dst=4784",
    "udp6,tp_dst=3784", "udp6,tp_dst=3785", "udp6,tp_dst=4784",
};

/* Adds the flows that 'rules' ask for to 'ft'. */
void
mux_rules_build(const struct mux_rules *rules, struct flow_table *ft)
{
    uint64_t fixed = make_cookie(CK_STATIC, 0, 0);

    for (size_t i = 0; i < rules->n_vips; i++) {
        const struct in6_addr *vip = &rules->vips[i];
        char text[INET6_ADDRSTRLEN];

        ipv6_string_mapped(text, vip);
        flow_table_add(ft, MT_IN, P_VIP, make_cookie(CK_VIP, 0, 0),
                       "in_port=%"PRIu32",%s=%s actions=output:%"PRIu32,
                       rules->uplink,
                       IN6_IS_ADDR_V4MAPPED(vip)
                       ? "ip,nw_dst" : "ipv6,ipv6_dst",
                       text, rules->slb);
    }
    if (rules->anycast_vtep) {
        flow_table_add(ft, MT_IN, P_VIP, fixed,
                       "in_port=%"PRIu32",udp,nw_dst="IP_FMT",tp_dst=%d "
                       "actions=output:%"PRIu32,
                       rules->uplink, IP_ARGS(rules->anycast_vtep),
                       VXLAN_PORT, rules->slb);
    }
    for (size_t i = 0; !rules->loaded && i < ARRAY_SIZE(routing); i++) {
        flow_table_add(ft, MT_IN, P_ROUTING, fixed, "%s actions=drop",
                       routing[i]);
    }
    flow_table_add(ft, MT_IN, P_NODE, fixed,
                   "in_port=%"PRIu32" actions=LOCAL", rules->uplink);
    flow_table_add(ft, MT_IN, P_NODE, fixed,
                   "in_port=LOCAL actions=output:%"PRIu32, rules->uplink);
}

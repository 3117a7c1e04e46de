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
#include "util.h"

enum priority {
    P_NODE = 10,                /* What is nobody else's. */
    P_ROUTING = 50,             /* Of that, what routers are spoken to by. */
    P_MUX = 100,
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

    if (rules->forwards) {
        /* Nothing but the port may be matched on: then the datapath finds the
         * flow of a packet without looking into it. */
        flow_table_add(ft, MT_IN, P_MUX, fixed,
                       "in_port=%"PRIu32" actions=output:%"PRIu32,
                       rules->uplink, rules->slb);
        flow_table_add(ft, MT_IN, P_NODE, fixed,
                       "in_port=%"PRIu32" actions=LOCAL", rules->slb);
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

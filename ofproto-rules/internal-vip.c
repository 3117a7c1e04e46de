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

#include "ofproto-rules/host.h"

#include "ofproto-rules/flow-table.h"
#include "ofproto-rules/pipeline.h"
#include "ofproto-rules/text.h"
#include "packets.h"

/* VIPs that are addresses in a network: internal frontends.
 *
 *     VM -> host --VXLAN--> mux --VXLAN--> host -> VM      there
 *     VM <- host <-------------VXLAN------ host <- VM      and back
 *
 * What a VM sends to such a VIP goes, under the key of its network, to the
 * VTEP that all muxes share; they know the VIP by that key and its address.
 * From there on it is a connection like any other (inbound.c).  So are its
 * replies (reply.c), only that the client has a location in the network: they
 * go straight to its host, where they arrive like what VMs send each other,
 * with the VIP as source.  The client's host keeps no state.
 *
 * A VM that is chosen for its own connection gets it with its own address as
 * source, and drops it.  Azure has the same limitation. */

enum priority {
    P_MATCH = 90,               /* Below the addresses of VMs: vm.c. */
};

void
internal_vip_rules(const struct host_rules *rules, struct flow_table *ft)
{
    if (!rules->anycast) {
        return;
    }
    for (size_t i = 0; i < rules->n_networks; i++) {
        const struct host_network *network = &rules->networks[i];

        for (size_t j = 0; j < network->n_vips; j++) {
            char dst[RULES_TEXT_LEN];

            flow_table_add(ft, HT_LOCATION, P_MATCH,
                           make_cookie(CK_NETWORK, 0, network->key),
                           HR_NETWORK"=%"PRIu32","HR_REPLY"=0,%s "
                           "actions=set_field:%"PRIu32"->tun_id,"
                           "set_field:"IP_FMT"->tun_dst,output:%"PRIu32,
                           network->key,
                           text_match_ip(dst, FIELD_DST, &network->vips[j]),
                           network->key, IP_ARGS(rules->anycast),
                           rules->tunnel_port);
        }
    }
}

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
#include "packets.h"

enum priority {
    P_DEFAULT = 0,
    P_MATCH = 100,
};

/* Adds the flows that 'rules' ask for to 'ft'. */
void
host_rules_build(const struct host_rules *rules, struct flow_table *ft)
{
    uint64_t fixed = make_cookie(CK_STATIC, 0, 0);

    /* Ports.  Those of VMs are vm.c's.  The underlay's bridge floods what it
     * likes to us; nothing of it may reach a VM, and nobody may send to us
     * that way: replies only leave by it. */
    flow_table_add(ft, HT_IN, P_MATCH, fixed,
                   "in_port=%"PRIu32" actions=goto_table:%d",
                   rules->tunnel_port, HT_SOURCE);
    flow_table_add(ft, HT_IN, P_MATCH, drop_cookie(DR_UNDERLAY, 0),
                   "in_port=%"PRIu32" actions=drop", rules->underlay_port);
    flow_table_add(ft, HT_IN, P_DEFAULT, drop_cookie(DR_PORT, 0),
                   "actions=drop");

    for (size_t i = 0; i < rules->n_peers; i++) {
        flow_table_add(ft, HT_SOURCE, P_MATCH,
                       make_cookie(CK_PEER, 0, ntohl(rules->peers[i])),
                       "tun_src="IP_FMT" actions=goto_table:%d",
                       IP_ARGS(rules->peers[i]), HT_KEY);
    }
    flow_table_add(ft, HT_SOURCE, P_DEFAULT, drop_cookie(DR_STRANGER, 0),
                   "actions=drop");

    for (size_t i = 0; i < rules->n_pools; i++) {
        flow_table_add(ft, HT_KEY, P_MATCH,
                       make_cookie(CK_POOL, 0, rules->pools[i].key),
                       "tun_id=%"PRIu32" actions=goto_table:%d",
                       rules->pools[i].key, HT_STEERING);
    }
    for (size_t i = 0; i < rules->n_networks; i++) {
        flow_table_add(ft, HT_KEY, P_MATCH,
                       make_cookie(CK_NETWORK, 0, rules->networks[i].key),
                       "tun_id=%"PRIu32" actions=goto_table:%d",
                       rules->networks[i].key, HT_NETWORK);
    }
    flow_table_add(ft, HT_KEY, P_DEFAULT, drop_cookie(DR_KEY, 0),
                   "actions=drop");

    inbound_rules(rules, ft);
    fragment_rules(rules, ft);
    floating_ip_rules(rules, ft);
    ring_rules(rules, ft);
    stale_rules(rules, ft);
    reset_rules(rules, ft);
    reply_rules(rules, ft);
    vm_rules(rules, ft);
    internal_vip_rules(rules, ft);
    answer_rules(rules, ft);
    probe_rules(rules, ft);
    availability_rules(rules, ft);
}

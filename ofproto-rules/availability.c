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

#include "lib/steering.h"
#include "ofproto-rules/flow-table.h"
#include "ofproto-rules/pipeline.h"
#include "packets.h"
#include "util.h"

/* Answers to muxes that measure whether VIPs can be reached.
 *
 * A mux sends packets as clients would, with a mark in the steering header
 * (lib/steering.h) that only its datapath writes.  Such a packet meets the
 * very flows that clients' packets meet: those for the tunnel key, for the
 * steering header and for the rule, and conntrack is asked about it.  It makes
 * no connection there, because only what goes to ACCEPT does.  Then, instead
 * of to a VM, it goes back to the mux that it came from, with one of two
 * answers: that it would have gone on to a member which is here, or that there
 * is no such key, rule or member.  The latter tells a VIP whose tables are
 * wrong from a host that cannot be reached.
 *
 * The switch does this by itself: connections go on while the agent is away,
 * and so do the answers.
 *
 * No way leads to a VM: TRACKED lets nothing with the mark pass, and all that
 * may be delivered comes by it.  The mark is in octets that flows look at in
 * any case, so it costs other packets no further flows of the datapath.  Nodes
 * other than muxes get no answer, and nobody but known nodes gets as far as
 * this at all. */

enum priority {
    P_DEFAULT = 0,
    P_REFUSED = 10,             /* Below all that is served. */
    P_MATCH = 100,
    P_MEASURE = 120,            /* Above all of TRACKED. */
};

#define MATCH_MARK "dl_dst=%02x:%x0:00:00:00:00/ff:ff:00:00:00:00"
#define MATCH_CURRENT "dl_dst=00:00:%02x:%02x:00:00/00:00:ff:ff:00:00"
#define SET_ANSWER "set_field:%02x:%02x:00:00:00:00->eth_src"

static void
add_refusal(struct flow_table *ft, enum host_table table)
{
    flow_table_add(ft, table, P_REFUSED,
                   make_cookie(CK_MEASURE, MC_REFUSED, table),
                   MATCH_MARK" actions="SET_ANSWER",goto_table:%d",
                   STEERING_OUI, STEERING_MEASURE_HOP,
                   STEERING_OUI, STEERING_REFUSED, HT_ANSWERED);
}

static void
add_members(const struct host_pool *pool, struct flow_table *ft)
{
    for (size_t i = 0; i < pool->n_members; i++) {
        const struct host_member *member = &pool->members[i];

        if (member->vm) {
            flow_table_add(ft, HT_MEASURED, P_MATCH,
                           make_cookie(CK_MEASURE, MC_SERVED, pool->key),
                           "tun_id=%"PRIu32","MATCH_CURRENT" "
                           "actions="SET_ANSWER",goto_table:%d",
                           pool->key, member->index >> 8,
                           member->index & 0xff,
                           STEERING_OUI, STEERING_SERVED, HT_ANSWERED);
        }
    }
}

void
availability_rules(const struct host_rules *rules, struct flow_table *ft)
{
    flow_table_add(ft, HT_STEERING, P_MATCH, make_cookie(CK_STATIC, 0, 0),
                   MATCH_MARK",dl_src=%02x:%02x:00:00:00:00/ff:ff:00:00:00:00 "
                   "actions=goto_table:%d",
                   STEERING_OUI, STEERING_MEASURE_HOP,
                   STEERING_OUI, STEERING_MEASURES, HT_ENDPOINT);
    flow_table_add(ft, HT_TRACKED, P_MEASURE, make_cookie(CK_STATIC, 0, 0),
                   MATCH_MARK" actions=goto_table:%d",
                   STEERING_OUI, STEERING_MEASURE_HOP, HT_MEASURED);

    add_refusal(ft, HT_KEY);
    add_refusal(ft, HT_ENDPOINT);
    add_refusal(ft, HT_MEASURED);
    for (size_t i = 0; i < rules->n_pools; i++) {
        add_members(&rules->pools[i], ft);
    }

    /* Only the port IN_PORT allows to send back by the tunnel. */
    for (size_t i = 0; i < rules->n_muxes; i++) {
        flow_table_add(ft, HT_ANSWERED, P_MATCH,
                       make_cookie(CK_MEASURE, MC_ANSWER,
                                   ntohl(rules->muxes[i])),
                       "tun_src="IP_FMT" "
                       "actions=set_field:"IP_FMT"->tun_dst,IN_PORT",
                       IP_ARGS(rules->muxes[i]), IP_ARGS(rules->muxes[i]));
    }
    flow_table_add(ft, HT_ANSWERED, P_DEFAULT, drop_cookie(DR_MEASURE, 0),
                   "actions=drop");
}

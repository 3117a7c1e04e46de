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

#include <netinet/in.h>
#include <stdio.h>

#include "lib/steering.h"
#include "ofproto-rules/flow-table.h"
#include "ofproto-rules/pipeline.h"
#include "ofproto-rules/text.h"
#include "packets.h"
#include "util.h"

/* Rules with "enableTcpReset": who sends a segment of a connection that is
 * over gets a RST, so that he need not find out by waiting.
 *
 *   - A client, for a segment in the midst of a connection that nobody knows,
 *     when all owners have been asked and the mux says that no switch is under
 *     way ("settled").  What is invalid for a connection that conntrack has is
 *     not answered: the connection may live.
 *
 *   - A client of a member that is unhealthy.  Conntrack forgets the
 *     connection, and the VM gets a RST in place of the segment.  Of a SYN
 *     that is repeated conntrack only forgets the connection: the next one
 *     goes to another member.
 *
 *   - A VM, for a segment from the port of a rule that no rule of the VM knows
 *     and whose destination is outside: a connection of its own can have the
 *     same port, but there is none with the outside.  With floating IP
 *     whatever has the VIP as source is of a rule.
 *
 * Inside a network a VM's segment cannot be told from one of a connection
 * between VMs, which nobody keeps track of.  It is forwarded like these, and
 * the client's machine, which has no connection with the VM's own address,
 * answers with a RST by itself.
 *
 * The agent makes the RSTs (controller/agent/reset.c), and conntrack has seen
 * to it by then that the checksums of the segments are right.  A RST is never
 * answered, nor is a fragment.  A meter for each of the three limits what the
 * agent gets; the rest is lost, and those who sent it repeat it.  Anybody can
 * make up segments of no connection: they take nothing from those that have
 * one.  Without an agent all of it is lost.
 *
 * Userspace conntrack removes connections whose time is over each 20 s.  Until
 * then it does not know them any more when a client sends something, but takes
 * what a VM sends for invalid: the VM gets its RST when it repeats it.
 *
 * The kernel's conntrack takes a segment of an unknown connection for a new
 * one, as userspace does, unless nf_conntrack_tcp_loose is 0: then there is no
 * RST. */

enum priority {
    P_DEFAULT = 0,
    P_INVALID = 1,
    P_LOST = 11,                /* Above what is outside: vm.c. */
    P_RESET_VM = 12,
    P_RESET = 66,               /* Above others that start nothing: ring.c. */
    P_UNHEALTHY = 85,           /* Above what is delivered: inbound.c. */
    P_MATCH = 100,
};

static const char *const families[] = { "tcp", "tcp6" };

/* Returns the action, and a comma, that notes that 'ep' is asked about what a
 * VM sends, "" if that does not matter.  Writes to 'buf', of RULES_TEXT_LEN
 * octets. */
const char *
reset_asked(char *buf, const struct host_endpoint *ep)
{
    int asked = ASKED_RULE | (ep->tcp_reset ? ASKED_RESETS : 0);

    if (ep->protocol == IPPROTO_UDP || (ep->internal && !ep->floating)) {
        return "";
    }
    snprintf(buf, RULES_TEXT_LEN, "set_field:%d/%d->"HR_ASKED",", asked,
             asked);
    return buf;
}

/* Segments of nobody, from clients. */
static void
add_unknown(const struct host_rules *rules, struct flow_table *ft)
{
    for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
        flow_table_add(ft, HT_DECIDE, P_RESET, make_cookie(CK_STATIC, 0, 0),
                       "ct_state=+trk+new-inv,"HR_HOME"=1,%s,tcp_flags=-rst,"
                       "ip_frag=no,"
                       "dl_dst=00:%02x:00:00:00:00/00:%02x:00:00:00:00 "
                       "actions=goto_table:%d",
                       families[i], STEERING_SETTLED,
                       STEERING_SETTLED | STEERING_FRAGMENT, HT_RESET);
    }
    flow_table_add(ft, HT_RESET, P_DEFAULT, drop_cookie(DR_UNKNOWN, 0),
                   "actions=drop");
    flow_table_add(ft, HT_RESET_NETWORK, P_DEFAULT, drop_cookie(DR_INDEX, 0),
                   "actions=drop");

    for (size_t i = 0; i < rules->n_pools; i++) {
        const struct host_pool *pool = &rules->pools[i];

        for (size_t j = 0; j < pool->n_endpoints; j++) {
            const struct host_endpoint *ep = &pool->endpoints[j];

            if (ep->tcp_reset) {
                flow_table_add(ft, HT_RESET, P_MATCH,
                               make_cookie(CK_ENDPOINT, 0, ep->cookie),
                               HR_ZONE"=%"PRIu16" "
                               "actions=set_field:%d->"HR_REPLY","
                               "goto_table:%d",
                               ep->zone, reply_mark(ep), HT_RESET_NETWORK);
            }
        }
        for (size_t j = 0; j < pool->n_members; j++) {
            const struct host_member *member = &pool->members[j];

            if (member->vm) {
                flow_table_add(ft, HT_RESET_NETWORK, P_MATCH,
                               reset_cookie(RESET_UNKNOWN, pool->key),
                               "tun_id=%"PRIu32",dl_dst="
                               "00:00:%02x:%02x:00:00/00:00:ff:ff:00:00 "
                               "actions=set_field:%"PRIu32"->"HR_NETWORK","
                               "controller(meter_id=%d)",
                               pool->key, member->index >> 8,
                               member->index & 0xff, member->vm->network,
                               RESET_UNKNOWN);
            }
        }
    }
}

/* Segments of clients of 'member', which is unhealthy, by 'ep'. */
static void
add_unhealthy(const struct host_endpoint *ep,
              const struct host_member *member, struct flow_table *ft)
{
    const struct host_vm *vm = member->vm;

    flow_table_add(ft, HT_TRACKED, P_UNHEALTHY,
                   reset_cookie(RESET_UNHEALTHY, ep->cookie),
                   HR_ZONE"=%"PRIu16",ct_mark=%"PRIu16",ct_state=+trk-rpl-inv,"
                   "%s,tcp_flags=-rst,ip_frag=no "
                   "actions=set_field:%d->"HR_REPLY","
                   "set_field:%"PRIu32"->"HR_NETWORK","
                   "set_field:%"PRIu32"->"HR_VM_PORT","
                   "set_field:"ETH_ADDR_FMT"->eth_src,"
                   "set_field:"ETH_ADDR_FMT"->eth_dst,"
                   "controller(meter_id=%d)",
                   ep->zone, member->index,
                   text_protocol(&ep->vip, IPPROTO_TCP), reply_mark(ep),
                   vm->network, vm->port, ETH_ADDR_ARGS(host_gateway_mac),
                   ETH_ADDR_ARGS(vm->mac), RESET_UNHEALTHY);
}

/* Segments of nobody, from VMs. */
static void
add_lost(struct flow_table *ft)
{
    static const int tables[] = { HT_FORWARD, HT_LOCATION };

    for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
        const char *family = families[i];

        flow_table_add(ft, HT_UNNATED, P_INVALID,
                       make_cookie(CK_STATIC, 0, 0),
                       "ct_state=+trk+inv,%s "
                       "actions=set_field:%d/%d->"HR_ASKED",resubmit(,%d)",
                       family, ASKED_INVALID, ASKED_INVALID, HT_REPLY);
        for (size_t j = 0; j < ARRAY_SIZE(tables); j++) {
            flow_table_add(ft, tables[j], P_RESET_VM,
                           reset_cookie(RESET_VM, 0),
                           "ct_state=+trk+new-inv,ct_mark=0,"HR_REPLY"=0,"
                           HR_ASKED"=%d,%s,tcp_flags=-syn-rst+ack,ip_frag=no "
                           "actions=controller(meter_id=%d)",
                           ASKED_RULE | ASKED_RESETS, family, RESET_VM);
            flow_table_add(ft, tables[j], P_LOST, drop_cookie(DR_LOST, 0),
                           HR_REPLY"=0,"HR_ASKED"=%d/%d,%s,tcp_flags=+ack "
                           "actions=drop",
                           ASKED_RULE, ASKED_RULE, family);
        }
    }
}

void
reset_rules(const struct host_rules *rules, struct flow_table *ft)
{
    add_unknown(rules, ft);
    add_lost(ft);
    for (size_t i = 0; i < rules->n_pools; i++) {
        const struct host_pool *pool = &rules->pools[i];

        for (size_t j = 0; j < pool->n_endpoints; j++) {
            const struct host_endpoint *ep = &pool->endpoints[j];

            for (size_t k = 0; ep->tcp_reset && k < pool->n_members; k++) {
                const struct host_member *member = &pool->members[k];

                if (member->unhealthy && member->vm
                    && (IN6_IS_ADDR_V4MAPPED(&member->vm->address)
                        == IN6_IS_ADDR_V4MAPPED(&ep->vip))) {
                    add_unhealthy(ep, member, ft);
                }
            }
        }
    }
}

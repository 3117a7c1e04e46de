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

#include "lib/steering.h"
#include "ofproto-rules/flow-table.h"
#include "ofproto-rules/pipeline.h"
#include "ofproto-rules/text.h"
#include "packets.h"
#include "util.h"

/* Connections that are left over: conntrack has them still, for a day if they
 * ended without FIN or RST, and a client uses their addresses again.
 *
 * Userspace conntrack says that the client's SYN is invalid unless its number
 * happens to be in the window.  It cannot know whether the client has begun
 * again, or whether the connection lives and the SYN is somebody else's, who
 * would like it to end.  The VM knows.  So nothing is flushed for a SYN:
 *
 *   1. It goes round the ring, flagged "recent" so that nobody takes it but
 *      who knows it as one of a beginning connection.
 *
 *   2. At home it goes to the VM that the entry is of, by the entry's own NAT,
 *      if it has any, without a change to the entry.
 *
 *   3. A VM that has the connection answers with an ACK (RFC 5961, section 4),
 *      which is valid.  A client that has the connection as well ignores it.
 *      One that has begun again answers with a RST of the right number, which
 *      closes the connection in conntrack and in the VM.  If conntrack has
 *      another idea of the number than the VM, which happens when both have
 *      seen different SYNs, the RST is invalid.  So invalid RSTs go the way of
 *      SYNs: the VM heeds only one that has the very number that it expects
 *      (RFC 5961, section 3).
 *
 *   4. A VM that does not have it answers with SYN and ACK, or RST and ACK,
 *      which no VM does in a connection that it has.  Conntrack says that it
 *      is invalid; it does not leave, but goes to the agent, which flushes
 *      this one connection.
 *
 *   5. The client repeats its SYN after a second, and this one is new.
 *
 * Inside a network the VM's SYN-ACK, which it repeats as well, would get to
 * the client with the VM's own address once the connection is flushed, and the
 * client would answer it with a RST, which ends what has begun in step 5.  So
 * there the agent tells the VM in step 4 that it has no such connection.
 *
 * In step 4 only the VM itself can speak for its connection: its addresses
 * have been checked by then, and only a packet with its own address is NATed
 * by its own connections.  (With floating IP, only its own have its mark.)
 *
 * A VM that is not here any more cannot be asked, and has no connection here.
 * A SYN for it goes to the agent at once, also one that conntrack takes for
 * valid.
 *
 * Without an agent, these packets are dropped.
 *
 * The kernel's conntrack does the same by itself: it lets such a SYN through
 * as established, takes the VM's SYN-ACK as the begin of a new connection, and
 * a RST that answers the VM's ACK as the end of the old one.  Since it does
 * not say that the SYN is invalid, steps 1, 2 and 4 have no packets there. */

enum priority {
    P_GONE = 10,
    P_GONE_ANY = 11,
    P_ASK = 85,                 /* Above other invalid packets: ring.c. */
    P_OF_NONE = 86,
    P_MATCH = 100,
};

#define FIRST_SYN "tcp_flags=+syn-ack-fin-rst"
#define RST "tcp_flags=-syn+rst"

/* Adds the flows of step 4 for connections of 'ep', to VMs that match 'owner',
 * which may be "". */
void
stale_denials(struct flow_table *ft, const struct host_endpoint *ep,
              const char *owner)
{
    static const char *const denials[] = {
        "tcp_flags=+syn+ack", "tcp_flags=-syn+rst+ack"
    };
    char vip[RULES_TEXT_LEN];
    char l4[RULES_TEXT_LEN];

    if (ep->protocol && ep->protocol != IPPROTO_TCP) {
        return;
    }
    text_match_ip(vip, FIELD_SRC, &ep->vip);
    text_match_l4(l4, FIELD_SRC, &ep->vip, IPPROTO_TCP, ep->port);
    for (size_t i = 0; i < ARRAY_SIZE(denials); i++) {
        flow_table_add(ft, HT_UNNATED, P_MATCH,
                       stale_cookie(ep->internal ? ST_DENIED_INSIDE
                                    : ST_DENIED, ep->cookie),
                       "%s%s"HR_ZONE"=%"PRIu16",ct_state=+trk+inv,%s,%s,%s "
                       "actions=controller",
                       owner, owner[0] ? "," : "", ep->zone, vip, l4,
                       denials[i]);
    }
}

void
stale_rules(const struct host_rules *rules, struct flow_table *ft)
{
    static const struct {
        const char *protocol;
        const char *dst;
        const char *vip;
        const char *dip;
    } families[] = {
        { "tcp", "NXM_OF_IP_DST[]", HR_VIP4_FIELD, HR_DIP4_FIELD },
        { "tcp6", "NXM_NX_IPV6_DST[]", HR_VIP6_FIELD, HR_DIP6_FIELD },
    };
    static const char *const questions[] = { FIRST_SYN, RST };

    /* Invalid by itself, such as one with a wrong checksum: of no connection,
     * each of which has a mark. */
    flow_table_add(ft, HT_DECIDE, P_OF_NONE, drop_cookie(DR_UNKNOWN, 0),
                   "ct_state=+trk+inv,ct_mark=0,"HR_HOME"=1 actions=drop");

    for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
        const char *protocol = families[i].protocol;

        flow_table_add(ft, HT_DECIDE, P_ASK, make_cookie(CK_STATIC, 0, 0),
                       "ct_state=+trk+inv,"HR_HOME"=0,%s,"FIRST_SYN" "
                       "actions=set_field:00:%02x:00:00:00:00/"
                       "00:%02x:00:00:00:00->eth_dst,goto_table:%d",
                       protocol, STEERING_RECENT, STEERING_RECENT, HT_RING);
        for (size_t j = 0; j < ARRAY_SIZE(questions); j++) {
            flow_table_add(ft, HT_DECIDE, P_ASK, stale_cookie(ST_ASK, 0),
                           "ct_state=+trk+inv+dnat,"HR_HOME"=1,%s,%s "
                           "actions=move:%s->%s,"
                           "move:"HR_BACKEND_PORT_FIELD"->NXM_OF_TCP_DST[],"
                           "goto_table:%d",
                           protocol, questions[j],
                           families[i].dip, families[i].dst, HT_DELIVER);
            flow_table_add(ft, HT_DECIDE, P_ASK, stale_cookie(ST_ASK, 0),
                           "ct_state=+trk+inv-dnat,"HR_HOME"=1,%s,%s "
                           "actions=goto_table:%d",
                           protocol, questions[j], HT_DELIVER);
        }
        flow_table_add(ft, HT_DELIVER, P_GONE, stale_cookie(ST_GONE, 0),
                       "ct_state=+trk+dnat,%s,"FIRST_SYN" "
                       "actions=move:%s->%s,"
                       "move:"HR_PORT_FIELD"->NXM_OF_TCP_DST[],"
                       "controller",
                       protocol, families[i].vip, families[i].dst);
        flow_table_add(ft, HT_DELIVER, P_GONE_ANY, stale_cookie(ST_GONE, 0),
                       "ct_state=+trk+dnat,"HR_PORT"=0/0xffff,%s,"FIRST_SYN" "
                       "actions=move:%s->%s,controller",
                       protocol, families[i].vip, families[i].dst);
        flow_table_add(ft, HT_DELIVER, P_GONE, stale_cookie(ST_GONE, 0),
                       "ct_state=+trk-dnat,%s,"FIRST_SYN" "
                       "actions=controller", protocol);
    }

    for (size_t i = 0; i < rules->n_pools; i++) {
        const struct host_pool *pool = &rules->pools[i];

        for (size_t j = 0; j < pool->n_endpoints; j++) {
            if (!pool->endpoints[j].floating) {
                stale_denials(ft, &pool->endpoints[j], "");
            }
        }
    }
}

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

/* The ring of owners: what becomes of a packet that conntrack does not know.
 *
 * lib/steering.h has the header and the idea.  Here each step of it is a
 * table: is the header possible (STEERING), has everybody been asked (HOME),
 * what follows from that (DECIDE), who is next (RING), where is that (NEXT).
 *
 * The next owner can be on this host.  Its connections are in the zone that
 * has just been asked, which did not know the packet, so it is only asked
 * what it would decide: HOME again.  The hop goes up each time, so this ends.
 *
 * A packet that is invalid for a connection that is left over here may be a
 * valid one of another owner's.  So it goes round; but it starts nothing.
 * (stale.c says what becomes of it at home if it is a first SYN or a RST.)  A
 * SYN-ACK is never the start of anything, nor can a client have sent it to an
 * owner.  Of protocols other than TCP everything can be a start. */

enum priority {
    P_DEFAULT = 0,
    P_ANY_START = 60,
    P_OTHER = 65,
    P_START = 70,
    P_NO_START = 80,
    P_SYN_ACK = 90,
    P_ERROR = 90,
    P_MATCH = 100,
};

/* Matches on octets of the header. */
#define MATCH_OWNERS "dl_src=%02x:%02x:00:00:00:00/ff:ff:00:00:00:00"
#define MATCH_HOP "dl_dst=%02x:%x0:00:00:00:00/ff:f0:00:00:00:00"
#define MATCH_HOP_AND_FLAGS "dl_dst=%02x:%x0:00:00:00:00/ff:%02x:00:00:00:00"
#define MATCH_RECENT "dl_dst=00:%02x:00:00:00:00/00:%02x:00:00:00:00"
#define MATCH_CURRENT "dl_dst=00:00:%02x:%02x:00:00/00:00:ff:ff:00:00"

/* Fields of the header as parts of the Ethernet addresses. */
#define FIELD_CURRENT "NXM_OF_ETH_DST[16..31]"
#define FIELD_OWNER1 "NXM_OF_ETH_DST[0..15]"
#define FIELD_OWNER2 "NXM_OF_ETH_SRC[16..31]"
#define FIELD_OWNER3 "NXM_OF_ETH_SRC[0..15]"

/* The cookie of flows that are the same on all hosts. */
#define FIXED make_cookie(CK_STATIC, 0, 0)

/* Owners and hop can be no others than these, and flags none but ours. */
static void
add_steering(struct flow_table *ft)
{
    for (int n = 1; n <= STEERING_MAX_OWNERS; n++) {
        /* Fragments have no other owners, and SNAT returns are of no pool. */
        uint8_t flags = (STEERING_ALL_FLAGS & ~STEERING_SNAT
                         & (n == 1 ? STEERING_ALL_FLAGS : ~STEERING_FRAGMENT));

        for (int hop = 0; hop <= n; hop++) {
            flow_table_add(ft, HT_STEERING, P_MATCH, FIXED,
                           MATCH_HOP_AND_FLAGS","MATCH_OWNERS" "
                           "actions=goto_table:%d",
                           STEERING_OUI, hop, 0xff & ~flags,
                           STEERING_OUI, n, HT_ENDPOINT);
        }
    }
    flow_table_add(ft, HT_STEERING, P_DEFAULT, drop_cookie(DR_STEERING, 0),
                   "actions=drop");
}

static void
add_home(struct flow_table *ft)
{
    flow_table_add(ft, HT_HOME, P_MATCH, FIXED,
                   MATCH_OWNERS" actions=set_field:1->"HR_HOME",goto_table:%d",
                   STEERING_OUI, 1, HT_DECIDE);
    for (int n = 2; n <= STEERING_MAX_OWNERS; n++) {
        flow_table_add(ft, HT_HOME, P_MATCH, FIXED,
                       MATCH_HOP","MATCH_OWNERS" "
                       "actions=set_field:1->"HR_HOME",goto_table:%d",
                       STEERING_OUI, n, STEERING_OUI, n, HT_DECIDE);
    }
    flow_table_add(ft, HT_HOME, P_DEFAULT, FIXED,
                   "actions=set_field:0->"HR_HOME",goto_table:%d", HT_DECIDE);
}

static void
add_decision(struct flow_table *ft)
{
    static const struct {
        enum priority priority;
        const char *packets;
    } starts[] = {
        { P_START, "tcp,tcp_flags=+syn-ack-fin-rst" },
        { P_START, "tcp6,tcp_flags=+syn-ack-fin-rst" },
        { P_ANY_START, "ip" },
        { P_ANY_START, "ipv6" },
    };
    static const char *const others[] = { "tcp", "tcp6" };

    flow_table_add(ft, HT_DECIDE, P_SYN_ACK, drop_cookie(DR_UNKNOWN, 0),
                   "tcp,tcp_flags=+syn+ack actions=drop");
    flow_table_add(ft, HT_DECIDE, P_SYN_ACK, drop_cookie(DR_UNKNOWN, 0),
                   "tcp6,tcp_flags=+syn+ack actions=drop");

    /* An error that has been to the rules here (icmp.c): whether it was known
     * is not known, so its end is no loss that counts. */
    flow_table_add(ft, HT_DECIDE, P_ERROR, FIXED,
                   HR_ERROR"=1,"HR_HOME"=0 actions=goto_table:%d", HT_RING);
    flow_table_add(ft, HT_DECIDE, P_ERROR, FIXED,
                   HR_ERROR"=1,"HR_HOME"=1 actions=drop");

    /* Starts nothing, so it may go round, but at home it ends.  If conntrack
     * at home does not know it, nobody is told that there is no connection:
     * the one here may live (reset.c). */
    flow_table_add(ft, HT_DECIDE, P_NO_START, FIXED,
                   "ct_state=+trk+inv,"HR_HOME"=0 "
                   "actions=set_field:00:00:00:00:00:00/"
                   "00:%02x:00:00:00:00->eth_dst,goto_table:%d",
                   STEERING_SETTLED, HT_RING);
    flow_table_add(ft, HT_DECIDE, P_NO_START, drop_cookie(DR_UNKNOWN, 0),
                   "ct_state=+trk+inv,"HR_HOME"=1 actions=drop");

    /* Starts a connection, at once unless somebody else may have seen its
     * beginning a moment ago. */
    for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
        flow_table_add(ft, HT_DECIDE, starts[i].priority, FIXED,
                       "%s,"MATCH_RECENT" actions=goto_table:%d",
                       starts[i].packets, 0, STEERING_RECENT, HT_ACCEPT);
        flow_table_add(ft, HT_DECIDE, starts[i].priority, FIXED,
                       "%s,"MATCH_RECENT","HR_HOME"=1 actions=goto_table:%d",
                       starts[i].packets, STEERING_RECENT, STEERING_RECENT,
                       HT_ACCEPT);
    }

    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        flow_table_add(ft, HT_DECIDE, P_OTHER, FIXED,
                       "%s,"HR_HOME"=0 actions=goto_table:%d", others[i],
                       HT_RING);
        flow_table_add(ft, HT_DECIDE, P_OTHER, drop_cookie(DR_UNKNOWN, 0),
                       "%s,"HR_HOME"=1 actions=drop", others[i]);
    }
    flow_table_add(ft, HT_DECIDE, P_DEFAULT, FIXED, "actions=goto_table:%d",
                   HT_RING);
}

/* The owners move up by one, the first becomes the last. */
static void
add_rotation(struct flow_table *ft)
{
    static const char *const rotations[] = {
        [2] = "move:"FIELD_CURRENT"->"HR_SCRATCH_FIELD","
              "move:"FIELD_OWNER1"->"FIELD_CURRENT","
              "move:"HR_SCRATCH_FIELD"->"FIELD_OWNER1,
        [3] = "move:"FIELD_CURRENT"->"HR_SCRATCH_FIELD","
              "move:"FIELD_OWNER1"->"FIELD_CURRENT","
              "move:"FIELD_OWNER2"->"FIELD_OWNER1","
              "move:"HR_SCRATCH_FIELD"->"FIELD_OWNER2,
        [4] = "move:"FIELD_CURRENT"->"HR_SCRATCH_FIELD","
              "move:"FIELD_OWNER1"->"FIELD_CURRENT","
              "move:"FIELD_OWNER2"->"FIELD_OWNER1","
              "move:"FIELD_OWNER3"->"FIELD_OWNER2","
              "move:"HR_SCRATCH_FIELD"->"FIELD_OWNER3,
    };

    for (int n = 2; n <= STEERING_MAX_OWNERS; n++) {
        for (int hop = 0; hop < n; hop++) {
            flow_table_add(ft, HT_RING, P_MATCH, FIXED,
                           MATCH_HOP","MATCH_OWNERS" "
                           "actions=%s,"
                           "set_field:00:%x0:00:00:00:00/00:f0:00:00:00:00->"
                           "eth_dst,goto_table:%d",
                           STEERING_OUI, hop, STEERING_OUI, n,
                           rotations[n], hop + 1, HT_NEXT);
        }
    }
    flow_table_add(ft, HT_RING, P_DEFAULT, drop_cookie(DR_STEERING, 0),
                   "actions=drop");
}

static void
add_next(const struct host_rules *rules, struct flow_table *ft)
{
    for (size_t i = 0; i < rules->n_pools; i++) {
        const struct host_pool *pool = &rules->pools[i];

        for (size_t j = 0; j < pool->n_members; j++) {
            const struct host_member *member = &pool->members[j];
            uint64_t cookie = make_cookie(CK_POOL, member->index, pool->key);

            if (member->vm) {
                flow_table_add(ft, HT_NEXT, P_MATCH, cookie,
                               "tun_id=%"PRIu32","MATCH_CURRENT" "
                               "actions=resubmit(,%d)",
                               pool->key, member->index >> 8,
                               member->index & 0xff, HT_HOME);
            } else if (member->vtep) {
                /* It came from the tunnel and goes back there: only the port
                 * IN_PORT allows that. */
                flow_table_add(ft, HT_NEXT, P_MATCH, cookie,
                               "tun_id=%"PRIu32","MATCH_CURRENT" "
                               "actions=set_field:"IP_FMT"->tun_dst,IN_PORT",
                               pool->key, member->index >> 8,
                               member->index & 0xff, IP_ARGS(member->vtep));
            }
        }
    }
    flow_table_add(ft, HT_NEXT, P_DEFAULT, drop_cookie(DR_INDEX, 0),
                   "actions=drop");
}

void
ring_rules(const struct host_rules *rules, struct flow_table *ft)
{
    add_steering(ft);
    add_home(ft);
    add_decision(ft);
    add_rotation(ft);
    add_next(rules, ft);
}

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
#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(fragment);

/* Datagrams in fragments are of the same connections as those in one piece:
 * conntrack puts them together, finds or starts the connection and translates
 * it.  What it gives back is, in the kernel, the datagram, which goes on like
 * any other.  In userspace these are the fragments, with what conntrack found
 * out about the datagram attached to each of them (ct_state, ct_mark).
 *
 * Nothing else could translate them in userspace: there, set_field of an IPv4
 * address changes octets 6 and 7 of a later fragment's data, where it takes
 * the UDP checksum to be.
 *
 * It works as long as all fragments of a datagram come to ct() with the same
 * zone and registers.  Flows cannot match on ports of any fragment: not even
 * of the first one, unless the switch is set up otherwise.  Nor does a later
 * fragment tell its protocol if it is of IPv6.  So:
 *
 *   - From a mux, all of them have the destination port in the steering
 *     header, and a flag that says so (lib/steering.h).  With IPv6 a rule for
 *     UDP goes before one for TCP.
 *
 *   - What a VM sends in fragments can be of any of its rules, whatever their
 *     ports, so all of these are asked one after the other.  Only then it is
 *     looked at as the VM's own.  That is done for rules for UDP and for all
 *     ports; nobody fragments TCP who answers.
 *
 * If very many datagrams become complete at once, userspace conntrack hands
 * over some of their fragments only when it is called the next time, in
 * whatever packet's company: with that packet's registers, and bound for that
 * packet's table.  Incomplete ones it gets rid of in the same way, after some
 * seconds, as invalid ones.  Both may be of somebody else's.  But each of them
 * has its zone attached (ct_zone), and where that is not the zone that was
 * asked for it is dropped.
 *
 * IPv4 fragments other than the last that are smaller than 1200 octets are
 * refused by userspace conntrack ("ovs-appctl dpctl/ipf-set-min-frag"), and
 * it keeps 1000 fragments at most ("dpctl/ipf-set-max-nfrags"). */

enum priority {
    P_REST = 4,
    P_OURS = 5,
    P_INVALID = 57,             /* Above others: inbound.c. */
    P_MATCH = 100,
    P_NO_PORT = 105,            /* Above flows for packets with ports. */
    P_ANY = 106,
    P_TCP = 107,
    P_UDP = 110,
};

/* Rules that are asked about what a VM sends in fragments: see reply.c. */
#define MAX_ATTEMPTS 4

#define MATCH_FLAG "dl_dst=00:%02x:00:00:00:00/00:%02x:00:00:00:00"
#define MATCH_FLAG_PORT "dl_dst=00:%02x:00:00:%02x:%02x/00:%02x:00:00:ff:ff"

static const char *const families[] = { "ip", "ipv6" };

/* From muxes. */
static void
add_inbound(struct flow_table *ft, const struct host_pool *pool,
            const struct host_endpoint *ep)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(&ep->vip);
    enum priority priority = (ep->protocol == IPPROTO_UDP ? P_UDP
                              : ep->protocol ? P_TCP : P_ANY);
    uint64_t cookie = make_cookie(CK_ENDPOINT, 0, ep->cookie);
    char header[2 * RULES_TEXT_LEN];
    char vip[RULES_TEXT_LEN];
    char nat[RULES_TEXT_LEN];

    if (ep->protocol) {
        snprintf(header, sizeof header, MATCH_FLAG_PORT,
                 STEERING_FRAGMENT, ep->port >> 8, ep->port & 0xff,
                 STEERING_FRAGMENT);
    } else {
        snprintf(header, sizeof header, MATCH_FLAG, STEERING_FRAGMENT,
                 STEERING_FRAGMENT);
    }
    text_match_ip(vip, FIELD_DST, &ep->vip);
    flow_table_add(ft, HT_ENDPOINT, priority, cookie,
                   "tun_id=%"PRIu32",%s,%s,%s "
                   "actions=set_field:%"PRIu16"->"HR_ZONE","
                   "set_field:%"PRIu16"->"HR_PORT",move:%s,"
                   "ct(zone="HR_ZONE_FIELD",nat,table=%d)",
                   pool->key, text_fragment(&ep->vip, ep->protocol), vip,
                   header, ep->zone, ep->port,
                   v4 ? "NXM_OF_IP_DST[]->"HR_VIP4_FIELD
                      : "NXM_NX_IPV6_DST[]->"HR_VIP6_FIELD,
                   HT_FRAGMENT);
    flow_table_add(ft, HT_FRAGMENT, P_MATCH, cookie,
                   "tun_id=%"PRIu32","HR_ZONE"=%"PRIu16",ct_zone=%"PRIu16" "
                   "actions=resubmit(,%d)",
                   pool->key, ep->zone, ep->zone, HT_TRACKED);

    /* A first SYN does not come in fragments. */
    for (size_t i = 0; ep->protocol != IPPROTO_TCP && i < pool->n_members;
         i++) {
        const struct host_member *member = &pool->members[i];

        if (!member->vm
            || IN6_IS_ADDR_V4MAPPED(&member->vm->address) != v4) {
            continue;
        }
        text_nat(nat, &member->vm->address, ep->backend_port);
        flow_table_add(ft, HT_ACCEPT, priority,
                       make_cookie(CK_ENDPOINT, member->index, ep->cookie),
                       HR_ZONE"=%"PRIu16",%s,"
                       "dl_dst=00:00:%02x:%02x:00:00/00:00:ff:ff:00:00 "
                       "actions=ct(commit,zone="HR_ZONE_FIELD"%s%s%s,"
                       "exec(set_field:%"PRIu16"->ct_mark),table=%d)",
                       ep->zone, text_fragment(&ep->vip, ep->protocol),
                       member->index >> 8, member->index & 0xff,
                       ep->floating ? "" : ",nat(dst=",
                       ep->floating ? "" : nat, ep->floating ? "" : ")",
                       member->index, HT_FRAGMENT);
    }
}

/* A fragment that a rule of the VM does not know may be another one's. */
static void
add_unknown(struct flow_table *ft, const struct host_endpoint *ep)
{
    flow_table_add(ft, HT_UNNATED, P_OURS,
                   make_cookie(CK_ENDPOINT, 0, ep->cookie),
                   HR_ZONE"=%"PRIu16",ct_zone=%"PRIu16",%s "
                   "actions=resubmit(,%d)",
                   ep->zone, ep->zone, text_fragment(&ep->vip, 0), HT_REPLY);
}

void
fragment_rules(const struct host_rules *rules, struct flow_table *ft)
{
    uint64_t drop = drop_cookie(DR_FRAGMENT, 0);

    for (size_t i = 0; i < rules->n_pools; i++) {
        const struct host_pool *pool = &rules->pools[i];

        for (size_t j = 0; j < pool->n_endpoints; j++) {
            add_inbound(ft, pool, &pool->endpoints[j]);
            add_unknown(ft, &pool->endpoints[j]);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
        flow_table_add(ft, HT_ENDPOINT, P_NO_PORT, drop,
                       "%s,ip_frag=yes actions=drop", families[i]);
        flow_table_add(ft, HT_TRACKED, P_INVALID, drop,
                       "ct_state=+trk+inv,%s,ip_frag=yes actions=drop",
                       families[i]);
        flow_table_add(ft, HT_REPLY, P_NO_PORT, make_cookie(CK_STATIC, 0, 0),
                       "%s,ip_frag=yes actions=goto_table:%d", families[i],
                       HT_FORWARD);
        flow_table_add(ft, HT_UNNATED, P_REST, drop,
                       "%s,ip_frag=yes actions=drop", families[i]);
    }
    flow_table_add(ft, HT_FRAGMENT, 0, drop, "actions=drop");
}

static void
add_attempt(const struct host_vm *vm, const struct in6_addr *src,
            uint8_t protocol, size_t attempt, const struct host_endpoint *ep,
            struct flow_table *ft)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

    char text[RULES_TEXT_LEN];

    if (attempt >= MAX_ATTEMPTS) {
        VLOG_WARN_RL(&rl, "the VM at port %"PRIu32" has more than %d rules "
                     "for UDP: replies in fragments of some are dropped",
                     vm->port, MAX_ATTEMPTS);
        return;
    }
    flow_table_add(ft, HT_REPLY, protocol ? P_UDP : P_ANY,
                   make_cookie(CK_ENDPOINT, 0, ep->cookie),
                   "in_port=%"PRIu32","HR_FRAGMENT_ATTEMPT"=%"PRIuSIZE",%s,%s "
                   "actions=set_field:%"PRIu16"->"HR_ZONE","
                   "set_field:%"PRIuSIZE"->"HR_FRAGMENT_ATTEMPT","
                   "ct(zone="HR_ZONE_FIELD",nat,table=%d)",
                   vm->port, attempt, text_fragment(src, protocol),
                   text_match_ip(text, FIELD_SRC, src), ep->zone, attempt + 1,
                   HT_UNNATED);
}

/* Has the 'n' rules in 'eps' asked about what 'vm' sends from 'src' in
 * fragments. */
void
fragment_replies(const struct host_vm *vm, const struct in6_addr *src,
                 const struct host_endpoint *const eps[], size_t n,
                 struct flow_table *ft)
{
    size_t n_udp = 0, n_any = 0;

    for (size_t i = 0; i < n; i++) {
        if (eps[i]->protocol == IPPROTO_UDP) {
            add_attempt(vm, src, IPPROTO_UDP, n_udp++, eps[i], ft);
        } else if (!eps[i]->protocol) {
            add_attempt(vm, src, 0, n_any++, eps[i], ft);
        }
    }

    /* Those for all ports follow; without one for UDP the flows above do. */
    for (size_t i = 0; n_udp && n_any && i < n; i++) {
        if (!eps[i]->protocol) {
            add_attempt(vm, src, IPPROTO_UDP, n_udp++, eps[i], ft);
        }
    }
}

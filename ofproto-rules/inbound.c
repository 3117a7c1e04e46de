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

#include <stdlib.h>
#include <string.h>

#include "ofproto-rules/flow-table.h"
#include "ofproto-rules/pipeline.h"
#include "ofproto-rules/text.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "util.h"

/* Connections from muxes to VMs: destination NAT to the member that the
 * steering header names, in a conntrack zone per rule.
 *
 * A connection is committed with its member's index as mark, and delivered by
 * this mark ever after, whatever the header says: it belongs to the VM that
 * has it.
 *
 *
 * Differences of the datapaths
 * ============================
 *
 * ct(nat) on a packet of a connection that has not seen a reply (a SYN that is
 * repeated, UDP), or on an ICMP error: userspace changes its destination, the
 * kernel only does so when it commits.  So what is known but still carries
 * the VIP goes through ct(commit), for which the kernel uses the mapping that
 * is there.  In userspace no packet meets these flows.
 *
 * ct(nat) on a packet that is invalid for its connection may have changed its
 * destination as well.  It is put back from the registers where it was noted,
 * because the packet may go on to another owner; what NAT made of a TCP packet
 * is noted in turn, for stale.c.
 *
 * The source port is not put back.  Userspace conntrack changes that, too, if
 * it has not yet swept away an earlier connection with the same addresses when
 * it commits.  To note the port before ct would need a datapath flow for each
 * connection, and ct_tp_src cannot be read of invalid packets.  So segments
 * that meet such a connection when it is left over find no other owner. */

enum priority {
    P_DEFAULT = 0,
    P_ANY = 40,                 /* Below ICMP errors: icmp.c. */
    P_INVALID = 50,
    P_INVALID_ANY = 51,
    P_INVALID_NATED = 55,
    P_INVALID_NATED_ANY = 56,
    P_KNOWN = 60,
    P_NEW = 70,
    P_KNOWN_VIP = 80,
    P_ESTABLISHED = 80,
    P_ERROR = 90,
    P_RELATED = 100,
    P_RELATED_VIP = 110,
    P_MATCH = 100,
};

static void
add_endpoint(struct flow_table *ft, const struct host_pool *pool,
             const struct host_endpoint *ep)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(&ep->vip);
    uint64_t cookie = make_cookie(CK_ENDPOINT, 0, ep->cookie);
    char vip[RULES_TEXT_LEN];
    char l4[RULES_TEXT_LEN];
    char nat[RULES_TEXT_LEN];

    text_match_ip(vip, FIELD_DST, &ep->vip);
    flow_table_add(ft, HT_ENDPOINT, ep->protocol ? P_MATCH : P_ANY, cookie,
                   "tun_id=%"PRIu32",%s,%s "
                   "actions=set_field:%"PRIu16"->"HR_ZONE","
                   "set_field:%"PRIu16"->"HR_PORT",move:%s,"
                   "ct(zone="HR_ZONE_FIELD",nat,table=%d)",
                   pool->key, vip,
                   text_match_l4(l4, FIELD_DST, &ep->vip, ep->protocol,
                                 ep->port),
                   ep->zone, ep->port,
                   v4 ? "NXM_OF_IP_DST[]->"HR_VIP4_FIELD
                      : "NXM_NX_IPV6_DST[]->"HR_VIP6_FIELD,
                   HT_TRACKED);

    /* Only the kernel leaves the VIP in what is known. */
    if (!ep->floating) {
        flow_table_add(ft, HT_TRACKED, P_RELATED_VIP, cookie,
                       HR_ZONE"=%"PRIu16",ct_state=+trk+rel-rpl-inv,%s,%s "
                       "actions=ct(commit,zone="HR_ZONE_FIELD",nat,table=%d)",
                       ep->zone, text_protocol(&ep->vip, IPPROTO_ICMP), vip,
                       HT_DELIVER);
    }

    for (size_t i = 0; i < pool->n_members; i++) {
        const struct host_member *member = &pool->members[i];

        if (!member->vm
            || IN6_IS_ADDR_V4MAPPED(&member->vm->address) != v4) {
            continue;
        }
        cookie = make_cookie(CK_ENDPOINT, member->index, ep->cookie);
        if (ep->floating) {
            nat[0] = '\0';
        } else {
            text_nat(nat, &member->vm->address, ep->backend_port);
            flow_table_add(ft, HT_TRACKED, P_KNOWN_VIP, cookie,
                           HR_ZONE"=%"PRIu16",ct_state=+trk+new-inv,ct_mark=%"
                           PRIu16",%s "
                           "actions=ct(commit,zone="HR_ZONE_FIELD","
                           "nat(dst=%s),table=%d)",
                           ep->zone, member->index, vip, nat, HT_DELIVER);
        }
        flow_table_add(ft, HT_ACCEPT, P_MATCH, cookie,
                       HR_ZONE"=%"PRIu16",%s,"
                       "dl_dst=00:00:%02x:%02x:00:00/00:00:ff:ff:00:00 "
                       "actions=ct(commit,zone="HR_ZONE_FIELD"%s%s%s,"
                       "exec(set_field:%"PRIu16"->ct_mark),table=%d)",
                       ep->zone, text_protocol(&ep->vip, ep->protocol),
                       member->index >> 8, member->index & 0xff,
                       nat[0] ? ",nat(dst=" : "", nat, nat[0] ? ")" : "",
                       member->index, HT_DELIVER);
    }
}

static int
compare_endpoints(const void *a_, const void *b_)
{
    const struct host_endpoint *a = *(const struct host_endpoint *const *) a_;
    const struct host_endpoint *b = *(const struct host_endpoint *const *) b_;
    int vips = memcmp(&a->vip, &b->vip, sizeof a->vip);

    return vips ? vips : a->cookie < b->cookie ? -1 : a->cookie > b->cookie;
}

/* An ICMP error for a VIP may be about a connection of any rule of the VIP.
 * Whether one of them here knew it cannot be told from here, so it goes on to
 * the other owners in any case, who do not know what one knows here. */
static void
add_errors(struct flow_table *ft, const struct host_pool *pool)
{
    size_t n = pool->n_endpoints;
    const struct host_endpoint **eps = xmalloc(n * sizeof *eps);

    for (size_t i = 0; i < n; i++) {
        eps[i] = &pool->endpoints[i];
    }
    qsort(eps, n, sizeof *eps, compare_endpoints);

    for (size_t i = 0, end; i < n; i = end) {
        const struct in6_addr *vip = &eps[i]->vip;
        struct ds actions = DS_EMPTY_INITIALIZER;
        char dst[RULES_TEXT_LEN];

        for (end = i; end < n && ipv6_addr_equals(&eps[end]->vip, vip);) {
            end++;
        }
        icmp_ask(&eps[i], end - i, HT_TRACKED, &actions);
        flow_table_add(ft, HT_ERROR_IN, P_MATCH,
                       make_cookie(CK_POOL, 0, pool->key),
                       "tun_id=%"PRIu32",%s,%s actions=%sgoto_table:%d",
                       pool->key, text_protocol(vip, IPPROTO_ICMP),
                       text_match_ip(dst, FIELD_DST, vip),
                       ds_cstr(&actions), HT_HOME);
        ds_destroy(&actions);
    }
    free(eps);
}

/* To the VM whose index is the mark, if it is (still) here.  The destination
 * must be the VM's own: whatever went wrong before, no VM sees a VIP that is
 * not floating (floating-ip.c). */
static void
add_delivery(struct flow_table *ft, const struct host_pool *pool)
{
    char dip[RULES_TEXT_LEN];

    for (size_t i = 0; i < pool->n_members; i++) {
        const struct host_member *member = &pool->members[i];
        const struct host_vm *vm = member->vm;

        if (vm) {
            flow_table_add(ft, HT_DELIVER, P_MATCH,
                           make_cookie(CK_POOL, member->index, pool->key),
                           "tun_id=%"PRIu32",ct_mark=%"PRIu16",%s "
                           "actions=set_field:"ETH_ADDR_FMT"->eth_src,"
                           "set_field:"ETH_ADDR_FMT"->eth_dst,"
                           "output:%"PRIu32,
                           pool->key, member->index,
                           text_match_ip(dip, FIELD_DST, &vm->address),
                           ETH_ADDR_ARGS(host_gateway_mac),
                           ETH_ADDR_ARGS(vm->mac), vm->port);
        }
    }
}

static void
add_fixed(struct flow_table *ft)
{
    uint64_t fixed = make_cookie(CK_STATIC, 0, 0);

    flow_table_add(ft, HT_ERROR_IN, P_DEFAULT, drop_cookie(DR_ENDPOINT, 0),
                   "actions=drop");

    flow_table_add(ft, HT_TRACKED, P_RELATED, fixed,
                   "ct_state=+trk+rel-rpl-inv actions=goto_table:%d",
                   HT_DELIVER);
    flow_table_add(ft, HT_TRACKED, P_ERROR, fixed,
                   HR_ERROR"=1 actions=drop");
    flow_table_add(ft, HT_TRACKED, P_ESTABLISHED, fixed,
                   "ct_state=+trk+est-rpl-inv actions=goto_table:%d",
                   HT_DELIVER);
    flow_table_add(ft, HT_TRACKED, P_NEW, fixed,
                   "ct_state=+trk+new-inv,ct_mark=0 actions=goto_table:%d",
                   HT_HOME);
    flow_table_add(ft, HT_TRACKED, P_KNOWN, fixed,
                   "ct_state=+trk+new-inv actions=goto_table:%d", HT_DELIVER);

    static const char *const restore[][2] = {
        { "tcp", "move:"HR_VIP4_FIELD"->NXM_OF_IP_DST[],"
                 "move:"HR_PORT_FIELD"->NXM_OF_TCP_DST[]" },
        { "udp", "move:"HR_VIP4_FIELD"->NXM_OF_IP_DST[],"
                 "move:"HR_PORT_FIELD"->NXM_OF_UDP_DST[]" },
        { "tcp6", "move:"HR_VIP6_FIELD"->NXM_NX_IPV6_DST[],"
                  "move:"HR_PORT_FIELD"->NXM_OF_TCP_DST[]" },
        { "udp6", "move:"HR_VIP6_FIELD"->NXM_NX_IPV6_DST[],"
                  "move:"HR_PORT_FIELD"->NXM_OF_UDP_DST[]" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(restore); i++) {
        flow_table_add(ft, HT_TRACKED, P_INVALID, fixed,
                       "ct_state=+trk+inv,%s actions=%s,goto_table:%d",
                       restore[i][0], restore[i][1], HT_HOME);
    }

    /* Of rules for all ports. */
    static const char *const restore_any[][2] = {
        { "ip", "move:"HR_VIP4_FIELD"->NXM_OF_IP_DST[]" },
        { "ipv6", "move:"HR_VIP6_FIELD"->NXM_NX_IPV6_DST[]" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(restore_any); i++) {
        flow_table_add(ft, HT_TRACKED, P_INVALID_ANY, fixed,
                       "ct_state=+trk+inv,"HR_PORT"=0,%s "
                       "actions=%s,goto_table:%d",
                       restore_any[i][0], restore_any[i][1], HT_HOME);
    }

    static const char *const restore_nated[][2] = {
        { "tcp", "move:NXM_OF_IP_DST[]->"HR_DIP4_FIELD","
                 "move:"HR_VIP4_FIELD"->NXM_OF_IP_DST[]" },
        { "tcp6", "move:NXM_NX_IPV6_DST[]->"HR_DIP6_FIELD","
                  "move:"HR_VIP6_FIELD"->NXM_NX_IPV6_DST[]" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(restore_nated); i++) {
        flow_table_add(ft, HT_TRACKED, P_INVALID_NATED, fixed,
                       "ct_state=+trk+inv+dnat,%s actions=%s,"
                       "move:NXM_OF_TCP_DST[]->"HR_BACKEND_PORT_FIELD","
                       "move:"HR_PORT_FIELD"->NXM_OF_TCP_DST[],"
                       "goto_table:%d",
                       restore_nated[i][0], restore_nated[i][1], HT_HOME);
        flow_table_add(ft, HT_TRACKED, P_INVALID_NATED_ANY, fixed,
                       "ct_state=+trk+inv+dnat,"HR_PORT"=0,%s actions=%s,"
                       "move:NXM_OF_TCP_DST[]->"HR_BACKEND_PORT_FIELD","
                       "goto_table:%d",
                       restore_nated[i][0], restore_nated[i][1], HT_HOME);
    }
    flow_table_add(ft, HT_TRACKED, P_DEFAULT, drop_cookie(DR_UNKNOWN, 0),
                   "actions=drop");

    flow_table_add(ft, HT_ACCEPT, P_DEFAULT, drop_cookie(DR_INDEX, 0),
                   "actions=drop");
    flow_table_add(ft, HT_DELIVER, P_DEFAULT, drop_cookie(DR_GONE, 0),
                   "actions=drop");
}

void
inbound_rules(const struct host_rules *rules, struct flow_table *ft)
{
    for (size_t i = 0; i < rules->n_pools; i++) {
        const struct host_pool *pool = &rules->pools[i];

        for (size_t j = 0; j < pool->n_endpoints; j++) {
            add_endpoint(ft, pool, &pool->endpoints[j]);
        }
        flow_table_add(ft, HT_ENDPOINT, P_DEFAULT,
                       drop_cookie(DR_ENDPOINT, pool->key),
                       "tun_id=%"PRIu32" actions=drop", pool->key);
        add_errors(ft, pool);
        add_delivery(ft, pool);
    }
    icmp_rules(ft, HT_ENDPOINT, HT_ERROR_IN);
    add_fixed(ft);
}

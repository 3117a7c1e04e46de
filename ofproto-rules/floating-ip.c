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

/* Rules with "enableFloatingIP": their VMs have the VIP as an address of their
 * own and get what clients send as it is, with the VIP as destination.  So the
 * backend port is the frontend's, and rules with different VIPs can have the
 * same one.
 *
 * A connection is committed, steered, delivered by its mark and goes round the
 * ring like any other (inbound.c), only that nothing is translated.
 *
 * All VMs of a pool have the same VIP, so a reply does not tell by its source
 * whose it is.  What a VM sends with the VIP as source must
 *
 *   - come from the rule's protocol and port, or be an ICMP error or a request
 *     for a neighbour (which hosts send from whatever address they are about
 *     to use), or it is spoofed;
 *
 *   - be a reply of a connection which has the mark of this very VM, or it
 *     does not leave. */

enum priority {
    P_ANY = 40,                 /* Below ICMP errors: icmp.c. */
    P_ANY_IN = 90,
    P_MATCH = 100,
    P_ND = 110,
    P_OWN = 110,
};

/* A VM as a member of the pool of a rule. */
struct floating {
    const struct host_vm *vm;
    const struct host_endpoint *ep;
    uint16_t index;
};

/* By port and VIP, then by rule, then in a fixed order. */
static int
compare_floating(const void *a_, const void *b_)
{
    const struct floating *a = a_;
    const struct floating *b = b_;

    if (a->vm->port != b->vm->port) {
        return a->vm->port < b->vm->port ? -1 : 1;
    }

    int vips = memcmp(&a->ep->vip, &b->ep->vip, sizeof a->ep->vip);
    if (vips) {
        return vips;
    }
    if (a->ep->cookie != b->ep->cookie) {
        return a->ep->cookie < b->ep->cookie ? -1 : 1;
    }
    return a->index < b->index ? -1 : a->index > b->index;
}

static struct floating *
find_all(const struct host_rules *rules, size_t *n)
{
    struct floating *all = NULL;
    size_t allocated = 0;

    *n = 0;
    for (size_t i = 0; i < rules->n_pools; i++) {
        const struct host_pool *pool = &rules->pools[i];

        for (size_t j = 0; j < pool->n_endpoints; j++) {
            const struct host_endpoint *ep = &pool->endpoints[j];

            for (size_t k = 0; ep->floating && k < pool->n_members; k++) {
                const struct host_vm *vm = pool->members[k].vm;

                if (vm && (IN6_IS_ADDR_V4MAPPED(&vm->address)
                           == IN6_IS_ADDR_V4MAPPED(&ep->vip))) {
                    if (*n >= allocated) {
                        all = x2nrealloc(all, &allocated, sizeof *all);
                    }
                    all[(*n)++] = (struct floating) {
                        .vm = vm,
                        .ep = ep,
                        .index = pool->members[k].index,
                    };
                }
            }
        }
    }
    if (*n) {
        qsort(all, *n, sizeof *all, compare_floating);
    }
    return all;
}

/* What a VM that has 'vip' may send from it, whatever the rule. */
static void
add_vip(const struct host_vm *vm, const struct in6_addr *vip,
        const struct host_endpoint *const eps[], size_t n,
        struct flow_table *ft)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(vip);
    uint64_t cookie = make_cookie(CK_VM, 0, vm->port);
    struct ds actions = DS_EMPTY_INITIALIZER;
    char sender[RULES_TEXT_LEN];
    char text[RULES_TEXT_LEN];
    char src[RULES_TEXT_LEN];

    snprintf(sender, sizeof sender, "in_port=%"PRIu32",dl_src="ETH_ADDR_FMT,
             vm->port, ETH_ADDR_ARGS(vm->mac));
    text_address(text, vip);
    text_match_ip(src, FIELD_SRC, vip);

    if (v4) {
        flow_table_add(ft, HT_IN, P_MATCH, cookie,
                       "%s,arp,arp_sha="ETH_ADDR_FMT",arp_spa=%s "
                       "actions=set_field:%"PRIu32"->"HR_NETWORK","
                       "goto_table:%d",
                       sender, ETH_ADDR_ARGS(vm->mac), text, vm->network,
                       HT_ANSWER);

        /* It says that it has the VIP; an answer would be a contradiction. */
        flow_table_add(ft, HT_ANSWER, P_OWN, drop_cookie(DR_NOISE, vm->port),
                       "in_port=%"PRIu32",arp,arp_spa=%s,arp_tpa=%s "
                       "actions=drop", vm->port, text, text);
    } else {
        flow_table_add(ft, HT_IN, P_ND, cookie,
                       "%s,icmp6,ipv6_src=%s,icmp_type=135,icmp_code=0 "
                       "actions=set_field:%"PRIu32"->"HR_NETWORK","
                       "goto_table:%d",
                       sender, text, vm->network, HT_ANSWER);
    }
    flow_table_add(ft, HT_IN, P_MATCH, cookie,
                   "%s,%s,%s actions=set_field:%"PRIu32"->"HR_NETWORK","
                   "goto_table:%d",
                   sender, text_protocol(vip, IPPROTO_ICMP), src, vm->network,
                   HT_REPLY);
    for (size_t i = 0; i < n; i++) {
        if (eps[i]->protocol == IPPROTO_UDP) {
            flow_table_add(ft, HT_IN, P_MATCH, cookie,
                           "%s,%s,%s "
                           "actions=set_field:%"PRIu32"->"HR_NETWORK","
                           "goto_table:%d",
                           sender, text_fragment(vip, IPPROTO_UDP), src,
                           vm->network, HT_REPLY);
            break;
        }
    }
    fragment_replies(vm, vip, eps, n, ft);
    icmp_ask(eps, n, HT_UNNATED, &actions);
    flow_table_add(ft, HT_ERROR_OUT, P_MATCH, cookie,
                   "in_port=%"PRIu32",%s,%s actions=%sgoto_table:%d",
                   vm->port, text_protocol(vip, IPPROTO_ICMP), src,
                   ds_cstr(&actions), HT_FORWARD);
    ds_destroy(&actions);
}

/* What a VM may send by a rule. */
static void
add_rule(const struct floating *f, struct flow_table *ft)
{
    const struct host_endpoint *ep = f->ep;
    uint64_t cookie = make_cookie(CK_ENDPOINT, 0, ep->cookie);
    char asked[RULES_TEXT_LEN];
    char src[RULES_TEXT_LEN];
    char l4[RULES_TEXT_LEN];

    text_match_ip(src, FIELD_SRC, &ep->vip);
    text_match_l4(l4, FIELD_SRC, &ep->vip, ep->protocol, ep->port);
    flow_table_add(ft, HT_IN, ep->protocol ? P_MATCH : P_ANY_IN, cookie,
                   "in_port=%"PRIu32",dl_src="ETH_ADDR_FMT",%s,%s "
                   "actions=set_field:%"PRIu32"->"HR_NETWORK",goto_table:%d",
                   f->vm->port, ETH_ADDR_ARGS(f->vm->mac), src, l4,
                   f->vm->network, HT_REPLY);
    flow_table_add(ft, HT_REPLY, ep->protocol ? P_MATCH : P_ANY, cookie,
                   "in_port=%"PRIu32","HR_ATTEMPT"=0,%s,%s "
                   "actions=set_field:%"PRIu16"->"HR_ZONE","
                   "set_field:1->"HR_ATTEMPT","
                   "%s"
                   "ct(zone="HR_ZONE_FIELD",nat,table=%d)",
                   f->vm->port, src, l4, ep->zone, reset_asked(asked, ep),
                   HT_UNNATED);
}

/* To and from the VM that has a connection. */
static void
add_member(const struct floating *f, struct flow_table *ft)
{
    const struct host_endpoint *ep = f->ep;
    uint64_t cookie = make_cookie(CK_ENDPOINT, f->index, ep->cookie);
    char owner[RULES_TEXT_LEN];
    char text[RULES_TEXT_LEN];
    char l4[RULES_TEXT_LEN];

    flow_table_add(ft, HT_DELIVER, P_MATCH, cookie,
                   HR_ZONE"=%"PRIu16",ct_mark=%"PRIu16",%s "
                   "actions=set_field:"ETH_ADDR_FMT"->eth_src,"
                   "set_field:"ETH_ADDR_FMT"->eth_dst,output:%"PRIu32,
                   ep->zone, f->index,
                   text_match_ip(text, FIELD_DST, &ep->vip),
                   ETH_ADDR_ARGS(host_gateway_mac), ETH_ADDR_ARGS(f->vm->mac),
                   f->vm->port);

    snprintf(owner, sizeof owner, "in_port=%"PRIu32",ct_mark=%"PRIu16,
             f->vm->port, f->index);
    text_match_ip(text, FIELD_SRC, &ep->vip);
    flow_table_add(ft, HT_UNNATED, P_MATCH, cookie,
                   "%s,"HR_ZONE"=%"PRIu16",ct_zone=%"PRIu16","
                   "ct_state=+trk+est+rpl-inv,%s,%s "
                   "actions=set_field:%d->"HR_REPLY",goto_table:%d",
                   owner, ep->zone, ep->zone, text,
                   text_match_l4(l4, FIELD_SRC, &ep->vip, ep->protocol,
                                 ep->port),
                   reply_mark(ep), HT_LOCATION);
    if (ep->protocol == IPPROTO_UDP) {
        flow_table_add(ft, HT_UNNATED, P_MATCH, cookie,
                       "%s,"HR_ZONE"=%"PRIu16",ct_zone=%"PRIu16","
                       "ct_state=+trk+est+rpl-inv,%s,%s "
                       "actions=set_field:%d->"HR_REPLY",goto_table:%d",
                       owner, ep->zone, ep->zone, text,
                       text_fragment(&ep->vip, ep->protocol),
                       reply_mark(ep), HT_LOCATION);
    }
    flow_table_add(ft, HT_UNNATED, P_MATCH, cookie,
                   "%s,"HR_ZONE"=%"PRIu16","HR_ERROR"=1,"
                   "ct_state=+trk+rel+rpl-inv,%s,%s "
                   "actions=set_field:%d->"HR_REPLY",goto_table:%d",
                   owner, ep->zone, text_protocol(&ep->vip, IPPROTO_ICMP),
                   text, reply_mark(ep), HT_LOCATION);
    stale_denials(ft, ep, owner);
}

void
floating_ip_rules(const struct host_rules *rules, struct flow_table *ft)
{
    size_t n;
    struct floating *all = find_all(rules, &n);
    const struct host_endpoint **eps = xmalloc(n * sizeof *eps);

    for (size_t i = 0, end; i < n; i = end) {
        const struct in6_addr *vip = &all[i].ep->vip;
        size_t n_eps = 0;

        for (end = i; end < n && all[end].vm->port == all[i].vm->port
                      && ipv6_addr_equals(&all[end].ep->vip, vip); end++) {
            if (!n_eps || eps[n_eps - 1] != all[end].ep) {
                eps[n_eps++] = all[end].ep;
                add_rule(&all[end], ft);
            }
            add_member(&all[end], ft);
        }
        add_vip(all[i].vm, vip, eps, n_eps, ft);
    }
    free(eps);
    free(all);
}

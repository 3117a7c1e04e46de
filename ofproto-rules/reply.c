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

#include "ofproto-rules/flow-table.h"
#include "ofproto-rules/pipeline.h"
#include "ofproto-rules/text.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(reply);

/* Replies of VMs to connections from muxes: they get the VIP as source and
 * leave for the client without passing a mux (direct server return).
 *
 * A packet of a VM may be a reply if its source port is the backend port of a
 * rule of the VM.  Whether it is, conntrack knows, in the rule's zone.  If
 * several rules have the same backend port they are asked one after the other,
 * up to the number of times that the datapaths recirculate a packet.  At most
 * one of them knows it: two connections with the same address and port of a
 * client would be one to the VM.  What an earlier one left in conntrack is
 * flushed when the VM's answer to the next one does not fit (stale.c).
 *
 * What is a reply has to come out of ct established, in reply direction, and
 * with the rule's VIP and port as source: this, and not flags of the datapath
 * about what it has done, is what lets a packet on its way to the outside.
 * Everything else is looked at as a packet of the VM's own, which needs the
 * VM's address as source.  (Rules whose VMs have the VIP themselves are in
 * floating-ip.c, and fragments in fragment.c.)
 *
 * Whatever a VM sends may be a reply of a rule for all ports, which is asked
 * after those that have the port. */

enum priority {
    P_DEFAULT = 0,
    P_ERROR = 10,
    P_ANY = 40,                 /* Below ICMP errors: icmp.c. */
    P_MATCH = 100,
};

/* The userspace datapath drops what is recirculated for the seventh time, the
 * kernel's does so earlier if it is busy. */
#define MAX_ATTEMPTS 4

/* By what replies are recognised by, then in a fixed order. */
static int
compare_endpoints(const void *a_, const void *b_)
{
    const struct host_endpoint *a = *(const struct host_endpoint *const *) a_;
    const struct host_endpoint *b = *(const struct host_endpoint *const *) b_;

    if (a->protocol != b->protocol) {
        return a->protocol < b->protocol ? -1 : 1;
    }
    if (a->backend_port != b->backend_port) {
        return a->backend_port < b->backend_port ? -1 : 1;
    }
    return a->cookie < b->cookie ? -1 : a->cookie > b->cookie;
}

/* Returns the rules of 'vm' that translate its address, sorted. */
static const struct host_endpoint **
find_endpoints(const struct host_rules *rules, const struct host_vm *vm,
               size_t *n)
{
    const struct host_endpoint **eps = NULL;
    size_t allocated = 0;

    *n = 0;
    for (size_t i = 0; i < rules->n_pools; i++) {
        const struct host_pool *pool = &rules->pools[i];
        bool member = false;

        for (size_t j = 0; j < pool->n_members; j++) {
            member |= pool->members[j].vm == vm;
        }
        for (size_t j = 0; member && j < pool->n_endpoints; j++) {
            const struct host_endpoint *ep = &pool->endpoints[j];

            if (!ep->floating
                && (IN6_IS_ADDR_V4MAPPED(&ep->vip)
                    == IN6_IS_ADDR_V4MAPPED(&vm->address))) {
                if (*n >= allocated) {
                    eps = x2nrealloc(eps, &allocated, sizeof *eps);
                }
                eps[(*n)++] = ep;
            }
        }
    }
    if (*n) {
        qsort(eps, *n, sizeof *eps, compare_endpoints);
    }
    return eps;
}

/* Has 'ep' asked about what 'vm' sends from 'protocol' and 'port', 0 for any,
 * when 'attempt' others have been asked. */
static void
add_attempt(const struct host_vm *vm, uint8_t protocol, uint16_t port,
            size_t attempt, const struct host_endpoint *ep,
            struct flow_table *ft)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

    char asked[RULES_TEXT_LEN];
    char dip[RULES_TEXT_LEN];
    char l4[RULES_TEXT_LEN];

    if (attempt >= MAX_ATTEMPTS) {
        VLOG_WARN_RL(&rl, "more than %d rules of the VM at port %"PRIu32
                     " have backend port %"PRIu16": replies of some are "
                     "dropped", MAX_ATTEMPTS, vm->port, port);
        return;
    }
    flow_table_add(ft, HT_REPLY, protocol ? P_MATCH : P_ANY,
                   make_cookie(CK_ENDPOINT, 0, ep->cookie),
                   "in_port=%"PRIu32","HR_ATTEMPT"=%"PRIuSIZE",%s,%s "
                   "actions=set_field:%"PRIu16"->"HR_ZONE","
                   "set_field:%"PRIuSIZE"->"HR_ATTEMPT","
                   "%s"
                   "set_field:%"PRIu16"->"HR_PORT",move:%s,"
                   "ct(zone="HR_ZONE_FIELD",nat,table=%d)",
                   vm->port, attempt,
                   text_match_ip(dip, FIELD_SRC, &vm->address),
                   text_match_l4(l4, FIELD_SRC, &vm->address, protocol, port),
                   ep->zone, attempt + 1, reset_asked(asked, ep), port,
                   IN6_IS_ADDR_V4MAPPED(&vm->address)
                   ? "NXM_OF_IP_SRC[]->"HR_VIP4_FIELD
                   : "NXM_NX_IPV6_SRC[]->"HR_VIP6_FIELD,
                   HT_UNNATED);
}

static void
add_vm(const struct host_rules *rules, const struct host_vm *vm,
       struct flow_table *ft)
{
    struct ds actions = DS_EMPTY_INITIALIZER;
    char dip[RULES_TEXT_LEN];
    size_t n, n_any = 0;
    const struct host_endpoint **eps = find_endpoints(rules, vm, &n);

    /* Those for all ports are the first ones. */
    for (; n_any < n && !eps[n_any]->protocol; n_any++) {
        add_attempt(vm, 0, 0, n_any, eps[n_any], ft);
    }
    for (size_t i = n_any, end; i < n; i = end) {
        uint8_t protocol = eps[i]->protocol;
        uint16_t port = eps[i]->backend_port;
        size_t attempt = 0;

        for (end = i; end < n && eps[end]->protocol == protocol
                      && eps[end]->backend_port == port; end++) {
            add_attempt(vm, protocol, port, attempt++, eps[end], ft);
        }
        for (size_t j = 0; j < n_any; j++) {
            add_attempt(vm, protocol, port, attempt++, eps[j], ft);
        }
    }
    fragment_replies(vm, &vm->address, eps, n, ft);
    text_match_ip(dip, FIELD_SRC, &vm->address);
    if (n) {
        icmp_ask(eps, n, HT_UNNATED, &actions);
        flow_table_add(ft, HT_ERROR_OUT, P_MATCH,
                       make_cookie(CK_VM, 0, vm->port),
                       "in_port=%"PRIu32",%s,%s actions=%sgoto_table:%d",
                       vm->port, text_protocol(&vm->address, IPPROTO_ICMP),
                       dip, ds_cstr(&actions), HT_FORWARD);
    }
    ds_destroy(&actions);
    free(eps);
}

/* The mark in HR_REPLY of what comes from the VIP of 'ep'. */
int
reply_mark(const struct host_endpoint *ep)
{
    return ep->internal ? REPLY_INTERNAL : REPLY_PUBLIC;
}

static void
add_endpoint(const struct host_endpoint *ep, struct flow_table *ft)
{
    uint64_t cookie = make_cookie(CK_ENDPOINT, 0, ep->cookie);
    char vip[RULES_TEXT_LEN];
    char l4[RULES_TEXT_LEN];

    text_match_ip(vip, FIELD_SRC, &ep->vip);
    flow_table_add(ft, HT_UNNATED, P_MATCH, cookie,
                   HR_ZONE"=%"PRIu16",ct_zone=%"PRIu16","
                   "ct_state=+trk+est+rpl-inv,%s,%s "
                   "actions=set_field:%d->"HR_REPLY",goto_table:%d",
                   ep->zone, ep->zone, vip,
                   text_match_l4(l4, FIELD_SRC, &ep->vip, ep->protocol,
                                 ep->port),
                   reply_mark(ep), HT_LOCATION);
    if (ep->protocol == IPPROTO_UDP) {
        flow_table_add(ft, HT_UNNATED, P_MATCH, cookie,
                       HR_ZONE"=%"PRIu16",ct_zone=%"PRIu16","
                       "ct_state=+trk+est+rpl-inv,%s,%s "
                       "actions=set_field:%d->"HR_REPLY",goto_table:%d",
                       ep->zone, ep->zone, vip,
                       text_fragment(&ep->vip, ep->protocol),
                       reply_mark(ep), HT_LOCATION);
    }
    flow_table_add(ft, HT_UNNATED, P_MATCH, cookie,
                   HR_ZONE"=%"PRIu16","HR_ERROR"=1,"
                   "ct_state=+trk+rel+rpl-inv,%s,%s "
                   "actions=set_field:%d->"HR_REPLY",goto_table:%d",
                   ep->zone, text_protocol(&ep->vip, IPPROTO_ICMP), vip,
                   reply_mark(ep), HT_LOCATION);
}

/* The bridge of the underlay forwards by Ethernet address: to the gateway. */
static void
add_dsr(const struct host_rules *rules, struct flow_table *ft)
{
    static const char *const families[2] = { "ip", "ipv6" };

    for (int i = 0; i < 2; i++) {
        const struct eth_addr *gateway = &rules->gateway_mac[i];

        if (!eth_addr_is_zero(*gateway)) {
            flow_table_add(ft, HT_DSR, P_MATCH, make_cookie(CK_STATIC, 0, 0),
                           "%s actions=set_field:"ETH_ADDR_FMT"->eth_src,"
                           "set_field:"ETH_ADDR_FMT"->eth_dst,"
                           "output:%"PRIu32,
                           families[i], ETH_ADDR_ARGS(rules->own_mac),
                           ETH_ADDR_ARGS(*gateway), rules->underlay_port);
        }
    }
    flow_table_add(ft, HT_DSR, P_DEFAULT, drop_cookie(DR_GATEWAY, 0),
                   "actions=drop");
}

void
reply_rules(const struct host_rules *rules, struct flow_table *ft)
{
    uint64_t fixed = make_cookie(CK_STATIC, 0, 0);

    for (size_t i = 0; i < rules->n_vms; i++) {
        add_vm(rules, &rules->vms[i], ft);
    }
    icmp_rules(ft, HT_REPLY, HT_ERROR_OUT);
    flow_table_add(ft, HT_REPLY, P_DEFAULT, fixed, "actions=goto_table:%d",
                   HT_FORWARD);
    flow_table_add(ft, HT_ERROR_OUT, P_DEFAULT, fixed, "actions=goto_table:%d",
                   HT_FORWARD);

    for (size_t i = 0; i < rules->n_pools; i++) {
        for (size_t j = 0; j < rules->pools[i].n_endpoints; j++) {
            if (!rules->pools[i].endpoints[j].floating) {
                add_endpoint(&rules->pools[i].endpoints[j], ft);
            }
        }
    }
    flow_table_add(ft, HT_UNNATED, P_ERROR, fixed,
                   HR_ERROR"=1 actions=drop");
    flow_table_add(ft, HT_UNNATED, P_DEFAULT, fixed,
                   "actions=resubmit(,%d)", HT_REPLY);
    add_dsr(rules, ft);
}

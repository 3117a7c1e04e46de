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

#include <stdio.h>

#include "lib/slb-probe.h"
#include "ofproto-rules/flow-table.h"
#include "ofproto-rules/pipeline.h"
#include "ofproto-rules/text.h"
#include "packets.h"

/* Health probes: from the agent, by slb-probe0, to VMs of this host, and back.
 *
 * The agent connects to a VM's token from slb-probe0's own address.  On the
 * way to the VM both are replaced, by the VM's address and by the one that
 * probes come from to all VMs, and on the way back by token and own address
 * again.  Nothing has to be remembered for that, and VMs with the same address
 * in different networks have different tokens.
 *
 * Nobody else can use that address: what comes from a VM, in a tunnel or from
 * the underlay with it as source is dropped.  What a VM sends to it goes to
 * slb-probe0 if it comes from a port that is probed and begins no connection,
 * and otherwise nowhere.
 *
 * The kernel answers whatever a VM sends: with a RST, if there is no such
 * connection.  (These cannot be dropped: by RSTs servers learn that a probe
 * has heard enough.)  With the userspace datapath its answers wait in one
 * queue with all probes to get out of slb-probe0, which VMs could fill so that
 * no probe gets through.  So there is a meter for each address that is probed,
 * far above what answers need.
 *
 * The kernel's datapath has no such queue, so it needs no meter, and has none
 * for a reason: "ovs-ctl restart" gives a switch back its flows, all or none
 * of them, but not its meters, and a switch refuses flows with a meter that it
 * does not have. */

enum priority {
    P_DEFAULT = 0,
    P_MATCH = 100,
    P_SOURCE = 105,             /* Above what VMs may send ... */
    P_BEGIN = 110,
    P_SPOOF = 200,              /* ... and everything. */
};

static void
add_spoof(bool v4, struct flow_table *ft)
{
    struct in6_addr source = slb_probe_source(v4);
    char src[RULES_TEXT_LEN];

    flow_table_add(ft, HT_IN, P_SPOOF, drop_cookie(DR_PROBE, 0),
                   "%s actions=drop",
                   text_match_ip(src, FIELD_SRC, &source));
}

/* What 'vm' sends to where probes come from. */
static void
add_vm(const struct host_vm *vm, struct flow_table *ft)
{
    struct in6_addr source
        = slb_probe_source(IN6_IS_ADDR_V4MAPPED(&vm->address));
    char src[RULES_TEXT_LEN], dst[RULES_TEXT_LEN];

    text_match_ip(src, FIELD_SRC, &vm->address);
    text_match_ip(dst, FIELD_DST, &source);
    flow_table_add(ft, HT_IN, P_SOURCE, make_cookie(CK_VM, 0, vm->port),
                   "in_port=%"PRIu32",dl_src="ETH_ADDR_FMT",%s,%s "
                   "actions=goto_table:%d",
                   vm->port, ETH_ADDR_ARGS(vm->mac), src, dst, HT_PROBED);
}

static void
add_probe(const struct host_rules *rules, const struct host_probe *probe,
          struct flow_table *ft)
{
    const struct host_vm *vm = probe->vm;
    bool v4 = IN6_IS_ADDR_V4MAPPED(&vm->address);
    uint64_t cookie = make_cookie(CK_VM, 0, vm->port);
    struct in6_addr source = slb_probe_source(v4);
    struct in6_addr own = slb_probe_address(v4, SLB_PROBE_OWN);
    struct in6_addr token = slb_probe_address(v4, probe->token);
    const char *protocol = text_protocol(&vm->address, IPPROTO_TCP);
    const char *ip = v4 ? "ip" : "ipv6";
    char source_text[RULES_TEXT_LEN], own_text[RULES_TEXT_LEN];
    char token_text[RULES_TEXT_LEN], dip[RULES_TEXT_LEN];
    char src[RULES_TEXT_LEN], dst[RULES_TEXT_LEN], meter[RULES_TEXT_LEN];

    text_address(source_text, &source);
    text_address(own_text, &own);
    text_address(token_text, &token);
    text_address(dip, &vm->address);
    flow_table_add(ft, HT_PROBE, P_MATCH, cookie,
                   "%s,%s,%s,tp_dst=%"PRIu16" "
                   "actions=set_field:%s->%s_src,set_field:%s->%s_dst,"
                   "set_field:"ETH_ADDR_FMT"->eth_src,"
                   "set_field:"ETH_ADDR_FMT"->eth_dst,output:%"PRIu32,
                   protocol, text_match_ip(src, FIELD_SRC, &own),
                   text_match_ip(dst, FIELD_DST, &token), probe->port,
                   source_text, ip, dip, ip, ETH_ADDR_ARGS(host_gateway_mac),
                   ETH_ADDR_ARGS(vm->mac), vm->port);
    meter[0] = '\0';
    if (rules->limit_probed) {
        snprintf(meter, sizeof meter, "meter:%"PRIu32",",
                 PROBED_METER(probe->token));
    }
    flow_table_add(ft, HT_PROBED, P_MATCH, cookie,
                   "in_port=%"PRIu32",%s,%s,tp_src=%"PRIu16" "
                   "actions=%sset_field:%s->%s_src,set_field:%s->%s_dst,"
                   "set_field:"ETH_ADDR_FMT"->eth_src,"
                   "set_field:"ETH_ADDR_FMT"->eth_dst,output:%"PRIu32,
                   vm->port, protocol,
                   text_match_ip(src, FIELD_SRC, &vm->address), probe->port,
                   meter, token_text, ip, own_text, ip,
                   ETH_ADDR_ARGS(host_gateway_mac),
                   ETH_ADDR_ARGS(rules->probe_mac), rules->probe_port);
}

void
probe_rules(const struct host_rules *rules, struct flow_table *ft)
{
    uint64_t drop = drop_cookie(DR_PROBE, 0);

    add_spoof(true, ft);
    add_spoof(false, ft);
    for (size_t i = 0; i < rules->n_vms; i++) {
        add_vm(&rules->vms[i], ft);
    }
    flow_table_add(ft, HT_PROBED, P_BEGIN, drop,
                   "tcp,tcp_flags=+syn-ack actions=drop");
    flow_table_add(ft, HT_PROBED, P_BEGIN, drop,
                   "tcp6,tcp_flags=+syn-ack actions=drop");
    flow_table_add(ft, HT_PROBED, P_DEFAULT, drop, "actions=drop");

    if (!rules->probe_port) {
        return;
    }
    flow_table_add(ft, HT_IN, P_MATCH, make_cookie(CK_STATIC, 0, 0),
                   "in_port=%"PRIu32" actions=goto_table:%d",
                   rules->probe_port, HT_PROBE);
    for (size_t i = 0; i < rules->n_probes; i++) {
        add_probe(rules, &rules->probes[i], ft);
    }

    /* The kernel speaks for itself, too: router solicitations and the like. */
    flow_table_add(ft, HT_PROBE, P_DEFAULT,
                   drop_cookie(DR_NOISE, rules->probe_port), "actions=drop");
}

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

#include "lib/slb-probe.h"
#include "ofproto-rules/flow-table.h"
#include "ofproto-rules/pipeline.h"
#include "ofproto-rules/text.h"
#include "packets.h"

/* ARP and ND: VMs ask for the Ethernet address of their gateway, of other VMs
 * of their network and of VIPs in it, which look as if they were behind the
 * gateway, and so does where IPv6 probes come from.  We know the answers; no
 * request leaves the host.
 *
 * Only requests from ports of VMs get here (vm.c), and the answer goes to the
 * port that asked: the underlay has requests of its own, which are not ours.
 *
 * A question for the VM's own address is a check whether somebody else has it,
 * and gets no answer.
 *
 * The answer to an ND request is made of the request.  The userspace datapath
 * can change all of its fields; the kernel datapath cannot change the option's
 * type, so there Open vSwitch does it in ovs-vswitchd (slowly, but there are
 * few). */

enum priority {
    P_DEFAULT = 0,
    P_VIP = 90,
    P_MATCH = 100,
    P_OWN = 110,
};

/* Flags of a neighbour advertisement. */
#define NA_ROUTER 0x80000000u
#define NA_SOLICITED 0x40000000u
#define NA_OVERRIDE 0x20000000u

static void
add_answer(struct flow_table *ft, uint16_t priority, uint64_t cookie,
           uint32_t network, const struct in6_addr *addr, struct eth_addr mac,
           bool router)
{
    char text[RULES_TEXT_LEN];

    text_address(text, addr);
    if (IN6_IS_ADDR_V4MAPPED(addr)) {
        flow_table_add(ft, HT_ANSWER, priority, cookie,
                       HR_NETWORK"=%"PRIu32",arp,arp_op=1,arp_tpa=%s "
                       "actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],"
                       "set_field:"ETH_ADDR_FMT"->eth_src,"
                       "set_field:2->arp_op,"
                       "move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],"
                       "move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],"
                       "set_field:"ETH_ADDR_FMT"->arp_sha,"
                       "set_field:%s->arp_spa,IN_PORT",
                       network, text, ETH_ADDR_ARGS(mac), ETH_ADDR_ARGS(mac),
                       text);
    } else {
        flow_table_add(ft, HT_ANSWER, priority, cookie,
                       HR_NETWORK"=%"PRIu32",icmp6,icmp_type=135,icmp_code=0,"
                       "nd_target=%s "
                       "actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],"
                       "set_field:"ETH_ADDR_FMT"->eth_src,"
                       "move:NXM_NX_IPV6_SRC[]->NXM_NX_IPV6_DST[],"
                       "set_field:%s->ipv6_src,"
                       "set_field:136->icmpv6_type,"
                       "set_field:2->nd_options_type,"
                       "set_field:0x%x->nd_reserved,resubmit(,%d)",
                       network, text, ETH_ADDR_ARGS(mac), text,
                       NA_SOLICITED | NA_OVERRIDE | (router ? NA_ROUTER : 0),
                       HT_ADVERTISE);
    }
}

void
answer_rules(const struct host_rules *rules, struct flow_table *ft)
{
    struct in6_addr prober = slb_probe_source(false);

    for (size_t i = 0; i < rules->n_networks; i++) {
        const struct host_network *network = &rules->networks[i];

        add_answer(ft, P_MATCH, make_cookie(CK_NETWORK, 0, network->key),
                   network->key, &prober, host_gateway_mac, false);
        for (size_t j = 0; j < network->n_gateways; j++) {
            add_answer(ft, P_MATCH, make_cookie(CK_NETWORK, 0, network->key),
                       network->key, &network->gateways[j], host_gateway_mac,
                       true);
        }
        for (size_t j = 0; j < network->n_vips; j++) {
            add_answer(ft, P_VIP, make_cookie(CK_NETWORK, 0, network->key),
                       network->key, &network->vips[j], host_gateway_mac,
                       false);
        }
    }
    for (size_t i = 0; i < rules->n_locations; i++) {
        const struct host_location *loc = &rules->locations[i];

        add_answer(ft, P_MATCH, make_cookie(CK_NETWORK, 0, loc->network),
                   loc->network, &loc->address, loc->mac, false);
    }
    for (size_t i = 0; i < rules->n_vms; i++) {
        const struct host_vm *vm = &rules->vms[i];
        char text[RULES_TEXT_LEN];

        add_answer(ft, P_MATCH, make_cookie(CK_VM, 0, vm->port), vm->network,
                   &vm->address, vm->mac, false);
        flow_table_add(ft, HT_ANSWER, P_OWN, drop_cookie(DR_NOISE, vm->port),
                       "in_port=%"PRIu32",%s=%s actions=drop", vm->port,
                       IN6_IS_ADDR_V4MAPPED(&vm->address)
                       ? "arp,arp_tpa" : "icmp6,icmp_type=135,nd_target",
                       text_address(text, &vm->address));
    }

    /* Only in a table that matches on its new type can an advertisement get
     * what only an advertisement has. */
    flow_table_add(ft, HT_ADVERTISE, P_MATCH, make_cookie(CK_STATIC, 0, 0),
                   "icmp6,icmp_type=136,icmp_code=0 "
                   "actions=move:NXM_OF_ETH_SRC[]->NXM_NX_ND_TLL[],IN_PORT");
    flow_table_add(ft, HT_ANSWER, P_DEFAULT, drop_cookie(DR_NOISE, 0),
                   "actions=drop");
}

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

#include "ofproto-rules/flow-table.h"
#include "ofproto-rules/pipeline.h"
#include "ofproto-rules/text.h"
#include "packets.h"

/* VMs: what they may send, and the way between those of one network.
 *
 * Port, Ethernet address and IP address must belong together before anything
 * else is looked at.
 *
 * To a VM everything else is behind its gateway or looks so: whatever the
 * destination's Ethernet address was, the packet gets that of the VM that has
 * the IP address, and the gateway's as source.  It goes there by the VM's
 * port, or in VXLAN, under the network's key, to its host. */

enum priority {
    P_DEFAULT = 0,
    P_OUTSIDE = 10,
    P_SUBNET = 50,
    P_SPOOF = 50,
    P_NOISE = 60,
    P_MATCH = 100,
    P_ND = 110,
};

/* Several addresses may be behind one port; what depends only on the port is
 * added for the first of them. */
static bool
is_first_of(const struct host_rules *rules, size_t i, bool of_family)
{
    const struct host_vm *vm = &rules->vms[i];

    for (size_t j = 0; j < i; j++) {
        const struct host_vm *other = &rules->vms[j];

        if (other->port == vm->port
            && (!of_family
                || (eth_addr_equals(other->mac, vm->mac)
                    && other->network == vm->network
                    && (IN6_IS_ADDR_V4MAPPED(&other->address)
                        == IN6_IS_ADDR_V4MAPPED(&vm->address))))) {
            return false;
        }
    }
    return true;
}

static void
add_sources(const struct host_rules *rules, size_t i, struct flow_table *ft)
{
    const struct host_vm *vm = &rules->vms[i];
    bool v4 = IN6_IS_ADDR_V4MAPPED(&vm->address);
    uint64_t cookie = make_cookie(CK_VM, 0, vm->port);
    char sender[RULES_TEXT_LEN];
    char src[RULES_TEXT_LEN];
    char text[RULES_TEXT_LEN];

    snprintf(sender, sizeof sender, "in_port=%"PRIu32",dl_src="ETH_ADDR_FMT,
             vm->port, ETH_ADDR_ARGS(vm->mac));
    text_match_ip(src, FIELD_SRC, &vm->address);
    text_address(text, &vm->address);

    flow_table_add(ft, HT_IN, P_MATCH, cookie,
                   "%s,%s actions=set_field:%"PRIu32"->"HR_NETWORK","
                   "goto_table:%d",
                   sender, src, vm->network, HT_REPLY);
    flow_table_add(ft, HT_FORWARD, P_MATCH, cookie,
                   "in_port=%"PRIu32",%s actions=goto_table:%d",
                   vm->port, src, HT_LOCATION);
    if (v4) {
        flow_table_add(ft, HT_IN, P_MATCH, cookie,
                       "%s,arp,arp_sha="ETH_ADDR_FMT",arp_spa=%s "
                       "actions=set_field:%"PRIu32"->"HR_NETWORK","
                       "goto_table:%d",
                       sender, ETH_ADDR_ARGS(vm->mac), text, vm->network,
                       HT_ANSWER);
    } else {
        flow_table_add(ft, HT_IN, P_ND, cookie,
                       "%s,icmp6,ipv6_src=%s,icmp_type=135,icmp_code=0 "
                       "actions=set_field:%"PRIu32"->"HR_NETWORK","
                       "goto_table:%d",
                       sender, text, vm->network, HT_ANSWER);
    }
    if (!v4 && is_first_of(rules, i, true)) {
        /* IPv6 asks for neighbours from the link-local address as well, and
         * says other things from there that are of no interest. */
        flow_table_add(ft, HT_IN, P_ND, cookie,
                       "%s,icmp6,ipv6_src=fe80::/10,icmp_type=135,icmp_code=0 "
                       "actions=set_field:%"PRIu32"->"HR_NETWORK","
                       "goto_table:%d",
                       sender, vm->network, HT_ANSWER);
    }
    if (is_first_of(rules, i, false)) {
        uint64_t noise = drop_cookie(DR_NOISE, vm->port);

        flow_table_add(ft, HT_IN, P_NOISE, noise,
                       "%s,ipv6,ipv6_src=fe80::/10 actions=drop", sender);
        flow_table_add(ft, HT_IN, P_NOISE, noise,
                       "%s,ipv6,ipv6_src=:: actions=drop", sender);
        flow_table_add(ft, HT_IN, P_NOISE, noise,
                       "%s,arp,arp_spa=0.0.0.0 actions=drop", sender);
        flow_table_add(ft, HT_IN, P_SPOOF, drop_cookie(DR_SPOOF, vm->port),
                       "in_port=%"PRIu32" actions=drop", vm->port);
    }
}

/* The actions that deliver to a VM of this host. */
static void
add_local(const struct host_vm *vm, struct flow_table *ft)
{
    uint64_t cookie = make_cookie(CK_VM, 0, vm->port);
    char dst[RULES_TEXT_LEN];

    text_match_ip(dst, FIELD_DST, &vm->address);
    flow_table_add(ft, HT_NETWORK, P_MATCH, cookie,
                   "tun_id=%"PRIu32",%s "
                   "actions=set_field:"ETH_ADDR_FMT"->eth_src,"
                   "set_field:"ETH_ADDR_FMT"->eth_dst,output:%"PRIu32,
                   vm->network, dst, ETH_ADDR_ARGS(host_gateway_mac),
                   ETH_ADDR_ARGS(vm->mac), vm->port);
    flow_table_add(ft, HT_LOCATION, P_MATCH, cookie,
                   HR_NETWORK"=%"PRIu32",%s "
                   "actions=set_field:"ETH_ADDR_FMT"->eth_src,"
                   "set_field:"ETH_ADDR_FMT"->eth_dst,output:%"PRIu32,
                   vm->network, dst, ETH_ADDR_ARGS(host_gateway_mac),
                   ETH_ADDR_ARGS(vm->mac), vm->port);
}

static void
add_remote(const struct host_rules *rules, const struct host_location *loc,
           struct flow_table *ft)
{
    char dst[RULES_TEXT_LEN];

    flow_table_add(ft, HT_LOCATION, P_MATCH,
                   make_cookie(CK_NETWORK, 0, loc->network),
                   HR_NETWORK"=%"PRIu32",%s "
                   "actions=set_field:"ETH_ADDR_FMT"->eth_src,"
                   "set_field:"ETH_ADDR_FMT"->eth_dst,"
                   "set_field:%"PRIu32"->tun_id,"
                   "set_field:"IP_FMT"->tun_dst,output:%"PRIu32,
                   loc->network, text_match_ip(dst, FIELD_DST, &loc->address),
                   ETH_ADDR_ARGS(host_gateway_mac), ETH_ADDR_ARGS(loc->mac),
                   loc->network, IP_ARGS(loc->vtep), rules->tunnel_port);
}

void
vm_rules(const struct host_rules *rules, struct flow_table *ft)
{
    for (size_t i = 0; i < rules->n_vms; i++) {
        add_sources(rules, i, ft);
        add_local(&rules->vms[i], ft);
    }
    for (size_t i = 0; i < rules->n_locations; i++) {
        add_remote(rules, &rules->locations[i], ft);
    }
    for (size_t i = 0; i < rules->n_networks; i++) {
        const struct host_network *network = &rules->networks[i];
        uint64_t nobody = drop_cookie(DR_NOBODY, network->key);

        flow_table_add(ft, HT_NETWORK, P_OUTSIDE, nobody,
                       "tun_id=%"PRIu32" actions=drop", network->key);
        for (size_t j = 0; j < network->n_subnets; j++) {
            const struct host_prefix *subnet = &network->subnets[j];
            char dst[RULES_TEXT_LEN];

            flow_table_add(ft, HT_LOCATION, P_SUBNET, nobody,
                           HR_NETWORK"=%"PRIu32",%s actions=drop",
                           network->key,
                           text_match_prefix(dst, FIELD_DST, &subnet->address,
                                             subnet->plen));
        }
    }

    /* The rest is outside, where only replies may go. */
    flow_table_add(ft, HT_FORWARD, P_DEFAULT, drop_cookie(DR_LEAK, 0),
                   "actions=drop");
    flow_table_add(ft, HT_LOCATION, P_OUTSIDE, make_cookie(CK_STATIC, 0, 0),
                   HR_REPLY"=%d actions=goto_table:%d", REPLY_PUBLIC, HT_DSR);
    flow_table_add(ft, HT_LOCATION, P_DEFAULT, drop_cookie(DR_OUTBOUND, 0),
                   "actions=drop");
}

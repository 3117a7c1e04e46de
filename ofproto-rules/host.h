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

#ifndef HOST_RULES_H
#define HOST_RULES_H 1

/* The flows of br-slb, a host's bridge.
 *
 * "struct host_rules" is everything that they depend on.  Each feature adds
 * its own flows, in its own file:
 *
 *     host.c       the way in: ports, VTEPs, tunnel keys
 *     inbound.c    connections from muxes to VMs
 *     ring.c       the ring of owners
 *     fragment.c   datagrams that come, and are answered, in pieces
 *     floating-ip.c connections that VMs get with the VIP as destination
 *     stale.c      SYNs of connections that conntrack has still
 *     reset.c      segments that are answered by a RST
 *     reply.c      their replies, straight to the client
 *     vm.c         between VMs of one network
 *     internal-vip.c from VMs to VIPs in their network
 *     answer.c     ARP and ND requests of VMs
 *     icmp.c       errors about connections
 *     probe.c      health probes of VMs
 *     availability.c  answers to muxes that measure
 *
 * The same flows work on the userspace and on the kernel datapath.  Where
 * these differ, the flows contain what either of them needs, and comments say
 * which.
 *
 * The order of the arrays does not matter. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct ds;
struct flow_table;

/* An address of a VM on this host. */
struct host_vm {
    uint32_t network;           /* Tunnel key. */
    struct in6_addr address;
    struct eth_addr mac;
    ofp_port_t port;
};

/* An address of a VM on another host. */
struct host_location {
    uint32_t network;           /* Tunnel key. */
    struct in6_addr address;
    struct eth_addr mac;
    ovs_be32 vtep;
};

struct host_prefix {
    struct in6_addr address;
    unsigned int plen;          /* In the address's own family. */
};

/* A network that VMs of this host are in. */
struct host_network {
    uint32_t key;
    struct in6_addr *gateways;
    size_t n_gateways;
    struct host_prefix *subnets;
    size_t n_subnets;
    struct in6_addr *vips;      /* Internal frontends. */
    size_t n_vips;
};

/* A member of a pool: on this host ('vm'), on another one ('vtep') or, with
 * neither, nowhere. */
struct host_member {
    uint16_t index;
    const struct host_vm *vm;
    ovs_be32 vtep;
    bool unhealthy;             /* Has 'vm', and gets no connections any more:
                                 * it is down. */
};

/* A rule. */
struct host_endpoint {
    struct in6_addr vip;
    uint8_t protocol;           /* IPPROTO_TCP, IPPROTO_UDP or, for all that
                                 * comes to the VIP ("HA ports"), 0. */
    uint16_t port;              /* 0 for all. */
    uint16_t backend_port;      /* Unless it is floating: then 'port'. */
    uint16_t zone;              /* Of conntrack; a rule's own on this host. */
    uint32_t cookie;
    bool floating;              /* VMs see the VIP: floating-ip.c. */
    bool internal;              /* The VIP is in the VMs' network. */
    bool tcp_reset;             /* Connections end by a RST: reset.c. */
};

/* A pool that VMs of this host are members of. */
struct host_pool {
    uint32_t key;
    struct host_member *members;
    size_t n_members;
    struct host_endpoint *endpoints;
    size_t n_endpoints;
};

/* A VM's TCP port that is probed.  The agent knows the VM by its token (see
 * lib/slb-probe.h), a number of which each address of a VM has its own. */
struct host_probe {
    const struct host_vm *vm;
    uint16_t token;
    uint16_t port;
};

struct host_rules {
    ofp_port_t tunnel_port;
    ofp_port_t underlay_port;   /* The patch to the underlay's bridge. */

    /* Where the agent's probes come from; without, there are none. */
    ofp_port_t probe_port;
    struct eth_addr probe_mac;
    const struct host_probe *probes; /* Each VM and port once. */
    size_t n_probes;
    bool limit_probed;          /* Meters for what answers them. */

    /* Replies leave from 'own_mac' to the gateway of their family, if that is
     * known. */
    struct eth_addr own_mac;
    struct eth_addr gateway_mac[2]; /* IPv4, IPv6; all zeros: unknown. */

    ovs_be32 anycast;           /* VTEP that all muxes share; 0: none. */

    const ovs_be32 *peers;      /* VTEPs that may send to us, each once. */
    size_t n_peers;
    const ovs_be32 *muxes;      /* Those of them that are muxes. */
    size_t n_muxes;
    const struct host_vm *vms;
    size_t n_vms;
    const struct host_location *locations;
    size_t n_locations;
    const struct host_network *networks;
    size_t n_networks;
    const struct host_pool *pools;
    size_t n_pools;
};

void host_rules_build(const struct host_rules *, struct flow_table *);

/* The features. */
void inbound_rules(const struct host_rules *, struct flow_table *);
void ring_rules(const struct host_rules *, struct flow_table *);
void fragment_rules(const struct host_rules *, struct flow_table *);
void fragment_replies(const struct host_vm *, const struct in6_addr *src,
                      const struct host_endpoint *const eps[], size_t n,
                      struct flow_table *);
void floating_ip_rules(const struct host_rules *, struct flow_table *);
void stale_rules(const struct host_rules *, struct flow_table *);
void stale_denials(struct flow_table *, const struct host_endpoint *,
                   const char *owner);
void reset_rules(const struct host_rules *, struct flow_table *);
const char *reset_asked(char *buf, const struct host_endpoint *);
void reply_rules(const struct host_rules *, struct flow_table *);
int reply_mark(const struct host_endpoint *);
void vm_rules(const struct host_rules *, struct flow_table *);
void internal_vip_rules(const struct host_rules *, struct flow_table *);
void answer_rules(const struct host_rules *, struct flow_table *);
void probe_rules(const struct host_rules *, struct flow_table *);
void availability_rules(const struct host_rules *, struct flow_table *);
void icmp_rules(struct flow_table *, uint8_t from, uint8_t to);
void icmp_ask(const struct host_endpoint *const eps[], size_t n, uint8_t next,
              struct ds *actions);

#endif /* ofproto-rules/host.h */

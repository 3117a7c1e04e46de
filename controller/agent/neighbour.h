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


#ifndef NEIGHBOUR_H
#define NEIGHBOUR_H 1

/* Next hops: how the underlay reaches an address.
 *
 * Neither the mux datapath nor OpenFlow flows resolve anything: they are told
 * the Ethernet addresses of their next hops.  The kernel of the node can do
 * it, since it has the underlay's address on the bridge's LOCAL port.  This
 * module has it do so and watches what it finds, by rtnetlink, in the network
 * namespace of the process.
 *
 *
 * Use
 * ===
 *
 * A user of the module has a "struct neighbour_set" and tells by
 * neighbour_set_replace() which addresses it cares for, as often as it likes
 * (IPv4 addresses are written as IPv4-mapped IPv6 ones, see
 * in6_addr_set_mapped_ipv4()).  The same address may be in several sets.  The
 * unspecified address, 0.0.0.0 or ::, stands for the gateway of the default
 * route.
 *
 * neighbour_get() says what is known about an address at any time.  The number
 * that neighbour_seqno() returns changes whenever one of these answers does,
 * so comparing it with what it was tells whether to look again.
 *
 * neighbour_run() and neighbour_wait() belong into the main loop.  They do not
 * block: the kernel is asked by system calls that it answers at once, and what
 * takes time (ARP, neighbour discovery) it reports later.
 *
 *
 * What is done
 * ============
 *
 * For each address the kernel's routing decision is asked for, again after
 * every change of routes, rules, addresses or links: it yields an interface
 * and a next hop, which is the address itself or a gateway.  Next hops are
 * resolved before anything needs them, and probed by a unicast request at
 * least every NEIGHBOUR_REFRESH_MS: the entry never gets old, and a neighbour
 * that died is noticed after one such interval and the kernel's three probes
 * (3 seconds), whether there is traffic or not.  A kernel that is told to
 * manage an entry (NTF_EXT_MANAGED) would notice after a minute.
 *
 * A next hop is reachable when its interface is up and its Ethernet address is
 * known.  It stays reachable, by the address known last, while the kernel asks
 * again, and stops to be when nobody answered; the module then goes on asking
 * (by broadcast or multicast).
 *
 * When notifications were lost because there were too many, everything is
 * read again. */

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct ds;
struct ofpbuf;

/* A reachable neighbour is asked whether it still is at least this often. */
#define NEIGHBOUR_REFRESH_MS 3000

/* What is known about an address.  The members after 'reachable' are valid as
 * far as they are known, and zero otherwise: an address that is not reachable
 * may have a route. */
struct neighbour {
    bool reachable;             /* All of the following is known and works. */
    struct in6_addr next_hop;   /* Gateway, or the address itself. */
    char iface[IFNAMSIZ];       /* Name of the output interface. */
    struct eth_addr src_mac;    /* Of the output interface. */
    struct eth_addr dst_mac;    /* Of the next hop. */
};

void neighbour_init(void);
void neighbour_run(void);
void neighbour_wait(void);
void neighbour_destroy(void);

struct neighbour_set *neighbour_set_create(void);
void neighbour_set_destroy(struct neighbour_set *);
void neighbour_set_replace(struct neighbour_set *,
                           const struct in6_addr[], size_t n);

bool neighbour_get(const struct in6_addr *, struct neighbour *);
uint64_t neighbour_seqno(void);

void neighbour_format(struct ds *);

/* Parsing of rtnetlink messages, for the module and its tests. */

struct neighbour_route {
    int ifindex;
    struct in6_addr gateway;    /* All zeros: none, on-link. */
    unsigned int prefix_len;
    unsigned int table;
    uint32_t metric;
};

struct neighbour_entry {
    int ifindex;
    struct in6_addr address;
    uint16_t state;             /* NUD_*. */
    bool has_mac;
    struct eth_addr mac;
};

struct neighbour_link {
    int ifindex;
    char name[IFNAMSIZ];
    bool up;
    bool has_mac;
    struct eth_addr mac;
};

bool neighbour_parse_route(const struct ofpbuf *, struct neighbour_route *);
bool neighbour_parse_entry(const struct ofpbuf *, struct neighbour_entry *);
bool neighbour_parse_link(const struct ofpbuf *, struct neighbour_link *);

#endif /* controller/agent/neighbour.h */

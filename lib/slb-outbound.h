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

#ifndef SLB_OUTBOUND_H
#define SLB_OUTBOUND_H 1

/* How many ports an outbound rule gives to each member of its pool.
 *
 * A frontend has the 64,512 ports from 1024 on for SNAT, in blocks of eight,
 * of which 64,000 are given out.  A block in which a rule, an inbound NAT rule
 * or an inbound NAT pool listens is not for SNAT: what is above 64,000 makes
 * up for the first 64 of these, from then on each takes eight ports off.  A
 * rule's members get their ports from all of its frontends together.
 *
 * The caller sums up what the frontends have and asks:
 *
 *     struct slb_outbound_listeners listeners;
 *     uint64_t available = 0;
 *
 *     for (each frontend of the outbound rule) {
 *         slb_outbound_listeners_init(&listeners);
 *         for (each listener on that frontend) {
 *             slb_outbound_listen(&listeners, first_port, last_port);
 *         }
 *         available += slb_outbound_available(&listeners);
 *     }
 *     ports = slb_outbound_ports(rule->allocated_outbound_ports,
 *                                n_members, available);
 *     if (!slb_outbound_fits(ports, n_members, available)) {
 *         ...
 *     }
 *
 * This is arithmetic only; which ports a member gets is not decided here. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bitmap.h"

#define SLB_OUTBOUND_PORTS_PER_FRONTEND 64000
#define SLB_OUTBOUND_FIRST_PORT 1024
#define SLB_OUTBOUND_BLOCK 8

/* Values of allocatedOutboundPorts that are no number of ports. */
#define SLB_OUTBOUND_DEFAULT 0      /* Azure's table by the pool's size. */
#define SLB_OUTBOUND_ON_DEMAND (-1) /* None at first, then block by block. */
#define SLB_OUTBOUND_EVEN (-2)      /* All that there are, evenly. */

/* The blocks of a frontend's ports for SNAT in which something listens. */
struct slb_outbound_listeners {
    unsigned long blocks[BITMAP_N_LONGS((UINT16_MAX + 1)
                                        / SLB_OUTBOUND_BLOCK)];
    size_t n;                   /* Number of bits that are set. */
};

void slb_outbound_listeners_init(struct slb_outbound_listeners *);
void slb_outbound_listen(struct slb_outbound_listeners *,
                         uint16_t first, uint16_t last);
uint32_t slb_outbound_available(const struct slb_outbound_listeners *);

uint64_t slb_outbound_ports(int allocated, size_t n_members,
                            uint64_t available);
bool slb_outbound_fits(uint64_t ports, size_t n_members, uint64_t available);

#endif /* lib/slb-outbound.h */

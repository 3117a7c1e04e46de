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

#ifndef MUX_AVAILABILITY_H
#define MUX_AVAILABILITY_H 1

/* Has the mux measure whether its VIPs can be reached (availability.h).
 *
 * Packets go to the mux datapath as packet-outs on br-mux, to the port of type
 * slbmux, so that they are forwarded like what comes from the wire, by the
 * tables in force.  Hosts' switches send them back to this mux's own VTEP,
 * where the datapath leaves them to the node: they arrive at a socket of ours,
 * bound to the VTEP and VXLAN's port.
 *
 * What a transition brings about is told in the node's row, by the keyword
 * "availability". */

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct agent;
struct mux_tables;
struct sset;

/* What there is to be measured. */
struct mux_availability_view {
    const struct mux_tables *tables; /* In force; NULL: do not measure. */
    const struct sset *addresses;    /* To be announced... */
    const struct sset *ready;        /* ...and ready. */
    ofp_port_t port;                 /* Of the datapath. */
    bool changed;                    /* Any of it, since the last time. */
};

typedef const char *mux_availability_name_func(int64_t network,
                                               const char *address,
                                               void *agent);

void mux_availability_init(struct agent *, mux_availability_name_func *);
void mux_availability_run(struct agent *,
                          const struct mux_availability_view *);
void mux_availability_wait(void);
void mux_availability_destroy(void);

bool mux_availability_is_dead(ovs_be32 vtep);
uint64_t mux_availability_seqno(void);

#endif /* controller/agent/mux-availability.h */

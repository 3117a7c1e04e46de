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

#ifndef FABRIC_H
#define FABRIC_H 1

/* Where the nodes' VTEPs are: who may send to the VTEP that all muxes share.
 *
 * What hosts tunnel there is let into their VMs' networks, so it must come
 * from a host.  A mux does not know all hosts, only those that have members:
 * the others are as many as the cloud is large.  What it is told instead is
 * where they are: the operator sets SLB_Global's option "vtep-prefixes" to the
 * prefixes that VTEPs, and nothing else, have their addresses from.  Without
 * it only those on the link of the mux's own VTEP are believed, which is all
 * there is in a small cloud and too little in one with routers between its
 * nodes.  The muxes' own VTEP is always among them.
 *
 * The routers at the edge must not let in packets with such source addresses
 * (RFC 2827): nobody can tell them from the nodes' own. */

#include <stdbool.h>

#include "openvswitch/types.h"

struct sset;

void fabric_init(void);
bool fabric_run(void);
void fabric_wait(void);
void fabric_get_link(ovs_be32 vtep, struct sset *prefixes);

bool fabric_get_prefixes(const char *option, struct sset *prefixes);

#endif /* controller/agent/fabric.h */

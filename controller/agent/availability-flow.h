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

#ifndef AVAILABILITY_FLOW_H
#define AVAILABILITY_FLOW_H 1

/* By which flows an endpoint is measured.
 *
 * A packet's owner follows from its addresses and ports, by a calculation that
 * is the same everywhere (lib/slb-hash.h, lib/maglev.h).  So the agent, which
 * knows what the datapath has been told, tries source addresses and ports
 * until it has one for each member that has any slots: it knows beforehand
 * which host is to answer.  This is all that depends on the contents of
 * pools; a table is built for it and thrown away. */

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct json;
struct slb_hash_key;

/* An endpoint has flows for so many members at the most. */
#define AVAILABILITY_MAX_FLOWS 1024

struct availability_flow {
    ovs_be32 vtep;              /* Of the owner's host. */
    uint16_t owner;             /* Index of the member. */
    uint16_t source;            /* Number: lib/slb-availability.h. */
    uint16_t sport;
};

/* What packets for an endpoint have in common. */
struct availability_endpoint {
    struct in6_addr vip;
    uint32_t network;           /* Tunnel key; 0: on the wire. */
    uint8_t protocol;           /* TCP or UDP. */
    uint16_t port;
};

struct availability_pool;

struct availability_pool *
availability_pool_create(const struct json *pool, const struct slb_hash_key *);
void availability_pool_destroy(struct availability_pool *);

size_t availability_pool_choose(const struct availability_pool *,
                                const struct availability_endpoint *,
                                const char *distribution,
                                struct availability_flow **);

struct in6_addr availability_source(bool v4, uint16_t number);

#endif /* controller/agent/availability-flow.h */

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

#ifndef AVAILABILITY_PACKET_H
#define AVAILABILITY_PACKET_H 1

/* The packets by which a mux's agent measures, and the answers to them.
 *
 * A packet looks like a client's in the midst of a connection: a TCP segment
 * with ACK and data, so that it counts nowhere as the begin of one, or a UDP
 * datagram.  One for a VIP in a network comes as from a host, tunnelled to the
 * muxes' common VTEP.  The data have the packet's number, the time it was sent
 * at and a tag that only who has made it can compute: nobody else can make an
 * answer. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/steering.h"
#include "openvswitch/types.h"

struct availability_endpoint;
struct availability_flow;
struct dp_packet;

struct availability_secret {
    uint8_t octets[16];
};

/* What it takes to make packets. */
struct availability_maker {
    struct availability_secret secret;
    ovs_be32 vtep;              /* This mux's. */
    ovs_be32 anycast;           /* All muxes'. */
};

struct availability_answer {
    uint64_t seq;
    long long int sent_us;      /* As given to availability_packet_make(). */
    enum steering_measure measure;
    uint16_t owner;
};

void availability_packet_make(const struct availability_maker *,
                              const struct availability_endpoint *,
                              const struct availability_flow *, uint64_t seq,
                              long long int now_us, struct dp_packet *);
bool availability_packet_parse(const struct availability_maker *,
                               const void *payload, size_t len,
                               struct availability_answer *);

#endif /* controller/agent/availability-packet.h */

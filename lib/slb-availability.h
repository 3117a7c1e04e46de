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

#ifndef SLB_AVAILABILITY_H
#define SLB_AVAILABILITY_H 1

/* Packets by which a mux measures whether its VIPs can be reached.
 *
 * The agent of a mux makes packets such as a client would send to a VIP and
 * has the datapath forward them.  They are known by their source address,
 *
 *     169.254.192.0/18      fe80::534c:4276:0:0/112
 *
 * which is link-local: no mux takes a packet with such a source from the wire
 * or from a tunnel, so nobody else can send one.  The datapath lets it pass
 * only in what comes from the bridge itself (an OpenFlow packet-out), and puts
 * a mark of its own into the steering header (lib/steering.h).  Hosts know
 * such packets by that mark alone.
 *
 * There is a range of addresses so that rules that spread by source address
 * can be measured with all of their members. */

#include <stdbool.h>
#include <stdint.h>

/* Numbers of the range: 0 to this. */
#define SLB_AVAILABILITY_LAST 0x3fff

/* Returns source address 'number' of IPv4, in host byte order. */
static inline uint32_t
slb_availability_source_v4(uint16_t number)
{
    return 0xa9fec000 | number;
}

/* Stores that of IPv6 as slb_hash_ipv6() wants it. */
static inline void
slb_availability_source_v6(uint16_t number, uint64_t source[2])
{
    source[0] = UINT64_C(0xfe80) << 48;
    source[1] = UINT64_C(0x534c4276) << 32 | number;
}

static inline bool
slb_availability_is_source_v4(uint32_t source)
{
    return source >> 14 == 0xa9fec000 >> 14;
}

static inline bool
slb_availability_is_source_v6(const uint64_t source[2])
{
    return (source[0] == UINT64_C(0xfe80) << 48
            && source[1] >> 16 == UINT64_C(0x534c4276) << 16);
}

#endif /* lib/slb-availability.h */

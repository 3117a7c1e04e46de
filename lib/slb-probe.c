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

#include "lib/slb-probe.h"

#include "packets.h"

/* Returns the address that VMs see as the source of probes. */
struct in6_addr
slb_probe_source(bool v4)
{
    static const struct in6_addr source6 = {
        .s6_addr = { 0xfe, 0x80, [10] = 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc },
    };
    struct in6_addr source4;

    in6_addr_set_mapped_ipv4(&source4, htonl(0xa83f8110));
    return v4 ? source4 : source6;
}

/* Returns the address of 'number' in the range of tokens; 0 is the range's
 * own. */
struct in6_addr
slb_probe_address(bool v4, uint16_t number)
{
    struct in6_addr address = {
        .s6_addr = { 0xfd, 0x53, 0x4c, 0x42, [14] = number >> 8, number },
    };

    if (v4) {
        in6_addr_set_mapped_ipv4(&address, htonl(0xa9fe4000 | number));
    }
    return address;
}

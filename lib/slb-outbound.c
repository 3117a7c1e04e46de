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

#include "lib/slb-outbound.h"

#include <string.h>

#include "util.h"

/* The first row of Azure's table: so many ports for pools up to this size.
 * From row to row the size doubles and the ports halve. */
#define TABLE_MEMBERS 50
#define TABLE_PORTS 1024

/* Nothing listens. */
void
slb_outbound_listeners_init(struct slb_outbound_listeners *listeners)
{
    memset(listeners, 0, sizeof *listeners);
}

/* Something listens on all ports from 'first' to 'last', e.g. 'first' and
 * 'last' are 80 for a rule with frontend port 80; 0 and 65535 for HA ports. */
void
slb_outbound_listen(struct slb_outbound_listeners *listeners,
                    uint16_t first, uint16_t last)
{
    for (unsigned int block = (MAX(first, SLB_OUTBOUND_FIRST_PORT)
                               / SLB_OUTBOUND_BLOCK);
         block <= last / SLB_OUTBOUND_BLOCK; block++) {
        if (!bitmap_is_set(listeners->blocks, block)) {
            bitmap_set1(listeners->blocks, block);
            listeners->n++;
        }
    }
}

/* Returns the number of ports that a frontend with these listeners has for
 * SNAT, a multiple of 8. */
uint32_t
slb_outbound_available(const struct slb_outbound_listeners *listeners)
{
    uint32_t ports = UINT16_MAX + 1 - SLB_OUTBOUND_FIRST_PORT;

    return MIN(ports - listeners->n * SLB_OUTBOUND_BLOCK,
               SLB_OUTBOUND_PORTS_PER_FRONTEND);
}

/* Azure's table: 1024 ports each up to 50 members, 512 up to 100, and so on to
 * 32 up to 1000.  Larger pools, which Azure does not have there, go on in the
 * same manner down to a single block. */
static uint64_t
ports_by_table(size_t n_members)
{
    size_t limit = TABLE_MEMBERS;
    uint64_t ports = TABLE_PORTS;

    while (n_members > limit && ports > SLB_OUTBOUND_BLOCK) {
        limit *= 2;
        ports /= 2;
    }
    return ports;
}

/* Returns the number of ports that each of the 'n_members' members of the pool
 * of an outbound rule starts with: 'allocated' is the rule's
 * allocatedOutboundPorts, 'available' the number of ports that its frontends
 * have for SNAT.  With SLB_OUTBOUND_ON_DEMAND that is 0, and more is given
 * block by block.  With SLB_OUTBOUND_EVEN it is 0 if there is not a block for
 * each. */
uint64_t
slb_outbound_ports(int allocated, size_t n_members, uint64_t available)
{
    switch (allocated) {
    case SLB_OUTBOUND_DEFAULT:
        return ports_by_table(n_members);

    case SLB_OUTBOUND_ON_DEMAND:
        return 0;

    case SLB_OUTBOUND_EVEN:
        return (n_members
                ? ROUND_DOWN(available / n_members, SLB_OUTBOUND_BLOCK) : 0);

    default:
        ovs_assert(allocated > 0);
        return allocated;
    }
}

/* Returns true if frontends with 'available' ports for SNAT can give 'ports'
 * ports to each of 'n_members' members. */
bool
slb_outbound_fits(uint64_t ports, size_t n_members, uint64_t available)
{
    return !n_members || ports <= available / n_members;
}

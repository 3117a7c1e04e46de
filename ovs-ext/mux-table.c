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

#include "ovs-ext/mux-table.h"

#include "lib/steering.h"
#include "packets.h"
#include "unaligned.h"

void
mux_address_to_words(const struct in6_addr *address, uint64_t words[2])
{
    for (int i = 0; i < 2; i++) {
        words[i] = 0;
        for (int j = 0; j < 8; j++) {
            words[i] = words[i] << 8 | address->s6_addr[8 * i + j];
        }
    }
}

struct in6_addr
mux_address_from_words(const uint64_t words[2])
{
    struct in6_addr address;

    for (int i = 0; i < 16; i++) {
        address.s6_addr[i] = words[i / 8] >> (56 - 8 * (i % 8));
    }
    return address;
}

/* Returns the entry of an endpoint, or null.  Stores into '*endpointp', if
 * nonnull, what the endpoint was configured with. */
const struct mux_entry *
mux_table_lookup(const struct mux_table *table, uint32_t network,
                 const struct in6_addr *address,
                 uint8_t protocol, uint16_t port,
                 const struct mux_endpoint **endpointp)
{
    uint64_t tuple = mux_tuple(network, protocol, port);
    uint64_t vip[2];

    mux_address_to_words(address, vip);

    uint64_t hash = mux_endpoint_hash(vip, tuple);
    const struct mux_page *page = mux_table_page(table, hash);
    const struct mux_entry *e = mux_page_find(page, hash, vip, tuple);
    if (endpointp) {
        *endpointp = e ? page->endpoints[e - page->entries] : NULL;
    }
    return e;
}

/* Fills in '*s' for a packet with 'hash' to endpoint 'e' at time 'now', whose
 * current owner is 'owner'. */
void
mux_table_steer(const struct mux_table *table, const struct mux_entry *e,
                uint64_t hash, const struct mux_owner *owner,
                long long int now, struct steering *s)
{
    const struct mux_ring *ring
        = e->flags & MUX_ENTRY_RING ? mux_entry_ring(e, hash) : NULL;
    bool settled = now / 1000 >= e->settled_at;

    *s = (struct steering) {
        .owners = { owner->index }, .n_owners = 1, .flags = owner->flags,
    };
    if (ring) {
        for (int i = 0; i < ring->n; i++) {
            const struct mux_nexthop_entry *nexthop
                = mux_table_nexthop(table, ring->nexthops[i]);

            if (nexthop->valid && !nexthop->dead) {
                s->owners[s->n_owners++] = ring->indices[i];
            } else if (ring->nexthops[i] != MUX_NO_NEXTHOP) {
                /* It has a host, which cannot be reached for now.  It may well
                 * know the connection. */
                settled = false;
            }
        }
        if (ring->truncated) {
            settled = false;
        }
        if (ring->changed_at != LLONG_MIN
            && now - ring->changed_at < e->recent * 1000LL) {
            s->flags |= STEERING_RECENT;
        }
    }
    if (settled) {
        s->flags |= STEERING_SETTLED;
    }
}

/* Makes '*s', from mux_table_steer(), that of a fragment to 'port'. */
void
mux_table_steer_fragment(struct steering *s, uint16_t port)
{
    *s = (struct steering) {
        .owners = { s->owners[0] },
        .n_owners = 1,
        .flags = ((s->flags & (STEERING_SETTLED | STEERING_SNAT))
                  | STEERING_FRAGMENT),
        .port = port,
    };
}

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


#ifndef MUX_FRAGMENT_H
#define MUX_FRAGMENT_H 1

/* All fragments of a datagram go to one member.
 *
 * Only the first fragment has the ports that say which flow a datagram belongs
 * to.  So it leaves them in a table, by what all fragments have: addresses,
 * protocol and identification.  Those that come later find them there; those
 * that come earlier wait there until the first one has come.
 *
 * The table is all that the mux ever remembers from one packet to the next,
 * and it is small: a datagram is forgotten after MUX_FRAGMENT_TIMEOUT, or
 * earlier if others need the place, and few packets may wait.  Where there is
 * no room any more, those go first of which the first fragment has not come,
 * the oldest before others: who sends fragments that never become a datagram
 * makes the time shorter that others may wait, and takes nothing from those
 * whose flow is known.  What waits in vain is dropped, and counted here and
 * for the VIP that it was for.  A mux that is killed loses datagrams on their
 * way, no connections.
 *
 * Threads share the table, since a NIC may give the first fragment of a
 * datagram to another queue than the others, and take a lock for a row of it.
 * Routers that spread flows over muxes have to leave out ports for fragments,
 * as Linux and those with hardware do, since later ones have none.
 *
 * The table has the flow, not the member: a fragment is placed by the tables
 * in force when it is forwarded, as any other packet.  A datagram whose slot
 * changes hands while its fragments arrive may be torn apart. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_packet;
struct mux_table;
struct mux_thread;

/* Datagrams that are remembered. */
#define MUX_FRAGMENT_ROWS 512
#define MUX_FRAGMENT_WAYS 8
#define MUX_FRAGMENT_DATAGRAMS (MUX_FRAGMENT_ROWS * MUX_FRAGMENT_WAYS)

/* For how long, in milliseconds. */
#define MUX_FRAGMENT_TIMEOUT 1000

/* Packets that may wait, and of them of one datagram: the largest one in
 * fragments for an MTU of 1280. */
#define MUX_FRAGMENT_MAX_WAITING 512
#define MUX_FRAGMENT_MAX_OF_ONE 54

/* What all fragments of a datagram have.  There are no holes in it. */
struct mux_fragment_key {
    uint64_t src[2];            /* IPv4: in src[0]. */
    uint64_t dst[2];
    uint32_t network;
    uint32_t id;
    uint64_t protocol;          /* 0 for IPv6, where fragments may differ. */
};

/* What the first one has besides. */
struct mux_fragment_flow {
    uint16_t sport, dport;
    uint8_t protocol;
};

/* Packets that need not wait any more. */
struct mux_released {
    struct dp_packet **packets;
    size_t n, allocated;
};

struct mux_fragment_stats {
    uint64_t datagrams;         /* Remembered now. */
    uint64_t waiting;           /* Packets that wait now. */
    uint64_t evictions;         /* Datagrams that had to make room. */
    uint64_t timeouts;          /* Datagrams whose first never came. */
    uint64_t dropped;           /* Packets that waited in vain. */
};

struct mux_fragments *mux_fragments_create(void);
void mux_fragments_destroy(struct mux_fragments *);

/* These take a thread that shares a table of fragments, and what it forwards
 * by. */
void mux_fragments_first(struct mux_thread *, const struct mux_table *,
                         const struct mux_fragment_key *,
                         const struct mux_fragment_flow *, long long int now);

enum mux_fragment_fate {
    MUX_FRAGMENT_KNOWN,         /* The flow is known. */
    MUX_FRAGMENT_WAITS,         /* The packet has been taken and waits. */
    MUX_FRAGMENT_NO_ROOM,       /* It cannot wait. */
};
enum mux_fragment_fate mux_fragments_later(struct mux_thread *,
                                           const struct mux_table *,
                                           const struct mux_fragment_key *,
                                           struct dp_packet *,
                                           long long int now,
                                           struct mux_fragment_flow *);

void mux_fragments_run(struct mux_thread *, const struct mux_table *,
                       long long int now);

void mux_fragments_wait(struct mux_fragments *);
void mux_fragments_get_stats(struct mux_fragments *, long long int now,
                             struct mux_fragment_stats *);

#endif /* ovs-ext/mux-fragment.h */

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


#ifndef MUX_FEED_H
#define MUX_FEED_H 1

/* The agent's end of the mux datapath's socket (lib/mux-protocol.h).
 *
 * The user hands over the tables that the datapath should have
 * (mux_feed_put()), as a whole, whenever they have changed.  The feed brings
 * the datapath there: by the difference if it knows what the datapath has, by
 * everything else.  It knows that as long as the datapath's instance and
 * generation are those that it left, also over a lost connection.
 *
 * What is in force now, mux_feed_state() and mux_feed_in_force() say; nothing
 * is said to be in force before the datapath has acknowledged it.
 *
 * A transaction that the datapath refuses changes nothing.  It is logged, and
 * everything is sent again, the first time after a second, then more and more
 * seldom; what was acknowledged before stays in force.  A lost connection is
 * opened again for ever.  Nothing here blocks.
 *
 * The datapath can also be asked what it knows about shortages
 * (mux_feed_ask()).  It is only asked while no transaction is under way, and
 * transactions do not wait for the answer. */

#include <stdbool.h>
#include <stdint.h>

struct ds;
struct json;
struct mux_feed;
struct mux_tables;

enum mux_feed_state {
    /* No connection, or it has not told yet what it has. */
    MUX_FEED_OFFLINE,

    /* The datapath has no tables at all: it has just started. */
    MUX_FEED_EMPTY,

    /* It has tables, which somebody else, such as an agent before this one,
     * gave to it. */
    MUX_FEED_FOREIGN,

    /* It has tables of ours: mux_feed_in_force(). */
    MUX_FEED_OURS,
};

struct mux_feed *mux_feed_create(const char *remote);
void mux_feed_destroy(struct mux_feed *);

void mux_feed_run(struct mux_feed *);
void mux_feed_wait(struct mux_feed *);

void mux_feed_put(struct mux_feed *, struct mux_tables *);

enum mux_feed_state mux_feed_state(const struct mux_feed *);
const struct mux_tables *mux_feed_in_force(const struct mux_feed *);
const char *mux_feed_instance(const struct mux_feed *);
bool mux_feed_acked(const struct mux_feed *);
uint64_t mux_feed_seqno(const struct mux_feed *);

void mux_feed_ask(struct mux_feed *);
struct json *mux_feed_take_answer(struct mux_feed *);

void mux_feed_format(const struct mux_feed *, struct ds *);

#endif /* controller/agent/mux-feed.h */

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


#ifndef MUX_NODE_H
#define MUX_NODE_H 1

/* Packets that are the node's own, on their way to the main thread.
 *
 * What comes from the wire and is for no VIP is the node's: its kernel's, by
 * OpenFlow and the bridge's local port, in vswitchd's main thread.  That
 * thread is far slower than those that forward, and anybody can send to the
 * node's address.  BFD and BGP, on which every VIP hangs, must not wait in
 * the same line.  So there is a queue for each class of packets, and within
 * each every sender has a place of its own:
 *
 *   - The main thread takes some packets of every class each time, in shares,
 *     and what is left of its time goes to the classes in order.  So no class
 *     keeps another one waiting for longer than a few packets.
 *
 *   - Within a class packets are sorted into buckets by a hash of their
 *     source, which take turns.  When the class is full, the bucket with the
 *     most packets loses its oldest one.  So whoever sends too much loses
 *     what is his, as long as he cannot send from many addresses.
 *
 * BFD on one hop is believed only with the TTL that nobody farther away can
 * make arrive (RFC 5881, 5), so a flood of it would have to come from the
 * link.  BFD over several hops and BGP can be sent from anywhere, and from any
 * address: each has a class by itself, so one cannot be used against another,
 * but a router at the edge should let neither pass (RFC 7454). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_packet;
struct dp_packet_batch;

/* Classes, in the order in which they are served: name, packets that may wait,
 * share of the packets taken at a time.  Shares add up to MUX_NODE_BATCH. */
#define MUX_NODE_CLASSES                        \
    MUX_NODE_CLASS(BFD, 256, 6)                 \
    MUX_NODE_CLASS(BGP, 512, 4)                 \
    MUX_NODE_CLASS(LINK, 256, 2)                \
    MUX_NODE_CLASS(MULTIHOP, 256, 2)            \
    MUX_NODE_CLASS(OTHER, 1024, 2)

enum mux_node_class {
#define MUX_NODE_CLASS(ENUM, LIMIT, SHARE) MUX_NODE_##ENUM,
    MUX_NODE_CLASSES
#undef MUX_NODE_CLASS
    MUX_NODE_N_CLASSES
};

/* Packets that are taken at a time.  The main thread takes twice as many from
 * the local port each time, so what the kernel answers to a flood does not
 * pile up there, in front of what BFD and BGP have to say. */
#define MUX_NODE_BATCH 16

/* Figures by class. */
struct mux_node_stats {
    uint64_t bytes;                             /* Of 'taken', all classes. */
    uint64_t taken[MUX_NODE_N_CLASSES];         /* By the main thread. */
    uint64_t dropped[MUX_NODE_N_CLASSES];       /* There was no room. */
};

struct mux_node *mux_node_create(const uint64_t key[2]);
void mux_node_destroy(struct mux_node *);

enum mux_node_class mux_node_classify(const struct dp_packet *,
                                      uint64_t source[2]);
bool mux_node_put(struct mux_node *, struct dp_packet_batch *);
size_t mux_node_take(struct mux_node *, struct dp_packet_batch *);
size_t mux_node_count(struct mux_node *);
void mux_node_read(struct mux_node *, struct mux_node_stats *total);

#endif /* ovs-ext/mux-node.h */

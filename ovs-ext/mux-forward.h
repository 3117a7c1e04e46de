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

#ifndef MUX_FORWARD_H
#define MUX_FORWARD_H 1

/* What becomes of a batch of packets.
 *
 * mux_forward() takes packets as they came from the wire, and packets that
 * hosts have tunnelled to the muxes' anycast VTEP, and turns them into packets
 * to the hosts of the members that own them: VXLAN, with a steering header
 * (lib/steering.h) as the inner Ethernet header and the client's IP packet
 * within, one hop older but otherwise untouched.
 *
 * A packet that cannot be forwarded is dropped and counted by reason, for the
 * port and for the VIP, endpoint and member it was for, as far as that is
 * known.  What a sender must learn is told (mux-answer.h); ICMP errors are
 * forwarded like the connection they are about (mux-icmp.h), fragments like
 * the first one of their datagram (mux-fragment.h).  No connection is
 * remembered from one packet to the next.
 *
 * Packets for no VIP at all are the node's own, those of BGP for example; as
 * long as nothing was loaded, all are.  They are put aside as they are.  So
 * OpenFlow need not tell them from the others, and a bridge that sends all it
 * receives to the mux finds the flow of a packet without parsing it, at a
 * fraction of the cost.
 *
 * What is looked at, and what is not
 * ==================================
 *
 * Checked in every packet: lengths of Ethernet, IP, TCP and UDP, the IPv4
 * header checksum, source addresses that cannot be, TTL and hop limit.  IPv4
 * options are refused, since routers on the way may each make something else
 * of them.
 *
 * Not checked are the checksums of TCP, UDP and ICMP: they would need all of
 * the packet's memory, some 80 ns for 1500 octets in cache and more than
 * forwarding itself for others, and the virtual machine checks them anyway.
 * The mux changes nothing that they cover.  Likewise the outer UDP checksum of
 * what hosts tunnel, which is mostly zero.
 *
 * What does not fit into the tunnel is answered by "fragmentation needed" or
 * "packet too big", for IPv4 without DF as well: the mux never fragments.
 * Stacks take the message for the path's MTU, whether they set DF or not, and
 * fragments that they make reach one member, while fragments of fragments
 * would have to be made here, with memory and time that others pay for. */

#include <stdbool.h>
#include <stdint.h>

struct dp_packet_batch;
struct mux_table;
struct mux_thread;

/* What is counted: what is forwarded, then reasons for a drop. */
#define MUX_COUNTERS                                                    \
    MUX_COUNTER(FORWARDED, "forwarded", "packets sent to a host")       \
    MUX_COUNTER(BYTES, "forwarded_bytes",                               \
                "their size as they were received")                     \
    MUX_COUNTER(RING, "ring",                                           \
                "of them, packets that name more than one owner")       \
    MUX_COUNTER(TUNNELLED, "tunnelled",                                 \
                "of them, packets that came to the anycast VTEP")       \
    MUX_COUNTER(STEERED, "icmp_steered",                                \
                "of them, ICMP errors about a connection")              \
    MUX_COUNTER(SNAT, "snat",                                           \
                "of them, packets to ports that VMs have for SNAT")     \
    MUX_COUNTER(TAKEN_OVER, "taken_over",                               \
                "of them, packets that another mux has handed on")      \
    MUX_COUNTER(FRAGMENTS, "fragments", "of them, fragments")           \
    MUX_COUNTER(MEASURES, "measures",                                   \
                "of them, packets that measure availability")           \
    MUX_COUNTER(WAITED, "fragments_waited",                             \
                "fragments that came before the first of their datagram") \
    MUX_COUNTER(NODE, "node", "packets for no VIP, left to the node")   \
    MUX_COUNTER(NODE_BYTES, "node_bytes", "their size")                 \
    MUX_COUNTER(NODE_BFD, "node_bfd", "of them, BFD on one hop")        \
    MUX_COUNTER(NODE_BGP, "node_bgp", "of them, BGP")                   \
    MUX_COUNTER(NODE_LINK, "node_link",                                 \
                "of them, ARP, neighbour discovery and the like")       \
    MUX_COUNTER(NODE_MULTIHOP, "node_bfd_multihop",                     \
                "of them, BFD over several hops")                       \
    MUX_COUNTER(NODE_OTHER, "node_other", "of them, all else")          \
    MUX_COUNTER(FULL_BFD, "node_bfd_full",                              \
                "of drop_node_full, BFD on one hop")                    \
    MUX_COUNTER(FULL_BGP, "node_bgp_full", "of drop_node_full, BGP")    \
    MUX_COUNTER(FULL_LINK, "node_link_full",                            \
                "of drop_node_full, ARP and the like")                  \
    MUX_COUNTER(FULL_MULTIHOP, "node_bfd_multihop_full",                \
                "of drop_node_full, BFD over several hops")             \
    MUX_COUNTER(FULL_OTHER, "node_other_full",                          \
                "of drop_node_full, all else")                          \
    MUX_COUNTER(UNDERLAY, "underlay_too_big",                           \
                "ICMP errors: what was sent does not fit on the way "    \
                "to a host")                                            \
    MUX_COUNTER(ECHO, "echo", "echo requests answered")                 \
    MUX_COUNTER(ECHO_BYTES, "echo_bytes", "their size")                 \
    MUX_COUNTER(ERRORS, "icmp_sent", "ICMP errors about dropped packets") \
    MUX_COUNTER(RESETS, "rst_sent", "RSTs to dropped segments")         \
    MUX_COUNTER(LIMITED, "limited",                                     \
                "dropped packets not answered, to limit the rate")      \
    MUX_COUNTER(HANDED_ON_BYTES, "handed_on_bytes",                     \
                "size of packets handed on")                            \
    MUX_COUNTER(HANDED_ON, "handed_on",                                 \
                "packets to a block of ports that is nobody's, sent to " \
                "another mux")                                          \
    MUX_COUNTER(NO_UNDERLAY, "drop_no_underlay",                        \
                "the underlay port is not there")                       \
    MUX_COUNTER(NODE_FULL, "drop_node_full",                            \
                "the node is not fast enough with what is its own")     \
    MUX_COUNTER(TX_STEERING, "drop_tx_steering",                        \
                "the port has other_config:tx-steering=hash")           \
    MUX_COUNTER(UNFAIR, "drop_unfair",                                  \
                "more than a fair share, while there is a shortage")    \
    MUX_COUNTER(NOT_IP, "drop_not_ip", "neither IPv4 nor IPv6")         \
    MUX_COUNTER(TRUNCATED, "drop_truncated",                            \
                "shorter than its headers say")                         \
    MUX_COUNTER(BAD_HEADER, "drop_bad_header",                          \
                "bad version, header length or order of headers")       \
    MUX_COUNTER(BAD_LENGTH, "drop_bad_length",                          \
                "bad length of a TCP header or UDP datagram")           \
    MUX_COUNTER(CHECKSUM, "drop_checksum", "bad IPv4 header checksum")  \
    MUX_COUNTER(OPTIONS, "drop_options", "IPv4 options")                \
    MUX_COUNTER(MARTIAN, "drop_martian", "impossible source address")   \
    MUX_COUNTER(TTL, "drop_ttl", "TTL or hop limit ran out")            \
    MUX_COUNTER(FRAGMENT, "drop_fragment",                              \
                "fragment, and the first has not come")                 \
    MUX_COUNTER(FRAGMENT_FULL, "drop_fragment_full",                    \
                "fragment, and too many of it wait for the first")          \
    MUX_COUNTER(PROTOCOL, "drop_protocol",                              \
                "no rule for the address takes this protocol")          \
    MUX_COUNTER(ICMP, "drop_icmp", "error about no packet of the VIP")  \
    MUX_COUNTER(ECHO_LIMIT, "drop_echo",                                \
                "echo requests not answered, to limit the rate")        \
    MUX_COUNTER(TUNNEL, "drop_tunnel",                                  \
                "to the anycast VTEP, but not VXLAN with a VNI")        \
    MUX_COUNTER(STRANGER, "drop_stranger",                              \
                "to the anycast VTEP, but not from a node's VTEP")      \
    MUX_COUNTER(ECN, "drop_ecn",                                        \
                "congestion in the tunnel, sender unaware of ECN")      \
    MUX_COUNTER(NO_ENDPOINT, "drop_no_endpoint",                        \
                "no rule for this address, protocol and port")          \
    MUX_COUNTER(NO_BLOCK, "drop_no_block",                              \
                "to a block of ports that is nobody's, and not for "    \
                "another mux either")                                   \
    MUX_COUNTER(ECHO_REPLY, "drop_echo_reply",                          \
                "echo reply, which does not tell for which VM it is")   \
    MUX_COUNTER(SOURCE, "drop_source",                                  \
                "source address outside of the rule's ranges")          \
    MUX_COUNTER(NO_OWNER, "drop_no_owner", "the pool has no members")   \
    MUX_COUNTER(NO_NEXTHOP, "drop_no_nexthop",                          \
                "the owner's host cannot be reached")                   \
    MUX_COUNTER(TOO_BIG, "drop_too_big",                                \
                "does not fit into the underlay's MTU")                 \
    MUX_COUNTER(HEADROOM, "drop_headroom",                              \
                "no room in front of the packet")

enum mux_counter {
#define MUX_COUNTER(ENUM, NAME, TEXT) MUX_COUNT_##ENUM,
    MUX_COUNTERS
#undef MUX_COUNTER
    MUX_N_COUNTERS
};

/* The first one that is also counted for what a packet was for: why it did not
 * go to a host. */
#define MUX_FIRST_REASON MUX_COUNT_HANDED_ON

/* The first one that counts drops. */
#define MUX_FIRST_DROP MUX_COUNT_NO_UNDERLAY

struct mux_counters {
    uint64_t n[MUX_N_COUNTERS];
};

const char *mux_counter_name(enum mux_counter);
const char *mux_counter_text(enum mux_counter);

void mux_forward(const struct mux_table *, struct mux_thread *,
                 struct dp_packet_batch *, struct dp_packet_batch *node,
                 uint32_t mtu, long long int now, struct mux_counters *);
bool mux_forward_released(struct mux_thread *, struct dp_packet_batch *);
void mux_separate(const struct mux_table *, struct dp_packet_batch *,
                  struct dp_packet_batch *node);

#endif /* ovs-ext/mux-forward.h */

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

#ifndef STEERING_H
#define STEERING_H 1

/* The steering header: what a mux tells a host about a packet.
 *
 * Packets travel between muxes and hosts in VXLAN.  The inner IP packet is
 * the client's, untouched; the inner Ethernet header carries no addresses of
 * anybody but this:
 *
 *     destination   0e : HF : CC CC : P1 P1
 *     source        0e : ZZ : P2 P2 : P3 P3
 *
 * CC is the index of the member that owns the packet now, P1 to P3 those of
 * its other owners: earlier ones, which may know the connection, or coming
 * ones, while a change is prepared.  0 means "none".  ZZ is the number of
 * owners named, CC included (1 to 4).  H is the hop: how many owners have
 * been asked before.  F are flags.  0x0e in the first octet makes both
 * addresses unicast and locally administered, so any VXLAN, any OpenFlow
 * switch and any packet capture can carry and show them.
 *
 *
 * The ring of owners
 * ==================
 *
 * An owner that does not know a packet's connection passes the packet on:
 * the owners named rotate by one, so that the next one becomes current, and
 * the hop goes up by one (steering_rotate()).  The one that knows the
 * connection takes the packet.  When the hop has reached the number of owners
 * named the packet is back at the owner where it started, nobody knew it, and
 * that owner decides what becomes of it (steering_is_home()).  A header that
 * names a single owner is at home at once.
 *
 *
 * Fragments
 * =========
 *
 * Only the first fragment of a datagram has ports, and conntrack wants to see
 * all fragments together.  So the mux finds out which flow a fragment is of,
 * and every fragment, the first one included, has STEERING_FRAGMENT set and
 * names no owner but the current one.  In the place of P1 is the destination
 * port, as the client sent it:
 *
 *     destination   0e : 0F : CC CC : port
 *     source        0e : 01 : 00 00 : 00 00
 *
 * The rule is thereby known by (VNI, destination address, protocol, port), as
 * it is for other packets, so that a host can give all fragments to conntrack
 * in the same way, though flows cannot match on their ports, and the member is
 * known by CC.  It must not send the packet on: it is at home.
 *
 *
 * SNAT returns
 * ============
 *
 * What comes from the internet to a port of a VIP that a VM has been given for
 * connections of its own (SNAT) is of no pool and has no other owners:
 * STEERING_SNAT is set, the VNI is the tunnel key of the VM's network, and CC
 * is the number of the VM, by which its host tells its VMs in that network
 * apart:
 *
 *     destination   0e : 08 : CC CC : 00 00
 *     source        0e : 01 : 00 00 : 00 00
 *
 * So a host needs to know nothing about who was given which ports: VNI and
 * flag name the conntrack zone that has the connection, VNI and CC the VM.
 * The flag also tells these packets from what VMs of the network send to each
 * other under the same VNI.  Fragments have STEERING_FRAGMENT as well, and
 * the destination port.
 *
 * A mux that does not know who has a port hands the packet on to another mux,
 * to that one's own VTEP, with the VNI 0, as it came from the wire (the TTL
 * included).  No owner is named, and the hop is 1:
 *
 *     destination   0e : 18 : 00 00 : 00 00
 *     source        0e : 01 : 00 00 : 00 00
 *
 * That mux never hands it on again.
 *
 *
 * Measuring
 * =========
 *
 * A packet by which a mux measures whether a VIP can be reached
 * (lib/slb-availability.h) has the hop 15, which no other packet has, and
 * names its owner alone:
 *
 *     destination   0e : f0 : CC CC : 00 00
 *     source        0e : 01 : 00 00 : 00 00
 *
 * It reaches no VM.  The host's switch sends it back to the mux's own VTEP,
 * with the VNI and the rest of it as it came, and the answer in the place of
 * ZZ: 0x11 says that it would go to a member that is there, 0x10 that it
 * would not:
 *
 *     destination   0e : f0 : CC CC : 00 00
 *     source        0e : 1A : 00 00 : 00 00
 *
 * The hosts' side of this is done by OpenFlow (ofproto-rules/), which rotates
 * with "move" actions and matches on the octets below; this module is what
 * the mux writes with and what tests check the flows against. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"
#include "openvswitch/types.h"

struct ds;

/* First octet of both addresses. */
#define STEERING_OUI 0x0e

/* Owners a header has room for, the current one included. */
#define STEERING_MAX_OWNERS 4

/* Highest member index; indices start at 1. */
#define STEERING_MAX_INDEX UINT16_MAX

enum steering_flags {
    /* The slot changed hands a short while ago: the handshake of a SYN, or a
     * connectionless flow, may be known to another owner.  Ask the ring before
     * accepting. */
    STEERING_RECENT = 1 << 0,

    /* No change of the pool is under way, so nobody else can know what all
     * owners named do not: an answer (RST) may be given. */
    STEERING_SETTLED = 1 << 1,

    /* A fragment: the header has the destination port, and one owner. */
    STEERING_FRAGMENT = 1 << 2,

    /* A SNAT return: the header names a VM, not a member of a pool. */
    STEERING_SNAT = 1 << 3,
};

#define STEERING_ALL_FLAGS \
    (STEERING_RECENT | STEERING_SETTLED | STEERING_FRAGMENT | STEERING_SNAT)

struct steering {
    uint16_t owners[STEERING_MAX_OWNERS]; /* Current one first; 0: none. */
    uint8_t n_owners;                     /* 1...STEERING_MAX_OWNERS. */
    uint8_t hop;                          /* 0...n_owners. */
    uint8_t flags;                        /* Of enum steering_flags. */
    uint16_t port;                        /* With STEERING_FRAGMENT. */
};

/* An inner Ethernet header has ETH_HEADER_LEN octets; the addresses are its
 * first STEERING_LEN ones. */
#define STEERING_LEN 12

void steering_put(const struct steering *, uint8_t addrs[STEERING_LEN]);
bool steering_pull(struct steering *, const uint8_t addrs[STEERING_LEN])
    OVS_WARN_UNUSED_RESULT;

void steering_put_handed_on(uint8_t addrs[STEERING_LEN]);
bool steering_is_handed_on(const uint8_t addrs[STEERING_LEN]);

/* Says of a packet that measures, or of the answer to it, which it is. */
enum steering_measure {
    STEERING_MEASURES = 0x01,   /* From the mux. */
    STEERING_REFUSED = 0x10,    /* Answer: the host would drop it. */
    STEERING_SERVED = 0x11,     /* Answer: it would go to the owner. */
};

/* Of a packet that measures. */
#define STEERING_MEASURE_HOP 15

void steering_put_measure(uint8_t addrs[STEERING_LEN],
                          enum steering_measure, uint16_t owner);
bool steering_pull_measure(const uint8_t addrs[STEERING_LEN],
                           enum steering_measure *, uint16_t *owner);

bool steering_is_home(const struct steering *);
void steering_rotate(struct steering *);

void steering_format(const struct steering *, struct ds *);

#endif /* lib/steering.h */

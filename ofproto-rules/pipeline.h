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

#ifndef PIPELINE_H
#define PIPELINE_H 1

/* The pipelines: every table, register and cookie of the bridges of a host
 * (br-slb) and of a mux (br-mux).
 *
 * Tables of a host are named HT_*, those of a mux MT_*.  A packet only goes
 * to higher tables, except where it says "again".
 *
 *
 * From the tunnel to a VM
 * =======================
 *
 *   IN -> SOURCE -> KEY --(key of a network)----------------> NETWORK -> VM
 *                    |
 *           (key of a pool)
 *                    |
 *                STEERING -> ENDPOINT -> ct -> TRACKED --(known)--> DELIVER
 *                         |-> ERROR_IN -> ct --^ ^ |                  |  ^
 *                         \-> ct -> FRAGMENT ----/ |                  |  |
 *                                              (unknown)             VM  |
 *                                                  |                     |
 *                   another host            HOME -> DECIDE --> ACCEPT -> ct
 *                        ^                  ^          |
 *                        |    (again, here) |          v
 *                        +----------------- NEXT <--- RING
 *
 * What nobody knows, though it is in the midst of a connection, goes from
 * DECIDE at home to RESET -> RESET_NETWORK -> agent.
 *
 * A packet by which a mux measures goes the same way up to TRACKED, and from
 * there, or from where nothing is for it (KEY, ENDPOINT), back to the mux:
 * TRACKED -> MEASURED -> ANSWERED -> mux.
 *
 * A SYN or RST that is invalid for the connection that conntrack has goes from
 * DECIDE at home to DELIVER.  What ACCEPT makes of a fragment goes to DELIVER
 * by FRAGMENT and TRACKED.
 *
 * From a VM
 * =========
 *
 *   IN -> REPLY -> ct -> UNNATED --(of a connection)--> LOCATION -> VM, node
 *    |    \-> ERROR_OUT -> ct -^  |                       ^    \-> DSR -> wire
 *    |                       (no connection)             |
 *    |                           +------> FORWARD -------+
 *    +-> ANSWER -> back to the VM
 *    +-> PROBED -> slb-probe0
 *
 * From slb-probe0
 * ===============
 *
 *   IN -> PROBE -> VM
 */

#include <stdint.h>

#include "openvswitch/types.h"
#include "packets.h"

enum host_table {
    /* What came in by which port: tunnel, underlay or VM.  What a VM sends
     * must carry its own addresses. */
    HT_IN = 0,

    /* From the tunnel: only nodes that the database names may send. */
    HT_SOURCE = 1,

    /* Is the tunnel key one of a pool or of a network? */
    HT_KEY = 2,

    /* Of a pool: is the Ethernet header a possible steering header? */
    HT_STEERING = 3,

    /* Which rule is it for?  Loads its zone and notes what NAT will change. */
    HT_ENDPOINT = 4,

    /* The same for ICMP errors, which quote a connection: all of a VIP. */
    HT_ERROR_IN = 5,

    /* What conntrack says: known connections are delivered. */
    HT_TRACKED = 6,

    /* Nobody knows it here: has everybody else been asked? */
    HT_HOME = 7,

    /* ... and what becomes of it: accept, ask the next owner, drop. */
    HT_DECIDE = 8,

    /* Starts a connection to the member that the header names. */
    HT_ACCEPT = 9,

    /* Makes the next owner the current one. */
    HT_RING = 10,

    /* Where is it?  On another host, or on this one (HOME again). */
    HT_NEXT = 11,

    /* A connection's packet, NATed, to the VM whose index is its mark. */
    HT_DELIVER = 12,

    /* Of a network: to the VM that has the address. */
    HT_NETWORK = 13,

    /* From slb-probe0: to the VM that a token stands for. */
    HT_PROBE = 14,
    /* What conntrack gives back of fragments: is it what it was given?  Then
     * TRACKED (again). */
    HT_FRAGMENT = 15,

    /* Of nobody, and in the midst of a connection: does its rule say so? */
    HT_RESET = 16,

    /* ... and in which network might the client be? */
    HT_RESET_NETWORK = 17,

    /* What measures availability, after conntrack: is the owner here? */
    HT_MEASURED = 18,

    /* ... and back, to a mux only. */
    HT_ANSWERED = 19,

    /* From a VM: may it be a reply of one of its rules?  By source port; again
     * for the next rule with that port. */
    HT_REPLY = 20,

    /* The same for ICMP errors that a VM sends. */
    HT_ERROR_OUT = 21,

    /* What conntrack made of it: only a reply that carries the VIP is one. */
    HT_UNNATED = 22,

    /* No reply: must still carry the VM's own address. */
    HT_FORWARD = 23,

    /* Where in the network is the destination? */
    HT_LOCATION = 24,

    /* Direct server return: a reply to somebody outside. */
    HT_DSR = 25,

    /* ARP and ND requests of VMs. */
    HT_ANSWER = 26,

    /* An ND request that has become an advertisement: the last touch. */
    HT_ADVERTISE = 27,

    /* From a VM to where probes come from: only what answers one. */
    HT_PROBED = 28,
};

enum mux_table {
    /* Everything: uplink -> slb0, which keeps what is for VIPs and the muxes'
     * own VTEP; the rest slb0 -> LOCAL -> uplink. */
    MT_IN = 0,
};

/* Registers of a host, by their names in matches and actions. */

/* Conntrack zone of the rule that is concerned.  It stands for the rule, too:
 * no two rules of a host have the same. */
#define HR_ZONE "reg0"
#define HR_ZONE_FIELD "NXM_NX_REG0[0..15]"
#define HR_ZONE_INDEX 0         /* In the "regs" of struct flow. */

/* As it was before NAT: the destination of what came from the tunnel, port and
 * address, or the source of what a VM has sent.  Rules for all ports leave the
 * port as it is; theirs is 0. */
#define HR_PORT "reg1"
#define HR_PORT_INDEX 1
#define HR_VIP4_INDEX 4
#define HR_VIP6_INDEX 1         /* As an "xxreg". */
#define HR_PORT_FIELD "NXM_NX_REG1[0..15]"
#define HR_VIP4_FIELD "NXM_NX_REG4[]"
#define HR_VIP6_FIELD "NXM_NX_XXREG1[]"

/* The same of a TCP packet that is invalid for a connection, after NAT. */
#define HR_BACKEND_PORT_FIELD "NXM_NX_REG1[16..31]"
#define HR_DIP4_FIELD "NXM_NX_REG12[]"
#define HR_DIP6_FIELD "NXM_NX_XXREG3[]"

/* Tunnel key of the network of the VM that sent it, or would have. */
#define HR_NETWORK "reg2"
#define HR_NETWORK_INDEX 2

/* How many rules have been tried in REPLY: for packets in one piece, and for
 * fragments.  (The second one is for swapping on the way in.) */
#define HR_ATTEMPT "reg3"
#define HR_FRAGMENT_ATTEMPT "reg11"

/* 1: the packet is an ICMP error. */
#define HR_ERROR "reg8"

/* An un-NATed packet of a connection: 1: with a VIP, it may leave for the
 * outside; 2: with an internal VIP, it may not. */
#define HR_REPLY "reg9"
#define HR_REPLY_INDEX 9
enum reply_kind {
    REPLY_PUBLIC = 1,
    REPLY_INTERNAL = 2,
};

/* 1: every owner has been asked. */
#define HR_HOME "reg10"

/* From a VM: which rules have been asked in REPLY, and to what avail?  (The
 * same register as HR_HOME.) */
#define HR_ASKED "reg10"
enum rules_asked {
    ASKED_RULE = 1 << 0,        /* One whose clients are outside ... */
    ASKED_RESETS = 1 << 1,      /* ... and one that resets. */
    ASKED_INVALID = 1 << 2,     /* Conntrack has said that it is invalid. */
};

/* OpenFlow port of the VM whose connection is reset. */
#define HR_VM_PORT "reg11"
#define HR_VM_PORT_INDEX 11

/* For swapping. */
#define HR_SCRATCH_FIELD "NXM_NX_REG11[0..15]"

/* Cookies lead from a flow to what it is there for:
 *
 *     bits 63...48  class
 *     bits 47...32  a detail: a member's index, or why something is dropped
 *     bits 31...0   the object
 *
 * Flows of class CK_DROP have been given a cookie of their own so that their
 * counters tell what was dropped, and why. */
enum cookie_class {
    CK_STATIC = 1,          /* Belongs to the pipeline, not to an object. */
    CK_PEER = 2,            /* VTEP, as a number. */
    CK_NETWORK = 3,         /* Tunnel key of a network. */
    CK_POOL = 4,            /* Tunnel key of a pool; index of a member. */
    CK_ENDPOINT = 5,        /* Endpoint.cookie; index of a member. */
    CK_VM = 6,              /* OpenFlow port of the VM. */
    CK_DROP = 8,            /* See enum drop_reason. */
    CK_STALE = 9,           /* See enum stale_case. */
    CK_MEASURE = 10,        /* See enum measure_case. */
    CK_RESET = 11,          /* See enum reset_case. */
};

enum drop_reason {
    DR_STRANGER = 1,        /* Tunnelled by a node that nobody knows. */
    DR_KEY = 2,             /* Tunnel key that nobody here has. */
    DR_STEERING = 3,        /* No, or an impossible, steering header. */
    DR_ENDPOINT = 4,        /* No such rule.  Object: the pool's key. */
    DR_UNKNOWN = 5,         /* Of no connection; all owners were asked. */
    DR_INDEX = 6,           /* Names a member that is not where it should be,
                             * or not at all. */
    DR_GONE = 7,            /* Known, but its VM is not here any more. */
    DR_NOBODY = 8,          /* No VM has the address.  Object: the network. */
    DR_SPOOF = 9,           /* A VM's packet with somebody else's address.
                             * Object: the VM's port. */
    DR_NOISE = 10,          /* A VM's own, but nothing that leaves a VM:
                             * router solicitations and the like. */
    DR_UNDERLAY = 11,       /* The underlay's own packets. */
    DR_LEAK = 12,           /* Would have left with a wrong source. */
    DR_OUTBOUND = 13,       /* To the outside, and no reply. */
    DR_GATEWAY = 14,        /* A reply, but the way out is not known. */
    DR_PORT = 15,           /* Came in by a port that has no role. */
    DR_FRAGMENT = 16,       /* A fragment without the flag that says so, or
                             * that conntrack could not put together. */
    DR_PROBE = 20,          /* Claims to be a probe, or goes to where probes
                             * come from and answers none. */
    DR_LOST = 21,           /* A VM's segment from the port of a rule, of a
                             * connection that nobody knows any more. */
    DR_MEASURE = 23,        /* Measures availability, but is from no mux. */
};

/* What flows of class CK_STALE meet: see stale.c. */
enum stale_case {
    ST_ASK = 1,             /* SYN or RST to the VM that conntrack says has the
                             * connection. */
    ST_DENIED = 2,          /* It answered that it has none.  To the agent.
                             * Object: Endpoint.cookie. */
    ST_GONE = 3,            /* SYN of a connection to a VM that is not here any
                             * more.  To the agent. */
    ST_DENIED_INSIDE = 4,   /* As ST_DENIED, and the client is in the network:
                             * the VM is to hear that it has none. */
};

/* What flows of class CK_MEASURE meet: see availability.c. */
enum measure_case {
    MC_SERVED = 1,          /* Would go to a member here.  Object: the pool's
                             * key. */
    MC_REFUSED = 2,         /* Is for no rule or member here.  Object: the
                             * table that says so. */
    MC_ANSWER = 3,          /* On its way back.  Object: the mux's VTEP. */
};

/* What flows of class CK_RESET hand to the agent: see reset.c.  Each case has
 * a meter of its own, whose number is the same. */
enum reset_case {
    RESET_UNKNOWN = 1,      /* From a client, of no connection.  Object: the
                             * pool's key. */
    RESET_UNHEALTHY = 2,    /* From a client, to a member that is unhealthy.
                             * Object: Endpoint.cookie. */
    RESET_VM = 3,           /* From a VM, of no connection. */
    N_RESET_CASES
};

/* Meter of what the VM address that a token stands for sends to where probes
 * come from, and how many packets a second that may be. */
#define PROBED_METER(TOKEN) (UINT32_C(0x10000) + (TOKEN))
#define PROBED_RATE 250

static inline uint64_t
make_cookie(enum cookie_class class, uint16_t detail, uint32_t object)
{
    return ((uint64_t) class << 48) | ((uint64_t) detail << 32) | object;
}

static inline uint64_t
drop_cookie(enum drop_reason reason, uint32_t object)
{
    return make_cookie(CK_DROP, reason, object);
}

static inline uint64_t
stale_cookie(enum stale_case stale_case, uint32_t object)
{
    return make_cookie(CK_STALE, stale_case, object);
}

static inline uint64_t
reset_cookie(enum reset_case reset_case, uint32_t object)
{
    return make_cookie(CK_RESET, reset_case, object);
}

/* What VMs believe to be their gateway. */
static const struct eth_addr host_gateway_mac
    = ETH_ADDR_C(02,53,4c,42,00,01);

#define VXLAN_PORT 4789

#endif /* ofproto-rules/pipeline.h */

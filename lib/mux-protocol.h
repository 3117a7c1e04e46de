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

#ifndef MUX_PROTOCOL_H
#define MUX_PROTOCOL_H 1

/* How slb-agent feeds the mux datapath.
 *
 * slb-vswitchd listens on the unix socket MUX_PROTOCOL_SOCKET in its run
 * directory as soon as a port of type "slbmux" exists.  The protocol is
 * JSON-RPC 1.0 (RFC 7047's framing: OVS's jsonrpc).  The datapath is the
 * server; it serves any number of clients, but a transaction by one of them is
 * atomic for all.  It never keeps tables over a restart: what it forwards by
 * is what it was told since it started.
 *
 *
 * Methods
 * =======
 *
 * "hello" [{"version": 1, "agent": TEXT}]
 *
 *     -> {"version": 1, "instance": UUID, "generation": N}
 *
 *     Must come first on a connection.  "instance" is another one after each
 *     start of the datapath.  "generation" is the number of the tables in use,
 *     0 if there are none: nothing was ever loaded.  Another version than
 *     MUX_PROTOCOL_VERSION is refused.
 *
 * "transact" [{"from": N, "to": M, "more": BOOL, "ops": [OP...]}]
 *
 *     -> {"generation": M}       "more" is false: M is in force
 *     -> {"staged": COUNT}       "more" is true: COUNT operations wait
 *
 *     Changes the tables from generation N to M > 0.  "from" is null to
 *     replace everything: OPs are then applied to empty tables.  Otherwise N
 *     must be the generation in force.  A transaction that is too large for
 *     one message is sent in several with the same "from" and "to", all but
 *     the last with "more": true; operations are staged for the connection and
 *     forgotten when it closes or when any message of it is refused.
 *
 *     The answer to the last message comes when every packet that is received
 *     from then on is forwarded by the new tables.
 *
 *     An operation that is malformed, refers to something that is not there
 *     or does not fit refuses the whole transaction, and nothing changes:
 *     error {"error": CLASS, "details": TEXT, "op": INDEX}.
 *
 * "get" ["stats"]
 *
 *     -> an object of counters (the same ones as "ovs-appctl slb/stats").
 *
 * "get" ["vips"]
 *
 *     -> [{"network": NETKEY, "address": IP, FIGURES}...]
 *
 * "get" [{"vip": IP, "network": NETKEY}]     "network" is optional: 0
 *
 *     -> {"network": NETKEY, "address": IP, "echo": BOOL, "reject": BOOL,
 *         FIGURES, "endpoints": [{"protocol": P, "port": P, "name": TEXT,
 *                                 "pool": K, FIGURES}...],
 *         "snat": {"blocks": COUNT, FIGURES}}
 *
 *     "snat" is there if the VIP is for SNAT.
 *
 * "get" [{"pool": K}]     of a pool that an endpoint has
 *
 *     -> {"tunnel_key": K, "network": NETKEY,
 *         "members": [{"index": INDEX, "vtep": IP, "weight": N,
 *                      FIGURES}...]}
 *
 *     FIGURES are "packets", "bytes", "syns": what was forwarded, the size
 *     with which it was received, and of it the TCP segments that start a
 *     connection; and "drops": {REASON: COUNT...}, where reasons are the names
 *     of counters in "stats" and those that are 0 are left out; what has been
 *     handed on to another mux is there, too, as "handed_on".  Figures of a
 *     VIP contain those of its endpoints and of "snat".  They start at 0 when
 *     an object is first set and stay as long as there is one with its key,
 *     also if all is replaced; a member's key is its pool and index.
 *
 * "get" ["fairness"]
 *
 *     -> [{"port": NAME, "overload": TEXT, "max_pps": N, "short": BOOL,
 *          "blind": BOOL, "shortages": N,
 *          "threads": [{"queue": N, "short": BOOL, "busy": PART,
 *                       "arriving": PPS, "forwarded": PPS, "capacity": PPS,
 *                       "ns_arriving": NS, "ns_forwarded": NS}...],
 *          "vips": [{"network": NETKEY, "address": IP, "weight": N,
 *                    "arriving": PPS, "share": PPS,
 *                    "flows": [{"protocol": P, "source": IP,
 *                               "source_port": P, "port": P,
 *                               "arriving": PPS, "share": PPS}...]}...]}...]
 *
 *     What each port of type "slbmux" does about a shortage, and who is to
 *     blame.  "overload" and "max_pps" are options of the port
 *     (ovs-ext/netdev-slbmux.h).  "short" says whether somebody loses
 *     something now, "shortages" how often that began; "blind" that nothing
 *     is done about an overload, it seems, since "overload" is "loss", but the
 *     underlay counted no lost packet in 5 s of backlog, nor ever before.  PPS
 *     are packets a second, over the last 100 ms: of threads, if they are
 *     watched because of a backlog or a limit, with the part of the time that
 *     they work and what a packet costs them, and what more if it is
 *     forwarded; of VIPs, those first that send most above their share, 16 at
 *     the most; and of up to 8 flows of each that send more than a flow of
 *     this VIP may.  "share" is what passes of what arrives.
 *
 * "echo", as everywhere in JSON-RPC.
 *
 *
 * Operations
 * ==========
 *
 * Each is an object with a member "op".  Addresses are text, IPv4 or IPv6;
 * VTEPs are IPv4.  Setting replaces; deleting what is not there is an error,
 * as is deleting what is still referred to when the transaction ends.
 *
 * {"op": "global", "key": HEX32, "vtep": IP, "anycast": IP or null,
 *  "vteps": [PREFIX...], "muxes": [IP...]}
 *
 *     The key of the hash (32 hexadecimal digits), this mux's VTEP and the
 *     VTEP all muxes share for packets from hosts.  "vteps" is optional: where
 *     the nodes' VTEPs are.  If it is there and not empty, what comes to the
 *     common VTEP from anywhere else is dropped.  "muxes" is optional, too:
 *     the VTEPs of other muxes with the same VIPs (this one's may be among
 *     them), which packets for unknown blocks of ports are handed on to, and
 *     from which such packets are taken.
 *
 * {"op": "pool", "tunnel_key": K, "network": NETKEY, "slots": LOG2,
 *  "members": [[INDEX, VTEP]...],
 *  "generations": [{"number": N, "state": STATE, "age": MS,
 *                   "weights": [[INDEX, WEIGHT]...]}...]}
 *
 *     A pool's members, with the VTEP of the host of each, and its
 *     generations: exactly one with STATE "current", at most one "coming", any
 *     number "previous", newest first.  "age" is how many milliseconds ago the
 *     generation became current (not for "coming").  Weights are above 0: a
 *     member with none is not in the list.  A pool of which the current
 *     generation has no members forwards nothing.  An index that "members"
 *     does not list has no host any more: it is not named in the ring.
 *
 *     A generation may have a member "slots" as well: what the pool had when
 *     that generation was in force, if it is not what it has now.
 *
 * {"op": "pool-del", "tunnel_key": K}
 *
 * {"op": "vip", "network": NETKEY, "address": IP, "echo": BOOL,
 *  "reject": BOOL, "snat": BOOL}
 * {"op": "vip-del", "network": NETKEY, "address": IP}
 *
 *     An address this mux answers for, in a network or (0) on the wire.  With
 *     "echo", which is optional and true if it is not there, the mux itself
 *     answers echo requests (ping).  With "reject", which is optional and
 *     false if it is not there, packets that no endpoint takes are answered: a
 *     TCP segment by RST, all else by "port unreachable".  Without they are
 *     dropped in silence.
 *
 *     With "snat", which is optional and false if it is not there, VMs may
 *     have ports of the VIP for connections of their own: all of TCP and UDP
 *     from 1024 on that no endpoint names.  They go before an endpoint that
 *     takes everything.  Only a VIP on the wire can have that.
 *
 * {"op": "snat", "address": IP, "blocks": [RANGE...]}
 *
 *     Who has which ports of a VIP with "snat".  Ports are counted in blocks
 *     of eight: block B is ports 8 * B to 8 * B + 7.  A RANGE is either of
 *
 *         [FIRST, COUNT, VTEP, KEY, VM]
 *         [FIRST, COUNT]
 *
 *     and gives the blocks FIRST to FIRST + COUNT - 1, of 128 to 8191, to a
 *     VM, or to nobody; whoever had them before has them no more.  VTEP is
 *     that of the VM's host; KEY and VM are for the host (lib/steering.h): the
 *     tunnel key of the VM's network and the VM's number, from 1 to 65535.
 *     What is not named stays as it is.  Ranges apply one after the other,
 *     those of all operations of a transaction behind its VIPs.
 *
 *     Blocks last as long as their VIP is there and has "snat".  Blocks that
 *     nobody has may be given to nobody.
 *
 * {"op": "endpoint", "network": NETKEY, "address": IP, "protocol": 0...255,
 *  "port": 0...65535, "pool": K, "distribution": "Default",
 *  "idle": SECONDS, "name": TEXT, "source_ranges": [PREFIX...],
 *  "reject": BOOL}
 * {"op": "endpoint-del", "network": NETKEY, "address": IP, "protocol": P,
 *  "port": P}
 *
 *     What is forwarded to which pool.  "idle" is the idle time-out of the
 *     rule's connections, up to 65535.  "distribution" is as rules have it:
 *     "Default", "SourceIP" or "SourceIPProtocol".  "name" leads back to the
 *     YAML object; it is shown, not used.  The VIP must exist.
 *
 *     Either PROTOCOL is TCP's or UDP's, and there is a port, or both are 0:
 *     then the endpoint takes whatever comes to the address, of any protocol,
 *     and no other endpoint takes.
 *
 *     "source_ranges" is optional.  If it is there and not empty, packets with
 *     a source address outside all of these prefixes are dropped; there may be
 *     up to MUX_PROTOCOL_MAX_RANGES of them.  "reject" is optional and false
 *     if it is not there: with it, packets are answered as with that of a VIP
 *     while the pool has no member.
 *
 * {"op": "nexthop", "vtep": IP, "src_mac": MAC, "dst_mac": MAC, "dead": BOOL}
 * {"op": "nexthop-del", "vtep": IP}
 *
 *     How the underlay reaches a VTEP.  A VTEP without next hop is not
 *     reachable: it is left out of the ring of owners, and a packet for it is
 *     dropped and counted.  Next hops may be set for VTEPs that no pool uses
 *     (yet).
 *
 *     "dead" is optional and false if it is not there.  With it, packets can
 *     be sent to the VTEP, but nothing that should comes back from there: it
 *     is left out of the ring of owners as well, where it would swallow what
 *     others have to be asked about.  It still gets what it is the current
 *     owner of: who that is must not depend on what a mux believes.
 */

#define MUX_PROTOCOL_VERSION 1
#define MUX_PROTOCOL_SOCKET "slb-mux.sock"

/* "source_ranges" of an endpoint has no more entries. */
#define MUX_PROTOCOL_MAX_RANGES 4096

/* A longer message closes the connection.  Clients split transactions so that
 * their messages stay below half of it. */
#define MUX_PROTOCOL_MAX_MESSAGE (8 * 1024 * 1024)

#endif /* lib/mux-protocol.h */

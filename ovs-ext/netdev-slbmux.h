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

#ifndef NETDEV_SLBMUX_H
#define NETDEV_SLBMUX_H 1

/* The netdev type "slbmux": an output port that forwards.
 *
 * A bridge of slb-vswitchd sends every packet for an announced VIP, and
 * packets tunnelled to the muxes' anycast VTEP, to a port of this
 * type.  Nothing ever comes out of the port: what it is sent it forwards
 * (mux-forward.h) by the tables that the agent has loaded (mux-server.h),
 * within the same call, and sends on the port that options:underlay names.
 *
 *
 * The underlay
 * ============
 *
 * The underlay is a port of the same datapath.  A sender may only use it while
 * the datapath has it and is not reconfiguring it: a DPDK port that is being
 * reconfigured has no queues.  This rests on what dpif-netdev does:
 *
 *   - It configures the number of tx queues of every port each time it
 *     reconfigures anything.  We answer by asking for our own reconfiguration,
 *     for only ports that need one are taken away from all threads.  So
 *     nobody is sending while any port of the datapath is reconfigured, and
 *     nobody is when our reconfigure() is called.
 *
 *   - Our reconfigure() gives up the underlay, there and then, if it is gone
 *     or concerned by the reconfiguration.  A port that a user deletes has
 *     lost its name by then, so that a reference of ours does not keep a DPDK
 *     device busy which is added again in the same transaction.
 *
 *   - When our own port leaves the datapath, dpif-netdev turns the flag
 *     NETDEV_PROMISC off that it turned on; we give up the underlay then.
 *
 * It is taken (again) in the main loop, by the class's run(), once the
 * datapath has both ports.  The reference keeps the device in memory whatever
 * happens; what is left over when the port is destroyed goes by RCU, because
 * destruct() runs with a mutex held that netdev_close() wants.
 *
 *
 * Threads
 * =======
 *
 * Each thread sends with a tx queue number of its own, which also names its
 * counters, so threads share nothing that is written, but for the table of
 * fragments (mux-fragment.h), which ordinary packets do not touch.  On the
 * underlay the same number is used, modulo its queues.  We always ask the
 * underlay to lock its queue: it costs nothing to speak of, once in a batch,
 * and only so is it right however the underlay's queues are shared (fewer
 * queues than threads, other_config:tx-steering=hash).  With
 * "tx-steering=hash" on this port itself queue numbers would belong to no
 * thread, and packets are dropped.
 *
 *
 * The way to hosts
 * ================
 *
 * What does not fit into the tunnel on the underlay's port is answered
 * (mux-answer.h).  What fits there must fit on all of the way to any host,
 * since packets in the tunnel are not fragmented, and a router that cannot
 * forward one tells that to the mux, which cannot tell the sender any more: it
 * is counted and logged (mux_icmp_watch()).  Option:
 *
 *   underlay-mtu  The smallest MTU on the way to any host, where that is less
 *                 than the port's.
 *
 * IPv6 needs 1330: packets of 1280 octets are always sent (RFC 8200, 5), and
 * the tunnel takes 50.
 *
 *
 * Fairness
 * ========
 *
 * While there is a shortage, nobody may take more than a fair share
 * (mux-fair.h).  A thread of our own, the same for all ports, runs their
 * judges (mux-fair-judge.h); it sleeps as long as no thread that forwards has
 * a backlog and no port has a limit.  Options:
 *
 *   max-pps    Packets a second that the port may forward, of all threads
 *              together.  Without, or 0, there is no limit but what the
 *              threads can do.
 *
 *   overload   When a thread is taken to be short of time.  "loss", the
 *              default: it has a backlog, and the underlay counts packets that
 *              it had no room for (rx_missed_errors or, if there is no such
 *              counter, rx_dropped of its statistics).  Devices of hardware
 *              do, and net_pcap, but not all virtual ones: for these, such as
 *              net_af_packet, there is "queue", the backlog alone.  It is not
 *              for a source that waits until it is asked, which always has
 *              more.  "never": only "max-pps" counts. */

#include <stdint.h>

struct ds;
struct json;
struct mux_counters;
struct mux_fragment_stats;

void netdev_slbmux_get_counters(struct mux_counters *);
void netdev_slbmux_get_fragment_stats(struct mux_fragment_stats *);
uint32_t netdev_slbmux_get_underlay_mtu(void);
struct json *netdev_slbmux_fairness_to_json(void);
void netdev_slbmux_format_fairness(struct ds *);
void netdev_slbmux_format_vip_fairness(uint32_t counter, struct ds *);

#endif /* ovs-ext/netdev-slbmux.h */

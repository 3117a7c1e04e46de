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


#ifndef IDLE_H
#define IDLE_H 1

/* How long conntrack keeps a connection.
 *
 * A rule has one time for what is idle (idleTimeoutInMinutes).  It holds while
 * data may still come: for TCP from the end of the handshake until both sides
 * have sent a FIN or one a RST, for UDP always.  What is not yet a connection,
 * or is none any more, is kept just for as long as somebody may repeat what he
 * has sent, so that neither floods nor short connections fill the table.
 *
 * The times are those of Open vSwitch's CT_Timeout_Policy.  Datapaths count
 * states differently, so its keys do not mean the same to both:
 *
 *                       kernel                  userspace
 *     tcp_syn_sent      SYN                     same
 *     tcp_syn_recv      SYN-ACK                 same
 *     tcp_established   both have answered      same
 *     tcp_fin_wait      one FIN                 one FIN, acknowledged or not
 *     tcp_close_wait    one FIN, acknowledged   -
 *     tcp_last_ack      two FINs                -
 *     tcp_time_wait     two, acknowledged       two FINs
 *     tcp_close         RST                     RST, or two, acknowledged
 *     udp_single        one direction           either: it mixes them up
 *     udp_multiple      both                    either
 *     udp_first, icmp_reply, -                  first packet, answer
 *
 * A datapath ignores the keys that it does not know. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idle_time {
    const char *key;            /* In CT_Timeout_Policy:timeouts. */
    int64_t seconds;
};

#define IDLE_N_TIMES 16

/* A minute, unless the node says otherwise (slb-debug-minute-ms). */
#define IDLE_MINUTE_MS 60000

unsigned int idle_minute_ms(const char *text);
unsigned int idle_seconds(int64_t idle_timeout, unsigned int minute_ms);
void idle_times(unsigned int seconds, struct idle_time times[IDLE_N_TIMES]);
bool idle_is_over(long long int unused_since, long long int now);

#endif /* controller/agent/idle.h */

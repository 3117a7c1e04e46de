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

#ifndef TCP_SEGMENT_H
#define TCP_SEGMENT_H 1

/* TCP segments, and those that reset a connection (RFC 9293, 3.10.7.1).
 *
 * Whoever has sent a segment of a connection that is over believes a RST only
 * if it has the number that he expects next (RFC 5961, 3.2).  He has said
 * which one in his segment.
 *
 * No I/O here. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct dp_packet;

struct tcp_segment {
    struct eth_addr eth_src, eth_dst;
    struct in6_addr src, dst;   /* IPv4 ones mapped. */
    ovs_be16 src_port, dst_port;
    uint32_t seq, ack;
    uint16_t flags;             /* TCP_SYN and so on. */
    uint32_t len;               /* What it takes of the sequence numbers: data,
                                 * SYN and FIN. */
};

bool tcp_segment_parse(struct tcp_segment *, const void *frame, size_t size)
    OVS_WARN_UNUSED_RESULT;
bool tcp_segment_refuse(const struct tcp_segment *, struct tcp_segment *rst)
    OVS_WARN_UNUSED_RESULT;
void tcp_segment_replace(const struct tcp_segment *, struct tcp_segment *rst);
void tcp_segment_compose(const struct tcp_segment *, struct dp_packet *);

#endif /* controller/agent/tcp-segment.h */

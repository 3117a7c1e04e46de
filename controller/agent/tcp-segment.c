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

#include <config.h>

#include "controller/agent/tcp-segment.h"

#include "csum.h"
#include "dp-packet.h"
#include "flow.h"
#include "packets.h"
#include "unaligned.h"
#include "util.h"

/* Of the packets that are made here. */
#define TTL 64

/* Reads the Ethernet frame of 'size' octets into '*s'.  Returns false if it is
 * not a whole TCP segment. */
bool
tcp_segment_parse(struct tcp_segment *s, const void *frame, size_t size)
{
    struct dp_packet packet;
    struct flow flow;

    dp_packet_use_const(&packet, frame, size);
    flow_extract(&packet, &flow);
    if (!is_ip_any(&flow) || flow.nw_proto != IPPROTO_TCP || flow.nw_frag
        || !dp_packet_get_tcp_payload(&packet)) {
        return false;
    }

    const struct tcp_header *tcp = dp_packet_l4(&packet);
    bool v4 = flow.dl_type == htons(ETH_TYPE_IP);

    *s = (struct tcp_segment) {
        .eth_src = flow.dl_src,
        .eth_dst = flow.dl_dst,
        .src = v4 ? in6_addr_mapped_ipv4(flow.nw_src) : flow.ipv6_src,
        .dst = v4 ? in6_addr_mapped_ipv4(flow.nw_dst) : flow.ipv6_dst,
        .src_port = flow.tp_src,
        .dst_port = flow.tp_dst,
        .seq = ntohl(get_16aligned_be32(&tcp->tcp_seq)),
        .ack = ntohl(get_16aligned_be32(&tcp->tcp_ack)),
        .flags = TCP_FLAGS(tcp->tcp_ctl),
    };
    s->len = (dp_packet_get_tcp_payload_length(&packet)
              + ((s->flags & TCP_SYN) != 0) + ((s->flags & TCP_FIN) != 0));
    return true;
}

/* Makes '*rst' what says to the sender of 's' that there is no such
 * connection.  Returns false if nothing may be said: to a RST. */
bool
tcp_segment_refuse(const struct tcp_segment *s, struct tcp_segment *rst)
{
    if (s->flags & TCP_RST) {
        return false;
    }
    *rst = (struct tcp_segment) {
        .eth_src = s->eth_dst,
        .eth_dst = s->eth_src,
        .src = s->dst,
        .dst = s->src,
        .src_port = s->dst_port,
        .dst_port = s->src_port,
    };
    if (s->flags & TCP_ACK) {
        rst->seq = s->ack;
        rst->flags = TCP_RST;
    } else {
        rst->ack = s->seq + s->len;
        rst->flags = TCP_RST | TCP_ACK;
    }
    return true;
}

/* Makes '*rst' what ends the connection of 's' at whom it is sent to, in the
 * place of 's'. */
void
tcp_segment_replace(const struct tcp_segment *s, struct tcp_segment *rst)
{
    *rst = *s;
    rst->flags = TCP_RST | (s->flags & TCP_ACK);
    rst->len = 0;
}

static void
put_ipv4_header(const struct tcp_segment *s, struct dp_packet *packet)
{
    struct ip_header *ip = dp_packet_put_zeros(packet, sizeof *ip);

    ip->ip_ihl_ver = IP_IHL_VER(5, 4);
    ip->ip_tot_len = htons(sizeof *ip + TCP_HEADER_LEN);
    ip->ip_frag_off = htons(IP_DF);
    ip->ip_ttl = TTL;
    ip->ip_proto = IPPROTO_TCP;
    put_16aligned_be32(&ip->ip_src, in6_addr_get_mapped_ipv4(&s->src));
    put_16aligned_be32(&ip->ip_dst, in6_addr_get_mapped_ipv4(&s->dst));
    ip->ip_csum = csum(ip, sizeof *ip);
}

static void
put_ipv6_header(const struct tcp_segment *s, struct dp_packet *packet)
{
    struct ovs_16aligned_ip6_hdr *ip = dp_packet_put_zeros(packet, sizeof *ip);

    put_16aligned_be32(&ip->ip6_flow, htonl(6u << 28));
    ip->ip6_plen = htons(TCP_HEADER_LEN);
    ip->ip6_nxt = IPPROTO_TCP;
    ip->ip6_hlim = TTL;
    memcpy(&ip->ip6_src, &s->src, sizeof ip->ip6_src);
    memcpy(&ip->ip6_dst, &s->dst, sizeof ip->ip6_dst);
}

/* Initializes 'packet' with 's', whose 'len' must be 0, as Ethernet frame. */
void
tcp_segment_compose(const struct tcp_segment *s, struct dp_packet *packet)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(&s->src);

    dp_packet_init(packet, ETH_HEADER_LEN + IPV6_HEADER_LEN + TCP_HEADER_LEN);
    eth_compose(packet, s->eth_dst, s->eth_src,
                v4 ? ETH_TYPE_IP : ETH_TYPE_IPV6, 0);
    if (v4) {
        put_ipv4_header(s, packet);
    } else {
        put_ipv6_header(s, packet);
    }

    struct tcp_header *tcp = dp_packet_put_zeros(packet, sizeof *tcp);
    tcp->tcp_src = s->src_port;
    tcp->tcp_dst = s->dst_port;
    put_16aligned_be32(&tcp->tcp_seq, htonl(s->seq));
    put_16aligned_be32(&tcp->tcp_ack, htonl(s->ack));
    tcp->tcp_ctl = TCP_CTL(s->flags, TCP_HEADER_LEN / 4);

    const void *l3 = dp_packet_at_assert(packet, ETH_HEADER_LEN, 1);
    tcp->tcp_csum = (v4
                     ? csum_finish(csum_continue(packet_csum_pseudoheader(l3),
                                                 tcp, sizeof *tcp))
                     : packet_csum_upperlayer6(l3, tcp, IPPROTO_TCP,
                                               sizeof *tcp));
}

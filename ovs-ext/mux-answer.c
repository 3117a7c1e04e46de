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

#include "ovs-ext/mux-answer.h"

#include <netinet/icmp6.h>
#include <netinet/ip6.h>

#include "csum.h"
#include "ovs-ext/mux-flight.h"
#include "ovs-ext/mux-icmp.h"
#include "ovs-ext/mux-thread.h"

/* Longest errors: what every host of the family accepts (RFC 1812, 4.3.2.3;
 * RFC 4443, 2.4). */
#define MAX_ERROR_V4 576
#define MAX_ERROR_V6 1280

/* What is in front of the IP packet: Ethernet, or that, the tunnel's headers
 * and Ethernet once more; with some VLAN tags. */
#define MAX_LINK_LEN 128

#define ANSWER_TTL 64

/* Internetwork control, as routers mark what they have to say themselves. */
#define ERROR_TOS 0xc0

static void
discard(struct mux_flight *f)
{
    dp_packet_delete(f->packet);
    f->packet = NULL;
}

static void
swap_macs(uint8_t *l2)
{
    uint8_t mac[ETH_ADDR_LEN];

    memcpy(mac, l2, sizeof mac);
    memcpy(l2, l2 + ETH_ADDR_LEN, sizeof mac);
    memcpy(l2 + ETH_ADDR_LEN, mac, sizeof mac);
}

/* Returns the length of what is in front of the IP packet of 'f', or 0 if an
 * answer could not take the same way back. */
static uint32_t
link_length(const struct mux_flight *f)
{
    const uint8_t *l2 = dp_packet_data(f->packet);
    uint32_t len = f->l3 - l2;

    return f->taken_over || len > MAX_LINK_LEN || l2[0] & 1 ? 0 : len;
}

static void
put_ipv4(uint8_t *p, uint8_t tos, uint32_t len, uint8_t protocol,
         uint32_t src, uint32_t dst)
{
    ovs_be16 sum;

    memset(p, 0, IP_HEADER_LEN);
    p[0] = IP_IHL_VER(5, 4);
    p[1] = tos;
    mux_put_be16(p + offsetof(struct ip_header, ip_tot_len), len);
    mux_put_be16(p + offsetof(struct ip_header, ip_frag_off),
                 IP_DONT_FRAGMENT);
    p[offsetof(struct ip_header, ip_ttl)] = ANSWER_TTL;
    p[offsetof(struct ip_header, ip_proto)] = protocol;
    mux_put_be32(p + offsetof(struct ip_header, ip_src), src);
    mux_put_be32(p + offsetof(struct ip_header, ip_dst), dst);
    sum = csum(p, IP_HEADER_LEN);
    memcpy(p + offsetof(struct ip_header, ip_csum), &sum, sizeof sum);
}

static void
put_ipv6(uint8_t *p, uint8_t class, uint32_t payload, uint8_t protocol,
         const uint64_t src[2], const uint64_t dst[2])
{
    mux_put_be32(p, 6u << 28 | (uint32_t) class << 20);
    mux_put_be16(p + 4, payload);
    p[6] = protocol;
    p[7] = ANSWER_TTL;
    for (int i = 0; i < 2; i++) {
        mux_put_be64(p + 8 + 8 * i, src[i]);
        mux_put_be64(p + 24 + 8 * i, dst[i]);
    }
}

/* Writes the checksum of the 'len' octets of a transport protocol at 'l4',
 * which follow the IP header at 'ip', to 'ofs' there. */
static void
put_l4_csum(const uint8_t *ip, bool v4, uint8_t *l4, uint32_t len,
            uint32_t ofs)
{
    const void *header = ip;
    ovs_be16 sum = 0;

    memcpy(l4 + ofs, &sum, sizeof sum);
    sum = csum_finish(csum_continue(v4
                                    ? packet_csum_pseudoheader(header)
                                    : packet_csum_pseudoheader6(header),
                                    l4, len));
    memcpy(l4 + ofs, &sum, sizeof sum);
}

/* Sends the IP packet of 'len' octets that is in the packet of 'f' behind
 * 'link_len' octets, which are what was in front of the one that is answered,
 * back to where that one came from. */
static void
send_back(struct mux_context *ctx, struct mux_flight *f, uint32_t link_len,
          uint32_t len)
{
    uint8_t *l2 = dp_packet_data(f->packet);

    swap_macs(l2);
    if (f->tunnelled) {
        uint8_t *ip = l2 + f->tunnel_ofs;
        uint8_t *udp = ip + IP_HEADER_LEN;
        uint32_t size = link_len - f->tunnel_ofs + len;
        uint32_t src = mux_get_be32(ip + offsetof(struct ip_header, ip_src));

        swap_macs(udp + UDP_HEADER_LEN + sizeof(struct vxlanhdr));
        put_ipv4(ip, 0, size, IPPROTO_UDP, ntohl(ctx->table->vtep), src);
        mux_put_be16(udp + 2, MUX_VXLAN_PORT);
        mux_put_be16(udp + 4, size - IP_HEADER_LEN);
        mux_put_be16(udp + 6, 0);
    }
    ctx->answers[ctx->n_answers++] = f->packet;
    f->packet = NULL;
}

/* Makes the packet of 'f' one of 'len' octets, of which the first 'push' ones
 * are new and the others those at 'f->l3', behind a copy of what was in front
 * of it.  Returns the first of the new octets, or null if that cannot be. */
static uint8_t *
reshape(struct mux_flight *f, uint32_t link_len, uint32_t push, uint32_t len)
{
    uint8_t link[MAX_LINK_LEN];
    uint8_t *p;

    memcpy(link, dp_packet_data(f->packet), link_len);
    p = mux_make_room(f->packet, f->l3, len - push, push + link_len);
    if (p) {
        memcpy(p, link, link_len);
        p += link_len;
    }
    return p;
}

/* Returns the offset in the IPv6 packet of 'f' of the octet that names its
 * protocol; 0 for IPv4. */
static uint32_t
find_protocol(const struct mux_flight *f)
{
    uint32_t named_at = offsetof(struct ip6_hdr, ip6_nxt);
    uint32_t ofs = IPV6_HEADER_LEN;

    if (mux_flight_is_v4(f)) {
        return 0;
    }
    while (ofs < f->l4_ofs) {
        uint8_t protocol = f->l3[named_at];

        named_at = ofs;
        ofs += protocol == IPPROTO_FRAGMENT ? 8 : 8 + f->l3[ofs + 1] * 8;
    }
    return named_at;
}

/* Returns the error that says that nobody takes 'f'.  Other protocols than TCP
 * and UDP are not there at all (RFC 1122, 3.2.2.1; RFC 8200, 4), but ICMP
 * is. */
static enum mux_answer
choose_error(const struct mux_flight *f)
{
    switch (f->protocol) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
        return MUX_ANSWER_PORT;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        return MUX_ANSWER_PROHIBITED;
    default:
        return MUX_ANSWER_PROTOCOL;
    }
}

/* Writes the error 'answer' and sends it. */
static bool
send_error(struct mux_context *ctx, struct mux_flight *f,
           enum mux_answer answer, uint32_t link_len)
{
    static const uint8_t types[][2][2] = {
        [MUX_ANSWER_TOO_BIG] = { { 3, 4 }, { ICMP6_PACKET_TOO_BIG, 0 } },
        [MUX_ANSWER_EXPIRED] = { { 11, 0 }, { ICMP6_TIME_EXCEEDED, 0 } },
        [MUX_ANSWER_PORT] = { { 3, 3 }, { ICMP6_DST_UNREACH, 4 } },
        [MUX_ANSWER_PROTOCOL] = { { 3, 2 }, { ICMP6_PARAM_PROB, 1 } },
        [MUX_ANSWER_PROHIBITED] = { { 3, 13 }, { ICMP6_DST_UNREACH, 1 } },
    };
    uint32_t protocol_ofs = find_protocol(f);
    bool v4 = mux_flight_is_v4(f);
    uint32_t ip_len = v4 ? IP_HEADER_LEN : IPV6_HEADER_LEN;
    uint32_t len = MIN(ip_len + ICMP_HEADER_LEN + f->l3_len,
                       v4 ? MAX_ERROR_V4 : MAX_ERROR_V6);

    uint8_t *ip = reshape(f, link_len, ip_len + ICMP_HEADER_LEN, len);
    if (!ip) {
        return false;
    }

    uint8_t *icmp = ip + ip_len;
    memset(icmp, 0, ICMP_HEADER_LEN);
    icmp[0] = types[answer][!v4][0];
    icmp[1] = types[answer][!v4][1];
    if (answer == MUX_ANSWER_TOO_BIG) {
        uint32_t mtu = mux_context_inner_mtu(ctx);

        mux_put_be32(icmp + 4, v4 ? MIN(mtu, UINT16_MAX) : mtu);
    } else if (answer == MUX_ANSWER_PROTOCOL && !v4) {
        mux_put_be32(icmp + 4, protocol_ofs);
    }
    if (v4) {
        /* Towards the outside the mux is a router with an address of its own;
         * networks of tenants see nothing of it. */
        bool own = answer == MUX_ANSWER_EXPIRED && !f->tunnelled;
        ovs_be16 sum;

        put_ipv4(ip, ERROR_TOS, len, IPPROTO_ICMP,
                 own ? ntohl(ctx->table->vtep) : f->vip[1], f->src[0]);
        sum = csum(icmp, len - ip_len);
        memcpy(icmp + 2, &sum, sizeof sum);
    } else {
        put_ipv6(ip, ERROR_TOS, len - ip_len, IPPROTO_ICMPV6, f->vip,
                 f->src);
        put_l4_csum(ip, v4, icmp, len - ip_len, 2);
    }
    send_back(ctx, f, link_len, len);
    return true;
}

/* Answers the TCP segment of 'f' by RST, as RFC 9293, 3.10.7.1, has it. */
static bool
send_reset(struct mux_context *ctx, struct mux_flight *f, uint32_t link_len)
{
    bool v4 = mux_flight_is_v4(f);
    uint32_t ip_len = v4 ? IP_HEADER_LEN : IPV6_HEADER_LEN;
    const uint8_t *tcp = f->l3 + f->l4_ofs;
    uint32_t seq = mux_get_be32(tcp + 4);
    uint32_t ack = mux_get_be32(tcp + 8);
    uint8_t flags = tcp[13];
    uint32_t payload = f->l3_len - f->l4_ofs - 4 * (tcp[12] >> 4);

    /* There is as much as that in the segment itself. */
    uint8_t *ip = reshape(f, link_len, 0, ip_len + TCP_HEADER_LEN);
    if (!ip) {
        return false;
    }

    uint8_t *rst = ip + ip_len;
    memset(rst, 0, TCP_HEADER_LEN);
    mux_put_be16(rst, f->dport);
    mux_put_be16(rst + 2, f->sport);
    rst[12] = TCP_HEADER_LEN / 4 << 4;
    if (flags & TCP_ACK) {
        mux_put_be32(rst + 4, ack);
        rst[13] = TCP_RST;
    } else {
        mux_put_be32(rst + 8, (seq + payload + !!(flags & TCP_SYN)
                               + !!(flags & TCP_FIN)));
        rst[13] = TCP_RST | TCP_ACK;
    }
    if (v4) {
        put_ipv4(ip, 0, ip_len + TCP_HEADER_LEN, IPPROTO_TCP, f->vip[1],
                 f->src[0]);
    } else {
        put_ipv6(ip, 0, TCP_HEADER_LEN, IPPROTO_TCP, f->vip, f->src);
    }
    put_l4_csum(ip, v4, rst, TCP_HEADER_LEN, 16);
    send_back(ctx, f, link_len, ip_len + TCP_HEADER_LEN);
    return true;
}

/* Answers 'f', which was for 'vip', null if that is not known, and has been
 * counted as dropped, if that may be, and drops it otherwise. */
void
mux_answer(struct mux_context *ctx, struct mux_flight *f,
           enum mux_answer answer, const struct mux_vip_entry *vip)
{
    enum mux_limit_kind kind = (answer == MUX_ANSWER_TOO_BIG
                                ? MUX_LIMIT_TOO_BIG : MUX_LIMIT_OTHER);
    uint32_t link_len = link_length(f);
    bool reset = (answer == MUX_ANSWER_REJECT && f->protocol == IPPROTO_TCP
                  && !f->steered);
    bool sent;

    if (answer == MUX_ANSWER_REJECT && !reset) {
        answer = choose_error(f);
    }
    if (f->steered || !link_len || !mux_icmp_is_answerable(f)
        || (reset && (f->fragment
                      || f->l3[f->l4_ofs + 13] & TCP_RST))) {
        discard(f);
        return;
    }
    if (!mux_thread_may_answer(ctx->thread, kind,
                               vip ? vip->counter : MUX_NO_COUNTER,
                               ctx->now)) {
        ctx->counters->n[MUX_COUNT_LIMITED]++;
        discard(f);
        return;
    }

    sent = (reset ? send_reset(ctx, f, link_len)
            : send_error(ctx, f, answer, link_len));
    if (sent) {
        ctx->counters->n[reset ? MUX_COUNT_RESETS : MUX_COUNT_ERRORS]++;
    } else {
        discard(f);
    }
}

/* Answers the echo request 'f' to 'vip', or drops it, and counts that. */
void
mux_answer_echo(struct mux_context *ctx, struct mux_flight *f,
                const struct mux_vip_entry *vip)
{
    uint32_t link_len = link_length(f);
    uint8_t *icmp = f->l3 + f->l4_ofs;
    bool v4 = mux_flight_is_v4(f);
    ovs_be16 sum;

    if (!link_len
        || !mux_thread_may_answer(ctx->thread, MUX_LIMIT_ECHO, vip->counter,
                                  ctx->now)) {
        enum mux_counter reason = (link_len
                                   ? MUX_COUNT_ECHO_LIMIT
                                   : MUX_COUNT_PROTOCOL);

        ctx->counters->n[reason]++;
        mux_thread_count_drop(ctx->thread, vip->counter, reason);
        discard(f);
        return;
    }

    /* A checksum that was wrong stays wrong.  Exchanging addresses does not
     * change that of ICMPv6. */
    memcpy(&sum, icmp + 2, sizeof sum);
    sum = recalc_csum16(sum, htons(icmp[0] << 8),
                        htons(v4 ? ICMP4_ECHO_REPLY << 8
                              : ICMP6_ECHO_REPLY << 8));
    icmp[0] = v4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY;
    memcpy(icmp + 2, &sum, sizeof sum);

    if (v4) {
        put_ipv4(f->l3, f->tos, f->l3_len, IPPROTO_ICMP, f->vip[1],
                 f->src[0]);
    } else {
        for (int i = 0; i < 2; i++) {
            mux_put_be64(f->l3 + 8 + 8 * i, f->vip[i]);
            mux_put_be64(f->l3 + 24 + 8 * i, f->src[i]);
        }
        f->l3[7] = ANSWER_TTL;
    }

    /* Without what the link may have padded it with. */
    dp_packet_set_size(f->packet, link_len + f->l3_len);
    dp_packet_reset_offload(f->packet);
    ctx->counters->n[MUX_COUNT_ECHO]++;
    ctx->counters->n[MUX_COUNT_ECHO_BYTES] += f->size;
    send_back(ctx, f, link_len, f->l3_len);
}

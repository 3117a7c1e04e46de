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

#include "ovs-ext/mux-icmp.h"

#include <netinet/icmp6.h>

#include "openvswitch/vlog.h"
#include "ovs-ext/mux-flight.h"

VLOG_DEFINE_THIS_MODULE(mux_icmp);

/* The code of ICMP4_DST_UNREACH that tells an MTU. */
#define FRAGMENTATION_NEEDED 4

/* Octets of a quoted transport header that have both ports. */
#define PORTS_LEN 4

/* Extension headers of a quoted packet that are looked through. */
#define MAX_EXTENSIONS 8

static bool
is_icmp(const struct mux_flight *f)
{
    return (f->protocol == (mux_flight_is_v4(f)
                            ? IPPROTO_ICMP : IPPROTO_ICMPV6)
            && !f->fragment
            && f->l3_len - f->l4_ofs >= ICMP_HEADER_LEN);
}

/* Is 'f' a whole echo request?  With extension headers it is not: they would
 * have to be looked at. */
bool
mux_icmp_is_echo_request(const struct mux_flight *f)
{
    const uint8_t *icmp = f->l3 + f->l4_ofs;

    return (is_icmp(f)
            && icmp[0] == (mux_flight_is_v4(f)
                           ? ICMP4_ECHO_REQUEST : ICMP6_ECHO_REQUEST)
            && !icmp[1]
            && f->l4_ofs <= IPV6_HEADER_LEN);
}

/* Is 'f' an error that quotes a packet? */
bool
mux_icmp_is_error(const struct mux_flight *f)
{
    if (!is_icmp(f)) {
        return false;
    }

    uint8_t type = f->l3[f->l4_ofs];
    return (mux_flight_is_v4(f)
            ? (type == ICMP4_DST_UNREACH
               || type == ICMP4_TIME_EXCEEDED
               || type == ICMP4_PARAM_PROB)
            : (type == ICMP6_DST_UNREACH
               || type == ICMP6_PACKET_TOO_BIG
               || type == ICMP6_TIME_EXCEEDED
               || type == ICMP6_PARAM_PROB));
}

/* May an error about 'f' be sent?  Not about errors, so that they do not beget
 * each other, and, to be safe, not about anything of ICMP that is no request;
 * nor, for IPv4, about fragments but the first (RFC 1122, 3.2.2). */
bool
mux_icmp_is_answerable(const struct mux_flight *f)
{
    return (!(mux_flight_is_v4(f) && f->fragment && f->fragment_ofs)
            && (f->protocol != IPPROTO_ICMP && f->protocol != IPPROTO_ICMPV6
                ? true : mux_icmp_is_echo_request(f)));
}

/* Takes the ports of the quoted transport header of 'protocol' at 'l4', of
 * which 'len' octets are there.  They are the other way round. */
static enum mux_counter
resolve_ports(struct mux_flight *f, const uint8_t *l4, uint32_t len,
              uint8_t protocol)
{
    f->sport = f->dport = 0;
    if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) {
        if (len < PORTS_LEN) {
            return MUX_COUNT_ICMP;
        }
        f->dport = mux_get_be16(l4);
        f->sport = mux_get_be16(l4 + 2);
    }
    f->protocol = protocol;
    f->steered = true;
    return 0;
}

static enum mux_counter
resolve_v4(struct mux_flight *f, const uint8_t *ip, uint32_t len)
{
    if (len < IP_HEADER_LEN || IP_VER(ip[0]) != 4) {
        return MUX_COUNT_ICMP;
    }

    uint32_t ihl = IP_IHL(ip[0]) * 4;
    uint32_t src = mux_get_be32(ip + offsetof(struct ip_header, ip_src));
    uint16_t offset = mux_get_be16(ip + offsetof(struct ip_header,
                                                 ip_frag_off));

    if (ihl < IP_HEADER_LEN || ihl > len || offset & IP_FRAG_OFF_MASK
        || src != (uint32_t) f->vip[1]) {
        return MUX_COUNT_ICMP;
    }
    f->src[0] = mux_get_be32(ip + offsetof(struct ip_header, ip_dst));
    return resolve_ports(f, ip + ihl, len - ihl,
                         ip[offsetof(struct ip_header, ip_proto)]);
}

static enum mux_counter
resolve_v6(struct mux_flight *f, const uint8_t *ip, uint32_t len)
{
    if (len < IPV6_HEADER_LEN || ip[0] >> 4 != 6
        || mux_get_be64(ip + 8) != f->vip[0]
        || mux_get_be64(ip + 16) != f->vip[1]) {
        return MUX_COUNT_ICMP;
    }

    uint8_t protocol = ip[6];
    uint32_t ofs = IPV6_HEADER_LEN;
    for (int i = 0; i < MAX_EXTENSIONS; i++) {
        if (protocol != IPPROTO_HOPOPTS && protocol != IPPROTO_ROUTING
            && protocol != IPPROTO_DSTOPTS && protocol != IPPROTO_FRAGMENT) {
            f->src[0] = mux_get_be64(ip + 24);
            f->src[1] = mux_get_be64(ip + 32);
            return resolve_ports(f, ip + ofs, len - ofs, protocol);
        }
        if (len < ofs + 8
            || (protocol == IPPROTO_FRAGMENT
                && mux_get_be16(ip + ofs + 2) >> 3)) {
            return MUX_COUNT_ICMP;
        }

        uint32_t extension = (protocol == IPPROTO_FRAGMENT
                              ? 8 : 8 + ip[ofs + 1] * 8);
        protocol = ip[ofs];
        ofs += extension;
        if (ofs > len) {
            return MUX_COUNT_ICMP;
        }
    }
    return MUX_COUNT_ICMP;
}

/* Makes 'f', an error, a packet of the flow that it is about.  Returns 0 if
 * successful, otherwise the reason for dropping it. */
enum mux_counter
mux_icmp_resolve(struct mux_flight *f)
{
    uint32_t ofs = f->l4_ofs + ICMP_HEADER_LEN;

    return (mux_flight_is_v4(f)
            ? resolve_v4(f, f->l3 + ofs, f->l3_len - ofs)
            : resolve_v6(f, f->l3 + ofs, f->l3_len - ofs));
}

/* Notices if 'f', which is the node's, says that a packet to a host was too
 * big for the way there: the underlay's MTU is not what the mux goes by, and
 * whatever is as large is lost in silence. */
void
mux_icmp_watch(struct mux_context *ctx, const struct mux_flight *f)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 1);
    uint32_t vtep = ntohl(ctx->table->vtep);

    if (!f->l3 || !mux_flight_is_v4(f) || (uint32_t) f->vip[1] != vtep
        || !mux_icmp_is_error(f)) {
        return;
    }

    const uint8_t *icmp = f->l3 + f->l4_ofs;
    struct mux_flight sent = *f;
    if (icmp[0] != ICMP4_DST_UNREACH || icmp[1] != FRAGMENTATION_NEEDED
        || mux_icmp_resolve(&sent) || sent.protocol != IPPROTO_UDP
        || sent.sport != MUX_VXLAN_PORT) {
        return;
    }
    ctx->counters->n[MUX_COUNT_UNDERLAY]++;
    VLOG_WARN_RL(&rl, "the way to host "IP_FMT" has MTU %"PRIu16", less than "
                 "the underlay's: packets are lost; set options:underlay-mtu",
                 IP_ARGS(htonl(sent.src[0])), mux_get_be16(icmp + 6));
}

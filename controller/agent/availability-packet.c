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

#include "controller/agent/availability-packet.h"

#include <string.h>

#include "controller/agent/availability-flow.h"
#include "dp-packet.h"
#include "flow.h"
#include "ofproto-rules/pipeline.h"
#include "packets.h"
#include "random.h"
#include "sha1.h"
#include "unaligned.h"
#include "util.h"

/* What a packet carries. */
struct payload {
    ovs_be32 magic;
    ovs_be32 zero;
    ovs_be64 seq;
    ovs_be64 sent_us;
    uint8_t tag[16];            /* Of what is before it. */
};
BUILD_ASSERT_DECL(sizeof(struct payload) == 40);

#define MAGIC 0x534c4276        /* "SLBv" */

static void
make_tag(const struct availability_secret *secret,
         const struct payload *payload, uint8_t tag[16])
{
    uint8_t digest[SHA1_DIGEST_SIZE];
    struct {
        struct availability_secret secret;
        struct payload payload;
    } input = { *secret, *payload };

    memset(input.payload.tag, 0, sizeof input.payload.tag);
    sha1_bytes(&input, sizeof input, digest);
    memcpy(tag, digest, 16);
}

static void
compose_inner(const struct availability_endpoint *ep,
              const struct availability_flow *af,
              const struct payload *payload, struct dp_packet *packet)
{
    struct in6_addr source
        = availability_source(IN6_IS_ADDR_V4MAPPED(&ep->vip), af->source);
    struct flow flow;

    memset(&flow, 0, sizeof flow);
    if (IN6_IS_ADDR_V4MAPPED(&ep->vip)) {
        flow.dl_type = htons(ETH_TYPE_IP);
        flow.nw_src = in6_addr_get_mapped_ipv4(&source);
        flow.nw_dst = in6_addr_get_mapped_ipv4(&ep->vip);
    } else {
        flow.dl_type = htons(ETH_TYPE_IPV6);
        flow.ipv6_src = source;
        flow.ipv6_dst = ep->vip;
    }
    flow.nw_ttl = 64;
    flow.nw_proto = ep->protocol;
    flow.tcp_flags = htons(TCP_ACK | TCP_PSH);
    flow.tp_src = htons(af->sport);
    flow.tp_dst = htons(ep->port);
    flow_compose(packet, &flow, payload, sizeof *payload);
}

/* Makes of 'inner', an Ethernet frame, one that a host could have tunnelled to
 * all muxes. */
static void
compose_outer(const struct availability_maker *maker, uint32_t network,
              const struct dp_packet *inner, struct dp_packet *packet)
{
    size_t len = sizeof(struct vxlanhdr) + dp_packet_size(inner);
    uint8_t *data = xmalloc(len);
    struct vxlanhdr header;
    struct flow flow;

    put_16aligned_be32(&header.vx_flags, htonl(VXLAN_FLAGS));
    put_16aligned_be32(&header.vx_vni, htonl(network << 8));
    memcpy(data, &header, sizeof header);
    memcpy(data + sizeof header, dp_packet_data(inner),
           dp_packet_size(inner));

    memset(&flow, 0, sizeof flow);
    flow.dl_type = htons(ETH_TYPE_IP);
    flow.nw_src = maker->vtep;
    flow.nw_dst = maker->anycast;
    flow.nw_ttl = 64;
    flow.nw_proto = IPPROTO_UDP;
    flow.tp_src = htons(0xc000 | random_range(0x4000));
    flow.tp_dst = htons(VXLAN_PORT);
    flow_compose(packet, &flow, data, len);
    free(data);
}

/* Appends a packet to 'packet', which must be empty. */
void
availability_packet_make(const struct availability_maker *maker,
                         const struct availability_endpoint *ep,
                         const struct availability_flow *flow, uint64_t seq,
                         long long int now_us, struct dp_packet *packet)
{
    struct payload payload = {
        .magic = htonl(MAGIC),
        .seq = htonll(seq),
        .sent_us = htonll(now_us),
    };

    make_tag(&maker->secret, &payload, payload.tag);
    if (!ep->network) {
        compose_inner(ep, flow, &payload, packet);
    } else {
        struct dp_packet inner;

        dp_packet_init(&inner, 128);
        compose_inner(ep, flow, &payload, &inner);
        compose_outer(maker, ep->network, &inner, packet);
        dp_packet_uninit(&inner);
    }
}

/* Returns what 'packet' carries by TCP or UDP, or NULL if that is too short to
 * be ours. */
static const uint8_t *
find_payload(struct dp_packet *packet)
{
    struct flow flow;
    const uint8_t *l4;
    size_t ofs, size;

    flow_extract(packet, &flow);
    l4 = dp_packet_l4(packet);
    if (!is_ip_any(&flow) || flow.nw_frag || !l4) {
        return NULL;
    }
    size = (const uint8_t *) dp_packet_tail(packet) - l4;
    if (flow.nw_proto == IPPROTO_TCP && size >= TCP_HEADER_LEN) {
        ofs = TCP_HEADER_LEN;
    } else if (flow.nw_proto == IPPROTO_UDP) {
        ofs = UDP_HEADER_LEN;
    } else {
        return NULL;
    }
    return size >= ofs + sizeof(struct payload) ? l4 + ofs : NULL;
}

/* Reads an answer from the 'len' octets at 'data', which have come to the
 * VTEP by UDP.  Returns false if it is none of a packet that 'maker' has
 * made. */
bool
availability_packet_parse(const struct availability_maker *maker,
                          const void *data_, size_t len,
                          struct availability_answer *answer)
{
    const uint8_t *data = data_;
    const size_t ofs = sizeof(struct vxlanhdr);
    const ovs_be32 flags = htonl(VXLAN_FLAGS);
    struct dp_packet packet;
    struct payload payload;
    uint8_t tag[16];

    if (len < ofs + ETH_HEADER_LEN
        || memcmp(data, &flags, sizeof flags)
        || !steering_pull_measure(data + ofs, &answer->measure,
                                  &answer->owner)
        || answer->measure == STEERING_MEASURES) {
        return false;
    }

    dp_packet_use_const(&packet, data + ofs, len - ofs);
    const uint8_t *p = find_payload(&packet);
    if (!p) {
        return false;
    }
    memcpy(&payload, p, sizeof payload);
    make_tag(&maker->secret, &payload, tag);
    answer->seq = ntohll(payload.seq);
    answer->sent_us = ntohll(payload.sent_us);
    return (payload.magic == htonl(MAGIC)
            && !memcmp(tag, payload.tag, sizeof tag));
}

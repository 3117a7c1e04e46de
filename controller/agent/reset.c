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

#include "controller/agent/reset.h"

#include <sys/socket.h>

#include "byte-order.h"
#include "controller/agent/ofctrl.h"
#include "dp-packet.h"
#include "flow.h"
#include "hash.h"
#include "ofproto-rules/pipeline.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/token-bucket.h"
#include "packets.h"
#include "timeval.h"

/* A bucket's rate is tokens a millisecond. */
#define TOKENS 1000

static struct token_bucket buckets[N_RESET_CASES] = {
    [RESET_UNKNOWN] = TOKEN_BUCKET_INIT(RESET_RATE, RESET_RATE * TOKENS),
    [RESET_UNHEALTHY] = TOKEN_BUCKET_INIT(RESET_RATE, RESET_RATE * TOKENS),
    [RESET_VM] = TOKEN_BUCKET_INIT(RESET_RATE, RESET_RATE * TOKENS),
};

/* Connections that conntrack has been told to forget a moment ago: of those,
 * segments may be on their way here. */
#define FORGOTTEN_MS 200
static struct {
    uint32_t hash;
    long long int until;
} forgotten[256];

/* Replaces '*address' and '*port' by what they were before NAT, as the
 * registers of 'flow' say. */
static void
restore(const struct flow *flow, struct in6_addr *address, ovs_be16 *port)
{
    uint16_t before = flow->regs[HR_PORT_INDEX] & UINT16_MAX;
    ovs_be32 ip4 = htonl(flow->regs[HR_VIP4_INDEX]);
    ovs_u128 ip6 = flow_get_xxreg(flow, HR_VIP6_INDEX);

    if (before) {
        *port = htons(before);
    }
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        if (ip4) {
            in6_addr_set_mapped_ipv4(address, ip4);
        }
    } else if (!ovs_u128_is_zero(ip6)) {
        ovs_be128 be = hton128(ip6);

        memcpy(address, &be, sizeof *address);
    }
}

/* A segment of a client of a member that is unhealthy. */
static bool
parse_unhealthy(const struct flow *flow, const struct tcp_segment *segment,
                struct reset *reset)
{
    struct tcp_segment before = *segment;

    restore(flow, &before.dst, &before.dst_port);
    reset->flush = true;
    reset->zone = flow->regs[HR_ZONE_INDEX];
    reset->match = (struct ofp_ct_match) {
        .ip_proto = IPPROTO_TCP,
        .l3_type = IN6_IS_ADDR_V4MAPPED(&before.src) ? AF_INET : AF_INET6,
        .tuple_orig = {
            .src = before.src,
            .dst = before.dst,
            .src_port = before.src_port,
            .dst_port = before.dst_port,
        },
    };
    if (!ofp_ct_tuple_is_five_tuple(&reset->match.tuple_orig, IPPROTO_TCP)) {
        return false;
    }
    if (!(segment->flags & TCP_SYN)) {
        reset->to_client = tcp_segment_refuse(&before, &reset->client_rst);
        tcp_segment_replace(segment, &reset->vm_rst);
        reset->to_vm = true;
        reset->vm_port = u16_to_ofp(flow->regs[HR_VM_PORT_INDEX]);
    }
    return true;
}

/* Finds out what is to be done about the segment in 'pin', of a VM and of no
 * connection.  Returns false for nothing. */
bool
reset_parse_vm(const struct ofputil_packet_in *pin, struct reset *reset)
{
    const struct flow *flow = &pin->flow_metadata.flow;
    struct tcp_segment segment;

    *reset = (struct reset) { .why = RESET_VM };
    if (!tcp_segment_parse(&segment, pin->packet, pin->packet_len)) {
        return false;
    }
    restore(flow, &segment.src, &segment.src_port);
    reset->to_vm = tcp_segment_refuse(&segment, &reset->vm_rst);
    reset->vm_rst.eth_src = host_gateway_mac;
    reset->vm_port = flow->in_port.ofp_port;
    return reset->to_vm;
}

/* Finds out what is to be done about the segment in 'pin'.  Returns false for
 * nothing. */
bool
reset_parse(const struct ofputil_packet_in *pin, struct reset *reset)
{
    const struct flow *flow = &pin->flow_metadata.flow;
    enum reset_case reset_case = ntohll(pin->cookie) >> 32 & UINT16_MAX;
    struct tcp_segment segment;

    if (reset_case == RESET_VM) {
        return reset_parse_vm(pin, reset);
    }

    *reset = (struct reset) {
        .why = reset_case,
        .network = flow->regs[HR_NETWORK_INDEX],
        .reply = flow->regs[HR_REPLY_INDEX],
    };
    if (!tcp_segment_parse(&segment, pin->packet, pin->packet_len)
        || segment.flags & TCP_RST) {
        return false;
    }
    switch (reset_case) {
    case RESET_UNKNOWN:
        reset->to_client = tcp_segment_refuse(&segment, &reset->client_rst);
        return reset->to_client;

    case RESET_UNHEALTHY:
        return parse_unhealthy(flow, &segment, reset);

    case RESET_VM:
    case N_RESET_CASES:
    default:
        return false;
    }
}

/* Sends 'rst', with 'metadata', by 'actions', which are freed. */
static void
send_rst(struct ofctrl *ofctrl, const struct tcp_segment *rst,
         const struct match *metadata, struct ofpbuf *actions)
{
    struct dp_packet packet;

    tcp_segment_compose(rst, &packet);

    struct ofputil_packet_out po = {
        .packet = dp_packet_data(&packet),
        .packet_len = dp_packet_size(&packet),
        .buffer_id = UINT32_MAX,
        .flow_metadata = *metadata,
        .ofpacts = actions->data,
        .ofpacts_len = actions->size,
    };
    match_set_in_port(&po.flow_metadata, OFPP_CONTROLLER);
    ofctrl_send_packet(ofctrl, &po);
    dp_packet_uninit(&packet);
    ofpbuf_uninit(actions);
}

/* The way of replies. */
static void
send_to_client(struct ofctrl *ofctrl, const struct reset *reset)
{
    struct match metadata = MATCH_CATCHALL_INITIALIZER;
    struct ofpbuf actions;

    ofpbuf_init(&actions, 64);
    match_set_reg(&metadata, HR_NETWORK_INDEX, reset->network);
    match_set_reg(&metadata, HR_REPLY_INDEX, reset->reply);

    struct ofpact_resubmit *resubmit = ofpact_put_RESUBMIT(&actions);
    resubmit->in_port = OFPP_IN_PORT;
    resubmit->table_id = HT_LOCATION;
    ofpact_finish_RESUBMIT(&actions, &resubmit);
    send_rst(ofctrl, &reset->client_rst, &metadata, &actions);
}

static void
send_to_vm(struct ofctrl *ofctrl, const struct reset *reset)
{
    const struct match metadata = MATCH_CATCHALL_INITIALIZER;
    struct ofpbuf actions;

    ofpbuf_init(&actions, 64);
    ofpact_put_OUTPUT(&actions)->port = reset->vm_port;
    send_rst(ofctrl, &reset->vm_rst, &metadata, &actions);
}

/* Returns true if 'reset''s connection is to be forgotten for the first time
 * in a while. */
static bool
is_news(const struct reset *reset)
{
    uint32_t hash = hash_bytes(&reset->match.tuple_orig,
                               sizeof reset->match.tuple_orig, reset->zone);
    size_t i = hash % ARRAY_SIZE(forgotten);
    long long int now = time_msec();

    if (forgotten[i].hash == hash && now < forgotten[i].until) {
        return false;
    }
    forgotten[i].hash = hash;
    forgotten[i].until = now + FORGOTTEN_MS;
    return true;
}

static void
execute(struct ofctrl *ofctrl, const struct reset *reset)
{
    if (!token_bucket_withdraw(&buckets[reset->why], TOKENS)) {
        return;
    }
    if (reset->flush) {
        if (!is_news(reset)) {
            return;
        }
        ofctrl_flush_connection(ofctrl, reset->zone, &reset->match);
    }
    if (reset->to_client) {
        send_to_client(ofctrl, reset);
    }
    if (reset->to_vm) {
        send_to_vm(ofctrl, reset);
    }
}

static void
handle_packet_in(struct ofctrl *ofctrl, const struct ofputil_packet_in *pin)
{
    struct reset reset;

    if (reset_parse(pin, &reset)) {
        execute(ofctrl, &reset);
    }
}

/* Tells the VM that has sent the segment in 'pin', of a connection that is
 * forgotten now, that there is none. */
void
reset_refuse_vm(struct ofctrl *ofctrl, const struct ofputil_packet_in *pin)
{
    struct reset reset;

    if (reset_parse_vm(pin, &reset)) {
        execute(ofctrl, &reset);
    }
}

void
reset_init(struct ofctrl *ofctrl)
{
    ofctrl_ask_packet_ins(ofctrl, CK_RESET, handle_packet_in);
    for (int i = RESET_UNKNOWN; i < N_RESET_CASES; i++) {
        ofctrl_limit_packet_ins(ofctrl, i, RESET_RATE);
    }
}

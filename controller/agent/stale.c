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

#include "controller/agent/stale.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "byte-order.h"
#include "controller/agent/ofctrl.h"
#include "controller/agent/reset.h"
#include "dp-packet.h"
#include "flow.h"
#include "ofproto-rules/pipeline.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-ct.h"
#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/token-bucket.h"
#include "openvswitch/vlog.h"
#include "packets.h"

VLOG_DEFINE_THIS_MODULE(stale);

/* A bucket's rate is tokens a millisecond. */
#define TOKENS 1000

static struct token_bucket bucket = TOKEN_BUCKET_INIT(STALE_RATE,
                                                      STALE_RATE * TOKENS);

/* If 'pin' says that a connection is left over, returns true and stores its
 * zone in '*zone' and its original direction in '*match'. */
bool
stale_parse(const struct ofputil_packet_in *pin, uint16_t *zone,
            struct ofp_ct_match *match)
{
    uint64_t cookie = ntohll(pin->cookie);
    enum stale_case stale_case = (cookie >> 32) & UINT16_MAX;
    uint32_t reg = pin->flow_metadata.flow.regs[HR_ZONE_INDEX];
    struct dp_packet packet;
    struct flow flow;

    if (cookie >> 48 != CK_STALE
        || (stale_case != ST_DENIED && stale_case != ST_DENIED_INSIDE
            && stale_case != ST_GONE)
        || !reg || reg > UINT16_MAX) {
        return false;
    }

    dp_packet_use_const(&packet, pin->packet, pin->packet_len);
    flow_extract(&packet, &flow);
    if (!is_ip_any(&flow) || flow.nw_proto != IPPROTO_TCP || flow.nw_frag) {
        return false;
    }

    bool v4 = flow.dl_type == htons(ETH_TYPE_IP);
    struct ofp_ct_tuple tuple = {
        .src = v4 ? in6_addr_mapped_ipv4(flow.nw_src) : flow.ipv6_src,
        .dst = v4 ? in6_addr_mapped_ipv4(flow.nw_dst) : flow.ipv6_dst,
        .src_port = flow.tp_src,
        .dst_port = flow.tp_dst,
    };
    if (stale_case != ST_GONE) {
        /* This one is the VM's. */
        struct ofp_ct_tuple reply = tuple;

        tuple.src = reply.dst;
        tuple.dst = reply.src;
        tuple.src_port = reply.dst_port;
        tuple.dst_port = reply.src_port;
    }

    /* The switch takes what is zero as "any". */
    if (!ofp_ct_tuple_is_five_tuple(&tuple, IPPROTO_TCP)) {
        return false;
    }
    *zone = reg;
    *match = (struct ofp_ct_match) {
        .ip_proto = IPPROTO_TCP,
        .l3_type = v4 ? AF_INET : AF_INET6,
        .tuple_orig = tuple,
    };
    return true;
}

static void
handle_packet_in(struct ofctrl *ofctrl, const struct ofputil_packet_in *pin)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(10, 10);

    struct ofp_ct_match match;
    uint16_t zone;

    if (!stale_parse(pin, &zone, &match)
        || !token_bucket_withdraw(&bucket, TOKENS)) {
        return;
    }
    if (!VLOG_DROP_INFO(&rl)) {
        struct ds s = DS_EMPTY_INITIALIZER;

        ofp_ct_match_format(&s, &match);
        VLOG_INFO("zone %"PRIu16": flushing a connection that its VM does not "
                  "have: %s", zone, ds_cstr(&s));
        ds_destroy(&s);
    }
    ofctrl_flush_connection(ofctrl, zone, &match);
    if ((ntohll(pin->cookie) >> 32 & UINT16_MAX) == ST_DENIED_INSIDE) {
        reset_refuse_vm(ofctrl, pin);
    }
}

void
stale_init(struct ofctrl *ofctrl)
{
    ofctrl_ask_packet_ins(ofctrl, CK_STALE, handle_packet_in);
    ofctrl_limit_packet_ins(ofctrl, OFPM13_CONTROLLER, STALE_RATE);
}

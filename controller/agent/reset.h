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

#ifndef RESET_H
#define RESET_H 1

/* RSTs for segments of connections that are over (ofproto-rules/reset.c).
 *
 * The switch hands the agent such segments, and says by its registers what
 * they were before NAT and how replies get to the client.  The agent answers:
 * a client as replies of the VM do, by the same flows; a VM by its port.
 *
 * Somebody may send nothing else.  So the switch hands over no more than
 * RESET_RATE segments a second of each case, if its datapath has meters, and
 * the agent heeds no more in any case.  Of the others those who have sent them
 * send more. */

#include <stdbool.h>
#include <stdint.h>

#include "controller/agent/tcp-segment.h"
#include "ofproto-rules/pipeline.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-ct.h"
#include "openvswitch/types.h"

struct ofctrl;
struct ofputil_packet_in;

#define RESET_RATE 1000

/* What is done about a segment. */
struct reset {
    enum reset_case why;

    /* To the client. */
    bool to_client;
    struct tcp_segment client_rst;
    uint32_t network, reply;    /* As in HR_NETWORK and HR_REPLY. */

    /* To the VM. */
    bool to_vm;
    struct tcp_segment vm_rst;
    ofp_port_t vm_port;

    /* Conntrack forgets the connection in 'zone'. */
    bool flush;
    uint16_t zone;
    struct ofp_ct_match match;
};

void reset_init(struct ofctrl *);
void reset_refuse_vm(struct ofctrl *, const struct ofputil_packet_in *);

bool reset_parse(const struct ofputil_packet_in *, struct reset *);
bool reset_parse_vm(const struct ofputil_packet_in *, struct reset *);

#endif /* controller/agent/reset.h */

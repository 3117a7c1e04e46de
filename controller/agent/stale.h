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

#ifndef STALE_H
#define STALE_H 1

/* Connections that are left over in conntrack (ofproto-rules/stale.c).
 *
 * The switch hands the agent packets that say so of a connection: a VM denies
 * that it has it, or its VM has gone.  The agent flushes that one connection
 * and nothing else; the packet itself ends here.
 *
 * Somebody may try to have the agent do nothing else any more.  So the switch
 * hands over STALE_RATE packets a second at most, if its datapath has meters,
 * and the agent heeds no more in any case.  Of the others the clients repeat
 * their SYNs. */

#include <stdbool.h>
#include <stdint.h>

struct ofctrl;
struct ofp_ct_match;
struct ofputil_packet_in;

#define STALE_RATE 200

void stale_init(struct ofctrl *);

bool stale_parse(const struct ofputil_packet_in *, uint16_t *zone,
                 struct ofp_ct_match *);

#endif /* controller/agent/stale.h */

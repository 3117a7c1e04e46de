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

#include "ofproto-rules/host.h"

#include "ofproto-rules/flow-table.h"
#include "ofproto-rules/pipeline.h"
#include "util.h"

/* ICMP errors.  They quote a packet of the connection that they are about.
 * OpenFlow cannot match on what is quoted; conntrack looks for it, in the zone
 * that it is given.  So errors go their own way, through the zones of all
 * rules that they can be about. */

enum priority {
    P_ERROR = 50,
};

/* Sends the ICMP errors that get to table 'from' on to table 'to'. */
void
icmp_rules(struct flow_table *ft, uint8_t from, uint8_t to)
{
    static const char *const errors[] = {
        "icmp,icmp_type=3",     /* Destination unreachable. */
        "icmp,icmp_type=11",    /* Time exceeded. */
        "icmp,icmp_type=12",    /* Parameter problem. */
        "icmp6,icmp_type=1",    /* Destination unreachable. */
        "icmp6,icmp_type=2",    /* Packet too big. */
        "icmp6,icmp_type=3",    /* Time exceeded. */
        "icmp6,icmp_type=4",    /* Parameter problem. */
    };

    for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
        flow_table_add(ft, from, P_ERROR, make_cookie(CK_STATIC, 0, 0),
                       "%s actions=set_field:1->"HR_ERROR",goto_table:%d",
                       errors[i], to);
    }
}

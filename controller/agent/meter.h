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
#ifndef METER_H
#define METER_H 1

/* The meters of a bridge, for its flows' single writer (ofctrl.h).
 *
 * A role says which meters there may be, and how many packets a second they
 * let through.  Some are there always; of a range of others those that flows
 * name.  ofctrl asks the switch which there are when a connection starts, adds
 * those that are missing before it puts flows, and takes away those that no
 * flow names any more when the flows are in force.
 *
 * A switch resolves the number of a meter when it gets a flow, and takes a
 * flow that hands packets over by a meter that is not there, without a limit:
 * so do flows that somebody else has put back after a restart of the switch.
 * They have to be put anew when their meters are there; meters_lack() knows
 * them.
 *
 * Nothing here knows a connection: messages are made for the caller to
 * send. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/list.h"

struct flow_table;
struct ofp_header;
struct ofpact;

/* Meters with numbers from 'first' to 'last'. */
struct meter_range {
    uint32_t first, last;
    unsigned int rate;          /* Packets a second. */
    bool always;                /* Or only those that flows name? */
    unsigned long *wanted;
    unsigned long *there;       /* The switch has them, as they should be. */
};

#define MAX_METER_RANGES 8

struct meters {
    struct meter_range ranges[MAX_METER_RANGES];
    size_t n;
};

void meters_init(struct meters *);
void meters_destroy(struct meters *);

void meters_limit(struct meters *, uint32_t first, uint32_t last,
                  unsigned int rate, bool always);
void meters_want(struct meters *, const struct flow_table *);

void meters_forget(struct meters *);
int meters_read(struct meters *, const struct ofp_header *reply,
                struct ovs_list *msgs);
bool meters_lack(const struct meters *, const struct ofpact *, size_t len);
void meters_add(struct meters *, struct ovs_list *msgs);
void meters_delete(struct meters *, struct ovs_list *msgs);

#endif /* controller/agent/meter.h */

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


#ifndef CT_TIMEOUT_H
#define CT_TIMEOUT_H 1

/* Time-out policies of conntrack zones, in the node's Open vSwitch database:
 *
 *     Open_vSwitch:datapaths[TYPE] -> Datapath:ct_zones[NUMBER]
 *         -> CT_Zone:timeout_policy -> CT_Timeout_Policy:timeouts
 *
 * A zone that belongs to a rule has the policy of the rule's idle time-out;
 * others have none, so the datapath's own times hold.  Rules with equal times
 * share a CT_Zone and its CT_Timeout_Policy, so a host with thousands of rules
 * has a few rows.  Both say what they are for by
 *
 *     external_ids:slb-idle = SECONDS
 *
 * and nothing else is ever changed: neither zones that somebody else has a
 * CT_Zone for, nor what other keys a Datapath has.  Rows that nothing refers
 * to are removed by the database.
 *
 *
 * Editing a time-out
 * ==================
 *
 * Open vSwitch tells policies apart by what they say, and a connection keeps
 * the number of the one under which it has begun.  So a zone that gets another
 * policy keeps its connections, and these keep the time that they began with;
 * the new one is for those that begin from then on.  It is so with either
 * datapath, and nothing in Open vSwitch can do otherwise.
 *
 * But once no zone has the old policy, the userspace datapath drops it within
 * 20 seconds, and its connections would have the datapath's default time, one
 * day, or that of whatever policy gets the number next.  So each policy has a
 * zone of its own, "idle-SECONDS", through which no packet goes.  It holds the
 * policy for a day after the last rule has left (CT_Zone's
 * external_ids:slb-unused-since, in seconds of wall clock time): what is still
 * open then would have got as much.  There are as many as there are different
 * times, 27 in the language.
 *
 *
 * Order
 * =====
 *
 * The time that a connection has is that of the policy its zone has when it
 * begins, so the switch must know the policy before the flows.  It says that
 * it does by Open_vSwitch:cur_cfg, which follows next_cfg; each change
 * increments that. */

#include <stdbool.h>

struct agent;
struct ovsrec_bridge;
struct simap;
struct sset;

void ct_timeouts_init(struct agent *);
void ct_timeouts_add_zones(const struct agent *, const struct simap *rules,
                           struct sset *zones);
bool ct_timeouts_run(struct agent *, const struct ovsrec_bridge *,
                     const struct simap *rules);
void ct_timeouts_foreign(const struct agent *, const struct ovsrec_bridge *,
                         unsigned long *zones);

#endif /* controller/agent/ct-timeout.h */

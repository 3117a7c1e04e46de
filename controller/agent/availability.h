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

#ifndef AVAILABILITY_H
#define AVAILABILITY_H 1

/* Whether the VIPs of a mux can be reached, as the mux measures it.
 *
 * For each endpoint of the VIPs that the mux announces, and for each host that
 * owns any of its slots, there is a "path".  Packets are sent by all paths in
 * turn, and what answers (lib/steering.h) says whether the tunnel to the host
 * works and whether the host has a rule and a member for the packet:
 *
 *     no answer            lost: by the tunnel, by the mux itself
 *     STEERING_REFUSED     the host does not know the rule, or the member
 *     STEERING_SERVED      fine, if it is from the host that is the owner's by
 *                          the tables; otherwise the packet went astray
 *
 *
 * How often
 * =========
 *
 * Each path has a packet in 0.9 s, as long as that does not take more than
 * AVAILABILITY_RATE packets a second.  When there are more paths, endpoints
 * and hosts take turns instead, each endpoint with another one of its paths
 * each time: with up to 1350 endpoints and 450 hosts they still come in 0.9 s,
 * more come as often as the rate allows.  What is wrong with a single path
 * then takes longer to be seen, by the time in which all paths have had a
 * turn.
 *
 * What has failed is tried again as soon as that is known, after
 * AVAILABILITY_TIMEOUT_MS, up to AVAILABILITY_RETRIES times a second in all.
 *
 *
 * What is made of it
 * ==================
 *
 * A host that has not answered at all for AVAILABILITY_FAILURES packets in a
 * row, sent in AVAILABILITY_SPAN_MS or more, is dead: its tunnel does not
 * work.  If that is so for all of several hosts, it is not them but this mux,
 * and none of them is said to be dead.
 *
 * A path that has failed as often, while its host has answered to something
 * meanwhile, is bad: that VIP is impaired.  What a dead host does not answer
 * is not held against the VIPs.
 *
 * A host or path is well again after nothing has failed for
 * AVAILABILITY_HOLD_MS, or twice as long each time that it got bad soon after
 * that.  All of it takes 4 s at the most, if a path has its turn each second.
 *
 * Nothing in here does any I/O or looks at a clock: packets are sent by a
 * function of the user's. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/agent/availability-flow.h"
#include "lib/steering.h"
#include "openvswitch/types.h"

struct ds;
struct mux_tables;

/* Packets a second. */
#define AVAILABILITY_RATE 2000
#define AVAILABILITY_RETRIES 500

#define AVAILABILITY_PERIOD_MS 900
#define AVAILABILITY_TIMEOUT_MS 500
#define AVAILABILITY_FAILURES 4
#define AVAILABILITY_SPAN_MS 1500
#define AVAILABILITY_HOLD_MS 2000
#define AVAILABILITY_MAX_HOLD_MS 60000

/* Nothing is told before it has been measured for so long. */
#define AVAILABILITY_BEGIN_MS 5000

/* As many hosts, and VIPs, are named at the most. */
#define AVAILABILITY_MAX_NAMED 3

struct availability_ops {
    /* Sends a packet by 'flow' to 'endpoint'.  'seq' is its number. */
    void (*send)(const struct availability_endpoint *endpoint,
                 const struct availability_flow *flow, uint64_t seq,
                 void *aux);

    /* Does this mux announce the VIP? */
    bool (*is_announced)(int64_t network, const char *address, void *aux);

    /* Returns what a VIP belongs to, as users call it, or NULL. */
    const char *(*name)(int64_t network, const char *address, void *aux);
};

struct availability *availability_create(const struct availability_ops *,
                                         void *aux);
void availability_destroy(struct availability *);

void availability_set(struct availability *, const struct mux_tables *);
void availability_plan(struct availability *);
bool availability_is_planned(const struct availability *);

void availability_answer(struct availability *, uint64_t seq, ovs_be32 vtep,
                         enum steering_measure, uint16_t owner,
                         long long int now, long long int latency_us);
void availability_run(struct availability *, long long int now,
                      long long int wall);
long long int availability_next(const struct availability *);
void availability_pause(struct availability *);

bool availability_is_dead(const struct availability *, ovs_be32 vtep);
uint64_t availability_seqno(const struct availability *);
bool availability_is_known(const struct availability *);
const char *availability_get_text(const struct availability *);
void availability_format(const struct availability *, struct ds *);

#endif /* controller/agent/availability.h */

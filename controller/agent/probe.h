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

#ifndef PROBE_H
#define PROBE_H 1

/* Health probes of the VMs of this host.
 *
 * Which ones there are follows from the database: a VM (Binding) is a member
 * of pools, and a pool (Compiled_Pool) may have a probe.  A probe that several
 * pools have is run once for an address of a VM.  How its results make a
 * member healthy or not is probe-state.h's, and how they come about
 * probe-engine.h's.
 *
 * What has become of a member is written into the row of its port
 * (Port.health) when it changes.  An agent that starts again goes on from what
 * it finds there; but of a VM that has been unplugged, or replaced by another
 * one, nothing is known any more.  Probes do not need the database otherwise:
 * without it, they go on as they are.
 *
 * What is found there may be old, as is what this agent knew before it, or the
 * switch, stood still for long.  Who was up remains so until new results
 * decide, but that is doubtful (probe-state.h), and as long as there are
 * doubts, the host does not say that it is alive (heartbeat.h): it would speak
 * for members that may have been dead for an hour.  One answer is enough,
 * which those who are well give within a second or two, so a new agent is
 * heard in time.  For the others time is short, lest the whole host fall
 * silent because of them: who can neither answer nor be found to be down for
 * DOUBT_TIME after it was asked is unknown then, and gets nothing before its
 * next success.  With long intervals that may take long, but nobody knows
 * better. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/shash.h"

struct agent;

/* A TCP port of an address of a VM that is probed. */
struct probe_use {
    uint32_t network;           /* Tunnel key. */
    struct in6_addr address;
    uint16_t token;
    uint16_t port;
};

void probes_init(void);
void probes_destroy(void);

void probes_sync(const struct agent *, const struct shash *ports);
struct probe_use *probes_get_uses(size_t *n);
bool probes_hold(void);

void probes_run(struct agent *, bool flows);
void probes_wait(void);

#endif /* controller/agent/probe.h */

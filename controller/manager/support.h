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

#ifndef MANAGER_SUPPORT_H
#define MANAGER_SUPPORT_H 1

/* What users may declare already but what is not done yet.
 *
 * Each property that has no effect yet, or not all of it, leaves a text in the
 * object's status: "not supported yet: PROPERTY (what happens instead)".  This
 * module is the only place that knows which ones these are: for each kind of
 * object there is one function that takes plain values and adds the texts to a
 * struct status.
 *
 * When something is done, its lines here go.  No I/O here. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct status;

struct support_outbound {
    const char *name;
    int allocated_ports;        /* As declared, see lib/slb-outbound.h. */
    size_t n_members;           /* Of its pool. */
    uint64_t available;         /* Ports of its frontends, likewise. */
};

void support_network(struct status *, bool peerings);
void support_load_balancer(struct status *, bool global);
void support_frontend(struct status *, const char *name, bool fastpath);
void support_rule(struct status *, const char *name,
                  bool disable_outbound_snat);
void support_outbound_rule(struct status *, const struct support_outbound *);

#endif /* controller/manager/support.h */

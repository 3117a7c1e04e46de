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

#ifndef HOST_MODEL_H
#define HOST_MODEL_H 1

/* From database rows to what a host's flows depend on (struct host_rules).
 *
 * A VM is here if the manager bound one of its addresses (Binding) to an
 * interface that is plugged in here (struct port).  A rule is here if it has a
 * zone.  Rows that contradict themselves are left out, with a warning: they
 * are the manager's mistake, and must not keep what is right from working. */

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "ofproto-rules/host.h"
#include "openvswitch/shash.h"
#include "sset.h"

struct agent;
struct host_bridge;
struct simap;

struct host_model {
    struct host_rules rules;

    /* VTEPs that this host may have to send to. */
    struct in6_addr *vteps;
    size_t n_vteps;
};

void host_model_gateways(struct in6_addr gateways[2]);
void host_model_zones(const struct agent *, struct sset *names);
void host_model_idle_times(const struct agent *, struct simap *times);
void host_model_build(struct host_model *, const struct agent *,
                      const struct host_bridge *, const struct shash *ports);
void host_model_destroy(struct host_model *);

#endif /* controller/agent/host-model.h */

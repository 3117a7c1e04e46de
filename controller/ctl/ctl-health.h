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

#ifndef CTL_HEALTH_H
#define CTL_HEALTH_H 1

/* Which members are well, and so how many of a pool serve.
 *
 * A member's host says what it has found out ("up" or "down"), for each probe
 * that a rule uses the pool with; it is "unknown" before that, and when
 * nothing is heard of its host any more, also for rules without a probe.
 * Whether it gets connections is the manager's decision, which follows from
 * that and from what users declared.
 *
 * The target of a NAT rule, and who connects to the outside by an outbound
 * rule, need not be well: all that are able to serve count. */

#include <stddef.h>

struct ctl_member;
struct ctl_state;
struct slb_load_balancer;
struct slb_pool;
struct slb_probe;
struct svec;

/* How many members a pool has. */
struct ctl_pool_size {
    size_t n_declared;
    size_t n_known;             /* Those that the manager has seen. */
    size_t n_able;              /* On a host, and not taken out by users. */
    size_t n_serving;           /* Those of them that get new connections. */
};

struct ctl_pool_size *ctl_pool_measure(const struct ctl_state *,
                                       const struct slb_pool *,
                                       const struct slb_probe *);
void ctl_pool_probes(const struct slb_load_balancer *,
                     const struct slb_pool *, struct svec *probes);
const char *ctl_member_health(const struct ctl_state *,
                              const struct slb_probe *,
                              const struct ctl_member *);

#endif /* controller/ctl/ctl-health.h */

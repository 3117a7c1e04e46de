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

#include "controller/ctl/ctl-health.h"

#include <stdlib.h>
#include <string.h>

#include "controller/ctl/ctl-state.h"
#include "svec.h"
#include "util.h"
#include "yaml/slb-model.h"

/* Does 'member', about which 'found' is known, get new connections but for its
 * health?  (One that a probe says is down drains, but only for the rules with
 * that probe.) */
static bool
may_serve(const struct slb_member *member, const struct ctl_member *found)
{
    return (found->node && member->weight
            && member->admin_state != SLB_ADMIN_DOWN);
}

/* The same with what 'probe' says, if it is not NULL. */
static bool
serves(const struct ctl_state *state, const struct slb_pool *pool,
       const struct slb_probe *probe, const struct slb_member *member,
       const struct ctl_member *found)
{
    if (!may_serve(member, found)) {
        return false;
    } else if (member->admin_state == SLB_ADMIN_UP) {
        return true;
    } else if (found->silent && pool->silent_host == SLB_SILENT_DOWN) {
        return false;
    } else if (!probe) {
        return true;
    }

    const char *health = ctl_state_health(state, probe, found);
    return health && !strcmp(health, "up");
}

/* Returns how many members 'pool' has for rules with 'probe', which may be
 * NULL; for the caller to free. */
struct ctl_pool_size *
ctl_pool_measure(const struct ctl_state *state, const struct slb_pool *pool,
                 const struct slb_probe *probe)
{
    struct ctl_pool_size *size = xzalloc(sizeof *size);
    size_t n_down = 0;
    size_t n;
    struct ctl_member *members = ctl_state_members(state, pool, &n);

    size->n_declared = pool->members.n;
    for (size_t i = 0; i < pool->members.n; i++) {
        const struct slb_member *member = pool->members.at[i];

        size->n_known += members[i].state != CTL_MEMBER_UNKNOWN;
        size->n_able += may_serve(member, &members[i]);
        if (serves(state, pool, probe, member, &members[i])) {
            size->n_serving++;
        } else if (probe && may_serve(member, &members[i])) {
            n_down += ctl_state_health(state, probe, &members[i]) != NULL;
        }
    }
    if (!size->n_serving && probe
        && probe->no_healthy_backends == SLB_ALL_PROBED_UP) {
        size->n_serving = n_down;
    }
    free(members);
    return size;
}

/* Adds the names of the probes of the rules that use 'pool', a pool of 'lb',
 * to 'probes', sorted. */
void
ctl_pool_probes(const struct slb_load_balancer *lb,
                const struct slb_pool *pool, struct svec *probes)
{
    for (size_t i = 0; i < lb->rules.n; i++) {
        const struct slb_rule *rule = lb->rules.at[i];

        if (rule->probe && !strcmp(rule->backend_pool, pool->obj.name)) {
            svec_add(probes, rule->probe);
        }
    }
    svec_sort_unique(probes);
}

/* Returns the health of 'member' by 'probe' as text; without a probe, if that
 * is NULL, "" unless it is unknown. */
const char *
ctl_member_health(const struct ctl_state *state, const struct slb_probe *probe,
                  const struct ctl_member *member)
{
    const char *health = (member->silent ? NULL
                          : probe ? ctl_state_health(state, probe, member)
                          : "");

    return health ? health : "unknown";
}

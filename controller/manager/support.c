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

#include "controller/manager/support.h"

#include <inttypes.h>
#include <stdlib.h>

#include "controller/manager/status.h"
#include "lib/slb-outbound.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* 'property' of what is called 'name' in the list 'list' does not have its
 * effect; 'instead' says what there is instead. */
static void
add(struct status *status, const char *list, const char *name,
    const char *property, const char *instead)
{
    status_add_nocopy(status, xasprintf("%s/%s", list, name),
                      xasprintf("not supported yet: %s (%s)", property,
                                instead));
}

/* Adds what is not supported of a virtual network with 'peerings' or
 * without. */
void
support_network(struct status *status, bool peerings)
{
    if (peerings) {
        status_add(status, "", "not supported yet: peerings (members in a "
                   "peered network are served by public frontends only, and "
                   "machines of the two networks do not reach each other)");
    }
}

/* Adds what is not supported of a load balancer's own properties: whether its
 * tier is 'global'. */
void
support_load_balancer(struct status *status, bool global)
{
    if (global) {
        status_add(status, "", "not supported yet: tier: Global (it is "
                   "treated as Regional)");
    }
}

/* Adds what is not supported of frontend 'name'. */
void
support_frontend(struct status *status, const char *name, bool fastpath)
{
    if (fastpath) {
        add(status, "frontends", name, "fastpath",
            "traffic goes by the muxes");
    }
}

/* Adds what is not supported of rule 'name'. */
void
support_rule(struct status *status, const char *name,
             bool disable_outbound_snat)
{
    if (disable_outbound_snat) {
        add(status, "rules", name, "disableOutboundSnat",
            "no machine has outbound connections by the load balancer yet");
    }
}

/* Adds what is not supported of outbound rule 'rule', which is never in force,
 * and what it will do. */
void
support_outbound_rule(struct status *status,
                      const struct support_outbound *rule)
{
    size_t n = rule->n_members;
    uint64_t ports = slb_outbound_ports(rule->allocated_ports, n,
                                        rule->available);
    bool on_demand = rule->allocated_ports == SLB_OUTBOUND_ON_DEMAND;
    const char *s = n == 1 ? "" : "s";
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "the rule is not in force; ");
    if (!n) {
        ds_put_cstr(&ds, "its pool has no members");
    } else if (on_demand) {
        ds_put_format(&ds, "its %"PRIuSIZE" member%s would get ports on "
                      "demand, %d at a time", n, s, SLB_OUTBOUND_BLOCK);
    } else if (ports && slb_outbound_fits(ports, n, rule->available)) {
        ds_put_format(&ds, "%sits %"PRIuSIZE" member%s would get %"PRIu64" "
                      "ports", n == 1 ? "" : "each of ", n, s, ports);
    } else {
        ds_put_format(&ds, "the %"PRIu64" ports of its frontends would be too "
                      "few for its %"PRIuSIZE" member%s", rule->available, n,
                      s);
    }
    add(status, "outboundRules", rule->name, "outboundRules", ds_cstr(&ds));
    ds_destroy(&ds);
}

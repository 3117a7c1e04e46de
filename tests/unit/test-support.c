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

#include "controller/manager/status.h"
#include "lib/slb-outbound.h"
#include "smap.h"
#include "tests/unit/unit.h"
#include "util.h"

/* Checks that 'status' says 'text' about 'path' and nothing else, or nothing
 * at all if 'text' is NULL, and clears it. */
static void
check(struct status *status, const char *path, const char *text)
{
    struct smap smap = SMAP_INITIALIZER(&smap);

    status_to_smap(status, &smap);
    CU_ASSERT_EQUAL_FATAL(smap_count(&smap), text ? 1 : 0);
    if (text) {
        const char *found = smap_get(&smap, path);
        CU_ASSERT_PTR_NOT_NULL_FATAL(found);
        CU_ASSERT_STRING_EQUAL(found, text);
    }
    smap_destroy(&smap);
    status_clear(status);
}

static void
test_support_networks_and_load_balancers(void)
{
    struct status status;

    status_init(&status);
    support_network(&status, false);
    support_load_balancer(&status, false);
    check(&status, "", NULL);
    support_network(&status, true);
    check(&status, "", "not supported yet: peerings (members in a peered "
          "network are served by public frontends only, and machines of the "
          "two networks do not reach each other)");
    support_load_balancer(&status, true);
    check(&status, "", "not supported yet: tier: Global (it is treated as "
          "Regional)");
    status_destroy(&status);
}

static void
test_support_frontends(void)
{
    struct status status;

    status_init(&status);
    support_frontend(&status, "a", false);
    check(&status, "", NULL);
    support_frontend(&status, "a", true);
    check(&status, "frontends/a", "not supported yet: fastpath (traffic goes "
          "by the muxes)");
    status_destroy(&status);
}

static void
test_support_rules(void)
{
    struct status status;

    status_init(&status);
    support_rule(&status, "http", false);
    check(&status, "", NULL);
    support_rule(&status, "http", true);
    check(&status, "rules/http", "not supported yet: disableOutboundSnat (no "
          "machine has outbound connections by the load balancer yet)");
    status_destroy(&status);
}

static void
check_outbound(int allocated, size_t n_members, uint64_t available,
               const char *text)
{
    struct support_outbound rule = {
        .name = "out", .allocated_ports = allocated, .n_members = n_members,
        .available = available,
    };
    struct status status;

    status_init(&status);
    support_outbound_rule(&status, &rule);
    check(&status, "outboundRules/out", text);
    status_destroy(&status);
}

static void
test_support_outbound(void)
{
    check_outbound(2048, 3, 64000, "not supported yet: outboundRules (the "
                   "rule is not in force; each of its 3 members would get "
                   "2048 ports)");
    check_outbound(SLB_OUTBOUND_DEFAULT, 1, 64000, "not supported yet: "
                   "outboundRules (the rule is not in force; its 1 member "
                   "would get 1024 ports)");
    check_outbound(SLB_OUTBOUND_EVEN, 10, 64000, "not supported yet: "
                   "outboundRules (the rule is not in force; each of its 10 "
                   "members would get 6400 ports)");
    check_outbound(SLB_OUTBOUND_ON_DEMAND, 2, 64000, "not supported yet: "
                   "outboundRules (the rule is not in force; its 2 members "
                   "would get ports on demand, 8 at a time)");
    check_outbound(64000, 1, 64000 - 8, "not supported yet: outboundRules "
                   "(the rule is not in force; the 63992 ports of its "
                   "frontends would be too few for its 1 member)");
    check_outbound(SLB_OUTBOUND_EVEN, 2, 8, "not supported yet: "
                   "outboundRules (the rule is not in force; the 8 ports of "
                   "its frontends would be too few for its 2 members)");
    check_outbound(1024, 0, 64000, "not supported yet: outboundRules (the "
                   "rule is not in force; its pool has no members)");
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_support_networks_and_load_balancers),
    UNIT_TEST(test_support_frontends),
    UNIT_TEST(test_support_rules),
    UNIT_TEST(test_support_outbound),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("support", tests, argc, argv);
}

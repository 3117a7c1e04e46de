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

#include "controller/manager/status.h"

#include "controller/manager/binding.h"
#include "lib/slb-address.h"
#include "smap.h"
#include "sset.h"
#include "tests/unit/unit.h"
#include "util.h"

/* Checks that 'status' says 'text' about 'path', NULL for nothing. */
static void
check(struct status *status, const char *path, const char *text)
{
    struct smap smap = SMAP_INITIALIZER(&smap);

    status_to_smap(status, &smap);
    const char *found = smap_get(&smap, path);
    CU_ASSERT_EQUAL_FATAL(found != NULL, text != NULL);
    if (text) {
        CU_ASSERT_STRING_EQUAL(found, text);
    }
    CU_ASSERT(status_equals(status, &smap));
    smap_destroy(&smap);
}

static void
test_status_joins_texts(void)
{
    struct status status;

    status_init(&status);
    check(&status, "", NULL);
    status_add(&status, "rules/http", "z %d", 1);
    status_add(&status, "", "self");
    status_add(&status, "rules/http", "a");
    status_add(&status, "rules/https", "b");
    status_add(&status, "rules/http", "m%%");
    check(&status, "rules/http", "a; m%; z 1");
    check(&status, "rules/https", "b");
    check(&status, "", "self");
    check(&status, "rules", NULL);

    /* Something twice is said once, also if it comes later. */
    status_add(&status, "rules/http", "a");
    status_add(&status, "rules/http", "a");
    check(&status, "rules/http", "a; m%; z 1");

    status_clear(&status);
    check(&status, "rules/http", NULL);
    status_add(&status, "rules/http", "new");
    check(&status, "rules/http", "new");
    status_destroy(&status);
    status_destroy(NULL);
}

static void
test_status_equals(void)
{
    struct smap smap = SMAP_INITIALIZER(&smap);
    struct status status;

    status_init(&status);
    CU_ASSERT(status_equals(&status, &smap));
    smap_add(&smap, "", "x");
    CU_ASSERT_FALSE(status_equals(&status, &smap));

    status_add(&status, "", "x");
    CU_ASSERT(status_equals(&status, &smap));
    status_add(&status, "frontends/a", "2");
    CU_ASSERT_FALSE(status_equals(&status, &smap));
    smap_add(&smap, "frontends/a", "1; 2");
    CU_ASSERT_FALSE(status_equals(&status, &smap));
    status_add(&status, "frontends/a", "1");
    CU_ASSERT(status_equals(&status, &smap));
    smap_add(&smap, "frontends/b", "1");
    CU_ASSERT_FALSE(status_equals(&status, &smap));

    /* As many paths, but another one. */
    status_add(&status, "frontends/c", "1");
    CU_ASSERT_FALSE(status_equals(&status, &smap));

    /* What was in the map before goes. */
    status_to_smap(&status, &smap);
    CU_ASSERT_EQUAL(smap_count(&smap), 3);
    CU_ASSERT(status_equals(&status, &smap));
    status_clear(&status);
    status_to_smap(&status, &smap);
    CU_ASSERT(smap_is_empty(&smap));
    status_destroy(&status);
    smap_destroy(&smap);
}

static void
check_zones(const char *first, const char *second, const char *text)
{
    struct sset mux_zones = SSET_INITIALIZER(&mux_zones);
    char *zones[] = { CONST_CAST(char *, first), CONST_CAST(char *, second) };
    struct status status;

    sset_add(&mux_zones, "1");
    sset_add(&mux_zones, "2");
    status_init(&status);
    status_add_zones(&status, "public", zones, !!first + !!second, &mux_zones);
    check(&status, "frontends/public", text);
    status_destroy(&status);
    sset_destroy(&mux_zones);
}

static void
test_status_zones(void)
{
    check_zones(NULL, NULL, NULL);
    check_zones("1", NULL, NULL);
    check_zones("1", "2", NULL);
    check_zones("3", NULL, "no mux is in zone 3, so its address is announced "
                           "nowhere");
    check_zones("2", "3", "no mux is in zone 3, so its address is not "
                          "announced there");
    check_zones("3", "4", "no mux is in zones 3, 4, so its address is "
                          "announced nowhere");
}

/* Checks what is said about a member that is 'astray' and 'wanted' in a
 * network. */
static void
check_astray(struct binding_astray astray, const char *wanted, bool ipv6,
             const char *text)
{
    struct status status;

    astray.node = "host1";
    status_init(&status);
    status_add_astray(&status, "backendPools/servers/members/vm1", "its",
                      &astray, wanted, ipv6);
    check(&status, "backendPools/servers/members/vm1", text);
    status_destroy(&status);
}

static void
test_status_astray(void)
{
    struct binding_astray nowhere = { .network = NULL };
    struct binding_astray dev = { .network = "dev" };
    struct binding_astray bare = { .network = "dev", .without_address = true };

    check_astray(nowhere, NULL, false,
                 "its port on node host1 is in no network");
    check_astray(nowhere, "prod", false,
                 "its port on node host1 is in no network");
    check_astray(dev, NULL, false,
                 "its port on node host1 is in network dev, which is neither "
                 "the load balancer's nor a peer of it");
    check_astray(dev, "prod", false,
                 "its port on node host1 is in network dev, while the address "
                 "is in network prod");
    check_astray(bare, NULL, false,
                 "its port on node host1 has no IPv4 address of network dev");
    check_astray(bare, NULL, true,
                 "its port on node host1 has no IPv6 address of network dev");
}

static void
test_status_conflicts(void)
{
    struct in6_addr address;
    struct status status;

    status_init(&status);
    CU_ASSERT_FATAL(slb_address_parse("20.1.2.3", &address));
    status_add_address_conflict(&status, "frontends/public", &address,
                                "web/frontends/public");
    check(&status, "frontends/public",
          "address 20.1.2.3 is used by web/frontends/public");
    status_add_shared_address(&status, "frontends/inside", &address, "vm1",
                              "host1");
    check(&status, "frontends/inside",
          "address 20.1.2.3 is also that of port vm1 on node host1");

    status_add_port_conflict(&status, "rules/a", "20.1.2.3", IPPROTO_TCP, 80,
                             "web/rules/http");
    status_add_port_conflict(&status, "rules/b", "fd00::1", IPPROTO_UDP, 53,
                             "dns/rules/dns");
    status_add_port_conflict(&status, "rules/c", "10.0.1.4", 0, 0,
                             "web/rules/http");
    check(&status, "rules/a",
          "TCP port 80 of 20.1.2.3 is used by web/rules/http");
    check(&status, "rules/b", "UDP port 53 of fd00::1 is used by "
                              "dns/rules/dns");
    check(&status, "rules/c", "a port of 10.0.1.4 is used by web/rules/http");
    status_destroy(&status);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_status_joins_texts),
    UNIT_TEST(test_status_equals),
    UNIT_TEST(test_status_zones),
    UNIT_TEST(test_status_astray),
    UNIT_TEST(test_status_conflicts),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("status", tests, argc, argv);
}

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

#include "controller/agent/fabric.h"

#include "packets.h"
#include "sset.h"
#include "tests/unit/unit.h"
#include "util.h"

static void
test_prefixes(void)
{
    static const struct {
        const char *option;
        const char *prefixes;
        bool good;
    } cases[] = {
        { "", "", true },
        { "10.0.0.0/8", "10.0.0.0/8", true },
        { " 10.0.0.0/8,172.16.0.0/12\n192.0.2.1/32 ",
          "10.0.0.0/8 172.16.0.0/12 192.0.2.1/32", true },
        { "10.0.0.0/8, 10.0.0.0/8", "10.0.0.0/8", true },
        { "10.0.0.1/8, 10.1.0.0/16", "10.1.0.0/16", false },
        { "2001:db8::/32 10.1.0.0/16", "10.1.0.0/16", false },
        { "10.0.0.0/33", "", false },
        { "host", "", false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct sset prefixes = SSET_INITIALIZER(&prefixes);
        struct sset wanted;

        CU_ASSERT_EQUAL(fabric_get_prefixes(cases[i].option, &prefixes),
                        cases[i].good);
        sset_from_delimited_string(&wanted, cases[i].prefixes, " ");
        CU_ASSERT(sset_equals(&prefixes, &wanted));
        sset_destroy(&prefixes);
        sset_destroy(&wanted);
    }
}

/* The loopback interface is on every machine. */
static void
test_link(void)
{
    struct sset prefixes = SSET_INITIALIZER(&prefixes);

    fabric_get_link(htonl(INADDR_LOOPBACK), &prefixes);
    CU_ASSERT(sset_contains(&prefixes, "127.0.0.1/32"));
    CU_ASSERT(sset_contains(&prefixes, "127.0.0.0/8"));
    CU_ASSERT_EQUAL(sset_count(&prefixes), 2);

    /* On no link: itself. */
    sset_clear(&prefixes);
    fabric_get_link(htonl(0xcb007101), &prefixes);
    CU_ASSERT(sset_contains(&prefixes, "203.0.113.1/32"));
    CU_ASSERT_EQUAL(sset_count(&prefixes), 1);
    sset_destroy(&prefixes);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_prefixes),
    UNIT_TEST(test_link),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("fabric", tests, argc, argv);
}

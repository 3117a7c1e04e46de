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

#include "controller/manager/address.h"

#include <stdlib.h>

#include "tests/unit/unit.h"
#include "util.h"

static void
check_address(const char *text, const char *canonical)
{
    struct in6_addr address;

    CU_ASSERT_FATAL(address_parse(text, &address));
    char *s = address_to_string(&address);
    CU_ASSERT_STRING_EQUAL(s, canonical);
    free(s);
}

static void
test_address_is_written_in_one_way(void)
{
    check_address("10.0.1.4", "10.0.1.4");
    check_address("0.0.0.0", "0.0.0.0");
    check_address("255.255.255.255", "255.255.255.255");
    check_address("FD00:0:0::0:1", "fd00::1");
    check_address("::", "::");
    check_address("::ffff:10.0.1.4", "10.0.1.4");
}

static void
test_address_rejects_what_is_none(void)
{
    static const char *const bad[] = {
        "", " ", "10.0.1", "10.0.1.256", "10.0.1.4 ", " 10.0.1.4", "10.0.1.4/32",
        "10.0.1.4.5", "fd00:::1", "fd00::1::2", "fd00::1%eth0", "vm1", "-1",
        "0x0a000104",
    };
    struct in6_addr address;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        CU_ASSERT_FALSE(address_parse(bad[i], &address));
    }
    CU_ASSERT(address_parse_ipv4("172.16.0.1", &address));
    CU_ASSERT_FALSE(address_parse_ipv4("fd00::1", &address));
}

static void
check_prefix(const char *text, const char *canonical, const char *first)
{
    struct in6_addr address;
    struct prefix prefix;

    CU_ASSERT_FATAL(prefix_parse(text, &prefix));
    char *s = prefix_to_string(&prefix);
    CU_ASSERT_STRING_EQUAL(s, canonical);
    free(s);

    CU_ASSERT_EQUAL_FATAL(prefix_first_address(&prefix, &address),
                          first != NULL);
    if (first) {
        s = address_to_string(&address);
        CU_ASSERT_STRING_EQUAL(s, first);
        CU_ASSERT(prefix_contains(&prefix, &address));
        free(s);
    }
}

static void
test_prefix(void)
{
    check_prefix("10.0.1.0/24", "10.0.1.0/24", "10.0.1.1");
    check_prefix("10.0.1.77/24", "10.0.1.0/24", "10.0.1.1");
    check_prefix("10.0.1.2/31", "10.0.1.2/31", "10.0.1.3");
    check_prefix("10.0.1.2/32", "10.0.1.2/32", NULL);
    check_prefix("10.0.1.2", "10.0.1.2/32", NULL);
    check_prefix("0.0.0.0/0", "0.0.0.0/0", "0.0.0.1");
    check_prefix("FD00:1::9/64", "fd00:1::/64", "fd00:1::1");
    check_prefix("fd00::/127", "fd00::/127", "fd00::1");
    check_prefix("fd00::1/128", "fd00::1/128", NULL);
    check_prefix("::/0", "::/0", "::1");
}

static void
test_prefix_rejects_what_is_none(void)
{
    static const char *const bad[] = {
        "", "/24", "10.0.1.0/", "10.0.1.0/33", "10.0.1.0/-1", "10.0.1.0/x",
        "10.0.1.0/24/24", "fd00::/129", "fd00::/", "web", "10.0.1/24",
        "10.300.0.0/16", "10.0.1.0/ 24", "10.0.1.0 /24", "10.0.1.0/255.0.0.0",
    };
    struct prefix prefix;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        CU_ASSERT_FALSE(prefix_parse(bad[i], &prefix));
    }
}

static bool
contains(const char *prefix_text, const char *address_text)
{
    struct in6_addr address;
    struct prefix prefix;

    CU_ASSERT_FATAL(prefix_parse(prefix_text, &prefix));
    CU_ASSERT_FATAL(address_parse(address_text, &address));
    return prefix_contains(&prefix, &address);
}

static void
test_prefix_contains(void)
{
    CU_ASSERT(contains("10.0.1.0/24", "10.0.1.0"));
    CU_ASSERT(contains("10.0.1.0/24", "10.0.1.255"));
    CU_ASSERT_FALSE(contains("10.0.1.0/24", "10.0.2.0"));
    CU_ASSERT_FALSE(contains("10.0.1.0/24", "10.0.0.255"));
    CU_ASSERT(contains("10.0.1.4/32", "10.0.1.4"));
    CU_ASSERT_FALSE(contains("10.0.1.4/32", "10.0.1.5"));
    CU_ASSERT(contains("0.0.0.0/0", "10.0.1.4"));
    CU_ASSERT_FALSE(contains("0.0.0.0/0", "fd00::1"));
    CU_ASSERT(contains("fd00:1::/64", "fd00:1::ffff:ffff"));
    CU_ASSERT_FALSE(contains("fd00:1::/64", "fd00:1:0:1::"));
    CU_ASSERT_FALSE(contains("fd00:1::/64", "10.0.1.4"));
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_address_is_written_in_one_way),
    UNIT_TEST(test_address_rejects_what_is_none),
    UNIT_TEST(test_prefix),
    UNIT_TEST(test_prefix_rejects_what_is_none),
    UNIT_TEST(test_prefix_contains),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("manager-address", tests, argc, argv);
}

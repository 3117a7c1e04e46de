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

#include "lib/slb-address.h"

#include <stdlib.h>

#include "openvswitch/dynamic-string.h"
#include "tests/unit/unit.h"
#include "util.h"

/* Parses 'text' and checks that it comes out as 'expected', NULL for none. */
static void
check_address(const char *text, const char *expected)
{
    struct in6_addr address;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (slb_address_parse(text, &address)) {
        slb_address_format(&address, &ds);
    }
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), expected ? expected : "");
    ds_destroy(&ds);
}

static void
test_address_text_is_canonical(void)
{
    check_address("10.0.1.4", "10.0.1.4");
    check_address("2001:DB8:0:0:0:0:0:10", "2001:db8::10");
    check_address("2001:0db8::0010", "2001:db8::10");
    check_address("::", "::");
    check_address("fd00::1:0:0:4", "fd00::1:0:0:4");
}

static void
test_address_rejects_what_is_none(void)
{
    static const char *const bad[] = {
        "", "10.0.1", "10.0.1.256", "010.0.1.4", "10.0.1.4 ", " 10.0.1.4",
        "0x0a000104", "10.0.1.4/32", "2001:db8::10%eth0", "2001:db8:::10",
        "[2001:db8::10]", "::ffff:10.0.1.4", "::ffff:a00:104", "vm1",
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        check_address(bad[i], NULL);
    }
}

static void
test_address_order_and_hash(void)
{
    /* In this order. */
    static const char *const texts[] = {
        "::1", "0.0.0.0", "10.0.1.4", "10.0.1.10", "10.0.2.0",
        "255.255.255.255", "2001:db8::10", "fd00::1",
    };
    struct in6_addr a[ARRAY_SIZE(texts)];

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        CU_ASSERT_FATAL(slb_address_parse(texts[i], &a[i]));
        char *text = slb_address_to_string(&a[i]);
        CU_ASSERT_STRING_EQUAL(text, texts[i]);
        free(text);
    }
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(texts); j++) {
            int cmp = slb_address_compare(&a[i], &a[j]);

            CU_ASSERT_EQUAL((cmp > 0) - (cmp < 0), (i > j) - (i < j));
            CU_ASSERT_EQUAL(slb_address_hash(&a[i], 7)
                            == slb_address_hash(&a[j], 7), i == j);
        }
    }
    CU_ASSERT_NOT_EQUAL(slb_address_hash(&a[0], 7),
                        slb_address_hash(&a[0], 8));
}

static void
test_address_unicast(void)
{
    static const char *const good[] = {
        "1.0.0.1", "10.0.1.4", "223.255.255.255", "2001:db8::10", "fd00::1",
    };
    static const char *const bad[] = {
        "0.0.0.0", "0.1.2.3", "127.0.0.1", "169.254.1.1", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "ff02::1",
    };
    struct in6_addr address;

    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        CU_ASSERT_FATAL(slb_address_parse(good[i], &address));
        CU_ASSERT(slb_address_is_unicast(&address));
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        CU_ASSERT_FATAL(slb_address_parse(bad[i], &address));
        CU_ASSERT_FALSE(slb_address_is_unicast(&address));
    }
}

static struct slb_prefix
prefix(const char *text)
{
    struct slb_prefix p;

    CU_ASSERT_FATAL(slb_prefix_parse(text, &p));
    return p;
}

static void
test_prefix_parse(void)
{
    static const char *const bad[] = {
        "10.0.1.0", "10.0.1.0/", "10.0.1.0/33", "10.0.1.0/-1", "10.0.1.0/024",
        "10.0.1.0/24 ", "10.0.1.0/255.255.255.0", "/24", "fd00::/129",
        "fd00::/9999999999", "10.0.1.0/24/24",
        "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/64",
    };
    struct slb_prefix p;
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        CU_ASSERT_FALSE(slb_prefix_parse(bad[i], &p));
    }

    p = prefix("FD00:0::/64");
    slb_prefix_format(&p, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "fd00::/64");
    ds_destroy(&ds);
}

/* Checks that 'text' is loosely parsed as 'expected', NULL for not at all, and
 * how many bits that has in the mapped address. */
static void
check_loosely(const char *text, const char *expected, int mapped_length)
{
    struct slb_prefix p;

    CU_ASSERT_EQUAL_FATAL(slb_prefix_parse_loosely(text, &p),
                          expected != NULL);
    if (expected) {
        char *s = slb_prefix_to_string(&p);
        CU_ASSERT_STRING_EQUAL(s, expected);
        CU_ASSERT_EQUAL(slb_prefix_mapped_length(&p), mapped_length);
        CU_ASSERT_FALSE(slb_prefix_has_host_bits(&p));
        free(s);
    }
}

static void
test_prefix_parse_loosely(void)
{
    check_loosely("10.0.1.0/24", "10.0.1.0/24", 120);
    check_loosely("10.0.1.77/24", "10.0.1.0/24", 120);
    check_loosely("10.0.1.77", "10.0.1.77/32", 128);
    check_loosely("10.0.1.77/32", "10.0.1.77/32", 128);
    check_loosely("10.0.1.77/0", "0.0.0.0/0", 96);
    check_loosely("FD00::9/64", "fd00::/64", 64);
    check_loosely("fd00::9", "fd00::9/128", 128);
    check_loosely("fd00::9/0", "::/0", 0);
    check_loosely("10.0.1.77/", NULL, 0);
    check_loosely("10.0.1.0/33", NULL, 0);
    check_loosely("vm1", NULL, 0);
    check_loosely("", NULL, 0);
}

static void
test_prefix_host_bits(void)
{
    struct slb_prefix p = prefix("10.0.1.4/24"), q = prefix("10.0.1.0/24");
    CU_ASSERT(slb_prefix_has_host_bits(&p));
    CU_ASSERT_FALSE(slb_prefix_has_host_bits(&q));
    slb_prefix_clear_host_bits(&p);
    CU_ASSERT(slb_prefix_equals(&p, &q));

    p = prefix("10.0.1.4/32");
    CU_ASSERT_FALSE(slb_prefix_has_host_bits(&p));
    p = prefix("0.0.0.0/0");
    CU_ASSERT_FALSE(slb_prefix_has_host_bits(&p));
    p = prefix("fd00:0:0:0:1::/64");
    CU_ASSERT(slb_prefix_has_host_bits(&p));
}

static bool
contains(const char *prefix_text, const char *address_text)
{
    struct slb_prefix p = prefix(prefix_text);
    struct in6_addr address;

    CU_ASSERT_FATAL(slb_address_parse(address_text, &address));
    return slb_prefix_contains(&p, &address);
}

static void
test_prefix_contains(void)
{
    CU_ASSERT(contains("10.0.1.0/24", "10.0.1.0"));
    CU_ASSERT(contains("10.0.1.0/24", "10.0.1.255"));
    CU_ASSERT_FALSE(contains("10.0.1.0/24", "10.0.2.0"));
    CU_ASSERT_FALSE(contains("10.0.1.0/24", "10.0.0.255"));
    CU_ASSERT(contains("0.0.0.0/0", "255.1.2.3"));
    CU_ASSERT(contains("10.0.1.4/32", "10.0.1.4"));
    CU_ASSERT(contains("fd00::/63", "fd00:0:0:1::9"));
    CU_ASSERT_FALSE(contains("fd00::/63", "fd00:0:0:2::9"));

    /* IPv4 addresses are mapped, but ::/0 does not contain them. */
    CU_ASSERT_FALSE(contains("::/0", "10.0.1.4"));
    CU_ASSERT_FALSE(contains("0.0.0.0/0", "fd00::1"));
}

static bool
overlap(const char *a_text, const char *b_text)
{
    struct slb_prefix a = prefix(a_text), b = prefix(b_text);
    bool result = slb_prefix_overlaps(&a, &b);

    CU_ASSERT_EQUAL(slb_prefix_overlaps(&b, &a), result);
    return result;
}

static void
test_prefix_overlaps(void)
{
    CU_ASSERT(overlap("10.0.1.0/24", "10.0.1.0/24"));
    CU_ASSERT(overlap("10.0.0.0/16", "10.0.255.0/24"));
    CU_ASSERT_FALSE(overlap("10.0.0.0/24", "10.0.1.0/24"));
    CU_ASSERT_FALSE(overlap("10.0.0.0/16", "10.1.0.0/24"));
    CU_ASSERT_FALSE(overlap("::/0", "0.0.0.0/0"));
}

static void
check_ends(const char *text, const char *gateway, const char *last)
{
    struct slb_prefix p = prefix(text);
    struct in6_addr ends[] = { slb_prefix_gateway(&p), slb_prefix_last(&p) };
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_address_format(&ends[0], &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), gateway);
    ds_clear(&ds);
    slb_address_format(&ends[1], &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), last);
    ds_destroy(&ds);
}

static void
test_prefix_ends(void)
{
    check_ends("10.0.1.0/24", "10.0.1.1", "10.0.1.255");
    check_ends("10.0.1.128/25", "10.0.1.129", "10.0.1.255");
    check_ends("10.0.0.0/8", "10.0.0.1", "10.255.255.255");
    check_ends("fd00::/64", "fd00::1", "fd00::ffff:ffff:ffff:ffff");
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_address_text_is_canonical),
    UNIT_TEST(test_address_rejects_what_is_none),
    UNIT_TEST(test_address_order_and_hash),
    UNIT_TEST(test_address_unicast),
    UNIT_TEST(test_prefix_parse),
    UNIT_TEST(test_prefix_parse_loosely),
    UNIT_TEST(test_prefix_host_bits),
    UNIT_TEST(test_prefix_contains),
    UNIT_TEST(test_prefix_overlaps),
    UNIT_TEST(test_prefix_ends),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("address", tests, argc, argv);
}

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

#include "lib/steering.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "tests/unit/unit.h"
#include "util.h"

static const struct steering full = {
    .owners = { 0x0102, 0x0304, 0x0506, 0xffff },
    .n_owners = 4,
    .hop = 2,
    .flags = STEERING_RECENT | STEERING_SETTLED,
};

/* What is on the wire is fixed: hosts match on these octets. */
static void
test_steering_wire_format(void)
{
    static const uint8_t expected[STEERING_LEN] = {
        0x0e, 0x23, 0x01, 0x02, 0x03, 0x04,
        0x0e, 0x04, 0x05, 0x06, 0xff, 0xff,
    };
    uint8_t addrs[STEERING_LEN];

    steering_put(&full, addrs);
    CU_ASSERT(!memcmp(addrs, expected, sizeof addrs));

    struct steering copy;
    CU_ASSERT_FATAL(steering_pull(&copy, addrs));
    CU_ASSERT(!memcmp(copy.owners, full.owners, sizeof full.owners));
    CU_ASSERT_EQUAL(copy.n_owners, full.n_owners);
    CU_ASSERT_EQUAL(copy.hop, full.hop);
    CU_ASSERT_EQUAL(copy.flags, full.flags);
}

static void
test_steering_rejects_what_is_none(void)
{
    uint8_t good[STEERING_LEN], bad[STEERING_LEN];
    struct steering s;

    steering_put(&full, good);
    static const struct { int octet; uint8_t value; } changes[] = {
        { 0, 0x02 },            /* Another destination address. */
        { 6, 0x02 },            /* Another source address. */
        { 1, 0x53 },            /* More hops than owners. */
        { 1, 0x24 },            /* A fragment has one owner. */
        { 1, 0x28 },            /* A SNAT return, too. */
        { 7, 0 },               /* No owner. */
        { 7, 5 },               /* Too many owners. */
        { 7, 3 },               /* Fewer than are there. */
    };
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        memcpy(bad, good, sizeof bad);
        bad[changes[i].octet] = changes[i].value;
        CU_ASSERT_FALSE(steering_pull(&s, bad));
    }

    /* A hole among the owners. */
    memcpy(bad, good, sizeof bad);
    bad[4] = bad[5] = 0;
    CU_ASSERT_FALSE(steering_pull(&s, bad));
    CU_ASSERT(steering_pull(&s, good));
}

/* Every owner is asked once, in order, and the first one twice. */
static void
test_steering_ring_visits_all_owners(void)
{
    for (int n = 1; n <= STEERING_MAX_OWNERS; n++) {
        struct steering s = { .n_owners = n };
        for (int i = 0; i < n; i++) {
            s.owners[i] = 10 + i;
        }

        int visited = 1;
        CU_ASSERT_EQUAL(s.owners[0], 10);
        while (!steering_is_home(&s)) {
            steering_rotate(&s);
            CU_ASSERT_EQUAL(s.owners[0], 10 + visited % n);
            for (int i = n; i < STEERING_MAX_OWNERS; i++) {
                CU_ASSERT_EQUAL(s.owners[i], 0);
            }
            visited++;
        }
        CU_ASSERT_EQUAL(s.owners[0], 10);
        CU_ASSERT_EQUAL(visited, n == 1 ? 1 : n + 1);
    }
}

static void
test_steering_fragment(void)
{
    static const uint8_t expected[STEERING_LEN] = {
        0x0e, 0x06, 0x01, 0x02, 0x14, 0xe9,
        0x0e, 0x01, 0x00, 0x00, 0x00, 0x00,
    };
    struct steering s = {
        .owners = { 0x102 }, .n_owners = 1, .port = 5353,
        .flags = STEERING_SETTLED | STEERING_FRAGMENT,
    };
    struct ds ds = DS_EMPTY_INITIALIZER;
    uint8_t addrs[STEERING_LEN];
    struct steering copy;

    steering_put(&s, addrs);
    CU_ASSERT(!memcmp(addrs, expected, sizeof addrs));
    CU_ASSERT_FATAL(steering_pull(&copy, addrs));
    CU_ASSERT(!memcmp(copy.owners, s.owners, sizeof s.owners));
    CU_ASSERT_EQUAL(copy.n_owners, 1);
    CU_ASSERT_EQUAL(copy.flags, s.flags);
    CU_ASSERT_EQUAL(copy.port, 5353);
    CU_ASSERT(steering_is_home(&copy));
    steering_format(&copy, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "owner 258, hop 0, settled, "
                           "fragment to port 5353");
    ds_destroy(&ds);
}

static void
test_steering_snat(void)
{
    static const uint8_t expected[STEERING_LEN] = {
        0x0e, 0x08, 0x01, 0x02, 0x00, 0x00,
        0x0e, 0x01, 0x00, 0x00, 0x00, 0x00,
    };
    static const uint8_t expected_fragment[STEERING_LEN] = {
        0x0e, 0x0c, 0x01, 0x02, 0x14, 0xe9,
        0x0e, 0x01, 0x00, 0x00, 0x00, 0x00,
    };
    static const uint8_t expected_handed_on[STEERING_LEN] = {
        0x0e, 0x18, 0x00, 0x00, 0x00, 0x00,
        0x0e, 0x01, 0x00, 0x00, 0x00, 0x00,
    };
    struct steering s = {
        .owners = { 0x102 }, .n_owners = 1, .flags = STEERING_SNAT,
    };
    struct ds ds = DS_EMPTY_INITIALIZER;
    uint8_t addrs[STEERING_LEN];
    struct steering copy;

    steering_put(&s, addrs);
    CU_ASSERT(!memcmp(addrs, expected, sizeof addrs));
    CU_ASSERT_FALSE(steering_is_handed_on(addrs));
    CU_ASSERT_FATAL(steering_pull(&copy, addrs));
    CU_ASSERT_EQUAL(copy.owners[0], 0x102);
    CU_ASSERT_EQUAL(copy.flags, STEERING_SNAT);
    CU_ASSERT(steering_is_home(&copy));
    steering_format(&copy, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "owner 258, hop 0, SNAT return");
    ds_destroy(&ds);

    s.flags |= STEERING_FRAGMENT;
    s.port = 5353;
    steering_put(&s, addrs);
    CU_ASSERT(!memcmp(addrs, expected_fragment, sizeof addrs));
    CU_ASSERT(steering_pull(&copy, addrs));

    /* From mux to mux: for no host, which would have to be named. */
    steering_put_handed_on(addrs);
    CU_ASSERT(!memcmp(addrs, expected_handed_on, sizeof addrs));
    CU_ASSERT(steering_is_handed_on(addrs));
    CU_ASSERT_FALSE(steering_pull(&copy, addrs));
}

/* What measures is nothing else, and the other way round. */
static void
test_steering_measure(void)
{
    static const enum steering_measure measures[] = {
        STEERING_MEASURES, STEERING_REFUSED, STEERING_SERVED
    };
    uint8_t expected[STEERING_LEN] = {
        0x0e, 0xf0, 0x01, 0x02, 0, 0, 0x0e, 0, 0, 0, 0, 0
    };
    enum steering_measure measure;
    uint8_t addrs[STEERING_LEN];
    struct steering s;
    uint16_t owner;

    for (size_t i = 0; i < 3; i++) {
        steering_put_measure(addrs, measures[i], 0x0102);
        expected[7] = measures[i];
        CU_ASSERT(!memcmp(addrs, expected, sizeof addrs));
        CU_ASSERT(steering_pull_measure(addrs, &measure, &owner));
        CU_ASSERT_EQUAL(measure, measures[i]);
        CU_ASSERT_EQUAL(owner, 0x0102);
        CU_ASSERT_FALSE(steering_pull(&s, addrs));
        CU_ASSERT_FALSE(steering_is_handed_on(addrs));
        for (size_t j = 0; j < STEERING_LEN; j++) {
            if (j != 2 && j != 3) {
                addrs[j] ^= 0x40;
                CU_ASSERT_FALSE(steering_pull_measure(addrs, &measure,
                                                      &owner));
                addrs[j] ^= 0x40;
            }
        }
    }

    steering_put(&full, addrs);
    CU_ASSERT_FALSE(steering_pull_measure(addrs, &measure, &owner));
    steering_put_handed_on(addrs);
    CU_ASSERT_FALSE(steering_pull_measure(addrs, &measure, &owner));
}

static void
test_steering_format(void)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    steering_format(&full, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "owner 258, then 772, 1286, 65535, "
                           "hop 2, recent, settled");
    ds_destroy(&ds);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_steering_wire_format),
    UNIT_TEST(test_steering_rejects_what_is_none),
    UNIT_TEST(test_steering_ring_visits_all_owners),
    UNIT_TEST(test_steering_fragment),
    UNIT_TEST(test_steering_snat),
    UNIT_TEST(test_steering_measure),
    UNIT_TEST(test_steering_format),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("steering", tests, argc, argv);
}

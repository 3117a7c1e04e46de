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

#include "controller/manager/slots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/maglev.h"
#include "lib/slb-hash.h"
#include "tests/unit/unit.h"
#include "util.h"

/* The number of slots for 'n' members with the same weight. */
static int
choose(size_t n, int old)
{
    struct slots_members members = { .n = 0 };

    for (size_t i = 0; i < n; i++) {
        slots_members_add(&members, 3);
    }
    return slots_log2_choose(&members, old);
}

static void
test_slots_of_a_new_pool(void)
{
    static const struct { size_t n_members; int log2; } cases[] = {
        { 0, 8 }, { 1, 9 }, { 2, 10 }, { 3, 11 }, { 4, 11 }, { 5, 12 },
        { 10, 13 }, { 64, 15 }, { 65, 16 }, { 128, 16 }, { 256, 16 },
        { 257, 16 }, { 65535, 16 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CU_ASSERT_EQUAL(choose(cases[i].n_members, 0), cases[i].log2);
    }
}

/* There are always enough slots and, while the table may still become larger,
 * room for as many members again when it does. */
static void
test_slots_are_enough(void)
{
    for (int old = 0; old <= 17; old++) {
        for (size_t n = 0; n < 1000; n++) {
            int log2 = choose(n, old);

            CU_ASSERT_FATAL(log2 >= SLOTS_LOG2_MIN && log2 <= SLOTS_LOG2_MAX);
            CU_ASSERT_FATAL(log2 == SLOTS_LOG2_MAX
                            || n * SLOTS_PER_MEMBER <= 1 << log2);
            if (log2 != old && log2 != SLOTS_LOG2_MAX) {
                CU_ASSERT_FATAL(2 * n * SLOTS_PER_MEMBER <= 1 << log2);
            }
        }
    }
}

static void
test_slots_stay_as_long_as_they_can(void)
{
    CU_ASSERT_EQUAL(choose(4, 10), 10);
    CU_ASSERT_EQUAL(choose(5, 10), 12);
    CU_ASSERT_EQUAL(choose(16, 12), 12);
    CU_ASSERT_EQUAL(choose(1, 16), 16);
    CU_ASSERT_EQUAL(choose(0, 12), 12);

    /* What is no number of slots is none. */
    CU_ASSERT_EQUAL(choose(1, 7), 9);
    CU_ASSERT_EQUAL(choose(1, 17), 9);
}

/* A pool grows for weights as well, and not before it must. */
static void
test_slots_grow_with_weights(void)
{
    struct slots_members members = { .n = 0 };

    slots_members_add(&members, 10);
    slots_members_add(&members, 0);
    CU_ASSERT_EQUAL(slots_log2_choose(&members, 0), 10);
    slots_members_add(&members, 300);
    CU_ASSERT_EQUAL(slots_log2_choose(&members, 10), 11);
    CU_ASSERT_EQUAL(slots_log2_choose(&members, 11), 11);
    slots_members_add(&members, 1);
    CU_ASSERT_EQUAL(slots_log2_choose(&members, 11), 14);
    CU_ASSERT_EQUAL(slots_log2_choose(&members, 15), 15);
    slots_members_add(&members, 60000);
    CU_ASSERT_EQUAL(slots_log2_choose(&members, 14), 16);

    /* Nobody has any weight. */
    members = (struct slots_members) { .n = 0 };
    slots_members_add(&members, 0);
    CU_ASSERT_EQUAL(slots_log2_choose(&members, 0), 9);
}

/* Stores into 'counts' the slots of 'n' members in a table of the size that a
 * new pool gets, and returns that. */
static double
count_slots(const uint32_t weights[], size_t n, unsigned int counts[])
{
    struct maglev_member *members = xmalloc(n * sizeof *members);
    struct slots_members sm = { .n = 0 };
    struct slb_hash_key key;

    memset(&key, 7, sizeof key);
    for (size_t i = 0; i < n; i++) {
        members[i] = (struct maglev_member) { i + 1, weights[i] };
        counts[i] = 0;
        slots_members_add(&sm, weights[i]);
    }
    int log2 = slots_log2_choose(&sm, 0);
    struct maglev_table *table = maglev_table_create(&key, members, n, log2);
    for (uint64_t i = 0; i < UINT64_C(1) << log2; i++) {
        counts[maglev_table_owner(table, i) - 1]++;
    }
    maglev_table_destroy(table);
    free(members);
    return 1 << log2;
}

/* Weights are kept to within 2 % of everybody's share. */
static void
test_slots_keep_weights(void)
{
    static const struct { uint32_t weights[4]; size_t n; } cases[] = {
        { { 1, 2 }, 2 }, { { 6, 4 }, 2 }, { { 5, 100, 100 }, 3 },
        { { 1, 1, 1, 1 }, 4 }, { { 1, 2, 3, 4 }, 4 }, { { 1, 70 }, 2 },
        { { 1, 300 }, 2 }, { { 3, 1000 }, 2 }, { { 1, 1000 }, 2 },
        { { 1, 20, 20, 27 }, 4 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        unsigned int counts[4];
        double slots = count_slots(cases[i].weights, cases[i].n, counts);
        double total = 0;

        for (size_t j = 0; j < cases[i].n; j++) {
            total += cases[i].weights[j];
        }
        for (size_t j = 0; j < cases[i].n; j++) {
            double due = slots * cases[i].weights[j] / total;

            CU_ASSERT(fabs(counts[j] - due) < 0.02 * due);
        }
    }
}

/* What is left of that where the largest table is too small: one among 99 that
 * weigh a hundred times as much is due 6.6 slots and has 6, since the others
 * are due more of one more. */
static void
test_slots_of_one_in_9901(void)
{
    enum { N = 100 };
    unsigned int counts[N];
    uint32_t weights[N];

    weights[0] = 1;
    for (size_t i = 1; i < N; i++) {
        weights[i] = 100;
    }
    CU_ASSERT_EQUAL(count_slots(weights, N, counts), 65536);
    CU_ASSERT_EQUAL(counts[0], 6);
    for (size_t i = 1; i < N; i++) {
        CU_ASSERT_FATAL(counts[i] == 661 || counts[i] == 662);
    }
}

/* What is left of that with 5000 members: 13 slots each and 536 to spare, so
 * shares are from 0.8 % below to 6.8 % above what is due.  Of two weights,
 * everybody is within a slot of his share. */
static void
test_slots_of_5000_members(void)
{
    enum { N = 5000 };
    uint32_t *weights = xmalloc(N * sizeof *weights);
    unsigned int *counts = xmalloc(N * sizeof *counts);
    unsigned int n[2] = { 0, 0 };

    for (size_t i = 0; i < N; i++) {
        weights[i] = 1;
    }
    CU_ASSERT_EQUAL(count_slots(weights, N, counts), 65536);
    for (size_t i = 0; i < N; i++) {
        CU_ASSERT_FATAL(counts[i] == 13 || counts[i] == 14);
        n[counts[i] - 13]++;
    }
    CU_ASSERT_EQUAL(n[0], 4464);
    CU_ASSERT_EQUAL(n[1], 536);

    for (size_t i = 0; i < N; i++) {
        weights[i] = 1 + i % 2;
    }
    count_slots(weights, N, counts);
    for (size_t i = 0; i < N; i++) {
        CU_ASSERT_FATAL(fabs(counts[i] - 65536. * weights[i] / 7500) < 1);
    }
    free(weights);
    free(counts);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_slots_of_a_new_pool),
    UNIT_TEST(test_slots_are_enough),
    UNIT_TEST(test_slots_stay_as_long_as_they_can),
    UNIT_TEST(test_slots_grow_with_weights),
    UNIT_TEST(test_slots_keep_weights),
    UNIT_TEST(test_slots_of_one_in_9901),
    UNIT_TEST(test_slots_of_5000_members),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("slots", tests, argc, argv);
}

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

#include "tests/unit/unit.h"
#include "util.h"

static void
test_slots_of_a_new_pool(void)
{
    static const struct { size_t n_members; int log2; } cases[] = {
        { 0, 8 }, { 1, 9 }, { 2, 10 }, { 3, 11 }, { 4, 11 }, { 5, 12 },
        { 10, 13 }, { 64, 15 }, { 65, 16 }, { 128, 16 }, { 256, 16 },
        { 257, 16 }, { 65535, 16 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CU_ASSERT_EQUAL(slots_log2_choose(cases[i].n_members, 0),
                        cases[i].log2);
    }
}

/* There are always enough slots and, while the table may still become larger,
 * room for as many members again when it does. */
static void
test_slots_are_enough(void)
{
    for (int old = 0; old <= 17; old++) {
        for (size_t n = 0; n < 1000; n++) {
            int log2 = slots_log2_choose(n, old);

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
    CU_ASSERT_EQUAL(slots_log2_choose(4, 10), 10);
    CU_ASSERT_EQUAL(slots_log2_choose(5, 10), 12);
    CU_ASSERT_EQUAL(slots_log2_choose(16, 12), 12);
    CU_ASSERT_EQUAL(slots_log2_choose(1, 16), 16);
    CU_ASSERT_EQUAL(slots_log2_choose(0, 12), 12);

    /* What is no number of slots is none. */
    CU_ASSERT_EQUAL(slots_log2_choose(1, 7), 9);
    CU_ASSERT_EQUAL(slots_log2_choose(1, 17), 9);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_slots_of_a_new_pool),
    UNIT_TEST(test_slots_are_enough),
    UNIT_TEST(test_slots_stay_as_long_as_they_can),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("slots", tests, argc, argv);
}

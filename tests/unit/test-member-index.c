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

#include "controller/manager/member-index.h"

#include "tests/unit/unit.h"

static void
test_member_index_is_the_lowest_free(void)
{
    struct member_indices indices;

    member_indices_init(&indices);
    CU_ASSERT(member_indices_reserve(&indices, 1));
    CU_ASSERT(member_indices_reserve(&indices, 3));
    CU_ASSERT_FALSE(member_indices_reserve(&indices, 3));
    CU_ASSERT_EQUAL(member_indices_allocate(&indices), 2);
    CU_ASSERT_EQUAL(member_indices_allocate(&indices), 4);
    CU_ASSERT_EQUAL(member_indices_allocate(&indices), 5);

    member_indices_reset(&indices);
    CU_ASSERT(member_indices_reserve(&indices, 2));
    CU_ASSERT_EQUAL(member_indices_allocate(&indices), 1);
    CU_ASSERT_EQUAL(member_indices_allocate(&indices), 3);
    member_indices_destroy(&indices);
}

static void
test_member_index_rejects_what_is_none(void)
{
    struct member_indices indices;

    member_indices_init(&indices);
    CU_ASSERT_FALSE(member_indices_reserve(&indices, 0));
    CU_ASSERT_FALSE(member_indices_reserve(&indices, -1));
    CU_ASSERT_FALSE(member_indices_reserve(&indices, 65536));
    CU_ASSERT_FALSE(member_indices_reserve(&indices, INT64_MAX));
    CU_ASSERT(member_indices_reserve(&indices, 65535));
    member_indices_destroy(&indices);
}

static void
test_member_index_ends_and_wraps(void)
{
    struct member_indices indices;

    member_indices_init(&indices);
    for (uint32_t i = 1; i <= MEMBER_INDEX_MAX; i++) {
        if (member_indices_allocate(&indices) != i) {
            CU_FAIL_FATAL("not the lowest one");
        }
    }
    CU_ASSERT_EQUAL(member_indices_allocate(&indices), 0);
    CU_ASSERT_EQUAL(member_indices_allocate(&indices), 0);

    /* The highest is in use, so the next one is found below. */
    member_indices_reset(&indices);
    for (uint32_t i = 1; i <= MEMBER_INDEX_MAX; i++) {
        if (i != 4000) {
            CU_ASSERT_FATAL(member_indices_reserve(&indices, i));
        }
    }
    CU_ASSERT_EQUAL(member_indices_allocate(&indices), 4000);
    CU_ASSERT_EQUAL(member_indices_allocate(&indices), 0);

    member_indices_reset(&indices);
    CU_ASSERT_EQUAL(member_indices_allocate(&indices), 1);
    member_indices_destroy(&indices);
    member_indices_destroy(NULL);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_member_index_is_the_lowest_free),
    UNIT_TEST(test_member_index_rejects_what_is_none),
    UNIT_TEST(test_member_index_ends_and_wraps),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("member-index", tests, argc, argv);
}

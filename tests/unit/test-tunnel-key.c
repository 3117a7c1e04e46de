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

#include "controller/manager/tunnel-key.h"

#include "tests/unit/unit.h"

static void
test_tunnel_key_counts_from_one(void)
{
    struct tunnel_keys keys;

    tunnel_keys_init(&keys);
    CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), 1);
    CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), 2);
    CU_ASSERT_FALSE(tunnel_keys_reserve(&keys, 2));
    CU_ASSERT(tunnel_keys_reserve(&keys, 3));
    CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), 4);
    tunnel_keys_destroy(&keys);
}

static void
test_tunnel_key_rejects_what_is_none(void)
{
    struct tunnel_keys keys;

    tunnel_keys_init(&keys);
    CU_ASSERT_FALSE(tunnel_keys_reserve(&keys, 0));
    CU_ASSERT_FALSE(tunnel_keys_reserve(&keys, -1));
    CU_ASSERT_FALSE(tunnel_keys_reserve(&keys, TUNNEL_KEY_MAX + 1));
    CU_ASSERT_FALSE(tunnel_keys_reserve(&keys, INT64_MAX));
    CU_ASSERT_FALSE(tunnel_keys_reserve(&keys, INT64_MIN));
    CU_ASSERT(tunnel_keys_reserve(&keys, 1));
    CU_ASSERT(tunnel_keys_reserve(&keys, TUNNEL_KEY_MAX));
    tunnel_keys_destroy(&keys);
}

/* A key that has become free is the last to be given out again. */
static void
test_tunnel_key_is_not_used_again_soon(void)
{
    struct tunnel_keys keys;

    tunnel_keys_init(&keys);
    for (uint32_t run = 1; run <= 1000; run++) {
        tunnel_keys_reset(&keys);
        CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), run);
    }
    tunnel_keys_destroy(&keys);
}

/* A new process goes on behind what the rows have. */
static void
test_tunnel_key_starts_behind_the_highest(void)
{
    struct tunnel_keys keys;

    tunnel_keys_init(&keys);
    CU_ASSERT(tunnel_keys_reserve(&keys, 7));
    CU_ASSERT(tunnel_keys_reserve(&keys, 70));
    CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), 71);
    tunnel_keys_destroy(&keys);
}

static void
test_tunnel_key_wraps_and_ends(void)
{
    struct tunnel_keys keys;

    tunnel_keys_init(&keys);
    CU_ASSERT(tunnel_keys_reserve(&keys, TUNNEL_KEY_MAX));
    CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), 1);

    for (uint32_t key = 2; key < TUNNEL_KEY_MAX; key++) {
        if (key != 100 && key != 5000000
            && !tunnel_keys_reserve(&keys, key)) {
            CU_FAIL("a free key could not be reserved");
        }
    }
    CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), 100);
    CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), 5000000);
    CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), 0);

    tunnel_keys_reset(&keys);
    CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), 5000001);
    tunnel_keys_destroy(&keys);
    tunnel_keys_destroy(NULL);
}

static void
test_tunnel_key_release(void)
{
    struct tunnel_keys keys;

    tunnel_keys_init(&keys);
    CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), 1);
    CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), 2);
    tunnel_keys_release(&keys, 1);
    CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), 3);
    CU_ASSERT(tunnel_keys_reserve(&keys, 1));
    tunnel_keys_destroy(&keys);
}

/* A key that is held is not free, whether somebody owns it or not. */
static void
test_tunnel_key_hold(void)
{
    struct tunnel_keys keys;

    tunnel_keys_init(&keys);
    CU_ASSERT_EQUAL(tunnel_keys_allocate(&keys), 1);
    tunnel_keys_hold(&keys, 1);
    tunnel_keys_hold(&keys, 1);
    tunnel_keys_hold(&keys, 5);
    tunnel_keys_hold(&keys, 0);
    tunnel_keys_hold(&keys, -1);
    tunnel_keys_hold(&keys, TUNNEL_KEY_MAX + 1);
    CU_ASSERT_FALSE(tunnel_keys_reserve(&keys, 5));
    tunnel_keys_unhold(&keys, 5);
    CU_ASSERT(tunnel_keys_reserve(&keys, 5));

    tunnel_keys_release(&keys, 1);
    CU_ASSERT_FALSE(tunnel_keys_reserve(&keys, 1));
    tunnel_keys_unhold(&keys, 1);
    CU_ASSERT_FALSE(tunnel_keys_reserve(&keys, 1));
    tunnel_keys_unhold(&keys, 1);
    CU_ASSERT(tunnel_keys_reserve(&keys, 1));

    /* The owner stays when nobody holds it any more. */
    tunnel_keys_hold(&keys, 1);
    tunnel_keys_unhold(&keys, 1);
    tunnel_keys_unhold(&keys, 1);
    tunnel_keys_unhold(&keys, 0);
    CU_ASSERT_FALSE(tunnel_keys_reserve(&keys, 1));

    tunnel_keys_hold(&keys, 9);
    tunnel_keys_reset(&keys);
    CU_ASSERT(tunnel_keys_reserve(&keys, 9));
    tunnel_keys_destroy(&keys);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_tunnel_key_counts_from_one),
    UNIT_TEST(test_tunnel_key_rejects_what_is_none),
    UNIT_TEST(test_tunnel_key_is_not_used_again_soon),
    UNIT_TEST(test_tunnel_key_starts_behind_the_highest),
    UNIT_TEST(test_tunnel_key_wraps_and_ends),
    UNIT_TEST(test_tunnel_key_release),
    UNIT_TEST(test_tunnel_key_hold),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("tunnel-key", tests, argc, argv);
}

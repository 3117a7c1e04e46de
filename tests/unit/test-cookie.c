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

#include "controller/manager/cookie.h"

#include "tests/unit/unit.h"

static void
test_cookie_skips_those_in_use(void)
{
    struct cookies cookies;

    cookies_init(&cookies, 10);
    cookies_add(&cookies, 11);
    cookies_add(&cookies, 13);
    CU_ASSERT_EQUAL(cookies_allocate(&cookies), 12);
    CU_ASSERT_EQUAL(cookies_allocate(&cookies), 14);
    cookies_destroy(&cookies);
}

static void
test_cookie_is_not_used_again_soon(void)
{
    struct cookies cookies;

    cookies_init(&cookies, 0);
    for (uint32_t run = 1; run <= 1000; run++) {
        uint32_t cookie = cookies_allocate(&cookies);

        CU_ASSERT_EQUAL(cookie, run);
        cookies_add(&cookies, cookie);
        cookies_remove(&cookies, cookie);
    }
    cookies_reset(&cookies);
    CU_ASSERT_EQUAL(cookies_allocate(&cookies), 1001);
    cookies_destroy(&cookies);
}

/* While two rows swap their cookies, one is there twice. */
static void
test_cookie_that_is_there_twice(void)
{
    struct cookies cookies;

    cookies_init(&cookies, 0);
    cookies_add(&cookies, 1);
    cookies_add(&cookies, 2);
    cookies_remove(&cookies, 1);
    cookies_add(&cookies, 2);
    cookies_remove(&cookies, 2);
    cookies_add(&cookies, 1);
    CU_ASSERT_EQUAL(cookies_allocate(&cookies), 3);
    cookies_remove(&cookies, 77);
    cookies_destroy(&cookies);
}

static void
test_cookie_wraps_and_is_never_zero(void)
{
    struct cookies cookies;

    cookies_init(&cookies, UINT32_MAX - 1);
    CU_ASSERT_EQUAL(cookies_allocate(&cookies), UINT32_MAX);
    CU_ASSERT_EQUAL(cookies_allocate(&cookies), 1);
    CU_ASSERT(cookie_is_valid(1));
    CU_ASSERT(cookie_is_valid(UINT32_MAX));
    CU_ASSERT_FALSE(cookie_is_valid(0));
    CU_ASSERT_FALSE(cookie_is_valid(-1));
    CU_ASSERT_FALSE(cookie_is_valid((int64_t) UINT32_MAX + 1));
    cookies_destroy(&cookies);
    cookies_destroy(NULL);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_cookie_skips_those_in_use),
    UNIT_TEST(test_cookie_is_not_used_again_soon),
    UNIT_TEST(test_cookie_that_is_there_twice),
    UNIT_TEST(test_cookie_wraps_and_is_never_zero),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("cookie", tests, argc, argv);
}

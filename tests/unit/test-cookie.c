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
    CU_ASSERT(cookies_reserve(&cookies, 11));
    CU_ASSERT(cookies_reserve(&cookies, 13));
    CU_ASSERT_FALSE(cookies_reserve(&cookies, 13));
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
        cookies_reset(&cookies);
        CU_ASSERT_EQUAL(cookies_allocate(&cookies), run);
    }
    cookies_destroy(&cookies);
}

static void
test_cookie_wraps_and_is_never_zero(void)
{
    struct cookies cookies;

    cookies_init(&cookies, UINT32_MAX - 1);
    CU_ASSERT_EQUAL(cookies_allocate(&cookies), UINT32_MAX);
    CU_ASSERT_EQUAL(cookies_allocate(&cookies), 1);
    CU_ASSERT_FALSE(cookies_reserve(&cookies, 0));
    CU_ASSERT_FALSE(cookies_reserve(&cookies, -1));
    CU_ASSERT_FALSE(cookies_reserve(&cookies, (int64_t) UINT32_MAX + 1));
    cookies_destroy(&cookies);
    cookies_destroy(NULL);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_cookie_skips_those_in_use),
    UNIT_TEST(test_cookie_is_not_used_again_soon),
    UNIT_TEST(test_cookie_wraps_and_is_never_zero),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("cookie", tests, argc, argv);
}

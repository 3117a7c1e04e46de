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

#include "controller/manager/prepare.h"

#include <limits.h>

#include "openvswitch/vlog.h"
#include "tests/unit/unit.h"

/* Wanted and applied of two muxes, at the beginning of a run. */
static void
see(struct prepare *p, int64_t wanted1, int64_t applied1,
    int64_t wanted2, int64_t applied2)
{
    prepare_set_mux(p, "mux1", wanted1, applied1);
    prepare_set_mux(p, "mux2", wanted2, applied2);
    prepare_begin(p);
}

static void
test_prepare_waits_for_all(void)
{
    struct prepare *p = prepare_create();

    CU_ASSERT_EQUAL(prepare_deadline(p), LLONG_MAX);
    see(p, 5, 4, 9, 8);
    CU_ASSERT_FALSE(prepare_is_done(p, 1, 2, 1000));
    CU_ASSERT_EQUAL(prepare_pop_ready(p, 1100), 0);
    CU_ASSERT_EQUAL(prepare_deadline(p), 2000);

    see(p, 5, 5, 9, 8);
    CU_ASSERT_EQUAL(prepare_pop_ready(p, 1200), 0);
    see(p, 5, 5, 9, 9);
    CU_ASSERT_EQUAL(prepare_pop_ready(p, 1300), 1);
    CU_ASSERT_EQUAL(prepare_pop_ready(p, 1300), 0);
    CU_ASSERT_EQUAL(prepare_deadline(p), LLONG_MAX);

    /* It stays so until the generation has gone. */
    see(p, 6, 5, 9, 9);
    CU_ASSERT(prepare_is_done(p, 1, 2, 1300));
    prepare_forget(p, 1);
    prepare_forget(p, 1);
    CU_ASSERT_FALSE(prepare_is_done(p, 1, 2, 1300));
    prepare_destroy(p);
}

/* Another generation of the pool is another thing. */
static void
test_prepare_other_generation(void)
{
    struct prepare *p = prepare_create();

    see(p, 5, 4, 9, 9);
    CU_ASSERT_FALSE(prepare_is_done(p, 1, 2, 1000));
    see(p, 6, 5, 9, 9);
    CU_ASSERT_FALSE(prepare_is_done(p, 1, 3, 1100));
    CU_ASSERT_EQUAL(prepare_pop_ready(p, 1200), 0);
    CU_ASSERT_EQUAL(prepare_deadline(p), 1100 + PREPARE_TIMEOUT);
    see(p, 6, 6, 9, 9);
    CU_ASSERT_EQUAL(prepare_pop_ready(p, 1200), 1);
    prepare_destroy(p);
}

/* Another time-out, also for what has begun. */
static void
test_prepare_other_timeout(void)
{
    struct prepare *p = prepare_create();

    see(p, 5, 4, 9, 9);
    CU_ASSERT_FALSE(prepare_is_done(p, 1, 2, 1000));
    prepare_set_timeout(p, 5000);
    CU_ASSERT_EQUAL(prepare_deadline(p), 6000);
    CU_ASSERT_EQUAL(prepare_pop_ready(p, 5999), 0);
    CU_ASSERT_EQUAL(prepare_n_dead(p), 0);
    CU_ASSERT_EQUAL(prepare_pop_ready(p, 6000), 1);
    CU_ASSERT_EQUAL(prepare_n_dead(p), 1);
    prepare_destroy(p);
}

/* All that became ready is told, each once. */
static void
test_prepare_many(void)
{
    struct prepare *p = prepare_create();
    uint32_t sum = 0, key;

    see(p, 5, 4, 9, 9);
    for (uint32_t pool = 1; pool <= 100; pool++) {
        CU_ASSERT_FALSE(prepare_is_done(p, pool, 2, 1000));
    }
    prepare_forget(p, 50);
    CU_ASSERT_EQUAL(prepare_pop_ready(p, 1999), 0);
    while ((key = prepare_pop_ready(p, 2000))) {
        sum += key;
    }
    CU_ASSERT_EQUAL(sum, 5050 - 50);
    prepare_destroy(p);
}

/* More that is wanted later does not make it longer. */
static void
test_prepare_waits_only_for_what_was_wanted_then(void)
{
    struct prepare *p = prepare_create();

    see(p, 5, 4, 9, 9);
    CU_ASSERT_FALSE(prepare_is_done(p, 1, 2, 1000));

    see(p, 7, 5, 9, 9);
    CU_ASSERT(prepare_is_done(p, 1, 2, 1100));
    CU_ASSERT_FALSE(prepare_is_done(p, 2, 2, 1100));
    CU_ASSERT_EQUAL(prepare_pop_ready(p, 1100), 1);
    CU_ASSERT_EQUAL(prepare_deadline(p), 1100 + PREPARE_TIMEOUT);

    see(p, 7, 7, 9, 9);
    CU_ASSERT(prepare_is_done(p, 2, 2, 1200));
    CU_ASSERT_EQUAL(prepare_n_dead(p), 0);
    prepare_destroy(p);
}

static void
test_prepare_times_out_once(void)
{
    struct prepare *p = prepare_create();

    see(p, 5, 4, 9, 9);
    CU_ASSERT_FALSE(prepare_is_done(p, 1, 2, 1000));
    CU_ASSERT_EQUAL(prepare_pop_ready(p, 1999), 0);
    CU_ASSERT_EQUAL(prepare_n_dead(p), 0);
    CU_ASSERT_EQUAL(prepare_pop_ready(p, 2000), 1);
    CU_ASSERT_EQUAL(prepare_n_dead(p), 1);

    /* mux1 is not waited for from now on ... */
    see(p, 6, 4, 10, 9);
    CU_ASSERT(prepare_is_done(p, 1, 2, 2000));
    CU_ASSERT_FALSE(prepare_is_done(p, 1, 3, 2000));
    see(p, 6, 4, 10, 10);
    CU_ASSERT(prepare_is_done(p, 1, 3, 2001));

    /* ... until it has everything, not only some of it. */
    see(p, 6, 5, 10, 10);
    CU_ASSERT_EQUAL(prepare_n_dead(p), 1);
    see(p, 6, 6, 10, 10);
    CU_ASSERT_EQUAL(prepare_n_dead(p), 0);
    see(p, 7, 6, 10, 10);
    CU_ASSERT_FALSE(prepare_is_done(p, 1, 4, 3000));
    prepare_destroy(p);
}

static void
test_prepare_without_muxes(void)
{
    struct prepare *p = prepare_create();

    prepare_begin(p);
    CU_ASSERT(prepare_is_done(p, 1, 2, 1000));

    /* A mux that appears later was not asked. */
    prepare_set_mux(p, "mux1", 1, 0);
    prepare_begin(p);
    CU_ASSERT(prepare_is_done(p, 1, 2, 1001));
    prepare_destroy(p);
    prepare_destroy(NULL);
}

static void
test_prepare_mux_that_goes(void)
{
    struct prepare *p = prepare_create();

    see(p, 5, 4, 9, 9);
    CU_ASSERT_FALSE(prepare_is_done(p, 1, 2, 1000));
    prepare_remove_mux(p, "mux1");
    prepare_remove_mux(p, "stranger");
    prepare_begin(p);
    CU_ASSERT(prepare_is_done(p, 1, 2, 1001));
    prepare_destroy(p);
}

/* Another manager was active in the meantime. */
static void
test_prepare_clear(void)
{
    struct prepare *p = prepare_create();

    see(p, 5, 4, 9, 9);
    CU_ASSERT_FALSE(prepare_is_done(p, 1, 2, 1000));
    CU_ASSERT_EQUAL(prepare_pop_ready(p, 5000), 1);
    CU_ASSERT_EQUAL(prepare_n_dead(p), 1);

    prepare_clear(p);
    CU_ASSERT_EQUAL(prepare_n_dead(p), 0);
    CU_ASSERT_EQUAL(prepare_deadline(p), LLONG_MAX);
    see(p, 5, 4, 9, 9);
    CU_ASSERT_FALSE(prepare_is_done(p, 1, 2, 6000));
    CU_ASSERT_EQUAL(prepare_deadline(p), 6000 + PREPARE_TIMEOUT);
    prepare_destroy(p);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_prepare_waits_for_all),
    UNIT_TEST(test_prepare_other_generation),
    UNIT_TEST(test_prepare_other_timeout),
    UNIT_TEST(test_prepare_many),
    UNIT_TEST(test_prepare_waits_only_for_what_was_wanted_then),
    UNIT_TEST(test_prepare_times_out_once),
    UNIT_TEST(test_prepare_without_muxes),
    UNIT_TEST(test_prepare_mux_that_goes),
    UNIT_TEST(test_prepare_clear),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_EMER);
    return unit_main("prepare", tests, argc, argv);
}

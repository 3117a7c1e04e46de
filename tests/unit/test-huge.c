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

#include "lib/huge.h"

#include <stdint.h>
#include <string.h>

#include "random.h"
#include "tests/unit/unit.h"
#include "util.h"

#define REGION (2 * HUGE_MAX)

/* An object filled with a number of its own. */
struct object {
    uint8_t *p;
    size_t size;
    uint8_t number;
};

static void
create(struct object *o, size_t size, uint8_t number)
{
    o->p = huge_alloc(size);
    o->size = size;
    o->number = number;
    memset(o->p, number, size);
}

static bool
is_intact(const struct object *o)
{
    for (size_t i = 0; i < o->size; i++) {
        if (o->p[i] != o->number) {
            return false;
        }
    }
    return true;
}

static void
test_huge_sizes(void)
{
    static const size_t sizes[] = {
        0, 1, 255, 256, 257, 511, 512, 513, 4096, 36880, HUGE_MAX / 2 + 1,
        HUGE_MAX - 1, HUGE_MAX,
    };
    struct object objects[ARRAY_SIZE(sizes)];

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        create(&objects[i], sizes[i], i);
        CU_ASSERT_EQUAL((uintptr_t) objects[i].p % CACHE_LINE_SIZE, 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        CU_ASSERT(is_intact(&objects[i]));
        huge_free(objects[i].p);
    }
    huge_free(NULL);
}

static void
test_huge_zero(void)
{
    uint8_t *p = huge_alloc(5000);

    memset(p, 0xff, 5000);
    huge_free(p);
    p = huge_zalloc(5000);
    for (int i = 0; i < 5000; i++) {
        CU_ASSERT_EQUAL_FATAL(p[i], 0);
    }
    huge_free(p);
}

/* Objects of all sizes come and go, and none is touched by another. */
static void
test_huge_random(void)
{
    static struct object objects[2000];

    random_set_seed(1);
    for (int i = 0; i < 100000; i++) {
        struct object *o = &objects[random_range(ARRAY_SIZE(objects))];

        if (o->p) {
            CU_ASSERT_FATAL(is_intact(o));
            huge_free(o->p);
            o->p = NULL;
        } else {
            create(o, 1 + random_range(1 << random_range(14)), i);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        huge_free(objects[i].p);
        objects[i].p = NULL;
    }
}

/* What is free is one again, and goes back to the system. */
static void
test_huge_gives_back(void)
{
    static struct object objects[3000];

    if (!huge_mapped()) {
        /* Built with a sanitizer, it leaves all to malloc(). */
        return;
    }
    CU_ASSERT_EQUAL(huge_mapped(), REGION);

    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        create(&objects[i], 4096, i);
    }
    /* A region has 16 kB for itself. */
    CU_ASSERT_EQUAL(huge_mapped(), DIV_ROUND_UP(3000, 512 - 4) * REGION);
    for (size_t i = 0; i < ARRAY_SIZE(objects); i += 2) {
        huge_free(objects[i].p);
    }
    for (size_t i = 1; i < ARRAY_SIZE(objects); i += 2) {
        CU_ASSERT_FATAL(is_intact(&objects[i]));
        huge_free(objects[i].p);
    }
    CU_ASSERT_EQUAL(huge_mapped(), REGION);

    void *p = huge_alloc(HUGE_MAX);
    CU_ASSERT_EQUAL(huge_mapped(), REGION);
    huge_free(p);
    CU_ASSERT_EQUAL(huge_mapped(), REGION);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_huge_sizes),
    UNIT_TEST(test_huge_zero),
    UNIT_TEST(test_huge_random),
    UNIT_TEST(test_huge_gives_back),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("huge", tests, argc, argv);
}

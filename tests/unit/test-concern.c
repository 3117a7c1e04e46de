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

#include "controller/manager/concern.h"

#include <string.h>

#include "tests/unit/unit.h"

/* mux1 and mux2 in two sets; h1 reads keys 1 and 2, h2 reads 2 and 3. */
static void
start(struct concern *c)
{
    concern_init(c);
    concern_add_mux(c, "mux1", "default");
    concern_add_mux(c, "mux2", "other");
    concern_add_host(c, "h1");
    concern_add_host(c, "h2");
    concern_subscribe(c, "h1", 1);
    concern_subscribe(c, "h1", 2);
    concern_subscribe(c, "h1", 2);
    concern_subscribe(c, "h1", 1);
    concern_subscribe(c, "h2", 2);
    concern_subscribe(c, "h2", 3);
}

/* Checks who is touched, a character for mux1, mux2, h1 and h2. */
static void
check(struct concern *c, const char *expected)
{
    static const char *const names[] = { "mux1", "mux2", "h1", "h2" };
    char touched[] = "----";
    const char *name;

    while ((name = concern_pop(c))) {
        int i;

        for (i = 0; i < 4 && strcmp(name, names[i]); i++) {
            continue;
        }
        CU_ASSERT_FATAL(i < 4);
        CU_ASSERT_EQUAL(touched[i], '-');
        touched[i] = 'x';
    }
    CU_ASSERT_STRING_EQUAL(touched, expected);
}

static void
finish(struct concern *c, const char *expected)
{
    check(c, expected);
    concern_destroy(c);
}

static void
test_concern_nothing(void)
{
    struct concern c;

    start(&c);
    finish(&c, "----");
    concern_destroy(NULL);
}

static void
test_concern_keys(void)
{
    struct concern c;

    start(&c);
    concern_touch_key(&c, 1);
    finish(&c, "--x-");

    start(&c);
    concern_touch_key(&c, 2);
    concern_touch_key(&c, 2);
    finish(&c, "--xx");

    start(&c);
    concern_touch_key(&c, 4);
    finish(&c, "----");
}

static void
test_concern_roles(void)
{
    struct concern c;

    start(&c);
    concern_touch_muxes(&c);
    finish(&c, "xx--");

    start(&c);
    concern_touch_hosts(&c);
    finish(&c, "--xx");

    start(&c);
    concern_touch_mux_set(&c, "other");
    finish(&c, "-x--");

    start(&c);
    concern_touch_mux_set(&c, "nobody's");
    finish(&c, "----");
}

static void
test_concern_node(void)
{
    struct concern c;

    start(&c);
    concern_touch_node(&c, "h2");
    concern_touch_node(&c, "mux1");
    finish(&c, "x--x");
}

/* Bindings may name nodes that have gone. */
static void
test_concern_unknown_node(void)
{
    struct concern c;

    start(&c);
    concern_subscribe(&c, "stranger", 1);
    concern_touch_node(&c, "stranger");
    concern_touch_key(&c, 1);
    finish(&c, "--x-");
}

/* Each transaction has its own. */
static void
test_concern_again(void)
{
    struct concern c;

    start(&c);
    concern_touch_key(&c, 1);
    concern_touch_muxes(&c);
    check(&c, "xxx-");
    check(&c, "----");
    concern_touch_key(&c, 1);
    concern_touch_muxes(&c);
    check(&c, "xxx-");
    concern_touch_mux_set(&c, "other");
    finish(&c, "-x--");
}

/* A row that was written and has not been seen yet counts, too. */
static void
test_concern_early(void)
{
    struct concern c;

    start(&c);
    concern_subscribe_early(&c, "h1", 3, 7);
    concern_subscribe_early(&c, "h1", 4, 7);
    concern_subscribe_early(&c, "h2", 4, 8);
    concern_touch_key(&c, 3);
    check(&c, "--xx");
    concern_landed(&c, 6);
    concern_touch_key(&c, 4);
    check(&c, "--xx");

    /* It is seen, and then is known to have landed. */
    concern_subscribe(&c, "h1", 3);
    concern_landed(&c, 7);
    concern_touch_key(&c, 3);
    check(&c, "--xx");
    concern_touch_key(&c, 4);
    check(&c, "---x");
    concern_unsubscribe(&c, "h1", 3);
    concern_touch_key(&c, 3);
    check(&c, "---x");

    /* Nobody ever sees the rest: all is forgotten. */
    finish(&c, "----");
}

static void
test_concern_unsubscribe(void)
{
    struct concern c;

    start(&c);
    concern_unsubscribe(&c, "h1", 1);
    concern_unsubscribe(&c, "h2", 3);
    concern_unsubscribe(&c, "h2", 3);
    concern_unsubscribe(&c, "h2", 77);
    concern_unsubscribe(&c, "stranger", 1);
    concern_touch_key(&c, 1);
    concern_touch_key(&c, 3);
    check(&c, "--x-");
    concern_unsubscribe(&c, "h1", 1);
    concern_touch_key(&c, 1);
    finish(&c, "----");
}

/* Nodes come, go, and become something else. */
static void
test_concern_nodes_change(void)
{
    struct concern c;

    start(&c);
    concern_touch_key(&c, 2);
    concern_remove_node(&c, "h2");
    concern_remove_node(&c, "stranger");
    check(&c, "--x-");
    concern_touch_key(&c, 2);
    concern_touch_hosts(&c);
    check(&c, "--x-");
    concern_add_host(&c, "h2");
    concern_touch_key(&c, 3);
    check(&c, "---x");
    concern_add_host(&c, "mux2");
    concern_touch_muxes(&c);
    check(&c, "x---");
    concern_add_mux(&c, "mux2", "default");
    concern_touch_mux_set(&c, "default");
    finish(&c, "xx--");
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_concern_nothing),
    UNIT_TEST(test_concern_keys),
    UNIT_TEST(test_concern_roles),
    UNIT_TEST(test_concern_node),
    UNIT_TEST(test_concern_unknown_node),
    UNIT_TEST(test_concern_again),
    UNIT_TEST(test_concern_early),
    UNIT_TEST(test_concern_unsubscribe),
    UNIT_TEST(test_concern_nodes_change),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("concern", tests, argc, argv);
}

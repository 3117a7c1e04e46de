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

#include "controller/manager/silence.h"

#include <limits.h>
#include <string.h>

#include "openvswitch/vlog.h"
#include "tests/unit/unit.h"

/* Hosts are silent after 20 s; they speak every 5 s. */
#define LIMIT 20000
#define INTERVAL 5000

static struct silence s;

static void
begin(void)
{
    silence_init(&s);
    silence_set_times(&s, LIMIT, INTERVAL);
}

/* Has 'host' counted to 'alive' at 'now', and is it silent? */
static bool
see(const char *host, int64_t alive, long long int now)
{
    return silence_watch(&s, host, alive, false, now);
}

/* Has whoever uses the module do what it has to until 'until': each proof that
 * is needed is there at once.  Returns how many were. */
static int
pass(long long int until)
{
    int n = 0;

    while (silence_deadline(&s) <= until) {
        silence_prove(&s, silence_deadline(&s));
        n++;
    }
    return n;
}

static bool
nobody_fell_silent(void)
{
    return !silence_pop(&s);
}

static bool
fell_silent(const char *host)
{
    const char *name = silence_pop(&s);

    return name && !strcmp(name, host);
}

/* A host that does not speak, with and without others that do. */
static void
test_silence_after_limit(void)
{
    begin();
    CU_ASSERT_FALSE(see("a", 7, 1000));
    CU_ASSERT_EQUAL(silence_deadline(&s), 1000 + INTERVAL);
    pass(1000 + LIMIT - 1);
    CU_ASSERT(nobody_fell_silent());
    pass(1000 + LIMIT);

    /* However long it takes to ask who it is. */
    CU_ASSERT_EQUAL(silence_deadline(&s), LLONG_MAX);
    CU_ASSERT(fell_silent("a"));
    CU_ASSERT(nobody_fell_silent());
    CU_ASSERT(see("a", 7, 1000 + LIMIT));
    CU_ASSERT_EQUAL(s.n_silent, 1);

    /* There is nothing to be proved about one that is silent. */
    CU_ASSERT_EQUAL(silence_deadline(&s), LLONG_MAX);
    silence_destroy(&s);
}

static void
test_silence_while_others_speak(void)
{
    int64_t alive = 1;

    begin();
    see("a", 7, 0);
    see("b", alive, 0);
    for (long long int now = 4000; now < LIMIT; now += 4000) {
        CU_ASSERT_EQUAL(pass(now), 0);
        CU_ASSERT_FALSE(see("b", ++alive, now));
        CU_ASSERT(nobody_fell_silent());
    }

    /* The time is not rounded up to when others speak. */
    CU_ASSERT_EQUAL(silence_deadline(&s), LIMIT);
    silence_prove(&s, LIMIT);
    CU_ASSERT(fell_silent("a"));
    CU_ASSERT(nobody_fell_silent());
    silence_destroy(&s);
}

/* Several at once, the one that was heard longest ago first. */
static void
test_silence_of_several(void)
{
    begin();
    see("a", 1, 0);
    see("b", 1, 0);
    see("c", 1, 0);
    see("a", 2, 100);
    silence_forget(&s, "c");
    silence_forget(&s, "nobody");
    pass(LIMIT);
    CU_ASSERT(fell_silent("b"));
    CU_ASSERT(nobody_fell_silent());
    pass(LIMIT + 100);
    CU_ASSERT(fell_silent("a"));
    CU_ASSERT(nobody_fell_silent());
    CU_ASSERT_EQUAL(s.n_silent, 2);
    silence_forget(&s, "a");
    CU_ASSERT_EQUAL(s.n_silent, 1);
    silence_destroy(&s);
}

static void
test_silence_ends(void)
{
    begin();
    see("a", 7, 0);
    pass(LIMIT);
    CU_ASSERT(fell_silent("a"));
    CU_ASSERT_FALSE(see("a", 8, 50000));
    CU_ASSERT_EQUAL(s.n_silent, 0);

    /* It is given the whole time again. */
    pass(50000 + LIMIT - 1);
    CU_ASSERT(nobody_fell_silent());
    pass(50000 + LIMIT);
    CU_ASSERT(fell_silent("a"));
    silence_destroy(&s);
}

/* The database is there, but takes no writes for long: nobody can speak. */
static void
test_silence_of_the_database(void)
{
    begin();
    see("a", 7, 0);
    see("b", 3, 0);
    silence_prove(&s, 3000);

    /* As soon as there is a proof again, all have been given no more than an
     * interval of that time. */
    silence_prove(&s, 100000);
    CU_ASSERT(nobody_fell_silent());
    CU_ASSERT_FALSE(see("b", 4, 100100));
    pass(100000 + LIMIT - 3000 - INTERVAL - 1);
    CU_ASSERT(nobody_fell_silent());
    pass(100000 + LIMIT - 3000 - INTERVAL);
    CU_ASSERT(fell_silent("a"));
    CU_ASSERT(nobody_fell_silent());
    silence_destroy(&s);
}

/* Several outages one after the other, between which all manage to speak. */
static void
test_silence_of_the_database_often(void)
{
    begin();
    for (int i = 0; i < 20; i++) {
        CU_ASSERT_FALSE(see("a", 1 + i, i * 60000));
        CU_ASSERT_FALSE(see("b", 1 + i, i * 60000 + 4000));
        CU_ASSERT(nobody_fell_silent());
    }
    silence_destroy(&s);
}

/* The manager itself is held up: what was said meanwhile is there all at once,
 * and counts before anybody is judged. */
static void
test_silence_of_the_manager(void)
{
    begin();
    for (int i = 0; i < 3; i++) {
        static const char *const hosts[] = { "a", "b", "c" };

        see(hosts[i], 1, 0);
    }
    pass(LIMIT - 1);
    CU_ASSERT_FALSE(see("a", 2, 90000));
    CU_ASSERT_FALSE(see("b", 2, 90000));
    CU_ASSERT_FALSE(see("c", 2, 90000));
    CU_ASSERT(nobody_fell_silent());
    silence_destroy(&s);
}

/* Another manager takes over, or this one after the database was away. */
static void
test_silence_fail_over(void)
{
    begin();
    see("a", 7, 0);
    pass(LIMIT - 1);
    silence_clear(&s);
    CU_ASSERT_EQUAL(silence_deadline(&s), LLONG_MAX);

    /* Who was silent stays so, who was not has all the time. */
    CU_ASSERT_FALSE(see("a", 7, 30000));
    CU_ASSERT(silence_watch(&s, "b", 9, true, 30000));
    CU_ASSERT_EQUAL(s.n_silent, 1);
    CU_ASSERT(nobody_fell_silent());
    pass(30000 + LIMIT - 1);
    CU_ASSERT(nobody_fell_silent());
    CU_ASSERT_FALSE(silence_watch(&s, "b", 10, false, 30000 + LIMIT - 1));
    pass(30000 + LIMIT);
    CU_ASSERT(fell_silent("a"));
    CU_ASSERT(nobody_fell_silent());

    /* What somebody else says of one that is known does not matter. */
    CU_ASSERT_FALSE(silence_watch(&s, "b", 10, true, 30000 + LIMIT));
    silence_destroy(&s);
}

/* Without a limit nobody is ever silent, nor asked about. */
static void
test_silence_off(void)
{
    begin();
    see("a", 7, 0);
    pass(LIMIT - 1);
    silence_set_times(&s, 0, INTERVAL);
    CU_ASSERT_EQUAL(silence_deadline(&s), LLONG_MAX);
    silence_prove(&s, 90000);
    CU_ASSERT(nobody_fell_silent());

    /* A shorter one takes effect at once. */
    silence_set_times(&s, 10000, INTERVAL);
    CU_ASSERT(fell_silent("a"));
    silence_destroy(&s);
}

/* Proofs are needed at most once an interval, however short the limit. */
static void
test_silence_few_proofs(void)
{
    begin();
    see("a", 7, 0);
    CU_ASSERT_EQUAL(pass(LIMIT - 1), 3);
    silence_destroy(&s);

    silence_init(&s);
    silence_set_times(&s, 2000, 1000);
    see("a", 7, 0);
    CU_ASSERT_EQUAL(pass(1999), 1);
    CU_ASSERT(nobody_fell_silent());
    CU_ASSERT_EQUAL(pass(2000), 1);
    CU_ASSERT(fell_silent("a"));
    silence_destroy(&s);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_silence_after_limit),
    UNIT_TEST(test_silence_while_others_speak),
    UNIT_TEST(test_silence_of_several),
    UNIT_TEST(test_silence_ends),
    UNIT_TEST(test_silence_of_the_database),
    UNIT_TEST(test_silence_of_the_database_often),
    UNIT_TEST(test_silence_of_the_manager),
    UNIT_TEST(test_silence_fail_over),
    UNIT_TEST(test_silence_off),
    UNIT_TEST(test_silence_few_proofs),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_EMER);
    return unit_main("silence", tests, argc, argv);
}

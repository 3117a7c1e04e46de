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

#include "controller/agent/probe-state.h"

#include <stdlib.h>

#include "hash.h"
#include "tests/unit/unit.h"
#include "util.h"

#define INTERVAL 5000

/* So short that damping has no other bound than its own. */
#define SHORT_INTERVAL 1000

/* Feeds 'state' with 'results', "+" for a success and "-" for a failure, at
 * its interval from '*now' on.  Returns the health after each as text: "u"p,
 * "d"own or "?". */
static const char *
feed(struct probe_state *state, long long int *now, const char *results)
{
    static char out[128];
    size_t n;

    for (n = 0; results[n]; n++) {
        enum probe_health before = state->health;
        struct probe_state well = *state, bad = *state;
        bool may_come = probe_state_update(&well, true, *now);
        bool may_go = probe_state_update(&bad, false, *now);
        CU_ASSERT_EQUAL(probe_state_decides(state), may_come || may_go);

        bool changed = probe_state_update(state, results[n] == '+', *now);

        CU_ASSERT_EQUAL(changed, state->health != before);
        out[n] = "?ud"[state->health];
        *now += state->interval;
    }
    out[n] = '\0';
    return out;
}

/* Nobody is sent anything before the first success, which is enough. */
static void
test_new(void)
{
    struct probe_state state;
    long long int now = 1000;

    for (int threshold = 1; threshold <= 3; threshold++) {
        probe_state_init(&state, PROBE_UNKNOWN, INTERVAL, threshold, now);
        CU_ASSERT_EQUAL(state.health, PROBE_UNKNOWN);
        CU_ASSERT_STRING_EQUAL(feed(&state, &now, "+"), "u");
    }
    probe_state_init(&state, PROBE_UNKNOWN, INTERVAL, 3, now);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "--+"), "??u");
    probe_state_init(&state, PROBE_UNKNOWN, INTERVAL, 3, now);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "---+++"), "??dddu");
}

/* Down after n failures in a row, up after n successes, at least 2. */
static void
test_thresholds(void)
{
    struct probe_state state;
    long long int now = 1000;

    probe_state_init(&state, PROBE_UP, INTERVAL, 1, now);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "+-+-++"), "udddd" "u");
    probe_state_init(&state, PROBE_UP, INTERVAL, 2, now);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "-+-+--+-++"), "uuuuuddddu");
    probe_state_init(&state, PROBE_UP, INTERVAL, 3, now);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "--+---++-+++"),
                           "uuuuuddddddu");
    probe_state_init(&state, PROBE_DOWN, INTERVAL, 100, now);
    for (int i = 1; i < 100; i++) {
        CU_ASSERT_FALSE(probe_state_update(&state, true, now += INTERVAL));
    }
    CU_ASSERT_TRUE(probe_state_update(&state, true, now += INTERVAL));
    for (int i = 1; i < 100; i++) {
        CU_ASSERT_FALSE(probe_state_update(&state, false, now += INTERVAL));
    }
    CU_ASSERT_TRUE(probe_state_update(&state, false, now += INTERVAL));
    CU_ASSERT_EQUAL(state.n_changes, 2);
}

/* A member that goes up and down needs more and more successes ... */
static void
test_flapping(void)
{
    struct probe_state state;
    long long int now = 1000;

    probe_state_init(&state, PROBE_UP, SHORT_INTERVAL, 2, now);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "--++"), "uddu");
    CU_ASSERT_EQUAL(probe_state_needed(&state), 2);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "--++++"), "uddddu");
    CU_ASSERT_EQUAL(probe_state_needed(&state), 4);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "--++++++++"), "uddddddddu");
    for (int i = 0; i < 10; i++) {
        int needed = probe_state_needed(&state) * 2;

        ignore(feed(&state, &now, "--"));
        CU_ASSERT_EQUAL(state.health, PROBE_DOWN);
        needed = MIN(needed, 2 << PROBE_STATE_MAX_DAMPING);
        CU_ASSERT_EQUAL(probe_state_needed(&state), needed);
        for (int j = 1; j < needed; j++) {
            CU_ASSERT_STRING_EQUAL(feed(&state, &now, "+"), "d");
        }
        CU_ASSERT_STRING_EQUAL(feed(&state, &now, "+"), "u");
    }

    /* ... until it has been up for long: ten times what it takes. */
    now = state.up_at
          + (long long int) probe_state_needed(&state) * SHORT_INTERVAL * 10
          - SHORT_INTERVAL - 1;
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "--"), "ud");
    CU_ASSERT_EQUAL(probe_state_needed(&state), 2 << PROBE_STATE_MAX_DAMPING);
    for (int i = 0; i < 2 << PROBE_STATE_MAX_DAMPING; i++) {
        ignore(feed(&state, &now, "+"));
    }
    CU_ASSERT_EQUAL(state.health, PROBE_UP);
    now = state.up_at
          + (long long int) probe_state_needed(&state) * SHORT_INTERVAL * 10
          - SHORT_INTERVAL;
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "--"), "ud");
    CU_ASSERT_EQUAL(probe_state_needed(&state), 2);
}

/* Has a member with that probe go up and down for long.  Returns the most
 * successes that it ever needs. */
static int
flap(int interval, int threshold)
{
    struct probe_state state;
    long long int now = 1000;
    int most = 0;

    probe_state_init(&state, PROBE_UP, interval, threshold, now);
    for (int i = 0; i < 20; i++) {
        for (int j = 0; j < threshold; j++) {
            ignore(feed(&state, &now, "-"));
        }
        CU_ASSERT_EQUAL(state.health, PROBE_DOWN);
        most = MAX(most, probe_state_needed(&state));
        for (int j = 0; j < probe_state_needed(&state); j++) {
            ignore(feed(&state, &now, "+"));
        }
        CU_ASSERT_EQUAL(state.health, PROBE_UP);
    }
    return most;
}

/* ... but not so many that it takes a minute longer. */
static void
test_flapping_bounded(void)
{
    CU_ASSERT_EQUAL(flap(1000, 2), 32);
    CU_ASSERT_EQUAL(flap(5000, 2), 14);
    CU_ASSERT_EQUAL(flap(5000, 1), 14);
    CU_ASSERT_EQUAL(flap(15000, 2), 6);
    CU_ASSERT_EQUAL(flap(15000, 100), 104);
    CU_ASSERT_EQUAL(flap(60000, 2), 3);
    CU_ASSERT_EQUAL(flap(61000, 2), 2);
    CU_ASSERT_EQUAL(flap(300000, 2), 2);
}

/* Another probe of a member: it is what it was until new results decide. */
static void
test_edit(void)
{
    struct probe_state state;
    long long int now = 1000;

    probe_state_init(&state, PROBE_UP, INTERVAL, 2, now);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "--++-"), "udduu");
    probe_state_edit(&state, 1000, 2, now);
    CU_ASSERT_EQUAL(state.interval, 1000);
    CU_ASSERT_EQUAL(state.n_changes, 2);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "-+--"), "uuud");
    CU_ASSERT_EQUAL(state.damping, 0);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "++--+"), "duudd");
    CU_ASSERT_EQUAL(probe_state_needed(&state), 4);
    probe_state_edit(&state, 1000, 3, now);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "++"), "dd");
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "+"), "u");
}

/* Whether a member that was up still is. */
static void
test_doubts(void)
{
    struct probe_state state;
    long long int now = 1000;

    /* It is, or it is not. */
    probe_state_init_from_string(&state, "up", INTERVAL, 3, now);
    CU_ASSERT_TRUE(state.doubtful);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "--"), "uu");
    CU_ASSERT_TRUE(state.doubtful);
    probe_state_edit(&state, INTERVAL, 2, now);
    CU_ASSERT_TRUE(state.doubtful);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "+-"), "uu");
    CU_ASSERT_FALSE(state.doubtful);
    probe_state_doubt(&state);
    CU_ASSERT_TRUE(state.doubtful);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "-"), "d");
    CU_ASSERT_FALSE(state.doubtful);

    /* Nobody knows in time. */
    probe_state_init_from_string(&state, "up", INTERVAL, 3, now);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "-"), "u");
    probe_state_forget(&state);
    CU_ASSERT_FALSE(state.doubtful);
    CU_ASSERT_EQUAL(state.n_changes, 1);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "--"), "?d");
    probe_state_init_from_string(&state, "up", INTERVAL, 3, now);
    probe_state_forget(&state);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "+"), "u");
    CU_ASSERT_FALSE(state.doubtful);

    /* There is nothing to doubt in who is not up. */
    probe_state_init_from_string(&state, "down", INTERVAL, 3, now);
    CU_ASSERT_FALSE(state.doubtful);
    probe_state_init_from_string(&state, NULL, INTERVAL, 3, now);
    CU_ASSERT_FALSE(state.doubtful);
}

/* Users are told of damping, and an agent that starts again reads of it. */
static void
test_damped_text(void)
{
    static const char *const texts[] = {
        "down",
        "down (goes up and down: needs 4 successes)",
        "down (goes up and down: needs 8 successes)",
        "down (goes up and down: needs 14 successes)",
        "down (goes up and down: needs 14 successes)",
    };
    struct probe_state state, again;
    long long int now = 1000;
    char *text;

    probe_state_init(&state, PROBE_UP, INTERVAL, 2, now);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        ignore(feed(&state, &now, "--"));
        text = probe_state_to_string(&state);
        CU_ASSERT_STRING_EQUAL(text, texts[i]);
        CU_ASSERT_EQUAL(probe_state_is_damped(&state), i > 0);

        probe_state_init_from_string(&again, text, INTERVAL, 2, now);
        free(text);
        CU_ASSERT_EQUAL(again.health, PROBE_DOWN);
        CU_ASSERT_EQUAL(probe_state_needed(&again),
                        probe_state_needed(&state));
        text = probe_state_to_string(&again);
        CU_ASSERT_STRING_EQUAL(text, texts[i]);
        free(text);

        ignore(feed(&state, &now, "+++++++" "+++++++"));
        text = probe_state_to_string(&state);
        CU_ASSERT_STRING_EQUAL(text, "up");
        free(text);
    }

    /* More than there can be, and no number. */
    probe_state_init_from_string(
        &again, "down (goes up and down: needs 999999 successes)", INTERVAL, 2,
        now);
    CU_ASSERT_EQUAL(probe_state_needed(&again), 14);
    probe_state_init_from_string(&again, "down (goes up)", INTERVAL, 2, now);
    CU_ASSERT_EQUAL(again.health, PROBE_UNKNOWN);
    probe_state_init_from_string(&again, NULL, INTERVAL, 2, now);
    CU_ASSERT_EQUAL(again.health, PROBE_UNKNOWN);
    probe_state_init_from_string(&again, "up", INTERVAL, 2, now);
    CU_ASSERT_EQUAL(again.health, PROBE_UP);
    CU_ASSERT_FALSE(probe_state_is_damped(&again));
}

/* What an earlier agent found out stays until new results decide. */
static void
test_restart(void)
{
    struct probe_state state;
    long long int now = 0;

    probe_state_init(&state, PROBE_UP, INTERVAL, 2, now);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "-+-"), "uuu");
    probe_state_init(&state, PROBE_UP, INTERVAL, 2, now);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "-"), "u");
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "-"), "d");
    CU_ASSERT_EQUAL(state.damping, 0);
    probe_state_init(&state, PROBE_DOWN, INTERVAL, 2, now);
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "+"), "d");
    CU_ASSERT_STRING_EQUAL(feed(&state, &now, "+"), "u");

    for (int i = PROBE_UNKNOWN; i <= PROBE_DOWN; i++) {
        CU_ASSERT_EQUAL(probe_health_from_string(probe_health_to_string(i)),
                        i);
    }
    CU_ASSERT_EQUAL(probe_health_from_string(NULL), PROBE_UNKNOWN);
    CU_ASSERT_EQUAL(probe_health_from_string("ill"), PROBE_UNKNOWN);
}

/* A thousand probes do not fire together, at the beginning or later, and each
 * keeps its interval. */
static void
test_spread(void)
{
    int first[10] = { 0 }, later[50] = { 0 };
    long long int now = 123456;

    for (int i = 0; i < 1000; i++) {
        uint32_t hash = hash_int(i, 0);
        long long int at = probe_state_first(hash, INTERVAL, now);

        CU_ASSERT_TRUE(at >= now && at < now + PROBE_STATE_SOON);
        first[(at - now) / 100]++;

        long long int next = probe_state_next(hash, INTERVAL, at);
        CU_ASSERT_TRUE(next > at && next <= at + INTERVAL);
        later[next % INTERVAL / 100]++;
        CU_ASSERT_EQUAL(probe_state_next(hash, INTERVAL, next),
                        next + INTERVAL);

        /* A little late does not move it. */
        CU_ASSERT_EQUAL(probe_state_next(hash, INTERVAL, next + 9),
                        next + INTERVAL);

        /* A machine that has just been started. */
        next = probe_state_next(hash, INTERVAL, 1000);
        CU_ASSERT_TRUE(next > 1000 && next <= 1000 + INTERVAL);
    }
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_TRUE(first[i] > 60 && first[i] < 140);
    }
    for (int i = 0; i < 50; i++) {
        CU_ASSERT_TRUE(later[i] > 4 && later[i] < 45);
    }
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_new),
    UNIT_TEST(test_thresholds),
    UNIT_TEST(test_flapping),
    UNIT_TEST(test_flapping_bounded),
    UNIT_TEST(test_edit),
    UNIT_TEST(test_doubts),
    UNIT_TEST(test_damped_text),
    UNIT_TEST(test_restart),
    UNIT_TEST(test_spread),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("probe-state", tests, argc, argv);
}

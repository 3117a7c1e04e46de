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

#include "controller/manager/generation.h"

#include <stdlib.h>
#include <string.h>

#include "controller/manager/member-index.h"
#include "openvswitch/dynamic-string.h"
#include "tests/unit/unit.h"
#include "util.h"

#define DRAIN 1000

/* A pool whose usable members are given as text, "1 3*2" being index 1 with
 * weight 1 and index 3 with weight 2. */
struct pool {
    struct generations gs;
    int slots_log2;
    int64_t now;
};

static void
pool_init(struct pool *pool)
{
    generations_init(&pool->gs);
    pool->slots_log2 = 10;
    pool->now = 100000;
}

static size_t
parse_weights(const char *text, struct member_weight *weights)
{
    size_t n = 0;

    while (*text) {
        char *end;
        unsigned long index = strtoul(text, &end, 10);
        unsigned long weight = *end == '*' ? strtoul(end + 1, &end, 10) : 1;

        weights[n++] = (struct member_weight) { index, weight };
        text = end + strspn(end, " ");
    }
    return n;
}

static int64_t
step(struct pool *pool, const char *wanted, bool prepared)
{
    struct member_weight weights[16];
    struct generation_input in = {
        .weights = weights,
        .n_weights = parse_weights(wanted, weights),
        .slots_log2 = pool->slots_log2,
        .prepared = prepared,
        .now = pool->now,
        .drain = DRAIN,
    };
    return generations_step(&pool->gs, &in);
}

static void
add(struct pool *pool, int64_t number, enum generation_state state,
    int64_t switched_at, const char *text)
{
    struct member_weight weights[16];
    size_t n = parse_weights(text, weights);

    generations_add(&pool->gs, number, state, switched_at, pool->slots_log2,
                    weights, n);
}

/* Compares with a text such as "3 coming: 1; 2 current: 1 2*5; ". */
static void
check(const struct pool *pool, const char *expected)
{
    static const char *const states[] = { "coming", "current", "previous" };
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < pool->gs.n; i++) {
        const struct generation *g = &pool->gs.list[i];

        ds_put_format(&ds, "%s%"PRId64" %s:", i ? "; " : "", g->number,
                      states[g->state]);
        for (size_t j = 0; j < g->n_weights; j++) {
            ds_put_format(&ds, " %d", g->weights[j].index);
            if (g->weights[j].weight != 1) {
                ds_put_format(&ds, "*%d", g->weights[j].weight);
            }
        }
    }
    if (strcmp(ds_cstr(&ds), expected)) {
        printf("# got %s, expected %s\n", ds_cstr(&ds), expected);
    }
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), expected);
    ds_destroy(&ds);
}

static void
test_generation_first_is_current_at_once(void)
{
    struct pool pool;

    pool_init(&pool);
    CU_ASSERT_EQUAL(step(&pool, "1 2", false), INT64_MAX);
    check(&pool, "1 current: 1 2");
    CU_ASSERT_EQUAL(pool.gs.list[0].switched_at, pool.now);
    CU_ASSERT_EQUAL(pool.gs.list[0].slots_log2, 10);
    generations_destroy(&pool.gs);
    generations_destroy(NULL);
}

static void
test_generation_of_an_empty_pool(void)
{
    struct pool pool;

    pool_init(&pool);
    CU_ASSERT_EQUAL(step(&pool, "", false), INT64_MAX);
    check(&pool, "");
    CU_ASSERT_EQUAL(pool.gs.n, 0);
    step(&pool, "1", false);
    check(&pool, "1 current: 1");
    step(&pool, "", false);
    step(&pool, "", true);
    pool.now += DRAIN;
    step(&pool, "", false);
    check(&pool, "2 current:");

    /* Nobody can be lost, and nobody remembers. */
    CU_ASSERT_EQUAL(step(&pool, "1", false), INT64_MAX);
    check(&pool, "3 current: 1");
    generations_destroy(&pool.gs);
}

static void
test_generation_prepare_and_switch(void)
{
    struct pool pool;

    pool_init(&pool);
    step(&pool, "1 2", false);
    pool.now += 10;
    CU_ASSERT_EQUAL(step(&pool, "1 2 3*2", false), INT64_MAX);
    check(&pool, "2 coming: 1 2 3*2; 1 current: 1 2");
    CU_ASSERT_EQUAL(pool.gs.list[0].switched_at, 0);

    pool.now += 10;
    step(&pool, "1 2 3*2", false);
    check(&pool, "2 coming: 1 2 3*2; 1 current: 1 2");

    pool.now += 10;
    CU_ASSERT_EQUAL(step(&pool, "1 2 3*2", true), pool.now + DRAIN);
    check(&pool, "2 current: 1 2 3*2; 1 previous: 1 2");
    CU_ASSERT_EQUAL(pool.gs.list[0].switched_at, pool.now);
    generations_destroy(&pool.gs);
}

static void
test_generation_changes_are_collected(void)
{
    struct pool pool;

    pool_init(&pool);
    step(&pool, "1", false);
    step(&pool, "1 2", false);
    step(&pool, "1 2 3", false);
    step(&pool, "1 2 3 4", false);
    check(&pool, "2 coming: 1 2; 1 current: 1");
    step(&pool, "1 2 3 4", true);
    check(&pool, "3 coming: 1 2 3 4; 2 current: 1 2; 1 previous: 1");
    step(&pool, "1 2 3 4", true);
    check(&pool, "3 current: 1 2 3 4; 2 previous: 1 2; 1 previous: 1");
    generations_destroy(&pool.gs);
}

/* A change that is taken back while it is prepared still takes place: some mux
 * may name its owners already, and numbers are not used twice. */
static void
test_generation_taken_back(void)
{
    struct pool pool;

    pool_init(&pool);
    step(&pool, "1", false);
    step(&pool, "1 2", false);
    step(&pool, "1", false);
    check(&pool, "2 coming: 1 2; 1 current: 1");
    step(&pool, "1", true);
    check(&pool, "3 coming: 1; 2 current: 1 2; 1 previous: 1");

    /* Then the oldest says nothing that the newest does not. */
    step(&pool, "1", true);
    check(&pool, "3 current: 1; 2 previous: 1 2");
    generations_destroy(&pool.gs);
}

static void
test_generation_weights_count(void)
{
    struct pool pool;

    pool_init(&pool);
    step(&pool, "1 2", false);
    step(&pool, "1 2*7", false);
    step(&pool, "1 2*7", true);
    check(&pool, "2 current: 1 2*7; 1 previous: 1 2");
    generations_destroy(&pool.gs);
}

static void
test_generation_drain(void)
{
    struct pool pool;

    pool_init(&pool);
    step(&pool, "1", false);
    step(&pool, "2", false);
    step(&pool, "2", true);
    int64_t first = pool.now + DRAIN;
    pool.now += 400;
    step(&pool, "3", false);
    CU_ASSERT_EQUAL(step(&pool, "3", true), first);
    check(&pool, "3 current: 3; 2 previous: 2; 1 previous: 1");
    int64_t second = pool.now + DRAIN;

    pool.now = first - 1;
    CU_ASSERT_EQUAL(step(&pool, "3", false), first);
    check(&pool, "3 current: 3; 2 previous: 2; 1 previous: 1");
    pool.now = first;
    CU_ASSERT_EQUAL(step(&pool, "3", false), second);
    check(&pool, "3 current: 3; 2 previous: 2");
    pool.now = second + 1;
    CU_ASSERT_EQUAL(step(&pool, "3", false), INT64_MAX);
    check(&pool, "3 current: 3");

    /* The current one stays for ever. */
    pool.now += INT64_C(1000) * DRAIN;
    step(&pool, "3", false);
    check(&pool, "3 current: 3");
    generations_destroy(&pool.gs);
}

/* A pool that was deleted drains in the same way. */
static void
test_generation_all_members_go(void)
{
    struct pool pool;

    pool_init(&pool);
    step(&pool, "1 2", false);
    step(&pool, "", false);
    check(&pool, "2 coming:; 1 current: 1 2");
    step(&pool, "", true);
    check(&pool, "2 current:; 1 previous: 1 2");

    /* They are back: at once, and still known. */
    step(&pool, "1", false);
    check(&pool, "3 current: 1; 1 previous: 1 2");
    generations_destroy(&pool.gs);
}

static void
test_generation_at_most_eight_previous(void)
{
    struct pool pool;

    pool_init(&pool);
    for (int i = 1; i <= 20; i++) {
        char *text = xasprintf("%d", i);

        step(&pool, text, false);
        step(&pool, text, true);
        free(text);
        CU_ASSERT_EQUAL(pool.gs.n, MIN(i, GENERATION_MAX_PREVIOUS + 1));
        CU_ASSERT_EQUAL(pool.gs.list[0].number, i);
        CU_ASSERT_EQUAL(pool.gs.list[pool.gs.n - 1].number,
                        MAX(1, i - GENERATION_MAX_PREVIOUS));
    }
    generations_destroy(&pool.gs);
}

/* Equal members with other slots have other owners. */
static void
test_generation_slots_are_part_of_it(void)
{
    struct pool pool;

    pool_init(&pool);
    step(&pool, "1", false);
    step(&pool, "1 2", false);
    pool.slots_log2 = 11;
    step(&pool, "1", true);
    step(&pool, "1", true);
    check(&pool, "3 current: 1; 2 previous: 1 2; 1 previous: 1");
    CU_ASSERT_EQUAL(pool.gs.list[0].slots_log2, 11);
    CU_ASSERT_EQUAL(pool.gs.list[1].slots_log2, 10);
    CU_ASSERT_EQUAL(pool.gs.list[2].slots_log2, 10);

    /* But alone no reason for a change. */
    pool.slots_log2 = 12;
    step(&pool, "1", false);
    CU_ASSERT_EQUAL(pool.gs.n, 3);
    generations_destroy(&pool.gs);
}

/* The clock was far ahead when generations were made. */
static void
test_generation_clock_set_back(void)
{
    struct pool pool;

    pool_init(&pool);
    add(&pool, 2, GENERATION_CURRENT, pool.now + INT64_C(1) * 1000000000, "2");
    add(&pool, 1, GENERATION_PREVIOUS, 50, "1");
    CU_ASSERT_EQUAL(step(&pool, "2", false), pool.now + DRAIN);
    CU_ASSERT_EQUAL(pool.gs.list[0].switched_at, pool.now);
    pool.now += DRAIN;
    step(&pool, "2", false);
    check(&pool, "2 current: 2");
    generations_destroy(&pool.gs);

    /* Two managers' clocks may differ a little. */
    pool_init(&pool);
    add(&pool, 1, GENERATION_CURRENT, pool.now + 5000, "1");
    step(&pool, "1", false);
    CU_ASSERT_EQUAL(pool.gs.list[0].switched_at, pool.now + 5000);
    generations_destroy(&pool.gs);
}

static void
test_generation_damaged_database(void)
{
    struct pool pool;

    /* Two current ones. */
    pool_init(&pool);
    add(&pool, 1, GENERATION_CURRENT, pool.now, "1");
    add(&pool, 2, GENERATION_CURRENT, pool.now, "2");
    step(&pool, "2", false);
    check(&pool, "2 current: 2; 1 previous: 1");
    generations_destroy(&pool.gs);

    /* None, but a coming one. */
    pool_init(&pool);
    add(&pool, 3, GENERATION_PREVIOUS, pool.now, "1");
    add(&pool, 4, GENERATION_COMING, 0, "2");
    step(&pool, "2", false);
    check(&pool, "4 current: 2; 3 previous: 1");
    CU_ASSERT_EQUAL(pool.gs.list[0].switched_at, pool.now);
    generations_destroy(&pool.gs);

    /* Only a previous one. */
    pool_init(&pool);
    add(&pool, 3, GENERATION_PREVIOUS, pool.now, "1");
    step(&pool, "2", false);
    check(&pool, "4 current: 2; 3 previous: 1");
    generations_destroy(&pool.gs);

    /* A coming one that is not the newest, and twice the same number. */
    pool_init(&pool);
    add(&pool, 5, GENERATION_COMING, 0, "5");
    add(&pool, 4, GENERATION_COMING, 0, "4");
    add(&pool, 3, GENERATION_PREVIOUS, pool.now, "9");
    add(&pool, 3, GENERATION_CURRENT, pool.now, "3");
    step(&pool, "5", false);
    check(&pool, "5 coming: 5; 3 current: 3");
    generations_destroy(&pool.gs);

    /* A previous one that is newer than the current one. */
    pool_init(&pool);
    add(&pool, 7, GENERATION_PREVIOUS, pool.now, "7");
    add(&pool, 3, GENERATION_CURRENT, pool.now, "3");
    step(&pool, "3", false);
    check(&pool, "7 previous: 7; 3 current: 3");
    step(&pool, "4", false);
    check(&pool, "8 coming: 4; 7 previous: 7; 3 current: 3");
    generations_destroy(&pool.gs);
}

/* A model of a pool whose members come, go, get other weights and lose their
 * ports at random, run as the manager runs it: members keep their index as
 * long as they exist or a kept generation names them. */

#define N_IDS 12

struct model_member {
    bool exists;                /* Has a row, and so an index. */
    bool declared;
    uint16_t index;
    uint16_t weight;            /* 0: not usable. */
};

struct model {
    struct pool pool;
    struct model_member members[N_IDS];
    struct member_indices indices;
    int64_t last_number;
    uint32_t random;

    /* Who an index was when a generation naming it was made, by number. */
    int id_of[64][N_IDS * 10];
};

static uint32_t
next_random(struct model *m, uint32_t range)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 17;
    m->random ^= m->random << 5;
    return m->random % range;
}

static bool
is_named(const struct model *m, uint16_t index)
{
    for (size_t i = 0; i < m->pool.gs.n; i++) {
        const struct generation *g = &m->pool.gs.list[i];

        for (size_t j = 0; j < g->n_weights; j++) {
            if (g->weights[j].index == index) {
                return true;
            }
        }
    }
    return false;
}

static int
find_id(const struct model *m, uint16_t index)
{
    for (int id = 0; id < N_IDS; id++) {
        if (m->members[id].exists && m->members[id].index == index) {
            return id;
        }
    }
    return -1;
}

static void
model_allocate(struct model *m)
{
    member_indices_reset(&m->indices);
    for (int id = 0; id < N_IDS; id++) {
        if (m->members[id].exists) {
            CU_ASSERT_FATAL(member_indices_reserve(&m->indices,
                                                   m->members[id].index));
        }
    }
    for (size_t i = 0; i < m->pool.gs.n; i++) {
        const struct generation *g = &m->pool.gs.list[i];

        for (size_t j = 0; j < g->n_weights; j++) {
            member_indices_reserve(&m->indices, g->weights[j].index);
        }
    }
    for (int id = 0; id < N_IDS; id++) {
        struct model_member *member = &m->members[id];

        if (member->declared && !member->exists) {
            member->index = member_indices_allocate(&m->indices);
            CU_ASSERT_FATAL(member->index > 0);
            CU_ASSERT_FALSE_FATAL(is_named(m, member->index));
            member->exists = true;
        }
    }
}

static void
model_run(struct model *m, bool prepared)
{
    struct member_weight weights[N_IDS];
    size_t n = 0;

    model_allocate(m);
    for (int id = 0; id < N_IDS; id++) {
        const struct model_member *member = &m->members[id];

        if (member->declared && member->weight) {
            weights[n++] = (struct member_weight) { member->index,
                                                    member->weight };
        }
    }
    member_weights_sort(weights, n);

    struct generation_input in = {
        .weights = weights,
        .n_weights = n,
        .slots_log2 = 10,
        .prepared = prepared,
        .now = m->pool.now,
        .drain = DRAIN,
    };
    generations_step(&m->pool.gs, &in);

    for (int id = 0; id < N_IDS; id++) {
        struct model_member *member = &m->members[id];

        if (!member->declared && !is_named(m, member->index)) {
            member->exists = false;
        }
    }
}

static void
model_check(struct model *m)
{
    const struct generations *gs = &m->pool.gs;
    int n_coming = 0, n_current = 0, n_previous = 0;

    for (size_t i = 0; i < gs->n; i++) {
        const struct generation *g = &gs->list[i];

        n_coming += g->state == GENERATION_COMING;
        n_current += g->state == GENERATION_CURRENT;
        n_previous += g->state == GENERATION_PREVIOUS;
        if (i) {
            CU_ASSERT_FATAL(g->number < g[-1].number);
            CU_ASSERT_FATAL(g->state >= g[-1].state);
        }
        for (size_t j = 0; j < g->n_weights; j++) {
            int *id = &m->id_of[g->number % 64][g->weights[j].index];
            int id_now = find_id(m, g->weights[j].index);

            /* Whoever it names exists and is still the same one. */
            CU_ASSERT_FATAL(id_now >= 0);
            if (g->number > m->last_number) {
                *id = id_now;
            }
            CU_ASSERT_EQUAL_FATAL(*id, id_now);
        }
    }
    CU_ASSERT_EQUAL_FATAL(n_current, gs->n > 0);
    CU_ASSERT_FATAL(gs->n || !m->last_number);
    CU_ASSERT_FATAL(n_coming <= 1);
    CU_ASSERT_FATAL(n_previous <= GENERATION_MAX_PREVIOUS);

    /* Numbers go up by one and never down. */
    if (gs->n) {
        CU_ASSERT_FATAL(gs->list[0].number == m->last_number
                        || gs->list[0].number == m->last_number + 1);
        m->last_number = gs->list[0].number;
    }
}

/* What is wanted is current, once nothing changes any more. */
static void
model_settle(struct model *m)
{
    for (int i = 0; i < 3; i++) {
        model_run(m, true);
        model_check(m);
    }

    /* A pool that never had a usable member has no generation. */
    static const struct generation none;
    const struct generation *current = generations_current(&m->pool.gs);
    size_t n = 0;

    current = current ? current : &none;
    CU_ASSERT_PTR_NULL(generations_coming(&m->pool.gs));
    for (int id = 0; id < N_IDS; id++) {
        const struct model_member *member = &m->members[id];

        if (member->declared && member->weight) {
            size_t i;

            for (i = 0; i < current->n_weights; i++) {
                if (current->weights[i].index == member->index) {
                    break;
                }
            }
            CU_ASSERT_FATAL(i < current->n_weights);
            CU_ASSERT_EQUAL(current->weights[i].weight, member->weight);
            n++;
        }
    }
    CU_ASSERT_EQUAL(current->n_weights, n);
}

static void
test_generation_model(void)
{
    for (uint32_t seed = 1; seed <= 50; seed++) {
        struct model *m = xzalloc(sizeof *m);

        pool_init(&m->pool);
        member_indices_init(&m->indices);
        m->random = seed;
        for (int i = 0; i < 2000; i++) {
            for (int j = next_random(m, 3); j > 0; j--) {
                struct model_member *member
                    = &m->members[next_random(m, N_IDS)];

                member->declared = next_random(m, 3) > 0;
                member->weight = next_random(m, 4);
            }
            m->pool.now += next_random(m, DRAIN / 3);
            model_run(m, next_random(m, 2));
            model_check(m);
            if (!next_random(m, 100)) {
                model_settle(m);
            }
        }
        model_settle(m);

        /* In the end nobody is kept but those that are wanted. */
        m->pool.now += DRAIN;
        model_run(m, false);
        model_check(m);
        CU_ASSERT(m->pool.gs.n <= 1);
        for (int id = 0; id < N_IDS; id++) {
            CU_ASSERT_EQUAL(m->members[id].exists, m->members[id].declared);
        }
        generations_destroy(&m->pool.gs);
        member_indices_destroy(&m->indices);
        free(m);
    }
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_generation_first_is_current_at_once),
    UNIT_TEST(test_generation_of_an_empty_pool),
    UNIT_TEST(test_generation_prepare_and_switch),
    UNIT_TEST(test_generation_changes_are_collected),
    UNIT_TEST(test_generation_taken_back),
    UNIT_TEST(test_generation_weights_count),
    UNIT_TEST(test_generation_drain),
    UNIT_TEST(test_generation_all_members_go),
    UNIT_TEST(test_generation_at_most_eight_previous),
    UNIT_TEST(test_generation_slots_are_part_of_it),
    UNIT_TEST(test_generation_clock_set_back),
    UNIT_TEST(test_generation_damaged_database),
    UNIT_TEST(test_generation_model),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("generation", tests, argc, argv);
}

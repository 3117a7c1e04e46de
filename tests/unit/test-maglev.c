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

#include "lib/maglev.h"

#include <math.h>
#include <string.h>

#include "lib/slb-hash.h"
#include "openvswitch/dynamic-string.h"
#include "random.h"
#include "tests/unit/unit.h"
#include "util.h"

static struct slb_hash_key key;

static struct maglev_table *
make_table(const uint32_t weights[], size_t n, unsigned int log2)
{
    struct maglev_member *members = xmalloc(MAX(n, 1) * sizeof *members);
    struct maglev_table *table;

    for (size_t i = 0; i < n; i++) {
        members[i] = (struct maglev_member) { .index = i + 1,
                                              .weight = weights[i] };
    }
    table = maglev_table_create(&key, members, n, log2);
    free(members);
    return table;
}

static struct maglev_table *
make_even_table(size_t n, unsigned int log2, uint16_t without)
{
    struct maglev_member *members = xmalloc(n * sizeof *members);
    struct maglev_table *table;
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        if (i + 1 != without) {
            members[m++] = (struct maglev_member) { .index = i + 1,
                                                    .weight = 1 };
        }
    }
    table = maglev_table_create(&key, members, m, log2);
    free(members);
    return table;
}

static size_t
n_slots(const struct maglev_table *table)
{
    return (size_t) 1 << table->log2;
}

/* Counts the slots of each ordinal. */
static unsigned int *
count_slots(const struct maglev_table *table)
{
    unsigned int *counts = xcalloc(MAX(table->n_members, 1), sizeof *counts);

    for (size_t i = 0; i < n_slots(table); i++) {
        unsigned int ordinal = maglev_table_ordinal(table, i);

        CU_ASSERT_FATAL(ordinal < table->n_members);
        counts[ordinal]++;
    }
    return counts;
}

/* Equal weights: nobody has more than one slot more than another. */
static void
test_maglev_balance(void)
{
    static const size_t sizes[] = { 1, 2, 3, 10, 100, 254, 255, 256, 257,
                                    1000, 5000, 65535 };

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct maglev_table *table = make_even_table(sizes[i], 16, 0);
        unsigned int *counts = count_slots(table);
        unsigned int min = UINT_MAX, max = 0;

        for (size_t j = 0; j < table->n_members; j++) {
            min = MIN(min, counts[j]);
            max = MAX(max, counts[j]);
        }
        CU_ASSERT(max - min <= 1);
        CU_ASSERT_EQUAL(table->slots8 != NULL, sizes[i] <= 255);
        CU_ASSERT_EQUAL(table->slots16 != NULL, sizes[i] > 255);
        free(counts);
        maglev_table_destroy(table);
    }
}

/* Shares are within 2 % of what the weights say. */
static void
test_maglev_weights(void)
{
    static const struct { uint32_t weights[4]; size_t n; } cases[] = {
        { { 1, 2 }, 2 },
        { { 6, 4 }, 2 },
        { { 5, 100, 100 }, 3 },
        { { 1, 1, 1, 97 }, 4 },
        { { INT32_MAX, 1, INT32_MAX }, 3 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        for (unsigned int log2 = 12; log2 <= MAGLEV_MAX_LOG2; log2++) {
            struct maglev_table *table = make_table(cases[i].weights,
                                                    cases[i].n, log2);
            unsigned int *counts = count_slots(table);
            double total = 0;

            for (size_t j = 0; j < cases[i].n; j++) {
                total += cases[i].weights[j];
            }
            for (size_t j = 0; j < cases[i].n; j++) {
                double due = cases[i].weights[j] / total * n_slots(table);

                CU_ASSERT(fabs(counts[j] - due) <= 1);
                CU_ASSERT(due < 1 || fabs(counts[j] - due) < 0.02 * due);
            }
            free(counts);
            maglev_table_destroy(table);
        }
    }
}

static bool
tables_are_equal(const struct maglev_table *a, const struct maglev_table *b)
{
    for (size_t i = 0; i < n_slots(a); i++) {
        if (maglev_table_owner(a, i) != maglev_table_owner(b, i)) {
            return false;
        }
    }
    return a->log2 == b->log2;
}

static void
test_maglev_order_does_not_matter(void)
{
    enum { N = 300 };
    struct maglev_member members[N];
    struct maglev_table *first = NULL;

    random_set_seed(1);
    for (size_t i = 0; i < N; i++) {
        members[i] = (struct maglev_member) {
            .index = 7 * i + 1, .weight = i % 5 + 1
        };
    }
    for (int round = 0; round < 10; round++) {
        struct maglev_table *table = maglev_table_create(&key, members, N, 14);

        if (first) {
            CU_ASSERT(tables_are_equal(first, table));
            maglev_table_destroy(table);
        } else {
            first = table;
        }
        for (size_t i = N - 1; i > 0; i--) {
            size_t j = random_range(i + 1);
            struct maglev_member tmp = members[i];

            members[i] = members[j];
            members[j] = tmp;
        }
    }
    maglev_table_destroy(first);
}

/* Counts the slots that differ though both owners are in both tables. */
static unsigned int
count_moved(const struct maglev_table *a, const struct maglev_table *b,
            uint16_t removed)
{
    unsigned int n = 0;

    for (size_t i = 0; i < n_slots(a); i++) {
        uint16_t owner = maglev_table_owner(a, i);

        n += owner != removed && owner != maglev_table_owner(b, i);
    }
    return n;
}

/* If one of 100 goes, at most 1 % of the slots moves between the others. */
static void
test_maglev_movement(void)
{
    struct maglev_table *all = make_even_table(100, 15, 0);
    unsigned int sum = 0;

    for (uint16_t removed = 1; removed <= 100; removed++) {
        struct maglev_table *rest = make_even_table(100, 15, removed);
        unsigned int moved = count_moved(all, rest, removed);

        CU_ASSERT(moved < n_slots(all) / 90);
        sum += moved;
        maglev_table_destroy(rest);
    }
    CU_ASSERT(sum < n_slots(all));
    printf("# one of 100 gone: %.2f %% of the slots move between others\n",
           sum / 100.0 / n_slots(all) * 100);
    maglev_table_destroy(all);
}

/* If a weight changes, little else moves than what has to. */
static void
test_maglev_weight_change(void)
{
    uint32_t weights[20];
    struct maglev_table *before, *after;
    unsigned int moved = 0;

    for (size_t i = 0; i < 20; i++) {
        weights[i] = 10;
    }
    before = make_table(weights, 20, 14);
    weights[7] = 20;
    after = make_table(weights, 20, 14);
    for (size_t i = 0; i < n_slots(before); i++) {
        moved += maglev_table_owner(before, i) != maglev_table_owner(after, i);
    }

    /* 5 % had 5 % of the slots, 2 in 21 have 9.5 %. */
    double needed = n_slots(before) * (2.0 / 21 - 1.0 / 20);
    CU_ASSERT(moved >= needed - 1);
    CU_ASSERT(moved <= needed + 0.03 * n_slots(before));
    maglev_table_destroy(before);
    maglev_table_destroy(after);
}

/* A fixed outcome: owners must never change by a change of this code. */
static void
test_maglev_vectors(void)
{
    static const uint32_t weights[] = { 1, 2, 3, 4, 5 };
    struct maglev_table *table = make_table(weights, 5, 8);
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < 64; i++) {
        ds_put_format(&ds, "%"PRIu16, maglev_table_owner(table, i));
    }
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "51144455235553355444444552553325"
                           "55445444555333325244554445333335");
    ds_destroy(&ds);

    /* A hash of all owners, for a large table. */
    struct maglev_table *large = make_even_table(1000, 16, 0);
    uint64_t sum = 0;
    for (size_t i = 0; i < n_slots(large); i++) {
        sum = sum * UINT64_C(0x9e3779b97f4a7c15)
              + maglev_table_owner(large, i);
    }
    CU_ASSERT_EQUAL(sum, UINT64_C(0xf25d05a592b352fc));
    maglev_table_destroy(large);
    maglev_table_destroy(table);
}

static void
test_maglev_empty(void)
{
    struct maglev_table *table = make_table(NULL, 0, 8);

    CU_ASSERT_EQUAL(maglev_table_owner(table, 0), 0);
    CU_ASSERT_EQUAL(maglev_table_owner(table, UINT64_MAX), 0);
    maglev_table_destroy(table);
    maglev_table_destroy(NULL);
}

/* More members than slots: the slots are taken by as many as there are. */
static void
test_maglev_more_members_than_slots(void)
{
    struct maglev_table *table = make_even_table(1000, 8, 0);
    unsigned int *counts = count_slots(table);

    for (size_t i = 0; i < 1000; i++) {
        CU_ASSERT(counts[i] <= 1);
    }
    free(counts);
    maglev_table_destroy(table);
}

/* The ring of owners. */

/* A table in which 'index' owns everything; 0: nobody does. */
static struct maglev_table *
owned_by(uint16_t index, unsigned int log2)
{
    struct maglev_member member = { .index = index, .weight = 1 };

    return maglev_table_create(&key, &member, index != 0, log2);
}

struct ring_case {
    uint16_t coming;                  /* 0: none. */
    uint16_t generations[10];         /* Newest first; 0 ends them. */
    uint16_t others[MAGLEV_RING_MAX];
    uint8_t n_others;
    bool truncated;
    int changed;
};

static void
test_maglev_ring(void)
{
    static const struct ring_case cases[] = {
        /* Only the current owner. */
        { 0, { 1 }, { 0 }, 0, false, -1 },
        { 1, { 1 }, { 0 }, 0, false, -1 },
        { 0, { 1, 1, 1 }, { 0 }, 0, false, -1 },
        /* A change is prepared. */
        { 2, { 1 }, { 2 }, 1, false, -1 },
        /* It changed hands once, or twice. */
        { 0, { 2, 1 }, { 1 }, 1, false, 0 },
        { 0, { 3, 2, 1 }, { 2, 1 }, 2, false, 0 },
        /* It did not change in the newest switch but in an earlier one. */
        { 0, { 2, 2, 1 }, { 1 }, 1, false, 1 },
        { 0, { 2, 2, 2, 1, 3 }, { 1, 3 }, 2, false, 2 },
        /* There and back again. */
        { 0, { 1, 2, 1 }, { 2 }, 1, false, 0 },
        { 2, { 1, 2, 1, 2 }, { 2 }, 1, false, 0 },
        /* The coming one comes first, and only once. */
        { 4, { 3, 2, 1 }, { 4, 2, 1 }, 3, false, 0 },
        { 1, { 3, 2, 1 }, { 1, 2 }, 2, false, 0 },
        /* There is no room for the oldest. */
        { 0, { 5, 4, 3, 2, 1 }, { 4, 3, 2 }, 3, true, 0 },
        { 6, { 5, 4, 3, 2 }, { 6, 4, 3 }, 3, true, 0 },
        { 0, { 5, 4, 3, 2, 4, 3, 5 }, { 4, 3, 2 }, 3, false, 0 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct ring_case *c = &cases[i];
        struct maglev_table *tables[10];
        struct maglev_table *coming = c->coming ? owned_by(c->coming, 8)
                                                : NULL;
        struct maglev_ring ring;
        size_t n;

        for (n = 0; c->generations[n]; n++) {
            tables[n] = owned_by(c->generations[n], 8 + n % 3);
        }
        maglev_ring_get(&ring, 0x123456789abcdef, coming,
                        (const struct maglev_table *const *) tables, n);
        CU_ASSERT_EQUAL(ring.n_others, c->n_others);
        CU_ASSERT(!memcmp(ring.others, c->others, sizeof ring.others));
        CU_ASSERT_EQUAL(ring.truncated, c->truncated);
        CU_ASSERT_EQUAL(ring.changed, c->changed);

        while (n) {
            maglev_table_destroy(tables[--n]);
        }
        maglev_table_destroy(coming);
    }
}

/* A pool that was empty for a while. */
static void
test_maglev_ring_empty_generations(void)
{
    struct maglev_table *one = owned_by(1, 8);
    struct maglev_table *none = owned_by(0, 8);
    struct maglev_table *two = owned_by(2, 8);
    struct maglev_ring ring;

    maglev_ring_get(&ring, 5, NULL, (const struct maglev_table *[]) {
        two, none, one }, 3);
    CU_ASSERT_EQUAL(ring.n_others, 1);
    CU_ASSERT_EQUAL(ring.others[0], 1);

    maglev_ring_get(&ring, 5, NULL, (const struct maglev_table *[]) {
        two, none }, 2);
    CU_ASSERT_EQUAL(ring.n_others, 0);
    CU_ASSERT_EQUAL(ring.changed, -1);

    maglev_table_destroy(one);
    maglev_table_destroy(none);
    maglev_table_destroy(two);
}

/* Two muxes that are one step apart name each other's owner. */
static void
test_maglev_ring_bridges_muxes(void)
{
    struct maglev_table *before = make_even_table(10, 12, 0);
    struct maglev_table *after = make_even_table(10, 12, 4);

    for (size_t i = 0; i < n_slots(before); i++) {
        struct maglev_ring prepared, switched;
        uint16_t old = maglev_table_owner(before, i);
        uint16_t new = maglev_table_owner(after, i);

        maglev_ring_get(&prepared, i, after,
                        (const struct maglev_table *[]) { before }, 1);
        maglev_ring_get(&switched, i, NULL,
                        (const struct maglev_table *[]) { after, before }, 2);
        CU_ASSERT_EQUAL(prepared.n_others, old != new);
        CU_ASSERT_EQUAL(switched.n_others, old != new);
        if (old != new) {
            CU_ASSERT_EQUAL(prepared.others[0], new);
            CU_ASSERT_EQUAL(switched.others[0], old);
        }
    }
    maglev_table_destroy(before);
    maglev_table_destroy(after);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_maglev_balance),
    UNIT_TEST(test_maglev_weights),
    UNIT_TEST(test_maglev_order_does_not_matter),
    UNIT_TEST(test_maglev_movement),
    UNIT_TEST(test_maglev_weight_change),
    UNIT_TEST(test_maglev_vectors),
    UNIT_TEST(test_maglev_empty),
    UNIT_TEST(test_maglev_more_members_than_slots),
    UNIT_TEST(test_maglev_ring),
    UNIT_TEST(test_maglev_ring_empty_generations),
    UNIT_TEST(test_maglev_ring_bridges_muxes),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    slb_hash_key_from_string(&key, "000102030405060708090a0b0c0d0e0f");
    return unit_main("maglev", tests, argc, argv);
}

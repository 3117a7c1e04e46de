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

#include "ovs-ext/mux-fair.h"

#include <math.h>
#include <string.h>

#include "lib/slb-hash.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "ovs-ext/mux-fair-judge.h"
#include "ovs-ext/mux-fair-meter.h"
#include "ovs-ext/mux-fair-report.h"
#include "ovs-ext/mux-flight.h"
#include "ovs-ext/mux-fragment.h"
#include "ovs-ext/mux-store.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "ovs-rcu.h"
#include "packets.h"
#include "random.h"
#include "tests/unit/mux-unit.h"
#include "tests/unit/unit.h"
#include "util.h"

static void
assert_near(double value, double wanted, double tolerance)
{
    CU_ASSERT(fabs(value - wanted) <= tolerance);
    if (!(fabs(value - wanted) <= tolerance)) {
        printf("# %g instead of %g\n", value, wanted);
    }
}

static void
test_window(void)
{
    struct mux_fair_window w = { .then = { 0 } };
    uint64_t count = 0;

    /* It grows by its tick's number in each. */
    for (uint64_t tick = 1; tick <= 100; tick++) {
        count += tick;
        CU_ASSERT_EQUAL(mux_fair_window_growth(&w, count, tick, 1), tick);
        if (tick >= MUX_FAIR_TICKS) {
            uint64_t sum = 0;

            for (uint64_t i = tick - MUX_FAIR_TICKS + 1; i <= tick; i++) {
                sum += i;
            }
            CU_ASSERT_EQUAL(mux_fair_window_growth(&w, count, tick,
                                                   MUX_FAIR_TICKS), sum);
        }
        mux_fair_window_end(&w, count, tick);
    }

    /* What happened once is forgotten after exactly as many ticks. */
    for (uint64_t tick = 101; tick <= 120; tick++) {
        count += tick == 105 ? 7000 : 0;
        if (tick >= 110) {
            CU_ASSERT_EQUAL(mux_fair_window_growth(&w, count, tick,
                                                   MUX_FAIR_TICKS),
                            tick < 115 ? 7000 : 0);
        }
        mux_fair_window_end(&w, count, tick);
    }
}

static double
share_of(const struct mux_fair_claim *claims, size_t n, size_t who)
{
    for (size_t i = 0; i < n; i++) {
        if (claims[i].who == who) {
            return claims[i].share;
        }
    }
    CU_FAIL_FATAL("a claim is gone");
    return 0;
}

static void
check_divide(double capacity, size_t n, const double demands[],
             const double weights[], const double wanted[])
{
    struct mux_fair_claim claims[8];

    for (size_t i = 0; i < n; i++) {
        claims[i] = (struct mux_fair_claim) {
            .demand = demands[i], .weight = weights[i], .who = i
        };
    }
    mux_fair_divide(claims, n, capacity);
    for (size_t i = 0; i < n; i++) {
        assert_near(share_of(claims, n, i), wanted[i], 1e-6);
    }
}

#define D(...) ((const double[]) { __VA_ARGS__ })

static void
test_divide(void)
{
    mux_fair_divide(NULL, 0, 100);
    check_divide(100, 1, D(50), D(3), D(50));
    check_divide(100, 1, D(500), D(3), D(100));
    check_divide(0, 2, D(5, 6), D(1, 1), D(0, 0));
    check_divide(90, 3, D(40, 40, 40), D(1, 1, 1), D(30, 30, 30));
    check_divide(90, 3, D(30, 30, 30), D(1, 1, 1), D(30, 30, 30));
    check_divide(90, 3, D(100, 10, 50), D(1, 1, 1), D(40, 10, 40));
    check_divide(90, 3, D(0, 1000, 0), D(1, 1, 1), D(0, 90, 0));

    /* By weight. */
    check_divide(120, 3, D(100, 100, 100), D(1, 2, 3), D(20, 40, 60));
    check_divide(120, 3, D(100, 100, 10), D(1, 2, 3),
                 D(110. / 3, 220. / 3, 10));
    check_divide(1000, 2, D(100, 5000), D(1, 1e9), D(1e-6, 1000 - 1e-6));

    /* Who has no weight gets what others leave. */
    check_divide(100, 3, D(60, 50, 30), D(1, 0, 0), D(60, 20, 20));
    check_divide(100, 3, D(60, 50, 10), D(1, 0, 0), D(60, 30, 10));
    check_divide(100, 2, D(200, 50), D(1, 0), D(100, 0));
    check_divide(100, 2, D(200, 50), D(0, 0), D(50, 50));
}

static void
test_divide_random(void)
{
    enum { N = 200 };
    struct mux_fair_claim claims[N];

    random_set_seed(1);
    for (int round = 0; round < 200; round++) {
        double sum = 0, shares = 0, level = 0;
        double capacity = random_range(20000);

        for (size_t i = 0; i < N; i++) {
            claims[i] = (struct mux_fair_claim) {
                .demand = random_range(200), .weight = 1 + random_range(9)
            };
            sum += claims[i].demand;
        }
        mux_fair_divide(claims, N, capacity);
        for (size_t i = 0; i < N; i++) {
            const struct mux_fair_claim *c = &claims[i];

            CU_ASSERT(c->share >= 0 && c->share <= c->demand);
            shares += c->share;
            level = MAX(level, c->share / c->weight);
        }
        assert_near(shares, MIN(sum, capacity), 1e-3);
        for (size_t i = 0; i < N; i++) {
            /* Nobody who does not get all has less than anybody, for the
             * weight. */
            if (claims[i].share < claims[i].demand - 1e-6) {
                assert_near(claims[i].share / claims[i].weight, level, 1e-6);
            }
        }
    }
}

static void
test_bucket(void)
{
    unsigned int last = 0;

    CU_ASSERT_EQUAL(mux_fair_bucket(0), 0);
    CU_ASSERT_EQUAL(mux_fair_bucket(.99), 0);
    CU_ASSERT_EQUAL(mux_fair_bucket(1), 0);
    CU_ASSERT_EQUAL(mux_fair_bucket(2), 8);
    CU_ASSERT_EQUAL(mux_fair_bucket(1e30), MUX_FAIR_BUCKETS - 1);
    CU_ASSERT_EQUAL(mux_fair_bucket(INFINITY), MUX_FAIR_BUCKETS - 1);
    for (float rate = 1; rate < 1e7; rate *= 1.01) {
        unsigned int bucket = mux_fair_bucket(rate);

        CU_ASSERT(bucket == last || bucket == last + 1);
        last = bucket;
    }
}

/* Adds 'n' flows with 'rate' each to 'counts'.  Returns their packets. */
static double
add_flows(double counts[MUX_FAIR_BUCKETS], double n, double rate)
{
    counts[mux_fair_bucket(rate)] += n * rate;
    return n * rate;
}

static void
test_level(void)
{
    double counts[MUX_FAIR_BUCKETS];
    double total, pass;

    memset(counts, 0, sizeof counts);
    CU_ASSERT_EQUAL(mux_fair_level(counts, 0, &pass), INFINITY);

    /* One flow that sends ten times what is left by a thousand others. */
    total = add_flows(counts, 1000, 20) + add_flows(counts, 1, 200000);
    assert_near(mux_fair_level(counts, 40000, &pass), 20000, 1300);
    CU_ASSERT_EQUAL(pass, 1);
    CU_ASSERT_EQUAL(mux_fair_level(counts, total, &pass), INFINITY);
    CU_ASSERT_EQUAL(pass, 1);

    /* All are equal. */
    memset(counts, 0, sizeof counts);
    add_flows(counts, 100, 1000);
    assert_near(mux_fair_level(counts, 25000, &pass), 250, 16);
    CU_ASSERT_EQUAL(pass, 1);

    /* Two kinds, both above. */
    memset(counts, 0, sizeof counts);
    add_flows(counts, 10, 1000);
    add_flows(counts, 10, 3000);
    assert_near(mux_fair_level(counts, 10000, &pass), 500, 32);

    /* A flood of flows with one packet each: the level cannot be as low, all
     * lose the same. */
    memset(counts, 0, sizeof counts);
    add_flows(counts, 100000, 1);
    CU_ASSERT_EQUAL(mux_fair_level(counts, 30000, &pass),
                    (float) MUX_FAIR_MIN_LEVEL);
    assert_near(pass, .3, 1e-9);
    add_flows(counts, 1, 100000);
    CU_ASSERT_EQUAL(mux_fair_level(counts, 30000, &pass),
                    (float) MUX_FAIR_MIN_LEVEL);
    assert_near(pass, .3, .001);
    CU_ASSERT_EQUAL(mux_fair_level(counts, 0, &pass),
                    (float) MUX_FAIR_MIN_LEVEL);
    CU_ASSERT_EQUAL(pass, 0);
}

static void
test_level_random(void)
{
    random_set_seed(2);
    for (int round = 0; round < 500; round++) {
        double counts[MUX_FAIR_BUCKETS], pass, passing = 0;
        double total = 0;
        float rates[50];

        memset(counts, 0, sizeof counts);
        for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
            rates[i] = exp(random_range(1400) / 100.);
            total += add_flows(counts, 1, rates[i]);
        }

        double allowed = total * (1 + random_range(98)) / 100;
        float level = mux_fair_level(counts, allowed, &pass);
        for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
            passing += MIN(rates[i], level);
        }
        /* A bucket is an eighth of an octave wide. */
        assert_near(passing * pass, allowed, allowed * .065 + 1);
    }
}

/* The hash of the flow with number 'i'. */
static uint64_t
number_hash(uint64_t i)
{
    return slb_hash_fold(i ^ UINT64_C(0xa0761d6478bd642f),
                         UINT64_C(0xe7037ed1a0b428db) + i);
}

static void
test_sketch(void)
{
    enum { N = 20000 };
    struct mux_fair_sketch *sketch = xzalloc(sizeof *sketch);
    uint32_t *last = xcalloc(N, sizeof *last);
    uint64_t total = 0;
    size_t n_wrong = 0;

    /* Some flows send much more than others. */
    for (size_t i = 0; i < N; i++) {
        uint32_t n = i % 1000 ? 5 : 2000;

        for (uint32_t j = 0; j < n; j++) {
            last[i] = mux_fair_sketch_add(sketch, number_hash(i));
        }
        CU_ASSERT(last[i] >= n);
        total += n;
    }
    for (size_t i = 0; i < N; i++) {
        uint32_t n = (i % 1000 ? 5 : 2000) + 1;

        last[i] = mux_fair_sketch_add(sketch, number_hash(i));
        CU_ASSERT(last[i] >= n);
        n_wrong += last[i] > n + M_E / MUX_FAIR_COLUMNS * (total + N);
    }
    CU_ASSERT(n_wrong <= N * exp(-MUX_FAIR_ROWS));
    free(last);
    free(sketch);
}

static void
test_sketch_window(void)
{
    struct mux_fair_sketch *sketch = xzalloc(sizeof *sketch);
    uint32_t n = 0;

    /* 10 packets a tick: 100 in the window. */
    for (int tick = 0; tick < 35; tick++) {
        for (int i = 0; i < 10; i++) {
            n = mux_fair_sketch_add(sketch, number_hash(1));
        }
        CU_ASSERT_EQUAL(n, MIN(10 * (tick + 1), 10 * MUX_FAIR_TICKS));
        mux_fair_sketch_advance(sketch, 1);
    }
    mux_fair_sketch_advance(sketch, 3);
    CU_ASSERT_EQUAL(mux_fair_sketch_add(sketch, number_hash(1)), 61);
    CU_ASSERT_EQUAL(mux_fair_sketch_count(sketch, number_hash(1), 1), 1);
    CU_ASSERT_EQUAL(mux_fair_sketch_count(sketch, number_hash(1), 5), 11);
    CU_ASSERT_EQUAL(mux_fair_sketch_count(sketch, number_hash(1),
                                          MUX_FAIR_TICKS), 61);
    CU_ASSERT_EQUAL(mux_fair_sketch_count(sketch, number_hash(2), 5), 0);
    assert_near(mux_fair_sketch_noise(sketch, 5), 11. / MUX_FAIR_COLUMNS,
                1e-6);
    mux_fair_sketch_advance(sketch, MUX_FAIR_TICKS - 1);
    CU_ASSERT_EQUAL(mux_fair_sketch_add(sketch, number_hash(1)), 2);
    mux_fair_sketch_advance(sketch, MUX_FAIR_TICKS);
    CU_ASSERT_EQUAL(mux_fair_sketch_add(sketch, number_hash(1)), 1);
    mux_fair_sketch_advance(sketch, UINT64_MAX);
    CU_ASSERT_EQUAL(mux_fair_sketch_add(sketch, number_hash(1)), 1);
    free(sketch);
}

static void
test_capacity(void)
{
    struct mux_fair_work work = {
        .ns = 10000000, .arrived = 10000, .forwarded = 5000, .full = 10000,
        .judge_ns = 1000000, .forward_ns = 4000000,
        .gap_packets = 10000, .gap_ns = 2000000,
    };
    struct mux_fair_capacity c;

    mux_fair_capacity_init(&c);
    CU_ASSERT_EQUAL(mux_fair_capacity_rate(&c, 1000), INFINITY);

    /* 200 ns to receive, 100 ns to judge, 800 ns to forward. */
    mux_fair_capacity_learn(&c, &work, false);
    assert_near(mux_fair_capacity_cost(&c), 300, 1e-6);
    assert_near(mux_fair_capacity_busy(&c, &work), .7, 1e-6);
    assert_near(mux_fair_capacity_rate(&c, 1e6),
                (MUX_FAIR_BUSY - .3) / 800e-9, 1);
    assert_near(mux_fair_capacity_rate(&c, 0), MUX_FAIR_BUSY / 800e-9, 1);

    /* Even with more packets than can be dropped something is forwarded. */
    assert_near(mux_fair_capacity_rate(&c, 1e9), .25 / 800e-9, 1);

    /* Nothing can be learnt from few packets, much from many. */
    work.arrived = work.forwarded = work.gap_packets = 3;
    mux_fair_capacity_learn(&c, &work, false);
    assert_near(mux_fair_capacity_cost(&c), 300, 1e-6);
    work = (struct mux_fair_work) {
        .ns = 10000000, .arrived = 1000, .forwarded = 1000,
        .judge_ns = 1000000, .forward_ns = 2000000,
    };
    for (int i = 0; i < 100; i++) {
        mux_fair_capacity_learn(&c, &work, false);
    }
    assert_near(mux_fair_capacity_cost(&c), 1200, .1);
    assert_near(c.forward, 2000, .1);

    /* A pause is no cost. */
    work.forward_ns *= 1000;
    mux_fair_capacity_learn(&c, &work, false);
    assert_near(c.forward, 2100, .1);

    /* While queues overflow it squeezes, up to a point, then lets go
     * again. */
    CU_ASSERT_EQUAL(c.squeeze, 1);
    CU_ASSERT_EQUAL(c.available, 1);
    work = (struct mux_fair_work) {
        .ns = 10000000, .arrived = 1000, .forwarded = 1000,
        .judge_ns = 1000000, .forward_ns = c.forward * 1000,
    };
    mux_fair_capacity_learn(&c, &work, true);
    assert_near(c.squeeze, .7, 1e-6);
    /* It was behind although it needed only a third of the time. */
    assert_near(c.available, .7 + .3 * .33, 1e-3);
    assert_near(mux_fair_capacity_rate(&c, 0),
                MUX_FAIR_BUSY * c.available * 1e9 / c.forward, 1);
    for (int i = 0; i < 100; i++) {
        mux_fair_capacity_learn(&c, &work, true);
    }
    CU_ASSERT_EQUAL(c.squeeze, MUX_FAIR_MIN_SQUEEZE);
    assert_near(c.available, .33, 1e-3);
    for (int i = 0; i < 100; i++) {
        mux_fair_capacity_learn(&c, &work, false);
    }
    CU_ASSERT_EQUAL(c.squeeze, 1);
    assert_near(c.available, .33 * pow(1.01, 100), 1e-2);
    work = (struct mux_fair_work) { .ns = 0 };
    CU_ASSERT_EQUAL(mux_fair_capacity_busy(&c, &work), 0);

    /* Nor is one that there was in the beginning. */
    mux_fair_capacity_init(&c);
    work = (struct mux_fair_work) {
        .ns = 2000000, .arrived = 100, .forwarded = 100,
        .judge_ns = 10000, .forward_ns = 1000000,
    };
    mux_fair_capacity_learn(&c, &work, true);
    work.forward_ns = 100000;
    mux_fair_capacity_learn(&c, &work, true);
    assert_near(c.forward, 1000, 1e-3);
}

static void
test_follow(void)
{
    struct mux_fair_work work = {
        .ns = 10000000, .arrived = 10000, .forwarded = 5000, .full = 10000,
        .judge_ns = 1000000, .forward_ns = 5000000,
        .gap_packets = 10000, .gap_ns = 1000000,
    };
    struct mux_fair_capacity c;
    double rate;

    /* 200 ns to receive and judge, 1000 ns to forward.  At first the most that
     * was seen counts... */
    mux_fair_capacity_init(&c);
    CU_ASSERT_EQUAL(mux_fair_capacity_follow(&c, 1e6), INFINITY);
    mux_fair_capacity_learn(&c, &work, false);
    rate = mux_fair_capacity_follow(&c, 1e6);
    assert_near(rate, (MUX_FAIR_BUSY - .2) / 1000e-9, 1);
    CU_ASSERT_EQUAL(mux_fair_capacity_follow(&c, 2e6), rate);
    rate = mux_fair_capacity_follow(&c, .5e6);
    assert_near(rate, (MUX_FAIR_BUSY - .1) / 1000e-9, 1);

    /* ...later it changes by 2 % a tick at most. */
    for (int i = 0; i < MUX_FAIR_FIRST_TICKS; i++) {
        mux_fair_capacity_learn(&c, &work, false);
    }
    assert_near(mux_fair_capacity_follow(&c, 2e6), rate / 1.02, 1);
    assert_near(mux_fair_capacity_follow(&c, .5e6), rate, 1);
    for (int i = 0; i < 100; i++) {
        rate = mux_fair_capacity_follow(&c, 2e6);
    }
    assert_near(rate, (MUX_FAIR_BUSY - .4) / 1000e-9, 1);
}

static void
test_backlog(void)
{
    struct mux_fair_thread t = { .backlog = 0 };
    int n_begins = 0;

    /* It begins once... */
    for (int i = 0; i < 1000; i++) {
        n_begins += mux_fair_enter(&t, NETDEV_MAX_BURST);
    }
    CU_ASSERT_EQUAL(n_begins, 1);

    /* ...ends when there is time to spare... */
    for (int i = 0; i < 200; i++) {
        n_begins += mux_fair_enter(&t, 20);
    }
    CU_ASSERT_EQUAL(n_begins, 1);

    /* ...and begins again, also if every other batch is of another queue that
     * is not full. */
    for (int i = 0; i < 200; i++) {
        n_begins += mux_fair_enter(&t, i % 2 ? NETDEV_MAX_BURST : 10);
    }
    CU_ASSERT(n_begins > 1);

    /* A burst now and then is no backlog. */
    for (int i = 0; i < MUX_FAIR_MAX_BACKLOG; i++) {
        mux_fair_enter(&t, 1);
    }
    n_begins = 0;
    for (int i = 0; i < 1000; i++) {
        n_begins += mux_fair_enter(&t, i % 5 ? 20 : NETDEV_MAX_BURST);
    }
    CU_ASSERT_EQUAL(n_begins, 0);

    /* Nobody counts what nobody wants. */
    atomic_store_relaxed(&t.off, true);
    atomic_store_relaxed(&t.backlog, 0);
    for (int i = 0; i < 1000; i++) {
        CU_ASSERT(!mux_fair_enter(&t, NETDEV_MAX_BURST));
    }
    CU_ASSERT_EQUAL(t.backlog, 0);
}

/* A port with threads, driven by a clock of the test's own. */
struct port {
    struct mux_store *store;
    struct mux_fragments *fragments;
    struct mux_thread *threads[2];
    struct mux_fair_judge *judge;
    long long int now;
    uint64_t lost;
    uint64_t sent[100], passed[100];
};

#define N_PORT_VIPS 100

/* Creates a port with 100 VIPs with a member each, but for the last one, which
 * has 10: in a pool that two endpoints have. */
static void
port_init(struct port *port, enum mux_fair_overload overload,
          uint64_t max_pps)
{
    struct mux_fair_options options = { overload, max_pps };
    struct ds ds = DS_EMPTY_INITIALIZER;

    memset(port, 0, sizeof *port);
    port->store = mux_store_create();
    port->fragments = mux_fragments_create();
    for (size_t i = 0; i < ARRAY_SIZE(port->threads); i++) {
        port->threads[i] = mux_thread_create(port->fragments);
    }
    port->judge = mux_fair_judge_create();
    mux_fair_judge_set_options(port->judge, &options);
    port->now = 1000000;

    ds_put_cstr(&ds, "[{'op': 'global', 'vtep': '172.16.0.11',"
                "'key': '000102030405060708090a0b0c0d0e0f',"
                "'anycast': null}");
    for (int key = 1; key <= 2; key++) {
        ds_put_format(&ds, ", {'op': 'pool', 'tunnel_key': %d, 'network': 1,"
                      "'slots': 8, 'members': [], 'generations': [{"
                      "'number': 1, 'state': 'current', 'age': 0, "
                      "'weights': [", key);
        for (int i = 1; i <= (key == 1 ? 1 : 10); i++) {
            ds_put_format(&ds, "%s[%d, 1]", i > 1 ? ", " : "", i);
        }
        ds_put_cstr(&ds, "]}]}");
    }
    for (int i = 0; i < N_PORT_VIPS; i++) {
        ds_put_format(&ds, ", {'op': 'vip', 'network': 0, 'address':"
                      "'10.0.0.%d'}", i + 1);
        for (int j = 0; j < (i == N_PORT_VIPS - 1 ? 2 : 1); j++) {
            ds_put_format(&ds, ", {'op': 'endpoint', 'network': 0, 'address':"
                          "'10.0.0.%d', 'protocol': 6, 'port': %d, 'pool': %d,"
                          "'distribution': 'Default', 'idle': 240,"
                          "'name': 'x'}", i + 1, 80 + j,
                          i == N_PORT_VIPS - 1 ? 2 : 1);
        }
    }
    ds_put_cstr(&ds, "]");
    mux_unit_load(port->store, true, 1, "%s", ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
port_destroy(struct port *port)
{
    mux_fair_judge_destroy(port->judge);
    for (size_t i = 0; i < ARRAY_SIZE(port->threads); i++) {
        mux_thread_destroy(port->threads[i]);
    }
    mux_fragments_destroy(port->fragments);
    mux_store_destroy(port->store);
}

/* Has a thread get a packet of 'flow' for the VIP with number 'i'. */
static bool
port_send(struct port *port, size_t thread, int i, uint32_t flow)
{
    struct mux_fair_meter *meter
        = mux_fair_thread_meter(&port->threads[thread]->fair);
    uint64_t words[2] = { 0, UINT64_C(0xffff0a000000) + i + 1 };
    const struct mux_vip_entry *vip = mux_table_find_vip(
        mux_store_get_table(port->store), 0, words);
    struct mux_flight f = {
        .eth_type = htons(ETH_TYPE_IP),
        .src = { 0xc6336400 + (flow >> 16) },
        .sport = flow,
        .dport = 80,
        .protocol = IPPROTO_TCP,
        .hash = number_hash((uint64_t) i << 32 | flow),
    };
    bool passes = (!meter
                   || mux_fair_admit(meter, &f, vip->counter, port->now));

    port->sent[i]++;
    port->passed[i] += passes;
    return passes;
}

static bool
port_run(struct port *port)
{
    return mux_fair_judge_run(port->judge, "slb0", port->threads,
                              ARRAY_SIZE(port->threads),
                              mux_store_get_table(port->store), port->now,
                              port->now * 1000000, port->lost);
}

/* Lets 'ticks' of 10 ms pass: in each of them each VIP gets 'small' packets
 * of different flows, number 'heavy' instead 'n' of a few, which both threads
 * get. */
static void
port_ticks(struct port *port, int ticks, int small, int heavy, int n)
{
    memset(port->sent, 0, sizeof port->sent);
    memset(port->passed, 0, sizeof port->passed);
    for (int t = 0; t < ticks; t++) {
        for (int ms = 0; ms < MUX_FAIR_TICK; ms++) {
            for (int i = 0; i < N_PORT_VIPS; i++) {
                int k = i == heavy ? n : small;

                for (int j = k * ms / 10; j < k * (ms + 1) / 10; j++) {
                    port_send(port, j % 2, i, j % 50);
                }
            }
            port->now++;
        }
        CU_ASSERT(port_run(port));
    }
}

static double
lost_part(const struct port *port, int i)
{
    return 1 - (double) port->passed[i] / port->sent[i];
}

static void
test_judge_vips(void)
{
    struct port port;

    /* 100,000 packets/s, of which 99 VIPs want 50,000 and one of them 10 times
     * as much as is left. */
    port_init(&port, MUX_FAIR_LOSS, 100000);
    CU_ASSERT(port_run(&port));
    port_ticks(&port, 20, 5, 0, 5050);
    port_ticks(&port, 100, 5, 0, 5050);
    for (int i = 1; i < N_PORT_VIPS; i++) {
        CU_ASSERT_EQUAL(port.passed[i], port.sent[i]);
    }
    assert_near(lost_part(&port, 0), .9, .01);

    struct ds ds = DS_EMPTY_INITIALIZER;
    mux_fair_report_format(port.judge, "slb0", &ds);
    CU_ASSERT_PTR_NOT_NULL(strstr(ds_cstr(&ds), "slb0: short, 1 shortages "
                                  "so far; overload=loss, max-pps=100000\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(ds_cstr(&ds), "  10.0.0.1, weight 1: 50"));
    ds_destroy(&ds);

    /* What is said about a packet of theirs. */
    for (int i = 0; i < 2; i++) {
        uint64_t words[2] = { 0, UINT64_C(0xffff0a000001) + i };

        ds_init(&ds);
        mux_fair_report_format_vip(
            port.judge, "slb0", mux_table_find_vip(
                mux_store_get_table(port.store), 0, words)->counter, &ds);
        CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), i ? "" : "slb0 is short: the VIP "
                               "loses 90.0 % of 505000 packets/s, of its "
                               "flows those that send most\n");
        ds_destroy(&ds);
    }

    struct json *json = mux_fair_report_to_json(port.judge, "slb0");
    const struct json *vips = shash_find_data(json_object(json), "vips");
    const struct json *first = json_array(vips)->elems[0];
    const struct shash *o = json_object(first);
    CU_ASSERT_EQUAL(json_array(vips)->n, 16);
    CU_ASSERT_STRING_EQUAL(json_string(shash_find_data(o, "address")),
                           "10.0.0.1");
    assert_near(json_integer(shash_find_data(o, "arriving")), 505000, 6000);
    assert_near(json_integer(shash_find_data(o, "share")), 50500, 600);
    json_destroy(json);

    /* It is over when there is enough for all. */
    port_ticks(&port, 15, 5, 0, 5);
    port_ticks(&port, 30, 5, 0, 5);
    for (int i = 0; i < N_PORT_VIPS; i++) {
        CU_ASSERT_EQUAL(port.passed[i], port.sent[i]);
    }
    port_destroy(&port);
}

static void
test_judge_weights(void)
{
    struct port port;

    /* All ask for as much; one has ten times the members. */
    port_init(&port, MUX_FAIR_NEVER, 109000);
    port_run(&port);
    port_ticks(&port, 20, 200, 0, 200);
    port_ticks(&port, 100, 200, 0, 200);
    for (int i = 0; i < N_PORT_VIPS; i++) {
        assert_near(lost_part(&port, i),
                    i == N_PORT_VIPS - 1 ? .5 : .95, .04);
    }
    port_destroy(&port);
}

/* Who has sent too much until lately, and hardly anything since, may send a
 * little more at once. */
static void
test_judge_burst(void)
{
    struct port port;

    port_init(&port, MUX_FAIR_LOSS, 100000);
    port_run(&port);
    port_ticks(&port, 20, 5, 0, 5050);
    CU_ASSERT(lost_part(&port, 0) > .5);
    port_ticks(&port, 15, 0, 0, 1);
    for (int i = 0; i < 50; i++) {
        CU_ASSERT(port_send(&port, 0, 0, 0));
    }
    port_destroy(&port);
}

/* Lets 'ticks' pass in which one VIP gets 10 packets of each of 1,000 flows a
 * window, 'heavy' packets a tick of another one, by the thread that the flow
 * belongs to.  Stores what part of each is lost. */
static void
flow_ticks(struct port *port, int ticks, int heavy,
           double *small_lost, double *heavy_lost)
{
    uint64_t sent[2] = { 0, 0 }, passed[2] = { 0, 0 };

    for (int t = 0; t < ticks; t++) {
        for (int ms = 0; ms < MUX_FAIR_TICK; ms++) {
            for (int j = 0; j < 100; j++) {
                uint32_t flow = ms * 100 + j;

                sent[0]++;
                passed[0] += port_send(port, flow % 2, 7, flow);
            }
            for (int j = 0; j < heavy / MUX_FAIR_TICK; j++) {
                sent[1]++;
                passed[1] += port_send(port, 1, 7, 5001);
            }
            port->now++;
        }
        CU_ASSERT(port_run(port));
    }
    *small_lost = 1 - (double) passed[0] / sent[0];
    *heavy_lost = 1 - (double) passed[1] / MAX(sent[1], 1);
}

static void
test_judge_flows(void)
{
    double small, heavy;
    struct port port;

    /* 200,000 packets/s, of which 1,000 flows want half, one of them 10 times
     * the rest. */
    port_init(&port, MUX_FAIR_LOSS, 200000);
    port_run(&port);
    flow_ticks(&port, 30, 10000, &small, &heavy);
    flow_ticks(&port, 50, 10000, &small, &heavy);
    CU_ASSERT_EQUAL(small, 0);
    assert_near(heavy, .9, .01);

    struct ds ds = DS_EMPTY_INITIALIZER;
    mux_fair_report_format(port.judge, "slb0", &ds);
    CU_ASSERT_PTR_NOT_NULL(strstr(ds_cstr(&ds),
                                  "    from 198.51.100.0 protocol 6 ports "
                                  "5001 -> 80: "));
    ds_destroy(&ds);

    struct json *json = mux_fair_report_to_json(port.judge, "slb0");
    const struct json *vips = shash_find_data(json_object(json), "vips");
    const struct json *flows = shash_find_data(
        json_object(json_array(vips)->elems[0]), "flows");
    CU_ASSERT_EQUAL_FATAL(json_array(flows)->n, 1);
    const struct shash *o = json_object(json_array(flows)->elems[0]);
    CU_ASSERT_EQUAL(json_integer(shash_find_data(o, "source_port")), 5001);
    assert_near(json_integer(shash_find_data(o, "arriving")), 1000000, 20000);
    assert_near(json_integer(shash_find_data(o, "share")), 100000, 10000);
    json_destroy(json);

    /* Then it stops. */
    flow_ticks(&port, 15, 0, &small, &heavy);
    flow_ticks(&port, 50, 0, &small, &heavy);
    CU_ASSERT_EQUAL(small, 0);
    port_destroy(&port);

    /* A flood of flows that send little each: all lose the same. */
    port_init(&port, MUX_FAIR_LOSS, 20000);
    port_run(&port);
    flow_ticks(&port, 30, 0, &small, &heavy);
    flow_ticks(&port, 50, 0, &small, &heavy);
    assert_near(small, .8, .02);
    port_destroy(&port);
}

/* Lets 'ticks' pass in which VIP number 'i' gets 'n' packets each, of flows of
 * which none sends two, and another one, number 'other', 'n_other' of a few
 * flows. */
static void
flood_ticks(struct port *port, int ticks, int i, int n, int other,
            int n_other)
{
    static uint32_t flow;

    for (int t = 0; t < ticks; t++) {
        for (int ms = 0; ms < MUX_FAIR_TICK; ms++) {
            for (int j = 0; j < n / MUX_FAIR_TICK; j++) {
                port_send(port, 0, i, flow++);
            }
            for (int j = 0; j < n_other / MUX_FAIR_TICK; j++) {
                port_send(port, 0, other, j % 4);
            }
            port->now++;
        }
        CU_ASSERT(port_run(port));
    }
}

/* VIPs that get too much and then nothing at all, or are withdrawn, do not
 * keep others from having their flows told from each other. */
static void
test_judge_silence(void)
{
    struct mux_fair_options limit = { MUX_FAIR_NEVER, 200000 };
    double small, heavy;
    struct port port;

    port_init(&port, MUX_FAIR_NEVER, 1000);
    port_run(&port);
    for (int i = 0; i < MUX_FAIR_HEAVIES + 6; i++) {
        port_ticks(&port, 30, 0, 20 + i, 200);
        CU_ASSERT(lost_part(&port, 20 + i) > .5);
        if (i % 2) {
            mux_unit_load(port.store, false, 2 + i, "[{'op': 'endpoint-del',"
                          "'network': 0, 'address': '10.0.0.%d',"
                          "'protocol': 6, 'port': 80},"
                          "{'op': 'vip-del', 'network': 0,"
                          "'address': '10.0.0.%d'}]", 21 + i, 21 + i);
        }
    }
    port_ticks(&port, 150, 0, 0, 0);
    mux_fair_judge_set_options(port.judge, &limit);
    flow_ticks(&port, 30, 10000, &small, &heavy);
    flow_ticks(&port, 50, 10000, &small, &heavy);
    CU_ASSERT_EQUAL(small, 0);
    assert_near(heavy, .9, .01);
    port_destroy(&port);
}

/* Nor do they lose anything when they begin anew, though others still send too
 * much. */
static void
test_judge_stale(void)
{
    struct port port;

    port_init(&port, MUX_FAIR_NEVER, 10000);
    port_run(&port);
    flood_ticks(&port, 30, 1, 4000, 0, 1000);
    flood_ticks(&port, 15, 1, 0, 0, 1000);
    for (int i = 0; i < 50; i++) {
        CU_ASSERT(port_send(&port, 0, 1, i));
    }
    port_destroy(&port);
}

/* What the flows of one VIP send is not taken for what those of another one do
 * that has just begun to send too much, though one sketch counts all. */
static void
test_judge_noise(void)
{
    for (int n_flows = 2000; n_flows <= 200000; n_flows *= 10) {
        uint32_t flow = 0, small = 0, n_lost = 0, n_passed = 0;
        struct port port;

        port_init(&port, MUX_FAIR_NEVER, 20000);
        port_run(&port);
        for (int ms = 0; ms < 500; ms++) {
            /* 5,000,000 packets/s. */
            for (int j = 0; j < 5000; j++) {
                port_send(&port, 0, 0, flow++ % n_flows);
            }

            /* Later a flow with 20,000 packets/s and 500 with 10 each. */
            for (int j = 0; ms >= 200 && j < 20; j++) {
                n_passed += port_send(&port, 0, 1, 1000) && ms >= 400;
            }
            for (int j = 0; ms >= 200 && j < 5; j++) {
                n_lost += !port_send(&port, 0, 1, small++ % 500);
            }
            port.now++;
            if (ms % MUX_FAIR_TICK == MUX_FAIR_TICK - 1) {
                CU_ASSERT(port_run(&port));
            }
        }
        CU_ASSERT_EQUAL(n_lost, 0);
        assert_near(n_passed, 500, 75);
        if (n_lost) {
            printf("# %"PRIu32" lost beside %d flows\n", n_lost, n_flows);
        }
        port_destroy(&port);
    }
}

/* Has the first thread get 'n' batches of 'size' packets in a tick.  Returns
 * what the judge says. */
static bool
batches(struct port *port, int n, size_t size)
{
    struct mux_thread *thread = port->threads[0];

    for (int i = 0; i < n; i++) {
        struct mux_fair_meter *meter = mux_fair_thread_meter(&thread->fair);
        size_t n_sent = 0;

        mux_fair_enter(&thread->fair, size);
        for (size_t j = 0; j < size; j++) {
            n_sent += port_send(port, 0, j % 10, j);
        }
        if (meter) {
            mux_fair_meter_judged(meter, mux_fair_nsec());
        }
        mux_fair_leave(&thread->fair, n_sent);
    }
    port->now += MUX_FAIR_TICK;
    return port_run(port);
}

static bool
is_metered(const struct port *port)
{
    return mux_fair_thread_meter(&port->threads[0]->fair) != NULL;
}

static void
test_judge_overload(void)
{
    struct port port;

    /* Without a backlog nobody looks, also if packets are lost: somebody else
     * must be to blame. */
    port_init(&port, MUX_FAIR_LOSS, 0);
    CU_ASSERT(!batches(&port, 10, 5));
    port.lost = 1000;
    CU_ASSERT(!batches(&port, 10, 5));
    CU_ASSERT(!is_metered(&port));

    /* With a backlog that loses nothing one keeps looking. */
    for (int i = 0; i < 200; i++) {
        CU_ASSERT(batches(&port, 50, NETDEV_MAX_BURST));
        CU_ASSERT(!is_metered(&port));
    }

    /* When packets are lost, the thread with the backlog is watched... */
    port.lost++;
    CU_ASSERT(batches(&port, 50, NETDEV_MAX_BURST));
    CU_ASSERT(is_metered(&port));
    CU_ASSERT_PTR_NULL(mux_fair_thread_meter(&port.threads[1]->fair));
    for (int i = 0; i < 5; i++) {
        port.lost++;
        CU_ASSERT(batches(&port, 50, NETDEV_MAX_BURST));
    }

    /* ...until there was enough for a second.  Here a batch a tick is less
     * than any machine can do. */
    bool again = true;
    int n_ticks = 0;
    while (again && n_ticks < 300) {
        again = batches(&port, 1, 8);
        n_ticks++;
    }
    CU_ASSERT(n_ticks > 100 && n_ticks < 250);
    CU_ASSERT(!is_metered(&port));
    port_destroy(&port);

    /* With an underlay that cannot tell nothing happens, unless the backlog
     * alone is to count. */
    port_init(&port, MUX_FAIR_LOSS, 0);
    port.lost = UINT64_MAX;
    for (int i = 0; i < 20; i++) {
        CU_ASSERT(batches(&port, 50, NETDEV_MAX_BURST));
        CU_ASSERT(!is_metered(&port));
    }

    /* Nor does anything when the underlay goes away or comes back. */
    port.lost = 1000;
    batches(&port, 50, NETDEV_MAX_BURST);
    CU_ASSERT(!is_metered(&port));
    port.lost = UINT64_MAX;
    batches(&port, 50, NETDEV_MAX_BURST);
    CU_ASSERT(!is_metered(&port));
    port.lost = 2000;
    batches(&port, 50, NETDEV_MAX_BURST);
    CU_ASSERT(!is_metered(&port));
    port.lost++;
    batches(&port, 50, NETDEV_MAX_BURST);
    CU_ASSERT(is_metered(&port));
    port_destroy(&port);
    port_init(&port, MUX_FAIR_QUEUE, 0);
    port.lost = UINT64_MAX;
    CU_ASSERT(batches(&port, 50, NETDEV_MAX_BURST));
    CU_ASSERT(is_metered(&port));

    struct mux_fair_options never = { MUX_FAIR_NEVER, 0 };
    mux_fair_judge_set_options(port.judge, &never);
    batches(&port, 50, NETDEV_MAX_BURST);
    CU_ASSERT(!is_metered(&port));
    port_destroy(&port);
    port_init(&port, MUX_FAIR_NEVER, 0);
    for (int i = 0; i < 20; i++) {
        port.lost++;
        CU_ASSERT(!batches(&port, 50, NETDEV_MAX_BURST));
    }
    CU_ASSERT(port.threads[0]->fair.off);

    /* With a limit threads are watched nevertheless. */
    never.max_pps = 1000;
    mux_fair_judge_set_options(port.judge, &never);
    CU_ASSERT(batches(&port, 50, NETDEV_MAX_BURST));
    CU_ASSERT(is_metered(&port));
    CU_ASSERT(!port.threads[0]->fair.off);
    port_destroy(&port);
}

/* Does the judge say that it is not told of lost packets, both ways? */
static bool
is_blind(const struct port *port)
{
    struct json *json = mux_fair_report_to_json(port->judge, "slb0");
    struct ds ds = DS_EMPTY_INITIALIZER;
    bool blind = json_boolean(shash_find_data(json_object(json), "blind"));

    mux_fair_report_format(port->judge, "slb0", &ds);
    CU_ASSERT_EQUAL(blind, strstr(ds_cstr(&ds), "overload=queue?") != NULL);
    ds_destroy(&ds);
    json_destroy(json);
    return blind;
}

static void
test_judge_blind(void)
{
    static const uint64_t counts[] = { 0, UINT64_MAX };
    struct port port;

    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        port_init(&port, MUX_FAIR_LOSS, i ? 1000000 : 0);
        port.lost = counts[i];
        for (int j = 0; j < 490; j++) {
            CU_ASSERT(batches(&port, 50, NETDEV_MAX_BURST));
            CU_ASSERT(!is_blind(&port));
        }
        for (int j = 0; j < 20; j++) {
            CU_ASSERT(batches(&port, 50, NETDEV_MAX_BURST));
        }
        CU_ASSERT(is_blind(&port));

        /* It has something to say also when the backlog is gone... */
        batches(&port, 500, 1);
        batches(&port, 500, 1);
        CU_ASSERT(is_blind(&port));

        /* ...but not when it is told after all. */
        port.lost = 1;
        batches(&port, 50, NETDEV_MAX_BURST);
        CU_ASSERT(!is_blind(&port));
        port_destroy(&port);
    }

    /* A device that has ever counted one is believed. */
    port_init(&port, MUX_FAIR_LOSS, 0);
    port.lost = 1;
    for (int i = 0; i < 600; i++) {
        batches(&port, 50, NETDEV_MAX_BURST);
    }
    CU_ASSERT(!is_blind(&port));
    port_destroy(&port);

    /* What was left behind long ago is no backlog. */
    port_init(&port, MUX_FAIR_LOSS, 0);
    CU_ASSERT(batches(&port, 50, NETDEV_MAX_BURST));
    for (int i = 0; i < 600; i++) {
        batches(&port, 0, 0);
    }
    CU_ASSERT(!is_blind(&port));
    CU_ASSERT(!port_run(&port));
    port_destroy(&port);
}

static void
test_options(void)
{
    enum mux_fair_overload overload;

    for (int i = MUX_FAIR_LOSS; i <= MUX_FAIR_NEVER; i++) {
        CU_ASSERT(mux_fair_overload_from_string(
                      mux_fair_overload_to_string(i), &overload));
        CU_ASSERT_EQUAL(overload, i);
    }
    CU_ASSERT(!mux_fair_overload_from_string("", &overload));
    CU_ASSERT(!mux_fair_overload_from_string("Loss", &overload));
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_window),
    UNIT_TEST(test_divide),
    UNIT_TEST(test_divide_random),
    UNIT_TEST(test_bucket),
    UNIT_TEST(test_level),
    UNIT_TEST(test_level_random),
    UNIT_TEST(test_sketch),
    UNIT_TEST(test_sketch_window),
    UNIT_TEST(test_capacity),
    UNIT_TEST(test_follow),
    UNIT_TEST(test_backlog),
    UNIT_TEST(test_judge_vips),
    UNIT_TEST(test_judge_weights),
    UNIT_TEST(test_judge_burst),
    UNIT_TEST(test_judge_flows),
    UNIT_TEST(test_judge_silence),
    UNIT_TEST(test_judge_stale),
    UNIT_TEST(test_judge_noise),
    UNIT_TEST(test_judge_overload),
    UNIT_TEST(test_judge_blind),
    UNIT_TEST(test_options),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("mux-fair", tests, argc, argv);
}

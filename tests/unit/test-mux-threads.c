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

/* Threads that forward, a thread that changes the tables, one that decides
 * what is fair, and the main thread, all at once.
 *
 * Made to be run with ThreadSanitizer as well, see
 * tests/system/ovs-ext/threads.t. */

#include <stdlib.h>
#include <string.h>

#include "dp-packet.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "ovs-atomic.h"
#include "ovs-ext/mux-fair-judge.h"
#include "ovs-ext/mux-fair-meter.h"
#include "ovs-ext/mux-fair-report.h"
#include "ovs-ext/mux-forward.h"
#include "ovs-ext/mux-fragment.h"
#include "ovs-ext/mux-node.h"
#include "ovs-ext/mux-op.h"
#include "ovs-ext/mux-store.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "ovs-rcu.h"
#include "ovs-thread.h"
#include "tests/unit/mux-random.h"
#include "tests/unit/unit.h"
#include "timeval.h"
#include "util.h"

#define N_THREADS 3
#define N_BATCHES 2000
#define MTU 1500

static struct mux_store *store;
static struct mux_fragments *fragments;
static struct mux_node *node;
static struct atomic_count n_done = ATOMIC_COUNT_INIT(0);

/* Numbers from a seed. */
struct seeded {
    struct mux_random random;
    uint64_t state;
};

static uint32_t
next_seeded(struct mux_random *random)
{
    struct seeded *s = CONTAINER_OF(random, struct seeded, random);
    uint64_t z = s->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return (z ^ z >> 27) >> 32;
}

struct forwarder {
    pthread_t thread;
    struct mux_thread *mux;
    uint64_t seed;
    uint64_t n_in, n_node, n_out;
};

/* Does with a batch what netdev_slbmux_send() does. */
static void
send_batch(struct forwarder *f, struct dp_packet_batch *batch)
{
    do {
        struct mux_counters counters;
        struct dp_packet_batch own;
        size_t n_sent;

        mux_fair_enter(&f->mux->fair, dp_packet_batch_size(batch));
        memset(&counters, 0, sizeof counters);
        dp_packet_batch_init(&own);
        mux_forward(mux_store_get_table(store), f->mux, batch, &own, MTU,
                    time_msec(), &counters);
        f->n_node += dp_packet_batch_size(&own);
        if (!dp_packet_batch_is_empty(&own)) {
            mux_node_put(node, &own);
        }
        mux_thread_add(f->mux, &counters);
        n_sent = dp_packet_batch_size(batch);
        f->n_out += n_sent;
        dp_packet_delete_batch(batch, true);
        dp_packet_batch_init(batch);
        mux_fair_leave(&f->mux->fair, n_sent);
    } while (f->mux->released.n && mux_forward_released(f->mux, batch));
}

static void *
forwarder_main(void *f_)
{
    struct forwarder *f = f_;
    struct seeded numbers = { { next_seeded }, f->seed };

    for (int i = 0; i < N_BATCHES; i++) {
        struct dp_packet_batch batch;

        dp_packet_batch_init(&batch);
        for (int j = 0; j < NETDEV_MAX_BURST; j++) {
            dp_packet_batch_add(&batch, mux_random_packet(&numbers.random));
        }
        f->n_in += NETDEV_MAX_BURST;
        send_batch(f, &batch);
        ovsrcu_quiesce();
    }
    atomic_count_inc(&n_done);
    return NULL;
}

static void
transact(struct mux_op ops[], size_t n, bool replace, uint64_t generation)
{
    struct mux_error *error = mux_store_transact(store, replace, generation,
                                                 ops, n);

    mux_error_destroy(error);
}

static void *
updater_main(void *n_updates_)
{
    struct seeded numbers = { { next_seeded }, 77 };
    struct mux_op ops[MUX_RANDOM_MAX_OPS];
    unsigned int *n_updates = n_updates_;

    while (atomic_count_get(&n_done) < N_THREADS) {
        /* In between everything goes, or is as it was first. */
        if (*n_updates % 500 == 499) {
            mux_store_clear(store);
        }
        if (*n_updates % 50 == 49) {
            transact(ops, mux_random_first_ops(ops), true, 1);
        }
        transact(ops, mux_random_ops(&numbers.random, ops), false,
                 ++*n_updates);
        ovsrcu_quiesce();
    }
    return NULL;
}

/* What vswitchd's main thread does meanwhile. */
static uint64_t
take_node(void)
{
    struct dp_packet_batch batch;
    uint64_t n;

    dp_packet_batch_init(&batch);
    mux_node_take(node, &batch);
    n = dp_packet_batch_size(&batch);
    dp_packet_delete_batch(&batch, true);
    return n;
}

/* The judge of a port, in a thread of its own as in vswitchd, and somebody who
 * changes its options, so that threads get meters and lose them again. */
struct judge {
    struct mux_fair_judge *judge;
    struct mux_thread *threads[N_THREADS];
    unsigned int n_runs;
    struct ovs_mutex mutex;
};

static void *
judge_main(void *judge_)
{
    static const struct mux_fair_options options[] = {
        { MUX_FAIR_NEVER, 5000 },
        { MUX_FAIR_QUEUE, 0 },
        { MUX_FAIR_NEVER, 0 },
        { MUX_FAIR_LOSS, 1000000 },
    };
    struct judge *j = judge_;

    while (atomic_count_get(&n_done) < N_THREADS) {
        ovs_mutex_lock(&j->mutex);
        mux_fair_judge_set_options(
            j->judge, &options[j->n_runs++ / 20 % ARRAY_SIZE(options)]);
        mux_fair_judge_run(j->judge, "slb0", j->threads, N_THREADS,
                           mux_store_get_table(store), time_msec(),
                           mux_fair_nsec(), 0);
        ovs_mutex_unlock(&j->mutex);
        poll_timer_wait(MUX_FAIR_FIRST_TICK);
        poll_block();
    }
    return NULL;
}

static void
report_fairness(struct judge *j)
{
    ovs_mutex_lock(&j->mutex);
    json_destroy(mux_fair_report_to_json(j->judge, "slb0"));
    ovs_mutex_unlock(&j->mutex);
}

static void
test_threads(void)
{
    static const uint64_t key[2] = { 1, 3 };
    struct forwarder forwarders[N_THREADS];
    struct judge judge = { .mutex = OVS_MUTEX_INITIALIZER };
    struct mux_op ops[MUX_RANDOM_MAX_OPS];
    unsigned int n_updates = 0;
    uint64_t n_taken = 0;

    store = mux_store_create();
    fragments = mux_fragments_create();
    struct mux_thread *main_thread = mux_thread_create(fragments);
    node = mux_node_create(key);
    transact(ops, mux_random_first_ops(ops), true, 1);

    pthread_t updater = ovs_thread_create("updater", updater_main, &n_updates);
    for (int i = 0; i < N_THREADS; i++) {
        struct forwarder *f = &forwarders[i];

        *f = (struct forwarder) { .mux = mux_thread_create(fragments),
                                  .seed = i };
        judge.threads[i] = f->mux;
        f->thread = ovs_thread_create("forwarder", forwarder_main, f);
    }
    judge.judge = mux_fair_judge_create();

    pthread_t judging = ovs_thread_create("judge", judge_main, &judge);
    while (atomic_count_get(&n_done) < N_THREADS) {
        struct mux_fragment_stats stats = { .datagrams = 0 };
        struct mux_node_stats node_stats = { .bytes = 0 };
        struct mux_counters counters = { .n = { 0 } };
        struct mux_figures figures;

        n_taken += take_node();
        mux_node_read(node, &node_stats);
        mux_fragments_run(main_thread, mux_store_get_table(store),
                          time_msec());
        mux_fragments_get_stats(fragments, time_msec(), &stats);
        memset(&figures, 0, sizeof figures);
        for (uint32_t i = 1; i < 50; i++) {
            mux_figures_add(&figures, i);
        }
        for (int i = 0; i < N_THREADS; i++) {
            mux_thread_read(forwarders[i].mux, &counters);
        }
        report_fairness(&judge);
        ovsrcu_quiesce();
    }
    xpthread_join(updater, NULL);
    xpthread_join(judging, NULL);

    /* Nothing is lost without being counted. */
    struct mux_fragment_stats stats = { .datagrams = 0 };
    struct mux_node_stats node_stats = { .bytes = 0 };
    struct mux_counters counters = { .n = { 0 } };
    uint64_t n_in = 0, n_node = 0, n_out = 0, n_dropped = 0;

    for (int i = 0; i < N_THREADS; i++) {
        xpthread_join(forwarders[i].thread, NULL);
        n_in += forwarders[i].n_in;
        n_node += forwarders[i].n_node;
        n_out += forwarders[i].n_out;
        mux_thread_read(forwarders[i].mux, &counters);
    }
    mux_fragments_get_stats(fragments, time_msec(), &stats);
    for (int i = MUX_FIRST_DROP; i < MUX_N_COUNTERS; i++) {
        n_dropped += counters.n[i];
    }
    CU_ASSERT_EQUAL(n_in, (counters.n[MUX_COUNT_FORWARDED]
                           + counters.n[MUX_COUNT_ECHO]
                           + counters.n[MUX_COUNT_HANDED_ON]
                           + n_node + n_dropped
                           + stats.waiting + stats.dropped));
    CU_ASSERT_EQUAL(n_out, (counters.n[MUX_COUNT_FORWARDED]
                            + counters.n[MUX_COUNT_ECHO]
                            + counters.n[MUX_COUNT_HANDED_ON]
                            + counters.n[MUX_COUNT_ERRORS]
                            + counters.n[MUX_COUNT_RESETS]));
    while (mux_node_count(node)) {
        n_taken += take_node();
    }
    mux_node_read(node, &node_stats);
    for (int i = 0; i < MUX_NODE_N_CLASSES; i++) {
        n_taken += node_stats.dropped[i];
    }
    CU_ASSERT_EQUAL(n_taken, n_node);

    /* And there was something to look at. */
    CU_ASSERT(n_updates > 100);
    CU_ASSERT(counters.n[MUX_COUNT_SNAT]);
    CU_ASSERT(counters.n[MUX_COUNT_HANDED_ON]);
    CU_ASSERT(counters.n[MUX_COUNT_TAKEN_OVER]);
    CU_ASSERT(counters.n[MUX_COUNT_UNFAIR]);
    CU_ASSERT(counters.n[MUX_COUNT_FORWARDED] + counters.n[MUX_COUNT_UNFAIR]
              > n_in / 20);
    CU_ASSERT(n_dropped > n_in / 20);
    printf("# %"PRIu64" packets, %"PRIu64" forwarded, %"PRIu64" dropped for "
           "fairness, %u updates and %u decisions meanwhile\n",
           n_in, counters.n[MUX_COUNT_FORWARDED], counters.n[MUX_COUNT_UNFAIR],
           n_updates, judge.n_runs);

    mux_fair_judge_destroy(judge.judge);
    ovs_mutex_destroy(&judge.mutex);
    for (int i = 0; i < N_THREADS; i++) {
        mux_thread_destroy(forwarders[i].mux);
    }
    mux_thread_destroy(main_thread);
    mux_fragments_destroy(fragments);
    mux_node_destroy(node);
    mux_store_destroy(store);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_threads),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("mux-threads", tests, argc, argv);
}

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
/* The whole of fairness in a closed loop: packets come at a rate of their own
 * into a queue, a thread takes as long for them as it is said to, and the
 * judge looks at it and decides, by a clock that is the test's own. */

#include <config.h>

#include <string.h>

#include "lib/slb-hash.h"
#include "openvswitch/dynamic-string.h"
#include "ovs-ext/mux-fair-judge.h"
#include "ovs-ext/mux-fair-meter.h"
#include "ovs-ext/mux-flight.h"
#include "ovs-ext/mux-fragment.h"
#include "ovs-ext/mux-store.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "packets.h"
#include "random.h"
#include "tests/unit/mux-unit.h"
#include "tests/unit/unit.h"
#include "util.h"

#define MS UINT64_C(1000000)    /* Nanoseconds. */

/* What the thread needs, in nanoseconds, with a device that is dear to send
 * on: it forwards 200,000 packets/s, or drops 4,400,000. */
#define POLL 100                /* To look for packets. */
#define RECEIVE 150             /* For each of them, */
#define JUDGE 75                /* to find out whether it passes, */
#define FORWARD 4775            /* and if it does. */

#define N_VIPS 100
#define MAX_QUEUE 16384

/* Who sends, and what became of it. */
enum { SMALL, HEAVY, N_KINDS };

struct packet {
    uint8_t kind;
    uint8_t vip;
    uint16_t flow;
};

struct fate {
    uint64_t sent;
    uint64_t overflowed;        /* The queue had no room. */
    uint64_t dropped;           /* By the mux. */
};

struct sim {
    struct mux_store *store;
    struct mux_fragments *fragments;
    struct mux_thread *thread;
    struct mux_fair_judge *judge;
    enum mux_fair_overload overload;

    uint64_t now;
    uint64_t judge_at;          /* When it next looks. */
    uint64_t judge_late;        /* By how much it may be late, at most. */

    const struct packet *load;  /* Again and again... */
    size_t n_load, next_load;
    uint64_t arrival_at;        /* ...the next of it then... */
    uint64_t interval;          /* ...and the others so much later. */

    const struct packet *queue[MAX_QUEUE];
    size_t queue_size, head, n_queued;
    uint64_t n_overflowed;

    /* The thread's processor does something else now and then. */
    uint64_t pause_at, pause, pause_interval;

    struct fate fates[N_KINDS];
};

static void
sim_init(struct sim *sim, enum mux_fair_overload overload, size_t queue_size)
{
    struct mux_fair_options options = { overload, 0 };
    struct ds ds = DS_EMPTY_INITIALIZER;

    memset(sim, 0, sizeof *sim);
    sim->store = mux_store_create();
    sim->fragments = mux_fragments_create();
    sim->thread = mux_thread_create(sim->fragments);
    sim->judge = mux_fair_judge_create();
    mux_fair_judge_set_options(sim->judge, &options);
    sim->overload = overload;
    sim->now = sim->arrival_at = 1000 * MS;
    sim->judge_at = sim->pause_at = UINT64_MAX;
    sim->queue_size = queue_size;

    for (int i = 0; i < N_VIPS; i++) {
        ds_put_format(&ds, ", {'op': 'vip', 'network': 0,"
                      "'address': '10.0.0.%d'}", i);
    }
    mux_unit_load(sim->store, true, 1, "[{'op': 'global', 'anycast': null,"
                  "'vtep': '172.16.0.11',"
                  "'key': '000102030405060708090a0b0c0d0e0f'}%s]",
                  ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
sim_destroy(struct sim *sim)
{
    mux_fair_judge_destroy(sim->judge);
    mux_thread_destroy(sim->thread);
    mux_fragments_destroy(sim->fragments);
    mux_store_destroy(sim->store);
}

/* What was sent until now gets into the queue, or does not. */
static void
sim_arrive(struct sim *sim)
{
    for (; sim->arrival_at <= sim->now; sim->arrival_at += sim->interval) {
        const struct packet *p = &sim->load[sim->next_load++ % sim->n_load];

        sim->fates[p->kind].sent++;
        if (sim->n_queued < sim->queue_size) {
            sim->queue[(sim->head + sim->n_queued++) % MAX_QUEUE] = p;
        } else {
            sim->fates[p->kind].overflowed++;
            sim->n_overflowed++;
        }
    }
}

static void
sim_judge(struct sim *sim)
{
    int ms = mux_fair_judge_run(sim->judge, "slb0", &sim->thread, 1,
                                mux_store_get_table(sim->store),
                                sim->now / MS, sim->now,
                                sim->overload == MUX_FAIR_LOSS
                                ? sim->n_overflowed : UINT64_MAX);

    sim->judge_at = UINT64_MAX;
    if (ms) {
        sim->judge_at = sim->now + ms * MS;
        if (sim->judge_late) {
            sim->judge_at += random_range(sim->judge_late);
        }
    }
}

static bool
sim_admit(struct sim *sim, struct mux_fair_meter *meter,
          const struct packet *p)
{
    uint64_t words[2] = { 0, UINT64_C(0xffff0a000000) + p->vip };
    const struct mux_vip_entry *vip = mux_table_find_vip(
        mux_store_get_table(sim->store), 0, words);
    uint64_t number = (uint64_t) p->vip << 16 | p->flow;
    struct mux_flight f = {
        .eth_type = htons(ETH_TYPE_IP),
        .src = { 0xc6336400 },
        .sport = p->flow,
        .dport = 80,
        .protocol = IPPROTO_TCP,
        .hash = slb_hash_fold(number ^ UINT64_C(0xa0761d6478bd642f),
                              number + UINT64_C(0xe7037ed1a0b428db)),
    };

    return !meter || mux_fair_admit(meter, &f, vip->counter, sim->now / MS);
}

/* The thread gets a batch, if there is any. */
static void
sim_batch(struct sim *sim)
{
    struct mux_fair_thread *t = &sim->thread->fair;
    struct mux_fair_meter *meter = mux_fair_thread_meter(t);
    size_t n = MIN(sim->n_queued, NETDEV_MAX_BURST);
    size_t n_sent = 0;

    sim->now += POLL + n * RECEIVE;
    if (!n) {
        return;
    }
    if (mux_fair_add_backlog(t, n) && sim->judge_at == UINT64_MAX) {
        sim->judge_at = sim->now;
    }
    if (meter) {
        mux_fair_meter_enter(meter, n, sim->now);
    }
    for (size_t i = 0; i < n; i++) {
        const struct packet *p = sim->queue[sim->head++ % MAX_QUEUE];

        if (sim_admit(sim, meter, p)) {
            n_sent++;
        } else {
            sim->fates[p->kind].dropped++;
        }
    }
    sim->n_queued -= n;
    sim->now += n * JUDGE;
    if (meter) {
        mux_fair_meter_judged(meter, sim->now);
    }
    sim->now += n_sent * FORWARD;
    if (meter) {
        mux_fair_meter_leave(meter, n_sent, sim->now);
    }
}

static void
sim_run(struct sim *sim, unsigned int ms)
{
    uint64_t end = sim->now + ms * MS;

    memset(sim->fates, 0, sizeof sim->fates);
    while (sim->now < end) {
        if (sim->now >= sim->pause_at) {
            sim->now += sim->pause;
            sim->pause_at = sim->now + sim->pause_interval;
        }
        sim_arrive(sim);
        if (sim->now >= sim->judge_at) {
            sim_judge(sim);
        }
        sim_batch(sim);
    }
}

/* 1,000 flows of one VIP, and one that sends 'times' as much as all of them,
 * evenly mixed.  Returns the number of packets. */
static size_t
load_flows(struct packet **loadp, int times)
{
    size_t n = 1000 * (1 + times);
    struct packet *load = xcalloc(n, sizeof *load);

    for (size_t i = 0; i < n; i++) {
        bool small = i % (1 + times) == 0;

        load[i] = (struct packet) {
            .kind = small ? SMALL : HEAVY,
            .flow = small ? i / (1 + times) : 1000,
        };
    }
    *loadp = load;
    return n;
}

/* 99 VIPs, and one that gets 'times' as much as all of them, each with 20
 * flows. */
static size_t
load_vips(struct packet **loadp, int times)
{
    size_t n = 20 * (N_VIPS - 1) * (1 + times);
    struct packet *load = xcalloc(n, sizeof *load);

    for (size_t i = 0; i < n; i++) {
        size_t turn = i / (1 + times);
        bool small = i % (1 + times) == 0;

        load[i] = (struct packet) {
            .kind = small ? SMALL : HEAVY,
            .vip = small ? 1 + turn % (N_VIPS - 1) : 0,
            .flow = small ? turn / (N_VIPS - 1) : i % 20,
        };
    }
    *loadp = load;
    return n;
}

/* What the machine is like and what comes. */
struct scenario {
    const char *name;
    enum mux_fair_overload overload;
    size_t queue_size;
    unsigned int judge_late;    /* All times in milliseconds. */
    unsigned int pause, pause_interval;
    unsigned int before;        /* For so long less comes... */
    double before_pps;          /* ...this much. */
    bool stale;                 /* And it begins with an old backlog. */

    /* What the small ones may lose in the queue in the first second and
     * later, parts of what they send, and what must be forwarded a second. */
    double first_overflow, overflow;
    double forwarded;
};

static const struct scenario scenarios[] = {
    { "an overload from now on", MUX_FAIR_QUEUE, MAX_QUEUE,
      .forwarded = 150000 },
    { "the judge is late", MUX_FAIR_QUEUE, MAX_QUEUE, .judge_late = 5,
      .forwarded = 150000 },
    { "more and more comes", MUX_FAIR_QUEUE, MAX_QUEUE,
      .before = 300, .before_pps = 65000, .forwarded = 150000 },
    { "a backlog was left behind", MUX_FAIR_QUEUE, MAX_QUEUE,
      .before = 300, .before_pps = 10, .stale = true, .forwarded = 150000 },
    { "the thread pauses now and then", MUX_FAIR_QUEUE, MAX_QUEUE,
      .judge_late = 5, .pause = 15, .pause_interval = 200,
      .forwarded = 100000 },
    { "the thread gets two thirds of a processor", MUX_FAIR_QUEUE, MAX_QUEUE,
      .pause = 2, .pause_interval = 4, .forwarded = 85000 },
    { "a short queue that tells what it loses", MUX_FAIR_LOSS, 1024,
      .first_overflow = .02, .forwarded = 150000 },
    /* Each pause is longer than the queue. */
    { "a short queue and two thirds of a processor", MUX_FAIR_LOSS, 1024,
      .pause = 2, .pause_interval = 4, .first_overflow = .15, .overflow = .15,
      .forwarded = 85000 },
};

/* What may be dropped of what the small ones send, "nothing". */
#define TOLERANCE 0.0002

static bool
check_fates(const struct sim *sim, const struct scenario *s, double overflow,
            unsigned int seconds)
{
    const struct fate *small = &sim->fates[SMALL];
    const struct fate *heavy = &sim->fates[HEAVY];
    uint64_t forwarded = (small->sent + heavy->sent
                          - small->overflowed - heavy->overflowed
                          - small->dropped - heavy->dropped);
    bool ok = (small->dropped <= TOLERANCE * small->sent
               && small->overflowed <= (overflow + TOLERANCE) * small->sent
               && forwarded >= s->forwarded * seconds);

    if (!ok) {
        printf("# %s: of %"PRIu64" small ones %"PRIu64" overflowed, %"PRIu64
               " were dropped; %"PRIu64" packets forwarded in %u s\n",
               s->name, small->sent, small->overflowed, small->dropped,
               forwarded, seconds);
    }
    return ok;
}

static void
run_scenario(const struct scenario *s, const struct packet *load,
             size_t n_load)
{
    struct sim sim;

    random_set_seed(1);
    sim_init(&sim, s->overload, s->queue_size);
    sim.load = load;
    sim.n_load = n_load;
    sim.judge_late = s->judge_late * MS;
    sim.pause = s->pause * MS;
    sim.pause_interval = s->pause_interval * MS;
    if (s->stale) {
        atomic_store_relaxed(&sim.thread->fair.backlog, MUX_FAIR_MAX_BACKLOG);
        sim.judge_at = sim.now;
    }
    if (s->before) {
        sim.interval = 1e9 / s->before_pps;
        sim_run(&sim, s->before);
        sim.arrival_at = sim.now;
    }
    sim.interval = 1e9 / 650000;
    sim_run(&sim, 50);

    struct fate early[N_KINDS];
    memcpy(early, sim.fates, sizeof early);
    if (sim.pause) {
        sim.pause_at = sim.now;
    }
    sim_run(&sim, 950);
    for (int i = 0; i < N_KINDS; i++) {
        sim.fates[i].sent += early[i].sent;
        sim.fates[i].overflowed += early[i].overflowed;
        sim.fates[i].dropped += early[i].dropped;
    }
    CU_ASSERT(check_fates(&sim, s, s->first_overflow, 1));
    sim_run(&sim, 1000);
    CU_ASSERT(check_fates(&sim, s, s->overflow, 1));
    sim_destroy(&sim);
}

static void
run_scenarios(size_t (*get_load)(struct packet **, int times))
{
    struct packet *load;
    size_t n_load = get_load(&load, 9);

    for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
        run_scenario(&scenarios[i], load, n_load);
    }
    free(load);
}

static void
test_vips(void)
{
    run_scenarios(load_vips);
}

static void
test_flows(void)
{
    run_scenarios(load_flows);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_vips),
    UNIT_TEST(test_flows),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("mux-fair-overload", tests, argc, argv);
}

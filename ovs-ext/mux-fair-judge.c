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

#include "ovs-ext/mux-fair-judge.h"

#include <math.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "ovs-atomic.h"
#include "ovs-ext/mux-fair-meter.h"
#include "ovs-ext/mux-fair-private.h"
#include "ovs-ext/mux-fair.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "ovs-rcu.h"
#include "packets.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(mux_fair);

/* Part of what a thread can do that is plainly enough. */
#define ENOUGH 0.9

/* Time between looks at who has how many members, while tables change. */
#define WEIGHTS_MS 100

/* Part of a thread's packets that come in full batches if it does not keep
 * up: if it is busy for BUSY_ALWAYS of the time, with several queues of which
 * one overflows for example, and otherwise.  (One that makes pauses also loses
 * packets and gets full batches then, but is not short of time for it.) */
#define FULL_BUSY 0.25
#define BUSY_ALWAYS 0.9
#define FULL_ALWAYS 0.9

/* Excess that is not worth to be acted on. */
#define TOLERANCE 0.001

static const char *const overloads[] = {
    [MUX_FAIR_LOSS] = "loss",
    [MUX_FAIR_QUEUE] = "queue",
    [MUX_FAIR_NEVER] = "never",
};

bool
mux_fair_overload_from_string(const char *s, enum mux_fair_overload *overload)
{
    for (size_t i = 0; i < ARRAY_SIZE(overloads); i++) {
        if (!strcmp(s, overloads[i])) {
            *overload = i;
            return true;
        }
    }
    return false;
}

const char *
mux_fair_overload_to_string(enum mux_fair_overload overload)
{
    return overloads[overload];
}

struct mux_fair_judge *
mux_fair_judge_create(void)
{
    return xzalloc(sizeof(struct mux_fair_judge));
}

/* Takes the meter of 's' away. */
static void
suspect_stop(struct suspect *s)
{
    if (s->meter) {
        atomic_store_relaxed(&s->thread->fair.meter, NULL);
        ovsrcu_postpone(mux_fair_meter_destroy, s->meter);
        s->meter = NULL;
    }
    s->is_short = false;
    free(s->rows);
    s->rows = NULL;
    s->n_rows = s->allocated_rows = 0;
    free(s->heavies);
    s->heavies = NULL;
}

/* Destroys 'judge'.  Its threads must still be there. */
void
mux_fair_judge_destroy(struct mux_fair_judge *judge)
{
    if (!judge) {
        return;
    }
    for (size_t i = 0; i < judge->n_suspects; i++) {
        suspect_stop(judge->suspects[i]);
        free(judge->suspects[i]);
    }
    free(judge->suspects);
    free(judge->weights);
    free(judge);
}

void
mux_fair_judge_set_options(struct mux_fair_judge *judge,
                           const struct mux_fair_options *options)
{
    judge->options = *options;
}

const struct mux_fair_options *
mux_fair_judge_get_options(const struct mux_fair_judge *judge)
{
    return &judge->options;
}

/* Weights. */

/* A pool of a VIP: those that several endpoints have count once. */
struct vip_pool {
    uint32_t vip;
    const struct mux_view *view;
};

/* Finds out how many members each VIP has, unless it is known. */
static void
weigh(struct mux_fair_judge *judge, const struct mux_table *table,
      long long int now)
{
    const struct mux_vips *vips = table->vips;
    size_t n = vips->mask + 1;
    size_t n_pools;
    struct vip_pool *pools;

    if (judge->weights && judge->weighed == vips && judge->n_weights == n
        && (judge->weighed_transaction == table->stats.n_transactions
            || now - judge->weighed_at < WEIGHTS_MS)) {
        return;
    }
    free(judge->weights);
    judge->weights = xcalloc(n, sizeof *judge->weights);
    judge->n_weights = n;
    judge->weighed = vips;
    judge->weighed_transaction = table->stats.n_transactions;
    judge->weighed_at = now;

    n_pools = 1;
    while (n_pools <= 2 * table->n_objects[MUX_ENDPOINT]) {
        n_pools *= 2;
    }
    pools = xcalloc(n_pools, sizeof *pools);
    for (size_t i = 0; i <= table->page_mask; i++) {
        const struct mux_page *page = table->pages[i];

        for (size_t j = 0; j < MUX_PAGE_SIZE; j++) {
            const struct mux_entry *e = &page->entries[j];

            if (page->endpoints[j]) {
                uint32_t vip = mux_vips_find(
                    vips, page->endpoints[j]->object.key.number, e->vip);
                size_t k = slb_hash_fold((uintptr_t) e->view, vip + 1)
                           & (n_pools - 1);

                while (pools[k].view
                       && (pools[k].view != e->view || pools[k].vip != vip)) {
                    k = (k + 1) & (n_pools - 1);
                }
                if (!pools[k].view) {
                    pools[k] = (struct vip_pool) { vip, e->view };
                    judge->weights[vip]
                        += (e->view->generations[e->view->in_force]
                            .table->n_members);
                }
            }
        }
    }
    free(pools);

    /* What has no members at all, addresses for outbound connections for
     * example, counts as one. */
    for (size_t i = 0; i < n; i++) {
        judge->weights[i] = MAX(judge->weights[i], 1);
    }
}

/* Threads. */

static struct suspect *
get_suspect(struct mux_fair_judge *judge, size_t i, struct mux_thread *thread)
{
    while (judge->n_suspects <= i) {
        judge->suspects = xrealloc(judge->suspects,
                                   ((judge->n_suspects + 1)
                                    * sizeof *judge->suspects));
        judge->suspects[judge->n_suspects++]
            = xzalloc(sizeof **judge->suspects);
    }
    judge->suspects[i]->thread = thread;
    return judge->suspects[i];
}

static void
suspect_start(struct suspect *s, long long int now, uint64_t now_ns)
{
    struct mux_thread *thread = s->thread;

    memset(s, 0, sizeof *s);
    s->thread = thread;
    s->meter = mux_fair_meter_create(now);
    s->start_ns = now_ns;
    s->heavies = xcalloc(MUX_FAIR_HEAVIES, sizeof *s->heavies);
    mux_fair_capacity_init(&s->capacity);
    atomic_store_explicit(&thread->fair.meter, s->meter, memory_order_release);
}

/* Does a thread that has done 'work' in a tick not keep up?  'lost' says
 * whether packets were lost in front of any thread meanwhile. */
static bool
is_behind(enum mux_fair_overload overload, bool lost,
          const struct mux_fair_capacity *c, const struct mux_fair_work *work)
{
    double part = work->arrived ? (double) work->full / work->arrived : 0;

    if (overload == MUX_FAIR_NEVER || (overload == MUX_FAIR_LOSS && !lost)) {
        return false;
    }
    return (part >= FULL_ALWAYS
            || (overload == MUX_FAIR_LOSS && part >= FULL_BUSY
                && mux_fair_capacity_busy(c, work) >= BUSY_ALWAYS));
}

/* Reads what the thread of 's' has done since the last tick, and stores it
 * into '*work'. */
static void
read_work(struct suspect *s, uint64_t now_ns, struct mux_fair_work *work)
{
    struct mux_fair_meter *m = s->meter;
    uint64_t *counts = s->counts;
    uint64_t *grown = (uint64_t *) work;

    counts[NS] = now_ns - s->start_ns;
    atomic_read_relaxed(&m->arrived, &counts[ARRIVED]);
    atomic_read_relaxed(&m->forwarded, &counts[FORWARDED]);
    atomic_read_relaxed(&m->full, &counts[FULL]);
    atomic_read_relaxed(&m->judge_ns, &counts[JUDGE_NS]);
    atomic_read_relaxed(&m->forward_ns, &counts[FORWARD_NS]);
    atomic_read_relaxed(&m->gap_packets, &counts[GAP_PACKETS]);
    atomic_read_relaxed(&m->gap_ns, &counts[GAP_NS]);
    for (size_t i = 0; i < N_COUNTS; i++) {
        grown[i] = mux_fair_window_growth(&s->windows[i], counts[i],
                                          s->tick, 1);
    }
}

/* Returns the number of ticks that count. */
static unsigned int
n_ticks(const struct suspect *s)
{
    return MIN(s->tick - s->base, MUX_FAIR_TICKS);
}

/* Ends a tick of 's': finds out what it can do. */
static void
examine(struct mux_fair_judge *judge, struct suspect *s, bool lost,
        uint64_t now_ns, long long int now)
{
    enum mux_fair_overload overload = judge->options.overload;
    struct mux_fair_work last;

    s->tick++;
    read_work(s, now_ns, &last);

    bool behind = is_behind(overload, lost, &s->capacity, &last);
    if (behind) {
        /* What came while packets were lost does not tell what is sent. */
        s->base = s->tick - 1;
        s->is_short = true;
        s->short_at = now;
        if (now - s->behind_at > MUX_FAIR_WINDOW) {
            s->begun = s->tick;
        }
        s->behind_at = now;
    }
    if (!last.arrived) {
        /* What there was of a backlog was worked off long ago. */
        atomic_store_relaxed(&s->thread->fair.backlog, 0);
    }
    mux_fair_capacity_learn(&s->capacity, &last, behind);

    s->span = mux_fair_window_growth(&s->windows[NS], s->counts[NS], s->tick,
                                     MIN(s->tick, MUX_FAIR_TICKS)) / 1e9;

    uint64_t *work = (uint64_t *) &s->work;
    for (size_t i = 0; i < N_COUNTS; i++) {
        work[i] = mux_fair_window_growth(&s->windows[i], s->counts[i],
                                         s->tick, n_ticks(s));
        mux_fair_window_end(&s->windows[i], s->counts[i], s->tick);
    }
    s->seconds = s->work.ns / 1e9;

    double arriving = s->seconds > 0 ? s->work.arrived / s->seconds : 0;
    s->rate = mux_fair_capacity_follow(&s->capacity, arriving);
    if (behind) {
        /* Even of what it got it cannot forward all. */
        s->rate = MIN(s->rate, MUX_FAIR_BUSY * arriving);
    }
    if (s->is_short && arriving > ENOUGH * s->rate) {
        s->short_at = now;
    }
    if (overload == MUX_FAIR_NEVER || now - s->short_at > QUIET_MS) {
        s->is_short = false;
    }
}

/* Returns what 's' has of the VIP with 'counter', and stores its row into
 * '*rowp'; null if nothing ever came for it. */
static struct mux_fair_vip *
find_row(struct suspect *s, uint32_t counter, struct row **rowp)
{
    struct mux_fair_chunk *chunk;

    atomic_read_explicit(&s->meter->chunks[counter / MUX_FAIR_CHUNK], &chunk,
                         memory_order_acquire);
    if (!chunk) {
        return NULL;
    }

    struct mux_fair_vip *vip = &chunk->vips[counter % MUX_FAIR_CHUNK];
    uint32_t *number = &chunk->rows[counter % MUX_FAIR_CHUNK];
    if (!*number) {
        uint64_t packets;

        atomic_read_relaxed(&vip->packets, &packets);
        if (!packets) {
            return NULL;
        }
        if (s->n_rows >= s->allocated_rows) {
            s->rows = x2nrealloc(s->rows, &s->allocated_rows,
                                 sizeof *s->rows);
        }
        s->rows[s->n_rows] = (struct row) { .counter = counter };
        *number = ++s->n_rows;
    }
    *rowp = &s->rows[*number - 1];
    return vip;
}

/* Finds out what the VIPs sent to 's'. */
static void
read_demands(struct suspect *s, const struct mux_vips *vips)
{
    size_t n = vips->mask + 1;

    s->demands = xcalloc(n, sizeof *s->demands);
    s->parts = xmalloc(n * sizeof *s->parts);
    for (size_t i = 0; i < n; i++) {
        struct row *row;

        s->parts[i] = 1;
        if (vips->entries[i].used) {
            struct mux_fair_vip *vip = find_row(s, vips->entries[i].counter,
                                                &row);

            if (vip) {
                uint64_t packets;

                atomic_read_relaxed(&vip->packets, &packets);
                if (s->seconds > 0) {
                    /* Before the first tick nobody knows. */
                    s->demands[i]
                        = (mux_fair_window_growth(&row->packets, packets,
                                                  s->tick, n_ticks(s))
                           / s->seconds);
                }
                mux_fair_window_end(&row->packets, packets, s->tick);
            }
        }
    }
}

/* Finds out how much the flows of heavy VIPs sent to 's'. */
static void
read_flows(struct suspect *s)
{
    for (size_t i = 0; i < MUX_FAIR_HEAVIES; i++) {
        struct heavy *h = &s->heavies[i];

        if (!h->used) {
            continue;
        }
        h->total = 0;
        for (size_t j = 0; j < MUX_FAIR_BUCKETS; j++) {
            uint64_t count;

            atomic_read_relaxed(&s->meter->heavies[i].counts[j], &count);
            h->counts[j] = mux_fair_window_growth(
                &h->windows[j], count, s->tick,
                MIN(s->tick - h->since_tick, MUX_FAIR_TICKS));
            h->total += h->counts[j];
            mux_fair_window_end(&h->windows[j], count, s->tick);
        }
    }
}

/* Decisions. */

/* Divides 'capacity' between VIPs with 'demands', of which there are 'n', and
 * stores the part of each that may pass into 'parts'. */
static void
divide(const double *demands, const double *weights, size_t n,
       double capacity, float *parts)
{
    struct mux_fair_claim *claims = xmalloc(n * sizeof *claims);
    size_t n_claims = 0;

    for (size_t i = 0; i < n; i++) {
        if (demands[i] > 0) {
            claims[n_claims++] = (struct mux_fair_claim) {
                .demand = demands[i],
                .weight = weights[i],
                .who = i,
            };
        }
    }
    mux_fair_divide(claims, n_claims, capacity);
    for (size_t i = 0; i < n_claims; i++) {
        const struct mux_fair_claim *c = &claims[i];

        if (c->share < c->demand * (1 - TOLERANCE)) {
            parts[c->who] = c->share / c->demand;
        }
    }
    free(claims);
}

/* Has 's' count flows of the VIP with 'counter'.  Returns a number for "heavy"
 * of "struct row", 0 if it counts those of too many others already. */
static size_t
start_heavy(struct suspect *s, uint32_t counter, long long int now)
{
    for (size_t i = 0; i < MUX_FAIR_HEAVIES; i++) {
        struct heavy *h = &s->heavies[i];
        struct mux_fair_heavy *m = &s->meter->heavies[i];

        if (!h->used) {
            h->used = true;
            h->counter = counter;
            h->since = now;
            h->since_tick = s->tick;
            for (size_t j = 0; j < MUX_FAIR_BUCKETS; j++) {
                uint64_t count;

                atomic_read_relaxed(&m->counts[j], &count);
                for (size_t k = 0; k < MUX_FAIR_TICKS; k++) {
                    mux_fair_window_end(&h->windows[j], count, k);
                }
            }
            h->total = 0;
            ovs_mutex_lock(&m->mutex);
            memset(m->flows, 0, sizeof m->flows);
            ovs_mutex_unlock(&m->mutex);
            atomic_store_relaxed(&m->since, now);
            atomic_store_relaxed(&m->level, (float) INFINITY);
            return i + 1;
        }
    }
    return 0;
}

/* Returns what the flows of the VIP with 'counter' sent to all threads. */
static double
sum_flows(const struct mux_fair_judge *judge, uint32_t counter,
          double counts[MUX_FAIR_BUCKETS])
{
    double total = 0;

    memset(counts, 0, MUX_FAIR_BUCKETS * sizeof *counts);
    for (size_t i = 0; i < judge->n_suspects; i++) {
        const struct suspect *s = judge->suspects[i];

        for (size_t j = 0; s->meter && j < MUX_FAIR_HEAVIES; j++) {
            const struct heavy *h = &s->heavies[j];

            if (h->used && h->counter == counter) {
                for (size_t k = 0; k < MUX_FAIR_BUCKETS; k++) {
                    counts[k] += h->counts[k];
                }
                total += h->total;
            }
        }
    }
    return total;
}

/* Decides about the flows of a VIP that sends 'demand', too much or until
 * lately, of which 'time_part' may pass for want of time, and 'limit_part' by
 * configuration, and whoever sends too much is left 'squeeze' of it.  Returns
 * the part that may pass of what the flows' level leaves. */
static double
decide_flows(const struct mux_fair_judge *judge, struct suspect *s,
             size_t number, double demand, float time_part,
             float limit_part, float squeeze)
{
    struct mux_fair_heavy *m = &s->meter->heavies[number - 1];
    struct heavy *h = &s->heavies[number - 1];
    float part = MIN(time_part, limit_part);
    double counts[MUX_FAIR_BUCKETS];
    float level = INFINITY;
    double pass = 1;

    if (h->total < MUX_FAIR_MIN_LEVEL) {
        /* Nothing is known about its flows yet, but that none may have more
         * than all of them. */
        if (part < 1) {
            level = demand * part * (MUX_FAIR_WINDOW / 1000.);
        }
    } else {
        double limit_pass;
        double total = sum_flows(judge, h->counter, counts);
        float limit_level = mux_fair_level(counts, limit_part * total,
                                           &limit_pass);

        level = mux_fair_level(h->counts, time_part * h->total, &pass);
        if (pass < 1) {
            /* All would lose something.  Only if there was not enough for them
             * within all of the window, in which what had queued up for a
             * moment does not count for much. */
            double seconds = MIN((judge->now - h->since) / 1000., s->span);

            level = mux_fair_level(
                h->counts, time_part * MAX(demand * seconds, h->total),
                &pass);
        }
        level = MIN(level, limit_level);
        pass = MIN(pass, limit_pass);
    }
    atomic_store_relaxed(&m->level, level);
    atomic_store_relaxed(&m->cap, level * squeeze);
    return pass;
}

/* Has 's' count flows of the VIP of 'row' no more if it has not sent too much
 * for a while. */
static void
stop_heavy(struct suspect *s, struct row *row, long long int now)
{
    if (row->heavy) {
        struct heavy *h = &s->heavies[row->heavy - 1];

        if (now - h->over_at > QUIET_MS) {
            h->used = false;
            row->heavy = 0;
        }
    }
}

/* Decides about the packets that the thread of 's' gets for the VIP with
 * 'counter', 'demand' a second. */
static void
decide(const struct mux_fair_judge *judge, struct suspect *s,
       uint32_t counter, double demand, float time_part, float limit_part,
       long long int now)
{
    bool over = MIN(time_part, limit_part) < 1;
    struct row *row;
    struct mux_fair_vip *vip = find_row(s, counter, &row);
    double squeeze = time_part < 1 ? s->capacity.squeeze : 1;
    double pass = MIN(time_part, limit_part);
    uint64_t decision = 0;

    if (!vip) {
        return;
    }
    if (over && !row->heavy) {
        row->heavy = start_heavy(s, counter, now);
    }
    if (row->heavy) {
        struct heavy *h = &s->heavies[row->heavy - 1];

        if (over) {
            h->over_at = now;
        }
        pass = decide_flows(judge, s, row->heavy, demand, time_part,
                            limit_part, squeeze);
        stop_heavy(s, row, now);
    }
    if (pass < 1) {
        pass *= squeeze;
    }
    if (over || row->heavy) {
        decision = ((uint64_t) row->heavy << 32
                    | MAX((uint32_t) (pass * UINT32_MAX), 1));
    }
    atomic_store_relaxed(&vip->decision, decision);
    row->tick = s->tick;
    row->restrained = decision != 0;
    row->demand = demand;
    row->share = demand * MIN(time_part, limit_part);
}

/* Takes back what was decided about VIPs that the thread of 's' has got
 * nothing for lately, or that are withdrawn: what comes for them next has no
 * part in what was too much. */
static void
release_silent(struct suspect *s, long long int now)
{
    for (size_t i = 0; i < s->n_rows; i++) {
        struct row *row = &s->rows[i];

        if (row->tick != s->tick && (row->restrained || row->heavy)) {
            struct row *same;
            struct mux_fair_vip *vip = find_row(s, row->counter, &same);

            atomic_store_relaxed(&vip->decision, 0);
            row->restrained = false;
            stop_heavy(s, row, now);
        }
    }
}

/* Stores into '*demandp' how many packets a second there are for the VIP with
 * 'counter', and into '*sharep' how many of them pass.  Returns false if not
 * all do. */
bool
mux_fair_judge_get_vip(const struct mux_fair_judge *judge, uint32_t counter,
                       double *demandp, double *sharep)
{
    *demandp = *sharep = 0;
    for (size_t i = 0; i < judge->n_suspects; i++) {
        const struct suspect *s = judge->suspects[i];

        for (size_t j = 0; j < s->n_rows; j++) {
            const struct row *row = &s->rows[j];

            if (row->counter == counter && row->tick == s->tick) {
                *demandp += row->demand;
                *sharep += row->share;
            }
        }
    }
    return *sharep >= *demandp;
}

/* Puts a VIP among those that are told about if there are not enough that are
 * more worth it: those above their share go first, then who sends most. */
static void
add_top(struct mux_fair_judge *judge, const struct mux_vip_entry *vip,
        double weight, double demand, double share)
{
    struct top new = {
        .network = vip->network,
        .counter = vip->counter,
        .address = mux_address_from_words(vip->address),
        .weight = weight,
        .demand = demand,
        .share = share,
    };
    size_t i;

    for (i = judge->n_tops; i > 0; i--) {
        const struct top *t = &judge->tops[i - 1];
        double excess = new.demand - new.share;
        double other = t->demand - t->share;

        if (excess < other || (excess == other && new.demand <= t->demand)) {
            break;
        }
        if (i < MAX_TOP) {
            judge->tops[i] = *t;
        }
    }
    if (i < MAX_TOP) {
        judge->tops[i] = new;
        judge->n_tops = MIN(judge->n_tops + 1, MAX_TOP);
    }
}

/* Decides what passes from now on. */
static void
decide_all(struct mux_fair_judge *judge, const char *name,
           const struct mux_table *table, long long int now)
{
    const struct mux_vips *vips = table->vips;
    size_t n = vips->mask + 1;
    double *totals = xcalloc(n, sizeof *totals);
    float *limit_parts = xmalloc(n * sizeof *limit_parts);
    bool is_short = false;

    for (size_t i = 0; i < n; i++) {
        limit_parts[i] = 1;
    }
    for (size_t i = 0; i < judge->n_suspects; i++) {
        struct suspect *s = judge->suspects[i];

        if (s->meter) {
            read_demands(s, vips);
            read_flows(s);
            if (s->is_short) {
                divide(s->demands, judge->weights, n, s->rate, s->parts);
            }
            for (size_t j = 0; j < n; j++) {
                totals[j] += s->demands[j];
            }
        }
    }
    if (judge->options.max_pps) {
        divide(totals, judge->weights, n, judge->options.max_pps,
               limit_parts);
    }

    judge->n_tops = 0;
    for (size_t i = 0; i < n; i++) {
        const struct mux_vip_entry *vip = &vips->entries[i];
        double share = 0;

        if (!totals[i]) {
            continue;
        }
        for (size_t j = 0; j < judge->n_suspects; j++) {
            struct suspect *s = judge->suspects[j];

            if (s->meter) {
                decide(judge, s, vip->counter, s->demands[i], s->parts[i],
                       limit_parts[i], now);
                share += s->demands[i] * MIN(s->parts[i], limit_parts[i]);
            }
        }
        is_short |= share < totals[i];
        add_top(judge, vip, judge->weights[i], totals[i], share);
    }
    free(totals);
    free(limit_parts);
    for (size_t i = 0; i < judge->n_suspects; i++) {
        struct suspect *s = judge->suspects[i];

        if (s->meter) {
            release_silent(s, now);
        }
        free(s->demands);
        free(s->parts);
        s->demands = NULL;
        s->parts = NULL;
    }

    if (is_short && !judge->is_short) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(6, 6);

        judge->n_shortages++;
        if (!VLOG_DROP_INFO(&rl)) {
            struct ds ds = DS_EMPTY_INITIALIZER;

            ipv6_format_mapped(&judge->tops[0].address, &ds);
            VLOG_INFO("%s: cannot forward all that comes; most of what is too "
                      "much is for %s: %.0f packets/s", name, ds_cstr(&ds),
                      judge->tops[0].demand);
            ds_destroy(&ds);
        }
    }
    judge->is_short = is_short;
}

/* Notices whether 's' has a backlog: 'late'.  If that has been so for long,
 * and no packet was 'ever_lost', the underlay perhaps cannot tell. */
static void
watch_backlog(struct mux_fair_judge *judge, struct suspect *s, bool late,
              bool ever_lost, const char *name, long long int now)
{
    if (!late) {
        s->late_at = 0;
        s->asked = false;
    } else if (!s->late_at) {
        s->late_at = now;
    } else if (now - s->late_at >= BLIND_MS) {
        if (!s->asked) {
            /* Perhaps nothing has come since.  If something does, a full
             * batch is enough. */
            s->asked = true;
            atomic_store_relaxed(&s->thread->fair.backlog,
                                 MUX_FAIR_BACKLOG - 1);
        } else if (!ever_lost && !judge->blind) {
            judge->blind = true;
            if (judge_is_blind(judge)) {
                VLOG_WARN("%s: there is a backlog, but its underlay counts no "
                          "packets that it misses; if it cannot, set "
                          "options:overload=queue, or nothing is done about "
                          "an overload", name);
            }
        }
    }
}

/* Looks at the 'n_threads' 'threads' of the port with 'name', which forward by
 * 'table', at time 'now', and 'now_ns' by a finer clock.  'lost' is how many
 * packets the underlay has lost before a thread got them, since ever;
 * UINT64_MAX if that is not known.  Returns after how many milliseconds it is
 * to be called again, or 0: at the next backlog. */
int
mux_fair_judge_run(struct mux_fair_judge *judge, const char *name,
                   struct mux_thread **threads, size_t n_threads,
                   const struct mux_table *table, long long int now,
                   uint64_t now_ns, uint64_t lost)
{
    const struct mux_fair_options *options = &judge->options;
    bool off = options->overload == MUX_FAIR_NEVER && !options->max_pps;
    bool knows_lost = lost != UINT64_MAX;
    bool loses = judge->knows_lost && knows_lost && lost > judge->lost;
    bool ever_lost = knows_lost && lost > 0;
    bool backlogged = false;
    bool metered = false;
    bool begins = false;

    judge->now = now;
    judge->knows_lost = knows_lost;
    judge->lost = lost;
    if (ever_lost) {
        judge->blind = false;
    }

    for (size_t i = 0; i < n_threads; i++) {
        struct suspect *s = get_suspect(judge, i, threads[i]);
        uint32_t backlog;
        bool was_off;

        atomic_read_relaxed(&threads[i]->fair.off, &was_off);
        if (was_off != off) {
            atomic_store_relaxed(&threads[i]->fair.off, off);
            atomic_store_relaxed(&threads[i]->fair.backlog, 0);
        }
        atomic_read_relaxed(&threads[i]->fair.backlog, &backlog);

        bool late = (backlog >= MUX_FAIR_BACKLOG
                     && options->overload != MUX_FAIR_NEVER);
        bool is_short = late && (loses
                                 || options->overload == MUX_FAIR_QUEUE);
        backlogged |= late;
        if (s->meter) {
            examine(judge, s, loses, now_ns, now);
            if (!s->is_short && !options->max_pps) {
                suspect_stop(s);
            }
        } else if (is_short || options->max_pps) {
            suspect_start(s, now, now_ns);
            s->is_short = is_short;
            s->short_at = now;
        }
        watch_backlog(judge, s, late, ever_lost, name, now);
        metered |= s->meter != NULL;
        begins |= (s->meter
                   ? (s->is_short
                      && s->tick - s->begun < MUX_FAIR_FIRST_TICKS)
                   : late && now - s->late_at < QUIET_MS);
    }

    if (metered) {
        weigh(judge, table, now);
        decide_all(judge, name, table, now);
    } else {
        judge->n_tops = 0;
        judge->is_short = false;
    }
    return (begins ? MUX_FAIR_FIRST_TICK
            : metered || backlogged ? MUX_FAIR_TICK : 0);
}

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
#include <stdlib.h>
#include <string.h>

/* What is new about costs counts as much as a fifth of what was known. */
#define COST_GAIN 0.2

/* Fewer packets than these do not tell what one costs. */
#define COST_PACKETS 32

/* A cost that seems to have risen by more than this is taken for a pause, in
 * which something else was done. */
#define COST_RISE 1.25

/* How 'available' follows what is seen while queues overflow, and how it rises
 * otherwise. */
#define AVAILABLE_GAIN 0.3
#define AVAILABLE_RISE 1.01
#define MIN_AVAILABLE 0.2

/* How 'squeeze' changes in a tick, while queues overflow and otherwise. */
#define SQUEEZE_MORE 0.7
#define SQUEEZE_LESS 1.2

/* How much 'rate' may change in a tick. */
#define RATE_CHANGE 1.02

/* The part of the time it gets that a thread forwards at least, however many
 * packets come.  When so many come that queues overflow whatever is dropped,
 * to drop nearly all of them would help nobody. */
#define MIN_FORWARD 0.25

static int
compare_claims(const void *a_, const void *b_)
{
    const struct mux_fair_claim *a = a_;
    const struct mux_fair_claim *b = b_;

    /* In ascending order of demand / weight; those without weight last, in
     * ascending order of their demands. */
    if ((a->weight > 0) != (b->weight > 0)) {
        return a->weight > 0 ? -1 : 1;
    }

    double x = a->demand * (a->weight > 0 ? b->weight : 1);
    double y = b->demand * (a->weight > 0 ? a->weight : 1);
    return x < y ? -1 : x > y;
}

/* Divides 'capacity' between the 'n' 'claims', which it sorts, and stores the
 * share of each: not more than its demand, and that much if it is not above
 * the fair share. */
void
mux_fair_divide(struct mux_fair_claim *claims, size_t n, double capacity)
{
    double weights = 0;

    if (!n) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        weights += claims[i].weight;
    }
    qsort(claims, n, sizeof *claims, compare_claims);

    /* Once one asks for more than its part of what is left, all that follow
     * do, and the part of each does not change any more. */
    for (size_t i = 0; i < n; i++) {
        struct mux_fair_claim *c = &claims[i];
        double part = (c->weight > 0
                       ? capacity * MIN(c->weight / weights, 1)
                       : capacity / (n - i));

        c->share = MIN(c->demand, part);
        capacity = MAX(capacity - c->share, 0);
        weights -= c->weight;
    }
}

/* Returns the rate in the middle of 'bucket'. */
static double
bucket_rate(unsigned int bucket)
{
    return ldexp(1 + (bucket % 8 + .5) / 8, bucket / 8);
}

/* Returns how many packets pass if those of flows above 'level' are lost in
 * proportion to their excess. */
static double
passing(const double counts[MUX_FAIR_BUCKETS], double level)
{
    double sum = 0;

    for (unsigned int i = 0; i < MUX_FAIR_BUCKETS; i++) {
        sum += counts[i] * MIN(level / bucket_rate(i), 1);
    }
    return sum;
}

/* Returns the level that no flow may exceed so that 'allowed' packets pass of
 * those of which 'counts' are of flows with the rate of each bucket, in
 * packets within the window; infinity if all may pass.  Stores into '*passp'
 * the part of what passes that may pass: 1, unless the level would have to be
 * below MUX_FAIR_MIN_LEVEL. */
float
mux_fair_level(const double counts[MUX_FAIR_BUCKETS], double allowed,
               double *passp)
{
    double below = 0;           /* Packets in lower buckets. */
    double above = 0;           /* Packets / rate in this one and higher. */

    *passp = 1;
    for (unsigned int i = 0; i < MUX_FAIR_BUCKETS; i++) {
        below += counts[i];
    }
    if (allowed >= below) {
        return INFINITY;
    }

    /* Cap one bucket after the other, from the top, until the level is above
     * the rest. */
    for (int i = MUX_FAIR_BUCKETS - 1; i >= 0; i--) {
        below -= counts[i];
        above += counts[i] / bucket_rate(i);
        if (above > 0) {
            double level = (allowed - below) / above;

            if (level >= (i ? bucket_rate(i - 1) : 0)) {
                if (level < MUX_FAIR_MIN_LEVEL) {
                    break;
                }
                return level;
            }
        }
    }

    *passp = allowed / passing(counts, MUX_FAIR_MIN_LEVEL);
    *passp = MAX(MIN(*passp, 1), 0);
    return MUX_FAIR_MIN_LEVEL;
}

/* Ends 'n_ticks' ticks: what is older than the window is forgotten. */
void
mux_fair_sketch_advance(struct mux_fair_sketch *sketch, uint64_t n_ticks)
{
    if (n_ticks >= MUX_FAIR_TICKS) {
        memset(sketch, 0, sizeof *sketch);
        return;
    }
    for (; n_ticks; n_ticks--) {
        sketch->tick = (sketch->tick + 1) % MUX_FAIR_TICKS;

        uint32_t *sums = sketch->sums[0];
        uint32_t *old = sketch->ticks[sketch->tick][0];
        for (size_t i = 0; i < MUX_FAIR_ROWS * MUX_FAIR_COLUMNS; i++) {
            sums[i] -= old[i];
        }
        memset(old, 0, sizeof sketch->sums);
        sketch->totals[sketch->tick] = 0;
    }
}

/* Returns how many packets of the flow with 'hash' there were within the last
 * 'n_ticks' ticks, with the present one. */
uint32_t
mux_fair_sketch_count(const struct mux_fair_sketch *sketch, uint64_t hash,
                      unsigned int n_ticks)
{
    uint32_t least = UINT32_MAX;

    for (int i = 0; i < MUX_FAIR_ROWS; i++) {
        size_t j = mux_fair_sketch_column(hash, i);
        uint32_t n = 0;

        for (unsigned int k = 0; k < n_ticks; k++) {
            n += sketch->ticks[(sketch->tick + MUX_FAIR_TICKS - k)
                               % MUX_FAIR_TICKS][i][j];
        }
        least = MIN(least, n);
    }
    return least;
}

/* Returns how many packets each counter has on average within the last
 * 'n_ticks' ticks: of flows that happen to share it. */
float
mux_fair_sketch_noise(const struct mux_fair_sketch *sketch,
                      unsigned int n_ticks)
{
    float n = 0;

    for (unsigned int k = 0; k < n_ticks; k++) {
        n += sketch->totals[(sketch->tick + MUX_FAIR_TICKS - k)
                            % MUX_FAIR_TICKS];
    }
    return n / MUX_FAIR_COLUMNS;
}

void
mux_fair_capacity_init(struct mux_fair_capacity *c)
{
    *c = (struct mux_fair_capacity) {
        .available = 1,
        .squeeze = 1,
    };
}

static void
learn_cost(const struct mux_fair_capacity *c, double *cost,
           uint64_t ns, uint64_t packets)
{
    if (packets >= COST_PACKETS) {
        double latest = (double) ns / packets;

        if (!*cost) {
            *cost = latest;
        } else if (c->n_ticks < MUX_FAIR_FIRST_TICKS) {
            /* There may have been a pause in the first one. */
            *cost = MIN(*cost, latest);
        } else {
            latest = MIN(latest, COST_RISE * *cost);
            *cost += COST_GAIN * (latest - *cost);
        }
    }
}

/* Takes notice of what a thread did in a tick, and of whether it was behind:
 * its queues overflowed. */
void
mux_fair_capacity_learn(struct mux_fair_capacity *c,
                        const struct mux_fair_work *work, bool behind)
{
    learn_cost(c, &c->gap, work->gap_ns, work->gap_packets);
    learn_cost(c, &c->judge, work->judge_ns, work->arrived);
    learn_cost(c, &c->forward, work->forward_ns, work->forwarded);
    c->n_ticks += work->forwarded >= COST_PACKETS;
    if (behind && work->ns) {
        double busy = (work->arrived * mux_fair_capacity_cost(c)
                       + work->forwarded * c->forward) / work->ns;

        c->available += AVAILABLE_GAIN * (busy - c->available);
    } else {
        c->available *= AVAILABLE_RISE;
    }
    c->available = MAX(MIN(c->available, 1), MIN_AVAILABLE);
    c->squeeze = (behind
                  ? MAX(c->squeeze * SQUEEZE_MORE, MUX_FAIR_MIN_SQUEEZE)
                  : MIN(c->squeeze * SQUEEZE_LESS, 1));
}

/* Returns what a packet costs that is dropped, in nanoseconds. */
double
mux_fair_capacity_cost(const struct mux_fair_capacity *c)
{
    return c->gap + c->judge;
}

/* Returns the part of its time that a thread was busy. */
double
mux_fair_capacity_busy(const struct mux_fair_capacity *c,
                       const struct mux_fair_work *work)
{
    double ns = (work->arrived * c->gap + work->judge_ns + work->forward_ns);

    return work->ns ? MIN(ns / work->ns, 1) : 0;
}

/* Returns how many packets a second the thread can forward while 'arriving'
 * packets a second arrive; infinity if that is not known yet. */
double
mux_fair_capacity_rate(const struct mux_fair_capacity *c, double arriving)
{
    double left = (MUX_FAIR_BUSY * c->available
                   - arriving * mux_fair_capacity_cost(c) / 1e9);

    return (c->forward > 0
            ? (MAX(left, MIN_FORWARD * c->available) * 1e9
               / c->forward)
            : INFINITY);
}

/* Likewise, for a tick in which 'arriving' packets a second arrived, but
 * follows that only slowly.  That is what is to be divided: whoever is above
 * its share is squeezed at once if need be, but nobody gets above it because
 * of a pause or because of what has queued up meanwhile. */
double
mux_fair_capacity_follow(struct mux_fair_capacity *c, double arriving)
{
    double rate = mux_fair_capacity_rate(c, arriving);

    if (!(c->rate > 0) || isinf(c->rate)) {
        c->rate = rate;
    } else if (c->n_ticks <= MUX_FAIR_FIRST_TICKS) {
        c->rate = MAX(c->rate, rate);
    } else if (isfinite(rate)) {
        c->rate = MAX(MIN(rate, c->rate * RATE_CHANGE), c->rate / RATE_CHANGE);
    }
    return c->rate;
}

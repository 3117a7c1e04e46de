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

#ifndef MUX_FAIR_H
#define MUX_FAIR_H 1

/* Who loses what while there is not enough for all: the arithmetic.
 *
 * A mux that is short of something must drop packets.  Left to itself it drops
 * whatever comes when a queue is full, so that those who send little lose as
 * large a part of it as those who cause the shortage.  Here those lose who
 * take more than their fair share, and nobody else loses anything.
 *
 *
 * Shares
 * ======
 *
 * Fair is max-min: nobody gets more than they ask for, what they leave is
 * divided between those who ask for more, in proportion to their weights
 * (mux_fair_divide(); Bertsekas and Gallager, "Data Networks", 6.5.2).  VIPs
 * ask for what was sent to them in the last 100 ms, a sliding window
 * (mux_fair_window), and weigh as much as they have members.  Who sends at
 * rate r and has a share of s < r loses each packet with probability
 * (r - s) / r, its excess as a part of its rate, as the muxes of Ananta do it
 * (Patel et al., "Ananta: Cloud Scale Load Balancing", SIGCOMM 2013, 3.6.2).
 *
 * What a VIP is allowed is divided in the same way between its flows, all of
 * which weigh the same.  There may be any number of them, so they are not
 * listed.  A count-min sketch (Cormode and Muthukrishnan, "An improved data
 * stream summary", J. Algorithms 55, 2005) tells for each packet about how
 * many its flow has sent within the window: never too few, and with d = 4 rows
 * of w = 4096 counters more than e / w of all that was counted too many, that
 * is 0.07 %, with a probability of e^-4 at most.  A packet is lost with
 * probability (r - l) / r, where r is what the sketch says and l the level
 * that no flow may exceed.  (Nearly the rule of Stoica, Shenker and Zhang,
 * "Core-Stateless Fair Queueing", SIGCOMM 1998, and of Pan, Breslau, Prabhakar
 * and Shenker, "Approximate Fairness through Differential Dropping", CCR 33,
 * 2003.)  The level that leaves as much as is allowed follows from how many
 * packets were of flows of which rate, a histogram (mux_fair_level()): no
 * list of flows is needed for it either.
 *
 * A flow of less than MUX_FAIR_MIN_LEVEL packets within the window is not told
 * from others.  If the flows that remain are too much still, a flood of SYNs
 * from all over for example, all packets of the VIP are lost with the same
 * probability: it is the VIP that takes too much then.
 *
 *
 * Capacity
 * ========
 *
 * When a thread does not keep up its receive queues overflow, and what is lost
 * there is lost by anybody.  The mux does not even see it.  But a packet that
 * it drops costs less than one that it forwards: a packet costs A for being
 * received, parsed and judged, and B in addition for being forwarded.  A
 * thread that receives n packets a second can thus forward
 *
 *     (u - n * A) / B
 *
 * of them and be busy for a part u of its time.  With u a few percent below 1
 * the queues stay short and nothing is lost but what is dropped on purpose.
 * A and B are measured all the while (mux_fair_capacity).
 *
 * But as long as queues overflow nobody knows what is sent, only what is left
 * of it.  So whoever is above its share is squeezed further with each tick
 * that this goes on, to a part of its share, until the queues are short and
 * all that is sent is seen, and gets its share back in the ticks that follow.
 * The same helps when A and B are wrong.  Those below their share have no part
 * in it.
 *
 * Who that is must not depend on the moment.  While a thread works off what
 * has queued up, because of a pause or before anybody knew of the shortage,
 * more arrives than is sent, of everybody, which leaves less time to forward:
 * for some milliseconds it looks as if small ones were too much.  So what is
 * divided follows the formula by 2 % a tick only (mux_fair_capacity_follow()),
 * and all flows of a VIP lose only if they were too much for a whole window.
 *
 * A thread may also get less time than all, because of other work or other
 * threads on its core.  When its queues overflow it has used all that it got:
 * what it did then, at the cost that this has, is what counts as all.
 *
 * This has a limit: when n * A alone is more than the thread has, the queues
 * overflow whatever it drops.  That is at 1 + B / A times what it can forward,
 * or a little less. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"

/* The window, and the steps in which it slides. */
#define MUX_FAIR_TICK 10        /* Milliseconds. */
#define MUX_FAIR_TICKS 10
#define MUX_FAIR_WINDOW (MUX_FAIR_TICK * MUX_FAIR_TICKS)

/* When a shortage begins ticks are shorter at first, since the sooner it is
 * known who causes it, the less do others lose meanwhile. */
#define MUX_FAIR_FIRST_TICK 2   /* Milliseconds. */
#define MUX_FAIR_FIRST_TICKS 5

/* A count that only grows, as it was at the end of each of the last ticks. */
struct mux_fair_window {
    uint64_t then[MUX_FAIR_TICKS];
};

/* Returns by how much 'count' has grown within the last 'n' ticks, 1 to
 * MUX_FAIR_TICKS, of which 'tick' is about to end. */
static inline uint64_t
mux_fair_window_growth(const struct mux_fair_window *w, uint64_t count,
                       uint64_t tick, unsigned int n)
{
    return count - w->then[(tick - n) % MUX_FAIR_TICKS];
}

/* Ends 'tick', at the end of which the count is 'count'. */
static inline void
mux_fair_window_end(struct mux_fair_window *w, uint64_t count, uint64_t tick)
{
    w->then[tick % MUX_FAIR_TICKS] = count;
}

/* Somebody who asks for a part of what there is. */
struct mux_fair_claim {
    double demand;
    double weight;              /* 0: gets what others leave. */
    double share;               /* Set by mux_fair_divide(). */
    size_t who;                 /* The caller's. */
};

void mux_fair_divide(struct mux_fair_claim *, size_t n, double capacity);

/* How many packets were of flows that send how much: 8 buckets an octave. */
#define MUX_FAIR_BUCKETS (24 * 8)

/* A flow that sends fewer packets than this within the window is small,
 * whatever others send. */
#define MUX_FAIR_MIN_LEVEL 16

static inline unsigned int
mux_fair_bucket(float rate)
{
    union {
        float f;
        uint32_t u;
    } bits = { .f = rate };

    /* Exponent and the upper bits of the mantissa are a logarithm. */
    return (rate < 1 ? 0
            : MIN((bits.u >> 20) - (127 << 3), MUX_FAIR_BUCKETS - 1));
}

float mux_fair_level(const double counts[MUX_FAIR_BUCKETS], double allowed,
                     double *passp);

/* About how many packets of a flow there were within the window. */
#define MUX_FAIR_ROWS 4
#define MUX_FAIR_ROW_BITS 12
#define MUX_FAIR_COLUMNS (1 << MUX_FAIR_ROW_BITS)

struct mux_fair_sketch {
    uint32_t sums[MUX_FAIR_ROWS][MUX_FAIR_COLUMNS];
    uint32_t ticks[MUX_FAIR_TICKS][MUX_FAIR_ROWS][MUX_FAIR_COLUMNS];
    uint32_t totals[MUX_FAIR_TICKS]; /* Of all flows. */
    unsigned int tick;          /* In 'ticks', the present one. */
};

void mux_fair_sketch_advance(struct mux_fair_sketch *, uint64_t n_ticks);
uint32_t mux_fair_sketch_count(const struct mux_fair_sketch *, uint64_t hash,
                               unsigned int n_ticks);
float mux_fair_sketch_noise(const struct mux_fair_sketch *,
                            unsigned int n_ticks);

static inline size_t
mux_fair_sketch_column(uint64_t hash, int row)
{
    return hash >> (row * MUX_FAIR_ROW_BITS) & (MUX_FAIR_COLUMNS - 1);
}

/* Counts a packet of the flow with 'hash', which nobody else must be able to
 * predict.  Returns how many there were of it, with this one. */
static inline uint32_t
mux_fair_sketch_add(struct mux_fair_sketch *sketch, uint64_t hash)
{
    uint32_t least = UINT32_MAX;

    sketch->totals[sketch->tick]++;
    for (int i = 0; i < MUX_FAIR_ROWS; i++) {
        size_t j = mux_fair_sketch_column(hash, i);
        uint32_t n = ++sketch->sums[i][j];

        sketch->ticks[sketch->tick][i][j]++;
        least = MIN(least, n);
    }
    return least;
}

/* What a thread can do. */
#define MUX_FAIR_BUSY 0.93      /* Part of its time it is to be busy. */
#define MUX_FAIR_MIN_SQUEEZE 0.02

struct mux_fair_capacity {
    double gap;                 /* Costs of a packet outside of the mux... */
    double judge;               /* ...until it is known whether to drop... */
    double forward;             /* ...and of one that is not: nanoseconds. */
    unsigned int n_ticks;       /* That it has learned from. */
    double available;           /* Part of the time that it gets. */
    double squeeze;             /* Part of its share that who is above it
                                 * gets. */
    double rate;                /* Packets a second that are divided: it
                                 * follows what can be forwarded. */
};

/* What a thread did within some time, in numbers of packets and
 * nanoseconds. */
struct mux_fair_work {
    uint64_t ns;                /* That time. */
    uint64_t arrived;
    uint64_t forwarded;
    uint64_t full;              /* Those that came in full batches. */
    uint64_t judge_ns;          /* For all that arrived. */
    uint64_t forward_ns;        /* For those forwarded. */
    uint64_t gap_packets;       /* Those that waited while others were... */
    uint64_t gap_ns;            /* ...worked at, and what passed between. */
};

void mux_fair_capacity_init(struct mux_fair_capacity *);
void mux_fair_capacity_learn(struct mux_fair_capacity *,
                             const struct mux_fair_work *, bool behind);
double mux_fair_capacity_cost(const struct mux_fair_capacity *);
double mux_fair_capacity_busy(const struct mux_fair_capacity *,
                              const struct mux_fair_work *);
double mux_fair_capacity_rate(const struct mux_fair_capacity *,
                              double arriving);
double mux_fair_capacity_follow(struct mux_fair_capacity *, double arriving);

#endif /* ovs-ext/mux-fair.h */

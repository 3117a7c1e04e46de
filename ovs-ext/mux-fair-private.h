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

#ifndef MUX_FAIR_PRIVATE_H
#define MUX_FAIR_PRIVATE_H 1

/* What a judge (mux-fair-judge.h) remembers: for itself, and for
 * mux-fair-report.c, which tells about it. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ovs-ext/mux-fair-judge.h"
#include "ovs-ext/mux-fair.h"
#include "util.h"

struct mux_fair_meter;
struct mux_thread;
struct mux_vips;

/* Time for which there must be enough until a shortage is over, for which
 * flows of a VIP that does not send too much any more are still counted, and
 * after which a backlog without a shortage is no reason to hurry. */
#define QUIET_MS 1000

/* Time after which a backlog without a lost packet lets one wonder whether the
 * underlay counts them at all. */
#define BLIND_MS 5000

/* VIPs that are told about. */
#define MAX_TOP 16

/* What the meter of a thread counts, in the order of "struct
 * mux_fair_work". */
enum {
    NS, ARRIVED, FORWARDED, FULL, JUDGE_NS, FORWARD_NS, GAP_PACKETS, GAP_NS,
    N_COUNTS
};
BUILD_ASSERT_DECL(sizeof(struct mux_fair_work)
                  == N_COUNTS * sizeof(uint64_t));

/* A VIP, for a thread. */
struct row {
    uint32_t counter;           /* Of the VIP. */
    struct mux_fair_window packets;
    size_t heavy;               /* Of "heavies", plus 1; or 0. */
    uint64_t tick;              /* When it was last decided about... */
    bool restrained;            /* ...and not all may pass since. */
    double demand;              /* Packets a second, then... */
    double share;               /* ...and what passes of it. */
};

/* One of the VIPs whose flows a thread tells from each other. */
struct heavy {
    bool used;
    uint32_t counter;           /* Of the VIP. */
    long long int since;
    long long int over_at;      /* When it last sent too much. */
    uint64_t since_tick;
    struct mux_fair_window windows[MUX_FAIR_BUCKETS];
    double counts[MUX_FAIR_BUCKETS]; /* Within the window. */
    double total;               /* Their sum. */
};

/* A thread with its meter. */
struct suspect {
    struct mux_thread *thread;
    struct mux_fair_meter *meter; /* Null if it has none. */
    long long int late_at;      /* Since when it has a backlog, 0 if it has
                                 * none. */
    bool asked;                 /* Whether that is still so. */

    uint64_t tick;              /* Ticks since it has the meter. */
    uint64_t base;              /* From when on counts are to be believed. */
    uint64_t start_ns;
    uint64_t counts[N_COUNTS];
    struct mux_fair_window windows[N_COUNTS];
    struct mux_fair_work work;  /* Within the window. */
    double seconds;             /* Its length. */
    double span;                /* The length of a whole one. */
    struct mux_fair_capacity capacity;
    double rate;                /* That it can forward, packets a second. */

    bool is_short;              /* Of time. */
    long long int short_at;     /* When it last was. */
    long long int behind_at;    /* When it last did not keep up... */
    uint64_t begun;             /* ...and in which tick that began. */

    struct row *rows;
    size_t n_rows, allocated_rows;
    struct heavy *heavies;      /* MUX_FAIR_HEAVIES of them. */

    /* By place of the VIP in the table, during a tick. */
    double *demands;            /* Packets a second. */
    float *parts;               /* That may pass for want of time. */
};

/* Who is told about. */
struct top {
    uint32_t network;
    uint32_t counter;
    struct in6_addr address;
    double weight;
    double demand;
    double share;
};

struct mux_fair_judge {
    struct mux_fair_options options;
    long long int now;          /* When it last ran. */
    uint64_t lost;              /* Packets, then. */
    bool knows_lost;
    bool blind;                 /* Seems not to be told of lost packets. */

    struct suspect **suspects;  /* One a thread. */
    size_t n_suspects;

    bool is_short;              /* Somebody is to lose something. */
    uint64_t n_shortages;
    struct top tops[MAX_TOP];
    size_t n_tops;

    /* Members of each VIP, by place in the table. */
    double *weights;
    size_t n_weights;
    const struct mux_vips *weighed; /* Only to be compared. */
    unsigned long long int weighed_transaction;
    long long int weighed_at;
};

/* Does 'judge' go by lost packets, which the underlay seems not to count? */
static inline bool
judge_is_blind(const struct mux_fair_judge *judge)
{
    return judge->blind && judge->options.overload == MUX_FAIR_LOSS;
}

#endif /* ovs-ext/mux-fair-private.h */

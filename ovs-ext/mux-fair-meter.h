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

#ifndef MUX_FAIR_METER_H
#define MUX_FAIR_METER_H 1

/* Fairness, as far as threads that forward have to do with it.
 *
 * While there is no shortage a thread only notes how full its batches are
 * (mux_fair_enter()), a handful of instructions a batch.  When there is one,
 * mux-fair-judge.h gives the thread a meter.  Then it also counts, before it
 * looks for the endpoint of a packet, what comes for each VIP, takes the time
 * that its work takes, and drops what the judge has decided
 * (mux_fair_admit()).  What is answered is asked about like what is forwarded;
 * what is refused, a bad checksum for example, counts as well, since it takes
 * time that others lack: all of a kind that comes from one address as a flow.
 *
 * The judge looks at the meter once a tick, in another thread, and writes its
 * decisions into it: for each VIP whether all pass, or which part, or that
 * flows are to be told from each other, which is possible for MUX_FAIR_HEAVIES
 * VIPs at a time.  Nobody waits for anybody.
 *
 *
 * Is a thread short of time?
 * ==========================
 *
 * Open vSwitch does not tell how busy a PMD thread is, but how it receives
 * does.  It takes up to 32 packets at a time from a queue.  While it keeps up
 * it finds fewer, since there are only those that came while it worked at the
 * last ones; with fixed costs of some packets' worth for each look it finds 32
 * time and again only when it does not keep up.  So a full batch adds to what
 * we call the backlog, and any other takes from it.
 *
 * A backlog is no shortage yet: a source that waits until it is asked, such as
 * a capture that is replayed, causes one and loses nothing, nor does a burst
 * that the queue has room for.  So the judge also wants to see packets lost in
 * front of the thread, if the underlay can tell. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "ovs-atomic.h"
#include "ovs-ext/mux-fair.h"
#include "ovs-thread.h"

struct mux_flight;

/* Packets in a full batch, NETDEV_MAX_BURST. */
#define MUX_FAIR_BATCH 32

/* VIPs whose flows can be told from each other, of a thread at a time. */
#define MUX_FAIR_HEAVIES 64

/* Flows of such a VIP that are remembered by name, to be told about. */
#define MUX_FAIR_FLOWS 8

/* Objects in a chunk of counters, see mux-thread.h. */
#define MUX_FAIR_CHUNK 1024
#define MUX_FAIR_CHUNKS 8192

/* A VIP, for a thread. */
struct mux_fair_vip {
    atomic_uint64_t packets;    /* That came. */

    /* By the judge.  0 if all may pass.  Otherwise the lower 32 bits say which
     * part may pass, of UINT32_MAX, of what is left when heavy flows have lost
     * their excess, and the others which of "heavies" it is, plus 1. */
    atomic_uint64_t decision;
};

struct mux_fair_chunk {
    struct mux_fair_vip vips[MUX_FAIR_CHUNK];
    uint32_t rows[MUX_FAIR_CHUNK]; /* Of the judge. */
};

/* A flow that sends much. */
struct mux_fair_flow {
    uint64_t hash;
    uint64_t src[2];            /* IPv4 as IPv4-mapped. */
    uint16_t sport, dport;
    uint8_t protocol;
    float rate;                 /* Packets within a window... */
    long long int seen_at;      /* ...until then. */
};

/* A VIP whose flows are told from each other. */
struct mux_fair_heavy {
    /* By the judge. */
    ATOMIC(long long int) since; /* When the sketch began to count. */
    ATOMIC(float) level;        /* Packets a flow may send within a window. */
    ATOMIC(float) cap;          /* Those that pass if it sends more. */

    /* Packets, by how much their flow sends. */
    atomic_uint64_t counts[MUX_FAIR_BUCKETS];

    struct ovs_mutex mutex;
    struct mux_fair_flow flows[MUX_FAIR_FLOWS] OVS_GUARDED;

    /* The thread's own: from how many ticks it counts, what of it is others',
     * what makes the rest a rate, and when all that was true. */
    unsigned int n_ticks;
    float noise;
    float scale;
    long long int scaled_at;
};

struct mux_fair_meter {
    /* Only the thread writes, the judge reads. */
    atomic_uint64_t arrived;
    atomic_uint64_t forwarded;
    atomic_uint64_t full;
    atomic_uint64_t judge_ns;
    atomic_uint64_t forward_ns;
    atomic_uint64_t gap_packets;
    atomic_uint64_t gap_ns;
    ATOMIC(struct mux_fair_chunk *) chunks[MUX_FAIR_CHUNKS];

    /* The thread's own. */
    uint64_t entered, judged, left; /* Times of the present batch: 0 if the
                                     * thread had no meter then. */
    bool was_full;
    uint32_t seed;
    long long int started_at;   /* By time_msec(). */
    long long int tick;
    struct mux_fair_sketch *sketch;

    struct mux_fair_heavy heavies[MUX_FAIR_HEAVIES];
};

/* What a thread has all the time. */
struct mux_fair_thread {
    atomic_bool off;            /* By the judge: nothing of this is wanted. */
    atomic_uint32_t backlog;
    ATOMIC(struct mux_fair_meter *) meter; /* Null while there is no
                                            * shortage. */
};

/* Backlog: what a full batch adds, from when on it is one, and its limit. */
#define MUX_FAIR_FULL 64
#define MUX_FAIR_BACKLOG (16 * MUX_FAIR_FULL)
#define MUX_FAIR_MAX_BACKLOG (32 * MUX_FAIR_FULL)

struct mux_fair_meter *mux_fair_meter_create(long long int now);
void mux_fair_meter_destroy(struct mux_fair_meter *);

void mux_fair_meter_enter(struct mux_fair_meter *, size_t n, uint64_t now_ns);
void mux_fair_meter_judged(struct mux_fair_meter *, uint64_t now_ns);
void mux_fair_meter_leave(struct mux_fair_meter *, size_t n_sent,
                          uint64_t now_ns);
bool mux_fair_admit(struct mux_fair_meter *, const struct mux_flight *,
                    uint32_t counter, long long int now);

static inline uint64_t
mux_fair_nsec(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

/* Returns the meter of the calling thread, or null if there is none.  It may
 * be used until the thread quiesces. */
static inline struct mux_fair_meter *
mux_fair_thread_meter(const struct mux_fair_thread *t)
{
    struct mux_fair_meter *meter;

    atomic_read_explicit(&CONST_CAST(struct mux_fair_thread *, t)->meter,
                         &meter, memory_order_consume);
    return meter;
}

/* Adds a batch of 'n' packets to the backlog of the calling thread.  Returns
 * true if one begins. */
static inline bool
mux_fair_add_backlog(struct mux_fair_thread *t, size_t n)
{
    bool begins = false;
    uint32_t backlog;

    atomic_read_relaxed(&t->backlog, &backlog);
    if (n >= MUX_FAIR_BATCH) {
        if (backlog < MUX_FAIR_MAX_BACKLOG) {
            begins = (backlog < MUX_FAIR_BACKLOG
                      && backlog + MUX_FAIR_FULL >= MUX_FAIR_BACKLOG);
            atomic_store_relaxed(&t->backlog, backlog + MUX_FAIR_FULL);
        }
    } else if (backlog) {
        atomic_store_relaxed(&t->backlog, backlog > n ? backlog - n : 0);
    }
    return begins;
}

/* Takes notice that the calling thread has got a batch of 'n' packets.
 * Returns true if the judge must be told that there is a backlog now. */
static inline bool
mux_fair_enter(struct mux_fair_thread *t, size_t n)
{
    struct mux_fair_meter *meter;
    bool off;

    atomic_read_relaxed(&t->off, &off);
    if (OVS_UNLIKELY(off)) {
        return false;
    }
    meter = mux_fair_thread_meter(t);
    if (OVS_UNLIKELY(meter)) {
        mux_fair_meter_enter(meter, n, mux_fair_nsec());
    }
    return mux_fair_add_backlog(t, n);
}

/* Takes notice that the calling thread is through with its batch, of which it
 * has sent 'n_sent' packets. */
static inline void
mux_fair_leave(struct mux_fair_thread *t, size_t n_sent)
{
    struct mux_fair_meter *meter = mux_fair_thread_meter(t);

    if (OVS_UNLIKELY(meter)) {
        mux_fair_meter_leave(meter, n_sent, mux_fair_nsec());
    }
}

#endif /* ovs-ext/mux-fair-meter.h */

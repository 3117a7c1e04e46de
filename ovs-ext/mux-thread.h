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


#ifndef MUX_THREAD_H
#define MUX_THREAD_H 1

/* What a sending thread has for itself: figures and limits.
 *
 * A thread that forwards counts in memory that no other one writes, so it
 * never waits for a cache line.  Others add up what all threads have counted
 * when somebody asks.
 *
 * Besides the counters of the port (mux-forward.h) there are those of VIPs,
 * endpoints and members.  Such an object has a number, its "counter", from
 * mux_counter_alloc(); tables have it beside what the packet reads anyway.  A
 * thread has memory for the objects that it has seen packets of, in chunks
 * that it allocates itself, once.
 *
 * A number that is given back must not be in use by any thread, so its last
 * table must have gone through an RCU grace period. */

#include <stddef.h>
#include <stdint.h>

#include "openvswitch/list.h"
#include "ovs-atomic.h"
#include "ovs-ext/mux-fair-meter.h"
#include "ovs-ext/mux-forward.h"
#include "ovs-ext/mux-fragment.h"
#include "util.h"

/* The counter of objects that have none: not looked at by anybody. */
#define MUX_NO_COUNTER 0

uint32_t mux_counter_alloc(void);
void mux_counter_free(void *counter);

/* What was counted of an object that is no more may go on to count for another
 * one, its heir: so the figures of a VIP, which are those of its endpoints,
 * never become less. */
struct mux_legacy *mux_counter_bequeath(uint32_t counter, uint32_t heir);
void mux_legacy_settle(void *legacy);

/* What was not sent to a host, by reason. */
struct mux_drops {
    atomic_uint64_t n[MUX_N_COUNTERS - MUX_FIRST_REASON];
};

/* What a thread has counted of an object. */
struct mux_count {
    atomic_uint64_t packets;    /* Forwarded... */
    atomic_uint64_t bytes;      /* ...as they were received. */
    atomic_uint64_t syns;       /* Of them, those that start a connection. */
    ATOMIC(struct mux_drops *) drops; /* Null as long as there are none. */
};

#define MUX_COUNT_CHUNK 1024
#define MUX_N_CHUNKS 8192

struct mux_count_chunk {
    struct mux_count counts[MUX_COUNT_CHUNK];
};

/* Answers that a thread may give, by kind.  Each has a limit of its own, so
 * that nobody can keep a sender from learning its path's MTU by having the mux
 * answer something else; and each VIP has its own, so that a flood of one does
 * not keep the others' senders from it.  What all VIPs may have together is
 * limited as well, far above that. */
enum mux_limit_kind {
    MUX_LIMIT_ECHO,             /* Replies to echo requests. */
    MUX_LIMIT_TOO_BIG,          /* Packet too big, fragmentation needed. */
    MUX_LIMIT_OTHER,            /* Time exceeded, unreachable, RST. */
    MUX_N_ANSWER_LIMITS,

    /* No answer, and not of VIPs: packets for another mux. */
    MUX_LIMIT_HAND_ON = MUX_N_ANSWER_LIMITS,
    MUX_N_LIMITS
};

/* Answers of a kind a second, and at once, that a thread gives for a VIP. */
#define MUX_LIMIT_RATE 1000
#define MUX_LIMIT_BURST 200

/* Times as many are given for all VIPs, or packets handed on. */
#define MUX_LIMIT_TOTAL_FACTOR 100
#define MUX_LIMIT_HAND_ON_FACTOR 10

struct mux_limit {
    long long int filled_at;    /* By time_msec(). */
    uint32_t tokens;
};

/* A thread has room for the limits of so many VIPs, of each kind, that have
 * been answered for a moment ago.  A VIP has a place in one of a few entries;
 * one that has had time to fill up is as good as a new one.  If there is none
 * of these either, VIPs share. */
#define MUX_N_VIP_LIMITS 1024
#define MUX_VIP_LIMIT_WAYS 4

struct mux_vip_limit {
    struct mux_limit limit;
    uint32_t counter;           /* Of the VIP. */
};

struct mux_thread {
    struct ovs_list list_node;  /* Empty if it is hidden. */

    /* Only this thread writes, others read. */
    OVS_ALIGNED_VAR(CACHE_LINE_SIZE) atomic_uint64_t n[MUX_N_COUNTERS];
    ATOMIC(struct mux_count_chunk *) chunks[MUX_N_CHUNKS];

    struct mux_limit limits[MUX_N_LIMITS];
    struct mux_vip_limit vip_limits[MUX_N_ANSWER_LIMITS][MUX_N_VIP_LIMITS];
    struct mux_fair_thread fair;

    struct mux_fragments *fragments; /* Shared with others. */
    struct mux_released released; /* Fragments to be forwarded next. */
};

struct mux_thread *mux_thread_create(struct mux_fragments *);
struct mux_thread *mux_thread_create_hidden(struct mux_fragments *);
void mux_thread_destroy(struct mux_thread *);

void mux_thread_add(struct mux_thread *, const struct mux_counters *);
void mux_thread_read(const struct mux_thread *, struct mux_counters *total);

bool mux_thread_may_answer(struct mux_thread *, enum mux_limit_kind,
                           uint32_t counter, long long int now);
bool mux_thread_may_hand_on(struct mux_thread *, long long int now);

/* The figures of an object, of all threads together. */
struct mux_figures {
    uint64_t packets;
    uint64_t bytes;
    uint64_t syns;
    uint64_t drops[MUX_N_COUNTERS - MUX_FIRST_REASON];
};

void mux_figures_add(struct mux_figures *, uint32_t counter);
void mux_figures_sum(struct mux_figures *, const struct mux_figures *);

struct mux_count *mux_thread_new_count(struct mux_thread *, uint32_t counter);
void mux_thread_count_drop(struct mux_thread *, uint32_t counter,
                           enum mux_counter reason);

static inline struct mux_count *
mux_thread_get_count(struct mux_thread *thread, uint32_t counter)
{
    struct mux_count_chunk *chunk;

    atomic_read_relaxed(&thread->chunks[counter / MUX_COUNT_CHUNK], &chunk);
    return (OVS_LIKELY(chunk)
            ? &chunk->counts[counter % MUX_COUNT_CHUNK]
            : mux_thread_new_count(thread, counter));
}

static inline void
mux_add_relaxed(atomic_uint64_t *counter, uint64_t n)
{
    uint64_t old;

    atomic_read_relaxed(counter, &old);
    atomic_store_relaxed(counter, old + n);
}

/* Counts a packet that is forwarded. */
static inline void
mux_count_packet(struct mux_count *count, uint32_t bytes, bool syn)
{
    mux_add_relaxed(&count->packets, 1);
    mux_add_relaxed(&count->bytes, bytes);
    if (OVS_UNLIKELY(syn)) {
        mux_add_relaxed(&count->syns, 1);
    }
}

#endif /* ovs-ext/mux-thread.h */

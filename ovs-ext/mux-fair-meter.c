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

#include "ovs-ext/mux-fair-meter.h"

#include <math.h>
#include <string.h>

#include "ovs-ext/mux-flight.h"
#include "ovs-ext/mux-thread.h"
#include "util.h"

BUILD_ASSERT_DECL(MUX_FAIR_BATCH == NETDEV_MAX_BURST);

/* One in so many packets above the level has its flow remembered. */
#define SAMPLE 16

/* A flow that was not seen for so long makes room for another. */
#define FLOW_MS 1000

struct mux_fair_meter *
mux_fair_meter_create(long long int now)
{
    struct mux_fair_meter *meter = xzalloc_cacheline(sizeof *meter);

    meter->seed = 1;
    meter->started_at = now;
    meter->tick = now / MUX_FAIR_TICK;
    meter->sketch = xzalloc_cacheline(sizeof *meter->sketch);
    for (size_t i = 0; i < MUX_FAIR_HEAVIES; i++) {
        ovs_mutex_init(&meter->heavies[i].mutex);
    }
    return meter;
}

/* Destroys 'meter', which no thread may use any more. */
void
mux_fair_meter_destroy(struct mux_fair_meter *meter)
{
    if (!meter) {
        return;
    }
    for (size_t i = 0; i < MUX_FAIR_CHUNKS; i++) {
        struct mux_fair_chunk *chunk;

        atomic_read_relaxed(&meter->chunks[i], &chunk);
        free_cacheline(chunk);
    }
    for (size_t i = 0; i < MUX_FAIR_HEAVIES; i++) {
        ovs_mutex_destroy(&meter->heavies[i].mutex);
    }
    free_cacheline(meter->sketch);
    free_cacheline(meter);
}

/* The calling thread has got a batch of 'n' packets at 'now_ns'. */
void
mux_fair_meter_enter(struct mux_fair_meter *meter, size_t n, uint64_t now_ns)
{
    bool full = n >= MUX_FAIR_BATCH;

    meter->entered = now_ns;
    mux_add_relaxed(&meter->arrived, n);
    if (full) {
        mux_add_relaxed(&meter->full, n);
        if (meter->was_full) {
            /* They were waiting already, so all that time was work. */
            mux_add_relaxed(&meter->gap_packets, n);
            mux_add_relaxed(&meter->gap_ns, meter->entered - meter->left);
        }
    }
    meter->was_full = full;
}

/* At 'now_ns' it has decided which of the packets to forward. */
void
mux_fair_meter_judged(struct mux_fair_meter *meter, uint64_t now_ns)
{
    if (meter->entered) {
        meter->judged = now_ns;
        mux_add_relaxed(&meter->judge_ns, meter->judged - meter->entered);
    }
}

/* At 'now_ns' it has sent 'n_sent' of them. */
void
mux_fair_meter_leave(struct mux_fair_meter *meter, size_t n_sent,
                     uint64_t now_ns)
{
    meter->left = now_ns;
    if (n_sent && meter->judged) {
        mux_add_relaxed(&meter->forwarded, n_sent);
        mux_add_relaxed(&meter->forward_ns, meter->left - meter->judged);
    }
    meter->judged = 0;
}

static uint32_t
next_random(struct mux_fair_meter *meter)
{
    /* Marsaglia, "Xorshift RNGs", 2003. */
    uint32_t x = meter->seed;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    meter->seed = x;
    return x;
}

static struct mux_fair_vip *
get_vip(struct mux_fair_meter *meter, uint32_t counter)
{
    ATOMIC(struct mux_fair_chunk *) *chunkp
        = &meter->chunks[counter / MUX_FAIR_CHUNK];
    struct mux_fair_chunk *chunk;

    atomic_read_relaxed(chunkp, &chunk);
    if (OVS_UNLIKELY(!chunk)) {
        chunk = xzalloc_cacheline(sizeof *chunk);
        atomic_store_explicit(chunkp, chunk, memory_order_release);
    }
    return &chunk->vips[counter % MUX_FAIR_CHUNK];
}

/* Remembers the flow of 'f'. */
static void
remember(struct mux_fair_heavy *heavy, const struct mux_flight *f, float rate,
         long long int now)
{
    struct mux_fair_flow *flow = NULL;

    if (ovs_mutex_trylock(&heavy->mutex)) {
        return;
    }
    for (size_t i = 0; i < MUX_FAIR_FLOWS; i++) {
        struct mux_fair_flow *other = &heavy->flows[i];

        if (other->hash == f->hash) {
            flow = other;
            break;
        }
        if (now - other->seen_at > FLOW_MS) {
            other->rate = 0;
        }
        if (other->rate < rate && (!flow || other->rate < flow->rate)) {
            flow = other;
        }
    }
    if (flow) {
        *flow = (struct mux_fair_flow) {
            .hash = f->hash,
            .sport = f->sport,
            .dport = f->dport,
            .protocol = f->protocol,
            .rate = rate,
            .seen_at = now,
        };
        mux_flight_get_source(f, flow->src);
    }
    ovs_mutex_unlock(&heavy->mutex);
}

static void
advance(struct mux_fair_meter *meter, long long int now)
{
    long long int tick = now / MUX_FAIR_TICK;

    if (tick > meter->tick) {
        mux_fair_sketch_advance(meter->sketch, tick - meter->tick);
        meter->tick = tick;
    }
}

/* Finds out what counts of the sketch mean for 'heavy' from 'now' on. */
static void
rescale(struct mux_fair_meter *meter, struct mux_fair_heavy *heavy,
        long long int now)
{
    long long int first = meter->tick - MUX_FAIR_TICKS + 1;
    long long int start = first * MUX_FAIR_TICK;
    long long int since;

    atomic_read_relaxed(&heavy->since, &since);
    first = MIN(MAX(first, since / MUX_FAIR_TICK), meter->tick);
    start = MAX(start, since);
    heavy->n_ticks = meter->tick - first + 1;
    heavy->noise = mux_fair_sketch_noise(meter->sketch, heavy->n_ticks);
    heavy->scale = (now - start >= MUX_FAIR_FIRST_TICK
                    ? (float) MUX_FAIR_WINDOW / (now - start) : 0);
    heavy->scaled_at = now;
}

/* Counts a packet of the flow with 'hash' of a VIP.  Returns how many there
 * are of it within a whole window, or a negative number if that is not known
 * yet. */
static float
estimate(struct mux_fair_meter *meter, struct mux_fair_heavy *heavy,
         uint64_t hash, long long int now)
{
    uint32_t count;

    advance(meter, now);
    count = mux_fair_sketch_add(meter->sketch, hash);
    if (heavy->scaled_at != now) {
        rescale(meter, heavy, now);
    }
    if (!heavy->scale) {
        return -1;
    }
    if (heavy->n_ticks < MUX_FAIR_TICKS) {
        count = mux_fair_sketch_count(meter->sketch, hash, heavy->n_ticks);
    }
    return count > heavy->noise ? (count - heavy->noise) * heavy->scale : 0;
}

/* Counts the packet of 'f', which is for the VIP with 'counter'.  Returns
 * false if it must be dropped. */
bool
mux_fair_admit(struct mux_fair_meter *meter, const struct mux_flight *f,
               uint32_t counter, long long int now)
{
    struct mux_fair_vip *vip = get_vip(meter, counter);
    uint64_t decision;

    mux_add_relaxed(&vip->packets, 1);
    atomic_read_relaxed(&vip->decision, &decision);
    if (OVS_LIKELY(!decision)) {
        return true;
    }

    uint32_t number = decision >> 32;
    if (number) {
        struct mux_fair_heavy *heavy = &meter->heavies[number - 1];
        float rate = estimate(meter, heavy, f->hash, now);
        float level, cap;

        atomic_read_relaxed(&heavy->level, &level);
        atomic_read_relaxed(&heavy->cap, &cap);
        if (rate >= 0) {
            uint32_t random = next_random(meter);

            mux_add_relaxed(&heavy->counts[mux_fair_bucket(rate)], 1);
            if (rate > level) {
                if (random % SAMPLE == 0) {
                    remember(heavy, f, rate, now);
                }
                if (random * rate > cap * UINT32_MAX) {
                    return false;
                }
            }
        }
    }
    return next_random(meter) <= (uint32_t) decision;
}

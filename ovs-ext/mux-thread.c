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

#include "ovs-ext/mux-thread.h"

#include "dp-packet.h"
#include "hash.h"
#include "lib/huge.h"
#include "openvswitch/hmap.h"
#include "ovs-thread.h"

/* Numbers there are.  Number 0 is MUX_NO_COUNTER. */
#define MAX_COUNTERS (MUX_COUNT_CHUNK * MUX_N_CHUNKS)

static struct ovs_mutex mutex = OVS_MUTEX_INITIALIZER;
static struct ovs_list threads OVS_GUARDED_BY(mutex)
    = OVS_LIST_INITIALIZER(&threads);

/* Numbers ever given, and those given back. */
static uint32_t n_counters OVS_GUARDED_BY(mutex) = 1;
static uint32_t *free_counters OVS_GUARDED_BY(mutex);
static size_t n_free OVS_GUARDED_BY(mutex);
static size_t allocated_free OVS_GUARDED_BY(mutex);

/* An object that goes on to count what was counted of others. */
struct heir {
    struct hmap_node node;      /* In 'heirs'. */
    uint32_t counter;
    struct mux_figures figures; /* Of those that have been settled. */
    struct ovs_list legacies;   /* Contains those that have not. */
};

static struct hmap heirs OVS_GUARDED_BY(mutex) = HMAP_INITIALIZER(&heirs);

struct mux_legacy {
    struct ovs_list list_node;
    struct heir *heir;          /* Null if it is no more, either. */
    uint32_t counter;           /* Of the object that is no more. */
};

/* Returns a number whose figures are zero, or MUX_NO_COUNTER if there are none
 * left. */
uint32_t
mux_counter_alloc(void)
{
    uint32_t counter = MUX_NO_COUNTER;

    ovs_mutex_lock(&mutex);
    if (n_free) {
        counter = free_counters[--n_free];
    } else if (n_counters < MAX_COUNTERS) {
        counter = n_counters++;
    }
    ovs_mutex_unlock(&mutex);
    return counter;
}

/* Returns what 'thread' has counted under 'counter', or null. */
static struct mux_count *
find_count(const struct mux_thread *thread, uint32_t counter)
{
    struct mux_count_chunk *chunk;

    atomic_read_explicit(
        &CONST_CAST(struct mux_thread *, thread)->chunks[counter
                                                         / MUX_COUNT_CHUNK],
        &chunk, memory_order_acquire);
    return chunk ? &chunk->counts[counter % MUX_COUNT_CHUNK] : NULL;
}

static struct mux_drops *
get_drops(struct mux_count *count)
{
    struct mux_drops *drops;

    atomic_read_explicit(&count->drops, &drops, memory_order_acquire);
    return drops;
}

/* Adds to '*figures' what all threads have counted under 'counter'. */
static void
add_counted(struct mux_figures *figures, uint32_t counter)
    OVS_REQUIRES(mutex)
{
    struct mux_thread *thread;

    LIST_FOR_EACH (thread, list_node, &threads) {
        struct mux_count *count = find_count(thread, counter);
        struct mux_drops *drops = count ? get_drops(count) : NULL;
        uint64_t n;

        if (count) {
            atomic_read_relaxed(&count->packets, &n);
            figures->packets += n;
            atomic_read_relaxed(&count->bytes, &n);
            figures->bytes += n;
            atomic_read_relaxed(&count->syns, &n);
            figures->syns += n;
        }
        for (size_t i = 0; drops && i < ARRAY_SIZE(drops->n); i++) {
            atomic_read_relaxed(&drops->n[i], &n);
            figures->drops[i] += n;
        }
    }
}

static struct heir *
find_heir(uint32_t counter)
    OVS_REQUIRES(mutex)
{
    struct heir *h;

    HMAP_FOR_EACH_WITH_HASH (h, node, hash_int(counter, 0), &heirs) {
        if (h->counter == counter) {
            return h;
        }
    }
    return NULL;
}

/* Sets what all threads have counted under 'counter' to zero, and gives the
 * number back. */
static void
free_counter(uint32_t counter)
    OVS_REQUIRES(mutex)
{
    struct mux_thread *thread;

    LIST_FOR_EACH (thread, list_node, &threads) {
        struct mux_count *count = find_count(thread, counter);

        if (count) {
            struct mux_drops *drops = get_drops(count);

            atomic_store_relaxed(&count->packets, 0);
            atomic_store_relaxed(&count->bytes, 0);
            atomic_store_relaxed(&count->syns, 0);
            for (size_t i = 0; drops && i < ARRAY_SIZE(drops->n); i++) {
                atomic_store_relaxed(&drops->n[i], 0);
            }
        }
    }
    if (n_free >= allocated_free) {
        free_counters = x2nrealloc(free_counters, &allocated_free,
                                   sizeof *free_counters);
    }
    free_counters[n_free++] = counter;
}

/* Gives back the number 'counter', an uint32_t, which no thread may use any
 * more. */
void
mux_counter_free(void *counter_)
{
    uint32_t counter = (uintptr_t) counter_;

    ovs_mutex_lock(&mutex);
    struct heir *heir = find_heir(counter);
    if (heir) {
        struct mux_legacy *l;

        LIST_FOR_EACH_POP (l, list_node, &heir->legacies) {
            l->heir = NULL;
        }
        hmap_remove(&heirs, &heir->node);
        free(heir);
    }
    free_counter(counter);
    ovs_mutex_unlock(&mutex);
}

/* From now on, what has been and, as long as threads use it, still is counted
 * under 'counter' counts for that of 'heir', too.  Returns what the caller is
 * to settle when no thread uses 'counter' any more, which gives that back. */
struct mux_legacy *
mux_counter_bequeath(uint32_t counter, uint32_t heir)
{
    struct mux_legacy *l = xzalloc(sizeof *l);

    ovs_mutex_lock(&mutex);
    struct heir *h = find_heir(heir);
    if (!h) {
        h = xzalloc(sizeof *h);
        h->counter = heir;
        ovs_list_init(&h->legacies);
        hmap_insert(&heirs, &h->node, hash_int(heir, 0));
    }
    l->counter = counter;
    l->heir = h;
    ovs_list_push_back(&h->legacies, &l->list_node);
    ovs_mutex_unlock(&mutex);
    return l;
}

void
mux_legacy_settle(void *legacy)
{
    struct mux_legacy *l = legacy;

    ovs_mutex_lock(&mutex);
    if (l->heir) {
        add_counted(&l->heir->figures, l->counter);
        ovs_list_remove(&l->list_node);
    }
    free_counter(l->counter);
    ovs_mutex_unlock(&mutex);
    free(l);
}

static uint32_t
limit_factor(enum mux_limit_kind kind)
{
    return (kind == MUX_LIMIT_HAND_ON
            ? MUX_LIMIT_HAND_ON_FACTOR : MUX_LIMIT_TOTAL_FACTOR);
}

/* Returns a new thread, which shares 'fragments' with others, and whose
 * figures nobody sees. */
struct mux_thread *
mux_thread_create_hidden(struct mux_fragments *fragments)
{
    struct mux_thread *thread = huge_zalloc(sizeof *thread);

    ovs_list_init(&thread->list_node);
    thread->fragments = fragments;
    for (int i = 0; i < MUX_N_LIMITS; i++) {
        thread->limits[i].tokens = limit_factor(i) * MUX_LIMIT_BURST;
    }
    for (int i = 0; i < MUX_N_ANSWER_LIMITS; i++) {
        for (int j = 0; j < MUX_N_VIP_LIMITS; j++) {
            thread->vip_limits[i][j].limit.tokens = MUX_LIMIT_BURST;
        }
    }
    return thread;
}

/* Likewise, but its figures are added up with those of others. */
struct mux_thread *
mux_thread_create(struct mux_fragments *fragments)
{
    struct mux_thread *thread = mux_thread_create_hidden(fragments);

    ovs_mutex_lock(&mutex);
    ovs_list_push_back(&threads, &thread->list_node);
    ovs_mutex_unlock(&mutex);
    return thread;
}

/* Destroys 'thread', which must not be sending any more. */
void
mux_thread_destroy(struct mux_thread *thread)
{
    if (!thread) {
        return;
    }

    ovs_mutex_lock(&mutex);
    ovs_list_remove(&thread->list_node);
    ovs_mutex_unlock(&mutex);
    for (size_t i = 0; i < MUX_N_CHUNKS; i++) {
        struct mux_count_chunk *chunk;

        atomic_read_relaxed(&thread->chunks[i], &chunk);
        for (size_t j = 0; chunk && j < MUX_COUNT_CHUNK; j++) {
            free(get_drops(&chunk->counts[j]));
        }
        huge_free(chunk);
    }
    for (size_t i = 0; i < thread->released.n; i++) {
        dp_packet_delete(thread->released.packets[i]);
    }
    free(thread->released.packets);
    mux_fair_meter_destroy(mux_fair_thread_meter(&thread->fair));
    huge_free(thread);
}

/* Adds 'counters' to those of 'thread', which must be the caller's own. */
void
mux_thread_add(struct mux_thread *thread, const struct mux_counters *counters)
{
    for (int i = 0; i < MUX_N_COUNTERS; i++) {
        if (counters->n[i]) {
            mux_add_relaxed(&thread->n[i], counters->n[i]);
        }
    }
}

/* Adds to '*total' what 'thread' has counted. */
void
mux_thread_read(const struct mux_thread *thread, struct mux_counters *total)
{
    for (int i = 0; i < MUX_N_COUNTERS; i++) {
        uint64_t n;

        atomic_read_relaxed(&CONST_CAST(struct mux_thread *, thread)->n[i],
                            &n);
        total->n[i] += n;
    }
}

/* Takes one of the answers that 'limit', 'factor' times the usual one, leaves
 * at 'now'.  Returns false if there are none. */
static bool
limit_take(struct mux_limit *limit, uint32_t factor, long long int now)
{
    long long int elapsed = now - limit->filled_at;

    if (elapsed > 0) {
        uint64_t more = (MIN(elapsed, 1000) * factor * MUX_LIMIT_RATE
                         / 1000);

        if (more) {
            limit->tokens = MIN(limit->tokens + more,
                                factor * MUX_LIMIT_BURST);
            limit->filled_at = now;
        }
    }
    if (!limit->tokens) {
        return false;
    }
    limit->tokens--;
    return true;
}

/* Returns the limit, among those of a kind in 'limits', for the VIP that has
 * 'counter'. */
static struct mux_limit *
find_vip_limit(struct mux_vip_limit limits[MUX_N_VIP_LIMITS],
               uint32_t counter, long long int now)
{
    struct mux_vip_limit *full = NULL;
    struct mux_vip_limit *v;

    for (uint32_t i = 0; i < MUX_VIP_LIMIT_WAYS; i++) {
        v = &limits[(counter + i) % MUX_N_VIP_LIMITS];
        if (v->counter == counter) {
            return &v->limit;
        }
        if (!full && (now - v->limit.filled_at
                      >= MUX_LIMIT_BURST * 1000 / MUX_LIMIT_RATE)) {
            full = v;
        }
    }

    v = full ? full : &limits[counter % MUX_N_VIP_LIMITS];
    v->counter = full ? counter : v->counter;
    return &v->limit;
}

/* Returns true if 'thread' may give another answer of 'kind' for the VIP that
 * has 'counter' at 'now', and takes it for given. */
bool
mux_thread_may_answer(struct mux_thread *thread, enum mux_limit_kind kind,
                      uint32_t counter, long long int now)
{
    return (limit_take(find_vip_limit(thread->vip_limits[kind], counter, now),
                       1, now)
            && limit_take(&thread->limits[kind], limit_factor(kind), now));
}

/* Likewise, hand on another packet. */
bool
mux_thread_may_hand_on(struct mux_thread *thread, long long int now)
{
    return limit_take(&thread->limits[MUX_LIMIT_HAND_ON],
                      limit_factor(MUX_LIMIT_HAND_ON), now);
}

/* Returns where 'thread', the caller's own, counts packets of the object with
 * 'counter', of which it has not seen any before. */
struct mux_count *
mux_thread_new_count(struct mux_thread *thread, uint32_t counter)
{
    struct mux_count_chunk *chunk = huge_zalloc(sizeof *chunk);

    atomic_store_explicit(&thread->chunks[counter / MUX_COUNT_CHUNK], chunk,
                          memory_order_release);
    return &chunk->counts[counter % MUX_COUNT_CHUNK];
}

/* Counts a packet of the object with 'counter' that is dropped, or handed
 * on. */
void
mux_thread_count_drop(struct mux_thread *thread, uint32_t counter,
                      enum mux_counter reason)
{
    struct mux_count *count = mux_thread_get_count(thread, counter);
    struct mux_drops *drops = get_drops(count);

    if (!drops) {
        drops = xzalloc(sizeof *drops);
        atomic_store_explicit(&count->drops, drops, memory_order_release);
    }
    mux_add_relaxed(&drops->n[reason - MUX_FIRST_REASON], 1);
}

void
mux_figures_sum(struct mux_figures *total, const struct mux_figures *figures)
{
    total->packets += figures->packets;
    total->bytes += figures->bytes;
    total->syns += figures->syns;
    for (size_t i = 0; i < ARRAY_SIZE(total->drops); i++) {
        total->drops[i] += figures->drops[i];
    }
}

/* Adds to '*figures' what all threads have counted under 'counter', and what
 * it has been left by others. */
void
mux_figures_add(struct mux_figures *figures, uint32_t counter)
{
    if (counter == MUX_NO_COUNTER) {
        return;
    }

    ovs_mutex_lock(&mutex);
    add_counted(figures, counter);

    const struct heir *heir = find_heir(counter);
    if (heir) {
        const struct mux_legacy *l;

        mux_figures_sum(figures, &heir->figures);
        LIST_FOR_EACH (l, list_node, &heir->legacies) {
            add_counted(figures, l->counter);
        }
    }
    ovs_mutex_unlock(&mutex);
}

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

#include "ovs-ext/mux-fragment.h"

#include <string.h>

#include "dp-packet.h"
#include "hash.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "ovs-atomic.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "ovs-thread.h"
#include "random.h"
#include "util.h"

BUILD_ASSERT_DECL(sizeof(struct mux_fragment_key) == 48);

struct datagram {
    struct mux_fragment_key key;
    struct mux_fragment_flow flow;
    bool known;                 /* 'flow' is: the first one has come. */
    long long int expires;      /* 0 if this is none. */
    struct dp_packet **waiting;
    size_t n_waiting;

    /* While packets wait: in the queue of "struct mux_fragments". */
    struct ovs_list queue_node;
    struct row *row;
};

struct row {
    struct ovs_mutex mutex;
    struct datagram datagrams[MUX_FRAGMENT_WAYS];
};

struct mux_fragments {
    struct row *rows;
    uint32_t basis;             /* So that nobody can fill one row. */
    long long int next_run;

    /* Datagrams for which packets wait, the oldest first.  A thread may lock
     * it that has locked a row, but not the other way round. */
    struct ovs_mutex queue_mutex;
    struct ovs_list queue OVS_GUARDED;

    atomic_uint64_t waiting;
    atomic_uint64_t evictions;
    atomic_uint64_t timeouts;
    atomic_uint64_t dropped;
};

static uint64_t
read_counter(atomic_uint64_t *counter)
{
    uint64_t n;

    atomic_read_relaxed(counter, &n);
    return n;
}

static void
add(atomic_uint64_t *counter, uint64_t n)
{
    uint64_t old;

    atomic_add_relaxed(counter, n, &old);
}

struct mux_fragments *
mux_fragments_create(void)
{
    struct mux_fragments *frags = xzalloc(sizeof *frags);

    frags->rows = xcalloc(MUX_FRAGMENT_ROWS, sizeof *frags->rows);
    for (size_t i = 0; i < MUX_FRAGMENT_ROWS; i++) {
        ovs_mutex_init(&frags->rows[i].mutex);
    }
    ovs_mutex_init(&frags->queue_mutex);
    ovs_list_init(&frags->queue);
    frags->basis = random_uint32();
    return frags;
}

/* Has 'packet' wait for the first fragment of 'd'. */
static void
start_waiting(struct mux_fragments *frags, struct datagram *d,
              struct dp_packet *packet)
{
    if (!d->n_waiting) {
        d->waiting = xmalloc(MUX_FRAGMENT_MAX_OF_ONE * sizeof *d->waiting);
        ovs_mutex_lock(&frags->queue_mutex);
        ovs_list_push_back(&frags->queue, &d->queue_node);
        ovs_mutex_unlock(&frags->queue_mutex);
    }
    d->waiting[d->n_waiting++] = packet;
    add(&frags->waiting, 1);
}

/* Ends the wait of the packets of 'd', some, which the caller has seen to. */
static void
end_waiting(struct mux_fragments *frags, struct datagram *d)
{
    add(&frags->waiting, -(uint64_t) d->n_waiting);
    ovs_mutex_lock(&frags->queue_mutex);
    ovs_list_remove(&d->queue_node);
    ovs_mutex_unlock(&frags->queue_mutex);
    free(d->waiting);
    d->waiting = NULL;
    d->n_waiting = 0;
}

/* Who finds out that packets wait in vain, and by what it forwards. */
struct witness {
    struct mux_thread *thread;
    const struct mux_table *table;
};

/* Forgets 'd', with what waits for it, and counts that. */
static void
forget(struct mux_fragments *frags, struct datagram *d,
       const struct witness *w)
{
    if (d->n_waiting) {
        const struct mux_vip_entry *vip
            = mux_table_find_vip_from(w->table, d->key.network, d->key.dst);

        add(&frags->dropped, d->n_waiting);
        for (size_t i = 0; i < d->n_waiting; i++) {
            if (vip) {
                mux_thread_count_drop(w->thread, vip->counter,
                                      MUX_COUNT_FRAGMENT);
            }
            dp_packet_delete(d->waiting[i]);
        }
        end_waiting(frags, d);
    }
    memset(d, 0, sizeof *d);
}

static void
expire(struct mux_fragments *frags, struct datagram *d,
       const struct witness *w)
{
    if (!d->known) {
        add(&frags->timeouts, 1);
    }
    forget(frags, d, w);
}

void
mux_fragments_destroy(struct mux_fragments *frags)
{
    if (!frags) {
        return;
    }
    for (size_t i = 0; i < MUX_FRAGMENT_ROWS; i++) {
        struct row *row = &frags->rows[i];

        for (size_t j = 0; j < MUX_FRAGMENT_WAYS; j++) {
            struct datagram *d = &row->datagrams[j];

            for (size_t k = 0; k < d->n_waiting; k++) {
                dp_packet_delete(d->waiting[k]);
            }
            free(d->waiting);
        }
        ovs_mutex_destroy(&row->mutex);
    }
    ovs_mutex_destroy(&frags->queue_mutex);
    free(frags->rows);
    free(frags);
}

static struct row *
find_row(struct mux_fragments *frags, const struct mux_fragment_key *key)
{
    return &frags->rows[hash_bytes(key, sizeof *key, frags->basis)
                        % MUX_FRAGMENT_ROWS];
}

/* Is 'a' to make room before 'b'? */
static bool
goes_before(const struct datagram *a, const struct datagram *b)
{
    return (!a->expires || !b->expires || a->known == b->known
            ? a->expires < b->expires : b->known);
}

/* Returns the datagram with 'key' in 'row', a new one if there is none. */
static struct datagram *
get_datagram(struct mux_fragments *frags, struct row *row,
             const struct mux_fragment_key *key, long long int now,
             const struct witness *w)
{
    struct datagram *first = &row->datagrams[0];

    for (size_t i = 0; i < MUX_FRAGMENT_WAYS; i++) {
        struct datagram *d = &row->datagrams[i];

        if (d->expires && d->expires <= now) {
            expire(frags, d, w);
        }
        if (d->expires && !memcmp(&d->key, key, sizeof *key)) {
            return d;
        }
        if (goes_before(d, first)) {
            first = d;
        }
    }

    if (first->expires) {
        add(&frags->evictions, 1);
        forget(frags, first, w);
    }
    first->key = *key;
    first->expires = now + MUX_FRAGMENT_TIMEOUT;
    first->row = row;
    return first;
}

/* Remembers that the datagram with 'key' is of 'flow'.  Adds what has waited
 * for that to what 'thread' is to forward next, in the order in which it
 * came. */
void
mux_fragments_first(struct mux_thread *thread, const struct mux_table *table,
                    const struct mux_fragment_key *key,
                    const struct mux_fragment_flow *flow, long long int now)
{
    struct mux_fragments *frags = thread->fragments;
    struct mux_released *released = &thread->released;
    const struct witness w = { thread, table };
    struct row *row = find_row(frags, key);

    ovs_mutex_lock(&row->mutex);
    struct datagram *d = get_datagram(frags, row, key, now, &w);
    d->flow = *flow;
    d->known = true;
    d->expires = now + MUX_FRAGMENT_TIMEOUT;
    for (size_t i = 0; i < d->n_waiting; i++) {
        if (released->n >= released->allocated) {
            released->packets = x2nrealloc(released->packets,
                                           &released->allocated,
                                           sizeof *released->packets);
        }
        released->packets[released->n++] = d->waiting[i];
    }
    if (d->n_waiting) {
        end_waiting(frags, d);
    }
    ovs_mutex_unlock(&row->mutex);
}

/* Forgets the datagram for which packets have waited longest.  Returns false
 * if there is none. */
static bool
forget_oldest(struct mux_fragments *frags, const struct witness *w)
{
    struct datagram *d = NULL;
    struct mux_fragment_key key;
    struct row *row;

    ovs_mutex_lock(&frags->queue_mutex);
    if (!ovs_list_is_empty(&frags->queue)) {
        d = CONTAINER_OF(ovs_list_front(&frags->queue), struct datagram,
                         queue_node);
        key = d->key;
        row = d->row;
    }
    ovs_mutex_unlock(&frags->queue_mutex);
    if (!d) {
        return false;
    }

    /* Others may have been faster. */
    ovs_mutex_lock(&row->mutex);
    if (d->n_waiting && !memcmp(&d->key, &key, sizeof key)) {
        add(&frags->evictions, 1);
        forget(frags, d, w);
    }
    ovs_mutex_unlock(&row->mutex);
    return true;
}

/* Finds out about 'packet', a later fragment of the datagram with 'key'.  If
 * its flow is known, stores it in '*flow'. */
enum mux_fragment_fate
mux_fragments_later(struct mux_thread *thread, const struct mux_table *table,
                    const struct mux_fragment_key *key,
                    struct dp_packet *packet, long long int now,
                    struct mux_fragment_flow *flow)
{
    struct mux_fragments *frags = thread->fragments;
    const struct witness w = { thread, table };
    struct row *row = find_row(frags, key);
    enum mux_fragment_fate fate;
    bool is_full;

    do {
        ovs_mutex_lock(&row->mutex);
        struct datagram *d = get_datagram(frags, row, key, now, &w);

        is_full = false;
        fate = MUX_FRAGMENT_NO_ROOM;
        if (d->known) {
            *flow = d->flow;
            fate = MUX_FRAGMENT_KNOWN;
        } else if (d->n_waiting < MUX_FRAGMENT_MAX_OF_ONE) {
            is_full = (read_counter(&frags->waiting)
                       >= MUX_FRAGMENT_MAX_WAITING);
            if (!is_full) {
                start_waiting(frags, d, packet);
                fate = MUX_FRAGMENT_WAITS;
            }
        }
        ovs_mutex_unlock(&row->mutex);
    } while (is_full && forget_oldest(frags, &w));
    return fate;
}

/* Drops what has waited for too long. */
void
mux_fragments_run(struct mux_thread *thread, const struct mux_table *table,
                  long long int now)
{
    struct mux_fragments *frags = thread->fragments;
    const struct witness w = { thread, table };

    if (now < frags->next_run || !read_counter(&frags->waiting)) {
        return;
    }
    frags->next_run = now + MUX_FRAGMENT_TIMEOUT / 10;
    for (size_t i = 0; i < MUX_FRAGMENT_ROWS; i++) {
        struct row *row = &frags->rows[i];

        ovs_mutex_lock(&row->mutex);
        for (size_t j = 0; j < MUX_FRAGMENT_WAYS; j++) {
            struct datagram *d = &row->datagrams[j];

            if (d->expires && d->expires <= now) {
                expire(frags, d, &w);
            }
        }
        ovs_mutex_unlock(&row->mutex);
    }
}

void
mux_fragments_wait(struct mux_fragments *frags)
{
    if (read_counter(&frags->waiting)) {
        poll_timer_wait_until(frags->next_run);
    }
}

/* Adds to '*stats'. */
void
mux_fragments_get_stats(struct mux_fragments *frags, long long int now,
                        struct mux_fragment_stats *stats)
{
    for (size_t i = 0; i < MUX_FRAGMENT_ROWS; i++) {
        struct row *row = &frags->rows[i];

        ovs_mutex_lock(&row->mutex);
        for (size_t j = 0; j < MUX_FRAGMENT_WAYS; j++) {
            stats->datagrams += row->datagrams[j].expires > now;
        }
        ovs_mutex_unlock(&row->mutex);
    }
    stats->waiting += read_counter(&frags->waiting);
    stats->evictions += read_counter(&frags->evictions);
    stats->timeouts += read_counter(&frags->timeouts);
    stats->dropped += read_counter(&frags->dropped);
}

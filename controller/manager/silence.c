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

#include "controller/manager/silence.h"

#include <limits.h>
#include <stdlib.h>

#include "lib/slb-heartbeat.h"
#include "util.h"

struct silence_host {
    const char *name;
    int64_t alive;
    int64_t heard;              /* By the time that counts. */
    struct ovs_list quiet_node; /* In struct silence's 'quiet'; empty if it is
                                 * silent. */
};

void
silence_init(struct silence *s)
{
    *s = (struct silence) {
        .limit = SILENCE_LIMIT_DEFAULT,
        .interval = SLB_HEARTBEAT_INTERVAL,
        .proved_at = LLONG_MIN,
    };
    shash_init(&s->hosts);
    ovs_list_init(&s->quiet);
}

void
silence_destroy(struct silence *s)
{
    if (s) {
        silence_clear(s);
        shash_destroy(&s->hosts);
    }
}

/* Forgets everything but the times that were set. */
void
silence_clear(struct silence *s)
{
    shash_clear_free_data(&s->hosts);
    ovs_list_init(&s->quiet);
    s->proved_at = LLONG_MIN;
    s->n_silent = 0;
}

/* Hosts are silent if they have not spoken for 'limit' ms, or never if it is
 * 0.  They should speak every 'interval' ms. */
void
silence_set_times(struct silence *s, int64_t limit, int64_t interval)
{
    s->limit = limit;
    s->interval = interval;
}

static bool
is_silent(const struct silence_host *h)
{
    return ovs_list_is_empty(&h->quiet_node);
}

static void
set_silent(struct silence *s, struct silence_host *h)
{
    if (!is_silent(h)) {
        ovs_list_remove(&h->quiet_node);
        ovs_list_init(&h->quiet_node);
        s->n_silent++;
    }
}

static void
hear(struct silence *s, struct silence_host *h)
{
    s->n_silent -= is_silent(h);
    ovs_list_remove(&h->quiet_node);
    ovs_list_push_back(&s->quiet, &h->quiet_node);
    h->heard = s->clock;
}

/* Takes in that 'host' has counted to 'alive', not 0.  Whether it was 'silent'
 * by then, as somebody found out before, matters only for one that nothing is
 * known of.  Returns true if it is silent now. */
bool
silence_watch(struct silence *s, const char *host, int64_t alive, bool silent,
              long long int now)
{
    struct silence_host *h = shash_find_data(&s->hosts, host);

    if (!h) {
        h = xzalloc(sizeof *h);
        h->name = shash_add(&s->hosts, host, h)->name;
        h->alive = alive;
        ovs_list_init(&h->quiet_node);
        s->n_silent++;
        if (s->proved_at == LLONG_MIN) {
            s->proved_at = now;
        }
        if (!silent) {
            hear(s, h);
        }
    } else if (h->alive != alive) {
        h->alive = alive;
        silence_prove(s, now);
        hear(s, h);
    }
    return is_silent(h);
}

/* 'host' need not speak.  It may not be known at all. */
void
silence_forget(struct silence *s, const char *host)
{
    struct silence_host *h = shash_find_and_delete(&s->hosts, host);

    if (h) {
        s->n_silent -= is_silent(h);
        ovs_list_remove(&h->quiet_node);
        free(h);
    }
}

/* The database has just taken a write. */
void
silence_prove(struct silence *s, long long int now)
{
    if (s->proved_at != LLONG_MIN) {
        s->clock += MIN(now - s->proved_at, s->interval);
    }
    s->proved_at = now;
}

/* Returns the one that was heard longest ago of those that are not silent, or
 * NULL. */
static struct silence_host *
first_quiet(const struct silence *s)
{
    return (s->limit && !ovs_list_is_empty(&s->quiet)
            ? CONTAINER_OF(ovs_list_front(&s->quiet), struct silence_host,
                           quiet_node)
            : NULL);
}

/* Returns a host that has fallen silent, NULL if there is no other one. */
const char *
silence_pop(struct silence *s)
{
    struct silence_host *h = first_quiet(s);

    if (!h || s->clock - h->heard < s->limit) {
        return NULL;
    }
    set_silent(s, h);
    return h->name;
}

/* Returns when a proof is needed: after an interval without any, or as soon as
 * it would make a host silent.  LLONG_MAX for never: nor is one needed while
 * there is a host for silence_pop() to return. */
long long int
silence_deadline(const struct silence *s)
{
    const struct silence_host *h = first_quiet(s);

    if (!h || s->proved_at == LLONG_MIN
        || s->clock - h->heard >= s->limit) {
        return LLONG_MAX;
    }
    return s->proved_at + MIN(h->heard + s->limit - s->clock, s->interval);
}

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

#include "controller/agent/availability-judge.h"

#include <inttypes.h>
#include <string.h>

#include "controller/agent/availability.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* Which latencies are told apart: up to so many microseconds.  All others are
 * in the last one. */
static const unsigned int bounds[] = {
    100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000,
    500000, UINT_MAX
};
BUILD_ASSERT_DECL(ARRAY_SIZE(bounds) == AVAILABILITY_N_BOUNDS);

/* Figures. */

static struct window *
get_window(struct figures *figures, long long int now)
{
    long long int number = now / AVAILABILITY_WINDOW_MS;
    struct window *w = &figures->windows[number % AVAILABILITY_N_WINDOWS];

    if (w->number != number) {
        memset(w, 0, sizeof *w);
        w->number = number;
    }
    return w;
}

void
figures_sent(struct figures *figures, long long int now)
{
    figures->sent++;
    get_window(figures, now)->sent++;
}

void
figures_answered(struct figures *figures, long long int sent_at,
                 long long int latency_us)
{
    struct window *w = get_window(figures, sent_at);
    size_t i = 0;

    /* It comes from the wall clock, which may have been set meanwhile. */
    latency_us = MIN(latency_us, UINT_MAX);
    while (latency_us > bounds[i]) {
        i++;
    }
    figures->answered++;
    w->answered++;
    w->latencies[i]++;
    w->max_us = MAX(w->max_us, latency_us);
}

/* Returns the latency that the part 'q' of the answers in 'w' did not take
 * longer than. */
static unsigned int
quantile(const struct window *w, double q)
{
    uint32_t n = 0;

    for (size_t i = 0; i < AVAILABILITY_N_BOUNDS; i++) {
        n += w->latencies[i];
        if (n && n >= q * w->answered) {
            return MIN(bounds[i], w->max_us);
        }
    }
    return 0;
}

void
figures_format(const struct figures *figures, long long int now,
               struct ds *ds)
{
    struct window sum = { .number = now / AVAILABILITY_WINDOW_MS };

    for (int i = 0; i < AVAILABILITY_N_WINDOWS; i++) {
        const struct window *w = &figures->windows[i];

        if (w->number > sum.number - AVAILABILITY_N_WINDOWS) {
            sum.sent += w->sent;
            sum.answered += w->answered;
            sum.max_us = MAX(sum.max_us, w->max_us);
            for (size_t j = 0; j < AVAILABILITY_N_BOUNDS; j++) {
                sum.latencies[j] += w->latencies[j];
            }
        }
    }
    ds_put_format(ds, "sent %"PRIu64", answered %"PRIu64,
                  figures->sent, figures->answered);
    if (sum.sent) {
        ds_put_format(ds, ", last minute %.2f %%, latency us p50 %u p99 %u "
                      "max %"PRIu32, 100. * sum.answered / sum.sent,
                      quantile(&sum, .5), quantile(&sum, .99), sum.max_us);
    }
}

/* Verdicts. */

/* Takes note that a packet sent at 'at' has failed.  Returns true if there are
 * enough of these in a row. */
bool
verdict_fail(struct verdict *v, long long int at)
{
    if (!v->failures++) {
        v->failing = at;
    }
    v->good = LLONG_MAX;
    return (v->failures >= AVAILABILITY_FAILURES
            && at >= v->failing + AVAILABILITY_SPAN_MS);
}

/* Likewise, that it has not failed.  Returns true if all is well again. */
bool
verdict_succeed(struct verdict *v, long long int at)
{
    v->failures = 0;
    v->good = MIN(v->good, at);
    if (!v->bad || at < v->good + v->hold) {
        return false;
    }
    v->bad = false;
    v->recovered = at;
    return true;
}

void
verdict_turn(struct verdict *v, long long int now, long long int wall)
{
    bool again = v->hold && now < v->recovered + AVAILABILITY_MAX_HOLD_MS;

    v->hold = (again ? MIN(v->hold * 2, AVAILABILITY_MAX_HOLD_MS)
               : AVAILABILITY_HOLD_MS);
    v->bad = true;
    v->since = wall;
}

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

#include "controller/agent/probe-state.h"

#include <string.h>

#include "lib/slb-probe.h"
#include "util.h"

/* What it takes to come up, at least, however low the threshold is. */
#define MIN_SUCCESSES 2

/* A member that has been up for so many times what it takes to come up does
 * not flap. */
#define STEADY 10

/* Initializes 'state' for a member that was known to be 'health'; if that is
 * PROBE_UP, it is taken to have been so for long. */
void
probe_state_init(struct probe_state *state, enum probe_health health,
                 int interval, int threshold, long long int now)
{
    memset(state, 0, sizeof *state);
    state->health = health;
    state->interval = interval;
    state->threshold = MAX(threshold, 1);
    state->up_at = now - (long long int) interval * threshold * STEADY
                         * MIN_SUCCESSES;
}

/* Initializes 'state' for a member of which probe_state_to_string() said
 * 'string' once, or nothing if that is NULL.  That it is up is doubtful. */
void
probe_state_init_from_string(struct probe_state *state, const char *string,
                             int interval, int threshold, long long int now)
{
    int needed;

    probe_state_init(state, probe_health_from_string(string), interval,
                     threshold, now);
    if (string && ovs_scan(string, SLB_PROBE_DAMPED, &needed)) {
        while (state->damping < PROBE_STATE_MAX_DAMPING
               && probe_state_needed(state) < needed) {
            state->damping++;
        }
    }
    probe_state_doubt(state);
}

/* It is long ago that anybody has asked: should the member be up in 'state',
 * this is doubtful now. */
void
probe_state_doubt(struct probe_state *state)
{
    state->doubtful = state->health == PROBE_UP;
}

/* It has taken too long to find out whether the member, which is doubtful, is
 * still up. */
void
probe_state_forget(struct probe_state *state)
{
    state->doubtful = false;
    state->health = PROBE_UNKNOWN;
    state->n_changes++;
}

/* Has 'state' go on with another probe: its member is what it was, but nothing
 * else counts that came before. */
void
probe_state_edit(struct probe_state *state, int interval, int threshold,
                 long long int now)
{
    struct probe_state before = *state;

    probe_state_init(state, before.health, interval, threshold, now);
    state->doubtful = before.doubtful;
    state->n_changes = before.n_changes;
}

/* Returns how many successes in a row a member needs that does not flap. */
static int
needed_at_least(const struct probe_state *state)
{
    return MAX(state->threshold, MIN_SUCCESSES);
}

/* Returns how many successes in a row a member that is down needs. */
int
probe_state_needed(const struct probe_state *state)
{
    int least = needed_at_least(state);

    return MIN(least << state->damping,
               least + PROBE_STATE_MAX_EXTRA / state->interval);
}

/* Does 'state' need more than if it had not gone up and down? */
bool
probe_state_is_damped(const struct probe_state *state)
{
    return probe_state_needed(state) > needed_at_least(state);
}

/* Returns what the database is to say of 'state', for the caller to free. */
char *
probe_state_to_string(const struct probe_state *state)
{
    return (state->health == PROBE_DOWN && probe_state_is_damped(state)
            ? xasprintf(SLB_PROBE_DAMPED, probe_state_needed(state))
            : xstrdup(probe_health_to_string(state->health)));
}

static void
go_down(struct probe_state *state, long long int now)
{
    long long int steady = ((long long int) probe_state_needed(state)
                            * state->interval * STEADY);

    if (state->health == PROBE_UP) {
        state->damping = (now - state->up_at >= steady ? 0
                          : MIN(state->damping + 1, PROBE_STATE_MAX_DAMPING));
    }
    state->health = PROBE_DOWN;
}

/* Takes in the result of a probe.  Returns true if the member's health is
 * another one now. */
bool
probe_state_update(struct probe_state *state, bool success, long long int now)
{
    enum probe_health before = state->health;

    state->n_same = state->last == success ? state->n_same + 1 : 1;
    state->last = success;
    if (success) {
        if (state->health == PROBE_UNKNOWN
            || (state->health == PROBE_DOWN
                && state->n_same >= probe_state_needed(state))) {
            state->health = PROBE_UP;
            state->up_at = now;
        }
    } else if (state->health != PROBE_DOWN
               && state->n_same >= state->threshold) {
        go_down(state, now);
    }
    if (success || state->health == PROBE_DOWN) {
        state->doubtful = false;
    }
    state->n_changes += state->health != before;
    return state->health != before;
}

/* May the next result change the member's health? */
bool
probe_state_decides(const struct probe_state *state)
{
    int n = state->last == (state->health != PROBE_UP) ? state->n_same : 0;
    int needed = (state->health == PROBE_UP ? state->threshold
                  : state->health == PROBE_DOWN ? probe_state_needed(state)
                  : 1);

    return n + 1 >= needed;
}

/* Returns when a probe with 'hash' that begins now is due for the first
 * time. */
long long int
probe_state_first(uint32_t hash, int interval, long long int now)
{
    return now + hash % MIN(PROBE_STATE_SOON, interval);
}

/* Returns when a probe with 'hash' that was due at 'now' is due again. */
long long int
probe_state_next(uint32_t hash, int interval, long long int now)
{
    long long int point = hash % interval;

    /* Soon after a machine has started, 'now' may be less than 'point'. */
    return now + interval - (now % interval + interval - point) % interval;
}

const char *
probe_health_to_string(enum probe_health health)
{
    switch (health) {
    case PROBE_UNKNOWN: return "unknown";
    case PROBE_UP: return "up";
    case PROBE_DOWN: return "down";
    }
    OVS_NOT_REACHED();
}

/* Returns what 'string' says; PROBE_UNKNOWN for NULL and for nonsense. */
enum probe_health
probe_health_from_string(const char *string)
{
    int needed;

    return (!string ? PROBE_UNKNOWN
            : !strcmp(string, "up") ? PROBE_UP
            : !strcmp(string, "down")
              || ovs_scan(string, SLB_PROBE_DAMPED, &needed) ? PROBE_DOWN
            : PROBE_UNKNOWN);
}

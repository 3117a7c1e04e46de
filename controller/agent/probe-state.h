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

#ifndef PROBE_STATE_H
#define PROBE_STATE_H 1

/* What follows from the results of a probe: is the member healthy?
 *
 * A member is down after 'threshold' failures in a row, and up again after as
 * many successes, but at least two.  One that was never heard of is unknown,
 * which nobody sends anything to: a single success makes it up, so that it
 * need not wait longer than it has to.
 *
 *
 * Doubts
 * ======
 *
 * What has been found out by somebody else, or long ago, holds until new
 * results decide.  But that a member is up is doubtful then, until it has
 * answered once: who must not rely on it can look at that, and when it takes
 * too long have it forgotten.
 *
 *
 * Flapping
 * ========
 *
 * Each change moves connections.  A member that goes down soon after it had
 * come up has to do better next time: the number of successes that it needs
 * doubles, up to PROBE_STATE_MAX_DAMPING times, but does not take more than
 * PROBE_STATE_MAX_EXTRA longer: there may be nobody else, and all that it had
 * may have been a database that blinked.  So with long intervals, which are
 * slow enough, there is no damping at all.  When it has been up for long
 * enough, which is ten times what it takes to come up, all of this is
 * forgotten.
 *
 *
 * When
 * ====
 *
 * Probes are spread over their interval: each has a point of its own in it, a
 * hash of what it is about.  A new probe starts within PROBE_STATE_SOON,
 * because its member waits for it, and goes on at its point.  So does one that
 * is edited: what it is from then on is not to be known an old interval later;
 * and one that is overdue, because nobody could be asked for some time.
 *
 * No I/O here, and no clock: times are the caller's, in ms. */

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

/* New probes start within so many ms. */
#define PROBE_STATE_SOON 1000

/* The successes that a member needs are doubled so often at the most. */
#define PROBE_STATE_MAX_DAMPING 4

/* ... and so many ms more is all that it may take. */
#define PROBE_STATE_MAX_EXTRA 60000

enum probe_health {
    PROBE_UNKNOWN,
    PROBE_UP,
    PROBE_DOWN,
};

struct probe_state {
    enum probe_health health;
    int interval;               /* In ms. */
    int threshold;
    int n_same;                 /* Last results in a row that were ... */
    bool last;                  /* ... this. */
    int damping;
    bool doubtful;              /* It is up, but nobody has asked for long. */
    long long int up_at;        /* When it came up last. */
    unsigned long long int n_changes;
};

void probe_state_init(struct probe_state *, enum probe_health, int interval,
                      int threshold, long long int now);
void probe_state_init_from_string(struct probe_state *, const char *,
                                  int interval, int threshold,
                                  long long int now);
void probe_state_edit(struct probe_state *, int interval, int threshold,
                      long long int now);
void probe_state_doubt(struct probe_state *);
void probe_state_forget(struct probe_state *);
bool probe_state_update(struct probe_state *, bool success, long long int now)
    OVS_WARN_UNUSED_RESULT;
int probe_state_needed(const struct probe_state *);
bool probe_state_decides(const struct probe_state *);
bool probe_state_is_damped(const struct probe_state *);
char *probe_state_to_string(const struct probe_state *);

long long int probe_state_first(uint32_t hash, int interval,
                                long long int now);
long long int probe_state_next(uint32_t hash, int interval,
                               long long int now);

const char *probe_health_to_string(enum probe_health);
enum probe_health probe_health_from_string(const char *);

#endif /* controller/agent/probe-state.h */

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

#include "controller/agent/heartbeat.h"

#include <limits.h>

#include "controller/agent/agent.h"
#include "controller/agent/probe.h"
#include "lib/slb-heartbeat.h"
#include "lib/slb-idl.h"
#include "openvswitch/poll-loop.h"
#include "ovsdb-idl.h"
#include "random.h"
#include "timeval.h"
#include "util.h"

/* Milliseconds until what could not be done is tried again, if nothing happens
 * before. */
#define RETRY_INTERVAL 1000

/* Heartbeats are at times, by the wall clock, that are that part of an
 * interval apart.  A server with very many connections takes long to look for
 * what is new: better that it finds several. */
#define TIMES_PER_INTERVAL 10

/* When the next one is due: LLONG_MIN for at once, LLONG_MAX for never. */
static long long int due = LLONG_MAX;

/* Returns the time until the next one. */
static int
choose_pause(const struct agent *agent)
{
    const struct slbrec_slb_global *global
        = slbrec_slb_global_first(agent->slb_idl);
    int interval = SLB_HEARTBEAT_INTERVAL;

    if (global) {
        ignore(slb_heartbeat_interval(&global->options, &interval));
    }
    int pause = interval - random_range(interval / 4 + 1);

    return pause - (time_wall_msec() + pause) % (interval
                                                 / TIMES_PER_INTERVAL);
}

/* Has this host members, so far as it knows? */
static bool
has_members(const struct agent *agent)
{
    static unsigned int seen;
    static bool any;
    unsigned int seqno = ovsdb_idl_get_seqno(agent->slb_idl);
    const struct slbrec_binding *row;

    if (seen != seqno) {
        seen = seqno;
        any = false;
        SLBREC_BINDING_FOR_EACH (row, agent->slb_idl) {
            if (row->n_pools) {
                any = true;
                break;
            }
        }
    }
    return any;
}

/* Counts if it is time to. */
void
heartbeat_run(struct agent *agent)
{
    if (!has_members(agent) || !probes_hold()
        || !ovsdb_idl_is_connected(agent->slb_idl)) {
        due = LLONG_MAX;
        return;
    }
    if (due == LLONG_MAX) {
        due = LLONG_MIN;
    }

    /* Not without what is new of the members, in the same transaction, which
     * is not written before the database is known. */
    if (time_msec() >= due && agent->slb_txn && agent->slb_complete
        && agent->node) {
        ovsdb_idl_txn_increment(agent->slb_txn, &agent->node->header_,
                                &slbrec_node_col_alive, true);
        due = time_msec() + choose_pause(agent);
    }
}

void
heartbeat_wait(void)
{
    if (due != LLONG_MAX) {
        poll_timer_wait_until(due > time_msec() ? due
                              : time_msec() + RETRY_INTERVAL);
    }
}

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

#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "controller/agent/agent.h"
#include "controller/agent/ct-timeout.h"
#include "controller/agent/ct-zone.h"
#include "controller/agent/heartbeat.h"
#include "controller/agent/host-bridge.h"
#include "controller/agent/host-model.h"
#include "controller/agent/neighbour.h"
#include "controller/agent/ofctrl.h"
#include "controller/agent/port.h"
#include "controller/agent/probe.h"
#include "controller/agent/reset.h"
#include "controller/agent/stale.h"
#include "controller/agent/tunnel-neighbour.h"
#include "coverage.h"
#include "ofproto-rules/flow-table.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/shash.h"
#include "ovsdb-idl.h"
#include "packets.h"
#include "simap.h"
#include "sset.h"
#include "timeval.h"
#include "util.h"

/* The role "host": OpenFlow on br-slb for the VMs of this node.
 *
 * Each turn sets up the bridge, reports the VMs and numbers the zones, which
 * costs little and writes only what has changed.  When one of the things that
 * flows depend on has changed, all of them are computed anew; ofctrl finds
 * out what is different. */

COVERAGE_DEFINE(host_recompute);

/* What the flows were computed from last. */
static unsigned int built_ovs, built_slb;
static uint64_t built_neighbours;
static bool built;

/* An agent that has just started would take the way out away from replies if
 * it began before it knows the gateways.  So it waits for these, but not for
 * ever: one that does not answer may be dead. */
#define GATEWAY_PATIENCE 2000   /* Milliseconds. */
static long long int start_at = LLONG_MAX;

static enum ct_zones_state zones_state = CT_ZONES_PENDING;

/* A turn that finds everything done, and has nothing new to look at, need not
 * look at it all again; but for safety, in case the database has refused
 * something, that is done from time to time (ms). */
#define REPAIR_INTERVAL 1000
static bool settled;
static long long int settled_until;

/* Next hops that flows depend on: of 'vteps', and the gateways. */
static struct neighbour_set *neighbours;
static struct in6_addr *vteps;
static size_t n_vteps;
static bool userspace;

/* Is what was computed last what would be computed now? */
static bool
up_to_date(const struct agent *agent)
{
    return (built
            && built_ovs == ovsdb_idl_get_seqno(agent->ovs_idl)
            && built_slb == ovsdb_idl_get_seqno(agent->slb_idl)
            && built_neighbours == neighbour_seqno());
}

/* Watches the gateways and 'vteps'. */
static void
watch_neighbours(void)
{
    struct in6_addr *watched = xmalloc((n_vteps + 2) * sizeof *watched);

    if (n_vteps) {
        memcpy(watched, vteps, n_vteps * sizeof *watched);
    }
    host_model_gateways(&watched[n_vteps]);
    neighbour_set_replace(neighbours, watched, n_vteps + 2);
    free(watched);
}

/* Has each gateway that there is an Ethernet address? */
static bool
gateways_known(void)
{
    struct in6_addr gateways[2];

    host_model_gateways(gateways);
    for (int i = 0; i < 2; i++) {
        struct neighbour hop;

        neighbour_get(&gateways[i], &hop);
        if (hop.iface[0] && eth_addr_is_zero(hop.dst_mac)) {
            return false;
        }
    }
    return true;
}

static bool
may_start(void)
{
    if (start_at == LLONG_MAX) {
        start_at = time_msec() + GATEWAY_PATIENCE;
    }
    return built || time_msec() >= start_at || gateways_known();
}

static void
host_init(struct agent *agent)
{
    host_bridge_init(agent);
    ports_init(agent);
    ct_zones_init(agent);
    ct_timeouts_init(agent);
    probes_init();
    stale_init(agent->ofctrl);
    reset_init(agent->ofctrl);
    ofctrl_limit_packets(agent->ofctrl, PROBED_METER(0),
                         PROBED_METER(UINT16_MAX), PROBED_RATE);
    neighbours = neighbour_set_create();
    watch_neighbours();
}

static void
recompute(struct agent *agent, const struct host_bridge *bridge,
          const struct shash *ports)
{
    struct flow_table flows = FLOW_TABLE_INITIALIZER(&flows);
    struct host_model model;

    COVERAGE_INC(host_recompute);
    host_model_build(&model, agent, bridge, ports);
    host_rules_build(&model.rules, &flows);
    ofctrl_put(agent->ofctrl, &flows);
    free(vteps);
    vteps = model.vteps;
    n_vteps = model.n_vteps;
    model.vteps = NULL;
    watch_neighbours();
    host_model_destroy(&model);
    flow_table_destroy(&flows);

    built_ovs = ovsdb_idl_get_seqno(agent->ovs_idl);
    built_slb = ovsdb_idl_get_seqno(agent->slb_idl);
    built_neighbours = neighbour_seqno();
    built = true;
}

/* Numbers the zones and sets the times of their connections. */
static enum ct_zones_state
run_zones(struct agent *agent, const struct ovsrec_bridge *bridge)
{
    struct sset zones = SSET_INITIALIZER(&zones);
    struct simap times = SIMAP_INITIALIZER(&times);

    host_model_zones(agent, &zones);
    host_model_idle_times(agent, &times);
    ct_timeouts_add_zones(agent, &times, &zones);
    enum ct_zones_state state = ct_zones_run(agent, bridge, &zones);
    if (!ct_timeouts_run(agent, bridge, &times)) {
        state = CT_ZONES_PENDING;
    }
    simap_destroy(&times);
    sset_destroy(&zones);
    return state;
}

/* All but the probes, which do not depend on it. */
static void
run_bridge(struct agent *agent)
{
    struct host_bridge bridge;

    if (settled && agent->slb_complete && up_to_date(agent)
        && time_msec() < settled_until) {
        return;
    }
    settled = false;
    if (!host_bridge_run(agent, &bridge)) {
        built = false;
        return;
    }
    userspace = bridge.userspace;

    struct shash ports = SHASH_INITIALIZER(&ports);
    ports_read(bridge.row, &ports);
    if (agent->slb_complete) {
        ports_report(agent, &ports);
        probes_sync(agent, &ports);
        zones_state = run_zones(agent, bridge.row);

        /* A rule without a zone has no flows; better to compute them once,
         * when it has one, than twice.  And a connection keeps the time that
         * its zone had when it began. */
        if (!up_to_date(agent) && zones_state != CT_ZONES_PENDING
            && may_start()) {
            recompute(agent, &bridge, &ports);
        }
    }
    ports_clear(&ports);
    shash_destroy(&ports);

    settled = (agent->ovs_txn && agent->slb_txn && up_to_date(agent)
               && zones_state == CT_ZONES_READY);
    settled_until = time_msec() + REPAIR_INTERVAL;
}

static void
host_run(struct agent *agent)
{
    run_bridge(agent);
    if (userspace) {
        tunnel_neighbours_run(vteps, n_vteps);
    }
    probes_run(agent, up_to_date(agent) && ofctrl_acked(agent->ofctrl));
    heartbeat_run(agent);
}

static bool
host_applied(const struct agent *agent)
{
    return (up_to_date(agent) && zones_state == CT_ZONES_READY
            && ofctrl_acked(agent->ofctrl));
}

static void
host_wait(struct agent *agent OVS_UNUSED)
{
    probes_wait();
    heartbeat_wait();
    if (userspace) {
        tunnel_neighbours_wait();
    }
    if (!built && start_at != LLONG_MAX) {
        poll_timer_wait_until(start_at);
    }
}

static void
host_destroy(struct agent *agent OVS_UNUSED)
{
    tunnel_neighbours_destroy();
    neighbour_set_destroy(neighbours);
    ct_zones_destroy();
    probes_destroy();
    free(vteps);
}

const struct agent_role host_role = {
    .name = "host",
    .default_bridge = "br-slb",
    .init = host_init,
    .run = host_run,
    .applied = host_applied,
    .wait = host_wait,
    .destroy = host_destroy,
};

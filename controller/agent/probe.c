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

#include "controller/agent/probe.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "controller/agent/agent.h"
#include "controller/agent/port.h"
#include "controller/agent/probe-engine.h"
#include "controller/agent/probe-port.h"
#include "controller/agent/probe-state.h"
#include "controller/agent/probe-token.h"
#include "hash.h"
#include "heap.h"
#include "lib/slb-address.h"
#include "lib/slb-idl.h"
#include "lib/slb-probe.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "smap.h"
#include "sset.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"
#include "uuid.h"

VLOG_DEFINE_THIS_MODULE(probe);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);
static struct vlog_rate_limit change_rl = VLOG_RATE_LIMIT_INIT(100, 200);

/* A new probe that finds no flows tries again after so many ms. */
#define FLOWS_INTERVAL 20

/* A probe that cannot be sent is sent so many ms later. */
#define RETRY_INTERVAL 500

/* Who should have been asked so many ms ago is overdue: this process was held
 * up, or there was nothing to ask with. */
#define OVERDUE 500

/* For so many ms at the most it remains open whether who was up still is, and
 * this host does not say that it is alive: it must not fall silent because of
 * that, so with a shorter "host-silent-seconds" it is two fifths of these. */
#define DOUBT_TIME 8000

/* A machine has so much time to answer, in ms, ... */
#define TIMEOUT 30000

/* ... or the probe's interval, if that is shorter, but for a moment: then the
 * answer is there, or not, when the next one is due. */
#define MOMENT 100

struct probe {
    char *iface_id;             /* Of the VM's port, ... */
    struct uuid iface;          /* ... and its Interface. */
    char *key;                  /* In Port.health: "web/probes/p 10.0.0.4". */
    struct probe_spec spec;     /* Its texts are its own. */
    uint32_t network;
    uint16_t token;

    struct probe_state state;
    char *reason;               /* Why it failed last, NULL if it did not. */
    struct probe_target *target;
    uint32_t hash;
    struct heap_node due;       /* In 'schedule'. */
    long long int since;        /* When it was due in fact, 0 if it is not. */
    bool put_off;               /* Because it was overdue. */
    long long int doubt_until;  /* LLONG_MAX if it has yet to be asked. */
    bool wanted;
    bool asked;                 /* At least once, as it is now. */
};

static struct shash probes = SHASH_INITIALIZER(&probes);
static struct heap schedule;    /* The one that is due first is on top. */
static struct probe_tokens tokens;
static struct probe_engine *engine;

/* What 'probes' were made from. */
static unsigned int synced_slb, synced_ovs;
static bool synced;

/* Can probes be sent? */
static bool ready;

/* Nobody is asked before: there was no room. */
static long long int resume_at;

/* How many are, or may be, in doubt, and when the next one is forgotten. */
static size_t n_doubtful;
static long long int forget_at = LLONG_MAX;

/* May the database say something else about the health of members? */
static bool unreported;

/* The "iface-id"s of VMs that have been unplugged, or replaced by others: what
 * the database says of them is not (yet) what we know. */
static struct sset unplugged = SSET_INITIALIZER(&unplugged);

static long long int
due_at(const struct probe *probe)
{
    return UINT64_MAX - probe->due.priority;
}

/* Times are rounded, so that what is due at about the same time takes one turn
 * of the main loop. */
static uint64_t
due_priority(long long int at)
{
    return UINT64_MAX - ROUND_UP(at, PROBE_ENGINE_TICK);
}

static void
see_result(void *probe_, const char *reason)
{
    struct probe *probe = probe_;
    bool success = !reason;

    free(probe->reason);
    probe->reason = nullable_xstrdup(reason);
    if (probe_state_update(&probe->state, success, time_msec())) {
        const struct probe_state *state = &probe->state;

        VLOG_INFO_RL(&change_rl, "%s: %s is %s%s%s%s", probe->key,
                     probe->iface_id, probe_health_to_string(state->health),
                     success ? "" : " (", success ? "" : reason,
                     success ? "" : ")");
        if (state->health == PROBE_DOWN && probe_state_is_damped(state)) {
            VLOG_INFO_RL(&change_rl, "%s: %s goes up and down: needs %d "
                         "successes now", probe->key, probe->iface_id,
                         probe_state_needed(state));
        }
        unreported = true;
    }
}

static void
format_probes(struct unixctl_conn *conn, int argc OVS_UNUSED,
              const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    const struct shash_node **sorted = shash_sort(&probes);
    struct ds out = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < shash_count(&probes); i++) {
        const struct probe *probe = sorted[i]->data;
        const struct probe_state *state = &probe->state;

        ds_put_format(&out, "%s %s: %s, %d %s in a row, %llu changes",
                      probe->iface_id, probe->key,
                      probe_health_to_string(state->health), state->n_same,
                      state->last ? "successes" : "failures",
                      state->n_changes);
        if (probe->reason) {
            ds_put_format(&out, ", %s", probe->reason);
        }
        if (probe_state_is_damped(state)) {
            ds_put_format(&out, ", goes up and down: needs %d successes",
                          probe_state_needed(state));
        }
        ds_put_char(&out, '\n');
    }
    free(sorted);
    unixctl_command_reply(conn, ds_cstr(&out));
    ds_destroy(&out);
}

void
probes_init(void)
{
    heap_init(&schedule);
    probe_tokens_init(&tokens);
    engine = probe_engine_create(see_result);
    unixctl_command_register("slb/probes", "", 0, 0, format_probes, NULL);
}

static void
destroy_probe(struct probe *probe)
{
    probe_target_destroy(probe->target);
    heap_remove(&schedule, &probe->due);
    free(CONST_CAST(char *, probe->spec.path));
    free(CONST_CAST(char *, probe->spec.ca_file));
    free(probe->iface_id);
    free(probe->key);
    free(probe->reason);
    free(probe);
}

void
probes_destroy(void)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &probes) {
        destroy_probe(node->data);
    }
    shash_destroy(&probes);
    sset_destroy(&unplugged);
    heap_destroy(&schedule);
    probe_tokens_destroy(&tokens);
    probe_engine_destroy(engine);
}

/* Which probes there are. */

/* A pool with a probe. */
struct probed_pool {
    struct hmap_node hmap_node; /* By key. */
    const struct slbrec_compiled_pool *row;
};

/* What is needed while the probes are being made. */
struct sync {
    const struct agent *agent;
    const struct shash *ports;  /* What is plugged in. */
    struct hmap pools;          /* Contains "struct probed_pool"s. */
    struct shash rows;          /* Of Port, by iface_id. */
};

static void
sync_init(struct sync *sync, const struct agent *agent,
          const struct shash *ports)
{
    const struct slbrec_compiled_pool *pool_row;
    const struct slbrec_port *port_row;

    sync->agent = agent;
    sync->ports = ports;
    hmap_init(&sync->pools);
    shash_init(&sync->rows);
    SLBREC_COMPILED_POOL_FOR_EACH (pool_row, agent->slb_idl) {
        if (!smap_is_empty(&pool_row->probe)) {
            struct probed_pool *pool = xmalloc(sizeof *pool);

            pool->row = pool_row;
            hmap_insert(&sync->pools, &pool->hmap_node,
                        hash_uint64(pool_row->tunnel_key));
        }
    }
    SLBREC_PORT_FOR_EACH (port_row, agent->slb_idl) {
        if (!strcmp(port_row->node, agent->config.node)) {
            shash_add_once(&sync->rows, port_row->iface_id, port_row);
        }
    }
}

static void
sync_destroy(struct sync *sync)
{
    struct probed_pool *pool;

    HMAP_FOR_EACH_POP (pool, hmap_node, &sync->pools) {
        free(pool);
    }
    hmap_destroy(&sync->pools);
    shash_destroy(&sync->rows);
}

/* Returns the probe of the pool with 'key', or NULL. */
static const struct smap *
find_pool_probe(const struct sync *sync, int64_t key)
{
    const struct probed_pool *pool;

    HMAP_FOR_EACH_WITH_HASH (pool, hmap_node, hash_uint64(key),
                             &sync->pools) {
        if (pool->row->tunnel_key == key) {
            return &pool->row->probe;
        }
    }
    return NULL;
}

/* Reads what 'config', the probe of a pool, says.  Returns false if that
 * cannot be. */
static bool
parse_probe(const struct smap *config, struct probe_spec *spec, int *interval,
            int *threshold)
{
    const char *protocol = smap_get_def(config, "protocol", "");
    int port = smap_get_int(config, "port", 0);

    *interval = smap_get_int(config, "interval", 0);
    *threshold = smap_get_int(config, "probes", 0);
    spec->path = smap_get_def(config, "path", "/");
    spec->port = port;
    spec->protocol = (!strcmp(protocol, "Http") ? PROBE_HTTP
                      : !strcmp(protocol, "Https") ? PROBE_HTTPS
                      : PROBE_TCP);
    return (port > 0 && port <= UINT16_MAX && *interval > 0
            && *interval <= 3600 && *threshold > 0 && *threshold <= 1000
            && (spec->protocol != PROBE_TCP || !strcmp(protocol, "Tcp")));
}

static bool
same_spec(const struct probe_spec *a, const struct probe_spec *b)
{
    return (a->protocol == b->protocol && a->port == b->port
            && a->timeout == b->timeout
            && ipv6_addr_equals(&a->address, &b->address)
            && ipv6_addr_equals(&a->host, &b->host)
            && !strcmp(a->path, b->path)
            && nullable_string_is_equal(a->ca_file, b->ca_file));
}

/* Has 'probe' ask what 'spec' says from now on. */
static void
set_spec(struct probe *probe, const struct probe_spec *spec)
{
    probe_target_destroy(probe->target);
    free(CONST_CAST(char *, probe->spec.path));
    free(CONST_CAST(char *, probe->spec.ca_file));
    probe->spec = *spec;
    probe->spec.path = xstrdup(spec->path);
    probe->spec.ca_file = nullable_xstrdup(spec->ca_file);
    probe->target = probe_target_create(engine, &probe->spec, probe);
}

/* Returns what the database says about the health of the member of 'key' at
 * 'iface_id', or NULL if it does not, or says it of another VM. */
static const char *
read_health(const struct sync *sync, const char *iface_id, const char *key)
{
    const struct slbrec_port *row = shash_find_data(&sync->rows, iface_id);

    return (row && !sset_contains(&unplugged, iface_id)
            ? smap_get(&row->health, key) : NULL);
}

/* It is long ago that anybody has asked about the member of 'probe'. */
static void
doubt(struct probe *probe)
{
    probe_state_doubt(&probe->state);
    probe->doubt_until = LLONG_MAX;
    n_doubtful += probe->state.doubtful;
}

/* Adds a probe that has yet to be told what to ask. */
static struct probe *
add_probe(const struct sync *sync, const char *id, const char *iface_id,
          const char *key, int interval, int threshold)
{
    const struct port *port = shash_find_data(sync->ports, iface_id);
    struct probe *probe = xzalloc(sizeof *probe);
    long long int now = time_msec();

    probe->iface_id = xstrdup(iface_id);
    probe->iface = port->iface;
    probe->key = xstrdup(key);
    probe->hash = hash_string(id, 0);
    probe_state_init_from_string(&probe->state,
                                 read_health(sync, iface_id, key), interval,
                                 threshold, now);
    doubt(probe);
    heap_insert(&schedule, &probe->due,
                due_priority(probe_state_first(probe->hash, interval, now)));
    shash_add(&probes, id, probe);
    return probe;
}

/* Has 'probe' be as its pool says now, from now on. */
static void
edit_probe(struct probe *probe, const struct probe_spec *spec, int interval,
           int threshold)
{
    long long int now = time_msec();
    bool same = same_spec(&probe->spec, spec);

    if (same && probe->state.interval == interval
        && probe->state.threshold == threshold) {
        return;
    }
    if (!same) {
        set_spec(probe, spec);
    }
    probe_state_edit(&probe->state, interval, threshold, now);
    probe->doubt_until = LLONG_MAX;
    probe->asked = probe->put_off = false;
    probe->since = 0;
    heap_change(&schedule, &probe->due,
                due_priority(probe_state_first(probe->hash, interval, now)));
}

/* The VM of 'binding' has the probe that 'config' describes. */
static void
want_probe(const struct sync *sync, const struct slbrec_binding *binding,
           const struct in6_addr *address, const struct smap *config)
{
    const char *ca_file = sync->agent->config.probe_ca_file;
    const char *name = smap_get_def(config, "name", "");
    struct probe_spec spec = {
        .iface = SLB_PROBE_IFACE,
        .host = *address,
        .ca_file = ca_file[0] ? ca_file : NULL,
    };
    int interval, threshold;

    if (!parse_probe(config, &spec, &interval, &threshold)) {
        VLOG_WARN_RL(&rl, "%s: this is no probe", name);
        return;
    }
    interval *= 1000;
    spec.timeout = MIN(TIMEOUT, interval - MOMENT);

    char *key = xasprintf("%s %s", name, binding->address);
    char *id = xasprintf("%s\t%s", binding->iface_id, key);
    struct probe *probe = shash_find_data(&probes, id);
    if (probe && probe->wanted) {
        goto out;
    }

    uint16_t token = probe_tokens_get(&tokens, binding->network_key, address);
    if (!token) {
        VLOG_WARN_RL(&rl, "%s: too many machines are probed here", key);
        goto out;
    }

    bool v4 = IN6_IS_ADDR_V4MAPPED(address);
    spec.source = slb_probe_address(v4, SLB_PROBE_OWN);
    spec.address = slb_probe_address(v4, token);
    if (!probe) {
        probe = add_probe(sync, id, binding->iface_id, key, interval,
                          threshold);
        set_spec(probe, &spec);
    } else {
        edit_probe(probe, &spec, interval, threshold);
    }
    probe->network = binding->network_key;
    probe->token = token;
    probe->wanted = true;

out:
    free(key);
    free(id);
}

static void
want_probes(const struct sync *sync, const struct slbrec_binding *binding)
{
    struct in6_addr address;

    if (!slb_address_parse(binding->address, &address)) {
        return;
    }
    for (size_t i = 0; i < binding->n_pools; i++) {
        const struct smap *config = find_pool_probe(sync,
                                                    binding->key_pools[i]);

        if (config) {
            want_probe(sync, binding, &address, config);
        }
    }
}

/* Makes no probe wanted, and removes those of VMs that are not plugged in any
 * more: one that has come in such a one's place is new. */
static void
begin_probes(const struct shash *ports)
{
    struct shash_node *node;

    SHASH_FOR_EACH_SAFE (node, &probes) {
        struct probe *probe = node->data;
        const struct port *port = shash_find_data(ports, probe->iface_id);

        probe->wanted = false;
        if (!port || !uuid_equals(&port->iface, &probe->iface)) {
            sset_add(&unplugged, probe->iface_id);
            destroy_probe(probe);
            shash_delete(&probes, node);
        }
    }
}

/* Makes the probes those that the database, which must be complete, asks for
 * of VMs that are plugged in. */
void
probes_sync(const struct agent *agent, const struct shash *ports)
{
    unsigned int slb = ovsdb_idl_get_seqno(agent->slb_idl);
    unsigned int ovs = ovsdb_idl_get_seqno(agent->ovs_idl);
    const struct slbrec_binding *binding;
    struct shash_node *node;
    struct sync sync;

    if (synced && synced_slb == slb && synced_ovs == ovs) {
        return;
    }
    synced = unreported = true;
    synced_slb = slb;
    synced_ovs = ovs;

    begin_probes(ports);
    sync_init(&sync, agent, ports);
    probe_tokens_begin(&tokens);
    SLBREC_BINDING_FOR_EACH (binding, agent->slb_idl) {
        if (shash_find(ports, binding->iface_id)) {
            want_probes(&sync, binding);
        }
    }
    probe_tokens_end(&tokens);
    sync_destroy(&sync);
    SHASH_FOR_EACH_SAFE (node, &probes) {
        struct probe *probe = node->data;

        if (!probe->wanted) {
            destroy_probe(probe);
            shash_delete(&probes, node);
        }
    }
}

/* Returns what is probed, for the caller to free, and sets '*n' to its
 * number.  The same may be there several times. */
struct probe_use *
probes_get_uses(size_t *n)
{
    struct probe_use *uses = xmalloc(shash_count(&probes) * sizeof *uses);
    struct shash_node *node;

    *n = 0;
    SHASH_FOR_EACH (node, &probes) {
        const struct probe *probe = node->data;

        uses[(*n)++] = (struct probe_use) {
            .network = probe->network,
            .address = probe->spec.host,
            .token = probe->token,
            .port = probe->spec.port,
        };
    }
    return uses;
}

/* Can somebody who hears of this host rely on what it says of its members?
 * Not without the port that probes take, which is gone while a userspace
 * datapath is, or without its addresses and routes, nor while it is not known
 * whether somebody is still up. */
bool
probes_hold(void)
{
    return synced && (shash_is_empty(&probes)
                      || (ready && probe_engine_works(engine)
                          && !n_doubtful));
}

/* Reporting. */

/* Removes from 'row' what is not probed, or not known, (any more).  Returns
 * true if there was something. */
static bool
remove_health(const struct slbrec_port *row)
{
    const struct smap_node *sn;
    bool changed = false;

    SMAP_FOR_EACH (sn, &row->health) {
        char *id = xasprintf("%s\t%s", row->iface_id, sn->key);
        const struct probe *probe = shash_find_data(&probes, id);

        if (!probe || probe->state.health == PROBE_UNKNOWN) {
            slbrec_port_update_health_delkey(row, sn->key);
            changed = true;
        }
        free(id);
    }
    return changed;
}

/* Makes Port.health say what is known.  What was written is compared once
 * more: the transaction may have failed. */
static void
report(struct agent *agent)
{
    struct shash rows = SHASH_INITIALIZER(&rows);
    struct shash_node *node;
    bool changed = false;

    for (size_t i = 0; i < agent->node->n_ports; i++) {
        const struct slbrec_port *row = agent->node->ports[i];

        changed |= remove_health(row);
        shash_add_once(&rows, row->iface_id, row);
    }
    SHASH_FOR_EACH (node, &probes) {
        const struct probe *probe = node->data;
        const struct slbrec_port *row = shash_find_data(&rows,
                                                        probe->iface_id);
        char *health = probe_state_to_string(&probe->state);

        if (row && probe->state.health != PROBE_UNKNOWN
            && strcmp(smap_get_def(&row->health, probe->key, ""), health)) {
            slbrec_port_update_health_setkey(row, probe->key, health);
            changed = true;
        }
        free(health);
    }
    shash_destroy(&rows);
    unreported = changed;
    if (!changed) {
        sset_clear(&unplugged);
    }
}

/* Running. */

/* Returns true if 'probe', which is due at 'at', is to be asked now.  If not,
 * puts it off: if it has not been asked yet and the switch does not have its
 * 'flows', as what is lost is repeated after a second only; or if it is
 * overdue, as then many are, which must not be asked all at once. */
static bool
may_ask(struct probe *probe, long long int at, bool flows, int doubt_time,
        long long int now)
{
    if (!probe->since) {
        probe->since = at;
    }
    if (now - probe->since > doubt_time) {
        doubt(probe);
    }
    if (!probe->asked && !flows) {
        at = now + FLOWS_INTERVAL;
    } else if (now - probe->since > OVERDUE && !probe->put_off) {
        probe->put_off = true;
        at = probe_state_first(probe->hash, probe->state.interval, now);
    } else {
        return true;
    }
    heap_change(&schedule, &probe->due, due_priority(at));
    return false;
}

/* Asks who is due.  Who should have been asked 'doubt_time' ago is doubtful,
 * and whoever is has that time to answer. */
static void
ask_due(bool flows, int doubt_time, long long int now)
{
    while (!heap_is_empty(&schedule)) {
        struct probe *probe = CONTAINER_OF(heap_max(&schedule), struct probe,
                                           due);
        long long int at = due_at(probe);

        if (at > now) {
            break;
        }
        if (!probe_engine_has_room(engine)) {
            /* In turn, when others have answered or failed. */
            resume_at = ROUND_UP(now + 1, PROBE_ENGINE_TICK);
            break;
        }
        if (!may_ask(probe, at, flows, doubt_time, now)) {
            continue;
        }
        if (!probe_target_is_busy(probe->target)
            && probe_target_ask(probe->target,
                                probe_state_decides(&probe->state))) {
            probe_port_check();
            heap_change(&schedule, &probe->due,
                        due_priority(now + RETRY_INTERVAL));
            continue;
        }
        probe->asked = true;
        probe->put_off = false;
        probe->since = 0;
        if (probe->doubt_until == LLONG_MAX) {
            probe->doubt_until = now + doubt_time;
        }

        /* After a pause, what was missed is not made up for. */
        at = probe_state_next(probe->hash, probe->state.interval,
                              MAX(at, now - PROBE_ENGINE_TICK));
        heap_change(&schedule, &probe->due, due_priority(at));
    }
}

/* Returns for how long doubts may last. */
static int
get_doubt_time(const struct agent *agent)
{
    const struct slbrec_slb_global *global
        = slbrec_slb_global_first(agent->slb_idl);
    int seconds = global ? smap_get_int(&global->options,
                                        "host-silent-seconds", 0) : 0;

    return (seconds > 0 && seconds < DOUBT_TIME / 400 ? seconds * 400
            : DOUBT_TIME);
}

/* Forgets who was in doubt for too long. */
static void
end_doubts(long long int now)
{
    struct shash_node *node;

    n_doubtful = 0;
    forget_at = LLONG_MAX;
    SHASH_FOR_EACH (node, &probes) {
        struct probe *probe = node->data;

        if (!probe->state.doubtful) {
            continue;
        } else if (now < probe->doubt_until) {
            n_doubtful++;
            forget_at = MIN(forget_at, probe->doubt_until);
        } else {
            VLOG_INFO_RL(&change_rl, "%s: %s was up before, but has not "
                         "answered since", probe->key, probe->iface_id);
            probe_state_forget(&probe->state);
            unreported = true;
        }
    }
}

/* 'flows' says whether the switch has the flows for all probes. */
void
probes_run(struct agent *agent, bool flows)
{
    int doubt_time = get_doubt_time(agent);
    long long int now;

    ready = !shash_is_empty(&probes) && probe_port_run();

    /* In this order: who is asked is looked at a tick later, and if somebody
     * is in each tick, nobody's answer would ever be looked at. */
    probe_engine_run(engine);
    now = time_msec();
    if (ready) {
        ask_due(flows, doubt_time, now);
        if (n_doubtful) {
            end_doubts(now);
        }
    }
    if (unreported && synced && agent->slb_complete && agent->slb_txn
        && agent->node) {
        report(agent);
    }
}

void
probes_wait(void)
{
    if (!shash_is_empty(&probes)) {
        probe_port_wait();
    }
    if (ready) {
        long long int at = due_at(CONTAINER_OF(heap_max(&schedule),
                                               struct probe, due));

        poll_timer_wait_until(MAX(at, resume_at));
        if (n_doubtful && forget_at != LLONG_MAX) {
            poll_timer_wait_until(forget_at);
        }
    }
    probe_engine_wait(engine);
}

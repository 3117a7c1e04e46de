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

#include "controller/manager/compile.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "controller/manager/balancer.h"
#include "controller/manager/endpoint.h"
#include "controller/manager/network.h"
#include "controller/manager/node.h"
#include "controller/manager/place.h"
#include "controller/manager/pool.h"
#include "controller/manager/prepare.h"
#include "controller/manager/stage.h"
#include "controller/manager/state.h"
#include "lib/slb-heartbeat.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "smap.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(compile);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

#define DRAIN_SECONDS_DEFAULT 3600
#define DRAIN_SECONDS_MAX (366 * 24 * 60 * 60)

/* Octets of the key of the muxes' hash. */
#define HASH_KEY_LEN 16

/* The longest time, in seconds, that a host need not be heard of. */
#define SILENT_SECONDS_MAX (24 * 60 * 60)

/* A run ends when it has written that many rows (and what belongs to them),
 * and one more for each node, since each node may be told of each transaction ...
 * Large transactions are slower: what server and manager make of one to read
 * or write it does not fit into caches any more, nor into the buffers between
 * them, so that they take turns; and they block the database. */
#define ROWS_PER_RUN_DEFAULT 50

/* ... or has taken that long, in us. */
#define RUN_TIME (50 * 1000)

/* The longest sleep until a point of wall-clock time, in ms: the clock may be
 * set while we sleep. */
#define MAX_SLEEP (10 * 1000)

struct compiler {
    struct state state;
    bool loaded;
    bool has_global;            /* Is there a row of SLB_Global? */
    bool global_dirty;
    size_t rows_per_run;

    /* For those who want to know. */
    unsigned long long int n_compiled; /* Load balancers. */
    long long int last_run;     /* In us. */
};

/* Input: the columns that are read here and written by others, and those by
 * which compiled rows are recognised.  (A change below a load balancer, a
 * network or a node is tracked as one of these.) */
static struct ovsdb_idl_column *const inputs[] = {
    &slbrec_slb_global_col_intent_seq,
    &slbrec_slb_global_col_hash_key,
    &slbrec_slb_global_col_options,
    &slbrec_slb_global_col_stages,
    &slbrec_virtual_network_col_name,
    &slbrec_virtual_network_col_subnets,
    &slbrec_virtual_network_col_peerings,
    &slbrec_subnet_col_name,
    &slbrec_subnet_col_prefix,
    &slbrec_subnet_col_gateway,
    &slbrec_public_ip_prefix_col_name,
    &slbrec_public_ip_prefix_col_prefix,
    &slbrec_load_balancer_col_name,
    &slbrec_load_balancer_col_tier,
    &slbrec_load_balancer_col_network,
    &slbrec_load_balancer_col_frontends,
    &slbrec_load_balancer_col_backend_pools,
    &slbrec_load_balancer_col_rules,
    &slbrec_load_balancer_col_inbound_nat_rules,
    &slbrec_load_balancer_col_inbound_nat_pools,
    &slbrec_load_balancer_col_outbound_rules,
    &slbrec_load_balancer_col_stage,
    &slbrec_load_balancer_col_retired,
    &slbrec_frontend_col_name,
    &slbrec_frontend_col_address,
    &slbrec_frontend_col_public_ip_prefix,
    &slbrec_frontend_col_subnet,
    &slbrec_frontend_col_zones,
    &slbrec_frontend_col_fastpath,
    &slbrec_frontend_col_enable_icmp_echo,
    &slbrec_frontend_col_enable_reject,
    &slbrec_backend_pool_col_name,
    &slbrec_backend_pool_col_members,
    &slbrec_backend_pool_col_member_weights,
    &slbrec_backend_pool_col_member_admin_states,
    &slbrec_backend_pool_col_silent_host_behavior,
    &slbrec_rule_col_name,
    &slbrec_rule_col_frontend,
    &slbrec_rule_col_backend_pool,
    &slbrec_rule_col_probe,
    &slbrec_rule_col_protocol,
    &slbrec_rule_col_frontend_port,
    &slbrec_rule_col_backend_port,
    &slbrec_rule_col_load_distribution,
    &slbrec_rule_col_idle_timeout,
    &slbrec_rule_col_enable_tcp_reset,
    &slbrec_rule_col_enable_floating_ip,
    &slbrec_rule_col_disable_outbound_snat,
    &slbrec_rule_col_source_ranges,
    &slbrec_rule_col_enable_reject,
    &slbrec_probe_col_name,
    &slbrec_probe_col_protocol,
    &slbrec_probe_col_port,
    &slbrec_probe_col_request_path,
    &slbrec_probe_col_interval,
    &slbrec_probe_col_number_of_probes,
    &slbrec_probe_col_no_healthy_backends_behavior,
    &slbrec_inbound_nat_rule_col_name,
    &slbrec_inbound_nat_rule_col_frontend,
    &slbrec_inbound_nat_rule_col_protocol,
    &slbrec_inbound_nat_rule_col_frontend_port,
    &slbrec_inbound_nat_rule_col_backend_port,
    &slbrec_inbound_nat_rule_col_target,
    &slbrec_inbound_nat_rule_col_idle_timeout,
    &slbrec_inbound_nat_rule_col_enable_tcp_reset,
    &slbrec_inbound_nat_rule_col_enable_floating_ip,
    &slbrec_inbound_nat_pool_col_name,
    &slbrec_inbound_nat_pool_col_frontend,
    &slbrec_inbound_nat_pool_col_backend_pool,
    &slbrec_inbound_nat_pool_col_protocol,
    &slbrec_inbound_nat_pool_col_frontend_port_range_start,
    &slbrec_inbound_nat_pool_col_frontend_port_range_end,
    &slbrec_inbound_nat_pool_col_backend_port,
    &slbrec_inbound_nat_pool_col_idle_timeout,
    &slbrec_inbound_nat_pool_col_enable_tcp_reset,
    &slbrec_inbound_nat_pool_col_enable_floating_ip,
    &slbrec_outbound_rule_col_name,
    &slbrec_outbound_rule_col_frontends,
    &slbrec_outbound_rule_col_backend_pool,
    &slbrec_outbound_rule_col_allocated_outbound_ports,
    &slbrec_node_col_name,
    &slbrec_node_col_role,
    &slbrec_node_col_vtep,
    &slbrec_node_col_zone,
    &slbrec_node_col_mux_set,
    &slbrec_node_col_ports,
    &slbrec_node_col_applied,
    &slbrec_node_col_alive,
    &slbrec_port_col_iface_id,
    &slbrec_port_col_mac,
    &slbrec_port_col_addresses,
    &slbrec_port_col_network,
    &slbrec_port_col_health,
    &slbrec_compiled_network_col_name,
    &slbrec_compiled_pool_col_name,
    &slbrec_endpoint_col_network_key,
    &slbrec_endpoint_col_vip,
    &slbrec_endpoint_col_protocol,
    &slbrec_endpoint_col_port,
    &slbrec_endpoint_col_rule,
    &slbrec_endpoint_col_cookie,
    &slbrec_vip_col_network_key,
    &slbrec_vip_col_address,
    &slbrec_binding_col_node,
    &slbrec_binding_col_iface_id,
    &slbrec_binding_col_network_key,
    &slbrec_binding_col_address,
    &slbrec_binding_col_pools,
    &slbrec_location_col_network_key,
    &slbrec_location_col_address,
    &slbrec_assigned_address_col_frontend,
    &slbrec_assigned_port_col_nat_pool,
};

/* Columns that are of no use here. */
static struct ovsdb_idl_column *const unused[] = {
    &slbrec_slb_global_col_anycast_vtep,
    &slbrec_slb_global_col_alive,
    &slbrec_virtual_network_col_external_ids,
    &slbrec_public_ip_prefix_col_external_ids,
    &slbrec_load_balancer_col_sku,
    &slbrec_load_balancer_col_probes,
    &slbrec_load_balancer_col_external_ids,
    &slbrec_frontend_col_private_ip_allocation_method,
    &slbrec_outbound_rule_col_protocol,
    &slbrec_outbound_rule_col_idle_timeout,
    &slbrec_outbound_rule_col_enable_tcp_reset,
    &slbrec_node_col_version,
    &slbrec_node_col_status,
    &slbrec_port_col_node,
};

/* Says what is read and written here. */
void
compiler_monitor(struct ovsdb_idl *idl)
{
    for (size_t i = 0; i < ARRAY_SIZE(inputs); i++) {
        ovsdb_idl_track_add_column(idl, inputs[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(unused); i++) {
        ovsdb_idl_omit(idl, unused[i]);
    }
}

struct compiler *
compiler_create(struct ovsdb_idl *idl)
{
    struct compiler *c = xzalloc(sizeof *c);

    state_init(&c->state, idl);
    c->rows_per_run = ROWS_PER_RUN_DEFAULT;
    return c;
}

void
compiler_destroy(struct compiler *c)
{
    if (c) {
        state_destroy(&c->state);
        free(c);
    }
}

/* Taking in rows. */

/* Returns the value of option 'name', 'otherwise' if it has none that is from
 * 0 to 'max'. */
static long long int
read_option(const struct slbrec_slb_global *global, const char *name,
            long long int max, long long int otherwise,
            struct problem_list *problems)
{
    const char *text = global ? smap_get(&global->options, name) : NULL;
    long long int value;

    if (!text) {
        return otherwise;
    }
    if (!str_to_llong(text, 10, &value) || value < 0 || value > max) {
        problem_list_add(problems, "option %s: \"%s\" is not between 0 and "
                         "%lld, using %lld", name, text, max, otherwise);
        return otherwise;
    }
    return value;
}

/* Reads after how long hosts are silent. */
static void
read_silence(struct silence *silence, const struct slbrec_slb_global *global,
             struct problem_list *problems)
{
    int interval = SLB_HEARTBEAT_INTERVAL;

    if (global && !slb_heartbeat_interval(&global->options, &interval)) {
        problem_list_add(problems, "option heartbeat-interval: \"%s\" is not "
                         "between %d and %d, using %d",
                         smap_get(&global->options, "heartbeat-interval"),
                         SLB_HEARTBEAT_INTERVAL_MIN,
                         SLB_HEARTBEAT_INTERVAL_MAX, interval);
    }

    int64_t limit = read_option(global, "host-silent-seconds",
                                SILENT_SECONDS_MAX,
                                SILENCE_LIMIT_DEFAULT / 1000,
                                problems) * 1000;

    if (limit && limit < 2 * interval) {
        problem_list_add(problems, "option host-silent-seconds: less than two "
                         "intervals of %d ms, using these", interval);
        limit = 2 * interval;
    }
    silence_set_times(silence, limit, interval);
}

static void
read_options(struct compiler *c, const struct slbrec_slb_global *global)
{
    struct problem_list problems = PROBLEM_LIST_INITIALIZER;
    struct state *s = &c->state;
    int64_t drain = read_option(global, "drain-seconds", DRAIN_SECONDS_MAX,
                                DRAIN_SECONDS_DEFAULT, &problems) * 1000;

    c->rows_per_run = read_option(global, "transaction-rows", INT_MAX,
                                  ROWS_PER_RUN_DEFAULT, &problems);
    prepare_set_timeout(s->prepare,
                        read_option(global, "debug-prepare-ms", INT_MAX,
                                    PREPARE_TIMEOUT, &problems));
    read_silence(&s->silence, global, &problems);
    problems_replace(&s->problems, &s->option_problems, &problems);
    if (s->drain != drain) {
        struct shash_node *node;

        s->drain = drain;
        SHASH_FOR_EACH (node, &s->balancers) {
            balancer_set_dirty(s, node->data, false);
        }
    }
}

static void
see_global(struct compiler *c)
{
    const struct slbrec_slb_global *global
        = slbrec_slb_global_first(c->state.idl);

    c->has_global = global != NULL;
    c->global_dirty = true;
    read_options(c, global);
    stages_see_global(&c->state, global);
}

/* Takes in all rows of a table, or those that have changed.  What has gone is
 * taken in first, because what has come may be about the same. */
#define SEE_ALL(TABLE, STRUCT, S)                                       \
    do {                                                                \
        const struct slbrec_##STRUCT *row_;                             \
                                                                        \
        SLBREC_##TABLE##_FOR_EACH (row_, (S)->idl) {                    \
            see_##STRUCT(S, row_, false);                               \
        }                                                               \
    } while (0)
#define SEE_CHANGES(TABLE, STRUCT, S)                                   \
    do {                                                                \
        const struct slbrec_##STRUCT *row_;                             \
                                                                        \
        SLBREC_##TABLE##_FOR_EACH_TRACKED (row_, (S)->idl) {            \
            if (slbrec_##STRUCT##_is_deleted(row_)) {                   \
                see_##STRUCT(S, row_, true);                            \
            }                                                           \
        }                                                               \
        SLBREC_##TABLE##_FOR_EACH_TRACKED (row_, (S)->idl) {            \
            if (!slbrec_##STRUCT##_is_deleted(row_)) {                  \
                see_##STRUCT(S, row_, false);                           \
            }                                                           \
        }                                                               \
    } while (0)

/* Compiled rows come first: they say which tunnel keys are in use. */
#define SEE_TABLES(SEE, S)                                      \
    SEE(COMPILED_NETWORK, compiled_network, S);                 \
    SEE(COMPILED_POOL, compiled_pool, S);                       \
    SEE(ENDPOINT, endpoint, S);                                 \
    SEE(VIP, vip, S);                                           \
    SEE(BINDING, binding, S);                                   \
    SEE(LOCATION, location, S);                                 \
    SEE(ASSIGNED_ADDRESS, assigned_address, S);                 \
    SEE(ASSIGNED_PORT, assigned_port, S);                       \
    SEE(VIRTUAL_NETWORK, virtual_network, S);                   \
    SEE(PUBLIC_IP_PREFIX, public_ip_prefix, S);                 \
    SEE(NODE, node, S);                                         \
    SEE(LOAD_BALANCER, load_balancer, S)

/* Takes in the whole database; everything is dirty. */
void
compiler_load(struct compiler *c)
{
    struct state *s = &c->state;

    if (c->loaded) {
        state_clear(s);
    }
    c->loaded = true;
    see_global(c);
    SEE_TABLES(SEE_ALL, s);
    ovsdb_idl_track_clear(s->idl);
}

/* Forgets everything, as in a manager that has just been started. */
void
compiler_unload(struct compiler *c)
{
    if (c->loaded) {
        state_clear(&c->state);
        prepare_clear(c->state.prepare);
        silence_clear(&c->state.silence);
        c->loaded = false;
    }
}

/* Takes in what has changed in the database. */
void
compiler_track(struct compiler *c)
{
    struct state *s = &c->state;
    const struct slbrec_slb_global *global
        = slbrec_slb_global_track_get_first(s->idl);

    /* If a row that was there comes (again), then all rows do: the IDL has
     * fetched the contents anew. */
    if (!c->loaded || (global && c->has_global
                       && slbrec_slb_global_is_new(global))) {
        compiler_load(c);
        return;
    }
    if (global) {
        see_global(c);
    }
    SEE_TABLES(SEE_CHANGES, s);
    ovsdb_idl_track_clear(s->idl);
}

/* Running. */

/* The frontends that have 'binding''s address say so if a machine has it,
 * too. */
static void
set_frontends_dirty(struct state *s, const struct binding *binding)
{
    const struct vip *vip = claims_find_vip(&s->claims, binding->network_key,
                                            &binding->address);
    const struct claimant *claimant;
    const struct claim *claim;

    if (!vip) {
        return;
    }
    LIST_FOR_EACH (claim, vip_node, &vip->claims) {
        LIST_FOR_EACH (claimant, claim_node, &claim->claimants) {
            const struct endpoint *e = CONTAINER_OF(claimant, struct endpoint,
                                                    claimant);

            balancer_set_dirty(s, e->balancer, false);
        }
    }
}

/* Parses what has to be parsed and decides what depends on several load
 * balancers, until nothing follows from that any more. */
static void
settle(struct state *s)
{
    struct binding_member *member;
    struct claimant *claimant;
    struct binding *binding;
    const char *frontend;
    bool again;

    do {
        again = balancers_parse(s);

        bindings_resolve(&s->bindings);
        while ((member = bindings_pop_changed_member(&s->bindings))) {
            const struct pool *pool = member->owner;

            balancer_set_dirty(s, pool->balancer, true);
        }
        while ((binding = bindings_pop_changed(&s->bindings))) {
            LIST_FOR_EACH (member, binding_node, &binding->members) {
                const struct pool *pool = member->owner;

                balancer_set_dirty(s, pool->balancer, true);
            }
            set_frontends_dirty(s, binding);
        }

        claims_resolve(&s->claims);
        while ((claimant = claims_pop_changed(&s->claims))) {
            const struct endpoint *e = CONTAINER_OF(claimant, struct endpoint,
                                                    claimant);

            balancer_set_dirty(s, e->balancer, false);
        }

        while ((frontend = assign_pop_woken(&s->assign))) {
            balancer_set_changed(s, balancer_get(s, frontend));
            again = true;
        }
    } while (again);
}

static bool
is_hash_key(const char *s)
{
    return strlen(s) == 2 * HASH_KEY_LEN
           && strspn(s, "0123456789abcdefABCDEF") == 2 * HASH_KEY_LEN;
}

/* Returns a new key in hexadecimal digits, NULL if there is no randomness. */
static char *
make_hash_key(void)
{
    uint8_t key[HASH_KEY_LEN];
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (getrandom(key, sizeof key, 0) != sizeof key) {
        VLOG_ERR_RL(&rl, "no random bytes for the key of the hash (%s)",
                    ovs_strerror(errno));
        return NULL;
    }
    for (size_t i = 0; i < sizeof key; i++) {
        ds_put_format(&ds, "%02x", key[i]);
    }
    return ds_steal_cstr(&ds);
}

/* Writes SLB_Global; 'done' says whether nothing is left to be compiled. */
static void
write_global(struct state *s, bool done)
{
    const struct slbrec_slb_global *global = slbrec_slb_global_first(s->idl);

    if (!global) {
        global = slbrec_slb_global_insert(s->txn);
    }
    if (!is_hash_key(global->hash_key)) {
        char *key = make_hash_key();

        if (key) {
            slbrec_slb_global_set_hash_key(global, key);
            concern_touch_muxes(&s->concern);
            concern_touch_hosts(&s->concern);
            free(key);
        }
    }
    if (done && global->compiled_seq != global->intent_seq) {
        slbrec_slb_global_set_compiled_seq(global, global->intent_seq);
    }
}

/* What time and muxes' acknowledgements call for becomes dirty. */
static void
see_time(struct state *s)
{
    uint32_t pool_key;

    s->wall_now = time_wall_msec();
    s->now = time_msec();
    while (!heap_is_empty(&s->timers)) {
        struct balancer *b = CONTAINER_OF(heap_max(&s->timers),
                                          struct balancer, timer);

        if (UINT64_MAX - b->timer.priority > s->wall_now) {
            break;
        }
        heap_remove(&s->timers, &b->timer);
        b->has_timer = false;
        balancer_set_dirty(s, b, true);
    }
    while ((pool_key = prepare_pop_ready(s->prepare, s->now))) {
        struct pool *pool = pool_find_by_key(s, pool_key);

        if (pool) {
            balancer_set_dirty(s, pool->balancer, true);
        }
    }
}

static bool
has_dirty(const struct compiler *c)
{
    const struct state *s = &c->state;

    return (!ovs_list_is_empty(&s->queue)
            || !ovs_list_is_empty(&s->unparsed)
            || !ovs_list_is_empty(&s->bindings.touched_ports)
            || !ovs_list_is_empty(&s->bindings.touched_members)
            || !ovs_list_is_empty(&s->bindings.touched)
            || !ovs_list_is_empty(&s->bindings.dirty)
            || !ovs_list_is_empty(&s->claims.touched)
            || !ovs_list_is_empty(&s->claims.dirty)
            || !ovs_list_is_empty(&s->assign.woken)
            || !ovs_list_is_empty(&s->dirty_networks)
            || !ovs_list_is_empty(&s->dirty_prefixes)
            || !ovs_list_is_empty(&s->new_nodes)
            || !ovs_list_is_empty(&s->turned_nodes)
            || !ovs_list_is_empty(&s->orphans)
            || s->muxes_dirty || c->global_dirty);
}

/* Returns true if a run may take place although the transaction of another one
 * is under way: if there is nothing to do but for load balancers. */
bool
compiler_may_run_ahead(const struct compiler *c)
{
    const struct state *s = &c->state;

    return (!s->stuck && !ovs_list_is_empty(&s->queue)
            && ovs_list_is_empty(&s->dirty_networks)
            && ovs_list_is_empty(&s->dirty_prefixes)
            && ovs_list_is_empty(&s->new_nodes)
            && ovs_list_is_empty(&s->turned_nodes)
            && ovs_list_is_empty(&s->orphans)
            && !s->muxes_dirty);
}

/* Returns true if a run may have something to do. */
bool
compiler_is_due(struct compiler *c)
{
    see_time(&c->state);
    nodes_see_silence(&c->state);
    return has_dirty(c) || stages_have_garbage(&c->state);
}

/* Returns how many rows a run writes. */
static size_t
get_max_rows(const struct compiler *c)
{
    return c->rows_per_run + shash_count(&c->state.nodes);
}

static bool
has_done_enough(const struct compiler *c, long long int start)
{
    return (c->state.n_written >= get_max_rows(c)
            || time_usec() - start >= RUN_TIME);
}

/* Compiles load balancers until the run, which began at 'start', has done
 * enough; if it runs 'ahead', only those that are not blocked. */
static void
compile_balancers(struct compiler *c, long long int start, bool ahead)
{
    struct state *s = &c->state;
    struct balancer *b;
    size_t n = 0;

    if (ahead) {
        s->stuck = true;
        LIST_FOR_EACH_SAFE (b, queue_node, &s->queue) {
            if (n && has_done_enough(c, start)) {
                break;
            }
            if (!balancer_is_blocked(s, b)) {
                balancer_compile(s, b);
                c->n_compiled++;
                s->stuck = false;
                n++;
            }
        }
    } else {
        while (!ovs_list_is_empty(&s->queue)
               && (s->n_pulled || !n++ || !has_done_enough(c, start))) {
            b = CONTAINER_OF(ovs_list_front(&s->queue), struct balancer,
                             queue_node);
            balancer_compile(s, b);
            c->n_compiled++;
        }
    }
}

/* Puts into 'txn' a part of what is to be changed.  Exactly one of
 * compiler_committed() and compiler_load() must be called when it is known
 * what has come of it, after that has become known of the runs before. */
void
compiler_run(struct compiler *c, struct ovsdb_idl_txn *txn)
{
    long long int start = time_usec();
    struct state *s = &c->state;
    bool ahead = state_is_in_flight(s, s->serial);
    bool dirty = has_dirty(c);

    s->txn = txn;
    s->serial++;
    s->n_written = 0;
    see_time(s);
    prepare_begin(s->prepare);

    settle(s);
    if (!ahead) {
        networks_write(s);
        nodes_write_muxes(s);
        nodes_write_silent(s);
        state_delete_orphans(s);
    }
    compile_balancers(c, start, ahead);

    bool done = ovs_list_is_empty(&s->queue) && !ahead;
    vips_write(s, done);
    done = places_write(s, done, get_max_rows(c)) && done;
    if (!ahead) {
        write_global(s, done);
        c->global_dirty = !done;
        if (done) {
            problems_settle(&s->problems);
        }
        if (!dirty) {
            stages_collect_garbage(s);
        }
    }
    nodes_write_wanted(s);
    s->txn = NULL;
    c->last_run = time_usec() - start;
}

/* The transaction of the first run of which this was not known yet is in the
 * database, and so in the IDL: from now on the muxes are given time for the
 * generations that it made. */
void
compiler_committed(struct compiler *c)
{
    struct state *s = &c->state;
    struct pool *pool;

    s->landed = MIN(s->landed + 1, s->serial);
    concern_landed(&s->concern, s->landed);
    s->stuck = false;
    s->now = time_msec();
    nodes_written(s);
    prepare_begin(s->prepare);
    LIST_FOR_EACH_SAFE (pool, coming_node, &s->new_coming) {
        if (!state_is_in_flight(s, pool->balancer->flight)) {
            ovs_list_remove(&pool->coming_node);
            ovs_list_init(&pool->coming_node);
            pool_start_waiting(s, pool);
        }
    }
}

/* Arranges for poll_block() to wake up when compiler_is_due() becomes true by
 * the passage of time. */
void
compiler_wait(struct compiler *c)
{
    struct state *s = &c->state;
    long long int deadline = prepare_deadline(s->prepare);

    if (deadline != LLONG_MAX) {
        poll_timer_wait_until(deadline);
    }
    if (!heap_is_empty(&s->timers)) {
        int64_t at = UINT64_MAX - heap_max(&s->timers)->priority;

        poll_timer_wait(MAX(0, MIN(at - time_wall_msec(), MAX_SLEEP)));
    }
}

/* Returns when somebody has to prove that the database takes writes, LLONG_MAX
 * for never: then it is not known whether it is hosts or the database that is
 * silent (silence.h). */
long long int
compiler_proof_deadline(const struct compiler *c)
{
    return silence_deadline(&c->state.silence);
}

/* Puts into 'txn' what is a proof when it is in the database, which
 * compiler_proved() is to be told. */
void
compiler_prove(const struct compiler *c, struct ovsdb_idl_txn *txn)
{
    const struct slbrec_slb_global *global
        = slbrec_slb_global_first(c->state.idl);

    if (global) {
        ovsdb_idl_txn_increment(txn, &global->header_,
                                &slbrec_slb_global_col_alive, true);
    }
}

void
compiler_proved(struct compiler *c)
{
    silence_prove(&c->state.silence, time_msec());
}

void
compiler_format_status(const struct compiler *c, struct ds *ds)
{
    const struct state *s = &c->state;
    struct svec problems = SVEC_EMPTY_INITIALIZER;

    problems_get(&s->problems, &problems);
    ds_put_format(ds, "dirty load balancers: %"PRIuSIZE"\n", s->n_queued);
    ds_put_format(ds, "load balancers compiled: %llu\n", c->n_compiled);
    ds_put_format(ds, "last run: %lld us\n", c->last_run);
    ds_put_format(ds, "networks: %"PRIuSIZE"\n", shash_count(&s->networks));
    ds_put_format(ds, "load balancers: %"PRIuSIZE"\n",
                  shash_count(&s->balancers));
    ds_put_format(ds, "pools: %"PRIuSIZE"\n", hmap_count(&s->pools));
    ds_put_format(ds, "members: %"PRIuSIZE"\n", s->n_members);
    ds_put_format(ds, "endpoints: %"PRIuSIZE"\n",
                  hmap_count(&s->claims.claims));
    ds_put_format(ds, "vips: %"PRIuSIZE"\n", hmap_count(&s->claims.vips));
    ds_put_format(ds, "bindings: %"PRIuSIZE"\n",
                  hmap_count(&s->bindings.known));
    ds_put_format(ds, "generations coming: %"PRIuSIZE"\n", s->n_coming);
    ds_put_format(ds, "generations previous: %"PRIuSIZE"\n", s->n_previous);
    ds_put_format(ds, "muxes not waited for: %d\n",
                  prepare_n_dead(s->prepare));
    ds_put_format(ds, "hosts silent: %"PRIuSIZE"\n", s->silence.n_silent);
    ds_put_format(ds, "problems: %"PRIuSIZE"\n", problems.n);
    for (size_t i = 0; i < problems.n; i++) {
        ds_put_format(ds, "  %s\n", problems.names[i]);
    }
    svec_destroy(&problems);
}

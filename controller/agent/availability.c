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

#include "controller/agent/availability.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "controller/agent/availability-state.h"
#include "controller/agent/mux-tables.h"
#include "lib/slb-address.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(availability);

/* How often the text may change: with so many milliseconds in between, since
 * what happens at once is found out one after the other, so many times in a
 * row, and then again after each TEXT_MS. */
#define TEXT_PAUSE_MS 500
#define TEXT_BURST 10
#define TEXT_MS 30000

/* Endpoints that flows are chosen for at once: with a pool of a thousand hosts
 * each takes half a millisecond. */
#define PLAN_AT_ONCE 16

/* Hosts. */

static struct host *
host_find(const struct availability *av, ovs_be32 vtep)
{
    struct host *host;

    HMAP_FOR_EACH_WITH_HASH (host, node, (OVS_FORCE uint32_t) vtep,
                             &av->hosts) {
        if (host->vtep == vtep) {
            return host;
        }
    }
    return NULL;
}

static struct host *
host_get(struct availability *av, ovs_be32 vtep)
{
    struct host *host = host_find(av, vtep);

    if (!host) {
        host = xzalloc(sizeof *host);
        host->vtep = vtep;
        host->verdict.good = LLONG_MAX;
        hmap_insert(&av->hosts, &host->node, (OVS_FORCE uint32_t) vtep);
        av->ring_dirty = true;
    }
    return host;
}

size_t
availability_count_dead(const struct availability *av)
{
    const struct host *host;
    size_t n = 0;

    HMAP_FOR_EACH (host, node, &av->hosts) {
        n += host->n_paths && host->verdict.bad;
    }
    return n;
}

/* Is it this mux, rather than all hosts? */
static bool
is_cut_off(const struct availability *av)
{
    const struct host *host;
    size_t n = 0;

    HMAP_FOR_EACH (host, node, &av->hosts) {
        if (host->n_paths) {
            if (!host->verdict.bad) {
                return false;
            }
            n++;
        }
    }
    return n > 1;
}

/* availability_is_dead() may say something else. */
static void
hosts_changed(struct availability *av)
{
    av->cut_off = is_cut_off(av);
    av->seqno++;
    av->dirty = true;
}

static void
host_failed(struct availability *av, struct host *host, long long int at)
{
    if (verdict_fail(&host->verdict, at) && !host->verdict.bad) {
        verdict_turn(&host->verdict, av->now, av->wall);
        VLOG_WARN("host "IP_FMT" does not answer", IP_ARGS(host->vtep));
        hosts_changed(av);
    }
}

static void
host_succeeded(struct availability *av, struct host *host, long long int at)
{
    host->answered = MAX(host->answered, at);
    if (verdict_succeed(&host->verdict, at)) {
        VLOG_INFO("host "IP_FMT" answers again", IP_ARGS(host->vtep));
        hosts_changed(av);
    }
    host->known |= !host->verdict.bad;
}

/* Paths. */

static struct path *
path_find(const struct target *target, ovs_be32 vtep)
{
    size_t low = 0, high = target->n_paths;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct path *path = &target->paths[middle];

        if (path->host->vtep == vtep) {
            return path;
        } else if (ntohl(path->host->vtep) < ntohl(vtep)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

/* Has 'path' tried again soon. */
static void
path_retry(struct availability *av, struct target *target, struct path *path)
{
    if (!path->retry && av->n_retries < AVAILABILITY_RETRIES) {
        struct retry *retry = xmalloc(sizeof *retry);

        retry->target = target;
        retry->vtep = path->host->vtep;
        ovs_list_push_back(&av->retries, &retry->node);
        av->n_retries++;
        path->retry = true;
    }
}

static void
path_failed(struct availability *av, struct target *target,
            struct path *path, long long int at, bool refused)
{
    bool enough = verdict_fail(&path->verdict, at);

    if (path->host->verdict.bad) {
        path->verdict.failures = 0;
        return;
    }
    path->refused = refused;
    if (path->verdict.bad) {
        return;
    }

    /* Whether it is the host, too, may only be known later. */
    if (enough && path->host->answered >= path->verdict.failing) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        verdict_turn(&path->verdict, av->now, av->wall);
        availability_format_bad_path(target, path, &ds);
        VLOG_WARN("VIP %s: %s", target->vip->address, ds_cstr(&ds));
        ds_destroy(&ds);
        av->dirty = true;
    } else {
        path_retry(av, target, path);
    }
}

static void
path_succeeded(struct availability *av, struct target *target,
               struct path *path, long long int at)
{
    if (verdict_succeed(&path->verdict, at)) {
        VLOG_INFO("VIP %s: all is well again by "IP_FMT, target->vip->address,
                  IP_ARGS(path->host->vtep));
        av->dirty = true;
    }
}

/* Targets. */

static void
target_clear(struct target *target)
{
    for (size_t i = 0; i < target->n_paths; i++) {
        target->paths[i].host->n_paths--;
    }
    target->vip->n_paths -= target->n_paths;
    free(target->paths);
    free(target->flows);
    target->paths = NULL;
    target->flows = NULL;
    target->n_paths = 0;
}

static void
target_destroy(struct availability *av, struct target *target)
{
    av->n_paths -= target->n_paths;
    target_clear(target);
    if (!target->planned) {
        ovs_list_remove(&target->list_node);
    }
    json_destroy(target->json);
    json_destroy(target->pool);
    free(target);
    av->ring_dirty = true;
}

/* Makes the paths of 'target' what its 'n' new 'flows' say, which it takes. */
static void
target_set_flows(struct availability *av, struct target *target,
                 struct availability_flow *flows, size_t n)
{
    struct path *paths = xcalloc(MAX(n, 1), sizeof *paths);
    size_t n_paths = 0;

    for (size_t i = 0; i < n; i++) {
        if (!i || flows[i].vtep != flows[i - 1].vtep) {
            struct host *host = host_get(av, flows[i].vtep);
            const struct path *old = path_find(target, flows[i].vtep);
            struct path *path = &paths[n_paths++];

            path->host = host;
            path->first = i;
            path->verdict.good = LLONG_MAX;
            if (old) {
                path->verdict = old->verdict;
                path->verdict.failures = 0;
                path->refused = old->refused;
                path->retry = old->retry;
            }
        }
        paths[n_paths - 1].n++;
    }
    av->n_paths += n_paths - target->n_paths;
    target_clear(target);
    target->flows = flows;
    target->paths = paths;
    target->n_paths = n_paths;
    target->vip->n_paths += n_paths;
    for (size_t i = 0; i < n_paths; i++) {
        paths[i].host->n_paths++;
        if (!paths[i].host->target) {
            paths[i].host->target = target;
        }
    }
    target->next = 0;
    target->planned = true;
    ovs_list_remove(&target->list_node);
    av->ring_dirty = av->dirty = true;
}

/* Planning. */

/* Chooses flows for some endpoints of one pool, if there are any without.
 * This takes milliseconds for a large pool, so it is not done for all at
 * once. */
void
availability_plan(struct availability *av)
{
    if (ovs_list_is_empty(&av->unplanned)) {
        return;
    }

    struct target *target = CONTAINER_OF(ovs_list_front(&av->unplanned),
                                         struct target, list_node);
    struct json *json = json_clone(target->pool);
    struct availability_pool *pool
        = availability_pool_create(json, &av->hash_key);

    size_t n_planned = 0;
    LIST_FOR_EACH_SAFE (target, list_node, &av->unplanned) {
        struct availability_flow *flows = NULL;
        size_t n = 0;

        if (n_planned++ >= PLAN_AT_ONCE || !json_equal(target->pool, json)) {
            break;
        }
        if (pool) {
            n = availability_pool_choose(
                pool, &target->endpoint,
                json_string(shash_find_data(json_object(target->json),
                                            "distribution")), &flows);
        }
        target_set_flows(av, target, flows, n);
    }
    availability_pool_destroy(pool);
    json_destroy(json);
}

bool
availability_is_planned(const struct availability *av)
{
    return ovs_list_is_empty(&av->unplanned);
}

/* Returns a port of the VIP with 'vip_key' that no endpoint names and that
 * cannot be for SNAT, or 0 if there is none. */
static uint16_t
find_free_port(const struct mux_tables *tables, const char *vip_key)
{
    for (uint16_t port = 1; port < 1024; port++) {
        char *key = xasprintf("%s %d %"PRIu16, vip_key, IPPROTO_TCP, port);
        bool taken = shash_find(&tables->objects[MUX_ENDPOINT], key);

        free(key);
        if (!taken) {
            return port;
        }
    }
    return 0;
}

static bool
endpoint_from_json(const struct mux_tables *tables, const struct json *json,
                   const char *vip_key, struct availability_endpoint *ep)
{
    const struct shash *object = json_object(json);

    *ep = (struct availability_endpoint) {
        .network = json_integer(shash_find_data(object, "network")),
        .protocol = json_integer(shash_find_data(object, "protocol")),
        .port = json_integer(shash_find_data(object, "port")),
    };
    if (!ep->protocol) {
        ep->protocol = IPPROTO_TCP;
        ep->port = find_free_port(tables, vip_key);
    }
    return (slb_address_parse(json_string(shash_find_data(object, "address")),
                              &ep->vip)
            && ep->port);
}

/* Brings the endpoint with 'key' up to date with 'tables', where it is
 * 'json'. */
static void
set_target(struct availability *av, const struct mux_tables *tables,
           const char *key, struct json *json)
{
    const struct shash *object = json_object(json);
    int64_t network = json_integer(shash_find_data(object, "network"));
    const char *address = json_string(shash_find_data(object, "address"));
    char *vip_key = xasprintf("%"PRId64" %s", network, address);
    char *pool_key = xasprintf("%"PRId64, json_integer(
                                   shash_find_data(object, "pool")));
    struct vip *vip = shash_find_data(&av->vips, vip_key);
    struct json *pool = shash_find_data(&tables->objects[MUX_POOL], pool_key);
    struct target *target = shash_find_data(&av->targets, key);
    struct availability_endpoint ep;

    if (vip && vip->seen && pool
        && endpoint_from_json(tables, json, vip_key, &ep)) {
        if (!target) {
            target = xzalloc(sizeof *target);
            target->vip = vip;
            target->json = json_clone(json);
            target->pool = json_clone(pool);
            target->key = shash_add(&av->targets, key, target)->name;
            ovs_list_push_back(&av->unplanned, &target->list_node);
        } else if (!json_equal(target->json, json)
                   || !json_equal(target->pool, pool)
                   || target->endpoint.port != ep.port) {
            json_destroy(target->json);
            json_destroy(target->pool);
            target->json = json_clone(json);
            target->pool = json_clone(pool);
            if (target->planned) {
                target->planned = false;
                ovs_list_push_back(&av->unplanned, &target->list_node);
            }
        }
        target->endpoint = ep;
        target->seen = true;
    }
    free(vip_key);
    free(pool_key);
}

static void
set_vips(struct availability *av, const struct mux_tables *tables)
{
    const struct shash_node *node;

    SHASH_FOR_EACH (node, &tables->objects[MUX_VIP]) {
        const struct shash *object = json_object(node->data);
        int64_t network = json_integer(shash_find_data(object, "network"));
        const char *address = json_string(shash_find_data(object, "address"));

        if (av->ops->is_announced(network, address, av->aux)) {
            struct vip *vip = shash_find_data(&av->vips, node->name);

            if (!vip) {
                vip = xzalloc(sizeof *vip);
                vip->network = network;
                vip->address = xstrdup(address);
                shash_add(&av->vips, node->name, vip);
            }
            vip->seen = true;
        }
    }
}

/* Forgets what is under way to targets that are not 'seen' any more. */
static void
forget_unseen(struct availability *av)
{
    struct retry *retry;

    for (uint64_t seq = av->first; seq < av->next; seq++) {
        struct sent *sent = &av->sent[seq % AVAILABILITY_MAX_SENT];

        if (sent->target && !sent->target->seen) {
            sent->target = NULL;
        }
    }
    LIST_FOR_EACH_SAFE (retry, node, &av->retries) {
        if (!retry->target->seen) {
            ovs_list_remove(&retry->node);
            av->n_retries--;
            free(retry);
        }
    }
}

static void
remove_unseen(struct availability *av)
{
    struct shash_node *node;
    struct host *host;

    forget_unseen(av);
    HMAP_FOR_EACH (host, node, &av->hosts) {
        if (host->target && !host->target->seen) {
            host->target = NULL;
        }
    }
    SHASH_FOR_EACH_SAFE (node, &av->targets) {
        struct target *target = node->data;

        if (!target->seen) {
            target_destroy(av, target);
            shash_delete(&av->targets, node);
        }
    }
    SHASH_FOR_EACH_SAFE (node, &av->vips) {
        struct vip *vip = node->data;

        if (!vip->seen) {
            free(vip->address);
            free(vip);
            shash_delete(&av->vips, node);
        }
    }
}

static void
set_hash_key(struct availability *av, const struct mux_tables *tables)
{
    const struct json *global
        = shash_find_data(&tables->objects[MUX_GLOBAL], "");
    const char *text = (global
                        ? json_string(shash_find_data(json_object(global),
                                                      "key")) : "");

    if (!av->hash_text || strcmp(text, av->hash_text)) {
        const struct shash_node *node;

        free(av->hash_text);
        av->hash_text = xstrdup(text);
        ignore(slb_hash_key_from_string(&av->hash_key, text));
        SHASH_FOR_EACH (node, &av->targets) {
            struct target *target = node->data;

            if (target->planned) {
                target->planned = false;
                ovs_list_push_back(&av->unplanned, &target->list_node);
            }
        }
    }
}

/* Has 'av' measure what 'tables' say, which the datapath has acknowledged, and
 * what is announced now.  Of what has changed, availability_plan() chooses the
 * flows. */
void
availability_set(struct availability *av, const struct mux_tables *tables)
{
    const struct shash_node *node;

    SHASH_FOR_EACH (node, &av->vips) {
        ((struct vip *) node->data)->seen = false;
    }
    SHASH_FOR_EACH (node, &av->targets) {
        ((struct target *) node->data)->seen = false;
    }
    set_hash_key(av, tables);
    set_vips(av, tables);
    SHASH_FOR_EACH (node, &tables->objects[MUX_ENDPOINT]) {
        set_target(av, tables, node->name, node->data);
    }
    remove_unseen(av);
    av->dirty = true;
}

/* Sending. */

static void
wheel_set(struct wheel *wheel, size_t n, double rate)
{
    wheel->rate = MIN((double) n / AVAILABILITY_PERIOD_MS, rate / 1000);
}

/* Lists who takes turns, anew. */
static void
run_ring(struct availability *av)
{
    const struct shash_node *node;
    struct host *host;

    if (!av->ring_dirty) {
        return;
    }
    av->ring_dirty = false;

    av->ring = xrealloc(av->ring, MAX(shash_count(&av->targets), 1)
                        * sizeof *av->ring);
    av->n_ring = 0;
    SHASH_FOR_EACH (node, &av->targets) {
        struct target *target = node->data;

        if (target->n_paths) {
            av->ring[av->n_ring++] = target;
            for (size_t i = 0; i < target->n_paths; i++) {
                target->paths[i].host->target = target;
            }
        }
    }

    HMAP_FOR_EACH_SAFE (host, node, &av->hosts) {
        if (!host->n_paths) {
            if (host->verdict.bad) {
                hosts_changed(av);
            }
            hmap_remove(&av->hosts, &host->node);
            free(host);
        }
    }
    if (av->cut_off != is_cut_off(av)) {
        hosts_changed(av);
    }
    av->host_ring = xrealloc(av->host_ring, MAX(hmap_count(&av->hosts), 1)
                             * sizeof *av->host_ring);
    av->n_hosts = 0;
    HMAP_FOR_EACH (host, node, &av->hosts) {
        av->host_ring[av->n_hosts++] = host;
    }

    if (av->n_paths * 1000 <= AVAILABILITY_RATE * AVAILABILITY_PERIOD_MS) {
        wheel_set(&av->paths_wheel, av->n_paths, AVAILABILITY_RATE);
        wheel_set(&av->targets_wheel, 0, 0);
        wheel_set(&av->hosts_wheel, 0, 0);
    } else {
        wheel_set(&av->paths_wheel, 0, 0);
        wheel_set(&av->hosts_wheel, av->n_hosts, AVAILABILITY_RATE / 4);
        wheel_set(&av->targets_wheel, av->n_paths,
                  AVAILABILITY_RATE - av->hosts_wheel.rate * 1000);
    }
}

static void
send_by(struct availability *av, struct target *target, struct path *path)
{
    const struct availability_flow *flow
        = &target->flows[path->first + path->next++ % path->n];

    if (av->next - av->first >= AVAILABILITY_MAX_SENT) {
        /* Nobody knows what became of the first one. */
        av->first++;
    }
    av->sent[av->next % AVAILABILITY_MAX_SENT] = (struct sent) {
        .target = target,
        .vtep = flow->vtep,
        .owner = flow->owner,
        .seq = av->next,
        .at = av->now,
    };
    figures_sent(&target->vip->figures, av->now);
    av->ops->send(&target->endpoint, flow, av->next++, av->aux);
}

/* Adds to the credit of 'wheel' what 'elapsed' milliseconds are worth, but not
 * more than what is due in a tenth of a second: there are no bursts. */
static void
wheel_turn(struct wheel *wheel, long long int elapsed)
{
    wheel->credit = MIN(wheel->credit + elapsed * wheel->rate,
                        1 + wheel->rate * 100);
}

static bool
wheel_take(struct wheel *wheel)
{
    if (wheel->rate <= 0 || wheel->credit < 1) {
        return false;
    }
    wheel->credit--;
    return true;
}

/* Of one target after the other, all paths. */
static void
send_path(struct availability *av)
{
    struct target *target = av->ring[av->paths_wheel.cursor % av->n_ring];

    target->next %= target->n_paths;
    send_by(av, target, &target->paths[target->next]);
    if (++target->next >= target->n_paths) {
        target->next = 0;
        av->paths_wheel.cursor = (av->paths_wheel.cursor + 1) % av->n_ring;
    }
}

/* Of each target, one path. */
static void
send_target(struct availability *av)
{
    struct target *target = av->ring[av->targets_wheel.cursor++ % av->n_ring];

    send_by(av, target, &target->paths[target->next++ % target->n_paths]);
}

/* To each host, one that leads there. */
static void
send_host(struct availability *av)
{
    struct host *host = av->host_ring[av->hosts_wheel.cursor++ % av->n_hosts];
    struct path *path = (host->target ? path_find(host->target, host->vtep)
                         : NULL);

    if (path) {
        send_by(av, host->target, path);
    }
}

static void
run_retries(struct availability *av, long long int elapsed)
{
    av->retry_credit = MIN(av->retry_credit
                           + elapsed * AVAILABILITY_RETRIES / 1000.,
                           AVAILABILITY_RETRIES / 10.);
    while (av->retry_credit >= 1 && !ovs_list_is_empty(&av->retries)) {
        struct retry *retry = CONTAINER_OF(ovs_list_pop_front(&av->retries),
                                           struct retry, node);
        struct path *path = path_find(retry->target, retry->vtep);

        av->n_retries--;
        if (path) {
            path->retry = false;
            send_by(av, retry->target, path);
            av->retry_credit--;
        }
        free(retry);
    }
}

/* Answers. */

/* Takes the answer to packet 'seq' from the host 'vtep', which came after
 * 'latency_us' at 'now'. */
void
availability_answer(struct availability *av, uint64_t seq, ovs_be32 vtep,
                    enum steering_measure measure, uint16_t owner,
                    long long int now, long long int latency_us)
{
    struct sent *sent = &av->sent[seq % AVAILABILITY_MAX_SENT];
    struct target *target = sent->target;
    struct host *host = host_find(av, vtep);
    struct path *path;

    if (sent->seq != seq || !target || seq < av->first || seq >= av->next) {
        av->n_late++;
        return;
    }
    sent->target = NULL;
    av->now = MAX(av->now, now);
    if (host) {
        host_succeeded(av, host, sent->at);
    }
    path = path_find(target, sent->vtep);
    if (!path) {
        return;                 /* Planned anew. */
    }
    if (measure == STEERING_SERVED && vtep == sent->vtep
        && owner == sent->owner) {
        figures_answered(&target->vip->figures, sent->at, latency_us);
        path_succeeded(av, target, path, sent->at);
    } else {
        path_failed(av, target, path, sent->at,
                    measure == STEERING_REFUSED && vtep == sent->vtep);
    }
}

/* Gives up what was not answered in time. */
static void
run_timeouts(struct availability *av)
{
    for (; av->first < av->next; av->first++) {
        struct sent *sent = &av->sent[av->first % AVAILABILITY_MAX_SENT];
        struct path *path;

        if (!sent->target) {
            continue;
        }
        if (av->now < sent->at + AVAILABILITY_TIMEOUT_MS) {
            break;
        }
        path = path_find(sent->target, sent->vtep);
        if (path) {
            host_failed(av, path->host, sent->at);
            path_failed(av, sent->target, path, sent->at, false);
        }
        sent->target = NULL;
    }
}

/* The text. */

static void
run_text(struct availability *av, long long int elapsed)
{
    av->text_credit = MIN(av->text_credit + (double) elapsed / TEXT_MS,
                          TEXT_BURST);
    if (!av->dirty || av->text_credit < 1 || av->now < av->text_at) {
        return;
    }
    av->dirty = false;

    char *text = availability_make_text(av);
    if (!text != !av->text || (text && strcmp(text, av->text))) {
        free(av->text);
        av->text = text;
        av->text_credit--;
        av->text_at = av->now + TEXT_PAUSE_MS;
    } else {
        free(text);
    }
}

/* The module. */

struct availability *
availability_create(const struct availability_ops *ops, void *aux)
{
    struct availability *av = xzalloc(sizeof *av);

    av->ops = ops;
    av->aux = aux;
    av->first = av->next = 1;
    av->text_credit = TEXT_BURST;
    shash_init(&av->vips);
    shash_init(&av->targets);
    hmap_init(&av->hosts);
    ovs_list_init(&av->unplanned);
    ovs_list_init(&av->retries);
    return av;
}

void
availability_destroy(struct availability *av)
{
    if (av) {
        struct mux_tables none;

        mux_tables_init(&none);
        availability_set(av, &none);
        mux_tables_destroy(&none);
        run_ring(av);
        shash_destroy(&av->vips);
        shash_destroy(&av->targets);
        hmap_destroy(&av->hosts);
        free(av->hash_text);
        free(av->ring);
        free(av->host_ring);
        free(av->text);
        free(av);
    }
}

/* Sends what is due at 'now', which is 'wall' in wall clock time, and judges
 * what has not come back.  Answers that are there must have been handed to
 * availability_answer() before. */
void
availability_run(struct availability *av, long long int now,
                 long long int wall)
{
    long long int elapsed = av->now ? MAX(now - av->ran_at, 0) : 0;

    if (!av->now) {
        av->began = now;
    }
    av->now = MAX(now, av->now);
    av->ran_at = now;
    av->wall = wall;
    run_timeouts(av);
    run_ring(av);
    wheel_turn(&av->paths_wheel, elapsed);
    wheel_turn(&av->targets_wheel, elapsed);
    wheel_turn(&av->hosts_wheel, elapsed);
    while (wheel_take(&av->paths_wheel)) {
        send_path(av);
    }
    while (wheel_take(&av->targets_wheel)) {
        send_target(av);
    }
    while (wheel_take(&av->hosts_wheel)) {
        send_host(av);
    }
    run_retries(av, elapsed);
    run_text(av, elapsed);
}

/* Returns when availability_run() has something to do.  (Not more often than
 * each 10 ms.) */
long long int
availability_next(const struct availability *av)
{
    const struct wheel *wheels[] = {
        &av->paths_wheel, &av->targets_wheel, &av->hosts_wheel
    };
    long long int wait = 100;

    if (av->first < av->next) {
        const struct sent *sent
            = &av->sent[av->first % AVAILABILITY_MAX_SENT];

        wait = MIN(wait, sent->at + AVAILABILITY_TIMEOUT_MS - av->now);
    }
    for (size_t i = 0; i < ARRAY_SIZE(wheels); i++) {
        if (wheels[i]->rate > 0) {
            wait = MIN(wait, (1 - wheels[i]->credit) / wheels[i]->rate + 1);
        }
    }
    return av->now + MAX(wait, 10);
}

/* There is nothing to be measured for a while, since this mux is not ready:
 * what is under way is forgotten, and what was found out stays. */
void
availability_pause(struct availability *av)
{
    struct host *host;

    if (!av->now) {
        return;
    }
    av->now = 0;
    for (; av->first < av->next; av->first++) {
        av->sent[av->first % AVAILABILITY_MAX_SENT].target = NULL;
    }
    HMAP_FOR_EACH (host, node, &av->hosts) {
        host->verdict.failures = 0;
    }
    for (size_t i = 0; i < av->n_ring && !av->ring_dirty; i++) {
        for (size_t j = 0; j < av->ring[i]->n_paths; j++) {
            av->ring[i]->paths[j].verdict.failures = 0;
        }
    }
}

/* Has the host with this VTEP, which did answer before, ceased to? */
bool
availability_is_dead(const struct availability *av, ovs_be32 vtep)
{
    const struct host *host = host_find(av, vtep);

    return (host && host->n_paths && host->known && host->verdict.bad
            && !av->cut_off);
}

/* Returns a number that goes up when availability_is_dead() says something
 * else of any host. */
uint64_t
availability_seqno(const struct availability *av)
{
    return av->seqno;
}

/* Has there been time enough to say anything? */
bool
availability_is_known(const struct availability *av)
{
    return (av->now && av->now >= av->began + AVAILABILITY_BEGIN_MS
            && availability_is_planned(av));
}

/* Returns what is wrong, in one line, or NULL if nothing is. */
const char *
availability_get_text(const struct availability *av)
{
    return av->text;
}

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

#include "controller/agent/availability-state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "packets.h"
#include "util.h"

static void
format_endpoint(const struct target *target, struct ds *ds)
{
    const struct shash *json = json_object(target->json);
    int64_t port = json_integer(shash_find_data(json, "port"));

    if (port) {
        ds_put_format(ds, "%s %"PRId64,
                      target->endpoint.protocol == IPPROTO_TCP
                      ? "TCP" : "UDP", port);
    } else {
        ds_put_cstr(ds, "all ports");
    }
}

void
availability_format_bad_path(const struct target *target,
                             const struct path *path, struct ds *ds)
{
    format_endpoint(target, ds);
    ds_put_format(ds, path->refused ? " refused by "IP_FMT
                  : " does not get to "IP_FMT, IP_ARGS(path->host->vtep));
}

static int
compare_hosts(const void *a_, const void *b_)
{
    const struct host *const *a = a_;
    const struct host *const *b = b_;
    uint32_t vtep_a = ntohl((*a)->vtep), vtep_b = ntohl((*b)->vtep);

    return vtep_a < vtep_b ? -1 : vtep_a > vtep_b;
}

static void
format_since(long long int since, struct ds *ds)
{
    ds_put_strftime_msec(ds, " since %Y-%m-%dT%H:%M:%SZ", since, true);
}

static void
format_dead(const struct availability *av, size_t n_dead, struct ds *ds)
{
    size_t n = 0;

    if (av->cut_off) {
        long long int since = 0;

        for (size_t i = 0; i < av->n_hosts; i++) {
            since = MAX(since, av->host_ring[i]->verdict.since);
        }
        ds_put_cstr(ds, "no host answers");
        format_since(since, ds);
        return;
    }

    qsort(av->host_ring, av->n_hosts, sizeof *av->host_ring, compare_hosts);
    for (size_t i = 0; i < av->n_hosts && n < AVAILABILITY_MAX_NAMED; i++) {
        const struct host *host = av->host_ring[i];

        if (host->verdict.bad) {
            ds_put_format(ds, "%shost "IP_FMT" does not answer",
                          n++ ? "; " : "", IP_ARGS(host->vtep));
            format_since(host->verdict.since, ds);
        }
    }
    if (n_dead > n) {
        ds_put_format(ds, "; nor do %"PRIuSIZE" others", n_dead - n);
    }
}

static int
compare_targets(const void *a_, const void *b_)
{
    const struct target *const *a = a_;
    const struct target *const *b = b_;
    int vips = strcmp((*a)->vip->address, (*b)->vip->address);

    return vips ? vips : strcmp((*a)->key, (*b)->key);
}

static const struct path *
find_bad_path(const struct target *target)
{
    for (size_t i = 0; i < target->n_paths; i++) {
        if (target->paths[i].verdict.bad
            && !target->paths[i].host->verdict.bad) {
            return &target->paths[i];
        }
    }
    return NULL;
}

/* Appends which VIP it is, as people call it. */
static void
format_vip(const struct availability *av, const struct vip *vip,
           struct ds *ds)
{
    const char *name = av->ops->name(vip->network, vip->address, av->aux);

    ds_put_format(ds, "VIP %s", vip->address);
    if (vip->network) {
        ds_put_format(ds, " of network %"PRId64, vip->network);
    }
    if (name) {
        ds_put_format(ds, " (%s)", name);
    }
}

/* Names the VIPs that have a bad path, and one such path of each. */
static void
format_impaired(const struct availability *av, struct ds *ds)
{
    struct target **bad = xmalloc(MAX(av->n_ring, 1) * sizeof *bad);
    const struct vip *last = NULL;
    size_t n = 0, n_vips = 0;

    for (size_t i = 0; i < av->n_ring; i++) {
        if (find_bad_path(av->ring[i])) {
            bad[n++] = av->ring[i];
        }
    }
    qsort(bad, n, sizeof *bad, compare_targets);
    for (size_t i = 0; i < n; i++) {
        const struct path *path = find_bad_path(bad[i]);

        if (bad[i]->vip == last) {
            continue;
        }
        last = bad[i]->vip;
        if (n_vips++ < AVAILABILITY_MAX_NAMED) {
            ds_put_cstr(ds, ds->length ? "; " : "");
            format_vip(av, last, ds);
            ds_put_cstr(ds, ": ");
            availability_format_bad_path(bad[i], path, ds);
            format_since(path->verdict.since, ds);
        }
    }
    if (n_vips > AVAILABILITY_MAX_NAMED) {
        ds_put_format(ds, "; and %"PRIuSIZE" other VIPs",
                      n_vips - AVAILABILITY_MAX_NAMED);
    }
    free(bad);
}

/* Returns one line about all that is wrong, for the caller to free, or NULL if
 * nothing is. */
char *
availability_make_text(const struct availability *av)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    size_t n_dead = availability_count_dead(av);

    if (n_dead) {
        format_dead(av, n_dead, &ds);
    }
    format_impaired(av, &ds);
    if (!ds.length) {
        ds_destroy(&ds);
        return NULL;
    }
    return ds_steal_cstr(&ds);
}

static void
format_hosts(const struct availability *av, struct ds *ds)
{
    for (size_t i = 0; i < av->n_hosts; i++) {
        const struct host *host = av->host_ring[i];

        ds_put_format(ds, "host "IP_FMT": ", IP_ARGS(host->vtep));
        if (host->verdict.bad) {
            ds_put_cstr(ds, "does not answer");
            format_since(host->verdict.since, ds);
        } else {
            ds_put_cstr(ds, host->known ? "answers" : "not known yet");
        }
        ds_put_char(ds, '\n');
    }
}

static void
format_vips(const struct availability *av, struct ds *ds)
{
    const struct shash_node **nodes = shash_sort(&av->vips);

    for (size_t i = 0; i < shash_count(&av->vips); i++) {
        const struct vip *vip = nodes[i]->data;

        format_vip(av, vip, ds);
        ds_put_cstr(ds, ": ");
        if (vip->n_paths) {
            figures_format(&vip->figures, av->now, ds);
        } else {
            ds_put_cstr(ds, "not measured, nobody is there");
        }
        ds_put_char(ds, '\n');
    }
    free(nodes);
}

static void
format_bad_paths(const struct availability *av, struct ds *ds)
{
    for (size_t i = 0; i < av->n_ring; i++) {
        const struct target *target = av->ring[i];

        for (size_t j = 0; j < target->n_paths; j++) {
            const struct path *path = &target->paths[j];

            if (path->verdict.bad) {
                format_vip(av, target->vip, ds);
                ds_put_cstr(ds, ": ");
                availability_format_bad_path(target, path, ds);
                format_since(path->verdict.since, ds);
                ds_put_char(ds, '\n');
            }
        }
    }
}

/* Appends all that is known. */
void
availability_format(const struct availability *av, struct ds *ds)
{
    if (av->ring_dirty) {
        ds_put_cstr(ds, "not measured now\n");
        return;
    }
    ds_put_format(ds, "endpoints: %"PRIuSIZE", hosts: %"PRIuSIZE", paths: %"
                  PRIuSIZE", packets/s: %.0f, late: %"PRIu64"\n",
                  av->n_ring, av->n_hosts, av->n_paths,
                  1000 * (av->paths_wheel.rate + av->targets_wheel.rate
                          + av->hosts_wheel.rate), av->n_late);
    format_hosts(av, ds);
    format_vips(av, ds);
    format_bad_paths(av, ds);
}

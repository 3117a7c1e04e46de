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

#include "ovs-ext/mux-fair-report.h"

#include <math.h>

#include "lib/slb-address.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "ovs-atomic.h"
#include "ovs-ext/mux-fair-meter.h"
#include "ovs-ext/mux-fair-private.h"
#include "ovs-ext/mux-table.h"
#include "ovs-thread.h"
#include "packets.h"

static double
rate_of(const struct suspect *s, uint64_t count)
{
    return s->seconds > 0 ? count / s->seconds : 0;
}

/* Stores into 'flows' those of the VIP with 'counter' that exceed their level,
 * up to 'max', and into 'levels' what each may send, in packets a second.
 * Returns their number. */
static size_t
top_flows(const struct mux_fair_judge *judge, uint32_t counter,
          struct mux_fair_flow *flows, double *levels, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < judge->n_suspects; i++) {
        const struct suspect *s = judge->suspects[i];

        for (size_t j = 0; s->meter && j < MUX_FAIR_HEAVIES; j++) {
            struct mux_fair_heavy *m = &s->meter->heavies[j];
            float level;

            if (!s->heavies[j].used || s->heavies[j].counter != counter) {
                continue;
            }
            atomic_read_relaxed(&m->level, &level);
            ovs_mutex_lock(&m->mutex);
            for (size_t k = 0; k < MUX_FAIR_FLOWS && n < max; k++) {
                if (m->flows[k].rate > level
                    && judge->now - m->flows[k].seen_at < QUIET_MS) {
                    levels[n] = level * (1000. / MUX_FAIR_WINDOW);
                    flows[n++] = m->flows[k];
                }
            }
            ovs_mutex_unlock(&m->mutex);
        }
    }
    return n;
}

static void
put_rate(struct json *json, const char *name, double rate)
{
    if (isfinite(rate)) {
        json_object_put(json, name, json_integer_create(llround(rate)));
    }
}

static struct json *
suspect_to_json(const struct suspect *s, size_t queue)
{
    struct json *json = json_object_create();

    json_object_put(json, "queue", json_integer_create(queue));
    json_object_put(json, "short", json_boolean_create(s->is_short));
    json_object_put(json, "busy", json_real_create(
                        mux_fair_capacity_busy(&s->capacity, &s->work)));
    put_rate(json, "arriving", rate_of(s, s->work.arrived));
    put_rate(json, "forwarded", rate_of(s, s->work.forwarded));
    put_rate(json, "capacity", s->rate);
    put_rate(json, "ns_arriving", mux_fair_capacity_cost(&s->capacity));
    put_rate(json, "ns_forwarded", s->capacity.forward);
    return json;
}

static struct json *
top_to_json(const struct mux_fair_judge *judge, const struct top *t)
{
    struct mux_fair_flow flows[MUX_FAIR_FLOWS];
    double levels[MUX_FAIR_FLOWS];
    size_t n = top_flows(judge, t->counter, flows, levels, MUX_FAIR_FLOWS);
    struct json *array = json_array_create_empty();
    struct json *json = json_object_create();

    for (size_t i = 0; i < n; i++) {
        struct in6_addr src = mux_address_from_words(flows[i].src);
        struct json *flow = json_object_create();

        json_object_put(flow, "protocol",
                        json_integer_create(flows[i].protocol));
        json_object_put(flow, "source", json_string_create_nocopy(
                                slb_address_to_string(&src)));
        json_object_put(flow, "source_port",
                        json_integer_create(flows[i].sport));
        json_object_put(flow, "port", json_integer_create(flows[i].dport));
        put_rate(flow, "arriving", flows[i].rate * 1000. / MUX_FAIR_WINDOW);
        put_rate(flow, "share", levels[i]);
        json_array_add(array, flow);
    }
    json_object_put(json, "network", json_integer_create(t->network));
    json_object_put(json, "address", json_string_create_nocopy(
                            slb_address_to_string(&t->address)));
    put_rate(json, "weight", t->weight);
    put_rate(json, "arriving", t->demand);
    put_rate(json, "share", t->share);
    json_object_put(json, "flows", array);
    return json;
}

/* Returns an object about the port with 'name': see lib/mux-protocol.h. */
struct json *
mux_fair_report_to_json(const struct mux_fair_judge *judge, const char *name)
{
    struct json *json = json_object_create();
    struct json *threads = json_array_create_empty();
    struct json *vips = json_array_create_empty();

    for (size_t i = 0; i < judge->n_suspects; i++) {
        if (judge->suspects[i]->meter) {
            json_array_add(threads, suspect_to_json(judge->suspects[i], i));
        }
    }
    for (size_t i = 0; i < judge->n_tops; i++) {
        json_array_add(vips, top_to_json(judge, &judge->tops[i]));
    }
    json_object_put_string(json, "port", name);
    json_object_put_string(json, "overload",
                           mux_fair_overload_to_string(
                               judge->options.overload));
    json_object_put(json, "max_pps",
                    json_integer_create(judge->options.max_pps));
    json_object_put(json, "short", json_boolean_create(judge->is_short));
    json_object_put(json, "blind",
                    json_boolean_create(judge_is_blind(judge)));
    json_object_put(json, "shortages",
                    json_integer_create(judge->n_shortages));
    json_object_put(json, "threads", threads);
    json_object_put(json, "vips", vips);
    return json;
}

/* Likewise, as text. */
void
mux_fair_report_format(const struct mux_fair_judge *judge, const char *name,
                      struct ds *ds)
{
    ds_put_format(ds, "%s: %s, %"PRIu64" shortages so far; overload=%s", name,
                  judge->is_short ? "short" : "enough for all",
                  judge->n_shortages, mux_fair_overload_to_string(
                               judge->options.overload));
    if (judge->options.max_pps) {
        ds_put_format(ds, ", max-pps=%"PRIu64, judge->options.max_pps);
    }
    ds_put_char(ds, '\n');
    if (judge_is_blind(judge)) {
        ds_put_cstr(ds, "  there was a backlog, but the underlay counts no "
                    "missed packets: options:overload=queue?\n");
    }
    for (size_t i = 0; i < judge->n_suspects; i++) {
        const struct suspect *s = judge->suspects[i];

        if (s->meter) {
            ds_put_format(ds, "  queue %"PRIuSIZE"%s: %.0f packets/s arrive, "
                          "%.0f are forwarded", i,
                          s->is_short ? " is short of time" : "",
                          rate_of(s, s->work.arrived),
                          rate_of(s, s->work.forwarded));
            if (s->is_short) {
                ds_put_format(ds, ", %.0f could be; %.0f %% busy, a packet "
                              "costs %.0f ns, %.0f more if it is forwarded",
                              s->rate,
                              100 * mux_fair_capacity_busy(&s->capacity,
                                                           &s->work),
                              mux_fair_capacity_cost(&s->capacity),
                              s->capacity.forward);
            }
            ds_put_char(ds, '\n');
        }
    }
    for (size_t i = 0; i < judge->n_tops; i++) {
        const struct top *t = &judge->tops[i];
        struct mux_fair_flow flows[MUX_FAIR_FLOWS];
        double levels[MUX_FAIR_FLOWS];
        size_t n = top_flows(judge, t->counter, flows, levels,
                             MUX_FAIR_FLOWS);

        ds_put_cstr(ds, "  ");
        if (t->network) {
            ds_put_format(ds, "network %"PRIu32" ", t->network);
        }
        ipv6_format_mapped(&t->address, ds);
        ds_put_format(ds, ", weight %.0f: %.0f packets/s", t->weight,
                      t->demand);
        if (t->share < t->demand) {
            ds_put_format(ds, ", its share is %.0f: loses %.1f %%", t->share,
                          100 * (1 - t->share / t->demand));
        }
        ds_put_char(ds, '\n');
        for (size_t j = 0; j < n; j++) {
            struct in6_addr src = mux_address_from_words(flows[j].src);
            double rate = flows[j].rate * 1000. / MUX_FAIR_WINDOW;

            ds_put_cstr(ds, "    from ");
            ipv6_format_mapped(&src, ds);
            ds_put_format(ds, " protocol %"PRIu8" ports %"PRIu16" -> %"PRIu16
                          ": %.0f packets/s, its share is %.0f: "
                          "loses %.1f %%\n", flows[j].protocol,
                          flows[j].sport, flows[j].dport, rate, levels[j],
                          100 * (1 - levels[j] / rate));
        }
    }
}

/* Writes a line about the VIP with 'counter' if it loses anything at the port
 * with 'name'. */
void
mux_fair_report_format_vip(const struct mux_fair_judge *judge,
                           const char *name, uint32_t counter, struct ds *ds)
{
    double demand, share;

    if (!mux_fair_judge_get_vip(judge, counter, &demand, &share)) {
        ds_put_format(ds, "%s is short: the VIP loses %.1f %% of %.0f "
                      "packets/s, of its flows those that send most\n", name,
                      100 * (1 - share / demand), demand);
    }
}

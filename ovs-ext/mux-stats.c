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

#include "ovs-ext/mux-stats.h"

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "ovs-ext/mux-forward.h"
#include "ovs-ext/mux-fragment.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/netdev-slbmux.h"

struct figure {
    const char *name;
    const char *text;
    unsigned long long int value;
};

/* Figures besides the packets' counters. */
#define N_TABLE_FIGURES 14
#define N_FIGURES (N_TABLE_FIGURES + MUX_N_COUNTERS)

static void
collect(const struct mux_table *t, struct figure figures[N_FIGURES])
{
    struct mux_fragment_stats fragments;

    netdev_slbmux_get_fragment_stats(&fragments);

    const struct figure of_table[N_TABLE_FIGURES] = {
        { "generation", "of the tables in force", t->generation },
        { "pools", "in the tables", t->n_objects[MUX_POOL] },
        { "vips", "in the tables", t->n_objects[MUX_VIP] },
        { "endpoints", "in the tables", t->n_objects[MUX_ENDPOINT] },
        { "nexthops", "in the tables", t->n_objects[MUX_NEXTHOP] },
        { "snat_blocks", "of ports, given to VMs", t->n_objects[MUX_SNAT] },
        { "transactions", "carried out", t->stats.n_transactions },
        { "pools_built", "since the start", t->stats.n_views },
        { "maglev_tables_built", "since the start", t->stats.n_tables },
        { "pages_copied", "since the start", t->stats.n_pages },
        { "fragmented", "datagrams whose fragments' way is remembered",
          fragments.datagrams },
        { "fragments_waiting", "fragments that wait for the first of their "
          "datagram", fragments.waiting },
        { "fragment_evictions", "datagrams forgotten to remember others",
          fragments.evictions },
        { "fragment_timeouts", "datagrams whose first fragment never came",
          fragments.timeouts },
    };
    struct mux_counters counters;

    memcpy(figures, of_table, sizeof of_table);
    netdev_slbmux_get_counters(&counters);
    for (int i = 0; i < MUX_N_COUNTERS; i++) {
        figures[N_TABLE_FIGURES + i] = (struct figure) {
            mux_counter_name(i), mux_counter_text(i), counters.n[i]
        };
    }
}

/* Returns the figures as an object, each by its name. */
struct json *
mux_stats_to_json(const struct mux_table *table)
{
    struct json *json = json_object_create();
    struct figure figures[N_FIGURES];

    collect(table, figures);
    for (size_t i = 0; i < N_FIGURES; i++) {
        json_object_put(json, figures[i].name,
                        json_integer_create(figures[i].value));
    }
    return json;
}

/* Appends the figures to 'ds', one a line. */
void
mux_stats_format(const struct mux_table *table, struct ds *ds)
{
    struct figure figures[N_FIGURES];

    collect(table, figures);
    for (size_t i = 0; i < N_FIGURES; i++) {
        ds_put_format(ds, "%-20s %15llu  %s\n", figures[i].name,
                      figures[i].value, figures[i].text);
    }
}

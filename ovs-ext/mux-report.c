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

#include "ovs-ext/mux-report.h"

#include "dp-packet.h"
#include "lib/slb-address.h"
#include "lib/slb-hash.h"
#include "lib/steering.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/ofp-print.h"
#include "ovs-ext/mux-flight.h"
#include "ovs-ext/mux-forward.h"
#include "ovs-ext/mux-fragment.h"
#include "ovs-ext/mux-op.h"
#include "ovs-ext/mux-snat.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "packets.h"
#include "timeval.h"

static void
put_figures(struct json *json, const struct mux_figures *figures)
{
    struct json *drops = json_object_create();

    json_object_put(json, "packets", json_integer_create(figures->packets));
    json_object_put(json, "bytes", json_integer_create(figures->bytes));
    json_object_put(json, "syns", json_integer_create(figures->syns));
    for (size_t i = 0; i < ARRAY_SIZE(figures->drops); i++) {
        if (figures->drops[i]) {
            json_object_put(drops, mux_counter_name(MUX_FIRST_REASON + i),
                            json_integer_create(figures->drops[i]));
        }
    }
    json_object_put(json, "drops", drops);
}

static void
format_figures(const struct mux_figures *figures, struct ds *ds)
{
    ds_put_format(ds, "%"PRIu64" packets, %"PRIu64" bytes, %"PRIu64" SYNs",
                  figures->packets, figures->bytes, figures->syns);
    for (size_t i = 0; i < ARRAY_SIZE(figures->drops); i++) {
        if (figures->drops[i]) {
            ds_put_format(ds, ", %s %"PRIu64,
                          mux_counter_name(MUX_FIRST_REASON + i),
                          figures->drops[i]);
        }
    }
    ds_put_char(ds, '\n');
}

/* Adds to '*total' the figures of the ports for SNAT of the VIP, and stores
 * them into '*figures' if that is nonnull.  Returns the entry of these ports,
 * or null if there are none. */
static const struct mux_entry *
add_snat_figures(const struct mux_table *table,
                 const struct mux_vip_entry *vip, struct mux_figures *total,
                 struct mux_figures *figures)
{
    const struct mux_entry *e
        = vip->network ? NULL : mux_snat_find(table, vip->address);
    struct mux_figures own = { .packets = 0 };

    if (e) {
        mux_figures_add(&own, e->counter);
        mux_figures_sum(total, &own);
        if (figures) {
            *figures = own;
        }
    }
    return e;
}

/* A walk over the endpoints of a table, all or those of one VIP or pool. */
struct walk {
    const struct mux_table *table;
    uint32_t page;
    size_t i;
    const struct mux_entry *entry;
    const struct mux_endpoint *endpoint;
};

static bool
walk_next(struct walk *w)
{
    for (; w->page <= w->table->page_mask; w->page++, w->i = 0) {
        const struct mux_page *page = w->table->pages[w->page];

        while (w->i < MUX_PAGE_SIZE) {
            size_t i = w->i++;

            if (page->endpoints[i]) {
                w->entry = &page->entries[i];
                w->endpoint = page->endpoints[i];
                return true;
            }
        }
    }
    return false;
}

/* Appends a text such as "network 7 10.0.0.1 tcp 80". */
void
mux_report_format_endpoint(const struct mux_key *key, struct ds *ds)
{
    if (key->number) {
        ds_put_format(ds, "network %"PRIu32" ", key->number);
    }
    ipv6_format_mapped(&key->address, ds);
    if (key->protocol) {
        ds_put_format(ds, " %s %"PRIu16,
                      key->protocol == IPPROTO_TCP ? "tcp" : "udp",
                      key->port);
    } else {
        ds_put_cstr(ds, " all");
    }
}

/* Returns an array with an object for each VIP. */
struct json *
mux_report_vips(const struct mux_table *table)
{
    const struct mux_vips *vips = table->vips;
    struct mux_figures *sums = xcalloc(vips->mask + 1, sizeof *sums);
    struct walk w = { .table = table };
    struct json *array = json_array_create_empty();

    while (walk_next(&w)) {
        const struct mux_key *key = &w.endpoint->object.key;

        mux_figures_add(&sums[mux_vips_find(vips, key->number,
                                            w.entry->vip)],
                        w.entry->counter);
    }
    for (uint32_t i = 0; i <= vips->mask; i++) {
        const struct mux_vip_entry *vip = &vips->entries[i];

        if (vip->used) {
            struct in6_addr address = mux_address_from_words(vip->address);
            struct json *json = json_object_create();

            mux_figures_add(&sums[i], vip->counter);
            add_snat_figures(table, vip, &sums[i], NULL);
            json_object_put(json, "network",
                            json_integer_create(vip->network));
            json_object_put(json, "address", json_string_create_nocopy(
                                    slb_address_to_string(&address)));
            put_figures(json, &sums[i]);
            json_array_add(array, json);
        }
    }
    free(sums);
    return array;
}

/* Returns an object about a VIP and its endpoints, or null if there is no such
 * VIP. */
struct json *
mux_report_vip(const struct mux_table *table, uint32_t network,
               const struct in6_addr *address)
{
    uint64_t words[2];

    mux_address_to_words(address, words);

    const struct mux_vip_entry *vip = mux_table_find_vip(table, network,
                                                         words);
    if (!vip) {
        return NULL;
    }

    struct json *endpoints = json_array_create_empty();
    struct mux_figures sum = { .packets = 0 };
    struct walk w = { .table = table };
    while (walk_next(&w)) {
        const struct mux_key *key = &w.endpoint->object.key;

        if (key->number == network
            && ipv6_addr_equals(&key->address, address)) {
            struct mux_figures figures = { .packets = 0 };
            struct json *json = json_object_create();

            mux_figures_add(&figures, w.entry->counter);
            mux_figures_sum(&sum, &figures);
            json_object_put(json, "protocol",
                            json_integer_create(key->protocol));
            json_object_put(json, "port", json_integer_create(key->port));
            json_object_put_string(json, "name", w.endpoint->name);
            json_object_put(json, "pool",
                            json_integer_create(w.endpoint->pool));
            put_figures(json, &figures);
            json_array_add(endpoints, json);
        }
    }

    struct json *json = json_object_create();
    struct mux_figures snat_figures;
    const struct mux_entry *snat = add_snat_figures(table, vip, &sum,
                                                    &snat_figures);

    if (snat) {
        const struct mux_snat *blocks = snat->slots;
        struct json *json_snat = json_object_create();

        json_object_put(json_snat, "blocks", json_integer_create(blocks->n));
        put_figures(json_snat, &snat_figures);
        json_object_put(json, "snat", json_snat);
    }
    mux_figures_add(&sum, vip->counter);
    json_object_put(json, "network", json_integer_create(network));
    json_object_put(json, "address", json_string_create_nocopy(
                            slb_address_to_string(address)));
    json_object_put(json, "echo", json_boolean_create(vip->echo));
    json_object_put(json, "reject", json_boolean_create(vip->reject));
    json_object_put(json, "endpoints", endpoints);
    put_figures(json, &sum);
    return json;
}

/* Likewise, as text.  Returns false if there is no such VIP. */
bool
mux_report_format_vip(const struct mux_table *table, uint32_t network,
                      const struct in6_addr *address, struct ds *ds)
{
    uint64_t words[2];

    mux_address_to_words(address, words);

    const struct mux_vip_entry *vip = mux_table_find_vip(table, network,
                                                         words);
    if (!vip) {
        return false;
    }

    struct mux_figures sum = { .packets = 0 };
    struct ds endpoints = DS_EMPTY_INITIALIZER;
    struct walk w = { .table = table };
    while (walk_next(&w)) {
        const struct mux_key *key = &w.endpoint->object.key;

        if (key->number == network
            && ipv6_addr_equals(&key->address, address)) {
            struct mux_figures figures = { .packets = 0 };

            mux_figures_add(&figures, w.entry->counter);
            mux_figures_sum(&sum, &figures);
            ds_put_cstr(&endpoints, "  ");
            mux_report_format_endpoint(key, &endpoints);
            ds_put_format(&endpoints, " \"%s\" -> pool %"PRIu32": ",
                          w.endpoint->name, w.endpoint->pool);
            format_figures(&figures, &endpoints);
        }
    }

    struct mux_figures snat_figures;
    const struct mux_entry *snat = add_snat_figures(table, vip, &sum,
                                                    &snat_figures);
    if (snat) {
        const struct mux_snat *blocks = snat->slots;

        ds_put_format(&endpoints, "  ports for SNAT, %u blocks given to VMs: ",
                      blocks->n);
        format_figures(&snat_figures, &endpoints);
    }
    mux_figures_add(&sum, vip->counter);

    if (network) {
        ds_put_format(ds, "network %"PRIu32" ", network);
    }
    ipv6_format_mapped(address, ds);
    ds_put_format(ds, "%s%s: ", vip->echo ? ", answers echo" : "",
                  vip->reject ? ", rejects" : "");
    format_figures(&sum, ds);
    ds_put_cstr(ds, ds_cstr(&endpoints));
    ds_destroy(&endpoints);
    return true;
}

static const struct mux_view *
find_pool(const struct mux_table *table, uint32_t tunnel_key)
{
    struct walk w = { .table = table };

    while (walk_next(&w)) {
        if (w.endpoint->pool == tunnel_key) {
            return w.entry->view;
        }
    }
    return NULL;
}

/* Returns the weight of the member with 'index' in the current generation of
 * 'view', 0 if it is not in that one. */
static uint32_t
member_weight(const struct mux_view *view, uint16_t index)
{
    const struct maglev_table *current = view->generations[0].table;

    for (size_t i = 0; i < current->n_members; i++) {
        if (current->members[i].index == index) {
            return current->members[i].weight;
        }
    }
    return 0;
}

/* Returns an object about the pool and its members, or null if there is no
 * such pool or no endpoint has it. */
struct json *
mux_report_members(const struct mux_table *table, uint32_t tunnel_key)
{
    const struct mux_view *view = find_pool(table, tunnel_key);

    if (!view) {
        return NULL;
    }

    struct json *members = json_array_create_empty();
    for (size_t i = 0; i < view->n_members; i++) {
        const struct mux_pool_member *m = &view->members[i];
        struct mux_figures figures = { .packets = 0 };
        struct json *json = json_object_create();

        mux_figures_add(&figures, m->counter);
        json_object_put(json, "index", json_integer_create(m->index));
        json_object_put_format(json, "vtep", IP_FMT, IP_ARGS(m->vtep));
        json_object_put(json, "weight",
                        json_integer_create(member_weight(view, m->index)));
        put_figures(json, &figures);
        json_array_add(members, json);
    }

    struct json *json = json_object_create();
    json_object_put(json, "tunnel_key", json_integer_create(tunnel_key));
    json_object_put(json, "network", json_integer_create(view->network));
    json_object_put(json, "members", members);
    return json;
}

/* Likewise, as text.  Returns false if there is no such pool. */
bool
mux_report_format_members(const struct mux_table *table, uint32_t tunnel_key,
                          struct ds *ds)
{
    const struct mux_view *view = find_pool(table, tunnel_key);

    if (!view) {
        return false;
    }
    ds_put_format(ds, "pool %"PRIu32", generation %"PRIu64"\n", tunnel_key,
                  view->generations[0].number);
    for (size_t i = 0; i < view->n_members; i++) {
        const struct mux_pool_member *m = &view->members[i];
        struct mux_figures figures = { .packets = 0 };

        mux_figures_add(&figures, m->counter);
        ds_put_format(ds, "  member %"PRIu16" at "IP_FMT", weight %"PRIu32
                      ": ", m->index, IP_ARGS(m->vtep),
                      member_weight(view, m->index));
        format_figures(&figures, ds);
    }
    return true;
}

/* Tracing. */

static void
format_flow(const struct mux_flight *f, struct ds *ds)
{
    uint64_t source[2];

    mux_flight_get_source(f, source);

    struct in6_addr src = mux_address_from_words(source);
    struct in6_addr dst = mux_address_from_words(f->vip);

    if (f->tunnelled) {
        ds_put_format(ds, "tunnelled, network %"PRIu32", ", f->network);
    }
    if (f->fragment) {
        ds_put_cstr(ds, "fragment, ");
    }
    ds_put_cstr(ds, f->steered ? "error about flow " : "flow ");
    ipv6_format_mapped(&src, ds);
    ds_put_format(ds, " -> ");
    ipv6_format_mapped(&dst, ds);
    ds_put_format(ds, " protocol %"PRIu8, f->protocol);
    if (f->sport || f->dport) {
        ds_put_format(ds, " ports %"PRIu16" -> %"PRIu16, f->sport, f->dport);
    }
    ds_put_char(ds, '\n');
}

/* Appends who has the block that 'port' is in, of the VIP whose ports for SNAT
 * have the entry 'e'. */
void
mux_report_format_snat(const struct mux_entry *e, uint16_t port,
                       struct ds *ds)
{
    const struct mux_owner *owner
        = mux_snat_owner(mux_snat_slot(e->slots, port), port);
    struct in6_addr address = mux_address_from_words(e->vip);
    uint16_t first = port - port % SLB_OUTBOUND_BLOCK;

    ds_put_format(ds, "SNAT, ports %"PRIu16" to %d of ", first,
                  first + SLB_OUTBOUND_BLOCK - 1);
    ipv6_format_mapped(&address, ds);
    if (owner->nexthop == MUX_NO_NEXTHOP) {
        ds_put_cstr(ds, " are nobody's: handed on or dropped\n");
    } else {
        ds_put_format(ds, " are those of VM %"PRIu16" of network %"PRIu32"\n",
                      owner->index, owner->vni);
    }
}

static void
format_choice(const struct mux_table *table, const struct mux_flight *f,
              struct ds *ds)
{
    const struct mux_entry *e = f->entry;
    struct steering s;

    if (e->flags & MUX_ENTRY_SNAT) {
        mux_report_format_snat(e, f->dport, ds);
        if (f->owner->nexthop == MUX_NO_NEXTHOP) {
            return;
        }
    } else {
        const struct mux_endpoint *ep
            = f->page->endpoints[e - f->page->entries];

        ds_put_cstr(ds, "endpoint ");
        mux_report_format_endpoint(&ep->object.key, ds);
        ds_put_format(ds, " \"%s\", pool %"PRIu32"\n", ep->name, ep->pool);
        if (!f->owner) {
            return;
        }
        ds_put_format(ds, "%s hash %016"PRIx64", slot %"PRIu64" of %u\n",
                      slb_hash_kind_to_string(e->flags & MUX_ENTRY_KIND),
                      f->hash, f->hash & ((UINT64_C(1) << e->log2) - 1),
                      1u << e->log2);
    }

    const struct mux_nexthop_entry *nh
        = mux_table_nexthop(table, f->owner->nexthop);
    mux_table_steer(table, e, f->hash, f->owner, time_msec(), &s);
    if (f->fragment) {
        mux_table_steer_fragment(&s, f->dport);
    }
    steering_format(&s, ds);
    if (nh->valid) {
        ds_put_format(ds, "\nto host "IP_FMT"%s, VNI %"PRIu32"\n",
                      IP_ARGS(nh->vtep), nh->dead ? " (dead)" : "",
                      f->owner->vni);
    } else {
        ds_put_cstr(ds, "\nthe owner's host cannot be reached\n");
    }
}

/* Writes what mux_forward() would do with 'packet', on an underlay with 'mtu',
 * and why.  It does it with a copy, as a thread that has seen nothing else:
 * limits have not been reached, nothing is short, and other fragments are not
 * known.  Returns the VIP that the packet is for, null if it is for none. */
const struct mux_vip_entry *
mux_report_trace(const struct mux_table *table,
                 const struct dp_packet *packet, uint32_t mtu, struct ds *ds)
{
    struct mux_fragments *fragments = mux_fragments_create();
    struct mux_thread *thread = mux_thread_create_hidden(fragments);
    struct mux_counters counters;
    struct dp_packet_batch batch, node;
    const struct mux_vip_entry *vip = NULL;
    struct mux_flight f;

    if (mux_forward_look(table, thread, dp_packet_clone(packet), mtu,
                         time_msec(), &f)) {
        vip = mux_table_find_vip(table, f.network, f.vip);
        vip = vip ? vip : mux_table_find_vip(table, 0, f.vip);
        format_flow(&f, ds);
        if (f.entry) {
            format_choice(table, &f, ds);
        }
    }
    mux_thread_destroy(thread);
    mux_fragments_destroy(fragments);

    fragments = mux_fragments_create();
    thread = mux_thread_create_hidden(fragments);
    memset(&counters, 0, sizeof counters);
    dp_packet_batch_init_packet(&batch, dp_packet_clone_with_headroom(
                                    packet, MUX_PUSH_LEN));
    dp_packet_batch_init(&node);
    mux_forward(table, thread, &batch, &node, mtu, time_msec(), &counters);
    for (int i = 0; i < MUX_N_COUNTERS; i++) {
        if (counters.n[i] && i != MUX_COUNT_BYTES
            && i != MUX_COUNT_ECHO_BYTES && i != MUX_COUNT_HANDED_ON_BYTES) {
            ds_put_format(ds, "%s: %s\n", mux_counter_name(i),
                          mux_counter_text(i));
        }
    }
    if (!dp_packet_batch_is_empty(&node)) {
        ds_put_format(ds, "%s: %s\n", mux_counter_name(MUX_COUNT_NODE),
                      mux_counter_text(MUX_COUNT_NODE));
    }
    if (!dp_packet_batch_is_empty(&batch)) {
        char *text = ofp_dp_packet_to_string(batch.packets[0]);

        ds_put_format(ds, "sends %s", text);
        free(text);
    }
    dp_packet_delete_batch(&batch, true);
    dp_packet_delete_batch(&node, true);
    mux_thread_destroy(thread);
    mux_fragments_destroy(fragments);
    return vip;
}

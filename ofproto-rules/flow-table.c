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

#include "ofproto-rules/flow-table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-match.h"
#include "openvswitch/ofp-port.h"
#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(flow_table);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

static uint32_t
entry_hash(const struct flow_entry *entry)
{
    return minimatch_hash(&entry->match,
                          hash_2words(entry->table, entry->priority));
}

static void
entry_destroy(struct flow_entry *entry)
{
    minimatch_destroy(&entry->match);
    free(entry->actions);
    free(entry);
}

void
flow_table_init(struct flow_table *ft)
{
    hmap_init(&ft->flows);
    ft->n_mistakes = 0;
}

void
flow_table_clear(struct flow_table *ft)
{
    struct flow_entry *entry;

    HMAP_FOR_EACH_POP (entry, hmap_node, &ft->flows) {
        entry_destroy(entry);
    }
    ft->n_mistakes = 0;
}

void
flow_table_destroy(struct flow_table *ft)
{
    if (ft) {
        flow_table_clear(ft);
        hmap_destroy(&ft->flows);
    }
}

void
flow_table_swap(struct flow_table *a, struct flow_table *b)
{
    hmap_swap(&a->flows, &b->flows);

    size_t n_mistakes = a->n_mistakes;
    a->n_mistakes = b->n_mistakes;
    b->n_mistakes = n_mistakes;
}

/* The texts "ip_frag=yes" and "ip_frag=later" set bits of the mask that stand
 * for nothing, and a switch does not return. */
static void
normalize_fragments(struct minimatch *minimatch)
{
    struct match match;

    minimatch_expand(minimatch, &match);
    uint8_t *mask = &match.wc.masks.nw_frag;
    if ((*mask & FLOW_NW_FRAG_MASK) != FLOW_NW_FRAG_MASK
        && *mask & ~FLOW_NW_FRAG_MASK) {
        *mask &= FLOW_NW_FRAG_MASK;
        minimatch_destroy(minimatch);
        minimatch_init(minimatch, &match);
    }
}

/* Adds the flow whose match and actions the formatted text tells. */
void
flow_table_add(struct flow_table *ft, uint8_t table, uint16_t priority,
               uint64_t cookie, const char *format, ...)
{
    struct ds text = DS_EMPTY_INITIALIZER;
    enum ofputil_protocol usable_protocols;
    struct ofputil_flow_mod fm;
    va_list args;

    ds_put_format(&text, "table=%"PRIu8",priority=%"PRIu16",cookie=0x%"PRIx64
                  ",", table, priority, cookie);
    va_start(args, format);
    ds_put_format_valist(&text, format, args);
    va_end(args);

    char *error = parse_ofp_str(&fm, OFPFC_ADD, ds_cstr(&text), NULL, NULL,
                                &usable_protocols);
    if (!error && !(usable_protocols & OFPUTIL_P_OF15_OXM)) {
        error = xstrdup("OpenFlow 1.5 cannot express it");
        minimatch_destroy(&fm.match);
        free(fm.ofpacts);
    }
    if (error) {
        VLOG_ERR_RL(&rl, "left out the flow \"%s\": %s", ds_cstr(&text),
                    error);
        free(error);
        ft->n_mistakes++;
    } else {
        normalize_fragments(&fm.match);

        struct flow_entry new = {
            .table = table,
            .priority = priority,
            .match = fm.match,
            .cookie = cookie,
            .actions = fm.ofpacts,
            .actions_len = fm.ofpacts_len,
        };

        if (flow_table_find(ft, &new)) {
            VLOG_ERR_RL(&rl, "left out the flow \"%s\": there is one with its "
                        "table, priority and match already", ds_cstr(&text));
            ft->n_mistakes++;
            minimatch_destroy(&new.match);
            free(new.actions);
        } else {
            struct flow_entry *entry = xmemdup(&new, sizeof new);

            hmap_insert(&ft->flows, &entry->hmap_node, entry_hash(entry));
        }
    }
    ds_destroy(&text);
}

/* Adds a flow in binary form, which must not be there already: for reading
 * what a switch has. */
void
flow_table_add_raw(struct flow_table *ft, uint8_t table, uint16_t priority,
                   uint64_t cookie, const struct match *match,
                   const struct ofpact *actions, size_t actions_len)
{
    struct flow_entry *entry = xmalloc(sizeof *entry);

    *entry = (struct flow_entry) {
        .table = table,
        .priority = priority,
        .cookie = cookie,
        .actions = xmemdup(actions, actions_len),
        .actions_len = actions_len,
    };
    minimatch_init(&entry->match, match);
    hmap_insert(&ft->flows, &entry->hmap_node, entry_hash(entry));
}

/* Returns the flow in 'ft' that has table, priority and match of 'key', or
 * NULL. */
struct flow_entry *
flow_table_find(const struct flow_table *ft, const struct flow_entry *key)
{
    struct flow_entry *entry;

    HMAP_FOR_EACH_WITH_HASH (entry, hmap_node, entry_hash(key), &ft->flows) {
        if (entry->table == key->table && entry->priority == key->priority
            && minimatch_equal(&entry->match, &key->match)) {
            return entry;
        }
    }
    return NULL;
}

/* Puts a copy of 'source' into 'ft', in place of the one with its table,
 * priority and match if there is one. */
void
flow_table_set(struct flow_table *ft, const struct flow_entry *source)
{
    struct flow_entry *entry = flow_table_find(ft, source);

    if (!entry) {
        entry = xmalloc(sizeof *entry);
        entry->table = source->table;
        entry->priority = source->priority;
        minimatch_clone(&entry->match, &source->match);
        hmap_insert(&ft->flows, &entry->hmap_node, entry_hash(entry));
    } else {
        free(entry->actions);
    }
    entry->cookie = source->cookie;
    entry->actions = xmemdup(source->actions, source->actions_len);
    entry->actions_len = source->actions_len;
}

void
flow_table_remove(struct flow_table *ft, struct flow_entry *entry)
{
    hmap_remove(&ft->flows, &entry->hmap_node);
    entry_destroy(entry);
}

/* Returns true if 'a' and 'b', which have equal keys, do the same.
 *
 * Different octets can stand for one action (what is parsed from text and what
 * a switch returns, for instance, differ in reserved fields), so if they
 * differ their texts decide. */
bool
flow_entry_same(const struct flow_entry *a, const struct flow_entry *b)
{
    return (a->cookie == b->cookie
            && (ofpacts_equal(a->actions, a->actions_len,
                              b->actions, b->actions_len)
                || ofpacts_equal_stringwise(a->actions, a->actions_len,
                                            b->actions, b->actions_len)));
}

/* Appends 'entry' to 'out' in the form that ovs-ofctl(8) reads, without a
 * line's end. */
void
flow_entry_format(const struct flow_entry *entry, struct ds *out)
{
    const struct ofpact_format_params params = { .s = out };
    struct match match;

    ds_put_format(out, "cookie=0x%"PRIx64", table=%"PRIu8", ", entry->cookie,
                  entry->table);
    minimatch_expand(&entry->match, &match);
    match_format(&match, NULL, out, entry->priority);
    ds_put_cstr(out, " actions=");
    ofpacts_format(entry->actions, entry->actions_len, &params);
}

/* Tables in ascending order, in each the flows as a packet tries them; those
 * of one priority by their texts, so that the order is always the same. */
struct sort_entry {
    uint8_t table;
    uint16_t priority;
    char *text;
};

static int
compare_entries(const void *a_, const void *b_)
{
    const struct sort_entry *a = a_;
    const struct sort_entry *b = b_;

    if (a->table != b->table) {
        return a->table < b->table ? -1 : 1;
    }
    if (a->priority != b->priority) {
        return a->priority > b->priority ? -1 : 1;
    }
    return strcmp(a->text, b->text);
}

/* Appends all flows to 'out', one a line, in an order that depends on nothing
 * but the flows. */
void
flow_table_format(const struct flow_table *ft, struct ds *out)
{
    size_t n = hmap_count(&ft->flows);
    struct sort_entry *entries = xmalloc(n * sizeof *entries);
    const struct flow_entry *flow;
    size_t i = 0;

    HMAP_FOR_EACH (flow, hmap_node, &ft->flows) {
        struct ds text = DS_EMPTY_INITIALIZER;

        flow_entry_format(flow, &text);
        entries[i].table = flow->table;
        entries[i].priority = flow->priority;
        entries[i].text = ds_steal_cstr(&text);
        i++;
    }
    qsort(entries, n, sizeof *entries, compare_entries);
    for (i = 0; i < n; i++) {
        ds_put_format(out, "%s\n", entries[i].text);
        free(entries[i].text);
    }
    free(entries);
}

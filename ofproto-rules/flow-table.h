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

#ifndef FLOW_TABLE_H
#define FLOW_TABLE_H 1

/* The flows that a bridge should have, or has.
 *
 * Every flow that we want goes through flow_table_add(), whose text is that of
 * ovs-ofctl(8): "MATCH actions=ACTIONS", with tables, registers and cookies by
 * the names in pipeline.h.  A flow is known by table, priority and match.
 * Adding a second one with the same is a mistake in our pipeline, as is a text
 * that does not parse: the mistake is logged and counted, and the flow is left
 * out.  What comes from users must have been checked before it gets here.
 *
 * A flow table is only a value: nothing here knows a switch. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"
#include "openvswitch/hmap.h"
#include "openvswitch/match.h"

struct ds;
struct ofpact;

struct flow_entry {
    struct hmap_node hmap_node; /* In struct flow_table's 'flows'. */

    /* What it is known by. */
    uint8_t table;
    uint16_t priority;
    struct minimatch match;

    /* What it does. */
    uint64_t cookie;
    struct ofpact *actions;     /* Owned. */
    size_t actions_len;         /* In octets. */
};

struct flow_table {
    struct hmap flows;          /* Contains "struct flow_entry"s. */
    size_t n_mistakes;          /* Flows that were refused. */
};

#define FLOW_TABLE_INITIALIZER(TABLE) \
    { .flows = HMAP_INITIALIZER(&(TABLE)->flows) }

void flow_table_init(struct flow_table *);
void flow_table_clear(struct flow_table *);
void flow_table_destroy(struct flow_table *);
void flow_table_swap(struct flow_table *, struct flow_table *);

void flow_table_add(struct flow_table *, uint8_t table, uint16_t priority,
                    uint64_t cookie, const char *format, ...)
    OVS_PRINTF_FORMAT(5, 6);
void flow_table_add_raw(struct flow_table *, uint8_t table, uint16_t priority,
                        uint64_t cookie, const struct match *,
                        const struct ofpact *, size_t actions_len);

struct flow_entry *flow_table_find(const struct flow_table *,
                                   const struct flow_entry *);
void flow_table_set(struct flow_table *, const struct flow_entry *);
void flow_table_remove(struct flow_table *, struct flow_entry *);

bool flow_entry_same(const struct flow_entry *, const struct flow_entry *);
void flow_entry_format(const struct flow_entry *, struct ds *);
void flow_table_format(const struct flow_table *, struct ds *);

#endif /* ofproto-rules/flow-table.h */

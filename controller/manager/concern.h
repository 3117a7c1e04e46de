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


#ifndef MANAGER_CONCERN_H
#define MANAGER_CONCERN_H 1

/* Which nodes a change concerns: Node.wanted of each node that reads any of
 * the rows that a transaction changes goes up in that transaction.
 *
 * What nodes read:
 *
 *   - A mux: the VIPs of its mux set; all endpoints, pools and generations.
 *
 *   - A host: its bindings; all that hangs on the tunnel keys in them, that is
 *     networks and locations, pools with their generations and endpoints; all
 *     muxes.
 *
 * Tunnel keys of networks and of pools are one space, so one set of them is
 * enough.  What nodes there are, and what keys hosts subscribe to by the
 * bindings in the database, is kept up to date from transaction to
 * transaction.  Whatever is written touches what it is about, and in the end
 * concern_pop() gives each node that was touched once.  A binding that is
 * written touches its host itself, so what it subscribes to need not be known
 * in the same transaction; but it must be in those that are made before this
 * one is in the database (concern_subscribe_early()).  The cost goes with the
 * nodes that are touched, not with those there are.
 *
 * No I/O here. */

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "openvswitch/shash.h"

struct concern {
    struct shash nodes;         /* Contains "struct concern_node"s. */
    struct hmap keys;           /* Contains "struct concern_key"s. */
    struct ovs_list muxes;      /* Contains "struct concern_node"s. */
    struct ovs_list touched;    /* Contains "struct concern_node"s. */
    struct ovs_list touched_keys; /* Contains "struct concern_key"s. */
    bool all_muxes;             /* Are all muxes touched? */
    struct ovs_list early;      /* Contains "struct early"s, in order of their
                                 * runs. */
};

void concern_init(struct concern *);
void concern_destroy(struct concern *);

void concern_add_mux(struct concern *, const char *node, const char *mux_set);
void concern_add_host(struct concern *, const char *node);
void concern_remove_node(struct concern *, const char *node);
void concern_subscribe(struct concern *, const char *node, uint32_t key);
void concern_unsubscribe(struct concern *, const char *node, uint32_t key);

void concern_subscribe_early(struct concern *, const char *node, uint32_t key,
                             uint64_t run);
void concern_landed(struct concern *, uint64_t run);

void concern_touch_key(struct concern *, uint32_t key);
void concern_touch_mux_set(struct concern *, const char *mux_set);
void concern_touch_muxes(struct concern *);
void concern_touch_hosts(struct concern *);
void concern_touch_node(struct concern *, const char *node);

const char *concern_pop(struct concern *);

#endif /* controller/manager/concern.h */

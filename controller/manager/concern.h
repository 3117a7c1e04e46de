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
 *   - A mux: the VIPs of its mux set; all endpoints, pools, generations and
 *     members.
 *
 *   - A host: its bindings; all that hangs on the tunnel keys in them, that is
 *     networks and locations, pools with their generations, members and
 *     endpoints; all muxes.
 *
 * Tunnel keys of networks and of pools are one space, so one set of them is
 * enough.  First the nodes are added and hosts subscribed to keys: both the
 * keys that a host's bindings had before and those they have now.  Then
 * whatever is written touches what it is about, and in the end
 * concern_is_touched() answers for each node.  The cost is linear in all of
 * that.
 *
 * No I/O here. */

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/hmap.h"
#include "openvswitch/shash.h"
#include "sset.h"

struct concern {
    struct shash nodes;         /* Contains "struct concern_node"s. */
    struct hmap keys;           /* Touched ones: "struct concern_key"s. */
    struct sset mux_sets;       /* Touched ones. */
    bool muxes;                 /* All muxes are touched. */
    bool hosts;                 /* All hosts are touched. */
};

void concern_init(struct concern *);
void concern_destroy(struct concern *);

void concern_add_mux(struct concern *, const char *node, const char *mux_set);
void concern_add_host(struct concern *, const char *node);
void concern_subscribe(struct concern *, const char *node, uint32_t key);

void concern_touch_key(struct concern *, uint32_t key);
void concern_touch_mux_set(struct concern *, const char *mux_set);
void concern_touch_muxes(struct concern *);
void concern_touch_hosts(struct concern *);
void concern_touch_node(struct concern *, const char *node);

bool concern_is_touched(const struct concern *, const char *node);

#endif /* controller/manager/concern.h */

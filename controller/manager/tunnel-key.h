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


#ifndef MANAGER_TUNNEL_KEY_H
#define MANAGER_TUNNEL_KEY_H 1

/* Tunnel keys (VNIs) of networks and pools.
 *
 * All come from one space, 1 to TUNNEL_KEY_MAX, so that a host tells by the
 * key alone what a packet is.  A key stays with its network or pool as long as
 * that has a row in the database, over any restart: the rows are the memory.
 * Keys in rows are reserved, those of what is new are allocated, and the key
 * of what has gone is released.
 *
 * A pool also holds the key of the network that it is in: the network may have
 * gone, but while the pool drains its key must not mean another one.
 *
 * A key that has become free is not given out again at once, since packets
 * with it may be under way and agents may still hold what it meant: allocation
 * goes on behind the key given out last, and starts again at 1 at the end of
 * the space.  A manager that has just become active starts behind the highest
 * key in use. */

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/compiler.h"
#include "openvswitch/hmap.h"

#define TUNNEL_KEY_MAX 0xffffff

struct tunnel_keys {
    unsigned long *used;        /* One bit a key. */
    struct hmap held;           /* Contains "struct held_key"s. */
    uint32_t highest;           /* None above was in use since the reset. */
    uint32_t last;              /* Given out last, 0 if none was. */
};

void tunnel_keys_init(struct tunnel_keys *);
void tunnel_keys_destroy(struct tunnel_keys *);
void tunnel_keys_reset(struct tunnel_keys *);

bool tunnel_keys_reserve(struct tunnel_keys *, int64_t key)
    OVS_WARN_UNUSED_RESULT;
uint32_t tunnel_keys_allocate(struct tunnel_keys *);
void tunnel_keys_release(struct tunnel_keys *, uint32_t key);

void tunnel_keys_hold(struct tunnel_keys *, int64_t key);
void tunnel_keys_unhold(struct tunnel_keys *, int64_t key);

#endif /* controller/manager/tunnel-key.h */

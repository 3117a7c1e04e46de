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

#ifndef SLB_INDEX_H
#define SLB_INDEX_H 1

/* Finds things by name or by address and number, each within a scope.
 *
 * A scope is any pointer, which is only compared: a class, a network, a list.
 * So one index does for what would otherwise take many, or keys put together
 * as texts: "the frontend with this address in that network".
 *
 * Names and data are not copied: they must stay as long as the index.  The
 * hashes depend on a random number, so that nobody can write a file whose
 * names all fall together. */

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/hmap.h"

struct slb_index {
    struct hmap nodes;
    uint32_t basis;
};

void slb_index_init(struct slb_index *);
void slb_index_clear(struct slb_index *);
void slb_index_destroy(struct slb_index *);
void slb_index_for_each_data(const struct slb_index *,
                             void (*)(const void *data));

const void *slb_index_add_name(struct slb_index *, const void *scope,
                               const char *name, const void *data);
const void *slb_index_find_name(const struct slb_index *, const void *scope,
                                const char *name);
const void *slb_index_add_address(struct slb_index *, const void *scope,
                                  const struct in6_addr *, uint32_t number,
                                  const void *data);
const void *slb_index_find_address(const struct slb_index *,
                                   const void *scope, const struct in6_addr *,
                                   uint32_t number);
const void *slb_index_add_number(struct slb_index *, const void *scope,
                                 uint32_t number, const void *data);
const void *slb_index_find_number(const struct slb_index *, const void *scope,
                                  uint32_t number);

#endif /* yaml/slb-index.h */

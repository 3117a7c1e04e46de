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

#ifndef PROBE_TOKEN_H
#define PROBE_TOKEN_H 1

/* Which token stands for which address of a VM (lib/slb-probe.h).
 *
 * An address keeps its token as long as it is wanted.  Which one it gets is a
 * matter of its hash, so that an agent that starts again gives out the same
 * ones, but for a few collisions.  No I/O here. */

#include <netinet/in.h>
#include <stdint.h>

#include "openvswitch/hmap.h"

struct probe_tokens {
    struct hmap by_address;     /* Contains "struct token"s. */
    struct hmap by_number;      /* Likewise. */
};

void probe_tokens_init(struct probe_tokens *);
void probe_tokens_destroy(struct probe_tokens *);

void probe_tokens_begin(struct probe_tokens *);
uint16_t probe_tokens_get(struct probe_tokens *, uint32_t network,
                          const struct in6_addr *);
void probe_tokens_end(struct probe_tokens *);

#endif /* controller/agent/probe-token.h */

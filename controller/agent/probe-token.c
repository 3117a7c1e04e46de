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

#include "controller/agent/probe-token.h"

#include <stdbool.h>
#include <stdlib.h>

#include "hash.h"
#include "lib/slb-address.h"
#include "lib/slb-probe.h"
#include "packets.h"
#include "util.h"

#define N_TOKENS (SLB_PROBE_LAST - SLB_PROBE_FIRST + 1)

struct token {
    struct hmap_node address_node; /* In 'by_address'. */
    struct hmap_node number_node; /* In 'by_number'. */
    uint32_t network;           /* Tunnel key. */
    struct in6_addr address;
    uint16_t number;
    bool wanted;
};

void
probe_tokens_init(struct probe_tokens *tokens)
{
    hmap_init(&tokens->by_address);
    hmap_init(&tokens->by_number);
}

static void
remove_token(struct probe_tokens *tokens, struct token *token)
{
    hmap_remove(&tokens->by_address, &token->address_node);
    hmap_remove(&tokens->by_number, &token->number_node);
    free(token);
}

void
probe_tokens_destroy(struct probe_tokens *tokens)
{
    struct token *token;

    HMAP_FOR_EACH_SAFE (token, address_node, &tokens->by_address) {
        remove_token(tokens, token);
    }
    hmap_destroy(&tokens->by_address);
    hmap_destroy(&tokens->by_number);
}

static bool
is_taken(const struct probe_tokens *tokens, uint16_t number)
{
    return hmap_first_with_hash(&tokens->by_number, number) != NULL;
}

/* All addresses that are wanted are about to be named, by
 * probe_tokens_get(). */
void
probe_tokens_begin(struct probe_tokens *tokens)
{
    struct token *token;

    HMAP_FOR_EACH (token, address_node, &tokens->by_address) {
        token->wanted = false;
    }
}

/* Returns the token of 'address' in 'network', 0 if none is left. */
uint16_t
probe_tokens_get(struct probe_tokens *tokens, uint32_t network,
                 const struct in6_addr *address)
{
    uint32_t hash = slb_address_hash(address, network);
    struct token *token;

    HMAP_FOR_EACH_WITH_HASH (token, address_node, hash,
                             &tokens->by_address) {
        if (token->network == network
            && ipv6_addr_equals(&token->address, address)) {
            token->wanted = true;
            return token->number;
        }
    }
    if (hmap_count(&tokens->by_number) >= N_TOKENS) {
        return 0;
    }

    uint16_t number = SLB_PROBE_FIRST + hash % N_TOKENS;
    while (is_taken(tokens, number)) {
        number = number < SLB_PROBE_LAST ? number + 1 : SLB_PROBE_FIRST;
    }
    token = xmalloc(sizeof *token);
    *token = (struct token) {
        .network = network,
        .address = *address,
        .number = number,
        .wanted = true,
    };
    hmap_insert(&tokens->by_address, &token->address_node, hash);
    hmap_insert(&tokens->by_number, &token->number_node, number);
    return number;
}

/* Takes back the tokens of addresses that were not named. */
void
probe_tokens_end(struct probe_tokens *tokens)
{
    struct token *token;

    HMAP_FOR_EACH_SAFE (token, address_node, &tokens->by_address) {
        if (!token->wanted) {
            remove_token(tokens, token);
        }
    }
}

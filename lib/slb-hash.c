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

#include "lib/slb-hash.h"

#include <string.h>

#include "util.h"

/* One step of SplitMix64, a generator whose outputs are a permutation of its
 * states. */
static uint64_t
next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t
get_be64_word(const uint8_t *p)
{
    uint64_t word = 0;

    for (int i = 0; i < 8; i++) {
        word = word << 8 | p[i];
    }
    return word;
}

void
slb_hash_key_init(struct slb_hash_key *key,
                  const uint8_t octets[SLB_HASH_KEY_LEN])
{
    uint64_t a = get_be64_word(octets);
    uint64_t b = get_be64_word(octets + 8);

    /* Each secret word depends on all of the key: 'a' and 'b' are mixed
     * before the words are drawn from both. */
    uint64_t mixed = a ^ next_random(&b);
    b ^= next_random(&mixed);
    for (size_t i = 0; i < ARRAY_SIZE(key->secret); i++) {
        key->secret[i] = next_random(&mixed) ^ next_random(&b);
    }
}

/* Reads a key of 32 hexadecimal digits.  Returns false, leaving '*key'
 * undefined, if 'hex' is anything else. */
bool
slb_hash_key_from_string(struct slb_hash_key *key, const char *hex)
{
    uint8_t octets[SLB_HASH_KEY_LEN];

    if (strlen(hex) != 2 * sizeof octets) {
        return false;
    }
    for (size_t i = 0; i < sizeof octets; i++) {
        bool ok;

        octets[i] = hexits_value(hex + 2 * i, 2, &ok);
        if (!ok) {
            return false;
        }
    }
    slb_hash_key_init(key, octets);
    return true;
}

static const char *const kind_names[] = {
    [SLB_HASH_DEFAULT] = "Default",
    [SLB_HASH_SOURCE_IP] = "SourceIP",
    [SLB_HASH_SOURCE_IP_PROTOCOL] = "SourceIPProtocol",
};

/* Reads a kind as rules name it. */
bool
slb_hash_kind_from_string(const char *name, enum slb_hash_kind *kind)
{
    for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++) {
        if (!strcmp(name, kind_names[i])) {
            *kind = i;
            return true;
        }
    }
    return false;
}

const char *
slb_hash_kind_to_string(enum slb_hash_kind kind)
{
    return kind_names[kind];
}

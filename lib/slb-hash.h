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


#ifndef SLB_HASH_H
#define SLB_HASH_H 1

/* The keyed hash that spreads packets over the members of a pool.
 *
 * Every mux, and every host that balances by itself, must come to the same
 * owner for the same packet, whoever built the program, for whatever
 * processor.  So this is a function of numbers and of nothing else: it does
 * not look at memory layout, instruction set or what a NIC has computed, and
 * test vectors (tests/unit/test-slb-hash.c) hold it in place.  A change of a
 * vector breaks all connections of everybody: there is no reason for one.
 *
 * It is keyed, with 128 bits from the database, so that nobody outside can
 * choose addresses and ports that all meet in one slot.  It is not a
 * cryptographic MAC and nothing may rely on it as one.
 *
 * The construction is the "multiply and fold" of the fast hash functions of
 * the last years (wyhash and its relatives): words are masked with secret
 * words, multiplied to 128 bits, and both halves are combined.  Two rounds of
 * it, the second of which sees an input word again, leave every bit of the
 * result dependent on every bit of input and key.
 *
 *
 * What is hashed
 * ==============
 *
 * What a rule says with "loadDistribution":
 *
 *   - SLB_HASH_DEFAULT: protocol, both addresses, both ports.
 *
 *   - SLB_HASH_SOURCE_IP: both addresses.
 *
 *   - SLB_HASH_SOURCE_IP_PROTOCOL: both addresses and the protocol.
 *
 * The kind is part of the input.  What a kind leaves out is taken as zero;
 * callers may pass it.  All arguments are plain numbers in host byte order;
 * an IPv6 address is two numbers, the octets that come first on the wire in
 * the first. */

#include <stdbool.h>
#include <stdint.h>

enum slb_hash_kind {
    SLB_HASH_DEFAULT,
    SLB_HASH_SOURCE_IP,
    SLB_HASH_SOURCE_IP_PROTOCOL,
};

#define SLB_HASH_KEY_LEN 16

/* What a key is expanded to. */
struct slb_hash_key {
    uint64_t secret[8];
};

void slb_hash_key_init(struct slb_hash_key *,
                       const uint8_t key[SLB_HASH_KEY_LEN]);
bool slb_hash_key_from_string(struct slb_hash_key *, const char *hex);

bool slb_hash_kind_from_string(const char *, enum slb_hash_kind *);
const char *slb_hash_kind_to_string(enum slb_hash_kind);

__extension__ typedef unsigned __int128 slb_hash_uint128;

/* Returns both halves of the product of 'a' and 'b', combined. */
static inline uint64_t
slb_hash_fold(uint64_t a, uint64_t b)
{
    slb_hash_uint128 product = (slb_hash_uint128) a * b;

    return (uint64_t) product ^ (uint64_t) (product >> 64);
}

static inline uint64_t
slb_hash_flow_word(enum slb_hash_kind kind, uint8_t proto,
                   uint16_t sport, uint16_t dport)
{
    switch (kind) {
    case SLB_HASH_SOURCE_IP:
        return kind;
    case SLB_HASH_SOURCE_IP_PROTOCOL:
        return (uint64_t) proto << 8 | kind;
    case SLB_HASH_DEFAULT:
    default:
        return ((uint64_t) sport << 48 | (uint64_t) dport << 32
                | (uint64_t) proto << 8);
    }
}

static inline uint64_t
slb_hash_ipv4(const struct slb_hash_key *key, enum slb_hash_kind kind,
              uint32_t src, uint32_t dst, uint8_t proto,
              uint16_t sport, uint16_t dport)
{
    const uint64_t *s = key->secret;
    uint64_t addrs = (uint64_t) src << 32 | dst;
    uint64_t flow = slb_hash_flow_word(kind, proto, sport, dport);
    uint64_t x = slb_hash_fold(addrs ^ s[0], flow ^ s[1]);

    return slb_hash_fold(x ^ s[2], addrs ^ s[3]);
}

static inline uint64_t
slb_hash_ipv6(const struct slb_hash_key *key, enum slb_hash_kind kind,
              const uint64_t src[2], const uint64_t dst[2], uint8_t proto,
              uint16_t sport, uint16_t dport)
{
    const uint64_t *s = key->secret;
    uint64_t flow = slb_hash_flow_word(kind, proto, sport, dport);
    uint64_t a = slb_hash_fold(src[0] ^ s[0], src[1] ^ s[1]);
    uint64_t b = slb_hash_fold(dst[0] ^ s[2], dst[1] ^ s[3]);
    uint64_t x = slb_hash_fold(a ^ s[4], b ^ flow ^ s[5]);

    return slb_hash_fold(x ^ s[6], a ^ flow ^ s[7]);
}

/* Returns a hash of a plain number, for what depends on nothing else. */
static inline uint64_t
slb_hash_number(const struct slb_hash_key *key, uint64_t number)
{
    const uint64_t *s = key->secret;
    uint64_t x = slb_hash_fold(number ^ s[4], s[5]);

    return slb_hash_fold(x ^ s[6], number ^ s[7]);
}

#endif /* lib/slb-hash.h */

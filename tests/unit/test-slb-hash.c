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

#include <math.h>
#include <string.h>

#include "packets.h"
#include "tests/unit/unit.h"
#include "util.h"

/* These were computed by another implementation, in Python.  They must never
 * change: see lib/slb-hash.h. */
static const struct vector {
    const char *key;
    enum slb_hash_kind kind;
    const char *src, *dst;
    uint8_t proto;
    uint16_t sport, dport;
    uint64_t hash;
} vectors[] = {
    { "00000000000000000000000000000000", SLB_HASH_DEFAULT,
      "198.51.100.10", "20.50.60.10", 6, 40000, 80,
      UINT64_C(0xae3b39fd268a0a7f) },
    { "00000000000000000000000000000000", SLB_HASH_DEFAULT,
      "0.0.0.0", "0.0.0.0", 0, 0, 0,
      UINT64_C(0xfc82dcf1ac3d4a5c) },
    { "00000000000000000000000000000000", SLB_HASH_DEFAULT,
      "255.255.255.255", "255.255.255.255", 17, 65535, 65535,
      UINT64_C(0xd0e94f7535ecca23) },
    { "00000000000000000000000000000000", SLB_HASH_DEFAULT,
      "2001:db8:1::10", "2001:db8:20::10", 6, 40000, 80,
      UINT64_C(0xf785316a97d487c8) },
    { "00000000000000000000000000000000", SLB_HASH_DEFAULT,
      "::", "::", 17, 1, 2,
      UINT64_C(0xf5063b939ce464c8) },
    { "00000000000000000000000000000000", SLB_HASH_SOURCE_IP,
      "198.51.100.10", "20.50.60.10", 6, 40000, 80,
      UINT64_C(0x9527075aa189033a) },
    { "00000000000000000000000000000000", SLB_HASH_SOURCE_IP,
      "0.0.0.0", "0.0.0.0", 0, 0, 0,
      UINT64_C(0xb835f0669b596876) },
    { "00000000000000000000000000000000", SLB_HASH_SOURCE_IP,
      "255.255.255.255", "255.255.255.255", 17, 65535, 65535,
      UINT64_C(0x557cd554e9120124) },
    { "00000000000000000000000000000000", SLB_HASH_SOURCE_IP,
      "2001:db8:1::10", "2001:db8:20::10", 6, 40000, 80,
      UINT64_C(0xb29af7468ff7d5f8) },
    { "00000000000000000000000000000000", SLB_HASH_SOURCE_IP,
      "::", "::", 17, 1, 2,
      UINT64_C(0x03ded1099075be8b) },
    { "00000000000000000000000000000000", SLB_HASH_SOURCE_IP_PROTOCOL,
      "198.51.100.10", "20.50.60.10", 6, 40000, 80,
      UINT64_C(0xd16324f6e6e72c3b) },
    { "00000000000000000000000000000000", SLB_HASH_SOURCE_IP_PROTOCOL,
      "0.0.0.0", "0.0.0.0", 0, 0, 0,
      UINT64_C(0x5b3437357d666351) },
    { "00000000000000000000000000000000", SLB_HASH_SOURCE_IP_PROTOCOL,
      "255.255.255.255", "255.255.255.255", 17, 65535, 65535,
      UINT64_C(0x2507a3ab494da281) },
    { "00000000000000000000000000000000", SLB_HASH_SOURCE_IP_PROTOCOL,
      "2001:db8:1::10", "2001:db8:20::10", 6, 40000, 80,
      UINT64_C(0x7783a397e191469e) },
    { "00000000000000000000000000000000", SLB_HASH_SOURCE_IP_PROTOCOL,
      "::", "::", 17, 1, 2,
      UINT64_C(0x7f7d6d88352a4771) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_DEFAULT,
      "198.51.100.10", "20.50.60.10", 6, 40000, 80,
      UINT64_C(0x43d271cdadabe525) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_DEFAULT,
      "0.0.0.0", "0.0.0.0", 0, 0, 0,
      UINT64_C(0xec2b21ce99fbaed5) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_DEFAULT,
      "255.255.255.255", "255.255.255.255", 17, 65535, 65535,
      UINT64_C(0x87c33f93d40f38c1) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_DEFAULT,
      "2001:db8:1::10", "2001:db8:20::10", 6, 40000, 80,
      UINT64_C(0xb2cb9601ecf03e98) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_DEFAULT,
      "::", "::", 17, 1, 2,
      UINT64_C(0xf2e933782e5ec6fd) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_SOURCE_IP,
      "198.51.100.10", "20.50.60.10", 6, 40000, 80,
      UINT64_C(0x23a9c4efcd78121b) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_SOURCE_IP,
      "0.0.0.0", "0.0.0.0", 0, 0, 0,
      UINT64_C(0x1e4c649be17b2643) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_SOURCE_IP,
      "255.255.255.255", "255.255.255.255", 17, 65535, 65535,
      UINT64_C(0xe6432394efb02507) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_SOURCE_IP,
      "2001:db8:1::10", "2001:db8:20::10", 6, 40000, 80,
      UINT64_C(0xc9202f562443f067) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_SOURCE_IP,
      "::", "::", 17, 1, 2,
      UINT64_C(0x836ca6af29e8b099) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_SOURCE_IP_PROTOCOL,
      "198.51.100.10", "20.50.60.10", 6, 40000, 80,
      UINT64_C(0x61662a5161720854) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_SOURCE_IP_PROTOCOL,
      "0.0.0.0", "0.0.0.0", 0, 0, 0,
      UINT64_C(0x958aa220aa77b685) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_SOURCE_IP_PROTOCOL,
      "255.255.255.255", "255.255.255.255", 17, 65535, 65535,
      UINT64_C(0x994ab835bb102b89) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_SOURCE_IP_PROTOCOL,
      "2001:db8:1::10", "2001:db8:20::10", 6, 40000, 80,
      UINT64_C(0x125777b7878fd99c) },
    { "000102030405060708090a0b0c0d0e0f", SLB_HASH_SOURCE_IP_PROTOCOL,
      "::", "::", 17, 1, 2,
      UINT64_C(0xccc36e9c8fae0ffd) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_DEFAULT,
      "198.51.100.10", "20.50.60.10", 6, 40000, 80,
      UINT64_C(0xabd5bb9b8bceb302) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_DEFAULT,
      "0.0.0.0", "0.0.0.0", 0, 0, 0,
      UINT64_C(0x61f02196cf6c352e) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_DEFAULT,
      "255.255.255.255", "255.255.255.255", 17, 65535, 65535,
      UINT64_C(0x4fb74d0d5ae2f98b) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_DEFAULT,
      "2001:db8:1::10", "2001:db8:20::10", 6, 40000, 80,
      UINT64_C(0x2a73dcb7a362b63e) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_DEFAULT,
      "::", "::", 17, 1, 2,
      UINT64_C(0x0dcae46d7044765c) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_SOURCE_IP,
      "198.51.100.10", "20.50.60.10", 6, 40000, 80,
      UINT64_C(0xc3ba2ab94f2f49a1) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_SOURCE_IP,
      "0.0.0.0", "0.0.0.0", 0, 0, 0,
      UINT64_C(0xd8fe4d8605254651) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_SOURCE_IP,
      "255.255.255.255", "255.255.255.255", 17, 65535, 65535,
      UINT64_C(0xd8fed0c3076b2e6b) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_SOURCE_IP,
      "2001:db8:1::10", "2001:db8:20::10", 6, 40000, 80,
      UINT64_C(0x16d66511a339a101) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_SOURCE_IP,
      "::", "::", 17, 1, 2,
      UINT64_C(0x8a8400682d6f2e6b) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_SOURCE_IP_PROTOCOL,
      "198.51.100.10", "20.50.60.10", 6, 40000, 80,
      UINT64_C(0x153fb3cb2a69c44d) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_SOURCE_IP_PROTOCOL,
      "0.0.0.0", "0.0.0.0", 0, 0, 0,
      UINT64_C(0x71692b1bc938a1ad) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_SOURCE_IP_PROTOCOL,
      "255.255.255.255", "255.255.255.255", 17, 65535, 65535,
      UINT64_C(0x9a26ca3b87a24fc1) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_SOURCE_IP_PROTOCOL,
      "2001:db8:1::10", "2001:db8:20::10", 6, 40000, 80,
      UINT64_C(0xdbe1065ea251c79d) },
    { "ffffffffffffffffffffffffffffffff", SLB_HASH_SOURCE_IP_PROTOCOL,
      "::", "::", 17, 1, 2,
      UINT64_C(0xbabbec377e69b130) },
};

static const char key_text[] = "000102030405060708090a0b0c0d0e0f";

static uint64_t
hash_vector(const struct vector *v)
{
    struct slb_hash_key key;
    struct in6_addr ip6[2];
    ovs_be32 ip4[2];

    CU_ASSERT_FATAL(slb_hash_key_from_string(&key, v->key));
    if (ip_parse(v->src, &ip4[0]) && ip_parse(v->dst, &ip4[1])) {
        return slb_hash_ipv4(&key, v->kind, ntohl(ip4[0]), ntohl(ip4[1]),
                             v->proto, v->sport, v->dport);
    }

    CU_ASSERT_FATAL(ipv6_parse(v->src, &ip6[0]));
    CU_ASSERT_FATAL(ipv6_parse(v->dst, &ip6[1]));
    uint64_t words[2][2] = { { 0 } };
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 16; j++) {
            words[i][j / 8] = words[i][j / 8] << 8 | ip6[i].s6_addr[j];
        }
    }
    return slb_hash_ipv6(&key, v->kind, words[0], words[1], v->proto,
                         v->sport, v->dport);
}

static void
test_hash_vectors(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        CU_ASSERT_EQUAL(hash_vector(&vectors[i]), vectors[i].hash);
    }
}

static void
test_hash_number_vectors(void)
{
    static const uint16_t numbers[] = { 0, 1, 65535 };
    static const uint64_t hashes[] = {
        UINT64_C(0xd555d37352e4542),
        UINT64_C(0x29d31355f6d90bad),
        UINT64_C(0xf8a7e6b370c5f712),
    };
    struct slb_hash_key key;

    CU_ASSERT_FATAL(slb_hash_key_from_string(&key, key_text));
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        CU_ASSERT_EQUAL(slb_hash_number(&key, numbers[i]), hashes[i]);
    }
}

/* What a kind leaves out does not matter, what it has does. */
static void
test_hash_kinds(void)
{
    struct slb_hash_key key;

    CU_ASSERT_FATAL(slb_hash_key_from_string(&key, key_text));
#define H4(KIND, ...) slb_hash_ipv4(&key, SLB_HASH_##KIND, __VA_ARGS__)
    CU_ASSERT_EQUAL(H4(SOURCE_IP, 1, 2, 6, 3, 4),
                    H4(SOURCE_IP, 1, 2, 17, 5, 6));
    CU_ASSERT_NOT_EQUAL(H4(SOURCE_IP, 1, 2, 6, 3, 4),
                        H4(SOURCE_IP, 1, 3, 6, 3, 4));
    CU_ASSERT_NOT_EQUAL(H4(SOURCE_IP, 1, 2, 6, 3, 4),
                        H4(SOURCE_IP, 2, 1, 6, 3, 4));
    CU_ASSERT_EQUAL(H4(SOURCE_IP_PROTOCOL, 1, 2, 6, 3, 4),
                    H4(SOURCE_IP_PROTOCOL, 1, 2, 6, 5, 6));
    CU_ASSERT_NOT_EQUAL(H4(SOURCE_IP_PROTOCOL, 1, 2, 6, 3, 4),
                        H4(SOURCE_IP_PROTOCOL, 1, 2, 17, 3, 4));
    CU_ASSERT_NOT_EQUAL(H4(DEFAULT, 1, 2, 6, 3, 4),
                        H4(DEFAULT, 1, 2, 6, 4, 3));
    CU_ASSERT_NOT_EQUAL(H4(DEFAULT, 1, 2, 6, 3, 4),
                        H4(DEFAULT, 1, 2, 17, 3, 4));
    CU_ASSERT_NOT_EQUAL(H4(DEFAULT, 1, 2, 0, 0, 0),
                        H4(SOURCE_IP, 1, 2, 0, 0, 0));
#undef H4
}

static void
test_hash_key_from_string(void)
{
    struct slb_hash_key a, b;

    CU_ASSERT(slb_hash_key_from_string(&a, key_text));
    CU_ASSERT(slb_hash_key_from_string(&b,
                                       "000102030405060708090A0B0C0D0E0F"));
    CU_ASSERT(!memcmp(&a, &b, sizeof a));
    CU_ASSERT_FALSE(slb_hash_key_from_string(&a, ""));
    CU_ASSERT_FALSE(slb_hash_key_from_string(&a, key_text + 1));
    CU_ASSERT_FALSE(slb_hash_key_from_string(
                        &a, "000102030405060708090a0b0c0d0e0f0"));
    CU_ASSERT_FALSE(slb_hash_key_from_string(
                        &a, "000102030405060708090a0b0c0d0e0g"));

    enum slb_hash_kind kind;
    CU_ASSERT(slb_hash_kind_from_string("SourceIPProtocol", &kind));
    CU_ASSERT_EQUAL(kind, SLB_HASH_SOURCE_IP_PROTOCOL);
    CU_ASSERT_STRING_EQUAL(slb_hash_kind_to_string(SLB_HASH_DEFAULT),
                           "Default");
    CU_ASSERT_FALSE(slb_hash_kind_from_string("default", &kind));
}

/* Returns how far 'counts' of 'n' cells are from even, in standard deviations
 * of the chi-squared distribution. */
static double
unevenness(const unsigned int counts[], size_t n, unsigned int total)
{
    double expected = (double) total / n;
    double chi2 = 0;

    for (size_t i = 0; i < n; i++) {
        chi2 += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    return (chi2 - (n - 1)) / sqrt(2.0 * (n - 1));
}

#define N_CELLS 4096
#define N_SAMPLES (64 * N_CELLS)

/* Flows that differ as little as real ones do spread evenly, by the bits that
 * choose slots as well as by those that make the tunnel's source port. */
static void
test_hash_distribution(void)
{
    static unsigned int low[4][N_CELLS], high[4][N_CELLS];
    struct slb_hash_key key;

    CU_ASSERT_FATAL(slb_hash_key_from_string(&key, key_text));
    for (uint32_t i = 0; i < N_SAMPLES; i++) {
        const uint64_t src6[2] = { UINT64_C(0x20010db800010000), i };
        const uint64_t dst6[2] = { UINT64_C(0x20010db800200000), 0x10 };
        const uint64_t hashes[4] = {
            /* One client, all ports and some VIPs. */
            slb_hash_ipv4(&key, SLB_HASH_DEFAULT, 0xc633640a,
                          0x14323c0a + (i >> 16), 6, i, 80),
            /* Neighbouring clients, the same port. */
            slb_hash_ipv4(&key, SLB_HASH_DEFAULT, 0x0a000000 + i, 0x14323c0a,
                          6, 1024, 80),
            slb_hash_ipv4(&key, SLB_HASH_SOURCE_IP, 0x0a000000 + i,
                          0x14323c0a, 6, 1024, 80),
            slb_hash_ipv6(&key, SLB_HASH_DEFAULT, src6, dst6, 17, 53, 53),
        };

        for (int j = 0; j < 4; j++) {
            low[j][hashes[j] % N_CELLS]++;
            high[j][hashes[j] >> 32 & (N_CELLS - 1)]++;
        }
    }
    for (int j = 0; j < 4; j++) {
        CU_ASSERT(fabs(unevenness(low[j], N_CELLS, N_SAMPLES)) < 4);
        CU_ASSERT(fabs(unevenness(high[j], N_CELLS, N_SAMPLES)) < 4);
    }
}

/* Each bit of the input changes each bit of the hash half of the time. */
static void
test_hash_avalanche(void)
{
    enum { ROUNDS = 4000, IN = 104 };
    static unsigned int flips[IN][64];
    struct slb_hash_key key;

    CU_ASSERT_FATAL(slb_hash_key_from_string(&key, key_text));
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t addrs[2] = { 0x0a000000 + round, 0x14323c00 + round % 7 };
        uint16_t ports[2] = { 1024 + round * 3, 80 };
        uint8_t proto = 6;
        uint64_t hash = slb_hash_ipv4(&key, SLB_HASH_DEFAULT, addrs[0],
                                      addrs[1], proto, ports[0], ports[1]);

        for (int i = 0; i < IN; i++) {
            uint32_t a[2] = { addrs[0], addrs[1] };
            uint16_t p[2] = { ports[0], ports[1] };
            uint8_t q = proto;

            if (i < 64) {
                a[i / 32] ^= UINT32_C(1) << i % 32;
            } else if (i < 96) {
                p[(i - 64) / 16] ^= 1 << i % 16;
            } else {
                q ^= 1 << (i - 96);
            }

            uint64_t change = hash ^ slb_hash_ipv4(&key, SLB_HASH_DEFAULT,
                                                   a[0], a[1], q, p[0], p[1]);
            for (int j = 0; j < 64; j++) {
                flips[i][j] += change >> j & 1;
            }
        }
    }

    /* 6656 counts of a binomial distribution: six standard deviations are not
     * exceeded by chance. */
    double limit = 6 * sqrt(ROUNDS) / 2;
    for (int i = 0; i < IN; i++) {
        for (int j = 0; j < 64; j++) {
            CU_ASSERT(fabs(flips[i][j] - ROUNDS / 2.0) < limit);
        }
    }
}

/* With another key, one bit of it different, everything goes elsewhere. */
static void
test_hash_depends_on_key(void)
{
    uint8_t octets[SLB_HASH_KEY_LEN] = { 0 };
    struct slb_hash_key key, other;

    slb_hash_key_init(&key, octets);
    for (int bit = 0; bit < 128; bit++) {
        unsigned int same = 0;

        octets[bit / 8] ^= 1 << bit % 8;
        slb_hash_key_init(&other, octets);
        octets[bit / 8] ^= 1 << bit % 8;
        for (uint32_t i = 0; i < 2000; i++) {
            same += (slb_hash_ipv4(&key, SLB_HASH_DEFAULT, 1, 2, 6, i, 80) % 2
                     == slb_hash_ipv4(&other, SLB_HASH_DEFAULT, 1, 2, 6, i,
                                      80) % 2);
        }
        CU_ASSERT(same > 1000 - 5 * 23 && same < 1000 + 5 * 23);
    }
}

/* No two of many similar flows have the same hash. */
static int
compare_hashes(const void *a_, const void *b_)
{
    const uint64_t *a = a_;
    const uint64_t *b = b_;

    return *a < *b ? -1 : *a > *b;
}

static void
test_hash_collisions(void)
{
    enum { N = 200000 };
    uint64_t *hashes = xmalloc(N * sizeof *hashes);
    struct slb_hash_key key;

    CU_ASSERT_FATAL(slb_hash_key_from_string(&key, key_text));
    for (uint32_t i = 0; i < N; i++) {
        hashes[i] = slb_hash_ipv4(&key, SLB_HASH_DEFAULT, i / 1000, i / 100000,
                                  6, i % 1000, 80);
    }
    qsort(hashes, N, sizeof *hashes, compare_hashes);

    unsigned int n_equal = 0;
    for (uint32_t i = 1; i < N; i++) {
        n_equal += hashes[i] == hashes[i - 1];
    }
    CU_ASSERT_EQUAL(n_equal, 0);
    free(hashes);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_hash_vectors),
    UNIT_TEST(test_hash_number_vectors),
    UNIT_TEST(test_hash_kinds),
    UNIT_TEST(test_hash_key_from_string),
    UNIT_TEST(test_hash_distribution),
    UNIT_TEST(test_hash_avalanche),
    UNIT_TEST(test_hash_depends_on_key),
    UNIT_TEST(test_hash_collisions),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("slb-hash", tests, argc, argv);
}

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

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/slb-address.h"
#include "lib/slb-probe.h"
#include "packets.h"
#include "tests/unit/unit.h"

static struct in6_addr
address(uint32_t number)
{
    struct in6_addr addr;

    in6_addr_set_mapped_ipv4(&addr, htonl(0x0a000000 + number));
    return addr;
}

static uint16_t
get(struct probe_tokens *tokens, uint32_t network, uint32_t number)
{
    struct in6_addr addr = address(number);

    return probe_tokens_get(tokens, network, &addr);
}

static bool
address_is(bool v4, uint16_t number, const char *wanted)
{
    struct in6_addr addr = slb_probe_address(v4, number);
    char *text = slb_address_to_string(&addr);
    bool ok = !strcmp(text, wanted);

    free(text);
    return ok;
}

static void
test_addresses(void)
{
    struct in6_addr source = slb_probe_source(true), wanted;

    in6_addr_set_mapped_ipv4(&wanted, inet_addr("168.63.129.16"));
    CU_ASSERT_TRUE(ipv6_addr_equals(&source, &wanted));
    source = slb_probe_source(false);
    CU_ASSERT_TRUE(ipv6_parse("fe80::1234:5678:9abc", &wanted));
    CU_ASSERT_TRUE(ipv6_addr_equals(&source, &wanted));

    CU_ASSERT_TRUE(address_is(true, SLB_PROBE_OWN, "169.254.64.1"));
    CU_ASSERT_TRUE(address_is(true, SLB_PROBE_LAST, "169.254.127.254"));
    CU_ASSERT_TRUE(address_is(false, SLB_PROBE_OWN, "fd53:4c42::1"));
    CU_ASSERT_TRUE(address_is(false, SLB_PROBE_LAST, "fd53:4c42::3ffe"));
}

/* Each has its own, and keeps it while others come and go. */
static void
test_stable(void)
{
    struct probe_tokens tokens;
    bool seen[SLB_PROBE_LAST + 1] = { false };
    uint16_t before[2000];

    probe_tokens_init(&tokens);
    probe_tokens_begin(&tokens);
    for (int i = 0; i < 2000; i++) {
        /* The same addresses in two networks. */
        before[i] = get(&tokens, i % 2, i / 2);
        CU_ASSERT_TRUE(before[i] >= SLB_PROBE_FIRST
                       && before[i] <= SLB_PROBE_LAST);
        CU_ASSERT_FALSE(seen[before[i]]);
        seen[before[i]] = true;
    }
    probe_tokens_end(&tokens);

    probe_tokens_begin(&tokens);
    for (int i = 1998; i >= 0; i -= 3) {
        CU_ASSERT_EQUAL(get(&tokens, i % 2, i / 2), before[i]);
    }
    for (int i = 0; i < 1000; i++) {
        CU_ASSERT_NOT_EQUAL(get(&tokens, 3, i), 0);
    }
    probe_tokens_end(&tokens);
    CU_ASSERT_EQUAL(hmap_count(&tokens.by_number), 667 + 1000);
    CU_ASSERT_EQUAL(hmap_count(&tokens.by_address), 667 + 1000);

    probe_tokens_begin(&tokens);
    for (int i = 1998; i >= 0; i -= 3) {
        CU_ASSERT_EQUAL(get(&tokens, i % 2, i / 2), before[i]);
    }
    probe_tokens_end(&tokens);
    probe_tokens_destroy(&tokens);
}

/* When there are no more, there are none, until one is given back. */
static void
test_exhausted(void)
{
    struct probe_tokens tokens;
    uint32_t n = SLB_PROBE_LAST - SLB_PROBE_FIRST + 1;

    probe_tokens_init(&tokens);
    probe_tokens_begin(&tokens);
    for (uint32_t i = 0; i < n; i++) {
        CU_ASSERT_NOT_EQUAL(get(&tokens, 1, i), 0);
    }
    CU_ASSERT_EQUAL(get(&tokens, 1, n), 0);
    CU_ASSERT_NOT_EQUAL(get(&tokens, 1, 5), 0);
    probe_tokens_end(&tokens);

    probe_tokens_begin(&tokens);
    uint16_t first = get(&tokens, 1, 1);
    probe_tokens_end(&tokens);
    CU_ASSERT_EQUAL(hmap_count(&tokens.by_number), 1);
    CU_ASSERT_NOT_EQUAL(get(&tokens, 1, n), 0);
    CU_ASSERT_EQUAL(get(&tokens, 1, 1), first);
    probe_tokens_destroy(&tokens);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_addresses),
    UNIT_TEST(test_stable),
    UNIT_TEST(test_exhausted),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("probe-token", tests, argc, argv);
}

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

#include "controller/manager/assign.h"

#include <stdlib.h>

#include "lib/slb-address.h"
#include "openvswitch/dynamic-string.h"
#include "tests/unit/unit.h"
#include "util.h"

#define WEB "VirtualNetwork/prod/subnets/web"
#define PUB "PublicIPPrefix/pub"

static struct in6_addr
address(const char *text)
{
    struct in6_addr a;

    CU_ASSERT_FATAL(slb_address_parse(text, &a));
    return a;
}

static struct slb_prefix
prefix(const char *text)
{
    struct slb_prefix p;

    CU_ASSERT_FATAL(slb_prefix_parse(text, &p));
    return p;
}

/* Sets subnet "web" of network "prod". */
static void
set_subnet(struct assign *assign, const char *text, const char *gateway)
{
    struct slb_prefix p = prefix(text);
    struct in6_addr gw = address(gateway);

    assign_set_subnet(assign, "prod", "web", &p, &gw);
}

/* Sets public IP prefix "pub". */
static void
set_prefix(struct assign *assign, const char *text)
{
    struct slb_prefix p = prefix(text);

    assign_set_prefix(assign, "pub", &p);
}

static void
init_subnet(struct assign *assign, const char *text, const char *gateway)
{
    assign_init(assign);
    set_subnet(assign, text, gateway);
}

static void
add_taken(struct assign *assign, const char *network, const char *text)
{
    struct in6_addr a = address(text);

    assign_add_taken(assign, network, &a);
}

static void
remove_taken(struct assign *assign, const char *network, const char *text)
{
    struct in6_addr a = address(text);

    assign_remove_taken(assign, network, &a);
}

static bool
restore(struct assign *assign, const char *frontend, const char *source,
        const char *text)
{
    struct in6_addr a = address(text);

    return assign_restore(assign, frontend, source, &a);
}

/* Checks that 'frontend' gets the address 'expected' out of 'source'. */
static void
check_get(struct assign *assign, const char *frontend, const char *source,
          const char *expected)
{
    struct in6_addr a;
    char *error = assign_get(assign, frontend, source, &a);

    CU_ASSERT_PTR_NULL_FATAL(error);
    struct ds ds = DS_EMPTY_INITIALIZER;
    slb_address_format(&a, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), expected);
    ds_destroy(&ds);
}

/* Checks that 'frontend' gets no address out of 'source', and why. */
static void
check_none(struct assign *assign, const char *frontend, const char *source,
           const char *expected)
{
    struct in6_addr a;
    char *error = assign_get(assign, frontend, source, &a);

    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_STRING_EQUAL(error, expected);
    free(error);
}

/* Checks who is woken next, NULL for nobody. */
static void
check_woken(struct assign *assign, const char *expected)
{
    const char *frontend = assign_pop_woken(assign);

    CU_ASSERT_EQUAL_FATAL(frontend != NULL, expected != NULL);
    if (expected) {
        CU_ASSERT_STRING_EQUAL(frontend, expected);
    }
}

static void
check_holder(const struct assign *assign, const char *network,
             const char *text, const char *expected)
{
    struct in6_addr a = address(text);
    const char *holder = assign_find_holder(assign, network, &a);

    CU_ASSERT_EQUAL_FATAL(holder != NULL, expected != NULL);
    if (expected) {
        CU_ASSERT_STRING_EQUAL(holder, expected);
    }
}

static void
test_assign_source_names(void)
{
    char *s = assign_subnet_source("prod", "web");
    CU_ASSERT_STRING_EQUAL(s, WEB);
    free(s);

    s = assign_prefix_source("pub");
    CU_ASSERT_STRING_EQUAL(s, PUB);
    free(s);
}

/* Of a subnet the first four, the last and the gateway are not given out. */
static void
test_assign_subnet(void)
{
    struct assign a;

    init_subnet(&a, "10.0.1.0/28", "10.0.1.1");
    for (int i = 4; i <= 14; i++) {
        char *frontend = xasprintf("f%d", i);
        char *expected = xasprintf("10.0.1.%d", i);
        check_get(&a, frontend, WEB, expected);
        free(expected);
        free(frontend);
    }
    check_none(&a, "g", WEB, "no address is assigned: " WEB
               " (10.0.1.0/28) has none left");
    assign_destroy(&a);

    init_subnet(&a, "10.0.1.8/29", "10.0.1.13");
    check_get(&a, "f1", WEB, "10.0.1.12");
    check_get(&a, "f2", WEB, "10.0.1.14");
    check_none(&a, "f3", WEB, "no address is assigned: " WEB
               " (10.0.1.8/29) has none left");
    assign_destroy(&a);

    init_subnet(&a, "fd00::/64", "fd00::1");
    check_get(&a, "f1", WEB, "fd00::4");
    check_get(&a, "f2", WEB, "fd00::5");
    assign_destroy(&a);

    init_subnet(&a, "fd00::fff8/125", "fd00::fff9");
    check_get(&a, "f1", WEB, "fd00::fffc");
    check_get(&a, "f2", WEB, "fd00::fffd");
    check_get(&a, "f3", WEB, "fd00::fffe");
    check_none(&a, "f4", WEB, "no address is assigned: " WEB
               " (fd00::fff8/125) has none left");
    assign_destroy(&a);
}

static void
test_assign_small_subnets_have_none(void)
{
    static const char *const small[] = {
        "10.0.1.0/30", "10.0.1.0/31", "10.0.1.0/32", "10.0.1.255/32",
        "fd00::/126", "fd00::/128",
    };

    for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
        struct assign a;
        char *text = xasprintf("no address is assigned: " WEB
                               " (%s) has none but those reserved", small[i]);

        init_subnet(&a, small[i], "10.0.1.1");
        check_none(&a, "f", WEB, text);
        check_none(&a, "f", WEB, text);
        assign_destroy(&a);
        free(text);
    }
}

/* All of a public IP prefix are given out, the first and the last, too. */
static void
test_assign_prefix(void)
{
    struct assign a;

    assign_init(&a);
    set_prefix(&a, "20.50.60.252/30");
    check_get(&a, "f1", PUB, "20.50.60.252");
    check_get(&a, "f2", PUB, "20.50.60.253");
    check_get(&a, "f3", PUB, "20.50.60.254");
    check_get(&a, "f4", PUB, "20.50.60.255");
    check_none(&a, "f5", PUB, "no address is assigned: " PUB
               " (20.50.60.252/30) has none left");
    assign_destroy(&a);

    /* Host bits mean nothing. */
    assign_init(&a);
    set_prefix(&a, "20.50.60.6/31");
    check_get(&a, "f1", PUB, "20.50.60.6");
    set_prefix(&a, "20.50.60.7/30");
    check_get(&a, "f2", PUB, "20.50.60.7");
    check_get(&a, "f3", PUB, "20.50.60.4");
    assign_destroy(&a);

    assign_init(&a);
    set_prefix(&a, "20.50.60.7/32");
    check_get(&a, "f1", PUB, "20.50.60.7");
    check_none(&a, "f2", PUB, "no address is assigned: " PUB
               " (20.50.60.7/32) has none left");
    assign_destroy(&a);

    /* The very last addresses that there are. */
    assign_init(&a);
    set_prefix(&a, "255.255.255.254/31");
    check_get(&a, "f1", PUB, "255.255.255.254");
    check_get(&a, "f2", PUB, "255.255.255.255");
    assign_release(&a, "f1");
    check_get(&a, "f3", PUB, "255.255.255.254");
    assign_destroy(&a);

    assign_init(&a);
    set_prefix(&a, "2001:db8::fffe/127");
    check_get(&a, "f1", PUB, "2001:db8::fffe");
    check_get(&a, "f2", PUB, "2001:db8::ffff");
    check_none(&a, "f3", PUB, "no address is assigned: " PUB
               " (2001:db8::fffe/127) has none left");
    assign_destroy(&a);
}

/* Counting goes over byte boundaries. */
static void
test_assign_carries(void)
{
    struct assign a;

    assign_init(&a);
    set_prefix(&a, "20.0.0.0/8");
    CU_ASSERT(restore(&a, "f1", PUB, "20.0.255.255"));
    check_get(&a, "f2", PUB, "20.1.0.0");
    assign_destroy(&a);

    assign_init(&a);
    set_prefix(&a, "2001:db8::/32");
    CU_ASSERT(restore(&a, "f1", PUB, "2001:db8:0:0:ffff:ffff:ffff:ffff"));
    check_get(&a, "f2", PUB, "2001:db8:0:1::");
    assign_destroy(&a);
}

static void
test_assign_is_stable(void)
{
    struct assign a;

    init_subnet(&a, "10.0.1.0/24", "10.0.1.1");
    check_get(&a, "f1", WEB, "10.0.1.4");
    check_get(&a, "f2", WEB, "10.0.1.5");
    check_get(&a, "f1", WEB, "10.0.1.4");

    /* Even if something else takes it, or the subnet becomes another that has
     * it, too, or the source goes and comes. */
    add_taken(&a, "prod", "10.0.1.4");
    check_get(&a, "f1", WEB, "10.0.1.4");
    check_holder(&a, "prod", "10.0.1.4", "f1");
    remove_taken(&a, "prod", "10.0.1.4");
    check_holder(&a, "prod", "10.0.1.4", "f1");
    set_subnet(&a, "10.0.0.0/16", "10.0.0.1");
    check_get(&a, "f1", WEB, "10.0.1.4");
    assign_remove_source(&a, WEB);
    check_holder(&a, "prod", "10.0.1.4", "f1");
    set_subnet(&a, "10.0.1.0/29", "10.0.1.1");
    check_get(&a, "f1", WEB, "10.0.1.4");
    check_get(&a, "f2", WEB, "10.0.1.5");
    assign_destroy(&a);
}

/* What does not fit any more is replaced; what does is left alone. */
static void
test_assign_source_changes(void)
{
    struct assign a;

    init_subnet(&a, "10.0.1.0/24", "10.0.1.1");
    check_get(&a, "f1", WEB, "10.0.1.4");
    check_get(&a, "f2", WEB, "10.0.1.5");

    /* Becomes the gateway's. */
    set_subnet(&a, "10.0.1.0/24", "10.0.1.4");
    check_get(&a, "f1", WEB, "10.0.1.6");
    check_holder(&a, "prod", "10.0.1.4", NULL);
    check_get(&a, "f2", WEB, "10.0.1.5");

    /* Becomes a reserved one: 10.0.1.4 is the first of the new prefix. */
    set_subnet(&a, "10.0.1.4/30", "10.0.1.5");
    check_none(&a, "f2", WEB, "no address is assigned: " WEB
               " (10.0.1.4/30) has none but those reserved");
    check_holder(&a, "prod", "10.0.1.5", NULL);

    set_subnet(&a, "10.0.2.0/24", "10.0.2.1");
    check_woken(&a, "f2");
    check_get(&a, "f1", WEB, "10.0.2.4");
    check_get(&a, "f2", WEB, "10.0.2.5");
    check_holder(&a, "prod", "10.0.1.6", NULL);

    /* The family changes. */
    set_subnet(&a, "fd00::/64", "fd00::1");
    check_get(&a, "f1", WEB, "fd00::4");
    assign_destroy(&a);
}

/* A frontend that wants an address of another source gives back the old
 * one. */
static void
test_assign_frontend_moves(void)
{
    struct assign a;

    init_subnet(&a, "10.0.1.0/24", "10.0.1.1");
    set_prefix(&a, "20.50.60.0/24");
    check_get(&a, "f1", WEB, "10.0.1.4");
    check_get(&a, "f1", PUB, "20.50.60.0");
    check_holder(&a, "prod", "10.0.1.4", NULL);
    check_holder(&a, NULL, "20.50.60.0", "f1");
    assign_release(&a, "f1");
    check_holder(&a, NULL, "20.50.60.0", NULL);
    assign_release(&a, "f1");
    assign_release(&a, "never");
    assign_destroy(&a);
}

static void
test_assign_passes_over_taken_ones(void)
{
    struct assign a;

    init_subnet(&a, "10.0.1.0/24", "10.0.1.1");
    add_taken(&a, "prod", "10.0.1.4");
    add_taken(&a, "prod", "10.0.1.5");
    add_taken(&a, "prod", "10.0.1.5");
    add_taken(&a, "prod", "10.0.1.7");

    /* Other networks and the Internet are other spaces. */
    add_taken(&a, "dev", "10.0.1.6");
    add_taken(&a, NULL, "10.0.1.6");
    check_get(&a, "f1", WEB, "10.0.1.6");
    check_get(&a, "f2", WEB, "10.0.1.8");

    remove_taken(&a, "dev", "10.0.1.6");
    remove_taken(&a, NULL, "10.0.1.6");
    check_holder(&a, "prod", "10.0.1.6", "f1");
    check_holder(&a, "dev", "10.0.1.6", NULL);
    assign_destroy(&a);
}

/* Public IP prefixes share a space: what is taken in one, as a frontend's own
 * address, is taken in another that contains it, too. */
static void
test_assign_prefixes_share_a_space(void)
{
    struct assign a;
    struct slb_prefix p = prefix("20.50.60.0/31");

    assign_init(&a);
    set_prefix(&a, "20.50.60.0/24");
    assign_set_prefix(&a, "other", &p);
    check_get(&a, "f1", PUB, "20.50.60.0");
    check_get(&a, "f2", "PublicIPPrefix/other", "20.50.60.1");
    check_get(&a, "f3", PUB, "20.50.60.2");
    check_none(&a, "f4", "PublicIPPrefix/other", "no address is assigned: "
               "PublicIPPrefix/other (20.50.60.0/31) has none left");

    /* An address that is given back helps those who wait at another source. */
    assign_release(&a, "f1");
    check_woken(&a, "f4");
    check_get(&a, "f4", "PublicIPPrefix/other", "20.50.60.0");
    assign_destroy(&a);
}

/* What is given back is not given to the next one. */
static void
test_assign_goes_round(void)
{
    struct assign a;

    init_subnet(&a, "10.0.1.0/29", "10.0.1.1");
    check_get(&a, "f1", WEB, "10.0.1.4");
    assign_release(&a, "f1");
    check_get(&a, "f2", WEB, "10.0.1.5");
    assign_release(&a, "f2");
    check_get(&a, "f3", WEB, "10.0.1.6");
    check_get(&a, "f4", WEB, "10.0.1.4");
    assign_release(&a, "f3");
    check_get(&a, "f5", WEB, "10.0.1.5");
    check_get(&a, "f6", WEB, "10.0.1.6");
    assign_destroy(&a);
}

static void
test_assign_restore(void)
{
    struct assign a;

    /* Rows may come before the sources. */
    assign_init(&a);
    CU_ASSERT(restore(&a, "f1", WEB, "10.0.1.9"));
    CU_ASSERT(restore(&a, "f2", WEB, "10.0.1.6"));
    CU_ASSERT(restore(&a, "f3", WEB, "10.0.2.4"));
    CU_ASSERT(restore(&a, "f4", PUB, "20.50.60.1"));

    CU_ASSERT_FALSE(restore(&a, "f1", WEB, "10.0.1.10"));
    CU_ASSERT_FALSE(restore(&a, "f5", WEB, "10.0.1.9"));
    CU_ASSERT_FALSE(restore(&a, "f5", "VirtualNetwork/prod/subnets/db",
                            "10.0.1.9"));
    CU_ASSERT_FALSE(restore(&a, "f5", "", "10.0.1.11"));
    CU_ASSERT_FALSE(restore(&a, "f5", "VirtualNetwork/prod", "10.0.1.11"));
    CU_ASSERT_FALSE(restore(&a, "f5", "VirtualNetwork//subnets/web",
                            "10.0.1.11"));
    CU_ASSERT_FALSE(restore(&a, "f5", "Subnet/web", "10.0.1.11"));

    set_subnet(&a, "10.0.1.0/24", "10.0.1.1");
    set_prefix(&a, "20.50.60.0/30");

    /* New ones come behind the highest, old ones stay. */
    check_get(&a, "f6", PUB, "20.50.60.2");
    check_get(&a, "f4", PUB, "20.50.60.1");
    check_get(&a, "f2", WEB, "10.0.1.6");
    check_get(&a, "f1", WEB, "10.0.1.9");

    /* One that does not fit is none. */
    check_get(&a, "f3", WEB, "10.0.1.4");
    check_holder(&a, "prod", "10.0.2.4", NULL);
    assign_destroy(&a);

    init_subnet(&a, "10.0.1.0/24", "10.0.1.1");
    CU_ASSERT(restore(&a, "f1", WEB, "10.0.1.9"));
    check_get(&a, "f2", WEB, "10.0.1.10");
    assign_destroy(&a);
}

/* Of two rows with one address, one is about to go. */
static void
test_assign_restore_twice(void)
{
    struct in6_addr address;
    struct assign a;

    init_subnet(&a, "10.0.1.0/24", "10.0.1.1");
    CU_ASSERT(restore(&a, "old", WEB, "10.0.1.9"));
    CU_ASSERT_FALSE(restore(&a, "new", WEB, "10.0.1.9"));
    assign_release(&a, "old");
    check_holder(&a, "prod", "10.0.1.9", "new");
    check_get(&a, "other", WEB, "10.0.1.10");
    check_get(&a, "new", WEB, "10.0.1.9");
    assign_release(&a, "new");
    check_holder(&a, "prod", "10.0.1.9", NULL);

    /* It does not wait for ever. */
    CU_ASSERT(restore(&a, "old", WEB, "10.0.1.20"));
    CU_ASSERT_FALSE(restore(&a, "new", WEB, "10.0.1.20"));
    CU_ASSERT_FALSE(restore(&a, "newer", WEB, "10.0.1.20"));
    check_get(&a, "new", WEB, "10.0.1.21");
    assign_release(&a, "newer");
    assign_release(&a, "old");
    check_holder(&a, "prod", "10.0.1.20", NULL);

    /* Another address or the same one elsewhere is not what it wished for. */
    CU_ASSERT(restore(&a, "old", WEB, "10.0.1.30"));
    CU_ASSERT_FALSE(restore(&a, "newest", WEB, "10.0.1.30"));
    assign_release(&a, "new");
    check_holder(&a, "prod", "10.0.1.21", NULL);
    CU_ASSERT(restore(&a, "public", PUB, "10.0.1.30"));
    assign_release(&a, "public");
    check_holder(&a, NULL, "10.0.1.30", NULL);

    /* A wish for what is no source's any more. */
    assign_remove_source(&a, WEB);
    assign_release(&a, "old");
    check_holder(&a, "prod", "10.0.1.30", "newest");
    char *problem = assign_get(&a, "newest", WEB, &address);
    CU_ASSERT_PTR_NOT_NULL(problem);
    free(problem);
    assign_destroy(&a);
}

/* A restored address at the end of the source leaves its beginning. */
static void
test_assign_restore_last(void)
{
    struct assign a;

    init_subnet(&a, "10.0.1.0/24", "10.0.1.1");
    CU_ASSERT(restore(&a, "f1", WEB, "10.0.1.254"));
    check_get(&a, "f2", WEB, "10.0.1.4");
    assign_destroy(&a);
}

static void
test_assign_wakes_who_waits(void)
{
    static const char *const none = "no address is assigned: " WEB
                                    " (10.0.1.0/29) has none left";
    struct assign a;

    init_subnet(&a, "10.0.1.0/29", "10.0.1.1");
    add_taken(&a, "prod", "10.0.1.4");
    add_taken(&a, "prod", "10.0.1.4");
    check_get(&a, "f1", WEB, "10.0.1.5");
    check_get(&a, "f2", WEB, "10.0.1.6");
    check_none(&a, "f3", WEB, none);
    check_none(&a, "f4", WEB, none);
    check_none(&a, "f5", WEB, none);
    check_woken(&a, NULL);

    /* Addresses that are none of the subnet's do not help, nor one that is
     * still taken. */
    add_taken(&a, "prod", "10.0.1.1");
    remove_taken(&a, "prod", "10.0.1.1");
    add_taken(&a, "prod", "10.0.2.4");
    remove_taken(&a, "prod", "10.0.2.4");
    remove_taken(&a, "prod", "10.0.1.4");
    check_woken(&a, NULL);

    assign_release(&a, "f4");
    remove_taken(&a, "prod", "10.0.1.4");
    check_woken(&a, "f3");
    check_woken(&a, "f5");
    check_woken(&a, NULL);
    check_get(&a, "f5", WEB, "10.0.1.4");
    check_none(&a, "f3", WEB, none);

    /* A woken one that goes instead of asking is not in the way. */
    check_none(&a, "f6", WEB, none);
    assign_release(&a, "f1");
    assign_release(&a, "f3");
    check_woken(&a, "f6");
    check_woken(&a, NULL);
    assign_release(&a, "f6");
    check_get(&a, "f7", WEB, "10.0.1.5");
    assign_destroy(&a);
}

static void
test_assign_waits_for_its_source(void)
{
    struct assign a;

    assign_init(&a);
    check_none(&a, "f1", WEB, "no address is assigned: there is no " WEB);
    check_woken(&a, NULL);
    set_subnet(&a, "10.0.1.0/24", "10.0.1.1");
    check_woken(&a, "f1");
    check_get(&a, "f1", WEB, "10.0.1.4");

    assign_remove_source(&a, WEB);
    assign_remove_source(&a, WEB);
    assign_remove_source(&a, "VirtualNetwork/prod/subnets/never");
    check_none(&a, "f1", WEB, "no address is assigned: there is no " WEB);
    check_holder(&a, "prod", "10.0.1.4", NULL);
    assign_release(&a, "f1");

    /* Nothing is left behind. */
    CU_ASSERT(shash_is_empty(&a.sources));
    CU_ASSERT(shash_is_empty(&a.spaces));
    CU_ASSERT(shash_is_empty(&a.assigned));
    assign_destroy(&a);
}

/* Thousands of frontends out of a large prefix among many taken addresses, and
 * thousands more that find none in a small one, take no time: this ends. */
static void
test_assign_many(void)
{
    enum { N = 20000 };
    struct slb_prefix small = prefix("10.0.0.0/16");
    struct in6_addr gateway = address("10.0.0.1");
    struct in6_addr last;
    struct assign a;

    assign_init(&a);
    set_prefix(&a, "20.0.0.0/8");
    assign_set_subnet(&a, "prod", "web", &small, &gateway);
    for (uint32_t i = 0; i < 1 << 16; i++) {
        struct in6_addr taken = in6_addr_mapped_ipv4(htonl(0x14000000 + i));
        assign_add_taken(&a, NULL, &taken);
        taken = in6_addr_mapped_ipv4(htonl(0x0a000000 + i));
        assign_add_taken(&a, "prod", &taken);
    }

    char frontend[32];
    for (int i = 0; i < N; i++) {
        snprintf(frontend, sizeof frontend, "lb%d/frontends/public", i);
        char *error = assign_get(&a, frontend, PUB, &last);
        CU_ASSERT_PTR_NULL_FATAL(error);

        snprintf(frontend, sizeof frontend, "lb%d/frontends/internal", i);
        struct in6_addr none;
        error = assign_get(&a, frontend, WEB, &none);
        CU_ASSERT_PTR_NOT_NULL_FATAL(error);
        free(error);
    }
    CU_ASSERT_EQUAL(ntohl(in6_addr_get_mapped_ipv4(&last)),
                    0x14010000 + N - 1);
    assign_destroy(&a);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_assign_source_names),
    UNIT_TEST(test_assign_subnet),
    UNIT_TEST(test_assign_small_subnets_have_none),
    UNIT_TEST(test_assign_prefix),
    UNIT_TEST(test_assign_carries),
    UNIT_TEST(test_assign_is_stable),
    UNIT_TEST(test_assign_source_changes),
    UNIT_TEST(test_assign_frontend_moves),
    UNIT_TEST(test_assign_passes_over_taken_ones),
    UNIT_TEST(test_assign_prefixes_share_a_space),
    UNIT_TEST(test_assign_goes_round),
    UNIT_TEST(test_assign_restore),
    UNIT_TEST(test_assign_restore_last),
    UNIT_TEST(test_assign_restore_twice),
    UNIT_TEST(test_assign_wakes_who_waits),
    UNIT_TEST(test_assign_waits_for_its_source),
    UNIT_TEST(test_assign_many),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("assign", tests, argc, argv);
}

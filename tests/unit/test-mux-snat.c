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

#include "ovs-ext/mux-snat.h"

#include <string.h>

#include "ovs-ext/mux-op.h"
#include "ovs-ext/mux-store.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "ovs-rcu.h"
#include "packets.h"
#include "random.h"
#include "tests/unit/mux-unit.h"
#include "tests/unit/unit.h"
#include "lib/steering.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

#define GLOBAL(MUXES)                                                   \
    "{'op': 'global', 'key': '000102030405060708090a0b0c0d0e0f',"       \
    "'vtep': '172.16.0.11', 'anycast': null, 'muxes': [" MUXES "]}"
#define NEXTHOP(N) "{'op': 'nexthop', 'vtep': '172.16.0." #N "',"       \
    "'src_mac': '02:00:00:00:00:0b', 'dst_mac': '02:00:00:00:00:" #N "'}"
#define VIP(ADDRESS, SNAT)                                              \
    "{'op': 'vip', 'network': 0, 'address': '" ADDRESS "', 'snat': "    \
    #SNAT "}"
#define BLOCKS(ADDRESS, RANGES)                                         \
    "{'op': 'snat', 'address': '" ADDRESS "', 'blocks': [" RANGES "]}"
#define BASE GLOBAL("") "," NEXTHOP(21) "," NEXTHOP(22) ","             \
    VIP("10.0.0.1", true)

static const struct mux_entry *
find(const struct mux_store *store, const char *address)
{
    struct in6_addr ip6;
    uint64_t words[2];
    ovs_be32 ip4;

    if (ip_parse(address, &ip4)) {
        ip6 = in6_addr_mapped_ipv4(ip4);
    } else {
        CU_ASSERT_FATAL(ipv6_parse(address, &ip6));
    }
    mux_address_to_words(&ip6, words);
    return mux_snat_find(mux_store_get_table(store), words);
}

static const struct mux_snat *
blocks(const struct mux_store *store, const char *address)
{
    const struct mux_entry *e = find(store, address);

    CU_ASSERT_FATAL(e != NULL);
    CU_ASSERT_EQUAL(e->flags, MUX_ENTRY_SNAT);
    return e->slots;
}

/* Returns who has 'port' as "VM/KEY HOST", where HOST is the last octet of
 * its VTEP if it can be reached, otherwise "?"; or "nobody". */
static const char *
who(const struct mux_store *store, const char *address, uint16_t port)
{
    static char text[64];
    const struct mux_snat *snat = blocks(store, address);
    const struct mux_owner *o = mux_snat_owner(mux_snat_slot(snat, port),
                                               port);
    const struct mux_nexthop_entry *nh
        = mux_table_nexthop(mux_store_get_table(store), o->nexthop);

    if (o->nexthop == MUX_NO_NEXTHOP) {
        CU_ASSERT_EQUAL(o->index, 0);
        return "nobody";
    }
    CU_ASSERT_EQUAL(o->flags, STEERING_SNAT);
    CU_ASSERT_EQUAL(o->counter, MUX_NO_COUNTER);
    if (nh->valid) {
        snprintf(text, sizeof text, "%"PRIu16"/%"PRIu32" %d", o->index,
                 o->vni, ((const uint8_t *) &nh->vtep)[3]);
    } else {
        snprintf(text, sizeof text, "%"PRIu16"/%"PRIu32" ?", o->index,
                 o->vni);
    }
    return text;
}

static size_t
n_blocks(const struct mux_store *store)
{
    return mux_store_get_table(store)->n_objects[MUX_SNAT];
}

static void
test_set_and_take_back(void)
{
    struct mux_store *store = mux_store_create();

    mux_unit_load(store, true, 1, "[" BASE "," VIP("10.0.0.2", false) ","
                  VIP("2001:db8::1", true) "]");
    CU_ASSERT_PTR_EQUAL(blocks(store, "10.0.0.1"), &mux_snat_none);
    CU_ASSERT_PTR_NULL(find(store, "10.0.0.2"));
    CU_ASSERT_PTR_NULL(find(store, "10.0.0.3"));
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1024), "nobody");

    mux_unit_load(store, false, 2, "[" BLOCKS("10.0.0.1", "[128, 1,"
                  "'172.16.0.21', 7, 5], [129, 8063, '172.16.0.22', 8, 6]")
                  "," BLOCKS("2001:db8::1", "[1000, 1, '172.16.0.99', 7, 5]")
                  "]");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1023), "nobody");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1024), "5/7 21");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1031), "5/7 21");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1032), "6/8 22");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 65535), "6/8 22");
    CU_ASSERT_STRING_EQUAL(who(store, "2001:db8::1", 8007), "5/7 ?");
    CU_ASSERT_EQUAL(n_blocks(store), 8065);

    /* One after the other; what nobody has may be taken back. */
    mux_unit_load(store, false, 3, "[" BLOCKS("10.0.0.1", "[128, 8064],"
                  "[200, 2, '172.16.0.21', 7, 5], [201, 1], [202, 100]") ","
                  BLOCKS("10.0.0.1", "[201, 1, '172.16.0.22', 9, 65535]")
                  "]");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1600), "5/7 21");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1608), "65535/9 22");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1616), "nobody");
    CU_ASSERT_EQUAL(n_blocks(store), 3);
    CU_ASSERT_EQUAL(blocks(store, "10.0.0.1")->n, 2);
    CU_ASSERT_EQUAL(blocks(store, "10.0.0.1")->n_leaves, 1);

    /* A host that comes to be reachable, or goes. */
    mux_unit_load(store, false, 4, "[" NEXTHOP(99) ","
                  "{'op': 'nexthop-del', 'vtep': '172.16.0.21'}]");
    CU_ASSERT_STRING_EQUAL(who(store, "2001:db8::1", 8000), "5/7 99");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1600), "5/7 ?");

    mux_unit_load(store, false, 5, "[" BLOCKS("10.0.0.1", "[128, 8064]")
                  "," BLOCKS("2001:db8::1", "[128, 8064]") "]");
    CU_ASSERT_PTR_EQUAL(blocks(store, "10.0.0.1"), &mux_snat_none);
    CU_ASSERT_EQUAL(n_blocks(store), 0);
    mux_store_destroy(store);
}

/* Blocks live as long as their VIP is for SNAT. */
static void
test_vip(void)
{
    struct mux_store *store = mux_store_create();

    mux_unit_load(store, true, 1, "[" BLOCKS("10.0.0.1", "[128, 10,"
                  "'172.16.0.21', 7, 5]") "," BASE "]");
    uint32_t counter = find(store, "10.0.0.1")->counter;
    CU_ASSERT_NOT_EQUAL(counter, MUX_NO_COUNTER);

    /* The VIP is set again. */
    mux_unit_load(store, false, 2, "[" VIP("10.0.0.1", true) "]");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1024), "5/7 21");
    CU_ASSERT_EQUAL(find(store, "10.0.0.1")->counter, counter);

    /* All is replaced: what is not said again is gone, but the figures. */
    mux_unit_load(store, true, 3, "[" BASE "]");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1024), "nobody");
    CU_ASSERT_EQUAL(find(store, "10.0.0.1")->counter, counter);
    CU_ASSERT_EQUAL(n_blocks(store), 0);

    mux_unit_load(store, false, 4, "[" BLOCKS("10.0.0.1", "[128, 10,"
                  "'172.16.0.21', 7, 5]") "]");
    mux_unit_load(store, false, 5, "[" VIP("10.0.0.1", false) "]");
    CU_ASSERT_PTR_NULL(find(store, "10.0.0.1"));
    CU_ASSERT_EQUAL(n_blocks(store), 0);
    mux_unit_load(store, false, 6, "[" VIP("10.0.0.1", true) "]");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1024), "nobody");

    mux_unit_load(store, false, 7, "[" BLOCKS("10.0.0.1", "[128, 10,"
                  "'172.16.0.21', 7, 5]") "]");
    mux_unit_load(store, false, 8, "[{'op': 'vip-del', 'network': 0,"
                  "'address': '10.0.0.1'}]");
    CU_ASSERT_PTR_NULL(find(store, "10.0.0.1"));
    CU_ASSERT_EQUAL(n_blocks(store), 0);
    mux_store_destroy(store);
}

/* A table keeps what it has while others are made, and they share what did not
 * change. */
static void
test_sharing(void)
{
    struct mux_store *store = mux_store_create();

    mux_unit_load(store, true, 1, "[" BASE "," VIP("10.0.0.2", true) ","
                  BLOCKS("10.0.0.1", "[128, 8064, '172.16.0.21', 7, 5]") ","
                  BLOCKS("10.0.0.2", "[128, 8064, '172.16.0.21', 7, 5]")
                  "]");
    const struct mux_table *old_table = mux_store_get_table(store);
    const struct mux_snat *old = blocks(store, "10.0.0.1");
    const struct mux_snat *other = blocks(store, "10.0.0.2");

    mux_unit_load(store, false, 2, "[" BLOCKS("10.0.0.1", "[130, 1,"
                  "'172.16.0.22', 7, 6], [131, 1], [8191, 1]") "]");
    const struct mux_snat *new = blocks(store, "10.0.0.1");
    CU_ASSERT_PTR_NOT_EQUAL(old, new);
    CU_ASSERT_PTR_EQUAL(blocks(store, "10.0.0.2"), other);
    for (size_t i = 0; i < MUX_SNAT_LEAVES; i++) {
        CU_ASSERT_EQUAL(new->leaves[i] == old->leaves[i],
                        i != 2 && i != MUX_SNAT_LEAVES - 1);
    }
    CU_ASSERT_EQUAL(old->n, 8064);
    CU_ASSERT_EQUAL(old->leaves[2]->blocks[2].index, 5);
    CU_ASSERT_EQUAL(old->leaves[2]->blocks[3].index, 5);
    CU_ASSERT_EQUAL(new->n, 8062);
    CU_ASSERT_EQUAL(new->leaves[2]->n, 63);
    CU_ASSERT_EQUAL(mux_store_get_table(store)->stats.n_pages,
                    old_table->stats.n_pages + 1);
    mux_store_destroy(store);
}

/* VTEPs that blocks alone refer to keep their numbers while they do, and give
 * them back. */
static void
test_references(void)
{
    struct mux_store *store = mux_store_create();

    mux_unit_load(store, true, 1, "[" BASE "," BLOCKS("10.0.0.1",
                  "[128, 100, '172.16.0.51', 7, 5],"
                  "[150, 10, '172.16.0.52', 7, 6],"
                  "[130, 1, '172.16.0.51', 7, 9]") "]");
    mux_unit_load(store, false, 2, "[" BLOCKS("10.0.0.1", "[128, 22],"
                  "[160, 1000]") "]");
    CU_ASSERT_EQUAL(n_blocks(store), 10);

    /* If .51 still had a number it would be one more. */
    for (int i = 0; i < 300; i++) {
        mux_unit_load(store, false, 3 + i, "["
                      BLOCKS("10.0.0.1", "[1000, 200, '172.16.1.%d', 7, 5]")
                      "]", i % 256);
    }
    CU_ASSERT_EQUAL(mux_store_get_table(store)->n_chunks, 1);
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 8000), "5/7 ?");
    mux_unit_load(store, false, 400, "[" NEXTHOP(52) "]");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1200), "6/7 52");
    mux_store_destroy(store);
}

static void
test_muxes(void)
{
    struct mux_store *store = mux_store_create();
    const struct mux_table *t;

    mux_unit_load(store, true, 1, "[" GLOBAL("'172.16.0.12', '172.16.0.11',"
                  "'172.16.0.13'") "," NEXTHOP(13) "]");
    t = mux_store_get_table(store);
    CU_ASSERT_EQUAL_FATAL(t->peers->n, 2);
    CU_ASSERT_EQUAL(t->peers->peers[0].vtep, inet_addr("172.16.0.12"));
    CU_ASSERT_FALSE(mux_table_nexthop(t, t->peers->peers[0].nexthop)->valid);
    CU_ASSERT_EQUAL(t->peers->peers[1].vtep, inet_addr("172.16.0.13"));
    CU_ASSERT(mux_table_nexthop(t, t->peers->peers[1].nexthop)->valid);

    mux_unit_load(store, false, 2, "[" GLOBAL("'172.16.0.12'") ","
                  NEXTHOP(12) "]");
    t = mux_store_get_table(store);
    CU_ASSERT_EQUAL_FATAL(t->peers->n, 1);
    CU_ASSERT(mux_table_nexthop(t, t->peers->peers[0].nexthop)->valid);
    mux_unit_load(store, false, 3, "[" GLOBAL("") "]");
    CU_ASSERT_EQUAL(mux_store_get_table(store)->peers->n, 0);
    mux_store_clear(store);
    CU_ASSERT_EQUAL(mux_store_get_table(store)->peers->n, 0);
    mux_store_destroy(store);
}

static const struct mux_unit_refusal bad_transactions[] = {
    { BLOCKS("10.0.0.9", "[128, 1, '172.16.0.21', 7, 5]"), "reference 0: " },
    { VIP("10.0.0.9", false) ","
      BLOCKS("10.0.0.9", "[128, 1, '172.16.0.21', 7, 5]"), "reference 1: " },
    { VIP("10.0.0.1", false) ","
      BLOCKS("10.0.0.1", "[128, 1]"), "reference 1: " },
    { "{'op': 'vip-del', 'network': 0, 'address': '10.0.0.1'},"
      BLOCKS("10.0.0.1", "[128, 1]"), "reference 1: " },
    { "{'op': 'vip', 'network': 7, 'address': '10.0.0.9', 'snat': true}",
      "operation 0: " },
    { "{'op': 'snat', 'address': '10.0.0.1'}", "operation 0: " },
    { "{'op': 'snat', 'address': '10.0.0.1', 'blocks': {}}",
      "operation 0: " },
    { "{'op': 'snat', 'network': 0, 'address': '10.0.0.1', 'blocks': []}",
      "operation 0: " },
    { BLOCKS("10.0.0.1", "5"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[128]"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[128, 1, '172.16.0.21']"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[128, 1, '172.16.0.21', 7, 5, 5]"),
      "operation 0: " },
    { BLOCKS("10.0.0.1", "[127, 1, '172.16.0.21', 7, 5]"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[-1, 1]"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[8192, 1]"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[8191, 2]"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[128, 0]"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[128, 9223372036854775807]"), "operation 0: " },
    { BLOCKS("10.0.0.1", "['128', 1]"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[128, 1, '0.0.0.0', 7, 5]"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[128, 1, '2001:db8::1', 7, 5]"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[128, 1, null, 7, 5]"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[128, 1, '172.16.0.21', 0, 5]"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[128, 1, '172.16.0.21', 16777216, 5]"),
      "operation 0: " },
    { BLOCKS("10.0.0.1", "[128, 1, '172.16.0.21', 7, 0]"), "operation 0: " },
    { BLOCKS("10.0.0.1", "[128, 1, '172.16.0.21', 7, 65536]"),
      "operation 0: " },
    { BLOCKS("10.0.0.1", "[128, 1, '172.16.0.21', 7, 5]") ","
      BLOCKS("10.0.0.1", "[129, 1, '172.16.0.22', 7, 6], [9000, 1]"),
      "operation 1: " },
    { GLOBAL("5"), "operation 0: " },
    { GLOBAL("'2001:db8::1'"), "operation 0: " },
};

static void
test_refusals(void)
{
    struct mux_store *store = mux_store_create();

    mux_unit_load(store, true, 1, "[" BASE ","
                  BLOCKS("10.0.0.1", "[128, 1, '172.16.0.21', 7, 5]") "]");
    mux_unit_assert_refused(store, bad_transactions,
                            ARRAY_SIZE(bad_transactions));
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1024), "5/7 21");
    CU_ASSERT_STRING_EQUAL(who(store, "10.0.0.1", 1032), "nobody");
    mux_store_destroy(store);
}

/* Loads VIPs of which each has a block in each leaf. */
static char *
load_spread(struct mux_store *store, size_t n_vips)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "[" GLOBAL(""));
    for (size_t i = 0; i < n_vips; i++) {
        ds_put_format(&ds, ",{'op': 'vip', 'network': 0, 'address':"
                      "'10.1.%"PRIuSIZE".%"PRIuSIZE"', 'snat': true},"
                      "{'op': 'snat', 'address': '10.1.%"PRIuSIZE
                      ".%"PRIuSIZE"', 'blocks': [", i / 256, i % 256,
                      i / 256, i % 256);
        for (size_t j = MUX_SNAT_FIRST; j < MUX_SNAT_BLOCKS;
             j += MUX_SNAT_LEAF_SIZE) {
            ds_put_format(&ds, "%s[%"PRIuSIZE", 1, '172.16.0.21', 7, 5]",
                          j == MUX_SNAT_FIRST ? "" : ",", j);
        }
        ds_put_cstr(&ds, "]}");
    }
    ds_put_cstr(&ds, "]");

    char *error = mux_unit_apply(store, true, 1, "%s", ds_cstr(&ds));
    ds_destroy(&ds);
    return error;
}

static void
test_limit(void)
{
    size_t leaves = MUX_SNAT_LEAVES - MUX_SNAT_FIRST / MUX_SNAT_LEAF_SIZE;
    size_t n = MUX_MAX_SNAT_LEAVES / leaves;
    struct mux_store *store = mux_store_create();
    char *error = load_spread(store, n + 1);

    CU_ASSERT_FATAL(error && !strncmp(error, "limit -1: ", 10));
    free(error);
    CU_ASSERT_EQUAL(n_blocks(store), 0);

    error = load_spread(store, n);
    CU_ASSERT_PTR_NULL_FATAL(error);
    CU_ASSERT_EQUAL(n_blocks(store), n * leaves);

    /* What is there already takes no more. */
    mux_unit_load(store, false, 2, "[" BLOCKS("10.1.0.0",
                  "[128, 8064, '172.16.0.21', 7, 5]") "]");
    error = mux_unit_apply(store, false, 3, "[" VIP("10.9.0.1", true) ","
                           BLOCKS("10.9.0.1",
                                  "[128, 8064, '172.16.0.21', 7, 5]") "]");
    CU_ASSERT_FATAL(error && !strncmp(error, "limit -1: ", 10));
    free(error);

    /* And what goes gives it back. */
    mux_unit_load(store, false, 3, "["
                  BLOCKS("10.1.0.0", "[128, 8064]") ","
                  BLOCKS("10.1.0.1", "[128, 8064]") "]");
    mux_unit_load(store, false, 4, "[" VIP("10.9.0.1", true) ","
                  BLOCKS("10.9.0.1",
                         "[128, 8064, '172.16.0.21', 7, 5]") "]");
    mux_store_destroy(store);
}

/* Random ranges, compared with an array.  Enough VIPs for several pages. */
static void
test_random(void)
{
    enum { N_VIPS = 600, N_ROUNDS = 1500 };
    static uint16_t model[N_VIPS][MUX_SNAT_BLOCKS];
    struct mux_store *store = mux_store_create();
    struct ds ds = DS_EMPTY_INITIALIZER;
    size_t n_given = 0;

    random_set_seed(7);
    ds_put_cstr(&ds, "[" GLOBAL("") "," NEXTHOP(21));
    for (int i = 0; i < N_VIPS; i++) {
        ds_put_format(&ds, ",{'op': 'vip', 'network': 0, 'address':"
                      "'10.1.%d.%d', 'snat': true}", i / 256, i % 256);
    }
    ds_put_cstr(&ds, "]");
    mux_unit_load(store, true, 1, "%s", ds_cstr(&ds));

    for (int round = 0; round < N_ROUNDS; round++) {
        ds_clear(&ds);
        for (int n = random_range(4); n >= 0; n--) {
            int vip = random_range(random_range(10) ? 5 : N_VIPS);

            ds_put_format(&ds, "%s{'op': 'snat', 'address': '10.1.%d.%d',"
                          "'blocks': [", ds.length ? "," : "[", vip / 256,
                          vip % 256);
            for (int m = random_range(3); m >= 0; m--) {
                int first = MUX_SNAT_FIRST + random_range(8064);
                int count = 1 + random_range(random_range(2) ? 8064 : 100);
                int vm = random_range(3) ? 1 + random_range(65535) : 0;

                count = MIN(count, MUX_SNAT_BLOCKS - first);
                ds_put_format(&ds, "[%d, %d", first, count);
                if (vm) {
                    ds_put_format(&ds, ", '172.16.0.%d', 7, %d",
                                  1 + vm % 250, vm);
                }
                ds_put_format(&ds, "]%s", m ? "," : "]}");
                for (int i = first; i < first + count; i++) {
                    n_given += !!vm - !!model[vip][i];
                    model[vip][i] = vm;
                }
            }
        }
        ds_put_char(&ds, ']');
        mux_unit_load(store, false, 2 + round, "%s", ds_cstr(&ds));
        CU_ASSERT_EQUAL(n_blocks(store), n_given);
        ovsrcu_quiesce();
    }

    for (int vip = 0; vip < N_VIPS; vip++) {
        char *address = xasprintf("10.1.%d.%d", vip / 256, vip % 256);
        const struct mux_snat *snat = blocks(store, address);
        size_t n_wrong = 0;

        for (int i = 0; i < MUX_SNAT_BLOCKS; i++) {
            uint16_t vm = model[vip][i];
            const struct mux_snat_leaf *leaf
                = snat->leaves[i / MUX_SNAT_LEAF_SIZE];
            const struct mux_owner *o
                = mux_snat_owner(mux_snat_slot(snat, 8 * i + i % 8), 8 * i);
            ovs_be32 vtep = leaf->vteps[i % MUX_SNAT_LEAF_SIZE];

            n_wrong += (o->index != vm
                        || (o->nexthop != MUX_NO_NEXTHOP) != (vm != 0)
                        || vtep != (vm ? htonl(0xac100000 + 1 + vm % 250)
                                    : 0));
        }
        CU_ASSERT_EQUAL(n_wrong, 0);
        free(address);
    }
    ds_destroy(&ds);
    mux_store_destroy(store);
}

#define ENDPOINT(NETWORK, PROTOCOL)                                     \
    "'network': " #NETWORK ", 'address': '10.0.0.1', 'protocol': "      \
    #PROTOCOL ", 'port'"

/* Returns whether 'table' says that 'port' of 10.0.0.1 may be named. */
static bool
may_be_named(const struct mux_table *table, uint8_t protocol, uint16_t port)
{
    const uint64_t vip[2] = { 0, UINT64_C(0xffff0a000001) };

    return mux_snat_may_be_named(
        table, mux_endpoint_hash(vip, mux_tuple(0, protocol, port)));
}

/* The filters never hide an endpoint that is there, whatever has come and
 * gone, hardly ever have one that is not, and are shared by no two tables. */
static void
test_filter(void)
{
    enum { N_ROUNDS = 100, N_PORTS = 2000 };
    static bool named[N_PORTS];
    struct mux_store *store = mux_store_create();
    struct ds ds = DS_EMPTY_INITIALIZER;
    size_t n_named = 0, n_wrong = 0, n_asked = 0;

    random_set_seed(11);
    mux_unit_load(store, true, 1, "[" BASE ","
                  "{'op': 'pool', 'tunnel_key': 1, 'network': 1, 'slots': 8,"
                  "'members': [[1, '172.16.0.21']], 'generations':"
                  "[{'number': 1, 'state': 'current', 'age': 99999,"
                  "'weights': [[1, 1]]}]}]");
    for (int round = 0; round < N_ROUNDS; round++) {
        ds_clear(&ds);
        for (int n = random_range(100); n >= 0; n--) {
            int i = random_range(N_PORTS);

            ds_put_cstr(&ds, ds.length ? "," : "[");
            if (named[i]) {
                ds_put_format(&ds, "{'op': 'endpoint-del', " ENDPOINT(0, 6)
                              ": %d}", 1024 + i);
            } else {
                ds_put_format(&ds, "{'op': 'endpoint', " ENDPOINT(0, 6)
                              ": %d, 'pool': 1, 'distribution': 'Default',"
                              "'idle': 60, 'name': 'n'}", 1024 + i);
            }
            named[i] = !named[i];
            n_named += named[i] ? 1 : -1;
        }
        ds_put_char(&ds, ']');
        mux_unit_load(store, false, 2 + round, "%s", ds_cstr(&ds));
        ovsrcu_quiesce();

        const struct mux_table *t = mux_store_get_table(store);
        for (int i = 0; i < N_PORTS; i++) {
            if (named[i]) {
                CU_ASSERT(may_be_named(t, IPPROTO_TCP, 1024 + i));
            } else {
                n_asked++;
                n_wrong += may_be_named(t, IPPROTO_TCP, 1024 + i);
            }
            n_asked++;
            n_wrong += may_be_named(t, IPPROTO_UDP, 1024 + i);
        }
        for (size_t i = 0; i <= t->page_mask; i++) {
            struct mux_snat_filter filter;

            mux_snat_filter_fill(&filter, t->pages[i]);
            CU_ASSERT(!memcmp(&filter, &t->filters[i], sizeof filter));
        }
    }
    CU_ASSERT(n_named > N_PORTS / 3);
    CU_ASSERT(mux_store_get_table(store)->page_mask);
    CU_ASSERT(n_wrong < n_asked / 10);
    ds_destroy(&ds);
    mux_store_destroy(store);
}

/* Endpoints of ports that are never for SNAT, and what is not on the wire,
 * leave the filters empty. */
static void
test_filter_others(void)
{
    static const struct mux_snat_filter empty;
    struct mux_store *store = mux_store_create();
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "[" BASE ",{'op': 'vip', 'network': 7, 'address':"
                "'10.0.0.1'}, {'op': 'pool', 'tunnel_key': 1, 'network': 1,"
                "'slots': 8, 'members': [[1, '172.16.0.21']], 'generations':"
                "[{'number': 1, 'state': 'current', 'age': 99999,"
                "'weights': [[1, 1]]}]}");
    for (int port = 900; port < 1124; port++) {
        ds_put_format(&ds, ",{'op': 'endpoint', %s: %d, 'pool': 1,"
                      "'distribution': 'Default', 'idle': 60, 'name': 'n'}",
                      port < 1024 ? ENDPOINT(0, 17) : ENDPOINT(7, 17), port);
    }
    ds_put_cstr(&ds, ",{'op': 'endpoint', 'network': 0, 'address':"
                "'10.0.0.1', 'protocol': 0, 'port': 0, 'pool': 1,"
                "'distribution': 'Default', 'idle': 60, 'name': 'n'}]");
    mux_unit_load(store, true, 1, "%s", ds_cstr(&ds));

    const struct mux_table *t = mux_store_get_table(store);
    CU_ASSERT_EQUAL(t->n_objects[MUX_ENDPOINT], 225);
    for (size_t i = 0; i <= t->page_mask; i++) {
        CU_ASSERT(!memcmp(&empty, &t->filters[i], sizeof empty));
    }

    mux_unit_load(store, false, 2, "[{'op': 'endpoint', " ENDPOINT(0, 17)
                  ": 1024, 'pool': 1, 'distribution': 'Default', 'idle': 60,"
                  "'name': 'n'}]");
    CU_ASSERT(may_be_named(mux_store_get_table(store), IPPROTO_UDP, 1024));
    ds_destroy(&ds);
    mux_store_destroy(store);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_set_and_take_back),
    UNIT_TEST(test_vip),
    UNIT_TEST(test_sharing),
    UNIT_TEST(test_references),
    UNIT_TEST(test_muxes),
    UNIT_TEST(test_refusals),
    UNIT_TEST(test_limit),
    UNIT_TEST(test_random),
    UNIT_TEST(test_filter),
    UNIT_TEST(test_filter_others),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("mux-snat", tests, argc, argv);
}

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

#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"

#include <string.h>

#include "lib/steering.h"
#include "openvswitch/dynamic-string.h"
#include "ovs-ext/mux-store.h"
#include "ovs-rcu.h"
#include "packets.h"
#include "random.h"
#include "tests/unit/mux-unit.h"
#include "tests/unit/unit.h"
#include "timeval.h"
#include "util.h"

#define GLOBAL "{'op': 'global', 'key': '000102030405060708090a0b0c0d0e0f'," \
    "'vtep': '172.16.0.11', 'anycast': '172.16.0.100'}"
#define NEXTHOP(N) "{'op': 'nexthop', 'vtep': '172.16.0." #N "',"       \
    "'src_mac': '02:00:00:00:00:0b', 'dst_mac': '02:00:00:00:00:" #N "'}"
#define DEAD(N) "{'op': 'nexthop', 'vtep': '172.16.0." #N "', 'dead': true," \
    "'src_mac': '02:00:00:00:00:0b', 'dst_mac': '02:00:00:00:00:" #N "'}"
#define VIP(ADDRESS) "{'op': 'vip', 'network': 0, 'address': '" ADDRESS "'}"
#define ENDPOINT(ADDRESS, PROTO, PORT, POOL)                            \
    "{'op': 'endpoint', 'network': 0, 'address': '" ADDRESS "',"        \
    "'protocol': " #PROTO ", 'port': " #PORT ", 'pool': " #POOL ","     \
    "'distribution': 'Default', 'idle': 240, 'name': 'lb/rules/r'}"
#define POOL(KEY, GENERATIONS)                                          \
    "{'op': 'pool', 'tunnel_key': " #KEY ", 'network': 1, 'slots': 8,"  \
    "'members': [[1, '172.16.0.21'], [2, '172.16.0.22'],"               \
    "[3, '172.16.0.23'], [4, '172.16.0.21'], [5, '172.16.0.22']],"      \
    "'generations': [" GENERATIONS "]}"
#define CURRENT(N, AGE, ...) "{'number': " #N ", 'state': 'current',"   \
    "'age': " OVS_STRINGIZE(AGE) ", 'weights': [" __VA_ARGS__ "]}"
#define PREVIOUS(N, AGE, ...) "{'number': " #N ", 'state': 'previous'," \
    "'age': " OVS_STRINGIZE(AGE) ", 'weights': [" __VA_ARGS__ "]}"
#define COMING(N, ...) "{'number': " #N ", 'state': 'coming',"          \
    "'weights': [" __VA_ARGS__ "]}"

#define OLD 1000000000          /* Age of what is not recent, in ms. */

static const struct mux_entry *
lookup(const struct mux_store *store, uint32_t network, const char *address,
       uint8_t protocol, uint16_t port)
{
    struct in6_addr ip6;
    ovs_be32 ip4;

    if (ip_parse(address, &ip4)) {
        ip6 = in6_addr_mapped_ipv4(ip4);
    } else {
        CU_ASSERT_FATAL(ipv6_parse(address, &ip6));
    }
    return mux_table_lookup(mux_store_get_table(store), network, &ip6,
                            protocol, port, NULL);
}

/* Returns the steering of slot 'hash' of the endpoint 10.0.0.1 tcp 80, or udp
 * 53, as text. */
static const char *
steer(const struct mux_store *store, uint8_t protocol, uint64_t hash)
{
    static struct ds ds = DS_EMPTY_INITIALIZER;
    const struct mux_entry *e = lookup(store, 0, "10.0.0.1", protocol,
                                       protocol == IPPROTO_TCP ? 80 : 53);
    struct steering s;

    ds_clear(&ds);
    CU_ASSERT_FATAL(e && e->slots);
    mux_table_steer(mux_store_get_table(store), e, hash,
                    mux_entry_owner(e, mux_entry_slot(e, hash)),
                    time_msec(), &s);
    steering_format(&s, &ds);
    return ds_cstr(&ds);
}

/* Loads a single pool with GENERATIONS behind a TCP and a UDP endpoint. */
#define LOAD(STORE, NUMBER, GENERATIONS)                                \
    mux_unit_load(STORE, true, NUMBER, "[" GLOBAL "," NEXTHOP(21) ","   \
                  NEXTHOP(22) "," NEXTHOP(23) "," VIP("10.0.0.1") ","   \
                  POOL(100, GENERATIONS) ","                            \
                  ENDPOINT("10.0.0.1", 6, 80, 100) ","                  \
                  ENDPOINT("10.0.0.1", 17, 53, 100) "]")

static void
test_store_starts_empty(void)
{
    struct mux_store *store = mux_store_create();

    CU_ASSERT_EQUAL(mux_store_get_generation(store), 0);
    CU_ASSERT_PTR_NULL(lookup(store, 0, "10.0.0.1", 6, 80));
    mux_store_destroy(store);
    mux_store_destroy(NULL);
}

static void
test_store_set_and_delete(void)
{
    struct mux_store *store = mux_store_create();

    LOAD(store, 7, CURRENT(1, 1000, "[1, 1], [2, 1]"));
    CU_ASSERT_EQUAL(mux_store_get_generation(store), 7);

    const struct mux_entry *e = lookup(store, 0, "10.0.0.1", 6, 80);
    CU_ASSERT_PTR_NOT_NULL_FATAL(e);
    CU_ASSERT_EQUAL(e->view->tunnel_key, 100);
    CU_ASSERT_EQUAL(e->recent, MUX_TCP_RECENT);
    CU_ASSERT_EQUAL(e->log2, 8);
    CU_ASSERT_EQUAL(lookup(store, 0, "10.0.0.1", 17, 53)->recent, 240);
    CU_ASSERT_PTR_NULL(lookup(store, 0, "10.0.0.1", 17, 80));
    CU_ASSERT_PTR_NULL(lookup(store, 1, "10.0.0.1", 6, 80));
    CU_ASSERT_PTR_NULL(lookup(store, 0, "10.0.0.2", 6, 80));

    mux_unit_load(store, false, 8, "[{'op': 'endpoint-del', 'network': 0,"
                  "'address': '10.0.0.1', 'protocol': 17, 'port': 53}]");
    CU_ASSERT_PTR_NULL(lookup(store, 0, "10.0.0.1", 17, 53));
    CU_ASSERT_PTR_NOT_NULL(lookup(store, 0, "10.0.0.1", 6, 80));

    /* Order in a transaction does not matter. */
    mux_unit_load(store, false, 9, "[{'op': 'vip-del', 'network': 0,"
                  "'address': '10.0.0.1'}, {'op': 'pool-del', 'tunnel_key':"
                  "100}, {'op': 'endpoint-del', 'network': 0,"
                  "'address': '10.0.0.1', 'protocol': 6, 'port': 80},"
                  "{'op': 'nexthop-del', 'vtep': '172.16.0.22'}]");
    CU_ASSERT_PTR_NULL(lookup(store, 0, "10.0.0.1", 6, 80));
    const struct mux_table *t = mux_store_get_table(store);
    CU_ASSERT_EQUAL(t->n_objects[MUX_POOL], 0);
    CU_ASSERT_EQUAL(t->n_objects[MUX_VIP], 0);
    CU_ASSERT_EQUAL(t->n_objects[MUX_ENDPOINT], 0);
    CU_ASSERT_EQUAL(t->n_objects[MUX_NEXTHOP], 2);

    mux_store_clear(store);
    CU_ASSERT_EQUAL(mux_store_get_generation(store), 0);
    mux_store_destroy(store);
}

#define RANGES(TEXT)                                                    \
    "{'op': 'endpoint', 'network': 0, 'address': '10.0.0.1',"           \
    "'protocol': 6, 'port': 443, 'pool': 100, 'distribution': 'Default'," \
    "'idle': 240, 'name': 'r', 'source_ranges': " TEXT "}"

/* Prefixes become ranges that do not overlap. */
static void
test_source_ranges(void)
{
    struct mux_store *store = mux_store_create();
    const struct mux_endpoint *ep;
    static const struct {
        const char *address;
        bool admitted;
    } cases[] = {
        { "9.255.255.255", false }, { "10.0.0.0", true },
        { "10.255.255.255", true }, { "11.0.0.0", false },
        { "192.0.2.0", false }, { "192.0.2.1", true }, { "192.0.2.2", true },
        { "192.0.2.3", false }, { "255.255.255.255", false },
    };

    LOAD(store, 1, CURRENT(1, 1000, "[1, 1], [2, 1]"));
    mux_unit_load(store, false, 2, "[%s]",
                  RANGES("['192.0.2.2/32', '10.1.0.0/16', '10.0.0.0/8', "
                         "'::/0', '10.255.255.0/24', '192.0.2.1/32']"));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct in6_addr vip, address;
        uint64_t words[2];
        ovs_be32 ip4;

        CU_ASSERT(ip_parse("10.0.0.1", &ip4));
        in6_addr_set_mapped_ipv4(&vip, ip4);
        CU_ASSERT_PTR_NOT_NULL(mux_table_lookup(mux_store_get_table(store), 0,
                                                &vip, 6, 443, &ep));
        CU_ASSERT_EQUAL(ep->ranges->n, 3);
        CU_ASSERT(ip_parse(cases[i].address, &ip4));
        in6_addr_set_mapped_ipv4(&address, ip4);
        mux_address_to_words(&address, words);
        CU_ASSERT_EQUAL(mux_ranges_contain(ep->ranges, words),
                        cases[i].admitted);
    }

    /* Nobody, rather than everybody. */
    mux_unit_load(store, false, 3, "[%s]", RANGES("['::/0']"));
    uint64_t words[2] = { 0, UINT64_C(0xffff0a000001) };
    struct in6_addr vip = mux_address_from_words(words);
    mux_table_lookup(mux_store_get_table(store), 0, &vip, 6, 443, &ep);
    CU_ASSERT_FALSE(mux_ranges_contain(ep->ranges, words));

    mux_unit_load(store, false, 4, "[%s]", RANGES("[]"));
    mux_table_lookup(mux_store_get_table(store), 0, &vip, 6, 443, &ep);
    CU_ASSERT_PTR_NULL(ep->ranges);
    mux_store_destroy(store);
}

/* What is wrong with a transaction, and the operation it is about. */
static const struct mux_unit_refusal bad_transactions[] = {
    { ENDPOINT("10.0.0.9", 6, 80, 100), "reference 0: " },
    { VIP("10.0.0.9") "," ENDPOINT("10.0.0.9", 6, 80, 9), "reference 1: " },
    { "{'op': 'pool-del', 'tunnel_key': 9}", "reference 0: " },
    { "{'op': 'pool-del', 'tunnel_key': 100}", "reference 0: " },
    { "{'op': 'vip-del', 'network': 0, 'address': '10.0.0.1'}",
      "reference 0: " },
    { VIP("10.0.0.3") ",{'op': 'vip-del', 'network': 0, 'address': "
      "'10.0.0.3'}, {'op': 'vip-del', 'network': 0, 'address': '10.0.0.3'}",
      "reference 2: " },
    { "{'op': 'nexthop-del', 'vtep': '172.16.0.99'}", "reference 0: " },
    { "{'op': 'endpoint-del', 'network': 3, 'address': '10.0.0.1',"
      "'protocol': 6, 'port': 80}", "reference 0: " },

    /* Form. */
    { "5", "operation 0: " },
    { "{}", "operation 0: " },
    { "{'op': 'nothing'}", "operation 0: " },
    { "{'op': 5}", "operation 0: " },
    { "{'op': 'vip', 'network': 0}", "operation 0: " },
    { "{'op': 'vip', 'network': 0, 'address': '10.0.0.3', 'x': 1}",
      "operation 0: " },
    { "{'op': 'vip', 'network': 16777216, 'address': '10.0.0.3'}",
      "operation 0: " },
    { "{'op': 'vip', 'network': -1, 'address': '10.0.0.3'}",
      "operation 0: " },
    { VIP("10.0.0.300"), "operation 0: " },
    { VIP("224.0.0.1"), "operation 0: " },
    { VIP("0.0.0.0"), "operation 0: " },
    { VIP("::"), "operation 0: " },
    { VIP("ff02::1"), "operation 0: " },
    { VIP("::ffff:10.0.0.3"), "operation 0: " },
    { "{'op': 'nexthop', 'vtep': '2001:db8::1', 'src_mac': "
      "'02:00:00:00:00:0b', 'dst_mac': '02:00:00:00:00:0c'}",
      "operation 0: " },
    { "{'op': 'nexthop', 'vtep': '172.16.0.21', 'src_mac': "
      "'02:00:00:00:00:0b', 'dst_mac': '01:00:00:00:00:0c'}",
      "operation 0: " },
    { "{'op': 'nexthop', 'vtep': '172.16.0.21', 'src_mac': "
      "'02:00:00:00:00:0b', 'dst_mac': '02:00:00:00:00:0c', 'dead': 1}",
      "operation 0: " },
    { "{'op': 'global', 'key': '00', 'vtep': '172.16.0.11', 'anycast': null}",
      "operation 0: " },
    { ENDPOINT("10.0.0.1", 1, 80, 100), "operation 0: " },
    { ENDPOINT("10.0.0.1", 6, 0, 100), "operation 0: " },
    { ENDPOINT("10.0.0.1", 0, 80, 100), "operation 0: " },
    { RANGES("[5]"), "operation 0: " },
    { RANGES("['10.0.0.0']"), "operation 0: " },
    { RANGES("['10.0.0.1/24']"), "operation 0: " },
    { RANGES("'10.0.0.0/24'"), "operation 0: " },
    { "{'op': 'vip', 'network': 0, 'address': '10.0.0.3', 'echo': 1}",
      "operation 0: " },
    { ENDPOINT("10.0.0.1", 6, 65536, 100), "operation 0: " },
    { POOL(101, ""), "operation 0: " },
    { POOL(0, CURRENT(1, 0, "[1, 1]")), "operation 0: " },
    { POOL(101, COMING(1, "[1, 1]")), "operation 0: " },
    { POOL(101, PREVIOUS(1, 0, "[1, 1]")), "operation 0: " },
    { POOL(101, CURRENT(2, 0, "[1, 1]") "," CURRENT(1, 0, "[1, 1]")),
      "operation 0: " },
    { POOL(101, COMING(3, "[1, 1]") "," COMING(2, "[1, 1]") ","
           CURRENT(1, 0, "[1, 1]")), "operation 0: " },
    { POOL(101, CURRENT(2, 0, "[1, 1]") "," COMING(1, "[1, 1]")),
      "operation 0: " },
    { POOL(101, CURRENT(1, 0, "[1, 1]") "," PREVIOUS(2, 0, "[1, 1]")),
      "operation 0: " },
    { POOL(101, CURRENT(1, 0, "[1, 0]")), "operation 0: " },
    { POOL(101, CURRENT(1, 0, "[0, 1]")), "operation 0: " },
    { POOL(101, CURRENT(1, 0, "[65536, 1]")), "operation 0: " },
    { POOL(101, CURRENT(1, 0, "[1, 2147483648]")), "operation 0: " },
    { POOL(101, CURRENT(1, 0, "[1, 1], [1, 2]")), "operation 0: " },
    { POOL(101, CURRENT(1, 0, "[1]")), "operation 0: " },
    { POOL(101, CURRENT(1, -5, "[1, 1]")), "operation 0: " },
    { "{'op': 'pool', 'tunnel_key': 101, 'network': 1, 'slots': 17,"
      "'members': [], 'generations': [" CURRENT(1, 0, "") "]}",
      "operation 0: " },
    { "{'op': 'pool', 'tunnel_key': 101, 'network': 1, 'slots': 8,"
      "'members': [[1, '172.16.0.21'], [1, '172.16.0.22']],"
      "'generations': [" CURRENT(1, 0, "") "]}", "operation 0: " },
    { VIP("10.0.0.3") "," VIP("10.0.0.4") ", 5", "operation 2: " },
};

static void
test_store_refuses(void)
{
    struct mux_store *store = mux_store_create();

    LOAD(store, 1, CURRENT(1, 1000, "[1, 1], [2, 1]"));
    const struct mux_table *table = mux_store_get_table(store);
    mux_unit_assert_refused(store, bad_transactions,
                            ARRAY_SIZE(bad_transactions));

    /* Nothing has changed. */
    CU_ASSERT_EQUAL(table->n_objects[MUX_VIP], 1);
    CU_ASSERT_PTR_NOT_NULL(lookup(store, 0, "10.0.0.1", 6, 80));

    /* What replaces everything must be complete. */
    char *error = mux_unit_apply(store, true, 2, "[" VIP("10.0.0.3") "]");
    CU_ASSERT_FATAL(error && !strncmp(error, "reference -1: ", 14));
    free(error);
    CU_ASSERT_PTR_EQUAL(mux_store_get_table(store), table);
    mux_store_destroy(store);
}

static void
test_store_limits(void)
{
    struct mux_store *store = mux_store_create();
    struct ds ds = DS_EMPTY_INITIALIZER;

    /* Each may take 16 * 128 kB and more for rings. */
    ds_put_cstr(&ds, "[" GLOBAL);
    for (int i = 0; i < 1000; i++) {
        ds_put_format(&ds, ",{'op': 'pool', 'tunnel_key': %d, 'network': 1,"
                      "'slots': 16, 'members': [], 'generations': ["
                      CURRENT(100, 0, ""), i + 1);
        for (int j = 1; j < 16; j++) {
            ds_put_format(&ds, ",{'number': %d, 'state': 'previous', 'age': 1,"
                          "'weights': []}", 100 - j);
        }
        ds_put_cstr(&ds, "]}");
    }
    ds_put_cstr(&ds, "]");

    char *error = mux_unit_apply(store, true, 1, "%s", ds_cstr(&ds));
    CU_ASSERT_FATAL(error && !strncmp(error, "limit -1: ", 10));
    free(error);
    CU_ASSERT_EQUAL(mux_store_get_generation(store), 0);
    ds_destroy(&ds);
    mux_store_destroy(store);
}

/* Flags and owners. */

static void
test_steer_alone(void)
{
    struct mux_store *store = mux_store_create();

    LOAD(store, 1, CURRENT(1, OLD, "[3, 1]"));
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 77), "owner 3, hop 0, settled");
    CU_ASSERT_STRING_EQUAL(steer(store, 17, 77), "owner 3, hop 0, settled");

    /* A pool that is new to us may have been another's before. */
    LOAD(store, 2, CURRENT(1, 0, "[3, 1]"));
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 77), "owner 3, hop 0");
    mux_store_destroy(store);
}

static void
test_steer_recent(void)
{
    struct mux_store *store = mux_store_create();

    LOAD(store, 1, CURRENT(2, 5000, "[2, 1]") ","
         PREVIOUS(1, 900000, "[1, 1]"));
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0),
                           "owner 2, then 1, hop 0, recent");
    CU_ASSERT_STRING_EQUAL(steer(store, 17, 0),
                           "owner 2, then 1, hop 0, recent");

    /* 10 s are over for TCP, UDP waits for the idle time-out. */
    LOAD(store, 2, CURRENT(2, 11000, "[2, 1]") ","
         PREVIOUS(1, 900000, "[1, 1]"));
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0),
                           "owner 2, then 1, hop 0, settled");
    CU_ASSERT_STRING_EQUAL(steer(store, 17, 0),
                           "owner 2, then 1, hop 0, recent");
    LOAD(store, 3, CURRENT(2, 241000, "[2, 1]") ","
         PREVIOUS(1, 900000, "[1, 1]"));
    CU_ASSERT_STRING_EQUAL(steer(store, 17, 0),
                           "owner 2, then 1, hop 0, settled");

    /* The slot did not change in the newest switch, but in one before. */
    LOAD(store, 4, CURRENT(3, 1000, "[2, 1]") "," PREVIOUS(2, 9000, "[2, 1]")
         "," PREVIOUS(1, 900000, "[1, 1]"));
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0),
                           "owner 2, then 1, hop 0, recent");
    LOAD(store, 5, CURRENT(3, 1000, "[2, 1]") "," PREVIOUS(2, 11000, "[2, 1]")
         "," PREVIOUS(1, 900000, "[1, 1]"));
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0), "owner 2, then 1, hop 0");
    mux_store_destroy(store);
}

static void
test_steer_coming(void)
{
    struct mux_store *store = mux_store_create();

    LOAD(store, 1, COMING(2, "[2, 1]") "," CURRENT(1, OLD, "[1, 1]"));
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0), "owner 1, then 2, hop 0");

    /* Nothing is settled while a change is prepared, here neither. */
    LOAD(store, 2, COMING(2, "[1, 1]") "," CURRENT(1, OLD, "[1, 1]"));
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0), "owner 1, hop 0");
    mux_store_destroy(store);
}

static void
test_steer_full_ring(void)
{
    struct mux_store *store = mux_store_create();

    LOAD(store, 1, COMING(5, "[5, 1]") "," CURRENT(4, OLD, "[4, 1]") ","
         PREVIOUS(3, OLD, "[3, 1]") "," PREVIOUS(2, OLD, "[2, 1]"));
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0),
                           "owner 4, then 5, 3, 2, hop 0");

    /* One that has no room could still know the connection. */
    LOAD(store, 2, CURRENT(5, OLD, "[5, 1]") "," PREVIOUS(4, OLD, "[4, 1]")
         "," PREVIOUS(3, OLD, "[3, 1]") "," PREVIOUS(2, OLD, "[2, 1]") ","
         PREVIOUS(1, OLD, "[1, 1]"));
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0),
                           "owner 5, then 4, 3, 2, hop 0");
    mux_store_destroy(store);
}

/* Owners on hosts that cannot be reached are left out, the others move up. */
static void
test_steer_unreachable(void)
{
    struct mux_store *store = mux_store_create();

    LOAD(store, 1, CURRENT(3, OLD, "[1, 1]") "," PREVIOUS(2, OLD, "[2, 1]")
         "," PREVIOUS(1, OLD, "[3, 1]"));
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0),
                           "owner 1, then 2, 3, hop 0, settled");

    /* For now: not settled. */
    mux_unit_load(store, false, 2,
                  "[{'op': 'nexthop-del', 'vtep': '172.16.0.22'}]");
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0), "owner 1, then 3, hop 0");
    mux_unit_load(store, false, 3, "[" NEXTHOP(22) "]");
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0),
                           "owner 1, then 2, 3, hop 0, settled");

    /* For ever: the member has no host any more. */
    mux_unit_load(store, false, 4, "[{'op': 'pool', 'tunnel_key': 100,"
                  "'network': 1, 'slots': 8, 'members': [[1, '172.16.0.21'],"
                  "[3, '172.16.0.23']], 'generations': ["
                  CURRENT(3, OLD, "[1, 1]") "," PREVIOUS(2, OLD, "[2, 1]") ","
                  PREVIOUS(1, OLD, "[3, 1]") "]}]");
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0),
                           "owner 1, then 3, hop 0, settled");
    mux_store_destroy(store);
}

/* So are those on hosts of which nothing comes back; but the current owner is
 * who it is. */
static void
test_steer_dead(void)
{
    struct mux_store *store = mux_store_create();

    LOAD(store, 1, CURRENT(3, OLD, "[1, 1]") "," PREVIOUS(2, OLD, "[2, 1]")
         "," PREVIOUS(1, OLD, "[3, 1]"));
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0),
                           "owner 1, then 2, 3, hop 0, settled");
    mux_unit_load(store, false, 2, "[" DEAD(22) "]");
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0),
                           "owner 1, then 3, hop 0");
    mux_unit_load(store, false, 3, "[" DEAD(21) "," DEAD(23) "]");
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0), "owner 1, hop 0");

    const struct mux_entry *e = lookup(store, 0, "10.0.0.1", 6, 80);
    const struct mux_nexthop_entry *nh
        = mux_table_nexthop(mux_store_get_table(store), e->owners[0].nexthop);
    CU_ASSERT(nh->valid);
    CU_ASSERT(nh->dead);

    /* The current owner's does not matter. */
    mux_unit_load(store, false, 4, "[" NEXTHOP(22) "," NEXTHOP(23) "]");
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0),
                           "owner 1, then 2, 3, hop 0, settled");
    mux_store_destroy(store);
}

/* A generation may have had another number of slots. */
static void
test_steer_resized_pool(void)
{
    struct mux_store *store = mux_store_create();
    struct mux_store *small = mux_store_create();
    unsigned int n_changed = 0;

#define WEIGHTS "[1, 1], [2, 1], [3, 1]"
    LOAD(small, 1, CURRENT(1, OLD, WEIGHTS));
    mux_unit_load(store, true, 1, "[" GLOBAL "," NEXTHOP(21) "," NEXTHOP(22)
                  "," NEXTHOP(23) "," VIP("10.0.0.1") ", {'op': 'pool',"
                  "'tunnel_key': 100, 'network': 1, 'slots': 10, 'members':"
                  "[[1, '172.16.0.21'], [2, '172.16.0.22'],"
                  "[3, '172.16.0.23']], 'generations': ["
                  CURRENT(2, OLD, WEIGHTS) ", {'number': 1, 'state':"
                  "'previous', 'age': 2000000000, 'slots': 8, 'weights': ["
                  WEIGHTS "]}]}," ENDPOINT("10.0.0.1", 6, 80, 100) "]");
    for (uint64_t i = 0; i < 1024; i++) {
        const struct mux_entry *old = lookup(small, 0, "10.0.0.1", 6, 80);
        const struct mux_entry *new = lookup(store, 0, "10.0.0.1", 6, 80);
        uint16_t old_owner
            = mux_entry_owner(old, mux_entry_slot(old, i))->index;
        uint16_t new_owner
            = mux_entry_owner(new, mux_entry_slot(new, i))->index;
        char *expected = (old_owner == new_owner
                          ? xasprintf("owner %u, hop 0, settled", new_owner)
                          : xasprintf("owner %u, then %u, hop 0, settled",
                                      new_owner, old_owner));

        CU_ASSERT_STRING_EQUAL(steer(store, 6, i), expected);
        n_changed += old_owner != new_owner;
        free(expected);
    }
    CU_ASSERT(n_changed > 100);
#undef WEIGHTS
    mux_store_destroy(store);
    mux_store_destroy(small);
}

static void
test_pool_without_members(void)
{
    struct mux_store *store = mux_store_create();

    /* Never any; those of the newest generation that had some. */
    LOAD(store, 1, CURRENT(1, OLD, ""));
    CU_ASSERT_PTR_NULL(lookup(store, 0, "10.0.0.1", 6, 80)->slots);
    LOAD(store, 2, CURRENT(4, OLD, "") "," PREVIOUS(3, OLD, "")
         "," PREVIOUS(2, OLD, "[2, 1]") "," PREVIOUS(1, OLD, "[1, 1]"));

    const struct mux_entry *e = lookup(store, 0, "10.0.0.1", 6, 80);
    CU_ASSERT_EQUAL(mux_entry_owner(e, mux_entry_slot(e, 0))->index, 2);
    CU_ASSERT(e->flags & MUX_ENTRY_CLOSED);

    LOAD(store, 3, CURRENT(5, OLD, "[1, 1]") "," PREVIOUS(4, OLD, "")
         "," PREVIOUS(2, OLD, "[2, 1]"));
    e = lookup(store, 0, "10.0.0.1", 6, 80);
    CU_ASSERT_EQUAL(mux_entry_owner(e, mux_entry_slot(e, 0))->index, 1);
    CU_ASSERT(!(e->flags & MUX_ENTRY_CLOSED));
    CU_ASSERT_STRING_EQUAL(steer(store, 6, 0),
                           "owner 1, then 2, hop 0, settled");
    mux_store_destroy(store);
}

/* What a change costs depends on the change. */
static void
test_store_is_incremental(void)
{
    enum { N = 10000 };
    struct mux_store *store = mux_store_create();
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "[" GLOBAL);
    for (int i = 0; i < N; i++) {
        ds_put_format(&ds, ",{'op': 'pool', 'tunnel_key': %d, 'network': 1,"
                      "'slots': 8, 'members': [[1, '172.16.0.21'],"
                      "[2, '172.16.0.22']], 'generations': ["
                      CURRENT(1, 1000, "[1, 1], [2, 1]") "]}", i + 1);
        ds_put_format(&ds, ",{'op': 'vip', 'network': 0, 'address':"
                      "'10.0.%d.%d'}", i / 200, i % 200 + 1);
        ds_put_format(&ds, ",{'op': 'endpoint', 'network': 0, 'address':"
                      "'10.0.%d.%d', 'protocol': 6, 'port': 80, 'pool': %d,"
                      "'distribution': 'Default', 'idle': 240, 'name': 'n'}",
                      i / 200, i % 200 + 1, i + 1);
    }
    ds_put_cstr(&ds, "]");
    mux_unit_load(store, true, 1, "%s", ds_cstr(&ds));
    ds_destroy(&ds);

    struct mux_table_stats before = mux_store_get_table(store)->stats;
    CU_ASSERT_EQUAL(before.n_views, N);
    CU_ASSERT_EQUAL(before.n_tables, 1);    /* All of them are equal. */

    mux_unit_load(store, false, 2, "[{'op': 'pool', 'tunnel_key': 17,"
                  "'network': 1, 'slots': 8, 'members': [[1, '172.16.0.21']],"
                  "'generations': [" CURRENT(2, 0, "[1, 1]") "]}]");
    struct mux_table_stats after = mux_store_get_table(store)->stats;
    CU_ASSERT_EQUAL(after.n_views - before.n_views, 1);
    CU_ASSERT_EQUAL(after.n_tables - before.n_tables, 1);
    CU_ASSERT_EQUAL(after.n_pages - before.n_pages, 1);

    for (int i = 0; i < N; i++) {
        char *address = xasprintf("10.0.%d.%d", i / 200, i % 200 + 1);
        const struct mux_entry *e = lookup(store, 0, address, 6, 80);

        CU_ASSERT_FATAL(e != NULL);
        CU_ASSERT_EQUAL(e->view->tunnel_key, i + 1);
        CU_ASSERT_EQUAL(e->view->n_members, i == 16 ? 1 : 2);
        free(address);
    }
    mux_store_destroy(store);
}

/* All of a pool's endpoints follow a change of it, and a new key or VTEP
 * concerns all. */
static void
test_store_global_change(void)
{
    struct mux_store *store = mux_store_create();
    struct mux_store *fresh = mux_store_create();

#define OTHER "{'op': 'global', 'key': 'ffffffffffffffffffffffffffffffff'," \
    "'vtep': '172.16.0.12', 'anycast': null}"
    LOAD(store, 1, CURRENT(1, OLD, "[1, 1], [2, 1], [3, 5]"));
    mux_unit_load(store, false, 2, "[" OTHER "]");
    mux_unit_load(fresh, true, 1, "[" OTHER "," NEXTHOP(21) "," NEXTHOP(22)
                  "," NEXTHOP(23) "," VIP("10.0.0.1") ","
                  POOL(100, CURRENT(1, OLD, "[1, 1], [2, 1], [3, 5]")) ","
                  ENDPOINT("10.0.0.1", 6, 80, 100) ","
                  ENDPOINT("10.0.0.1", 17, 53, 100) "]");
#undef OTHER

    const struct mux_table *t = mux_store_get_table(store);
    CU_ASSERT_EQUAL(t->anycast, 0);
    CU_ASSERT(!memcmp(&t->hash_key, &mux_store_get_table(fresh)->hash_key,
                      sizeof t->hash_key));
    for (uint64_t i = 0; i < 256; i++) {
        char *text = xstrdup(steer(store, 17, i));
        CU_ASSERT_STRING_EQUAL(text, steer(fresh, 17, i));
        free(text);
    }

    const struct mux_entry *e = lookup(store, 0, "10.0.0.1", 6, 80);
    const struct mux_nexthop_entry *nh
        = mux_table_nexthop(t, e->owners[0].nexthop);
    CU_ASSERT(nh->valid);
    CU_ASSERT_EQUAL(nh->vtep, inet_addr("172.16.0.21"));
    CU_ASSERT(!memcmp(nh->header + 26, "\xac\x10\x00\x0c", 4));
    mux_store_destroy(store);
    mux_store_destroy(fresh);
}

/* Sets and deletes endpoints and next hops at random, and compares with what
 * there should be. */
static void
test_store_random(void)
{
    enum { N = 1500, ROUNDS = 60 };
    struct mux_store *store = mux_store_create();
    static uint32_t pools[N];   /* Pool of each endpoint, 0 if not there. */
    bool nexthops[2] = { true, true };

    random_set_seed(5);
    mux_unit_load(store, true, 1, "[" GLOBAL "," VIP("2001:db8::1") ","
                  NEXTHOP(21) "," NEXTHOP(22) ","
                  POOL(1, CURRENT(1, OLD, "[1, 1]")) ","
                  POOL(2, CURRENT(1, OLD, "[2, 1]")) "]");
    for (int round = 0; round < ROUNDS; round++) {
        struct ds ds = DS_EMPTY_INITIALIZER;
        int n = random_range(200);

        ds_put_char(&ds, '[');
        for (int i = 0; i < n; i++) {
            uint32_t port = random_range(N);
            const char *common = "'network': 0, 'address': '2001:db8::1',"
                                 "'protocol': 6, 'port'";

            ds_put_cstr(&ds, i ? "," : "");
            if (pools[port] && random_range(2)) {
                ds_put_format(&ds, "{'op': 'endpoint-del', %s: %"PRIu32"}",
                              common, port + 1);
                pools[port] = 0;
            } else {
                pools[port] = 1 + random_range(2);
                ds_put_format(&ds, "{'op': 'endpoint', %s: %"PRIu32", 'pool':"
                              "%"PRIu32", 'distribution': 'SourceIP',"
                              "'idle': 60, 'name': 'n'}",
                              common, port + 1, pools[port]);
            }
        }
        int host = random_range(2);
        nexthops[host] = !nexthops[host];
        ds_put_cstr(&ds, n ? "," : "");
        if (nexthops[host]) {
            ds_put_format(&ds, "{'op': 'nexthop', 'vtep': '172.16.0.%d',"
                          "'src_mac': '02:00:00:00:00:0b',"
                          "'dst_mac': '02:00:00:00:00:15'}", 21 + host);
        } else {
            ds_put_format(&ds, "{'op': 'nexthop-del', 'vtep': '172.16.0.%d'}",
                          21 + host);
        }
        ds_put_char(&ds, ']');
        mux_unit_load(store, false, round + 2, "%s", ds_cstr(&ds));
        ds_destroy(&ds);
        ovsrcu_quiesce();

        const struct mux_table *t = mux_store_get_table(store);
        for (int i = 0; i < N; i++) {
            const struct mux_entry *e = lookup(store, 0, "2001:db8::1", 6,
                                               i + 1);

            CU_ASSERT_EQUAL_FATAL(e != NULL, pools[i] != 0);
            if (e) {
                const struct mux_owner *owner
                    = mux_entry_owner(e, mux_entry_slot(e, i));

                CU_ASSERT_EQUAL(e->view->tunnel_key, pools[i]);
                CU_ASSERT_EQUAL(owner->index, pools[i]);
                CU_ASSERT_EQUAL(mux_table_nexthop(t, owner->nexthop)->valid,
                                nexthops[pools[i] - 1]);
            }
        }
    }
    mux_store_destroy(store);
}

/* Numbers of counters stay with what has the same key, and what they counted
 * is gone with the object. */
static void
test_counters(void)
{
    struct mux_thread *thread = mux_thread_create(NULL);
    struct mux_store *store = mux_store_create();
    struct mux_figures figures;
    uint32_t endpoint, members[2];

    LOAD(store, 1, CURRENT(1, 1000, "[1, 1], [2, 1]"));
    const struct mux_entry *e = lookup(store, 0, "10.0.0.1", 6, 80);
    endpoint = e->counter;
    CU_ASSERT_NOT_EQUAL(endpoint, MUX_NO_COUNTER);
    for (int i = 0; i < 2; i++) {
        members[i] = e->owners[i].counter;
        CU_ASSERT_NOT_EQUAL(members[i], MUX_NO_COUNTER);
        mux_count_packet(mux_thread_get_count(thread, members[i]), 100, i);
    }
    CU_ASSERT_NOT_EQUAL(members[0], members[1]);
    mux_thread_count_drop(thread, members[1], MUX_COUNT_TOO_BIG);

    /* The same again, as a whole; then without member 1 in force. */
    LOAD(store, 2, CURRENT(1, 1000, "[1, 1], [2, 1]"));
    e = lookup(store, 0, "10.0.0.1", 6, 80);
    CU_ASSERT_EQUAL(e->counter, endpoint);
    CU_ASSERT_EQUAL(e->owners[0].counter, members[0]);
    CU_ASSERT_EQUAL(e->owners[1].counter, members[1]);
    LOAD(store, 3, CURRENT(2, 0, "[2, 1]") "," PREVIOUS(1, 0, "[1, 1]"));
    e = lookup(store, 0, "10.0.0.1", 6, 80);
    CU_ASSERT_EQUAL(e->counter, endpoint);
    CU_ASSERT_EQUAL(e->owners[0].counter, members[1]);

    memset(&figures, 0, sizeof figures);
    mux_figures_add(&figures, members[1]);
    CU_ASSERT_EQUAL(figures.packets, 1);
    CU_ASSERT_EQUAL(figures.bytes, 100);
    CU_ASSERT_EQUAL(figures.syns, 1);
    CU_ASSERT_EQUAL(figures.drops[MUX_COUNT_TOO_BIG - MUX_FIRST_REASON], 1);

    uint32_t own = mux_counter_alloc();
    mux_count_packet(mux_thread_get_count(thread, own), 100, true);
    mux_thread_count_drop(thread, own, MUX_COUNT_TOO_BIG);
    mux_counter_free((void *) (uintptr_t) own);
    CU_ASSERT_EQUAL(mux_counter_alloc(), own);
    memset(&figures, 0, sizeof figures);
    mux_figures_add(&figures, own);
    CU_ASSERT_EQUAL(figures.packets + figures.bytes + figures.syns, 0);
    CU_ASSERT_EQUAL(figures.drops[MUX_COUNT_TOO_BIG - MUX_FIRST_REASON], 0);
    mux_store_destroy(store);
    mux_thread_destroy(thread);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_source_ranges),
    UNIT_TEST(test_counters),
    UNIT_TEST(test_store_starts_empty),
    UNIT_TEST(test_store_set_and_delete),
    UNIT_TEST(test_store_refuses),
    UNIT_TEST(test_store_limits),
    UNIT_TEST(test_steer_alone),
    UNIT_TEST(test_steer_recent),
    UNIT_TEST(test_steer_coming),
    UNIT_TEST(test_steer_full_ring),
    UNIT_TEST(test_steer_unreachable),
    UNIT_TEST(test_steer_dead),
    UNIT_TEST(test_steer_resized_pool),
    UNIT_TEST(test_pool_without_members),
    UNIT_TEST(test_store_is_incremental),
    UNIT_TEST(test_store_global_change),
    UNIT_TEST(test_store_random),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("mux-table", tests, argc, argv);
}

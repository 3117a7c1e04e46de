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

#include "controller/agent/mux-tables.h"

#include <string.h>

#include "controller/agent/idle.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "packets.h"
#include "sset.h"
#include "tests/unit/unit.h"
#include "util.h"

static const char hash_key[] = "000102030405060708090a0b0c0d0e0f";
static const struct eth_addr mac1 = ETH_ADDR_C(02,00,00,00,00,01);
static const struct eth_addr mac2 = ETH_ADDR_C(02,00,00,00,00,02);

/* Returns the operations from 'from' to 'to' as text, a line each. */
static char *
diff(const struct mux_tables *from, const struct mux_tables *to,
     long long int now)
{
    struct mux_ops ops = MUX_OPS_INITIALIZER;
    struct ds ds = DS_EMPTY_INITIALIZER;

    mux_tables_diff(from, to, now, &ops);
    for (size_t i = 0; i < ops.n; i++) {
        ds_put_format(&ds, "%s\n", json_serialized_object(ops.ops[i]));
    }
    mux_ops_destroy(&ops);
    return ds_steal_cstr(&ds);
}

static void
check_diff(const struct mux_tables *from, const struct mux_tables *to,
           long long int now, const char *expected)
{
    char *s = diff(from, to, now);

    if (strcmp(s, expected)) {
        printf("# got:\n%s# expected:\n%s", s, expected);
    }
    CU_ASSERT_STRING_EQUAL(s, expected);
    free(s);
}

static ovs_be32
ip(const char *s)
{
    ovs_be32 addr;

    CU_ASSERT_FATAL(ip_parse(s, &addr));
    return addr;
}

static void
add_vip(struct mux_tables *t, int64_t network, const char *address)
{
    struct slbrec_vip row = {
        .network_key = network, .address = CONST_CAST(char *, address),
        .echo = true,
    };

    mux_tables_add_vip(t, &row);
}

static void
add_endpoint(struct mux_tables *t, int64_t network, const char *vip,
             int64_t port, int64_t pool, bool expected)
{
    struct slbrec_endpoint row = {
        .network_key = network, .vip = CONST_CAST(char *, vip),
        .protocol = 6, .port = port, .pool_key = pool,
        .load_distribution = CONST_CAST(char *, "Default"),
        .idle_timeout = 240, .rule = CONST_CAST(char *, "web/rules/http"),
    };

    CU_ASSERT_EQUAL(mux_tables_add_endpoint(t, &row, IDLE_MINUTE_MS),
                    expected);
}

/* Adds a pool with the current generation 2, of members 1 and 2, switched at
 * the time 1000, the previous generation 1 of member 1 alone, which had fewer
 * slots, and, if 'coming' is true, a third one. */
static bool
add_pool(struct mux_tables *t, int64_t key, bool coming)
{
    int64_t members[] = { 1, 2, 3 };    /* The last one has no host. */
    char *vteps[] = {
        CONST_CAST(char *, "172.16.0.21"), CONST_CAST(char *, "172.16.0.22"),
        CONST_CAST(char *, ""),
    };
    int64_t indices[] = { 1, 2 }, weights[] = { 1, 3 }, weights0[] = { 1, 0 };
    struct slbrec_generation previous = {
        .number = 1, .state = CONST_CAST(char *, "previous"),
        .key_weights = indices, .value_weights = weights, .n_weights = 1,
        .switched_at = 500, .slots_log2 = 8,
    };
    struct slbrec_generation current = {
        .number = 2, .state = CONST_CAST(char *, "current"),
        .key_weights = indices, .value_weights = weights, .n_weights = 2,
        .switched_at = 1000,
    };
    struct slbrec_generation next = {
        .number = 3, .state = CONST_CAST(char *, "coming"),
        .key_weights = indices, .value_weights = weights0, .n_weights = 2,
        .switched_at = 0,
    };
    struct slbrec_generation *gens[] = { &previous, &current, &next };
    struct slbrec_compiled_pool pool = {
        .name = CONST_CAST(char *, "web/backendPools/servers"),
        .tunnel_key = key, .network_key = 100, .slots_log2 = 9,
        .generations = gens, .n_generations = coming ? 3 : 2,
        .key_vteps = members, .value_vteps = vteps,
        .n_vteps = ARRAY_SIZE(members),
    };

    return mux_tables_add_pool(t, &pool);
}

static void
build(struct mux_tables *t)
{
    mux_tables_init(t);
    CU_ASSERT_FATAL(mux_tables_set_global(t, hash_key, ip("172.16.0.11"),
                                          "172.16.0.100"));
    add_vip(t, 0, "20.50.60.10");
    CU_ASSERT(add_pool(t, 17, false));
    add_endpoint(t, 0, "20.50.60.10", 80, 17, true);
    mux_tables_add_nexthop(t, ip("172.16.0.21"), false, mac1, mac2);
}

#define GLOBAL "{\"anycast\":\"172.16.0.100\"," \
    "\"key\":\"000102030405060708090a0b0c0d0e0f\",\"op\":\"global\"," \
    "\"vtep\":\"172.16.0.11\"}\n"
#define NEXTHOP "{" NEXTHOP_REST
#define NEXTHOP_REST "\"dst_mac\":\"02:00:00:00:00:02\",\"op\":\"nexthop\"," \
    "\"src_mac\":\"02:00:00:00:00:01\",\"vtep\":\"172.16.0.21\"}\n"
#define VIP "{\"address\":\"20.50.60.10\",\"network\":0,\"op\":\"vip\"}\n"
#define ENDPOINT "{\"address\":\"20.50.60.10\",\"distribution\":\"Default\"," \
    "\"idle\":240,\"name\":\"web/rules/http\",\"network\":0," \
    "\"op\":\"endpoint\",\"pool\":17,\"port\":80,\"protocol\":6}\n"
#define POOL(COMING, AGE2, AGE1) \
    "{\"generations\":[" COMING \
    "{\"age\":" AGE2 ",\"number\":2,\"state\":\"current\"," \
    "\"weights\":[[1,1],[2,3]]}," \
    "{\"age\":" AGE1 ",\"number\":1,\"slots\":8," \
    "\"state\":\"previous\",\"weights\":[[1,1]]}]," \
    "\"members\":[[1,\"172.16.0.21\"],[2,\"172.16.0.22\"]]," \
    "\"network\":100,\"op\":\"pool\",\"slots\":9,\"tunnel_key\":17}\n"
#define COMING3 "{\"number\":3,\"state\":\"coming\",\"weights\":[[1,1]]},"

/* Objects come before those that refer to them; members and generations are
 * in order, and only those with a host and a weight are there. */
static void
test_mux_tables_all(void)
{
    struct mux_tables t;

    build(&t);
    check_diff(NULL, &t, 1500,
               GLOBAL NEXTHOP VIP POOL("", "500", "1000") ENDPOINT);
    CU_ASSERT_EQUAL(mux_tables_count(&t), 5);

    add_pool(&t, 17, true);
    check_diff(NULL, &t, 1500,
               GLOBAL NEXTHOP VIP POOL(COMING3, "500", "1000") ENDPOINT);
    mux_tables_destroy(&t);
}

/* A manager whose clock is ahead. */
static void
test_mux_tables_age_is_clamped(void)
{
    struct mux_tables t;

    build(&t);
    check_diff(NULL, &t, 800,
               GLOBAL NEXTHOP VIP POOL("", "0", "300") ENDPOINT);
    mux_tables_destroy(&t);
}

static void
test_mux_tables_nothing_changed(void)
{
    struct mux_tables a, b;

    build(&a);
    build(&b);
    CU_ASSERT(mux_tables_equal(&a, &b));
    check_diff(&a, &b, 99999, "");

    mux_tables_clear(&b);
    CU_ASSERT_FALSE(mux_tables_equal(&a, &b));
    mux_tables_copy(&b, &a);
    CU_ASSERT(mux_tables_equal(&a, &b));
    mux_tables_destroy(&a);
    mux_tables_destroy(&b);
}

static void
test_mux_tables_changes(void)
{
    struct mux_tables a, b;

    /* A pool changes: only it is sent. */
    build(&a);
    build(&b);
    add_pool(&b, 17, true);
    CU_ASSERT_FALSE(mux_tables_equal(&a, &b));
    check_diff(&a, &b, 1500, POOL(COMING3, "500", "1000"));
    check_diff(&b, &a, 1500, POOL("", "500", "1000"));

    /* A next hop changes. */
    mux_tables_copy(&b, &a);
    mux_tables_add_nexthop(&b, ip("172.16.0.21"), false, mac1, mac1);
    check_diff(&b, &a, 0, NEXTHOP);

    /* Nothing comes back from there, and then something does. */
    mux_tables_copy(&b, &a);
    mux_tables_add_nexthop(&b, ip("172.16.0.21"), true, mac1, mac2);
    check_diff(&a, &b, 0, "{\"dead\":true," NEXTHOP_REST);
    check_diff(&b, &a, 0, NEXTHOP);

    /* Everything but the global settings goes: references first. */
    mux_tables_clear(&b);
    CU_ASSERT(mux_tables_set_global(&b, hash_key, ip("172.16.0.11"),
                                    "172.16.0.100"));
    check_diff(&a, &b, 0,
               "{\"address\":\"20.50.60.10\",\"network\":0,"
               "\"op\":\"endpoint-del\",\"port\":80,\"protocol\":6}\n"
               "{\"op\":\"pool-del\",\"tunnel_key\":17}\n"
               "{\"address\":\"20.50.60.10\",\"network\":0,"
               "\"op\":\"vip-del\"}\n"
               "{\"op\":\"nexthop-del\",\"vtep\":\"172.16.0.21\"}\n");

    /* No anycast VTEP. */
    mux_tables_copy(&b, &a);
    CU_ASSERT_STRING_EQUAL(mux_tables_get_anycast(&b), "172.16.0.100");
    CU_ASSERT(mux_tables_set_global(&b, hash_key, ip("172.16.0.11"), ""));
    CU_ASSERT_PTR_NULL(mux_tables_get_anycast(&b));
    check_diff(&a, &b, 0, "{\"anycast\":null,"
               "\"key\":\"000102030405060708090a0b0c0d0e0f\","
               "\"op\":\"global\",\"vtep\":\"172.16.0.11\"}\n");

    /* Other muxes. */
    struct sset muxes = SSET_INITIALIZER(&muxes);
    sset_add(&muxes, "172.16.0.13");
    sset_add(&muxes, "172.16.0.12");
    mux_tables_copy(&b, &a);
    CU_ASSERT(mux_tables_set_global(&b, hash_key, ip("172.16.0.11"), ""));
    mux_tables_set_muxes(&b, &muxes);
    check_diff(&a, &b, 0, "{\"anycast\":null,"
               "\"key\":\"000102030405060708090a0b0c0d0e0f\","
               "\"muxes\":[\"172.16.0.12\",\"172.16.0.13\"],"
               "\"op\":\"global\",\"vtep\":\"172.16.0.11\"}\n");
    sset_destroy(&muxes);
    mux_tables_destroy(&a);
    mux_tables_destroy(&b);
}

/* The same address in a network and on the wire, the same port of another
 * protocol: all different objects. */
static void
test_mux_tables_keys(void)
{
    struct mux_tables t;

    build(&t);
    add_vip(&t, 5, "20.50.60.10");
    add_vip(&t, 0, "2001:db8::10");
    add_endpoint(&t, 5, "20.50.60.10", 80, 17, true);
    add_endpoint(&t, 0, "2001:db8::10", 80, 17, true);
    CU_ASSERT_EQUAL(mux_tables_count(&t), 9);

    struct sset vips = SSET_INITIALIZER(&vips);
    mux_tables_get_vips(&t, 0, &vips);
    CU_ASSERT_EQUAL(sset_count(&vips), 2);
    CU_ASSERT(sset_contains(&vips, "2001:db8::10"));
    CU_ASSERT(sset_contains(&vips, "20.50.60.10"));
    sset_clear(&vips);
    mux_tables_get_vips(&t, 5, &vips);
    CU_ASSERT_EQUAL(sset_count(&vips), 1);
    sset_clear(&vips);
    mux_tables_get_vteps(&t, &vips);
    CU_ASSERT_EQUAL(sset_count(&vips), 2);
    CU_ASSERT(sset_contains(&vips, "172.16.0.22"));

    /* Other muxes need a next hop as well. */
    struct sset muxes = SSET_INITIALIZER(&muxes);
    sset_add(&muxes, "172.16.0.12");
    mux_tables_set_muxes(&t, &muxes);
    mux_tables_get_vteps(&t, &vips);
    CU_ASSERT_EQUAL(sset_count(&vips), 3);
    CU_ASSERT(sset_contains(&vips, "172.16.0.12"));
    sset_destroy(&muxes);
    sset_destroy(&vips);
    mux_tables_destroy(&t);
}

/* What the datapath would refuse is left out. */
static void
test_mux_tables_incomplete(void)
{
    struct mux_tables t;

    build(&t);
    add_endpoint(&t, 0, "20.50.60.11", 80, 17, false);  /* Another's VIP. */
    add_endpoint(&t, 0, "20.50.60.10", 81, 18, false);  /* No pool. */

    struct slbrec_generation previous = {
        .number = 1, .state = CONST_CAST(char *, "previous"),
    };
    struct slbrec_generation *gens[] = { &previous };
    struct slbrec_compiled_pool bad = {
        .name = CONST_CAST(char *, "bad"), .tunnel_key = 18,
        .generations = gens, .n_generations = 1,
    };
    CU_ASSERT_FALSE(mux_tables_add_pool(&t, &bad));
    CU_ASSERT_EQUAL(mux_tables_count(&t), 5);

    static const char *const bad_keys[] = {
        "", "000102030405060708090a0b0c0d0e0",
        "g00102030405060708090a0b0c0d0e0f",
        "000102030405060708090a0b0c0d0e0f0",
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad_keys); i++) {
        CU_ASSERT_FALSE(mux_tables_set_global(&t, bad_keys[i],
                                              ip("172.16.0.11"), ""));
    }
    CU_ASSERT_FALSE(mux_tables_set_global(&t, hash_key, ip("172.16.0.11"),
                                          "nonsense"));
    CU_ASSERT_FALSE(mux_tables_set_global(&t, hash_key, 0, ""));
    CU_ASSERT_STRING_EQUAL(mux_tables_get_anycast(&t), "172.16.0.100");
    mux_tables_destroy(&t);
}

/* A pool that never had a member forwards nothing, but is there. */
static void
test_mux_tables_nobody(void)
{
    struct slbrec_compiled_pool pool = {
        .name = CONST_CAST(char *, "nobody"), .tunnel_key = 18,
        .network_key = 100, .slots_log2 = 8,
    };
    struct mux_tables a, b;

    build(&a);
    build(&b);
    CU_ASSERT(mux_tables_add_pool(&b, &pool));
    check_diff(&a, &b, 1000,
               "{\"generations\":[{\"age\":1000,\"number\":1,"
               "\"state\":\"current\",\"weights\":[]}],\"members\":[],"
               "\"network\":100,\"op\":\"pool\",\"slots\":8,"
               "\"tunnel_key\":18}\n");
    add_endpoint(&b, 0, "20.50.60.10", 81, 18, true);
    mux_tables_destroy(&a);
    mux_tables_destroy(&b);
}

/* A VIP that goes is kept with its endpoints and their pools, as they were,
 * but what is still there is the new one. */
static void
test_mux_tables_keep_vip(void)
{
    struct mux_tables old, new;

    build(&old);
    add_vip(&old, 0, "20.50.60.20");
    add_pool(&old, 18, false);
    add_endpoint(&old, 0, "20.50.60.20", 80, 17, true);
    add_endpoint(&old, 0, "20.50.60.20", 81, 18, true);

    build(&new);
    add_pool(&new, 17, true);
    struct mux_tables expected;
    mux_tables_init(&expected);
    mux_tables_copy(&expected, &new);
    add_vip(&expected, 0, "20.50.60.20");
    add_pool(&expected, 18, false);
    add_endpoint(&expected, 0, "20.50.60.20", 80, 17, true);
    add_endpoint(&expected, 0, "20.50.60.20", 81, 18, true);

    mux_tables_keep_vip(&new, &old, "0 20.50.60.99");   /* Never was. */
    mux_tables_keep_vip(&new, &old, "0 20.50.60.20");
    CU_ASSERT(mux_tables_has_vip(&new, "0 20.50.60.20"));
    CU_ASSERT(mux_tables_equal(&new, &expected));

    mux_tables_destroy(&old);
    mux_tables_destroy(&new);
    mux_tables_destroy(&expected);
}

static void
test_mux_tables_split(void)
{
    struct mux_ops ops = MUX_OPS_INITIALIZER;
    struct mux_tables t;

    build(&t);
    mux_tables_diff(NULL, &t, 0, &ops);
    CU_ASSERT_EQUAL_FATAL(ops.n, 5);
    size_t first = strlen(json_serialized_object(ops.ops[0])) + 1;
    size_t second = strlen(json_serialized_object(ops.ops[1])) + 1;
    CU_ASSERT_EQUAL(mux_ops_fit(&ops, 0, 1 << 20), 5);
    CU_ASSERT_EQUAL(mux_ops_fit(&ops, 0, first + second), 2);
    CU_ASSERT_EQUAL(mux_ops_fit(&ops, 0, first + second - 1), 1);
    CU_ASSERT_EQUAL(mux_ops_fit(&ops, 0, 1), 1);    /* Never stops. */
    CU_ASSERT_EQUAL(mux_ops_fit(&ops, 4, 1), 1);
    CU_ASSERT_EQUAL(mux_ops_fit(&ops, 5, 1), 0);
    mux_ops_destroy(&ops);
    mux_tables_destroy(&t);
}

/* The rule of port 81. */
static struct slbrec_endpoint
endpoint_row(const char *distribution)
{
    return (struct slbrec_endpoint) {
        .vip = CONST_CAST(char *, "20.50.60.10"),
        .protocol = 17, .port = 81, .pool_key = 17,
        .load_distribution = CONST_CAST(char *, distribution),
        .idle_timeout = 300, .rule = CONST_CAST(char *, "web/rules/x"),
    };
}

/* Checks that 'row' is told by 'text' if it is new, and that it makes no other
 * difference. */
static void
check_endpoint(const struct slbrec_endpoint *row, const char *text)
{
    struct mux_tables a, b;

    build(&a);
    build(&b);
    CU_ASSERT(mux_tables_add_endpoint(&b, row, IDLE_MINUTE_MS));
    check_diff(&a, &b, 0, text);
    CU_ASSERT(mux_tables_add_endpoint(&a, row, IDLE_MINUTE_MS));
    check_diff(&a, &b, 0, "");
    mux_tables_destroy(&a);
    mux_tables_destroy(&b);
}

/* What a rule says about its connections reaches the datapath. */
static void
test_mux_tables_endpoint(void)
{
    static const char *const distributions[] = {
        "Default", "SourceIP", "SourceIPProtocol",
    };

    for (size_t i = 0; i < ARRAY_SIZE(distributions); i++) {
        struct slbrec_endpoint row = endpoint_row(distributions[i]);
        char *expected = xasprintf(
            "{\"address\":\"20.50.60.10\",\"distribution\":\"%s\","
            "\"idle\":300,\"name\":\"web/rules/x\",\"network\":0,"
            "\"op\":\"endpoint\",\"pool\":17,\"port\":81,"
            "\"protocol\":17}\n", distributions[i]);

        check_endpoint(&row, expected);
        free(expected);
    }

    /* Where minutes are short, so are idle time-outs. */
    struct slbrec_endpoint row = endpoint_row("Default");
    struct mux_tables a, b;
    build(&a);
    build(&b);
    CU_ASSERT(mux_tables_add_endpoint(&a, &row, IDLE_MINUTE_MS));
    CU_ASSERT(mux_tables_add_endpoint(&b, &row, 1000));
    check_diff(&a, &b, 0,
               "{\"address\":\"20.50.60.10\",\"distribution\":\"Default\","
               "\"idle\":5,\"name\":\"web/rules/x\",\"network\":0,"
               "\"op\":\"endpoint\",\"pool\":17,\"port\":81,"
               "\"protocol\":17}\n");
    mux_tables_destroy(&a);
    mux_tables_destroy(&b);
}

/* Whom it lets in, and what it tells those who find nobody. */
static void
test_mux_tables_access(void)
{
    struct slbrec_endpoint row = endpoint_row("Default");
    char *ranges[] = {
        CONST_CAST(char *, "198.51.100.0/24"), CONST_CAST(char *, "9.9.9.9/32")
    };
    struct mux_tables a, b;

    row.reject = true;
    row.source_ranges = ranges;
    row.n_source_ranges = 2;
    check_endpoint(
        &row,
        "{\"address\":\"20.50.60.10\",\"distribution\":\"Default\","
        "\"idle\":300,\"name\":\"web/rules/x\",\"network\":0,"
        "\"op\":\"endpoint\",\"pool\":17,\"port\":81,\"protocol\":17,"
        "\"reject\":true,"
        "\"source_ranges\":[\"198.51.100.0/24\",\"9.9.9.9/32\"]}\n");

    /* A change is one operation, about nothing but the endpoint. */
    build(&a);
    build(&b);
    CU_ASSERT(mux_tables_add_endpoint(&a, &row, IDLE_MINUTE_MS));
    row.n_source_ranges = 1;
    row.reject = false;
    CU_ASSERT(mux_tables_add_endpoint(&b, &row, IDLE_MINUTE_MS));
    check_diff(
        &a, &b, 0,
        "{\"address\":\"20.50.60.10\",\"distribution\":\"Default\","
        "\"idle\":300,\"name\":\"web/rules/x\",\"network\":0,"
        "\"op\":\"endpoint\",\"pool\":17,\"port\":81,\"protocol\":17,"
        "\"source_ranges\":[\"198.51.100.0/24\"]}\n");
    mux_tables_destroy(&a);
    mux_tables_destroy(&b);
}

/* HA ports: all protocols and ports of an address, besides a port of it. */
static void
test_mux_tables_ha_ports(void)
{
    struct slbrec_endpoint row = endpoint_row("SourceIP");

    row.protocol = row.port = 0;
    check_endpoint(
        &row,
        "{\"address\":\"20.50.60.10\",\"distribution\":\"SourceIP\","
        "\"idle\":300,\"name\":\"web/rules/x\",\"network\":0,"
        "\"op\":\"endpoint\",\"pool\":17,\"port\":0,\"protocol\":0}\n");
}

/* What a VIP answers itself. */
static void
test_mux_tables_vip(void)
{
    struct slbrec_vip row = {
        .network_key = 5, .address = CONST_CAST(char *, "fd00::10"),
        .reject = true,
    };
    struct mux_tables a, b;

    build(&a);
    build(&b);
    mux_tables_add_vip(&b, &row);
    check_diff(&a, &b, 0,
               "{\"address\":\"fd00::10\",\"echo\":false,\"network\":5,"
               "\"op\":\"vip\",\"reject\":true}\n");
    mux_tables_add_vip(&a, &row);
    row.echo = true;
    row.reject = false;
    mux_tables_add_vip(&b, &row);
    check_diff(&a, &b, 0, "{\"address\":\"fd00::10\",\"network\":5,"
               "\"op\":\"vip\"}\n");
    mux_tables_destroy(&a);
    mux_tables_destroy(&b);
}

static void
test_mux_vip_zones(void)
{
    char *zones[] = { CONST_CAST(char *, "1"), CONST_CAST(char *, "3") };
    struct slbrec_vip everywhere = { .n_zones = 0 };
    struct slbrec_vip zonal = { .zones = zones, .n_zones = 2 };

    CU_ASSERT(mux_vip_has_zone(&everywhere, ""));
    CU_ASSERT(mux_vip_has_zone(&everywhere, "2"));
    CU_ASSERT(mux_vip_has_zone(&zonal, "1"));
    CU_ASSERT(mux_vip_has_zone(&zonal, "3"));
    CU_ASSERT_FALSE(mux_vip_has_zone(&zonal, "2"));
    CU_ASSERT_FALSE(mux_vip_has_zone(&zonal, "13"));
    CU_ASSERT_FALSE(mux_vip_has_zone(&zonal, ""));
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_mux_tables_all),
    UNIT_TEST(test_mux_tables_age_is_clamped),
    UNIT_TEST(test_mux_tables_nothing_changed),
    UNIT_TEST(test_mux_tables_changes),
    UNIT_TEST(test_mux_tables_keys),
    UNIT_TEST(test_mux_tables_incomplete),
    UNIT_TEST(test_mux_tables_nobody),
    UNIT_TEST(test_mux_tables_keep_vip),
    UNIT_TEST(test_mux_tables_endpoint),
    UNIT_TEST(test_mux_tables_access),
    UNIT_TEST(test_mux_tables_ha_ports),
    UNIT_TEST(test_mux_tables_vip),
    UNIT_TEST(test_mux_tables_split),
    UNIT_TEST(test_mux_vip_zones),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("mux-tables", tests, argc, argv);
}

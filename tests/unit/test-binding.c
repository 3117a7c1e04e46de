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

#include "controller/manager/binding.h"

#include <stdlib.h>
#include <string.h>

#include "controller/manager/address.h"
#include "controller/manager/problems.h"
#include "openvswitch/vlog.h"
#include "tests/unit/unit.h"
#include "util.h"

#define MAX_SUBNETS 8

struct fixture {
    struct bindings b;
    struct problems problems;
    struct prefix subnets[MAX_SUBNETS];
    size_t n_subnets;
    char *addresses[32];
    size_t n_addresses;
};

/* Networks "a" (key 1), with 10.0.1.0/24 and fd00:1::/64, and "b" (key 2),
 * with 10.0.1.0/24, too, and 10.0.2.0/24. */
static void
start(struct fixture *f)
{
    static const char *const subnets[] = {
        "10.0.1.0/24", "fd00:1::/64", "10.0.1.0/24", "10.0.2.0/24",
    };

    memset(f, 0, sizeof *f);
    bindings_init(&f->b);
    problems_init(&f->problems);
    problems_begin(&f->problems);
    for (size_t i = 0; i < ARRAY_SIZE(subnets); i++) {
        CU_ASSERT_FATAL(prefix_parse(subnets[i], &f->subnets[i]));
    }
    bindings_add_network(&f->b, "a", 1, &f->subnets[0], 2);
    bindings_add_network(&f->b, "b", 2, &f->subnets[2], 2);
}

static void
finish(struct fixture *f)
{
    bindings_destroy(&f->b);
    problems_destroy(&f->problems);
    for (size_t i = 0; i < f->n_addresses; i++) {
        free(f->addresses[i]);
    }
}

/* Adds a port with addresses separated by spaces. */
static void
add_port(struct fixture *f, const char *node, const char *iface_id,
         const char *network, const char *addresses)
{
    size_t first = f->n_addresses;
    char *copy = xstrdup(addresses), *save = NULL;

    for (char *a = strtok_r(copy, " ", &save); a;
         a = strtok_r(NULL, " ", &save)) {
        f->addresses[f->n_addresses++] = xstrdup(a);
    }
    free(copy);

    struct binding_port port = {
        .node = node,
        .vtep = "172.16.0.1",
        .iface_id = iface_id,
        .mac = "02:00:00:00:00:01",
        .network = network,
        .addresses = &f->addresses[first],
        .n_addresses = f->n_addresses - first,
    };
    bindings_add_port(&f->b, &port);
}

static struct in6_addr
parse(const char *text)
{
    struct in6_addr address;

    CU_ASSERT_FATAL(address_parse(text, &address));
    return address;
}

static void
add_member(struct fixture *f, uint32_t key, const char *address,
           const char *name)
{
    struct in6_addr ip = parse(address);
    bindings_add_member(&f->b, key, &ip, name);
}

static void
add_known(struct fixture *f, uint32_t key, const char *address,
          const char *node, const char *iface_id)
{
    struct in6_addr ip = parse(address);
    bindings_add_known(&f->b, key, &ip, node, iface_id);
}

static void
resolve(struct fixture *f, size_t n_problems)
{
    bindings_resolve(&f->b, &f->problems);
    CU_ASSERT_EQUAL(sset_count(&f->problems.now), n_problems);
    if (sset_count(&f->problems.now) != n_problems) {
        const char *text;
        SSET_FOR_EACH (text, &f->problems.now) {
            printf("# %s\n", text);
        }
    }
}

/* Checks that 'address' in the network 'key' is on port "NODE/IFACE", or on
 * none. */
static void
check(const struct fixture *f, uint32_t key, const char *address,
      const char *expected)
{
    struct in6_addr ip = parse(address);
    const struct binding *binding = bindings_find(&f->b, key, &ip);

    if (!binding || !binding->port) {
        CU_ASSERT_PTR_NULL(expected);
        return;
    }
    char *port = xasprintf("%s/%s", binding->port->node,
                           binding->port->iface_id);
    CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
    CU_ASSERT_STRING_EQUAL(port, expected);
    free(port);
}

static void
test_binding_by_the_only_network(void)
{
    struct fixture f;

    start(&f);
    add_port(&f, "h1", "vm1", "", "10.0.2.4");
    add_port(&f, "h1", "vm2", "", "FD00:1::5");
    resolve(&f, 0);
    check(&f, 2, "10.0.2.4", "h1/vm1");
    check(&f, 1, "10.0.2.4", NULL);
    check(&f, 1, "fd00:1::5", "h1/vm2");
    finish(&f);
}

static void
test_binding_ambiguous_network(void)
{
    struct fixture f;

    start(&f);
    add_port(&f, "h1", "vm1", "", "10.0.1.4");
    resolve(&f, 1);
    check(&f, 1, "10.0.1.4", NULL);
    check(&f, 2, "10.0.1.4", NULL);
    finish(&f);

    /* Another address says which one is meant. */
    start(&f);
    add_port(&f, "h1", "vm1", "", "10.0.1.4 fd00:1::4");
    add_port(&f, "h2", "vm1", "", "10.0.2.4 10.0.1.4");
    resolve(&f, 0);
    check(&f, 1, "10.0.1.4", "h1/vm1");
    check(&f, 1, "fd00:1::4", "h1/vm1");
    check(&f, 2, "10.0.1.4", "h2/vm1");
    finish(&f);

    /* The port says. */
    start(&f);
    add_port(&f, "h1", "vm1", "b", "10.0.1.4");
    add_port(&f, "h1", "vm2", "a", "10.0.1.4");
    resolve(&f, 0);
    check(&f, 1, "10.0.1.4", "h1/vm2");
    check(&f, 2, "10.0.1.4", "h1/vm1");
    finish(&f);
}

/* A port whose address lies in several networks stays in the one it was in. */
static void
test_binding_stays_in_network(void)
{
    for (uint32_t key = 1; key <= 2; key++) {
        struct fixture f;

        start(&f);
        add_known(&f, key, "10.0.1.4", "h1", "vm1");
        add_port(&f, "h1", "vm1", "", "10.0.1.4");
        /* Others with its name or its node are not meant. */
        add_port(&f, "h1", "vm2", "", "10.0.1.4");
        add_port(&f, "h2", "vm1", "", "10.0.1.4");
        resolve(&f, 3);
        check(&f, key, "10.0.1.4", "h1/vm1");
        check(&f, 3 - key, "10.0.1.4", NULL);
        finish(&f);
    }

    /* Not if another address says where it is now. */
    struct fixture f;
    start(&f);
    add_known(&f, 1, "10.0.1.4", "h1", "vm1");
    add_port(&f, "h1", "vm1", "", "10.0.1.4 10.0.2.4");
    resolve(&f, 0);
    check(&f, 1, "10.0.1.4", NULL);
    check(&f, 2, "10.0.1.4", "h1/vm1");
    finish(&f);
}

static void
test_binding_no_network(void)
{
    struct fixture f;

    start(&f);
    add_port(&f, "h1", "vm1", "", "192.0.2.1");
    add_port(&f, "h1", "vm2", "", "");
    add_port(&f, "h1", "vm3", "c", "10.0.2.4");
    add_port(&f, "h1", "vm4", "", "10.0.2.4 fd00:1::4");
    resolve(&f, 4);
    check(&f, 2, "10.0.2.4", NULL);
    check(&f, 1, "fd00:1::4", NULL);
    finish(&f);
}

/* Garbage costs the garbage, not its neighbours. */
static void
test_binding_bad_addresses(void)
{
    struct fixture f;

    start(&f);
    add_port(&f, "h1", "vm1", "", "10.0.2.4 bad 10.0.2.300 192.0.2.7");
    resolve(&f, 3);
    check(&f, 2, "10.0.2.4", "h1/vm1");
    check(&f, 2, "192.0.2.7", NULL);
    finish(&f);
}

static void
test_binding_one_address_in_two_forms(void)
{
    struct fixture f;

    start(&f);
    add_port(&f, "h1", "vm1", "", "fd00:1::5 FD00:1:0::5");
    resolve(&f, 0);
    check(&f, 1, "fd00:1::5", "h1/vm1");
    finish(&f);
}

static void
test_binding_duplicate_address(void)
{
    struct fixture f;

    /* First by name, in whatever order they come. */
    start(&f);
    add_port(&f, "h2", "vm1", "", "10.0.2.4");
    add_port(&f, "h1", "vm9", "", "10.0.2.4");
    add_port(&f, "h1", "vm8", "", "10.0.2.4");
    resolve(&f, 2);
    check(&f, 2, "10.0.2.4", "h1/vm8");
    finish(&f);

    /* The one before stays. */
    start(&f);
    add_known(&f, 2, "10.0.2.4", "h2", "vm1");
    add_port(&f, "h1", "vm1", "", "10.0.2.4");
    add_port(&f, "h2", "vm1", "", "10.0.2.4");
    add_port(&f, "h3", "vm1", "", "10.0.2.4");
    resolve(&f, 2);
    check(&f, 2, "10.0.2.4", "h2/vm1");
    finish(&f);

    /* A member's name counts more. */
    start(&f);
    add_known(&f, 2, "10.0.2.4", "h2", "vm1");
    add_member(&f, 2, "10.0.2.4", "other");
    add_member(&f, 2, "10.0.2.4", "web-1");
    add_port(&f, "h2", "vm1", "", "10.0.2.4");
    add_port(&f, "h3", "web-1", "", "10.0.2.4");
    resolve(&f, 1);
    check(&f, 2, "10.0.2.4", "h3/web-1");
    finish(&f);
}

static void
test_binding_member_by_name(void)
{
    struct fixture f;

    /* Its port reports another address. */
    start(&f);
    add_member(&f, 2, "10.0.2.4", "vm1");
    add_port(&f, "h1", "vm1", "", "10.0.2.5");
    resolve(&f, 0);
    check(&f, 2, "10.0.2.4", "h1/vm1");
    check(&f, 2, "10.0.2.5", "h1/vm1");
    finish(&f);

    /* A port that reports the address comes first. */
    start(&f);
    add_member(&f, 2, "10.0.2.4", "vm1");
    add_port(&f, "h1", "vm1", "", "10.0.2.5");
    add_port(&f, "h1", "vm2", "", "10.0.2.4");
    resolve(&f, 0);
    check(&f, 2, "10.0.2.4", "h1/vm2");
    finish(&f);

    /* Names of another network do not count. */
    start(&f);
    add_member(&f, 1, "10.0.1.4", "vm1");
    add_port(&f, "h1", "vm1", "b", "10.0.2.5");
    resolve(&f, 0);
    check(&f, 1, "10.0.1.4", NULL);
    finish(&f);

    /* A port without addresses, in the network that it names. */
    start(&f);
    add_member(&f, 1, "10.0.1.4", "vm1");
    add_port(&f, "h1", "vm1", "a", "");
    resolve(&f, 0);
    check(&f, 1, "10.0.1.4", "h1/vm1");
    finish(&f);

    /* The name is there twice. */
    start(&f);
    add_member(&f, 1, "10.0.1.4", "vm1");
    add_known(&f, 1, "10.0.1.4", "h2", "vm1");
    add_port(&f, "h1", "vm1", "a", "");
    add_port(&f, "h2", "vm1", "a", "");
    resolve(&f, 1);
    check(&f, 1, "10.0.1.4", "h2/vm1");
    finish(&f);
}

static void
test_binding_of_nobody(void)
{
    struct fixture f;

    start(&f);
    add_member(&f, 1, "10.0.1.4", "vm1");
    add_known(&f, 2, "10.0.2.9", "h1", "vm2");
    resolve(&f, 0);
    check(&f, 1, "10.0.1.4", NULL);
    check(&f, 2, "10.0.2.9", NULL);
    check(&f, 1, "10.0.1.77", NULL);
    finish(&f);
    bindings_destroy(NULL);
}

/* Nested subnets of one network are no ambiguity. */
static void
test_binding_nested_subnets(void)
{
    struct bindings b;
    struct problems problems;
    struct prefix subnets[2];
    char *addresses[] = { xstrdup("10.1.2.3") };
    struct binding_port port = {
        .node = "h1", .vtep = "172.16.0.1", .iface_id = "vm1",
        .mac = "02:00:00:00:00:01", .network = "",
        .addresses = addresses, .n_addresses = 1,
    };

    bindings_init(&b);
    problems_init(&problems);
    CU_ASSERT_FATAL(prefix_parse("10.1.0.0/16", &subnets[0]));
    CU_ASSERT_FATAL(prefix_parse("10.1.2.0/24", &subnets[1]));
    bindings_add_network(&b, "a", 1, subnets, 2);
    bindings_add_port(&b, &port);
    bindings_resolve(&b, &problems);
    struct in6_addr ip = parse("10.1.2.3");
    CU_ASSERT_PTR_NOT_NULL_FATAL(bindings_find(&b, 1, &ip));
    CU_ASSERT_STRING_EQUAL(bindings_find(&b, 1, &ip)->port->iface_id, "vm1");
    CU_ASSERT(sset_is_empty(&problems.now));
    bindings_destroy(&b);
    problems_destroy(&problems);
    free(addresses[0]);
}

static void
test_binding_pools(void)
{
    struct fixture f;

    start(&f);
    add_port(&f, "h1", "vm1", "", "10.0.2.4");
    resolve(&f, 0);
    struct in6_addr ip = parse("10.0.2.4");
    struct binding *binding = bindings_find(&f.b, 2, &ip);
    for (int i = 1; i <= 5; i++) {
        binding_add_pool(binding, 10 * i, i);
    }
    CU_ASSERT_EQUAL(binding->n_pools, 5);
    CU_ASSERT_EQUAL(binding->pools[4].key, 50);
    CU_ASSERT_EQUAL(binding->pools[4].index, 5);
    finish(&f);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_binding_by_the_only_network),
    UNIT_TEST(test_binding_ambiguous_network),
    UNIT_TEST(test_binding_stays_in_network),
    UNIT_TEST(test_binding_no_network),
    UNIT_TEST(test_binding_bad_addresses),
    UNIT_TEST(test_binding_one_address_in_two_forms),
    UNIT_TEST(test_binding_duplicate_address),
    UNIT_TEST(test_binding_member_by_name),
    UNIT_TEST(test_binding_of_nobody),
    UNIT_TEST(test_binding_nested_subnets),
    UNIT_TEST(test_binding_pools),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_EMER);
    return unit_main("binding", tests, argc, argv);
}

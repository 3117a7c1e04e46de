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

#include "controller/manager/problems.h"
#include "lib/slb-address.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "tests/unit/unit.h"
#include "util.h"

#define MAX_REPORTS 8

struct fixture {
    struct bindings b;
    struct problems problems;
    struct binding_member members[8];
    size_t n_members;
    struct binding_known known[8];
    size_t n_known;
    int n_places;
};

/* What a node of the test reports. */
struct reports {
    struct binding_report list[MAX_REPORTS];
    size_t n;
    char *addresses[MAX_REPORTS][8];
    char *copies[MAX_REPORTS];
};

static void
count_place(void *f_, struct binding *binding, bool gone)
{
    struct fixture *f = f_;

    CU_ASSERT_PTR_NOT_NULL(binding);
    f->n_places += gone ? -1 : 1;
}

static void
set_network(struct fixture *f, const char *name, uint32_t key,
            const char *first, const char *second)
{
    struct slb_prefix subnets[2];

    CU_ASSERT_FATAL(slb_prefix_parse_loosely(first, &subnets[0]));
    CU_ASSERT_FATAL(!second
                    || slb_prefix_parse_loosely(second, &subnets[1]));
    bindings_set_network(&f->b, name, key, subnets, second ? 2 : 1);
}

/* Networks "a" (key 1), with 10.0.1.0/24 and fd00:1::/64, and "b" (key 2),
 * with 10.0.1.0/24, too, and 10.0.2.0/24. */
static void
start(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    problems_init(&f->problems);
    bindings_init(&f->b, &f->problems, count_place, f);
    set_network(f, "a", 1, "10.0.1.0/24", "fd00:1::/64");
    set_network(f, "b", 2, "10.0.1.0/24", "10.0.2.0/24");
}

static void
remove_members(struct fixture *f)
{
    for (size_t i = 0; i < f->n_members; i++) {
        bindings_remove_member(&f->b, &f->members[i]);
    }
    f->n_members = 0;
}

static void
finish(struct fixture *f)
{
    remove_members(f);
    for (size_t i = 0; i < f->n_known; i++) {
        bindings_remove_known(&f->b, &f->known[i]);
    }
    bindings_destroy(&f->b);
    CU_ASSERT_EQUAL(f->n_places, 0);
    problems_settle(&f->problems);
    CU_ASSERT_EQUAL(problems_count(&f->problems), 0);
    problems_destroy(&f->problems);
}

/* Adds a port with addresses separated by spaces. */
static void
report(struct reports *r, const char *iface_id, const char *network,
       const char *addresses)
{
    char *save = NULL;
    size_t n = 0;

    r->copies[r->n] = xstrdup(addresses);
    for (char *a = strtok_r(r->copies[r->n], " ", &save); a;
         a = strtok_r(NULL, " ", &save)) {
        r->addresses[r->n][n++] = a;
    }
    r->list[r->n] = (struct binding_report) {
        .iface_id = iface_id,
        .mac = "02:00:00:00:00:01",
        .network = network,
        .addresses = r->addresses[r->n],
        .n_addresses = n,
    };
    r->n++;
}

static void
set_node(struct fixture *f, const char *node, struct reports *r)
{
    bindings_set_node(&f->b, node, "172.16.0.1", r->list, r->n);
    for (size_t i = 0; i < r->n; i++) {
        free(r->copies[i]);
    }
    memset(r, 0, sizeof *r);
}

/* Adds a port to those that 'node' has. */
static void
add_port(struct fixture *f, const char *node, const char *iface_id,
         const char *network, const char *addresses)
{
    const struct binding_node *bn = shash_find_data(&f->b.nodes, node);
    struct reports r = { .n = 0 };

    if (bn) {
        const struct binding_port *port;

        LIST_FOR_EACH (port, node_node, &bn->ports) {
            struct ds ds = DS_EMPTY_INITIALIZER;

            for (size_t i = 0; i < port->n_addresses; i++) {
                ds_put_format(&ds, "%s ", port->addresses[i].text);
            }
            report(&r, port->iface_id, port->network_name, ds_cstr(&ds));
            ds_destroy(&ds);
        }
    }
    report(&r, iface_id, network, addresses);
    set_node(f, node, &r);
}

static struct in6_addr
parse(const char *text)
{
    struct in6_addr address;

    CU_ASSERT_FATAL(slb_address_parse(text, &address));
    return address;
}

static struct binding_member *
add_member(struct fixture *f, uint32_t key, const char *address,
           const char *name)
{
    struct binding_member *member = &f->members[f->n_members++];
    struct in6_addr ip = parse(address);

    bindings_add_member(&f->b, member, name, &ip, key);
    return member;
}

/* In the network with 'key' or else in that with 'other', if that is not
 * 0. */
static struct binding_member *
add_member_by_name(struct fixture *f, uint32_t key, uint32_t other,
                   const char *name, const char *before, bool ipv6)
{
    struct binding_member *member = &f->members[f->n_members++];
    struct in6_addr ip = before ? parse(before) : in6addr_any;
    uint32_t keys[] = { key, other };

    bindings_add_member_by_name(&f->b, member, name, ipv6, &ip, keys,
                                other ? 2 : 1);
    return member;
}

static void
add_known(struct fixture *f, uint32_t key, const char *address,
          const char *node, const char *iface_id)
{
    struct in6_addr ip = parse(address);

    bindings_add_known(&f->b, &f->known[f->n_known++], key, &ip, node,
                       iface_id);
}

static void
resolve(struct fixture *f, size_t n_problems)
{
    bindings_resolve(&f->b);
    CU_ASSERT_EQUAL(problems_count(&f->problems), n_problems);
    if (problems_count(&f->problems) != n_problems) {
        struct svec texts = SVEC_EMPTY_INITIALIZER;

        problems_get(&f->problems, &texts);
        for (size_t i = 0; i < texts.n; i++) {
            printf("# %s\n", texts.names[i]);
        }
        svec_destroy(&texts);
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

/* Checks where a member is, NULL for nowhere. */
static void
check_member(const struct binding_member *member, uint32_t key,
             const char *expected)
{
    if (!expected) {
        CU_ASSERT_PTR_NULL(member->binding);
        return;
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(member->binding);
    CU_ASSERT_EQUAL(member->binding->network_key, key);
    char *address = slb_address_to_string(&member->binding->address);
    CU_ASSERT_STRING_EQUAL(address, expected);
    free(address);
}

/* Returns what has changed, takes it all and checks that it is dirty. */
static size_t
pop_changed(struct fixture *f)
{
    struct binding *binding;
    size_t n = 0;

    while ((binding = bindings_pop_changed(&f->b))) {
        CU_ASSERT_FALSE(ovs_list_is_empty(&binding->dirty_node));
        bindings_clear_dirty(&f->b, binding);
        n++;
    }
    return n;
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
    struct fixture f;

    start(&f);
    set_network(&f, "c", 3, "10.1.0.0/16", "10.1.2.0/24");
    add_port(&f, "h1", "vm1", "", "10.1.2.3");
    resolve(&f, 0);
    check(&f, 3, "10.1.2.3", "h1/vm1");
    finish(&f);
}

/* Members without an address of their own. */
static void
test_binding_address_by_name(void)
{
    struct binding_member *m[4];
    struct fixture f;

    start(&f);
    m[0] = add_member_by_name(&f, 2, 0, "vm1", NULL, false);
    m[1] = add_member_by_name(&f, 2, 0, "vm1", "10.0.2.9", false);
    m[2] = add_member_by_name(&f, 2, 1, "vm6", NULL, true);
    m[3] = add_member_by_name(&f, 1, 0, "vm1", NULL, false);
    resolve(&f, 0);
    check_member(m[0], 0, NULL);
    CU_ASSERT_PTR_NULL(bindings_pop_changed_member(&f.b));

    /* The lowest one, the one before, that of a peer, of the right family. */
    add_port(&f, "h1", "vm1", "b", "10.0.2.9 10.0.2.5");
    add_port(&f, "h1", "vm6", "a", "10.0.1.6 fd00:1::6");
    resolve(&f, 0);
    check_member(m[0], 2, "10.0.2.5");
    check_member(m[1], 2, "10.0.2.9");
    check_member(m[2], 1, "fd00:1::6");
    check_member(m[3], 0, NULL);
    size_t n = 0;
    while (bindings_pop_changed_member(&f.b)) {
        n++;
    }
    CU_ASSERT_EQUAL(n, 3);

    /* It stays where it is when there is a lower one, and moves when not. */
    struct reports r = { .n = 0 };
    report(&r, "vm1", "b", "10.0.2.5 10.0.2.4 10.0.2.3");
    set_node(&f, "h1", &r);
    resolve(&f, 0);
    check_member(m[0], 2, "10.0.2.5");
    check_member(m[1], 2, "10.0.2.3");
    check_member(m[2], 0, NULL);
    while (bindings_pop_changed_member(&f.b)) {
        n++;
    }
    CU_ASSERT_EQUAL(n, 5);

    bindings_remove_node(&f.b, "h1");
    resolve(&f, 0);
    check_member(m[0], 0, NULL);
    finish(&f);
}

/* What did not change is not looked at. */
static void
test_binding_changes(void)
{
    struct fixture f;

    start(&f);
    add_port(&f, "h1", "vm1", "", "10.0.2.4");
    add_port(&f, "h1", "vm2", "", "10.0.2.5");
    add_member(&f, 2, "10.0.2.4", "vm1");
    add_member(&f, 2, "10.0.2.77", "nobody");
    resolve(&f, 0);
    CU_ASSERT_EQUAL(pop_changed(&f), 2);

    /* The same again. */
    struct reports r = { .n = 0 };
    report(&r, "vm2", "", "10.0.2.5");
    report(&r, "vm1", "", "10.0.2.4");
    set_node(&f, "h1", &r);
    set_network(&f, "b", 2, "10.0.1.0/24", "10.0.2.0/24");
    resolve(&f, 0);
    CU_ASSERT_EQUAL(pop_changed(&f), 0);

    /* Another member: a row has to be looked at, but nobody is elsewhere. */
    add_member(&f, 2, "10.0.2.4", "vm1");
    resolve(&f, 0);
    CU_ASSERT_EQUAL(pop_changed(&f), 0);
    CU_ASSERT_FALSE(ovs_list_is_empty(&f.b.dirty));
    struct in6_addr ip = parse("10.0.2.4");
    bindings_clear_dirty(&f.b, bindings_find(&f.b, 2, &ip));

    /* The VTEP is another one. */
    report(&r, "vm2", "", "10.0.2.5");
    report(&r, "vm1", "", "10.0.2.4");
    bindings_set_node(&f.b, "h1", "172.16.0.2", r.list, r.n);
    free(r.copies[0]);
    free(r.copies[1]);
    resolve(&f, 0);
    CU_ASSERT_EQUAL(pop_changed(&f), 2);
    check(&f, 2, "10.0.2.4", "h1/vm1");

    /* The network goes and comes with another key. */
    bindings_remove_network(&f.b, "b");
    resolve(&f, 2);
    CU_ASSERT_EQUAL(pop_changed(&f), 2);
    check(&f, 2, "10.0.2.4", NULL);
    set_network(&f, "b", 9, "10.0.2.0/24", NULL);
    resolve(&f, 0);
    CU_ASSERT_EQUAL(pop_changed(&f), 2);
    check(&f, 9, "10.0.2.5", "h1/vm2");
    finish(&f);
}

/* A VM moves: the old host forgets it after the new one has reported it. */
static void
test_binding_move(void)
{
    struct fixture f;

    start(&f);
    add_port(&f, "h2", "vm1", "", "10.0.2.4");
    resolve(&f, 0);
    CU_ASSERT_EQUAL(pop_changed(&f), 1);
    add_known(&f, 2, "10.0.2.4", "h2", "vm1");
    add_port(&f, "h1", "vm1", "", "10.0.2.4");
    resolve(&f, 1);
    CU_ASSERT_EQUAL(pop_changed(&f), 0);
    check(&f, 2, "10.0.2.4", "h2/vm1");
    bindings_remove_node(&f.b, "h2");
    resolve(&f, 0);
    CU_ASSERT_EQUAL(pop_changed(&f), 1);
    check(&f, 2, "10.0.2.4", "h1/vm1");
    finish(&f);
}

/* Checks where 'member' is astray: "NODE NETWORK", with "!" after a network
 * that would be right; NULL for nowhere. */
static void
check_astray(const struct fixture *f, const struct binding_member *member,
             const char *expected)
{
    struct binding_astray astray;

    if (!bindings_find_astray(&f->b, member, &astray)) {
        CU_ASSERT_PTR_NULL(expected);
        return;
    }
    char *s = xasprintf("%s %s%s", astray.node,
                        astray.network ? astray.network : "-",
                        astray.without_address ? "!" : "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
    CU_ASSERT_STRING_EQUAL(s, expected);
    free(s);
}

static size_t
pop_changed_members(struct fixture *f)
{
    size_t n = 0;

    while (bindings_pop_changed_member(&f->b)) {
        n++;
    }
    return n;
}

/* Members that are on no port know where a port with their name is. */
static void
test_binding_astray(void)
{
    struct fixture f;

    start(&f);
    for (size_t i = 0; i < ARRAY_SIZE(f.members); i++) {
        f.members[i].declared = i != 3;
    }
    struct binding_member *m[] = {
        add_member(&f, 1, "10.0.1.4", "vm1"),
        add_member_by_name(&f, 1, 0, "vm1", NULL, false),
        add_member_by_name(&f, 1, 2, "vm1", NULL, false),
        add_member(&f, 1, "10.0.1.5", "vm1"),   /* Nobody wants it. */
        add_member(&f, 1, "10.0.1.6", "vm2"),
    };
    resolve(&f, 0);
    CU_ASSERT_EQUAL(pop_changed_members(&f), 0);
    for (size_t i = 0; i < ARRAY_SIZE(m); i++) {
        check_astray(&f, m[i], NULL);
    }

    /* In a network that is not theirs, or in none. */
    add_port(&f, "h2", "vm1", "", "10.0.2.4");
    resolve(&f, 0);
    check_astray(&f, m[0], "h2 b");
    check_astray(&f, m[1], "h2 b");
    check_astray(&f, m[2], NULL);
    check_astray(&f, m[3], NULL);
    check_astray(&f, m[4], NULL);
    CU_ASSERT_EQUAL(pop_changed_members(&f), 3);
    add_port(&f, "h1", "vm1", "", "10.9.0.1");
    resolve(&f, 1);
    check_astray(&f, m[0], "h1 -");
    check_astray(&f, m[1], "h1 -");
    check_astray(&f, m[2], NULL);
    CU_ASSERT_EQUAL(pop_changed_members(&f), 2);

    /* In theirs, but without address: the name is enough for one that has
     * its own. */
    add_port(&f, "h3", "vm1", "a", "fd00:1::4");
    resolve(&f, 1);
    check_astray(&f, m[0], NULL);
    check_astray(&f, m[1], "h3 a!");
    check_astray(&f, m[2], NULL);
    CU_ASSERT_EQUAL(pop_changed_members(&f), 1);

    /* All goes again. */
    bindings_remove_node(&f.b, "h3");
    resolve(&f, 1);
    check_astray(&f, m[0], "h1 -");
    CU_ASSERT_EQUAL(pop_changed_members(&f), 1);
    bindings_remove_node(&f.b, "h1");
    bindings_remove_node(&f.b, "h2");
    resolve(&f, 0);
    for (size_t i = 0; i < ARRAY_SIZE(m); i++) {
        check_astray(&f, m[i], NULL);
    }
    CU_ASSERT_EQUAL(pop_changed_members(&f), 3);

    /* Ports that have nothing to do with them are no news. */
    add_port(&f, "h1", "vm3", "", "10.0.2.7");
    resolve(&f, 0);
    CU_ASSERT_EQUAL(pop_changed_members(&f), 0);
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
    UNIT_TEST(test_binding_address_by_name),
    UNIT_TEST(test_binding_changes),
    UNIT_TEST(test_binding_move),
    UNIT_TEST(test_binding_astray),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_EMER);
    return unit_main("binding", tests, argc, argv);
}

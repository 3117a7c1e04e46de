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

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "tests/unit/unit.h"
#include "util.h"
#include "yaml/slb-diff.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-print.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-text.h"
#include "yaml/slb-validate.h"

/* The exact messages for wrong files are in tests/unit/yaml-errors/; here is
 * what needs more than one file, a database, or a program. */

#define NETWORK                                                     \
    "kind: VirtualNetwork\n"                                        \
    "name: prod\n"                                                  \
    "subnets:\n"                                                    \
    "- {name: web, prefix: 10.0.1.0/24}\n"
#define LOAD_BALANCER(NAME, FRONTEND, MEMBER)                       \
    "kind: LoadBalancer\n"                                          \
    "name: " NAME "\n"                                              \
    "network: prod\n"                                               \
    "frontends:\n"                                                  \
    "- {name: public, address: " FRONTEND "}\n"                     \
    "backendPools:\n"                                               \
    "- name: servers\n"                                             \
    "  members:\n"                                                  \
    "  - {name: vm1, address: " MEMBER "}\n"                        \
    "rules:\n"                                                      \
    "- {name: http, frontend: public, backendPool: servers, protocol: Tcp,\n" \
    "   frontendPort: 80, backendPort: 8080}\n"
#define WEB LOAD_BALANCER("web", "20.50.60.10", "10.0.1.4")

static void
read_text(struct slb_input *input, const char *name, const char *text)
{
    slb_input_add_text(input, name, text, strlen(text));
}

/* Reads 'text' and checks that it is valid. */
static void
read_valid(struct slb_input *input, const char *text)
{
    slb_input_init(input);
    read_text(input, "text", text);
    slb_validate(input, NULL);

    struct ds ds = DS_EMPTY_INITIALIZER;
    slb_errors_format(&input->errors, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "");
    ds_destroy(&ds);
}

/* Makes an object in a database of what was read from a text. */
static void
forget_text(struct slb_object *object)
{
    object->mark.source = NULL;
    free(object->marks);
    object->marks = NULL;
    for (size_t i = 0; i < object->class->n_fields; i++) {
        const struct slb_field *field = &object->class->fields[i];
        if (field->type == SLB_T_LIST) {
            struct slb_list *list = slb_field_value(field, object);
            for (size_t j = 0; j < list->n; j++) {
                forget_text(list->at[j]);
            }
        }
    }
}

/* Makes 'base' a database that has what 'text' says, which may be "". */
static void
read_base(struct slb_input *base, const char *text)
{
    if (!text[0]) {
        slb_input_init(base);
        return;
    }
    read_valid(base, text);
    for (size_t i = 0; slb_kinds[i]; i++) {
        struct slb_list *list = slb_model_list(&base->model, slb_kinds[i]);
        for (size_t j = 0; j < list->n; j++) {
            forget_text(list->at[j]);
        }
    }
}

/* Checks that the errors in 'text' are 'expected', when a database has what
 * 'base_text' says. */
static void
check_errors(const char *base_text, const char *text, const char *expected)
{
    struct slb_input base, input;
    struct ds ds = DS_EMPTY_INITIALIZER;

    read_base(&base, base_text);
    slb_input_init(&input);
    read_text(&input, "text", text);
    slb_validate(&input, &base.model);
    slb_errors_format(&input.errors, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), expected);
    if (strcmp(ds_cstr(&ds), expected)) {
        printf("# got: %s", ds_cstr(&ds));
    }
    ds_destroy(&ds);
    slb_input_destroy(&input);
    slb_input_destroy(&base);
}

static void
test_yaml_fills_the_model(void)
{
    struct slb_input input;

    read_valid(&input, NETWORK "---\n"
               "kind: LoadBalancer\n"
               "name: web\n"
               "sku: Basic\n"
               "network: prod\n"
               "frontends:\n"
               "- {name: internal, address: 10.0.1.100}\n"
               "backendPools:\n"
               "- name: servers\n"
               "  members:\n"
               "  - {name: vm1, address: 10.0.1.4}\n"
               "  - {name: vm2, address: 10.0.1.5, weight: 0}\n"
               "rules:\n"
               "- name: dns\n"
               "  frontend: internal\n"
               "  backendPool: servers\n"
               "  protocol: Udp\n"
               "  frontendPort: 53\n"
               "  backendPort: 5353\n"
               "  loadDistribution: Default\n"
               "  idleTimeoutInMinutes: 30\n");
    CU_ASSERT_EQUAL_FATAL(input.model.networks.n, 1);
    CU_ASSERT_EQUAL_FATAL(input.model.load_balancers.n, 1);

    const struct slb_load_balancer *lb = input.model.load_balancers.at[0];
    CU_ASSERT_EQUAL(lb->sku, SLB_SKU_BASIC);
    CU_ASSERT_STRING_EQUAL(lb->network, "prod");
    CU_ASSERT_EQUAL(lb->frontends.n, 1);
    CU_ASSERT_EQUAL_FATAL(lb->backend_pools.n, 1);
    CU_ASSERT_EQUAL_FATAL(lb->backend_pools.at[0]->members.n, 2);
    CU_ASSERT_EQUAL(lb->backend_pools.at[0]->members.at[0]->weight, 1);
    CU_ASSERT_EQUAL(lb->backend_pools.at[0]->members.at[1]->weight, 0);

    CU_ASSERT_EQUAL_FATAL(lb->rules.n, 1);
    const struct slb_rule *rule = lb->rules.at[0];
    CU_ASSERT_STRING_EQUAL(rule->frontend, "internal");
    CU_ASSERT_STRING_EQUAL(rule->backend_pool, "servers");
    CU_ASSERT_EQUAL(rule->protocol, SLB_PROTOCOL_UDP);
    CU_ASSERT_EQUAL(rule->frontend_port, 53);
    CU_ASSERT_EQUAL(rule->backend_port, 5353);
    CU_ASSERT_EQUAL(rule->idle_timeout, 30);

    char *path = slb_object_path(&rule->obj);
    CU_ASSERT_STRING_EQUAL(path, "LoadBalancer/web/rules/dns");
    free(path);
    slb_input_destroy(&input);
}

static void
test_yaml_defaults(void)
{
    struct slb_input input;

    read_valid(&input, NETWORK "---\n" WEB);
    const struct slb_load_balancer *lb = input.model.load_balancers.at[0];
    CU_ASSERT_EQUAL(lb->sku, SLB_SKU_STANDARD);
    CU_ASSERT_EQUAL(lb->rules.at[0]->idle_timeout, 4);
    CU_ASSERT_EQUAL(lb->rules.at[0]->load_distribution,
                    SLB_DISTRIBUTION_DEFAULT);
    slb_input_destroy(&input);
}

/* Objects may be spread over files, in any order. */
static void
test_yaml_several_files(void)
{
    struct slb_input input;
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_input_init(&input);
    read_text(&input, "web.yaml", WEB);
    read_text(&input, "prod.yaml", "---\n---\n" NETWORK "---\n");
    slb_validate(&input, NULL);
    CU_ASSERT_EQUAL(input.errors.n, 0);

    /* Errors come in the order of the files, not in that of checks. */
    read_text(&input, "more.yaml", NETWORK);
    read_text(&input, "wrong.yaml", "kind: x\n");
    read_text(&input, "shop.yaml",
              LOAD_BALANCER("shop", "20.50.60.10", "10.0.2.4"));
    slb_validate(&input, NULL);
    slb_errors_format(&input.errors, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds),
        "more.yaml:2:7: the name 'prod' is that of virtual network 'prod' "
        "(prod.yaml:4:7), expected another one\n"
        "wrong.yaml:1:7: 'kind' is 'x', expected VirtualNetwork, "
        "PublicIPPrefix, LoadBalancer or AzureIds\n"
        "shop.yaml:5:27: address 20.50.60.10 is that of frontend 'public' "
        "(web.yaml:5:27), expected another one\n"
        "shop.yaml:9:26: address 10.0.2.4 is outside of virtual network "
        "'prod' (prod.yaml:6:1), expected one in its subnets "
        "(10.0.1.0/24)\n");
    ds_destroy(&ds);
    slb_input_destroy(&input);
}

static void
test_yaml_anchors(void)
{
    struct slb_input input;

    read_valid(&input,
               "- kind: VirtualNetwork\n"
               "  name: blue\n"
               "  subnets: &subnets\n"
               "  - {name: web, prefix: &prefix 10.0.1.0/24}\n"
               "- kind: VirtualNetwork\n"
               "  name: green\n"
               "  subnets: *subnets\n"
               "- {kind: VirtualNetwork, name: red,\n"
               "   subnets: [{name: other, prefix: *prefix}]}\n");
    CU_ASSERT_EQUAL(input.model.networks.n, 3);
    CU_ASSERT_EQUAL(input.model.networks.at[1]->subnets.n, 1);
    slb_input_destroy(&input);
}

static void
test_yaml_too_many_errors(void)
{
    struct slb_input input;
    struct ds text = DS_EMPTY_INITIALIZER;
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (int i = 0; i < 10; i++) {
        ds_put_cstr(&text, "---\n" NETWORK);
        for (int j = 0; j < 500; j++) {
            ds_put_format(&text, "key%d: x\n", j);
        }
    }
    slb_input_init(&input);
    slb_input_add_text(&input, "text", ds_cstr(&text), text.length);
    CU_ASSERT_EQUAL(input.errors.n, SLB_ERRORS_MAX);
    slb_errors_format(&input.errors, &ds);
    CU_ASSERT_PTR_NOT_NULL(strstr(ds_cstr(&ds), "further ones are not shown"));
    ds_destroy(&ds);
    ds_destroy(&text);
    slb_input_destroy(&input);
}

/* What "slb-ctl get -o json" prints of a large cloud is one document. */
static void
test_yaml_large_document(void)
{
    struct slb_input input;
    struct ds text = DS_EMPTY_INITIALIZER;

    ds_put_char(&text, '[');
    for (int i = 0; i < 2000; i++) {
        ds_put_format(&text, "%s{kind: VirtualNetwork, name: net%d, "
                      "subnets: [", i ? ",\n" : "", i);
        for (int j = 0; j < 50; j++) {
            ds_put_format(&text, "%s{name: s%d, prefix: 10.%d.0.0/16}",
                          j ? ", " : "", j, j);
        }
        ds_put_cstr(&text, "]}");
    }
    ds_put_cstr(&text, "]\n");
    read_valid(&input, ds_cstr(&text));
    CU_ASSERT_EQUAL(input.model.networks.n, 2000);
    ds_destroy(&text);
    slb_input_destroy(&input);
}

/* Whatever is cut off, there is an error, unless what is left is whole. */
static void
test_yaml_cut_off(void)
{
    static const char text[] = NETWORK "---\n" WEB;
    const char *const ends[] = {
        strstr(text, "---"), strstr(text, "kind: LoadBalancer"),
        strstr(text, "backendPools"), strstr(text, "rules"),
        text + strlen(text),
    };

    for (const char *end = text; *end; end++) {
        bool whole = false;
        for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
            /* With the newline at the end, or without. */
            whole |= end == ends[i] || end + 1 == ends[i];
        }

        struct slb_input input;
        slb_input_init(&input);
        slb_input_add_text(&input, "text", text, end - text);
        slb_validate(&input, NULL);
        CU_ASSERT_EQUAL(!input.errors.n, whole);
        slb_input_destroy(&input);
    }
}

static void
test_validate_against_database(void)
{
    check_errors(NETWORK, WEB, "");
    check_errors("", WEB, "text:3:10: 'network' is 'prod', but there is no "
                 "such virtual network in the files or the database, expected "
                 "a virtual network of that name to be there\n");

    /* What the files replace does not count. */
    check_errors(NETWORK "---\n" WEB, NETWORK "---\n" WEB, "");
    check_errors(NETWORK "---\n" WEB,
                 LOAD_BALANCER("web", "20.50.60.11", "10.0.1.4") "---\n"
                 LOAD_BALANCER("shop", "20.50.60.10", "10.0.1.4"), "");

    check_errors(NETWORK "---\n" WEB,
                 LOAD_BALANCER("shop", "20.50.60.10", "10.0.1.4"),
                 "text:5:27: address 20.50.60.10 is that of frontend 'public' "
                 "of load balancer 'web' in the database, expected another "
                 "one\n");
}

/* A network that is changed must fit those who use it. */
static void
test_validate_changed_network(void)
{
    check_errors(NETWORK "---\n" WEB,
                 "kind: VirtualNetwork\n"
                 "name: prod\n"
                 "subnets:\n"
                 "- {name: web, prefix: 10.0.2.0/24}\n",
                 "text:4:1: LoadBalancer/web/backendPools/servers/members/vm1 "
                 "is in the database, and address 10.0.1.4 is outside of "
                 "virtual network 'prod' (text:4:1), expected one in its "
                 "subnets (10.0.2.0/24)\n");
    check_errors(NETWORK "---\n" WEB,
                 "kind: VirtualNetwork\n"
                 "name: prod\n"
                 "subnets:\n"
                 "- {name: web, prefix: 10.0.1.0/24}\n"
                 "- {name: more, prefix: 10.0.2.0/24}\n", "");
}

/* Internal frontends and members of a network share its addresses, wherever
 * they are declared; those of different networks have nothing to do with one
 * another. */
static void
test_validate_internal_frontends(void)
{
    static const char other_network[] =
        "kind: VirtualNetwork\n"
        "name: test\n"
        "subnets:\n"
        "- {name: web, prefix: 10.0.1.0/24}\n"
        "---\n"
        "kind: LoadBalancer\n"
        "name: test\n"
        "network: test\n"
        "frontends:\n"
        "- {name: internal, address: 10.0.1.100}\n"
        "- {name: other, address: 10.0.1.4}\n";

    check_errors(NETWORK "---\n"
                 LOAD_BALANCER("web", "10.0.1.100", "10.0.1.4"),
                 other_network, "");
    check_errors(NETWORK "---\n"
                 LOAD_BALANCER("web", "10.0.1.100", "10.0.1.4"),
                 LOAD_BALANCER("shop", "10.0.1.100", "10.0.1.5"),
                 "text:5:27: address 10.0.1.100 is that of frontend 'public' "
                 "of load balancer 'web' in the database, expected another "
                 "one\n");
    check_errors(NETWORK "---\n"
                 LOAD_BALANCER("web", "10.0.1.100", "10.0.1.4"),
                 LOAD_BALANCER("shop", "20.50.60.11", "10.0.1.100"),
                 "text:9:26: address 10.0.1.100 is that of frontend 'public' "
                 "of load balancer 'web' in the database, expected another "
                 "one\n");
    check_errors(NETWORK "---\n"
                 LOAD_BALANCER("web", "20.50.60.10", "10.0.1.4"),
                 LOAD_BALANCER("shop", "10.0.1.4", "10.0.1.5"),
                 "text:5:27: address 10.0.1.4 is that of member 'vm1' of "
                 "backend pool 'servers' in the database, expected another "
                 "one\n");
}

#define PREFIX(LENGTH)                                              \
    "kind: PublicIPPrefix\nname: out\nprefix: 20.9.0.0/" LENGTH "\n"
#define FRONTEND(NAME, FIELDS)                                      \
    "kind: LoadBalancer\nname: " NAME "\nnetwork: prod\nfrontends:\n" \
    "- {name: a, " FIELDS "}\n"

/* What load balancers in the database use may change only as far as they
 * still fit. */
static void
test_validate_changed_prefix(void)
{
    static const char base[] =
        NETWORK "---\n" PREFIX("30") "---\n"
        FRONTEND("a", "publicIPPrefix: out") "---\n"
        FRONTEND("b", "publicIPPrefix: out, address: 20.9.0.3");

    check_errors(base, PREFIX("29"), "");
    check_errors(base, PREFIX("31"),
                 "text:3:9: LoadBalancer/b/frontends/a is in the database, "
                 "and address 20.9.0.3 is outside of public IP prefix 'out' "
                 "(text:3:9), expected one in 20.9.0.0/31\n");
    check_errors(base, "kind: PublicIPPrefix\nname: out\n"
                 "prefix: 20.9.0.3/32\n",
                 "text:3:9: LoadBalancer/b/frontends/a is in the database, "
                 "and public IP prefix 'out' (text:3:9) has 1 address for "
                 "frontends, and this is the frontend number 2, expected "
                 "another one\n");
    check_errors(base, "kind: PublicIPPrefix\nname: more\n"
                 "prefix: 20.9.0.0/24\n",
                 "text:3:9: 20.9.0.0/24 overlaps 20.9.0.0/30 of public IP "
                 "prefix 'out' in the database, expected public IP prefixes "
                 "to be apart\n");
    check_errors(base, "kind: VirtualNetwork\nname: prod\n"
                 "subnets: [{name: all, prefix: 20.0.0.0/8}]\n",
                 "text:3:10: LoadBalancer/a/frontends/a is in the database, "
                 "and public IP prefix 'out' in the database overlaps subnet "
                 "'all' (text:3:31) of virtual network 'prod', expected "
                 "addresses that are outside of the load balancer's network\n"
                 "text:3:10: LoadBalancer/b/frontends/a is in the database, "
                 "and public IP prefix 'out' in the database overlaps subnet "
                 "'all' (text:3:31) of virtual network 'prod', expected "
                 "addresses that are outside of the load balancer's "
                 "network\n");

    /* Frontends in the database come first. */
    check_errors(base, FRONTEND("c", "publicIPPrefix: out") "---\n"
                 FRONTEND("d", "publicIPPrefix: out") "---\n"
                 FRONTEND("e", "publicIPPrefix: out"),
                 "text:17:29: public IP prefix 'out' in the database has 4 "
                 "addresses for frontends, and this is the frontend number 5, "
                 "expected another one\n");
}

static void
test_validate_changed_subnets(void)
{
    static const char base[] =
        NETWORK "- {name: db, prefix: 10.0.2.0/24}\n---\n"
        "kind: LoadBalancer\n"
        "name: web\n"
        "network: prod\n"
        "frontends:\n"
        "- {name: internal, subnet: db}\n"
        "- {name: public, address: 20.50.60.10}\n"
        "backendPools: [{name: servers, members: [{name: vm1}]}]\n"
        "outboundRules: [{name: out, frontends: [public],\n"
        "                 backendPool: servers}]\n";

    check_errors(base, NETWORK,
                 "text:4:1: LoadBalancer/web/frontends/internal is in the "
                 "database, and 'subnet' is 'db', but there is no such subnet "
                 "in virtual network 'prod' (text:4:1), expected 'web'\n");
    check_errors(base, NETWORK
                 "- {name: db, prefix: 10.0.2.0/24, gateway: 10.0.2.9}\n", "");

    /* The frontend of the outbound rule becomes an internal one. */
    check_errors(base, NETWORK
                 "- {name: db, prefix: 10.0.2.0/24}\n"
                 "- {name: all, prefix: 20.50.0.0/16}\n",
                 "text:4:1: LoadBalancer/web/outboundRules/out is in the "
                 "database, and frontend 'public' of load balancer 'web' in "
                 "the database is internal, expected a public frontend, whose "
                 "address is known outside\n");
}

#define PEER(NAME, PREFIX, PEERINGS)                                \
    "kind: VirtualNetwork\nname: " NAME "\n"                        \
    "subnets:\n- {name: s, prefix: " PREFIX "}\n"                   \
    "peerings: [" PEERINGS "]\n"

static void
test_validate_peers(void)
{
    static const char base[] =
        PEER("a", "10.1.0.0/16", "b") "---\n"
        PEER("b", "10.2.0.0/16", "a");

    /* A peering takes a change of both. */
    check_errors(base, PEER("c", "10.3.0.0/16", "a"),
                 "text:5:12: virtual network 'a' in the database does not "
                 "have 'c' in its 'peerings', expected both to name one "
                 "another\n");
    check_errors(base, PEER("c", "10.3.0.0/16", "a") "---\n"
                 PEER("a", "10.1.0.0/16", "b, c"), "");
    check_errors(base, PEER("a", "10.1.0.0/16", ""),
                 "text:5:11: 'peerings' does not have 'b', which in the "
                 "database has 'a' in its 'peerings', expected both to name "
                 "one another\n");
    check_errors(base, PEER("a", "10.1.0.0/16", "") "---\n"
                 PEER("b", "10.1.0.0/16", ""), "");

    /* Peers are apart, also those of a network that stays as it is. */
    check_errors(base, PEER("a", "10.2.9.0/24", "b"),
                 "text:5:11: 10.2.9.0/24 of subnet 's' of virtual network 'a' "
                 "(text:4:21) overlaps 10.2.0.0/16 of subnet 's' of virtual "
                 "network 'b' in the database, expected the subnets of peers "
                 "to be apart\n");
    check_errors(PEER("a", "10.1.0.0/16", "b, c") "---\n"
                 PEER("b", "10.2.0.0/16", "a") "---\n"
                 PEER("c", "10.3.0.0/16", "a"),
                 PEER("c", "10.2.8.0/24", "a"),
                 "text:4:1: VirtualNetwork/a is in the database, and "
                 "10.2.8.0/24 of subnet 's' of virtual network 'c' "
                 "(text:4:21) overlaps 10.2.0.0/16 of subnet 's' of virtual "
                 "network 'b' in the database, expected the subnets of peers "
                 "to be apart\n");

    /* A member in a peer. */
    check_errors(PEER("prod", "10.1.0.0/16", "b") "---\n"
                 PEER("b", "10.2.0.0/16", "prod") "---\n"
                 LOAD_BALANCER("web", "20.50.60.10", "10.2.0.4"),
                 PEER("b", "10.3.0.0/16", "prod"),
                 "text:4:1: LoadBalancer/web/backendPools/servers/members/vm1 "
                 "is in the database, and address 10.2.0.4 is outside of "
                 "virtual network 'prod' in the database, expected one in its "
                 "subnets or those of its peers (10.1.0.0/16, "
                 "10.3.0.0/16)\n");
}

/* Checks how many members a pool may have. */
static void
check_n_members(const char *sku, int n, const char *expected)
{
    struct ds text = DS_EMPTY_INITIALIZER;

    ds_put_format(&text, "kind: VirtualNetwork\nname: prod\n"
                  "subnets: [{name: web, prefix: 10.1.0.0/16}]\n---\n"
                  "kind: LoadBalancer\nname: web\nsku: %s\nnetwork: prod\n"
                  "frontends: []\nbackendPools:\n- name: servers\n"
                  "  members:\n", sku);
    for (int i = 0; i < n; i++) {
        ds_put_format(&text, "  - {name: vm%d, address: 10.1.%d.%d, "
                      "weight: 2, adminState: None}\n", i, 1 + i / 250,
                      1 + i % 250);
    }
    check_errors("", ds_cstr(&text), expected);
    ds_destroy(&text);
}

static void
test_validate_n_members(void)
{
    check_n_members("Basic", 300, "");
    check_n_members("Basic", 301, "text:13:3: backend pool 'servers' has 301 "
                    "members, expected at most 300, since load balancer 'web' "
                    "is Basic (text:7:6)\n");
    check_n_members("Standard", 5000, "");
    check_n_members("Standard", 5001, "text:13:3: 'members' has 5001 "
                    "entries, expected at most 5000\n");
}

static void
test_validate_delete(void)
{
    struct slb_input base;
    struct ds ds = DS_EMPTY_INITIALIZER;

    read_base(&base, NETWORK "---\n" WEB "---\n"
              LOAD_BALANCER("shop", "20.50.60.11", "10.0.1.4"));
    CU_ASSERT_FALSE(slb_validate_delete(&base.model,
                                        &base.model.networks.at[0]->obj,
                                        &ds));
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "it is the network of load balancer "
                           "'web', 'shop'");
    ds_clear(&ds);
    CU_ASSERT(slb_validate_delete(&base.model,
                                  &base.model.load_balancers.at[0]->obj,
                                  &ds));
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "");
    slb_input_destroy(&base);

    read_base(&base, PEER("prod", "10.1.0.0/16", "b, c") "---\n"
              PEER("b", "10.2.0.0/16", "prod") "---\n"
              PEER("c", "10.3.0.0/16", "prod") "---\n" PREFIX("30") "---\n"
              FRONTEND("web", "publicIPPrefix: out"));
    CU_ASSERT_FALSE(slb_validate_delete(&base.model,
                                        &base.model.networks.at[0]->obj,
                                        &ds));
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "it is the network of load balancer "
                           "'web'; it is a peer of virtual network 'b', 'c'");
    ds_clear(&ds);
    CU_ASSERT_FALSE(slb_validate_delete(&base.model,
                                        &base.model.public_prefixes.at[0]->obj,
                                        &ds));
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "it is the prefix of frontends of "
                           "load balancer 'web'");
    ds_destroy(&ds);
    slb_input_destroy(&base);
}

/* What is printed is read back to the same, and printed the same. */
static void
check_round_trip_of(struct slb_input *first, bool defaults)
{
    struct slb_input second, third;
    struct ds yaml = DS_EMPTY_INITIALIZER;
    struct ds again = DS_EMPTY_INITIALIZER;
    struct ds diff = DS_EMPTY_INITIALIZER;
    struct json *json = json_array_create_empty();

    for (size_t i = 0; slb_kinds[i]; i++) {
        struct slb_list *list = slb_model_list(&first->model, slb_kinds[i]);
        slb_list_sort(list);
        for (size_t j = 0; j < list->n; j++) {
            ds_put_cstr(&yaml, yaml.length ? "---\n" : "");
            slb_print_yaml(list->at[j], defaults, &yaml);
            json_array_add(json, slb_print_json(list->at[j], defaults));
        }
    }

    char *json_text = json_to_string(json, JSSF_SORT);
    read_valid(&second, ds_cstr(&yaml));
    read_valid(&third, json_text);
    for (size_t i = 0; slb_kinds[i]; i++) {
        struct slb_list *list = slb_model_list(&first->model, slb_kinds[i]);
        for (size_t j = 0; j < list->n; j++) {
            const char *name = list->at[j]->name;
            struct slb_object *copy = slb_model_find(&second.model,
                                                     slb_kinds[i], name);
            struct slb_object *json_copy = slb_model_find(&third.model,
                                                          slb_kinds[i], name);
            CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
            CU_ASSERT_PTR_NOT_NULL_FATAL(json_copy);
            CU_ASSERT_EQUAL(slb_diff(list->at[j], copy, &diff), 0);
            CU_ASSERT_EQUAL(slb_diff(list->at[j], json_copy, &diff), 0);
            ds_put_cstr(&again, again.length ? "---\n" : "");
            slb_print_yaml(copy, defaults, &again);
        }
    }
    CU_ASSERT_STRING_EQUAL(ds_cstr(&yaml), ds_cstr(&again));
    CU_ASSERT_STRING_EQUAL(ds_cstr(&diff), "");

    size_t line = 0;
    for (const char *p = ds_cstr(&yaml); *p; p++) {
        line = *p == '\n' ? 0 : line + 1;
        CU_ASSERT(line <= 79);
    }
    free(json_text);
    json_destroy(json);
    ds_destroy(&yaml);
    ds_destroy(&again);
    ds_destroy(&diff);
    slb_input_destroy(&second);
    slb_input_destroy(&third);
}

static void
check_round_trip(const char *text)
{
    struct slb_input input;

    read_valid(&input, text);
    check_round_trip_of(&input, false);
    check_round_trip_of(&input, true);
    slb_input_destroy(&input);
}

/* What is read from the files in the folder 'name' of the source. */
static void
check_round_trip_of_files(const char *name)
{
    char *folder = xasprintf("%s/%s", TEST_SRCDIR, name);
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);
    size_t n_files = 0;

    CU_ASSERT_FATAL(n >= 0);
    for (int i = 0; i < n; i++) {
        char *path = xasprintf("%s/%s", folder, entries[i]->d_name);

        if (strstr(path, ".yaml")) {
            struct slb_input input;

            slb_input_init(&input);
            slb_input_add_file(&input, path);
            slb_validate(&input, NULL);
            CU_ASSERT_EQUAL(input.errors.n, 0);
            check_round_trip_of(&input, false);
            check_round_trip_of(&input, true);
            slb_input_destroy(&input);
            n_files++;
        }
        free(path);
        free(entries[i]);
    }
    CU_ASSERT(n_files > 0);
    free(entries);
    free(folder);
}

static void
test_print_round_trip(void)
{
    check_round_trip(NETWORK "---\n" WEB);
    check_round_trip("kind: VirtualNetwork\nname: empty\nsubnets: []\n");

    /* Nothing listens at the frontend, and the machines have several
     * addresses, with all ports each. */
    check_round_trip(NETWORK "---\n"
                     "kind: LoadBalancer\nname: out\nnetwork: prod\n"
                     "frontends:\n"
                     "- {name: public, address: 20.50.60.10}\n"
                     "backendPools:\n"
                     "- name: servers\n"
                     "  members:\n"
                     "  - {name: vm1, address: 10.0.1.4}\n"
                     "outboundRules:\n"
                     "- {name: out, frontends: [public],\n"
                     "   backendPool: servers}\n");
    check_round_trip("kind: VirtualNetwork\nname: prod\n"
                     "subnets:\n"
                     "- {name: web, prefix: 10.0.1.0/24}\n"
                     "- {name: web6, prefix: 'fd00::/64'}\n"
                     "---\n"
                     "kind: LoadBalancer\nname: web\nnetwork: prod\n"
                     "frontends:\n"
                     "- {name: public, address: 20.50.60.10}\n"
                     "- {name: public6, address: '2001:db8::10'}\n"
                     "backendPools:\n"
                     "- name: servers\n"
                     "  members:\n"
                     "  - {name: vm1, address: 10.0.1.4}\n"
                     "- name: servers6\n"
                     "  members:\n"
                     "  - {name: vm1, address: 'fd00::4'}\n"
                     "rules:\n"
                     "- {name: http, frontend: public, backendPool: servers,\n"
                     "   protocol: Tcp, frontendPort: 80, backendPort: 80}\n"
                     "- {name: http6, frontend: public6,\n"
                     "   backendPool: servers6, protocol: Tcp,\n"
                     "   frontendPort: 80, backendPort: 80}\n");

    /* Words in the place of a number, which JSON has in quotes. */
    check_round_trip(NETWORK "---\n" WEB
                     "outboundRules:\n"
                     "- {name: even, frontends: [public],\n"
                     "   backendPool: servers, protocol: Tcp,\n"
                     "   allocatedOutboundPorts: Even}\n"
                     "- {name: demand, frontends: [public],\n"
                     "   backendPool: servers, protocol: Udp,\n"
                     "   allocatedOutboundPorts: OnDemand}\n");

    /* Names that look like something else; IPv6; all that has defaults. */
    check_round_trip("kind: VirtualNetwork\n"
                     "name: 'true'\n"
                     "subnets:\n"
                     "- {name: 'null', prefix: 'fd00::/64'}\n"
                     "- {name: '80', prefix: 10.0.1.0/24}\n"
                     "- {name: 1e3, prefix: 10.0.2.0/24}\n"
                     "---\n"
                     "kind: LoadBalancer\n"
                     "name: 2026-11-22\n"
                     "sku: Basic\n"
                     "network: 'true'\n"
                     "frontends:\n"
                     "- {name: on, address: '2001:db8::'}\n"
                     "backendPools:\n"
                     "- name: 'off'\n"
                     "  members:\n"
                     "  - {name: _1, address: 'fd00::4', weight: 7}\n"
                     "rules:\n"
                     "- {name: long-long-long-long-long-long-name,\n"
                     "   frontend: on, backendPool: off, protocol: Udp,\n"
                     "   frontendPort: 1, backendPort: 65535,\n"
                     "   idleTimeoutInMinutes: 30}\n");
}

/* All that the language has, to the edges of it. */
static void
test_print_round_trip_of_files(void)
{
    check_round_trip_of_files("tests/unit/yaml-good");
    check_round_trip_of_files("yaml/examples");
}

/* Each default that there is, and those that follow from other fields. */
static void
test_print_defaults(void)
{
    struct slb_input input;
    struct ds ds = DS_EMPTY_INITIALIZER;

    read_valid(&input,
               "kind: VirtualNetwork\n"
               "name: prod\n"
               "subnets:\n"
               "- {name: web, prefix: 10.0.1.0/24}\n"
               "- {name: db, prefix: 10.0.2.0/24, gateway: 10.0.2.9}\n"
               "- {name: web6, prefix: 'fd00::/64'}\n"
               "---\n"
               "kind: LoadBalancer\n"
               "name: web\n"
               "network: prod\n"
               "frontends:\n"
               "- {name: static, address: 20.50.60.10}\n"
               "- {name: dynamic, subnet: web}\n"
               "backendPools:\n"
               "- name: servers\n"
               "  members: [{name: vm1}, {address: 10.0.1.5}]\n"
               "probes:\n"
               "- {name: tcp, protocol: Tcp, port: 80}\n"
               "rules:\n"
               "- {name: http, frontend: static, backendPool: servers,\n"
               "   protocol: Tcp, frontendPort: 80, backendPort: 8080}\n"
               "- {name: all, frontend: dynamic, backendPool: servers,\n"
               "   protocol: All}\n"
               "inboundNatRules:\n"
               "- {name: ssh, frontend: static, protocol: Tcp,\n"
               "   frontendPort: 50001, backendPort: 22, target: vm1}\n"
               "inboundNatPools:\n"
               "- {name: rdp, frontend: static, backendPool: servers,\n"
               "   protocol: Tcp, frontendPortRangeStart: 50100,\n"
               "   frontendPortRangeEnd: 50101, backendPort: 3389}\n"
               "outboundRules:\n"
               "- {name: out, frontends: [static], backendPool: servers}\n");
    slb_print_yaml(&input.model.networks.at[0]->obj, true, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds),
        "kind: VirtualNetwork\n"
        "name: prod\n"
        "subnets:\n"
        "- {name: web, prefix: 10.0.1.0/24, gateway: 10.0.1.1}\n"
        "- {name: db, prefix: 10.0.2.0/24, gateway: 10.0.2.9}\n"
        "- {name: web6, prefix: \"fd00::/64\", gateway: \"fd00::1\"}\n"
        "peerings: []\n");
    ds_clear(&ds);
    slb_print_yaml(&input.model.load_balancers.at[0]->obj, true, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds),
        "kind: LoadBalancer\n"
        "name: web\n"
        "sku: Standard\n"
        "tier: Regional\n"
        "network: prod\n"
        "frontends:\n"
        "- {name: static, address: 20.50.60.10, "
        "privateIPAllocationMethod: Static,\n"
        "   zones: [], fastpath: false, enableIcmpEcho: true, "
        "enableReject: false}\n"
        "- {name: dynamic, subnet: web, privateIPAllocationMethod: "
        "Dynamic, zones: [],\n"
        "   fastpath: false, enableIcmpEcho: true, enableReject: false}\n"
        "backendPools:\n"
        "- name: servers\n"
        "  silentHostBehavior: Keep\n"
        "  members:\n"
        "  - {name: vm1, weight: 1, adminState: None}\n"
        "  - {address: 10.0.1.5, weight: 1, adminState: None}\n"
        "probes:\n"
        "- {name: tcp, protocol: Tcp, port: 80, intervalInSeconds: 15,\n"
        "   numberOfProbes: 2, noHealthyBackendsBehavior: AllProbedDown}\n"
        "rules:\n"
        "- {name: http, frontend: static, backendPool: servers, "
        "protocol: Tcp,\n"
        "   frontendPort: 80, backendPort: 8080, loadDistribution: Default,\n"
        "   idleTimeoutInMinutes: 4, enableTcpReset: false, "
        "enableFloatingIP: false,\n"
        "   disableOutboundSnat: false, sourceRanges: [], enableReject: "
        "false}\n"
        "- {name: all, frontend: dynamic, backendPool: servers, "
        "protocol: All,\n"
        "   frontendPort: 0, backendPort: 0, loadDistribution: Default,\n"
        "   idleTimeoutInMinutes: 4, enableTcpReset: false, "
        "enableFloatingIP: false,\n"
        "   disableOutboundSnat: false, sourceRanges: [], enableReject: "
        "false}\n"
        "inboundNatRules:\n"
        "- {name: ssh, frontend: static, protocol: Tcp, frontendPort: 50001,\n"
        "   backendPort: 22, target: vm1, idleTimeoutInMinutes: 4,\n"
        "   enableTcpReset: false, enableFloatingIP: false}\n"
        "inboundNatPools:\n"
        "- {name: rdp, frontend: static, backendPool: servers, protocol: "
        "Tcp,\n"
        "   frontendPortRangeStart: 50100, frontendPortRangeEnd: 50101,\n"
        "   backendPort: 3389, idleTimeoutInMinutes: 4, enableTcpReset: "
        "false,\n"
        "   enableFloatingIP: false}\n"
        "outboundRules:\n"
        "- {name: out, frontends: [static], backendPool: servers, "
        "protocol: All,\n"
        "   allocatedOutboundPorts: 0, idleTimeoutInMinutes: 4, "
        "enableTcpReset: false}\n");

    /* None of them need be written down. */
    ds_clear(&ds);
    slb_print_yaml(&input.model.load_balancers.at[0]->obj, false, &ds);
    CU_ASSERT_PTR_NULL(strstr(ds_cstr(&ds), "sku"));
    CU_ASSERT_PTR_NULL(strstr(ds_cstr(&ds), "Dynamic"));
    CU_ASSERT_PTR_NULL(strstr(ds_cstr(&ds), "weight"));
    CU_ASSERT_PTR_NULL(strstr(ds_cstr(&ds), "idleTimeoutInMinutes"));
    CU_ASSERT_PTR_NULL(strstr(ds_cstr(&ds), "Ports: 0"));
    CU_ASSERT_PTR_NULL(strstr(ds_cstr(&ds), "name: 10.0.1.5"));
    ds_destroy(&ds);
    slb_input_destroy(&input);
}

/* A default that follows from another field follows it: filling in defaults
 * twice changes nothing, and what was given stays. */
static void
test_fill_defaults(void)
{
    static const char text[] =
        "kind: LoadBalancer\nname: web\nnetwork: prod\nfrontends:\n"
        "- {name: a, address: 20.50.60.10}\n"
        "- {name: b, subnet: web}\n"
        "- {name: c, publicIPPrefix: out}\n"
        "- {name: d, address: 10.0.1.9, privateIPAllocationMethod: Static}\n"
        "backendPools:\n"
        "- name: servers\n"
        "  members: [{address: 'FD00::4'}, {address: 10.0.1.4, name: vm}]\n";
    static const int allocations[] = {
        SLB_ALLOCATION_STATIC, SLB_ALLOCATION_DYNAMIC, SLB_ALLOCATION_DYNAMIC,
        SLB_ALLOCATION_STATIC
    };
    struct slb_input input;

    slb_input_init(&input);
    read_text(&input, "text", text);
    CU_ASSERT_EQUAL_FATAL(input.errors.n, 0);

    struct slb_load_balancer *lb = input.model.load_balancers.at[0];
    for (int i = 0; i < 2; i++) {
        for (size_t j = 0; j < lb->frontends.n; j++) {
            CU_ASSERT_EQUAL(lb->frontends.at[j]->allocation, allocations[j]);
        }
        const struct slb_pool *pool = lb->backend_pools.at[0];
        CU_ASSERT_STRING_EQUAL(pool->members.at[0]->obj.name, "fd00::4");
        CU_ASSERT_STRING_EQUAL(pool->members.at[1]->obj.name, "vm");
        slb_object_fill_defaults(&lb->obj);
    }
    slb_input_destroy(&input);
}

static void
test_print_ipv6(void)
{
    struct slb_input input;
    struct ds ds = DS_EMPTY_INITIALIZER;

    read_valid(&input, "kind: VirtualNetwork\nname: '6'\n"
               "subnets: [{name: web, prefix: 'FD00:0::/64'}]\n");
    slb_print_yaml(&input.model.networks.at[0]->obj, false, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds),
                           "kind: VirtualNetwork\n"
                           "name: \"6\"\n"
                           "subnets:\n"
                           "- {name: web, prefix: \"fd00::/64\"}\n");
    ds_destroy(&ds);
    slb_input_destroy(&input);
}

/* Checks what slb_diff() says of the first load balancers in both texts, of
 * which 'old_text' may be NULL for none. */
static void
check_diff(const char *old_text, const char *new_text, const char *expected,
           size_t n)
{
    struct slb_input old, new;
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_input_init(&new);
    read_text(&new, "new", new_text);
    slb_input_init(&old);
    if (old_text) {
        read_text(&old, "old", old_text);
    }
    CU_ASSERT_EQUAL(slb_diff(old_text ? &old.model.load_balancers.at[0]->obj
                             : NULL, &new.model.load_balancers.at[0]->obj,
                             &ds), n);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), expected);
    ds_destroy(&ds);
    slb_input_destroy(&old);
    slb_input_destroy(&new);
}

static void
test_diff(void)
{
    check_diff(WEB, WEB, "", 0);
    check_diff(NULL, WEB,
               "+ LoadBalancer/web: {network: prod}\n"
               "+ LoadBalancer/web/frontends/public: {address: 20.50.60.10}\n"
               "+ LoadBalancer/web/backendPools/servers\n"
               "+ LoadBalancer/web/backendPools/servers/members/vm1: "
               "{address: 10.0.1.4}\n"
               "+ LoadBalancer/web/rules/http: {frontend: public, "
               "backendPool: servers, protocol: Tcp, frontendPort: 80, "
               "backendPort: 8080}\n", 5);
    check_diff(WEB,
               "kind: LoadBalancer\n"
               "name: web\n"
               "sku: Basic\n"
               "network: prod\n"
               "frontends:\n"
               "- {name: public, address: 20.50.60.11}\n"
               "backendPools:\n"
               "- name: servers\n"
               "  members:\n"
               "  - {name: vm2, address: 10.0.1.5, weight: 2}\n"
               "rules:\n"
               "- {name: http, frontend: public, backendPool: servers,\n"
               "   protocol: Tcp, frontendPort: 80, backendPort: 8081,\n"
               "   idleTimeoutInMinutes: 5}\n",
               "~ LoadBalancer/web/sku: Standard -> Basic\n"
               "~ LoadBalancer/web/frontends/public/address: 20.50.60.10 -> "
               "20.50.60.11\n"
               "- LoadBalancer/web/backendPools/servers/members/vm1: "
               "{address: 10.0.1.4}\n"
               "+ LoadBalancer/web/backendPools/servers/members/vm2: "
               "{address: 10.0.1.5, weight: 2}\n"
               "~ LoadBalancer/web/rules/http/backendPort: 8080 -> 8081\n"
               "~ LoadBalancer/web/rules/http/idleTimeoutInMinutes: 4 -> 5\n",
               6);
}

/* The order in a list does not matter, nor does the notation of an address. */
static void
test_diff_ignores_order(void)
{
    check_diff("kind: LoadBalancer\nname: web\nnetwork: prod\nfrontends:\n"
               "- {name: a, address: '2001:DB8::1'}\n"
               "- {name: b, address: 20.50.60.10}\n",
               "kind: LoadBalancer\nname: web\nnetwork: prod\nfrontends:\n"
               "- {name: b, address: 20.50.60.10}\n"
               "- {name: a, address: '2001:0db8:0::1'}\n", "", 0);
}

static void
test_text_nearest(void)
{
    static const char *const words[] = {
        "name", "frontend", "frontendPort", "backendPool", "weight",
    };
    static const struct { const char *word, *nearest; } cases[] = {
        { "nmae", "name" },
        { "Name", "name" },
        { "frontends", "frontend" },
        { "frontendport", "frontendPort" },
        { "frontend_port", "frontendPort" },
        { "backendPols", "backendPool" },
        { "wieght", "weight" },
        { "x", NULL },
        { "", NULL },
        { "address", NULL },
        { "a-word-that-is-longer-than-anything-that-there-is", NULL },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *nearest = slb_text_nearest(cases[i].word, words,
                                               ARRAY_SIZE(words));
        CU_ASSERT(nullable_string_is_equal(nearest, cases[i].nearest));
    }
}

static void
test_text_quote(void)
{
    static const struct { const char *text, *quoted; } cases[] = {
        { "", "''" },
        { "a b", "'a b'" },
        { "\x1b[2J\n", "'\\x1b[2J\\x0a'" },
        { "\xc3\xa4\xc2\x9b", "'\xc3\xa4\\x9b'" },

        /* What is not seen: a zero-width space, a change of direction, a byte
         * order mark, a space that does not break.  The dash is. */
        { "we\xe2\x80\x8b" "b", "'we\\u200bb'" },
        { "\xe2\x80\xae\xef\xbb\xbf", "'\\u202e\\ufeff'" },
        { "a\xc2\xa0" "b \xe2\x80\x94", "'a\\u00a0b \xe2\x80\x94'" },
        { "123456789 123456789 123456789 123456789 123456789 123456789 1",
          "'123456789 123456789 123456789 123456789 123456789 123456789 ...'"
        },
        { "123456789 123456789 123456789 123456789 123456789 123456789"
          "\xc3\xa4",
          "'123456789 123456789 123456789 123456789 123456789 123456789...'" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ds ds = DS_EMPTY_INITIALIZER;
        slb_text_quote(cases[i].text, &ds);
        CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), cases[i].quoted);
        ds_destroy(&ds);
    }
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_yaml_fills_the_model),
    UNIT_TEST(test_yaml_defaults),
    UNIT_TEST(test_yaml_several_files),
    UNIT_TEST(test_yaml_anchors),
    UNIT_TEST(test_yaml_too_many_errors),
    UNIT_TEST(test_yaml_large_document),
    UNIT_TEST(test_yaml_cut_off),
    UNIT_TEST(test_validate_against_database),
    UNIT_TEST(test_validate_changed_network),
    UNIT_TEST(test_validate_internal_frontends),
    UNIT_TEST(test_validate_changed_prefix),
    UNIT_TEST(test_validate_changed_subnets),
    UNIT_TEST(test_validate_peers),
    UNIT_TEST(test_validate_n_members),
    UNIT_TEST(test_validate_delete),
    UNIT_TEST(test_print_round_trip),
    UNIT_TEST(test_print_round_trip_of_files),
    UNIT_TEST(test_print_defaults),
    UNIT_TEST(test_fill_defaults),
    UNIT_TEST(test_print_ipv6),
    UNIT_TEST(test_diff),
    UNIT_TEST(test_diff_ignores_order),
    UNIT_TEST(test_text_nearest),
    UNIT_TEST(test_text_quote),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("yaml", tests, argc, argv);
}

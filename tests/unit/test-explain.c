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


/* yaml/slb-explain.h.  That it says the same as the parser and the JSON Schema
 * is tested by system/ctl/schema.t. */

#include <config.h>

#include "yaml/slb-explain.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "tests/unit/unit.h"
#include "util.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-validate.h"

/* Explains 'path', in which there is no mistake. */
static char *
explain(const char *path)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    char *error = slb_explain(path, &ds);

    CU_ASSERT_PTR_NULL(error);
    free(error);
    return ds_steal_cstr(&ds);
}

static void
check_text(const char *path, const char *expected)
{
    char *text = explain(path);

    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
}

static void
check_error(const char *path, const char *expected)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    char *error = slb_explain(path, &ds);

    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_STRING_EQUAL(error, expected);
    CU_ASSERT_EQUAL(ds.length, 0);
    free(error);
    ds_destroy(&ds);
}

/* Examples are what users begin with. */
static void
test_explain_example_is_valid(void)
{
    struct slb_input input;
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_input_init(&input);
    slb_input_add_text(&input, "example", slb_explain_example,
                       strlen(slb_explain_example));
    slb_validate(&input, NULL);
    slb_errors_format(&input.errors, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "");
    ds_destroy(&ds);
    slb_input_destroy(&input);
}

static void
check_class(const struct slb_class *class, const char *path)
{
    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];
        char *field_path = xasprintf("%s.%s", path, field->name);
        char *text = explain(field_path);
        char *example = xasprintf("\nExample:\n%s: ", field->name);
        char *list = xasprintf("\nExample:\n%s:\n- ", field->name);

        CU_ASSERT_EQUAL(strncmp(text, field_path, strlen(field_path)), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nValue:    "));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, (field->required
                                             ? "\nRequired: yes\n"
                                             : "\nDefault:  ")));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, (field->type == SLB_T_LIST
                                             ? list : example)));
        if (field->type == SLB_T_LIST) {
            check_class(field->class, field_path);
        }
        free(example);
        free(list);
        free(text);
        free(field_path);
    }
}

/* Each field is explained, and is in an example. */
static void
test_explain_every_field(void)
{
    for (size_t i = 0; slb_kinds[i]; i++) {
        char *text = explain(slb_kinds[i]->name);

        CU_ASSERT_PTR_NOT_NULL(strstr(text, slb_kinds[i]->help));
        free(text);
        check_class(slb_kinds[i], slb_kinds[i]->name);
    }
    for (size_t i = 0; slb_input_kinds[i]; i++) {
        check_class(slb_input_kinds[i], slb_input_kinds[i]->name);
    }
}

static void
test_explain_texts(void)
{
    check_text("LoadBalancer.rules.idleTimeoutInMinutes",
               "LoadBalancer.rules.idleTimeoutInMinutes\n"
               "    How long a connection without packets is remembered.\n"
               "\n"
               "Value:    an integer from 4 to 30\n"
               "Required: no\n"
               "Default:  4\n"
               "\n"
               "Example:\n"
               "idleTimeoutInMinutes: 10\n");
    check_text("virtualnetwork.SUBNETS.gateway",
               "VirtualNetwork.subnets.gateway\n"
               "    The address of the router that the subnet's machines "
               "see.\n"
               "\n"
               "Value:    an IPv4 or IPv6 address\n"
               "Required: no\n"
               "Default:  the subnet's first one\n"
               "\n"
               "Example:\n"
               "gateway: 10.0.2.254\n");
    check_text("PublicIPPrefix",
               "PublicIPPrefix\n"
               "    A range of public addresses for frontends.\n"
               "\n"
               "FIELD   VALUE                                    DEFAULT\n"
               "kind    PublicIPPrefix                           required\n"
               "    What the document declares.\n"
               "name    a name                                   required\n"
               "    The prefix's name, unique among public IP prefixes.\n"
               "prefix  an IPv4 or IPv6 prefix like 10.0.1.0/24  required\n"
               "    The public addresses that frontends get theirs from.\n"
               "\n"
               "Example:\n"
               "kind: PublicIPPrefix\n"
               "name: outside\n"
               "prefix: 20.50.61.0/28\n");
    check_text("LoadBalancer.kind",
               "LoadBalancer.kind\n"
               "    What the document declares.\n"
               "\n"
               "Value:    LoadBalancer\n"
               "Required: yes\n"
               "\n"
               "Example:\n"
               "kind: LoadBalancer\n");
}

static void
test_explain_mistakes(void)
{
    check_error("LoadBalancers",
                "'LoadBalancers' is no kind, did you mean LoadBalancer?");
    check_error("", "'' is no kind, expected VirtualNetwork, PublicIPPrefix, "
                "LoadBalancer or AzureIds");
    check_error("LoadBalancer.ruls",
                "'ruls' is no field of a load balancer, did you mean rules?");
    check_error("LoadBalancer.backendPools.members.colour",
                "'colour' is no field of a member, expected name, address, "
                "weight or adminState");
    check_error("PublicIPPrefix.", "'' is no field of a public IP prefix, "
                "expected name or prefix");
    check_error("LoadBalancer.sku.x",
                "LoadBalancer.sku has no fields, it is Basic or Standard");
    check_error("LoadBalancer.rules.kind",
                "'kind' is no field of a rule, expected name, frontend, "
                "backendPool, probe, protocol, frontendPort, backendPort, "
                "loadDistribution, idleTimeoutInMinutes, enableTcpReset, "
                "enableFloatingIP, disableOutboundSnat, sourceRanges or "
                "enableReject");
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_explain_example_is_valid),
    UNIT_TEST(test_explain_every_field),
    UNIT_TEST(test_explain_texts),
    UNIT_TEST(test_explain_mistakes),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("explain", tests, argc, argv);
}

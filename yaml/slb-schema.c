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

#include "yaml/slb-schema.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"
#include "yaml/slb-model.h"
#include "yaml/slb-text.h"

#define FIELD(STRUCT, MEMBER) .offset = offsetof(struct STRUCT, MEMBER)
#define NAME_FIELD(HELP)                                            \
    { .name = "name", .type = SLB_T_NAME, FIELD(slb_object, name),  \
      .required = true, .help = HELP }
#define CLASS_FIELDS(FIELDS) .fields = FIELDS, .n_fields = ARRAY_SIZE(FIELDS)

/* VirtualNetwork. */

static const struct slb_field subnet_fields[] = {
    NAME_FIELD("The subnet's name, unique in its network."),
    { .name = "prefix", .type = SLB_T_PREFIX, FIELD(slb_subnet, prefix),
      .required = true,
      .help = "The subnet's addresses; the first one is its gateway." },
};
const struct slb_class slb_subnet_class = {
    .name = "Subnet", .noun = "subnet", .size = sizeof(struct slb_subnet),
    CLASS_FIELDS(subnet_fields),
    .help = "A range of addresses of a virtual network.",
};

static const struct slb_field network_fields[] = {
    NAME_FIELD("The network's name, unique among virtual networks."),
    { .name = "subnets", .type = SLB_T_LIST, FIELD(slb_network, subnets),
      .required = true, .class = &slb_subnet_class,
      .help = "The addresses of the network's virtual machines." },
};
const struct slb_class slb_network_class = {
    .name = "VirtualNetwork", .noun = "virtual network",
    .size = sizeof(struct slb_network), CLASS_FIELDS(network_fields),
    .help = "A network of virtual machines, isolated from all others.",
};

/* LoadBalancer. */

static const struct slb_field frontend_fields[] = {
    NAME_FIELD("The frontend's name, unique in its load balancer."),
    { .name = "address", .type = SLB_T_ADDRESS,
      FIELD(slb_frontend, address), .required = true,
      .help = "The address clients use: internal if it is in a subnet of the "
              "network, else public." },
};
const struct slb_class slb_frontend_class = {
    .name = "Frontend", .noun = "frontend",
    .size = sizeof(struct slb_frontend), CLASS_FIELDS(frontend_fields),
    .help = "An address at which a load balancer serves.",
};

static const struct slb_field member_fields[] = {
    NAME_FIELD("The name of the virtual machine's port (its iface-id)."),
    { .name = "address", .type = SLB_T_ADDRESS, FIELD(slb_member, address),
      .required = true,
      .help = "The virtual machine's address, in a subnet of the network." },
    { .name = "weight", .type = SLB_T_INTEGER, FIELD(slb_member, weight),
      .def = 1, .min = 0, .max = 1000,
      .help = "Its share of new connections, relative to the other members; "
              "0 gives it none." },
};
const struct slb_class slb_member_class = {
    .name = "Member", .noun = "member", .size = sizeof(struct slb_member),
    CLASS_FIELDS(member_fields),
    .help = "A virtual machine that serves connections.",
};

static const struct slb_field pool_fields[] = {
    NAME_FIELD("The pool's name, unique in its load balancer."),
    { .name = "members", .type = SLB_T_LIST, FIELD(slb_pool, members),
      .required = true, .class = &slb_member_class,
      .help = "The virtual machines among which connections are shared." },
};
const struct slb_class slb_pool_class = {
    .name = "BackendPool", .noun = "backend pool",
    .size = sizeof(struct slb_pool), CLASS_FIELDS(pool_fields),
    .help = "A group of virtual machines that serve the same.",
};

static const char *const protocols[] = {
    [SLB_PROTOCOL_TCP] = "Tcp", [SLB_PROTOCOL_UDP] = "Udp", NULL
};
static const char *const distributions[] = {
    [SLB_DISTRIBUTION_DEFAULT] = "Default", NULL
};
static const struct slb_field rule_fields[] = {
    NAME_FIELD("The rule's name, unique in its load balancer."),
    { .name = "frontend", .type = SLB_T_REF, FIELD(slb_rule, frontend),
      .required = true, .class = &slb_frontend_class,
      .help = "The frontend at which connections come in." },
    { .name = "backendPool", .type = SLB_T_REF,
      FIELD(slb_rule, backend_pool), .required = true,
      .class = &slb_pool_class,
      .help = "The backend pool that serves them." },
    { .name = "protocol", .type = SLB_T_ENUM, FIELD(slb_rule, protocol),
      .required = true, .values = protocols,
      .help = "The transport protocol." },
    { .name = "frontendPort", .type = SLB_T_INTEGER,
      FIELD(slb_rule, frontend_port), .required = true, .min = 1,
      .max = 65535, .help = "The port that clients use." },
    { .name = "backendPort", .type = SLB_T_INTEGER,
      FIELD(slb_rule, backend_port), .required = true, .min = 1,
      .max = 65535, .help = "The port that the virtual machines serve." },
    { .name = "loadDistribution", .type = SLB_T_ENUM,
      FIELD(slb_rule, load_distribution), .def = SLB_DISTRIBUTION_DEFAULT,
      .values = distributions,
      .help = "What a member is chosen by; Default: addresses, ports and "
              "protocol." },
    { .name = "idleTimeoutInMinutes", .type = SLB_T_INTEGER,
      FIELD(slb_rule, idle_timeout), .def = 4, .min = 4, .max = 30,
      .help = "How long a connection without packets is remembered." },
};
const struct slb_class slb_rule_class = {
    .name = "Rule", .noun = "rule", .size = sizeof(struct slb_rule),
    CLASS_FIELDS(rule_fields),
    .help = "Connections to a port of a frontend go to a backend pool.",
};

static const char *const skus[] = {
    [SLB_SKU_BASIC] = "Basic", [SLB_SKU_STANDARD] = "Standard", NULL
};
static const struct slb_field load_balancer_fields[] = {
    NAME_FIELD("The load balancer's name, unique among load balancers."),
    { .name = "sku", .type = SLB_T_ENUM, FIELD(slb_load_balancer, sku),
      .def = SLB_SKU_STANDARD, .values = skus,
      .help = "Which set of features the load balancer has." },
    { .name = "network", .type = SLB_T_REF,
      FIELD(slb_load_balancer, network), .required = true,
      .class = &slb_network_class,
      .help = "The virtual network of the pools' members." },
    { .name = "frontends", .type = SLB_T_LIST,
      FIELD(slb_load_balancer, frontends), .required = true,
      .class = &slb_frontend_class,
      .help = "The addresses at which it serves." },
    { .name = "backendPools", .type = SLB_T_LIST,
      FIELD(slb_load_balancer, backend_pools), .class = &slb_pool_class,
      .help = "Groups of virtual machines that serve the same." },
    { .name = "rules", .type = SLB_T_LIST,
      FIELD(slb_load_balancer, rules), .class = &slb_rule_class,
      .help = "Which port of which frontend goes to which pool." },
};
const struct slb_class slb_load_balancer_class = {
    .name = "LoadBalancer", .noun = "load balancer",
    .size = sizeof(struct slb_load_balancer),
    CLASS_FIELDS(load_balancer_fields),
    .help = "Shares connections to its frontends among virtual machines.",
};

const struct slb_class *const slb_kinds[] = {
    &slb_network_class,
    &slb_load_balancer_class,
    NULL
};

/* Returns the kind called 'name', exactly, or NULL. */
const struct slb_class *
slb_kind_from_name(const char *name)
{
    for (size_t i = 0; slb_kinds[i]; i++) {
        if (!strcmp(slb_kinds[i]->name, name)) {
            return slb_kinds[i];
        }
    }
    return NULL;
}

const struct slb_field *
slb_class_field(const struct slb_class *class, const char *name)
{
    for (size_t i = 0; i < class->n_fields; i++) {
        if (!strcmp(class->fields[i].name, name)) {
            return &class->fields[i];
        }
    }
    return NULL;
}

bool
slb_name_is_valid(const char *name)
{
    static const char letters_and_digits[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t n = strlen(name);

    /* A leading '-' would be an option to slb-ctl, and "." and ".." are no
     * good in paths. */
    return n >= 1 && n <= SLB_NAME_MAX
           && strspn(name, letters_and_digits) == n
           && name[0] != '-' && name[0] != '.';
}

/* Appends what values 'field' takes to 'ds': "an integer from 1 to 65535". */
void
slb_field_format_expected(const struct slb_field *field, struct ds *ds)
{
    switch (field->type) {
    case SLB_T_NAME:
        ds_put_format(ds, "1 to %d letters, digits, '-', '_' or '.', not "
                      "beginning with '-' or '.'", SLB_NAME_MAX);
        break;
    case SLB_T_REF:
        ds_put_format(ds, "the name of a %s", field->class->noun);
        break;
    case SLB_T_ENUM:
        for (size_t i = 0; field->values[i]; i++) {
            ds_put_format(ds, "%s%s",
                          !i ? "" : field->values[i + 1] ? ", " : " or ",
                          field->values[i]);
        }
        break;
    case SLB_T_INTEGER:
        ds_put_format(ds, "an integer from %d to %d", field->min, field->max);
        break;
    case SLB_T_ADDRESS:
        ds_put_cstr(ds, "an IPv4 or IPv6 address");
        break;
    case SLB_T_PREFIX:
        ds_put_cstr(ds, "an IPv4 or IPv6 prefix like 10.0.1.0/24");
        break;
    case SLB_T_LIST:
        ds_put_format(ds, "a list of %ss", field->class->noun);
        break;
    default:
        OVS_NOT_REACHED();
    }
}

/* Decimal digits only: what YAML 1.1 makes of 010, 0x1f, 1_000 or 1:30 is
 * nothing that a user would expect of a port. */
static bool
parse_integer(const char *text, int *value)
{
    const char *digits = text + (*text == '-');
    size_t n = strspn(digits, "0123456789");

    if (!n || n > 9 || digits[n] || (digits[0] == '0' && n > 1)) {
        return false;
    }
    *value = atoi(text);
    return true;
}

static char *
parse_error(const struct slb_field *field, const char *text)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "is ");
    slb_text_quote(text, &ds);
    ds_put_cstr(&ds, ", expected ");
    slb_field_format_expected(field, &ds);
    return ds_steal_cstr(&ds);
}

static char *
parse_prefix(const struct slb_field *field, const char *text,
             struct slb_prefix *prefix)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (!slb_prefix_parse(text, prefix)) {
        return parse_error(field, text);
    }
    if (!slb_prefix_has_host_bits(prefix)) {
        return NULL;
    }

    /* The prefix that was meant, so that addresses can be checked. */
    slb_prefix_clear_host_bits(prefix);
    ds_put_cstr(&ds, "is ");
    slb_text_quote(text, &ds);
    ds_put_cstr(&ds, ", which has bits set after the prefix, expected ");
    slb_prefix_format(prefix, &ds);
    return ds_steal_cstr(&ds);
}

/* Parses 'text' as a value of 'field', whose type is not SLB_T_LIST, into
 * 'value', which was initialized with slb_value_init().  Returns NULL if
 * successful, otherwise a malloc'ed text that goes on after the name of the
 * field, "is 'x', expected ...". */
char *
slb_value_parse(const struct slb_field *field, const char *text, void *value)
{
    int *intp = value;
    char **textp = value;
    int n;

    switch (field->type) {
    case SLB_T_NAME:
    case SLB_T_REF:
        free(*textp);
        *textp = xstrdup(text);
        if (!slb_name_is_valid(text)) {
            return parse_error(field, text);
        }
        return NULL;

    case SLB_T_ENUM:
        for (int i = 0; field->values[i]; i++) {
            if (!strcmp(text, field->values[i])) {
                *intp = i;
                return NULL;
            }
        }
        return parse_error(field, text);

    case SLB_T_INTEGER:
        if (!parse_integer(text, &n) || n < field->min || n > field->max) {
            return parse_error(field, text);
        }
        *intp = n;
        return NULL;

    case SLB_T_ADDRESS:
        if (!slb_address_parse(text, value)) {
            memset(value, 0, sizeof(struct in6_addr));
            return parse_error(field, text);
        }
        return NULL;

    case SLB_T_PREFIX:
        return parse_prefix(field, text, value);

    case SLB_T_LIST:
    default:
        OVS_NOT_REACHED();
    }
}

/* Appends the canonical text of a 'value' of 'field', whose type is not
 * SLB_T_LIST, to 'ds'. */
void
slb_value_format(const struct slb_field *field, const void *value,
                 struct ds *ds)
{
    const int *intp = value;
    char *const *textp = value;

    switch (field->type) {
    case SLB_T_NAME:
    case SLB_T_REF:
        ds_put_cstr(ds, *textp ? *textp : "");
        break;
    case SLB_T_ENUM:
        ds_put_cstr(ds, field->values[*intp]);
        break;
    case SLB_T_INTEGER:
        ds_put_format(ds, "%d", *intp);
        break;
    case SLB_T_ADDRESS:
        slb_address_format(value, ds);
        break;
    case SLB_T_PREFIX:
        slb_prefix_format(value, ds);
        break;
    case SLB_T_LIST:
    default:
        OVS_NOT_REACHED();
    }
}

/* Whether the values 'a' and 'b' of 'field', whose type is not SLB_T_LIST, are
 * the same. */
bool
slb_value_equals(const struct slb_field *field, const void *a, const void *b)
{
    char *const *texta = a, *const *textb = b;
    const int *inta = a, *intb = b;

    switch (field->type) {
    case SLB_T_NAME:
    case SLB_T_REF:
        return nullable_string_is_equal(*texta, *textb);
    case SLB_T_ENUM:
    case SLB_T_INTEGER:
        return *inta == *intb;
    case SLB_T_ADDRESS:
        return ipv6_addr_equals(a, b);
    case SLB_T_PREFIX:
        return slb_prefix_equals(a, b);
    case SLB_T_LIST:
    default:
        OVS_NOT_REACHED();
    }
}

/* Whether 'value' of 'field' need not be written down: it is what a text that
 * leaves the field out gets. */
bool
slb_value_is_default(const struct slb_field *field, const void *value)
{
    const struct slb_list *list = value;
    const int *intp = value;

    if (field->required) {
        return false;
    }
    return field->type == SLB_T_LIST ? !list->n : *intp == field->def;
}

/* Sets 'value', all of whose bytes are zero, to the default of 'field'. */
void
slb_value_init(const struct slb_field *field, void *value)
{
    if (field->type == SLB_T_ENUM || field->type == SLB_T_INTEGER) {
        int *intp = value;
        *intp = field->def;
    }
}

void
slb_value_destroy(const struct slb_field *field, void *value)
{
    if (field->type == SLB_T_NAME || field->type == SLB_T_REF) {
        char **textp = value;
        free(*textp);
    } else if (field->type == SLB_T_LIST) {
        struct slb_list *list = value;
        for (size_t i = 0; i < list->n; i++) {
            slb_object_destroy(list->at[i]);
        }
        free(list->at);
    }
}

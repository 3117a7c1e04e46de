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

#include "yaml/slb-validate.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "util.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-text.h"

struct validation {
    struct slb_input *input;
    const struct slb_model *base; /* What is in the database, or NULL. */

    /* What will be, by name: the files' objects, then the base's others. */
    struct shash networks;      /* Data is struct slb_network *. */
    struct shash load_balancers; /* Data is struct slb_load_balancer *. */

    /* Frontends by where they are and their address, "@20.50.60.10" if public,
     * "prod@10.0.1.100" if internal.  Data is struct slb_frontend *. */
    struct shash frontends;

    /* Networks that have an internal frontend. */
    struct shash networks_with_frontends;

    /* Of the document's object that is being checked: what may be referred to
     * by name, by class and name, "Frontend/public". */
    struct shash siblings;
};

static bool
is_from_text(const struct slb_object *object)
{
    return object->mark.source != NULL;
}

/* Adds an error about the field called 'name' of 'object'.  If 'object' is in
 * the database, the files are only wrong in what they make of 'network', which
 * it uses: there it is reported.  If 'network' is in the database as well, the
 * files have nothing to do with it. */
static void OVS_PRINTF_FORMAT(5, 6)
report(struct validation *v, const struct slb_network *network,
       const struct slb_object *object, const char *name,
       const char *format, ...)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct slb_mark mark;
    va_list args;

    if (is_from_text(object)) {
        mark = slb_object_mark(object, name);
    } else if (!network || !is_from_text(&network->obj)) {
        return;
    } else {
        mark = slb_object_mark(&network->obj, "subnets");
        slb_object_format_path(object, &ds);
        ds_put_cstr(&ds, " is in the database, and ");
    }
    va_start(args, format);
    ds_put_format_valist(&ds, format, args);
    va_end(args);
    slb_errors_add_nocopy(&v->input->errors, mark, ds_steal_cstr(&ds));
}

/* Appends to 'ds' which object the field called 'name' of 'object' belongs to,
 * and where that is: "rule 'http' (web.yaml:12:5)". */
static void
format_other(const struct slb_object *object, const char *name, struct ds *ds)
{
    if (object->name) {
        ds_put_format(ds, "%s '%s'", object->class->noun, object->name);
    } else {
        ds_put_format(ds, "a %s", object->class->noun);
    }
    if (is_from_text(object)) {
        ds_put_cstr(ds, " (");
        slb_mark_format(slb_object_mark(object, name), ds);
        ds_put_char(ds, ')');
    } else if (object->parent) {
        ds_put_format(ds, " of %s '%s' in the database",
                      object->parent->class->noun, object->parent->name);
    } else {
        ds_put_cstr(ds, " in the database");
    }
}

static char *
other(const struct slb_object *object, const char *name)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    format_other(object, name, &ds);
    return ds_steal_cstr(&ds);
}

static char *
address_to_string(const struct in6_addr *address)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_address_format(address, &ds);
    return ds_steal_cstr(&ds);
}

/* Names and references. */

/* Checks that names in 'list', and in all lists below, are unique. */
static void
check_names(struct validation *v, const struct slb_list *list)
{
    struct shash names = SHASH_INITIALIZER(&names);

    for (size_t i = 0; i < list->n; i++) {
        const struct slb_object *object = list->at[i];

        if (object->name) {
            const struct slb_object *first = shash_find_data(&names,
                                                             object->name);
            if (first) {
                char *text = other(first, "name");
                report(v, NULL, object, "name",
                       "the name '%s' is that of %s, expected another one",
                       object->name, text);
                free(text);
            } else {
                shash_add(&names, object->name, object);
            }
        }

        for (size_t j = 0; j < object->class->n_fields; j++) {
            const struct slb_field *field = &object->class->fields[j];
            if (field->type == SLB_T_LIST) {
                check_names(v, slb_field_value(field, object));
            }
        }
    }
    shash_destroy(&names);
}

/* Makes 'v->siblings' the objects that may be referred to in 'top'. */
static void
index_siblings(struct validation *v, const struct slb_object *top)
{
    shash_clear(&v->siblings);
    for (size_t i = 0; i < top->class->n_fields; i++) {
        const struct slb_field *field = &top->class->fields[i];
        if (field->type != SLB_T_LIST) {
            continue;
        }

        const struct slb_list *list = slb_field_value(field, top);
        for (size_t j = 0; j < list->n; j++) {
            if (list->at[j]->name) {
                char *key = xasprintf("%s/%s", field->class->name,
                                      list->at[j]->name);
                shash_add_once(&v->siblings, key, list->at[j]);
                free(key);
            }
        }
    }
}

/* Returns the object of 'class' called 'name' in the object that is being
 * checked, or NULL. */
static const struct slb_object *
find_sibling(const struct validation *v, const struct slb_class *class,
             const char *name)
{
    char *key = xasprintf("%s/%s", class->name, name);
    const struct slb_object *sibling = shash_find_data(&v->siblings, key);

    free(key);
    return sibling;
}

/* Whether all names in 'list' are known. */
static bool
names_are_known(const struct slb_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (!list->at[i]->name) {
            return false;
        }
    }
    return true;
}

/* Among more names than this, nobody guesses which one was meant. */
#define MAX_CANDIDATES 100

/* Reports that what 'field' of 'object' names is not 'where' it should be,
 * where there are 'names'. */
static void
report_dangling(struct validation *v, const struct slb_object *object,
                const struct slb_field *field, const char *where,
                const struct shash *names)
{
    const char *name = *(char **) slb_field_value(field, object);
    const char *candidates[MAX_CANDIDATES];
    size_t n = shash_count(names);
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char *nearest = NULL;

    if (n <= MAX_CANDIDATES) {
        const struct shash_node **sorted = shash_sort(names);
        for (size_t i = 0; i < n; i++) {
            candidates[i] = sorted[i]->name;
        }
        free(sorted);
        nearest = slb_text_nearest(name, candidates, n);
    }

    ds_put_format(&ds, "'%s' is ", field->name);
    slb_text_quote(name, &ds);
    ds_put_format(&ds, ", but there is no such %s %s", field->class->noun,
                  where);
    if (nearest) {
        ds_put_format(&ds, ", did you mean '%s'?", nearest);
    } else if (!n) {
        ds_put_format(&ds, ", expected a %s of that name to be there",
                      field->class->noun);
    } else if (n > 5) {
        ds_put_format(&ds, ", expected the name of one of its %"PRIuSIZE, n);
    } else {
        ds_put_cstr(&ds, ", expected ");
        for (size_t i = 0; i < n; i++) {
            ds_put_format(&ds, "%s'%s'", !i ? "" : i + 1 < n ? ", " : " or ",
                          candidates[i]);
        }
    }
    slb_errors_add_nocopy(&v->input->errors,
                          slb_object_mark(object, field->name),
                          ds_steal_cstr(&ds));
}

/* Checks one reference, 'field' of 'object', which is in or below 'top', a
 * document's object. */
static void
check_reference(struct validation *v, const struct slb_object *top,
                const struct slb_object *object,
                const struct slb_field *field)
{
    const char *name = *(char **) slb_field_value(field, object);

    if (!name || !slb_object_has(object, field->name)) {
        return;
    }

    if (field->class == &slb_network_class) {
        if (!shash_find(&v->networks, name) && !v->input->incomplete) {
            report_dangling(v, object, field,
                            v->base ? "in the files or the database"
                            : "in the files", &v->networks);
        }
        return;
    }

    if (find_sibling(v, field->class, name)
        || slb_errors_is_full(&v->input->errors)) {
        return;
    }
    for (size_t i = 0; i < top->class->n_fields; i++) {
        const struct slb_field *list_field = &top->class->fields[i];
        const struct slb_list *list = slb_field_value(list_field, top);

        if (list_field->type == SLB_T_LIST
            && list_field->class == field->class
            && slb_object_has(top, list_field->name)
            && names_are_known(list)) {
            struct shash names = SHASH_INITIALIZER(&names);
            char *where = xasprintf("in %s '%s'", top->class->noun,
                                    top->name ? top->name : "");

            slb_list_index(list, &names);
            report_dangling(v, object, field, where, &names);
            shash_destroy(&names);
            free(where);
        }
    }
}

/* Checks the references of 'object', in or below 'top', and of all below. */
static void
check_references(struct validation *v, const struct slb_object *top,
                 const struct slb_object *object)
{
    for (size_t i = 0; i < object->class->n_fields; i++) {
        const struct slb_field *field = &object->class->fields[i];

        if (field->type == SLB_T_REF) {
            check_reference(v, top, object, field);
        } else if (field->type == SLB_T_LIST) {
            const struct slb_list *list = slb_field_value(field, object);
            for (size_t j = 0; j < list->n; j++) {
                check_references(v, top, list->at[j]);
            }
        }
    }
}

/* Networks and addresses in them. */

/* Whether all subnets of 'network' are known. */
static bool
network_is_valid(const struct slb_network *network)
{
    if (!slb_object_has(&network->obj, "subnets")) {
        return false;
    }
    for (size_t i = 0; i < network->subnets.n; i++) {
        if (!slb_object_has(&network->subnets.at[i]->obj, "prefix")) {
            return false;
        }
    }
    return true;
}

static const struct slb_subnet *
find_subnet(const struct slb_network *network, const struct in6_addr *address)
{
    for (size_t i = 0; i < network->subnets.n; i++) {
        const struct slb_subnet *subnet = network->subnets.at[i];
        if (slb_prefix_contains(&subnet->prefix, address)) {
            return subnet;
        }
    }
    return NULL;
}

/* By address, and where that is the same, larger prefixes first. */
static int
compare_subnets(const void *a_, const void *b_)
{
    const struct slb_subnet *const *a = a_;
    const struct slb_subnet *const *b = b_;
    int cmp = memcmp(&(*a)->prefix.address, &(*b)->prefix.address,
                     sizeof (*a)->prefix.address);

    return cmp ? cmp : (*a)->prefix.length - (*b)->prefix.length;
}

static bool
is_after(struct slb_mark a, struct slb_mark b)
{
    return a.line > b.line || (a.line == b.line && a.column > b.column);
}

/* Checks that the subnets of 'network' have no addresses in common.  Of two
 * prefixes that have, one is in the other, and follows it when sorted. */
static void
check_overlaps(struct validation *v, const struct slb_network *network)
{
    const struct slb_subnet **subnets
        = xmalloc(MAX(network->subnets.n, 1) * sizeof *subnets);
    size_t n = 0;

    for (size_t i = 0; i < network->subnets.n; i++) {
        if (slb_object_has(&network->subnets.at[i]->obj, "prefix")) {
            subnets[n++] = network->subnets.at[i];
        }
    }
    if (n > 1) {
        qsort(subnets, n, sizeof *subnets, compare_subnets);
    }
    for (size_t i = 1, last = 0; i < n; i++) {
        if (!slb_prefix_overlaps(&subnets[last]->prefix,
                                 &subnets[i]->prefix)) {
            last = i;
            continue;
        }

        const struct slb_subnet *first = subnets[last], *second = subnets[i];
        if (is_after(first->obj.mark, second->obj.mark)) {
            first = subnets[i];
            second = subnets[last];
        }

        struct ds ds = DS_EMPTY_INITIALIZER;
        slb_prefix_format(&second->prefix, &ds);
        ds_put_cstr(&ds, " overlaps ");
        slb_prefix_format(&first->prefix, &ds);
        ds_put_cstr(&ds, " of ");
        format_other(&first->obj, "prefix", &ds);
        report(v, network, &second->obj, "prefix",
               "%s, expected subnets of a network to be apart", ds_cstr(&ds));
        ds_destroy(&ds);
    }
    free(subnets);
}

static void
check_network(struct validation *v, const struct slb_network *network)
{
    for (size_t i = 0; i < network->subnets.n; i++) {
        const struct slb_subnet *subnet = network->subnets.at[i];
        const struct slb_prefix *prefix = &subnet->prefix;
        if (!slb_object_has(&subnet->obj, "prefix")) {
            continue;
        }

        /* A gateway and a virtual machine, at the least. */
        int longest = slb_address_is_v4(&prefix->address) ? 30 : 126;
        struct in6_addr gateway = slb_prefix_gateway(prefix);
        if (prefix->length < 8 || prefix->length > longest) {
            report(v, network, &subnet->obj, "prefix",
                   "the prefix length of subnet '%s' is %d, expected 8 to %d "
                   "for %s", subnet->obj.name, prefix->length, longest,
                   slb_address_family(&prefix->address));
        } else if (!slb_address_is_unicast(&gateway)) {
            report(v, network, &subnet->obj, "prefix",
                   "subnet '%s' has no addresses that can be used, expected "
                   "neither loopback nor link local nor multicast ones",
                   subnet->obj.name);
        }
    }
    check_overlaps(v, network);
}

/* Checks that 'address', that of 'object' in 'subnet', can be a machine's. */
static void
check_address_in_subnet(struct validation *v,
                        const struct slb_network *network,
                        const struct slb_subnet *subnet,
                        const struct slb_object *object,
                        const struct in6_addr *address)
{
    const struct slb_prefix *prefix = &subnet->prefix;
    struct in6_addr gateway = slb_prefix_gateway(prefix);
    struct in6_addr last = slb_prefix_last(prefix);
    const char *reserved = NULL;

    if (ipv6_addr_equals(address, &gateway)) {
        reserved = "its gateway's";
    } else if (ipv6_addr_equals(address, &prefix->address)) {
        reserved = "its first one, which is reserved";
    } else if (slb_address_is_v4(address)
               && ipv6_addr_equals(address, &last)) {
        reserved = "its broadcast address";
    }
    if (reserved) {
        char *text = address_to_string(address);
        report(v, network, object, "address",
               "address %s in subnet '%s' is %s, expected another one",
               text, subnet->obj.name, reserved);
        free(text);
    }
}

static char *
frontend_key(const struct slb_network *network, bool internal,
             const struct in6_addr *address)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "%s@", internal ? network->obj.name : "");
    slb_address_format(address, &ds);
    return ds_steal_cstr(&ds);
}

static void
check_frontends(struct validation *v, const struct slb_load_balancer *lb,
                const struct slb_network *network)
{
    for (size_t i = 0; i < lb->frontends.n; i++) {
        const struct slb_frontend *frontend = lb->frontends.at[i];
        const struct in6_addr *address = &frontend->address;
        if (!slb_object_has(&frontend->obj, "address")) {
            continue;
        }

        if (!slb_address_is_unicast(address)) {
            char *text = address_to_string(address);
            report(v, network, &frontend->obj, "address",
                   "address %s cannot be reached over a router, expected a "
                   "unicast address", text);
            free(text);
            continue;
        }
        if (!network || !network_is_valid(network)) {
            continue;
        }

        const struct slb_subnet *subnet = find_subnet(network, address);
        if (subnet) {
            check_address_in_subnet(v, network, subnet, &frontend->obj,
                                    address);
            shash_add_once(&v->networks_with_frontends, network->obj.name,
                           NULL);
        }

        char *key = frontend_key(network, subnet != NULL, address);
        const struct slb_frontend *first = shash_find_data(&v->frontends, key);
        if (first) {
            char *text = other(&first->obj, "address");
            report(v, network, &frontend->obj, "address",
                   "address %s is that of %s, expected another one",
                   strchr(key, '@') + 1, text);
            free(text);
        } else {
            shash_add(&v->frontends, key, frontend);
        }
        free(key);
    }
}

/* Checks that the address of 'member' is no internal frontend of 'network'. */
static void
check_member_is_no_frontend(struct validation *v,
                            const struct slb_member *member,
                            const struct slb_network *network)
{
    if (!shash_find(&v->networks_with_frontends, network->obj.name)) {
        return;
    }

    char *key = frontend_key(network, true, &member->address);
    const struct slb_frontend *frontend = shash_find_data(&v->frontends, key);
    if (frontend) {
        /* Of the two, one that is in the files is wrong. */
        bool blame_member = (is_from_text(&member->obj)
                             || !is_from_text(&frontend->obj));
        const struct slb_object *wrong = (blame_member ? &member->obj
                                          : &frontend->obj);
        char *text = other(blame_member ? &frontend->obj : &member->obj,
                           "address");
        report(v, network, wrong, "address",
               "address %s is that of %s, expected another one",
               strchr(key, '@') + 1, text);
        free(text);
    }
    free(key);
}

static void
check_member(struct validation *v, const struct slb_member *member,
             const struct slb_network *network)
{
    const struct in6_addr *address = &member->address;
    const struct slb_subnet *subnet = find_subnet(network, address);

    if (subnet) {
        check_address_in_subnet(v, network, subnet, &member->obj, address);
        check_member_is_no_frontend(v, member, network);
        return;
    }

    char *text = address_to_string(address);
    struct ds ds = DS_EMPTY_INITIALIZER;
    for (size_t i = 0; i < network->subnets.n && i < 5; i++) {
        ds_put_cstr(&ds, i ? ", " : " (");
        slb_prefix_format(&network->subnets.at[i]->prefix, &ds);
    }
    ds_put_cstr(&ds, (!network->subnets.n ? ""
                      : network->subnets.n > 5 ? ", ...)" : ")"));
    report(v, network, &member->obj, "address",
           "address %s is outside of virtual network '%s', expected one in "
           "its subnets%s", text, network->obj.name, ds_cstr(&ds));
    ds_destroy(&ds);
    free(text);
}

static void
check_pool(struct validation *v, const struct slb_pool *pool,
           const struct slb_network *network)
{
    const struct slb_member *first = NULL;
    struct shash addresses = SHASH_INITIALIZER(&addresses);

    for (size_t i = 0; i < pool->members.n; i++) {
        const struct slb_member *member = pool->members.at[i];
        const struct in6_addr *address = &member->address;
        if (!slb_object_has(&member->obj, "address")) {
            continue;
        }

        char *text = address_to_string(address);
        const struct slb_member *same = shash_find_data(&addresses, text);
        if (same) {
            char *other_text = other(&same->obj, "address");
            report(v, network, &member->obj, "address",
                   "address %s is that of %s, expected another one", text,
                   other_text);
            free(other_text);
        } else {
            shash_add(&addresses, text, member);
        }
        free(text);

        first = first ? first : member;
        if (slb_address_is_v4(address) != slb_address_is_v4(&first->address)) {
            char *other_text = other(&first->obj, "address");
            report(v, network, &member->obj, "address",
                   "address is %s, but that of %s is %s, expected all members "
                   "of a backend pool to have the same kind of address",
                   slb_address_family(address), other_text,
                   slb_address_family(&first->address));
            free(other_text);
        }
        if (network && network_is_valid(network)) {
            check_member(v, member, network);
        }
    }
    shash_destroy(&addresses);
}

/* Rules. */

static const struct slb_member *
first_member(const struct slb_pool *pool)
{
    for (size_t i = 0; i < pool->members.n; i++) {
        if (slb_object_has(&pool->members.at[i]->obj, "address")) {
            return pool->members.at[i];
        }
    }
    return NULL;
}

static void
check_rule_family(struct validation *v, const struct slb_rule *rule)
{
    const struct slb_frontend *frontend = (const struct slb_frontend *)
        find_sibling(v, &slb_frontend_class, rule->frontend);
    const struct slb_pool *pool = (const struct slb_pool *)
        find_sibling(v, &slb_pool_class, rule->backend_pool);
    const struct slb_member *member = pool ? first_member(pool) : NULL;

    if (frontend && member && slb_object_has(&frontend->obj, "address")
        && (slb_address_is_v4(&frontend->address)
            != slb_address_is_v4(&member->address))) {
        report(v, NULL, &rule->obj, "backendPool",
               "the members of backend pool '%s' have %s addresses, but "
               "frontend '%s' has an %s address, expected the same kind",
               pool->obj.name, slb_address_family(&member->address),
               frontend->obj.name, slb_address_family(&frontend->address));
    }
}

/* Checks that no other rule uses the port that 'rule' has in its field called
 * 'port_name', with the same protocol, of what its field 'ref_name' names. */
static void
check_rule_port(struct validation *v, struct shash *ports,
                const struct slb_rule *rule, const char *ref_name,
                const char *port_name, const char *expected)
{
    const struct slb_class *class = rule->obj.class;
    const struct slb_field *ref = slb_class_field(class, ref_name);
    const struct slb_field *port = slb_class_field(class, port_name);
    const struct slb_field *protocol = slb_class_field(class, "protocol");

    if (!slb_object_has(&rule->obj, ref_name)
        || !slb_object_has(&rule->obj, port_name)
        || !slb_object_has(&rule->obj, "protocol")) {
        return;
    }

    struct ds key = DS_EMPTY_INITIALIZER;
    slb_value_format(protocol, slb_field_value(protocol, &rule->obj), &key);
    ds_put_cstr(&key, " port ");
    slb_value_format(port, slb_field_value(port, &rule->obj), &key);
    ds_put_format(&key, " of %s '", ref->class->noun);
    slb_value_format(ref, slb_field_value(ref, &rule->obj), &key);
    ds_put_char(&key, '\'');

    const struct slb_rule *first = shash_find_data(ports, ds_cstr(&key));
    if (first) {
        char *text = other(&first->obj, port_name);
        report(v, NULL, &rule->obj, port_name,
               "%s is used by %s already, expected %s", ds_cstr(&key), text,
               expected);
        free(text);
    } else {
        shash_add(ports, ds_cstr(&key), rule);
    }
    ds_destroy(&key);
}

static void
check_rules(struct validation *v, const struct slb_load_balancer *lb)
{
    struct shash frontend_ports = SHASH_INITIALIZER(&frontend_ports);
    struct shash backend_ports = SHASH_INITIALIZER(&backend_ports);

    for (size_t i = 0; i < lb->rules.n; i++) {
        const struct slb_rule *rule = lb->rules.at[i];

        if (rule->frontend && rule->backend_pool) {
            check_rule_family(v, rule);
        }
        check_rule_port(v, &frontend_ports, rule, "frontend", "frontendPort",
                        "another port or frontend");
        /* A host tells by the port a virtual machine answers from which rule,
         * so which frontend, an answer belongs to. */
        check_rule_port(v, &backend_ports, rule, "backendPool", "backendPort",
                        "another port or backend pool");
    }
    shash_destroy(&frontend_ports);
    shash_destroy(&backend_ports);
}

/* All. */

static const struct slb_network *
find_network(const struct validation *v, const struct slb_load_balancer *lb)
{
    return lb->network ? shash_find_data(&v->networks, lb->network) : NULL;
}

/* Returns whether 'lb' is from the database and will stay. */
static bool
is_kept(const struct validation *v, const struct slb_load_balancer *lb)
{
    return shash_find_data(&v->load_balancers, lb->obj.name) == lb;
}

/* Checks the frontends of the load balancers that are kept and whose networks
 * are those of the files, or are not. */
static void
check_kept_frontends(struct validation *v, bool network_is_from_text)
{
    for (size_t i = 0; v->base && i < v->base->load_balancers.n; i++) {
        const struct slb_load_balancer *lb = v->base->load_balancers.at[i];
        const struct slb_network *network = find_network(v, lb);

        if (is_kept(v, lb) && network
            && is_from_text(&network->obj) == network_is_from_text) {
            check_frontends(v, lb, network);
        }
    }
}

/* Checks the pools of the load balancers that are kept.  What is wrong, if
 * anything, is the files' network or frontends. */
static void
check_kept_pools(struct validation *v)
{
    for (size_t i = 0; v->base && i < v->base->load_balancers.n; i++) {
        const struct slb_load_balancer *lb = v->base->load_balancers.at[i];
        const struct slb_network *network = find_network(v, lb);

        if (!is_kept(v, lb) || !network) {
            continue;
        }
        for (size_t j = 0; j < lb->backend_pools.n; j++) {
            const struct slb_pool *pool = lb->backend_pools.at[j];

            if (is_from_text(&network->obj)) {
                check_pool(v, pool, network);
            } else {
                for (size_t k = 0; k < pool->members.n; k++) {
                    check_member_is_no_frontend(v, pool->members.at[k],
                                                network);
                }
            }
        }
    }
}

/* Checks the objects of 'input', reporting errors to 'input->errors', against
 * one another and against 'base', the objects in the database.  'base' may be
 * NULL if these are not known: then what files refer to must be in files. */
void
slb_validate(struct slb_input *input, const struct slb_model *base)
{
    const struct slb_model *model = &input->model;
    struct validation v = { .input = input, .base = base };

    shash_init(&v.networks);
    shash_init(&v.load_balancers);
    shash_init(&v.frontends);
    shash_init(&v.networks_with_frontends);
    shash_init(&v.siblings);
    slb_list_index(SLB_GENERIC(&model->networks), &v.networks);
    slb_list_index(SLB_GENERIC(&model->load_balancers), &v.load_balancers);
    if (base) {
        slb_list_index(SLB_GENERIC(&base->networks), &v.networks);
        slb_list_index(SLB_GENERIC(&base->load_balancers), &v.load_balancers);
    }

    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_list *list = slb_model_list(model, slb_kinds[i]);
        check_names(&v, list);
        for (size_t j = 0; j < list->n; j++) {
            index_siblings(&v, list->at[j]);
            check_references(&v, list->at[j], list->at[j]);
        }
    }
    for (size_t i = 0; i < model->networks.n; i++) {
        check_network(&v, model->networks.at[i]);
    }

    /* Frontends before members, and what the files leave alone before what
     * they change: it is the latter that must give way. */
    check_kept_frontends(&v, false);
    check_kept_frontends(&v, true);
    for (size_t i = 0; i < model->load_balancers.n; i++) {
        const struct slb_load_balancer *lb = model->load_balancers.at[i];
        check_frontends(&v, lb, find_network(&v, lb));
    }

    check_kept_pools(&v);
    for (size_t i = 0; i < model->load_balancers.n; i++) {
        const struct slb_load_balancer *lb = model->load_balancers.at[i];
        for (size_t j = 0; j < lb->backend_pools.n; j++) {
            check_pool(&v, lb->backend_pools.at[j], find_network(&v, lb));
        }
        index_siblings(&v, &lb->obj);
        check_rules(&v, lb);
    }

    shash_destroy(&v.networks);
    shash_destroy(&v.load_balancers);
    shash_destroy(&v.frontends);
    shash_destroy(&v.networks_with_frontends);
    shash_destroy(&v.siblings);
}

/* Whether 'object', one of 'base', may be deleted.  If something else in
 * 'base' needs it, appends what to 'reason' and returns false. */
bool
slb_validate_delete(const struct slb_model *base,
                    const struct slb_object *object, struct ds *reason)
{
    size_t n = 0;

    if (object->class != &slb_network_class) {
        return true;
    }
    for (size_t i = 0; i < base->load_balancers.n; i++) {
        const struct slb_load_balancer *lb = base->load_balancers.at[i];
        if (nullable_string_is_equal(lb->network, object->name)) {
            ds_put_format(reason, "%s'%s'",
                          n++ ? ", " : "it is the network of load balancer ",
                          lb->obj.name);
        }
    }
    return !n;
}

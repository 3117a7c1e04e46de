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

#include "yaml/slb-validate-private.h"

#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "util.h"

/* Probes, rules, inbound NAT rules and inbound NAT pools, each by itself and
 * with what it names.  Which ports they use is slb-validate-port.c's. */

/* Probes. */

static void
check_probe(struct slb_validation *v, const struct slb_probe *probe)
{
    const struct slb_object *obj = &probe->obj;

    if (!slb_object_has(obj, "protocol")) {
        return;
    }
    if (probe->protocol == SLB_PROBE_HTTPS) {
        slb_check_standard(v, obj, "protocol", "Https probes");
    }
    if (!slb_object_has(obj, "requestPath")) {
        return;
    }

    const char *path = probe->request_path;
    char *place = slb_place(obj, "protocol");
    if (probe->protocol == SLB_PROBE_TCP) {
        if (path) {
            slb_report(v, obj, "requestPath", "there is a 'requestPath', but "
                       "protocol Tcp (%s) requests nothing, expected none, or "
                       "protocol Http or Https", place);
        }
    } else if (!path) {
        slb_report(v, obj, "requestPath", "the key 'requestPath' is missing "
                   "in probe '%s', expected a path, since the protocol is %s "
                   "(%s)", obj->name ? obj->name : "",
                   probe->protocol == SLB_PROBE_HTTP ? "Http" : "Https",
                   place);
    } else if (path[0] != '/') {
        slb_report(v, obj, "requestPath", "'requestPath' does not begin with "
                   "'/', expected one like '/%.40s'", path);
    }
    free(place);
}

void
slb_check_probes(struct slb_validation *v)
{
    for (size_t i = 0; i < v->lb->probes.n; i++) {
        check_probe(v, v->lb->probes.at[i]);
    }
}

/* What rules, NAT rules and NAT pools have in common. */

/* Checks that 'object', for 'protocol', may send resets if it is to. */
void
slb_check_tcp_reset(struct slb_validation *v, const struct slb_object *object,
                    int protocol, bool tcp_reset)
{
    if (!tcp_reset) {
        return;
    }
    if (slb_check_standard(v, object, "enableTcpReset", "TCP resets")
        && slb_object_has(object, "protocol")
        && protocol == SLB_PROTOCOL_UDP) {
        char *place = slb_place(object, "protocol");
        slb_report(v, object, "enableTcpReset",
                   "'enableTcpReset' is true, but protocol Udp (%s) has no "
                   "resets, expected false", place);
        free(place);
    }
}

static bool
family_differs(const struct slb_validation *v,
               const struct slb_frontend *frontend, bool v4)
{
    bool frontend_v4;

    return (slb_frontend_family(v, frontend, &frontend_v4)
            && frontend_v4 != v4);
}

static const char *
source_field(const struct slb_frontend *frontend)
{
    return (frontend->subnet ? "subnet"
            : frontend->public_ip_prefix ? "publicIPPrefix" : "address");
}

/* Checks that the pool called 'pool_name', which is that of 'object', has the
 * same kind of addresses as 'frontend'. */
void
slb_check_pool_family(struct slb_validation *v,
                      const struct slb_object *object, const char *pool_name,
                      const struct slb_frontend *frontend)
{
    const struct slb_pool *pool = slb_find_sibling(v, &slb_pool_class,
                                                   pool_name);
    const struct slb_member *member;
    bool v4;

    if (frontend && pool && slb_pool_family(pool, &v4, &member)
        && family_differs(v, frontend, v4)) {
        char *member_other = slb_other(&member->obj, "address");
        char *frontend_other = slb_other(&frontend->obj,
                                         source_field(frontend));
        slb_report(v, object, "backendPool",
                   "backend pool '%s' has %s addresses, as that of %s, but %s "
                   "has an %s address, expected the same kind",
                   pool->obj.name, slb_family_name(v4), member_other,
                   frontend_other, slb_family_name(!v4));
        free(frontend_other);
        free(member_other);
    }
}

/* Checks that 'frontend' may have floating IP, which 'object' asks for. */
static void
check_floating_family(struct slb_validation *v,
                      const struct slb_object *object,
                      const struct slb_frontend *frontend)
{
    bool v4;

    if (frontend && slb_frontend_type(v, frontend).internal
        && slb_frontend_family(v, frontend, &v4) && !v4) {
        char *other = slb_other(&frontend->obj, source_field(frontend));
        slb_report(v, object, "enableFloatingIP",
                   "'enableFloatingIP' is true, but %s is internal and has an "
                   "IPv6 address, expected false", other);
        free(other);
    }
}

/* Checks that with floating IP, which 'object' asks for, packets can be left
 * as they are. */
static void
check_floating_ip(struct slb_validation *v, const struct slb_object *object,
                  const char *frontend_field, int frontend_port,
                  const struct slb_frontend *frontend, int backend_port)
{
    if (slb_object_has(object, frontend_field)
        && slb_object_has(object, "backendPort")
        && frontend_port != backend_port) {
        char *place = slb_place(object, "enableFloatingIP");
        slb_report(v, object, "backendPort",
                   "'backendPort' is %d and '%s' is %d, expected the same, "
                   "since 'enableFloatingIP' is true (%s), which leaves "
                   "packets as they are", backend_port, frontend_field,
                   frontend_port, place);
        free(place);
    }
    check_floating_family(v, object, frontend);
}

/* Rules. */

/* Whether the field called 'field' of 'object' is at a place of its own. */
static bool
is_given(const struct slb_object *object, const char *field)
{
    struct slb_mark mark = slb_object_mark(object, field);

    return (mark.line != object->mark.line
            || mark.column != object->mark.column);
}

/* Checks that 'field' of 'rule', 'port', is a port if the rule's protocol has
 * ports, otherwise none. */
static void
check_port(struct slb_validation *v, const struct slb_rule *rule,
           const char *field, int port)
{
    const struct slb_object *obj = &rule->obj;
    const char *const protocol = (rule->protocol == SLB_PROTOCOL_TCP ? "Tcp"
                                  : "Udp");

    if (!slb_object_has(obj, field)
        || (port != 0) == (rule->protocol != SLB_PROTOCOL_ALL)) {
        return;
    }

    char *place = slb_place(obj, "protocol");
    if (port) {
        slb_report(v, obj, field, "'%s' is %d, expected 0, since protocol All "
                   "(%s) is for all ports", field, port, place);
    } else if (is_given(obj, field)) {
        slb_report(v, obj, field, "'%s' is 0, expected an integer from 1 to "
                   "65535, since the protocol is %s (%s)", field, protocol,
                   place);
    } else {
        slb_report(v, obj, field, "the key '%s' is missing in rule '%s', "
                   "expected an integer from 1 to 65535, since the protocol "
                   "is %s (%s)", field, obj->name ? obj->name : "", protocol,
                   place);
    }
    free(place);
}

/* Checks 'rule', for HA ports. */
static void
check_ha_ports(struct slb_validation *v, const struct slb_rule *rule,
               const struct slb_frontend *frontend)
{
    struct slb_frontend_type type;

    if (!slb_check_standard(v, &rule->obj, "protocol",
                            "rules with protocol All") || !frontend) {
        return;
    }
    type = slb_frontend_type(v, frontend);
    if (type.known && !type.internal) {
        char *other = slb_other(&frontend->obj, source_field(frontend));
        slb_report(v, &rule->obj, "protocol",
                   "'protocol' is All, but %s is public, expected an internal "
                   "frontend, or Tcp or Udp", other);
        free(other);
    }
}

static void
check_source_ranges(struct slb_validation *v, const struct slb_rule *rule,
                    const struct slb_frontend *frontend)
{
    const struct slb_strings *ranges = &rule->source_ranges;

    for (size_t i = 0; frontend && i < ranges->n; i++) {
        struct slb_prefix prefix;

        if (slb_prefix_parse(ranges->at[i], &prefix)
            && family_differs(v, frontend,
                              slb_address_is_v4(&prefix.address))) {
            const struct slb_object *obj = &rule->obj;
            char *other = slb_other(&frontend->obj, source_field(frontend));
            slb_report_at(v, obj, (ranges->marks ? ranges->marks[i]
                                   : slb_object_mark(obj, "sourceRanges")),
                          "%s is an %s prefix, but %s does not have an %s "
                          "address, expected the same kind", ranges->at[i],
                          slb_address_family(&prefix.address), other,
                          slb_address_family(&prefix.address));
            free(other);
        }
    }
}

/* Checks that rules of the pool of 'rule' have frontends of one family, if its
 * members are all by name: in a pool a machine has one address.  'first' has
 * the first rule of each pool. */
static void
check_pool_is_of_one_family(struct slb_validation *v,
                            const struct slb_rule *rule,
                            const struct slb_frontend *frontend,
                            struct slb_index *first)
{
    const struct slb_pool *pool = slb_find_sibling(v, &slb_pool_class,
                                                   rule->backend_pool);
    const struct slb_member *member;
    bool v4;

    if (!pool || !frontend || slb_pool_family(pool, &v4, &member)
        || !slb_frontend_family(v, frontend, &v4)) {
        return;
    }

    const struct slb_rule *other = slb_index_add_name(first, NULL,
                                                      pool->obj.name, rule);
    if (other && family_differs(v, slb_find_sibling(v, &slb_frontend_class,
                                                    other->frontend), v4)) {
        char *rule_other = slb_other(&other->obj, "frontend");
        char *frontend_other = slb_other(&frontend->obj,
                                         source_field(frontend));
        slb_report(v, &rule->obj, "backendPool",
                   "backend pool '%s' is for %s addresses, as that of %s is, "
                   "but %s has an %s address, expected a backend pool for "
                   "each", pool->obj.name, slb_family_name(!v4), rule_other,
                   frontend_other, slb_family_name(v4));
        free(frontend_other);
        free(rule_other);
    }
}

/* 'first' is as above. */
static void
check_rule(struct slb_validation *v, const struct slb_rule *rule,
           struct slb_index *first)
{
    const struct slb_object *obj = &rule->obj;
    const struct slb_frontend *frontend
        = slb_find_sibling(v, &slb_frontend_class, rule->frontend);

    if (slb_object_has(obj, "protocol")) {
        check_port(v, rule, "frontendPort", rule->frontend_port);
        check_port(v, rule, "backendPort", rule->backend_port);
        if (rule->protocol == SLB_PROTOCOL_ALL) {
            check_ha_ports(v, rule, frontend);
            if (rule->floating_ip) {
                check_floating_family(v, obj, frontend);
            }
        } else if (rule->floating_ip) {
            check_floating_ip(v, obj, "frontendPort", rule->frontend_port,
                              frontend, rule->backend_port);
        }
    }
    slb_check_tcp_reset(v, obj, rule->protocol, rule->tcp_reset);
    slb_check_pool_family(v, obj, rule->backend_pool, frontend);
    check_pool_is_of_one_family(v, rule, frontend, first);
    check_source_ranges(v, rule, frontend);
}

/* Inbound NAT rules. */

/* Whether 'text', which is no address, was meant to be one. */
static bool
looks_like_address(const char *text)
{
    return strchr(text, ':') || text[strspn(text, "0123456789./")] == '\0';
}

/* Checks the target of 'rule', whose kind of address is to be that of
 * 'frontend'.  'members' has the load balancer's by name. */
static void
check_target(struct slb_validation *v, const struct slb_nat_rule *rule,
             const struct slb_frontend *frontend,
             const struct slb_index *members)
{
    const struct slb_object *obj = &rule->obj;
    const struct slb_member *member;
    struct in6_addr address;

    if (!rule->target || !slb_object_has(obj, "target")) {
        return;
    }

    member = slb_index_find_name(members, NULL, rule->target);
    if (slb_address_parse(rule->target, &address)) {
        const struct slb_subnet *subnet;

        if (v->space) {
            slb_check_in_space(v, obj, "target", &address, &subnet);
        }
    } else if (!slb_name_is_valid(rule->target)
               || (!member && looks_like_address(rule->target))) {
        slb_report(v, obj, "target", "'target' is '%s', expected the name of "
                   "a port or an address", rule->target);
        return;
    } else if (member) {
        address = member->address;
    } else {
        return;
    }

    if (frontend && !ipv6_is_zero(&address)
        && family_differs(v, frontend, slb_address_is_v4(&address))) {
        char *other = slb_other(&frontend->obj, source_field(frontend));
        char *whose = (member ? slb_other(&member->obj, "address")
                       : xasprintf("target %s", rule->target));
        slb_report(v, obj, "target",
                   "%s has an %s address, but %s does not, expected the same "
                   "kind", whose, slb_address_family(&address), other);
        free(whose);
        free(other);
    }
}

static void
check_nat_rule(struct slb_validation *v, const struct slb_nat_rule *rule,
               const struct slb_index *members)
{
    const struct slb_frontend *frontend
        = slb_find_sibling(v, &slb_frontend_class, rule->frontend);

    if (rule->floating_ip) {
        check_floating_ip(v, &rule->obj, "frontendPort", rule->frontend_port,
                          frontend, rule->backend_port);
    }
    slb_check_tcp_reset(v, &rule->obj, rule->protocol, rule->tcp_reset);
    check_target(v, rule, frontend, members);
}

static void
check_nat_rules(struct slb_validation *v)
{
    const struct slb_load_balancer *lb = v->lb;
    struct slb_index members;

    slb_index_init(&members);
    for (size_t i = 0; lb->nat_rules.n && i < lb->backend_pools.n; i++) {
        const struct slb_pool *pool = lb->backend_pools.at[i];
        for (size_t j = 0; j < pool->members.n; j++) {
            const struct slb_member *member = pool->members.at[j];
            if (member->obj.name) {
                slb_index_add_name(&members, NULL, member->obj.name, member);
            }
        }
    }
    for (size_t i = 0; i < lb->nat_rules.n; i++) {
        check_nat_rule(v, lb->nat_rules.at[i], &members);
    }
    slb_index_destroy(&members);
}

/* Inbound NAT pools. */

static void
check_nat_pool(struct slb_validation *v, const struct slb_nat_pool *nat)
{
    const struct slb_object *obj = &nat->obj;
    const struct slb_frontend *frontend
        = slb_find_sibling(v, &slb_frontend_class, nat->frontend);
    const struct slb_pool *pool = slb_find_sibling(v, &slb_pool_class,
                                                   nat->backend_pool);

    slb_check_tcp_reset(v, obj, nat->protocol, nat->tcp_reset);
    slb_check_pool_family(v, obj, nat->backend_pool, frontend);
    if (!slb_object_has(obj, "frontendPortRangeStart")
        || !slb_object_has(obj, "frontendPortRangeEnd")) {
        return;
    }

    int n = nat->last_port - nat->first_port + 1;
    if (n < 1) {
        char *place = slb_place(obj, "frontendPortRangeStart");
        slb_report(v, obj, "frontendPortRangeEnd",
                   "'frontendPortRangeEnd' is %d, which is before "
                   "'frontendPortRangeStart', %d (%s), expected it not to be",
                   nat->last_port, nat->first_port, place);
        free(place);
        return;
    }
    if (pool && pool->members.n > n) {
        char *other = slb_other(&pool->obj, "members");
        slb_report(v, obj, "frontendPortRangeEnd",
                   "%d to %d is %d port%s, but %s has %"PRIuSIZE" members, "
                   "expected a port for each", nat->first_port,
                   nat->last_port, n, n == 1 ? "" : "s", other,
                   pool->members.n);
        free(other);
    }
    if (nat->floating_ip && n > 1) {
        /* Each member would have to serve at a port of its own. */
        char *place = slb_place(obj, "frontendPortRangeStart");
        slb_report(v, obj, "enableFloatingIP",
                   "'enableFloatingIP' is true, which leaves packets as they "
                   "are, but there are several ports (%s), expected false",
                   place);
        free(place);
    } else if (nat->floating_ip) {
        check_floating_ip(v, obj, "frontendPortRangeStart", nat->first_port,
                          frontend, nat->backend_port);
    }
}

/* Checks the rules, inbound NAT rules and inbound NAT pools of the current
 * load balancer. */
void
slb_check_rules(struct slb_validation *v)
{
    const struct slb_load_balancer *lb = v->lb;
    struct slb_index first;

    slb_index_init(&first);
    for (size_t i = 0; i < lb->rules.n && !slb_validation_is_full(v); i++) {
        check_rule(v, lb->rules.at[i], &first);
    }
    slb_index_destroy(&first);
    check_nat_rules(v);
    for (size_t i = 0; i < lb->nat_pools.n; i++) {
        check_nat_pool(v, lb->nat_pools.at[i]);
    }
}

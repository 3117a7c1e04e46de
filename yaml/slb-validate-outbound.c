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

#include "lib/slb-outbound.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* Outbound rules: whose addresses they use, and whether there are as many
 * ports as they give out. */

/* Where the 'i'th of the frontends of 'rule' is named. */
static struct slb_mark
frontend_mark(const struct slb_outbound_rule *rule, size_t i)
{
    return (rule->frontends.marks ? rule->frontends.marks[i]
            : slb_object_mark(&rule->obj, "frontends"));
}

/* Returns how many ports 'frontend' has for outbound connections. */
static uint32_t
frontend_ports(const struct slb_listeners *listeners,
               const struct slb_frontend *frontend)
{
    const struct slb_listener *listener = slb_listeners_find(listeners,
                                                             frontend);
    size_t n = listener ? listeners->n - (listener - listeners->at) : 0;
    struct slb_outbound_listeners taken;

    slb_outbound_listeners_init(&taken);
    for (; n && listener->frontend == frontend; listener++, n--) {
        slb_outbound_listen(&taken, listener->first, listener->last);
    }
    return slb_outbound_available(&taken);
}

/* Checks that the frontends of 'rule', which has a pool, have enough ports for
 * all of its members. */
static void
check_ports(struct slb_validation *v, const struct slb_outbound_rule *rule,
            const struct slb_pool *pool, const struct slb_listeners *listeners)
{
    const struct slb_listener *listener = NULL;
    const struct slb_frontend *frontend = NULL; /* If there is only one. */
    uint64_t available = 0, ports, most;
    size_t n = pool->members.n;

    if (!slb_object_has(&rule->obj, "allocatedOutboundPorts")
        || !slb_object_has(&rule->obj, "frontends")
        || !rule->frontends.n || !n) {
        return;
    }
    for (size_t i = 0; i < rule->frontends.n; i++) {
        frontend = slb_find_sibling(v, &slb_frontend_class,
                                    rule->frontends.at[i]);
        if (!frontend) {
            return;
        }
        available += frontend_ports(listeners, frontend);
        if (!listener) {
            listener = slb_listeners_find(listeners, frontend);
        }
        frontend = rule->frontends.n == 1 ? frontend : NULL;
    }

    ports = slb_outbound_ports(rule->ports, n, available);
    most = slb_outbound_ports(SLB_OUTBOUND_EVEN, n, available);
    if (slb_outbound_fits(ports, n, available)
        && (rule->ports != SLB_OUTBOUND_EVEN || ports)) {
        return;
    }

    struct ds ds = DS_EMPTY_INITIALIZER;
    char *members = slb_other(&pool->obj, "members");
    char *from;
    if (frontend) {
        char *other = slb_other(&frontend->obj, "address");
        from = xasprintf("%s has", other);
        free(other);
    } else {
        char *place = slb_place(&rule->obj, "frontends");
        from = xasprintf("the %"PRIuSIZE" frontends (%s) have",
                         rule->frontends.n, place);
        free(place);
    }
    ports = MAX(ports, SLB_OUTBOUND_BLOCK);
    ds_put_format(&ds, "%s has %"PRIuSIZE" members, which with %"PRIu64" "
                  "ports each need %"PRIu64", but %s %"PRIu64, members, n,
                  ports, n * ports, from, available);
    if (available < (uint64_t) SLB_OUTBOUND_PORTS_PER_FRONTEND
                    * rule->frontends.n && listener) {
        char *text = slb_other(listener->object, listener->field);
        ds_put_format(&ds, " (%d each, less the blocks of %d in which "
                      "something listens, like %s)",
                      SLB_OUTBOUND_PORTS_PER_FRONTEND, SLB_OUTBOUND_BLOCK,
                      text);
        free(text);
    }
    if (most) {
        ds_put_format(&ds, ", expected at most %"PRIu64, most);
    } else {
        ds_put_cstr(&ds, ", expected more frontends, or OnDemand");
    }
    slb_report(v, &rule->obj, "allocatedOutboundPorts", "%s", ds_cstr(&ds));
    ds_destroy(&ds);
    free(from);
    free(members);
}

/* Checks the frontends of 'rule', each by itself. */
static void
check_frontends(struct slb_validation *v,
                const struct slb_outbound_rule *rule)
{
    const struct slb_object *obj = &rule->obj;

    if (!rule->frontends.n && slb_object_has(obj, "frontends")) {
        slb_report(v, obj, "frontends", "outbound rule '%s' has no "
                   "'frontends', expected one at least",
                   obj->name ? obj->name : "");
    }
    for (size_t i = 0; i < rule->frontends.n; i++) {
        const struct slb_frontend *frontend
            = slb_find_sibling(v, &slb_frontend_class, rule->frontends.at[i]);
        struct slb_frontend_type type;

        if (!frontend) {
            continue;
        }
        type = slb_frontend_type(v, frontend);
        if (type.known && type.internal) {
            char *other = slb_other(&frontend->obj, (frontend->subnet
                                                     ? "subnet" : "address"));
            slb_report_at(v, obj, frontend_mark(rule, i),
                          "%s is internal, expected a public frontend, whose "
                          "address is known outside", other);
            free(other);
        } else {
            slb_check_pool_family(v, obj, rule->backend_pool, frontend);
        }
    }
}

/* Returns the one in 'users' of 'what' whose protocol overlaps that of 'rule',
 * or NULL after adding 'rule' there. */
static const struct slb_outbound_rule *
add_user(struct slb_index *users, const void *what,
         const struct slb_outbound_rule *rule)
{
    static const int all[] = {
        SLB_PROTOCOL_TCP, SLB_PROTOCOL_UDP, SLB_PROTOCOL_ALL
    };

    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        const struct slb_outbound_rule *user
            = slb_index_find_number(users, what, all[i]);

        if (user && (all[i] == rule->protocol || all[i] == SLB_PROTOCOL_ALL
                     || rule->protocol == SLB_PROTOCOL_ALL)) {
            return user;
        }
    }
    slb_index_add_number(users, what, rule->protocol, rule);
    return NULL;
}

/* Checks that no other of 'users', outbound rules by what they use, has the
 * pool or a frontend of 'rule' for the same protocol. */
static void
check_users(struct slb_validation *v, const struct slb_outbound_rule *rule,
            const struct slb_pool *pool, struct slb_index *users)
{
    const struct slb_outbound_rule *user;

    if (!slb_object_has(&rule->obj, "protocol")) {
        return;
    }
    user = pool ? add_user(users, pool, rule) : NULL;
    if (user) {
        char *other = slb_other(&user->obj, "backendPool");
        slb_report(v, &rule->obj, "backendPool",
                   "backend pool '%s' has %s already, expected another pool, "
                   "or different protocols for both", pool->obj.name, other);
        free(other);
        return;
    }
    for (size_t i = 0; i < rule->frontends.n; i++) {
        const struct slb_frontend *frontend
            = slb_find_sibling(v, &slb_frontend_class, rule->frontends.at[i]);

        user = frontend ? add_user(users, frontend, rule) : NULL;
        if (user && user != rule) {
            char *other = slb_other(&user->obj, "frontends");
            slb_report_at(v, &rule->obj, frontend_mark(rule, i),
                          "frontend '%s' gives its ports to %s already, "
                          "expected another frontend, or different protocols "
                          "for both", frontend->obj.name, other);
            free(other);
        }
    }
}

/* Checks the outbound rules of the current load balancer, whose listeners are
 * 'listeners'. */
void
slb_check_outbound_rules(struct slb_validation *v,
                         const struct slb_listeners *listeners)
{
    const struct slb_load_balancer *lb = v->lb;
    struct slb_index users;

    if (!lb->outbound_rules.n
        || !slb_check_standard(v, &lb->obj, "outboundRules",
                               "outbound rules")) {
        return;
    }

    slb_index_init(&users);
    for (size_t i = 0; i < lb->outbound_rules.n; i++) {
        const struct slb_outbound_rule *rule = lb->outbound_rules.at[i];
        const struct slb_pool *pool
            = slb_find_sibling(v, &slb_pool_class, rule->backend_pool);

        if (slb_validation_is_full(v)) {
            break;
        }
        slb_check_tcp_reset(v, &rule->obj, rule->protocol, rule->tcp_reset);
        check_frontends(v, rule);
        check_users(v, rule, pool, &users);
        if (pool) {
            check_ports(v, rule, pool, listeners);
        }
    }
    slb_index_destroy(&users);
}

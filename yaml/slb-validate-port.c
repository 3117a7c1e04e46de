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

#include "packets.h"
#include "util.h"

/* Ports that two want: of a frontend, and of a machine that serves. */

static const char *
protocol_name(int protocol)
{
    return (protocol == SLB_PROTOCOL_TCP ? "Tcp"
            : protocol == SLB_PROTOCOL_UDP ? "Udp" : "All");
}

/* Frontend ports. */

static void
add_listener(struct slb_listeners *listeners, const struct slb_validation *v,
             const struct slb_object *object, const char *frontend,
             int protocol, int first, int last, const char *field)
{
    const struct slb_frontend *f = slb_find_sibling(v, &slb_frontend_class,
                                                    frontend);

    if (!f || !slb_object_has(object, "protocol")
        || !slb_object_has(object, field) || last < first
        || (protocol != SLB_PROTOCOL_ALL && !first)) {
        return;
    }
    if (listeners->n >= listeners->allocated) {
        listeners->at = x2nrealloc(listeners->at, &listeners->allocated,
                                   sizeof *listeners->at);
    }
    listeners->at[listeners->n] = (struct slb_listener) {
        .object = object, .frontend = f, .protocol = protocol,
        .first = first, .last = last, .field = field, .order = listeners->n,
    };
    listeners->n++;
}

static int
compare_integers(int a, int b)
{
    return a < b ? -1 : a > b;
}

static int
compare_listeners(const void *a_, const void *b_)
{
    const struct slb_listener *a = a_, *b = b_;
    uintptr_t a_frontend = (uintptr_t) a->frontend;
    uintptr_t b_frontend = (uintptr_t) b->frontend;
    int cmp = a_frontend < b_frontend ? -1 : a_frontend > b_frontend;

    cmp = cmp ? cmp : compare_integers(a->protocol, b->protocol);
    cmp = cmp ? cmp : compare_integers(a->first, b->first);
    return cmp ? cmp : a->order < b->order ? -1 : a->order > b->order;
}

/* Makes 'listeners' those of the current load balancer. */
void
slb_listeners_init(struct slb_listeners *listeners,
                   const struct slb_validation *v)
{
    const struct slb_load_balancer *lb = v->lb;

    listeners->at = NULL;
    listeners->n = listeners->allocated = 0;
    for (size_t i = 0; i < lb->rules.n; i++) {
        const struct slb_rule *rule = lb->rules.at[i];
        bool all = rule->protocol == SLB_PROTOCOL_ALL;
        int port = all ? 0 : rule->frontend_port;

        add_listener(listeners, v, &rule->obj, rule->frontend, rule->protocol,
                     port, port, "frontendPort");
    }
    for (size_t i = 0; i < lb->nat_rules.n; i++) {
        const struct slb_nat_rule *nat = lb->nat_rules.at[i];

        add_listener(listeners, v, &nat->obj, nat->frontend, nat->protocol,
                     nat->frontend_port, nat->frontend_port, "frontendPort");
    }
    for (size_t i = 0; i < lb->nat_pools.n; i++) {
        const struct slb_nat_pool *nat = lb->nat_pools.at[i];

        if (slb_object_has(&nat->obj, "frontendPortRangeEnd")) {
            add_listener(listeners, v, &nat->obj, nat->frontend,
                         nat->protocol, nat->first_port, nat->last_port,
                         "frontendPortRangeStart");
        }
    }
    if (listeners->n > 1) {
        qsort(listeners->at, listeners->n, sizeof *listeners->at,
              compare_listeners);
    }
}

void
slb_listeners_destroy(struct slb_listeners *listeners)
{
    free(listeners->at);
}

/* Returns the first of 'frontend' in 'listeners', or NULL. */
const struct slb_listener *
slb_listeners_find(const struct slb_listeners *listeners,
                   const struct slb_frontend *frontend)
{
    size_t low = 0, high = listeners->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if ((uintptr_t) listeners->at[middle].frontend
            < (uintptr_t) frontend) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (low < listeners->n && listeners->at[low].frontend == frontend
            ? &listeners->at[low] : NULL);
}

static bool
is_nat_pool(const struct slb_listener *listener)
{
    return listener->object->class == &slb_nat_pool_class;
}

/* Reports that 'a' and 'b' have a port in common. */
static void
report_port(struct slb_validation *v, const struct slb_listener *a,
            const struct slb_listener *b)
{
    /* A single port gives way more easily than a range. */
    bool swap = (is_nat_pool(a) != is_nat_pool(b) ? is_nat_pool(b)
                 : slb_is_after(a->object, b->object));
    const struct slb_listener *first = swap ? b : a;
    const struct slb_listener *second = swap ? a : b;
    const char *protocol = protocol_name(second->protocol);
    const char *frontend = second->frontend->obj.name;
    char *other = slb_other(first->object, first->field);

    if (is_nat_pool(second)) {
        slb_report(v, second->object, second->field,
                   "%s ports %d to %d of frontend '%s' overlap %d to %d of "
                   "%s, expected other ports or another frontend", protocol,
                   second->first, second->last, frontend, first->first,
                   first->last, other);
    } else if (is_nat_pool(first)) {
        slb_report(v, second->object, second->field,
                   "%s port %d of frontend '%s' is one of %d to %d of %s, "
                   "expected another port or frontend", protocol,
                   second->first, frontend, first->first, first->last, other);
    } else {
        slb_report(v, second->object, second->field,
                   "%s port %d of frontend '%s' is used by %s already, "
                   "expected another port or frontend", protocol,
                   second->first, frontend, other);
    }
    free(other);
}

/* Checks that where one of the 'n' 'listeners', which are all those of a
 * frontend, has HA ports, it is alone. */
static void
check_ha_ports(struct slb_validation *v, const struct slb_listener *listeners,
               size_t n)
{
    /* They are last in the order of protocols. */
    for (size_t i = n > 1 ? 0 : n; i < n; i++) {
        const struct slb_listener *ha = &listeners[i];
        const struct slb_listener *other = &listeners[i ? 0 : 1];

        if (ha->protocol == SLB_PROTOCOL_ALL
            && !(i == 0 && other->protocol == SLB_PROTOCOL_ALL)) {
            char *text = slb_other(other->object, "frontend");
            slb_report(v, ha->object, "frontend",
                       "rule '%s' has protocol All, for which it must be "
                       "alone on its frontend, but '%s' is also that of %s, "
                       "expected another one",
                       ha->object->name ? ha->object->name : "",
                       ha->frontend->obj.name, text);
            free(text);
        }
    }
}

/* Checks that no two of 'listeners' have a port in common. */
void
slb_check_listeners(struct slb_validation *v,
                    const struct slb_listeners *listeners)
{
    const struct slb_listener *at = listeners->at;
    const struct slb_listener *widest = NULL;
    size_t first = 0;

    for (size_t i = 0; i < listeners->n; i++) {
        const struct slb_listener *listener = &at[i];

        if (widest && widest->frontend == listener->frontend
            && widest->protocol == listener->protocol) {
            if (listener->protocol != SLB_PROTOCOL_ALL
                && listener->first <= widest->last) {
                report_port(v, widest, listener);
            }
            if (listener->last > widest->last) {
                widest = listener;
            }
        } else {
            widest = listener;
        }

        if (i + 1 == listeners->n
            || at[i + 1].frontend != listener->frontend) {
            check_ha_ports(v, &at[first], i + 1 - first);
            first = i + 1;
        }
    }
}

/* Backend ports.
 *
 * A machine's answers come from the port that it serves: it tells which rule,
 * so which frontend, they belong to, unless with floating IP the frontend's
 * address does.  So no two rules may send to the same port of a machine.
 *
 * Pools and targets of NAT rules may have machines in common.  Which do, is
 * found out first ("links"); then a rule that uses a port of one is compared
 * with those that use that port of another one linked to it. */

/* One that has machines: a pool, or a target. */
struct group {
    const struct slb_pool *pool; /* NULL: a target. */
    struct link *links;         /* To groups with the same machines. */
    size_t n_links, allocated_links;
};

struct link {
    const struct group *to;
    const struct slb_member *member; /* That both have, as listed there. */
};

/* A machine in a group. */
struct machine {
    struct group *group;
    const struct slb_member *member; /* NULL: a target that is no member. */
    struct machine *next;       /* Another with the same name or address. */
};

struct backends {
    struct slb_validation *v;
    struct group *groups;       /* Pools, then targets. */
    size_t n_groups;
    struct slb_index targets;   /* Groups, by target. */
    struct slb_index machines;  /* By name, and by address. */
    struct slb_index links;     /* Those that are there, by both groups. */
    struct slb_index users;     /* Rules and so on, by group and port. */
};

static void
add_link(struct backends *b, const struct machine *from,
         const struct machine *to)
{
    struct group *group = from->group;

    if (slb_index_add_number(&b->links, group, to->group - b->groups,
                             to->group)) {
        return;
    }
    if (group->n_links >= group->allocated_links) {
        group->links = x2nrealloc(group->links, &group->allocated_links,
                                  sizeof *group->links);
    }
    group->links[group->n_links++] = (struct link) {
        .to = to->group, .member = to->member ? to->member : from->member,
    };
}

/* Whether members 'a' and 'b', which have the same name or address, are not
 * the same as far as ports go: one machine may have several addresses, such as
 * one of IPv6 besides that of IPv4, each with all ports. */
static bool
are_apart(const struct slb_member *a, const struct slb_member *b)
{
    return (a && b && !ipv6_is_zero(&a->address)
            && !ipv6_is_zero(&b->address)
            && !ipv6_addr_equals(&a->address, &b->address));
}

/* Adds a machine to 'group', by 'name' or, if that is NULL, by 'address'. */
static void
add_machine(struct backends *b, struct group *group,
            const struct slb_member *member, const char *name,
            const struct in6_addr *address)
{
    struct machine *machine = xzalloc(sizeof *machine);
    const struct machine *there;
    struct machine *first;

    machine->group = group;
    machine->member = member;
    there = (name ? slb_index_add_name(&b->machines, NULL, name, machine)
             : slb_index_add_address(&b->machines, NULL, address, 0,
                                     machine));
    first = CONST_CAST(struct machine *, there);
    if (!first) {
        return;
    }
    for (const struct machine *m = first; m; m = m->next) {
        if (m->group != group && !are_apart(m->member, member)) {
            add_link(b, machine, m);
            add_link(b, m, machine);
        }
    }
    machine->next = first->next;
    first->next = machine;
}

static void
add_members(struct backends *b, struct group *group,
            const struct slb_pool *pool)
{
    group->pool = pool;
    for (size_t i = 0; i < pool->members.n; i++) {
        const struct slb_member *member = pool->members.at[i];

        if (member->obj.name) {
            add_machine(b, group, member, member->obj.name, NULL);
        }
        if (!ipv6_is_zero(&member->address)) {
            add_machine(b, group, member, NULL, &member->address);
        }
    }
}

static void
add_target(struct backends *b, const char *target)
{
    struct group *group = &b->groups[b->n_groups];
    struct in6_addr address;

    if (slb_index_add_name(&b->targets, NULL, target, group)) {
        return;
    }
    b->n_groups++;
    add_machine(b, group, NULL, target, NULL);
    if (slb_address_parse(target, &address)) {
        add_machine(b, group, NULL, NULL, &address);
    }
}

/* Checks that nothing else uses 'port' of the machines of 'group', which the
 * field called 'field' of 'object' names. */
static void
check_backend_port(struct backends *b, const struct slb_object *object,
                   const struct group *group, const char *field,
                   int protocol, int port)
{
    const char *class_noun = group->pool ? "backend pool " : "";
    const char *name = (group->pool ? group->pool->obj.name
                        : ((const struct slb_nat_rule *) object)->target);
    const char *expected = (group->pool ? "another port or backend pool"
                            : "another port or target");
    uint32_t number = (uint32_t) protocol << 16 | port;
    const struct slb_object *first;

    if (!slb_object_has(object, field) || !slb_object_has(object, "protocol")
        || !slb_object_has(object, "backendPort")) {
        return;
    }

    first = slb_index_add_number(&b->users, group, number, object);
    if (first) {
        char *other = slb_other(first, "backendPort");
        slb_report(b->v, object, "backendPort",
                   "%s port %d of %s'%s' is used by %s already, expected %s, "
                   "or floating IP", protocol_name(protocol), port,
                   class_noun, name, other, expected);
        free(other);
        return;
    }
    for (size_t i = 0; i < group->n_links; i++) {
        const struct link *link = &group->links[i];

        first = slb_index_find_number(&b->users, link->to, number);
        if (first) {
            char *other = slb_other(first, "backendPort");
            char *member = (link->member
                            ? slb_other(&link->member->obj, "name")
                            : xasprintf("'%s'", name));
            slb_report(b->v, object, "backendPort",
                       "%s port %d of %s is used by %s already, expected %s, "
                       "or floating IP", protocol_name(protocol), port,
                       member, other, expected);
            free(member);
            free(other);
            return;
        }
    }
}

static const struct group *
find_pool(const struct backends *b, const char *name)
{
    const struct slb_pool *pool = slb_find_sibling(b->v, &slb_pool_class,
                                                   name);
    return pool ? slb_index_find_number(&b->targets, pool, 0) : NULL;
}

static void
check_users(struct backends *b)
{
    const struct slb_load_balancer *lb = b->v->lb;

    for (size_t i = 0; i < lb->rules.n; i++) {
        const struct slb_rule *rule = lb->rules.at[i];
        const struct group *group = find_pool(b, rule->backend_pool);

        if (group && !rule->floating_ip) {
            check_backend_port(b, &rule->obj, group, "backendPool",
                               rule->protocol, rule->backend_port);
        }
    }
    for (size_t i = 0; i < lb->nat_rules.n; i++) {
        const struct slb_nat_rule *nat = lb->nat_rules.at[i];
        const struct group *group
            = (nat->target
               ? slb_index_find_name(&b->targets, NULL, nat->target) : NULL);

        if (group && !nat->floating_ip) {
            check_backend_port(b, &nat->obj, group, "target", nat->protocol,
                               nat->backend_port);
        }
    }
    for (size_t i = 0; i < lb->nat_pools.n; i++) {
        const struct slb_nat_pool *nat = lb->nat_pools.at[i];
        const struct group *group = find_pool(b, nat->backend_pool);

        if (group && !nat->floating_ip) {
            check_backend_port(b, &nat->obj, group, "backendPool",
                               nat->protocol, nat->backend_port);
        }
    }
}

static void
free_machines(const void *machine_)
{
    struct machine *machine = CONST_CAST(void *, machine_);

    while (machine) {
        struct machine *next = machine->next;
        free(machine);
        machine = next;
    }
}

/* Checks that no two rules, inbound NAT rules or inbound NAT pools of the
 * current load balancer send to the same port of a machine. */
void
slb_check_backend_ports(struct slb_validation *v)
{
    const struct slb_load_balancer *lb = v->lb;
    struct backends b = { .v = v };

    if (lb->rules.n + lb->nat_rules.n + lb->nat_pools.n < 2) {
        return;
    }

    slb_index_init(&b.targets);
    slb_index_init(&b.machines);
    slb_index_init(&b.links);
    slb_index_init(&b.users);
    b.groups = xcalloc(lb->backend_pools.n + lb->nat_rules.n,
                       sizeof *b.groups);
    for (size_t i = 0; i < lb->backend_pools.n; i++) {
        const struct slb_pool *pool = lb->backend_pools.at[i];
        struct group *group = &b.groups[b.n_groups++];

        slb_index_add_number(&b.targets, pool, 0, group);
        if (lb->backend_pools.n + lb->nat_rules.n > 1) {
            add_members(&b, group, pool);
        } else {
            group->pool = pool;
        }
    }
    for (size_t i = 0; i < lb->nat_rules.n; i++) {
        if (lb->nat_rules.at[i]->target) {
            add_target(&b, lb->nat_rules.at[i]->target);
        }
    }

    check_users(&b);

    for (size_t i = 0; i < b.n_groups; i++) {
        free(b.groups[i].links);
    }
    free(b.groups);
    slb_index_for_each_data(&b.machines, free_machines);
    slb_index_destroy(&b.targets);
    slb_index_destroy(&b.machines);
    slb_index_destroy(&b.links);
    slb_index_destroy(&b.users);
}

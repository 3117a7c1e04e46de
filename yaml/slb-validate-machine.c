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

/* Ports of a machine that two want.
 *
 * A machine's answers come from the port that it serves: it tells which rule,
 * so which frontend, they belong to, unless with floating IP the frontend's
 * address does.  So no two rules may send to the same port of a machine.
 *
 * Rules with the same port and different pools or targets need a closer look
 * at the machines of these, which may be called by a name here and by an
 * address there: whatever member has both tells that they are one. */

/* One that has machines: a pool, or a target. */
struct group {
    const struct slb_pool *pool; /* NULL: a target. */
    const char *target;
    const struct user *user;    /* Last one that has been looked at. */
    bool wanted;                /* There is another one with the same port. */
    struct machine *machines;   /* If wanted. */
    size_t n_machines;
};

/* A machine in a group. */
struct machine {
    struct place *root;         /* The same for all that are this machine. */
    struct place *address;      /* NULL: not known in this group. */
    const struct slb_member *member; /* NULL: a target. */
};

/* Who uses a machine. */
struct use {
    const struct user *user;    /* NULL: nobody. */
    const struct slb_member *member; /* As in struct machine. */
};

/* A name or an address of a machine. */
struct place {
    struct place *up;           /* Another one of this machine, or itself. */

    /* The first ones of those that use a port, the one looked at last. */
    struct use any;             /* Of a root: of all uses of the machine. */
    struct use unaddressed;     /* Of a root: of those without address. */
    struct use here;            /* Of an address. */
};

/* A rule, inbound NAT rule or inbound NAT pool. */
struct user {
    const struct slb_object *object;
    struct group *group;
    int protocol, port;         /* At the machines. */
    size_t order;
};

struct backends {
    struct slb_validation *v;
    struct group *groups;
    size_t n_groups;
    struct slb_index targets;   /* Groups, by pool or target. */
    struct user *users;
    size_t n_users;

    struct place *places;
    size_t n_places;
    struct slb_index index;     /* Places, by name or address. */
};

/* Users. */

static struct group *
add_group(struct backends *b, const struct slb_pool *pool, const char *target)
{
    struct group *group = &b->groups[b->n_groups];
    const struct group *old
        = (pool ? slb_index_add_number(&b->targets, pool, 0, group)
           : slb_index_add_name(&b->targets, NULL, target, group));

    if (old) {
        return CONST_CAST(struct group *, old);
    }
    group->pool = pool;
    group->target = target;
    b->n_groups++;
    return group;
}

/* Adds 'object', which sends to 'port' of the machines that its field called
 * 'field' names: those of the pool called 'pool' or, if that is NULL, of
 * 'target'. */
static void
add_user(struct backends *b, const struct slb_object *object,
         const char *field, const char *pool_name, const char *target,
         int protocol, int port)
{
    const struct slb_pool *pool
        = pool_name ? slb_find_sibling(b->v, &slb_pool_class, pool_name)
          : NULL;

    if (!slb_object_has(object, field) || !slb_object_has(object, "protocol")
        || !slb_object_has(object, "backendPort") || (!pool && !target)) {
        return;
    }
    b->users[b->n_users] = (struct user) {
        .object = object, .group = add_group(b, pool, target),
        .protocol = protocol, .port = port, .order = b->n_users,
    };
    b->n_users++;
}

static bool
is_same_port(const struct user *a, const struct user *b)
{
    return a->protocol == b->protocol && a->port == b->port;
}

static int
compare_users(const void *a_, const void *b_)
{
    const struct user *a = a_, *b = b_;

    return (a->protocol != b->protocol ? a->protocol - b->protocol
            : a->port != b->port ? a->port - b->port
            : a->order < b->order ? -1 : a->order > b->order);
}

static void
add_users(struct backends *b)
{
    const struct slb_load_balancer *lb = b->v->lb;

    for (size_t i = 0; i < lb->rules.n; i++) {
        const struct slb_rule *rule = lb->rules.at[i];

        if (!rule->floating_ip) {
            add_user(b, &rule->obj, "backendPool", rule->backend_pool, NULL,
                     rule->protocol, rule->backend_port);
        }
    }
    for (size_t i = 0; i < lb->nat_rules.n; i++) {
        const struct slb_nat_rule *nat = lb->nat_rules.at[i];

        if (!nat->floating_ip) {
            add_user(b, &nat->obj, "target", NULL, nat->target, nat->protocol,
                     nat->backend_port);
        }
    }
    for (size_t i = 0; i < lb->nat_pools.n; i++) {
        const struct slb_nat_pool *nat = lb->nat_pools.at[i];

        if (!nat->floating_ip) {
            add_user(b, &nat->obj, "backendPool", nat->backend_pool, NULL,
                     nat->protocol, nat->backend_port);
        }
    }
    if (b->n_users > 1) {
        qsort(b->users, b->n_users, sizeof *b->users, compare_users);
    }
}

/* Finds out which groups' machines have to be looked at.  Returns whether
 * there are any. */
static bool
find_wanted(struct backends *b)
{
    const struct user *first = b->users;
    bool any = false;

    for (size_t i = 1; i < b->n_users; i++) {
        const struct user *user = &b->users[i];

        if (!is_same_port(first, user)) {
            first = user;
        } else if (first->group != user->group) {
            first->group->wanted = user->group->wanted = any = true;
        }
    }
    return any;
}

/* Machines. */

static struct place *
find_root(struct place *place)
{
    while (place->up != place) {
        place->up = place->up->up;
        place = place->up;
    }
    return place;
}

/* Returns the place that has 'name' or, if that is NULL, 'address', making it
 * one if there is none. */
static struct place *
get_place(struct backends *b, const char *name,
          const struct in6_addr *address)
{
    struct place *place = &b->places[b->n_places];
    const struct place *old
        = (name ? slb_index_add_name(&b->index, NULL, name, place)
           : slb_index_add_address(&b->index, NULL, address, 0, place));

    if (old) {
        return CONST_CAST(struct place *, old);
    }
    place->up = place;
    b->n_places++;
    return place;
}

/* Returns the place of 'member', NULL if it has neither name nor address. */
static struct place *
member_place(struct backends *b, const struct slb_member *member)
{
    return (!ipv6_is_zero(&member->address)
            ? get_place(b, NULL, &member->address)
            : member->obj.name ? get_place(b, member->obj.name, NULL) : NULL);
}

/* Finds out which names and addresses are one machine's, of all members, also
 * of pools that no rule uses. */
static void
join_places(struct backends *b)
{
    const struct slb_load_balancer *lb = b->v->lb;
    size_t n = lb->nat_rules.n;

    for (size_t i = 0; i < lb->backend_pools.n; i++) {
        n += 2 * lb->backend_pools.at[i]->members.n;
    }
    b->places = xcalloc(n, sizeof *b->places);
    for (size_t i = 0; i < lb->backend_pools.n; i++) {
        const struct slb_pool *pool = lb->backend_pools.at[i];

        for (size_t j = 0; j < pool->members.n; j++) {
            const struct slb_member *member = pool->members.at[j];

            if (member->obj.name && !ipv6_is_zero(&member->address)) {
                struct place *named = get_place(b, member->obj.name, NULL);
                find_root(named)->up = find_root(member_place(b, member));
            }
        }
    }
}

/* Fills in the machines of 'group'.  All places have been joined. */
static void
add_machines(struct backends *b, struct group *group)
{
    size_t n = group->pool ? group->pool->members.n : 1;

    group->machines = xcalloc(n, sizeof *group->machines);
    for (size_t i = 0; i < n; i++) {
        const struct slb_member *member
            = group->pool ? group->pool->members.at[i] : NULL;
        struct in6_addr address = in6addr_any;
        struct place *place;

        if (member) {
            address = member->address;
            place = member_place(b, member);
        } else {
            place = (slb_address_parse(group->target, &address)
                     ? get_place(b, NULL, &address)
                     : get_place(b, group->target, NULL));
        }
        if (place) {
            group->machines[group->n_machines++] = (struct machine) {
                .root = find_root(place), .member = member,
                .address = ipv6_is_zero(&address) ? NULL : place,
            };
        }
    }
}

/* Clashes. */

static void
report(struct backends *b, const struct user *user, const struct user *first,
       const char *whose)
{
    bool all = user->protocol == SLB_PROTOCOL_ALL;
    char *what = (all ? xstrdup("all ports")
                  : xasprintf("%s port %d", slb_protocol_name(user->protocol),
                              user->port));
    char *other = slb_other(first->object, "backendPort");

    slb_report(b->v, user->object, all ? "backendPool" : "backendPort",
               "%s of %s %s used by %s already, expected %s, or floating IP",
               what, whose, all ? "are" : "is", other,
               all ? "another backend pool"
               : user->group->pool ? "another port or backend pool"
               : "another port or target");
    free(other);
    free(what);
}

/* Reports that 'user' wants what 'first', which has the same pool or target,
 * has already. */
static void
report_group(struct backends *b, const struct user *user,
             const struct user *first)
{
    const struct group *group = user->group;
    char *whose = (group->pool
                   ? xasprintf("backend pool '%s'", group->pool->obj.name)
                   : xasprintf("'%s'", group->target));

    report(b, user, first, whose);
    free(whose);
}

/* Whether what is called 'target', unless that is NULL, or is 'a', has the
 * name or address of 'b'. */
static bool
is_called(const char *target, const struct slb_member *a,
          const struct slb_member *b)
{
    const char *name = a ? a->obj.name : target;
    struct in6_addr address;

    if (a) {
        address = a->address;
    } else if (!slb_address_parse(target, &address)) {
        address = in6addr_any;
    }
    return (nullable_string_is_equal(name, b->obj.name)
            || (!ipv6_is_zero(&address)
                && ipv6_addr_equals(&address, &b->address)));
}

static char *
machine_text(const struct slb_member *member, const struct user *user)
{
    return (member ? slb_other(&member->obj, "name")
            : xasprintf("'%s'", user->group->target));
}

/* Reports that 'user' wants what is used by 'use' already, for 'machine'. */
static void
report_machine(struct backends *b, const struct user *user,
               const struct machine *machine, const struct use *use)
{
    const struct slb_member *mine = machine->member, *other = use->member;
    bool same = (other ? is_called(user->group->target, mine, other)
                 : mine ? is_called(use->user->group->target, NULL, mine)
                 : false);
    char *whose;

    if (same) {
        whose = machine_text(other ? other : mine, user);
    } else {
        char *mine_text = machine_text(mine, user);
        char *other_text = machine_text(other, use->user);

        whose = xasprintf("%s, the same machine as %s,", mine_text,
                          other_text);
        free(mine_text);
        free(other_text);
    }
    report(b, user, use->user, whose);
    free(whose);
}

/* Whether 'use' is by one that looks at the same port as 'user', another. */
static bool
is_others(const struct use *use, const struct user *user)
{
    return (use->user && use->user != user && is_same_port(use->user, user));
}

/* Returns who has used the port of 'user' at 'machine', NULL if nobody.  A
 * machine may have several addresses, such as one of IPv6 besides that of
 * IPv4, each with all ports. */
static const struct use *
find_use(const struct user *user, const struct machine *machine)
{
    const struct use *use = &machine->root->any;

    if (machine->address) {
        use = (is_others(&machine->address->here, user)
               ? &machine->address->here : &machine->root->unaddressed);
    }
    return is_others(use, user) ? use : NULL;
}

static void
note_use(struct use *use, const struct user *user,
         const struct machine *machine)
{
    if (!use->user || !is_same_port(use->user, user)) {
        use->user = user;
        use->member = machine->member;
    }
}

/* Checks that none of those before 'user' uses its port of its machines. */
static void
check_user(struct backends *b, const struct user *user)
{
    struct group *group = user->group;

    if (group->user && is_same_port(group->user, user)) {
        report_group(b, user, group->user);
        return;
    }
    group->user = user;
    for (size_t i = 0; i < group->n_machines; i++) {
        const struct machine *machine = &group->machines[i];
        const struct use *use = find_use(user, machine);

        if (use) {
            report_machine(b, user, machine, use);
            return;
        }
        note_use(&machine->root->any, user, machine);
        note_use(machine->address ? &machine->address->here
                 : &machine->root->unaddressed, user, machine);
    }
}

/* Checks that no two rules, inbound NAT rules or inbound NAT pools of the
 * current load balancer send to the same port of a machine. */
void
slb_check_backend_ports(struct slb_validation *v)
{
    const struct slb_load_balancer *lb = v->lb;
    size_t max = lb->rules.n + lb->nat_rules.n + lb->nat_pools.n;
    struct backends b = { .v = v };

    if (max < 2) {
        return;
    }

    slb_index_init(&b.targets);
    slb_index_init(&b.index);
    b.groups = xcalloc(max, sizeof *b.groups);
    b.users = xcalloc(max, sizeof *b.users);
    add_users(&b);
    if (find_wanted(&b)) {
        join_places(&b);
        for (size_t i = 0; i < b.n_groups; i++) {
            if (b.groups[i].wanted) {
                add_machines(&b, &b.groups[i]);
            }
        }
    }
    for (size_t i = 0; i < b.n_users && !slb_validation_is_full(v); i++) {
        check_user(&b, &b.users[i]);
    }

    for (size_t i = 0; i < b.n_groups; i++) {
        free(b.groups[i].machines);
    }
    free(b.groups);
    free(b.users);
    free(b.places);
    slb_index_destroy(&b.targets);
    slb_index_destroy(&b.index);
}

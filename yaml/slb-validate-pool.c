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

/* Backend pools and their members. */

#define MAX_MEMBERS_BASIC 300
#define MAX_MEMBERS_STANDARD 5000

static bool
has_address(const struct slb_member *member)
{
    return (slb_object_has(&member->obj, "address")
            && !ipv6_is_zero(&member->address));
}

/* Whether 'member' is named by its address only. */
static bool
is_by_address(const struct slb_member *member)
{
    const struct slb_class *class = member->obj.class;

    return (has_address(member)
            && slb_field_is_default(slb_class_field(class, "name"),
                                    &member->obj));
}

/* Sets '*v4' to whether the members of 'pool' have IPv4 addresses, as the
 * first one that has one says, '*memberp'.  Returns false if none is known. */
bool
slb_pool_family(const struct slb_pool *pool, bool *v4,
                const struct slb_member **memberp)
{
    for (size_t i = 0; i < pool->members.n; i++) {
        if (has_address(pool->members.at[i])) {
            *memberp = pool->members.at[i];
            *v4 = slb_address_is_v4(&(*memberp)->address);
            return true;
        }
    }
    return false;
}

/* Checks that the address of 'member', which is in 'subnet', is not that of an
 * internal frontend. */
static void
check_member_is_no_frontend(struct slb_validation *v,
                            const struct slb_member *member,
                            const struct slb_network *network)
{
    const struct slb_frontend *frontend;

    if (!slb_index_find_number(&v->internal, network, 0)) {
        return;
    }
    frontend = slb_index_find_address(&v->frontends, network,
                                      &member->address, 0);
    if (frontend) {
        /* Of the two, one that is in the files is wrong. */
        bool blame_member = (slb_is_from_text(&member->obj)
                             || !slb_is_from_text(&frontend->obj));
        const struct slb_object *wrong = (blame_member ? &member->obj
                                          : &frontend->obj);
        const struct slb_object *right = (blame_member ? &frontend->obj
                                          : &member->obj);
        char *text = slb_address_text(&member->address);
        char *other = slb_other(right, "address");

        slb_report(v, wrong, "address",
                   "address %s is that of %s, expected another one", text,
                   other);
        free(other);
        free(text);
    }
}

/* Checks that all members of 'pool' have addresses of the same kind, and each
 * its own. */
static void
check_addresses(struct slb_validation *v, const struct slb_pool *pool)
{
    const struct slb_member *first = NULL;
    struct slb_index addresses;
    bool v4 = false;

    slb_pool_family(pool, &v4, &first);
    slb_index_init(&addresses);
    for (size_t i = 0; (i < pool->members.n
                        && !slb_validation_is_full(v)); i++) {
        const struct slb_member *member = pool->members.at[i];
        const struct in6_addr *address = &member->address;
        const struct slb_member *same;

        if (!has_address(member)) {
            continue;
        }

        same = slb_index_add_address(&addresses, NULL, address, 0, member);
        if (same) {
            char *text = slb_address_text(address);
            char *other = slb_other(&same->obj, "address");
            slb_report(v, &member->obj, "address",
                       "address %s is that of %s, expected another one", text,
                       other);
            free(other);
            free(text);
        }
        if (slb_address_is_v4(address) != v4) {
            char *other = slb_other(&first->obj, "address");
            slb_report(v, &member->obj, "address",
                       "address is %s, but that of %s is %s, expected all "
                       "members of a backend pool to have the same kind of "
                       "address", slb_address_family(address), other,
                       slb_family_name(v4));
            free(other);
        }
    }
    slb_index_destroy(&addresses);
}

/* Checks that the members of 'pool' are where machines of the current network
 * may be. */
static void
check_places(struct slb_validation *v, const struct slb_pool *pool)
{
    for (size_t i = 0; (i < pool->members.n
                        && !slb_validation_is_full(v)); i++) {
        const struct slb_member *member = pool->members.at[i];
        const struct slb_subnet *subnet;

        if (has_address(member)
            && slb_check_in_space(v, &member->obj, "address",
                                  &member->address, &subnet)) {
            const struct slb_object *network = subnet->obj.parent;
            check_member_is_no_frontend(v, member, (const struct slb_network *)
                                                   network);
        }
    }
}

/* Checks that the members of 'pool', of a Basic load balancer, are all named
 * by their names, or all by their addresses. */
static void
check_basic(struct slb_validation *v, const struct slb_pool *pool)
{
    static const char *const bys[] = { "its name", "its address" };
    const struct slb_member *first = NULL;
    bool by_address = false;

    for (size_t i = 0; i < pool->members.n; i++) {
        const struct slb_member *member = pool->members.at[i];

        if (!slb_object_has(&member->obj, "name")
            || !slb_object_has(&member->obj, "address")) {
            continue;
        }
        if (!first) {
            first = member;
            by_address = is_by_address(first);
        } else if (is_by_address(member) != by_address) {
            char *other = slb_other(&first->obj, "name");
            char *place = slb_place(&v->lb->obj, "sku");
            slb_report(v, &member->obj, "name",
                       "member '%s' is named by %s, but %s by %s, expected "
                       "the same for all members of a pool of load balancer "
                       "'%s', which is Basic (%s)",
                       member->obj.name ? member->obj.name : "",
                       bys[!by_address], other, bys[by_address],
                       v->lb->obj.name ? v->lb->obj.name : "", place);
            free(place);
            free(other);
            return;
        }
    }
}

static void
check_size(struct slb_validation *v, const struct slb_pool *pool)
{
    bool basic = v->lb->sku == SLB_SKU_BASIC;
    size_t max = basic ? MAX_MEMBERS_BASIC : MAX_MEMBERS_STANDARD;

    if (pool->members.n > max) {
        char *place = slb_place(&v->lb->obj, "sku");
        slb_report(v, &pool->obj, "members",
                   "backend pool '%s' has %"PRIuSIZE" members, expected at "
                   "most %"PRIuSIZE", since load balancer '%s' is %s (%s)",
                   pool->obj.name ? pool->obj.name : "", pool->members.n, max,
                   v->lb->obj.name ? v->lb->obj.name : "",
                   basic ? "Basic" : "Standard", place);
        free(place);
    }
}

/* Checks the backend pools of the current load balancer. */
void
slb_check_pools(struct slb_validation *v)
{
    for (size_t i = 0; i < v->lb->backend_pools.n; i++) {
        const struct slb_pool *pool = v->lb->backend_pools.at[i];

        if (slb_validation_is_full(v)) {
            break;
        }
        check_addresses(v, pool);
        if (v->space) {
            check_places(v, pool);
        }
        if (slb_object_has(&v->lb->obj, "sku")) {
            check_size(v, pool);
            if (v->lb->sku == SLB_SKU_BASIC) {
                check_basic(v, pool);
            }
        }
    }
}

/* Checks that the current load balancer's members, which have not changed, do
 * not have the addresses of the files' frontends. */
void
slb_check_members_are_no_frontends(struct slb_validation *v)
{
    if (!v->space || hmap_is_empty(&v->internal.nodes)) {
        return;
    }
    for (size_t i = 0; i < v->lb->backend_pools.n; i++) {
        const struct slb_pool *pool = v->lb->backend_pools.at[i];

        for (size_t j = 0; j < pool->members.n; j++) {
            const struct slb_member *member = pool->members.at[j];
            const struct slb_range *range
                = (has_address(member)
                   ? slb_space_find(v->space, &member->address) : NULL);
            if (range) {
                check_member_is_no_frontend(v, member, range->network);
            }
        }
    }
}

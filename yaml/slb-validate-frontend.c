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

/* Frontends: where their addresses come from, and that each has its own. */

static const struct slb_public_prefix *
find_public_prefix(const struct slb_validation *v,
                   const struct slb_frontend *frontend)
{
    return (frontend->public_ip_prefix
            ? slb_find_object(v, &slb_public_prefix_class,
                              frontend->public_ip_prefix)
            : NULL);
}

static const struct slb_subnet *
find_subnet(const struct slb_validation *v,
            const struct slb_frontend *frontend)
{
    return (frontend->subnet && v->network
            ? slb_find_subnet(v->network, frontend->subnet) : NULL);
}

/* Whether 'frontend' has an address of its own. */
static bool
has_address(const struct slb_frontend *frontend)
{
    return (slb_object_has(&frontend->obj, "address")
            && !ipv6_is_zero(&frontend->address));
}

/* Returns what 'frontend', of the current load balancer, is. */
struct slb_frontend_type
slb_frontend_type(const struct slb_validation *v,
                  const struct slb_frontend *frontend)
{
    struct slb_frontend_type type = { .known = false };

    if (frontend->subnet) {
        const struct slb_subnet *subnet = find_subnet(v, frontend);

        type.known = true;
        type.internal = true;
        if (subnet && slb_object_has(&subnet->obj, "prefix")) {
            type.prefix = &subnet->prefix;
        }
    } else if (frontend->public_ip_prefix) {
        const struct slb_public_prefix *prefix = find_public_prefix(v,
                                                                    frontend);
        type.known = true;
        if (prefix && slb_object_has(&prefix->obj, "prefix")) {
            type.prefix = &prefix->prefix;
        }
    } else if (has_address(frontend) && v->space) {
        const struct slb_range *range = slb_space_find(v->space,
                                                       &frontend->address);
        type.known = true;
        type.internal = range && range->network == v->network;
    }
    return type;
}

/* Sets '*v4' to whether 'frontend', of the current load balancer, has an IPv4
 * address.  Returns false if that is not known. */
bool
slb_frontend_family(const struct slb_validation *v,
                    const struct slb_frontend *frontend, bool *v4)
{
    struct slb_frontend_type type;

    if (has_address(frontend)) {
        *v4 = slb_address_is_v4(&frontend->address);
        return true;
    }
    type = slb_frontend_type(v, frontend);
    if (type.prefix) {
        *v4 = slb_address_is_v4(&type.prefix->address);
        return true;
    }
    return false;
}

/* Checks that the fields that say where the address of 'frontend' is from go
 * together. */
static void
check_source(struct slb_validation *v, const struct slb_frontend *frontend)
{
    const struct slb_object *obj = &frontend->obj;
    bool address = !ipv6_is_zero(&frontend->address);

    if (!slb_object_has(obj, "address")
        || !slb_object_has(obj, "publicIPPrefix")
        || !slb_object_has(obj, "subnet")) {
        return;
    }

    if (!address && !frontend->public_ip_prefix && !frontend->subnet) {
        slb_report(v, obj, "address", "frontend '%s' has no address, expected "
                   "'address', 'publicIPPrefix' or 'subnet'",
                   obj->name ? obj->name : "");
    } else if (frontend->public_ip_prefix && frontend->subnet) {
        char *place = slb_place(obj, "publicIPPrefix");
        slb_report(v, obj, "subnet", "frontend '%s' has a 'subnet', which "
                   "makes it internal, and a 'publicIPPrefix' (%s), which "
                   "makes it public, expected only one of them",
                   obj->name ? obj->name : "", place);
        free(place);
    } else if (!slb_object_has(obj, "privateIPAllocationMethod")) {
        return;
    } else if (address && frontend->allocation == SLB_ALLOCATION_DYNAMIC) {
        char *place = slb_place(obj, "address");
        slb_report(v, obj, "privateIPAllocationMethod",
                   "'privateIPAllocationMethod' is Dynamic, but there is an "
                   "'address' (%s), expected Static or no address", place);
        free(place);
    } else if (!address && frontend->allocation == SLB_ALLOCATION_STATIC) {
        slb_report(v, obj, "privateIPAllocationMethod",
                   "'privateIPAllocationMethod' is Static, but there is no "
                   "'address', expected one, or Dynamic");
    }
}

/* Checks that the address of 'frontend' is in 'prefix', which is that of
 * 'source': what the frontend's address is to be from. */
static void
check_in_prefix(struct slb_validation *v, const struct slb_frontend *frontend,
                const struct slb_prefix *prefix,
                const struct slb_object *source)
{
    if (!slb_prefix_contains(prefix, &frontend->address)) {
        char *text = slb_address_text(&frontend->address);
        char *prefix_text = slb_prefix_text(prefix);
        char *other = slb_other(source, "prefix");

        slb_report(v, &frontend->obj, "address",
                   "address %s is outside of %s, expected one in %s", text,
                   other, prefix_text);
        free(other);
        free(prefix_text);
        free(text);
    }
}

/* Checks that 'frontend' gets the kind of address that it is to have of
 * 'prefix', which is that of 'source'. */
static void
check_version(struct slb_validation *v, const struct slb_frontend *frontend,
              const struct slb_prefix *prefix,
              const struct slb_object *source)
{
    if (frontend->is_ipv6 && slb_address_is_v4(&prefix->address)) {
        char *other = slb_other(source, "prefix");

        slb_report_at(v, &frontend->obj, frontend->version_mark,
                      "'privateIPAddressVersion' is IPv6, but %s is IPv4, "
                      "expected the same", other);
        free(other);
    }
}

/* How many addresses 'prefix' has to give out: all but 'reserved' ones. */
static uint32_t
prefix_capacity(const struct slb_prefix *prefix, uint32_t reserved)
{
    int bits = (slb_address_is_v4(&prefix->address) ? 32 : 128)
               - prefix->length;
    uint32_t n = bits < 32 ? UINT32_C(1) << bits : UINT32_MAX;

    return n > reserved ? n - reserved : 0;
}

/* Counts 'frontend' among those that get an address of 'source', which has
 * 'capacity' of them, and checks that there are not more. */
static void
check_capacity(struct slb_validation *v, const struct slb_frontend *frontend,
               const struct slb_object *source, const char *field,
               uint32_t capacity)
{
    const size_t *count = slb_index_find_number(&v->assigned, source, 0);
    size_t *counter = CONST_CAST(size_t *, count);

    if (!counter) {
        counter = xzalloc(sizeof *counter);
        slb_index_add_number(&v->assigned, source, 0, counter);
    }
    if (++*counter > capacity) {
        char *other = slb_other(source, "prefix");
        slb_report(v, &frontend->obj, field,
                   "%s has %"PRIu32" address%s for frontends, and this is the "
                   "frontend number %"PRIuSIZE", expected another one", other,
                   capacity, capacity == 1 ? "" : "es", *counter);
        free(other);
    }
}

/* Checks 'frontend', whose address is from 'source', a public IP prefix. */
static void
check_public(struct slb_validation *v, const struct slb_frontend *frontend,
             const struct slb_public_prefix *source)
{
    if (!slb_object_has(&source->obj, "prefix")) {
        return;
    }
    if (has_address(frontend)) {
        check_in_prefix(v, frontend, &source->prefix, &source->obj);
    } else {
        check_version(v, frontend, &source->prefix, &source->obj);
    }
    for (size_t i = 0; v->space && i < v->space->n; i++) {
        const struct slb_object *subnet = &v->space->ranges[i].subnet->obj;

        if (slb_prefix_overlaps(&v->space->ranges[i].subnet->prefix,
                                &source->prefix)) {
            char *prefix_other = slb_other(&source->obj, "prefix");
            char *subnet_other = slb_other(subnet, "prefix");
            slb_report(v, &frontend->obj, "publicIPPrefix",
                       "%s overlaps %s of virtual network '%s', expected "
                       "addresses that are outside of the load balancer's "
                       "network", prefix_other, subnet_other,
                       subnet->parent->name);
            free(prefix_other);
            free(subnet_other);
            return;
        }
    }
    check_capacity(v, frontend, &source->obj, "publicIPPrefix",
                   prefix_capacity(&source->prefix, 0));
}

/* Checks 'frontend', whose address is from 'subnet'. */
static void
check_internal(struct slb_validation *v, const struct slb_frontend *frontend,
               const struct slb_subnet *subnet)
{
    if (!slb_object_has(&subnet->obj, "prefix")) {
        return;
    }
    if (has_address(frontend)) {
        check_in_prefix(v, frontend, &subnet->prefix, &subnet->obj);
    } else if (ipv6_is_zero(&frontend->address)) {
        check_version(v, frontend, &subnet->prefix, &subnet->obj);

        /* The first four and the last one are reserved. */
        check_capacity(v, frontend, &subnet->obj, "subnet",
                       prefix_capacity(&subnet->prefix, 5));
    }
}

/* Checks the address of 'frontend', which is given, and that nobody else has
 * it. */
static void
check_address(struct slb_validation *v, const struct slb_frontend *frontend)
{
    const struct in6_addr *address = &frontend->address;
    const struct slb_range *range = slb_space_find(v->space, address);
    const struct slb_frontend *first;
    const void *where = NULL;

    if (range && range->network != v->network) {
        if (!frontend->subnet && !frontend->public_ip_prefix) {
            char *text = slb_address_text(address);
            char *other = slb_other(&range->subnet->obj, "prefix");
            char *network = slb_other(&v->network->obj, "subnets");

            slb_report(v, &frontend->obj, "address",
                       "address %s is in %s of virtual network '%s', a peer, "
                       "expected one in a subnet of %s, or a public one",
                       text, other, range->network->obj.name, network);
            free(network);
            free(other);
            free(text);
        }
        return;
    }
    if (range) {
        slb_check_host_address(v, range->subnet, &frontend->obj, "address",
                               address);
        slb_index_add_number(&v->internal, v->network, 0, v->network);
        where = v->network;
    }

    first = slb_index_add_address(&v->frontends, where, address, 0, frontend);
    if (first) {
        char *text = slb_address_text(address);
        char *other = slb_other(&first->obj, "address");
        slb_report(v, &frontend->obj, "address",
                   "address %s is that of %s, expected another one", text,
                   other);
        free(other);
        free(text);
    }
}

static void
check_frontend(struct slb_validation *v, const struct slb_frontend *frontend)
{
    const struct slb_object *culprit = v->culprit;
    const struct slb_public_prefix *prefix = find_public_prefix(v, frontend);
    const struct slb_subnet *subnet = find_subnet(v, frontend);

    check_source(v, frontend);
    if (frontend->zones.n) {
        slb_check_standard(v, &frontend->obj, "zones", "zones");
    }
    if (frontend->public_ip_prefix) {
        slb_check_standard(v, &frontend->obj, "publicIPPrefix",
                           "frontends with a publicIPPrefix");
    }
    if (frontend->fastpath) {
        slb_check_standard(v, &frontend->obj, "fastpath",
                           "frontends with fastpath");
    }
    if (has_address(frontend) && !slb_address_is_unicast(&frontend->address)) {
        char *text = slb_address_text(&frontend->address);
        slb_report(v, &frontend->obj, "address",
                   "address %s cannot be reached over a router, expected a "
                   "unicast address", text);
        free(text);
        return;
    }
    if (has_address(frontend)
        && !slb_check_no_probe_source(v, &frontend->obj, "address",
                                      &frontend->address)) {
        return;
    }

    if (prefix) {
        if (slb_is_from_text(&prefix->obj)) {
            v->culprit = &prefix->obj;
        }
        check_public(v, frontend, prefix);
        v->culprit = culprit;
    } else if (subnet) {
        check_internal(v, frontend, subnet);
    }
    if (v->space && has_address(frontend)) {
        check_address(v, frontend);
    }
}

/* Checks the frontends of the current load balancer. */
void
slb_check_frontends(struct slb_validation *v)
{
    for (size_t i = 0; (i < v->lb->frontends.n
                        && !slb_validation_is_full(v)); i++) {
        check_frontend(v, v->lb->frontends.at[i]);
    }
}

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

#include "lib/slb-probe.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "util.h"

/* Virtual networks with their subnets and peers, and public IP prefixes. */

/* Shortest prefix of all. */
#define MIN_LENGTH 8

static int
compare_prefixes(const struct slb_prefix *a, const struct slb_prefix *b)
{
    int cmp = memcmp(&a->address, &b->address, sizeof a->address);

    return cmp ? cmp : a->length - b->length;
}

/* Spaces. */

static int
compare_ranges(const void *a_, const void *b_)
{
    const struct slb_range *a = a_, *b = b_;

    return compare_prefixes(&a->subnet->prefix, &b->subnet->prefix);
}

/* Appends the subnets of 'network' to 'space', which has place for them. */
static void
add_ranges(struct slb_space *space, const struct slb_network *network)
{
    space->valid &= slb_object_has(&network->obj, "subnets");
    space->changed |= slb_is_from_text(&network->obj);
    for (size_t i = 0; i < network->subnets.n; i++) {
        const struct slb_subnet *subnet = network->subnets.at[i];

        if (slb_object_has(&subnet->obj, "prefix")) {
            space->ranges[space->n++] = (struct slb_range) {
                .subnet = subnet, .network = network,
            };
        } else {
            space->valid = false;
        }
    }
}

/* Returns the peer of 'network' that it calls 'name', or NULL. */
static const struct slb_network *
find_peer(const struct slb_validation *v, const struct slb_network *network,
          const char *name)
{
    const struct slb_network *peer = slb_find_object(v, &slb_network_class,
                                                     name);
    return peer != network ? peer : NULL;
}

/* Returns the space of 'network'. */
const struct slb_space *
slb_find_space(struct slb_validation *v, const struct slb_network *network)
{
    const struct slb_space *known = slb_index_find_number(&v->spaces, network,
                                                          0);
    struct slb_space *space;
    size_t n = network->subnets.n;

    if (known) {
        return known;
    }

    for (size_t i = 0; i < network->peerings.n; i++) {
        const struct slb_network *peer = find_peer(v, network,
                                                   network->peerings.at[i]);
        n += peer ? peer->subnets.n : 0;
    }
    space = xzalloc(sizeof *space);
    space->network = network;
    space->valid = slb_object_has(&network->obj, "peerings");
    space->ranges = xmalloc(MAX(n, 1) * sizeof *space->ranges);
    add_ranges(space, network);
    for (size_t i = 0; i < network->peerings.n; i++) {
        const struct slb_network *peer = find_peer(v, network,
                                                   network->peerings.at[i]);
        if (peer) {
            add_ranges(space, peer);
        } else {
            space->valid = false;
        }
    }
    if (space->n > 1) {
        qsort(space->ranges, space->n, sizeof *space->ranges, compare_ranges);
    }
    for (size_t i = 1; i < space->n; i++) {
        if (slb_prefix_overlaps(&space->ranges[i - 1].subnet->prefix,
                                &space->ranges[i].subnet->prefix)) {
            space->valid = false;
        }
    }
    slb_index_add_number(&v->spaces, network, 0, space);
    return space;
}

/* Returns the subnet in 'space', which is valid, that has 'address', or
 * NULL. */
const struct slb_range *
slb_space_find(const struct slb_space *space, const struct in6_addr *address)
{
    size_t low = 0, high = space->n;

    /* The last one that does not begin after 'address'. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(&space->ranges[middle].subnet->prefix.address, address,
                   sizeof *address) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (low && slb_prefix_contains(&space->ranges[low - 1].subnet->prefix,
                                       address)
            ? &space->ranges[low - 1] : NULL);
}

const struct slb_subnet *
slb_find_subnet(const struct slb_network *network, const char *name)
{
    return (const struct slb_subnet *)
        slb_list_find(SLB_GENERIC(&network->subnets), name);
}

/* Addresses in subnets. */

/* Checks that 'address', which the field called 'field' of 'object' has, is
 * not what machines know as the source of probes.  (That of IPv6 is link
 * local.) */
bool
slb_check_no_probe_source(struct slb_validation *v,
                          const struct slb_object *object, const char *field,
                          const struct in6_addr *address)
{
    struct in6_addr source = slb_probe_source(true);

    if (!ipv6_addr_equals(address, &source)) {
        return true;
    }

    char *text = slb_address_text(address);
    slb_report(v, object, field, "%s is where probes come from, expected "
               "another address", text);
    free(text);
    return false;
}

/* Likewise, that it is not in 'prefix', which is that of 'object'. */
static void
check_prefix_without_probe_source(struct slb_validation *v,
                                  const struct slb_object *object,
                                  const struct slb_prefix *prefix)
{
    struct in6_addr source = slb_probe_source(true);

    if (slb_prefix_contains(prefix, &source)) {
        char *text = slb_address_text(&source);
        slb_report(v, object, "prefix", "%s '%s' has the address %s, which is "
                   "where probes come from, expected one without it",
                   object->class->noun, object->name ? object->name : "",
                   text);
        free(text);
    }
}

/* Checks that 'address', which the field called 'field' of 'object' has and
 * which is in 'subnet', can be a machine's. */
void
slb_check_host_address(struct slb_validation *v,
                       const struct slb_subnet *subnet,
                       const struct slb_object *object, const char *field,
                       const struct in6_addr *address)
{
    const struct slb_prefix *prefix = &subnet->prefix;
    struct in6_addr last = slb_prefix_last(prefix);
    const char *because = "prefix";
    const char *reserved;

    if (object != &subnet->obj && slb_object_has(&subnet->obj, "gateway")
        && ipv6_addr_equals(address, &subnet->gateway)) {
        reserved = "its gateway's";
        because = "gateway";
    } else if (ipv6_addr_equals(address, &prefix->address)) {
        reserved = "its first one, which is reserved";
    } else if (slb_address_is_v4(address)
               && ipv6_addr_equals(address, &last)) {
        reserved = "its broadcast address";
    } else {
        return;
    }

    char *text = slb_address_text(address);
    char *other = slb_other(&subnet->obj, because);
    slb_report(v, object, field, "address %s in %s is %s, expected another "
               "one", text, other, reserved);
    free(other);
    free(text);
}

/* Checks that 'address', which the field called 'field' of 'object' has, is
 * that of a machine in the current network or its peers.  Returns false, after
 * reporting it, if it is not even in a subnet of these; otherwise stores that
 * in '*subnetp'. */
bool
slb_check_in_space(struct slb_validation *v, const struct slb_object *object,
                   const char *field, const struct in6_addr *address,
                   const struct slb_subnet **subnetp)
{
    const struct slb_space *space = v->space;
    const struct slb_range *range = slb_space_find(space, address);

    if (!slb_check_no_probe_source(v, object, field, address)) {
        return false;
    }
    if (range) {
        slb_check_host_address(v, range->subnet, object, field, address);
        *subnetp = range->subnet;
        return true;
    }

    char *text = slb_address_text(address);
    char *other = slb_other(&v->network->obj, "subnets");
    struct ds ds = DS_EMPTY_INITIALIZER;
    for (size_t i = 0; i < space->n && i < 5; i++) {
        ds_put_cstr(&ds, i ? ", " : " (");
        slb_prefix_format(&space->ranges[i].subnet->prefix, &ds);
    }
    ds_put_cstr(&ds, (!space->n ? "" : space->n > 5 ? ", ...)" : ")"));
    slb_report(v, object, field,
               "address %s is outside of %s, expected one in its subnets%s%s",
               text, other,
               v->network->peerings.n ? " or those of its peers" : "",
               ds_cstr(&ds));
    ds_destroy(&ds);
    free(other);
    free(text);
    return false;
}

/* Prefixes that have addresses in common. */

/* A prefix that must be apart from others. */
struct apart {
    const struct slb_prefix *prefix;
    const struct slb_object *object; /* Whose 'prefix' it is. */
};

static int
compare_aparts(const void *a_, const void *b_)
{
    const struct apart *a = a_, *b = b_;

    return compare_prefixes(a->prefix, b->prefix);
}

/* Sorts the 'n' 'prefixes' and calls 'cb' for pairs of them that overlap: for
 * each that is in others with one of these.  Of two prefixes that overlap, one
 * is in the other, and follows it when sorted. */
static void
for_each_overlap(struct slb_validation *v, struct apart *prefixes, size_t n,
                 void (*cb)(struct slb_validation *, const struct apart *,
                            const struct apart *, const void *aux),
                 const void *aux)
{
    if (n > 1) {
        qsort(prefixes, n, sizeof *prefixes, compare_aparts);
    }
    for (size_t i = 1, last = 0; i < n && !slb_validation_is_full(v); i++) {
        if (slb_prefix_overlaps(prefixes[last].prefix, prefixes[i].prefix)) {
            cb(v, &prefixes[last], &prefixes[i], aux);
        } else {
            last = i;
        }
    }
}

static void
report_overlap(struct slb_validation *v, const struct apart *a,
               const struct apart *b, const void *expected)
{
    bool swap = slb_is_after(a->object, b->object);
    const struct apart *first = swap ? b : a;
    const struct apart *second = swap ? a : b;
    char *second_text = slb_prefix_text(second->prefix);
    char *first_text = slb_prefix_text(first->prefix);
    char *other = slb_other(first->object, "prefix");

    slb_report(v, second->object, "prefix",
               "%s overlaps %s of %s, expected %s to be apart", second_text,
               first_text, other, (const char *) expected);
    free(other);
    free(first_text);
    free(second_text);
}

/* Whether 'a' and 'b' are connected, as both say. */
static bool
are_peers(const struct slb_network *a, const struct slb_network *b)
{
    return (a->obj.name && b->obj.name
            && slb_strings_contain(&a->peerings, b->obj.name)
            && slb_strings_contain(&b->peerings, a->obj.name));
}

/* "10.0.1.0/24 of subnet 'web' of virtual network 'prod' (net.yaml:4:23)". */
static char *
subnet_text(const struct apart *subnet)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    const struct slb_object *network = subnet->object->parent;
    char *place = slb_place(subnet->object, "prefix");
    bool in_text = slb_is_from_text(subnet->object);

    slb_prefix_format(subnet->prefix, &ds);
    ds_put_format(&ds, " of subnet '%s' of virtual network '%s' %s%s%s",
                  subnet->object->name ? subnet->object->name : "",
                  network->name ? network->name : "", in_text ? "(" : "",
                  place, in_text ? ")" : "");
    free(place);
    return ds_steal_cstr(&ds);
}

/* Reports that the subnets of 'a' and 'b', of which at least one is that of a
 * peer of 'network', overlap. */
static void
report_peer_overlap(struct slb_validation *v, const struct apart *a,
                    const struct apart *b, const void *network_)
{
    const struct slb_network *network = network_;
    const struct slb_object *a_network = a->object->parent;
    const struct slb_object *b_network = b->object->parent;

    if (a_network == b_network) {
        /* Reported where that network is checked. */
        return;
    }
    if (a_network != &network->obj && b_network != &network->obj) {
        /* Two peers: if they are peers of one another, too, it is reported
         * there. */
        if (are_peers((const struct slb_network *) a_network,
                      (const struct slb_network *) b_network)) {
            return;
        }
    } else {
        /* The other one sees it, too: the later one is wrong. */
        const struct slb_object *other = (a_network == &network->obj
                                          ? b_network : a_network);
        if (are_peers(network, (const struct slb_network *) other)
            && slb_is_after(other, &network->obj)) {
            return;
        }
    }

    bool swap = a_network == &network->obj;
    const struct apart *mine = swap ? a : b;
    const struct apart *other = swap ? b : a;
    char *mine_text = subnet_text(mine);
    char *other_text = subnet_text(other);

    slb_report(v, &network->obj, "peerings",
               "%s overlaps %s, expected the subnets of peers to be apart",
               mine_text, other_text);
    free(mine_text);
    free(other_text);
}

/* Virtual networks. */

static void
check_subnet(struct slb_validation *v, const struct slb_subnet *subnet)
{
    const struct slb_prefix *prefix = &subnet->prefix;
    struct in6_addr first = slb_prefix_gateway(prefix);

    /* A gateway and a virtual machine, at the least. */
    int longest = slb_address_is_v4(&prefix->address) ? 30 : 126;

    if (prefix->length < MIN_LENGTH || prefix->length > longest) {
        slb_report(v, &subnet->obj, "prefix",
                   "the prefix length of subnet '%s' is %d, expected %d to %d "
                   "for %s", subnet->obj.name ? subnet->obj.name : "",
                   prefix->length, MIN_LENGTH, longest,
                   slb_address_family(&prefix->address));
        return;
    } else if (!slb_address_is_unicast(&first)) {
        slb_report(v, &subnet->obj, "prefix",
                   "subnet '%s' has no addresses that can be used, expected "
                   "neither loopback nor link local nor multicast ones",
                   subnet->obj.name ? subnet->obj.name : "");
        return;
    }
    check_prefix_without_probe_source(v, &subnet->obj, prefix);
    if (!slb_object_has(&subnet->obj, "gateway")
               || ipv6_addr_equals(&first, &subnet->gateway)) {
        return;
    } else if (!slb_prefix_contains(prefix, &subnet->gateway)) {
        char *text = slb_address_text(&subnet->gateway);
        char *prefix_text = slb_prefix_text(prefix);
        char *other = slb_other(&subnet->obj, "prefix");

        slb_report(v, &subnet->obj, "gateway",
                   "gateway %s is outside of %s, expected an address in %s",
                   text, other, prefix_text);
        free(other);
        free(prefix_text);
        free(text);
    } else {
        slb_check_host_address(v, subnet, &subnet->obj, "gateway",
                               &subnet->gateway);
    }
}

/* Checks that 'network' and those that it names in its 'peerings' all name one
 * another. */
static void
check_peerings(struct slb_validation *v, const struct slb_network *network)
{
    const struct slb_strings *names = &network->peerings;

    for (size_t i = 0; i < names->n; i++) {
        const struct slb_network *peer
            = slb_find_object(v, &slb_network_class, names->at[i]);

        if (peer == network) {
            slb_report_at(v, &network->obj, names->marks[i],
                          "virtual network '%s' is its own peer, expected "
                          "another one", network->obj.name);
        } else if (peer && network->obj.name
                   && slb_object_has(&peer->obj, "peerings")
                   && !slb_strings_contain(&peer->peerings,
                                           network->obj.name)) {
            char *other = slb_other(&peer->obj, "peerings");
            slb_report_at(v, &network->obj, names->marks[i],
                          "%s does not have '%s' in its 'peerings', expected "
                          "both to name one another", other,
                          network->obj.name);
            free(other);
        }
    }
}

static struct apart *
add_aparts(struct apart *aparts, size_t *n, size_t *allocated,
           const struct slb_network *network)
{
    for (size_t i = 0; i < network->subnets.n; i++) {
        const struct slb_subnet *subnet = network->subnets.at[i];

        if (slb_object_has(&subnet->obj, "prefix")) {
            if (*n >= *allocated) {
                aparts = x2nrealloc(aparts, allocated, sizeof *aparts);
            }
            aparts[(*n)++] = (struct apart) {
                .prefix = &subnet->prefix, .object = &subnet->obj,
            };
        }
    }
    return aparts;
}

/* Checks 'network', of the files. */
void
slb_check_network(struct slb_validation *v, const struct slb_network *network)
{
    struct apart *aparts = NULL;
    size_t n = 0, allocated = 0;

    for (size_t i = 0; i < network->subnets.n; i++) {
        const struct slb_subnet *subnet = network->subnets.at[i];
        if (slb_object_has(&subnet->obj, "prefix")) {
            check_subnet(v, subnet);
        }
    }
    check_peerings(v, network);

    aparts = add_aparts(aparts, &n, &allocated, network);
    for_each_overlap(v, aparts, n, report_overlap, "subnets of a network");
    if (network->peerings.n) {
        for (size_t i = 0; i < network->peerings.n; i++) {
            const struct slb_network *peer
                = find_peer(v, network, network->peerings.at[i]);
            if (peer) {
                aparts = add_aparts(aparts, &n, &allocated, peer);
            }
        }
        for_each_overlap(v, aparts, n, report_peer_overlap, network);
    }
    free(aparts);
}

/* Checks 'network', of the base, against its peers that the files change. */
void
slb_check_kept_network(struct slb_validation *v,
                       const struct slb_network *network)
{
    struct apart *aparts = NULL;
    size_t n = 0, allocated = 0;

    for (size_t i = 0; i < network->peerings.n; i++) {
        const struct slb_network *peer
            = find_peer(v, network, network->peerings.at[i]);

        if (peer && slb_is_from_text(&peer->obj)) {
            v->culprit = &peer->obj;
            if (slb_object_has(&peer->obj, "peerings")
                && !slb_strings_contain(&peer->peerings, network->obj.name)) {
                slb_report_at(v, &peer->obj,
                              slb_object_mark(&peer->obj, "peerings"),
                              "'peerings' does not have '%s', which in the "
                              "database has '%s' in its 'peerings', expected "
                              "both to name one another", network->obj.name,
                              peer->obj.name);
            }
        }
        if (peer) {
            aparts = add_aparts(aparts, &n, &allocated, peer);
        }
    }
    if (v->culprit) {
        aparts = add_aparts(aparts, &n, &allocated, network);
        for_each_overlap(v, aparts, n, report_peer_overlap, network);
    }
    free(aparts);
}

/* Public IP prefixes. */

static void
check_public_prefix(struct slb_validation *v,
                    const struct slb_public_prefix *prefix)
{
    bool v4 = slb_address_is_v4(&prefix->prefix.address);
    struct in6_addr first = prefix->prefix.address;
    struct in6_addr last = slb_prefix_last(&prefix->prefix);

    if (prefix->prefix.length < MIN_LENGTH) {
        slb_report(v, &prefix->obj, "prefix",
                   "the length of public IP prefix '%s' is %d, expected %d to "
                   "%d for %s", prefix->obj.name ? prefix->obj.name : "",
                   prefix->prefix.length, MIN_LENGTH, v4 ? 32 : 128,
                   slb_family_name(v4));
    } else if (!slb_address_is_unicast(&first)
               || !slb_address_is_unicast(&last)) {
        slb_report(v, &prefix->obj, "prefix",
                   "public IP prefix '%s' has addresses that cannot be "
                   "reached over a router, expected neither loopback nor "
                   "link local nor multicast ones",
                   prefix->obj.name ? prefix->obj.name : "");
    } else {
        check_prefix_without_probe_source(v, &prefix->obj, &prefix->prefix);
    }
}

/* Checks the files' public IP prefixes, with those of the base. */
void
slb_check_public_prefixes(struct slb_validation *v)
{
    const struct slb_model *models[] = { &v->input->model, v->base };
    struct apart *aparts = NULL;
    size_t n = 0, allocated = 0;

    v->culprit = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(models) && models[i]; i++) {
        for (size_t j = 0; j < models[i]->public_prefixes.n; j++) {
            const struct slb_public_prefix *prefix
                = models[i]->public_prefixes.at[j];
            const struct slb_object *obj = &prefix->obj;

            if (!slb_object_has(obj, "prefix")
                || (obj->name && slb_find_object(v, obj->class,
                                                 obj->name) != obj)) {
                continue;
            }
            if (slb_is_from_text(obj)) {
                check_public_prefix(v, prefix);
            }
            if (n >= allocated) {
                aparts = x2nrealloc(aparts, &allocated, sizeof *aparts);
            }
            aparts[n++] = (struct apart) {
                .prefix = &prefix->prefix, .object = obj,
            };
        }
    }
    for_each_overlap(v, aparts, n, report_overlap, "public IP prefixes");
    free(aparts);
}

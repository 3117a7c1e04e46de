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

#include "controller/manager/network.h"

#include <stdlib.h>

#include "controller/manager/balancer.h"
#include "controller/manager/support.h"
#include "controller/manager/write.h"
#include "hash.h"
#include "util.h"

/* Networks. */

static void
set_key(struct state *s, struct network *network, uint32_t key)
{
    network->key = key;
    hmap_insert(&s->network_keys, &network->key_node, hash_int(key, 0));
}

/* Returns the network that has 'key', NULL if none has. */
struct network *
network_find_by_key(const struct state *s, uint32_t key)
{
    struct network *network;

    HMAP_FOR_EACH_WITH_HASH (network, key_node, hash_int(key, 0),
                             &s->network_keys) {
        if (network->key == key) {
            return network;
        }
    }
    return NULL;
}

static void
free_place(struct state *s, struct binding *binding)
{
    const struct network *network = binding->place;

    if (network) {
        assign_remove_taken(&s->assign, network->name, &binding->address);
        ovs_list_remove(&binding->place_node);
        binding->place = NULL;
    }
}

/* An address that members or ports have is not given to a frontend. */
void
network_place_func(void *s_, struct binding *binding, bool gone)
{
    struct state *s = s_;

    if (gone) {
        free_place(s, binding);
    } else {
        struct network *network = network_find_by_key(s, binding->network_key);

        if (network) {
            binding->place = network;
            ovs_list_push_back(&network->places, &binding->place_node);
            assign_add_taken(&s->assign, network->name, &binding->address);
        }
    }
}

/* What is still drained with the key is none of the network's business if it
 * comes again. */
static void
release_key(struct state *s, struct network *network)
{
    struct binding *binding;

    if (!network->key) {
        return;
    }
    LIST_FOR_EACH_SAFE (binding, place_node, &network->places) {
        free_place(s, binding);
    }
    tunnel_keys_release(&s->tunnel_keys, network->key);
    hmap_remove(&s->network_keys, &network->key_node);
    network->key = 0;
}

/* Returns the network with 'name', which need not be there: then it has no
 * 'intent'. */
struct network *
network_get(struct state *s, const char *name)
{
    struct network *network = shash_find_data(&s->networks, name);

    if (!network) {
        network = xzalloc(sizeof *network);
        network->name = shash_add(&s->networks, name, network)->name;

        /* A slash would make what is below it ambiguous. */
        network->name_is_good = name[0] && !strchr(name, '/');
        ovs_list_init(&network->places);
        svec_init(&network->peerings);
        ovs_list_init(&network->balancers);
        ovs_list_init(&network->dirty_node);
        status_init(&network->status);
        problem_list_init(&network->problems);
    }
    return network;
}

static void
clear_network(struct state *s, struct network *network)
{
    for (size_t i = 0; i < network->n_subnets; i++) {
        char *source = assign_subnet_source(network->name,
                                            network->subnets[i].name);

        assign_remove_source(&s->assign, source);
        free(source);
        free(network->subnets[i].name);
    }
    free(network->subnets);
    network->subnets = NULL;
    network->n_subnets = 0;
    svec_clear(&network->peerings);
    status_clear(&network->status);
}

void
network_destroy(struct state *s, struct network *network)
{
    bindings_remove_network(&s->bindings, network->name);
    clear_network(s, network);
    problems_remove(&s->problems, &network->problems);
    svec_destroy(&network->peerings);
    status_destroy(&network->status);
    state_detach(s, &network->intent_ref);
    state_detach(s, &network->row_ref);
    release_key(s, network);
    ovs_list_remove(&network->dirty_node);
    shash_find_and_delete(&s->networks, network->name);
    free(network);
}

void
network_destroy_if_unused(struct state *s, struct network *network)
{
    if (!network->intent && !network->row_ref.row
        && ovs_list_is_empty(&network->balancers)
        && ovs_list_is_empty(&network->dirty_node)) {
        network_destroy(s, network);
    }
}

static void
set_network_dirty(struct state *s, struct network *network)
{
    if (ovs_list_is_empty(&network->dirty_node)) {
        ovs_list_push_back(&s->dirty_networks, &network->dirty_node);
    }
}

bool
network_is_usable(const struct network *network)
{
    return (network && network->intent && network->name_is_good
            && network->key);
}

bool
network_contains(const struct network *network, const struct in6_addr *address)
{
    for (size_t i = 0; i < network->n_subnets; i++) {
        if (slb_prefix_contains(&network->subnets[i].prefix, address)) {
            return true;
        }
    }
    return false;
}

const struct network_subnet *
network_find_subnet(const struct network *network, const char *name)
{
    for (size_t i = 0; i < network->n_subnets; i++) {
        if (!strcmp(network->subnets[i].name, name)) {
            return &network->subnets[i];
        }
    }
    return NULL;
}

/* Returns the network that the 'i'th peering of 'network' leads to, NULL if it
 * leads to none because that is not there or does not want it. */
struct network *
network_find_peer(const struct state *s, const struct network *network,
                  size_t i)
{
    struct network *peer = shash_find_data(&s->networks,
                                           network->peerings.names[i]);

    return (network_is_usable(peer) && peer != network
            && svec_contains(&peer->peerings, network->name) ? peer : NULL);
}

/* All that depends on 'network' has to be looked at. */
static void
touch_balancers(struct state *s, struct network *network)
{
    struct balancer *b;

    LIST_FOR_EACH (b, network_node, &network->balancers) {
        balancer_set_changed(s, b);
    }
    for (size_t i = 0; i < network->peerings.n; i++) {
        struct network *peer = shash_find_data(&s->networks,
                                               network->peerings.names[i]);

        if (peer && peer != network) {
            LIST_FOR_EACH (b, network_node, &peer->balancers) {
                balancer_set_changed(s, b);
            }
        }
    }
}

static int
compare_subnets(const void *a_, const void *b_)
{
    const struct slbrec_subnet *const *a = a_;
    const struct slbrec_subnet *const *b = b_;

    return strcmp((*a)->name, (*b)->name);
}

static void
read_subnets(struct state *s, struct network *network,
             struct problem_list *problems)
{
    const struct slbrec_virtual_network *intent = network->intent;
    const struct slbrec_subnet **sorted
        = xmemdup(intent->subnets,
                  intent->n_subnets * sizeof *intent->subnets);

    qsort(sorted, intent->n_subnets, sizeof *sorted, compare_subnets);
    network->subnets = xcalloc(intent->n_subnets, sizeof *network->subnets);
    for (size_t i = 0; i < intent->n_subnets; i++) {
        const struct slbrec_subnet *row = sorted[i];
        struct network_subnet *subnet = &network->subnets[network->n_subnets];
        char *path = xasprintf("subnets/%s", row->name);

        if (!slb_prefix_parse_loosely(row->prefix, &subnet->prefix)) {
            status_add(&network->status, path, "\"%s\" is no prefix",
                       row->prefix);
            problem_list_add(problems, "network %s: subnet %s: \"%s\" is no "
                             "prefix", network->name, row->name, row->prefix);
            free(path);
            continue;
        }
        if (row->gateway[0]
            && !slb_address_parse(row->gateway, &subnet->gateway)) {
            status_add(&network->status, path, "gateway \"%s\" is no address",
                       row->gateway);
            problem_list_add(problems, "network %s: subnet %s: gateway \"%s\" "
                             "is no address", network->name, row->name,
                             row->gateway);
            subnet->gateway = in6addr_any;
        } else if (!row->gateway[0]) {
            subnet->gateway
                = (slb_prefix_mapped_length(&subnet->prefix) >= 128
                   ? in6addr_any : slb_prefix_gateway(&subnet->prefix));
        }
        free(path);
        subnet->name = xstrdup(row->name);
        network->n_subnets++;
        assign_set_subnet(&s->assign, network->name, subnet->name,
                          &subnet->prefix, &subnet->gateway);
    }
    free(sorted);
}

/* Takes in what users declare about 'network'. */
static void
read_intent(struct state *s, struct network *network,
            struct problem_list *problems)
{
    const struct slbrec_virtual_network *intent = network->intent;

    if (!network->name_is_good) {
        status_add(&network->status, "", "that is no name of a network");
        problem_list_add(problems, "network \"%s\": that is no name of a "
                         "network", network->name);
        return;
    }
    for (size_t i = 0; i < intent->n_peerings; i++) {
        svec_add(&network->peerings, intent->peerings[i]);
    }
    svec_sort_unique(&network->peerings);
    read_subnets(s, network, problems);
    support_network(&network->status, network->peerings.n > 0);
    if (!network->key) {
        uint32_t key = tunnel_keys_allocate(&s->tunnel_keys);

        if (key) {
            set_key(s, network, key);
        }
    }
    if (!network->key) {
        status_add(&network->status, "", "no tunnel key is left");
        problem_list_add(problems, "network %s: no tunnel key is left",
                         network->name);
    }
}

static void
read_network(struct state *s, struct network *network)
{
    struct problem_list problems = PROBLEM_LIST_INITIALIZER;

    touch_balancers(s, network);
    clear_network(s, network);
    if (network->intent) {
        read_intent(s, network, &problems);
    }
    problems_replace(&s->problems, &network->problems, &problems);

    if (network_is_usable(network)) {
        struct slb_prefix *prefixes = xcalloc(network->n_subnets,
                                              sizeof *prefixes);

        for (size_t i = 0; i < network->n_subnets; i++) {
            prefixes[i] = network->subnets[i].prefix;
        }
        bindings_set_network(&s->bindings, network->name, network->key,
                             prefixes, network->n_subnets);
        free(prefixes);
    } else {
        bindings_remove_network(&s->bindings, network->name);
    }
    touch_balancers(s, network);
    set_network_dirty(s, network);
}

void
see_virtual_network(struct state *s, const struct slbrec_virtual_network *row,
                    bool deleted)
{
    struct row_ref *ref = state_find(s, row);
    struct network *network = ref ? ref->object : NULL;

    if (network && (deleted || strcmp(network->name, row->name))) {
        state_detach(s, &network->intent_ref);
        network->intent = NULL;
        read_network(s, network);
        network = NULL;
    }
    if (deleted) {
        return;
    }
    if (!network) {
        network = network_get(s, row->name);
        state_detach(s, &network->intent_ref);
        state_attach(s, &network->intent_ref, row, network);
        network->intent = row;
    }
    read_network(s, network);
}

void
see_compiled_network(struct state *s,
                     const struct slbrec_compiled_network *row, bool deleted)
{
    struct row_ref *ref = state_find(s, row);
    struct network *network = ref ? ref->object : NULL;

    if (state_see_orphan(s, ref, deleted)) {
        return;
    }
    if (network && (deleted || strcmp(network->name, row->name))) {
        state_detach(s, &network->row_ref);
        if (!network->intent) {
            release_key(s, network);
        }
        set_network_dirty(s, network);
        network = NULL;
    }
    if (deleted || network) {
        return;
    }

    network = network_get(s, row->name);
    if (network->row_ref.row) {
        state_add_orphan(s, row);
        return;
    }
    state_attach(s, &network->row_ref, row, network);
    if (!network->key
        && tunnel_keys_reserve(&s->tunnel_keys, row->tunnel_key)) {
        set_key(s, network, row->tunnel_key);
    }
    if (!network->intent || network->key != row->tunnel_key) {
        set_network_dirty(s, network);
    }
}

/* Returns true if the strings in a set's column are those in 'svec', which
 * must be sorted and unique. */
static bool
strings_equal(char **strings, size_t n, const struct svec *svec)
{
    if (n != svec->n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!svec_contains(svec, strings[i])) {
            return false;
        }
    }
    return true;
}

static void
write_compiled_network(struct state *s, struct network *network)
{
    const struct slbrec_compiled_network *row = network->row_ref.row;
    struct svec subnets = SVEC_EMPTY_INITIALIZER;
    struct svec gateways = SVEC_EMPTY_INITIALIZER;
    bool changed = false;

    if (!network_is_usable(network)) {
        if (row) {
            concern_touch_key(&s->concern, row->tunnel_key);
            slbrec_compiled_network_delete(row);
            s->n_written++;
        }
        return;
    }

    for (size_t i = 0; i < network->n_subnets; i++) {
        const struct network_subnet *subnet = &network->subnets[i];

        svec_add_nocopy(&subnets, slb_prefix_to_string(&subnet->prefix));
        if (!ipv6_is_zero(&subnet->gateway)) {
            svec_add_nocopy(&gateways,
                            slb_address_to_string(&subnet->gateway));
        }
    }
    svec_sort_unique(&subnets);
    svec_sort_unique(&gateways);

    if (!row) {
        row = slbrec_compiled_network_insert(s->txn);
        slbrec_compiled_network_set_name(row, network->name);
        changed = true;
    } else if (row->tunnel_key != network->key) {
        concern_touch_key(&s->concern, row->tunnel_key);
    }
    SET_INTEGER(compiled_network, row, tunnel_key, network->key, changed);
    if (!strings_equal(row->subnets, row->n_subnets, &subnets)) {
        slbrec_compiled_network_set_subnets(row, (const char **) subnets.names,
                                            subnets.n);
        changed = true;
    }
    if (!strings_equal(row->gateways, row->n_gateways, &gateways)) {
        slbrec_compiled_network_set_gateways(row,
                                             (const char **) gateways.names,
                                             gateways.n);
        changed = true;
    }
    if (changed) {
        concern_touch_key(&s->concern, network->key);
        s->n_written++;
    }
    svec_destroy(&subnets);
    svec_destroy(&gateways);
}

/* Public IP prefixes. */

/* Returns the prefix with 'name', which need not be there: then it has no
 * 'intent'. */
struct public_prefix *
public_prefix_get(struct state *s, const char *name)
{
    struct public_prefix *prefix = shash_find_data(&s->prefixes, name);

    if (!prefix) {
        prefix = xzalloc(sizeof *prefix);
        prefix->name = shash_add(&s->prefixes, name, prefix)->name;
        ovs_list_init(&prefix->uses);
        ovs_list_init(&prefix->dirty_node);
        status_init(&prefix->status);
        problem_list_init(&prefix->problems);
    }
    return prefix;
}

void
public_prefix_destroy(struct state *s, struct public_prefix *prefix)
{
    problems_remove(&s->problems, &prefix->problems);
    status_destroy(&prefix->status);
    state_detach(s, &prefix->intent_ref);
    ovs_list_remove(&prefix->dirty_node);
    shash_find_and_delete(&s->prefixes, prefix->name);
    free(prefix);
}

void
public_prefix_destroy_if_unused(struct state *s, struct public_prefix *prefix)
{
    if (!prefix->intent && ovs_list_is_empty(&prefix->uses)
        && ovs_list_is_empty(&prefix->dirty_node)) {
        public_prefix_destroy(s, prefix);
    }
}

static void
read_public_prefix(struct state *s, struct public_prefix *prefix)
{
    struct problem_list problems = PROBLEM_LIST_INITIALIZER;
    const struct prefix_use *use;

    status_clear(&prefix->status);
    prefix->valid = (prefix->intent
                     && slb_prefix_parse_loosely(prefix->intent->prefix,
                                                 &prefix->prefix));
    if (prefix->valid) {
        assign_set_prefix(&s->assign, prefix->name, &prefix->prefix);
    } else {
        char *source = assign_prefix_source(prefix->name);

        assign_remove_source(&s->assign, source);
        free(source);
        if (prefix->intent) {
            status_add(&prefix->status, "", "\"%s\" is no prefix",
                       prefix->intent->prefix);
            problem_list_add(&problems, "public IP prefix %s: \"%s\" is no "
                             "prefix", prefix->name, prefix->intent->prefix);
        }
    }
    problems_replace(&s->problems, &prefix->problems, &problems);
    LIST_FOR_EACH (use, prefix_node, &prefix->uses) {
        balancer_set_changed(s, use->balancer);
    }
    if (ovs_list_is_empty(&prefix->dirty_node)) {
        ovs_list_push_back(&s->dirty_prefixes, &prefix->dirty_node);
    }
}

void
see_public_ip_prefix(struct state *s,
                     const struct slbrec_public_ip_prefix *row, bool deleted)
{
    struct row_ref *ref = state_find(s, row);
    struct public_prefix *prefix = ref ? ref->object : NULL;

    if (prefix && (deleted || strcmp(prefix->name, row->name))) {
        state_detach(s, &prefix->intent_ref);
        prefix->intent = NULL;
        read_public_prefix(s, prefix);
        prefix = NULL;
    }
    if (deleted) {
        return;
    }
    if (!prefix) {
        prefix = public_prefix_get(s, row->name);
        state_detach(s, &prefix->intent_ref);
        state_attach(s, &prefix->intent_ref, row, prefix);
        prefix->intent = row;
    }
    read_public_prefix(s, prefix);
}

/* Writing. */

/* Writes all networks and prefixes about which something has changed. */
void
networks_write(struct state *s)
{
    struct public_prefix *prefix;
    struct network *network;
    struct smap smap = SMAP_INITIALIZER(&smap);

    LIST_FOR_EACH_POP (network, dirty_node, &s->dirty_networks) {
        ovs_list_init(&network->dirty_node);
        write_compiled_network(s, network);
        if (network->intent
            && !status_equals(&network->status, &network->intent->status)) {
            status_to_smap(&network->status, &smap);
            slbrec_virtual_network_set_status(network->intent, &smap);
            s->n_written++;
        }
        network_destroy_if_unused(s, network);
    }
    LIST_FOR_EACH_POP (prefix, dirty_node, &s->dirty_prefixes) {
        ovs_list_init(&prefix->dirty_node);
        if (prefix->intent
            && !status_equals(&prefix->status, &prefix->intent->status)) {
            status_to_smap(&prefix->status, &smap);
            slbrec_public_ip_prefix_set_status(prefix->intent, &smap);
            s->n_written++;
        }
        public_prefix_destroy_if_unused(s, prefix);
    }
    smap_destroy(&smap);
}

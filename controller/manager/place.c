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

#include "controller/manager/place.h"

#include <stdlib.h>

#include "controller/manager/binding.h"
#include "controller/manager/node.h"
#include "controller/manager/state.h"
#include "controller/manager/write.h"
#include "lib/slb-address.h"
#include "util.h"

/* So many pools of a binding cost as much as a row. */
#define POOLS_PER_ROW 16

/* What a row of Binding or Location is to an address.  struct state's 'rows'
 * keeps both. */
struct place_row {
    struct row_ref row_ref;
    struct binding *binding;
    bool is_binding;            /* Otherwise it is a location. */

    /* Of a binding. */
    struct binding_known known;
    uint32_t *keys;             /* That its node subscribes to. */
    size_t n_keys;
};

/* Rows of Binding. */

static void
subscribe(struct state *s, struct place_row *place,
          const struct slbrec_binding *row)
{
    place->n_keys = row->n_pools + 1;
    place->keys = xcalloc(place->n_keys, sizeof *place->keys);
    place->keys[0] = row->network_key;
    for (size_t i = 0; i < row->n_pools; i++) {
        place->keys[i + 1] = row->key_pools[i];
    }
    for (size_t i = 0; i < place->n_keys; i++) {
        concern_subscribe(&s->concern, place->known.node, place->keys[i]);
    }
    if (row->n_pools) {
        node_add_member(s, place->known.node);
    }
}

static void
unsubscribe(struct state *s, struct place_row *place)
{
    if (place->n_keys > 1) {
        node_remove_member(s, place->known.node);
    }
    for (size_t i = 0; i < place->n_keys; i++) {
        concern_unsubscribe(&s->concern, place->known.node, place->keys[i]);
    }
    free(place->keys);
    place->keys = NULL;
    place->n_keys = 0;
}

static void
forget(struct state *s, struct place_row *place)
{
    struct binding *binding = place->binding;

    state_detach(s, &place->row_ref);
    bindings_set_dirty(&s->bindings, binding);
    if (place->is_binding) {
        unsubscribe(s, place);
        bindings_remove_known(&s->bindings, &place->known);
    } else {
        binding->location_row = NULL;
    }
    free(place);
}

/* Forgets the row of 'ref', which must be one of Binding or Location. */
void
place_forget(struct state *s, struct row_ref *ref)
{
    forget(s, ref->object);
}

static bool
place_is(const struct binding *binding, uint32_t network_key,
         const char *address)
{
    struct in6_addr ip;

    return (binding->network_key == network_key
            && slb_address_parse(address, &ip)
            && !slb_address_compare(&ip, &binding->address));
}

static struct place_row *
add(struct state *s, const void *row, uint32_t network_key,
    const struct in6_addr *address)
{
    struct place_row *place = xzalloc(sizeof *place);

    place->binding = bindings_find_or_add(&s->bindings, network_key, address);
    state_attach(s, &place->row_ref, row, place);
    return place;
}

void
see_binding(struct state *s, const struct slbrec_binding *row, bool deleted)
{
    struct row_ref *ref = state_find(s, row);
    struct place_row *place = ref ? ref->object : NULL;
    struct in6_addr address;

    if (state_see_orphan(s, ref, deleted)) {
        return;
    }
    if (place && (deleted || strcmp(place->known.node, row->node)
                  || strcmp(place->known.iface_id, row->iface_id)
                  || !place_is(place->binding, row->network_key,
                               row->address))) {
        forget(s, place);
        place = NULL;
    }
    if (deleted) {
        return;
    }
    if (place) {
        unsubscribe(s, place);
    } else {
        if (!slb_address_parse(row->address, &address)) {
            state_add_orphan(s, row);
            return;
        }
        place = add(s, row, row->network_key, &address);
        place->is_binding = true;
        bindings_add_known(&s->bindings, &place->known, row->network_key,
                           &address, row->node, row->iface_id);

        const struct binding_port *port = place->binding->port;
        if (!port || strcmp(port->node, row->node)
            || strcmp(port->iface_id, row->iface_id)) {
            bindings_set_dirty(&s->bindings, place->binding);
        }
    }
    subscribe(s, place, row);
}

/* Both are in order of the keys. */
static bool
pools_equal(const struct slbrec_binding *row, const int64_t *keys,
            const int64_t *indices, size_t n)
{
    return (row->n_pools == n
            && (!n || (!memcmp(row->key_pools, keys, n * sizeof *keys)
                       && !memcmp(row->value_pools, indices,
                                  n * sizeof *indices))));
}

/* By pool, and in a pool the one that counts first. */
static int
compare_members(const void *a_, const void *b_)
{
    const struct binding_member *const *a = a_;
    const struct binding_member *const *b = b_;

    if ((*a)->pool_key != (*b)->pool_key) {
        return (*a)->pool_key < (*b)->pool_key ? -1 : 1;
    }
    return binding_member_goes_before(*a, *b) ? -1 : 1;
}

static void
write_pools(const struct slbrec_binding *row, const struct binding *binding,
            bool *changed)
{
    size_t n = ovs_list_size(&binding->members);
    const struct binding_member **sorted = xcalloc(n, sizeof *sorted);
    int64_t *keys = xcalloc(n, sizeof *keys);
    int64_t *indices = xcalloc(n, sizeof *indices);
    const struct binding_member *member;
    size_t n_pools = 0;

    n = 0;
    LIST_FOR_EACH (member, binding_node, &binding->members) {
        if (member->pool_key && member->index) {
            sorted[n++] = member;
        }
    }
    if (n) {
        qsort(sorted, n, sizeof *sorted, compare_members);
    }
    for (size_t i = 0; i < n; i++) {
        if (!i || sorted[i]->pool_key != sorted[i - 1]->pool_key) {
            keys[n_pools] = sorted[i]->pool_key;
            indices[n_pools++] = sorted[i]->index;
        }
    }
    if (!pools_equal(row, keys, indices, n_pools)) {
        slbrec_binding_set_pools(row, keys, indices, n_pools);
        *changed = true;
    }
    free(sorted);
    free(keys);
    free(indices);
}

static void
write_binding(struct state *s, const struct binding *binding)
{
    const struct binding_port *port = binding->port;
    const struct slbrec_binding *row = NULL;
    const struct binding_known *known;
    bool changed = false;

    LIST_FOR_EACH (known, binding_node, &binding->known) {
        const struct place_row *place = CONTAINER_OF(known, struct place_row,
                                                     known);

        if (port && !row && !strcmp(known->node, port->node)
            && !strcmp(known->iface_id, port->iface_id)) {
            row = place->row_ref.row;
        } else {
            concern_touch_node(&s->concern, known->node);
            slbrec_binding_delete(place->row_ref.row);
            s->n_written++;
        }
    }
    if (!port) {
        return;
    }

    if (!row) {
        char *address = slb_address_to_string(&binding->address);

        row = slbrec_binding_insert(s->txn);
        slbrec_binding_set_node(row, port->node);
        slbrec_binding_set_iface_id(row, port->iface_id);
        slbrec_binding_set_network_key(row, binding->network_key);
        slbrec_binding_set_address(row, address);
        free(address);
        changed = true;
        concern_subscribe_early(&s->concern, port->node, binding->network_key,
                                s->serial);
    }
    SET_STRING(binding, row, mac, port->mac, changed);
    write_pools(row, binding, &changed);
    if (changed) {
        concern_touch_node(&s->concern, port->node);
        s->n_written += 1 + row->n_pools / POOLS_PER_ROW;
    }
}

/* Rows of Location. */

void
see_location(struct state *s, const struct slbrec_location *row, bool deleted)
{
    struct row_ref *ref = state_find(s, row);
    struct place_row *place = ref ? ref->object : NULL;
    struct in6_addr address;

    if (state_see_orphan(s, ref, deleted)) {
        return;
    }
    if (place && (deleted || !place_is(place->binding, row->network_key,
                                       row->address))) {
        forget(s, place);
        place = NULL;
    }
    if (deleted || place) {
        return;
    }
    if (!slb_address_parse(row->address, &address)) {
        state_add_orphan(s, row);
        return;
    }

    struct binding *binding = bindings_find(&s->bindings, row->network_key,
                                            &address);
    if (binding && binding->location_row) {
        state_add_orphan(s, row);
        return;
    }
    place = add(s, row, row->network_key, &address);
    place->binding->location_row = place;
    if (!place->binding->port) {
        bindings_set_dirty(&s->bindings, place->binding);
    }
}

static void
write_location(struct state *s, const struct binding *binding)
{
    const struct place_row *place = binding->location_row;
    const struct slbrec_location *row = place ? place->row_ref.row : NULL;
    const struct binding_port *port = binding->port;
    bool changed = false;

    if (!port) {
        if (row) {
            concern_touch_key(&s->concern, row->network_key);
            slbrec_location_delete(row);
            s->n_written++;
        }
        return;
    }

    if (!row) {
        char *address = slb_address_to_string(&binding->address);

        row = slbrec_location_insert(s->txn);
        slbrec_location_set_network_key(row, binding->network_key);
        slbrec_location_set_address(row, address);
        free(address);
        changed = true;
    }
    SET_STRING(location, row, mac, port->mac, changed);
    SET_STRING(location, row, node, port->node, changed);
    SET_STRING(location, row, vtep, port->vtep, changed);
    if (changed) {
        concern_touch_key(&s->concern, binding->network_key);
        s->n_written++;
    }
}

/* Both. */

/* The rows of 'binding' are to be written in this run if it is dirty. */
void
place_schedule(struct state *s, struct binding *binding)
{
    if (!ovs_list_is_empty(&binding->dirty_node)) {
        ovs_list_remove(&binding->dirty_node);
        ovs_list_push_back(&s->run_bindings, &binding->dirty_node);
    }
}

static void
write_places(struct state *s, struct binding *binding)
{
    size_t n_written = s->n_written;

    ovs_list_init(&binding->dirty_node);
    write_binding(s, binding);
    write_location(s, binding);
    if (s->n_written > n_written) {
        binding->flight = s->serial;
    }
    bindings_clear_dirty(&s->bindings, binding);
}

/* Writes the rows of 'binding', which is in no list.  If its port carried the
 * address in another network until now, the rows about that have to go in the
 * same transaction, since the new one is about the same port and address. */
static void
write_places_and_before(struct state *s, struct binding *binding)
{
    struct binding *before = (binding->port
                              ? bindings_find_elsewhere(&s->bindings, binding)
                              : NULL);

    if (before && !ovs_list_is_empty(&before->dirty_node)) {
        ovs_list_remove(&before->dirty_node);
        write_places(s, before);
    }
    write_places(s, binding);
}

/* Writes the rows of what was scheduled in this run, and of all that is dirty
 * if 'all', which is right if nothing is left to be compiled; but not when
 * 'max_rows' have been written.  Returns true if nothing is left to be
 * written. */
bool
places_write(struct state *s, bool all, size_t max_rows)
{
    struct ovs_list *dirty = &s->bindings.dirty;
    struct binding *binding;
    bool first = true;

    LIST_FOR_EACH_POP (binding, dirty_node, &s->run_bindings) {
        write_places_and_before(s, binding);
    }
    while (all && !ovs_list_is_empty(dirty)
           && (first || s->n_written < max_rows)) {
        /* However much has been written, there is some progress. */
        first = false;
        binding = CONTAINER_OF(ovs_list_pop_front(dirty), struct binding,
                               dirty_node);
        write_places_and_before(s, binding);
    }
    return ovs_list_is_empty(dirty);
}

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

#include "controller/manager/state.h"

#include <stdlib.h>

#include "controller/manager/balancer.h"
#include "controller/manager/endpoint.h"
#include "controller/manager/network.h"
#include "controller/manager/node.h"
#include "controller/manager/place.h"
#include "controller/manager/prepare.h"
#include "controller/manager/stage.h"
#include "hash.h"
#include "ovsdb-idl-provider.h"
#include "random.h"
#include "util.h"

struct orphan {
    struct row_ref row_ref;
    struct ovs_list list_node;  /* In struct state's 'orphans'. */
};

/* Everything that state_clear() is to throw away. */
static void
init_objects(struct state *s)
{
    s->landed = s->serial;
    s->stuck = false;
    hmap_init(&s->rows);
    ovs_list_init(&s->orphans);
    problem_list_init(&s->option_problems);
    shash_init(&s->networks);
    hmap_init(&s->network_keys);
    ovs_list_init(&s->dirty_networks);
    shash_init(&s->prefixes);
    ovs_list_init(&s->dirty_prefixes);
    shash_init(&s->nodes);
    ovs_list_init(&s->new_nodes);
    ovs_list_init(&s->turned_nodes);
    ovs_list_init(&s->member_nodes);
    simap_init(&s->n_host_members);
    sset_init(&s->mux_zones);
    s->muxes_dirty = true;
    shash_init(&s->stages);
    shash_init(&s->balancers);
    ovs_list_init(&s->unparsed);
    ovs_list_init(&s->queue);
    s->n_queued = s->n_pulled = 0;
    ovs_list_init(&s->zoned);
    ovs_list_init(&s->yielding);
    heap_init(&s->timers);
    hmap_init(&s->pools);
    ovs_list_init(&s->new_coming);
    ovs_list_init(&s->run_bindings);
    ovs_list_init(&s->run_vips);
    s->n_members = s->n_coming = s->n_previous = 0;
    bindings_init(&s->bindings, &s->problems, network_place_func, s);
    claims_init(&s->claims);
    assign_init(&s->assign);
    concern_init(&s->concern);
}

static void
destroy_objects(struct state *s)
{
    struct shash_node *node;
    struct row_ref *ref;

    SHASH_FOR_EACH_SAFE (node, &s->balancers) {
        balancer_destroy(s, node->data);
    }
    /* Without ports, nothing hangs on a network. */
    SHASH_FOR_EACH_SAFE (node, &s->nodes) {
        node_destroy(s, node->data);
    }
    SHASH_FOR_EACH_SAFE (node, &s->networks) {
        network_destroy(s, node->data);
    }
    SHASH_FOR_EACH_SAFE (node, &s->prefixes) {
        public_prefix_destroy(s, node->data);
    }
    SHASH_FOR_EACH_SAFE (node, &s->stages) {
        stage_destroy(s, node->data);
    }
    vips_forget(s);
    HMAP_FOR_EACH_SAFE (ref, hmap_node, &s->rows) {
        if (!state_see_orphan(s, ref, true)) {
            place_forget(s, ref);
        }
    }
    bindings_destroy(&s->bindings);
    claims_destroy(&s->claims);
    assign_destroy(&s->assign);
    concern_destroy(&s->concern);
    problems_remove(&s->problems, &s->option_problems);
    shash_destroy(&s->networks);
    hmap_destroy(&s->network_keys);
    shash_destroy(&s->prefixes);
    shash_destroy(&s->nodes);
    simap_destroy(&s->n_host_members);
    sset_destroy(&s->mux_zones);
    shash_destroy(&s->stages);
    shash_destroy(&s->balancers);
    heap_destroy(&s->timers);
    hmap_destroy(&s->pools);
    hmap_destroy(&s->rows);
}

void
state_init(struct state *s, struct ovsdb_idl *idl)
{
    s->idl = idl;
    s->txn = NULL;
    s->serial = 0;
    problems_init(&s->problems);
    tunnel_keys_init(&s->tunnel_keys);
    cookies_init(&s->cookies, random_uint32());
    member_indices_init(&s->indices);
    s->prepare = prepare_create();
    silence_init(&s->silence);
    init_objects(s);
}

void
state_destroy(struct state *s)
{
    destroy_objects(s);
    tunnel_keys_destroy(&s->tunnel_keys);
    cookies_destroy(&s->cookies);
    member_indices_destroy(&s->indices);
    prepare_destroy(s->prepare);
    silence_destroy(&s->silence);
    problems_destroy(&s->problems);
}

/* Throws everything away but what is not in the database and makes the manager
 * only wait less, give numbers out later again and log less.  No row is looked
 * at, since those that objects know may be gone. */
void
state_clear(struct state *s)
{
    destroy_objects(s);
    tunnel_keys_reset(&s->tunnel_keys);
    cookies_reset(&s->cookies);
    init_objects(s);
}

/* Notes that 'object' knows 'row'. */
void
state_attach(struct state *s, struct row_ref *ref, const void *row,
             void *object)
{
    ref->row = row;
    ref->object = object;
    hmap_insert(&s->rows, &ref->hmap_node, hash_pointer(row, 0));
}

/* 'ref' may have no row. */
void
state_detach(struct state *s, struct row_ref *ref)
{
    if (ref->row) {
        hmap_remove(&s->rows, &ref->hmap_node);
        ref->row = NULL;
    }
}

struct row_ref *
state_find(const struct state *s, const void *row)
{
    struct row_ref *ref;

    HMAP_FOR_EACH_WITH_HASH (ref, hmap_node, hash_pointer(row, 0), &s->rows) {
        if (ref->row == row) {
            return ref;
        }
    }
    return NULL;
}

/* 'row' is to be deleted in the next run. */
void
state_add_orphan(struct state *s, const void *row)
{
    struct orphan *orphan = xmalloc(sizeof *orphan);

    state_attach(s, &orphan->row_ref, row, NULL);
    ovs_list_push_back(&s->orphans, &orphan->list_node);
}

/* Returns true if 'ref', which may be NULL, is of a row that belongs to
 * nobody: there is nothing to be done about it then, and if it was 'deleted',
 * it is forgotten. */
bool
state_see_orphan(struct state *s, struct row_ref *ref, bool deleted)
{
    if (!ref || ref->object) {
        return false;
    }
    if (deleted) {
        struct orphan *orphan = CONTAINER_OF(ref, struct orphan, row_ref);

        state_detach(s, ref);
        ovs_list_remove(&orphan->list_node);
        free(orphan);
    }
    return true;
}

void
state_delete_orphans(struct state *s)
{
    struct orphan *orphan;

    LIST_FOR_EACH (orphan, list_node, &s->orphans) {
        ovsdb_idl_txn_delete(orphan->row_ref.row);
        s->n_written++;
    }
}

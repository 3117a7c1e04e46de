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

#include "controller/ctl/ctl-wait.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/ctl/ctl-db.h"
#include "controller/ctl/ctl.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "timeval.h"
#include "util.h"
#include "yaml/slb-model.h"

/* What is still missing. */
enum stage {
    WAIT_MANAGER,               /* The manager has not compiled it. */
    WAIT_GENERATIONS,           /* Pools' members change, first step. */
    WAIT_NODES,                 /* Nodes have not applied it. */
    WAIT_DONE,
};

/* Adds what ctl_wait() needs to what 'idl' monitors. */
void
ctl_wait_monitor(struct ovsdb_idl *idl)
{
    ovsdb_idl_add_column(idl, &slbrec_slb_global_col_compiled_seq);
    ovsdb_idl_add_column(idl, &slbrec_node_col_name);
    ovsdb_idl_add_column(idl, &slbrec_node_col_role);
    ovsdb_idl_add_column(idl, &slbrec_node_col_wanted);
    ovsdb_idl_add_column(idl, &slbrec_node_col_applied);
    ovsdb_idl_add_column(idl, &slbrec_compiled_pool_col_name);
    ovsdb_idl_add_column(idl, &slbrec_compiled_pool_col_generations);
    ovsdb_idl_add_column(idl, &slbrec_generation_col_state);
}

/* Whether 'pool' is one of a load balancer in 'applied'. */
static bool
is_concerned(const struct slbrec_compiled_pool *pool,
             const struct shash *applied)
{
    char *lb = xmemdup0(pool->name, strcspn(pool->name, "/"));
    bool concerned = shash_find(applied, lb) != NULL;

    free(lb);
    return concerned;
}

static bool
has_coming_generation(const struct slbrec_compiled_pool *pool)
{
    for (size_t i = 0; i < pool->n_generations; i++) {
        if (!strcmp(pool->generations[i]->state, "coming")) {
            return true;
        }
    }
    return false;
}

static bool
generations_are_coming(struct ovsdb_idl *idl, const struct shash *applied)
{
    const struct slbrec_compiled_pool *pool;

    SLBREC_COMPILED_POOL_FOR_EACH (pool, idl) {
        if (has_coming_generation(pool) && is_concerned(pool, applied)) {
            return true;
        }
    }
    return false;
}

/* Sets 'wanted' to the nodes that have not applied what they should, and what
 * that is.  Data is int64_t. */
static void
note_wanted(struct ovsdb_idl *idl, struct shash *wanted)
{
    const struct slbrec_node *node;

    shash_clear_free_data(wanted);
    SLBREC_NODE_FOR_EACH (node, idl) {
        if (node->wanted > node->applied) {
            shash_add(wanted, node->name,
                      xmemdup(&node->wanted, sizeof node->wanted));
        }
    }
}

static const struct slbrec_node *
find_node(struct ovsdb_idl *idl, const char *name)
{
    const struct slbrec_node *node;

    SLBREC_NODE_FOR_EACH (node, idl) {
        if (!strcmp(node->name, name)) {
            return node;
        }
    }
    return NULL;
}

/* Removes those nodes from 'wanted' that have applied what they should, or
 * that are gone. */
static void
remove_applied(struct ovsdb_idl *idl, struct shash *wanted)
{
    struct shash_node *n;

    SHASH_FOR_EACH_SAFE (n, wanted) {
        const struct slbrec_node *node = find_node(idl, n->name);
        const int64_t *number = n->data;

        if (!node || node->applied >= *number) {
            free(n->data);
            shash_delete(wanted, n);
        }
    }
}

/* Returns how far things are, which were at 'stage' before. */
static enum stage
next_stage(struct ovsdb_idl *idl, enum stage stage,
           const struct shash *applied, long long int intent_seq,
           struct shash *wanted)
{
    const struct slbrec_slb_global *global = slbrec_slb_global_first(idl);

    switch (stage) {
    case WAIT_MANAGER:
        if (!global || global->compiled_seq < intent_seq) {
            return WAIT_MANAGER;
        }
        /* Fall through. */
    case WAIT_GENERATIONS:
        if (generations_are_coming(idl, applied)) {
            return WAIT_GENERATIONS;
        }
        /* Now, and not again: what is wanted later is of other changes. */
        note_wanted(idl, wanted);
        /* Fall through. */
    case WAIT_NODES:
    case WAIT_DONE:
    default:
        remove_applied(idl, wanted);
        return shash_is_empty(wanted) ? WAIT_DONE : WAIT_NODES;
    }
}

/* Says what is missing, 'wanted' in the stage WAIT_NODES. */
static void
report_time_out(struct ctl_db *db, enum stage stage, int seconds,
                struct shash *wanted)
{
    struct ds why = DS_EMPTY_INITIALIZER;

    if (!ovsdb_idl_is_connected(db->idl)) {
        ds_put_cstr(&why, "the database is not reachable now");
    } else if (stage == WAIT_MANAGER) {
        ds_put_cstr(&why, "slb-manager has not compiled it (is one running?)");
    } else {
        if (stage == WAIT_GENERATIONS) {
            note_wanted(db->idl, wanted);
            ds_put_cstr(&why, "slb-manager has not switched all pools to "
                        "their new members");
        }

        const struct shash_node **nodes = shash_sort(wanted);
        for (size_t i = 0; i < shash_count(wanted); i++) {
            const struct slbrec_node *node = find_node(db->idl,
                                                       nodes[i]->name);
            const int64_t *number = nodes[i]->data;

            ds_put_format(&why, "%s%s (%s, has %"PRId64" of %"PRId64")",
                          i ? ", " : why.length ? "; missing: " : "missing: ",
                          node->name, node->role, node->applied, *number);
        }
        free(nodes);
    }
    fprintf(stderr, "%s: applied, but not in force on all nodes within %d s: "
            "%s\n", program_name, seconds, ds_cstr(&why));
    ds_destroy(&why);
}

/* Waits until all nodes concerned have 'applied' in force, whose number is
 * 'intent_seq'.  Returns the exit status. */
int
ctl_wait(struct ctl_db *db, const struct ctl_options *options,
         const struct slb_model *applied, long long int intent_seq)
{
    struct shash wanted = SHASH_INITIALIZER(&wanted);
    struct shash load_balancers = SHASH_INITIALIZER(&load_balancers);
    enum stage stage = WAIT_MANAGER;

    slb_list_index(SLB_GENERIC(&applied->load_balancers), &load_balancers);
    db->deadline = (options->wait_seconds
                    ? time_msec() + options->wait_seconds * 1000LL
                    : LLONG_MAX);
    do {
        ovsdb_idl_run(db->idl);
        stage = next_stage(db->idl, stage, &load_balancers, intent_seq,
                           &wanted);
    } while (stage != WAIT_DONE && ctl_db_step(db));

    if (stage != WAIT_DONE) {
        report_time_out(db, stage, options->wait_seconds, &wanted);
    }
    shash_destroy(&load_balancers);
    shash_destroy_free_data(&wanted);
    return stage == WAIT_DONE ? CTL_OK : CTL_NOT_APPLIED;
}

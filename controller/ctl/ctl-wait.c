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

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controller/ctl/ctl-db.h"
#include "controller/ctl/ctl.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/shash.h"
#include "timeval.h"
#include "util.h"
#include "yaml/slb-model.h"

/* How often it is said how far things are, in ms: on a terminal, elsewhere. */
#define PROGRESS_TERMINAL 200
#define PROGRESS_PLAIN 5000

/* More nodes than this are not named in a line of progress. */
#define PROGRESS_NODES 3

/* With more generations coming than this, it is simpler for the server to tell
 * about all pools. */
#define MAX_CLAUSES 100

/* What is still missing. */
enum step {
    WAIT_MANAGER,               /* The manager has not compiled it. */
    WAIT_GENERATIONS,           /* Pools' members change, first step. */
    WAIT_NODES,                 /* Nodes have not applied it. */
    WAIT_DONE,
};

/* A node that has to apply something. */
struct lag {
    int64_t wanted;
    long long int since;        /* It was not behind then, or time_msec() when
                                 * that was first seen. */
    bool before;                /* It has been behind since before that. */
};

struct waiting {
    struct ctl_db db;
    struct shash load_balancers; /* Those that were applied. */
    long long int intent_seq;
    enum step step;
    struct shash nodes;         /* Nodes that have not applied what they
                                 * should: struct lag, by name. */
    size_t n_nodes;             /* All that are concerned. */
    struct shash behind;        /* Nodes that were behind at the beginning. */
    unsigned int condition_seqno;

    bool terminal;              /* Is standard error one? */
    long long int next_progress;
    size_t progress_width;      /* Of the line that is there now. */
};

/* Adds what is needed to what is monitored.  Of the generations, only those
 * that are coming; of the pools, only theirs. */
static void
monitor(struct waiting *w)
{
    struct ovsdb_idl *idl = w->db.idl;
    struct ovsdb_idl_condition cond;

    ovsdb_idl_add_column(idl, &slbrec_slb_global_col_compiled_seq);
    ovsdb_idl_add_column(idl, &slbrec_node_col_name);
    ovsdb_idl_add_column(idl, &slbrec_node_col_role);
    ovsdb_idl_add_column(idl, &slbrec_node_col_wanted);
    ovsdb_idl_add_column(idl, &slbrec_node_col_applied);
    ovsdb_idl_add_column(idl, &slbrec_compiled_pool_col_name);
    ovsdb_idl_add_column(idl, &slbrec_compiled_pool_col_tunnel_key);
    ovsdb_idl_add_column(idl, &slbrec_generation_col_pool_key);
    ovsdb_idl_add_column(idl, &slbrec_generation_col_state);

    ovsdb_idl_condition_init(&cond);
    slbrec_compiled_pool_set_condition(idl, &cond);
    slbrec_generation_add_clause_state(&cond, OVSDB_F_EQ, "coming");
    slbrec_generation_set_condition(idl, &cond);
    ovsdb_idl_condition_destroy(&cond);
}

/* Asks for the pools of the generations that are coming. */
static void
monitor_pools(struct waiting *w)
{
    const struct slbrec_generation *generation;
    struct ovsdb_idl_condition cond;
    size_t n = 0;

    ovsdb_idl_condition_init(&cond);
    SLBREC_GENERATION_FOR_EACH (generation, w->db.idl) {
        if (n++ >= MAX_CLAUSES) {
            ovsdb_idl_condition_add_clause_true(&cond);
            break;
        }
        slbrec_compiled_pool_add_clause_tunnel_key(&cond, OVSDB_F_EQ,
                                                   generation->pool_key);
    }
    w->condition_seqno = slbrec_compiled_pool_set_condition(w->db.idl, &cond);
    ovsdb_idl_condition_destroy(&cond);
}

/* Whether 'pool' is one of a load balancer that was applied. */
static bool
is_concerned(const struct waiting *w, const struct slbrec_compiled_pool *pool)
{
    char *lb = xmemdup0(pool->name, strcspn(pool->name, "/"));
    bool concerned = shash_find(&w->load_balancers, lb) != NULL;

    free(lb);
    return concerned;
}

static bool
is_coming(struct ovsdb_idl *idl, const struct slbrec_compiled_pool *pool)
{
    const struct slbrec_generation *generation;

    SLBREC_GENERATION_FOR_EACH (generation, idl) {
        if (generation->pool_key == pool->tunnel_key) {
            return true;
        }
    }
    return false;
}

/* Whether generations of pools that are concerned are coming, or may be for
 * all that is known yet. */
static bool
generations_are_coming(struct waiting *w)
{
    const struct slbrec_compiled_pool *pool;

    monitor_pools(w);
    if (ovsdb_idl_get_condition_seqno(w->db.idl) != w->condition_seqno) {
        return true;
    }
    SLBREC_COMPILED_POOL_FOR_EACH (pool, w->db.idl) {
        if (is_concerned(w, pool) && is_coming(w->db.idl, pool)) {
            return true;
        }
    }
    return false;
}

/* Notes which nodes are behind already, before anything is compiled. */
static void
note_behind(struct waiting *w)
{
    const struct slbrec_node *node;

    SLBREC_NODE_FOR_EACH (node, w->db.idl) {
        if (node->wanted > node->applied) {
            shash_add_once(&w->behind, node->name, NULL);
        }
    }
}

/* Notes the nodes that have not applied what they should, and what that is. */
static void
note_wanted(struct waiting *w)
{
    const struct slbrec_node *node;

    shash_clear_free_data(&w->nodes);
    SLBREC_NODE_FOR_EACH (node, w->db.idl) {
        if (node->wanted > node->applied) {
            struct lag *lag = xmalloc(sizeof *lag);

            *lag = (struct lag) {
                .wanted = node->wanted,
                .since = time_msec(),
                .before = shash_find(&w->behind, node->name) != NULL,
            };
            shash_add_once(&w->nodes, node->name, lag);
        }
    }
    w->n_nodes = shash_count(&w->nodes);
}

/* Adds the rows of all nodes by name to 'rows'. */
static void
index_nodes(struct ovsdb_idl *idl, struct shash *rows)
{
    const struct slbrec_node *node;

    SLBREC_NODE_FOR_EACH (node, idl) {
        shash_add_once(rows, node->name, node);
    }
}

/* Forgets those nodes that have applied what they should, or that are gone. */
static void
remove_applied(struct waiting *w)
{
    struct shash rows = SHASH_INITIALIZER(&rows);
    struct shash_node *n;

    if (shash_is_empty(&w->nodes)) {
        return;
    }
    index_nodes(w->db.idl, &rows);
    SHASH_FOR_EACH_SAFE (n, &w->nodes) {
        const struct slbrec_node *node = shash_find_data(&rows, n->name);
        const struct lag *lag = n->data;

        if (!node || node->applied >= lag->wanted) {
            free(n->data);
            shash_delete(&w->nodes, n);
        }
    }
    shash_destroy(&rows);
}

/* Returns how far things are, which were at 'w->step' before. */
static enum step
next_step(struct waiting *w)
{
    const struct slbrec_slb_global *global
        = slbrec_slb_global_first(w->db.idl);

    switch (w->step) {
    case WAIT_MANAGER:
        if (!global || global->compiled_seq < w->intent_seq) {
            note_behind(w);
            return WAIT_MANAGER;
        }
        /* Fall through. */
    case WAIT_GENERATIONS:
        if (generations_are_coming(w)) {
            return WAIT_GENERATIONS;
        }
        /* Now, and not again: what is wanted later is of other changes. */
        note_wanted(w);
        /* Fall through. */
    case WAIT_NODES:
    case WAIT_DONE:
    default:
        remove_applied(w);
        return shash_is_empty(&w->nodes) ? WAIT_DONE : WAIT_NODES;
    }
}

/* Progress. */

static void
clear_progress(struct waiting *w)
{
    if (w->progress_width) {
        fprintf(stderr, "\r%*s\r", (int) w->progress_width, "");
        w->progress_width = 0;
    }
}

static void
format_progress(struct waiting *w, struct ds *ds)
{
    if (w->step == WAIT_MANAGER) {
        ds_put_cstr(ds, "waiting for slb-manager");
        return;
    } else if (w->step == WAIT_GENERATIONS) {
        ds_put_cstr(ds, "waiting for pools to switch to their new members");
        return;
    }

    const struct shash_node **nodes = shash_sort(&w->nodes);
    size_t n = shash_count(&w->nodes);

    ds_put_format(ds, "%"PRIuSIZE" of %"PRIuSIZE" node%s: waiting for ",
                  w->n_nodes - n, w->n_nodes, w->n_nodes == 1 ? "" : "s");
    for (size_t i = 0; i < n; i++) {
        if (i == PROGRESS_NODES) {
            ds_put_cstr(ds, ", ...");
            break;
        }
        ds_put_format(ds, "%s%s", i ? ", " : "", nodes[i]->name);
    }
    free(nodes);
}

/* Says how far things are, if it is time for that. */
static void
show_progress(struct waiting *w)
{
    int interval = w->terminal ? PROGRESS_TERMINAL : PROGRESS_PLAIN;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (time_msec() < w->next_progress) {
        return;
    }
    w->next_progress = time_msec() + interval;

    format_progress(w, &ds);
    if (w->terminal) {
        /* What is left of a longer line is covered. */
        int width = MAX(w->progress_width, ds.length);
        fprintf(stderr, "\r%-*s", width, ds_cstr(&ds));
        w->progress_width = width;
    } else {
        fprintf(stderr, "%s: %s\n", program_name, ds_cstr(&ds));
    }
    fflush(stderr);
    ds_destroy(&ds);
}

/* Says what is missing. */
static void
report_time_out(struct waiting *w, int seconds)
{
    struct ds why = DS_EMPTY_INITIALIZER;

    if (!ovsdb_idl_is_connected(w->db.idl)) {
        ds_put_cstr(&why, "the database is not reachable now");
    } else if (w->step == WAIT_MANAGER) {
        ds_put_cstr(&why, "slb-manager has not compiled it (is one running?)");
    } else {
        if (w->step == WAIT_GENERATIONS) {
            note_wanted(w);
            ds_put_cstr(&why, "slb-manager has not switched all pools to "
                        "their new members");
        }

        struct shash rows = SHASH_INITIALIZER(&rows);
        const struct shash_node **nodes = shash_sort(&w->nodes);
        size_t n = 0;

        index_nodes(w->db.idl, &rows);
        for (size_t i = 0; i < shash_count(&w->nodes); i++) {
            const struct slbrec_node *node = shash_find_data(&rows,
                                                             nodes[i]->name);
            const struct lag *lag = nodes[i]->data;

            if (!node) {
                continue;
            }
            ds_put_format(&why, "%s%s (%s, has %"PRId64" of %"PRId64", ",
                          n++ ? ", " : why.length ? "; missing: "
                          : "missing: ",
                          node->name, node->role, node->applied, lag->wanted);
            if (lag->before) {
                ds_put_cstr(&why, "behind since before this change)");
            } else {
                ds_put_format(&why, "behind for %lld s)",
                              (time_msec() - lag->since + 500) / 1000);
            }
        }
        shash_destroy(&rows);
        free(nodes);
    }
    fprintf(stderr, "%s: applied, but not in force on all nodes within %d s: "
            "%s\n", program_name, seconds, ds_cstr(&why));
    ds_destroy(&why);
}

/* Waits until all nodes concerned have 'applied' in force, whose number is
 * 'intent_seq'.  Returns the exit status. */
int
ctl_wait(const struct ctl_options *options, const struct slb_model *applied,
         long long int intent_seq)
{
    struct waiting w = {
        .intent_seq = intent_seq,
        .step = WAIT_MANAGER,
        .terminal = isatty(STDERR_FILENO),
        .next_progress = time_msec(),
    };

    shash_init(&w.load_balancers);
    shash_init(&w.nodes);
    shash_init(&w.behind);
    slb_list_index(SLB_GENERIC(&applied->load_balancers), &w.load_balancers);
    w.next_progress += w.terminal ? PROGRESS_TERMINAL : PROGRESS_PLAIN;

    ctl_db_init(&w.db, options);
    monitor(&w);
    w.db.deadline = (options->wait_seconds
                     ? time_msec() + options->wait_seconds * 1000LL
                     : LLONG_MAX);
    for (;;) {
        ovsdb_idl_run(w.db.idl);
        if (ovsdb_idl_has_ever_connected(w.db.idl)) {
            w.step = next_step(&w);
        }
        if (w.step == WAIT_DONE) {
            break;
        }
        show_progress(&w);
        poll_timer_wait_until(w.next_progress);
        if (!ctl_db_step(&w.db)) {
            break;
        }
    }

    clear_progress(&w);
    if (w.step != WAIT_DONE) {
        report_time_out(&w, options->wait_seconds);
    }
    shash_destroy(&w.load_balancers);
    shash_destroy_free_data(&w.nodes);
    shash_destroy(&w.behind);
    ctl_db_destroy(&w.db);
    return w.step == WAIT_DONE ? CTL_OK : CTL_NOT_APPLIED;
}

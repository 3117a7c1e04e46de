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

#include "controller/manager/stage.h"

#include <errno.h>
#include <stdlib.h>

#include "controller/manager/balancer.h"
#include "lib/slb-idl.h"
#include "util.h"

/* Load balancers deleted in one run: what hangs below them goes with them. */
#define GARBAGE_PER_RUN 100

static int64_t
parse_seq(const char *name)
{
    char *end;

    errno = 0;
    long long int seq = strtoll(name, &end, 10);
    return end != name && *end == '-' && !errno ? seq : INT64_MAX;
}

static struct stage *
stage_get(struct state *s, const char *name)
{
    struct stage *stage = shash_find_data(&s->stages, name);

    if (!stage) {
        stage = xzalloc(sizeof *stage);
        stage->name = shash_add(&s->stages, name, stage)->name;
        stage->seq = parse_seq(name);
        ovs_list_init(&stage->rows);
        ovs_list_init(&stage->retired);
    }
    return stage;
}

/* No row must be in it. */
void
stage_destroy(struct state *s, struct stage *stage)
{
    shash_find_and_delete(&s->stages, stage->name);
    free(stage);
}

static void
destroy_if_unused(struct state *s, struct stage *stage)
{
    if (!stage->committed && ovs_list_is_empty(&stage->rows)
        && ovs_list_is_empty(&stage->retired)) {
        stage_destroy(s, stage);
    }
}

static void
set_stage(struct state *s, struct stage **stagep, const char *name,
          struct ovs_list *node, bool retired)
{
    struct stage *old = *stagep;

    if (old ? !strcmp(old->name, name) : !name[0]) {
        return;
    }
    if (old) {
        ovs_list_remove(node);
        destroy_if_unused(s, old);
    }
    *stagep = NULL;
    if (name[0]) {
        struct stage *stage = stage_get(s, name);

        *stagep = stage;
        ovs_list_push_back(retired ? &stage->retired : &stage->rows, node);
    }
}

/* 'row' says that it is in 'stage' and retired by 'retired', both empty for
 * none. */
void
balancer_row_set_stages(struct state *s, struct balancer_row *row,
                        const char *stage, const char *retired)
{
    set_stage(s, &row->stage, stage, &row->stage_node, false);
    set_stage(s, &row->retired, retired, &row->retired_node, true);
}

bool
balancer_row_is_live(const struct balancer_row *row)
{
    return ((!row->stage || row->stage->committed)
            && !(row->retired && row->retired->committed));
}

static void
set_committed(struct state *s, struct stage *stage, bool committed)
{
    struct balancer_row *row;

    if (stage->committed == committed) {
        return;
    }
    stage->committed = committed;
    LIST_FOR_EACH (row, stage_node, &stage->rows) {
        balancer_choose_intent(s, row->balancer);
    }
    LIST_FOR_EACH (row, retired_node, &stage->retired) {
        balancer_choose_intent(s, row->balancer);
    }
}

/* 'global', which may be NULL, says which stages are committed. */
void
stages_see_global(struct state *s, const struct slbrec_slb_global *global)
{
    struct sset committed = SSET_INITIALIZER(&committed);
    struct shash_node *node;

    for (size_t i = 0; global && i < global->n_stages; i++) {
        sset_add(&committed, global->stages[i]);
        stage_get(s, global->stages[i]);
    }
    SHASH_FOR_EACH_SAFE (node, &s->stages) {
        struct stage *stage = node->data;

        set_committed(s, stage, sset_contains(&committed, stage->name));
        destroy_if_unused(s, stage);
    }
    sset_destroy(&committed);
}

/* Can 'stage' never be committed? */
static bool
has_failed(const struct stage *stage, const struct slbrec_slb_global *global)
{
    return !stage->committed && stage->seq < global->intent_seq;
}

/* Returns the rows of 'stage' that nobody needs, NULL if there are none. */
static const struct ovs_list *
find_garbage(const struct stage *stage, const struct slbrec_slb_global *global)
{
    return (stage->committed && !ovs_list_is_empty(&stage->retired)
            ? &stage->retired
            : has_failed(stage, global) && !ovs_list_is_empty(&stage->rows)
            ? &stage->rows
            : NULL);
}

static bool
is_over(const struct stage *stage)
{
    return (stage->committed && ovs_list_is_empty(&stage->rows)
            && ovs_list_is_empty(&stage->retired));
}

/* Returns true if stages_collect_garbage() would do anything. */
bool
stages_have_garbage(const struct state *s)
{
    const struct slbrec_slb_global *global = slbrec_slb_global_first(s->idl);
    struct shash_node *node;

    SHASH_FOR_EACH (node, &s->stages) {
        const struct stage *stage = node->data;

        if (global && (find_garbage(stage, global) || is_over(stage))) {
            return true;
        }
    }
    return false;
}

/* Removes a part of what nobody needs any more. */
void
stages_collect_garbage(struct state *s)
{
    const struct slbrec_slb_global *global = slbrec_slb_global_first(s->idl);
    struct shash_node *node;
    size_t n = 0;

    SHASH_FOR_EACH (node, &s->stages) {
        const struct stage *stage = node->data;
        const struct ovs_list *garbage = (global
                                          ? find_garbage(stage, global)
                                          : NULL);

        if (garbage) {
            const struct balancer_row *row;

            if (stage->committed) {
                LIST_FOR_EACH (row, retired_node, garbage) {
                    if (n++ < GARBAGE_PER_RUN) {
                        slbrec_load_balancer_delete(row->row);
                    }
                }
            } else {
                LIST_FOR_EACH (row, stage_node, garbage) {
                    if (n++ < GARBAGE_PER_RUN) {
                        slbrec_load_balancer_delete(row->row);
                    }
                }
            }
        } else if (global && is_over(stage)) {
            slbrec_slb_global_update_stages_delvalue(global, stage->name);
            n++;
        }
    }
    s->n_written += MIN(n, GARBAGE_PER_RUN);
}

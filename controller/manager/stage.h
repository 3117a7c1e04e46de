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


#ifndef MANAGER_STAGE_H
#define MANAGER_STAGE_H 1

/* Stages: how slb-ctl applies more than what fits into one transaction.
 *
 * It inserts new rows of Load_Balancer with the name of a stage in many small
 * transactions, marks those that they replace as retired by that stage, and
 * then adds the name to SLB_Global.stages in one small transaction.  Until
 * then the new rows do not count, from then on the retired ones do not:
 *
 *     live = (stage is empty or in stages)
 *            and not (retired is not empty and in stages)
 *
 * A stage is called "SEQ-RANDOM", SEQ being the intent_seq that it builds on.
 * It can only be committed while that is the intent_seq.
 *
 * What is retired for good, what stages that can never be committed have left
 * and the names of stages without rows are removed in the background, when
 * nothing else is to be done. */

#include <stdbool.h>
#include <stdint.h>

#include "controller/manager/state.h"

struct balancer_row;
struct slbrec_slb_global;

struct stage {
    const char *name;
    int64_t seq;                /* INT64_MAX if the name has none. */
    bool committed;
    struct ovs_list rows;       /* "struct balancer_row"s in it. */
    struct ovs_list retired;    /* "struct balancer_row"s retired by it. */
};

void stage_destroy(struct state *, struct stage *);
void balancer_row_set_stages(struct state *, struct balancer_row *,
                             const char *stage, const char *retired);
bool balancer_row_is_live(const struct balancer_row *);

void stages_see_global(struct state *, const struct slbrec_slb_global *);
bool stages_have_garbage(const struct state *);
void stages_collect_garbage(struct state *);

#endif /* controller/manager/stage.h */

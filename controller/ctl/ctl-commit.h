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

#ifndef CTL_COMMIT_H
#define CTL_COMMIT_H 1

/* Making changes to what users have declared, whole or not at all.
 *
 * A change is based on what was declared, which SLB_Global.intent_seq is the
 * number of.  Each change increments it, and is made only if it is still what
 * it was; so two slb-ctl cannot get in each other's way: one of them is
 * outrun, and has to look at what is there now.
 *
 * Most changes are one transaction.  A large one would keep a database server
 * busy for so long that its cluster takes it for dead.  It is made in stages:
 * its load balancers are inserted as new rows, in many small transactions, one
 * sent while the last is still under way.  These rows have the stage's name
 * and do not count.  A last transaction is small as well, although it has a
 * line for each load balancer: it adds the name to those that count
 * (SLB_Global.stages), notes in the rows that are replaced or deleted that
 * they do not any more, and makes all other changes.  If it does not come to
 * that, slb-manager deletes the rows when intent_seq has moved on. */

#include <stdbool.h>
#include <stdint.h>

#include "yaml/slb-model.h"

struct ctl_db;
struct ctl_snapshot;

/* Objects of kinds, owned by somebody else. */
struct ctl_change {
    struct slb_list put;        /* Are to be what they are here. */
    struct slb_list delete;     /* Are to go. */
};

enum ctl_result {
    CTL_COMMITTED,              /* Or would be, if that is not wanted. */
    CTL_OUTRUN,                 /* Something else was changed meanwhile. */
    CTL_REFUSED,                /* By the database. */
    CTL_LOST,                   /* No connection; nothing is changed. */
    CTL_UNKNOWN,                /* No answer: it may be changed. */
};

enum ctl_result ctl_commit(struct ctl_db *, const struct ctl_snapshot *base,
                           const struct ctl_change *, bool dry_run,
                           char **error);

#endif /* controller/ctl/ctl-commit.h */

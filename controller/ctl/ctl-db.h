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


#ifndef CTL_DB_H
#define CTL_DB_H 1

/* slb-ctl's connection to the SLB database: a copy of what it monitors there,
 * which is only read.  Changes are made by a connection of their own, see
 * controller/ctl/ctl-commit.h.
 *
 * A subcommand has so many seconds (--timeout) to reach the database and to
 * get an answer.  A database that is away is told about when that has taken a
 * moment, and tried again until then.
 *
 * Of a cluster, only the leader is used, because the others may be behind;
 * but if a single server is given, that one, whatever it is. */

#include <stdbool.h>

#include "ovsdb-idl.h"

struct ctl_options;
struct ctl_pipe;

struct ctl_db {
    struct ovsdb_idl *idl;
    const char *remote;
    int timeout;                /* In seconds; 0: for ever. */
    long long int deadline;     /* In terms of time_msec(). */
    bool leader_only;
    bool told;                  /* That the database is not there. */
};

void ctl_db_init(struct ctl_db *, const struct ctl_options *);
void ctl_db_prepare(struct ctl_db *);
bool ctl_db_connect(struct ctl_db *);
void ctl_db_destroy(struct ctl_db *);

bool ctl_db_step(struct ctl_db *);
void ctl_db_renew_deadline(struct ctl_db *);
void ctl_db_pause(struct ctl_db *);
bool ctl_db_renew(struct ctl_db *);

struct ctl_pipe *ctl_db_try_pipe(const struct ctl_db *);
struct ctl_pipe *ctl_db_open_pipe(const struct ctl_db *);

#endif /* controller/ctl/ctl-db.h */

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

#ifndef CTL_SNAPSHOT_H
#define CTL_SNAPSHOT_H 1

/* Rows of the database, as they were at some time.
 *
 * They come from an IDL, which has them all, or from the answers to a
 * transaction that asked for a few: for a small change of a large database
 * that is a small part of the work. */

#include <stdbool.h>

struct ctl_row;
struct ctl_snapshot;
struct json;
struct ovsdb_datum;
struct ovsdb_idl;
struct ovsdb_idl_column;
struct ovsdb_idl_table_class;
struct uuid;

struct ctl_snapshot *ctl_snapshot_create(void);
void ctl_snapshot_destroy(struct ctl_snapshot *);
void ctl_snapshot_add_idl(struct ctl_snapshot *, const struct ovsdb_idl *,
                          const struct ovsdb_idl_table_class *);
bool ctl_snapshot_add_json(struct ctl_snapshot *,
                           const struct ovsdb_idl_table_class *,
                           const struct json *result);

const struct ctl_row *ctl_snapshot_first(const struct ctl_snapshot *,
                                         const struct ovsdb_idl_table_class *);
const struct ctl_row *ctl_snapshot_next(const struct ctl_snapshot *,
                                        const struct ctl_row *);
const struct ctl_row *ctl_snapshot_find(const struct ctl_snapshot *,
                                        const struct uuid *);

const struct uuid *ctl_row_uuid(const struct ctl_row *);
const struct ovsdb_datum *ctl_row_get(const struct ctl_row *,
                                      const struct ovsdb_idl_column *);

#endif /* controller/ctl/ctl-snapshot.h */

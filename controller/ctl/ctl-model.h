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


#ifndef CTL_MODEL_H
#define CTL_MODEL_H 1

/* Objects of the language from and to rows of the database.
 *
 * Each class of the language (yaml/slb-schema.h) has a table, each of its
 * fields a column, whose name follows from the field's: backendPools is in
 * backend_pools.  So a new property needs a column in controller/slb.ovsschema
 * and nothing here.
 *
 * Reading: only rows that count are looked at.  A large apply inserts load
 * balancers in stages (controller/ctl/ctl-commit.h); while a stage is not
 * whole, and when it has been replaced by another, its rows are still, or
 * already, there, but they are nobody's objects.
 *
 * Writing: a writer turns objects into the text of operations, as transactions
 * have them.  A row stays what it is, with its UUID, as long as an object of
 * its name does, and only columns whose values differ are written; but a stage
 * consists of new rows.  Text, because that is what is sent: a transaction of
 * the IDL would make several structures of each value first, of which a large
 * apply has a million. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl_snapshot;
struct ctl_writer;
struct ds;
struct ovsdb_datum;
struct ovsdb_idl;
struct ovsdb_idl_column;
struct ovsdb_idl_table_class;
struct slb_class;
struct slb_field;
struct slb_model;
struct slb_object;

const struct ovsdb_idl_table_class *ctl_model_table(const struct slb_class *);
const struct ovsdb_idl_column *ctl_model_column(const struct slb_class *,
                                                const struct slb_field *);

void ctl_model_monitor(struct ovsdb_idl *);
bool ctl_model_check(const struct ovsdb_idl *);
void ctl_model_add_idl(struct ctl_snapshot *, const struct ovsdb_idl *);
void ctl_model_read(const struct ctl_snapshot *, struct slb_model *);
void ctl_model_read_idl(const struct ovsdb_idl *, struct slb_model *);
bool ctl_model_intent_seq(const struct ctl_snapshot *, int64_t *intent_seq);
bool ctl_model_is_live(const struct ovsdb_datum *stages, const char *stage,
                       const char *retired);

struct ctl_writer *ctl_writer_create(const struct ctl_snapshot *);
void ctl_writer_destroy(struct ctl_writer *);
size_t ctl_writer_put(struct ctl_writer *, const struct slb_object *,
                      struct ds *ops);
size_t ctl_writer_stage(struct ctl_writer *, const struct slb_object *,
                        const char *stage, struct ds *ops);
size_t ctl_writer_retire(struct ctl_writer *, const struct slb_object *,
                         const char *stage, struct ds *ops);
size_t ctl_writer_delete(struct ctl_writer *, const struct slb_object *,
                         struct ds *ops);

#endif /* controller/ctl/ctl-model.h */

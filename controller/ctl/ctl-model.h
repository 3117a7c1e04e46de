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
 * Rows stay what they are, with their UUIDs, as long as an object of their
 * name does, and only columns whose values differ are written. */

#include <stddef.h>

struct ovsdb_idl;
struct ovsdb_idl_column;
struct ovsdb_idl_row;
struct ovsdb_idl_table_class;
struct ovsdb_idl_txn;
struct slb_class;
struct slb_field;
struct slb_model;
struct slb_object;

const struct ovsdb_idl_table_class *ctl_model_table(const struct slb_class *);
const struct ovsdb_idl_column *ctl_model_column(const struct slb_class *,
                                                const struct slb_field *);

void ctl_model_monitor(struct ovsdb_idl *);
void ctl_model_read(struct ovsdb_idl *, struct slb_model *);
void ctl_model_write(struct ovsdb_idl_txn *, const struct slb_model *);
void ctl_model_delete(struct ovsdb_idl_txn *, const struct slb_object *);

#endif /* controller/ctl/ctl-model.h */

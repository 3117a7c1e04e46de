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

#include "controller/ctl/ctl-snapshot.h"

#include <stdlib.h>

#include "lib/slb-idl.h"
#include "openvswitch/hmap.h"
#include "openvswitch/json.h"
#include "openvswitch/list.h"
#include "openvswitch/shash.h"
#include "ovsdb-data.h"
#include "ovsdb-error.h"
#include "ovsdb-idl.h"
#include "ovsdb-idl-provider.h"
#include "util.h"
#include "uuid.h"

/* A value of a row that is from an answer. */
struct value {
    bool is_parsed;
    struct ovsdb_datum datum;
};

struct ctl_row {
    struct hmap_node uuid_node; /* In struct ctl_snapshot's 'rows'. */
    struct ovs_list table_node; /* In its list of the table. */
    const struct ovsdb_idl_table_class *table;
    struct uuid uuid;

    const struct ovsdb_idl_row *idl_row; /* Or NULL: */
    struct json *json;
    struct value *values;       /* Of all columns, parsed when needed. */
};

struct ctl_snapshot {
    struct hmap rows;           /* struct ctl_rows, by UUID. */
    struct ovs_list *tables;    /* A list for each of the class's tables. */
};

struct ctl_snapshot *
ctl_snapshot_create(void)
{
    size_t n = slbrec_idl_class.n_tables;
    struct ctl_snapshot *snapshot = xmalloc(sizeof *snapshot);

    hmap_init(&snapshot->rows);
    snapshot->tables = xmalloc(n * sizeof *snapshot->tables);
    for (size_t i = 0; i < n; i++) {
        ovs_list_init(&snapshot->tables[i]);
    }
    return snapshot;
}

void
ctl_snapshot_destroy(struct ctl_snapshot *snapshot)
{
    struct ctl_row *row;

    if (!snapshot) {
        return;
    }
    HMAP_FOR_EACH_POP (row, uuid_node, &snapshot->rows) {
        for (size_t i = 0; row->values && i < row->table->n_columns; i++) {
            if (row->values[i].is_parsed) {
                ovsdb_datum_destroy(&row->values[i].datum,
                                    &row->table->columns[i].type);
            }
        }
        free(row->values);
        json_destroy(row->json);
        free(row);
    }
    hmap_destroy(&snapshot->rows);
    free(snapshot->tables);
    free(snapshot);
}

static struct ovs_list *
table_list(const struct ctl_snapshot *snapshot,
           const struct ovsdb_idl_table_class *table)
{
    return &snapshot->tables[table - slbrec_idl_class.tables];
}

/* Adds a row, unless it is there already.  Returns it, or NULL. */
static struct ctl_row *
add_row(struct ctl_snapshot *snapshot,
        const struct ovsdb_idl_table_class *table, const struct uuid *uuid)
{
    if (ctl_snapshot_find(snapshot, uuid)) {
        return NULL;
    }

    struct ctl_row *row = xzalloc(sizeof *row);
    row->table = table;
    row->uuid = *uuid;
    hmap_insert(&snapshot->rows, &row->uuid_node, uuid_hash(uuid));
    ovs_list_push_back(table_list(snapshot, table), &row->table_node);
    return row;
}

/* Adds the rows of 'table' that 'idl' has.  They must stay there as long as
 * the snapshot is used. */
void
ctl_snapshot_add_idl(struct ctl_snapshot *snapshot,
                     const struct ovsdb_idl *idl,
                     const struct ovsdb_idl_table_class *table)
{
    const struct ovsdb_idl_row *idl_row = ovsdb_idl_first_row(idl, table);

    for (; idl_row; idl_row = ovsdb_idl_next_row(idl_row)) {
        struct ctl_row *row = add_row(snapshot, table, &idl_row->uuid);
        if (row) {
            row->idl_row = idl_row;
        }
    }
}

/* Whether 'json', a row of 'table', has all columns. */
static bool
is_whole(const struct json *json, const struct ovsdb_idl_table_class *table)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (!shash_find(json_object(json), table->columns[i].name)) {
            return false;
        }
    }
    return true;
}

/* Adds the rows of 'table' that are in 'result', what a "select" operation
 * for all columns has found.  Returns false if it was not that. */
bool
ctl_snapshot_add_json(struct ctl_snapshot *snapshot,
                      const struct ovsdb_idl_table_class *table,
                      const struct json *result)
{
    const struct json *rows = (result->type == JSON_OBJECT
                               ? shash_find_data(json_object(result), "rows")
                               : NULL);

    if (!rows || rows->type != JSON_ARRAY) {
        return false;
    }
    for (size_t i = 0; i < json_array(rows)->n; i++) {
        const struct json *json = json_array(rows)->elems[i];
        const struct json *id = (json->type == JSON_OBJECT
                                 ? shash_find_data(json_object(json), "_uuid")
                                 : NULL);
        struct uuid uuid;

        /* ["uuid", "..."] */
        if (!id || id->type != JSON_ARRAY || json_array(id)->n != 2
            || json_array(id)->elems[1]->type != JSON_STRING
            || !uuid_from_string(&uuid,
                                 json_string(json_array(id)->elems[1]))
            || !is_whole(json, table)) {
            return false;
        }

        struct ctl_row *row = add_row(snapshot, table, &uuid);
        if (row) {
            row->json = json_clone(json);
            row->values = xcalloc(table->n_columns, sizeof *row->values);
        }
    }
    return true;
}

/* Returns the first row of 'table', or NULL. */
const struct ctl_row *
ctl_snapshot_first(const struct ctl_snapshot *snapshot,
                   const struct ovsdb_idl_table_class *table)
{
    struct ovs_list *list = table_list(snapshot, table);

    return (ovs_list_is_empty(list) ? NULL
            : CONTAINER_OF(ovs_list_front(list), struct ctl_row, table_node));
}

/* Returns the row after 'row' in its table, or NULL. */
const struct ctl_row *
ctl_snapshot_next(const struct ctl_snapshot *snapshot,
                  const struct ctl_row *row)
{
    const struct ovs_list *next = row->table_node.next;

    return (next == table_list(snapshot, row->table) ? NULL
            : CONTAINER_OF(next, struct ctl_row, table_node));
}

/* Returns the row that has 'uuid', or NULL. */
const struct ctl_row *
ctl_snapshot_find(const struct ctl_snapshot *snapshot,
                  const struct uuid *uuid)
{
    const struct ctl_row *row;

    HMAP_FOR_EACH_WITH_HASH (row, uuid_node, uuid_hash(uuid),
                             &snapshot->rows) {
        if (uuid_equals(&row->uuid, uuid)) {
            return row;
        }
    }
    return NULL;
}

const struct uuid *
ctl_row_uuid(const struct ctl_row *row)
{
    return &row->uuid;
}

/* Returns the value of 'column' of 'row'. */
const struct ovsdb_datum *
ctl_row_get(const struct ctl_row *row, const struct ovsdb_idl_column *column)
{
    if (row->idl_row) {
        return ovsdb_idl_read(row->idl_row, column);
    }

    struct value *value = &row->values[column - row->table->columns];
    if (!value->is_parsed) {
        const struct json *json = shash_find_data(json_object(row->json),
                                                  column->name);
        struct ovsdb_error *error
            = ovsdb_datum_from_json(&value->datum, &column->type, json, NULL);

        if (error) {
            /* A value that a database of this schema cannot have. */
            ovsdb_error_destroy(error);
            ovsdb_datum_init_default(&value->datum, &column->type);
        }
        value->is_parsed = true;
    }
    return &value->datum;
}

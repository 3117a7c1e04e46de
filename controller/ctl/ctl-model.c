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

#include "controller/ctl/ctl-model.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "ovsdb-data.h"
#include "ovsdb-idl.h"
#include "ovsdb-idl-provider.h"
#include "util.h"
#include "yaml/slb-model.h"
#include "yaml/slb-schema.h"

VLOG_DEFINE_THIS_MODULE(ctl_model);

/* More than any class has. */
#define MAX_FIELDS 32

struct table {
    const struct slb_class *class;
    const struct ovsdb_idl_table_class *table;
    const struct ovsdb_idl_column *columns[MAX_FIELDS]; /* NULL: not yet
                                                         * looked up. */
};

static struct table tables[] = {
    { .class = &slb_network_class, .table = &slbrec_table_virtual_network },
    { .class = &slb_subnet_class, .table = &slbrec_table_subnet },
    { .class = &slb_load_balancer_class,
      .table = &slbrec_table_load_balancer },
    { .class = &slb_frontend_class, .table = &slbrec_table_frontend },
    { .class = &slb_pool_class, .table = &slbrec_table_backend_pool },
    { .class = &slb_member_class, .table = &slbrec_table_pool_member },
    { .class = &slb_rule_class, .table = &slbrec_table_rule },
};

static struct table *
find_table(const struct slb_class *class)
{
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        if (tables[i].class == class) {
            return &tables[i];
        }
    }
    OVS_NOT_REACHED();
}

/* Returns the table of the objects of 'class'. */
const struct ovsdb_idl_table_class *
ctl_model_table(const struct slb_class *class)
{
    return find_table(class)->table;
}

/* A column's name is the field's, in small letters and without its unit. */
static void
format_column_name(const char *field, struct ds *ds)
{
    const char *unit = strstr(field, "InMinutes");
    size_t n = unit ? unit - field : strlen(field);

    for (size_t i = 0; i < n; i++) {
        unsigned char c = field[i];
        if (isupper(c)) {
            ds_put_char(ds, '_');
        }
        ds_put_char(ds, tolower(c));
    }
}

/* Returns the column of 'field' of 'class', or NULL if there is none, which is
 * a mistake in the schema. */
const struct ovsdb_idl_column *
ctl_model_column(const struct slb_class *class, const struct slb_field *field)
{
    struct table *table = find_table(class);
    const struct ovsdb_idl_column **column
        = &table->columns[field - class->fields];

    ovs_assert(class->n_fields <= MAX_FIELDS);
    if (!*column) {
        struct ds name = DS_EMPTY_INITIALIZER;

        format_column_name(field->name, &name);
        for (size_t i = 0; i < table->table->n_columns; i++) {
            if (!strcmp(table->table->columns[i].name, ds_cstr(&name))) {
                *column = &table->table->columns[i];
            }
        }
        ds_destroy(&name);
    }
    return *column;
}

/* Adds to what 'idl' monitors all that the functions below use. */
void
ctl_model_monitor(struct ovsdb_idl *idl)
{
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        const struct slb_class *class = tables[i].class;

        ovsdb_idl_add_table(idl, tables[i].table);
        for (size_t j = 0; j < class->n_fields; j++) {
            ovsdb_idl_add_column(idl, ctl_model_column(class,
                                                       &class->fields[j]));
        }
    }
}

/* Reading. */

static const char *
row_name(const struct ovsdb_idl_row *row, const struct slb_class *class)
{
    const struct ovsdb_idl_column *column
        = ctl_model_column(class, slb_class_field(class, "name"));

    return json_string(ovsdb_idl_read(row, column)->keys[0].s);
}

/* The row of an object of 'class' that has 'uuid', or NULL. */
static const struct ovsdb_idl_row *
find_row(struct ovsdb_idl *idl, const struct slb_class *class,
         const struct uuid *uuid)
{
    return ovsdb_idl_get_row_for_uuid(idl, ctl_model_table(class), uuid);
}

static void
read_scalar(struct ovsdb_idl *idl, struct slb_object *object,
            const struct slb_field *field, const struct ovsdb_datum *datum)
{
    struct ds text = DS_EMPTY_INITIALIZER;
    const struct ovsdb_idl_row *row;

    if (!datum->n) {
        return;
    }
    if (field->type == SLB_T_REF) {
        row = find_row(idl, field->class, &datum->keys[0].uuid);
        ds_put_cstr(&text, row ? row_name(row, field->class) : "");
    } else if (field->type == SLB_T_INTEGER) {
        ds_put_format(&text, "%"PRId64, datum->keys[0].integer);
    } else {
        ds_put_cstr(&text, json_string(datum->keys[0].s));
    }

    char *error = slb_value_parse(field, ds_cstr(&text),
                                  slb_field_value(field, object));
    if (error) {
        /* Somebody else than slb-ctl wrote it; applying mends it. */
        char *path = slb_object_path(object);
        VLOG_WARN("in the database, '%s' of %s %s", field->name, path, error);
        free(path);
        free(error);
    }
    ds_destroy(&text);
}

static struct slb_object *
read_object(struct ovsdb_idl *idl, const struct slb_class *class,
            const struct slb_object *parent, const struct ovsdb_idl_row *row)
{
    struct slb_object *object = slb_object_create(class, parent);

    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];
        const struct ovsdb_datum *datum
            = ovsdb_idl_read(row, ctl_model_column(class, field));

        if (field->type != SLB_T_LIST) {
            read_scalar(idl, object, field, datum);
            continue;
        }
        for (size_t j = 0; j < datum->n; j++) {
            const struct ovsdb_idl_row *child
                = find_row(idl, field->class, &datum->keys[j].uuid);
            if (child) {
                slb_list_add(slb_field_value(field, object),
                             read_object(idl, field->class, object, child));
            }
        }
    }
    return object;
}

/* Reads everything that users have declared into 'model', which must be empty,
 * sorted by name. */
void
ctl_model_read(struct ovsdb_idl *idl, struct slb_model *model)
{
    for (size_t i = 0; slb_kinds[i]; i++) {
        struct slb_list *list = slb_model_list(model, slb_kinds[i]);
        const struct ovsdb_idl_row *row
            = ovsdb_idl_first_row(idl, ctl_model_table(slb_kinds[i]));

        for (; row; row = ovsdb_idl_next_row(row)) {
            slb_list_add(list, read_object(idl, slb_kinds[i], NULL, row));
        }
        slb_list_sort(list);
    }
}

/* Writing. */

struct writer {
    struct ovsdb_idl *idl;
    struct ovsdb_idl_txn *txn;

    /* Rows that can be referred to, by class and name: "Frontend/public".
     * Data is const struct ovsdb_idl_row *. */
    struct shash kinds;         /* Of all kinds. */
    struct shash siblings;      /* Of the objects below the current one. */
};

static char *
row_key(const struct slb_class *class, const char *name)
{
    return xasprintf("%s/%s", class->name, name);
}

static void
add_row(struct shash *rows, const struct slb_class *class, const char *name,
        const struct ovsdb_idl_row *row)
{
    char *key = row_key(class, name);

    shash_replace(rows, key, row);
    free(key);
}

/* Returns the row of the object of 'class' called 'name', which is valid: it
 * is there. */
static const struct ovsdb_idl_row *
referred_row(const struct writer *w, const struct slb_class *class,
             const char *name)
{
    char *key = row_key(class, name);
    const struct ovsdb_idl_row *row = shash_find_data(&w->siblings, key);

    row = row ? row : shash_find_data(&w->kinds, key);
    ovs_assert(row);
    free(key);
    return row;
}

static const struct ovsdb_idl_row *write_object(struct writer *,
                                                const struct slb_object *,
                                                const struct ovsdb_idl_row *);

/* Sets 'atoms' to the rows of the objects of 'list', which are in the column
 * 'old' already, or are inserted. */
static void
write_list(struct writer *w, const struct slb_field *field,
           const struct slb_list *list, const struct ovsdb_datum *old,
           union ovsdb_atom *atoms)
{
    struct shash old_rows = SHASH_INITIALIZER(&old_rows);

    for (size_t i = 0; old && i < old->n; i++) {
        const struct ovsdb_idl_row *row = find_row(w->idl, field->class,
                                                   &old->keys[i].uuid);
        if (row) {
            shash_add_once(&old_rows, row_name(row, field->class), row);
        }
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct slb_object *child = list->at[i];
        const struct ovsdb_idl_row *row
            = write_object(w, child, shash_find_data(&old_rows, child->name));

        add_row(&w->siblings, field->class, child->name, row);
        atoms[i].uuid = row->uuid;
    }
    shash_destroy(&old_rows);
}

/* Makes the value of 'field' of 'object' that of a column.  'old' is what is
 * there, or NULL. */
static struct ovsdb_datum
make_datum(struct writer *w, const struct slb_object *object,
           const struct slb_field *field,
           const struct ovsdb_idl_column *column,
           const struct ovsdb_datum *old)
{
    const void *value = slb_field_value(field, object);
    const struct slb_list *list = field->type == SLB_T_LIST ? value : NULL;
    struct ovsdb_datum datum;

    ovsdb_datum_init_empty(&datum);
    datum.n = list ? list->n : 1;
    if (!datum.n) {
        return datum;
    }

    datum.keys = xmalloc(datum.n * sizeof *datum.keys);
    if (list) {
        write_list(w, field, list, old, datum.keys);
    } else if (field->type == SLB_T_REF) {
        const char *name = *(char *const *) value;
        datum.keys[0].uuid = referred_row(w, field->class, name)->uuid;
    } else if (field->type == SLB_T_INTEGER) {
        datum.keys[0].integer = *(const int *) value;
    } else {
        struct ds text = DS_EMPTY_INITIALIZER;
        slb_value_format(field, value, &text);
        datum.keys[0].s = ovsdb_atom_string_create(ds_cstr(&text));
        ds_destroy(&text);
    }
    ovsdb_datum_sort_unique(&datum, &column->type);
    return datum;
}

/* Makes 'row', or a new one if that is NULL, what 'object' is.  Returns it. */
static const struct ovsdb_idl_row *
write_object(struct writer *w, const struct slb_object *object,
             const struct ovsdb_idl_row *row)
{
    const struct slb_class *class = object->class;
    bool is_new = !row;

    if (is_new) {
        row = ovsdb_idl_txn_insert(w->txn, ctl_model_table(class), NULL);
    }
    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];
        const struct ovsdb_idl_column *column = ctl_model_column(class, field);
        const struct ovsdb_datum *old = (is_new ? NULL
                                         : ovsdb_idl_read(row, column));
        struct ovsdb_datum new = make_datum(w, object, field, column, old);

        if (old && ovsdb_datum_equals(old, &new, &column->type)) {
            ovsdb_datum_destroy(&new, &column->type);
        } else {
            ovsdb_idl_txn_verify(row, column);
            ovsdb_idl_txn_write(row, column, &new);
        }
    }
    return row;
}

/* In 'txn', makes the rows what 'model', which must be valid together with
 * what is in the database, says.  Objects that are not in 'model' are left
 * alone; what is below one that is and no longer in 'model' goes. */
void
ctl_model_write(struct ovsdb_idl_txn *txn, const struct slb_model *model)
{
    struct ovsdb_idl *idl = ovsdb_idl_txn_get_idl(txn);
    struct writer w = { .idl = idl, .txn = txn };

    shash_init(&w.kinds);
    shash_init(&w.siblings);
    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_class *kind = slb_kinds[i];
        const struct slb_list *list = slb_model_list(model, kind);
        const struct ovsdb_idl_row *row
            = ovsdb_idl_first_row(idl, ctl_model_table(kind));

        for (; row; row = ovsdb_idl_next_row(row)) {
            add_row(&w.kinds, kind, row_name(row, kind), row);
        }
        for (size_t j = 0; j < list->n; j++) {
            const struct slb_object *object = list->at[j];
            char *key = row_key(kind, object->name);

            row = write_object(&w, object, shash_find_data(&w.kinds, key));
            shash_replace(&w.kinds, key, row);
            shash_clear(&w.siblings);
            free(key);
        }
    }
    shash_destroy(&w.kinds);
    shash_destroy(&w.siblings);
}

/* In 'txn', deletes 'object', one of a kind, which must be in the database,
 * and so all that is below it. */
void
ctl_model_delete(struct ovsdb_idl_txn *txn, const struct slb_object *object)
{
    const struct ovsdb_idl_row *row
        = ovsdb_idl_first_row(ovsdb_idl_txn_get_idl(txn),
                              ctl_model_table(object->class));

    while (strcmp(row_name(row, object->class), object->name)) {
        row = ovsdb_idl_next_row(row);
    }
    ovsdb_idl_txn_delete(row);
}

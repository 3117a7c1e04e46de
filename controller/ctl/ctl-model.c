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
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/ctl/ctl-snapshot.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "ovsdb-data.h"
#include "ovsdb-idl.h"
#include "ovsdb-idl-provider.h"
#include "util.h"
#include "uuid.h"
#include "yaml/slb-model.h"
#include "yaml/slb-schema.h"

VLOG_DEFINE_THIS_MODULE(ctl_model);

/* More than any class has, or kinds there are. */
#define MAX_FIELDS 32
#define MAX_KINDS 8

struct table {
    const struct slb_class *class;
    const struct ovsdb_idl_table_class *table;
    const struct ovsdb_idl_column *columns[MAX_FIELDS]; /* NULL: not yet
                                                         * looked up. */
};

static struct table tables[] = {
    { .class = &slb_network_class, .table = &slbrec_table_virtual_network },
    { .class = &slb_subnet_class, .table = &slbrec_table_subnet },
    { .class = &slb_public_prefix_class,
      .table = &slbrec_table_public_ip_prefix },
    { .class = &slb_load_balancer_class,
      .table = &slbrec_table_load_balancer },
    { .class = &slb_frontend_class, .table = &slbrec_table_frontend },
    { .class = &slb_pool_class, .table = &slbrec_table_backend_pool },
    { .class = &slb_probe_class, .table = &slbrec_table_probe },
    { .class = &slb_rule_class, .table = &slbrec_table_rule },
    { .class = &slb_nat_rule_class, .table = &slbrec_table_inbound_nat_rule },
    { .class = &slb_nat_pool_class, .table = &slbrec_table_inbound_nat_pool },
    { .class = &slb_outbound_rule_class,
      .table = &slbrec_table_outbound_rule },
};

/* Objects of these classes have no rows of their own: they are in columns of
 * their parent's row, maps from their names to their fields' values, because a
 * row costs the database much more than an entry of a map.  Every object is in
 * the first column, even if the field has no value (then it is ""), and in the
 * others if it has not the default there. */
static struct map_class {
    const struct slb_class *class;
    const struct slb_class *parent;
    struct {
        const char *field;
        const char *column_name;
        const struct ovsdb_idl_column *column; /* Looked up later. */
    } maps[4];
} map_classes[] = {
    { .class = &slb_member_class, .parent = &slb_pool_class,
      .maps = { { .field = "address", .column_name = "members" },
                { .field = "weight", .column_name = "member_weights" },
                { .field = "adminState",
                  .column_name = "member_admin_states" } } },
};

static struct map_class *
find_map_class(const struct slb_class *class)
{
    for (size_t i = 0; i < ARRAY_SIZE(map_classes); i++) {
        if (map_classes[i].class == class) {
            return &map_classes[i];
        }
    }
    return NULL;
}

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

/* A column's name is the field's, in small letters and without its unit:
 * publicIPPrefix is in public_ip_prefix. */
static void
format_column_name(const char *field, struct ds *ds)
{
    const char *unit = strstr(field, "InMinutes");
    unit = unit ? unit : strstr(field, "InSeconds");
    size_t n = unit ? unit - field : strlen(field);

    for (size_t i = 0; i < n; i++) {
        unsigned char c = field[i];
        bool starts_word = isupper(c) && i
                           && (islower((unsigned char) field[i - 1])
                               || (i + 1 < n
                                   && islower((unsigned char) field[i + 1])));
        if (starts_word) {
            ds_put_char(ds, '_');
        }
        ds_put_char(ds, tolower(c));
    }
}

static const struct ovsdb_idl_column *
find_column(const struct ovsdb_idl_table_class *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (!strcmp(table->columns[i].name, name)) {
            return &table->columns[i];
        }
    }
    return NULL;
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
        *column = find_column(table->table, ds_cstr(&name));
        ds_destroy(&name);
    }
    return *column;
}

/* Returns the 'i'th column of 'class', which has no rows, or NULL. */
static const struct ovsdb_idl_column *
map_column(struct map_class *class, size_t i)
{
    if (i >= ARRAY_SIZE(class->maps) || !class->maps[i].field) {
        return NULL;
    }
    if (!class->maps[i].column) {
        class->maps[i].column = find_column(ctl_model_table(class->parent),
                                            class->maps[i].column_name);
        ovs_assert(class->maps[i].column);
    }
    return class->maps[i].column;
}

/* Adds to what 'idl' monitors all that the functions below use. */
void
ctl_model_monitor(struct ovsdb_idl *idl)
{
    ovsdb_idl_add_column(idl, &slbrec_slb_global_col_intent_seq);
    ovsdb_idl_add_column(idl, &slbrec_slb_global_col_stages);
    ovsdb_idl_add_column(idl, &slbrec_load_balancer_col_stage);
    ovsdb_idl_add_column(idl, &slbrec_load_balancer_col_retired);
    ovsdb_idl_add_column(idl, &slbrec_load_balancer_col_external_ids);
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        const struct slb_class *class = tables[i].class;

        ovsdb_idl_add_table(idl, tables[i].table);
        for (size_t j = 0; j < class->n_fields; j++) {
            const struct slb_field *field = &class->fields[j];
            struct map_class *maps = find_map_class(field->class);

            if (!maps || field->type != SLB_T_LIST) {
                ovsdb_idl_add_column(idl, ctl_model_column(class, field));
            } else {
                for (size_t k = 0; map_column(maps, k); k++) {
                    ovsdb_idl_add_column(idl, map_column(maps, k));
                }
            }
        }
    }
}

/* Checks that the database of 'idl' has all tables that it should.  Returns
 * false, after saying so, if not. */
bool
ctl_model_check(const struct ovsdb_idl *idl)
{
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        if (!ovsdb_idl_server_has_table(idl, tables[i].table)) {
            fprintf(stderr, "%s: the database's schema is not the one of this "
                    "slb-ctl, version %s: there is no table '%s'\n",
                    program_name, slbrec_get_db_version(),
                    tables[i].table->name);
            return false;
        }
    }
    return true;
}

/* Reading. */

static const char *
row_text(const struct ctl_row *row, const struct ovsdb_idl_column *column)
{
    return json_string(ctl_row_get(row, column)->keys[0].s);
}

static const char *
row_name(const struct ctl_row *row, const struct slb_class *class)
{
    return row_text(row, ctl_model_column(class,
                                          slb_class_field(class, "name")));
}

/* Parses 'text' as the value of 'field' of 'object'.  Text that is none was
 * written by somebody else than slb-ctl; applying mends it. */
static void
read_text(struct slb_object *object, const struct slb_field *field,
          const char *text)
{
    void *value = slb_field_value(field, object);
    char *error = NULL;

    if (field->type == SLB_T_NAME) {
        /* Anything can be a name that was made of something else. */
        char **name = value;
        free(*name);
        *name = xstrdup(text);
    } else if (slb_field_is_strings(field)) {
        char *entry;
        error = slb_entry_parse(field, text, &entry);
        if (!error) {
            slb_strings_add(value, entry, NULL);
            free(entry);
        }
    } else if (text[0]) {
        error = slb_value_parse(field, text, value);
    }
    if (error) {
        char *path = slb_object_path(object);
        VLOG_WARN("in the database, '%s' of %s %s", field->name, path, error);
        free(path);
        free(error);
    }
}

/* Reads 'atom', of 'type', as (an entry of) the value of 'field' of
 * 'object'. */
static void
read_atom(const struct ctl_snapshot *snapshot, struct slb_object *object,
          const struct slb_field *field, const union ovsdb_atom *atom,
          enum ovsdb_atomic_type type)
{
    const struct ctl_row *row;

    if (type == OVSDB_TYPE_UUID) {
        row = ctl_snapshot_find(snapshot, &atom->uuid);
        if (row) {
            read_text(object, field, row_name(row, field->class));
        }
    } else if (type == OVSDB_TYPE_INTEGER) {
        struct ds text = DS_EMPTY_INITIALIZER;
        int value = MAX(INT_MIN, MIN(INT_MAX, atom->integer));

        slb_value_format(field, &value, &text);
        read_text(object, field, ds_cstr(&text));
        ds_destroy(&text);
    } else if (type == OVSDB_TYPE_BOOLEAN) {
        *(bool *) slb_field_value(field, object) = atom->boolean;
    } else {
        read_text(object, field, json_string(atom->s));
    }
}

/* Reads the objects of 'list_field' of 'parent', which are in columns of
 * 'row'. */
static void
read_maps(struct slb_object *parent, const struct slb_field *list_field,
          struct map_class *maps, const struct ctl_row *row)
{
    const struct ovsdb_datum *all = ctl_row_get(row, map_column(maps, 0));
    struct slb_list *list = slb_field_value(list_field, parent);

    for (size_t i = 0; i < all->n; i++) {
        struct slb_object *object = slb_object_create(maps->class, parent);
        const struct ovsdb_idl_column *column;

        object->name = xstrdup(json_string(all->keys[i].s));
        for (size_t j = 0; (column = map_column(maps, j)); j++) {
            const struct ovsdb_datum *datum = ctl_row_get(row, column);
            unsigned int k;

            if (!j) {
                k = i;
            } else if (!datum->n
                       || !ovsdb_datum_find_key(datum, &all->keys[i],
                                                OVSDB_TYPE_STRING, &k)) {
                continue;
            }
            read_atom(NULL, object,
                      slb_class_field(maps->class, maps->maps[j].field),
                      &datum->values[k], column->type.value.type);
        }
        slb_list_add(list, object);
    }
}

static struct slb_object *
read_object(const struct ctl_snapshot *snapshot, const struct slb_class *class,
            const struct slb_object *parent, const struct ctl_row *row)
{
    struct slb_object *object = slb_object_create(class, parent);

    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];
        struct map_class *maps = (field->type == SLB_T_LIST
                                  ? find_map_class(field->class) : NULL);

        if (maps) {
            read_maps(object, field, maps, row);
            continue;
        }

        const struct ovsdb_idl_column *column = ctl_model_column(class, field);
        const struct ovsdb_datum *datum = ctl_row_get(row, column);
        for (size_t j = 0; j < datum->n; j++) {
            if (field->type != SLB_T_LIST) {
                read_atom(snapshot, object, field, &datum->keys[j],
                          column->type.key.type);
                continue;
            }

            const struct ctl_row *child
                = ctl_snapshot_find(snapshot, &datum->keys[j].uuid);
            if (child) {
                slb_list_add(slb_field_value(field, object),
                             read_object(snapshot, field->class, object,
                                         child));
            }
        }
        if (slb_field_is_strings(field)) {
            slb_strings_sort(slb_field_value(field, object));
        }
    }
    return object;
}

/* Stages. */

/* Whether 'stage' is one of 'stages', a value of SLB_Global.stages or NULL. */
static bool
stage_counts(const struct ovsdb_datum *stages, const char *stage)
{
    for (size_t i = 0; stages && i < stages->n; i++) {
        if (!strcmp(json_string(stages->keys[i].s), stage)) {
            return true;
        }
    }
    return false;
}

/* Whether a load balancer's row with 'stage' and 'retired' counts: it does
 * unless it is part of a stage that does not, or has been replaced by one that
 * does.  'stages' is SLB_Global.stages, or NULL. */
bool
ctl_model_is_live(const struct ovsdb_datum *stages, const char *stage,
                  const char *retired)
{
    return ((!stage[0] || stage_counts(stages, stage))
            && !(retired[0] && stage_counts(stages, retired)));
}

/* Whether 'row', of an object of 'kind', counts. */
static bool
is_live(const struct ctl_snapshot *snapshot, const struct slb_class *kind,
        const struct ctl_row *row)
{
    if (kind != &slb_load_balancer_class) {
        return true;
    }

    const struct ctl_row *global
        = ctl_snapshot_first(snapshot, &slbrec_table_slb_global);
    return ctl_model_is_live(
        global ? ctl_row_get(global, &slbrec_slb_global_col_stages) : NULL,
        row_text(row, &slbrec_load_balancer_col_stage),
        row_text(row, &slbrec_load_balancer_col_retired));
}

/* Returns whether there is the row that counts what users have declared, and
 * if so, stores that number in '*intent_seq'. */
bool
ctl_model_intent_seq(const struct ctl_snapshot *snapshot, int64_t *intent_seq)
{
    const struct ctl_row *global
        = ctl_snapshot_first(snapshot, &slbrec_table_slb_global);

    *intent_seq = (global
                   ? ctl_row_get(global, &slbrec_slb_global_col_intent_seq)
                     ->keys[0].integer : 0);
    return global != NULL;
}

/* Adds to 'snapshot' all rows of 'idl' that the functions below use. */
void
ctl_model_add_idl(struct ctl_snapshot *snapshot, const struct ovsdb_idl *idl)
{
    ctl_snapshot_add_idl(snapshot, idl, &slbrec_table_slb_global);
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        ctl_snapshot_add_idl(snapshot, idl, tables[i].table);
    }
}

/* Reads everything that users have declared into 'model', which must be empty,
 * sorted by name. */
void
ctl_model_read(const struct ctl_snapshot *snapshot, struct slb_model *model)
{
    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_class *kind = slb_kinds[i];
        struct slb_list *list = slb_model_list(model, kind);
        const struct ctl_row *row = ctl_snapshot_first(snapshot,
                                                       ctl_model_table(kind));

        for (; row; row = ctl_snapshot_next(snapshot, row)) {
            if (is_live(snapshot, kind, row)) {
                struct slb_object *object = read_object(snapshot, kind, NULL,
                                                        row);
                slb_object_fill_defaults(object);
                slb_list_add(list, object);
            }
        }
        slb_list_sort(list);
    }
}

/* Likewise from what 'idl' has. */
void
ctl_model_read_idl(const struct ovsdb_idl *idl, struct slb_model *model)
{
    struct ctl_snapshot *snapshot = ctl_snapshot_create();

    ctl_model_add_idl(snapshot, idl);
    ctl_model_read(snapshot, model);
    ctl_snapshot_destroy(snapshot);
}

/* Writing. */

/* A row that references can be made to. */
struct target {
    struct uuid uuid;
};

struct ctl_writer {
    const struct ctl_snapshot *snapshot;
    struct shash live[MAX_KINDS]; /* Rows that count, by name; one for each
                                   * of 'slb_kinds'. */
    struct shash dead;          /* Load balancers' rows that do not count and
                                 * are of no stage, by name. */
    struct ds *ops;             /* Operations, each with a comma before. */
    size_t n_ops;
    unsigned int last_id;       /* Of a row that is inserted. */
    struct shash siblings[ARRAY_SIZE(tables)]; /* struct targets below the
                                                * current object of a kind, by
                                                * class and name. */
};

/* Creates a writer that turns objects into operations of transactions on what
 * is in 'snapshot'. */
struct ctl_writer *
ctl_writer_create(const struct ctl_snapshot *snapshot)
{
    struct ctl_writer *w = xzalloc(sizeof *w);

    w->snapshot = snapshot;
    shash_init(&w->dead);
    for (size_t i = 0; i < ARRAY_SIZE(w->siblings); i++) {
        shash_init(&w->siblings[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(w->live); i++) {
        shash_init(&w->live[i]);
    }

    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_class *kind = slb_kinds[i];
        const struct ctl_row *row = ctl_snapshot_first(snapshot,
                                                       ctl_model_table(kind));

        ovs_assert(i < ARRAY_SIZE(w->live));
        for (; row; row = ctl_snapshot_next(snapshot, row)) {
            if (is_live(snapshot, kind, row)) {
                shash_add(&w->live[i], row_name(row, kind), row);
            } else if (!row_text(row,
                                 &slbrec_load_balancer_col_stage)[0]) {
                shash_add(&w->dead, row_name(row, kind), row);
            }
        }
    }
    return w;
}

void
ctl_writer_destroy(struct ctl_writer *w)
{
    if (w) {
        for (size_t i = 0; i < ARRAY_SIZE(w->live); i++) {
            shash_destroy(&w->live[i]);
        }
        for (size_t i = 0; i < ARRAY_SIZE(w->siblings); i++) {
            shash_destroy_free_data(&w->siblings[i]);
        }
        shash_destroy(&w->dead);
        free(w);
    }
}

static const struct ctl_row *
find_live_row(const struct ctl_writer *w, const struct slb_object *object)
{
    size_t i = 0;

    while (slb_kinds[i] != object->class) {
        i++;
    }
    return shash_find_data(&w->live[i], object->name);
}

static struct shash *
siblings_of(struct ctl_writer *w, const struct slb_class *class)
{
    return &w->siblings[find_table(class) - tables];
}

/* Returns the row of the object of 'class' called 'name', which is valid: it
 * is there. */
static struct uuid
referred_row(struct ctl_writer *w, const struct slb_class *class,
             const char *name)
{
    const struct target *target = shash_find_data(siblings_of(w, class), name);

    ovs_assert(target);
    return target->uuid;
}

/* A row that is inserted has no UUID yet but a name, which is made of a
 * number.  It is kept in what can be no UUID, for lack of a version. */
static struct uuid
new_row(struct ctl_writer *w)
{
    return (struct uuid) { .parts = { ++w->last_id } };
}

static bool
is_new_row(const struct uuid *uuid)
{
    return !uuid->parts[1] && !uuid->parts[2] && !uuid->parts[3];
}

static void
put_atom(struct ds *ds, const union ovsdb_atom *atom,
         enum ovsdb_atomic_type type)
{
    if (type == OVSDB_TYPE_INTEGER) {
        ds_put_format(ds, "%"PRId64, atom->integer);
    } else if (type == OVSDB_TYPE_BOOLEAN) {
        ds_put_cstr(ds, atom->boolean ? "true" : "false");
    } else if (type == OVSDB_TYPE_STRING) {
        json_string_escape(json_string(atom->s), ds);
    } else if (is_new_row(&atom->uuid)) {
        ds_put_format(ds, "[\"named-uuid\",\"r%u\"]", atom->uuid.parts[0]);
    } else {
        ds_put_format(ds, "[\"uuid\",\""UUID_FMT"\"]",
                      UUID_ARGS(&atom->uuid));
    }
}

/* Appends 'datum', a value of 'column', to 'row', the text of a row. */
static void
put_column(struct ds *row, const struct ovsdb_idl_column *column,
           const struct ovsdb_datum *datum)
{
    enum ovsdb_atomic_type key = column->type.key.type;
    enum ovsdb_atomic_type value = column->type.value.type;

    ds_put_cstr(row, row->length ? ",\"" : "\"");
    ds_put_cstr(row, column->name);
    ds_put_cstr(row, "\":");
    if (datum->n == 1 && value == OVSDB_TYPE_VOID) {
        put_atom(row, &datum->keys[0], key);
        return;
    }

    ds_put_cstr(row, value == OVSDB_TYPE_VOID ? "[\"set\",[" : "[\"map\",[");
    for (size_t i = 0; i < datum->n; i++) {
        ds_put_cstr(row, i ? "," : "");
        if (value == OVSDB_TYPE_VOID) {
            put_atom(row, &datum->keys[i], key);
        } else {
            ds_put_char(row, '[');
            put_atom(row, &datum->keys[i], key);
            ds_put_char(row, ',');
            put_atom(row, &datum->values[i], value);
            ds_put_char(row, ']');
        }
    }
    ds_put_cstr(row, "]]");
}

static void
put_text_column(struct ds *row, const struct ovsdb_idl_column *column,
                const char *text)
{
    ds_put_format(row, "%s\"%s\":", row->length ? "," : "", column->name);
    json_string_escape(text, row);
}

/* Begins an operation on 'table'. */
static void
put_op(struct ctl_writer *w, const char *op, const struct slb_class *class)
{
    ds_put_format(w->ops, ",{\"op\":\"%s\",\"table\":\"%s\"", op,
                  ctl_model_table(class)->name);
    w->n_ops++;
}

static void
put_where(struct ctl_writer *w, const struct uuid *uuid)
{
    ds_put_format(w->ops, ",\"where\":[[\"_uuid\",\"==\",[\"uuid\",\""
                  UUID_FMT"\"]]]", UUID_ARGS(uuid));
}

static void
put_update(struct ctl_writer *w, const struct slb_class *class,
           const struct ctl_row *old, const struct ds *row)
{
    put_op(w, "update", class);
    put_where(w, ctl_row_uuid(old));
    ds_put_format(w->ops, ",\"row\":{%s}}", ds_cstr_ro(row));
}

static void
put_delete(struct ctl_writer *w, const struct slb_class *class,
           const struct ctl_row *old)
{
    put_op(w, "delete", class);
    put_where(w, ctl_row_uuid(old));
    ds_put_char(w->ops, '}');
}

static struct uuid write_object(struct ctl_writer *, const struct slb_object *,
                                const struct ctl_row *,
                                const char *stage);

/* Sets 'atoms' to the rows of the objects of 'list', which are in the column
 * 'old' already, or are inserted. */
static void
write_list(struct ctl_writer *w, const struct slb_field *field,
           const struct slb_list *list, const struct ovsdb_datum *old,
           union ovsdb_atom *atoms)
{
    struct shash *siblings = siblings_of(w, field->class);
    struct shash old_rows = SHASH_INITIALIZER(&old_rows);

    for (size_t i = 0; old && i < old->n; i++) {
        const struct ctl_row *row = ctl_snapshot_find(w->snapshot,
                                                      &old->keys[i].uuid);
        if (row) {
            shash_add_once(&old_rows, row_name(row, field->class), row);
        }
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct slb_object *child = list->at[i];
        struct target *target = xmalloc(sizeof *target);

        target->uuid = write_object(w, child,
                                    shash_find_data(&old_rows, child->name),
                                    NULL);
        shash_add(siblings, child->name, target);
        atoms[i].uuid = target->uuid;
    }
    shash_destroy(&old_rows);
}

/* Makes the value of 'field' of 'object', which is neither a list nor strings,
 * an atom of 'type'. */
static union ovsdb_atom
make_atom(struct ctl_writer *w, const struct slb_object *object,
          const struct slb_field *field, enum ovsdb_atomic_type type)
{
    const void *value = slb_field_value(field, object);
    union ovsdb_atom atom;

    if (type == OVSDB_TYPE_UUID) {
        const char *name = *(char *const *) value;
        atom.uuid = referred_row(w, field->class, name);
    } else if (type == OVSDB_TYPE_INTEGER) {
        atom.integer = *(const int *) value;
    } else if (type == OVSDB_TYPE_BOOLEAN) {
        atom.boolean = *(const bool *) value;
    } else {
        struct ds text = DS_EMPTY_INITIALIZER;
        slb_value_format(field, value, &text);
        ds_cstr(&text);
        atom.s = ovsdb_atom_string_create_nocopy(ds_steal_cstr(&text));
    }
    return atom;
}

/* Makes the value of 'field' of 'object' that of a column.  'old' is what is
 * there, or NULL. */
static struct ovsdb_datum
make_datum(struct ctl_writer *w, const struct slb_object *object,
           const struct slb_field *field,
           const struct ovsdb_idl_column *column,
           const struct ovsdb_datum *old)
{
    enum ovsdb_atomic_type type = column->type.key.type;
    const void *value = slb_field_value(field, object);
    const struct slb_list *list = field->type == SLB_T_LIST ? value : NULL;
    const struct slb_strings *strings = (slb_field_is_strings(field) ? value
                                         : NULL);
    struct ovsdb_datum datum;

    ovsdb_datum_init_empty(&datum);
    datum.n = (list ? list->n
               : strings ? strings->n
               /* What has no value is "" or, in a column for that, nothing. */
               : slb_value_is_set(field, value) || column->type.n_min);
    if (!datum.n) {
        return datum;
    }

    datum.keys = xmalloc(datum.n * sizeof *datum.keys);
    if (list) {
        write_list(w, field, list, old, datum.keys);
    } else if (strings) {
        for (size_t i = 0; i < strings->n; i++) {
            if (type == OVSDB_TYPE_UUID) {
                datum.keys[i].uuid
                    = referred_row(w, field->class, strings->at[i]);
            } else {
                datum.keys[i].s = ovsdb_atom_string_create(strings->at[i]);
            }
        }
    } else {
        datum.keys[0] = make_atom(w, object, field, type);
    }
    ovsdb_datum_sort_unique(&datum, &column->type);
    return datum;
}

/* Makes the map of the 'i'th column of 'maps' out of the objects of 'list'. */
static struct ovsdb_datum
make_map(struct ctl_writer *w, const struct slb_list *list,
         struct map_class *maps, size_t i)
{
    const struct ovsdb_idl_column *column = map_column(maps, i);
    const struct slb_field *field = slb_class_field(maps->class,
                                                    maps->maps[i].field);
    struct ovsdb_datum datum;

    ovsdb_datum_init_empty(&datum);
    if (!list->n) {
        return datum;
    }
    datum.keys = xmalloc(list->n * sizeof *datum.keys);
    datum.values = xmalloc(list->n * sizeof *datum.values);
    for (size_t j = 0; j < list->n; j++) {
        const struct slb_object *object = list->at[j];

        if (!i || !slb_field_is_default(field, object)) {
            datum.keys[datum.n].s = ovsdb_atom_string_create(object->name);
            datum.values[datum.n] = make_atom(w, object, field,
                                              column->type.value.type);
            datum.n++;
        }
    }
    ovsdb_datum_sort_unique(&datum, &column->type);
    return datum;
}

/* Appends 'new', which it takes over, to 'row' unless 'column' of 'old' is
 * that already; or, if 'old' is NULL, unless that would be the default. */
static void
write_column(const struct ctl_row *old,
             const struct ovsdb_idl_column *column, struct ovsdb_datum *new,
             struct ds *row)
{
    if (old
        ? !ovsdb_datum_equals(ctl_row_get(old, column), new, &column->type)
        : !ovsdb_datum_is_default(new, &column->type)) {
        put_column(row, column, new);
    }
    ovsdb_datum_destroy(new, &column->type);
}

/* Makes the row 'old', or a new one if that is NULL, of 'stage' if that is not
 * NULL, what 'object' is.  Returns its UUID. */
static struct uuid
write_object(struct ctl_writer *w, const struct slb_object *object,
             const struct ctl_row *old, const char *stage)
{
    const struct slb_class *class = object->class;
    struct uuid uuid = old ? *ctl_row_uuid(old) : new_row(w);
    struct ds row = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];
        struct map_class *maps = (field->type == SLB_T_LIST
                                  ? find_map_class(field->class) : NULL);

        if (maps) {
            const struct slb_list *list = slb_field_value(field, object);
            for (size_t j = 0; map_column(maps, j); j++) {
                struct ovsdb_datum new = make_map(w, list, maps, j);
                write_column(old, map_column(maps, j), &new, &row);
            }
        } else {
            const struct ovsdb_idl_column *column
                = ctl_model_column(class, field);
            struct ovsdb_datum new
                = make_datum(w, object, field, column,
                             old ? ctl_row_get(old, column) : NULL);
            write_column(old, column, &new, &row);
        }
    }

    if (stage) {
        put_text_column(&row, &slbrec_load_balancer_col_stage, stage);
        /* What others have noted stays with the object. */
        const struct ovsdb_idl_column *ids
            = &slbrec_load_balancer_col_external_ids;
        const struct ctl_row *live = find_live_row(w, object);
        if (live && ctl_row_get(live, ids)->n) {
            put_column(&row, ids, ctl_row_get(live, ids));
        }
    }

    if (!old) {
        put_op(w, "insert", class);
        ds_put_format(w->ops, ",\"uuid-name\":\"r%u\",\"row\":{%s}}",
                      uuid.parts[0], ds_cstr(&row));
    } else if (row.length) {
        put_update(w, class, old, &row);
    }
    ds_destroy(&row);
    return uuid;
}

static size_t
write_kind(struct ctl_writer *w, const struct slb_object *object,
           const struct ctl_row *old, const char *stage, struct ds *ops)
{
    w->ops = ops;
    w->n_ops = 0;
    if (!old && !stage && object->class == &slb_load_balancer_class) {
        const struct ctl_row *dead = shash_find_data(&w->dead,
                                                           object->name);
        if (dead) {
            put_delete(w, object->class, dead);
        }
    }
    write_object(w, object, old, stage);
    for (size_t i = 0; i < ARRAY_SIZE(w->siblings); i++) {
        shash_clear_free_data(&w->siblings[i]);
    }
    return w->n_ops;
}

/* Appends to 'ops' what makes the rows of 'object', which is one of a kind and
 * valid, what that is; what is below its row and not below 'object' goes.
 * Returns the number of operations. */
size_t
ctl_writer_put(struct ctl_writer *w, const struct slb_object *object,
               struct ds *ops)
{
    return write_kind(w, object, find_live_row(w, object), NULL, ops);
}

/* Appends to 'ops' what inserts 'object', a load balancer, as part of
 * 'stage'.  Returns the number of operations. */
size_t
ctl_writer_stage(struct ctl_writer *w, const struct slb_object *object,
                 const char *stage, struct ds *ops)
{
    return write_kind(w, object, NULL, stage, ops);
}

/* Appends to 'ops' what makes the row of the load balancer 'object', if there
 * is one, one that 'stage' replaces.  Returns the number of operations. */
size_t
ctl_writer_retire(struct ctl_writer *w, const struct slb_object *object,
                  const char *stage, struct ds *ops)
{
    const struct ctl_row *old = find_live_row(w, object);

    w->ops = ops;
    w->n_ops = 0;
    if (old) {
        struct ds row = DS_EMPTY_INITIALIZER;
        put_text_column(&row, &slbrec_load_balancer_col_retired, stage);
        put_update(w, object->class, old, &row);
        ds_destroy(&row);
    }
    return w->n_ops;
}

/* Appends to 'ops' what deletes 'object', one of a kind, and so all that is
 * below it.  Returns the number of operations. */
size_t
ctl_writer_delete(struct ctl_writer *w, const struct slb_object *object,
                  struct ds *ops)
{
    const struct ctl_row *old = find_live_row(w, object);

    w->ops = ops;
    w->n_ops = 0;
    if (old) {
        put_delete(w, object->class, old);
    }
    return w->n_ops;
}

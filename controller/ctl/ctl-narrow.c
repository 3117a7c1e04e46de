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

#include "controller/ctl/ctl-narrow.h"

#include <stdlib.h>
#include <string.h>

#include "controller/ctl/ctl-db.h"
#include "controller/ctl/ctl-model.h"
#include "controller/ctl/ctl-pipe.h"
#include "controller/ctl/ctl-snapshot.h"
#include "lib/slb-address.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "ovsdb-data.h"
#include "ovsdb-idl.h"
#include "ovsdb-idl-provider.h"
#include "packets.h"
#include "util.h"
#include "uuid.h"
#include "yaml/slb-diff.h"
#include "yaml/slb-model.h"
#include "yaml/slb-schema.h"

/* With more load balancers, rows below them, or addresses to look for, it is
 * less work to have the whole database. */
#define MAX_LOAD_BALANCERS 20
#define MAX_ROWS 2000
#define MAX_ADDRESSES 100

/* A transaction that asks for rows. */
struct query {
    struct ds ops;
    const struct ovsdb_idl_table_class **tables; /* That each asks for. */
    size_t n, allocated;
};

static void
query_add(struct query *query, const struct ovsdb_idl_table_class *table,
          const char *where)
{
    if (query->n >= query->allocated) {
        query->tables = x2nrealloc(query->tables, &query->allocated,
                                   sizeof *query->tables);
    }
    query->tables[query->n++] = table;
    ds_put_format(&query->ops, ",{\"op\":\"select\",\"table\":\"%s\","
                  "\"where\":[%s]}", table->name, where);
}

static void
query_add_text(struct query *query, const struct ovsdb_idl_table_class *table,
               const char *column, const char *text)
{
    struct ds where = DS_EMPTY_INITIALIZER;

    ds_put_format(&where, "[\"%s\",\"==\",", column);
    json_string_escape(text, &where);
    ds_put_char(&where, ']');
    query_add(query, table, ds_cstr(&where));
    ds_destroy(&where);
}

static void
query_add_uuid(struct query *query, const struct ovsdb_idl_table_class *table,
               const struct uuid *uuid)
{
    char *where = xasprintf("[\"_uuid\",\"==\",[\"uuid\",\""UUID_FMT"\"]]",
                            UUID_ARGS(uuid));

    query_add(query, table, where);
    free(where);
}

static void
query_destroy(struct query *query)
{
    ds_destroy(&query->ops);
    free(query->tables);
}

/* Sends 'query' and adds what is found to 'snapshot'.  Returns false if there
 * is no good answer. */
static bool
query_run(struct query *query, const struct ctl_db *db, struct ctl_pipe *pipe,
          struct ctl_snapshot *snapshot)
{
    struct json *reply;
    bool ok;

    ctl_pipe_send(pipe, &query->ops);
    if (ctl_pipe_receive(pipe, db->deadline, &reply)) {
        return false;
    }
    ok = reply->type == JSON_ARRAY && json_array(reply)->n == query->n;
    for (size_t i = 0; ok && i < query->n; i++) {
        ok = ctl_snapshot_add_json(snapshot, query->tables[i],
                                   json_array(reply)->elems[i]);
    }
    json_destroy(reply);
    return ok;
}

/* Adds all that is below the load balancers of 'snapshot' to 'query'. */
static void
query_add_children(struct query *query, const struct ctl_snapshot *snapshot)
{
    const struct slb_class *class = &slb_load_balancer_class;
    const struct ctl_row *row = ctl_snapshot_first(snapshot,
                                                   ctl_model_table(class));

    for (; row; row = ctl_snapshot_next(snapshot, row)) {
        for (size_t i = 0; i < class->n_fields; i++) {
            const struct slb_field *field = &class->fields[i];
            if (field->type != SLB_T_LIST) {
                continue;
            }

            const struct ovsdb_datum *datum
                = ctl_row_get(row, ctl_model_column(class, field));
            for (size_t j = 0; j < datum->n; j++) {
                query_add_uuid(query, ctl_model_table(field->class),
                               &datum->keys[j].uuid);
            }
        }
    }
}

/* Whether what users have declared is in 'b' the same as it was in 'a'. */
static bool
same_time(const struct ctl_snapshot *a, const struct ctl_snapshot *b)
{
    int64_t a_seq, b_seq;
    bool a_is = ctl_model_intent_seq(a, &a_seq);
    bool b_is = ctl_model_intent_seq(b, &b_seq);

    return a_is == b_is && a_seq == b_seq;
}

/* Reads the load balancers called 'names' into 'snapshot'.  Returns false if
 * that is too much, or something came in between. */
static bool
read_load_balancers(const struct ctl_db *db, struct ctl_pipe *pipe,
                    const char *const names[], size_t n,
                    struct ctl_snapshot *snapshot)
{
    struct ctl_snapshot *later = ctl_snapshot_create();
    struct query first = { .n = 0 };
    struct query second = { .n = 0 };

    query_add(&first, &slbrec_table_slb_global, "");
    query_add(&first, &slbrec_table_virtual_network, "");
    query_add(&first, &slbrec_table_subnet, "");
    query_add(&first, &slbrec_table_public_ip_prefix, "");
    for (size_t i = 0; i < n; i++) {
        query_add_text(&first, &slbrec_table_load_balancer, "name", names[i]);
    }

    /* Rows also show whether the database is of the right schema. */
    bool ok = (query_run(&first, db, pipe, snapshot)
               && ctl_snapshot_first(snapshot, &slbrec_table_load_balancer));
    if (ok) {
        query_add_children(&second, snapshot);
        ok = second.n <= MAX_ROWS && query_run(&second, db, pipe, snapshot);
    }
    query_destroy(&first);
    query_destroy(&second);

    /* The rows below were read a moment later. */
    struct query check = { .n = 0 };
    query_add(&check, &slbrec_table_slb_global, "");
    ok = (ok && query_run(&check, db, pipe, later)
          && same_time(snapshot, later));
    query_destroy(&check);
    ctl_snapshot_destroy(later);
    return ok;
}

/* Returns the load balancers called 'names', with all that is below them, and
 * all networks and prefixes; or NULL if that cannot be had for little. */
struct ctl_snapshot *
ctl_narrow_read(const struct ctl_db *db, const char *const names[], size_t n)
{
    struct ctl_pipe *pipe = ctl_db_try_pipe(db);
    struct ctl_snapshot *snapshot = ctl_snapshot_create();

    if (!pipe || !read_load_balancers(db, pipe, names, n, snapshot)) {
        ctl_snapshot_destroy(snapshot);
        snapshot = NULL;
    }
    ctl_pipe_close(pipe);
    return snapshot;
}

/* Whether 'a' and 'b' are the same but for the order of their objects. */
static bool
lists_equal(const struct slb_list *a, const struct slb_list *b)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    bool equal = a->n == b->n;

    for (size_t i = 0; equal && i < b->n; i++) {
        const struct slb_object *old = slb_list_find(a, b->at[i]->name);
        equal = old && !slb_diff(old, b->at[i], &ds);
    }
    ds_destroy(&ds);
    return equal;
}

/* Whether 'new' differs from 'old' in nothing but pools, rules and probes. */
static bool
is_inner_change(const struct slb_load_balancer *old,
                const struct slb_load_balancer *new)
{
    const struct slb_class *class = &slb_load_balancer_class;
    const void *inner[] = {
        &new->backend_pools, &new->rules, &new->probes,
    };

    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];
        const void *old_value = slb_field_value(field, &old->obj);
        const void *new_value = slb_field_value(field, &new->obj);
        bool may_differ = false;

        for (size_t j = 0; j < ARRAY_SIZE(inner); j++) {
            may_differ |= new_value == inner[j];
        }
        if (!may_differ
            && !(field->type == SLB_T_LIST
                 ? lists_equal(old_value, new_value)
                 : slb_value_equals(field, old_value, new_value))) {
            return false;
        }
    }
    return true;
}

/* Adds the addresses of the members of 'lb' to 'addresses'. */
static void
add_addresses(const struct slb_load_balancer *lb, struct shash *addresses)
{
    for (size_t i = 0; i < lb->backend_pools.n; i++) {
        const struct slb_pool *pool = lb->backend_pools.at[i];

        for (size_t j = 0; j < pool->members.n; j++) {
            const struct in6_addr *address = &pool->members.at[j]->address;

            if (!ipv6_is_zero(address)) {
                char *text = slb_address_to_string(address);
                shash_add_once(addresses, text, NULL);
                free(text);
            }
        }
    }
}

/* Appends those frontends to 'query' that have the addresses of members of
 * 'new' that 'old' has not. */
static void
query_add_frontends(struct query *query, const struct slb_load_balancer *old,
                    const struct slb_load_balancer *new)
{
    struct shash old_addresses = SHASH_INITIALIZER(&old_addresses);
    struct shash new_addresses = SHASH_INITIALIZER(&new_addresses);
    const struct shash_node *node;

    add_addresses(old, &old_addresses);
    add_addresses(new, &new_addresses);
    SHASH_FOR_EACH (node, &new_addresses) {
        if (!shash_find(&old_addresses, node->name)) {
            query_add_text(query, &slbrec_table_frontend, "address",
                           node->name);
        }
    }
    shash_destroy(&old_addresses);
    shash_destroy(&new_addresses);
}

/* Whether 'snapshot' has all that has to do with 'files'. */
static bool
suffices(const struct ctl_db *db, struct ctl_pipe *pipe,
         const struct slb_model *files, const struct ctl_snapshot *snapshot)
{
    struct ctl_snapshot *found = ctl_snapshot_create();
    struct query query = { .n = 0 };
    struct slb_model base;
    bool ok = true;

    slb_model_init(&base);
    ctl_model_read(snapshot, &base);
    query_add(&query, &slbrec_table_slb_global, "");
    for (size_t i = 0; ok && i < files->load_balancers.n; i++) {
        const struct slb_load_balancer *new = files->load_balancers.at[i];
        const struct slb_load_balancer *old
            = (const struct slb_load_balancer *)
                slb_model_find(&base, &slb_load_balancer_class, new->obj.name);

        ok = old && is_inner_change(old, new);
        if (ok) {
            query_add_frontends(&query, old, new);
        }
    }
    slb_model_destroy(&base);

    ok = (ok && query.n <= MAX_ADDRESSES
          && query_run(&query, db, pipe, found)
          && same_time(snapshot, found)
          && !ctl_snapshot_first(found, &slbrec_table_frontend));
    query_destroy(&query);
    ctl_snapshot_destroy(found);
    return ok;
}

/* Returns what 'files' have to do with in the database, or NULL if that may be
 * all of it, or a large part. */
struct ctl_snapshot *
ctl_narrow_read_for(const struct ctl_db *db, const struct slb_model *files)
{
    size_t n = files->load_balancers.n;
    const char *names[MAX_LOAD_BALANCERS];
    struct ctl_snapshot *snapshot;
    struct ctl_pipe *pipe;

    if (files->networks.n || files->public_prefixes.n || !n
        || n > MAX_LOAD_BALANCERS) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        names[i] = files->load_balancers.at[i]->obj.name;
    }

    pipe = ctl_db_try_pipe(db);
    if (!pipe) {
        return NULL;
    }
    snapshot = ctl_snapshot_create();
    if (!read_load_balancers(db, pipe, names, n, snapshot)
        || !suffices(db, pipe, files, snapshot)) {
        ctl_snapshot_destroy(snapshot);
        snapshot = NULL;
    }
    ctl_pipe_close(pipe);
    return snapshot;
}

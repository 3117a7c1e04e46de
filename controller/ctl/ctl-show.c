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

#include "controller/ctl/ctl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/ctl/ctl-db.h"
#include "controller/ctl/ctl-model.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "svec.h"
#include "util.h"
#include "yaml/slb-model.h"
#include "yaml/slb-print.h"
#include "yaml/slb-schema.h"

/* Tables: a heading and rows of cells, each column as wide as it must be. */

struct table {
    size_t n_columns;
    struct svec cells;          /* Row by row, the heading first. */
};

static void
table_init(struct table *table, const char *const headings[])
{
    table->n_columns = 0;
    svec_init(&table->cells);
    while (headings[table->n_columns]) {
        svec_add(&table->cells, headings[table->n_columns++]);
    }
}

static void OVS_PRINTF_FORMAT(2, 3)
table_add(struct table *table, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    svec_add_nocopy(&table->cells, xvasprintf(format, args));
    va_end(args);
}

static void
table_add_nocopy(struct table *table, struct ds *cell)
{
    svec_add_nocopy(&table->cells, (cell->length ? ds_steal_cstr(cell)
                                    : xstrdup("-")));
    ds_destroy(cell);
}

static void
table_print(struct table *table)
{
    size_t *widths = xcalloc(table->n_columns, sizeof *widths);

    for (size_t i = 0; i < table->cells.n; i++) {
        size_t column = i % table->n_columns;
        widths[column] = MAX(widths[column], strlen(table->cells.names[i]));
    }
    for (size_t i = 0; i < table->cells.n; i++) {
        size_t column = i % table->n_columns;
        if (column + 1 < table->n_columns) {
            printf("%-*s  ", (int) widths[column], table->cells.names[i]);
        } else {
            puts(table->cells.names[i]);
        }
    }
    free(widths);
    svec_destroy(&table->cells);
}

/* slb-ctl get [KIND [NAME]] */

static void
print_networks(const struct slb_list *list)
{
    static const char *const headings[] = {
        "VIRTUALNETWORK", "SUBNET", "PREFIX", NULL
    };
    struct table table;

    table_init(&table, headings);
    for (size_t i = 0; i < list->n; i++) {
        const struct slb_network *network = (struct slb_network *) list->at[i];

        for (size_t j = 0; j < network->subnets.n; j++) {
            const struct slb_subnet *subnet = network->subnets.at[j];
            struct ds prefix = DS_EMPTY_INITIALIZER;

            slb_prefix_format(&subnet->prefix, &prefix);
            table_add(&table, "%s", network->obj.name);
            table_add(&table, "%s", subnet->obj.name);
            table_add_nocopy(&table, &prefix);
        }
        if (!network->subnets.n) {
            table_add(&table, "%s", network->obj.name);
            table_add(&table, "-");
            table_add(&table, "-");
        }
    }
    table_print(&table);
}

static void
format_scalar(const struct slb_object *object, const char *name, struct ds *ds)
{
    const struct slb_field *field = slb_class_field(object->class, name);

    slb_value_format(field, slb_field_value(field, object), ds);
}

static void
format_rule_frontend(const struct slb_load_balancer *lb,
                     const struct slb_rule *rule, struct ds *ds)
{
    const struct slb_frontend *frontend = (struct slb_frontend *)
        slb_list_find(SLB_GENERIC(&lb->frontends), rule->frontend);

    if (frontend) {
        bool v4 = slb_address_is_v4(&frontend->address);
        ds_put_cstr(ds, v4 ? "" : "[");
        slb_address_format(&frontend->address, ds);
        ds_put_cstr(ds, v4 ? "" : "]");
    }
    ds_put_format(ds, ":%d/", rule->frontend_port);
    format_scalar(&rule->obj, "protocol", ds);
}

static void
format_rule_backend(const struct slb_load_balancer *lb,
                    const struct slb_rule *rule, struct ds *ds)
{
    const struct slb_pool *pool = (struct slb_pool *)
        slb_list_find(SLB_GENERIC(&lb->backend_pools), rule->backend_pool);
    size_t n = pool ? pool->members.n : 0;

    ds_put_format(ds, "%s:%d, %"PRIuSIZE" member%s", rule->backend_pool,
                  rule->backend_port, n, n == 1 ? "" : "s");
}

static void
print_load_balancers(const struct slb_list *list)
{
    static const char *const headings[] = {
        "LOADBALANCER", "SKU", "NETWORK", "RULE", "FRONTEND", "BACKENDPOOL",
        NULL
    };
    struct table table;

    table_init(&table, headings);
    for (size_t i = 0; i < list->n; i++) {
        const struct slb_load_balancer *lb
            = (struct slb_load_balancer *) list->at[i];

        for (size_t j = 0; j < MAX(lb->rules.n, 1); j++) {
            const struct slb_rule *rule = (j < lb->rules.n ? lb->rules.at[j]
                                           : NULL);
            struct ds sku = DS_EMPTY_INITIALIZER;
            struct ds frontend = DS_EMPTY_INITIALIZER;
            struct ds backend = DS_EMPTY_INITIALIZER;

            format_scalar(&lb->obj, "sku", &sku);
            if (rule) {
                format_rule_frontend(lb, rule, &frontend);
                format_rule_backend(lb, rule, &backend);
            }
            table_add(&table, "%s", lb->obj.name);
            table_add_nocopy(&table, &sku);
            table_add(&table, "%s", lb->network);
            table_add(&table, "%s", rule ? rule->obj.name : "-");
            table_add_nocopy(&table, &frontend);
            table_add_nocopy(&table, &backend);
        }
    }
    table_print(&table);
}

static void
print_tables(const struct slb_model *model)
{
    if (model->networks.n) {
        print_networks(SLB_GENERIC(&model->networks));
    }
    if (model->load_balancers.n) {
        fputs(model->networks.n ? "\n" : "", stdout);
        print_load_balancers(SLB_GENERIC(&model->load_balancers));
    }
}

static void
print_yaml(const struct slb_model *model)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_list *list = slb_model_list(model, slb_kinds[i]);
        for (size_t j = 0; j < list->n; j++) {
            ds_put_cstr(&ds, ds.length ? "---\n" : "");
            slb_print_yaml(list->at[j], false, &ds);
        }
    }
    fputs(ds_cstr(&ds), stdout);
    ds_destroy(&ds);
}

static void
print_json(const struct slb_model *model)
{
    struct json *json = json_array_create_empty();

    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_list *list = slb_model_list(model, slb_kinds[i]);
        for (size_t j = 0; j < list->n; j++) {
            json_array_add(json, slb_print_json(list->at[j], false));
        }
    }

    char *text = json_to_string(json, JSSF_PRETTY | JSSF_SORT);
    puts(text);
    free(text);
    json_destroy(json);
}

/* Destroys the objects of 'list' but for that called 'name', if that is not
 * NULL, and all if it is. */
static void
keep_only(struct slb_list *list, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++) {
        if (name && !strcmp(list->at[i]->name, name)) {
            list->at[n++] = list->at[i];
        } else {
            slb_object_destroy(list->at[i]);
        }
    }
    list->n = n;
}

int
ctl_get(const struct ctl_options *options, int n, char *args[])
{
    const struct slb_class *kind = n > 0 ? ctl_kind(args[0]) : NULL;
    const char *name = n > 1 ? args[1] : NULL;
    struct ctl_db db;

    if (n > 0 && !kind) {
        return CTL_USAGE;
    }

    ctl_db_init(&db, options);
    ctl_model_monitor(db.idl);
    if (!ctl_db_connect(&db)) {
        ctl_db_destroy(&db);
        return CTL_NO_DATABASE;
    }

    struct slb_model model;
    slb_model_init(&model);
    ctl_model_read(db.idl, &model);
    ctl_db_destroy(&db);
    for (size_t i = 0; kind && slb_kinds[i]; i++) {
        struct slb_list *list = slb_model_list(&model, slb_kinds[i]);
        if (slb_kinds[i] != kind || name) {
            keep_only(list, slb_kinds[i] == kind ? name : NULL);
        }
    }

    int retval = CTL_OK;
    if (name && !slb_model_list(&model, kind)->n) {
        fprintf(stderr, "%s: there is no %s '%s'\n", program_name, kind->noun,
                name);
        retval = CTL_DIFFERENT;
    } else if (options->format == CTL_YAML) {
        print_yaml(&model);
    } else if (options->format == CTL_JSON) {
        print_json(&model);
    } else {
        print_tables(&model);
    }
    slb_model_destroy(&model);
    return retval;
}

/* slb-ctl nodes */

static int
compare_nodes(const void *a_, const void *b_)
{
    const struct slbrec_node *const *a = a_;
    const struct slbrec_node *const *b = b_;

    return strcmp((*a)->name, (*b)->name);
}

static void
add_node(struct table *table, const struct slbrec_node *node)
{
    struct ds ports = DS_EMPTY_INITIALIZER;
    struct svec names = SVEC_EMPTY_INITIALIZER;

    for (size_t i = 0; i < node->n_ports; i++) {
        svec_add(&names, node->ports[i]->iface_id);
    }
    svec_sort(&names);
    for (size_t i = 0; i < names.n; i++) {
        ds_put_format(&ports, "%s%s", i ? "," : "", names.names[i]);
    }
    svec_destroy(&names);

    table_add(table, "%s", node->name);
    table_add(table, "%s", node->role);
    table_add(table, "%s", node->vtep[0] ? node->vtep : "-");
    table_add(table, "%"PRId64, node->wanted);
    table_add(table, "%"PRId64, node->applied);
    table_add(table, "%s", node->applied >= node->wanted ? "yes" : "no");
    table_add_nocopy(table, &ports);
}

int
ctl_nodes(const struct ctl_options *options, int n OVS_UNUSED,
          char *args[] OVS_UNUSED)
{
    static const char *const headings[] = {
        "NODE", "ROLE", "VTEP", "WANTED", "APPLIED", "CURRENT", "PORTS", NULL
    };
    struct ctl_db db;

    ctl_db_init(&db, options);
    ovsdb_idl_add_column(db.idl, &slbrec_node_col_name);
    ovsdb_idl_add_column(db.idl, &slbrec_node_col_role);
    ovsdb_idl_add_column(db.idl, &slbrec_node_col_vtep);
    ovsdb_idl_add_column(db.idl, &slbrec_node_col_wanted);
    ovsdb_idl_add_column(db.idl, &slbrec_node_col_applied);
    ovsdb_idl_add_column(db.idl, &slbrec_node_col_ports);
    ovsdb_idl_add_column(db.idl, &slbrec_port_col_iface_id);
    if (!ctl_db_connect(&db)) {
        ctl_db_destroy(&db);
        return CTL_NO_DATABASE;
    }

    const struct slbrec_node **nodes = NULL;
    size_t n_nodes = 0, allocated = 0;
    const struct slbrec_node *node;
    SLBREC_NODE_FOR_EACH (node, db.idl) {
        if (n_nodes >= allocated) {
            nodes = x2nrealloc(nodes, &allocated, sizeof *nodes);
        }
        nodes[n_nodes++] = node;
    }

    struct table table;
    table_init(&table, headings);
    if (n_nodes) {
        qsort(nodes, n_nodes, sizeof *nodes, compare_nodes);
    }
    for (size_t i = 0; i < n_nodes; i++) {
        add_node(&table, nodes[i]);
    }
    table_print(&table);
    free(nodes);
    ctl_db_destroy(&db);
    return CTL_OK;
}

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

#include "controller/ctl/ctl-show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controller/ctl/ctl-db.h"
#include "controller/ctl/ctl-model.h"
#include "controller/ctl/ctl-overview.h"
#include "controller/ctl/ctl-state.h"
#include "controller/ctl/ctl-table.h"
#include "controller/ctl/ctl.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "smap.h"
#include "svec.h"
#include "util.h"
#include "yaml/slb-model.h"
#include "yaml/slb-print.h"
#include "yaml/slb-schema.h"

/* slb-ctl get [KIND [NAME]] */

/* Appends what the manager says about 'object' to 'ds', as comments. */
static void
format_status(const struct ctl_state *state, const struct slb_object *object,
              struct ds *ds)
{
    struct svec paths = SVEC_EMPTY_INITIALIZER;
    struct svec texts = SVEC_EMPTY_INITIALIZER;

    ctl_status_list(ctl_state_status(state, object), &paths, &texts);
    for (size_t i = 0; i < texts.n; i++) {
        const char *path = paths.names[i];

        ds_put_format(ds, "# status: %s%s%s\n", path, path[0] ? ": " : "",
                      texts.names[i]);
    }
    svec_destroy(&paths);
    svec_destroy(&texts);
}

/* Prints 'objects', of kinds, as YAML, with all defaults if 'defaults'.
 * If 'state' is not NULL, what it has to say about an object precedes it. */
void
ctl_print_yaml(const struct slb_list *objects, const struct ctl_state *state,
               bool defaults)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < objects->n; i++) {
        ds_clear(&ds);
        ds_put_cstr(&ds, i ? "---\n" : "");
        if (state) {
            format_status(state, objects->at[i], &ds);
        }
        slb_print_yaml(objects->at[i], defaults, &ds);
        fputs(ds_cstr(&ds), stdout);
    }
    ds_destroy(&ds);
}

/* The same as JSON, which has no comments, so no status. */
void
ctl_print_json(const struct slb_list *objects, bool defaults)
{
    struct json *json = json_array_create_empty();

    for (size_t i = 0; i < objects->n; i++) {
        json_array_add(json, slb_print_json(objects->at[i], defaults));
    }

    char *text = json_to_string(json, JSSF_PRETTY | JSSF_SORT);
    puts(text);
    free(text);
    json_destroy(json);
}

/* Adds the objects of 'model' that are of 'kind' and called 'name', each of
 * which may be NULL for any, to 'objects'. */
void
ctl_select(const struct slb_model *model, const struct slb_class *kind,
           const char *name, struct slb_list *objects)
{
    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_list *list = slb_model_list(model, slb_kinds[i]);
        for (size_t j = 0; j < list->n; j++) {
            if ((!kind || kind == slb_kinds[i])
                && (!name || !strcmp(list->at[j]->name, name))) {
                slb_list_add(objects, list->at[j]);
            }
        }
    }
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
    ctl_state_monitor(db.idl, (options->format != CTL_YAML
                               && options->format != CTL_JSON));
    if (!ctl_db_connect(&db)) {
        ctl_db_destroy(&db);
        return CTL_NO_DATABASE;
    }

    struct slb_list objects = { .n = 0 };
    struct slb_model model;
    struct ctl_state state;
    slb_model_init(&model);
    ctl_model_read_idl(db.idl, &model);
    ctl_state_read(&state, db.idl);
    ctl_select(&model, kind, name, &objects);

    int retval = CTL_OK;
    if (name && !objects.n) {
        fprintf(stderr, "%s: there is no %s '%s'\n", program_name, kind->noun,
                name);
        retval = CTL_DIFFERENT;
    } else if (options->format == CTL_YAML) {
        /* A file has only what was declared: what is said of it depends on
         * the nodes' state, too, and would make every copy a different one. */
        ctl_print_yaml(&objects, isatty(STDOUT_FILENO) ? &state : NULL,
                       options->defaults);
    } else if (options->format == CTL_JSON) {
        ctl_print_json(&objects, options->defaults);
    } else {
        struct ctl_overview overview = {
            .objects = &objects, .model = &model, .state = &state,
            .wide = options->format == CTL_WIDE, .status = name != NULL,
        };
        ctl_overview_print(&overview);
    }
    free(objects.at);
    ctl_state_destroy(&state);
    slb_model_destroy(&model);
    ctl_db_destroy(&db);
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

/* What the node tells of itself, by keyword. */
static void
add_status(struct ctl_table *table, const struct slbrec_node *node)
{
    const struct smap_node **items = smap_sort(&node->status);
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < smap_count(&node->status); i++) {
        ds_put_format(&ds, "%s%s %s", i ? "; " : "", items[i]->key,
                      items[i]->value);
    }
    ctl_table_add_nocopy(table, &ds);
    free(items);
}

static void
add_node(struct ctl_table *table, const struct slbrec_node *node)
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

    ctl_table_add(table, "%s", node->name);
    ctl_table_add(table, "%s", node->role);
    ctl_table_add(table, "%s", node->vtep[0] ? node->vtep : "-");
    ctl_table_add(table, "%"PRId64, node->wanted);
    ctl_table_add(table, "%"PRId64, node->applied);
    ctl_table_add(table, "%s", node->applied >= node->wanted ? "yes" : "no");
    ctl_table_add_nocopy(table, &ports);
    add_status(table, node);
}

int
ctl_nodes(const struct ctl_options *options, int n OVS_UNUSED,
          char *args[] OVS_UNUSED)
{
    static const char *const headings[] = {
        "NODE", "ROLE", "VTEP", "WANTED", "APPLIED", "CURRENT", "PORTS",
        "STATUS", NULL
    };
    struct ctl_db db;

    ctl_db_init(&db, options);
    ovsdb_idl_add_column(db.idl, &slbrec_node_col_name);
    ovsdb_idl_add_column(db.idl, &slbrec_node_col_role);
    ovsdb_idl_add_column(db.idl, &slbrec_node_col_vtep);
    ovsdb_idl_add_column(db.idl, &slbrec_node_col_wanted);
    ovsdb_idl_add_column(db.idl, &slbrec_node_col_applied);
    ovsdb_idl_add_column(db.idl, &slbrec_node_col_ports);
    ovsdb_idl_add_column(db.idl, &slbrec_node_col_status);
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

    struct ctl_table table;
    ctl_table_init(&table, headings);
    if (n_nodes) {
        qsort(nodes, n_nodes, sizeof *nodes, compare_nodes);
    }
    for (size_t i = 0; i < n_nodes; i++) {
        add_node(&table, nodes[i]);
    }
    ctl_table_print(&table);
    free(nodes);
    ctl_db_destroy(&db);
    return CTL_OK;
}

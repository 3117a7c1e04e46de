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

#include "controller/ctl/ctl-overview.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/ctl/ctl-health.h"
#include "controller/ctl/ctl-state.h"
#include "controller/ctl/ctl-table.h"
#include "lib/slb-idl.h"
#include "lib/slb-outbound.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "smap.h"
#include "sset.h"
#include "svec.h"
#include "util.h"
#include "yaml/slb-model.h"
#include "yaml/slb-schema.h"

/* A printed table is followed by an empty line if another one comes. */
struct printer {
    const struct ctl_overview *of;
    const struct ctl_state *state;
    bool separate;              /* Was there a table before? */

    /* Of one load balancer, what many of its lines need; by name. */
    struct shash frontends;     /* struct slb_frontend *. */
    struct shash pools;         /* struct slb_pool *. */
    struct shash probes;        /* struct slb_probe *. */

    struct shash sizes;         /* struct ctl_pool_size *, by "POOL" or, in
                                 * rules with a probe, "POOL PROBE". */

    /* Numbers of texts about an object, by the first two parts of the path:
     * "rules/http". */
    struct shash notes;
};

static void
print(struct printer *p, struct ctl_table *table)
{
    if (table->cells.n > table->n_columns) {
        fputs(p->separate ? "\n" : "", stdout);
        p->separate = true;
        ctl_table_print(table);
    } else {
        svec_destroy(&table->cells);
    }
}

static const void *
field_value(const struct slb_object *object, const struct slb_field *field)
{
    return slb_field_value(field, object);
}

static void
format_field(const struct slb_object *object, const char *name, struct ds *ds)
{
    const struct slb_field *field = slb_class_field(object->class, name);

    slb_value_format(field, field_value(object, field), ds);
}

/* A cell has no blanks, so a list none after its commas. */
static void
add_field(struct ctl_table *table, const struct slb_object *object,
          const char *name)
{
    const struct slb_field *field = slb_class_field(object->class, name);
    struct ds cell = DS_EMPTY_INITIALIZER;

    if (slb_field_is_strings(field)) {
        const struct slb_strings *strings = field_value(object, field);
        for (size_t i = 0; i < strings->n; i++) {
            ds_put_format(&cell, "%s%s", i ? "," : "", strings->at[i]);
        }
    } else {
        format_field(object, name, &cell);
    }
    ctl_table_add_nocopy(table, &cell);
}

/* Status. */

static size_t
count_texts(const char *joined)
{
    struct svec texts = SVEC_EMPTY_INITIALIZER;
    size_t n;

    ctl_status_split(joined, &texts);
    n = texts.n;
    svec_destroy(&texts);
    return n;
}

/* Whether 'path' is 'of' or something below it. */
static bool
is_below(const char *path, const char *of)
{
    size_t n = strlen(of);

    return !strncmp(path, of, n) && (!path[n] || path[n] == '/');
}

/* Returns the number of texts of 'status', which may be NULL, but for those
 * about paths in 'except', if that is not NULL. */
static size_t
count_all(const struct smap *status, const char *except)
{
    const struct smap_node *node;
    size_t n = 0;

    if (status) {
        SMAP_FOR_EACH (node, status) {
            if (!except || !is_below(node->key, except)) {
                n += count_texts(node->value);
            }
        }
    }
    return n;
}

/* Returns the first two parts of 'path', "backendPools/servers", for the
 * caller to free. */
static char *
path_head(const char *path)
{
    const char *slash = strchr(path, '/');

    slash = slash ? strchr(slash + 1, '/') : NULL;
    return slash ? xmemdup0(path, slash - path) : xstrdup(path);
}

/* Counts the texts of 'status', which may be NULL, by the part of the object
 * that they are about, so that not each part must look at all texts. */
static void
index_notes(struct printer *p, const struct smap *status)
{
    const struct smap_node *node;

    shash_init(&p->notes);
    if (status) {
        SMAP_FOR_EACH (node, status) {
            char *head = path_head(node->key);
            struct shash_node *entry = shash_find(&p->notes, head);

            if (!entry) {
                entry = shash_add(&p->notes, head, NULL);
            }
            entry->data = (void *) ((uintptr_t) entry->data
                                    + count_texts(node->value));
            free(head);
        }
    }
}

/* Returns the number of texts about 'path', the head of one, and what is
 * below. */
static size_t
count_below(const struct printer *p, const char *path)
{
    const void *n = shash_find_data(&p->notes, path);

    return (uintptr_t) n;
}

/* The same for SECTION/NAME, and adds that to 'shown', if it is not NULL. */
static size_t
count_part(const struct printer *p, const char *section, const char *name,
           struct sset *shown)
{
    char *path = xasprintf("%s/%s", section, name);
    size_t n = count_below(p, path);

    if (shown) {
        sset_add(shown, path);
    }
    free(path);
    return n;
}

/* Adds the cell STATUS.  That there is no text means nothing before the
 * manager has seen what was declared last. */
static void
add_count(struct ctl_table *table, const struct printer *p, size_t n)
{
    if (n) {
        ctl_table_add(table, "%"PRIuSIZE" note%s", n, n == 1 ? "" : "s");
    } else {
        ctl_table_add(table, p->state->compiled ? "ok" : "pending");
    }
}

static void
add_texts(struct ctl_table *table, const struct slb_object *kind,
          const struct smap *status)
{
    struct svec paths = SVEC_EMPTY_INITIALIZER;
    struct svec texts = SVEC_EMPTY_INITIALIZER;

    ctl_status_list(status, &paths, &texts);
    for (size_t i = 0; i < texts.n; i++) {
        const char *path = paths.names[i];

        ctl_table_add(table, "%s/%s%s%s", kind->class->name, kind->name,
                      path[0] ? "/" : "", path);
        ctl_table_add(table, "%s", texts.names[i]);
    }
    svec_destroy(&paths);
    svec_destroy(&texts);
}

static void
print_status(struct printer *p)
{
    static const char *const headings[] = { "OBJECT", "STATUS", NULL };
    const struct slb_list *objects = p->of->objects;
    struct ctl_table table;

    ctl_table_init(&table, headings);
    for (size_t i = 0; i < objects->n; i++) {
        add_texts(&table, objects->at[i],
                  ctl_state_status(p->state, objects->at[i]));
    }
    print(p, &table);
}

/* VirtualNetwork. */

static void
add_subnet(struct ctl_table *table, const struct printer *p,
           const struct slb_network *network, const struct slb_subnet *subnet)
{
    const struct smap *status = ctl_state_status(p->state, &network->obj);
    size_t n = count_all(status, "subnets");

    ctl_table_add(table, "%s", network->obj.name);
    if (subnet) {
        ctl_table_add(table, "%s", subnet->obj.name);
        add_field(table, &subnet->obj, "prefix");
        add_field(table, &subnet->obj, "gateway");
        n += count_part(p, "subnets", subnet->obj.name, NULL);
    } else {
        for (size_t i = 0; i < 3; i++) {
            ctl_table_add(table, "-");
        }
    }
    add_field(table, &network->obj, "peerings");
    add_count(table, p, n);
}

static void
print_networks(struct printer *p)
{
    static const char *const headings[] = {
        "VIRTUALNETWORK", "SUBNET", "PREFIX", "GATEWAY", "PEERINGS", "STATUS",
        NULL
    };
    const struct slb_list *objects = p->of->objects;
    struct ctl_table table;

    ctl_table_init(&table, headings);
    for (size_t i = 0; i < objects->n; i++) {
        if (objects->at[i]->class == &slb_network_class) {
            const struct slb_network *network
                = (const struct slb_network *) objects->at[i];

            index_notes(p, ctl_state_status(p->state, &network->obj));
            for (size_t j = 0; j < network->subnets.n; j++) {
                add_subnet(&table, p, network, network->subnets.at[j]);
            }
            if (!network->subnets.n) {
                add_subnet(&table, p, network, NULL);
            }
            shash_destroy(&p->notes);
        }
    }
    print(p, &table);
}

/* PublicIPPrefix. */

/* How many frontends have an address, and how many addresses there are. */
static void
format_use(const struct printer *p, const struct slb_public_prefix *prefix,
           struct ds *ds)
{
    const struct slb_model *model = p->of->model;
    bool v4 = slb_address_is_v4(&prefix->prefix.address);
    int bits = (v4 ? 32 : 128) - prefix->prefix.length;
    struct sset used = SSET_INITIALIZER(&used);

    for (size_t i = 0; i < model->load_balancers.n; i++) {
        const struct slb_load_balancer *lb = model->load_balancers.at[i];
        for (size_t j = 0; j < lb->frontends.n; j++) {
            const struct slb_frontend *frontend = lb->frontends.at[j];
            if (nullable_string_is_equal(frontend->public_ip_prefix,
                                         prefix->obj.name)) {
                struct ds address = DS_EMPTY_INITIALIZER;
                ctl_state_format_address(p->state, frontend, &address);
                if (address.length) {
                    sset_add(&used, ds_cstr(&address));
                }
                ds_destroy(&address);
            }
        }
    }
    ds_put_format(ds, "%"PRIuSIZE" of ", sset_count(&used));
    if (bits < 32) {
        ds_put_format(ds, "%"PRIu64, UINT64_C(1) << bits);
    } else {
        ds_put_format(ds, "2^%d", bits);
    }
    sset_destroy(&used);
}

static void
print_public_prefixes(struct printer *p)
{
    static const char *const headings[] = {
        "PUBLICIPPREFIX", "PREFIX", "USED", "STATUS", NULL
    };
    const struct slb_list *objects = p->of->objects;
    struct ctl_table table;

    ctl_table_init(&table, headings);
    for (size_t i = 0; i < objects->n; i++) {
        if (objects->at[i]->class == &slb_public_prefix_class) {
            struct ds use = DS_EMPTY_INITIALIZER;

            ctl_table_add(&table, "%s", objects->at[i]->name);
            add_field(&table, objects->at[i], "prefix");
            format_use(p, (const struct slb_public_prefix *) objects->at[i],
                       &use);
            ctl_table_add_nocopy(&table, &use);
            add_count(&table, p,
                      count_all(ctl_state_status(p->state, objects->at[i]),
                                NULL));
        }
    }
    print(p, &table);
}

/* LoadBalancer. */

/* Appends the addresses of 'frontend' to 'ds', or, if it has none yet, its
 * name.  One that a port follows is in brackets if that could be mistaken for
 * a part of it. */
static void
format_frontend(const struct printer *p, const char *name, bool port,
                struct ds *ds)
{
    const struct slb_frontend *frontend = shash_find_data(&p->frontends, name);
    struct ds address = DS_EMPTY_INITIALIZER;

    if (frontend) {
        ctl_state_format_address(p->state, frontend, &address);
    }
    if (!address.length) {
        ds_put_format(ds, "(%s)", name);
    } else if (port && strchr(ds_cstr(&address), ':')) {
        ds_put_format(ds, "[%s]", ds_cstr(&address));
    } else {
        ds_put_cstr(ds, ds_cstr(&address));
    }
    ds_destroy(&address);
}

/* Returns the size of the pool of this name for rules with 'probe', which may
 * be NULL; NULL if there is no such pool. */
static const struct ctl_pool_size *
find_size(struct printer *p, const char *name, const char *probe)
{
    const struct slb_pool *pool = shash_find_data(&p->pools, name);
    char *key = probe ? xasprintf("%s %s", name, probe) : xstrdup(name);
    struct ctl_pool_size *size = shash_find_data(&p->sizes, key);

    if (!size && pool) {
        size = ctl_pool_measure(p->state, pool,
                                (probe ? shash_find_data(&p->probes, probe)
                                 : NULL));
        shash_add(&p->sizes, key, size);
    }
    free(key);
    return size;
}

/* Appends how many members a pool of 'size' has and, unless these are all,
 * that it is 'n' of them that matter. */
static void
format_size(const struct ctl_pool_size *size, size_t n, struct ds *ds)
{
    ds_put_cstr(ds, ", ");
    if (size->n_known && n < size->n_declared) {
        ds_put_format(ds, "%"PRIuSIZE" of ", n);
    }
    ds_put_format(ds, "%"PRIuSIZE" member%s", size->n_declared,
                  size->n_declared == 1 ? "" : "s");
}

/* Appends how many members of pool 'name' serve in rules with 'probe', which
 * may be NULL. */
static void
format_serving(struct printer *p, const char *name, const char *probe,
               struct ds *ds)
{
    const struct ctl_pool_size *size = find_size(p, name, probe);

    if (size) {
        format_size(size, size->n_serving, ds);
    }
}

/* Appends how many members of pool 'name' are able to serve. */
static void
format_able(struct printer *p, const char *name, struct ds *ds)
{
    const struct ctl_pool_size *size = find_size(p, name, NULL);

    if (size) {
        format_size(size, size->n_able, ds);
    }
}

/* A line of the table: a rule of some sort. */
struct line {
    const char *section;        /* "rules". */
    const struct slb_object *object;
    struct svec frontends;
    const char *pool;           /* NULL: none. */
    const char *probe;          /* NULL: none. */
    struct ds frontend;         /* The column FRONTEND. */
    struct ds backend;          /* The column BACKEND. */
};

static void
describe_rule(struct printer *p, const struct slb_rule *rule,
              struct line *line)
{
    bool all = rule->protocol == SLB_PROTOCOL_ALL;

    svec_add(&line->frontends, rule->frontend);
    line->pool = rule->backend_pool;
    line->probe = rule->probe;

    format_frontend(p, rule->frontend, !all, &line->frontend);
    if (!all) {
        ds_put_format(&line->frontend, ":%d", rule->frontend_port);
    }
    ds_put_cstr(&line->backend, rule->backend_pool);
    if (!all) {
        ds_put_format(&line->backend, ":%d", rule->backend_port);
    }
    format_serving(p, rule->backend_pool, rule->probe, &line->backend);
}

static void
describe_nat_rule(const struct printer *p, const struct slb_nat_rule *rule,
                  struct line *line)
{
    const char *brackets = strchr(rule->target, ':') ? "[]" : "";

    svec_add(&line->frontends, rule->frontend);
    format_frontend(p, rule->frontend, true, &line->frontend);
    ds_put_format(&line->frontend, ":%d", rule->frontend_port);
    ds_put_format(&line->backend, "%.1s%s%s:%d", brackets, rule->target,
                  brackets[0] ? "]" : "", rule->backend_port);
}

static void
describe_nat_pool(struct printer *p, const struct slb_nat_pool *pool,
                  struct line *line)
{
    svec_add(&line->frontends, pool->frontend);
    line->pool = pool->backend_pool;
    format_frontend(p, pool->frontend, true, &line->frontend);
    ds_put_format(&line->frontend, ":%d-%d", pool->first_port,
                  pool->last_port);
    ds_put_format(&line->backend, "%s:%d", pool->backend_pool,
                  pool->backend_port);
    format_able(p, pool->backend_pool, &line->backend);
}

static void
describe_outbound_rule(struct printer *p,
                       const struct slb_outbound_rule *rule,
                       struct line *line)
{
    line->pool = rule->backend_pool;
    for (size_t i = 0; i < rule->frontends.n; i++) {
        svec_add(&line->frontends, rule->frontends.at[i]);
        ds_put_cstr(&line->frontend, i ? "," : "");
        format_frontend(p, rule->frontends.at[i], false, &line->frontend);
    }
    ds_put_cstr(&line->backend, rule->backend_pool);
    format_able(p, rule->backend_pool, &line->backend);
    ds_put_cstr(&line->backend, ", ");
    if (rule->ports >= 0) {
        const struct ctl_pool_size *size
            = find_size(p, rule->backend_pool, NULL);
        ds_put_format(&line->backend, "%"PRIu64" ports each",
                      slb_outbound_ports(rule->ports,
                                         size ? size->n_declared : 0, 0));
    } else {
        format_field(&rule->obj, "allocatedOutboundPorts", &line->backend);
        ds_put_cstr(&line->backend, " ports");
    }
}

static void
describe(struct printer *p, const struct slb_object *object,
         struct line *line)
{
    if (object->class == &slb_rule_class) {
        describe_rule(p, (const struct slb_rule *) object, line);
    } else if (object->class == &slb_nat_rule_class) {
        describe_nat_rule(p, (const struct slb_nat_rule *) object, line);
    } else if (object->class == &slb_nat_pool_class) {
        describe_nat_pool(p, (const struct slb_nat_pool *) object, line);
    } else {
        describe_outbound_rule(p, (const struct slb_outbound_rule *) object,
                               line);
    }
    ds_put_char(&line->frontend, '/');
    format_field(object, "protocol", &line->frontend);
}

/* Appends the properties of 'object' that are switched on, and lists that
 * restrict it. */
static void
format_options(const struct slb_object *object, struct ds *ds)
{
    for (size_t i = 0; i < object->class->n_fields; i++) {
        const struct slb_field *field = &object->class->fields[i];
        const bool *on = field_value(object, field);

        if (field->type == SLB_T_BOOLEAN && *on) {
            ds_put_format(ds, "%s%s", ds->length ? "," : "", field->name);
        } else if (field->type == SLB_T_PREFIXES) {
            const struct slb_strings *prefixes = field_value(object, field);
            for (size_t j = 0; j < prefixes->n; j++) {
                ds_put_format(ds, "%sfrom:%s", ds->length ? "," : "",
                              prefixes->at[j]);
            }
        }
    }
}

static void
add_if_field(struct ctl_table *table, const struct slb_object *object,
             const char *name)
{
    if (object && slb_class_field(object->class, name)) {
        add_field(table, object, name);
    } else {
        ctl_table_add(table, "-");
    }
}

/* Adds the cells before the STATUS. */
static void
add_line(struct ctl_table *table, const struct printer *p,
         const struct slb_load_balancer *lb, struct line *line)
{
    ctl_table_add(table, "%s", lb->obj.name);
    add_field(table, &lb->obj, "sku");
    add_field(table, &lb->obj, "network");
    if (line->object) {
        ctl_table_add(table, "%s/%s", line->section, line->object->name);
    } else {
        ctl_table_add(table, "%s", line->section);
    }
    ctl_table_add_nocopy(table, &line->frontend);
    ctl_table_add_nocopy(table, &line->backend);
    if (p->of->wide) {
        struct ds options = DS_EMPTY_INITIALIZER;

        if (line->object) {
            format_options(line->object, &options);
        }
        add_if_field(table, line->object, "probe");
        add_if_field(table, line->object, "loadDistribution");
        add_if_field(table, line->object, "idleTimeoutInMinutes");
        ctl_table_add_nocopy(table, &options);
    }
}

/* Returns the number of texts about the load balancer itself and all that
 * 'line' is made of, and adds the paths of these parts to 'shown'. */
static size_t
count_for_line(const struct printer *p, const struct smap *status,
               const struct line *line, struct sset *shown)
{
    const char *own = status ? smap_get(status, "") : NULL;
    size_t n = own ? count_texts(own) : 0;

    for (size_t i = 0; i < line->frontends.n; i++) {
        n += count_part(p, "frontends", line->frontends.names[i], shown);
    }
    if (line->pool) {
        n += count_part(p, "backendPools", line->pool, shown);
    }
    if (line->probe) {
        n += count_part(p, "probes", line->probe, shown);
    }
    if (line->object) {
        n += count_part(p, line->section, line->object->name, shown);
    }
    return n;
}

static void
add_rule_lines(struct ctl_table *table, struct printer *p,
               const struct slb_load_balancer *lb, const struct smap *status,
               struct sset *shown)
{
    static const char *const sections[] = {
        "rules", "inboundNatRules", "inboundNatPools", "outboundRules"
    };
    size_t n_lines = 0;

    for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
        const struct slb_field *field = slb_class_field(lb->obj.class,
                                                        sections[i]);
        const struct slb_list *list = field_value(&lb->obj, field);

        for (size_t j = 0; j < list->n; j++) {
            struct line line = {
                .section = sections[i], .object = list->at[j],
            };

            describe(p, list->at[j], &line);
            add_line(table, p, lb, &line);
            add_count(table, p, count_for_line(p, status, &line, shown));
            svec_destroy(&line.frontends);
            n_lines++;
        }
    }
    if (!n_lines) {
        struct line line = { .section = "-" };
        add_line(table, p, lb, &line);
        add_count(table, p, count_for_line(p, status, &line, shown));
    }
}

/* Adds a line for each part of 'lb' that there are texts about but that no
 * line has shown. */
static void
add_other_lines(struct ctl_table *table, const struct printer *p,
                const struct slb_load_balancer *lb, const struct smap *status,
                const struct sset *shown)
{
    struct svec others = SVEC_EMPTY_INITIALIZER;
    const struct smap_node *node;

    if (status) {
        SMAP_FOR_EACH (node, status) {
            char *head = path_head(node->key);
            if (head[0] && !sset_contains(shown, head)) {
                svec_add(&others, head);
            }
            free(head);
        }
    }
    svec_sort_unique(&others);
    for (size_t i = 0; i < others.n; i++) {
        struct line line = { .section = others.names[i] };
        add_line(table, p, lb, &line);
        add_count(table, p, count_below(p, others.names[i]));
    }
    svec_destroy(&others);
}

/* Prepares 'p' for the lines of 'lb': there may be as many as there are
 * members, so that none must look for anything among all of these. */
static void
begin_load_balancer(struct printer *p, const struct slb_load_balancer *lb,
                    const struct smap *status)
{
    index_notes(p, status);
    shash_init(&p->frontends);
    shash_init(&p->pools);
    shash_init(&p->probes);
    shash_init(&p->sizes);
    slb_list_index(SLB_GENERIC(&lb->frontends), &p->frontends);
    slb_list_index(SLB_GENERIC(&lb->backend_pools), &p->pools);
    slb_list_index(SLB_GENERIC(&lb->probes), &p->probes);
}

static void
end_load_balancer(struct printer *p)
{
    shash_destroy(&p->notes);
    shash_destroy(&p->frontends);
    shash_destroy(&p->pools);
    shash_destroy(&p->probes);
    shash_destroy_free_data(&p->sizes);
}

static void
print_load_balancers(struct printer *p)
{
    static const char *const headings[] = {
        "LOADBALANCER", "SKU", "NETWORK", "RULE", "FRONTEND", "BACKEND",
        "STATUS", NULL
    };
    static const char *const wide_headings[] = {
        "LOADBALANCER", "SKU", "NETWORK", "RULE", "FRONTEND", "BACKEND",
        "PROBE", "DISTRIBUTION", "IDLE", "OPTIONS", "STATUS", NULL
    };
    const struct slb_list *objects = p->of->objects;
    struct ctl_table table;

    ctl_table_init(&table, p->of->wide ? wide_headings : headings);
    for (size_t i = 0; i < objects->n; i++) {
        if (objects->at[i]->class == &slb_load_balancer_class) {
            const struct slb_load_balancer *lb
                = (const struct slb_load_balancer *) objects->at[i];
            const struct smap *status = ctl_state_status(p->state, &lb->obj);
            struct sset shown = SSET_INITIALIZER(&shown);

            begin_load_balancer(p, lb, status);
            add_rule_lines(&table, p, lb, status, &shown);
            add_other_lines(&table, p, lb, status, &shown);
            end_load_balancer(p);
            sset_destroy(&shown);
        }
    }
    print(p, &table);
}

/* What a load balancer is made of. */

static void
add_frontends(struct ctl_table *table, const struct printer *p,
              const struct slb_load_balancer *lb)
{
    for (size_t i = 0; i < lb->frontends.n; i++) {
        const struct slb_frontend *frontend = lb->frontends.at[i];
        const char *source = ctl_state_address_source(p->state, frontend);
        struct ds address = DS_EMPTY_INITIALIZER;
        struct ds options = DS_EMPTY_INITIALIZER;

        ctl_state_format_address(p->state, frontend, &address);
        ctl_table_add(table, "%s", lb->obj.name);
        ctl_table_add(table, "%s", frontend->obj.name);
        ctl_table_add_nocopy(table, &address);
        ctl_table_add(table, "%s", (source ? source
                                    : ipv6_is_zero(&frontend->address)
                                    ? "not assigned yet" : "given"));
        if (frontend->zones.n) {
            add_field(table, &frontend->obj, "zones");
        } else {
            ctl_table_add(table, "all");
        }
        format_options(&frontend->obj, &options);
        ctl_table_add_nocopy(table, &options);
    }
}

/* Adds the cell HEALTH: what the 'probes' say of 'member', as "up" or, if
 * there are several, "http:up,tls:down"; if there is none, whether it is
 * unknown.  Nobody probes those that are not declared any more; one that is,
 * and drains, may do so because it is down. */
static void
add_health(struct ctl_table *table, const struct printer *p,
           const struct svec *probes, const struct ctl_member *member,
           bool declared)
{
    struct ds cell = DS_EMPTY_INITIALIZER;

    if (member->state == CTL_MEMBER_BOUND || (declared && member->node)) {
        for (size_t i = 0; i < probes->n; i++) {
            const struct slb_probe *probe = shash_find_data(&p->probes,
                                                            probes->names[i]);

            ds_put_cstr(&cell, i ? "," : "");
            if (probes->n > 1) {
                ds_put_format(&cell, "%s:", probes->names[i]);
            }
            ds_put_cstr(&cell, ctl_member_health(p->state, probe, member));
        }
        if (!probes->n) {
            ds_put_cstr(&cell, ctl_member_health(p->state, NULL, member));
        }
    }
    ctl_table_add_nocopy(table, &cell);
}

static void
add_members(struct ctl_table *table, const struct printer *p,
            const struct slb_load_balancer *lb)
{
    for (size_t i = 0; i < lb->backend_pools.n; i++) {
        const struct slb_pool *pool = lb->backend_pools.at[i];
        size_t n;
        struct ctl_member *members = ctl_state_members(p->state, pool, &n);
        struct svec probes = SVEC_EMPTY_INITIALIZER;

        ctl_pool_probes(lb, pool, &probes);
        for (size_t j = 0; j < n; j++) {
            const struct slb_member *member = (j < pool->members.n
                                               ? pool->members.at[j] : NULL);
            const struct ctl_member *found = &members[j];

            ctl_table_add(table, "%s", lb->obj.name);
            ctl_table_add(table, "%s", pool->obj.name);
            ctl_table_add(table, "%s", found->name);
            if (member && !ipv6_is_zero(&member->address)) {
                add_field(table, &member->obj, "address");
            } else {
                ctl_table_add(table, "%s",
                              found->address ? found->address : "");
            }
            add_if_field(table, member ? &member->obj : NULL, "weight");
            add_if_field(table, member ? &member->obj : NULL, "adminState");
            ctl_table_add(table, "%s", ctl_member_state_name(found->state));
            add_health(table, p, &probes, found, member != NULL);
            ctl_table_add(table, "%s", found->node ? found->node : "");
        }
        svec_destroy(&probes);
        free(members);
    }
}

static void
add_ports(struct ctl_table *table, const struct printer *p,
          const struct slb_load_balancer *lb)
{
    for (size_t i = 0; i < lb->nat_pools.n; i++) {
        const struct slb_nat_pool *pool = lb->nat_pools.at[i];
        const struct slbrec_assigned_port *assigned
            = ctl_state_ports(p->state, pool);

        for (size_t j = 0; assigned && j < assigned->n_ports; j++) {
            struct ds frontend = DS_EMPTY_INITIALIZER;

            format_frontend(p, pool->frontend, true, &frontend);
            ds_put_format(&frontend, ":%"PRId64"/", assigned->key_ports[j]);
            format_field(&pool->obj, "protocol", &frontend);
            ctl_table_add(table, "%s", lb->obj.name);
            ctl_table_add(table, "%s", pool->obj.name);
            ctl_table_add_nocopy(table, &frontend);
            ctl_table_add(table, "%s", assigned->value_ports[j]);
            ctl_table_add(table, "%d", pool->backend_port);
        }
    }
}

/* Prints a table of what 'add' adds for each load balancer. */
static void
print_parts(struct printer *p, const char *const headings[],
            void (*add)(struct ctl_table *, const struct printer *,
                        const struct slb_load_balancer *))
{
    const struct slb_list *objects = p->of->objects;
    struct ctl_table table;

    ctl_table_init(&table, headings);
    for (size_t i = 0; i < objects->n; i++) {
        if (objects->at[i]->class == &slb_load_balancer_class) {
            const struct slb_load_balancer *lb
                = (const struct slb_load_balancer *) objects->at[i];

            begin_load_balancer(p, lb, NULL);
            add(&table, p, lb);
            end_load_balancer(p);
        }
    }
    print(p, &table);
}

void
ctl_overview_print(const struct ctl_overview *overview)
{
    static const char *const frontend_headings[] = {
        "LOADBALANCER", "FRONTEND", "ADDRESS", "FROM", "ZONES", "OPTIONS",
        NULL
    };
    static const char *const member_headings[] = {
        "LOADBALANCER", "BACKENDPOOL", "MEMBER", "ADDRESS", "WEIGHT",
        "ADMINSTATE", "STATE", "HEALTH", "NODE", NULL
    };
    static const char *const port_headings[] = {
        "LOADBALANCER", "INBOUNDNATPOOL", "FRONTEND", "MEMBER", "BACKENDPORT",
        NULL
    };
    struct printer p = { .of = overview, .state = overview->state };

    print_networks(&p);
    print_public_prefixes(&p);
    print_load_balancers(&p);
    if (overview->wide) {
        print_parts(&p, frontend_headings, add_frontends);
        print_parts(&p, member_headings, add_members);
        print_parts(&p, port_headings, add_ports);
    }
    if (overview->wide || overview->status) {
        print_status(&p);
    }
}

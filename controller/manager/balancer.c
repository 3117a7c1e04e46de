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

#include "controller/manager/balancer.h"

#include <stdarg.h>
#include <stdlib.h>

#include "controller/manager/endpoint.h"
#include "controller/manager/nat-ports.h"
#include "controller/manager/network.h"
#include "controller/manager/pool.h"
#include "controller/manager/stage.h"
#include "controller/manager/support.h"
#include "controller/manager/write.h"
#include "lib/mux-protocol.h"
#include "lib/slb-address.h"
#include "lib/slb-outbound.h"
#include "lib/slb-pool.h"
#include "smap.h"
#include "svec.h"
#include "util.h"

/* The object. */

/* Returns the load balancer that 'path', such as "web/rules/http", belongs
 * to. */
struct balancer *
balancer_get(struct state *s, const char *path)
{
    char *name = xmemdup0(path, strcspn(path, "/"));
    struct balancer *b = shash_find_data(&s->balancers, name);

    if (!b) {
        b = xzalloc(sizeof *b);
        b->name = shash_add(&s->balancers, name, b)->name;
        ovs_list_init(&b->rows);
        ovs_list_init(&b->network_node);
        ovs_list_init(&b->prefixes);
        shash_init(&b->pools);
        shash_init(&b->endpoint_rows);
        shash_init(&b->address_rows);
        shash_init(&b->port_rows);
        sset_init(&b->assigned);
        status_init(&b->status);
        problem_list_init(&b->problems);
        problem_list_init(&b->new_problems);
        status_init(&b->compile_status);
        problem_list_init(&b->conflicts);
        ovs_list_init(&b->unparsed_node);
        ovs_list_init(&b->queue_node);
        ovs_list_init(&b->zoned_node);
        ovs_list_init(&b->yielding_node);
    }
    free(name);
    return b;
}

static void
unlist(struct ovs_list *node)
{
    ovs_list_remove(node);
    ovs_list_init(node);
}

static void
destroy_frontends(struct state *s, struct frontend *frontends, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct frontend *f = &frontends[i];

        if (f->taken) {
            assign_remove_taken(&s->assign, f->space, &f->address);
        }
        free(f->space);
        free(f->path);
        for (size_t j = 0; j < f->n_zones; j++) {
            free(f->zones[j]);
        }
        free(f->zones);
        free(f->source);
    }
    free(frontends);
}

static void
destroy_endpoint(struct endpoint *e)
{
    free(e->name);
    free(e->own_path);
    svec_destroy(&e->source_ranges);
}

/* Forgets all that was parsed but pools and frontends. */
static void
unparse(struct state *s, struct balancer *b)
{
    struct prefix_use *use;

    for (size_t i = 0; i < b->n_endpoints; i++) {
        struct endpoint *e = &b->endpoints[i];

        if (e->claimant.claim) {
            claims_remove(&s->claims, &e->claimant);
        }
        destroy_endpoint(e);
    }
    free(b->endpoints);
    b->endpoints = NULL;
    b->n_endpoints = b->allocated_endpoints = 0;

    for (size_t i = 0; i < b->n_nat_pools; i++) {
        free(b->nat_pools[i].name);
        nat_ports_destroy(b->nat_pools[i].ports);
        free(b->nat_pools[i].ports);
    }
    free(b->nat_pools);
    b->nat_pools = NULL;
    b->n_nat_pools = 0;

    LIST_FOR_EACH_POP (use, balancer_node, &b->prefixes) {
        ovs_list_remove(&use->prefix_node);
        public_prefix_destroy_if_unused(s, use->prefix);
        free(use);
    }
    if (b->network) {
        struct network *network = b->network;

        b->network = NULL;
        unlist(&b->network_node);
        network_destroy_if_unused(s, network);
    }
    unlist(&b->zoned_node);
    unlist(&b->yielding_node);
    status_clear(&b->status);
}

static void
remove_timer(struct state *s, struct balancer *b)
{
    if (b->has_timer) {
        heap_remove(&s->timers, &b->timer);
        b->has_timer = false;
    }
}

static void
unqueue(struct state *s, struct balancer *b)
{
    if (balancer_is_queued(b)) {
        unlist(&b->queue_node);
        s->n_queued--;
        s->n_pulled -= b->pulled;
        b->pulled = false;
    }
}

static void
forget_row(struct state *s, struct balancer_row *br)
{
    balancer_row_set_stages(s, br, "", "");
    state_detach(s, &br->row_ref);
    ovs_list_remove(&br->balancer_node);
    free(br);
}

static void
forget_assigned_row(struct state *s, struct shash *rows,
                    struct assigned_row *ar)
{
    state_detach(s, &ar->row_ref);
    shash_find_and_delete(rows, ar->name);
    free(ar);
}

/* Does not look at any row, since all may be gone. */
void
balancer_destroy(struct state *s, struct balancer *b)
{
    struct balancer_row *br;
    struct shash_node *node;

    unparse(s, b);
    destroy_frontends(s, b->frontends, b->n_frontends);
    SHASH_FOR_EACH_SAFE (node, &b->pools) {
        pool_destroy(s, node->data);
    }
    shash_destroy(&b->pools);
    SHASH_FOR_EACH_SAFE (node, &b->endpoint_rows) {
        endpoint_row_forget(s, node->data);
    }
    shash_destroy(&b->endpoint_rows);
    SHASH_FOR_EACH_SAFE (node, &b->address_rows) {
        forget_assigned_row(s, &b->address_rows, node->data);
    }
    shash_destroy(&b->address_rows);
    SHASH_FOR_EACH_SAFE (node, &b->port_rows) {
        forget_assigned_row(s, &b->port_rows, node->data);
    }
    shash_destroy(&b->port_rows);
    sset_destroy(&b->assigned);
    LIST_FOR_EACH_SAFE (br, balancer_node, &b->rows) {
        forget_row(s, br);
    }

    problems_remove(&s->problems, &b->problems);
    svec_destroy(&b->new_problems.texts);
    problems_remove(&s->problems, &b->conflicts);
    status_destroy(&b->status);
    status_destroy(&b->compile_status);
    ovs_list_remove(&b->unparsed_node);
    unqueue(s, b);
    remove_timer(s, b);
    shash_find_and_delete(&s->balancers, b->name);
    free(b);
}

static bool
is_unused(const struct balancer *b)
{
    return (ovs_list_is_empty(&b->rows) && shash_is_empty(&b->pools)
            && shash_is_empty(&b->endpoint_rows)
            && shash_is_empty(&b->address_rows)
            && shash_is_empty(&b->port_rows));
}

/* Adds a problem to 'problems' and to 'status'. */
void
balancer_add_problem(struct balancer *b, struct problem_list *problems,
                     struct status *status, const char *path,
                     const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = xvasprintf(format, args);
    va_end(args);
    problem_list_add(problems, "%s%s%s: %s", b->name, path[0] ? "/" : "",
                     path, text);
    status_add_nocopy(status, xstrdup(path), text);
}

/* What was added to 'status' last is a problem, too. */
static void
add_status_as_problem(const struct balancer *b, struct problem_list *problems,
                      const struct status *status)
{
    const struct status_text *t = &status->texts[status->n - 1];

    problem_list_add(problems, "%s/%s: %s", b->name, t->path, t->text);
}

/* What has to be done. */

bool
balancer_is_queued(const struct balancer *b)
{
    return !ovs_list_is_empty(&b->queue_node);
}

/* 'b' has to be parsed and compiled. */
void
balancer_set_changed(struct state *s, struct balancer *b)
{
    if (ovs_list_is_empty(&b->unparsed_node)) {
        ovs_list_push_back(&s->unparsed, &b->unparsed_node);
    }
    b->parsing = false;
    balancer_set_dirty(s, b, false);
}

/* 'b' has to be compiled, before all others if it is 'urgent'. */
void
balancer_set_dirty(struct state *s, struct balancer *b, bool urgent)
{
    if (!balancer_is_queued(b)) {
        if (urgent) {
            ovs_list_push_front(&s->queue, &b->queue_node);
        } else {
            ovs_list_push_back(&s->queue, &b->queue_node);
        }
        s->n_queued++;
    }
}

/* If 'b' has to be compiled, this has to be in the same transaction. */
void
balancer_pull(struct state *s, struct balancer *b)
{
    if (balancer_is_queued(b) && !b->pulled) {
        ovs_list_remove(&b->queue_node);
        ovs_list_push_front(&s->queue, &b->queue_node);
        b->pulled = true;
        s->n_pulled++;
    }
}

/* Parsing: frontends. */

static void
use_prefix(struct balancer *b, struct public_prefix *prefix)
{
    struct prefix_use *use = xzalloc(sizeof *use);

    use->prefix = prefix;
    use->balancer = b;
    ovs_list_push_back(&prefix->uses, &use->prefix_node);
    ovs_list_push_back(&b->prefixes, &use->balancer_node);
}

/* Returns the network, 'b''s or a peer of it, that contains 'address', NULL if
 * none does. */
static const struct network *
find_network(const struct state *s, const struct balancer *b,
             const struct in6_addr *address)
{
    if (network_contains(b->network, address)) {
        return b->network;
    }
    for (size_t i = 0; i < b->network->peerings.n; i++) {
        const struct network *peer = network_find_peer(s, b->network, i);

        if (peer && network_contains(peer, address)) {
            return peer;
        }
    }
    return NULL;
}

/* Decides where 'f''s address comes from: sets either 'source' or, if it has
 * one of its own, 'address'.  'f' is not usable if there is neither. */
static void
parse_frontend_address(struct state *s, struct balancer *b,
                       const struct slbrec_frontend *row, struct frontend *f,
                       const char *path)
{
    bool has_address = row->address[0] != '\0';

    if (has_address && !slb_address_parse(row->address, &f->address)) {
        balancer_add_problem(b, &b->new_problems, &b->status, path,
                             "\"%s\" is no address", row->address);
        return;
    }
    f->ipv6 = has_address && !slb_address_is_v4(&f->address);
    if (row->public_ip_prefix[0]) {
        struct public_prefix *prefix
            = public_prefix_get(s, row->public_ip_prefix);

        use_prefix(b, prefix);
        if (!has_address) {
            f->source = assign_prefix_source(prefix->name);
            f->ipv6 = (prefix->valid
                       && !slb_address_is_v4(&prefix->prefix.address));
            f->usable = true;
        } else if (!prefix->valid
                   || !slb_prefix_contains(&prefix->prefix, &f->address)) {
            balancer_add_problem(b, &b->new_problems, &b->status, path,
                                 "address %s is not in public IP prefix %s",
                                 row->address, prefix->name);
        } else {
            f->usable = true;
        }
    } else if (row->subnet[0]) {
        const struct network_subnet *subnet
            = network_find_subnet(b->network, row->subnet);

        f->internal = true;
        f->network = b->network;
        if (!subnet) {
            balancer_add_problem(b, &b->new_problems, &b->status, path,
                                 "there is no subnet %s in network %s",
                                 row->subnet, b->network->name);
        } else if (!has_address) {
            f->source = assign_subnet_source(b->network->name, subnet->name);
            f->ipv6 = !slb_address_is_v4(&subnet->prefix.address);
            f->usable = true;
        } else if (!slb_prefix_contains(&subnet->prefix, &f->address)) {
            balancer_add_problem(b, &b->new_problems, &b->status, path,
                                 "address %s is not in subnet %s",
                                 row->address, subnet->name);
        } else {
            f->usable = true;
        }
    } else if (has_address) {
        f->network = find_network(s, b, &f->address);
        f->internal = f->network != NULL;
        f->usable = true;
    } else {
        balancer_add_problem(b, &b->new_problems, &b->status, path,
                             "has no address");
    }
}

/* Returns the frontend whose address, which was assigned to it, 'f' declares;
 * NULL if there is none. */
static const char *
find_holder(const struct state *s, const struct frontend *f)
{
    const char *holder = assign_find_holder(&s->assign, f->space,
                                            &f->address);

    return holder && strcmp(holder, f->path) ? holder : NULL;
}

/* Parses 'f' but for an address that is assigned. */
static void
parse_frontend(struct state *s, struct balancer *b,
               const struct slbrec_frontend *row, struct frontend *f)
{
    f->path = xasprintf("%s/frontends/%s", b->name, row->name);
    f->name = f->path + strlen(b->name) + strlen("/frontends/");
    f->intent = row;
    f->n_zones = row->n_zones;
    f->zones = xcalloc(row->n_zones, sizeof *f->zones);
    for (size_t i = 0; i < row->n_zones; i++) {
        f->zones[i] = xstrdup(row->zones[i]);
    }

    f->echo = !row->n_enable_icmp_echo || row->enable_icmp_echo[0];
    f->reject = row->enable_reject;

    const char *path = f->path + strlen(b->name) + 1;
    parse_frontend_address(s, b, row, f, path);
    f->space = f->internal && f->network ? xstrdup(f->network->name) : NULL;
    if (f->usable && !f->source) {
        const char *holder = find_holder(s, f);

        if (holder) {
            status_add_address_conflict(&b->status, path, &f->address, holder);
            add_status_as_problem(b, &b->new_problems, &b->status);
            f->usable = false;
            f->yields = true;
            if (ovs_list_is_empty(&b->yielding_node)) {
                ovs_list_push_back(&s->yielding, &b->yielding_node);
            }
        } else {
            assign_add_taken(&s->assign, f->space, &f->address);
            f->taken = true;
        }
    }
    support_frontend(&b->status, f->name, row->fastpath);
    if (f->n_zones) {
        status_add_zones(&b->status, f->name, f->zones, f->n_zones,
                         &s->mux_zones);
        if (ovs_list_is_empty(&b->zoned_node)) {
            ovs_list_push_back(&s->zoned, &b->zoned_node);
        }
    }
}

/* Takes assigned addresses from the frontends that do not want one any
 * more. */
static void
release_addresses(struct state *s, struct balancer *b)
{
    struct sset before = SSET_INITIALIZER(&before);
    const char *path;

    sset_swap(&before, &b->assigned);
    for (size_t i = 0; i < b->n_frontends; i++) {
        const struct frontend *f = &b->frontends[i];

        if (f->source) {
            sset_find_and_delete(&before, f->path);
            sset_add(&b->assigned, f->path);
        }
    }
    SSET_FOR_EACH (path, &before) {
        assign_release(&s->assign, path);
    }
    sset_destroy(&before);
}

/* Assigns addresses to the frontends that want one. */
static void
assign_addresses(struct state *s, struct balancer *b)
{
    for (size_t i = 0; i < b->n_frontends; i++) {
        struct frontend *f = &b->frontends[i];

        if (f->source) {
            char *problem = assign_get(&s->assign, f->path, f->source,
                                       &f->address);

            f->usable = !problem;
            if (problem) {
                balancer_add_problem(b, &b->new_problems, &b->status,
                                     f->path + strlen(b->name) + 1, "%s",
                                     problem);
                free(problem);
            }
        }
    }
}

static int
compare_frontends(const void *a_, const void *b_)
{
    const struct slbrec_frontend *const *a = a_;
    const struct slbrec_frontend *const *b = b_;

    return strcmp((*a)->name, (*b)->name);
}

static void
parse_frontends(struct state *s, struct balancer *b)
{
    const struct slbrec_load_balancer *lb = b->intent;
    const struct slbrec_frontend **sorted
        = xmemdup(lb->frontends, lb->n_frontends * sizeof *lb->frontends);

    qsort(sorted, lb->n_frontends, sizeof *sorted, compare_frontends);
    b->frontends = xcalloc(lb->n_frontends, sizeof *b->frontends);
    for (size_t i = 0; i < lb->n_frontends; i++) {
        const struct slbrec_frontend *row = sorted[i];

        if (i && !strcmp(row->name, sorted[i - 1]->name)) {
            char *path = xasprintf("frontends/%s", row->name);

            balancer_add_problem(b, &b->new_problems, &b->status, path,
                                 "there are several frontends of this name");
            free(path);
        } else {
            parse_frontend(s, b, row, &b->frontends[b->n_frontends++]);
        }
    }
    free(sorted);
}

static const struct frontend *
find_frontend(const struct balancer *b, const struct slbrec_frontend *row)
{
    for (size_t i = 0; i < b->n_frontends; i++) {
        if (b->frontends[i].intent == row) {
            return &b->frontends[i];
        }
    }
    return NULL;
}

/* Parsing: pools. */

/* A pool as it is declared, with the probe of the rules that use it. */
struct declared_pool {
    const struct slbrec_backend_pool *row;
    const struct slbrec_probe *probe; /* NULL for none. */
    bool ipv6;                  /* Of which family members by name are. */
    struct pool *pool;
};

struct declared_pools {
    struct declared_pool *list;
    size_t n;
};

static const struct declared_pool *
find_pool(const struct declared_pools *pools,
          const struct slbrec_backend_pool *row,
          const struct slbrec_probe *probe)
{
    for (size_t i = 0; i < pools->n; i++) {
        if (pools->list[i].row == row && pools->list[i].probe == probe) {
            return &pools->list[i];
        }
    }
    return NULL;
}

static bool
has_members_by_name(const struct slbrec_backend_pool *row)
{
    const struct smap_node *node;

    SMAP_FOR_EACH (node, &row->members) {
        struct in6_addr address;

        if (!node->value[0] && !slb_address_parse(node->key, &address)) {
            return true;
        }
    }
    return false;
}

/* Returns true if the pool is used, but for IPv6 frontends only.  Members by
 * name have one address each, so such a pool cannot serve both families. */
static bool
pool_is_ipv6(const struct balancer *b, const struct slbrec_backend_pool *row)
{
    bool ipv6 = false;

    for (size_t i = 0; i < b->intent->n_rules; i++) {
        const struct slbrec_rule *rule = b->intent->rules[i];
        const struct frontend *f = (rule->backend_pool == row
                                    ? find_frontend(b, rule->frontend)
                                    : NULL);

        if (f && f->usable) {
            if (!f->ipv6) {
                return false;
            }
            ipv6 = true;
        }
    }
    return ipv6;
}

static int
compare_names(const void *a_, const void *b_)
{
    char *const *a = a_;
    char *const *b = b_;

    return strcmp(*a, *b);
}

static int
find_weight(const struct slbrec_backend_pool *row, const char *member)
{
    char **found = (row->n_member_weights
                    ? bsearch(&member, row->key_member_weights,
                              row->n_member_weights,
                              sizeof *row->key_member_weights, compare_names)
                    : NULL);

    return found ? row->value_member_weights[found - row->key_member_weights]
                 : 1;
}

static void
parse_pool(struct state *s, struct balancer *b,
           const struct slbrec_backend_pool *row, bool ipv6,
           struct pool *pool)
{
    struct pool_declared *declared = xcalloc(smap_count(&row->members),
                                             sizeof *declared);
    char *path = xasprintf("backendPools/%s", row->name);
    const struct smap_node *node;
    size_t n = 0;

    SMAP_FOR_EACH (node, &row->members) {
        const char *admin_state = smap_get_def(&row->member_admin_states,
                                               node->key, "");
        struct pool_declared *d = &declared[n++];

        d->name = node->key;
        d->address = node->value;

        /* A name that is an address is one. */
        struct in6_addr address;
        if (!d->address[0] && slb_address_parse(d->name, &address)) {
            d->address = d->name;
        }
        d->weight = (strcmp(admin_state, "Down") ? find_weight(row, d->name)
                     : 0);
        d->up = !strcmp(admin_state, "Up");
    }
    pool_parse(s, pool, declared, n, ipv6, path, &b->status);
    free(declared);
    free(path);
}

/* 'row' is NULL for no probe. */
static void
parse_probe(const struct state *s, const struct balancer *b,
            const struct slbrec_backend_pool *bp,
            const struct slbrec_probe *row, struct pool *pool)
{
    struct pool_probe probe = {
        .config = SMAP_INITIALIZER(&probe.config),
        .silent_down = !strcmp(bp->silent_host_behavior, "Down"),
    };

    if (row) {
        probe.all_up = !strcmp(row->no_healthy_backends_behavior,
                               "AllProbedUp");
        smap_add_format(&probe.config, "name", "%s/probes/%s", b->name,
                        row->name);
        smap_add(&probe.config, "protocol", row->protocol);
        smap_add_format(&probe.config, "port", "%"PRId64, row->port);
        smap_add(&probe.config, "path", row->request_path);
        smap_add_format(&probe.config, "interval", "%"PRId64, row->interval);
        smap_add_format(&probe.config, "probes", "%"PRId64,
                        row->number_of_probes);
    }
    pool_set_probe(s, pool, &probe);
    smap_destroy(&probe.config);
}

/* Returns the tunnel key of the pool that 'pool', which is that of 'row' for
 * the rules with 'probe', is to begin as a copy of: of another one of 'row'
 * that such a rule, the first one by name, uses so far.  0 if there is none. */
static uint32_t
find_predecessor(const struct state *s, const struct balancer *b,
                 const struct slbrec_backend_pool *row,
                 const struct slbrec_probe *probe, const struct pool *pool)
{
    size_t length = slb_pool_name_length(pool->name);
    const char *first = NULL;
    uint32_t key = 0;

    if (pool->row_ref.row || shash_is_empty(&b->endpoint_rows)) {
        return 0;
    }
    for (size_t i = 0; i < b->intent->n_rules; i++) {
        const struct slbrec_rule *rule = b->intent->rules[i];

        if (rule->backend_pool == row && rule->probe == probe
            && (!first || strcmp(rule->name, first) < 0)) {
            char *name = xasprintf("%s/rules/%s", b->name, rule->name);
            const struct endpoint_row *er = shash_find_data(&b->endpoint_rows,
                                                            name);
            const struct slbrec_endpoint *e = er ? er->row_ref.row : NULL;
            const struct pool *used = (e ? pool_find_by_key(s, e->pool_key)
                                       : NULL);

            if (used && used->balancer == b
                && slb_pool_name_length(used->name) == length
                && !strncmp(used->name, pool->name, length)) {
                first = rule->name;
                key = used->key;
            }
            free(name);
        }
    }
    return key;
}

/* Adds the pool of 'row' whose members are healthy if 'probe', which may be
 * NULL, says so.  Returns false if there is one of that name already. */
static bool
declare_pool(struct state *s, struct balancer *b,
             const struct slbrec_backend_pool *row,
             const struct slbrec_probe *probe, struct declared_pools *pools)
{
    char *name = xasprintf("%s/backendPools/%s%s%s", b->name, row->name,
                           probe ? "/probes/" : "", probe ? probe->name : "");
    struct pool *pool = pool_get(b, name);
    bool new = !pool->declared;

    if (new) {
        bool ipv6 = pool_is_ipv6(b, row);

        pool->declared = true;
        pools->list[pools->n++] = (struct declared_pool) {
            .row = row, .probe = probe, .ipv6 = ipv6, .pool = pool,
        };
        pool->predecessor_key = find_predecessor(s, b, row, probe, pool);
        parse_probe(s, b, row, probe, pool);
        parse_pool(s, b, row, ipv6, pool);
    }
    free(name);
    return new;
}

/* Adds the pools of 'row': one for each probe of a rule that uses it, and one
 * for rules without, also if there are no rules at all. */
static void
declare_pools(struct state *s, struct balancer *b,
              const struct slbrec_backend_pool *row,
              struct declared_pools *pools)
{
    const struct slbrec_load_balancer *lb = b->intent;
    size_t n_before = pools->n;
    bool ok = true;

    for (size_t i = 0; i < lb->n_rules; i++) {
        const struct slbrec_rule *rule = lb->rules[i];

        if (rule->backend_pool == row
            && !find_pool(pools, row, rule->probe)) {
            ok &= declare_pool(s, b, row, rule->probe, pools);
        }
    }
    if (ok && pools->n == n_before) {
        ok = declare_pool(s, b, row, NULL, pools);
    }
    if (!ok) {
        char *path = xasprintf("backendPools/%s", row->name);

        balancer_add_problem(b, &b->new_problems, &b->status, path,
                             "there are several pools of this name");
        free(path);
    }
}

static void
parse_pools(struct state *s, struct balancer *b, struct declared_pools *pools)
{
    const struct slbrec_load_balancer *lb = b->intent;

    pools->list = xcalloc(lb->n_backend_pools + lb->n_rules,
                          sizeof *pools->list);
    for (size_t i = 0; i < lb->n_backend_pools; i++) {
        declare_pools(s, b, lb->backend_pools[i], pools);
    }
}

/* Returns the address that a member called 'target' declares, "" if there is
 * none. */
static const char *
find_member_address(const struct balancer *b, const char *target)
{
    for (size_t i = 0; i < b->intent->n_backend_pools; i++) {
        const char *address
            = smap_get(&b->intent->backend_pools[i]->members, target);

        if (address && address[0]) {
            return address;
        }
    }
    return "";
}

/* Returns the pool whose only member is 'target', the name of a NIC or an
 * address, of 'f''s family; 'path' refers to it.  If the target's address is
 * one of the other family, adds a problem and returns NULL. */
static struct pool *
parse_nat_target(struct state *s, struct balancer *b, const char *target,
                 const struct frontend *f, const char *path)
{
    struct in6_addr address;
    struct pool_declared d = {
        .name = target,
        .address = (slb_address_parse(target, &address) ? target
                    : find_member_address(b, target)),
        .weight = 1,
    };

    if (d.address[0] && slb_address_parse(d.address, &address)
        && slb_address_is_v4(&address) == f->ipv6) {
        balancer_add_problem(b, &b->new_problems, &b->status, path,
                             "target %s has address %s, but frontend %s an "
                             "IPv%c address", target, d.address, f->name,
                             f->ipv6 ? '6' : '4');
        return NULL;
    }

    char *name = xasprintf("%s/nat/%s%s", b->name, target,
                           f->ipv6 ? "/ipv6" : "");
    struct pool *pool = pool_get(b, name);
    if (!pool->declared) {
        pool->declared = true;
        pool_parse(s, pool, &d, 1, f->ipv6, path, &b->status);
    }
    free(name);
    return pool;
}

/* Parsing: endpoints. */

static struct endpoint *
add_endpoint(struct balancer *b, const struct frontend *f, struct pool *pool,
             char *name, int protocol, int port)
{
    if (b->n_endpoints >= b->allocated_endpoints) {
        b->endpoints = x2nrealloc(b->endpoints, &b->allocated_endpoints,
                                  sizeof *b->endpoints);
    }

    struct endpoint *e = &b->endpoints[b->n_endpoints++];
    *e = (struct endpoint) {
        .balancer = b,
        .name = name,
        .path = name + strlen(b->name) + 1,
        .frontend = f,
        .pool = pool,
        .load_distribution = "Default",
        .source_ranges = SVEC_EMPTY_INITIALIZER,
    };
    e->key.network_key = f->internal ? f->network->key : 0;
    e->key.protocol = protocol;
    e->key.port = port;
    return e;
}

static int
parse_protocol(const char *protocol)
{
    return (!strcmp(protocol, "Tcp") ? IPPROTO_TCP
            : !strcmp(protocol, "Udp") ? IPPROTO_UDP
            : 0);
}

/* Reports that 'what' is not usable, unless the reason was told already. */
static void
add_unusable(struct balancer *b, const char *list, const char *name,
             const struct frontend *f)
{
    if (!f) {
        char *path = xasprintf("%s/%s", list, name);

        balancer_add_problem(b, &b->new_problems, &b->status, path,
                             "its frontend or pool is not usable");
        free(path);
    }
}

static const char *
parse_load_distribution(const char *s)
{
    return (!strcmp(s, "SourceIP") ? "SourceIP"
            : !strcmp(s, "SourceIPProtocol") ? "SourceIPProtocol"
            : "Default");
}

/* Adds a problem about 'rule' and returns false if its frontend 'f' cannot
 * have such a rule. */
static bool
check_rule(struct balancer *b, const struct slbrec_rule *rule,
           const struct frontend *f, const struct declared_pool *dp)
{
    char *path = xasprintf("rules/%s", rule->name);
    size_t n_problems = b->status.n;

    if (dp->ipv6 != f->ipv6 && has_members_by_name(dp->row)) {
        balancer_add_problem(b, &b->new_problems, &b->status, path,
                             "pool %s serves IPv%c for other rules, and its "
                             "members by name have one address each: IPv%c "
                             "needs a pool of its own", dp->row->name,
                             dp->ipv6 ? '6' : '4', f->ipv6 ? '6' : '4');
    }

    /* Such a rule is never in force with some of its ranges only: it would
     * keep out whom it should let in, or even, without any, the other way
     * round. */
    for (size_t i = 0; i < rule->n_source_ranges; i++) {
        const char *text = rule->source_ranges[i];
        struct slb_prefix prefix;

        if (!slb_prefix_parse(text, &prefix)
            || slb_prefix_has_host_bits(&prefix)
            || slb_address_is_v4(&prefix.address) == f->ipv6) {
            balancer_add_problem(b, &b->new_problems, &b->status, path,
                                 "source range \"%s\" is no IPv%c prefix",
                                 text, f->ipv6 ? '6' : '4');
            break;
        }
    }
    if (rule->n_source_ranges > MUX_PROTOCOL_MAX_RANGES) {
        balancer_add_problem(b, &b->new_problems, &b->status, path,
                             "there are %"PRIuSIZE" source ranges, %d are "
                             "possible", rule->n_source_ranges,
                             MUX_PROTOCOL_MAX_RANGES);
    }
    if (!parse_protocol(rule->protocol) && !f->internal) {
        balancer_add_problem(b, &b->new_problems, &b->status, path,
                             "protocol All is for internal frontends only");
    }
    free(path);
    return b->status.n == n_problems;
}

static void
parse_rule(struct balancer *b, const struct slbrec_rule *rule,
           const struct declared_pools *pools)
{
    const struct frontend *f = find_frontend(b, rule->frontend);
    const struct declared_pool *dp = find_pool(pools, rule->backend_pool,
                                               rule->probe);
    int protocol = parse_protocol(rule->protocol);

    support_rule(&b->status, rule->name, rule->disable_outbound_snat);
    if (!f || !f->usable || !dp) {
        add_unusable(b, "rules", rule->name, dp ? f : NULL);
    } else if (check_rule(b, rule, f, dp)) {
        struct endpoint *e
            = add_endpoint(b, f, dp->pool,
                           xasprintf("%s/rules/%s", b->name, rule->name),
                           protocol, protocol ? rule->frontend_port : 0);
        e->backend_port = protocol ? rule->backend_port : 0;
        e->load_distribution
            = parse_load_distribution(rule->load_distribution);
        e->idle_timeout = rule->idle_timeout * 60;
        e->floating_ip = rule->enable_floating_ip;
        e->tcp_reset = rule->enable_tcp_reset;
        e->reject = rule->enable_reject;
        for (size_t i = 0; i < rule->n_source_ranges; i++) {
            svec_add(&e->source_ranges, rule->source_ranges[i]);
        }
    }
}

static void
parse_nat_rule(struct state *s, struct balancer *b,
               const struct slbrec_inbound_nat_rule *rule)
{
    const struct frontend *f = find_frontend(b, rule->frontend);
    int protocol = parse_protocol(rule->protocol);

    if (!f || !f->usable) {
        add_unusable(b, "inboundNatRules", rule->name, f);
    } else {
        char *name = xasprintf("%s/inboundNatRules/%s", b->name, rule->name);
        struct pool *pool = parse_nat_target(s, b, rule->target, f,
                                             name + strlen(b->name) + 1);

        if (!pool) {
            free(name);
            return;
        }
        struct endpoint *e = add_endpoint(b, f, pool, name, protocol,
                                          rule->frontend_port);
        e->backend_port = rule->backend_port;
        e->idle_timeout = rule->idle_timeout * 60;
        e->floating_ip = rule->enable_floating_ip;
        e->tcp_reset = rule->enable_tcp_reset;
    }
}

/* Gives the members of 'rule''s pool their ports. */
static struct nat_ports *
parse_nat_ports(struct balancer *b, const struct slbrec_inbound_nat_pool *rule,
                const char *name)
{
    const struct smap *members = &rule->backend_pool->members;
    const char **names = xcalloc(smap_count(members), sizeof *names);
    const struct assigned_row *ar = shash_find_data(&b->port_rows, name);
    struct nat_ports *np = xmalloc(sizeof *np);
    uint16_t first = rule->frontend_port_range_start;
    uint16_t last = rule->frontend_port_range_end;
    const struct smap_node *node;
    size_t n = 0;

    SMAP_FOR_EACH (node, members) {
        names[n++] = node->key;
    }
    nat_ports_init(np);
    if (ar) {
        const struct slbrec_assigned_port *row = ar->row_ref.row;

        nat_ports_restore(np, row->key_ports, row->value_ports, row->n_ports);
    }
    ignore(nat_ports_update(np, first, last, names, n));

    char *problem = nat_ports_problem(np, first, last, names, n);
    if (problem) {
        balancer_add_problem(b, &b->new_problems, &b->status,
                             name + strlen(b->name) + 1, "%s", problem);
        free(problem);
    }
    free(names);
    return np;
}

static void
parse_nat_pool(struct state *s, struct balancer *b,
               const struct slbrec_inbound_nat_pool *rule)
{
    const struct frontend *f = find_frontend(b, rule->frontend);
    int protocol = parse_protocol(rule->protocol);
    struct nat_pool *np = &b->nat_pools[b->n_nat_pools];

    if (!rule->backend_pool || !rule->frontend) {
        add_unusable(b, "inboundNatPools", rule->name, NULL);
        return;
    }
    np->name = xasprintf("%s/inboundNatPools/%s", b->name, rule->name);
    for (size_t i = 0; i < b->n_nat_pools; i++) {
        if (!strcmp(b->nat_pools[i].name, np->name)) {
            balancer_add_problem(b, &b->new_problems, &b->status,
                                 np->name + strlen(b->name) + 1,
                                 "there are several of this name");
            free(np->name);
            return;
        }
    }
    np->ports = parse_nat_ports(b, rule, np->name);
    b->n_nat_pools++;
    if (!f || !f->usable) {
        add_unusable(b, "inboundNatPools", rule->name, f);
        return;
    }
    for (size_t i = 0; i < np->ports->n; i++) {
        struct pool *pool = parse_nat_target(s, b, np->ports->members[i], f,
                                             np->name + strlen(b->name) + 1);

        if (!pool) {
            continue;
        }
        struct endpoint *e
            = add_endpoint(b, f, pool,
                           xasprintf("%s/%"PRId64, np->name,
                                     np->ports->ports[i]),
                           protocol, np->ports->ports[i]);

        e->path = e->own_path = xasprintf("inboundNatPools/%s", rule->name);
        e->backend_port = rule->backend_port;
        e->idle_timeout = rule->idle_timeout * 60;
        e->floating_ip = rule->enable_floating_ip;
        e->tcp_reset = rule->enable_tcp_reset;
    }
}

/* Returns the number of ports that 'frontend' has for outbound connections. */
static uint32_t
count_outbound_ports(const struct slbrec_load_balancer *lb,
                     const struct slbrec_frontend *frontend)
{
    struct slb_outbound_listeners listeners;

    slb_outbound_listeners_init(&listeners);
    for (size_t i = 0; i < lb->n_rules; i++) {
        const struct slbrec_rule *rule = lb->rules[i];

        if (rule->frontend == frontend && rule->frontend_port) {
            slb_outbound_listen(&listeners, rule->frontend_port,
                                rule->frontend_port);
        }
    }
    for (size_t i = 0; i < lb->n_inbound_nat_rules; i++) {
        const struct slbrec_inbound_nat_rule *rule = lb->inbound_nat_rules[i];

        if (rule->frontend == frontend) {
            slb_outbound_listen(&listeners, rule->frontend_port,
                                rule->frontend_port);
        }
    }
    for (size_t i = 0; i < lb->n_inbound_nat_pools; i++) {
        const struct slbrec_inbound_nat_pool *rule = lb->inbound_nat_pools[i];

        if (rule->frontend == frontend
            && rule->frontend_port_range_start
               <= rule->frontend_port_range_end) {
            slb_outbound_listen(&listeners, rule->frontend_port_range_start,
                                rule->frontend_port_range_end);
        }
    }
    return slb_outbound_available(&listeners);
}

static void
parse_outbound_rule(struct balancer *b,
                    const struct slbrec_outbound_rule *rule)
{
    struct support_outbound support = {
        .name = rule->name,
        .allocated_ports = rule->allocated_outbound_ports,
        .n_members = (rule->backend_pool
                      ? smap_count(&rule->backend_pool->members) : 0),
    };

    for (size_t i = 0; i < rule->n_frontends; i++) {
        support.available += count_outbound_ports(b->intent,
                                                  rule->frontends[i]);
    }
    support_outbound_rule(&b->status, &support);
}

static int
compare_endpoints(const void *a_, const void *b_)
{
    const struct endpoint *a = a_, *b = b_;

    return strcmp(a->name, b->name);
}

/* What 'b''s frontends have addresses for claims what it forwards. */
static void
claim_endpoints(struct state *s, struct balancer *b)
{
    size_t n = 0;

    if (b->n_endpoints) {
        qsort(b->endpoints, b->n_endpoints, sizeof *b->endpoints,
              compare_endpoints);
    }
    for (size_t i = 0; i < b->n_endpoints; i++) {
        struct endpoint *e = &b->endpoints[i];

        if (n && !strcmp(e->name, b->endpoints[n - 1].name)) {
            balancer_add_problem(b, &b->new_problems, &b->status, e->path,
                                 "there are several rules of this name");
            destroy_endpoint(e);
        } else if (!e->frontend->usable) {
            destroy_endpoint(e);
        } else {
            b->endpoints[n++] = *e;
        }
    }
    b->n_endpoints = n;
    for (size_t i = 0; i < n; i++) {
        struct endpoint *e = &b->endpoints[i];

        b->frontends[e->frontend - b->frontends].has_endpoints = true;
        e->key.vip = e->frontend->address;
        claims_add(&s->claims, &e->claimant, e->name, &e->key);
    }
}

/* Parsing.
 *
 * This is done in three steps for all load balancers that are to be parsed,
 * because what users and ports have is not given to others: first the
 * frontends' own addresses are taken in, then pools and NAT targets, and only
 * then, when it is known which ports there are and which addresses are given
 * back, addresses are assigned and the endpoints claimed. */

static void
parse_own_addresses(struct state *s, struct balancer *b)
{
    struct frontend *frontends = b->frontends;
    size_t n_frontends = b->n_frontends;

    unparse(s, b);
    b->frontends = NULL;
    b->n_frontends = 0;
    if (b->intent) {
        support_load_balancer(&b->status, !strcmp(b->intent->tier, "Global"));
        b->network = network_get(s, b->intent->network);
        ovs_list_push_back(&b->network->balancers, &b->network_node);
        if (network_is_usable(b->network)) {
            parse_frontends(s, b);
        } else {
            balancer_add_problem(b, &b->new_problems, &b->status, "",
                                 "network %s is not usable",
                                 b->intent->network);
        }
    }

    /* Their addresses stay taken until here, so that nobody who waits for one
     * is woken for nothing. */
    destroy_frontends(s, frontends, n_frontends);
}

static void
parse_intent(struct state *s, struct balancer *b)
{
    const struct slbrec_load_balancer *lb = b->intent;
    struct declared_pools pools = { NULL, 0 };

    parse_pools(s, b, &pools);
    for (size_t i = 0; i < lb->n_rules; i++) {
        parse_rule(b, lb->rules[i], &pools);
    }
    for (size_t i = 0; i < lb->n_inbound_nat_rules; i++) {
        parse_nat_rule(s, b, lb->inbound_nat_rules[i]);
    }
    b->nat_pools = xcalloc(lb->n_inbound_nat_pools, sizeof *b->nat_pools);
    for (size_t i = 0; i < lb->n_inbound_nat_pools; i++) {
        parse_nat_pool(s, b, lb->inbound_nat_pools[i]);
    }
    for (size_t i = 0; i < lb->n_outbound_rules; i++) {
        parse_outbound_rule(b, lb->outbound_rules[i]);
    }
    free(pools.list);
}

static void
parse_members(struct state *s, struct balancer *b)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &b->pools) {
        struct pool *pool = node->data;

        pool->declared = false;
    }
    if (b->intent && network_is_usable(b->network)) {
        parse_intent(s, b);
    }
    SHASH_FOR_EACH_SAFE (node, &b->pools) {
        struct pool *pool = node->data;

        if (!pool->declared && !pool->row_ref.row) {
            pool_destroy(s, pool);
        } else if (!pool->declared) {
            static const struct pool_probe none
                = { .config = SMAP_INITIALIZER(&none.config) };

            pool_set_probe(s, pool, &none);
            pool_parse(s, pool, NULL, 0, false, "", &b->status);
        }
    }
}

/* What was assigned to others may be free now. */
static void
wake_yielding(struct state *s)
{
    struct balancer *b;

    LIST_FOR_EACH (b, yielding_node, &s->yielding) {
        for (size_t i = 0; i < b->n_frontends; i++) {
            const struct frontend *f = &b->frontends[i];

            if (f->yields && !find_holder(s, f)) {
                balancer_set_changed(s, b);
            }
        }
    }
}

/* Parses all load balancers that are to be parsed and not in flight.  Returns
 * true if there were any. */
bool
balancers_parse(struct state *s)
{
    struct ovs_list list = OVS_LIST_INITIALIZER(&list);
    struct balancer *b;

    LIST_FOR_EACH_SAFE (b, unparsed_node, &s->unparsed) {
        if (!state_is_in_flight(s, b->flight)) {
            ovs_list_remove(&b->unparsed_node);
            ovs_list_push_back(&list, &b->unparsed_node);
        }
    }
    if (ovs_list_is_empty(&list)) {
        return false;
    }
    LIST_FOR_EACH (b, unparsed_node, &list) {
        b->parsing = true;
        svec_clear(&b->new_problems.texts);
        parse_own_addresses(s, b);
    }
    LIST_FOR_EACH (b, unparsed_node, &list) {
        parse_members(s, b);
    }
    bindings_resolve(&s->bindings);
    LIST_FOR_EACH (b, unparsed_node, &list) {
        release_addresses(s, b);
    }
    LIST_FOR_EACH_POP (b, unparsed_node, &list) {
        ovs_list_init(&b->unparsed_node);
        if (!b->parsing) {
            /* It changed once more. */
            balancer_set_changed(s, b);
            continue;
        }
        b->parsing = false;
        assign_addresses(s, b);
        claim_endpoints(s, b);
        problems_replace(&s->problems, &b->problems, &b->new_problems);
    }
    wake_yielding(s);
    return true;
}

/* Compiling. */

static void
write_assigned_addresses(struct state *s, struct balancer *b)
{
    struct sset wanted = SSET_INITIALIZER(&wanted);
    struct shash_node *node;

    for (size_t i = 0; i < b->n_frontends; i++) {
        const struct frontend *f = &b->frontends[i];

        if (!f->source || !f->usable) {
            continue;
        }

        struct assigned_row *ar = shash_find_data(&b->address_rows, f->path);
        const struct slbrec_assigned_address *row
            = ar ? ar->row_ref.row : NULL;
        char *address = slb_address_to_string(&f->address);
        bool changed = false;

        if (!row) {
            row = slbrec_assigned_address_insert(s->txn);
            slbrec_assigned_address_set_frontend(row, f->path);
            changed = true;
        }
        SET_STRING(assigned_address, row, source, f->source, changed);
        SET_STRING(assigned_address, row, address, address, changed);
        s->n_written += changed;
        free(address);
        sset_add(&wanted, f->path);
    }
    SHASH_FOR_EACH (node, &b->address_rows) {
        const struct assigned_row *ar = node->data;

        if (!sset_contains(&wanted, ar->name)) {
            slbrec_assigned_address_delete(ar->row_ref.row);
            s->n_written++;
        }
    }
    sset_destroy(&wanted);
}

static bool
ports_equal(const struct slbrec_assigned_port *row, const struct nat_ports *np)
{
    if (row->n_ports != np->n
        || (np->n && memcmp(row->key_ports, np->ports,
                            np->n * sizeof *np->ports))) {
        return false;
    }
    for (size_t i = 0; i < np->n; i++) {
        if (strcmp(row->value_ports[i], np->members[i])) {
            return false;
        }
    }
    return true;
}

static void
write_assigned_ports(struct state *s, struct balancer *b)
{
    struct sset wanted = SSET_INITIALIZER(&wanted);
    struct shash_node *node;

    for (size_t i = 0; i < b->n_nat_pools; i++) {
        const struct nat_pool *np = &b->nat_pools[i];
        struct assigned_row *ar = shash_find_data(&b->port_rows, np->name);
        const struct slbrec_assigned_port *row = ar ? ar->row_ref.row : NULL;

        if (!row) {
            row = slbrec_assigned_port_insert(s->txn);
            slbrec_assigned_port_set_nat_pool(row, np->name);
            s->n_written++;
        }
        if (!ports_equal(row, np->ports)) {
            slbrec_assigned_port_set_ports(row, np->ports->ports,
                                           (const char **) np->ports->members,
                                           np->ports->n);
            s->n_written++;
        }
        sset_add(&wanted, np->name);
    }
    SHASH_FOR_EACH (node, &b->port_rows) {
        const struct assigned_row *ar = node->data;

        if (!sset_contains(&wanted, ar->name)) {
            slbrec_assigned_port_delete(ar->row_ref.row);
            s->n_written++;
        }
    }
    sset_destroy(&wanted);
}

/* Virtual machines that have the address of a frontend came later: it was
 * not given to one that had been theirs. */
static void
find_shared_addresses(const struct state *s, struct balancer *b)
{
    for (size_t i = 0; i < b->n_frontends; i++) {
        const struct frontend *f = &b->frontends[i];
        const struct binding *binding
            = (f->has_endpoints && f->internal
               ? bindings_find(&s->bindings, f->network->key, &f->address)
               : NULL);

        if (binding && binding->port) {
            status_add_shared_address(&b->compile_status,
                                      f->path + strlen(b->name) + 1,
                                      &f->address, binding->port->iface_id,
                                      binding->port->node);
            add_status_as_problem(b, &b->conflicts, &b->compile_status);
        }
    }
}

/* Adds to the status of 'b' why 'm', of 'pool', is on no port. */
static void
add_astray(const struct state *s, struct balancer *b, const struct pool *pool,
           const struct member *m, const struct binding_astray *astray)
{
    const struct network *network = (m->bm.by_name ? NULL
                                     : network_find_by_key(s, m->network_key));
    const char *wanted = network ? network->name : NULL;
    const char *path = pool->name + strlen(b->name) + 1;

    if (pool->is_nat) {
        for (size_t i = 0; i < b->n_endpoints; i++) {
            const struct endpoint *e = &b->endpoints[i];

            if (e->pool == pool) {
                status_add_astray(&b->compile_status, e->path, "its target's",
                                  astray, wanted, m->bm.ipv6);
            }
        }
    } else {
        char *member_path = xasprintf("%s/members/%s", path, m->name);

        status_add_astray(&b->compile_status, member_path, "its", astray,
                          wanted, m->bm.ipv6);
        free(member_path);
    }
}

static void
find_astray(const struct state *s, struct balancer *b)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &b->pools) {
        const struct pool *pool = node->data;

        for (size_t i = 0; i < pool->n_members; i++) {
            const struct member *m = &pool->members[i];
            struct binding_astray astray;

            if (!m->gone
                && bindings_find_astray(&s->bindings, &m->bm, &astray)) {
                add_astray(s, b, pool, m, &astray);
            }
        }
    }
}

static void
find_conflicts(struct balancer *b)
{
    for (size_t i = 0; i < b->n_endpoints; i++) {
        const struct endpoint *e = &b->endpoints[i];
        const struct claimant *holder = e->claimant.claim->holder;

        if (holder && holder != &e->claimant) {
            char *vip = slb_address_to_string(&e->key.vip);

            status_add_port_conflict(&b->compile_status, e->path, vip,
                                     e->key.protocol, e->key.port,
                                     holder->name);
            add_status_as_problem(b, &b->conflicts, &b->compile_status);
            free(vip);
        }
    }
}

static void
write_status(struct state *s, struct balancer *b)
{
    for (size_t i = 0; i < b->status.n; i++) {
        const struct status_text *t = &b->status.texts[i];

        status_add_nocopy(&b->compile_status, xstrdup(t->path),
                          xstrdup(t->text));
    }
    if (!status_equals(&b->compile_status, &b->intent->status)) {
        struct smap smap = SMAP_INITIALIZER(&smap);

        status_to_smap(&b->compile_status, &smap);
        slbrec_load_balancer_set_status(b->intent, &smap);
        smap_destroy(&smap);
        s->n_written++;
    }
}

static void
set_timer(struct state *s, struct balancer *b)
{
    int64_t expiry = INT64_MAX;
    struct shash_node *node;

    SHASH_FOR_EACH (node, &b->pools) {
        const struct pool *pool = node->data;

        expiry = MIN(expiry, pool->expiry);
    }
    remove_timer(s, b);
    if (expiry != INT64_MAX) {
        heap_insert(&s->timers, &b->timer, UINT64_MAX - expiry);
        b->has_timer = true;
    }
}

/* Would compiling 'b' have to do with what is in flight? */
bool
balancer_is_blocked(const struct state *s, const struct balancer *b)
{
    struct shash_node *node;

    if (state_is_in_flight(s, b->flight)
        || !ovs_list_is_empty(&b->unparsed_node)
        || endpoints_are_blocked(s, b)) {
        return true;
    }
    SHASH_FOR_EACH (node, &b->pools) {
        if (pool_is_blocked(s, node->data)) {
            return true;
        }
    }
    return false;
}

/* Compiles the pools that are new, or those that are not.  The new ones, which
 * may be copies of others, come first. */
static void
compile_pools(struct state *s, struct balancer *b, bool new)
{
    struct shash_node *node;

    SHASH_FOR_EACH_SAFE (node, &b->pools) {
        struct pool *pool = node->data;

        if (new == !pool->row_ref.row && !pool_compile(s, pool)) {
            pool->expiry = INT64_MAX;
        }
    }
}

/* Puts what differs between 'b''s compiled rows and what they should be into
 * the transaction.  'b', which must have been parsed, may be gone
 * afterwards. */
void
balancer_compile(struct state *s, struct balancer *b)
{
    struct problem_list before = b->conflicts;
    size_t n_written = s->n_written;

    unqueue(s, b);
    problem_list_init(&b->conflicts);
    status_clear(&b->compile_status);
    compile_pools(s, b, true);
    compile_pools(s, b, false);
    find_conflicts(b);
    find_shared_addresses(s, b);
    find_astray(s, b);
    endpoints_write(s, b);
    write_assigned_addresses(s, b);
    write_assigned_ports(s, b);
    if (b->intent) {
        write_status(s, b);
    }
    set_timer(s, b);
    if (s->n_written > n_written) {
        b->flight = s->serial;
    }
    problems_replace(&s->problems, &before, &b->conflicts);
    b->conflicts = before;
    if (is_unused(b)) {
        balancer_destroy(s, b);
    }
}

/* Rows. */

/* The rows of 'b' or what makes them live may have changed. */
void
balancer_choose_intent(struct state *s, struct balancer *b)
{
    const struct slbrec_load_balancer *intent = NULL;
    const struct balancer_row *br;

    /* There is only one that is live, but in a damaged database: the index of
     * the table is the name with the stage. */
    LIST_FOR_EACH (br, balancer_node, &b->rows) {
        if (balancer_row_is_live(br)
            && (!intent || strcmp(br->row->stage, intent->stage) < 0)) {
            intent = br->row;
        }
    }
    if (intent != b->intent) {
        b->intent = intent;
        balancer_set_changed(s, b);
    }
}

void
see_load_balancer(struct state *s, const struct slbrec_load_balancer *row,
                  bool deleted)
{
    struct row_ref *ref = state_find(s, row);
    struct balancer_row *br = ref ? ref->object : NULL;

    if (br && (deleted || strcmp(br->balancer->name, row->name))) {
        struct balancer *b = br->balancer;

        forget_row(s, br);
        balancer_choose_intent(s, b);
        if (!b->intent) {
            /* It may have been the last that there was of it. */
            balancer_set_dirty(s, b, false);
        }
        br = NULL;
    }
    if (deleted) {
        return;
    }
    if (!br) {
        /* A slash would make what is below it ambiguous. */
        if (!row->name[0] || strchr(row->name, '/')) {
            return;
        }
        br = xzalloc(sizeof *br);
        br->row = row;
        br->balancer = balancer_get(s, row->name);
        ovs_list_push_back(&br->balancer->rows, &br->balancer_node);
        state_attach(s, &br->row_ref, row, br);
    }
    balancer_row_set_stages(s, br, row->stage, row->retired);
    balancer_choose_intent(s, br->balancer);
    if (br->balancer->intent == row) {
        balancer_set_changed(s, br->balancer);
    }
}

static struct shash *
assigned_rows(struct balancer *b, bool ports)
{
    return ports ? &b->port_rows : &b->address_rows;
}

/* Takes in a row of Assigned_Port if 'ports', otherwise of Assigned_Address.
 * Returns true if it is new. */
static bool
see_assigned(struct state *s, const void *row, const char *name, bool ports,
             bool deleted)
{
    struct row_ref *ref = state_find(s, row);
    struct assigned_row *ar = ref ? ref->object : NULL;

    if (state_see_orphan(s, ref, deleted)) {
        return false;
    }
    if (ar && (deleted || strcmp(ar->name, name))) {
        struct balancer *b = ar->balancer;

        forget_assigned_row(s, assigned_rows(b, ports), ar);
        if (!b->intent) {
            balancer_set_dirty(s, b, false);
        }
        ar = NULL;
    }
    if (deleted || ar) {
        return false;
    }

    struct balancer *b = balancer_get(s, name);
    struct shash *rows = assigned_rows(b, ports);
    if (shash_find(rows, name)) {
        state_add_orphan(s, row);
        return false;
    }
    ar = xzalloc(sizeof *ar);
    ar->balancer = b;
    ar->name = shash_add(rows, name, ar)->name;
    state_attach(s, &ar->row_ref, row, ar);
    if (!b->intent) {
        balancer_set_changed(s, b);
    }
    return true;
}

void
see_assigned_address(struct state *s,
                     const struct slbrec_assigned_address *row, bool deleted)
{
    struct in6_addr address;

    if (see_assigned(s, row, row->frontend, false, deleted)
        && slb_address_parse(row->address, &address)) {
        sset_add(&balancer_get(s, row->frontend)->assigned, row->frontend);
        ignore(assign_restore(&s->assign, row->frontend, row->source,
                              &address));
    }
}

void
see_assigned_port(struct state *s, const struct slbrec_assigned_port *row,
                  bool deleted)
{
    see_assigned(s, row, row->nat_pool, true, deleted);
}

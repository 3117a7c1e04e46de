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

#include "yaml/slb-validate-private.h"

#include <stdlib.h>

#include "packets.h"
#include "util.h"

/* Ports of a frontend that two want. */

static void
add_listener(struct slb_listeners *listeners, const struct slb_validation *v,
             const struct slb_object *object, const char *frontend,
             int protocol, int first, int last, const char *field)
{
    const struct slb_frontend *f = slb_find_sibling(v, &slb_frontend_class,
                                                    frontend);

    if (!f || !slb_object_has(object, "protocol")
        || !slb_object_has(object, field) || last < first
        || (protocol != SLB_PROTOCOL_ALL && !first)) {
        return;
    }
    if (listeners->n >= listeners->allocated) {
        listeners->at = x2nrealloc(listeners->at, &listeners->allocated,
                                   sizeof *listeners->at);
    }
    listeners->at[listeners->n] = (struct slb_listener) {
        .object = object, .frontend = f, .protocol = protocol,
        .first = first, .last = last, .field = field, .order = listeners->n,
    };
    listeners->n++;
}

static int
compare_integers(int a, int b)
{
    return a < b ? -1 : a > b;
}

static int
compare_listeners(const void *a_, const void *b_)
{
    const struct slb_listener *a = a_, *b = b_;
    uintptr_t a_frontend = (uintptr_t) a->frontend;
    uintptr_t b_frontend = (uintptr_t) b->frontend;
    int cmp = a_frontend < b_frontend ? -1 : a_frontend > b_frontend;

    cmp = cmp ? cmp : compare_integers(a->protocol, b->protocol);
    cmp = cmp ? cmp : compare_integers(a->first, b->first);
    return cmp ? cmp : a->order < b->order ? -1 : a->order > b->order;
}

/* Makes 'listeners' those of the current load balancer. */
void
slb_listeners_init(struct slb_listeners *listeners,
                   const struct slb_validation *v)
{
    const struct slb_load_balancer *lb = v->lb;

    listeners->at = NULL;
    listeners->n = listeners->allocated = 0;
    for (size_t i = 0; i < lb->rules.n; i++) {
        const struct slb_rule *rule = lb->rules.at[i];
        bool all = rule->protocol == SLB_PROTOCOL_ALL;
        int port = all ? 0 : rule->frontend_port;

        add_listener(listeners, v, &rule->obj, rule->frontend, rule->protocol,
                     port, port, "frontendPort");
    }
    for (size_t i = 0; i < lb->nat_rules.n; i++) {
        const struct slb_nat_rule *nat = lb->nat_rules.at[i];

        add_listener(listeners, v, &nat->obj, nat->frontend, nat->protocol,
                     nat->frontend_port, nat->frontend_port, "frontendPort");
    }
    for (size_t i = 0; i < lb->nat_pools.n; i++) {
        const struct slb_nat_pool *nat = lb->nat_pools.at[i];

        if (slb_object_has(&nat->obj, "frontendPortRangeEnd")) {
            add_listener(listeners, v, &nat->obj, nat->frontend,
                         nat->protocol, nat->first_port, nat->last_port,
                         "frontendPortRangeStart");
        }
    }
    if (listeners->n > 1) {
        qsort(listeners->at, listeners->n, sizeof *listeners->at,
              compare_listeners);
    }
}

void
slb_listeners_destroy(struct slb_listeners *listeners)
{
    free(listeners->at);
}

/* Returns the first of 'frontend' in 'listeners', or NULL. */
const struct slb_listener *
slb_listeners_find(const struct slb_listeners *listeners,
                   const struct slb_frontend *frontend)
{
    size_t low = 0, high = listeners->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if ((uintptr_t) listeners->at[middle].frontend
            < (uintptr_t) frontend) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (low < listeners->n && listeners->at[low].frontend == frontend
            ? &listeners->at[low] : NULL);
}

static bool
is_nat_pool(const struct slb_listener *listener)
{
    return listener->object->class == &slb_nat_pool_class;
}

/* Reports that 'a' and 'b' have a port in common. */
static void
report_port(struct slb_validation *v, const struct slb_listener *a,
            const struct slb_listener *b)
{
    /* A single port gives way more easily than a range. */
    bool swap = (is_nat_pool(a) != is_nat_pool(b) ? is_nat_pool(b)
                 : slb_is_after(a->object, b->object));
    const struct slb_listener *first = swap ? b : a;
    const struct slb_listener *second = swap ? a : b;
    const char *protocol = slb_protocol_name(second->protocol);
    const char *frontend = second->frontend->obj.name;
    char *other = slb_other(first->object, first->field);

    if (is_nat_pool(second)) {
        slb_report(v, second->object, second->field,
                   "%s ports %d to %d of frontend '%s' overlap %d to %d of "
                   "%s, expected other ports or another frontend", protocol,
                   second->first, second->last, frontend, first->first,
                   first->last, other);
    } else if (is_nat_pool(first)) {
        slb_report(v, second->object, second->field,
                   "%s port %d of frontend '%s' is one of %d to %d of %s, "
                   "expected another port or frontend", protocol,
                   second->first, frontend, first->first, first->last, other);
    } else {
        slb_report(v, second->object, second->field,
                   "%s port %d of frontend '%s' is used by %s already, "
                   "expected another port or frontend", protocol,
                   second->first, frontend, other);
    }
    free(other);
}

/* Checks that where one of the 'n' 'listeners', which are all those of a
 * frontend, has HA ports, it is alone. */
static void
check_ha_ports(struct slb_validation *v, const struct slb_listener *listeners,
               size_t n)
{
    /* They are last in the order of protocols. */
    for (size_t i = n > 1 ? 0 : n; i < n; i++) {
        const struct slb_listener *ha = &listeners[i];
        const struct slb_listener *other = &listeners[i ? 0 : 1];

        if (ha->protocol == SLB_PROTOCOL_ALL
            && !(i == 0 && other->protocol == SLB_PROTOCOL_ALL)) {
            char *text = slb_other(other->object, "frontend");
            slb_report(v, ha->object, "frontend",
                       "rule '%s' has protocol All, for which it must be "
                       "alone on its frontend, but '%s' is also that of %s, "
                       "expected another one",
                       ha->object->name ? ha->object->name : "",
                       ha->frontend->obj.name, text);
            free(text);
        }
    }
}

/* Checks that no two of 'listeners' have a port in common. */
void
slb_check_listeners(struct slb_validation *v,
                    const struct slb_listeners *listeners)
{
    const struct slb_listener *at = listeners->at;
    const struct slb_listener *widest = NULL;
    size_t first = 0;

    for (size_t i = 0; i < listeners->n; i++) {
        const struct slb_listener *listener = &at[i];

        if (widest && widest->frontend == listener->frontend
            && widest->protocol == listener->protocol) {
            if (listener->protocol != SLB_PROTOCOL_ALL
                && listener->first <= widest->last) {
                report_port(v, widest, listener);
            }
            if (listener->last > widest->last) {
                widest = listener;
            }
        } else {
            widest = listener;
        }

        if (i + 1 == listeners->n
            || at[i + 1].frontend != listener->frontend) {
            check_ha_ports(v, &at[first], i + 1 - first);
            first = i + 1;
        }
    }
}

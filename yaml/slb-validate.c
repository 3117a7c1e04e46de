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

#include "yaml/slb-validate.h"

#include <stdlib.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"
#include "yaml/slb-validate-private.h"

/* Reports. */

/* Whether there are so many errors that no more of them will be told. */
bool
slb_validation_is_full(const struct slb_validation *v)
{
    return slb_errors_is_full(&v->input->errors);
}

static void OVS_PRINTF_FORMAT(4, 0)
report_valist(struct slb_validation *v, const struct slb_object *object,
              struct slb_mark mark, const char *format, va_list args)
{
    const struct slb_object *culprit = v->culprit;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (slb_validation_is_full(v)) {
        return;
    }
    if (!slb_is_from_text(object)) {
        if (!culprit || !slb_is_from_text(culprit)) {
            return;
        }
        mark = slb_object_mark(culprit, (culprit->class == &slb_network_class
                                         ? "subnets" : "prefix"));
        slb_object_format_path(object, &ds);
        ds_put_cstr(&ds, " is in the database, and ");
    }
    ds_put_format_valist(&ds, format, args);
    slb_errors_add_nocopy(&v->input->errors, mark, ds_steal_cstr(&ds));
}

/* Adds an error about the field called 'field' of 'object'.  If 'object' is in
 * the database, the files are only wrong in what they make of 'v->culprit',
 * something that it uses: there it is reported.  If that is in the database as
 * well, or NULL, the files have nothing to do with it. */
void
slb_report(struct slb_validation *v, const struct slb_object *object,
           const char *field, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report_valist(v, object, slb_object_mark(object, field), format, args);
    va_end(args);
}

/* Like slb_report(), about something of 'object' that is at 'mark'. */
void
slb_report_at(struct slb_validation *v, const struct slb_object *object,
              struct slb_mark mark, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report_valist(v, object, mark, format, args);
    va_end(args);
}

/* Where the field called 'field' of 'object' is: "web.yaml:12:5", "in the
 * database". */
char *
slb_place(const struct slb_object *object, const char *field)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (slb_is_from_text(object)) {
        slb_mark_format(slb_object_mark(object, field), &ds);
    } else {
        ds_put_cstr(&ds, "in the database");
    }
    return ds_steal_cstr(&ds);
}

/* Which object the field called 'field' of 'object' belongs to, and where that
 * is: "rule 'http' (web.yaml:12:5)". */
char *
slb_other(const struct slb_object *object, const char *field)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (object->name) {
        ds_put_format(&ds, "%s '%s'", object->class->noun, object->name);
    } else {
        ds_put_format(&ds, "%s %s", slb_class_article(object->class),
                      object->class->noun);
    }
    if (slb_is_from_text(object)) {
        ds_put_cstr(&ds, " (");
        slb_mark_format(slb_object_mark(object, field), &ds);
        ds_put_char(&ds, ')');
    } else if (object->parent) {
        ds_put_format(&ds, " of %s '%s' in the database",
                      object->parent->class->noun, object->parent->name);
    } else {
        ds_put_cstr(&ds, " in the database");
    }
    return ds_steal_cstr(&ds);
}

char *
slb_address_text(const struct in6_addr *address)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_address_format(address, &ds);
    return ds_steal_cstr(&ds);
}

char *
slb_prefix_text(const struct slb_prefix *prefix)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_prefix_format(prefix, &ds);
    return ds_steal_cstr(&ds);
}

/* Whether 'a' follows 'b': of two that clash, the first one was right. */
bool
slb_is_after(const struct slb_object *a, const struct slb_object *b)
{
    int a_file = a->mark.source ? a->mark.source->index : -1;
    int b_file = b->mark.source ? b->mark.source->index : -1;

    if (a_file != b_file) {
        return a_file > b_file;
    }
    return (a->mark.line > b->mark.line
            || (a->mark.line == b->mark.line
                && a->mark.column > b->mark.column));
}

/* Checks that the load balancer may have 'what', a plural, which is what the
 * field called 'field' of 'object' asks for: only Standard ones may.  Returns
 * true if so. */
bool
slb_check_standard(struct slb_validation *v, const struct slb_object *object,
                   const char *field, const char *what)
{
    if (v->lb->sku != SLB_SKU_BASIC || !slb_object_has(&v->lb->obj, "sku")) {
        return true;
    }

    char *place = slb_place(&v->lb->obj, "sku");
    slb_report(v, object, field, "%s are for Standard load balancers only, "
               "but load balancer '%s' is Basic (%s), expected sku Standard",
               what, v->lb->obj.name ? v->lb->obj.name : "", place);
    free(place);
    return false;
}

/* The order of things. */

/* Makes 'object', of the files or of the base, the one that is checked. */
static void
begin(struct slb_validation *v, const struct slb_object *object)
{
    v->top = object;
    v->culprit = NULL;
    v->lb = NULL;
    v->network = NULL;
    v->space = NULL;
}

/* Returns what the files change of all that 'lb' uses, if 'lb' is the base's
 * and so has not changed itself; NULL if they change nothing. */
static const struct slb_object *
find_culprit(const struct slb_validation *v,
             const struct slb_load_balancer *lb,
             const struct slb_space *space)
{
    if (space && space->changed) {
        if (slb_is_from_text(&space->network->obj)) {
            return &space->network->obj;
        }
        for (size_t i = 0; i < space->n; i++) {
            if (slb_is_from_text(&space->ranges[i].network->obj)) {
                return &space->ranges[i].network->obj;
            }
        }
    }
    for (size_t i = 0; i < lb->frontends.n; i++) {
        const char *name = lb->frontends.at[i]->public_ip_prefix;
        const struct slb_object *prefix
            = (name ? slb_find_object(v, &slb_public_prefix_class, name)
               : NULL);
        if (prefix && slb_is_from_text(prefix)) {
            return prefix;
        }
    }
    return NULL;
}

static void
begin_load_balancer(struct slb_validation *v,
                    const struct slb_load_balancer *lb)
{
    begin(v, &lb->obj);
    v->lb = lb;
    v->network = (lb->network
                  ? slb_find_object(v, &slb_network_class, lb->network)
                  : NULL);
    if (v->network) {
        const struct slb_space *space = slb_find_space(v, v->network);
        v->space = space->valid ? space : NULL;
        if (!slb_is_from_text(&lb->obj)) {
            v->culprit = find_culprit(v, lb, space);
        }
    }
}

/* Checks all of the current load balancer but its frontends. */
static void
check_load_balancer(struct slb_validation *v)
{
    struct slb_listeners listeners;

    if (v->lb->tier == SLB_TIER_GLOBAL) {
        slb_check_standard(v, &v->lb->obj, "tier",
                           "load balancers with tier Global");
    }
    slb_check_pools(v);
    slb_check_probes(v);
    slb_check_rules(v);
    slb_listeners_init(&listeners, v);
    slb_check_listeners(v, &listeners);
    slb_check_backend_ports(v);
    slb_check_outbound_rules(v, &listeners);
    slb_listeners_destroy(&listeners);
}

/* Returns whether 'object' will be, and is not one whose name is also that of
 * one in the files: of the base's, whether it is kept.  (Of two in the files,
 * the second one is an error in itself.) */
static bool
is_kept(const struct slb_validation *v, const struct slb_object *object)
{
    return (!object->name
            || slb_find_object(v, object->class, object->name) == object);
}

/* Checks the frontends of the base's load balancers that are kept, of those
 * for which the files change something, or of the others. */
static void
check_kept_frontends(struct slb_validation *v, bool changed)
{
    for (size_t i = 0; v->base && i < v->base->load_balancers.n; i++) {
        const struct slb_load_balancer *lb = v->base->load_balancers.at[i];

        if (is_kept(v, &lb->obj)) {
            begin_load_balancer(v, lb);
            if ((v->culprit != NULL) == changed) {
                slb_check_frontends(v);
            }
        }
    }
}

/* Checks the base's load balancers that are kept.  What is wrong, if anything,
 * is what the files make of something that they use, or the files'
 * frontends. */
static void
check_kept(struct slb_validation *v)
{
    for (size_t i = 0; v->base && i < v->base->load_balancers.n; i++) {
        const struct slb_load_balancer *lb = v->base->load_balancers.at[i];

        if (!is_kept(v, &lb->obj)) {
            continue;
        }
        begin_load_balancer(v, lb);
        if (v->culprit) {
            slb_index_siblings(v, &lb->obj);
            slb_check_references(v, &lb->obj);
            check_load_balancer(v);
        } else {
            slb_check_members_are_no_frontends(v);
        }
    }
}

static void
index_objects(struct slb_validation *v, const struct slb_model *model)
{
    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_list *list = slb_model_list(model, slb_kinds[i]);
        for (size_t j = 0; j < list->n; j++) {
            if (list->at[j]->name) {
                slb_index_add_name(&v->objects, slb_kinds[i],
                                   list->at[j]->name, list->at[j]);
            }
        }
    }
}

/* Checks the files' networks and prefixes, with those of the base. */
static void
check_places(struct slb_validation *v)
{
    const struct slb_model *model = &v->input->model;

    for (size_t i = 0; i < model->networks.n; i++) {
        const struct slb_network *network = model->networks.at[i];

        begin(v, &network->obj);
        slb_check_names(v, &network->obj);
        slb_index_siblings(v, &network->obj);
        slb_check_references(v, &network->obj);
        slb_check_network(v, network);
    }
    for (size_t i = 0; v->base && i < v->base->networks.n; i++) {
        const struct slb_network *network = v->base->networks.at[i];

        if (is_kept(v, &network->obj)) {
            begin(v, &network->obj);
            slb_check_kept_network(v, network);
        }
    }
    slb_check_public_prefixes(v);
}

static void
free_space(const void *space_)
{
    struct slb_space *space = CONST_CAST(void *, space_);

    free(space->ranges);
    free(space);
}

static void
free_count(const void *count)
{
    free(CONST_CAST(void *, count));
}

/* Checks the objects of 'input', reporting errors to 'input->errors', against
 * one another and against 'base', the objects in the database.  'base' may be
 * NULL if these are not known: then what files refer to must be in files. */
void
slb_validate(struct slb_input *input, const struct slb_model *base)
{
    const struct slb_model *model = &input->model;
    slb_input_finish(input);
    struct slb_validation v = { .input = input, .base = base };

    slb_index_init(&v.objects);
    slb_index_init(&v.spaces);
    slb_index_init(&v.frontends);
    slb_index_init(&v.internal);
    slb_index_init(&v.assigned);
    slb_index_init(&v.siblings);
    index_objects(&v, model);
    if (base) {
        index_objects(&v, base);
    }

    check_places(&v);

    /* Frontends before members, and what the files leave alone before what
     * they change: it is the latter that must give way. */
    check_kept_frontends(&v, false);
    check_kept_frontends(&v, true);
    for (size_t i = 0; i < model->load_balancers.n; i++) {
        const struct slb_load_balancer *lb = model->load_balancers.at[i];

        if (is_kept(&v, &lb->obj)) {
            begin_load_balancer(&v, lb);
            slb_check_frontends(&v);
        }
    }

    check_kept(&v);
    for (size_t i = 0; (i < model->load_balancers.n
                        && !slb_validation_is_full(&v)); i++) {
        const struct slb_load_balancer *lb = model->load_balancers.at[i];

        if (!is_kept(&v, &lb->obj)) {
            continue;
        }
        begin_load_balancer(&v, lb);
        slb_check_names(&v, &lb->obj);
        slb_index_siblings(&v, &lb->obj);
        slb_check_references(&v, &lb->obj);
        check_load_balancer(&v);
    }

    slb_index_destroy(&v.objects);
    slb_index_for_each_data(&v.spaces, free_space);
    slb_index_destroy(&v.spaces);
    slb_index_destroy(&v.frontends);
    slb_index_destroy(&v.internal);
    slb_index_for_each_data(&v.assigned, free_count);
    slb_index_destroy(&v.assigned);
    slb_index_destroy(&v.siblings);
}

/* Appends 'user' to 'users', all of which have 'because' in common. */
static void
add_user(struct ds *users, const char *because, const struct slb_object *user)
{
    if (!users->length) {
        ds_put_format(users, "%s %s '%s'", because, user->class->noun,
                      user->name);
    } else {
        ds_put_format(users, ", '%s'", user->name);
    }
}

static bool
uses_prefix(const struct slb_load_balancer *lb, const char *prefix)
{
    for (size_t i = 0; i < lb->frontends.n; i++) {
        if (nullable_string_is_equal(lb->frontends.at[i]->public_ip_prefix,
                                     prefix)) {
            return true;
        }
    }
    return false;
}

/* Whether 'object', one of 'base', may be deleted.  If something else in
 * 'base' needs it, appends what to 'reason' and returns false. */
bool
slb_validate_delete(const struct slb_model *base,
                    const struct slb_object *object, struct ds *reason)
{
    struct ds users = DS_EMPTY_INITIALIZER;
    struct ds peers = DS_EMPTY_INITIALIZER;
    bool ok;

    if (object->class == &slb_load_balancer_class) {
        return true;
    }
    for (size_t i = 0; i < base->load_balancers.n; i++) {
        const struct slb_load_balancer *lb = base->load_balancers.at[i];

        if (object->class == &slb_network_class
            && nullable_string_is_equal(lb->network, object->name)) {
            add_user(&users, "it is the network of", &lb->obj);
        } else if (object->class == &slb_public_prefix_class
                   && uses_prefix(lb, object->name)) {
            add_user(&users, "it is the prefix of frontends of", &lb->obj);
        }
    }
    for (size_t i = 0; i < base->networks.n; i++) {
        const struct slb_network *network = base->networks.at[i];

        if (object->class == &slb_network_class && &network->obj != object
            && slb_strings_contain(&network->peerings, object->name)) {
            add_user(&peers, "it is a peer of", &network->obj);
        }
    }

    ok = !users.length && !peers.length;
    ds_put_format(reason, "%s%s%s", ds_cstr(&users),
                  users.length && peers.length ? "; " : "", ds_cstr(&peers));
    ds_destroy(&users);
    ds_destroy(&peers);
    return ok;
}

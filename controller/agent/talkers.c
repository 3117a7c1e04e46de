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

#include "controller/agent/talkers.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(talkers);

/* How much of the averages is what was known before the last answer. */
#define KEEP .75

/* Parts of what the first one has, or of what the VIP has: to be named, and to
 * be remembered. */
#define NAMED_PART .2
#define KNOWN_PART .01

/* Whoever is named counts as if it were so many times as much. */
#define NAMED_BONUS 2

/* A VIP, or an address that sends to one. */
struct talker {
    double rate;                /* Above the share, packets/s, average. */
    double now;                 /* The same in the last answer. */
    bool named;

    /* VIPs only. */
    int64_t network;
    char *address;
    struct shash senders;       /* "struct talker"s by address. */
};

struct talkers {
    talkers_name_func *name;
    void *aux;

    struct shash vips;          /* "struct talker"s by network and address. */
    struct shash shortages;     /* By port, "int64_t" how many there were. */

    /* The shortage that there is, maybe for too short a time to matter. */
    bool short_;
    long long int first, last;  /* When answers told of it.  'last' is when the
                                 * first answer was waited for until then. */
    long long int since;        /* 'first', in wall clock time. */

    bool known;                 /* Is there one or not? */
    char *text;                 /* NULL: there is none that matters. */
    long long int hold_until;
    int hold;                   /* Milliseconds that the next text stays. */
};

static void
talker_destroy(struct talker *talker)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &talker->senders) {
        talker_destroy(node->data);
    }
    shash_destroy(&talker->senders);
    free(talker->address);
    free(talker);
}

static void
clear(struct shash *talkers)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, talkers) {
        talker_destroy(node->data);
    }
    shash_clear(talkers);
}

static struct talker *
find_or_add(struct shash *talkers, const char *key)
{
    struct talker *talker = shash_find_data(talkers, key);

    if (!talker) {
        talker = xzalloc(sizeof *talker);
        shash_init(&talker->senders);
        shash_add(talkers, key, talker);
    }
    return talker;
}

/* 'name' is called for the VIPs that are named, with 'aux'. */
struct talkers *
talkers_create(talkers_name_func *name, void *aux, long long int now)
{
    struct talkers *talkers = xzalloc(sizeof *talkers);

    talkers->name = name;
    talkers->aux = aux;
    talkers->last = now;
    shash_init(&talkers->vips);
    shash_init(&talkers->shortages);
    return talkers;
}

void
talkers_destroy(struct talkers *talkers)
{
    if (talkers) {
        clear(&talkers->vips);
        shash_destroy(&talkers->vips);
        shash_destroy_free_data(&talkers->shortages);
        free(talkers->text);
        free(talkers);
    }
}

/* Answers.  What is not as it should be counts as if it were not there. */

static const struct json *
get_member(const struct json *object, const char *name, enum json_type type)
{
    const struct json *member = (object->type == JSON_OBJECT
                                 ? shash_find_data(json_object(object), name)
                                 : NULL);

    return member && member->type == type ? member : NULL;
}

static const char *
get_text(const struct json *object, const char *name)
{
    const struct json *member = get_member(object, name, JSON_STRING);

    return member ? json_string(member) : NULL;
}

static int64_t
get_integer(const struct json *object, const char *name)
{
    const struct json *member = get_member(object, name, JSON_INTEGER);

    return member ? json_integer(member) : 0;
}

/* Stores the elements of the array with 'name' in '*elems', and returns how
 * many they are. */
static size_t
get_array(const struct json *object, const char *name, struct json ***elems)
{
    const struct json *member = get_member(object, name, JSON_ARRAY);

    *elems = member ? json_array(member)->elems : NULL;
    return member ? json_array(member)->n : 0;
}

/* By how much the VIP or flow is above its share.  Where there is no limit
 * there is no share. */
static double
get_excess(const struct json *object)
{
    int64_t excess = (get_integer(object, "arriving")
                      - get_integer(object, "share"));

    return (get_member(object, "share", JSON_INTEGER) && excess > 0
            ? excess : 0);
}

static void
take_vip(struct talkers *talkers, const struct json *json)
{
    const char *address = get_text(json, "address");
    int64_t network = get_integer(json, "network");
    double excess = get_excess(json);
    struct json **flows;

    if (!address || excess <= 0) {
        return;
    }

    char *key = xasprintf("%08"PRIx64" %s", network, address);
    struct talker *vip = find_or_add(&talkers->vips, key);
    free(key);
    if (!vip->address) {
        vip->network = network;
        vip->address = xstrdup(address);
    }
    vip->now += excess;

    size_t n = get_array(json, "flows", &flows);
    for (size_t i = 0; i < n; i++) {
        const char *source = get_text(flows[i], "source");

        excess = get_excess(flows[i]);
        if (source && excess > 0) {
            find_or_add(&vip->senders, source)->now += excess;
        }
    }
}

/* Takes what is in the answer about a port.  Returns true if it is short, or
 * was since the last answer. */
static bool
take_port(struct talkers *talkers, const struct json *json)
{
    const struct json *now = get_member(json, "short", JSON_TRUE);
    const char *name = get_text(json, "port");
    int64_t shortages = get_integer(json, "shortages");
    struct json **vips;
    bool is_short = now != NULL;

    if (name) {
        int64_t *before = shash_find_data(&talkers->shortages, name);

        if (!before) {
            before = xmalloc(sizeof *before);
            shash_add(&talkers->shortages, name, before);
        } else if (shortages > *before) {
            is_short = true;
        }
        *before = shortages;
    }
    if (now) {
        size_t n = get_array(json, "vips", &vips);

        for (size_t i = 0; i < n; i++) {
            take_vip(talkers, vips[i]);
        }
    }
    return is_short;
}

/* Averages. */

static double
highest_rate(const struct shash *talkers)
{
    const struct shash_node *node;
    double highest = 0;

    SHASH_FOR_EACH (node, talkers) {
        const struct talker *talker = node->data;

        highest = MAX(highest, talker->rate);
    }
    return highest;
}

static void
average(struct shash *talkers)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, talkers) {
        struct talker *talker = node->data;

        talker->rate = KEEP * talker->rate + (1 - KEEP) * talker->now;
        talker->now = 0;
        average(&talker->senders);
    }
}

/* Forgets all that have less than a small part of 'all'. */
static void
forget(struct shash *talkers, double all)
{
    struct shash_node *node;

    SHASH_FOR_EACH_SAFE (node, talkers) {
        struct talker *talker = node->data;

        if (talker->rate < KNOWN_PART * all) {
            talker_destroy(talker);
            shash_delete(talkers, node);
        } else {
            forget(&talker->senders, talker->rate);
        }
    }
}

/* The text. */

/* How much a talker counts for being named. */
static double
claim(const struct talker *talker)
{
    return talker->rate * (talker->named ? NAMED_BONUS : 1);
}

static int
compare_claims(const void *a_, const void *b_)
{
    const struct shash_node *const *a = a_;
    const struct shash_node *const *b = b_;
    double claim_a = claim((*a)->data);
    double claim_b = claim((*b)->data);

    return (claim_a > claim_b ? -1 : claim_a < claim_b ? 1
            : strcmp((*a)->name, (*b)->name));
}

/* Decides which 'talkers' are to be named: the first ones, of those with
 * NAMED_PART of 'all' or more.  Returns what these claim together. */
static double
choose(const struct shash *talkers, double all)
{
    size_t n = shash_count(talkers);
    const struct shash_node **nodes = xmalloc(MAX(n, 1) * sizeof *nodes);
    const struct shash_node *node;
    double claimed = 0;
    size_t i = 0;

    SHASH_FOR_EACH (node, talkers) {
        nodes[i++] = node;
    }
    qsort(nodes, n, sizeof *nodes, compare_claims);
    for (i = 0; i < n; i++) {
        struct talker *talker = nodes[i]->data;
        double c = claim(talker);

        talker->named = (i < TALKERS_MAX_NAMED && c > 0
                         && c >= NAMED_PART * all);
        claimed += talker->named ? c : 0;
    }
    free(nodes);
    return claimed;
}

static void
format_senders(const struct talker *vip, struct ds *ds)
{
    double named = choose(&vip->senders, vip->rate);

    if (named < vip->rate / 2) {
        ds_put_cstr(ds, "from many senders");
        return;
    }

    const struct shash_node **nodes = shash_sort(&vip->senders);
    const char *separator = "mostly from ";

    for (size_t i = 0; i < shash_count(&vip->senders); i++) {
        const struct talker *sender = nodes[i]->data;

        if (sender->named) {
            ds_put_format(ds, "%s%s", separator, nodes[i]->name);
            separator = ", ";
        }
    }
    free(nodes);
}

/* Decides whom to name and appends what to say of them. */
static void
format_named(struct talkers *talkers, struct ds *ds)
{
    double named = choose(&talkers->vips, highest_rate(&talkers->vips));

    if (named <= 0) {
        ds_put_cstr(ds, "nobody stands out");
        return;
    }

    const struct shash_node **nodes = shash_sort(&talkers->vips);
    const char *separator = "";

    for (size_t i = 0; i < shash_count(&talkers->vips); i++) {
        const struct talker *vip = nodes[i]->data;

        if (!vip->named) {
            continue;
        }

        const char *name = talkers->name(vip->network, vip->address,
                                         talkers->aux);

        ds_put_format(ds, "%sVIP %s", separator, vip->address);
        if (vip->network) {
            ds_put_format(ds, " of network %"PRId64, vip->network);
        }
        if (name) {
            ds_put_format(ds, " (%s)", name);
        }
        ds_put_cstr(ds, " above its share, ");
        format_senders(vip, ds);
        separator = "; ";
    }
    free(nodes);
}

/* Brings 'talkers->text' up to date, while there is a shortage. */
static void
update_text(struct talkers *talkers, long long int now)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_strftime_msec(&ds, "since %Y-%m-%dT%H:%M:%SZ: ", talkers->since,
                         true);
    format_named(talkers, &ds);
    if (!talkers->text || strcmp(ds_cstr(&ds), talkers->text)) {
        VLOG_WARN("overload %s%s", talkers->text ? "goes on " : "",
                  ds_cstr(&ds));
        free(talkers->text);
        talkers->text = ds_steal_cstr(&ds);
        talkers->hold_until = now + talkers->hold;
        talkers->hold = MIN(talkers->hold * 2, TALKERS_MAX_HOLD_MS);
    }
    ds_destroy(&ds);
}

/* Takes what the datapath has answered to "get" ["fairness"] at 'now', which
 * is 'wall' in wall clock time, both in milliseconds. */
void
talkers_put(struct talkers *talkers, const struct json *answer,
            long long int now, long long int wall)
{
    bool is_short = false;

    if (answer->type != JSON_ARRAY) {
        return;
    }
    talkers_run(talkers, now);
    for (size_t i = 0; i < json_array(answer)->n; i++) {
        is_short |= take_port(talkers, json_array(answer)->elems[i]);
    }
    average(&talkers->vips);
    forget(&talkers->vips, highest_rate(&talkers->vips));

    if (is_short) {
        if (!talkers->short_ || now - talkers->last >= TALKERS_END_MS) {
            talkers->short_ = true;
            talkers->first = now;
            talkers->hold = TALKERS_HOLD_MS;
            talkers->since = wall;
        }
        talkers->last = now;
        if (talkers->text ? now >= talkers->hold_until
            : now - talkers->first >= TALKERS_BEGIN_MS) {
            talkers->known = true;
            update_text(talkers, now);
        }
    } else if (!talkers->text) {
        talkers->short_ = false;
        talkers->known = true;
        clear(&talkers->vips);
    }
}

/* Notices that an overload is over, also one that an agent before this one
 * may have told of: a datapath that is not there is not overloaded. */
void
talkers_run(struct talkers *talkers, long long int now)
{
    if (now < talkers_next(talkers)) {
        return;
    }
    if (talkers->text) {
        VLOG_INFO("overload is over after %lld s",
                  (talkers->last - talkers->first) / 1000);
        free(talkers->text);
        talkers->text = NULL;
    }
    talkers->short_ = false;
    talkers->known = true;
    clear(&talkers->vips);
}

/* Returns when talkers_run() has something to do. */
long long int
talkers_next(const struct talkers *talkers)
{
    return (talkers->text || !talkers->known
            ? talkers->last + TALKERS_END_MS : LLONG_MAX);
}

/* Returns true if there were answers enough to say whether there is an
 * overload. */
bool
talkers_is_known(const struct talkers *talkers)
{
    return talkers->known;
}

/* Returns the line about the overload that there is, NULL if there is none. */
const char *
talkers_get_text(const struct talkers *talkers)
{
    return talkers->text;
}

static void
format_rates(const struct shash *talkers, const char *what, struct ds *ds)
{
    const struct shash_node **nodes = shash_sort(talkers);

    for (size_t i = 0; i < shash_count(talkers); i++) {
        const struct talker *talker = nodes[i]->data;

        ds_put_format(ds, "%s%s: %.0f packets/s above its share\n", what,
                      talker->address ? talker->address : nodes[i]->name,
                      talker->rate);
        format_rates(&talker->senders, "    from ", ds);
    }
    free(nodes);
}

/* Appends a line, and one for each VIP and sender that is above its share, on
 * average. */
void
talkers_format(const struct talkers *talkers, struct ds *ds)
{
    ds_put_format(ds, "overload: %s\n",
                  talkers->text ? talkers->text
                  : talkers->known ? "no" : "not known yet");
    format_rates(&talkers->vips, "  VIP ", ds);
}

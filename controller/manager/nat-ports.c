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

#include "controller/manager/nat-ports.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

/* Members without port that a text names; the others are counted. */
#define MAX_NAMED 3

/* A member and the port it has, 0 for none. */
struct pair {
    const char *member;
    int64_t port;
};

/* An empty one. */
void
nat_ports_init(struct nat_ports *np)
{
    memset(np, 0, sizeof *np);
}

void
nat_ports_destroy(struct nat_ports *np)
{
    if (np) {
        for (size_t i = 0; i < np->n; i++) {
            free(np->members[i]);
        }
        free(np->members);
        free(np->ports);
    }
}

/* Compares names so that numbers in them count as numbers.  Returns 0 only for
 * equal strings. */
static int
compare_names(const char *a_, const char *b_)
{
    const char *a = a_, *b = b_;

    while (*a && *b) {
        if (isdigit((unsigned char) *a) && isdigit((unsigned char) *b)) {
            a += strspn(a, "0");
            b += strspn(b, "0");
            size_t n_a = strspn(a, "0123456789");
            size_t n_b = strspn(b, "0123456789");
            int cmp = n_a != n_b ? (n_a < n_b ? -1 : 1) : memcmp(a, b, n_a);
            if (cmp) {
                return cmp;
            }
            a += n_a;
            b += n_b;
        } else if (*a != *b) {
            break;
        } else {
            a++;
            b++;
        }
    }

    int cmp = strcmp(a, b);
    return cmp ? cmp : strcmp(a_, b_);
}

/* By member, then by port. */
static int
compare_by_member(const void *a_, const void *b_)
{
    const struct pair *a = a_, *b = b_;
    int cmp = compare_names(a->member, b->member);

    return cmp ? cmp : a->port < b->port ? -1 : a->port > b->port;
}

static int
compare_by_port(const void *a_, const void *b_)
{
    const struct pair *a = a_, *b = b_;

    return a->port < b->port ? -1 : a->port > b->port;
}

/* Returns 'np' sorted by member, which the caller has to free. */
static struct pair *
sort_by_member(const struct nat_ports *np)
{
    struct pair *pairs = xmalloc(np->n * sizeof *pairs);

    for (size_t i = 0; i < np->n; i++) {
        pairs[i] = (struct pair) { np->members[i], np->ports[i] };
    }
    qsort(pairs, np->n, sizeof *pairs, compare_by_member);
    return pairs;
}

/* Returns one pair for each of 'members', in their order, with the port that
 * it has in 'np' if that is one from 'first' to 'last', otherwise with 0.  Of
 * several ports of one member the lowest counts.  Stores the number of pairs
 * in '*n' and the number of those with a port in '*n_kept'.  The caller has to
 * free what is returned. */
static struct pair *
match(const struct nat_ports *np, uint16_t first, uint16_t last,
      const char *const *members, size_t n_members, size_t *n, size_t *n_kept)
{
    struct pair *new = xmalloc(n_members * sizeof *new);
    struct pair *old = sort_by_member(np);
    size_t i = 0, j = 0;

    for (size_t k = 0; k < n_members; k++) {
        new[k] = (struct pair) { members[k], 0 };
    }
    qsort(new, n_members, sizeof *new, compare_by_member);

    *n = *n_kept = 0;
    for (; i < n_members; i++) {
        if (*n && !strcmp(new[*n - 1].member, new[i].member)) {
            continue;           /* Named twice. */
        }
        struct pair *pair = &new[(*n)++];
        *pair = new[i];

        while (j < np->n && compare_names(old[j].member, pair->member) < 0) {
            j++;
        }
        for (; j < np->n && !strcmp(old[j].member, pair->member); j++) {
            if (!pair->port && old[j].port >= first && old[j].port <= last) {
                pair->port = old[j].port;
                ++*n_kept;
            }
        }
    }
    free(old);
    return new;
}

/* Replaces what 'np' has by the 'n' 'pairs', sorted by port. */
static void
replace(struct nat_ports *np, const struct pair *pairs, size_t n)
{
    struct nat_ports new = {
        .ports = xmalloc(n * sizeof *new.ports),
        .members = xmalloc(n * sizeof *new.members),
        .n = n,
    };

    for (size_t i = 0; i < n; i++) {
        new.ports[i] = pairs[i].port;
        new.members[i] = xstrdup(pairs[i].member);
    }
    nat_ports_destroy(np);
    *np = new;
}

/* Replaces what 'np' has by what a row of the Assigned_Port table says:
 * 'ports[i]' leads to 'members[i]', for 'i' from 0 to 'n' - 1.  The row may be
 * nonsense; nat_ports_update() keeps of it what makes sense. */
void
nat_ports_restore(struct nat_ports *np, const int64_t *ports,
                  char *const *members, size_t n)
{
    struct pair *pairs = xmalloc(n * sizeof *pairs);

    for (size_t i = 0; i < n; i++) {
        pairs[i] = (struct pair) { members[i], ports[i] };
    }
    qsort(pairs, n, sizeof *pairs, compare_by_port);
    replace(np, pairs, n);
    free(pairs);
}

/* Gives each of the 'n_members' 'members' of the backend pool, in any order,
 * one of the ports from 'first' to 'last' as far as there are enough, as the
 * comment at the top of the header says.  Returns true if that changed
 * 'np'. */
bool
nat_ports_update(struct nat_ports *np, uint16_t first, uint16_t last,
                 const char *const *members, size_t n_members)
{
    size_t n, n_kept;
    struct pair *pairs = match(np, first, last, members, n_members, &n,
                               &n_kept);

    /* The ports in use, to pass over those. */
    struct pair *kept = xmalloc(n_kept * sizeof *kept);
    n_kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (pairs[i].port) {
            kept[n_kept++] = pairs[i];
        }
    }
    qsort(kept, n_kept, sizeof *kept, compare_by_port);

    int64_t port = first;
    size_t n_given = 0;
    for (size_t i = 0, j = 0; i < n; i++) {
        struct pair pair = pairs[i];

        if (!pair.port) {
            while (j < n_kept && kept[j].port == port) {
                port++;
                j++;
            }
            if (port > last) {
                continue;
            }
            pair.port = port++;
        }
        pairs[n_given++] = pair;
    }
    free(kept);

    /* All kept ones are as they were, so something has changed only if there
     * are more or if not all of the old ones were kept. */
    bool changed = n_given != np->n || n_kept != np->n;
    if (changed) {
        qsort(pairs, n_given, sizeof *pairs, compare_by_port);
        replace(np, pairs, n_given);
    }
    free(pairs);
    return changed;
}

/* Returns a text for users if not all of the 'n_members' 'members' have a port
 * in 'np', which has been updated with the same arguments; the caller has to
 * free it.  Otherwise NULL. */
char *
nat_ports_problem(const struct nat_ports *np, uint16_t first, uint16_t last,
                  const char *const *members, size_t n_members)
{
    size_t n, n_kept;
    struct pair *pairs = match(np, first, last, members, n_members, &n,
                               &n_kept);
    size_t n_without = n - n_kept, n_named = 0;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (n_without) {
        ds_put_format(&ds, "ports %d to %d are too few: %"PRIuSIZE" of "
                      "%"PRIuSIZE" members have none (", first, last,
                      n_without, n);
        for (size_t i = 0; i < n && n_named < MAX_NAMED; i++) {
            if (!pairs[i].port) {
                ds_put_format(&ds, "%s%s", n_named ? ", " : "",
                              pairs[i].member);
                n_named++;
            }
        }
        if (n_without > n_named) {
            ds_put_format(&ds, " and %"PRIuSIZE" more", n_without - n_named);
        }
        ds_put_char(&ds, ')');
    }
    free(pairs);
    return n_without ? ds_steal_cstr(&ds) : NULL;
}

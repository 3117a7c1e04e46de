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

#include "controller/manager/status.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "controller/manager/binding.h"
#include "lib/slb-address.h"
#include "openvswitch/dynamic-string.h"
#include "smap.h"
#include "sset.h"
#include "util.h"

#define SEPARATOR "; "

/* There is nothing to say. */
void
status_init(struct status *status)
{
    memset(status, 0, sizeof *status);
}

void
status_destroy(struct status *status)
{
    if (status) {
        status_clear(status);
        free(status->texts);
    }
}

/* There is nothing to say any more. */
void
status_clear(struct status *status)
{
    for (size_t i = 0; i < status->n; i++) {
        free(status->texts[i].path);
        free(status->texts[i].text);
    }
    status->n = 0;
}

/* Adds a text about 'path'. */
void
status_add(struct status *status, const char *path, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    status_add_nocopy(status, xstrdup(path), xvasprintf(format, args));
    va_end(args);
}

/* Adds a text about 'path'; both become 'status''s. */
void
status_add_nocopy(struct status *status, char *path, char *text)
{
    if (status->n >= status->allocated) {
        status->texts = x2nrealloc(status->texts, &status->allocated,
                                   sizeof *status->texts);
    }
    status->texts[status->n++] = (struct status_text) { path, text };
    status->sorted = false;
}

static int
compare_texts(const void *a_, const void *b_)
{
    const struct status_text *a = a_, *b = b_;
    int cmp = strcmp(a->path, b->path);

    return cmp ? cmp : strcmp(a->text, b->text);
}

/* Sorts the texts and drops those that are there twice. */
static void
sort(struct status *status)
{
    if (status->sorted || !status->n) {
        return;
    }

    qsort(status->texts, status->n, sizeof *status->texts, compare_texts);

    size_t n = 1;
    for (size_t i = 1; i < status->n; i++) {
        struct status_text *text = &status->texts[i];

        if (compare_texts(&status->texts[n - 1], text)) {
            status->texts[n++] = *text;
        } else {
            free(text->path);
            free(text->text);
        }
    }
    status->n = n;
    status->sorted = true;
}

/* Puts all that is said about the path of 'status''s text number 'i', which is
 * the first one about it, into 'ds'.  Returns the number of the first text
 * about another path. */
static size_t
join(const struct status *status, size_t i, struct ds *ds)
{
    const char *path = status->texts[i].path;

    ds_clear(ds);
    ds_put_cstr(ds, status->texts[i++].text);
    for (; i < status->n && !strcmp(status->texts[i].path, path); i++) {
        ds_put_format(ds, SEPARATOR"%s", status->texts[i].text);
    }
    return i;
}

/* Whether 'smap', an object's 'status' column, says what 'status' says. */
bool
status_equals(struct status *status, const struct smap *smap)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    size_t n_paths = 0;
    bool equal = true;

    sort(status);
    for (size_t i = 0; equal && i < status->n; n_paths++) {
        const char *old = smap_get(smap, status->texts[i].path);

        i = join(status, i, &ds);
        equal = old && !strcmp(old, ds_cstr(&ds));
    }
    ds_destroy(&ds);
    return equal && n_paths == smap_count(smap);
}

/* Replaces the contents of 'smap' by what 'status' says, as it is to be
 * written to an object's 'status' column. */
void
status_to_smap(struct status *status, struct smap *smap)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    sort(status);
    smap_clear(smap);
    for (size_t i = 0; i < status->n; ) {
        const char *path = status->texts[i].path;

        i = join(status, i, &ds);
        smap_add(smap, path, ds_cstr(&ds));
    }
    ds_destroy(&ds);
}

/* Adds a text about 'frontend' if it is limited to 'zones' and there is no mux
 * in some of these, going by 'mux_zones', the zones of all muxes. */
void
status_add_zones(struct status *status, const char *frontend,
                 char *const *zones, size_t n_zones,
                 const struct sset *mux_zones)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    size_t n_empty = 0;

    for (size_t i = 0; i < n_zones; i++) {
        if (!sset_contains(mux_zones, zones[i])) {
            ds_put_format(&ds, "%s%s", n_empty ? ", " : "", zones[i]);
            n_empty++;
        }
    }
    if (n_empty) {
        status_add_nocopy(status, xasprintf("frontends/%s", frontend),
                          xasprintf("no mux is in zone%s %s, so %s",
                                    n_empty > 1 ? "s" : "", ds_cstr(&ds),
                                    n_empty < n_zones
                                    ? "its address is not announced there"
                                    : "its address is announced nowhere"));
    }
    ds_destroy(&ds);
}

/* Adds a text about 'path': the port of 'whose', "its" or "its target's", is
 * somewhere else.  It ought to be in network 'wanted', where the address is,
 * or, if that is NULL, in the load balancer's or a peer of it; with an IPv6
 * address if 'ipv6'. */
void
status_add_astray(struct status *status, const char *path, const char *whose,
                  const struct binding_astray *astray, const char *wanted,
                  bool ipv6)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "%s port on node %s ", whose, astray->node);
    if (!astray->network) {
        ds_put_cstr(&ds, "is in no network");
    } else if (astray->without_address) {
        ds_put_format(&ds, "has no IPv%c address of network %s",
                      ipv6 ? '6' : '4', astray->network);
    } else if (wanted) {
        ds_put_format(&ds, "is in network %s, while the address is in network "
                      "%s", astray->network, wanted);
    } else {
        ds_put_format(&ds, "is in network %s, which is neither the load "
                      "balancer's nor a peer of it", astray->network);
    }
    status_add_nocopy(status, xstrdup(path), ds_steal_cstr(&ds));
}

/* Adds a text about 'path', which has 'address', as has a virtual machine. */
void
status_add_shared_address(struct status *status, const char *path,
                          const struct in6_addr *address, const char *port,
                          const char *node)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "address ");
    slb_address_format(address, &ds);
    ds_put_format(&ds, " is also that of port %s on node %s", port, node);
    status_add_nocopy(status, xstrdup(path), ds_steal_cstr(&ds));
}

/* Adds a text about 'path', which wants to have 'address' but does not get it
 * because 'holder', e.g. "web/frontends/public", has it. */
void
status_add_address_conflict(struct status *status, const char *path,
                            const struct in6_addr *address, const char *holder)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "address ");
    slb_address_format(address, &ds);
    ds_put_format(&ds, " is used by %s", holder);
    status_add_nocopy(status, xstrdup(path), ds_steal_cstr(&ds));
}

/* Adds a text about 'path', which wants to listen on 'port' of 'vip' with
 * 'protocol' (0 for all protocols and ports) but does not because 'holder',
 * e.g. "web/rules/http", does. */
void
status_add_port_conflict(struct status *status, const char *path,
                         const char *vip, uint8_t protocol, uint16_t port,
                         const char *holder)
{
    if (protocol) {
        status_add(status, path, "%s port %d of %s is used by %s",
                   protocol == IPPROTO_UDP ? "UDP" : "TCP", port, vip, holder);
    } else {
        status_add(status, path, "a port of %s is used by %s", vip, holder);
    }
}

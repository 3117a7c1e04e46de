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

#include "controller/manager/assign.h"

#include <stdlib.h>
#include <string.h>

#include "lib/slb-address.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

#define SUBNET_SPACE "VirtualNetwork/"
#define SUBNET_INFIX "/subnets/"
#define PUBLIC_SPACE "PublicIPPrefix/"

/* A subnet with this many bits for the machine's part or fewer has no address
 * but those that are reserved. */
#define RESERVED_BITS 2

/* Where an address is unique: a network, or the Internet. */
struct assign_space {
    char *network;              /* Empty for the Internet. */
    struct hmap addresses;      /* Contains "struct address"es. */
    struct ovs_list sources;    /* Contains "struct assign_source"s. */
};

/* An address that is not free. */
struct address {
    struct hmap_node hmap_node; /* In struct assign_space's 'addresses'. */
    struct in6_addr address;
    unsigned int n_taken;       /* How many other things have it. */
    struct assigned *holder;    /* The frontend it is assigned to, or NULL. */
};

/* A subnet or a public IP prefix.  It is there, too, while frontends refer to
 * it but nobody has set it (yet, or any more). */
struct assign_source {
    char *name;
    struct assign_space *space;
    struct ovs_list space_node; /* In struct assign_space's 'sources'. */
    size_t n_frontends;         /* That have or want an address of it. */

    bool is_set;                /* If false, the next five are not. */
    bool empty;                 /* It gives out no address at all. */
    struct slb_prefix prefix;
    struct in6_addr first, last; /* Of what it gives out. */
    struct in6_addr gateway;    /* All zeros for none. */

    struct in6_addr latest;     /* Given out last; all zeros for none. */
    bool full;                  /* None was free, nor has one become so. */
    struct ovs_list waiting;    /* "struct assigned"s without address. */
};

/* What a frontend has or wants. */
struct assigned {
    char *frontend;
    struct assign_source *source;
    bool has_address;
    struct in6_addr address;    /* If 'has_address'. */
    struct ovs_list node;       /* Otherwise: in the source's 'waiting', in
                                 * struct assign's 'woken' or in none. */
};

/* What a frontend would have been assigned if another one had not been. */
struct wish {
    struct assign_source *source;
    struct in6_addr address;
};

void
assign_init(struct assign *assign)
{
    shash_init(&assign->spaces);
    shash_init(&assign->sources);
    shash_init(&assign->assigned);
    shash_init(&assign->wishes);
    ovs_list_init(&assign->woken);
}

static void
space_destroy(struct assign_space *space)
{
    struct address *a;

    HMAP_FOR_EACH_POP (a, hmap_node, &space->addresses) {
        free(a);
    }
    hmap_destroy(&space->addresses);
    free(space->network);
    free(space);
}

static void
source_destroy(struct assign_source *source)
{
    free(source->name);
    free(source);
}

static void
assigned_destroy(struct assigned *assigned)
{
    free(assigned->frontend);
    free(assigned);
}

void
assign_destroy(struct assign *assign)
{
    if (!assign) {
        return;
    }

    struct shash_node *node;

    SHASH_FOR_EACH (node, &assign->assigned) {
        assigned_destroy(node->data);
    }
    SHASH_FOR_EACH (node, &assign->sources) {
        source_destroy(node->data);
    }
    SHASH_FOR_EACH (node, &assign->spaces) {
        space_destroy(node->data);
    }
    shash_destroy(&assign->assigned);
    shash_destroy_free_data(&assign->wishes);
    shash_destroy(&assign->sources);
    shash_destroy(&assign->spaces);
}

/* Spaces. */

static struct assign_space *
space_find_or_add(struct assign *assign, const char *network)
{
    struct assign_space *space = shash_find_data(&assign->spaces, network);

    if (!space) {
        space = xmalloc(sizeof *space);
        space->network = xstrdup(network);
        hmap_init(&space->addresses);
        ovs_list_init(&space->sources);
        shash_add(&assign->spaces, network, space);
    }
    return space;
}

static void
space_delete_if_unused(struct assign *assign, struct assign_space *space)
{
    if (hmap_is_empty(&space->addresses)
        && ovs_list_is_empty(&space->sources)) {
        shash_find_and_delete(&assign->spaces, space->network);
        space_destroy(space);
    }
}

/* Addresses. */

static struct address *
address_find(const struct assign_space *space, const struct in6_addr *address)
{
    struct address *a;

    HMAP_FOR_EACH_WITH_HASH (a, hmap_node, slb_address_hash(address, 0),
                             &space->addresses) {
        if (ipv6_addr_equals(&a->address, address)) {
            return a;
        }
    }
    return NULL;
}

static struct address *
address_find_or_add(struct assign_space *space, const struct in6_addr *address)
{
    struct address *a = address_find(space, address);

    if (!a) {
        a = xzalloc(sizeof *a);
        a->address = *address;
        hmap_insert(&space->addresses, &a->hmap_node,
                    slb_address_hash(address, 0));
    }
    return a;
}

static struct in6_addr
address_next(struct in6_addr address)
{
    for (int i = sizeof address.s6_addr - 1; i >= 0; i--) {
        if (++address.s6_addr[i]) {
            break;
        }
    }
    return address;
}

/* Sources. */

/* Whether 'address' is one of those that 'source' gives out. */
static bool
source_offers(const struct assign_source *source,
              const struct in6_addr *address)
{
    return source->is_set && !source->empty
           && slb_address_compare(address, &source->first) >= 0
           && slb_address_compare(address, &source->last) <= 0
           && !ipv6_addr_equals(address, &source->gateway);
}

/* Whoever waits for an address of 'source' had better ask again. */
static void
source_wake(struct assign *assign, struct assign_source *source)
{
    struct assigned *assigned;

    source->full = false;
    LIST_FOR_EACH_POP (assigned, node, &source->waiting) {
        ovs_list_push_back(&assign->woken, &assigned->node);
    }
}

/* 'address' is no longer taken, or no longer assigned; if it is neither, it is
 * free. */
static void
address_delete_if_unused(struct assign *assign, struct assign_space *space,
                         struct address *a)
{
    if (a->n_taken || a->holder) {
        return;
    }

    struct assign_source *source;

    LIST_FOR_EACH (source, space_node, &space->sources) {
        if (source->full && source_offers(source, &a->address)) {
            source_wake(assign, source);
        }
    }
    hmap_remove(&space->addresses, &a->hmap_node);
    free(a);
    space_delete_if_unused(assign, space);
}

/* Returns the network that 'source' is in, "" for the Internet, or NULL if
 * 'source' is not the name of a source.  The caller has to free it. */
static char *
source_network(const char *source)
{
    if (!strncmp(source, PUBLIC_SPACE, strlen(PUBLIC_SPACE))) {
        return xstrdup("");
    } else if (!strncmp(source, SUBNET_SPACE, strlen(SUBNET_SPACE))) {
        const char *network = source + strlen(SUBNET_SPACE);
        const char *end = strstr(network, SUBNET_INFIX);

        return end > network ? xmemdup0(network, end - network) : NULL;
    } else {
        return NULL;
    }
}

/* Returns the source called 'name', or NULL if that is no name of one. */
static struct assign_source *
source_find_or_add(struct assign *assign, const char *name)
{
    struct assign_source *source = shash_find_data(&assign->sources, name);

    if (!source) {
        char *network = source_network(name);
        if (!network) {
            return NULL;
        }

        source = xzalloc(sizeof *source);
        source->name = xstrdup(name);
        source->space = space_find_or_add(assign, network);
        ovs_list_push_back(&source->space->sources, &source->space_node);
        ovs_list_init(&source->waiting);
        shash_add(&assign->sources, name, source);
        free(network);
    }
    return source;
}

static void
source_delete_if_unused(struct assign *assign, struct assign_source *source)
{
    if (!source->is_set && !source->n_frontends) {
        shash_find_and_delete(&assign->sources, source->name);
        ovs_list_remove(&source->space_node);
        space_delete_if_unused(assign, source->space);
        source_destroy(source);
    }
}

/* Returns the name of subnet 'subnet' of 'network' as a source, which the
 * caller has to free. */
char *
assign_subnet_source(const char *network, const char *subnet)
{
    return xasprintf(SUBNET_SPACE"%s"SUBNET_INFIX"%s", network, subnet);
}

/* Returns the name of the public IP prefix 'prefix' as a source, which the
 * caller has to free. */
char *
assign_prefix_source(const char *prefix)
{
    return xasprintf(PUBLIC_SPACE"%s", prefix);
}

static void
source_set(struct assign *assign, char *name, const struct slb_prefix *prefix,
           const struct in6_addr *gateway)
{
    struct assign_source *source = source_find_or_add(assign, name);

    ovs_assert(source);
    source->is_set = true;
    source->prefix = *prefix;
    slb_prefix_clear_host_bits(&source->prefix);
    source->first = source->prefix.address;
    source->last = slb_prefix_last(&source->prefix);
    source->empty = false;
    source->gateway = in6addr_any;
    if (gateway) {
        source->empty = (slb_prefix_mapped_length(prefix)
                         >= 128 - RESERVED_BITS);
        source->first.s6_addr[15] |= 1 << RESERVED_BITS;
        source->last.s6_addr[15] &= ~1;
        source->gateway = *gateway;
    }
    source_wake(assign, source);
    free(name);
}

/* There is a subnet: a new one, or one that has changed. */
void
assign_set_subnet(struct assign *assign, const char *network,
                  const char *subnet, const struct slb_prefix *prefix,
                  const struct in6_addr *gateway)
{
    source_set(assign, assign_subnet_source(network, subnet), prefix, gateway);
}

/* There is a public IP prefix: a new one, or one that has changed. */
void
assign_set_prefix(struct assign *assign, const char *name,
                  const struct slb_prefix *prefix)
{
    source_set(assign, assign_prefix_source(name), prefix, NULL);
}

/* The source is no longer there.  Who has an address of it loses that when it
 * asks again, and waits for the source to come back. */
void
assign_remove_source(struct assign *assign, const char *name)
{
    struct assign_source *source = shash_find_data(&assign->sources, name);

    if (source) {
        source->is_set = false;
        source_delete_if_unused(assign, source);
    }
}

/* What others have. */

/* 'address' of 'network', or of the Internet if that is NULL, is not to be
 * given out. */
void
assign_add_taken(struct assign *assign, const char *network,
                 const struct in6_addr *address)
{
    struct assign_space *space = space_find_or_add(assign,
                                                   network ? network : "");

    address_find_or_add(space, address)->n_taken++;
}

/* Undoes one assign_add_taken() with the same arguments, which must have been
 * called before. */
void
assign_remove_taken(struct assign *assign, const char *network,
                    const struct in6_addr *address)
{
    struct assign_space *space = shash_find_data(&assign->spaces,
                                                 network ? network : "");
    struct address *a = space ? address_find(space, address) : NULL;

    ovs_assert(a && a->n_taken);
    a->n_taken--;
    address_delete_if_unused(assign, space, a);
}

/* Frontends. */

static struct assigned *
assigned_add(struct assign *assign, const char *frontend,
             struct assign_source *source)
{
    struct assigned *assigned = xzalloc(sizeof *assigned);

    assigned->frontend = xstrdup(frontend);
    assigned->source = source;
    source->n_frontends++;
    ovs_list_init(&assigned->node);
    shash_add(&assign->assigned, frontend, assigned);
    return assigned;
}

/* Makes 'address', which no frontend has, 'assigned''s. */
static void
assigned_set_address(struct assigned *assigned, const struct in6_addr *address)
{
    ovs_list_remove(&assigned->node);
    assigned->has_address = true;
    assigned->address = *address;
    address_find_or_add(assigned->source->space, address)->holder = assigned;
}

static void
wish_delete(struct assign *assign, struct shash_node *node)
{
    struct wish *wish = node->data;

    wish->source->n_frontends--;
    source_delete_if_unused(assign, wish->source);
    free(wish);
    shash_delete(&assign->wishes, node);
}

static void
forget_wish(struct assign *assign, const char *frontend)
{
    struct shash_node *node = shash_find(&assign->wishes, frontend);

    if (node) {
        wish_delete(assign, node);
    }
}

/* 'address' of 'space' has lost its holder.  Returns true if it has got the
 * one who wished for it. */
static bool
fulfil_wish(struct assign *assign, const struct assign_space *space,
            const struct in6_addr *address)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &assign->wishes) {
        const struct wish *wish = node->data;

        if (wish->source->space == space
            && ipv6_addr_equals(&wish->address, address)) {
            assigned_set_address(assigned_add(assign, node->name,
                                              wish->source), address);
            wish_delete(assign, node);
            return true;
        }
    }
    return false;
}

static void
assigned_delete(struct assign *assign, struct assigned *assigned)
{
    struct assign_source *source = assigned->source;

    if (assigned->has_address) {
        struct address *a = address_find(source->space, &assigned->address);

        a->holder = NULL;
        if (!fulfil_wish(assign, source->space, &assigned->address)) {
            address_delete_if_unused(assign, source->space, a);
        }
    } else {
        ovs_list_remove(&assigned->node);
    }
    source->n_frontends--;
    source_delete_if_unused(assign, source);
    shash_find_and_delete(&assign->assigned, assigned->frontend);
    assigned_destroy(assigned);
}

/* Adds what a row of the Assigned_Address table says.  Returns false if that
 * cannot be, because the frontend has an address already, another one has this
 * address (still), or 'source' is none, so that the row has to go.  Whether
 * the address fits is left to assign_get(). */
bool
assign_restore(struct assign *assign, const char *frontend, const char *name,
               const struct in6_addr *address)
{
    if (shash_find(&assign->assigned, frontend)) {
        return false;
    }

    struct assign_source *source = source_find_or_add(assign, name);
    if (!source) {
        return false;
    }

    struct address *a = address_find(source->space, address);
    if (a && a->holder) {
        struct wish *wish = xmalloc(sizeof *wish);

        *wish = (struct wish) { source, *address };
        source->n_frontends++;
        forget_wish(assign, frontend);
        shash_add(&assign->wishes, frontend, wish);
        return false;
    }

    assigned_set_address(assigned_add(assign, frontend, source), address);
    if (slb_address_compare(address, &source->latest) > 0) {
        source->latest = *address;
    }
    return true;
}

/* Finds a free address of 'source', which is set, behind the one given out
 * last.  Returns false if there is none. */
static bool
source_search(struct assign_source *source, struct in6_addr *found)
{
    if (source->full || source->empty) {
        return false;
    }

    struct in6_addr start
        = (slb_address_compare(&source->latest, &source->first) >= 0
           && slb_address_compare(&source->latest, &source->last) < 0
           ? address_next(source->latest) : source->first);
    struct in6_addr address = start;

    do {
        if (!ipv6_addr_equals(&address, &source->gateway)
            && !address_find(source->space, &address)) {
            source->latest = *found = address;
            return true;
        }
        address = (ipv6_addr_equals(&address, &source->last)
                   ? source->first : address_next(address));
    } while (!ipv6_addr_equals(&address, &start));
    return false;
}

/* Says why 'source' has no address to give. */
static char *
source_explain(const struct assign_source *source)
{
    if (!source->is_set) {
        return xasprintf("no address is assigned: there is no %s",
                         source->name);
    }

    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "no address is assigned: %s (", source->name);
    slb_prefix_format(&source->prefix, &ds);
    ds_put_cstr(&ds, (source->empty
                      ? ") has none but those reserved"
                      : ") has none left"));
    return ds_steal_cstr(&ds);
}

/* Finds the address of 'frontend' out of 'source', gives it one if it has none
 * or if what it has does not fit any more, and stores it in '*address'.
 *
 * Returns NULL if successful, otherwise a text for users that says why there
 * is none, which the caller has to free.  In that case assign_pop_woken() will
 * return 'frontend' when there may be one. */
char *
assign_get(struct assign *assign, const char *frontend, const char *name,
           struct in6_addr *address)
{
    struct assign_source *source = source_find_or_add(assign, name);
    struct assigned *assigned = shash_find_data(&assign->assigned, frontend);

    ovs_assert(source);
    forget_wish(assign, frontend);
    if (assigned && assigned->source == source && assigned->has_address
        && source_offers(source, &assigned->address)) {
        *address = assigned->address;
        return NULL;
    }

    /* The new one goes first so that 'source' stays while the old one goes. */
    source->n_frontends++;
    if (assigned) {
        assigned_delete(assign, assigned);
    }
    assigned = assigned_add(assign, frontend, source);
    source->n_frontends--;

    if (source->is_set && source_search(source, address)) {
        assigned_set_address(assigned, address);
        return NULL;
    }
    source->full = true;
    ovs_list_push_back(&source->waiting, &assigned->node);
    return source_explain(source);
}

/* 'frontend' is gone or does not want an address any more. */
void
assign_release(struct assign *assign, const char *frontend)
{
    struct assigned *assigned = shash_find_data(&assign->assigned, frontend);

    forget_wish(assign, frontend);
    if (assigned) {
        assigned_delete(assign, assigned);
    }
}

/* Returns the frontend that 'address' of 'network', or of the Internet if that
 * is NULL, is assigned to; NULL if there is none. */
const char *
assign_find_holder(const struct assign *assign, const char *network,
                   const struct in6_addr *address)
{
    const struct assign_space *space
        = shash_find_data(&assign->spaces, network ? network : "");
    const struct address *a = space ? address_find(space, address) : NULL;

    return a && a->holder ? a->holder->frontend : NULL;
}

/* Returns a frontend for which assign_get() failed and may succeed now, each
 * one once; NULL if there is none.  The caller either asks again for it or
 * releases it. */
const char *
assign_pop_woken(struct assign *assign)
{
    if (ovs_list_is_empty(&assign->woken)) {
        return NULL;
    }

    struct assigned *assigned
        = CONTAINER_OF(ovs_list_pop_front(&assign->woken),
                       struct assigned, node);
    ovs_list_init(&assigned->node);
    return assigned->frontend;
}

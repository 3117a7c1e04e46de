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

#include "controller/manager/claim.h"

#include <stdlib.h>
#include <string.h>

#include "lib/slb-address.h"
#include "hash.h"
#include "util.h"

void
claims_init(struct claims *claims)
{
    hmap_init(&claims->claims);
    hmap_init(&claims->vips);
    ovs_list_init(&claims->touched);
    ovs_list_init(&claims->changed);
    ovs_list_init(&claims->dirty);
}

static void
destroy_vip_if_unused(struct claims *claims, struct vip *vip)
{
    if (!vip->row && ovs_list_is_empty(&vip->claims)
        && ovs_list_is_empty(&vip->dirty_node)) {
        hmap_remove(&claims->vips, &vip->hmap_node);
        free(vip);
    }
}

static void
destroy_if_unused(struct claims *claims, struct claim *claim)
{
    if (ovs_list_is_empty(&claim->claimants)
        && ovs_list_is_empty(&claim->rows)
        && ovs_list_is_empty(&claim->touched_node)) {
        struct vip *vip = claim->vip;

        hmap_remove(&claims->claims, &claim->hmap_node);
        ovs_list_remove(&claim->vip_node);
        free(claim);
        claims_set_dirty(claims, vip);
    }
}

/* All claimants and rows must have been removed. */
void
claims_destroy(struct claims *claims)
{
    if (claims) {
        struct vip *vip;

        claims_resolve(claims);
        ovs_assert(hmap_is_empty(&claims->claims));
        HMAP_FOR_EACH_SAFE (vip, hmap_node, &claims->vips) {
            vip->row = NULL;
            claims_clear_dirty(claims, vip);
        }
        hmap_destroy(&claims->claims);
        hmap_destroy(&claims->vips);
    }
}

static uint32_t
hash_vip(uint32_t network_key, const struct in6_addr *address)
{
    return slb_address_hash(address, network_key);
}

/* Returns the VIP, NULL if nobody claims anything of it and there is no
 * row. */
struct vip *
claims_find_vip(const struct claims *claims, uint32_t network_key,
                const struct in6_addr *address)
{
    struct vip *vip;

    HMAP_FOR_EACH_WITH_HASH (vip, hmap_node, hash_vip(network_key, address),
                             &claims->vips) {
        if (vip->network_key == network_key
            && !slb_address_compare(&vip->address, address)) {
            return vip;
        }
    }
    return NULL;
}

struct vip *
claims_find_or_add_vip(struct claims *claims, uint32_t network_key,
                       const struct in6_addr *address)
{
    struct vip *vip = claims_find_vip(claims, network_key, address);

    if (vip) {
        return vip;
    }
    vip = xzalloc(sizeof *vip);
    vip->network_key = network_key;
    vip->address = *address;
    ovs_list_init(&vip->claims);
    ovs_list_init(&vip->dirty_node);
    hmap_insert(&claims->vips, &vip->hmap_node,
                hash_vip(network_key, address));
    return vip;
}

/* The row about 'vip' may have to be another one. */
void
claims_set_dirty(struct claims *claims, struct vip *vip)
{
    if (ovs_list_is_empty(&vip->dirty_node)) {
        ovs_list_push_back(&claims->dirty, &vip->dirty_node);
    }
}

/* The row about 'vip', which may be gone afterwards, is right. */
void
claims_clear_dirty(struct claims *claims, struct vip *vip)
{
    ovs_list_remove(&vip->dirty_node);
    ovs_list_init(&vip->dirty_node);
    destroy_vip_if_unused(claims, vip);
}

bool
claim_key_equals(const struct claim_key *a, const struct claim_key *b)
{
    return (a->network_key == b->network_key && a->port == b->port
            && a->protocol == b->protocol
            && !slb_address_compare(&a->vip, &b->vip));
}

static struct claim *
find_or_add(struct claims *claims, const struct claim_key *key)
{
    uint32_t hash = hash_2words(hash_vip(key->network_key, &key->vip),
                                key->protocol << 16 | key->port);
    struct claim *claim;

    HMAP_FOR_EACH_WITH_HASH (claim, hmap_node, hash, &claims->claims) {
        if (claim_key_equals(&claim->key, key)) {
            return claim;
        }
    }

    claim = xzalloc(sizeof *claim);
    claim->key = *key;
    claim->vip = claims_find_or_add_vip(claims, key->network_key, &key->vip);
    ovs_list_push_back(&claim->vip->claims, &claim->vip_node);
    ovs_list_init(&claim->claimants);
    ovs_list_init(&claim->rows);
    ovs_list_init(&claim->touched_node);
    hmap_insert(&claims->claims, &claim->hmap_node, hash);
    return claim;
}

static void
touch(struct claims *claims, struct claim *claim)
{
    if (ovs_list_is_empty(&claim->touched_node)) {
        ovs_list_push_back(&claims->touched, &claim->touched_node);
    }
}

/* 'name' must live as long as 'claimant'. */
void
claims_add(struct claims *claims, struct claimant *claimant, const char *name,
           const struct claim_key *key)
{
    claimant->name = name;
    claimant->claim = find_or_add(claims, key);
    ovs_list_push_back(&claimant->claim->claimants, &claimant->claim_node);
    ovs_list_init(&claimant->changed_node);
    touch(claims, claimant->claim);
}

void
claims_remove(struct claims *claims, struct claimant *claimant)
{
    ovs_list_remove(&claimant->claim_node);
    ovs_list_remove(&claimant->changed_node);
    if (claimant->claim->holder == claimant) {
        claimant->claim->holder = NULL;
    }
    touch(claims, claimant->claim);
}

/* There is a row by which the claimant with 'name', which must live as long as
 * 'row', forwards 'key'. */
void
claims_add_row(struct claims *claims, struct claim_row *row, const char *name,
               const struct claim_key *key)
{
    row->name = name;
    row->claim = find_or_add(claims, key);
    ovs_list_push_back(&row->claim->rows, &row->claim_node);
    touch(claims, row->claim);
}

void
claims_remove_row(struct claims *claims, struct claim_row *row)
{
    ovs_list_remove(&row->claim_node);
    touch(claims, row->claim);
}

/* Returns true if 'claimant' forwards by a row what it claims. */
static bool
is_in_place(const struct claimant *claimant)
{
    const struct claim_row *row;

    LIST_FOR_EACH (row, claim_node, &claimant->claim->rows) {
        if (!strcmp(row->name, claimant->name)) {
            return true;
        }
    }
    return false;
}

static struct claimant *
choose_holder(const struct claim *claim)
{
    struct claimant *claimant, *first = NULL;

    LIST_FOR_EACH (claimant, claim_node, &claim->claimants) {
        if (is_in_place(claimant)) {
            return claimant;
        }
        if (!first || strcmp(claimant->name, first->name) < 0) {
            first = claimant;
        }
    }

    /* One that was chosen, but whose row is still under way, stays, too. */
    return claim->holder ? claim->holder : first;
}

/* Decides who holds what may have changed since the last time. */
void
claims_resolve(struct claims *claims)
{
    struct claim *claim;

    LIST_FOR_EACH_POP (claim, touched_node, &claims->touched) {
        struct claimant *holder = choose_holder(claim);

        ovs_list_init(&claim->touched_node);
        if (holder != claim->holder) {
            struct claimant *claimant;

            claim->holder = holder;
            LIST_FOR_EACH (claimant, claim_node, &claim->claimants) {
                if (ovs_list_is_empty(&claimant->changed_node)) {
                    ovs_list_push_back(&claims->changed,
                                       &claimant->changed_node);
                }
            }
        }
        claims_set_dirty(claims, claim->vip);
        destroy_if_unused(claims, claim);
    }
}

/* Returns a claimant of a claim whose holder has changed, each once, NULL if
 * there is none. */
struct claimant *
claims_pop_changed(struct claims *claims)
{
    if (ovs_list_is_empty(&claims->changed)) {
        return NULL;
    }

    struct claimant *claimant
        = CONTAINER_OF(ovs_list_pop_front(&claims->changed),
                       struct claimant, changed_node);
    ovs_list_init(&claimant->changed_node);
    return claimant;
}

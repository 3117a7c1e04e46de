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


#ifndef MANAGER_CLAIM_H
#define MANAGER_CLAIM_H 1

/* Who forwards what: a VIP, protocol and port of a network can be forwarded by
 * one rule only.
 *
 * Each rule (or inbound NAT rule, or port of an inbound NAT pool) that wants
 * to forward something is a claimant.  Of several that want the same, the one
 * that does so already, by the row in the database, stays; otherwise it is the
 * first by name.  When the holder goes, another one gets it at once.
 *
 * Claims on one address of one network make a VIP.
 *
 * Claimants and rows come and go one by one; claims_resolve() then decides
 * what may have changed, and the caller takes the claimants of claims whose
 * holder is another one from claims_pop_changed(), and VIPs of which anything
 * may have changed from the list of dirty ones.
 *
 * No I/O here. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/hmap.h"
#include "openvswitch/list.h"

/* What is forwarded. */
struct claim_key {
    struct in6_addr vip;
    uint32_t network_key;       /* 0 for public VIPs. */
    uint16_t port;              /* 0 for all. */
    uint8_t protocol;           /* 0 for all. */
};

struct claimant {
    const char *name;           /* Unique. */
    struct claim *claim;
    struct ovs_list claim_node; /* In 'claim'. */
    struct ovs_list changed_node; /* In struct claims's 'changed'. */
};

/* A row that forwards. */
struct claim_row {
    const char *name;           /* Of the claimant that it is for. */
    struct claim *claim;
    struct ovs_list claim_node; /* In 'claim'. */
};

struct claim {
    struct hmap_node hmap_node; /* In struct claims's 'claims'. */
    struct claim_key key;
    struct vip *vip;
    struct ovs_list vip_node;   /* In 'vip'. */
    struct ovs_list claimants;  /* Contains "struct claimant"s. */
    struct ovs_list rows;       /* Contains "struct claim_row"s: one, but while
                                 * they swap. */
    struct ovs_list touched_node; /* In struct claims's 'touched'. */
    struct claimant *holder;    /* NULL if there are no claimants. */
};

struct vip {
    struct hmap_node hmap_node; /* In struct claims's 'vips'. */
    uint32_t network_key;
    struct in6_addr address;
    struct ovs_list claims;     /* Contains "struct claim"s. */
    struct ovs_list dirty_node; /* In struct claims's 'dirty'. */
    const void *row;            /* The caller's; not NULL keeps the VIP. */
    uint64_t flight;            /* The caller's. */
};

struct claims {
    struct hmap claims;
    struct hmap vips;
    struct ovs_list touched;    /* Contains "struct claim"s. */
    struct ovs_list changed;    /* Contains "struct claimant"s. */
    struct ovs_list dirty;      /* Contains "struct vip"s. */
};

void claims_init(struct claims *);
void claims_destroy(struct claims *);

void claims_add(struct claims *, struct claimant *, const char *name,
                const struct claim_key *);
void claims_remove(struct claims *, struct claimant *);
void claims_add_row(struct claims *, struct claim_row *, const char *name,
                    const struct claim_key *);
void claims_remove_row(struct claims *, struct claim_row *);
bool claim_key_equals(const struct claim_key *, const struct claim_key *);

void claims_resolve(struct claims *);
struct claimant *claims_pop_changed(struct claims *);

struct vip *claims_find_vip(const struct claims *, uint32_t network_key,
                            const struct in6_addr *);
struct vip *claims_find_or_add_vip(struct claims *, uint32_t network_key,
                                   const struct in6_addr *);
void claims_set_dirty(struct claims *, struct vip *);
void claims_clear_dirty(struct claims *, struct vip *);

#endif /* controller/manager/claim.h */

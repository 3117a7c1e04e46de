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

#include "controller/manager/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "controller/manager/balancer.h"
#include "controller/manager/pool.h"
#include "controller/manager/write.h"
#include "lib/slb-address.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* Which muxes announce the VIPs: users cannot choose yet. */
#define MUX_SET "default"

/* What a row of VIP is to a VIP. */
struct vip_row {
    struct row_ref row_ref;
    struct vip *vip;
};

/* Endpoints. */

static bool
read_key(const struct slbrec_endpoint *row, struct claim_key *key)
{
    memset(key, 0, sizeof *key);
    key->network_key = row->network_key;
    key->port = row->port;
    key->protocol = row->protocol;
    return slb_address_parse(row->vip, &key->vip);
}

/* Forgets the row, which may be gone. */
void
endpoint_row_forget(struct state *s, struct endpoint_row *er)
{
    state_detach(s, &er->row_ref);
    claims_remove_row(&s->claims, &er->claim_row);
    cookies_remove(&s->cookies, er->cookie);
    shash_find_and_delete(&er->balancer->endpoint_rows, er->name);
    free(er->name);
    free(er);
}

void
see_endpoint(struct state *s, const struct slbrec_endpoint *row, bool deleted)
{
    struct row_ref *ref = state_find(s, row);
    struct endpoint_row *er = ref ? ref->object : NULL;
    struct claim_key key;

    if (state_see_orphan(s, ref, deleted)) {
        return;
    }
    if (er) {
        if (!deleted && !strcmp(er->name, row->rule)
            && er->cookie == row->cookie && read_key(row, &key)
            && claim_key_equals(&key, &er->claim_row.claim->key)) {
            return;
        }

        struct balancer *balancer = er->balancer;
        endpoint_row_forget(s, er);
        if (deleted && !balancer->intent) {
            balancer_set_dirty(s, balancer, false);
        }
    }
    if (deleted) {
        return;
    }

    struct balancer *balancer = balancer_get(s, row->rule);
    if (!read_key(row, &key)
        || shash_find(&balancer->endpoint_rows, row->rule)) {
        state_add_orphan(s, row);
    } else {
        er = xzalloc(sizeof *er);
        er->balancer = balancer;
        er->name = xstrdup(row->rule);
        er->cookie = row->cookie;
        state_attach(s, &er->row_ref, row, er);
        claims_add_row(&s->claims, &er->claim_row, er->name, &key);
        cookies_add(&s->cookies, er->cookie);
        shash_add(&balancer->endpoint_rows, er->name, er);
    }
    if (!balancer->intent) {
        balancer_set_dirty(s, balancer, false);
    }
}

/* Whether 'row' has 'ranges', which are in the IDL's order, too. */
static bool
ranges_equal(const struct slbrec_endpoint *row, const struct svec *ranges)
{
    if (row->n_source_ranges != ranges->n) {
        return false;
    }
    for (size_t i = 0; i < ranges->n; i++) {
        if (strcmp(row->source_ranges[i], ranges->names[i])) {
            return false;
        }
    }
    return true;
}

/* Writes what only muxes read of 'e' to 'row'.  Returns true if that changes
 * anything. */
static bool
write_access(const struct slbrec_endpoint *row, const struct endpoint *e)
{
    bool changed = false;

    SET_INTEGER(endpoint, row, reject, e->reject, changed);
    if (!ranges_equal(row, &e->source_ranges)) {
        slbrec_endpoint_set_source_ranges(
            row, (const char **) e->source_ranges.names, e->source_ranges.n);
        changed = true;
    }
    return changed;
}

static void
write_endpoint(struct state *s, const struct endpoint *e)
{
    const struct endpoint_row *er
        = shash_find_data(&e->balancer->endpoint_rows, e->name);
    const struct slbrec_endpoint *row = er ? er->row_ref.row : NULL;
    bool changed = false;

    if (!row) {
        row = slbrec_endpoint_insert(s->txn);
        slbrec_endpoint_set_rule(row, e->name);
        changed = true;
    } else if (row->pool_key != e->pool->key) {
        pool_touch(s, row->pool_key);
    }
    if (!er || !claim_key_equals(&er->claim_row.claim->key, &e->key)) {
        char *vip = slb_address_to_string(&e->key.vip);

        slbrec_endpoint_set_network_key(row, e->key.network_key);
        slbrec_endpoint_set_vip(row, vip);
        slbrec_endpoint_set_protocol(row, e->key.protocol);
        slbrec_endpoint_set_port(row, e->key.port);
        free(vip);
        changed = true;
    }
    if (!er || !cookie_is_valid(er->cookie)) {
        slbrec_endpoint_set_cookie(row, cookies_allocate(&s->cookies));
        changed = true;
    }
    SET_INTEGER(endpoint, row, pool_key, e->pool->key, changed);
    SET_INTEGER(endpoint, row, backend_port, e->backend_port, changed);
    SET_STRING(endpoint, row, load_distribution, e->load_distribution,
               changed);
    SET_INTEGER(endpoint, row, idle_timeout, e->idle_timeout, changed);
    SET_INTEGER(endpoint, row, floating_ip, e->floating_ip, changed);
    SET_INTEGER(endpoint, row, tcp_reset, e->tcp_reset, changed);

    bool access_changed = write_access(row, e);
    if (changed) {
        pool_touch(s, e->pool->key);
    } else if (access_changed) {
        concern_touch_muxes(&s->concern);
    }
    s->n_written += changed || access_changed;
}

/* Returns true if 'e' is what forwards its VIP's port. */
static bool
is_in_force(const struct endpoint *e)
{
    return e->claimant.claim->holder == &e->claimant && e->pool->key;
}

/* Those whose rows are on what 'e' is going to forward have to give them up in
 * this transaction. */
static void
pull_predecessors(struct state *s, const struct endpoint *e)
{
    const struct claim_row *claim_row;

    LIST_FOR_EACH (claim_row, claim_node, &e->claimant.claim->rows) {
        const struct endpoint_row *er
            = CONTAINER_OF(claim_row, struct endpoint_row, claim_row);

        if (er->balancer != e->balancer) {
            balancer_pull(s, er->balancer);
        }
    }
}

/* 'vip' is to be written in this run if it is dirty. */
static void
schedule_vip(struct state *s, struct vip *vip)
{
    if (!ovs_list_is_empty(&vip->dirty_node)) {
        ovs_list_remove(&vip->dirty_node);
        ovs_list_push_back(&s->run_vips, &vip->dirty_node);
    }
}

/* Would writing 'b''s endpoints have to do with what is in flight? */
bool
endpoints_are_blocked(const struct state *s, const struct balancer *b)
{
    const struct shash_node *node;

    for (size_t i = 0; i < b->n_endpoints; i++) {
        const struct claim *claim = b->endpoints[i].claimant.claim;
        const struct claim_row *claim_row;

        if (state_is_in_flight(s, claim->vip->flight)) {
            return true;
        }
        LIST_FOR_EACH (claim_row, claim_node, &claim->rows) {
            const struct balancer *owner
                = CONTAINER_OF(claim_row, struct endpoint_row,
                               claim_row)->balancer;

            if (owner != b && (state_is_in_flight(s, owner->flight)
                               || balancer_is_queued(owner))) {
                return true;
            }
        }
    }
    SHASH_FOR_EACH (node, &b->endpoint_rows) {
        const struct endpoint_row *er = node->data;

        if (state_is_in_flight(s, er->claim_row.claim->vip->flight)) {
            return true;
        }
    }
    return false;
}

/* Writes all endpoints of 'b'.  Their VIPs are written at the end of the
 * run. */
void
endpoints_write(struct state *s, struct balancer *b)
{
    struct sset wanted = SSET_INITIALIZER(&wanted);
    struct shash_node *node;

    for (size_t i = 0; i < b->n_endpoints; i++) {
        const struct endpoint *e = &b->endpoints[i];

        if (is_in_force(e)) {
            pull_predecessors(s, e);
            write_endpoint(s, e);
            if (!shash_is_empty(&b->endpoint_rows)) {
                sset_add(&wanted, e->name);
            }
        }
    }
    SHASH_FOR_EACH (node, &b->endpoint_rows) {
        const struct endpoint_row *er = node->data;

        if (!sset_contains(&wanted, er->name)) {
            const struct slbrec_endpoint *row = er->row_ref.row;

            pool_touch(s, row->pool_key);
            slbrec_endpoint_delete(row);
            s->n_written++;
            schedule_vip(s, er->claim_row.claim->vip);
        }
    }
    for (size_t i = 0; i < b->n_endpoints; i++) {
        schedule_vip(s, b->endpoints[i].claimant.claim->vip);
    }
    sset_destroy(&wanted);
}

/* VIPs. */

static void
forget_vip(struct state *s, struct vip_row *vr)
{
    state_detach(s, &vr->row_ref);
    vr->vip->row = NULL;
    claims_set_dirty(&s->claims, vr->vip);
    free(vr);
}

/* Forgets the rows of all VIPs. */
void
vips_forget(struct state *s)
{
    struct vip *vip;

    HMAP_FOR_EACH (vip, hmap_node, &s->claims.vips) {
        if (vip->row) {
            forget_vip(s, CONST_CAST(struct vip_row *, vip->row));
        }
    }
}

void
see_vip(struct state *s, const struct slbrec_vip *row, bool deleted)
{
    struct row_ref *ref = state_find(s, row);
    struct vip_row *vr = ref ? ref->object : NULL;
    struct in6_addr address;

    if (state_see_orphan(s, ref, deleted)) {
        return;
    }

    bool valid = slb_address_parse(row->address, &address);
    if (vr && (deleted || !valid || vr->vip->network_key != row->network_key
               || slb_address_compare(&vr->vip->address, &address))) {
        forget_vip(s, vr);
        vr = NULL;
    }
    if (deleted || vr) {
        return;
    }
    if (!valid) {
        state_add_orphan(s, row);
        return;
    }

    struct vip *vip = claims_find_or_add_vip(&s->claims, row->network_key,
                                             &address);
    if (vip->row) {
        state_add_orphan(s, row);
        return;
    }
    vr = xzalloc(sizeof *vr);
    vr->vip = vip;
    vip->row = vr;
    state_attach(s, &vr->row_ref, row, vr);
    claims_set_dirty(&s->claims, vip);
}

static struct endpoint *
claim_holder(const struct claim *claim)
{
    return (claim->holder
            ? CONTAINER_OF(claim->holder, struct endpoint, claimant)
            : NULL);
}

/* Returns the frontend that 'vip' belongs to.  Of several frontends with the
 * address, the one that the row names stays, else it is the first by name.
 * NULL if nothing is forwarded. */
static const struct frontend *
choose_frontend(const struct vip *vip, const struct slbrec_vip *row)
{
    const struct frontend *best = NULL;
    const struct claim *claim;

    LIST_FOR_EACH (claim, vip_node, &vip->claims) {
        const struct endpoint *e = claim_holder(claim);

        if (!e || balancer_is_queued(e->balancer) || !is_in_force(e)) {
            continue;
        }
        if (row && !strcmp(e->frontend->path, row->frontend)) {
            return e->frontend;
        }
        if (!best || strcmp(e->frontend->path, best->path) < 0) {
            best = e->frontend;
        }
    }
    return best;
}

/* Returns true if a load balancer that is going to be compiled has to do with
 * 'vip'. */
static bool
is_incomplete(const struct vip *vip)
{
    const struct claim *claim;

    LIST_FOR_EACH (claim, vip_node, &vip->claims) {
        const struct endpoint *e = claim_holder(claim);
        const struct claim_row *claim_row;

        if (e && balancer_is_queued(e->balancer)) {
            return true;
        }
        LIST_FOR_EACH (claim_row, claim_node, &claim->rows) {
            if (balancer_is_queued(CONTAINER_OF(claim_row,
                                                struct endpoint_row,
                                                claim_row)->balancer)) {
                return true;
            }
        }
    }
    return false;
}

static bool
zones_equal(const struct slbrec_vip *row, const struct frontend *f)
{
    if (row->n_zones != f->n_zones) {
        return false;
    }
    for (size_t i = 0; i < f->n_zones; i++) {
        if (strcmp(row->zones[i], f->zones[i])) {
            return false;
        }
    }
    return true;
}

/* A VIP changes: muxes announce and forward it, and hosts in its network send
 * to it. */
static void
touch_vip(struct state *s, const struct slbrec_vip *row)
{
    concern_touch_mux_set(&s->concern, row->mux_set);
    if (row->network_key) {
        concern_touch_key(&s->concern, row->network_key);
    }
}

static void
write_vip(struct state *s, const struct slbrec_vip *row, const struct vip *vip,
          const struct frontend *f)
{
    bool changed = false, answers_changed = false;

    if (!row) {
        char *address = slb_address_to_string(&vip->address);

        row = slbrec_vip_insert(s->txn);
        slbrec_vip_set_network_key(row, vip->network_key);
        slbrec_vip_set_address(row, address);
        free(address);
        changed = true;
    } else if (strcmp(row->mux_set, MUX_SET)) {
        concern_touch_mux_set(&s->concern, row->mux_set);
    }
    SET_STRING(vip, row, frontend, f->path, changed);
    SET_STRING(vip, row, mux_set, MUX_SET, changed);
    if (!zones_equal(row, f)) {
        slbrec_vip_set_zones(row, (const char **) f->zones, f->n_zones);
        changed = true;
    }

    /* What muxes answer is nothing to hosts. */
    SET_INTEGER(vip, row, echo, f->echo, answers_changed);
    SET_INTEGER(vip, row, reject, f->reject, answers_changed);
    if (changed) {
        touch_vip(s, row);
    } else if (answers_changed) {
        concern_touch_mux_set(&s->concern, MUX_SET);
    }
    s->n_written += changed || answers_changed;
}

/* Writes the rows of the VIPs of the endpoints that were written in this run,
 * and of all that are dirty if 'all', which is right if nothing is left to be
 * compiled. */
void
vips_write(struct state *s, bool all)
{
    struct vip *vip;

    if (all) {
        ovs_list_push_back_all(&s->run_vips, &s->claims.dirty);
    }
    LIST_FOR_EACH_POP (vip, dirty_node, &s->run_vips) {
        const struct vip_row *vr = vip->row;
        const struct slbrec_vip *row = vr ? vr->row_ref.row : NULL;
        const struct frontend *f = choose_frontend(vip, row);
        bool incomplete = is_incomplete(vip);

        size_t n_written = s->n_written;

        ovs_list_init(&vip->dirty_node);
        if (f && (!row || !incomplete || !strcmp(row->frontend, f->path))) {
            /* Otherwise whom the row names may still be there. */
            write_vip(s, row, vip, f);
        } else if (!f && row && !incomplete) {
            touch_vip(s, row);
            slbrec_vip_delete(row);
            s->n_written++;
        }
        if (s->n_written > n_written) {
            vip->flight = s->serial;
        }
        if (incomplete) {
            claims_set_dirty(&s->claims, vip);
        } else {
            claims_clear_dirty(&s->claims, vip);
        }
    }
}

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


#ifndef CTL_STATE_H
#define CTL_STATE_H 1

/* What the manager says of what users declared: which addresses and ports it
 * assigned, which members serve and where, and what it could not do; and what
 * hosts say of the health of members.
 *
 * That is no part of the language, so not of the model (ctl-model.h); this
 * finds it by the names of the model's objects.  It is read only here, and
 * points into the database's rows: it is to be used before anything else is
 * done with the database. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/shash.h"

struct ds;
struct ovsdb_idl;
struct slb_frontend;
struct slb_member;
struct slb_nat_pool;
struct slb_object;
struct slb_pool;
struct slb_probe;
struct smap;
struct svec;

struct ctl_state {
    bool compiled;              /* The manager has seen all that is declared,
                                 * and what follows is about that. */
    struct shash status;        /* By the path of an object of a kind: const
                                 * struct smap *. */

    /* By the path below "LoadBalancer/", as in "web/frontends/public". */
    struct shash addresses;     /* struct slbrec_assigned_address *. */
    struct shash ports;         /* struct slbrec_assigned_port *. */
    struct shash pools;         /* struct slbrec_compiled_pool *. */

    struct shash nodes;         /* By VTEP: struct slbrec_node *. */
    struct shash health;        /* By "NODE LB/probes/NAME ADDRESS": const char
                                 * *, "up" or "down". */
};

enum ctl_member_state {
    CTL_MEMBER_UNKNOWN,         /* The manager has not seen it yet. */
    CTL_MEMBER_UNBOUND,         /* No host has reported its port. */
    CTL_MEMBER_BOUND,           /* Serves, if it has a weight. */
    CTL_MEMBER_DRAINING,        /* Serves what is open only. */
};

struct ctl_member {
    const char *name;
    const char *address;        /* NULL: not known. */
    const char *node;           /* A host, or its VTEP; NULL: on none. */
    bool silent;                /* Nothing is heard of that host any more. */
    enum ctl_member_state state;
};

void ctl_state_monitor(struct ovsdb_idl *, bool all);
void ctl_state_read(struct ctl_state *, struct ovsdb_idl *);
void ctl_state_destroy(struct ctl_state *);

const struct smap *ctl_state_status(const struct ctl_state *,
                                    const struct slb_object *kind);
void ctl_state_format_address(const struct ctl_state *,
                              const struct slb_frontend *, struct ds *);
const char *ctl_state_address_source(const struct ctl_state *,
                                     const struct slb_frontend *);
const struct slbrec_assigned_port *
ctl_state_ports(const struct ctl_state *, const struct slb_nat_pool *);
struct ctl_member *ctl_state_members(const struct ctl_state *,
                                     const struct slb_pool *, size_t *n);
const char *ctl_member_state_name(enum ctl_member_state);
const char *ctl_state_health(const struct ctl_state *,
                             const struct slb_probe *,
                             const struct ctl_member *);

/* The texts of a status: "not supported yet: ...". */
void ctl_status_split(const char *texts, struct svec *);
void ctl_status_list(const struct smap *status, struct svec *paths,
                     struct svec *texts);

#endif /* controller/ctl/ctl-state.h */

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


#ifndef MANAGER_BALANCER_H
#define MANAGER_BALANCER_H 1

/* A load balancer in the manager's memory: the unit of work.
 *
 * There is one for each name that a row of Load_Balancer or of a compiled
 * table mentions.  Of the rows of Load_Balancer with the name at most one is
 * live (stage.h); if none is, what is left of the load balancer is removed, or
 * drained as long as it has to be. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/manager/claim.h"
#include "controller/manager/problems.h"
#include "controller/manager/state.h"
#include "controller/manager/status.h"
#include "heap.h"
#include "openvswitch/list.h"
#include "openvswitch/shash.h"

struct slbrec_assigned_address;
struct slbrec_assigned_port;
struct slbrec_load_balancer;
struct stage;

/* A row of Load_Balancer. */
struct balancer_row {
    struct row_ref row_ref;
    const struct slbrec_load_balancer *row;
    struct balancer *balancer;
    struct ovs_list balancer_node; /* In 'balancer'. */
    struct stage *stage;        /* NULL if it is in none. */
    struct ovs_list stage_node; /* In 'stage'. */
    struct stage *retired;      /* NULL if it is not. */
    struct ovs_list retired_node; /* In 'retired'. */
};

/* A row of Assigned_Address or Assigned_Port. */
struct assigned_row {
    struct row_ref row_ref;
    struct balancer *balancer;
    const char *name;           /* Frontend or NAT pool. */
};

struct frontend {
    char *path;                 /* "LB/frontends/FRONTEND". */
    const char *name;
    const void *intent;
    bool usable;                /* Has it an address that is its own, or will
                                 * it be assigned one? */
    bool yields;                /* Was its address assigned to another one? */
    bool ipv6;
    struct in6_addr address;
    bool internal;
    const struct network *network; /* If 'internal'. */
    char **zones;
    size_t n_zones;
    char *source;               /* The address comes from there, or NULL. */
    bool echo;                  /* Do muxes answer ping? */
    bool reject;                /* Refuse they what no rule takes? */
    char *space;                /* For struct assign: where the address is
                                 * unique, NULL for public ones. */
    bool taken;                 /* Does struct assign know that the address is
                                 * taken? */
    bool has_endpoints;
};

struct nat_pool {
    char *name;                 /* "LB/inboundNatPools/POOL". */
    struct nat_ports *ports;
};

struct balancer {
    const char *name;
    struct ovs_list rows;       /* Contains "struct balancer_row"s. */
    const struct slbrec_load_balancer *intent; /* The live row or NULL. */
    struct network *network;    /* That 'intent' names, or NULL. */
    struct ovs_list network_node; /* In 'network'. */
    struct ovs_list prefixes;   /* Contains "struct prefix_use"s. */

    struct frontend *frontends;
    size_t n_frontends;
    struct shash pools;         /* Contains "struct pool"s: declared, or with a
                                 * row. */
    struct endpoint *endpoints;
    size_t n_endpoints, allocated_endpoints;
    struct nat_pool *nat_pools;
    size_t n_nat_pools;

    struct shash endpoint_rows; /* Contains "struct endpoint_row"s. */
    struct shash address_rows;  /* Contains "struct assigned_row"s. */
    struct shash port_rows;     /* Contains "struct assigned_row"s. */

    struct sset assigned;       /* Frontends that struct assign knows. */
    struct status status;       /* Found by balancers_parse(). */
    struct problem_list problems; /* Likewise. */
    struct problem_list new_problems; /* Being collected for that. */
    struct status compile_status; /* Found by balancer_compile(). */
    struct problem_list conflicts; /* Likewise. */

    struct ovs_list unparsed_node; /* In struct state's 'unparsed'. */
    bool parsing;               /* Is it being parsed as it is now? */
    struct ovs_list queue_node; /* In struct state's 'queue'. */
    struct ovs_list zoned_node; /* In struct state's 'zoned'. */
    struct ovs_list yielding_node; /* In struct state's 'yielding'. */
    bool pulled;
    uint64_t flight;            /* Number of the run that wrote it last. */
    struct heap_node timer;     /* In struct state's 'timers'. */
    bool has_timer;
};

struct balancer *balancer_get(struct state *, const char *path);
void balancer_destroy(struct state *, struct balancer *);
bool balancer_is_queued(const struct balancer *);

/* What has to be done. */
void balancer_set_changed(struct state *, struct balancer *);
void balancer_set_dirty(struct state *, struct balancer *, bool urgent);
void balancer_pull(struct state *, struct balancer *);

/* Doing it. */
bool balancers_parse(struct state *);
bool balancer_is_blocked(const struct state *, const struct balancer *);
void balancer_compile(struct state *, struct balancer *);

void balancer_add_problem(struct balancer *, struct problem_list *,
                          struct status *, const char *path,
                          const char *format, ...)
    OVS_PRINTF_FORMAT(5, 6);

/* Rows. */
void balancer_choose_intent(struct state *, struct balancer *);
void see_load_balancer(struct state *, const struct slbrec_load_balancer *,
                       bool deleted);
void see_assigned_address(struct state *,
                          const struct slbrec_assigned_address *,
                          bool deleted);
void see_assigned_port(struct state *, const struct slbrec_assigned_port *,
                       bool deleted);

#endif /* controller/manager/balancer.h */

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


#ifndef MANAGER_ENDPOINT_H
#define MANAGER_ENDPOINT_H 1

/* Endpoints, that is what rules, inbound NAT rules and ports of inbound NAT
 * pools forward, and VIPs; and the rows compiled from them. */

#include <stdbool.h>
#include <stdint.h>

#include "controller/manager/claim.h"
#include "controller/manager/state.h"
#include "svec.h"

struct balancer;
struct frontend;
struct pool;
struct slbrec_endpoint;
struct slbrec_vip;

struct endpoint {
    struct claimant claimant;
    struct balancer *balancer;
    char *name;                 /* "LB/rules/RULE". */
    const char *path;           /* What the status is about, "rules/RULE". */
    char *own_path;             /* NULL if that is a part of 'name'. */
    const struct frontend *frontend;
    struct claim_key key;
    struct pool *pool;
    int backend_port;
    const char *load_distribution;
    int idle_timeout;           /* In seconds. */
    bool floating_ip;
    bool tcp_reset;

    /* For muxes only. */
    struct svec source_ranges;  /* Prefixes; empty: all. */
    bool reject;
};

struct endpoint_row {
    struct row_ref row_ref;
    struct claim_row claim_row;
    struct balancer *balancer;
    char *name;
    int64_t cookie;
};

bool endpoints_are_blocked(const struct state *, const struct balancer *);
void endpoints_write(struct state *, struct balancer *);
void endpoint_row_forget(struct state *, struct endpoint_row *);
void vips_write(struct state *, bool all);
void vips_forget(struct state *);

void see_endpoint(struct state *, const struct slbrec_endpoint *,
                  bool deleted);
void see_vip(struct state *, const struct slbrec_vip *, bool deleted);

#endif /* controller/manager/endpoint.h */

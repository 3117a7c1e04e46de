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

#ifndef SLB_VALIDATE_PRIVATE_H
#define SLB_VALIDATE_PRIVATE_H 1

/* What the parts of slb_validate() share.
 *
 *     slb-validate.c            the order of things, and reports
 *     slb-validate-names.c      names and references, of everything
 *     slb-validate-network.c    subnets, gateways, peers, public IP prefixes
 *     slb-validate-frontend.c   frontends
 *     slb-validate-pool.c       members
 *     slb-validate-rule.c       probes, rules, inbound NAT rules and pools
 *     slb-validate-port.c       ports that two of these use
 *     slb-validate-outbound.c   outbound rules
 *
 * Each error names the place of what is to be changed and, in its text, the
 * other place that it does not go together with. */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/slb-address.h"
#include "openvswitch/compiler.h"
#include "yaml/slb-index.h"
#include "yaml/slb-model.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-schema.h"

/* One of the subnets of a space. */
struct slb_range {
    const struct slb_subnet *subnet;
    const struct slb_network *network; /* That the subnet is of. */
};

/* The addresses that virtual machines of a network may have to do with: its
 * subnets and those of its peers. */
struct slb_space {
    const struct slb_network *network;
    bool valid;                 /* All subnets are known, and apart. */
    bool changed;               /* Some of it is from a text. */
    struct slb_range *ranges;   /* By address. */
    size_t n;
};

struct slb_validation {
    struct slb_input *input;
    const struct slb_model *base; /* What is in the database, or NULL. */

    /* What will be, by class and name: the files' objects, then the base's
     * others.  Data is struct slb_object *. */
    struct slb_index objects;

    /* By network.  Data is struct slb_space *. */
    struct slb_index spaces;

    /* Frontends by the network that they are in (NULL: public ones) and
     * address.  Data is struct slb_frontend *. */
    struct slb_index frontends;
    struct slb_index internal;  /* Networks that have such, number 0. */

    /* How many frontends get their address from a subnet or public IP prefix.
     * Data is size_t *. */
    struct slb_index assigned;

    size_t n_guesses;           /* What wrong references may have meant. */

    /* Of the document's object that is being checked. */
    const struct slb_object *top;
    const struct slb_object *culprit; /* See slb_report(). */
    struct slb_index siblings;  /* What it lists, by class and name. */

    /* If that is a load balancer. */
    const struct slb_load_balancer *lb;
    const struct slb_network *network; /* NULL if not known. */
    const struct slb_space *space; /* Of 'network'; NULL if not known or not
                                    * valid. */
};

/* What a frontend is: 'known' says whether that can be told. */
struct slb_frontend_type {
    bool known;
    bool internal;
    const struct slb_prefix *prefix; /* It gets an address of, or NULL. */
};

/* What listens at ports of a frontend: a rule, inbound NAT rule or pool. */
struct slb_listener {
    const struct slb_object *object;
    const struct slb_frontend *frontend;
    int protocol;               /* Of enum slb_protocol. */
    int first, last;            /* Ports; 0 with SLB_PROTOCOL_ALL. */
    const char *field;          /* That has the (first) port. */
    size_t order;               /* Among those of the load balancer. */
};

/* Those of a load balancer, by frontend, protocol, first port, and order. */
struct slb_listeners {
    struct slb_listener *at;
    size_t n, allocated;
};

/* Reports. */
static inline bool
slb_is_from_text(const struct slb_object *object)
{
    return object->mark.source != NULL;
}

bool slb_validation_is_full(const struct slb_validation *);
void slb_report(struct slb_validation *, const struct slb_object *,
                const char *field, const char *format, ...)
    OVS_PRINTF_FORMAT(4, 5);
void slb_report_at(struct slb_validation *, const struct slb_object *,
                   struct slb_mark, const char *format, ...)
    OVS_PRINTF_FORMAT(4, 5);
char *slb_other(const struct slb_object *, const char *field);
char *slb_place(const struct slb_object *, const char *field);
char *slb_address_text(const struct in6_addr *);
char *slb_prefix_text(const struct slb_prefix *);
bool slb_is_after(const struct slb_object *, const struct slb_object *);
bool slb_check_standard(struct slb_validation *, const struct slb_object *,
                        const char *field, const char *what);

/* Names. */
void slb_check_names(struct slb_validation *, const struct slb_object *);
void slb_index_siblings(struct slb_validation *, const struct slb_object *top);
void slb_check_references(struct slb_validation *, const struct slb_object *);
const void *slb_find_object(const struct slb_validation *,
                            const struct slb_class *, const char *name);
const void *slb_find_sibling(const struct slb_validation *,
                             const struct slb_class *, const char *name);

/* Networks. */
const struct slb_space *slb_find_space(struct slb_validation *,
                                       const struct slb_network *);
const struct slb_range *slb_space_find(const struct slb_space *,
                                       const struct in6_addr *);
const struct slb_subnet *slb_find_subnet(const struct slb_network *,
                                         const char *name);
void slb_check_network(struct slb_validation *, const struct slb_network *);
void slb_check_kept_network(struct slb_validation *,
                            const struct slb_network *);
void slb_check_public_prefixes(struct slb_validation *);
bool slb_check_no_probe_source(struct slb_validation *,
                               const struct slb_object *, const char *field,
                               const struct in6_addr *);
void slb_check_host_address(struct slb_validation *, const struct slb_subnet *,
                            const struct slb_object *, const char *field,
                            const struct in6_addr *);
bool slb_check_in_space(struct slb_validation *, const struct slb_object *,
                        const char *field, const struct in6_addr *,
                        const struct slb_subnet **);

/* Frontends. */
void slb_check_frontends(struct slb_validation *);
struct slb_frontend_type slb_frontend_type(const struct slb_validation *,
                                           const struct slb_frontend *);
bool slb_frontend_family(const struct slb_validation *,
                         const struct slb_frontend *, bool *v4);

/* Pools. */
void slb_check_pools(struct slb_validation *);
void slb_check_members_are_no_frontends(struct slb_validation *);
bool slb_pool_family(const struct slb_pool *, bool *v4,
                     const struct slb_member **);

/* Rules. */
void slb_check_probes(struct slb_validation *);
void slb_check_rules(struct slb_validation *);
void slb_check_tcp_reset(struct slb_validation *, const struct slb_object *,
                         int protocol, bool tcp_reset);
void slb_check_pool_family(struct slb_validation *, const struct slb_object *,
                           const char *pool, const struct slb_frontend *);

/* Ports of frontends. */
void slb_listeners_init(struct slb_listeners *,
                        const struct slb_validation *);
void slb_listeners_destroy(struct slb_listeners *);
const struct slb_listener *slb_listeners_find(const struct slb_listeners *,
                                              const struct slb_frontend *);
void slb_check_listeners(struct slb_validation *,
                         const struct slb_listeners *);

/* Ports of machines. */
void slb_check_backend_ports(struct slb_validation *);

/* Outbound rules. */
void slb_check_outbound_rules(struct slb_validation *,
                              const struct slb_listeners *);

static inline const char *
slb_protocol_name(int protocol)
{
    return (protocol == SLB_PROTOCOL_TCP ? "Tcp"
            : protocol == SLB_PROTOCOL_UDP ? "Udp" : "All");
}

static inline const char *
slb_family_name(bool v4)
{
    return v4 ? "IPv4" : "IPv6";
}

#endif /* yaml/slb-validate-private.h */

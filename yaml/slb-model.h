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


#ifndef SLB_MODEL_H
#define SLB_MODEL_H 1

/* What users declare, in memory: virtual networks, public IP prefixes and load
 * balancers.
 *
 * These are plain structures.  They know nothing of the text they were read
 * from but where in it each of their fields was (struct slb_mark), and nothing
 * of the database that they are written to.  A struct slb_model holds the
 * objects of some files, or of a database.
 *
 * Each object starts with a struct slb_object, which names its class; the
 * class (yaml/slb-schema.h) has a table of the fields, so that code that
 * treats all fields alike (parser, printer, difference, database) is written
 * once.  Code that knows what it is about uses the structures' members:
 *
 *     for (size_t i = 0; i < lb->rules.n; i++) {
 *         const struct slb_rule *rule = lb->rules.at[i];
 *         ...
 *     }
 *
 * Fields that a text did not give have their default; those without one, and
 * required ones, which are missing only in a text with errors, are NULL or 0
 * (an address: all zeros). */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/slb-address.h"

struct ds;
struct shash;
struct slb_class;

/* A text that marks point into: a file. */
struct slb_source {
    char *name;                 /* For messages. */
    int index;                  /* Orders the errors of several files. */
};

/* A place in a text, for messages.  'source' is NULL for what is not from a
 * text but from the database. */
struct slb_mark {
    const struct slb_source *source;
    uint32_t line;              /* From 1. */
    uint32_t column;            /* From 1. */
};

struct slb_object {
    const struct slb_class *class;
    const struct slb_object *parent; /* What lists this object, or NULL. */
    char *name;
    struct slb_mark mark;       /* Where the object begins. */
    struct slb_mark *marks;     /* Where each field's value is; or NULL. */
    uint64_t invalid;           /* Bit for each field that was missing or
                                 * wrong, so is not to be relied on. */
};

/* A list of objects.  All these types are laid out like struct slb_list. */
#define SLB_LIST(TYPE) struct { TYPE **at; size_t n; size_t allocated; }

struct slb_list {
    struct slb_object **at;
    size_t n;
    size_t allocated;
};

/* A list of texts: names of objects, zones, prefixes.  Sorted, each once. */
struct slb_strings {
    char **at;
    struct slb_mark *marks;     /* Where each is; NULL if not from a text. */
    size_t n;
    size_t allocated;
};

struct slb_subnet {
    struct slb_object obj;
    struct slb_prefix prefix;
    struct in6_addr gateway;
};

struct slb_network {
    struct slb_object obj;
    SLB_LIST(struct slb_subnet) subnets;
    struct slb_strings peerings; /* Names of virtual networks. */
};

struct slb_public_prefix {
    struct slb_object obj;
    struct slb_prefix prefix;
};

enum slb_allocation {
    SLB_ALLOCATION_STATIC,
    SLB_ALLOCATION_DYNAMIC,
};

/* A frontend is public or internal, and its address is given or assigned: see
 * the language's documentation of its fields. */
struct slb_frontend {
    struct slb_object obj;
    struct in6_addr address;    /* All zeros if it is to be assigned. */
    char *public_ip_prefix;     /* Name of a public IP prefix, or NULL. */
    char *subnet;               /* Name of a subnet, or NULL. */
    int allocation;             /* Of enum slb_allocation. */
    struct slb_strings zones;   /* Empty: all. */
    bool fastpath;
    bool icmp_echo;
    bool reject;
    bool is_ipv6;               /* Azure's 'privateIPAddressVersion' says that
                                 * it is, ... */
    struct slb_mark version_mark; /* ... at this place. */
};

enum slb_admin_state {
    SLB_ADMIN_NONE,             /* Its health decides. */
    SLB_ADMIN_UP,               /* Gets connections, healthy or not. */
    SLB_ADMIN_DOWN,             /* Gets no new ones. */
};

struct slb_member {
    struct slb_object obj;      /* Without name, this is the address. */
    struct in6_addr address;    /* All zeros: that of the port 'obj.name'. */
    int weight;
    int admin_state;            /* Of enum slb_admin_state. */
};

enum slb_silent_host {
    SLB_SILENT_KEEP,            /* Members stay what they were. */
    SLB_SILENT_DOWN,            /* They get no new connections. */
};

struct slb_pool {
    struct slb_object obj;
    int silent_host;            /* Of enum slb_silent_host. */
    SLB_LIST(struct slb_member) members;
};

enum slb_sku {
    SLB_SKU_BASIC,
    SLB_SKU_STANDARD,
};

enum slb_tier {
    SLB_TIER_REGIONAL,
    SLB_TIER_GLOBAL,
};

enum slb_protocol {
    SLB_PROTOCOL_TCP,
    SLB_PROTOCOL_UDP,
    SLB_PROTOCOL_ALL,           /* Of all protocols, all ports. */
};

enum slb_probe_protocol {
    SLB_PROBE_TCP,
    SLB_PROBE_HTTP,
    SLB_PROBE_HTTPS,
};

enum slb_no_healthy_backends {
    SLB_ALL_PROBED_DOWN,
    SLB_ALL_PROBED_UP,
};

struct slb_probe {
    struct slb_object obj;
    int protocol;               /* Of enum slb_probe_protocol. */
    int port;
    char *request_path;         /* Of Http and Https, else NULL. */
    int interval;               /* In seconds. */
    int number_of_probes;
    int no_healthy_backends;    /* Of enum slb_no_healthy_backends. */
};

enum slb_distribution {
    SLB_DISTRIBUTION_DEFAULT,   /* By the 5-tuple. */
    SLB_DISTRIBUTION_SOURCE_IP, /* By both addresses. */
    SLB_DISTRIBUTION_SOURCE_IP_PROTOCOL, /* By these and the protocol. */
};

struct slb_rule {
    struct slb_object obj;
    char *frontend;             /* Name of a frontend. */
    char *backend_pool;         /* Name of a pool. */
    char *probe;                /* Name of a probe, or NULL. */
    int protocol;               /* Of enum slb_protocol. */
    int frontend_port;          /* 0 with SLB_PROTOCOL_ALL. */
    int backend_port;           /* Likewise. */
    int load_distribution;      /* Of enum slb_distribution. */
    int idle_timeout;           /* In minutes. */
    bool tcp_reset;
    bool floating_ip;
    bool disable_outbound_snat;
    struct slb_strings source_ranges; /* Prefixes; empty: all. */
    bool reject;
};

struct slb_nat_rule {
    struct slb_object obj;
    char *frontend;             /* Name of a frontend. */
    int protocol;               /* SLB_PROTOCOL_TCP or SLB_PROTOCOL_UDP. */
    int frontend_port;
    int backend_port;
    char *target;               /* Name of a member or port, or address. */
    int idle_timeout;           /* In minutes. */
    bool tcp_reset;
    bool floating_ip;
};

struct slb_nat_pool {
    struct slb_object obj;
    char *frontend;             /* Name of a frontend. */
    char *backend_pool;         /* Name of a pool. */
    int protocol;               /* SLB_PROTOCOL_TCP or SLB_PROTOCOL_UDP. */
    int first_port, last_port;  /* Of the frontend. */
    int backend_port;
    int idle_timeout;           /* In minutes. */
    bool tcp_reset;
    bool floating_ip;
};

struct slb_outbound_rule {
    struct slb_object obj;
    struct slb_strings frontends; /* Names of frontends. */
    char *backend_pool;         /* Name of a pool. */
    int protocol;               /* Of enum slb_protocol. */
    int ports;                  /* For a member, or SLB_OUTBOUND_*. */
    int idle_timeout;           /* In minutes. */
    bool tcp_reset;
};

struct slb_load_balancer {
    struct slb_object obj;
    int sku;                    /* Of enum slb_sku. */
    int tier;                   /* Of enum slb_tier. */
    char *network;              /* Name of a virtual network. */
    SLB_LIST(struct slb_frontend) frontends;
    SLB_LIST(struct slb_pool) backend_pools;
    SLB_LIST(struct slb_probe) probes;
    SLB_LIST(struct slb_rule) rules;
    SLB_LIST(struct slb_nat_rule) nat_rules;
    SLB_LIST(struct slb_nat_pool) nat_pools;
    SLB_LIST(struct slb_outbound_rule) outbound_rules;
};

/* One list for each kind, in the order of 'slb_kinds'. */
struct slb_model {
    SLB_LIST(struct slb_network) networks;
    SLB_LIST(struct slb_public_prefix) public_prefixes;
    SLB_LIST(struct slb_load_balancer) load_balancers;
};

struct slb_object *slb_object_create(const struct slb_class *,
                                     const struct slb_object *parent);
void slb_object_destroy(struct slb_object *);
void slb_object_set_mark(struct slb_object *, size_t field, struct slb_mark);
struct slb_mark slb_object_mark(const struct slb_object *, const char *field);
bool slb_object_has(const struct slb_object *, const char *field);
void slb_object_set_invalid(struct slb_object *, const char *field);
void slb_object_format_path(const struct slb_object *, struct ds *);
char *slb_object_path(const struct slb_object *);

void slb_list_add(struct slb_list *, struct slb_object *);
struct slb_object *slb_list_find(const struct slb_list *, const char *name);
void slb_list_sort(struct slb_list *);
void slb_list_index(const struct slb_list *, struct shash *);

void slb_strings_add(struct slb_strings *, const char *,
                     const struct slb_mark *);
void slb_strings_sort(struct slb_strings *);
bool slb_strings_contain(const struct slb_strings *, const char *);
bool slb_strings_equal(const struct slb_strings *, const struct slb_strings *);
void slb_strings_destroy(struct slb_strings *);

void slb_model_init(struct slb_model *);
void slb_model_destroy(struct slb_model *);
struct slb_list *slb_model_list(const struct slb_model *,
                                const struct slb_class *kind);
struct slb_object *slb_model_find(const struct slb_model *,
                                  const struct slb_class *kind,
                                  const char *name);

/* One of the lists in the structures above as a generic one. */
#define SLB_GENERIC(LIST) ((const struct slb_list *) (LIST))

#endif /* yaml/slb-model.h */

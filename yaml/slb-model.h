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

/* What users declare, in memory: virtual networks and load balancers.
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
 * Fields that a text did not give have their default; required ones, which
 * are missing only in a text with errors, are NULL or 0. */

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

struct slb_subnet {
    struct slb_object obj;
    struct slb_prefix prefix;
};

struct slb_network {
    struct slb_object obj;
    SLB_LIST(struct slb_subnet) subnets;
};

struct slb_frontend {
    struct slb_object obj;
    struct in6_addr address;
};

struct slb_member {
    struct slb_object obj;
    struct in6_addr address;
    int weight;
};

struct slb_pool {
    struct slb_object obj;
    SLB_LIST(struct slb_member) members;
};

enum slb_sku {
    SLB_SKU_BASIC,
    SLB_SKU_STANDARD,
};

enum slb_protocol {
    SLB_PROTOCOL_TCP,
    SLB_PROTOCOL_UDP,
};

enum slb_distribution {
    SLB_DISTRIBUTION_DEFAULT,   /* By the 5-tuple. */
};

struct slb_rule {
    struct slb_object obj;
    char *frontend;             /* Name of a frontend. */
    char *backend_pool;         /* Name of a pool. */
    int protocol;               /* Of enum slb_protocol. */
    int frontend_port;
    int backend_port;
    int load_distribution;      /* Of enum slb_distribution. */
    int idle_timeout;           /* In minutes. */
};

struct slb_load_balancer {
    struct slb_object obj;
    int sku;                    /* Of enum slb_sku. */
    char *network;              /* Name of a virtual network. */
    SLB_LIST(struct slb_frontend) frontends;
    SLB_LIST(struct slb_pool) backend_pools;
    SLB_LIST(struct slb_rule) rules;
};

/* One list for each kind, in the order of 'slb_kinds'. */
struct slb_model {
    SLB_LIST(struct slb_network) networks;
    SLB_LIST(struct slb_load_balancer) load_balancers;
};

struct slb_object *slb_object_create(const struct slb_class *,
                                     const struct slb_object *parent);
void slb_object_destroy(struct slb_object *);
void slb_object_set_mark(struct slb_object *, size_t field, struct slb_mark);
struct slb_mark slb_object_mark(const struct slb_object *, const char *field);
bool slb_object_has(const struct slb_object *, const char *field);
void slb_object_format_path(const struct slb_object *, struct ds *);
char *slb_object_path(const struct slb_object *);

void slb_list_add(struct slb_list *, struct slb_object *);
struct slb_object *slb_list_find(const struct slb_list *, const char *name);
void slb_list_sort(struct slb_list *);
void slb_list_index(const struct slb_list *, struct shash *);

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

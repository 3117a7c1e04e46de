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

#ifndef AVAILABILITY_STATE_H
#define AVAILABILITY_STATE_H 1

/* The insides of availability.h, which availability.c and what puts them into
 * words (availability-text.c) have in common. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/agent/availability.h"
#include "controller/agent/availability-judge.h"
#include "lib/slb-hash.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "openvswitch/shash.h"
#include "openvswitch/types.h"

/* Packets that may be under way: more than can be sent in the time that they
 * are waited for.  A power of 2. */
#define AVAILABILITY_MAX_SENT 8192

struct host {
    struct hmap_node node;      /* In struct availability's 'hosts'. */
    ovs_be32 vtep;
    size_t n_paths;
    struct target *target;      /* Where to look for the next one of these. */
    struct verdict verdict;
    long long int answered;     /* When the latest packet was sent that it
                                 * answered. */
    bool known;                 /* It has answered something, and was not bad
                                 * then. */
};

struct path {
    struct host *host;
    uint32_t first, n;          /* Of the target's flows. */
    uint32_t next;
    struct verdict verdict;
    bool refused;               /* By its host, rather than lost, the last
                                 * time. */
    bool retry;                 /* Is in 'retries'. */
};

struct vip {
    char *address;
    int64_t network;
    size_t n_paths;
    bool seen;
    struct figures figures;
};

/* An endpoint. */
struct target {
    struct availability_endpoint endpoint;
    const char *key;            /* In 'targets'. */
    struct vip *vip;
    struct json *json;          /* As it is in the tables, ... */
    struct json *pool;          /* ...and its pool. */
    bool seen;

    bool planned;
    struct ovs_list list_node;  /* In 'unplanned'. */
    struct availability_flow *flows;
    struct path *paths;         /* In the order of VTEPs. */
    size_t n_paths;
    size_t next;                /* Path to be used next. */
};

struct sent {
    struct target *target;      /* NULL: not waited for any more. */
    ovs_be32 vtep;
    uint16_t owner;
    uint64_t seq;
    long long int at;
};

struct retry {
    struct ovs_list node;
    struct target *target;
    ovs_be32 vtep;
};

/* A number of things that take turns, each once in a period. */
struct wheel {
    size_t cursor;
    double credit;
    double rate;                /* A millisecond. */
};

struct availability {
    const struct availability_ops *ops;
    void *aux;

    struct slb_hash_key hash_key;
    char *hash_text;
    struct shash vips;          /* "struct vip"s by network and address. */
    struct shash targets;       /* "struct target"s by their keys in tables. */
    struct hmap hosts;
    struct ovs_list unplanned;  /* Of "struct target"s. */
    size_t n_paths;
    struct target **ring;       /* Targets that have paths. */
    size_t n_ring;
    bool ring_dirty;
    struct host **host_ring;
    size_t n_hosts;
    bool cut_off;               /* All hosts are bad: it is this mux. */

    struct wheel paths_wheel, targets_wheel, hosts_wheel;
    double retry_credit;
    struct ovs_list retries;    /* Of "struct retry"s. */
    size_t n_retries;

    struct sent sent[AVAILABILITY_MAX_SENT]; /* By 'seq'. */
    uint64_t first, next;       /* Those that are waited for. */
    long long int now, wall;    /* Of the last run, or answer; 0: none yet, or
                                 * paused. */
    long long int ran_at;       /* Up to when credits have been given. */
    long long int began;
    uint64_t n_late;

    uint64_t seqno;
    bool dirty;                 /* 'text' may be out of date. */
    char *text;
    double text_credit;
    long long int text_at;      /* When it may change again. */
};

size_t availability_count_dead(const struct availability *);
void availability_format_bad_path(const struct target *, const struct path *,
                                  struct ds *);
char *availability_make_text(const struct availability *);

#endif /* controller/agent/availability-state.h */

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


#ifndef SLB_YAML_H
#define SLB_YAML_H 1

/* YAML texts as trees of nodes that know their place in the text.
 *
 * A text is read piece by piece, so that only little of it is in memory at a
 * time: a piece is a document or, if that is a list, an entry of it.  An alias
 * is the node that it refers to, which can so be in several places of the
 * tree; so from the first anchor on, all of the rest of a document is one
 * piece.
 *
 * Texts are users', or an attacker's: see the limits below, which hold with
 * aliases expanded.  They are meant to be found to be exceeded before much
 * time or memory has been spent.  Whatever is in a text, the time that it
 * takes is about proportional to the number of its bytes; and after the first
 * error only a little more of it is read. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "openvswitch/compiler.h"
#include "openvswitch/list.h"
#include "yaml/slb-model.h"

struct ds;
struct slb_errors;

#define SLB_YAML_MAX_SIZE (32 * 1024 * 1024) /* Bytes in a text. */
#define SLB_YAML_MAX_NODES 160000       /* Nodes in a piece. */
#define SLB_YAML_MAX_DEPTH 16           /* Nested lists and maps. */
#define SLB_YAML_MAX_ENTRIES 10000      /* In a list below the root. */
#define SLB_YAML_MAX_KEYS 1000          /* Keys in a map. */
#define SLB_YAML_MAX_SCALAR 4096        /* Bytes in a value. */
#define SLB_YAML_MAX_GAP (512 * 1024)   /* Bytes between values: comments. */
#define SLB_YAML_MAX_DIRECTIVES 100     /* Lines that begin with %. */
#define SLB_YAML_MAX_ANCHORS 10000      /* Anchors in a document. */
#define SLB_YAML_MAX_EMPTY 1000         /* Documents with nothing in them. */

/* Aliases may stand for so many nodes in all, and for two more for each node
 * that is written out. */
#define SLB_YAML_MAX_ALIASED 100000

/* What is read after the first error. */
#define SLB_YAML_MAX_NODES_AFTER 50000  /* Nodes. */
#define SLB_YAML_MAX_SIZE_AFTER (512 * 1024) /* Bytes. */

enum slb_yaml_type {
    SLB_YAML_SCALAR,
    SLB_YAML_LIST,
    SLB_YAML_MAP,
};

struct slb_yaml_node {
    enum slb_yaml_type type;
    struct slb_mark mark;

    /* SLB_YAML_SCALAR. */
    char *text;
    bool plain;                 /* Without quotes. */

    /* SLB_YAML_LIST: its nodes.  SLB_YAML_MAP: keys and values by turns. */
    struct slb_yaml_node **nodes;
    size_t n, allocated;

    /* Private. */
    struct ovs_list in_document; /* In struct slb_yaml_document, unless it has
                                  * nothing that needs to be freed. */
    uint32_t weight;            /* Nodes below and this one. */
    uint8_t height;             /* Of the nodes below. */
    bool complete;              /* Its end has been seen. */
    bool in_chunk;              /* It, and its text, are in a chunk; otherwise
                                 * each has been malloc'ed. */
};

/* A piece of a text. */
struct slb_yaml_document {
    struct slb_yaml_node *root; /* NULL if there is nothing in it. */
    bool is_entry;              /* Of a document that is a list. */
    struct ovs_list nodes;      /* Of struct slb_yaml_node. */
    struct slb_yaml_chunk *chunks; /* Where most of these are. */
};

struct slb_yaml *slb_yaml_open(const char *text, size_t size,
                               const struct slb_source *,
                               struct slb_errors *);
struct slb_yaml *slb_yaml_open_stream(FILE *, const struct slb_source *,
                                      struct slb_errors *);
bool slb_yaml_next(struct slb_yaml *, struct slb_yaml_document *);
void slb_yaml_document_init(struct slb_yaml_document *);
void slb_yaml_document_move(struct slb_yaml_document *dst,
                            struct slb_yaml_document *src);
void slb_yaml_document_destroy(struct slb_yaml_document *);
void slb_yaml_close(struct slb_yaml *);

bool slb_yaml_is_null(const struct slb_yaml_node *);
void slb_yaml_format_found(const struct slb_yaml_node *, struct ds *);

#endif /* yaml/slb-yaml.h */

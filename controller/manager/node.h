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


#ifndef MANAGER_NODE_H
#define MANAGER_NODE_H 1

/* Nodes and their ports in the manager's memory, the rows of muxes,
 * Node.wanted and Node.silent. */

#include <stdbool.h>
#include <stdint.h>

#include "controller/manager/problems.h"
#include "controller/manager/state.h"
#include "openvswitch/shash.h"

struct slbrec_node;

struct node {
    const char *name;
    const struct slbrec_node *row;
    struct row_ref row_ref;
    struct ovs_list new_node;   /* In struct state's 'new_nodes'. */
    struct ovs_list turned_node; /* In struct state's 'turned_nodes'. */
    struct ovs_list member_node; /* In struct state's 'member_nodes'. */
    bool mux;                   /* A mux with a VTEP. */
    char *vtep, *mux_set, *zone; /* Of a mux, as it was seen last. */
    bool silent;                /* A host that nothing is heard of. */
    int64_t said_silent;        /* Node.silent, maybe not there yet. */
    int64_t wanted;             /* Written last, maybe not there yet. */
    struct problem_list problems;
    struct shash health;        /* Of a host's members, by iface_id: struct
                                 * smap as in Port.health. */
};

void node_destroy(struct state *, struct node *);
const char *node_get_health(const struct state *, const char *node,
                            const char *iface_id, const char *key);
bool node_is_silent(const struct state *, const char *node);
void node_add_member(struct state *, const char *node);
void node_remove_member(struct state *, const char *node);
void see_node(struct state *, const struct slbrec_node *, bool deleted);
void nodes_see_silence(struct state *);
void nodes_write_muxes(struct state *);
void nodes_write_silent(struct state *);
void nodes_write_wanted(struct state *);
void nodes_written(struct state *);

#endif /* controller/manager/node.h */

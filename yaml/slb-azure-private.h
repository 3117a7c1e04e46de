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

#ifndef SLB_AZURE_PRIVATE_H
#define SLB_AZURE_PRIVATE_H 1

/* One load balancer of Azure's: which of its properties is which field of
 * ours.  Shared by the yaml/slb-azure-*.c that do it.
 *
 * Values are checked as those in the language's own documents are, by the same
 * table.  Names that are referred to, and everything else that depends on
 * several objects, is left to slb_validate(). */

#include <stdbool.h>
#include <stddef.h>

#include "yaml/slb-index.h"
#include "yaml/slb-model.h"

struct in6_addr;
struct slb_azure_id;
struct slb_azure_index;
struct slb_azure_map;
struct slb_input;
struct slb_yaml_node;

struct slb_azure_reader {
    struct slb_input *input;
    struct slb_azure_index *ids; /* Data is struct slb_azure_id *. */
    struct slb_load_balancer *lb;

    struct slb_mark network_mark; /* What 'lb->network' is from. */
    bool network_is_wrong;      /* There was one, but it was wrong. */

    /* Inbound NAT pools by name, in lower case.  Data is struct made *, see
     * yaml/slb-azure-nat.c. */
    struct slb_index nat_pools;
};

/* In yaml/slb-azure-ref.c. */
void slb_azure_set_mark(struct slb_object *, const char *field,
                        struct slb_mark);
char *slb_azure_lower(const char *);
bool slb_azure_find_entry(struct slb_azure_reader *, const char *id,
                          struct slb_mark, const struct slb_azure_id **entry);
bool slb_azure_find_nic(struct slb_azure_reader *, const char *id,
                        struct slb_mark, const struct slb_azure_id **entry);
void slb_azure_missing_id(struct slb_azure_reader *, struct slb_mark,
                          const char *what, const char *id,
                          const struct slb_azure_id *, const char *keys);
bool slb_azure_set_address(const struct slb_azure_id *, struct slb_object *,
                           struct in6_addr *address, struct slb_mark);
bool slb_azure_check_name(struct slb_azure_reader *, const char *what,
                          const char *name, struct slb_mark);
void slb_azure_set_network(struct slb_azure_reader *, const char *name,
                           struct slb_mark);
void slb_azure_other_type(struct slb_azure_reader *, const char *name,
                          const char *id, struct slb_mark,
                          const char *expected);
void slb_azure_read_network(struct slb_azure_reader *, struct slb_azure_map *);
void slb_azure_read_subnet(struct slb_azure_reader *, struct slb_azure_map *,
                           struct slb_object *, char **subnet);
void slb_azure_read_child(struct slb_azure_reader *,
                          const struct slb_yaml_node *, const char *name,
                          struct slb_object *, const char *field_name,
                          const char *type);
void slb_azure_missing_child(const struct slb_azure_map *, const char *name,
                             struct slb_object *, const char *field_name);
void slb_azure_read_property(struct slb_azure_reader *, struct slb_azure_map *,
                             const char *name, struct slb_object *,
                             const char *field_name, const char *type);
void slb_azure_read_frontend_id(struct slb_azure_reader *,
                                struct slb_azure_map *, struct slb_object *);
void slb_azure_read_fields(struct slb_azure_map *, struct slb_object *,
                           const char *const names[], size_t n);
void slb_azure_drop_reset(struct slb_azure_reader *,
                          const struct slb_object *, int protocol,
                          bool *reset);
struct slb_object *slb_azure_create(struct slb_azure_reader *,
                                    const char *list, struct slb_azure_map *);
void slb_azure_append(struct slb_azure_reader *, const char *list,
                      struct slb_object *);
char *slb_azure_object_id(struct slb_azure_map *, const char *type,
                          const struct slb_object *);
bool slb_azure_has_id(const struct slb_object *);
char *slb_azure_member_address(const struct slb_member *);

/* In yaml/slb-azure-frontend.c. */
void slb_azure_read_frontend(struct slb_azure_reader *,
                             struct slb_azure_map *);

/* In yaml/slb-azure-pool.c. */
void slb_azure_read_pool(struct slb_azure_reader *, struct slb_azure_map *);

/* In yaml/slb-azure-rule.c. */
void slb_azure_read_probe(struct slb_azure_reader *, struct slb_azure_map *);
void slb_azure_read_rule(struct slb_azure_reader *, struct slb_azure_map *);
void slb_azure_read_outbound_rule(struct slb_azure_reader *,
                                  struct slb_azure_map *);

/* In yaml/slb-azure-nat.c. */
void slb_azure_read_nat_pool(struct slb_azure_reader *,
                             struct slb_azure_map *);
void slb_azure_read_nat_rule(struct slb_azure_reader *,
                             struct slb_azure_map *);
void slb_azure_warn_of_made_rules(struct slb_azure_reader *);
void slb_azure_free_nat_pools(struct slb_azure_reader *);

#endif /* yaml/slb-azure-private.h */

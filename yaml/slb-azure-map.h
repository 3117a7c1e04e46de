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

#ifndef SLB_AZURE_MAP_H
#define SLB_AZURE_MAP_H 1

/* An object of an Azure resource, as a set of properties.
 *
 * The same object may be written in two ways, {name, properties: {...}} and
 * {name, ...}, and spellings of properties differ in upper and lower case
 * ("frontendIpConfigurations"): here, these are all the same.  A property that
 * is null or an empty text is not there.
 *
 * Whoever reads an object opens a map, asks for each property that it knows,
 * and closes the map, which warns of what nobody has asked for, so that
 * nothing is silently lost. */

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/hmap.h"
#include "yaml/slb-model.h"

struct slb_input;
struct slb_yaml_node;

struct slb_azure_map {
    struct slb_input *input;
    const char *noun;           /* In sentences: "load balancing rule". */
    const struct slb_yaml_node *node;
    const char *path;           /* What messages put before names of
                                 * properties: "sku.", or NULL. */

    /* Private. */
    uint32_t basis;             /* For hashing: not to be foreseen. */
    struct hmap properties;     /* Contains struct property. */
    const char *asked[32];      /* Which properties were asked for. */
    size_t n_asked;
};

/* A property that is not read.  If 'loss' is NULL then nothing is lost: it is
 * not the users' but Azure's, or says the same again.  Otherwise that is
 * what: "the tags are not kept". */
struct slb_azure_unread {
    const char *name;
    const char *loss;
};

bool slb_azure_map_open(struct slb_azure_map *, struct slb_input *,
                        const struct slb_yaml_node *, const char *noun);
void slb_azure_map_close(struct slb_azure_map *,
                         const struct slb_azure_unread[], size_t n);
void slb_azure_map_destroy(struct slb_azure_map *);

const struct slb_yaml_node *slb_azure_map_get(struct slb_azure_map *,
                                              const char *name);
const struct slb_yaml_node *slb_azure_map_list(struct slb_azure_map *,
                                               const char *name,
                                               const char *expected);
bool slb_azure_map_reference(struct slb_azure_map *, const char *name,
                             struct slb_azure_map *ref, const char **id,
                             struct slb_mark *);
bool slb_azure_map_field(struct slb_azure_map *, const char *name,
                         struct slb_object *, const char *field);
void slb_azure_map_missing(const struct slb_azure_map *, const char *name,
                           const char *expected, struct slb_object *,
                           const char *field);

bool slb_azure_reference_open(struct slb_azure_map *ref, struct slb_input *,
                              const struct slb_yaml_node *, const char *name,
                              const char **id, struct slb_mark *);
void slb_azure_reference_close(struct slb_azure_map *ref);
bool slb_azure_is_value(struct slb_input *, const struct slb_yaml_node *,
                        const char *name);

#endif /* yaml/slb-azure-map.h */

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

#ifndef SLB_AZURE_H
#define SLB_AZURE_H 1

/* Reads load balancers of Azure's.
 *
 * A document without 'kind' may be a resource of type
 * Microsoft.Network/loadBalancers, as Azure's REST interface, its portal or
 * "az network lb show" print it; a list of them; or an ARM template with some
 * in its resources.  It is read into the same model as the language's own
 * documents.  Template expressions are not evaluated but refused.
 *
 * What such a resource names by id and does not describe, documents of the
 * kind AzureIds tell (yaml/slb-azure-ids.h), which may follow, or be in
 * another file.  So resources are kept until all files have been read, and
 * slb_azure_finish() reads them then.
 *
 * Objects of Azure's that users know and that have no counterpart here cause
 * warnings.  So do unknown properties. */

#include <stdbool.h>

struct slb_azure_index;
struct slb_input;
struct slb_list;
struct slb_object;
struct slb_yaml_document;
struct slb_yaml_node;

bool slb_azure_recognizes(const struct slb_yaml_node *);
void slb_azure_add(struct slb_input *, const struct slb_yaml_node *,
                   bool alone);
void slb_azure_add_ids(struct slb_input *, struct slb_object *);
const struct slb_list *slb_azure_ids(struct slb_input *);
void slb_azure_keep(struct slb_input *, struct slb_yaml_document *);
void slb_azure_finish(struct slb_input *);
void slb_azure_destroy(struct slb_input *);

/* In yaml/slb-azure-lb.c; see yaml/slb-azure-private.h. */
struct slb_object *slb_azure_lb_read(struct slb_input *,
                                     struct slb_azure_index *ids,
                                     const struct slb_yaml_node *);

#endif /* yaml/slb-azure.h */

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

#ifndef SLB_AZURE_IDS_H
#define SLB_AZURE_IDS_H 1

/* Azure's resource ids, and what users say about them.
 *
 * An Azure resource names others by their ids, like
 *
 *     /subscriptions/S/resourceGroups/R/providers/Microsoft.Network/
 *         networkInterfaces/nic1/ipConfigurations/ipconfig1
 *
 * and tells nothing else of them.  What the reader (yaml/slb-azure.h) has to
 * know is in documents of the kind AzureIds, in the same or another file:
 *
 *     kind: AzureIds
 *     ids:
 *     - {id: publicIPAddresses/pip1, address: 20.50.60.10}
 *     - {id: networkInterfaces/nic1, name: vm1, address: 10.0.1.4}
 *     - {id: virtualNetworks/vnet, network: prod}
 *
 * Ids are compared by segments, in upper or lower case, and may be shortened:
 * two are the same if one ends with all the segments of the other.  An index
 * finds what belongs to an id among any number of them. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/hmap.h"
#include "yaml/slb-model.h"

struct ds;

#define SLB_AZURE_ID_MAX 2048   /* Characters. */
#define SLB_AZURE_SEGMENTS_MAX 20

struct slb_azure_id {
    struct slb_object obj;      /* Without name, NULL. */
    char *id;
    struct in6_addr address;    /* All zeros if not given. */
    char *network;              /* These are NULL if not given. */
    char *subnet;
    char *backend_pool;
};

struct slb_azure_ids {
    struct slb_object obj;
    SLB_LIST(struct slb_azure_id) ids;
};

bool slb_azure_id_is_valid(const char *);
const char *slb_azure_id_name(const char *id, const char *type);
const char *slb_azure_id_last(const char *id);
char *slb_azure_id_parent(const char *id);
void slb_azure_id_format_short(const char *id, struct ds *);

/* What belongs to ids. */
struct slb_azure_index {
    uint32_t basis;             /* For hashing: not to be foreseen. */
    struct hmap whole;          /* By whole ids. */
    uint32_t lengths;           /* Bit for each number of segments there. */

    /* By the last segments of these, as many as the place in the array says.
     * Only those are there that have been looked for. */
    struct hmap *ends[SLB_AZURE_SEGMENTS_MAX];
};

void slb_azure_index_init(struct slb_azure_index *);
void slb_azure_index_destroy(struct slb_azure_index *);
void *slb_azure_index_add(struct slb_azure_index *, const char *id,
                          void *data);
size_t slb_azure_index_find(struct slb_azure_index *, const char *id,
                            void *found[2]);

#endif /* yaml/slb-azure-ids.h */

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

#include <config.h>

#include "yaml/slb-azure-ids.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "random.h"
#include "util.h"
#include "yaml/slb-schema.h"

/* The kind. */

static const struct slb_field id_fields[] = {
    { .name = "id", .type = SLB_T_TEXT,
      .offset = offsetof(struct slb_azure_id, id), .required = true,
      .max = SLB_AZURE_ID_MAX,
      .help = "The id of an Azure resource; its first segments may be left "
              "out." },
    { .name = "name", .type = SLB_T_NAME,
      .offset = offsetof(struct slb_object, name),
      .help = "Of a network interface: the name of the virtual machine's port "
              "(its iface-id); of a public IP prefix: its name here." },
    { .name = "address", .type = SLB_T_ADDRESS,
      .offset = offsetof(struct slb_azure_id, address),
      .help = "The address of a public IP address or a network interface." },
    { .name = "network", .type = SLB_T_REF,
      .offset = offsetof(struct slb_azure_id, network),
      .class = &slb_network_class,
      .help = "The virtual network that a virtual network or subnet of "
              "Azure's is here, or that a network interface or load balancer "
              "is in." },
    { .name = "subnet", .type = SLB_T_REF,
      .offset = offsetof(struct slb_azure_id, subnet),
      .class = &slb_subnet_class,
      .help = "The subnet that a subnet of Azure's is here." },
    { .name = "backendPool", .type = SLB_T_REF,
      .offset = offsetof(struct slb_azure_id, backend_pool),
      .class = &slb_pool_class,
      .help = "The backend pool whose members an inbound NAT pool is for." },
};
const struct slb_class slb_azure_id_class = {
    .name = "AzureId", .noun = "line of AzureIds", .nouns = "ids of Azure",
    .size = sizeof(struct slb_azure_id), .fields = id_fields,
    .n_fields = ARRAY_SIZE(id_fields), .name_from = "id",
    .help = "What an id of Azure stands for.",
};

static const struct slb_field ids_fields[] = {
    { .name = "ids", .type = SLB_T_LIST,
      .offset = offsetof(struct slb_azure_ids, ids), .required = true,
      .class = &slb_azure_id_class,
      .help = "What Azure's load balancers name and do not describe." },
};
const struct slb_class slb_azure_ids_class = {
    .name = "AzureIds", .noun = "document of kind AzureIds",
    .nouns = "documents of kind AzureIds",
    .size = sizeof(struct slb_azure_ids), .fields = ids_fields,
    .n_fields = ARRAY_SIZE(ids_fields),
    .help = "What the ids in load balancers of Azure's stand for; it is part "
            "of the files, not of the database.",
};

/* Ids. */

/* Whether 'id' has at most SLB_AZURE_ID_MAX printable characters without
 * blanks, and at most SLB_AZURE_SEGMENTS_MAX segments, none of them empty. */
bool
slb_azure_id_is_valid(const char *id)
{
    const char *p = id + (*id == '/');
    size_t n = 1;

    if (!*p || strlen(id) > SLB_AZURE_ID_MAX) {
        return false;
    }
    for (; *p; p++) {
        if (*p < '!' || *p > '~') {
            return false;
        }
        if (*p == '/') {
            if (p[-1] == '/' || !p[1]) {
                return false;
            }
            n++;
        }
    }
    return n <= SLB_AZURE_SEGMENTS_MAX;
}

/* Returns the last segment of 'id'. */
const char *
slb_azure_id_last(const char *id)
{
    const char *slash = strrchr(id, '/');

    return slash ? slash + 1 : id;
}

/* Returns the name in 'id' if this is one of a 'type', which "virtualNetworks"
 * is in ".../virtualNetworks/prod", or is so short that it does not tell its
 * type.  Returns NULL if it is of another type. */
const char *
slb_azure_id_name(const char *id, const char *type)
{
    const char *name = slb_azure_id_last(id);
    size_t length = strlen(type);

    if (name == id || name == id + 1) {
        return *id == '/' ? NULL : name;
    }

    const char *end = name - 1;
    if ((size_t) (end - id) < length) {
        return NULL;
    }

    const char *start = end - length;
    return (!strncasecmp(start, type, length)
            && (start == id || start[-1] == '/')) ? name : NULL;
}

/* Returns the id of what the resource 'id' is in, that is, all but its last
 * two segments, which the caller has to free.  Returns NULL if that is
 * nothing. */
char *
slb_azure_id_parent(const char *id)
{
    const char *end = slb_azure_id_last(id);

    for (int i = 0; i < 2; i++) {
        do {
            if (end == id) {
                return NULL;
            }
        } while (*--end != '/');
    }
    return end > id ? xmemdup0(id, end - id) : NULL;
}

/* Appends 'id', without what precedes the type of the resource, as it can
 * stand in a document of the kind AzureIds. */
void
slb_azure_id_format_short(const char *id, struct ds *ds)
{
    static const char providers[] = "/providers/";
    const char *start = id;

    for (const char *p = id; *p; p++) {
        if (!strncasecmp(p, providers, strlen(providers))) {
            const char *slash = strchr(p + strlen(providers), '/');
            start = slash ? slash + 1 : start;
        }
    }
    if (strspn(start, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
               "0123456789-_./()") == strlen(start)
        && (isalpha((unsigned char) *start) || *start == '/')) {
        ds_put_cstr(ds, start);
    } else {
        json_string_escape(start, ds);
    }
}

/* The index. */

BUILD_ASSERT_DECL(SLB_AZURE_SEGMENTS_MAX < 32);

struct node {
    struct hmap_node hmap_node;
    char *id;                   /* In 'whole': in lower case. */
    const char *end;            /* In 'ends': what an id ends with. */
    void *data;
    void *other;                /* In 'ends': another one, or NULL. */
};

void
slb_azure_index_init(struct slb_azure_index *index)
{
    index->basis = random_uint32();
    hmap_init(&index->whole);
    index->lengths = 0;
    memset(index->ends, 0, sizeof index->ends);
}

static void
destroy_nodes(struct hmap *nodes)
{
    struct node *node;

    HMAP_FOR_EACH_POP (node, hmap_node, nodes) {
        free(node->id);
        free(node);
    }
    hmap_destroy(nodes);
}

void
slb_azure_index_destroy(struct slb_azure_index *index)
{
    destroy_nodes(&index->whole);
    for (size_t i = 0; i < ARRAY_SIZE(index->ends); i++) {
        if (index->ends[i]) {
            destroy_nodes(index->ends[i]);
            free(index->ends[i]);
        }
    }
}

/* Returns 'id' in lower case, without leading slash, for the caller to
 * free. */
static char *
normalize(const char *id)
{
    char *copy = xstrdup(id + (*id == '/'));

    for (char *p = copy; *p; p++) {
        *p = tolower((unsigned char) *p);
    }
    return copy;
}

static struct node *
find_node(const struct slb_azure_index *index, const struct hmap *nodes,
          const char *text)
{
    struct node *node;

    HMAP_FOR_EACH_WITH_HASH (node, hmap_node, hash_string(text, index->basis),
                             nodes) {
        if (!strcmp(node->id ? node->id : node->end, text)) {
            return node;
        }
    }
    return NULL;
}

/* Returns what follows the first segment of 'text', or NULL. */
static const char *
next_segment(const char *text)
{
    const char *slash = strchr(text, '/');

    return slash ? slash + 1 : NULL;
}

static size_t
count_segments(const char *text)
{
    size_t n = 1;

    while ((text = next_segment(text))) {
        n++;
    }
    return n;
}

/* Adds the last 'n' segments of 'node''s id to 'index->ends[n]', if it has
 * more. */
static void
add_end(struct slb_azure_index *index, const struct node *node, size_t n)
{
    struct hmap *ends = index->ends[n];
    const char *end = node->id;
    size_t n_segments = count_segments(end);

    if (n_segments <= n) {
        return;
    }
    for (; n_segments > n; n_segments--) {
        end = next_segment(end);
    }

    struct node *same = find_node(index, ends, end);
    if (same) {
        same->other = same->other ? same->other : node->data;
    } else {
        same = xzalloc(sizeof *same);
        same->end = end;
        same->data = node->data;
        hmap_insert(ends, &same->hmap_node,
                    hash_string(end, index->basis));
    }
}

/* Returns what belongs to ids that end with 'text', but are longer. */
static const struct node *
find_end(struct slb_azure_index *index, const char *text)
{
    size_t n = count_segments(text);

    if (n >= ARRAY_SIZE(index->ends)) {
        return NULL;
    }
    if (!index->ends[n]) {
        const struct node *node;

        index->ends[n] = xmalloc(sizeof *index->ends[n]);
        hmap_init(index->ends[n]);
        HMAP_FOR_EACH (node, hmap_node, &index->whole) {
            add_end(index, node, n);
        }
    }
    return find_node(index, index->ends[n], text);
}

/* Adds 'data' as belonging to 'id', a valid one.  Returns NULL if successful,
 * otherwise what belongs to that very id already. */
void *
slb_azure_index_add(struct slb_azure_index *index, const char *id, void *data)
{
    char *text = normalize(id);
    struct node *node = find_node(index, &index->whole, text);

    if (node) {
        free(text);
        return node->data;
    }
    node = xzalloc(sizeof *node);
    node->id = text;
    node->data = data;
    hmap_insert(&index->whole, &node->hmap_node,
                hash_string(text, index->basis));
    index->lengths |= UINT32_C(1) << count_segments(text);
    for (size_t i = 0; i < ARRAY_SIZE(index->ends); i++) {
        if (index->ends[i]) {
            add_end(index, node, i);
        }
    }
    return NULL;
}

/* Looks what belongs to 'id', a valid one.  Returns how many there are, of
 * which 2 stands for any number above 1, and stores that many in 'found'.
 * What belongs to exactly this id is preferred to what belongs to a shorter or
 * longer one. */
size_t
slb_azure_index_find(struct slb_azure_index *index, const char *id,
                     void *found[2])
{
    char *text = normalize(id);
    const struct node *node = find_node(index, &index->whole, text);
    size_t n = 0;

    if (node) {
        found[n++] = node->data;
        goto exit;
    }

    size_t length = count_segments(text);
    for (const char *p = next_segment(text); p && n < 2;
         p = next_segment(p)) {
        node = (index->lengths >> --length & 1
                ? find_node(index, &index->whole, p) : NULL);
        if (node) {
            found[n++] = node->data;
        }
    }

    /* Nothing ends with an id that is not shortened. */
    if (*id != '/') {
        node = find_end(index, text);
        if (node && n < 2) {
            found[n++] = node->data;
        }
        if (node && node->other && n < 2) {
            found[n++] = node->other;
        }
    }

exit:
    free(text);
    return n;
}

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


/* How the fuzzers change texts, besides as bytes.
 *
 * libFuzzer's own changes seldom get beyond what is no YAML, or no key.  Half
 * of the time, therefore, the text is read as a tree, one that need not be
 * valid but as YAML; some things are changed in the tree, such as
 *
 *     - a value becomes another one of the tree, or one that its key takes,
 *     - a key of a map is given a value, is removed or comes from another map,
 *     - an entry of a list is removed, copied with another name, or new;
 *
 * and it is printed again.  What keys there are and what values they take is
 * in the language's table, so that new ones are tried at once.  What comes of
 * it is often valid, and if it is not, then for a reason that takes several
 * objects to find. */

#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "util.h"
#include "yaml/slb-errors.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-yaml.h"

/* Of a text; further ones are dropped. */
#define MAX_DOCUMENTS 64
#define MAX_PLACES 4096

/* Where a node is: 'parent->nodes[i]'; or a document's root, without
 * parent. */
struct place {
    struct slb_yaml_node *parent;
    size_t i;
    struct slb_yaml_node **nodep;
};

struct tree {
    struct slb_yaml_document docs[MAX_DOCUMENTS];
    bool after_null[MAX_DOCUMENTS]; /* See fuzz-yaml.c. */
    size_t n_docs;
    struct place places[MAX_PLACES];
    size_t n_places;
    struct slb_errors errors;
    struct slb_source source;
    uint32_t random;
};

size_t LLVMFuzzerMutate(uint8_t *, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *, size_t size, size_t max_size,
                               unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *, size_t,
                                 const uint8_t *, size_t,
                                 uint8_t *, size_t max_size,
                                 unsigned int seed);

/* A number below 'n', which is not 0 (xorshift32: the same seed makes the same
 * text everywhere). */
static uint32_t
pick(struct tree *tree, uint32_t n)
{
    tree->random ^= tree->random << 13;
    tree->random ^= tree->random >> 17;
    tree->random ^= tree->random << 5;
    return tree->random % n;
}

static void
read_documents(struct tree *tree, const char *text, size_t size,
               bool after_null)
{
    struct slb_yaml *yaml = slb_yaml_open(text, size, &tree->source,
                                          &tree->errors);

    while (tree->n_docs < MAX_DOCUMENTS) {
        struct slb_yaml_document *doc = &tree->docs[tree->n_docs];

        if (!slb_yaml_next(yaml, doc) || !doc->root) {
            slb_yaml_document_destroy(doc);
            break;
        }
        tree->after_null[tree->n_docs++] = after_null;
    }
    slb_yaml_close(yaml);
}

/* Reads 'text' into 'tree', as far as it is YAML.  Returns true if there is
 * something. */
static bool
tree_init(struct tree *tree, const uint8_t *text, size_t size,
          unsigned int seed)
{
    const uint8_t *null = size ? memchr(text, '\0', size) : NULL;
    size_t n = null ? null - text : size;

    memset(tree, 0, sizeof *tree);
    tree->random = seed * 2654435761u + 1;
    read_documents(tree, (const char *) text, n, false);
    if (null) {
        read_documents(tree, (const char *) null + 1, size - n - 1, true);
    }
    return tree->n_docs > 0;
}

static void
tree_destroy(struct tree *tree)
{
    for (size_t i = 0; i < tree->n_docs; i++) {
        slb_yaml_document_destroy(&tree->docs[i]);
    }
    slb_errors_destroy(&tree->errors);
}

static void
find_places_below(struct tree *tree, struct slb_yaml_node *node, int depth)
{
    for (size_t i = 0; i < node->n && depth < SLB_YAML_MAX_DEPTH; i++) {
        if (tree->n_places >= MAX_PLACES) {
            return;
        }
        tree->places[tree->n_places++] = (struct place) {
            .parent = node, .i = i, .nodep = &node->nodes[i],
        };
        find_places_below(tree, node->nodes[i], depth + 1);
    }
}

/* Finds all values, keys and entries. */
static void
find_places(struct tree *tree)
{
    tree->n_places = 0;
    for (size_t i = 0; i < tree->n_docs; i++) {
        if (tree->n_places < MAX_PLACES) {
            tree->places[tree->n_places++] = (struct place) {
                .nodep = &tree->docs[i].root,
            };
            find_places_below(tree, tree->docs[i].root, 0);
        }
    }
}

static struct slb_yaml_node *
new_node(struct tree *tree, enum slb_yaml_type type)
{
    struct slb_yaml_node *node = xzalloc(sizeof *node);

    node->type = type;
    node->plain = true;
    ovs_list_push_back(&tree->docs[0].nodes, &node->in_document);
    return node;
}

static struct slb_yaml_node *
new_text(struct tree *tree, const char *text)
{
    struct slb_yaml_node *node = new_node(tree, SLB_YAML_SCALAR);

    node->text = xstrdup(text);
    return node;
}

static void
add(struct slb_yaml_node *parent, struct slb_yaml_node *node)
{
    if (parent->n >= parent->allocated) {
        parent->nodes = x2nrealloc(parent->nodes, &parent->allocated,
                                   sizeof *parent->nodes);
    }
    parent->nodes[parent->n++] = node;
}

/* Sets the 'key' of 'map' to 'value', in place if it is there. */
static void
set(struct tree *tree, struct slb_yaml_node *map, const char *key,
    struct slb_yaml_node *value)
{
    for (size_t i = 0; i < map->n; i += 2) {
        if (map->nodes[i]->type == SLB_YAML_SCALAR
            && !strcmp(map->nodes[i]->text, key)) {
            map->nodes[i + 1] = value;
            return;
        }
    }
    add(map, new_text(tree, key));
    add(map, value);
}

static struct place *
pick_place(struct tree *tree)
{
    return &tree->places[pick(tree, tree->n_places)];
}

static bool
is_key(const struct place *place)
{
    return place->parent && place->parent->type == SLB_YAML_MAP
           && place->i % 2 == 0;
}

/* Returns some node of 'type' that is no key, or NULL. */
static struct slb_yaml_node *
pick_node(struct tree *tree, enum slb_yaml_type type)
{
    for (int i = 0; i < 50; i++) {
        const struct place *place = pick_place(tree);
        if ((*place->nodep)->type == type && !is_key(place)) {
            return *place->nodep;
        }
    }
    return NULL;
}

/* Returns the value that some map has for 'key', a text, or NULL. */
static const char *
pick_value_of(struct tree *tree, const char *key)
{
    const char *value = NULL;
    size_t n = 0;

    for (size_t i = 0; i < tree->n_places; i++) {
        const struct place *place = &tree->places[i];
        struct slb_yaml_node *parent = place->parent;

        if (is_key(place) && place->i + 1 < parent->n
            && (*place->nodep)->type == SLB_YAML_SCALAR
            && !strcmp((*place->nodep)->text, key)
            && parent->nodes[place->i + 1]->type == SLB_YAML_SCALAR
            && !pick(tree, ++n)) {
            value = parent->nodes[place->i + 1]->text;
        }
    }
    return value;
}

static const char *
pick_name(struct tree *tree)
{
    static const char *const names[] = {
        "a", "b", "prod", "web", "vm1", "vm2", "vm10", "null", "NULL", "1",
        "1e3", "no", "0x1f", "_", "10.0.1.4", "20.50.60.10",
    };
    const char *name = pick(tree, 4) ? pick_value_of(tree, "name") : NULL;

    return name ? name : names[pick(tree, ARRAY_SIZE(names))];
}

static char *
make_address(struct tree *tree)
{
    const char *other = pick(tree, 3) ? pick_value_of(tree, "address") : NULL;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (other) {
        /* Near it, often. */
        size_t n = strlen(other);
        ds_put_buffer(&ds, other, n && pick(tree, 2) ? n - 1 : n);
        if (ds.length < n) {
            ds_put_format(&ds, "%u", pick(tree, 20));
        }
    } else if (pick(tree, 2)) {
        ds_put_format(&ds, "%s%u", pick(tree, 2) ? "10.0.1." : "20.50.60.",
                      pick(tree, 260));
    } else {
        ds_put_format(&ds, "%s%x", pick(tree, 2) ? "fd00::" : "2001:db8::",
                      pick(tree, 300));
    }
    return ds_steal_cstr(&ds);
}

static char *
make_prefix(struct tree *tree)
{
    static const char *const prefixes[] = {
        "10.0.1.0/24", "10.0.2.0/24", "10.0.0.0/8", "20.50.60.0/28",
        "20.50.60.10/32", "0.0.0.0/0", "fd00::/64", "2001:db8::/126", "::/0",
        "10.0.1.4/31", "127.0.0.0/8", "224.0.0.0/4",
    };
    const char *other = pick(tree, 2) ? pick_value_of(tree, "prefix") : NULL;

    return xstrdup(other ? other
                   : prefixes[pick(tree, ARRAY_SIZE(prefixes))]);
}

static struct slb_yaml_node *make_object(struct tree *,
                                         const struct slb_class *);

/* Makes a value that 'field' takes, most of the time. */
static struct slb_yaml_node *
make_value(struct tree *tree, const struct slb_field *field)
{
    struct slb_yaml_node *node;
    char *text = NULL;
    size_t n = 0;

    switch (field->type) {
    case SLB_T_NAME:
    case SLB_T_REF:
        text = xstrdup(pick_name(tree));
        break;
    case SLB_T_TEXT:
        text = (pick(tree, 3) ? xstrdup(pick_name(tree))
                : pick(tree, 2) ? xstrdup("/\"'\\{#}?a=b&c:[*]%00")
                : make_address(tree));
        break;
    case SLB_T_ENUM:
        while (field->values[n]) {
            n++;
        }
        text = xstrdup(field->values[pick(tree, n)]);
        break;
    case SLB_T_INTEGER:
        if (field->words && pick(tree, 2)) {
            while (field->words[n].name) {
                n++;
            }
            text = xstrdup(field->words[pick(tree, n)].name);
        } else {
            int value = (pick(tree, 2)
                         ? field->min + pick(tree, field->max - field->min + 1)
                         : pick(tree, 2) ? field->min : field->max);
            value -= field->multiple ? value % field->multiple : 0;
            text = xasprintf("%d", pick(tree, 20) ? value : value + 1);
        }
        break;
    case SLB_T_BOOLEAN:
        text = xstrdup(pick(tree, 2) ? "true" : "false");
        break;
    case SLB_T_ADDRESS:
        text = make_address(tree);
        break;
    case SLB_T_PREFIX:
        text = make_prefix(tree);
        break;
    case SLB_T_REFS:
    case SLB_T_NAMES:
    case SLB_T_PREFIXES:
        node = new_node(tree, SLB_YAML_LIST);
        for (n = pick(tree, 4); n > 0; n--) {
            text = (field->type == SLB_T_PREFIXES ? make_prefix(tree)
                    : xstrdup(pick_name(tree)));
            add(node, new_text(tree, text));
            node->nodes[node->n - 1]->plain = pick(tree, 2);
            free(text);
        }
        return node;
    case SLB_T_LIST:
        node = new_node(tree, SLB_YAML_LIST);
        for (n = pick(tree, 3); n > 0; n--) {
            add(node, make_object(tree, field->class));
        }
        return node;
    default:
        OVS_NOT_REACHED();
    }
    node = new_text(tree, text);
    node->plain = (field->type == SLB_T_INTEGER
                   || field->type == SLB_T_BOOLEAN || pick(tree, 2));
    free(text);
    return node;
}

/* Makes an object of 'class' that has at least what it must have. */
static struct slb_yaml_node *
make_object(struct tree *tree, const struct slb_class *class)
{
    struct slb_yaml_node *node = new_node(tree, SLB_YAML_MAP);

    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];

        if (field->required || !pick(tree, 4)) {
            set(tree, node, field->name, make_value(tree, field));
        }
    }
    return node;
}

/* Looks for a class, 'class' or one of its lists', that has more than '*bestp'
 * of the keys of 'map'. */
static void
find_class(const struct slb_class *class, const struct slb_yaml_node *map,
           size_t *bestp, const struct slb_class **classp)
{
    size_t n = 0;

    for (size_t i = 0; i < map->n; i += 2) {
        n += (map->nodes[i]->type == SLB_YAML_SCALAR
              && slb_class_field(class, map->nodes[i]->text));
    }
    if (n > *bestp) {
        *bestp = n;
        *classp = class;
    }
    for (size_t i = 0; i < class->n_fields; i++) {
        if (class->fields[i].type == SLB_T_LIST) {
            find_class(class->fields[i].class, map, bestp, classp);
        }
    }
}

/* Returns what 'map' is, most likely. */
static const struct slb_class *
guess_class(struct tree *tree, const struct slb_yaml_node *map)
{
    const struct slb_class *class = NULL;
    size_t best = 0;
    size_t n = 0;

    for (size_t i = 0; slb_input_kinds[i]; i++) {
        find_class(slb_input_kinds[i], map, &best, &class);
    }
    while (slb_kinds[n]) {
        find_class(slb_kinds[n++], map, &best, &class);
    }
    return class ? class : slb_kinds[pick(tree, n)];
}

static void
remove_entry(struct slb_yaml_node *parent, size_t i)
{
    size_t step = parent->type == SLB_YAML_MAP ? 2 : 1;

    i -= i % step;
    memmove(&parent->nodes[i], &parent->nodes[i + step],
            (parent->n - i - step) * sizeof *parent->nodes);
    parent->n -= step;
}

/* A map's key and value is put into another map. */
static void
copy_key(struct tree *tree)
{
    struct slb_yaml_node *from = pick_node(tree, SLB_YAML_MAP);
    struct slb_yaml_node *to = pick_node(tree, SLB_YAML_MAP);

    if (from && to && from->n) {
        size_t i = pick(tree, from->n / 2) * 2;
        if (from->nodes[i]->type == SLB_YAML_SCALAR) {
            set(tree, to, from->nodes[i]->text, from->nodes[i + 1]);
        }
    }
}

/* A key of a map is given a value that it takes. */
static void
change_field(struct tree *tree)
{
    struct slb_yaml_node *map = pick_node(tree, SLB_YAML_MAP);

    if (map) {
        const struct slb_class *class = guess_class(tree, map);
        const struct slb_field *field
            = &class->fields[pick(tree, class->n_fields)];
        set(tree, map, field->name, make_value(tree, field));
    }
}

/* An entry of a list is copied; a map gets another name. */
static void
copy_entry(struct tree *tree)
{
    struct slb_yaml_node *list = pick_node(tree, SLB_YAML_LIST);

    if (list && list->n) {
        struct slb_yaml_node *entry = list->nodes[pick(tree, list->n)];

        if (entry->type == SLB_YAML_MAP) {
            struct slb_yaml_node *copy = new_node(tree, SLB_YAML_MAP);
            const char *address = pick_value_of(tree, "address");

            for (size_t i = 0; i < entry->n; i++) {
                add(copy, entry->nodes[i]);
            }
            char *name = xasprintf("n%u", pick(tree, 100));
            set(tree, copy, "name", new_text(tree, name));
            free(name);
            if (address && pick(tree, 2)) {
                char *other = make_address(tree);
                set(tree, copy, "address", new_text(tree, other));
                free(other);
            }
            entry = copy;
        }
        add(list, entry);
    }
}

static void
change(struct tree *tree)
{
    struct place *place = pick_place(tree);
    struct slb_yaml_node *node;

    switch (pick(tree, 8)) {
    case 0:
        if (place->parent) {
            remove_entry(place->parent, place->i);
        }
        break;
    case 1:
        node = pick_node(tree, (*place->nodep)->type);
        if (node && !is_key(place)) {
            *place->nodep = node;
        }
        break;
    case 2:
        copy_key(tree);
        break;
    case 3:
        copy_entry(tree);
        break;
    default:
        change_field(tree);
        break;
    }
}

static void
print_node(const struct slb_yaml_node *node, int depth, size_t max_size,
           struct ds *ds)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        "-_./~";

    if (ds->length > max_size || depth > 2 * SLB_YAML_MAX_DEPTH) {
        /* It will be refused. */
    } else if (node->type == SLB_YAML_SCALAR) {
        if (node->plain && node->text[0] && node->text[0] != '-'
            && strspn(node->text, plain) == strlen(node->text)) {
            ds_put_cstr(ds, node->text);
        } else if (node->plain && !node->text[0]) {
            ds_put_char(ds, '~');
        } else {
            json_string_escape(node->text, ds);
        }
    } else {
        bool is_map = node->type == SLB_YAML_MAP;

        ds_put_char(ds, is_map ? '{' : '[');
        for (size_t i = 0; i < node->n; i++) {
            if (i) {
                ds_put_cstr(ds, (is_map && i % 2 ? ": "
                                 : depth < 3 ? ",\n" : ", "));
            }
            print_node(node->nodes[i], depth + 1, max_size, ds);
        }
        ds_put_char(ds, is_map ? '}' : ']');
    }
}

/* Prints 'tree' to 'data' if it fits into 'max_size'.  Returns its size, or 0
 * if it does not. */
static size_t
print_tree(const struct tree *tree, uint8_t *data, size_t max_size)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    size_t size = 0;

    for (size_t i = 0; i < tree->n_docs; i++) {
        if (tree->after_null[i] && (!i || !tree->after_null[i - 1])) {
            ds_put_char(&ds, '\0');
        } else if (i) {
            ds_put_cstr(&ds, "---\n");
        }
        print_node(tree->docs[i].root, 0, max_size, &ds);
        ds_put_char(&ds, '\n');
    }
    if (ds.length <= max_size) {
        size = ds.length;
        memcpy(data, ds.string, size);
    }
    ds_destroy(&ds);
    return size;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                        unsigned int seed)
{
    struct tree *tree = xmalloc(sizeof *tree);
    size_t n = 0;

    if (tree_init(tree, data, size, seed) && pick(tree, 2)) {
        for (int i = pick(tree, 4); i >= 0; i--) {
            find_places(tree);
            change(tree);
        }
        n = print_tree(tree, data, max_size);
    }
    tree_destroy(tree);
    free(tree);
    return n ? n : LLVMFuzzerMutate(data, size, max_size);
}

/* Puts a part of the second text into the first one. */
size_t
LLVMFuzzerCustomCrossOver(const uint8_t *a_data, size_t a_size,
                          const uint8_t *b_data, size_t b_size,
                          uint8_t *data, size_t max_size, unsigned int seed)
{
    struct tree *a = xmalloc(sizeof *a);
    struct tree *b = xmalloc(sizeof *b);
    bool ok = tree_init(a, a_data, a_size, seed);
    size_t n = 0;

    if (tree_init(b, b_data, b_size, seed) && ok) {
        find_places(a);
        find_places(b);

        struct place *place = pick_place(a);
        struct slb_yaml_node *node = pick_node(b, (*place->nodep)->type);
        if (node && !is_key(place)) {
            if (place->parent && place->parent->type == SLB_YAML_LIST
                && pick(a, 2)) {
                add(place->parent, node);
            } else {
                *place->nodep = node;
            }
            n = print_tree(a, data, max_size);
        }
    }
    tree_destroy(a);
    tree_destroy(b);
    free(a);
    free(b);
    return n;
}

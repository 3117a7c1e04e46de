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

#include "yaml/slb-yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "util.h"
#include "yaml/slb-errors.h"
#include "yaml/slb-text.h"

/* Parser of a text.
 *
 * libyaml makes events of the text; they are put together to a tree here.
 * (libyaml could do that, too, but it expands nothing, limits nothing, and
 * forgets where an alias was.) */
struct slb_yaml {
    yaml_parser_t parser;
    const char *text;
    size_t size;
    const struct slb_source *source;
    struct slb_errors *errors;
    bool done;                  /* Nothing more to be had. */

    /* Of the current document. */
    struct shash anchors;       /* Data is struct slb_yaml_node *. */
    struct slb_yaml_node *stack[SLB_YAML_MAX_DEPTH]; /* Begun, not ended. */
    int depth;                  /* Nodes in 'stack'. */
    size_t weight;              /* Nodes so far, aliases expanded. */
};

/* Starts to parse 'text', 'size' bytes, which is called 'source', reporting
 * errors to 'errors'.  All of these must stay until slb_yaml_close(). */
struct slb_yaml *
slb_yaml_open(const char *text, size_t size, const struct slb_source *source,
              struct slb_errors *errors)
{
    struct slb_yaml *yaml = xzalloc(sizeof *yaml);

    if (!yaml_parser_initialize(&yaml->parser)) {
        out_of_memory();
    }
    yaml_parser_set_input_string(&yaml->parser, (const unsigned char *) text,
                                 size);
    yaml->text = text;
    yaml->size = size;
    yaml->source = source;
    yaml->errors = errors;
    shash_init(&yaml->anchors);
    return yaml;
}

void
slb_yaml_close(struct slb_yaml *yaml)
{
    if (yaml) {
        yaml_parser_delete(&yaml->parser);
        shash_destroy(&yaml->anchors);
        free(yaml);
    }
}

static struct slb_mark
mark_from_yaml(const struct slb_yaml *yaml, yaml_mark_t mark)
{
    return (struct slb_mark) {
        .source = yaml->source, .line = mark.line + 1,
        .column = mark.column + 1,
    };
}

static struct slb_mark
mark_from_offset(const struct slb_yaml *yaml, size_t offset)
{
    struct slb_mark mark = { .source = yaml->source, .line = 1, .column = 1 };

    for (size_t i = 0; i < offset && i < yaml->size; i++) {
        unsigned char c = yaml->text[i];
        if (c == '\n') {
            mark.line++;
            mark.column = 1;
        } else if ((c & 0xc0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

/* Reports why libyaml could not go on. */
static void
report_syntax_error(struct slb_yaml *yaml)
{
    const yaml_parser_t *p = &yaml->parser;
    struct slb_mark mark;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (p->error == YAML_MEMORY_ERROR) {
        out_of_memory();
    }

    ds_put_format(&ds, "not YAML: %s", p->problem ? p->problem : "unknown");
    if (p->error == YAML_READER_ERROR) {
        mark = mark_from_offset(yaml, p->problem_offset);
        if (p->problem_value >= 0) {
            ds_put_format(&ds, " (0x%02x)", (unsigned int) p->problem_value);
        }
    } else {
        mark = mark_from_yaml(yaml, p->problem_mark);
        if (p->context) {
            ds_put_format(&ds, " %s", p->context);
            if (p->context_mark.index != p->problem_mark.index) {
                ds_put_cstr(&ds, " that begins at ");
                slb_mark_format(mark_from_yaml(yaml, p->context_mark), &ds);
            }
        }
    }
    slb_errors_add_nocopy(yaml->errors, mark, ds_steal_cstr(&ds));
}

/* Puts 'node', which is new or that of an alias, at 'mark', where it belongs:
 * below the innermost node that is not yet complete, or as the root.  Returns
 * false, after reporting why, if it cannot be there. */
static bool
add_node(struct slb_yaml *yaml, struct slb_yaml_document *doc,
         struct slb_yaml_node *node, struct slb_mark mark)
{
    yaml->weight += node->weight;
    if (yaml->weight > SLB_YAML_MAX_NODES) {
        slb_errors_add(yaml->errors, mark, "the document has more than %d "
                       "values, aliases expanded; expected several smaller "
                       "documents", SLB_YAML_MAX_NODES);
        return false;
    }
    if (yaml->depth + (node->type != SLB_YAML_SCALAR) + node->height
        > SLB_YAML_MAX_DEPTH) {
        slb_errors_add(yaml->errors, mark, "lists and maps are nested too "
                       "deep, expected at most %d in one another",
                       SLB_YAML_MAX_DEPTH);
        return false;
    }

    if (!yaml->depth) {
        doc->root = node;
        return true;
    }
    struct slb_yaml_node *parent = yaml->stack[yaml->depth - 1];
    if (parent->n >= parent->allocated) {
        parent->nodes = x2nrealloc(parent->nodes, &parent->allocated,
                                   sizeof *parent->nodes);
    }
    parent->nodes[parent->n++] = node;
    parent->weight += node->weight;
    if (node->type != SLB_YAML_SCALAR) {
        parent->height = MAX(parent->height, node->height + 1);
    }
    return true;
}

static bool
begin_node(struct slb_yaml *yaml, struct slb_yaml_document *doc,
           enum slb_yaml_type type, const yaml_event_t *event,
           const yaml_char_t *anchor, const yaml_char_t *tag,
           struct slb_yaml_node **nodep)
{
    struct slb_yaml_node *node = xzalloc(sizeof *node);

    *nodep = node;
    node->type = type;
    node->mark = mark_from_yaml(yaml, event->start_mark);
    node->weight = 1;
    ovs_list_push_back(&doc->nodes, &node->in_document);

    if (tag) {
        struct ds ds = DS_EMPTY_INITIALIZER;
        ds_put_cstr(&ds, "the tag ");
        slb_text_quote((const char *) tag, &ds);
        ds_put_cstr(&ds, " is not understood, expected a value without tag");
        slb_errors_add_nocopy(yaml->errors, node->mark, ds_steal_cstr(&ds));
        return false;
    }
    if (anchor) {
        shash_replace(&yaml->anchors, (const char *) anchor, node);
    }
    return add_node(yaml, doc, node, node->mark);
}

static bool
begin_nested(struct slb_yaml *yaml, struct slb_yaml_document *doc,
             enum slb_yaml_type type, const yaml_event_t *event,
             const yaml_char_t *anchor, const yaml_char_t *tag)
{
    struct slb_yaml_node *node;

    if (!begin_node(yaml, doc, type, event, anchor, tag, &node)) {
        return false;
    }
    yaml->stack[yaml->depth++] = node;
    return true;
}

static bool
add_scalar(struct slb_yaml *yaml, struct slb_yaml_document *doc,
           const yaml_event_t *event)
{
    const char *text = (const char *) event->data.scalar.value;
    size_t length = event->data.scalar.length;
    const yaml_char_t *tag = event->data.scalar.tag;
    struct slb_yaml_node *node;

    if (!begin_node(yaml, doc, SLB_YAML_SCALAR, event,
                    event->data.scalar.anchor, tag, &node)) {
        return false;
    }
    if (length > SLB_YAML_MAX_SCALAR) {
        slb_errors_add(yaml->errors, node->mark, "a text has %"PRIuSIZE" "
                       "bytes, expected at most %d", length,
                       SLB_YAML_MAX_SCALAR);
        return false;
    }
    if (memchr(text, '\0', length)) {
        slb_errors_add(yaml->errors, node->mark, "a text has a null "
                       "character in it, expected printable ones");
        return false;
    }
    node->text = xmemdup0(text, length);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->complete = true;
    return true;
}

static bool
add_alias(struct slb_yaml *yaml, struct slb_yaml_document *doc,
          const yaml_event_t *event)
{
    const char *anchor = (const char *) event->data.alias.anchor;
    struct slb_yaml_node *node = shash_find_data(&yaml->anchors, anchor);
    struct slb_mark mark = mark_from_yaml(yaml, event->start_mark);

    if (!node || !node->complete) {
        struct ds ds = DS_EMPTY_INITIALIZER;
        ds_put_cstr(&ds, "the alias ");
        slb_text_quote(anchor, &ds);
        ds_put_cstr(&ds, node
                    ? " refers to what it is in, expected something before it"
                    : " refers to nothing, expected an anchor before it");
        slb_errors_add_nocopy(yaml->errors, mark, ds_steal_cstr(&ds));
        return false;
    }
    return add_node(yaml, doc, node, mark);
}

/* Adds what 'event' says to 'doc'.  Returns false, after reporting why, if it
 * is refused. */
static bool
handle_event(struct slb_yaml *yaml, struct slb_yaml_document *doc,
             const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return add_scalar(yaml, doc, event);

    case YAML_ALIAS_EVENT:
        return add_alias(yaml, doc, event);

    case YAML_SEQUENCE_START_EVENT:
        return begin_nested(yaml, doc, SLB_YAML_LIST, event,
                            event->data.sequence_start.anchor,
                            event->data.sequence_start.tag);

    case YAML_MAPPING_START_EVENT:
        return begin_nested(yaml, doc, SLB_YAML_MAP, event,
                            event->data.mapping_start.anchor,
                            event->data.mapping_start.tag);

    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: {
        struct slb_yaml_node *node = yaml->stack[--yaml->depth];
        node->complete = true;

        /* What was added to the node is not yet in the sums of those above,
         * which added it when it was empty. */
        if (yaml->depth) {
            struct slb_yaml_node *parent = yaml->stack[yaml->depth - 1];
            parent->weight += node->weight - 1;
            parent->height = MAX(parent->height, node->height + 1);
        }
        return true;
    }

    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    default:
        return true;
    }
}

/* Reads the next document into 'doc'.  Returns true if successful, false if
 * there is none or, which has then been reported, the text is bad.  There are
 * no further documents then.  In any case, the caller has to destroy 'doc'. */
bool
slb_yaml_next(struct slb_yaml *yaml, struct slb_yaml_document *doc)
{
    doc->root = NULL;
    ovs_list_init(&doc->nodes);
    shash_clear(&yaml->anchors);
    yaml->depth = 0;
    yaml->weight = 0;

    while (!yaml->done) {
        yaml_event_t event;

        if (!yaml_parser_parse(&yaml->parser, &event)) {
            report_syntax_error(yaml);
            yaml->done = true;
            return false;
        }

        yaml_event_type_t type = event.type;
        yaml->done = (!handle_event(yaml, doc, &event)
                      || type == YAML_STREAM_END_EVENT);
        yaml_event_delete(&event);
        if (type == YAML_DOCUMENT_END_EVENT) {
            return true;
        }
    }
    return false;
}

void
slb_yaml_document_destroy(struct slb_yaml_document *doc)
{
    struct slb_yaml_node *node;

    LIST_FOR_EACH_POP (node, in_document, &doc->nodes) {
        free(node->text);
        free(node->nodes);
        free(node);
    }
    doc->root = NULL;
}

/* Whether 'node' says that there is nothing. */
bool
slb_yaml_is_null(const struct slb_yaml_node *node)
{
    return (node->type == SLB_YAML_SCALAR && node->plain
            && (!node->text[0] || !strcmp(node->text, "~")
                || !strcasecmp(node->text, "null")));
}

/* Appends what 'node' is to 'ds', for messages: "is 'x'". */
void
slb_yaml_format_found(const struct slb_yaml_node *node, struct ds *ds)
{
    if (node->type == SLB_YAML_LIST) {
        ds_put_cstr(ds, "is a list");
    } else if (node->type == SLB_YAML_MAP) {
        ds_put_cstr(ds, "is a map");
    } else if (slb_yaml_is_null(node)) {
        ds_put_cstr(ds, "has no value");
    } else {
        ds_put_cstr(ds, node->plain ? "is " : "is the quoted text ");
        slb_text_quote(node->text, ds);
    }
}

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

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"
#include "yaml/slb-comments.h"
#include "yaml/slb-errors.h"
#include "yaml/slb-index.h"
#include "yaml/slb-text.h"

/* Parser of a text.
 *
 * libyaml makes events of the text; they are put together to a tree here.
 * (libyaml could do that, too, but it expands nothing, limits nothing, and
 * forgets where an alias was.) */
struct slb_yaml {
    yaml_parser_t parser;
    const struct slb_source *source;
    struct slb_errors *errors;
    bool done;                  /* Nothing more to be had. */

    /* The text. */
    FILE *stream;               /* Where it comes from, if not NULL. */
    const char *text;           /* Otherwise, all of it. */
    size_t size;                /* Bytes in 'text'. */
    size_t taken;               /* Bytes of 'text' that have been looked at. */
    struct slb_comments comments;
    bool has_slash;             /* One was read that libyaml has not got: it
                                 * may begin a comment. */
    size_t given;               /* Bytes that libyaml has got. */
    char last;                  /* The last one of these. */
    char *refused;              /* Why libyaml gets no more, or NULL. */

    /* What limits depend on. */
    size_t given_before;        /* 'given' before the last event. */
    bool after_error;           /* There have been errors, ... */
    size_t given_until_error;   /* ... since so much was given. */
    size_t n_directives;
    size_t n_empty;             /* Documents. */
    size_t n_nodes;             /* All there have been, aliases once. */
    size_t n_aliased;           /* What aliases stood for. */
    size_t n_after_error;       /* Nodes since the first error. */

    /* Of the current document. */
    struct slb_index anchors;   /* By name.  Data is struct anchor *. */
    size_t n_anchors;           /* With those that were replaced. */
    bool is_list;               /* Its root is one. */
    struct slb_mark list_mark;  /* Where that begins. */

    /* Of the current piece. */
    struct slb_yaml_node *stack[SLB_YAML_MAX_DEPTH]; /* Begun, not ended. */
    int depth;                  /* Nodes in 'stack'. */
    size_t weight;              /* Nodes so far, aliases expanded. */
};

static struct slb_mark
mark_from_yaml(const struct slb_yaml *yaml, yaml_mark_t mark)
{
    return (struct slb_mark) {
        .source = yaml->source, .line = mark.line + 1,
        .column = mark.column + 1,
    };
}

/* Where libyaml found that it could not decode the text: behind what it has
 * decoded and not yet looked at. */
static struct slb_mark
mark_of_decoder(const struct slb_yaml *yaml)
{
    const yaml_parser_t *p = &yaml->parser;
    struct slb_mark mark = mark_from_yaml(yaml, p->mark);

    for (const unsigned char *c = p->buffer.pointer; c < p->buffer.last; c++) {
        if (*c == '\n') {
            mark.line++;
            mark.column = 1;
        } else if ((*c & 0xc0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

/* Whether there were errors before. */
static bool
is_after_error(struct slb_yaml *yaml)
{
    if (!yaml->after_error && yaml->errors->n) {
        yaml->after_error = true;
        yaml->given_until_error = yaml->given;
    }
    return yaml->after_error;
}

#define AFTER_ERROR_TEXT                                                \
    "not read from here on, because of the errors before, expected these " \
    "to be corrected first"

/* Counts the lines in the 'n' bytes of 's', which follow what libyaml has got,
 * that begin with '%': it compares each directive with all others. */
static void
count_directives(struct slb_yaml *yaml, const char *s, size_t n)
{
    for (const char *p = s; (p = memchr(p, '%', s + n - p)); p++) {
        char before = p > s ? p[-1] : yaml->last;
        yaml->n_directives += before == '\n' || before == '\0';
    }
}

/* Returns why libyaml should not get more of the text, or NULL. */
static char *
refuse_more(struct slb_yaml *yaml)
{
    if (yaml->given > SLB_YAML_MAX_SIZE) {
        return xasprintf("too large, expected at most %d MiB in a file",
                         SLB_YAML_MAX_SIZE / 1024 / 1024);
    } else if (yaml->given - yaml->given_before > SLB_YAML_MAX_GAP) {
        return xasprintf("something here is longer than %d KiB, expected "
                         "values of at most %d bytes, and short comments",
                         SLB_YAML_MAX_GAP / 1024, SLB_YAML_MAX_SCALAR);
    } else if (yaml->n_directives > SLB_YAML_MAX_DIRECTIVES) {
        return xasprintf("there are more than %d lines that begin with '%%', "
                         "expected no directives", SLB_YAML_MAX_DIRECTIVES);
    } else if (is_after_error(yaml)
               && (yaml->given - yaml->given_until_error
                   > SLB_YAML_MAX_SIZE_AFTER)) {
        return xstrdup(AFTER_ERROR_TEXT);
    }
    return NULL;
}

/* Reads at most 'size' bytes of the text into 'buffer'.  Returns how many, 0
 * at the end of it. */
static size_t
take_text(struct slb_yaml *yaml, char *buffer, size_t size)
{
    size_t n;

    if (yaml->stream) {
        return fread(buffer, 1, size, yaml->stream);
    }
    n = MIN(size, yaml->size - yaml->taken);
    if (n) {
        memcpy(buffer, yaml->text + yaml->taken, n);
    }
    yaml->taken += n;
    return n;
}

/* Likewise, without comments of JSON.  'size' is more than one. */
static size_t
take_clean_text(struct slb_yaml *yaml, char *buffer, size_t size)
{
    size_t n, n_clean;

    do {
        size_t before = yaml->has_slash;

        buffer[0] = '/';
        n = take_text(yaml, buffer + before, size - before);
        yaml->has_slash = false;
        if (!n) {
            return before;
        }
        n += before;
        n_clean = slb_comments_blank(&yaml->comments, buffer, n);
        yaml->has_slash = n_clean < n;
    } while (!n_clean);
    return n_clean;
}

/* Gives libyaml at most 'size' bytes of the text. */
static int
read_text(void *yaml_, unsigned char *buffer_, size_t size, size_t *n_read)
{
    struct slb_yaml *yaml = yaml_;
    char *buffer = (char *) buffer_;
    size_t n;

    yaml->refused = refuse_more(yaml);
    if (yaml->refused) {
        return 0;
    }

    n = take_clean_text(yaml, buffer, size);
    if (!n && yaml->stream && ferror(yaml->stream)) {
        yaml->refused = xasprintf("cannot be read (%s), expected a file with "
                                  "YAML", ovs_strerror(errno));
        return 0;
    }
    if (n) {
        count_directives(yaml, buffer, n);
        yaml->last = buffer[n - 1];
        yaml->given += n;
    }
    *n_read = n;
    return 1;
}

/* Anchors. */

struct anchor {
    char *name;
    struct slb_yaml_node *node; /* The last one that had it. */
};

static void
set_anchor(struct slb_yaml *yaml, const char *name,
           struct slb_yaml_node *node)
{
    const struct anchor *old = slb_index_find_name(&yaml->anchors, NULL,
                                                   name);
    struct anchor *anchor = CONST_CAST(struct anchor *, old);

    if (!anchor) {
        anchor = xmalloc(sizeof *anchor);
        anchor->name = xstrdup(name);
        slb_index_add_name(&yaml->anchors, NULL, anchor->name, anchor);
    }
    anchor->node = node;
}

static void
free_anchor(const void *anchor_)
{
    struct anchor *anchor = CONST_CAST(void *, anchor_);

    free(anchor->name);
    free(anchor);
}

static void
clear_anchors(struct slb_yaml *yaml)
{
    slb_index_for_each_data(&yaml->anchors, free_anchor);
    slb_index_clear(&yaml->anchors);
}

static struct slb_yaml *
open_yaml(const struct slb_source *source, struct slb_errors *errors)
{
    struct slb_yaml *yaml = xzalloc(sizeof *yaml);

    if (!yaml_parser_initialize(&yaml->parser)) {
        out_of_memory();
    }
    yaml_parser_set_input(&yaml->parser, read_text, yaml);
    yaml->source = source;
    yaml->errors = errors;
    slb_index_init(&yaml->anchors);
    return yaml;
}

/* Starts to parse 'text', 'size' bytes, which is called 'source', reporting
 * errors to 'errors', which may have some already.  All of these must stay
 * until slb_yaml_close(). */
struct slb_yaml *
slb_yaml_open(const char *text, size_t size, const struct slb_source *source,
              struct slb_errors *errors)
{
    struct slb_yaml *yaml = open_yaml(source, errors);

    yaml->text = text;
    yaml->size = size;
    return yaml;
}

/* Likewise, with what can be read from 'stream'. */
struct slb_yaml *
slb_yaml_open_stream(FILE *stream, const struct slb_source *source,
                     struct slb_errors *errors)
{
    struct slb_yaml *yaml = open_yaml(source, errors);

    yaml->stream = stream;
    return yaml;
}

void
slb_yaml_close(struct slb_yaml *yaml)
{
    if (yaml) {
        yaml_parser_delete(&yaml->parser);
        clear_anchors(yaml);
        slb_index_destroy(&yaml->anchors);
        free(yaml->refused);
        free(yaml);
    }
}

/* Says in 'ds' why libyaml could not go on, if it does not say so itself in a
 * way that users understand. */
static bool
explain_problem(const yaml_parser_t *p, struct ds *ds)
{
    const char *problem = p->problem ? p->problem : "";

    if (!strcmp(problem, "found character that cannot start any token")
        && *p->buffer.pointer == '\t') {
        ds_put_cstr(ds, "not YAML: a tab, expected blanks");
    } else if (!strcmp(problem, "found invalid Unicode character escape "
                       "code")) {
        ds_put_cstr(ds, "not YAML: an escape sequence is no character, or "
                    "half of one like \\ud83d\\ude00, expected the character "
                    "itself, or one sequence like \\U0001f600");
    } else if (!strcmp(problem, "did not find expected <document start>")) {
        ds_put_cstr(ds, "something follows the end of the document, expected "
                    "a line '---' between two documents");
    } else {
        return false;
    }
    return true;
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
    if (yaml->refused) {
        /* Nothing was wrong at a certain place of what is too large, or cannot
         * be read. */
        mark = mark_from_yaml(yaml, p->mark);
        if (yaml->given > SLB_YAML_MAX_SIZE
            || (yaml->stream && ferror(yaml->stream))) {
            mark.line = mark.column = 0;
        }
        slb_errors_add(yaml->errors, mark, "%s", yaml->refused);
        return;
    }

    mark = mark_from_yaml(yaml, p->problem_mark);
    if (explain_problem(p, &ds)) {
        slb_errors_add_nocopy(yaml->errors, mark, ds_steal_cstr(&ds));
        return;
    }
    ds_put_format(&ds, "not YAML: %s", p->problem ? p->problem : "unknown");
    if (p->error == YAML_READER_ERROR) {
        mark = mark_of_decoder(yaml);
        if (p->problem_value >= 0) {
            ds_put_format(&ds, " (0x%02x)", (unsigned int) p->problem_value);
        }
    } else if (p->context) {
        ds_put_format(&ds, " %s", p->context);
        if (p->context_mark.index != p->problem_mark.index) {
            ds_put_cstr(&ds, " that begins at ");
            slb_mark_format(mark_from_yaml(yaml, p->context_mark), &ds);
        }
    }
    slb_errors_add_nocopy(yaml->errors, mark, ds_steal_cstr(&ds));
}

/* Returns why 'node', whose weight has been added to that of the piece, must
 * not be added, or NULL. */
static char *
exceeds_limit(struct slb_yaml *yaml, const struct slb_yaml_node *node)
{
    const struct slb_yaml_node *parent
        = yaml->depth ? yaml->stack[yaml->depth - 1] : NULL;

    if (yaml->weight > SLB_YAML_MAX_NODES) {
        return xasprintf("there are more than %d values in one document, "
                         "aliases expanded; expected several smaller "
                         "documents", SLB_YAML_MAX_NODES);
    }
    if (yaml->depth + (node->type != SLB_YAML_SCALAR) + node->height
        > SLB_YAML_MAX_DEPTH) {
        return xasprintf("lists and maps are nested too deep, expected at "
                         "most %d in one another", SLB_YAML_MAX_DEPTH);
    }
    if (parent && parent->type == SLB_YAML_MAP
        && parent->n >= 2 * SLB_YAML_MAX_KEYS) {
        return xasprintf("there are more than %d keys in one map, expected "
                         "fewer", SLB_YAML_MAX_KEYS);
    }
    if (parent && parent->type == SLB_YAML_LIST && yaml->depth > 1
        && parent->n >= SLB_YAML_MAX_ENTRIES) {
        return xasprintf("there are more than %d entries in one list, "
                         "expected fewer", SLB_YAML_MAX_ENTRIES);
    }
    if (is_after_error(yaml)) {
        yaml->n_after_error += node->weight;
        if (yaml->n_after_error > SLB_YAML_MAX_NODES_AFTER) {
            return xstrdup(AFTER_ERROR_TEXT);
        }
    }
    return NULL;
}

/* Puts 'node', which is new or that of an alias, at 'mark', where it belongs:
 * below the innermost node that is not yet complete, or as the root.  Returns
 * false, after reporting why, if it cannot be there. */
static bool
add_node(struct slb_yaml *yaml, struct slb_yaml_document *doc,
         struct slb_yaml_node *node, struct slb_mark mark)
{
    char *error;

    yaml->weight += node->weight;
    error = exceeds_limit(yaml, node);
    if (error) {
        slb_errors_add_nocopy(yaml->errors, mark, error);
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

/* Memory for nodes, and their texts, of a document: there are many of them,
 * and all go at once. */
struct slb_yaml_chunk {
    struct slb_yaml_chunk *next;
    size_t size, used;          /* Bytes of 'data'. */
    char data[];
};

#define MIN_CHUNK 512
#define MAX_CHUNK (256 * 1024)

/* Returns 'n' bytes in a chunk of 'doc', all of them zero. */
static void *
chunk_alloc(struct slb_yaml_document *doc, size_t n)
{
    struct slb_yaml_chunk *chunk = doc->chunks;
    void *p;

    n = ROUND_UP(n, sizeof(void *));
    if (!chunk || chunk->size - chunk->used < n) {
        size_t size = chunk ? MIN(chunk->size * 2, MAX_CHUNK) : MIN_CHUNK;

        size = MAX(size, n);
        chunk = xmalloc(sizeof *chunk + size);
        chunk->next = doc->chunks;
        chunk->size = size;
        chunk->used = 0;
        doc->chunks = chunk;
    }
    p = chunk->data + chunk->used;
    chunk->used += n;
    return memset(p, 0, n);
}

/* Creates a node of 'type' at 'mark', with 'n' bytes of 'text' if it is a
 * scalar. */
static struct slb_yaml_node *
create_node(struct slb_yaml_document *doc, enum slb_yaml_type type,
            struct slb_mark mark, const char *text, size_t n)
{
    bool scalar = type == SLB_YAML_SCALAR;
    struct slb_yaml_node *node = chunk_alloc(doc, (sizeof *node
                                                   + (scalar ? n + 1 : 0)));

    if (scalar) {
        node->text = (char *) (node + 1);
        memcpy(node->text, text, n);
    } else {
        ovs_list_push_back(&doc->nodes, &node->in_document);
    }
    node->in_chunk = true;
    node->type = type;
    node->mark = mark;
    node->weight = 1;
    return node;
}

/* Adds a node of 'type', with 'n' bytes of 'text' if it is a scalar, as
 * 'event' says.  Returns NULL, after reporting why, if it cannot be. */
static struct slb_yaml_node *
begin_node(struct slb_yaml *yaml, struct slb_yaml_document *doc,
           enum slb_yaml_type type, const yaml_event_t *event,
           const yaml_char_t *anchor, const yaml_char_t *tag,
           const char *text, size_t n)
{
    struct slb_mark mark = mark_from_yaml(yaml, event->start_mark);
    struct slb_yaml_node *node;

    if (tag) {
        struct ds ds = DS_EMPTY_INITIALIZER;
        ds_put_cstr(&ds, "the tag ");
        slb_text_quote((const char *) tag, &ds);
        ds_put_cstr(&ds, " is not understood, expected a value without tag");
        slb_errors_add_nocopy(yaml->errors, mark, ds_steal_cstr(&ds));
        return NULL;
    }
    node = create_node(doc, type, mark, text, n);
    if (anchor) {
        if (++yaml->n_anchors > SLB_YAML_MAX_ANCHORS) {
            slb_errors_add(yaml->errors, mark, "there are more than %d "
                           "anchors in one document, expected fewer",
                           SLB_YAML_MAX_ANCHORS);
            return NULL;
        }
        set_anchor(yaml, (const char *) anchor, node);
    }
    yaml->n_nodes++;
    return add_node(yaml, doc, node, mark) ? node : NULL;
}

static bool
begin_nested(struct slb_yaml *yaml, struct slb_yaml_document *doc,
             enum slb_yaml_type type, const yaml_event_t *event,
             const yaml_char_t *anchor, const yaml_char_t *tag)
{
    bool is_root = !yaml->depth;
    struct slb_yaml_node *node = begin_node(yaml, doc, type, event, anchor,
                                            tag, NULL, 0);

    if (!node) {
        return false;
    }
    if (is_root && type == SLB_YAML_LIST) {
        yaml->is_list = true;
        yaml->list_mark = node->mark;
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
    struct slb_mark mark = mark_from_yaml(yaml, event->start_mark);
    struct slb_yaml_node *node;

    if (!tag && length > SLB_YAML_MAX_SCALAR) {
        slb_errors_add(yaml->errors, mark, "a text has %"PRIuSIZE" bytes, "
                       "expected at most %d", length, SLB_YAML_MAX_SCALAR);
        return false;
    }
    if (!tag && memchr(text, '\0', length)) {
        slb_errors_add(yaml->errors, mark, "a text has a null character in "
                       "it, expected printable ones");
        return false;
    }
    node = begin_node(yaml, doc, SLB_YAML_SCALAR, event,
                      event->data.scalar.anchor, tag, text, length);
    if (!node) {
        return false;
    }
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->complete = true;
    return true;
}

static bool
add_alias(struct slb_yaml *yaml, struct slb_yaml_document *doc,
          const yaml_event_t *event)
{
    const char *anchor = (const char *) event->data.alias.anchor;
    const struct anchor *found = slb_index_find_name(&yaml->anchors, NULL,
                                                     anchor);
    struct slb_yaml_node *node = found ? found->node : NULL;
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

    yaml->n_aliased += node->weight;
    if (yaml->n_aliased > SLB_YAML_MAX_ALIASED + 2 * yaml->n_nodes) {
        slb_errors_add(yaml->errors, mark, "aliases stand for %"PRIuSIZE" "
                       "values, many more than are written out, expected "
                       "fewer aliases", yaml->n_aliased);
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

/* Whether the current piece is whole: it is an entry of the document's root,
 * and nothing that follows can refer to what is in it. */
static bool
is_piece(const struct slb_yaml *yaml)
{
    return (yaml->is_list && yaml->depth == 1
            && yaml->stack[0]->n == 1 && yaml->stack[0]->nodes[0]->complete
            && hmap_is_empty(&yaml->anchors.nodes));
}

static void
begin_document(struct slb_yaml *yaml)
{
    clear_anchors(yaml);
    yaml->n_anchors = 0;
    yaml->is_list = false;
    yaml->depth = 0;
}

/* Checks that there are not too many documents like 'doc', if that is
 * empty. */
static bool
check_empty(struct slb_yaml *yaml, const struct slb_yaml_document *doc)
{
    if (!doc->root || slb_yaml_is_null(doc->root)) {
        if (++yaml->n_empty > SLB_YAML_MAX_EMPTY) {
            slb_errors_add(yaml->errors,
                           mark_from_yaml(yaml, yaml->parser.mark),
                           "there are more than %d empty documents, expected "
                           "something in them", SLB_YAML_MAX_EMPTY);
            return false;
        }
    }
    return true;
}

/* Reads the next piece of the text into 'doc'.  Returns true if successful,
 * false if there is none or, which has then been reported, the text is bad.
 * There are no further ones then.  In any case, the caller has to destroy
 * 'doc'. */
bool
slb_yaml_next(struct slb_yaml *yaml, struct slb_yaml_document *doc)
{
    slb_yaml_document_init(doc);
    yaml->weight = 0;
    if (yaml->is_list && yaml->depth) {
        /* The rest of a list. */
        doc->root = create_node(doc, SLB_YAML_LIST, yaml->list_mark, NULL, 0);
        yaml->stack[0] = doc->root;
        yaml->weight = 1;
    }

    while (!yaml->done) {
        yaml_event_t event;

        if (!yaml_parser_parse(&yaml->parser, &event)) {
            report_syntax_error(yaml);
            yaml->done = true;
            return false;
        }
        yaml->given_before = yaml->given;

        yaml_event_type_t type = event.type;
        if (type == YAML_DOCUMENT_START_EVENT) {
            begin_document(yaml);
        }
        yaml->done = (!handle_event(yaml, doc, &event)
                      || type == YAML_STREAM_END_EVENT);
        yaml_event_delete(&event);
        if (yaml->done) {
            return false;
        }
        if (type == YAML_DOCUMENT_END_EVENT) {
            yaml->done = !check_empty(yaml, doc);
            return true;
        }
        if (is_piece(yaml)) {
            doc->root = doc->root->nodes[0];
            doc->is_entry = true;
            return true;
        }
    }
    return false;
}

/* Makes 'doc' one with nothing in it. */
void
slb_yaml_document_init(struct slb_yaml_document *doc)
{
    doc->root = NULL;
    doc->is_entry = false;
    ovs_list_init(&doc->nodes);
    doc->chunks = NULL;
}

/* Makes 'dst', which is not initialized, what 'src' is, and leaves nothing in
 * that. */
void
slb_yaml_document_move(struct slb_yaml_document *dst,
                       struct slb_yaml_document *src)
{
    dst->root = src->root;
    dst->is_entry = src->is_entry;
    ovs_list_move(&dst->nodes, &src->nodes);
    dst->chunks = src->chunks;
    slb_yaml_document_init(src);
}

void
slb_yaml_document_destroy(struct slb_yaml_document *doc)
{
    struct slb_yaml_node *node;
    struct slb_yaml_chunk *next;

    LIST_FOR_EACH_POP (node, in_document, &doc->nodes) {
        free(node->nodes);
        if (!node->in_chunk) {
            free(node->text);
            free(node);
        }
    }
    for (struct slb_yaml_chunk *c = doc->chunks; c; c = next) {
        next = c->next;
        free(c);
    }
    slb_yaml_document_init(doc);
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

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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "tests/unit/unit.h"
#include "util.h"
#include "yaml/slb-comments.h"
#include "yaml/slb-errors.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-validate.h"
#include "yaml/slb-yaml.h"

/* Texts in pieces, and the limits of what a text may have: what is just within
 * them is read, what is just beyond is not.  (What it costs to find that out
 * is tests/system/ctl/limits.t's.) */

/* Reads 'text' piece by piece.  Appends what there is to 'ds', a character for
 * each list '[', map '{', text, a '-' before each entry, and a line for each
 * piece; then the errors. */
static void
format_node(const struct slb_yaml_node *node, struct ds *ds)
{
    if (node->type == SLB_YAML_SCALAR) {
        ds_put_cstr(ds, node->text);
        return;
    }
    ds_put_char(ds, node->type == SLB_YAML_LIST ? '[' : '{');
    for (size_t i = 0; i < node->n; i++) {
        ds_put_cstr(ds, i ? " " : "");
        format_node(node->nodes[i], ds);
    }
    ds_put_char(ds, node->type == SLB_YAML_LIST ? ']' : '}');
}

static void
check_pieces(const char *text, const char *expected)
{
    struct slb_source source = { .name = CONST_CAST(char *, "text") };
    struct slb_errors errors = SLB_ERRORS_INITIALIZER;
    struct slb_yaml *yaml = slb_yaml_open(text, strlen(text), &source,
                                          &errors);
    struct slb_yaml_document doc;
    struct ds ds = DS_EMPTY_INITIALIZER;

    while (slb_yaml_next(yaml, &doc)) {
        ds_put_cstr(&ds, doc.is_entry ? "- " : "");
        if (doc.root) {
            ds_put_format(&ds, "%"PRIu32":%"PRIu32" ", doc.root->mark.line,
                          doc.root->mark.column);
            format_node(doc.root, &ds);
        }
        ds_put_char(&ds, '\n');
        slb_yaml_document_destroy(&doc);
    }
    slb_yaml_document_destroy(&doc);
    slb_yaml_close(yaml);
    slb_errors_format(&errors, &ds);
    slb_errors_destroy(&errors);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), expected);
    if (strcmp(ds_cstr(&ds), expected)) {
        printf("# got: %s", ds_cstr(&ds));
    }
    ds_destroy(&ds);
}

/* Checks what 'text' is without its comments, in which '_' stands for what is
 * a blank then, wherever it is cut into two. */
static void
check_comments(const char *text, const char *expected)
{
    size_t size = strlen(text);

    for (size_t cut = 0; cut <= size; cut++) {
        struct slb_comments comments = { .last = '\0' };
        char *copy = xmemdup0(text, size);
        size_t n = slb_comments_blank(&comments, copy, cut);

        CU_ASSERT(n == cut || (n + 1 == cut && copy[n] == '/'));
        n += slb_comments_blank(&comments, copy + n, size - n);
        CU_ASSERT(n == size || (n + 1 == size && copy[n] == '/'));
        for (size_t i = 0; i < size; i++) {
            copy[i] = expected[i] == '_' && copy[i] == ' ' ? '_' : copy[i];
        }
        CU_ASSERT_STRING_EQUAL(copy, expected);
        if (strcmp(copy, expected)) {
            printf("# cut at %"PRIuSIZE": %s\n", cut, copy);
        }
        free(copy);
    }
}

static void
test_comments(void)
{
    check_comments("", "");
    check_comments("{\"a\": 1} // b\n{}", "{\"a\": 1} ____\n{}");
    check_comments("// a\n{}", "____\n{}");
    check_comments(" \n/* a\n*b/ **/[]", " \n____\n_______[]");
    check_comments("[/*/ a */1/2, /**/3]", "[________1/2, ____3]");
    check_comments("{\"a\"/*b*/:/*c*/1}", "{\"a\"_____:_____1}");
    check_comments("[/* \xc3\xa4 */1]", "[________1]");
    check_comments("[1] /", "[1] /");
    check_comments("[1] /* a", "[1] ____");

    /* No comments. */
    check_comments("{\"a\": \"// \\\" /* b */\"}",
                   "{\"a\": \"// \\\" /* b */\"}");
    check_comments("{a: http://b, c: d/*, e: it's, f: '// g' // h",
                   "{a: http://b, c: d/*, e: it's, f: '// g' ____");
    check_comments("[1] # // \"\n// b", "[1] # // \"\n____");
    check_comments("a: // b\n", "a: // b\n");
    check_comments("/a // b\n", "/a // b\n");

    /* Lines and columns stay. */
    check_pieces("// a\n[ /* b */ {\"c\": d}] // e\n---\nf: //g\n",
                 "- 2:11 {c d}\n2:1 []\n4:1 {f }\n");
    check_pieces("/", "1:1 /\n");
    check_pieces("[a/", "- 1:2 a/\n"
                 "text:2:1: not YAML: did not find expected ',' or ']' "
                 "while parsing a flow sequence that begins at text:1:1\n");
}

static void
test_pieces(void)
{
    check_pieces("", "");
    check_pieces("# nothing\n", "");
    check_pieces("a: b\n--- [c]\n---\nd\n",
                 "1:1 {a b}\n"
                 "- 2:6 c\n2:5 []\n"
                 "4:1 d\n");
    check_pieces("- a\n- {b: c}\n- [d, e]\n-\n",
                 "- 1:3 a\n"
                 "- 2:3 {b c}\n"
                 "- 3:3 [d e]\n"
                 "- 4:2 \n"
                 "1:1 []\n");
    check_pieces("[]\n", "1:1 []\n");

    /* Behind an anchor, all is one piece: there may be aliases. */
    check_pieces("- a\n- b\n- &c c\n- d\n- *c\n--- [e, f]\n",
                 "- 1:3 a\n"
                 "- 2:3 b\n"
                 "1:1 [c d c]\n"
                 "- 6:6 e\n- 6:9 f\n6:5 []\n");
    check_pieces("&a [b, c]\n", "1:1 [b c]\n");

    /* Anchors end with their document. */
    check_pieces("[&a b]\n--- [*a]\n",
                 "1:1 [b]\n"
                 "text:2:6: the alias 'a' refers to nothing, expected an "
                 "anchor before it\n");

    /* What comes before an error is there. */
    check_pieces("- a\n- b: c\n  d\n",
                 "- 1:3 a\n"
                 "text:4:1: not YAML: could not find expected ':' while "
                 "scanning a simple key that begins at text:3:3\n");
    check_pieces("- a\n- \x01\n",
                 "text:2:3: not YAML: control characters are not allowed "
                 "(0x01)\n");
    check_pieces("a\n--- \xc3\xa4 \xff\n",
                 "text:2:7: not YAML: invalid leading UTF-8 octet (0xff)\n");
}

/* Checks that 'text' (and frees it) has, as YAML, the only error 'expected',
 * which may be "" for none, or lack the place: where libyaml is then, depends
 * on its buffers. */
static void
check_limit(struct ds *text, const char *expected)
{
    struct slb_source source = { .name = CONST_CAST(char *, "text") };
    struct slb_errors errors = SLB_ERRORS_INITIALIZER;
    struct slb_yaml *yaml = slb_yaml_open(text->string, text->length, &source,
                                          &errors);
    struct slb_yaml_document doc;
    struct ds ds = DS_EMPTY_INITIALIZER;

    while (slb_yaml_next(yaml, &doc)) {
        slb_yaml_document_destroy(&doc);
    }
    slb_yaml_document_destroy(&doc);
    slb_yaml_close(yaml);
    slb_errors_format(&errors, &ds);
    slb_errors_destroy(&errors);

    const char *got = ds_cstr(&ds);
    if (expected[0] == ':') {
        got += strspn(got, "text:0123456789") - 1;
    }
    CU_ASSERT_STRING_EQUAL(got, expected);
    if (strcmp(got, expected)) {
        printf("# got: %s", got);
    }
    ds_destroy(&ds);
    ds_destroy(text);
}

/* Returns 'before', 'n' times 'each', in which "%d" is replaced by a number
 * ("%0400000d" by one of 400,000 digits), and 'after'.  */
static struct ds *
repeated(struct ds *ds, const char *before, size_t n, const char *each,
         const char *after)
{
    const char *number = strstr(each, "%d");
    const char *large = strstr(each, "%0400000d");

    ds_init(ds);
    ds_put_cstr(ds, before);
    for (size_t i = 0; i < n; i++) {
        if (large) {
            ds_put_buffer(ds, each, large - each);
            ds_put_char_multiple(ds, '0', 400000);
            ds_put_cstr(ds, large + strlen("%0400000d"));
        } else if (number) {
            ds_put_buffer(ds, each, number - each);
            ds_put_format(ds, "%"PRIuSIZE"%s", i, number + 2);
        } else {
            ds_put_cstr(ds, each);
        }
    }
    ds_put_cstr(ds, after);
    return ds;
}

static void
test_limit_of_nodes(void)
{
    struct ds ds, row;
    char *nodes;

    /* The map, its key and its list are 3 nodes, each row is 100. */
    repeated(&row, "[", 99, "0,", "],");
    repeated(&ds, "a: [", SLB_YAML_MAX_NODES / 100 - 1, ds_cstr(&row), "");
    nodes = ds_steal_cstr(&ds);
    check_limit(repeated(&ds, nodes, 97, "0,", "]"), "");
    check_limit(repeated(&ds, nodes, 98, "0,", "]"),
                "text:1:321598: there are more than 160000 values in one "
                "document, aliases expanded; expected several smaller "
                "documents\n");
    free(nodes);
    ds_destroy(&row);

    /* Entries of a list are as good as documents, but not with anchors. */
    check_limit(repeated(&ds, "[", SLB_YAML_MAX_NODES * 2, "0,", "]"), "");
    check_limit(repeated(&ds, "[0, &a 0,", SLB_YAML_MAX_NODES - 3, "0,", "]"),
                "");
    check_limit(repeated(&ds, "[0, &a 0,", SLB_YAML_MAX_NODES, "0,", "]"),
                "text:1:320006: there are more than 160000 values in one "
                "document, aliases expanded; expected several smaller "
                "documents\n");

    /* What is written out and what aliases stand for count alike. */
    check_limit(repeated(&ds, "x: &x [0, 0, 0]\na: [", SLB_YAML_MAX_ENTRIES,
                         "[0,0,0,0,*x,*x,*x],", "]"),
                "text:2:178823: there are more than 160000 values in one "
                "document, aliases expanded; expected several smaller "
                "documents\n");
}

static void
test_limit_of_entries(void)
{
    struct ds ds;

    check_limit(repeated(&ds, "a: [", SLB_YAML_MAX_ENTRIES, "0,", "]"), "");
    check_limit(repeated(&ds, "a: [", SLB_YAML_MAX_ENTRIES + 1, "0,", "]"),
                "text:1:20005: there are more than 10000 entries in one list, "
                "expected fewer\n");
}

static void
test_limit_of_aliases(void)
{
    struct ds ds;

    /* The list that 'x' is has 1001 nodes; so many are free, ... */
    check_limit(repeated(&ds, "x: &x [", 1000, "0,", "]\n"
                         "a: [*x, *x, *x, *x, *x, *x, *x, *x, *x, *x]\n"), "");

    /* ... and two more for each that is there. */
    ds_init(&ds);
    ds_put_cstr(&ds, "x: &x [");
    for (int i = 0; i < 999; i++) {
        ds_put_cstr(&ds, "0,");
    }
    ds_put_cstr(&ds, "]\na: [");
    for (int i = 0; i < 102; i++) {
        ds_put_cstr(&ds, "*x,");
    }
    ds_put_cstr(&ds, "]\n");
    check_limit(&ds, "");
    ds_init(&ds);
    ds_put_cstr(&ds, "x: &x [");
    for (int i = 0; i < 999; i++) {
        ds_put_cstr(&ds, "0,");
    }
    ds_put_cstr(&ds, "]\na: [");
    for (int i = 0; i < 103; i++) {
        ds_put_cstr(&ds, "*x,");
    }
    ds_put_cstr(&ds, "]\n");
    check_limit(&ds, "text:2:311: aliases stand for 103000 values, many more "
                "than are written out, expected fewer aliases\n");

    /* That counts over all documents. */
    check_limit(repeated(&ds, "", 120,
                         "--- {x: &x [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],\n"
                         "a: &a [*x, *x, *x, *x, *x, *x, *x, *x, *x, *x],\n"
                         "b: [*a, *a, *a, *a, *a, *a, *a]}\n", ""),
                "text:300:5: aliases stand for 103914 values, many more than "
                "are written out, expected fewer aliases\n");
    check_limit(repeated(&ds, "[", SLB_YAML_MAX_ANCHORS, "&a 0,", "]"), "");
    check_limit(repeated(&ds, "[", SLB_YAML_MAX_ANCHORS + 1, "&a 0,", "]"),
                "text:1:50002: there are more than 10000 anchors in one "
                "document, expected fewer\n");
}

static void
test_limit_of_depth(void)
{
    struct ds ds;

    check_limit(repeated(&ds, "", SLB_YAML_MAX_DEPTH, "- ", "0\n"), "");
    check_limit(repeated(&ds, "", SLB_YAML_MAX_DEPTH + 1, "- ", "0\n"),
                "text:1:33: lists and maps are nested too deep, expected at "
                "most 16 in one another\n");
}

static void
test_limit_of_keys(void)
{
    struct ds ds;

    check_limit(repeated(&ds, "", SLB_YAML_MAX_KEYS, "a%d: b\n", ""), "");
    check_limit(repeated(&ds, "", SLB_YAML_MAX_KEYS + 1, "a%d: b\n", ""),
                "text:1001:1: there are more than 1000 keys in one map, "
                "expected fewer\n");
}

static void
test_limit_of_texts(void)
{
    struct ds ds;

    check_limit(repeated(&ds, "a: ", SLB_YAML_MAX_SCALAR, "b", "\n"), "");
    check_limit(repeated(&ds, "a: ", SLB_YAML_MAX_SCALAR + 1, "b", "\n"),
                "text:1:4: a text has 4097 bytes, expected at most 4096\n");

    /* Comments, too, but not quite exactly. */
    check_limit(repeated(&ds, "a: b\n", SLB_YAML_MAX_GAP / 8 - 8192,
                         "# Text.\n", "---\nc: d\n"), "");
    check_limit(repeated(&ds, "a: b\n", SLB_YAML_MAX_GAP / 8 + 16384,
                         "# Text.\n", "---\nc: d\n"),
                ": something here is longer than 512 KiB, "
                "expected values of at most 4096 bytes, and short "
                "comments\n");
    check_limit(repeated(&ds, "", SLB_YAML_MAX_DIRECTIVES,
                         "%TAG !x%d! y\n", "--- a\n"), "");
    check_limit(repeated(&ds, "", 10000, "%TAG !x%d! y\n", "--- a\n"),
                ": there are more than 100 lines that begin with '%', "
                "expected no directives\n");

    /* In all. */
    check_limit(repeated(&ds, "", SLB_YAML_MAX_SIZE / 400010,
                         "--- a\n#%0400000d\n", ""), "");
    check_limit(repeated(&ds, "", SLB_YAML_MAX_SIZE / 400000 + 1,
                         "--- a\n#%0400000d\n", ""),
                "text: too large, expected at most 32 MiB in a file\n");
}

static void
test_limit_of_documents(void)
{
    struct ds ds;

    check_limit(repeated(&ds, "", SLB_YAML_MAX_EMPTY, "---\n", ""), "");
    check_limit(repeated(&ds, "", SLB_YAML_MAX_EMPTY, "---\n", "---\n"),
                "text:1002:1: there are more than 1000 empty documents, "
                "expected something in them\n");
    check_limit(repeated(&ds, "", SLB_YAML_MAX_EMPTY * 20, "--- a\n", ""),
                "");
}

/* After an error, only a little more is read. */
static void
test_limit_after_errors(void)
{
    struct slb_input input;
    struct ds text, ds = DS_EMPTY_INITIALIZER;

    repeated(&text, "[{kind: x},\n", 20000,
             "{kind: VirtualNetwork, name: a%d, subnets: []},\n", "]");
    slb_input_init(&input);
    slb_input_add_text(&input, "text", text.string, text.length);
    slb_errors_format(&input.errors, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds),
        "text:1:9: 'kind' is 'x', expected VirtualNetwork, PublicIPPrefix, "
        "LoadBalancer or AzureIds\n"
        "text:7144:46: not read from here on, because of the errors before, "
        "expected these to be corrected first\n");
    CU_ASSERT(input.incomplete);
    CU_ASSERT_EQUAL(input.model.networks.n, 7142);
    ds_destroy(&text);

    /* Nor of the next text; but a small one is read. */
    ds_clear(&ds);
    slb_input_add_text(&input, "small", "kind: y\n", 8);
    repeated(&text, "[", 20000,
             "{kind: VirtualNetwork, name: b%d, subnets: []},\n", "]");
    slb_input_add_text(&input, "more", text.string, text.length);
    slb_errors_format(&input.errors, &ds);
    CU_ASSERT_PTR_NOT_NULL(strstr(ds_cstr(&ds), "small:1:7: 'kind' is 'y'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(ds_cstr(&ds), "more:7143:"));
    ds_destroy(&text);
    ds_destroy(&ds);
    slb_input_destroy(&input);
}

static void
test_limit_of_size_after_errors(void)
{
    struct slb_input input;
    struct ds text = DS_EMPTY_INITIALIZER;
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&text, "kind: x\n");
    for (int i = 0; i < 10; i++) {
        ds_put_format(&text, "---\nkind: VirtualNetwork\nname: a%d\n"
                      "subnets: []\n# ", i);
        ds_put_char_multiple(&text, '-', 100000);
        ds_put_char(&text, '\n');
    }
    slb_input_init(&input);
    slb_input_add_text(&input, "text", text.string, text.length);
    slb_errors_format(&input.errors, &ds);
    CU_ASSERT_PTR_NOT_NULL(strstr(ds_cstr(&ds), ": not read from here on, "));
    CU_ASSERT_EQUAL(input.errors.n, 2);
    CU_ASSERT(input.model.networks.n > 3 && input.model.networks.n < 7);
    ds_destroy(&ds);
    ds_destroy(&text);
    slb_input_destroy(&input);
}

static void
test_limit_of_strings(void)
{
    struct slb_input input;
    struct ds text, ds = DS_EMPTY_INITIALIZER;

    slb_input_init(&input);
    repeated(&text, "kind: VirtualNetwork\nname: a\nsubnets: []\n"
             "peerings: [", 1000, "b%d,", "]\n");
    slb_input_add_text(&input, "a", text.string, text.length);
    ds_destroy(&text);
    CU_ASSERT_EQUAL(input.errors.n, 0);
    repeated(&text, "kind: VirtualNetwork\nname: b\nsubnets: []\n"
             "peerings: [", 1001, "b%d,", "]\n");
    slb_input_add_text(&input, "b", text.string, text.length);
    ds_destroy(&text);
    slb_errors_format(&input.errors, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "b:4:11: 'peerings' has 1001 "
                           "entries, expected at most 1000\n");
    ds_destroy(&ds);
    slb_input_destroy(&input);
}

/* A pool of the largest size, and a document that is a list of very many load
 * balancers, are within all limits. */
static void
test_limits_are_wide(void)
{
    struct slb_input input;
    struct ds text = DS_EMPTY_INITIALIZER;
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&text, "[{\"kind\": \"VirtualNetwork\", \"name\": \"prod\", "
                "\"subnets\": [{\"name\": \"web\", "
                "\"prefix\": \"10.0.0.0/8\"}]}");
    for (int i = 0; i < 5000; i++) {
        ds_put_format(&text, ",\n{\"kind\": \"LoadBalancer\", "
                      "\"name\": \"lb%d\", \"network\": \"prod\", "
                      "\"frontends\": [], \"backendPools\": "
                      "[{\"name\": \"servers\", \"members\": [", i);
        for (int j = 0; j < (i == 17 ? 5000 : 10); j++) {
            ds_put_format(&text, "%s{\"name\": \"vm%d\", \"address\": "
                          "\"10.1.%d.%d\", \"weight\": 1, "
                          "\"adminState\": \"None\"}", j ? ", " : "", j,
                          j / 250, j % 250 + 4);
        }
        ds_put_cstr(&text, "]}]}");
    }
    ds_put_cstr(&text, "]\n");
    slb_input_init(&input);
    slb_input_add_text(&input, "text", text.string, text.length);
    slb_validate(&input, NULL);
    slb_errors_format(&input.errors, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "");
    CU_ASSERT_EQUAL(input.model.load_balancers.n, 5000);
    ds_destroy(&ds);
    ds_destroy(&text);
    slb_input_destroy(&input);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_comments),
    UNIT_TEST(test_pieces),
    UNIT_TEST(test_limit_of_nodes),
    UNIT_TEST(test_limit_of_entries),
    UNIT_TEST(test_limit_of_aliases),
    UNIT_TEST(test_limit_of_depth),
    UNIT_TEST(test_limit_of_keys),
    UNIT_TEST(test_limit_of_texts),
    UNIT_TEST(test_limit_of_documents),
    UNIT_TEST(test_limit_after_errors),
    UNIT_TEST(test_limit_of_size_after_errors),
    UNIT_TEST(test_limit_of_strings),
    UNIT_TEST(test_limits_are_wide),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("yaml-limits", tests, argc, argv);
}

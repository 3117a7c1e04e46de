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

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "tests/unit/unit.h"
#include "util.h"
#include "yaml/slb-azure-ids.h"
#include "yaml/slb-diff.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-print.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-validate.h"

/* tests/unit/azure/ has whole resources: NAME.json is read together with
 * NAME.ids.yaml, if there is one, and is NAME.yaml then; what is said about it
 * is NAME.err.  Here is what is wrong in small ones. */

/* Returns the contents of 'name' in tests/unit/azure, or NULL if there is no
 * such file. */
static char *
read_file(const char *name)
{
    char *path = xasprintf("%s/azure/%s", TEST_SRCDIR, name);
    FILE *stream = fopen(path, "r");
    struct ds ds = DS_EMPTY_INITIALIZER;
    char buffer[4096];
    size_t n;

    free(path);
    if (!stream) {
        return NULL;
    }
    while ((n = fread(buffer, 1, sizeof buffer, stream))) {
        ds_put_buffer(&ds, buffer, n);
    }
    fclose(stream);
    return ds_steal_cstr(&ds);
}

static void
add_text(struct slb_input *input, const char *name, const char *text)
{
    /* A copy of its size, so that no byte behind it is looked at, and that is
     * gone when the input is finished. */
    size_t size = strlen(text);
    char *copy = xmemdup(text, MAX(size, 1));

    slb_input_add_text(input, name, copy, size);
    free(copy);
}

/* Returns the warnings and errors of 'input'. */
static char *
messages(struct slb_input *input)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_errors_format(&input->warnings, &ds);
    slb_errors_format(&input->errors, &ds);
    return ds_steal_cstr(&ds);
}

static void
check_text(const char *what, const char *got, const char *expected)
{
    CU_ASSERT_STRING_EQUAL(got, expected);
    if (strcmp(got, expected)) {
        printf("# %s: got: %s\n", what, got);
    }
}

static char *
to_yaml(const struct slb_model *model)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < model->load_balancers.n; i++) {
        ds_put_cstr(&ds, i ? "---\n" : "");
        slb_print_yaml(&model->load_balancers.at[i]->obj, false, &ds);
    }
    return ds_steal_cstr(&ds);
}

/* Checks that 'text' is read as what 'model' has. */
static void
check_same(const struct slb_model *model, const char *name, const char *text)
{
    struct slb_input input;
    struct ds diff = DS_EMPTY_INITIALIZER;

    slb_input_init(&input);
    add_text(&input, name, text);
    slb_input_finish(&input);
    char *said = messages(&input);
    check_text(name, said, "");
    CU_ASSERT_EQUAL_FATAL(input.model.load_balancers.n,
                          model->load_balancers.n);
    for (size_t i = 0; i < model->load_balancers.n; i++) {
        slb_diff(&model->load_balancers.at[i]->obj,
                 &input.model.load_balancers.at[i]->obj, &diff);
    }
    check_text(name, ds_cstr(&diff), "");
    ds_destroy(&diff);
    free(said);
    slb_input_destroy(&input);
}

/* Checks the file NAME.json, with what belongs to it before or after it. */
static void
check_file(const char *name, bool ids_first)
{
    char *json_name = xasprintf("%s.json", name);
    char *ids_name = xasprintf("%s.ids.yaml", name);
    char *yaml_name = xasprintf("%s.yaml", name);
    char *err_name = xasprintf("%s.err", name);
    char *json = read_file(json_name), *ids = read_file(ids_name);
    char *yaml = read_file(yaml_name), *err = read_file(err_name);
    struct slb_input input;

    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    CU_ASSERT_PTR_NOT_NULL_FATAL(yaml);
    slb_input_init(&input);
    if (ids && ids_first) {
        add_text(&input, ids_name, ids);
    }
    add_text(&input, json_name, json);
    if (ids && !ids_first) {
        add_text(&input, ids_name, ids);
    }
    slb_input_finish(&input);
    char *said = messages(&input);
    check_text(name, said, err ? err : "");
    char *got = to_yaml(&input.model);
    check_text(name, got, yaml);
    check_same(&input.model, yaml_name, yaml);

    struct json *array = json_array_create_empty();
    for (size_t i = 0; i < input.model.load_balancers.n; i++) {
        json_array_add(array, slb_print_json(
                           &input.model.load_balancers.at[i]->obj, false));
    }
    char *array_text = json_to_string(array, 0);
    check_same(&input.model, "JSON", array_text);

    /* The network is somewhere else. */
    input.incomplete = true;
    slb_validate(&input, NULL);
    CU_ASSERT_EQUAL(input.errors.n, 0);

    free(array_text);
    json_destroy(array);
    free(got);
    free(said);
    slb_input_destroy(&input);
    free(json_name);
    free(ids_name);
    free(yaml_name);
    free(err_name);
    free(json);
    free(ids);
    free(yaml);
    free(err);
}

static void
test_azure_files(void)
{
    char *path = xasprintf("%s/azure", TEST_SRCDIR);
    DIR *dir = opendir(path);
    struct dirent *entry;
    size_t n = 0;

    free(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    while ((entry = readdir(dir))) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && !strcmp(dot, ".json")) {
            char *name = xmemdup0(entry->d_name, dot - entry->d_name);
            check_file(name, false);
            check_file(name, true);
            free(name);
            n++;
        }
    }
    closedir(dir);
    CU_ASSERT(n >= 9);
}

/* Wrong ones.
 *
 * tests/unit/azure/wrong.txt has cases, separated by empty lines: the lines
 * after "- " are replaced, in base.json or base.ids.yaml, by those after "+ ",
 * and those after "! " are what is said then, of these and of the network that
 * they are in.  Other lines are comments. */

static const char wrong_networks[] =
    "kind: VirtualNetwork\nname: prod\n"
    "subnets: [{name: web, prefix: 10.0.1.0/24}]\n";

struct wrong {
    struct ds old, new, said;
    int line;
};

static void
init_wrong(struct wrong *wrong)
{
    ds_init(&wrong->old);
    ds_init(&wrong->new);
    ds_init(&wrong->said);
    wrong->line = 0;
}

static void
destroy_wrong(struct wrong *wrong)
{
    ds_destroy(&wrong->old);
    ds_destroy(&wrong->new);
    ds_destroy(&wrong->said);
}

/* Returns 'text' with 'old', which is in it at most once, replaced by
 * 'new'. */
static char *
replace(const char *text, const char *old, const char *new)
{
    const char *p = strstr(text, old);

    if (!p) {
        return xstrdup(text);
    }
    CU_ASSERT_PTR_NULL(strstr(p + 1, old));
    return xasprintf("%.*s%s%s", (int) (p - text), text, new,
                     p + strlen(old));
}

static void
check_wrong(const struct wrong *wrong, const char *json, const char *ids)
{
    const char *old = ds_cstr_ro(&wrong->old), *new = ds_cstr_ro(&wrong->new);
    char *wrong_json = replace(json, old, new);
    char *wrong_ids = replace(ids, old, new);
    char *what = xasprintf("wrong.txt:%d", wrong->line);
    struct slb_input input;

    /* It is in exactly one of them. */
    CU_ASSERT_NOT_EQUAL(!strcmp(wrong_json, json), !strcmp(wrong_ids, ids));
    slb_input_init(&input);
    add_text(&input, "base.json", wrong_json);
    add_text(&input, "base.ids.yaml", wrong_ids);
    add_text(&input, "net.yaml", wrong_networks);
    slb_validate(&input, NULL);
    char *said = messages(&input);
    check_text(what, said, ds_cstr_ro(&wrong->said));
    free(said);
    slb_input_destroy(&input);

    free(what);
    free(wrong_json);
    free(wrong_ids);
}

static void
add_line(struct ds *ds, const char *line, const char *end)
{
    ds_put_format(ds, "%s%s", ds->length && !*end ? "\n" : "", line);
    ds_put_cstr(ds, end);
}

static void
test_azure_wrong(void)
{
    char *json = read_file("base.json"), *ids = read_file("base.ids.yaml");
    char *text = read_file("wrong.txt");
    struct wrong wrong;
    size_t n = 0;
    int i = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ids);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    init_wrong(&wrong);
    for (char *line = text, *next; *line; line = next) {
        size_t length = strcspn(line, "\n");

        next = line + length + (line[length] == '\n');
        line[length] = '\0';
        i++;
        if (!strncmp(line, "- ", 2)) {
            add_line(&wrong.old, line + 2, "");
            wrong.line = wrong.line ? wrong.line : i;
        } else if (!strncmp(line, "+ ", 2)) {
            add_line(&wrong.new, line + 2, "");
        } else if (!strncmp(line, "! ", 2)) {
            add_line(&wrong.said, line + 2, "\n");
        }
        if ((!line[0] || !*next) && wrong.line) {
            check_wrong(&wrong, json, ids);
            destroy_wrong(&wrong);
            init_wrong(&wrong);
            n++;
        }
    }
    CU_ASSERT(n >= 60);
    destroy_wrong(&wrong);
    free(json);
    free(ids);
    free(text);
}

/* Ids. */

static void
test_azure_id_valid(void)
{
    static const char *const valid[] = {
        "a", "/a", "a/b", "/subscriptions/S/resourceGroups/R(1)",
        "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20",
        "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20",
    };
    static const char *const invalid[] = {
        "", "/", "//", "a//b", "//a", "a/", "a b", "\xc3\xa4", "a\n",
        "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21",
    };

    for (size_t i = 0; i < ARRAY_SIZE(valid); i++) {
        CU_ASSERT_TRUE(slb_azure_id_is_valid(valid[i]));
    }
    for (size_t i = 0; i < ARRAY_SIZE(invalid); i++) {
        CU_ASSERT_FALSE(slb_azure_id_is_valid(invalid[i]));
    }

    char *longest = xzalloc(SLB_AZURE_ID_MAX + 2);
    memset(longest, 'a', SLB_AZURE_ID_MAX);
    CU_ASSERT_TRUE(slb_azure_id_is_valid(longest));
    longest[SLB_AZURE_ID_MAX] = 'a';
    CU_ASSERT_FALSE(slb_azure_id_is_valid(longest));
    free(longest);
}

static void
test_azure_id_name(void)
{
    static const struct { const char *id, *type, *name, *parent; } cases[] = {
        { "web", "probes", "web", NULL },
        { "/web", "probes", NULL, NULL },
        { "probes/web", "probes", "web", NULL },
        { "/probes/web", "probes", "web", NULL },
        { "PROBES/web", "probes", "web", NULL },
        { "myprobes/web", "probes", NULL, NULL },
        { "a/probes/web", "probes", "web", "a" },
        { "/a/probes/web", "probes", "web", "/a" },
        { "loadBalancers/a/probes/web", "probes", "web", "loadBalancers/a" },
        { "loadBalancers/a/probes/web", "loadBalancers", NULL,
          "loadBalancers/a" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *name = slb_azure_id_name(cases[i].id, cases[i].type);
        char *parent = slb_azure_id_parent(cases[i].id);

        CU_ASSERT(nullable_string_is_equal(name, cases[i].name));
        CU_ASSERT(nullable_string_is_equal(parent, cases[i].parent));
        free(parent);
    }
}

static void
test_azure_id_short(void)
{
    static const struct { const char *id, *text; } cases[] = {
        { "/subscriptions/S/resourceGroups/R/providers/Microsoft.Network/"
          "publicIPAddresses/pip", "publicIPAddresses/pip" },
        { "/subscriptions/S/providers/A/b/c/PROVIDERS/D/e/f", "e/f" },
        { "/subscriptions/S/resourceGroups/R/providers/A",
          "/subscriptions/S/resourceGroups/R/providers/A" },
        { "publicIPAddresses/pip", "publicIPAddresses/pip" },
        { "80/a", "\"80/a\"" },
        { "a/b:c", "\"a/b:c\"" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ds ds = DS_EMPTY_INITIALIZER;
        slb_azure_id_format_short(cases[i].id, &ds);
        CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), cases[i].text);
        ds_destroy(&ds);
    }
}

static void
test_azure_index(void)
{
    static int data[5];
    static const struct { const char *id; size_t n; int *first; } cases[] = {
        { "a/b/c", 1, &data[0] },
        { "/A/B/C", 1, &data[0] },
        { "/x/a/b/c", 1, &data[0] },
        { "x/a/b/c", 1, &data[0] },
        { "xa/b/c", 0, NULL },
        { "b/c", 1, &data[0] },
        { "/b/c", 0, NULL },
        { "c", 2, NULL },
        { "f", 1, &data[1] },
        { "d/e/f", 1, &data[1] },
        { "/d/e/f", 1, &data[1] },
        { "g/h", 1, &data[2] },
        { "/x/g/h", 2, NULL },
        { "h", 1, &data[3] },
        { "z/c", 1, &data[4] },
        { "/y/z/c", 1, &data[4] },
        { "", 0, NULL },
    };
    struct slb_azure_index index;
    void *found[2];

    slb_azure_index_init(&index);
    CU_ASSERT_EQUAL(slb_azure_index_find(&index, "a", found), 0);
    CU_ASSERT_PTR_NULL(slb_azure_index_add(&index, "a/b/c", &data[0]));
    CU_ASSERT_PTR_NULL(slb_azure_index_add(&index, "/d/e/f", &data[1]));
    CU_ASSERT_PTR_EQUAL(slb_azure_index_add(&index, "/A/b/C", &data[2]),
                        &data[0]);
    CU_ASSERT_PTR_NULL(slb_azure_index_add(&index, "g/h", &data[2]));
    CU_ASSERT_PTR_NULL(slb_azure_index_add(&index, "h", &data[3]));

    /* Before and after others were looked for by their ends. */
    CU_ASSERT_EQUAL(slb_azure_index_find(&index, "c", found), 1);
    CU_ASSERT_PTR_NULL(slb_azure_index_add(&index, "z/c", &data[4]));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t n = slb_azure_index_find(&index, cases[i].id, found);

        CU_ASSERT_EQUAL(n, cases[i].n);
        CU_ASSERT(n != 1 || found[0] == cases[i].first);
        CU_ASSERT(n != 2 || found[0] != found[1]);
        if (n != cases[i].n) {
            printf("# %s: %"PRIuSIZE"\n", cases[i].id, n);
        }
    }
    slb_azure_index_destroy(&index);
}

/* Several texts. */

/* Checks what is said of 'text' and, if that is not NULL, a 'second' one. */
static void
check_said(const char *text, const char *second, const char *expected)
{
    struct slb_input input;

    slb_input_init(&input);
    add_text(&input, "a", text);
    if (second) {
        add_text(&input, "b", second);
    }
    slb_input_finish(&input);
    char *said = messages(&input);
    check_text("several texts", said, expected);
    free(said);
    slb_input_destroy(&input);
}

#define LB(MORE)                                                        \
    "{\"type\": \"Microsoft.Network/loadBalancers\", \"name\": \"web\", " \
    "\"frontendIPConfigurations\": []" MORE "}"

static void
test_azure_documents(void)
{
    /* What is not read may have been what is missing. */
    check_said(LB("") "\n---\n{", NULL,
               "a:4:1: not YAML: did not find expected node content while "
               "parsing a flow node\n");
    check_said(LB(""), "kind: AzureIds\nids: x\n",
               "b:2:6: 'ids' is 'x', expected a list of ids of Azure\n");
    check_said(LB(""), "kind: AzureIds\nids: [{address: 10.0.1.4}]\n",
               "b:2:7: the key 'id' is missing in a line of AzureIds, "
               "expected 1 to 2048 printable characters without blanks\n");
    check_said(LB(""), "kind: AzureIds\nids: [{id: web, network: prod}]\n",
               "");

    /* Templates. */
    check_said("{\"resources\": []}", NULL,
               "a:1:1: there is no load balancer in the template, expected a "
               "resource of type Microsoft.Network/loadBalancers in "
               "'resources'\n");
    check_said("{\"resources\": \"[variables('all')]\"}", NULL,
               "a:1:15: 'resources' is the template expression "
               "'[variables('all')]', which is not evaluated, expected its "
               "value\n");
    check_said("{\"resources\": [1, {\"name\": \"x\"}], \"x\": 1}", NULL,
               "a:1:35: warning: unknown property 'x' in a template, it is "
               "ignored\n"
               "a:1:16: a resource without type, expected a map with 'type': "
               "\"Microsoft.Network/loadBalancers\"\n"
               "a:1:19: a resource without type, expected a map with 'type': "
               "\"Microsoft.Network/loadBalancers\"\n");
    check_said("{\"resources\": {\"lb\": " LB("") ", \"old\": "
               LB(", \"existing\": true") "}}",
               "kind: AzureIds\nids: [{id: web, network: prod}]\n",
               "a:1:121: warning: the resource 'web' of type "
               "'Microsoft.Network/loadBalancers' is ignored, it is only "
               "referred to\n");

    /* Lists. */
    check_said("{\"value\": [" LB("") "], \"nextLink\": \"https://x\"}",
               "kind: AzureIds\nids: [{id: web, network: prod}]\n",
               "a:1:105: warning: 'nextLink' is not supported, the load "
               "balancers that are on the next page are missing\n");
    check_said("[{\"type\": \"Microsoft.Network/x\"}]", NULL,
               "a:1:2: warning: the resource of type 'Microsoft.Network/x' is "
               "ignored, only load balancers are read\n");
    check_said("{\"value\": 1}", NULL,
               "a:1:1: the key 'kind' is missing, expected VirtualNetwork, "
               "PublicIPPrefix, LoadBalancer or AzureIds\n");
}

/* An input may be finished and go on. */
static void
test_azure_finish_again(void)
{
    struct slb_input input;

    slb_input_init(&input);
    add_text(&input, "ids", "kind: AzureIds\n"
             "ids: [{id: web, network: prod}]\n");
    slb_input_finish(&input);
    add_text(&input, "lb", LB(""));
    CU_ASSERT_EQUAL(input.model.load_balancers.n, 0);
    slb_input_finish(&input);
    slb_input_finish(&input);
    CU_ASSERT_EQUAL(input.errors.n, 0);
    CU_ASSERT_EQUAL_FATAL(input.model.load_balancers.n, 1);
    CU_ASSERT_STRING_EQUAL(input.model.load_balancers.at[0]->network, "prod");
    slb_input_destroy(&input);
}

/* What is added and not read is freed, too. */
static void
test_azure_unfinished(void)
{
    struct slb_input input;

    slb_input_init(&input);
    add_text(&input, "lb", LB(""));
    slb_input_destroy(&input);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_azure_files),
    UNIT_TEST(test_azure_wrong),
    UNIT_TEST(test_azure_id_valid),
    UNIT_TEST(test_azure_id_name),
    UNIT_TEST(test_azure_id_short),
    UNIT_TEST(test_azure_index),
    UNIT_TEST(test_azure_documents),
    UNIT_TEST(test_azure_finish_again),
    UNIT_TEST(test_azure_unfinished),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("azure", tests, argc, argv);
}

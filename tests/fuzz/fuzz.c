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

#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "unicode.h"
#include "util.h"
#include "yaml/slb-diff.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-print.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-validate.h"

/* Ends the program, with the message that 'format' makes and 'text', which it
 * is about, unless 'condition' is true. */
static void OVS_PRINTF_FORMAT(3, 4)
check(bool condition, const char *text, const char *format, ...)
{
    va_list args;

    if (condition) {
        return;
    }
    fprintf(stderr, "fuzz: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n%s\n", text);
    abort();
}

/* Reads 'text', 'size' bytes, into 'input', from a copy, so that a sanitizer
 * sees what looks beyond its end. */
void
fuzz_read(struct slb_input *input, const char *name,
          const char *text, size_t size)
{
    char *copy = xmemdup(text, size);

    slb_input_add_text(input, name, copy, size);
    free(copy);
}

static void
forget_marks(const struct slb_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        struct slb_object *object = list->at[i];

        memset(&object->mark, 0, sizeof object->mark);
        free(object->marks);
        object->marks = NULL;
        for (size_t j = 0; j < object->class->n_fields; j++) {
            const struct slb_field *field = &object->class->fields[j];
            void *value = slb_field_value(field, object);

            if (field->type == SLB_T_LIST) {
                forget_marks(value);
            } else if (slb_field_is_strings(field)) {
                struct slb_strings *strings = value;
                free(strings->marks);
                strings->marks = NULL;
            }
        }
    }
}

/* Makes the objects of 'model' what a database would have. */
void
fuzz_forget_text(struct slb_model *model)
{
    for (size_t i = 0; slb_kinds[i]; i++) {
        forget_marks(slb_model_list(model, slb_kinds[i]));
    }
}

/* Whether 's' is valid UTF-8 without control characters. */
static bool
is_printable(const char *s)
{
    size_t length;
    char *error = utf8_validate(s, &length);

    free(error);
    if (error) {
        return false;
    }
    for (const uint8_t *p = (const uint8_t *) s; *p; p++) {
        if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0)) {
            return false;
        }
    }
    return true;
}

/* Checks that each line that slb_errors_format() makes of 'errors', which are
 * warnings or not, is as users are promised. */
static void
check_errors(struct slb_errors *errors, bool warnings)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    char *save = NULL;
    size_t n = 0;

    slb_errors_format(errors, &ds);
    for (char *line = strtok_r(ds_cstr(&ds), "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        unsigned int row, column;
        char source;

        n++;
        check(is_printable(line), line, "not fit for a terminal");
        if (!strncmp(line, "There are ", 10)) {
            continue;
        }
        check(sscanf(line, "%c:%u:%u: ", &source, &row, &column) == 3
              && row && column, line, "no place in an error");
        if (warnings) {
            check(strstr(line, ": warning: "), line, "not called a warning");
        } else {
            check(strstr(line, "expected") || strstr(line, "did you mean")
                  || strstr(line, ": not YAML: "), line,
                  "an error that does not say what was expected");
        }
    }
    check(n <= errors->n + slb_errors_is_full(errors), "",
          "an error of several lines");
    check(!n == !errors->n, "", "errors are not told");
    ds_destroy(&ds);
}

/* Appends all objects of 'model' to 'ds', as YAML. */
static void
print_yaml(const struct slb_model *model, bool defaults, struct ds *ds)
{
    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_list *list = slb_model_list(model, slb_kinds[i]);

        for (size_t j = 0; j < list->n; j++) {
            ds_put_cstr(ds, "---\n");
            slb_print_yaml(list->at[j], defaults, ds);
        }
    }
}

/* Appends all objects of 'model' to 'ds', as a list in JSON. */
static void
print_json(const struct slb_model *model, bool defaults, struct ds *ds)
{
    struct json *json = json_array_create_empty();

    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_list *list = slb_model_list(model, slb_kinds[i]);

        for (size_t j = 0; j < list->n; j++) {
            json_array_add(json, slb_print_json(list->at[j], defaults));
        }
    }
    json_to_ds(json, JSSF_PRETTY, ds);
    json_destroy(json);
}

/* Checks that 'a' and 'b' differ as slb_diff() says if they are not
 * 'same'. */
static void
check_diff(const struct slb_object *a, const struct slb_object *b, bool same,
           const char *text)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    size_t n = slb_diff(a, b, &ds);
    size_t n_lines = 0;

    for (const char *p = ds_cstr(&ds); *p; p++) {
        n_lines += *p == '\n';
    }
    check(n == n_lines, ds_cstr(&ds), "%"PRIuSIZE" changes, %"PRIuSIZE
          " lines of them", n, n_lines);
    check(same == !n, text, "%s, but the difference is\n%s",
          same ? "the same" : "not the same", ds_cstr(&ds));
    ds_destroy(&ds);
}

/* Checks that 'text', which was made of 'model', is 'model', whose YAML
 * without defaults is 'yaml'. */
static void
check_reads_back(const struct slb_model *model, const struct slb_model *base,
                 const char *text, const char *yaml)
{
    struct slb_input input;
    struct ds again = DS_EMPTY_INITIALIZER;
    struct ds errors = DS_EMPTY_INITIALIZER;

    slb_input_init(&input);
    fuzz_read(&input, "p", text, strlen(text));
    slb_validate(&input, base);
    slb_errors_format(&input.errors, &errors);
    check(!errors.length, text, "cannot be read back:\n%s", ds_cstr(&errors));

    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_list *a = slb_model_list(model, slb_kinds[i]);
        const struct slb_list *b = slb_model_list(&input.model, slb_kinds[i]);

        check(a->n == b->n, text, "other objects when read back");
        for (size_t j = 0; j < a->n; j++) {
            check_diff(a->at[j], b->at[j], true, text);
        }
    }
    print_yaml(&input.model, false, &again);
    check(!strcmp(ds_cstr(&again), yaml), text,
          "prints differently when read back:\n%s", ds_cstr(&again));
    slb_input_destroy(&input);
    ds_destroy(&again);
    ds_destroy(&errors);
}

static void
check_prints(const struct slb_model *model, const struct slb_model *base)
{
    struct ds yaml = DS_EMPTY_INITIALIZER;
    struct ds text = DS_EMPTY_INITIALIZER;
    bool is_empty = true;

    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_list *list = slb_model_list(model, slb_kinds[i]);

        for (size_t j = 0; j < list->n; j++) {
            check_diff(list->at[j], list->at[j], true, "");
            check_diff(list->at[j], NULL, false, "");
            check_diff(NULL, list->at[j], false, "");
            is_empty = false;
        }
    }
    if (is_empty) {
        return;
    }

    print_yaml(model, false, &yaml);
    check_reads_back(model, base, ds_cstr(&yaml), ds_cstr(&yaml));
    print_yaml(model, true, &text);
    check_reads_back(model, base, ds_cstr(&text), ds_cstr(&yaml));
    for (int defaults = 0; defaults < 2; defaults++) {
        ds_clear(&text);
        print_json(model, defaults, &text);
        check_reads_back(model, base, ds_cstr(&text), ds_cstr(&yaml));
    }
    ds_destroy(&yaml);
    ds_destroy(&text);
}

/* Compares what is in 'model' and 'base' under the same name.  Sorts both. */
static void
check_against_base(const struct slb_model *model, const struct slb_model *base)
{
    for (size_t i = 0; slb_kinds[i]; i++) {
        struct slb_list *news = slb_model_list(model, slb_kinds[i]);
        struct slb_list *olds = slb_model_list(base, slb_kinds[i]);

        slb_list_sort(news);
        slb_list_sort(olds);
        for (size_t j = 0; j < news->n; j++) {
            const struct slb_object *new = news->at[j];
            const struct slb_object *old = slb_list_find(olds, new->name);

            if (old) {
                struct ds a = DS_EMPTY_INITIALIZER;
                struct ds b = DS_EMPTY_INITIALIZER;

                slb_print_yaml(old, false, &a);
                slb_print_yaml(new, false, &b);
                check_diff(old, new, !strcmp(ds_cstr(&a), ds_cstr(&b)),
                           ds_cstr(&b));
                ds_destroy(&a);
                ds_destroy(&b);
            }
        }
        for (size_t j = 0; j < olds->n; j++) {
            struct ds reason = DS_EMPTY_INITIALIZER;
            bool ok = slb_validate_delete(base, olds->at[j], &reason);

            check(ok == !reason.length, ds_cstr(&reason),
                  "may %s be deleted", ok ? "" : "not");
            ds_destroy(&reason);
        }
    }
}

/* Validates 'input' with 'base', which is valid, or NULL, and checks all that
 * is promised. */
void
fuzz_check(struct slb_input *input, const struct slb_model *base)
{
    bool valid;

    slb_validate(input, base);
    valid = !input->errors.n;
    check_errors(&input->errors, false);
    check_errors(&input->warnings, true);
    if (valid) {
        check_prints(&input->model, base);
        if (base) {
            check_against_base(&input->model, base);
        }
    }
}

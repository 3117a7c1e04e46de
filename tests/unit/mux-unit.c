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

#include "tests/unit/mux-unit.h"

#include <stdarg.h>

#include "openvswitch/json.h"
#include "ovs-ext/mux-op.h"
#include "ovs-ext/mux-store.h"
#include "tests/unit/unit.h"
#include "util.h"

static char *
apply(struct mux_store *store, bool replace, uint64_t generation,
      const char *format, va_list args)
{
    char *text = xvasprintf(format, args);
    char *problem = NULL;

    for (char *p = text; *p; p++) {
        if (*p == '\'') {
            *p = '"';
        }
    }

    struct json *json = json_from_string(text);
    CU_ASSERT_EQUAL_FATAL(json->type, JSON_ARRAY);

    struct mux_op *ops = xcalloc(MAX(json->array.n, 1), sizeof *ops);
    size_t n;
    for (n = 0; n < json->array.n && !problem; n++) {
        char *error = mux_op_from_json(json->array.elems[n], &ops[n]);

        if (error) {
            problem = xasprintf("operation %"PRIuSIZE": %s", n, error);
            free(error);
        }
    }
    if (problem) {
        for (size_t i = 0; i < n; i++) {
            mux_op_destroy(&ops[i]);
        }
    } else {
        struct mux_error *error = mux_store_transact(store, replace,
                                                     generation, ops, n);

        if (error) {
            problem = xasprintf("%s %d: %s", error->class,
                                error->op == SIZE_MAX ? -1 : (int) error->op,
                                error->details);
            mux_error_destroy(error);
        }
    }
    free(ops);
    json_destroy(json);
    free(text);
    return problem;
}

char *
mux_unit_apply(struct mux_store *store, bool replace, uint64_t generation,
               const char *ops, ...)
{
    va_list args;

    va_start(args, ops);
    char *problem = apply(store, replace, generation, ops, args);
    va_end(args);
    return problem;
}

void
mux_unit_load(struct mux_store *store, bool replace, uint64_t generation,
              const char *ops, ...)
{
    va_list args;

    va_start(args, ops);
    char *problem = apply(store, replace, generation, ops, args);
    va_end(args);
    if (problem) {
        printf("# %s\n", problem);
        CU_FAIL_FATAL("operations must be fine");
    }
}

void
mux_unit_assert_refused(struct mux_store *store,
                        const struct mux_unit_refusal *refusals, size_t n)
{
    const struct mux_table *table = mux_store_get_table(store);

    for (size_t i = 0; i < n; i++) {
        const char *expected = refusals[i].error;
        char *error = mux_unit_apply(store, false, 2, "[%s]",
                                     refusals[i].ops);

        CU_ASSERT(error && !strncmp(error, expected, strlen(expected)));
        if (!error || strncmp(error, expected, strlen(expected))) {
            printf("# %"PRIuSIZE": %s\n", i, error ? error : "accepted");
        }
        free(error);
    }
    CU_ASSERT_PTR_EQUAL(mux_store_get_table(store), table);
}

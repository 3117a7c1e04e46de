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

#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int n_run, n_failed;

/* Prints the TAP line of a test that has ended and, as a comment, each of its
 * assertions that failed. */
static void
test_complete(const CU_pTest test, const CU_pSuite suite,
              const CU_pFailureRecord failures)
{
    n_run++;
    n_failed += failures != NULL;
    printf("%s %d - %s: %s\n", failures ? "not ok" : "ok", n_run,
           suite->pName, test->pName);
    for (CU_pFailureRecord f = failures; f; f = f->pNext) {
        printf("# %s:%u: %s\n", f->strFileName, f->uiLineNumber,
               f->strCondition);
    }
    fflush(stdout);
}

static bool
is_wanted(const char *name, int argc, char *argv[])
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp(name, argv[i])) {
            return true;
        }
    }
    return argc <= 1;
}

/* Runs 'tests' of 'module' (those named in 'argv', if any are) and returns the
 * program's exit status. */
int
unit_main(const char *module, const struct unit_test tests[],
          int argc, char *argv[])
{
    if (CU_initialize_registry() != CUE_SUCCESS) {
        fprintf(stderr, "%s: %s\n", module, CU_get_error_msg());
        return EXIT_FAILURE;
    }

    CU_pSuite suite = CU_add_suite(module, NULL, NULL);
    int n = 0;
    for (const struct unit_test *t = tests; t->name; t++) {
        if (is_wanted(t->name, argc, argv)) {
            CU_add_test(suite, t->name, t->run);
            n++;
        }
    }
    if (!n) {
        fprintf(stderr, "%s: no such test\n", module);
        CU_cleanup_registry();
        return EXIT_FAILURE;
    }

    printf("1..%d\n", n);
    CU_set_test_complete_handler(test_complete);
    CU_run_all_tests();
    CU_cleanup_registry();
    return n_failed || n_run != n ? EXIT_FAILURE : EXIT_SUCCESS;
}

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


/* Fuzz target: the definition language, all the way a file goes through
 * slb-ctl but the database.  What stands before a null character, which no
 * file may have, is in the database already when the rest is applied. */

#include <config.h>

#include <stdint.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *) data;
    const char *null = size ? memchr(text, '\0', size) : NULL;
    const struct slb_model *base = NULL;
    struct slb_input database;
    struct slb_input files;

    slb_input_init(&database);
    if (null) {
        fuzz_read(&database, "d", text, null - text);
        fuzz_check(&database, NULL);
        if (!database.errors.n) {
            fuzz_forget_text(&database.model);
            base = &database.model;
        }
        size -= null + 1 - text;
        text = null + 1;
    }

    slb_input_init(&files);
    fuzz_read(&files, "f", text, size);
    fuzz_check(&files, base);
    slb_input_destroy(&files);
    slb_input_destroy(&database);
    return 0;
}

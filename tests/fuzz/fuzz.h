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


#ifndef FUZZ_H
#define FUZZ_H 1

/* What the fuzz targets of the definition language share.
 *
 * A target (fuzz-yaml.c, fuzz-azure.c) makes an input of the bytes that
 * libFuzzer gives it, and hands it to the functions here, which abort, so that
 * libFuzzer keeps the bytes, unless all of this holds:
 *
 * - Errors are told a line each, with a place that is in the text, in words
 *   that a terminal can show, and say what was expected.
 * - What is valid is printed as YAML and as JSON, with and without defaults,
 *   that reads back as the same objects, which print byte for byte the same.
 * - An object does not differ from itself; two objects differ if, and only if,
 *   they print differently; and a difference is as many lines as it says.
 *
 * The sanitizers look after the rest.  fuzz-mutate.c changes values, keys and
 * whole objects in the texts, besides the bytes that libFuzzer changes;
 * fuzz-dictionary.c prints the words of the language for it.  How to run all
 * this is told in "run". */

#include <stddef.h>

struct slb_input;
struct slb_model;

void fuzz_read(struct slb_input *, const char *name,
               const char *text, size_t size);
void fuzz_forget_text(struct slb_model *);
void fuzz_check(struct slb_input *, const struct slb_model *base);

#endif /* tests/fuzz/fuzz.h */

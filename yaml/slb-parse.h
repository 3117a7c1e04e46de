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


#ifndef SLB_PARSE_H
#define SLB_PARSE_H 1

/* Reads users' files into a model.
 *
 * An input takes any number of files, each of which may have several
 * documents.  Everything that can be said about an object by itself is checked
 * while it is read: keys, types, ranges.  What depends on other objects is
 * left to yaml/slb-validate.h.  The model is complete as far as possible in
 * the presence of errors, so that all of them can be found at once; it must
 * not be used for anything else then. */

#include <stdbool.h>
#include <stddef.h>

#include "yaml/slb-errors.h"
#include "yaml/slb-index.h"
#include "yaml/slb-model.h"

struct slb_field;
struct slb_yaml_node;

struct slb_input {
    struct slb_model model;
    struct slb_index objects;   /* Of 'model', by class and name. */
    struct slb_errors errors;
    struct slb_errors warnings; /* Of what does not stop anybody. */
    struct slb_source **sources;
    size_t n_sources, allocated_sources;
    struct slb_index files;     /* Sources that are regular files, by what the
                                 * system knows them by. */
    bool incomplete;            /* A file was not read to its end. */
    struct slb_azure *azure;    /* See yaml/slb-azure.h.  Or NULL. */
};

void slb_input_init(struct slb_input *);
void slb_input_destroy(struct slb_input *);
void slb_input_add_file(struct slb_input *, const char *path);
void slb_input_add_text(struct slb_input *, const char *name,
                        const char *text, size_t size);
void slb_input_add_object(struct slb_input *, struct slb_object *);
void slb_input_finish(struct slb_input *);

bool slb_parse_strings(struct slb_input *, const struct slb_field *,
                       const struct slb_yaml_node *, struct slb_strings *);

#endif /* yaml/slb-parse.h */

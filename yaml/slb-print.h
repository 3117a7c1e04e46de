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


#ifndef SLB_PRINT_H
#define SLB_PRINT_H 1

/* Objects as text.
 *
 * The YAML is what the parser reads back to the same objects, byte for byte
 * the same for the same objects if they are sorted (slb_list_sort()), and it
 * leaves out what is as by default, unless 'defaults' is true.  The JSON has
 * the same structure, so the parser reads that, too. */

#include <stdbool.h>

struct ds;
struct json;
struct slb_field;
struct slb_object;

void slb_print_yaml(const struct slb_object *, bool defaults, struct ds *);
struct json *slb_print_json(const struct slb_object *, bool defaults);
void slb_print_fields(const struct slb_object *, struct ds *);
void slb_print_entry(const struct slb_object *, struct ds *);
void slb_print_field(const struct slb_object *, const struct slb_field *,
                     struct ds *);

#endif /* yaml/slb-print.h */

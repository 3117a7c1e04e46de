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



#ifndef CTL_SHOW_H
#define CTL_SHOW_H 1

/* Objects on standard output, as text that slb-ctl reads back. */

#include <stdbool.h>

struct ctl_state;
struct slb_class;
struct slb_list;
struct slb_model;

void ctl_select(const struct slb_model *, const struct slb_class *kind,
                const char *name, struct slb_list *);
void ctl_print_yaml(const struct slb_list *, const struct ctl_state *,
                    bool defaults);
void ctl_print_json(const struct slb_list *, bool defaults);

#endif /* controller/ctl/ctl-show.h */

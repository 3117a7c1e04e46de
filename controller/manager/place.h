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


#ifndef MANAGER_PLACE_H
#define MANAGER_PLACE_H 1

/* The rows about where VMs are: Binding and Location, one of each for each
 * address that a port carries. */

#include <stdbool.h>
#include <stddef.h>

struct binding;
struct row_ref;
struct slbrec_binding;
struct slbrec_location;
struct state;

void place_schedule(struct state *, struct binding *);
bool places_write(struct state *, bool all, size_t max_rows);
void place_forget(struct state *, struct row_ref *);

void see_binding(struct state *, const struct slbrec_binding *, bool deleted);
void see_location(struct state *, const struct slbrec_location *,
                  bool deleted);

#endif /* controller/manager/place.h */

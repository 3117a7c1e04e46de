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

#ifndef CTL_NARROW_H
#define CTL_NARROW_H 1

/* What a small change needs to know of a large database.
 *
 * Some load balancers are looked up by their names, with all that is below
 * them, and all networks and prefixes; the other load balancers are left out.
 * That is enough if these have nothing to do with the change: if it is one of
 * pools, rules and probes only, which no load balancer shares with another,
 * and no new member has an address that is that of a frontend. */

#include <stdbool.h>
#include <stddef.h>

struct ctl_db;
struct ctl_snapshot;
struct slb_model;

struct ctl_snapshot *ctl_narrow_read(const struct ctl_db *,
                                     const char *const names[], size_t n);
struct ctl_snapshot *ctl_narrow_read_for(const struct ctl_db *,
                                         const struct slb_model *files);

#endif /* controller/ctl/ctl-narrow.h */

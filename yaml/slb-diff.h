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


#ifndef SLB_DIFF_H
#define SLB_DIFF_H 1

/* What it takes to make one object of another, for users to read.
 *
 * Each change is a line, with the path to what is changed:
 *
 *     ~ LoadBalancer/web/rules/http/backendPort: 8080 -> 8081
 *     + LoadBalancer/web/backendPools/db/members/vm7: {address: 10.0.1.10}
 *     - LoadBalancer/web/frontends/old: {address: 20.50.60.11}
 *     ~ LoadBalancer/web/rules/http/idleTimeoutInMinutes: 10 -> 4 (default)
 *     ~ LoadBalancer/web/rules/http/probe: health -> none
 *
 * A value that is computed from others, which are there, is no change. */

#include <stddef.h>

struct ds;
struct slb_object;

size_t slb_diff(const struct slb_object *old, const struct slb_object *new,
                struct ds *);

#endif /* yaml/slb-diff.h */

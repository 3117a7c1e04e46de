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

#ifndef LIB_SLB_POOL_H
#define LIB_SLB_POOL_H 1

/* Names of compiled pools.
 *
 * A pool that users declare is as many compiled ones as there are probes of
 * rules that use it, and one for rules without:
 *
 *     web/backendPools/servers
 *     web/backendPools/servers/probes/health
 *
 * No part of these has a slash in it, but each may be called as another one:
 * "web/backendPools/probes/probes/probes". */

#include <string.h>

/* Returns the length of that part of 'name' which all compiled pools of one
 * that users declare have in common. */
static inline size_t
slb_pool_name_length(const char *name)
{
    size_t length = strcspn(name, "/");

    for (int i = 0; i < 2 && name[length]; i++) {
        length += 1 + strcspn(name + length + 1, "/");
    }
    return length;
}

/* Returns the name of the probe in 'name', NULL if there is none. */
static inline const char *
slb_pool_probe_name(const char *name)
{
    static const char infix[] = "/probes/";
    const char *rest = name + slb_pool_name_length(name);

    return (!strncmp(rest, infix, sizeof infix - 1) ? rest + sizeof infix - 1
            : NULL);
}

#endif /* lib/slb-pool.h */

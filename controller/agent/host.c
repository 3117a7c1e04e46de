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

#include "controller/agent/agent.h"

/* The role "host". */

static void
host_init(struct agent *agent OVS_UNUSED)
{
}

static void
host_run(struct agent *agent OVS_UNUSED)
{
}

static bool
host_applied(const struct agent *agent OVS_UNUSED)
{
    return false;
}

static void
host_wait(struct agent *agent OVS_UNUSED)
{
}

static void
host_destroy(struct agent *agent OVS_UNUSED)
{
}

const struct agent_role host_role = {
    .name = "host",
    .default_bridge = "br-slb",
    .init = host_init,
    .run = host_run,
    .applied = host_applied,
    .wait = host_wait,
    .destroy = host_destroy,
};

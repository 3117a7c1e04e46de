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

/* The role "mux". */

static void
mux_init(struct agent *agent OVS_UNUSED)
{
}

static void
mux_run(struct agent *agent OVS_UNUSED)
{
}

static bool
mux_applied(const struct agent *agent OVS_UNUSED)
{
    return false;
}

static void
mux_wait(struct agent *agent OVS_UNUSED)
{
}

static void
mux_destroy(struct agent *agent OVS_UNUSED)
{
}

const struct agent_role mux_role = {
    .name = "mux",
    .default_bridge = "br-mux",
    .init = mux_init,
    .run = mux_run,
    .applied = mux_applied,
    .wait = mux_wait,
    .destroy = mux_destroy,
};

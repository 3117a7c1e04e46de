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

#ifndef MONITOR_H
#define MONITOR_H 1

/* Which rows of the SLB database this node reads.
 *
 * What a node costs grows with what concerns it, not with the size of the
 * cloud, so the agent asks the database only for those rows (conditional
 * monitoring).  Some of them are only known by others: a host finds the
 * networks and pools of its VMs in its Binding rows, and asks for the rows of
 * these then.  While such a question is open the contents are a mixture of
 * old and new; monitor_run() tells when they are complete. */

#include <stdbool.h>

struct agent;

void monitor_init(struct agent *);
bool monitor_run(struct agent *);

#endif /* controller/agent/monitor.h */

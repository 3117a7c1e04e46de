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

#ifndef HEARTBEAT_H
#define HEARTBEAT_H 1

/* The host's heartbeat: while it has members of pools, and can probe those
 * that should be, this agent counts Node.alive up every
 * SLB_Global.options:heartbeat-interval milliseconds, a little more often at
 * random so that agents do not do it all at the same time (but many of them,
 * which is cheaper for the database), and at once when it reaches the database
 * (again).  But an agent that begins, or was held up, first looks whether those
 * that are said to be up still are (probe.h).
 *
 * The database does the counting, and nobody on a node reads the column, so it
 * costs the database one small transaction, and nobody else but managers
 * anything.  While the database is away nothing is written. */

struct agent;

void heartbeat_run(struct agent *);
void heartbeat_wait(void);

#endif /* controller/agent/heartbeat.h */

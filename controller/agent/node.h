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

#ifndef NODE_H
#define NODE_H 1

/* This node's own row in the SLB database.
 *
 * The agent creates its Node row and keeps what it says about the node (name,
 * role, VTEP, zone, set of muxes, version) up to date.  "wanted" is the
 * manager's: it goes up with each change that concerns this node.  "applied"
 * is our answer: the "wanted" of which everything is in force.  "status" is
 * what there is to know about the node besides, by keyword. */

struct agent;

void node_run(struct agent *);
void node_set_applied(struct agent *);
void node_set_status(struct agent *, const char *key, const char *text);

#endif /* controller/agent/node.h */

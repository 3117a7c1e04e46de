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


#ifndef CTL_WAIT_H
#define CTL_WAIT_H 1

/* apply --wait: until all nodes concerned have in force what was applied.
 *
 * The manager compiles what was declared and raises, in the same transaction,
 * the number 'wanted' of each node that reads something of it; a node raises
 * its 'applied' to that when it has everything in force.  A pool's members
 * change in two steps: while one of its generations is still coming, there is
 * another step to wait for.
 *
 * While it waits, slb-ctl says how far things are: on a terminal in one line
 * that it writes again and again, elsewhere every few seconds in another. */

struct ctl_options;
struct slb_model;

int ctl_wait(const struct ctl_options *, const struct slb_model *applied,
             long long int intent_seq);

#endif /* controller/ctl/ctl-wait.h */

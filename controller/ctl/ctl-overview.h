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


#ifndef CTL_OVERVIEW_H
#define CTL_OVERVIEW_H 1

/* Objects as tables for people to read, with what became of them.
 *
 * A load balancer has a line for each of its rules, of all four sorts, since
 * that is what traffic meets: from where (FRONTEND: an address and ports) to
 * where (BACKEND), and whether there is anything to know about it (STATUS).
 * The STATUS of a line counts the texts about everything that the line is made
 * of; a text about something that no rule uses gets a line of its own, so that
 * no text is missed.  The wide tables show the texts, and what else there is:
 * options, frontends, members and where they are, ports. */

#include <stdbool.h>

struct ctl_state;
struct slb_list;
struct slb_model;

struct ctl_overview {
    const struct slb_list *objects; /* What to show, of kinds. */
    const struct slb_model *model; /* All there is. */
    const struct ctl_state *state;
    bool wide;                  /* Show all there is to know. */
    bool status;                /* Show the texts. */
};

void ctl_overview_print(const struct ctl_overview *);

#endif /* controller/ctl/ctl-overview.h */

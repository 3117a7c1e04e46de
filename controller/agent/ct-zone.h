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

#ifndef CT_ZONE_H
#define CT_ZONE_H 1

/* Numbers of conntrack zones.
 *
 * Conntrack's entries outlive the agent, so what a zone is used for must, too:
 * the numbers are kept in the bridge's external_ids, as
 *
 *     slb-ct-zone-NAME = NUMBER
 *
 * NAME says what it is for ("rule-COOKIE", or "idle-SECONDS": ct-timeout.h).
 * A new name gets a number in three steps, and only then it is used: the
 * switch forgets what it may have left from an earlier use of the number; it
 * says that it has; the number is in the database.  An agent that dies in
 * between starts again.  When a name is not wanted any more its number is
 * given up; its entries stay until the number is given again, which is as late
 * as possible. */

#include <stdbool.h>
#include <stdint.h>

struct agent;
struct ovsrec_bridge;
struct sset;

void ct_zones_init(struct agent *);
void ct_zones_destroy(void);

enum ct_zones_state {
    CT_ZONES_READY,             /* All names have their numbers. */
    CT_ZONES_PENDING,           /* Some will have, in a moment. */
    CT_ZONES_SHORT,             /* No number is left for some. */
};

enum ct_zones_state ct_zones_run(struct agent *, const struct ovsrec_bridge *,
                                 const struct sset *wanted);
uint16_t ct_zone_get(const struct ovsrec_bridge *, const char *name);

#endif /* controller/agent/ct-zone.h */

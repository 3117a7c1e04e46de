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

#ifndef SLB_HEARTBEAT_H
#define SLB_HEARTBEAT_H 1

/* How often hosts that have members say that they are alive (Node.alive):
 * SLB_Global.options:heartbeat-interval, in ms. */

#include <stdbool.h>

struct smap;

#define SLB_HEARTBEAT_INTERVAL 5000
#define SLB_HEARTBEAT_INTERVAL_MIN 100
#define SLB_HEARTBEAT_INTERVAL_MAX (60 * 60 * 1000)

bool slb_heartbeat_interval(const struct smap *options, int *interval);

#endif /* lib/slb-heartbeat.h */

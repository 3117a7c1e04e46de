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

#include "lib/slb-heartbeat.h"

#include "smap.h"
#include "util.h"

/* Stores the interval that 'options' say into '*interval', or the default if
 * they say nothing.  Returns false, and stores the default as well, if they
 * say nonsense. */
bool
slb_heartbeat_interval(const struct smap *options, int *interval)
{
    const char *text = smap_get(options, "heartbeat-interval");

    *interval = SLB_HEARTBEAT_INTERVAL;
    if (text) {
        int value;

        if (!str_to_int(text, 10, &value)
            || value < SLB_HEARTBEAT_INTERVAL_MIN
            || value > SLB_HEARTBEAT_INTERVAL_MAX) {
            return false;
        }
        *interval = value;
    }
    return true;
}

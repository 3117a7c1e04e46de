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

#include "controller/manager/problems.h"

#include <stdarg.h>
#include <stdlib.h>

#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(problems);

/* Enough for what one mistake causes, not for what a whole cloud does. */
static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(60, 60);

void
problems_init(struct problems *problems)
{
    sset_init(&problems->now);
    sset_init(&problems->before);
}

void
problems_destroy(struct problems *problems)
{
    if (problems) {
        sset_destroy(&problems->now);
        sset_destroy(&problems->before);
    }
}

void
problems_begin(struct problems *problems)
{
    sset_swap(&problems->now, &problems->before);
    sset_clear(&problems->now);
}

void
problems_add(struct problems *problems, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sset_add_and_free(&problems->now, xvasprintf(format, args));
    va_end(args);
}

/* Logs what differs from the run before. */
void
problems_end(struct problems *problems)
{
    const char *text;

    SSET_FOR_EACH (text, &problems->now) {
        if (!sset_contains(&problems->before, text)) {
            VLOG_WARN_RL(&rl, "%s", text);
        }
    }
    SSET_FOR_EACH (text, &problems->before) {
        if (!sset_contains(&problems->now, text)) {
            VLOG_INFO_RL(&rl, "no longer so: %s", text);
        }
    }
}

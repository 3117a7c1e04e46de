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

struct problem {
    size_t n;                   /* Number of lists that have it. */
};

void
problems_init(struct problems *problems)
{
    shash_init(&problems->texts);
    problems->unsettled = false;
}

void
problems_destroy(struct problems *problems)
{
    if (problems) {
        shash_destroy_free_data(&problems->texts);
    }
}

void
problem_list_init(struct problem_list *list)
{
    svec_init(&list->texts);
}

void
problem_list_add(struct problem_list *list, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    svec_add_nocopy(&list->texts, xvasprintf(format, args));
    va_end(args);
}

static void
add(struct problems *problems, const char *text)
{
    struct problem *p = shash_find_data(&problems->texts, text);

    if (!p) {
        p = xzalloc(sizeof *p);
        shash_add(&problems->texts, text, p);
        VLOG_WARN_RL(&rl, "%s", text);
    }
    p->n++;
}

/* Makes 'old' what 'new' is, and 'new' empty. */
void
problems_replace(struct problems *problems, struct problem_list *old,
                 struct problem_list *new)
{
    for (size_t i = 0; i < new->texts.n; i++) {
        add(problems, new->texts.names[i]);
    }
    problems_remove(problems, old);
    *old = *new;
    svec_init(&new->texts);
}

/* Makes 'list' empty. */
void
problems_remove(struct problems *problems, struct problem_list *list)
{
    for (size_t i = 0; i < list->texts.n; i++) {
        struct problem *p = shash_find_data(&problems->texts,
                                            list->texts.names[i]);

        problems->unsettled |= !--p->n;
    }
    svec_destroy(&list->texts);
    svec_init(&list->texts);
}

/* Nothing is left to be looked at: says what is no longer so. */
void
problems_settle(struct problems *problems)
{
    struct shash_node *node;

    if (!problems->unsettled) {
        return;
    }
    problems->unsettled = false;
    SHASH_FOR_EACH_SAFE (node, &problems->texts) {
        struct problem *p = node->data;

        if (!p->n) {
            VLOG_INFO_RL(&rl, "no longer so: %s", node->name);
            shash_delete(&problems->texts, node);
            free(p);
        }
    }
}

size_t
problems_count(const struct problems *problems)
{
    struct shash_node *node;
    size_t n = 0;

    SHASH_FOR_EACH (node, &problems->texts) {
        const struct problem *p = node->data;

        n += p->n > 0;
    }
    return n;
}

/* Appends the problems that there are to 'texts', sorted. */
void
problems_get(const struct problems *problems, struct svec *texts)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &problems->texts) {
        const struct problem *p = node->data;

        if (p->n) {
            svec_add(texts, node->name);
        }
    }
    svec_sort(texts);
}

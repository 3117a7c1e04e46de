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

#include "controller/ctl/ctl-color.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RESET "\033[0m"

/* Whether standard output is to be coloured.  See https://no-color.org for
 * NO_COLOR, which an option overrides. */
static bool
is_wanted(enum ctl_color color)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    switch (color) {
    case CTL_COLOR_ALWAYS:
        return true;
    case CTL_COLOR_NEVER:
        return false;
    case CTL_COLOR_AUTO:
    default:
        return (!(no_color && no_color[0])
                && term && strcmp(term, "dumb")
                && isatty(STDOUT_FILENO));
    }
}

static const char *
line_color(char op)
{
    return op == '+' ? GREEN : op == '-' ? RED : op == '~' ? YELLOW : NULL;
}

/* Prints 'diff', lines that slb_diff() has made. */
void
ctl_color_print_diff(const char *diff, enum ctl_color color)
{
    if (!is_wanted(color)) {
        fputs(diff, stdout);
        return;
    }
    while (*diff) {
        int n = strcspn(diff, "\n");
        const char *code = line_color(diff[0]);

        /* The line's end is outside: some terminals fill the next line. */
        printf("%s%.*s%s\n", code ? code : "", n, diff, code ? RESET : "");
        diff += n + (diff[n] == '\n');
    }
}

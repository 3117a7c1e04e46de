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


#ifndef CTL_COLOR_H
#define CTL_COLOR_H 1

/* Colours for people at a terminal: in a diff (yaml/slb-diff.h), what comes is
 * green, what goes red, what changes yellow. */

#include <stdbool.h>

/* --color. */
enum ctl_color {
    CTL_COLOR_AUTO,             /* On a terminal, unless $NO_COLOR is set. */
    CTL_COLOR_ALWAYS,
    CTL_COLOR_NEVER,
};

void ctl_color_print_diff(const char *diff, enum ctl_color);

#endif /* controller/ctl/ctl-color.h */

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

#ifndef MUX_FAIR_REPORT_H
#define MUX_FAIR_REPORT_H 1

/* Tells what a judge (mux-fair-judge.h) sees and decides. */

#include <stdint.h>

struct ds;
struct json;
struct mux_fair_judge;

struct json *mux_fair_report_to_json(const struct mux_fair_judge *,
                                     const char *name);
void mux_fair_report_format(const struct mux_fair_judge *, const char *name,
                            struct ds *);
void mux_fair_report_format_vip(const struct mux_fair_judge *,
                                const char *name, uint32_t counter,
                                struct ds *);

#endif /* ovs-ext/mux-fair-report.h */

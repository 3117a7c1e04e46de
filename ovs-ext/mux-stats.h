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

#ifndef MUX_STATS_H
#define MUX_STATS_H 1

/* The figures that the mux tells, over its socket and to ovs-appctl. */

struct ds;
struct json;
struct mux_table;

struct json *mux_stats_to_json(const struct mux_table *);
void mux_stats_format(const struct mux_table *, struct ds *);

#endif /* ovs-ext/mux-stats.h */

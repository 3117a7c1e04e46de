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

#ifndef MUX_FAIR_JUDGE_H
#define MUX_FAIR_JUDGE_H 1

/* Fairness, as far as it is decided off the fast path.
 *
 * There is a judge for each port.  Somebody runs it once a tick as long as it
 * asks for it: it looks whether a thread has a backlog and, if so, whether
 * packets are lost; gives threads their meters (mux-fair-meter.h) and takes
 * them away when there was enough for a second; and decides from what they
 * measure which VIPs and flows lose what (mux-fair.h).
 *
 * What is short is either the time of a thread, which the VIPs that this
 * thread has to do with share, or the packets a second that the port may
 * forward by its configuration, which all share that use the port. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mux_table;
struct mux_thread;

/* When a thread is taken to be short of time. */
enum mux_fair_overload {
    MUX_FAIR_LOSS,              /* Backlog, and the underlay loses packets. */
    MUX_FAIR_QUEUE,             /* Backlog. */
    MUX_FAIR_NEVER,
};

struct mux_fair_options {
    enum mux_fair_overload overload;
    uint64_t max_pps;           /* 0: no limit. */
};

bool mux_fair_overload_from_string(const char *, enum mux_fair_overload *);
const char *mux_fair_overload_to_string(enum mux_fair_overload);

struct mux_fair_judge *mux_fair_judge_create(void);
void mux_fair_judge_destroy(struct mux_fair_judge *);

void mux_fair_judge_set_options(struct mux_fair_judge *,
                                const struct mux_fair_options *);
const struct mux_fair_options *mux_fair_judge_get_options(
    const struct mux_fair_judge *);
bool mux_fair_judge_get_vip(const struct mux_fair_judge *, uint32_t counter,
                            double *demandp, double *sharep);
int mux_fair_judge_run(struct mux_fair_judge *, const char *name,
                       struct mux_thread **, size_t n_threads,
                       const struct mux_table *, long long int now,
                       uint64_t now_ns, uint64_t lost);

#endif /* ovs-ext/mux-fair-judge.h */

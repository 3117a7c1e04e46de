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

#ifndef AVAILABILITY_JUDGE_H
#define AVAILABILITY_JUDGE_H 1

/* What is made of single packets, for availability.h: figures of a VIP, and
 * verdicts about what a packet depends on. */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct ds;

/* Latencies are told apart by so many bounds. */
#define AVAILABILITY_N_BOUNDS 13

/* Figures of the last minute are those of the last windows. */
#define AVAILABILITY_WINDOW_MS 10000
#define AVAILABILITY_N_WINDOWS 6

struct window {
    long long int number;       /* Time, in windows. */
    uint32_t sent, answered;
    uint32_t max_us;
    uint16_t latencies[AVAILABILITY_N_BOUNDS];
};

struct figures {
    uint64_t sent, answered;
    struct window windows[AVAILABILITY_N_WINDOWS];
};

/* Whether something works, as its last packets say. */
struct verdict {
    bool bad;
    int failures;               /* In a row. */
    long long int failing;      /* When the first of them was sent. */
    long long int good;         /* When the first one was sent since then;
                                 * LLONG_MAX: none. */
    long long int hold;
    long long int recovered;
    long long int since;        /* If bad, since when, in wall clock time. */
};

void figures_sent(struct figures *, long long int now);
void figures_answered(struct figures *, long long int sent_at,
                      long long int latency_us);
void figures_format(const struct figures *, long long int now, struct ds *);

bool verdict_fail(struct verdict *, long long int at);
bool verdict_succeed(struct verdict *, long long int at);
void verdict_turn(struct verdict *, long long int now, long long int wall);

#endif /* controller/agent/availability-judge.h */

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

/* Measures how long a Maglev table takes to be built.
 *
 *     maglev-build MEMBERS LOG2 ROUNDS
 *
 * prints the median, of so many rounds, of the milliseconds of CPU time that a
 * table of 2^LOG2 slots for MEMBERS takes. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/maglev.h"
#include "lib/slb-hash.h"
#include "util.h"

static double
cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static int
compare_doubles(const void *a_, const void *b_)
{
    const double *a = a_;
    const double *b = b_;

    return *a < *b ? -1 : *a > *b;
}

int
main(int argc, char *argv[])
{
    if (argc != 4) {
        ovs_fatal(0, "usage: maglev-build MEMBERS LOG2 ROUNDS");
    }

    size_t n = atoi(argv[1]);
    int log2 = atoi(argv[2]);
    size_t rounds = atoi(argv[3]);
    struct maglev_member *members = xmalloc(n * sizeof *members);
    double *ms = xmalloc(rounds * sizeof *ms);
    struct slb_hash_key key;

    memset(&key, 1, sizeof key);
    for (size_t i = 0; i < n; i++) {
        members[i] = (struct maglev_member) { i + 1, 1 };
    }
    for (size_t i = 0; i < rounds; i++) {
        double before = cpu_ms();
        struct maglev_table *table = maglev_table_create(&key, members, n,
                                                         log2);

        ms[i] = cpu_ms() - before;
        maglev_table_destroy(table);
    }
    qsort(ms, rounds, sizeof *ms, compare_doubles);
    printf("%.3f\n", ms[rounds / 2]);
    free(ms);
    free(members);
    return 0;
}

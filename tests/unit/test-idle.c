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

#include "controller/agent/idle.h"

#include <limits.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "util.h"

static void
test_idle_minute(void)
{
    CU_ASSERT_EQUAL(idle_minute_ms(NULL), 60000);
    CU_ASSERT_EQUAL(idle_minute_ms("1500"), 1500);
    CU_ASSERT_EQUAL(idle_minute_ms("1"), 1);

    /* What is no time is ignored. */
    CU_ASSERT_EQUAL(idle_minute_ms(""), 60000);
    CU_ASSERT_EQUAL(idle_minute_ms("0"), 60000);
    CU_ASSERT_EQUAL(idle_minute_ms("-1"), 60000);
    CU_ASSERT_EQUAL(idle_minute_ms("1s"), 60000);
    CU_ASSERT_EQUAL(idle_minute_ms("4294967296"), 60000);
}

static void
test_idle_seconds(void)
{
    CU_ASSERT_EQUAL(idle_seconds(240, IDLE_MINUTE_MS), 240);
    CU_ASSERT_EQUAL(idle_seconds(1800, IDLE_MINUTE_MS), 1800);
    CU_ASSERT_EQUAL(idle_seconds(7200, IDLE_MINUTE_MS), 7200);

    /* Conntrack counts seconds, and what is to live has one at least. */
    CU_ASSERT_EQUAL(idle_seconds(240, 1000), 4);
    CU_ASSERT_EQUAL(idle_seconds(240, 1001), 5);
    CU_ASSERT_EQUAL(idle_seconds(240, 250), 1);
    CU_ASSERT_EQUAL(idle_seconds(240, 1), 1);

    /* What the manager never writes does no harm. */
    CU_ASSERT_EQUAL(idle_seconds(0, IDLE_MINUTE_MS), 1);
    CU_ASSERT_EQUAL(idle_seconds(INT64_MIN, IDLE_MINUTE_MS), 1);
    CU_ASSERT_EQUAL(idle_seconds(INT64_MAX, IDLE_MINUTE_MS), 65535);
    CU_ASSERT_EQUAL(idle_seconds(INT64_MAX, UINT_MAX), 65535);
}

static int64_t
find(const struct idle_time times[IDLE_N_TIMES], const char *key)
{
    for (size_t i = 0; i < IDLE_N_TIMES; i++) {
        if (!strcmp(times[i].key, key)) {
            return times[i].seconds;
        }
    }
    return -1;
}

static void
test_idle_times(void)
{
    /* Times of what is open, ... */
    static const char *open[] = {
        "tcp_established", "tcp_fin_wait", "tcp_close_wait", "tcp_retransmit",
        "tcp_unack", "udp_first", "udp_single", "udp_multiple",
    };
    /* ... and of the rest, which do not depend on the rule. */
    static const char *other[] = {
        "tcp_syn_sent", "tcp_syn_sent2", "tcp_syn_recv", "tcp_last_ack",
        "tcp_time_wait", "tcp_close", "icmp_first", "icmp_reply",
    };
    struct idle_time times[IDLE_N_TIMES], more[IDLE_N_TIMES];

    /* All keys of CT_Timeout_Policy. */
    CU_ASSERT_EQUAL(ARRAY_SIZE(open) + ARRAY_SIZE(other), IDLE_N_TIMES);
    idle_times(240, times);
    idle_times(1800, more);
    for (size_t i = 0; i < ARRAY_SIZE(open); i++) {
        CU_ASSERT_EQUAL(find(times, open[i]), 240);
        CU_ASSERT_EQUAL(find(more, open[i]), 1800);
    }
    for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
        CU_ASSERT_EQUAL(find(times, other[i]), find(more, other[i]));

        /* The mux sends a SYN round the ring for 10 s, and nothing that is
         * not a connection is kept as long as the shortest idle time. */
        CU_ASSERT(find(times, other[i]) >= 10);
        CU_ASSERT(find(times, other[i]) < 240);
    }

    /* A SYN may be repeated 16 s after the one before, and so may the
     * answer, which is waited for twice as long. */
    CU_ASSERT(find(times, "tcp_syn_sent") > 16);
    CU_ASSERT(find(times, "tcp_syn_recv") > 32);
}

static void
test_idle_over(void)
{
    const long long int now = 1795353650;

    CU_ASSERT(!idle_is_over(now, now));
    CU_ASSERT(!idle_is_over(now - 86399, now));
    CU_ASSERT(idle_is_over(now - 86400, now));

    /* The clock has been put right. */
    CU_ASSERT(!idle_is_over(now + 100, now));
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_idle_minute),
    UNIT_TEST(test_idle_seconds),
    UNIT_TEST(test_idle_times),
    UNIT_TEST(test_idle_over),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("idle", tests, argc, argv);
}

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

#include <string.h>

#include "util.h"

/* A VM has not answered.  The client repeats its SYN after 1, 2, 4, 8 and 16
 * seconds, and one that comes later begins anew, which costs nothing. */
#define SYN_SENT 20

/* The VM has answered, and repeats that after 1, 2, 4, 8 and 16 seconds before
 * it gives up 32 seconds later: all of that has to find the way back to the
 * VIP. */
#define SYN_RECV 40

/* Both sides have sent a FIN.  Who misses the acknowledgement repeats his
 * after some round trips, and then each time after twice as long. */
#define CLOSING 20

/* It is over, as far as both sides have said; the last acknowledgement may be
 * lost, though, and be asked for again.  Until then the ring of owners finds
 * the entry, too. */
#define CLOSED 10

/* Only errors and echoes are of ICMP, and who asks waits for seconds. */
#define ICMP 30

/* Longest time, in seconds, that is told to anybody: the muxes' limit. */
#define MAX_SECONDS UINT16_MAX

/* How long what no rule uses any more is kept (ct-timeout.h), in seconds. */
#define KEEP (24 * 60 * 60)

/* Returns how long a minute is, in milliseconds: according to 'text', if that
 * is a number. */
unsigned int
idle_minute_ms(const char *text)
{
    unsigned int ms;

    return text && str_to_uint(text, 10, &ms) && ms ? ms : IDLE_MINUTE_MS;
}

/* Returns how many seconds are meant by 'idle_timeout', in seconds as well, if
 * a minute has 'minute_ms' milliseconds. */
unsigned int
idle_seconds(int64_t idle_timeout, unsigned int minute_ms)
{
    int64_t minutes_ms = MIN(MAX(idle_timeout, 1), MAX_SECONDS) * minute_ms;

    return MIN(DIV_ROUND_UP(minutes_ms, IDLE_MINUTE_MS), MAX_SECONDS);
}

/* Stores in 'times' the times of a rule whose connections may be idle for
 * 'seconds'. */
void
idle_times(unsigned int seconds, struct idle_time times[IDLE_N_TIMES])
{
    const struct idle_time values[] = {
        { "tcp_syn_sent", SYN_SENT },
        { "tcp_syn_sent2", SYN_SENT },
        { "tcp_syn_recv", SYN_RECV },

        /* Who has sent a FIN may still receive for as long as he likes. */
        { "tcp_established", seconds },
        { "tcp_fin_wait", seconds },
        { "tcp_close_wait", seconds },

        /* The kernel would forget earlier what is repeated too often or not
         * acknowledged: not before the rule says so. */
        { "tcp_retransmit", seconds },
        { "tcp_unack", seconds },

        { "tcp_last_ack", CLOSING },
        { "tcp_time_wait", CLOSING },
        { "tcp_close", CLOSED },

        /* A flow that is never answered is one all the same. */
        { "udp_first", seconds },
        { "udp_single", seconds },
        { "udp_multiple", seconds },

        { "icmp_first", ICMP },
        { "icmp_reply", ICMP },
    };

    BUILD_ASSERT_DECL(ARRAY_SIZE(values) == IDLE_N_TIMES);
    memcpy(times, values, sizeof values);
}

/* Can what no rule has used since 'unused_since' go?  Both times are seconds
 * of the wall clock. */
bool
idle_is_over(long long int unused_since, long long int now)
{
    return now - unused_since >= KEEP;
}

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


#ifndef MUX_ANSWER_H
#define MUX_ANSWER_H 1

/* What the mux itself answers: echo requests, and packets that it cannot
 * forward but must not, or shall not, swallow in silence.
 *
 * An answer is written into the buffer of the packet that it answers, which so
 * ceases to be, and goes back the way that one came: Ethernet addresses are
 * exchanged and, if it came through a tunnel, it returns through it.  So
 * nothing has to be allocated or looked up, and an answer is never larger than
 * what a router would send.
 *
 * The rate of answers is limited, per thread, kind and VIP (mux-thread.h).
 * Nobody is answered who is nobody: senders with impossible source addresses
 * have been dropped before, and multicast on the link is not answered.  That
 * the packet has been dropped the caller has counted. */

struct mux_context;
struct mux_flight;
struct mux_vip_entry;

enum mux_answer {
    /* ICMP errors. */
    MUX_ANSWER_TOO_BIG,         /* With the MTU of what fits, from the VIP. */
    MUX_ANSWER_EXPIRED,         /* Time exceeded, from the mux. */
    MUX_ANSWER_PORT,            /* Port unreachable, from the VIP. */
    MUX_ANSWER_PROTOCOL,        /* Protocol unreachable, from the VIP. */
    MUX_ANSWER_PROHIBITED,      /* Prohibited, from the VIP. */

    /* RST or, to what is no TCP, that one of the last three that fits. */
    MUX_ANSWER_REJECT,
};

void mux_answer(struct mux_context *, struct mux_flight *, enum mux_answer,
                const struct mux_vip_entry *);
void mux_answer_echo(struct mux_context *, struct mux_flight *,
                     const struct mux_vip_entry *);

#endif /* ovs-ext/mux-answer.h */

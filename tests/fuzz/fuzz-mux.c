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

/* Fuzz target: packets and updates of the mux, in any order.
 *
 * The bytes that libFuzzer gives are what the world of mux-random.h is made by
 * at random, and what commands follow one another: packets, an update, an
 * operation or a frame of just these bytes, time that passes, questions, a
 * limit that the port has or not, and decisions about it.  A thread may
 * forward by tables that have been replaced meanwhile, until it quiesces.  The
 * program aborts, so that libFuzzer keeps the bytes, unless:
 *
 * - Every packet comes out, or is counted as dropped, waiting, or the node's.
 * - What comes out has IP headers that fit its length, and what is forwarded a
 *   tunnel with a VNI and a steering header.
 * - An update that is refused changes nothing.
 *
 * The sanitizers look after the rest. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "ovs-ext/mux-fair-judge.h"
#include "ovs-ext/mux-fair-meter.h"
#include "ovs-ext/mux-fair-report.h"
#include "ovs-ext/mux-forward.h"
#include "ovs-ext/mux-fragment.h"
#include "ovs-ext/mux-node.h"
#include "ovs-ext/mux-op.h"
#include "ovs-ext/mux-report.h"
#include "ovs-ext/mux-store.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "ovs-rcu.h"
#include "packets.h"
#include "tests/unit/mux-random.h"
#include "timeval.h"
#include "unaligned.h"
#include "util.h"

#define MTU 1500

/* Commands in an input.  More would only make it slow. */
#define MAX_COMMANDS 100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    struct mux_random random;
    const uint8_t *data;
    size_t size;
};

static struct mux_store *store;
static struct mux_fragments *fragments;
static struct mux_node *node;
static struct mux_thread *thread;
static struct mux_fair_judge *judge;
static const struct mux_table *table;
static struct mux_counters counters;
static uint64_t n_in, n_node;
static long long int now;

static void
check(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz-mux: %s\n", what);
        abort();
    }
}

static uint32_t
next_byte(struct input *input)
{
    uint32_t byte = 0;

    if (input->size) {
        byte = *input->data++;
        input->size--;
    }
    return byte;
}

static uint32_t
next_number(struct mux_random *random)
{
    struct input *input = CONTAINER_OF(random, struct input, random);
    uint32_t high = next_byte(input) << 8;

    return high | next_byte(input);
}

/* Takes up to 'max' bytes, into memory that ends where they do. */
static uint8_t *
next_bytes(struct input *input, size_t max, size_t *n)
{
    uint8_t *bytes;

    *n = next_byte(input);
    *n = MIN(MIN(*n, max), input->size);
    bytes = xmalloc(*n + 1);
    memcpy(bytes, input->data, *n);
    bytes[*n] = '\0';
    input->data += *n;
    input->size -= *n;
    return bytes;
}

/* Packets. */

static uint16_t
get_be16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static void
check_sent(const struct dp_packet *packet)
{
    const uint8_t *p = dp_packet_data(packet);
    uint32_t len = dp_packet_size(packet);
    uint32_t ofs = ETH_HEADER_LEN;

    check(len >= ofs, "sent less than an Ethernet header");
    while (get_be16(p + ofs - 2) == ETH_TYPE_VLAN
           || get_be16(p + ofs - 2) == ETH_TYPE_VLAN_8021AD) {
        ofs += VLAN_HEADER_LEN;
        check(len >= ofs, "sent less than a VLAN header");
    }
    if (get_be16(p + ofs - 2) == ETH_TYPE_IP) {
        check(len >= ofs + IP_HEADER_LEN, "sent less than an IPv4 header");
        check(get_be16(p + ofs + 2) == len - ofs,
              "sent an IPv4 packet of another length than it says");
        check(!csum(p + ofs, IP_HEADER_LEN), "sent a bad checksum");
        check(p[ofs + 8], "sent a TTL of 0");
        if (p[ofs + 9] == IPPROTO_UDP && get_be16(p + ofs + 22) == 4789
            && get_be16(p + ofs) == 0x4500 && ofs == ETH_HEADER_LEN
            && get_be16(p + ofs + 26) == 0 && get_be16(p + ofs + 6) == 0x4000
            && p[ofs + 36] == 0x0e) {
            check(get_be16(p + ofs + 24) == len - ofs - IP_HEADER_LEN,
                  "sent a tunnel of another length than it says");
        }
        check(len - ofs <= MTU, "sent more than the MTU");
    } else {
        check(get_be16(p + ofs - 2) == ETH_TYPE_IPV6, "sent no IP packet");
        check(len >= ofs + IPV6_HEADER_LEN, "sent less than an IPv6 header");
        check(get_be16(p + ofs + 4) == len - ofs - IPV6_HEADER_LEN,
              "sent an IPv6 packet of another length than it says");
    }
}

static void
check_counters(void)
{
    struct mux_fragment_stats stats = { .datagrams = 0 };
    uint64_t n_out = (counters.n[MUX_COUNT_FORWARDED]
                      + counters.n[MUX_COUNT_ECHO]
                      + counters.n[MUX_COUNT_HANDED_ON] + n_node);

    mux_fragments_get_stats(fragments, now, &stats);
    for (int i = MUX_FIRST_DROP; i < MUX_N_COUNTERS; i++) {
        n_out += counters.n[i];
    }
    check(n_in == n_out + stats.waiting + stats.dropped,
          "a packet is gone, or there is one more");
}

static void
forward(struct dp_packet_batch *batch)
{
    n_in += dp_packet_batch_size(batch);
    do {
        struct dp_packet_batch own;
        struct dp_packet *packet;
        size_t n_sent;

        mux_fair_enter(&thread->fair, dp_packet_batch_size(batch));
        dp_packet_batch_init(&own);
        mux_forward(table, thread, batch, &own, MTU, now, &counters);
        n_node += dp_packet_batch_size(&own);
        if (!dp_packet_batch_is_empty(&own)) {
            mux_node_put(node, &own);
        }
        DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
            check_sent(packet);
        }
        n_sent = dp_packet_batch_size(batch);
        dp_packet_delete_batch(batch, true);
        dp_packet_batch_init(batch);
        mux_fair_leave(&thread->fair, n_sent);
    } while (thread->released.n && mux_forward_released(thread, batch));
    check_counters();
}

static void
forward_random(struct input *input)
{
    struct dp_packet_batch batch;

    dp_packet_batch_init(&batch);
    for (uint32_t i = next_byte(input) % 8; i < 8; i++) {
        dp_packet_batch_add(&batch, mux_random_packet(&input->random));
    }
    forward(&batch);
}

static void
forward_bytes(struct input *input)
{
    struct dp_packet_batch batch;
    size_t n;
    uint8_t *bytes = next_bytes(input, 255, &n);
    struct dp_packet *packet = dp_packet_new_with_headroom(n, 64);

    dp_packet_put(packet, bytes, n);
    free(bytes);
    dp_packet_batch_init_packet(&batch, packet);
    forward(&batch);
}

/* Updates. */

static void
transact(struct mux_op ops[], size_t n, bool replace)
{
    const struct mux_table *before = mux_store_get_table(store);
    struct mux_error *error = mux_store_transact(
        store, replace, before->generation + 1, ops, n);

    check(!error == (mux_store_get_table(store) != before),
          "refused, but not without effect, or the other way round");
    mux_error_destroy(error);
}

static void
transact_bytes(struct input *input)
{
    size_t n;
    uint8_t *text = next_bytes(input, 255, &n);
    struct json *json = json_from_string((char *) text);
    struct mux_op op;
    char *error = mux_op_from_json(json, &op);

    if (error) {
        free(error);
    } else {
        transact(&op, 1, false);
    }
    json_destroy(json);
    free(text);
}

/* Everything that may be asked about the tables. */
static void
ask(void)
{
    const struct mux_table *current = mux_store_get_table(store);
    struct in6_addr vip;

    json_destroy(mux_report_vips(current));
    ovs_assert(ipv6_parse("2001:db8:20::10", &vip));
    json_destroy(mux_report_vip(current, 0, &vip));
    for (uint32_t key = 100; key < 106; key++) {
        json_destroy(mux_report_members(current, key));
    }
}

/* Fairness. */

static void
run_judge(void)
{
    mux_fair_judge_run(judge, "slb0", &thread, 1, mux_store_get_table(store),
                       now, now * UINT64_C(1000000), 0);
}

/* Lets a tick end after 'ms', and asks what was decided. */
static void
decide(uint32_t ms)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    now += ms;
    run_judge();
    json_destroy(mux_fair_report_to_json(judge, "slb0"));
    mux_fair_report_format(judge, "slb0", &ds);
    ds_destroy(&ds);
}

/* Gives the port a limit of 'max_pps', and with it a meter to the thread, or
 * takes both if that is 0. */
static void
limit(uint64_t max_pps)
{
    struct mux_fair_options options = { MUX_FAIR_NEVER, max_pps };

    mux_fair_judge_set_options(judge, &options);
    run_judge();
    check((mux_fair_thread_meter(&thread->fair) != NULL) == (max_pps != 0),
          "a meter without a limit, or the other way round");
}

static void
run_command(struct input *input, uint32_t command)
{
    struct mux_op ops[MUX_RANDOM_MAX_OPS];
    struct dp_packet_batch batch;

    switch (command % 16) {
    case 0: case 1: case 2: case 3: case 4:
        forward_random(input);
        break;
    case 5:
        /* Meters are large, so not too often. */
        if (command >> 4 < 3) {
            limit(command >> 4 ? next_byte(input) : 0);
        } else {
            decide(command >> 4);
        }
        break;
    case 6:
        forward_bytes(input);
        break;
    case 7: case 8: case 9: case 10:
        transact(ops, mux_random_ops(&input->random, ops), false);
        break;
    case 11:
        transact_bytes(input);
        break;
    case 12:
        if (command & 16) {
            mux_store_clear(store);
        } else {
            transact(ops, mux_random_first_ops(ops), true);
        }
        break;
    case 13:
        now += next_byte(input) * 10;
        mux_fragments_run(thread, mux_store_get_table(store), now);
        break;
    case 14:
        dp_packet_batch_init(&batch);
        mux_node_take(node, &batch);
        dp_packet_delete_batch(&batch, true);
        ask();
        break;
    case 15:
        /* Nobody may use what was there before. */
        ovsrcu_quiesce();
        table = mux_store_get_table(store);
        break;
    }
}

/* Creates everything, once: it takes longer than most inputs. */
static void
init(void)
{
    static const uint64_t key[2] = { 1, 3 };

    if (!store) {
        store = mux_store_create();
        fragments = mux_fragments_create();
        node = mux_node_create(key);
        thread = mux_thread_create(fragments);
        judge = mux_fair_judge_create();
        now = time_msec();
    }
}

/* Makes everything what it was. */
static void
reset(void)
{
    struct mux_op ops[MUX_RANDOM_MAX_OPS];
    struct dp_packet_batch batch;

    /* Nothing waits so long, and no limit is reached any more. */
    now += 10000;
    mux_fragments_run(thread, mux_store_get_table(store), now);
    do {
        dp_packet_batch_init(&batch);
        mux_node_take(node, &batch);
        dp_packet_delete_batch(&batch, true);
    } while (mux_node_count(node));
    transact(ops, mux_random_first_ops(ops), true);
    limit(0);
    ovsrcu_quiesce();
    table = mux_store_get_table(store);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { { next_number }, data, size };

    init();
    reset();
    for (int i = 0; input.size && i < MAX_COMMANDS; i++) {
        run_command(&input, next_byte(&input));
    }
    return 0;
}

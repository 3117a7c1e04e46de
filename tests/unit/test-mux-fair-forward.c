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

/* Fairness between packets of all kinds, through mux_forward() itself: also
 * what is answered or refused counts for the VIP that it came for. */

#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "lib/slb-availability.h"
#include "odp-util.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "ovs-ext/mux-fair-judge.h"
#include "ovs-ext/mux-fair-report.h"
#include "ovs-ext/mux-forward.h"
#include "ovs-ext/mux-fragment.h"
#include "ovs-ext/mux-store.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "packets.h"
#include "tests/unit/mux-unit.h"
#include "tests/unit/unit.h"
#include "util.h"

#define MTU 1500
#define TICK 10                 /* Milliseconds. */

/* Packets a second. */
#define MAX_PPS 2000

/* VIPs 20.50.60.10 to .19, each with TCP 80. */
#define N_VIPS 10
#define FIRST_VIP 0x14323c0a

#define CLIENT 0xc633640a       /* 198.51.100.10. */

static struct mux_store *store;
static struct mux_fragments *fragments;
static struct mux_thread *thread;
static struct mux_fair_judge *judge;
static struct mux_counters counters;
static long long int now;

static void
set_up(void)
{
    struct mux_fair_options options = { MUX_FAIR_NEVER, MAX_PPS };
    struct ds ds = DS_EMPTY_INITIALIZER;

    store = mux_store_create();
    fragments = mux_fragments_create();
    thread = mux_thread_create(fragments);
    judge = mux_fair_judge_create();
    mux_fair_judge_set_options(judge, &options);
    memset(&counters, 0, sizeof counters);
    now = 1000000;

    for (int i = 0; i < N_VIPS; i++) {
        ds_put_format(&ds, ", {'op': 'vip', 'network': 0, 'address':"
                      "'20.50.60.%d'}, {'op': 'endpoint', 'network': 0,"
                      "'address': '20.50.60.%d', 'protocol': 6, 'port': 80,"
                      "'pool': 100, 'distribution': 'Default', 'idle': 240,"
                      "'name': 'x'}", 10 + i, 10 + i);
    }
    mux_unit_load(store, true, 1, "[{'op': 'global', 'anycast': null,"
                  "'key': '000102030405060708090a0b0c0d0e0f',"
                  "'vtep': '172.16.0.11'},"
                  "{'op': 'nexthop', 'vtep': '172.16.0.21',"
                  "'src_mac': '02:00:00:00:00:0b',"
                  "'dst_mac': '02:00:00:00:00:15'},"
                  "{'op': 'pool', 'tunnel_key': 100, 'network': 1,"
                  "'slots': 8, 'members': [[1, '172.16.0.21']],"
                  "'generations': [{'number': 1, 'state': 'current',"
                  "'age': 99999, 'weights': [[1, 1]]}]}%s]", ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
tear_down(void)
{
    mux_fair_judge_destroy(judge);
    mux_thread_destroy(thread);
    mux_fragments_destroy(fragments);
    mux_store_destroy(store);
}

/* Packets. */

/* Returns a packet of 'protocol' from 'src' to VIP number 'i', of which the
 * transport header is zero. */
static struct dp_packet *
new_packet(uint32_t src, int i, uint8_t protocol)
{
    struct dp_packet *p = dp_packet_new_with_headroom(128, 128);
    struct eth_header *eth = dp_packet_put_zeros(p, sizeof *eth);
    uint8_t *ip = dp_packet_put_zeros(p, IP_HEADER_LEN + TCP_HEADER_LEN);
    struct ip_header *nh = (void *) ip;

    eth = dp_packet_data(p);
    eth->eth_type = htons(ETH_TYPE_IP);
    nh->ip_ihl_ver = IP_IHL_VER(5, 4);
    nh->ip_tot_len = htons(IP_HEADER_LEN + TCP_HEADER_LEN);
    nh->ip_ttl = 64;
    nh->ip_proto = protocol;
    put_16aligned_be32(&nh->ip_src, htonl(src));
    put_16aligned_be32(&nh->ip_dst, htonl(FIRST_VIP + i));
    nh->ip_csum = csum(ip, IP_HEADER_LEN);
    return p;
}

static struct dp_packet *
tcp(uint32_t src, int i, uint16_t port)
{
    struct dp_packet *p = new_packet(src, i, IPPROTO_TCP);
    struct tcp_header *th = (void *) ((uint8_t *) dp_packet_data(p)
                                      + ETH_HEADER_LEN + IP_HEADER_LEN);

    th->tcp_src = htons(port);
    th->tcp_dst = htons(80);
    th->tcp_ctl = TCP_CTL(TCP_ACK, 5);
    return p;
}

static struct ip_header *
ip_of(struct dp_packet *p)
{
    return (void *) ((uint8_t *) dp_packet_data(p) + ETH_HEADER_LEN);
}

static void
set_csum(struct ip_header *nh)
{
    nh->ip_csum = 0;
    nh->ip_csum = csum(nh, IP_HEADER_LEN);
}

static struct dp_packet *
echo_request(void)
{
    struct dp_packet *p = new_packet(CLIENT, 0, IPPROTO_ICMP);

    ((uint8_t *) dp_packet_data(p))[ETH_HEADER_LEN + IP_HEADER_LEN]
        = ICMP4_ECHO_REQUEST;
    return p;
}

static struct dp_packet *
last_hop(void)
{
    struct dp_packet *p = tcp(CLIENT, 0, 1);

    ip_of(p)->ip_ttl = 1;
    set_csum(ip_of(p));
    return p;
}

static struct dp_packet *
later_fragment(void)
{
    static uint16_t id;
    struct dp_packet *p = new_packet(CLIENT, 0, IPPROTO_UDP);

    ip_of(p)->ip_frag_off = htons(100);
    ip_of(p)->ip_id = htons(++id);
    set_csum(ip_of(p));
    return p;
}

static struct dp_packet *
martian(void)
{
    return tcp(0x7f000001, 0, 1);
}

static struct dp_packet *
bad_checksum(void)
{
    struct dp_packet *p = tcp(CLIENT, 0, 1);

    ip_of(p)->ip_csum ^= htons(1);
    return p;
}

static struct dp_packet *
with_options(void)
{
    struct dp_packet *p = tcp(CLIENT, 0, 1);

    ip_of(p)->ip_ihl_ver = IP_IHL_VER(6, 4);
    return p;
}

static struct dp_packet *
bad_length(void)
{
    return new_packet(CLIENT, 0, IPPROTO_TCP);
}

static struct dp_packet *
unsolicited_error(void)
{
    struct dp_packet *p = new_packet(CLIENT, 0, IPPROTO_ICMP);

    ((uint8_t *) dp_packet_data(p))[ETH_HEADER_LEN + IP_HEADER_LEN]
        = ICMP4_DST_UNREACH;
    return p;
}

/* Forwards 'p', and returns whether it goes to a host. */
static bool
forward(struct dp_packet *p)
{
    uint64_t before = counters.n[MUX_COUNT_FORWARDED];
    struct dp_packet_batch batch, node;

    dp_packet_batch_init_packet(&batch, p);
    dp_packet_batch_init(&node);
    mux_forward(mux_store_get_table(store), thread, &batch, &node, MTU, now,
                &counters);
    CU_ASSERT(dp_packet_batch_is_empty(&node));
    dp_packet_delete_batch(&batch, true);
    dp_packet_delete_batch(&node, true);
    return counters.n[MUX_COUNT_FORWARDED] > before;
}

static void
run_judge(void)
{
    CU_ASSERT(mux_fair_judge_run(judge, "slb0", &thread, 1,
                                 mux_store_get_table(store), now,
                                 now * UINT64_C(1000000), 0));
}

/* A flood for the first VIP. */
struct flood {
    const char *name;
    struct dp_packet *(*packet)(void);
    enum mux_counter counter;   /* What becomes of some of it. */
};

static const struct flood floods[] = {
    { "echo requests", echo_request, MUX_COUNT_ECHO },
    { "TTL 1", last_hop, MUX_COUNT_TTL },
    { "fragments without a first one", later_fragment, MUX_COUNT_WAITED },
    { "impossible sources", martian, MUX_COUNT_MARTIAN },
    { "bad checksums", bad_checksum, MUX_COUNT_CHECKSUM },
    { "options", with_options, MUX_COUNT_OPTIONS },
    { "bad lengths", bad_length, MUX_COUNT_BAD_LENGTH },
    { "errors about nothing", unsolicited_error, MUX_COUNT_ICMP },
};

/* Lets 'ticks' pass in which the first VIP gets 100 packets of 'flood', and
 * each VIP, also that one, a segment.  Returns how many of these are lost. */
static unsigned int
flood_ticks(const struct flood *flood, int ticks)
{
    unsigned int n_lost = 0;

    for (int t = 0; t < ticks; t++) {
        for (int ms = 0; ms < TICK; ms++) {
            for (int i = 0; i < 100 / TICK; i++) {
                forward(flood->packet());
            }
            n_lost += !forward(tcp(CLIENT, ms, 40000));
            now++;
        }
        run_judge();
    }
    return n_lost;
}

/* Who is told to be to blame?  Returns the last octet of its address, 0 if
 * nobody is. */
static int
culprit(void)
{
    struct json *json = mux_fair_report_to_json(judge, "slb0");
    const struct shash *o = json_object(json);
    const struct json *vips = shash_find_data(o, "vips");
    int number = 0;

    if (json_boolean(shash_find_data(o, "short"))
        && json_array(vips)->n) {
        const struct shash *first = json_object(json_array(vips)->elems[0]);

        if (json_integer(shash_find_data(first, "share"))
            < json_integer(shash_find_data(first, "arriving"))) {
            ovs_scan(json_string(shash_find_data(first, "address")),
                     "20.50.60.%d", &number);
        }
    }
    json_destroy(json);
    return number;
}

static void
test_floods(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(floods); i++) {
        set_up();
        run_judge();
        flood_ticks(&floods[i], 20);

        unsigned int n_lost = flood_ticks(&floods[i], 50);
        CU_ASSERT_EQUAL(n_lost, 0);
        CU_ASSERT_EQUAL(culprit(), 10);
        CU_ASSERT(counters.n[floods[i].counter]);
        if (n_lost || culprit() != 10) {
            printf("# %s: %u lost, %d is to blame\n", floods[i].name, n_lost,
                   culprit());
        }
        tear_down();
    }
}

/* What is answered is restrained as what is forwarded is. */
static void
test_answers(void)
{
    set_up();
    run_judge();
    flood_ticks(&floods[0], 20);

    uint64_t n_echo = counters.n[MUX_COUNT_ECHO];
    uint64_t n_unfair = counters.n[MUX_COUNT_UNFAIR];
    flood_ticks(&floods[0], 50);
    n_echo = counters.n[MUX_COUNT_ECHO] - n_echo;
    n_unfair = counters.n[MUX_COUNT_UNFAIR] - n_unfair;

    /* 10,000 a second, of which the others leave 1,000. */
    CU_ASSERT(n_unfair > 50 * 85 && n_unfair < 50 * 95);
    CU_ASSERT(n_echo > 50 * 5 && n_echo <= 50 * 15);
    tear_down();
}

/* What measures whether a VIP can be reached passes while the VIP gets too
 * much. */
static void
test_measures(void)
{
    set_up();
    run_judge();
    for (int t = 0; t < 30; t++) {
        for (int i = 0; i < 200; i++) {
            /* No flow stands out. */
            forward(tcp(CLIENT + i, 0, 1000 + t));
        }
        now += TICK;
        run_judge();
    }
    CU_ASSERT(counters.n[MUX_COUNT_UNFAIR]);
    CU_ASSERT_EQUAL(culprit(), 10);
    for (int i = 0; i < 100; i++) {
        struct dp_packet *p = tcp(slb_availability_source_v4(i), 0, 1000);

        p->md.in_port.odp_port = ODPP_NONE;
        CU_ASSERT(forward(p));
    }
    CU_ASSERT_EQUAL(counters.n[MUX_COUNT_MEASURES], 100);
    tear_down();
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_floods),
    UNIT_TEST(test_answers),
    UNIT_TEST(test_measures),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("mux-fair-forward", tests, argc, argv);
}

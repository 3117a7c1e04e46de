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

/* Prints where the mux sends packets, for the same packets each time.
 *
 *     owners
 *
 * prints a line for each packet that is forwarded: outer destination, VNI,
 * source port (which is of the hash) and steering header, or how many answers
 * and drops there were.  The mux's code is compiled in different ways, see
 * tests/system/ovs-ext/builds-agree.t, and they must all print the same. */

#include <stdio.h>
#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "ovs-ext/mux-forward.h"
#include "ovs-ext/mux-fragment.h"
#include "ovs-ext/mux-op.h"
#include "ovs-ext/mux-store.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/mux-thread.h"
#include "packets.h"
#include "timeval.h"
#include "util.h"

#define N_PACKETS 40000
#define N_VTEPS 16

/* What changed a moment ago would depend on when that was. */
#define LONG_AGO 100000000

static const char *const kinds[] = { "Default", "SourceIP",
                                     "SourceIPProtocol" };

/* Members of pools 100, 101... */
static const int n_members[] = { 1, 3, 100, 255, 256, 1000, 5000 };

/* Numbers that are the same everywhere, whatever OVS's are. */
static uint64_t
next_random(void)
{
    static uint64_t state = 1;
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void
put_op(struct mux_op **ops, size_t *n, struct ds *ds)
{
    struct json *json = json_from_string(ds_cstr(ds));

    *ops = xrealloc(*ops, (*n + 1) * sizeof **ops);
    char *error = mux_op_from_json(json, &(*ops)[*n]);
    if (error) {
        ovs_fatal(0, "%s: %s", ds_cstr(ds), error);
    }
    ++*n;
    json_destroy(json);
    ds_clear(ds);
}

/* Appends the weights of every member whose index 'modulus' does not
 * divide. */
static void
put_weights(struct ds *ds, int n, int modulus)
{
    ds_put_cstr(ds, "\"weights\": [");
    for (int i = 1, first = 1; i <= n; i++) {
        if (i % modulus) {
            ds_put_format(ds, "%s[%d, %d]", first ? "" : ",", i, 1 + i % 3);
            first = 0;
        }
    }
    ds_put_cstr(ds, "]");
}

static void
load(struct mux_store *store)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct mux_op *ops = NULL;
    size_t n = 0;

    ds_put_cstr(&ds, "{\"op\": \"global\", \"vtep\": \"172.16.0.11\","
                "\"key\": \"000102030405060708090a0b0c0d0e0f\","
                "\"anycast\": null}");
    put_op(&ops, &n, &ds);
    for (int i = 0; i < N_VTEPS; i++) {
        ds_put_format(&ds, "{\"op\": \"nexthop\", \"vtep\": \"172.16.1.%d\","
                      "\"src_mac\": \"02:00:00:00:00:0b\","
                      "\"dst_mac\": \"02:00:00:00:01:%02x\"}", i, i);
        put_op(&ops, &n, &ds);
    }
    ds_put_cstr(&ds, "{\"op\": \"vip\", \"network\": 0,"
                "\"address\": \"20.50.60.10\"}");
    put_op(&ops, &n, &ds);
    ds_put_cstr(&ds, "{\"op\": \"vip\", \"network\": 0,"
                "\"address\": \"2001:db8:20::10\"}");
    put_op(&ops, &n, &ds);
    for (size_t i = 0; i < ARRAY_SIZE(n_members); i++) {
        ds_put_format(&ds, "{\"op\": \"pool\", \"tunnel_key\": %"PRIuSIZE","
                      "\"network\": 1, \"slots\": %d, \"members\": [",
                      100 + i, MIN(16, 8 + log_2_ceil(n_members[i])));
        for (int j = 1; j <= n_members[i]; j++) {
            ds_put_format(&ds, "%s[%d, \"172.16.1.%d\"]", j > 1 ? "," : "", j,
                          j % N_VTEPS);
        }
        ds_put_cstr(&ds, "], \"generations\": [{\"number\": 3,"
                    "\"state\": \"coming\", ");
        put_weights(&ds, n_members[i], n_members[i] > 1 ? 7 : 2);
        ds_put_format(&ds, "}, {\"number\": 2, \"state\": \"current\","
                      "\"age\": %d, ", LONG_AGO);
        put_weights(&ds, n_members[i], n_members[i] > 1 ? 5 : 2);
        ds_put_format(&ds, "}, {\"number\": 1, \"state\": \"previous\","
                      "\"age\": %d, ", LONG_AGO + 1000);
        put_weights(&ds, n_members[i], n_members[i] > 1 ? 3 : 2);
        ds_put_cstr(&ds, "}]}");
        put_op(&ops, &n, &ds);

        for (int j = 0; j < 2 * ARRAY_SIZE(kinds) * 2; j++) {
            ds_put_format(&ds, "{\"op\": \"endpoint\", \"network\": 0,"
                          "\"address\": \"%s\", \"protocol\": %d,"
                          "\"port\": %"PRIuSIZE", \"pool\": %"PRIuSIZE","
                          "\"distribution\": \"%s\", \"idle\": 240,"
                          "\"name\": \"\"}",
                          j & 1 ? "2001:db8:20::10" : "20.50.60.10",
                          j & 2 ? IPPROTO_UDP : IPPROTO_TCP,
                          80 + 10 * i + j / 4, 100 + i, kinds[j / 4]);
            put_op(&ops, &n, &ds);
        }
    }

    struct mux_error *error = mux_store_transact(store, true, 1, ops, n);
    if (error) {
        ovs_fatal(0, "%s", error->details);
    }
    free(ops);
    ds_destroy(&ds);
}

static struct dp_packet *
make_packet(void)
{
    uint64_t r = next_random();
    struct dp_packet *p = dp_packet_new_with_headroom(128, 128);
    struct eth_header *eth = dp_packet_put_zeros(p, sizeof *eth);
    bool v6 = r & 1;
    uint8_t protocol = r & 2 ? IPPROTO_UDP : IPPROTO_TCP;
    uint16_t port = 80 + 10 * ((r >> 8 & 255) % 7) + (r >> 16 & 255) % 3;
    uint16_t sport = r >> 24;
    uint32_t len = (protocol == IPPROTO_TCP ? TCP_HEADER_LEN
                    : UDP_HEADER_LEN) + 20;

    eth->eth_type = htons(v6 ? ETH_TYPE_IPV6 : ETH_TYPE_IP);
    if (v6) {
        struct ovs_16aligned_ip6_hdr *ip = dp_packet_put_zeros(p, sizeof *ip);
        struct in6_addr src, dst;

        ovs_assert(ipv6_parse("2001:db8:1::", &src)
                   && ipv6_parse("2001:db8:20::10", &dst));
        r = next_random();
        memcpy(&src.s6_addr[8], &r, 8);
        put_16aligned_be32(&ip->ip6_flow, htonl(6u << 28));
        ip->ip6_plen = htons(len);
        ip->ip6_nxt = protocol;
        ip->ip6_hlim = 64;
        memcpy(&ip->ip6_src, &src, sizeof src);
        memcpy(&ip->ip6_dst, &dst, sizeof dst);
    } else {
        struct ip_header *ip = dp_packet_put_zeros(p, sizeof *ip);
        bool fragment = !(r >> 40 & 15);

        ip->ip_ihl_ver = IP_IHL_VER(5, 4);
        ip->ip_tot_len = htons(sizeof *ip + len);
        ip->ip_id = htons(r >> 44);
        ip->ip_frag_off = htons(fragment ? IP_MORE_FRAGMENTS : 0);
        ip->ip_ttl = 64;
        ip->ip_proto = protocol;
        put_16aligned_be32(&ip->ip_src,
                           htonl(0x01000000 + (next_random() & 0x3ffffff)));
        put_16aligned_be32(&ip->ip_dst, htonl(0x14323c0a));
        ip->ip_csum = csum(ip, sizeof *ip);
    }

    uint8_t *l4 = dp_packet_put_zeros(p, len);
    l4[0] = sport >> 8;
    l4[1] = sport;
    l4[2] = port >> 8;
    l4[3] = port;
    if (protocol == IPPROTO_TCP) {
        l4[12] = 5 << 4;
        l4[13] = TCP_ACK;
    } else {
        l4[5] = len;
    }
    return p;
}

static void
print_packet(const struct dp_packet *packet)
{
    const uint8_t *p = dp_packet_data(packet);

    if (dp_packet_size(packet) < MUX_PUSH_LEN) {
        printf("no tunnel\n");
        return;
    }

    /* Outer destination, source port, VNI, steering header. */
    static const struct { int ofs, n; } parts[] = {
        { 30, 4 }, { 34, 2 }, { 46, 3 }, { 50, 12 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        for (int j = 0; j < parts[i].n; j++) {
            printf("%02x", p[parts[i].ofs + j]);
        }
        putchar(i + 1 < ARRAY_SIZE(parts) ? ' ' : '\n');
    }
}

int
main(void)
{
    struct mux_store *store = mux_store_create();
    struct mux_fragments *fragments = mux_fragments_create();
    struct mux_thread *thread = mux_thread_create(fragments);
    struct mux_counters counters;

    memset(&counters, 0, sizeof counters);
    load(store);
    for (int i = 0; i < N_PACKETS; i += NETDEV_MAX_BURST) {
        struct dp_packet_batch batch, node;
        struct dp_packet *packet;

        dp_packet_batch_init(&batch);
        dp_packet_batch_init(&node);
        for (int j = 0; j < NETDEV_MAX_BURST; j++) {
            dp_packet_batch_add(&batch, make_packet());
        }
        mux_forward(mux_store_get_table(store), thread, &batch, &node, 1600,
                    time_msec(), &counters);
        DP_PACKET_BATCH_FOR_EACH (k, packet, &batch) {
            print_packet(packet);
        }
        dp_packet_delete_batch(&batch, true);
        dp_packet_delete_batch(&node, true);
    }
    for (int i = 0; i < MUX_N_COUNTERS; i++) {
        if (counters.n[i]) {
            printf("%s %"PRIu64"\n", mux_counter_name(i), counters.n[i]);
        }
    }
    return 0;
}

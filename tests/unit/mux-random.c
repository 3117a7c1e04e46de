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

#include "tests/unit/mux-random.h"

#include <netinet/icmp6.h>
#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "lib/steering.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "ovs-ext/mux-op.h"
#include "packets.h"
#include "util.h"

#define N_VIPS 4
#define N_POOLS 6
#define N_VTEPS 6
#define NETWORK 7

static uint32_t
below(struct mux_random *r, uint32_t n)
{
    return r->next(r) % n;
}

/* Updates. */

static void
put_address(struct mux_random *r, struct ds *ds)
{
    uint32_t i = below(r, 2 * N_VIPS);

    ds_put_format(ds, ", \"address\": \"%s%"PRIu32"\"",
                  i < N_VIPS ? "20.50.60.1" : "2001:db8:20::1", i % N_VIPS);
}

static void
put_network(struct mux_random *r, struct ds *ds)
{
    ds_put_format(ds, ", \"network\": %d", below(r, 4) ? 0 : NETWORK);
}

static void
put_prefixes(struct mux_random *r, struct ds *ds, const char *name)
{
    static const char *const prefixes[] = {
        "198.51.100.0/24", "172.16.0.0/24", "0.0.0.0/0", "2001:db8::/32",
        "198.51.0.0/16", "10.0.0.1/8", "x",
    };

    ds_put_format(ds, ", \"%s\": [", name);
    for (uint32_t i = below(r, 4); i > 0; i--) {
        /* One in some is wrong. */
        ds_put_format(ds, "\"%s\"%s",
                      prefixes[below(r, below(r, 16) ? 5 : 7)],
                      i > 1 ? ", " : "");
    }
    ds_put_char(ds, ']');
}

static void
put_weights(struct mux_random *r, struct ds *ds, uint32_t n)
{
    uint32_t skip = 1 + below(r, 5);
    const char *comma = "";

    ds_put_cstr(ds, "\"weights\": [");
    for (uint32_t i = 1; i <= n; i++) {
        if (i % (skip + 1)) {
            ds_put_format(ds, "%s[%"PRIu32", %"PRIu32"]", comma, i,
                          1 + (i * skip) % 7);
            comma = ", ";
        }
    }
    ds_put_char(ds, ']');
}

static void
put_pool(struct mux_random *r, struct ds *ds, uint32_t key)
{
    uint32_t n = below(r, 8) ? below(r, 20) : below(r, 600);
    uint32_t generation = 4;

    ds_put_format(ds, "\"pool\", \"tunnel_key\": %"PRIu32", \"network\": %d,"
                  "\"slots\": %"PRIu32", \"members\": [", key, NETWORK,
                  8 + below(r, 3));
    for (uint32_t i = 1; i <= n; i++) {
        ds_put_format(ds, "%s[%"PRIu32", \"172.16.0.2%"PRIu32"\"]",
                      i > 1 ? ", " : "", i, i % N_VTEPS);
    }
    ds_put_cstr(ds, "], \"generations\": [");
    if (below(r, 3) == 0) {
        ds_put_format(ds, "{\"number\": %"PRIu32", \"state\": \"coming\", ",
                      generation--);
        put_weights(r, ds, n);
        ds_put_cstr(ds, "}, ");
    }
    for (uint32_t i = 0, previous = below(r, 3); i <= previous; i++) {
        ds_put_format(ds, "%s{\"number\": %"PRIu32", \"state\": \"%s\","
                      "\"age\": %"PRIu32", ", i ? ", " : "", generation--,
                      i ? "previous" : "current", 5000 * i + below(r, 20000));
        put_weights(r, ds, n);
        ds_put_char(ds, '}');
    }
    ds_put_cstr(ds, "]");
}

static void
put_endpoint_key(struct mux_random *r, struct ds *ds)
{
    put_network(r, ds);
    put_address(r, ds);
    if (below(r, 8)) {
        ds_put_format(ds, ", \"protocol\": %d, \"port\": %"PRIu32,
                      below(r, 2) ? IPPROTO_TCP : IPPROTO_UDP,
                      below(r, 4) ? 80 + below(r, 3) : 1024 + below(r, 16));
    } else {
        ds_put_cstr(ds, ", \"protocol\": 0, \"port\": 0");
    }
}

static void
put_vtep(struct mux_random *r, struct ds *ds)
{
    ds_put_format(ds, ", \"vtep\": \"172.16.0.2%"PRIu32"\"",
                  below(r, N_VTEPS));
}

/* Blocks of ports: given to somebody, or to nobody. */
static void
put_blocks(struct mux_random *r, struct ds *ds)
{
    put_address(r, ds);
    ds_put_cstr(ds, ", \"blocks\": [");
    for (uint32_t i = below(r, 5); i > 0; i--) {
        uint32_t first = below(r, 8) ? 128 + below(r, 128) : below(r, 8192);

        ds_put_format(ds, "[%"PRIu32", %"PRIu32, first,
                      below(r, 8) ? 1 + below(r, 20) : below(r, 8192));
        if (below(r, 2)) {
            ds_put_format(ds, ", \"172.16.0.2%"PRIu32"\", %d, %"PRIu32,
                          below(r, N_VTEPS), NETWORK, below(r, 65537));
        }
        ds_put_format(ds, "]%s", i > 1 ? ", " : "");
    }
    ds_put_char(ds, ']');
}

static void
put_op(struct mux_random *r, struct ds *ds)
{
    static const char *const kinds[] = { "Default", "SourceIP",
                                         "SourceIPProtocol" };

    ds_put_cstr(ds, "{\"op\": ");
    switch (below(r, 19)) {
    case 0:
        ds_put_format(ds, "\"global\", \"vtep\": \"172.16.0.11\","
                      "\"key\": \"000102030405060708090a0b0c0d0e0%"PRIu32"\","
                      "\"anycast\": %s", below(r, 2),
                      below(r, 4) ? "\"172.16.0.100\"" : "null");
        if (below(r, 2)) {
            put_prefixes(r, ds, "vteps");
        }
        if (below(r, 4)) {
            ds_put_format(ds, ", \"muxes\": [\"172.16.0.11\","
                          "\"172.16.0.2%"PRIu32"\"]", below(r, N_VTEPS));
        }
        break;
    case 1: case 2: case 3: case 4:
        put_pool(r, ds, 100 + below(r, N_POOLS));
        break;
    case 5:
        ds_put_format(ds, "\"pool-del\", \"tunnel_key\": %"PRIu32,
                      100 + below(r, N_POOLS));
        break;
    case 6: case 7:
        ds_put_cstr(ds, "\"vip\"");
        put_network(r, ds);
        put_address(r, ds);
        ds_put_format(ds, ", \"echo\": %s, \"reject\": %s, \"snat\": %s",
                      below(r, 2) ? "true" : "false",
                      below(r, 2) ? "true" : "false",
                      below(r, 4) ? "true" : "false");
        break;
    case 8:
        ds_put_cstr(ds, "\"vip-del\"");
        put_network(r, ds);
        put_address(r, ds);
        break;
    case 9: case 10: case 11:
        ds_put_cstr(ds, "\"endpoint\"");
        put_endpoint_key(r, ds);
        ds_put_format(ds, ", \"pool\": %"PRIu32", \"distribution\": \"%s\","
                      "\"idle\": %"PRIu32", \"name\": \"e\", \"reject\": %s",
                      100 + below(r, N_POOLS), kinds[below(r, 3)],
                      1 + below(r, 300), below(r, 2) ? "true" : "false");
        if (below(r, 4) == 0) {
            put_prefixes(r, ds, "source_ranges");
        }
        break;
    case 12: case 13:
        ds_put_cstr(ds, "\"endpoint-del\"");
        put_endpoint_key(r, ds);
        break;
    case 14:
        ds_put_cstr(ds, "\"nexthop\"");
        put_vtep(r, ds);
        ds_put_cstr(ds, ", \"src_mac\": \"02:00:00:00:00:0b\","
                    "\"dst_mac\": \"02:00:00:00:00:15\"");
        break;
    case 15:
        ds_put_cstr(ds, "\"nexthop-del\"");
        put_vtep(r, ds);
        break;
    case 16: case 17: case 18:
        ds_put_cstr(ds, "\"snat\"");
        put_blocks(r, ds);
        break;
    }
    ds_put_char(ds, '}');

    /* One in some is none at all. */
    if (!below(r, 32)) {
        ds->string[below(r, ds->length)] = ' ' + below(r, 95);
    }
}

/* Reads 'ds' as an operation.  Returns true if it is one. */
static bool
parse_op(struct ds *ds, struct mux_op *op)
{
    struct json *json = json_from_string(ds_cstr(ds));
    char *error = mux_op_from_json(json, op);

    json_destroy(json);
    free(error);
    return !error;
}

static void OVS_PRINTF_FORMAT(3, 4)
add_op(struct mux_op *ops, size_t *n, const char *format, ...)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    va_list args;

    va_start(args, format);
    ds_put_format_valist(&ds, format, args);
    va_end(args);
    for (size_t i = 0; i < ds.length; i++) {
        if (ds.string[i] == '\'') {
            ds.string[i] = '"';
        }
    }
    ovs_assert(*n < MUX_RANDOM_MAX_OPS && parse_op(&ds, &ops[*n]));
    ++*n;
    ds_destroy(&ds);
}

/* Stores into 'ops' some that are valid for an empty store: there is something
 * of everything.  Returns how many. */
size_t
mux_random_first_ops(struct mux_op *ops)
{
    size_t n = 0;

    add_op(ops, &n, "{'op': 'global', 'vtep': '172.16.0.11',"
           "'anycast': '172.16.0.100', 'muxes': ['172.16.0.20'],"
           "'key': '000102030405060708090a0b0c0d0e0f'}");
    for (int i = 0; i < N_VTEPS; i++) {
        add_op(ops, &n, "{'op': 'nexthop', 'vtep': '172.16.0.2%d',"
               "'src_mac': '02:00:00:00:00:0b', 'dead': %s,"
               "'dst_mac': '02:00:00:00:00:1%d'}", i,
               i == N_VTEPS - 1 ? "true" : "false", i);
    }
    for (int i = 0; i < N_POOLS; i++) {
        add_op(ops, &n, "{'op': 'pool', 'tunnel_key': %d, 'network': 7,"
               "'slots': 8, 'members': [[1, '172.16.0.20'],"
               "[2, '172.16.0.21'], [3, '172.16.0.22']], 'generations': ["
               "{'number': 2, 'state': 'current', 'age': 9000,"
               "'weights': [[1, 1], [2, 1]]},"
               "{'number': 1, 'state': 'previous', 'age': 90000,"
               "'weights': [[3, 1], [2, 1]]}]}", 100 + i);
    }
    for (int i = 0; i < 2 * N_VIPS; i++) {
        char *vip = xasprintf("'network': %d, 'address': '%s%d'",
                              i % N_VIPS ? 0 : NETWORK,
                              i < N_VIPS ? "20.50.60.1" : "2001:db8:20::1",
                              i % N_VIPS);

        add_op(ops, &n, "{'op': 'vip', %s, 'snat': %s}", vip,
               i % N_VIPS ? "true" : "false");
        if (i % N_VIPS) {
            add_op(ops, &n, "{'op': 'snat', 'address': '%s%d', 'blocks': ["
                   "[128, 100, '172.16.0.21', 7, 1], [200, 50]]}",
                   i < N_VIPS ? "20.50.60.1" : "2001:db8:20::1", i % N_VIPS);
        }
        add_op(ops, &n, "{'op': 'endpoint', %s, 'protocol': 0, 'port': 0,"
               "'pool': 100, 'distribution': 'SourceIP', 'idle': 240,"
               "'name': ''}", vip);
        for (int j = 0; j < 4; j++) {
            add_op(ops, &n, "{'op': 'endpoint', %s, 'protocol': %d,"
                   "'port': %d, 'pool': %d, 'distribution': 'Default',"
                   "'idle': 240, 'name': ''}", vip,
                   j & 1 ? IPPROTO_TCP : IPPROTO_UDP, 80 + j / 2,
                   100 + (i + j) % N_POOLS);
        }
        free(vip);
    }
    return n;
}

/* Stores some into 'ops', and returns how many. */
size_t
mux_random_ops(struct mux_random *r, struct mux_op *ops)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    size_t n = 0;

    for (uint32_t i = below(r, 4); i > 0; i--) {
        ds_clear(&ds);
        put_op(r, &ds);
        n += parse_op(&ds, &ops[n]);
    }
    ds_destroy(&ds);
    return n;
}

/* Packets. */

/* Puts 'n' octets, all 0 but the first one. */
static uint8_t *
put_octets(struct dp_packet *p, size_t n)
{
    uint8_t *octets = dp_packet_put_zeros(p, n);

    if (n) {
        octets[0] = n;
    }
    return octets;
}

static void
put_l4(struct mux_random *r, struct dp_packet *p, uint8_t protocol,
       uint32_t payload)
{
    uint16_t sport = below(r, 64) + 1000;
    uint16_t dport = (below(r, 3) ? 80 + below(r, 4)
                      : 1024 + below(r, below(r, 2) ? 16 : 2048));

    if (protocol == IPPROTO_TCP) {
        struct tcp_header *tcp = dp_packet_put_zeros(p, sizeof *tcp);

        tcp->tcp_src = htons(sport);
        tcp->tcp_dst = htons(dport);
        tcp->tcp_ctl = TCP_CTL(below(r, 64), below(r, 16) ? 5 : below(r, 16));
    } else if (protocol == IPPROTO_UDP) {
        struct udp_header *udp = dp_packet_put_zeros(p, sizeof *udp);

        udp->udp_src = htons(sport);
        udp->udp_dst = htons(dport);
        udp->udp_len = htons(below(r, 16) ? 8 + payload : below(r, 1500));
    } else if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) {
        struct icmp_header *icmp = dp_packet_put_zeros(p, sizeof *icmp);
        static const uint8_t types[] = {
            ICMP4_ECHO_REQUEST, ICMP4_DST_UNREACH, ICMP4_TIME_EXCEEDED,
            ICMP6_ECHO_REQUEST, ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG,
        };

        icmp->icmp_type = (below(r, 8) ? types[below(r, ARRAY_SIZE(types))]
                           : below(r, 256));
        icmp->icmp_code = below(r, 5);
    }
}

static void put_ip(struct mux_random *, struct dp_packet *, int depth);

/* Is what follows an error, which quotes a packet? */
static bool
quotes(struct mux_random *r, uint8_t protocol, int depth)
{
    return (depth < 2 && below(r, 2)
            && (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6));
}

static void
put_body(struct mux_random *r, struct dp_packet *p, uint8_t protocol,
         int depth)
{
    uint32_t payload = below(r, 8) ? below(r, 40) : below(r, 1500);

    put_l4(r, p, protocol, payload);
    if (quotes(r, protocol, depth)) {
        put_ip(r, p, depth + 2);
    } else {
        put_octets(p, payload);
    }
}

static void
put_eth(struct mux_random *r, struct dp_packet *p, uint16_t type)
{
    struct eth_header *eth = dp_packet_put_zeros(p, sizeof *eth);

    eth->eth_dst.ea[0] = below(r, 32) ? 0x02 : 0xff;
    eth->eth_src.ea[0] = 0x02;
    eth->eth_type = htons(type);
    if (!below(r, 16)) {
        eth->eth_type = htons(ETH_TYPE_VLAN);
        struct vlan_header *vlan = dp_packet_put_zeros(p, sizeof *vlan);
        vlan->vlan_next_type = htons(type);
    }
}

/* Puts an IPv4 packet, at 'depth' 0 perhaps one with a tunnel in it. */
static void
put_ipv4(struct mux_random *r, struct dp_packet *p, int depth)
{
    static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP,
                                         IPPROTO_TCP, IPPROTO_UDP,
                                         IPPROTO_ICMP, 47 };
    bool tunnel = !depth && !below(r, 4);
    uint8_t protocol = (tunnel ? IPPROTO_UDP
                        : protocols[below(r, ARRAY_SIZE(protocols))]);
    uint32_t vip = 0x14323c0a + below(r, N_VIPS);
    uint32_t host = 0xc6336400 + below(r, 4);
    size_t ofs = dp_packet_size(p);
    struct ip_header *ip = dp_packet_put_zeros(p, sizeof *ip);

    ip->ip_ihl_ver = below(r, 64) ? IP_IHL_VER(5, 4) : below(r, 256);
    ip->ip_tos = below(r, 256);
    ip->ip_ttl = below(r, 8) ? 64 : below(r, 3);
    ip->ip_proto = protocol;
    if (!below(r, 4)) {
        static const uint16_t offsets[] = { 0, IP_MORE_FRAGMENTS, 1, 3,
                                            0x1fff, IP_MORE_FRAGMENTS | 3 };

        ip->ip_frag_off = htons(offsets[below(r, ARRAY_SIZE(offsets))]);
        ip->ip_id = htons(below(r, 4));
    }
    if (tunnel) {
        /* To the common VTEP, or handed on by another mux. */
        bool on = !below(r, 4);

        put_16aligned_be32(&ip->ip_src, htonl(0xac100014 + below(r, N_VTEPS)));
        put_16aligned_be32(&ip->ip_dst, htonl(on ? 0xac10000b : 0xac100064));

        struct udp_header *udp = dp_packet_put_zeros(p, sizeof *udp);
        struct vxlanhdr *vxlan = dp_packet_put_zeros(p, sizeof *vxlan);
        udp->udp_dst = htons(below(r, 16) ? 4789 : below(r, 65536));
        udp->udp_len = htons(8);
        put_16aligned_be32(&vxlan->vx_flags, htonl(below(r, 16) ? VXLAN_FLAGS
                                                   : r->next(r)));
        put_16aligned_be32(&vxlan->vx_vni,
                           htonl(on ? 0 : (below(r, 4) ? NETWORK : 8) << 8));

        size_t eth_ofs = dp_packet_size(p);
        put_eth(r, p, below(r, 2) ? ETH_TYPE_IP : ETH_TYPE_IPV6);
        if (on) {
            steering_put_handed_on(dp_packet_at_assert(p, eth_ofs,
                                                       STEERING_LEN));
        }
        put_ip(r, p, 1);
    } else {
        /* What an error quotes went the other way. */
        put_16aligned_be32(&ip->ip_src, htonl(depth < 2 ? host : vip));
        put_16aligned_be32(&ip->ip_dst, htonl(depth < 2 ? vip : host));
        put_body(r, p, protocol, depth);
    }

    ip = dp_packet_at_assert(p, ofs, sizeof *ip);
    ip->ip_tot_len = htons(dp_packet_size(p) - ofs);
    if (tunnel) {
        struct udp_header *udp = (struct udp_header *) (ip + 1);

        udp->udp_len = htons(dp_packet_size(p) - ofs - sizeof *ip);
    }
    ip->ip_csum = below(r, 64) ? csum(ip, sizeof *ip) : 0;
}

static void
put_ipv6(struct mux_random *r, struct dp_packet *p, int depth)
{
    static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP,
                                         IPPROTO_ICMPV6, 59 };
    uint8_t protocol = protocols[below(r, ARRAY_SIZE(protocols))];
    size_t ofs = dp_packet_size(p);
    struct ovs_16aligned_ip6_hdr *ip = dp_packet_put_zeros(p, sizeof *ip);
    struct in6_addr vip, host;

    ovs_assert(ipv6_parse("2001:db8:20::10", &vip)
               && ipv6_parse("2001:db8:1::", &host));
    vip.s6_addr[15] += below(r, N_VIPS);
    host.s6_addr[15] += below(r, 4);
    memcpy(&ip->ip6_src, depth < 2 ? &host : &vip, sizeof host);
    memcpy(&ip->ip6_dst, depth < 2 ? &vip : &host, sizeof host);
    put_16aligned_be32(&ip->ip6_flow, htonl((below(r, 64) ? 6u : 5u) << 28));
    ip->ip6_hlim = below(r, 8) ? 64 : below(r, 3);
    ip->ip6_nxt = protocol;

    /* Extension headers, the last of them perhaps a fragment's. */
    uint8_t *next = &ip->ip6_nxt;
    for (uint32_t i = below(r, 4) ? 0 : below(r, 10); i > 0; i--) {
        static const uint8_t extensions[] = { IPPROTO_FRAGMENT, 0, 43, 60 };
        size_t next_ofs = next - (uint8_t *) dp_packet_data(p);
        uint8_t type = extensions[below(r, ARRAY_SIZE(extensions))];
        uint8_t *header = dp_packet_put_zeros(p, 8);

        ((uint8_t *) dp_packet_data(p))[next_ofs] = type;
        header[0] = protocol;
        header[1] = below(r, 16) ? 0 : below(r, 256);
        if (type == IPPROTO_FRAGMENT) {
            header[3] = below(r, 3) * 8 + below(r, 2);
            header[7] = below(r, 4);
        }
        next = header;
    }
    put_body(r, p, protocol, depth);

    ip = dp_packet_at_assert(p, ofs, sizeof *ip);
    ip->ip6_plen = htons(dp_packet_size(p) - ofs - sizeof *ip);
}

static void
put_ip(struct mux_random *r, struct dp_packet *p, int depth)
{
    /* The Ethernet header in front may say something else. */
    if (below(r, 3)) {
        put_ipv4(r, p, depth);
    } else {
        put_ipv6(r, p, depth);
    }
}

/* Returns a packet, in memory that ends where it does. */
struct dp_packet *
mux_random_packet(struct mux_random *r)
{
    struct dp_packet *p = dp_packet_new(2048);
    uint32_t kind = below(r, 64);

    if (kind < 40) {
        put_eth(r, p, ETH_TYPE_IP);
        put_ipv4(r, p, 0);
    } else if (kind < 60) {
        put_eth(r, p, ETH_TYPE_IPV6);
        put_ipv6(r, p, 0);
    } else {
        put_eth(r, p, kind < 62 ? ETH_TYPE_ARP : below(r, 65536));
        put_ip(r, p, 0);
    }

    /* Some are cut short, or have octets changed. */
    uint32_t len = dp_packet_size(p);
    if (!below(r, 8)) {
        len = below(r, len + 1);
    }
    if (!below(r, 8) && len) {
        for (uint32_t i = below(r, 4); i > 0; i--) {
            ((uint8_t *) dp_packet_data(p))[below(r, MIN(len, 128))]
                = below(r, 256);
        }
    }

    uint32_t headroom = below(r, 4) ? 128 : below(r, 128);
    struct dp_packet *exact = dp_packet_new_with_headroom(len, headroom);
    dp_packet_put(exact, dp_packet_data(p), len);
    dp_packet_delete(p);
    return exact;
}

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

/* Sends packets to a node, as many as asked for, from addresses that are not
 * its own.
 *
 *     flood DEVICE MAC ADDRESS RATE SECONDS KIND
 *
 * sends RATE packets a second by DEVICE to ADDRESS behind MAC, for SECONDS.
 * KIND is "udp", "echo", "syn", "bfd-multihop", "vip" or "flow": the former
 * two and "bfd-multihop" are what they say, "syn" asks for connections to port
 * 22, "vip" to port 80, and "flow" for one and the same connection to port 80.
 * All but "echo", "vip" and "flow" come from many addresses.
 * Prints how many were sent. */

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "csum.h"
#include "packets.h"
#include "random.h"
#include "util.h"

/* Packets sent at once. */
#define BURST 32
#define FRAME_LEN 60

struct kind {
    const char *name;
    uint8_t protocol;
    uint16_t port;              /* ICMP: type and code. */
    bool spoofed;
    uint16_t sport;             /* 0: all. */
};

static const struct kind kinds[] = {
    { "udp", IPPROTO_UDP, 9, true, 0 },
    { "echo", IPPROTO_ICMP, 0x800, false, 0 },
    { "syn", IPPROTO_TCP, 22, true, 0 },
    { "bfd-multihop", IPPROTO_UDP, 4784, true, 0 },
    { "vip", IPPROTO_TCP, 80, false, 0 },
    { "flow", IPPROTO_TCP, 80, false, 40000 },
};

static void
make_frame(uint8_t frame[FRAME_LEN], const struct kind *kind,
           struct eth_addr mac, ovs_be32 dst)
{
    struct eth_header *eth = (struct eth_header *) (void *) frame;
    struct ip_header *ip = (struct ip_header *) (eth + 1);
    void *l4 = ip + 1;
    uint16_t sport = kind->sport ? kind->sport : random_range(60000) + 1024;
    uint32_t l4_len = FRAME_LEN - sizeof *eth - sizeof *ip;
    uint32_t src = 0xc6336409 + (kind->spoofed ? random_range(65000) : 0);

    memset(frame, 0, FRAME_LEN);
    eth->eth_dst = mac;
    eth->eth_src = (struct eth_addr) ETH_ADDR_C(02, 00, 00, 00, 0f, 0f);
    eth->eth_type = htons(ETH_TYPE_IP);
    ip->ip_ihl_ver = IP_IHL_VER(5, 4);
    ip->ip_tot_len = htons(sizeof *ip + l4_len);
    ip->ip_ttl = 64;
    ip->ip_proto = kind->protocol;
    put_16aligned_be32(&ip->ip_src, htonl(src));
    put_16aligned_be32(&ip->ip_dst, dst);
    ip->ip_csum = csum(ip, sizeof *ip);

    if (kind->protocol == IPPROTO_ICMP) {
        struct icmp_header *icmp = l4;

        icmp->icmp_type = kind->port >> 8;
        icmp->icmp_csum = csum(icmp, l4_len);
    } else if (kind->protocol == IPPROTO_UDP) {
        struct udp_header *udp = l4;

        udp->udp_src = htons(sport);
        udp->udp_dst = htons(kind->port);
        udp->udp_len = htons(l4_len);
    } else {
        struct tcp_header *tcp = l4;
        uint32_t sum;

        tcp->tcp_src = htons(sport);
        tcp->tcp_dst = htons(kind->port);
        tcp->tcp_ctl = TCP_CTL(TCP_SYN, 5);
        sum = packet_csum_pseudoheader(ip);
        tcp->tcp_csum = csum_finish(csum_continue(sum, tcp, l4_len));
    }
}

static int64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int
main(int argc, char *argv[])
{
    static uint8_t frames[BURST][FRAME_LEN];
    struct mmsghdr messages[BURST];
    struct iovec iovs[BURST];
    const struct kind *kind = NULL;
    struct eth_addr mac;
    ovs_be32 dst;

    for (size_t i = 0; argc == 7 && i < ARRAY_SIZE(kinds); i++) {
        kind = strcmp(kinds[i].name, argv[6]) ? kind : &kinds[i];
    }
    if (!kind || !eth_addr_from_string(argv[2], &mac)
        || !ip_parse(argv[3], &dst)) {
        ovs_fatal(0, "usage: flood DEVICE MAC ADDRESS RATE SECONDS KIND");
    }

    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    struct sockaddr_ll address = { .sll_family = AF_PACKET,
                                   .sll_ifindex = if_nametoindex(argv[1]) };
    if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof address)) {
        ovs_fatal(errno, "%s", argv[1]);
    }
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < BURST; i++) {
        iovs[i] = (struct iovec) { frames[i], FRAME_LEN };
        messages[i].msg_hdr.msg_iov = &iovs[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }

    int64_t start = now_ns();
    int64_t duration = atof(argv[5]) * 1e9;
    int64_t rate = atol(argv[4]);
    int64_t sent = 0;
    int64_t left_out = 0;
    int64_t elapsed;
    while ((elapsed = now_ns() - start) < duration) {
        int64_t due = elapsed * rate / 1000000000 - sent - left_out;

        if (due < 1) {
            usleep(100);
            continue;
        }
        /* What was not sent while the machine stood still does not come all
         * at once. */
        if (due > rate / 10 + 1) {
            left_out += due - (rate / 10 + 1);
        }
        due = MIN(due, BURST);
        for (int i = 0; i < due; i++) {
            make_frame(frames[i], kind, mac, dst);
        }

        int n = sendmmsg(fd, messages, due, 0);
        if (n < 0 && errno != ENOBUFS && errno != EINTR) {
            ovs_fatal(errno, "sendmmsg");
        }
        sent += MAX(n, 0);
    }
    printf("%"PRId64"\n", sent);
    return 0;
}

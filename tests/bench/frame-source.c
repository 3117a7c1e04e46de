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

/* Sends the frames of a capture on a network interface, again and again, at a
 * rate of its own, whether the receiver keeps up or not.
 *
 *     frame-source INTERFACE CAPTURE PACKETS-PER-SECOND SECONDS
 *
 * Prints how many frames it has sent and how many seconds that took.  What it
 * could not send in time it does not make up for, so there are no bursts. */

#include <config.h>

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "util.h"

/* Frames sent by one call. */
#define BURST 32

/* Delay that is made up for. */
#define MAX_LATE_NS 200000

#define PCAP_HEADER 24
#define PCAP_RECORD 16

static uint64_t
now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

/* Reads the frames of the capture 'name', written by a machine with the same
 * byte order, into '*framesp'.  Returns their number. */
static size_t
read_frames(const char *name, struct iovec **framesp)
{
    FILE *stream = fopen(name, "rb");
    size_t n = 0, allocated = 0;
    uint32_t record[PCAP_RECORD / 4];

    if (!stream || fseek(stream, PCAP_HEADER, SEEK_SET)) {
        ovs_fatal(errno, "%s", name);
    }
    *framesp = NULL;
    while (fread(record, sizeof record, 1, stream) == 1) {
        if (n >= allocated) {
            *framesp = x2nrealloc(*framesp, &allocated, sizeof **framesp);
        }

        struct iovec *frame = &(*framesp)[n++];
        frame->iov_len = record[2];
        frame->iov_base = xmalloc(frame->iov_len);
        if (fread(frame->iov_base, frame->iov_len, 1, stream) != 1) {
            ovs_fatal(0, "%s: truncated", name);
        }
    }
    fclose(stream);
    if (!n) {
        ovs_fatal(0, "%s: empty", name);
    }
    return n;
}

static int
open_socket(const char *interface)
{
    struct sockaddr_ll address = { .sll_family = AF_PACKET };
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    int one = 1;

    address.sll_ifindex = if_nametoindex(interface);
    if (fd < 0 || !address.sll_ifindex
        || bind(fd, (struct sockaddr *) &address, sizeof address)
        || setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one,
                      sizeof one)) {
        ovs_fatal(errno, "%s", interface);
    }
    return fd;
}

int
main(int argc, char *argv[])
{
    if (argc != 5) {
        ovs_fatal(0, "usage: %s INTERFACE CAPTURE PPS SECONDS", argv[0]);
    }

    struct iovec *frames;
    size_t n_frames = read_frames(argv[2], &frames);
    struct mmsghdr messages[BURST];
    double pps = atof(argv[3]);
    int fd = open_socket(argv[1]);
    uint64_t start = now_ns();
    uint64_t end = start + atof(argv[4]) * 1e9;
    uint64_t interval = BURST * 1e9 / pps;
    uint64_t due = start;
    uint64_t n_sent = 0;

    memset(messages, 0, sizeof messages);
    for (;;) {
        uint64_t now = now_ns();

        if (now >= end) {
            break;
        }
        if (now < due) {
            continue;
        }
        due = MAX(due + interval, now - MAX_LATE_NS);

        for (size_t i = 0; i < BURST; i++) {
            messages[i].msg_hdr.msg_iov = &frames[(n_sent + i) % n_frames];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        int n = sendmmsg(fd, messages, BURST, 0);
        if (n < 0) {
            ovs_fatal(errno, "%s", argv[1]);
        }
        n_sent += n;
    }
    printf("%llu %f\n", (unsigned long long int) n_sent,
           (now_ns() - start) / 1e9);
    return 0;
}

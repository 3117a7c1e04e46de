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

/* A source of packets of more flows than fit into a capture, for benchmarks.
 *
 * net_pcap keeps each packet of a capture in a buffer of its own, so a million
 * of them measure the memory of the machine and little else.  This library,
 * preloaded into slb-vswitchd, has DPDK's net_null hand out packets of as many
 * flows as wanted.  A device named DEVICE gets them if there is
 *
 *     SLB_FLOWS_DEVICE=FRAME,FLOWS,VIPS
 *
 * in the environment: FRAME is a TCP segment in IPv4 without options, as
 * hexadecimal digits.  Its source port and the lower half of its source
 * address are replaced, so that FLOWS packets in a row are of different flows,
 * and VIPS consecutive addresses are gone through from the destination address
 * on, in no order.  Checksums are right if those of FRAME are. */

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

#define MAX_FRAME 128

struct headers {
    struct rte_ether_hdr eth;
    struct rte_ipv4_hdr ip;
    struct rte_tcp_hdr tcp;
} __attribute__((packed, aligned(2)));

struct source {
    union {
        uint8_t frame[MAX_FRAME];
        struct headers headers;
    };
    size_t size;
    uint64_t n_flows;
    uint64_t n_vips;
    uint32_t vip;               /* The first one, in host byte order. */
    uint32_t ip_sum;            /* Of the fields that stay. */
    uint32_t tcp_sum;           /* Likewise. */
    uint64_t n;                 /* Packets so far. */
};

/* Returns another number for each 'n'. */
static uint32_t
scatter(uint32_t n)
{
    n *= 0x9e3779b1;
    n ^= n >> 15;
    n *= 0x85ebca77;
    return n ^ n >> 13;
}

static uint16_t
fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    return sum + (sum >> 16);
}

/* Returns 'sum', a checksum as it is in a packet, without the 16 bits of
 * 'value'. */
static uint32_t
take_out(uint32_t sum, rte_be16_t value)
{
    return sum + (uint16_t) ~value;
}

static uint16_t
fill(uint16_t port, uint16_t queue, struct rte_mbuf *packets[], uint16_t n,
     uint16_t max, void *source_)
{
    struct source *source = source_;

    (void) port;
    (void) queue;
    (void) max;
    for (uint16_t i = 0; i < n; i++) {
        struct headers *h = rte_pktmbuf_mtod(packets[i], struct headers *);
        uint32_t flow = scatter(source->n++ % source->n_flows);
        uint32_t vip = (source->vip
                        + (scatter(~flow) * source->n_vips >> 32));
        uint32_t sum;

        memcpy(h, source->frame, sizeof *h);
        memcpy(h + 1, source->frame + sizeof *h, source->size - sizeof *h);
        h->ip.src_addr |= rte_cpu_to_be_32(flow & 0xffff);
        h->ip.dst_addr = rte_cpu_to_be_32(vip);
        h->tcp.src_port = rte_cpu_to_be_16(flow >> 16);
        sum = (rte_cpu_to_be_16(flow & 0xffff)
               + rte_cpu_to_be_16(vip >> 16) + rte_cpu_to_be_16(vip & 0xffff));
        h->ip.hdr_checksum = ~fold(source->ip_sum + sum);
        h->tcp.cksum = ~fold(source->tcp_sum + sum + h->tcp.src_port);
        packets[i]->data_len = packets[i]->pkt_len = source->size;
    }
    return n;
}

/* Returns what 'text' describes, or null. */
static struct source *
parse(const char *text)
{
    struct source *source = calloc(1, sizeof *source);
    unsigned int octet;
    int end = 0;

    while (source->size < MAX_FRAME && sscanf(text, "%2x", &octet) == 1) {
        source->frame[source->size++] = octet;
        text += 2;
    }
    if (sscanf(text, ",%"SCNu64",%"SCNu64"%n", &source->n_flows,
               &source->n_vips, &end) != 2
        || text[end] || source->size < sizeof(struct headers)
        || !source->n_flows || !source->n_vips) {
        free(source);
        return NULL;
    }

    struct headers *h = &source->headers;
    rte_be16_t src = rte_cpu_to_be_16(rte_be_to_cpu_32(h->ip.src_addr));
    uint32_t sum;

    source->vip = rte_be_to_cpu_32(h->ip.dst_addr);
    sum = take_out(0, src);
    sum = take_out(sum, rte_cpu_to_be_16(source->vip >> 16));
    sum = take_out(sum, rte_cpu_to_be_16(source->vip));
    source->ip_sum = fold(sum + (uint16_t) ~h->ip.hdr_checksum);
    source->tcp_sum = fold(take_out(sum, h->tcp.src_port)
                           + (uint16_t) ~h->tcp.cksum);
    h->ip.src_addr &= rte_cpu_to_be_32(0xffff0000);
    return source;
}

/* Takes the place of DPDK's function, for those that start a device. */
int
rte_eth_dev_start(uint16_t port)
{
    void *next = dlsym(RTLD_NEXT, "rte_eth_dev_start");
    static const struct rte_eth_rxtx_callback *callbacks[RTE_MAX_ETHPORTS];
    int (*start)(uint16_t);
    char variable[RTE_ETH_NAME_MAX_LEN + 16] = "SLB_FLOWS_";
    const char *text;
    int error;

    /* As POSIX has it, for want of a conversion in ISO C. */
    memcpy(&start, &next, sizeof start);
    /* A port keeps its callbacks when its device is closed, and may be another
     * device's by now. */
    if (callbacks[port]) {
        rte_eth_remove_rx_callback(port, 0, callbacks[port]);
        callbacks[port] = NULL;
    }
    error = start(port);
    if (!error && !rte_eth_dev_get_name_by_port(port,
                                                variable + strlen(variable))
        && (text = getenv(variable))) {
        struct source *source = parse(text);

        callbacks[port] = (source
                           ? rte_eth_add_rx_callback(port, 0, fill, source)
                           : NULL);
        if (!callbacks[port]) {
            fprintf(stderr, "%s: not as expected\n", variable);
            return -EINVAL;
        }
    }
    return error;
}

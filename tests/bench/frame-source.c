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

/* Sends the frames of a capture into a DPDK port, again and again, at a rate
 * of its own, PPS packets a second, whether the receiver keeps up or not.
 *
 *     frame-source CAPTURE PPS SECONDS RESULT RECEIVER -- EAL-ARGUMENT...
 *
 * Writes to the file RESULT how many seconds it took, and for each frame of
 * the capture a line that says how often it was to be sent and how often the
 * queue had room for it.  Time that it had not got it does not make up for, so
 * it causes no bursts.
 *
 * RECEIVER is the receiving thread's /proc/PID/task/TID/schedstat.  A receiver
 * that gets no processor loses packets whatever it does.  The first line of
 * RESULT also says for how many seconds it had to wait for one in all, and at
 * most within WATCH_MS milliseconds. */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

#define BURST 16
#define N_MBUFS 4096
#define CONNECT_SECONDS 10

/* Delay that is made up for. */
#define MAX_LATE_NS 200000

#define PCAP_HEADER 24
#define PCAP_RECORD 16

struct frame {
    void *data;
    uint32_t size;
    uint64_t offered;
    uint64_t accepted;
};

/* Looks once a millisecond how long the receiver has waited. */
#define WATCH_MS 50
#define WATCH_NS 1000000

struct watch {
    int fd;
    uint64_t looked_at;         /* Nanoseconds, as all here. */
    uint64_t first;             /* What it had waited before. */
    uint64_t waits[WATCH_MS];   /* What it had waited then, in turn. */
    size_t n;
    uint64_t longest;           /* Wait within WATCH_MS. */
};

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
read_frames(const char *name, struct frame **framesp)
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

        struct frame *frame = &(*framesp)[n++];
        *frame = (struct frame) {
            .data = xmalloc(record[2]),
            .size = record[2],
        };
        if (fread(frame->data, frame->size, 1, stream) != 1) {
            ovs_fatal(0, "%s: truncated", name);
        }
    }
    fclose(stream);
    if (!n) {
        ovs_fatal(0, "%s: empty", name);
    }
    return n;
}

/* Starts port 0 and waits until its other end is there. */
static void
start_port(struct rte_mempool *pool)
{
    struct rte_eth_conf conf;
    struct rte_eth_link link;
    uint64_t end = now_ns() + CONNECT_SECONDS * UINT64_C(1000000000);

    memset(&conf, 0, sizeof conf);
    if (rte_eth_dev_configure(0, 1, 1, &conf)
        || rte_eth_rx_queue_setup(0, 0, 512, 0, NULL, pool)
        || rte_eth_tx_queue_setup(0, 0, 512, 0, NULL)
        || rte_eth_dev_start(0)) {
        ovs_fatal(0, "the port cannot be started");
    }
    do {
        if (now_ns() > end) {
            ovs_fatal(0, "the port has no link");
        }
        if (rte_eth_link_get_nowait(0, &link)) {
            ovs_fatal(0, "the port cannot be asked for its link");
        }
    } while (!link.link_status);
}

/* Sends the next burst of 'frames', which begins with number '*nextp'. */
static void
send_burst(struct rte_mempool *pool, struct frame *frames, size_t n_frames,
           size_t *nextp)
{
    struct rte_mbuf *mbufs[BURST];
    size_t next = *nextp;
    uint16_t n_sent;

    if (rte_pktmbuf_alloc_bulk(pool, mbufs, BURST)) {
        ovs_fatal(0, "no mbufs are left");
    }
    for (size_t i = 0; i < BURST; i++) {
        struct frame *frame = &frames[(next + i) % n_frames];

        memcpy(rte_pktmbuf_append(mbufs[i], frame->size), frame->data,
               frame->size);
        frame->offered++;
    }
    n_sent = rte_eth_tx_burst(0, 0, mbufs, BURST);
    for (size_t i = 0; i < BURST; i++) {
        if (i < n_sent) {
            frames[(next + i) % n_frames].accepted++;
        } else {
            rte_pktmbuf_free(mbufs[i]);
        }
    }
    *nextp = (next + BURST) % n_frames;
}

static uint64_t
read_wait(const struct watch *w)
{
    char text[128];
    ssize_t n = pread(w->fd, text, sizeof text - 1, 0);
    char *end;

    if (n <= 0) {
        ovs_fatal(errno, "the receiver is gone");
    }
    text[n] = '\0';
    strtoull(text, &end, 10);
    return strtoull(end, NULL, 10);
}

static void
watch_start(struct watch *w, const char *schedstat)
{
    memset(w, 0, sizeof *w);
    w->fd = open(schedstat, O_RDONLY);
    if (w->fd < 0) {
        ovs_fatal(errno, "%s", schedstat);
    }
    w->first = read_wait(w);
    for (size_t i = 0; i < WATCH_MS; i++) {
        w->waits[i] = w->first;
    }
}

static void
watch_look(struct watch *w, uint64_t now)
{
    uint64_t *wait = &w->waits[w->n++ % WATCH_MS];
    uint64_t before = *wait;

    *wait = read_wait(w);
    w->longest = MAX(w->longest, *wait - before);
    w->looked_at = now;
}

static void
write_result(const char *name, double seconds, const struct watch *w,
             const struct frame *frames, size_t n_frames)
{
    FILE *stream = fopen(name, "w");

    if (!stream) {
        ovs_fatal(errno, "%s", name);
    }
    fprintf(stream, "%f %f %f\n", seconds, (read_wait(w) - w->first) / 1e9,
            w->longest / 1e9);
    for (size_t i = 0; i < n_frames; i++) {
        fprintf(stream, "%"PRIu64" %"PRIu64"\n", frames[i].offered,
                frames[i].accepted);
    }
    if (fclose(stream)) {
        ovs_fatal(errno, "%s", name);
    }
}

int
main(int argc, char *argv[])
{
    set_program_name(argv[0]);
    if (argc < 7 || strcmp(argv[6], "--")) {
        ovs_fatal(0, "usage: %s CAPTURE PPS SECONDS RESULT RECEIVER -- "
                  "EAL-ARGUMENT...", argv[0]);
    }

    struct frame *frames;
    size_t n_frames = read_frames(argv[1], &frames);
    double pps = atof(argv[2]);
    double seconds = atof(argv[3]);
    const char *result = argv[4];
    struct watch watch;

    watch_start(&watch, argv[5]);
    argv[6] = argv[0];
    if (rte_eal_init(argc - 6, argv + 6) < 0) {
        ovs_fatal(0, "DPDK cannot be initialized");
    }

    struct rte_mempool *pool = rte_pktmbuf_pool_create(
        "frames", N_MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    if (!pool) {
        ovs_fatal(0, "no memory for mbufs");
    }
    start_port(pool);

    uint64_t interval = BURST * 1e9 / pps;
    uint64_t start = now_ns();
    uint64_t end = start + seconds * 1e9;
    uint64_t due = start;
    uint64_t now;
    size_t next = 0;
    while ((now = now_ns()) < end) {
        if (now >= due) {
            due = MAX(due + interval, now - MAX_LATE_NS);
            send_burst(pool, frames, n_frames, &next);
        }
        if (now - watch.looked_at >= WATCH_NS) {
            watch_look(&watch, now);
        }
    }
    write_result(result, (now_ns() - start) / 1e9, &watch, frames, n_frames);

    /* The other end has packets in its queue yet: our caller sees when it has
     * not any more. */
    puts("sent");
    fflush(stdout);
    while (getchar() != EOF) {
        continue;
    }
    return 0;
}

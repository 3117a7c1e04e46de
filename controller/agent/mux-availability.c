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

#include "controller/agent/mux-availability.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "controller/agent/agent.h"
#include "controller/agent/availability.h"
#include "controller/agent/availability-packet.h"
#include "controller/agent/mux-tables.h"
#include "controller/agent/node.h"
#include "controller/agent/ofctrl.h"
#include "dp-packet.h"
#include "entropy.h"
#include "ofproto-rules/pipeline.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "socket-util.h"
#include "sset.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(mux_availability);

/* Milliseconds between attempts to bind the socket, and between looks at
 * changed tables. */
#define AGAIN_MS 1000

/* Milliseconds that planning may take in a turn. */
#define PLAN_MS 5

/* Octets of answers that may wait. */
#define RECEIVE_BUFFER (8 * 1024 * 1024)

static struct availability *availability;
static struct availability_maker maker;
static mux_availability_name_func *find_name;
static const struct mux_availability_view *view; /* In a turn. */

static int fd = -1;
static ovs_be32 fd_vtep;        /* That it is bound to. */
static long long int open_at;
static bool set_dirty;
static long long int set_at;
static bool measuring;
static unsigned long long int n_foreign; /* Received, and no answers. */

/* The wall clock, which the kernel's time stamps are of. */
static long long int
get_wall_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

/* For availability.h. */

static void
send_packet(const struct availability_endpoint *endpoint,
            const struct availability_flow *flow, uint64_t seq, void *agent_)
{
    struct agent *agent = agent_;
    struct dp_packet packet;
    uint64_t stub[32];
    struct ofpbuf ofpacts = OFPBUF_STUB_INITIALIZER(stub);

    dp_packet_init(&packet, 256);
    availability_packet_make(&maker, endpoint, flow, seq, get_wall_us(),
                             &packet);
    ofpact_put_OUTPUT(&ofpacts)->port = view->port;

    struct ofputil_packet_out po = {
        .packet = dp_packet_data(&packet),
        .packet_len = dp_packet_size(&packet),
        .buffer_id = UINT32_MAX,
        .flow_metadata = MATCH_CATCHALL_INITIALIZER,
        .ofpacts = ofpacts.data,
        .ofpacts_len = ofpacts.size,
    };
    match_set_in_port(&po.flow_metadata, OFPP_CONTROLLER);
    ofctrl_send_packet(agent->ofctrl, &po);
    ofpbuf_uninit(&ofpacts);
    dp_packet_uninit(&packet);
}

static bool
is_announced(int64_t network, const char *address, void *agent OVS_UNUSED)
{
    /* VIPs in networks are behind the muxes' common VTEP. */
    const char *what = (network ? mux_tables_get_anycast(view->tables)
                        : address);

    return (what && sset_contains(view->addresses, what)
            && sset_contains(view->ready, what));
}

static const char *
get_name(int64_t network, const char *address, void *agent)
{
    return find_name(network, address, agent);
}

static const struct availability_ops ops = {
    .send = send_packet,
    .is_announced = is_announced,
    .name = get_name,
};

/* The socket. */

static void
close_socket(void)
{
    if (fd >= 0) {
        close(fd);
        fd = -1;
    }
}

static void
open_socket(ovs_be32 vtep)
{
    struct sockaddr_in sin = {
        .sin_family = AF_INET,
        .sin_port = htons(VXLAN_PORT),
        .sin_addr.s_addr = vtep,
    };
    int size = RECEIVE_BUFFER;
    int on = 1;

    open_at = time_msec() + AGAIN_MS;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0
        || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on)
        || (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size)
            && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size))
        || bind(fd, (struct sockaddr *) &sin, sizeof sin)) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

        VLOG_WARN_RL(&rl, "nothing is measured: no socket for "IP_FMT
                     ":%d (%s)", IP_ARGS(vtep), VXLAN_PORT,
                     ovs_strerror(errno));
        close_socket();
        return;
    }
    fd_vtep = vtep;
}

static void
run_socket(ovs_be32 vtep)
{
    if (fd >= 0 && fd_vtep != vtep) {
        close_socket();
        open_at = 0;
    }
    if (fd < 0 && vtep && time_msec() >= open_at) {
        open_socket(vtep);
    }
}

/* Returns when 'msg' came, in microseconds of wall clock time. */
static long long int
get_time_stamp(struct msghdr *msg)
{
    struct cmsghdr *cmsg;

    for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
        if (cmsg->cmsg_level == SOL_SOCKET
            && cmsg->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec ts;

            memcpy(&ts, CMSG_DATA(cmsg), sizeof ts);
            return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
        }
    }
    return get_wall_us();
}

/* Takes an answer from the socket.  Returns false if there is none. */
static bool
receive_answer(void)
{
    char data[512];
    union {
        char data[256];
        struct cmsghdr align;
    } control;
    struct sockaddr_in from;
    struct iovec iov = { data, sizeof data };
    struct msghdr msg = {
        .msg_name = &from, .msg_namelen = sizeof from,
        .msg_iov = &iov, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof control,
    };
    struct availability_answer answer;
    ssize_t n = recvmsg(fd, &msg, 0);

    if (n < 0) {
        return false;
    }
    if (availability_packet_parse(&maker, data, n, &answer)) {
        long long int latency = get_time_stamp(&msg) - answer.sent_us;

        availability_answer(availability, answer.seq, from.sin_addr.s_addr,
                            answer.measure, answer.owner, time_msec(),
                            MAX(latency, 0));
    } else {
        n_foreign++;
    }
    return true;
}

static void
run_answers(void)
{
    /* What comes is limited by what is sent, unless somebody else sends. */
    for (int i = 0; i < 2 * AVAILABILITY_RATE && receive_answer(); i++) {
        continue;
    }
}

/* The module. */

static void
run_tables(void)
{
    set_dirty |= view->changed;
    if (set_dirty && time_msec() >= set_at) {
        const char *anycast = mux_tables_get_anycast(view->tables);

        set_dirty = false;
        set_at = time_msec() + AGAIN_MS;
        if (!anycast || !ip_parse(anycast, &maker.anycast)) {
            maker.anycast = 0;
        }
        availability_set(availability, view->tables);
    }

    long long int until = time_msec() + PLAN_MS;
    while (!availability_is_planned(availability)) {
        availability_plan(availability);
        if (time_msec() >= until) {
            break;
        }
    }
}

/* Measures, and tells of transitions. */
void
mux_availability_run(struct agent *agent,
                     const struct mux_availability_view *view_)
{
    view = view_;
    run_socket(agent->config.vtep);
    if (!measuring) {
        set_dirty = true;
    }
    measuring = view->tables && fd >= 0;
    if (!measuring) {
        availability_pause(availability);
        return;
    }

    maker.vtep = fd_vtep;
    run_answers();
    run_tables();
    availability_run(availability, time_msec(), time_wall_msec());
    if (availability_is_known(availability)) {
        node_set_status(agent, "availability",
                        availability_get_text(availability));
    }
}

void
mux_availability_wait(void)
{
    if (fd < 0) {
        poll_timer_wait_until(open_at);
    }
    if (measuring) {
        poll_timer_wait_until(availability_next(availability));
        if (set_dirty) {
            poll_timer_wait_until(set_at);
        }
        if (!availability_is_planned(availability)) {
            poll_immediate_wake();
        }
    }
}

/* Does a host not answer any more? */
bool
mux_availability_is_dead(ovs_be32 vtep)
{
    return availability_is_dead(availability, vtep);
}

/* Returns a number that goes up whenever mux_availability_is_dead() may say
 * something else. */
uint64_t
mux_availability_seqno(void)
{
    return availability_seqno(availability);
}

static void
show(struct unixctl_conn *conn, int argc OVS_UNUSED,
     const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (!measuring) {
        ds_put_cstr(&ds, "not measured now\n");
    } else {
        availability_format(availability, &ds);
    }
    ds_put_format(&ds, "received what is no answer: %llu\n", n_foreign);
    unixctl_command_reply(conn, ds_cstr(&ds));
    ds_destroy(&ds);
}

/* 'name' returns what a VIP belongs to, as users call it. */
void
mux_availability_init(struct agent *agent, mux_availability_name_func *name)
{
    get_entropy_or_die(&maker.secret, sizeof maker.secret);
    find_name = name;
    availability = availability_create(&ops, agent);
    unixctl_command_register("slb/availability", "", 0, 0, show, NULL);
}

void
mux_availability_destroy(void)
{
    /* Nothing is announced any more. */
    availability_destroy(availability);
    close_socket();
}

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

#include "controller/agent/probe-engine.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "coverage.h"
#include "heap.h"
#include "lib/slb-address.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "socket-util.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(probe_engine);
COVERAGE_DEFINE(probe_asked);
COVERAGE_DEFINE(probe_stalled);

/* Events taken in one go. */
#define MAX_EVENTS 256

/* Descriptors that are left to the rest of the process. */
#define RESERVE 64

/* More of them nobody needs: each token (lib/slb-probe.h) several times. */
#define MAX_DESCRIPTORS 65536

/* If somebody is being asked and nothing is looked at for longer than this, in
 * ms, that is our fault. */
#define STALL 500

#define USER_AGENT "Load Balancer Agent"

struct probe_engine {
    probe_engine_result *result;
    int epoll;
    CURLM *multi;
    long long int curl_at;      /* When libcurl wants to be called. */
    struct heap deadlines;      /* Of busy targets, the first one on top. */
    long long int next_at;      /* When to look at things again. */
    size_t n_targets;
    size_t n_urgent;            /* Of them, those that are 'urgent'. */
    size_t n_unsent;            /* And those that are 'unsent'. */
    size_t max_busy;            /* So many have room at a time. */
    long long int unsent_at[2]; /* When nothing could be sent last by ...
                                 * [0] IPv6, [1] IPv4. */

    /* The clock of deadlines: it all but stands still in a stall. */
    long long int ran_at;       /* When things could be looked at last. */
    long long int lost;         /* How much the clock is behind. */
};

struct probe_target {
    struct probe_engine *engine;
    void *aux;
    int timeout;
    bool busy;
    bool urgent;                /* And its answer is. */
    bool unsent;                /* Could nothing be sent, last time? */
    long long int asked_at;
    struct heap_node deadline;  /* In engine's 'deadlines' if 'busy', by the
                                 * engine's clock. */

    /* The connection, until libcurl has it. */
    char iface[IFNAMSIZ];       /* "" for any. */
    struct sockaddr_storage source; /* Or zeros. */
    struct sockaddr_storage address;
    int fd;                     /* Or -1. */

    /* The request; of TCP probes there is none. */
    CURL *easy;                 /* Or NULL. */
    bool requesting;            /* Is 'easy' in engine's 'multi'? */
    size_t n_octets;            /* That have come. */
};

/* What happens on a socket is told by the pointer in its epoll event: the
 * target that connects, or for libcurl's sockets their number with the lowest
 * bit set, which no pointer to a target has. */
static uint64_t
socket_to_data(curl_socket_t fd)
{
    return (uint64_t) fd << 1 | 1;
}

static void
set_events(struct probe_engine *engine, int op, int fd, uint32_t events,
           uint64_t data)
{
    struct epoll_event event = { .events = events, .data.u64 = data };

    if (epoll_ctl(engine->epoll, op, fd, &event)) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

        VLOG_WARN_RL(&rl, "epoll_ctl: %s", ovs_strerror(errno));
    }
}

/* Called by libcurl. */

/* Gives libcurl the connection that 'target' has, once. */
static curl_socket_t
curl_opens_socket(void *target_, curlsocktype purpose OVS_UNUSED,
                  struct curl_sockaddr *address)
{
    struct probe_target *target = target_;
    int fd = target->fd;

    target->fd = -1;
    address->addrlen = ss_length(&target->address);
    memcpy(&address->addr, &target->address, address->addrlen);
    return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

static int
curl_sets_socket(void *target OVS_UNUSED, curl_socket_t fd OVS_UNUSED,
                 curlsocktype purpose OVS_UNUSED)
{
    return CURL_SOCKOPT_ALREADY_CONNECTED;
}

/* Each socket has been in 'epoll' since it began to connect, and leaves it
 * when libcurl closes it, which is what it does with one that it does not want
 * to hear of any more. */
static int
curl_wants_socket(CURL *easy OVS_UNUSED, curl_socket_t fd, int what,
                  void *engine_, void *known OVS_UNUSED)
{
    struct probe_engine *engine = engine_;

    if (what != CURL_POLL_REMOVE) {
        uint32_t events = ((what & CURL_POLL_IN ? EPOLLIN : 0)
                           | (what & CURL_POLL_OUT ? EPOLLOUT : 0));

        set_events(engine, EPOLL_CTL_MOD, fd, events, socket_to_data(fd));
    }
    return 0;
}

static int
curl_wants_timer(CURLM *multi OVS_UNUSED, long int timeout, void *engine_)
{
    struct probe_engine *engine = engine_;

    /* Our clock is behind libcurl's, by less than 1 ms. */
    engine->curl_at = (timeout < 0 ? LLONG_MAX
                       : timeout ? time_msec() + timeout + 1
                       : 0);
    return 0;
}

/* Takes in headers and body.  Too much of it ends the transfer. */
static size_t
curl_has_data(char *data OVS_UNUSED, size_t size, size_t n, void *target_)
{
    struct probe_target *target = target_;

    target->n_octets += size * n;
    return target->n_octets > PROBE_ENGINE_MAX_OCTETS ? 0 : size * n;
}

/* Takes in a line of the headers.  When they are complete, all that counts is
 * known: the transfer ends, however long the rest may take to come. */
static size_t
curl_has_header(char *data, size_t size, size_t n, void *target_)
{
    struct probe_target *target = target_;

    if (data[0] == '\r' || data[0] == '\n') {
        long int status;

        curl_easy_getinfo(target->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 200) {
            return 0;
        }
    }
    return curl_has_data(data, size, n, target);
}

/* Allows this process as many descriptors as it may have and could need.
 * Returns for how many targets at a time that is enough. */
static size_t
raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit)) {
        VLOG_WARN("getrlimit: %s", ovs_strerror(errno));
        return MAX_DESCRIPTORS;
    }

    rlim_t may = limit.rlim_cur;
    limit.rlim_cur = MAX(may, MIN(limit.rlim_max, MAX_DESCRIPTORS));
    if (setrlimit(RLIMIT_NOFILE, &limit)) {
        VLOG_WARN("setrlimit: %s", ovs_strerror(errno));
        limit.rlim_cur = may;
    }
    return MAX(limit.rlim_cur, RESERVE + 1) - RESERVE;
}

struct probe_engine *
probe_engine_create(probe_engine_result *result)
{
    struct probe_engine *engine = xzalloc(sizeof *engine);

    curl_global_init(CURL_GLOBAL_DEFAULT);
    engine->max_busy = raise_limit();
    engine->result = result;
    engine->epoll = epoll_create1(EPOLL_CLOEXEC);
    engine->multi = curl_multi_init();
    if (engine->epoll < 0 || !engine->multi) {
        VLOG_FATAL("no probes are possible (%s)", ovs_strerror(errno));
    }
    engine->curl_at = LLONG_MAX;
    engine->unsent_at[0] = engine->unsent_at[1] = LLONG_MIN;
    heap_init(&engine->deadlines);
    curl_multi_setopt(engine->multi, CURLMOPT_SOCKETFUNCTION,
                      curl_wants_socket);
    curl_multi_setopt(engine->multi, CURLMOPT_SOCKETDATA, engine);
    curl_multi_setopt(engine->multi, CURLMOPT_TIMERFUNCTION,
                      curl_wants_timer);
    curl_multi_setopt(engine->multi, CURLMOPT_TIMERDATA, engine);
    curl_multi_setopt(engine->multi, CURLMOPT_MAXCONNECTS, 1L);
    curl_multi_setopt(engine->multi, CURLMOPT_PIPELINING,
                      (long) CURLPIPE_NOTHING);
    return engine;
}

/* All targets must have been destroyed. */
void
probe_engine_destroy(struct probe_engine *engine)
{
    if (engine) {
        curl_multi_cleanup(engine->multi);
        close(engine->epoll);
        heap_destroy(&engine->deadlines);
        free(engine);
        curl_global_cleanup();
    }
}

/* Requests. */

/* An address as it is written in a URL. */
static void
put_host(struct ds *ds, const struct in6_addr *address)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(address);

    ds_put_cstr(ds, v4 ? "" : "[");
    slb_address_format(address, ds);
    ds_put_cstr(ds, v4 ? "" : "]");
}

static CURL *
create_easy(struct probe_target *target, const struct probe_spec *spec)
{
    struct ds url = DS_EMPTY_INITIALIZER;
    CURL *easy = curl_easy_init();
    bool verify = spec->ca_file != NULL;

    if (!easy) {
        out_of_memory();
    }

    /* The request is for 'host', whatever the connection is made to. */
    ds_put_cstr(&url, spec->protocol == PROBE_HTTPS ? "https://" : "http://");
    put_host(&url, &spec->host);
    ds_put_format(&url, ":%"PRIu16"%s", spec->port, spec->path);

    curl_easy_setopt(easy, CURLOPT_PRIVATE, target);
    curl_easy_setopt(easy, CURLOPT_URL, ds_cstr(&url));
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, curl_opens_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, target);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, curl_sets_socket);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 0L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 2048L);

    /* There is nothing to resolve, but libcurl would remember that for each
     * address, and look at all it remembers each time. */
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, curl_has_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, target);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, curl_has_data);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, target);
    curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
    if (verify) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, spec->ca_file);
    }
    ds_destroy(&url);
    return easy;
}

/* Ends what 'target' is being asked, if it is. */
static void
end(struct probe_target *target)
{
    if (target->busy) {
        heap_remove(&target->engine->deadlines, &target->deadline);
        target->engine->n_urgent -= target->urgent;
    }
    if (target->requesting) {
        curl_multi_remove_handle(target->engine->multi, target->easy);
    }
    if (target->fd >= 0) {
        close(target->fd);
    }
    target->busy = target->urgent = target->requesting = false;
    target->fd = -1;
}

static void
report_connection(struct probe_target *target, int error)
{
    end(target);
    target->engine->result(target->aux, error ? ovs_strerror(error) : NULL);
}

/* The request is over, with 'code'.  With a status, what comes after it does
 * not matter. */
static void
report_request(struct probe_target *target, CURLcode code)
{
    char text[64];
    const char *reason = text;
    long int status;

    curl_easy_getinfo(target->easy, CURLINFO_RESPONSE_CODE, &status);
    end(target);
    if (status == 200) {
        reason = NULL;
    } else if (status) {
        snprintf(text, sizeof text, "status %ld", status);
    } else {
        reason = code ? curl_easy_strerror(code) : "no status";
    }
    target->engine->result(target->aux, reason);
}

/* The connection is there: goes on with the request. */
static void
begin_request(struct probe_target *target)
{
    target->requesting = true;
    target->n_octets = 0;
    curl_multi_add_handle(target->engine->multi, target->easy);
}

/* Hands over what came of requests that are over. */
static void
report_requests(struct probe_engine *engine)
{
    CURLMsg *msg;
    int n;

    while ((msg = curl_multi_info_read(engine->multi, &n))) {
        char *private;

        if (msg->msg == CURLMSG_DONE) {
            curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &private);
            report_request(ALIGNED_CAST(struct probe_target *, private),
                           msg->data.result);
        }
    }
}

/* Connections. */

/* Says whether 'target' could not be asked because of us. */
static void
set_unsent(struct probe_target *target, bool unsent)
{
    target->engine->n_unsent += unsent - target->unsent;
    target->unsent = unsent;
}

/* Has 'fd' connect to 'target', from where it has to be.  Returns a positive
 * errno if that fails at once, which does not depend on the target. */
static int
begin_connection(int fd, const struct probe_target *target)
{
    const struct sockaddr *source = (struct sockaddr *) &target->source;
    const struct sockaddr *address = (struct sockaddr *) &target->address;
    const int on = 1;

    /* Without its route, nothing is to get to another interface. */
    if (target->iface[0]
        && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, target->iface,
                      strlen(target->iface))) {
        return errno;
    }

    /* Nor is it to come from another address.  The port is chosen when the
     * connection is known: there may be one from it to each target. */
    if (source->sa_family
        && (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on)
            || bind(fd, source, ss_length(&target->source)))) {
        return errno;
    }
    return (!connect(fd, address, ss_length(&target->address)) ? 0
            : errno != EINPROGRESS ? errno
            : 0);
}

/* Makes a socket of 'type' that begins to connect to 'target' and stores it in
 * '*fdp'.  Returns 0 or a positive errno. */
static int
open_connection(const struct probe_target *target, int type, int *fdp)
{
    int fd = socket(target->address.ss_family,
                    type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = fd < 0 ? errno : begin_connection(fd, target);

    if (error && fd >= 0) {
        close(fd);
    }
    *fdp = fd;
    return error;
}

/* When nothing could be sent last that is like what 'target' is sent. */
static long long int *
unsent_at(const struct probe_target *target)
{
    return &target->engine->unsent_at[target->address.ss_family == AF_INET];
}

/* 'target' has not answered in time: would an answer have got here?  Not if
 * address or route are or were not there. */
static bool
is_cut_off(const struct probe_target *target)
{
    int fd;

    if (*unsent_at(target) >= target->asked_at) {
        return true;
    }

    /* This tells without sending anything. */
    if (open_connection(target, SOCK_DGRAM, &fd)) {
        return true;
    }
    close(fd);
    return false;
}

/* Begins to connect.  What comes of it is known later.  Returns 0 or a
 * positive errno. */
static int
connect_target(struct probe_target *target)
{
    struct probe_engine *engine = target->engine;
    long long int now = time_msec();
    long long int deadline = now - engine->lost + target->timeout;
    int error = open_connection(target, SOCK_STREAM, &target->fd);

    set_unsent(target, error);
    if (error) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

        VLOG_WARN_RL(&rl, "a probe cannot be sent (%s)", ovs_strerror(error));
        target->fd = -1;
        *unsent_at(target) = now;
        return error;
    }
    target->busy = true;
    target->asked_at = now;
    set_events(engine, EPOLL_CTL_ADD, target->fd, EPOLLOUT,
               (uintptr_t) target);
    if (heap_is_empty(&engine->deadlines)) {
        engine->ran_at = now;
    }
    heap_insert(&engine->deadlines, &target->deadline, UINT64_MAX - deadline);
    return 0;
}

static void
see_connection(struct probe_target *target)
{
    socklen_t len = sizeof(int);
    int error = 0;

    if (target->requesting) {
        return;
    }
    if (getsockopt(target->fd, SOL_SOCKET, SO_ERROR, &error, &len)) {
        error = errno;
    }
    if (!error && target->easy) {
        begin_request(target);
    } else {
        report_connection(target, error);
    }
}

/* Returns the busy target whose deadline is the first, and stores when that
 * is, by time_msec(). */
static struct probe_target *
first_deadline(const struct probe_engine *engine, long long int *at)
{
    struct probe_target *target;

    if (heap_is_empty(&engine->deadlines)) {
        *at = LLONG_MAX;
        return NULL;
    }
    target = CONTAINER_OF(heap_max(&engine->deadlines), struct probe_target,
                          deadline);
    *at = UINT64_MAX - target->deadline.priority + engine->lost;
    return target;
}

static void
set_address(struct sockaddr_storage *ss, const struct in6_addr *address,
            uint16_t port)
{
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        struct sockaddr_in *sin = ALIGNED_CAST(struct sockaddr_in *, ss);

        sin->sin_family = AF_INET;
        sin->sin_addr.s_addr = in6_addr_get_mapped_ipv4(address);
        sin->sin_port = htons(port);
    } else {
        struct sockaddr_in6 *sin6 = ALIGNED_CAST(struct sockaddr_in6 *, ss);

        sin6->sin6_family = AF_INET6;
        sin6->sin6_addr = *address;
        sin6->sin6_port = htons(port);
    }
}

/* Returns a new target, whose results are given to the engine's owner with
 * 'aux'. */
struct probe_target *
probe_target_create(struct probe_engine *engine, const struct probe_spec *spec,
                    void *aux)
{
    struct probe_target *target = xzalloc(sizeof *target);

    target->engine = engine;
    target->aux = aux;
    target->timeout = spec->timeout;
    target->fd = -1;
    ovs_strlcpy(target->iface, spec->iface ? spec->iface : "",
                sizeof target->iface);
    if (ipv6_addr_is_set(&spec->source)) {
        set_address(&target->source, &spec->source, 0);
    }
    set_address(&target->address, &spec->address, spec->port);
    if (spec->protocol != PROBE_TCP) {
        target->easy = create_easy(target, spec);
    }
    engine->n_targets++;
    if (engine->n_targets == engine->max_busy + 1) {
        VLOG_WARN("more than %"PRIuSIZE" probes: this process may not have "
                  "enough open files for all of them at a time, so that some "
                  "may have to wait", engine->max_busy);
    }
    return target;
}

/* What it is being asked is forgotten. */
void
probe_target_destroy(struct probe_target *target)
{
    if (target) {
        end(target);
        set_unsent(target, false);
        target->engine->n_targets--;
        curl_easy_cleanup(target->easy);
        free(target);
    }
}

/* Is there room for one more to be asked? */
bool
probe_engine_has_room(const struct probe_engine *engine)
{
    return heap_count(&engine->deadlines) < engine->max_busy;
}

/* Could those be asked that should be, each of them the last time? */
bool
probe_engine_works(const struct probe_engine *engine)
{
    return !engine->n_unsent;
}

/* What happens until the next tick is looked at then. */
static void
wait_for_tick(struct probe_engine *engine, long long int now)
{
    engine->next_at = ROUND_UP(now + 1, engine->n_urgent
                                        ? PROBE_ENGINE_URGENT_TICK
                                        : PROBE_ENGINE_TICK);
}

/* Asks 'target', which must not be busy; if that is 'urgent', its answer is to
 * be known soon.  Returns 0, or a positive errno if nothing can be sent to it:
 * then there will be no result. */
int
probe_target_ask(struct probe_target *target, bool urgent)
{
    ovs_assert(!target->busy);
    int error = connect_target(target);

    if (!error) {
        COVERAGE_INC(probe_asked);
        target->urgent = urgent;
        target->engine->n_urgent += urgent;
        wait_for_tick(target->engine, time_msec());
    }
    return error;
}

/* Is it being asked? */
bool
probe_target_is_busy(const struct probe_target *target)
{
    return target->busy;
}

static void
see_event(struct probe_engine *engine, const struct epoll_event *event)
{
    uint64_t data = event->data.u64;

    if (data & 1) {
        uint32_t e = event->events;
        int what = ((e & EPOLLIN ? CURL_CSELECT_IN : 0)
                    | (e & EPOLLOUT ? CURL_CSELECT_OUT : 0)
                    | (e & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0));
        int running;

        curl_multi_socket_action(engine->multi, data >> 1, what, &running);
    } else {
        see_connection((void *) (uintptr_t) data);
    }
}

/* Sees all that has happened, each socket once: the kernel hands them out in
 * turn.  Returns true if there was something. */
static bool
see_events(struct probe_engine *engine)
{
    size_t n_left = heap_count(&engine->deadlines) / MAX_EVENTS + 1;
    struct epoll_event events[MAX_EVENTS];
    bool any = false;
    int n;

    do {
        n = epoll_wait(engine->epoll, events, MAX_EVENTS, 0);
        for (int i = 0; i < n; i++) {
            see_event(engine, &events[i]);
            any = true;
        }
    } while (n == MAX_EVENTS && --n_left);
    return any;
}

/* If nothing was looked at for a while, this process, or all of the machine,
 * was kept from it, and nobody could be asked further: that is no time that
 * somebody took to answer.  A little of it counts, so that a process to which
 * that happens all the time comes to an end with those who do not answer. */
static void
see_stall(struct probe_engine *engine, long long int now)
{
    long long int pause = now - engine->ran_at;

    engine->ran_at = now;
    if (pause > STALL && !heap_is_empty(&engine->deadlines)) {
        COVERAGE_INC(probe_stalled);
        engine->lost += pause - PROBE_ENGINE_TICK;
    }
}

/* Goes on with all that is asked, without blocking, and reports what is
 * known. */
void
probe_engine_run(struct probe_engine *engine)
{
    long long int now = time_msec();
    struct probe_target *target;
    long long int at;
    int running;

    see_stall(engine, now);
    if (now < engine->next_at) {
        return;
    }
    if (see_events(engine)) {
        wait_for_tick(engine, now);
    }
    if (engine->curl_at <= now) {
        /* If this was too early, libcurl does not say so again. */
        engine->curl_at = now + PROBE_ENGINE_TICK;
        wait_for_tick(engine, now);
        curl_multi_socket_action(engine->multi, CURL_SOCKET_TIMEOUT, 0,
                                 &running);
    }
    report_requests(engine);
    while ((target = first_deadline(engine, &at)) && at <= now) {
        if (is_cut_off(target)) {
            end(target);
        } else if (target->requesting) {
            report_request(target, CURLE_OPERATION_TIMEDOUT);
        } else {
            report_connection(target, ETIMEDOUT);
        }
    }
}

void
probe_engine_wait(struct probe_engine *engine)
{
    long long int at;

    if (first_deadline(engine, &at)) {
        /* So that a stall is told from a time without news. */
        poll_timer_wait_until(engine->ran_at + STALL / 2);
    }
    at = MIN(at, engine->curl_at);
    if (at != LLONG_MAX) {
        poll_timer_wait_until(MAX(at, engine->next_at));
    }
    if (time_msec() < engine->next_at) {
        poll_timer_wait_until(engine->next_at);
    } else {
        poll_fd_wait(engine->epoll, POLLIN);
    }
}

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
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
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

/* Events taken in one go. */
#define MAX_EVENTS 256

#define USER_AGENT "Load Balancer Agent"

struct probe_engine {
    probe_engine_result *result;
    int epoll;
    CURLM *multi;
    long long int curl_at;      /* When libcurl wants to be called. */
    struct heap deadlines;      /* Of TCP probes, the first one on top. */
    long long int worked_at;    /* When there was something to do last. */
};

struct probe_target {
    struct probe_engine *engine;
    void *aux;
    int timeout;
    bool busy;

    /* Of TCP probes. */
    int fd;                     /* Or -1. */
    int error;                  /* What it is at the deadline. */
    struct sockaddr_storage address;
    struct heap_node deadline;  /* In engine's 'deadlines' if 'fd' >= 0. */

    /* Of the others; NULL if it is a TCP probe. */
    CURL *easy;
    struct curl_slist *connect_to;
    size_t n_octets;            /* That have come. */
};

/* What happens on a socket is told by the pointer in its epoll event: the
 * target of a TCP probe, or for libcurl's sockets their number with the lowest
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

static int
curl_wants_socket(CURL *easy OVS_UNUSED, curl_socket_t fd, int what,
                  void *engine_, void *known)
{
    struct probe_engine *engine = engine_;

    if (what == CURL_POLL_REMOVE) {
        set_events(engine, EPOLL_CTL_DEL, fd, 0, 0);
    } else {
        uint32_t events = ((what & CURL_POLL_IN ? EPOLLIN : 0)
                           | (what & CURL_POLL_OUT ? EPOLLOUT : 0));

        set_events(engine, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, events,
                   socket_to_data(fd));
        if (!known) {
            /* Anything but NULL: the socket is known from now on. */
            curl_multi_assign(engine->multi, fd, engine);
        }
    }
    return 0;
}

static int
curl_wants_timer(CURLM *multi OVS_UNUSED, long int timeout, void *engine_)
{
    struct probe_engine *engine = engine_;

    /* Our clock is behind libcurl's, by less than 1 ms. */
    engine->curl_at = timeout < 0 ? LLONG_MAX : time_msec() + timeout + 1;
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

struct probe_engine *
probe_engine_create(probe_engine_result *result)
{
    struct probe_engine *engine = xzalloc(sizeof *engine);

    curl_global_init(CURL_GLOBAL_DEFAULT);
    engine->result = result;
    engine->epoll = epoll_create1(EPOLL_CLOEXEC);
    engine->multi = curl_multi_init();
    if (engine->epoll < 0 || !engine->multi) {
        VLOG_FATAL("no probes are possible (%s)", ovs_strerror(errno));
    }
    engine->curl_at = LLONG_MAX;
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

/* HTTP(S). */

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
    struct ds to = DS_EMPTY_INITIALIZER;
    CURL *easy = curl_easy_init();
    bool verify = spec->ca_file != NULL;

    if (!easy) {
        out_of_memory();
    }

    /* The request is for 'host', which goes into the header; the connection
     * is made to 'address'. */
    ds_put_cstr(&url, spec->protocol == PROBE_HTTPS ? "https://" : "http://");
    put_host(&url, &spec->host);
    ds_put_format(&url, ":%"PRIu16"%s", spec->port, spec->path);
    ds_put_cstr(&to, "::");
    put_host(&to, &spec->address);
    ds_put_char(&to, ':');
    target->connect_to = curl_slist_append(NULL, ds_cstr(&to));

    curl_easy_setopt(easy, CURLOPT_PRIVATE, target);
    curl_easy_setopt(easy, CURLOPT_URL, ds_cstr(&url));
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, target->connect_to);
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
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) spec->timeout);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long) spec->timeout);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, curl_has_data);
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
    ds_destroy(&to);
    return easy;
}

/* Hands over what came of requests that are over. */
static void
report_requests(struct probe_engine *engine)
{
    CURLMsg *msg;
    int n;

    while ((msg = curl_multi_info_read(engine->multi, &n))) {
        CURL *easy = msg->easy_handle;
        CURLcode code = msg->data.result;
        struct probe_target *target;
        char reason[64];
        char *private;
        long int status;

        if (msg->msg != CURLMSG_DONE) {
            continue;
        }
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        target = ALIGNED_CAST(struct probe_target *, private);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        curl_multi_remove_handle(engine->multi, easy);
        target->busy = false;

        /* With a status, what comes after it does not matter. */
        if (status == 200) {
            engine->result(target->aux, NULL);
        } else if (status) {
            snprintf(reason, sizeof reason, "status %ld", status);
            engine->result(target->aux, reason);
        } else {
            engine->result(target->aux, (code ? curl_easy_strerror(code)
                                         : "no status"));
        }
    }
}

/* TCP. */

static void
end_connection(struct probe_target *target)
{
    if (target->fd >= 0) {
        heap_remove(&target->engine->deadlines, &target->deadline);
        close(target->fd);
        target->fd = -1;
    }
    target->busy = false;
}

static void
report_connection(struct probe_target *target, int error)
{
    end_connection(target);
    target->engine->result(target->aux, error ? ovs_strerror(error) : NULL);
}

/* Begins to connect.  What comes of it is known later, also of what fails at
 * once. */
static void
connect_target(struct probe_target *target)
{
    struct probe_engine *engine = target->engine;
    const struct sockaddr *address = (struct sockaddr *) &target->address;
    long long int deadline = time_msec() + target->timeout;
    int fd = socket(target->address.ss_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

    if (fd < 0) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

        /* This says nothing of the target, which is asked again. */
        VLOG_WARN_RL(&rl, "no socket for a probe (%s)", ovs_strerror(errno));
        target->busy = false;
        return;
    }
    target->fd = fd;
    target->error = ETIMEDOUT;
    if (!connect(fd, address, ss_length(&target->address))
        || errno == EINPROGRESS) {
        set_events(engine, EPOLL_CTL_ADD, fd, EPOLLOUT, (uintptr_t) target);
    } else {
        target->error = errno;
        deadline = 0;
    }
    heap_insert(&engine->deadlines, &target->deadline, UINT64_MAX - deadline);
}

static void
see_connection(struct probe_target *target)
{
    socklen_t len = sizeof(int);
    int error = 0;

    if (getsockopt(target->fd, SOL_SOCKET, SO_ERROR, &error, &len)) {
        error = errno;
    }
    report_connection(target, error);
}

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
    *at = UINT64_MAX - target->deadline.priority;
    return target;
}

/* Both. */

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
    if (spec->protocol == PROBE_TCP) {
        struct sockaddr_storage *ss = &target->address;
        struct sockaddr_in *sin = ALIGNED_CAST(struct sockaddr_in *, ss);
        struct sockaddr_in6 *sin6 = ALIGNED_CAST(struct sockaddr_in6 *, ss);

        if (IN6_IS_ADDR_V4MAPPED(&spec->address)) {
            sin->sin_family = AF_INET;
            sin->sin_addr.s_addr = in6_addr_get_mapped_ipv4(&spec->address);
            sin->sin_port = htons(spec->port);
        } else {
            sin6->sin6_family = AF_INET6;
            sin6->sin6_addr = spec->address;
            sin6->sin6_port = htons(spec->port);
        }
    } else {
        target->easy = create_easy(target, spec);
    }
    return target;
}

/* What it is being asked is forgotten. */
void
probe_target_destroy(struct probe_target *target)
{
    if (!target) {
        return;
    }
    if (target->easy) {
        if (target->busy) {
            curl_multi_remove_handle(target->engine->multi, target->easy);
        }
        curl_easy_cleanup(target->easy);
        curl_slist_free_all(target->connect_to);
    }
    end_connection(target);
    free(target);
}

/* Asks 'target', which must not be busy. */
void
probe_target_ask(struct probe_target *target)
{
    struct probe_engine *engine = target->engine;

    ovs_assert(!target->busy);
    COVERAGE_INC(probe_asked);
    target->busy = true;
    if (target->easy) {
        target->n_octets = 0;
        curl_multi_add_handle(engine->multi, target->easy);
    } else {
        connect_target(target);
    }
}

/* Is it being asked? */
bool
probe_target_is_busy(const struct probe_target *target)
{
    return target->busy;
}

static bool
see_events(struct probe_engine *engine)
{
    struct epoll_event events[MAX_EVENTS];
    int running;
    int n = epoll_wait(engine->epoll, events, MAX_EVENTS, 0);

    for (int i = 0; i < n; i++) {
        uint64_t data = events[i].data.u64;

        if (data & 1) {
            uint32_t e = events[i].events;
            int what = ((e & EPOLLIN ? CURL_CSELECT_IN : 0)
                        | (e & EPOLLOUT ? CURL_CSELECT_OUT : 0)
                        | (e & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0));

            curl_multi_socket_action(engine->multi, data >> 1, what, &running);
        } else {
            see_connection((void *) (uintptr_t) data);
        }
    }
    return n > 0;
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

    if (now < engine->worked_at + PROBE_ENGINE_TICK) {
        return;
    }
    if (see_events(engine)) {
        engine->worked_at = now;
    }
    if (engine->curl_at <= now) {
        /* If this was too early, libcurl does not say so again. */
        engine->curl_at = now + PROBE_ENGINE_TICK;
        engine->worked_at = now;
        curl_multi_socket_action(engine->multi, CURL_SOCKET_TIMEOUT, 0,
                                 &running);
    }
    report_requests(engine);
    while ((target = first_deadline(engine, &at)) && at <= now) {
        report_connection(target, target->error);
    }
}

void
probe_engine_wait(struct probe_engine *engine)
{
    long long int next = engine->worked_at + PROBE_ENGINE_TICK;
    long long int at;

    first_deadline(engine, &at);
    at = MIN(at, engine->curl_at);
    if (at != LLONG_MAX) {
        poll_timer_wait_until(MAX(at, next));
    }
    if (time_msec() < next) {
        poll_timer_wait_until(next);
    } else {
        poll_fd_wait(engine->epoll, POLLIN);
    }
}

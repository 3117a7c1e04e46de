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

#include <arpa/inet.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "openvswitch/poll-loop.h"
#include "packets.h"
#include "tests/unit/unit.h"
#include "timeval.h"
#include "util.h"

/* A server in a process of its own, which behaves as the path asks for. */
static uint16_t server_port;
static pid_t server_pid;

/* What it got last is here, for a request of the next one. */
static char last_request[4096];

static void
send_text(int fd, const char *text)
{
    ignore(send(fd, text, strlen(text), MSG_NOSIGNAL));
}

static bool
asks_for(const char *request, const char *path)
{
    char *begin = xasprintf("GET %s ", path);
    bool yes = !strncmp(request, begin, strlen(begin));

    free(begin);
    return yes;
}

static void
answer(int fd)
{
    char request[4096];
    ssize_t n = recv(fd, request, sizeof request - 1, 0);
    bool keep = false;

    request[MAX(n, 0)] = '\0';
    if (asks_for(request, "/ok")) {
        send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    } else if (asks_for(request, "/404")) {
        send_text(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    } else if (asks_for(request, "/503")) {
        send_text(fd, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    } else if (asks_for(request, "/301")) {
        send_text(fd, "HTTP/1.1 301 Moved\r\nLocation: /ok\r\n"
                  "Content-Length: 0\r\n\r\n");
    } else if (asks_for(request, "/204")) {
        send_text(fd, "HTTP/1.1 204 Nothing\r\n\r\n");
    } else if (asks_for(request, "/nonsense")) {
        send_text(fd, "what?\r\n\r\n");
    } else if (asks_for(request, "/hang")) {
        keep = true;
    } else if (asks_for(request, "/begin")) {
        send_text(fd, "HTTP/1.1 100 Continue\r\n\r\n"
                  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok");
        keep = true;
    } else if (asks_for(request, "/begin503")) {
        send_text(fd, "HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\n");
        keep = true;
    } else if (asks_for(request, "/half")) {
        send_text(fd, "HTTP/1.1 20");
        keep = true;
    } else if (asks_for(request, "/big")) {
        send_text(fd, "HTTP/1.1 200 OK\r\n\r\n");
        while (send(fd, request, sizeof request, MSG_NOSIGNAL) > 0) {
            continue;
        }
    } else if (asks_for(request, "/headers")) {
        send_text(fd, "HTTP/1.1 100 Continue\r\n");
        while (send(fd, "X-More: of it\r\n", 15, MSG_NOSIGNAL) > 0) {
            continue;
        }
    } else if (asks_for(request, "/reset")) {
        const struct linger linger = { .l_onoff = 1 };

        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    } else if (asks_for(request, "/last?a=b/../c")) {
        if (strstr(last_request, "Host: 127.0.0.9:")
            && strstr(last_request, "User-Agent: Load Balancer Agent\r\n")) {
            send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        } else {
            send_text(fd, "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n");
        }
    }
    ovs_strlcpy(last_request, request, sizeof last_request);
    if (!keep) {
        close(fd);
    }
}

static void
start_server(void)
{
    struct sockaddr_in sin = { .sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof sin;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *) &sin, sizeof sin), 0);
    CU_ASSERT_EQUAL_FATAL(listen(fd, 1000), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *) &sin, &len), 0);
    server_port = ntohs(sin.sin_port);
    server_pid = fork();
    CU_ASSERT_NOT_EQUAL_FATAL(server_pid, -1);
    if (!server_pid) {
        for (;;) {
            int connection = accept(fd, NULL, NULL);

            if (connection >= 0) {
                answer(connection);
            }
        }
    }
    close(fd);
}

static void
stop_server(void)
{
    kill(server_pid, SIGKILL);
    waitpid(server_pid, NULL, 0);
}

struct asked {
    struct probe_target *target;
    int n;                      /* Results. */
    char *reason;               /* The last one, NULL for a success. */
};

static void
see_result(void *asked_, const char *reason)
{
    struct asked *asked = asked_;

    asked->n++;
    free(asked->reason);
    asked->reason = nullable_xstrdup(reason);
}

static struct in6_addr
address(const char *text)
{
    struct in6_addr addr;

    in6_addr_set_mapped_ipv4(&addr, inet_addr(text));
    return addr;
}

static struct probe_spec
make_spec(enum probe_protocol protocol, const char *path)
{
    return (struct probe_spec) {
        .protocol = protocol,
        .address = address("127.0.0.1"),
        .host = address("127.0.0.9"),
        .port = server_port,
        .path = path,
        .timeout = 10000,
    };
}

/* Asks 'asked' and waits for what comes of it. */
static void
ask(struct probe_engine *engine, struct asked *asked, bool urgent)
{
    int n = asked->n;

    CU_ASSERT_EQUAL_FATAL(probe_target_ask(asked->target, urgent), 0);
    CU_ASSERT_TRUE(probe_target_is_busy(asked->target));
    for (;;) {
        probe_engine_run(engine);
        if (asked->n != n) {
            break;
        }
        probe_engine_wait(engine);
        poll_block();
    }
    CU_ASSERT_EQUAL(asked->n, n + 1);
    CU_ASSERT_FALSE(probe_target_is_busy(asked->target));
}

/* Asks once and returns true if the reason is 'wanted', NULL for success. */
static bool
ask_once(struct probe_engine *engine, const struct probe_spec *spec,
         const char *wanted)
{
    struct asked asked = { .n = 0 };

    asked.target = probe_target_create(engine, spec, &asked);
    ask(engine, &asked, false);
    probe_target_destroy(asked.target);

    bool ok = (wanted ? asked.reason && strstr(asked.reason, wanted)
               : !asked.reason);
    if (!ok) {
        printf("# %s: %s\n", spec->path ? spec->path : "",
               asked.reason ? asked.reason : "success");
    }
    free(asked.reason);
    return ok;
}

static void
test_http(void)
{
    static const struct {
        const char *path;
        const char *reason;
    } cases[] = {
        { "/ok", NULL },
        { "/404", "status 404" },
        { "/503", "status 503" },
        { "/301", "status 301" },
        { "/204", "status 204" },
        { "/nonsense", "protocol" },
        { "/hang", "imeout" },
        { "/half", "imeout" },
        { "/begin", NULL },     /* Nobody waits for the rest. */
        { "/begin503", "status 503" },
        { "/big", NULL },
        { "/headers", "status 100" },
        { "/reset", "receiving" },
        { "/else", "nothing" },
        { "/a b", "URL" },
        { "/a\r\nb", "URL" },
        { "/ok", NULL },
        { "/last?a=b/../c", NULL }, /* Was that as it should be? */
    };

    start_server();
    struct probe_engine *engine = probe_engine_create(see_result);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct probe_spec spec = make_spec(PROBE_HTTP, cases[i].path);
        const char *reason = cases[i].reason;
        bool late = reason && !strcmp(reason, "imeout");
        long long int begin = time_msec();

        spec.timeout = late ? 300 : spec.timeout;
        CU_ASSERT_TRUE(ask_once(engine, &spec, reason));
        CU_ASSERT_TRUE(late || time_msec() - begin < spec.timeout);
    }
    struct probe_spec spec = make_spec(PROBE_HTTPS, "/ok");
    CU_ASSERT_TRUE(ask_once(engine, &spec, "SSL"));
    probe_engine_destroy(engine);
    stop_server();
}

static void
test_tcp(void)
{
    start_server();
    struct probe_engine *engine = probe_engine_create(see_result);
    struct probe_spec spec = make_spec(PROBE_TCP, NULL);

    CU_ASSERT_TRUE(ask_once(engine, &spec, NULL));
    stop_server();
    CU_ASSERT_TRUE(ask_once(engine, &spec, "refused"));
    probe_engine_destroy(engine);
}

/* What cannot be sent says nothing of whom it is for. */
static void
test_unsent(void)
{
    struct asked asked = { .n = 0 };

    start_server();
    struct probe_engine *engine = probe_engine_create(see_result);
    const struct probe_spec good = make_spec(PROBE_HTTP, "/ok");
    struct probe_spec specs[] = { good, good, good };
    specs[0].address = address("255.255.255.255");
    specs[1].iface = "no-such-iface";
    specs[2].source = address("192.0.2.1");
    for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
        asked.target = probe_target_create(engine, &specs[i], &asked);
        CU_ASSERT_TRUE(probe_engine_works(engine));
        for (int j = 0; j < 2; j++) {
            CU_ASSERT_NOT_EQUAL(probe_target_ask(asked.target, false), 0);
            CU_ASSERT_FALSE(probe_target_is_busy(asked.target));
            CU_ASSERT_FALSE(probe_engine_works(engine));
            probe_engine_run(engine);
        }
        CU_ASSERT_EQUAL(asked.n, 0);

        /* Others that can be asked make no difference. */
        CU_ASSERT_TRUE(ask_once(engine, &good, NULL));
        CU_ASSERT_FALSE(probe_engine_works(engine));
        probe_target_destroy(asked.target);
        CU_ASSERT_TRUE(probe_engine_works(engine));
    }
    specs[0] = good;
    specs[0].iface = "lo";
    specs[0].source = address("127.0.0.3");
    CU_ASSERT_TRUE(ask_once(engine, &specs[0], NULL));
    CU_ASSERT_TRUE(probe_engine_works(engine));
    probe_engine_destroy(engine);
    stop_server();
}

/* A target can be asked again and again, and each time gets what is so. */
static void
test_again(void)
{
    for (int protocol = PROBE_TCP; protocol <= PROBE_HTTP; protocol++) {
        start_server();
        struct probe_engine *engine = probe_engine_create(see_result);
        struct probe_spec spec = make_spec(protocol, "/ok");
        struct asked asked = { .n = 0 };

        asked.target = probe_target_create(engine, &spec, &asked);
        for (int i = 0; i < 5; i++) {
            ask(engine, &asked, false);
            CU_ASSERT_PTR_NULL(asked.reason);
        }
        stop_server();
        for (int i = 0; i < 3; i++) {
            ask(engine, &asked, false);
            CU_ASSERT_PTR_NOT_NULL(asked.reason);
        }
        probe_target_destroy(asked.target);
        probe_engine_destroy(engine);
        free(asked.reason);
    }
}

/* Waits until who is asked of the 'n' in 'asked' has got a result. */
static bool
wait_for_all(struct probe_engine *engine, const struct asked *asked, int n)
{
    long long int until = time_msec() + 30000;
    int n_left = n;

    while (n_left && time_msec() < until) {
        probe_engine_run(engine);
        n_left = 0;
        for (int i = 0; i < n; i++) {
            n_left += asked[i].target && !asked[i].n;
        }
        probe_engine_wait(engine);
        poll_timer_wait_until(until);
        poll_block();
    }
    return !n_left;
}

/* Who is urgent need not wait for the tick of others: one of several times
 * even on a busy machine. */
static void
test_urgent(void)
{
    struct asked asked = { .n = 0 };
    long long int best = LLONG_MAX;

    start_server();
    struct probe_engine *engine = probe_engine_create(see_result);
    struct probe_spec spec = make_spec(PROBE_HTTP, "/ok");
    asked.target = probe_target_create(engine, &spec, &asked);
    for (int i = 0; i < 30 && best >= PROBE_ENGINE_TICK; i++) {
        long long int begin = time_msec();

        ask(engine, &asked, true);
        CU_ASSERT_PTR_NULL(asked.reason);
        best = MIN(best, time_msec() - begin);
    }
    CU_ASSERT_TRUE(best < PROBE_ENGINE_TICK);
    probe_target_destroy(asked.target);
    probe_engine_destroy(engine);
    stop_server();
}

/* Very many at once, of which some never answer, and some are taken away. */
static void
test_many(void)
{
    enum { N = 600 };
    struct asked asked[N];

    start_server();
    struct probe_engine *engine = probe_engine_create(see_result);
    memset(asked, 0, sizeof asked);
    for (int i = 0; i < N; i++) {
        struct probe_spec spec = make_spec(i % 3 ? PROBE_HTTP : PROBE_TCP,
                                           i % 3 == 1 ? "/ok" : "/hang");

        spec.timeout = i % 3 == 2 ? 2000 : 30000;
        asked[i].target = probe_target_create(engine, &spec, &asked[i]);
        CU_ASSERT_EQUAL_FATAL(probe_target_ask(asked[i].target, i % 2), 0);
    }
    for (int i = 0; i < N; i += 10) {
        probe_target_destroy(asked[i].target);
        asked[i].target = NULL;
    }

    CU_ASSERT_TRUE(wait_for_all(engine, asked, N));
    for (int i = 0; i < N; i++) {
        CU_ASSERT_EQUAL(asked[i].n, asked[i].target ? 1 : 0);
        if (asked[i].target) {
            CU_ASSERT_EQUAL(asked[i].reason != NULL, i % 3 == 2);
        }
        free(asked[i].reason);
        probe_target_destroy(asked[i].target);
    }
    probe_engine_destroy(engine);
    stop_server();
}

/* Nobody looks for longer than they may take: they have answered, or would
 * have if they had been asked further, so nobody fails because of that, but
 * who does not answer afterwards. */
static void
test_stall(void)
{
    enum { N_TCP = 300, N = 321 };
    struct asked asked[N];

    start_server();
    struct probe_engine *engine = probe_engine_create(see_result);
    memset(asked, 0, sizeof asked);
    for (int i = 0; i < N; i++) {
        struct probe_spec spec = make_spec(i < N_TCP ? PROBE_TCP : PROBE_HTTP,
                                           i < N - 1 ? "/ok" : "/hang");

        spec.timeout = 2000;
        asked[i].target = probe_target_create(engine, &spec, &asked[i]);
        CU_ASSERT_EQUAL_FATAL(probe_target_ask(asked[i].target, i % 2), 0);
    }
    xnanosleep(3 * 1000 * 1000 * 1000LL);
    probe_engine_run(engine);
    for (int i = 0; i < N_TCP; i++) {
        CU_ASSERT_EQUAL(asked[i].n, 1);
    }
    CU_ASSERT_TRUE(wait_for_all(engine, asked, N));
    for (int i = 0; i < N; i++) {
        CU_ASSERT_EQUAL(asked[i].n, 1);
        CU_ASSERT_EQUAL(asked[i].reason != NULL, i == N - 1);
        free(asked[i].reason);
        probe_target_destroy(asked[i].target);
    }
    probe_engine_destroy(engine);
    stop_server();
}

/* Even if that happens all the time, who does not answer fails. */
static void
test_stalls(void)
{
    struct asked asked = { .n = 0 };

    start_server();
    struct probe_engine *engine = probe_engine_create(see_result);
    struct probe_spec spec = make_spec(PROBE_HTTP, "/hang");
    spec.timeout = 100;
    asked.target = probe_target_create(engine, &spec, &asked);
    CU_ASSERT_EQUAL_FATAL(probe_target_ask(asked.target, false), 0);
    for (int i = 0; i < 10 && !asked.n; i++) {
        xnanosleep(600 * 1000 * 1000LL);
        probe_engine_run(engine);
    }
    CU_ASSERT_EQUAL(asked.n, 1);
    CU_ASSERT_PTR_NOT_NULL(asked.reason);
    free(asked.reason);
    probe_target_destroy(asked.target);
    probe_engine_destroy(engine);
    stop_server();
}

/* Those who do not answer leave descriptors for others.  What is allowed
 * cannot be raised again, so that this must be the last test. */
static void
test_room(void)
{
    enum { N = 100, LIMIT = 100 };
    struct rlimit limit;
    struct asked asked[N];
    int n_asked = 0;

    start_server();
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = LIMIT;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct probe_engine *engine = probe_engine_create(see_result);
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    CU_ASSERT_TRUE(limit.rlim_cur == MIN(limit.rlim_max, 65536));
    probe_engine_destroy(engine);

    limit.rlim_cur = limit.rlim_max = LIMIT;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    engine = probe_engine_create(see_result);
    memset(asked, 0, sizeof asked);
    for (int i = 0; i < N; i++) {
        struct probe_spec spec = make_spec(PROBE_HTTP, "/hang");

        asked[i].target = probe_target_create(engine, &spec, &asked[i]);
        if (probe_engine_has_room(engine)) {
            CU_ASSERT_EQUAL_FATAL(probe_target_ask(asked[i].target, i % 2), 0);
            n_asked++;
        }
    }
    CU_ASSERT_EQUAL(n_asked, LIMIT - 64);
    CU_ASSERT_FALSE(probe_engine_has_room(engine));
    probe_target_destroy(asked[0].target);
    CU_ASSERT_TRUE(probe_engine_has_room(engine));
    for (int i = 1; i < N; i++) {
        probe_target_destroy(asked[i].target);
    }
    probe_engine_destroy(engine);
    stop_server();
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_http),
    UNIT_TEST(test_tcp),
    UNIT_TEST(test_unsent),
    UNIT_TEST(test_again),
    UNIT_TEST(test_urgent),
    UNIT_TEST(test_many),
    UNIT_TEST(test_stall),
    UNIT_TEST(test_stalls),
    UNIT_TEST(test_room),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("probe-engine", tests, argc, argv);
}

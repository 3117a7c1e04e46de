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

#include "controller/agent/mux-feed.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controller/agent/mux-tables.h"
#include "jsonrpc.h"
#include "lib/slb-idl.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "stream.h"
#include "tests/unit/unit.h"
#include "timeval.h"
#include "util.h"

/* A datapath that says what the test tells it to say. */
struct server {
    char *path;
    struct pstream *pstream;
    struct jsonrpc *rpc;
    struct jsonrpc_msg *request;    /* To be answered. */
};

static char dir[] = "/tmp/test-mux-feed.XXXXXX";
static struct server server;
static struct mux_feed *feed;

static void
listen_again(void)
{
    char *name = xasprintf("punix:%s", server.path);

    CU_ASSERT_EQUAL_FATAL(jsonrpc_pstream_open(name, &server.pstream, 0), 0);
    free(name);
}

static void
start(void)
{
    server.path = xasprintf("%s/sock", dir);
    listen_again();
    char *name = xasprintf("unix:%s", server.path);
    feed = mux_feed_create(name);
    free(name);
}

static void
disconnect(void)
{
    jsonrpc_msg_destroy(server.request);
    server.request = NULL;
    jsonrpc_close(server.rpc);
    server.rpc = NULL;
}

static void
end(void)
{
    mux_feed_destroy(feed);
    disconnect();
    pstream_close(server.pstream);
    free(server.path);
}

static void
server_run(void)
{
    if (!server.rpc) {
        struct stream *stream;

        if (!pstream_accept(server.pstream, &stream)) {
            server.rpc = jsonrpc_open(stream);
        }
    }
    if (server.rpc) {
        jsonrpc_run(server.rpc);
        if (jsonrpc_get_status(server.rpc)) {
            disconnect();
        } else if (!server.request) {
            jsonrpc_recv(server.rpc, &server.request);
            if (server.request && !strcmp(server.request->method, "echo")) {
                /* The feed asks whether we are there, after 5 s. */
                jsonrpc_send(server.rpc, jsonrpc_create_reply(
                    json_clone(server.request->params), server.request->id));
                jsonrpc_msg_destroy(server.request);
                server.request = NULL;
            }
        }
    }
}

static void
block(long long int until)
{
    mux_feed_wait(feed);
    pstream_wait(server.pstream);
    if (server.rpc) {
        jsonrpc_wait(server.rpc);
        if (!server.request) {
            jsonrpc_recv_wait(server.rpc);
        }
    }
    poll_timer_wait_until(until);
    poll_block();
}

static bool
turn(long long int until)
{
    if (time_msec() >= until) {
        return false;
    }
    block(until);
    mux_feed_run(feed);
    server_run();
    return true;
}

/* What is waited for comes within milliseconds, unless the machine has much
 * else to do. */
#define WAIT_MS 60000

/* Waits for a request and returns its parameter, as text. */
static const char *
expect(const char *method)
{
    static char *text;
    long long int until = time_msec() + WAIT_MS;

    while (!server.request && turn(until)) {
        continue;
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(server.request);
    CU_ASSERT_STRING_EQUAL_FATAL(server.request->method, method);
    free(text);
    text = json_to_string(json_array(server.request->params)->elems[0],
                          JSSF_SORT);
    return text;
}

/* Nothing is asked for a moment. */
static void
expect_nothing(void)
{
    long long int until = time_msec() + 100;

    while (turn(until)) {
        continue;
    }
    CU_ASSERT_PTR_NULL(server.request);
}

static void
expect_state(enum mux_feed_state state)
{
    long long int until = time_msec() + WAIT_MS;

    while (mux_feed_state(feed) != state && turn(until)) {
        continue;
    }
    CU_ASSERT_EQUAL(mux_feed_state(feed), state);
}

static void
answer(bool ok, const char *text)
{
    struct json *json = json_from_string(text);

    jsonrpc_send(server.rpc,
                 ok ? jsonrpc_create_reply(json, server.request->id)
                 : jsonrpc_create_error(json, server.request->id));
    jsonrpc_msg_destroy(server.request);
    server.request = NULL;
    for (int i = 0; i < 3; i++) {
        server_run();
        mux_feed_run(feed);
    }
}

static void
hello(const char *instance, int generation)
{
    char *text = xasprintf("{\"version\":1,\"instance\":\"%s\","
                           "\"generation\":%d}", instance, generation);

    expect("hello");
    answer(true, text);
    free(text);
}

/* Wants 'n' VIPs. */
static void
put(int n)
{
    struct mux_tables t;

    mux_tables_init(&t);
    CU_ASSERT(mux_tables_set_global(&t, "000102030405060708090a0b0c0d0e0f",
                                    htonl(0xac10000b), ""));
    for (int i = 0; i < n; i++) {
        char vip[INET_ADDRSTRLEN];

        snprintf(vip, sizeof vip, "20.%d.%d.%d", i >> 16, (i >> 8) & 0xff,
                 i & 0xff);

        struct slbrec_vip row = { .address = vip, .echo = true };
        mux_tables_add_vip(&t, &row);
    }
    mux_feed_put(feed, &t);
    CU_ASSERT_EQUAL(mux_tables_count(&t), 0);
    mux_tables_destroy(&t);
}

static size_t
n_in_force(void)
{
    const struct mux_tables *t = mux_feed_in_force(feed);

    return t ? mux_tables_count(t) : 0;
}

#define GLOBAL "{\"anycast\":null," \
    "\"key\":\"000102030405060708090a0b0c0d0e0f\",\"op\":\"global\"," \
    "\"vtep\":\"172.16.0.11\"}"
#define VIP(N) "{\"address\":\"20.0.0." #N "\",\"network\":0,\"op\":\"vip\"}"
#define VIP_DEL(N) \
    "{\"address\":\"20.0.0." #N "\",\"network\":0,\"op\":\"vip-del\"}"

/* Everything, then differences. */
static void
test_mux_feed_loads(void)
{
    start();
    CU_ASSERT_EQUAL(mux_feed_state(feed), MUX_FEED_OFFLINE);
    hello("A", 0);
    expect_state(MUX_FEED_EMPTY);
    expect_nothing();

    put(1);
    CU_ASSERT_STRING_EQUAL(expect("transact"),
                           "{\"from\":null,\"more\":false,"
                           "\"ops\":["GLOBAL","VIP(0)"],\"to\":1}");
    CU_ASSERT_EQUAL(mux_feed_state(feed), MUX_FEED_EMPTY);
    CU_ASSERT_FALSE(mux_feed_acked(feed));
    answer(true, "{\"generation\":1}");
    expect_state(MUX_FEED_OURS);
    CU_ASSERT(mux_feed_acked(feed));
    CU_ASSERT_EQUAL(n_in_force(), 2);

    put(1);
    CU_ASSERT(mux_feed_acked(feed));
    expect_nothing();

    /* What is put meanwhile goes into the next transaction. */
    put(2);
    CU_ASSERT_FALSE(mux_feed_acked(feed));
    CU_ASSERT_STRING_EQUAL(expect("transact"),
                           "{\"from\":1,\"more\":false,\"ops\":["VIP(1)"],"
                           "\"to\":2}");
    put(1);
    answer(true, "{\"generation\":2}");
    CU_ASSERT_EQUAL(n_in_force(), 3);
    CU_ASSERT_FALSE(mux_feed_acked(feed));
    CU_ASSERT_STRING_EQUAL(expect("transact"),
                           "{\"from\":2,\"more\":false,\"ops\":["VIP_DEL(1)"],"
                           "\"to\":3}");
    answer(true, "{\"generation\":3}");
    CU_ASSERT(mux_feed_acked(feed));
    end();
}

static void
test_mux_feed_reconnects(void)
{
    start();
    put(1);
    hello("A", 0);
    expect("transact");
    answer(true, "{\"generation\":1}");
    expect_state(MUX_FEED_OURS);

    /* Only the connection was lost. */
    disconnect();
    expect_state(MUX_FEED_OFFLINE);
    CU_ASSERT_PTR_NULL(mux_feed_in_force(feed));
    put(2);
    hello("A", 1);
    CU_ASSERT_STRING_EQUAL(expect("transact"),
                           "{\"from\":1,\"more\":false,\"ops\":["VIP(1)"],"
                           "\"to\":2}");
    CU_ASSERT_EQUAL(mux_feed_state(feed), MUX_FEED_OURS);
    CU_ASSERT_EQUAL(n_in_force(), 2);

    /* It was lost after the transaction was put in force ... */
    disconnect();
    expect_state(MUX_FEED_OFFLINE);
    hello("A", 2);
    expect_state(MUX_FEED_OURS);
    CU_ASSERT_EQUAL(n_in_force(), 3);
    expect_nothing();
    CU_ASSERT(mux_feed_acked(feed));

    /* ... or before. */
    put(1);
    expect("transact");
    disconnect();
    expect_state(MUX_FEED_OFFLINE);
    hello("A", 2);
    CU_ASSERT_STRING_EQUAL(expect("transact"),
                           "{\"from\":2,\"more\":false,\"ops\":["VIP_DEL(1)"],"
                           "\"to\":3}");
    answer(true, "{\"generation\":3}");
    CU_ASSERT(mux_feed_acked(feed));

    /* Somebody else fed it meanwhile. */
    disconnect();
    expect_state(MUX_FEED_OFFLINE);
    hello("A", 9);
    expect_state(MUX_FEED_FOREIGN);
    CU_ASSERT_STRING_EQUAL(expect("transact"),
                           "{\"from\":null,\"more\":false,"
                           "\"ops\":["GLOBAL","VIP(0)"],\"to\":10}");
    answer(true, "{\"generation\":10}");
    expect_state(MUX_FEED_OURS);

    /* The same, and only a refusal tells. */
    put(2);
    expect("transact");
    answer(false, "{\"error\":\"generation\",\"details\":\"\"}");
    CU_ASSERT_EQUAL(mux_feed_state(feed), MUX_FEED_OFFLINE);
    hello("A", 12);
    expect_state(MUX_FEED_FOREIGN);
    put(1);
    expect("transact");
    answer(true, "{\"generation\":13}");

    /* A new process, which happens to have the same generation. */
    disconnect();
    expect_state(MUX_FEED_OFFLINE);
    hello("B", 13);
    expect_state(MUX_FEED_FOREIGN);
    CU_ASSERT_STRING_EQUAL(expect("transact"),
                           "{\"from\":null,\"more\":false,"
                           "\"ops\":["GLOBAL","VIP(0)"],\"to\":14}");
    disconnect();
    expect_state(MUX_FEED_OFFLINE);
    hello("C", 0);
    expect_state(MUX_FEED_EMPTY);
    CU_ASSERT_STRING_EQUAL(mux_feed_instance(feed), "C");
    CU_ASSERT_PTR_NULL(mux_feed_in_force(feed));
    end();
}

/* The last good state stays, everything is sent again, later. */
static void
test_mux_feed_refused(void)
{
    start();
    put(1);
    hello("A", 0);
    expect("transact");
    answer(true, "{\"generation\":1}");
    put(2);
    expect("transact");
    long long int before = time_msec();
    answer(false, "{\"error\":\"no room\",\"details\":\"full\",\"op\":0}");
    CU_ASSERT_EQUAL(mux_feed_state(feed), MUX_FEED_OURS);
    CU_ASSERT_EQUAL(n_in_force(), 2);
    CU_ASSERT_FALSE(mux_feed_acked(feed));
    CU_ASSERT_STRING_EQUAL(expect("transact"),
                           "{\"from\":null,\"more\":false,"
                           "\"ops\":["GLOBAL","VIP(0)","VIP(1)"],\"to\":2}");
    CU_ASSERT(time_msec() - before >= 900);
    answer(true, "{\"generation\":2}");
    CU_ASSERT(mux_feed_acked(feed));
    CU_ASSERT_EQUAL(n_in_force(), 3);

    /* An error of another form than ours, and an index out of range. */
    put(1);
    expect("transact");
    answer(false, "\"no\"");
    put(3);
    expect("transact");
    answer(false, "{\"error\":\"x\",\"op\":99}");
    CU_ASSERT_EQUAL(n_in_force(), 3);
    end();
}

/* A part is only sent when the one before has been accepted. */
static void
test_mux_feed_splits(void)
{
    size_t n_vips = 0, n_messages = 0;

    start();
    put(120000);
    hello("A", 0);
    for (bool more = true; more; n_messages++) {
        expect("transact");
        const struct shash *params = json_object(
            json_array(server.request->params)->elems[0]);
        const struct json *ops = shash_find_data(params, "ops");

        n_vips += json_array(ops)->n;
        more = json_boolean(shash_find_data(params, "more"));
        CU_ASSERT(strlen(expect("transact")) < 4 * 1024 * 1024);
        CU_ASSERT_EQUAL(mux_feed_state(feed), MUX_FEED_EMPTY);
        for (int i = 0; i < 10; i++) {
            mux_feed_run(feed);
            server_run();
        }
        answer(true, more ? "{\"staged\":1}" : "{\"generation\":1}");
    }
    CU_ASSERT_EQUAL(n_messages, 2);
    CU_ASSERT_EQUAL(n_vips, 120001);
    CU_ASSERT(mux_feed_acked(feed));

    /* A part is refused: what comes next is everything. */
    put(1);
    expect("transact");
    answer(false, "{\"error\":\"x\"}");
    put(2);
    const char *text = expect("transact");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"from\":null"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, GLOBAL));
    end();
}

/* Whatever the datapath says, the feed goes on. */
static void
test_mux_feed_nonsense(void)
{
    static const char *const hellos[] = {
        "{}", "[]", "null",
        "{\"version\":2,\"instance\":\"A\",\"generation\":0}",
        "{\"version\":1,\"instance\":5,\"generation\":0}",
        "{\"version\":1,\"instance\":\"A\",\"generation\":\"x\"}",
        "{\"version\":1,\"generation\":0}",
    };

    start();
    put(1);
    for (size_t i = 0; i < ARRAY_SIZE(hellos); i++) {
        expect("hello");
        answer(true, hellos[i]);
        CU_ASSERT_EQUAL(mux_feed_state(feed), MUX_FEED_OFFLINE);
    }
    expect("hello");
    answer(false, "{\"error\":\"version\"}");
    CU_ASSERT_EQUAL(mux_feed_state(feed), MUX_FEED_OFFLINE);

    /* Answers to a transaction. */
    static const char *const answers[] = {
        "{}", "null", "{\"generation\":7}", "{\"staged\":1}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        hello("A", 0);
        expect("transact");
        answer(true, answers[i]);
        CU_ASSERT_FALSE(mux_feed_acked(feed));
        CU_ASSERT_EQUAL(n_in_force(), 0);
    }

    /* Something that nobody asked for, then the answer. */
    hello("A", 0);
    expect("transact");
    jsonrpc_send(server.rpc, jsonrpc_create_notify(
                     "news", json_array_create_empty()));
    struct json *id = json_integer_create(123456);
    jsonrpc_send(server.rpc, jsonrpc_create_reply(json_object_create(), id));
    json_destroy(id);
    answer(true, "{\"generation\":1}");
    CU_ASSERT(mux_feed_acked(feed));
    end();
}

static void
expect_answer(const char *text)
{
    struct json *json = mux_feed_take_answer(feed);

    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    char *got = json_to_string(json, JSSF_SORT);
    CU_ASSERT_STRING_EQUAL(got, text);
    free(got);
    json_destroy(json);
    CU_ASSERT_PTR_NULL(mux_feed_take_answer(feed));
}

/* Questions, and transactions meanwhile. */
static void
test_mux_feed_asks(void)
{
    start();
    mux_feed_ask(feed);
    expect("hello");
    mux_feed_ask(feed);
    hello("A", 0);
    expect_nothing();

    mux_feed_ask(feed);
    mux_feed_ask(feed);
    CU_ASSERT_STRING_EQUAL(expect("get"), "\"fairness\"");
    CU_ASSERT_PTR_NULL(mux_feed_take_answer(feed));
    answer(true, "[1]");
    expect_answer("[1]");
    expect_nothing();

    /* A transaction does not wait for the answer. */
    mux_feed_ask(feed);
    put(1);
    expect("get");
    struct jsonrpc_msg *question = server.request;
    server.request = NULL;
    expect("transact");
    jsonrpc_send(server.rpc, jsonrpc_create_reply(json_string_create("late"),
                                                  question->id));
    jsonrpc_msg_destroy(question);
    mux_feed_ask(feed);
    answer(true, "{\"generation\":1}");
    CU_ASSERT(mux_feed_acked(feed));
    expect_answer("\"late\"");
    expect_nothing();

    /* It goes with the connection, whether there was one yet or not. */
    mux_feed_ask(feed);
    expect("get");
    answer(true, "[2]");
    mux_feed_ask(feed);
    expect("get");
    disconnect();
    expect_state(MUX_FEED_OFFLINE);
    CU_ASSERT_PTR_NULL(mux_feed_take_answer(feed));
    mux_feed_ask(feed);
    hello("A", 1);
    expect_state(MUX_FEED_OURS);

    /* A datapath that does not know of it is not asked again; the tables have
     * nothing to do with it. */
    mux_feed_ask(feed);
    expect("get");
    answer(false, "{\"error\":\"message\"}");
    CU_ASSERT_PTR_NULL(mux_feed_take_answer(feed));
    mux_feed_ask(feed);
    expect_nothing();
    CU_ASSERT(mux_feed_acked(feed));
    disconnect();
    expect_state(MUX_FEED_OFFLINE);
    hello("B", 0);
    expect("transact");
    answer(true, "{\"generation\":1}");
    mux_feed_ask(feed);
    expect("get");
    end();
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_mux_feed_loads),
    UNIT_TEST(test_mux_feed_reconnects),
    UNIT_TEST(test_mux_feed_refused),
    UNIT_TEST(test_mux_feed_splits),
    UNIT_TEST(test_mux_feed_nonsense),
    UNIT_TEST(test_mux_feed_asks),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    set_program_name(argv[0]);
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    if (!mkdtemp(dir)) {
        return EXIT_FAILURE;
    }
    int retval = unit_main("mux-feed", tests, argc, argv);
    rmdir(dir);
    return retval;
}

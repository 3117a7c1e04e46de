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

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controller/agent/mux-tables.h"
#include "jsonrpc.h"
#include "lib/mux-protocol.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "socket-util.h"
#include "stream.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(mux_feed);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

/* Milliseconds: between attempts to connect (which cost next to nothing, while
 * a datapath that comes back is of no use without tables: jsonrpc_session and
 * its pauses of a second and more would not do), until a silent datapath is
 * asked whether it is there and given up, and between attempts to send what
 * was refused. */
#define RECONNECT_INTERVAL 100
#define PROBE_INTERVAL 5000
#define MIN_RETRY 1000
#define MAX_RETRY 30000

/* Octets of operations in one message.  The protocol allows half of what the
 * server takes; the rest of a message is short. */
#define MAX_OPS_SIZE (MUX_PROTOCOL_MAX_MESSAGE / 2 - 4096)

enum client_state {
    C_OFFLINE,                  /* No connection. */
    C_HELLO,                    /* Waits for the answer to "hello". */
    C_IDLE,
    C_SENDING,                  /* Waits for an answer to "transact". */
};

struct mux_feed {
    char *remote;
    struct stream *stream;      /* A connection that is being made. */
    struct jsonrpc *rpc;        /* One that is. */
    long long int connect_at;
    bool complained;            /* That there is none. */
    long long int last_heard;   /* Of the datapath. */
    bool probed;                /* After that. */

    enum client_state state;
    struct json *request_id;    /* Of the request whose answer is awaited. */

    /* The datapath, as far as known. */
    char *instance;             /* NULL: never heard of. */
    int64_t generation;
    struct mux_tables in_force; /* If 'ours'. */
    bool ours;
    bool base_ok;               /* May 'in_force' be built upon? */

    /* What is wanted. */
    bool put;
    bool changed;               /* 'desired' differs from 'in_force'. */
    struct mux_tables desired;

    /* The transaction that is under way, or was when the connection went. */
    struct mux_tables sending;
    struct mux_ops ops;
    size_t n_sent;              /* Of 'ops'. */
    bool from_null;
    int64_t to;

    long long int retry_at;
    int retry_pause;

    /* What is asked for by the way. */
    struct json *question_id;   /* Of the request whose answer is awaited. */
    struct json *answer;        /* The last one, until it is taken. */
    bool answers;               /* Does this datapath answer at all? */

    uint64_t seqno;
    unsigned long long int n_hellos, n_full, n_incremental, n_refused;
};

/* Creates a feed to the datapath that listens on 'remote', for instance
 * "unix:/var/run/openvswitch/slb-mux.sock". */
struct mux_feed *
mux_feed_create(const char *remote)
{
    struct mux_feed *feed = xzalloc(sizeof *feed);

    feed->remote = xstrdup(remote);
    mux_tables_init(&feed->in_force);
    mux_tables_init(&feed->desired);
    mux_tables_init(&feed->sending);
    feed->seqno = 1;
    return feed;
}

void
mux_feed_destroy(struct mux_feed *feed)
{
    if (feed) {
        jsonrpc_close(feed->rpc);
        stream_close(feed->stream);
        free(feed->remote);
        json_destroy(feed->request_id);
        json_destroy(feed->question_id);
        json_destroy(feed->answer);
        free(feed->instance);
        mux_tables_destroy(&feed->in_force);
        mux_tables_destroy(&feed->desired);
        mux_tables_destroy(&feed->sending);
        mux_ops_destroy(&feed->ops);
        free(feed);
    }
}

/* Makes the contents of 'tables', which are left empty, what the datapath
 * should have. */
void
mux_feed_put(struct mux_feed *feed, struct mux_tables *tables)
{
    if (!feed->put || !mux_tables_equal(&feed->desired, tables)) {
        mux_tables_swap(&feed->desired, tables);
        feed->put = true;
        feed->changed = true;
        /* This may be what the datapath can take. */
        feed->retry_pause = 0;
    }
    mux_tables_clear(tables);
}

/* Answers. */

static void
set_state(struct mux_feed *feed, enum client_state state)
{
    feed->state = state;
    feed->seqno++;
}

static void
forget_request(struct mux_feed *feed)
{
    json_destroy(feed->request_id);
    feed->request_id = NULL;
}

static void
forget_question(struct mux_feed *feed)
{
    json_destroy(feed->question_id);
    feed->question_id = NULL;
}

static void
forget_answer(struct mux_feed *feed)
{
    json_destroy(feed->answer);
    feed->answer = NULL;
}

/* Ends the connection, or the attempt to make one. */
static void
disconnect(struct mux_feed *feed)
{
    jsonrpc_close(feed->rpc);
    feed->rpc = NULL;
    stream_close(feed->stream);
    feed->stream = NULL;
    feed->connect_at = time_msec() + RECONNECT_INTERVAL;
    forget_request(feed);
    forget_question(feed);
    forget_answer(feed);
    if (feed->state != C_OFFLINE) {
        set_state(feed, C_OFFLINE);
    }
}

/* The datapath says what it should not. */
static void
protocol_error(struct mux_feed *feed, const char *what)
{
    VLOG_WARN_RL(&rl, "%s: %s", feed->remote, what);
    disconnect(feed);
}

static const struct json *
get_member(const struct json *object, const char *name,
           enum json_type type)
{
    const struct json *member = (object && object->type == JSON_OBJECT
                                 ? shash_find_data(json_object(object), name)
                                 : NULL);
    return member && member->type == type ? member : NULL;
}

/* 'sending' is what the datapath forwards by now. */
static void
transaction_done(struct mux_feed *feed)
{
    mux_tables_swap(&feed->in_force, &feed->sending);
    mux_tables_clear(&feed->sending);
    mux_ops_destroy(&feed->ops);
    feed->generation = feed->to;
    feed->ours = true;
    feed->base_ok = true;
    feed->retry_pause = 0;
    feed->changed = !mux_tables_equal(&feed->in_force, &feed->desired);
    VLOG(feed->from_null ? VLL_INFO : VLL_DBG,
         "generation %"PRId64" is in force", feed->generation);
}

static void
transaction_forget(struct mux_feed *feed)
{
    mux_tables_clear(&feed->sending);
    mux_ops_destroy(&feed->ops);
}

static void
handle_hello(struct mux_feed *feed, const struct json *result)
{
    const struct json *version = get_member(result, "version", JSON_INTEGER);
    const struct json *instance = get_member(result, "instance", JSON_STRING);
    const struct json *generation = get_member(result, "generation",
                                               JSON_INTEGER);

    if (!version || json_integer(version) != MUX_PROTOCOL_VERSION
        || !instance || !generation) {
        protocol_error(feed, "the datapath does not speak our protocol");
        return;
    }

    int64_t now = json_integer(generation);
    bool same = (feed->instance
                 && !strcmp(feed->instance, json_string(instance)));
    if (same && feed->ops.n && feed->n_sent == feed->ops.n
        && now == feed->to) {
        /* The connection broke between the deed and the answer. */
        transaction_done(feed);
    } else if (!same || now != feed->generation) {
        mux_tables_clear(&feed->in_force);
        feed->ours = false;
        feed->base_ok = false;
    }
    transaction_forget(feed);
    feed->changed = true;

    if (!same) {
        free(feed->instance);
        feed->instance = xstrdup(json_string(instance));
    }
    VLOG_INFO("connected to %sdatapath %s, generation %"PRId64,
              same ? "" : "new ", feed->instance, now);
    feed->generation = now;
    feed->retry_at = 0;
    set_state(feed, C_IDLE);
}

static void
handle_staged(struct mux_feed *feed, const struct json *result)
{
    if (feed->n_sent < feed->ops.n) {
        if (!get_member(result, "staged", JSON_INTEGER)) {
            protocol_error(feed, "unexpected answer to a part of a "
                           "transaction");
        }
        return;
    }

    const struct json *generation = get_member(result, "generation",
                                               JSON_INTEGER);
    if (!generation || json_integer(generation) != feed->to) {
        protocol_error(feed, "unexpected answer to a transaction");
        return;
    }
    transaction_done(feed);
    set_state(feed, C_IDLE);
}

static void
handle_refusal(struct mux_feed *feed, const struct json *error)
{
    char *text = json_to_string(error, JSSF_SORT);
    const struct json *op = get_member(error, "op", JSON_INTEGER);

    const struct json *class = get_member(error, "error", JSON_STRING);
    if (feed->state == C_HELLO
        || (class && !strcmp(json_string(class), "generation"))) {
        /* Somebody else has fed the datapath: "hello" will tell what it
         * has. */
        protocol_error(feed, text);
        free(text);
        return;
    }

    feed->n_refused++;
    feed->retry_pause = MIN(MAX(feed->retry_pause * 2, MIN_RETRY), MAX_RETRY);
    feed->retry_at = time_msec() + feed->retry_pause;
    VLOG_WARN_RL(&rl, "the datapath refused a transaction from %s to %"PRId64
                 ": %s; the tables stay as they were, everything is sent "
                 "again in %d ms",
                 feed->from_null ? "null" : "its generation", feed->to, text,
                 feed->retry_pause);
    if (op && json_integer(op) >= 0 && json_integer(op) < feed->ops.n) {
        VLOG_WARN_RL(&rl, "refused: %s",
                     json_serialized_object(feed->ops.ops[json_integer(op)]));
    }
    free(text);

    feed->base_ok = false;
    feed->changed = true;
    transaction_forget(feed);
    set_state(feed, C_IDLE);
}

static void
handle_answer(struct mux_feed *feed, struct jsonrpc_msg *msg)
{
    forget_question(feed);
    forget_answer(feed);
    if (msg->type == JSONRPC_REPLY) {
        feed->answer = msg->result;
        msg->result = NULL;
    } else {
        VLOG_INFO("%s: the datapath tells nothing about shortages",
                  feed->remote);
        feed->answers = false;
    }
}

/* Requests. */

static void
send_request(struct mux_feed *feed, const char *method, struct json *params)
{
    forget_request(feed);

    struct json *id;
    struct jsonrpc_msg *msg = jsonrpc_create_request(method, params, &id);
    feed->request_id = id;
    /* Failure means that the connection is lost, which mux_feed_run()
     * notices by itself. */
    jsonrpc_send(feed->rpc, msg);
}

static void
send_hello(struct mux_feed *feed)
{
    struct json *params = json_object_create();

    json_object_put(params, "version",
                    json_integer_create(MUX_PROTOCOL_VERSION));
    json_object_put_string(params, "agent", program_name);
    send_request(feed, "hello", json_array_create_1(params));
    feed->n_hellos++;
    set_state(feed, C_HELLO);
}

/* Sends as much of 'ops' as fits into a message.  The next part is only sent
 * when this one has been accepted: the datapath forgets what was staged when
 * it refuses a message, and the rest must not be taken for a transaction of
 * its own. */
static void
send_transaction(struct mux_feed *feed)
{
    size_t n = mux_ops_fit(&feed->ops, feed->n_sent, MAX_OPS_SIZE);
    struct json **ops = xmalloc(MAX(n, 1) * sizeof *ops);

    for (size_t i = 0; i < n; i++) {
        ops[i] = json_clone(feed->ops.ops[feed->n_sent + i]);
    }
    feed->n_sent += n;

    struct json *params = json_object_create();
    json_object_put(params, "from", feed->from_null ? json_null_create()
                    : json_integer_create(feed->generation));
    json_object_put(params, "to", json_integer_create(feed->to));
    json_object_put(params, "more",
                    json_boolean_create(feed->n_sent < feed->ops.n));
    json_object_put(params, "ops", json_array_create(ops, n));
    send_request(feed, "transact", json_array_create_1(params));
    set_state(feed, C_SENDING);
}

/* Begins a transaction if one is needed. */
static void
start_transaction(struct mux_feed *feed)
{
    if (!feed->put || !feed->changed) {
        return;
    }
    if (feed->base_ok && mux_tables_equal(&feed->in_force, &feed->desired)) {
        feed->changed = false;
        feed->seqno++;
        return;
    }
    if (time_msec() < feed->retry_at) {
        return;
    }

    feed->from_null = !feed->base_ok;
    feed->to = feed->generation + 1;
    feed->n_sent = 0;
    mux_tables_copy(&feed->sending, &feed->desired);
    mux_tables_diff(feed->from_null ? NULL : &feed->in_force, &feed->sending,
                    time_wall_msec(), &feed->ops);
    if (feed->from_null) {
        VLOG_INFO("sending all tables, %"PRIuSIZE" objects", feed->ops.n);
        feed->n_full++;
    } else {
        feed->n_incremental++;
    }
    send_transaction(feed);
}

/* The connection. */

static void
connect_failed(struct mux_feed *feed, int error)
{
    if (!feed->complained) {
        VLOG_INFO("%s: no datapath (%s), waiting for one", feed->remote,
                  ovs_strerror(error));
        feed->complained = true;
    }
    disconnect(feed);
}

static void
run_connect(struct mux_feed *feed)
{
    if (!feed->stream) {
        if (time_msec() < feed->connect_at) {
            return;
        }

        int error = jsonrpc_stream_open(feed->remote, &feed->stream,
                                        DSCP_DEFAULT);
        if (error) {
            feed->stream = NULL;
            connect_failed(feed, error);
            return;
        }
    }

    stream_run(feed->stream);
    int error = stream_connect(feed->stream);
    if (!error) {
        feed->rpc = jsonrpc_open(feed->stream);
        feed->stream = NULL;
        feed->complained = false;
        feed->answers = true;
        feed->last_heard = time_msec();
        feed->probed = false;
        send_hello(feed);
    } else if (error != EAGAIN) {
        connect_failed(feed, error);
    }
}

/* Notices that the connection has broken, or that nobody listens. */
static void
check_connection(struct mux_feed *feed)
{
    int status = jsonrpc_get_status(feed->rpc);
    long long int silence = time_msec() - feed->last_heard;

    if (status) {
        VLOG_INFO("connection to the datapath lost (%s)",
                  ovs_retval_to_string(status));
        disconnect(feed);
    } else if (silence >= 2 * PROBE_INTERVAL && feed->probed) {
        VLOG_WARN("the datapath does not answer, connecting again");
        disconnect(feed);
    } else if (silence >= PROBE_INTERVAL && !feed->probed) {
        struct json *id;
        struct jsonrpc_msg *msg = jsonrpc_create_request(
            "echo", json_array_create_empty(), &id);

        json_destroy(id);
        jsonrpc_send(feed->rpc, msg);
        feed->probed = true;
    }
}

static void
handle_msg(struct mux_feed *feed, struct jsonrpc_msg *msg)
{
    bool is_answer = (msg->type == JSONRPC_REPLY
                      || msg->type == JSONRPC_ERROR);

    if (msg->type == JSONRPC_REQUEST && !strcmp(msg->method, "echo")) {
        jsonrpc_send(feed->rpc, jsonrpc_create_reply(json_clone(msg->params),
                                                     msg->id));
        return;
    } else if (is_answer && feed->question_id
               && json_equal(msg->id, feed->question_id)) {
        handle_answer(feed, msg);
        return;
    } else if (!is_answer || !feed->request_id
               || !json_equal(msg->id, feed->request_id)) {
        /* An answer to "echo", for instance. */
        VLOG_DBG("%s: ignored %s", feed->remote,
                 jsonrpc_msg_type_to_string(msg->type));
        return;
    }

    forget_request(feed);
    if (msg->type == JSONRPC_ERROR) {
        handle_refusal(feed, msg->error);
    } else if (feed->state == C_HELLO) {
        handle_hello(feed, msg->result);
    } else if (feed->state == C_SENDING) {
        handle_staged(feed, msg->result);
        if (feed->state == C_SENDING) {
            send_transaction(feed);
        }
    }
}

/* The main loop's part. */

void
mux_feed_run(struct mux_feed *feed)
{
    if (feed->rpc) {
        jsonrpc_run(feed->rpc);
    } else {
        run_connect(feed);
    }
    for (int i = 0; i < 10 && feed->rpc; i++) {
        struct jsonrpc_msg *msg;

        if (jsonrpc_recv(feed->rpc, &msg)) {
            break;
        }
        feed->last_heard = time_msec();
        feed->probed = false;
        handle_msg(feed, msg);
        jsonrpc_msg_destroy(msg);
    }
    if (feed->rpc) {
        check_connection(feed);
    }

    if (feed->state == C_IDLE) {
        start_transaction(feed);
    }
}

void
mux_feed_wait(struct mux_feed *feed)
{
    if (feed->rpc) {
        jsonrpc_wait(feed->rpc);
        jsonrpc_recv_wait(feed->rpc);
        poll_timer_wait_until(feed->last_heard
                              + PROBE_INTERVAL * (feed->probed ? 2 : 1));
        if (feed->state == C_IDLE && feed->put && feed->changed) {
            poll_timer_wait_until(feed->retry_at);
        }
    } else if (feed->stream) {
        stream_run_wait(feed->stream);
        stream_connect_wait(feed->stream);
    } else {
        poll_timer_wait_until(feed->connect_at);
    }
}

/* Questions. */

/* Asks the datapath for "fairness" (lib/mux-protocol.h), unless it has not
 * answered yet or has something else to do.  A refusal would make it forget a
 * part of a transaction, so none is under way then; the first one that is
 * refused is the last on a connection. */
void
mux_feed_ask(struct mux_feed *feed)
{
    if (feed->state == C_IDLE && feed->answers && !feed->question_id) {
        struct jsonrpc_msg *msg = jsonrpc_create_request(
            "get", json_array_create_1(json_string_create("fairness")),
            &feed->question_id);

        jsonrpc_send(feed->rpc, msg);
    }
}

/* Returns what the datapath has answered, or NULL if it has not since the last
 * time.  The caller owns it. */
struct json *
mux_feed_take_answer(struct mux_feed *feed)
{
    struct json *answer = feed->answer;

    feed->answer = NULL;
    return answer;
}

/* What is known. */

enum mux_feed_state
mux_feed_state(const struct mux_feed *feed)
{
    if (feed->state == C_OFFLINE || feed->state == C_HELLO) {
        return MUX_FEED_OFFLINE;
    } else if (feed->ours) {
        return MUX_FEED_OURS;
    } else if (feed->generation) {
        return MUX_FEED_FOREIGN;
    } else {
        return MUX_FEED_EMPTY;
    }
}

/* Returns the tables that the datapath acknowledged last, NULL unless
 * mux_feed_state() is MUX_FEED_OURS. */
const struct mux_tables *
mux_feed_in_force(const struct mux_feed *feed)
{
    return mux_feed_state(feed) == MUX_FEED_OURS ? &feed->in_force : NULL;
}

/* Returns what the datapath that was heard of last calls itself, "" if none
 * was. */
const char *
mux_feed_instance(const struct mux_feed *feed)
{
    return feed->instance ? feed->instance : "";
}

/* Returns true if the tables that were put last are in force. */
bool
mux_feed_acked(const struct mux_feed *feed)
{
    return (feed->put && !feed->changed
            && mux_feed_state(feed) == MUX_FEED_OURS);
}

/* Returns a number that changes when one of the answers above may have. */
uint64_t
mux_feed_seqno(const struct mux_feed *feed)
{
    return feed->seqno;
}

/* Appends lines of "name: value" to 'ds'. */
void
mux_feed_format(const struct mux_feed *feed, struct ds *ds)
{
    static const char *const states[] = {
        [MUX_FEED_OFFLINE] = "not connected",
        [MUX_FEED_EMPTY] = "has no tables",
        [MUX_FEED_FOREIGN] = "has tables of another agent",
        [MUX_FEED_OURS] = "has our tables",
    };

    ds_put_format(ds, "datapath: %s\n", states[mux_feed_state(feed)]);
    ds_put_format(ds, "instance: %s\n", mux_feed_instance(feed));
    ds_put_format(ds, "generation: %"PRId64"\n", feed->generation);
    ds_put_format(ds, "tables acknowledged: %s\n",
                  mux_feed_acked(feed) ? "yes" : "no");
    ds_put_format(ds, "objects wanted: %"PRIuSIZE"\n",
                  mux_tables_count(&feed->desired));
    ds_put_format(ds, "transactions: %llu full, %llu incremental, "
                  "%llu refused\n", feed->n_full, feed->n_incremental,
                  feed->n_refused);
    ds_put_format(ds, "hellos: %llu\n", feed->n_hellos);
}

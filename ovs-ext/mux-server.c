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

#include "ovs-ext/mux-server.h"

#include <errno.h>

#include "dirs.h"
#include "jsonrpc.h"
#include "lib/mux-protocol.h"
#include "lib/slb-address.h"
#include "openvswitch/json.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovs-atomic.h"
#include "ovs-ext/mux-forward.h"
#include "ovs-ext/mux-op.h"
#include "ovs-ext/mux-report.h"
#include "ovs-ext/mux-stats.h"
#include "ovs-ext/mux-store.h"
#include "ovs-ext/mux-table.h"
#include "ovs-ext/netdev-slbmux.h"
#include "ovs-rcu.h"
#include "ovs-thread.h"
#include "ovsdb-error.h"
#include "ovsdb-parser.h"
#include "seq.h"
#include "stream.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

VLOG_DEFINE_THIS_MODULE(mux_server);

/* Connections at a time.  A further one takes the place of another. */
#define MAX_SESSIONS 16

/* Time to say hello. */
#define HELLO_MS 10000

/* Time that tables are kept after the last port is gone. */
#define LINGER_MS 1000

/* Time between attempts to listen. */
#define LISTEN_RETRY_MS 1000

/* Answers that a client has not read yet. */
#define MAX_BACKLOG_MESSAGES 100
#define MAX_BACKLOG_BYTES (1024 * 1024)

/* Operations of one transaction. */
#define MAX_OPS 4000000

/* Longest explanation of an error. */
#define MAX_DETAILS 500

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

/* A transaction of which not all messages have come. */
struct staging {
    bool active;
    bool replace;
    uint64_t from, to;
    struct mux_op *ops;
    size_t n, allocated;
};

struct session {
    struct ovs_list list_node;  /* In struct server's "sessions". */
    struct jsonrpc *rpc;
    bool greeted;               /* There was a "hello". */
    unsigned int received;      /* Octets before the present message. */
    long long int last_active;  /* Time of the last complete message. */
    struct staging staging;
};

/* The server's own; nobody else looks at it. */
struct server {
    struct uuid instance;
    struct pstream *listener;
    struct ovs_list sessions;   /* Contains "struct session"s. */
    size_t n_sessions;
    long long int retry_at;     /* When to try again to listen. */
    long long int unused_since; /* LLONG_MAX if it is used. */
};

static struct mux_store *store;
static struct atomic_count n_users = ATOMIC_COUNT_INIT(0);
static struct seq *users_seq;

static void
staging_clear(struct staging *staging)
{
    for (size_t i = 0; i < staging->n; i++) {
        mux_op_destroy(&staging->ops[i]);
    }
    free(staging->ops);
    memset(staging, 0, sizeof *staging);
}

static void
session_close(struct server *server, struct session *s)
{
    staging_clear(&s->staging);
    jsonrpc_close(s->rpc);
    ovs_list_remove(&s->list_node);
    server->n_sessions--;
    free(s);
}

/* Returns the JSON of an error.  'op' is SIZE_MAX if it is about none. */
static struct json *
error_to_json(const char *class, const char *details, size_t op)
{
    struct json *json = json_object_create();

    json_object_put_string(json, "error", class);
    json_object_put(json, "details", json_string_create_nocopy(
                        xasprintf("%.*s", MAX_DETAILS, details)));
    if (op != SIZE_MAX) {
        json_object_put(json, "op", json_integer_create(op));
    }
    return json;
}

/* Methods.  Each returns the result of a request, or null and stores an error
 * into '*errorp'. */

static struct json *
handle_hello(struct server *server, struct session *s,
             const struct json *argument, struct json **errorp)
{
    struct ovsdb_parser p;

    ovsdb_parser_init(&p, argument, "hello");
    const struct json *version = ovsdb_parser_member(&p, "version",
                                                     OP_INTEGER);
    ovsdb_parser_member(&p, "agent", OP_STRING);
    bool supported = version && version->integer == MUX_PROTOCOL_VERSION;
    if (version && !supported) {
        ovsdb_parser_raise_error(&p, "version is not %d",
                                 MUX_PROTOCOL_VERSION);
    }

    struct ovsdb_error *error = ovsdb_parser_finish(&p);
    if (error) {
        char *details = ovsdb_error_to_string_free(error);

        *errorp = error_to_json(version && !supported ? "version" : "message",
                                details, SIZE_MAX);
        free(details);
        return NULL;
    }

    s->greeted = true;

    struct json *result = json_object_create();
    json_object_put(result, "version",
                    json_integer_create(MUX_PROTOCOL_VERSION));
    json_object_put_format(result, "instance", UUID_FMT,
                           UUID_ARGS(&server->instance));
    json_object_put(result, "generation",
                    json_integer_create(mux_store_get_generation(store)));
    return result;
}

/* Reads the operations of 'array' behind those that are staged. */
static struct json *
stage_ops(struct staging *staging, const struct json *array)
{
    if (array->array.n > MAX_OPS - staging->n) {
        return error_to_json("limit", "too many operations", SIZE_MAX);
    }

    size_t n = staging->n + array->array.n;
    if (n > staging->allocated) {
        staging->allocated = MAX(n, 2 * staging->allocated);
        staging->ops = xrealloc(staging->ops, (staging->allocated
                                               * sizeof *staging->ops));
    }
    for (size_t i = 0; i < array->array.n; i++) {
        struct mux_op *op = &staging->ops[staging->n];
        char *details = mux_op_from_json(array->array.elems[i], op);

        if (details) {
            struct json *error = error_to_json("operation", details,
                                               staging->n);

            free(details);
            return error;
        }
        staging->n++;
    }
    return NULL;
}

/* Reads the head of a message of "transact" and checks that it continues what
 * is staged or, if nothing is, that it may start. */
static struct json *
stage_head(struct staging *staging, const struct json *argument,
           bool *more, const struct json **ops)
{
    struct ovsdb_parser p;

    ovsdb_parser_init(&p, argument, "transaction");
    const struct json *from = ovsdb_parser_member(&p, "from",
                                                  OP_INTEGER | OP_NULL);
    const struct json *to = ovsdb_parser_member(&p, "to", OP_INTEGER);
    const struct json *more_json = ovsdb_parser_member(&p, "more",
                                                       OP_BOOLEAN);
    *ops = ovsdb_parser_member(&p, "ops", OP_ARRAY);
    if ((from && from->type == JSON_INTEGER && from->integer < 0)
        || (to && to->integer <= 0)) {
        ovsdb_parser_raise_error(&p, "no such generation");
    }

    struct ovsdb_error *error = ovsdb_parser_finish(&p);
    if (error) {
        char *details = ovsdb_error_to_string_free(error);
        struct json *json = error_to_json("message", details, SIZE_MAX);

        free(details);
        return json;
    }

    bool replace = from->type == JSON_NULL;
    uint64_t from_number = replace ? 0 : from->integer;
    uint64_t to_number = to->integer;

    if (!staging->active) {
        staging->active = true;
        staging->replace = replace;
        staging->from = from_number;
        staging->to = to_number;
    } else if (staging->replace != replace || staging->from != from_number
               || staging->to != to_number) {
        return error_to_json("message", "another transaction is staged",
                             SIZE_MAX);
    }
    if (!replace && from_number != mux_store_get_generation(store)) {
        return error_to_json("generation", "\"from\" is not in force",
                             SIZE_MAX);
    }
    *more = json_boolean(more_json);
    return NULL;
}

static struct json *
handle_transact(struct session *s, const struct json *argument,
                struct json **errorp)
{
    struct staging *staging = &s->staging;
    const struct json *ops;
    struct json *result;
    bool more = false;

    *errorp = stage_head(staging, argument, &more, &ops);
    if (!*errorp) {
        *errorp = stage_ops(staging, ops);
    }
    if (*errorp) {
        staging_clear(staging);
        return NULL;
    }

    result = json_object_create();
    if (more) {
        json_object_put(result, "staged", json_integer_create(staging->n));
        return result;
    }

    struct mux_error *error = mux_store_transact(store, staging->replace,
                                                 staging->to, staging->ops,
                                                 staging->n);
    if (error) {
        *errorp = error_to_json(error->class, error->details, error->op);
        mux_error_destroy(error);
        json_destroy(result);
        result = NULL;
    } else {
        json_object_put(result, "generation",
                        json_integer_create(staging->to));
    }
    staging_clear(staging);
    return result;
}

/* Reads an object that names a VIP or a pool and returns what there is to tell
 * about it. */
static struct json *
get_object(const struct mux_table *table, const struct json *what,
           struct json **errorp)
{
    struct json *result = NULL;
    struct ovsdb_parser p;

    ovsdb_parser_init(&p, what, "get");

    const struct json *vip = ovsdb_parser_member(&p, "vip",
                                                 OP_STRING | OP_OPTIONAL);
    const struct json *network = ovsdb_parser_member(
        &p, "network", OP_INTEGER | OP_OPTIONAL);
    const struct json *pool = ovsdb_parser_member(&p, "pool",
                                                  OP_INTEGER | OP_OPTIONAL);
    struct ovsdb_error *error = ovsdb_parser_finish(&p);
    if (error) {
        char *details = ovsdb_error_to_string_free(error);

        *errorp = error_to_json("message", details, SIZE_MAX);
        free(details);
        return NULL;
    }

    long long int key = (pool ? json_integer(pool)
                         : network ? json_integer(network) : 0);
    if (key < 0 || key > MUX_MAX_KEY) {
        /* There is none. */
    } else if (vip && !pool) {
        struct in6_addr address;

        if (slb_address_parse(json_string(vip), &address)) {
            result = mux_report_vip(table, key, &address);
        }
    } else if (pool && !vip && !network) {
        result = mux_report_members(table, key);
    }
    if (!result) {
        *errorp = error_to_json("reference", "there is no such object",
                                SIZE_MAX);
    }
    return result;
}

static struct json *
handle_get(const struct json *what, struct json **errorp)
{
    const struct mux_table *table = mux_store_get_table(store);

    if (what->type == JSON_OBJECT) {
        return get_object(table, what, errorp);
    } else if (what->type == JSON_STRING
               && !strcmp(json_string(what), "stats")) {
        return mux_stats_to_json(table);
    } else if (what->type == JSON_STRING
               && !strcmp(json_string(what), "vips")) {
        return mux_report_vips(table);
    } else if (what->type == JSON_STRING
               && !strcmp(json_string(what), "fairness")) {
        return netdev_slbmux_fairness_to_json();
    }
    *errorp = error_to_json("message", "only \"stats\", \"vips\", "
                            "\"fairness\", a VIP or a pool can be got",
                            SIZE_MAX);
    return NULL;
}

static void
handle_request(struct server *server, struct session *s,
               const struct jsonrpc_msg *msg)
{
    const struct json *params = msg->params;
    struct json *result = NULL;
    struct json *error = NULL;

    if (!strcmp(msg->method, "echo")) {
        result = json_clone(params);
    } else if (params->type != JSON_ARRAY || params->array.n != 1) {
        error = error_to_json("message", "there must be one parameter",
                              SIZE_MAX);
    } else if (!strcmp(msg->method, "hello")) {
        result = handle_hello(server, s, params->array.elems[0], &error);
    } else if (!s->greeted) {
        error = error_to_json("message", "\"hello\" must come first",
                              SIZE_MAX);
    } else if (!strcmp(msg->method, "transact")) {
        result = handle_transact(s, params->array.elems[0], &error);
    } else if (!strcmp(msg->method, "get")) {
        result = handle_get(params->array.elems[0], &error);
    } else {
        error = error_to_json("message", "unknown method", SIZE_MAX);
    }

    if (error) {
        char *text = json_to_string(error, JSSF_SORT);

        VLOG_WARN_RL(&rl, "%s: refused \"%.20s\": %s",
                     jsonrpc_get_name(s->rpc), msg->method, text);
        free(text);
        staging_clear(&s->staging);
        jsonrpc_send(s->rpc, jsonrpc_create_error(error, msg->id));
    } else {
        jsonrpc_send(s->rpc, jsonrpc_create_reply(result, msg->id));
    }
}

/* Serves 's' for a moment.  Returns false if it must be closed. */
static bool
session_run(struct server *server, struct session *s)
{
    struct jsonrpc_msg *msg;

    jsonrpc_run(s->rpc);

    /* Who does not read answers cannot ask for more. */
    msg = NULL;
    int error = (jsonrpc_get_backlog(s->rpc)
                 ? EAGAIN : jsonrpc_recv(s->rpc, &msg));
    if (error && error != EAGAIN) {
        /* Anything but the end of the stream has been logged. */
        return false;
    }

    unsigned int received = jsonrpc_get_received_bytes(s->rpc);
    if (received - s->received > MUX_PROTOCOL_MAX_MESSAGE) {
        VLOG_WARN_RL(&rl, "%s: closed, the message is too long",
                     jsonrpc_get_name(s->rpc));
        jsonrpc_msg_destroy(msg);
        return false;
    }

    if (!error) {
        s->received = received;
        s->last_active = time_msec();
        if (msg->type == JSONRPC_REQUEST) {
            handle_request(server, s, msg);
        } else {
            VLOG_WARN_RL(&rl, "%s: closed, got a %s instead of a request",
                         jsonrpc_get_name(s->rpc),
                         jsonrpc_msg_type_to_string(msg->type));
            error = EPROTO;
        }
        jsonrpc_msg_destroy(msg);
        if (error == EPROTO) {
            return false;
        }
        poll_immediate_wake();
    } else if (!s->greeted && time_msec() >= s->last_active + HELLO_MS) {
        VLOG_WARN_RL(&rl, "%s: closed, said nothing",
                     jsonrpc_get_name(s->rpc));
        return false;
    }

    jsonrpc_run(s->rpc);
    return !jsonrpc_get_status(s->rpc);
}

static void
session_wait(struct session *s)
{
    jsonrpc_wait(s->rpc);
    if (!jsonrpc_get_backlog(s->rpc)) {
        jsonrpc_recv_wait(s->rpc);
    }
    if (!s->greeted) {
        poll_timer_wait_until(s->last_active + HELLO_MS);
    }
}

/* Closes the connection that is missed least: one that has not said hello if
 * there is one, and of those the one that has been silent longest. */
static void
evict_session(struct server *server)
{
    struct session *victim = NULL;
    struct session *s;

    LIST_FOR_EACH (s, list_node, &server->sessions) {
        if (!victim
            || (s->greeted != victim->greeted
                ? !s->greeted : s->last_active < victim->last_active)) {
            victim = s;
        }
    }
    VLOG_WARN_RL(&rl, "%s: closed, there are too many connections",
                 jsonrpc_get_name(victim->rpc));
    session_close(server, victim);
}

static void
accept_session(struct server *server)
{
    struct stream *stream;
    int error = pstream_accept(server->listener, &stream);

    if (error) {
        if (error != EAGAIN) {
            VLOG_WARN_RL(&rl, "%s: accept failed: %s",
                         pstream_get_name(server->listener),
                         ovs_strerror(error));
        }
        return;
    }

    if (server->n_sessions >= MAX_SESSIONS) {
        evict_session(server);
    }

    struct session *s = xzalloc(sizeof *s);
    s->rpc = jsonrpc_open(stream);
    jsonrpc_set_backlog_threshold(s->rpc, MAX_BACKLOG_MESSAGES,
                                  MAX_BACKLOG_BYTES);
    s->last_active = time_msec();
    ovs_list_push_back(&server->sessions, &s->list_node);
    server->n_sessions++;
    poll_immediate_wake();
}

static void
start_listening(struct server *server)
{
    char *name = xasprintf("punix:%s/%s", ovs_rundir(), MUX_PROTOCOL_SOCKET);
    int error = pstream_open(name, &server->listener, 0);

    if (error) {
        VLOG_ERR_RL(&rl, "%s: cannot listen: %s", name, ovs_strerror(error));
        server->listener = NULL;
        server->retry_at = time_msec() + LISTEN_RETRY_MS;
    } else {
        VLOG_INFO("%s: listening", name);
    }
    free(name);
}

static void
stop_listening(struct server *server)
{
    struct session *s;

    LIST_FOR_EACH_SAFE (s, list_node, &server->sessions) {
        session_close(server, s);
    }
    pstream_close(server->listener);
    server->listener = NULL;
    mux_store_clear(store);
    uuid_generate(&server->instance);
    VLOG_INFO("no port is left, tables are forgotten");
}

/* Starts or stops listening, as ports come and go. */
static void
run_listener(struct server *server)
{
    if (atomic_count_get(&n_users)) {
        server->unused_since = LLONG_MAX;
        if (!server->listener && time_msec() >= server->retry_at) {
            start_listening(server);
        }
    } else if (server->listener) {
        if (server->unused_since == LLONG_MAX) {
            server->unused_since = time_msec();
        } else if (time_msec() >= server->unused_since + LINGER_MS) {
            stop_listening(server);
        }
    }
}

static void
wait_listener(struct server *server, uint64_t users_seqno)
{
    seq_wait(users_seq, users_seqno);
    if (!server->listener) {
        if (atomic_count_get(&n_users)) {
            poll_timer_wait_until(server->retry_at);
        }
        return;
    }
    pstream_wait(server->listener);
    if (server->unused_since != LLONG_MAX) {
        poll_timer_wait_until(server->unused_since + LINGER_MS);
    }
}

static void *
server_main(void *arg OVS_UNUSED)
{
    struct server server = {
        .sessions = OVS_LIST_INITIALIZER(&server.sessions),
        .unused_since = LLONG_MAX,
    };

    uuid_generate(&server.instance);
    for (;;) {
        struct session *s;

        /* Reading messages and building tables takes long.  Nothing here
         * uses what RCU protects other than what this thread alone writes, so
         * nobody has to wait for it. */
        ovsrcu_quiesce_start();

        uint64_t users_seqno = seq_read(users_seq);
        run_listener(&server);
        if (server.listener) {
            accept_session(&server);
        }
        LIST_FOR_EACH_SAFE (s, list_node, &server.sessions) {
            if (!session_run(&server, s)) {
                session_close(&server, s);
            }
        }

        LIST_FOR_EACH (s, list_node, &server.sessions) {
            session_wait(s);
        }
        wait_listener(&server, users_seqno);
        poll_block();
    }
    return NULL;
}

/* Has the server run until mux_server_unref() has been called as often. */
void
mux_server_ref(void)
{
    static struct ovsthread_once once = OVSTHREAD_ONCE_INITIALIZER;

    if (ovsthread_once_start(&once)) {
        store = mux_store_create();
        users_seq = seq_create();
        ovs_thread_create("slb_mux", server_main, NULL);
        ovsthread_once_done(&once);
    }
    atomic_count_inc(&n_users);
    seq_change(users_seq);
}

void
mux_server_unref(void)
{
    atomic_count_dec(&n_users);
    seq_change(users_seq);
}

/* Returns the table in force.  The caller, which must have a reference, may
 * use it until it quiesces. */
const struct mux_table *
mux_server_get_table(void)
{
    return mux_store_get_table(store);
}

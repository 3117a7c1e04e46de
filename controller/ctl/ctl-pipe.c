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

#include "controller/ctl/ctl-pipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jsonrpc.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/shash.h"
#include "stream.h"
#include "timeval.h"
#include "util.h"

struct ctl_pipe {
    struct jsonrpc *rpc;
};

/* Connects to 'remote', one server, until 'deadline'.  Returns 0 or a positive
 * errno value. */
int
ctl_pipe_open(const char *remote, long long int deadline,
              struct ctl_pipe **pipep)
{
    struct stream *stream;
    int error = jsonrpc_stream_open(remote, &stream, DSCP_DEFAULT);

    *pipep = NULL;
    error = stream_open_block(error, MAX(1, deadline - time_msec()), &stream);
    if (!error) {
        *pipep = xmalloc(sizeof **pipep);
        **pipep = (struct ctl_pipe) { .rpc = jsonrpc_open(stream) };
    }
    return error;
}

void
ctl_pipe_close(struct ctl_pipe *pipe)
{
    if (pipe) {
        jsonrpc_close(pipe->rpc);
        free(pipe);
    }
}

/* Sends a request.  Errors come up when its answer is received. */
static void
send_request(struct ctl_pipe *pipe, const char *method, struct json *params)
{
    jsonrpc_send(pipe->rpc, jsonrpc_create_request(method, params, NULL));
    jsonrpc_run(pipe->rpc);
}

/* Sends a transaction with 'ops', its operations, each of them with a comma
 * before it, and empties 'ops'. */
void
ctl_pipe_send(struct ctl_pipe *pipe, struct ds *ops)
{
    struct ds params = DS_EMPTY_INITIALIZER;

    ds_put_format(&params, "[\"%s\"", slbrec_idl_class.database);
    ds_put_buffer(&params, ds_cstr(ops), ops->length);
    ds_put_char(&params, ']');
    ds_clear(ops);

    ds_cstr(&params);
    struct json *json = json_string_create_nocopy(ds_steal_cstr(&params));
    /* It is what json_serialized_object_create() would make of it. */
    json->type = JSON_SERIALIZED_OBJECT;
    send_request(pipe, "transact", json);
}

/* Waits until 'deadline' for the answer to the next request that has none.
 * Returns 0 and stores the answer's result in '*result', for the caller to
 * free, or returns a positive errno value. */
int
ctl_pipe_receive(struct ctl_pipe *pipe, long long int deadline,
                 struct json **result)
{
    *result = NULL;
    for (;;) {
        struct jsonrpc_msg *msg;
        int error;

        jsonrpc_run(pipe->rpc);
        error = jsonrpc_recv(pipe->rpc, &msg);
        if (error == EAGAIN) {
            if (time_msec() >= deadline) {
                return ETIMEDOUT;
            }
            jsonrpc_wait(pipe->rpc);
            jsonrpc_recv_wait(pipe->rpc);
            poll_timer_wait_until(deadline);
            poll_block();
            continue;
        } else if (error) {
            return error == EOF ? ECONNRESET : error;
        }

        if (msg->type == JSONRPC_REPLY || msg->type == JSONRPC_ERROR) {
            *result = msg->type == JSONRPC_REPLY ? msg->result : msg->error;
            msg->result = msg->error = NULL;
            jsonrpc_msg_destroy(msg);
            return 0;
        }
        if (msg->type == JSONRPC_REQUEST && !strcmp(msg->method, "echo")) {
            jsonrpc_send(pipe->rpc,
                         jsonrpc_create_reply(json_clone(msg->params),
                                              msg->id));
        }
        jsonrpc_msg_destroy(msg);
    }
}

static bool
get_bool(const struct shash *row, const char *column)
{
    const struct json *json = shash_find_data(row, column);

    return json && json->type == JSON_TRUE;
}

/* Fills in 'server' from the row of the database SLB in the database that each
 * server has about itself. */
static void
read_server(const struct shash *row, struct ctl_server *server)
{
    const struct json *model = shash_find_data(row, "model");
    const struct json *text = shash_find_data(row, "schema");

    server->serves = true;
    server->clustered = (model && model->type == JSON_STRING
                         && !strcmp(json_string(model), "clustered"));
    server->connected = get_bool(row, "connected");
    server->leader = get_bool(row, "leader");
    if (text && text->type == JSON_STRING) {
        struct json *schema = json_from_string(json_string(text));
        if (schema->type == JSON_OBJECT) {
            const struct json *version = shash_find_data(json_object(schema),
                                                         "version");
            if (version && version->type == JSON_STRING) {
                server->version = xstrdup(json_string(version));
            }
        }
        json_destroy(schema);
    }
}

/* Asks the server about the database SLB.  Returns 0 or a positive errno
 * value. */
int
ctl_pipe_examine(struct ctl_pipe *pipe, long long int deadline,
                 struct ctl_server *server)
{
    char *params = xasprintf(
        "[\"_Server\",{\"op\":\"select\",\"table\":\"Database\","
        "\"where\":[[\"name\",\"==\",\"%s\"]]}]", slbrec_idl_class.database);
    struct json *result;
    int error;

    *server = (struct ctl_server) { .serves = false };
    send_request(pipe, "transact", json_from_string(params));
    free(params);
    error = ctl_pipe_receive(pipe, deadline, &result);
    if (error) {
        return error;
    }

    /* [{"rows": [ROW]}] */
    if (result->type == JSON_ARRAY && json_array(result)->n) {
        const struct json *reply = json_array(result)->elems[0];
        const struct json *rows = (reply->type == JSON_OBJECT
                                   ? shash_find_data(json_object(reply),
                                                     "rows") : NULL);
        if (rows && rows->type == JSON_ARRAY && json_array(rows)->n
            && json_array(rows)->elems[0]->type == JSON_OBJECT) {
            read_server(json_object(json_array(rows)->elems[0]), server);
        }
    }
    json_destroy(result);
    return 0;
}

void
ctl_server_destroy(struct ctl_server *server)
{
    free(server->version);
}

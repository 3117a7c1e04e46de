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

#include "controller/ctl/ctl-commit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "controller/ctl/ctl-db.h"
#include "controller/ctl/ctl-model.h"
#include "controller/ctl/ctl-pipe.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "util.h"
#include "uuid.h"
#include "yaml/slb-schema.h"

/* A change of more operations than this is made in stages.  A server needs
 * about 40 us for one. */
#define MAX_OPS 2000

/* Operations in a transaction of a stage, at least; a load balancer has all of
 * its own in one.  With more a server is slower, because what it makes of them
 * does not fit into the processor's caches; with less, a cluster is. */
#define STAGE_OPS 80

/* Transactions of a stage that are under way at the same time: enough for the
 * server never to wait for the next one. */
#define STAGE_WINDOW 12

struct commit {
    struct ctl_db *db;
    const struct ctl_change *change;
    bool dry_run;
    bool has_global;            /* Is there a row of SLB_Global? */
    int64_t intent_seq;         /* Its, or 0. */
    struct ctl_writer *writer;
    struct ctl_pipe *pipe;
    char *error;
};

/* Appends an operation that fails unless what users have declared is still
 * what it was. */
static void
put_check(const struct commit *c, struct ds *ops)
{
    ds_put_cstr(ops, ",{\"op\":\"wait\",\"table\":\"SLB_Global\","
                "\"timeout\":0,\"where\":[],\"columns\":[\"intent_seq\"],"
                "\"until\":\"==\",\"rows\":[");
    if (c->has_global) {
        ds_put_format(ops, "{\"intent_seq\":%"PRId64"}", c->intent_seq);
    }
    ds_put_cstr(ops, "]}");
}

/* Appends the operations that count the change and, if 'stage' is not NULL,
 * make that stage count. */
static void
put_count(const struct commit *c, const char *stage, struct ds *ops)
{
    if (!c->has_global) {
        ds_put_cstr(ops, ",{\"op\":\"insert\",\"table\":\"SLB_Global\","
                    "\"row\":{\"intent_seq\":1");
        if (stage) {
            ds_put_format(ops, ",\"stages\":\"%s\"", stage);
        }
        ds_put_cstr(ops, "}}");
        return;
    }

    ds_put_format(ops, ",{\"op\":\"update\",\"table\":\"SLB_Global\","
                  "\"where\":[],\"row\":{\"intent_seq\":%"PRId64"}}",
                  c->intent_seq + 1);
    if (stage) {
        ds_put_format(ops, ",{\"op\":\"mutate\",\"table\":\"SLB_Global\","
                      "\"where\":[],\"mutations\":[[\"stages\",\"insert\","
                      "\"%s\"]]}", stage);
    }
}

/* Judges the answer to a transaction.  If the database refuses it, sets
 * 'c->error'. */
static enum ctl_result
judge(struct commit *c, const struct json *reply)
{
    size_t n = reply->type == JSON_ARRAY ? json_array(reply)->n : 1;

    for (size_t i = 0; i < n; i++) {
        const struct json *result = (reply->type == JSON_ARRAY
                                     ? json_array(reply)->elems[i] : reply);
        if (result->type != JSON_OBJECT) {
            continue;
        }

        const struct json *error = shash_find_data(json_object(result),
                                                   "error");
        const struct json *details = shash_find_data(json_object(result),
                                                     "details");
        if (!error || error->type != JSON_STRING) {
            continue;
        }
        if (!strcmp(json_string(error), "timed out")) {
            return CTL_OUTRUN;
        }
        if (!strcmp(json_string(error), "aborted") && c->dry_run) {
            return CTL_COMMITTED;
        }
        c->error = (details && details->type == JSON_STRING
                    ? xasprintf("%s: %s", json_string(error),
                                json_string(details))
                    : xstrdup(json_string(error)));
        /* There can be only one row of SLB_Global: of two that insert it, one
         * comes too late. */
        return (!c->has_global
                && strstr(c->error, slbrec_table_slb_global.name)
                ? CTL_OUTRUN : CTL_REFUSED);
    }
    return CTL_COMMITTED;
}

/* Waits for the answer to a transaction that has none yet. */
static enum ctl_result
receive(struct commit *c)
{
    struct json *reply;

    if (ctl_pipe_receive(c->pipe, c->db->deadline, &reply)) {
        return CTL_UNKNOWN;
    }

    enum ctl_result result = judge(c, reply);
    json_destroy(reply);
    ctl_db_renew_deadline(c->db);
    return result;
}

/* Inserts the load balancers that are to be put as 'stage'. */
static enum ctl_result
send_stage(struct commit *c, const char *stage)
{
    const struct slb_list *put = &c->change->put;
    enum ctl_result result = CTL_COMMITTED;
    struct ds ops = DS_EMPTY_INITIALIZER;
    size_t under_way = 0;
    size_t n_ops = 0;

    for (size_t i = 0; i < put->n && result == CTL_COMMITTED; i++) {
        if (put->at[i]->class == &slb_load_balancer_class) {
            if (!ops.length) {
                put_check(c, &ops);
            }
            n_ops += ctl_writer_stage(c->writer, put->at[i], stage, &ops);
        }
        if (n_ops >= STAGE_OPS || (n_ops && i + 1 >= put->n)) {
            if (under_way >= STAGE_WINDOW) {
                result = receive(c);
                under_way--;
            }
            ctl_pipe_send(c->pipe, &ops);
            under_way++;
            n_ops = 0;
        }
    }
    for (; under_way && result == CTL_COMMITTED; under_way--) {
        result = receive(c);
    }
    ds_destroy(&ops);
    /* Whether it is there or not, it does not count. */
    return result == CTL_UNKNOWN ? CTL_LOST : result;
}

/* Appends the operations of the last transaction, which makes 'stage' and all
 * that is not in it count. */
static void
put_last(struct commit *c, const char *stage, struct ds *ops)
{
    const struct ctl_change *change = c->change;

    put_check(c, ops);
    for (size_t i = 0; i < change->put.n; i++) {
        const struct slb_object *object = change->put.at[i];
        if (object->class == &slb_load_balancer_class) {
            ctl_writer_retire(c->writer, object, stage, ops);
        } else {
            ctl_writer_put(c->writer, object, ops);
        }
    }
    for (size_t i = 0; i < change->delete.n; i++) {
        const struct slb_object *object = change->delete.at[i];
        if (object->class == &slb_load_balancer_class) {
            ctl_writer_retire(c->writer, object, stage, ops);
        } else {
            ctl_writer_delete(c->writer, object, ops);
        }
    }
    put_count(c, stage, ops);
}

/* Makes the change in stages. */
static enum ctl_result
commit_stages(struct commit *c)
{
    struct ds ops = DS_EMPTY_INITIALIZER;
    enum ctl_result result;
    struct uuid uuid;

    uuid_generate(&uuid);
    char *stage = xasprintf("%"PRId64"-%08x%08x", c->intent_seq,
                            uuid.parts[0], uuid.parts[3]);
    result = send_stage(c, stage);
    if (result == CTL_COMMITTED) {
        put_last(c, stage, &ops);
        ctl_pipe_send(c->pipe, &ops);
        result = receive(c);
    }
    ds_destroy(&ops);
    free(stage);
    return result;
}

/* Appends the change in one transaction to 'ops'.  Returns false if it is too
 * large for that. */
static bool
put_at_once(struct commit *c, struct ds *ops)
{
    const struct ctl_change *change = c->change;
    size_t n = 0;

    put_check(c, ops);
    for (size_t i = 0; i < change->put.n && n <= MAX_OPS; i++) {
        n += ctl_writer_put(c->writer, change->put.at[i], ops);
    }
    for (size_t i = 0; i < change->delete.n && n <= MAX_OPS; i++) {
        n += ctl_writer_delete(c->writer, change->delete.at[i], ops);
    }
    return n <= MAX_OPS;
}

/* Makes 'change' to 'base'; or, if 'dry_run', only asks the database whether
 * it could be made.  'db' stays as it is until ctl_db_renew().  Sets '*error',
 * which the caller must free, to what the database says if it refuses the
 * change, otherwise to NULL. */
enum ctl_result
ctl_commit(struct ctl_db *db, const struct ctl_snapshot *base,
           const struct ctl_change *change, bool dry_run, char **error)
{
    struct commit c = {
        .db = db,
        .change = change,
        .dry_run = dry_run,
        .writer = ctl_writer_create(base),
        .pipe = ctl_db_open_pipe(db),
    };
    struct ds ops = DS_EMPTY_INITIALIZER;
    enum ctl_result result;

    c.has_global = ctl_model_intent_seq(base, &c.intent_seq);
    bool at_once = put_at_once(&c, &ops);

    ctl_db_pause(db);
    if (!c.pipe) {
        result = CTL_LOST;
    } else if (at_once || dry_run) {
        if (!at_once) {
            /* It would not be sent at once.  Whether anything can be changed
             * can be found out with less. */
            ds_clear(&ops);
            put_check(&c, &ops);
        }
        put_count(&c, NULL, &ops);
        if (dry_run) {
            ds_put_cstr(&ops, ",{\"op\":\"abort\"}");
        }
        ctl_pipe_send(c.pipe, &ops);
        result = receive(&c);
    } else {
        result = commit_stages(&c);
    }

    ds_destroy(&ops);
    ctl_writer_destroy(c.writer);
    ctl_pipe_close(c.pipe);
    *error = c.error;
    return result;
}

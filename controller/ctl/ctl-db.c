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

#include "controller/ctl/ctl-db.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/ctl/ctl.h"
#include "jsonrpc.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "stream.h"
#include "timeval.h"
#include "util.h"

/* Nothing is said about a database that comes back within this time, in ms. */
#define PATIENCE 1000

/* The same about one that is there: a large one takes its time to send. */
#define PATIENCE_CONNECTED 5000

/* Creates an IDL in 'db' that monitors nothing yet: the caller adds what it
 * needs, then calls ctl_db_connect(). */
void
ctl_db_init(struct ctl_db *db, const struct ctl_options *options)
{
    db->idl = ovsdb_idl_create(options->db, &slbrec_idl_class, false, true);
    db->remote = options->db;
    db->timeout = options->timeout;
    db->deadline = (options->timeout
                    ? time_msec() + options->timeout * 1000LL : LLONG_MAX);
    db->told = false;
}

void
ctl_db_destroy(struct ctl_db *db)
{
    ovsdb_idl_destroy(db->idl);
}

/* Appends why the database at 'remote' cannot be used to 'ds'. */
static void
explain_one(const char *remote, struct ds *ds)
{
    struct stream *stream;
    int error = jsonrpc_stream_open(remote, &stream, DSCP_DEFAULT);

    error = stream_open_block(error, 500, &stream);
    if (error) {
        ds_put_format(ds, "%s: %s", remote, ovs_strerror(error));
    } else {
        ds_put_format(ds, "%s: an ovsdb-server is there, but has not sent the "
                      "database %s (does it serve it?)", remote,
                      slbrec_idl_class.database);
        stream_close(stream);
    }
}

static char *
explain(const struct ctl_db *db)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    char *remotes = xstrdup(db->remote);
    char *save_ptr = NULL;

    for (char *remote = strtok_r(remotes, ",", &save_ptr); remote;
         remote = strtok_r(NULL, ",", &save_ptr)) {
        ds_put_cstr(&ds, ds.length ? "; " : "");
        explain_one(remote, &ds);
    }
    free(remotes);
    return ds_steal_cstr(&ds);
}

/* Says, once, that the database is not there and that it is tried again. */
static void
tell(struct ctl_db *db)
{
    char *why = explain(db);

    if (db->timeout) {
        fprintf(stderr, "%s: cannot reach the database (%s); trying for "
                "%d s\n", program_name, why, db->timeout);
    } else {
        fprintf(stderr, "%s: cannot reach the database (%s); trying on\n",
                program_name, why);
    }
    free(why);
    db->told = true;
}

/* Says that 'db' was not there in time. */
void
ctl_db_report_lost(const struct ctl_db *db)
{
    char *why = explain(db);

    fprintf(stderr, "%s: no answer from the database within %d s (%s)\n",
            program_name, db->timeout, why);
    free(why);
}

/* Lets the connection do its work and blocks until there is more to do.
 * Returns false if time is up. */
bool
ctl_db_step(struct ctl_db *db)
{
    ovsdb_idl_run(db->idl);
    if (time_msec() >= db->deadline) {
        return false;
    }
    ovsdb_idl_wait(db->idl);
    poll_timer_wait_until(db->deadline);
    poll_block();
    return true;
}

/* Waits for the contents of the database.  Returns false, after saying so, if
 * they did not come in time. */
bool
ctl_db_connect(struct ctl_db *db)
{
    long long int start = time_msec();

    for (;;) {
        ovsdb_idl_run(db->idl);
        if (ovsdb_idl_has_ever_connected(db->idl)) {
            return true;
        }
        if (time_msec() >= db->deadline) {
            ctl_db_report_lost(db);
            return false;
        }
        if (!db->told) {
            long long int patience
                = start + (ovsdb_idl_is_connected(db->idl)
                           ? PATIENCE_CONNECTED : PATIENCE);
            if (time_msec() >= patience) {
                tell(db);
            } else {
                poll_timer_wait_until(patience);
            }
        }
        ovsdb_idl_wait(db->idl);
        poll_timer_wait_until(db->deadline);
        poll_block();
    }
}

/* Waits until the contents are others than at 'seqno'.  Returns false, after
 * saying so, if nothing came in time. */
bool
ctl_db_wait_for_change(struct ctl_db *db, unsigned int seqno)
{
    ovsdb_idl_run(db->idl);
    while (ovsdb_idl_get_seqno(db->idl) == seqno) {
        if (!ctl_db_step(db)) {
            ctl_db_report_lost(db);
            return false;
        }
        ovsdb_idl_run(db->idl);
    }
    return true;
}

/* Commits 'txn' and returns what became of it: TXN_INCOMPLETE if there was no
 * answer in time. */
enum ovsdb_idl_txn_status
ctl_db_commit(struct ctl_db *db, struct ovsdb_idl_txn *txn)
{
    for (;;) {
        enum ovsdb_idl_txn_status status = ovsdb_idl_txn_commit(txn);
        if (status != TXN_INCOMPLETE || time_msec() >= db->deadline) {
            return status;
        }

        ovsdb_idl_run(db->idl);
        ovsdb_idl_wait(db->idl);
        ovsdb_idl_txn_wait(txn);
        poll_timer_wait_until(db->deadline);
        poll_block();
    }
}

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
#include "controller/ctl/ctl-pipe.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "svec.h"
#include "timeval.h"
#include "util.h"

/* Nothing is said about a database that comes back within this time, in ms. */
#define PATIENCE 1000

/* The same about one that is there: a large one takes its time to send. */
#define PATIENCE_CONNECTED 5000

/* How often a server that is there, but slow, gets its time once more. */
#define MAX_SLOW 5

/* How long a server may take to say what is the matter, in ms. */
#define EXAMINE_TIME 500

/* Pause between attempts to find a server, in ms. */
#define RETRY_TIME 100

static void
get_remotes(const struct ctl_db *db, struct svec *remotes)
{
    char *copy = xstrdup(db->remote);
    char *save_ptr = NULL;

    svec_init(remotes);
    for (char *remote = strtok_r(copy, ",", &save_ptr); remote;
         remote = strtok_r(NULL, ",", &save_ptr)) {
        svec_add(remotes, remote);
    }
    free(copy);
}

/* Creates an IDL in 'db' that monitors nothing yet: the caller adds what it
 * needs, then calls ctl_db_connect(). */
void
ctl_db_init(struct ctl_db *db, const struct ctl_options *options)
{
    struct svec remotes;

    db->remote = options->db;
    get_remotes(db, &remotes);
    db->leader_only = remotes.n > 1;
    svec_destroy(&remotes);

    db->idl = ovsdb_idl_create(db->remote, &slbrec_idl_class, false, true);
    ovsdb_idl_set_leader_only(db->idl, db->leader_only);
    db->timeout = options->timeout;
    db->told = false;
    ctl_db_renew_deadline(db);
}

void
ctl_db_destroy(struct ctl_db *db)
{
    ovsdb_idl_destroy(db->idl);
}

/* Gives the database the time that it has for an answer, from now on. */
void
ctl_db_renew_deadline(struct ctl_db *db)
{
    db->deadline = (db->timeout ? time_msec() + db->timeout * 1000LL
                    : LLONG_MAX);
}

/* What is wrong. */

/* Appends why the server at 'remote' cannot be used to 'ds'. */
static void
explain_one(const struct ctl_db *db, const char *remote, struct ds *ds)
{
    long long int deadline = time_msec() + EXAMINE_TIME;
    struct ctl_server server = { .serves = false };
    struct ctl_pipe *pipe;
    int error = ctl_pipe_open(remote, deadline, &pipe);

    ds_put_format(ds, "%s: ", remote);
    if (error) {
        ds_put_cstr(ds, ovs_strerror(error));
        return;
    }

    error = ctl_pipe_examine(pipe, deadline, &server);
    if (error == ETIMEDOUT) {
        ds_put_cstr(ds, "a server is there, but it does not answer");
    } else if (error) {
        ds_put_format(ds, "a server is there, but %s", ovs_strerror(error));
    } else if (!server.serves) {
        ds_put_format(ds, "an ovsdb-server is there, but it does not serve "
                      "the database %s", slbrec_idl_class.database);
    } else if (server.clustered && !server.connected) {
        ds_put_cstr(ds, "a server of a cluster that has no leader now: more "
                    "than half of its servers must be running and reach each "
                    "other");
    } else if (server.clustered && !server.leader && db->leader_only) {
        ds_put_cstr(ds, "not the leader of its cluster");
    } else {
        ds_put_format(ds, "the database is there, but its contents have not "
                      "come yet");
    }
    ctl_server_destroy(&server);
    ctl_pipe_close(pipe);
}

static char *
explain(const struct ctl_db *db)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct svec remotes;

    get_remotes(db, &remotes);
    for (size_t i = 0; i < remotes.n; i++) {
        ds_put_cstr(&ds, i ? "; " : "");
        explain_one(db, remotes.names[i], &ds);
    }
    svec_destroy(&remotes);
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
static void
report_lost(const struct ctl_db *db)
{
    char *why = explain(db);

    fprintf(stderr, "%s: no answer from the database within %d s (%s)\n",
            program_name, db->timeout, why);
    free(why);
}

/* The schema. */

/* Returns the version of the schema of the database, or NULL if that cannot be
 * found out. */
static char *
get_schema_version(const struct ctl_db *db)
{
    struct ctl_pipe *pipe = ctl_db_open_pipe(db);
    struct ctl_server server = { .serves = false };

    if (pipe) {
        if (ctl_pipe_examine(pipe, time_msec() + EXAMINE_TIME, &server)) {
            server.version = NULL;
        }
        ctl_pipe_close(pipe);
    }
    return server.version;
}

/* Returns true if version 'a' ("0.10.0") is later than 'b'. */
static bool
is_later(const char *a, const char *b)
{
    for (;;) {
        char *a_end, *b_end;
        unsigned long int a_number = strtoul(a, &a_end, 10);
        unsigned long int b_number = strtoul(b, &b_end, 10);

        if (a_number != b_number || *a_end != '.' || *b_end != '.') {
            return a_number > b_number;
        }
        a = a_end + 1;
        b = b_end + 1;
    }
}

/* Returns what of the tables that are monitored the database does not have, or
 * NULL if it has all. */
static const struct ovsdb_idl_column *
find_missing_column(const struct ctl_db *db)
{
    for (size_t i = 0; i < slbrec_idl_class.n_tables; i++) {
        const struct ovsdb_idl_table_class *table
            = &slbrec_idl_class.tables[i];

        /* Only tables that are monitored are looked for there. */
        for (size_t j = 0; ovsdb_idl_server_has_table(db->idl, table)
                           && j < table->n_columns; j++) {
            const struct ovsdb_idl_column *column = &table->columns[j];
            if (!ovsdb_idl_server_has_column(db->idl, column)) {
                return column;
            }
        }
    }
    return NULL;
}

/* Checks that the database is of the schema that this program was made for.
 * Returns false, after saying so, if it has not all that it should: what users
 * have declared would seem to be something else. */
static bool
check_schema(const struct ctl_db *db)
{
    const struct ovsdb_idl_column *missing = find_missing_column(db);

    if (!missing) {
        return true;
    }

    char *version = get_schema_version(db);
    const char *mine = slbrec_get_db_version();
    fprintf(stderr, "%s: the database's schema is of version %s, but this is "
            "slb-ctl for version %s: there is no column '%s' (upgrade %s)\n",
            program_name, version ? version : "unknown", mine, missing->name,
            (version && is_later(version, mine)
             ? "slb-ctl"
             : "the database: ovsdb-client convert REMOTE slb.ovsschema"));
    free(version);
    return false;
}

/* Connecting. */

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

/* Tries one server until 'deadline'.  Returns a connection if it can be
 * used. */
static struct ctl_pipe *
try_server(const struct ctl_db *db, const char *remote, long long int deadline)
{
    struct ctl_server server = { .serves = false };
    struct ctl_pipe *pipe;

    if (ctl_pipe_open(remote, deadline, &pipe)) {
        return NULL;
    }
    if (ctl_pipe_examine(pipe, deadline, &server) || !server.serves
        || (server.clustered && (!server.connected
                                 || (db->leader_only && !server.leader)))) {
        ctl_pipe_close(pipe);
        pipe = NULL;
    }
    ctl_server_destroy(&server);
    return pipe;
}

/* Tries all servers, each for 'patience' ms.  Returns a connection to the
 * first one that can be used, or NULL. */
static struct ctl_pipe *
try_servers(const struct ctl_db *db, int patience)
{
    struct ctl_pipe *pipe = NULL;
    struct svec remotes;

    get_remotes(db, &remotes);
    for (size_t i = 0; !pipe && i < remotes.n; i++) {
        pipe = try_server(db, remotes.names[i], time_msec() + patience);
    }
    svec_destroy(&remotes);
    return pipe;
}

/* Opens a connection for transactions.  Returns NULL if no server can be used
 * now. */
struct ctl_pipe *
ctl_db_try_pipe(const struct ctl_db *db)
{
    return try_servers(db, PATIENCE);
}

/* Whether the contents of the database are only slow to come: the connection
 * is there, and the server answers and has nothing against it.  There may be
 * much to send, or others to be served. */
static bool
is_slow(const struct ctl_db *db)
{
    /* Whoever is busy may need a moment to say so. */
    struct ctl_pipe *pipe = (ovsdb_idl_is_connected(db->idl)
                             ? try_servers(db, db->timeout * 1000 / 2) : NULL);

    ctl_pipe_close(pipe);
    return pipe != NULL;
}

/* Waits for contents of the database that are others than at 'seqno'.  Returns
 * false, after saying so, if they did not come in time. */
static bool
wait_for_contents(struct ctl_db *db, unsigned int seqno)
{
    long long int start = time_msec();
    int n_slow = 0;

    for (;;) {
        ovsdb_idl_run(db->idl);
        if (ovsdb_idl_has_ever_connected(db->idl)
            && ovsdb_idl_get_seqno(db->idl) != seqno) {
            return true;
        }
        if (time_msec() >= db->deadline && n_slow++ < MAX_SLOW
            && is_slow(db)) {
            ctl_db_renew_deadline(db);
        } else if (time_msec() >= db->deadline) {
            report_lost(db);
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

/* Asks for the contents of the database, so that the server can get them ready
 * while the caller does something else. */
void
ctl_db_prepare(struct ctl_db *db)
{
    /* It takes some questions and answers to come to that; then nothing comes
     * for a while, if there is much to come. */
    for (int i = 0; i < 20 && !ovsdb_idl_has_ever_connected(db->idl); i++) {
        long long int start = time_msec();

        ovsdb_idl_run(db->idl);
        ovsdb_idl_wait(db->idl);
        poll_timer_wait(5);
        poll_block();
        if (time_msec() - start >= 5) {
            break;
        }
    }
}

/* Waits for the contents of the database.  Returns false, after saying so, if
 * they did not come in time or cannot be used. */
bool
ctl_db_connect(struct ctl_db *db)
{
    /* It may have been paused. */
    ovsdb_idl_set_remote(db->idl, db->remote, true);
    return wait_for_contents(db, 0) && check_schema(db);
}

/* Has the database send no more changes, which costs it time.  The contents
 * stay as they are until ctl_db_renew() is called. */
void
ctl_db_pause(struct ctl_db *db)
{
    ovsdb_idl_set_remote(db->idl, NULL, true);
}

/* Waits for the contents of the database as they are now or later.  Returns
 * false, after saying so, if they did not come in time or cannot be used. */
bool
ctl_db_renew(struct ctl_db *db)
{
    unsigned int seqno = ovsdb_idl_get_seqno(db->idl);

    ovsdb_idl_set_remote(db->idl, NULL, true);
    ovsdb_idl_set_remote(db->idl, db->remote, true);
    return wait_for_contents(db, seqno) && check_schema(db);
}

/* Likewise, but waits for one.  Returns NULL if none can be found in time. */
struct ctl_pipe *
ctl_db_open_pipe(const struct ctl_db *db)
{
    for (;;) {
        struct ctl_pipe *pipe = ctl_db_try_pipe(db);

        if (pipe || time_msec() >= db->deadline) {
            return pipe;
        }
        poll_timer_wait(RETRY_TIME);
        poll_block();
    }
}

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

/* slb-manager: compiles what users declared and what nodes report into what
 * nodes run.
 *
 * Any number of managers may run; the one that has the database's lock
 * SLB_LOCK is active, the others stand by with a copy of the database in
 * memory.  Each transaction asserts the lock, so a manager that has lost it
 * without knowing changes nothing.  All that an active manager knows is in the
 * database: whoever takes over goes on, and nothing changes because of it.
 *
 * The main loop hands what has changed to the compiler (compile.h) and runs it
 * as long as it has something to do, one transaction after the other. */

#include <getopt.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "command-line.h"
#include "controller/manager/compile.h"
#include "daemon.h"
#include "fatal-signal.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(slb_manager);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 5);

#define SLB_LOCK "slb_manager"

/* After a transaction that failed, wait as long, in ms, or until something has
 * changed in the database, which may make the next one succeed.  If that fails,
 * too, wait twice as long whatever changes (hosts say all the time that they
 * live), and so on until MAX_RETRY_INTERVAL: each attempt reads everything. */
#define RETRY_INTERVAL 1000
#define MAX_RETRY_INTERVAL 30000

/* Transactions under way at the same time: while the database executes some,
 * the next ones are prepared. */
#define MAX_TXNS 12

struct manager {
    struct ovsdb_idl *idl;
    struct ovsdb_idl_txn *txns[MAX_TXNS]; /* Being committed, in order. */
    size_t n_txns;
    bool reload;                /* Has one failed? */
    struct ovsdb_idl_txn *proof; /* That the database takes writes: being
                                  * committed; NULL for none. */
    long long int prove_at;     /* Do not ask for another one before. */
    struct compiler *compiler;

    unsigned int seqno;         /* Of the database's contents seen last. */
    unsigned int away_seqno;    /* The same when it was away last. */
    bool connected;
    bool ever_connected;
    bool active;
    bool busy;                  /* Was there anything to do? */
    bool recompute;             /* Look at everything again? */
    long long int retry_at;     /* Do not run before. */
    int retry_interval;         /* That this is after the last failure; 0 if
                                 * the last transaction did not fail. */

    /* Counters. */
    unsigned long long int idle; /* How often nothing was left to be done. */
    unsigned long long int runs;
    unsigned long long int unchanged;
    unsigned long long int transactions;
    unsigned long long int failed;
};

OVS_NO_RETURN static void usage(void);
static char *parse_options(int argc, char *argv[], char **unixctl_path);

static unixctl_cb_func manager_exit;
static unixctl_cb_func manager_recompute;
static unixctl_cb_func manager_status;

static struct ovsdb_idl *
create_idl(const char *remote)
{
    struct ovsdb_idl *idl = ovsdb_idl_create(remote, &slbrec_idl_class, true,
                                             true);

    compiler_monitor(idl);
    ovsdb_idl_set_leader_only(idl, true);
    ovsdb_idl_set_lock(idl, SLB_LOCK);
    return idl;
}

static void
manager_init(struct manager *m, const char *remote)
{
    *m = (struct manager) { .idl = create_idl(remote) };
    m->compiler = compiler_create(m->idl);
}

static void
manager_destroy(struct manager *m)
{
    for (size_t i = 0; i < m->n_txns; i++) {
        ovsdb_idl_txn_destroy(m->txns[i]);
    }
    if (m->proof) {
        ovsdb_idl_txn_destroy(m->proof);
    }
    compiler_destroy(m->compiler);
    ovsdb_idl_destroy(m->idl);
}

/* Notes, and says once, whether the database is there and whose turn it is. */
static void
update_state(struct manager *m)
{
    bool connected = ovsdb_idl_is_connected(m->idl);
    unsigned int seqno = ovsdb_idl_get_seqno(m->idl);

    /* The lock may be there before the contents are. */
    if (!connected) {
        m->away_seqno = seqno;
    }
    bool active = (connected && ovsdb_idl_has_lock(m->idl)
                   && seqno != m->away_seqno);

    if (connected != m->connected) {
        if (connected) {
            VLOG_INFO("connected to the database");
        } else {
            VLOG_WARN("the database is away, trying to reach it for ever");
        }
        m->connected = connected;
        m->ever_connected |= connected;
    }
    if (active != m->active) {
        VLOG_INFO(active ? "active" : "standing by");
        m->active = active;
        m->retry_at = m->retry_interval = 0;
        compiler_unload(m->compiler);

        /* Nobody waits for what is still under way. */
        m->reload = m->n_txns > 0;
    }
}

/* Takes in what has changed in the database. */
static void
update_input(struct manager *m)
{
    unsigned int seqno = ovsdb_idl_get_seqno(m->idl);

    if (seqno != m->seqno) {
        m->seqno = seqno;
        if (m->retry_interval <= RETRY_INTERVAL) {
            m->retry_at = 0;
        }
    }
    if (m->active) {
        compiler_track(m->compiler);
    } else {
        ovsdb_idl_track_clear(m->idl);
    }
}

/* A transaction has failed.  Those that are under way after it fail with
 * it. */
static void
fail(struct manager *m)
{
    m->failed++;
    if (!m->reload) {
        m->reload = true;
        m->retry_interval = (m->retry_interval
                             ? MIN(2 * m->retry_interval, MAX_RETRY_INTERVAL)
                             : RETRY_INTERVAL);
    }
    m->retry_at = time_msec() + m->retry_interval;
}

/* Sees what has become of the first transaction that is under way.  Returns
 * false if it still is. */
static bool
finish_transaction(struct manager *m)
{
    struct ovsdb_idl_txn *txn = m->txns[0];
    enum ovsdb_idl_txn_status status = ovsdb_idl_txn_commit(txn);

    switch (status) {
    case TXN_INCOMPLETE:
        return false;

    case TXN_UNCHANGED:
        m->unchanged++;
        break;

    case TXN_SUCCESS:
        m->transactions++;
        m->retry_interval = 0;
        break;

    case TXN_ERROR:
        VLOG_ERR_RL(&rl, "transaction failed (%s), trying again",
                    ovsdb_idl_txn_get_error(txn));
        /* Fall through. */
    case TXN_UNCOMMITTED:
    case TXN_ABORTED:
    case TXN_TRY_AGAIN:
    case TXN_NOT_LOCKED:
    default:
        fail(m);
        break;
    }
    ovsdb_idl_txn_destroy(txn);
    m->n_txns--;
    memmove(&m->txns[0], &m->txns[1], m->n_txns * sizeof m->txns[0]);
    if (m->active && !m->reload) {
        compiler_committed(m->compiler);
    }
    return true;
}

/* Carries on with committing the transactions of the last runs. */
static void
commit(struct manager *m)
{
    for (size_t i = 0; i < m->n_txns; i++) {
        ovsdb_idl_txn_commit(m->txns[i]);
    }
    while (m->n_txns && finish_transaction(m)) {
        continue;
    }
    if (m->reload && !m->n_txns) {
        m->reload = false;
        if (m->active) {
            compiler_load(m->compiler);
        }
    }
}

/* Runs the compiler if it has something to do.  Returns true if that made a
 * transaction. */
static bool
compile(struct manager *m)
{
    if (!m->active || m->reload || m->n_txns >= MAX_TXNS
        || time_msec() < m->retry_at
        || (m->n_txns && (m->recompute
                          || !compiler_may_run_ahead(m->compiler)))) {
        return false;
    }
    if (m->recompute) {
        m->recompute = false;
        compiler_load(m->compiler);
    }
    if (!compiler_is_due(m->compiler)) {
        if (m->busy && !m->n_txns) {
            m->busy = false;
            m->idle++;
        }
        return false;
    }

    struct ovsdb_idl_txn *txn = ovsdb_idl_txn_create(m->idl);
    ovsdb_idl_txn_add_comment(txn, "slb-manager");
    m->busy = true;
    m->runs++;
    compiler_run(m->compiler, txn);
    m->txns[m->n_txns++] = txn;
    commit(m);
    return true;
}

/* Asks the database for a proof that it takes writes, if one is due, and sees
 * what has become of it.  It has nothing to do with what is compiled, so its
 * failure means nothing but that there is none. */
static void
prove(struct manager *m)
{
    if (!m->proof && m->active && time_msec() >= m->prove_at
        && time_msec() >= compiler_proof_deadline(m->compiler)) {
        m->proof = ovsdb_idl_txn_create(m->idl);
        compiler_prove(m->compiler, m->proof);
    }
    if (!m->proof) {
        return;
    }

    enum ovsdb_idl_txn_status status = ovsdb_idl_txn_commit(m->proof);
    if (status != TXN_INCOMPLETE) {
        if (status == TXN_SUCCESS && m->active) {
            compiler_proved(m->compiler);
        } else {
            m->prove_at = time_msec() + RETRY_INTERVAL;
        }
        ovsdb_idl_txn_destroy(m->proof);
        m->proof = NULL;
    }
}

static void
manager_run(struct manager *m)
{
    ovsdb_idl_run(m->idl);
    update_state(m);
    update_input(m);
    commit(m);
    prove(m);
    if (compile(m)) {
        /* There may be more to do. */
        poll_immediate_wake();
    }
}

static void
manager_wait(struct manager *m)
{
    ovsdb_idl_wait(m->idl);
    for (size_t i = 0; i < m->n_txns; i++) {
        ovsdb_idl_txn_wait(m->txns[i]);
    }
    if (m->proof) {
        ovsdb_idl_txn_wait(m->proof);
    }
    if (!m->active || m->n_txns) {
        return;
    }
    if (!m->proof && compiler_proof_deadline(m->compiler) != LLONG_MAX) {
        poll_timer_wait_until(MAX(m->prove_at,
                                  compiler_proof_deadline(m->compiler)));
    }
    if (time_msec() < m->retry_at) {
        poll_timer_wait_until(m->retry_at);
    } else {
        compiler_wait(m->compiler);
    }
}

int
main(int argc, char *argv[])
{
    struct unixctl_server *unixctl;
    char *unixctl_path = NULL;
    struct manager manager;
    bool exiting = false;
    int error;

    /* A large change takes and gives back memory in each transaction: keep it
     * for the next one.  What is freed is joined with its neighbours at once
     * (no fast bins), since otherwise each larger request first has to do that
     * with the thousands of small pieces that a transaction leaves. */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 1 << 22);
    mallopt(M_MXFAST, 0);

    set_program_name(argv[0]);
    ovs_cmdl_proctitle_init(argc, argv);
    service_start(&argc, &argv);
    char *remote = parse_options(argc, argv, &unixctl_path);
    fatal_ignore_sigpipe();
    daemonize_start(false);

    error = unixctl_server_create(unixctl_path, &unixctl);
    if (error) {
        ovs_fatal(error, "failed to create control socket");
    }
    unixctl_command_register("exit", "", 0, 0, manager_exit, &exiting);
    unixctl_command_register("slb/status", "", 0, 0, manager_status, &manager);
    unixctl_command_register("slb/recompute", "", 0, 0, manager_recompute,
                             &manager);

    manager_init(&manager, remote);
    daemonize_complete();
    while (!exiting) {
        manager_run(&manager);
        unixctl_server_run(unixctl);

        manager_wait(&manager);
        unixctl_server_wait(unixctl);
        if (exiting) {
            poll_immediate_wake();
        }
        poll_block();
        if (should_service_stop()) {
            exiting = true;
        }
    }
    manager_destroy(&manager);
    unixctl_server_destroy(unixctl);
    service_stop();
    free(remote);
    return 0;
}

static char *
parse_options(int argc, char *argv[], char **unixctl_path)
{
    enum {
        OPT_DB = UCHAR_MAX + 1,
        OPT_UNIXCTL,
        DAEMON_OPTION_ENUMS,
        VLOG_OPTION_ENUMS,
    };
    static const struct option long_options[] = {
        {"db", required_argument, NULL, OPT_DB},
        {"unixctl", required_argument, NULL, OPT_UNIXCTL},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        DAEMON_LONG_OPTIONS,
        VLOG_LONG_OPTIONS,
        {NULL, 0, NULL, 0},
    };
    char *short_options = ovs_cmdl_long_options_to_short_options(long_options);
    const char *remote = getenv("SLB_DB");

    for (;;) {
        int c = getopt_long(argc, argv, short_options, long_options, NULL);
        if (c == -1) {
            break;
        }

        switch (c) {
        case OPT_DB:
            remote = optarg;
            break;

        case OPT_UNIXCTL:
            *unixctl_path = optarg;
            break;

        case 'h':
            usage();

        case 'V':
            ovs_print_version(0, 0);
            exit(EXIT_SUCCESS);

        DAEMON_OPTION_HANDLERS
        VLOG_OPTION_HANDLERS

        case '?':
            exit(EXIT_FAILURE);

        default:
            abort();
        }
    }
    free(short_options);

    if (optind < argc) {
        ovs_fatal(0, "there are no arguments, only options; use --help for "
                  "help");
    }
    if (!remote || !remote[0]) {
        ovs_fatal(0, "--db=REMOTE (or SLB_DB in the environment) is missing; "
                  "use --help for help");
    }
    return xstrdup(remote);
}

static void
usage(void)
{
    printf("%s: compiles load balancers into what nodes run\n"
           "usage: %s [OPTIONS]\n"
           "\n"
           "Any number may run, one of them is active.\n"
           "\n"
           "  --db=REMOTE             the SLB database, one or several OVSDB\n"
           "                          remotes (default: SLB_DB from the\n"
           "                          environment)\n",
           program_name, program_name);
    daemon_usage();
    vlog_usage();
    printf("\nOther options:\n"
           "  --unixctl=SOCKET        override default control socket name\n"
           "  -h, --help              display this help message\n"
           "  -V, --version           display version information\n");
    exit(EXIT_SUCCESS);
}

static void
manager_exit(struct unixctl_conn *conn, int argc OVS_UNUSED,
             const char *argv[] OVS_UNUSED, void *exiting_)
{
    bool *exiting = exiting_;

    *exiting = true;
    unixctl_command_reply(conn, NULL);
}

/* Looks at everything again: what is there should be found to be right. */
static void
manager_recompute(struct unixctl_conn *conn, int argc OVS_UNUSED,
                  const char *argv[] OVS_UNUSED, void *manager_)
{
    struct manager *m = manager_;

    if (!m->active) {
        unixctl_command_reply_error(conn, "standing by");
    } else {
        m->recompute = true;
        unixctl_command_reply(conn, NULL);
    }
}

/* Prints one "name: value" a line; each problem in a line of its own,
 * indented, at the end. */
static void
manager_status(struct unixctl_conn *conn, int argc OVS_UNUSED,
               const char *argv[] OVS_UNUSED, void *manager_)
{
    const struct manager *m = manager_;
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "state: %s\n", m->active ? "active" : "standby");
    ds_put_format(&ds, "database: %s\n",
                  m->connected ? "connected"
                  : m->ever_connected ? "away" : "never connected");
    ds_put_format(&ds, "work: %s\n",
                  !m->active ? "none" : m->n_txns ? "committing"
                  : m->recompute || compiler_is_due(m->compiler) ? "waiting"
                  : "none");
    ds_put_format(&ds, "times idle: %llu\n", m->idle);
    ds_put_format(&ds, "runs: %llu\n", m->runs);
    ds_put_format(&ds, "transactions: %llu\n", m->transactions);
    ds_put_format(&ds, "unchanged: %llu\n", m->unchanged);
    ds_put_format(&ds, "failed: %llu\n", m->failed);
    compiler_format_status(m->compiler, &ds);
    unixctl_command_reply(conn, ds_cstr(&ds));
    ds_destroy(&ds);
}

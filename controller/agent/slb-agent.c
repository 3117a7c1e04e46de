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

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "command-line.h"
#include "controller/agent/agent.h"
#include "controller/agent/idle.h"
#include "controller/agent/monitor.h"
#include "controller/agent/neighbour.h"
#include "controller/agent/node.h"
#include "controller/agent/ofctrl.h"
#include "daemon.h"
#include "dirs.h"
#include "fatal-signal.h"
#include "lib/slb-idl.h"
#include "lib/vswitch-idl.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "packets.h"
#include "smap.h"
#include "stream.h"
#include "stream-ssl.h"
#include "unixctl.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(slb_agent);

/* A server that is up answers within this time, in milliseconds; one that
 * does not is left for another one. */
#define SLB_PROBE_INTERVAL 5000

static const struct agent_role *const roles[] = { &host_role, &mux_role };

OVS_NO_RETURN static void usage(void);

static const struct agent_role *
role_from_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
        if (!strcmp(roles[i]->name, name)) {
            return roles[i];
        }
    }
    ovs_fatal(0, "unknown role '%s': expected 'host' or 'mux'", name);
}

static void
parse_options(int argc, char *argv[], const struct agent_role **role,
              char **ovs_remote, char **unixctl_path)
{
    enum {
        OPT_ROLE = UCHAR_MAX + 1,
        OPT_OVS,
        OPT_UNIXCTL,
        OPT_PEER_CA_CERT,
        OPT_BOOTSTRAP_CA_CERT,
        VLOG_OPTION_ENUMS,
        DAEMON_OPTION_ENUMS,
        SSL_OPTION_ENUMS,
    };
    static const struct option long_options[] = {
        {"role", required_argument, NULL, OPT_ROLE},
        {"ovs", required_argument, NULL, OPT_OVS},
        {"unixctl", required_argument, NULL, OPT_UNIXCTL},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        VLOG_LONG_OPTIONS,
        DAEMON_LONG_OPTIONS,
        STREAM_SSL_LONG_OPTIONS,
        {"peer-ca-cert", required_argument, NULL, OPT_PEER_CA_CERT},
        {"bootstrap-ca-cert", required_argument, NULL, OPT_BOOTSTRAP_CA_CERT},
        {NULL, 0, NULL, 0},
    };
    char *short_options = ovs_cmdl_long_options_to_short_options(long_options);

    *role = NULL;
    *ovs_remote = NULL;
    *unixctl_path = NULL;
    for (;;) {
        int c = getopt_long(argc, argv, short_options, long_options, NULL);
        if (c == -1) {
            break;
        }

        switch (c) {
        case OPT_ROLE:
            *role = role_from_name(optarg);
            break;

        case OPT_OVS:
            free(*ovs_remote);
            *ovs_remote = xstrdup(optarg);
            break;

        case OPT_UNIXCTL:
            free(*unixctl_path);
            *unixctl_path = xstrdup(optarg);
            break;

        case 'h':
            usage();

        case 'V':
            printf("slb-agent %s\n", SLB_VERSION);
            exit(EXIT_SUCCESS);

        VLOG_OPTION_HANDLERS
        DAEMON_OPTION_HANDLERS
        STREAM_SSL_OPTION_HANDLERS

        case OPT_PEER_CA_CERT:
            stream_ssl_set_peer_ca_cert_file(optarg);
            break;

        case OPT_BOOTSTRAP_CA_CERT:
            stream_ssl_set_ca_cert_file(optarg, true);
            break;

        case '?':
            exit(EXIT_FAILURE);

        default:
            abort();
        }
    }
    free(short_options);

    if (argc > optind) {
        ovs_fatal(0, "arguments are not accepted; use --help for usage");
    }
    if (!*role) {
        ovs_fatal(0, "option --role is required; use --help for usage");
    }
    if (!*ovs_remote) {
        *ovs_remote = xasprintf("unix:%s/db.sock", ovs_rundir());
    }
}

static void
usage(void)
{
    printf("%s: ovs-slb's agent on a node\n"
           "usage: %s --role=host|mux [OPTIONS]\n"
           "\n"
           "The node is described by external_ids of its own Open_vSwitch row:"
           "\n  system-id, slb-remote, slb-encap-ip, and optionally slb-zone,"
           "\n  slb-bridge, slb-underlay-bridge, slb-mux-set, "
           "slb-probe-ca-file,"
           "\n  slb-debug-minute-ms\n"
           "\nOptions:\n"
           "  --role=ROLE             host: balances to the VMs of this node\n"
           "                          mux: balances to hosts\n"
           "  --ovs=REMOTE            the node's Open vSwitch database\n"
           "                          (default: unix:%s/db.sock)\n"
           "  --unixctl=SOCKET        override default control socket name\n"
           "  -h, --help              display this help message\n"
           "  -V, --version           display version information\n",
           program_name, program_name, ovs_rundir());
    daemon_usage();
    vlog_usage();
    stream_usage("database", true, false, true);
    exit(EXIT_SUCCESS);
}

static void
config_destroy(struct agent_config *config)
{
    free(config->node);
    free(config->remote);
    free(config->zone);
    free(config->mux_set);
    free(config->bridge);
    free(config->underlay_bridge);
    free(config->probe_ca_file);
}

/* Reads 'agent->config' from the local Open_vSwitch row.  What is missing or
 * wrong is logged when it becomes so, not again and again. */
static void
config_run(struct agent *agent)
{
    static char *complaint;

    const struct ovsrec_open_vswitch *ovs
        = ovsrec_open_vswitch_first(agent->ovs_idl);
    agent->ovs = ovs;
    if (!ovs) {
        /* The local database has not been read yet. */
        return;
    }

    const struct smap *ids = &ovs->external_ids;
    const char *vtep = smap_get_def(ids, "slb-encap-ip", "");
    struct agent_config config = {
        .node = xstrdup(smap_get_def(ids, "system-id", "")),
        .remote = xstrdup(smap_get_def(ids, "slb-remote", "")),
        .zone = xstrdup(smap_get_def(ids, "slb-zone", "")),
        .mux_set = xstrdup(smap_get_def(ids, "slb-mux-set", "default")),
        .bridge = xstrdup(smap_get_def(ids, "slb-bridge",
                                       agent->role->default_bridge)),
        .underlay_bridge = xstrdup(smap_get_def(ids, "slb-underlay-bridge",
                                                "br-phy")),
        .probe_ca_file = xstrdup(smap_get_def(ids, "slb-probe-ca-file", "")),
        .minute_ms = idle_minute_ms(smap_get(ids, "slb-debug-minute-ms")),
    };
    char *error = NULL;
    if (!config.node[0]) {
        error = xstrdup("external_ids:system-id is not set");
    } else if (!config.remote[0]) {
        error = xstrdup("external_ids:slb-remote is not set");
    } else if (!ip_parse(vtep, &config.vtep) || !config.vtep) {
        config.vtep = 0;
        error = xasprintf("external_ids:slb-encap-ip is \"%s\", not an IPv4 "
                          "address", vtep);
    }

    if (error && (!complaint || strcmp(error, complaint))) {
        VLOG_WARN("waiting for this node's configuration: %s", error);
    } else if (!error && !agent->config_ok) {
        VLOG_INFO("this is %s %s, VTEP "IP_FMT", database %s",
                  agent->role->name, config.node, IP_ARGS(config.vtep),
                  config.remote);
    }
    free(complaint);
    complaint = error;

    config_destroy(&agent->config);
    agent->config = config;
    agent->config_ok = !error;
    if (!error) {
        ovsdb_idl_set_remote(agent->slb_idl, config.remote, true);
    }
}

static void
config_init(struct agent *agent)
{
    struct ovsdb_idl *idl = agent->ovs_idl;

    ovsdb_idl_add_table(idl, &ovsrec_table_open_vswitch);
    ovsdb_idl_add_column(idl, &ovsrec_open_vswitch_col_external_ids);

    agent->config = (struct agent_config) {
        .node = xstrdup(""),
        .remote = xstrdup(""),
        .zone = xstrdup(""),
        .mux_set = xstrdup(""),
        .bridge = xstrdup(""),
        .underlay_bridge = xstrdup(""),
        .probe_ca_file = xstrdup(""),
    };
}

static void
agent_exit(struct unixctl_conn *conn, int argc OVS_UNUSED,
           const char *argv[] OVS_UNUSED, void *exiting_)
{
    bool *exiting = exiting_;

    *exiting = true;
    unixctl_command_reply(conn, NULL);
}

static void
agent_status(struct unixctl_conn *conn, int argc OVS_UNUSED,
             const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *agent = agent_;
    struct ds out = DS_EMPTY_INITIALIZER;

    ds_put_format(&out, "role: %s\n", agent->role->name);
    ds_put_format(&out, "node: %s\n", agent->config.node);
    ds_put_format(&out, "database: %s, %s\n", agent->config.remote,
                  ovsdb_idl_is_connected(agent->slb_idl)
                  ? "connected" : "not connected");
    ds_put_format(&out, "contents: %s\n",
                  agent->slb_complete ? "complete" : "incomplete");
    if (agent->node) {
        ds_put_format(&out, "wanted: %"PRId64"\napplied: %"PRId64"\n",
                      agent->node->wanted, agent->node->applied);
    }
    ofctrl_format_status(agent->ofctrl, &out);
    unixctl_command_reply(conn, ds_cstr(&out));
    ds_destroy(&out);
}

static void
agent_flows(struct unixctl_conn *conn, int argc OVS_UNUSED,
            const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *agent = agent_;
    struct ds out = DS_EMPTY_INITIALIZER;

    ofctrl_format_flows(agent->ofctrl, &out);
    unixctl_command_reply(conn, ds_cstr(&out));
    ds_destroy(&out);
}

int
main(int argc, char *argv[])
{
    struct agent agent = { .role = NULL };
    struct unixctl_server *unixctl;
    char *unixctl_path;
    char *ovs_remote;
    bool exiting = false;

    ovs_cmdl_proctitle_init(argc, argv);
    set_program_name(argv[0]);
    parse_options(argc, argv, &agent.role, &ovs_remote, &unixctl_path);
    fatal_ignore_sigpipe();

    daemonize_start(false);
    int error = unixctl_server_create(unixctl_path, &unixctl);
    if (error) {
        exit(EXIT_FAILURE);
    }
    unixctl_command_register("exit", "", 0, 0, agent_exit, &exiting);
    unixctl_command_register("slb/status", "", 0, 0, agent_status, &agent);
    unixctl_command_register("slb/flows", "", 0, 0, agent_flows, &agent);

    struct ovsdb_idl_loop ovs_loop = OVSDB_IDL_LOOP_INITIALIZER(
        ovsdb_idl_create(ovs_remote, &ovsrec_idl_class, false, true));
    struct ovsdb_idl_loop slb_loop = OVSDB_IDL_LOOP_INITIALIZER(
        ovsdb_idl_create_unconnected(&slbrec_idl_class, false));
    agent.ovs_idl = ovs_loop.idl;
    agent.slb_idl = slb_loop.idl;

    /* Any server of a cluster will do: what a node does with contents that are
     * a moment old is what it did a moment ago. */
    ovsdb_idl_set_leader_only(agent.slb_idl, false);
    ovsdb_idl_set_probe_interval(agent.slb_idl, SLB_PROBE_INTERVAL);

    config_init(&agent);
    monitor_init(&agent);
    neighbour_init();
    agent.ofctrl = ofctrl_create();
    agent.role->init(&agent);
    daemonize_complete();

    while (!exiting) {
        agent.ovs_txn = ovsdb_idl_loop_run(&ovs_loop);
        agent.slb_txn = ovsdb_idl_loop_run(&slb_loop);

        config_run(&agent);
        agent.slb_complete = monitor_run(&agent);
        node_run(&agent);
        neighbour_run();
        if (agent.config_ok) {
            agent.role->run(&agent);
            ofctrl_run(agent.ofctrl, agent.config.bridge);
            if (agent.slb_complete && agent.role->applied(&agent)) {
                node_set_applied(&agent);
            }
        }
        unixctl_server_run(unixctl);

        neighbour_wait();
        if (agent.config_ok) {
            agent.role->wait(&agent);
            ofctrl_wait(agent.ofctrl);
        }
        unixctl_server_wait(unixctl);
        ovsdb_idl_loop_commit_and_wait(&slb_loop);
        ovsdb_idl_loop_commit_and_wait(&ovs_loop);
        if (exiting) {
            poll_immediate_wake();
        }
        poll_block();
    }

    agent.role->destroy(&agent);
    ofctrl_destroy(agent.ofctrl);
    neighbour_destroy();
    ovsdb_idl_loop_destroy(&slb_loop);
    ovsdb_idl_loop_destroy(&ovs_loop);
    config_destroy(&agent.config);
    unixctl_server_destroy(unixctl);
    free(unixctl_path);
    free(ovs_remote);
    return 0;
}

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

#ifndef AGENT_H
#define AGENT_H 1

/* What the modules of slb-agent share.
 *
 * slb-agent is the only program of ours on a node that talks to the SLB
 * database.  It stands between three things:
 *
 *     SLB database  <-->  slb-agent  <-->  Open vSwitch of this node
 *     (slb_idl)               |            (ovs_idl, OpenFlow by ofctrl)
 *                             +--> the role's own: mux datapath, routes, ...
 *
 * Data flows one way: what the database says is read, the role computes from
 * it what this node should do, and single writers (ofctrl for OpenFlow, for
 * instance) bring about the difference to what the node does now.  When all
 * of it is in force, node.c writes so ("applied").
 *
 * The main loop (slb-agent.c) runs each module, waits on each module and
 * blocks.  Modules get "struct agent" and know neither each other's insides
 * nor the main loop.  It is theirs to read; what they may write is said below.
 *
 *
 * When the database is away
 * =========================
 *
 * The IDL keeps its contents while it has no connection, so modules go on with
 * what they have.  After the agent's own start there are none: 'slb_complete'
 * is false until everything that this node has to know has arrived, and a
 * module must change nothing on the node before that (traffic goes on by what
 * an earlier agent left there).
 *
 *
 * Roles
 * =====
 *
 * A node is a host or a mux, and one module implements each (host.c, mux.c).
 * Its functions are called in this order:
 *
 *     init()      once, before any connection: registers the tables and
 *                 columns of the local Open vSwitch database that it reads and
 *                 initial state.  (Those of the SLB database are monitor.c's.)
 *     run()       in each turn of the main loop, without blocking.
 *     applied()   after run(): is everything that follows from the database's
 *                 contents in this turn in force?
 *     wait()      arranges for the next turn to start when run() would have
 *                 something to do.
 *     destroy()   at the end.  Frees memory; leaves the node as it is. */

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct agent;
struct ofctrl;
struct ovsdb_idl;
struct ovsdb_idl_txn;
struct ovsrec_open_vswitch;
struct slbrec_node;

struct agent_role {
    const char *name;           /* As in the option --role and in Node. */
    const char *default_bridge; /* If external_ids:slb-bridge is not set. */
    void (*init)(struct agent *);
    void (*run)(struct agent *);
    bool (*applied)(const struct agent *);
    void (*wait)(struct agent *);
    void (*destroy)(struct agent *);
};

extern const struct agent_role host_role;
extern const struct agent_role mux_role;

/* external_ids of the local Open_vSwitch row.  No member is NULL; texts that
 * are not set are "", except those that have defaults. */
struct agent_config {
    char *node;                 /* system-id */
    char *remote;               /* slb-remote */
    ovs_be32 vtep;              /* slb-encap-ip; 0 if missing or invalid. */
    char *zone;                 /* slb-zone */
    char *mux_set;              /* slb-mux-set */
    char *bridge;               /* slb-bridge */
    char *underlay_bridge;      /* slb-underlay-bridge */
    char *probe_ca_file;        /* slb-probe-ca-file */
    unsigned int minute_ms;     /* slb-debug-minute-ms */
};

struct agent {
    const struct agent_role *role;

    /* This node's Open vSwitch.  'ovs' is NULL until its database has been
     * read, and 'config' is only valid if 'config_ok'.  A transaction is open
     * in a turn of the main loop unless one is still being committed; modules
     * write rows in it if there is one and else in a later turn. */
    struct ovsdb_idl *ovs_idl;
    struct ovsdb_idl_txn *ovs_txn;
    const struct ovsrec_open_vswitch *ovs;
    struct agent_config config;
    bool config_ok;

    /* The SLB database.  'node' is this node's own row, or NULL if it has none
     * yet.  'wanted' is what 'node' asks for in this turn. */
    struct ovsdb_idl *slb_idl;
    struct ovsdb_idl_txn *slb_txn;
    const struct slbrec_node *node;
    int64_t wanted;
    bool slb_complete;

    /* The OpenFlow connection to 'config.bridge'.  The role hands it the
     * flows that it wants (ofctrl_put()). */
    struct ofctrl *ofctrl;
};

#endif /* controller/agent/agent.h */

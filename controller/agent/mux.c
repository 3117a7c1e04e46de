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

/* The role "mux": feeds the mux datapath and announces what it forwards.
 *
 *     SLB database --> tables --> mux datapath (mux-feed)
 *     next hops -----/                | acknowledged
 *                                     v
 *                            flows of br-mux (ofctrl)
 *                                     | acknowledged
 *                                     v
 *                            blackhole routes (announce) --> FRR --> router
 *
 * Each step only starts from what the one before has acknowledged: flows lead
 * to tables that are loaded, and a VIP that is announced is among them.  When
 * a VIP goes it is the other way round: the route goes first, and the tables
 * stay for LINGER_MS, in which the router hears of it and what is on the way
 * arrives.
 *
 *
 * A datapath that starts
 * ======================
 *
 * A datapath that says that it has no tables (it has just started) has no
 * routes, and its br-mux drops BGP and BFD while everything else goes to LOCAL
 * and back: through it the agent reaches the database and the kernel resolves
 * next hops.  When the tables are loaded and the next hops of all members are
 * known (or not to be had, after RESOLVE_MS), the gate opens: BGP may come up.
 *
 *
 * A datapath that dies
 * ====================
 *
 * The routers notice it by BFD.  When the connection breaks the flows are
 * held: whatever bridge comes up next gets none of the old ones, which would
 * let BGP pass, until its datapath has told what it has.  If it is the same as
 * before, only the connection was lost, and nothing changes.  The routes are
 * withdrawn if no datapath has come back after OFFLINE_MS.
 *
 *
 * An agent that starts
 * ====================
 *
 * finds a datapath that has tables, flows and routes, by another agent.  It
 * leaves them alone until it knows the database's contents and the next hops;
 * then the tables are replaced at once by what may well be the same, and flows
 * and routes are compared.  Routes that should not be there any more are
 * withdrawn LINGER_MS before.
 *
 * If somebody has deleted the flows meanwhile, there is nothing to leave
 * alone, and no way to the database.  Then the bridge gets the flows of a
 * datapath that starts, which cut BGP off, and the gate opens as it does
 * there. */

#include "controller/agent/agent.h"

#include <stdlib.h>
#include <string.h>

#include "controller/agent/announce.h"
#include "controller/agent/fabric.h"
#include "controller/agent/mux-availability.h"
#include "controller/agent/mux-feed.h"
#include "controller/agent/mux-tables.h"
#include "controller/agent/neighbour.h"
#include "controller/agent/node.h"
#include "controller/agent/ofctrl.h"
#include "controller/agent/talkers.h"
#include "dirs.h"
#include "flow.h"
#include "hash.h"
#include "lib/mux-protocol.h"
#include "lib/slb-address.h"
#include "lib/slb-idl.h"
#include "lib/vswitch-idl.h"
#include "ofproto-rules/flow-table.h"
#include "ofproto-rules/mux.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "packets.h"
#include "smap.h"
#include "sset.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(mux);

/* Milliseconds that a VIP is forwarded after its route has gone. */
#define LINGER_MS 2000

/* Milliseconds without a datapath until the routes are withdrawn. */
#define OFFLINE_MS 1000

/* Milliseconds that next hops are waited for which cannot be resolved: before
 * the gate opens, and before an agent that has just started replaces the
 * tables of another one. */
#define RESOLVE_MS 2000

/* Milliseconds between questions to the datapath about shortages. */
#define ASK_MS 1000

/* A VIP that the database has no more. */
struct linger_vip {
    struct hmap_node node;      /* In 'lingering', by 'key'. */
    char *key;                  /* As in mux_tables. */
    long long int until;
};

/* Ports of the bridge. */
struct ports {
    ofp_port_t uplink;          /* OFPP_NONE: there is none. */
    ofp_port_t slb;             /* OFPP_NONE: there is none, or not yet. */
    bool has_slb;               /* Is there to be one? */
};

struct mux {
    struct ports ports;
    struct mux_feed *feed;

    /* The datapath's state, as of this turn. */
    enum mux_feed_state state;
    long long int state_since;
    uint64_t feed_seqno;

    /* What the database wants. */
    unsigned int idl_seqno;
    bool fabric_dirty;          /* The node's addresses have changed. */
    char *fabric;               /* Where the nodes' VTEPs are, as text. */
    ovs_be32 vtep;              /* With which 'wanted' was made, ... */
    unsigned int minute_ms;
    char *zone;                 /* ... and 'addresses'. */
    bool wanted_ok;
    struct mux_tables wanted;   /* Without next hops. */
    struct sset addresses;      /* To be announced. */

    /* Tables. */
    struct hmap lingering;      /* Contains "struct linger_vip"s. */
    struct mux_tables base;     /* 'wanted' and what lingers. */
    struct neighbour_set *vteps;
    uint64_t neighbour_seqno;
    uint64_t availability_seqno;
    size_t n_unreachable;       /* VTEPs without next hop. */
    bool fed;                   /* Was anything handed to 'feed'? */
    bool base_dirty;
    bool tables_dirty;          /* 'feed' must be told. */
    long long int resolve_until; /* Before the first time. */
    long long int feed_at;

    /* Flows. */
    bool open;                  /* The gate: do BGP and BFD pass? */
    bool flows_dirty;           /* 'ofctrl' must be told. */
    struct sset flow_addresses; /* That the flows send to the datapath. */
    struct sset ready;          /* Of these, that are acknowledged. */
    bool flows_ready;           /* All are. */

    /* Routes. */
    bool routes_dirty;          /* 'announce' must be told. */
    bool adopted;               /* Another agent's, until flows are ready. */
    bool measure_dirty;         /* 'mux-availability' must be told. */

    /* Shortages. */
    struct talkers *talkers;
    long long int ask_at;
};

static struct mux mux;

/* Returns those of the addresses in 'set' that are also in 'other', unless
 * that is NULL, and stores how many they are in '*n'. */
static struct in6_addr *
to_addresses(const struct sset *set, const struct sset *other, size_t *n)
{
    struct in6_addr *addresses = xmalloc(MAX(sset_count(set), 1)
                                         * sizeof *addresses);
    const char *s;

    *n = 0;
    SSET_FOR_EACH (s, set) {
        if ((!other || sset_contains(other, s))
            && slb_address_parse(s, &addresses[*n])) {
            ++*n;
        }
    }
    return addresses;
}

/* The bridge's ports. */

static struct ports
find_ports(const struct agent *agent)
{
    struct ports ports = { .uplink = OFPP_NONE, .slb = OFPP_NONE };
    const struct ovsrec_bridge *br;
    size_t n_uplinks = 0;

    OVSREC_BRIDGE_FOR_EACH (br, agent->ovs_idl) {
        if (!strcmp(br->name, agent->config.bridge)) {
            break;
        }
    }
    for (size_t i = 0; br && i < br->n_ports; i++) {
        const struct ovsrec_port *port = br->ports[i];

        if (port->n_interfaces != 1 || !strcmp(port->name, br->name)) {
            continue;           /* OVS's bond, or LOCAL. */
        }

        const struct ovsrec_interface *iface = port->interfaces[0];
        ofp_port_t ofport = (iface->n_ofport && *iface->ofport > 0
                             ? u16_to_ofp(*iface->ofport) : OFPP_NONE);
        if (!strcmp(iface->type, "slbmux")) {
            /* -1: it cannot be opened. */
            ports.has_slb = !iface->n_ofport || *iface->ofport >= 0;
            ports.slb = ofport;
        } else {
            n_uplinks++;
            ports.uplink = ofport;
        }
    }
    if (n_uplinks > 1) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

        VLOG_WARN_RL(&rl, "%s has %"PRIuSIZE" ports that may be the uplink",
                     br->name, n_uplinks);
        ports.uplink = OFPP_NONE;
    }
    return ports;
}

static void
run_ports(const struct agent *agent)
{
    struct ports ports = find_ports(agent);

    if (ports.uplink != mux.ports.uplink || ports.slb != mux.ports.slb
        || ports.has_slb != mux.ports.has_slb) {
        VLOG_INFO("%s: uplink is port %"PRIu32", datapath is port %"PRIu32,
                  agent->config.bridge, ports.uplink, ports.slb);
        mux.ports = ports;
        mux.flows_dirty = true;
    }
}

/* The datapath's state. */

static void
run_feed(void)
{
    mux_feed_run(mux.feed);

    enum mux_feed_state state = mux_feed_state(mux.feed);
    if (state != mux.state) {
        mux.state = state;
        mux.state_since = time_msec();
        if (state == MUX_FEED_EMPTY) {
            mux.open = mux.adopted = false;
            sset_clear(&mux.ready);
        } else if (state == MUX_FEED_FOREIGN) {
            mux.open = mux.adopted = true;
        }
        mux.flows_dirty = mux.routes_dirty = true;
    }
    if (mux.feed_seqno != mux_feed_seqno(mux.feed)) {
        mux.feed_seqno = mux_feed_seqno(mux.feed);
        mux.flows_dirty = mux.measure_dirty = true;
    }
    if (mux.state == MUX_FEED_OURS && !mux.open
        && mux_feed_acked(mux.feed) && !mux.tables_dirty
        && (!mux.n_unreachable
            || time_msec() >= mux.state_since + RESOLVE_MS)) {
        VLOG_INFO("tables are loaded, letting BGP pass (%"PRIuSIZE" VTEPs "
                  "are not reachable)", mux.n_unreachable);
        mux.open = true;
        mux.flows_dirty = mux.routes_dirty = true;
    }
}

/* What the database wants. */

static struct linger_vip *
linger_find(const char *key)
{
    struct linger_vip *linger;

    HMAP_FOR_EACH_WITH_HASH (linger, node, hash_string(key, 0),
                             &mux.lingering) {
        if (!strcmp(linger->key, key)) {
            return linger;
        }
    }
    return NULL;
}

static void
linger_remove(struct linger_vip *linger)
{
    hmap_remove(&mux.lingering, &linger->node);
    free(linger->key);
    free(linger);
}

/* Lets the VIPs linger that are in 'old' and no longer in 'mux.wanted'. */
static void
linger_update(const struct mux_tables *old)
{
    const struct shash_node *node;
    struct linger_vip *linger;

    SHASH_FOR_EACH (node, &old->objects[MUX_VIP]) {
        if (!mux_tables_has_vip(&mux.wanted, node->name)
            && !linger_find(node->name)) {
            linger = xmalloc(sizeof *linger);
            linger->key = xstrdup(node->name);
            linger->until = time_msec() + LINGER_MS;
            hmap_insert(&mux.lingering, &linger->node,
                        hash_string(linger->key, 0));
        }
    }
    HMAP_FOR_EACH_SAFE (linger, node, &mux.lingering) {
        if (mux_tables_has_vip(&mux.wanted, linger->key)) {
            linger_remove(linger);
        }
    }
}

/* Finds out what is to be announced. */
static void
update_addresses(const struct agent *agent)
{
    const char *anycast = mux_tables_get_anycast(&mux.wanted);
    struct sset addresses = SSET_INITIALIZER(&addresses);
    const struct slbrec_vip *vip;

    SLBREC_VIP_FOR_EACH (vip, agent->slb_idl) {
        if (!vip->network_key && mux_vip_has_zone(vip, mux.zone)) {
            sset_add(&addresses, vip->address);
        }
    }
    if (anycast) {
        sset_add(&addresses, anycast);
    }
    if (!sset_equals(&addresses, &mux.addresses)) {
        sset_swap(&addresses, &mux.addresses);
        mux.routes_dirty = true;
    }
    sset_destroy(&addresses);
}

/* Adds to 'tables' where the nodes' VTEPs are. */
static void
set_vteps(const struct agent *agent, struct mux_tables *tables)
{
    const struct slbrec_slb_global *global
        = slbrec_slb_global_first(agent->slb_idl);
    const char *option = smap_get(&global->options, "vtep-prefixes");
    struct sset prefixes = SSET_INITIALIZER(&prefixes);

    fabric_get_link(mux.vtep, &prefixes);
    if (option && !fabric_get_prefixes(option, &prefixes)) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

        VLOG_WARN_RL(&rl, "SLB_Global's vtep-prefixes \"%s\" are not IPv4 "
                     "prefixes, or too many; those that are count", option);
    }
    mux_tables_set_vteps(tables, &prefixes);
    free(mux.fabric);
    mux.fabric = sset_join(&prefixes, " ", "");
    sset_destroy(&prefixes);
}

static void
run_database(const struct agent *agent)
{
    unsigned int seqno = ovsdb_idl_get_seqno(agent->slb_idl);

    if (fabric_run()) {
        mux.fabric_dirty = true;
    }
    if (!agent->slb_complete
        || (mux.wanted_ok && seqno == mux.idl_seqno && !mux.fabric_dirty
            && agent->config.vtep == mux.vtep
            && agent->config.minute_ms == mux.minute_ms
            && !strcmp(agent->config.zone, mux.zone))) {
        return;
    }
    mux.idl_seqno = seqno;
    mux.fabric_dirty = false;
    mux.vtep = agent->config.vtep;
    mux.minute_ms = agent->config.minute_ms;
    free(mux.zone);
    mux.zone = xstrdup(agent->config.zone);

    struct mux_tables new;
    mux_tables_init(&new);
    if (mux_tables_from_database(&new, agent->slb_idl, mux.vtep,
                                 mux.minute_ms)) {
        set_vteps(agent, &new);
        if (!mux.wanted_ok || !mux_tables_equal(&mux.wanted, &new)) {
            mux_tables_swap(&mux.wanted, &new);
            linger_update(&new);
            mux.wanted_ok = true;
            mux.base_dirty = true;
        }
        update_addresses(agent);
    }
    mux_tables_destroy(&new);
}

/* Tables. */

/* Brings 'mux.base' up to date, and asks for the next hops that it needs. */
static void
run_base(void)
{
    struct mux_tables base;
    struct linger_vip *linger;

    HMAP_FOR_EACH_SAFE (linger, node, &mux.lingering) {
        if (time_msec() >= linger->until) {
            linger_remove(linger);
            mux.base_dirty = true;
        }
    }
    if (!mux.base_dirty) {
        return;
    }
    mux.base_dirty = false;
    mux.tables_dirty = true;

    mux_tables_init(&base);
    mux_tables_copy(&base, &mux.wanted);
    HMAP_FOR_EACH (linger, node, &mux.lingering) {
        mux_tables_keep_vip(&base, &mux.base, linger->key);
    }
    mux_tables_swap(&mux.base, &base);
    mux_tables_destroy(&base);

    struct sset vteps = SSET_INITIALIZER(&vteps);
    mux_tables_get_vteps(&mux.base, &vteps);
    size_t n;
    struct in6_addr *addresses = to_addresses(&vteps, NULL, &n);
    neighbour_set_replace(mux.vteps, addresses, n);
    free(addresses);
    sset_destroy(&vteps);
}

/* Stores in 'tables' what the datapath should have. */
static void
build_tables(struct mux_tables *tables)
{
    struct sset vteps = SSET_INITIALIZER(&vteps);
    const char *s;

    mux_tables_copy(tables, &mux.base);
    mux_tables_get_vteps(&mux.base, &vteps);
    mux.n_unreachable = 0;
    SSET_FOR_EACH (s, &vteps) {
        struct in6_addr address;
        struct neighbour n;

        if (slb_address_parse(s, &address) && neighbour_get(&address, &n)) {
            ovs_be32 vtep = in6_addr_get_mapped_ipv4(&address);

            mux_tables_add_nexthop(tables, vtep,
                                   mux_availability_is_dead(vtep),
                                   n.src_mac, n.dst_mac);
        } else {
            mux.n_unreachable++;
        }
    }
    sset_destroy(&vteps);
}

/* Withdraws the routes of an earlier agent that are not right any more, and
 * returns true if there are any. */
static bool
withdraw_stale(void)
{
    struct sset present = SSET_INITIALIZER(&present);
    size_t n;

    announce_get_present(&present);
    struct in6_addr *addresses = to_addresses(&present, &mux.addresses, &n);
    bool stale = n < sset_count(&present);
    if (stale) {
        announce_put(addresses, n);
    }
    free(addresses);
    sset_destroy(&present);
    return stale;
}

/* Returns true if the tables of another agent may be replaced. */
static bool
may_replace(void)
{
    struct sset present = SSET_INITIALIZER(&present);
    bool known = announce_get_present(&present);

    sset_destroy(&present);
    if (!known) {
        return false;
    }
    if (mux.resolve_until == LLONG_MAX) {
        mux.resolve_until = time_msec() + RESOLVE_MS;
    }
    if (mux.n_unreachable && time_msec() < mux.resolve_until) {
        return false;
    }
    if (mux.feed_at == LLONG_MAX) {
        mux.feed_at = time_msec() + (withdraw_stale() ? LINGER_MS : 0);
    }
    return time_msec() >= mux.feed_at;
}

static void
run_tables(void)
{
    if (!mux.wanted_ok) {
        return;
    }

    run_base();
    if (mux.neighbour_seqno != neighbour_seqno()
        || mux.availability_seqno != mux_availability_seqno()) {
        mux.neighbour_seqno = neighbour_seqno();
        mux.availability_seqno = mux_availability_seqno();
        mux.tables_dirty = true;
    }
    if (!mux.tables_dirty || mux.state == MUX_FEED_OFFLINE) {
        return;
    }

    struct mux_tables tables;
    mux_tables_init(&tables);
    build_tables(&tables);
    if (mux.fed || mux.state != MUX_FEED_FOREIGN || may_replace()) {
        mux_feed_put(mux.feed, &tables);
        mux.tables_dirty = false;
        mux.fed = true;
    }
    mux_tables_destroy(&tables);
}

/* Flows. */

/* Hands the flows to 'ofctrl' that lead to what is in force, 'tables' (NULL:
 * nothing). */
static void
put_flows(struct ofctrl *ofctrl, const struct mux_tables *tables)
{
    const char *anycast = tables ? mux_tables_get_anycast(tables) : NULL;
    struct mux_rules rules = {
        .uplink = mux.ports.uplink,
        .slb = mux.ports.slb,
        .loaded = mux.open,
    };
    struct flow_table flows;

    sset_clear(&mux.flow_addresses);
    if (tables) {
        mux_tables_get_vips(tables, 0, &mux.flow_addresses);
    }
    if (anycast) {
        sset_add(&mux.flow_addresses, anycast);
    }
    rules.forwards = (rules.slb != OFPP_NONE
                      && !sset_is_empty(&mux.flow_addresses));

    flow_table_init(&flows);
    mux_rules_build(&rules, &flows);
    ofctrl_put(ofctrl, &flows);
    flow_table_destroy(&flows);

    /* What stays is ready all the time. */
    const char *s;
    SSET_FOR_EACH_SAFE (s, &mux.ready) {
        if (!sset_contains(&mux.flow_addresses, s)) {
            sset_delete(&mux.ready, SSET_NODE_FROM_NAME(s));
        }
    }
    mux.flows_ready = false;
}

static void
run_flows(const struct agent *agent)
{
    if (mux.state == MUX_FEED_FOREIGN && mux.open
        && ofctrl_is_bare(agent->ofctrl)) {
        VLOG_INFO("%s has no flows, letting everything but BGP pass",
                  agent->config.bridge);
        mux.open = mux.adopted = false;
        mux.flows_dirty = true;
    }
    if (mux.flows_dirty) {
        const struct mux_tables *tables = mux_feed_in_force(mux.feed);
        bool put;

        switch (mux.state) {
        case MUX_FEED_OFFLINE:
            /* Without the datapath's port nobody will ever tell. */
            put = !mux.ports.has_slb;
            if (put) {
                mux.open = false;
            }
            break;

        case MUX_FEED_FOREIGN:
            put = !mux.open;
            break;

        case MUX_FEED_EMPTY:
            put = true;
            break;

        case MUX_FEED_OURS:
            put = mux.ports.slb != OFPP_NONE;
            break;

        default:
            OVS_NOT_REACHED();
        }

        mux.flows_dirty = false;
        if (put && mux.ports.uplink != OFPP_NONE) {
            put_flows(agent->ofctrl, tables);
        } else {
            ofctrl_hold(agent->ofctrl);
            mux.flows_ready = false;
        }
    } else if (!mux.flows_ready && ofctrl_acked(agent->ofctrl)) {
        sset_destroy(&mux.ready);
        sset_clone(&mux.ready, &mux.flow_addresses);
        mux.flows_ready = mux.routes_dirty = true;
        mux.adopted = false;
    }
}

/* Routes. */

static void
run_routes(void)
{
    bool offline = (mux.state == MUX_FEED_OFFLINE
                    && time_msec() >= mux.state_since + OFFLINE_MS);

    if (mux.routes_dirty) {
        if (offline || mux.state == MUX_FEED_EMPTY) {
            announce_put(NULL, 0);
            sset_clear(&mux.ready);
            mux.routes_dirty = false;
        } else if (mux.state == MUX_FEED_OURS && !mux.adopted) {
            size_t n;
            struct in6_addr *addresses = to_addresses(&mux.addresses,
                                                      &mux.ready, &n);

            announce_put(addresses, mux.open ? n : 0);
            free(addresses);
            mux.routes_dirty = false;
            mux.measure_dirty = true;
        }
    }
    announce_run();
}

/* Shortages. */

static const char *
find_frontend(int64_t network, const char *address, void *agent_)
{
    const struct agent *agent = agent_;
    const struct slbrec_vip *vip;

    SLBREC_VIP_FOR_EACH (vip, agent->slb_idl) {
        if (vip->network_key == network && !strcmp(vip->address, address)) {
            return vip->frontend;
        }
    }
    return NULL;
}

/* Learns from the datapath who takes too much, and tells it in the node's
 * row. */
static void
run_talkers(struct agent *agent)
{
    struct json *answer = mux_feed_take_answer(mux.feed);

    if (answer) {
        talkers_put(mux.talkers, answer, time_msec(), time_wall_msec());
        json_destroy(answer);
    }
    talkers_run(mux.talkers, time_msec());
    if (time_msec() >= mux.ask_at) {
        mux_feed_ask(mux.feed);
        mux.ask_at = time_msec() + ASK_MS;
    }
    if (talkers_is_known(mux.talkers)) {
        node_set_status(agent, "overload", talkers_get_text(mux.talkers));
    }
}

static void
mux_talkers(struct unixctl_conn *conn, int argc OVS_UNUSED,
            const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    talkers_format(mux.talkers, &ds);
    unixctl_command_reply(conn, ds_cstr(&ds));
    ds_destroy(&ds);
}

/* Availability. */

static void
run_availability(struct agent *agent)
{
    bool ready = (mux.state == MUX_FEED_OURS && mux.open && !mux.adopted
                  && mux.ports.slb != OFPP_NONE);
    struct mux_availability_view view = {
        .tables = ready ? mux_feed_in_force(mux.feed) : NULL,
        .addresses = &mux.addresses,
        .ready = &mux.ready,
        .port = mux.ports.slb,
        .changed = mux.measure_dirty,
    };

    mux_availability_run(agent, &view);
    mux.measure_dirty = false;
}

/* The role. */

static void
mux_status(struct unixctl_conn *conn, int argc OVS_UNUSED,
           const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *agent = agent_;
    struct ds ds = DS_EMPTY_INITIALIZER;

    mux_feed_format(mux.feed, &ds);
    ds_put_format(&ds, "nodes' VTEPs are in: %s\n", mux.fabric);
    ds_put_format(&ds, "VTEPs not reachable: %"PRIuSIZE"\n",
                  mux.n_unreachable);
    ds_put_format(&ds, "VIPs lingering: %"PRIuSIZE"\n",
                  hmap_count(&mux.lingering));
    ds_put_format(&ds, "BGP passes: %s\n", mux.open ? "yes" : "no");
    ofctrl_format_status(agent->ofctrl, &ds);
    announce_format(&ds);
    unixctl_command_reply(conn, ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
mux_init(struct agent *agent)
{
    struct ovsdb_idl *idl = agent->ovs_idl;

    ovsdb_idl_add_table(idl, &ovsrec_table_bridge);
    ovsdb_idl_add_column(idl, &ovsrec_bridge_col_name);
    ovsdb_idl_add_column(idl, &ovsrec_bridge_col_ports);
    ovsdb_idl_add_table(idl, &ovsrec_table_port);
    ovsdb_idl_add_column(idl, &ovsrec_port_col_name);
    ovsdb_idl_add_column(idl, &ovsrec_port_col_interfaces);
    ovsdb_idl_add_table(idl, &ovsrec_table_interface);
    ovsdb_idl_add_column(idl, &ovsrec_interface_col_name);
    ovsdb_idl_add_column(idl, &ovsrec_interface_col_type);
    ovsdb_idl_add_column(idl, &ovsrec_interface_col_ofport);

    char *remote = xasprintf("unix:%s/"MUX_PROTOCOL_SOCKET, ovs_rundir());
    mux = (struct mux) {
        .ports = { .uplink = OFPP_NONE, .slb = OFPP_NONE },
        .feed = mux_feed_create(remote),
        .zone = xstrdup(""),
        .fabric = xstrdup(""),
        .state = MUX_FEED_OFFLINE,
        .state_since = time_msec(),
        .vteps = neighbour_set_create(),
        .resolve_until = LLONG_MAX,
        .feed_at = LLONG_MAX,
        .routes_dirty = true,
        .talkers = talkers_create(find_frontend, agent, time_msec()),
    };
    free(remote);
    fabric_init();
    mux_availability_init(agent, find_frontend);
    mux_tables_init(&mux.wanted);
    mux_tables_init(&mux.base);
    sset_init(&mux.addresses);
    hmap_init(&mux.lingering);
    sset_init(&mux.flow_addresses);
    sset_init(&mux.ready);
    unixctl_command_register("slb/mux-status", "", 0, 0, mux_status, agent);
    unixctl_command_register("slb/talkers", "", 0, 0, mux_talkers, NULL);
}

static void
mux_run(struct agent *agent)
{
    run_ports(agent);
    run_feed();
    run_database(agent);
    run_tables();
    run_flows(agent);
    run_routes();
    run_talkers(agent);
    run_availability(agent);
}

static bool
mux_applied(const struct agent *agent)
{
    return (mux.wanted_ok && mux.idl_seqno == ovsdb_idl_get_seqno(
                agent->slb_idl)
            && !mux.tables_dirty && mux_feed_acked(mux.feed)
            && mux.open && !mux.flows_dirty && mux.flows_ready
            && ofctrl_acked(agent->ofctrl)
            && !mux.routes_dirty && announce_acked());
}

static void
mux_wait(struct agent *agent)
{
    mux_feed_wait(mux.feed);
    announce_wait();
    fabric_wait();
    mux_availability_wait();
    poll_timer_wait_until(mux.ask_at);
    poll_timer_wait_until(talkers_next(mux.talkers));

    const struct linger_vip *linger;
    HMAP_FOR_EACH (linger, node, &mux.lingering) {
        poll_timer_wait_until(linger->until);
    }
    if (mux.routes_dirty && mux.state == MUX_FEED_OFFLINE) {
        poll_timer_wait_until(mux.state_since + OFFLINE_MS);
    }
    if (mux.tables_dirty && mux.state == MUX_FEED_FOREIGN) {
        poll_timer_wait_until(mux.feed_at != LLONG_MAX ? mux.feed_at
                              : mux.resolve_until);
    }
    if (mux.state == MUX_FEED_OURS && !mux.open && mux_feed_acked(mux.feed)) {
        poll_timer_wait_until(mux.n_unreachable
                              ? mux.state_since + RESOLVE_MS : 0);
    }
    if (!mux.flows_ready && ofctrl_acked(agent->ofctrl)) {
        poll_immediate_wake();
    }
}

static void
mux_destroy(struct agent *agent OVS_UNUSED)
{
    struct linger_vip *linger;

    mux_feed_destroy(mux.feed);
    neighbour_set_destroy(mux.vteps);
    announce_destroy();
    mux_availability_destroy();
    talkers_destroy(mux.talkers);
    mux_tables_destroy(&mux.wanted);
    mux_tables_destroy(&mux.base);
    sset_destroy(&mux.addresses);
    free(mux.zone);
    sset_destroy(&mux.flow_addresses);
    sset_destroy(&mux.ready);
    HMAP_FOR_EACH_SAFE (linger, node, &mux.lingering) {
        linger_remove(linger);
    }
    hmap_destroy(&mux.lingering);
}

const struct agent_role mux_role = {
    .name = "mux",
    .default_bridge = "br-mux",
    .init = mux_init,
    .run = mux_run,
    .applied = mux_applied,
    .wait = mux_wait,
    .destroy = mux_destroy,
};

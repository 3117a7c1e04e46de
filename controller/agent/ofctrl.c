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

#include "controller/agent/ofctrl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bitmap.h"
#include "byte-order.h"
#include "controller/agent/meter.h"
#include "dirs.h"
#include "ofproto-rules/flow-table.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-bundle.h"
#include "openvswitch/ofp-ct.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/ofp-print.h"
#include "openvswitch/ofp-switch.h"
#include "openvswitch/ofp-util.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/rconn.h"
#include "openvswitch/vconn.h"
#include "openvswitch/vlog.h"
#include "socket-util.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(ofctrl);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(10, 40);

#define OF_VERSION OFP15_VERSION
#define OF_PROTOCOL OFPUTIL_P_OF15_OXM

/* Seconds: how often a switch that is silent is asked whether it is there, and
 * the longest pause between attempts to connect to it. */
#define PROBE_INTERVAL 60
#define MAX_BACKOFF 1

/* Transaction IDs of messages that flows do not depend on, all of a kind.
 * Others are counted from 1. */
#define XID_PACKET (UINT32_MAX - 2)
#define XID_METER (UINT32_MAX - 1)
#define XID_FLUSH UINT32_MAX

/* Milliseconds between attempts to send a bundle that was refused. */
#define MIN_RETRY 1000
#define MAX_RETRY 30000

enum state {
    S_OFFLINE,     /* No connection. */
    S_METERS,      /* Asked for the meters that are there. */
    S_READING,     /* Asked for the flows that are there. */
    S_IDLE,        /* 'installed' is what is there. */
    S_ADDING,      /* Filled a bundle, wait for the switch to have read it. */
    S_COMMITTING,  /* Asked for the bundle to be put in force. */
};

/* A change of one flow that is under way. */
struct mod {
    ovs_be32 xid;
    bool delete;
    struct flow_entry *flow;    /* Owned by 'sent'. */
};

/* Who gets the packets of flows whose cookies have a class. */
struct handler {
    uint16_t cookie_class;
    ofctrl_packet_in_handler *cb;
};

#define MAX_HANDLERS 4

/* Packets that wait to be sent to a switch that does not listen. */
#define MAX_PACKETS_OUT 1000

struct ofctrl {
    struct rconn *rconn;
    char *bridge;
    unsigned int connection;    /* rconn's connection sequence number. */
    enum state state;
    ovs_be32 xid;               /* Of the request whose answer is awaited. */

    bool wanted;                /* Was anything put? */
    struct flow_table desired;
    struct flow_table installed;
    bool compare;               /* May they differ? */

    /* The bundle that is under way. */
    uint32_t bundle_id;
    struct flow_table added, deleted;   /* What it changes. */
    struct mod *mods;
    size_t n_mods, allocated_mods;
    bool refused;

    /* After a refusal. */
    long long int retry_at;     /* LLONG_MAX: no refusal. */
    int retry_pause;

    /* Zones whose connections are to be forgotten: those not asked for, and
     * those whose answer, to 'zones_xid', is awaited. */
    unsigned long *zones_todo;
    unsigned long *zones_sent;
    ovs_be32 zones_xid;         /* 0: none awaited. */

    struct meters meters;

    /* Who gets the packets that the switch hands over. */
    struct handler handlers[MAX_HANDLERS];
    size_t n_handlers;
    struct rconn_packet_counter *packets_out; /* Not sent yet. */

    /* Counters. */
    uint64_t n_connections, n_bundles, n_refused;
    uint64_t n_added, n_changed, n_deleted, n_zones;
    uint64_t n_packet_ins, n_packet_outs, n_flushed;
};

#define N_ZONES (UINT16_MAX + 1)

static void
set_state(struct ofctrl *oc, enum state state, ovs_be32 xid)
{
    oc->state = state;
    oc->xid = xid;
}

struct ofctrl *
ofctrl_create(void)
{
    struct ofctrl *oc = xzalloc(sizeof *oc);

    oc->rconn = rconn_create(PROBE_INTERVAL, MAX_BACKOFF, DSCP_DEFAULT,
                             1u << OF_VERSION);
    flow_table_init(&oc->desired);
    flow_table_init(&oc->installed);
    flow_table_init(&oc->added);
    flow_table_init(&oc->deleted);
    meters_init(&oc->meters);
    oc->retry_at = LLONG_MAX;
    oc->zones_todo = bitmap_allocate(N_ZONES);
    oc->zones_sent = bitmap_allocate(N_ZONES);
    oc->packets_out = rconn_packet_counter_create();
    return oc;
}

void
ofctrl_destroy(struct ofctrl *oc)
{
    if (oc) {
        rconn_destroy(oc->rconn);
        rconn_packet_counter_destroy(oc->packets_out);
        flow_table_destroy(&oc->desired);
        flow_table_destroy(&oc->installed);
        flow_table_destroy(&oc->added);
        flow_table_destroy(&oc->deleted);
        meters_destroy(&oc->meters);
        free(oc->mods);
        bitmap_free(oc->zones_todo);
        bitmap_free(oc->zones_sent);
        free(oc->bridge);
        free(oc);
    }
}

static ovs_be32
send_msg(struct ofctrl *oc, struct ofpbuf *msg)
{
    ovs_be32 xid = ((const struct ofp_header *) msg->data)->xid;

    /* Failure means that the connection is lost, which ofctrl_run() notices
     * by itself. */
    rconn_send(oc->rconn, msg, NULL);
    return xid;
}

/* Sends 'msg', whose failure is no failure of what else is under way. */
static void
send_aside(struct ofctrl *oc, struct ofpbuf *msg, uint32_t xid)
{
    ((struct ofp_header *) msg->data)->xid = htonl(xid);
    send_msg(oc, msg);
}

static ovs_be32
send_barrier(struct ofctrl *oc)
{
    return send_msg(oc, ofputil_encode_barrier_request(OF_VERSION));
}

/* Sends changes of meters. */
static void
send_meter_mods(struct ofctrl *oc, struct ovs_list *msgs)
{
    struct ofpbuf *msg;

    LIST_FOR_EACH_POP (msg, list_node, msgs) {
        send_aside(oc, msg, XID_METER);
    }
}

/* A switch hands no packet to a connection like ours that has not said how
 * much of one it wants. */
static void
start_packet_ins(struct ofctrl *oc)
{
    struct ofputil_switch_config config = {
        .frag = OFPUTIL_FRAG_NORMAL,
        .invalid_ttl_to_controller = -1,
        .miss_send_len = UINT16_MAX,
    };

    send_msg(oc, ofputil_encode_set_config(&config, OF_VERSION));
}

static void
start_meters(struct ofctrl *oc)
{
    meters_forget(&oc->meters);
    set_state(oc, S_METERS,
              send_msg(oc, ofputil_encode_meter_request(OF_VERSION,
                                                        OFPUTIL_METER_CONFIG,
                                                        OFPM13_ALL)));
}

static void
start_reading(struct ofctrl *oc)
{
    struct ofputil_flow_stats_request request = {
        .match = MATCH_CATCHALL_INITIALIZER,
        .out_port = OFPP_ANY,
        .out_group = OFPG_ANY,
        .table_id = OFPTT_ALL,
    };

    flow_table_clear(&oc->installed);
    set_state(oc, S_READING,
              send_msg(oc, ofputil_encode_flow_stats_request(&request,
                                                             OF_PROTOCOL)));
}

/* The connection, or what it is used for, makes no sense any more. */
static void
start_again(struct ofctrl *oc)
{
    rconn_reconnect(oc->rconn);
    set_state(oc, S_OFFLINE, 0);
}

static void
handle_meters(struct ofctrl *oc, const struct ofp_header *oh)
{
    struct ovs_list msgs = OVS_LIST_INITIALIZER(&msgs);
    int error = meters_read(&oc->meters, oh, &msgs);

    send_meter_mods(oc, &msgs);
    if (error) {
        VLOG_WARN_RL(&rl, "%s: cannot understand the meters that are there",
                     oc->bridge);
        start_again(oc);
    } else if (!ofpmp_more(oh)) {
        start_reading(oc);
    }
}

static void
handle_flow_stats(struct ofctrl *oc, const struct ofp_header *oh)
{
    struct ofpbuf msg = ofpbuf_const_initializer(oh, ntohs(oh->length));
    struct ofpbuf actions;

    ofpbuf_init(&actions, 256);
    for (;;) {
        struct ofputil_flow_stats fs;
        int error = ofputil_decode_flow_stats_reply(&fs, &msg, true, &actions);
        if (error == EOF) {
            break;
        } else if (error) {
            VLOG_WARN_RL(&rl, "%s: cannot understand the flows that are there",
                         oc->bridge);
            ofpbuf_uninit(&actions);
            start_again(oc);
            return;
        }

        /* What hands over packets without a limit does not do what it says
         * that it does. */
        size_t len = (meters_lack(&oc->meters, fs.ofpacts, fs.ofpacts_len)
                      ? 0 : fs.ofpacts_len);
        flow_table_add_raw(&oc->installed, fs.table_id, fs.priority,
                           ntohll(fs.cookie), &fs.match, fs.ofpacts, len);
    }
    ofpbuf_uninit(&actions);

    if (!ofpmp_more(oh)) {
        VLOG_INFO("%s: connected, has %"PRIuSIZE" flows", oc->bridge,
                  hmap_count(&oc->installed.flows));
        oc->compare = true;
        set_state(oc, S_IDLE, 0);
    }
}

static void
send_flow_mod(struct ofctrl *oc, const struct flow_entry *flow, bool delete)
{
    struct flow_table *table = delete ? &oc->deleted : &oc->added;

    flow_table_set(table, flow);
    struct flow_entry *copy = flow_table_find(table, flow);

    struct ofputil_flow_mod fm = {
        .match = copy->match,
        .priority = copy->priority,
        .new_cookie = htonll(copy->cookie),
        .table_id = copy->table,
        .command = delete ? OFPFC_DELETE_STRICT : OFPFC_ADD,
        .buffer_id = UINT32_MAX,
        .out_port = OFPP_ANY,
        .out_group = OFPG_ANY,
        .ofpacts = delete ? NULL : copy->actions,
        .ofpacts_len = delete ? 0 : copy->actions_len,
    };
    struct ofpbuf *msg = ofputil_encode_flow_mod(&fm, OF_PROTOCOL);
    ofpmsg_update_length(msg);
    struct ofputil_bundle_add_msg add = {
        .bundle_id = oc->bundle_id,
        .flags = OFPBF_ATOMIC | OFPBF_ORDERED,
        .msg = msg->data,
    };

    if (oc->n_mods >= oc->allocated_mods) {
        oc->mods = x2nrealloc(oc->mods, &oc->allocated_mods,
                              sizeof *oc->mods);
    }
    oc->mods[oc->n_mods++] = (struct mod) {
        .xid = add.msg->xid,
        .delete = delete,
        .flow = copy,
    };
    send_msg(oc, ofputil_encode_bundle_add(OF_VERSION, &add));
    ofpbuf_delete(msg);
}

static ovs_be32
send_bundle_control(struct ofctrl *oc, uint16_t type)
{
    struct ofputil_bundle_ctrl_msg bc = {
        .bundle_id = oc->bundle_id,
        .type = type,
        .flags = OFPBF_ATOMIC | OFPBF_ORDERED,
    };

    return send_msg(oc, ofputil_encode_bundle_ctrl_request(OF_VERSION, &bc));
}

static void
bundle_forget(struct ofctrl *oc)
{
    oc->n_mods = 0;
    oc->refused = false;
    flow_table_clear(&oc->added);
    flow_table_clear(&oc->deleted);
}

/* Opens the bundle when there is a first change for it. */
static void
bundle_mod(struct ofctrl *oc, const struct flow_entry *flow, bool delete)
{
    if (!oc->n_mods) {
        oc->bundle_id++;
        send_bundle_control(oc, OFPBCT_OPEN_REQUEST);
    }
    send_flow_mod(oc, flow, delete);
}

static void
add_meters(struct ofctrl *oc)
{
    struct ovs_list msgs = OVS_LIST_INITIALIZER(&msgs);

    meters_want(&oc->meters, &oc->desired);
    meters_add(&oc->meters, &msgs);
    send_meter_mods(oc, &msgs);
}

static void
delete_meters(struct ofctrl *oc)
{
    struct ovs_list msgs = OVS_LIST_INITIALIZER(&msgs);

    meters_delete(&oc->meters, &msgs);
    send_meter_mods(oc, &msgs);
}

/* Sends the difference between what is desired and what is installed. */
static void
compare(struct ofctrl *oc)
{
    const struct flow_entry *flow;

    oc->compare = false;
    bundle_forget(oc);
    add_meters(oc);
    HMAP_FOR_EACH (flow, hmap_node, &oc->installed.flows) {
        if (!flow_table_find(&oc->desired, flow)) {
            bundle_mod(oc, flow, true);
            oc->n_deleted++;
        }
    }
    HMAP_FOR_EACH (flow, hmap_node, &oc->desired.flows) {
        const struct flow_entry *old = flow_table_find(&oc->installed, flow);

        /* An addition in the place of a flow replaces it and keeps its
         * counters. */
        if (!old || !flow_entry_same(flow, old)) {
            bundle_mod(oc, flow, false);
            if (old) {
                oc->n_changed++;
            } else {
                oc->n_added++;
            }
        }
    }

    if (oc->n_mods) {
        /* A message that is wrong is left out of the bundle, not the bundle
         * refused: a barrier tells when all of it has been read, and whether
         * it may be put in force. */
        VLOG_DBG("%s: bundle of %"PRIuSIZE" changes", oc->bridge, oc->n_mods);
        oc->n_bundles++;
        set_state(oc, S_ADDING, send_barrier(oc));
    } else {
        delete_meters(oc);
    }
}

static void
bundle_done(struct ofctrl *oc)
{
    for (size_t i = 0; i < oc->n_mods; i++) {
        const struct mod *mod = &oc->mods[i];

        if (!mod->delete) {
            flow_table_set(&oc->installed, mod->flow);
        } else {
            struct flow_entry *flow = flow_table_find(&oc->installed,
                                                      mod->flow);
            if (flow) {
                flow_table_remove(&oc->installed, flow);
            }
        }
    }
    bundle_forget(oc);
    delete_meters(oc);
    oc->retry_at = LLONG_MAX;
    oc->retry_pause = 0;
    set_state(oc, S_IDLE, 0);
}

static void
bundle_refused(struct ofctrl *oc)
{
    oc->n_refused++;
    oc->retry_pause = MIN(MAX(oc->retry_pause * 2, MIN_RETRY), MAX_RETRY);
    oc->retry_at = time_msec() + oc->retry_pause;
    VLOG_WARN_RL(&rl, "%s: the switch refused a bundle of %"PRIuSIZE" changes;"
                 " the flows stay as they were, next attempt in %d ms",
                 oc->bridge, oc->n_mods, oc->retry_pause);
    bundle_forget(oc);
    meters_forget(&oc->meters);
    set_state(oc, S_IDLE, 0);
}

static const struct mod *
find_mod(const struct ofctrl *oc, ovs_be32 xid)
{
    for (size_t i = 0; i < oc->n_mods; i++) {
        if (oc->mods[i].xid == xid) {
            return &oc->mods[i];
        }
    }
    return NULL;
}

static void
handle_packet_in(struct ofctrl *oc, const struct ofp_header *oh)
{
    struct ofputil_packet_in pin;

    if (ofputil_decode_packet_in(oh, true, NULL, NULL, &pin, NULL, NULL,
                                 NULL)) {
        return;
    }
    oc->n_packet_ins++;
    for (size_t i = 0; i < oc->n_handlers; i++) {
        if (oc->handlers[i].cookie_class == ntohll(pin.cookie) >> 48) {
            oc->handlers[i].cb(oc, &pin);
        }
    }
}

static void
handle_error(struct ofctrl *oc, const struct ofp_header *oh)
{
    enum ofperr error = ofperr_decode_msg(oh, NULL);
    const struct mod *mod = find_mod(oc, oh->xid);

    if (oh->xid == htonl(XID_METER)) {
        /* After a refusal all are added again. */
        if (error != OFPERR_OFPMMFC_METER_EXISTS) {
            VLOG_WARN_RL(&rl, "%s: %s: the switch cannot limit packets",
                         oc->bridge, ofperr_to_string(error));
        }
    } else if (oh->xid == htonl(XID_PACKET)) {
        VLOG_WARN_RL(&rl, "%s: %s: the switch cannot send a packet",
                     oc->bridge, ofperr_to_string(error));
    } else if (oh->xid == htonl(XID_FLUSH)) {
        VLOG_WARN_RL(&rl, "%s: %s: the switch cannot flush a connection",
                     oc->bridge, ofperr_to_string(error));
    } else if (mod) {
        struct ds text = DS_EMPTY_INITIALIZER;

        flow_entry_format(mod->flow, &text);
        VLOG_WARN_RL(&rl, "%s: %s: the switch cannot %s \"%s\"", oc->bridge,
                     ofperr_to_string(error), mod->delete ? "delete" : "add",
                     ds_cstr(&text));
        ds_destroy(&text);
        oc->refused = true;
    } else if (oc->state == S_COMMITTING && oh->xid == oc->xid) {
        bundle_refused(oc);
    } else {
        char *s = ofp_to_string(oh, ntohs(oh->length), NULL, NULL, 1);
        VLOG_WARN_RL(&rl, "%s: unexpected %s", oc->bridge, s);
        free(s);
        if (oc->state == S_METERS || oc->state == S_READING) {
            start_again(oc);
        } else {
            oc->refused = true;
        }
    }
}

static void
handle_barrier(struct ofctrl *oc, ovs_be32 xid)
{
    if (oc->zones_xid && xid == oc->zones_xid) {
        bitmap_set_multiple(oc->zones_sent, 0, N_ZONES, false);
        oc->zones_xid = 0;
    } else if (oc->state == S_ADDING && xid == oc->xid) {
        if (oc->refused) {
            send_bundle_control(oc, OFPBCT_DISCARD_REQUEST);
            bundle_refused(oc);
        } else {
            set_state(oc, S_COMMITTING,
                      send_bundle_control(oc, OFPBCT_COMMIT_REQUEST));
        }
    }
}

static void
handle_msg(struct ofctrl *oc, const struct ofp_header *oh)
{
    enum ofptype type;

    if (ofptype_decode(&type, oh)) {
        return;
    }
    if (type == OFPTYPE_ECHO_REQUEST) {
        send_msg(oc, ofputil_encode_echo_reply(oh));
    } else if (type == OFPTYPE_METER_CONFIG_STATS_REPLY) {
        if (oc->state == S_METERS && oh->xid == oc->xid) {
            handle_meters(oc, oh);
        }
    } else if (type == OFPTYPE_FLOW_STATS_REPLY) {
        if (oc->state == S_READING && oh->xid == oc->xid) {
            handle_flow_stats(oc, oh);
        }
    } else if (type == OFPTYPE_BARRIER_REPLY) {
        handle_barrier(oc, oh->xid);
    } else if (type == OFPTYPE_BUNDLE_CONTROL) {
        if (oc->state == S_COMMITTING && oh->xid == oc->xid) {
            bundle_done(oc);
        }
    } else if (type == OFPTYPE_PACKET_IN) {
        handle_packet_in(oc, oh);
    } else if (type == OFPTYPE_ERROR) {
        handle_error(oc, oh);
    }
    /* Whatever else a switch tells (ports that come and go, for instance) the
     * agent learns elsewhere. */
}

static void
flush_zones(struct ofctrl *oc)
{
    size_t zone;

    if (oc->zones_xid || bitmap_is_all_zeros(oc->zones_todo, N_ZONES)) {
        return;
    }
    BITMAP_FOR_EACH_1 (zone, N_ZONES, oc->zones_todo) {
        struct ofpbuf *msg = ofpraw_alloc(OFPRAW_NXT_CT_FLUSH_ZONE, OF_VERSION,
                                          0);
        struct nx_zone_id *nzi = ofpbuf_put_zeros(msg, sizeof *nzi);

        nzi->zone_id = htons(zone);
        send_msg(oc, msg);
        bitmap_set1(oc->zones_sent, zone);
        oc->n_zones++;
    }
    bitmap_set_multiple(oc->zones_todo, 0, N_ZONES, false);
    oc->zones_xid = send_barrier(oc);
}

/* What was under way on a lost connection may have happened or not. */
static void
connection_lost(struct ofctrl *oc)
{
    bundle_forget(oc);
    bitmap_or(oc->zones_todo, oc->zones_sent, N_ZONES);
    bitmap_set_multiple(oc->zones_sent, 0, N_ZONES, false);
    oc->zones_xid = 0;
    oc->retry_at = LLONG_MAX;
    set_state(oc, S_OFFLINE, 0);
}

/* Keeps the connection to 'bridge' on this machine, and brings its flows
 * nearer to those that were put. */
void
ofctrl_run(struct ofctrl *oc, const char *bridge)
{
    if (!oc->bridge || strcmp(oc->bridge, bridge)) {
        char *target = xasprintf("unix:%s/%s.mgmt", ovs_rundir(), bridge);

        free(oc->bridge);
        oc->bridge = xstrdup(bridge);
        connection_lost(oc);
        rconn_connect(oc->rconn, target, target);
        free(target);
    }

    rconn_run(oc->rconn);
    if (oc->state != S_OFFLINE
        && (!rconn_is_connected(oc->rconn)
            || oc->connection != rconn_get_connection_seqno(oc->rconn))) {
        VLOG_INFO("%s: connection lost", oc->bridge);
        connection_lost(oc);
    }
    if (oc->state == S_OFFLINE && rconn_is_connected(oc->rconn)) {
        oc->connection = rconn_get_connection_seqno(oc->rconn);
        oc->n_connections++;
        if (oc->n_handlers) {
            start_packet_ins(oc);
        }
        start_meters(oc);
    }

    /* An agent must stay responsive, whatever a switch sends. */
    for (int i = 0; i < 100 && oc->state != S_OFFLINE; i++) {
        struct ofpbuf *msg = rconn_recv(oc->rconn);
        if (!msg) {
            break;
        }
        handle_msg(oc, msg->data);
        ofpbuf_delete(msg);
    }

    if (oc->state > S_READING) {
        flush_zones(oc);
    }
    if (oc->state == S_IDLE && oc->wanted
        && (oc->compare || time_msec() >= oc->retry_at)) {
        oc->retry_at = LLONG_MAX;
        compare(oc);
    }
    rconn_run(oc->rconn);
}

void
ofctrl_wait(struct ofctrl *oc)
{
    if (oc->bridge) {
        rconn_run_wait(oc->rconn);
        rconn_recv_wait(oc->rconn);
        if (oc->state == S_IDLE && oc->retry_at != LLONG_MAX) {
            poll_timer_wait_until(oc->retry_at);
        }
    }
}

/* Makes the contents of 'flows', which is left empty, what the bridge should
 * have. */
void
ofctrl_put(struct ofctrl *oc, struct flow_table *flows)
{
    flow_table_swap(&oc->desired, flows);
    flow_table_clear(flows);
    oc->wanted = true;
    oc->compare = true;
    oc->retry_pause = 0;
}

/* Leaves the bridge as it is, also if it is another one by now, until
 * ofctrl_put() is called again. */
void
ofctrl_hold(struct ofctrl *oc)
{
    oc->wanted = false;
}

/* Returns true if the flows that were put last are in force. */
bool
ofctrl_acked(const struct ofctrl *oc)
{
    return (oc->wanted && oc->state == S_IDLE && !oc->compare
            && oc->retry_at == LLONG_MAX);
}

/* Returns true if the bridge has been read and none of its flows is one of an
 * agent, whose cookies have a class (pipeline.h). */
bool
ofctrl_is_bare(const struct ofctrl *oc)
{
    const struct flow_entry *flow;

    if (oc->state != S_IDLE) {
        return false;
    }
    HMAP_FOR_EACH (flow, hmap_node, &oc->installed.flows) {
        if (flow->cookie >> 48) {
            return false;
        }
    }
    return true;
}

/* Has 'handler' called, from ofctrl_run(), for each packet that flows whose
 * cookies have the class 'cookie_class' hand over.  To be called before
 * ofctrl_run(). */
void
ofctrl_ask_packet_ins(struct ofctrl *oc, uint16_t cookie_class,
                      ofctrl_packet_in_handler *handler)
{
    ovs_assert(oc->n_handlers < MAX_HANDLERS);
    oc->handlers[oc->n_handlers++] = (struct handler) {
        .cookie_class = cookie_class,
        .cb = handler,
    };
}

/* Has the switch not hand over more than 'rate' packets a second by 'meter',
 * which is OFPM13_CONTROLLER for all flows that name no meter.  A switch whose
 * datapath has no meters takes flows that name one, and hands over all.  To be
 * called before ofctrl_run(). */
void
ofctrl_limit_packet_ins(struct ofctrl *oc, uint32_t meter, unsigned int rate)
{
    meters_limit(&oc->meters, meter, meter, rate, true);
}

/* Has each meter from 'first' to 'last' that flows name, other than to hand
 * over packets, let 'rate' packets a second through.  A switch whose datapath
 * has no meters refuses flows that name one.  To be called before
 * ofctrl_run(). */
void
ofctrl_limit_packets(struct ofctrl *oc, uint32_t first, uint32_t last,
                     unsigned int rate)
{
    meters_limit(&oc->meters, first, last, rate, false);
}

/* Has the switch send a packet, if it listens. */
void
ofctrl_send_packet(struct ofctrl *oc, const struct ofputil_packet_out *po)
{
    struct ofpbuf *msg = ofputil_encode_packet_out(po, OF_PROTOCOL);

    ((struct ofp_header *) msg->data)->xid = htonl(XID_PACKET);
    if (!rconn_send_with_limit(oc->rconn, msg, oc->packets_out,
                               MAX_PACKETS_OUT)) {
        oc->n_packet_outs++;
    }
}

/* Makes the switch forget one connection in 'zone', if it can (Open vSwitch
 * does since 3.1).  The original direction in 'match' must be complete, or the
 * switch would search through all connections and forget several. */
void
ofctrl_flush_connection(struct ofctrl *oc, uint16_t zone,
                        const struct ofp_ct_match *match)
{
    send_aside(oc, ofp_ct_match_encode(match, &zone, OF_VERSION), XID_FLUSH);
    oc->n_flushed++;
}

/* Makes the switch forget all connections in 'zone'. */
void
ofctrl_flush_zone(struct ofctrl *oc, uint16_t zone)
{
    bitmap_set1(oc->zones_todo, zone);
}

/* Returns true if the switch has forgotten all that it had to. */
bool
ofctrl_zones_flushed(const struct ofctrl *oc)
{
    return (!oc->zones_xid
            && bitmap_is_all_zeros(oc->zones_todo, N_ZONES));
}

/* Appends lines of "name: value" to 'out'. */
void
ofctrl_format_status(const struct ofctrl *oc, struct ds *out)
{
    static const char *const states[] = {
        [S_OFFLINE] = "not connected",
        [S_METERS] = "reading meters",
        [S_READING] = "reading flows",
        [S_IDLE] = "connected",
        [S_ADDING] = "sending a bundle",
        [S_COMMITTING] = "committing a bundle",
    };

    ds_put_format(out, "bridge: %s, %s\n", oc->bridge ? oc->bridge : "",
                  states[oc->state]);
    ds_put_format(out, "flows desired: %"PRIuSIZE"\n",
                  hmap_count(&oc->desired.flows));
    ds_put_format(out, "flows installed: %"PRIuSIZE"\n",
                  hmap_count(&oc->installed.flows));
    ds_put_format(out, "flows acknowledged: %s\n",
                  ofctrl_acked(oc) ? "yes" : "no");
    ds_put_format(out, "flow mistakes: %"PRIuSIZE"\n",
                  oc->desired.n_mistakes);
    ds_put_format(out, "flow mods: %"PRIu64" added, %"PRIu64" changed, %"
                  PRIu64" deleted\n",
                  oc->n_added, oc->n_changed, oc->n_deleted);
    ds_put_format(out, "bundles: %"PRIu64", %"PRIu64" refused\n",
                  oc->n_bundles, oc->n_refused);
    ds_put_format(out, "connections: %"PRIu64"\n", oc->n_connections);
    ds_put_format(out, "zones flushed: %"PRIu64"\n", oc->n_zones);
    ds_put_format(out, "connections flushed: %"PRIu64" of %"PRIu64" packets\n",
                  oc->n_flushed, oc->n_packet_ins);
    ds_put_format(out, "packets sent: %"PRIu64"\n", oc->n_packet_outs);
}

/* Appends the flows that are desired to 'out'. */
void
ofctrl_format_flows(const struct ofctrl *oc, struct ds *out)
{
    flow_table_format(&oc->desired, out);
}

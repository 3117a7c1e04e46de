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

#include "controller/agent/tunnel-neighbour.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/agent/neighbour.h"
#include "dirs.h"
#include "jsonrpc.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "smap.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(tunnel_neighbour);

/* Milliseconds.  ovs-vswitchd forgets an entry after 15 minutes. */
#define REFRESH_INTERVAL 60000

/* Milliseconds between looks at the pidfile while there is no connection. */
#define RETRY_INTERVAL 1000

static struct jsonrpc_session *session;
static char *session_path;
static unsigned int session_seqno;
static long long int look_at;

/* What ovs-vswitchd was told: "BRIDGE IP" to MAC. */
static struct smap told = SMAP_INITIALIZER(&told);
static long long int refresh_at;

/* Returns the process id that ovs-vswitchd wrote, 0 if there is none. */
static long int
read_vswitchd_pid(void)
{
    char *path = xasprintf("%s/ovs-vswitchd.pid", ovs_rundir());
    FILE *file = fopen(path, "r");
    long int pid = 0;

    free(path);
    if (file) {
        if (fscanf(file, "%ld", &pid) != 1 || pid < 0) {
            pid = 0;
        }
        fclose(file);
    }
    return pid;
}

/* Connects to ovs-vswitchd's control socket, whose name has its process id in
 * it. */
static void
connect_to_vswitchd(void)
{
    if (session && jsonrpc_session_is_connected(session)) {
        return;
    }
    if (time_msec() < look_at) {
        return;
    }
    look_at = time_msec() + RETRY_INTERVAL;

    long int pid = read_vswitchd_pid();
    if (!pid) {
        return;
    }

    char *path = xasprintf("unix:%s/ovs-vswitchd.%ld.ctl", ovs_rundir(), pid);
    if (session_path && !strcmp(path, session_path)) {
        free(path);
        return;
    }
    jsonrpc_session_close(session);
    free(session_path);
    session_path = path;
    session = jsonrpc_session_open(path, true);
    session_seqno = jsonrpc_session_get_seqno(session) - 1;

    /* A control socket knows no echo requests. */
    jsonrpc_session_set_probe_interval(session, 0);
}

static void
tell(const char *bridge, const char *ip, const char *mac)
{
    struct json *params = json_array_create_3(json_string_create(bridge),
                                              json_string_create(ip),
                                              json_string_create(mac));

    jsonrpc_session_send(session,
                         jsonrpc_create_request("tnl/neigh/set", params,
                                                NULL));
}

/* Tells ovs-vswitchd about the next hops of 'vteps' as far as they are
 * reachable and it has not been told. */
void
tunnel_neighbours_run(const struct in6_addr *vteps, size_t n)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

    connect_to_vswitchd();
    if (!session) {
        return;
    }
    jsonrpc_session_run(session);
    if (!jsonrpc_session_is_connected(session)) {
        return;
    }
    if (jsonrpc_session_get_seqno(session) != session_seqno
        || time_msec() >= refresh_at) {
        session_seqno = jsonrpc_session_get_seqno(session);
        smap_clear(&told);
        refresh_at = time_msec() + REFRESH_INTERVAL;
    }

    struct jsonrpc_msg *msg;
    while ((msg = jsonrpc_session_recv(session))) {
        if (msg->type == JSONRPC_ERROR) {
            char *s = jsonrpc_msg_to_string(msg);
            VLOG_WARN_RL(&rl, "ovs-vswitchd refuses a neighbour: %s", s);
            free(s);
        }
        jsonrpc_msg_destroy(msg);
    }

    for (size_t i = 0; i < n; i++) {
        struct neighbour hop;
        char ip[INET6_ADDRSTRLEN];
        char mac[ETH_ADDR_STRLEN + 1];

        if (!neighbour_get(&vteps[i], &hop) || !hop.reachable) {
            continue;
        }
        ipv6_string_mapped(ip, &hop.next_hop);
        snprintf(mac, sizeof mac, ETH_ADDR_FMT, ETH_ADDR_ARGS(hop.dst_mac));

        char *key = xasprintf("%s %s", hop.iface, ip);
        const char *old = smap_get(&told, key);
        if (!old || strcmp(old, mac)) {
            tell(hop.iface, ip, mac);
            smap_replace(&told, key, mac);
        }
        free(key);
    }
    jsonrpc_session_run(session);
}

void
tunnel_neighbours_wait(void)
{
    if (!session || !jsonrpc_session_is_connected(session)) {
        poll_timer_wait_until(look_at);
    } else {
        poll_timer_wait_until(refresh_at);
    }
    if (session) {
        jsonrpc_session_wait(session);
        jsonrpc_session_recv_wait(session);
    }
}

void
tunnel_neighbours_destroy(void)
{
    jsonrpc_session_close(session);
    free(session_path);
    smap_destroy(&told);
}

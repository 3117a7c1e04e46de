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

#include "controller/agent/fabric.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "controller/agent/rtnl.h"
#include "lib/mux-protocol.h"
#include "lib/slb-address.h"
#include "netlink-socket.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "sset.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(fabric);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

/* Tells of changes of the node's addresses. */
static struct nl_sock *notify_sock;

static bool changed;

static void
note_change(const struct ofpbuf *msg OVS_UNUSED)
{
    changed = true;
}

void
fabric_init(void)
{
    int error = nl_sock_create(NETLINK_ROUTE, &notify_sock);

    if (!error) {
        error = nl_sock_join_mcgroup(notify_sock, RTNLGRP_IPV4_IFADDR);
    }
    if (error) {
        VLOG_ERR("cannot follow the node's addresses: %s",
                 ovs_strerror(error));
        nl_sock_destroy(notify_sock);
        notify_sock = NULL;
    }
}

/* Returns true if fabric_get_link() may say something else than before. */
bool
fabric_run(void)
{
    unsigned long long int n_overruns = 0;

    changed = false;
    return (notify_sock
            && (rtnl_receive(notify_sock, note_change, &n_overruns)
                || changed));
}

void
fabric_wait(void)
{
    if (notify_sock) {
        nl_sock_wait(notify_sock, POLLIN);
    }
}

static void
add_ipv4(struct sset *prefixes, ovs_be32 address, ovs_be32 mask)
{
    sset_add_and_free(prefixes, xasprintf(IP_FMT"/%d", IP_ARGS(address & mask),
                                          ip_count_cidr_bits(mask)));
}

/* Adds to 'prefixes' those of the links that 'vtep' is an address on, and
 * itself. */
void
fabric_get_link(ovs_be32 vtep, struct sset *prefixes)
{
    struct ifaddrs *addresses;

    add_ipv4(prefixes, vtep, OVS_BE32_MAX);
    if (getifaddrs(&addresses)) {
        VLOG_WARN_RL(&rl, "cannot get the node's addresses: %s",
                     ovs_strerror(errno));
        return;
    }
    for (const struct ifaddrs *a = addresses; a; a = a->ifa_next) {
        if (a->ifa_addr && a->ifa_netmask
            && a->ifa_addr->sa_family == AF_INET) {
            struct sockaddr_in address, mask;

            memcpy(&address, a->ifa_addr, sizeof address);
            memcpy(&mask, a->ifa_netmask, sizeof mask);
            if (address.sin_addr.s_addr == vtep) {
                add_ipv4(prefixes, vtep, mask.sin_addr.s_addr);
            }
        }
    }
    freeifaddrs(addresses);
}

/* Adds to 'prefixes' those of 'option', which are separated by commas or white
 * space.  Returns false if one of them is no IPv4 prefix or there are too
 * many; then there may be others in 'prefixes'. */
bool
fabric_get_prefixes(const char *option, struct sset *prefixes)
{
    char *copy = xstrdup(option);
    char *save = NULL;
    bool ok = true;

    for (const char *s = strtok_r(copy, ", \t\n", &save); s;
         s = strtok_r(NULL, ", \t\n", &save)) {
        struct slb_prefix prefix;

        if (slb_prefix_parse(s, &prefix)
            && slb_address_is_v4(&prefix.address)
            && !slb_prefix_has_host_bits(&prefix)
            && sset_count(prefixes) < MUX_PROTOCOL_MAX_RANGES / 2) {
            sset_add(prefixes, s);
        } else {
            ok = false;
        }
    }
    free(copy);
    return ok;
}

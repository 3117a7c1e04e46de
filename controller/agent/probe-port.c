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

#include "controller/agent/probe-port.h"

#include <errno.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "controller/agent/rtnl.h"
#include "lib/slb-probe.h"
#include "netlink.h"
#include "netlink-socket.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "socket-util.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(probe_port);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

/* However it looks, so often everything is set again, in ms: what somebody
 * else may have taken away comes back. */
#define REPAIR_INTERVAL 10000

/* When it is not there or not right, it is looked at so often. */
#define RETRY_INTERVAL 500

#define WANTED_FLAGS (IFF_UP | IFF_NOARP)

static bool ready;
static long long int set_at;    /* When it was set up last. */
static long long int next_at;   /* When to look at it, at the latest. */

static int
set_address(int ifindex, bool v4)
{
    struct in6_addr own = slb_probe_address(v4, SLB_PROBE_OWN);
    const struct ifaddrmsg ifa = {
        .ifa_family = v4 ? AF_INET : AF_INET6,
        .ifa_prefixlen = v4 ? 32 : 128,
        .ifa_flags = IFA_F_PERMANENT | (v4 ? 0 : IFA_F_NODAD),
        .ifa_scope = v4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
        .ifa_index = ifindex,
    };
    struct ofpbuf request;

    ofpbuf_init(&request, 0);
    nl_msg_put_nlmsghdr(&request, 0, RTM_NEWADDR,
                        NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE
                        | NLM_F_REPLACE);
    nl_msg_put(&request, &ifa, sizeof ifa);
    rtnl_put_address(&request, IFA_LOCAL, &own);
    rtnl_put_address(&request, IFA_ADDRESS, &own);
    int error = nl_transact(NETLINK_ROUTE, &request, NULL);
    ofpbuf_uninit(&request);
    return error;
}

/* All tokens are behind one gateway, so that the kernel has one neighbour
 * instead of thousands. */
static int
set_route(int ifindex, bool v4)
{
    struct in6_addr own = slb_probe_address(v4, SLB_PROBE_OWN);
    struct in6_addr range = slb_probe_address(v4, 0);
    struct in6_addr gateway = slb_probe_address(v4, SLB_PROBE_GATEWAY);
    const struct rtmsg rtm = {
        .rtm_family = v4 ? AF_INET : AF_INET6,
        .rtm_dst_len = v4 ? SLB_PROBE_PLEN4 : SLB_PROBE_PLEN6,
        .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = RTPROT_STATIC,
        .rtm_scope = RT_SCOPE_UNIVERSE,
        .rtm_type = RTN_UNICAST,
        .rtm_flags = RTNH_F_ONLINK,
    };
    struct ofpbuf request;

    ofpbuf_init(&request, 0);
    nl_msg_put_nlmsghdr(&request, 0, RTM_NEWROUTE,
                        NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE
                        | NLM_F_REPLACE);
    nl_msg_put(&request, &rtm, sizeof rtm);
    rtnl_put_address(&request, RTA_DST, &range);
    rtnl_put_address(&request, RTA_GATEWAY, &gateway);
    rtnl_put_address(&request, RTA_PREFSRC, &own);
    nl_msg_put_u32(&request, RTA_OIF, ifindex);
    int error = nl_transact(NETLINK_ROUTE, &request, NULL);
    ofpbuf_uninit(&request);
    return error;
}

static int
set_flags(short int flags)
{
    struct ifreq ifr;

    memset(&ifr, 0, sizeof ifr);
    ifr.ifr_flags = flags;
    return af_inet_ifreq_ioctl(SLB_PROBE_IFACE, &ifr, SIOCSIFFLAGS,
                               "SIOCSIFFLAGS");
}

static int
disable_offload(void)
{
    struct ethtool_value value = { .cmd = ETHTOOL_STXCSUM, .data = 0 };
    struct ifreq ifr;

    memset(&ifr, 0, sizeof ifr);
    ifr.ifr_data = (void *) &value;
    return af_inet_ifreq_ioctl(SLB_PROBE_IFACE, &ifr, SIOCETHTOOL,
                               "ETHTOOL_STXCSUM");
}

static bool
set_up(int ifindex, short int flags)
{
    int error = disable_offload();
    if (!error && (flags & WANTED_FLAGS) != WANTED_FLAGS) {
        error = set_flags(flags | WANTED_FLAGS);
    }
    if (!error) {
        error = set_address(ifindex, true);
    }
    if (!error) {
        error = set_route(ifindex, true);
    }
    if (error) {
        VLOG_WARN_RL(&rl, SLB_PROBE_IFACE" cannot be set up for probes (%s)",
                     ovs_strerror(error));
        return false;
    }

    /* A host may do without IPv6. */
    error = set_address(ifindex, false);
    if (!error) {
        error = set_route(ifindex, false);
    }
    if (error) {
        VLOG_WARN_RL(&rl, SLB_PROBE_IFACE" cannot be set up for probes by "
                     "IPv6 (%s)", ovs_strerror(error));
    }
    return true;
}

/* Sets up slb-probe0 as far as it is not.  Returns true if probes can be sent.
 * One that was made anew is not up: a look at that is cheap. */
bool
probe_port_run(void)
{
    struct ifreq ifr;

    memset(&ifr, 0, sizeof ifr);
    if (af_inet_ifreq_ioctl(SLB_PROBE_IFACE, &ifr, SIOCGIFFLAGS, NULL)) {
        ready = false;
        next_at = time_msec() + RETRY_INTERVAL;
    } else if ((ifr.ifr_flags & WANTED_FLAGS) != WANTED_FLAGS
               || time_msec() >= next_at) {
        int ifindex = if_nametoindex(SLB_PROBE_IFACE);

        ready = ifindex && set_up(ifindex, ifr.ifr_flags);
        set_at = time_msec();
        next_at = set_at + (ready ? REPAIR_INTERVAL : RETRY_INTERVAL);
    }
    return ready;
}

/* A probe could not be sent: something may have been taken away. */
void
probe_port_check(void)
{
    next_at = MIN(next_at, set_at + RETRY_INTERVAL);
}

void
probe_port_wait(void)
{
    poll_timer_wait_until(next_at);
}

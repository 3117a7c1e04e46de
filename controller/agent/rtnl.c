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

#include "controller/agent/rtnl.h"

#include <errno.h>
#include <linux/rtnetlink.h>

#include "netlink.h"
#include "netlink-socket.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(rtnl);

/* Messages taken in one go: others want their turn, too. */
#define MAX_NOTIFICATIONS 512

/* Starts to read what the kernel has, with a request of 'type' (RTM_GET...)
 * whose message begins with the 'header_len' octets of 'header'.  The caller
 * goes on with nl_dump_next() and ends with nl_dump_done(). */
void
rtnl_dump_start(struct nl_dump *dump, uint16_t type,
                const void *header, size_t header_len)
{
    struct ofpbuf request;

    ofpbuf_init(&request, 0);
    nl_msg_put_nlmsghdr(&request, 0, type, NLM_F_REQUEST);
    nl_msg_put(&request, header, header_len);
    nl_dump_start(dump, NETLINK_ROUTE, &request);
    ofpbuf_uninit(&request);
}

/* Passes to 'cb' the messages that have arrived on 'sock', without waiting
 * for more.  Returns true if some were lost, and adds to '*n_overruns' how
 * often the kernel had no room for them. */
bool
rtnl_receive(struct nl_sock *sock, void (*cb)(const struct ofpbuf *msg),
             unsigned long long int *n_overruns)
{
    uint64_t stub[4096 / 8];
    struct ofpbuf buf;
    bool lost = false;

    ofpbuf_use_stub(&buf, stub, sizeof stub);
    for (int i = 0; i < MAX_NOTIFICATIONS; i++) {
        ofpbuf_clear(&buf);
        int error = nl_sock_recv(sock, &buf, NULL, false);
        if (!error) {
            struct ofpbuf msg;

            while (nl_msg_next(&buf, &msg)) {
                cb(&msg);
            }
        } else if (error == ENOBUFS) {
            ++*n_overruns;
            lost = true;
        } else {
            if (error != EAGAIN) {
                static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

                VLOG_WARN_RL(&rl, "error reading rtnetlink socket (%s)",
                             ovs_strerror(error));
                lost = true;
            }
            break;
        }
    }
    ofpbuf_uninit(&buf);
    return lost;
}

/* Appends to 'request' an attribute of 'type' with 'address', which is an IPv4
 * address if it is mapped to IPv6. */
void
rtnl_put_address(struct ofpbuf *request, uint16_t type,
                 const struct in6_addr *address)
{
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        nl_msg_put_be32(request, type, in6_addr_get_mapped_ipv4(address));
    } else {
        nl_msg_put_in6_addr(request, type, address);
    }
}

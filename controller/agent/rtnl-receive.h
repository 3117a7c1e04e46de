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


#ifndef RTNL_RECEIVE_H
#define RTNL_RECEIVE_H 1

/* Receives rtnetlink notifications, for the modules of slb-agent that follow
 * what the kernel has: neighbour.c and announce.c.
 *
 * The kernel drops notifications when the socket's buffer is full and says so
 * only by an error.  Then nothing is certain any more, and everything has to
 * be read again: rtnl_receive() tells. */

#include <stdbool.h>

#include "openvswitch/compiler.h"

struct nl_sock;
struct ofpbuf;

bool rtnl_receive(struct nl_sock *, void (*cb)(const struct ofpbuf *msg),
                  unsigned long long int *n_overruns) OVS_WARN_UNUSED_RESULT;

#endif /* controller/agent/rtnl-receive.h */

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


#ifndef RTNL_H
#define RTNL_H 1

/* What the modules of slb-agent that follow or change the kernel's routes,
 * neighbours and addresses (neighbour.c, announce.c, fabric.c, probe-port.c)
 * have in common: reading all there is, receiving notifications of what
 * changes, and putting addresses into requests.
 *
 * The kernel drops notifications when the socket's buffer is full and says so
 * only by an error.  Then nothing is certain any more, and everything has to
 * be read again: rtnl_receive() tells. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

struct in6_addr;
struct nl_dump;
struct nl_sock;
struct ofpbuf;

void rtnl_dump_start(struct nl_dump *, uint16_t type,
                     const void *header, size_t header_len);
bool rtnl_receive(struct nl_sock *, void (*cb)(const struct ofpbuf *msg),
                  unsigned long long int *n_overruns) OVS_WARN_UNUSED_RESULT;

void rtnl_put_address(struct ofpbuf *request, uint16_t type,
                      const struct in6_addr *);

#endif /* controller/agent/rtnl.h */

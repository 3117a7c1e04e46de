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

#ifndef TUNNEL_NEIGHBOUR_H
#define TUNNEL_NEIGHBOUR_H 1

/* The tunnels' next hops on a userspace datapath.
 *
 * ovs-vswitchd encapsulates by itself there, and has its own table of
 * neighbours, which fills when a packet needs an entry: that packet is
 * dropped, and so is every other one until the answer has come.  So the
 * agent, which knows the next hops of all VTEPs (neighbour.h), puts them in
 * the table beforehand, and again before they get old, by ovs-vswitchd's
 * control socket.
 *
 * The kernel datapath uses the kernel's neighbours, which neighbour.c keeps
 * fresh anyway. */

#include <netinet/in.h>
#include <stddef.h>

void tunnel_neighbours_run(const struct in6_addr *vteps, size_t n);
void tunnel_neighbours_wait(void);
void tunnel_neighbours_destroy(void);

#endif /* controller/agent/tunnel-neighbour.h */

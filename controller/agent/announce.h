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


#ifndef ANNOUNCE_H
#define ANNOUNCE_H 1

/* The addresses that this mux announces.
 *
 * An address is announced by a blackhole route in the kernel's main table,
 *
 *     blackhole ADDRESS/32 proto 200 metric 200       (IPv6: /128)
 *
 * which FRR redistributes into BGP (vagrant/frr/mux.conf.in).  The kernel
 * itself never answers for the address, and announcing one touches no BGP
 * session.  All such routes are ours, whoever made them.
 *
 * announce_put() says, as a whole, which addresses are to be announced; the
 * module adds the routes that are missing and removes the others, and does so
 * again when somebody else removes or adds one.  As long as nothing was put,
 * or after announce_hold(), it leaves the routes as they are: an agent that
 * has just started does not know yet whether those of its predecessor are
 * right.
 *
 * announce_acked() tells when the kernel has exactly the routes that are
 * wanted.  System calls, which the kernel answers at once, are all that is
 * waited for. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ds;
struct ofpbuf;
struct sset;

/* Of the routes, in the kernel. */
#define ANNOUNCE_PROTOCOL 200
#define ANNOUNCE_METRIC 200

void announce_destroy(void);

void announce_run(void);
void announce_wait(void);

void announce_put(const struct in6_addr[], size_t n);
void announce_hold(void);
bool announce_acked(void);
bool announce_get_present(struct sset *);

void announce_format(struct ds *);

/* For the module and its tests: whether an rtnetlink message is about a route
 * of ours. */
bool announce_parse_route(const struct ofpbuf *, struct in6_addr *);

#endif /* controller/agent/announce.h */

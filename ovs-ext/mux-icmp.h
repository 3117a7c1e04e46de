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


#ifndef MUX_ICMP_H
#define MUX_ICMP_H 1

/* ICMP and ICMPv6 errors go where the packet that they quote belongs.
 *
 * A router, or the client itself, that cannot do with a packet of the VIP's
 * returns an error to the VIP, from an address of its own.  What tells which
 * connection it is about is the packet it quotes, of which no more than 8
 * octets behind the IP header need be there.  That packet went the other way:
 * with source and destination exchanged it is the flow that the mux knows how
 * to place. */

#include <stdbool.h>

#include "ovs-ext/mux-forward.h"

struct mux_context;
struct mux_flight;

bool mux_icmp_is_echo_request(const struct mux_flight *);
bool mux_icmp_is_error(const struct mux_flight *);
bool mux_icmp_is_answerable(const struct mux_flight *);
enum mux_counter mux_icmp_resolve(struct mux_flight *);
void mux_icmp_watch(struct mux_context *, const struct mux_flight *);

#endif /* ovs-ext/mux-icmp.h */

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


#ifndef MUX_REPORT_H
#define MUX_REPORT_H 1

/* What the mux tells about VIPs, endpoints and members, and about what it
 * would do with a packet.
 *
 * Figures of an object are what all threads have counted of it since it was
 * first set (mux-thread.h).  Those of a VIP are the sums over its endpoints,
 * its ports for SNAT, and what was dropped before either was found. */

#include <stdbool.h>
#include <stdint.h>

struct dp_packet;
struct ds;
struct in6_addr;
struct json;
struct mux_entry;
struct mux_key;
struct mux_table;

void mux_report_format_endpoint(const struct mux_key *, struct ds *);

struct json *mux_report_vips(const struct mux_table *);
struct json *mux_report_vip(const struct mux_table *, uint32_t network,
                            const struct in6_addr *address);
struct json *mux_report_members(const struct mux_table *,
                                uint32_t tunnel_key);

bool mux_report_format_vip(const struct mux_table *, uint32_t network,
                           const struct in6_addr *address, struct ds *);
bool mux_report_format_members(const struct mux_table *, uint32_t tunnel_key,
                               struct ds *);

void mux_report_format_snat(const struct mux_entry *, uint16_t port,
                            struct ds *);
const struct mux_vip_entry *mux_report_trace(const struct mux_table *,
                                             const struct dp_packet *,
                                             uint32_t mtu, struct ds *);

#endif /* ovs-ext/mux-report.h */

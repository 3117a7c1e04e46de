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

#ifndef OFCTRL_H
#define OFCTRL_H 1

/* The single writer of a bridge's OpenFlow tables.
 *
 * A role says which flows it wants (ofctrl_put()), as a whole, whenever that
 * has changed.  ofctrl compares them with those that are there and sends the
 * difference: additions, changes and deletions, in one bundle, so that no
 * packet meets half of it.  What is there it reads from the switch when a
 * connection starts; it never begins by deleting.  An agent that was
 * restarted, and wants what its predecessor wanted, so sends nothing at all;
 * a switch that was restarted gets everything.
 *
 * All flows of the bridge are ours.  One that nobody wants is deleted.
 *
 * As long as nothing was put, or after ofctrl_hold(), nothing is touched.
 *
 * A bundle that the switch refuses leaves the old flows in place, all of them.
 * What was refused, and why, is logged, and the bundle is sent again from time
 * to time and when other flows are put.
 *
 * Packets come from the switch only if somebody has asked for them
 * (ofctrl_ask_packet_ins()).  Who does limits them by a meter
 * (ofctrl_limit_packet_ins()): that of the bridge for all that it hands over,
 * or one of his own that his flows name.  Flows can limit other packets, too
 * (ofctrl_limit_packets()).  Meters are there before the flows that name them,
 * also where somebody else has put these (meter.h). */

#include <stdbool.h>
#include <stdint.h>

struct ds;
struct flow_table;
struct ofctrl;
struct ofp_ct_match;
struct ofputil_packet_in;
struct ofputil_packet_out;

typedef void ofctrl_packet_in_handler(struct ofctrl *,
                                      const struct ofputil_packet_in *);

struct ofctrl *ofctrl_create(void);
void ofctrl_destroy(struct ofctrl *);

void ofctrl_run(struct ofctrl *, const char *bridge);
void ofctrl_wait(struct ofctrl *);

void ofctrl_put(struct ofctrl *, struct flow_table *);
void ofctrl_hold(struct ofctrl *);
bool ofctrl_acked(const struct ofctrl *);
bool ofctrl_is_bare(const struct ofctrl *);

void ofctrl_ask_packet_ins(struct ofctrl *, uint16_t cookie_class,
                           ofctrl_packet_in_handler *);
void ofctrl_limit_packet_ins(struct ofctrl *, uint32_t meter,
                             unsigned int rate);
void ofctrl_limit_packets(struct ofctrl *, uint32_t first, uint32_t last,
                          unsigned int rate);
void ofctrl_send_packet(struct ofctrl *, const struct ofputil_packet_out *);
void ofctrl_flush_connection(struct ofctrl *, uint16_t zone,
                             const struct ofp_ct_match *);
void ofctrl_flush_zone(struct ofctrl *, uint16_t zone);
bool ofctrl_zones_flushed(const struct ofctrl *);

void ofctrl_format_status(const struct ofctrl *, struct ds *);
void ofctrl_format_flows(const struct ofctrl *, struct ds *);

#endif /* controller/agent/ofctrl.h */

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

#ifndef MUX_UNIXCTL_H
#define MUX_UNIXCTL_H 1

/* What "ovs-appctl" can ask the mux:
 *
 *     slb/show [ADDRESS]
 *
 *         Pools, with their members and generations, and endpoints (of
 *         ADDRESS).  Long lists are cut short: vswitchd's main thread writes
 *         them.
 *
 *     slb/lookup NETWORK PROTOCOL SRC SPORT DST DPORT
 *
 *         Where a packet with this 5-tuple would go, and why.  NETWORK is 0 on
 *         the wire, PROTOCOL "tcp" or "udp".
 *
 *     slb/stats
 *
 *         Counters. */

void mux_unixctl_init(void);

#endif /* ovs-ext/mux-unixctl.h */

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

#ifndef SLB_PROBE_H
#define SLB_PROBE_H 1

/* Addresses of health probes, and the words for their results.
 *
 * To a VM probes come from 168.63.129.16, as in Azure, or from the link-local
 * address fe80::1234:5678:9abc.  No kernel has these.  The agent on the VM's
 * host sends probes by an interface of its own, slb-probe0, and since
 * different networks may use the same addresses, it knows a VM by a token: a
 * number that stands for one address of one VM on this host, and to the host's
 * kernel looks like an address in a range of slb-probe0's,
 *
 *     169.254.64.0/18      fd53:4c42::/64
 *
 * of which the first two are taken, by slb-probe0 itself and by the gateway
 * that all others seem to be behind.  Flows put the real addresses in the
 * place of these (ofproto-rules/probe.c).
 *
 * Hosts say in Port.health that a member is "up" or "down", or that it is down
 * for longer because it goes up and down: SLB_PROBE_DAMPED. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define SLB_PROBE_IFACE "slb-probe0"

/* Lengths of the prefixes of the tokens' ranges. */
#define SLB_PROBE_PLEN4 18
#define SLB_PROBE_PLEN6 64

/* Numbers in the ranges.  Those from SLB_PROBE_FIRST to SLB_PROBE_LAST are
 * tokens. */
enum {
    SLB_PROBE_OWN = 1,
    SLB_PROBE_GATEWAY = 2,
    SLB_PROBE_FIRST = 3,
    SLB_PROBE_LAST = 0x3ffe,
};

/* With the number of successes in a row. */
#define SLB_PROBE_DAMPED "down (goes up and down: needs %d successes)"

struct in6_addr slb_probe_source(bool v4);
struct in6_addr slb_probe_address(bool v4, uint16_t number);

#endif /* lib/slb-probe.h */

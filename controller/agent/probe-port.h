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

#ifndef PROBE_PORT_H
#define PROBE_PORT_H 1

/* slb-probe0, the interface that probes are sent by, as the kernel sees it.
 *
 * Open vSwitch makes it, a port of the host's bridge.  This module gives it
 * its address and the routes to the tokens (lib/slb-probe.h), and has it send
 * whole checksums, since nobody on the way to a VM would complete them.  It
 * asks for nobody's Ethernet address: flows put in the right ones.
 *
 * All of that goes when Open vSwitch starts anew or somebody sets the link
 * down, and is then done again.  Somebody may take away only addresses or
 * routes, too, as who restarts a host's network does.  That is made good after
 * a while, or soon if somebody who sends probes notices it and calls
 * probe_port_check(). */

#include <stdbool.h>

bool probe_port_run(void);
void probe_port_check(void);
void probe_port_wait(void);

#endif /* controller/agent/probe-port.h */

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

#ifndef MANAGER_NAT_PORTS_H
#define MANAGER_NAT_PORTS_H 1

/* Which frontend port of an inbound NAT pool leads to which member.
 *
 * Each member of the backend pool has one port of the pool's range.  It keeps
 * it while it is a member and the port is in the range; what a member that
 * went had is free at once.  New members get the lowest free ports in the
 * order of their names, where numbers in names count as numbers: "vm2" stands
 * before "vm10", 10.0.1.9 before 10.0.1.10.  When the range is too small, the
 * last ones have none.
 *
 * The memory is the row in the Assigned_Port table.  'ports' and 'members' are
 * laid out as that row's column wants to have them.  The cost is n log n, n
 * being the number of members; the size of the range does not matter.
 *
 * No I/O here. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

struct nat_ports {
    int64_t *ports;             /* Ascending. */
    char **members;             /* The member that each of 'ports' leads to. */
    size_t n;
};

void nat_ports_init(struct nat_ports *);
void nat_ports_destroy(struct nat_ports *);

void nat_ports_restore(struct nat_ports *, const int64_t *ports,
                       char *const *members, size_t n);
bool nat_ports_update(struct nat_ports *, uint16_t first, uint16_t last,
                      const char *const *members, size_t n_members);
char *nat_ports_problem(const struct nat_ports *, uint16_t first,
                        uint16_t last, const char *const *members,
                        size_t n_members)
    OVS_WARN_UNUSED_RESULT;

#endif /* controller/manager/nat-ports.h */

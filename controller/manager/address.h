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


#ifndef MANAGER_ADDRESS_H
#define MANAGER_ADDRESS_H 1

/* IP addresses and prefixes as the database holds them: text.
 *
 * Both families are one type: an IPv4 address is held as IPv4-mapped IPv6, its
 * prefix length counts from 96.  So maps and comparisons need no case for the
 * family, and a text that says the same in another way ("FD00::0:1") becomes
 * the same value and is written in one way only. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

struct prefix {
    struct in6_addr address;    /* The bits behind 'length' are 0. */
    uint8_t length;             /* 0...128. */
};

bool address_parse(const char *, struct in6_addr *) OVS_WARN_UNUSED_RESULT;
bool address_parse_ipv4(const char *, struct in6_addr *)
    OVS_WARN_UNUSED_RESULT;
char *address_to_string(const struct in6_addr *);
int address_compare(const struct in6_addr *, const struct in6_addr *);
uint32_t address_hash(const struct in6_addr *, uint32_t basis);

bool prefix_parse(const char *, struct prefix *) OVS_WARN_UNUSED_RESULT;
char *prefix_to_string(const struct prefix *);
bool prefix_contains(const struct prefix *, const struct in6_addr *);
bool prefix_first_address(const struct prefix *, struct in6_addr *)
    OVS_WARN_UNUSED_RESULT;

#endif /* controller/manager/address.h */

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


#ifndef SLB_ADDRESS_H
#define SLB_ADDRESS_H 1

/* IP addresses and prefixes as users write them and as the database has them.
 *
 * An address is a struct in6_addr; IPv4 ones are mapped (::ffff:a.b.c.d), as
 * elsewhere in Open vSwitch, so that all of them compare, hash and mask alike.
 * The text of an address is canonical: one address has one text (RFC 5952 for
 * IPv6), so texts can be compared, too.
 *
 * Only plain notations are read: no octal or short IPv4 addresses, no IPv4
 * addresses in IPv6 notation, no zones, no netmasks. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/compiler.h"
#include "packets.h"

struct ds;

struct slb_prefix {
    struct in6_addr address;    /* Bits after the first 'length' are 0. */
    int length;                 /* As written: 0...32 for IPv4. */
};

bool slb_address_parse(const char *, struct in6_addr *)
    OVS_WARN_UNUSED_RESULT;
void slb_address_format(const struct in6_addr *, struct ds *);
char *slb_address_to_string(const struct in6_addr *);
int slb_address_compare(const struct in6_addr *, const struct in6_addr *);
uint32_t slb_address_hash(const struct in6_addr *, uint32_t basis);

static inline bool
slb_address_is_v4(const struct in6_addr *address)
{
    return IN6_IS_ADDR_V4MAPPED(address);
}

/* The name of an address's family, for messages. */
static inline const char *
slb_address_family(const struct in6_addr *address)
{
    return slb_address_is_v4(address) ? "IPv4" : "IPv6";
}

bool slb_address_is_unicast(const struct in6_addr *);

bool slb_prefix_parse(const char *, struct slb_prefix *)
    OVS_WARN_UNUSED_RESULT;
bool slb_prefix_parse_loosely(const char *, struct slb_prefix *)
    OVS_WARN_UNUSED_RESULT;
bool slb_prefix_has_host_bits(const struct slb_prefix *);
void slb_prefix_clear_host_bits(struct slb_prefix *);
void slb_prefix_format(const struct slb_prefix *, struct ds *);
char *slb_prefix_to_string(const struct slb_prefix *);
int slb_prefix_mapped_length(const struct slb_prefix *);
bool slb_prefix_equals(const struct slb_prefix *, const struct slb_prefix *);
bool slb_prefix_contains(const struct slb_prefix *, const struct in6_addr *);
bool slb_prefix_overlaps(const struct slb_prefix *, const struct slb_prefix *);
struct in6_addr slb_prefix_gateway(const struct slb_prefix *);
struct in6_addr slb_prefix_last(const struct slb_prefix *);

#endif /* lib/slb-address.h */

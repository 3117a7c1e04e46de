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


#include <config.h>

#include "controller/manager/address.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "util.h"

/* Bits of an IPv4-mapped IPv6 address before the IPv4 address. */
#define MAPPED_BITS 96

/* Reads 's', an IPv4 or IPv6 address and nothing else. */
bool
address_parse(const char *s, struct in6_addr *address)
{
    return address_parse_ipv4(s, address) || ipv6_parse(s, address);
}

bool
address_parse_ipv4(const char *s, struct in6_addr *address)
{
    ovs_be32 ip;

    if (!ip_parse(s, &ip)) {
        return false;
    }
    *address = in6_addr_mapped_ipv4(ip);
    return true;
}

char *
address_to_string(const struct in6_addr *address)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ipv6_format_mapped(address, &ds);
    return ds_steal_cstr(&ds);
}

int
address_compare(const struct in6_addr *a, const struct in6_addr *b)
{
    return memcmp(a, b, sizeof *a);
}

uint32_t
address_hash(const struct in6_addr *address, uint32_t basis)
{
    return hash_bytes(address, sizeof *address, basis);
}

/* Reads 's', an IPv4 or IPv6 prefix such as "10.0.1.0/24".  Without a length it
 * is a single address. */
bool
prefix_parse(const char *s, struct prefix *prefix)
{
    unsigned int length;
    char *error;
    ovs_be32 ip;

    error = ip_parse_cidr(s, &ip, &length);
    if (!error) {
        prefix->address = in6_addr_mapped_ipv4(ip);
        length += MAPPED_BITS;
    } else {
        free(error);
        error = ipv6_parse_cidr(s, &prefix->address, &length);
        if (error) {
            free(error);
            return false;
        }
    }

    struct in6_addr mask = ipv6_create_mask(length);
    prefix->address = ipv6_addr_bitand(&prefix->address, &mask);
    prefix->length = length;
    return true;
}

char *
prefix_to_string(const struct prefix *prefix)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    bool is_v4 = IN6_IS_ADDR_V4MAPPED(&prefix->address)
                 && prefix->length >= MAPPED_BITS;

    ipv6_format_mapped(&prefix->address, &ds);
    ds_put_format(&ds, "/%d", prefix->length - (is_v4 ? MAPPED_BITS : 0));
    return ds_steal_cstr(&ds);
}

bool
prefix_contains(const struct prefix *prefix, const struct in6_addr *address)
{
    struct in6_addr mask = ipv6_create_mask(prefix->length);
    struct in6_addr masked = ipv6_addr_bitand(address, &mask);

    return !memcmp(&masked, &prefix->address, sizeof masked);
}

/* The first address of 'prefix' that is not the prefix itself, where a
 * network has its gateway.  Returns false if it has no room for one. */
bool
prefix_first_address(const struct prefix *prefix, struct in6_addr *first)
{
    if (prefix->length >= 128) {
        return false;
    }
    *first = prefix->address;
    first->s6_addr[15] |= 1;
    return true;
}

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

static bool
is_ipv4(const struct in6_addr *address)
{
    return IN6_IS_ADDR_V4MAPPED(address);
}

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
    const char *slash = strchr(s, '/');
    char *address = slash ? xmemdup0(s, slash - s) : xstrdup(s);
    bool ok = address_parse(address, &prefix->address);
    free(address);
    if (!ok) {
        return false;
    }

    int bits = is_ipv4(&prefix->address) ? 128 - MAPPED_BITS : 128;
    int length = bits;
    if (slash && (!str_to_int(slash + 1, 10, &length)
                  || length < 0 || length > bits)) {
        return false;
    }

    prefix->length = 128 - bits + length;
    struct in6_addr mask = ipv6_create_mask(prefix->length);
    prefix->address = ipv6_addr_bitand(&prefix->address, &mask);
    return true;
}

char *
prefix_to_string(const struct prefix *prefix)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ipv6_format_mapped(&prefix->address, &ds);
    ds_put_format(&ds, "/%d",
                  prefix->length
                  - (is_ipv4(&prefix->address) ? MAPPED_BITS : 0));
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

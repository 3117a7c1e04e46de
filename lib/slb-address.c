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

#include "lib/slb-address.h"

#include <string.h>

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* Longest text of a prefix, with the terminating null. */
#define PREFIX_STRLEN (INET6_ADDRSTRLEN + 4)

/* Parses 's', an IPv4 address in dotted decimal or an IPv6 address, into
 * '*address'.  Returns false, and leaves '*address' undefined, if 's' is
 * neither. */
bool
slb_address_parse(const char *s, struct in6_addr *address)
{
    ovs_be32 ip4;

    if (ip_parse(s, &ip4)) {
        in6_addr_set_mapped_ipv4(address, ip4);
        return true;
    }
    return ipv6_parse(s, address) && !slb_address_is_v4(address);
}

void
slb_address_format(const struct in6_addr *address, struct ds *ds)
{
    ipv6_format_mapped(address, ds);
}

/* Returns the text of 'address', which the caller has to free. */
char *
slb_address_to_string(const struct in6_addr *address)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_address_format(address, &ds);
    return ds_steal_cstr(&ds);
}

/* Orders addresses: IPv4 ones, which are mapped, stand as a block among the
 * IPv6 ones. */
int
slb_address_compare(const struct in6_addr *a, const struct in6_addr *b)
{
    return memcmp(a, b, sizeof *a);
}

uint32_t
slb_address_hash(const struct in6_addr *address, uint32_t basis)
{
    return hash_bytes(address, sizeof *address, basis);
}

/* Whether 'address' may belong to a machine that is reached over a router: not
 * the unspecified address, loopback, link local, multicast or reserved. */
bool
slb_address_is_unicast(const struct in6_addr *address)
{
    if (slb_address_is_v4(address)) {
        uint32_t ip = ntohl(in6_addr_get_mapped_ipv4(address));

        return ip >> 24 != 0 && ip >> 24 != 127 && ip >> 16 != 0xa9fe
               && ip >> 28 < 0xe;
    }
    return ipv6_addr_is_set(address) && !IN6_IS_ADDR_LOOPBACK(address)
           && !IN6_IS_ADDR_MULTICAST(address)
           && !IN6_IS_ADDR_LINKLOCAL(address);
}

/* The length of 'prefix' in terms of its mapped address, 0...128, so that
 * prefixes of both families can be kept together. */
int
slb_prefix_mapped_length(const struct slb_prefix *prefix)
{
    return prefix->length + (slb_address_is_v4(&prefix->address) ? 96 : 0);
}

static struct in6_addr
prefix_mask(const struct slb_prefix *prefix)
{
    return ipv6_create_mask(slb_prefix_mapped_length(prefix));
}

/* Parses 's', "ADDRESS/LENGTH", into '*prefix'.  Returns false, and leaves
 * '*prefix' undefined, if 's' is not of this form.  Host bits are kept: the
 * caller has to ask slb_prefix_has_host_bits(). */
bool
slb_prefix_parse(const char *s, struct slb_prefix *prefix)
{
    char text[PREFIX_STRLEN];
    const char *slash = strchr(s, '/');

    if (!slash || slash - s >= sizeof text) {
        return false;
    }
    memcpy(text, s, slash - s);
    text[slash - s] = '\0';
    if (!slb_address_parse(text, &prefix->address)) {
        return false;
    }

    const char *digits = slash + 1;
    size_t n = strspn(digits, "0123456789");
    if (!n || n > 3 || digits[n] || (n > 1 && digits[0] == '0')) {
        return false;
    }
    prefix->length = atoi(digits);
    return prefix->length <= (slb_address_is_v4(&prefix->address) ? 32 : 128);
}

/* Parses 's', "ADDRESS/LENGTH" or, for a single address, "ADDRESS", into
 * '*prefix' and clears the host bits.  Returns false, and leaves '*prefix'
 * undefined, if 's' is neither. */
bool
slb_prefix_parse_loosely(const char *s, struct slb_prefix *prefix)
{
    if (slb_address_parse(s, &prefix->address)) {
        prefix->length = slb_address_is_v4(&prefix->address) ? 32 : 128;
        return true;
    } else if (slb_prefix_parse(s, prefix)) {
        slb_prefix_clear_host_bits(prefix);
        return true;
    } else {
        return false;
    }
}

bool
slb_prefix_has_host_bits(const struct slb_prefix *prefix)
{
    struct slb_prefix network = *prefix;

    slb_prefix_clear_host_bits(&network);
    return !ipv6_addr_equals(&network.address, &prefix->address);
}

void
slb_prefix_clear_host_bits(struct slb_prefix *prefix)
{
    struct in6_addr mask = prefix_mask(prefix);

    prefix->address = ipv6_addr_bitand(&prefix->address, &mask);
}

void
slb_prefix_format(const struct slb_prefix *prefix, struct ds *ds)
{
    slb_address_format(&prefix->address, ds);
    ds_put_format(ds, "/%d", prefix->length);
}

/* Returns the text of 'prefix', which the caller has to free. */
char *
slb_prefix_to_string(const struct slb_prefix *prefix)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_prefix_format(prefix, &ds);
    return ds_steal_cstr(&ds);
}

bool
slb_prefix_equals(const struct slb_prefix *a, const struct slb_prefix *b)
{
    return a->length == b->length
           && ipv6_addr_equals(&a->address, &b->address);
}

/* Whether 'address', of any family, is in 'prefix'. */
bool
slb_prefix_contains(const struct slb_prefix *prefix,
                    const struct in6_addr *address)
{
    if (slb_address_is_v4(&prefix->address) != slb_address_is_v4(address)) {
        return false;
    }

    struct in6_addr mask = prefix_mask(prefix);
    struct in6_addr network = ipv6_addr_bitand(address, &mask);
    return ipv6_addr_equals(&network, &prefix->address);
}

bool
slb_prefix_overlaps(const struct slb_prefix *a, const struct slb_prefix *b)
{
    return (a->length <= b->length
            ? slb_prefix_contains(a, &b->address)
            : slb_prefix_contains(b, &a->address));
}

/* The address of 'prefix''s gateway: its first one, as in Azure. */
struct in6_addr
slb_prefix_gateway(const struct slb_prefix *prefix)
{
    struct in6_addr gateway = prefix->address;

    gateway.s6_addr[15] |= 1;
    return gateway;
}

/* The last address of 'prefix', which in IPv4 is the broadcast address. */
struct in6_addr
slb_prefix_last(const struct slb_prefix *prefix)
{
    struct in6_addr mask = prefix_mask(prefix);
    struct in6_addr last = prefix->address;

    for (size_t i = 0; i < sizeof last.s6_addr; i++) {
        last.s6_addr[i] |= ~mask.s6_addr[i];
    }
    return last;
}

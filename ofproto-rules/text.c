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

#include "ofproto-rules/text.h"

#include <stdio.h>

#include "packets.h"

/* "192.0.2.1" */
const char *
text_address(char buf[RULES_TEXT_LEN], const struct in6_addr *addr)
{
    ipv6_string_mapped(buf, addr);
    return buf;
}

static const char *
field_name(enum rules_field field, const struct in6_addr *addr)
{
    if (IN6_IS_ADDR_V4MAPPED(addr)) {
        return field == FIELD_SRC ? "ip,nw_src" : "ip,nw_dst";
    } else {
        return field == FIELD_SRC ? "ipv6,ipv6_src" : "ipv6,ipv6_dst";
    }
}

/* "ip,nw_dst=192.0.2.1" */
const char *
text_match_ip(char buf[RULES_TEXT_LEN], enum rules_field field,
              const struct in6_addr *addr)
{
    char text[RULES_TEXT_LEN];

    snprintf(buf, RULES_TEXT_LEN, "%s=%.*s", field_name(field, addr),
             INET6_ADDRSTRLEN, text_address(text, addr));
    return buf;
}

/* "ip,nw_dst=192.0.2.0/24".  'plen' counts the bits of the address in its own
 * family. */
const char *
text_match_prefix(char buf[RULES_TEXT_LEN], enum rules_field field,
                  const struct in6_addr *addr, unsigned int plen)
{
    char text[RULES_TEXT_LEN];

    snprintf(buf, RULES_TEXT_LEN, "%s=%.*s/%u", field_name(field, addr),
             INET6_ADDRSTRLEN, text_address(text, addr), plen);
    return buf;
}

/* "192.0.2.1:80" or "[2001:db8::1]:80", as in the action nat(); without a port
 * if that is 0. */
const char *
text_nat(char buf[RULES_TEXT_LEN], const struct in6_addr *addr, uint16_t port)
{
    char text[RULES_TEXT_LEN];

    if (!port) {
        return text_address(buf, addr);
    }
    snprintf(buf, RULES_TEXT_LEN,
             IN6_IS_ADDR_V4MAPPED(addr) ? "%.*s:%"PRIu16 : "[%.*s]:%"PRIu16,
             INET6_ADDRSTRLEN, text_address(text, addr), port);
    return buf;
}

/* "tcp", "udp6", ...: the family of 'addr' with TCP, UDP, ICMP or, if
 * 'protocol' is 0, any. */
const char *
text_protocol(const struct in6_addr *addr, uint8_t protocol)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(addr);

    switch (protocol) {
    case IPPROTO_TCP:
        return v4 ? "tcp" : "tcp6";
    case IPPROTO_UDP:
        return v4 ? "udp" : "udp6";
    case IPPROTO_ICMP:
        return v4 ? "icmp" : "icmp6";
    case 0:
        return v4 ? "ip" : "ipv6";
    default:
        OVS_NOT_REACHED();
    }
}

/* "udp,ip_frag=yes" or "ipv6,ip_frag=yes": a fragment of 'protocol', 0 for
 * any, as far as it can be told: with IPv6 only the first fragment does. */
const char *
text_fragment(const struct in6_addr *addr, uint8_t protocol)
{
    if (!IN6_IS_ADDR_V4MAPPED(addr)) {
        return "ipv6,ip_frag=yes";
    }
    switch (protocol) {
    case IPPROTO_TCP:
        return "tcp,ip_frag=yes";
    case IPPROTO_UDP:
        return "udp,ip_frag=yes";
    case 0:
        return "ip,ip_frag=yes";
    default:
        OVS_NOT_REACHED();
    }
}

/* "udp,tp_dst=53", or "ip" if 'protocol' and 'port' are 0: for any. */
const char *
text_match_l4(char buf[RULES_TEXT_LEN], enum rules_field field,
              const struct in6_addr *addr, uint8_t protocol, uint16_t port)
{
    snprintf(buf, RULES_TEXT_LEN, port ? "%s,%s=%"PRIu16 : "%s",
             text_protocol(addr, protocol),
             field == FIELD_SRC ? "tp_src" : "tp_dst", port);
    return buf;
}

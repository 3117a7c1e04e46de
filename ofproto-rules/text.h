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

#ifndef RULES_TEXT_H
#define RULES_TEXT_H 1

/* Pieces of flows as text, for IPv4 and IPv6 alike.
 *
 * An address is a struct in6_addr, IPv4 ones mapped.  The functions write into
 * a buffer that the caller brings and return it, so that they can stand among
 * the arguments of flow_table_add(). */

#include <netinet/in.h>
#include <stdint.h>

#include "openvswitch/types.h"

/* Long enough for any of the texts below. */
#define RULES_TEXT_LEN 64

enum rules_field {
    FIELD_SRC,
    FIELD_DST,
};

const char *text_address(char buf[RULES_TEXT_LEN], const struct in6_addr *);
const char *text_match_ip(char buf[RULES_TEXT_LEN], enum rules_field,
                          const struct in6_addr *);
const char *text_match_prefix(char buf[RULES_TEXT_LEN], enum rules_field,
                              const struct in6_addr *, unsigned int plen);
const char *text_nat(char buf[RULES_TEXT_LEN], const struct in6_addr *,
                     uint16_t port);
const char *text_protocol(const struct in6_addr *, uint8_t protocol);
const char *text_fragment(const struct in6_addr *, uint8_t protocol);
const char *text_match_l4(char buf[RULES_TEXT_LEN], enum rules_field,
                          const struct in6_addr *, uint8_t protocol,
                          uint16_t port);

#endif /* ofproto-rules/text.h */

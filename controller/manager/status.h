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

#ifndef MANAGER_STATUS_H
#define MANAGER_STATUS_H 1

/* What users are told about an object in its 'status' column.
 *
 * A struct status belongs to one load balancer, virtual network or public IP
 * prefix.  It collects texts, each about a path below the object as the
 * language has it: "rules/http", "frontends/public", "" for the object itself.
 * Several texts about one path are sorted and joined with "; ", and a text
 * that is there twice counts once, so what comes out does not depend on the
 * order in which things were found.
 *
 *     struct status status;
 *
 *     status_init(&status);
 *     status_add(&status, "rules/http", "%s is used by %s", ...);
 *     if (!status_equals(&status, &row->status)) {
 *         status_to_smap(&status, &smap);
 *         slbrec_load_balancer_set_status(row, &smap);
 *     }
 *     status_destroy(&status);
 *
 * Nothing is allocated for an object about which there is nothing to say.
 *
 * Texts about what is declared but not there yet are support.h's.  No I/O
 * here. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

struct binding_astray;
struct smap;
struct sset;

struct status {
    struct status_text {
        char *path;
        char *text;
    } *texts;
    size_t n, allocated;
    bool sorted;                /* And no text is there twice. */
};

void status_init(struct status *);
void status_destroy(struct status *);
void status_clear(struct status *);

void status_add(struct status *, const char *path, const char *format, ...)
    OVS_PRINTF_FORMAT(3, 4);
void status_add_nocopy(struct status *, char *path, char *text);

bool status_equals(struct status *, const struct smap *);
void status_to_smap(struct status *, struct smap *);

/* Texts that several places of the compiler have to give. */
void status_add_zones(struct status *, const char *frontend,
                      char *const *zones, size_t n_zones,
                      const struct sset *mux_zones);
void status_add_astray(struct status *, const char *path, const char *whose,
                       const struct binding_astray *, const char *wanted,
                       bool ipv6);
void status_add_shared_address(struct status *, const char *path,
                               const struct in6_addr *address,
                               const char *port, const char *node);
void status_add_address_conflict(struct status *, const char *path,
                                 const struct in6_addr *address,
                                 const char *holder);
void status_add_port_conflict(struct status *, const char *path,
                              const char *vip, uint8_t protocol,
                              uint16_t port, const char *holder);

#endif /* controller/manager/status.h */

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

#ifndef PROBE_ENGINE_H
#define PROBE_ENGINE_H 1

/* Asks machines whether they are well, very many at a time.
 *
 * A "struct probe_target" is somebody who can be asked, again and again: by a
 * TCP connection that has to come about, or by an HTTP(S) request that has to
 * be answered with status 200.  Each time a new connection is made.  What
 * comes back is handed to the engine's owner, with a reason if it is not well;
 * probe_engine_run() is where that happens.
 *
 * Redirections are not followed, proxies not used, and of an answer only the
 * headers are read, no more than PROBE_ENGINE_MAX_OCTETS of them.  A server
 * may have any certificate, unless there is a file of authorities: then it
 * needs one of these, for the address that is asked.
 *
 * The owner is expected to run the engine whenever it wants to be.  If it is
 * not for half a second, nobody fails because of that: the time does not
 * count.
 *
 * What cannot be sent at all says nothing of whom it is for: his is not the
 * route, address or memory that is missing.  probe_target_ask() tells, and
 * probe_engine_works() as long as it is so of somebody.  Nor is it a result if
 * no answer comes while that is so.
 *
 * Each that is being asked takes a descriptor.  The engine allows its process
 * as many as it may have, and says by probe_engine_has_room() whether so many
 * are left that the rest of the process, which has to reach the database, does
 * not run out of them.
 *
 * There are no threads: all sockets are in one epoll instance, which is all
 * that the main loop waits for.  A connection is made without libcurl, which
 * gets it only when it is there, for the request.  A turn of the main loop may
 * cost more than a probe, so what happens within PROBE_ENGINE_TICK is looked
 * at in one: at its multiples by time_msec(), as it is good to ask then,
 * too, after probe_engine_run(): what is asked is looked at a tick later, so
 * somebody who asked first in each tick would never learn anything.  While
 * somebody is asked whose answer is urgent, a tick takes
 * PROBE_ENGINE_URGENT_TICK only. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

#define PROBE_ENGINE_TICK 40    /* In ms, as is ... */
#define PROBE_ENGINE_URGENT_TICK 5
#define PROBE_ENGINE_MAX_OCTETS 65536

struct probe_engine;
struct probe_target;

enum probe_protocol {
    PROBE_TCP,
    PROBE_HTTP,
    PROBE_HTTPS,
};

/* Whom to ask what. */
struct probe_spec {
    enum probe_protocol protocol;
    const char *iface;          /* Nothing leaves by another; NULL: any. */
    struct in6_addr source;     /* To be sent from; zeros: whatever is. */
    struct in6_addr address;    /* By which it is reached. */
    struct in6_addr host;       /* Which it believes to have. */
    uint16_t port;
    const char *path;           /* For HTTP(S). */
    const char *ca_file;        /* NULL: any certificate will do. */
    int timeout;                /* In ms. */
};

/* Called with the 'aux' of the target.  'reason' is NULL if it is well.  The
 * target must not be destroyed here. */
typedef void probe_engine_result(void *aux, const char *reason);

struct probe_engine *probe_engine_create(probe_engine_result *);
void probe_engine_destroy(struct probe_engine *);
bool probe_engine_has_room(const struct probe_engine *);
bool probe_engine_works(const struct probe_engine *);

struct probe_target *probe_target_create(struct probe_engine *,
                                         const struct probe_spec *, void *aux);
void probe_target_destroy(struct probe_target *);
int probe_target_ask(struct probe_target *, bool urgent)
    OVS_WARN_UNUSED_RESULT;
bool probe_target_is_busy(const struct probe_target *);

void probe_engine_run(struct probe_engine *);
void probe_engine_wait(struct probe_engine *);

#endif /* controller/agent/probe-engine.h */

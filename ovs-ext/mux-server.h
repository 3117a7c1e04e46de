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

#ifndef MUX_SERVER_H
#define MUX_SERVER_H 1

/* Serves the agent: a unix socket, on which lib/mux-protocol.h is spoken.
 *
 * A thread of its own does all of it, tables included, so that neither
 * vswitchd's main thread, which BGP and BFD depend on, nor a thread that
 * forwards packets ever waits.  It runs while there is a port of type slbmux:
 * each has a reference.  A while after the last one is gone it closes its
 * connections, forgets its tables and becomes another instance; "a while",
 * because a port that is deleted and added again should not lose them.
 *
 * Clients are not trusted to behave.  What they send is read in pieces and
 * each is served in turn; there is a limit for all that they can make grow. */

struct mux_table;

void mux_server_ref(void);
void mux_server_unref(void);

const struct mux_table *mux_server_get_table(void);

#endif /* ovs-ext/mux-server.h */

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

#ifndef CTL_PIPE_H
#define CTL_PIPE_H 1

/* A plain connection to a database server, without a copy of the database.
 *
 * Transactions are sent as text, any number of them without waiting for the
 * answers, which come in the same order.  The copy that an IDL keeps would
 * have to be told about each row that a large apply inserts, which is more
 * work for the server than the insertion itself.
 *
 * Such a connection also finds out what is the matter with a server that an
 * IDL finds no use for. */

#include <stdbool.h>

struct ctl_pipe;
struct ds;
struct json;

/* What a server says about the database SLB. */
struct ctl_server {
    bool serves;                /* Is it there? */
    bool clustered;
    bool connected;             /* To its cluster, which has a leader. */
    bool leader;
    char *version;              /* Of the schema, or NULL. */
};

int ctl_pipe_open(const char *remote, long long int deadline,
                  struct ctl_pipe **);
void ctl_pipe_close(struct ctl_pipe *);

int ctl_pipe_examine(struct ctl_pipe *, long long int deadline,
                     struct ctl_server *);
void ctl_server_destroy(struct ctl_server *);

void ctl_pipe_send(struct ctl_pipe *, struct ds *ops);
int ctl_pipe_receive(struct ctl_pipe *, long long int deadline,
                     struct json **result);

#endif /* controller/ctl/ctl-pipe.h */
